#include "services/coupon/lot/lots_internal.h"

#include "services/coupon/claim/claims.h"
#include "services/coupon/lot/places.h"
#include "services/coupon/rules.h"

#define RULES       "符合条件的会员在登记时间内均可登记，每人一份，机会均等"
#define PUBLIC      "无公开数值：由事先承诺的密钥与冻结的名单决定"
#define ENDED_EARLY "发放已提前结束"

/* Something of it is to be decided or given. */
#define PENDS "(lottery.stage < 6 OR (lottery.stage = 6 AND granted < wins))"

static const char *const sql[] = {
    [LOTS_SQL_KEEP] = "INSERT INTO lot_form (release_id, form) VALUES (?1, ?2)",
    [LOTS_SQL_KEPT] =
        "SELECT form, coalesce(lower(hex(anchor)), '') FROM lot_form LEFT JOIN lottery_chain USING (chain_id) "
        "WHERE release_id = ?1",
    [LOTS_SQL_CHAIN] = "SELECT chain_id FROM lot_form WHERE release_id = ?1",
    [LOTS_SQL_SET_CHAIN] = "UPDATE lot_form SET chain_id = ?2 WHERE release_id = ?1",
    [LOTS_SQL_ADD] = "INSERT INTO lot_day (lot_id, release_id, day, stage) VALUES (?1, ?2, ?3, ?4)",
    [LOTS_SQL_SET_STAGE] = "UPDATE lot_day SET stage = ?2 WHERE lot_id = ?1",
    [LOTS_SQL_OF_DAY] = "SELECT lot_id, stage FROM lot_day WHERE release_id = ?1 AND day = ?2",
    [LOTS_SQL_FIND] = "SELECT release_id, day, stage FROM lot_day WHERE lot_id = ?1",
    [LOTS_SQL_NEXT_DAY] = "SELECT coalesce(max(day) + 1, 0) FROM lot_day WHERE release_id = ?1",
    [LOTS_SQL_CURRENT] = "SELECT lot_id FROM lot_day WHERE release_id = ?1 AND stage < 7",
    [LOTS_SQL_PEND] = "SELECT 1 FROM lot_day JOIN lottery USING (lot_id) WHERE release_id = ?1 AND " PENDS " LIMIT 1",
    [LOTS_SQL_LOT_PENDS] = "SELECT 1 FROM lottery WHERE lot_id = ?1 AND " PENDS,
    [LOTS_SQL_REPEAT] = "UPDATE lot_day SET repeats = repeats + 1 WHERE lot_id = ?1",
    [LOTS_SQL_REPEATS] = "SELECT repeats FROM lot_day WHERE lot_id = ?1",
    [LOTS_SQL_LIST] =
        "SELECT lot_id, day, stage FROM lot_day WHERE release_id = ?1 AND day < ?2 ORDER BY day DESC LIMIT ?3",
    [LOTS_SQL_PLACE] = "SELECT place FROM lottery_place WHERE lot_id = ?1 AND member_id = ?2",
};
_Static_assert(ARRAY_LEN(sql) == LOTS_N_SQL, "a statement for each");

/* ---- lots ---- */

static void forget_day(void *arg, int64_t unused, int64_t unused_too)
{
    struct release *release = arg;

    (void)unused;
    (void)unused_too;
    release->lot.of_day = -1;
    release->lot.announced = -1;
}

bool lots_of_day(struct coupon *self, struct release *release, int32_t day, struct lot_day *ret)
{
    struct release_lot *lot = &release->lot;
    unsigned statement = self->lots.sql + LOTS_SQL_OF_DAY;

    if (lot->of_day != day) {
        lot->lot_id = 0;
        lot->given = false;
        store_ask(self->store, statement, "ii", release->id, (int64_t)day);
        if (store_read(self->store, statement, INTO(lot->lot_id), INTO(lot->stage)))
            store_end(self->store, statement);
        lot->of_day = store_trouble(self->store) ? -1 : day; /* what could not be read is asked again */
    }
    *ret = (struct lot_day){lot->lot_id, release, day, lot->stage};
    return lot->lot_id != 0;
}

bool lots_find(struct coupon *self, int64_t lot_id, struct arena *arena, struct lot_day *ret)
{
    struct lot_day found = {.lot_id = lot_id};
    int64_t release_id;

    store_ask(self->store, self->lots.sql + LOTS_SQL_FIND, "i", lot_id);
    if (!store_only(self->store, self->lots.sql + LOTS_SQL_FIND, INTO(release_id), INTO(found.day), INTO(found.stage)))
        return false;
    found.release = release_look_up(self, release_id, arena);
    *ret = found;
    return found.release != NULL;
}

static int64_t day_begins(const struct lot_day *lot)
{
    return lot->release->opens_at + lot->day * COUPON_DAY_MS;
}

static int64_t day_ends(const struct lot_day *lot)
{
    return day_begins(lot) + (lot->release->lot.season_ms ? lot->release->lot.season_ms : COUPON_DAY_MS);
}

int64_t lot_closes_at(const struct lot_day *lot)
{
    return day_begins(lot) + lot->release->lot.entry_ms;
}

struct lot_terms lot_terms_light(struct lot_day *lot)
{
    return (struct lot_terms){
        .lot_id = lot->lot_id,
        .stage = lot->stage,
        .union_path = lot->release->union_path,
        .title = "",
        .rules = RULES,
        .public_name = PUBLIC,
        .value_format = lot->release->lot.season_ms ? DRAW_WORDS : DRAW_NONE,
        .opens_at = day_begins(lot),
        .closes_at = lot_closes_at(lot),
        .value_at = day_ends(lot),
        .draw_at = lot_closes_at(lot),
        .until = day_ends(lot),
        .weight_max = 1,
        .record = lot,
    };
}

/* Of one day of several: which. */
static const char *title_of(const struct lot_day *lot, struct arena *arena)
{
    return lot->release->days > 1 ? arena_printf(arena, "%s（第%d天）", lot->release->title, (int)lot->day + 1)
                                  : lot->release->title;
}

bool lot_terms_whole(struct coupon *self, struct lot_day *lot, struct arena *arena, struct lot_terms *ret)
{
    Coupon__LotForm *form = lots_kept(self, lot->release, arena);
    struct lot_stratum *all = arena_zalloc(arena, sizeof(*all));
    const char *title = title_of(lot, arena);

    if (!form || !all || !title)
        return false;
    *all = (struct lot_stratum){"全体", lot->release->stock_per_day, form->waiting};
    *ret = lot_terms_light(lot);
    ret->title = title;
    ret->strata = all;
    ret->n_strata = 1;
    if (*form->rules)
        ret->rules = form->rules;
    if (form->season) {
        ret->public_name = form->public_name;
        ret->value_format = *form->value_format ? form->value_format : DRAW_WORDS;
        ret->value_at = form->value_at;
        ret->draw_at = form->draw_at ? form->draw_at : form->value_at;
    }
    return true;
}

bool lot_complete(struct coupon *self, struct lot_whole *lot, struct arena *arena)
{
    return lot_terms_whole(self, &lot->day, arena, &lot->terms) && lottery_find(&self->lottery, &lot->terms, &lot->lot);
}

int64_t lot_decided_at(struct coupon *self, const struct lot_day *lot, struct arena *arena)
{
    Coupon__LotForm *form = lot->release->lot.season_ms ? lots_kept(self, lot->release, arena) : NULL;

    if (!form)
        return lot_closes_at(lot);
    return form->draw_at ? form->draw_at : form->value_at;
}

int lot_judgement(const struct coupon *self, const struct release *release, const Rpc__Principal *principal,
                  int64_t now)
{
    int refusal = release_refusal(release, now);

    if (!refusal)
        refusal = eligibility_reason(audience_judge(&release->audience, principal, now));
    if (!refusal && claimants_find(&release->claimants, principal->member_id))
        refusal = COUPON__REASON__LOT_HAS_ONE;
    if (!refusal)
        refusal = granted_refusal(&self->granted, &release->marks, principal->member_id, release->face_fen, now);
    return refusal;
}

/* Whether all that a lot gives is given. */
static bool is_given(struct coupon *self, struct release_lot *lot)
{
    if (!lot->given && lot->stage >= LOTTERY__STAGE__PUBLISHED)
        lot->given = !lot_pends(self, lot->lot_id) && !store_trouble(self->store);
    return lot->given;
}

int lots_claim_refusal(struct coupon *self, struct release *release, void *call)
{
    struct lot_day lot;

    if (release->way != COUPON__WAY__FAIR)
        return COUPON__REASON__NOT_BY_CLAIM;
    if (release_day(release, rpc_now(call)) < 0 || !lots_of_day(self, release, release->day, &lot) ||
        lot.stage == LOTTERY__STAGE__VOID || is_given(self, &release->lot))
        return 0;
    rpc_fact_time(call, "decidedAt", lot_closes_at(&lot));
    return rpc_now(call) < lot_closes_at(&lot) ? COUPON__REASON__LOT_FIRST : COUPON__REASON__LOT_UNDECIDED;
}

void lots_count_repeat(struct coupon *self, const struct lot_day *lot)
{
    store_run(self->store, self->lots.sql + LOTS_SQL_REPEAT, "i", lot->lot_id);
}

int64_t lots_repeats(struct coupon *self, int64_t lot_id)
{
    store_ask(self->store, self->lots.sql + LOTS_SQL_REPEATS, "i", lot_id);
    return store_number(self->store, self->lots.sql + LOTS_SQL_REPEATS);
}

void lots_ask(struct coupon *self, int64_t release_id, int64_t before, int64_t limit)
{
    store_ask(self->store, self->lots.sql + LOTS_SQL_LIST, "iii", release_id, before, limit);
}

bool lots_next(struct coupon *self, struct release *release, struct lot_day *ret)
{
    ret->release = release;
    return store_read(self->store, self->lots.sql + LOTS_SQL_LIST, INTO(ret->lot_id), INTO(ret->day), INTO(ret->stage));
}

void lots_end(struct coupon *self)
{
    store_end(self->store, self->lots.sql + LOTS_SQL_LIST);
}

int64_t lots_place(struct coupon *self, int64_t lot_id, int64_t number)
{
    store_ask(self->store, self->lots.sql + LOTS_SQL_PLACE, "ii", lot_id, number);
    return store_number(self->store, self->lots.sql + LOTS_SQL_PLACE);
}

/* ---- what becomes of a release ---- */

static int announce(struct coupon *self, struct release *release, int32_t day, int64_t chain_id, void *call)
{
    struct lot_day made = {id_next(&self->ids, rpc_now(call)), release, day, LOTTERY__STAGE__DRAFT};
    struct lot_terms terms;
    struct lot lot;

    rpc_on_undo(call, forget_day, release, 0, 0);
    forget_day(release, 0, 0);
    if (!lot_terms_whole(self, &made, rpc_arena(call), &terms))
        return RPC__REASON__OVERLOADED;
    store_run(self->store, self->lots.sql + LOTS_SQL_ADD, "iiii", made.lot_id, release->id, (int64_t)day,
              (int64_t)made.stage);
    return lottery_announce(&self->lottery, &terms, chain_id, chain_id ? day + 1 : 0, call, &lot);
}

static int64_t chain_of(struct coupon *self, const struct release *release)
{
    store_ask(self->store, self->lots.sql + LOTS_SQL_CHAIN, "i", release->id);
    return store_number(self->store, self->lots.sql + LOTS_SQL_CHAIN);
}

/* The first day that has not been announced and can be; whether it is time to. */
static bool next_day(struct coupon *self, struct release *release, int64_t now, int32_t *ret)
{
    struct release_lot *lot = &release->lot;

    if (lot->announced < 0) {
        store_ask(self->store, self->lots.sql + LOTS_SQL_NEXT_DAY, "i", release->id);
        lot->announced = (int32_t)store_number(self->store, self->lots.sql + LOTS_SQL_NEXT_DAY);
    }
    if (store_trouble(self->store)) {
        lot->announced = -1;
        return false;
    }
    while (lot->announced < release->days && release->opens_at + lot->announced * COUPON_DAY_MS <= now)
        lot->announced++;
    *ret = lot->announced;
    return *ret < release->days && release->opens_at + (*ret - LOT_AHEAD_DAYS) * COUPON_DAY_MS <= now;
}

int lots_publish(struct coupon *self, struct release *release, void *call)
{
    struct lot_chain chain;
    struct lot_day lot;

    if (lots_of_day(self, release, 0, &lot) || chain_of(self, release))
        return 0; /* after a pause */
    if (release->opens_at <= rpc_now(call))
        return COUPON__REASON__LOT_OPENS_TOO_SOON;
    if (release->lot.season_ms)
        return announce(self, release, 0, 0, call);
    lottery_make_chain(&self->lottery, release->union_path, release->days, call, &chain);
    store_run(self->store, self->lots.sql + LOTS_SQL_SET_CHAIN, "ii", release->id, chain.id);
    return announce(self, release, 0, chain.id, call);
}

/* Closing or making void moves the lots, so they are read first. */
void lots_close(struct coupon *self, struct release *release, void *call)
{
    Coupon__VoidLotRequest what = COUPON__VOID_LOT_REQUEST__INIT;
    int64_t ids[LOT_AHEAD_DAYS + LOT_SLICE];
    size_t n;

    store_ask(self->store, self->lots.sql + LOTS_SQL_CURRENT, "i", release->id);
    n = store_numbers(self->store, self->lots.sql + LOTS_SQL_CURRENT, ids, ARRAY_LEN(ids));
    for (size_t i = 0; i < n; i++) {
        struct lot_whole lot;

        if (!lots_find(self, ids[i], rpc_arena(call), &lot.day) || !lot_complete(self, &lot, rpc_arena(call))) {
            rpc_refuse(call, RPC__REASON__OVERLOADED);
            return;
        }
        if (lot.lot.stage < LOTTERY__STAGE__FROZEN)
            lottery_make_void(&self->lottery, &lot.terms, &lot.lot, &what.base, ENDED_EARLY, call);
        else if (lot.lot.stage == LOTTERY__STAGE__PUBLISHED && release->lot.season_ms)
            lottery_close(&self->lottery, &lot.terms, call);
    }
}

bool lot_pends(struct coupon *self, int64_t lot_id)
{
    store_ask(self->store, self->lots.sql + LOTS_SQL_LOT_PENDS, "i", lot_id);
    return store_any(self->store, self->lots.sql + LOTS_SQL_LOT_PENDS);
}

bool lots_pend(struct coupon *self, const struct release *release)
{
    if (!way_is_lot(release->way))
        return false;
    store_ask(self->store, self->lots.sql + LOTS_SQL_PEND, "i", release->id);
    return store_any(self->store, self->lots.sql + LOTS_SQL_PEND);
}

/* ---- what the lottery asks for ---- */

static bool find(void *arg, int64_t lot_id, struct arena *arena, struct lot_terms *ret)
{
    struct lot_day *lot = arena_alloc(arena, sizeof(*lot));

    return lot && lots_find(arg, lot_id, arena, lot) && lot_terms_whole(arg, lot, arena, ret);
}

static void on_stage(void *arg, const struct lot_terms *terms, int stage, const char *void_reason, void *call)
{
    struct coupon *self = arg;
    struct lot_day *lot = terms->record;
    Coupon__LotStaged staged = COUPON__LOT_STAGED__INIT;

    (void)void_reason;
    store_run(self->store, self->lots.sql + LOTS_SQL_SET_STAGE, "ii", lot->lot_id, (int64_t)stage);
    rpc_on_undo(call, forget_day, lot->release, 0, 0);
    lot->release->lot.of_day = -1;
    staged.lot_id = lot->lot_id;
    staged.release_id = lot->release->id;
    staged.day = lot->day;
    staged.stage = (Lottery__Stage)stage;
    rpc_tell(call, &staged.base);
}

static int judge(void *arg, const struct lot_terms *terms, const void *wish, void *call, int32_t *ret_stratum,
                 uint32_t *ret_weight)
{
    struct lot_day *lot = terms->record;

    (void)wish;
    (void)ret_weight;
    *ret_stratum = 0;
    return lot_judgement(arg, lot->release, rpc_principal(call), rpc_now(call));
}

static bool give(void *arg, const struct lot_terms *terms, int64_t member_id, int32_t stratum, int32_t place,
                 void *call)
{
    (void)stratum;
    return place_give(arg, terms, member_id, place, call);
}

static int64_t held(void *arg, int64_t lot_id, int32_t stratum)
{
    (void)stratum;
    return places_held(arg, lot_id);
}

const struct lottery_service coupon_lottery = {
    .noun = "coupon",
    .roles = (const int[]){RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__ROLE_NONE},
    .words = {.not_announced = COUPON__REASON__RELEASE_NOT_FOUND,
              .opens_too_soon = COUPON__REASON__LOT_OPENS_TOO_SOON,
              .not_open = COUPON__REASON__NOT_OPEN_YET,
              .closed = COUPON__REASON__LOT_ENTRIES_CLOSED,
              .is_void = COUPON__REASON__LOT_IS_VOID,
              .terms_not_printable = COUPON__REASON__LOT_TIMES_WRONG,
              .terms_fixed = COUPON__REASON__WRONG_STATE,
              .chain_not_found = COUPON__REASON__WRONG_STATE,
              .day_taken = COUPON__REASON__WRONG_STATE,
              .not_frozen = COUPON__REASON__LOT_NOT_FROZEN,
              .value_not_yet = COUPON__REASON__LOT_VALUE_NOT_YET,
              .value_not_a_line = COUPON__REASON__LOT_VALUE_WRONG,
              .value_not_in_format = COUPON__REASON__LOT_VALUE_WRONG,
              .value_not_entered = COUPON__REASON__LOT_VALUE_NOT_ENTERED,
              .value_differs = COUPON__REASON__LOT_VALUE_DIFFERS,
              .value_own = COUPON__REASON__LOT_VALUE_OWN,
              .value_fixed = COUPON__REASON__LOT_VALUE_FIXED,
              .value_none = COUPON__REASON__LOT_VALUE_NONE,
              .drawn = COUPON__REASON__LOT_DRAWN,
              .not_drawn = COUPON__REASON__LOT_NOT_DRAWN,
              .published = COUPON__REASON__LOT_PUBLISHED,
              .loading = COUPON__REASON__LOT_LOADING},
    .find = find,
    .on_stage = on_stage,
    .judge = judge,
    .give = give,
    .held = held,
};

/* ---- the part ---- */

static void opened(void *arg)
{
    struct coupon *self = arg;

    lottery_serve(&self->lottery, &coupon_lottery, self, &self->holders, &self->two_hands);
}

/* The next day of one release is announced. */
struct due {
    struct coupon *self;
    struct release *release;
    int32_t day;
};

static void announce_next(void *call, void *arg)
{
    struct due *due = arg;
    int reason = announce(due->self, due->release, due->day, chain_of(due->self, due->release), call);

    rpc_refuse_if(call, reason);
}

static bool work(void *arg)
{
    struct coupon *self = arg;

    for (unsigned i = 0; i < self->n_live; i++) {
        struct due due = {self, self->live[i], 0};

        if (!way_is_lot(due.release->way) || due.release->lot.season_ms ||
            (due.release->state != COUPON__STATE__PUBLISHED && due.release->state != COUPON__STATE__SUSPENDED) ||
            !next_day(self, due.release, clock_now(self->clock), &due.day))
            continue;
        return rpc_server_transact(self->rpc, announce_next, &due) == 0;
    }
    return false;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;

    (void)row;
    (void)told;
    if (event->event_case == COUPON__EVENT__EVENT_LOT_STAGED)
        *part_word(&self->parts, &lots_part, 0, event->lot_staged->lot_id) = (int64_t)event->lot_staged->stage;
    return true;
}

static const struct part_stray strays[] = {
    {"release", "is given by lot, and has no form of it",
     "SELECT release_id FROM release WHERE way IN (1, 2) AND release_id NOT IN (SELECT release_id FROM lot_form) "
     "LIMIT 1"},
    {"lot", "is of no release by lot",
     "SELECT lot_id FROM lot_day WHERE release_id NOT IN (SELECT release_id FROM release WHERE way IN (1, 2)) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec lots_part = {
    .tables = "lot_form lot_day",
    .others = "lot_form.release_id lot_day.day lot_day.stage lot_day.repeats",
    .steps = &lots_steps,
    .sql = sql,
    .n_sql = LOTS_N_SQL,
    .last_id = "SELECT max(lot_id) FROM lot_day",
    .opened = opened,
    .work = work,
    .agrees = agrees,
    .strays = strays,
    .words = {{"lot", "SELECT lot_id, stage FROM lot_day ORDER BY lot_id"}},
};
