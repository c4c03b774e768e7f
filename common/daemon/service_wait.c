#include "common/daemon/service_wait.h"

#include "common/base/limits.h"
#include "common/daemon/follow.h"
#include "common/daemon/service_worker.h"

#define LOOK_MS 2 /* between two looks at how far the followers are */

struct question {
    const struct part_spec *spec;
    int64_t since_ns;
};

/* Where nobody follows, all has been heard. */
static size_t heard(const void *in, size_t len, void *out)
{
    (void)in;
    (void)len;
    *(unsigned char *)out = 1;
    return 1;
}

bool parts_heard_all(struct parts *parts, const struct part_spec *spec, int reason, void *call)
{
    const struct question question = {spec, clock_monotonic_ns()};
    size_t len;
    const unsigned char *answer = rpc_make(call, heard, &question, sizeof(question), sizeof(question.spec), &len);

    (void)parts;
    if (answer && !*answer) {
        rpc_retry_after(call, LIMIT_HEAR_MS / 1000);
        rpc_refuse(call, reason);
    }
    return answer && *answer;
}

/* Of all partitions of the queues that the part reads. */
static bool is_heard(const struct service *service, const struct question *question, bool hurries)
{
    bool all = true;

    for (unsigned i = 0; i < service->n_followed; i++) {
        const struct service_followed *followed = &service->followed[i];

        if (!part_follow(question->spec, followed->journal->queue) ||
            follower_heard_since(followed->follower, question->since_ns))
            continue;
        all = false;
        if (hurries)
            follower_hurry(followed->follower);
    }
    return all;
}

static struct question question_of(const struct rpc_job *job)
{
    struct question question;
    const void *in;

    ensure(rpc_job_asks(job, heard, &in));
    memcpy(&question, in, sizeof(question));
    return question;
}

/* Answers those that are decided; at the end, all. */
static void answer(struct service *service, bool end)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < service->n_waits; i++) {
        struct question question = question_of(service->waits[i]);
        unsigned char all = is_heard(service, &question, false);

        if (!all && !end && clock_monotonic_ns() - question.since_ns < LIMIT_HEAR_MS * INT64_C(1000000)) {
            service->waits[kept++] = service->waits[i];
            continue;
        }
        rpc_job_answer(service->waits[i], &all, sizeof(all));
        rpc_server_made(service->waits[i]);
    }
    service->n_waits = kept;
}

static void look(uv_timer_t *timer)
{
    struct service *service = timer->data;

    answer(service, false);
    if (service->n_waits == 0)
        uv_timer_stop(timer);
    service_worker_made(service);
}

void service_wait_open(struct service *service)
{
    uv_timer_init(&service->loop, &service->waiting);
    service->waiting.data = service;
}

bool service_wait(struct service *service, struct rpc_job *job)
{
    struct question question;
    const void *in;

    if (!rpc_job_asks(job, heard, &in))
        return false;
    ensure(service->n_waits < ARRAY_LEN(service->waits));
    service->waits[service->n_waits++] = job;
    question = question_of(job);
    is_heard(service, &question, true);
    uv_timer_start(&service->waiting, look, LOOK_MS, LOOK_MS);
    return true;
}

void service_wait_end(struct service *service)
{
    answer(service, true);
    service_worker_made(service);
}
