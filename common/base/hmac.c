#include "common/base/hmac.h"

#include <mbedtls/platform_util.h>

#define BLOCK 64

static void start(struct sha256 *sha, const unsigned char key[32], unsigned char pad)
{
    unsigned char block[BLOCK];

    memset(block, pad, sizeof(block));
    for (size_t i = 0; i < 32; i++)
        block[i] ^= key[i];
    sha256_start(sha);
    sha256_add(sha, block, sizeof(block));
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
    struct sha256 sha = hmac->inner;
    unsigned char inner[HMAC_LEN];

    for (size_t i = 0; i < n_parts; i++)
        sha256_add(&sha, parts[i].bytes, parts[i].len);
    sha256_end(&sha, inner);
    sha = hmac->outer;
    sha256_add(&sha, inner, sizeof(inner));
    sha256_end(&sha, ret);
    mbedtls_platform_zeroize(&sha, sizeof(sha));
}
