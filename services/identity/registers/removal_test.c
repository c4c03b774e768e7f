#include "services/identity/membership/membership_fixture.h"
#include "services/identity/unions/tree_fixture.h"
#include "services/identity/unions/tallies.h"

static Identity__RosterRowList *find(struct harness *h, int64_t union_id, unsigned n)
{
    Identity__FindRosterRowsRequest request = IDENTITY__FIND_ROSTER_ROWS_REQUEST__INIT;
    char id[CN_RESIDENT_ID_LEN + 1];

    make_resident_id(n, id);
    request.union_id = union_id;
    request.resident_id = id;
    return harness_output(h, harness_call(h, "Rosters.FindRosterRows", &request.base, administrator(h, ROOT), NULL),
                          &identity__roster_row_list__descriptor);
}

static const Rpc__Answer *take_off(struct harness *h, const Rpc__Principal *who, int64_t union_id, int64_t roster_id,
                                   int reason)
{
    Identity__RemoveRosterRowsRequest request = IDENTITY__REMOVE_ROSTER_ROWS_REQUEST__INIT;

    request.union_id = union_id;
    request.roster_ids = &roster_id;
    request.n_roster_ids = 1;
    request.reason = (Identity__RosterRemoval)reason;
    return harness_call(h, "Rosters.RemoveRosterRows", &request.base, who, NULL);
}

static Imports__ImportReport *take_off_listed(struct harness *h, const Rpc__Principal *who, const char *csv,
                                              bool check_only)
{
    Identity__RemoveListedRequest request = IDENTITY__REMOVE_LISTED_REQUEST__INIT;

    request.csv = unconst(csv);
    request.first_line = 2;
    request.check_only = check_only;
    request.reason = IDENTITY__ROSTER_REMOVAL__REMOVAL_LEFT_COMPANY;
    return harness_output(h, harness_call(h, "Rosters.RemoveListed", &request.base, who, NULL),
                          &imports__import_report__descriptor);
}

static struct tally tally_of(struct harness *h, int64_t union_id)
{
    struct identity *self = h->service.self;
    struct tally tally;

    tallies_find(&self->tallies, union_id, &tally);
    return tally;
}

static void who_is_on_two_rosters_is_verified_once_one_takes_her_off(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1];
    Identity__RosterRowList *rows;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    list_person(&h, 1, "440604");
    list_person(&h, 1, "440605");
    list_person(&h, 2, "440605");
    who = person_signed_in(&h, 1);
    make_resident_id(1, id);
    assert_refused(verify(&h, who, "王小明", id), "ROSTER_CONFLICT");
    rows = find(&h, second_id, 1);
    assert_int_equal(rows->n_rows, 1);
    assert_int_equal(rows->elsewhere, 1);
    assert_string_equal(rows->rows[0]->name, "王*明");
    assert_int_equal(rows->rows[0]->union_->union_id, second_id);
    assert_int_equal(find(&h, root_id, 1)->n_rows, 2);
    assert_string_equal(outcome(&h, take_off(&h, administrator(&h, SECOND), second_id, rows->rows[0]->roster_id,
                                             IDENTITY__ROSTER_REMOVAL__REMOVAL_ELSEWHERE)),
                        "");
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_ROSTER_ROW_REMOVED)->roster_row_removed->reason,
                     IDENTITY__ROSTER_REMOVAL__REMOVAL_ELSEWHERE);
    assert_string_equal(outcome(&h, take_off(&h, administrator(&h, SECOND), second_id, rows->rows[0]->roster_id,
                                             IDENTITY__ROSTER_REMOVAL__REMOVAL_ELSEWHERE)),
                        "ROSTER_ROW_NOT_FOUND");
    assert_ok(verify(&h, who, "王小明", id));
    assert_int_equal(tally_of(&h, root_id).listed, 2);
    assert_int_equal(tally_of(&h, second_id).listed, 1);
    assert_int_equal(tally_of(&h, first_id).verified, 1);
    end(&h);
}

static void who_is_a_member_by_a_row_has_left_the_company_with_it(void **state)
{
    Rpc__Principal *who, *hers;
    struct harness h;
    int64_t id;

    (void)state;
    begin_with_unions(&h);
    hers = member_of_union(&h, 1, "440604");
    id = find(&h, first_id, 1)->rows[0]->roster_id;
    assert_int_equal(find(&h, first_id, 1)->rows[0]->member_id, hers->member_id);
    assert_refused(take_off(&h, administrator(&h, FIRST), first_id, id, 0), "REMOVAL_REASON_INVALID");
    assert_refused(take_off(&h, administrator(&h, SECOND), first_id, id, 1), "OUTSIDE_YOUR_UNION");
    assert_string_equal(outcome(&h, take_off(&h, administrator(&h, SECOND), second_id, id, 1)), "ROSTER_ROW_NOT_FOUND");
    assert_string_equal(outcome(&h, take_off(&h, harness_official(&h, hers->member_id, RULE__ROLE__UNION_ADMIN, FIRST),
                                             first_id, id, 1)),
                        "NOT_FOR_YOURSELF");
    assert_string_equal(outcome(&h, take_off(&h, administrator(&h, FIRST), first_id, id, 1)), "");
    assert_int_equal(last_event(&h, IDENTITY__EVENT__EVENT_SESSION_REVOKED)->session_revoked->member_id,
                     hers->member_id);
    who = person_signed_in(&h, 1);
    assert_string_equal(who->union_path, ROOT);
    assert_int_equal(who->trade, RPC__TRADE__TRADE_OTHER);
    assert_int_equal(tally_of(&h, root_id).own, 1);
    assert_int_equal(tally_of(&h, root_id).listed, 0);
    assert_int_equal(tally_of(&h, root_id).verified, 0);
    end(&h);
}

static void a_removal_that_is_taken_back_restores_her_membership(void **state)
{
    Imports__ImportReport *report;
    Rpc__Principal *hers, *who;
    char csv[256], id[CN_RESIDENT_ID_LEN + 1];
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    hers = member_of_union(&h, 1, "440604");
    make_resident_id(1, id);
    snprintf(csv, sizeof(csv), "王小明,%s,16900000001,440604,COURIER\n", id);
    for (int round = 0; round < 2; round++) {
        assert_string_equal(
            outcome(&h, take_off(&h, administrator(&h, FIRST), first_id, find(&h, first_id, 1)->rows[0]->roster_id, 1)),
            "");
        assert_string_equal(person_signed_in(&h, 1)->union_path, ROOT);
        report = import_roster(&h, csv);
        assert_int_equal(report->restored, 1);
        assert_int_equal(report->outcomes[0], IMPORTS__IMPORT_OUTCOME__OUTCOME_RESTORED);
        who = person_signed_in(&h, 1);
        assert_string_equal(who->union_path, FIRST);
        assert_int_equal(who->trade, RPC__TRADE__COURIER);
        assert_int_equal(find(&h, first_id, 1)->rows[0]->member_id, hers->member_id);
        assert_int_equal(tally_of(&h, first_id).own, 1);
        assert_int_equal(tally_of(&h, first_id).verified, 1);
        assert_int_equal(tally_of(&h, root_id).own, 0);
    }
    assert_int_equal(import_roster(&h, csv)->unchanged, 1);
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE member SET roster_id = roster_id + 1 WHERE roster_id > 0");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE member SET roster_id = roster_id - 1 WHERE roster_id > 0");
    end(&h);
}

/* Of another name, in another union, or on a second roster besides: she is listed, and no more. */
static void only_the_same_row_restores_her(void **state)
{
    static const struct {
        const char *name, *code;
    } others[] = {{"王大明", "440604"}, {"王小明", "440605"}};
    char csv[256], id[CN_RESIDENT_ID_LEN + 1];
    struct harness h;

    (void)state;
    make_resident_id(1, id);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        begin_with_unions(&h);
        member_of_union(&h, 1, "440604");
        take_off(&h, administrator(&h, FIRST), first_id, find(&h, first_id, 1)->rows[0]->roster_id, 1);
        snprintf(csv, sizeof(csv), "%s,%s,16900000001,%s,\n", others[i].name, id, others[i].code);
        assert_int_equal(import_roster(&h, csv)->restored, 0);
        assert_string_equal(person_signed_in(&h, 1)->union_path, ROOT);
        end(&h);
    }
}

static void who_has_moved_since_stays_where_she_is(void **state)
{
    Identity__HangMembersRequest hang = IDENTITY__HANG_MEMBERS_REQUEST__INIT;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = member_of_union(&h, 1, "440604");
    hang.union_id = first_id;
    hang.member_ids = &who->member_id;
    hang.n_member_ids = 1;
    assert_ok(harness_call(&h, "Transfers.HangMembers", &hang.base, administrator(&h, FIRST), NULL));
    assert_string_equal(
        outcome(&h, take_off(&h, administrator(&h, FIRST), first_id, find(&h, first_id, 1)->rows[0]->roster_id, 2)),
        "");
    who = person_signed_in(&h, 1);
    assert_string_equal(who->union_path, ROOT);
    assert_int_equal(who->trade, RPC__TRADE__COURIER);
    end(&h);
}

static void who_has_joined_the_same_union_by_request_stays_in_it(void **state)
{
    Identity__CreateJoinRequestRequest join = IDENTITY__CREATE_JOIN_REQUEST_REQUEST__INIT;
    Identity__LeaveRequest leave = IDENTITY__LEAVE_REQUEST__INIT;
    Identity__JoinRequest *asked;
    Rpc__Principal *who;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    who = member_of_union(&h, 1, "440604");
    leave.confirmed = true;
    assert_ok(harness_call(&h, "Memberships.Leave", &leave.base, who, NULL));
    join.union_id = first_id;
    asked = harness_output(&h, harness_call(&h, "Joins.CreateJoinRequest", &join.base, who, NULL),
                           &identity__join_request__descriptor);
    assert_string_equal(decide_join(&h, administrator(&h, FIRST), first_id, asked->request_id, true), "");
    assert_string_equal(
        outcome(&h, take_off(&h, administrator(&h, FIRST), first_id, find(&h, first_id, 1)->rows[0]->roster_id, 1)),
        "");
    assert_string_equal(person_signed_in(&h, 1)->union_path, FIRST);
    end(&h);
}

static void many_are_taken_off_by_a_list(void **state)
{
    char csv[512], id[3][CN_RESIDENT_ID_LEN + 1];
    Imports__ImportReport *report;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    for (unsigned n = 0; n < 3; n++)
        make_resident_id(n + 1, id[n]);
    list_person(&h, 1, "440604");
    list_person(&h, 2, "440604");
    list_person(&h, 3, "440605");
    snprintf(csv, sizeof(csv), "%s,440604\n%s,440604\n%s,440604\n%s,440605\n%s\n440604199003070013,440604\n%s,X\n",
             id[0], id[1], id[2], id[2], id[0], id[0]);
    report = take_off_listed(&h, administrator(&h, FIRST), csv, true);
    assert_int_equal(report->loaded, 2);
    assert_int_equal(tally_of(&h, root_id).listed, 3);
    report = take_off_listed(&h, administrator(&h, FIRST), csv, false);
    assert_int_equal(report->loaded, 2);
    assert_int_equal(report->n_problems, 5);
    assert_string_equal(report->problems[0]->reason, "ROSTER_ROW_NOT_FOUND");
    assert_string_equal(report->problems[1]->reason, "OUTSIDE_YOUR_UNION");
    assert_string_equal(report->problems[2]->reason, "CSV_MALFORMED");
    assert_string_equal(report->problems[3]->reason, "RESIDENT_ID_CHECKSUM");
    assert_string_equal(report->problems[4]->reason, "UNION_NOT_FOUND");
    assert_int_equal(tally_of(&h, root_id).listed, 1);
    assert_int_equal(take_off_listed(&h, administrator(&h, FIRST), csv, false)->loaded, 0);
    list_person(&h, 1, "440604"); /* and is listed again */
    assert_int_equal(tally_of(&h, root_id).listed, 2);
    end(&h);
}

static void the_audit_finds_a_row_that_nobody_took_off_or_put_on(void **state)
{
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    for (unsigned n = 1; n <= 3; n++)
        list_person(&h, n, "440604");
    take_off(&h, administrator(&h, FIRST), first_id, find(&h, first_id, 2)->rows[0]->roster_id, 2);
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h,
                   "UPDATE roster SET roster_id = roster_id + 1 WHERE roster_id = (SELECT min(roster_id) FROM roster)");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h,
                   "UPDATE roster SET roster_id = roster_id - 1 WHERE roster_id = (SELECT min(roster_id) FROM roster)");
    assert_string_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE tally SET listed = listed - 1");
    harness_tamper(&h, "CREATE TEMP TABLE kept AS SELECT * FROM roster");
    harness_tamper(&h, "DELETE FROM roster WHERE roster_id = (SELECT max(roster_id) FROM roster)");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "INSERT INTO roster SELECT * FROM kept WHERE roster_id = (SELECT max(roster_id) FROM kept)");
    harness_tamper(&h, "UPDATE tally SET listed = listed + 1");
    end(&h);
}

/* A number as Excel rounds it, which has the right check digit all the same. */
static void make_rounded_id(char ret[CN_RESIDENT_ID_LEN + 1])
{
    struct cn_resident_id id;
    enum cn_id_result result = CN_ID_CHECKSUM;

    memcpy(ret, "440604198506100000", CN_RESIDENT_ID_LEN + 1);
    for (int i = 0; i < 90 && result != CN_ID_OK; i++) {
        ret[11] = (char)('1' + i / 10); /* the month's last digit, and the day's */
        ret[13] = (char)('0' + i % 10);
        result = cn_resident_id(ret, 20260101, &id);
    }
    assert_int_equal(result, CN_ID_OK);
}

static void a_number_that_may_be_rounded_is_doubted_whether_she_is_added_or_taken_off(void **state)
{
    char csv[256], id[CN_RESIDENT_ID_LEN + 1];
    const Imports__ImportProblem *problem;
    Imports__ImportReport *report;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    make_rounded_id(id);
    snprintf(csv, sizeof(csv), "王小明,%s,13800138000,440604,\n", id);
    report = import_roster(&h, csv);
    assert_int_equal(report->loaded, 1);
    assert_int_equal(report->n_problems, 1);
    problem = report->problems[0];
    assert_string_equal(problem->reason, "NUMBER_DOUBTFUL");
    assert_true(problem->warning);
    snprintf(csv, sizeof(csv), "%s,440604\n", id);
    report = take_off_listed(&h, administrator(&h, ROOT), csv, false);
    assert_int_equal(report->loaded, 1);
    assert_int_equal(report->n_problems, 1);
    problem = report->problems[0];
    assert_string_equal(problem->reason, "NUMBER_DOUBTFUL");
    assert_true(problem->warning);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_on_two_rosters_is_verified_once_one_takes_her_off),
        cmocka_unit_test(who_is_a_member_by_a_row_has_left_the_company_with_it),
        cmocka_unit_test(a_removal_that_is_taken_back_restores_her_membership),
        cmocka_unit_test(only_the_same_row_restores_her),
        cmocka_unit_test(who_has_moved_since_stays_where_she_is),
        cmocka_unit_test(who_has_joined_the_same_union_by_request_stays_in_it),
        cmocka_unit_test(many_are_taken_off_by_a_list),
        cmocka_unit_test(the_audit_finds_a_row_that_nobody_took_off_or_put_on),
        cmocka_unit_test(a_number_that_may_be_rounded_is_doubted_whether_she_is_added_or_taken_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
