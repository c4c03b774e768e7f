/* Applications: kept as she types, handed in, corrected, withdrawn, and what becomes of them by themselves. */
#include "services/subsidy/fixture.h"

static void a_draft_is_kept_as_she_types_and_told_nobody(void **state)
{
    int64_t scheme_id = open_scheme(a_draft()), rows = harness_number(&h, "SELECT count(*) FROM journal");
    const Subsidy__Application *application = application_of(start(scheme_id, member_of(MEMBER)));
    int64_t id = application->application_id;

    (void)state;
    assert_int_equal(application->state, SUBSIDY__APPLICATION_STATE__APPLICATION_DRAFT);
    assert_int_equal(application_of(start(scheme_id, member_of(MEMBER)))->application_id, id);
    assert_ok(save(id, "certificate", "ZS", member_of(MEMBER)));
    harness_reopen(&h);
    application = get_hers(id, MEMBER);
    assert_string_equal(application->answers[0]->text, "ZS");
    assert_string_equal(application->scheme_title, "学历补贴");
    assert_refused(on_application("Applications.GetMyApplication", id, member_of(MEMBER + 1)), "APPLICATION_NOT_FOUND");
    assert_refused(on_application("Reviews.GetReview", id, manager(911, CITY)), "APPLICATION_NOT_FOUND");
    assert_refused_at(save(id, "other", "x", member_of(MEMBER)), "FIELD_UNKNOWN", "answers[0].field");
    assert_refused_at(submit(id, member_of(MEMBER)), "FIELD_NO_CERTIFICATE", "answers.certificate");
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM journal"), rows);
    assert_int_equal(application_of(on_application("Applications.WithdrawApplication", id, member_of(MEMBER)))->state,
                     SUBSIDY__APPLICATION_STATE__APPLICATION_WITHDRAWN);
    assert_refused(on_application("Applications.GetMyApplication", id, member_of(MEMBER)), "APPLICATION_NOT_FOUND");
}

/* Nothing of what she wrote can be read in the store's file. */
static void what_she_wrote_is_sealed(void **state)
{
    int64_t id = application_of(start(open_scheme(a_draft()), member_of(MEMBER)))->application_id;

    (void)state;
    assert_ok(save(id, "certificate", "PLANTED20250001", member_of(MEMBER)));
    assert_ok(submit(id, member_of(MEMBER)));
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM application WHERE instr(answers, CAST('PLANTED' AS "
                                        "BLOB)) > 0"),
                     0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM certificate WHERE instr(number, CAST('PLANTED' AS "
                                        "BLOB)) > 0"),
                     0);
    assert_string_equal(get_hers(id, MEMBER)->answers[0]->text, "PLANTED20250001");
}

static void she_sees_where_it_is_and_until_when(void **state)
{
    int64_t id = handed_in(open_scheme(a_draft()), MEMBER);
    const Subsidy__Application *application = get_hers(id, MEMBER);

    (void)state;
    assert_int_equal(application->state, SUBSIDY__APPLICATION_STATE__APPLICATION_IN_REVIEW);
    assert_int_equal(application->office_id, a_union(&h, TOWN));
    assert_string_equal(application->step_title, "镇街工会初审");
    assert_int_equal(application->since, now());
    assert_int_equal(application->due_at, now() + 5 * DAY_MS);
    assert_int_equal(application->amount_fen, 100000);
    assert_int_equal(application->n_steps, 1);
    assert_int_equal(application->steps[0]->kind, SUBSIDY__STEP_KIND__STEP_SUBMITTED);
    assert_int_equal(application->steps[0]->hash.len, 32);
    assert_int_equal(application_of(submit(id, member_of(MEMBER)))->n_steps, 1); /* a repeat */
    assert_refused(save(id, "certificate", "x", member_of(MEMBER)), "NOT_A_DRAFT");
}

/* Each step names the journal's row of the step before. */
static void steps_are_chained_in_the_journal(void **state)
{
    int64_t id = handed_in(open_scheme(a_draft()), MEMBER);
    const Subsidy__Application *application;
    const Subsidy__Event *event;

    (void)state;
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    application = get_hers(id, MEMBER);
    event = harness_last_event(&h, &subsidy__event__descriptor, SUBSIDY__EVENT__EVENT_APPLICATION_CHANGED);
    assert_int_equal(event->application_changed->nth, 3);
    assert_int_equal(event->application_changed->previous_seq, application->steps[1]->seq);
    assert_int_equal(application->steps[2]->kind, SUBSIDY__STEP_KIND__STEP_PASSED_ON);
}

static void what_may_be_had_once_is_not_had_twice(void **state)
{
    struct draft *draft = a_draft();
    int64_t scheme_id = open_scheme(draft), id = handed_in(scheme_id, MEMBER);

    (void)state;
    assert_refused(start(scheme_id, member_of(MEMBER)), "STILL_DECIDED");
    approve_whole(id);
    assert_refused(start(scheme_id, member_of(MEMBER)), "HAD_ONCE");
    draft = a_draft();
    draft->scheme.replaces_id = scheme_id;
    draft->scheme.opens_at = now() + 1;
    scheme_id = open_scheme(draft);
    clock_step(&h.service.clock, 10);
    assert_refused(start(scheme_id, member_of(MEMBER)), "HAD_ONCE");
    assert_ok(start(scheme_id, member_of(MEMBER + 1)));
}

static void once_in_each_period(void **state)
{
    struct draft *draft = a_draft();
    int64_t scheme_id, id;

    (void)state;
    draft->scheme.n_fields = 0;
    draft->scheme.once = SUBSIDY__ONCE__ONCE_PERIOD;
    draft->scheme.period = GRANTED__PERIOD__SEASON;
    draft->scheme.closes_at = OPENS + 200 * DAY_MS;
    scheme_id = open_scheme(draft);
    id = application_of(start(scheme_id, member_of(MEMBER)))->application_id;
    assert_ok(submit(id, member_of(MEMBER)));
    approve_whole(id);
    assert_refused(start(scheme_id, member_of(MEMBER)), "HAD_IN_PERIOD");
    wait_until(HARNESS_NOW + 91 * DAY_MS); /* April */
    assert_ok(start(scheme_id, member_of(MEMBER)));
}

static void a_certificate_is_good_for_one_application(void **state)
{
    int64_t scheme_id = open_scheme(a_draft()), first, second;

    (void)state;
    first = handed_in(scheme_id, MEMBER);
    second = application_of(start(scheme_id, member_of(MEMBER + 1)))->application_id;
    assert_ok(save(second, "certificate", "zs-0000 0500", member_of(MEMBER + 1)));
    assert_refused_at(submit(second, member_of(MEMBER + 1)), "CERTIFICATE_USED", "answers.certificate");
    assert_ok(decide(first, SUBSIDY__VERDICT__REFUSE, "证书不在目录内", manager(911, TOWN)));
    assert_ok(submit(second, member_of(MEMBER + 1)));
}

static void all_that_stands_in_the_way_is_told_at_once(void **state)
{
    static char *kinds[] = {"甲", "乙"};
    struct draft *draft = a_draft();
    Subsidy__FormField *field = add_field(draft, "kind", SUBSIDY__FIELD_KIND__CHOICE);
    const Subsidy__CheckResult *result;
    int64_t id, other;

    (void)state;
    field->choices = kinds;
    field->n_choices = 2;
    id = application_of(start(open_scheme(draft), member_of(MEMBER)))->application_id;
    draft = a_draft();
    draft->scheme.opens_at = now() + 1;
    other = open_scheme(draft);
    wait_until(OPENS + 10);
    assert_ok(save(id, "certificate", "x", member_of(MEMBER)));
    result = harness_output(&h, on_application("Applications.CheckApplication", id, member_of(MEMBER)),
                            &subsidy__check_result__descriptor);
    assert_int_equal(result->n_findings, 2);
    assert_string_equal(result->findings[0]->reason, "FIELD_NO_CERTIFICATE");
    assert_string_equal(result->findings[1]->field, "kind");
    assert_string_equal(result->findings[1]->reason, "FIELD_EMPTY");
    assert_int_equal(result->n_other_scheme_ids, 1);
    assert_int_equal(result->other_scheme_ids[0], other);
}

static void what_is_not_decided_in_time_goes_to_the_union_above(void **state)
{
    int64_t id = handed_in(open_scheme(a_draft()), MEMBER), handed = now();
    const Subsidy__Application *application;

    (void)state;
    wait_until(handed + 5 * DAY_MS);
    harness_tidy(&h);
    application = get_hers(id, MEMBER);
    assert_int_equal(application->office_id, a_union(&h, CITY));
    assert_int_equal(application->steps[1]->kind, SUBSIDY__STEP_KIND__STEP_OVERDUE);
    assert_int_equal(application->due_at, now() + 5 * DAY_MS);
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)), "NOT_YOUR_STEP");
    wait_until(now() + 5 * DAY_MS);
    harness_tidy(&h);
    assert_int_equal(get_hers(id, MEMBER)->due_at, 0); /* there is nobody above */
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(912, CITY)));
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)));
}

static void what_is_given_back_is_corrected_or_lapses(void **state)
{
    int64_t scheme_id = open_scheme(a_draft()), id = handed_in(scheme_id, MEMBER), other;
    const Subsidy__Application *application;

    (void)state;
    assert_refused(decide(id, SUBSIDY__VERDICT__GIVE_BACK, " ", manager(911, TOWN)), "REMARK_MISSING");
    assert_ok(decide(id, SUBSIDY__VERDICT__GIVE_BACK, "证书编号看不清", manager(911, TOWN)));
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__SUBSIDY_GIVEN_BACK, id), 1);
    application = get_hers(id, MEMBER);
    assert_int_equal(application->state, SUBSIDY__APPLICATION_STATE__APPLICATION_GIVEN_BACK);
    assert_string_equal(application->remark, "证书编号看不清");
    assert_int_equal(application->due_at, now() + SUBSIDY_DAYS_USUAL * DAY_MS);
    assert_int_equal(application_of(start(scheme_id, member_of(MEMBER)))->application_id, id);
    assert_ok(save(id, "certificate", "ZS77777777", member_of(MEMBER)));
    assert_ok(submit(id, member_of(MEMBER)));
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__SUBSIDY_GIVEN_BACK, id), 0);
    assert_int_equal(get_hers(id, MEMBER)->office_id, a_union(&h, TOWN));
    other = handed_in(scheme_id, MEMBER + 1);
    assert_ok(decide(other, SUBSIDY__VERDICT__GIVE_BACK, "请补正", manager(911, TOWN)));
    wait_until(now() + SUBSIDY_DAYS_USUAL * DAY_MS);
    harness_tidy(&h);
    assert_int_equal(get_hers(other, MEMBER + 1)->state, SUBSIDY__APPLICATION_STATE__APPLICATION_LAPSED);
    assert_ok(start(scheme_id, member_of(MEMBER + 1)));
}

static void she_withdraws_it_until_it_is_decided(void **state)
{
    int64_t scheme_id = open_scheme(a_draft()), id = handed_in(scheme_id, MEMBER);

    (void)state;
    assert_int_equal(application_of(on_application("Applications.WithdrawApplication", id, member_of(MEMBER)))->state,
                     SUBSIDY__APPLICATION_STATE__APPLICATION_WITHDRAWN);
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)), "NOT_IN_REVIEW");
    id = handed_in(scheme_id, MEMBER);
    approve_whole(id);
    assert_refused(on_application("Applications.WithdrawApplication", id, member_of(MEMBER)), "CANNOT_WITHDRAW");
}

static void who_is_refused_asks_the_union_above_once(void **state)
{
    int64_t scheme_id = open_scheme(a_draft()), id = handed_in(scheme_id, MEMBER);

    (void)state;
    assert_refused(on_application("Applications.AskAgain", id, member_of(MEMBER)), "CANNOT_ASK_AGAIN");
    assert_ok(decide(id, SUBSIDY__VERDICT__REFUSE, "不符合条件", manager(911, TOWN)));
    assert_int_equal(get_hers(id, MEMBER)->may_ask_until, now() + SUBSIDY_DAYS_USUAL * DAY_MS);
    assert_ok(on_application("Applications.AskAgain", id, member_of(MEMBER)));
    assert_int_equal(get_hers(id, MEMBER)->office_id, a_union(&h, CITY));
    assert_true(item_of(on_application("Reviews.GetReview", id, manager(912, CITY)))->again);
    assert_ok(decide(id, SUBSIDY__VERDICT__REFUSE, "仍不符合条件", manager(912, CITY)));
    assert_refused(on_application("Applications.AskAgain", id, member_of(MEMBER)), "CANNOT_ASK_AGAIN");
}

static void two_accounts_of_one_person_have_it_once(void **state)
{
    int64_t scheme_id = open_scheme(a_draft()), first = handed_in(scheme_id, MEMBER),
            second = handed_in(scheme_id, MEMBER + 1);

    (void)state;
    approve_whole(first);
    approve_whole(second);
    assert_int_equal(hear_merged(&h, MEMBER + 1, MEMBER), 0);
    while (harness_tidy(&h))
        ;
    assert_int_equal(get_hers(first, MEMBER)->state, SUBSIDY__APPLICATION_STATE__APPLICATION_APPROVED);
    assert_int_equal(get_hers(second, MEMBER)->state, SUBSIDY__APPLICATION_STATE__APPLICATION_LAPSED);
}

static void an_account_that_closes_leaves_no_word_of_hers(void **state)
{
    int64_t scheme_id = open_scheme(a_draft()), id = handed_in(scheme_id, MEMBER);

    (void)state;
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    while (harness_tidy(&h))
        ;
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM application WHERE answers <> x'' OR shown_name <> ''"),
                     0);
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)), "NOT_IN_REVIEW");
    assert_ok(start(scheme_id, member_of(MEMBER + 1)));
}

static void she_takes_all_of_it_away(void **state)
{
    int64_t id = handed_in(open_scheme(a_draft()), MEMBER);
    struct exported all;

    (void)state;
    on_application("Reviews.GetReview", id, manager(911, TOWN));
    all = export_person(&h, MEMBER);
    assert_int_equal(exported_count(&all, "applications", "ZS00000500"), 1);
    assert_int_equal(exported_count(&all, "applications", "lookId"), 2); /* with hers, and by itself */
}

static void the_audit_finds_what_was_changed(void **state)
{
    int64_t id = handed_in(open_scheme(a_draft()), MEMBER);

    (void)state;
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    assert_found(&h, "UPDATE application SET amount_fen = amount_fen + 1",
                 "UPDATE application SET amount_fen = amount_fen - 1");
    assert_found(&h, "UPDATE application SET state = 4", "UPDATE application SET state = 2");
    assert_found(&h, "UPDATE application SET member_id = member_id + 1",
                 "UPDATE application SET member_id = member_id - 1");
    assert_found(&h, "UPDATE application SET answers = CAST(answers || x'00' AS BLOB)",
                 "UPDATE application SET answers = substr(answers, 1, length(answers) - 1)");
    assert_found(&h, "UPDATE certificate SET application_id = 7",
                 "UPDATE certificate SET application_id = (SELECT "
                 "application_id FROM application)");
    assert_found(&h, "UPDATE application_step SET nth = 9 WHERE nth = 3",
                 "UPDATE application_step SET nth = 3 WHERE nth = 9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_draft_is_kept_as_she_types_and_told_nobody),
        TEST(what_she_wrote_is_sealed),
        TEST(she_sees_where_it_is_and_until_when),
        TEST(steps_are_chained_in_the_journal),
        TEST(what_may_be_had_once_is_not_had_twice),
        TEST(once_in_each_period),
        TEST(a_certificate_is_good_for_one_application),
        TEST(all_that_stands_in_the_way_is_told_at_once),
        TEST(what_is_not_decided_in_time_goes_to_the_union_above),
        TEST(what_is_given_back_is_corrected_or_lapses),
        TEST(she_withdraws_it_until_it_is_decided),
        TEST(who_is_refused_asks_the_union_above_once),
        TEST(two_accounts_of_one_person_have_it_once),
        TEST(an_account_that_closes_leaves_no_word_of_hers),
        TEST(she_takes_all_of_it_away),
        TEST(the_audit_finds_what_was_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
