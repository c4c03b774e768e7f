/* Who comes after a winner who lapsed, declined or did not come. */
#include "services/health/lot/entitlements.h"
#include "services/health/fixture.h"

static struct harness h;

static int setup(void **state)
{
    *state = &h;
    begin(&h);
    return 0;
}

/* The member who has a place. */
static int64_t at_place(int64_t campaign_id, int n, int place)
{
    for (int i = 1; i <= n; i++) {
        if (offer_of(&h, campaign_id, i)->result->place == place)
            return i;
    }
    fail();
    return 0;
}

static void lapsed_winners_promote_the_next_in_order(void **state)
{
    const Health__Campaign *campaign = published(&h, 3, 10);
    int64_t id = campaign->campaign_id;

    (void)state;
    step_to(&h, offer_of(&h, id, at_place(id, 10, 1))->result->book_by + 1);
    for (int place = 1; place <= 6; place++) {
        int expected = place <= 3 ? HEALTH__ENTITLEMENT_STATE__LAPSED : HEALTH__ENTITLEMENT_STATE__WON;

        assert_int_equal(offer_of(&h, id, at_place(id, 10, place))->result->state, expected);
    }
    assert_int_equal(draw_status(&h, id)->outcomes[0]->promoted, 3);
    /* The list is used up: lapses promote nobody. */
    step_to(&h, offer_of(&h, id, at_place(id, 10, 4))->result->book_by + 1);
    assert_int_equal(winners_of(&h, id, 10), 0);
}

static void one_who_declines_promotes_one_and_moves_nobody_else(void **state)
{
    const Health__Campaign *campaign = published(&h, 3, 10);
    int64_t id = campaign->campaign_id, second = at_place(id, 10, 2), fifth = at_place(id, 10, 5);
    struct ending ending = {offer_of(&h, id, second)->result->entitlement_id, HEALTH__ENTITLEMENT_STATE__DECLINED};

    (void)state;
    assert_int_equal(offer_of(&h, id, fifth)->result->waiting_position, 2);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__CHECKUP_WON, ending.entitlement_id), 1);
    end_entitlement(&h, &ending);
    /* She need not book; who comes after her must. */
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__CHECKUP_WON, ending.entitlement_id), 0);
    assert_int_equal(last_notice(&h)->member_id, at_place(id, 10, 4));
    assert_int_equal(offer_of(&h, id, second)->result->state, HEALTH__ENTITLEMENT_STATE__DECLINED);
    assert_int_equal(offer_of(&h, id, at_place(id, 10, 4))->result->state, HEALTH__ENTITLEMENT_STATE__WON);
    assert_int_equal(offer_of(&h, id, fifth)->result->waiting_position, 1);
    assert_int_equal(offer_of(&h, id, fifth)->result->place, 5);
}

static void after_booking_ends_nobody_is_promoted(void **state)
{
    const Health__Campaign *campaign = published(&h, 3, 10);
    int64_t id = campaign->campaign_id;
    struct ending ending = {offer_of(&h, id, at_place(id, 10, 1))->result->entitlement_id,
                            HEALTH__ENTITLEMENT_STATE__NO_SHOW};

    (void)state;
    clock_step(&h.service.clock, campaign->book_until - now_of(&h));
    end_entitlement(&h, &ending);
    assert_int_equal(draw_status(&h, id)->outcomes[0]->promoted, 0);
    assert_ok(on_campaign(&h, "Draws.Close", id, manager_of(&h, UNION)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lapsed_winners_promote_the_next_in_order),
        TEST(one_who_declines_promotes_one_and_moves_nobody_else),
        TEST(after_booking_ends_nobody_is_promoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
