/* A message on the bus: one byte for the clock, the rest is given to a server of
 * hg-coupon's operations, whose store and memory stay from input to input.
 *
 * Holds: every call is answered with a reason that is declared; a day's claims do not
 * exceed its stock; memory rebuilt from the store is the memory that served; the
 * store passes its audit. */
#include "services/coupon/claim/holdings.h"
#include "services/coupon/start_fixture.h"
#include "common/benefit/tree/tree_fixture.h"
#include "tests/fuzz/fuzz.h"
#include "tests/harness.h"

#define RENEW_ROWS  20000 /* of the journal, before an empty store takes over */
#define RENEW_MS    (250 * COUPON_DAY_MS)
#define CHECK_EVERY 512 /* inputs */

static struct harness h;

/* A service with one release that is open, the one whose id the corpus has. */
static void open_service(void)
{
    Coupon__Release draft = COUPON__RELEASE__INIT;
    Coupon__CreateReleaseRequest create = COUPON__CREATE_RELEASE_REQUEST__INIT;
    Coupon__ReleaseRequest publish = COUPON__RELEASE_REQUEST__INIT;

    begin(&h);
    /* Thousands of commits a second, whose loss nobody mourns. */
    harness_pragma(&h, "PRAGMA synchronous = OFF");
    draft.union_id = a_union(&h, "0001");
    draft.face_fen = 500;
    draft.stock_per_day = 3;
    draft.days = 300;
    draft.allowance = COUPON__ALLOWANCE__ONE_PER_DAY;
    draft.opens_at = HARNESS_NOW + 1;
    create.release = &draft;
    publish.release_id = id_at(HARNESS_NOW);
    harness_call(&h, "Coupons.CreateRelease", &create.base, harness_internal(&h), NULL);
    ensure(harness_call(&h, "Coupons.PublishRelease", &publish.base, harness_internal(&h), NULL)->reason == 0);
    clock_step(&h.service.clock, 1);
}

static int64_t total_granted(const struct coupon *coupon)
{
    int64_t granted = 0;

    for (unsigned i = 0; i < coupon->n_live; i++) {
        const struct release *release = coupon->live[i];

        ensure(release->granted_today >= 0 && release->granted_today <= release->stock_per_day);
        ensure(release->granted >= release->granted_today);
        granted += release->granted;
    }
    return granted;
}

static void check_store(void)
{
    const struct coupon *coupon = h.service.self;
    int64_t granted = total_granted(coupon), seq = rpc_server_journal(h.service.rpc)->tip.seq;
    unsigned n_releases = coupon->n_live;

    ensure(*harness_audit(&h) == '\0');
    releases_forget_closed(h.service.self);
    if (coupon->n_live == n_releases) {
        harness_reopen(&h);
        harness_pragma(&h, "PRAGMA synchronous = OFF");
        ensure(coupon->n_live == n_releases && total_granted(coupon) == granted);
    }
    ensure(rpc_server_journal(h.service.rpc)->tip.seq == seq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned n;
    Rpc__CallBatch *batch;

    if (size == 0)
        return 0;
    if (n == 0)
        open_service();
    clock_step(&h.service.clock, (int64_t)(data[0] & 15) * 7000000 * (data[0] & 16 ? 1 : 0));
    batch = rpc__call_batch__unpack(&h.arena.allocator, size - 1, data + 1);
    rpc_server_take(h.service.rpc, data + 1, size - 1, &h);
    harness_finish(&h);
    if (!batch || batch->n_calls > LIMIT_MESSAGE_CALLS)
        ensure(h.answers->reason == RPC__REASON__BAD_REQUEST && h.answers->n_answers == 0);
    else
        ensure(h.answers->n_answers == batch->n_calls || h.answers->reason == RPC__REASON__OVERLOADED);
    for (size_t i = 0; i < h.answers->n_answers; i++)
        ensure(api_reason(h.answers->answers[i]->reason)->number == h.answers->answers[i]->reason);
    total_granted(h.service.self);
    if (data[0] & 32)
        holdings_index_slice(h.service.self, 10);
    if (++n % CHECK_EVERY == 0)
        check_store();
    if (rpc_server_journal(h.service.rpc)->tip.seq > RENEW_ROWS ||
        clock_now(&h.service.clock) > HARNESS_NOW + RENEW_MS) {
        harness_close(&h);
        open_service();
    }
    harness_forget(&h);
    return 0;
}
