/* store.h: one SQLite file, owned by one daemon.
 *
 * WAL, synchronous=FULL, foreign keys, STRICT tables, one connection, one thread.
 * Its tables are made by text in numbered steps ("-- step 1" lines): the chassis has its
 * own, a service may have some, and so may each of its parts. A store that is behind is
 * brought forward at open, each step in a transaction with its number; a new one is made by
 * all of them in one transaction, whole or not at all. One that is ahead, or has a part that
 * the program does not know, is refused. A part's step that changes rows says so
 * ("-- step 2 rows"). Before the first step of any owner that changes rows
 * of a store in use, the store as it was is copied beside it (STORE_COPY).
 *
 * All SQL is prepared at open, so a typo fails at start. The page cache grows, as it is used, to a
 * sixteenth of the file's size at open: 16 MiB at least, 1 GiB at most.
 *
 * Transactions open themselves: the first write of a batch begins one, the first
 * write of a call sets a savepoint in it. The dispatcher (rpc.h) ends them. A
 * failure to read or write is remembered until then (store_trouble), so that a
 * caller asks and tells in sequence and the batch is judged once at its end.
 *
 * The folder's `lock` file keeps a second owner out. This is the only module
 * that includes sqlite3.h: another engine goes in here. */
#pragma once

struct store;

/* The numbered steps of one owner of tables. */
struct store_steps {
    const char *name; /* of the part, under which its version is kept */
    const unsigned char *text;
    const size_t *len;
};

/* Copies are named by the step that was to come: before-stories-1.sqlite. The program that
 * ran before opens such a file in place of data.sqlite. */
#define STORE_COPY "before-"

struct store_options {
    const char *dir;             /* holds data.sqlite and lock */
    const unsigned char *schema; /* the service's steps before it had parts; NULL: none */
    size_t schema_len;
    const struct store_steps *parts; /* made behind those, in this order */
    unsigned n_parts;
    struct {
        int chassis, schema;
    } earlier;              /* for tests: no more than so many steps (0: all), as an earlier program made them */
    const char *const *sql; /* the service's statements, known by their index */
    unsigned n_sql;
    bool standby;   /* wait for the lock instead of failing */
    bool read_only; /* for --audit: no lock, no migration, no writes */
};

/* Opens, migrates, prepares. NULL after logging why. */
struct store *store_open(const struct store_options *options);
void store_close(struct store *store);
/* All that a reader (read_only) is told from its next question on is as of one instant, whatever
 * its owner commits meanwhile; the owner's log grows for so long. 0 or -1, logged. */
int store_hold(struct store *store);
/* Prepares more statements (a chassis module's own): the index of the first, or -1. */
int store_prepare(struct store *store, const char *const *sql, unsigned n);

/* types names the parameters in order: i int64_t, t const char * (NULL is SQL
 * NULL), b const void * and size_t. */

/* Runs a statement that changes something. Returns the number of rows changed,
 * or -1 when a constraint forbade it (nothing changed, no trouble remembered), or
 * -2 when it failed (see store_trouble). */
int store_run(struct store *store, unsigned sql, const char *types, ...);
/* Starts a query; store_row then yields its rows and false at the end or on a
 * failure. Values are valid until the next row. */
void store_ask(struct store *store, unsigned sql, const char *types, ...);
bool store_row(struct store *store, unsigned sql);
/* Ends a query before its last row. */
void store_end(struct store *store, unsigned sql);
int64_t store_int(struct store *store, unsigned sql, int column);
const char *store_text(struct store *store, unsigned sql, int column);
const void *store_blob(struct store *store, unsigned sql, int column, size_t *ret_len);
/* The columns of a query, and what one is called. */
int store_columns(struct store *store, unsigned sql);
const char *store_column(struct store *store, unsigned sql, int column);
/* Ends a query after its first row, of which it gives the first number; 0 when there is none. */
int64_t store_number(struct store *store, unsigned sql);
/* Ends a query after at most max rows, of each of which it gives the first number; how many. ret may be NULL for want
 * of memory. */
size_t store_numbers(struct store *store, unsigned sql, int64_t *ret, size_t max);
/* Whether a query has a row; ends it. */
bool store_any(struct store *store, unsigned sql);
/* A text, cut at its room, or a blob, whose length is returned; one that is longer than its
 * room is given as empty. */
void store_copy_text(struct store *store, unsigned sql, int column, char *ret, size_t size);
size_t store_copy_blob(struct store *store, unsigned sql, int column, void *ret, size_t size);

/* Where a column goes, by the type of what stands there: a number, a flag, a text (cut at its
 * room), or bytes (none when there are more than fit; zeros behind fewer). */
struct store_into {
    void *to;
    size_t size;
    enum { INTO_INT64, INTO_INT, INTO_BOOL, INTO_TEXT, INTO_BLOB } as;
    size_t *len; /* of bytes; may be NULL */
};
#define INTO(x)                                                                                                             \
    {                                                                                                                       \
        &(x), sizeof(x),                                                                                                  \
     _Generic((x),                                                                                                     \
         int64_t: INTO_INT64,                                                                                          \
         uint64_t: INTO_INT64,                                                                                         \
         int: INTO_INT,                                                                                                \
         unsigned: INTO_INT,                                                                                           \
         bool: INTO_BOOL,                                                                                              \
         char *: INTO_TEXT,                                                                                            \
         unsigned char *: INTO_BLOB),                                                                                  \
     NULL \
    }
#define INTO_LEN(x, len)                                                                                               \
    {                                                                                                                  \
        (x), sizeof(x), INTO_BLOB, &(len)                                                                              \
    }
/* Of a struct with bytes and their len. */
#define INTO_BYTES(x) INTO_LEN((x).bytes, (x).len)
/* The next row of a query, its columns in their order; false, and nothing is changed, at the
 * end. store_only also ends the query. */
#define store_read(store, sql, ...)                                                                                    \
    store_read_into(store, sql, false, (const struct store_into[]){__VA_ARGS__, {NULL, 0, INTO_INT64, NULL}})
#define store_only(store, sql, ...)                                                                                    \
    store_read_into(store, sql, true, (const struct store_into[]){__VA_ARGS__, {NULL, 0, INTO_INT64, NULL}})
bool store_read_into(struct store *store, unsigned sql, bool only, const struct store_into *into);

/* 0, or STORE_FULL or STORE_FAILED since the transaction began. */
int store_trouble(const struct store *store);

/* ---- the dispatcher's side ---- */
/* A call begins; what it writes can be taken back alone. */
void store_call_begin(struct store *store);
/* Whether the call has changed a row yet. */
bool store_call_changed(const struct store *store);
/* What it has changed so far does not count for that. */
void store_call_uncount(struct store *store);
/* Keeps or takes back what the call wrote. */
void store_call_end(struct store *store, bool keep);
/* Whether commits from here on are on the disk when they return, as at first; else they are with the next one that is,
 * and until then a loss of power takes back whole ones, the last first. Outside a transaction. */
void store_sync(struct store *store, bool sync);
/* Commits when anything was written. Returns 0, or the Reason it was rolled back
 * for; the trouble is then cleared. */
int store_commit(struct store *store);
/* True between the first write and the commit. */
bool store_dirty(const struct store *store);
/* Outside a transaction: what was deleted or overwritten before is in neither of the
 * store's files any more (its pages are wiped as they change, secure_delete; here the
 * log that still repeats them is emptied). False, at once, while somebody reads an older
 * state, such as a backup, or the disk fails: to be tried again. */
bool store_scrub(struct store *store);

/* Copies the whole store, as of one instant, to a new file, synced. Its owner
 * may be writing meanwhile: all of that stays in SQLite's log, which cannot begin anew while the
 * instant is read. A copy during which the log grows past LIMIT_STORE_LOG is given up; after one,
 * what the log holds is brought into the store's file here, not by its owner, and the log is cut to
 * LIMIT_STORE_LOG_KEPT when it begins anew. 0, or -1 after logging why. */
int store_backup(const char *dir, const char *file);
/* Deletes the copies that were made before steps, and before an instant. */
void store_drop_copies(const char *dir, int64_t before);
/* SQLite's own checks, of the file and of what refers to what: 0, or -1 after printing what it found to out. */
int store_check(struct store *store, FILE *out);
