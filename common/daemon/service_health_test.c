/* How a daemon is, as administrators of the whole tree read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sample.pb-c.h"
#include "tests/harness.h"

static struct harness h;

static void report(struct service *service, struct arena *arena, Rpc__ProbeReport *ret)
{
    (void)service;
    rpc_metric(arena, ret, "huigong_seats", "gauge", "hall=\"1\"", 40);
}

static const struct service_spec spec = {.name = "sample", .about = "of a test", .report = report};

static int setup(void **state)
{
    (void)state;
    harness_open(&h, &spec, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

static const Rpc__Answer *ask(const Rpc__Principal *who)
{
    Rpc__HealthRequest request = RPC__HEALTH_REQUEST__INIT;

    request.service = "sample";
    return harness_call(&h, "Daemon.GetHealth", &request.base, who, NULL);
}

/* As deploy/backup does, at an instant. */
static void touch(const char *name)
{
    const struct timespec at[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
    char path[256];
    int file;

    snprintf(path, sizeof(path), "%s/%s", h.dir, name);
    file = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(file >= 0);
    assert_int_equal(futimens(file, at), 0);
    close(file);
}

static void what_it_counts_is_told(void **state)
{
    Rpc__DaemonHealth *health = harness_output(&h, ask(harness_official(&h, 5, RULE__ROLE__SYSTEM_ADMIN, "0001")),
                                               &rpc__daemon_health__descriptor);
    bool told = false;

    (void)state;
    assert_string_equal(health->service, "sample");
    assert_true(health->healthy);
    assert_int_equal(health->backed_up_at, 0);
    for (size_t i = 0; i < health->n_counters; i++)
        told |= strcmp(health->counters[i]->name, "huigong_seats") == 0 && health->counters[i]->value == 40;
    assert_true(told);
    touch("backed-up");
    health = harness_output(&h, ask(harness_official(&h, 5, RULE__ROLE__SYSTEM_ADMIN, "0001")),
                            &rpc__daemon_health__descriptor);
    assert_int_equal(health->backed_up_at, 1700000000000);
    h.service.stopping = true;
    health = harness_output(&h, ask(harness_official(&h, 5, RULE__ROLE__SECURITY_ADMIN, "")),
                            &rpc__daemon_health__descriptor);
    assert_false(health->healthy);
}

static void it_is_for_administrators_of_the_whole_tree(void **state)
{
    (void)state;
    assert_refused(ask(harness_official(&h, 5, RULE__ROLE__SYSTEM_ADMIN, "00010001")), "OUTSIDE_YOUR_UNION");
    assert_refused(ask(harness_official(&h, 5, RULE__ROLE__AUDIT_ADMIN, "")), "NOT_OFFICIAL");
    assert_refused(ask(harness_member(&h, 5, "0001")), "NOT_OFFICIAL");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_it_counts_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_for_administrators_of_the_whole_tree, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
