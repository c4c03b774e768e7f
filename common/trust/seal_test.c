#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/hex.h"
#include "common/trust/seal.h"

static struct ecdsa_key *key, *other;
static struct seal_checker *checker;
static unsigned char seal[ECDSA_SIGNATURE_LEN];
static Rpc__Grant grant;
static Rpc__Grant *grants[] = {&grant};
static Rpc__Principal principal;

static int setup(void **state)
{
    unsigned char secret[ECDSA_SECRET_LEN] = {7}, point[ECDSA_POINT_LEN];
    char path[] = "/tmp/huigong-point-XXXXXX", digits[HEX_SIZE(ECDSA_POINT_LEN)];
    FILE *file = fdopen(mkstemp(path), "w");

    (void)state;
    key = ecdsa_key_new(secret);
    secret[0] = 8;
    other = ecdsa_key_new(secret);
    if (!file || !key || !other)
        return -1;
    ecdsa_key_point(key, point);
    hex_print(point, sizeof(point), digits);
    fprintf(file, "%s\n", digits);
    fclose(file);
    checker = seal_checker_open(path);
    remove(path);
    rpc__grant__init(&grant);
    grant.role = RULE__ROLE__FINANCE;
    grant.union_path = unconst("00010002");
    rpc__principal__init(&principal);
    principal.member_id = 5;
    principal.session_id = 6;
    principal.expires_at = 7;
    principal.grants = grants;
    principal.n_grants = 1;
    return checker && grants_seal(key, &principal, seal) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    ecdsa_key_free(key);
    ecdsa_key_free(other);
    seal_checker_close(checker);
    return 0;
}

static void identitys_word_is_believed_and_remembered(void **state)
{
    (void)state;
    assert_true(seal_check(checker, &principal));
    assert_true(seal_check(checker, &principal));
}

static void nothing_of_the_principal_can_be_changed(void **state)
{
    (void)state;
    assert_true(seal_check(checker, &principal));
    grant.role = RULE__ROLE__SECURITY_ADMIN;
    assert_false(seal_check(checker, &principal));
    grant.role = RULE__ROLE__FINANCE;
    grant.union_path = unconst("");
    assert_false(seal_check(checker, &principal));
    grant.union_path = unconst("00010002");
    principal.member_id++;
    assert_false(seal_check(checker, &principal));
    principal.member_id--;
    principal.expires_at++;
    assert_false(seal_check(checker, &principal));
    principal.expires_at--;
    principal.session_id++;
    assert_false(seal_check(checker, &principal));
    principal.session_id--;
    for (size_t i = 0; i < sizeof(seal); i++) {
        seal[i] ^= 1;
        assert_false(seal_check(checker, &principal));
        seal[i] ^= 1;
    }
    assert_true(seal_check(checker, &principal));
}

static void another_keys_word_and_none_are_not_believed(void **state)
{
    (void)state;
    assert_true(grants_seal(other, &principal, seal));
    assert_false(seal_check(checker, &principal));
    principal.grants_seal = (ProtobufCBinaryData){0, NULL};
    assert_false(seal_check(checker, &principal));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(identitys_word_is_believed_and_remembered),
        TEST(nothing_of_the_principal_can_be_changed),
        TEST(another_keys_word_and_none_are_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
