#include "services/bridge/pay/crypt.h"

#include <mbedtls/base64.h>
#include <mbedtls/gcm.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha1.h>
#include <mbedtls/x509_crt.h>

#include "common/base/hex.h"
#include "common/base/sha256.h"

#define BITS_MIN      2048
#define SIGNATURE_MAX 512
#define TAG_LEN       16
#define NONCE_LEN     12

/* ---- ours ---- */

int pay_signer_init(struct pay_signer *signer, const char *pem, size_t len)
{
    static const char about[] = "huigong pay";

    *signer = (struct pay_signer){0};
    mbedtls_pk_init(&signer->key);
    mbedtls_entropy_init(&signer->entropy);
    mbedtls_ctr_drbg_init(&signer->random);
    if (mbedtls_ctr_drbg_seed(&signer->random, mbedtls_entropy_func, &signer->entropy, (const unsigned char *)about,
                              sizeof(about) - 1))
        return -1;
    /* The entropy's source is a system call; nothing is read from files later. */
    mbedtls_ctr_drbg_set_reseed_interval(&signer->random, INT32_MAX);
    if (mbedtls_pk_parse_key(&signer->key, (const unsigned char *)pem, len, NULL, 0))
        return -1;
    return mbedtls_pk_get_type(&signer->key) == MBEDTLS_PK_RSA && mbedtls_pk_get_bitlen(&signer->key) >= BITS_MIN &&
                   mbedtls_pk_get_len(&signer->key) <= SIGNATURE_MAX
               ? 0
               : -1;
}

void pay_signer_done(struct pay_signer *signer)
{
    mbedtls_pk_free(&signer->key);
    mbedtls_ctr_drbg_free(&signer->random);
    mbedtls_entropy_free(&signer->entropy);
}

static bool print_base64(const unsigned char *bytes, size_t len, char *ret, size_t size)
{
    size_t written;

    return mbedtls_base64_encode((unsigned char *)ret, size, &written, bytes, len) == 0;
}

bool pay_sign(struct pay_signer *signer, const void *text, size_t len, char ret[PAY_SIGNATURE_SIZE])
{
    unsigned char hash[32], signature[SIGNATURE_MAX];
    size_t made;

    sha256_of(text, len, hash);
    return mbedtls_pk_sign(&signer->key, MBEDTLS_MD_SHA256, hash, sizeof(hash), signature, &made,
                           mbedtls_ctr_drbg_random, &signer->random) == 0 &&
           print_base64(signature, made, ret, PAY_SIGNATURE_SIZE);
}

/* ---- the platform's ---- */

int pay_key_of_certificate(struct pay_key *key, const char *pem, size_t len)
{
    mbedtls_x509_crt certificate;
    int failed = -1;

    *key = (struct pay_key){0};
    mbedtls_pk_init(&key->key);
    mbedtls_x509_crt_init(&certificate);
    if (mbedtls_x509_crt_parse(&certificate, (const unsigned char *)pem, len) == 0 &&
        mbedtls_pk_get_type(&certificate.pk) == MBEDTLS_PK_RSA && mbedtls_pk_get_bitlen(&certificate.pk) >= BITS_MIN &&
        mbedtls_pk_get_len(&certificate.pk) <= SIGNATURE_MAX && 2 * certificate.serial.len < sizeof(key->serial)) {
        hex_print(certificate.serial.p, certificate.serial.len, key->serial);
        for (char *c = key->serial; *c; c++)
            *c = (char)(*c >= 'a' ? *c - 'a' + 'A' : *c);
        key->key = certificate.pk;
        mbedtls_pk_init(&certificate.pk); /* it is ours now */
        failed = 0;
    }
    mbedtls_x509_crt_free(&certificate);
    return failed;
}

int pay_key_of_public(struct pay_key *key, const char *id, const char *pem, size_t len)
{
    *key = (struct pay_key){0};
    mbedtls_pk_init(&key->key);
    if (snprintf(key->serial, sizeof(key->serial), "%s", id) >= (int)sizeof(key->serial) ||
        mbedtls_pk_parse_public_key(&key->key, (const unsigned char *)pem, len) ||
        mbedtls_pk_get_type(&key->key) != MBEDTLS_PK_RSA || mbedtls_pk_get_bitlen(&key->key) < BITS_MIN ||
        mbedtls_pk_get_len(&key->key) > SIGNATURE_MAX) {
        pay_key_done(key);
        return -1;
    }
    return 0;
}

void pay_key_done(struct pay_key *key)
{
    mbedtls_pk_free(&key->key);
    key->serial[0] = '\0';
}

bool pay_key_proves(struct pay_key *key, const char *timestamp, const char *nonce, const void *body, size_t len,
                    const char *signature)
{
    unsigned char hash[32], bytes[SIGNATURE_MAX];
    struct sha256 sum;
    size_t n;

    if (mbedtls_base64_decode(bytes, sizeof(bytes), &n, (const unsigned char *)signature, strlen(signature)))
        return false;
    sha256_start(&sum);
    sha256_add(&sum, timestamp, strlen(timestamp));
    sha256_add(&sum, "\n", 1);
    sha256_add(&sum, nonce, strlen(nonce));
    sha256_add(&sum, "\n", 1);
    sha256_add(&sum, body, len);
    sha256_add(&sum, "\n", 1);
    sha256_end(&sum, hash);
    return mbedtls_pk_verify(&key->key, MBEDTLS_MD_SHA256, hash, sizeof(hash), bytes, n) == 0;
}

bool pay_seal(struct pay_key *key, struct pay_signer *random, const char *text, char ret[PAY_SEALED_SIZE])
{
    mbedtls_rsa_context *rsa = mbedtls_pk_rsa(key->key);
    unsigned char sealed[SIGNATURE_MAX];
    size_t len = strlen(text);
    int failed;

    if (len == 0 || len > PAY_SEALED_TEXT_MAX)
        return false;
    mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA1);
    failed = mbedtls_rsa_rsaes_oaep_encrypt(rsa, mbedtls_ctr_drbg_random, &random->random, MBEDTLS_RSA_PUBLIC, NULL, 0,
                                            len, (const unsigned char *)text, sealed);
    mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V15, MBEDTLS_MD_NONE);
    return !failed && print_base64(sealed, mbedtls_pk_get_len(&key->key), ret, PAY_SEALED_SIZE);
}

/* ---- the shared key ---- */

long pay_open(const void *key, size_t key_len, const char *nonce, const char *associated, const char *sealed, char *ret,
              size_t size)
{
    size_t room = strlen(sealed) / 4 * 3 + 4, n;
    unsigned char *bytes = malloc(room);
    mbedtls_gcm_context gcm;
    long len = -1;

    mbedtls_gcm_init(&gcm);
    if (bytes && strlen(nonce) == NONCE_LEN &&
        mbedtls_base64_decode(bytes, room, &n, (const unsigned char *)sealed, strlen(sealed)) == 0 && n >= TAG_LEN &&
        n - TAG_LEN < size && mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 8 * (unsigned)key_len) == 0 &&
        mbedtls_gcm_auth_decrypt(&gcm, n - TAG_LEN, (const unsigned char *)nonce, NONCE_LEN,
                                 (const unsigned char *)associated, strlen(associated), bytes + n - TAG_LEN, TAG_LEN,
                                 bytes, (unsigned char *)ret) == 0) {
        len = (long)(n - TAG_LEN);
        ret[len] = '\0';
    }
    mbedtls_gcm_free(&gcm);
    free(bytes);
    return len;
}

bool pay_hash_is(const char *kind, const char *hex, const void *bytes, size_t len)
{
    bool sha1 = strcmp(kind, "SHA1") == 0;
    unsigned char hash[32];
    char text[2 * sizeof(hash) + 1];

    if (!sha1 && strcmp(kind, "SHA256") != 0)
        return false;
    if (!sha1)
        sha256_of(bytes, len, hash);
    else if (mbedtls_sha1_ret(bytes, len, hash))
        return false;
    hex_print(hash, sha1 ? 20 : 32, text);
    return strcasecmp(hex, text) == 0;
}
