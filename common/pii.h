/* pii.h: personal data at rest.
 *
 * A field is sealed as: 1 byte algorithm (1 = AES-256-GCM), 1 byte key number,
 * 12 bytes nonce, ciphertext, 16 bytes tag; the caller's context (which table,
 * which field, which row) is authenticated with it, so a sealed value cannot be
 * moved elsewhere. Equality look-up goes through a blind index: the first 16
 * bytes of HMAC-SHA256 under a key of its own. The algorithm byte is where SM4
 * comes in. */
#pragma once

#define PII_OVERHEAD 30
#define PII_INDEX_LEN 16

struct pii_keys;

/* Reads "1 HEX64" (sealing) and "index HEX64" lines from a file that only its
 * owner may read. NULL after logging why. */
struct pii_keys *pii_keys_open(const char *file);
void pii_keys_close(struct pii_keys *keys);

/* Seals len bytes; ret_sealed has room for len + PII_OVERHEAD. nonce is 12 fresh
 * random bytes (see common/clock.h: handlers never draw randomness themselves). */
void pii_seal(const struct pii_keys *keys, const char *context, int64_t row, const unsigned char nonce[12],
              const void *plain, size_t len, unsigned char *ret_sealed);
/* Opens a sealed field of len bytes; ret_plain has room for len - PII_OVERHEAD
 * and a NUL. Returns the plain length, or -1 when it was altered, moved, or
 * sealed under a key that is not loaded. */
long pii_open(const struct pii_keys *keys, const char *context, int64_t row, const unsigned char *sealed, size_t len,
              char *ret_plain);
/* The blind index of a value within a context. */
void pii_index(const struct pii_keys *keys, const char *context, const void *value, size_t len,
               unsigned char ret_index[PII_INDEX_LEN]);
