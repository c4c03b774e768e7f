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

static void months_and_years_are_those_of_the_calendar_in_china(void **state)
{
    /* From 1 January 2026, 08:00 in China. */
    static const struct {
        int allowance;
        int64_t now; /* after it opens */
        int32_t day;
        int64_t period;
    } cases[] = {
        {COUPON__ALLOWANCE__ONE_PER_RELEASE, 40 * COUPON_DAY_MS, 40, 0},
        {COUPON__ALLOWANCE__ONE_PER_DAY, 16 * INT64_C(3600000), 0, 0},
        {COUPON__ALLOWANCE__ONE_PER_DAY, 40 * COUPON_DAY_MS, 40, 40},
        {COUPON__ALLOWANCE__ONE_PER_MONTH, 16 * INT64_C(3600000) - 1, 0, 202601},
        {COUPON__ALLOWANCE__ONE_PER_MONTH, 16 * INT64_C(3600000), 1, 202601},
        {COUPON__ALLOWANCE__ONE_PER_MONTH, 31 * COUPON_DAY_MS - 8 * INT64_C(3600000) - 1, 30, 202601},
        {COUPON__ALLOWANCE__ONE_PER_MONTH, 31 * COUPON_DAY_MS - 8 * INT64_C(3600000), 31, 202602},
        {COUPON__ALLOWANCE__ONE_PER_YEAR, 365 * COUPON_DAY_MS - 8 * INT64_C(3600000) - 1, 364, 2026},
        {COUPON__ALLOWANCE__ONE_PER_YEAR, 365 * COUPON_DAY_MS - 8 * INT64_C(3600000), 365, 2027},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct release release = {.opens_at = OPENS, .allowance = cases[i].allowance};

        release.lead_ms = release_lead(release.opens_at, release.allowance);
        assert_int_equal(release_day(&release, OPENS - 1), -1);
        assert_int_equal(release_day(&release, OPENS + cases[i].now), cases[i].day);
        assert_int_equal(release_period(&release, cases[i].day), cases[i].period);
    }
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

static void a_rule_that_is_not_met_has_a_word(void **state)
{
    static const int own[] = {
        0,
        COUPON__REASON__NOT_ELIGIBLE_LEVEL,
        COUPON__REASON__NOT_ELIGIBLE_UNION,
        COUPON__REASON__NOT_ELIGIBLE_TRADE,
    };

    (void)state;
    for (int rule = 0; rule < (int)ARRAY_LEN(own); rule++)
        assert_int_equal(eligibility_reason(rule), own[rule]);
    assert_int_equal(eligibility_reason(AUDIENCE_AGE), AUDIENCE__REASON__NOT_FOR_AGE);
}

static void a_draft_opens_later_is_worth_its_threshold_and_is_given_in_a_way_there_is(void **state)
{
    static const struct {
        int64_t opens_at, face, threshold;
        int way, reason;
        const char *field;
    } cases[] = {
        {OPENS + 1, 500, 0, 0, 0, NULL},
        {OPENS + 1, 500, 500, 0, 0, NULL},
        {OPENS + 1, 500, 501, 0, 0, NULL},
        {OPENS, 500, 0, 0, COUPON__REASON__OPENS_IN_THE_PAST, "release.opensAt"},
        {OPENS - 1, 500, 0, 0, COUPON__REASON__OPENS_IN_THE_PAST, "release.opensAt"},
        {OPENS + 1, 500, 499, 0, COUPON__REASON__THRESHOLD_BELOW_FACE, "release.thresholdFen"},
        {OPENS + 1, 500, 0, COUPON__WAY__ENTITLED, 0, NULL},
        {OPENS + 1, 500, 0, COUPON__WAY__TICKETS, 0, NULL},
        {OPENS + 1, 500, 0, COUPON__WAY__CODES, 0, NULL},
        {OPENS + 1, 500, 0, COUPON__WAY__LOT, RPC__REASON__MISSING_FIELD, "release.lot"},
        {OPENS + 1, 500, 0, 77, COUPON__REASON__WAY_NOT_OFFERED, "release.way"},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        Coupon__Release draft = COUPON__RELEASE__INIT;
        const char *field = NULL;

        draft.opens_at = cases[i].opens_at;
        draft.face_fen = cases[i].face;
        draft.threshold_fen = cases[i].threshold;
        draft.stock_per_day = 1;
        draft.way = (Coupon__Way)cases[i].way;
        assert_int_equal(draft_refusal(&draft, OPENS, &field), cases[i].reason);
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
        cmocka_unit_test(months_and_years_are_those_of_the_calendar_in_china),
        cmocka_unit_test(a_release_can_be_claimed_while_published_and_in_its_days),
        cmocka_unit_test(a_rule_that_is_not_met_has_a_word),
        cmocka_unit_test(a_draft_opens_later_is_worth_its_threshold_and_is_given_in_a_way_there_is),
        cmocka_unit_test(states_follow_one_another_as_declared),
        cmocka_unit_test(a_code_is_13_digits_that_cannot_be_misread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
