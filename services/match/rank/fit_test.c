#include "services/match/rank/fit.h"
#include "services/match/rank/near_fixture.h"

static const uint8_t sexes[] = {RANK_WOMAN, RANK_MAN, RANK_MAN};
static const struct rank_decision decisions[] = {
    {0, 1, 0, true}, {1, 0, .5f, false}, {0, 2, -.25f, false}, {2, 0, 0, true}};

static void swept(struct rank_taste *people, size_t n_decisions, size_t most)
{
    struct rank_sum sums[3] = {0};
    struct rank_sweep sweep = {decisions, n_decisions, people, sexes, sums, 3, 0, 0};

    for (int i = 0; i < 3; i++)
        people[i] = rank_newcomer(sexes[i]);
    while (rank_sweep_step(&sweep, most))
        continue;
    assert_false(rank_sweep_step(&sweep, most));
}

/* She says yes: a = .5 / (.25 + 1 / 1.25); then p = .616848, and b = .383152 / (.236346 + 1). */
static void a_sweep_is_a_step_of_newton_for_each(void **state)
{
    struct rank_taste people[3];

    (void)state;
    swept(people, 1, 100);
    assert_near(people[0].a, .4761905, 1e-6);
    assert_near(people[0].va, .9523810, 1e-6);
    assert_near(people[1].b, .3099067, 1e-5);
    assert_near(people[1].vb, .8088351, 1e-5);
    assert_near(people[1].a, 0, 0);
    assert_near(people[1].va, 1.75, 1e-9); /* nothing decided: as usual */
    assert_near(people[2].b, 0, 0);
}

static void slices_come_to_the_same(void **state)
{
    struct rank_taste whole[3], sliced[3];

    (void)state;
    swept(whole, ARRAY_LEN(decisions), 1000);
    swept(sliced, ARRAY_LEN(decisions), 1);
    assert_memory_equal(whole, sliced, sizeof(whole));
    assert_true(whole[0].b > whole[2].b);
}

/* Of four women three say yes, and nothing tells them apart: log 3. */
static void mu_comes_to_how_many_say_yes(void **state)
{
    struct rank_example examples[4] = {0};
    struct rank_taste people[2] = {0};
    struct rank_weights weights = {0};

    (void)state;
    for (int e = 0; e < 4; e++)
        examples[e] = (struct rank_example){.decision = {0, 1, 0, e > 0}, .sex = RANK_WOMAN};
    rank_descend(&weights, examples, 4, people);
    assert_near(weights.mu[RANK_WOMAN], 1, 1e-5);
    assert_near(weights.mu[RANK_MAN], 0, 0);
    for (int round = 0; round < 10; round++)
        rank_descend(&weights, examples, 4, people);
    assert_near(weights.mu[RANK_WOMAN], log(3), 1e-5);
}

/* Half say yes, those with the feature: slope 2 * .5 - 2 * -.5 = 2, curvature 4 * .25 + 1 / .003. */
static void a_weight_is_held_by_what_is_usual(void **state)
{
    struct rank_example examples[4] = {0};
    struct rank_taste people[2] = {0};
    struct rank_weights weights = {0};

    (void)state;
    for (int e = 0; e < 4; e++) {
        examples[e] = (struct rank_example){.decision = {0, 1, 0, e % 2 == 0}, .sex = RANK_MAN};
        examples[e].all[7] = e % 2 == 0 ? 1 : -1;
    }
    rank_descend(&weights, examples, 4, people);
    assert_near(weights.w[RANK_MAN][7], 2 / (1 + 1 / .003), 1e-7);
    assert_near(weights.w[RANK_WOMAN][7], 0, 0);
    for (int e = 0; e < 4; e++)
        assert_near(examples[e].decision.fixed, weights.w[RANK_MAN][7] * (double)examples[e].all[7], 1e-7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sweep_is_a_step_of_newton_for_each),
        cmocka_unit_test(slices_come_to_the_same),
        cmocka_unit_test(mu_comes_to_how_many_say_yes),
        cmocka_unit_test(a_weight_is_held_by_what_is_usual),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
