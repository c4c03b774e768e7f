/* hmac.h: HMAC-SHA256 (RFC 2104) with the key's work done once.
 *
 * The key's two blocks are hashed when the key is set, so a sum costs two
 * compressions less than a plain HMAC: tokens, passes and blind indexes are
 * summed on every request. A key is only read after hmac_init, from any thread. */
#pragma once
#include "common/base/sha256.h"

#define HMAC_LEN 32

struct hmac {
    struct sha256 inner, outer; /* after the key's inner and outer block */
};

/* key of 32 bytes. */
void hmac_init(struct hmac *hmac, const unsigned char key[32]);
/* Wipes the key. */
void hmac_done(struct hmac *hmac);

struct hmac_part {
    const void *bytes;
    size_t len;
};

/* The sum of the parts one behind the other; the caller sees to it that
 * different lists of parts never join to the same bytes. */
void hmac_sum(const struct hmac *hmac, const struct hmac_part *parts, size_t n_parts, unsigned char ret[HMAC_LEN]);
