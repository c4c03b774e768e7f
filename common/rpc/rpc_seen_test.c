/* Who is shown to whom is told to the service, whatever else becomes of the call. */
#include "common/rpc/rpc_fixture.h"

static unsigned told;

/* Records each look as a thing, and in the journal. */
static void record(void *call, const struct api_method *method, const int64_t *members, size_t n, void *arg)
{
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;

    assert_ptr_equal(arg, &told);
    assert_string_equal(method->name, "Shows.CheckGuests");
    told++;
    for (size_t i = 0; i < n; i++)
        store_run(things.store, things.sql + SQL_ADD, "i", members[i]);
    taken.member_id = (int64_t)n;
    rpc_tell(call, &taken.base);
}

static int setup_seen(void **state)
{
    setup(state);
    rpc_server_on_seen(h.service.rpc, record, &told);
    told = 0;
    return 0;
}

static const Rpc__Answer *check(int64_t number, int64_t official)
{
    Sample__ShowRequest request = SAMPLE__SHOW_REQUEST__INIT;

    request.show_id = number;
    return harness_call(&h, "Shows.CheckGuests", &request.base,
                        harness_official(&h, official, RULE__ROLE__BENEFIT_MANAGER, PATH), NULL);
}

static int64_t stored(void)
{
    return harness_number(&h, "SELECT count(*) FROM thing");
}

static void a_look_is_recorded_with_its_call(void **state)
{
    (void)state;
    assert_ok(check(1, 5));
    assert_int_equal(told, 1);
    assert_int_equal(stored(), 3);
    assert_int_equal(journal_rows(), 3); /* the deed, the look, and whose authority */
}

static void nobody_is_told_of_a_look_at_oneself(void **state)
{
    (void)state;
    assert_ok(check(1, 71));
    assert_int_equal(stored(), 2);
}

static void a_rehearsal_leaves_nothing_but_the_look(void **state)
{
    (void)state;
    things.rehearse = true;
    assert_ok(check(1, 5));
    assert_int_equal(told, 1);
    assert_int_equal(things.n, 0);
    assert_int_equal(harness_number(&h, "SELECT sum(id) FROM thing"), 71 + 72);
    assert_int_equal(journal_rows(), 1);
    harness_reopen(&h);
    assert_int_equal(journal_rows(), 1);
    assert_int_equal(stored(), 2);
}

static void a_look_that_cannot_be_recorded_is_not_given(void **state)
{
    (void)state;
    for (int rehearse = 0; rehearse < 2; rehearse++) {
        things.rehearse = rehearse;
        harness_fill(&h);
        assert_int_equal(check(1, 5)->reason, RPC__REASON__STORE_FULL);
        assert_int_equal(h.answers->answers[0]->output.len, 0);
        harness_empty(&h);
        assert_int_equal(stored(), 0);
    }
}

#define TEST_SEEN(name) cmocka_unit_test_setup_teardown(name, setup_seen, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_SEEN(a_look_is_recorded_with_its_call),
        TEST_SEEN(nobody_is_told_of_a_look_at_oneself),
        TEST_SEEN(a_rehearsal_leaves_nothing_but_the_look),
        TEST_SEEN(a_look_that_cannot_be_recorded_is_not_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
