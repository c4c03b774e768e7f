#include "services/coupon/lot/places.h"

#include "services/coupon/claim/frozen.h"
#include "services/coupon/numbers/numbers.h"
#include "services/coupon/rules.h"

#define COLUMNS "coupon_id, lot_id, place, member_id, state, accept_by"
#define WON     COUPON__ENTRY_STATE__WON
#define WAITS   COUPON__ENTRY_STATE__MUST_ACCEPT

enum { SQL_ADD, SQL_SET, SQL_FIND, SQL_AT, SQL_HELD, SQL_DUE, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO place_given (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_SET] = "UPDATE place_given SET state = ?2 WHERE coupon_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM place_given WHERE coupon_id = ?1",
    [SQL_AT] = "SELECT " COLUMNS " FROM place_given WHERE lot_id = ?1 AND place = ?2",
    [SQL_HELD] = "SELECT count(*) FROM place_given WHERE lot_id = ?1 AND state IN (3, 6) AND coupon_id NOT IN "
                 "(SELECT coupon_id FROM claim_ended WHERE withdrawn = 1)",
    [SQL_DUE] = "SELECT " COLUMNS " FROM place_given WHERE state = 6 AND accept_by <= ?1 ORDER BY accept_by LIMIT ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct places *places, unsigned statement, struct place *ret)
{
    return store_read(places->store, statement, INTO(ret->coupon_id), INTO(ret->lot_id), INTO(ret->place),
                      INTO(ret->member_id), INTO(ret->state), INTO(ret->accept_by));
}

static bool only(const struct places *places, unsigned statement, struct place *ret)
{
    bool found = next(places, statement, ret);

    if (found)
        store_end(places->store, statement);
    return found;
}

bool places_find(struct coupon *self, int64_t coupon_id, struct place *ret)
{
    store_ask(self->store, self->places.sql + SQL_FIND, "i", coupon_id);
    return only(&self->places, self->places.sql + SQL_FIND, ret);
}

bool places_at(struct coupon *self, int64_t lot_id, int32_t place, struct place *ret)
{
    store_ask(self->store, self->places.sql + SQL_AT, "ii", lot_id, (int64_t)place);
    return only(&self->places, self->places.sql + SQL_AT, ret);
}

int64_t places_held(struct coupon *self, int64_t lot_id)
{
    store_ask(self->store, self->places.sql + SQL_HELD, "i", lot_id);
    return store_number(self->store, self->places.sql + SQL_HELD);
}

/* ---- giving ---- */

static void say(const struct place *place, void *call)
{
    Coupon__PlaceChanged changed = COUPON__PLACE_CHANGED__INIT;

    changed.coupon_id = place->coupon_id;
    changed.lot_id = place->lot_id;
    changed.member_id = place->member_id;
    changed.state = (Coupon__EntryState)place->state;
    changed.accept_by = place->accept_by;
    rpc_tell(call, &changed.base);
}

/* Until when a winner of a season must accept; 0: she need not. */
static int64_t accept_by(struct coupon *self, const struct lot_day *lot, const struct lot_terms *terms, void *call)
{
    Coupon__LotForm *form = lot->release->lot.season_ms ? lots_kept(self, lot->release, rpc_arena(call)) : NULL;
    int64_t by = form ? rpc_now(call) + form->accept_days * COUPON_DAY_MS : 0;

    if (!form || !form->accept_days)
        return 0;
    return by < terms->until ? by : terms->until;
}

bool place_give(struct coupon *self, const struct lot_terms *terms, int64_t member_id, int32_t place, void *call)
{
    const struct lot_day *lot = terms->record;
    int64_t holder = holder_of(&self->holders, member_id);
    struct notice_given won = {.kind = NOTICE__NOTICE_KIND__COUPON_WON, .member_id = holder};
    struct place given = {.lot_id = lot->lot_id, .place = place, .member_id = holder};
    int reason;

    if (!holder || !release_find(self, lot->release->id))
        return false;
    release_enter_day(lot->release, lot->day);
    if ((lot->day == lot->release->day || lot->release->allowance == COUPON__ALLOWANCE__ONE_PER_RELEASE) &&
        claimants_find(&lot->release->claimants, holder))
        return false;
    reason = claim_give(self, lot->release, holder, lot->day, call, &given.coupon_id);
    if (reason == RPC__REASON__OVERLOADED)
        rpc_refuse(call, reason); /* it is tried again */
    if (reason)
        return false;
    number_called(self, lot->release->id, lot->day);
    given.accept_by = accept_by(self, lot, terms, call);
    given.state = given.accept_by ? WAITS : WON;
    store_run(self->store, self->places.sql + SQL_ADD, "iiiiii", given.coupon_id, given.lot_id, (int64_t)given.place,
              given.member_id, (int64_t)given.state, given.accept_by);
    say(&given, call);
    won.about_id = given.coupon_id;
    won.at = given.accept_by;
    won.title = lot->release->title;
    notice_give(&self->notice, &won, call);
    return true;
}

/* ---- afterwards ---- */

static void promote(struct coupon *self, int64_t lot_id, void *call)
{
    struct lot_day *lot = arena_alloc(rpc_arena(call), sizeof(*lot));
    struct lot_terms terms;

    if (!lot || !lots_find(self, lot_id, rpc_arena(call), lot) || !lot_terms_whole(self, lot, rpc_arena(call), &terms))
        rpc_refuse(call, RPC__REASON__OVERLOADED);
    else if (lot->release->granted_today < lot->release->stock_per_day) /* of a coupon that ended none is free */
        lottery_promote(&self->lottery, &terms, 0, call);
}

static void set_state(struct coupon *self, struct place *place, int state, void *call)
{
    place->state = state;
    store_run(self->store, self->places.sql + SQL_SET, "ii", place->coupon_id, (int64_t)state);
    say(place, call);
}

/* The place is free: its coupon ends, and the next has one. */
static void give_up(struct coupon *self, struct place *place, int state, void *call)
{
    set_state(self, place, state, call);
    claim_free(self, place->coupon_id, call);
    notice_withdraw(&self->notice, NOTICE__NOTICE_KIND__COUPON_WON, place->coupon_id, call);
    promote(self, place->lot_id, call);
}

static bool is_season(struct coupon *self, const struct place *place, void *call, struct lot_day *ret)
{
    return lots_find(self, place->lot_id, rpc_arena(call), ret) && ret->release->lot.season_ms;
}

int place_accept(struct coupon *self, struct place *place, void *call)
{
    struct claim claim;

    if (place->state == WON)
        return 0;
    if (place->state != WAITS || rpc_now(call) >= place->accept_by)
        return COUPON__REASON__PLACE_DECIDED;
    if (!claims_find(&self->claims, place->coupon_id, &claim) ||
        frozen_of_release(self, claim.member_id, claim.release_id, rpc_now(call), rpc_arena(call)))
        return COUPON__REASON__IS_FROZEN;
    set_state(self, place, WON, call);
    return 0;
}

int place_decline(struct coupon *self, struct place *place, void *call)
{
    struct lot_day lot;
    struct claim claim;

    if (place->state == COUPON__ENTRY_STATE__PLACE_DECLINED)
        return 0;
    if (!is_season(self, place, call, &lot))
        return COUPON__REASON__PLACE_NOT_FOUND;
    if ((place->state != WON && place->state != WAITS) || lot.stage != LOTTERY__STAGE__PUBLISHED ||
        !claims_find(&self->claims, place->coupon_id, &claim) || claim.ended_at)
        return COUPON__REASON__PLACE_DECIDED;
    give_up(self, place, COUPON__ENTRY_STATE__PLACE_DECLINED, call);
    return 0;
}

void places_withdrawn(struct coupon *self, int64_t coupon_id, void *call)
{
    struct place place;

    if (places_find(self, coupon_id, &place))
        promote(self, place.lot_id, call);
}

/* ---- the part ---- */

/* Who has not accepted in time makes room. */
static bool tidy(void *arg, void *call)
{
    struct coupon *self = arg;
    struct place due[LOT_SLICE];
    unsigned n = 0;

    store_ask(self->store, self->places.sql + SQL_DUE, "ii", rpc_now(call), (int64_t)LOT_SLICE);
    while (n < LOT_SLICE && next(&self->places, self->places.sql + SQL_DUE, &due[n]))
        n++;
    store_end(self->store, self->places.sql + SQL_DUE);
    for (unsigned i = 0; i < n && !rpc_refused(call); i++)
        give_up(self, &due[i], COUPON__ENTRY_STATE__PLACE_LAPSED, call);
    return n == LOT_SLICE;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;

    (void)row;
    (void)told;
    if (event->event_case == COUPON__EVENT__EVENT_PLACE_CHANGED)
        *part_word(&self->parts, &places_part, 0, event->place_changed->coupon_id) =
            (int64_t)event->place_changed->state;
    return true;
}

static const struct part_stray strays[] = {
    {"coupon", "is by a place that was not drawn",
     "SELECT coupon_id FROM place_given g WHERE NOT EXISTS (SELECT 1 FROM lottery_place p WHERE p.lot_id = g.lot_id "
     "AND p.stratum = 0 AND p.place = g.place) LIMIT 1"},
    {"coupon", "is by a place, and was not given",
     "SELECT coupon_id FROM place_given LEFT JOIN lot_day USING (lot_id) LEFT JOIN claim USING (coupon_id) "
     "WHERE claim.release_id IS NOT lot_day.release_id OR claim.day IS NOT lot_day.day OR claim.member_id IS NOT "
     "place_given.member_id LIMIT 1"},
    {"coupon", "was given without a place, where all are by lot",
     "SELECT coupon_id FROM claim JOIN release ON release.release_id = claim.release_id WHERE way = 2 AND "
     "coupon_id NOT IN (SELECT coupon_id FROM place_given) LIMIT 1"},
    {"member", "has two places of one lot",
     "SELECT member_id FROM place_given GROUP BY lot_id, member_id HAVING count(*) > 1 LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec places_part = {
    .tables = "place_given",
    .others = "place_given.coupon_id place_given.place place_given.state",
    .steps = &places_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .tidy = tidy,
    .agrees = agrees,
    .strays = strays,
    .words = {{"place", "SELECT coupon_id, state FROM place_given ORDER BY coupon_id"}},
    .exports = {{&coupon__lot_entry__descriptor,
                 "SELECT entry_id, lot_id, lower(hex(ticket)) AS ticket, at AS entered_at FROM lottery_entry "
                 "WHERE " HOLDER_HERS " AND withdrawn_at = 0 AND entry_id > ?2 ORDER BY entry_id LIMIT ?3"},
                {&coupon__lot_entry__descriptor,
                 "SELECT coupon_id, lot_id, state, accept_by FROM place_given WHERE coupon_id IN (SELECT coupon_id "
                 "FROM claim_of_member WHERE " HOLDER_HERS ") AND coupon_id > ?2 ORDER BY coupon_id LIMIT ?3"}},
    .closed = {"-- her coupons end (claims.h); by which places they were given stays on account, as in the list"},
    .merged = {"-- what was given stays under its number; of two coupons for one the later ends (claims.h)"},
};
