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

/* One daemon's sample. */
struct told {
    const char *queue;
    const Rpc__Metric *metric;
    size_t place; /* as the daemons told them */
};

static int compare_told(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    int order = strcmp(x->metric->name, y->metric->name);

    return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* The samples of all daemons, and one of the gateway's own. NULL without memory. */
static struct told *gather_told(const struct app *app, const Rpc__Metric *own, size_t *ret_n)
{
    const struct queues *queues = &app->queues;
    struct told *told;
    size_t n = 1;

    for (unsigned i = 0; i < queues->n; i++)
        n += queues->list[i].report ? queues->list[i].report->n_metrics : 0;
    told = calloc(n, sizeof(*told));
    if (!told)
        return NULL;
    told[0] = (struct told){"gateway", own, 0};
    *ret_n = 1;
    for (unsigned i = 0; i < queues->n; i++) {
        const Rpc__ProbeReport *report = queues->list[i].report;

        for (size_t j = 0; report && j < report->n_metrics; j++, ++*ret_n)
            told[*ret_n] = (struct told){queues->list[i].name, report->metrics[j], *ret_n};
    }
    return told;
}

/* All samples of one name stand together, under one TYPE line. */
static void service_metrics(const struct app *app, struct buf *ret)
{
    Rpc__Metric own = RPC__METRIC__INIT;
    struct told *told;
    size_t n;

    own.name = LOG_DROPPED_METRIC;
    own.type = "counter";
    own.value = (double)log_dropped();
    told = gather_told(app, &own, &n);
    if (!told) {
        ret->failed = true;
        return;
    }
    qsort(told, n, sizeof(*told), compare_told);
    for (size_t i = 0; i < n; i++) {
        const Rpc__Metric *metric = told[i].metric;

        if (i == 0 || strcmp(told[i - 1].metric->name, metric->name) != 0)
            buf_printf(ret, "# TYPE %s %s\n", metric->name, metric->type);
        buf_printf(ret, "%s{service=\"%s\"%s%s} %.17g\n", metric->name, told[i].queue, *metric->labels ? "," : "",
                   metric->labels, metric->value);
    }
    free(told);
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
    sample(ret, "huigong_http_heads_bytes", "gauge", "", (double)http.held[GUEST_HEADS]);
    sample(ret, "huigong_http_bodies_bytes", "gauge", "", (double)http.held[GUEST_BODIES]);
    sample(ret, "huigong_http_answers_bytes", "gauge", "", (double)http.held[GUEST_ANSWERS]);
    sample(ret, "huigong_tls_sessions_bytes", "gauge", "", (double)http.held[GUEST_SESSIONS]);
    sample(ret, "huigong_http_dropped_total", "counter", "", (double)http.dropped);
    sample(ret, "huigong_http_no_room_total", "counter", "", (double)http.no_room);
    sample(ret, "huigong_http_received_bytes_total", "counter", "", (double)http.bytes_in);
    sample(ret, "huigong_http_sent_bytes_total", "counter", "", (double)http.bytes_out);
    buf_str(ret, "# TYPE huigong_http_malformed_total counter\n");
    for (unsigned i = 1; i < REFUSAL_COUNT; i++) {
        snprintf(labels, sizeof(labels), "cause=\"%s\"", refusal_kinds[i].name);
        sample(ret, "huigong_http_malformed_total", NULL, labels, (double)http.refusals[i]);
    }
    buf_str(ret, "# TYPE huigong_queue_ready gauge\n");
    for (unsigned i = 0; i < app->queues.n; i++) {
        snprintf(labels, sizeof(labels), "queue=\"%s\"", app->queues.list[i].name);
        sample(ret, "huigong_queue_ready", NULL, labels, app->queues.list[i].ready);
    }
    operation_metrics(app->settings, ret);
    duration_metrics(app->settings, ret);
    service_metrics(app, ret);
}
