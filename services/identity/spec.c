#include "common/log.h"
#include "services/identity/api.h"
#include "services/identity/api_membership.h"
#include "services/identity/api_rights.h"
#include "services/identity/cadres.h"
#include "services/identity/changes.h"
#include "services/identity/companies.h"
#include "services/identity/credentials.h"
#include "services/identity/covers.h"
#include "services/identity/closings.h"
#include "services/identity/consents.h"
#include "services/identity/corrections.h"
#include "services/identity/data_keys.h"
#include "services/identity/joins.h"
#include "services/identity/proofs.h"
#include "services/identity/merges.h"
#include "services/identity/looks.h"
#include "services/identity/pledges.h"
#include "services/identity/purges.h"
#include "services/identity/proposals.h"
#include "services/identity/tallies.h"
#include "services/identity/trades.h"
#include "services/identity/transfers.h"
#include "services/identity/rules.h"
#include "services/identity/store.h"

extern const unsigned char identity_schema[];
extern const size_t identity_schema_len;

#define TIDY_MS  1000
#define SLICE_MS 20 /* between two slices of long work */
#define SCRUB_MS 60000

static struct conf_entry conf[] = {
    {"HUIGONG_PII_KEY", NULL, CONF_PATH, "file of the keys of personal data (deploy/keys pii)", 0, 0, NULL},
    {"HUIGONG_TOKEN_KEY", NULL, CONF_PATH, "file of the key that signs sessions (deploy/keys token)", 0, 0, NULL},
    {"HUIGONG_SMS", "none", CONF_TEXT, "how codes are sent: none, bridge, or log (for demonstration only)", 0, 0, NULL},
    {"HUIGONG_TRANSFER_DAYS", "15", CONF_INT, "days after which a transfer no longer waits for the old union", 1, 365,
     NULL},
    {"HUIGONG_TRADE_DAYS", "365", CONF_INT, "days for which a trade is proven", 61, 3650, NULL},
    {"HUIGONG_CLOSING_DAYS", "7", CONF_INT, "days in which the closing of an account may be taken back", 0, 90, NULL},
    {"HUIGONG_RETENTION_DAYS", "730", CONF_INT, "days that decided requests are kept", 30, 36500, NULL},
    {"HUIGONG_PLEDGE_DAYS", "180", CONF_INT, "days that a single pledge stands", 1, 3650, NULL},
    CONF_END,
};

static const char *const senders[] = {[SMS_NONE] = "none", [SMS_LOG] = "log", [SMS_BRIDGE] = "bridge"};

static int read_sender(enum sms_sender *ret)
{
    const char *text = conf_text(conf, "HUIGONG_SMS");

    for (unsigned i = 0; i < ARRAY_LEN(senders); i++) {
        if (strcmp(text, senders[i]) == 0) {
            *ret = (enum sms_sender)i;
            return 0;
        }
    }
    log_error("setting_refused", "name", "HUIGONG_SMS", "value", text);
    return -1;
}

static void ids_from(struct id_source *ids, int64_t last)
{
    if (last > ids->last)
        ids->last = last;
}

/* What a member's rights over her own data need. */
static int open_rights(struct identity *self, struct store *store)
{
    self->closing_delay_ms = conf_int(conf, "HUIGONG_CLOSING_DAYS") * 86400000;
    self->retention_ms = conf_int(conf, "HUIGONG_RETENTION_DAYS") * 86400000;
    self->pledge_life_ms = conf_int(conf, "HUIGONG_PLEDGE_DAYS") * 86400000;
    if (consents_open(&self->consents, store) || looks_open(&self->looks, store) ||
        closings_open(&self->closings, store) || corrections_open(&self->corrections, store) ||
        pledges_open(&self->pledges, store))
        return -1;
    ids_from(&self->ids, consents_last_id(&self->consents));
    ids_from(&self->ids, pledges_last_id(&self->pledges));
    ids_from(&self->ids, corrections_last_id(&self->corrections));
    return 0;
}

int identity_init(struct identity *self, struct store *store, struct rpc_server *rpc)
{
    *self = (struct identity){
        .service = identity_api,
        .memberships = memberships_api,
        .joins_service = joins_api,
        .transfers_service = transfers_api,
        .unions_service = unions_api,
        .proofs_service = proofs_api,
        .officials = officials_api,
        .trades_service = trades_api,
        .merges_service = merges_api,
        .rosters_service = rosters_api,
        .consents_service = consents_api,
        .pledges_service = pledges_api,
        .rights_service = rights_api,
        .corrections_service = corrections_api,
        .devices = devices_api,
        .proposals_service = proposals_api,
        .cadres_service = cadres_api,
        .companies_service = companies_api,
        .transfer_silence_ms = conf_int(conf, "HUIGONG_TRANSFER_DAYS") * 86400000,
        .trade_ms = conf_int(conf, "HUIGONG_TRADE_DAYS") * 86400000,
        .store = store,
        .rpc = rpc,
    };
    if (read_sender(&self->sms) || data_keys_open(&self->data_keys, store) || rolls_open(&self->rolls, store) ||
        joins_open(&self->joins, store) || transfers_open(&self->transfers, store) ||
        changes_open(&self->changes, store) || tallies_open(&self->tallies, store) ||
        credentials_open(&self->credentials, store) || trades_open(&self->trades, store) ||
        covers_open(&self->covers, store) || proofs_open(&self->proofs, store) ||
        proposals_open(&self->proposals, store) || cadres_open(&self->cadres, store) ||
        companies_open(&self->companies, store) || merges_open(&self->merges, store) || open_rights(self, store))
        return -1;
    self->pii = pii_keys_open(conf_text(conf, "HUIGONG_PII_KEY"));
    self->tokens = token_keys_open(conf_text(conf, "HUIGONG_TOKEN_KEY"));
    ids_from(&self->ids, store_last_id(store));
    ids_from(&self->ids, rolls_last_id(&self->rolls));
    ids_from(&self->ids, joins_last_id(&self->joins));
    ids_from(&self->ids, changes_last_id(&self->changes));
    ids_from(&self->ids, transfers_last_id(&self->transfers));
    ids_from(&self->ids, proofs_last_id(&self->proofs));
    ids_from(&self->ids, trades_last_id(&self->trades));
    ids_from(&self->ids, covers_last_id(&self->covers));
    ids_from(&self->ids, merges_last_id(&self->merges));
    ids_from(&self->ids, proposals_last_id(&self->proposals));
    ids_from(&self->ids, cadres_last_id(&self->cadres));
    ids_from(&self->ids, companies_last_id(&self->companies));
    if (self->pii && self->tokens && !store_trouble(store))
        return 0;
    identity_done(self);
    return -1;
}

void identity_done(struct identity *self)
{
    pii_keys_close(self->pii);
    token_keys_close(self->tokens);
    self->pii = NULL;
    self->tokens = NULL;
}

static void drop_old(void *call, void *arg)
{
    struct identity *self = arg;

    purge(self, call);
    credentials_drop_old_tries(&self->credentials, rpc_now(call) - SIGN_IN_LOCK_MS);
    data_keys_give(self, call);
    pledges_expire(self, call);
    proposals_lapse(self, call);
    transfers_release_silent(self, call);
}

static void drain(void *call, void *arg)
{
    struct identity *self = arg;

    self->draining = change_drain(self, call);
    if (trades_expire(self, call))
        self->draining = true;
}

static void close_due(void *call, void *arg)
{
    struct identity *self = arg;

    self->closed |= closings_due(self, call);
    self->scrub = self->closed && rpc_now(call) >= self->scrub_at;
    if (self->scrub)
        self->scrub_at = rpc_now(call) + SCRUB_MS;
}

bool identity_tidy(struct identity *self)
{
    rpc_server_transact(self->rpc, drop_old, self);
    if (rpc_server_transact(self->rpc, close_due, self) == 0 && self->scrub)
        self->closed = !store_scrub(self->store);
    self->draining = false;
    return rpc_server_transact(self->rpc, drain, self) == 0 && self->draining;
}

/* The next slice comes soon when there is one, and other calls before it. */
static void on_tidy(uv_timer_t *timer)
{
    uv_timer_start(timer, on_tidy, identity_tidy(timer->data) ? SLICE_MS : TIDY_MS, 0);
}

static int start(struct service *service)
{
    static struct identity identity;

    if (identity_init(&identity, service->store, service->rpc))
        return -1;
    service->self = &identity;
    rpc_server_add(service->rpc, &identity.service.base);
    rpc_server_add(service->rpc, &identity.memberships.base);
    rpc_server_add(service->rpc, &identity.joins_service.base);
    rpc_server_add(service->rpc, &identity.transfers_service.base);
    rpc_server_add(service->rpc, &identity.unions_service.base);
    rpc_server_add(service->rpc, &identity.proofs_service.base);
    rpc_server_add(service->rpc, &identity.officials.base);
    rpc_server_add(service->rpc, &identity.trades_service.base);
    rpc_server_add(service->rpc, &identity.merges_service.base);
    rpc_server_add(service->rpc, &identity.rosters_service.base);
    rpc_server_add(service->rpc, &identity.consents_service.base);
    rpc_server_add(service->rpc, &identity.pledges_service.base);
    rpc_server_add(service->rpc, &identity.rights_service.base);
    rpc_server_add(service->rpc, &identity.corrections_service.base);
    rpc_server_on_seen(service->rpc, looks_record, &identity);
    rpc_server_add(service->rpc, &identity.devices.base);
    rpc_server_add(service->rpc, &identity.proposals_service.base);
    rpc_server_add(service->rpc, &identity.cadres_service.base);
    rpc_server_add(service->rpc, &identity.companies_service.base);
    return 0;
}

static int serve(struct service *service)
{
    struct identity *self = service->self;

    uv_timer_init(&service->loop, &self->tidy);
    self->tidy.data = self;
    return uv_timer_start(&self->tidy, on_tidy, TIDY_MS, 0) ? -1 : 0;
}

static void report(struct service *service, struct arena *arena, Rpc__ProbeReport *ret)
{
    struct identity *self = service->self;
    char labels[32];

    snprintf(labels, sizeof(labels), "sender=\"%s\"", senders[self->sms]);
    rpc_metric(arena, ret, "huigong_sms_sender", "gauge", labels, 1);
}

static const struct service_command commands[] = {
    {"import", "unions|roster FILE [--all-or-nothing]: load a CSV file over the bus", identity_import},
    {NULL, NULL, NULL},
};

const struct service_spec identity_spec = {
    .name = "identity",
    .about = "unions, rosters, members, sessions and grants",
    .conf = conf,
    .schema = identity_schema,
    .schema_len = &identity_schema_len,
    .sql = identity_sql,
    .n_sql = &identity_n_sql,
    .start = start,
    .serve = serve,
    .report = report,
    .audit = identity_audit,
    .commands = commands,
};
