/* Following up: who is to be asked how she is, when, by whom, and that she reads what was written. */
#include "common/benefit/holders/holders_fixture.h"
#include "services/subsidy/fixture.h"

#define DAYS 90

static struct draft *a_help_draft(void)
{
    struct draft *draft = a_draft();

    draft->scheme.follow_up_days = DAYS;
    draft->scheme.closes_at = OPENS + 300 * DAY_MS;
    return draft;
}

static int64_t helped(int64_t scheme_id, int64_t member_id)
{
    int64_t id = handed_in(scheme_id, member_id);

    approve_whole(id);
    return id;
}

static const Rpc__Answer *list_in(const char *path, const Rpc__Principal *who)
{
    Subsidy__ListFollowUpsRequest request = SUBSIDY__LIST_FOLLOW_UPS_REQUEST__INIT;

    request.union_id = a_union(&h, path);
    return harness_call(&h, "Visits.ListFollowUps", &request.base, who, NULL);
}

static const Subsidy__FollowUpList *due_in(const char *path)
{
    return harness_output(&h, list_in(path, manager(911, path)), &subsidy__follow_up_list__descriptor);
}

static const Rpc__Answer *write_on(int64_t id, const char *note, const Rpc__Principal *who)
{
    Subsidy__WriteFollowUpRequest request = SUBSIDY__WRITE_FOLLOW_UP_REQUEST__INIT;

    request.application_id = id;
    request.note = unconst(note);
    return harness_call(&h, "Visits.WriteFollowUp", &request.base, who, NULL);
}

static void who_was_helped_is_asked_after_its_days_and_reads_the_note(void **state)
{
    int64_t scheme_id = open_scheme(a_help_draft()), id = helped(scheme_id, MEMBER);
    const Subsidy__Application *application;

    (void)state;
    wait_until(OPENS + (DAYS - 1) * DAY_MS);
    assert_int_equal(due_in(TOWN)->n_follow_ups, 0);
    assert_refused(write_on(id, "生活平稳", manager(911, TOWN)), "NO_FOLLOW_UP");
    wait_until(OPENS + (DAYS + 1) * DAY_MS);
    assert_int_equal(due_in(TOWN)->n_follow_ups, 1);
    assert_int_equal(due_in(CITY)->n_follow_ups, 1);
    assert_string_equal(due_in(TOWN)->follow_ups[0]->shown_name, "王*明");
    assert_int_equal(due_in(TOWN)->follow_ups[0]->office_id, a_union(&h, TOWN));
    assert_ok(write_on(id, "已复工，孩子正常就学", manager(911, TOWN)));
    assert_int_equal(due_in(TOWN)->n_follow_ups, 0);
    assert_refused(write_on(id, "再写一次", manager(912, TOWN)), "FOLLOWED_UP");
    application = get_hers(id, MEMBER);
    assert_int_equal(application->state, SUBSIDY__APPLICATION_STATE__APPLICATION_APPROVED);
    assert_int_equal(application->steps[application->n_steps - 1]->kind, SUBSIDY__STEP_KIND__STEP_FOLLOWED_UP);
    assert_string_equal(application->steps[application->n_steps - 1]->remark, "已复工，孩子正常就学");
    harness_reopen(&h);
    assert_int_equal(due_in(TOWN)->n_follow_ups, 0);
}

static void who_may_review_her_first_writes_and_not_on_herself(void **state)
{
    int64_t scheme_id = open_scheme(a_help_draft()), id = helped(scheme_id, MEMBER);

    (void)state;
    wait_until(OPENS + (DAYS + 1) * DAY_MS);
    assert_refused_at(list_in(CITY, manager(911, TOWN)), "OUTSIDE_YOUR_UNION", "unionId");
    assert_refused(write_on(id, "生活平稳", manager(911, "00010007")), "OUTSIDE_YOUR_UNION");
    assert_refused(write_on(id, "生活平稳", finance(921, TOWN)), "NOT_YOUR_STEP");
    assert_refused(write_on(id, "生活平稳", manager(MEMBER, TOWN)), "ON_YOURSELF");
    assert_refused(write_on(id + 1, "生活平稳", manager(911, TOWN)), "NO_FOLLOW_UP");
    assert_refused_at(write_on(id, "", manager(911, TOWN)), "MISSING_FIELD", "note");
    assert_int_equal(due_in(TOWN)->n_follow_ups, 1);
}

static void nobody_is_asked_who_is_not_to_be(void **state)
{
    const char *const notes = "SELECT count(*) FROM application_step WHERE remark <> x''";
    int64_t plain = open_scheme(a_draft()), scheme_id = open_scheme(a_help_draft()), id, closed;

    (void)state;
    helped(plain, MEMBER + 1);
    id = handed_in(scheme_id, MEMBER);
    assert_ok(decide(id, SUBSIDY__VERDICT__REFUSE, "不符合条件", manager(911, TOWN)));
    closed = handed_in(scheme_id, MEMBER + 2);
    assert_ok(decide(closed, SUBSIDY__VERDICT__APPROVE, "入户核实，情况属实", manager(911, TOWN)));
    assert_ok(decide(closed, SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)));
    assert_int_equal(harness_number(&h, notes), 2);
    wait_until(OPENS + (DAYS + 1) * DAY_MS);
    assert_int_equal(due_in(CITY)->n_follow_ups, 1);
    assert_int_equal(hear_closed(&h, MEMBER + 2), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(due_in(CITY)->n_follow_ups, 0);
    assert_int_equal(harness_number(&h, notes), 1); /* why another one was refused */
    assert_refused(write_on(closed, "生活平稳", manager(911, TOWN)), "NO_FOLLOW_UP");
}

/* Also of what is paid, which does not lapse. */
static void nobody_asks_who_has_no_account_any_more(void **state)
{
    int64_t scheme_id = open_scheme(a_help_draft()), id = helped(scheme_id, MEMBER);

    (void)state;
    wait_until(OPENS + (DAYS + 1) * DAY_MS);
    harness_tamper(&h, "UPDATE application SET state = 13"); /* APPLICATION_PAID */
    assert_int_equal(due_in(CITY)->n_follow_ups, 1);
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(due_in(CITY)->n_follow_ups, 0);
    assert_refused(write_on(id, "生活平稳", manager(911, TOWN)), "NO_FOLLOW_UP");
    harness_tamper(&h, "UPDATE application SET state = 4");
}

static void nobody_asks_whose_approval_came_to_nothing(void **state)
{
    struct draft *draft = a_funded_draft(a_fund(10000000), 1000000, SUBSIDY__SELECTION_KIND__ALL, 0);
    int64_t id, objection_id;

    (void)state;
    draft->scheme.union_id = a_union(&h, TOWN);
    draft->scheme.follow_up_days = 1;
    draft->steps[1].role = RULE__ROLE__BENEFIT_MANAGER;
    id = handed_in(open_scheme(draft), MEMBER);
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(912, TOWN)));
    wait_until(OPENS + 2 * DAY_MS);
    assert_int_equal(due_in(TOWN)->n_follow_ups, 1);
    objection_id = objection_of(raise_objection(id, MEMBER + 9))->objection_id;
    assert_int_equal(due_in(TOWN)->n_follow_ups, 0); /* while it is held */
    assert_ok(decide_objection(objection_id, true, manager(921, CITY)));
    assert_ok(decide_objection(objection_id, true, manager(922, CITY)));
    assert_int_equal(due_in(TOWN)->n_follow_ups, 0);
}

/* Who approves writes what was seen at her home, where the step wants it. */
static void a_step_may_want_a_note_of_the_visit(void **state)
{
    struct draft *draft = a_help_draft();
    const Subsidy__Application *application;
    int64_t id;

    (void)state;
    draft->steps[0].notes = true;
    id = handed_in(open_scheme(draft), MEMBER);
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, " ", manager(911, TOWN)), "NOTE_MISSING");
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "入户核实，情况属实", manager(911, TOWN)));
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)));
    application = get_hers(id, MEMBER);
    assert_int_equal(application->steps[1]->kind, SUBSIDY__STEP_KIND__STEP_APPROVED);
    assert_string_equal(application->steps[1]->remark, "入户核实，情况属实");
    assert_int_equal(
        harness_number(&h, "SELECT count(*) FROM application_step WHERE instr(remark, CAST('入户' AS BLOB)) > 0"), 0);
}

static void the_audit_finds_who_was_taken_off_the_list(void **state)
{
    int64_t scheme_id = open_scheme(a_help_draft());

    (void)state;
    helped(scheme_id, MEMBER);
    assert_found(&h, "UPDATE follow_up SET done_at = 1", "UPDATE follow_up SET done_at = 0");
    assert_found(&h, "UPDATE follow_up SET due_at = due_at + 1", "UPDATE follow_up SET due_at = due_at - 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_was_helped_is_asked_after_its_days_and_reads_the_note),
        TEST(who_may_review_her_first_writes_and_not_on_herself),
        TEST(nobody_is_asked_who_is_not_to_be),
        TEST(nobody_asks_who_has_no_account_any_more),
        TEST(nobody_asks_whose_approval_came_to_nothing),
        TEST(a_step_may_want_a_note_of_the_visit),
        TEST(the_audit_finds_who_was_taken_off_the_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
