#include "common/draw/draw_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ENTRIES 5

static const unsigned char top[DRAW_HASH_LEN] = "the frozen top";
static struct draw_test t;

/* Terms, and a draw brought to a state by the proper way. */
static struct draw reach(enum draw_state state)
{
    struct draw draw = {0};

    draw_test_terms(&t, 2, 3, 3);
    if (state >= DRAW_ANNOUNCED)
        assert_int_equal(draw_announce(&draw, &t.terms, 1000), DRAW_OK);
    if (state >= DRAW_OPEN)
        assert_int_equal(draw_open(&draw, 1000), DRAW_OK);
    if (state >= DRAW_FROZEN)
        assert_int_equal(draw_freeze(&draw, top, ENTRIES, 2000), DRAW_OK);
    if (state == DRAW_VOID)
        assert_int_equal(draw_make_void(&draw, "the list was wrong"), DRAW_OK);
    else if (state >= DRAW_DRAWN)
        assert_int_equal(draw_draw(&draw, top, ENTRIES, draw_test_secret, "7 8 9", 3000), DRAW_OK);
    if (state == DRAW_PUBLISHED)
        assert_int_equal(draw_publish(&draw), DRAW_OK);
    assert_int_equal(draw.state, state);
    return draw;
}

static enum draw_reason announce(struct draw *draw)
{
    return draw_announce(draw, &t.terms, 1000);
}

static enum draw_reason open_entries(struct draw *draw)
{
    return draw_open(draw, 1000);
}

static enum draw_reason enter(struct draw *draw)
{
    return draw_may_enter(draw, 1999);
}

static enum draw_reason freeze(struct draw *draw)
{
    return draw_freeze(draw, top, ENTRIES, 2000);
}

static enum draw_reason draw_once(struct draw *draw)
{
    return draw_draw(draw, top, ENTRIES, draw_test_secret, "7 8 9", 3000);
}

static enum draw_reason make_void(struct draw *draw)
{
    return draw_make_void(draw, "a reason");
}

static void each_state_lets_through_its_own_acts_and_a_refused_one_changes_nothing(void **state)
{
    static enum draw_reason (*const acts[])(struct draw * draw) = {
        announce, open_entries, enter, freeze, draw_once, draw_publish, make_void,
    };
    static const enum draw_reason expected[][ARRAY_LEN(acts)] = {
        [DRAW_NOTHING] = {DRAW_OK, DRAW_NOT_OPEN, DRAW_NOT_OPEN, DRAW_NOT_OPEN, DRAW_NOT_FROZEN, DRAW_NOT_DRAWN,
                          DRAW_NOT_OPEN},
        [DRAW_ANNOUNCED] = {DRAW_TERMS_FIXED, DRAW_OK, DRAW_NOT_OPEN, DRAW_NOT_OPEN, DRAW_NOT_FROZEN, DRAW_NOT_DRAWN,
                            DRAW_OK},
        [DRAW_OPEN] = {DRAW_TERMS_FIXED, DRAW_TERMS_FIXED, DRAW_OK, DRAW_OK, DRAW_NOT_FROZEN, DRAW_NOT_DRAWN, DRAW_OK},
        [DRAW_FROZEN] = {DRAW_TERMS_FIXED, DRAW_CLOSED, DRAW_CLOSED, DRAW_LIST_FIXED, DRAW_OK, DRAW_NOT_DRAWN, DRAW_OK},
        [DRAW_DRAWN] = {DRAW_TERMS_FIXED, DRAW_CLOSED, DRAW_CLOSED, DRAW_LIST_FIXED, DRAW_ALREADY_DRAWN, DRAW_OK,
                        DRAW_OK},
        [DRAW_PUBLISHED] = {DRAW_TERMS_FIXED, DRAW_CLOSED, DRAW_CLOSED, DRAW_LIST_FIXED, DRAW_ALREADY_DRAWN,
                            DRAW_ALREADY_PUBLISHED, DRAW_ALREADY_PUBLISHED},
        [DRAW_VOID] = {DRAW_IS_VOID, DRAW_IS_VOID, DRAW_IS_VOID, DRAW_IS_VOID, DRAW_IS_VOID, DRAW_IS_VOID,
                       DRAW_IS_VOID},
    };

    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(expected); s++) {
        for (size_t a = 0; a < ARRAY_LEN(acts); a++) {
            struct draw draw = reach((enum draw_state)s), before = draw;
            enum draw_reason reason = acts[a](&draw);

            if (reason != expected[s][a])
                fail_msg("state %zu, act %zu: %s", s, a, draw_reason_name(reason));
            if (reason != DRAW_OK)
                assert_memory_equal(&draw, &before, sizeof(draw));
        }
    }
}

static void nobody_enters_or_leaves_at_the_closing_time(void **state)
{
    struct draw draw = reach(DRAW_OPEN);

    (void)state;
    assert_int_equal(draw_may_enter(&draw, 1999), DRAW_OK);
    assert_int_equal(draw_may_enter(&draw, 2000), DRAW_CLOSED);
    assert_int_equal(draw_freeze(&draw, top, ENTRIES, 1999), DRAW_NOT_CLOSED);
    assert_int_equal(draw_freeze(&draw, top, ENTRIES, 3000), DRAW_TOO_LATE);
    assert_int_equal(draw_freeze(&draw, top, ENTRIES, 2999), DRAW_OK);
    assert_int_equal(draw.frozen_ms, 2999);
    /* A clock that steps back reopens nothing. */
    assert_int_equal(draw_may_enter(&draw, 1500), DRAW_CLOSED);
}

static void a_list_with_one_more_or_one_less_is_not_drawn_from(void **state)
{
    struct draw_test whole, changed;

    (void)state;
    for (uint32_t n = 9; n <= 11; n++) {
        draw_test_terms(&whole, 2, 3, 3);
        draw_test_enter(&whole, 10, true, MANY);
        draw_test_terms(&changed, 2, 3, 3);
        draw_test_enter(&changed, n, true, MANY);
        assert_int_equal(draw_draw(&whole.draw, changed.list.top, 10, draw_test_secret, "7 8 9", 3000),
                         n == 10 ? DRAW_OK : DRAW_LIST_FIXED);
        draw_test_done(&whole);
        draw_test_done(&changed);
    }
    struct draw draw = reach(DRAW_FROZEN);

    assert_int_equal(draw_draw(&draw, top, ENTRIES + 1, draw_test_secret, "7 8 9", 3000), DRAW_LIST_FIXED);
}

static void anything_of_the_terms_changed_is_noticed(void **state)
{
    struct draw draw = reach(DRAW_FROZEN);
    struct draw_terms changed;

    (void)state;
    assert_int_equal(draw_may_use(&draw, &t.terms), DRAW_OK);
    t.strata[1].quota++;
    assert_int_equal(draw_may_use(&draw, &t.terms), DRAW_TERMS_FIXED);
    t.strata[1].quota--;
    t.strata[0].waiting--;
    assert_int_equal(draw_may_use(&draw, &t.terms), DRAW_TERMS_FIXED);
    t.strata[0].waiting++;
    changed = t.terms;
    changed.public_name[0] = 'A';
    assert_int_equal(draw_may_use(&draw, &changed), DRAW_TERMS_FIXED);
    changed = t.terms;
    changed.closes_ms++;
    assert_int_equal(draw_may_use(&draw, &changed), DRAW_TERMS_FIXED);
    changed = t.terms;
    changed.weight_max = 0;
    assert_int_equal(draw_may_use(&draw, &changed), DRAW_TERMS_FIXED);
    assert_int_equal(draw_may_use(&draw, &t.terms), DRAW_OK);
}

static void the_draw_takes_the_committed_secret_and_a_value_that_exists(void **state)
{
    struct draw draw = reach(DRAW_FROZEN);
    unsigned char secret[DRAW_HASH_LEN];
    char value[DRAW_TEXT_SIZE + 1];

    (void)state;
    memcpy(secret, draw_test_secret, sizeof(secret));
    secret[31] ^= 1;
    memset(value, '7', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    assert_int_equal(draw_draw(&draw, top, ENTRIES, secret, "7 8 9", 3000), DRAW_WRONG_SECRET);
    assert_int_equal(draw_draw(&draw, top, ENTRIES, draw_test_secret, "7 8 9", 2999), DRAW_VALUE_NOT_YET);
    assert_int_equal(draw_draw(&draw, top, ENTRIES, draw_test_secret, "", 3000), DRAW_BAD_VALUE);
    assert_int_equal(draw_draw(&draw, top, ENTRIES, draw_test_secret, "7\n8", 3000), DRAW_BAD_VALUE);
    assert_int_equal(draw_draw(&draw, top, ENTRIES, draw_test_secret, " 7", 3000), DRAW_BAD_VALUE);
    assert_int_equal(draw_draw(&draw, top, ENTRIES, draw_test_secret, "\xff", 3000), DRAW_BAD_VALUE);
    assert_int_equal(draw_draw(&draw, top, ENTRIES, draw_test_secret, value, 3000), DRAW_BAD_VALUE);
    assert_int_equal(draw.state, DRAW_FROZEN);
    assert_int_equal(draw_draw(&draw, top, ENTRIES, draw_test_secret, "7 8 9", 3000), DRAW_OK);
}

static void a_value_changed_by_one_digit_is_another_draw_and_comes_too_late(void **state)
{
    struct draw draw = reach(DRAW_DRAWN), other = reach(DRAW_FROZEN);

    (void)state;
    assert_int_equal(draw_draw(&draw, top, ENTRIES, draw_test_secret, "7 8 8", 3001), DRAW_ALREADY_DRAWN);
    assert_string_equal(draw.value, "7 8 9");
    assert_int_equal(draw_draw(&other, top, ENTRIES, draw_test_secret, "7 8 8", 3000), DRAW_OK);
    assert_memory_not_equal(draw.seed, other.seed, DRAW_HASH_LEN);
}

static void a_void_draw_keeps_its_reason_and_what_it_had(void **state)
{
    struct draw draw = reach(DRAW_DRAWN);
    struct draw before = draw;

    (void)state;
    assert_int_equal(draw_make_void(&draw, ""), DRAW_REASON_MISSING);
    assert_int_equal(draw_make_void(&draw, "  "), DRAW_REASON_MISSING);
    assert_int_equal(draw_make_void(&draw, "wrong value"), DRAW_OK);
    assert_int_equal(draw.void_from, DRAW_DRAWN);
    assert_string_equal(draw.void_reason, "wrong value");
    assert_memory_equal(draw.seed, before.seed, DRAW_HASH_LEN);
    assert_string_equal(draw.value, before.value);
    assert_int_equal(draw_make_void(&draw, "another reason"), DRAW_IS_VOID);
    assert_string_equal(draw.void_reason, "wrong value");
}

static void a_winner_who_declines_promotes_the_next_and_nobody_else(void **state)
{
    struct draw_promotion promotion = {.quota = 3, .places = 5}, none = {.quota = 3, .places = 2};

    (void)state;
    assert_int_equal(draw_promote(&promotion), 4);
    assert_int_equal(draw_promote(&promotion), 5);
    assert_int_equal(draw_promote(&promotion), 0);
    assert_int_equal(draw_promote(&promotion), 0);
    assert_int_equal(promotion.promoted, 2);
    assert_int_equal(draw_promote(&none), 0);
}

static void terms_out_of_bounds_are_not_announced(void **state)
{
    struct draw draw = {0};

    (void)state;
#define REFUSED(change)                                                                                                \
    do {                                                                                                               \
        draw_test_terms(&t, 2, 3, 3);                                                                                  \
        change;                                                                                                        \
        assert_int_equal(draw_announce(&draw, &t.terms, 1000), DRAW_BAD_TERMS);                                        \
        assert_int_equal(draw.state, DRAW_NOTHING);                                                                    \
    } while (0)
    REFUSED(t.terms.id[0] = '\0');
    REFUSED(t.terms.id[0] = ' ');
    REFUSED(memset(t.terms.id, 'x', sizeof(t.terms.id)));
    REFUSED(t.terms.title[0] = '\n');
    REFUSED(memset(t.terms.title, 'x', sizeof(t.terms.title)));
    REFUSED(t.terms.rules[0] = '\0');
    REFUSED(t.terms.public_name[0] = '\x7f');
    REFUSED(t.terms.opens_ms = -1);
    REFUSED(t.terms.opens_ms = 999); /* it has begun already */
    REFUSED(t.terms.closes_ms = 1000);
    REFUSED(t.terms.value_at_ms = 2000);
    REFUSED(t.terms.steps = 0);
    REFUSED(t.terms.steps = DRAW_STEPS_MAX + 1);
    REFUSED(t.terms.weight_max = 0);
    REFUSED(t.terms.weight_max = DRAW_WEIGHT_MAX + 1);
    REFUSED(t.terms.n_strata = 0);
    REFUSED(t.terms.n_strata = DRAW_STRATA_MAX + 1);
    REFUSED(t.strata[1].quota = DRAW_ENTRIES_MAX + 1);
    REFUSED(t.strata[1].waiting = DRAW_ENTRIES_MAX + 1);
    REFUSED(t.strata[1].label[0] = '\0');
    draw_test_terms(&t, 2, 3, 3);
    assert_int_equal(draw_announce(&draw, &t.terms, 1000), DRAW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_lets_through_its_own_acts_and_a_refused_one_changes_nothing),
        cmocka_unit_test(nobody_enters_or_leaves_at_the_closing_time),
        cmocka_unit_test(a_list_with_one_more_or_one_less_is_not_drawn_from),
        cmocka_unit_test(anything_of_the_terms_changed_is_noticed),
        cmocka_unit_test(the_draw_takes_the_committed_secret_and_a_value_that_exists),
        cmocka_unit_test(a_value_changed_by_one_digit_is_another_draw_and_comes_too_late),
        cmocka_unit_test(a_void_draw_keeps_its_reason_and_what_it_had),
        cmocka_unit_test(a_winner_who_declines_promotes_the_next_and_nobody_else),
        cmocka_unit_test(terms_out_of_bounds_are_not_announced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
