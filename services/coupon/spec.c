#include "identity/identity.pb-c.h"
#include "services/coupon/api.h"
#include "services/coupon/coupon.h"
#include "services/coupon/store.h"

extern const unsigned char coupon_schema[];
extern const size_t coupon_schema_len;

#define IDLE_TICK_MS 100
#define IDLE_CALLS   500 /* fewer in a tick leave room for indexing */
#define INDEX_SLICE  1000

static void on_idle_tick(uv_timer_t *timer)
{
    struct coupon *self = timer->data;
    uint64_t calls = rpc_server_counts(self->rpc)->calls;

    if (calls - self->calls_seen < IDLE_CALLS)
        coupon_index_slice(self, INDEX_SLICE);
    coupon_forget_ended(self);
    self->calls_seen = calls;
}

static void on_identity(void *arg, void *call, const Rpc__JournalRow *row)
{
    Identity__Event *event = identity__event__unpack(NULL, row->body.len, row->body.data);

    if (event && event->event_case == IDENTITY__EVENT__EVENT_UNION_MOVED)
        coupon_follow_move(arg, event->union_moved->old_path, event->union_moved->path, call);
    identity__event__free_unpacked(event, NULL);
}

static const int32_t identity_kinds[] = {IDENTITY__EVENT__EVENT_UNION_MOVED};
static const struct service_follow follows[] = {
    {"identity", identity_kinds, ARRAY_LEN(identity_kinds), on_identity},
    {NULL, NULL, 0, NULL},
};

static int start(struct service *service)
{
    static struct coupon coupon;

    coupon.service = coupon_api;
    if (coupon_init(&coupon, service->store, service->rpc, &service->clock) || service_ids(service, &coupon.ids))
        return -1;
    service->self = &coupon;
    rpc_server_add(service->rpc, &coupon.service.base);
    return 0;
}

static int serve(struct service *service)
{
    struct coupon *self = service->self;

    uv_timer_init(&service->loop, &self->idle);
    self->idle.data = self;
    return uv_timer_start(&self->idle, on_idle_tick, IDLE_TICK_MS, IDLE_TICK_MS) ? -1 : 0;
}

static void report(struct service *service, struct arena *arena, Rpc__ProbeReport *ret)
{
    struct coupon *self = service->self;
    int64_t granted = 0;

    for (unsigned i = 0; i < self->n_releases; i++)
        granted += self->releases[i]->granted;
    rpc_metric(arena, ret, "huigong_releases", "gauge", "", self->n_releases);
    rpc_metric(arena, ret, "huigong_coupons_granted", "gauge", "", (double)granted);
}

const struct service_spec coupon_spec = {
    .name = "coupon",
    .about = "releases of coupons and the claims on them",
    .schema = coupon_schema,
    .schema_len = &coupon_schema_len,
    .sql = coupon_sql,
    .n_sql = &coupon_n_sql,
    .start = start,
    .serve = serve,
    .report = report,
    .audit = coupon_audit,
    .follows = follows,
};
