/* The power is lost at every write from a reminder to its outcome: nobody is told twice,
 * and whoever surely was not told is told afterwards. */
#include "tests/power.h"

#include "services/bridge/outbox/outbox_fixture.h"

#define PEOPLE 3

static void open_empty(struct harness *harness)
{
    memset(&t, 0, sizeof(t));
    set_conf();
    harness_open(harness, &bridge_spec, disconnect_outbox);
}

static void tell_all(void)
{
    for (unsigned i = 0; i < t.n_questions; i++) {
        char openid[16];

        snprintf(openid, sizeof(openid), "o%lld", (long long)t.questions[i].member_id);
        if (t.questions[i].answered)
            tell_openid(i, openid);
    }
}

static void answer_all(void)
{
    for (unsigned i = 0; i < t.n_sent; i++) {
        if (t.sent[i].done)
            answer(i, "{\"errcode\":0}");
    }
}

static void tell_people(struct harness *harness)
{
    (void)harness;
    t.n_questions = t.n_sent = 0;
    connect_outbox();
    for (int id = 1; id <= PEOPLE; id++)
        remind_by(id, HEALTH__REMINDER_KIND__DAY_BEFORE, id, SOON_AT);
    for (unsigned i = 0; i < 3; i++) {
        step();
        tell_all();
        step();
        answer_all();
        step();
    }
}

static unsigned requests_to(int id)
{
    unsigned n = 0;

    for (unsigned i = 0; i < t.n_sent; i++) {
        char touser[32];

        snprintf(touser, sizeof(touser), "{\"touser\":\"o%d\",", id);
        n += strncmp(t.sent[i].json, touser, strlen(touser)) == 0;
    }
    return n;
}

static void nobody_is_told_twice(struct harness *harness)
{
    connect_outbox();
    for (int id = 1; id <= PEOPLE; id++) /* the cursor stands where it stood: rows may come again */
        assert_true(remind_by(id, HEALTH__REMINDER_KIND__DAY_BEFORE, id, SOON_AT));
    for (unsigned i = 0; i < 4; i++) {
        step();
        tell_all();
        step();
        answer_all();
    }
    step();
    for (int id = 1; id <= PEOPLE; id++) {
        if (state_of(id) == SENT)
            assert_int_equal(requests_to(id), 1);
        else
            assert_int_equal(state_of(id), UNCERTAIN);
        assert_true(requests_to(id) <= 1);
    }
    assert_string_equal(harness_audit(harness), "");
    harness_forget(harness);
}

static void no_power_cut_tells_anybody_twice_or_forgets_her(void **state)
{
    static const struct power_trial trial = {open_empty, tell_people, nobody_is_told_twice};

    (void)state;
    assert_true(power_every_cut(&h, &trial) > 10);
    unset_conf();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_power_cut_tells_anybody_twice_or_forgets_her),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
