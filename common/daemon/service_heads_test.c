/* When the heads of a daemon's journal are signed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "common/base/limits.h"
#include "common/trust/heads.h"
#include "sample.pb-c.h"
#include "tests/harness.h"

static struct harness h;
static char dir[64];
static struct conf_entry conf[] = {{.name = "HUIGONG_HEAD_KEY"}, {.name = "HUIGONG_HEADS", .value = dir}, CONF_END};

static int start(struct service *service)
{
    journal_events(rpc_server_journal(service->rpc), &sample__event__descriptor);
    return 0;
}

static const struct service_spec spec = {.name = "sample", .about = "of a test", .start = start};

static int setup(void **state)
{
    (void)state;
    harness_open(&h, &spec, NULL);
    snprintf(dir, sizeof(dir), "%s/heads", h.dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    harness_key(&h, "HUIGONG_HEAD_KEY", HARNESS_KEY);
    conf[0].value = getenv("HUIGONG_HEAD_KEY");
    h.service.conf = conf;
    snprintf(h.service.queue, sizeof(h.service.queue), "sample");
    assert_int_equal(service_heads_open(&h.service), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    service_heads_close(&h.service);
    harness_close(&h);
    return 0;
}

static void add_row(void *call, void *arg)
{
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;

    (void)arg;
    taken.seat_id = 1;
    rpc_tell(call, &taken.base);
}

/* One more row of the journal. */
static void row(void)
{
    assert_int_equal(rpc_server_transact(h.service.rpc, add_row, NULL), 0);
}

/* What is signed by then: up to this row. */
static int64_t signed_after(int64_t ms)
{
    h.service.clock.fake_ms += ms;
    service_heads_tick(&h.service);
    return heads_last(h.service.heads);
}

static void the_first_head_is_signed_at_once(void **state)
{
    (void)state;
    row();
    assert_int_equal(signed_after(0), 1);
}

static void a_row_is_signed_within_its_time_with_all_that_came_behind_it(void **state)
{
    (void)state;
    row();
    assert_int_equal(signed_after(0), 1);
    row();
    assert_int_equal(signed_after(0), 1);
    row();
    assert_int_equal(signed_after(LIMIT_HEAD_MS - 1), 1);
    assert_int_equal(signed_after(1), 3);
}

static void a_clock_that_is_set_back_makes_no_row_wait_for_longer(void **state)
{
    (void)state;
    row();
    assert_int_equal(signed_after(0), 1);
    row();
    assert_int_equal(signed_after(0), 1);
    assert_int_equal(signed_after(-10 * LIMIT_HEAD_MS), 1);
    assert_int_equal(signed_after(LIMIT_HEAD_MS), 2);
}

static void a_clean_stop_signs_what_was_not_yet(void **state)
{
    (void)state;
    row();
    assert_int_equal(signed_after(0), 1);
    row();
    service_heads_close(&h.service);
    assert_null(h.service.heads);
    assert_int_equal(service_heads_open(&h.service), 0);
    assert_int_equal(heads_last(h.service.heads), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_head_is_signed_at_once),
        TEST(a_row_is_signed_within_its_time_with_all_that_came_behind_it),
        TEST(a_clock_that_is_set_back_makes_no_row_wait_for_longer),
        TEST(a_clean_stop_signs_what_was_not_yet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
