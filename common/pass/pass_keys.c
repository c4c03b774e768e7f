#include "common/pass/pass_internal.h"

#include "common/base/keyfile.h"
#include "common/base/log.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>

#define HASH_LEN 32
#define HALF     (PASS_POINT_LEN / 2)

/* ---- masks for the arithmetic ---- */

/* A stream that follows from what is signed or from the key. mbedtls masks its
 * intermediate values with it; no result depends on it. */
struct mask {
    struct hmac hmac;
    uint64_t n;
};

static int mask_next(void *arg, unsigned char *bytes, size_t len)
{
    struct mask *mask = arg;
    unsigned char sum[HMAC_LEN];

    while (len > 0) {
        size_t part = len < sizeof(sum) ? len : sizeof(sum);

        mask->n++;
        hmac_sum(&mask->hmac, &(struct hmac_part){&mask->n, sizeof(mask->n)}, 1, sum);
        memcpy(bytes, sum, part);
        bytes += part;
        len -= part;
    }
    return 0;
}

/* ---- keys ---- */

static struct pass_keys *keys_new(void)
{
    struct pass_keys *keys = calloc(1, sizeof(*keys));

    if (!keys)
        return NULL;
    mbedtls_ecp_group_init(&keys->group);
    for (size_t i = 0; i < PASS_KEYS_MAX; i++) {
        mbedtls_mpi_init(&keys->keys[i].d);
        mbedtls_ecp_point_init(&keys->keys[i].q);
    }
    if (mbedtls_ecp_group_load(&keys->group, MBEDTLS_ECP_DP_SECP256R1) != 0) {
        pass_keys_close(keys);
        return NULL;
    }
    return keys;
}

void pass_keys_close(struct pass_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < PASS_KEYS_MAX; i++) {
        mbedtls_mpi_free(&keys->keys[i].d);
        mbedtls_ecp_point_free(&keys->keys[i].q);
        hmac_done(&keys->keys[i].code);
    }
    mbedtls_ecp_group_free(&keys->group);
    free(keys);
}

/* 1..65535 in decimal, or 0. */
static uint16_t read_id(const char *name)
{
    char *end;
    unsigned long id = strtoul(name, &end, 10);

    return *name >= '1' && *name <= '9' && !*end && id <= UINT16_MAX ? (uint16_t)id : 0;
}

/* NULL, or why the key is none. */
static const char *add_secret(struct pass_keys *keys, const char *name, const unsigned char secret[KEYFILE_KEY_LEN])
{
    struct pass_key *key = &keys->keys[keys->n_keys];
    unsigned char code_key[HMAC_LEN];
    struct hmac hmac;
    struct mask mask = {.n = 0};
    bool ok;

    key->id = read_id(name);
    if (key->id == 0)
        return "a pass key's name is a number from 1 to 65535";
    if (pass_key_find(keys, key->id))
        return "two keys have one number";
    hmac_init(&hmac, secret);
    hmac_sum(&hmac, &(struct hmac_part){"hg-pass-key-1", 13}, 1, code_key);
    hmac_init(&key->code, code_key);
    hmac_sum(&hmac, &(struct hmac_part){"hg-pass-mask-1", 14}, 1, code_key);
    hmac_init(&mask.hmac, code_key);
    hmac_done(&hmac);
    mbedtls_platform_zeroize(code_key, sizeof(code_key));
    ok = mbedtls_mpi_read_binary(&key->d, secret, KEYFILE_KEY_LEN) == 0 &&
         mbedtls_ecp_check_privkey(&keys->group, &key->d) == 0 &&
         mbedtls_ecp_mul(&keys->group, &key->q, &key->d, &keys->group.G, mask_next, &mask) == 0;
    hmac_done(&mask.hmac);
    if (!ok)
        return "a key is no scalar of P-256, or memory is short";
    key->secret = true;
    keys->n_keys++;
    return NULL;
}

struct pass_keys *pass_keys_open(const char *path)
{
    struct pass_keys *keys = keys_new();
    char name[KEYFILE_NAME_SIZE];
    unsigned char secret[KEYFILE_KEY_LEN];
    const char *why = NULL;
    struct keyfile file;
    int got = -1;

    if (!keys) {
        log_error("pass_keys_refused", "file", path, "why", "no memory");
        return NULL;
    }
    if (keyfile_open(&file, path) == 0) {
        while (!why && (got = keyfile_next(&file, name, secret)) == 1)
            why = keys->n_keys < PASS_KEYS_MAX ? add_secret(keys, name, secret) : "too many keys";
        keyfile_close(&file);
        mbedtls_platform_zeroize(secret, sizeof(secret));
        if (got == 0 && keys->n_keys == 0)
            why = "it has no key";
        if (why)
            log_error("pass_keys_refused", "file", path, "why", why);
    }
    if (got == 0 && !why)
        return keys;
    pass_keys_close(keys);
    return NULL;
}

static bool add_public(struct pass_keys *keys, const struct pass_public *public)
{
    struct pass_key *key = &keys->keys[keys->n_keys];
    unsigned char point[1 + PASS_POINT_LEN] = {0x04}; /* uncompressed */

    if (public->key_id == 0 || pass_key_find(keys, public->key_id))
        return false;
    memcpy(point + 1, public->point, PASS_POINT_LEN);
    if (mbedtls_ecp_point_read_binary(&keys->group, &key->q, point, sizeof(point)) != 0 ||
        mbedtls_ecp_check_pubkey(&keys->group, &key->q) != 0)
        return false;
    key->id = public->key_id;
    keys->n_keys++;
    return true;
}

struct pass_keys *pass_keys_public(const struct pass_public *public, size_t n)
{
    struct pass_keys *keys = n > 0 && n <= PASS_KEYS_MAX ? keys_new() : NULL;

    if (!keys)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (!add_public(keys, &public[i])) {
            pass_keys_close(keys);
            return NULL;
        }
    }
    return keys;
}

size_t pass_keys_list(const struct pass_keys *keys, struct pass_public ret[PASS_KEYS_MAX])
{
    for (size_t i = 0; i < keys->n_keys; i++) {
        ret[i].key_id = keys->keys[i].id;
        pass_key_point(&keys->keys[i], ret[i].point);
    }
    return keys->n_keys;
}

void pass_key_point(const struct pass_key *key, unsigned char ret[PASS_POINT_LEN])
{
    ensure(mbedtls_mpi_write_binary(&key->q.X, ret, HALF) == 0);
    ensure(mbedtls_mpi_write_binary(&key->q.Y, ret + HALF, HALF) == 0);
}

const struct pass_key *pass_key_find(const struct pass_keys *keys, uint16_t id)
{
    for (size_t i = 0; i < keys->n_keys; i++) {
        if (keys->keys[i].id == id)
            return &keys->keys[i];
    }
    return NULL;
}

/* ---- signatures ---- */

static bool sign_with(struct pass_keys *keys, const struct pass_key *key, const unsigned char *bytes, size_t len,
                      unsigned char ret[SIGNATURE_LEN])
{
    unsigned char hash[HASH_LEN], seed[HMAC_LEN];
    struct mask mask = {.n = 0};
    mbedtls_mpi r, s;
    bool ok;

    if (mbedtls_sha256_ret(bytes, len, hash, 0) != 0)
        return false;
    hmac_sum(&key->code, (struct hmac_part[]){{"hg-pass-mask-1", 14}, {hash, sizeof(hash)}}, 2, seed);
    hmac_init(&mask.hmac, seed);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    ok = mbedtls_ecdsa_sign_det_ext(&keys->group, &r, &s, &key->d, hash, sizeof(hash), MBEDTLS_MD_SHA256, mask_next,
                                    &mask) == 0 &&
         mbedtls_mpi_write_binary(&r, ret, HALF) == 0 && mbedtls_mpi_write_binary(&s, ret + HALF, HALF) == 0;
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    hmac_done(&mask.hmac);
    return ok;
}

bool pass_sign(struct pass_keys *keys, const unsigned char *bytes, size_t len, unsigned char ret[SIGNATURE_LEN])
{
    return keys->keys[0].secret && sign_with(keys, &keys->keys[0], bytes, len, ret);
}

/* Whether it is the signature that we make, always the same of the same bytes (RFC 6979): to make it again
 * takes one multiplication, of a point with a table; to verify takes another one, of a point without. */
static bool is_ours(struct pass_keys *keys, const struct pass_key *key, const unsigned char *bytes, size_t len,
                    const unsigned char signature[SIGNATURE_LEN])
{
    unsigned char made[SIGNATURE_LEN], differ = 0;

    if (!key->secret || !sign_with(keys, key, bytes, len, made))
        return false;
    for (size_t i = 0; i < sizeof(made); i++)
        differ |= (unsigned char)(made[i] ^ signature[i]);
    mbedtls_platform_zeroize(made, sizeof(made)); /* of bytes that an outsider chose */
    return differ == 0;
}

static bool verify(mbedtls_ecp_group *group, const mbedtls_ecp_point *q, const unsigned char *bytes, size_t len,
                   const unsigned char signature[SIGNATURE_LEN])
{
    unsigned char hash[HASH_LEN];
    mbedtls_mpi r, s;
    bool good;

    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    good = mbedtls_sha256_ret(bytes, len, hash, 0) == 0 && mbedtls_mpi_read_binary(&r, signature, HALF) == 0 &&
           mbedtls_mpi_read_binary(&s, signature + HALF, HALF) == 0 &&
           mbedtls_ecdsa_verify(group, hash, sizeof(hash), q, &r, &s) == 0;
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    return good;
}

enum pass_reason pass_check_signature(struct pass_keys *keys, uint16_t key_id, const unsigned char *bytes, size_t len,
                                      const unsigned char signature[SIGNATURE_LEN])
{
    const struct pass_key *key = pass_key_find(keys, key_id);

    if (!key)
        return PASS_UNKNOWN_KEY;
    return is_ours(keys, key, bytes, len, signature) || verify(&keys->group, &key->q, bytes, len, signature)
               ? PASS_OK
               : PASS_FORGED;
}

bool pass_check_alone(const unsigned char point[PASS_POINT_LEN], const unsigned char *bytes, size_t len,
                      const unsigned char signature[SIGNATURE_LEN])
{
    unsigned char whole[1 + PASS_POINT_LEN] = {0x04};
    mbedtls_ecp_group group;
    mbedtls_ecp_point q;
    bool good;

    memcpy(whole + 1, point, PASS_POINT_LEN);
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&q);
    good = mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
           mbedtls_ecp_point_read_binary(&group, &q, whole, sizeof(whole)) == 0 &&
           mbedtls_ecp_check_pubkey(&group, &q) == 0 && verify(&group, &q, bytes, len, signature);
    mbedtls_ecp_point_free(&q);
    mbedtls_ecp_group_free(&group);
    return good;
}
