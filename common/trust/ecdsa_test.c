#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/hex.h"
#include "common/trust/ecdsa.h"

/* RFC 6979, A.2.5: P-256 with SHA-256, message "sample". */
#define SECRET "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
#define POINT                                                                                                          \
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"                                                 \
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define SIGNATURE                                                                                                      \
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"                                                 \
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"

static struct ecdsa_key *vector_key(void)
{
    unsigned char secret[ECDSA_SECRET_LEN];
    struct ecdsa_key *key;

    assert_true(hex_read(SECRET, sizeof(secret), secret));
    key = ecdsa_key_new(secret);
    assert_non_null(key);
    return key;
}

static void the_standards_example_comes_out(void **state)
{
    struct ecdsa_key *key = vector_key();
    unsigned char point[ECDSA_POINT_LEN], signature[ECDSA_SIGNATURE_LEN];
    char digits[HEX_SIZE(ECDSA_SIGNATURE_LEN)];

    (void)state;
    ecdsa_key_point(key, point);
    hex_print(point, sizeof(point), digits);
    assert_string_equal(digits, POINT);
    assert_true(ecdsa_sign(key, "sample", 6, signature));
    hex_print(signature, sizeof(signature), digits);
    assert_string_equal(digits, SIGNATURE);
    assert_true(ecdsa_verify(key, "sample", 6, signature));
    ecdsa_key_free(key);
}

static void the_public_half_verifies_and_cannot_sign(void **state)
{
    unsigned char point[ECDSA_POINT_LEN], signature[ECDSA_SIGNATURE_LEN], made[ECDSA_SIGNATURE_LEN];
    struct ecdsa_key *key;

    (void)state;
    assert_true(hex_read(POINT, sizeof(point), point) && hex_read(SIGNATURE, sizeof(signature), signature));
    key = ecdsa_key_public(point);
    assert_non_null(key);
    assert_true(ecdsa_verify(key, "sample", 6, signature));
    assert_false(ecdsa_verify(key, "samplE", 6, signature));
    assert_false(ecdsa_sign(key, "sample", 6, made));
    for (size_t i = 0; i < sizeof(signature); i++) {
        signature[i] ^= 1;
        assert_false(ecdsa_verify(key, "sample", 6, signature));
        signature[i] ^= 1;
    }
    ecdsa_key_free(key);
}

static void what_is_no_key_is_refused(void **state)
{
    unsigned char secret[ECDSA_SECRET_LEN] = {0}, point[ECDSA_POINT_LEN] = {0};

    (void)state;
    assert_null(ecdsa_key_new(secret));
    memset(secret, 0xff, sizeof(secret)); /* not below the group's order */
    assert_null(ecdsa_key_new(secret));
    assert_null(ecdsa_key_public(point));
    assert_true(hex_read(POINT, sizeof(point), point));
    point[0] ^= 1; /* beside the curve */
    assert_null(ecdsa_key_public(point));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standards_example_comes_out),
        cmocka_unit_test(the_public_half_verifies_and_cannot_sign),
        cmocka_unit_test(what_is_no_key_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
