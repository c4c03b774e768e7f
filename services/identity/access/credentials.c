#include "services/identity/access/credentials.h"

#include <mbedtls/platform_util.h>

#define SLICE "1000"

enum { SQL_FIND, SQL_KEEP, SQL_FIND_TRIES, SQL_KEEP_TRIES, SQL_DROP_TRIES, SQL_DROP_OLD_TRIES, N_SQL };

static const char *const sql[] = {
    [SQL_FIND] = "SELECT confirmed, set_at, last_step, sealed FROM credential WHERE member_id = ?1",
    [SQL_KEEP] = "INSERT INTO credential (member_id, confirmed, set_at, last_step, sealed) VALUES (?1, ?2, ?3, ?4, ?5) "
                 "ON CONFLICT (member_id) DO UPDATE SET confirmed = excluded.confirmed, set_at = excluded.set_at, "
                 "last_step = excluded.last_step, sealed = excluded.sealed",
    [SQL_FIND_TRIES] = "SELECT failed, last_at FROM sign_in_failure WHERE mobile = ?1",
    [SQL_KEEP_TRIES] = "INSERT INTO sign_in_failure (mobile, failed, last_at) VALUES (?1, ?2, ?3) "
                       "ON CONFLICT (mobile) DO UPDATE SET failed = excluded.failed, last_at = excluded.last_at",
    [SQL_DROP_TRIES] = "DELETE FROM sign_in_failure WHERE mobile = ?1",
    [SQL_DROP_OLD_TRIES] = "DELETE FROM sign_in_failure WHERE mobile IN "
                           "(SELECT mobile FROM sign_in_failure WHERE last_at < ?1 LIMIT " SLICE ")",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

bool credential_find(struct identity *self, int64_t member_id, struct credential *ret)
{
    unsigned find = self->credentials.sql + SQL_FIND;
    const void *sealed;
    size_t len;
    bool opened;

    store_ask(self->store, find, "i", member_id);
    if (!store_row(self->store, find))
        return false;
    *ret = (struct credential){
        .member_id = member_id,
        .confirmed = store_int(self->store, find, 0) != 0,
        .set_at = store_int(self->store, find, 1),
        .last_step = store_int(self->store, find, 2),
    };
    sealed = store_blob(self->store, find, 3, &len);
    opened = person_open_secrets(self, member_id, sealed, len, &ret->secrets, sizeof(ret->secrets));
    store_end(self->store, find);
    return opened;
}

void credential_keep(struct identity *self, const struct credential *credential, void *call)
{
    unsigned char nonce[PII_NONCE_LEN], sealed[sizeof(credential->secrets) + PII_OVERHEAD];

    rpc_random(call, nonce, sizeof(nonce));
    person_seal_secrets(self, credential->member_id, nonce, &credential->secrets, sizeof(credential->secrets), sealed);
    store_run(self->store, self->credentials.sql + SQL_KEEP, "iiiib", credential->member_id,
              (int64_t)credential->confirmed, credential->set_at, credential->last_step, sealed, sizeof(sealed));
}

/* Any hash of hers, for its salt; NULL when she never had one. */
static const char *any_hash(const struct secrets *secrets)
{
    for (unsigned i = 0; i < PASSWORDS_KEPT; i++) {
        if (*secrets->passwords[i])
            return secrets->passwords[i];
    }
    return NULL;
}

static void push_down(struct secrets *secrets)
{
    memmove(secrets->passwords[1], secrets->passwords[0], (PASSWORDS_KEPT - 1) * PASSWORD_HASH_SIZE);
    memset(secrets->passwords[0], 0, PASSWORD_HASH_SIZE);
}

int credential_set_password(struct credential *credential, const char *password, bool replace,
                            const struct person *person, void *call)
{
    struct secrets *secrets = &credential->secrets;
    int reason = password_refusal(password, person);
    const char *salted = any_hash(secrets);
    char hash[PASSWORD_HASH_SIZE];

    if (!reason)
        reason = password_hash(password, salted, call, hash);
    if (reason)
        return reason;
    for (unsigned i = replace ? 1 : 0; i < PASSWORDS_KEPT; i++) {
        if (password_same(hash, secrets->passwords[i]))
            return IDENTITY__REASON__PASSWORD_USED;
    }
    if (!replace)
        push_down(secrets);
    memcpy(secrets->passwords[0], hash, sizeof(hash));
    credential->set_at = rpc_now(call);
    return 0;
}

void credential_reset(struct credential *credential)
{
    credential->confirmed = false;
    push_down(&credential->secrets);
    mbedtls_platform_zeroize(credential->secrets.totp, sizeof(credential->secrets.totp));
}

void credential_journal(int64_t member_id, int change, void *call)
{
    Identity__CredentialChanged changed = IDENTITY__CREDENTIAL_CHANGED__INIT;

    changed.member_id = member_id;
    changed.change = (Identity__CredentialChange)change;
    rpc_tell(call, &changed.base);
}

/* ---- failures ---- */

void credentials_find_tries(const struct credentials *credentials, const unsigned char mobile[PII_INDEX_LEN],
                            struct sign_in_tries *ret)
{
    unsigned find = credentials->sql + SQL_FIND_TRIES;

    *ret = (struct sign_in_tries){0};
    store_ask(credentials->store, find, "b", mobile, (size_t)PII_INDEX_LEN);
    if (!store_row(credentials->store, find))
        return;
    *ret =
        (struct sign_in_tries){(int32_t)store_int(credentials->store, find, 0), store_int(credentials->store, find, 1)};
    store_end(credentials->store, find);
}

void credentials_keep_tries(const struct credentials *credentials, const unsigned char mobile[PII_INDEX_LEN],
                            const struct sign_in_tries *tries)
{
    store_run(credentials->store, credentials->sql + SQL_KEEP_TRIES, "bii", mobile, (size_t)PII_INDEX_LEN,
              (int64_t)tries->failed, tries->last_at);
}

void credentials_drop_tries(const struct credentials *credentials, const unsigned char mobile[PII_INDEX_LEN])
{
    store_run(credentials->store, credentials->sql + SQL_DROP_TRIES, "b", mobile, (size_t)PII_INDEX_LEN);
}

static bool tidy(void *arg, void *call)
{
    const struct identity *self = arg;

    store_run(self->store, self->credentials.sql + SQL_DROP_OLD_TRIES, "i", rpc_now(call) - SIGN_IN_LOCK_MS);
    return false;
}

const struct part_spec credentials_part = {
    .tables = "credential sign_in_failure",
    .sql = sql,
    .n_sql = N_SQL,
    .tidy = tidy,
    .exports = {{NULL, "-- hashes and secrets, which are of use to a thief alone"}},
    .closed = {"DELETE FROM credential WHERE member_id = ?1",
               "DELETE FROM sign_in_failure WHERE mobile = (SELECT mobile FROM member WHERE member_id = ?1)"},
    .merged = {"DELETE FROM credential WHERE member_id = ?1 AND ?2 > 0"},
};
