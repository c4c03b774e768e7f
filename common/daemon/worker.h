/* worker.h: a bounded pool of threads for pure functions over bytes.
 *
 * What takes longer than a call should (a password's hash, the check of a signature, the
 * hash of a file) is done beside the loop: a task is submitted on the loop, run on a thread,
 * and handed back on the loop, in the order in which tasks were submitted. A task's
 * function sees nothing but what the task points to: no store, no clock, no service, so
 * that what it makes depends on the bytes it was given alone and no lock is needed.
 *
 * Threads are started with the first task, behind the sandbox, whose filters they inherit. At
 * most LIMIT_WORKER_TASKS are in the pool; a task more is refused, and its caller answers
 * OVERLOADED. submit and the callbacks are the loop's; nothing here may be called from a
 * thread. */
#pragma once

struct uv_loop_s;
struct worker;

/* The caller's, and the worker's between worker_submit and done. */
struct worker_task {
    void (*run)(struct worker_task *task);  /* on a thread */
    void (*done)(struct worker_task *task); /* on the loop; may submit again */
    /* the worker's own */
    struct worker_task *next;
    bool finished;
};

/* handed_back is called on the loop after one or more tasks are done, as the end of a turn;
 * it may be NULL. NULL after logging why. */
struct worker *worker_open(struct uv_loop_s *loop, void (*handed_back)(void *arg), void *arg);
/* False when the pool is full, or no thread could be started. */
bool worker_submit(struct worker *worker, struct worker_task *task);
/* Tasks that are not handed back yet. */
unsigned worker_pending(const struct worker *worker);
/* Waits for all tasks, hands them back, and what these submit too; for a stop. */
void worker_finish(struct worker *worker);
/* Ends the threads; there must be no task. Before the loop's handles are closed. */
void worker_close(struct worker *worker);
