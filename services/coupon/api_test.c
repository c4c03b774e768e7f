#include "services/coupon/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/harness.h"

#define UNION "0001"
#define TOWN  "00010002"
#define OPENS (HARNESS_NOW + 60000)

static struct harness h;

static void done(void *self)
{
    coupon_done(self);
}

static int setup(void **state)
{
    (void)state;
    harness_open(&h, &coupon_spec, done);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

/* ---- callers ---- */

static Rpc__Principal *manager_of(const char *path)
{
    return harness_official(&h, 900, RULE__ROLE__BENEFIT_MANAGER, path);
}

static Coupon__Release draft_of(int32_t stock, int32_t days, int allowance)
{
    Coupon__Release draft = COUPON__RELEASE__INIT;

    draft.title = (char *)(uintptr_t) "早餐券";
    draft.union_path = (char *)(uintptr_t)UNION;
    draft.face_fen = 500;
    draft.threshold_fen = 800;
    draft.stock_per_day = stock;
    draft.opens_at = OPENS;
    draft.days = days;
    draft.allowance = (Coupon__Allowance)allowance;
    return draft;
}

static const Rpc__Answer *create(Coupon__Release *draft, const Rpc__Principal *principal)
{
    static unsigned n;
    Coupon__CreateReleaseRequest request = COUPON__CREATE_RELEASE_REQUEST__INIT;
    char key[16];

    request.release = draft;
    snprintf(key, sizeof(key), "create-%u", n++);
    return harness_call(&h, "Coupons.CreateRelease", &request.base, principal, key);
}

static const Coupon__ReleaseStatus *status_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__release_status__descriptor);
}

static const Rpc__Answer *on_release(const char *method, int64_t release_id, const Rpc__Principal *principal)
{
    Coupon__ReleaseRequest request = COUPON__RELEASE_REQUEST__INIT;

    request.release_id = release_id;
    return harness_call(&h, method, &request.base, principal, NULL);
}

static const Coupon__ReleaseStatus *get(int64_t release_id)
{
    return status_of(on_release("Coupons.GetRelease", release_id, manager_of(UNION)));
}

static int change(const char *method, int64_t release_id)
{
    return on_release(method, release_id, manager_of(UNION))->reason;
}

static int64_t publish(Coupon__Release draft)
{
    int64_t id = status_of(create(&draft, manager_of(UNION)))->release->release_id;

    assert_int_equal(change("Coupons.PublishRelease", id), 0);
    return id;
}

/* A published release that is open now. */
static int64_t open_release(int32_t stock, int32_t days, int allowance)
{
    int64_t id = publish(draft_of(stock, days, allowance));

    if (clock_now(&h.service.clock) < OPENS)
        clock_step(&h.service.clock, OPENS - clock_now(&h.service.clock));
    return id;
}

static void gather_claim(int64_t release_id, const Rpc__Principal *principal, const char *key)
{
    Coupon__CreateClaimRequest request = COUPON__CREATE_CLAIM_REQUEST__INIT;

    request.release_id = release_id;
    harness_add(&h, "Coupons.CreateClaim", &request.base, principal, key);
}

static const Rpc__Answer *claim_as(int64_t release_id, const Rpc__Principal *principal, const char *key)
{
    gather_claim(release_id, principal, key);
    return harness_run(&h)->answers[0];
}

static const Rpc__Answer *claim(int64_t release_id, int64_t member_id)
{
    return claim_as(release_id, harness_member(&h, member_id, TOWN), NULL);
}

static const Coupon__Coupon *coupon_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__coupon__descriptor);
}

static const Coupon__CouponList *list_coupons(int64_t member_id, int32_t size, const char *token)
{
    Coupon__ListCouponsRequest request = COUPON__LIST_COUPONS_REQUEST__INIT;

    request.page_size = size;
    request.page_token = (char *)(uintptr_t)token;
    return harness_output(
        &h, harness_call(&h, "Coupons.ListCoupons", &request.base, harness_member(&h, member_id, TOWN), NULL),
        &coupon__coupon_list__descriptor);
}

static const Coupon__OfferList *list_offers(const Rpc__Principal *principal)
{
    return harness_output(&h, harness_call(&h, "Coupons.ListOffers", NULL, principal, NULL),
                          &coupon__offer_list__descriptor);
}

static void assert_clean(void)
{
    assert_string_equal(harness_audit(&h), "");
}

/* ---- releases ---- */

static void a_release_is_drafted_with_its_defaults(void **state)
{
    Coupon__Release draft = draft_of(3, 0, 0);
    const Rpc__Answer *answer = create(&draft, manager_of(UNION));
    const Coupon__ReleaseStatus *status = status_of(answer);

    (void)state;
    assert_true(answer->created && h.grown);
    assert_int_equal(status->release->state, COUPON__STATE__DRAFT);
    assert_string_equal(status->release->title, "早餐券");
    assert_string_equal(status->release->eligible_path, UNION);
    assert_int_equal(status->release->days, 1);
    assert_int_equal(status->release->valid_days, COUPON_DEFAULT_VALID_DAYS);
    assert_int_equal(status->release->created_at, HARNESS_NOW);
    assert_int_equal(status->left, 3);
    assert_int_equal(status->granted, 0);
    assert_clean();
}

static void a_draft_that_breaks_a_rule_is_refused_by_field(void **state)
{
    static const struct {
        int64_t opens_at, threshold_fen;
        const char *union_path, *eligible_path;
        int reason;
        const char *field;
    } cases[] = {
        {HARNESS_NOW, 0, UNION, "", COUPON__REASON__OPENS_IN_THE_PAST, "release.opensAt"},
        {OPENS, 499, UNION, "", COUPON__REASON__THRESHOLD_BELOW_FACE, "release.thresholdFen"},
        {OPENS, 0, UNION, "0002", RPC__REASON__OUTSIDE_YOUR_UNION, "release.eligiblePath"},
        {OPENS, 0, "0002", "", RPC__REASON__OUTSIDE_YOUR_UNION, "release.unionPath"},
        {OPENS, 0, "", "", RPC__REASON__OUTSIDE_YOUR_UNION, "release.unionPath"},
    };
    const Rpc__Answer *answer = create(NULL, manager_of(UNION));

    (void)state;
    assert_int_equal(answer->reason, RPC__REASON__MISSING_FIELD);
    assert_string_equal(answer->field, "release");
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        Coupon__Release draft = draft_of(3, 0, 0);

        draft.opens_at = cases[i].opens_at;
        draft.threshold_fen = cases[i].threshold_fen;
        draft.union_path = (char *)(uintptr_t)cases[i].union_path;
        draft.eligible_path = (char *)(uintptr_t)cases[i].eligible_path;
        answer = create(&draft, manager_of(UNION));
        assert_int_equal(answer->reason, cases[i].reason);
        assert_string_equal(answer->field, cases[i].field);
    }
    assert_false(h.grown);
}

static void releases_are_bounded_until_old_ones_end(void **state)
{
    Coupon__Release draft = draft_of(3, 0, 0);
    int64_t first = status_of(create(&draft, manager_of(UNION)))->release->release_id;

    (void)state;
    for (int i = 1; i < COUPON_MAX_RELEASES; i++)
        assert_int_equal(create(&draft, manager_of(UNION))->reason, 0);
    assert_int_equal(create(&draft, manager_of(UNION))->reason, COUPON__REASON__TOO_MANY_RELEASES);
    assert_int_equal(change("Coupons.EndRelease", first), 0);
    assert_int_equal(create(&draft, manager_of(UNION))->reason, COUPON__REASON__TOO_MANY_RELEASES);
    clock_step(&h.service.clock, COUPON_DAY_MS + 1);
    coupon_forget_ended(h.service.self);
    draft.opens_at = clock_now(&h.service.clock) + 1;
    assert_int_equal(create(&draft, manager_of(UNION))->reason, 0);
    assert_int_equal(create(&draft, manager_of(UNION))->reason, COUPON__REASON__TOO_MANY_RELEASES);
    assert_int_equal(get(first)->release->state, COUPON__STATE__CLOSED);
    harness_reopen(&h);
    assert_int_equal(create(&draft, manager_of(UNION))->reason, COUPON__REASON__TOO_MANY_RELEASES);
    assert_clean();
}

static void a_release_whose_days_are_over_closes_by_itself_and_keeps_its_count(void **state)
{
    int64_t id = open_release(2, 0, 0);

    (void)state;
    assert_int_equal(claim(id, 1)->reason, 0);
    clock_step(&h.service.clock, COUPON_DAY_MS);
    assert_int_equal(get(id)->release->state, COUPON__STATE__PUBLISHED);
    coupon_forget_ended(h.service.self);
    assert_int_equal(get(id)->release->state, COUPON__STATE__CLOSED);
    assert_int_equal(get(id)->granted, 1);
    harness_reopen(&h);
    assert_int_equal(get(id)->granted, 1);
    clock_step(&h.service.clock, COUPON_DAY_MS + 1);
    coupon_index_slice(h.service.self, 10);
    coupon_forget_ended(h.service.self);
    assert_null(coupon_find(h.service.self, id));
    assert_int_equal(get(id)->granted, 1);
    assert_clean();
}

static void a_draft_is_seen_by_its_officials_alone(void **state)
{
    Coupon__Release draft = draft_of(3, 0, 0);
    int64_t id = status_of(create(&draft, manager_of(UNION)))->release->release_id;
    const Rpc__Principal *member = harness_member(&h, 1, TOWN);

    (void)state;
    clock_step(&h.service.clock, 60000);
    assert_int_equal(on_release("Coupons.GetRelease", id, manager_of(UNION))->reason, 0);
    assert_int_equal(on_release("Coupons.GetRelease", id, manager_of(""))->reason, 0);
    assert_int_equal(on_release("Coupons.GetRelease", id, manager_of("0002"))->reason,
                     COUPON__REASON__RELEASE_NOT_FOUND);
    assert_int_equal(on_release("Coupons.GetRelease", id, member)->reason, COUPON__REASON__RELEASE_NOT_FOUND);
    assert_int_equal(claim(id, 1)->reason, COUPON__REASON__RELEASE_NOT_FOUND);
    assert_int_equal(list_offers(member)->n_offers, 0);
    assert_int_equal(on_release("Coupons.GetRelease", id + 1, member)->reason, COUPON__REASON__RELEASE_NOT_FOUND);
    assert_int_equal(claim(id + 1, 1)->reason, COUPON__REASON__RELEASE_NOT_FOUND);
    change("Coupons.PublishRelease", id);
    assert_int_equal(on_release("Coupons.GetRelease", id, member)->reason, 0);
}

static void a_release_is_published_paused_and_ended(void **state)
{
    Coupon__Release draft = draft_of(3, 0, 0);
    int64_t id = status_of(create(&draft, manager_of(UNION)))->release->release_id;

    (void)state;
    assert_int_equal(change("Coupons.PauseRelease", id), COUPON__REASON__WRONG_STATE);
    assert_int_equal(change("Coupons.PublishRelease", id), 0);
    assert_true(h.grown);
    assert_int_equal(change("Coupons.PublishRelease", id), 0); /* a repeat changes nothing */
    assert_false(h.grown);
    assert_int_equal(change("Coupons.PauseRelease", id), 0);
    assert_int_equal(get(id)->release->state, COUPON__STATE__SUSPENDED);
    assert_int_equal(change("Coupons.PublishRelease", id), 0);
    assert_int_equal(change("Coupons.EndRelease", id), 0);
    assert_int_equal(change("Coupons.PublishRelease", id), COUPON__REASON__WRONG_STATE);
    assert_int_equal(change("Coupons.PauseRelease", id), COUPON__REASON__WRONG_STATE);
    assert_int_equal(change("Coupons.EndRelease", id), 0);
    assert_int_equal(change("Coupons.EndRelease", 12345), COUPON__REASON__RELEASE_NOT_FOUND);
    harness_reopen(&h);
    assert_int_equal(get(id)->release->state, COUPON__STATE__CLOSED);
    assert_clean();
}

static void another_unions_official_is_refused(void **state)
{
    static const char *const methods[] = {"Coupons.PublishRelease", "Coupons.PauseRelease", "Coupons.EndRelease"};
    Coupon__Release draft = draft_of(3, 0, 0);
    int64_t id = status_of(create(&draft, manager_of(UNION)))->release->release_id;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(methods); i++) {
        assert_int_equal(on_release(methods[i], id, manager_of("0002"))->reason, RPC__REASON__OUTSIDE_YOUR_UNION);
        assert_int_equal(on_release(methods[i], id, manager_of(TOWN))->reason, RPC__REASON__OUTSIDE_YOUR_UNION);
        assert_int_equal(on_release(methods[i], id, harness_member(&h, 1, UNION))->reason, RPC__REASON__NOT_OFFICIAL);
    }
    assert_int_equal(get(id)->release->state, COUPON__STATE__DRAFT);
    assert_int_equal(on_release("Coupons.PublishRelease", id, manager_of(""))->reason, 0);
}

static const Coupon__ReleaseList *list_releases(const Rpc__Principal *principal, const char *path, int32_t size,
                                                const char *token)
{
    Coupon__ListReleasesRequest request = COUPON__LIST_RELEASES_REQUEST__INIT;

    request.union_path = (char *)(uintptr_t)path;
    request.page_size = size;
    request.page_token = (char *)(uintptr_t)token;
    return harness_output(&h, harness_call(&h, "Coupons.ListReleases", &request.base, principal, NULL),
                          &coupon__release_list__descriptor);
}

static void officials_list_the_releases_of_their_unions_in_pages(void **state)
{
    const Coupon__ReleaseList *list;
    Coupon__ListReleasesRequest request = COUPON__LIST_RELEASES_REQUEST__INIT;
    int64_t last = INT64_MAX;
    const char *token = "";
    unsigned n = 0;

    (void)state;
    for (int i = 0; i < 25; i++) {
        Coupon__Release draft = draft_of(3, 0, 0);

        draft.union_path = (char *)(uintptr_t)(i % 5 ? UNION : TOWN);
        create(&draft, manager_of(UNION));
    }
    do {
        list = list_releases(manager_of(UNION), "", 10, token);
        for (size_t i = 0; i < list->n_releases; i++, n++) {
            assert_true(list->releases[i]->release->release_id < last); /* newest first */
            last = list->releases[i]->release->release_id;
        }
        token = list->next_page_token;
    } while (*token);
    assert_int_equal(n, 25);
    assert_int_equal(list_releases(manager_of(UNION), "", 0, "")->n_releases, 20);
    assert_int_equal(list_releases(manager_of(UNION), TOWN, 100, "")->n_releases, 5);
    assert_int_equal(list_releases(manager_of(TOWN), "", 100, "")->n_releases, 5);
    assert_int_equal(list_releases(manager_of("0002"), "", 100, "")->n_releases, 0);
    for (int i = 0; i < 4; i++) {
        static const char *const wrong[] = {"x", "-1", "0", "12x"};

        request.page_token = (char *)(uintptr_t)wrong[i];
        assert_int_equal(harness_call(&h, "Coupons.ListReleases", &request.base, manager_of(UNION), NULL)->reason,
                         RPC__REASON__BAD_PAGE_TOKEN);
    }
}

/* ---- claims ---- */

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
    assert_int_equal(harness_call(&h, "Coupons.GetCoupon", &request.base, harness_member(&h, 2, TOWN), NULL)->reason,
                     COUPON__REASON__COUPON_NOT_FOUND);
    request.coupon_id++;
    assert_int_equal(harness_call(&h, "Coupons.GetCoupon", &request.base, harness_member(&h, 1, TOWN), NULL)->reason,
                     COUPON__REASON__COUPON_NOT_FOUND);
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
    assert_int_equal(claim(id, 2)->reason, COUPON__REASON__SOLD_OUT);
    assert_int_equal(coupon_of(claim(id, 1))->coupon_id, coupon_id);
    change("Coupons.PauseRelease", id);
    assert_int_equal(claim(id, 2)->reason, COUPON__REASON__PAUSED);
    assert_int_equal(coupon_of(claim(id, 1))->coupon_id, coupon_id);
    change("Coupons.EndRelease", id);
    assert_int_equal(claim(id, 2)->reason, COUPON__REASON__ENDED);
    assert_int_equal(coupon_of(claim(id, 1))->coupon_id, coupon_id);
}

static void a_claim_outside_its_time_is_refused_with_the_reason(void **state)
{
    int64_t id = publish(draft_of(3, 1, 0));
    const Rpc__Answer *answer = claim(id, 1);

    (void)state;
    assert_int_equal(answer->reason, COUPON__REASON__NOT_OPEN_YET);
    assert_string_equal(harness_fact(answer, "opensAt"), "2026-01-01T00:01:00.000Z");
    clock_step(&h.service.clock, 59999);
    assert_int_equal(claim(id, 1)->reason, COUPON__REASON__NOT_OPEN_YET);
    clock_step(&h.service.clock, 1);
    assert_int_equal(claim(id, 1)->reason, 0);
    change("Coupons.PauseRelease", id);
    assert_int_equal(claim(id, 2)->reason, COUPON__REASON__PAUSED);
    change("Coupons.PublishRelease", id);
    assert_int_equal(claim(id, 2)->reason, 0);
    clock_step(&h.service.clock, COUPON_DAY_MS - 1);
    assert_int_equal(claim(id, 3)->reason, 0);
    clock_step(&h.service.clock, 1);
    assert_int_equal(claim(id, 4)->reason, COUPON__REASON__ENDED);
    assert_clean();
}

static void only_those_it_is_meant_for_may_claim(void **state)
{
    Rpc__Trade trades[] = {RPC__TRADE__COURIER, RPC__TRADE__SANITATION};
    Coupon__Release draft = draft_of(10, 1, 0);
    Rpc__Principal *member = harness_member(&h, 1, TOWN);
    int64_t id;

    (void)state;
    draft.min_level = RPC__LEVEL__MEMBER;
    draft.eligible_path = (char *)(uintptr_t)TOWN;
    draft.trades = trades;
    draft.n_trades = ARRAY_LEN(trades);
    id = publish(draft);
    clock_step(&h.service.clock, 60000);
    assert_int_equal(claim_as(id, NULL, NULL)->reason, RPC__REASON__MISSING_TOKEN);
    assert_int_equal(claim_as(id, harness_internal(&h), NULL)->reason, RPC__REASON__MISSING_TOKEN);
    assert_int_equal(claim_as(id, harness_person(&h, 1, RPC__LEVEL__REAL_NAME, TOWN), NULL)->reason,
                     COUPON__REASON__NOT_ELIGIBLE_LEVEL);
    assert_int_equal(claim_as(id, harness_member(&h, 1, "00010003"), NULL)->reason, COUPON__REASON__NOT_ELIGIBLE_UNION);
    assert_int_equal(claim_as(id, member, NULL)->reason, COUPON__REASON__NOT_ELIGIBLE_TRADE);
    member->trade = RPC__TRADE__SANITATION;
    assert_int_equal(claim_as(id, member, NULL)->reason, 0);
    harness_reopen(&h);
    member->member_id = 2;
    member->trade = RPC__TRADE__TRUCK_DRIVER;
    assert_int_equal(claim_as(id, member, NULL)->reason, COUPON__REASON__NOT_ELIGIBLE_TRADE);
    assert_int_equal(get(id)->release->n_trades, 2);
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
    assert_int_equal(answer->reason, COUPON__REASON__SOLD_OUT);
    assert_string_equal(harness_fact(answer, "soldOutAt"), "2026-01-01T00:01:00.500Z");
    assert_string_equal(harness_fact(answer, "opensAgainAt"), "2026-01-02T00:01:00.000Z");
    assert_int_equal(get(id)->sold_out_at, OPENS + 500);
    assert_int_equal(get(id)->left, 0);
    clock_step(&h.service.clock, COUPON_DAY_MS);
    assert_int_equal(get(id)->left, 2);
    assert_int_equal(get(id)->day, 1);
    assert_int_equal(claim(id, 3)->reason, 0);
    assert_int_equal(claim(id, 4)->reason, 0);
    answer = claim(id, 5);
    assert_int_equal(answer->reason, COUPON__REASON__SOLD_OUT);
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
    assert_int_equal(claim(id, 1)->reason, 0);
    clock_step(&h.service.clock, -COUPON_DAY_MS);
    assert_int_equal(claim(id, 2)->reason, COUPON__REASON__SOLD_OUT);
    harness_reopen(&h);
    assert_int_equal(claim(id, 2)->reason, COUPON__REASON__SOLD_OUT);
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

/* ---- what she sees ---- */

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
    elsewhere.eligible_path = (char *)(uintptr_t) "00010009";
    far = publish(elsewhere);
    elsewhere.eligible_path = (char *)(uintptr_t)TOWN;
    gone = publish(elsewhere);
    ended = publish(elsewhere);
    clock_step(&h.service.clock, 1);
    claim(gone, 2);
    change("Coupons.EndRelease", ended);
    coupon_of(claim(open, 1));
    list = list_offers(member);
    assert_int_equal(list->n_offers, 4); /* newest first, without what ended */
    assert_int_equal(list->offers[0]->status->release->release_id, gone);
    assert_string_equal(list->offers[0]->reason, "SOLD_OUT");
    assert_int_equal(list->offers[1]->status->release->release_id, far);
    assert_string_equal(list->offers[1]->reason, "NOT_ELIGIBLE_UNION");
    assert_int_equal(list->offers[2]->status->release->release_id, soon);
    assert_string_equal(list->offers[2]->reason, "NOT_OPEN_YET");
    assert_int_equal(list->offers[3]->status->release->release_id, open);
    assert_string_equal(list->offers[3]->reason, "");
    assert_non_null(list->offers[3]->coupon);
    assert_null(list->offers[0]->coupon);
    list = list_offers(harness_member(&h, 3, TOWN));
    assert_string_equal(list->offers[3]->reason, "SOLD_OUT");
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
        behind = coupon_index_slice(self, 3);
    }
    harness_reopen(&h);
    assert_int_equal(coupon_index_slice(self, 3), 0);
    assert_lists(1, ids, ARRAY_LEN(ids), 3);
    assert_clean();
}

static void a_page_token_of_hers_alone_is_taken(void **state)
{
    static const char *const wrong[] = {"x", "-5", "0", "99999999999999999999999x", " "};
    Coupon__ListCouponsRequest request = COUPON__LIST_COUPONS_REQUEST__INIT;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
        request.page_token = (char *)(uintptr_t)wrong[i];
        assert_int_equal(
            harness_call(&h, "Coupons.ListCoupons", &request.base, harness_member(&h, 1, TOWN), NULL)->reason,
            RPC__REASON__BAD_PAGE_TOKEN);
    }
}

static void coupons_outlive_the_memory_of_their_release(void **state)
{
    int64_t id = open_release(5, 1, 0), coupon_id = coupon_of(claim(id, 1))->coupon_id;

    (void)state;
    change("Coupons.EndRelease", id);
    while (coupon_index_slice(h.service.self, 100) > 0)
        continue;
    clock_step(&h.service.clock, COUPON_DAY_MS + 1);
    harness_reopen(&h);
    assert_null(coupon_find(h.service.self, id));
    assert_lists(1, &coupon_id, 1, 0);
    assert_int_equal(list_coupons(1, 0, "")->coupons[0]->face_fen, 500);
    assert_string_equal(get(id)->release->title, "早餐券");
}

/* ---- restart and failure ---- */

static void a_restart_rebuilds_memory_exactly(void **state)
{
    int64_t ids[4];
    Rpc__Answer *before[4][3];

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(ids); i++)
        ids[i] = publish(draft_of(3 + (int32_t)i, 3, i % 2));
    clock_step(&h.service.clock, 60000);
    for (int day = 0; day < 3; day++) {
        for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
            for (int64_t member = 1; member <= 4; member++) {
                clock_step(&h.service.clock, 7);
                claim(ids[i], member + day);
            }
        }
        for (int restart = 0; restart < 2; restart++) {
            for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
                const Rpc__Answer *answers[] = {
                    on_release("Coupons.GetRelease", ids[i], harness_member(&h, 1, TOWN)),
                    harness_call(&h, "Coupons.ListOffers", NULL, harness_member(&h, 2 + i, TOWN), NULL),
                    harness_call(&h, "Coupons.ListCoupons", NULL, harness_member(&h, 2 + i, TOWN), NULL),
                };

                for (unsigned j = 0; j < ARRAY_LEN(answers); j++) {
                    assert_int_equal(answers[j]->reason, 0);
                    if (restart) {
                        assert_int_equal(answers[j]->output.len, before[i][j]->output.len);
                        assert_memory_equal(answers[j]->output.data, before[i][j]->output.data, answers[j]->output.len);
                    }
                    before[i][j] = (Rpc__Answer *)(uintptr_t)answers[j];
                }
            }
            if (!restart)
                harness_reopen(&h);
        }
        while (coupon_index_slice(h.service.self, 100) > 0)
            continue;
        clock_step(&h.service.clock, COUPON_DAY_MS - 4 * 4 * 7);
    }
    assert_clean();
}

static void a_failed_commit_gives_the_stock_back(void **state)
{
    int64_t id = open_release(400, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);

    (void)state;
    assert_int_equal(claim(id, 1)->reason, 0);
    harness_fill(&h);
    for (int64_t member = 2; member <= 400; member++)
        gather_claim(id, harness_member(&h, member, TOWN), NULL);
    harness_run(&h);
    for (unsigned i = 0; i < h.answers->n_answers; i++)
        assert_int_equal(h.answers->answers[i]->reason, RPC__REASON__STORE_FULL);
    assert_int_equal(get(id)->granted, 1);
    assert_int_equal(get(id)->left, 399);
    assert_int_equal(get(id)->sold_out_at, 0);
    assert_int_equal(list_coupons(5, 0, "")->n_coupons, 0);
    harness_empty(&h);
    for (int64_t member = 2; member <= 401; member++)
        gather_claim(id, harness_member(&h, member, TOWN), NULL);
    harness_run(&h);
    assert_true(h.answers->answers[398]->created);
    assert_int_equal(h.answers->answers[399]->reason, COUPON__REASON__SOLD_OUT);
    assert_clean();
}

static void a_failed_commit_takes_a_release_and_a_state_back(void **state)
{
    Coupon__Release draft = draft_of(3, 0, 0);
    Coupon__CreateReleaseRequest request = COUPON__CREATE_RELEASE_REQUEST__INIT;
    Coupon__ReleaseRequest pause = COUPON__RELEASE_REQUEST__INIT;
    struct coupon *self = h.service.self;
    int64_t id = publish(draft);

    (void)state;
    request.release = &draft;
    pause.release_id = id;
    harness_fill(&h);
    harness_add(&h, "Coupons.PauseRelease", &pause.base, manager_of(UNION), NULL);
    for (int i = 0; i < 300; i++) {
        char key[16];

        snprintf(key, sizeof(key), "%d", i);
        harness_add(&h, "Coupons.CreateRelease", &request.base, manager_of(UNION), key);
    }
    harness_run(&h);
    for (unsigned i = 0; i < h.answers->n_answers; i++)
        assert_int_equal(h.answers->answers[i]->reason, RPC__REASON__STORE_FULL);
    assert_int_equal(self->n_releases, 1);
    assert_int_equal(get(id)->release->state, COUPON__STATE__PUBLISHED);
    harness_empty(&h);
    assert_int_equal(create(&draft, manager_of(UNION))->reason, 0);
    harness_reopen(&h);
    assert_int_equal(self->n_releases, 2);
    assert_clean();
}

/* ---- the audit ---- */

static void assert_audit_says(const char *part)
{
    const char *text = harness_audit(&h);

    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void the_audit_finds_claims_that_are_not_in_the_journal(void **state)
{
    static const struct {
        const char *wrong, *right, *says;
    } cases[] = {
        {"DELETE FROM claim WHERE member_id = 2", "INSERT INTO claim SELECT * FROM kept WHERE member_id = 2",
         "claim: journal row 6 has no equal claim"},
        {"DELETE FROM claim WHERE member_id = 3", "INSERT INTO claim SELECT * FROM kept WHERE member_id = 3",
         "claim: journal row 7 has no equal claim"},
        {"UPDATE claim SET member_id = 77 WHERE member_id = 1", "UPDATE claim SET member_id = 1 WHERE member_id = 77",
         "claim: journal row 5 has no equal claim"},
        {"UPDATE claim SET day = 1 WHERE member_id = 2", "UPDATE claim SET day = 0", "claim: journal row 6"},
        {"UPDATE claim SET release_id = release_id + 1 WHERE member_id = 2",
         "UPDATE claim SET release_id = release_id - 1 WHERE member_id = 2", "claim: journal row 6"},
        {"INSERT INTO claim SELECT coupon_id + 999, release_id, 50, 0, 1, at, key FROM claim WHERE member_id = 3",
         "DELETE FROM claim WHERE member_id = 50", "is not in the journal"},
        {"INSERT INTO claim SELECT coupon_id - 1, release_id, 50, 0, 1, at, key FROM claim WHERE member_id = 1",
         "DELETE FROM claim WHERE member_id = 50", "claim: journal row 5"},
        {"DELETE FROM journal WHERE seq = 7", NULL, "is not in the journal"},
    };
    int64_t id = open_release(5, 1, 0);

    (void)state;
    for (int64_t member = 1; member <= 3; member++) {
        clock_step(&h.service.clock, 10);
        claim(id, member);
    }
    harness_tamper(&h, "CREATE TABLE kept AS SELECT * FROM claim");
    assert_clean();
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        harness_tamper(&h, cases[i].wrong);
        assert_audit_says(cases[i].says);
        if (cases[i].right) {
            harness_tamper(&h, cases[i].right);
            assert_clean();
        }
    }
}

static void the_audit_finds_a_release_that_is_not_as_the_journal_says(void **state)
{
    static const char *const wrongs[] = {
        "UPDATE release SET state = 0",
        "UPDATE release SET union_path = '0002'",
        "UPDATE release SET eligible_path = ''",
        "DELETE FROM release",
        "INSERT INTO release SELECT release_id + 1, title, union_path, face_fen, threshold_fen, stock_per_day, "
        "opens_at, "
        "days, allowance, min_level, eligible_path, trades, valid_days, state, created_at, closed_at, granted FROM "
        "release",
    };

    (void)state;
    open_release(5, 1, 0);
    harness_tamper(&h, "CREATE TABLE kept AS SELECT * FROM release");
    for (unsigned i = 0; i < ARRAY_LEN(wrongs); i++) {
        assert_clean();
        harness_tamper(&h, wrongs[i]);
        assert_audit_says("release");
        harness_tamper(&h, "DELETE FROM release");
        harness_tamper(&h, "INSERT INTO release SELECT * FROM kept");
    }
    assert_clean();
}

/* ---- unions that move ---- */

struct move {
    const char *from, *to;
    bool refused;
};

static void follow_move(void *call, void *arg)
{
    struct move *move = arg;

    coupon_follow_move(h.service.self, move->from, move->to, call);
    if (move->refused)
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

static const char *paths_of(int64_t release_id)
{
    static char paths[2 * COUPON_PATH_SIZE];
    struct release *release = coupon_find(h.service.self, release_id);

    snprintf(paths, sizeof(paths), "%s %s", release->union_path, release->eligible_path);
    return paths;
}

static void a_release_goes_with_its_union(void **state)
{
    struct move moves[] = {{TOWN, "00020001", true}, {TOWN, "00020001", false}, {"0009", "0008", false}};
    Coupon__Release draft = draft_of(5, 1, 0);
    int64_t of_town, of_city;

    (void)state;
    draft.union_path = (char *)(uintptr_t)TOWN "0003";
    of_town = status_of(create(&draft, manager_of(UNION)))->release->release_id;
    draft.union_path = (char *)(uintptr_t)UNION;
    draft.eligible_path = (char *)(uintptr_t)TOWN;
    of_city = status_of(create(&draft, manager_of(UNION)))->release->release_id;
    assert_int_equal(rpc_server_transact(h.service.rpc, follow_move, &moves[0]), RPC__REASON__OVERLOADED);
    assert_string_equal(paths_of(of_town), TOWN "0003 " TOWN "0003");
    for (unsigned i = 1; i < ARRAY_LEN(moves); i++)
        assert_int_equal(rpc_server_transact(h.service.rpc, follow_move, &moves[i]), 0);
    for (int restarts = 0; restarts < 2; restarts++) {
        assert_string_equal(paths_of(of_town), "000200010003 000200010003");
        assert_string_equal(paths_of(of_city), UNION " 00020001");
        assert_clean();
        harness_reopen(&h);
    }
}

static void the_audit_finds_a_day_that_was_oversold(void **state)
{
    int64_t id = open_release(3, 2, 0);

    (void)state;
    for (int64_t member = 1; member <= 3; member++)
        claim(id, member);
    assert_clean();
    harness_tamper(&h, "UPDATE release SET stock_per_day = 2");
    assert_audit_says("more claims on day 0 than its stock");
}

static void the_audit_finds_a_member_with_two(void **state)
{
    int64_t id = open_release(3, 2, COUPON__ALLOWANCE__ONE_PER_DAY);

    (void)state;
    claim(id, 1);
    clock_step(&h.service.clock, COUPON_DAY_MS);
    claim(id, 1);
    assert_clean();
    harness_tamper(&h, "UPDATE release SET allowance = 0");
    assert_audit_says("member 1 has two coupons for one");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_release_is_drafted_with_its_defaults),
        TEST(a_draft_that_breaks_a_rule_is_refused_by_field),
        TEST(releases_are_bounded_until_old_ones_end),
        TEST(a_release_whose_days_are_over_closes_by_itself_and_keeps_its_count),
        TEST(a_draft_is_seen_by_its_officials_alone),
        TEST(a_release_is_published_paused_and_ended),
        TEST(another_unions_official_is_refused),
        TEST(officials_list_the_releases_of_their_unions_in_pages),
        TEST(a_claim_gives_a_coupon),
        TEST(a_repeat_gives_the_first_coupon_as_new_to_its_key_alone),
        TEST(a_repeat_is_answered_whatever_became_of_the_release),
        TEST(a_claim_outside_its_time_is_refused_with_the_reason),
        TEST(only_those_it_is_meant_for_may_claim),
        TEST(the_last_coupon_says_when_it_went),
        TEST(one_per_day_may_come_back_tomorrow),
        TEST(one_per_release_keeps_the_first),
        TEST(a_clock_that_steps_back_opens_no_day_again),
        TEST(claims_of_one_batch_share_the_stock),
        TEST(offers_say_what_may_be_taken_and_why_not),
        TEST(her_coupons_are_listed_however_far_they_are_indexed),
        TEST(a_page_token_of_hers_alone_is_taken),
        TEST(coupons_outlive_the_memory_of_their_release),
        TEST(a_restart_rebuilds_memory_exactly),
        TEST(a_failed_commit_gives_the_stock_back),
        TEST(a_failed_commit_takes_a_release_and_a_state_back),
        TEST(the_audit_finds_claims_that_are_not_in_the_journal),
        TEST(the_audit_finds_a_release_that_is_not_as_the_journal_says),
        TEST(a_release_goes_with_its_union),
        TEST(the_audit_finds_a_day_that_was_oversold),
        TEST(the_audit_finds_a_member_with_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
