#include "services/identity/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/reason.h"

#define NOW     1767225600000LL
#define DEEPEST "000100020003000400050006000700080009000a000b000c"

/* ---- the union tree ---- */

static void a_child_has_its_parents_path_and_its_ordinal(void **state)
{
    static const struct {
        const char *parent;
        int64_t ordinal;
        int reason;
        const char *path;
    } cases[] = {
        {"", 0, 0, "0000"},
        {"", 35, 0, "000z"},
        {"", 36, 0, "0010"},
        {"", 1679615, 0, "zzzz"},
        {"", 1679616, IDENTITY__REASON__UNION_TOO_WIDE, "before"},
        {"", -1, IDENTITY__REASON__UNION_TOO_WIDE, "before"},
        {"", INT64_MAX, IDENTITY__REASON__UNION_TOO_WIDE, "before"},
        {"0000", 128, 0, "0000003k"},
        {"00010002000300040005000600070008000900aa000b", 12, 0, "00010002000300040005000600070008000900aa000b000c"},
        {DEEPEST, 0, IDENTITY__REASON__UNION_TOO_DEEP, "before"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char path[UNION_PATH_SIZE] = "before";

        assert_int_equal(child_refusal(cases[i].parent, cases[i].ordinal, path), cases[i].reason);
        assert_string_equal(path, cases[i].path);
    }
}

/* ---- authority ---- */

static Rpc__Principal official(int role, const char *union_path)
{
    static Rpc__Grant grants[2];
    static Rpc__Grant *list[] = {&grants[0], &grants[1]};
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;

    rpc__grant__init(&grants[0]);
    rpc__grant__init(&grants[1]);
    grants[0].role = RULE__ROLE__UNION_ADMIN;
    grants[0].union_path = "";
    grants[1].role = (Rule__Role)role;
    grants[1].union_path = unconst(union_path);
    principal.member_id = 7;
    principal.grants = list;
    principal.n_grants = 2;
    return principal;
}

static void a_security_administrator_grants_within_her_unions_and_never_to_herself(void **state)
{
    static const struct {
        int own_role;
        const char *own_path;
        int role;
        const char *path;
        int64_t member;
        int reason;
    } cases[] = {
        {RULE__ROLE__SECURITY_ADMIN, "0001", RULE__ROLE__UNION_ADMIN, "0001", 8, 0},
        {RULE__ROLE__SECURITY_ADMIN, "0001", RULE__ROLE__FINANCE, "00010002", 8, 0},
        {RULE__ROLE__SECURITY_ADMIN, "0001", RULE__ROLE__SECURITY_ADMIN, "00010002", 8, 0},
        {RULE__ROLE__SECURITY_ADMIN, "", RULE__ROLE__AUDIT_ADMIN, "", 8, 0},
        {RULE__ROLE__SECURITY_ADMIN, "0001", RULE__ROLE__UNION_ADMIN, "0002", 8, IDENTITY__REASON__GRANT_EXCEEDS_YOURS},
        {RULE__ROLE__SECURITY_ADMIN, "00010002", RULE__ROLE__UNION_ADMIN, "0001", 8,
         IDENTITY__REASON__GRANT_EXCEEDS_YOURS},
        {RULE__ROLE__SECURITY_ADMIN, "0001", RULE__ROLE__UNION_ADMIN, "", 8, IDENTITY__REASON__GRANT_EXCEEDS_YOURS},
        {RULE__ROLE__SECURITY_ADMIN, "0001", RULE__ROLE__UNION_ADMIN, "0001", 7, IDENTITY__REASON__GRANT_EXCEEDS_YOURS},
        {RULE__ROLE__SYSTEM_ADMIN, "", RULE__ROLE__UNION_ADMIN, "0001", 8, RPC__REASON__NOT_OFFICIAL},
        {RULE__ROLE__UNION_ADMIN, "", RULE__ROLE__UNION_ADMIN, "0001", 8, RPC__REASON__NOT_OFFICIAL},
        {RULE__ROLE__SECURITY_ADMIN, "", RULE__ROLE__ROLE_NONE, "0001", 8, IDENTITY__REASON__ROLE_INVALID},
        {RULE__ROLE__SECURITY_ADMIN, "", 7, "0001", 8, IDENTITY__REASON__ROLE_INVALID},
        {RULE__ROLE__SECURITY_ADMIN, "", -1, "0001", 8, IDENTITY__REASON__ROLE_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Rpc__Principal grantor = official(cases[i].own_role, cases[i].own_path);

        if (grant_refusal(&grantor, cases[i].role, cases[i].path, cases[i].member, NULL, 0) != cases[i].reason)
            fail_msg("case %zu", i);
    }
}

static void a_security_administrator_takes_back_within_her_unions(void **state)
{
    Rpc__Principal admin = official(RULE__ROLE__SECURITY_ADMIN, "0001");

    (void)state;
    assert_is_reason(revoke_refusal(&admin, "00010005"), 0);
    assert_is_reason(revoke_refusal(&admin, "0002"), IDENTITY__REASON__GRANT_EXCEEDS_YOURS);
    admin = official(RULE__ROLE__FINANCE, "0001");
    assert_is_reason(revoke_refusal(&admin, "0001"), RPC__REASON__NOT_OFFICIAL);
    admin.n_grants = 0;
    assert_is_reason(revoke_refusal(&admin, "0001"), RPC__REASON__NOT_OFFICIAL);
    admin.internal = true;
    assert_is_reason(revoke_refusal(&admin, "0001"), 0);
}

static void no_person_holds_two_of_the_three_administrators_roles(void **state)
{
    Rpc__Principal grantor = official(RULE__ROLE__SECURITY_ADMIN, "");
    Rpc__Principal command_line = RPC__PRINCIPAL__INIT;

    (void)state;
    command_line.internal = true;
    for (int has = RULE__ROLE__SYSTEM_ADMIN; has <= RULE__ROLE__FINANCE; has++) {
        struct held_grant held[] = {{RULE__ROLE__UNION_ADMIN, "0009", false}, {has, "0002", false}};

        for (int role = RULE__ROLE__SYSTEM_ADMIN; role <= RULE__ROLE__FINANCE; role++) {
            bool excluded = has <= RULE__ROLE__AUDIT_ADMIN && role <= RULE__ROLE__AUDIT_ADMIN && has != role;
            int reason = excluded ? IDENTITY__REASON__ROLES_EXCLUDE : 0;

            assert_int_equal(grant_refusal(&grantor, role, "0001", 8, held, 2), reason);
            assert_int_equal(grant_refusal(&command_line, role, "0001", 8, held, 2), reason);
        }
    }
}

static void a_person_has_no_more_grants_than_her_token_holds(void **state)
{
    Rpc__Principal grantor = official(RULE__ROLE__SECURITY_ADMIN, "");
    struct held_grant held[LIMIT_GRANTS];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < LIMIT_GRANTS; i++)
        held[i] = (struct held_grant){RULE__ROLE__FINANCE, "00010002", false};
    assert_is_reason(grant_refusal(&grantor, RULE__ROLE__FINANCE, "0001", 8, held, LIMIT_GRANTS - 1), 0);
    assert_is_reason(grant_refusal(&grantor, RULE__ROLE__FINANCE, "0001", 8, held, LIMIT_GRANTS),
                     IDENTITY__REASON__TOO_MANY_GRANTS);
    for (size_t i = 0; i < LIMIT_GRANTS; i++)
        held[i].union_path = DEEPEST;
    while (grant_refusal(&grantor, RULE__ROLE__FINANCE, DEEPEST, 8, held, n) == 0)
        n++;
    assert_is_reason(grant_refusal(&grantor, RULE__ROLE__FINANCE, DEEPEST, 8, held, n),
                     IDENTITY__REASON__TOO_MANY_GRANTS);
    assert_in_range(n, 8, LIMIT_GRANTS - 1);
}

/* The largest principal that the rules allow, against what a token's first part
 * may hold: LIMIT_TOKEN without the dot and 43 characters of signature, of which
 * four characters carry three bytes. */
static void the_largest_person_fits_into_a_token(void **state)
{
    Rpc__Principal grantor = official(RULE__ROLE__SECURITY_ADMIN, ""), person = RPC__PRINCIPAL__INIT;
    Rpc__Grant grants[LIMIT_GRANTS], *list[LIMIT_GRANTS];
    struct held_grant held[LIMIT_GRANTS];
    int64_t givers[] = {INT64_MAX, INT64_MAX};

    (void)state;
    for (size_t len = 0; len <= LIMIT_UNION_PATH; len += LIMIT_PATH_SEGMENT) {
        char path[UNION_PATH_SIZE] = "";
        size_t n = 0;

        memcpy(path, DEEPEST, len);
        while (n < LIMIT_GRANTS && grant_refusal(&grantor, RULE__ROLE__FINANCE, path, 8, held, n) == 0) {
            held[n] = (struct held_grant){RULE__ROLE__FINANCE, path, true};
            rpc__grant__init(&grants[n]);
            grants[n].role = RULE__ROLE__FINANCE;
            grants[n].union_path = path;
            grants[n].given_at = INT64_C(1) << 41;
            grants[n].given_by = givers;
            grants[n].n_given_by = ARRAY_LEN(givers);
            list[n] = &grants[n];
            n++;
        }
        person.member_id = person.session_id = person.expires_at = INT64_MAX;
        person.level = RPC__LEVEL__MEMBER;
        person.union_path = DEEPEST;
        person.trade = RPC__TRADE__CONSTRUCTION;
        person.birth_year = 2000;
        person.sex = RPC__SEX__FEMALE;
        person.grants = list;
        person.n_grants = n;
        assert_true(rpc__principal__get_packed_size(&person) <= (LIMIT_TOKEN - 44) / 4 * 3);
    }
}

/* ---- one-time codes ---- */

static void a_code_may_be_sent_again_after_a_minute(void **state)
{
    int32_t wait = -1;

    (void)state;
    assert_is_reason(code_pause_refusal(0, NOW, &wait), 0);
    assert_is_reason(code_pause_refusal(NOW, NOW, &wait), IDENTITY__REASON__CODE_SENT_RECENTLY);
    assert_int_equal(wait, 60);
    assert_is_reason(code_pause_refusal(NOW, NOW + CODE_RESEND_MS - 1, &wait), IDENTITY__REASON__CODE_SENT_RECENTLY);
    assert_int_equal(wait, 1);
    wait = -1;
    assert_is_reason(code_pause_refusal(NOW, NOW + CODE_RESEND_MS, &wait), 0);
    assert_int_equal(wait, -1);
}

static void a_right_answer_counts_once_and_for_five_minutes(void **state)
{
    struct code code = {0};

    (void)state;
    assert_is_reason(code_answer(&code, NOW, true), IDENTITY__REASON__CODE_EXPIRED);
    code = (struct code){.sent_at = NOW};
    assert_is_reason(code_answer(&code, NOW + CODE_LIFE_MS, true), IDENTITY__REASON__CODE_EXPIRED);
    assert_is_reason(code_answer(&code, NOW + CODE_LIFE_MS - 1, true), 0);
    assert_is_reason(code_answer(&code, NOW + CODE_LIFE_MS - 1, true), IDENTITY__REASON__CODE_EXPIRED);
}

static void after_five_wrong_answers_the_right_one_is_refused_too(void **state)
{
    struct code code = {.sent_at = NOW};

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_is_reason(code_answer(&code, NOW + i, false), IDENTITY__REASON__CODE_WRONG);
    assert_is_reason(code_answer(&code, NOW + 5, false), IDENTITY__REASON__CODE_TRIES_EXHAUSTED);
    assert_is_reason(code_answer(&code, NOW + 6, true), IDENTITY__REASON__CODE_TRIES_EXHAUSTED);
}

static void so_many_codes_are_sent_within_a_time(void **state)
{
    const int reason = IDENTITY__REASON__CODES_ADDRESS_LIMITED;
    struct code_count count = {0};
    int64_t now = NOW;
    int32_t wait = 0;

    (void)state;
    for (; code_count_refusal(&count, 20, CODE_WINDOW_MS, now, reason, &wait) == 0; now += CODE_RESEND_MS)
        code_counted(&count, CODE_WINDOW_MS, now);
    assert_int_equal(count.sends, 20);
    assert_int_equal(now + (int64_t)wait * 1000, NOW + CODE_WINDOW_MS);
    assert_is_reason(code_count_refusal(&count, 20, CODE_WINDOW_MS, NOW + CODE_WINDOW_MS - 1, reason, &wait), reason);
    assert_is_reason(code_count_refusal(&count, 20, CODE_WINDOW_MS, NOW + CODE_WINDOW_MS, reason, &wait), 0);
    assert_is_reason(code_count_refusal(&count, 0, CODE_WINDOW_MS, now, reason, &wait), 0);
    code_counted(&count, CODE_WINDOW_MS, NOW + CODE_WINDOW_MS);
    assert_int_equal(count.sends, 1);
    assert_int_equal(count.began_at, NOW + CODE_WINDOW_MS);
}

static void a_budget_is_called_low_once_and_before_it_is_spent(void **state)
{
    (void)state;
    for (int64_t budget = 1; budget <= 1000; budget++) {
        int64_t times = 0, at = 0;

        for (int64_t sends = 1; sends <= budget; sends++) {
            if (!code_budget_turns_low(sends, budget))
                continue;
            times++;
            at = sends;
        }
        assert_int_equal(times, 1);
        assert_true(at * 100 >= budget * CODES_LOW_PERCENT);
        assert_true(budget < 5 || at < budget);
    }
    assert_false(code_budget_turns_low(1, 0));
}

static void a_code_is_read_as_people_type_it(void **state)
{
    static const char *const good[] = {"123456", "１２３４５６", "123 456", "123-456", " 12-34-56 ", "１２３　４５６"};
    static const char *const bad[] = {"", "12345", "1234567", "12345a", "123.456", "一二三四五六", "------"};
    char code[CODE_DIGITS + 1] = "";

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_is_reason(code_read(good[i], code), 0);
        assert_string_equal(code, "123456");
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_is_reason(code_read(bad[i], code), IDENTITY__REASON__CODE_NOT_SIX_DIGITS);
}

static void a_code_is_six_digits(void **state)
{
    static const struct {
        uint64_t random;
        const char *text;
    } cases[] = {{0, "000000"}, {42, "000042"}, {1999999, "999999"}, {UINT64_MAX, "551615"}};
    char text[CODE_DIGITS + 1];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        code_text(cases[i].random, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void a_member_has_five_failed_verifications_a_day(void **state)
{
    struct verify_tries tries = {0};

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_is_reason(verify_refusal(&tries, 20260101), 0);
        verify_failed(&tries, 20260101);
    }
    assert_is_reason(verify_refusal(&tries, 20260101), IDENTITY__REASON__VERIFY_TRIES_EXHAUSTED);
    assert_is_reason(verify_refusal(&tries, 20260102), 0);
    verify_failed(&tries, 20260102);
    assert_int_equal(tries.failed, 1);
}

/* ---- WeChat ---- */

static void wechat_opens_the_account_of_one_person(void **state)
{
    static const struct {
        int64_t by_openid, by_unionid;
        bool has_mobile;
        int64_t by_mobile;
        int reason;
        int64_t member_id;
    } cases[] = {
        {0, 0, false, 0, IDENTITY__REASON__WECHAT_NOT_BOUND, 0},
        {0, 0, true, 0, 0, 0},
        {0, 0, true, 3, 0, 3},
        {1, 0, false, 0, 0, 1},
        {1, 2, false, 0, 0, 1},
        {0, 2, false, 0, 0, 2},
        {1, 0, true, 0, 0, 1},
        {1, 2, true, 1, 0, 1},
        {1, 2, true, 2, IDENTITY__REASON__WECHAT_OTHER_MEMBER, 0},
        {0, 2, true, 3, IDENTITY__REASON__WECHAT_OTHER_MEMBER, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t member_id = -1;
        int reason =
            wechat_member(cases[i].by_openid, cases[i].by_unionid, cases[i].has_mobile, cases[i].by_mobile, &member_id);

        assert_int_equal(reason, cases[i].reason);
        assert_int_equal(member_id, reason ? -1 : cases[i].member_id);
    }
}

static void a_members_proven_trade_is_the_highest_level(void **state)
{
    (void)state;
    assert_int_equal(level_told(RPC__LEVEL__MEMBER, RPC__TRADE__COURIER), RPC__LEVEL__CATEGORY);
    assert_int_equal(level_told(RPC__LEVEL__MEMBER, RPC__TRADE__TRADE_OTHER), RPC__LEVEL__MEMBER);
    /* Suspended, or of no union any more, she has no benefits of her trade either. */
    assert_int_equal(level_told(RPC__LEVEL__REAL_NAME, RPC__TRADE__COURIER), RPC__LEVEL__REAL_NAME);
    assert_int_equal(level_told(RPC__LEVEL__MOBILE, RPC__TRADE__TRADE_OTHER), RPC__LEVEL__MOBILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_members_proven_trade_is_the_highest_level),
        cmocka_unit_test(a_child_has_its_parents_path_and_its_ordinal),
        cmocka_unit_test(a_security_administrator_grants_within_her_unions_and_never_to_herself),
        cmocka_unit_test(a_security_administrator_takes_back_within_her_unions),
        cmocka_unit_test(no_person_holds_two_of_the_three_administrators_roles),
        cmocka_unit_test(a_person_has_no_more_grants_than_her_token_holds),
        cmocka_unit_test(the_largest_person_fits_into_a_token),
        cmocka_unit_test(a_code_may_be_sent_again_after_a_minute),
        cmocka_unit_test(a_right_answer_counts_once_and_for_five_minutes),
        cmocka_unit_test(after_five_wrong_answers_the_right_one_is_refused_too),
        cmocka_unit_test(so_many_codes_are_sent_within_a_time),
        cmocka_unit_test(a_budget_is_called_low_once_and_before_it_is_spent),
        cmocka_unit_test(a_code_is_read_as_people_type_it),
        cmocka_unit_test(a_code_is_six_digits),
        cmocka_unit_test(a_member_has_five_failed_verifications_a_day),
        cmocka_unit_test(wechat_opens_the_account_of_one_person),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
