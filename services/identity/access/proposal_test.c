/* What one official proposes and another confirms. */
#include "services/identity/access/office_fixture.h"
#include "services/identity/people/people_fixture.h"
#include "services/identity/access/proposals.h"
#include "services/identity/membership/periods.h"

#define SUSPEND       IDENTITY__STANDING__STANDING_SUSPENDED, IDENTITY__STANDING_REASON__STANDING_DISCIPLINE
#define ADMINISTRATOR RULE__ROLE__UNION_ADMIN
#define GUARD         RULE__ROLE__SECURITY_ADMIN

static const Rpc__Answer *propose_reset(struct harness *h, const Rpc__Principal *who, int64_t member_id)
{
    Identity__ProposeCredentialResetRequest request = IDENTITY__PROPOSE_CREDENTIAL_RESET_REQUEST__INIT;

    request.member_id = member_id;
    return harness_call(h, "Proposals.ProposeCredentialReset", &request.base, who, NULL);
}

static Identity__ProposalList *list(struct harness *h, const Rpc__Principal *who, int64_t union_id, int size,
                                    const char *token)
{
    Identity__ListProposalsRequest request = IDENTITY__LIST_PROPOSALS_REQUEST__INIT;

    request.union_id = union_id;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_output(h, harness_call(h, "Proposals.ListProposals", &request.base, who, NULL),
                          &identity__proposal_list__descriptor);
}

static Identity__ProposalList *lapsed(struct harness *h, const Rpc__Principal *who, int64_t union_id, const char *token)
{
    Identity__ListProposalsRequest request = IDENTITY__LIST_PROPOSALS_REQUEST__INIT;
    Identity__ProposalState state = IDENTITY__PROPOSAL_STATE__PROPOSAL_LAPSED;

    request.union_id = union_id;
    request.page_token = unconst(token);
    request.state = &state;
    request.n_state = 1;
    return harness_output(h, harness_call(h, "Proposals.ListProposals", &request.base, who, NULL),
                          &identity__proposal_list__descriptor);
}

static int last_state(struct harness *h)
{
    return (int)last_event(h, IDENTITY__EVENT__EVENT_PROPOSAL_CHANGED)->proposal_changed->state;
}

static void a_standing_changes_when_another_official_confirms(void **state)
{
    Rpc__Principal *member, *official;
    Identity__Proposal *proposal;
    struct standing standing;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    official = harness_official(&h, 8, ADMINISTRATOR, FIRST);
    id = proposed(&h, propose_standing(&h, official, member->member_id, SUSPEND))->proposal_id;
    assert_int_equal(person_signed_in(&h, 1)->level, RPC__LEVEL__CATEGORY);
    assert_null(last_event(&h, IDENTITY__EVENT__EVENT_STANDING_CHANGED));
    assert_refused(propose_standing(&h, harness_official(&h, 9, ADMINISTRATOR, ROOT), member->member_id, SUSPEND),
                   "PROPOSAL_PENDING");
    assert_refused(decide_proposal(&h, official, id, true), "PROPOSAL_OWN");
    assert_refused(decide_proposal(&h, harness_official(&h, 9, ADMINISTRATOR, SECOND), id, true), "OUTSIDE_YOUR_UNION");
    assert_refused(decide_proposal(&h, harness_official(&h, 9, GUARD, FIRST), id, true), "PROPOSAL_OTHER_OFFICE");
    assert_refused(decide_proposal(&h, harness_official(&h, member->member_id, ADMINISTRATOR, ROOT), id, true),
                   "NOT_FOR_YOURSELF");
    harness_reopen(&h);
    proposal = proposed(&h, decide_proposal(&h, harness_official(&h, 9, ADMINISTRATOR, ROOT), id, true));
    assert_int_equal(proposal->state, IDENTITY__PROPOSAL_STATE__PROPOSAL_CONFIRMED);
    assert_int_equal(proposal->asked_by, 8);
    assert_int_equal(proposal->decided_by, 9);
    assert_int_equal(proposal->standing, IDENTITY__STANDING__STANDING_SUSPENDED);
    assert_true(periods_find_standing(&((struct identity *)h.service.self)->periods, member->member_id, &standing));
    assert_int_equal(standing.decided_by, 9);
    assert_refused(decide_proposal(&h, harness_official(&h, 10, ADMINISTRATOR, ROOT), id, true), "PROPOSAL_DECIDED");
    assert_refused(decide_proposal(&h, official, 4711, true), "PROPOSAL_NOT_FOUND");
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE proposal SET state = 3");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE proposal SET state = 2");
    end(&h);
}

static void a_refused_proposal_changes_nothing_and_may_be_made_again(void **state)
{
    Rpc__Principal *member, *first, *second;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    first = harness_official(&h, 8, ADMINISTRATOR, FIRST);
    second = harness_official(&h, 9, ADMINISTRATOR, FIRST);
    id = proposed(&h, propose_standing(&h, first, member->member_id, SUSPEND))->proposal_id;
    assert_int_equal(proposed(&h, decide_proposal(&h, second, id, false))->state,
                     IDENTITY__PROPOSAL_STATE__PROPOSAL_REFUSED);
    assert_int_equal(last_state(&h), IDENTITY__PROPOSAL_STATE__PROPOSAL_REFUSED);
    assert_int_equal(person_signed_in(&h, 1)->level, RPC__LEVEL__CATEGORY);
    id = proposed(&h, propose_standing(&h, first, member->member_id, SUSPEND))->proposal_id;
    assert_ok(decide_proposal(&h, second, id, true));
    end(&h);
}

static void a_death_takes_effect_when_it_is_confirmed(void **state)
{
    Rpc__Principal *member;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    id = proposed(&h, propose_standing(&h, harness_official(&h, 8, ADMINISTRATOR, FIRST), member->member_id,
                                       IDENTITY__STANDING__STANDING_DECEASED,
                                       IDENTITY__STANDING_REASON__STANDING_DEATH_REPORTED))
             ->proposal_id;
    assert_int_equal(person_signed_in(&h, 1)->level, RPC__LEVEL__CATEGORY);
    assert_ok(decide_proposal(&h, harness_official(&h, 9, ADMINISTRATOR, FIRST), id, true));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_MEMBERSHIP_ENDED)->membership_ended->ended,
                     IDENTITY__ENDED__ENDED_BY_DEATH);
    end(&h);
}

static void what_is_possible_no_more_is_not_confirmed(void **state)
{
    Rpc__Principal *member;
    struct harness h;
    int64_t rows, id;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    id = proposed(&h, propose_standing(&h, harness_official(&h, 8, ADMINISTRATOR, FIRST), member->member_id, SUSPEND))
             ->proposal_id;
    harness_tamper(&h, "INSERT INTO standing (standing_id, member_id, standing, reason, began_at, decided_by) "
                       "SELECT 1, member_id, 1, 1, 0, 0 FROM proposal");
    rows = journal_rows(&h);
    assert_refused(decide_proposal(&h, harness_official(&h, 9, ADMINISTRATOR, FIRST), id, true), "STANDING_UNCHANGED");
    assert_int_equal(journal_rows(&h), rows);
    harness_tamper(&h, "DELETE FROM standing");
    end(&h);
}

static void what_nobody_decides_lapses(void **state)
{
    Rpc__Principal *member, *official;
    Identity__Proposal *proposal;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    official = harness_official(&h, 9, ADMINISTRATOR, ROOT);
    proposal =
        proposed(&h, propose_standing(&h, harness_official(&h, 8, ADMINISTRATOR, FIRST), member->member_id, SUSPEND));
    clock_step(&h.service.clock, PROPOSAL_LIFE_MS - 1);
    harness_tidy(&h);
    assert_int_equal(list(&h, official, first_id, 0, "")->n_proposals, 1);
    clock_step(&h.service.clock, 1);
    assert_int_equal(proposal->lapses_at, clock_now(&h.service.clock));
    assert_refused(decide_proposal(&h, official, proposal->proposal_id, true), "PROPOSAL_DECIDED");
    harness_tidy(&h);
    assert_int_equal(last_state(&h), IDENTITY__PROPOSAL_STATE__PROPOSAL_LAPSED);
    assert_int_equal(list(&h, official, first_id, 0, "")->n_proposals, 0);
    assert_int_equal(lapsed(&h, official, second_id, "")->n_proposals, 0);
    assert_int_equal(lapsed(&h, official, first_id, "")->proposals[0]->proposal_id, proposal->proposal_id);
    assert_ok(propose_standing(&h, official, member->member_id, SUSPEND));
    end(&h);
}

static void open_proposals_of_a_subtree_are_listed_in_pages(void **state)
{
    Identity__ProposalList *page;
    Rpc__Principal *official;
    struct harness h;
    int64_t ids[3];

    (void)state;
    begin_with_unions(&h);
    official = harness_official(&h, 9, ADMINISTRATOR, ROOT);
    for (unsigned i = 0; i < 3; i++)
        ids[i] =
            proposed(&h, propose_standing(&h, official,
                                          member_of_union(&h, i + 1, i == 1 ? "440605" : "440604")->member_id, SUSPEND))
                ->proposal_id;
    page = list(&h, official, root_id, 2, "");
    assert_int_equal(page->n_proposals, 2);
    assert_int_equal(page->proposals[0]->proposal_id, ids[0]);
    page = list(&h, official, root_id, 2, page->next_page_token);
    assert_int_equal(page->n_proposals, 1);
    assert_int_equal(page->proposals[0]->proposal_id, ids[2]);
    assert_string_equal(page->next_page_token, "");
    page = list(&h, official, second_id, 0, "");
    assert_int_equal(page->n_proposals, 1);
    assert_int_equal(page->proposals[0]->proposal_id, ids[1]);
    end(&h);
}

/* A page ends when it is full, or when so many were looked at; the next goes on there. */
static void a_page_of_few_proposals_among_many_looks_at_a_bounded_number(void **state)
{
    Identity__ProposalList *page;
    Rpc__Principal *official;
    struct harness h;
    int64_t last;

    (void)state;
    begin_with_unions(&h);
    official = harness_official(&h, 9, ADMINISTRATOR, ROOT);
    last =
        proposed(&h, propose_standing(&h, official, member_of_union(&h, 1, "440604")->member_id, SUSPEND))->proposal_id;
    clock_step(&h.service.clock, PROPOSAL_LIFE_MS);
    harness_tidy(&h);
    harness_tamper(&h, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) "
                       "INSERT INTO proposal (proposal_id, kind, state, member_id, union_id, value, reason, asked_by, "
                       "asked_at) SELECT i, kind, p.state, member_id, u.union_id, value, reason, asked_by, asked_at "
                       "FROM n, proposal AS p, unions AS u WHERE proposal_id > 1500 AND code = '440605'");
    page = lapsed(&h, official, first_id, "");
    assert_int_equal(page->n_proposals, 0);
    page = lapsed(&h, official, first_id, page->next_page_token);
    assert_int_equal(page->n_proposals, 1);
    assert_int_equal(page->proposals[0]->proposal_id, last);
    assert_string_equal(page->next_page_token, "");
    harness_close(&h); /* the journal says nothing of those */
}

static void a_second_factor_is_reset_by_two_and_never_ones_own(void **state)
{
    Rpc__Principal *first, *second, *plain;
    Identity__Session *session;
    char totp[TOTP_DIGITS + 1];
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    create_grant(&h, harness_internal(&h), "16900000001", ADMINISTRATOR, "440604");
    create_grant(&h, harness_internal(&h), "16900000001", RULE__ROLE__FINANCE, "440605");
    session = enrolled(&h, "16900000001");
    id = session->member->member_id;
    first = harness_official(&h, 8, GUARD, ROOT);
    second = harness_official(&h, 9, GUARD, ROOT);
    /* Of somebody who has an office elsewhere too, whoever covers both. */
    assert_refused(propose_reset(&h, harness_official(&h, 9, GUARD, FIRST), id), "OUTSIDE_YOUR_UNION");
    assert_refused(propose_reset(&h, harness_official(&h, id, GUARD, ROOT), id), "NOT_FOR_YOURSELF");
    assert_refused(propose_reset(&h, first, person_signed_in(&h, 2)->member_id), "CREDENTIAL_NOT_FOUND");
    assert_refused(propose_reset(&h, first, 4711), "CREDENTIAL_NOT_FOUND");
    id = proposed(&h, propose_reset(&h, first, id))->proposal_id;
    assert_refused(decide_proposal(&h, first, id, true), "PROPOSAL_OWN");
    assert_refused(decide_proposal(&h, harness_official(&h, 9, ADMINISTRATOR, ROOT), id, true),
                   "PROPOSAL_OTHER_OFFICE");
    assert_ok(try_refresh(&h, session->refresh_token));
    assert_ok(decide_proposal(&h, second, id, true));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_CREDENTIAL_CHANGED)->credential_changed->change,
                     IDENTITY__CREDENTIAL_CHANGE__CREDENTIAL_RESET);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED)->session_revoked->session_id,
                     principal_of(&h, session)->session_id);
    clock_step(&h.service.clock, CODE_RESEND_MS);
    assert_refused(sign_in(&h, "16900000001", PASSWORD, totp_of(&h, session->member->member_id, 0, totp), ""),
                   "SIGN_IN_WRONG");
    /* She enrols anew, by a code, and not with the password she had. */
    plain = person_signed_in(&h, 1);
    assert_refused(confirm_enrolment(&h, plain, totp_of(&h, plain->member_id, 0, totp)), "NOT_ENROLLED");
    assert_refused(enrol(&h, plain, PASSWORD), "PASSWORD_USED");
    assert_ok(enrol(&h, plain, "Another-horse-8"));
    assert_ok(confirm_enrolment(&h, plain, totp_of(&h, plain->member_id, 0, totp)));
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_standing_changes_when_another_official_confirms),
        cmocka_unit_test(a_refused_proposal_changes_nothing_and_may_be_made_again),
        cmocka_unit_test(a_death_takes_effect_when_it_is_confirmed),
        cmocka_unit_test(what_is_possible_no_more_is_not_confirmed),
        cmocka_unit_test(what_nobody_decides_lapses),
        cmocka_unit_test(open_proposals_of_a_subtree_are_listed_in_pages),
        cmocka_unit_test(a_page_of_few_proposals_among_many_looks_at_a_bounded_number),
        cmocka_unit_test(a_second_factor_is_reset_by_two_and_never_ones_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
