/* Who gives an office, who takes it back, and who is in between: one official, two, or the command line. */
#include "services/identity/access/office_fixture.h"
#include "services/identity/people/people_fixture.h"
#include "services/identity/access/grants.h"
#include "services/identity/access/proposals.h"
#include "services/identity/people/members.h"

#define MOBILE        "16900000001"
#define ADMINISTRATOR RULE__ROLE__UNION_ADMIN
#define GUARD         RULE__ROLE__SECURITY_ADMIN

static Identity__GrantRecord *granted(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &identity__grant_record__descriptor);
}

static const Rpc__Answer *take_grant(struct harness *h, const Rpc__Principal *who, int64_t grant_id)
{
    Identity__RevokeGrantRequest request = IDENTITY__REVOKE_GRANT_REQUEST__INIT;

    request.grant_id = grant_id;
    return harness_call(h, "Identity.RevokeGrant", &request.base, who, NULL);
}

/* ---- by one ---- */

static void a_grant_waits_for_who_has_not_signed_in_yet(void **state)
{
    Identity__GrantRecord *grant;
    Rpc__Principal *principal;
    const Rpc__Answer *answer;
    Identity__Member *me;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    answer = create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__UNION_ADMIN, "440604");
    assert_true(answer->created);
    grant = granted(&h, answer);
    assert_string_equal(grant->union_->code, "440604");
    harness_reopen(&h);
    principal = principal_of(&h, enrolled(&h, MOBILE));
    assert_int_equal(principal->member_id, grant->member_id);
    assert_int_equal(principal->n_grants, 1);
    assert_int_equal(principal->grants[0]->role, RULE__ROLE__UNION_ADMIN);
    assert_string_equal(principal->grants[0]->union_path, "00000000");
    me = harness_output(&h, harness_call(&h, "Identity.GetMe", NULL, principal, NULL), &identity__member__descriptor);
    assert_int_equal(me->n_grants, 1);
    assert_int_equal(me->grants[0]->grant_id, grant->grant_id);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_GRANT_CHANGED)->grant_changed->grant_id, grant->grant_id);
    end(&h);
}

static void the_same_grant_twice_is_one(void **state)
{
    const Rpc__Answer *answer;
    Identity__GrantRecord *first;
    struct harness h;
    int64_t rows;

    (void)state;
    begin_with_unions(&h);
    first = granted(&h, create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__UNION_ADMIN, "440604"));
    rows = journal_rows(&h);
    answer = create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__UNION_ADMIN, "440604");
    assert_false(answer->created);
    assert_int_equal(granted(&h, answer)->grant_id, first->grant_id);
    assert_int_equal(journal_rows(&h), rows);
    end(&h);
}

static void a_refused_grant_makes_no_member(void **state)
{
    const Rpc__Principal *official;
    const Rpc__Answer *answer;
    struct member member;
    struct harness h;
    char code[16];

    (void)state;
    begin_with_unions(&h);
    official = harness_official(&h, 5, RULE__ROLE__SECURITY_ADMIN, "00000000");
    assert_refused(create_grant(&h, official, MOBILE, RULE__ROLE__UNION_ADMIN, "440605"), "GRANT_EXCEEDS_YOURS");
    assert_refused(create_grant(&h, official, MOBILE, 99, "440604"), "ROLE_INVALID");
    answer = create_grant(&h, official, "1234", RULE__ROLE__UNION_ADMIN, "440604");
    assert_refused(answer, "MOBILE_INVALID");
    assert_string_equal(answer->field, "mobile");
    assert_refused(create_grant(&h, official, MOBILE, RULE__ROLE__UNION_ADMIN, "440699"), "UNION_NOT_FOUND");
    official = harness_official(&h, 5, RULE__ROLE__UNION_ADMIN, "0000");
    assert_refused(create_grant(&h, official, MOBILE, RULE__ROLE__UNION_ADMIN, "440604"), "NOT_OFFICIAL");
    /* The first login makes her. */
    clock_step(&h.service.clock, 1000);
    assert_true(members_find(&identity_of(&h)->members, principal_of(&h, login(&h, MOBILE))->member_id, &member));
    assert_int_equal(member.created_at, HARNESS_NOW + 1000 + CODE_RESEND_MS);
    for (int i = 0; i <= LIMIT_GRANTS; i++) {
        snprintf(code, sizeof(code), "G-%d", i);
        make_union(&h, code, "440604");
        answer = create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__FINANCE, code);
        assert_true(i < LIMIT_GRANTS ? answer->reason == 0 : answer->reason == IDENTITY__REASON__TOO_MANY_GRANTS);
    }
    end(&h);
}

static void an_official_grants_within_her_office_and_not_to_herself(void **state)
{
    Rpc__Principal *official;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    granted(&h, create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__SECURITY_ADMIN, "440604"));
    official = principal_of(&h, enrolled(&h, MOBILE));
    assert_int_equal(
        granted(&h, create_grant(&h, official, "16900000002", RULE__ROLE__CHECKUP_STAFF, "440604"))->granted_by,
        official->member_id);
    assert_refused(create_grant(&h, official, MOBILE, RULE__ROLE__CHECKUP_STAFF, "440604"), "GRANT_EXCEEDS_YOURS");
    assert_refused(create_grant(&h, official, "16900000002", RULE__ROLE__CHECKUP_STAFF, "440600"),
                   "GRANT_EXCEEDS_YOURS");
    assert_refused(create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__AUDIT_ADMIN, "440605"), "ROLES_EXCLUDE");
    end(&h);
}

static void a_revoked_grant_ends_the_sessions_that_carry_it(void **state)
{
    Identity__Session *first, *second, *other;
    const Rpc__Principal *outsider;
    Identity__GrantRecord *grant;
    Rpc__Principal *after;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    grant = granted(&h, create_grant(&h, harness_internal(&h), MOBILE, RULE__ROLE__UNION_ADMIN, "440604"));
    first = login(&h, MOBILE);
    second = enrolled(&h, MOBILE);
    other = login(&h, "16900000002");
    outsider = harness_official(&h, 5, RULE__ROLE__SECURITY_ADMIN, "00000001");
    assert_refused(take_grant(&h, outsider, grant->grant_id), "GRANT_EXCEEDS_YOURS");
    assert_ok(take_grant(&h, harness_internal(&h), grant->grant_id));
    assert_true(last_event(&h, IDENTITY__EVENT__EVENT_GRANT_CHANGED)->grant_changed->revoked);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED)->session_revoked->session_id,
                     principal_of(&h, second)->session_id);
    assert_refused(try_refresh(&h, first->refresh_token), "REFRESH_INVALID");
    assert_refused(try_refresh(&h, second->refresh_token), "REFRESH_INVALID");
    assert_ok(try_refresh(&h, other->refresh_token));
    after = principal_of(&h, login(&h, MOBILE));
    assert_int_equal(after->n_grants, 0);
    assert_refused(take_grant(&h, harness_internal(&h), grant->grant_id), "GRANT_NOT_FOUND");
    end(&h);
}

/* ---- by two ---- */

static const Rpc__Answer *propose_grant(struct harness *h, const Rpc__Principal *who, const char *mobile, int role,
                                        const char *union_code)
{
    Identity__ProposeGrantRequest request = IDENTITY__PROPOSE_GRANT_REQUEST__INIT;

    request.mobile = unconst(mobile);
    request.role = (Rule__Role)role;
    request.union_id = union_coded(h, union_code);
    return harness_call(h, "Proposals.ProposeGrant", &request.base, who, NULL);
}

/* The n-th person, known by name, and her number. */
static int64_t named(struct harness *h, unsigned n, char ret_mobile[CN_MOBILE_LEN + 1])
{
    mobile_of(n, ret_mobile);
    clock_step(&h->service.clock, CODE_RESEND_MS);
    return member_of_union(h, n, "440604")->member_id;
}

static const Rpc__Answer *propose_revocation(struct harness *h, const Rpc__Principal *who, int64_t grant_id)
{
    Identity__ProposeRevocationRequest request = IDENTITY__PROPOSE_REVOCATION_REQUEST__INIT;

    request.grant_id = grant_id;
    return harness_call(h, "Proposals.ProposeRevocation", &request.base, who, NULL);
}

/* Two guards of the first union. */
static void begin_with_guards(struct harness *h, Rpc__Principal **ret_first, Rpc__Principal **ret_second)
{
    begin_with_unions(h);
    *ret_first = harness_official(h, 8, GUARD, FIRST);
    *ret_second = harness_official(h, 9, GUARD, FIRST);
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
    begin_with_guards(&h, &first, &second);
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
    begin_with_guards(&h, &first, &second);
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
    begin_with_guards(&h, &first, &second);
    named(&h, 1, mobile);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grant_waits_for_who_has_not_signed_in_yet),
        cmocka_unit_test(the_same_grant_twice_is_one),
        cmocka_unit_test(a_refused_grant_makes_no_member),
        cmocka_unit_test(an_official_grants_within_her_office_and_not_to_herself),
        cmocka_unit_test(a_revoked_grant_ends_the_sessions_that_carry_it),
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
