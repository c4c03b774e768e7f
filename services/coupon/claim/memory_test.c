/* What is in memory: rebuilt by a restart, taken back when a commit fails. */
#include "services/coupon/fixture.h"

static void a_restart_rebuilds_memory_exactly(void **state)
{
    int64_t ids[4];
    Rpc__Answer *before[4][3];

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(ids); i++)
        ids[i] = publish(draft_of(3 + (int32_t)i, 3, i % 2));
    clock_step(&h.service.clock, 60000);
    for (int day = 0; day < 3; day++) {
        for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
            for (int64_t member = 1; member <= 4; member++) {
                clock_step(&h.service.clock, 7);
                claim(ids[i], member + day);
            }
        }
        for (int restart = 0; restart < 2; restart++) {
            for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
                const Rpc__Answer *answers[] = {
                    on_release("Coupons.GetRelease", ids[i], harness_member(&h, 1, TOWN)),
                    harness_call(&h, "Coupons.ListOffers", NULL, harness_member(&h, 2 + i, TOWN), NULL),
                    harness_call(&h, "Coupons.ListCoupons", NULL, harness_member(&h, 2 + i, TOWN), NULL),
                };

                for (unsigned j = 0; j < ARRAY_LEN(answers); j++) {
                    assert_ok(answers[j]);
                    if (restart) {
                        assert_int_equal(answers[j]->output.len, before[i][j]->output.len);
                        assert_memory_equal(answers[j]->output.data, before[i][j]->output.data, answers[j]->output.len);
                    }
                    before[i][j] = unconst(answers[j]);
                }
            }
            if (!restart)
                harness_reopen(&h);
        }
        while (holdings_index_slice(h.service.self, 100) > 0)
            continue;
        clock_step(&h.service.clock, COUPON_DAY_MS - 4 * 4 * 7);
    }
    assert_clean();
}

static void a_failed_commit_gives_the_stock_back(void **state)
{
    int64_t id = open_release(400, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);

    (void)state;
    assert_ok(claim(id, 1));
    harness_fill(&h);
    for (int64_t member = 2; member <= 400; member++)
        gather_claim(id, harness_member(&h, member, TOWN), NULL);
    harness_run(&h);
    for (unsigned i = 0; i < h.answers->n_answers; i++)
        assert_refused(h.answers->answers[i], "STORE_FULL");
    assert_int_equal(get(id)->granted, 1);
    assert_int_equal(get(id)->left, 399);
    assert_int_equal(get(id)->sold_out_at, 0);
    assert_int_equal(list_coupons(5, 0, "")->n_coupons, 0);
    harness_empty(&h);
    for (int64_t member = 2; member <= 401; member++)
        gather_claim(id, harness_member(&h, member, TOWN), NULL);
    harness_run(&h);
    assert_true(h.answers->answers[398]->created);
    assert_refused(h.answers->answers[399], "SOLD_OUT");
    assert_clean();
}

static void a_failed_commit_takes_a_release_and_a_state_back(void **state)
{
    Coupon__Release draft = draft_of(3, 0, 0);
    Coupon__CreateReleaseRequest request = COUPON__CREATE_RELEASE_REQUEST__INIT;
    Coupon__ReleaseRequest pause = COUPON__RELEASE_REQUEST__INIT;
    struct coupon *self = h.service.self;
    int64_t id = publish(draft);

    (void)state;
    request.release = &draft;
    pause.release_id = id;
    harness_fill(&h);
    harness_add(&h, "Coupons.PauseRelease", &pause.base, manager_of(UNION), NULL);
    for (int i = 0; i < 300; i++) {
        char key[16];

        snprintf(key, sizeof(key), "%d", i);
        harness_add(&h, "Coupons.CreateRelease", &request.base, manager_of(UNION), key);
    }
    harness_run(&h);
    for (unsigned i = 0; i < h.answers->n_answers; i++)
        assert_refused(h.answers->answers[i], "STORE_FULL");
    assert_int_equal(self->n_live, 1);
    assert_int_equal(get(id)->release->state, COUPON__STATE__PUBLISHED);
    harness_empty(&h);
    assert_ok(create(&draft, manager_of(UNION)));
    harness_reopen(&h);
    assert_int_equal(self->n_live, 2);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_restart_rebuilds_memory_exactly),
        TEST(a_failed_commit_gives_the_stock_back),
        TEST(a_failed_commit_takes_a_release_and_a_state_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
