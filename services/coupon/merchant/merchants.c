#include "services/coupon/merchant/merchants.h"

#include "services/coupon/merchant/branches.h"

#define COLUMNS                                                                                                        \
    "merchant_id, union_path, credit_code, manager_id, state, entered, by_company, applied_by, applied_at, "           \
    "decided_at, name, about, reason"

enum { SQL_ADD, SQL_FIND, SQL_LIST, SQL_KEPT, SQL_CHANGE, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO merchant (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM merchant WHERE merchant_id = ?1",
    [SQL_LIST] = "SELECT " COLUMNS " FROM merchant WHERE merchant_id < ?1 AND substr(union_path, 1, length(?2)) = ?2 "
                 "AND " RPC_PAGE_STATES("?3", "state") " ORDER BY merchant_id DESC",
    [SQL_KEPT] = "SELECT " COLUMNS " FROM merchant WHERE merchant_id < ?1 AND manager_id IN " HOLDER_NUMBERS(
        "?2") " AND " RPC_PAGE_STATES("?3", "state") " ORDER BY merchant_id DESC",
    [SQL_CHANGE] =
        "UPDATE merchant SET manager_id = ?2, state = ?3, decided_at = ?4, reason = ?5 WHERE merchant_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct merchants *merchants, unsigned statement, bool only, struct merchant *m)
{
    const struct store_into into[] = {
        INTO(m->id),      INTO(m->union_path), INTO(m->credit_code), INTO(m->manager_id),        INTO(m->state),
        INTO(m->entered), INTO(m->by_company), INTO(m->applied_by),  INTO(m->applied_at),        INTO(m->decided_at),
        INTO(m->name),    INTO(m->about),      INTO(m->reason),      {NULL, 0, INTO_INT64, NULL}};

    return store_read_into(merchants->store, merchants->sql + statement, only, into);
}

bool merchants_find(const struct merchants *merchants, int64_t merchant_id, struct merchant *ret)
{
    store_ask(merchants->store, merchants->sql + SQL_FIND, "i", merchant_id);
    return next(merchants, SQL_FIND, true, ret);
}

void merchants_ask(const struct merchants *merchants, int64_t manager_id, const char *union_path, int64_t before,
                   int64_t states)
{
    if (manager_id)
        store_ask(merchants->store, merchants->sql + SQL_KEPT, "iii", before, manager_id, states);
    else
        store_ask(merchants->store, merchants->sql + SQL_LIST, "iti", before, union_path, states);
}

bool merchants_next(const struct merchants *merchants, int64_t manager_id, struct merchant *ret)
{
    return next(merchants, manager_id ? SQL_KEPT : SQL_LIST, false, ret);
}

void merchants_end(const struct merchants *merchants, int64_t manager_id)
{
    store_end(merchants->store, merchants->sql + (manager_id ? SQL_KEPT : SQL_LIST));
}

static void say(const struct merchant *merchant, void *call)
{
    Coupon__MerchantChanged changed = COUPON__MERCHANT_CHANGED__INIT;

    changed.merchant_id = merchant->id;
    changed.union_path = unconst(merchant->union_path);
    changed.state = (Coupon__MerchantState)merchant->state;
    changed.manager_id = merchant->manager_id;
    rpc_tell(call, &changed.base);
}

bool merchant_add(struct coupon *self, const struct merchant *m, void *call)
{
    if (store_run(self->store, self->merchants.sql + SQL_ADD, "ittiiiiiiittt", m->id, m->union_path, m->credit_code,
                  m->manager_id, (int64_t)m->state, (int64_t)m->entered, (int64_t)m->by_company, m->applied_by,
                  m->applied_at, m->decided_at, m->name, m->about, m->reason) == -1)
        return false;
    say(m, call);
    return true;
}

void merchant_change(struct coupon *self, const struct merchant *merchant, void *call)
{
    store_run(self->store, self->merchants.sql + SQL_CHANGE, "iiiit", merchant->id, merchant->manager_id,
              (int64_t)merchant->state, merchant->decided_at, merchant->reason);
    shops_forget(self, call);
    say(merchant, call);
}

bool merchant_is_kept(struct coupon *self, const struct merchant *merchant, void *call)
{
    int64_t caller = rpc_principal(call)->member_id;

    return (caller && holder_is(&self->holders, caller, merchant->manager_id)) ||
           rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, merchant->union_path);
}

bool merchant_may_be_seen(struct coupon *self, const struct merchant *merchant, void *call)
{
    return merchant_is_kept(self, merchant, call) || rpc_has_role(call, RULE__ROLE__FINANCE, merchant->union_path) ||
           rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, merchant->union_path);
}

bool merchant_is_own(const struct coupon *self, const struct merchant *merchant, void *call)
{
    int64_t caller = rpc_principal(call)->member_id;

    return caller && (holder_is(&self->holders, caller, merchant->manager_id) ||
                      (!merchant->entered && holder_is(&self->holders, caller, merchant->applied_by)));
}

bool merchant_of_keeper(struct coupon *self, int64_t merchant_id, void *call, struct merchant *ret)
{
    if (!merchants_find(&self->merchants, merchant_id, ret))
        rpc_refuse(call, COUPON__REASON__MERCHANT_NOT_FOUND);
    else if (!merchant_is_kept(self, ret, call))
        rpc_refuse(call, COUPON__REASON__NOT_YOUR_MERCHANT);
    return !rpc_refused(call);
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__MerchantChanged *changed = event->merchant_changed;
    struct merchant merchant;

    (void)told;
    if (event->event_case != COUPON__EVENT__EVENT_MERCHANT_CHANGED)
        return true;
    *part_word(&self->parts, &merchants_part, 0, changed->merchant_id) =
        merchants_find(&self->merchants, changed->merchant_id, &merchant) &&
                part_path_is(&self->parts, row->seq, changed->union_path, merchant.union_path)
            ? (int64_t)changed->state
            : -1;
    *part_word(&self->parts, &merchants_part, 1, changed->merchant_id) = changed->manager_id;
    return true;
}

static void on_moved(void *arg, const char *old_path, const char *path, void *call)
{
    (void)old_path;
    (void)path;
    shops_forget(arg, call);
}

static const struct part_stray strays[] = {
    {"merchant", "is open, and no two officials have approved it",
     "SELECT merchant_id FROM merchant WHERE state = 2 AND NOT EXISTS (SELECT 1 FROM two_hands WHERE kind = 'merchant' "
     "AND "
     "deed_id = merchant_id AND state = 2) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec merchants_part = {
    .tables = "merchant",
    .steps = &merchants_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(merchant_id) FROM merchant",
    .agrees = agrees,
    .words = {{"merchant", "SELECT merchant_id, state FROM merchant ORDER BY merchant_id"},
              {"merchant's manager", "SELECT merchant_id, manager_id FROM merchant ORDER BY merchant_id"}},
    .strays = strays,
    .people = "merchant.manager_id",
    .exports =
        {{&coupon__merchant__descriptor,
          "SELECT merchant_id, merchant_id, name, credit_code, about, state, applied_at, decided_at, reason AS "
          "end_reason FROM "
          "merchant WHERE (manager_id = ?1 OR applied_by = ?1) AND merchant_id > ?2 ORDER BY merchant_id LIMIT ?3"}},
    .closed = {"-- who keeps a merchant is on account with what it is owed; an official names another one"},
    .merged = {"-- holders.h says whose a manager's number is"},
    .moves = "merchant.union_path",
    .on_moved = on_moved,
};
