#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "services/gateway/limiter.h"

#define SECOND INT64_C(1000000000)

static struct limiter limiter;

static int start(int64_t rate, int64_t burst)
{
    struct clock clock;

    clock_real(&clock);
    return limiter_init(&limiter, rate, burst, &clock);
}

static void a_caller_has_a_burst_and_then_the_rate(void **state)
{
    int64_t now = 5 * SECOND;

    (void)state;
    assert_int_equal(start(10, 20), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(limiter_admit(&limiter, 7, now), 0);
    assert_int_equal(limiter_admit(&limiter, 7, now), SECOND / 10);
    assert_int_equal(limiter_admit(&limiter, 8, now), 0);
    now += SECOND / 10;
    assert_int_equal(limiter_admit(&limiter, 7, now), 0);
    assert_int_not_equal(limiter_admit(&limiter, 7, now), 0);
    limiter_done(&limiter);
}

static void a_rate_of_zero_admits_all(void **state)
{
    (void)state;
    assert_int_equal(start(0, 0), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(limiter_admit(&limiter, 7, 0), 0);
    limiter_done(&limiter);
}

/* However many addresses come once, whoever asks without end stays limited. */
static void many_callers_do_not_wash_one_away(void **state)
{
    int64_t now = SECOND;
    int admitted = 0;

    (void)state;
    assert_int_equal(start(1, 2), 0);
    for (uint64_t key = 1000; key < 60000; key++) {
        limiter_admit(&limiter, key, now);
        admitted += limiter_admit(&limiter, 7, now) == 0;
    }
    assert_true(admitted < 10);
    limiter_done(&limiter);
}

static void *ask(void *admitted)
{
    for (int i = 0; i < 20000; i++)
        *(int *)admitted += limiter_admit(&limiter, 7, SECOND) == 0;
    return NULL;
}

static void all_threads_have_one_table(void **state)
{
    pthread_t threads[4];
    int admitted[4] = {0};

    (void)state;
    assert_int_equal(start(1000, 30000), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &admitted[i]), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(admitted[0] + admitted[1] + admitted[2] + admitted[3], 30000);
    limiter_done(&limiter);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_caller_has_a_burst_and_then_the_rate),
        cmocka_unit_test(a_rate_of_zero_admits_all),
        cmocka_unit_test(many_callers_do_not_wash_one_away),
        cmocka_unit_test(all_threads_have_one_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
