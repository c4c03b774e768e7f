#include "services/coupon/shop/goods.h"

#include "services/coupon/api.h"
#include "services/coupon/points/ledgers.h"
#include "services/coupon/shop/corners.h"
#include "services/coupon/shop/orders.h"

#define COLUMNS "goods_id, union_path, state, stock, sold, packed"

enum {
    SQL_ADD,
    SQL_ADD_PART,
    SQL_SET,
    SQL_FIND,
    SQL_LEFT,
    SQL_TAKE,
    SQL_TAKE_PARTS,
    SQL_PARTS,
    SQL_PRICE,
    SQL_OF_UNION,
    SQL_OF_ALL,
    N_SQL
};

#define OF_UNION(state)                                                                                                \
    "SELECT " COLUMNS " FROM goods WHERE union_path = ?1 AND goods_id < ?2 AND state = " state                         \
    " AND " RPC_PAGE_STATES("?4", state)

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO goods (goods_id, union_path, state, stock, ledger_id, points, price_fen, per_person, "
                "packed, title) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_ADD_PART] = "INSERT INTO goods_part (bundle_id, goods_id, count) VALUES (?1, ?2, ?3)",
    [SQL_SET] = "UPDATE goods SET state = ?2, stock = ?3 WHERE goods_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM goods WHERE goods_id = ?1",
    [SQL_LEFT] = "SELECT min(left) FROM (SELECT stock - sold AS left FROM goods WHERE goods_id = ?1 UNION ALL "
                 "SELECT (stock - sold) / count FROM goods_part JOIN goods USING (goods_id) WHERE bundle_id = ?1)",
    [SQL_TAKE] = "UPDATE goods SET sold = sold + ?2 WHERE goods_id = ?1 AND sold + ?2 <= stock",
    [SQL_TAKE_PARTS] =
        "UPDATE goods SET sold = sold + ?2 * (SELECT count FROM goods_part p WHERE bundle_id = ?1 AND "
        "p.goods_id = goods.goods_id) WHERE goods_id IN (SELECT goods_id FROM goods_part WHERE bundle_id = ?1) AND "
        "sold + ?2 * (SELECT count FROM goods_part p WHERE bundle_id = ?1 AND p.goods_id = goods.goods_id) <= stock",
    [SQL_PARTS] = "SELECT count(*) FROM goods_part WHERE bundle_id = ?1",
    [SQL_PRICE] = "SELECT union_path, ledger_id, points, price_fen FROM goods WHERE goods_id = ?1",
    [SQL_OF_UNION] = RPC_PAGE_MERGED_3(OF_UNION) " ORDER BY goods_id DESC LIMIT ?3",
    [SQL_OF_ALL] = "SELECT " COLUMNS
                   " FROM goods WHERE goods_id < ?1 AND " RPC_PAGE_STATES("?2", "state") " ORDER BY goods_id DESC",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- the store ---- */

static Coupon__Goods *read_goods(const struct coupon *self, unsigned which, void *call, char **ret_path)
{
    unsigned statement = self->goods.sql + which;
    size_t len;
    const void *packed = store_blob(self->store, statement, 5, &len);
    Coupon__Goods *goods = coupon__goods__unpack(&rpc_arena(call)->allocator, len, packed);

    *ret_path = rpc_text(call, store_text(self->store, statement, 1));
    if (!goods)
        return NULL;
    goods->goods_id = store_int(self->store, statement, 0);
    goods->state = (Coupon__GoodsState)store_int(self->store, statement, 2);
    goods->stock = store_int(self->store, statement, 3);
    goods->sold = store_int(self->store, statement, 4);
    return goods;
}

Coupon__Goods *goods_find(const struct coupon *self, int64_t goods_id, void *call, char **ret_path)
{
    Coupon__Goods *goods;

    store_ask(self->store, self->goods.sql + SQL_FIND, "i", goods_id);
    if (!store_row(self->store, self->goods.sql + SQL_FIND))
        return NULL;
    goods = read_goods(self, SQL_FIND, call, ret_path);
    store_end(self->store, self->goods.sql + SQL_FIND);
    return goods;
}

int64_t goods_left(const struct coupon *self, const Coupon__Goods *goods)
{
    store_ask(self->store, self->goods.sql + SQL_LEFT, "i", goods->goods_id);
    return store_number(self->store, self->goods.sql + SQL_LEFT);
}

bool goods_take(const struct coupon *self, int64_t goods_id, int64_t count)
{
    int64_t parts;

    store_ask(self->store, self->goods.sql + SQL_PARTS, "i", goods_id);
    parts = store_number(self->store, self->goods.sql + SQL_PARTS);
    return store_run(self->store, self->goods.sql + SQL_TAKE, "ii", goods_id, count) == 1 &&
           (!parts || store_run(self->store, self->goods.sql + SQL_TAKE_PARTS, "ii", goods_id, count) == parts);
}

void goods_give_back(const struct coupon *self, int64_t goods_id, int64_t count)
{
    goods_take(self, goods_id, -count);
}

/* ---- operations ---- */

bool shop_is_official(const char *union_path, void *call)
{
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, union_path))
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
    return !rpc_refused(call);
}

/* What an answer says beside the form. 0 or a Reason. */
static int complete(const struct coupon *self, Coupon__Goods *goods, const char *path, void *call)
{
    struct audience_rules audience;
    int64_t union_id;
    int reason = tree_id(&self->tree, path, call, &goods->union_id);

    audience_find(&self->audience, goods->goods_id, &audience);
    if (!reason)
        reason = tree_id(&self->tree, audience.path, call, &union_id);
    if (!reason)
        goods->audience = audience_message(&audience, union_id, rpc_arena(call));
    return reason;
}

static void reply_goods(const struct coupon *self, int64_t goods_id, Coupon__Goods_Closure reply, void *call)
{
    char *path;
    Coupon__Goods *goods = goods_find(self, goods_id, call, &path);

    if (!goods || !rpc_refuse_if(call, complete(self, goods, path, call)))
        reply(goods, call);
}

static void say(const Coupon__Goods *goods, const char *path, void *call)
{
    Coupon__GoodsChanged changed = COUPON__GOODS_CHANGED__INIT;

    changed.goods_id = goods->goods_id;
    changed.union_path = unconst(path);
    changed.state = goods->state;
    changed.stock = goods->stock;
    changed.ledger_id = goods->ledger_id;
    changed.points = goods->points;
    changed.price_fen = goods->price_fen;
    rpc_tell(call, &changed.base);
}

/* A bundle is of single goods of the same union, each named once. */
static bool are_parts(const struct coupon *self, const Coupon__Goods *draft, const char *path, void *call)
{
    for (size_t i = 0; i < draft->n_parts; i++) {
        char *of;
        const Coupon__Goods *part = goods_find(self, draft->parts[i]->goods_id, call, &of);

        if (!part || part->n_parts || strcmp(of, path) != 0 || draft->parts[i]->count <= 0)
            return false;
        for (size_t j = 0; j < i; j++) {
            if (draft->parts[j]->goods_id == part->goods_id)
                return false;
        }
    }
    return true;
}

/* Whether all corners are of the union, those below or those above, and open. */
static bool are_corners(const struct coupon *self, const Coupon__Goods *draft, const char *path)
{
    struct corner corner;

    for (size_t i = 0; i < draft->n_corner_ids; i++) {
        if (!corners_find(self, draft->corner_ids[i], &corner) || corner.closed ||
            (!union_path_covers(path, corner.union_path) && !union_path_covers(corner.union_path, path)))
            return false;
    }
    return true;
}

/* 0, or the Reason why goods cannot be made so, with the field. */
static int draft_refusal_of(const struct coupon *self, const Coupon__Goods *draft, const char *path, void *call,
                            const char **ret_field)
{
    struct ledger ledger;

    *ret_field = "goods.ledgerId";
    if ((draft->points != 0 || draft->ledger_id != 0) &&
        (!draft->points || !ledgers_find(self, draft->ledger_id, &ledger) ||
         !union_path_covers(ledger.union_path, path)))
        return COUPON__REASON__PRICE_WITHOUT_LEDGER;
    *ret_field = "goods.priceFen";
    if (draft->market_fen && draft->price_fen >= draft->market_fen)
        return COUPON__REASON__PRICE_NOT_BELOW_MARKET;
    *ret_field = "goods.parts";
    if (!are_parts(self, draft, path, call))
        return COUPON__REASON__BUNDLE_PARTS_WRONG;
    *ret_field = "goods.cornerIds";
    if (!are_corners(self, draft, path))
        return COUPON__REASON__CORNER_NOT_FOUND;
    if (!draft->n_corner_ids && !draft->posted)
        return COUPON__REASON__NOWHERE_TO_GET_IT;
    *ret_field = "goods.posted";
    return draft->posted && draft->price_fen ? COUPON__REASON__POST_NEEDS_PAYMENT : 0;
}

static bool add(const struct coupon *self, Coupon__Goods *goods, const char *path, void *call)
{
    Audience__Audience *audience = goods->audience;
    const void *packed;
    size_t len;

    goods->audience = NULL; /* is the part's */
    packed = shop_pack(&goods->base, rpc_arena(call), &len);
    goods->audience = audience;
    if (!packed || store_run(self->store, self->goods.sql + SQL_ADD, "itiiiiibt", goods->goods_id, path, goods->stock,
                             goods->ledger_id, goods->points, goods->price_fen, (int64_t)goods->per_person, packed, len,
                             goods->title) == -1)
        return false;
    for (size_t i = 0; i < goods->n_parts; i++)
        store_run(self->store, self->goods.sql + SQL_ADD_PART, "iii", goods->goods_id, goods->parts[i]->goods_id,
                  (int64_t)goods->parts[i]->count);
    return true;
}

/* rpc CreateGoods: a draft. */
static void shop__create_goods(Coupon__Shop_Service *service, const Coupon__CreateGoodsRequest *req,
                               Coupon__Goods_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, shop_service);
    Coupon__Goods *goods = req->goods;
    const char *path, *field;
    struct audience_rules audience;
    int reason;

    if (form_missing(goods, "goods", call))
        return;
    path = tree_path(&self->tree, goods->union_id, "goods.unionId", call);
    if (!path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "goods.unionId");
        return;
    }
    reason = draft_refusal_of(self, goods, path, call, &field);
    if (rpc_refuse_field_if(call, reason, field) ||
        !audience_take(&self->tree, goods->audience, path, "goods.audience", call, &audience))
        return;
    goods->goods_id = id_next(&self->ids, rpc_now(call));
    goods->state = COUPON__GOODS_STATE__GOODS_DRAFTED;
    goods->sold = 0;
    goods->wait_days = goods->wait_days ? goods->wait_days : GOODS_WAIT_DAYS;
    if (!add(self, goods, path, call)) {
        rpc_refuse(call, RPC__REASON__OUT_OF_RANGE);
        return;
    }
    audience_put(&self->audience, goods->goods_id, &audience);
    say(goods, path, call);
    rpc_created(call);
    reply_goods(self, goods->goods_id, reply, call);
}

static Coupon__Goods *goods_of_official(const struct coupon *self, int64_t goods_id, void *call, char **ret_path)
{
    Coupon__Goods *goods = goods_find(self, goods_id, call, ret_path);

    if (!goods)
        rpc_refuse(call, COUPON__REASON__GOODS_NOT_FOUND);
    return goods && shop_is_official(*ret_path, call) ? goods : NULL;
}

static void set_goods(const struct coupon *self, Coupon__Goods *goods, const char *path, int state, int64_t stock,
                      Coupon__Goods_Closure reply, void *call)
{
    if ((int)goods->state != state || goods->stock != stock) {
        goods->state = (Coupon__GoodsState)state;
        goods->stock = stock;
        store_run(self->store, self->goods.sql + SQL_SET, "iii", goods->goods_id, (int64_t)state, stock);
        say(goods, path, call);
    }
    reply_goods(self, goods->goods_id, reply, call);
}

/* rpc OfferGoods: again does nothing. */
static void shop__offer_goods(Coupon__Shop_Service *service, const Coupon__GoodsRequest *req,
                              Coupon__Goods_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, shop_service);
    char *path;
    Coupon__Goods *goods = goods_of_official(self, req->goods_id, call, &path);

    if (goods)
        set_goods(self, goods, path, COUPON__GOODS_STATE__GOODS_OFFERED, goods->stock, reply, call);
}

/* rpc WithdrawGoods: again does nothing. */
static void shop__withdraw_goods(Coupon__Shop_Service *service, const Coupon__GoodsRequest *req,
                                 Coupon__Goods_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, shop_service);
    char *path;
    Coupon__Goods *goods = goods_of_official(self, req->goods_id, call, &path);

    if (goods)
        set_goods(self, goods, path, COUPON__GOODS_STATE__GOODS_WITHDRAWN, goods->stock, reply, call);
}

/* rpc SetStock: not below what is sold. */
static void shop__set_stock(Coupon__Shop_Service *service, const Coupon__SetStockRequest *req,
                            Coupon__Goods_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, shop_service);
    char *path;
    Coupon__Goods *goods = goods_of_official(self, req->goods_id, call, &path);

    if (!goods)
        return;
    if (req->stock < goods->sold) {
        rpc_fact_number(call, "sold", goods->sold);
        rpc_refuse_field(call, COUPON__REASON__STOCK_BELOW_SOLD, "stock");
        return;
    }
    set_goods(self, goods, path, (int)goods->state, req->stock, reply, call);
}

/* rpc ListGoods: of a union, or of all of the caller's. */
static void shop__list_goods(Coupon__Shop_Service *service, const Coupon__ListGoodsRequest *req,
                             Coupon__GoodsList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, shop_service);
    const struct rpc_page *page = rpc_page(call);
    const char *of = tree_path(&self->tree, req->union_id, "unionId", call);
    unsigned which = req->union_id ? SQL_OF_UNION : SQL_OF_ALL;
    Coupon__GoodsList list = COUPON__GOODS_LIST__INIT;
    char **paths = arena_alloc(rpc_arena(call), (page->limit + 1) * sizeof(*paths));
    int reason = 0;

    if (!of)
        return;
    if (req->union_id)
        store_ask(self->store, self->goods.sql + which, "tiii", of, page->before, (int64_t)page->limit, page->states);
    else
        store_ask(self->store, self->goods.sql + which, "ii", page->before, page->states);
    while (paths && store_row(self->store, self->goods.sql + which)) {
        char *path;
        Coupon__Goods *goods = read_goods(self, which, call, &path);

        if (!goods ||
            !(rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path) || rpc_has_role(call, RULE__ROLE__FINANCE, path)))
            continue;
        if (!rpc_page_takes(call, goods->goods_id))
            break;
        paths[list.n_goods] = path;
        rpc_add(call, &list, goods, goods);
    }
    store_end(self->store, self->goods.sql + which);
    for (size_t i = 0; i < list.n_goods && !reason; i++)
        reason = complete(self, list.goods[i], paths[i], call);
    if (!rpc_refuse_if(call, reason))
        reply(&list, call);
}

/* ---- what a member sees ---- */

static void add_offer(const struct coupon *self, Coupon__Goods *goods, const char *path, Coupon__ShopOfferList *list,
                      void *call)
{
    Coupon__ShopOffer *offer = arena_message(rpc_arena(call), &coupon__shop_offer__descriptor);
    struct order_terms terms;

    if (!offer || rpc_refuse_if(call, complete(self, goods, path, call)))
        return;
    order_judge(self, goods, path, 1, call, &terms);
    offer->goods = goods;
    offer->left = goods_left(self, goods);
    offer->due_fen = terms.price_fen - terms.off_fen;
    offer->fair_id = terms.off_fen ? terms.fair_id : 0;
    if (terms.reason)
        api_say(offer, terms.reason);
    rpc_add(call, list, offers, offer);
}

struct shown {
    Coupon__Goods *goods;
    char *path;
};

/* What the union at a path offers, among what is shown so far: the newest at most limit. */
static size_t merge_offered(const struct coupon *self, const char *path, struct shown *shown, size_t n, void *call)
{
    size_t limit = rpc_page(call)->limit;

    store_ask(self->store, self->goods.sql + SQL_OF_UNION, "tiii", path, rpc_page(call)->before, (int64_t)limit,
              RPC_STATE(COUPON__GOODS_STATE__GOODS_OFFERED));
    while (store_row(self->store, self->goods.sql + SQL_OF_UNION)) {
        struct shown one;
        size_t at = n;

        one.goods = read_goods(self, SQL_OF_UNION, call, &one.path);
        while (one.goods && at > 0 && shown[at - 1].goods->goods_id < one.goods->goods_id)
            at--;
        if (!one.goods || at == limit)
            continue;
        n += n < limit;
        memmove(&shown[at + 1], &shown[at], (n - at - 1) * sizeof(*shown));
        shown[at] = one;
    }
    return n;
}

/* rpc ListShop: of her union and all above it. */
static void shop__list_shop(Coupon__Shop_Service *service, const Coupon__ShopRequest *req,
                            Coupon__ShopOfferList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, shop_service);
    const char *hers = rpc_principal(call)->union_path;
    struct shown *shown = arena_alloc(rpc_arena(call), (rpc_page(call)->limit + 1) * sizeof(*shown));
    Coupon__ShopOfferList list = COUPON__SHOP_OFFER_LIST__INIT;
    char path[UNION_PATH_SIZE];
    size_t n = 0;

    (void)req;
    for (size_t len = 0; shown && len <= strlen(hers) && len < sizeof(path); len += LIMIT_PATH_SEGMENT) {
        snprintf(path, sizeof(path), "%.*s", (int)len, hers);
        n = merge_offered(self, path, shown, n, call);
    }
    for (size_t i = 0; i < n && !rpc_refused(call) && rpc_page_takes(call, shown[i].goods->goods_id); i++)
        add_offer(self, shown[i].goods, shown[i].path, &list, call);
    if (!rpc_refused(call))
        reply(&list, call);
}

const Coupon__Shop_Service shop_api = COUPON__SHOP__INIT(shop__);

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__GoodsChanged *changed = event->goods_changed;
    char path[UNION_PATH_SIZE];
    int64_t ledger_id, points, price_fen;

    (void)told;
    if (event->event_case != COUPON__EVENT__EVENT_GOODS_CHANGED)
        return true;
    *part_word(&self->parts, &goods_part, 0, changed->goods_id) = (int64_t)changed->state;
    *part_word(&self->parts, &goods_part, 1, changed->goods_id) = changed->stock;
    store_ask(self->store, self->goods.sql + SQL_PRICE, "i", changed->goods_id);
    return store_only(self->store, self->goods.sql + SQL_PRICE, INTO(path), INTO(ledger_id), INTO(points),
                      INTO(price_fen)) &&
           ledger_id == changed->ledger_id && points == changed->points && price_fen == changed->price_fen &&
           part_path_is(&self->parts, row->seq, changed->union_path, path);
}

static const struct part_stray strays[] = {
    {"goods", "are for nobody",
     "SELECT goods_id FROM goods WHERE goods_id NOT IN (SELECT audience_id FROM audience) LIMIT 1"},
    {"goods", "are sold otherwise than orders say",
     "SELECT goods_id FROM goods g WHERE sold <> (SELECT coalesce(sum(count), 0) FROM shop_order o WHERE "
     "o.goods_id = g.goods_id AND state IN (1, 2, 3)) + (SELECT coalesce(sum(o.count * p.count), 0) FROM goods_part p "
     "JOIN shop_order o ON o.goods_id = p.bundle_id AND o.state IN (1, 2, 3) WHERE p.goods_id = g.goods_id) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec goods_part = {
    .tables = "goods goods_part",
    .others =
        "goods.stock goods.sold goods.points goods.price_fen goods.per_person goods_part.bundle_id goods_part.count",
    .steps = &goods_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(goods_id) FROM goods",
    .agrees = agrees,
    .words = {{"goods", "SELECT goods_id, state FROM goods ORDER BY goods_id"},
              {"stock of goods", "SELECT goods_id, stock FROM goods ORDER BY goods_id"}},
    .strays = strays,
    .moves = "goods.union_path",
};
