/* crypt.h: what API v3 of WeChat Pay signs, seals and proves, over bytes alone.
 *
 * A request is signed by the merchant's private key, an answer and a callback by a key of the platform: RSA with PKCS#1
 * v1.5 and SHA-256 over lines that each end in a line feed. What is told back is sealed by AES-256-GCM under the key
 * that merchant and platform share; a name is sealed for the platform by RSA-OAEP (SHA-1, MGF1 with SHA-1).
 *
 * A signer is used by one thread at a time; it blinds by a generator of its own. */
#pragma once
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>

#define PAY_SERIAL_SIZE     72 /* of a certificate in hex, or of a public key's id */
#define PAY_KEY_LEN         32 /* of the shared key */
#define PAY_PEM_MAX         (16 << 10)
#define PAY_SIGNATURE_SIZE  690 /* base64 of up to 4,096 bits, and a NUL */
#define PAY_SEALED_SIZE     PAY_SIGNATURE_SIZE
#define PAY_SEALED_TEXT_MAX 128 /* bytes of what is sealed by RSA */

struct pay_signer {
    mbedtls_pk_context key;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    bool busy;
};

/* Reads a private key of RSA, 2,048 bits at least, in PEM (len with its NUL). 0 or -1. To be done in both cases. */
int pay_signer_init(struct pay_signer *signer, const char *pem, size_t len);
void pay_signer_done(struct pay_signer *signer);
/* The signature of a text, in base64; false when it cannot be made. */
bool pay_sign(struct pay_signer *signer, const void *text, size_t len, char ret[PAY_SIGNATURE_SIZE]);
/* Seals a text for a key's owner; false when it is too long for it. */
struct pay_key;
bool pay_seal(struct pay_key *key, struct pay_signer *random, const char *text, char ret[PAY_SEALED_SIZE]);

/* A key of the platform: of a certificate, or a public key with an id. */
struct pay_key {
    char serial[PAY_SERIAL_SIZE];
    mbedtls_pk_context key;
};

/* 0 or -1. The serial is the certificate's own, in upper-case hex. */
int pay_key_of_certificate(struct pay_key *key, const char *pem, size_t len);
int pay_key_of_public(struct pay_key *key, const char *id, const char *pem, size_t len);
void pay_key_done(struct pay_key *key);
/* Whether a signature in base64 is the key's over the lines "timestamp", "nonce" and the body. */
bool pay_key_proves(struct pay_key *key, const char *timestamp, const char *nonce, const void *body, size_t len,
                    const char *signature);

/* Whether bytes have a hash in hex, of the platform's name for its kind: SHA1 or SHA256. */
bool pay_hash_is(const char *kind, const char *hex, const void *bytes, size_t len);

/* Opens what was sealed under the shared key (or another of AES): text and tag in base64. Its length, or -1; ret has
 * room for size bytes with a NUL. */
long pay_open(const void *key, size_t key_len, const char *nonce, const char *associated, const char *sealed, char *ret,
              size_t size);
