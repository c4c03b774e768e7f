#include "services/identity/rights/purges.h"

#include "services/identity/access/codes.h"
#include "services/identity/rights/corrections.h"
#include "services/identity/membership/joins.h"
#include "services/identity/people/contests.h"
#include "services/identity/registers/declarations.h"
#include "services/identity/access/sessions.h"

/* Tells what was deleted; whether anything was. */
static bool purged(int kind, int count, int64_t before, void *call)
{
    Identity__Purged message = IDENTITY__PURGED__INIT;

    if (count <= 0)
        return false;
    message.kind = (Identity__PurgeKind)kind;
    message.count = count;
    message.before = before;
    rpc_tell(call, &message.base);
    return true;
}

static bool tidy(void *arg, void *call)
{
    struct identity *self = arg;
    int64_t now = rpc_now(call), decided = now - self->retention_ms;
    bool more = false;

    if (now < self->purge_at)
        return false;
    more |= purged(IDENTITY__PURGE_KIND__PURGE_SESSIONS, sessions_drop_old(&self->sessions, &self->sessions_swept, now),
                   now, call);
    more |= self->sessions_swept > 0;
    more |= purged(IDENTITY__PURGE_KIND__PURGE_CODES, codes_drop_old(&self->codes, now), now - CODE_WINDOW_MS, call);
    more |= purged(IDENTITY__PURGE_KIND__PURGE_JOINS, joins_drop_old(&self->joins, decided), decided, call);
    more |= purged(IDENTITY__PURGE_KIND__PURGE_CORRECTIONS, corrections_drop_old(&self->corrections, decided), decided,
                   call);
    more |= purged(IDENTITY__PURGE_KIND__PURGE_CONTESTS, contests_drop_old(&self->contests, decided), decided, call);
    more |= purged(IDENTITY__PURGE_KIND__PURGE_DECLARATIONS, declarations_drop_old(&self->declarations, decided),
                   decided, call);
    /* The next slice comes at the next tidying while there is something to delete. */
    self->purge_at = more ? now : now + PURGE_PERIOD_MS;
    return false;
}

const struct part_spec purges_part = {
    .tidy = tidy,
};
