#include "services/subsidy/evidence/evidence.h"

static struct conf_entry conf[] = {
    {"HUIGONG_DRAW_KEY", NULL, CONF_PATH, "file of the keys that seal the secrets of draws (deploy/keys draw)", 0, 0,
     NULL},
    {"HUIGONG_FORM_KEY", NULL, CONF_PATH, "file of the keys that seal what is written into forms (deploy/keys form)", 0,
     0, NULL},
    {"HUIGONG_EVIDENCE_DAYS", "1826", CONF_INT, "days that a file with an application is kept", 1, 36500, NULL},
    CONF_END,
};

static int start(struct service *service)
{
    struct subsidy *self = service->self;

    self->forms = pii_keys_open(conf_text(conf, "HUIGONG_FORM_KEY"));
    vault_open(&self->vault, &evidence_kind, self->forms, conf_int(conf, "HUIGONG_EVIDENCE_DAYS") * SUBSIDY_DAY_MS);
    return self->forms && lottery_start(&self->lottery, conf_text(conf, "HUIGONG_DRAW_KEY")) == 0 ? 0 : -1;
}

void subsidy_done(struct subsidy *self)
{
    lottery_done(&self->lottery);
    pii_keys_close(self->forms);
    self->forms = NULL;
}

SERVICE_TABLE(subsidy, SUBSIDY)

const struct service_spec subsidy_spec = {
    .name = "subsidy",
    .about = "what unions pay to members who apply for it",
    .conf = conf,
    .parts = &service_table,
    .start = start,
};
