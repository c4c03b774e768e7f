#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/store/store_internal.h"
#include "rpc.pb-c.h"

/* Pages that are kept in memory: a part of the file, which holds the inner pages of all
 * its trees many times over. */
#define CACHE_PART    16
#define CACHE_KIB_MIN 16384
#define CACHE_KIB_MAX (1 << 20)

/* The store's own statements, prepared like everybody's. */
enum { SQL_BEGIN, SQL_COMMIT, SQL_ROLLBACK, SQL_SAVEPOINT, SQL_RELEASE, SQL_ROLLBACK_TO, N_OWN };
static const char *const own_sql[N_OWN] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",    [SQL_COMMIT] = "COMMIT",        [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SAVEPOINT] = "SAVEPOINT call", [SQL_RELEASE] = "RELEASE call", [SQL_ROLLBACK_TO] = "ROLLBACK TO call",
};

static void remember(struct store *store, const char *where)
{
    int code = sqlite3_errcode(store->db);

    if (store->trouble)
        return;
    store->trouble = (code & 0xff) == SQLITE_FULL ? RPC__REASON__STORE_FULL : RPC__REASON__STORE_FAILED;
    if (store->sick)
        return;
    store->sick = true;
    log_warn("store_trouble", "at", where, "error", sqlite3_errmsg(store->db), "code",
             log_int(sqlite3_extended_errcode(store->db)));
}

/* ---- opening ---- */

static int take_lock(struct store *store, const char *dir, bool standby)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/lock", dir);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd < 0) {
        log_error("store_lock", "file", path, "error", strerror(errno));
        return -1;
    }
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (!standby) {
        log_error("store_owned_by_another", "file", path);
        return -1;
    }
    log_info("standing_by", "file", path);
    while (flock(store->lock_fd, LOCK_EX) < 0) {
        if (errno != EINTR)
            return -1;
    }
    log_info("taking_over", "file", path);
    return 0;
}

int store_exec(struct store *store, const char *sql)
{
    char *error = NULL;

    if (sqlite3_exec(store->db, sql, NULL, NULL, &error) == SQLITE_OK)
        return 0;
    log_error("store_exec", "sql", sql, "error", error ? error : "?");
    sqlite3_free(error);
    return -1;
}

/* Parts and followers prepare theirs at start: as many as there are, not as many as somebody thought. */
static bool make_room(struct store *store, unsigned n)
{
    unsigned room = store->room ? store->room : 64;
    sqlite3_stmt **statements;

    while (room < n)
        room *= 2;
    if (room == store->room)
        return true;
    statements = realloc(store->statements, room * sizeof(struct sqlite3_stmt *));
    if (!statements)
        return false;
    store->statements = statements;
    store->room = room;
    return true;
}

int store_prepare(struct store *store, const char *const *sql, unsigned n)
{
    unsigned first = store->n_statements;

    if (!make_room(store, first + n)) {
        log_error("store_prepare", "error", "out of memory");
        return -1;
    }
    for (unsigned i = 0; i < n; i++) {
        if (sqlite3_prepare_v3(store->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[first + i], NULL)) {
            log_error("store_prepare", "sql", sql[i], "error", sqlite3_errmsg(store->db));
            return -1;
        }
        store->n_statements++;
    }
    return (int)first;
}

/* A savepoint keeps each page that its call changes in pieces of 1 KiB, which go with it: those that the owner's thread
 * gives back are kept for the next call. */
#define PIECE      1024
#define PIECE_ROOM 1032 /* of which a block may really be */
#define PIECES_MAX 256

static sqlite3_mem_methods memory; /* SQLite's own */
static _Thread_local struct {
    bool keeps; /* of the thread that owns a store */
    unsigned n;
    void *pieces[PIECES_MAX];
} kept;

static void *take_memory(int size)
{
    if (size == PIECE && kept.n > 0)
        return kept.pieces[--kept.n];
    return memory.xMalloc(size);
}

static void give_memory(void *block)
{
    int size = kept.keeps && kept.n < PIECES_MAX ? memory.xSize(block) : 0;

    if (size >= PIECE && size <= PIECE_ROOM)
        kept.pieces[kept.n++] = block;
    else
        memory.xFree(block);
}

/* One thread has the connection, and nobody reads SQLite's own memory statistics:
 * without them its allocator takes no lock. Refused, harmlessly, after the first. */
static void configure(void)
{
    sqlite3_mem_methods ours;

    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (memory.xMalloc || sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory) != SQLITE_OK)
        return;
    ours = memory;
    ours.xMalloc = take_memory;
    ours.xFree = give_memory;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
}

static int set_cache(struct store *store, const char *path)
{
    struct stat file;
    int64_t kib = stat(path, &file) ? 0 : file.st_size / 1024 / CACHE_PART;
    char sql[64];

    if (kib < CACHE_KIB_MIN)
        kib = CACHE_KIB_MIN;
    snprintf(sql, sizeof(sql), "PRAGMA cache_size=-%lld", (long long)(kib < CACHE_KIB_MAX ? kib : CACHE_KIB_MAX));
    return store_exec(store, sql);
}

static int bound_log(struct store *store)
{
    char sql[64];

    snprintf(sql, sizeof(sql), "PRAGMA journal_size_limit=%lld", (long long)LIMIT_STORE_LOG_KEPT);
    return store_exec(store, sql);
}

struct store *store_open(const struct store_options *options)
{
    char path[PATH_MAX];
    int flags = options->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    struct store *store = calloc(1, sizeof(*store));
    int own;

    if (!store)
        return NULL;
    configure();
    kept.keeps |= !options->read_only;
    store->lock_fd = -1;
    if (!options->read_only && take_lock(store, options->dir, options->standby))
        goto fail;
    snprintf(path, sizeof(path), "%s/" FILE_NAME, options->dir);
    if (sqlite3_open_v2(path, &store->db, flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX, NULL)) {
        log_error("store_open", "file", path, "error", sqlite3_errmsg(store->db));
        goto fail;
    }
    if (!options->read_only)
        chmod(path, 0600);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    if (store_exec(store, "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;"
                          "PRAGMA wal_autocheckpoint=8000; PRAGMA secure_delete=ON") ||
        set_cache(store, path) || bound_log(store))
        goto fail;
    if (!options->read_only && store_migrate(store, options))
        goto fail;
    if (options->n_sql && store_prepare(store, options->sql, options->n_sql) < 0)
        goto fail;
    own = store_prepare(store, own_sql, N_OWN);
    if (own < 0)
        goto fail;
    store->own = (unsigned)own;
    return store;
fail:
    store_close(store);
    return NULL;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (unsigned i = 0; i < store->n_statements; i++)
        sqlite3_finalize(store->statements[i]);
    free(store->statements);
    sqlite3_close(store->db);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store);
}

int store_hold(struct store *store)
{
    return store_exec(store, "BEGIN");
}

/* ---- statements ---- */

static bool run_own(struct store *store, unsigned sql)
{
    sqlite3_stmt *statement = store->statements[store->own + sql];
    int code = sqlite3_step(statement);

    if (code != SQLITE_DONE)
        remember(store, own_sql[sql]);
    sqlite3_reset(statement);
    return code == SQLITE_DONE;
}

static sqlite3_stmt *bind(struct store *store, unsigned sql, const char *types, va_list args)
{
    sqlite3_stmt *statement;
    int n = 0;

    ensure(sql < store->n_statements);
    statement = store->statements[sql];
    for (const char *type = types; *type; type++) {
        n++;
        if (*type == 'i') {
            sqlite3_bind_int64(statement, n, va_arg(args, int64_t));
        } else if (*type == 't') {
            sqlite3_bind_text(statement, n, va_arg(args, const char *), -1, SQLITE_STATIC);
        } else {
            const void *bytes = va_arg(args, const void *);
            size_t len = va_arg(args, size_t);

            ensure(*type == 'b' && len <= INT_MAX);
            /* A NULL pointer would bind SQL NULL; an empty blob is meant. */
            sqlite3_bind_blob(statement, n, bytes ? bytes : "", (int)len, SQLITE_STATIC);
        }
    }
    ensure(n == sqlite3_bind_parameter_count(statement));
    return statement;
}

static bool ready_to_write(struct store *store)
{
    if (store->trouble)
        return false;
    if (!store->in_transaction) {
        if (!run_own(store, SQL_BEGIN))
            return false;
        store->in_transaction = true;
    }
    if (store->in_call && !store->in_savepoint) {
        if (!run_own(store, SQL_SAVEPOINT))
            return false;
        store->in_savepoint = true;
    }
    return true;
}

int store_run(struct store *store, unsigned sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    va_list args;
    int code, changes;

    if (!ready_to_write(store))
        return -2;
    va_start(args, types);
    statement = bind(store, sql, types, args);
    va_end(args);
    code = sqlite3_step(statement);
    changes = code == SQLITE_DONE ? sqlite3_changes(store->db) : (code & 0xff) == SQLITE_CONSTRAINT ? -1 : -2;
    if (changes == -2)
        remember(store, sqlite3_sql(statement));
    store->call_changed |= changes > 0;
    sqlite3_reset(statement);
    return changes;
}

void store_ask(struct store *store, unsigned sql, const char *types, ...)
{
    va_list args;

    ensure(sql < store->n_statements);
    sqlite3_reset(store->statements[sql]);
    va_start(args, types);
    bind(store, sql, types, args);
    va_end(args);
}

bool store_row(struct store *store, unsigned sql)
{
    int code = sqlite3_step(store->statements[sql]);

    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        remember(store, sqlite3_sql(store->statements[sql]));
    sqlite3_reset(store->statements[sql]);
    return false;
}

void store_end(struct store *store, unsigned sql)
{
    sqlite3_reset(store->statements[sql]);
}

int64_t store_int(struct store *store, unsigned sql, int column)
{
    return sqlite3_column_int64(store->statements[sql], column);
}

const char *store_text(struct store *store, unsigned sql, int column)
{
    const unsigned char *text = sqlite3_column_text(store->statements[sql], column);

    return text ? (const char *)text : "";
}

const void *store_blob(struct store *store, unsigned sql, int column, size_t *ret_len)
{
    const void *bytes = sqlite3_column_blob(store->statements[sql], column);

    *ret_len = (size_t)sqlite3_column_bytes(store->statements[sql], column);
    return bytes ? bytes : "";
}

int store_columns(struct store *store, unsigned sql)
{
    return sqlite3_column_count(store->statements[sql]);
}

const char *store_column(struct store *store, unsigned sql, int column)
{
    const char *name = sqlite3_column_name(store->statements[sql], column);

    return name ? name : "";
}

int64_t store_number(struct store *store, unsigned sql)
{
    int64_t number = 0;

    if (store_row(store, sql)) {
        number = store_int(store, sql, 0);
        store_end(store, sql);
    }
    return number;
}

size_t store_numbers(struct store *store, unsigned sql, int64_t *ret, size_t max)
{
    size_t n = 0;

    while (ret && n < max && store_row(store, sql))
        ret[n++] = store_int(store, sql, 0);
    store_end(store, sql);
    return n;
}

bool store_any(struct store *store, unsigned sql)
{
    bool any = store_row(store, sql);

    if (any)
        store_end(store, sql);
    return any;
}

void store_copy_text(struct store *store, unsigned sql, int column, char *ret, size_t size)
{
    snprintf(ret, size, "%s", store_text(store, sql, column));
}

size_t store_copy_blob(struct store *store, unsigned sql, int column, void *ret, size_t size)
{
    size_t len;
    const void *bytes = store_blob(store, sql, column, &len);

    if (len > size)
        len = 0;
    memcpy(ret, bytes, len);
    return len;
}

static void read_column(struct store *store, unsigned sql, int column, const struct store_into *into)
{
    size_t len;

    switch (into->as) {
    case INTO_INT64:
        *(int64_t *)into->to = store_int(store, sql, column);
        break;
    case INTO_INT:
        *(int *)into->to = (int)store_int(store, sql, column);
        break;
    case INTO_BOOL:
        *(bool *)into->to = store_int(store, sql, column) != 0;
        break;
    case INTO_TEXT:
        store_copy_text(store, sql, column, into->to, into->size);
        break;
    case INTO_BLOB:
        len = store_copy_blob(store, sql, column, into->to, into->size);
        memset((char *)into->to + len, 0, into->size - len);
        if (into->len)
            *into->len = len;
        break;
    }
}

bool store_read_into(struct store *store, unsigned sql, bool only, const struct store_into *into)
{
    if (!store_row(store, sql))
        return false;
    for (int column = 0; into[column].to; column++)
        read_column(store, sql, column, &into[column]);
    if (only)
        store_end(store, sql);
    return true;
}

int store_trouble(const struct store *store)
{
    return store->trouble;
}

/* ---- transactions ---- */

void store_call_begin(struct store *store)
{
    ensure(!store->in_call);
    store->in_call = true;
    store->in_savepoint = store->call_changed = false;
}

bool store_call_changed(const struct store *store)
{
    return store->call_changed;
}

void store_call_uncount(struct store *store)
{
    store->call_changed = false;
}

void store_call_end(struct store *store, bool keep)
{
    ensure(store->in_call);
    if (store->in_savepoint && !store->trouble) {
        if (!keep)
            run_own(store, SQL_ROLLBACK_TO);
        run_own(store, SQL_RELEASE);
    }
    store->in_call = store->in_savepoint = false;
}

void store_sync(struct store *store, bool sync)
{
    ensure(!store->in_transaction);
    if (store->lax == !sync)
        return;
    ensure(store_exec(store, sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL") == 0);
    store->lax = !sync;
}

int store_commit(struct store *store)
{
    int trouble;

    ensure(!store->in_call);
    if (store->in_transaction && !store->trouble)
        run_own(store, SQL_COMMIT);
    trouble = store->trouble;
    if (!trouble && store->in_transaction && store->sick) {
        store->sick = false;
        log_info("store_recovered");
    }
    if (trouble) {
        store->trouble = 0;
        /* SQLite may have rolled back by itself already. */
        if (!sqlite3_get_autocommit(store->db)) {
            for (unsigned i = 0; i < store->n_statements; i++)
                sqlite3_reset(store->statements[i]);
            run_own(store, SQL_ROLLBACK);
            store->trouble = 0;
        }
        ensure(sqlite3_get_autocommit(store->db));
    }
    store->in_transaction = false;
    return trouble;
}

bool store_dirty(const struct store *store)
{
    return store->in_transaction;
}

bool store_scrub(struct store *store)
{
    int code;

    ensure(!store->in_transaction);
    sqlite3_busy_timeout(store->db, 0); /* nobody waits for a reader */
    code = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    return code == SQLITE_OK;
}
