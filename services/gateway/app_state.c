/* app_state.c: what a worker of the gateway knows beside its requests: which
 * queues are served and which sessions are revoked. */
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "identity/identity.pb-c.h"
#include "services/gateway/app.h"

#define PROBE_MS         1000
#define REVOCATION_QUEUE "identity"

static void note_revocations(struct app *app);

static void on_probe_tick(uv_timer_t *timer)
{
    struct app *app = timer->data;

    queues_probe(&app->queues);
    revoked_forget(&app->revoked, clock_now(&app->clock));
    note_revocations(app);
}

/* ---- revoked sessions ---- */

static void on_revocation(void *arg, void *call, const Rpc__JournalRow *row)
{
    struct app *app = arg;
    int64_t now = clock_now(&app->clock); /* identity's may have been ahead when it wrote the row */
    Identity__Event *event = identity__event__unpack(NULL, row->body.len, row->body.data);

    (void)call;
    if (event && event->event_case == IDENTITY__EVENT__EVENT_SESSION_REVOKED)
        revoked_add(&app->revoked, event->session_revoked->session_id, row->at < now ? row->at : now);
    identity__event__free_unpacked(event, NULL);
}

/* Whether this worker knows whose session has ended; without that it takes no token. */
static void note_revocations(struct app *app)
{
    bool knows = follower_is_current(app->revocations);

    if (knows == app->knows_revocations)
        return;
    app->knows_revocations = knows;
    atomic_fetch_add(&app->settings->knowing, knows ? 1 : -1);
    log_info(knows ? "revocations_known" : "revocations_not_known", "worker", log_int(app->worker));
}

bool app_knows_revocations(struct app *app)
{
    if (!app->knows_revocations)
        note_revocations(app);
    return app->knows_revocations;
}

/* ---- heads of journals ---- */

static void write_head(const Rpc__JournalHead *head, struct buf *ret)
{
    char hash[HEX_SIZE(32)], key[HEX_SIZE(8)], signature[HEX_SIZE(64)];

    if (head->hash.len != 32 || head->key.len != 8 || head->signature.len != 64)
        return;
    hex_print(head->hash.data, head->hash.len, hash);
    hex_print(head->key.data, head->key.len, key);
    hex_print(head->signature.data, head->signature.len, signature);
    buf_printf(ret, "{\"seq\":\"%lld\",\"at\":\"%lld\",\"hash\":\"%s\",\"key\":\"%s\",\"signature\":\"%s\"}",
               (long long)head->seq, (long long)head->at, hash, key, signature);
}

void app_heads(struct app *app, struct buf *ret)
{
    const char *comma = "";

    buf_printf(ret, "{\"journals\":[");
    for (unsigned i = 0; i < app->queues.n; i++) {
        const Rpc__ProbeReport *report = app->queues.list[i].report;
        const Rpc__HeadList *list = report ? report->heads : NULL;
        char point[HEX_SIZE(64)];

        if (!list || list->public_point.len != 64)
            continue;
        hex_print(list->public_point.data, list->public_point.len, point);
        buf_printf(ret, "%s{\"queue\":\"%s\",\"publicPoint\":\"%s\",\"heads\":[", comma, app->queues.list[i].name,
                   point);
        for (size_t j = 0; j < list->n_heads; j++) {
            buf_printf(ret, "%s", j ? "," : "");
            write_head(list->heads[j], ret);
        }
        buf_printf(ret, "]}");
        comma = ",";
    }
    buf_printf(ret, "]}\n");
}

void app_exporting(const struct app *app, struct buf *ret)
{
    const char *comma = "";

    buf_str(ret, "{\"services\":[");
    for (unsigned i = 0; i < app->queues.n; i++) {
        if (!queue_exports(&app->queues.list[i]))
            continue;
        buf_printf(ret, "%s\"%s\"", comma, app->queues.list[i].name);
        comma = ",";
    }
    buf_str(ret, "]}\n");
}

/* ---- readiness ---- */

/* What nothing goes without. */
static bool is_needed(const char *queue)
{
    return strcmp(queue, "broker") == 0 || strcmp(queue, REVOCATION_QUEUE) == 0;
}

bool app_ready(const struct app *app, struct buf *ret)
{
    bool stopping = app->settings->stopping, known = app->settings->knowing == app->settings->workers;
    bool ready = known && !stopping;

    for (unsigned i = 0; i < app->queues.n; i++)
        ready = ready && (app->queues.list[i].ready || !is_needed(app->queues.list[i].name));
    buf_str(ret, ready ? "ready\n" : stopping ? "stopping\n" : "not ready\n");
    for (unsigned i = 0; i < app->queues.n; i++)
        buf_printf(ret, "%s %s\n", app->queues.list[i].name, app->queues.list[i].ready ? "up" : "down");
    buf_printf(ret, "revocations %s\n", known ? "known" : "not known");
    return ready;
}

/* ---- the life of a worker's state ---- */

/* No lane takes more than half of the messages that the broker lets the edge have of a queue. */
static int open_queues(struct app *app, uv_loop_t *loop)
{
    unsigned lane = LIMIT_BROKER_EDGE / 2 / (unsigned)app->settings->workers;
    struct queues_options options = {
        .loop = loop,
        .bus_dir = app->settings->bus_dir,
        .partitions = app->settings->partitions,
        .window = app->settings->window,
        .lane_window = lane < 1                     ? 1
                       : lane > LIMIT_CLIENT_WINDOW ? LIMIT_CLIENT_WINDOW
                                                    : lane,
    };

    return queues_open(&app->queues, &options);
}

static int follow_revocations(struct app *app, uv_loop_t *loop)
{
    static const int32_t kinds[] = {IDENTITY__EVENT__EVENT_SESSION_REVOKED};
    struct follow_options options = {
        .loop = loop,
        .bus_dir = app->settings->bus_dir,
        .queue = REVOCATION_QUEUE,
        .since = clock_now(&app->clock) - LIMIT_SESSION_MS,
        .kinds = kinds,
        .n_kinds = ARRAY_LEN(kinds),
        .apply = on_revocation,
        .arg = app,
    };

    options.client = queues_find(&app->queues, REVOCATION_QUEUE)->client;
    app->revocations = follower_open(&options);
    return app->revocations ? 0 : -1;
}

int app_open(struct app *app, struct app_settings *settings, int worker, uv_loop_t *loop)
{
    *app = (struct app){.settings = settings, .worker = worker};
    clock_real(&app->clock);
    clock_random(&app->clock, &app->trace_prefix, sizeof(app->trace_prefix));
    buf_init(&app->out, LIMIT_MESSAGE_SIZE);
    link_init(&app->parts);
    uv_timer_init(loop, &app->probes);
    app->probes.data = app;
    if (revoked_init(&app->revoked) || open_queues(app, loop) || follow_revocations(app, loop))
        return -1;
    return uv_timer_start(&app->probes, on_probe_tick, 0, PROBE_MS) ? -1 : 0;
}

void app_flush(struct app *app)
{
    queues_flush(&app->queues);
}

static void free_app(uv_handle_t *probes)
{
    free(probes->data);
}

void app_close(struct app *app)
{
    uv_close((uv_handle_t *)&app->probes, free_app);
    follower_close(app->revocations);
    queues_close(&app->queues);
    buf_done(&app->out);
    revoked_done(&app->revoked);
}
