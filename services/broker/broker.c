#include "services/broker/broker.h"

#include "common/base/limits.h"
#include "common/bus/bus.h"
#include "common/base/log.h"

struct broker {
    char names[LIMIT_QUEUES][QUEUE_NAME_SIZE];
    struct bus_queue *queues[LIMIT_QUEUES];
    unsigned n_queues;
    struct bus_bell *bell;
    struct bus_news *news;
    uv_timer_t tend;
    uint8_t unserved[16], full[16], lost[16];
    struct bus_refusals refusals;
};

static size_t pack_refusal(int reason, uint8_t ret_packed[16])
{
    Rpc__AnswerBatch batch = RPC__ANSWER_BATCH__INIT;

    batch.reason = reason;
    return rpc__answer_batch__pack(&batch, ret_packed);
}

static bool valid_name(const char *name, size_t len)
{
    return len > 0 && len < QUEUE_NAME_SIZE && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") >= len;
}

static bool has_name(const struct broker *broker, const char *name)
{
    for (unsigned i = 0; i < broker->n_queues; i++) {
        if (strcmp(broker->names[i], name) == 0)
            return true;
    }
    return false;
}

/* Adds the names of a list that are not there yet. */
static int read_names(struct broker *broker, const char *list)
{
    while (*list) {
        size_t len = strcspn(list, ",");
        char name[QUEUE_NAME_SIZE];

        if (!valid_name(list, len)) {
            log_error("bad_queue_name", "list", list);
            return -1;
        }
        snprintf(name, sizeof(name), "%.*s", (int)len, list);
        list += len + (list[len] == ',');
        if (has_name(broker, name))
            continue;
        if (broker->n_queues == LIMIT_QUEUES) {
            log_error("too_many_queues", "limit", log_int(LIMIT_QUEUES));
            return -1;
        }
        memcpy(broker->names[broker->n_queues++], name, sizeof(name));
    }
    return 0;
}

/* A queue for every package that has operations. */
static int read_protos(struct broker *broker)
{
    for (const struct api_method *method = api_methods(); method->name; method++) {
        if (*method->queue && read_names(broker, method->queue))
            return -1;
    }
    return 0;
}

int broker_start(struct service *service)
{
    static struct broker broker;
    const char *list = conf_text(service->spec->conf, "HUIGONG_QUEUES");

    service->self = &broker;
    broker.refusals.patience_ms = 2 * LIMIT_CALL_DEADLINE_MS;
    broker.refusals.unserved = broker.unserved;
    broker.refusals.unserved_len = pack_refusal(RPC__REASON__SERVICE_DOWN, broker.unserved);
    broker.refusals.lost = broker.lost;
    broker.refusals.lost_len = pack_refusal(RPC__REASON__OUTCOME_UNKNOWN, broker.lost);
    broker.refusals.full = broker.full;
    broker.refusals.full_len = pack_refusal(RPC__REASON__OVERLOADED, broker.full);
    if (*list ? read_names(&broker, list) : read_protos(&broker))
        return -1;
    for (unsigned i = 0; i < service->partitions.n; i++) {
        if (read_names(&broker, service->partitions.list[i].queue))
            return -1;
    }
    if (read_names(&broker, service->spec->name))
        return -1;
    for (unsigned i = 0; i < broker.n_queues; i++) {
        if (bus_make_folders(service_bus_dir(service), broker.names[i]))
            return -1;
    }
    return 0;
}

static void on_tend(uv_timer_t *timer)
{
    struct broker *broker = timer->data;

    bus_tend(broker->queues, broker->n_queues, broker->bell);
    ensure(bus_news_come(broker->news, LIMIT_NEWS_MS)); /* it has nothing to lose, and runs out of descriptors */
}

int broker_serve(struct service *service)
{
    struct broker *broker = service->self;

    for (unsigned i = 0; i < broker->n_queues; i++) {
        broker->queues[i] = bus_queue_open(service_bus_dir(service), broker->names[i], &broker->refusals);
        if (!broker->queues[i])
            return -1;
    }
    broker->bell = bus_bell_open(service_bus_dir(service));
    broker->news = bus_news_open();
    if (!broker->bell || !broker->news)
        return -1;
    broker->tend.data = broker;
    uv_timer_init(&service->loop, &broker->tend);
    uv_timer_start(&broker->tend, on_tend, BUS_TEND_MS, BUS_TEND_MS);
    return 0;
}

void broker_stop(struct service *service)
{
    struct broker *broker = service->self;

    uv_close((uv_handle_t *)&broker->tend, NULL);
    for (unsigned i = 0; i < broker->n_queues; i++)
        bus_queue_close(broker->queues[i]);
    bus_bell_close(broker->bell);
    bus_news_close(broker->news);
    service_stopped(service);
}

void broker_report(struct service *service, struct arena *arena, Rpc__ProbeReport *report)
{
    struct broker *broker = service->self;
    char *summary = arena_printf(arena, "broker:");

    for (unsigned i = 0; i < broker->n_queues && summary; i++) {
        struct bus_queue_counts counts;
        char labels[64];

        bus_queue_counts(broker->queues[i], &counts);
        summary = arena_printf(arena, "%s %s=%s/%u", summary, broker->names[i], counts.served ? "served" : "unserved",
                               counts.depth);
        snprintf(labels, sizeof(labels), "queue=\"%s\"", broker->names[i]);
        rpc_metric(arena, report, "huigong_queue_served", "gauge", labels, counts.served);
        rpc_metric(arena, report, "huigong_queue_depth", "gauge", labels, counts.depth);
        rpc_metric(arena, report, "huigong_queue_clients", "gauge", labels, counts.clients);
        rpc_metric(arena, report, "huigong_queue_forwarded_total", "counter", labels, (double)counts.forwarded);
        rpc_metric(arena, report, "huigong_queue_unserved_total", "counter", labels, (double)counts.refused_unserved);
        rpc_metric(arena, report, "huigong_queue_full_total", "counter", labels, (double)counts.refused_full);
    }
    if (summary)
        report->summary = summary;
}
