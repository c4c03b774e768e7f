#include "services/bridge/bridge.h"

#include <sys/resource.h>

#include "common/base/log.h"
#include "common/trust/pii.h"

extern const unsigned char bridge_schema[];
extern const size_t bridge_schema_len;

#define WINDOW 4 /* messages to identity */

_Static_assert(WECHAT_JOBS + WECHAT_APPS + 2 * PARTNER_JOBS + PAY_JOBS <= FETCH_MAX,
               "no partner takes another's requests");

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
    {"HUIGONG_PAY_URL", "https://api.mch.weixin.qq.com", CONF_TEXT, "where WeChat Pay is", 0, 0, NULL},
    {"HUIGONG_PAY_URL_SECOND", "https://api2.mch.weixin.qq.com", CONF_TEXT, "and where else, when it does not answer",
     0, 0, NULL},
    {"HUIGONG_PAY_MERCHANT", "", CONF_PATH,
     "file of the merchant: lines \"mchid N\", \"serial HEX\", \"apiv3 KEY\", \"appid ID\", \"public ID\"", 0, 0, NULL},
    {"HUIGONG_PAY_PRIVATE", "", CONF_PATH, "file of the merchant's private key, PEM", 0, 0, NULL},
    {"HUIGONG_PAY_PUBLIC", "", CONF_PATH, "file of WeChat Pay's public key, PEM; without it by its certificates", 0, 0,
     NULL},
    {"HUIGONG_PAY_NOTIFY", "", CONF_TEXT, "where WeChat Pay tells of payments: https://HOST/v1/callbacks/wechat-pay", 0,
     0, NULL},
    {"HUIGONG_PAY_RATE", "90", CONF_INT, "requests a second to WeChat Pay: so many that send, so many that ask", 1,
     PAY_RATE_MAX, NULL},
    {"HUIGONG_PAY_ORDER_MIN", "30", CONF_INT, "fen of one payment by WeChat at least", 10, 100000, NULL},
    {"HUIGONG_PAY_ORDER_MAX", "20000", CONF_INT, "and at most, as the merchant may", 30, 100000000, NULL},
    {"HUIGONG_PAY_PERSON_DAY", "200000", CONF_INT, "fen to one person in a day", 30, 1000000000, NULL},
    {"HUIGONG_PAY_DAY", "500000000", CONF_INT, "fen to all in a day", 30, INT64_C(100000000000), NULL},
    {"HUIGONG_PAY_SCENES", "1000,1002", CONF_TEXT, "what the merchant may pay for: 1000, 1002, 1004, 1011", 0, 0, NULL},
    {"HUIGONG_BANK_KEY", "", CONF_PATH, "file of the key under which accounts come: without it nothing is paid by bank",
     0, 0, NULL},
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

static int read_limits(struct pay_limits *ret)
{
    const char *text = conf_text(conf, "HUIGONG_PAY_SCENES");

    *ret = (struct pay_limits){
        .order_min = conf_int(conf, "HUIGONG_PAY_ORDER_MIN"),
        .order_max = conf_int(conf, "HUIGONG_PAY_ORDER_MAX"),
        .person_day = conf_int(conf, "HUIGONG_PAY_PERSON_DAY"),
        .day = conf_int(conf, "HUIGONG_PAY_DAY"),
        .by_bank = *conf_text(conf, "HUIGONG_BANK_KEY") != '\0',
    };
    for (char *rest; *text && ret->n_scenes < ARRAY_LEN(ret->scenes); text = rest + (*rest == ',')) {
        int scene = (int)strtol(text, &rest, 10);

        if (!payout_report_names(scene) || (*rest && *rest != ','))
            break;
        ret->scenes[ret->n_scenes++] = scene;
    }
    if (!*text)
        return 0;
    log_error("setting_refused", "name", "HUIGONG_PAY_SCENES", "value", text);
    return -1;
}

static int start_pay(struct bridge *self)
{
    struct pay_settings settings = {
        .url = conf_text(conf, "HUIGONG_PAY_URL"),
        .second_url = conf_text(conf, "HUIGONG_PAY_URL_SECOND"),
        .merchant = conf_text(conf, "HUIGONG_PAY_MERCHANT"),
        .private_key = conf_text(conf, "HUIGONG_PAY_PRIVATE"),
        .public_key = conf_text(conf, "HUIGONG_PAY_PUBLIC"),
        .notify_url = conf_text(conf, "HUIGONG_PAY_NOTIFY"),
        .rate = conf_int(conf, "HUIGONG_PAY_RATE"),
    };
    const struct rlimit none = {0, 0};
    struct pay_limits limits;

    /* What this daemon knows is not left in a file when it ends by force. */
    if (*settings.merchant && setrlimit(RLIMIT_CORE, &none)) {
        log_error("cores_not_forbidden");
        return -1;
    }
    if (read_limits(&limits) || pay_init(&self->pay, &settings))
        return -1;
    transfers_init(&self->transfers, self, &limits);
    favor_init(&self->favor, self);
    bill_work_init(&self->bill_work, self);
    flow_work_init(&self->flow_work, self);
    receipts_init(&self->receipts, self);
    return 0;
}

static int start(struct service *service)
{
    struct bridge *self = service->self;
    unsigned char key[32]; /* of pages' states */

    if (*conf_text(conf, "HUIGONG_BANK_KEY")) {
        self->bank_keys = pii_keys_open(conf_text(conf, "HUIGONG_BANK_KEY"));
        if (!self->bank_keys || bank_file_init())
            return -1;
    }
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
        outbox_init(&self->outbox, self, conf_text(conf, "HUIGONG_WECHAT_TEMPLATES")) || start_pay(self) ||
        fetch_init())
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
    pay_close(&self->pay);
    bill_work_done(&self->bill_work);
    flow_work_done(&self->flow_work);
    receipts_drop(&self->receipts, INT64_MAX);
    pii_keys_close(self->bank_keys);
    self->bank_keys = NULL;
    rpc_client_close(self->identity);
    ensure(rpc_server_deferred(service->rpc) == 0);
    service_stopped(service);
}

static void on_tick(uv_timer_t *timer)
{
    struct service *service = timer->data;
    struct bridge *self = service->self;

    outbox_step(&self->outbox);
    receipts_drop(&self->receipts, clock_now(self->clock));
    if (service->stopping && !outbox_stop(&self->outbox) && !transfers_stop(&self->transfers) &&
        !favor_stop(&self->favor)) {
        uv_timer_stop(timer);
        uv_timer_stop(&self->transfer);
        uv_timer_stop(&self->gift);
        end(service);
    }
}

static void on_transfer(uv_timer_t *timer)
{
    struct service *service = timer->data;
    struct bridge *self = service->self;

    int next_ms = transfers_step(&self->transfers), bill_ms = bill_work_step(&self->bill_work);

    uv_timer_start(timer, on_transfer, (uint64_t)(next_ms < bill_ms ? next_ms : bill_ms), 0);
}

static void on_gift(uv_timer_t *timer)
{
    struct service *service = timer->data;
    struct bridge *self = service->self;

    int next_ms = favor_step(&self->favor), flow_ms = flow_work_step(&self->flow_work);

    uv_timer_start(timer, on_gift, (uint64_t)(next_ms < flow_ms ? next_ms : flow_ms), 0);
}

static bool run_beside(void *worker, struct worker_task *task)
{
    return worker_submit(worker, task);
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
    pay_open_over(&self->pay, &service->loop, self->clock, send_out, self->fetch, run_beside, service->worker);
    self->transfers.ask = ask_identity;
    self->transfers.ask_self = self->identity;
    uv_timer_init(&service->loop, &self->transfer);
    self->transfer.data = service;
    uv_timer_start(&self->transfer, on_transfer, TRANSFERS_BUSY_MS, 0);
    self->favor.ask = ask_identity;
    self->favor.ask_self = self->identity;
    uv_timer_init(&service->loop, &self->gift);
    self->gift.data = service;
    uv_timer_start(&self->gift, on_gift, OUTBOX_TICK_MS, 0);
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
    transfers_stop(&self->transfers);
    favor_stop(&self->favor);
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
    if (self->pay.ready) {
        transfers_report(&self->transfers, arena, ret);
        bill_work_report(&self->bill_work, arena, ret);
    }
    report_partner(&self->verifier, arena, ret);
    report_partner(&self->sms, arena, ret);
}

SERVICE_TABLE(bridge, BRIDGE)

const struct service_spec bridge_spec = {
    .name = "bridge",
    .about = "the only way out: WeChat, reminders, codes, names proven outside, and payments",
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
