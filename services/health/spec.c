#include "services/health/booking/visits.h"
#include "services/health/campaign/sites.h"
#include "services/health/door/entrance.h"
#include "services/health/lot/entitlements.h"
#include "services/health/report/reports.h"
#include "services/health/settlement/settlements.h"

extern const unsigned char health_schema[];
extern const size_t health_schema_len;

static struct conf_entry conf[] = {
    {"HUIGONG_DRAW_KEY", NULL, CONF_PATH, "file of the keys that seal the secrets of draws (deploy/keys draw)", 0, 0,
     NULL},
    {"HUIGONG_PASS_KEY", NULL, CONF_PATH, "file of the keys that sign passes (deploy/keys pass)", 0, 0, NULL},
    {"HUIGONG_LOOK_KEY", NULL, CONF_PATH, "file of the key of letters about who was scanned (deploy/keys look)", 0, 0,
     NULL},
    {"HUIGONG_REPORT_KEY", NULL, CONF_PATH,
     "file of the keys that seal the keys of reports and sites' accounts (deploy/keys report)", 0, 0, NULL},
    {"HUIGONG_REPORT_DAYS", "730", CONF_INT, "days that a report is kept", 1, 36500, NULL},
    CONF_END,
};

static int read_map(struct health *self)
{
    struct arena arena;
    const Health__Site *site;
    bool ok = true;

    arena_init(&arena, LIMIT_REQUEST_ARENA);
    sites_ask(&self->sites, 0);
    while (ok && (site = sites_next(&self->sites, &arena))) {
        ok = site->closed || site_on_map(&self->map, site);
        arena_reset(&arena);
    }
    sites_end(&self->sites);
    arena_done(&arena);
    return ok ? 0 : -1;
}

static const struct granted_kind granted_kind = {"health", entitlement_withdraw};

static int start(struct service *service)
{
    struct health *self = service->self;

    slots_use(&self->slots, &visits_words);
    bookings_serve(&self->bookings, &visits_service, self, &self->slots);
    settlement_use(&self->settlement, &settlements_kind, &self->two_hands);
    self->report_keys = pii_keys_open(conf_text(conf, "HUIGONG_REPORT_KEY"));
    payees_use(&self->payees, self->report_keys, &self->two_hands);
    payments_use(&self->payments, &self->payees);
    self->letters = pii_keys_open(conf_text(conf, "HUIGONG_LOOK_KEY"));
    self->passes = pass_keys_open(conf_text(conf, "HUIGONG_PASS_KEY"));
    scanners_serve(&self->scanners, &entrance_scanners);
    door_serve(&self->door, &entrance_service, self, &self->bookings, &self->scanners, &self->holders, self->passes);
    vault_open(&self->vault, &report_kind, self->report_keys, conf_int(conf, "HUIGONG_REPORT_DAYS") * HEALTH_DAY_MS);
    if (lottery_start(&self->lottery, conf_text(conf, "HUIGONG_DRAW_KEY")) == 0 && self->letters && self->passes &&
        self->report_keys && read_map(self) == 0 && granted_start(&self->granted, &granted_kind, &self->holders) == 0 &&
        !store_trouble(self->store))
        return 0;
    health_done(self);
    return -1;
}

void health_done(struct health *self)
{
    lottery_done(&self->lottery);
    map_done(&self->map);
    granted_done(&self->granted);
    pii_keys_close(self->report_keys);
    pii_keys_close(self->letters);
    pass_keys_close(self->passes);
    self->report_keys = self->letters = NULL;
    self->passes = NULL;
}

void *health_pack(const ProtobufCMessage *message, struct arena *arena, size_t *ret_len)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = arena_alloc(arena, len + 1);

    if (packed)
        *ret_len = protobuf_c_message_pack(message, packed);
    return packed;
}

char *health_text(struct store *store, unsigned statement, int column, struct arena *arena)
{
    const char *text = store_text(store, statement, column);

    return arena_strndup(arena, text, strlen(text));
}

static void report(struct service *service, struct arena *arena, Rpc__ProbeReport *ret)
{
    granted_report(&((struct health *)service->self)->granted, arena, ret);
}

SERVICE_TABLE(health, HEALTH, .slice_ms = 2, .gone_before = HEALTH__EVENT__EVENT_MEMBER_GONE,
              .moved_before = HEALTH__EVENT__EVENT_UNION_MOVED)

const struct service_spec health_spec = {
    .name = "health",
    .about = "health checks given by lot: campaigns, sites, entries, draws",
    .conf = conf,
    .parts = &service_table,
    .schema = health_schema,
    .schema_len = &health_schema_len,
    .start = start,
    .report = report,
};
