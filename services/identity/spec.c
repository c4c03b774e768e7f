#include "common/base/log.h"
#include "common/pass/pass.h"
#include "common/trust/ecdsa.h"
#include "services/identity/access/codes.h"
#include "services/identity/registers/tables.h"
#include "services/identity/rights/looks.h"

extern const unsigned char identity_schema[];
extern const size_t identity_schema_len;

#define DAY_MS INT64_C(86400000)

static struct conf_entry conf[] = {
    {"HUIGONG_PII_KEY", NULL, CONF_PATH, "file of the keys of personal data (deploy/keys pii)", 0, 0, NULL},
    {"HUIGONG_SESSION_KEY", NULL, CONF_PATH,
     "file of the key by which officials' authority is sealed (deploy/keys session)", 0, 0, NULL},
    {"HUIGONG_TOKEN_KEY", NULL, CONF_PATH, "file of the key that signs sessions (deploy/keys token)", 0, 0, NULL},
    {"HUIGONG_LOOK_KEY", NULL, CONF_PATH, "file of the key of letters about who was scanned (deploy/keys look)", 0, 0,
     NULL},
    {"HUIGONG_CARD_KEY", NULL, CONF_PATH, "file of the keys of members' cards (deploy/keys card)", 0, 0, NULL},
    {"HUIGONG_SMS", "none", CONF_TEXT, "how codes are sent: none, bridge, or log (for demonstration only)", 0, 0, NULL},
    {"HUIGONG_CODES_ADDRESS", "500", CONF_INT,
     "codes sent within an hour at the asking of one address (IPv6: one /64), as wide as a factory's; 0: any number", 0,
     1000000, NULL},
    {"HUIGONG_CODES_DAY", "100000", CONF_INT, "codes sent on one day in all; 0: any number", 0, 100000000, NULL},
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

static int start(struct service *service)
{
    struct identity *self = service->self;

    if (read_sender(&self->sms))
        return -1;
    self->codes_address = conf_int(conf, "HUIGONG_CODES_ADDRESS");
    self->codes_day = conf_int(conf, "HUIGONG_CODES_DAY");
    self->closing_delay_ms = conf_int(conf, "HUIGONG_CLOSING_DAYS") * DAY_MS;
    self->retention_ms = conf_int(conf, "HUIGONG_RETENTION_DAYS") * DAY_MS;
    self->pledge_life_ms = conf_int(conf, "HUIGONG_PLEDGE_DAYS") * DAY_MS;
    self->transfer_silence_ms = conf_int(conf, "HUIGONG_TRANSFER_DAYS") * DAY_MS;
    self->trade_ms = conf_int(conf, "HUIGONG_TRADE_DAYS") * DAY_MS;
    self->pii = pii_keys_open(conf_text(conf, "HUIGONG_PII_KEY"));
    self->tokens = token_keys_open(conf_text(conf, "HUIGONG_TOKEN_KEY"));
    self->seals = ecdsa_key_open(conf_text(conf, "HUIGONG_SESSION_KEY"));
    self->letters = pii_keys_open(conf_text(conf, "HUIGONG_LOOK_KEY"));
    self->cards = pass_keys_open(conf_text(conf, "HUIGONG_CARD_KEY"));
    if (!self->pii || !self->tokens || !self->seals || !self->letters || !self->cards ||
        imports_start(&self->imports, &imports_tables, self->pii))
        return -1;
    rpc_server_on_seen(service->rpc, looks_record, self);
    return 0;
}

void identity_done(struct identity *self)
{
    pii_keys_close(self->pii);
    pii_keys_close(self->letters);
    pass_keys_close(self->cards);
    token_keys_close(self->tokens);
    ecdsa_key_free(self->seals);
    imports_done(&self->imports);
    self->pii = self->letters = NULL;
    self->cards = NULL;
    self->tokens = NULL;
    self->seals = NULL;
}

static void report(struct service *service, struct arena *arena, Rpc__ProbeReport *ret)
{
    struct identity *self = service->self;
    int64_t sent = codes_sent_today(self, clock_now(&service->clock));
    char labels[32];

    rpc_metric(arena, ret, "huigong_codes_sent_today", "gauge", "", (double)sent);
    rpc_metric(arena, ret, "huigong_codes_day_budget", "gauge", "", (double)self->codes_day);
    rpc_metric(arena, ret, "huigong_codes_budget_low", "gauge", "",
               self->codes_day && sent * 100 >= self->codes_day * CODES_LOW_PERCENT);
    snprintf(labels, sizeof(labels), "sender=\"%s\"", senders[self->sms]);
    rpc_metric(arena, ret, "huigong_sms_sender", "gauge", labels, 1);
}

static const struct service_command commands[] = {
    {"import", "unions|roster FILE|- [--all-or-nothing] [--union CODE]: load a table over the bus", identity_import},
    {NULL, NULL, NULL},
};

SERVICE_TABLE(identity, IDENTITY)

const struct service_spec identity_spec = {
    .name = "identity",
    .about = "unions, rosters, members, sessions and grants",
    .conf = conf,
    .parts = &service_table,
    .schema = identity_schema,
    .schema_len = &identity_schema_len,
    .start = start,
    .report = report,
    .edge_kinds = (const int32_t[]){IDENTITY__EVENT__EVENT_SESSION_REVOKED, 0},
    .commands = commands,
    .children = intake_children,
};
