#include "common/base/ecdsa.h"
#include "common/base/log.h"
#include "services/identity/rights/looks.h"

extern const unsigned char identity_schema[];
extern const size_t identity_schema_len;

#define TIDY_MS  1000
#define SLICE_MS 20 /* between two slices of long work */
#define DAY_MS   INT64_C(86400000)

static struct conf_entry conf[] = {
    {"HUIGONG_PII_KEY", NULL, CONF_PATH, "file of the keys of personal data (deploy/keys pii)", 0, 0, NULL},
    {"HUIGONG_SESSION_KEY", NULL, CONF_PATH,
     "file of the key by which officials' authority is sealed (deploy/keys session)", 0, 0, NULL},
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

#define ENTRY(name) PART_ENTRY(identity, name),
static const struct part_entry entries[] = {IDENTITY_PARTS(ENTRY)};
static const struct part_table parts = {entries, ARRAY_LEN(entries), &identity__event__descriptor};

int identity_init(struct identity *self, struct store *store, struct rpc_server *rpc)
{
    *self = (struct identity){.closing_delay_ms = conf_int(conf, "HUIGONG_CLOSING_DAYS") * DAY_MS,
                              .retention_ms = conf_int(conf, "HUIGONG_RETENTION_DAYS") * DAY_MS,
                              .pledge_life_ms = conf_int(conf, "HUIGONG_PLEDGE_DAYS") * DAY_MS,
                              .transfer_silence_ms = conf_int(conf, "HUIGONG_TRANSFER_DAYS") * DAY_MS,
                              .trade_ms = conf_int(conf, "HUIGONG_TRADE_DAYS") * DAY_MS,
                              .store = store,
                              .rpc = rpc,
#define SERVICE(Name, name) .name##_service = name##_api,
                              IDENTITY_SERVICES(SERVICE)
#undef SERVICE
    };
    if (read_sender(&self->sms) || parts_open(&parts, self, store))
        return -1;
    self->ids.last = parts_last_id(&parts, store);
    self->pii = pii_keys_open(conf_text(conf, "HUIGONG_PII_KEY"));
    self->tokens = token_keys_open(conf_text(conf, "HUIGONG_TOKEN_KEY"));
    self->seals = ecdsa_key_open(conf_text(conf, "HUIGONG_SESSION_KEY"));
    if (self->pii && self->tokens && self->seals && self->ids.last >= 0)
        return 0;
    identity_done(self);
    return -1;
}

void identity_done(struct identity *self)
{
    pii_keys_close(self->pii);
    token_keys_close(self->tokens);
    ecdsa_key_free(self->seals);
    self->pii = NULL;
    self->tokens = NULL;
    self->seals = NULL;
}

bool identity_tidy(struct identity *self)
{
    bool more = parts_tidy(&parts, self, self->rpc);

    if (self->scrub)
        self->closed = !store_scrub(self->store);
    return more;
}

/* The next slice comes soon when there is one, and other calls before it. */
static void on_tidy(uv_timer_t *timer)
{
    uv_timer_start(timer, on_tidy, identity_tidy(timer->data) ? SLICE_MS : TIDY_MS, 0);
}

static int start(struct service *service)
{
    static struct identity identity;

    if (identity_init(&identity, service->store, service->rpc) || service_ids(service, &identity.ids))
        return -1;
    service->self = &identity;
#define SERVICE(Name, name) rpc_server_add(service->rpc, &identity.name##_service.base);
    IDENTITY_SERVICES(SERVICE)
#undef SERVICE
    rpc_server_on_seen(service->rpc, looks_record, &identity);
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

int identity_audit(struct store *store, struct journal *journal, FILE *out)
{
    struct identity self = {.store = store};

    return parts_audit(&parts, &self, store, journal, out);
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
    .start = start,
    .serve = serve,
    .report = report,
    .audit = identity_audit,
    .edge_kinds = (const int32_t[]){IDENTITY__EVENT__EVENT_SESSION_REVOKED, 0},
    .commands = commands,
};
