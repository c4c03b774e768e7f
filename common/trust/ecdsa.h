/* ecdsa.h: signatures over the curve P-256 with SHA-256 (FIPS 186-4), made without
 * randomness (RFC 6979): the same bytes and key give the same signature. Numbers are
 * big-endian. A key belongs to one thread. */
#pragma once

#define ECDSA_SECRET_LEN    32 /* the private scalar */
#define ECDSA_POINT_LEN     64 /* x | y of the public point */
#define ECDSA_SIGNATURE_LEN 64 /* r | s */

struct ecdsa_key;

/* NULL when it is no scalar of the curve (one of 2^32 is not), or without memory. */
struct ecdsa_key *ecdsa_key_new(const unsigned char secret[ECDSA_SECRET_LEN]);
/* The key of a file's first line (keyfile.h). NULL after logging why. */
struct ecdsa_key *ecdsa_key_open(const char *file);
/* A key that only verifies. NULL when it is no point of the curve, or without memory. */
struct ecdsa_key *ecdsa_key_public(const unsigned char point[ECDSA_POINT_LEN]);
void ecdsa_key_free(struct ecdsa_key *key);
void ecdsa_key_point(const struct ecdsa_key *key, unsigned char ret_point[ECDSA_POINT_LEN]);
/* False when the key is public alone, or without memory. About 0.7 ms. */
bool ecdsa_sign(struct ecdsa_key *key, const void *bytes, size_t len, unsigned char ret_signature[ECDSA_SIGNATURE_LEN]);
/* Whether the signature is of these bytes by this key. A key that signs recognises its own
 * signatures by making them again, which takes a third of the time. */
bool ecdsa_verify(struct ecdsa_key *key, const void *bytes, size_t len,
                  const unsigned char signature[ECDSA_SIGNATURE_LEN]);
