/* Corrections: a name or resident ID by the union's decision, a number by two codes or by proof and decision. */
#include "services/identity/people/names.h"
#include "services/identity/rights/corrections.h"

#include "services/identity/access/stepup_fixture.h"
#include "services/identity/membership/membership_fixture.h"
#include "services/identity/unions/tree_fixture.h"
#include "services/identity/people/members.h"

#define CODE "440604"

static const Rpc__Answer *ask(struct harness *h, const Rpc__Principal *who, const char *name, const char *resident_id)
{
    Identity__AskCorrectionRequest request = IDENTITY__ASK_CORRECTION_REQUEST__INIT;

    request.name = unconst(name);
    request.resident_id = unconst(resident_id);
    request.reason = IDENTITY__CORRECTION_REASON__CORRECTION_CHANGED;
    return harness_call(h, "Corrections.AskCorrection", &request.base, who, NULL);
}

static Identity__Correction *asked(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__correction__descriptor);
}

static void known(struct harness *h, int64_t member_id, struct member *ret_member, struct person *ret_person)
{
    assert_true(members_find(&identity_of(h)->members, member_id, ret_member));
    assert_true(person_open_member(h->service.self, ret_member, ret_person));
}

static const Rpc__Answer *change_mobile(struct harness *h, const Rpc__Principal *who, const char *code,
                                        const char *mobile, const char *new_code)
{
    Identity__ChangeMobileRequest request = IDENTITY__CHANGE_MOBILE_REQUEST__INIT;

    request.code = unconst(code);
    request.mobile = unconst(mobile);
    request.new_code = unconst(new_code);
    return harness_call(h, "Corrections.ChangeMobile", &request.base, who, NULL);
}

static const Rpc__Answer *ask_mobile(struct harness *h, const Rpc__Principal *who, const char *resident_id,
                                     const char *mobile, const char *code)
{
    Identity__AskMobileChangeRequest request = IDENTITY__ASK_MOBILE_CHANGE_REQUEST__INIT;

    request.name = "王小明";
    request.resident_id = unconst(resident_id);
    request.mobile = unconst(mobile);
    request.code = unconst(code);
    return harness_call(h, "Corrections.AskMobileChange", &request.base, who, NULL);
}

static size_t n_marked(struct harness *h, const char *name)
{
    unsigned char mark[PII_INDEX_LEN];
    int64_t ids[2];

    name_mark(identity_of(h), name, mark);
    return names_find(&identity_of(h)->names, mark, 0, ids, ARRAY_LEN(ids));
}

static void her_union_corrects_her_name_and_resident_id(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Identity__Correction *correction;
    struct person person;
    struct member member;
    Rpc__Principal *who;
    struct harness h;
    int64_t union_id;

    (void)state;
    begin(&h);
    union_id = make_union(&h, CODE, "")->union_id;
    who = member_of_union(&h, 1, CODE);
    make_resident_id(77, id);
    correction = asked(&h, ask(&h, who, "王大明", id));
    assert_int_equal(correction->state, IDENTITY__CORRECTION_STATE__CORRECTION_ASKED);
    assert_string_equal(correction->name, "王*明");
    assert_null(strstr(correction->resident_id, id));
    known(&h, who->member_id, &member, &person);
    assert_string_equal(person.name, "王小明"); /* nothing changes before */
    assert_string_equal(decide_correction(&h, administrator(&h, ""), union_id, correction->correction_id, true), "");
    known(&h, who->member_id, &member, &person);
    assert_string_equal(person.name, "王大明");
    assert_string_equal(person.resident_id, id);
    assert_int_equal(n_marked(&h, "王大明"), 1); /* she is found by it now */
    assert_int_equal(n_marked(&h, "王小明"), 0);
    assert_true(members_have_person(&identity_of(&h)->members, member.person));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_CORRECTION_CHANGED)->correction_changed->state,
                     IDENTITY__CORRECTION_STATE__CORRECTION_APPROVED);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED)->session_revoked->member_id,
                     who->member_id);
    assert_string_equal(decide_correction(&h, administrator(&h, ""), union_id, correction->correction_id, true),
                        "CORRECTION_DECIDED");
    assert_int_equal(told_of(&h, person_signed_in(&h, 1), correction->correction_id),
                     IDENTITY__ACCOUNT_NEWS__NEWS_CORRECTION_DONE);
    end(&h);
}

static void what_is_asked_must_be_something_else_and_right_in_form(void **state)
{
    Identity__AskCorrectionRequest unreasoned = IDENTITY__ASK_CORRECTION_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    who = member_of_union(&h, 1, CODE);
    make_resident_id(1, id);
    unreasoned.name = "王大明";
    assert_refused(ask(&h, person_signed_in(&h, 2), "王大明", ""), "NOT_VERIFIED");
    assert_refused(harness_call(&h, "Corrections.AskCorrection", &unreasoned.base, who, NULL),
                   "CORRECTION_REASON_INVALID");
    assert_refused(ask(&h, who, "", ""), "CORRECTION_EMPTY");
    assert_refused(ask(&h, who, "王小明", id), "CORRECTION_EMPTY");
    assert_refused(ask(&h, who, "1", ""), "NAME_INVALID");
    assert_refused(ask(&h, who, "", "110105194912310021"), "RESIDENT_ID_CHECKSUM");
    assert_ok(ask(&h, who, "王大明", ""));
    assert_refused(ask(&h, who, "王中明", ""), "CORRECTION_PENDING");
    end(&h);
}

static void a_refused_or_withdrawn_request_leaves_all_as_it_is_and_erases_what_was_asked(void **state)
{
    Identity__CorrectionRequest request = IDENTITY__CORRECTION_REQUEST__INIT;
    Identity__Correction *correction;
    struct correction row;
    struct person person;
    struct member member;
    Rpc__Principal *who;
    struct harness h;
    int64_t union_id;

    (void)state;
    begin(&h);
    union_id = make_union(&h, CODE, "")->union_id;
    who = member_of_union(&h, 1, CODE);
    correction = asked(&h, ask(&h, who, "王大明", ""));
    assert_string_equal(decide_correction(&h, administrator(&h, ""), union_id, correction->correction_id, false), "");
    assert_int_equal(told_of(&h, who, correction->correction_id), IDENTITY__ACCOUNT_NEWS__NEWS_CORRECTION_REFUSED);
    correction = asked(&h, ask(&h, who, "王大明", ""));
    request.correction_id = correction->correction_id;
    assert_refused(harness_call(&h, "Corrections.WithdrawCorrection", &request.base, person_signed_in(&h, 2), NULL),
                   "CORRECTION_NOT_FOUND");
    assert_ok(harness_call(&h, "Corrections.WithdrawCorrection", &request.base, who, NULL));
    assert_true(corrections_find(&((struct identity *)h.service.self)->corrections, correction->correction_id, &row));
    assert_int_equal(row.sealed.len, 0);
    known(&h, who->member_id, &member, &person);
    assert_string_equal(person.name, "王小明");
    end(&h);
}

static void an_official_decides_for_her_union_and_not_for_herself(void **state)
{
    Identity__ListCorrectionsRequest list = IDENTITY__LIST_CORRECTIONS_REQUEST__INIT;
    Identity__CorrectionState approved = IDENTITY__CORRECTION_STATE__CORRECTION_APPROVED;
    Identity__CorrectionList *listed;
    Identity__Correction *correction;
    Rpc__Principal *who;
    struct harness h;
    int64_t union_id, other;

    (void)state;
    begin(&h);
    union_id = make_union(&h, CODE, "")->union_id;
    other = make_union(&h, "440605", "")->union_id;
    who = member_of_union(&h, 1, CODE);
    correction = asked(&h, ask(&h, who, "王大明", ""));
    assert_string_equal(decide_correction(&h, administrator(&h, ""), other, correction->correction_id, true),
                        "CORRECTION_NOT_FOUND");
    assert_string_equal(decide_correction(&h, administrator(&h, "0001"), union_id, correction->correction_id, true),
                        "OUTSIDE_YOUR_UNION");
    assert_string_equal(decide_correction(&h, harness_official(&h, who->member_id, RULE__ROLE__UNION_ADMIN, ""),
                                          union_id, correction->correction_id, true),
                        "NOT_FOR_YOURSELF");
    list.union_id = union_id;
    listed =
        harness_output(&h, harness_call(&h, "Corrections.ListCorrections", &list.base, administrator(&h, ""), NULL),
                       &identity__correction_list__descriptor);
    assert_int_equal(listed->n_corrections, 1);
    assert_string_equal(listed->corrections[0]->old_name, "王*明");
    assert_string_equal(decide_correction(&h, administrator(&h, ""), union_id, correction->correction_id, true), "");
    for (int i = 0; i < 2; i++) {
        listed =
            harness_output(&h, harness_call(&h, "Corrections.ListCorrections", &list.base, administrator(&h, ""), NULL),
                           &identity__correction_list__descriptor);
        assert_int_equal(listed->n_corrections, i);
        list.state = &approved;
        list.n_state = 1;
    }
    assert_int_equal(listed->corrections[0]->correction_id, correction->correction_id);
    end(&h);
}

static void a_resident_id_that_another_has_is_not_given(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Identity__Correction *correction;
    Rpc__Principal *who;
    struct harness h;
    int64_t union_id;

    (void)state;
    begin(&h);
    union_id = make_union(&h, CODE, "")->union_id;
    who = member_of_union(&h, 1, CODE);
    member_of_union(&h, 2, CODE);
    make_resident_id(2, id);
    correction = asked(&h, ask(&h, who, "", id));
    assert_string_equal(decide_correction(&h, administrator(&h, ""), union_id, correction->correction_id, true),
                        "RESIDENT_ID_TAKEN");
    end(&h);
}

/* The n-th person, on the roster of 440604 by a passport and verified: as her new token says. */
static Rpc__Principal *member_by_passport(struct harness *h, unsigned n)
{
    Identity__VerifyRequest request = IDENTITY__VERIFY_REQUEST__INIT;
    char csv[256], mobile[CN_MOBILE_LEN + 1];

    snprintf(csv, sizeof(csv), "JOHN SMITH,PP-12345678,%s,440604,COURIER\n", mobile_of(n, mobile));
    assert_int_equal(import_roster(h, csv)->loaded, 1);
    request.name = "JOHN SMITH";
    request.resident_id = "12345678";
    request.document = IDENTITY__DOCUMENT_KIND__DOCUMENT_PASSPORT;
    return principal_of(
        h, harness_output(h, harness_call(h, "Identity.VerifyMe", &request.base, person_signed_in(h, n), NULL),
                          &identity__session__descriptor));
}

/* Numbers that have the form of a Taiwan permit. */
static void a_passport_is_corrected_to_another_and_both_are_known_as_passports(void **state)
{
    Identity__AskCorrectionRequest request = IDENTITY__ASK_CORRECTION_REQUEST__INIT;
    Identity__Correction *correction;
    char mobile[CN_MOBILE_LEN + 1];
    Identity__Session *session;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = member_by_passport(&h, 1);
    request.reason = IDENTITY__CORRECTION_REASON__CORRECTION_CHANGED;
    request.resident_id = "12345678";
    request.document = IDENTITY__DOCUMENT_KIND__DOCUMENT_PASSPORT;
    assert_refused(harness_call(&h, "Corrections.AskCorrection", &request.base, who, NULL), "CORRECTION_EMPTY");
    request.resident_id = "87654321";
    correction = harness_output(&h, harness_call(&h, "Corrections.AskCorrection", &request.base, who, NULL),
                                &identity__correction__descriptor);
    assert_string_equal(decide_correction(&h, administrator(&h, FIRST), first_id, correction->correction_id, true), "");
    clock_step(&h.service.clock, CODE_RESEND_MS);
    session = login(&h, mobile_of(1, mobile));
    assert_int_equal(session->member->document, IDENTITY__DOCUMENT_KIND__DOCUMENT_PASSPORT);
    assert_ok(step_up(&h, principal_of(&h, session), "87654321"));
    end(&h);
}

static void who_holds_both_numbers_changes_hers_at_once(void **state)
{
    char old[CN_MOBILE_LEN + 1], new[CN_MOBILE_LEN + 1], code[CODE_DIGITS + 1], new_code[CODE_DIGITS + 1];
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    who = person_signed_in(&h, 1);
    mobile_of(1, old);
    mobile_of(2, new);
    get_code_for(&h, old, IDENTITY__CODE_PURPOSE__CODE_NUMBER, code);
    get_code_for(&h, new, IDENTITY__CODE_PURPOSE__CODE_NUMBER, new_code);
    assert_refused(change_mobile(&h, who, "", new, new_code), "CODE_NOT_SIX_DIGITS");
    assert_refused(change_mobile(&h, who, code, "1", new_code), "MOBILE_INVALID");
    assert_ok(change_mobile(&h, who, code, new, new_code));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_MOBILE_CHANGED)->mobile_changed->member_id, who->member_id);
    clock_step(&h.service.clock, CODE_RESEND_MS);
    assert_int_equal(principal_of(&h, login(&h, new))->member_id, who->member_id);
    assert_int_not_equal(principal_of(&h, login(&h, old))->member_id, who->member_id);
    end(&h);
}

static void a_number_that_another_has_is_not_taken_and_told_only_to_who_holds_it(void **state)
{
    char code[CODE_DIGITS + 1], other[CODE_DIGITS + 1], mobile[CN_MOBILE_LEN + 1];
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    person_signed_in(&h, 2);
    who = person_signed_in(&h, 1);
    get_code_for(&h, mobile_of(1, mobile), IDENTITY__CODE_PURPOSE__CODE_NUMBER, code);
    assert_refused(change_mobile(&h, who, code, mobile_of(2, mobile), "000000"), "CODE_EXPIRED");
    clock_step(&h.service.clock, CODE_RESEND_MS);
    get_code_for(&h, mobile_of(1, mobile), IDENTITY__CODE_PURPOSE__CODE_NUMBER, code);
    get_code_for(&h, mobile_of(2, mobile), IDENTITY__CODE_PURPOSE__CODE_NUMBER, other);
    assert_refused(change_mobile(&h, who, code, mobile, other), "MOBILE_TAKEN");
    end(&h);
}

static void whose_number_is_lost_proves_who_she_is_and_her_union_decides(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1], new[CN_MOBILE_LEN + 1], code[CODE_DIGITS + 1];
    Identity__Correction *correction;
    Rpc__Principal *who;
    struct harness h;
    int64_t union_id;

    (void)state;
    begin(&h);
    union_id = make_union(&h, CODE, "")->union_id;
    who = member_of_union(&h, 1, CODE);
    assert_int_equal(wechat_of(&h, 1, "o1")->member_id, who->member_id);
    get_code_for(&h, mobile_of(5, new), IDENTITY__CODE_PURPOSE__CODE_NUMBER, code);
    make_resident_id(2, id);
    assert_refused(ask_mobile(&h, who, id, new, code), "CORRECTION_PROOF_WRONG");
    make_resident_id(1, id);
    assert_refused(ask_mobile(&h, who, id, new, ""), "CODE_NOT_SIX_DIGITS");
    correction = asked(&h, ask_mobile(&h, who, id, new, code));
    assert_null(strstr(correction->mobile, new));
    assert_ok(enter_by_wechat(&h, "o1", ""));
    assert_string_equal(decide_correction(&h, administrator(&h, ""), union_id, correction->correction_id, true), "");
    assert_refused(enter_by_wechat(&h, "o1", ""), "WECHAT_NOT_BOUND"); /* it was on the same telephone */
    clock_step(&h.service.clock, CODE_RESEND_MS);
    assert_int_equal(principal_of(&h, login(&h, new))->member_id, who->member_id);
    end(&h);
}

static void guessing_who_she_is_has_its_limit_a_day(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, CODE, "");
    who = member_of_union(&h, 1, CODE);
    make_resident_id(2, id);
    for (int i = 0; i < VERIFY_TRIES; i++)
        assert_refused(ask_mobile(&h, who, id, "16900000005", "000000"), "CORRECTION_PROOF_WRONG");
    make_resident_id(1, id);
    assert_refused(ask_mobile(&h, who, id, "16900000005", "000000"), "VERIFY_TRIES_EXHAUSTED");
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(her_union_corrects_her_name_and_resident_id),
        cmocka_unit_test(what_is_asked_must_be_something_else_and_right_in_form),
        cmocka_unit_test(a_refused_or_withdrawn_request_leaves_all_as_it_is_and_erases_what_was_asked),
        cmocka_unit_test(an_official_decides_for_her_union_and_not_for_herself),
        cmocka_unit_test(a_resident_id_that_another_has_is_not_given),
        cmocka_unit_test(a_passport_is_corrected_to_another_and_both_are_known_as_passports),
        cmocka_unit_test(who_holds_both_numbers_changes_hers_at_once),
        cmocka_unit_test(a_number_that_another_has_is_not_taken_and_told_only_to_who_holds_it),
        cmocka_unit_test(whose_number_is_lost_proves_who_she_is_and_her_union_decides),
        cmocka_unit_test(guessing_who_she_is_has_its_limit_a_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
