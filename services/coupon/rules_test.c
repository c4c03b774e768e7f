#include "services/coupon/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define OPENS INT64_C(1767225600000)

static void a_day_begins_every_24_hours_from_the_opening(void **state)
{
    static const struct {
        int64_t now;
        int32_t day;
    } cases[] = {
        {OPENS - 1, -1},
        {0, -1},
        {OPENS, 0},
        {OPENS + COUPON_DAY_MS - 1, 0},
        {OPENS + COUPON_DAY_MS, 1},
        {OPENS + 365 * COUPON_DAY_MS, 365},
        {INT64_MAX, INT32_MAX},
    };
    struct release release = {.opens_at = OPENS};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(release_day(&release, cases[i].now), cases[i].day);
}

static void a_release_can_be_claimed_while_published_and_in_its_days(void **state)
{
    static const struct {
        int state;
        int64_t now;
        int reason;
    } cases[] = {
        {COUPON__STATE__DRAFT, OPENS, COUPON__REASON__RELEASE_NOT_FOUND},
        {COUPON__STATE__DRAFT, OPENS + 9 * COUPON_DAY_MS, COUPON__REASON__RELEASE_NOT_FOUND},
        {COUPON__STATE__PUBLISHED, OPENS - 1, COUPON__REASON__NOT_OPEN_YET},
        {COUPON__STATE__PUBLISHED, OPENS, 0},
        {COUPON__STATE__PUBLISHED, OPENS + 2 * COUPON_DAY_MS - 1, 0},
        {COUPON__STATE__PUBLISHED, OPENS + 2 * COUPON_DAY_MS, COUPON__REASON__ENDED},
        {COUPON__STATE__SUSPENDED, OPENS - 1, COUPON__REASON__PAUSED},
        {COUPON__STATE__SUSPENDED, OPENS, COUPON__REASON__PAUSED},
        {COUPON__STATE__SUSPENDED, OPENS + 2 * COUPON_DAY_MS, COUPON__REASON__ENDED},
        {COUPON__STATE__CLOSED, OPENS - 1, COUPON__REASON__ENDED},
        {COUPON__STATE__CLOSED, OPENS, COUPON__REASON__ENDED},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct release release = {.opens_at = OPENS, .days = 2, .state = cases[i].state};

        assert_int_equal(release_refusal(&release, cases[i].now), cases[i].reason);
    }
}

static void a_member_is_eligible_by_level_union_and_trade(void **state)
{
    static const struct {
        int level;
        const char *path;
        int trade, reason;
    } cases[] = {
        {RPC__LEVEL__MEMBER, "00010002", RPC__TRADE__COURIER, 0},
        {RPC__LEVEL__MEMBER, "000100020003", RPC__TRADE__SANITATION, 0},
        {RPC__LEVEL__REAL_NAME, "00010002", RPC__TRADE__COURIER, COUPON__REASON__NOT_ELIGIBLE_LEVEL},
        {RPC__LEVEL__ANONYMOUS, "", RPC__TRADE__TRADE_OTHER, COUPON__REASON__NOT_ELIGIBLE_LEVEL},
        {RPC__LEVEL__MEMBER, "0001", RPC__TRADE__COURIER, COUPON__REASON__NOT_ELIGIBLE_UNION},
        {RPC__LEVEL__MEMBER, "00010003", RPC__TRADE__COURIER, COUPON__REASON__NOT_ELIGIBLE_UNION},
        {RPC__LEVEL__MEMBER, "", RPC__TRADE__COURIER, COUPON__REASON__NOT_ELIGIBLE_UNION},
        {RPC__LEVEL__MEMBER, "00010002", RPC__TRADE__TRUCK_DRIVER, COUPON__REASON__NOT_ELIGIBLE_TRADE},
        {RPC__LEVEL__MEMBER, "00010002", RPC__TRADE__TRADE_OTHER, COUPON__REASON__NOT_ELIGIBLE_TRADE},
    };
    struct release release = {
        .min_level = RPC__LEVEL__MEMBER,
        .eligible_path = "00010002",
        .trades = 1u << RPC__TRADE__COURIER | 1u << RPC__TRADE__SANITATION,
    };
    struct release open_to_all = {0};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        Rpc__Principal principal = RPC__PRINCIPAL__INIT;

        principal.level = (Rpc__Level)cases[i].level;
        principal.union_path = unconst(cases[i].path);
        principal.trade = (Rpc__Trade)cases[i].trade;
        assert_int_equal(eligibility_refusal(&release, &principal), cases[i].reason);
        assert_int_equal(eligibility_refusal(&open_to_all, &principal), 0);
    }
}

static void a_draft_opens_later_and_is_worth_its_threshold(void **state)
{
    static const struct {
        int64_t opens_at, face, threshold;
        const char *eligible;
        int reason;
        const char *field;
    } cases[] = {
        {OPENS + 1, 500, 0, "0001", 0, NULL},
        {OPENS + 1, 500, 500, "0001", 0, NULL},
        {OPENS + 1, 500, 501, "00010002", 0, NULL},
        {OPENS, 500, 0, "0001", COUPON__REASON__OPENS_IN_THE_PAST, "release.opensAt"},
        {OPENS - 1, 500, 0, "0001", COUPON__REASON__OPENS_IN_THE_PAST, "release.opensAt"},
        {OPENS + 1, 500, 499, "0001", COUPON__REASON__THRESHOLD_BELOW_FACE, "release.thresholdFen"},
        {OPENS + 1, 500, 0, "0002", RPC__REASON__OUTSIDE_YOUR_UNION, "release.eligibleUnionId"},
        {OPENS + 1, 500, 0, "000", RPC__REASON__OUTSIDE_YOUR_UNION, "release.eligibleUnionId"},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        Coupon__Release draft = COUPON__RELEASE__INIT;
        const char *field = NULL;

        draft.opens_at = cases[i].opens_at;
        draft.face_fen = cases[i].face;
        draft.threshold_fen = cases[i].threshold;
        assert_int_equal(draft_refusal(&draft, "0001", cases[i].eligible, OPENS, &field), cases[i].reason);
        if (cases[i].field)
            assert_string_equal(field, cases[i].field);
        else
            assert_null(field);
    }
}

static void states_follow_one_another_as_declared(void **state)
{
    /* from: DRAFT, PUBLISHED, SUSPENDED, CLOSED; to: the same */
    static const bool allowed[4][4] = {
        [COUPON__STATE__DRAFT] = {false, true, false, true},
        [COUPON__STATE__PUBLISHED] = {false, false, true, true},
        [COUPON__STATE__SUSPENDED] = {false, true, false, true},
        [COUPON__STATE__CLOSED] = {false, false, false, false},
    };

    (void)state;
    for (int from = 0; from < 4; from++) {
        for (int to = 0; to < 4; to++)
            assert_int_equal(may_become(from, to), allowed[from][to]);
        assert_false(may_become(from, 4));
        assert_false(may_become(from, -1));
    }
}

static void a_code_is_13_digits_that_cannot_be_misread(void **state)
{
    static const struct {
        uint64_t number;
        const char *code;
    } cases[] = {
        {0, "0000000000000"},
        {31, "000000000000Z"},
        {32, "0000000000010"},
        {UINT64_MAX, "FZZZZZZZZZZZZ"},
        {UINT64_C(1) << 63, "8000000000000"},
    };
    char code[14];

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        coupon_code(cases[i].number, code);
        assert_string_equal(code, cases[i].code);
    }
    for (uint64_t number = 0; number < 32; number++) {
        coupon_code(number, code);
        assert_null(strpbrk(code, "ILOU"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_begins_every_24_hours_from_the_opening),
        cmocka_unit_test(a_release_can_be_claimed_while_published_and_in_its_days),
        cmocka_unit_test(a_member_is_eligible_by_level_union_and_trade),
        cmocka_unit_test(a_draft_opens_later_and_is_worth_its_threshold),
        cmocka_unit_test(states_follow_one_another_as_declared),
        cmocka_unit_test(a_code_is_13_digits_that_cannot_be_misread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
