#include "services/gateway/queues.h"

#include "common/base/limits.h"
#include "common/base/log.h"

#define BROKER "broker"

/* ---- the way of a call ---- */

struct queue *queues_find(const struct queues *queues, const char *name)
{
    for (unsigned i = 0; i < queues->n; i++) {
        if (strcmp(queues->list[i].name, name) == 0)
            return &queues->list[i];
    }
    return NULL;
}

static int64_t first_id(void *arg, const char *name)
{
    const struct queue *queue = queues_find(arg, name);

    return queue ? queue->first_id : 0;
}

bool queue_exports(const struct queue *queue)
{
    return strcmp(queue->name, BROKER) != 0 && !api_exports_itself(queue->name);
}

/* Of an operation that every daemon has: the service that its path names. */
static struct rpc_client *named_way(const struct queues *queues, const struct api_method *method,
                                    const ProtobufCMessage *input)
{
    const char *name =
        *(const char *const *)(const void *)((const char *)input + method->params[0]->descriptor->offset);
    const struct queue *queue = queues_find(queues, name);

    return queue ? queue->client : NULL;
}

struct rpc_client *queues_way(const struct queues *queues, const struct api_method *method,
                              const ProtobufCMessage *input, const char *union_path)
{
    const struct queue *queue = &queues->list[queues->of_method[method - api_methods()]];
    const struct partition *partition;

    if (!*method->queue)
        return named_way(queues, method, input);
    partition = partitions_route(queues->options.partitions, method, input, union_path, first_id, unconst(queues));
    if (partition)
        queue = queues_find(queues, partition->queue);
    for (unsigned i = 0; method->rule->outside && i < queues->n_lanes; i++) {
        if (queues->lanes[i].method == method && queues->lanes[i].queue == queue)
            return queues->lanes[i].client;
    }
    return queue->client;
}

/* ---- opening ---- */

static int open_queue(struct queues *queues, const char *name)
{
    struct queue *queue = &queues->list[queues->n];

    if (queues->n == LIMIT_QUEUES) {
        log_error("too_many_queues", "limit", log_int(LIMIT_QUEUES));
        return -1;
    }
    queue->name = name;
    queue->client = rpc_client_open(queues->options.loop, queues->options.bus_dir, name, queues->options.window);
    queues->n += queue->client != NULL;
    return queue->client ? 0 : -1;
}

/* A service's queue, and behind it those of its partitions. */
static int open_service(struct queues *queues, const char *name)
{
    const struct partitions *partitions = queues->options.partitions;
    int failed = queues_find(queues, name) ? 0 : open_queue(queues, name);

    for (unsigned i = 0; i < partitions->n && !failed; i++) {
        const struct partition *partition = &partitions->list[i];

        if (partition_is_of(partition, name) && !queues_find(queues, partition->queue))
            failed = open_queue(queues, partition->queue);
    }
    return failed;
}

static int open_lane(struct queues *queues, const struct api_method *method, const struct queue *queue)
{
    struct lane *lane = &queues->lanes[queues->n_lanes];

    *lane = (struct lane){queue, method, NULL};
    lane->client =
        rpc_client_open(queues->options.loop, queues->options.bus_dir, queue->name, queues->options.lane_window);
    queues->n_lanes += lane->client != NULL;
    return lane->client ? 0 : -1;
}

static bool is_of_service(const struct queues *queues, const struct queue *queue, const char *service)
{
    const struct partition *partition = partitions_find(queues->options.partitions, queue->name);

    return strcmp(queue->name, service) == 0 || (partition && partition_is_of(partition, service));
}

static int open_lanes(struct queues *queues)
{
    size_t n = 0;
    int failed = 0;

    for (const struct api_method *method = api_methods(); method->name; method++)
        n += method->http && method->rule->outside ? queues->n : 0;
    queues->lanes = calloc(n + 1, sizeof(queues->lanes[0]));
    if (!queues->lanes)
        return -1;
    for (const struct api_method *method = api_methods(); method->name; method++) {
        for (unsigned i = 0; method->http && method->rule->outside && i < queues->n && !failed; i++) {
            if (is_of_service(queues, &queues->list[i], method->queue))
                failed = open_lane(queues, method, &queues->list[i]);
        }
    }
    return failed;
}

int queues_open(struct queues *queues, const struct queues_options *options)
{
    size_t n_methods = 0;

    *queues = (struct queues){.options = *options};
    while (api_methods()[n_methods].name)
        n_methods++;
    queues->list = calloc(LIMIT_QUEUES, sizeof(queues->list[0]));
    queues->of_method = calloc(n_methods + 1, sizeof(queues->of_method[0]));
    if (!queues->list || !queues->of_method || open_queue(queues, BROKER))
        return -1;
    for (const struct api_method *method = api_methods(); method->name; method++) {
        if (!method->http || !*method->queue)
            continue;
        if (open_service(queues, method->queue))
            return -1;
        queues->of_method[method - api_methods()] = (unsigned)(queues_find(queues, method->queue) - queues->list);
    }
    return open_lanes(queues);
}

/* ---- what they report ---- */

static void on_report(void *arg, const Rpc__Answer *answer)
{
    struct queue *queue = arg;
    Rpc__ProbeReport *report = NULL;

    queue->asking = false;
    if (!answer->reason)
        report = rpc__probe_report__unpack(NULL, answer->output.len, answer->output.data);
    if (queue->ready != (report && report->healthy)) {
        queue->ready = !queue->ready;
        log_info(queue->ready ? "queue_ready" : "queue_not_ready", "queue", queue->name);
    }
    if (report)
        queue->first_id = report->first_id;
    rpc__probe_report__free_unpacked(queue->report, NULL);
    queue->report = report;
}

static void probe(struct queue *queue)
{
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    Rpc__Call call = RPC__CALL__INIT;

    if (queue->asking)
        return;
    principal.internal = true;
    call.method = "Daemon.Probe";
    call.principal = &principal;
    queue->asking = rpc_client_call(queue->client, &call, on_report, queue);
    rpc_client_flush(queue->client);
}

void queues_probe(struct queues *queues)
{
    for (unsigned i = 0; i < queues->n; i++)
        probe(&queues->list[i]);
}

void queues_flush(struct queues *queues)
{
    for (unsigned i = 0; i < queues->n; i++)
        rpc_client_flush(queues->list[i].client);
    for (unsigned i = 0; i < queues->n_lanes; i++)
        rpc_client_flush(queues->lanes[i].client);
}

void queues_close(struct queues *queues)
{
    for (unsigned i = 0; i < queues->n; i++) {
        rpc_client_close(queues->list[i].client);
        rpc__probe_report__free_unpacked(queues->list[i].report, NULL);
    }
    for (unsigned i = 0; i < queues->n_lanes; i++)
        rpc_client_close(queues->lanes[i].client);
    free(queues->list);
    free(queues->lanes);
    free(queues->of_method);
    *queues = (struct queues){.n = 0};
}
