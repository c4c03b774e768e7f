#include "services/match/rank/share.h"
#include "services/match/rank/near_fixture.h"

#define MEN 40

static struct rank_pool pool;
static struct rank_seeker seeker;

/* Men who are alike but that the later say yes less readily: 0 is the best. */
static int setup(void **state)
{
    static const struct rank_traits man = {.sex = RANK_MAN, .age = 30}, woman = {.sex = RANK_WOMAN, .age = 29};
    struct rank_taste her = rank_newcomer(RANK_WOMAN);

    (void)state;
    if (!rank_pool_init(&pool, MEN))
        return -1;
    for (size_t i = 0; i < MEN; i++) {
        struct rank_taste taste = {.a = -.05 * (double)i};

        pool.gates[i] = (struct rank_gate){30, 20, 40, RANK_PRESENT};
        pool.cards[i] = rank_card_of(&rank_first_weights, &man, &taste);
    }
    pool.n = MEN;
    rank_seeker_init(&seeker, &rank_first_weights, &woman, &her, 20, 40);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rank_pool_done(&pool);
    return 0;
}

static void show(size_t at, int times)
{
    for (int i = 0; i < times; i++)
        rank_attention_count(&pool, at, .5f, 12, 1);
}

static void a_cap_is_half_above_the_share_of_each(void **state)
{
    (void)state;
    assert_int_equal(rank_cap(11000, 9000), 12);
    assert_int_equal(rank_cap(9000, 11000), 18);
    assert_int_equal(rank_cap(1000, 10), RANK_NEW_FLOOR); /* never below what a newcomer is owed */
    assert_int_equal(rank_cap(0, 10), RANK_NEW_FLOOR);
    assert_int_equal(rank_cap(1, 100000), UINT16_MAX);
}

static void a_share_falls_with_the_cube_root_of_what_was_given(void **state)
{
    (void)state;
    assert_near((double)rank_share(0, 2), 1, 1e-6);
    assert_near((double)rank_share(7, 2), .5, 1e-6);
    assert_near((double)rank_share(26, 2), 1.0 / 3, 1e-6);
    assert_true(rank_share(0, 0) < 10); /* the first day has no mean */
}

static void boosts_grow_with_what_is_missing(void **state)
{
    (void)state;
    for (int k = 0; k <= 10; k++)
        assert_near((double)rank_boosts[k] / exp(6.0 * k / 10), 1, 1e-6);
}

static void an_impression_is_counted(void **state)
{
    (void)state;
    rank_attention_begin(&pool, 3);
    assert_int_equal(pool.gates[3].state, RANK_PRESENT | 10);
    show(3, 1);
    assert_int_equal(pool.gates[3].state, RANK_PRESENT | 8);
    assert_near((double)pool.attention[3].given, .28979, 1e-5);
    assert_near((double)pool.cards[3].share, 1 / cbrt(.5 + .28979), 1e-5);
    show(3, 4);
    assert_int_equal(pool.gates[3].state, RANK_PRESENT);
    show(3, 7);
    assert_int_equal(pool.gates[3].state, RANK_PRESENT | RANK_CAPPED);
    assert_int_equal(pool.attention[3].today, 12);
}

static void a_new_day_begins_with_what_is_left(void **state)
{
    (void)state;
    rank_attention_begin(&pool, 3);
    show(3, 12);
    assert_near(rank_attention_renew(&pool, 0, MEN, 1), 12 * .28979 * 6 / 7, 1e-4);
    assert_int_equal(pool.gates[3].state, RANK_PRESENT | 10);
    assert_int_equal(pool.attention[3].floor, RANK_NEW_FLOOR);
    assert_int_equal(pool.attention[4].floor, RANK_FLOOR);
    assert_near((double)pool.cards[3].share, 1 / cbrt(.5 + 12 * .28979 * 6 / 7), 1e-4);
    for (int day = 1; day < RANK_NEW_DAYS; day++)
        rank_attention_renew(&pool, 0, MEN, 1);
    assert_int_equal(pool.attention[3].floor, RANK_FLOOR);
    show(3, 1);
    assert_int_equal(pool.gates[3].state, RANK_PRESENT | 5);
}

static void who_is_away_is_no_part_of_the_mean(void **state)
{
    (void)state;
    show(3, 1);
    show(4, 1);
    pool.gates[4].state &= (uint8_t)~RANK_PRESENT;
    assert_near(rank_attention_renew(&pool, 0, MEN, 1), .28979 * 6 / 7, 1e-5);
    assert_int_equal(pool.gates[4].state & RANK_PRESENT, 0);
}

static void two_slots_are_for_who_is_below_the_floor(void **state)
{
    struct rank_list list;

    (void)state;
    rank_attention_begin(&pool, 38);
    rank_attention_begin(&pool, 39);
    rank_attention_begin(&pool, 37);
    show(37, 1);
    rank_list_choose(&pool, &seeker, NULL, NULL, &list);
    assert_int_equal(list.n, RANK_SLOTS);
    for (uint32_t k = 0; k < RANK_SLOTS - RANK_RESERVED; k++) {
        assert_int_equal(list.of[k].at, k);
        assert_false(list.of[k].reserved);
    }
    assert_int_equal(list.of[8].at, 38);
    assert_int_equal(list.of[9].at, 39);
    assert_true(list.of[8].reserved && list.of[9].reserved);
}

static void nobody_is_on_a_list_twice(void **state)
{
    struct rank_list list;

    (void)state;
    for (size_t i = 0; i < MEN; i++)
        rank_attention_begin(&pool, i);
    rank_list_choose(&pool, &seeker, NULL, NULL, &list);
    assert_int_equal(list.n, RANK_SLOTS);
    for (uint32_t k = 0; k < RANK_SLOTS; k++) {
        assert_int_equal(list.of[k].at, k);
        assert_int_equal(list.of[k].reserved, k >= RANK_SLOTS - RANK_RESERVED);
    }
}

static void where_nobody_is_below_the_floor_all_slots_go_by_key(void **state)
{
    struct rank_list list;

    (void)state;
    rank_list_choose(&pool, &seeker, NULL, NULL, &list);
    assert_int_equal(list.n, RANK_SLOTS);
    assert_int_equal(list.of[9].at, 9);
    assert_false(list.of[9].reserved);
    pool.n = 3;
    rank_list_choose(&pool, &seeker, NULL, NULL, &list);
    assert_int_equal(list.n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cap_is_half_above_the_share_of_each, setup, teardown),
        cmocka_unit_test_setup_teardown(a_share_falls_with_the_cube_root_of_what_was_given, setup, teardown),
        cmocka_unit_test_setup_teardown(boosts_grow_with_what_is_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(an_impression_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_day_begins_with_what_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_away_is_no_part_of_the_mean, setup, teardown),
        cmocka_unit_test_setup_teardown(two_slots_are_for_who_is_below_the_floor, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_is_on_a_list_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(where_nobody_is_below_the_floor_all_slots_go_by_key, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
