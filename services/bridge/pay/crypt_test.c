/* What API v3 signs, seals and proves: the vectors of its documents, and what others made with the same keys. */
#include "services/bridge/pay/crypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <mbedtls/base64.h>

#include "services/bridge/pay/crypt_vectors.h"

static void what_was_sealed_under_the_shared_key_is_opened(void **state)
{
    static const struct {
        const char *key, *nonce, *associated, *sealed, *plain;
    } vectors[] = {
        {"testAPIv3Key0000", "wCq51qZv4Yfg", "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8", "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC",
         "Hello World"},
        {"0123456789abcdef0123456789abcdef", "abcdefghijkl", "transaction",
         "Eu6k3KOMCfFZPsMjOaloD2wAiyab/Zo/G19BAaJzhChY787dLA0=", "{\"mchid\":\"1230000109\"}"},
    };
    char plain[64];

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(vectors); i++) {
        assert_int_equal(pay_open(vectors[i].key, strlen(vectors[i].key), vectors[i].nonce, vectors[i].associated,
                                  vectors[i].sealed, plain, sizeof(plain)),
                         strlen(vectors[i].plain));
        assert_string_equal(plain, vectors[i].plain);
        /* No room, another label, another nonce, another text. */
        assert_int_equal(pay_open(vectors[i].key, strlen(vectors[i].key), vectors[i].nonce, vectors[i].associated,
                                  vectors[i].sealed, plain, strlen(vectors[i].plain)),
                         -1);
        assert_int_equal(pay_open(vectors[i].key, strlen(vectors[i].key), vectors[i].nonce, "x", vectors[i].sealed,
                                  plain, sizeof(plain)),
                         -1);
        assert_int_equal(pay_open(vectors[i].key, strlen(vectors[i].key), "wCq51qZv4Yf", vectors[i].associated,
                                  vectors[i].sealed, plain, sizeof(plain)),
                         -1);
        assert_int_equal(pay_open(vectors[i].key, strlen(vectors[i].key), vectors[i].nonce, vectors[i].associated,
                                  vectors[1 - i].sealed, plain, sizeof(plain)),
                         -1);
    }
    assert_int_equal(pay_open(vectors[1].key, 32, vectors[1].nonce, "", "no base64!", plain, sizeof(plain)), -1);
    assert_int_equal(pay_open(vectors[1].key, 32, vectors[1].nonce, "", "", plain, sizeof(plain)), -1);
}

static void a_signature_is_the_one_that_others_make(void **state)
{
    struct pay_signer signer;
    char signature[PAY_SIGNATURE_SIZE];

    (void)state;
    assert_int_equal(pay_signer_init(&signer, private_pem, sizeof(private_pem)), 0);
    assert_true(pay_sign(&signer, signed_text, strlen(signed_text), signature));
    assert_string_equal(signature, request_signature);
    pay_signer_done(&signer);
    assert_int_equal(pay_signer_init(&signer, "no key", 7), -1);
    pay_signer_done(&signer);
}

static void a_key_is_named_by_its_serial_and_proves_what_it_has_signed(void **state)
{
    struct pay_key key, by_id;
    char altered[sizeof(proven_body)];

    (void)state;
    assert_int_equal(pay_key_of_certificate(&key, certificate_pem, sizeof(certificate_pem)), 0);
    assert_string_equal(key.serial, certificate_serial);
    assert_int_equal(pay_key_of_public(&by_id, "PUB_KEY_ID_01", public_pem, sizeof(public_pem)), 0);
    assert_string_equal(by_id.serial, "PUB_KEY_ID_01");
    assert_true(pay_key_proves(&key, "1554208460", "nonce", proven_body, strlen(proven_body), proven_signature));
    assert_true(pay_key_proves(&by_id, "1554208460", "nonce", proven_body, strlen(proven_body), proven_signature));
    snprintf(altered, sizeof(altered), "%s", proven_body);
    altered[3] ^= 1;
    assert_false(pay_key_proves(&key, "1554208460", "nonce", altered, strlen(altered), proven_signature));
    assert_false(pay_key_proves(&key, "1554208461", "nonce", proven_body, strlen(proven_body), proven_signature));
    assert_false(pay_key_proves(&key, "1554208460", "nonc", proven_body, strlen(proven_body), proven_signature));
    assert_false(pay_key_proves(&key, "1554208460", "nonce", proven_body, strlen(proven_body), request_signature));
    assert_false(pay_key_proves(&key, "1554208460", "nonce", proven_body, strlen(proven_body), ""));
    assert_false(pay_key_proves(&key, "1554208460", "nonce", proven_body, strlen(proven_body), "!"));
    pay_key_done(&by_id);
    pay_key_done(&key);
    assert_int_equal(pay_key_of_certificate(&key, public_pem, sizeof(public_pem)), -1);
}

/* The key of the vectors is also that of the platform, so that what is sealed can be opened here. */
static void a_name_is_sealed_for_the_platform_alone(void **state)
{
    struct pay_signer signer;
    struct pay_key key;
    char sealed[PAY_SEALED_SIZE], again[PAY_SEALED_SIZE], plain[512];
    unsigned char bytes[512];
    size_t n, len;

    (void)state;
    assert_int_equal(pay_signer_init(&signer, private_pem, sizeof(private_pem)), 0);
    assert_int_equal(pay_key_of_public(&key, "PUB_KEY_ID_01", public_pem, sizeof(public_pem)), 0);
    assert_true(pay_seal(&key, &signer, "王小明", sealed));
    assert_true(pay_seal(&key, &signer, "王小明", again));
    assert_string_not_equal(sealed, again);
    assert_int_equal(mbedtls_base64_decode(bytes, sizeof(bytes), &n, (unsigned char *)sealed, strlen(sealed)), 0);
    mbedtls_rsa_set_padding(mbedtls_pk_rsa(signer.key), MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA1);
    assert_int_equal(mbedtls_rsa_rsaes_oaep_decrypt(mbedtls_pk_rsa(signer.key), mbedtls_ctr_drbg_random, &signer.random,
                                                    MBEDTLS_RSA_PRIVATE, NULL, 0, &len, bytes, (unsigned char *)plain,
                                                    sizeof(plain)),
                     0);
    assert_int_equal(len, strlen("王小明"));
    assert_memory_equal(plain, "王小明", len);
    memset(plain, 'x', PAY_SEALED_TEXT_MAX + 1);
    plain[PAY_SEALED_TEXT_MAX + 1] = '\0';
    assert_false(pay_seal(&key, &signer, plain, sealed));
    /* It still proves as before. */
    assert_true(pay_key_proves(&key, "1554208460", "nonce", proven_body, strlen(proven_body), proven_signature));
    pay_key_done(&key);
    pay_signer_done(&signer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_under_the_shared_key_is_opened),
        cmocka_unit_test(a_signature_is_the_one_that_others_make),
        cmocka_unit_test(a_key_is_named_by_its_serial_and_proves_what_it_has_signed),
        cmocka_unit_test(a_name_is_sealed_for_the_platform_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
