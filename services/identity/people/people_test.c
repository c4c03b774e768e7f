/* People, found by who they are, and one's whole record. */
#include "services/identity/people/names.h"
#include "services/identity/access/office_fixture.h"
#include "services/identity/people/people_fixture.h"

static Identity__FindMembersRequest named(int64_t union_id, const char *name)
{
    Identity__FindMembersRequest request = IDENTITY__FIND_MEMBERS_REQUEST__INIT;

    request.union_id = union_id;
    request.name = unconst(name);
    return request;
}

static const Rpc__Answer *find(struct harness *h, const Rpc__Principal *who,
                               const Identity__FindMembersRequest *request)
{
    return harness_call(h, "People.FindMembers", &request->base, who, NULL);
}

static Identity__MemberList *found(struct harness *h, const Rpc__Principal *who,
                                   const Identity__FindMembersRequest *request)
{
    return harness_output(h, find(h, who, request), &identity__member_list__descriptor);
}

static size_t n_named(struct harness *h, const char *path, int64_t union_id, const char *name)
{
    Identity__FindMembersRequest request = named(union_id, name);

    return found(h, administrator(h, path), &request)->n_members;
}

static void members_are_found_by_name_in_a_union_and_below_it(void **state)
{
    Identity__FindMembersRequest request;
    Identity__MemberList *list;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member_of_union(&h, 1, "440604-1");
    member_of_union(&h, 2, "440604");
    member_of_union(&h, 3, "440605");
    person_signed_in(&h, 4); /* of whom nobody knows the name */
    assert_int_equal(n_named(&h, ROOT, root_id, "王小明"), 3);
    assert_int_equal(n_named(&h, ROOT, root_id, " 王小明 "), 3); /* in normal form */
    assert_int_equal(n_named(&h, FIRST, first_id, "王小明"), 2);
    assert_int_equal(n_named(&h, FIRST, town_id, "王小明"), 1);
    assert_int_equal(n_named(&h, ROOT, root_id, "王小"), 0); /* the whole of it */
    request = named(second_id, "王小明");
    assert_refused(find(&h, administrator(&h, FIRST), &request), "OUTSIDE_YOUR_UNION");
    assert_refused(find(&h, harness_official(&h, 8, RULE__ROLE__FINANCE, ROOT), &request), "NOT_OFFICIAL");
    request.name = "1";
    assert_refused(find(&h, administrator(&h, SECOND), &request), "NAME_INVALID");
    request.name = "";
    assert_refused(find(&h, administrator(&h, SECOND), &request), "MISSING_FIELD");
    request = named(root_id, "王小明");
    request.page_size = 2;
    list = found(&h, administrator(&h, ROOT), &request);
    assert_int_equal(list->n_members, 2);
    assert_string_equal(list->members[0]->name, "王*明");
    request.page_token = list->next_page_token;
    list = found(&h, administrator(&h, ROOT), &request);
    assert_int_equal(list->n_members, 1);
    assert_string_equal(list->next_page_token, "");
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_DATA_SEEN)->data_seen->member_ids[0],
                     list->members[0]->member_id);
    end(&h);
}

static void all_that_is_given_is_to_be_right(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1], mobile[CN_MOBILE_LEN + 1];
    Identity__FindMembersRequest request;
    Rpc__Trade trade = RPC__TRADE__TRUCK_DRIVER;
    Identity__Standing standing = IDENTITY__STANDING__STANDING_SUSPENDED;
    Rpc__Principal *first;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    first = member_of_union(&h, 1, "440604");
    member_of_union(&h, 2, "440604");
    make_resident_id(1, id);
    request = named(first_id, "");
    request.resident_id = id;
    assert_int_equal(found(&h, administrator(&h, FIRST), &request)->members[0]->member_id, first->member_id);
    request.name = "李小明";
    assert_int_equal(found(&h, administrator(&h, FIRST), &request)->n_members, 0);
    request.name = "王小明";
    assert_int_equal(found(&h, administrator(&h, FIRST), &request)->n_members, 1);
    request.mobile = unconst(mobile_of(2, mobile));
    assert_int_equal(found(&h, administrator(&h, FIRST), &request)->n_members, 0);
    request = named(first_id, "");
    request.mobile = unconst(mobile_of(1, mobile));
    assert_int_equal(found(&h, administrator(&h, FIRST), &request)->members[0]->member_id, first->member_id);
    request.union_id = second_id; /* her number tells nobody else where she is */
    assert_int_equal(found(&h, administrator(&h, SECOND), &request)->n_members, 0);
    request = named(first_id, "");
    request.member_id = first->member_id;
    assert_int_equal(found(&h, administrator(&h, FIRST), &request)->n_members, 1);
    request.trade = &trade;
    request.n_trade = 1;
    assert_int_equal(found(&h, administrator(&h, FIRST), &request)->n_members, 0);
    trade = RPC__TRADE__COURIER;
    assert_int_equal(found(&h, administrator(&h, FIRST), &request)->n_members, 1);
    request.state = &standing;
    request.n_state = 1;
    assert_int_equal(found(&h, administrator(&h, FIRST), &request)->n_members, 0);
    assert_ok(set_standing(&h, administrator(&h, FIRST), first->member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                           IDENTITY__STANDING_REASON__STANDING_INVESTIGATION));
    assert_int_equal(found(&h, administrator(&h, FIRST), &request)->n_members, 1);
    end(&h);
}

static const Rpc__Answer *record_of(struct harness *h, const Rpc__Principal *who, int64_t member_id)
{
    Identity__MemberRequest request = IDENTITY__MEMBER_REQUEST__INIT;

    request.member_id = member_id;
    return harness_call(h, "People.GetMemberRecord", &request.base, who, NULL);
}

static void a_record_shows_each_office_what_is_for_it_and_each_look_is_kept(void **state)
{
    Identity__CreateTransferRequest request = IDENTITY__CREATE_TRANSFER_REQUEST__INIT;
    const Identity__MemberRecord *record;
    Rpc__Principal *who, *auditor;
    struct harness h;
    int64_t rows;

    (void)state;
    begin_with_unions(&h);
    auditor = harness_official(&h, 8, RULE__ROLE__AUDIT_ADMIN, ROOT);
    who = member_of_union(&h, 1, "440604");
    request.union_id = second_id;
    assert_ok(harness_call(&h, "Transfers.CreateTransfer", &request.base, who, NULL));
    rows = journal_rows(&h);
    record = harness_output(&h, record_of(&h, administrator(&h, FIRST), who->member_id),
                            &identity__member_record__descriptor);
    assert_string_equal(record->member->name, "王*明");
    assert_int_equal(record->n_memberships, 1);
    assert_int_equal(record->n_trades, 1);
    assert_int_equal(record->n_transfers, 1);
    assert_int_equal(journal_rows(&h), rows + 1);
    assert_string_equal(last_event(&h, IDENTITY__EVENT__EVENT_DATA_SEEN)->data_seen->method, "People.GetMemberRecord");
    record = harness_output(&h, record_of(&h, auditor, who->member_id), &identity__member_record__descriptor);
    assert_int_equal(record->n_memberships, 1);
    assert_int_equal(record->n_transfers, 0); /* what she has asked for is her union's */
    assert_refused(record_of(&h, administrator(&h, SECOND), who->member_id), "OUTSIDE_YOUR_UNION");
    assert_refused(record_of(&h, harness_official(&h, 8, RULE__ROLE__FINANCE, ROOT), who->member_id), "NOT_OFFICIAL");
    end(&h);
}

static void cadres_are_found_by_name(void **state)
{
    Identity__FindCadresRequest request = IDENTITY__FIND_CADRES_REQUEST__INIT;
    Identity__SetCadreRequest post = IDENTITY__SET_CADRE_REQUEST__INIT;
    char mobile[CN_MOBILE_LEN + 1];
    Identity__CadreList *list;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member_of_union(&h, 1, "440604-1");
    member_of_union(&h, 2, "440604-1");
    post.union_id = town_id;
    post.mobile = unconst(mobile_of(1, mobile));
    post.post = IDENTITY__POST__POST_CHAIR;
    post.term_from = HARNESS_NOW;
    assert_ok(harness_call(&h, "Cadres.SetCadre", &post.base, administrator(&h, FIRST), NULL));
    request.union_id = first_id;
    request.name = "王小明";
    list = harness_output(&h, harness_call(&h, "People.FindCadres", &request.base, administrator(&h, FIRST), NULL),
                          &identity__cadre_list__descriptor);
    assert_int_equal(list->n_cadres, 1);
    assert_int_equal(list->cadres[0]->post, IDENTITY__POST__POST_CHAIR);
    request.union_id = second_id;
    list = harness_output(&h, harness_call(&h, "People.FindCadres", &request.base, administrator(&h, SECOND), NULL),
                          &identity__cadre_list__descriptor);
    assert_int_equal(list->n_cadres, 0);
    end(&h);
}

static void who_is_not_found_by_her_name_is_found_by_the_audit(void **state)
{
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member_of_union(&h, 1, "440604");
    harness_tamper(&h, "DELETE FROM person_name");
    assert_non_null(strstr(harness_audit(&h), "she is not found by her name"));
    harness_tamper(&h, "INSERT INTO person_name (member_id, mark) SELECT member_id, x'00' FROM member");
    end(&h);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_by_name_in_a_union_and_below_it),
        cmocka_unit_test(all_that_is_given_is_to_be_right),
        cmocka_unit_test(a_record_shows_each_office_what_is_for_it_and_each_look_is_kept),
        cmocka_unit_test(cadres_are_found_by_name),
        cmocka_unit_test(who_is_not_found_by_her_name_is_found_by_the_audit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
