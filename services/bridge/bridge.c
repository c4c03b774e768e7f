#include "services/bridge/bridge.h"

#include "common/base/log.h"

extern const unsigned char bridge_schema[];
extern const size_t bridge_schema_len;

#define WINDOW 4 /* messages to identity */

_Static_assert(WECHAT_JOBS + WECHAT_APPS + 2 * PARTNER_JOBS <= FETCH_MAX, "no partner takes another's requests");

static struct conf_entry conf[] = {
    {"HUIGONG_WECHAT_URL", "https://api.weixin.qq.com", CONF_TEXT, "where WeChat's interfaces are", 0, 0, NULL},
    {"HUIGONG_WECHAT_APPS", "", CONF_PATH, "file of the mini-programs: \"APPID SECRET\" lines", 0, 0, NULL},
    {"HUIGONG_WECHAT_ACCOUNT", "", CONF_PATH, "file of the official account: \"APPID SECRET\"", 0, 0, NULL},
    {"HUIGONG_WECHAT_PAGES", "", CONF_TEXT, "hosts of the pages to which WeChat sends back: HOST[:PORT],...", 0, 0,
     NULL},
    {"HUIGONG_WECHAT_TEMPLATES", "", CONF_PATH,
     "file of the templates of what members are told (services/bridge/outbox/notice.h)", 0, 0, NULL},
    {"HUIGONG_WECHAT_OPEN_URL", "https://open.weixin.qq.com", CONF_TEXT, "where WeChat's own pages are", 0, 0, NULL},
    {"HUIGONG_REALNAME", "roster", CONF_TEXT, "how names are proven, in this order: roster, outside, or both", 0, 0,
     NULL},
    {"HUIGONG_VERIFIER_URL", "", CONF_TEXT, "where the verifier of names outside is", 0, 0, NULL},
    {"HUIGONG_VERIFIER_SECRET", "", CONF_PATH, "file of the key shared with it: \"ID KEY\"", 0, 0, NULL},
    {"HUIGONG_SMS_URL", "", CONF_TEXT, "where the sender of short messages is", 0, 0, NULL},
    {"HUIGONG_SMS_SECRET", "", CONF_PATH, "file of the key shared with it: \"ID KEY\"", 0, 0, NULL},
    {"HUIGONG_CA", "/etc/ssl/certs/ca-certificates.crt", CONF_PATH, "certificates of the authorities trusted, PEM", 0,
     0, NULL},
    CONF_END,
};

/* Names of hosts are looked up by what is in /etc, or in a folder that it leads to. */
static const char *const read_paths[] = {"/etc", "/run/systemd/resolve", NULL};
static const char *const read_conf[] = {"HUIGONG_CA", NULL};

static int read_ways(struct bridge *self, const char *text)
{
    static const char *const orders[] = {"roster", "outside", "roster,outside", "outside,roster"};
    unsigned order = 0;

    while (order < ARRAY_LEN(orders) && strcmp(text, orders[order]) != 0)
        order++;
    if (order == ARRAY_LEN(orders)) {
        log_error("setting_refused", "name", "HUIGONG_REALNAME", "value", text);
        return -1;
    }
    self->n_ways = order < 2 ? 1 : 2;
    self->ways[0] = order % 2 ? WAY_OUTSIDE : WAY_ROSTER;
    self->ways[1] = order % 2 ? WAY_ROSTER : WAY_OUTSIDE;
    if (order > 0 && !self->verifier.ready) {
        log_error("setting_refused", "name", "HUIGONG_REALNAME", "why", "outside needs HUIGONG_VERIFIER_URL");
        return -1;
    }
    return 0;
}

static int start(struct service *service)
{
    struct bridge *self = service->self;
    unsigned char key[32]; /* of pages' states */

    for (unsigned i = ARRAY_LEN(self->errands); i-- > 0;) {
        self->errands[i].next = self->idle;
        self->idle = &self->errands[i];
    }
    clock_random(self->clock, key, sizeof(key));
    if (wechat_init(&self->wechat, conf_text(conf, "HUIGONG_WECHAT_URL"), conf_text(conf, "HUIGONG_WECHAT_APPS"),
                    conf_text(conf, "HUIGONG_WECHAT_ACCOUNT")) ||
        page_init(&self->page, conf_text(conf, "HUIGONG_WECHAT_OPEN_URL"), conf_text(conf, "HUIGONG_WECHAT_PAGES"),
                  key) ||
        partner_init(&self->verifier, "verifier", "HUIGONG_VERIFIER_URL", conf_text(conf, "HUIGONG_VERIFIER_URL"),
                     conf_text(conf, "HUIGONG_VERIFIER_SECRET")) ||
        partner_init(&self->sms, "sms", "HUIGONG_SMS_URL", conf_text(conf, "HUIGONG_SMS_URL"),
                     conf_text(conf, "HUIGONG_SMS_SECRET")) ||
        read_ways(self, conf_text(conf, "HUIGONG_REALNAME")) ||
        outbox_init(&self->outbox, self, conf_text(conf, "HUIGONG_WECHAT_TEMPLATES")) || fetch_init())
        return -1;
    return 0;
}

static bool send_out(void *fetch, const struct fetch_request *request, fetch_done done, void *arg)
{
    return fetch_start(fetch, request, done, arg);
}

static bool ask_identity(void *identity, const Rpc__Call *call, rpc_answered answered, void *arg)
{
    bool asked = rpc_client_call(identity, call, answered, arg);

    rpc_client_flush(identity);
    return asked;
}

/* Whoever waits is told STOPPING: by WeChat's part, then by identity's, which also
 * answers what a partner's end would have told identity. */
static void end(struct service *service)
{
    struct bridge *self = service->self;

    fetch_close(self->fetch);
    wechat_close(&self->wechat);
    partner_close(&self->verifier);
    partner_close(&self->sms);
    rpc_client_close(self->identity);
    ensure(rpc_server_deferred(service->rpc) == 0);
    service_stopped(service);
}

static void on_tick(uv_timer_t *timer)
{
    struct service *service = timer->data;
    struct bridge *self = service->self;

    outbox_step(&self->outbox);
    if (service->stopping && !outbox_stop(&self->outbox)) {
        uv_timer_stop(timer);
        end(service);
    }
}

static int serve(struct service *service)
{
    struct bridge *self = service->self;

    self->fetch = fetch_open(&service->loop, conf_text(conf, "HUIGONG_CA"));
    self->identity = rpc_client_open(&service->loop, service_bus_dir(service), "identity", WINDOW);
    if (!self->fetch || !self->identity)
        return -1;
    wechat_open(&self->wechat, &service->loop, send_out, self->fetch);
    partner_open(&self->verifier, &service->loop, self->clock, send_out, self->fetch);
    partner_open(&self->sms, &service->loop, self->clock, send_out, self->fetch);
    self->outbox.ask = ask_identity;
    self->outbox.ask_self = self->identity;
    uv_timer_init(&service->loop, &self->tick);
    self->tick.data = service;
    return uv_timer_start(&self->tick, on_tick, OUTBOX_TICK_MS, OUTBOX_TICK_MS) ? -1 : 0;
}

/* Messages whose requests are out are waited for, as long as a call to WeChat may take. */
static void stop(struct service *service)
{
    struct bridge *self = service->self;

    outbox_stop(&self->outbox);
    uv_timer_start(&self->tick, on_tick, 0, OUTBOX_TICK_MS);
}

static void report_partner(const struct partner *partner, struct arena *arena, Rpc__ProbeReport *ret)
{
    char labels[32];

    if (!partner->ready)
        return;
    snprintf(labels, sizeof(labels), "partner=\"%s\"", partner->name);
    rpc_metric(arena, ret, "huigong_partner_healthy", "gauge", labels, !partner->sick);
    rpc_metric(arena, ret, "huigong_partner_requests_total", "counter", labels, (double)partner->asked);
    rpc_metric(arena, ret, "huigong_partner_failed_total", "counter", labels, (double)partner->failed);
}

static void report(struct service *service, struct arena *arena, Rpc__ProbeReport *ret)
{
    struct bridge *self = service->self;
    const struct wechat *wechat = &self->wechat;

    rpc_metric(arena, ret, "huigong_bridge_deferred", "gauge", "", rpc_server_deferred(service->rpc));
    rpc_metric(arena, ret, "huigong_bridge_requests", "gauge", "", fetch_pending(self->fetch));
    rpc_metric(arena, ret, "huigong_wechat_apps", "gauge", "", wechat->n_apps);
    rpc_metric(arena, ret, "huigong_wechat_healthy", "gauge", "", !wechat->sick);
    rpc_metric(arena, ret, "huigong_wechat_requests_total", "counter", "", (double)wechat->asked);
    rpc_metric(arena, ret, "huigong_wechat_failed_total", "counter", "", (double)wechat->failed);
    rpc_metric(arena, ret, "huigong_wechat_tokens_total", "counter", "", (double)wechat->tokens);
    outbox_report(&self->outbox, arena, ret);
    report_partner(&self->verifier, arena, ret);
    report_partner(&self->sms, arena, ret);
}

SERVICE_TABLE(bridge, BRIDGE)

const struct service_spec bridge_spec = {
    .name = "bridge",
    .about = "the only way out: WeChat, reminders, codes, and names proven outside",
    .conf = conf,
    .parts = &service_table,
    .schema = bridge_schema,
    .schema_len = &bridge_schema_len,
    .network = SANDBOX_DIALS,
    .read_conf = read_conf,
    .read_paths = read_paths,
    .start = start,
    .serve = serve,
    .stop = stop,
    .report = report,
};
