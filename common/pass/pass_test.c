#include "common/pass/pass.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/base/base64url.h"
#include "common/base/buf.h"

#include <jansson.h>
#include <unistd.h>

#define NOW INT64_C(1767225600000) /* 2026-01-01 00:00 UTC */

/* The private key of RFC 6979, A.2.5 (P-256, with SHA-256), and another one. */
#define RFC_KEY "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
#define KEY_TWO "2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a"

static struct pass_keys *load(const char *text)
{
    char path[] = "/tmp/pass-keys-XXXXXX";
    int fd = mkstemp(path);
    struct pass_keys *keys;

    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    keys = pass_keys_open(path);
    unlink(path);
    return keys;
}

static struct pass_keys *keys;

static int setup(void **state)
{
    (void)state;
    keys = load("7 " RFC_KEY "\n");
    return keys ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    pass_keys_close(keys);
    return 0;
}

static struct pass sample(void)
{
    return (struct pass){.issuer = 1,
                         .campaign = 20,
                         .site = 300,
                         .slot = 4000,
                         .handle = UINT64_C(0xfedcba9876543210),
                         .serial = UINT64_C(0x0123456789abcdef),
                         .from_ms = NOW,
                         .until_ms = NOW + 3600000};
}

static void made(struct pass_keys *by, const struct pass *pass, char ret[PASS_SIZE])
{
    assert_true(pass_make(by, pass, ret));
    assert_int_equal(strlen(ret), PASS_CHARS);
}

/* ---- the signed form ---- */

static void a_scanner_with_the_public_key_reads_what_was_signed(void **state)
{
    struct pass_public public[PASS_KEYS_MAX];
    struct pass_keys *scanner;
    struct pass pass = sample(), got;
    char text[PASS_SIZE];

    (void)state;
    assert_int_equal(pass_keys_list(keys, public), 1);
    scanner = pass_keys_public(public, 1);
    assert_non_null(scanner);
    made(keys, &pass, text);
    assert_int_equal(pass_verify(scanner, text, PASS_CHARS, &got), PASS_OK);
    assert_int_equal(got.key_id, 7);
    assert_true(got.issuer == pass.issuer && got.campaign == pass.campaign && got.site == pass.site);
    assert_true(got.slot == pass.slot && got.handle == pass.handle && got.serial == pass.serial);
    assert_true(got.from_ms == pass.from_ms && got.until_ms == pass.until_ms);
    assert_false(pass_make(scanner, &pass, text));
    pass_keys_close(scanner);
}

/* The public point is the one that RFC 6979, A.2.5 gives for the private key. */
static void the_public_key_is_that_of_the_private_one(void **state)
{
    static const unsigned char x[] = {0x60, 0xfe, 0xd4, 0xba, 0x25, 0x5a, 0x9d, 0x31};
    static const unsigned char y[] = {0x79, 0x03, 0xfe, 0x10, 0x08, 0xb8, 0xbc, 0x99};
    struct pass_public public[PASS_KEYS_MAX];

    (void)state;
    assert_int_equal(pass_keys_list(keys, public), 1);
    assert_int_equal(public[0].key_id, 7);
    assert_memory_equal(public[0].point, x, sizeof(x));
    assert_memory_equal(public[0].point + 32, y, sizeof(y));
}

static void one_pass_and_key_give_one_text(void **state)
{
    struct pass pass = sample();
    char first[PASS_SIZE], second[PASS_SIZE];

    (void)state;
    made(keys, &pass, first);
    made(keys, &pass, second);
    assert_string_equal(first, second);
    pass.serial++;
    made(keys, &pass, second);
    assert_string_not_equal(first, second);
}

/* (r, n - s) verifies wherever (r, s) does, so a scanner may have taken it for good. */
static void another_signature_of_a_pass_is_the_same_pass(void **state)
{
    static const unsigned char n[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                        0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    struct pass pass = sample(), got;
    char text[PASS_SIZE], other[PASS_SIZE];
    unsigned char bytes[123], *s = bytes + 91;
    int borrow = 0;

    (void)state;
    made(keys, &pass, text);
    assert_int_equal(base64url_decode(text, PASS_CHARS, bytes), sizeof(bytes));
    for (int i = 31; i >= 0; i--) {
        int digit = n[i] - s[i] - borrow;

        borrow = digit < 0;
        s[i] = (unsigned char)(digit + 256 * borrow);
    }
    other[base64url_encode(bytes, sizeof(bytes), other)] = '\0';
    assert_string_not_equal(other, text);
    assert_int_equal(pass_verify(keys, other, PASS_CHARS, &got), PASS_OK);
    assert_int_equal(got.serial, pass.serial);
}

static void every_flipped_bit_of_a_pass_is_refused(void **state)
{
    struct pass pass = sample(), got;
    char text[PASS_SIZE];

    (void)state;
    made(keys, &pass, text);
    for (unsigned bit = 0; bit < 8 * PASS_CHARS; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        assert_int_not_equal(pass_verify(keys, text, PASS_CHARS, &got), PASS_OK);
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
    }
    assert_int_equal(pass_verify(keys, text, PASS_CHARS, &got), PASS_OK);
}

static void what_is_no_pass_is_malformed(void **state)
{
    struct pass pass = sample(), got;
    char text[PASS_SIZE + 1];

    (void)state;
    made(keys, &pass, text);
    assert_int_equal(pass_verify(keys, text, PASS_CHARS - 1, &got), PASS_MALFORMED);
    assert_int_equal(pass_verify(keys, text, 0, &got), PASS_MALFORMED);
    text[PASS_CHARS] = 'A';
    assert_int_equal(pass_verify(keys, text, PASS_CHARS + 1, &got), PASS_MALFORMED);
    text[5] = '+';
    assert_int_equal(pass_verify(keys, text, PASS_CHARS, &got), PASS_MALFORMED);
}

static void a_pass_that_was_never_valid_is_not_made(void **state)
{
    struct pass pass = sample();
    char text[PASS_SIZE];

    (void)state;
    pass.until_ms = pass.from_ms;
    assert_false(pass_make(keys, &pass, text));
    pass.until_ms = INT64_C(4294967296) * 1000;
    assert_false(pass_make(keys, &pass, text));
    pass.until_ms = NOW + 1500;
    assert_false(pass_make(keys, &pass, text));
}

static void a_pass_is_good_at_its_site_within_its_time(void **state)
{
    struct pass pass = sample();

    (void)state;
    assert_int_equal(pass_judge(&pass, 300, NULL, NOW), PASS_OK);
    assert_int_equal(pass_judge(&pass, 300, NULL, NOW + 3599999), PASS_OK);
    assert_int_equal(pass_judge(&pass, 300, NULL, NOW - 1), PASS_NOT_YET);
    assert_int_equal(pass_judge(&pass, 300, NULL, NOW + 3600000), PASS_EXPIRED);
    assert_int_equal(pass_judge(&pass, 301, NULL, NOW), PASS_OTHER_SITE);
}

/* ---- keys ---- */

static void a_new_key_signs_and_the_old_one_still_verifies(void **state)
{
    struct pass_keys *rotated = load("8 " KEY_TWO "\n7 " RFC_KEY "\n"), *later = load("8 " KEY_TWO "\n");
    struct pass pass = sample(), got;
    char old[PASS_SIZE], new[PASS_SIZE], code[PASS_CODE_SIZE];
    struct pass_code said;

    (void)state;
    assert_true(rotated && later);
    made(keys, &pass, old);
    made(rotated, &pass, new);
    assert_int_equal(pass_verify(rotated, old, PASS_CHARS, &got), PASS_OK);
    assert_int_equal(got.key_id, 7);
    assert_int_equal(pass_verify(rotated, new, PASS_CHARS, &got), PASS_OK);
    assert_int_equal(got.key_id, 8);
    assert_int_equal(pass_verify(later, old, PASS_CHARS, &got), PASS_UNKNOWN_KEY);
    assert_true(pass_code_make(keys, PASS_PRINTED, 1, NOW, code));
    assert_int_equal(pass_code_check(rotated, code, PASS_CODE_CHARS, NOW, &said), PASS_OK);
    assert_int_equal(pass_code_check(later, code, PASS_CODE_CHARS, NOW, &said), PASS_UNKNOWN_KEY);
    pass_keys_close(rotated);
    pass_keys_close(later);
}

static void another_key_under_the_same_number_is_a_forger(void **state)
{
    struct pass_keys *forger = load("7 " KEY_TWO "\n");
    struct pass pass = sample(), got;
    char text[PASS_SIZE];

    (void)state;
    made(forger, &pass, text);
    assert_int_equal(pass_verify(keys, text, PASS_CHARS, &got), PASS_FORGED);
    pass_keys_close(forger);
}

static void a_key_file_that_is_none_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        RFC_KEY "\n",
        "0 " RFC_KEY "\n",
        "65536 " RFC_KEY "\n",
        "x " RFC_KEY "\n",
        "1 " RFC_KEY "\n1 " KEY_TWO "\n",
        "1 0000000000000000000000000000000000000000000000000000000000000000\n",
        "1 ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n",
        "1 " KEY_TWO "\n2 " KEY_TWO "\n3 " KEY_TWO "\n4 " KEY_TWO "\n5 " KEY_TWO "\n6 " KEY_TWO "\n7 " KEY_TWO
        "\n8 " KEY_TWO "\n9 " KEY_TWO "\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_null(load(bad[i]));
}

static void a_point_beside_the_curve_is_no_public_key(void **state)
{
    struct pass_public public[PASS_KEYS_MAX + 1];

    (void)state;
    pass_keys_list(keys, public);
    public[1] = public[0];
    assert_null(pass_keys_public(public, 2));
    assert_null(pass_keys_public(public, 0));
    public[0].point[40] ^= 1;
    assert_null(pass_keys_public(public, 1));
}

/* ---- vectors, which tests/pass/verify.mjs reads too ---- */

static int64_t number(const json_t *object, const char *name)
{
    return (int64_t)strtoll(json_string_value(json_object_get(object, name)), NULL, 10);
}

static void check_vector(const json_t *vector)
{
    struct pass pass = {.issuer = number(vector, "issuer"),
                        .campaign = number(vector, "campaign"),
                        .site = number(vector, "site"),
                        .slot = number(vector, "slot"),
                        .handle = (uint64_t)number(vector, "handle"),
                        .serial = (uint64_t)number(vector, "serial"),
                        .from_ms = number(vector, "from") * 1000,
                        .until_ms = number(vector, "until") * 1000},
                got;
    const char *text = json_string_value(json_object_get(vector, "text"));
    unsigned char question[PASS_QUESTION_LEN];
    char again[PASS_SIZE];

    assert_int_equal(pass_verify(keys, text, strlen(text), &got), PASS_OK);
    assert_int_equal(pass_read(keys, text, strlen(text), &got, question), PASS_OK);
    assert_true(pass_signed(question));
    for (size_t i = 0; i < sizeof(question); i += 7) {
        question[i] ^= 4;
        assert_false(pass_signed(question));
        question[i] ^= 4;
    }
    assert_true(got.issuer == pass.issuer && got.slot == pass.slot && got.serial == pass.serial);
    made(keys, &pass, again);
    if (json_is_true(json_object_get(vector, "ours")))
        assert_string_equal(again, text);
    else
        assert_memory_equal(again, text, 78); /* what another program has signed: the same bytes 0..57 */
}

static void the_published_vectors_hold(void **state)
{
    json_t *file = json_load_file("tests/data/pass-vectors.json", JSON_ALLOW_NUL, NULL), *vector;
    char code[PASS_CODE_SIZE];
    size_t i;

    (void)state;
    assert_non_null(file);
    json_array_foreach(json_object_get(file, "passes"), i, vector) check_vector(vector);
    assert_true(i >= 3);
    json_array_foreach(json_object_get(file, "codes"), i, vector)
    {
        assert_true(pass_code_make(keys, (enum pass_kind)number(vector, "kind"), (uint64_t)number(vector, "subject"),
                                   number(vector, "at") * 1000, code));
        assert_string_equal(code, json_string_value(json_object_get(vector, "text")));
    }
    assert_true(i >= 3);
    json_decref(file);
}

static void what_is_not_written_as_a_pass_is_malformed_to_every_verifier(void **state)
{
    json_t *file = json_load_file("tests/data/pass-vectors.json", JSON_ALLOW_NUL, NULL), *damaged;
    unsigned char question[PASS_QUESTION_LEN];
    struct pass got;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(file, "damaged"), i, damaged)
    {
        const json_t *text = json_object_get(damaged, "text");

        if (pass_verify(keys, json_string_value(text), json_string_length(text), &got) != PASS_MALFORMED ||
            pass_read(keys, json_string_value(text), json_string_length(text), &got, question) != PASS_MALFORMED)
            fail_msg("%s", json_string_value(json_object_get(damaged, "what")));
    }
    assert_true(i > 10);
    json_decref(file);
}

/* ---- codes of 32 characters ---- */

static void a_code_is_of_characters_that_wechat_takes(void **state)
{
    char code[PASS_CODE_SIZE];

    (void)state;
    assert_true(pass_code_make(keys, PASS_PRINTED, UINT64_MAX, NOW, code));
    assert_int_equal(strlen(code), 32);
    assert_int_equal(strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$&'()*+,/:;=?@-._~"),
                     32);
}

static void every_flipped_bit_of_a_code_is_refused(void **state)
{
    char code[PASS_CODE_SIZE];
    struct pass_code said;

    (void)state;
    for (int kind = PASS_PRINTED; kind <= PASS_PURSE; kind++) {
        assert_true(pass_code_make(keys, (enum pass_kind)kind, 77, NOW, code));
        for (unsigned bit = 0; bit < 8 * PASS_CODE_CHARS; bit++) {
            code[bit / 8] = (char)(code[bit / 8] ^ 1 << bit % 8);
            assert_int_not_equal(pass_code_check(keys, code, PASS_CODE_CHARS, NOW, &said), PASS_OK);
            code[bit / 8] = (char)(code[bit / 8] ^ 1 << bit % 8);
        }
        assert_int_equal(pass_code_check(keys, code, PASS_CODE_CHARS, NOW, &said), PASS_OK);
        assert_int_equal(said.kind, kind);
        assert_int_equal(said.subject, 77);
    }
}

static void a_printed_code_does_not_age(void **state)
{
    char code[PASS_CODE_SIZE], later[PASS_CODE_SIZE];
    struct pass_code said;

    (void)state;
    assert_true(pass_code_make(keys, PASS_PRINTED, 77, NOW, code));
    assert_true(pass_code_make(keys, PASS_PRINTED, 77, NOW + 90 * INT64_C(86400000), later));
    assert_string_equal(code, later);
    assert_int_equal(pass_code_check(keys, code, PASS_CODE_CHARS, NOW + 90 * INT64_C(86400000), &said), PASS_OK);
}

static void a_screen_code_lives_one_step_either_way(void **state)
{
    /* From the middle of a step, in steps. */
    static const struct {
        int64_t steps;
        enum pass_reason reason;
    } cases[] = {{0, PASS_OK},         {1, PASS_OK},         {-1, PASS_OK},        {2, PASS_STALE},
                 {-2, PASS_STALE},     {32767, PASS_STALE},  {-32767, PASS_STALE}, {32769, PASS_FORGED},
                 {65536, PASS_FORGED}, {-65536, PASS_FORGED}};
    char code[PASS_CODE_SIZE];
    struct pass_code said;

    (void)state;
    for (int64_t at = NOW; at < NOW + 70000 * PASS_STEP_MS; at += 30011 * PASS_STEP_MS) {
        assert_true(pass_code_make(keys, PASS_SCREEN, 77, at, code));
        for (size_t i = 0; i < ARRAY_LEN(cases); i++)
            assert_int_equal(
                pass_code_check(keys, code, PASS_CODE_CHARS, at + cases[i].steps * PASS_STEP_MS + 15000, &said),
                cases[i].reason);
    }
}

static void a_turn_key_belongs_to_one_subject_and_kind(void **state)
{
    unsigned char first[PASS_TURN_KEY_LEN], other[PASS_TURN_KEY_LEN];
    uint16_t key_id;

    (void)state;
    assert_true(pass_turn_key(keys, PASS_SCREEN, 77, &key_id, first));
    assert_int_equal(key_id, 7);
    assert_true(pass_turn_key(keys, PASS_SCREEN, 78, &key_id, other));
    assert_memory_not_equal(first, other, sizeof(first));
    assert_true(pass_turn_key(keys, PASS_ACCOUNT, 77, &key_id, other));
    assert_memory_not_equal(first, other, sizeof(first));
}

/* ---- revocations ---- */

static void a_revoked_pass_is_refused_and_its_neighbours_are_not(void **state)
{
    uint64_t serials[] = {3, 5, UINT64_C(0x8000000000000000), UINT64_MAX};
    struct pass_revocations head = {.issuer = 1, .site = 300, .version = 9, .made_ms = NOW}, got;
    struct pass pass = sample();
    struct buf buf;

    (void)state;
    buf_init(&buf, 4096);
    assert_true(pass_revocations_make(keys, &head, serials, ARRAY_LEN(serials), &buf));
    assert_int_equal(buf.len, 99 + 8 * ARRAY_LEN(serials));
    assert_int_equal(pass_revocations_read(keys, (unsigned char *)buf.bytes, buf.len, &got), PASS_OK);
    assert_true(got.n == 4 && got.version == 9 && got.site == 300 && got.issuer == 1 && got.made_ms == NOW);
    for (size_t i = 0; i < ARRAY_LEN(serials); i++) {
        pass.serial = serials[i];
        assert_int_equal(pass_judge(&pass, 300, &got, NOW), PASS_REVOKED);
        pass.serial = serials[i] - 1;
        assert_int_equal(pass_judge(&pass, 300, &got, NOW), PASS_OK);
    }
    buf_done(&buf);
}

static void every_flipped_bit_of_a_list_is_refused(void **state)
{
    uint64_t serials[] = {3, 5};
    struct pass_revocations head = {.issuer = 1, .site = 300, .version = 9, .made_ms = NOW}, got;
    struct buf buf;

    (void)state;
    buf_init(&buf, 4096);
    assert_true(pass_revocations_make(keys, &head, serials, 2, &buf));
    for (unsigned bit = 0; bit < 8 * buf.len; bit++) {
        buf.bytes[bit / 8] = (char)(buf.bytes[bit / 8] ^ 1 << bit % 8);
        assert_int_not_equal(pass_revocations_read(keys, (unsigned char *)buf.bytes, buf.len, &got), PASS_OK);
        buf.bytes[bit / 8] = (char)(buf.bytes[bit / 8] ^ 1 << bit % 8);
    }
    for (size_t len = 0; len < buf.len; len++)
        assert_int_equal(pass_revocations_read(keys, (unsigned char *)buf.bytes, len, &got), PASS_MALFORMED);
    buf_done(&buf);
}

static void a_list_is_sorted_and_bounded(void **state)
{
    static uint64_t serials[PASS_REVOKED_MAX + 1];
    struct pass_revocations head = {.made_ms = NOW}, got;
    struct buf buf;

    (void)state;
    for (uint32_t i = 0; i <= PASS_REVOKED_MAX; i++)
        serials[i] = i;
    buf_init(&buf, 1 << 20);
    assert_false(pass_revocations_make(keys, &head, serials, PASS_REVOKED_MAX + 1, &buf));
    assert_true(pass_revocations_make(keys, &head, serials, PASS_REVOKED_MAX, &buf));
    assert_int_equal(pass_revocations_read(keys, (unsigned char *)buf.bytes, buf.len, &got), PASS_OK);
    serials[1] = 0;
    assert_false(pass_revocations_make(keys, &head, serials, 2, &buf));
    buf_clear(&buf);
    assert_true(pass_revocations_make(keys, &head, NULL, 0, &buf));
    assert_int_equal(pass_revocations_read(keys, (unsigned char *)buf.bytes, buf.len, &got), PASS_OK);
    assert_false(pass_revoked(&got, 0));
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scanner_with_the_public_key_reads_what_was_signed),
        cmocka_unit_test(the_public_key_is_that_of_the_private_one),
        cmocka_unit_test(one_pass_and_key_give_one_text),
        cmocka_unit_test(another_signature_of_a_pass_is_the_same_pass),
        cmocka_unit_test(every_flipped_bit_of_a_pass_is_refused),
        cmocka_unit_test(what_is_no_pass_is_malformed),
        cmocka_unit_test(a_pass_that_was_never_valid_is_not_made),
        cmocka_unit_test(a_pass_is_good_at_its_site_within_its_time),
        cmocka_unit_test(a_new_key_signs_and_the_old_one_still_verifies),
        cmocka_unit_test(another_key_under_the_same_number_is_a_forger),
        cmocka_unit_test(a_key_file_that_is_none_is_refused),
        cmocka_unit_test(a_point_beside_the_curve_is_no_public_key),
        cmocka_unit_test(the_published_vectors_hold),
        cmocka_unit_test(what_is_not_written_as_a_pass_is_malformed_to_every_verifier),
        cmocka_unit_test(a_code_is_of_characters_that_wechat_takes),
        cmocka_unit_test(every_flipped_bit_of_a_code_is_refused),
        cmocka_unit_test(a_printed_code_does_not_age),
        cmocka_unit_test(a_screen_code_lives_one_step_either_way),
        cmocka_unit_test(a_turn_key_belongs_to_one_subject_and_kind),
        cmocka_unit_test(a_revoked_pass_is_refused_and_its_neighbours_are_not),
        cmocka_unit_test(every_flipped_bit_of_a_list_is_refused),
        cmocka_unit_test(a_list_is_sorted_and_bounded),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
