/* What becomes of claims when accounts are merged or closed. */
#include "services/coupon/fixture.h"

#define GONE  1
#define KEPT  2
#define OTHER 3

static int64_t coupon_id_of(const Rpc__Answer *answer)
{
    return coupon_of(answer)->coupon_id;
}

static void index_all(void)
{
    while (holdings_index_slice(h.service.self, 100) > 0)
        continue;
}

/* Across restarts, and whether the claim is indexed yet or not. */
static void what_either_account_took_counts_for_the_one_that_is_kept(void **state)
{
    int64_t id = open_release(5, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE), first;

    (void)state;
    first = coupon_id_of(claim(id, GONE));
    assert_int_equal(hear_merged(&h, GONE, KEPT), 0);
    for (int round = 0; round < 4; round++) {
        const Rpc__Answer *again = claim(id, KEPT);
        const Coupon__CouponList *list = list_coupons(KEPT, 0, "");

        assert_false(again->created);
        assert_int_equal(coupon_id_of(again), first);
        assert_int_equal(list->n_coupons, 1);
        assert_int_equal(list->coupons[0]->coupon_id, first);
        assert_int_equal(get(id)->granted, 1);
        if (round == 1)
            index_all();
        else
            harness_reopen(&h);
    }
    assert_clean();
}

static const Rpc__Answer *get_coupon(int64_t coupon_id, int64_t member_id)
{
    Coupon__CouponRequest request = COUPON__COUPON_REQUEST__INIT;

    request.coupon_id = coupon_id;
    return harness_call(&h, "Coupons.GetCoupon", &request.base, harness_member(&h, member_id, TOWN), NULL);
}

static void her_coupons_are_those_of_all_numbers_that_she_holds(void **state)
{
    int64_t id = open_release(5, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE), first, spare;

    (void)state;
    first = coupon_id_of(claim(id, GONE));
    spare = coupon_id_of(claim(id, KEPT));
    assert_refused(get_coupon(first, KEPT), "COUPON_NOT_FOUND");
    assert_int_equal(hear_merged(&h, GONE, OTHER), 0);
    assert_int_equal(hear_merged(&h, OTHER, KEPT), 0);
    assert_int_equal(coupon_id_of(claim(id, KEPT)), first);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(list_coupons(KEPT, 0, "")->n_coupons, 1 + round); /* the one that counts first */
        assert_ok(get_coupon(first, KEPT));
        assert_ok(get_coupon(spare, KEPT));
        index_all();
    }
    assert_clean();
}

/* She took one with each of her accounts, however long before they became one, and whether the release is still in
 * memory: the later one is good no more. */
static void of_two_coupons_for_one_allowance_the_later_one_ends(void **state)
{
    for (int remembered = 0; remembered < 2; remembered++) {
        int64_t id = open_release(5, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE), first = coupon_id_of(claim(id, KEPT));
        int64_t spare = coupon_id_of(claim(id, GONE)), other = coupon_id_of(claim(id, OTHER));
        const Coupon__Coupon *ended;

        index_all();
        if (!remembered) {
            change("Coupons.EndRelease", id);
            clock_step(&h.service.clock, COUPON_DAY_MS + 1);
            harness_tidy(&h);
            assert_null(release_find(h.service.self, id));
        }
        assert_int_equal(hear_merged(&h, GONE, KEPT), 0);
        while (harness_tidy(&h))
            continue;
        ended = coupon_of(get_coupon(spare, KEPT));
        assert_int_equal(ended->ended_at, clock_now(&h.service.clock));
        assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__COUPON_ENDED, spare), 1);
        assert_int_equal(last_notice(&h)->member_id, KEPT);
        assert_int_equal(ended->expires_at, ended->ended_at);
        assert_int_equal(coupon_of(get_coupon(first, KEPT))->ended_at, 0);
        assert_int_equal(coupon_of(get_coupon(other, OTHER))->ended_at, 0);
        assert_int_equal(get(id)->granted, 3); /* none is given anew */
        assert_clean();
        harness_tamper(&h, "UPDATE claim_ended SET ended_at = ended_at + 1");
        assert_string_not_equal(harness_audit(&h), "");
        harness_tamper(&h, "UPDATE claim_ended SET ended_at = ended_at - 1");
        harness_tamper(&h, "INSERT INTO claim_ended (coupon_id, ended_at) VALUES (1, 5)");
        assert_non_null(strstr(harness_audit(&h), "coupon that ended"));
        harness_tamper(&h, "DELETE FROM claim_ended");
        assert_non_null(strstr(harness_audit(&h), "holds two coupons for one"));
        teardown(state);
        setup(state);
    }
}

/* Her session of the other account lives on for a moment. */
static void who_claims_by_a_session_that_is_to_end_has_no_second_coupon(void **state)
{
    int64_t id = open_release(5, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE), first;

    (void)state;
    assert_int_equal(hear_merged(&h, GONE, KEPT), 0);
    first = coupon_id_of(claim(id, GONE));
    index_all();
    assert_int_equal(coupon_id_of(claim(id, KEPT)), first);
    assert_int_equal(get(id)->granted, 1);
    harness_reopen(&h);
    assert_int_equal(coupon_id_of(claim(id, KEPT)), first);
    assert_clean();
}

static void a_new_day_is_one_allowance_for_both(void **state)
{
    int64_t id = open_release(5, 2, COUPON__ALLOWANCE__ONE_PER_DAY), first, second;

    (void)state;
    first = coupon_id_of(claim(id, GONE));
    assert_int_equal(hear_merged(&h, GONE, KEPT), 0);
    clock_step(&h.service.clock, COUPON_DAY_MS);
    second = coupon_id_of(claim(id, KEPT));
    assert_true(second != first);
    assert_int_equal(coupon_id_of(claim(id, KEPT)), second);
    index_all();
    assert_int_equal(list_coupons(KEPT, 0, "")->n_coupons, 2);
    assert_clean();
}

/* The store fails: memory is as before, and the row comes again. */
static void a_merge_that_fails_changes_nothing(void **state)
{
    int64_t both = publish(draft_of(5, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE)), hers, full = 0;
    int64_t id = open_release(5, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE), first;

    (void)state;
    first = coupon_id_of(claim(id, GONE));
    claim(both, GONE);
    hers = coupon_id_of(claim(both, KEPT));
    harness_fill(&h);
    for (int64_t other = 100; !full && other < 10000; other++)
        full = hear_merged(&h, other, OTHER);
    assert_int_equal(hear_merged(&h, GONE, KEPT), RPC__REASON__STORE_FULL);
    assert_int_equal(claimants_find(&release_find(h.service.self, id)->claimants, KEPT), 0);
    assert_int_equal(claimants_find(&release_find(h.service.self, both)->claimants, KEPT), hers);
    harness_empty(&h);
    assert_int_equal(hear_merged(&h, GONE, KEPT), 0);
    assert_int_equal(coupon_id_of(claim(id, KEPT)), first);
    assert_clean();
}

/* How many coupons of a number have ended; nobody's list has them. */
static void assert_ended(int64_t number, size_t n)
{
    struct coupon *self = h.service.self;
    struct claim claim;
    size_t ended = 0;
    unsigned asked;

    asked = holdings_ask(self, number, INT64_MAX, 100);
    while (holdings_next(self, asked, &claim))
        ended += claim.ended_at > 0;
    assert_int_equal(ended, n);
}

static void a_closed_account_is_heard_once_and_its_coupons_end(void **state)
{
    int64_t late = publish(draft_of(5, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE)), rows;
    int64_t id = open_release(5, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);

    (void)state;
    claim(id, GONE);
    index_all();
    assert_int_equal(hear_closed(&h, GONE), 0);
    rows = rpc_server_journal(h.service.rpc)->tip.seq;
    assert_int_equal(hear_closed(&h, GONE), 0);
    assert_int_equal(rpc_server_journal(h.service.rpc)->tip.seq, rows);
    assert_int_equal(get(id)->granted, 1);
    while (harness_tidy(&h))
        continue;
    assert_ended(GONE, 1);
    assert_clean();
    /* What she takes by a session that is to end, too. */
    assert_ok(claim(late, GONE));
    index_all();
    while (harness_tidy(&h))
        continue;
    assert_ended(GONE, 2);
    assert_clean();
    harness_tamper(&h, "DELETE FROM claim_ended");
    assert_non_null(strstr(harness_audit(&h), "the account is closed, and it has not ended"));
    harness_tamper(&h, "UPDATE account_gone SET holder_id = 9");
    assert_string_not_equal(harness_audit(&h), "");
}

static void however_many_a_closed_account_has_all_of_them_end(void **state)
{
    int64_t ids[40];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        ids[i] = publish(draft_of(5, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE));
    clock_step(&h.service.clock, OPENS - HARNESS_NOW);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        assert_ok(claim(ids[i], GONE));
    index_all();
    assert_int_equal(hear_closed(&h, GONE), 0);
    while (harness_tidy(&h))
        continue;
    assert_ended(GONE, ARRAY_LEN(ids));
    assert_clean();
}

/* The program before this one ended nothing: what it has heard is looked at when this one begins. */
static void what_was_merged_and_closed_before_coupons_ended_ends_now(void **state)
{
    int64_t id = open_release(5, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);

    (void)state;
    claim(id, KEPT);
    claim(id, GONE);
    claim(id, OTHER);
    index_all();
    assert_int_equal(hear_merged(&h, GONE, KEPT), 0);
    assert_int_equal(hear_closed(&h, OTHER), 0);
    harness_tamper(&h, "UPDATE account_gone SET settled = 1");
    harness_tamper(&h, "DROP TABLE claim_ended");
    harness_tamper(&h, "UPDATE part_version SET steps = 1 WHERE name = 'claims'");
    harness_reopen(&h);
    while (harness_tidy(&h))
        continue;
    assert_ended(KEPT, 1);
    assert_ended(OTHER, 1);
    assert_clean();
}

static void the_export_gives_each_coupon_once(void **state)
{
    int64_t ids[3];
    struct exported all;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        ids[i] = publish(draft_of(5, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE));
    clock_step(&h.service.clock, OPENS - HARNESS_NOW);
    claim(ids[0], GONE);
    index_all();
    claim(ids[1], GONE);
    claim(ids[2], KEPT);
    claim(ids[2], OTHER);
    assert_int_equal(hear_merged(&h, GONE, KEPT), 0);
    for (int round = 0; round < 2; round++) {
        all = export_person(&h, KEPT);
        assert_int_equal(all.n, 3);
        assert_int_equal(exported_count(&all, "claims", "\"code\""), 3);
        for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
            char text[64];

            snprintf(text, sizeof(text), "\"releaseId\":\"%lld\"", (long long)ids[i]);
            assert_int_equal(exported_count(&all, "claims", text), 1);
        }
        index_all();
    }
}

static void the_export_says_which_coupons_have_ended(void **state)
{
    int64_t id = open_release(5, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    struct exported all;

    (void)state;
    claim(id, GONE);
    claim(id, KEPT);
    index_all();
    assert_int_equal(hear_merged(&h, GONE, KEPT), 0);
    while (harness_tidy(&h))
        continue;
    all = export_person(&h, KEPT);
    assert_int_equal(exported_count(&all, "claims", "\"code\""), 2);
    assert_int_equal(exported_count(&all, "claims", "\"endedAt\":\"2"), 1);
    assert_int_equal(exported_count(&all, "claims", "\"kind\":\"COUPON_ENDED\""), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_either_account_took_counts_for_the_one_that_is_kept),
        TEST(her_coupons_are_those_of_all_numbers_that_she_holds),
        TEST(who_claims_by_a_session_that_is_to_end_has_no_second_coupon),
        TEST(a_new_day_is_one_allowance_for_both),
        TEST(a_merge_that_fails_changes_nothing),
        TEST(of_two_coupons_for_one_allowance_the_later_one_ends),
        TEST(a_closed_account_is_heard_once_and_its_coupons_end),
        TEST(however_many_a_closed_account_has_all_of_them_end),
        TEST(what_was_merged_and_closed_before_coupons_ended_ends_now),
        TEST(the_export_gives_each_coupon_once),
        TEST(the_export_says_which_coupons_have_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
