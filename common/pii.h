/* pii.h: personal data at rest.
 *
 * A field is sealed as: 1 byte algorithm (1 = AES-256-GCM), 1 byte key number,
 * 12 bytes nonce, ciphertext, 16 bytes tag; algorithm, key number and the
 * caller's context (which table, which field, which row) are authenticated with
 * it, so a sealed value cannot be moved elsewhere. Several sealing keys may be
 * loaded: the highest number seals, each opens what it sealed, so keys are
 * replaced without rewriting every row at once. Equality look-up goes through a
 * blind index: the first 16 bytes of HMAC-SHA256 under a key of its own, which
 * stays. The algorithm byte is where SM4 comes in.
 *
 * The ciphers are prepared when the keys are loaded and used in place: one thread
 * per struct pii_keys. */
#pragma once

#define PII_OVERHEAD    30
#define PII_INDEX_LEN   16
#define PII_NONCE_LEN   12
#define PII_CONTEXT_MAX 64   /* characters of a context; longer is a programming error */
#define PII_PLAIN_MAX   4096 /* bytes of one field; longer is a programming error */
#define PII_KEYS_MAX    8    /* sealing keys in one file */

struct pii_keys;

/* Reads "N HEX64" (sealing, N from 1 to 255, each once) and exactly one
 * "index HEX64" line from a file that only its owner may read (keyfile.h). NULL
 * after logging why. */
struct pii_keys *pii_keys_open(const char *file);
void pii_keys_close(struct pii_keys *keys);

/* Seals len bytes; ret_sealed has room for len + PII_OVERHEAD. nonce is 12 fresh
 * random bytes (see common/clock.h: handlers never draw randomness themselves). */
void pii_seal(const struct pii_keys *keys, const char *context, int64_t row, const unsigned char nonce[PII_NONCE_LEN],
              const void *plain, size_t len, unsigned char *ret_sealed);
/* Opens a sealed field of len bytes; ret_plain has room for len - PII_OVERHEAD
 * and a NUL. Returns the plain length, or -1 (with an empty string when there is
 * room for one) when it was altered, moved, or sealed under a key that is not
 * loaded. */
long pii_open(const struct pii_keys *keys, const char *context, int64_t row, const unsigned char *sealed, size_t len,
              char *ret_plain);
/* Whether a field is sealed under the key that seals now; else it is due to be
 * sealed again. */
bool pii_is_current(const struct pii_keys *keys, const unsigned char *sealed, size_t len);
/* The blind index of a value within a context. */
void pii_index(const struct pii_keys *keys, const char *context, const void *value, size_t len,
               unsigned char ret_index[PII_INDEX_LEN]);
