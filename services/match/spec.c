#include "services/match/match.h"

static struct conf_entry conf[] = {
    {"HUIGONG_SINGLE_KEY", NULL, CONF_PATH, "file of the keys that hide who a single is (deploy/keys single)", 0, 0,
     NULL},
    CONF_END,
};

static int start(struct service *service)
{
    struct match *self = service->self;

    self->keys = pii_keys_open(conf_text(conf, "HUIGONG_SINGLE_KEY"));
    if (!self->keys)
        return -1;
    handles_map(&self->handles, self->keys);
    return 0;
}

void match_done(struct match *self)
{
    pii_keys_close(self->keys);
    self->keys = NULL;
}

SERVICE_TABLE(match, MATCH)

const struct service_spec match_spec = {
    .name = "match",
    .about = "singles, and whom they are shown",
    .conf = conf,
    .parts = &service_table,
    .start = start,
};
