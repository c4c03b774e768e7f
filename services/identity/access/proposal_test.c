/* What one official proposes and another confirms. */
#include "services/identity/fixture.h"
#include "services/identity/access/grants.h"
#include "services/identity/access/proposals.h"
#include "services/identity/membership/periods.h"

#define SUSPEND       IDENTITY__STANDING__STANDING_SUSPENDED, IDENTITY__STANDING_REASON__STANDING_DISCIPLINE
#define ADMINISTRATOR RULE__ROLE__UNION_ADMIN
#define GUARD         RULE__ROLE__SECURITY_ADMIN

static const Rpc__Answer *propose_grant(struct harness *h, const Rpc__Principal *who, const char *mobile, int role,
                                        const char *union_code)
{
    Identity__ProposeGrantRequest request = IDENTITY__PROPOSE_GRANT_REQUEST__INIT;

    request.mobile = unconst(mobile);
    request.role = (Rule__Role)role;
    request.union_id = union_coded(h, union_code);
    return harness_call(h, "Proposals.ProposeGrant", &request.base, who, NULL);
}

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

/* The n-th person, known by name, and her number. */
static int64_t named(struct harness *h, unsigned n, char ret_mobile[CN_MOBILE_LEN + 1])
{
    mobile_of(n, ret_mobile);
    clock_step(&h->service.clock, CODE_RESEND_MS);
    return member_of_union(h, n, "440604")->member_id;
}

static const Rpc__Answer *take_grant(struct harness *h, const Rpc__Principal *who, int64_t grant_id)
{
    Identity__RevokeGrantRequest request = IDENTITY__REVOKE_GRANT_REQUEST__INIT;

    request.grant_id = grant_id;
    return harness_call(h, "Identity.RevokeGrant", &request.base, who, NULL);
}

static const Rpc__Answer *propose_revocation(struct harness *h, const Rpc__Principal *who, int64_t grant_id)
{
    Identity__ProposeRevocationRequest request = IDENTITY__PROPOSE_REVOCATION_REQUEST__INIT;

    request.grant_id = grant_id;
    return harness_call(h, "Proposals.ProposeRevocation", &request.base, who, NULL);
}

static Identity__GrantRecord *granted(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__grant_record__descriptor);
}

static const Identity__GrantChanged *last_grant(struct harness *h)
{
    return last_event(h, IDENTITY__EVENT__EVENT_GRANT_CHANGED)->grant_changed;
}

static void an_administrators_role_is_given_by_two(void **state)
{
    char mobile[CN_MOBILE_LEN + 1], other[CN_MOBILE_LEN + 1];
    Rpc__Principal *first, *second;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    first = harness_official(&h, 8, GUARD, FIRST);
    second = harness_official(&h, 9, GUARD, ROOT);
    named(&h, 1, mobile);
    named(&h, 2, other);
    assert_refused(create_grant(&h, first, mobile, RULE__ROLE__AUDIT_ADMIN, "440604"), "GRANT_NEEDS_CONFIRMING");
    assert_refused(propose_grant(&h, first, mobile, RULE__ROLE__CHECKUP_STAFF, "440604"), "ROLE_INVALID");
    assert_refused(propose_grant(&h, first, mobile, RULE__ROLE__AUDIT_ADMIN, "440600"), "GRANT_EXCEEDS_YOURS");
    assert_refused(propose_grant(&h, first, mobile, RULE__ROLE__AUDIT_ADMIN, "440605"), "GRANT_EXCEEDS_YOURS");
    id = proposed(&h, propose_grant(&h, first, mobile, RULE__ROLE__AUDIT_ADMIN, "440604"))->proposal_id;
    assert_refused(decide_proposal(&h, first, id, true), "PROPOSAL_OWN");
    assert_refused(decide_proposal(&h, harness_internal(&h), id, true), "HAND_NOT_NAMED");
    assert_refused(decide_proposal(&h, harness_official(&h, 9, GUARD, SECOND), id, true), "OUTSIDE_YOUR_UNION");
    assert_null(last_event(&h, IDENTITY__EVENT__EVENT_GRANT_CHANGED));
    assert_ok(decide_proposal(&h, second, id, true));
    assert_int_equal(last_grant(&h)->role, RULE__ROLE__AUDIT_ADMIN);
    assert_refused(propose_grant(&h, first, mobile, RULE__ROLE__SYSTEM_ADMIN, "440604"), "ROLES_EXCLUDE");
    /* Nor does a proposal become one where the other came meanwhile. */
    id = proposed(&h, propose_grant(&h, first, other, RULE__ROLE__SYSTEM_ADMIN, "440604"))->proposal_id;
    assert_ok(create_grant(&h, harness_internal(&h), other, GUARD, "440605"));
    assert_refused(decide_proposal(&h, second, id, true), "ROLES_EXCLUDE");
    end(&h);
}

static void offices_that_decide_are_given_and_taken_back_by_two(void **state)
{
    static const int roles[] = {RULE__ROLE__SYSTEM_ADMIN, GUARD,
                                RULE__ROLE__AUDIT_ADMIN,  ADMINISTRATOR,
                                RULE__ROLE__FINANCE,      RULE__ROLE__BENEFIT_MANAGER,
                                RULE__ROLE__REPORT_CLERK};
    Rpc__Principal *first, *second;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    first = harness_official(&h, 8, GUARD, FIRST);
    second = harness_official(&h, 9, GUARD, FIRST);
    for (unsigned i = 0; i < ARRAY_LEN(roles); i++) {
        char mobile[CN_MOBILE_LEN + 1];
        int64_t member_id = named(&h, i + 1, mobile), id, grant_id;

        assert_refused(create_grant(&h, first, mobile, roles[i], "440604"), "GRANT_NEEDS_CONFIRMING");
        id = proposed(&h, propose_grant(&h, first, mobile, roles[i], "440604"))->proposal_id;
        assert_ok(decide_proposal(&h, second, id, true));
        grant_id = last_grant(&h)->grant_id;
        assert_int_equal(last_grant(&h)->member_id, member_id);
        assert_refused(take_grant(&h, first, grant_id), "GRANT_NEEDS_CONFIRMING");
        id = proposed(&h, propose_revocation(&h, first, grant_id))->proposal_id;
        assert_refused(decide_proposal(&h, first, id, true), "PROPOSAL_OWN");
        assert_false(last_grant(&h)->revoked);
        assert_ok(decide_proposal(&h, second, id, true));
        assert_true(last_grant(&h)->revoked);
        assert_refused(propose_revocation(&h, first, grant_id), "GRANT_NOT_FOUND");
    }
    end(&h);
}

static void who_gives_an_office_to_a_strangers_number_is_not_told_whose_it_is(void **state)
{
    char hers[CN_MOBILE_LEN + 1], strangers[CN_MOBILE_LEN + 1];
    int64_t member_id, stranger_id;
    Rpc__Principal *guard;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member_id = named(&h, 1, hers);
    stranger_id = member_of_union(&h, 2, "440605")->member_id;
    mobile_of(2, strangers);
    guard = harness_official(&h, 8, GUARD, FIRST);
    assert_int_equal(granted(&h, create_grant(&h, guard, hers, RULE__ROLE__CHECKUP_STAFF, "440604"))->member_id,
                     member_id);
    assert_int_equal(proposed(&h, propose_grant(&h, guard, hers, ADMINISTRATOR, "440604"))->member_id, member_id);
    for (int i = 0; i < 2; i++) /* given, and held already */
        assert_int_equal(
            granted(&h, create_grant(&h, guard, strangers, RULE__ROLE__CHECKUP_STAFF, "440604"))->member_id, 0);
    assert_int_equal(last_grant(&h)->member_id, stranger_id);
    assert_int_equal(proposed(&h, propose_grant(&h, guard, strangers, ADMINISTRATOR, "440604"))->member_id, 0);
    guard = harness_official(&h, 9, GUARD, ROOT); /* over her union too */
    assert_int_equal(granted(&h, create_grant(&h, guard, strangers, RULE__ROLE__CHECKUP_STAFF, "440605"))->member_id,
                     stranger_id);
    end(&h);
}

/* Who is only a number is nobody, and no two of them are two people. */
static void hands_and_grantees_are_known_by_name(void **state)
{
    Rpc__Principal *first, *second;
    char mobile[CN_MOBILE_LEN + 1];
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    first = harness_official(&h, 8, GUARD, FIRST);
    second = harness_official(&h, 9, GUARD, FIRST);
    assert_refused(propose_grant(&h, first, "16900000077", ADMINISTRATOR, "440604"), "GRANTEE_NOT_NAMED");
    person_signed_in(&h, 1);
    assert_refused(propose_grant(&h, first, mobile_of(1, mobile), ADMINISTRATOR, "440604"), "GRANTEE_NOT_NAMED");
    named(&h, 1, mobile);
    first->level = RPC__LEVEL__MOBILE;
    assert_refused(propose_grant(&h, first, mobile, ADMINISTRATOR, "440604"), "HAND_NOT_NAMED");
    first->level = RPC__LEVEL__REAL_NAME;
    id = proposed(&h, propose_grant(&h, first, mobile, ADMINISTRATOR, "440604"))->proposal_id;
    second->level = RPC__LEVEL__MOBILE;
    assert_refused(decide_proposal(&h, second, id, true), "HAND_NOT_NAMED");
    second->level = RPC__LEVEL__REAL_NAME;
    assert_ok(decide_proposal(&h, second, id, true));
    end(&h);
}

static void whoever_has_just_given_an_office_is_no_second_hand_with_it(void **state)
{
    Rpc__Principal *giver, *holder, *third;
    char mobile[CN_MOBILE_LEN + 1];
    struct harness h;
    int64_t id, now;

    (void)state;
    begin_with_unions(&h);
    named(&h, 1, mobile);
    now = clock_now(&h.service.clock);
    giver = harness_official(&h, 8, GUARD, FIRST);
    holder = harness_newly(&h, harness_official(&h, 9, GUARD, FIRST), 8, now);
    third = harness_official(&h, 10, GUARD, FIRST);
    id = proposed(&h, propose_grant(&h, giver, mobile, ADMINISTRATOR, "440604"))->proposal_id;
    assert_refused(decide_proposal(&h, holder, id, true), "HAND_GAVE_OFFICE");
    assert_ok(decide_proposal(&h, third, id, true));
    id = proposed(&h, propose_grant(&h, holder, mobile, RULE__ROLE__FINANCE, "440604"))->proposal_id;
    assert_refused(decide_proposal(&h, giver, id, true), "HAND_GAVE_OFFICE");
    assert_ok(decide_proposal(&h, third, id, true));
    id = proposed(&h, propose_grant(&h, giver, mobile, RULE__ROLE__BENEFIT_MANAGER, "440604"))->proposal_id;
    clock_step(&h.service.clock, HANDS_OFFICE_MS - 1);
    assert_refused(decide_proposal(&h, holder, id, true), "HAND_GAVE_OFFICE");
    clock_step(&h.service.clock, 1);
    assert_ok(decide_proposal(&h, holder, id, true));
    end(&h);
}

/* What her token says of it is what the two did. */
static void a_new_offices_token_names_who_gave_it_for_a_day(void **state)
{
    Identity__Session *session;
    Rpc__Principal *holder;
    char mobile[CN_MOBILE_LEN + 1];
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    named(&h, 1, mobile);
    id = proposed(&h, propose_grant(&h, harness_official(&h, 8, GUARD, FIRST), mobile, GUARD, "440604"))->proposal_id;
    assert_ok(decide_proposal(&h, harness_official(&h, 9, GUARD, ROOT), id, true));
    clock_step(&h.service.clock, CODE_RESEND_MS);
    session = enrolled(&h, mobile);
    holder = principal_of(&h, session);
    assert_int_equal(holder->n_grants, 1);
    assert_int_equal(holder->grants[0]->n_given_by, 2);
    assert_int_equal(holder->grants[0]->given_by[0], 9);
    assert_int_equal(holder->grants[0]->given_by[1], 8);
    clock_step(&h.service.clock, HANDS_OFFICE_MS);
    holder = principal_of(&h, harness_output(&h,
                                             sign_in(&h, mobile, PASSWORD,
                                                     totp_of(&h, holder->member_id, 0, (char[TOTP_DIGITS + 1]){0}), ""),
                                             &identity__session__descriptor));
    assert_int_equal(holder->grants[0]->n_given_by, 0);
    end(&h);
}

static void who_proposed_takes_it_back_until_it_is_decided(void **state)
{
    Rpc__Principal *first, *second;
    char mobile[CN_MOBILE_LEN + 1];
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    named(&h, 1, mobile);
    first = harness_official(&h, 8, GUARD, FIRST);
    second = harness_official(&h, 9, GUARD, FIRST);
    id = proposed(&h, propose_grant(&h, first, mobile, ADMINISTRATOR, "440604"))->proposal_id;
    assert_int_equal(proposed(&h, decide_proposal(&h, first, id, false))->state,
                     IDENTITY__PROPOSAL_STATE__PROPOSAL_TAKEN_BACK);
    assert_refused(decide_proposal(&h, second, id, true), "PROPOSAL_DECIDED");
    assert_null(last_event(&h, IDENTITY__EVENT__EVENT_GRANT_CHANGED));
    assert_ok(propose_grant(&h, second, mobile, ADMINISTRATOR, "440604"));
    end(&h);
}

/* One guard has proposed that the first person administers the first union; decided by that guard, or by another. */
static int64_t begin_with_grant_proposed(struct harness *h)
{
    char mobile[CN_MOBILE_LEN + 1];

    begin_with_unions(h);
    named(h, 1, mobile);
    return proposed(h, propose_grant(h, harness_official(h, 8, GUARD, FIRST), mobile, ADMINISTRATOR, "440604"))
        ->proposal_id;
}

static const Rpc__Answer *confirmed_by(struct harness *h, int64_t guard, int64_t proposal_id)
{
    return decide_proposal(h, harness_official(h, guard, GUARD, FIRST), proposal_id, true);
}

static void what_is_confirmed_is_what_was_proposed(void **state)
{
    struct harness h;
    int64_t id = begin_with_grant_proposed(&h);

    (void)state;
    harness_tamper(&h, "UPDATE proposal SET value = 6");
    assert_refused(confirmed_by(&h, 9, id), "HANDS_DIFFER");
    harness_tamper(&h, "UPDATE proposal SET value = 4");
    assert_ok(confirmed_by(&h, 9, id));
    end(&h);
}

static void what_was_proposed_before_there_were_hands_is_confirmed_by_another(void **state)
{
    struct harness h;
    int64_t id = begin_with_grant_proposed(&h);

    (void)state;
    harness_tamper(&h, "DELETE FROM two_hands");
    assert_refused(confirmed_by(&h, 8, id), "PROPOSAL_OWN");
    assert_ok(confirmed_by(&h, 9, id));
    harness_close(&h); /* the journal has of it what the store has no more */
}

/* The command line before and after somebody has acted as a root's security administrator. */
static void the_command_line_gives_offices_until_there_is_a_root_administrator(void **state)
{
    char first[CN_MOBILE_LEN + 1], second[CN_MOBILE_LEN + 1], third[CN_MOBILE_LEN + 1];
    Rpc__Principal *guard;
    Identity__GrantRecord *grant;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    named(&h, 1, first);
    named(&h, 2, second);
    named(&h, 3, third);
    /* At once, also of two; until one of them comes. */
    grant = granted(&h, create_grant(&h, harness_internal(&h), first, ADMINISTRATOR, "440604"));
    assert_int_equal(grant->effective_at, 0);
    assert_ok(take_grant(&h, harness_internal(&h), grant->grant_id));
    assert_int_equal(granted(&h, create_grant(&h, harness_internal(&h), first, GUARD, "440600"))->effective_at, 0);
    clock_step(&h.service.clock, CODE_RESEND_MS);
    assert_int_equal(principal_of(&h, enrolled(&h, first))->n_grants, 1);
    /* From then on nothing but that office, by name, a day later. */
    assert_refused(create_grant(&h, harness_internal(&h), second, ADMINISTRATOR, "440604"), "GRANT_NEEDS_CONFIRMING");
    assert_refused(create_grant(&h, harness_internal(&h), second, GUARD, "440604"), "GRANT_NEEDS_CONFIRMING");
    assert_ok(create_grant(&h, harness_internal(&h), second, RULE__ROLE__CHECKUP_STAFF, "440604"));
    assert_refused(create_grant(&h, harness_internal(&h), "16900000077", GUARD, "440600"), "GRANTEE_NOT_NAMED");
    grant = granted(&h, create_grant(&h, harness_internal(&h), second, GUARD, "440600"));
    assert_int_equal(grant->effective_at, clock_now(&h.service.clock) + GRANT_WAIT_MS);
    assert_int_equal(last_grant(&h)->effective_at, grant->effective_at);
    assert_int_equal(h.head, journal_rows(&h)); /* whoever keeps the heads sees it */
    /* Two hold it: the command line gives it to no third, and takes none back that can be used. */
    assert_refused(create_grant(&h, harness_internal(&h), third, GUARD, "440600"), "GRANT_NEEDS_CONFIRMING");
    clock_step(&h.service.clock, CODE_RESEND_MS);
    guard = principal_of(&h, enrolled(&h, second));
    assert_int_equal(guard->n_grants, 1); /* the check-up's */
    clock_step(&h.service.clock, GRANT_WAIT_MS);
    guard = principal_of(&h, harness_output(&h,
                                            sign_in(&h, second, PASSWORD,
                                                    totp_of(&h, guard->member_id, 0, (char[TOTP_DIGITS + 1]){0}), ""),
                                            &identity__session__descriptor));
    assert_int_equal(guard->n_grants, 2);
    assert_refused(take_grant(&h, harness_internal(&h), grant->grant_id), "GRANT_NEEDS_CONFIRMING");
    end(&h);
}

static void what_the_command_line_gave_is_stopped_by_one_before_it_can_be_used(void **state)
{
    char first[CN_MOBILE_LEN + 1], second[CN_MOBILE_LEN + 1];
    Identity__GrantRecord *grant;
    Rpc__Principal *guard;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    named(&h, 1, first);
    named(&h, 2, second);
    assert_ok(create_grant(&h, harness_internal(&h), first, GUARD, "440600"));
    clock_step(&h.service.clock, CODE_RESEND_MS);
    guard = principal_of(&h, enrolled(&h, first));
    grant = granted(&h, create_grant(&h, harness_internal(&h), second, GUARD, "440600"));
    assert_ok(take_grant(&h, guard, grant->grant_id));
    grant = granted(&h, create_grant(&h, harness_internal(&h), second, GUARD, "440600"));
    clock_step(&h.service.clock, GRANT_WAIT_MS);
    assert_refused(take_grant(&h, guard, grant->grant_id), "GRANT_NEEDS_CONFIRMING");
    end(&h);
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
        cmocka_unit_test(an_administrators_role_is_given_by_two),
        cmocka_unit_test(offices_that_decide_are_given_and_taken_back_by_two),
        cmocka_unit_test(who_gives_an_office_to_a_strangers_number_is_not_told_whose_it_is),
        cmocka_unit_test(hands_and_grantees_are_known_by_name),
        cmocka_unit_test(whoever_has_just_given_an_office_is_no_second_hand_with_it),
        cmocka_unit_test(a_new_offices_token_names_who_gave_it_for_a_day),
        cmocka_unit_test(who_proposed_takes_it_back_until_it_is_decided),
        cmocka_unit_test(what_is_confirmed_is_what_was_proposed),
        cmocka_unit_test(what_was_proposed_before_there_were_hands_is_confirmed_by_another),
        cmocka_unit_test(the_command_line_gives_offices_until_there_is_a_root_administrator),
        cmocka_unit_test(what_the_command_line_gave_is_stopped_by_one_before_it_can_be_used),
        cmocka_unit_test(a_second_factor_is_reset_by_two_and_never_ones_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
