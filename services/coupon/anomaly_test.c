/* The N-th access to the disk fails while a release is made and read; and the power is lost at every write of claims
 * (anomaly_fixture.h). */
#include "services/coupon/anomaly_fixture.h"

static void no_failing_access_loses_or_doubles_a_release(void **state)
{
    struct coupon *self;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(anomalies); i++) {
        begin(&h);
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
    begin(&h);
    open_release();
    claim(0, 3);
    while (holdings_index_slice(h.service.self, 100) > 0)
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

/* ---- the power ---- */

static void open_for_claims(struct harness *trial)
{
    begin(trial);
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
        cmocka_unit_test(no_failing_access_loses_or_doubles_a_release),
        cmocka_unit_test(a_failing_read_is_never_an_answer),
        cmocka_unit_test(no_power_cut_loses_or_doubles_a_claim),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
