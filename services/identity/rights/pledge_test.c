/* The single pledge: who makes it, how long it stands, and how it ends. */
#include "services/identity/rights/pledges.h"

#include "services/identity/people/people_fixture.h"
#include "services/identity/unions/tree_fixture.h"

#define DAY  INT64_C(86400000)
#define CODE "440604"

static void publish_text(struct harness *h, int64_t union_id, const char *text)
{
    Identity__PublishPolicyRequest request = IDENTITY__PUBLISH_POLICY_REQUEST__INIT;

    request.union_id = union_id;
    request.purpose = IDENTITY__PURPOSE__PURPOSE_SINGLE_PLEDGE;
    request.title = request.controller = request.contact = request.kinds = request.retention = "市总工会";
    request.text = unconst(text);
    assert_ok(harness_call(h, "Consents.PublishPolicy", &request.base, harness_internal(h), text));
}

static const Rpc__Answer *pledge(struct harness *h, const Rpc__Principal *who, const char *name, int version)
{
    static unsigned calls;
    Identity__MakePledgeRequest request = IDENTITY__MAKE_PLEDGE_REQUEST__INIT;
    char key[32];

    snprintf(key, sizeof(key), "pledge %u", calls++);
    request.name = unconst(name);
    request.version = version;
    return harness_call(h, "Pledges.MakePledge", &request.base, who, key);
}

static Identity__PledgeList *mine(struct harness *h, const Rpc__Principal *who)
{
    return harness_output(h, harness_call(h, "Pledges.ListMyPledges", NULL, who, NULL),
                          &identity__pledge_list__descriptor);
}

static Identity__PledgeChanged *last_change(struct harness *h)
{
    return last_event(h, IDENTITY__EVENT__EVENT_PLEDGE_CHANGED)->pledge_changed;
}

static void a_pledge_needs_her_own_name_under_the_text_in_force(void **state)
{
    Identity__Pledge *made;
    Rpc__Principal *who;
    struct harness h;
    int64_t root;

    (void)state;
    begin(&h);
    root = make_union(&h, CODE, "")->union_id;
    who = member_of_union(&h, 1, CODE);
    assert_refused(pledge(&h, who, "王小明", 1), "POLICY_NOT_FOUND");
    publish_text(&h, root, "一");
    assert_refused(pledge(&h, person_signed_in(&h, 2), "王小明", 1), "PLEDGE_NEEDS_REAL_NAME");
    assert_refused(pledge(&h, who, "王大明", 1), "PLEDGE_NAME_MISMATCH");
    assert_refused(pledge(&h, who, "1", 1), "PLEDGE_NAME_MISMATCH");
    assert_refused(pledge(&h, who, "王小明", 2), "CONSENT_OTHER_VERSION");
    made = harness_output(&h, pledge(&h, who, " 王小明 ", 1), &identity__pledge__descriptor);
    assert_int_equal(made->state, IDENTITY__PLEDGE_STATE__PLEDGE_STANDING);
    assert_int_equal(made->until - made->made_at, 180 * DAY);
    assert_int_equal(strlen(made->text_sha256), 64);
    assert_int_equal(last_change(&h)->member_id, who->member_id);
    assert_int_equal(last_change(&h)->until, made->until);
    end(&h);
}

static void it_ends_by_itself_when_its_time_is_over(void **state)
{
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    publish_text(&h, make_union(&h, CODE, "")->union_id, "一");
    who = member_of_union(&h, 1, CODE);
    assert_ok(pledge(&h, who, "王小明", 1));
    clock_step(&h.service.clock, 180 * DAY - 1);
    harness_tidy(&h);
    assert_int_equal(last_change(&h)->state, IDENTITY__PLEDGE_STATE__PLEDGE_STANDING);
    assert_int_equal(mine(&h, who)->pledges[0]->state, IDENTITY__PLEDGE_STATE__PLEDGE_STANDING);
    clock_step(&h.service.clock, 1);
    /* Said of it at once, and by the journal when tidying comes to it. */
    assert_int_equal(mine(&h, who)->pledges[0]->state, IDENTITY__PLEDGE_STATE__PLEDGE_EXPIRED);
    harness_tidy(&h);
    assert_int_equal(last_change(&h)->state, IDENTITY__PLEDGE_STATE__PLEDGE_EXPIRED);
    assert_int_equal(mine(&h, who)->n_pledges, 1);
    end(&h);
}

static void it_is_renewed_by_another_and_revoked_by_one_call(void **state)
{
    Identity__PledgeList *list;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    publish_text(&h, make_union(&h, CODE, "")->union_id, "一");
    who = member_of_union(&h, 1, CODE);
    assert_refused(harness_call(&h, "Pledges.RevokePledge", NULL, who, NULL), "PLEDGE_NOT_FOUND");
    assert_ok(pledge(&h, who, "王小明", 1));
    clock_step(&h.service.clock, 1000);
    assert_ok(pledge(&h, who, "王小明", 1));
    list = mine(&h, who);
    assert_int_equal(list->n_pledges, 2);
    assert_int_equal(list->pledges[0]->state, IDENTITY__PLEDGE_STATE__PLEDGE_STANDING);
    assert_int_equal(list->pledges[1]->state, IDENTITY__PLEDGE_STATE__PLEDGE_RENEWED);
    assert_int_equal(last_change(&h)->until, list->pledges[0]->until);
    assert_ok(harness_call(&h, "Pledges.RevokePledge", NULL, who, NULL));
    assert_int_equal(last_change(&h)->state, IDENTITY__PLEDGE_STATE__PLEDGE_REVOKED);
    assert_int_equal(mine(&h, who)->pledges[0]->state, IDENTITY__PLEDGE_STATE__PLEDGE_REVOKED);
    assert_refused(harness_call(&h, "Pledges.RevokePledge", NULL, who, NULL), "PLEDGE_NOT_FOUND");
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pledge_needs_her_own_name_under_the_text_in_force),
        cmocka_unit_test(it_ends_by_itself_when_its_time_is_over),
        cmocka_unit_test(it_is_renewed_by_another_and_revoked_by_one_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
