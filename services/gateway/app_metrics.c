/* app_metrics.c: what all workers have counted, and what the daemons report, in the
 * Prometheus text format. */
#include "common/base/log.h"
#include "services/gateway/app.h"

int app_counts_open(struct app_settings *settings)
{
    while (api_methods()[settings->n_methods].name)
        settings->n_methods++;
    settings->counts = calloc((size_t)settings->workers * settings->n_methods, sizeof(struct app_counts));
    return settings->counts ? 0 : -1;
}

struct app_counts *app_counts_of(const struct app_settings *settings, int worker, const struct api_method *method)
{
    return &settings->counts[(size_t)worker * settings->n_methods + (size_t)(method - api_methods())];
}

static void sample(struct buf *ret, const char *name, const char *type, const char *labels, double value)
{
    if (type)
        buf_printf(ret, "# TYPE %s %s\n", name, type);
    buf_printf(ret, "%s%s%s%s %.17g\n", name, *labels ? "{" : "", labels, *labels ? "}" : "", value);
}

/* All samples of one name stand together, under one TYPE line. */
static void service_metrics(const struct app *app, struct buf *ret)
{
    const char *done[RPC_MAX_METRICS] = {LOG_DROPPED_METRIC};
    unsigned n_done = 1;

    for (unsigned q = 0; q < app->n_queues; q++) {
        const Rpc__ProbeReport *report = app->queues[q].report;

        for (size_t m = 0; report && m < report->n_metrics; m++) {
            const char *name = report->metrics[m]->name;
            bool seen = false, first = true;

            for (unsigned i = 0; i < n_done && !seen; i++)
                seen = strcmp(done[i], name) == 0;
            if (seen || n_done == ARRAY_LEN(done))
                continue;
            done[n_done++] = name;
            for (unsigned p = q; p < app->n_queues; p++) {
                const Rpc__ProbeReport *other = app->queues[p].report;

                for (size_t i = 0; other && i < other->n_metrics; i++) {
                    const Rpc__Metric *metric = other->metrics[i];
                    char labels[256];

                    if (strcmp(metric->name, name) != 0)
                        continue;
                    snprintf(labels, sizeof(labels), "service=\"%s\"%s%s", app->queues[p].name,
                             *metric->labels ? "," : "", metric->labels);
                    sample(ret, name, first ? metric->type : NULL, labels, metric->value);
                    first = false;
                }
            }
        }
    }
}

/* The one that the gateway has as well. */
static void log_metrics(const struct app *app, struct buf *ret)
{
    char labels[64];

    sample(ret, LOG_DROPPED_METRIC, "counter", "service=\"gateway\"", (double)log_dropped());
    for (unsigned q = 0; q < app->n_queues; q++) {
        const Rpc__ProbeReport *report = app->queues[q].report;

        for (size_t i = 0; report && i < report->n_metrics; i++) {
            if (strcmp(report->metrics[i]->name, LOG_DROPPED_METRIC) != 0)
                continue;
            snprintf(labels, sizeof(labels), "service=\"%s\"", app->queues[q].name);
            sample(ret, LOG_DROPPED_METRIC, NULL, labels, report->metrics[i]->value);
        }
    }
}

/* The sum over the workers. */
struct sums {
    uint64_t outcomes[6], buckets[APP_BUCKETS + 1], total_ns, shed, requests;
};

static struct sums sum_of(const struct app_settings *settings, const struct api_method *method)
{
    struct sums sums = {0};

    for (int worker = 0; worker < settings->workers; worker++) {
        const struct app_counts *counts = app_counts_of(settings, worker, method);

        for (unsigned i = 0; i < ARRAY_LEN(sums.outcomes); i++)
            sums.outcomes[i] += counts->outcomes[i];
        for (unsigned i = 0; i < ARRAY_LEN(sums.buckets); i++) {
            sums.buckets[i] += counts->buckets[i];
            sums.requests += counts->buckets[i];
        }
        sums.total_ns += counts->total_ns;
        sums.shed += counts->shed;
    }
    return sums;
}

static void operation_metrics(const struct app_settings *settings, struct buf *ret)
{
    static const char name[] = "huigong_http_requests_total", shed[] = "huigong_calls_shed_total";
    char labels[160];

    buf_printf(ret, "# HELP %s Requests by operation and class of status.\n# TYPE %s counter\n", name, name);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        struct sums sums = sum_of(settings, method);

        for (unsigned i = 2; i < ARRAY_LEN(sums.outcomes); i++) {
            snprintf(labels, sizeof(labels), "operation=\"%s\",status=\"%uxx\"", method->name, i);
            if (sums.outcomes[i])
                sample(ret, name, NULL, labels, (double)sums.outcomes[i]);
        }
    }
    buf_printf(ret, "# HELP %s Calls refused for want of room in a queue.\n# TYPE %s counter\n", shed, shed);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        snprintf(labels, sizeof(labels), "operation=\"%s\"", method->name);
        if (method->http)
            sample(ret, shed, NULL, labels, (double)sum_of(settings, method).shed);
    }
}

static void duration_metrics(const struct app_settings *settings, struct buf *ret)
{
    static const char *const bounds[APP_BUCKETS + 1] = {"0.001", "0.002", "0.005", "0.01", "0.025",
                                                        "0.1",   "0.5",   "2.5",   "+Inf"};
    static const char name[] = "huigong_http_request_seconds";

    buf_printf(ret, "# HELP %s From a request's first byte to its answer.\n# TYPE %s histogram\n", name, name);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        struct sums sums = sum_of(settings, method);
        uint64_t below = 0;

        for (unsigned i = 0; i <= APP_BUCKETS && sums.requests; i++) {
            below += sums.buckets[i];
            buf_printf(ret, "%s_bucket{operation=\"%s\",le=\"%s\"} %llu\n", name, method->name, bounds[i],
                       (unsigned long long)below);
        }
        if (sums.requests)
            buf_printf(ret, "%s_sum{operation=\"%s\"} %.6f\n%s_count{operation=\"%s\"} %llu\n", name, method->name,
                       (double)sums.total_ns / 1e9, name, method->name, (unsigned long long)sums.requests);
    }
}

void app_metrics(struct app *app, struct buf *ret)
{
    struct http_counters http;
    char labels[64];

    server_count(app->settings->server, &http);
    sample(ret, "huigong_connections", "gauge", "", (double)http.open);
    sample(ret, "huigong_connections_accepted_total", "counter", "", (double)http.accepted);
    sample(ret, "huigong_connections_turned_away_total", "counter", "", (double)http.turned_away);
    sample(ret, "huigong_connections_evicted_total", "counter", "", (double)http.evicted);
    sample(ret, "huigong_tls_handshakes_total", "counter", "", (double)http.handshakes);
    sample(ret, "huigong_http_bodies_bytes", "gauge", "", (double)http.held[GUEST_BODIES]);
    sample(ret, "huigong_http_answers_bytes", "gauge", "", (double)http.held[GUEST_ANSWERS]);
    sample(ret, "huigong_http_no_room_total", "counter", "", (double)http.no_room);
    sample(ret, "huigong_http_received_bytes_total", "counter", "", (double)http.bytes_in);
    sample(ret, "huigong_http_sent_bytes_total", "counter", "", (double)http.bytes_out);
    buf_str(ret, "# TYPE huigong_http_malformed_total counter\n");
    for (unsigned i = 1; i < REFUSAL_COUNT; i++) {
        snprintf(labels, sizeof(labels), "cause=\"%s\"", refusal_kinds[i].name);
        sample(ret, "huigong_http_malformed_total", NULL, labels, (double)http.refusals[i]);
    }
    buf_str(ret, "# TYPE huigong_queue_ready gauge\n");
    for (unsigned i = 0; i < app->n_queues; i++) {
        snprintf(labels, sizeof(labels), "queue=\"%s\"", app->queues[i].name);
        sample(ret, "huigong_queue_ready", NULL, labels, app->queues[i].ready);
    }
    operation_metrics(app->settings, ret);
    duration_metrics(app->settings, ret);
    log_metrics(app, ret);
    service_metrics(app, ret);
}
