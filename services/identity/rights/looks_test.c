/* Who has looked at whose data: what is recorded, and what a member is told of it. */
#include "services/identity/rights/looks.h"

#include "services/identity/membership/membership_fixture.h"
#include "services/identity/unions/tree_fixture.h"

#define OFFICIAL 999

static const Rpc__Answer *list_members(struct harness *h, const Rpc__Principal *who, int64_t union_id)
{
    Identity__ListMembersRequest request = IDENTITY__LIST_MEMBERS_REQUEST__INIT;

    request.union_id = union_id;
    return harness_call(h, "Memberships.ListMembers", &request.base, who, NULL);
}

static const Rpc__Answer *read_history(struct harness *h, const Rpc__Principal *who, int64_t member_id)
{
    Identity__MemberRequest request = IDENTITY__MEMBER_REQUEST__INIT;

    request.member_id = member_id;
    return harness_call(h, "Memberships.ListMemberships", &request.base, who, NULL);
}

static Identity__LookList *looks(struct harness *h, const Rpc__Principal *who, int page_size, const char *token)
{
    Identity__MyLooksRequest request = IDENTITY__MY_LOOKS_REQUEST__INIT;

    request.page_size = page_size;
    request.page_token = unconst(token);
    return harness_output(h, harness_call(h, "Rights.ListMyLooks", &request.base, who, NULL),
                          &identity__look_list__descriptor);
}

static void a_page_of_members_is_one_row_in_which_each_of_them_finds_herself(void **state)
{
    Rpc__Principal *members[3], *other, *official;
    Identity__LookList *list;
    Identity__DataSeen *seen;
    struct harness h;
    int64_t union_id, rows;

    (void)state;
    begin(&h);
    make_union(&h, "440600", "");
    union_id = make_union(&h, "440604", "440600")->union_id;
    make_union(&h, "440605", "440600");
    for (unsigned i = 0; i < 3; i++)
        members[i] = member_of_union(&h, i + 1, "440604");
    other = member_of_union(&h, 9, "440605");
    official = harness_official(&h, OFFICIAL, RULE__ROLE__UNION_ADMIN, "0000");
    rows = journal_rows(&h);
    assert_ok(list_members(&h, official, union_id));
    assert_int_equal(journal_rows(&h), rows + 1);
    seen = last_event(&h, IDENTITY__EVENT__EVENT_DATA_SEEN)->data_seen;
    assert_int_equal(seen->n_member_ids, 3);
    assert_string_equal(seen->method, "Memberships.ListMembers");
    for (unsigned i = 0; i < 3; i++) {
        list = looks(&h, members[i], 0, "");
        assert_int_equal(list->n_looks, 1);
        assert_int_equal(list->looks[0]->by, OFFICIAL);
        assert_int_equal(list->looks[0]->at, clock_now(&h.service.clock));
        assert_string_equal(list->looks[0]->method, "Memberships.ListMembers");
        assert_string_equal(list->looks[0]->office->code, "440600");
        assert_string_equal(list->next_page_token, "");
    }
    assert_int_equal(looks(&h, other, 0, "")->n_looks, 0);
    end(&h);
}

static void who_has_come_to_the_union_since_or_left_it_is_told_what_concerns_her(void **state)
{
    Identity__LeaveRequest leave = IDENTITY__LEAVE_REQUEST__INIT;
    Rpc__Principal *first, *second, *official;
    struct harness h;
    int64_t union_id;

    (void)state;
    begin(&h);
    union_id = make_union(&h, "440604", "")->union_id;
    official = harness_official(&h, OFFICIAL, RULE__ROLE__UNION_ADMIN, "");
    first = member_of_union(&h, 1, "440604");
    assert_ok(list_members(&h, official, union_id));
    leave.confirmed = true;
    assert_ok(harness_call(&h, "Memberships.Leave", &leave.base, first, NULL));
    second = member_of_union(&h, 2, "440604");
    assert_int_equal(looks(&h, first, 0, "")->n_looks, 1);
    assert_int_equal(looks(&h, second, 0, "")->n_looks, 0);
    end(&h);
}

static void a_look_at_one_person_is_told_to_her_alone_page_by_page(void **state)
{
    Rpc__Principal *first, *second, *auditor;
    Identity__LookList *list;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440604", "");
    first = member_of_union(&h, 1, "440604");
    second = member_of_union(&h, 2, "440604");
    auditor = harness_official(&h, OFFICIAL, RULE__ROLE__AUDIT_ADMIN, "");
    for (int i = 0; i < 3; i++) {
        assert_ok(read_history(&h, auditor, first->member_id));
        clock_step(&h.service.clock, 1000);
    }
    list = looks(&h, first, 2, "");
    assert_int_equal(list->n_looks, 2);
    assert_true(list->looks[0]->at > list->looks[1]->at);
    assert_string_not_equal(list->next_page_token, "");
    list = looks(&h, first, 2, list->next_page_token);
    assert_int_equal(list->n_looks, 1);
    assert_string_equal(list->next_page_token, "");
    assert_int_equal(looks(&h, second, 0, "")->n_looks, 0);
    end(&h);
}

static void a_look_at_oneself_or_one_that_is_refused_is_none(void **state)
{
    Rpc__Principal *member, *herself;
    struct harness h;
    int64_t rows;

    (void)state;
    begin(&h);
    make_union(&h, "440604", "");
    member = member_of_union(&h, 1, "440604");
    herself = harness_official(&h, member->member_id, RULE__ROLE__UNION_ADMIN, "");
    rows = journal_rows(&h);
    assert_ok(read_history(&h, herself, member->member_id));
    assert_refused(read_history(&h, harness_official(&h, OFFICIAL, RULE__ROLE__UNION_ADMIN, "0001"), member->member_id),
                   "OUTSIDE_YOUR_UNION");
    assert_ok(harness_call(&h, "Identity.GetMe", NULL, member, NULL));
    assert_int_equal(journal_rows(&h), rows);
    end(&h);
}

static void a_look_that_cannot_be_recorded_is_not_given(void **state)
{
    Rpc__Principal *member, *official;
    const Rpc__Answer *answer;
    struct harness h;

    (void)state;
    begin(&h);
    make_union(&h, "440604", "");
    member = member_of_union(&h, 1, "440604");
    official = harness_official(&h, OFFICIAL, RULE__ROLE__UNION_ADMIN, "");
    harness_fill(&h);
    do {
        answer = read_history(&h, official, member->member_id);
    } while (answer->reason == 0); /* until the pages that are there are full */
    assert_refused(answer, "STORE_FULL");
    assert_ok(harness_call(&h, "Identity.GetMe", NULL, member, NULL));
    harness_empty(&h);
    assert_ok(read_history(&h, official, member->member_id));
    end(&h);
}

/* ---- nothing is forgotten ---- */

static bool has_personal_field(const ProtobufCMessageDescriptor *descriptor)
{
    static const char *const personal[] = {"name", "mobile", "resident_id"};

    for (size_t i = 0; i < ARRAY_LEN(personal); i++) {
        if (protobuf_c_message_descriptor_get_field_by_name(descriptor, personal[i]))
            return true;
    }
    return false;
}

static void check_message(const struct api_method *method, const struct api_message *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const struct api_field *field = &message->fields[i];

        if (field->message)
            check_message(method, field->message);
        else if (strcmp(field->descriptor->name, "member_id") == 0 && has_personal_field(message->descriptor) &&
                 !field->limit->subject)
            fail_msg("%s shows personal data in %s without naming the subject", method->name,
                     message->descriptor->name);
    }
}

static void every_operation_that_shows_officials_personal_data_names_whose(void **state)
{
    unsigned n = 0;

    (void)state;
    assert_int_equal(api_load(), 0);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        if (method->rule->who != RULE__WHO__OFFICIAL)
            continue;
        check_message(method, method->output);
        n += method->shows;
    }
    assert_true(n >= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_of_members_is_one_row_in_which_each_of_them_finds_herself),
        cmocka_unit_test(who_has_come_to_the_union_since_or_left_it_is_told_what_concerns_her),
        cmocka_unit_test(a_look_at_one_person_is_told_to_her_alone_page_by_page),
        cmocka_unit_test(a_look_at_oneself_or_one_that_is_refused_is_none),
        cmocka_unit_test(a_look_that_cannot_be_recorded_is_not_given),
        cmocka_unit_test(every_operation_that_shows_officials_personal_data_names_whose),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
