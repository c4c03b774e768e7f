/* sha256.h: SHA-256 (FIPS 180-4), of bytes that come in one piece or in several.
 *
 * It is nettle's, which uses the processor's own instructions for it where there are any, and is then six times as
 * fast as mbedtls, which knows none of them: a claim hashes its token, its key and its row of the journal. Only this
 * header includes nettle. A sum that was begun may be copied, and goes on in both. */
#pragma once
#include <nettle/sha2.h>
#include <stddef.h>

#define SHA256_LEN 32

struct sha256 {
    struct sha256_ctx ctx;
};

static inline void sha256_start(struct sha256 *sum)
{
    sha256_init(&sum->ctx);
}

static inline void sha256_add(struct sha256 *sum, const void *bytes, size_t len)
{
    if (len)
        sha256_update(&sum->ctx, len, bytes);
}

static inline void sha256_end(struct sha256 *sum, unsigned char ret[SHA256_LEN])
{
    sha256_digest(&sum->ctx, SHA256_LEN, ret);
}

/* Of bytes in one piece. */
static inline void sha256_of(const void *bytes, size_t len, unsigned char ret[SHA256_LEN])
{
    struct sha256 sum;

    sha256_start(&sum);
    sha256_add(&sum, bytes, len);
    sha256_end(&sum, ret);
}
