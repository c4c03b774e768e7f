#include "common/daemon/worker.h"

#include <pthread.h>
#include <signal.h>
#include <uv.h>

#include "common/base/limits.h"
#include "common/base/log.h"

struct worker {
    uv_async_t wake; /* the head of the queue is finished */
    void (*handed_back)(void *arg);
    void *arg;
    pthread_t threads[LIMIT_WORKER_THREADS];
    unsigned n_threads; /* that run; 0 before the first task */
    /* under the mutex */
    pthread_mutex_t mutex;
    pthread_cond_t filled, finished;
    struct worker_task *head, **tail; /* submitted and not handed back, in order */
    struct worker_task *waiting;      /* the first that no thread has taken */
    unsigned n_tasks;
    bool closing;
};

/* ---- a thread ---- */

static struct worker_task *take(struct worker *worker)
{
    struct worker_task *task;

    while (!worker->waiting && !worker->closing)
        pthread_cond_wait(&worker->filled, &worker->mutex);
    task = worker->waiting;
    if (task)
        worker->waiting = task->next;
    return task;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct worker_task *task;

    pthread_mutex_lock(&worker->mutex);
    while ((task = take(worker))) {
        pthread_mutex_unlock(&worker->mutex);
        task->run(task);
        pthread_mutex_lock(&worker->mutex);
        task->finished = true;
        if (worker->head == task) {
            pthread_cond_signal(&worker->finished);
            uv_async_send(&worker->wake);
        }
    }
    pthread_mutex_unlock(&worker->mutex);
    return NULL;
}

/* ---- the loop ---- */

/* The first task, once it is finished; NULL while it is not. */
static struct worker_task *hand_back(struct worker *worker)
{
    struct worker_task *task;

    pthread_mutex_lock(&worker->mutex);
    task = worker->head;
    if (task && !task->finished)
        task = NULL;
    if (task) {
        worker->head = task->next;
        worker->n_tasks--;
        if (!worker->head)
            worker->tail = &worker->head;
    }
    pthread_mutex_unlock(&worker->mutex);
    return task;
}

static void hand_back_all(struct worker *worker)
{
    struct worker_task *task;
    bool any = false;

    while ((task = hand_back(worker))) {
        task->done(task);
        any = true;
    }
    if (any && worker->handed_back)
        worker->handed_back(worker->arg);
}

static void on_wake(uv_async_t *wake)
{
    hand_back_all(wake->data);
}

struct worker *worker_open(struct uv_loop_s *loop, void (*handed_back)(void *arg), void *arg)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    if (!worker || uv_async_init(loop, &worker->wake, on_wake)) {
        log_error("worker", "error", "out of memory");
        free(worker);
        return NULL;
    }
    worker->wake.data = worker;
    worker->handed_back = handed_back;
    worker->arg = arg;
    worker->tail = &worker->head;
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->filled, NULL);
    pthread_cond_init(&worker->finished, NULL);
    return worker;
}

/* One more than there are processors, within the limit, so that a long task holds up no short one behind
 * it where there is one processor. Signals stay the loop's. */
static bool start_threads(struct worker *worker)
{
    unsigned wanted = uv_available_parallelism() + 1;
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (worker->n_threads < LIMIT_WORKER_THREADS && worker->n_threads < wanted &&
           pthread_create(&worker->threads[worker->n_threads], NULL, work, worker) == 0)
        worker->n_threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return worker->n_threads > 0;
}

bool worker_submit(struct worker *worker, struct worker_task *task)
{
    bool room;

    if (worker->n_threads == 0 && !start_threads(worker))
        return false;
    task->next = NULL;
    task->finished = false;
    pthread_mutex_lock(&worker->mutex);
    room = worker->n_tasks < LIMIT_WORKER_TASKS;
    if (room) {
        *worker->tail = task;
        worker->tail = &task->next;
        worker->n_tasks++;
        if (!worker->waiting)
            worker->waiting = task;
        pthread_cond_signal(&worker->filled);
    }
    pthread_mutex_unlock(&worker->mutex);
    return room;
}

unsigned worker_pending(const struct worker *worker)
{
    struct worker *self = (struct worker *)(uintptr_t)worker;
    unsigned n;

    pthread_mutex_lock(&self->mutex);
    n = self->n_tasks;
    pthread_mutex_unlock(&self->mutex);
    return n;
}

void worker_finish(struct worker *worker)
{
    while (worker && worker_pending(worker) > 0) {
        pthread_mutex_lock(&worker->mutex);
        while (!worker->head->finished)
            pthread_cond_wait(&worker->finished, &worker->mutex);
        pthread_mutex_unlock(&worker->mutex);
        hand_back_all(worker);
    }
}

static void on_closed(uv_handle_t *wake)
{
    struct worker *worker = wake->data;

    pthread_cond_destroy(&worker->finished);
    pthread_cond_destroy(&worker->filled);
    pthread_mutex_destroy(&worker->mutex);
    free(worker);
}

void worker_close(struct worker *worker)
{
    if (!worker)
        return;
    ensure(worker_pending(worker) == 0);
    pthread_mutex_lock(&worker->mutex);
    worker->closing = true;
    pthread_cond_broadcast(&worker->filled);
    pthread_mutex_unlock(&worker->mutex);
    for (unsigned i = 0; i < worker->n_threads; i++)
        pthread_join(worker->threads[i], NULL);
    uv_close((uv_handle_t *)&worker->wake, on_closed);
}
