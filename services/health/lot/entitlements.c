#include "services/health/lot/entitlements.h"

#include "services/health/booking/visits.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/lot/lots.h"
#include "services/health/lot/stocks.h"
#include "services/health/rules.h"

#define LAPSE_SLICE 32
#define SOON_SLICE  100
#define COLUMNS     "entitlement_id, campaign_id, member_id, stratum, place, state, granted_at, book_by"

enum {
    SQL_ADD,
    SQL_SET,
    SQL_FIND,
    SQL_FIND_OF,
    SQL_SPARE,
    SQL_DUE,
    SQL_SOON,
    SQL_SAID_SOON,
    SQL_NO_SHOW,
    SQL_HELD,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO entitlement (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_SET] = "UPDATE entitlement SET state = ?2, stratum = ?3, place = ?4 WHERE entitlement_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM entitlement WHERE entitlement_id = ?1",
    [SQL_FIND_OF] = "SELECT " COLUMNS " FROM entitlement WHERE " HOLDER_HERS " AND campaign_id = ?2 "
                    "ORDER BY " ENTITLEMENT_COUNTS " LIMIT 1",
    [SQL_SPARE] = "SELECT " COLUMNS " FROM entitlement e WHERE " HOLDER_HERS " AND state IN (1, 2) "
                  "AND (?2 OR EXISTS (SELECT 1 FROM entitlement o WHERE o." HOLDER_HERS
                  " AND o.campaign_id = e.campaign_id AND o.state <= 3 AND (o.state, o.member_id = ?1, "
                  "o.entitlement_id) > (e.state, e.member_id = ?1, e.entitlement_id))) LIMIT ?3",
    [SQL_DUE] = "SELECT " COLUMNS " FROM entitlement WHERE state = 1 AND book_by < ?1 ORDER BY book_by LIMIT ?2",
    [SQL_SOON] = "SELECT " COLUMNS " FROM entitlement WHERE state = 1 AND soon_said = 0 AND book_by <= ?1 LIMIT ?2",
    [SQL_SAID_SOON] = "UPDATE entitlement SET soon_said = 1 WHERE entitlement_id = ?1",
    [SQL_HELD] = "SELECT count(*) FROM entitlement WHERE campaign_id = ?1 AND stratum = ?2 AND place > 0 "
                 "AND state IN (1, 2, 3)",
    [SQL_NO_SHOW] = "SELECT count(*) FROM entitlement WHERE " HOLDER_HERS " AND state = 6 AND granted_at >= ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct entitlements *entitlements, unsigned statement, struct entitlement *ret)
{
    struct store *store = entitlements->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->campaign_id), INTO(ret->member_id), INTO(ret->stratum),
                      INTO(ret->place), INTO(ret->state), INTO(ret->granted_at), INTO(ret->book_by));
}

static bool only(const struct entitlements *entitlements, unsigned statement, struct entitlement *ret)
{
    bool found = next(entitlements, statement, ret);

    if (found)
        store_end(entitlements->store, statement);
    return found;
}

/* Up to max of what a query finds; ends it. */
static unsigned all(const struct entitlements *entitlements, unsigned statement, struct entitlement *ret, unsigned max)
{
    unsigned n = 0;

    while (n < max && next(entitlements, statement, &ret[n]))
        n++;
    store_end(entitlements->store, statement);
    return n;
}

bool entitlements_find(const struct entitlements *entitlements, int64_t entitlement_id, struct entitlement *ret)
{
    store_ask(entitlements->store, entitlements->sql + SQL_FIND, "i", entitlement_id);
    return only(entitlements, entitlements->sql + SQL_FIND, ret);
}

bool entitlements_find_of(const struct entitlements *entitlements, int64_t campaign_id, int64_t member_id,
                          struct entitlement *ret)
{
    store_ask(entitlements->store, entitlements->sql + SQL_FIND_OF, "ii", member_id, campaign_id);
    return only(entitlements, entitlements->sql + SQL_FIND_OF, ret);
}

bool entitlements_missed(const struct entitlements *entitlements, int64_t member_id, int64_t since)
{
    store_ask(entitlements->store, entitlements->sql + SQL_NO_SHOW, "ii", member_id, since);
    return store_number(entitlements->store, entitlements->sql + SQL_NO_SHOW) > 0;
}

/* What a place of a stratum is worth, as far as it is known when it is given. */
static int64_t worth(const Health__Campaign *campaign, int32_t stratum)
{
    return (size_t)stratum < campaign->n_strata ? dearest_price(campaign, (size_t)stratum) : campaign->price_fen;
}

int entitlement_refusal(const struct health *self, const Health__Campaign *campaign, int64_t member_id, int32_t stratum,
                        int64_t now)
{
    const struct granted_marks marks = granted_marks(campaign->counts);

    return campaign->counts ? granted_refusal(&self->granted, &marks, member_id, worth(campaign, stratum), now) : 0;
}

int audience_refusal(struct health *self, const Health__Campaign *campaign, int64_t site_id, void *call,
                     int32_t *ret_stratum)
{
    const Rpc__Principal *principal = rpc_principal(call);
    const Health__CampaignSite *site = campaign_site(campaign, site_id);
    int refusal = invitation_refusal(campaign, principal, rpc_now(call));

    if (!refusal && site_id && (!site || site->withdrawn))
        refusal = HEALTH__REASON__SITE_NOT_IN_CAMPAIGN;
    if (!refusal && campaign->no_show_days &&
        entitlements_missed(&self->entitlements, principal->member_id,
                            rpc_now(call) - campaign->no_show_days * HEALTH_DAY_MS))
        refusal = HEALTH__REASON__BARRED_AFTER_NO_SHOW;
    *ret_stratum = stratum_of(campaign, principal, site_id);
    if (!refusal && *ret_stratum < 0)
        refusal = HEALTH__REASON__NO_STRATUM_FITS;
    return refusal ? refusal : entitlement_refusal(self, campaign, principal->member_id, *ret_stratum, rpc_now(call));
}

/* ---- changes ---- */

static void say_changed(const struct entitlement *entitlement, void *call)
{
    Health__EntitlementChanged changed = HEALTH__ENTITLEMENT_CHANGED__INIT;

    changed.entitlement_id = entitlement->id;
    changed.campaign_id = entitlement->campaign_id;
    changed.member_id = entitlement->member_id;
    changed.stratum = entitlement->stratum;
    changed.place = entitlement->place;
    changed.state = (Health__EntitlementState)entitlement->state;
    rpc_tell(call, &changed.base);
}

/* A winner has the campaign's days from the later of now and the beginning of
 * booking, and never longer than booking lasts. */
static int64_t book_by(const Health__Campaign *campaign, int64_t now)
{
    int64_t days = campaign->book_days ? campaign->book_days : HEALTH_BOOK_DAYS;
    int64_t from = now > campaign->book_from ? now : campaign->book_from;
    int64_t by = from + days * HEALTH_DAY_MS;

    if (campaign->first_come)
        return campaign->book_until;
    return by < campaign->book_until ? by : campaign->book_until;
}

bool entitlement_grant(struct health *self, const Health__Campaign *campaign, int64_t member_id, int32_t stratum,
                       int32_t place, void *call, struct entitlement *ret)
{
    struct entitlement made = {
        .id = id_next(&self->ids, rpc_now(call)),
        .campaign_id = campaign->campaign_id,
        .member_id = member_id,
        .stratum = stratum,
        .place = place,
        .state = HEALTH__ENTITLEMENT_STATE__WON,
        .granted_at = rpc_now(call),
        .book_by = book_by(campaign, rpc_now(call)),
    };
    struct notice_given won = {
        .kind = NOTICE__NOTICE_KIND__CHECKUP_WON, .member_id = member_id, .about_id = made.id, .at = made.book_by};
    const struct granted_marks marks = granted_marks(campaign->counts);
    int64_t holder = holder_of(&self->holders, member_id);
    struct entitlement other;

    if (!holder || entitlements_find_of(&self->entitlements, campaign->campaign_id, holder, &other) ||
        entitlement_refusal(self, campaign, holder, stratum, rpc_now(call)))
        return false;
    if (store_run(self->store, self->entitlements.sql + SQL_ADD, "iiiiiiii", made.id, made.campaign_id, made.member_id,
                  (int64_t)made.stratum, (int64_t)made.place, (int64_t)made.state, made.granted_at, made.book_by) == -1)
        return false;
    stocks_follow(self, &made, HEALTH__ENTITLEMENT_STATE__ENTITLEMENT_NONE);
    say_changed(&made, call);
    rpc_refuse_if(call,
                  granted_give(&self->granted, &marks, made.id, made.member_id, worth(campaign, stratum), NULL, call));
    if (place > 0 && !campaign->first_come) /* who books now need not be told */
        remind(self, &won, campaign, 0, call);
    if (ret)
        *ret = made;
    return true;
}

/* Who did not come has had hers. */
static const int counts_as[] = {
    [HEALTH__ENTITLEMENT_STATE__WON] = GRANTED__GRANT_STATE__HELD,
    [HEALTH__ENTITLEMENT_STATE__BOOKED] = GRANTED__GRANT_STATE__HELD,
    [HEALTH__ENTITLEMENT_STATE__ATTENDED] = GRANTED__GRANT_STATE__SPENT,
    [HEALTH__ENTITLEMENT_STATE__LAPSED] = GRANTED__GRANT_STATE__GIVEN_BACK,
    [HEALTH__ENTITLEMENT_STATE__DECLINED] = GRANTED__GRANT_STATE__GIVEN_BACK,
    [HEALTH__ENTITLEMENT_STATE__NO_SHOW] = GRANTED__GRANT_STATE__GRANT_NONE,
    [HEALTH__ENTITLEMENT_STATE__TAKEN_BACK] = GRANTED__GRANT_STATE__GIVEN_BACK,
};

void entitlement_set(struct health *self, struct entitlement *entitlement, int state, void *call)
{
    int before = entitlement->state;

    entitlement->state = state;
    store_run(self->store, self->entitlements.sql + SQL_SET, "iiii", entitlement->id, (int64_t)state,
              (int64_t)entitlement->stratum, (int64_t)entitlement->place);
    stocks_follow(self, entitlement, before);
    say_changed(entitlement, call);
    if (counts_as[state])
        granted_set(&self->granted, entitlement->id, entitlement->member_id, counts_as[state], call);
    if (before == (int)HEALTH__ENTITLEMENT_STATE__WON)
        notice_withdraw(&self->notice, 0, entitlement->id, call); /* she need not be told to book any more */
}

int64_t entitlements_held(const struct entitlements *entitlements, int64_t campaign_id, int32_t stratum)
{
    store_ask(entitlements->store, entitlements->sql + SQL_HELD, "ii", campaign_id, (int64_t)stratum);
    return store_number(entitlements->store, entitlements->sql + SQL_HELD);
}

bool entitlement_is_given_on(struct health *self, const Health__Campaign *campaign,
                             const struct entitlement *entitlement)
{
    return entitlement->state == HEALTH__ENTITLEMENT_STATE__NO_SHOW && entitlement->place && !campaign->first_come &&
           (size_t)entitlement->stratum < campaign->n_strata &&
           entitlements_held(&self->entitlements, entitlement->campaign_id, entitlement->stratum) >=
               campaign->strata[entitlement->stratum]->quota;
}

void entitlement_end(struct health *self, struct entitlement *entitlement, int state, void *call)
{
    struct lot_terms terms;

    ensure(state == HEALTH__ENTITLEMENT_STATE__LAPSED || state == HEALTH__ENTITLEMENT_STATE__DECLINED ||
           state == HEALTH__ENTITLEMENT_STATE__NO_SHOW || state == HEALTH__ENTITLEMENT_STATE__TAKEN_BACK);
    entitlement_set(self, entitlement, state, call);
    if (entitlement->place && lots_find(self, entitlement->campaign_id, rpc_arena(call), &terms))
        lottery_promote(&self->lottery, &terms, entitlement->stratum, call);
}

/* Ends some of those whose time to book is over. Whether there may be more. */
static bool lapse(struct health *self, void *call)
{
    unsigned statement = self->entitlements.sql + SQL_DUE, n;
    struct entitlement due[LAPSE_SLICE];

    store_ask(self->store, statement, "ii", rpc_now(call), (int64_t)LAPSE_SLICE);
    n = all(&self->entitlements, statement, due, LAPSE_SLICE);
    for (unsigned i = 0; i < n; i++)
        entitlement_end(self, &due[i], HEALTH__ENTITLEMENT_STATE__LAPSED, call);
    return n == LAPSE_SLICE;
}

/* Tells some of those whose time to book is over soon. Whether there may be more. */
static bool say_soon(struct health *self, void *call)
{
    unsigned statement = self->entitlements.sql + SQL_SOON, n;
    struct entitlement found[SOON_SLICE];
    void *memo = NULL;

    store_ask(self->store, statement, "ii", rpc_now(call) + BOOKING_REMIND_MS, (int64_t)SOON_SLICE);
    n = all(&self->entitlements, statement, found, SOON_SLICE);
    for (unsigned i = 0; i < n; i++) {
        struct notice_given given = {.kind = NOTICE__NOTICE_KIND__CHECKUP_BOOK_SOON,
                                     .member_id = found[i].member_id,
                                     .about_id = found[i].id,
                                     .at = found[i].book_by};

        store_run(self->store, self->entitlements.sql + SQL_SAID_SOON, "i", found[i].id);
        remind(self, &given, campaign_again(self, found[i].campaign_id, &memo, call), 0, call);
    }
    return n == SOON_SLICE;
}

static bool tidy(void *self, void *call)
{
    bool more = lapse(self, call);

    return say_soon(self, call) || more;
}

/* ---- what there is twice, or for nobody ---- */

#define SPARE_SLICE 16

/* With what was booked by it. */
static void give_up(struct health *self, struct entitlement *entitlement, int state, void *call)
{
    struct booking booking;

    if (bookings_find_of(&self->bookings, entitlement->id, &booking))
        booking_set(&self->bookings, &booking, HEALTH__BOOKING_STATE__CANCELLED, call);
    entitlement_end(self, entitlement, state, call);
}

static bool settle(void *arg, int64_t number, int64_t holder_id, void *call)
{
    struct health *self = arg;
    struct entitlement spare[SPARE_SLICE];
    unsigned statement = self->entitlements.sql + SQL_SPARE, n;

    store_ask(self->store, statement, "iii", holder_id ? holder_id : number, (int64_t)!holder_id, (int64_t)SPARE_SLICE);
    n = all(&self->entitlements, statement, spare, SPARE_SLICE);
    for (unsigned i = 0; i < n; i++)
        give_up(self, &spare[i], HEALTH__ENTITLEMENT_STATE__DECLINED, call);
    return n == SPARE_SLICE;
}

void entitlement_withdraw(void *arg, int64_t entitlement_id, void *call)
{
    struct health *self = arg;
    struct notice_given given = {.kind = NOTICE__NOTICE_KIND__CHECKUP_WITHDRAWN, .about_id = entitlement_id};
    struct entitlement entitlement;

    if (!entitlements_find(&self->entitlements, entitlement_id, &entitlement) ||
        entitlement.state > (int)HEALTH__ENTITLEMENT_STATE__BOOKED)
        return;
    give_up(self, &entitlement, HEALTH__ENTITLEMENT_STATE__TAKEN_BACK, call);
    given.member_id = entitlement.member_id;
    remind(self, &given, campaigns_find(&self->campaigns, entitlement.campaign_id, rpc_arena(call)), 0, call);
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct health *self = arg;
    const Health__Event *event = body;

    (void)row;
    (void)told;
    if (event->event_case == HEALTH__EVENT__EVENT_ENTITLEMENT_CHANGED)
        *part_word(&self->parts, &entitlements_part, 0, event->entitlement_changed->entitlement_id) =
            event->entitlement_changed->state;
    return true;
}

static const struct part_stray strays[] = {
    {"entitlement", "not of whoever has its place",
     "SELECT entitlement_id FROM entitlement JOIN lottery ON lot_id = campaign_id "
     "WHERE place > 0 AND NOT EXISTS (SELECT 1 FROM lottery_place p "
     "WHERE p.lot_id = entitlement.campaign_id AND p.stratum = entitlement.stratum "
     "AND p.place = entitlement.place AND p.member_id = entitlement.member_id) LIMIT 1"},
    {"entitlement", "whoever holds it has another one in its campaign",
     "SELECT e.entitlement_id FROM account_gone g JOIN entitlement e ON e.member_id = g.member_id "
     "JOIN entitlement o ON o.campaign_id = e.campaign_id AND o.entitlement_id <> e.entitlement_id "
     "AND o.member_id IN " HOLDER_NUMBERS("g.holder_id") " WHERE g.settled = 1 AND e.state IN (1, 2) "
                                                         "AND o.state IN (1, 2) LIMIT 1"},
    {"member", "the account is closed, and has a place",
     "SELECT g.member_id FROM account_gone g JOIN entitlement e ON e.member_id = g.member_id "
     "WHERE g.holder_id IS NULL AND g.settled = 1 AND e.state IN (1, 2) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec entitlements_part = {
    .tables = "entitlement",
    .others = "entitlement.book_by entitlement.soon_said",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT coalesce(max(entitlement_id), 0) FROM entitlement",
    .tidy = tidy,
    .agrees = agrees,
    .words = {{"entitlement", "SELECT entitlement_id, state FROM entitlement ORDER BY entitlement_id"}},
    .strays = strays,
    .exports =
        {{&health__my_checkup__descriptor,
          "SELECT e.entitlement_id, e.campaign_id, e.state AS entitlement, coalesce(b.booking_id, 0) AS booking_id, "
          "coalesce(b.state, 0) AS booking FROM entitlement e LEFT JOIN booked_slot b "
          "ON b.right_id = e.entitlement_id AND b.state <> 3 WHERE e." HOLDER_HERS
          " AND e.entitlement_id > ?2 ORDER BY e.entitlement_id LIMIT ?3"},
         NOTICE_EXPORT},
    .closed = {"-- its place stays in what was drawn; it is given up (settle)"},
    .merged = {"-- its place stays in what was drawn; of two one is given up (settle)"},
    .settle = settle,
};
