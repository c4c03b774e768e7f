#include "common/daemon/bell.h"

#include "tests/bus_harness.h"

static unsigned heard;

static void on_ring(void *arg)
{
    (void)arg;
    heard++;
}

/* A bell that is heard, and silent. */
static void open_heard(struct bell *bell)
{
    assert_non_null(bus_listener_open(&b.loop, b.dir, "coupon", on_ring, NULL));
    assert_int_equal(bell_open(bell, &b.loop, b.dir, "coupon"), 0);
    while (heard == 0) { /* a ring before all are connected is lost */
        bell_ring(bell);
        uv_run(&b.loop, UV_RUN_ONCE);
    }
    bus_wait(&b, !uv_is_active((uv_handle_t *)&bell->pause));
}

static void a_ring_after_a_silence_goes_out_at_once(void **state)
{
    struct bell bell;

    (void)state;
    open_heard(&bell);
    heard = 0;
    bell_ring(&bell);
    assert_false(bell.waits);
    bus_wait(&b, heard > 0);
}

static void rings_of_a_flood_go_out_together_and_the_last_is_heard(void **state)
{
    int64_t began, ms;
    unsigned before;
    struct bell bell;

    (void)state;
    open_heard(&bell);
    heard = 0;
    began = clock_monotonic_ns();
    for (int i = 0; i < 1000; i++) {
        bell_ring(&bell);
        uv_run(&b.loop, UV_RUN_NOWAIT);
    }
    ms = (clock_monotonic_ns() - began) / 1000000;
    assert_in_range(heard, 0, ms / BELL_PAUSE_MS + 3); /* one of before may be under way */
    bus_wait(&b, !uv_is_active((uv_handle_t *)&bell.pause));
    bell_ring(&bell);
    bus_wait(&b, heard > 0);
    before = heard;
    bell_ring(&bell); /* within the pause */
    assert_true(bell.waits);
    bus_wait(&b, heard > before && !bell.waits);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_after_a_silence_goes_out_at_once),
        cmocka_unit_test(rings_of_a_flood_go_out_together_and_the_last_is_heard),
    };

    return bus_run_tests(argc, argv, tests, ARRAY_LEN(tests));
}
