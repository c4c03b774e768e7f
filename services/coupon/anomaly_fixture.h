/* anomaly_fixture.h: a release and its claimants, for tests whose disk fails or loses its power.
 *
 * Whatever fails, a caller is told that her call was done or that the store failed; what
 * she was told was done is there, in this process and after a restart, and the store
 * passes its audit. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "services/coupon/claim/holdings.h"
#include "services/coupon/start_fixture.h"
#include "common/benefit/tree/tree_fixture.h"
#include "tests/anomaly.h"
#include "tests/power.h"

/* ---- the service and its callers ---- */

#define UNION   "0001"
#define MEMBERS 12
#define STOCK   10
#define OPENS   (HARNESS_NOW + 1000)

static struct harness h;
static int64_t release_id;
static int64_t coupons[MEMBERS]; /* what each was told she has */

/* Done, or told that the store failed; nothing else. */
static inline bool acknowledged(const Rpc__Answer *answer)
{
    if (answer->reason == 0)
        return true;
    assert_true(answer->reason == RPC__REASON__STORE_FULL || answer->reason == RPC__REASON__STORE_FAILED);
    assert_true(disk_has_failed() || disk_is_cut());
    return false;
}

static inline const Rpc__Answer *create(void)
{
    Coupon__Release draft = COUPON__RELEASE__INIT;
    Coupon__CreateReleaseRequest request = COUPON__CREATE_RELEASE_REQUEST__INIT;

    draft.union_id = a_union(&h, UNION);
    draft.face_fen = 500;
    draft.stock_per_day = STOCK;
    draft.opens_at = OPENS;
    request.release = &draft;
    return harness_call(&h, "Coupons.CreateRelease", &request.base,
                        harness_official(&h, 900, RULE__ROLE__BENEFIT_MANAGER, UNION), "create");
}

static inline const Rpc__Answer *publish(void)
{
    Coupon__ReleaseRequest request = COUPON__RELEASE_REQUEST__INIT;

    request.release_id = release_id;
    return harness_call(&h, "Coupons.PublishRelease", &request.base,
                        harness_official(&h, 900, RULE__ROLE__BENEFIT_MANAGER, UNION), NULL);
}

static inline void gather_claim(int64_t member)
{
    Coupon__CreateClaimRequest request = COUPON__CREATE_CLAIM_REQUEST__INIT;
    char key[16];

    request.release_id = release_id;
    snprintf(key, sizeof(key), "claim-%d", (int)member);
    harness_add(&h, "Coupons.CreateClaim", &request.base, harness_member(&h, member + 1, UNION), key);
}

/* Members from first to before end claim in one batch. */
static inline void claim(int64_t first, int64_t end)
{
    for (int64_t member = first; member < end; member++)
        gather_claim(member);
    harness_run(&h);
    for (int64_t member = first; member < end; member++) {
        const Rpc__Answer *answer = h.answers->answers[member - first];
        const Coupon__Coupon *coupon;

        if (answer->reason == COUPON__REASON__SOLD_OUT) {
            assert_int_equal(coupons[member], 0);
            continue;
        }
        if (!acknowledged(answer))
            continue;
        assert_true(answer->created);
        coupon = harness_output(&h, answer, &coupon__coupon__descriptor);
        assert_true(coupons[member] == 0 || coupons[member] == coupon->coupon_id);
        coupons[member] = coupon->coupon_id;
    }
}

static inline int64_t granted(void)
{
    return release_find(h.service.self, release_id)->granted;
}

static inline int64_t told(void)
{
    int64_t n = 0;

    for (unsigned i = 0; i < MEMBERS; i++)
        n += coupons[i] != 0;
    return n;
}

static inline void open_release(void)
{
    const Coupon__ReleaseStatus *status = harness_output(&h, create(), &coupon__release_status__descriptor);

    release_id = status->release->release_id;
    assert_ok(publish());
    clock_step(&h.service.clock, 1000);
}

static inline void claim_in_batches(void)
{
    claim(0, 3);
    claim(3, 4);
    holdings_index_slice(h.service.self, 2);
    claim(0, 2);
    claim(4, MEMBERS);
    holdings_index_slice(h.service.self, 100);
    rpc_server_tidy(h.service.rpc);
}
