/* Work that would be done again if it were lost (rpc_server_transact_again), and a machine that loses its power. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "sample.pb-c.h"
#include "tests/power.h"

static const char schema[] = "-- step 1\nCREATE TABLE done (n INTEGER PRIMARY KEY, tells INTEGER NOT NULL) STRICT;\n";
static const size_t schema_len = sizeof(schema) - 1;
enum { SQL_ADD, SQL_COUNT, SQL_TOLD, N_SQL };
static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO done (n, tells) VALUES ((SELECT coalesce(max(n), 0) + 1 FROM done), ?1)",
    [SQL_COUNT] = "SELECT count(*) FROM done",
    [SQL_TOLD] = "SELECT count(*) FROM done WHERE tells",
};
static unsigned first_sql;
static struct harness h;
static int runs;
static bool tells;

static int prepare(struct service *service)
{
    int first = store_prepare(service->store, sql, N_SQL);

    first_sql = (unsigned)first;
    journal_events(rpc_server_journal(service->rpc), &sample__event__descriptor);
    return first < 0 ? -1 : 0;
}

static const struct service_spec spec = {
    .name = "subsidy", .schema = (const unsigned char *)schema, .schema_len = &schema_len, .start = prepare};

static void work(void *call, void *arg)
{
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;

    runs++;
    store_run(h.service.store, first_sql + SQL_ADD, "i", (int64_t)(arg != NULL));
    if (arg)
        rpc_tell(call, &taken.base);
}

/* Does it, and returns how often it was run for that. */
static int again(bool telling)
{
    int before = runs;

    assert_int_equal(rpc_server_transact_again(h.service.rpc, work, telling ? &h : NULL, &tells), 0);
    return runs - before;
}

static int64_t number(unsigned statement)
{
    store_ask(h.service.store, first_sql + statement, "");
    return store_number(h.service.store, first_sql + statement);
}

static int setup(void **state)
{
    (void)state;
    tells = false;
    harness_open(&h, &spec, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

static void work_that_tells_is_run_twice_when_it_did_not_before(void **state)
{
    (void)state;
    assert_int_equal(again(false), 1);
    assert_int_equal(again(true), 2);
    assert_true(tells);
    assert_int_equal(again(true), 1);
    assert_int_equal(again(false), 1);
    assert_false(tells);
    assert_int_equal(number(SQL_COUNT), 4);
    assert_int_equal(rpc_server_journal(h.service.rpc)->tip.seq, 2);
}

/* ---- the power ---- */

static int64_t durable; /* so much was done when something was told, or done as always */

static void open_it(struct harness *harness)
{
    harness_open(harness, &spec, NULL);
}

static void do_all(struct harness *harness)
{
    static const char *const steps = "qqqtqqtqaqq"; /* quiet, telling, as always */

    durable = 0;
    tells = false;
    for (int64_t i = 0; steps[i]; i++) {
        int reason = steps[i] == 'a' ? rpc_server_transact(harness->service.rpc, work, NULL)
                                     : rpc_server_transact_again(harness->service.rpc, work,
                                                                 steps[i] == 't' ? harness : NULL, &tells);

        if (reason)
            return; /* the power is lost */
        if (steps[i] != 'q')
            durable = i + 1;
    }
}

static void check(struct harness *harness)
{
    assert_true(number(SQL_COUNT) >= durable);
    assert_int_equal(number(SQL_TOLD), rpc_server_journal(harness->service.rpc)->tip.seq);
}

static void what_was_told_outlives_a_loss_of_power_and_all_before_it(void **state)
{
    const struct power_trial trial = {open_it, do_all, check};

    (void)state;
    assert_in_range(power_every_cut(&h, &trial), 10, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(work_that_tells_is_run_twice_when_it_did_not_before, setup, teardown),
        cmocka_unit_test(what_was_told_outlives_a_loss_of_power_and_all_before_it),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
