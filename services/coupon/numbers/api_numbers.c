#include "common/base/limits.h"
#include "common/cn/cn_id.h"
#include "services/coupon/api.h"
#include "services/coupon/numbers/numbers_internal.h"
#include "services/coupon/shop/goods.h"

#define ROWS_MAX    400
#define REASONS_MAX 24 /* of one row */
#define USUAL_DAYS  30
#define CHINA_MS    (INT64_C(8) * 3600000)

/* What is gathered; the groups in the order of the query. */
struct split {
    struct coupon *self;
    int by;
    void *call;
    Coupon__NumbersRow *all;
    Coupon__NumbersRow **rows;
    char (*paths)[UNION_PATH_SIZE]; /* of each, split by union */
    size_t n;
    bool more;
};

/* ---- rows ---- */

static Coupon__NumbersRow *new_row(void *call)
{
    Coupon__NumbersRow *row = arena_message(rpc_arena(call), &coupon__numbers_row__descriptor);

    if (row)
        row->refused = arena_alloc(rpc_arena(call), REASONS_MAX * sizeof(*row->refused));
    return row && row->refused ? row : NULL;
}

static void add_refused(Coupon__NumbersRow *row, int what, int64_t n, void *call)
{
    const char *name = api_reason(what)->name;
    size_t i = 0;

    while (i < row->n_refused && strcmp(row->refused[i]->reason, name) != 0)
        i++;
    if (i == row->n_refused) {
        if (i == REASONS_MAX || !(row->refused[i] = arena_message(rpc_arena(call), &coupon__refused_count__descriptor)))
            return;
        api_say(row->refused[i], what);
        row->n_refused++;
    }
    row->refused[i]->n += n;
    for (; i > 0 && row->refused[i]->n > row->refused[i - 1]->n; i--) {
        Coupon__RefusedCount *less = row->refused[i - 1];

        row->refused[i - 1] = row->refused[i];
        row->refused[i] = less;
    }
}

static void add_unasked(Coupon__NumbersRow *row, int what, int64_t n, int64_t fen)
{
    if (what == NUMBERS_REDEEMED) {
        row->redeemed += n;
        row->redeemed_fen += fen;
    } else if (what == NUMBERS_REDEEMED_FEN) {
        row->redeemed_fen += n;
    } else if (what == NUMBERS_GRANTED_FEN) {
        row->granted_fen += n;
    } else if (what == NUMBERS_CALLED) {
        row->called += n;
        row->granted += n;
        row->granted_fen += fen;
    } else {
        row->entered -= n;
    }
}

static bool is_asked(int what)
{
    return what > NUMBERS_REDEEMED || what == NUMBERS_ENTERED;
}

static void add(Coupon__NumbersRow *row, int what, int64_t n, int64_t fen, void *call)
{
    if (!is_asked(what)) {
        add_unasked(row, what, n, fen);
        return;
    }
    row->asked += n;
    if (what == NUMBERS_ENTERED) {
        row->entered += n;
    } else if (what == NUMBERS_GRANTED) {
        row->granted += n;
        row->granted_fen += fen;
    } else if (what == NUMBERS_REPEATED) {
        row->repeated_asks += n;
    } else {
        add_refused(row, what, n, call);
    }
}

/* ---- what is not told ---- */

static int64_t times(const Coupon__NumbersRow *row)
{
    return row->asked - row->repeated_asks;
}

static void withhold(Coupon__NumbersRow *row)
{
    row->withheld = true;
    row->asked = row->granted = row->granted_fen = row->repeated_asks = row->entered = 0;
    row->n_refused = 0;
}

/* Groups of people, of whom a few are not told of; nor is another one by whom they would be. */
static void withhold_few(struct split *split)
{
    size_t withheld = 0, smallest = split->n;

    for (size_t i = 0; i < split->n; i++) {
        if (times(split->rows[i]) < LIMIT_PEOPLE_MIN) {
            withhold(split->rows[i]);
            withheld++;
        } else if (smallest == split->n || times(split->rows[i]) < times(split->rows[smallest])) {
            smallest = i;
        }
    }
    if (withheld == 1 && smallest < split->n)
        withhold(split->rows[smallest]);
}

static bool is_sold_out(const char *reason)
{
    return strcmp(reason, api_reason(COUPON__REASON__SOLD_OUT)->name) == 0 ||
           strcmp(reason, api_reason(COUPON__REASON__NO_SEAT_LEFT)->name) == 0 ||
           strcmp(reason, api_reason(COUPON__REASON__GOODS_SOLD_OUT)->name) == 0;
}

/* Of a lot those of who was in it, before others took what it left; of no trade or union, since whom a lot has called
 * is not counted by them. */
static void put_odds(Coupon__NumbersRow *row, bool of_people)
{
    int64_t of = row->granted, to = row->granted;

    for (size_t i = 0; i < row->n_refused; i++) {
        if (is_sold_out(row->refused[i]->reason))
            of += row->refused[i]->n;
    }
    if (row->entered > 0) {
        of = of_people ? 0 : row->entered;
        to = row->called < of ? row->called : of;
    }
    row->odds_per_mille = of > 0 ? (int32_t)(to * 1000 / of) : 0;
}

/* ---- gathering ---- */

struct group {
    int64_t number, release_id, goods_id;
    char below[UNION_PATH_SIZE];
};

static bool is_same(const struct group *a, const struct group *b)
{
    return a->number == b->number && a->release_id == b->release_id && a->goods_id == b->goods_id &&
           strcmp(a->below, b->below) == 0;
}

static Coupon__NumbersRow *begin_row(struct split *split, const struct group *group)
{
    Coupon__NumbersRow *row = split->n < ROWS_MAX ? new_row(split->call) : NULL;

    if (!row) {
        split->more = true;
        return NULL;
    }
    if (split->by == COUPON__NUMBERS_BY__BY_DAY)
        row->day = (int32_t)group->number;
    if (split->by == COUPON__NUMBERS_BY__BY_TRADE)
        row->trade = (int32_t)group->number;
    row->release_id = group->release_id;
    row->goods_id = group->goods_id;
    snprintf(split->paths[split->n], sizeof(split->paths[0]), "%s", group->below);
    return split->rows[split->n++] = row;
}

/* Whether it is split into groups of people. */
static bool is_of_people(const struct split *split)
{
    return split->by == COUPON__NUMBERS_BY__BY_TRADE || split->by == COUPON__NUMBERS_BY__BY_UNION;
}

/* The rows of a query that was asked. 0 or a Reason. */
static int gather(struct split *split, unsigned statement)
{
    struct group group, last = {.number = -1};
    Coupon__NumbersRow *row = NULL;
    int64_t what, n, fen;

    split->all = new_row(split->call);
    split->rows = arena_alloc(rpc_arena(split->call), ROWS_MAX * sizeof(*split->rows));
    split->paths = arena_alloc(rpc_arena(split->call), ROWS_MAX * sizeof(*split->paths));
    if (!split->all || !split->rows || !split->paths)
        return RPC__REASON__OVERLOADED;
    while (store_read(split->self->store, statement, INTO(group.number), INTO(group.below), INTO(group.release_id),
                      INTO(group.goods_id), INTO(what), INTO(n), INTO(fen))) {
        add(split->all, (int)what, n, fen, split->call);
        if (is_of_people(split) && (what == NUMBERS_REDEEMED || what == NUMBERS_REDEEMED_FEN || what == NUMBERS_CALLED))
            continue;
        if (split->by && !is_same(&group, &last))
            row = begin_row(split, &group);
        if (row)
            add(row, (int)what, n, fen, split->call);
        last = group;
    }
    return 0;
}

/* What is told of each, once all are read. 0 or a Reason. */
static int finish(struct split *split)
{
    int reason = 0;

    if (is_of_people(split))
        withhold_few(split);
    for (size_t i = 0; i < split->n && !reason; i++) {
        put_odds(split->rows[i], is_of_people(split));
        if (split->by == COUPON__NUMBERS_BY__BY_UNION)
            reason = tree_id(&split->self->tree, split->paths[i], split->call, &split->rows[i]->union_id);
    }
    put_odds(split->all, false);
    return reason;
}

static void reply_numbers(struct split *split, int reason, Coupon__Numbers_Closure reply)
{
    Coupon__Numbers numbers = COUPON__NUMBERS__INIT;

    if (rpc_refuse_if(split->call, reason))
        return;
    numbers.all = split->all;
    numbers.rows = split->rows;
    numbers.n_rows = split->n;
    numbers.more = split->more;
    reply(&numbers, split->call);
}

static bool may_see(const char *path, void *call)
{
    return rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path) || rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, path);
}

/* ---- of one release ---- */

static void put_days(struct split *split, const struct release *release)
{
    unsigned statement = split->self->numbers.sql + NUMBERS_SQL_SOLD;
    int64_t at;
    int32_t day;

    for (size_t i = 0; i < split->n; i++)
        split->rows[i]->opened_at = split->rows[i]->day == 0
                                        ? release->opens_at
                                        : release->opens_at - release->lead_ms + split->rows[i]->day * COUPON_DAY_MS;
    store_ask(split->self->store, statement, "i", release->id);
    while (store_read(split->self->store, statement, INTO(day), INTO(at))) {
        for (size_t i = 0; i < split->n; i++) {
            if (split->rows[i]->day == day)
                split->rows[i]->sold_out_at = at;
        }
    }
}

/* rpc GetReleaseNumbers: split by day, trade or union. */
static void tallies__get_release_numbers(Coupon__Tallies_Service *service, const Coupon__ReleaseNumbersRequest *req,
                                         Coupon__Numbers_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tallies_service);
    struct release *release = release_look_up(self, req->release_id, rpc_arena(call));
    struct split split = {.self = self, .by = (int)req->by, .call = call};
    int reason = 0;

    if (!release)
        reason = COUPON__REASON__RELEASE_NOT_FOUND;
    else if (!may_see(release->union_path, call))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    if (rpc_refuse_if(call, reason))
        return;
    store_ask(self->store, self->numbers.sql + NUMBERS_SQL_OF_RELEASE, "iii", release->id, (int64_t)split.by,
              (int64_t)strlen(release->union_path) + LIMIT_PATH_SEGMENT);
    reason = gather(&split, self->numbers.sql + NUMBERS_SQL_OF_RELEASE);
    if (!reason) {
        split.all->granted = release->granted; /* as the claims say, whatever was lost of the counts */
        split.all->granted_fen = release->granted * release->face_fen;
    }
    if (!reason && split.by == COUPON__NUMBERS_BY__BY_DAY)
        put_days(&split, release);
    reply_numbers(&split, reason ? reason : finish(&split), reply);
}

/* ---- of some goods ---- */

static void put_goods_days(struct split *split, int64_t goods_id)
{
    unsigned statement = split->self->numbers.sql + NUMBERS_SQL_SOLD;
    int64_t at;
    int32_t day;

    store_ask(split->self->store, statement, "i", goods_id);
    while (store_read(split->self->store, statement, INTO(day), INTO(at))) {
        for (size_t i = 0; i < split->n; i++) {
            if (split->rows[i]->day == day)
                split->rows[i]->sold_out_at = at;
        }
    }
    for (size_t i = 0; i < split->n; i++) {
        split->rows[i]->opened_at = split->rows[i]->day * COUPON_DAY_MS - CHINA_MS;
        split->rows[i]->day = cn_day(split->rows[i]->opened_at);
    }
}

/* rpc GetGoodsNumbers: orders, split by day, trade or union. */
static void tallies__get_goods_numbers(Coupon__Tallies_Service *service, const Coupon__GoodsNumbersRequest *req,
                                       Coupon__Numbers_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tallies_service);
    struct split split = {.self = self, .by = (int)req->by, .call = call};
    char *path;
    int reason = 0;

    if (!goods_find(self, req->goods_id, call, &path))
        reason = COUPON__REASON__GOODS_NOT_FOUND;
    else if (!may_see(path, call))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    if (rpc_refuse_if(call, reason))
        return;
    store_ask(self->store, self->numbers.sql + NUMBERS_SQL_OF_GOODS, "iii", req->goods_id, (int64_t)split.by,
              (int64_t)strlen(path) + LIMIT_PATH_SEGMENT);
    reason = gather(&split, self->numbers.sql + NUMBERS_SQL_OF_GOODS);
    if (!reason && split.by == COUPON__NUMBERS_BY__BY_DAY)
        put_goods_days(&split, req->goods_id);
    reply_numbers(&split, reason ? reason : finish(&split), reply);
}

/* ---- of a union ---- */

/* The number of a day YYYYMMDD since 1970; of 0, that of an instant. */
static int64_t day_number(int32_t day, int64_t usual_at)
{
    int64_t at = usual_at;

    if (day)
        cn_day_begin(day, &at);
    return (at + CHINA_MS) / COUPON_DAY_MS;
}

/* rpc GetUnionNumbers: of a union's releases and goods, and of those below it. */
static void tallies__get_union_numbers(Coupon__Tallies_Service *service, const Coupon__UnionNumbersRequest *req,
                                       Coupon__Numbers_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, tallies_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    struct split split = {.self = self, .by = (int)req->by, .call = call};
    int reason;

    if (!path)
        return;
    if (!may_see(path, call)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "unionId");
        return;
    }
    store_ask(self->store, self->numbers.sql + NUMBERS_SQL_OF_UNION, "tiiii", path, (int64_t)split.by,
              (int64_t)strlen(path) + LIMIT_PATH_SEGMENT,
              day_number(req->from_day, rpc_now(call) - USUAL_DAYS * COUPON_DAY_MS),
              day_number(req->until_day, rpc_now(call)));
    reason = gather(&split, self->numbers.sql + NUMBERS_SQL_OF_UNION);
    for (size_t i = 0; i < split.n && split.by == COUPON__NUMBERS_BY__BY_DAY; i++)
        split.rows[i]->day = cn_day(split.rows[i]->day * COUPON_DAY_MS - CHINA_MS);
    reply_numbers(&split, reason ? reason : finish(&split), reply);
}

const Coupon__Tallies_Service tallies_api = COUPON__TALLIES__INIT(tallies__);
