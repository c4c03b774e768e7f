/* Who a thing is for: every rule at its edges. The part's rows are tried with the services that share it. */
#include "common/benefit/audience/audience.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/cn/cn_id.h"

#define PATH "00010002"

static const int none_own[AUDIENCE_RULES];

/* The instant at which a day begins in China. */
static int64_t on(int day)
{
    int64_t at = 0;

    assert_true(cn_day_begin(day, &at));
    return at;
}

static Rpc__Principal somebody(void)
{
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;

    principal.member_id = 1;
    principal.level = RPC__LEVEL__CATEGORY;
    principal.union_path = PATH;
    principal.trade = RPC__TRADE__COURIER;
    principal.birth_year = 1990;
    principal.birthday = 615;
    principal.sex = RPC__SEX__FEMALE;
    principal.member_since = 20200310;
    return principal;
}

static enum audience_rule judged(const Audience__Audience *said, const Rpc__Principal *who, int64_t at)
{
    struct audience_rules rules;

    audience_compile(said, &rules);
    return audience_judge(&rules, who, at);
}

static void whoever_says_nothing_means_every_member(void **state)
{
    Audience__Audience said = AUDIENCE__AUDIENCE__INIT;
    Rpc__Principal who = RPC__PRINCIPAL__INIT;

    (void)state;
    for (int level = RPC__LEVEL__ANONYMOUS; level <= (int)RPC__LEVEL__CATEGORY; level++) {
        who.level = (Rpc__Level)level;
        assert_int_equal(judged(&said, &who, on(20260101)), level < (int)RPC__LEVEL__MEMBER ? AUDIENCE_LEVEL : 0);
    }
}

static void the_subtree_counts_and_nothing_beside_it(void **state)
{
    static const struct {
        const char *path;
        int rule;
    } cases[] = {
        {PATH, 0},
        {PATH "0009", 0},
        {"0001", AUDIENCE_UNION},
        {"", AUDIENCE_UNION},
        {"00010003", AUDIENCE_UNION},
        {"00020001", AUDIENCE_UNION},
    };
    Audience__Audience said = AUDIENCE__AUDIENCE__INIT;
    Rpc__Principal who = somebody();

    (void)state;
    said.union_path = PATH;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        who.union_path = unconst(cases[i].path);
        assert_int_equal(judged(&said, &who, on(20260101)), cases[i].rule);
    }
}

static void one_of_the_trades_is_enough(void **state)
{
    Rpc__Trade trades[] = {RPC__TRADE__TRADE_OTHER, RPC__TRADE__COURIER, RPC__TRADE__CONSTRUCTION};
    Audience__Audience said = AUDIENCE__AUDIENCE__INIT;
    Rpc__Principal who = somebody();

    (void)state;
    said.trades = trades;
    said.n_trades = ARRAY_LEN(trades);
    for (int trade = 0; trade <= (int)RPC__TRADE__CONSTRUCTION; trade++) {
        who.trade = (Rpc__Trade)trade;
        assert_int_equal(judged(&said, &who, on(20260101)),
                         trade == 0 || trade == 1 || trade == 6 ? 0 : AUDIENCE_TRADE);
    }
}

static void ages_are_whole_years_on_the_day_in_china(void **state)
{
    static const struct {
        int from, until, year, birthday;
        int64_t day;
        int fits;
    } cases[] = {
        {18, 0, 2008, 615, 20260614, 0},
        {18, 0, 2008, 615, 20260615, 1},
        {0, 60, 1965, 615, 20260614, 1}, /* still sixty */
        {0, 60, 1965, 615, 20260615, 0},
        {18, 18, 2008, 615, 20270614, 1},
        {18, 18, 2008, 615, 20270615, 0},
        /* Born on 29 February: a year older on 1 March, and on the day itself where there is one. */
        {18, 0, 2008, 229, 20260228, 0},
        {18, 0, 2008, 229, 20260301, 1},
        {20, 0, 2008, 229, 20280228, 0},
        {20, 0, 2008, 229, 20280229, 1},
        {1, 0, 1900, 101, 20260101, 1},
        /* What is not known is in no range. */
        {1, 0, 0, 0, 20260101, 0},
        {0, 60, 0, 0, 20260101, 0},
        {0, 60, 1990, 0, 20260101, 0},
    };
    Audience__Audience said = AUDIENCE__AUDIENCE__INIT;
    Rpc__Principal who = somebody();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        said.age_from = cases[i].from;
        said.age_until = cases[i].until;
        who.birth_year = cases[i].year;
        who.birthday = cases[i].birthday;
        assert_int_equal(judged(&said, &who, on((int)cases[i].day)), cases[i].fits ? 0 : AUDIENCE_AGE);
    }
    /* The day begins at midnight in China, 16:00 the day before in UTC. */
    said.age_from = 18, said.age_until = 0;
    who.birth_year = 2008, who.birthday = 615;
    assert_int_equal(judged(&said, &who, on(20260615) - 1), AUDIENCE_AGE);
}

static void years_of_birth_and_sex_are_asked(void **state)
{
    static const struct {
        int from, until, year, sex, rule;
    } cases[] = {
        {1970, 1990, 1969, RPC__SEX__FEMALE, AUDIENCE_BORN},
        {1970, 1990, 1970, RPC__SEX__FEMALE, 0},
        {1970, 1990, 1990, RPC__SEX__FEMALE, 0},
        {1970, 1990, 1991, RPC__SEX__FEMALE, AUDIENCE_BORN},
        {1970, 0, 2020, RPC__SEX__FEMALE, 0},
        {0, 1990, 1900, RPC__SEX__FEMALE, 0},
        {0, 1990, 0, RPC__SEX__FEMALE, AUDIENCE_BORN},
        {1970, 0, 0, RPC__SEX__FEMALE, AUDIENCE_BORN},
        {0, 0, 0, RPC__SEX__FEMALE, 0},
        {1970, 1990, 1980, RPC__SEX__MALE, AUDIENCE_SEX},
        {1970, 1990, 1980, RPC__SEX__SEX_UNKNOWN, AUDIENCE_SEX},
    };
    Audience__Audience said = AUDIENCE__AUDIENCE__INIT;
    Rpc__Principal who = somebody();

    (void)state;
    said.sex = RPC__SEX__FEMALE;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        said.born_from = cases[i].from;
        said.born_until = cases[i].until;
        who.birth_year = cases[i].year;
        who.sex = (Rpc__Sex)cases[i].sex;
        assert_int_equal(judged(&said, &who, on(20260101)), cases[i].rule);
    }
}

static void a_birthday_is_a_day_or_its_month(void **state)
{
    static const struct {
        int rule, birthday;
        int day;
        int fits;
    } cases[] = {
        {AUDIENCE__BIRTHDAY__ON_ITS_DAY, 615, 20260615, 1},   {AUDIENCE__BIRTHDAY__ON_ITS_DAY, 615, 20260614, 0},
        {AUDIENCE__BIRTHDAY__ON_ITS_DAY, 615, 20260616, 0},   {AUDIENCE__BIRTHDAY__ON_ITS_DAY, 229, 20280229, 1},
        {AUDIENCE__BIRTHDAY__ON_ITS_DAY, 229, 20280301, 0},   {AUDIENCE__BIRTHDAY__ON_ITS_DAY, 229, 20260228, 0},
        {AUDIENCE__BIRTHDAY__ON_ITS_DAY, 229, 20260301, 1},   {AUDIENCE__BIRTHDAY__ON_ITS_DAY, 0, 20260615, 0},
        {AUDIENCE__BIRTHDAY__IN_ITS_MONTH, 615, 20260531, 0}, {AUDIENCE__BIRTHDAY__IN_ITS_MONTH, 615, 20260601, 1},
        {AUDIENCE__BIRTHDAY__IN_ITS_MONTH, 615, 20260630, 1}, {AUDIENCE__BIRTHDAY__IN_ITS_MONTH, 615, 20260701, 0},
        {AUDIENCE__BIRTHDAY__IN_ITS_MONTH, 229, 20260228, 1}, {AUDIENCE__BIRTHDAY__IN_ITS_MONTH, 229, 20260301, 0},
        {AUDIENCE__BIRTHDAY__IN_ITS_MONTH, 0, 20260615, 0},
    };
    Audience__Audience said = AUDIENCE__AUDIENCE__INIT;
    Rpc__Principal who = somebody();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        said.birthday = (Audience__Birthday)cases[i].rule;
        who.birthday = cases[i].birthday;
        assert_int_equal(judged(&said, &who, on(cases[i].day)), cases[i].fits ? 0 : AUDIENCE_BIRTHDAY);
        assert_int_equal(judged(&said, &who, on(cases[i].day) + 86399999), cases[i].fits ? 0 : AUDIENCE_BIRTHDAY);
    }
}

static void a_member_since_a_day_or_for_months(void **state)
{
    static const struct {
        int by, months, since; /* months below 0: new within so many days */
        int day;
        int fits;
    } cases[] = {
        {20240601, 0, 20240601, 20260101, 1},
        {20240601, 0, 20240602, 20260101, 0},
        {20240601, 0, 0, 20260101, 0},
        {0, 6, 20260110, 20260709, 0},
        {0, 6, 20260110, 20260710, 1},
        {0, 12, 20250710, 20260709, 0},
        {0, 12, 20250710, 20260710, 1},
        /* A month that is too short ends what began on a later day. */
        {0, 6, 20250831, 20260227, 0},
        {0, 6, 20250831, 20260228, 1},
        {0, 12, 20240229, 20250227, 0},
        {0, 12, 20240229, 20250228, 1},
        {0, 1, 20260131, 20260228, 1},
        {0, 1, 0, 20260228, 0},
        {20240601, 6, 20240601, 20241130, 0},
        {20240601, 6, 20240601, 20241201, 1},
        {0, -30, 20260110, 20260110, 1},
        {0, -30, 20260110, 20260209, 1},
        {0, -30, 20260110, 20260210, 0},
        {0, -30, 20251231, 20260130, 1},
        {0, -30, 0, 20260130, 0},
    };
    Audience__Audience said = AUDIENCE__AUDIENCE__INIT;
    Rpc__Principal who = somebody();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        said.since_day = cases[i].by;
        said.member_months = cases[i].months > 0 ? cases[i].months : 0;
        said.new_within_days = cases[i].months < 0 ? -cases[i].months : 0;
        who.member_since = cases[i].since;
        assert_int_equal(judged(&said, &who, on(cases[i].day)), cases[i].fits ? 0 : AUDIENCE_SINCE);
    }
    said.since_day = 0, said.member_months = 6, said.new_within_days = 0;
    who.member_since = 20260110;
    assert_int_equal(judged(&said, &who, on(20260710) - 1), AUDIENCE_SINCE);
}

/* Each rule is broken together with all behind it: the first is what she is told. */
static void the_first_rule_that_fails_is_the_answer(void **state)
{
    Rpc__Trade courier = RPC__TRADE__COURIER;
    Audience__Audience said = AUDIENCE__AUDIENCE__INIT;
    Rpc__Principal nobody = RPC__PRINCIPAL__INIT, who;

    (void)state;
    said.union_path = PATH;
    said.trades = &courier;
    said.n_trades = 1;
    said.born_from = 1980;
    said.age_from = 18;
    said.sex = RPC__SEX__FEMALE;
    said.birthday = AUDIENCE__BIRTHDAY__IN_ITS_MONTH;
    said.member_months = 6;
    for (int rule = AUDIENCE_LEVEL; rule <= AUDIENCE_RULES; rule++) {
        who = nobody;
        if (rule > AUDIENCE_LEVEL)
            who.level = RPC__LEVEL__CATEGORY;
        if (rule > AUDIENCE_UNION)
            who.union_path = PATH;
        if (rule > AUDIENCE_TRADE)
            who.trade = courier;
        if (rule > AUDIENCE_BORN)
            who.birth_year = 1990;
        if (rule > AUDIENCE_AGE)
            who.birthday = 101;
        if (rule > AUDIENCE_SEX)
            who.sex = RPC__SEX__FEMALE;
        if (rule > AUDIENCE_BIRTHDAY)
            who.birthday = 615;
        if (rule > AUDIENCE_SINCE)
            who.member_since = 20200101;
        assert_int_equal(judged(&said, &who, on(20260615)), rule == AUDIENCE_RULES ? AUDIENCE_FITS : rule);
    }
}

static void all_rules_that_fail_come_one_after_the_other(void **state)
{
    Audience__Audience said = AUDIENCE__AUDIENCE__INIT;
    struct audience_rules rules;
    Rpc__Principal who = RPC__PRINCIPAL__INIT;
    enum audience_rule rule;

    (void)state;
    said.union_path = PATH;
    said.born_from = 1980;
    said.member_months = 6;
    audience_compile(&said, &rules);
    who.level = RPC__LEVEL__CATEGORY;
    rule = audience_judge(&rules, &who, on(20260615));
    assert_int_equal(rule, AUDIENCE_UNION);
    rule = audience_next(&rules, &who, on(20260615), rule);
    assert_int_equal(rule, AUDIENCE_BORN);
    rule = audience_next(&rules, &who, on(20260615), rule);
    assert_int_equal(rule, AUDIENCE_SINCE);
    assert_int_equal(audience_next(&rules, &who, on(20260615), rule), AUDIENCE_FITS);
}

static void every_rule_has_a_reason_of_its_own(void **state)
{
    int own[AUDIENCE_RULES] = {[AUDIENCE_SEX] = 77};

    (void)state;
    assert_int_equal(audience_reason(none_own, AUDIENCE_FITS), 0);
    for (int rule = 1; rule < AUDIENCE_RULES; rule++) {
        assert_true(audience_reason(none_own, rule) > 0);
        for (int other = 1; other < rule; other++)
            assert_int_not_equal(audience_reason(none_own, rule), audience_reason(none_own, other));
    }
    assert_int_equal(audience_reason(own, AUDIENCE_SEX), 77);
}

static void a_form_comes_back_as_it_was_said(void **state)
{
    Rpc__Trade trades[] = {RPC__TRADE__TRADE_OTHER, RPC__TRADE__CONSTRUCTION};
    Audience__Audience said = AUDIENCE__AUDIENCE__INIT, *back;
    uint8_t there[256], here[256];
    struct audience_rules rules;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 16);
    said.level = RPC__LEVEL__CATEGORY;
    said.union_id = 5;
    said.union_path = PATH;
    said.trades = trades;
    said.n_trades = ARRAY_LEN(trades);
    said.born_from = 1970, said.born_until = 1990;
    said.age_from = 18, said.age_until = 55;
    said.sex = RPC__SEX__MALE;
    said.birthday = AUDIENCE__BIRTHDAY__ON_ITS_DAY;
    said.since_day = 20240601, said.member_months = 6;
    said.new_within_days = 30;
    audience_compile(&said, &rules);
    back = audience_message(&rules, 5, &arena);
    assert_non_null(back);
    assert_true(audience__audience__get_packed_size(&said) <= sizeof(there));
    assert_int_equal(audience__audience__pack(&said, there), audience__audience__pack(back, here));
    assert_memory_equal(there, here, audience__audience__get_packed_size(&said));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_says_nothing_means_every_member),
        cmocka_unit_test(the_subtree_counts_and_nothing_beside_it),
        cmocka_unit_test(one_of_the_trades_is_enough),
        cmocka_unit_test(ages_are_whole_years_on_the_day_in_china),
        cmocka_unit_test(years_of_birth_and_sex_are_asked),
        cmocka_unit_test(a_birthday_is_a_day_or_its_month),
        cmocka_unit_test(a_member_since_a_day_or_for_months),
        cmocka_unit_test(the_first_rule_that_fails_is_the_answer),
        cmocka_unit_test(all_rules_that_fail_come_one_after_the_other),
        cmocka_unit_test(every_rule_has_a_reason_of_its_own),
        cmocka_unit_test(a_form_comes_back_as_it_was_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
