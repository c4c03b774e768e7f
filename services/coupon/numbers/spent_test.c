/* What was spent of a day is counted once for all purchases of a batch, in their own transaction. */
#include "services/coupon/numbers/numbers.h"
#include "services/coupon/till/till_fixture.h"
#include "tests/disk.h"

#define PEOPLE 3

static int64_t counted(int64_t release_id)
{
    char sql[100];

    snprintf(sql, sizeof(sql), "SELECT coalesce(sum(n), 0) FROM number WHERE release_id = %lld AND what = -2",
             (long long)release_id);
    return harness_number(&h, sql);
}

static int64_t open_for_all(void)
{
    int64_t release_id = a_release(500, 0, NULL);

    clock_step(&h.service.clock, 1);
    for (int64_t member_id = 1; member_id <= PEOPLE; member_id++)
        claim(release_id, member_id);
    return release_id;
}

/* A purchase by each, in the next batch. */
static void add_sales(const char *ref)
{
    char *shown[PEOPLE];

    for (int64_t i = 0; i < PEOPLE; i++)
        shown[i] = shown_by(i + 1);
    for (int i = 0; i < PEOPLE; i++) {
        Coupon__CreateSaleRequest request = sale_of(arena_printf(&h.arena, "%s-%d", ref, i), shown[i], 600);

        request.at_once = true;
        harness_add(&h, "Sales.CreateSale", &request.base, cashier(), NULL);
    }
}

static int64_t run_sales(void)
{
    const Rpc__AnswerBatch *batch = harness_run(&h);
    int64_t n = 0;

    for (size_t i = 0; batch && i < batch->n_answers; i++)
        n += batch->answers[i]->created;
    return n;
}

static void the_purchases_of_a_batch_are_counted_with_them(void **state)
{
    int64_t release_id = open_for_all();

    (void)state;
    add_sales("first");
    assert_int_equal(run_sales(), PEOPLE);
    assert_int_equal(counted(release_id), PEOPLE);
    assert_clean();
}

/* When it cannot be committed nothing is spent, and nothing of it is counted with what is spent later. */
static void what_is_undone_is_counted_nowhere(void **state)
{
    int64_t release_id = open_for_all();

    (void)state;
    add_sales("first");
    disk_fail(DISK_SYNC_FAILS, 1, false);
    assert_int_equal(run_sales(), 0);
    disk_heal();
    assert_int_equal(counted(release_id), 0);
    add_sales("second");
    assert_int_equal(run_sales(), PEOPLE);
    assert_int_equal(counted(release_id), PEOPLE);
    assert_clean();
}

static void spend_and_refuse(void *call, void *release_id)
{
    number_redeemed(h.service.self, *(int64_t *)release_id, 0, 1, call);
    rpc_refuse(call, COUPON__REASON__COUPON_VOID);
}

static void what_is_refused_is_counted_nowhere(void **state)
{
    int64_t release_id = open_for_all();

    (void)state;
    assert_int_equal(rpc_server_transact(h.service.rpc, spend_and_refuse, &release_id), COUPON__REASON__COUPON_VOID);
    add_sales("first");
    assert_int_equal(run_sales(), PEOPLE);
    assert_int_equal(counted(release_id), PEOPLE);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHOP_TEST(the_purchases_of_a_batch_are_counted_with_them),
        SHOP_TEST(what_is_undone_is_counted_nowhere),
        SHOP_TEST(what_is_refused_is_counted_nowhere),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
