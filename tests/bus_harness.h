/* bus_harness.h: a broker in the test's own process.
 *
 * One queue, the bell and the loop on which the test's servers, clients and
 * followers live. The broker's callbacks run on nng's threads as they do in
 * hg-broker. bus_wait() turns the loop until a condition holds; a condition that
 * never does is ended by the test's time limit.
 *
 * bus_run_tests() runs each test in a process of its own, which ends without
 * closing what the test left open: nng 1.5.2 now and then waits for ever in
 * nng_close (its issue 1543), the more often the more sockets end at once. */
#pragma once
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>
#include <cmocka.h>

#include "common/bus/bus.h"
#include "rpc.pb-c.h"
#include "tests/harness.h"

struct bus_harness {
    uv_loop_t loop;
    uv_timer_t tick;        /* every millisecond, so that a turn of the loop always ends */
    uv_timer_t tend;        /* as hg-broker tends */
    unsigned tended;        /* so many times */
    char root[32];          /* removed with all that is in it */
    char dir[32], edge[40]; /* where those inside call, and where the edge does */
    uint8_t unserved[16], full[16], lost[16];
    struct bus_refusals refusals;
    struct bus_queue *queue;
    struct bus_bell *bell;
};

static inline void bus_harness_tick(uv_timer_t *timer)
{
    (void)timer;
}

static inline void bus_harness_tend(uv_timer_t *timer)
{
    struct bus_harness *b = timer->data;

    if (!b->queue)
        return;
    bus_tend(&b->queue, 1, b->bell);
    b->tended++;
}

static inline size_t bus_harness_refusal(int reason, uint8_t ret_packed[16])
{
    Rpc__AnswerBatch batch = RPC__ANSWER_BATCH__INIT;

    batch.reason = reason;
    return rpc__answer_batch__pack(&batch, ret_packed);
}

/* The broker starts, or starts again after bus_broker_stop. */
static inline void bus_broker_start(struct bus_harness *b)
{
    b->queue = bus_queue_open(b->dir, "coupon", &b->refusals);
    b->bell = bus_bell_open(b->dir);
    ensure(b->queue && b->bell);
}

static inline void bus_broker_stop(struct bus_harness *b)
{
    bus_queue_close(b->queue);
    bus_bell_close(b->bell);
    b->queue = NULL;
    b->bell = NULL;
}

/* A loop, and the sockets' folder, without the broker. */
static inline void bus_harness_open_at(struct bus_harness *b, const char *dir)
{
    *b = (struct bus_harness){0};
    snprintf(b->dir, sizeof(b->dir), "%s", dir);
    snprintf(b->edge, sizeof(b->edge), "%s/" BUS_EDGE, b->dir);
    ensure(bus_make_folders(b->dir, "coupon") == 0 && uv_loop_init(&b->loop) == 0 && api_load() == 0);
    b->refusals.patience_ms = 2 * LIMIT_CALL_DEADLINE_MS;
    b->refusals.unserved = b->unserved;
    b->refusals.unserved_len = bus_harness_refusal(RPC__REASON__SERVICE_DOWN, b->unserved);
    b->refusals.lost = b->lost;
    b->refusals.lost_len = bus_harness_refusal(RPC__REASON__OUTCOME_UNKNOWN, b->lost);
    b->refusals.full = b->full;
    b->refusals.full_len = bus_harness_refusal(RPC__REASON__OVERLOADED, b->full);
    uv_timer_init(&b->loop, &b->tick);
    uv_timer_init(&b->loop, &b->tend);
    b->tend.data = b;
    uv_timer_start(&b->tick, bus_harness_tick, 1, 1);
    uv_timer_start(&b->tend, bus_harness_tend, BUS_TEND_MS, BUS_TEND_MS);
}

static inline void bus_harness_open(struct bus_harness *b)
{
    char dir[] = "/tmp/huigong-bus-XXXXXX";

    ensure(mkdtemp(dir));
    bus_harness_open_at(b, dir);
    memcpy(b->root, dir, sizeof(dir));
}

#define bus_wait(b, condition)                                                                                         \
    do {                                                                                                               \
        while (!(condition))                                                                                           \
            uv_run(&(b)->loop, UV_RUN_ONCE);                                                                           \
    } while (0)

static inline struct bus_queue_counts bus_counts(struct bus_harness *b)
{
    struct bus_queue_counts counts;

    bus_queue_counts(b->queue, &counts);
    return counts;
}

/* ---- each test alone ---- */

static struct bus_harness b;
static CMUnitTestFunction bus_test_to_run;

static inline int bus_setup(void **state)
{
    (void)state;
    bus_harness_open(&b);
    bus_broker_start(&b);
    return 0;
}

static inline void bus_run_and_leave(void **state)
{
    bus_test_to_run(state);
    harness_remove_dir(b.root);
    fflush(stdout);
    _exit(0);
}

/* This program again with two arguments. */
static inline pid_t bus_spawn(const char *first, const char *second)
{
    char *argv[] = {"test", unconst(first), unconst(second), NULL};
    pid_t child;

    ensure(posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv, environ) == 0);
    return child;
}

static inline void bus_spawn_test(void **state)
{
    pid_t child = bus_spawn("--test", *state);
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static inline int bus_run_tests(int argc, char **argv, const struct CMUnitTest *tests, size_t n)
{
    struct CMUnitTest alone[64];

    ensure(n <= ARRAY_LEN(alone));
    memcpy(alone, tests, n * sizeof(alone[0]));
    for (size_t i = 0; i < n; i++) {
        if (argc == 3 && strcmp(argv[2], tests[i].name) == 0) {
            alarm(60);
            bus_test_to_run = tests[i].test_func;
            alone[0] = (struct CMUnitTest){tests[i].name, bus_run_and_leave, bus_setup, NULL, NULL};
            return _cmocka_run_group_tests("alone", alone, 1, NULL, NULL);
        }
        alone[i].test_func = bus_spawn_test;
        alone[i].initial_state = unconst(tests[i].name);
    }
    return _cmocka_run_group_tests("tests", alone, n, NULL, NULL);
}
