/* fixture.h: what the tests of coupon's operations share: the service on a fresh store,
 * and the usual first steps of an official and a member. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/benefit/notice/notice_fixture.h"
#include "services/coupon/api.h"
#include "services/coupon/start_fixture.h"
#include "common/benefit/tree/tree_fixture.h"

#define UNION "0001"
#define TOWN  "00010002"
#define OPENS (HARNESS_NOW + 60000)

static struct harness h;

static inline int setup(void **state)
{
    (void)state;
    begin(&h);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

/* ---- callers ---- */

static inline Rpc__Principal *manager_of(const char *path)
{
    return harness_official(&h, 900, RULE__ROLE__BENEFIT_MANAGER, path);
}

static inline Coupon__Release draft_of(int32_t stock, int32_t days, int allowance)
{
    Coupon__Release draft = COUPON__RELEASE__INIT;

    draft.title = "早餐券";
    draft.union_id = a_union(&h, UNION);
    draft.face_fen = 500;
    draft.threshold_fen = 800;
    draft.stock_per_day = stock;
    draft.opens_at = OPENS;
    draft.days = days;
    draft.allowance = (Coupon__Allowance)allowance;
    return draft;
}

/* Whom a draft is for, to be said; of the last few drafts. */
static inline Audience__Audience *whom(Coupon__Release *draft)
{
    static Audience__Audience forms[16];
    static unsigned n;

    if (!draft->audience) {
        draft->audience = &forms[n++ % ARRAY_LEN(forms)];
        audience__audience__init(draft->audience);
    }
    return draft->audience;
}

static inline const Rpc__Answer *create(Coupon__Release *draft, const Rpc__Principal *principal)
{
    static unsigned n;
    Coupon__CreateReleaseRequest request = COUPON__CREATE_RELEASE_REQUEST__INIT;
    char key[16];

    request.release = draft;
    snprintf(key, sizeof(key), "create-%u", n++);
    return harness_call(&h, "Coupons.CreateRelease", &request.base, principal, key);
}

static inline const Coupon__ReleaseStatus *status_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__release_status__descriptor);
}

static inline const Rpc__Answer *on_release(const char *method, int64_t release_id, const Rpc__Principal *principal)
{
    Coupon__ReleaseRequest request = COUPON__RELEASE_REQUEST__INIT;

    request.release_id = release_id;
    return harness_call(&h, method, &request.base, principal, NULL);
}

static inline const Coupon__ReleaseStatus *get(int64_t release_id)
{
    return status_of(on_release("Coupons.GetRelease", release_id, manager_of(UNION)));
}

static inline const Rpc__Answer *change(const char *method, int64_t release_id)
{
    return on_release(method, release_id, manager_of(UNION));
}

static inline int64_t publish(Coupon__Release draft)
{
    int64_t id = status_of(create(&draft, manager_of(UNION)))->release->release_id;

    assert_ok(change("Coupons.PublishRelease", id));
    return id;
}

/* A published release that is open now. */
static inline int64_t open_release(int32_t stock, int32_t days, int allowance)
{
    int64_t id = publish(draft_of(stock, days, allowance));

    if (clock_now(&h.service.clock) < OPENS)
        clock_step(&h.service.clock, OPENS - clock_now(&h.service.clock));
    return id;
}

static inline void gather_claim(int64_t release_id, const Rpc__Principal *principal, const char *key)
{
    Coupon__CreateClaimRequest request = COUPON__CREATE_CLAIM_REQUEST__INIT;

    request.release_id = release_id;
    harness_add(&h, "Coupons.CreateClaim", &request.base, principal, key);
}

static inline const Rpc__Answer *claim_as(int64_t release_id, const Rpc__Principal *principal, const char *key)
{
    gather_claim(release_id, principal, key);
    return harness_run(&h)->answers[0];
}

static inline const Rpc__Answer *claim(int64_t release_id, int64_t member_id)
{
    return claim_as(release_id, harness_member(&h, member_id, TOWN), NULL);
}

static inline const Coupon__Coupon *coupon_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__coupon__descriptor);
}

static inline const Coupon__CouponList *list_coupons(int64_t member_id, int32_t size, const char *token)
{
    Coupon__ListCouponsRequest request = COUPON__LIST_COUPONS_REQUEST__INIT;

    request.page_size = size;
    request.page_token = unconst(token);
    return harness_output(
        &h, harness_call(&h, "Coupons.ListCoupons", &request.base, harness_member(&h, member_id, TOWN), NULL),
        &coupon__coupon_list__descriptor);
}

static inline const Coupon__OfferList *list_offers(const Rpc__Principal *principal)
{
    return harness_output(&h, harness_call(&h, "Coupons.ListOffers", NULL, principal, NULL),
                          &coupon__offer_list__descriptor);
}

/* All that is due by itself. */
static inline void tidy_all(void)
{
    while (harness_tidy(&h))
        continue;
}

static inline void assert_clean(void)
{
    assert_string_equal(harness_audit(&h), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
