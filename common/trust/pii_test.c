#include "common/trust/pii.h"
#include "common/base/hmac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

#define KEY_1      "1 0000000000000000000000000000000000000000000000000000000000000000\n"
#define KEY_2      "2 1111111111111111111111111111111111111111111111111111111111111111\n"
#define KEY_9      "9 2222222222222222222222222222222222222222222222222222222222222222\n"
#define INDEX      "index 3333333333333333333333333333333333333333333333333333333333333333\n"
#define NUMBER     "440604199003070014"
#define SEALED_LEN (sizeof(NUMBER) - 1 + PII_OVERHEAD)

static char path[] = "/tmp/pii-test-XXXXXX";
static const unsigned char nonce[PII_NONCE_LEN] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static struct pii_keys *keys_of(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return pii_keys_open(path);
}

static void seal(const struct pii_keys *keys, unsigned char ret[SEALED_LEN])
{
    pii_seal(keys, "roster.id", 42, nonce, NUMBER, strlen(NUMBER), ret);
}

static void a_sealed_field_opens_in_its_place_only(void **state)
{
    static const struct {
        const char *context;
        int64_t row;
    } elsewhere[] = {{"roster.id", 41}, {"roster.id", -42}, {"roster.name", 42},
                     {"roster.i", 42},  {"", 42},           {"roster.id", 42 + ((int64_t)1 << 32)}};
    struct pii_keys *keys = keys_of(KEY_1 INDEX);
    unsigned char sealed[SEALED_LEN];
    char plain[SEALED_LEN];

    (void)state;
    assert_non_null(keys);
    seal(keys, sealed);
    assert_int_equal(sealed[0], 1);
    assert_int_equal(sealed[1], 1);
    assert_memory_equal(sealed + 2, nonce, sizeof(nonce));
    assert_int_equal(pii_open(keys, "roster.id", 42, sealed, sizeof(sealed), plain), strlen(NUMBER));
    assert_string_equal(plain, NUMBER);
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
        assert_int_equal(pii_open(keys, elsewhere[i].context, elsewhere[i].row, sealed, sizeof(sealed), plain), -1);
        assert_string_equal(plain, "");
    }
    pii_keys_close(keys);
}

static void every_change_of_one_byte_and_every_cut_is_noticed(void **state)
{
    struct pii_keys *keys = keys_of(KEY_1 KEY_2 INDEX);
    unsigned char sealed[SEALED_LEN + 1] = {0};
    char plain[SEALED_LEN + 1];

    (void)state;
    seal(keys, sealed);
    for (size_t i = 0; i < SEALED_LEN; i++) {
        for (unsigned change = 1; change < 256; change++) {
            sealed[i] ^= (unsigned char)change;
            assert_int_equal(pii_open(keys, "roster.id", 42, sealed, SEALED_LEN, plain), -1);
            sealed[i] ^= (unsigned char)change;
        }
        assert_int_equal(pii_open(keys, "roster.id", 42, sealed, i, plain), -1);
    }
    assert_int_equal(pii_open(keys, "roster.id", 42, sealed, SEALED_LEN + 1, plain), -1);
    assert_int_equal(pii_open(keys, "roster.id", 42, sealed, SEALED_LEN, plain), strlen(NUMBER));
    pii_keys_close(keys);
}

static void an_empty_and_the_longest_field_can_be_sealed(void **state)
{
    static unsigned char sealed[PII_PLAIN_MAX + PII_OVERHEAD];
    static char plain[PII_PLAIN_MAX + 1], opened[PII_PLAIN_MAX + 1];
    struct pii_keys *keys = keys_of(KEY_1 INDEX);

    (void)state;
    memset(plain, 'x', PII_PLAIN_MAX);
    pii_seal(keys, "", 0, nonce, plain, PII_PLAIN_MAX, sealed);
    assert_int_equal(pii_open(keys, "", 0, sealed, sizeof(sealed), opened), PII_PLAIN_MAX);
    assert_string_equal(opened, plain);
    pii_seal(keys, "", 0, nonce, "", 0, sealed);
    assert_int_equal(pii_open(keys, "", 0, sealed, PII_OVERHEAD, opened), 0);
    assert_string_equal(opened, "");
    pii_keys_close(keys);
}

/* AES-256-GCM test case 14 of the GCM specification: key, nonce and 16 bytes of
 * zeros give this ciphertext; the tag differs, ours covers the context. */
static void the_cipher_is_the_standard_one(void **state)
{
    static const unsigned char zeros[16],
        expect[16] = {0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18};
    struct pii_keys *keys = keys_of(KEY_1 INDEX);
    unsigned char sealed[sizeof(zeros) + PII_OVERHEAD];

    (void)state;
    pii_seal(keys, "", 0, zeros, zeros, sizeof(zeros), sealed);
    assert_memory_equal(sealed + 14, expect, sizeof(expect));
    pii_keys_close(keys);
}

static void the_highest_key_seals_and_each_loaded_key_opens(void **state)
{
    struct pii_keys *old = keys_of(KEY_2 INDEX), *both = keys_of(KEY_9 INDEX KEY_2), *new = keys_of(INDEX KEY_9);
    unsigned char by_old[SEALED_LEN], by_both[SEALED_LEN], index_old[PII_INDEX_LEN], index_both[PII_INDEX_LEN];
    char plain[SEALED_LEN];

    (void)state;
    seal(old, by_old);
    seal(both, by_both);
    assert_int_equal(by_old[1], 2);
    assert_int_equal(by_both[1], 9);
    assert_int_equal(pii_open(both, "roster.id", 42, by_old, SEALED_LEN, plain), strlen(NUMBER));
    assert_int_equal(pii_open(both, "roster.id", 42, by_both, SEALED_LEN, plain), strlen(NUMBER));
    assert_int_equal(pii_open(new, "roster.id", 42, by_old, SEALED_LEN, plain), -1);
    assert_int_equal(pii_open(old, "roster.id", 42, by_both, SEALED_LEN, plain), -1);
    pii_index(old, "id", NUMBER, strlen(NUMBER), index_old);
    pii_index(both, "id", NUMBER, strlen(NUMBER), index_both);
    assert_memory_equal(index_old, index_both, PII_INDEX_LEN);
    pii_keys_close(old);
    pii_keys_close(both);
    pii_keys_close(new);
}

static void what_a_data_key_has_sealed_opens_with_it_alone(void **state)
{
    static const unsigned char hers[PII_KEY_LEN] = {1}, another[PII_KEY_LEN] = {2};
    struct pii_keys *keys = keys_of(KEY_1 INDEX);
    unsigned char wrapped[PII_WRAPPED_LEN], other[PII_WRAPPED_LEN], sealed[SEALED_LEN], by_master[SEALED_LEN];
    const struct pii_key *key;
    char plain[SEALED_LEN];

    (void)state;
    pii_wrap(keys, 7, nonce, hers, wrapped);
    pii_wrap(keys, 8, nonce, another, other);
    key = pii_data_key(keys, 7, wrapped, sizeof(wrapped));
    assert_non_null(key);
    pii_seal_under(key, "roster.id", 42, nonce, NUMBER, strlen(NUMBER), sealed);
    assert_true(pii_is_under_data_key(sealed, sizeof(sealed)));
    assert_int_equal(pii_open(keys, "roster.id", 42, sealed, sizeof(sealed), plain), -1);
    assert_int_equal(pii_open_under(keys, NULL, "roster.id", 42, sealed, sizeof(sealed), plain), -1);
    key = pii_data_key(keys, 8, other, sizeof(other));
    assert_int_equal(pii_open_under(keys, key, "roster.id", 42, sealed, sizeof(sealed), plain), -1);
    key = pii_data_key(keys, 7, wrapped, sizeof(wrapped));
    assert_int_equal(pii_open_under(keys, key, "roster.id", 42, sealed, sizeof(sealed), plain), strlen(NUMBER));
    assert_string_equal(plain, NUMBER);
    /* What was sealed before there was a data key. */
    seal(keys, by_master);
    assert_false(pii_is_under_data_key(by_master, sizeof(by_master)));
    assert_int_equal(pii_open_under(keys, key, "roster.id", 42, by_master, SEALED_LEN, plain), strlen(NUMBER));
    pii_keys_close(keys);
}

static void a_wrapped_key_is_its_owners_and_whole(void **state)
{
    static const unsigned char bytes[PII_KEY_LEN] = {9}, none[PII_WRAPPED_LEN];
    struct pii_keys *keys = keys_of(KEY_1 INDEX), *others = keys_of(KEY_2 INDEX);
    unsigned char wrapped[PII_WRAPPED_LEN];

    (void)state;
    pii_wrap(keys, 7, nonce, bytes, wrapped);
    assert_non_null(pii_data_key(keys, 7, wrapped, sizeof(wrapped)));
    assert_null(pii_data_key(keys, 8, wrapped, sizeof(wrapped)));
    assert_null(pii_data_key(keys, 7, wrapped, sizeof(wrapped) - 1));
    assert_null(pii_data_key(others, 7, wrapped, sizeof(wrapped)));
    assert_null(pii_data_key(keys, 0, none, sizeof(none)));
    assert_null(pii_data_key(keys, 7, NULL, 0));
    for (size_t i = 0; i < sizeof(wrapped); i++) {
        wrapped[i] ^= 1;
        assert_null(pii_data_key(keys, 7, wrapped, sizeof(wrapped)));
        wrapped[i] ^= 1;
    }
    pii_keys_close(keys);
    pii_keys_close(others);
}

static void a_blind_index_tells_values_and_contexts_apart(void **state)
{
    static const struct {
        const char *context, *value;
    } cases[] = {{"id", "abc"}, {"id", "abd"}, {"ida", "bc"}, {"mobile", "abc"}, {"id", ""}, {"", "idabc"}};
    struct pii_keys *keys = keys_of(KEY_1 INDEX);
    unsigned char index[ARRAY_LEN(cases)][PII_INDEX_LEN], key[32], sum[HMAC_LEN];
    struct hmac hmac;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        pii_index(keys, cases[i].context, cases[i].value, strlen(cases[i].value), index[i]);
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(index[i], index[k], PII_INDEX_LEN);
    }
    memset(key, 0x33, sizeof(key));
    hmac_init(&hmac, key);
    hmac_sum(&hmac, &(struct hmac_part){"id\0abc", 6}, 1, sum);
    assert_memory_equal(index[0], sum, PII_INDEX_LEN);
    hmac_done(&hmac);
    pii_keys_close(keys);
}

static void a_key_file_without_every_key_or_with_one_twice_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        KEY_1,
        INDEX,
        KEY_1 INDEX INDEX,
        KEY_1 KEY_1 INDEX,
        INDEX "0 0000000000000000000000000000000000000000000000000000000000000000\n",
        INDEX "256 0000000000000000000000000000000000000000000000000000000000000000\n",
        INDEX "-1 0000000000000000000000000000000000000000000000000000000000000000\n",
        INDEX "1x 0000000000000000000000000000000000000000000000000000000000000000\n",
        INDEX "0000000000000000000000000000000000000000000000000000000000000000\n",
        INDEX KEY_1 "2 00\n",
    };
    char many[4096] = INDEX;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_null(keys_of(bad[i]));
    for (int i = 1; i <= PII_KEYS_MAX + 1; i++) {
        struct pii_keys *keys;
        size_t len = strlen(many);

        snprintf(many + len, sizeof(many) - len, "%d%s", i, KEY_1 + 1);
        keys = keys_of(many);
        assert_int_equal(keys != NULL, i <= PII_KEYS_MAX);
        pii_keys_close(keys);
    }
    pii_keys_close(NULL);
}

static int start(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int stop(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sealed_field_opens_in_its_place_only),
        cmocka_unit_test(every_change_of_one_byte_and_every_cut_is_noticed),
        cmocka_unit_test(an_empty_and_the_longest_field_can_be_sealed),
        cmocka_unit_test(the_cipher_is_the_standard_one),
        cmocka_unit_test(the_highest_key_seals_and_each_loaded_key_opens),
        cmocka_unit_test(what_a_data_key_has_sealed_opens_with_it_alone),
        cmocka_unit_test(a_wrapped_key_is_its_owners_and_whole),
        cmocka_unit_test(a_blind_index_tells_values_and_contexts_apart),
        cmocka_unit_test(a_key_file_without_every_key_or_with_one_twice_is_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
