#include "services/identity/access/sessions.h"
#include "services/identity/access/session_life.h"
#include "services/identity/people/data_keys.h"
#include "services/identity/people/person.h"

#define COLUMNS                                                                                                        \
    "session_id, member_id, family, turn, expires_at, sign_in, opened_at, refreshed_at, device, sealed_device, "       \
    "nonce, "                                                                                                          \
    "door, trust, stepped_up_at, last_turn, asker"
#define OLD_SLICE  "1000"
#define SEAL_SLICE 100

enum {
    SQL_ADD,
    SQL_FIND,
    SQL_TURN,
    SQL_TRUST,
    SQL_BY_DOOR,
    SQL_PLAIN,
    SQL_SEAL,
    SQL_DROP,
    SQL_FIND_LIVE,
    SQL_FIND_ANY,
    SQL_FIND_SURPLUS,
    SQL_SLICE,
    SQL_DROP_OLD,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO session (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '', ?9, ?10, "
                "?11, ?12, ?13, x'', ?14)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM session WHERE session_id = ?1",
    [SQL_TURN] = "UPDATE session SET turn = ?2, expires_at = ?3, refreshed_at = ?4, last_turn = ?5, asker = ?6, "
                 "nonce = ?7, trust = ?8, stepped_up_at = ?9 WHERE session_id = ?1",
    [SQL_TRUST] = "UPDATE session SET trust = ?2, stepped_up_at = ?3 WHERE session_id = ?1",
    [SQL_BY_DOOR] = "SELECT session_id FROM session WHERE member_id = ?1 AND door = ?2 LIMIT 1",
    [SQL_PLAIN] = "SELECT " COLUMNS " FROM session WHERE device <> '' ORDER BY session_id LIMIT ?1",
    [SQL_SEAL] = "UPDATE session SET device = '', sealed_device = ?2 WHERE session_id = ?1",
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

static size_t nonce_len(const struct session *session)
{
    return session->names_itself ? sizeof(session->nonce) : 0;
}

void sessions_add(const struct sessions *sessions, const struct session *session)
{
    store_run(sessions->store, sessions->sql + SQL_ADD, "iibbiiiibbiiib", session->id, session->member_id,
              session->family, sizeof(session->family), session->turn, sizeof(session->turn), session->expires_at,
              (int64_t)session->sign_in, session->opened_at, session->refreshed_at, session->device.bytes,
              session->device.len, session->nonce, nonce_len(session), session->door, (int64_t)session->trust,
              session->stepped_up_at, session->asker, sizeof(session->asker));
}

/* At most so many. */
static size_t read_sessions(const struct sessions *sessions, unsigned statement, struct session *ret, size_t size)
{
    size_t n = 0, nonce, last_turn;

    for (; ret && n < size; n++) {
        struct session *session = &ret[n];

        if (!store_read(sessions->store, statement, INTO(session->id), INTO(session->member_id), INTO(session->family),
                        INTO(session->turn), INTO(session->expires_at), INTO(session->sign_in),
                        INTO(session->opened_at), INTO(session->refreshed_at), INTO(session->plain_device),
                        INTO_BYTES(session->device), INTO_LEN(session->nonce, nonce), INTO(session->door),
                        INTO(session->trust), INTO(session->stepped_up_at), INTO_LEN(session->last_turn, last_turn),
                        INTO(session->asker)))
            break;
        session->names_itself = nonce > 0;
        session->turned = last_turn > 0;
    }
    store_end(sessions->store, statement);
    return n;
}

bool sessions_find(const struct sessions *sessions, int64_t session_id, struct session *ret)
{
    store_ask(sessions->store, sessions->sql + SQL_FIND, "i", session_id);
    return read_sessions(sessions, sessions->sql + SQL_FIND, ret, 1) == 1;
}

size_t sessions_find_live(const struct sessions *sessions, int64_t member_id, int64_t now, int64_t before,
                          struct session *ret_sessions, size_t size)
{
    store_ask(sessions->store, sessions->sql + SQL_FIND_LIVE, "iiii", member_id, now, before, (int64_t)size);
    return read_sessions(sessions, sessions->sql + SQL_FIND_LIVE, ret_sessions, size);
}

void sessions_turn(const struct sessions *sessions, const struct session *session)
{
    store_run(sessions->store, sessions->sql + SQL_TURN, "ibiibbbii", session->id, session->turn, sizeof(session->turn),
              session->expires_at, session->refreshed_at, session->last_turn, sizeof(session->last_turn),
              session->asker, sizeof(session->asker), session->nonce, nonce_len(session), (int64_t)session->trust,
              session->stepped_up_at);
}

void sessions_trust(const struct sessions *sessions, const struct session *session)
{
    store_run(sessions->store, sessions->sql + SQL_TRUST, "iii", session->id, (int64_t)session->trust,
              session->stepped_up_at);
}

bool sessions_find_by_door(const struct sessions *sessions, int64_t member_id, int64_t door, int64_t *ret_session_id)
{
    store_ask(sessions->store, sessions->sql + SQL_BY_DOOR, "ii", member_id, door);
    *ret_session_id = store_number(sessions->store, sessions->sql + SQL_BY_DOOR);
    return *ret_session_id != 0;
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

/* ---- what clients call themselves ---- */

void session_seal_device(struct identity *self, const struct member *member, struct session *session, const char *name,
                         void *call)
{
    unsigned char nonce[PII_NONCE_LEN];

    session->device.len = 0;
    if (!*name)
        return;
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_device(self, member, session->id, nonce, name, &session->device);
}

char *session_device(struct identity *self, const struct member *member, const struct session *session, void *call)
{
    char name[SEALED_MAX];

    if (*session->plain_device)
        return arena_strndup(rpc_arena(call), session->plain_device, strlen(session->plain_device));
    person_open_device(self, member, session->id, &session->device, name);
    return arena_strndup(rpc_arena(call), name, strlen(name));
}

/* Seals the names of sessions that were open before they were sealed. */
static bool tidy(void *arg, void *call)
{
    struct identity *self = arg;
    unsigned statement = self->sessions.sql + SQL_PLAIN;
    struct session *plain = arena_alloc(rpc_arena(call), SEAL_SLICE * sizeof(*plain));
    struct member member;
    size_t n;

    store_ask(self->store, statement, "i", (int64_t)SEAL_SLICE);
    n = read_sessions(&self->sessions, statement, plain, SEAL_SLICE);
    for (size_t i = 0; i < n; i++) {
        plain[i].device.len = 0; /* forgotten, when there is nobody whose key would seal it */
        if (members_find(&self->members, plain[i].member_id, &member) && !data_key_ready(self, &member, call))
            session_seal_device(self, &member, &plain[i], plain[i].plain_device, call);
        store_run(self->store, self->sessions.sql + SQL_SEAL, "ib", plain[i].id, plain[i].device.bytes,
                  plain[i].device.len);
    }
    return n == SEAL_SLICE;
}

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    struct session *sessions = arena_alloc(rpc_arena(export->call), SESSIONS_MAX * sizeof(*sessions));
    Identity__MySession *messages = arena_alloc(rpc_arena(export->call), SESSIONS_MAX * sizeof(*messages));
    struct member member;
    size_t n;

    export->failed |= !sessions || !messages;
    if (export->failed || !members_find(&self->members, export->member_id, &member))
        return;
    n = sessions_find_live(&self->sessions, member.id, 0, INT64_MAX, sessions, SESSIONS_MAX);
    for (size_t i = 0; i < n; i++) {
        identity__my_session__init(&messages[i]);
        messages[i].session_id = sessions[i].id;
        messages[i].sign_in = (Identity__SignIn)sessions[i].sign_in;
        messages[i].opened_at = sessions[i].opened_at;
        messages[i].expires_at = sessions[i].expires_at;
        messages[i].device = session_device(self, &member, &sessions[i], export->call);
        export->failed |= !messages[i].device;
        if (export->failed || !part_give(export, &messages[i], PART_LATEST(sessions[i].id)))
            return;
    }
}

const struct part_spec sessions_part = {
    .tables = "session",
    .others = "session.door session.trust",
    .steps = &sessions_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(session_id) FROM session",
    .tidy = tidy,
    .agrees = agrees,
    .on_export = on_export,
    .on_closed = on_closed,
    .on_merged = on_merged,
};
