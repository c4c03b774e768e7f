/* Claims on them. */
#include "services/coupon/fixture.h"

static void a_claim_gives_a_coupon(void **state)
{
    int64_t id = open_release(3, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    const Rpc__Answer *answer = claim(id, 1);
    const Coupon__Coupon *coupon = coupon_of(answer), *read;
    Coupon__CouponRequest request = COUPON__COUPON_REQUEST__INIT;

    (void)state;
    assert_true(answer->created);
    assert_int_equal(coupon->release_id, id);
    assert_int_equal(strlen(coupon->code), 13);
    assert_int_equal(coupon->face_fen, 500);
    assert_int_equal(coupon->threshold_fen, 800);
    assert_int_equal(coupon->claimed_at, OPENS);
    assert_int_equal(coupon->expires_at, OPENS + 30 * COUPON_DAY_MS);
    assert_int_equal(get(id)->left, 2);
    assert_int_equal(get(id)->granted, 1);
    request.coupon_id = coupon->coupon_id;
    read = coupon_of(harness_call(&h, "Coupons.GetCoupon", &request.base, harness_member(&h, 1, TOWN), NULL));
    assert_string_equal(read->code, coupon->code);
    assert_int_equal(read->expires_at, coupon->expires_at);
    assert_refused(harness_call(&h, "Coupons.GetCoupon", &request.base, harness_member(&h, 2, TOWN), NULL),
                   "COUPON_NOT_FOUND");
    request.coupon_id++;
    assert_refused(harness_call(&h, "Coupons.GetCoupon", &request.base, harness_member(&h, 1, TOWN), NULL),
                   "COUPON_NOT_FOUND");
    assert_clean();
}

static void a_repeat_gives_the_first_coupon_as_new_to_its_key_alone(void **state)
{
    int64_t id = open_release(3, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    const Rpc__Principal *member = harness_member(&h, 1, TOWN);
    const Rpc__Answer *first = claim_as(id, member, "mine"), *again;
    static const struct {
        const char *key;
        bool created;
    } cases[] = {{"mine", true}, {"another", false}, {NULL, false}};

    (void)state;
    for (int restart = 0; restart < 2; restart++) {
        for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
            again = claim_as(id, member, cases[i].key);
            assert_int_equal(again->created, cases[i].created);
            assert_int_equal(again->output.len, first->output.len);
            assert_memory_equal(again->output.data, first->output.data, first->output.len);
            assert_false(h.grown);
        }
        harness_reopen(&h);
    }
    assert_int_equal(get(id)->granted, 1);
}

static void a_repeat_is_answered_whatever_became_of_the_release(void **state)
{
    int64_t id = open_release(1, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    int64_t coupon_id = coupon_of(claim(id, 1))->coupon_id;

    (void)state;
    assert_refused(claim(id, 2), "SOLD_OUT");
    assert_int_equal(coupon_of(claim(id, 1))->coupon_id, coupon_id);
    change("Coupons.PauseRelease", id);
    assert_refused(claim(id, 2), "PAUSED");
    assert_int_equal(coupon_of(claim(id, 1))->coupon_id, coupon_id);
    change("Coupons.EndRelease", id);
    assert_refused(claim(id, 2), "ENDED");
    assert_int_equal(coupon_of(claim(id, 1))->coupon_id, coupon_id);
}

static void a_claim_outside_its_time_is_refused_with_the_reason(void **state)
{
    int64_t id = publish(draft_of(3, 1, 0));
    const Rpc__Answer *answer = claim(id, 1);

    (void)state;
    assert_refused(answer, "NOT_OPEN_YET");
    assert_string_equal(harness_fact(answer, "opensAt"), "2026-01-01T00:01:00.000Z");
    clock_step(&h.service.clock, 59999);
    assert_refused(claim(id, 1), "NOT_OPEN_YET");
    clock_step(&h.service.clock, 1);
    assert_ok(claim(id, 1));
    change("Coupons.PauseRelease", id);
    assert_refused(claim(id, 2), "PAUSED");
    change("Coupons.PublishRelease", id);
    assert_ok(claim(id, 2));
    clock_step(&h.service.clock, COUPON_DAY_MS - 1);
    assert_ok(claim(id, 3));
    clock_step(&h.service.clock, 1);
    assert_refused(claim(id, 4), "ENDED");
    assert_clean();
}

static void only_those_it_is_meant_for_may_claim(void **state)
{
    Rpc__Trade trades[] = {RPC__TRADE__COURIER, RPC__TRADE__SANITATION};
    Coupon__Release draft = draft_of(10, 1, 0);
    Rpc__Principal *member = harness_member(&h, 1, TOWN);
    int64_t id;

    (void)state;
    whom(&draft)->level = RPC__LEVEL__MEMBER;
    whom(&draft)->union_id = a_union(&h, TOWN);
    whom(&draft)->trades = trades;
    whom(&draft)->n_trades = ARRAY_LEN(trades);
    id = publish(draft);
    clock_step(&h.service.clock, 60000);
    assert_refused(claim_as(id, NULL, NULL), "MISSING_TOKEN");
    assert_refused(claim_as(id, harness_internal(&h), NULL), "MISSING_TOKEN");
    assert_refused(claim_as(id, harness_person(&h, 1, RPC__LEVEL__REAL_NAME, TOWN), NULL), "NOT_ELIGIBLE_LEVEL");
    assert_refused(claim_as(id, harness_member(&h, 1, "00010003"), NULL), "NOT_ELIGIBLE_UNION");
    assert_refused(claim_as(id, member, NULL), "NOT_ELIGIBLE_TRADE");
    member->trade = RPC__TRADE__SANITATION;
    assert_ok(claim_as(id, member, NULL));
    harness_reopen(&h);
    member->member_id = 2;
    member->trade = RPC__TRADE__TRUCK_DRIVER;
    assert_refused(claim_as(id, member, NULL), "NOT_ELIGIBLE_TRADE");
    assert_int_equal(get(id)->release->audience->n_trades, 2);
}

/* The rule is the claim's word and the offer's; who need only renew her session is told so. */
static void who_is_too_young_or_not_known_to_be_old_enough_may_not_claim(void **state)
{
    Coupon__Release draft = draft_of(10, 1, 0);
    Rpc__Principal *member = harness_member(&h, 1, TOWN);
    const Rpc__Answer *answer;
    const Coupon__Offer *offer;
    int64_t id;

    (void)state;
    whom(&draft)->age_from = 36;
    whom(&draft)->birthday = AUDIENCE__BIRTHDAY__IN_ITS_MONTH;
    id = publish(draft);
    clock_step(&h.service.clock, 60000);
    member->birth_year = 1990;
    member->birthday = 0;
    answer = claim_as(id, member, NULL);
    assert_refused(answer, "NOT_FOR_AGE");
    assert_string_equal(harness_fact(answer, "renew"), "session");
    member->unproven = true;
    assert_string_equal(harness_fact(claim_as(id, member, NULL), "renew"), "stepUp");
    member->unproven = false;
    member->birthday = 1231;
    answer = claim_as(id, member, NULL);
    assert_refused(answer, "NOT_FOR_AGE");
    assert_null(harness_fact(answer, "renew"));
    offer = list_offers(member)->offers[0];
    assert_string_equal(offer->reason, "NOT_FOR_AGE");
    assert_string_equal(offer->words, "您的年龄不在范围内");
    member->birthday = 201;
    member->birth_year = 1980;
    assert_refused(claim_as(id, member, NULL), "NOT_FOR_BIRTHDAY");
    member->birthday = 101;
    harness_reopen(&h);
    assert_ok(claim_as(id, member, NULL));
    assert_int_equal(get(id)->release->audience->age_from, 36);
}

static void the_last_coupon_says_when_it_went(void **state)
{
    int64_t id = open_release(2, 2, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    const Rpc__Answer *answer;

    (void)state;
    claim(id, 1);
    assert_int_equal(get(id)->sold_out_at, 0);
    clock_step(&h.service.clock, 500);
    claim(id, 2);
    clock_step(&h.service.clock, 500);
    answer = claim(id, 3);
    assert_refused(answer, "SOLD_OUT");
    assert_string_equal(harness_fact(answer, "soldOutAt"), "2026-01-01T00:01:00.500Z");
    assert_string_equal(harness_fact(answer, "cameBefore"), "2");
    assert_string_equal(harness_fact(answer, "opensAgainAt"), "2026-01-02T00:01:00.000Z");
    assert_int_equal(list_offers(harness_member(&h, 3, TOWN))->offers[0]->came_before, 2);
    assert_int_equal(list_offers(harness_member(&h, 1, TOWN))->offers[0]->came_before, 0);
    assert_int_equal(get(id)->sold_out_at, OPENS + 500);
    assert_int_equal(get(id)->left, 0);
    clock_step(&h.service.clock, COUPON_DAY_MS);
    assert_int_equal(get(id)->left, 2);
    assert_int_equal(get(id)->day, 1);
    assert_ok(claim(id, 3));
    assert_ok(claim(id, 4));
    answer = claim(id, 5);
    assert_refused(answer, "SOLD_OUT");
    assert_null(harness_fact(answer, "opensAgainAt")); /* it was the last day */
    assert_int_equal(get(id)->granted, 4);
    assert_clean();
}

static void one_per_day_may_come_back_tomorrow(void **state)
{
    int64_t id = open_release(5, 3, COUPON__ALLOWANCE__ONE_PER_DAY);
    int64_t first = coupon_of(claim(id, 1))->coupon_id, second;

    (void)state;
    assert_int_equal(coupon_of(claim(id, 1))->coupon_id, first);
    clock_step(&h.service.clock, COUPON_DAY_MS);
    second = coupon_of(claim(id, 1))->coupon_id;
    assert_true(second > first);
    assert_int_equal(coupon_of(claim(id, 1))->day, 1);
    harness_reopen(&h);
    assert_int_equal(coupon_of(claim(id, 1))->coupon_id, second);
    assert_int_equal(get(id)->granted, 2);
    assert_clean();
}

static void one_per_release_keeps_the_first(void **state)
{
    int64_t id = open_release(5, 3, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    int64_t first = coupon_of(claim(id, 1))->coupon_id;

    (void)state;
    clock_step(&h.service.clock, COUPON_DAY_MS);
    assert_int_equal(coupon_of(claim(id, 1))->coupon_id, first);
    assert_int_equal(get(id)->left, 5);
    harness_reopen(&h);
    assert_int_equal(coupon_of(claim(id, 1))->coupon_id, first);
    assert_int_equal(get(id)->left, 5);
    assert_clean();
}

static void a_clock_that_steps_back_opens_no_day_again(void **state)
{
    int64_t id = open_release(1, 3, COUPON__ALLOWANCE__ONE_PER_DAY);

    (void)state;
    clock_step(&h.service.clock, COUPON_DAY_MS);
    assert_ok(claim(id, 1));
    clock_step(&h.service.clock, -COUPON_DAY_MS);
    assert_refused(claim(id, 2), "SOLD_OUT");
    harness_reopen(&h);
    assert_refused(claim(id, 2), "SOLD_OUT");
    assert_clean();
}

static void claims_of_one_batch_share_the_stock(void **state)
{
    int64_t id = open_release(7, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    unsigned granted = 0, sold_out = 0;

    (void)state;
    for (int64_t member = 1; member <= 20; member++)
        gather_claim(id, harness_member(&h, member % 10 + 1, TOWN), NULL); /* each of ten asks twice */
    harness_run(&h);
    for (unsigned i = 0; i < 20; i++) {
        granted += h.answers->answers[i]->created != 0;
        sold_out += h.answers->answers[i]->reason == COUPON__REASON__SOLD_OUT;
    }
    assert_int_equal(granted, 7);
    assert_int_equal(sold_out, 6);
    assert_int_equal(get(id)->granted, 7);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_claim_gives_a_coupon),
        TEST(a_repeat_gives_the_first_coupon_as_new_to_its_key_alone),
        TEST(a_repeat_is_answered_whatever_became_of_the_release),
        TEST(a_claim_outside_its_time_is_refused_with_the_reason),
        TEST(only_those_it_is_meant_for_may_claim),
        TEST(who_is_too_young_or_not_known_to_be_old_enough_may_not_claim),
        TEST(the_last_coupon_says_when_it_went),
        TEST(one_per_day_may_come_back_tomorrow),
        TEST(one_per_release_keeps_the_first),
        TEST(a_clock_that_steps_back_opens_no_day_again),
        TEST(claims_of_one_batch_share_the_stock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
