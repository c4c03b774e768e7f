#include "common/trust/ecdsa.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/platform_util.h>

#include "common/base/hmac.h"
#include "common/base/keyfile.h"
#include "common/base/log.h"
#include "common/base/sha256.h"

#define HALF     (ECDSA_POINT_LEN / 2)
#define HASH_LEN 32

struct ecdsa_key {
    mbedtls_ecp_group group;
    mbedtls_ecp_point q;
    mbedtls_mpi d;
    struct hmac masks; /* keyed from the secret */
    bool secret;
};

/* ---- masks for the arithmetic ---- */

/* A stream that follows from what is signed and from the key. mbedtls masks its
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

static void mask_begin(const struct ecdsa_key *key, const unsigned char hash[HASH_LEN], struct mask *ret_mask)
{
    unsigned char seed[HMAC_LEN];

    hmac_sum(&key->masks, &(struct hmac_part){hash, HASH_LEN}, 1, seed);
    ret_mask->n = 0;
    hmac_init(&ret_mask->hmac, seed);
    mbedtls_platform_zeroize(seed, sizeof(seed));
}

/* ---- keys ---- */

static struct ecdsa_key *key_new(void)
{
    struct ecdsa_key *key = calloc(1, sizeof(*key));

    if (!key)
        return NULL;
    mbedtls_ecp_group_init(&key->group);
    mbedtls_ecp_point_init(&key->q);
    mbedtls_mpi_init(&key->d);
    if (mbedtls_ecp_group_load(&key->group, MBEDTLS_ECP_DP_SECP256R1) == 0)
        return key;
    ecdsa_key_free(key);
    return NULL;
}

struct ecdsa_key *ecdsa_key_new(const unsigned char secret[ECDSA_SECRET_LEN])
{
    static const unsigned char none[HASH_LEN];
    struct ecdsa_key *key = key_new();
    struct mask mask;
    bool ok;

    if (!key)
        return NULL;
    hmac_init(&key->masks, secret);
    key->secret = true;
    mask_begin(key, none, &mask);
    ok = mbedtls_mpi_read_binary(&key->d, secret, ECDSA_SECRET_LEN) == 0 &&
         mbedtls_ecp_check_privkey(&key->group, &key->d) == 0 &&
         mbedtls_ecp_mul(&key->group, &key->q, &key->d, &key->group.G, mask_next, &mask) == 0;
    hmac_done(&mask.hmac);
    if (ok)
        return key;
    ecdsa_key_free(key);
    return NULL;
}

struct ecdsa_key *ecdsa_key_open(const char *path)
{
    char name[KEYFILE_NAME_SIZE];
    unsigned char secret[KEYFILE_KEY_LEN];
    struct ecdsa_key *key = NULL;
    struct keyfile file;

    if (keyfile_open(&file, path))
        return NULL;
    if (keyfile_next(&file, name, secret) == 1)
        key = ecdsa_key_new(secret);
    keyfile_close(&file);
    mbedtls_platform_zeroize(secret, sizeof(secret));
    if (!key)
        log_error("key_refused", "file", path, "why", "its first line is no scalar of P-256");
    return key;
}

struct ecdsa_key *ecdsa_key_public(const unsigned char point[ECDSA_POINT_LEN])
{
    unsigned char uncompressed[1 + ECDSA_POINT_LEN] = {0x04};
    struct ecdsa_key *key = key_new();

    if (!key)
        return NULL;
    memcpy(uncompressed + 1, point, ECDSA_POINT_LEN);
    if (mbedtls_ecp_point_read_binary(&key->group, &key->q, uncompressed, sizeof(uncompressed)) == 0 &&
        mbedtls_ecp_check_pubkey(&key->group, &key->q) == 0)
        return key;
    ecdsa_key_free(key);
    return NULL;
}

void ecdsa_key_free(struct ecdsa_key *key)
{
    if (!key)
        return;
    mbedtls_mpi_free(&key->d);
    mbedtls_ecp_point_free(&key->q);
    mbedtls_ecp_group_free(&key->group);
    if (key->secret)
        hmac_done(&key->masks);
    free(key);
}

void ecdsa_key_point(const struct ecdsa_key *key, unsigned char ret_point[ECDSA_POINT_LEN])
{
    ensure(mbedtls_mpi_write_binary(&key->q.X, ret_point, HALF) == 0);
    ensure(mbedtls_mpi_write_binary(&key->q.Y, ret_point + HALF, HALF) == 0);
}

/* ---- signatures ---- */

bool ecdsa_sign(struct ecdsa_key *key, const void *bytes, size_t len, unsigned char ret_signature[ECDSA_SIGNATURE_LEN])
{
    unsigned char hash[HASH_LEN];
    struct mask mask;
    mbedtls_mpi r, s;
    bool ok;

    if (!key->secret)
        return false;
    sha256_of(bytes, len, hash);
    mask_begin(key, hash, &mask);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    ok = mbedtls_ecdsa_sign_det_ext(&key->group, &r, &s, &key->d, hash, sizeof(hash), MBEDTLS_MD_SHA256, mask_next,
                                    &mask) == 0 &&
         mbedtls_mpi_write_binary(&r, ret_signature, HALF) == 0 &&
         mbedtls_mpi_write_binary(&s, ret_signature + HALF, HALF) == 0;
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    hmac_done(&mask.hmac);
    return ok;
}

static bool is_own(struct ecdsa_key *key, const void *bytes, size_t len,
                   const unsigned char signature[ECDSA_SIGNATURE_LEN])
{
    unsigned char made[ECDSA_SIGNATURE_LEN], differ = 0;

    if (!ecdsa_sign(key, bytes, len, made))
        return false;
    for (size_t i = 0; i < sizeof(made); i++)
        differ |= (unsigned char)(made[i] ^ signature[i]);
    mbedtls_platform_zeroize(made, sizeof(made)); /* of bytes that an outsider chose */
    return differ == 0;
}

bool ecdsa_verify(struct ecdsa_key *key, const void *bytes, size_t len,
                  const unsigned char signature[ECDSA_SIGNATURE_LEN])
{
    unsigned char hash[HASH_LEN];
    mbedtls_mpi r, s;
    bool good;

    if (is_own(key, bytes, len, signature))
        return true;
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    sha256_of(bytes, len, hash);
    good = mbedtls_mpi_read_binary(&r, signature, HALF) == 0 &&
           mbedtls_mpi_read_binary(&s, signature + HALF, HALF) == 0 &&
           mbedtls_ecdsa_verify(&key->group, hash, sizeof(hash), &key->q, &r, &s) == 0;
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    return good;
}
