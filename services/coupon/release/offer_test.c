/* What a member is shown: the offers, and the coupons that she has. */
#include "services/coupon/fixture.h"

#define A_PAGE 100 /* of offers */

static void offers_say_what_may_be_taken_and_why_not(void **state)
{
    Coupon__Release later = draft_of(1, 1, 0), elsewhere = draft_of(1, 1, 0);
    int64_t open = open_release(1, 1, 0), soon, far, gone, ended;
    const Rpc__Principal *member = harness_member(&h, 1, TOWN);
    const Coupon__OfferList *list;

    (void)state;
    later.opens_at = OPENS + 5000;
    soon = publish(later);
    elsewhere.opens_at = OPENS + 1;
    whom(&elsewhere)->union_id = a_union(&h, "00010009");
    far = publish(elsewhere);
    whom(&elsewhere)->union_id = a_union(&h, TOWN);
    gone = publish(elsewhere);
    ended = publish(elsewhere);
    clock_step(&h.service.clock, 1);
    claim(gone, 2);
    change("Coupons.EndRelease", ended);
    coupon_of(claim(open, 1));
    list = list_offers(member);
    assert_int_equal(list->n_offers, 3); /* newest first, without what ended and what is for others */
    assert_int_equal(list->offers[0]->status->release->release_id, gone);
    assert_string_equal(list->offers[0]->reason, "SOLD_OUT");
    assert_int_equal(list->offers[1]->status->release->release_id, soon);
    assert_string_equal(list->offers[1]->reason, "NOT_OPEN_YET");
    assert_int_equal(list->offers[2]->status->release->release_id, open);
    assert_string_equal(list->offers[2]->reason, "");
    assert_non_null(list->offers[2]->coupon);
    assert_null(list->offers[0]->coupon);
    list = list_offers(harness_member(&h, 3, TOWN));
    assert_string_equal(list->offers[2]->reason, "SOLD_OUT");
    /* There they see it, and nothing of here. */
    list = list_offers(harness_member(&h, 4, "00010009"));
    assert_int_equal(list->offers[0]->status->release->release_id, far);
}

static void every_offer_says_what_she_is_told_who_takes_it(void **state)
{
    static const char *const reasons[] = {"PAUSED",       "NOT_ELIGIBLE_TRADE", "NOT_ELIGIBLE_LEVEL",
                                          "NOT_OPEN_YET", "SOLD_OUT",           "OK"};
    Coupon__Release drafts[ARRAY_LEN(reasons)];
    Rpc__Trade couriers = RPC__TRADE__COURIER;
    int64_t ids[ARRAY_LEN(reasons)];
    const Rpc__Principal *member = harness_member(&h, 1, TOWN);
    const Coupon__OfferList *list;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(drafts); i++)
        drafts[i] = draft_of(1, 1, 0);
    whom(&drafts[1])->trades = &couriers;
    whom(&drafts[1])->n_trades = 1;
    whom(&drafts[2])->level = RPC__LEVEL__CATEGORY;
    drafts[3].opens_at = OPENS + 5000;
    for (size_t i = ARRAY_LEN(drafts); i-- > 0;)
        ids[i] = publish(drafts[i]);
    clock_step(&h.service.clock, OPENS + 1 - clock_now(&h.service.clock));
    assert_ok(change("Coupons.PauseRelease", ids[0]));
    coupon_of(claim(ids[4], 2));
    list = list_offers(member);
    assert_int_equal(list->n_offers, ARRAY_LEN(reasons));
    for (size_t i = 0; i < list->n_offers; i++) {
        const Rpc__Answer *answer = claim(list->offers[i]->status->release->release_id, 1);

        assert_says(list->offers[i], answer);
        assert_string_equal(harness_refusal(answer), reasons[i]);
    }
}

static const Coupon__OfferList *list_offers_after(const Rpc__Principal *member, const char *token)
{
    Coupon__ListOffersRequest request = COUPON__LIST_OFFERS_REQUEST__INIT;

    request.page_token = unconst(token);
    return harness_output(&h, harness_call(&h, "Coupons.ListOffers", &request.base, member, NULL),
                          &coupon__offer_list__descriptor);
}

static void offers_come_in_pages_the_newest_first(void **state)
{
    const Coupon__OfferList *list;
    int64_t first = publish(draft_of(1, 1, 0)), last = 0;

    (void)state;
    for (int i = 0; i < A_PAGE; i++)
        last = publish(draft_of(1, 1, 0));
    list = list_offers(harness_member(&h, 1, TOWN));
    assert_int_equal(list->n_offers, A_PAGE);
    assert_int_equal(list->offers[0]->status->release->release_id, last);
    list = list_offers_after(harness_member(&h, 1, TOWN), list->next_page_token);
    assert_int_equal(list->n_offers, 1);
    assert_int_equal(list->offers[0]->status->release->release_id, first);
    assert_string_equal(list->next_page_token, "");
}

/* All her coupons, page by page, must be those of the array from the last to the first. */
static void assert_lists(int64_t member_id, const int64_t *ids, int n, int32_t size)
{
    const char *token = "";
    int at = n;

    do {
        const Coupon__CouponList *list = list_coupons(member_id, size, token);

        assert_true(list->n_coupons <= (size_t)(size ? size : 20));
        for (size_t i = 0; i < list->n_coupons; i++) {
            assert_true(at > 0);
            assert_int_equal(list->coupons[i]->coupon_id, ids[--at]);
        }
        token = list->next_page_token;
        assert_int_equal(*token != '\0', at > 0);
    } while (*token);
    assert_int_equal(at, 0);
}

static void her_coupons_are_listed_however_far_they_are_indexed(void **state)
{
    static const int32_t sizes[] = {1, 2, 5, 9, 10, 11, 0, 100};
    struct coupon *self = h.service.self;
    int64_t releases[10], ids[10], other[10], behind = INT64_MAX;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(ids); i++)
        releases[i] = publish(draft_of(5, 1, 0));
    clock_step(&h.service.clock, 60000);
    for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
        ids[i] = coupon_of(claim(releases[i], 1))->coupon_id;
        other[i] = coupon_of(claim(releases[i], 2))->coupon_id;
        clock_step(&h.service.clock, 1);
    }
    while (behind > 0) {
        for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
            assert_lists(1, ids, ARRAY_LEN(ids), sizes[i]);
            assert_lists(2, other, ARRAY_LEN(other), sizes[i]);
            assert_lists(3, NULL, 0, sizes[i]);
        }
        behind = holdings_index_slice(self, 3);
    }
    harness_reopen(&h);
    assert_int_equal(holdings_index_slice(self, 3), 0);
    assert_lists(1, ids, ARRAY_LEN(ids), 3);
    assert_clean();
}

static void a_page_token_of_hers_alone_is_taken(void **state)
{
    static const char *const wrong[] = {"x", "-5", "0", "99999999999999999999999x", " "};
    Coupon__ListCouponsRequest request = COUPON__LIST_COUPONS_REQUEST__INIT;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
        request.page_token = unconst(wrong[i]);
        assert_refused(harness_call(&h, "Coupons.ListCoupons", &request.base, harness_member(&h, 1, TOWN), NULL),
                       "BAD_PAGE_TOKEN");
    }
}

static void coupons_outlive_the_memory_of_their_release(void **state)
{
    int64_t id = open_release(5, 1, 0), coupon_id = coupon_of(claim(id, 1))->coupon_id;

    (void)state;
    change("Coupons.EndRelease", id);
    while (holdings_index_slice(h.service.self, 100) > 0)
        continue;
    clock_step(&h.service.clock, COUPON_DAY_MS + 1);
    harness_reopen(&h);
    assert_null(release_find(h.service.self, id));
    assert_lists(1, &coupon_id, 1, 0);
    assert_int_equal(list_coupons(1, 0, "")->coupons[0]->face_fen, 500);
    assert_string_equal(get(id)->release->title, "早餐券");
}

/* However many there are for others, and whatever they ask of these, what is hers is on her first page. */
static void what_is_for_others_takes_no_room_on_her_page(void **state)
{
    Coupon__Release elsewhere = draft_of(1, 1, 0);
    int64_t hers = open_release(1, 1, 0);
    const Coupon__OfferList *list;

    (void)state;
    elsewhere.opens_at = OPENS + 1;
    whom(&elsewhere)->union_id = a_union(&h, "00010009");
    for (int i = 0; i <= A_PAGE; i++) {
        whom(&elsewhere)->level = i % 2 ? RPC__LEVEL__CATEGORY : RPC__LEVEL__MEMBER; /* above and as hers */
        publish(elsewhere);
    }
    list = list_offers(harness_member(&h, 1, TOWN));
    assert_int_equal(list->offers[0]->status->release->release_id, hers);
    assert_int_equal(list->n_offers, 1);
}

/* Each tells her whose it is and what she lacks; what she took before she lost her union is there too. */
static void who_has_no_union_is_shown_all_that_she_could_come_to(void **state)
{
    Coupon__Release elsewhere = draft_of(5, 1, 0);
    int64_t hers = publish(draft_of(5, 1, 0)), theirs;
    const Coupon__OfferList *list;

    (void)state;
    whom(&elsewhere)->union_id = a_union(&h, "00010009");
    theirs = publish(elsewhere);
    clock_step(&h.service.clock, OPENS - HARNESS_NOW);
    assert_ok(claim(hers, 1));
    list = list_offers(harness_person(&h, 1, RPC__LEVEL__REAL_NAME, ""));
    assert_int_equal(list->n_offers, 2);
    assert_int_equal(list->offers[0]->status->release->release_id, theirs);
    assert_string_equal(list->offers[0]->reason, "NOT_ELIGIBLE_LEVEL");
    assert_int_equal(list->offers[0]->status->release->audience->union_id, a_union(&h, "00010009"));
    assert_int_equal(list->offers[1]->status->release->release_id, hers);
    assert_string_equal(list->offers[1]->reason, "");
    assert_non_null(list->offers[1]->coupon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(offers_say_what_may_be_taken_and_why_not),     TEST(every_offer_says_what_she_is_told_who_takes_it),
        TEST(what_is_for_others_takes_no_room_on_her_page), TEST(who_has_no_union_is_shown_all_that_she_could_come_to),
        TEST(offers_come_in_pages_the_newest_first),        TEST(her_coupons_are_listed_however_far_they_are_indexed),
        TEST(a_page_token_of_hers_alone_is_taken),          TEST(coupons_outlive_the_memory_of_their_release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
