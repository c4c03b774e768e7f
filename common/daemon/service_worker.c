#include "common/daemon/service_worker.h"

#include "common/daemon/service_wait.h"
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

    if (service_wait(arg, job))
        return true;
    _Static_assert(sizeof(*task) <= RPC_JOB_ROOM, "a task fits");
    *task = (struct worker_task){.run = run, .done = done};
    return worker_submit(((struct service *)arg)->worker, task);
}

void service_worker_made(struct service *service)
{
    while (rpc_server_take_made(service->rpc))
        service->settled(service);
}

static void handed_back(void *service)
{
    service_worker_made(service);
}

int service_worker_open(struct service *service, void (*settled)(void *service))
{
    service->settled = settled;
    service->worker = worker_open(&service->loop, handed_back, service);
    if (!service->worker)
        return -1;
    rpc_server_beside(service->rpc, submit, service);
    service_wait_open(service);
    return 0;
}

void service_worker_close(struct service *service)
{
    service_wait_end(service);
    worker_finish(service->worker);
    worker_close(service->worker);
    service->worker = NULL;
}
