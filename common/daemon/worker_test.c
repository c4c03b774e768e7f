#include "common/daemon/worker.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <uv.h>
#include <cmocka.h>

#include "common/base/limits.h"
#include "common/base/sha256.h"

#define N 200

struct job {
    struct worker_task task;
    int number;
    unsigned char sum[32];
    bool signals; /* may reach the thread */
};

static struct {
    uv_loop_t loop;
    struct worker *worker;
    struct job jobs[LIMIT_WORKER_TASKS + 1];
    int order[LIMIT_WORKER_TASKS + 1], n_done, n_turns, again;
    pthread_mutex_t gate; /* held while tasks are to wait */
    pthread_t loop_thread;
} t;

static void hash(struct worker_task *task)
{
    struct job *job = container_of(task, struct job, task);
    sigset_t blocked;

    assert_false(pthread_equal(pthread_self(), t.loop_thread));
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    job->signals = !sigismember(&blocked, SIGTERM);
    /* The later, the quicker: they end in another order than they began in. */
    for (int i = 0; i < N + 1 - job->number % N; i++)
        sha256_of(&job->number, sizeof(job->number), job->sum);
}

static void hash_behind_gate(struct worker_task *task)
{
    pthread_mutex_lock(&t.gate);
    pthread_mutex_unlock(&t.gate);
    hash(task);
}

static void done(struct worker_task *task)
{
    struct job *job = container_of(task, struct job, task);

    assert_true(pthread_equal(pthread_self(), t.loop_thread));
    t.order[t.n_done++] = job->number;
}

static void submit_again(struct worker_task *task)
{
    done(task);
    if (t.again-- > 0)
        assert_true(worker_submit(t.worker, task));
}

static void turn(void *arg)
{
    assert_ptr_equal(arg, &t);
    t.n_turns++;
}

static int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    t.loop_thread = pthread_self();
    pthread_mutex_init(&t.gate, NULL);
    assert_int_equal(uv_loop_init(&t.loop), 0);
    t.worker = worker_open(&t.loop, turn, &t);
    assert_non_null(t.worker);
    for (int i = 0; i <= LIMIT_WORKER_TASKS; i++)
        t.jobs[i] = (struct job){.task = {.run = hash, .done = done}, .number = i};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    worker_close(t.worker);
    uv_run(&t.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&t.loop), 0);
    pthread_mutex_destroy(&t.gate);
    return 0;
}

static void tasks_come_back_on_the_loop_in_the_order_they_were_given(void **state)
{
    (void)state;
    for (int i = 0; i < N; i++)
        assert_true(worker_submit(t.worker, &t.jobs[i].task));
    while (t.n_done < N)
        uv_run(&t.loop, UV_RUN_ONCE);
    assert_true(t.n_turns > 0 && t.n_turns <= N);
    assert_int_equal(worker_pending(t.worker), 0);
    for (int i = 0; i < N; i++) {
        unsigned char sum[32];

        assert_int_equal(t.order[i], i);
        assert_false(t.jobs[i].signals);
        sha256_of(&i, sizeof(i), sum);
        assert_memory_equal(t.jobs[i].sum, sum, sizeof(sum));
    }
}

static void a_task_more_than_there_is_room_for_is_refused(void **state)
{
    (void)state;
    pthread_mutex_lock(&t.gate);
    for (int i = 0; i < LIMIT_WORKER_TASKS; i++) {
        t.jobs[i].task.run = hash_behind_gate;
        assert_true(worker_submit(t.worker, &t.jobs[i].task));
    }
    assert_false(worker_submit(t.worker, &t.jobs[LIMIT_WORKER_TASKS].task));
    pthread_mutex_unlock(&t.gate);
    while (t.n_done == 0)
        uv_run(&t.loop, UV_RUN_ONCE);
    assert_true(worker_submit(t.worker, &t.jobs[LIMIT_WORKER_TASKS].task));
    worker_finish(t.worker);
    assert_int_equal(t.n_done, LIMIT_WORKER_TASKS + 1);
}

static void a_stop_waits_for_tasks_and_for_what_they_submit(void **state)
{
    (void)state;
    worker_finish(t.worker);
    t.again = 20;
    t.jobs[0].task.done = submit_again;
    assert_true(worker_submit(t.worker, &t.jobs[0].task));
    worker_finish(t.worker);
    assert_int_equal(t.n_done, 21);
    assert_true(t.n_turns > 0 && t.n_turns <= 21);
}

static void a_pool_that_never_had_a_task_ends(void **state)
{
    (void)state;
    assert_int_equal(worker_pending(t.worker), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tasks_come_back_on_the_loop_in_the_order_they_were_given),
        TEST(a_task_more_than_there_is_room_for_is_refused),
        TEST(a_stop_waits_for_tasks_and_for_what_they_submit),
        TEST(a_pool_that_never_had_a_task_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
