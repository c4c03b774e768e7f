/* Campaigns whose places count with what other services give. */
#include "common/benefit/granted/granted_fixture.h"
#include "common/benefit/notice/notice_fixture.h"
#include "services/health/report/report_fixture.h"

#define PRICE   11600
#define CEILING 20000
#define HER     5000
#define YEARLY  "普惠"

static struct harness h;

static int setup(void **state)
{
    Granted__Counting counts = GRANTED__COUNTING__INIT;
    Granted__Ceiling ceiling = GRANTED__CEILING__INIT;

    *state = &h;
    ceiling.name = unconst(YEARLY);
    ceiling.fen = CEILING;
    counts.ceiling = &ceiling;
    begin_counted(&h, &counts);
    return 0;
}

/* A coupon of so much under the same ceiling. */
static void hear_coupon(int64_t source_id, int64_t member_id, int64_t at, int64_t fen)
{
    const struct grant grant = {.source_id = source_id,
                                .member_id = member_id,
                                .fen = fen,
                                .ceiling_key = granted_key(a_union(&h, UNION), YEARLY),
                                .ceiling_fen = CEILING};

    hear_given(&h, "coupon", &grant, at);
}

static int64_t worth_of(int64_t member_id)
{
    return granted_value(&health_of(&h)->granted, member_id, granted_key(a_union(&h, UNION), YEARLY), now_of(&h));
}

static int64_t counted_as(int64_t member_id)
{
    char text[96];

    write_granted(&h, &health_of(&h)->granted);
    snprintf(text, sizeof(text), "SELECT state FROM granted WHERE member_id = %lld", (long long)member_id);
    return harness_number(&h, text);
}

static void assert_clean(void)
{
    assert_string_equal(harness_audit(&h), "");
}

static void a_place_counts_from_its_grant_until_it_is_given_back(void **state)
{
    int64_t booking_id = booking_of(&h, HER, false), scan_id;
    Health__DeclineRequest request = HEALTH__DECLINE_REQUEST__INIT;

    (void)state;
    assert_int_equal(worth_of(HER), PRICE);
    assert_int_equal(counted_as(HER), GRANTED__GRANT_STATE__HELD);
    scan_id = come(&h, booking_id);
    assert_int_equal(counted_as(HER), GRANTED__GRANT_STATE__SPENT);
    undo_scan(&h, scan_id);
    assert_int_equal(counted_as(HER), GRANTED__GRANT_STATE__HELD);
    give_places(&h, the_campaign, HER + 1, 1);
    request.campaign_id = the_campaign;
    assert_ok(harness_call(&h, "Bookings.DeclineEntitlement", &request.base, harness_member(&h, HER + 1, TOWN), NULL));
    assert_int_equal(counted_as(HER + 1), GRANTED__GRANT_STATE__GIVEN_BACK);
    assert_int_equal(worth_of(HER + 1), 0);
    assert_clean();
}

static void who_has_got_enough_is_not_invited(void **state)
{
    (void)state;
    hear_coupon(1, HER, now_of(&h), CEILING - PRICE + 1);
    hear_coupon(2, HER + 1, now_of(&h), CEILING - PRICE);
    assert_int_equal(entitlement_refusal(health_of(&h),
                                         campaigns_find(&health_of(&h)->campaigns, the_campaign, &h.arena), HER, 0,
                                         now_of(&h)),
                     GRANTED__REASON__CEILING_REACHED);
    assert_int_equal(entitlement_refusal(health_of(&h),
                                         campaigns_find(&health_of(&h)->campaigns, the_campaign, &h.arena), HER + 1, 0,
                                         now_of(&h)),
                     0);
    booking_of(&h, HER + 1, true);
    assert_clean();
}

static void a_place_above_the_ceiling_is_withdrawn(void **state)
{
    int64_t booking_id = booking_of(&h, HER, false), at = now_of(&h), entitlement_id;

    (void)state;
    booking_of(&h, HER + 1, false);
    entitlement_id = harness_number(&h, "SELECT entitlement_id FROM entitlement WHERE member_id = 5000");
    hear_coupon(1, HER + 1, at + 1, CEILING); /* later than hers: the coupon is taken back */
    hear_coupon(2, HER, at - 1, CEILING);
    assert_int_equal(state_of(&h, the_campaign, HER), HEALTH__ENTITLEMENT_STATE__TAKEN_BACK);
    assert_int_equal(state_of(&h, the_campaign, HER + 1), HEALTH__ENTITLEMENT_STATE__BOOKED);
    assert_int_equal(counted_as(HER), GRANTED__GRANT_STATE__WITHDRAWN);
    assert_int_equal(booking_in(&h, on_booking(&h, "Bookings.GetBooking", booking_id, HER))->state,
                     HEALTH__BOOKING_STATE__CANCELLED);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__CHECKUP_WITHDRAWN, entitlement_id), 1);
    assert_string_equal(last_notice(&h)->title, "职工免费体检");
    assert_refused(book(&h, the_campaign, the_slot, HER), "CEILING_REACHED");
    assert_clean();
}

/* She came before it was known that she had got so much: her site is paid, and it is on record. */
static void what_was_spent_before_it_was_known_has_passed(void **state)
{
    int64_t at = now_of(&h), settlement_id;
    unsigned before;

    (void)state;
    booking_of(&h, HER, true);
    booking_of(&h, HER + 1, true);
    hear_coupon(1, HER, at - 1, CEILING);
    settlement_id = settlement_of(&h, prepare(&h, finance(&h, 701)))->settlement_id;
    assert_int_equal(counted_as(HER), GRANTED__GRANT_STATE__SPENT);
    before = h.n_beside;
    assert_ok(confirm(&h, settlement_id, finance(&h, 702)));
    assert_int_equal(h.n_beside, before + 1); /* the call has waited for what others have given */
    for (int again = 0; again < 2; again++) {
        assert_int_equal(counted_as(HER), GRANTED__GRANT_STATE__PASSED);
        assert_int_equal(counted_as(HER + 1), GRANTED__GRANT_STATE__SPENT);
        assert_int_equal(health_of(&h)->granted.passed, 1);
        harness_reopen(&h);
    }
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_place_counts_from_its_grant_until_it_is_given_back, setup, teardown),
        cmocka_unit_test_setup_teardown(who_has_got_enough_is_not_invited, setup, teardown),
        cmocka_unit_test_setup_teardown(a_place_above_the_ceiling_is_withdrawn, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_spent_before_it_was_known_has_passed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
