#include "services/coupon/till/spendings.h"

enum { SQL_ADD, SQL_FIND, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO spending (release_id, union_path, packed) VALUES (?1, ?2, ?3)",
    [SQL_FIND] = "SELECT packed, union_path FROM spending WHERE release_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- forms ---- */

static int goods_refusal(const Coupon__GoodsClass *goods, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (goods[i] <= COUPON__GOODS_CLASS__GOODS_ANY || goods[i] > COUPON__GOODS_CLASS__OTHER_GOODS)
            return RPC__REASON__OUT_OF_RANGE;
    }
    return 0;
}

static int places_refusal(struct coupon *self, const Coupon__Spending *said, void *call, const char **ret_field)
{
    struct merchant merchant;

    *ret_field = "release.spending.merchantIds";
    for (size_t i = 0; i < said->n_merchant_ids; i++) {
        if (!merchants_find(&self->merchants, said->merchant_ids[i], &merchant))
            return COUPON__REASON__MERCHANT_NOT_FOUND;
    }
    *ret_field = "release.spending.branchIds";
    for (size_t i = 0; i < said->n_branch_ids; i++) {
        if (!branches_find(&self->branches, said->branch_ids[i], rpc_arena(call)))
            return COUPON__REASON__BRANCH_NOT_FOUND;
    }
    return 0;
}

static int dates_refusal(const Coupon__Spending *said, int64_t opens_at, const char **ret_field)
{
    *ret_field = "release.spending.validUntil";
    if (said->valid_until && (said->valid_until <= opens_at || said->valid_until <= said->valid_from))
        return COUPON__REASON__SPENDING_DATES_WRONG;
    *ret_field = "release.spending.validAfterDays";
    return said->valid_after_days && said->valid_until ? COUPON__REASON__SPENDING_DATES_WRONG : 0;
}

static int form_refusal(struct coupon *self, const Coupon__Spending *said, int64_t opens_at, void *call,
                        const char **ret_field)
{
    struct hours hours;
    int reason = places_refusal(self, said, call, ret_field);

    if (!reason)
        reason = dates_refusal(said, opens_at, ret_field);
    if (reason)
        return reason;
    *ret_field = "release.spending.goods";
    reason = goods_refusal(said->goods, said->n_goods);
    if (reason)
        return reason;
    *ret_field = "release.spending.hours";
    if (!hours_compile(said->hours, said->n_hours, &hours))
        return COUPON__REASON__HOURS_WRONG;
    *ret_field = "release.spending.atMost";
    return said->alone && said->at_most > 1 ? COUPON__REASON__STACKING_WRONG : 0;
}

bool spending_take(struct coupon *self, Coupon__Spending *said, int64_t opens_at, void *call)
{
    const char *field = NULL;
    char *path = unconst("");
    int reason;

    if (!said)
        return true;
    if (said->union_id)
        path = tree_path(&self->tree, said->union_id, "release.spending.unionId", call);
    if (!path)
        return false;
    said->union_path = path;
    reason = form_refusal(self, said, opens_at, call, &field);
    return !rpc_refuse_field_if(call, reason, field);
}

bool spending_keep(struct coupon *self, int64_t release_id, const Coupon__Spending *said, void *call)
{
    uint8_t *packed;
    size_t len;

    if (!said)
        return true;
    packed = arena_alloc(rpc_arena(call), coupon__spending__get_packed_size(said) + 1);
    if (!packed)
        return false;
    len = coupon__spending__pack(said, packed);
    store_run(self->store, self->spendings.sql + SQL_ADD, "itb", release_id, said->union_path, packed, len);
    return true;
}

/* In the arena, with the path as it is now. */
static Coupon__Spending *read_spending(const struct coupon *self, int64_t release_id, struct arena *arena)
{
    unsigned statement = self->spendings.sql + SQL_FIND;
    Coupon__Spending *said = NULL;

    store_ask(self->store, statement, "i", release_id);
    if (store_row(self->store, statement)) {
        size_t len;
        const void *packed = store_blob(self->store, statement, 0, &len);
        const char *path = store_text(self->store, statement, 1);

        said = coupon__spending__unpack(&arena->allocator, len, packed);
        if (said && !(said->union_path = arena_strndup(arena, path, strlen(path))))
            said = NULL;
    }
    store_end(self->store, statement);
    return said;
}

Coupon__Spending *spending_kept(const struct coupon *self, int64_t release_id, void *call)
{
    return read_spending(self, release_id, rpc_arena(call));
}

struct spending_dates spending_dates_of(const Coupon__Spending *said)
{
    return said ? (struct spending_dates){true, said->valid_from, said->valid_until, said->valid_after_days}
                : (struct spending_dates){0};
}

struct spending_dates spending_dates_kept(const struct coupon *self, int64_t release_id)
{
    struct spending_dates dates;
    struct arena arena;

    arena_init_small(&arena, LIMIT_REQUEST_ARENA);
    dates = spending_dates_of(read_spending(self, release_id, &arena));
    arena_done(&arena);
    return dates;
}

struct coupon_life release_life(const struct release *release)
{
    return (struct coupon_life){release->dates, release->opens_at, release->valid_days, release->lot.that_day};
}

int64_t life_from(const struct coupon_life *life, int64_t claimed_at)
{
    int64_t after = claimed_at + life->dates.after_days * COUPON_DAY_MS;

    return life->dates.from > after ? life->dates.from : after;
}

int64_t life_until(const struct coupon_life *life, int64_t claimed_at, int32_t day)
{
    if (life->dates.until)
        return life->dates.until;
    return life->that_day ? life->opens_at + (day + 1) * COUPON_DAY_MS : claimed_at + life->valid_days * COUPON_DAY_MS;
}

/* ---- in memory ---- */

static void compile(const Coupon__Spending *said, struct terms *ret)
{
    for (size_t i = 0; i < said->n_merchant_ids; i++)
        ret->merchants[ret->n_merchants++] = said->merchant_ids[i];
    for (size_t i = 0; i < said->n_branch_ids; i++)
        ret->branches[ret->n_branches++] = said->branch_ids[i];
    ret->of_union = said->union_id != 0;
    snprintf(ret->union_path, sizeof(ret->union_path), "%s", said->union_path);
    for (size_t i = 0; i < said->n_goods; i++)
        ret->goods |= 1U << said->goods[i];
    hours_compile(said->hours, said->n_hours, &ret->hours);
    ret->alone = said->alone;
    ret->frees_unspent = said->frees_unspent;
    ret->at_most = said->at_most;
    ret->merchant_percent = said->merchant_percent;
}

static bool read_terms(struct coupon *self, int64_t release_id, struct terms *ret)
{
    const struct release *release;
    const Coupon__Spending *said;
    struct arena arena;
    bool whole;

    arena_init_small(&arena, LIMIT_REQUEST_ARENA);
    release = release_look_up(self, release_id, &arena);
    if (release) {
        ret->release_id = release_id;
        ret->face_fen = release->face_fen;
        ret->threshold_fen = release->threshold_fen;
        ret->life = release_life(release);
        ret->at_counters = release->way != COUPON__WAY__TICKETS && release->way != COUPON__WAY__CODES &&
                           release->lot.season_ms == 0 && !release->backed;
        memcpy(ret->title, release->title, sizeof(ret->title));
        memcpy(ret->audience_path, release->audience.path, sizeof(ret->audience_path));
        said = read_spending(self, release_id, &arena);
        if (said)
            compile(said, ret);
    }
    whole = !arena.failed && !store_trouble(self->store); /* what could not be read is not kept as no rule */
    arena_done(&arena);
    return release != NULL && whole;
}

const struct terms *terms_find(struct coupon *self, int64_t release_id)
{
    struct terms *terms = kept_find(&self->terms, release_id);

    if (terms)
        return terms;
    terms = calloc(1, sizeof(*terms));
    if (terms && read_terms(self, release_id, terms))
        return kept_put(&self->terms, release_id, terms);
    free(terms);
    return NULL;
}

int64_t terms_union_fen(const struct terms *terms)
{
    return terms->face_fen - terms->face_fen * terms->merchant_percent / 100;
}

static bool is_among(const int64_t *ids, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

bool terms_take_shop(const struct terms *terms, const struct shop *shop)
{
    if (!terms->n_merchants && !terms->n_branches && !terms->of_union)
        return true;
    return is_among(terms->merchants, terms->n_merchants, shop->merchant_id) ||
           is_among(terms->branches, terms->n_branches, shop->id) ||
           (terms->of_union && union_path_covers(terms->union_path, shop->union_path));
}

static void undo_moved(void *terms, int64_t a, int64_t b)
{
    (void)a;
    (void)b;
    kept_clear(terms);
}

static void on_moved(void *arg, const char *old_path, const char *path, void *call)
{
    struct coupon *self = arg;

    (void)old_path;
    (void)path;
    kept_clear(&self->terms);
    rpc_on_undo(call, undo_moved, &self->terms, 0, 0);
}

const struct part_spec spendings_part = {
    .tables = "spending",
    .steps = &spendings_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .moves = "spending.union_path",
    .on_moved = on_moved,
};
