#include "services/health/api.h"
#include "services/health/campaigns.h"
#include "services/health/entitlements.h"
#include "services/health/sites.h"

extern const unsigned char health_schema[];
extern const size_t health_schema_len;

#define TIDY_MS  1000
#define SLICE_MS 2 /* between two slices of long work */

static struct conf_entry conf[] = {
    {"HUIGONG_DRAW_KEY", NULL, CONF_PATH, "file of the keys that seal the secrets of draws (deploy/keys draw)", 0, 0,
     NULL},
    CONF_END,
};

static void ids_from(struct id_source *ids, int64_t last)
{
    if (last > ids->last)
        ids->last = last;
}

int health_init(struct health *self, struct service *service)
{
    *self = (struct health){
        .campaigns_service = campaigns_api,
        .sites_service = sites_api,
        .store = service->store,
        .rpc = service->rpc,
        .clock = &service->clock,
    };
    if (campaigns_open(&self->campaigns, self->store) || sites_open(&self->sites, self->store) ||
        entitlements_open(&self->entitlements, self->store))
        return -1;
    ids_from(&self->ids, campaigns_last_id(&self->campaigns));
    ids_from(&self->ids, sites_last_id(&self->sites));
    ids_from(&self->ids, entitlements_last_id(&self->entitlements));
    self->keys = pii_keys_open(conf_text(conf, "HUIGONG_DRAW_KEY"));
    if (self->keys && !store_trouble(self->store))
        return 0;
    health_done(self);
    return -1;
}

void health_done(struct health *self)
{
    pii_keys_close(self->keys);
    self->keys = NULL;
}

void *health_pack(const ProtobufCMessage *message, struct arena *arena, size_t *ret_len)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = arena_alloc(arena, len + 1);

    if (packed)
        *ret_len = protobuf_c_message_pack(message, packed);
    return packed;
}

bool health_tidy(struct health *self)
{
    (void)self;
    return false;
}

int health_audit(struct store *store, struct journal *journal, FILE *out)
{
    (void)store;
    (void)journal;
    (void)out;
    return 0;
}

/* The next slice comes soon when there is one, and other calls before it. */
static void on_tidy(uv_timer_t *timer)
{
    uv_timer_start(timer, on_tidy, health_tidy(timer->data) ? SLICE_MS : TIDY_MS, 0);
}

static int start(struct service *service)
{
    static struct health health;

    if (health_init(&health, service))
        return -1;
    service->self = &health;
    rpc_server_add(service->rpc, &health.campaigns_service.base);
    rpc_server_add(service->rpc, &health.sites_service.base);
    return 0;
}

static int serve(struct service *service)
{
    struct health *self = service->self;

    uv_timer_init(&service->loop, &self->tidy);
    self->tidy.data = self;
    return uv_timer_start(&self->tidy, on_tidy, TIDY_MS, 0) ? -1 : 0;
}

const struct service_spec health_spec = {
    .name = "health",
    .about = "health checks given by lot: campaigns, sites, entries, draws",
    .conf = conf,
    .schema = health_schema,
    .schema_len = &health_schema_len,
    .start = start,
    .serve = serve,
    .audit = health_audit,
};
