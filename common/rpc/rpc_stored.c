/* rpc_stored.c: answers that are kept for the repeats of calls with an Idempotency-Key.
 *
 * An answer may carry a secret, such as a pass that was issued anew, or somebody's name. So
 * it is kept sealed (AES-128-GCM) under a half of the key's hash of which the store knows the
 * other half alone: who has the store cannot open it without the key, and neither can we,
 * until the caller comes with it again. */
#include <mbedtls/gcm.h>
#include <mbedtls/platform_util.h>

#include "common/base/bytes.h"
#include "common/rpc/rpc_internal.h"

#define NONCE_LEN 12
#define TAG_LEN   16
#define OVERHEAD  (NONCE_LEN + TAG_LEN)
#define BOUND_MAX (8 + RPC_FINGERPRINT_LEN)

enum { SQL_FIND, SQL_KEEP, SQL_DROP, N_SQL };
static const char *const sql[N_SQL] = {
    [SQL_FIND] = "SELECT fingerprint, answer, sealed FROM stored_answer WHERE member_id = ?1 AND method = ?2 "
                 "AND key = ?3 AND at >= ?4",
    [SQL_KEEP] = "INSERT INTO stored_answer (member_id, method, key, fingerprint, answer, at, sealed) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1) ON CONFLICT (member_id, method, key) DO UPDATE SET "
                 "fingerprint = excluded.fingerprint, answer = excluded.answer, at = excluded.at, sealed = 1",
    [SQL_DROP] = "DELETE FROM stored_answer WHERE (member_id, method, key) IN "
                 "(SELECT member_id, method, key FROM stored_answer WHERE at < ?1 ORDER BY at LIMIT 1000)",
};

int rpc_stored_prepare(struct store *store)
{
    return store_prepare(store, sql, N_SQL);
}

void rpc_stored_drop(struct rpc_server *server)
{
    store_run(server->store, server->sql + SQL_DROP, "i", server->now - LIMIT_IDEMPOTENCY_MS);
}

/* What an answer is bound to beside its key: whose it is, and to what. */
static void bind(const struct rpc_call *call, const unsigned char *fingerprint, unsigned char ret[BOUND_MAX])
{
    put_be64(ret, (uint64_t)call->principal->member_id);
    memcpy(ret + 8, fingerprint, RPC_FINGERPRINT_LEN);
}

static void set_key(mbedtls_gcm_context *gcm, const struct rpc_call *call)
{
    mbedtls_gcm_init(gcm);
    ensure(mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, call->envelope->idempotency_key.data + RPC_KEY_KNOWN,
                              8 * (RPC_KEY_LEN - RPC_KEY_KNOWN)) == 0);
}

/* sealed has room for OVERHEAD bytes more. */
static void seal(struct rpc_call *call, const unsigned char *fingerprint, const uint8_t *plain, size_t len,
                 uint8_t *ret_sealed)
{
    unsigned char bound[BOUND_MAX];
    mbedtls_gcm_context gcm;

    bind(call, fingerprint, bound);
    rpc_random(call, ret_sealed, NONCE_LEN);
    set_key(&gcm, call);
    ensure(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, len, ret_sealed, NONCE_LEN, bound, sizeof(bound), plain,
                                     ret_sealed + NONCE_LEN, TAG_LEN, ret_sealed + NONCE_LEN + len) == 0);
    mbedtls_gcm_free(&gcm);
}

/* The answer, or NULL when it was altered or there is no memory. */
static Rpc__Answer *open_sealed(struct rpc_call *call, const unsigned char *fingerprint, const uint8_t *sealed,
                                size_t len)
{
    uint8_t *plain = len >= OVERHEAD ? arena_alloc(rpc_arena(call), len) : NULL;
    unsigned char bound[BOUND_MAX];
    mbedtls_gcm_context gcm;
    int failed;

    if (!plain)
        return NULL;
    bind(call, fingerprint, bound);
    set_key(&gcm, call);
    failed = mbedtls_gcm_auth_decrypt(&gcm, len - OVERHEAD, sealed, NONCE_LEN, bound, sizeof(bound),
                                      sealed + len - TAG_LEN, TAG_LEN, sealed + NONCE_LEN, plain);
    mbedtls_gcm_free(&gcm);
    return failed ? NULL : rpc__answer__unpack(&call->server->arena.allocator, len - OVERHEAD, plain);
}

void rpc_stored_keep(struct rpc_call *call, const unsigned char fingerprint[RPC_FINGERPRINT_LEN])
{
    struct rpc_server *server = call->server;
    const Rpc__Call *envelope = call->envelope;
    size_t len = rpc__answer__get_packed_size(&call->answer);
    uint8_t *packed = arena_alloc(rpc_arena(call), len + 1), *sealed = arena_alloc(rpc_arena(call), len + OVERHEAD);

    if (!packed || !sealed) {
        call->answer.reason = RPC__REASON__OVERLOADED;
        return;
    }
    rpc__answer__pack(&call->answer, packed);
    seal(call, fingerprint, packed, len, sealed);
    mbedtls_platform_zeroize(packed, len);
    store_run(server->store, server->sql + SQL_KEEP, "itbbbi", call->principal->member_id, envelope->method,
              envelope->idempotency_key.data, (size_t)RPC_KEY_KNOWN, fingerprint, (size_t)RPC_FINGERPRINT_LEN, sealed,
              len + OVERHEAD, server->now);
}

bool rpc_stored_find(struct rpc_call *call, const unsigned char fingerprint[RPC_FINGERPRINT_LEN])
{
    struct rpc_server *server = call->server;
    unsigned find = server->sql + SQL_FIND;
    Rpc__Answer *answer;
    const void *bytes;
    size_t len;

    store_ask(server->store, find, "itbi", call->principal->member_id, call->envelope->method,
              call->envelope->idempotency_key.data, (size_t)RPC_KEY_KNOWN, server->now - LIMIT_IDEMPOTENCY_MS);
    if (!store_row(server->store, find))
        return false;
    bytes = store_blob(server->store, find, 0, &len);
    if (len != RPC_FINGERPRINT_LEN || memcmp(bytes, fingerprint, len) != 0) {
        rpc_refuse(call, RPC__REASON__IDEMPOTENCY_KEY_REUSED);
    } else {
        bytes = store_blob(server->store, find, 1, &len);
        answer = store_int(server->store, find, 2) ? open_sealed(call, fingerprint, bytes, len)
                                                   : rpc__answer__unpack(&server->arena.allocator, len, bytes);
        if (answer)
            call->answer = *answer;
        else
            call->answer.reason = RPC__REASON__OVERLOADED;
        call->done = true;
    }
    store_end(server->store, find);
    return true;
}
