#include "services/match/rank/pool.h"
#include "services/match/rank/near_fixture.h"

#define MANY 300

static struct rank_pool pool;
static struct rank_traits others[MANY];
static struct rank_taste tastes[MANY];
static const struct rank_traits her = {
    .sex = RANK_WOMAN, .age = 28, .dates = 4, .goes_out = 2, .goal = 2, .trade = 3, .work = 5, .tastes = 0x1a5a5};
static const struct rank_taste hers = {.a = .3, .b = -.4};
static const float even[RANK_BOOSTS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
static struct rank_seeker seeker;

/* A number that looks like chance, below `below`. */
static uint32_t some(uint32_t below)
{
    static uint32_t at;

    at = at * 1664525 + 1013904223;
    return (at >> 8) % below;
}

static int setup(void **state)
{
    (void)state;
    if (!rank_pool_init(&pool, MANY))
        return -1;
    for (int i = 0; i < MANY; i++) {
        others[i] = (struct rank_traits){.sex = RANK_MAN,
                                         .age = (uint8_t)(some(5) ? 20 + some(25) : 0),
                                         .dates = (uint8_t)some(8),
                                         .goes_out = (uint8_t)some(8),
                                         .goal = (uint8_t)some(7),
                                         .trade = (uint8_t)some(5),
                                         .work = (uint8_t)some(7),
                                         .tastes = some(1u << RANK_TASTES)};
        tastes[i] = (struct rank_taste){.a = (double)some(200) / 100 - 1, .b = (double)some(200) / 100 - 1};
        pool.gates[i] = (struct rank_gate){others[i].age, 18, 60, RANK_PRESENT};
        pool.cards[i] = rank_card_of(&rank_first_weights, &others[i], &tastes[i]);
    }
    pool.n = MANY;
    rank_seeker_init(&seeker, &rank_first_weights, &her, &hers, 0, 99);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rank_pool_done(&pool);
    return 0;
}

static double exactly(int i)
{
    double z = rank_fixed(&rank_first_weights, &her, &others[i]) + hers.a + tastes[i].b;
    double back = rank_fixed(&rank_first_weights, &others[i], &her) + tastes[i].a + hers.b;

    return rank_harmonic(z, back);
}

static void tables_say_what_the_model_says(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        assert_near((double)rank_harmonic_at(&pool, &seeker, (size_t)i), exactly(i), 1e-5);
}

static void nobody_without_a_trade_shares_one(void **state)
{
    struct rank_traits plain = her;

    (void)state;
    plain.trade = plain.work = 0;
    rank_seeker_init(&seeker, &rank_first_weights, &plain, &hers, 0, 99);
    for (int i = 0; i < MANY; i++) {
        struct rank_traits other = others[i];

        other.trade = other.work = 0;
        pool.cards[i] = rank_card_of(&rank_first_weights, &other, &tastes[i]);
        assert_near((double)rank_harmonic_at(&pool, &seeker, (size_t)i),
                    rank_harmonic(rank_fixed(&rank_first_weights, &plain, &other) + hers.a + tastes[i].b,
                                  rank_fixed(&rank_first_weights, &other, &plain) + tastes[i].a + hers.b),
                    1e-5);
    }
}

/* As many are better than each as stand before it. */
static void the_best_are_found_best_first(void **state)
{
    struct rank_best best = {.most = 20};

    (void)state;
    rank_scan(&pool, &seeker, NULL, NULL, even, &best, NULL);
    assert_int_equal(best.n, 20);
    for (size_t k = 0; k < best.n; k++) {
        size_t better = 0;

        for (size_t i = 0; i < MANY; i++)
            better += rank_harmonic_at(&pool, &seeker, i) > best.of[k].harmonic;
        assert_int_equal(better, k);
        assert_near((double)best.of[k].harmonic, (double)rank_harmonic_at(&pool, &seeker, best.of[k].at), 1e-7);
        assert_near((double)best.of[k].key, (double)best.of[k].harmonic, 1e-7);
    }
}

static void a_share_moves_a_profile_down(void **state)
{
    struct rank_best best = {.most = 2};
    uint32_t first;

    (void)state;
    rank_scan(&pool, &seeker, NULL, NULL, even, &best, NULL);
    first = best.of[0].at;
    pool.cards[first].share = .01f;
    rank_scan(&pool, &seeker, NULL, NULL, even, &best, NULL);
    assert_int_not_equal(best.of[0].at, first);
    assert_int_not_equal(best.of[1].at, first);
}

/* How many of all are found, with conditions. */
static size_t found(const struct rank_filter *filter, const uint8_t *skip)
{
    struct rank_best best = {.most = RANK_BEST_MAX};

    rank_scan(&pool, &seeker, filter, skip, even, &best, NULL);
    return best.n;
}

static void age_and_wishes_hold_both_ways(void **state)
{
    size_t fit = 0;

    (void)state;
    rank_seeker_init(&seeker, &rank_first_weights, &her, &hers, 28, 30);
    for (int i = 0; i < MANY; i++) {
        pool.gates[i].wish_from = 20;
        pool.gates[i].wish_to = i % 2 ? 28 : 27;
        fit += i % 2 && others[i].age >= 28 && others[i].age <= 30;
    }
    assert_true(fit > 5 && fit < RANK_BEST_MAX);
    assert_int_equal(found(NULL, NULL), fit);
    assert_int_equal(found(&(struct rank_filter){.age_from = 31}, NULL), 0); /* a filter widens nothing */
    assert_true(found(&(struct rank_filter){.age_from = 29, .age_to = 29}, NULL) < fit);
}

static void who_is_absent_capped_or_skipped_is_not_found(void **state)
{
    uint8_t skip[MANY / 8 + 1];

    (void)state;
    memset(skip, 0xff, sizeof(skip));
    skip[0] = 0xff & ~0x0e; /* 1, 2, 3 */
    pool.gates[1].age = pool.gates[2].age = pool.gates[3].age = 28;
    assert_int_equal(found(NULL, skip), 3);
    pool.gates[1].state = 0;
    assert_int_equal(found(NULL, skip), 2);
    pool.gates[2].state |= RANK_CAPPED;
    assert_int_equal(found(NULL, skip), 1);
}

static void each_condition_excludes_by_itself(void **state)
{
    static const struct rank_facts fitting = {
        .hobbies = 6, .district = 7, .joined = 100, .height = 170, .education = 3, .marital = 2, .proven = 3};
    static const struct {
        struct rank_filter filter, other;
    } conditions[] = {
        {{.hobbies = 4}, {.hobbies = 8}},
        {{.height_from = 170}, {.height_from = 171}},
        {{.height_to = 170}, {.height_to = 169}},
        {{.education_from = 3}, {.education_from = 4}},
        {{.marital = 1 << 2}, {.marital = 1 << 3}},
        {{.proven = 1}, {.proven = 5}},
        {{.joined_from = 100}, {.joined_from = 101}},
        {{.districts = {9, 7}}, {.districts = {9, 8}}},
    };
    uint8_t skip[MANY / 8 + 1];

    (void)state;
    memset(skip, 0xff, sizeof(skip));
    skip[0] = 0xfe;
    for (size_t k = 0; k < ARRAY_LEN(conditions); k++) {
        pool.facts[0] = fitting;
        assert_int_equal(found(&conditions[k].filter, skip), 1);
        assert_int_equal(found(&conditions[k].other, skip), 0);
        pool.facts[0] = (struct rank_facts){0}; /* what is not for everybody is found by nothing */
        assert_int_equal(found(&conditions[k].filter, skip), 0);
        assert_int_equal(found(NULL, skip), 1);
    }
}

static void who_lacks_of_the_floor_is_found_apart(void **state)
{
    struct rank_best best = {.most = 5}, reserved = {.most = 5};
    float boosts[RANK_BOOSTS] = {1};

    (void)state;
    pool.gates[40].state |= 5;
    pool.gates[41].state |= 10;
    pool.gates[42].state |= 10 | RANK_CAPPED;
    boosts[5] = 1;
    boosts[10] = 1e6f;
    rank_scan(&pool, &seeker, NULL, NULL, boosts, &best, &reserved);
    assert_int_equal(best.n, 5);
    assert_int_equal(reserved.n, 3);
    assert_int_equal(reserved.of[2].at, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tables_say_what_the_model_says, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_without_a_trade_shares_one, setup, teardown),
        cmocka_unit_test_setup_teardown(the_best_are_found_best_first, setup, teardown),
        cmocka_unit_test_setup_teardown(a_share_moves_a_profile_down, setup, teardown),
        cmocka_unit_test_setup_teardown(age_and_wishes_hold_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_absent_capped_or_skipped_is_not_found, setup, teardown),
        cmocka_unit_test_setup_teardown(each_condition_excludes_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(who_lacks_of_the_floor_is_found_apart, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
