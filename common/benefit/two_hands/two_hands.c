#include "common/benefit/two_hands/two_hands.h"

#include "common/base/sha256.h"
#include "common/base/union_path.h"

#define COLUMNS                                                                                                        \
    "hand_id, kind, deed_id, state, first_by, now_by, gave_by, also_gave_by, what, given_at, until, second_by, "       \
    "ended_at, union_path, roles"

enum { SQL_ADD, SQL_END, SQL_LATEST, SQL_FIND, SQL_WAITING, SQL_COUNT, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO two_hands (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
                "?14, ?15)",
    [SQL_END] = "UPDATE two_hands SET state = ?2, second_by = ?3, ended_at = ?4 WHERE hand_id = ?1",
    [SQL_LATEST] = "SELECT " COLUMNS " FROM two_hands WHERE deed_id = ?1 AND kind = ?2 ORDER BY hand_id DESC LIMIT 1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM two_hands WHERE hand_id = ?1",
    [SQL_WAITING] = "SELECT " COLUMNS " FROM two_hands WHERE state = 1 AND (union_path, hand_id) > (?1, ?3) AND "
                    "union_path < ?2 AND roles & ?4 AND until > ?5 AND (?7 = '' OR kind = ?7) ORDER BY union_path, "
                    "hand_id LIMIT ?6",
    [SQL_COUNT] = "SELECT kind, count(*) FROM (SELECT kind FROM two_hands WHERE state = 1 AND union_path >= ?1 AND "
                  "union_path < ?2 AND roles & ?3 AND until > ?4 LIMIT ?5) GROUP BY kind ORDER BY kind LIMIT ?6",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- rows ---- */

static bool next_row(const struct two_hands *hands, unsigned which, struct hands *ret)
{
    return store_read(hands->store, hands->sql + which, INTO(ret->id), INTO(ret->kind), INTO(ret->deed_id),
                      INTO(ret->state), INTO(ret->first_by), INTO(ret->now_by), INTO(ret->gave_by),
                      INTO(ret->also_gave_by), INTO(ret->what), INTO(ret->given_at), INTO(ret->until),
                      INTO(ret->second_by), INTO(ret->ended_at), INTO(ret->union_path), INTO(ret->roles));
}

static bool read_row(const struct two_hands *hands, unsigned which, struct hands *ret)
{
    bool found = next_row(hands, which, ret);

    store_end(hands->store, hands->sql + which);
    return found;
}

size_t hands_find_waiting(const struct two_hands *hands, const struct hands_waiting *waiting, const char *kind,
                          const char *from, int64_t after, struct hands *ret, size_t size)
{
    char end[UNION_PATH_SIZE + 1];
    size_t n = 0;

    union_path_end(waiting->path, end);
    store_ask(hands->store, hands->sql + SQL_WAITING, "ttiiiit", from, end, after, waiting->roles, waiting->now,
              (int64_t)size, kind);
    while (ret && n < size && next_row(hands, SQL_WAITING, &ret[n]))
        n++;
    store_end(hands->store, hands->sql + SQL_WAITING);
    return n;
}

size_t hands_count_waiting(const struct two_hands *hands, const struct hands_waiting *waiting,
                           struct hands_count ret[HANDS_KINDS])
{
    char end[UNION_PATH_SIZE + 1];
    size_t n = 0;

    union_path_end(waiting->path, end);
    store_ask(hands->store, hands->sql + SQL_COUNT, "ttiiii", waiting->path, end, waiting->roles, waiting->now,
              (int64_t)HANDS_COUNTED, (int64_t)HANDS_KINDS);
    while (n < HANDS_KINDS && store_read(hands->store, hands->sql + SQL_COUNT, INTO(ret[n].kind), INTO(ret[n].n)))
        n++;
    store_end(hands->store, hands->sql + SQL_COUNT);
    return n;
}

bool hands_find(const struct two_hands *hands, const char *kind, int64_t deed_id, struct hands *ret)
{
    store_ask(hands->store, hands->sql + SQL_LATEST, "it", deed_id, kind);
    return read_row(hands, SQL_LATEST, ret);
}

static bool find_waiting(const struct two_hands *hands, const char *kind, int64_t deed_id, struct hands *ret)
{
    return hands_find(hands, kind, deed_id, ret) && ret->state == HANDS__STATE__FIRST;
}

bool hands_wait(const struct two_hands *hands, const char *kind, int64_t deed_id, int64_t now)
{
    struct hands row;

    return find_waiting(hands, kind, deed_id, &row) && now < row.until;
}

bool hands_is_first(const struct two_hands *hands, const char *kind, int64_t deed_id, int64_t member_id)
{
    struct hands row;

    return member_id && find_waiting(hands, kind, deed_id, &row) && row.now_by == member_id;
}

static void say(const struct hands *row, void *call)
{
    Hands__HandsChanged changed = HANDS__HANDS_CHANGED__INIT;

    changed.hand_id = row->id;
    changed.kind = unconst(row->kind);
    changed.deed_id = row->deed_id;
    changed.state = (Hands__State)row->state;
    changed.what = (ProtobufCBinaryData){sizeof(row->what), unconst(row->what)};
    rpc_tell(call, &changed.base);
}

static void end(struct two_hands *hands, struct hands *row, int state, void *call)
{
    row->state = state;
    row->second_by = state == HANDS__STATE__DONE ? rpc_principal(call)->member_id : 0;
    row->ended_at = rpc_now(call);
    store_run(hands->store, hands->sql + SQL_END, "iiii", row->id, (int64_t)state, row->second_by, row->ended_at);
    say(row, call);
}

void hands_end(struct two_hands *hands, const char *kind, int64_t deed_id, int state, void *call)
{
    struct hands row;

    if (find_waiting(hands, kind, deed_id, &row))
        end(hands, &row, state, call);
}

/* ---- what exactly ---- */

/* SHA-256 of the message's name, a zero byte, and its bytes. */
static void hash_what(const struct hands_deed *deed, void *call, unsigned char ret[HANDS_WHAT_LEN])
{
    const char *name = deed->what_name ? deed->what_name : deed->what->descriptor->name;
    size_t len = strlen(name) + 1, size = protobuf_c_message_get_packed_size(deed->what);
    unsigned char *bytes = arena_alloc(rpc_arena(call), len + size);

    memset(ret, 0, HANDS_WHAT_LEN);
    if (!bytes)
        return; /* the call will be OVERLOADED */
    memcpy(bytes, name, len);
    protobuf_c_message_pack(deed->what, bytes + len);
    sha256_of(bytes, len + size, ret);
}

/* Gives it an id, and says what is done. */
static void add(struct two_hands *hands, const struct hands_deed *deed, struct hands *row, void *call)
{
    row->id = id_next(&hands->parts->ids, rpc_now(call));
    ensure(snprintf(row->kind, sizeof(row->kind), "%s", deed->kind) < (int)sizeof(row->kind));
    hash_what(deed, call, row->what);
    for (const int *role = deed->roles; role && *role; role++)
        row->roles |= INT64_C(1) << *role;
    snprintf(row->union_path, sizeof(row->union_path), "%s", deed->union_path ? deed->union_path : "");
    store_run(hands->store, hands->sql + SQL_ADD, "itiiiiiibiiiiti", row->id, row->kind, row->deed_id,
              (int64_t)row->state, row->first_by, row->now_by, row->gave_by, row->also_gave_by, row->what,
              sizeof(row->what), row->given_at, row->until, row->second_by, row->ended_at, row->union_path, row->roles);
    say(row, call);
}

/* ---- by which office ---- */

static bool is_office(const Rpc__Grant *grant, const struct hands_deed *deed)
{
    for (const int *role = deed->roles; role && *role; role++) {
        if ((int)grant->role == *role)
            return *role == RULE__ROLE__COMPANY_AGENT ? strcmp(grant->union_path, deed->union_path) == 0
                                                      : union_path_covers(grant->union_path, deed->union_path);
    }
    return false;
}

static bool is_new(const Rpc__Grant *grant, int64_t now)
{
    return grant->n_given_by && now < grant->given_at + HANDS_OFFICE_MS;
}

static bool was_given_by(const Rpc__Grant *grant, int64_t member_id, void *call)
{
    for (size_t i = 0; i < grant->n_given_by; i++) {
        if (rpc_known_as(call, grant->given_by[i]) == member_id)
            return true;
    }
    return false;
}

void hands_givers(const struct hands_deed *deed, void *call, int64_t ret[2])
{
    const Rpc__Principal *principal = rpc_principal(call);
    const Rpc__Grant *office = NULL;

    ret[0] = ret[1] = 0;
    for (size_t i = 0; i < principal->n_grants; i++) {
        if (!is_office(principal->grants[i], deed))
            continue;
        if (!is_new(principal->grants[i], rpc_now(call)))
            return;
        office = principal->grants[i];
    }
    if (!office)
        return;
    ret[0] = rpc_known_as(call, office->given_by[0]);
    if (office->n_given_by > 1)
        ret[1] = rpc_known_as(call, office->given_by[1]);
}

/* Whether the caller holds an office for it that the first hand has not just given her. */
static bool has_own_office(const struct hands_deed *deed, int64_t first, void *call)
{
    const Rpc__Principal *principal = rpc_principal(call);
    bool any = false;

    for (size_t i = 0; i < principal->n_grants; i++) {
        const Rpc__Grant *grant = principal->grants[i];

        if (!is_office(grant, deed))
            continue;
        if (!is_new(grant, rpc_now(call)) || !was_given_by(grant, first, call))
            return true;
        any = true;
    }
    return !any;
}

/* ---- the two ---- */

static int hand_refusal(const struct hands_deed *deed, void *call)
{
    const Rpc__Principal *principal = rpc_principal(call);

    return principal->member_id && (deed->named || principal->level >= RPC__LEVEL__REAL_NAME)
               ? 0
               : HANDS__REASON__HAND_NOT_NAMED;
}

/* The row that a confirmation needs; of an older record, what is known of it. */
static bool find_first(const struct two_hands *hands, const struct hands_deed *deed, void *call, struct hands *ret)
{
    if (hands_find(hands, deed->kind, deed->id, ret))
        return ret->state == HANDS__STATE__FIRST && rpc_now(call) < ret->until;
    *ret = (struct hands){.deed_id = deed->id, .first_by = deed->earlier_by, .now_by = deed->earlier_by};
    return deed->earlier_by != 0;
}

int hands_give(struct two_hands *hands, const struct hands_deed *deed, void *call)
{
    struct hands row = {
        .deed_id = deed->id,
        .state = HANDS__STATE__FIRST,
        .first_by = rpc_principal(call)->member_id,
        .now_by = rpc_principal(call)->member_id,
        .given_at = rpc_now(call),
        .until = deed->until,
    };
    int reason = hand_refusal(deed, call);
    int64_t givers[2];

    if (reason)
        return reason;
    hands_end(hands, deed->kind, deed->id, HANDS__STATE__TAKEN_BACK, call);
    hands_givers(deed, call, givers);
    row.gave_by = givers[0];
    row.also_gave_by = givers[1];
    add(hands, deed, &row, call);
    return 0;
}

static int judge(const struct two_hands *hands, const struct hands_deed *deed, void *call, struct hands *ret)
{
    int64_t caller = rpc_principal(call)->member_id;
    unsigned char what[HANDS_WHAT_LEN];
    int reason = hand_refusal(deed, call);

    if (reason)
        return reason;
    if (!find_first(hands, deed, call, ret))
        return HANDS__REASON__HANDS_OVER;
    if (ret->now_by == caller)
        return deed->own ? deed->own : (int)HANDS__REASON__HANDS_SAME;
    if (ret->gave_by == caller || ret->also_gave_by == caller || !has_own_office(deed, ret->now_by, call))
        return HANDS__REASON__HAND_GAVE_OFFICE;
    hash_what(deed, call, what);
    return ret->id && memcmp(what, ret->what, sizeof(what)) != 0 ? (int)HANDS__REASON__HANDS_DIFFER : 0;
}

int hands_refusal(const struct two_hands *hands, const struct hands_deed *deed, void *call)
{
    struct hands row;

    return judge(hands, deed, call, &row);
}

int hands_confirm(struct two_hands *hands, const struct hands_deed *deed, void *call)
{
    struct hands row;
    int reason = judge(hands, deed, call, &row);

    if (reason)
        return reason;
    if (row.id) {
        end(hands, &row, HANDS__STATE__DONE, call);
        return 0;
    }
    row.state = HANDS__STATE__DONE;
    row.second_by = rpc_principal(call)->member_id;
    row.given_at = row.ended_at = row.until = rpc_now(call);
    add(hands, deed, &row, call);
    return 0;
}

int hands_give_or_confirm(struct two_hands *hands, const struct hands_deed *deed, void *call, bool *ret_done)
{
    int reason;

    *ret_done = hands_wait(hands, deed->kind, deed->id, rpc_now(call)) &&
                !hands_is_first(hands, deed->kind, deed->id, rpc_principal(call)->member_id);
    reason = *ret_done ? hands_confirm(hands, deed, call) : hands_give(hands, deed, call);
    *ret_done = *ret_done && !reason;
    return reason;
}

/* ---- the audit ---- */

enum { TOLD_ALL, TOLD_ENDED }; /* as in counts */

/* A hand was given once, and ended once. */
static bool agrees(void *self, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct two_hands *hands = self;
    const Rpc__ChassisEvent *event = body;
    const Hands__HandsChanged *changed;
    struct hands known;
    bool waits;

    (void)row;
    if (!event || event->event_case != RPC__CHASSIS_EVENT__EVENT_HANDS_CHANGED)
        return true;
    changed = event->hands_changed;
    waits = changed->state == HANDS__STATE__FIRST;
    store_ask(hands->store, hands->sql + SQL_FIND, "i", changed->hand_id);
    if (!read_row(hands, SQL_FIND, &known))
        return false;
    /* What is older than this part is told once, as it ends. */
    told[TOLD_ALL] += waits || known.until == known.given_at;
    told[TOLD_ENDED] += !waits;
    return strcmp(known.kind, changed->kind) == 0 && known.deed_id == changed->deed_id &&
           changed->what.len == sizeof(known.what) && memcmp(changed->what.data, known.what, sizeof(known.what)) == 0 &&
           (waits || known.state == (int)changed->state);
}

const struct part_spec two_hands_part = {
    .tables = "two_hands",
    .steps = &two_hands_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(hand_id) FROM two_hands",
    .agrees = agrees,
    .counts = {{"hands given", "SELECT count(*) FROM two_hands"},
               {"hands that ended", "SELECT count(*) FROM two_hands WHERE state > 1"}},
    .others = "two_hands.deed_id two_hands.roles",
    .moves = "two_hands.union_path",
    .exports = {{NULL, "-- what two officials did is the account of their office, and names the other"}},
    .closed = {"-- what two officials did is the account of their office"},
    .merged = {"UPDATE two_hands SET now_by = ?2 WHERE now_by = ?1",
               "UPDATE two_hands SET gave_by = ?2 WHERE gave_by = ?1",
               "UPDATE two_hands SET also_gave_by = ?2 WHERE also_gave_by = ?1"},
};
