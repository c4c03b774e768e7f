/* Whether who has a member's number is she: what is hidden and refused until she has shown it. */
#include "services/identity/access/devices.h"
#include "services/identity/access/session_life.h"
#include "services/identity/access/step_ups.h"
#include "services/identity/access/stepup_fixture.h"
#include "services/identity/unions/tree_fixture.h"
#include "services/identity/people/members.h"

#define CODE   "440604"
#define DAY_MS INT64_C(86400000)

/* The n-th person signs in again on a device: as her token says. */
static Rpc__Principal *on_device(struct harness *h, unsigned n, unsigned device)
{
    harness_from(h, device, device);
    return person_signed_in(h, n);
}

static Identity__Member *me(struct harness *h, const Rpc__Principal *who)
{
    return harness_output(h, harness_call(h, "Identity.GetMe", NULL, who, NULL), &identity__member__descriptor);
}

static void assert_seen(struct harness *h, const Rpc__Principal *who, bool seen)
{
    Identity__Member *member = me(h, who);

    assert_int_equal(who->unproven, !seen);
    assert_int_equal(who->birthday != 0, seen);
    assert_string_equal(who->shown_name, seen ? "王*明" : "");
    assert_string_equal(member->name, seen ? "王*明" : "");
    assert_int_equal(*member->resident_id != '\0', seen);
    assert_int_equal(member->step_up_needed, !seen);
}

static void assert_hidden(struct harness *h, const Rpc__Principal *who)
{
    assert_seen(h, who, false);
}

static void assert_shown(struct harness *h, const Rpc__Principal *who)
{
    assert_seen(h, who, true);
}

static void on_a_new_device_nothing_is_shown_of_her_before_she_has_told_her_document(void **state)
{
    char wrong[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    assert_shown(&h, member_of_union(&h, 1, CODE));
    assert_shown(&h, on_device(&h, 1, 1)); /* where she has proven her name */
    who = on_device(&h, 1, 2);
    assert_hidden(&h, who);
    make_resident_id(2, wrong);
    assert_refused(step_up(&h, who, wrong), "STEP_UP_WRONG");
    assert_refused(step_up(&h, who, ""), "STEP_UP_WRONG");
    who = stepped_up(&h, who, 1);
    assert_shown(&h, who);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_STEPPED_UP)->stepped_up->member_id, who->member_id);
    assert_shown(&h, on_device(&h, 1, 2));
    /* One that names itself by nothing is never known again. */
    assert_hidden(&h, on_device(&h, 1, 0));
    stepped_up(&h, on_device(&h, 1, 0), 1);
    assert_hidden(&h, on_device(&h, 1, 0));
    end(&h);
}

static void a_device_is_forgotten_after_ninety_days_of_silence(void **state)
{
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    member_of_union(&h, 1, CODE);
    clock_step(&h.service.clock, DEVICE_SILENCE_MS - DAY_MS);
    assert_shown(&h, on_device(&h, 1, 1));
    clock_step(&h.service.clock, DEVICE_SILENCE_MS - DAY_MS);
    assert_shown(&h, on_device(&h, 1, 1)); /* it was seen meanwhile */
    clock_step(&h.service.clock, DEVICE_SILENCE_MS);
    who = on_device(&h, 1, 1);
    assert_hidden(&h, who);
    while (harness_tidy(&h))
        continue;
    assert_shown(&h, stepped_up(&h, who, 1));
    end(&h);
}

static void another_door_is_another_proof(void **state)
{
    char mobile[CN_MOBILE_LEN + 1];
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    member_of_union(&h, 1, CODE);
    who = principal_of(
        &h, harness_output(&h, enter_by_wechat(&h, "oNew", mobile_of(1, mobile)), &identity__session__descriptor));
    assert_hidden(&h, who);
    /* It is no door of hers before it has shown to be. */
    assert_null(last_event(&h, IDENTITY__EVENT__EVENT_WECHAT_BOUND));
    assert_refused(enter_by_wechat(&h, "oNew", ""), "WECHAT_NOT_BOUND");
    assert_shown(&h, stepped_up(&h, who, 1));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_WECHAT_BOUND)->wechat_bound->member_id, who->member_id);
    assert_shown(&h,
                 principal_of(&h, harness_output(&h, enter_by_wechat(&h, "oNew", ""), &identity__session__descriptor)));
    harness_from(&h, 2, 2);
    assert_hidden(
        &h, principal_of(&h, harness_output(&h, enter_by_wechat(&h, "oNew", ""), &identity__session__descriptor)));
    end(&h);
}

static void a_session_goes_on_as_what_it_is(void **state)
{
    Identity__Session *session;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    member_of_union(&h, 1, CODE);
    harness_from(&h, 2, 2);
    session = login(&h, "16900000001");
    assert_string_equal(session->member->name, "");
    assert_true(session->member->step_up_needed);
    session = harness_output(&h, try_refresh(&h, session->refresh_token), &identity__session__descriptor);
    assert_hidden(&h, principal_of(&h, session));
    stepped_up(&h, principal_of(&h, session), 1);
    session = harness_output(&h, try_refresh(&h, session->refresh_token), &identity__session__descriptor);
    assert_shown(&h, principal_of(&h, session));
    harness_from(&h, 2, 3); /* somebody has taken the token along */
    session = harness_output(&h, try_refresh(&h, session->refresh_token), &identity__session__descriptor);
    assert_hidden(&h, principal_of(&h, session));
    end(&h);
}

static void what_was_open_before_anybody_asked_is_hers(void **state)
{
    Identity__Session *session;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    member_of_union(&h, 1, CODE);
    session = login(&h, "16900000001");
    harness_tamper(&h, "DELETE FROM device");
    harness_tamper(&h, "UPDATE session SET nonce = x'', door = 0, trust = 2, stepped_up_at = 0, last_turn = x'', "
                       "asker = x'', device = 'her telephone', sealed_device = x''");
    harness_from(&h, 5, 5);
    assert_hidden(&h, on_device(&h, 1, 5)); /* not before it is refreshed */
    session = harness_output(&h, try_refresh(&h, session->refresh_token), &identity__session__descriptor);
    assert_shown(&h, principal_of(&h, session));
    assert_shown(&h, on_device(&h, 1, 5));
    end(&h);
}

/* ---- what asks for a fresh proof ---- */

static void what_matters_most_asks_anew(void **state)
{
    static const char *const fresh[] = {"Rights.ExportMyData", "Rights.CloseAccount", "Corrections.ChangeMobile",
                                        "Merges.MergeMine"};
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    member_of_union(&h, 1, CODE);
    clock_step(&h.service.clock, STEP_UP_MS);
    for (unsigned device = 1; device < 3; device++) {
        who = on_device(&h, 1, device);
        for (size_t i = 0; i < ARRAY_LEN(fresh); i++)
            assert_refused(harness_call(&h, fresh[i], NULL, who, NULL), "STEP_UP_NEEDED");
    }
    who = stepped_up(&h, who, 1);
    for (size_t i = 0; i < ARRAY_LEN(fresh); i++)
        assert_string_not_equal(harness_refusal(harness_call(&h, fresh[i], NULL, who, NULL)), "STEP_UP_NEEDED");
    clock_step(&h.service.clock, STEP_UP_MS); /* the token has not ended yet */
    for (size_t i = 0; i < ARRAY_LEN(fresh); i++)
        assert_refused(harness_call(&h, fresh[i], NULL, who, NULL), "STEP_UP_NEEDED");
    /* Who has proven no name has nothing to step up to. */
    who = on_device(&h, 2, 7);
    assert_false(who->unproven);
    for (size_t i = 0; i < ARRAY_LEN(fresh); i++)
        assert_string_not_equal(harness_refusal(harness_call(&h, fresh[i], NULL, who, NULL)), "STEP_UP_NEEDED");
    assert_refused(step_up(&h, who, "440604199003070014"), "STEP_UP_NOTHING");
    end(&h);
}

static void five_documents_a_day_are_told_for_an_account(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1], wrong[CN_RESIDENT_ID_LEN + 1];
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    member_of_union(&h, 1, CODE);
    make_resident_id(1, id);
    make_resident_id(2, wrong);
    for (unsigned i = 0; i < VERIFY_TRIES; i++)
        assert_refused(step_up(&h, on_device(&h, 1, i + 2), wrong), "STEP_UP_WRONG");
    assert_refused(step_up(&h, on_device(&h, 1, 9), id), "VERIFY_TRIES_EXHAUSTED");
    clock_step(&h.service.clock, DAY_MS);
    assert_ok(step_up(&h, on_device(&h, 1, 9), id));
    end(&h);
}

/* ---- by an official ---- */

static const Rpc__Answer *decide(struct harness *h, const Rpc__Principal *official, int64_t step_up_id, bool approve)
{
    Identity__DecideStepUpRequest request = IDENTITY__DECIDE_STEP_UP_REQUEST__INIT;

    request.step_up_id = step_up_id;
    request.approve = approve;
    return harness_call(h, "Stepups.DecideStepUp", &request.base, official, NULL);
}

static Identity__StepUpCase *ask_official(struct harness *h, const Rpc__Principal *who)
{
    return harness_output(h, harness_call(h, "Stepups.AskStepUp", NULL, who, NULL),
                          &identity__step_up_case__descriptor);
}

static Identity__StepUpCaseList *cases(struct harness *h, const Rpc__Principal *official, int64_t union_id, int state)
{
    Identity__ListStepUpsRequest request = IDENTITY__LIST_STEP_UPS_REQUEST__INIT;
    Identity__StepUpState only = (Identity__StepUpState)state;

    request.union_id = union_id;
    request.state = &only;
    request.n_state = state != 0;
    return harness_output(h, harness_call(h, "Stepups.ListStepUps", &request.base, official, NULL),
                          &identity__step_up_case_list__descriptor);
}

/* How many of them stand in the one list of what waits, as it counts them. */
static int n_waiting(struct harness *h, const Rpc__Principal *official)
{
    Identity__ListWaitingRequest request = IDENTITY__LIST_WAITING_REQUEST__INIT;
    Identity__WaitingKind kind = IDENTITY__WAITING_KIND__WAITING_STEP_UP;
    const Identity__WaitingList *list;

    request.union_id = first_id;
    request.kind = &kind;
    request.n_kind = 1;
    list = harness_output(h, harness_call(h, "Waitings.ListWaiting", &request.base, official, NULL),
                          &identity__waiting_list__descriptor);
    if (list->n_waiting)
        assert_string_equal(list->waiting[0]->step_up->name, "王*明");
    assert_int_equal(list->counts[list->n_counts - 1]->kind, kind);
    assert_int_equal(list->counts[list->n_counts - 1]->waiting, list->n_waiting);
    return (int)list->n_waiting;
}

static void an_official_who_has_seen_her_document_may_say_so(void **state)
{
    Identity__LookRequest look = IDENTITY__LOOK_REQUEST__INIT;
    Identity__StepUpCase *asked, *other;
    Identity__Session *session;
    Identity__WholePerson *person;
    Rpc__Principal *official;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    official = administrator(&h, FIRST);
    member_of_union(&h, 1, "440604");
    harness_from(&h, 2, 2);
    session = login(&h, "16900000001");
    asked = ask_official(&h, principal_of(&h, session));
    assert_int_equal(ask_official(&h, principal_of(&h, session))->step_up_id, asked->step_up_id);
    assert_string_equal(asked->name, "");
    assert_int_equal(cases(&h, official, first_id, 0)->n_cases, 1);
    assert_string_equal(cases(&h, official, first_id, 0)->cases[0]->name, "王*明");
    assert_int_equal(n_waiting(&h, official), 1);
    look.look_case = IDENTITY__LOOK_CASE__LOOK_STEP_UP;
    look.case_id = asked->step_up_id;
    look.member_id = asked->member_id;
    person = harness_output(&h, harness_call(&h, "Looks.LookAtPerson", &look.base, official, NULL),
                            &identity__whole_person__descriptor);
    assert_string_equal(person->name, "王小明");
    assert_refused(decide(&h, administrator(&h, SECOND), asked->step_up_id, true), "OUTSIDE_YOUR_UNION");
    assert_ok(decide(&h, official, asked->step_up_id, true));
    assert_refused(decide(&h, official, asked->step_up_id, false), "STEP_UP_DECIDED");
    assert_int_equal(n_waiting(&h, official), 0);
    assert_int_equal(cases(&h, official, first_id, 0)->n_cases, 0);
    assert_int_equal(cases(&h, official, first_id, IDENTITY__STEP_UP_STATE__STEP_UP_DONE)->cases[0]->step_up_id,
                     asked->step_up_id);
    session = harness_output(&h, try_refresh(&h, session->refresh_token), &identity__session__descriptor);
    assert_shown(&h, principal_of(&h, session));
    assert_true(principal_of(&h, session)->stepped_up_until > clock_now(&h.service.clock));
    assert_shown(&h, on_device(&h, 1, 2));
    /* Refused, or not decided in a day, it stays as it was. */
    harness_from(&h, 3, 3);
    session = login(&h, "16900000001");
    other = ask_official(&h, principal_of(&h, session));
    assert_ok(decide(&h, official, other->step_up_id, false));
    other = ask_official(&h, principal_of(&h, session));
    clock_step(&h.service.clock, STEP_UP_LIFE_MS);
    assert_int_equal(cases(&h, official, first_id, 0)->n_cases, 0); /* before it is tidied away, too */
    assert_refused(decide(&h, official, other->step_up_id, true), "STEP_UP_DECIDED");
    session = harness_output(&h, try_refresh(&h, session->refresh_token), &identity__session__descriptor);
    assert_hidden(&h, principal_of(&h, session));
    assert_int_equal(n_waiting(&h, official), 1);
    while (harness_tidy(&h))
        continue;
    assert_int_equal(n_waiting(&h, official), 0);
    end(&h);
}

static void who_asked_and_has_signed_out_is_refused_and_not_approved(void **state)
{
    Identity__StepUpCase *asked;
    Rpc__Principal *official, *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    official = administrator(&h, FIRST);
    member_of_union(&h, 1, "440604");
    harness_from(&h, 2, 2);
    who = principal_of(&h, login(&h, "16900000001"));
    asked = ask_official(&h, who);
    assert_ok(harness_call(&h, "Identity.Logout", NULL, who, NULL));
    assert_refused(decide(&h, official, asked->step_up_id, true), "SESSION_NOT_FOUND");
    assert_ok(decide(&h, official, asked->step_up_id, false));
    assert_int_equal(n_waiting(&h, official), 0);
    end(&h);
}

/* ---- a number that was given on ---- */

static const Rpc__Answer *claim_number(struct harness *h, const Rpc__Principal *who, const char *mobile,
                                       const char *code)
{
    Identity__NewNumberRequest request = IDENTITY__NEW_NUMBER_REQUEST__INIT;

    request.mobile = unconst(mobile);
    request.code = unconst(code);
    request.confirmed = true;
    return harness_call(h, "Stepups.ClaimNumber", &request.base, who, NULL);
}

static void a_number_that_is_newly_hers_is_parted_from_the_account(void **state)
{
    char mobile[CN_MOBILE_LEN + 1], code[CODE_DIGITS + 1];
    Rpc__Principal *former, *through_wechat, *newly;
    Identity__Session *session;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    former = member_of_union(&h, 1, CODE);
    through_wechat = wechat_of(&h, 1, "oHers");
    newly = on_device(&h, 1, 2);
    assert_ok(enter_by_wechat(&h, "oStranger", mobile_of(1, mobile)));
    assert_refused(claim_number(&h, newly, mobile, "123456"), "CODE_EXPIRED");
    get_code_for(&h, mobile, IDENTITY__CODE_PURPOSE__CODE_NUMBER, code);
    session = harness_output(&h, claim_number(&h, newly, mobile, code), &identity__session__descriptor);
    newly = principal_of(&h, session);
    assert_int_not_equal(newly->member_id, former->member_id);
    assert_int_equal(session->member->level, RPC__LEVEL__MOBILE);
    assert_string_equal(session->member->name, "");
    assert_null(session->member->union_);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_NUMBER_GIVEN_ON)->number_given_on->member_id,
                     former->member_id);
    assert_int_equal(on_device(&h, 1, 3)->member_id, newly->member_id);
    /* What opened the account by its number is over; through her own WeChat she is still there. */
    assert_refused(harness_call(&h, "Devices.ListSessions", NULL, former, NULL), "TOKEN_REVOKED");
    assert_ok(harness_call(&h, "Devices.ListSessions", NULL, through_wechat, NULL));
    assert_string_equal(me(&h, through_wechat)->name, "王*明");
    assert_refused(enter_by_wechat(&h, "oStranger", ""), "WECHAT_NOT_BOUND");
    harness_from(&h, 1, 1);
    assert_int_equal(
        principal_of(&h, harness_output(&h, enter_by_wechat(&h, "oHers", ""), &identity__session__descriptor))
            ->member_id,
        former->member_id);
    end(&h);
}

static void only_who_has_the_number_parts_it(void **state)
{
    char mobile[CN_MOBILE_LEN + 1], code[CODE_DIGITS + 1];
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    member_of_union(&h, 2, CODE);
    who = member_of_union(&h, 1, CODE);
    get_code_for(&h, mobile_of(2, mobile), IDENTITY__CODE_PURPOSE__CODE_NUMBER, code);
    assert_refused(claim_number(&h, who, mobile, code), "MEMBER_NOT_FOUND");
    who = person_signed_in(&h, 3);
    get_code_for(&h, mobile_of(3, mobile), IDENTITY__CODE_PURPOSE__CODE_NUMBER, code);
    assert_refused(claim_number(&h, who, mobile, code), "STEP_UP_NOTHING");
    end(&h);
}

static void what_a_device_is_called_is_sealed(void **state)
{
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;
    Identity__LiveSessionList *list;
    char code[CODE_DIGITS + 1];
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    get_code(&h, "16900000001", code);
    request.mobile = "16900000001";
    request.code = code;
    request.device = "Wang's telephone";
    who = principal_of(&h, harness_output(&h, harness_call(&h, "Identity.Login", &request.base, NULL, NULL),
                                          &identity__session__descriptor));
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM session WHERE device <> '' OR length(sealed_device) = 0 "
                                        "OR instr(sealed_device, CAST('Wang' AS BLOB)) > 0"),
                     0);
    /* Of an earlier program's session, which tidying has not come to, and then has. */
    for (int i = 0; i < 2; i++) {
        list = harness_output(&h, harness_call(&h, "Devices.ListSessions", NULL, who, NULL),
                              &identity__live_session_list__descriptor);
        assert_int_equal(list->n_sessions, 1);
        assert_string_equal(list->sessions[0]->device, i ? "her old one" : "Wang's telephone");
        if (!i)
            harness_tamper(&h, "UPDATE session SET device = 'her old one', sealed_device = x''");
        while (i == 0 && harness_tidy(&h))
            continue;
    }
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM session WHERE device <> ''"), 0);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_a_new_device_nothing_is_shown_of_her_before_she_has_told_her_document),
        cmocka_unit_test(a_device_is_forgotten_after_ninety_days_of_silence),
        cmocka_unit_test(another_door_is_another_proof),
        cmocka_unit_test(a_session_goes_on_as_what_it_is),
        cmocka_unit_test(what_was_open_before_anybody_asked_is_hers),
        cmocka_unit_test(what_matters_most_asks_anew),
        cmocka_unit_test(five_documents_a_day_are_told_for_an_account),
        cmocka_unit_test(an_official_who_has_seen_her_document_may_say_so),
        cmocka_unit_test(who_asked_and_has_signed_out_is_refused_and_not_approved),
        cmocka_unit_test(a_number_that_is_newly_hers_is_parted_from_the_account),
        cmocka_unit_test(only_who_has_the_number_parts_it),
        cmocka_unit_test(what_a_device_is_called_is_sealed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
