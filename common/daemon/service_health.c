/* service_health.c: how a daemon is: what a probe is told, and who runs the system. */
#include <sys/stat.h>

#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/union_path.h"
#include "common/daemon/service.h"
#include "common/daemon/worker.h"

/* In the folder of the store: deploy/backup touches it when a backup of all stores is whole. */
#define BACKED_UP "backed-up"

bool service_is_over_all(void *call, int role)
{
    const Rpc__Principal *principal = rpc_principal(call);

    for (size_t i = 0; i < principal->n_grants; i++) {
        if ((int)principal->grants[i]->role == role && union_path_level(principal->grants[i]->union_path) <= 1)
            return true;
    }
    return principal->internal;
}

void service_report(struct service *service, struct arena *arena, Rpc__ProbeReport *report)
{
    char *summary = arena_printf(arena, "%s", service->queue);
    char *version = arena_printf(arena, "%s", HUIGONG_VERSION);

    report->healthy = !service->stopping;
    report->first_id = service->first_id;
    if (service->store) {
        int64_t rows = rpc_server_journal(service->rpc)->committed.seq;

        summary = arena_printf(arena, "%s: journal of %lld rows", service->queue, (long long)rows);
        rpc_metric(arena, report, "huigong_journal_rows", "gauge", "", (double)rows);
        rpc_metric(arena, report, "huigong_journal_archived_rows", "gauge", "",
                   (double)rpc_server_journal(service->rpc)->archived);
    }
    if (summary)
        report->summary = summary;
    if (version)
        report->version = version;
    if (service->worker)
        rpc_metric(arena, report, "huigong_worker_tasks", "gauge", "", (double)worker_pending(service->worker));
    rpc_metric(arena, report, LOG_DROPPED_METRIC, "counter", "", (double)log_dropped());
    rpc_metric(arena, report, "huigong_clock_off_seconds", "gauge", "", (double)clock_off(&service->clock) / 1000);
    service_heads_report(service, arena, report);
    rpc_server_metrics(service->rpc, arena, report);
    if (service->spec->report)
        service->spec->report(service, arena, report);
}

void daemon__probe(Rpc__Daemon_Service *daemon, const Rpc__ProbeRequest *request, Rpc__ProbeReport_Closure reply,
                   void *call)
{
    struct service *service = container_of(daemon, struct service, daemon);
    Rpc__ProbeReport report = RPC__PROBE_REPORT__INIT;

    (void)request;
    service_report(service, rpc_arena(call), &report);
    reply(&report, call);
}

/* Milliseconds since 1970; 0: of none is known. */
static int64_t backed_up_at(const struct service *service)
{
    char path[PATH_MAX];
    struct stat stat_of;

    if (!service->store_dir || snprintf(path, sizeof(path), "%s/" BACKED_UP, service->store_dir) >= (int)sizeof(path) ||
        stat(path, &stat_of))
        return 0;
    return stat_of.st_mtim.tv_sec * INT64_C(1000) + stat_of.st_mtim.tv_nsec / 1000000;
}

/* rpc GetHealth: the same as a probe is told, in words that are read. */
void daemon__get_health(Rpc__Daemon_Service *daemon, const Rpc__HealthRequest *request, Rpc__DaemonHealth_Closure reply,
                        void *call)
{
    struct service *service = container_of(daemon, struct service, daemon);
    Rpc__ProbeReport report = RPC__PROBE_REPORT__INIT;
    Rpc__DaemonHealth health = RPC__DAEMON_HEALTH__INIT;

    if (!service_is_over_all(call, RULE__ROLE__SYSTEM_ADMIN) &&
        !service_is_over_all(call, RULE__ROLE__SECURITY_ADMIN)) {
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
        return;
    }
    service_report(service, rpc_arena(call), &report);
    health.service = request->service;
    health.healthy = report.healthy;
    health.summary = report.summary;
    health.version = report.version;
    health.started_at = service->started_at;
    health.backed_up_at = backed_up_at(service);
    health.n_counters = report.n_metrics;
    health.counters = report.metrics;
    reply(&health, call);
}
