#include "common/benefit/handles/handles.h"

#include "common/base/bytes.h"
#include "identity/identity.pb-c.h"

#define TRIES      3 /* until a random number is nobody's handle */
#define SEALED_LEN (8 + PII_OVERHEAD)

enum { SQL_SEEK, SQL_OPEN, SQL_ADD, SQL_HAND_OVER, N_SQL };

static const char *const sql[] = {
    [SQL_SEEK] = "SELECT handle FROM handle WHERE seek = ?1",
    [SQL_OPEN] = "SELECT sealed FROM handle WHERE handle = ?1",
    [SQL_ADD] = "INSERT INTO handle (handle, seek, sealed) VALUES (?1, ?2, ?3)",
    [SQL_HAND_OVER] = "UPDATE handle SET seek = ?2, sealed = ?3 WHERE handle = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- numbers ---- */

/* A keyed hash of a number, of 62 bits. */
static uint64_t hash_number(const struct handles *handles, const char *what, int64_t number,
                            unsigned char ret[PII_INDEX_LEN])
{
    unsigned char bytes[8];

    put_be64(bytes, (uint64_t)number);
    pii_index(handles->keys, what, bytes, sizeof(bytes), ret);
    return get_be64(ret) & (uint64_t)(HANDLE_PASSING - 1);
}

/* The two things that stand for a member in her handle's row. */
static void hide(const struct handles *handles, int64_t handle, int64_t member_id, void *call,
                 unsigned char ret_seek[PII_INDEX_LEN], unsigned char ret_sealed[SEALED_LEN])
{
    unsigned char nonce[PII_NONCE_LEN], bytes[8];

    hash_number(handles, "member", member_id, ret_seek);
    put_be64(bytes, (uint64_t)member_id);
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal(handles->keys, "handle", handle, nonce, bytes, sizeof(bytes), ret_sealed);
}

int64_t handle_of(const struct handles *handles, int64_t member_id)
{
    unsigned statement = handles->sql + SQL_SEEK;
    unsigned char seek[PII_INDEX_LEN];

    hash_number(handles, "member", member_id, seek);
    store_ask(handles->store, statement, "b", seek, sizeof(seek));
    return store_number(handles->store, statement);
}

int64_t handle_member(const struct handles *handles, int64_t handle)
{
    unsigned statement = handles->sql + SQL_OPEN;
    unsigned char sealed[SEALED_LEN];
    char plain[SEALED_LEN];
    size_t len = 0;

    store_ask(handles->store, statement, "i", handle);
    if (store_row(handles->store, statement)) {
        len = store_copy_blob(handles->store, statement, 0, sealed, sizeof(sealed));
        store_end(handles->store, statement);
    }
    if (len != sizeof(sealed) || pii_open(handles->keys, "handle", handle, sealed, len, plain) != 8)
        return 0;
    return (int64_t)get_be64((const unsigned char *)plain);
}

static int64_t make_handle(const struct handles *handles, int64_t member_id, void *call)
{
    for (unsigned i = 0; i < TRIES; i++) {
        unsigned char seek[PII_INDEX_LEN], sealed[SEALED_LEN];
        int64_t handle;

        rpc_random(call, &handle, sizeof(handle));
        handle &= HANDLE_PASSING - 1;
        hide(handles, handle, member_id, call, seek, sealed);
        if (handle && store_run(handles->store, handles->sql + SQL_ADD, "ibb", handle, seek, sizeof(seek), sealed,
                                sizeof(sealed)) == 1)
            return handle;
    }
    return 0;
}

int64_t handle_made(const struct handles *handles, int64_t member_id, void *call)
{
    int64_t handle = handle_of(handles, member_id);

    return handle ? handle : make_handle(handles, member_id, call);
}

static bool map(void *self, void *call, Rpc__Principal *principal, bool lasting)
{
    const struct handles *handles = self;
    unsigned char hash[PII_INDEX_LEN];
    int64_t member_id = principal->member_id;
    int64_t handle = lasting ? handle_made(handles, member_id, call) : handle_of(handles, member_id);

    if (!handle && !lasting)
        handle = HANDLE_PASSING | (int64_t)hash_number(handles, "passing", member_id, hash);
    principal->member_id = handle;
    if (principal->session_id)
        principal->session_id = (int64_t)hash_number(handles, "session", principal->session_id, hash);
    principal->shown_name = unconst("");
    return handle != 0;
}

void handles_map(struct handles *handles, const struct pii_keys *keys)
{
    handles->keys = keys;
    rpc_server_on_principal(handles->parts->rpc, map, handles);
}

/* ---- what identity says ---- */

static void say_gone(int64_t handle, int64_t kept, void *call)
{
    Rpc__MemberGone gone = RPC__MEMBER_GONE__INIT;

    gone.member_id = handle;
    gone.kept_id = kept;
    rpc_tell(call, &gone.base);
}

static void close_account(struct handles *handles, int64_t member_id, void *call)
{
    int64_t handle = handle_of(handles, member_id);

    if (!handle)
        return;
    parts_closed(handles->parts, handle, call);
    say_gone(handle, 0, call);
}

static void merge_accounts(struct handles *handles, int64_t gone_id, int64_t kept_id, void *call)
{
    int64_t gone = handle_of(handles, gone_id), kept = handle_of(handles, kept_id);
    unsigned char seek[PII_INDEX_LEN], sealed[SEALED_LEN];

    if (!gone || gone_id == kept_id)
        return;
    if (kept) {
        parts_merged(handles->parts, gone, kept, call);
        say_gone(gone, kept, call);
        return;
    }
    hide(handles, gone, kept_id, call, seek, sealed);
    store_run(handles->store, handles->sql + SQL_HAND_OVER, "ibb", gone, seek, sizeof(seek), sealed, sizeof(sealed));
}

static void hear(void *self, void *call, const Rpc__JournalRow *row)
{
    Identity__Event *event = identity__event__unpack(NULL, row->body.len, row->body.data);

    switch (event ? event->event_case : IDENTITY__EVENT__EVENT__NOT_SET) {
    case IDENTITY__EVENT__EVENT_MEMBERS_MERGED:
        merge_accounts(self, event->members_merged->gone_id, event->members_merged->kept_id, call);
        break;
    case IDENTITY__EVENT__EVENT_ACCOUNT_CLOSED:
        close_account(self, event->account_closed->member_id, call);
        break;
    default:
        break;
    }
    identity__event__free_unpacked(event, NULL);
}

static const int32_t kinds[] = {
    IDENTITY__EVENT__EVENT_MEMBERS_MERGED,
    IDENTITY__EVENT__EVENT_ACCOUNT_CLOSED,
};
const struct part_spec handles_part = {
    .tables = "handle",
    .steps = &handles_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .follows = {{"identity", kinds, ARRAY_LEN(kinds), hear}},
    .exports = {{NULL, "-- whose a handle is, is told to nobody"}},
    .closed = {"DELETE FROM handle WHERE handle = ?1"},
    .merged = {"DELETE FROM handle WHERE handle = ?1 AND handle <> ?2"},
};
