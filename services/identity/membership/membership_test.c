#include "services/identity/access/office_fixture.h"
#include "services/identity/membership/membership_fixture.h"
#include "services/identity/membership/periods.h"

static void verification_begins_the_first_period(void **state)
{
    Identity__MembershipList *list;
    Identity__Event *event;
    Rpc__Principal *member;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    list = history(&h, member);
    assert_int_equal(list->n_memberships, 1);
    assert_int_equal(list->memberships[0]->union_->union_id, first_id);
    assert_int_equal(list->memberships[0]->from, clock_now(&h.service.clock));
    assert_int_equal(list->memberships[0]->to, 0);
    assert_int_equal(list->memberships[0]->began, IDENTITY__BEGAN__BEGAN_BY_ROSTER);
    event = last_event(&h, IDENTITY__EVENT__EVENT_MEMBERSHIP_BEGAN);
    assert_int_equal(event->membership_began->member_id, member->member_id);
    assert_int_equal(event->membership_began->union_id, first_id);
    assert_int_equal(event->membership_began->trade, RPC__TRADE__COURIER);
    assert_int_equal(history(&h, person_signed_in(&h, 2))->n_memberships, 0);
    end(&h);
}

static void who_leaves_is_no_member_and_signs_in_anew(void **state)
{
    Identity__MembershipList *list;
    Rpc__Principal *member;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    clock_step(&h.service.clock, 5000);
    assert_ok(leave(&h, member));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED)->session_revoked->session_id,
                     member->session_id);
    list = history(&h, member);
    assert_int_equal(list->memberships[0]->to, clock_now(&h.service.clock));
    assert_int_equal(list->memberships[0]->ended, IDENTITY__ENDED__ENDED_BY_LEAVING);
    member = person_signed_in(&h, 1);
    assert_int_equal(member->level, RPC__LEVEL__REAL_NAME);
    assert_string_equal(member->union_path, "");
    assert_refused(leave(&h, member), "NO_MEMBERSHIP");
    assert_refused(leave(&h, harness_person(&h, 77, RPC__LEVEL__MOBILE, "")), "NO_MEMBERSHIP");
    end(&h);
}

static void leaving_is_confirmed(void **state)
{
    Identity__LeaveRequest request = IDENTITY__LEAVE_REQUEST__INIT;
    Rpc__Principal *member;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    assert_refused(harness_call(&h, "Memberships.Leave", &request.base, member, NULL), "MISSING_FIELD");
    assert_int_equal(person_signed_in(&h, 1)->level, RPC__LEVEL__CATEGORY);
    end(&h);
}

static void who_was_a_member_when_is_answered_later(void **state)
{
    Rpc__Principal *member;
    int64_t from, to;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604-1");
    from = clock_now(&h.service.clock);
    clock_step(&h.service.clock, 1000);
    to = clock_now(&h.service.clock);
    assert_ok(leave(&h, member));
    clock_step(&h.service.clock, INT64_C(5) * 365 * 86400000);
    harness_reopen(&h);
    assert_false(was_member(&h, member->member_id, town_id, from - 1));
    assert_true(was_member(&h, member->member_id, town_id, from));
    assert_true(was_member(&h, member->member_id, first_id, to - 1));
    assert_true(was_member(&h, member->member_id, root_id, to - 1));
    assert_false(was_member(&h, member->member_id, second_id, to - 1));
    assert_false(was_member(&h, member->member_id, town_id, to));
    assert_false(was_member(&h, member->member_id, town_id, 0));
    assert_false(was_member(&h, 12345, town_id, from));
    assert_refused(check_membership(&h, harness_internal(&h), member->member_id, 4711, from), "UNION_NOT_FOUND");
    assert_refused(
        check_membership(&h, harness_official(&h, 9, RULE__ROLE__FINANCE, SECOND), member->member_id, first_id, from),
        "OUTSIDE_YOUR_UNION");
    end(&h);
}

static void a_suspended_member_keeps_her_union_without_its_rights(void **state)
{
    Identity__Session *session;
    Rpc__Principal *member, *official;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    official = harness_official(&h, 9, RULE__ROLE__UNION_ADMIN, FIRST);
    assert_ok(set_standing(&h, official, member->member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                           IDENTITY__STANDING_REASON__STANDING_DISCIPLINE));
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED)->session_revoked->session_id,
                     member->session_id);
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_STANDING_CHANGED)->standing_changed->reason,
                     IDENTITY__STANDING_REASON__STANDING_DISCIPLINE);
    session = login(&h, "16900000001");
    assert_int_equal(principal_of(&h, session)->level, RPC__LEVEL__REAL_NAME);
    assert_int_equal(session->member->standing, IDENTITY__STANDING__STANDING_SUSPENDED);
    assert_int_equal(session->member->union_->union_id, first_id);
    assert_true(was_member(&h, member->member_id, first_id, clock_now(&h.service.clock)));
    assert_string_equal(harness_audit(&h), "");
    assert_ok(set_standing(&h, official, member->member_id, IDENTITY__STANDING__STANDING_ACTIVE,
                           IDENTITY__STANDING_REASON__STANDING_TERM_OVER));
    assert_int_equal(person_signed_in(&h, 1)->level, RPC__LEVEL__CATEGORY);
    end(&h);
}

static void nobody_signs_in_as_the_dead_until_it_was_a_mistake(void **state)
{
    char code[CODE_DIGITS + 1];
    Identity__MembershipList *list;
    Rpc__Principal *member, *official;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    official = harness_official(&h, 9, RULE__ROLE__UNION_ADMIN, ROOT);
    assert_ok(set_standing(&h, official, member->member_id, IDENTITY__STANDING__STANDING_DECEASED,
                           IDENTITY__STANDING_REASON__STANDING_DEATH_REPORTED));
    clock_step(&h.service.clock, CODE_RESEND_MS);
    get_code(&h, "16900000001", code);
    assert_refused(try_login(&h, "16900000001", code), "ACCOUNT_STOPPED");
    assert_refused(try_login(&h, "16900000001", code), "CODE_EXPIRED"); /* the refusal has used it up */
    assert_false(was_member(&h, member->member_id, first_id, 0));
    assert_refused(set_standing(&h, official, member->member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                                IDENTITY__STANDING_REASON__STANDING_DISCIPLINE),
                   "STANDING_UNCHANGED");
    assert_string_equal(harness_audit(&h), "");
    assert_ok(set_standing(&h, official, member->member_id, IDENTITY__STANDING__STANDING_ACTIVE,
                           IDENTITY__STANDING_REASON__STANDING_MISTAKE));
    clock_step(&h.service.clock, CODE_RESEND_MS);
    member = person_signed_in(&h, 1);
    assert_int_equal(member->level, RPC__LEVEL__CATEGORY);
    list = history(&h, member);
    assert_int_equal(list->n_memberships, 2);
    assert_int_equal(list->memberships[0]->ended, IDENTITY__ENDED__ENDED_BY_DEATH);
    assert_int_equal(list->memberships[1]->began, IDENTITY__BEGAN__BEGAN_BY_REINSTATING);
    assert_int_equal(list->memberships[1]->union_->union_id, first_id);
    end(&h);
}

static void a_standing_is_changed_within_ones_union_with_a_fitting_reason_and_not_ones_own(void **state)
{
    Rpc__Principal *member, *official;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    official = harness_official(&h, 9, RULE__ROLE__UNION_ADMIN, SECOND);
    assert_refused(set_standing(&h, official, member->member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                                IDENTITY__STANDING_REASON__STANDING_DISCIPLINE),
                   "OUTSIDE_YOUR_UNION");
    official = harness_official(&h, 9, RULE__ROLE__UNION_ADMIN, FIRST);
    assert_refused(set_standing(&h, official, member->member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                                IDENTITY__STANDING_REASON__STANDING_DEATH_CERTIFIED),
                   "STANDING_REASON_INVALID");
    assert_refused(set_standing(&h, official, member->member_id, IDENTITY__STANDING__STANDING_ACTIVE,
                                IDENTITY__STANDING_REASON__STANDING_MISTAKE),
                   "STANDING_UNCHANGED");
    assert_refused(set_standing(&h, official, member->member_id, 9, 0), "STANDING_REASON_INVALID");
    assert_refused(set_standing(&h, official, 4711, 1, 1), "MEMBER_NOT_FOUND");
    assert_refused(set_standing(&h, official, person_signed_in(&h, 2)->member_id, 1, 1), "MEMBER_NOT_FOUND");
    official = harness_official(&h, member->member_id, RULE__ROLE__UNION_ADMIN, FIRST);
    assert_refused(set_standing(&h, official, member->member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                                IDENTITY__STANDING_REASON__STANDING_OWN_WISH),
                   "NOT_FOR_YOURSELF");
    end(&h);
}

static Identity__MemberList *members(struct harness *h, const Rpc__Principal *who, int64_t union_id, int size,
                                     const char *token)
{
    Identity__ListMembersRequest request = IDENTITY__LIST_MEMBERS_REQUEST__INIT;

    request.union_id = union_id;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_output(h, harness_call(h, "Memberships.ListMembers", &request.base, who, NULL),
                          &identity__member_list__descriptor);
}

static void an_official_sees_her_unions_members_masked_and_in_pages(void **state)
{
    Identity__ListMembersRequest request = IDENTITY__LIST_MEMBERS_REQUEST__INIT;
    const Rpc__Principal *official;
    Rpc__Principal *third;
    Identity__MemberList *page;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    official = harness_official(&h, 9, RULE__ROLE__UNION_ADMIN, ROOT);
    member_of_union(&h, 1, "440604");
    member_of_union(&h, 2, "440604-1");
    third = member_of_union(&h, 3, "440604");
    page = members(&h, official, first_id, 1, "");
    assert_int_equal(page->n_members, 1);
    assert_string_equal(page->members[0]->name, "王*明");
    assert_string_equal(page->members[0]->mobile, "169****0001");
    page = members(&h, official, first_id, 1, page->next_page_token);
    assert_int_equal(page->members[0]->member_id, third->member_id);
    assert_string_equal(page->next_page_token, "");
    assert_ok(leave(&h, third));
    assert_int_equal(members(&h, official, first_id, 0, "")->n_members, 1);
    request.union_id = first_id;
    official = harness_official(&h, 9, RULE__ROLE__UNION_ADMIN, SECOND);
    assert_refused(harness_call(&h, "Memberships.ListMembers", &request.base, official, NULL), "OUTSIDE_YOUR_UNION");
    request.page_token = "-1";
    assert_refused(harness_call(&h, "Memberships.ListMembers", &request.base, harness_internal(&h), NULL),
                   "BAD_PAGE_TOKEN");
    request.page_token = "";
    request.union_id = -1;
    assert_refused(harness_call(&h, "Memberships.ListMembers", &request.base, harness_internal(&h), NULL),
                   "UNION_NOT_FOUND");
    end(&h);
}

/* A page is of so many members of whom some are shown, and the next one follows all the same. */
static void members_are_listed_by_their_standing(void **state)
{
    Identity__ListMembersRequest request = IDENTITY__LIST_MEMBERS_REQUEST__INIT;
    Identity__Standing standing = IDENTITY__STANDING__STANDING_SUSPENDED;
    const Rpc__Principal *official, *suspended;
    Identity__MemberList *page;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    official = harness_official(&h, 9, RULE__ROLE__UNION_ADMIN, ROOT);
    member_of_union(&h, 1, "440604");
    suspended = member_of_union(&h, 3, "440604");
    assert_ok(
        set_standing(&h, official, suspended->member_id, standing, IDENTITY__STANDING_REASON__STANDING_INVESTIGATION));
    request.union_id = first_id;
    request.state = &standing;
    request.n_state = 1;
    request.page_size = 1;
    page = harness_output(&h, harness_call(&h, "Memberships.ListMembers", &request.base, official, NULL),
                          &identity__member_list__descriptor);
    assert_int_equal(page->n_members, 0);
    request.page_token = page->next_page_token;
    page = harness_output(&h, harness_call(&h, "Memberships.ListMembers", &request.base, official, NULL),
                          &identity__member_list__descriptor);
    assert_int_equal(page->n_members, 1);
    assert_int_equal(page->members[0]->member_id, suspended->member_id);
    assert_string_equal(page->next_page_token, "");
    standing = IDENTITY__STANDING__STANDING_ACTIVE;
    request.page_size = 0;
    request.page_token = unconst("");
    page = harness_output(&h, harness_call(&h, "Memberships.ListMembers", &request.base, official, NULL),
                          &identity__member_list__descriptor);
    assert_int_equal(page->n_members, 1);
    assert_int_equal(page->members[0]->standing, IDENTITY__STANDING__STANDING_ACTIVE);
    end(&h);
}

static void a_history_is_shown_to_who_watches_over_the_union(void **state)
{
    Identity__MemberRequest request = IDENTITY__MEMBER_REQUEST__INIT;
    Rpc__Principal *member;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    request.member_id = member->member_id;
    assert_ok(harness_call(&h, "Memberships.ListMemberships", &request.base,
                           harness_official(&h, 9, RULE__ROLE__AUDIT_ADMIN, ROOT), NULL));
    assert_refused(harness_call(&h, "Memberships.ListMemberships", &request.base,
                                harness_official(&h, 9, RULE__ROLE__AUDIT_ADMIN, SECOND), NULL),
                   "OUTSIDE_YOUR_UNION");
    end(&h);
}

static void the_store_holds_one_lasting_period_of_a_member(void **state)
{
    struct period second = {.id = 5, .began_at = 1, .began = IDENTITY__BEGAN__BEGAN_BY_JOINING};
    Rpc__Principal *member;
    struct identity *self;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    self = h.service.self;
    second.member_id = member->member_id;
    second.union_id = second_id;
    assert_false(periods_begin(&self->periods, &second));
    assert_int_equal(store_commit(h.service.store), 0);
    assert_false(periods_find_period(&self->periods, 5, &second));
    end(&h);
}

static void the_audit_finds_a_period_that_was_changed(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE membership SET union_id = (SELECT max(union_id) FROM unions WHERE union_id < membership.union_id)",
         "UPDATE membership SET union_id = (SELECT min(union_id) FROM unions WHERE union_id > membership.union_id)"},
        {"UPDATE membership SET began = 2", "UPDATE membership SET began = 1"},
        {"UPDATE member SET level = 2", "UPDATE member SET level = 3"},
        {"INSERT INTO standing (standing_id, member_id, standing, reason, began_at, ended_at, decided_by) "
         "SELECT 1, member_id, 1, 1, 1, 2, 1 FROM member",
         "DELETE FROM standing"},
    };
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member_of_union(&h, 1, "440605");
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        assert_found(&h, changes[i][0], changes[i][1]);
    end(&h);
}

static void who_is_suspended_is_in_no_union_meanwhile(void **state)
{
    Rpc__Principal *member;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member = member_of_union(&h, 1, "440604");
    assert_string_equal(member->union_path, FIRST);
    assert_ok(set_standing(&h, administrator(&h, FIRST), member->member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                           IDENTITY__STANDING_REASON__STANDING_INVESTIGATION));
    clock_step(&h.service.clock, CODE_RESEND_MS);
    assert_string_equal(person_signed_in(&h, 1)->union_path, "");
    assert_ok(set_standing(&h, administrator(&h, FIRST), member->member_id, IDENTITY__STANDING__STANDING_ACTIVE,
                           IDENTITY__STANDING_REASON__STANDING_MISTAKE));
    clock_step(&h.service.clock, CODE_RESEND_MS);
    assert_string_equal(person_signed_in(&h, 1)->union_path, FIRST);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verification_begins_the_first_period),
        cmocka_unit_test(who_is_suspended_is_in_no_union_meanwhile),
        cmocka_unit_test(who_leaves_is_no_member_and_signs_in_anew),
        cmocka_unit_test(leaving_is_confirmed),
        cmocka_unit_test(who_was_a_member_when_is_answered_later),
        cmocka_unit_test(a_suspended_member_keeps_her_union_without_its_rights),
        cmocka_unit_test(nobody_signs_in_as_the_dead_until_it_was_a_mistake),
        cmocka_unit_test(a_standing_is_changed_within_ones_union_with_a_fitting_reason_and_not_ones_own),
        cmocka_unit_test(an_official_sees_her_unions_members_masked_and_in_pages),
        cmocka_unit_test(members_are_listed_by_their_standing),
        cmocka_unit_test(a_history_is_shown_to_who_watches_over_the_union),
        cmocka_unit_test(the_store_holds_one_lasting_period_of_a_member),
        cmocka_unit_test(the_audit_finds_a_period_that_was_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
