#include "common/benefit/holders/holders.h"

#include "identity/identity.pb-c.h"

enum {
    SQL_FIND,
    SQL_MERGED,
    SQL_NUMBERS,
    SQL_ADD,
    SQL_HAND_OVER,
    SQL_RECHECK,
    SQL_HELD,
    SQL_UNSETTLED,
    SQL_SETTLE,
    N_SQL
};

static const char *const sql[] = {
    [SQL_FIND] = "SELECT coalesce(holder_id, 0) FROM account_gone WHERE member_id = ?1",
    [SQL_MERGED] = "SELECT member_id, holder_id FROM account_gone WHERE holder_id IS NOT NULL AND member_id > ?1 "
                   "ORDER BY member_id",
    [SQL_NUMBERS] = "SELECT member_id FROM account_gone WHERE holder_id = ?1 LIMIT ?2",
    [SQL_ADD] = "INSERT INTO account_gone (member_id, holder_id, settled) VALUES (?1, nullif(?2, 0), 0)",
    [SQL_HAND_OVER] = "UPDATE account_gone SET holder_id = nullif(?2, 0), settled = 0 WHERE holder_id = ?1",
    [SQL_RECHECK] = "UPDATE account_gone SET settled = 0 WHERE member_id = ?1 OR holder_id = ?2",
    [SQL_HELD] =
        "SELECT member_id FROM account_gone WHERE holder_id = ?1 AND member_id > ?2 ORDER BY member_id LIMIT 1",
    [SQL_UNSETTLED] = "SELECT member_id, coalesce(holder_id, 0) FROM account_gone WHERE settled = 0 LIMIT 1",
    [SQL_SETTLE] = "UPDATE account_gone SET settled = 1 WHERE member_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool find(const struct holders *holders, int64_t number, int64_t *ret_holder)
{
    unsigned statement = holders->sql + SQL_FIND;

    store_ask(holders->store, statement, "i", number);
    return store_only(holders->store, statement, INTO(*ret_holder));
}

int64_t holder_of(const struct holders *holders, int64_t number)
{
    int64_t holder;

    return find(holders, number, &holder) ? holder : number;
}

bool holder_is(const struct holders *holders, int64_t member_id, int64_t number)
{
    return member_id && holder_of(holders, number) == member_id;
}

void holders_ask(const struct holders *holders, int64_t after)
{
    store_ask(holders->store, holders->sql + SQL_MERGED, "i", after);
}

bool holders_next(const struct holders *holders, int64_t *ret_number, int64_t *ret_holder)
{
    return store_read(holders->store, holders->sql + SQL_MERGED, INTO(*ret_number), INTO(*ret_holder));
}

size_t holders_numbers(const struct holders *holders, int64_t member_id, int64_t *ret, size_t max)
{
    unsigned statement = holders->sql + SQL_NUMBERS;

    ret[0] = member_id;
    store_ask(holders->store, statement, "ii", member_id, (int64_t)max - 1);
    return 1 + store_numbers(holders->store, statement, ret + 1, max - 1);
}

void holders_recheck(const struct holders *holders, int64_t number)
{
    store_run(holders->store, holders->sql + SQL_RECHECK, "ii", number, holder_of(holders, number));
}

/* ---- what identity says ---- */

/* Her own number and all that she holds are nobody's now. */
static void close_numbers(struct holders *holders, int64_t member_id, void *call)
{
    unsigned statement = holders->sql + SQL_HELD;
    int64_t number = 0;

    do {
        store_ask(holders->store, statement, "ii", member_id, number);
        number = store_number(holders->store, statement);
        if (number)
            parts_closed(holders->parts, number, call);
    } while (number);
    parts_closed(holders->parts, member_id, call);
}

/* An account has become part of another one, or (kept_id 0) was closed. */
static void end_account(struct holders *holders, int64_t gone_id, int64_t kept_id, void *call)
{
    int64_t holder = kept_id ? holder_of(holders, kept_id) : 0, before;
    Rpc__MemberGone gone = RPC__MEMBER_GONE__INIT;

    if (holder == gone_id || find(holders, gone_id, &before))
        return;
    if (holder)
        parts_merged(holders->parts, gone_id, holder, call);
    else
        close_numbers(holders, gone_id, call);
    store_run(holders->store, holders->sql + SQL_HAND_OVER, "ii", gone_id, holder);
    store_run(holders->store, holders->sql + SQL_ADD, "ii", gone_id, holder);
    gone.member_id = gone_id;
    gone.kept_id = kept_id;
    rpc_tell(call, &gone.base);
}

static void move_union(struct holders *holders, const Identity__UnionMoved *said, void *call)
{
    Rpc__UnionMoved moved = RPC__UNION_MOVED__INIT;

    if (!*said->old_path || !parts_moved(holders->parts, said->old_path, said->path, call))
        return;
    moved.old_path = said->old_path;
    moved.path = said->path;
    rpc_tell(call, &moved.base);
}

static void hear(void *self, void *call, const Rpc__JournalRow *row)
{
    Identity__Event *event = identity__event__unpack(NULL, row->body.len, row->body.data);

    switch (event ? event->event_case : IDENTITY__EVENT__EVENT__NOT_SET) {
    case IDENTITY__EVENT__EVENT_MEMBERS_MERGED:
        end_account(self, event->members_merged->gone_id, event->members_merged->kept_id, call);
        break;
    case IDENTITY__EVENT__EVENT_ACCOUNT_CLOSED:
        end_account(self, event->account_closed->member_id, 0, call);
        break;
    case IDENTITY__EVENT__EVENT_UNION_MOVED:
        move_union(self, event->union_moved, call);
        break;
    default:
        break;
    }
    identity__event__free_unpacked(event, NULL);
}

static const int32_t kinds[] = {
    IDENTITY__EVENT__EVENT_MEMBERS_MERGED,
    IDENTITY__EVENT__EVENT_ACCOUNT_CLOSED,
    IDENTITY__EVENT__EVENT_UNION_MOVED,
};
/* ---- soon after ---- */

static bool tidy(void *self, void *call)
{
    const struct holders *holders = self;
    unsigned statement = holders->sql + SQL_UNSETTLED;
    int64_t number, holder;

    store_ask(holders->store, statement, "");
    if (!store_row(holders->store, statement))
        return false;
    number = store_int(holders->store, statement, 0);
    holder = store_int(holders->store, statement, 1);
    store_end(holders->store, statement);
    if (!parts_settle(holders->parts, number, holder, call))
        store_run(holders->store, holders->sql + SQL_SETTLE, "i", number);
    return true;
}

/* ---- the audit ---- */

static bool agrees(void *self, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct holders *holders = self;
    const Rpc__ChassisEvent *event = body;
    const Rpc__MemberGone *gone;
    int64_t holder;

    (void)row;
    if (!event || event->event_case != RPC__CHASSIS_EVENT__EVENT_MEMBER_GONE)
        return true;
    told[0]++;
    gone = event->member_gone;
    return find(holders, gone->member_id, &holder) && holder == (gone->kept_id ? holder_of(holders, gone->kept_id) : 0);
}

const struct part_spec holders_part = {
    .tables = "account_gone",
    .steps = &holders_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .follows = {{"identity", kinds, ARRAY_LEN(kinds), hear}},
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"accounts gone", "SELECT count(*) FROM account_gone"}},
    .people = "account_gone.holder_id",
    .keeps = "whose a number is must be known as long as something stands under it; there is nothing else of her here",
};
