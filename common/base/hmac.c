#include "common/base/hmac.h"

#include <mbedtls/platform_util.h>

#define BLOCK 64

static void start(mbedtls_sha256_context *sha, const unsigned char key[32], unsigned char pad)
{
    unsigned char block[BLOCK];

    memset(block, pad, sizeof(block));
    for (size_t i = 0; i < 32; i++)
        block[i] ^= key[i];
    mbedtls_sha256_init(sha);
    ensure(mbedtls_sha256_starts_ret(sha, 0) == 0);
    ensure(mbedtls_sha256_update_ret(sha, block, sizeof(block)) == 0);
    mbedtls_platform_zeroize(block, sizeof(block));
}

void hmac_init(struct hmac *hmac, const unsigned char key[32])
{
    start(&hmac->inner, key, 0x36);
    start(&hmac->outer, key, 0x5c);
}

void hmac_done(struct hmac *hmac)
{
    mbedtls_platform_zeroize(hmac, sizeof(*hmac));
}

void hmac_sum(const struct hmac *hmac, const struct hmac_part *parts, size_t n_parts, unsigned char ret[HMAC_LEN])
{
    mbedtls_sha256_context sha;
    unsigned char inner[HMAC_LEN];

    mbedtls_sha256_clone(&sha, &hmac->inner);
    for (size_t i = 0; i < n_parts; i++) {
        if (parts[i].len)
            ensure(mbedtls_sha256_update_ret(&sha, parts[i].bytes, parts[i].len) == 0);
    }
    ensure(mbedtls_sha256_finish_ret(&sha, inner) == 0);
    mbedtls_sha256_clone(&sha, &hmac->outer);
    ensure(mbedtls_sha256_update_ret(&sha, inner, sizeof(inner)) == 0);
    ensure(mbedtls_sha256_finish_ret(&sha, ret) == 0);
    mbedtls_platform_zeroize(&sha, sizeof(sha));
}
