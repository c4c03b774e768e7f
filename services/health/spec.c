#include "common/base/limits.h"
#include "identity/identity.pb-c.h"
#include "services/health/holder/accounts.h"
#include "services/health/api.h"
#include "services/health/booking/bookings.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/report/consents.h"
#include "services/health/campaign/due.h"
#include "services/health/lot/entitlements.h"
#include "services/health/lot/entries.h"
#include "services/health/lot/lots.h"
#include "services/health/lot/places.h"
#include "services/health/report/reports.h"
#include "services/health/door/scans.h"
#include "services/health/settlement/settlements.h"
#include "services/health/campaign/sites.h"
#include "services/health/story/story.h"
#include "services/health/holder/union_moves.h"
#include "services/health/door/walk_ins.h"

extern const unsigned char health_schema[];
extern const size_t health_schema_len;

#define TIDY_MS  1000
#define SLICE_MS 2 /* between two slices of long work */

static struct conf_entry conf[] = {
    {"HUIGONG_DRAW_KEY", NULL, CONF_PATH, "file of the keys that seal the secrets of draws (deploy/keys draw)", 0, 0,
     NULL},
    {"HUIGONG_PASS_KEY", NULL, CONF_PATH, "file of the keys that sign passes (deploy/keys pass)", 0, 0, NULL},
    {"HUIGONG_LOOK_KEY", NULL, CONF_PATH, "file of the key of letters about who was scanned (deploy/keys look)", 0, 0,
     NULL},
    {"HUIGONG_REPORT_KEY", NULL, CONF_PATH, "file of the keys that seal the keys of reports (deploy/keys report)", 0, 0,
     NULL},
    {"HUIGONG_REPORT_DAYS", "730", CONF_INT, "days that a report is kept", 1, 36500, NULL},
    CONF_END,
};

static void ids_from(struct id_source *ids, int64_t last)
{
    if (last > ids->last)
        ids->last = last;
}

int health_open_parts(struct health *self)
{
    return campaigns_open(&self->campaigns, self->store) || sites_open(&self->sites, self->store) ||
                   entitlements_open(&self->entitlements, self->store) || entries_open(&self->entries, self->store) ||
                   draws_open(&self->draws, self->store) || places_open(&self->places, self->store) ||
                   slots_open(&self->slots, self->store) || bookings_open(&self->bookings, self->store) ||
                   scans_open(&self->scans, self->store) || walk_ins_open(&self->walk_ins, self->store) ||
                   reports_open(&self->reports, self->store) || settlements_open(&self->settlements, self->store) ||
                   consents_open(&self->consents, self->store) || accounts_open(&self->accounts, self->store) ||
                   stories_open(&self->stories, self->store) || union_moves_open(&self->union_moves, self->store)
               ? -1
               : 0;
}

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

int health_init(struct health *self, struct service *service)
{
    static struct lots lots;

    *self = (struct health){
        .lots = &lots,
        .campaigns_service = campaigns_api,
        .sites_service = sites_api,
        .entries_service = entries_api,
        .draws_service = draws_api,
        .slots_service = slots_api,
        .bookings_service = bookings_api,
        .passes_service = passes_api,
        .doors_service = doors_api,
        .scans_service = scans_api,
        .reports_service = reports_api,
        .settlements_service = settlements_api,
        .stories_service = stories_api,
        .store = service->store,
        .rpc = service->rpc,
        .clock = &service->clock,
    };
    if (health_open_parts(self))
        return -1;
    ids_from(&self->ids, campaigns_last_id(&self->campaigns));
    ids_from(&self->ids, sites_last_id(&self->sites));
    ids_from(&self->ids, entries_last_id(&self->entries));
    ids_from(&self->ids, chains_last_id(&self->draws));
    ids_from(&self->ids, entitlements_last_id(&self->entitlements));
    ids_from(&self->ids, slots_last_id(&self->slots));
    ids_from(&self->ids, bookings_last_id(&self->bookings));
    ids_from(&self->ids, scans_last_id(&self->scans));
    ids_from(&self->ids, reports_last_id(&self->reports));
    ids_from(&self->ids, settlements_last_id(&self->settlements));
    ids_from(&self->ids, union_moves_last_id(&self->union_moves));
    self->report_ms = conf_int(conf, "HUIGONG_REPORT_DAYS") * HEALTH_DAY_MS;
    self->keys = pii_keys_open(conf_text(conf, "HUIGONG_DRAW_KEY"));
    self->report_keys = pii_keys_open(conf_text(conf, "HUIGONG_REPORT_KEY"));
    self->letters = pii_keys_open(conf_text(conf, "HUIGONG_LOOK_KEY"));
    self->passes = pass_keys_open(conf_text(conf, "HUIGONG_PASS_KEY"));
    if (self->keys && self->letters && self->passes && self->report_keys && read_map(self) == 0 && !store_trouble(self->store))
        return 0;
    health_done(self);
    return -1;
}

void health_done(struct health *self)
{
    lots_done(self->lots);
    map_done(&self->map);
    pii_keys_close(self->keys);
    pii_keys_close(self->report_keys);
    pii_keys_close(self->letters);
    pass_keys_close(self->passes);
    self->keys = self->report_keys = self->letters = NULL;
    self->passes = NULL;
}

int64_t health_number(struct store *store, unsigned statement)
{
    store_ask(store, statement, "");
    return store_number(store, statement);
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

bool health_tidy(struct health *self)
{
    bool more = lots_step(self);

    more = accounts_tidy(self) || more;
    more = union_moves_tidy(self) || more;
    more = due_step(self) || more;
    more = bookings_tidy(self) || more;
    more = reports_tidy(self) || more;
    return stories_tidy(self) || more;
}

/* The next slice comes soon when there is one, and other calls before it. */
static void on_tidy(uv_timer_t *timer)
{
    uv_timer_start(timer, on_tidy, health_tidy(timer->data) ? SLICE_MS : TIDY_MS, 0);
}

static int start(struct service *service)
{
    static struct health health;

    if (health_init(&health, service) || service_ids(service, &health.ids))
        return -1;
    service->self = &health;
    rpc_server_add(service->rpc, &health.campaigns_service.base);
    rpc_server_add(service->rpc, &health.sites_service.base);
    rpc_server_add(service->rpc, &health.entries_service.base);
    rpc_server_add(service->rpc, &health.draws_service.base);
    rpc_server_add(service->rpc, &health.slots_service.base);
    rpc_server_add(service->rpc, &health.bookings_service.base);
    rpc_server_add(service->rpc, &health.passes_service.base);
    rpc_server_add(service->rpc, &health.doors_service.base);
    rpc_server_add(service->rpc, &health.scans_service.base);
    rpc_server_add(service->rpc, &health.reports_service.base);
    rpc_server_add(service->rpc, &health.settlements_service.base);
    rpc_server_add(service->rpc, &health.stories_service.base);
    return 0;
}

void health_on_identity(void *health, void *call, const Rpc__JournalRow *row)
{
    const Identity__Event *event = identity__event__unpack(&rpc_arena(call)->allocator, row->body.len, row->body.data);

    switch (event ? event->event_case : IDENTITY__EVENT__EVENT__NOT_SET) {
    case IDENTITY__EVENT__EVENT_CONSENT_CHANGED:
        consent_apply(health, event->consent_changed);
        break;
    case IDENTITY__EVENT__EVENT_POLICY_PUBLISHED:
        policy_apply(health, event->policy_published);
        break;
    case IDENTITY__EVENT__EVENT_MEMBERS_MERGED:
        account_end(health, event->members_merged->gone_id, event->members_merged->kept_id, call);
        break;
    case IDENTITY__EVENT__EVENT_ACCOUNT_CLOSED:
        account_end(health, event->account_closed->member_id, 0, call);
        break;
    case IDENTITY__EVENT__EVENT_UNION_MOVED:
        union_move(health, event->union_moved->old_path, event->union_moved->path, call);
        break;
    default:
        break;
    }
}

static const int32_t identity_kinds[] = {
    IDENTITY__EVENT__EVENT_CONSENT_CHANGED, IDENTITY__EVENT__EVENT_POLICY_PUBLISHED,
    IDENTITY__EVENT__EVENT_MEMBERS_MERGED,  IDENTITY__EVENT__EVENT_ACCOUNT_CLOSED,
    IDENTITY__EVENT__EVENT_UNION_MOVED,
};
static const struct service_follow follows[] = {
    {"identity", identity_kinds, ARRAY_LEN(identity_kinds), health_on_identity},
    {NULL, NULL, 0, NULL},
};

static int serve(struct service *service)
{
    struct health *self = service->self;

    uv_timer_init(&service->loop, &self->tidy);
    self->tidy.data = self;
    return uv_timer_start(&self->tidy, on_tidy, SLICE_MS, 0) ? -1 : 0; /* what was due meanwhile, at once */
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
    .follows = follows,
};
