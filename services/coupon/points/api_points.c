#include "services/coupon/api.h"
#include "services/coupon/points/points_internal.h"

#define EXPIRING_SHOWN 12

/* What goes next of what she has in a ledger. */
static void add_expiring(struct coupon *self, Coupon__PointsBalance *balance, void *call)
{
    unsigned statement = self->points.sql + POINTS_SQL_EXPIRING;
    Coupon__Expiring row = COUPON__EXPIRING__INIT;

    store_ask(self->store, statement, "iiii", rpc_principal(call)->member_id, balance->ledger_id, rpc_now(call),
              (int64_t)EXPIRING_SHOWN);
    while (store_read(self->store, statement, INTO(row.expires_at), INTO(row.points))) {
        Coupon__Expiring *copy = arena_message(rpc_arena(call), &coupon__expiring__descriptor);

        if (copy)
            *copy = row;
        rpc_add(call, balance, expiring, copy);
    }
}

/* 0 or a Reason. NULL when the call's memory is full. */
static int balance_message(struct coupon *self, int64_t ledger_id, int64_t points, void *call,
                           Coupon__PointsBalance **ret)
{
    Coupon__PointsBalance *message = arena_message(rpc_arena(call), &coupon__points_balance__descriptor);
    struct ledger ledger;

    *ret = message;
    if (!message)
        return 0;
    if (!ledgers_find(self, ledger_id, &ledger))
        return RPC__REASON__STORE_FAILED;
    message->ledger_id = ledger_id;
    message->name = rpc_text(call, ledger.name);
    message->points = points;
    message->frozen = !union_path_covers(ledger.union_path, rpc_principal(call)->union_path);
    add_expiring(self, message, call);
    return tree_id(&self->tree, ledger.union_path, call, &message->union_id);
}

/* rpc ListPoints: ledger by ledger. */
static void points__list_points(Coupon__Points_Service *service, const Coupon__ListPointsRequest *req,
                                Coupon__PointsList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, points_service);
    unsigned statement = self->points.sql + POINTS_SQL_BALANCES;
    const struct rpc_page *page = rpc_page(call);
    int64_t(*held)[2] = arena_alloc(rpc_arena(call), page->limit * sizeof(*held));
    Coupon__PointsList list = COUPON__POINTS_LIST__INIT;
    size_t n = 0;

    (void)req;
    store_ask(self->store, statement, "iiii", rpc_principal(call)->member_id, page->after, rpc_now(call),
              (int64_t)page->limit);
    while (held && n < page->limit && store_read(self->store, statement, INTO(held[n][0]), INTO(held[n][1])))
        n++;
    store_end(self->store, statement);
    for (size_t i = 0; i < n && rpc_page_takes(call, held[i][0]); i++) {
        Coupon__PointsBalance *message;

        if (rpc_refuse_if(call, balance_message(self, held[i][0], held[i][1], call, &message)))
            return;
        rpc_add(call, &list, balances, message);
    }
    reply(&list, call);
}

/* rpc ListPointsEntries: in one ledger, newest first; none where she never had any. */
static void points__list_points_entries(Coupon__Points_Service *service, const Coupon__ListPointsEntriesRequest *req,
                                        Coupon__PointsEntryList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, points_service);
    unsigned statement = self->points.sql + POINTS_SQL_ENTRIES;
    const struct rpc_page *page = rpc_page(call);
    Coupon__PointsEntryList list = COUPON__POINTS_ENTRY_LIST__INIT;
    struct ledger ledger;

    if (!ledgers_find(self, req->ledger_id, &ledger)) {
        rpc_refuse(call, COUPON__REASON__LEDGER_NOT_FOUND);
        return;
    }
    store_ask(self->store, statement, "iiii", rpc_principal(call)->member_id, ledger.id, page->before,
              (int64_t)page->limit);
    while (store_row(self->store, statement)) {
        Coupon__PointsEntry *entry = arena_message(rpc_arena(call), &coupon__points_entry__descriptor);

        if (!entry || !rpc_page_takes(call, store_int(self->store, statement, 0)))
            continue;
        entry->entry_id = store_int(self->store, statement, 0);
        entry->ledger_id = ledger.id;
        entry->kind = (Coupon__PointsKind)store_int(self->store, statement, 1);
        entry->points = store_int(self->store, statement, 2);
        entry->cause_id = store_int(self->store, statement, 3);
        entry->at = store_int(self->store, statement, 4);
        entry->title = rpc_text(call, store_text(self->store, statement, 5));
        rpc_add(call, &list, entries, entry);
    }
    reply(&list, call);
}

const Coupon__Points_Service points_api = COUPON__POINTS__INIT(points__);
