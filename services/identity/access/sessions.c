#include "services/identity/access/sessions.h"
#include "services/identity/access/session_life.h"

#define COLUMNS   "session_id, member_id, family, turn, expires_at, sign_in, opened_at, refreshed_at, device"
#define OLD_SLICE "1000"

enum {
    SQL_ADD,
    SQL_FIND,
    SQL_TURN,
    SQL_DROP,
    SQL_FIND_LIVE,
    SQL_FIND_ANY,
    SQL_FIND_SURPLUS,
    SQL_SLICE,
    SQL_DROP_OLD,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO session (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM session WHERE session_id = ?1",
    [SQL_TURN] = "UPDATE session SET turn = ?2, expires_at = ?3, refreshed_at = ?4 WHERE session_id = ?1",
    [SQL_DROP] = "DELETE FROM session WHERE session_id = ?1",
    [SQL_FIND_LIVE] = "SELECT " COLUMNS " FROM session WHERE member_id = ?1 AND expires_at > ?2 "
                      "AND session_id < ?3 ORDER BY session_id DESC LIMIT ?4",
    [SQL_FIND_ANY] = "SELECT session_id FROM session WHERE member_id = ?1 LIMIT 1",
    [SQL_FIND_SURPLUS] = "SELECT session_id FROM session WHERE member_id = ?1 ORDER BY session_id DESC "
                         "LIMIT 1 OFFSET ?2",
    [SQL_SLICE] = "SELECT max(session_id) FROM (SELECT session_id FROM session WHERE session_id > ?1 "
                  "ORDER BY session_id LIMIT " OLD_SLICE ") AS slice",
    [SQL_DROP_OLD] = "DELETE FROM session WHERE session_id > ?1 AND session_id <= ?2 AND expires_at <= ?3",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void sessions_add(const struct sessions *sessions, const struct session *session)
{
    store_run(sessions->store, sessions->sql + SQL_ADD, "iibbiiiit", session->id, session->member_id, session->family,
              sizeof(session->family), session->turn, sizeof(session->turn), session->expires_at,
              (int64_t)session->sign_in, session->opened_at, session->refreshed_at, session->device);
}

static void read_session(struct store *store, unsigned statement, struct session *ret)
{
    *ret = (struct session){
        .id = store_int(store, statement, 0),
        .member_id = store_int(store, statement, 1),
        .expires_at = store_int(store, statement, 4),
        .sign_in = (int)store_int(store, statement, 5),
        .opened_at = store_int(store, statement, 6),
        .refreshed_at = store_int(store, statement, 7),
    };
    store_copy_blob(store, statement, 2, ret->family, sizeof(ret->family));
    store_copy_blob(store, statement, 3, ret->turn, sizeof(ret->turn));
    store_copy_text(store, statement, 8, ret->device, sizeof(ret->device));
}

bool sessions_find(const struct sessions *sessions, int64_t session_id, struct session *ret)
{
    store_ask(sessions->store, sessions->sql + SQL_FIND, "i", session_id);
    if (!store_row(sessions->store, sessions->sql + SQL_FIND))
        return false;
    read_session(sessions->store, sessions->sql + SQL_FIND, ret);
    store_end(sessions->store, sessions->sql + SQL_FIND);
    return true;
}

size_t sessions_find_live(const struct sessions *sessions, int64_t member_id, int64_t now, int64_t before,
                          struct session *ret_sessions, size_t size)
{
    size_t n = 0;

    store_ask(sessions->store, sessions->sql + SQL_FIND_LIVE, "iiii", member_id, now, before, (int64_t)size);
    while (ret_sessions && n < size && store_row(sessions->store, sessions->sql + SQL_FIND_LIVE))
        read_session(sessions->store, sessions->sql + SQL_FIND_LIVE, &ret_sessions[n++]);
    store_end(sessions->store, sessions->sql + SQL_FIND_LIVE);
    return n;
}

void sessions_turn(const struct sessions *sessions, const struct session *session)
{
    store_run(sessions->store, sessions->sql + SQL_TURN, "ibii", session->id, session->turn, sizeof(session->turn),
              session->expires_at, session->refreshed_at);
}

bool sessions_drop(const struct sessions *sessions, int64_t session_id)
{
    return store_run(sessions->store, sessions->sql + SQL_DROP, "i", session_id) == 1;
}

bool sessions_find_any(const struct sessions *sessions, int64_t member_id, int64_t *ret_session_id)
{
    store_ask(sessions->store, sessions->sql + SQL_FIND_ANY, "i", member_id);
    *ret_session_id = store_number(sessions->store, sessions->sql + SQL_FIND_ANY);
    return *ret_session_id != 0;
}

bool sessions_find_surplus(const struct sessions *sessions, int64_t member_id, int64_t later, int64_t *ret_session_id)
{
    store_ask(sessions->store, sessions->sql + SQL_FIND_SURPLUS, "ii", member_id, later);
    *ret_session_id = store_number(sessions->store, sessions->sql + SQL_FIND_SURPLUS);
    return *ret_session_id != 0;
}

int sessions_drop_old(const struct sessions *sessions, int64_t *after, int64_t now)
{
    int64_t first = *after;

    store_ask(sessions->store, sessions->sql + SQL_SLICE, "i", first);
    *after = store_number(sessions->store, sessions->sql + SQL_SLICE);
    return *after ? store_run(sessions->store, sessions->sql + SQL_DROP_OLD, "iii", first, *after, now) : 0;
}

/* A session that was revoked is gone; one that was opened may be. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    struct session session;

    (void)row;
    (void)told;
    return event->event_case != IDENTITY__EVENT__EVENT_SESSION_REVOKED ||
           !sessions_find(&self->sessions, event->session_revoked->session_id, &session);
}

static void on_closed(void *self, int64_t member_id, void *call)
{
    session_revoke_all(self, member_id, call);
}

static void on_merged(void *self, int64_t gone_id, int64_t kept_id, void *call)
{
    (void)kept_id;
    session_revoke_all(self, gone_id, call);
}

const struct part_spec sessions_part = {
    .tables = "session",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(session_id) FROM session",
    .agrees = agrees,
    .exports =
        {{&identity__my_session__descriptor,
          "SELECT 9223372036854775807 - session_id, session_id, sign_in, device, opened_at, expires_at FROM session "
          "WHERE member_id = ?1 AND 9223372036854775807 - session_id > ?2 ORDER BY session_id DESC LIMIT ?3"}},
    .on_closed = on_closed,
    .on_merged = on_merged,
};
