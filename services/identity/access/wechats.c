#include "services/identity/access/wechats.h"
#include "services/identity/access/devices.h"
#include "services/identity/access/session_life.h"
#include "services/identity/people/notices.h"
#include "services/identity/people/person.h"

#define WAITS_SLICE 500

enum {
    SQL_ADD,
    SQL_FIND,
    SQL_OWNER,
    SQL_SET,
    SQL_SEAL,
    SQL_COUNT,
    SQL_MEMBER,
    SQL_FIND_ALL,
    SQL_MOVE,
    SQL_DROP,
    SQL_WAIT,
    SQL_FIND_WAIT,
    SQL_END_WAIT,
    SQL_DROP_WAITS,
    SQL_DROP_HER_WAITS,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO wechat (wechat_id, member_id, openid, unionid, sealed, bound_at) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_FIND] = "SELECT wechat_id, member_id, unionid, bound_at FROM wechat WHERE openid = ?1",
    [SQL_OWNER] = "SELECT member_id FROM wechat WHERE unionid = ?1 AND length(unionid) > 0 LIMIT 1",
    [SQL_SET] = "UPDATE wechat SET unionid = ?2, sealed = ?3 WHERE wechat_id = ?1",
    [SQL_SEAL] = "UPDATE wechat SET sealed = ?2 WHERE wechat_id = ?1",
    [SQL_COUNT] = "SELECT count(*) FROM wechat WHERE member_id = ?1",
    [SQL_MEMBER] = "SELECT member_id FROM wechat WHERE wechat_id = ?1",
    [SQL_FIND_ALL] = "SELECT wechat_id, bound_at, sealed FROM wechat WHERE member_id = ?1 ORDER BY wechat_id "
                     "LIMIT ?2",
    [SQL_MOVE] = "UPDATE wechat SET wechat_id = ?2, member_id = ?3, sealed = ?4 WHERE wechat_id = ?1",
    [SQL_DROP] = "DELETE FROM wechat WHERE wechat_id = ?1 AND member_id = ?2",
    [SQL_WAIT] = "INSERT INTO wechat_wait (wechat_id, member_id, openid, unionid, sealed, asked_at) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_FIND_WAIT] = "SELECT member_id, openid, unionid, sealed FROM wechat_wait WHERE wechat_id = ?1",
    [SQL_END_WAIT] = "DELETE FROM wechat_wait WHERE wechat_id = ?1",
    [SQL_DROP_WAITS] = "DELETE FROM wechat_wait WHERE wechat_id IN (SELECT wechat_id FROM wechat_wait "
                       "WHERE asked_at <= ?1 ORDER BY asked_at LIMIT ?2)",
    [SQL_DROP_HER_WAITS] = "DELETE FROM wechat_wait WHERE member_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static size_t unionid_len(const struct wechat *wechat)
{
    return wechat->has_unionid ? sizeof(wechat->unionid) : 0;
}

void wechats_add(const struct wechats *wechats, const struct wechat *wechat)
{
    store_run(wechats->store, wechats->sql + SQL_ADD, "iibbbi", wechat->id, wechat->member_id, wechat->openid,
              sizeof(wechat->openid), wechat->unionid, unionid_len(wechat), wechat->sealed.bytes, wechat->sealed.len,
              wechat->bound_at);
}

bool wechats_find(const struct wechats *wechats, const unsigned char openid[PII_INDEX_LEN], struct wechat *ret_wechat)
{
    size_t unionid;

    store_ask(wechats->store, wechats->sql + SQL_FIND, "b", openid, (size_t)PII_INDEX_LEN);
    if (!store_only(wechats->store, wechats->sql + SQL_FIND, INTO(ret_wechat->id), INTO(ret_wechat->member_id),
                    INTO_LEN(ret_wechat->unionid, unionid), INTO(ret_wechat->bound_at)))
        return false;
    memcpy(ret_wechat->openid, openid, PII_INDEX_LEN);
    ret_wechat->has_unionid = unionid > 0;
    ret_wechat->sealed.len = 0;
    return true;
}

int64_t wechats_owner(const struct wechats *wechats, const unsigned char unionid[PII_INDEX_LEN])
{
    store_ask(wechats->store, wechats->sql + SQL_OWNER, "b", unionid, (size_t)PII_INDEX_LEN);
    return store_number(wechats->store, wechats->sql + SQL_OWNER);
}

void wechats_set(const struct wechats *wechats, const struct wechat *wechat)
{
    store_run(wechats->store, wechats->sql + SQL_SET, "ibb", wechat->id, wechat->unionid, unionid_len(wechat),
              wechat->sealed.bytes, wechat->sealed.len);
}

void wechats_seal(const struct wechats *wechats, const struct wechat *wechat)
{
    store_run(wechats->store, wechats->sql + SQL_SEAL, "ib", wechat->id, wechat->sealed.bytes, wechat->sealed.len);
}

int64_t wechats_count(const struct wechats *wechats, int64_t member_id)
{
    store_ask(wechats->store, wechats->sql + SQL_COUNT, "i", member_id);
    return store_number(wechats->store, wechats->sql + SQL_COUNT);
}

int64_t wechats_member(const struct wechats *wechats, int64_t wechat_id)
{
    store_ask(wechats->store, wechats->sql + SQL_MEMBER, "i", wechat_id);
    return store_number(wechats->store, wechats->sql + SQL_MEMBER);
}

size_t wechats_find_all(const struct wechats *wechats, int64_t member_id, struct wechat *ret_wechats, size_t size)
{
    size_t n = 0;

    store_ask(wechats->store, wechats->sql + SQL_FIND_ALL, "ii", member_id, (int64_t)size);
    for (; n < size; n++) {
        struct wechat *wechat = &ret_wechats[n];

        *wechat = (struct wechat){.member_id = member_id};
        if (!store_read(wechats->store, wechats->sql + SQL_FIND_ALL, INTO(wechat->id), INTO(wechat->bound_at),
                        INTO_BYTES(wechat->sealed)))
            break;
    }
    store_end(wechats->store, wechats->sql + SQL_FIND_ALL);
    return n;
}

void wechats_move(const struct wechats *wechats, int64_t wechat_id, int64_t member_id, const struct wechat *wechat)
{
    store_run(wechats->store, wechats->sql + SQL_MOVE, "iiib", wechat_id, wechat->id, member_id, wechat->sealed.bytes,
              wechat->sealed.len);
}

bool wechats_drop(const struct wechats *wechats, int64_t wechat_id, int64_t member_id)
{
    return store_run(wechats->store, wechats->sql + SQL_DROP, "ii", wechat_id, member_id) == 1;
}

void wechats_wait(const struct wechats *wechats, const struct wechat *wechat)
{
    store_run(wechats->store, wechats->sql + SQL_WAIT, "iibbbi", wechat->id, wechat->member_id, wechat->openid,
              sizeof(wechat->openid), wechat->unionid, unionid_len(wechat), wechat->sealed.bytes, wechat->sealed.len,
              wechat->bound_at);
}

void wechats_drop_waits(const struct wechats *wechats, int64_t member_id)
{
    store_run(wechats->store, wechats->sql + SQL_DROP_HER_WAITS, "i", member_id);
}

/* Takes away what waits under that id. */
static bool end_wait(const struct wechats *wechats, int64_t wechat_id, struct wechat *ret)
{
    unsigned statement = wechats->sql + SQL_FIND_WAIT;

    store_ask(wechats->store, statement, "i", wechat_id);
    if (!store_row(wechats->store, statement))
        return false;
    *ret = (struct wechat){.id = wechat_id, .member_id = store_int(wechats->store, statement, 0)};
    store_copy_blob(wechats->store, statement, 1, ret->openid, sizeof(ret->openid));
    ret->has_unionid = store_copy_blob(wechats->store, statement, 2, ret->unionid, sizeof(ret->unionid)) > 0;
    ret->sealed.len = store_copy_blob(wechats->store, statement, 3, ret->sealed.bytes, sizeof(ret->sealed.bytes));
    store_end(wechats->store, statement);
    return store_run(wechats->store, wechats->sql + SQL_END_WAIT, "i", wechat_id) == 1;
}

/* A door that is there is the member's to whom it was bound; one that she unbound is gone. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    int64_t owner;

    (void)row;
    switch (event->event_case) {
    case IDENTITY__EVENT__EVENT_WECHAT_BOUND:
        told[0]++;
        owner = wechats_member(&self->wechats, event->wechat_bound->wechat_id);
        return owner == 0 || owner == event->wechat_bound->member_id;
    case IDENTITY__EVENT__EVENT_WECHAT_UNBOUND:
        told[0]--;
        return wechats_member(&self->wechats, event->wechat_unbound->wechat_id) == 0;
    default:
        return true;
    }
}

static const struct part_stray strays[] = {
    {"WeChat door", "its unionid is another member's too",
     "SELECT max(wechat_id) FROM wechat WHERE length(unionid) > 0 GROUP BY unionid "
     "HAVING min(member_id) <> max(member_id) LIMIT 1"},
    {NULL, NULL, NULL},
};

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    Identity__WechatDoor *messages = arena_alloc(rpc_arena(export->call), WECHAT_DOORS * sizeof(*messages));
    char appid[WECHAT_NAME_MAX + 1];
    struct wechat doors[WECHAT_DOORS];
    struct member member;
    size_t n = wechats_find_all(&self->wechats, export->member_id, doors, ARRAY_LEN(doors));

    export->failed |= !messages;
    if (!messages || !members_find(&self->members, export->member_id, &member))
        return;
    for (size_t i = 0; i < n; i++) {
        person_open_wechat(self, &member, &doors[i], appid, NULL);
        identity__wechat_door__init(&messages[i]);
        messages[i].wechat_id = doors[i].id;
        messages[i].bound_at = doors[i].bound_at;
        messages[i].appid = rpc_text(export->call, appid);
        if (!part_give(export, &messages[i], doors[i].id))
            return;
    }
}

static void say_unbound(struct identity *self, int64_t wechat_id, int64_t member_id, void *call)
{
    Identity__WechatUnbound unbound = IDENTITY__WECHAT_UNBOUND__INIT;

    unbound.wechat_id = wechat_id;
    unbound.member_id = member_id;
    rpc_tell(call, &unbound.base);
    notice_withdraw(&self->notice, NOTICE__NOTICE_KIND__ACCOUNT_WECHAT_BOUND, wechat_id, call);
}

static void say_bound(int64_t wechat_id, int64_t member_id, void *call)
{
    Identity__WechatBound bound = IDENTITY__WECHAT_BOUND__INIT;

    bound.wechat_id = wechat_id;
    bound.member_id = member_id;
    rpc_tell(call, &bound.base);
}

void wechat_bind(struct identity *self, struct wechat *door, bool tells, void *call)
{
    door->bound_at = rpc_now(call);
    wechats_add(&self->wechats, door);
    say_bound(door->id, door->member_id, call);
    if (tells)
        account_tell(self, door->member_id, NOTICE__NOTICE_KIND__ACCOUNT_WECHAT_BOUND, door->id, door->id, call);
}

void wechat_settle(struct identity *self, int64_t wechat_id, void *call)
{
    struct wechat waiting, bound;

    /* Bound meanwhile, it is somebody's. */
    if (end_wait(&self->wechats, wechat_id, &waiting) && !wechats_find(&self->wechats, waiting.openid, &bound) &&
        wechats_count(&self->wechats, waiting.member_id) < WECHAT_DOORS)
        wechat_bind(self, &waiting, true, call);
}

bool wechat_unbind(struct identity *self, int64_t member_id, int64_t wechat_id, void *call)
{
    if (!wechats_drop(&self->wechats, wechat_id, member_id))
        return false;
    devices_forget(&self->devices, member_id, wechat_id);
    session_revoke_door(self, member_id, wechat_id, call);
    say_unbound(self, wechat_id, member_id, call);
    return true;
}

void wechat_unbind_all(struct identity *self, int64_t member_id, void *call)
{
    struct wechat doors[WECHAT_DOORS];
    size_t n = wechats_find_all(&self->wechats, member_id, doors, ARRAY_LEN(doors));

    for (size_t i = 0; i < n; i++)
        wechat_unbind(self, member_id, doors[i].id, call);
}

static void on_closed(void *self, int64_t member_id, void *call)
{
    wechat_unbind_all(self, member_id, call);
}

/* A door waits for as long as the session that it opened may be about to show who has it. */
static bool tidy(void *arg, void *call)
{
    const struct identity *self = arg;

    return store_run(self->wechats.store, self->wechats.sql + SQL_DROP_WAITS, "ii", rpc_now(call) - WECHAT_WAIT_MS,
                     (int64_t)WAITS_SLICE) == WAITS_SLICE;
}

/* Doors keep what they are called outside and get a number of their own. */
static void on_merged(void *arg, int64_t gone_id, int64_t kept_id, void *call)
{
    struct identity *self = arg;
    struct wechat doors[WECHAT_DOORS];
    size_t n = wechats_find_all(&self->wechats, gone_id, doors, ARRAY_LEN(doors));
    struct member gone, kept;

    if (!members_find(&self->members, gone_id, &gone) || !members_find(&self->members, kept_id, &kept))
        return;
    for (size_t i = 0; i < n; i++) {
        int64_t old_id = doors[i].id, new_id = id_next(&self->ids, rpc_now(call));

        if (!person_reseal_wechat(self, &gone, &kept, &doors[i], new_id, call))
            wechats_drop(&self->wechats, old_id, gone_id); /* its names cannot be read any more */
        else
            wechats_move(&self->wechats, old_id, kept_id, &doors[i]);
        say_unbound(self, old_id, gone_id, call);
        if (doors[i].id == new_id)
            say_bound(new_id, kept_id, call);
    }
}

const struct part_spec wechats_part = {
    .tables = "wechat wechat_wait",
    .steps = &wechats_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(id) FROM (SELECT max(wechat_id) AS id FROM wechat UNION ALL "
               "SELECT max(wechat_id) FROM wechat_wait)",
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"WeChat doors", "SELECT count(*) FROM wechat"}},
    .strays = strays,
    .on_export = on_export,
    .closed = {"DELETE FROM wechat_wait WHERE member_id = ?1"},
    .on_closed = on_closed,
    .merged = {"DELETE FROM wechat_wait WHERE member_id = ?1 AND ?2 > 0"},
    .on_merged = on_merged,
};
