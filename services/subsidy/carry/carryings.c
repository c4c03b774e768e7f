#include "services/subsidy/carry/carryings.h"

#include "common/benefit/granted/granted.h"

#define COLUMNS "family_id, period_at, scheme_id, after_id, n_carried, n_left, done, journal_seq"
#define SLICE   16 /* each with its form in memory */

enum { SQL_ADD, SQL_SET, SQL_FIND, SQL_LIVE, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO carrying (" COLUMNS ") VALUES (?1, ?2, ?3, 0, 0, 0, 0, 0)",
    [SQL_SET] = "UPDATE carrying SET after_id = ?3, n_carried = ?4, n_left = ?5, done = ?6, journal_seq = ?7 WHERE "
                "family_id = ?1 AND period_at = ?2",
    [SQL_FIND] = "SELECT " COLUMNS " FROM carrying WHERE family_id = ?1 AND period_at = ?2",
    [SQL_LIVE] = "SELECT " COLUMNS " FROM carrying WHERE done = 0 ORDER BY family_id, period_at LIMIT 1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool only(const struct subsidy *self, unsigned which, struct carrying *ret)
{
    return store_only(self->store, self->carryings.sql + which, INTO(ret->family_id), INTO(ret->period_at),
                      INTO(ret->scheme_id), INTO(ret->after_id), INTO(ret->n_carried), INTO(ret->n_left),
                      INTO(ret->done), INTO(ret->journal_seq));
}

bool carryings_find(const struct subsidy *self, int64_t family_id, int64_t period_at, struct carrying *ret)
{
    store_ask(self->store, self->carryings.sql + SQL_FIND, "ii", family_id, period_at);
    return only(self, SQL_FIND, ret);
}

static void put(struct subsidy *self, const struct carrying *carrying)
{
    store_run(self->store, self->carryings.sql + SQL_SET, "iiiiiii", carrying->family_id, carrying->period_at,
              carrying->after_id, carrying->n_carried, carrying->n_left, (int64_t)carrying->done,
              carrying->journal_seq);
}

/* As it is now, in store and journal. */
static void tell(struct subsidy *self, struct carrying *carrying, void *call)
{
    Subsidy__CarryingChanged changed = SUBSIDY__CARRYING_CHANGED__INIT;

    changed.scheme_id = carrying->scheme_id;
    changed.family_id = carrying->family_id;
    changed.period_at = carrying->period_at;
    changed.n_carried = (int32_t)carrying->n_carried;
    changed.done = carrying->done;
    rpc_tell(call, &changed.base);
    carrying->journal_seq = rpc_server_journal(self->rpc)->tip.seq;
    put(self, carrying);
}

int carrying_begin(struct subsidy *self, const Subsidy__Scheme *scheme, void *call, struct carrying *ret)
{
    int64_t now = rpc_now(call);

    if (!scheme->carries)
        return SUBSIDY__REASON__NOTHING_CARRIES;
    if (scheme->state != SUBSIDY__SCHEME_STATE__SCHEME_OPEN)
        return SUBSIDY__REASON__SCHEME_NOT_OPEN;
    if (now < scheme->opens_at || now >= scheme->closes_at)
        return now < scheme->opens_at ? SUBSIDY__REASON__NOT_YET_TIME : SUBSIDY__REASON__TIME_OVER;
    if (carryings_find(self, scheme->family_id, scheme_period(scheme, now), ret))
        return SUBSIDY__REASON__PERIOD_CARRIED;
    *ret = (struct carrying){
        .family_id = scheme->family_id, .period_at = scheme_period(scheme, now), .scheme_id = scheme->scheme_id};
    store_run(self->store, self->carryings.sql + SQL_ADD, "iii", ret->family_id, ret->period_at, ret->scheme_id);
    tell(self, ret, call);
    return 0;
}

/* A slice of those of the period before. */
static bool tidy(void *arg, void *call)
{
    struct subsidy *self = arg;
    struct application before;
    struct carrying carrying;
    const Subsidy__Scheme *scheme;
    int64_t ids[SLICE];
    size_t n = 0;

    store_ask(self->store, self->carryings.sql + SQL_LIVE, "");
    if (!only(self, SQL_LIVE, &carrying))
        return false;
    scheme = scheme_find(self, carrying.scheme_id, rpc_arena(call));
    if (!scheme)
        return false;
    /* One that is closed meanwhile takes nobody any more. */
    if (scheme->state == SUBSIDY__SCHEME_STATE__SCHEME_OPEN)
        n = applications_given(self, carrying.family_id, granted_since(carrying.period_at - 1, (int)scheme->period),
                               carrying.after_id, ids, SLICE);
    for (size_t i = 0; i < n; i++) {
        carrying.after_id = ids[i];
        if (application_find(self, ids[i], &before) &&
            application_carry(self, scheme, &before, carrying.period_at, call))
            carrying.n_carried++;
        else
            carrying.n_left++;
    }
    carrying.done = n < SLICE;
    if (carrying.done)
        tell(self, &carrying, call);
    else
        put(self, &carrying);
    return true;
}

/* ---- the part ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct subsidy *self = arg;
    const Subsidy__Event *event = body;
    const Subsidy__CarryingChanged *changed = event->carrying_changed;
    struct carrying carrying;

    if (event->event_case != SUBSIDY__EVENT__EVENT_CARRYING_CHANGED)
        return true;
    told[0] += !changed->done;
    if (!carryings_find(self, changed->family_id, changed->period_at, &carrying) || carrying.journal_seq < row->seq)
        return false;
    return carrying.journal_seq > row->seq ||
           (carrying.done == (bool)changed->done && (!carrying.done || carrying.n_carried == changed->n_carried));
}

const struct part_spec carryings_part = {
    .tables = "carrying",
    .others = "carrying.family_id carrying.period_at carrying.scheme_id carrying.after_id carrying.n_carried "
              "carrying.n_left carrying.done",
    .steps = &carryings_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"periods carried over", "SELECT count(*) FROM carrying"}},
};
