#include "services/match/follow/follows.h"

#include "common/base/limits.h"
#include "common/store/row.h"
#include "services/match/single/pledges.h"
#include "services/match/single/singles.h"

enum {
    SQL_SEEN,
    SQL_FIND,
    SQL_ADD,
    SQL_DROP,
    SQL_COUNT,
    SQL_OF,
    SQL_TO,
    SQL_IS_FOLLOW,
    SQL_FIND_BLOCK,
    SQL_ADD_BLOCK,
    SQL_DROP_BLOCK,
    SQL_COUNT_BLOCKS,
    SQL_BLOCKED,
    SQL_IS_BLOCK,
    N_SQL
};

/* That `other` may be seen by ?1 at ?2. */
#define SEEN(other)                                                                                                    \
    "EXISTS (SELECT 1 FROM single s JOIN pledge p ON p.handle = s.handle JOIN single me ON me.handle = ?1 WHERE "      \
    "s.handle = " other " AND s.handle <> ?1 AND s.paused = 0 AND p.until > ?2 AND NOT (s.colleagues = me.colleagues " \
    "AND (s.hides OR me.hides)) AND NOT EXISTS (SELECT 1 FROM block WHERE (blocker = ?1 AND blocked = s.handle) OR "   \
    "(blocker = s.handle AND blocked = ?1)))"
#define FOLLOWS(follower, followed)                                                                                    \
    "EXISTS (SELECT 1 FROM follow b WHERE b.follower = " follower " AND b.followed = " followed ")"

static const char *const sql[] =
    {
        [SQL_SEEN] = "SELECT " SEEN("?3"),
        [SQL_FIND] = "SELECT follow_id FROM follow WHERE follower = ?1 AND followed = ?2",
        [SQL_ADD] = "INSERT INTO follow (follow_id, follower, followed, made_at) VALUES (?1, ?2, ?3, ?4)",
        [SQL_DROP] = "DELETE FROM follow WHERE follow_id = ?1",
        [SQL_COUNT] = "SELECT count(*) FROM follow WHERE follower = ?1",
        [SQL_OF] = "SELECT follow_id, followed AS single_id, 1 AS follows, " FOLLOWS(
            "f.followed", "?1") " AS mutual, made_at "
                                "FROM follow f WHERE follower = ?1 AND follow_id < ?3 AND " SEEN(
                                    "f.followed") " ORDER BY follow_id DESC LIMIT ?4",
        [SQL_TO] =
            "SELECT follow_id, follower AS single_id, " FOLLOWS("?1", "f.follower") " AS follows, " FOLLOWS(
                "?1", "f.follower") " AS mutual, made_at FROM follow f WHERE followed = ?1 AND follow_id < ?3 "
                                    "AND " SEEN("f.follower") " ORDER BY follow_id DESC LIMIT ?4",
        [SQL_IS_FOLLOW] = "SELECT 1 FROM follow WHERE follow_id = ?1 AND follower = ?2 AND followed = ?3",
        [SQL_FIND_BLOCK] =
            "SELECT block_id, blocked AS single_id, made_at FROM block WHERE blocker = ?1 AND blocked = ?2",
        [SQL_ADD_BLOCK] = "INSERT INTO block (block_id, blocker, blocked, made_at) VALUES (?1, ?2, ?3, ?4)",
        [SQL_DROP_BLOCK] = "DELETE FROM block WHERE block_id = ?1",
        [SQL_COUNT_BLOCKS] = "SELECT count(*) FROM block WHERE blocker = ?1",
        [SQL_BLOCKED] =
            "SELECT block_id, blocked AS single_id, made_at FROM block WHERE blocker = ?1 AND block_id < ?2 "
            "ORDER BY block_id DESC LIMIT ?3",
        [SQL_IS_BLOCK] = "SELECT 1 FROM block WHERE block_id = ?1 AND blocker = ?2 AND blocked = ?3",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static struct match *match_of(Match__Follows_Service *service)
{
    return container_of(service, struct match, follows_service);
}

static unsigned statement(const struct match *self, unsigned which)
{
    return self->follows.sql + which;
}

bool follows_can_see(const struct match *self, int64_t handle, int64_t other, int64_t now)
{
    store_ask(self->store, statement(self, SQL_SEEN), "iii", handle, now, other);
    return store_number(self->store, statement(self, SQL_SEEN)) == 1;
}

/* 0: she does not. */
static int64_t find(const struct match *self, int64_t follower, int64_t followed)
{
    store_ask(self->store, statement(self, SQL_FIND), "ii", follower, followed);
    return store_number(self->store, statement(self, SQL_FIND));
}

static int64_t count(const struct match *self, unsigned which, int64_t handle)
{
    store_ask(self->store, statement(self, which), "i", handle);
    return store_number(self->store, statement(self, which));
}

static void add(struct match *self, int64_t follower, int64_t followed, void *call)
{
    Match__FollowMade made = MATCH__FOLLOW_MADE__INIT;

    made.follow_id = id_next(&self->ids, rpc_now(call));
    made.follower = follower;
    made.followed = followed;
    store_run(self->store, statement(self, SQL_ADD), "iiii", made.follow_id, follower, followed, rpc_now(call));
    rpc_tell(call, &made.base);
}

static void end(struct match *self, int64_t follower, int64_t followed, void *call)
{
    Match__FollowEnded ended = MATCH__FOLLOW_ENDED__INIT;

    ended.follow_id = find(self, follower, followed);
    if (!ended.follow_id)
        return;
    store_run(self->store, statement(self, SQL_DROP), "i", ended.follow_id);
    rpc_tell(call, &ended.base);
}

static void reply_bond(const struct match *self, int64_t handle, int64_t other, Match__Bond_Closure reply, void *call)
{
    Match__Bond bond = MATCH__BOND__INIT;

    bond.single_id = other;
    bond.follow_id = find(self, handle, other);
    bond.follows = bond.follow_id != 0;
    bond.mutual = bond.follows && find(self, other, handle);
    reply(&bond, call);
}

/* rpc FollowSingle: who is followed already stays so. */
static void follows__follow_single(Match__Follows_Service *service, const Match__BondRequest *req,
                                   Match__Bond_Closure reply, void *call)
{
    struct match *self = match_of(service);
    struct single single;

    if (!single_find_caller(self, &single, call))
        return;
    if (single.paused || !pledge_until(self, single.handle, rpc_now(call))) {
        rpc_refuse(call, MATCH__REASON__MATCH_NOT_SHOWN);
        return;
    }
    if (!follows_can_see(self, single.handle, req->single_id, rpc_now(call))) {
        rpc_refuse(call, MATCH__REASON__SINGLE_NOT_FOUND);
        return;
    }
    if (!find(self, single.handle, req->single_id)) {
        if (rpc_refuse_if(call,
                          count(self, SQL_COUNT, single.handle) >= LIMIT_FOLLOWS ? MATCH__REASON__FOLLOWS_TOO_MANY : 0))
            return;
        add(self, single.handle, req->single_id, call);
    }
    reply_bond(self, single.handle, req->single_id, reply, call);
}

/* rpc UnfollowSingle: also of who is not to be seen now. */
static void follows__unfollow_single(Match__Follows_Service *service, const Match__BondRequest *req,
                                     Match__Bond_Closure reply, void *call)
{
    struct match *self = match_of(service);
    struct single single;

    if (!single_find_caller(self, &single, call))
        return;
    if (!find(self, single.handle, req->single_id) &&
        !follows_can_see(self, single.handle, req->single_id, rpc_now(call))) {
        rpc_refuse(call, MATCH__REASON__SINGLE_NOT_FOUND);
        return;
    }
    end(self, single.handle, req->single_id, call);
    reply_bond(self, single.handle, req->single_id, reply, call);
}

/* A page of bonds, of those who may be seen. */
static void reply_list(struct match *self, unsigned which, Match__BondList_Closure reply, void *call)
{
    Match__BondList list = MATCH__BOND_LIST__INIT;
    const struct rpc_page *page = rpc_page(call);
    struct single single;
    Match__Bond *bond;

    if (!single_find_caller(self, &single, call))
        return;
    store_ask(self->store, statement(self, which), "iiii", single.handle, rpc_now(call), page->before,
              (int64_t)page->limit);
    while ((bond = row_next(self->store, statement(self, which), &match__bond__descriptor, rpc_arena(call)))) {
        if (rpc_page_takes(call, bond->follow_id))
            rpc_add(call, &list, bonds, bond);
    }
    reply(&list, call);
}

/* rpc ListFollows */
static void follows__list_follows(Match__Follows_Service *service, const Match__ListFollowsRequest *req,
                                  Match__BondList_Closure reply, void *call)
{
    (void)req;
    reply_list(match_of(service), SQL_OF, reply, call);
}

/* rpc ListFollowers */
static void follows__list_followers(Match__Follows_Service *service, const Match__ListFollowsRequest *req,
                                    Match__BondList_Closure reply, void *call)
{
    (void)req;
    reply_list(match_of(service), SQL_TO, reply, call);
}

/* The block of another, in the call's arena; NULL: there is none. */
static Match__Blocked *find_block(const struct match *self, int64_t blocker, int64_t blocked, void *call)
{
    Match__Blocked *block;

    store_ask(self->store, statement(self, SQL_FIND_BLOCK), "ii", blocker, blocked);
    block = row_next(self->store, statement(self, SQL_FIND_BLOCK), &match__blocked__descriptor, rpc_arena(call));
    store_end(self->store, statement(self, SQL_FIND_BLOCK));
    return block;
}

static void add_block(struct match *self, int64_t blocker, int64_t blocked, void *call)
{
    Match__BlockMade made = MATCH__BLOCK_MADE__INIT;

    made.block_id = id_next(&self->ids, rpc_now(call));
    made.blocker = blocker;
    made.blocked = blocked;
    store_run(self->store, statement(self, SQL_ADD_BLOCK), "iiii", made.block_id, blocker, blocked, rpc_now(call));
    rpc_tell(call, &made.base);
}

/* rpc BlockSingle: what either follows of the other ends with it. */
static void follows__block_single(Match__Follows_Service *service, const Match__BondRequest *req,
                                  Match__Blocked_Closure reply, void *call)
{
    struct match *self = match_of(service);
    struct single single;

    if (!single_find_caller(self, &single, call))
        return;
    if (!find_block(self, single.handle, req->single_id, call)) {
        /* Also one who follows her, and is not to be seen just now. */
        if (!find(self, req->single_id, single.handle) &&
            !follows_can_see(self, single.handle, req->single_id, rpc_now(call))) {
            rpc_refuse(call, MATCH__REASON__SINGLE_NOT_FOUND);
            return;
        }
        if (rpc_refuse_if(call, count(self, SQL_COUNT_BLOCKS, single.handle) >= LIMIT_BLOCKS
                                    ? MATCH__REASON__BLOCKS_TOO_MANY
                                    : 0))
            return;
        end(self, single.handle, req->single_id, call);
        end(self, req->single_id, single.handle, call);
        add_block(self, single.handle, req->single_id, call);
    }
    reply(find_block(self, single.handle, req->single_id, call), call);
}

/* rpc UnblockSingle */
static void follows__unblock_single(Match__Follows_Service *service, const Match__BondRequest *req,
                                    Match__Blocked_Closure reply, void *call)
{
    struct match *self = match_of(service);
    Match__BlockEnded ended = MATCH__BLOCK_ENDED__INIT;
    Match__Blocked *block;
    struct single single;

    if (!single_find_caller(self, &single, call))
        return;
    block = find_block(self, single.handle, req->single_id, call);
    if (!block) {
        rpc_refuse(call, MATCH__REASON__SINGLE_NOT_FOUND);
        return;
    }
    store_run(self->store, statement(self, SQL_DROP_BLOCK), "i", block->block_id);
    ended.block_id = block->block_id;
    rpc_tell(call, &ended.base);
    reply(block, call);
}

/* rpc ListBlocked */
static void follows__list_blocked(Match__Follows_Service *service, const Match__ListBlockedRequest *req,
                                  Match__BlockedList_Closure reply, void *call)
{
    struct match *self = match_of(service);
    Match__BlockedList list = MATCH__BLOCKED_LIST__INIT;
    const struct rpc_page *page = rpc_page(call);
    unsigned rows = statement(self, SQL_BLOCKED);
    struct single single;
    Match__Blocked *block;

    (void)req;
    if (!single_find_caller(self, &single, call))
        return;
    store_ask(self->store, rows, "iii", single.handle, page->before, (int64_t)page->limit);
    while ((block = row_next(self->store, rows, &match__blocked__descriptor, rpc_arena(call)))) {
        if (rpc_page_takes(call, block->block_id))
            rpc_add(call, &list, blocked, block);
    }
    reply(&list, call);
}

const Match__Follows_Service follows_api = MATCH__FOLLOWS__INIT(follows__);

/* ---- what the part does ---- */

static bool is(const struct match *self, unsigned which, int64_t id, int64_t one, int64_t other)
{
    store_ask(self->store, statement(self, which), "iii", id, one, other);
    return store_any(self->store, statement(self, which));
}

/* Those that are there are those that were told and are not gone, with her or by themselves. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct match *self = arg;
    const Match__Event *event = body;

    (void)row;
    if (event->event_case == MATCH__EVENT__EVENT_FOLLOW_MADE)
        told[0] += is(self, SQL_IS_FOLLOW, event->follow_made->follow_id, event->follow_made->follower,
                      event->follow_made->followed);
    else if (event->event_case == MATCH__EVENT__EVENT_BLOCK_MADE)
        told[1] +=
            is(self, SQL_IS_BLOCK, event->block_made->block_id, event->block_made->blocker, event->block_made->blocked);
    return true;
}

const struct part_spec follows_part = {
    .tables = "follow block",
    .steps = &follows_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(coalesce((SELECT max(follow_id) FROM follow), 0), coalesce((SELECT max(block_id) FROM "
               "block), 0))",
    .agrees = agrees,
    .counts = {{"follows", "SELECT count(*) FROM follow"}, {"blocks", "SELECT count(*) FROM block"}},
    .people = "follow.follower follow.followed block.blocker block.blocked",
    .exports = {{&match__bond__descriptor,
                 "SELECT follow_id, followed AS single_id, 1 AS follows, made_at FROM follow WHERE follower = ?1 AND "
                 "follow_id > ?2 ORDER BY follow_id LIMIT ?3"},
                {&match__blocked__descriptor,
                 "SELECT block_id, blocked AS single_id, made_at FROM block WHERE blocker = ?1 AND block_id > ?2 ORDER "
                 "BY block_id LIMIT ?3"}},
    .closed = {"DELETE FROM follow WHERE follower = ?1 OR followed = ?1",
               "DELETE FROM block WHERE blocker = ?1 OR blocked = ?1"},
    .merged = {"DELETE FROM follow WHERE (follower = ?1 OR followed = ?1) AND ?1 <> ?2",
               "DELETE FROM block WHERE (blocker = ?1 OR blocked = ?1) AND ?1 <> ?2"},
};
