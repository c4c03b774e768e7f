#include "services/match/rank/traits.h"
#include "services/match/rank/near_fixture.h"

#define NEAR 1e-9

static const struct rank_scale scale = {
    .mean = {[RANK_WOMAN] = {28, 4, 2, .5}, [RANK_MAN] = {30, 5, 3, 0, .5}},
    .deviation = {[RANK_WOMAN] = {4, 2, 1, .5, 1, 1, 1}, [RANK_MAN] = {5, 1, 2, 1, .5, 1, 1}},
    .tastes = {[RANK_WOMAN] = {.5}, [RANK_MAN] = {.25}},
};

static void what_is_usual_is_the_mean_of_those_who_say_it(void **state)
{
    const struct rank_traits people[] = {
        {.sex = RANK_WOMAN, .age = 20, .goal = 1, .tastes = 1},
        {.sex = RANK_WOMAN, .age = 30, .goal = 2},
        {.sex = RANK_WOMAN},
        {.sex = RANK_MAN, .age = 40, .tastes = 3},
    };
    struct rank_scale made;

    (void)state;
    rank_scale_of(people, ARRAY_LEN(people), &made);
    assert_near(made.mean[RANK_WOMAN][0], 25, NEAR);
    assert_near(made.deviation[RANK_WOMAN][0], 5, NEAR);
    assert_near(made.mean[RANK_WOMAN][3], .5, NEAR); /* of two who tell a goal */
    assert_near(made.deviation[RANK_WOMAN][3], .5, NEAR);
    assert_near(made.tastes[RANK_WOMAN][0], 1.0 / 3, NEAR);
    assert_near(made.mean[RANK_MAN][0], 40, NEAR);
    assert_near(made.deviation[RANK_MAN][0], 1, NEAR); /* all alike: nothing to divide by */
    assert_near(made.tastes[RANK_MAN][1], 1, NEAR);
}

static void own_traits_are_told_beside_those_of_her_sex(void **state)
{
    struct rank_traits man = {.sex = RANK_MAN, .age = 40, .dates = 4, .goal = 2, .tastes = 0x3ff};
    double own[RANK_OWN];

    (void)state;
    rank_own(&scale, &man, own);
    assert_near(own[0], 2, NEAR);
    assert_near(own[1], -1, NEAR);
    assert_near(own[2], 0, NEAR); /* not known */
    assert_near(own[3], 0, NEAR);
    assert_near(own[4], 1, NEAR); /* goal 2 */
    assert_near(own[7], 1.5, NEAR);
    assert_near(own[7 + 1], 2, NEAR);
    assert_near(own[7 + 10], 0, NEAR);
    assert_near(own[24], 1, NEAR); /* ten tastes */
    man.sex = RANK_WOMAN;
    rank_own(&scale, &man, own);
    assert_near(own[0], 3, NEAR);
    assert_near(own[7], 1, NEAR);
}

static void what_two_have_in_common(void **state)
{
    struct rank_traits woman = {
        .sex = RANK_WOMAN, .age = 25, .dates = 2, .goes_out = 2, .goal = 1, .trade = 3, .work = 4, .tastes = 0x1f};
    struct rank_traits man = {
        .sex = RANK_MAN, .age = 31, .dates = 4, .goes_out = 3, .goal = 1, .trade = 3, .work = 5, .tastes = 0x0f};
    static const double expected[RANK_SHARED] = {1, 1, 1, -.3, .2, .7, .9, -.15, 1, 1};
    double shared[RANK_SHARED], back[RANK_SHARED];

    (void)state;
    rank_shared(&scale, &woman, &man, shared);
    rank_shared(&scale, &man, &woman, back);
    for (int k = 0; k < RANK_SHARED; k++) {
        assert_near(shared[k], expected[k], NEAR);
        assert_near(back[k], expected[k], NEAR);
    }
}

static void a_younger_man_is_told_and_wide_gaps_are_bounded(void **state)
{
    struct rank_traits woman = {.sex = RANK_WOMAN, .age = 45}, man = {.sex = RANK_MAN, .age = 20};
    static const double expected[RANK_SHARED] = {-3, 6, 3, .7, -1.4, -.3, -.1, -.15, 1, 1};
    double shared[RANK_SHARED];

    (void)state;
    rank_shared(&scale, &woman, &man, shared);
    for (int k = 0; k < RANK_SHARED; k++)
        assert_near(shared[k], expected[k], NEAR);
    man.age = woman.age = 0; /* as usual: 30 and 28 */
    rank_shared(&scale, &woman, &man, shared);
    assert_near(shared[0], .2, NEAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_usual_is_the_mean_of_those_who_say_it),
        cmocka_unit_test(own_traits_are_told_beside_those_of_her_sex),
        cmocka_unit_test(what_two_have_in_common),
        cmocka_unit_test(a_younger_man_is_told_and_wide_gaps_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
