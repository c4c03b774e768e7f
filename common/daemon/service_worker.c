#include "common/daemon/service_worker.h"

#include "common/daemon/worker.h"

static void run(struct worker_task *task)
{
    rpc_job_run(rpc_job_of(task));
}

static void done(struct worker_task *task)
{
    rpc_server_made(rpc_job_of(task));
}

static bool submit(void *arg, struct rpc_job *job)
{
    struct worker_task *task = rpc_job_room(job);

    _Static_assert(sizeof(*task) <= RPC_JOB_ROOM, "a task fits");
    *task = (struct worker_task){.run = run, .done = done};
    return worker_submit(((struct service *)arg)->worker, task);
}

static void handed_back(void *arg)
{
    struct service *service = arg;

    while (rpc_server_take_made(service->rpc))
        service->settled(service);
}

int service_worker_open(struct service *service, void (*settled)(void *service))
{
    service->settled = settled;
    service->worker = worker_open(&service->loop, handed_back, service);
    if (!service->worker)
        return -1;
    rpc_server_beside(service->rpc, submit, service);
    return 0;
}

void service_worker_close(struct service *service)
{
    worker_finish(service->worker);
    worker_close(service->worker);
    service->worker = NULL;
}
