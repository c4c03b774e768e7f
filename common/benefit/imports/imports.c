#include "common/benefit/imports/imports.h"

#define COLUMNS "import_id, member_id, kind, union_id, detail, size, state, begun_at, changed_at, pages, wrapped, told"

enum {
    SQL_ADD,
    SQL_SET,
    SQL_TELL,
    SQL_FIND,
    SQL_WAITING,
    SQL_OF_MEMBER,
    SQL_OPEN,
    SQL_SIZE,
    SQL_IDLE,
    SQL_OLD,
    SQL_FORGET,
    SQL_PUT_PART,
    SQL_PART,
    SQL_RECEIVED,
    SQL_DROP_PARTS,
    SQL_PUT_PAGE,
    SQL_PAGE,
    SQL_DROP_PAGES,
    N_SQL
};

#define OPEN  "state BETWEEN 1 AND 4"
#define ENDED "state >= 5"

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO import (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11)",
    [SQL_SET] = "UPDATE import SET state = ?2, changed_at = ?3, wrapped = ?4 WHERE import_id = ?1",
    [SQL_TELL] = "UPDATE import SET told = ?2, pages = ?3 WHERE import_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM import WHERE import_id = ?1",
    [SQL_WAITING] = "SELECT " COLUMNS " FROM import WHERE state IN (2, 4) ORDER BY changed_at, import_id LIMIT 1",
    [SQL_OF_MEMBER] = "SELECT " COLUMNS " FROM import WHERE member_id = ?1 AND import_id < ?2 "
                      "AND " RPC_PAGE_STATES("?4", "state") " ORDER BY import_id DESC LIMIT ?3",
    [SQL_OPEN] = "SELECT count(*) FROM import WHERE member_id = ?1 AND " OPEN,
    [SQL_SIZE] = "SELECT coalesce(sum(size), 0) FROM import WHERE " OPEN,
    [SQL_IDLE] = "SELECT " COLUMNS " FROM import WHERE state IN (1, 3) AND changed_at <= ?1 LIMIT 1",
    [SQL_OLD] = "SELECT " COLUMNS " FROM import WHERE " ENDED " AND changed_at <= ?1 AND told <> x'' LIMIT 1",
    [SQL_FORGET] = "UPDATE import SET told = x'', pages = 0 WHERE import_id = ?1",
    [SQL_PUT_PART] = "INSERT INTO import_part (import_id, part, sealed) VALUES (?1, ?2, ?3) "
                     "ON CONFLICT (import_id, part) DO UPDATE SET sealed = excluded.sealed",
    [SQL_PART] = "SELECT sealed FROM import_part WHERE import_id = ?1 AND part = ?2",
    [SQL_RECEIVED] = "SELECT count(*) FROM import_part WHERE import_id = ?1",
    [SQL_DROP_PARTS] = "DELETE FROM import_part WHERE rowid IN (SELECT import_part.rowid FROM import_part "
                       "JOIN import USING (import_id) WHERE " ENDED " LIMIT ?1)",
    [SQL_PUT_PAGE] = "INSERT INTO import_page (import_id, page, report) VALUES (?1, ?2, ?3) "
                     "ON CONFLICT (import_id, page) DO UPDATE SET report = excluded.report",
    [SQL_PAGE] = "SELECT report FROM import_page WHERE import_id = ?1 AND page = ?2",
    [SQL_DROP_PAGES] = "DELETE FROM import_page WHERE rowid IN "
                       "(SELECT rowid FROM import_page WHERE import_id = ?1 LIMIT ?2)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- rows ---- */

static bool next_import(const struct imports *imports, unsigned statement, struct import *ret)
{
    struct store *store = imports->store;

    if (!store_row(store, statement))
        return false;
    *ret = (struct import){
        .id = store_int(store, statement, 0),
        .member_id = store_int(store, statement, 1),
        .kind = (int)store_int(store, statement, 2),
        .union_id = store_int(store, statement, 3),
        .detail = store_int(store, statement, 4),
        .size = (int32_t)store_int(store, statement, 5),
        .state = (int)store_int(store, statement, 6),
        .begun_at = store_int(store, statement, 7),
        .changed_at = store_int(store, statement, 8),
    };
    ret->pages = (int32_t)store_int(store, statement, 9);
    ret->wrapped_len = store_copy_blob(store, statement, 10, ret->wrapped, sizeof(ret->wrapped));
    ret->told_len = store_copy_blob(store, statement, 11, ret->told, sizeof(ret->told));
    return true;
}

static bool only_import(const struct imports *imports, unsigned statement, struct import *ret)
{
    bool found = next_import(imports, statement, ret);

    store_end(imports->store, statement);
    return found;
}

bool imports_find(const struct imports *imports, int64_t import_id, struct import *ret)
{
    store_ask(imports->store, imports->sql + SQL_FIND, "i", import_id);
    return only_import(imports, imports->sql + SQL_FIND, ret);
}

bool imports_find_waiting(const struct imports *imports, struct import *ret)
{
    store_ask(imports->store, imports->sql + SQL_WAITING, "");
    return only_import(imports, imports->sql + SQL_WAITING, ret);
}

void imports_ask(const struct imports *imports, int64_t member_id, int64_t before, size_t limit, int64_t states)
{
    store_ask(imports->store, imports->sql + SQL_OF_MEMBER, "iiii", member_id, before, (int64_t)limit, states);
}

bool imports_next(const struct imports *imports, struct import *ret)
{
    return next_import(imports, imports->sql + SQL_OF_MEMBER, ret);
}

void imports_end(const struct imports *imports)
{
    store_end(imports->store, imports->sql + SQL_OF_MEMBER);
}

bool import_is_open(int state)
{
    return state >= IMPORTS__IMPORT_STATE__IMPORT_UPLOADING && state <= IMPORTS__IMPORT_STATE__IMPORT_LOADING;
}

int32_t imports_received(const struct imports *imports, int64_t import_id)
{
    store_ask(imports->store, imports->sql + SQL_RECEIVED, "i", import_id);
    return (int32_t)store_number(imports->store, imports->sql + SQL_RECEIVED);
}

/* ---- changes ---- */

static void journal(const struct import *import, void *call)
{
    Imports__ImportChanged changed = IMPORTS__IMPORT_CHANGED__INIT;

    changed.import_id = import->id;
    changed.kind = (Imports__ImportKind)import->kind;
    changed.state = (Imports__ImportState)import->state;
    rpc_tell(call, &changed.base);
}

void import_change(struct imports *imports, struct import *import, int state, void *call)
{
    import->state = state;
    import->changed_at = rpc_now(call);
    if (!import_is_open(state)) {
        memset(import->wrapped, 0, sizeof(import->wrapped));
        import->wrapped_len = 0;
        imports->parts->erased = true;
    }
    store_run(imports->store, imports->sql + SQL_SET, "iiib", import->id, (int64_t)state, import->changed_at,
              import->wrapped, import->wrapped_len);
    journal(import, call);
}

static int size_refusal(int64_t size)
{
    if (size <= 0)
        return IMPORTS__REASON__FILE_EMPTY;
    return size > IMPORT_SIZE_MAX ? IMPORTS__REASON__FILE_TOO_LARGE : 0;
}

/* Whether there is room for one more of hers, and of all. */
static int room_refusal(const struct imports *imports, const struct import *import)
{
    store_ask(imports->store, imports->sql + SQL_OPEN, "i", import->member_id);
    if (store_number(imports->store, imports->sql + SQL_OPEN) >= IMPORTS_OPEN)
        return IMPORTS__REASON__TOO_MANY_IMPORTS;
    store_ask(imports->store, imports->sql + SQL_SIZE, "");
    return store_number(imports->store, imports->sql + SQL_SIZE) + import->size > IMPORTS_ALL
               ? IMPORTS__REASON__IMPORTS_BUSY
               : 0;
}

bool import_begin(struct imports *imports, struct import *import, void *call)
{
    unsigned char key[PII_KEY_LEN], nonce[PII_NONCE_LEN];

    if (rpc_refuse_field_if(call, size_refusal(import->size), "size") ||
        rpc_refuse_if(call, room_refusal(imports, import)))
        return false;
    import->id = id_next(&imports->parts->ids, rpc_now(call));
    import->begun_at = import->changed_at = rpc_now(call);
    import->state = IMPORTS__IMPORT_STATE__IMPORT_UPLOADING;
    rpc_random(call, key, sizeof(key));
    rpc_random(call, nonce, sizeof(nonce));
    pii_wrap(imports->keys, import->id, nonce, key, import->wrapped);
    import->wrapped_len = sizeof(import->wrapped);
    explicit_bzero(key, sizeof(key));
    store_run(imports->store, imports->sql + SQL_ADD, "iiiiiiiiibb", import->id, import->member_id,
              (int64_t)import->kind, import->union_id, import->detail, (int64_t)import->size, (int64_t)import->state,
              import->begun_at, import->changed_at, import->wrapped, import->wrapped_len, import->told,
              import->told_len);
    journal(import, call);
    return true;
}

/* ---- the file ---- */

static const struct pii_key *key_of(const struct imports *imports, const struct import *import)
{
    return pii_data_key(imports->keys, import->id, import->wrapped, import->wrapped_len);
}

/* A part is authenticated with its place, so that none can stand for another. */
static const char *part_context(int32_t part, char ret[24])
{
    snprintf(ret, 24, "import.part.%d", part);
    return ret;
}

void import_put(struct imports *imports, const struct import *import, int32_t part, ProtobufCBinaryData content,
                void *call)
{
    unsigned char *sealed = arena_alloc(rpc_arena(call), content.len + PII_OVERHEAD), nonce[PII_NONCE_LEN];
    const struct pii_key *key = key_of(imports, import);
    char context[24];

    if (!key || !sealed) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal_under(key, part_context(part, context), import->id, nonce, content.data, content.len, sealed);
    store_run(imports->store, imports->sql + SQL_PUT_PART, "iib", import->id, (int64_t)part, sealed,
              content.len + PII_OVERHEAD);
}

long import_part(const struct imports *imports, const struct import *import, int32_t part, char *ret_plain)
{
    const struct pii_key *key = key_of(imports, import);
    unsigned statement = imports->sql + SQL_PART;
    const void *sealed;
    char context[24];
    long plain = -1;
    size_t len;

    store_ask(imports->store, statement, "ii", import->id, (int64_t)part);
    if (store_row(imports->store, statement)) {
        sealed = store_blob(imports->store, statement, 0, &len);
        if (key && len <= LIMIT_PART + PII_OVERHEAD)
            plain = pii_open_under(imports->keys, key, part_context(part, context), import->id, sealed, len, ret_plain);
    }
    store_end(imports->store, statement);
    return plain;
}

/* ---- what is known of it ---- */

#define TOLD "import.told"

Imports__Import *import_message(const struct imports *imports, const struct import *import, struct arena *arena)
{
    Imports__Import *message = NULL;
    char plain[IMPORT_TOLD_MAX + 1];
    long len = import->told_len ? pii_open(imports->keys, TOLD, import->id, import->told, import->told_len, plain) : 0;

    if (len > 0)
        message = imports__import__unpack(&arena->allocator, (size_t)len, (const uint8_t *)plain);
    else
        message = arena_message(arena, &imports__import__descriptor);
    if (!message)
        return NULL;
    message->import_id = import->id;
    message->kind = (Imports__ImportKind)import->kind;
    message->state = (Imports__ImportState)import->state;
    message->union_id = import->union_id;
    message->detail = import->detail;
    message->size = import->size;
    message->parts = body_parts(import->size);
    message->begun_at = import->begun_at;
    message->changed_at = import->changed_at;
    return message;
}

void import_tell(struct imports *imports, struct import *import, const Imports__Import *message, void *call)
{
    unsigned char packed[IMPORT_TOLD_MAX], nonce[PII_NONCE_LEN];
    size_t len = imports__import__get_packed_size(message);

    ensure(len <= sizeof(packed));
    imports__import__pack(message, packed);
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal(imports->keys, TOLD, import->id, nonce, packed, len, import->told);
    import->told_len = len + PII_OVERHEAD;
    store_run(imports->store, imports->sql + SQL_TELL, "ibi", import->id, import->told, import->told_len,
              (int64_t)import->pages);
}

void import_count_anew(struct import *import, Imports__Import *message)
{
    import->pages = 0;
    message->done = message->loaded = message->refused = message->warnings = 0;
    message->updated = message->unchanged = message->restored = message->removed = 0;
}

/* ---- pages ---- */

void import_put_page(const struct imports *imports, int64_t import_id, int32_t page, const void *report, size_t len)
{
    store_run(imports->store, imports->sql + SQL_PUT_PAGE, "iib", import_id, (int64_t)page, report, len);
}

Imports__ImportReport *import_find_page(const struct imports *imports, int64_t import_id, int32_t page,
                                        struct arena *arena)
{
    unsigned statement = imports->sql + SQL_PAGE;
    Imports__ImportReport *report = NULL;
    const void *packed;
    size_t len;

    store_ask(imports->store, statement, "ii", import_id, (int64_t)page);
    if (store_row(imports->store, statement)) {
        packed = store_blob(imports->store, statement, 0, &len);
        report = imports__import_report__unpack(&arena->allocator, len, packed);
    }
    store_end(imports->store, statement);
    return report;
}

/* ---- life ---- */

int imports_start(struct imports *imports, const struct imports_service *service, const struct pii_keys *keys)
{
    imports->service = service;
    imports->keys = keys;
    imports->work = import_work_new();
    return imports->work ? 0 : -1;
}

void imports_done(struct imports *imports)
{
    import_work_free(imports->work);
    imports->work = NULL;
}

/* ---- what is due ---- */

static bool tidy(void *arg, void *call)
{
    struct imports *imports = arg;
    struct import import;
    int dropped;

    store_ask(imports->store, imports->sql + SQL_IDLE, "i", rpc_now(call) - IMPORT_IDLE_MS);
    if (only_import(imports, imports->sql + SQL_IDLE, &import))
        import_change(imports, &import, IMPORTS__IMPORT_STATE__IMPORT_GIVEN_UP, call);
    dropped = store_run(imports->store, imports->sql + SQL_DROP_PARTS, "i", (int64_t)IMPORT_SLICE);
    imports->parts->erased |= dropped > 0;
    store_ask(imports->store, imports->sql + SQL_OLD, "i", rpc_now(call) - IMPORT_KEPT_MS);
    if (!only_import(imports, imports->sql + SQL_OLD, &import))
        return dropped == IMPORT_SLICE;
    if (store_run(imports->store, imports->sql + SQL_DROP_PAGES, "ii", import.id, (int64_t)IMPORT_SLICE) < IMPORT_SLICE)
        store_run(imports->store, imports->sql + SQL_FORGET, "i", import.id);
    return true;
}

static bool work(void *self)
{
    return import_work_step(self);
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct imports *imports = arg;
    const Rpc__ChassisEvent *event = body;

    (void)row;
    (void)told;
    if (event && event->event_case == RPC__CHASSIS_EVENT__EVENT_IMPORT_CHANGED)
        *part_word(imports->parts, &imports_part, 0, event->import_changed->import_id) =
            (int64_t)event->import_changed->state * 8 + (int)event->import_changed->kind;
    return true;
}

const struct part_spec imports_part = {
    .tables = "import import_part import_page",
    .steps = &imports_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(import_id) FROM import",
    .tidy = tidy,
    .work = work,
    .agrees = agrees,
    .words = {{"import", "SELECT import_id, state * 8 + kind FROM import ORDER BY import_id"}},
    .others = "import.detail import.pages import_page.page",
    .exports = {{&imports__import__descriptor,
                 "SELECT 9223372036854775807 - import_id, import_id, kind, state, union_id, detail, size, begun_at, "
                 "changed_at FROM import "
                 "WHERE member_id = ?1 AND 9223372036854775807 - import_id > ?2 ORDER BY import_id DESC LIMIT ?3"}},
    .closed = {"-- a deed of her office, without the file; who holds an office closes no account"},
    .merged = {"-- stays under the number by which she held her office"},
};
