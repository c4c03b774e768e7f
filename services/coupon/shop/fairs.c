#include "services/coupon/shop/fairs.h"

#include "services/coupon/api.h"

#define COLUMNS "fair_id, union_path, title, percent_off, ceiling_fen, from_at, until_at, ended"

enum { SQL_ADD, SQL_END, SQL_FIND, SQL_ON, SQL_OVERLAPS, SQL_BEFORE, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO fair (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
    [SQL_END] = "UPDATE fair SET ended = 1 WHERE fair_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM fair WHERE fair_id = ?1",
    [SQL_ON] = "SELECT " COLUMNS " FROM fair WHERE union_path = ?1 AND ended = 0 AND until_at > ?2 AND from_at <= ?2",
    [SQL_OVERLAPS] = "SELECT 1 FROM fair WHERE union_path = ?1 AND ended = 0 AND until_at > ?2 AND from_at < ?3",
    [SQL_BEFORE] = "SELECT " COLUMNS " FROM fair WHERE fair_id < ?1 ORDER BY fair_id DESC",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct coupon *self, unsigned which, struct fair *ret)
{
    return store_read(self->store, self->fairs.sql + which, INTO(ret->id), INTO(ret->union_path), INTO(ret->title),
                      INTO(ret->percent_off), INTO(ret->ceiling_fen), INTO(ret->from), INTO(ret->until),
                      INTO(ret->ended));
}

static bool only(const struct coupon *self, unsigned which, struct fair *ret)
{
    bool found = next(self, which, ret);

    store_end(self->store, self->fairs.sql + which);
    return found;
}

bool fairs_find_on(const struct coupon *self, const char *union_path, int64_t now, struct fair *ret)
{
    store_ask(self->store, self->fairs.sql + SQL_ON, "ti", union_path, now);
    return only(self, SQL_ON, ret);
}

int64_t fair_off(const struct coupon *self, const struct fair *fair, int64_t union_id, int64_t member_id,
                 int64_t price_fen, int64_t now)
{
    int64_t off = price_fen * fair->percent_off / 100;
    int64_t left =
        fair->ceiling_fen - granted_value(&self->granted, member_id, granted_key(union_id, FAIR_CEILING), now);

    if (left < off)
        off = left;
    return off > 0 ? off : 0;
}

static void say(struct fair *fair, void *call)
{
    Coupon__FairChanged changed = COUPON__FAIR_CHANGED__INIT;

    changed.fair_id = fair->id;
    changed.union_path = fair->union_path;
    changed.percent_off = fair->percent_off;
    changed.ceiling_fen = fair->ceiling_fen;
    changed.from = fair->from;
    changed.until = fair->until;
    changed.ended = fair->ended;
    rpc_tell(call, &changed.base);
}

/* ---- operations ---- */

/* 0 or a Reason. NULL when the call's memory is full. */
static int fair_message(const struct coupon *self, const struct fair *fair, void *call, Coupon__Fair **ret)
{
    Coupon__Fair *message = arena_message(rpc_arena(call), &coupon__fair__descriptor);

    *ret = message;
    if (!message)
        return 0;
    message->fair_id = fair->id;
    message->title = rpc_text(call, fair->title);
    message->percent_off = fair->percent_off;
    message->ceiling_fen = fair->ceiling_fen;
    message->from = fair->from;
    message->until = fair->until;
    message->ended = fair->ended;
    return tree_id(&self->tree, fair->union_path, call, &message->union_id);
}

static void reply_fair(const struct coupon *self, const struct fair *fair, Coupon__Fair_Closure reply, void *call)
{
    Coupon__Fair *message;

    if (!rpc_refuse_if(call, fair_message(self, fair, call, &message)))
        reply(message, call);
}

/* rpc CreateFair: of a union's shop. */
static void fairs__create_fair(Coupon__Fairs_Service *service, const Coupon__CreateFairRequest *req,
                               Coupon__Fair_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, fairs_service);
    struct fair fair = {0};
    const char *path;
    bool overlaps;

    if (form_missing(req->fair, "fair", call))
        return;
    path = tree_path(&self->tree, req->fair->union_id, "fair.unionId", call);
    if (!path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "fair.unionId");
        return;
    }
    fair.ceiling_fen = req->fair->ceiling_fen;
    fair.from = req->fair->from;
    fair.until = req->fair->until;
    fair.percent_off = req->fair->percent_off;
    if (fair.until <= fair.from || fair.until <= rpc_now(call)) {
        rpc_refuse_field(call, COUPON__REASON__FAIR_OUT_OF_ORDER, "fair.until");
        return;
    }
    store_ask(self->store, self->fairs.sql + SQL_OVERLAPS, "tii", path, fair.from, fair.until);
    overlaps = store_any(self->store, self->fairs.sql + SQL_OVERLAPS);
    if (rpc_refuse_field_if(call, overlaps ? COUPON__REASON__FAIR_OVERLAPS : 0, "fair.from"))
        return;
    fair.id = id_next(&self->ids, rpc_now(call));
    snprintf(fair.union_path, sizeof(fair.union_path), "%s", path);
    snprintf(fair.title, sizeof(fair.title), "%s", req->fair->title);
    store_run(self->store, self->fairs.sql + SQL_ADD, "ittiiii", fair.id, path, fair.title, (int64_t)fair.percent_off,
              fair.ceiling_fen, fair.from, fair.until);
    say(&fair, call);
    rpc_created(call);
    reply_fair(self, &fair, reply, call);
}

/* rpc EndFair: again does nothing. */
static void fairs__end_fair(Coupon__Fairs_Service *service, const Coupon__FairRequest *req, Coupon__Fair_Closure reply,
                            void *call)
{
    struct coupon *self = container_of(service, struct coupon, fairs_service);
    struct fair fair;

    store_ask(self->store, self->fairs.sql + SQL_FIND, "i", req->fair_id);
    if (!only(self, SQL_FIND, &fair)) {
        rpc_refuse(call, COUPON__REASON__FAIR_NOT_FOUND);
        return;
    }
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, fair.union_path)) {
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
        return;
    }
    if (!fair.ended) {
        fair.ended = true;
        store_run(self->store, self->fairs.sql + SQL_END, "i", fair.id);
        say(&fair, call);
    }
    reply_fair(self, &fair, reply, call);
}

/* rpc ListFairs: of the caller's unions, newest first. */
static void fairs__list_fairs(Coupon__Fairs_Service *service, const Coupon__ListFairsRequest *req,
                              Coupon__FairList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, fairs_service);
    const char *of = tree_path(&self->tree, req->union_id, "unionId", call);
    struct fair *found = arena_alloc(rpc_arena(call), rpc_page(call)->limit * sizeof(*found));
    Coupon__FairList list = COUPON__FAIR_LIST__INIT;
    size_t n = 0;

    if (!of)
        return;
    store_ask(self->store, self->fairs.sql + SQL_BEFORE, "i", rpc_page(call)->before);
    while (found && n < rpc_page(call)->limit && next(self, SQL_BEFORE, &found[n])) {
        const char *path = found[n].union_path;

        n += union_path_covers(of, path) &&
             (rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path) || rpc_has_role(call, RULE__ROLE__FINANCE, path));
    }
    store_end(self->store, self->fairs.sql + SQL_BEFORE);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        Coupon__Fair *message;

        if (rpc_refuse_if(call, fair_message(self, &found[i], call, &message)))
            return;
        rpc_add(call, &list, fairs, message);
    }
    reply(&list, call);
}

const Coupon__Fairs_Service fairs_api = COUPON__FAIRS__INIT(fairs__);

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__FairChanged *changed = event->fair_changed;
    struct fair fair;

    (void)told;
    if (event->event_case != COUPON__EVENT__EVENT_FAIR_CHANGED)
        return true;
    *part_word(&self->parts, &fairs_part, 0, changed->fair_id) = changed->ended ? 2 : 1;
    store_ask(self->store, self->fairs.sql + SQL_FIND, "i", changed->fair_id);
    return only(self, SQL_FIND, &fair) && fair.percent_off == changed->percent_off &&
           fair.ceiling_fen == changed->ceiling_fen && fair.from == changed->from && fair.until == changed->until &&
           part_path_is(&self->parts, row->seq, changed->union_path, fair.union_path);
}

const struct part_spec fairs_part = {
    .tables = "fair",
    .others = "fair.percent_off fair.ended",
    .steps = &fairs_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(fair_id) FROM fair",
    .agrees = agrees,
    .words = {{"fair", "SELECT fair_id, ended + 1 FROM fair ORDER BY fair_id"}},
    .moves = "fair.union_path",
};
