#include "common/trust/token.h"
#include "common/base/hmac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/reason.h"

#define NOW   1767225600000LL
#define HEX_A "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define HEX_B "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

static char path[] = "/tmp/token-test-XXXXXX";
static struct arena arena;

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct token_keys *keys_of(const char *text)
{
    write_file(text);
    return token_keys_open(path);
}

static Rpc__Principal sample(void)
{
    static Rpc__Grant grant = RPC__GRANT__INIT;
    static Rpc__Grant *grants[] = {&grant};
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;

    grant.role = RULE__ROLE__BENEFIT_MANAGER;
    grant.union_path = "0000003k0001";
    principal.member_id = 123456789012345;
    principal.session_id = 223456789012345;
    principal.expires_at = NOW + LIMIT_SESSION_MS;
    principal.level = RPC__LEVEL__MEMBER;
    principal.union_path = "0000003k00010007000z";
    principal.trade = RPC__TRADE__COURIER;
    principal.birth_year = 1990;
    principal.birthday = 1028;
    principal.member_since = 20240229;
    principal.sex = RPC__SEX__FEMALE;
    principal.shown_name = "王*明";
    principal.grants = grants;
    principal.n_grants = 1;
    return principal;
}

static int check(const struct token_keys *keys, const char *token, size_t len, Rpc__Principal **ret)
{
    arena_reset(&arena);
    return token_check(keys, token, len, NOW, &arena, ret);
}

/* base64url by arithmetic on the whole bit string. */
static size_t plain_encode(const unsigned char *bytes, size_t len, char *ret)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t n = 0;

    for (size_t bit = 0; bit < 8 * len; bit += 6) {
        unsigned value = 0;

        for (size_t b = bit; b < bit + 6; b++)
            value = value << 1 | (b < 8 * len ? (unsigned)bytes[b / 8] >> (7 - b % 8) & 1 : 0);
        ret[n++] = alphabet[value];
    }
    return n;
}

/* Puts the right signature behind a body of len characters: what somebody with
 * the key, or a faulty maker of tokens, can do. */
static size_t sign_body(char *body, size_t len, const unsigned char key[32])
{
    unsigned char sum[HMAC_LEN];
    struct hmac hmac;

    hmac_init(&hmac, key);
    hmac_sum(&hmac, &(struct hmac_part){body, len}, 1, sum);
    hmac_done(&hmac);
    body[len++] = '.';
    return len + plain_encode(sum, sizeof(sum), body + len);
}

static void key_a(unsigned char key[32])
{
    for (unsigned i = 0; i < 32; i++)
        key[i] = (unsigned char)(0x11 * (i % 16));
}

static int check_forged(const struct token_keys *keys, const Rpc__Principal *principal)
{
    unsigned char packed[2048], key[32];
    char token[4096];
    Rpc__Principal *got;
    size_t len;

    assert_true(rpc__principal__get_packed_size(principal) <= sizeof(packed));
    key_a(key);
    len = plain_encode(packed, rpc__principal__pack(principal, packed), token);
    return check(keys, token, sign_body(token, len, key), &got);
}

static void a_token_gives_back_its_principal(void **state)
{
    struct token_keys *keys = keys_of(HEX_A "\n");
    Rpc__Principal principal = sample(), *got = NULL;
    char token[TOKEN_SIZE];

    (void)state;
    assert_non_null(keys);
    assert_true(token_make(keys, &principal, token));
    assert_is_reason(check(keys, token, strlen(token), &got), 0);
    assert_int_equal(got->member_id, principal.member_id);
    assert_int_equal(got->session_id, principal.session_id);
    assert_int_equal(got->expires_at, principal.expires_at);
    assert_int_equal(got->level, principal.level);
    assert_string_equal(got->union_path, principal.union_path);
    assert_int_equal(got->trade, principal.trade);
    assert_int_equal(got->birth_year, principal.birth_year);
    assert_int_equal(got->birthday, principal.birthday);
    assert_int_equal(got->member_since, principal.member_since);
    assert_int_equal(got->sex, principal.sex);
    assert_string_equal(got->shown_name, "王*明");
    assert_int_equal(got->n_grants, 1);
    assert_int_equal(got->grants[0]->role, RULE__ROLE__BENEFIT_MANAGER);
    assert_string_equal(got->grants[0]->union_path, "0000003k0001");
    assert_is_reason(check_forged(keys, &principal), 0);
    token_keys_close(keys);
}

static void a_token_expires_at_its_instant(void **state)
{
    struct token_keys *keys = keys_of(HEX_A "\n");
    Rpc__Principal principal = sample(), *got;
    char token[TOKEN_SIZE];

    (void)state;
    principal.expires_at = NOW + 1;
    assert_true(token_make(keys, &principal, token));
    assert_is_reason(check(keys, token, strlen(token), &got), 0);
    principal.expires_at = NOW;
    assert_true(token_make(keys, &principal, token));
    assert_is_reason(check(keys, token, strlen(token), &got), RPC__REASON__TOKEN_EXPIRED);
    token_keys_close(keys);
}

static void every_change_of_one_byte_is_refused(void **state)
{
    struct token_keys *keys = keys_of(HEX_A "\n" HEX_B "\n");
    Rpc__Principal principal = sample(), *got = NULL;
    char token[TOKEN_SIZE];
    size_t len;

    (void)state;
    assert_true(token_make(keys, &principal, token));
    len = strlen(token);
    for (size_t i = 0; i < len; i++) {
        char right = token[i];

        for (int c = 0; c < 256; c++) {
            token[i] = (char)c;
            assert_int_equal(check(keys, token, len, &got), token[i] == right ? 0 : RPC__REASON__BAD_TOKEN);
        }
        token[i] = right;
    }
    token_keys_close(keys);
}

static void a_token_cut_or_extended_anywhere_is_refused(void **state)
{
    struct token_keys *keys = keys_of(HEX_A "\n");
    Rpc__Principal principal = sample(), *got = NULL;
    char token[TOKEN_SIZE], other[4 * LIMIT_TOKEN];
    size_t len;

    (void)state;
    assert_true(token_make(keys, &principal, token));
    len = strlen(token);
    for (size_t cut = 0; cut < len; cut++) {
        assert_is_reason(check(keys, token, cut, &got), RPC__REASON__BAD_TOKEN);
        assert_is_reason(check(keys, token + len - cut, cut, &got), RPC__REASON__BAD_TOKEN);
        snprintf(other, sizeof(other), "%.*s%s", (int)cut, token, token + cut + 1);
        assert_is_reason(check(keys, other, len - 1, &got), RPC__REASON__BAD_TOKEN);
    }
    for (const char *c = "A=.\n "; *c; c++) {
        snprintf(other, sizeof(other), "%s%c", token, *c);
        assert_is_reason(check(keys, other, len + 1, &got), RPC__REASON__BAD_TOKEN);
        snprintf(other, sizeof(other), "%c%s", *c, token);
        assert_is_reason(check(keys, other, len + 1, &got), RPC__REASON__BAD_TOKEN);
    }
    memset(other, 'A', sizeof(other));
    for (size_t n = 0; n < sizeof(other); n++)
        assert_is_reason(check(keys, other, n, &got), RPC__REASON__BAD_TOKEN);
    memset(other, '.', sizeof(other));
    for (size_t n = 0; n < sizeof(other); n++)
        assert_is_reason(check(keys, other, n, &got), RPC__REASON__BAD_TOKEN);
    token_keys_close(keys);
}

static void a_signed_body_in_another_spelling_is_refused(void **state)
{
    struct token_keys *keys = keys_of(HEX_A "\n");
    Rpc__Principal principal = sample(), *got;
    unsigned char packed[256], key[32];
    char token[1024];
    unsigned tails = 0;

    (void)state;
    key_a(key);
    for (int pad = 0; pad < 3; pad++) {
        size_t len;

        principal.member_id = 1 << (7 * pad);
        len = plain_encode(packed, rpc__principal__pack(&principal, packed), token);
        tails |= 1u << len % 4;
        assert_is_reason(check(keys, token, sign_body(token, len, key), &got), 0);
        token[len] = '=';
        assert_is_reason(check(keys, token, sign_body(token, len + 1, key), &got), RPC__REASON__BAD_TOKEN);
        token[len] = 'A';
        assert_is_reason(check(keys, token, sign_body(token, len + 1, key), &got), RPC__REASON__BAD_TOKEN);
        /* A bit set that no byte holds: the next character of the alphabet. */
        if (len % 4) {
            token[len - 1] = (char)(token[len - 1] + 1);
            assert_is_reason(check(keys, token, sign_body(token, len, key), &got), RPC__REASON__BAD_TOKEN);
        }
    }
    assert_int_equal(tails, 1u << 0 | 1u << 2 | 1u << 3);
    token_keys_close(keys);
}

static void what_no_session_can_be_is_refused_though_it_is_signed(void **state)
{
    static const char *const paths[] = {
        "000", "000/", "000A", "00000", "\xff\xff\xff\xff", "0000000000000000000000000000000000000000000000000000"};
    struct token_keys *keys = keys_of(HEX_A "\n");
    Rpc__Grant *grants[LIMIT_GRANTS + 1], grant = RPC__GRANT__INIT;
    static const struct {
        int birth_year, birthday, since, reason;
    } days[] = {
        {1990, 0, 0, 0},
        {1988, 229, 20240229, 0},
        {1990, 229, 0, RPC__REASON__BAD_TOKEN},
        {1990, 1301, 0, RPC__REASON__BAD_TOKEN},
        {1990, -1, 0, RPC__REASON__BAD_TOKEN},
        {0, 615, 0, RPC__REASON__BAD_TOKEN},
        {1990, 615, 20230229, RPC__REASON__BAD_TOKEN},
        {1990, 615, INT32_MIN, RPC__REASON__BAD_TOKEN},
    };
    uint8_t zero = 0;
    ProtobufCMessageUnknownField unknown = {99, PROTOBUF_C_WIRE_TYPE_VARINT, 1, &zero};
    char token[TOKEN_SIZE] = "before";
    Rpc__Principal principal;

    (void)state;
    principal = sample();
    principal.internal = true;
    assert_is_reason(check_forged(keys, &principal), RPC__REASON__BAD_TOKEN);
    assert_false(token_make(keys, &principal, token));
    principal = sample();
    principal.member_id = 0;
    assert_is_reason(check_forged(keys, &principal), RPC__REASON__BAD_TOKEN);
    principal = sample();
    principal.session_id = -1;
    assert_is_reason(check_forged(keys, &principal), RPC__REASON__BAD_TOKEN);
    principal = sample();
    principal.level = RPC__LEVEL__CATEGORY + 1;
    assert_is_reason(check_forged(keys, &principal), RPC__REASON__BAD_TOKEN);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        principal = sample();
        principal.union_path = unconst(paths[i]);
        assert_is_reason(check_forged(keys, &principal), RPC__REASON__BAD_TOKEN);
        principal = sample();
        principal.grants[0]->union_path = unconst(paths[i]);
        assert_is_reason(check_forged(keys, &principal), RPC__REASON__BAD_TOKEN);
    }
    principal = sample();
    principal.shown_name = "王小明";
    assert_is_reason(check_forged(keys, &principal), RPC__REASON__BAD_TOKEN);
    assert_false(token_make(keys, &principal, token));
    principal.shown_name = "王**************";
    assert_int_equal(strlen(principal.shown_name), LIMIT_SHOWN_NAME + 1);
    assert_is_reason(check_forged(keys, &principal), RPC__REASON__BAD_TOKEN);
    principal.shown_name = ""; /* of a session from before there was one */
    assert_is_reason(check_forged(keys, &principal), 0);
    for (size_t i = 0; i < ARRAY_LEN(days); i++) {
        principal = sample();
        principal.birth_year = days[i].birth_year;
        principal.birthday = days[i].birthday;
        principal.member_since = days[i].since;
        assert_is_reason(check_forged(keys, &principal), days[i].reason);
    }
    principal = sample();
    principal.grants = grants;
    for (size_t i = 0; i < ARRAY_LEN(grants); i++)
        grants[i] = &grant;
    principal.n_grants = LIMIT_GRANTS;
    assert_is_reason(check_forged(keys, &principal), 0);
    principal.n_grants = LIMIT_GRANTS + 1;
    assert_is_reason(check_forged(keys, &principal), RPC__REASON__BAD_TOKEN);
    principal = sample();
    principal.base.unknown_fields = &unknown;
    principal.base.n_unknown_fields = 1;
    assert_is_reason(check_forged(keys, &principal), RPC__REASON__BAD_TOKEN);
    principal = sample();
    principal.grants[0]->base.unknown_fields = &unknown;
    principal.grants[0]->base.n_unknown_fields = 1;
    assert_is_reason(check_forged(keys, &principal), RPC__REASON__BAD_TOKEN);
    principal.grants[0]->base.n_unknown_fields = 0;
    assert_string_equal(token, "before");
    token_keys_close(keys);
}

static void a_principal_that_does_not_fit_makes_no_token(void **state)
{
    struct token_keys *keys = keys_of(HEX_A "\n");
    Rpc__Grant *grants[LIMIT_GRANTS], grant = RPC__GRANT__INIT;
    char token[TOKEN_SIZE];
    Rpc__Principal principal = sample(), *got;
    bool fitted = false, passed = false;

    (void)state;
    grant.role = RULE__ROLE__FINANCE;
    grant.union_path = "000000000000000000000000000000000000000000000000";
    for (size_t i = 0; i < ARRAY_LEN(grants); i++)
        grants[i] = &grant;
    principal.grants = grants;
    for (principal.n_grants = 0; principal.n_grants <= LIMIT_GRANTS; principal.n_grants++) {
        if (token_make(keys, &principal, token)) {
            assert_true(strlen(token) <= LIMIT_TOKEN);
            assert_is_reason(check(keys, token, strlen(token), &got), 0);
            assert_int_equal(got->n_grants, principal.n_grants);
            fitted = true;
        } else {
            passed = true;
        }
    }
    assert_true(fitted && passed);
    principal.n_grants = LIMIT_GRANTS;
    assert_is_reason(check_forged(keys, &principal), RPC__REASON__BAD_TOKEN);
    token_keys_close(keys);
}

static void a_rotation_signs_with_the_first_key_and_takes_both(void **state)
{
    struct token_keys *old = keys_of(HEX_A "\n"), *new = keys_of(HEX_B "\n"), *both = keys_of(HEX_B "\n" HEX_A "\n");
    Rpc__Principal principal = sample(), *got;
    char by_old[TOKEN_SIZE], by_both[TOKEN_SIZE];

    (void)state;
    assert_true(token_make(old, &principal, by_old));
    assert_true(token_make(both, &principal, by_both));
    assert_is_reason(check(both, by_old, strlen(by_old), &got), 0);
    assert_is_reason(check(both, by_both, strlen(by_both), &got), 0);
    assert_is_reason(check(new, by_both, strlen(by_both), &got), 0);
    assert_is_reason(check(new, by_old, strlen(by_old), &got), RPC__REASON__BAD_TOKEN);
    assert_is_reason(check(old, by_both, strlen(by_both), &got), RPC__REASON__BAD_TOKEN);
    token_keys_close(old);
    token_keys_close(new);
    token_keys_close(both);
}

static void an_arena_without_room_refuses_the_token(void **state)
{
    struct token_keys *keys = keys_of(HEX_A "\n");
    Rpc__Principal principal = sample(), *got = NULL;
    char token[TOKEN_SIZE];
    size_t cap;

    (void)state;
    assert_true(token_make(keys, &principal, token));
    for (cap = 0; cap < 4096; cap += 8) {
        struct arena small;
        int reason;

        arena_init(&small, cap);
        reason = token_check(keys, token, strlen(token), NOW, &small, &got);
        arena_done(&small);
        if (reason == 0)
            break;
        assert_is_reason(reason, RPC__REASON__BAD_TOKEN);
        assert_null(got);
    }
    assert_true(cap > 0 && cap < 4096);
    token_keys_close(keys);
}

static void a_key_file_that_others_may_read_or_that_is_none_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "\n\n# nothing\n",
        "0011\n",
        HEX_A "0\n",
        HEX_A "\nx\n",
        "name " HEX_A "\n",
        HEX_A "\n" HEX_B "\n" HEX_A "\n",
        HEX_A " \n",
        " " HEX_A "\n",
        "averyverylongname " HEX_A "\n",
        "g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
    };
    struct token_keys *keys;
    char link[64];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_null(keys_of(bad[i]));
    keys = keys_of("# newest first\r\n" HEX_A "\r\n\n" HEX_B);
    assert_non_null(keys);
    token_keys_close(keys);
    for (mode_t right = 1; right <= 040; right <<= 1) {
        assert_int_equal(chmod(path, 0600 | right), 0);
        assert_null(token_keys_open(path));
    }
    assert_int_equal(chmod(path, 0600), 0);
    snprintf(link, sizeof(link), "%s.link", path);
    assert_int_equal(symlink(path, link), 0);
    assert_null(token_keys_open(link));
    assert_int_equal(unlink(link), 0);
    assert_int_equal(mkfifo(link, 0600), 0);
    assert_null(token_keys_open(link));
    assert_int_equal(unlink(link), 0);
    assert_null(token_keys_open("/tmp"));
    assert_null(token_keys_open(link));
    {
        char large[5000];

        memset(large, '\n', sizeof(large));
        memcpy(large, HEX_A, 64);
        large[sizeof(large) - 1] = '\0';
        assert_null(keys_of(large));
    }
    token_keys_close(NULL);
}

static int start(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    arena_init(&arena, LIMIT_REQUEST_ARENA);
    return fd < 0 ? -1 : close(fd);
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_gives_back_its_principal),
        cmocka_unit_test(a_token_expires_at_its_instant),
        cmocka_unit_test(every_change_of_one_byte_is_refused),
        cmocka_unit_test(a_token_cut_or_extended_anywhere_is_refused),
        cmocka_unit_test(a_signed_body_in_another_spelling_is_refused),
        cmocka_unit_test(what_no_session_can_be_is_refused_though_it_is_signed),
        cmocka_unit_test(a_principal_that_does_not_fit_makes_no_token),
        cmocka_unit_test(a_rotation_signs_with_the_first_key_and_takes_both),
        cmocka_unit_test(an_arena_without_room_refuses_the_token),
        cmocka_unit_test(a_key_file_that_others_may_read_or_that_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
