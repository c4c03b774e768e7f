/* Points: earned by rules, given by hand, spent, given back, expired. */
#include "services/coupon/points/points_fixture.h"

#define HER   1
#define OTHER 2
#define THIRD 3

static void a_deed_gives_points_once_in_each_ledger_above_her(void **state)
{
    int64_t city = a_ledger(), town = a_ledger_of(TOWN), elsewhere = a_ledger_of("00010003");
    const Coupon__PointsList *list;

    (void)state;
    open_rule(city, a_rule(ATTENDED, 10));
    open_rule(elsewhere, a_rule(ATTENDED, 100));
    assert_ok(on_rule("Earnings.ConfirmRule", open_rule(town, a_rule(ATTENDED, 5)), manager(902))); /* again */
    does(HER, QUIZ, 1);
    assert_int_equal(points_of(HER), 0);
    for (int i = 0; i < 2; i++) {
        does(HER, ATTENDED, 1);
        harness_reopen(&h);
    }
    list = points_list(harness_member(&h, HER, TOWN));
    assert_int_equal(list->n_balances, 2);
    assert_int_equal(list->balances[0]->ledger_id, city);
    assert_int_equal(list->balances[0]->points, 10);
    assert_string_equal(list->balances[0]->name, "惠工积分");
    assert_int_equal(list->balances[0]->union_id, a_union(&h, UNION));
    assert_int_equal(list->balances[0]->n_expiring, 1);
    /* The end of the thirtieth day behind the 1st of January, in China. */
    assert_int_equal(list->balances[0]->expiring[0]->expires_at,
                     HARNESS_NOW - 8 * INT64_C(3600000) + 31 * COUPON_DAY_MS);
    assert_int_equal(list->balances[1]->points, 5);
    does(HER, ATTENDED, 2);
    assert_int_equal(points_of(HER), 30);
    assert_clean();
}

static void only_what_is_done_while_a_rule_is_in_force_counts(void **state)
{
    int64_t ledger_id = a_ledger(), rule_id;
    Coupon__PointsRule rule = a_rule(ATTENDED, 10);

    (void)state;
    rule_id = rule_in(propose_rule(ledger_id, &rule, manager(901)))->rule_id;
    does(HER, ATTENDED, 1);
    clock_step(&h.service.clock, 1);
    assert_ok(on_rule("Earnings.ConfirmRule", rule_id, manager(902)));
    assert_int_equal(points_of(HER), 0);
    does(HER, ATTENDED, 2);
    assert_int_equal(points_of(HER), 10);
    clock_step(&h.service.clock, 1);
    assert_ok(on_rule("Earnings.EndRule", rule_id, manager(901)));
    does(HER, ATTENDED, 3);
    assert_int_equal(points_of(HER), 10);
    assert_refused(on_rule("Earnings.RefuseRule", rule_id, manager(901)), "RULE_DECIDED");
    assert_refused(on_rule("Earnings.ConfirmRule", rule_id, manager(902)), "RULE_DECIDED");
    assert_clean();
}

static void a_rule_gives_no_more_than_it_says(void **state)
{
    int64_t ledger_id = a_ledger();
    Coupon__PointsRule rule = a_rule(ATTENDED, 10);

    (void)state;
    rule.valid_days = 3660;
    rule.most_per_day = 25;
    rule.most_per_month = 40;
    rule.most_per_year = 60;
    rule.most_ever = 70;
    open_rule(ledger_id, rule);
    for (int i = 1; i <= 4; i++)
        does(HER, ATTENDED, i);
    assert_int_equal(points_of(HER), 25); /* of the third what was left of the day */
    step_days(1);
    for (int i = 11; i <= 14; i++)
        does(HER, ATTENDED, i);
    assert_int_equal(points_of(HER), 40);
    step_days(31);
    for (int i = 21; i <= 24; i++)
        does(HER, ATTENDED, i);
    assert_int_equal(points_of(HER), 60);
    step_days(365);
    for (int i = 31; i <= 34; i++)
        does(HER, ATTENDED, i);
    assert_int_equal(points_of(HER), 70);
    does(OTHER, ATTENDED, 41);
    assert_int_equal(points_of(OTHER), 10);
    assert_clean();
}

static void a_rule_is_for_whom_it_says(void **state)
{
    int64_t ledger_id = a_ledger();
    Coupon__PointsRule rule = a_rule(ATTENDED, 10);
    Audience__Audience whom = AUDIENCE__AUDIENCE__INIT;
    Rpc__Trade courier = RPC__TRADE__COURIER;
    Rpc__Principal *her = harness_member(&h, HER, TOWN);

    (void)state;
    whom.union_id = a_union(&h, TOWN);
    whom.trades = &courier;
    whom.n_trades = 1;
    rule.audience = &whom;
    open_rule(ledger_id, rule);
    does_as(her, ATTENDED, 1);
    her->trade = RPC__TRADE__COURIER;
    her->level = RPC__LEVEL__REAL_NAME;
    does_as(her, ATTENDED, 2);
    her->level = RPC__LEVEL__MEMBER;
    her->union_path = "00010003";
    does_as(her, ATTENDED, 3);
    assert_int_equal(points_of(HER), 0);
    her->union_path = TOWN "0001";
    does_as(her, ATTENDED, 4);
    assert_int_equal(points_of(HER), 10);
    whom.age_from = 30;
    assert_refused_at(propose_rule(ledger_id, &rule, manager(901)), "RULE_ASKS_TOO_MUCH", "rule.audience");
    assert_clean();
}

static void a_rule_takes_two_people_and_the_next_one_counts_on(void **state)
{
    int64_t ledger_id = a_ledger(), first, second;
    Coupon__PointsRule rule = a_rule(ATTENDED, 10), other = a_rule(QUIZ, 10);

    (void)state;
    rule.most_ever = 15;
    rule.service = "nobody";
    assert_refused_at(propose_rule(ledger_id, &rule, manager(901)), "SOURCE_UNKNOWN", "rule.service");
    rule.service = "identity";
    assert_refused(propose_rule(ledger_id, &rule, manager(901)), "SOURCE_UNKNOWN");
    rule.service = "portal";
    assert_refused(propose_rule(ledger_id, &rule, harness_official(&h, 901, RULE__ROLE__BENEFIT_MANAGER, TOWN)),
                   "OUTSIDE_YOUR_UNION");
    assert_refused(propose_rule(5, &rule, manager(901)), "LEDGER_NOT_FOUND");
    first = rule_in(propose_rule(ledger_id, &rule, manager(901)))->rule_id;
    assert_refused(on_rule("Earnings.ConfirmRule", first, manager(901)), "HANDS_SAME");
    assert_refused(on_rule("Earnings.EndRule", first, manager(901)), "RULE_NOT_IN_FORCE");
    assert_refused(on_rule("Earnings.ConfirmRule", first + 1, manager(902)), "POINTS_RULE_NOT_FOUND");
    assert_ok(on_rule("Earnings.ConfirmRule", first, harness_official(&h, 902, RULE__ROLE__FINANCE, UNION)));
    does(HER, ATTENDED, 1);
    other.replaces_id = first;
    assert_refused_at(propose_rule(ledger_id, &other, manager(901)), "RULE_FOR_ANOTHER", "rule.replacesId");
    rule.replaces_id = first;
    rule.points = 4;
    rule.most_ever = 17;
    second = rule_in(propose_rule(ledger_id, &rule, manager(901)))->rule_id;
    does(HER, ATTENDED, 2);
    assert_int_equal(points_of(HER), 15); /* by the first, which is still in force */
    clock_step(&h.service.clock, 1);
    assert_ok(on_rule("Earnings.ConfirmRule", second, manager(902)));
    assert_int_equal(rule_in(on_rule("Earnings.EndRule", first, manager(902)))->state, COUPON__RULE_STATE__RULE_ENDED);
    does(HER, ATTENDED, 3);
    assert_int_equal(points_of(HER), 17);
    rule.replaces_id = first;
    assert_refused_at(propose_rule(ledger_id, &rule, manager(901)), "RULE_NOT_IN_FORCE", "rule.replacesId");
    rule.replaces_id = 0;
    first = rule_in(propose_rule(ledger_id, &rule, manager(901)))->rule_id;
    for (int i = 0; i < 2; i++)
        assert_int_equal(rule_in(on_rule("Earnings.RefuseRule", first, manager(901)))->state,
                         COUPON__RULE_STATE__RULE_REFUSED);
    assert_refused(on_rule("Earnings.ConfirmRule", first, manager(902)), "RULE_DECIDED");
    assert_clean();
}

static void rules_are_listed_by_state_newest_first(void **state)
{
    int64_t ledger_id = a_ledger(), first = open_rule(ledger_id, a_rule(ATTENDED, 1)), second;
    Coupon__PointsRule rule = a_rule(QUIZ, 2);
    Coupon__ListRulesRequest request = COUPON__LIST_RULES_REQUEST__INIT;
    Coupon__RuleState waits = COUPON__RULE_STATE__RULE_WAITS;
    const Coupon__RuleList *list;

    (void)state;
    second = rule_in(propose_rule(ledger_id, &rule, manager(901)))->rule_id;
    request.ledger_id = ledger_id;
    list = harness_output(&h, points_call("Earnings.ListRules", &request.base, manager(903)),
                          &coupon__rule_list__descriptor);
    assert_int_equal(list->n_rules, 2);
    assert_int_equal(list->rules[0]->rule_id, second);
    assert_int_equal(list->rules[1]->rule_id, first);
    assert_int_equal(list->rules[1]->decided_by, 902);
    request.state = &waits;
    request.n_state = 1;
    list = harness_output(&h, points_call("Earnings.ListRules", &request.base, manager(903)),
                          &coupon__rule_list__descriptor);
    assert_int_equal(list->n_rules, 1);
    assert_int_equal(list->rules[0]->rule_id, second);
}

static void a_union_has_one_ledger(void **state)
{
    const Rpc__Principal *all = harness_official(&h, 901, RULE__ROLE__BENEFIT_MANAGER, "");
    Coupon__ListLedgersRequest request = COUPON__LIST_LEDGERS_REQUEST__INIT;
    int64_t city = a_ledger();
    const Coupon__LedgerList *list;

    (void)state;
    a_ledger_of(TOWN);
    assert_false(create_ledger(UNION, all)->created);
    assert_int_equal(a_ledger(), city);
    assert_refused_at(create_ledger("0002", manager(901)), "OUTSIDE_YOUR_UNION", "ledger.unionId");
    list = harness_output(&h, points_call("Ledgers.ListLedgers", &request.base, manager(901)),
                          &coupon__ledger_list__descriptor);
    assert_int_equal(list->n_ledgers, 2);
    request.union_id = a_union(&h, TOWN);
    list = harness_output(&h, points_call("Ledgers.ListLedgers", &request.base, manager(901)),
                          &coupon__ledger_list__descriptor);
    assert_int_equal(list->n_ledgers, 1);
    assert_clean();
}

static void points_by_hand_take_two_people(void **state)
{
    int64_t ledger_id = a_ledger(), gift_id = gift_in(propose_gift(ledger_id, HER, 50, 0))->gift_id;
    Coupon__ListGiftsRequest request = COUPON__LIST_GIFTS_REQUEST__INIT;
    const Coupon__GiftList *list;

    (void)state;
    assert_int_equal(points_of(HER), 0);
    assert_refused(on_gift("Gifts.ConfirmGift", gift_id, manager(901)), "HANDS_SAME");
    assert_refused(on_gift("Gifts.ConfirmGift", gift_id, harness_official(&h, 902, RULE__ROLE__FINANCE, TOWN)),
                   "OUTSIDE_YOUR_UNION");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gift_in(on_gift("Gifts.ConfirmGift", gift_id, manager(902)))->state,
                         COUPON__GIFT_STATE__GIFT_GIVEN);
        assert_int_equal(points_of(HER), 50);
    }
    assert_refused(on_gift("Gifts.RefuseGift", gift_id, manager(902)), "GIFT_DECIDED");
    assert_refused(on_gift("Gifts.RefuseGift", gift_id + 1, manager(902)), "GIFT_NOT_FOUND");
    assert_refused_at(propose_gift(ledger_id, -1, 50, 0), "OUT_OF_RANGE", "gift.memberIds");
    gift_id = gift_in(propose_gift(ledger_id, HER, 5, 0))->gift_id;
    assert_ok(on_gift("Gifts.RefuseGift", gift_id, manager(901)));
    assert_refused(on_gift("Gifts.ConfirmGift", gift_id, manager(902)), "GIFT_DECIDED");
    request.ledger_id = ledger_id;
    list =
        harness_output(&h, points_call("Gifts.ListGifts", &request.base, manager(903)), &coupon__gift_list__descriptor);
    assert_int_equal(list->n_gifts, 2);
    assert_int_equal(list->gifts[0]->state, COUPON__GIFT_STATE__GIFT_REFUSED);
    assert_int_equal(list->gifts[1]->n_member_ids, 1);
    assert_int_equal(list->gifts[1]->member_ids[0], HER);
    assert_int_equal(points_of(HER), 50);
    assert_clean();
}

/* Who is one person by the time it is confirmed gets it by her number; whose account was closed, nothing. */
static void a_gift_is_for_who_holds_the_number(void **state)
{
    int64_t ledger_id = a_ledger(), to_gone = gift_in(propose_gift(ledger_id, OTHER, 7, 0))->gift_id;
    int64_t to_nobody = gift_in(propose_gift(ledger_id, THIRD, 7, 0))->gift_id;

    (void)state;
    assert_int_equal(hear_merged(&h, OTHER, HER), 0);
    assert_int_equal(hear_closed(&h, THIRD), 0);
    assert_ok(on_gift("Gifts.ConfirmGift", to_gone, manager(902)));
    assert_ok(on_gift("Gifts.ConfirmGift", to_nobody, manager(902)));
    assert_int_equal(points_of(HER), 7);
    assert_int_equal(points_of(THIRD), 0);
    tidy_all();
    assert_clean();
}

static void what_is_over_first_is_spent_first(void **state)
{
    int64_t ledger_id = a_ledger(), entry_id;
    const Coupon__PointsBalance *balance;

    (void)state;
    give_points(ledger_id, HER, 10, 20);
    give_points(ledger_id, HER, 10, 10);
    give_points(ledger_id, HER, 10, 30);
    spend(ledger_id, HER, 12);
    balance = points_list(harness_member(&h, HER, TOWN))->balances[0];
    assert_int_equal(balance->points, 18);
    assert_int_equal(balance->n_expiring, 2);
    assert_int_equal(balance->expiring[0]->points, 8);
    assert_int_equal(balance->expiring[1]->points, 10);
    assert_int_equal(spend_as(ledger_id, harness_member(&h, HER, TOWN), 19, &entry_id), COUPON__REASON__POINTS_SHORT);
    step_days(21);
    assert_int_equal(points_of(HER), 10); /* before anything was tidied */
    assert_int_equal(spend_as(ledger_id, harness_member(&h, HER, TOWN), 11, &entry_id), COUPON__REASON__POINTS_SHORT);
    spend(ledger_id, HER, 10);
    assert_int_equal(points_of(HER), 0);
    assert_clean();
    tidy_all();
    assert_clean();
    assert_int_equal(totals_of(ledger_id)->expired, 8);
    assert_int_equal(totals_of(ledger_id)->spent, 22);
    assert_int_equal(totals_of(ledger_id)->gifted, 30);
    assert_int_equal(totals_of(ledger_id)->left, 0);
}

static void who_has_left_the_union_keeps_her_points_frozen(void **state)
{
    int64_t ledger_id = a_ledger(), entry_id;
    const Rpc__Principal *away = harness_member(&h, HER, "0002");

    (void)state;
    give_points(ledger_id, HER, 10, 20);
    assert_true(points_list(away)->balances[0]->frozen);
    assert_int_equal(spend_as(ledger_id, away, 1, &entry_id), COUPON__REASON__POINTS_ELSEWHERE);
    assert_false(points_list(harness_member(&h, HER, TOWN))->balances[0]->frozen);
    spend(ledger_id, HER, 10);
}

static void what_is_given_back_goes_into_its_lots_and_what_expired_stays_so(void **state)
{
    int64_t ledger_id = a_ledger(), entry_id;

    (void)state;
    give_points(ledger_id, HER, 10, 10);
    give_points(ledger_id, HER, 10, 20);
    entry_id = spend(ledger_id, HER, 15);
    assert_int_equal(give_back(entry_id), 15);
    assert_int_equal(give_back(entry_id), 0);
    assert_int_equal(points_list(harness_member(&h, HER, TOWN))->balances[0]->expiring[0]->points, 10);
    entry_id = spend(ledger_id, HER, 15);
    step_days(11);
    assert_int_equal(give_back(entry_id), 5);
    assert_int_equal(points_of(HER), 10);
    entry_id = spend(ledger_id, HER, 10);
    step_days(20);
    tidy_all();
    assert_int_equal(give_back(entry_id), 0);
    assert_int_equal(points_of(HER), 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM points_taken WHERE back = 0"), 0);
    assert_clean();
}

static void a_large_sum_comes_from_many_lots(void **state)
{
    int64_t ledger_id = a_ledger(), entry_id;

    (void)state;
    open_rule(ledger_id, a_rule(ATTENDED, 1));
    for (int i = 1; i <= 2 * POINTS_LOTS + 50; i++) {
        does(HER, ATTENDED, i);
        harness_forget(&h);
    }
    entry_id = spend(ledger_id, HER, 2 * POINTS_LOTS + 49);
    assert_int_equal(points_of(HER), 1);
    assert_clean();
    assert_int_equal(give_back(entry_id), 2 * POINTS_LOTS + 49);
    assert_clean();
    step_days(31);
    tidy_all();
    assert_int_equal(harness_number(&h, "SELECT sum(rest) FROM points_lot"), 0);
    assert_clean();
}

static void what_was_not_done_after_all_is_taken_back_as_far_as_it_is_left(void **state)
{
    int64_t ledger_id = a_ledger(), entry_id;

    (void)state;
    open_rule(ledger_id, a_rule(ATTENDED, 10));
    does(HER, ATTENDED, 1);
    does(HER, ATTENDED, 2);
    did_not(QUIZ, 1); /* another thing of that number */
    assert_int_equal(points_of(HER), 20);
    entry_id = spend(ledger_id, HER, 6);
    did_not(ATTENDED, 1);
    did_not(ATTENDED, 1);
    assert_int_equal(points_of(HER), 10);
    assert_int_equal(totals_of(ledger_id)->taken_back, 4);
    assert_int_equal(give_back(entry_id), 0); /* it was not hers */
    assert_int_equal(points_of(HER), 10);
    does(HER, ATTENDED, 1);
    assert_int_equal(points_of(HER), 20);
    assert_clean();
}

static void two_accounts_of_one_person_have_what_one_may(void **state)
{
    int64_t ledger_id = a_ledger(), entry_id;
    Coupon__PointsRule rule = a_rule(ATTENDED, 10);

    (void)state;
    rule.most_per_day = 20;
    rule.most_ever = 35;
    open_rule(ledger_id, rule);
    does(HER, ATTENDED, 1);
    does(HER, ATTENDED, 2);
    does(OTHER, ATTENDED, 3);
    does(OTHER, ATTENDED, 4);
    spend(ledger_id, OTHER, 5);
    step_days(1);
    does(OTHER, ATTENDED, 5);
    assert_int_equal(points_of(HER) + points_of(OTHER), 45);
    assert_int_equal(hear_merged(&h, OTHER, HER), 0);
    assert_int_equal(points_of(HER), 45);
    tidy_all();
    /* Of the first day 20, but for 5 of the later ones that were spent before; with the second's these are 35. */
    assert_int_equal(points_of(HER), 30);
    does(HER, ATTENDED, 6);
    assert_int_equal(points_of(HER), 30);
    assert_clean();
    entry_id = spend(ledger_id, HER, 30);
    assert_int_equal(give_back(entry_id), 30);
    tidy_all();
    assert_clean();
}

static void all_ends_with_the_account(void **state)
{
    int64_t ledger_id = a_ledger(), entry_id;

    (void)state;
    give_points(ledger_id, OTHER, 5, 10);
    assert_int_equal(hear_merged(&h, OTHER, HER), 0);
    for (int i = 0; i < 20; i++)
        give_points(ledger_id, HER, 1, 10);
    entry_id = spend(ledger_id, HER, 3);
    assert_int_equal(hear_closed(&h, HER), 0);
    tidy_all();
    assert_int_equal(totals_of(ledger_id)->ended, 22);
    assert_int_equal(totals_of(ledger_id)->left, 0);
    assert_int_equal(give_back(entry_id), 0);
    does(HER, ATTENDED, 1);
    assert_clean();
}

static void what_she_had_is_listed_in_pages_and_given_to_her(void **state)
{
    int64_t ledger_id = a_ledger();
    const Coupon__PointsEntryList *page;
    struct exported all;

    (void)state;
    open_rule(ledger_id, a_rule(ATTENDED, 10));
    does(HER, ATTENDED, 1);
    give_points(ledger_id, OTHER, 5, 10);
    assert_int_equal(hear_merged(&h, OTHER, HER), 0);
    spend(ledger_id, HER, 12);
    page = entries_of(ledger_id, HER, 2, "");
    assert_int_equal(page->n_entries, 2);
    assert_int_equal(page->entries[0]->points, -12);
    assert_int_equal(page->entries[0]->kind, COUPON__POINTS_KIND__SPENT);
    assert_int_equal(page->entries[0]->cause_id, 77);
    assert_string_equal(page->entries[1]->title, "运动会志愿者");
    page = entries_of(ledger_id, HER, 2, page->next_page_token);
    assert_int_equal(page->n_entries, 1);
    assert_string_equal(page->entries[0]->title, "参加活动");
    assert_int_equal(page->entries[0]->at, HARNESS_NOW);
    assert_string_equal(page->next_page_token, "");
    assert_int_equal(entries_of(ledger_id, THIRD, 2, "")->n_entries, 0);
    all = export_person(&h, HER);
    assert_int_equal(exported_count(&all, "points", "entryId"), 3);
    assert_int_equal(exported_count(&all, "points", "lotId"), 2);
    all = export_person(&h, THIRD);
    assert_int_equal(exported_count(&all, "points", ""), 0);
}

static void hear_began(int64_t membership_id, int64_t member_id, int64_t union_id, int began)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__MembershipBegan row = IDENTITY__MEMBERSHIP_BEGAN__INIT;
    Rpc__JournalRow message = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[128];

    row.membership_id = membership_id;
    row.member_id = member_id;
    row.union_id = union_id;
    row.began = (Identity__Began)began;
    event.event_case = IDENTITY__EVENT__EVENT_MEMBERSHIP_BEGAN;
    event.membership_began = &row;
    message.kind = (int32_t)event.event_case;
    message.at = clock_now(&h.service.clock);
    message.body = (ProtobufCBinaryData){identity__event__pack(&event, packed), packed};
    assert_int_equal(harness_hear(&h, "identity", &message), 0);
}

static void who_joins_earns_what_her_union_gives_for_it(void **state)
{
    int64_t ledger_id = a_ledger(), town = a_union(&h, TOWN);
    Coupon__PointsRule rule = a_rule(POINTS_JOINING, 100);

    (void)state;
    rule.service = "identity";
    rule.most_ever = 100;
    open_rule(ledger_id, rule);
    hear_began(1, HER, town, IDENTITY__BEGAN__BEGAN_BY_TRANSFER);
    hear_began(2, HER, a_union(&h, "0002"), IDENTITY__BEGAN__BEGAN_BY_JOINING);
    hear_began(3, HER, 12345, IDENTITY__BEGAN__BEGAN_BY_JOINING); /* a union that nobody knows */
    assert_int_equal(points_of(HER), 0);
    hear_began(4, HER, town, IDENTITY__BEGAN__BEGAN_BY_JOINING);
    hear_began(5, HER, town, IDENTITY__BEGAN__BEGAN_BY_ROSTER);
    hear_began(6, OTHER, town, IDENTITY__BEGAN__BEGAN_BY_ROSTER);
    assert_int_equal(points_of(HER), 100);
    assert_int_equal(points_of(OTHER), 100);
    assert_clean();
}

static void rules_and_points_go_along_with_a_union_that_moves(void **state)
{
    int64_t ledger_id = a_ledger_of(TOWN), entry_id;
    const Rpc__Principal *moved = harness_member(&h, HER, "00020005");

    (void)state;
    open_rule(ledger_id, a_rule(ATTENDED, 10));
    does(HER, ATTENDED, 1);
    assert_int_equal(hear_moved(&h, TOWN, "00020005"), 0);
    does(HER, ATTENDED, 2); /* told with the place that it had */
    assert_int_equal(points_of(HER), 10);
    does_as(moved, ATTENDED, 3);
    assert_false(points_list(moved)->balances[0]->frozen);
    assert_int_equal(spend_as(ledger_id, moved, 20, &entry_id), 0);
    assert_refused(on_rule("Earnings.EndRule", 1, manager(901)), "POINTS_RULE_NOT_FOUND");
    assert_clean();
}

static void the_audit_finds_what_was_changed_behind_its_back(void **state)
{
    int64_t ledger_id = a_ledger();

    (void)state;
    open_rule(ledger_id, a_rule(ATTENDED, 10));
    does(HER, ATTENDED, 1);
    give_points(ledger_id, OTHER, 5, 10);
    spend(ledger_id, OTHER, 2);
    assert_found(&h, "UPDATE points_lot SET rest = rest - 1 WHERE points = 10",
                 "UPDATE points_lot SET rest = rest + 1 WHERE points = 10");
    assert_found(&h, "UPDATE points_entry SET points = 11 WHERE points = 10",
                 "UPDATE points_entry SET points = 10 WHERE points = 11");
    assert_found(&h, "UPDATE points_entry SET member_id = 7 WHERE points = 10",
                 "UPDATE points_entry SET member_id = 1 WHERE points = 10");
    assert_found(&h, "UPDATE points_lot SET member_id = 7 WHERE points = 10",
                 "UPDATE points_lot SET member_id = 1 WHERE points = 10");
    assert_found(&h, "UPDATE points_taken SET points = 1", "UPDATE points_taken SET points = 2");
    assert_found(&h, "UPDATE ledger_total SET points = points + 1 WHERE kind = 1",
                 "UPDATE ledger_total SET points = points - 1 WHERE kind = 1");
    assert_found(&h, "UPDATE point_rule SET points = 11", "UPDATE point_rule SET points = 10");
    assert_found(&h, "UPDATE point_rule SET state = 4", "UPDATE point_rule SET state = 2");
    assert_found(&h, "UPDATE points_gift SET points = 6", "UPDATE points_gift SET points = 5");
    assert_found(&h, "UPDATE points_gift SET state = 1", "UPDATE points_gift SET state = 2");
    assert_found(&h, "INSERT INTO points_gift_member (gift_id, member_id) SELECT gift_id, 9 FROM points_gift",
                 "DELETE FROM points_gift_member WHERE member_id = 9");
    assert_found(&h, "UPDATE ledger SET union_path = '0003'", "UPDATE ledger SET union_path = '0001'");
    assert_found(&h,
                 "INSERT INTO points_entry SELECT entry_id + 1, ledger_id, member_id, kind, 0, cause_id, at FROM "
                 "points_entry WHERE points = 10",
                 NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_deed_gives_points_once_in_each_ledger_above_her),
        TEST(only_what_is_done_while_a_rule_is_in_force_counts),
        TEST(a_rule_gives_no_more_than_it_says),
        TEST(a_rule_is_for_whom_it_says),
        TEST(a_rule_takes_two_people_and_the_next_one_counts_on),
        TEST(rules_are_listed_by_state_newest_first),
        TEST(a_union_has_one_ledger),
        TEST(points_by_hand_take_two_people),
        TEST(a_gift_is_for_who_holds_the_number),
        TEST(what_is_over_first_is_spent_first),
        TEST(who_has_left_the_union_keeps_her_points_frozen),
        TEST(what_is_given_back_goes_into_its_lots_and_what_expired_stays_so),
        TEST(a_large_sum_comes_from_many_lots),
        TEST(what_was_not_done_after_all_is_taken_back_as_far_as_it_is_left),
        TEST(two_accounts_of_one_person_have_what_one_may),
        TEST(all_ends_with_the_account),
        TEST(what_she_had_is_listed_in_pages_and_given_to_her),
        TEST(who_joins_earns_what_her_union_gives_for_it),
        TEST(rules_and_points_go_along_with_a_union_that_moves),
        TEST(the_audit_finds_what_was_changed_behind_its_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
