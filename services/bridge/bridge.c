#include "services/bridge/bridge.h"

#include "common/log.h"

#define WINDOW 4 /* messages to identity */

static struct conf_entry conf[] = {
    {"HUIGONG_WECHAT_URL", "https://api.weixin.qq.com", CONF_TEXT, "where WeChat's interfaces are", 0, 0, NULL},
    {"HUIGONG_WECHAT_APPS", "", CONF_PATH, "file of the mini-programs: \"APPID SECRET\" lines", 0, 0, NULL},
    {"HUIGONG_CA", "/etc/ssl/certs/ca-certificates.crt", CONF_PATH, "certificates of the authorities trusted, PEM", 0,
     0, NULL},
    CONF_END,
};

/* Names of hosts are looked up by what is in /etc, or in a folder that it leads to. */
static const char *const read_paths[] = {"/etc", "/run/systemd/resolve", NULL};
static const char *const read_conf[] = {"HUIGONG_CA", NULL};

static int start(struct service *service)
{
    static struct bridge bridge;

    bridge = (struct bridge){.service = bridge_api, .clock = &service->clock};
    for (unsigned i = ARRAY_LEN(bridge.errands); i-- > 0;) {
        bridge.errands[i].next = bridge.idle;
        bridge.idle = &bridge.errands[i];
    }
    if (wechat_init(&bridge.wechat, conf_text(conf, "HUIGONG_WECHAT_URL"), conf_text(conf, "HUIGONG_WECHAT_APPS")) ||
        fetch_init())
        return -1;
    service->self = &bridge;
    rpc_server_add(service->rpc, &bridge.service.base);
    return 0;
}

static bool send_out(void *fetch, const struct fetch_request *request, fetch_done done, void *arg)
{
    return fetch_start(fetch, request, done, arg);
}

static int serve(struct service *service)
{
    struct bridge *self = service->self;

    self->fetch = fetch_open(&service->loop, conf_text(conf, "HUIGONG_CA"));
    self->identity = rpc_client_open(&service->loop, service_bus_dir(service), "identity", WINDOW);
    if (!self->fetch || !self->identity)
        return -1;
    wechat_open(&self->wechat, &service->loop, send_out, self->fetch);
    return 0;
}

/* Whoever waits is told STOPPING: by WeChat's part, then by identity's. */
static void stop(struct service *service)
{
    struct bridge *self = service->self;

    fetch_close(self->fetch);
    wechat_close(&self->wechat);
    rpc_client_close(self->identity);
    ensure(rpc_server_deferred(service->rpc) == 0);
    service_stopped(service);
}

static void report(struct service *service, struct arena *arena, Rpc__ProbeReport *ret)
{
    const struct bridge *self = service->self;
    const struct wechat *wechat = &self->wechat;

    rpc_metric(arena, ret, "huigong_bridge_deferred", "gauge", "", rpc_server_deferred(service->rpc));
    rpc_metric(arena, ret, "huigong_bridge_requests", "gauge", "", fetch_pending(self->fetch));
    rpc_metric(arena, ret, "huigong_wechat_apps", "gauge", "", wechat->n_apps);
    rpc_metric(arena, ret, "huigong_wechat_healthy", "gauge", "", !wechat->sick);
    rpc_metric(arena, ret, "huigong_wechat_requests_total", "counter", "", (double)wechat->asked);
    rpc_metric(arena, ret, "huigong_wechat_failed_total", "counter", "", (double)wechat->failed);
    rpc_metric(arena, ret, "huigong_wechat_tokens_total", "counter", "", (double)wechat->tokens);
}

const struct service_spec bridge_spec = {
    .name = "bridge",
    .about = "the only way out: WeChat",
    .conf = conf,
    .network = true,
    .read_conf = read_conf,
    .read_paths = read_paths,
    .start = start,
    .serve = serve,
    .stop = stop,
    .report = report,
};
