#include "services/portal/inbox/inbox.h"

#include "common/base/limits.h"
#include "common/benefit/notice/notice.h"
#include "common/store/row.h"

#define SLICE 500 /* of old ones, deleted in one transaction */

/* The columns of an InboxItem, with its state. */
#define COLUMNS                                                                                                        \
    "item_id, service, kind, title, place, about_id, about_at, told_at, read_at, withdrawn_at, " STATE " AS state"
#define STATE "CASE WHEN withdrawn_at > 0 THEN 3 WHEN read_at > 0 THEN 2 ELSE 1 END"
_Static_assert(PORTAL__INBOX_STATE__INBOX_UNREAD == 1 && PORTAL__INBOX_STATE__INBOX_READ == 2 &&
                   PORTAL__INBOX_STATE__INBOX_WITHDRAWN == 3,
               "as STATE has them");

enum {
    SQL_ADD,
    SQL_BOUND,
    SQL_WITHDRAW,
    SQL_NOTICE,
    SQL_PAGE,
    SQL_HERS,
    SQL_COUNT,
    SQL_UNREAD,
    SQL_READ,
    SQL_FIND,
    SQL_DROP_OLD,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO inbox_item (item_id, member_id, service, notice_id, kind, about_id, about_at, title, "
                "place, told_at, journal_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
                "ON CONFLICT (service, notice_id) DO NOTHING",
    [SQL_BOUND] = "DELETE FROM inbox_item WHERE item_id IN (SELECT item_id FROM inbox_item WHERE member_id = ?1 "
                  "ORDER BY item_id DESC LIMIT -1 OFFSET ?2)",
    [SQL_WITHDRAW] = "UPDATE inbox_item SET withdrawn_at = ?2 WHERE item_id = ?1",
    [SQL_NOTICE] = "SELECT item_id FROM inbox_item WHERE service = ?1 AND notice_id = ?2 AND withdrawn_at = 0",
    [SQL_PAGE] = "SELECT " COLUMNS " FROM inbox_item WHERE member_id = ?1 AND item_id < ?2 "
                 "AND " RPC_PAGE_STATES("?4", "(" STATE ")") " ORDER BY item_id DESC LIMIT ?3",
    [SQL_HERS] = "SELECT " COLUMNS " FROM inbox_item WHERE member_id = ?1 AND item_id = ?2",
    [SQL_COUNT] = "SELECT count(*) FROM inbox_item WHERE member_id = ?1 AND read_at = 0 AND withdrawn_at = 0",
    [SQL_UNREAD] = "SELECT item_id FROM inbox_item WHERE member_id = ?1 AND item_id BETWEEN ?2 AND ?3 AND read_at = 0 "
                   "AND withdrawn_at = 0 ORDER BY item_id LIMIT ?4",
    [SQL_READ] = "UPDATE inbox_item SET read_at = ?2, read_seq = ?3 WHERE item_id = ?1",
    [SQL_FIND] = "SELECT service, notice_id, kind, member_id, withdrawn_at, read_seq, journal_seq FROM inbox_item "
                 "WHERE item_id = ?1",
    [SQL_DROP_OLD] = "DELETE FROM inbox_item WHERE item_id IN (SELECT item_id FROM inbox_item WHERE item_id < ?1 "
                     "ORDER BY item_id LIMIT ?2)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int64_t portal_caller(const struct portal *self, void *call)
{
    return holder_of(&self->holders, rpc_principal(call)->member_id);
}

static int64_t next_row(const struct portal *self)
{
    return rpc_server_journal(self->rpc)->tip.seq + 1;
}

/* ---- what services tell ---- */

static void bound(struct portal *self, int64_t member_id)
{
    store_run(self->store, self->inbox.sql + SQL_BOUND, "ii", member_id, (int64_t)LIMIT_INBOX);
}

static void take(struct portal *self, const char *service, int64_t told_at, const Notice__NoticeGiven *given,
                 void *call)
{
    int64_t holder = holder_of(&self->holders, given->member_id);
    Portal__InboxTaken taken = PORTAL__INBOX_TAKEN__INIT;

    if (!holder || !notice_known((int)given->kind) || told_at < rpc_now(call) - NOTICE_KEPT_MS)
        return; /* of nobody, of a later service than this portal knows, or past its time */
    taken.item_id = id_next(&self->ids, rpc_now(call));
    if (store_run(self->store, self->inbox.sql + SQL_ADD, "iitiiiittii", taken.item_id, holder, service,
                  given->notice_id, (int64_t)given->kind, given->about_id, given->at, given->title, given->place,
                  told_at, next_row(self)) != 1)
        return; /* by another door she was told already */
    taken.member_id = holder;
    taken.service = unconst(service);
    taken.notice_id = given->notice_id;
    taken.kind = given->kind;
    rpc_tell(call, &taken.base);
    bound(self, holder);
}

static void withdraw(struct portal *self, const char *service, const Notice__NoticeWithdrawn *said, void *call)
{
    Portal__InboxWithdrawn withdrawn = PORTAL__INBOX_WITHDRAWN__INIT;

    store_ask(self->store, self->inbox.sql + SQL_NOTICE, "ti", service, said->notice_id);
    withdrawn.item_id = store_number(self->store, self->inbox.sql + SQL_NOTICE);
    if (!withdrawn.item_id)
        return;
    store_run(self->store, self->inbox.sql + SQL_WITHDRAW, "ii", withdrawn.item_id, rpc_now(call));
    rpc_tell(call, &withdrawn.base);
}

static void hear(struct portal *self, const char *service, const Rpc__JournalRow *row, void *call)
{
    Rpc__ChassisEvent *event = rpc__chassis_event__unpack(NULL, row->body.len, row->body.data);

    if (event && event->event_case == RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN)
        take(self, service, row->at, event->notice_given, call);
    if (event && event->event_case == RPC__CHASSIS_EVENT__EVENT_NOTICE_WITHDRAWN)
        withdraw(self, service, event->notice_withdrawn, call);
    rpc__chassis_event__free_unpacked(event, NULL);
}

static void on_identity(void *self, void *call, const Rpc__JournalRow *row)
{
    hear(self, "identity", row, call);
}

static void on_health(void *self, void *call, const Rpc__JournalRow *row)
{
    hear(self, "health", row, call);
}

static void on_coupon(void *self, void *call, const Rpc__JournalRow *row)
{
    hear(self, "coupon", row, call);
}

static void on_subsidy(void *self, void *call, const Rpc__JournalRow *row)
{
    hear(self, "subsidy", row, call);
}

static const int32_t kinds[] = {
    RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN,
    RPC__CHASSIS_EVENT__EVENT_NOTICE_WITHDRAWN,
};

/* ---- what she asks ---- */

/* How it reads is not in the store. */
static Portal__InboxItem *worded(Portal__InboxItem *item)
{
    if (item) {
        item->text = unconst(notice_sentence((int)item->kind));
        item->phrase = unconst(notice_phrase((int)item->kind));
    }
    return item;
}

/* rpc ListInbox: the caller's, the latest first. */
static void inbox__list_inbox(Portal__Inbox_Service *service, const Portal__ListInboxRequest *req,
                              Portal__InboxItemList_Closure reply, void *call)
{
    struct portal *self = container_of(service, struct portal, inbox_service);
    Portal__InboxItemList list = PORTAL__INBOX_ITEM_LIST__INIT;
    const struct rpc_page *page = rpc_page(call);
    unsigned rows = self->inbox.sql + SQL_PAGE;
    Portal__InboxItem *item;

    (void)req;
    store_ask(self->store, rows, "iiii", portal_caller(self, call), page->before, (int64_t)page->limit, page->states);
    while ((item = row_next(self->store, rows, &portal__inbox_item__descriptor, rpc_arena(call)))) {
        if (rpc_page_takes(call, item->item_id))
            rpc_add(call, &list, items, worded(item));
    }
    reply(&list, call);
}

static void count(struct portal *self, Portal__InboxCount *ret, void *call)
{
    store_ask(self->store, self->inbox.sql + SQL_COUNT, "i", portal_caller(self, call));
    ret->unread = (int32_t)store_number(self->store, self->inbox.sql + SQL_COUNT);
}

/* rpc CountInbox: what she has not read. */
static void inbox__count_inbox(Portal__Inbox_Service *service, const Portal__CountInboxRequest *req,
                               Portal__InboxCount_Closure reply, void *call)
{
    Portal__InboxCount counted = PORTAL__INBOX_COUNT__INIT;

    (void)req;
    count(container_of(service, struct portal, inbox_service), &counted, call);
    reply(&counted, call);
}

/* Marks what she has not read from one item to another. */
static void mark(struct portal *self, int64_t from_id, int64_t upto_id, void *call)
{
    int64_t member_id = portal_caller(self, call), ids[INBOX_READ_ROW];
    size_t n;

    do {
        Portal__InboxRead read = PORTAL__INBOX_READ__INIT;

        store_ask(self->store, self->inbox.sql + SQL_UNREAD, "iiii", member_id, from_id, upto_id,
                  (int64_t)INBOX_READ_ROW);
        n = store_numbers(self->store, self->inbox.sql + SQL_UNREAD, ids, INBOX_READ_ROW);
        for (size_t i = 0; i < n; i++)
            store_run(self->store, self->inbox.sql + SQL_READ, "iii", ids[i], rpc_now(call), next_row(self));
        read.member_id = member_id;
        read.item_id = ids;
        read.n_item_id = n;
        if (n)
            rpc_tell(call, &read.base);
    } while (n == INBOX_READ_ROW && !store_trouble(self->store));
}

/* rpc ReadInboxItem: once read it stays so, and what is not true any more is not marked. */
static void inbox__read_inbox_item(Portal__Inbox_Service *service, const Portal__InboxItemRequest *req,
                                   Portal__InboxItem_Closure reply, void *call)
{
    struct portal *self = container_of(service, struct portal, inbox_service);
    unsigned hers = self->inbox.sql + SQL_HERS;
    Portal__InboxItem *item;

    mark(self, req->item_id, req->item_id, call);
    store_ask(self->store, hers, "ii", portal_caller(self, call), req->item_id);
    item = worded(row_only(self->store, hers, &portal__inbox_item__descriptor, rpc_arena(call)));
    if (item)
        reply(item, call);
    else
        rpc_refuse(call, PORTAL__REASON__INBOX_ITEM_NOT_FOUND);
}

/* rpc ReadInbox: what came behind the last that she has seen stays unread. */
static void inbox__read_inbox(Portal__Inbox_Service *service, const Portal__ReadInboxRequest *req,
                              Portal__InboxCount_Closure reply, void *call)
{
    struct portal *self = container_of(service, struct portal, inbox_service);
    Portal__InboxCount counted = PORTAL__INBOX_COUNT__INIT;

    store_ask(self->store, self->inbox.sql + SQL_HERS, "ii", portal_caller(self, call), req->upto_id);
    if (!store_any(self->store, self->inbox.sql + SQL_HERS)) {
        rpc_refuse_field(call, PORTAL__REASON__INBOX_ITEM_NOT_FOUND, "uptoId");
        return;
    }
    mark(self, 0, req->upto_id, call);
    count(self, &counted, call);
    reply(&counted, call);
}

const Portal__Inbox_Service inbox_api = PORTAL__INBOX__INIT(inbox__);

/* ---- what the part does ---- */

static bool tidy(void *arg, void *call)
{
    const struct portal *self = arg;

    return store_run(self->store, self->inbox.sql + SQL_DROP_OLD, "ii", id_at(rpc_now(call) - NOTICE_KEPT_MS),
                     (int64_t)SLICE) == SLICE;
}

static void on_merged(void *self, int64_t gone_id, int64_t kept_id, void *call)
{
    (void)gone_id;
    (void)call;
    bound(self, kept_id);
}

/* An item as the store has it. */
struct kept {
    char service[LIMIT_QUEUE_NAME + 1];
    int64_t notice_id, kind, member_id, withdrawn_at, read_seq, journal_seq;
};

static bool find(const struct portal *self, int64_t item_id, struct kept *ret)
{
    unsigned statement = self->inbox.sql + SQL_FIND;
    char *service = ret->service;

    store_ask(self->store, statement, "i", item_id);
    if (!store_row(self->store, statement))
        return false;
    store_copy_text(self->store, statement, 0, service, sizeof(ret->service));
    ret->notice_id = store_int(self->store, statement, 1);
    ret->kind = store_int(self->store, statement, 2);
    ret->member_id = store_int(self->store, statement, 3);
    ret->withdrawn_at = store_int(self->store, statement, 4);
    ret->read_seq = store_int(self->store, statement, 5);
    ret->journal_seq = store_int(self->store, statement, 6);
    store_end(self->store, statement);
    return true;
}

enum { TOLD_ALL, TOLD_WITHDRAWN, TOLD_READ }; /* as in counts */

/* It may have become that of who holds her number since. */
static bool is_as_taken(const struct portal *self, const struct kept *kept, const Portal__InboxTaken *taken,
                        int64_t seq)
{
    return strcmp(kept->service, taken->service) == 0 && kept->notice_id == taken->notice_id &&
           kept->kind == (int64_t)taken->kind && kept->journal_seq == seq &&
           holder_of(&self->holders, taken->member_id) == kept->member_id;
}

/* What is there is as the journal says; what is not was old, or its owner is gone. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct portal *self = arg;
    const Portal__Event *event = body;
    struct kept kept;
    bool same = true;

    switch (event->event_case) {
    case PORTAL__EVENT__EVENT_INBOX_TAKEN:
        if (!find(self, event->inbox_taken->item_id, &kept))
            return true;
        told[TOLD_ALL]++;
        return is_as_taken(self, &kept, event->inbox_taken, row->seq);
    case PORTAL__EVENT__EVENT_INBOX_WITHDRAWN:
        if (!find(self, event->inbox_withdrawn->item_id, &kept))
            return true;
        told[TOLD_WITHDRAWN]++;
        return kept.withdrawn_at != 0;
    case PORTAL__EVENT__EVENT_INBOX_READ:
        for (size_t i = 0; i < event->inbox_read->n_item_id; i++) {
            if (!find(self, event->inbox_read->item_id[i], &kept))
                continue;
            told[TOLD_READ]++;
            same &= kept.read_seq == row->seq;
        }
        return same;
    default:
        return true;
    }
}

const struct part_spec inbox_part = {
    .tables = "inbox_item",
    .steps = &inbox_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(item_id) FROM inbox_item",
    .follows = {{"identity", kinds, ARRAY_LEN(kinds), on_identity},
                {"health", kinds, ARRAY_LEN(kinds), on_health},
                {"coupon", kinds, ARRAY_LEN(kinds), on_coupon},
                {"subsidy", kinds, ARRAY_LEN(kinds), on_subsidy}},
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"items", "SELECT count(*) FROM inbox_item"},
               {"items that were withdrawn", "SELECT count(*) FROM inbox_item WHERE withdrawn_at > 0"},
               {"items that were read", "SELECT count(*) FROM inbox_item WHERE read_at > 0 AND read_seq > 0"}},
    .others = "inbox_item.notice_id inbox_item.about_id",
    .exports = {{&portal__inbox_item__descriptor, "SELECT " COLUMNS " FROM inbox_item WHERE member_id = ?1 "
                                                  "AND item_id > ?2 ORDER BY item_id LIMIT ?3"}},
    .closed = {"DELETE FROM inbox_item WHERE member_id = ?1"},
    .merged = {"UPDATE inbox_item SET member_id = ?2 WHERE member_id = ?1"},
    .on_merged = on_merged,
};
