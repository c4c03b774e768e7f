#include "services/identity/membership/membership_fixture.h"
#include "services/identity/unions/tree_fixture.h"
#include "services/identity/unions/tallies.h"

#define DAY INT64_C(86400000)

static const Rpc__Answer *ask(struct harness *h, const Rpc__Principal *who, int64_t union_id, int64_t from, int64_t to)
{
    Identity__NumbersRequest request = IDENTITY__NUMBERS_REQUEST__INIT;

    request.union_id = union_id;
    request.from = from;
    request.to = to;
    return harness_call(h, "Unions.GetNumbers", &request.base, who, NULL);
}

static Identity__Numbers *numbers(struct harness *h, int64_t union_id)
{
    return harness_output(h, ask(h, harness_official(h, 9, RULE__ROLE__FINANCE, ROOT), union_id, 0, 0),
                          &identity__numbers__descriptor);
}

/* The member's move, by hanging her to the level above. */
static void hang(struct harness *h, int64_t union_id, int64_t member_id)
{
    Identity__HangMembersRequest request = IDENTITY__HANG_MEMBERS_REQUEST__INIT;

    request.union_id = union_id;
    request.member_ids = &member_id;
    request.n_member_ids = 1;
    assert_ok(harness_call(h, "Transfers.HangMembers", &request.base,
                           harness_official(h, 9, RULE__ROLE__UNION_ADMIN, ROOT), NULL));
}

#define assert_numbers(h, union_id, n, own_n)                                                                          \
    do {                                                                                                               \
        assert_int_equal(numbers(h, union_id)->members, n);                                                            \
        assert_int_equal(numbers(h, union_id)->own_members, own_n);                                                    \
    } while (0)

static void every_level_counts_its_subtree(void **state)
{
    char id[CN_RESIDENT_ID_LEN + 1], csv[256];
    Identity__Numbers *town;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member_of_union(&h, 1, "440604-1");
    member_of_union(&h, 2, "440604");
    member_of_union(&h, 3, "440605");
    make_resident_id(4, id);
    snprintf(csv, sizeof(csv), "王小明,%s,16900000009,440604-1,COURIER\n", id);
    import_page(&h, harness_internal(&h), "Identity.ImportRoster", csv, true); /* a rehearsal counts nothing */
    import_roster(&h, csv);
    assert_numbers(&h, town_id, 1, 1);
    assert_numbers(&h, first_id, 2, 1);
    assert_numbers(&h, second_id, 1, 1);
    assert_numbers(&h, root_id, 3, 0);
    town = numbers(&h, town_id);
    assert_int_equal(town->listed, 2);
    assert_int_equal(town->verified, 1);
    assert_int_equal(town->verified_per_myriad, 5000);
    assert_int_equal(town->trades[RPC__TRADE__COURIER]->members, 1);
    assert_int_equal(town->trades[RPC__TRADE__TRADE_OTHER]->members, 0);
    assert_int_equal(town->n_days, 1);
    assert_int_equal(town->days[0]->day, 20260101);
    assert_int_equal(town->days[0]->joined, 1);
    assert_int_equal(numbers(&h, root_id)->verified_per_myriad, 7500);
    end(&h);
}

static void who_goes_is_counted_on_her_day_and_within_a_subtree_not_at_all(void **state)
{
    Rpc__Principal *hung, *gone;
    Identity__Numbers *of;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    hung = member_of_union(&h, 1, "440604-1");
    gone = member_of_union(&h, 2, "440604-1");
    clock_step(&h.service.clock, DAY);
    hang(&h, town_id, hung->member_id);
    assert_ok(leave(&h, gone));
    of = numbers(&h, town_id);
    assert_int_equal(of->members, 0);
    assert_int_equal(of->n_days, 2);
    assert_int_equal(of->days[1]->day, 20260102);
    assert_int_equal(of->days[1]->left, 2);
    of = numbers(&h, first_id);
    assert_int_equal(of->own_members, 1);
    assert_int_equal(of->members, 1);
    assert_int_equal(of->days[1]->joined, 0);
    assert_int_equal(of->days[1]->left, 1);
    assert_int_equal(of->trades[RPC__TRADE__COURIER]->members, 1);
    end(&h);
}

static void the_numbers_of_a_union_move_with_it(void **state)
{
    Identity__AskUnionChangeRequest request = IDENTITY__ASK_UNION_CHANGE_REQUEST__INIT;
    Identity__DecideUnionChangeRequest decision = IDENTITY__DECIDE_UNION_CHANGE_REQUEST__INIT;
    Identity__UnionChange *change;
    Identity__Numbers *root;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    make_union(&h, "440604-1-1", "440604-1");
    member_of_union(&h, 1, "440604-1-1");
    member_of_union(&h, 2, "440604");
    clock_step(&h.service.clock, DAY);
    request.union_id = town_id;
    request.kind = IDENTITY__CHANGE_KIND__CHANGE_PLACE;
    request.target_id = second_id;
    change = harness_output(&h,
                            harness_call(&h, "Unions.AskUnionChange", &request.base,
                                         harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), "move"),
                            &identity__union_change__descriptor);
    decision.change_id = change->change_id;
    decision.approve = true;
    assert_ok(harness_call(&h, "Unions.DecideUnionChange", &decision.base,
                           harness_official(&h, 4712, RULE__ROLE__UNION_ADMIN, ""), NULL));
    assert_numbers(&h, town_id, 1, 0);
    assert_numbers(&h, first_id, 1, 1);
    assert_numbers(&h, second_id, 1, 0);
    assert_int_equal(numbers(&h, second_id)->listed, 1);
    assert_int_equal(numbers(&h, second_id)->days[0]->joined, 1);
    assert_int_equal(numbers(&h, first_id)->days[1]->left, 1);
    root = numbers(&h, root_id);
    assert_int_equal(root->members, 2);
    assert_int_equal(root->n_days, 1);
    end(&h);
}

static void days_are_asked_within_bounds_and_of_ones_own(void **state)
{
    const Rpc__Principal *official;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    official = harness_official(&h, 9, RULE__ROLE__UNION_ADMIN, ROOT "0001");
    assert_refused(ask(&h, official, first_id, 0, 0), "OUTSIDE_YOUR_UNION");
    assert_refused(ask(&h, official, 4711, 0, 0), "UNION_NOT_FOUND");
    assert_ok(ask(&h, official, second_id, HARNESS_NOW - 91 * DAY, HARNESS_NOW));
    assert_refused(ask(&h, official, second_id, HARNESS_NOW - 92 * DAY, HARNESS_NOW), "OUT_OF_RANGE");
    assert_refused(ask(&h, official, second_id, HARNESS_NOW, 1), "OUT_OF_RANGE");
    end(&h);
}

static void a_day_to_which_the_clock_steps_back_stays_one(void **state)
{
    Identity__Numbers *town;
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    for (unsigned n = 0; n < 4; n++) {
        member_of_union(&h, n, "440604-1");
        clock_step(&h.service.clock, n % 2 == 0 ? DAY : -DAY);
    }
    clock_step(&h.service.clock, DAY);
    town = numbers(&h, town_id);
    assert_int_equal(town->n_days, 2);
    assert_int_equal(town->days[0]->joined, 2);
    assert_int_equal(town->days[1]->joined, 2);
    end(&h);
}

static void the_audit_recounts(void **state)
{
    static const struct {
        const char *table, *column;
    } kept[] = {
        {"tally", "own"},          {"tally", "members"},        {"tally", "listed"},   {"tally", "verified"},
        {"tally", "trade1"},       {"tally", "trade6"},         {"tally", "joined"},   {"tally", "gone"},
        {"tally", "own_joined"},   {"tally", "own_left"},       {"tally_day", "gone"}, {"tally_day", "joined"},
        {"tally_day", "own_left"}, {"tally_day", "own_joined"},
    };
    char sql[128];
    struct harness h;

    (void)state;
    begin_with_unions(&h);
    member_of_union(&h, 1, "440604-1");
    clock_step(&h.service.clock, DAY);
    member_of_union(&h, 2, "440604-1");
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        assert_string_equal(harness_audit(&h), "");
        snprintf(sql, sizeof(sql), "UPDATE %s SET %s = %s + 1", kept[i].table, kept[i].column, kept[i].column);
        harness_tamper(&h, sql);
        assert_string_not_equal(harness_audit(&h), "");
        snprintf(sql, sizeof(sql), "UPDATE %s SET %s = %s - 1", kept[i].table, kept[i].column, kept[i].column);
        harness_tamper(&h, sql);
    }
    end(&h);
}

/* Province, city, district, town, enterprise, branch. */
static void six_levels_are_counted_and_a_move_takes_its_numbers_along(void **state)
{
    static const char *const codes[] = {"44", "4406", "440604", "440604-1", "440604-1-1", "440604-1-1-1"};
    Identity__AskUnionChangeRequest request = IDENTITY__ASK_UNION_CHANGE_REQUEST__INIT;
    Identity__DecideUnionChangeRequest decision = IDENTITY__DECIDE_UNION_CHANGE_REQUEST__INIT;
    int64_t ids[ARRAY_LEN(codes)], district_id;
    Identity__Numbers *province;
    struct harness h;

    (void)state;
    begin(&h);
    for (unsigned i = 0; i < ARRAY_LEN(codes); i++)
        ids[i] = make_union(&h, codes[i], i ? codes[i - 1] : "")->union_id;
    district_id = make_union(&h, "440605", "4406")->union_id;
    for (unsigned i = 0; i < ARRAY_LEN(codes); i++) {
        member_of_union(&h, 2 * i, codes[i]);
        member_of_union(&h, 2 * i + 1, codes[i]);
    }
    for (unsigned i = 0; i < ARRAY_LEN(codes); i++)
        assert_numbers(&h, ids[i], 2 * (int64_t)(ARRAY_LEN(codes) - i), 2);
    request.union_id = ids[3];
    request.kind = IDENTITY__CHANGE_KIND__CHANGE_PLACE;
    request.target_id = district_id;
    decision.change_id = ((Identity__UnionChange *)harness_output(
                              &h,
                              harness_call(&h, "Unions.AskUnionChange", &request.base,
                                           harness_official(&h, 4711, RULE__ROLE__UNION_ADMIN, ""), "move"),
                              &identity__union_change__descriptor))
                             ->change_id;
    decision.approve = true;
    assert_ok(harness_call(&h, "Unions.DecideUnionChange", &decision.base,
                           harness_official(&h, 4712, RULE__ROLE__UNION_ADMIN, ""), NULL));
    assert_numbers(&h, ids[2], 2, 2);
    assert_numbers(&h, district_id, 6, 0);
    assert_numbers(&h, ids[5], 2, 2);
    province = numbers(&h, ids[0]);
    assert_int_equal(province->members, 12);
    assert_int_equal(province->listed, 12);
    assert_int_equal(province->verified_per_myriad, 10000);
    assert_int_equal(province->trades[RPC__TRADE__COURIER]->members, 12);
    assert_int_equal(province->days[0]->joined, 12);
    assert_int_equal(numbers(&h, ids[2])->days[0]->left, 6);
    assert_int_equal(numbers(&h, district_id)->days[0]->joined, 6);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_counts_its_subtree),
        cmocka_unit_test(who_goes_is_counted_on_her_day_and_within_a_subtree_not_at_all),
        cmocka_unit_test(the_numbers_of_a_union_move_with_it),
        cmocka_unit_test(days_are_asked_within_bounds_and_of_ones_own),
        cmocka_unit_test(a_day_to_which_the_clock_steps_back_stays_one),
        cmocka_unit_test(the_audit_recounts),
        cmocka_unit_test(six_levels_are_counted_and_a_move_takes_its_numbers_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
