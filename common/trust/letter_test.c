#include "common/trust/letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

#define HEX_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEX_B "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define PATH  "000100020003000400050006000700080009000a000b000c"

static const unsigned char nonce[PII_NONCE_LEN] = "twelve bytes";
static const struct letter sample = {INT64_C(0x5a17c3e9b2d461), 42, 999, INT64_C(1767225900000), PATH};

static struct pii_keys *keys_of(const char *hex)
{
    char path[] = "/tmp/letter-test-XXXXXX";
    int fd = mkstemp(path);
    struct pii_keys *keys;

    assert_true(fd >= 0);
    dprintf(fd, "1 %s\nindex %s\n", hex, hex);
    close(fd);
    keys = pii_keys_open(path);
    unlink(path);
    assert_non_null(keys);
    return keys;
}

static void the_reader_has_what_was_written(void **state)
{
    struct pii_keys *keys = keys_of(HEX_A);
    struct letter letter = sample, read;
    char text[LETTER_SIZE];

    (void)state;
    assert_int_equal(strlen(PATH), LIMIT_UNION_PATH);
    for (size_t len = 0; len <= LIMIT_UNION_PATH; len += 4) {
        letter.union_path[LIMIT_UNION_PATH - len] = '\0';
        letter_write(keys, nonce, &letter, text);
        assert_true(strlen(text) <= LETTER_CHARS);
        assert_true(letter_read(keys, text, strlen(text), &read));
        assert_int_equal(read.member_id, letter.member_id);
        assert_int_equal(read.about_id, letter.about_id);
        assert_int_equal(read.bearer_id, letter.bearer_id);
        assert_int_equal(read.until, letter.until);
        assert_string_equal(read.union_path, letter.union_path);
    }
    pii_keys_close(keys);
}

static void what_is_no_letter_of_these_keys_is_none(void **state)
{
    struct pii_keys *keys = keys_of(HEX_A), *others = keys_of(HEX_B);
    char text[LETTER_SIZE], bad[LETTER_SIZE + 4];
    unsigned char sealed[LETTER_PLAIN_MAX + PII_OVERHEAD];
    struct letter read = {.member_id = 7};
    size_t len;

    (void)state;
    letter_write(keys, nonce, &sample, text);
    len = strlen(text);
    assert_false(letter_read(others, text, len, &read));
    for (size_t n = 0; n < len; n++)
        assert_false(letter_read(keys, text, n, &read));
    for (size_t i = 0; i < len; i++) {
        memcpy(bad, text, LETTER_SIZE);
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        assert_false(letter_read(keys, bad, len, &read));
        bad[i] = '=';
        assert_false(letter_read(keys, bad, len, &read));
    }
    snprintf(bad, sizeof(bad), "%sAAAA", text);
    assert_false(letter_read(keys, bad, len + 4, &read));
    /* Sealed under the same key for something else. */
    pii_seal(keys, "join", 0, nonce, text, 40, sealed);
    assert_false(letter_read(keys, bad, base64url_encode(sealed, 40 + PII_OVERHEAD, bad), &read));
    assert_int_equal(read.member_id, 7);
    pii_keys_close(keys);
    pii_keys_close(others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reader_has_what_was_written),
        cmocka_unit_test(what_is_no_letter_of_these_keys_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
