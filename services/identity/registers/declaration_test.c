/* What a company's agents say of its people: nothing is done before the union agrees, and nothing leaks back. */
#include "services/identity/registers/declarations.h"

#include "services/identity/access/stepup_fixture.h"
#include "services/identity/membership/membership_fixture.h"
#include "services/identity/registers/company_fixture.h"
#include "services/identity/rights/closing_fixture.h"
#include "services/identity/rights/closings.h"
#include "services/identity/rights/purges.h"
#include "services/identity/unions/tallies.h"

#define HANDLER IDENTITY__AGENT_KIND__AGENT_HANDLER

static Rpc__Principal *decider(struct harness *h)
{
    return harness_official(h, 10, RULE__ROLE__UNION_ADMIN, ROOT);
}

static const Rpc__Answer *declare(struct harness *h, const Rpc__Principal *agent,
                                  const Identity__DeclareRequest *request)
{
    static unsigned calls;
    char key[32];

    snprintf(key, sizeof(key), "declare %u", calls++);
    return harness_call(h, "Declarations.Declare", &request->base, agent, key);
}

static Identity__Declaration *declaration_of(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__declaration__descriptor);
}

/* The n-th person works there. */
static const Rpc__Answer *add(struct harness *h, const Rpc__Principal *agent, unsigned n, int64_t union_id)
{
    Identity__DeclareRequest request = IDENTITY__DECLARE_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1], mobile[CN_MOBILE_LEN + 1];

    make_resident_id(n, id);
    request.union_id = union_id;
    request.kind = IDENTITY__DECLARATION_KIND__DECLARATION_ADDITION;
    request.name = "王小明";
    request.resident_id = id;
    request.mobile = unconst(mobile_of(n, mobile));
    request.trade = RPC__TRADE__COURIER;
    return declare(h, agent, &request);
}

static const Rpc__Answer *correct(struct harness *h, const Rpc__Principal *agent, int64_t member_id, unsigned n,
                                  const char *name, const char *new_id, const char *mobile)
{
    Identity__DeclareRequest request = IDENTITY__DECLARE_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    request.union_id = first_id;
    request.kind = IDENTITY__DECLARATION_KIND__DECLARATION_CORRECTION;
    request.member_id = member_id;
    request.resident_id = id;
    request.name = unconst(name);
    request.new_resident_id = unconst(new_id);
    request.mobile = unconst(mobile);
    return declare(h, agent, &request);
}

static const Rpc__Answer *take_off(struct harness *h, const Rpc__Principal *agent, int64_t member_id, unsigned n,
                                   int removal)
{
    Identity__DeclareRequest request = IDENTITY__DECLARE_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    request.union_id = first_id;
    request.kind = IDENTITY__DECLARATION_KIND__DECLARATION_REMOVAL;
    request.member_id = member_id;
    request.resident_id = id;
    request.removal = (Identity__RosterRemoval)removal;
    return declare(h, agent, &request);
}

static const char *decide(struct harness *h, const Rpc__Principal *who, int64_t declaration_id, bool approve)
{
    Identity__DecideDeclarationsRequest request = IDENTITY__DECIDE_DECLARATIONS_REQUEST__INIT;

    request.union_id = first_id;
    request.declaration_ids = &declaration_id;
    request.n_declaration_ids = 1;
    request.approve = approve;
    request.reason = approve ? IDENTITY__REFUSAL_REASON__REFUSAL_NONE : IDENTITY__REFUSAL_REASON__REFUSAL_UNPROVEN;
    return outcome(h, harness_call(h, "Declarations.DecideDeclarations", &request.base, who, NULL));
}

static Identity__DeclarationList *list(struct harness *h, const Rpc__Principal *who)
{
    Identity__ListDeclarationsRequest request = IDENTITY__LIST_DECLARATIONS_REQUEST__INIT;

    request.union_id = first_id;
    return harness_output(h, harness_call(h, "Declarations.ListDeclarations", &request.base, who, NULL),
                          &identity__declaration_list__descriptor);
}

static const Identity__Waiting *waiting(struct harness *h, const Rpc__Principal *who)
{
    Identity__ListWaitingRequest request = IDENTITY__LIST_WAITING_REQUEST__INIT;
    const Identity__WaitingList *found;

    request.union_id = first_id;
    found = harness_output(h, harness_call(h, "Waitings.ListWaiting", &request.base, who, NULL),
                           &identity__waiting_list__descriptor);
    return found->n_waiting ? found->waiting[0] : NULL;
}

static int64_t n_listed(struct harness *h)
{
    struct tally tally;

    tallies_find(&identity_of(h)->tallies, root_id, &tally);
    return tally.listed;
}

static void somebody_declared_is_on_the_roster_when_the_union_agrees(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Identity__Declaration *declared;
    const Identity__Waiting *waits;
    Rpc__Principal *agent;
    struct harness h;

    (void)state;
    begin_with_company(&h);
    agent = agent_signed_in(&h, 1, HANDLER);
    make_resident_id(21, id);
    declared = declaration_of(&h, add(&h, agent, 21, first_id));
    assert_int_equal(declared->state, IDENTITY__DECLARATION_STATE__DECLARATION_ASKED);
    assert_string_equal(declared->name, "王*明");
    assert_null(strstr(declared->resident_id, id));
    assert_refused(add(&h, agent, 21, first_id), "DECLARATION_PENDING");
    assert_int_equal(n_listed(&h), 0);
    assert_refused(verify(&h, person_signed_in(&h, 21), "王小明", id), "NOT_ON_ROSTER");
    waits = waiting(&h, decider(&h));
    assert_int_equal(waits->kind, IDENTITY__WAITING_KIND__WAITING_DECLARATION);
    assert_int_equal(waits->id, declared->declaration_id);
    assert_string_equal(waits->declaration->new_name, "王*明");
    assert_string_equal(decide(&h, decider(&h), declared->declaration_id, true), "");
    assert_null(waiting(&h, decider(&h)));
    assert_int_equal(n_listed(&h), 1);
    assert_ok(verify(&h, person_signed_in(&h, 21), "王小明", id));
    assert_int_equal(told_of(&h, agent, declared->declaration_id), IDENTITY__ACCOUNT_NEWS__NEWS_DECLARATION_DONE);
    assert_string_equal(decide(&h, decider(&h), declared->declaration_id, true), "DECLARATION_DECIDED");
    assert_refused(add(&h, agent, 21, first_id), "DECLARED_THERE");
    /* What was declared is erased; whom it was about stays, masked. */
    declared = list(&h, agent)->declarations[0];
    assert_int_equal(declared->state, IDENTITY__DECLARATION_STATE__DECLARATION_APPROVED);
    assert_string_equal(declared->name, "王*明");
    assert_string_equal(declared->new_name, "");
    end(&h);
}

static void what_is_declared_must_be_whole_and_right_in_form(void **state)
{
    Identity__DeclareRequest request = IDENTITY__DECLARE_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *agent;
    struct harness h;

    (void)state;
    begin_with_company(&h);
    agent = agent_signed_in(&h, 1, HANDLER);
    make_resident_id(21, id);
    request.union_id = first_id;
    request.kind = (Identity__DeclarationKind)4;
    assert_refused(declare(&h, agent, &request), "DECLARATION_KIND_INVALID");
    request.kind = IDENTITY__DECLARATION_KIND__DECLARATION_ADDITION;
    assert_refused(declare(&h, agent, &request), "MISSING_FIELD");
    request.resident_id = "110105194912310021";
    assert_refused(declare(&h, agent, &request), "RESIDENT_ID_CHECKSUM");
    request.resident_id = id;
    request.name = "1";
    assert_refused(declare(&h, agent, &request), "NAME_INVALID");
    request.name = "王小明";
    assert_refused(declare(&h, agent, &request), "MISSING_FIELD");
    request.mobile = "1";
    assert_refused(declare(&h, agent, &request), "MOBILE_INVALID");
    request.mobile = "16900000021";
    request.trade = (Rpc__Trade)99;
    assert_refused(declare(&h, agent, &request), "TRADE_INVALID");
    list_person(&h, 22, "440604");
    assert_refused(correct(&h, agent, 0, 22, "", "", ""), "DECLARATION_EMPTY");
    assert_refused(take_off(&h, agent, 0, 22, 0), "REMOVAL_REASON_INVALID");
    assert_refused(take_off(&h, agent, 0, 22, 4), "REMOVAL_REASON_INVALID");
    assert_int_equal(list(&h, agent)->n_declarations, 0);
    end(&h);
}

/* The answers about a member of another union and about nobody are alike in every field that says something. */
static void an_agent_learns_of_nobody_where_else_she_is(void **state)
{
    Identity__Declaration *member, *nobody;
    Rpc__Principal *agent, *elsewhere;
    struct harness h;

    (void)state;
    begin_with_company(&h);
    agent = agent_signed_in(&h, 1, HANDLER);
    elsewhere = member_of_union(&h, 31, "440605");
    member = declaration_of(&h, add(&h, agent, 31, first_id));
    nobody = declaration_of(&h, add(&h, agent, 32, first_id));
    assert_int_equal(member->member_id, 0);
    assert_int_equal(member->elsewhere, 0);
    assert_string_equal(member->old_name, "");
    assert_string_equal(member->name, nobody->name);
    assert_int_equal(member->state, nobody->state);
    assert_int_equal(list(&h, agent)->declarations[1]->elsewhere, 0);
    /* Officials, who see it on the roster too, are told. */
    assert_int_equal(list(&h, decider(&h))->declarations[1]->elsewhere, 1);
    assert_int_equal(list(&h, decider(&h))->declarations[1]->member_id, 0);
    assert_refused(correct(&h, agent, 0, 31, "王大明", "", ""), "DECLARED_NOT_THERE");
    assert_refused(correct(&h, agent, 0, 33, "王大明", "", ""), "DECLARED_NOT_THERE");
    assert_refused(correct(&h, agent, elsewhere->member_id, 31, "王大明", "", ""), "MEMBER_NOT_FOUND");
    assert_refused(correct(&h, agent, 4711, 31, "王大明", "", ""), "MEMBER_NOT_FOUND");
    assert_refused(take_off(&h, agent, 0, 31, IDENTITY__ROSTER_REMOVAL__REMOVAL_MISTAKE), "DECLARED_NOT_THERE");
    assert_refused(add(&h, agent, 34, second_id), "OUTSIDE_YOUR_UNION");
    assert_refused(add(&h, agent, 34, town_id), "OUTSIDE_YOUR_UNION");
    /* She is told herself, and her membership stays where it is. */
    assert_string_equal(decide(&h, decider(&h), member->declaration_id, true), "");
    assert_int_equal(told_of(&h, elsewhere, member->declaration_id), IDENTITY__ACCOUNT_NEWS__NEWS_LISTED);
    assert_string_equal(person_signed_in(&h, 31)->union_path, SECOND);
    assert_int_equal(list(&h, agent)->declarations[1]->elsewhere, 0);
    end(&h);
}

static void a_correction_changes_the_row_and_the_name_of_the_account_but_never_its_number(void **state)
{
    char old_id[CN_RESIDENT_ID_LEN + 1], new_id[CN_RESIDENT_ID_LEN + 1];
    Identity__Declaration *declared;
    Rpc__Principal *agent, *member;
    struct declared known;
    unsigned char index[PII_INDEX_LEN];
    struct harness h;

    (void)state;
    begin_with_company(&h);
    agent = agent_signed_in(&h, 1, HANDLER);
    member = member_of_union(&h, 31, "440604");
    make_resident_id(31, old_id);
    make_resident_id(41, new_id);
    declared = declaration_of(&h, correct(&h, agent, member->member_id, 99, "王大明", new_id, "16900000777"));
    assert_int_equal(declared->member_id, member->member_id);
    assert_string_equal(declared->name, "王*明");
    assert_string_equal(declared->resident_id, ""); /* which the agent has not said */
    declared = list(&h, decider(&h))->declarations[0];
    assert_string_equal(declared->old_name, "王*明");
    assert_string_not_equal(declared->old_resident_id, "");
    assert_string_equal(decide(&h, decider(&h), declared->declaration_id, true), "");
    person_index_id(identity_of(&h), new_id, index);
    declared_find(identity_of(&h), first_id, index, &known);
    assert_int_equal(known.member.id, member->member_id);
    assert_string_equal(known.known.name, "王大明");
    assert_string_equal(known.known.resident_id, new_id);
    assert_string_equal(known.known.mobile, "16900000031"); /* hers opens her account */
    assert_true(person_open_roster(identity_of(&h), known.entry.id, &known.entry.sealed, &known.known));
    assert_string_equal(known.known.name, "王大明");
    assert_string_equal(known.known.mobile, "16900000777");
    assert_int_equal(rosters_member(&identity_of(&h)->rosters, &known.entry), member->member_id);
    person_index_id(identity_of(&h), old_id, index);
    declared_find(identity_of(&h), first_id, index, &known);
    assert_int_equal(known.entry.id, 0);
    assert_int_equal(told_of(&h, person_signed_in(&h, 31), declared->declaration_id),
                     IDENTITY__ACCOUNT_NEWS__NEWS_CORRECTION_DONE);
    assert_true(last_event(&h, IDENTITY__EVENT__EVENT_ROSTER_ROW_CHANGED)->roster_row_changed->resident_id);
    end(&h);
}

static void a_document_that_another_has_is_not_given(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Rpc__Principal *agent;
    struct harness h;
    int64_t own, elsewhere;

    (void)state;
    begin_with_company(&h);
    agent = agent_signed_in(&h, 1, HANDLER);
    member_of_union(&h, 31, "440604");
    member_of_union(&h, 32, "440605");
    list_person(&h, 33, "440604");
    list_person(&h, 34, "440604");
    make_resident_id(32, id);
    elsewhere = declaration_of(&h, correct(&h, agent, 0, 31, "", id, ""))->declaration_id; /* it waits like any */
    make_resident_id(34, id);
    own = declaration_of(&h, correct(&h, agent, 0, 33, "", id, ""))->declaration_id;
    assert_string_equal(decide(&h, decider(&h), elsewhere, true), "RESIDENT_ID_TAKEN");
    assert_string_equal(decide(&h, decider(&h), own, true), "DECLARED_THERE");
    assert_string_equal(decide(&h, decider(&h), elsewhere, false), "");
    assert_int_equal(list(&h, agent)->declarations[1]->state, IDENTITY__DECLARATION_STATE__DECLARATION_REFUSED);
    assert_int_equal(told_of(&h, agent, elsewhere), IDENTITY__ACCOUNT_NEWS__NEWS_DECLARATION_REFUSED);
    end(&h);
}

static void who_is_taken_off_is_kept_by_the_level_above(void **state)
{
    Rpc__Principal *agent, *member;
    struct harness h;
    int64_t hers, nobodys;

    (void)state;
    begin_with_company(&h);
    agent = agent_signed_in(&h, 1, HANDLER);
    member = member_of_union(&h, 31, "440604");
    list_person(&h, 32, "440604");
    hers = declaration_of(&h, take_off(&h, agent, member->member_id, 99, IDENTITY__ROSTER_REMOVAL__REMOVAL_MISTAKE))
               ->declaration_id;
    nobodys =
        declaration_of(&h, take_off(&h, agent, 0, 32, IDENTITY__ROSTER_REMOVAL__REMOVAL_LEFT_COMPANY))->declaration_id;
    assert_int_equal(n_listed(&h), 2);
    assert_string_equal(decide(&h, decider(&h), hers, true), "");
    assert_string_equal(decide(&h, decider(&h), nobodys, true), "");
    assert_int_equal(n_listed(&h), 0);
    assert_string_equal(person_signed_in(&h, 31)->union_path, ROOT);
    assert_int_equal(told_of(&h, person_signed_in(&h, 31), hers), IDENTITY__ACCOUNT_NEWS__NEWS_UNLISTED);
    assert_refused(take_off(&h, agent, 0, 32, IDENTITY__ROSTER_REMOVAL__REMOVAL_MISTAKE), "DECLARED_NOT_THERE");
    end(&h);
}

static void two_people_stand_behind_each(void **state)
{
    Rpc__Principal *agent, *other, *member;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_company(&h);
    agent = agent_signed_in(&h, 1, HANDLER);
    other = agent_signed_in(&h, 2, HANDLER);
    member = member_of_union(&h, 31, "440604");
    id = declaration_of(&h, correct(&h, agent, 0, 31, "王大明", "", ""))->declaration_id;
    assert_string_equal(decide(&h, harness_official(&h, agent->member_id, RULE__ROLE__UNION_ADMIN, FIRST), id, true),
                        "DECLARATION_OWN");
    assert_string_equal(decide(&h, administrator(&h, FIRST), id, true), "HAND_GAVE_OFFICE");
    assert_string_equal(decide(&h, harness_official(&h, member->member_id, RULE__ROLE__UNION_ADMIN, FIRST), id, true),
                        "NOT_FOR_YOURSELF");
    assert_string_equal(decide(&h, harness_official(&h, 11, RULE__ROLE__UNION_ADMIN, SECOND), id, true),
                        "OUTSIDE_YOUR_UNION");
    /* Any agent of the company takes it back. */
    {
        Identity__DeclarationRequest request = IDENTITY__DECLARATION_REQUEST__INIT;

        request.declaration_id = id;
        assert_refused(harness_call(&h, "Declarations.WithdrawDeclaration", &request.base,
                                    harness_official(&h, 5, RULE__ROLE__COMPANY_AGENT, SECOND), NULL),
                       "OUTSIDE_YOUR_UNION");
        assert_ok(harness_call(&h, "Declarations.WithdrawDeclaration", &request.base, other, NULL));
        assert_refused(harness_call(&h, "Declarations.WithdrawDeclaration", &request.base, other, NULL),
                       "DECLARATION_DECIDED");
    }
    assert_string_equal(decide(&h, decider(&h), id, true), "DECLARATION_DECIDED");
    agent->level = RPC__LEVEL__MOBILE;
    assert_refused(correct(&h, agent, 0, 31, "王大明", "", ""), "HAND_NOT_NAMED");
    end(&h);
}

static void what_nobody_decides_lapses_and_is_deleted_in_its_time(void **state)
{
    Identity__Declaration *declared;
    struct declaration row;
    Rpc__Principal *agent;
    struct harness h;

    (void)state;
    begin_with_company(&h);
    agent = agent_signed_in(&h, 1, HANDLER);
    declared = declaration_of(&h, add(&h, agent, 21, first_id));
    clock_step(&h.service.clock, DECLARATION_LIFE_MS - 1);
    while (harness_tidy(&h))
        continue;
    assert_non_null(waiting(&h, decider(&h)));
    clock_step(&h.service.clock, 1);
    assert_string_equal(decide(&h, decider(&h), declared->declaration_id, true), "HANDS_OVER");
    while (harness_tidy(&h))
        continue;
    assert_null(waiting(&h, decider(&h)));
    assert_true(declarations_find(&identity_of(&h)->declarations, declared->declaration_id, &row));
    assert_int_equal(row.state, IDENTITY__DECLARATION_STATE__DECLARATION_LAPSED);
    assert_int_equal(row.sealed.len, 0);
    assert_string_equal(harness_audit(&h), "");
    clock_step(&h.service.clock, identity_of(&h)->retention_ms + PURGE_PERIOD_MS);
    while (harness_tidy(&h))
        continue;
    assert_false(declarations_find(&identity_of(&h)->declarations, declared->declaration_id, &row));
    end(&h);
}

/* Whom her company would correct has no account any more. That somebody works for a company is its own word, which goes
 * on: else it would tell that there was one. */
static void of_a_closed_account_nothing_stays_that_tells_who_she_was(void **state)
{
    Rpc__Principal *agent, *member;
    int64_t decided, open, word;
    struct declaration row;
    struct harness h;

    (void)state;
    begin_with_company(&h);
    agent = agent_signed_in(&h, 1, HANDLER);
    member = member_of_union(&h, 31, "440604");
    decided = declaration_of(&h, correct(&h, agent, 0, 31, "王大明", "", ""))->declaration_id;
    assert_string_equal(decide(&h, decider(&h), decided, false), "");
    open = declaration_of(&h, correct(&h, agent, 0, 31, "王大明", "", ""))->declaration_id;
    member_of_union(&h, 32, "440605");
    word = declaration_of(&h, add(&h, agent, 32, first_id))->declaration_id;
    close_now(&h, stepped_up(&h, person_signed_in(&h, 32), 32), 32);
    assert_true(declarations_find(&identity_of(&h)->declarations, word, &row));
    assert_int_equal(row.state, IDENTITY__DECLARATION_STATE__DECLARATION_ASKED);
    close_now(&h, stepped_up(&h, member, 31), 31);
    for (int i = 0; i < 2; i++) {
        assert_true(declarations_find(&identity_of(&h)->declarations, i ? open : decided, &row));
        assert_int_equal(row.state, i ? IDENTITY__DECLARATION_STATE__DECLARATION_LAPSED
                                      : IDENTITY__DECLARATION_STATE__DECLARATION_REFUSED);
        assert_int_equal(row.told.len, 0);
        assert_int_equal(row.sealed.len, 0);
    }
    assert_string_equal(list(&h, agent)->declarations[1]->name, "");
    end(&h);
}

static void what_waits_at_a_union_that_ends_is_refused(void **state)
{
    Identity__AskUnionChangeRequest request = IDENTITY__ASK_UNION_CHANGE_REQUEST__INIT;
    Identity__DecideUnionChangeRequest decision = IDENTITY__DECIDE_UNION_CHANGE_REQUEST__INIT;
    const Identity__DeclarationChanged *changed;
    struct harness h;

    (void)state;
    begin_with_company(&h);
    declaration_of(&h, add(&h, agent_signed_in(&h, 1, HANDLER), 21, first_id));
    request.union_id = town_id;
    request.kind = IDENTITY__CHANGE_KIND__CHANGE_PLACE;
    request.target_id = second_id;
    for (int i = 0; i < 2; i++) { /* what is below it goes first */
        decision.change_id =
            ((Identity__UnionChange *)harness_output(
                 &h, harness_call(&h, "Unions.AskUnionChange", &request.base, administrator(&h, ROOT), i ? "2" : "1"),
                 &identity__union_change__descriptor))
                ->change_id;
        decision.approve = true;
        assert_ok(harness_call(&h, "Unions.DecideUnionChange", &decision.base, decider(&h), NULL));
        request.union_id = first_id;
        request.kind = IDENTITY__CHANGE_KIND__CHANGE_MERGE;
    }
    while (harness_tidy(&h))
        continue;
    changed = last_event(&h, IDENTITY__EVENT__EVENT_DECLARATION_CHANGED)->declaration_changed;
    assert_int_equal(changed->state, IDENTITY__DECLARATION_STATE__DECLARATION_REFUSED);
    assert_int_equal(changed->refusal, IDENTITY__REFUSAL_REASON__REFUSAL_UNION_CLOSED);
    end(&h);
}

static void an_official_looks_at_who_is_declared_and_it_is_on_record(void **state)
{
    Identity__LookRequest request = IDENTITY__LOOK_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];
    const Identity__WholePerson *whole;
    Rpc__Principal *agent;
    struct harness h;

    (void)state;
    begin_with_company(&h);
    agent = agent_signed_in(&h, 1, HANDLER);
    member_of_union(&h, 31, "440605");
    make_resident_id(31, id);
    request.look_case = IDENTITY__LOOK_CASE__LOOK_DECLARATION;
    request.case_id = declaration_of(&h, add(&h, agent, 31, first_id))->declaration_id;
    whole = harness_output(&h, harness_call(&h, "Looks.LookAtPerson", &request.base, decider(&h), NULL),
                           &identity__whole_person__descriptor);
    assert_string_equal(whole->asked_name, "王小明");
    assert_string_equal(whole->asked_resident_id, id);
    assert_string_equal(whole->name, ""); /* of her account elsewhere nothing */
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_DATA_SEEN)->data_seen->case_id, request.case_id);
    assert_refused(harness_call(&h, "Looks.LookAtPerson", &request.base, agent, NULL), "NOT_OFFICIAL");
    assert_string_equal(decide(&h, decider(&h), request.case_id, false), "");
    assert_refused(harness_call(&h, "Looks.LookAtPerson", &request.base, decider(&h), NULL), "DECLARATION_DECIDED");
    end(&h);
}

static void the_audit_finds_what_was_changed_behind(void **state)
{
    Rpc__Principal *agent;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_company(&h);
    agent = agent_signed_in(&h, 1, HANDLER);
    id = declaration_of(&h, add(&h, agent, 21, first_id))->declaration_id;
    assert_string_equal(decide(&h, decider(&h), id, false), "");
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE declaration SET state = 2");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE declaration SET state = 3");
    end(&h);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(somebody_declared_is_on_the_roster_when_the_union_agrees),
        cmocka_unit_test(what_is_declared_must_be_whole_and_right_in_form),
        cmocka_unit_test(an_agent_learns_of_nobody_where_else_she_is),
        cmocka_unit_test(a_correction_changes_the_row_and_the_name_of_the_account_but_never_its_number),
        cmocka_unit_test(a_document_that_another_has_is_not_given),
        cmocka_unit_test(who_is_taken_off_is_kept_by_the_level_above),
        cmocka_unit_test(two_people_stand_behind_each),
        cmocka_unit_test(what_nobody_decides_lapses_and_is_deleted_in_its_time),
        cmocka_unit_test(of_a_closed_account_nothing_stays_that_tells_who_she_was),
        cmocka_unit_test(what_waits_at_a_union_that_ends_is_refused),
        cmocka_unit_test(an_official_looks_at_who_is_declared_and_it_is_on_record),
        cmocka_unit_test(the_audit_finds_what_was_changed_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
