/* The N-th access to the disk fails, for N = 1.. until nothing fails any more; and the
 * power is lost at every write.
 *
 * Whatever fails, a caller is told that her call was done or that the store failed; what
 * she was told was done is there, in this process and after a restart, and the store
 * passes its audit. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "services/coupon/claims.h"
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

static void done(void *self)
{
    releases_done(self);
}

/* Done, or told that the store failed; nothing else. */
static bool acknowledged(const Rpc__Answer *answer)
{
    if (answer->reason == 0)
        return true;
    assert_true(answer->reason == RPC__REASON__STORE_FULL || answer->reason == RPC__REASON__STORE_FAILED);
    assert_true(disk_has_failed() || disk_is_cut());
    return false;
}

static const Rpc__Answer *create(void)
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

static const Rpc__Answer *publish(void)
{
    Coupon__ReleaseRequest request = COUPON__RELEASE_REQUEST__INIT;

    request.release_id = release_id;
    return harness_call(&h, "Coupons.PublishRelease", &request.base,
                        harness_official(&h, 900, RULE__ROLE__BENEFIT_MANAGER, UNION), NULL);
}

static void gather_claim(int64_t member)
{
    Coupon__CreateClaimRequest request = COUPON__CREATE_CLAIM_REQUEST__INIT;
    char key[16];

    request.release_id = release_id;
    snprintf(key, sizeof(key), "claim-%d", (int)member);
    harness_add(&h, "Coupons.CreateClaim", &request.base, harness_member(&h, member + 1, UNION), key);
}

/* Members from first to before end claim in one batch. */
static void claim(int64_t first, int64_t end)
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

static int64_t granted(void)
{
    return release_find(h.service.self, release_id)->granted;
}

static int64_t told(void)
{
    int64_t n = 0;

    for (unsigned i = 0; i < MEMBERS; i++)
        n += coupons[i] != 0;
    return n;
}

static void open_release(void)
{
    const Coupon__ReleaseStatus *status = harness_output(&h, create(), &coupon__release_status__descriptor);

    release_id = status->release->release_id;
    assert_ok(publish());
    clock_step(&h.service.clock, 1000);
}

/* The disk works again: everybody tries once more with her own key. */
static void settle(bool restart)
{
    disk_heal();
    if (restart)
        harness_reopen(&h);
    else
        assert_int_equal(granted(), told());
    /* After a restart, what was not acknowledged may be there all the same. */
    assert_true(granted() >= told() && granted() <= STOCK);
    assert_string_equal(harness_audit(&h), "");
    claim(0, MEMBERS);
    assert_int_equal(told(), STOCK);
    assert_int_equal(granted(), STOCK);
    while (claims_index_slice(h.service.self, 100) > 0)
        continue;
    assert_string_equal(harness_audit(&h), "");
    harness_reopen(&h);
    claim(0, MEMBERS);
    assert_int_equal(granted(), STOCK);
    assert_string_equal(harness_audit(&h), "");
}

static const enum disk_fault write_faults[] = {DISK_FULL, DISK_WRITE_FAILS, DISK_SYNC_FAILS};

/* Every combination of a fault, its lasting and a restart; N until nothing fails. */
static void for_every_fault(void (*body)(void), void (*after)(bool restart))
{
    for (unsigned variant = 0; variant < 4 * ARRAY_LEN(write_faults); variant++) {
        int n = 0;

        do {
            memset(coupons, 0, sizeof(coupons));
            harness_open(&h, &coupon_spec, done);
            open_release();
            disk_fail(write_faults[variant / 4], ++n, variant & 1);
            body();
            after(variant & 2);
            harness_close(&h);
            assert_true(n < 1000);
        } while (disk_has_failed());
        assert_true(n > 1);
    }
}

static void claim_in_batches(void)
{
    claim(0, 3);
    claim(3, 4);
    claims_index_slice(h.service.self, 2);
    claim(0, 2);
    claim(4, MEMBERS);
    claims_index_slice(h.service.self, 100);
    rpc_server_tidy(h.service.rpc);
}

static void no_failing_access_loses_or_doubles_a_claim(void **state)
{
    (void)state;
    for_every_fault(claim_in_batches, settle);
}

static void no_failing_access_loses_or_doubles_a_release(void **state)
{
    struct coupon *self;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(anomalies); i++) {
        harness_open(&h, &coupon_spec, done);
        anomaly_begin(&h, &anomalies[i]);
        open_release();
        assert_int_equal(anomaly_end(&h), 2);
        for (int opening = 0; opening < 2; opening++) {
            self = h.service.self;
            assert_int_equal(self->n_live, 1);
            assert_non_null(release_find(self, release_id));
            harness_reopen(&h);
        }
        harness_close(&h);
    }
}

/* ---- reads ---- */

static const char *const reads[] = {"Coupons.GetCoupon", "Coupons.ListCoupons", "Coupons.ListOffers",
                                    "Coupons.CreateClaim"};

static const Rpc__Answer *read_own(unsigned i)
{
    Coupon__CouponRequest get = COUPON__COUPON_REQUEST__INIT;
    Coupon__CreateClaimRequest again = COUPON__CREATE_CLAIM_REQUEST__INIT;
    const ProtobufCMessage *inputs[] = {&get.base, NULL, NULL, &again.base};

    get.coupon_id = coupons[0];
    again.release_id = release_id;
    return harness_call(&h, reads[i], inputs[i], harness_member(&h, 1, UNION), NULL);
}

static void a_failing_read_is_never_an_answer(void **state)
{
    static const struct anomaly kinds[] = {{DISK_READ_FAILS, false, false}, {DISK_READ_FAILS, true, false}};
    const Rpc__Answer *right[ARRAY_LEN(reads)];

    (void)state;
    harness_open(&h, &coupon_spec, done);
    open_release();
    claim(0, 3);
    while (claims_index_slice(h.service.self, 100) > 0)
        continue;
    for (unsigned i = 0; i < ARRAY_LEN(reads); i++)
        right[i] = read_own(i);
    harness_reopen(&h); /* and nothing in the log, whose pages are read otherwise */
    for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
        anomaly_begin(&h, &kinds[k]);
        for (unsigned i = 0; i < ARRAY_LEN(reads); i++) {
            const Rpc__Answer *answer = read_own(i);

            assert_ok(answer);
            assert_int_equal(answer->output.len, right[i]->output.len);
            assert_memory_equal(answer->output.data, right[i]->output.data, answer->output.len);
        }
        assert_int_equal(anomaly_end(&h), ARRAY_LEN(reads));
    }
    harness_close(&h);
}

/* ---- the opening ---- */

static struct store *open_store(const char *dir)
{
    static struct service service = {.spec = &coupon_spec};
    struct store_options options;

    service_store_options(&service, dir, &options);
    return store_open(&options);
}

/* Opens a new store while something fails, or the power is lost (kind NULL), at the n-th
 * access, and again on what that left. Whether anything did fail. */
static bool open_under(const struct anomaly *kind, int n)
{
    char dir[] = "/tmp/huigong-anomaly-XXXXXX";
    struct store *store;
    bool failed;

    assert_non_null(mkdtemp(dir));
    if (kind)
        disk_fail(kind->fault, n, kind->lasting);
    else
        disk_cut(n);
    store = open_store(dir);
    failed = kind ? disk_has_failed() : disk_is_cut();
    assert_true(store || failed);
    store_close(store);
    disk_heal();
    if (!kind) {
        disk_cut(0);
        disk_power_on(test_seed() + (uint64_t)n);
    }
    store = open_store(dir);
    assert_non_null(store);
    assert_int_equal(store_check(store, stderr), 0);
    store_close(store);
    harness_remove_dir(dir);
    return failed;
}

static void an_opening_that_fails_can_be_tried_again(void **state)
{
    int n;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(anomalies); i++) {
        for (n = 1; open_under(&anomalies[i], n);)
            n++;
        assert_true(n > 1);
    }
}

static void an_opening_without_power_can_be_tried_again(void **state)
{
    int n = 1;

    (void)state;
    while (open_under(NULL, n))
        n++;
    assert_true(n > 20);
}

/* ---- the power ---- */

static void open_for_claims(struct harness *trial)
{
    harness_open(trial, &coupon_spec, done);
    open_release();
}

static void claim_until_dark(struct harness *trial)
{
    (void)trial;
    memset(coupons, 0, sizeof(coupons));
    for (int64_t member = 0; member < 3; member++)
        claim(member, member + 1);
    claim_in_batches();
}

static void all_claims_are_there(struct harness *trial)
{
    (void)trial;
    assert_true(granted() >= told() && granted() <= STOCK);
    claim(0, MEMBERS);
    assert_int_equal(told(), STOCK);
    assert_int_equal(granted(), STOCK);
}

static void no_power_cut_loses_or_doubles_a_claim(void **state)
{
    static const struct power_trial trial = {open_for_claims, claim_until_dark, all_claims_are_there};

    (void)state;
    assert_true(power_every_cut(&h, &trial) > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failing_access_loses_or_doubles_a_claim),
        cmocka_unit_test(no_failing_access_loses_or_doubles_a_release),
        cmocka_unit_test(a_failing_read_is_never_an_answer),
        cmocka_unit_test(an_opening_that_fails_can_be_tried_again),
        cmocka_unit_test(an_opening_without_power_can_be_tried_again),
        cmocka_unit_test(no_power_cut_loses_or_doubles_a_claim),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
