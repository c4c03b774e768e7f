/* A gateway that was taken says no more than a member could. */
#include "common/rpc/rpc_fixture.h"

static const Rpc__Answer *show_of(int64_t show_id, const Rpc__Principal *who)
{
    Sample__ShowRequest request = SAMPLE__SHOW_REQUEST__INIT;

    request.show_id = show_id;
    return harness_call(&h, GET, &request.base, who, NULL);
}

static void an_input_that_json_cannot_make_is_refused(void **state)
{
    unsigned runs;

    (void)state;
    assert_ok(show_of(0, harness_member(&h, 5, PATH))); /* a daemon knows what it says */
    h.edge = true;
    runs = things.runs;
    assert_refused(show_of(0, harness_member(&h, 5, PATH)), "BAD_REQUEST");
    assert_int_equal(things.runs, runs);
    assert_ok(show_of(1, harness_member(&h, 5, PATH)));
    h.edge = false;
}

static void a_principal_that_no_token_can_name_is_refused(void **state)
{
    static char long_path[200];
    Rpc__Principal *bad[7];
    unsigned runs;

    (void)state;
    memset(long_path, '0', sizeof(long_path) - 1);
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
        bad[i] = harness_member(&h, 5, PATH);
    bad[0]->union_path = long_path;
    bad[1]->union_path = unconst("000");
    bad[2]->union_path = unconst("0001/../");
    bad[3]->level = (Rpc__Level)99;
    bad[4]->trade = (Rpc__Trade)1000;
    bad[5]->trade = (Rpc__Trade)-1;
    bad[6]->sex = (Rpc__Sex)7;
    h.edge = true;
    runs = things.runs;
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
        assert_refused(show_of(1, bad[i]), "BAD_TOKEN");
    assert_int_equal(things.runs, runs);
    h.edge = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_input_that_json_cannot_make_is_refused),
        TEST(a_principal_that_no_token_can_name_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
