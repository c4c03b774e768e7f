#include "services/subsidy/evidence/evidence.h"
#include "services/subsidy/selection/selections.h"

static struct conf_entry conf[] = {
    {"HUIGONG_DRAW_KEY", NULL, CONF_PATH, "file of the keys that seal the secrets of draws (deploy/keys draw)", 0, 0,
     NULL},
    {"HUIGONG_FORM_KEY", NULL, CONF_PATH, "file of the keys that seal what is written into forms (deploy/keys form)", 0,
     0, NULL},
    {"HUIGONG_BANK_KEY", "", CONF_PATH,
     "file of the key under which accounts go to the bridge: without it nothing is paid by bank", 0, 0, NULL},
    {"HUIGONG_EVIDENCE_DAYS", "1826", CONF_INT, "days that a file with an application is kept", 1, 36500, NULL},
    CONF_END,
};

static const struct granted_kind granted_kind = {"subsidy", selection_withdraw};

static int start(struct service *service)
{
    struct subsidy *self = service->self;

    self->forms = pii_keys_open(conf_text(conf, "HUIGONG_FORM_KEY"));
    vault_open(&self->vault, &evidence_kind, self->forms, conf_int(conf, "HUIGONG_EVIDENCE_DAYS") * SUBSIDY_DAY_MS);
    if (*conf_text(conf, "HUIGONG_BANK_KEY")) {
        self->accounts = pii_keys_open(conf_text(conf, "HUIGONG_BANK_KEY"));
        if (!self->accounts)
            goto no_keys;
    }
    if (self->forms && lottery_start(&self->lottery, conf_text(conf, "HUIGONG_DRAW_KEY")) == 0 &&
        granted_start(&self->granted, &granted_kind, &self->holders) == 0)
        return 0;
no_keys:
    subsidy_done(self);
    return -1;
}

void subsidy_done(struct subsidy *self)
{
    lottery_done(&self->lottery);
    granted_done(&self->granted);
    pii_keys_close(self->forms);
    pii_keys_close(self->accounts);
    self->forms = self->accounts = NULL;
}

static void report(struct service *service, struct arena *arena, Rpc__ProbeReport *ret)
{
    granted_report(&((struct subsidy *)service->self)->granted, arena, ret);
}

SERVICE_TABLE(subsidy, SUBSIDY)

const struct service_spec subsidy_spec = {
    .name = "subsidy",
    .about = "what unions pay to members who apply for it",
    .conf = conf,
    .parts = &service_table,
    .start = start,
    .report = report,
};
