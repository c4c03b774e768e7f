/* rpc_metrics.c: what a server has counted, as Prometheus metrics. */
#include "common/rpc/rpc_internal.h"

const struct rpc_server_counts *rpc_server_counts(const struct rpc_server *server)
{
    return &server->counts;
}

/* The list grows by doubling: it is full when its length is a power of two. */
static bool has_room(struct arena *arena, Rpc__ProbeReport *report)
{
    size_t n = report->n_metrics;
    Rpc__Metric **longer;

    if (n & (n - 1))
        return true;
    longer = arena_alloc(arena, (n ? 2 * n : 1) * sizeof(*longer));
    if (longer && n)
        memcpy(longer, report->metrics, n * sizeof(*longer));
    if (longer)
        report->metrics = longer;
    return longer != NULL;
}

void rpc_metric(struct arena *arena, Rpc__ProbeReport *report, const char *name, const char *type, const char *labels,
                double value)
{
    Rpc__Metric *metric = arena_alloc(arena, sizeof(*metric));

    if (!metric || !has_room(arena, report))
        return;
    rpc__metric__init(metric);
    metric->name = arena_strndup(arena, name, strlen(name));
    metric->type = arena_strndup(arena, type, strlen(type));
    metric->labels = arena_strndup(arena, labels, strlen(labels));
    metric->value = value;
    if (metric->name && metric->type && metric->labels)
        report->metrics[report->n_metrics++] = metric;
}

void rpc_server_metrics(struct rpc_server *server, struct arena *arena, Rpc__ProbeReport *report)
{
    const struct rpc_server_counts *counts = &server->counts;

    rpc_metric(arena, report, "huigong_batches_total", "counter", "", (double)counts->batches);
    rpc_metric(arena, report, "huigong_commits_total", "counter", "", (double)counts->commits);
    rpc_metric(arena, report, "huigong_failed_commits_total", "counter", "", (double)counts->failed_commits);
    rpc_metric(arena, report, "huigong_commit_seconds_total", "counter", "", (double)counts->commit_ns / 1e9);
    for (unsigned i = 0; i < METHOD_HASH; i++) {
        for (const struct method *method = server->methods[i]; method; method = method->next) {
            char labels[128];

            if (!method->calls)
                continue;
            snprintf(labels, sizeof(labels), "method=\"%s\"", method->api->name);
            rpc_metric(arena, report, "huigong_calls_total", "counter", labels, (double)method->calls);
            rpc_metric(arena, report, "huigong_refused_total", "counter", labels, (double)method->refused);
            rpc_metric(arena, report, "huigong_unavailable_total", "counter", labels, (double)method->unavailable);
        }
    }
}
