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
 * What belongs to one person is sealed under a data key of her own (key number 0),
 * of which the store has only the wrapped form: sealed under a sealing key. When that
 * one value is destroyed, nothing of hers opens any more, whatever copies of it there
 * are. A copy of the store made before keeps its wrapped key: for those the sealing
 * keys are replaced, or the copy is deleted when its time is over.
 *
 * The ciphers are prepared when the keys are loaded and used in place: one thread
 * per struct pii_keys. */
#pragma once

#define PII_OVERHEAD    30
#define PII_INDEX_LEN   16
#define PII_NONCE_LEN   12
#define PII_CONTEXT_MAX 64          /* characters of a context; longer is a programming error */
#define PII_PLAIN_MAX   (128 << 10) /* bytes of one field; longer is a programming error */
#define PII_KEYS_MAX    8           /* sealing keys in one file */
#define PII_KEY_LEN     32          /* a data key */
#define PII_WRAPPED_LEN (PII_KEY_LEN + PII_OVERHEAD)

struct pii_keys;
struct pii_key;

/* Reads "N HEX64" (sealing, N from 1 to 255, each once) and exactly one
 * "index HEX64" line from a file that only its owner may read (keyfile.h). NULL
 * after logging why. */
struct pii_keys *pii_keys_open(const char *file);
void pii_keys_close(struct pii_keys *keys);

/* Seals len bytes; ret_sealed has room for len + PII_OVERHEAD. nonce is 12 fresh
 * random bytes (see common/base/clock.h: handlers never draw randomness themselves). */
void pii_seal(const struct pii_keys *keys, const char *context, int64_t row, const unsigned char nonce[PII_NONCE_LEN],
              const void *plain, size_t len, unsigned char *ret_sealed);
/* Opens a sealed field of len bytes; ret_plain has room for len - PII_OVERHEAD
 * and a NUL. Returns the plain length, or -1 (with an empty string when there is
 * room for one) when it was altered, moved, or sealed under a key that is not
 * loaded. */
long pii_open(const struct pii_keys *keys, const char *context, int64_t row, const unsigned char *sealed, size_t len,
              char *ret_plain);

/* ---- data keys ---- */

/* Wraps a data key of fresh random bytes. row is whose it is. */
void pii_wrap(const struct pii_keys *keys, int64_t row, const unsigned char nonce[PII_NONCE_LEN],
              const unsigned char key[PII_KEY_LEN], unsigned char ret_wrapped[PII_WRAPPED_LEN]);
/* The data key of a wrapped one, prepared; NULL when it cannot be unwrapped (as pii_open).
 * Good until the next is asked for; asked for again at once it costs nothing. */
const struct pii_key *pii_data_key(const struct pii_keys *keys, int64_t row, const unsigned char *wrapped, size_t len);
/* As pii_seal, under a data key. */
void pii_seal_under(const struct pii_key *key, const char *context, int64_t row,
                    const unsigned char nonce[PII_NONCE_LEN], const void *plain, size_t len, unsigned char *ret_sealed);
/* As pii_open, of a field that a data key or, before there was one, a sealing key has
 * sealed. key may be NULL: then only the latter open. */
long pii_open_under(const struct pii_keys *keys, const struct pii_key *key, const char *context, int64_t row,
                    const unsigned char *sealed, size_t len, char *ret_plain);
/* Whether a field is sealed under a data key. */
bool pii_is_under_data_key(const unsigned char *sealed, size_t len);

/* The blind index of a value within a context. */
void pii_index(const struct pii_keys *keys, const char *context, const void *value, size_t len,
               unsigned char ret_index[PII_INDEX_LEN]);
