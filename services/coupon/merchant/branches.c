#include "services/coupon/merchant/branches.h"

enum {
    SQL_ADD,
    SQL_CHANGE,
    SQL_FIND,
    SQL_OF_MERCHANT,
    SQL_OF_STAFF,
    SQL_COUNT,
    SQL_ON_MAP,
    SQL_ADD_STAFF,
    SQL_DROP_STAFF,
    SQL_HAS_STAFF,
    SQL_COUNT_STAFF,
    SQL_STAFF,
    N_SQL
};

#define BRANCH "branch_id, merchant_id, closed, packed"

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO branch (" BRANCH ") VALUES (?1, ?2, ?3, ?4)",
    [SQL_CHANGE] = "UPDATE branch SET closed = ?2, packed = ?3 WHERE branch_id = ?1",
    [SQL_FIND] = "SELECT " BRANCH " FROM branch WHERE branch_id = ?1",
    [SQL_OF_MERCHANT] = "SELECT " BRANCH " FROM branch WHERE merchant_id = ?1 AND branch_id > ?2 ORDER BY branch_id",
    [SQL_OF_STAFF] =
        "SELECT branch.branch_id, merchant_id, closed, packed FROM branch_staff JOIN branch USING (branch_id) "
        "WHERE member_id = ?1 AND branch.branch_id > ?2 ORDER BY branch.branch_id",
    [SQL_COUNT] = "SELECT count(*) FROM branch WHERE merchant_id = ?1 AND closed = 0",
    [SQL_ON_MAP] = "SELECT " BRANCH " FROM branch JOIN merchant USING (merchant_id) WHERE closed = 0 AND state = 2",
    [SQL_ADD_STAFF] = "INSERT INTO branch_staff (branch_id, member_id) VALUES (?1, ?2) "
                      "ON CONFLICT (branch_id, member_id) DO NOTHING",
    [SQL_DROP_STAFF] = "DELETE FROM branch_staff WHERE branch_id = ?1 AND member_id = ?2",
    [SQL_HAS_STAFF] = "SELECT 1 FROM branch_staff WHERE branch_id = ?1 AND member_id = ?2",
    [SQL_COUNT_STAFF] = "SELECT count(*) FROM branch_staff WHERE branch_id = ?1",
    [SQL_STAFF] = "SELECT member_id FROM branch_staff WHERE branch_id = ?1 AND member_id > ?2 ORDER BY member_id",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static Coupon__Branch *next(const struct branches *branches, unsigned statement, struct arena *arena)
{
    Coupon__Branch *branch;
    const void *packed;
    size_t len;

    if (!store_row(branches->store, branches->sql + statement))
        return NULL;
    packed = store_blob(branches->store, branches->sql + statement, 3, &len);
    branch = coupon__branch__unpack(&arena->allocator, len, packed);
    if (!branch)
        return NULL;
    branch->branch_id = store_int(branches->store, branches->sql + statement, 0);
    branch->merchant_id = store_int(branches->store, branches->sql + statement, 1);
    branch->closed = store_int(branches->store, branches->sql + statement, 2) != 0;
    return branch;
}

Coupon__Branch *branches_find(const struct branches *branches, int64_t branch_id, struct arena *arena)
{
    Coupon__Branch *branch;

    store_ask(branches->store, branches->sql + SQL_FIND, "i", branch_id);
    branch = next(branches, SQL_FIND, arena);
    store_end(branches->store, branches->sql + SQL_FIND);
    return branch;
}

void branches_ask(const struct branches *branches, int64_t merchant_id, int64_t after)
{
    store_ask(branches->store, branches->sql + SQL_OF_MERCHANT, "ii", merchant_id, after);
}

Coupon__Branch *branches_next(const struct branches *branches, struct arena *arena)
{
    return next(branches, SQL_OF_MERCHANT, arena);
}

void branches_end(const struct branches *branches)
{
    store_end(branches->store, branches->sql + SQL_OF_MERCHANT);
}

void branches_ask_of_staff(const struct branches *branches, int64_t member_id, int64_t after)
{
    store_ask(branches->store, branches->sql + SQL_OF_STAFF, "ii", member_id, after);
}

Coupon__Branch *branches_next_of_staff(const struct branches *branches, struct arena *arena)
{
    return next(branches, SQL_OF_STAFF, arena);
}

void branches_end_of_staff(const struct branches *branches)
{
    store_end(branches->store, branches->sql + SQL_OF_STAFF);
}

int64_t branches_count(const struct branches *branches, int64_t merchant_id)
{
    store_ask(branches->store, branches->sql + SQL_COUNT, "i", merchant_id);
    return store_number(branches->store, branches->sql + SQL_COUNT);
}

/* ---- in memory: what a counter knows ---- */

static unsigned goods_of(const Coupon__Branch *branch)
{
    unsigned goods = 0;

    for (size_t i = 0; i < branch->n_goods; i++)
        goods |= 1U << branch->goods[i];
    return goods;
}

static bool read_shop(struct coupon *self, int64_t branch_id, struct shop *ret)
{
    struct merchant merchant;
    struct arena arena;
    Coupon__Branch *branch;
    bool ok = false;

    arena_init_small(&arena, LIMIT_REQUEST_ARENA);
    branch = branches_find(&self->branches, branch_id, &arena);
    if (branch && merchants_find(&self->merchants, branch->merchant_id, &merchant)) {
        ok = hours_compile(branch->hours, branch->n_hours, &ret->hours);
        ret->id = branch_id;
        ret->merchant_id = merchant.id;
        ret->open = !branch->closed && merchant.state == COUPON__MERCHANT_STATE__MERCHANT_OPEN;
        ret->canteen = branch->canteen;
        ret->goods = goods_of(branch);
        memcpy(ret->union_path, merchant.union_path, sizeof(ret->union_path));
        snprintf(ret->name, sizeof(ret->name), "%s", branch->name);
    }
    arena_done(&arena);
    return ok;
}

const struct shop *shop_find(struct coupon *self, int64_t branch_id)
{
    struct shop *shop = kept_find(&self->shops, branch_id);

    if (shop)
        return shop;
    shop = calloc(1, sizeof(*shop));
    if (shop && read_shop(self, branch_id, shop))
        return kept_put(&self->shops, branch_id, shop);
    free(shop);
    return NULL;
}

static void undo_forget(void *places, int64_t a, int64_t b)
{
    (void)a;
    (void)b;
    kept_clear(places);
}

void shops_forget(struct coupon *self, void *call)
{
    kept_clear(&self->shops);
    rpc_on_undo(call, undo_forget, &self->shops, 0, 0);
}

void desks_forget(struct coupon *self, void *call)
{
    kept_clear(&self->desks);
    rpc_on_undo(call, undo_forget, &self->desks, 0, 0);
}

/* ---- in memory: where they are ---- */

static struct spot spot_of(const Coupon__Branch *branch)
{
    return (struct spot){
        .lat_e6 = branch->lat_e6, .lon_e6 = branch->lon_e6, .place_id = branch->branch_id, .until = INT64_MAX};
}

static void undo_show(void *map, int64_t branch_id, int64_t unused)
{
    (void)unused;
    map_remove(map, branch_id);
}

static void undo_hide(void *map, int64_t branch_id, int64_t until)
{
    map_end(map, branch_id, until);
}

static void undo_leave(void *map, int64_t branch_id, int64_t position)
{
    struct spot spot = {
        .lat_e6 = (int32_t)(position >> 32), .lon_e6 = (int32_t)position, .place_id = branch_id, .until = INT64_MAX};

    map_add(map, &spot);
}

static bool show(struct coupon *self, const Coupon__Branch *branch, void *call)
{
    struct spot spot = spot_of(branch);

    if (branch->closed)
        return true;
    if (!map_add(&self->map, &spot))
        return false;
    rpc_on_undo(call, undo_show, &self->map, branch->branch_id, 0);
    return true;
}

static void hide(struct coupon *self, int64_t branch_id, void *call)
{
    rpc_on_undo(call, undo_hide, &self->map, branch_id, map_end(&self->map, branch_id, 0));
}

bool branches_show(struct coupon *self, int64_t merchant_id, void *call)
{
    const Coupon__Branch *branch;
    bool ok = true;

    branches_ask(&self->branches, merchant_id, 0);
    while (ok && (branch = branches_next(&self->branches, rpc_arena(call))))
        ok = show(self, branch, call);
    branches_end(&self->branches);
    return ok;
}

void branches_hide(struct coupon *self, int64_t merchant_id, void *call)
{
    const Coupon__Branch *branch;

    branches_ask(&self->branches, merchant_id, 0);
    while ((branch = branches_next(&self->branches, rpc_arena(call)))) {
        if (!branch->closed)
            hide(self, branch->branch_id, call);
    }
    branches_end(&self->branches);
}

int branches_load(struct coupon *self)
{
    const Coupon__Branch *branch;
    struct arena arena;
    bool ok = true;

    arena_init(&arena, LIMIT_REQUEST_ARENA);
    store_ask(self->store, self->branches.sql + SQL_ON_MAP, "");
    while (ok && (branch = next(&self->branches, SQL_ON_MAP, &arena))) {
        struct spot spot = spot_of(branch);

        ok = map_add(&self->map, &spot);
        arena_reset(&arena);
    }
    store_end(self->store, self->branches.sql + SQL_ON_MAP);
    arena_done(&arena);
    return ok ? 0 : -1;
}

void branches_done(struct coupon *self)
{
    map_done(&self->map);
    kept_clear(&self->shops);
    kept_clear(&self->desks);
}

/* ---- changes ---- */

static void say(const Coupon__Branch *branch, void *call)
{
    Coupon__BranchChanged changed = COUPON__BRANCH_CHANGED__INIT;

    changed.branch_id = branch->branch_id;
    changed.merchant_id = branch->merchant_id;
    changed.closed = branch->closed;
    rpc_tell(call, &changed.base);
}

static void *pack(const Coupon__Branch *branch, void *call, size_t *ret_len)
{
    uint8_t *packed = arena_alloc(rpc_arena(call), coupon__branch__get_packed_size(branch) + 1);

    if (packed)
        *ret_len = coupon__branch__pack(branch, packed);
    return packed;
}

static bool is_shown(struct coupon *self, const Coupon__Branch *branch)
{
    struct merchant merchant;

    return merchants_find(&self->merchants, branch->merchant_id, &merchant) &&
           merchant.state == COUPON__MERCHANT_STATE__MERCHANT_OPEN;
}

bool branch_add(struct coupon *self, const Coupon__Branch *branch, void *call)
{
    size_t len;
    const void *packed = pack(branch, call, &len);

    if (!packed || (is_shown(self, branch) && !show(self, branch, call)))
        return false;
    store_run(self->store, self->branches.sql + SQL_ADD, "iiib", branch->branch_id, branch->merchant_id,
              (int64_t)branch->closed, packed, len);
    say(branch, call);
    return true;
}

/* It is where it is said to be now. */
static bool move(struct coupon *self, const Coupon__Branch *was, const Coupon__Branch *branch, void *call)
{
    int64_t position = (int64_t)((uint64_t)(uint32_t)was->lat_e6 << 32 | (uint32_t)was->lon_e6);

    map_remove(&self->map, was->branch_id);
    rpc_on_undo(call, undo_leave, &self->map, was->branch_id, position);
    return show(self, branch, call);
}

bool branch_change(struct coupon *self, const Coupon__Branch *branch, void *call)
{
    const Coupon__Branch *was = branches_find(&self->branches, branch->branch_id, rpc_arena(call));
    size_t len;
    const void *packed = pack(branch, call, &len);

    if (!was || !packed)
        return false;
    if (!was->closed && is_shown(self, branch) && !move(self, was, branch, call))
        return false;
    store_run(self->store, self->branches.sql + SQL_CHANGE, "iib", branch->branch_id, (int64_t)branch->closed, packed,
              len);
    shops_forget(self, call);
    say(branch, call);
    return true;
}

/* ---- who takes coupons there ---- */

void branch_staff_set(struct coupon *self, int64_t branch_id, int64_t member_id, bool off, void *call)
{
    Coupon__BranchStaffChanged changed = COUPON__BRANCH_STAFF_CHANGED__INIT;

    if (store_run(self->store, self->branches.sql + (off ? SQL_DROP_STAFF : SQL_ADD_STAFF), "ii", branch_id,
                  member_id) <= 0)
        return;
    desks_forget(self, call);
    changed.branch_id = branch_id;
    changed.member_id = member_id;
    changed.off = off;
    rpc_tell(call, &changed.base);
}

bool branch_staff_has(const struct branches *branches, int64_t branch_id, int64_t member_id)
{
    store_ask(branches->store, branches->sql + SQL_HAS_STAFF, "ii", branch_id, member_id);
    return store_any(branches->store, branches->sql + SQL_HAS_STAFF);
}

int64_t branch_staff_count(const struct branches *branches, int64_t branch_id)
{
    store_ask(branches->store, branches->sql + SQL_COUNT_STAFF, "i", branch_id);
    return store_number(branches->store, branches->sql + SQL_COUNT_STAFF);
}

void branch_staff_ask(const struct branches *branches, int64_t branch_id, int64_t after)
{
    store_ask(branches->store, branches->sql + SQL_STAFF, "ii", branch_id, after);
}

bool branch_staff_next(const struct branches *branches, int64_t *ret_member_id)
{
    return store_read(branches->store, branches->sql + SQL_STAFF, INTO(*ret_member_id));
}

void branch_staff_end(const struct branches *branches)
{
    store_end(branches->store, branches->sql + SQL_STAFF);
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;

    (void)row;
    if (event->event_case == COUPON__EVENT__EVENT_BRANCH_CHANGED)
        *part_word(&self->parts, &branches_part, 0, event->branch_changed->branch_id) = event->branch_changed->closed;
    if (event->event_case == COUPON__EVENT__EVENT_BRANCH_STAFF_CHANGED)
        told[0] += event->branch_staff_changed->off ? -1 : 1;
    return true;
}

const struct part_spec branches_part = {
    .tables = "branch branch_staff",
    .steps = &branches_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(branch_id) FROM branch",
    .agrees = agrees,
    .counts = {{"people of branches", "SELECT count(*) FROM branch_staff"}},
    .words = {{"branch", "SELECT branch_id, closed FROM branch ORDER BY branch_id"}},
    .exports = {{&coupon__branch_staff__descriptor,
                 "SELECT rowid, branch_id, member_id FROM branch_staff WHERE member_id = ?1 AND rowid > ?2 "
                 "ORDER BY rowid LIMIT ?3"}},
    .closed = {"-- who keeps the merchant takes her off the list; nobody scans under a closed account"},
    .merged = {"-- offices do not pass from one account to another (holders.h)"},
};
