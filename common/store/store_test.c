#include "common/store/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/store/store_internal.h"
#include "rpc.pb-c.h"
#include "tests/harness.h"

#define STEP_1 "-- step 1\nCREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT, bytes BLOB) STRICT;\n"
#define STEP_2 "-- step 2\nALTER TABLE thing ADD COLUMN rank INTEGER NOT NULL DEFAULT 7;\n"

enum { SQL_ADD, SQL_FIND, SQL_COUNT, SQL_CAP, SQL_UNCAP, N_SQL };
static const char *const sql[N_SQL] = {
    [SQL_ADD] = "INSERT INTO thing (id, name, bytes) VALUES (?1, ?2, ?3)",
    [SQL_FIND] = "SELECT id, name, bytes, name IS NULL, typeof(bytes) FROM thing WHERE id = ?1",
    [SQL_COUNT] = "SELECT count(*) FROM thing",
    [SQL_CAP] = "PRAGMA max_page_count = 1", /* means: no more than now */
    [SQL_UNCAP] = "PRAGMA max_page_count = 1000000",
};

static char dir[32], other_dir[32];

static struct store *open_in(const char *folder, const char *schema, bool read_only)
{
    const struct store_options options = {
        .dir = folder,
        .schema = (const unsigned char *)schema,
        .schema_len = strlen(schema),
        .sql = sql,
        .n_sql = N_SQL,
        .read_only = read_only,
    };

    return store_open(&options);
}

static struct store *open_store(void)
{
    struct store *store = open_in(dir, STEP_1, false);

    assert_non_null(store);
    return store;
}

static int make_dirs(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/huigong-store-XXXXXX");
    snprintf(other_dir, sizeof(other_dir), "/tmp/huigong-other-XXXXXX");
    return mkdtemp(dir) && mkdtemp(other_dir) ? 0 : -1;
}

static int remove_dirs(void **state)
{
    (void)state;
    harness_remove_dir(dir);
    harness_remove_dir(other_dir);
    return 0;
}

static int add(struct store *store, int64_t id, const char *name)
{
    return store_run(store, SQL_ADD, "itb", id, name, "x", (size_t)1);
}

static int64_t number(struct store *store, unsigned statement)
{
    int64_t value;

    store_ask(store, statement, "");
    assert_true(store_row(store, statement));
    value = store_int(store, statement, 0);
    store_end(store, statement);
    return value;
}

static int64_t count(struct store *store)
{
    return number(store, SQL_COUNT);
}

static void missing_steps_are_made_at_open(void **state)
{
    static const char *const find_rank = "SELECT rank FROM thing";
    struct store *store = open_store();
    int statement;

    (void)state;
    assert_int_equal(add(store, 1, "old"), 1);
    assert_is_reason(store_commit(store), 0);
    store_close(store);
    store = open_in(dir, STEP_1 STEP_2, false);
    assert_non_null(store);
    statement = store_prepare(store, &find_rank, 1);
    assert_true(statement >= N_SQL);
    assert_int_equal(number(store, (unsigned)statement), 7);
    store_close(store);
    store = open_in(dir, STEP_1 STEP_2, false);
    assert_non_null(store);
    assert_int_equal(count(store), 1);
    store_close(store);
}

static void as_many_statements_are_prepared_as_there_are(void **state)
{
    static const char *const answer = "SELECT ?1 + 1";
    struct store *store = open_store();

    (void)state;
    for (int64_t i = 0; i < 5000; i++) {
        int statement = store_prepare(store, &answer, 1);

        assert_true(statement >= N_SQL);
        store_ask(store, (unsigned)statement, "i", i);
        assert_int_equal(store_number(store, (unsigned)statement), i + 1);
    }
    assert_int_equal(add(store, 1, "one"), 1);
    assert_is_reason(store_commit(store), 0);
    assert_int_equal(count(store), 1);
    store_close(store);
}

static void a_store_ahead_of_the_program_is_refused(void **state)
{
    struct store *store = open_in(dir, STEP_1 STEP_2, false);

    (void)state;
    assert_non_null(store);
    store_close(store);
    assert_null(open_in(dir, STEP_1, false));
    store = open_in(dir, STEP_1 STEP_2, false);
    assert_non_null(store);
    store_close(store);
}

static void steps_that_are_not_numbered_from_one_on_open_nothing(void **state)
{
    static const char *const schemas[] = {STEP_1 STEP_1, STEP_2, STEP_1 "-- step 3\n", STEP_1 STEP_2 "-- step 2\n",
                                          STEP_2 STEP_1};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(schemas); i++)
        assert_null(open_in(dir, schemas[i], false));
}

static void a_step_that_fails_leaves_the_store_as_it_was(void **state)
{
    struct store *store = open_store();

    (void)state;
    assert_int_equal(add(store, 1, "old"), 1);
    assert_is_reason(store_commit(store), 0);
    store_close(store);
    assert_null(open_in(dir, STEP_1 "-- step 2\nDELETE FROM thing; CREATE TABLE thing (id INTEGER);\n", false));
    store = open_in(dir, STEP_1 STEP_2, false);
    assert_non_null(store);
    assert_int_equal(count(store), 1);
    store_close(store);
}

static void a_typo_in_a_statement_fails_at_open(void **state)
{
    static const char *const wrong[] = {"SELECT nme FROM thing"};
    const struct store_options options = {
        .dir = dir, .schema = (const unsigned char *)STEP_1, .schema_len = strlen(STEP_1), .sql = wrong, .n_sql = 1};
    struct store *store;

    (void)state;
    assert_null(store_open(&options));
    store = open_store(); /* and the lock was given back */
    assert_int_equal(store_prepare(store, wrong, 1), -1);
    store_close(store);
}

static void a_second_owner_is_refused(void **state)
{
    struct store *store = open_store();

    (void)state;
    assert_null(open_in(dir, STEP_1, false));
    assert_int_equal(add(store, 1, "mine"), 1);
    assert_is_reason(store_commit(store), 0);
    store_close(store);
    store = open_store();
    assert_int_equal(count(store), 1);
    store_close(store);
}

static void a_standby_takes_over_what_the_owner_left(void **state)
{
    const struct store_options options = {.dir = dir,
                                          .schema = (const unsigned char *)STEP_1,
                                          .schema_len = strlen(STEP_1),
                                          .sql = sql,
                                          .n_sql = N_SQL,
                                          .standby = true};
    int ends[2], status;
    struct store *store;
    pid_t child;
    char byte;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (read(ends[0], &byte, 1) != 1)
            _exit(101);
        store = store_open(&options);
        _exit(store ? (int)count(store) : 100);
    }
    store = open_store();
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(add(store, 1, "a"), 1);
    assert_int_equal(add(store, 2, "b"), 1);
    assert_is_reason(store_commit(store), 0);
    store_close(store);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2);
    close(ends[0]);
    close(ends[1]);
}

static void a_reader_sees_commits_and_cannot_write(void **state)
{
    struct store *owner = open_store(), *reader = open_in(dir, STEP_1 STEP_2, true);

    (void)state;
    assert_non_null(reader); /* without the lock, and without making step 2 */
    assert_int_equal(add(owner, 1, "a"), 1);
    assert_int_equal(count(reader), 0);
    assert_is_reason(store_commit(owner), 0);
    assert_int_equal(count(reader), 1);
    assert_int_equal(add(reader, 2, "b"), -2);
    assert_is_reason(store_trouble(reader), RPC__REASON__STORE_FAILED);
    assert_is_reason(store_commit(reader), RPC__REASON__STORE_FAILED);
    store_close(owner);
    assert_int_equal(count(reader), 1);
    assert_int_equal(store_check(reader, stderr), 0);
    store_close(reader);
    reader = open_in(dir, STEP_1, true);
    assert_non_null(reader);
    assert_int_equal(count(reader), 1);
    store_close(reader);
}

static void a_reader_that_holds_reads_as_of_one_instant(void **state)
{
    struct store *owner = open_store(), *reader = open_in(dir, STEP_1, true);

    (void)state;
    assert_non_null(reader);
    assert_int_equal(add(owner, 1, "a"), 1);
    assert_is_reason(store_commit(owner), 0);
    assert_int_equal(store_hold(reader), 0);
    assert_int_equal(count(reader), 1);
    assert_int_equal(add(owner, 2, "b"), 1);
    assert_is_reason(store_commit(owner), 0);
    assert_int_equal(count(reader), 1);
    assert_int_equal(store_check(reader, stderr), 0);
    store_close(reader);
    reader = open_in(dir, STEP_1, true);
    assert_int_equal(count(reader), 2);
    store_close(reader);
    store_close(owner);
}

static void values_come_back_as_they_were_bound(void **state)
{
    static const struct {
        int64_t id;
        const char *name, *bytes;
        size_t len;
    } cases[] = {
        {0, "", "", 0},
        {-1, "plain", "abc", 3},
        {INT64_MAX, "惠工", "\0\xff\0", 3},
        {INT64_MIN, "it's; DROP TABLE thing --", "'\"", 2},
        {5, NULL, NULL, 0},
    };
    struct store *store = open_store();

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        const char *name = cases[i].name;
        const void *bytes;
        size_t len;

        assert_int_equal(store_run(store, SQL_ADD, "itb", cases[i].id, name, cases[i].bytes, cases[i].len), 1);
        store_ask(store, SQL_FIND, "i", cases[i].id);
        assert_true(store_row(store, SQL_FIND));
        assert_int_equal(store_int(store, SQL_FIND, 0), cases[i].id);
        assert_string_equal(store_text(store, SQL_FIND, 1), name ? name : "");
        assert_int_equal(store_int(store, SQL_FIND, 3), name == NULL);
        assert_string_equal(store_text(store, SQL_FIND, 4), "blob"); /* also the empty one */
        bytes = store_blob(store, SQL_FIND, 2, &len);
        assert_int_equal(len, cases[i].len);
        if (len)
            assert_memory_equal(bytes, cases[i].bytes, len);
        assert_false(store_row(store, SQL_FIND));
    }
    assert_is_reason(store_commit(store), 0);
    store_close(store);
}

static void columns_go_into_what_has_their_type(void **state)
{
    struct store *store = open_store();
    unsigned char bytes[4];
    char name[5] = "old";
    int64_t id = 1;
    bool no_name;
    size_t len;
    int rest = 0;

    (void)state;
    assert_int_equal(store_run(store, SQL_ADD, "itb", -(INT64_C(1) << 40), "longer", "\x01\x02\x03", (size_t)3), 1);
    assert_int_equal(store_run(store, SQL_ADD, "itb", INT64_C(2), "two", "12345", (size_t)5), 1);
    memset(bytes, 0xff, sizeof(bytes));
    store_ask(store, SQL_FIND, "i", -(INT64_C(1) << 40));
    assert_true(store_read(store, SQL_FIND, INTO(id), INTO(name), INTO_LEN(bytes, len), INTO(no_name)));
    assert_true(id == -(INT64_C(1) << 40) && !no_name && len == 3);
    assert_string_equal(name, "long");
    assert_memory_equal(bytes, "\x01\x02\x03", sizeof(bytes));
    assert_false(store_read(store, SQL_FIND, INTO(id), INTO(name)));
    assert_string_equal(name, "long");
    store_ask(store, SQL_FIND, "i", INT64_C(2));
    assert_true(store_only(store, SQL_FIND, INTO(rest), INTO(name), INTO(bytes)));
    assert_int_equal(rest, 2);
    assert_memory_equal(bytes, "\0\0\0", sizeof(bytes)); /* more than fit: none */
    assert_is_reason(store_commit(store), 0);
    store_close(store);
}

static void a_forbidden_row_is_no_trouble(void **state)
{
    struct store *store = open_store();

    (void)state;
    assert_int_equal(add(store, 1, "a"), 1);
    assert_int_equal(add(store, 1, "b"), -1);
    assert_is_reason(store_trouble(store), 0);
    assert_int_equal(add(store, 2, "c"), 1);
    assert_is_reason(store_commit(store), 0);
    assert_int_equal(count(store), 2);
    store_close(store);
}

static void one_call_is_taken_back_among_others(void **state)
{
    struct store *store = open_store();

    (void)state;
    assert_false(store_dirty(store));
    for (int64_t call = 0; call < 3; call++) {
        store_call_begin(store);
        assert_false(store_call_changed(store));
        assert_int_equal(add(store, 10 * call, "a"), 1);
        assert_int_equal(add(store, 10 * call + 1, "b"), 1);
        assert_true(store_call_changed(store));
        store_call_end(store, call != 1);
    }
    store_call_begin(store); /* one that reads alone */
    assert_int_equal(count(store), 4);
    store_call_end(store, false);
    assert_true(store_dirty(store));
    assert_is_reason(store_commit(store), 0);
    assert_false(store_dirty(store));
    store_close(store);
    store = open_store();
    assert_int_equal(count(store), 4);
    store_ask(store, SQL_FIND, "i", INT64_C(10));
    assert_false(store_row(store, SQL_FIND));
    store_close(store);
}

static void what_was_not_committed_is_gone_at_reopen(void **state)
{
    struct store *store = open_store();

    (void)state;
    assert_int_equal(add(store, 1, "a"), 1);
    store_close(store);
    store = open_store();
    assert_int_equal(count(store), 0);
    store_close(store);
}

static void a_full_store_says_so_and_rolls_all_back(void **state)
{
    static char big[20000];
    struct store *store = open_store();
    int64_t id = 2;
    int result;

    (void)state;
    assert_int_equal(add(store, 1, "before"), 1);
    assert_is_reason(store_commit(store), 0);
    number(store, SQL_CAP);
    store_call_begin(store);
    assert_int_equal(add(store, id, "small"), 1);
    store_call_end(store, true);
    store_call_begin(store);
    do {
        result = store_run(store, SQL_ADD, "itb", ++id, "big", big, sizeof(big));
    } while (result == 1 && id < 1000);
    assert_int_equal(result, -2);
    assert_is_reason(store_trouble(store), RPC__REASON__STORE_FULL);
    assert_int_equal(add(store, 5000, "after the trouble"), -2);
    store_call_end(store, true);
    store_call_begin(store); /* the trouble outlasts the call */
    assert_int_equal(add(store, 5001, "in the next call"), -2);
    store_call_end(store, false);
    assert_is_reason(store_commit(store), RPC__REASON__STORE_FULL);
    assert_is_reason(store_trouble(store), 0);
    assert_int_equal(count(store), 1);
    number(store, SQL_UNCAP);
    assert_int_equal(store_run(store, SQL_ADD, "itb", id, "big", big, sizeof(big)), 1);
    assert_is_reason(store_commit(store), 0);
    assert_int_equal(count(store), 2);
    assert_int_equal(store_check(store, stderr), 0);
    store_close(store);
}

static void a_backup_holds_what_was_committed_alone(void **state)
{
    char file[64];
    struct store *store = open_store(), *copy;
    struct stat st;

    (void)state;
    snprintf(file, sizeof(file), "%s/data.sqlite", other_dir);
    assert_int_equal(add(store, 1, "a"), 1);
    assert_is_reason(store_commit(store), 0);
    assert_int_equal(add(store, 2, "not yet"), 1);
    assert_int_equal(store_backup(dir, file), 0);
    assert_int_equal(store_backup(dir, file), -1); /* never over another */
    assert_is_reason(store_commit(store), 0);
    store_close(store);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    copy = open_in(other_dir, STEP_1, false);
    assert_non_null(copy);
    assert_int_equal(count(copy), 1);
    assert_int_equal(store_check(copy, stderr), 0);
    store_close(copy);
}

/* Commits pairs until the pipe is closed. */
static void write_pairs(int ready)
{
    struct store *store = open_in(dir, STEP_1, false);

    for (int64_t id = 0; store; id += 2) {
        if (add(store, id, "one") != 1 || add(store, id + 1, "two") != 1 || store_commit(store))
            _exit(1);
        if (write(ready, "x", 1) != 1)
            _exit(0);
    }
    _exit(1);
}

static void a_backup_of_a_busy_store_is_one_instant_of_it(void **state)
{
    char file[64], byte;
    int ends[2], status;
    pid_t child;

    (void)state;
    snprintf(file, sizeof(file), "%s/data.sqlite", other_dir);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        write_pairs(ends[1]);
    }
    close(ends[1]);
    for (int round = 1; round <= 10; round++) {
        struct store *copy;
        int64_t rows;

        for (int i = 0; i < 20; i++)
            assert_int_equal(read(ends[0], &byte, 1), 1);
        assert_int_equal(store_backup(dir, file), 0);
        copy = open_in(other_dir, STEP_1, false);
        assert_non_null(copy);
        rows = count(copy);
        assert_true(rows >= 40 * round);
        assert_int_equal(rows % 2, 0);
        assert_int_equal(store_check(copy, stderr), 0);
        store_close(copy);
        assert_int_equal(unlink(file), 0);
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- the log ---- */

#define MIB (INT64_C(1) << 20)

static int64_t size_of_log(void)
{
    char path[64];
    struct stat st;

    snprintf(path, sizeof(path), "%s/data.sqlite-wal", dir);
    return stat(path, &st) ? 0 : st.st_size;
}

/* Rows of a MiB each, in one transaction. */
static void add_large(struct store *store, int64_t first, int n)
{
    static char bytes[MIB];

    for (int64_t id = first; id < first + n; id++)
        assert_int_equal(store_run(store, SQL_ADD, "itb", id, "large", bytes, sizeof(bytes)), 1);
    assert_is_reason(store_commit(store), 0);
}

/* Somebody who reads an older state. */
static sqlite3 *read_on(void)
{
    char path[64];
    sqlite3 *reader;

    snprintf(path, sizeof(path), "%s/data.sqlite", dir);
    assert_int_equal(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM thing", NULL, NULL, NULL), SQLITE_OK);
    return reader;
}

static void a_copy_is_given_up_when_the_log_grows_past_its_limit(void **state)
{
    struct store *store = open_store(), *copy;
    sqlite3 *reader;
    char file[64];

    (void)state;
    snprintf(file, sizeof(file), "%s/data.sqlite", other_dir);
    add_large(store, 1, 6); /* more than one step reads */
    reader = read_on();
    add_large(store, 10, 4);
    assert_true(size_of_log() > 8 * MIB);
    assert_int_equal(store_backup_within(dir, file, 8 * MIB), -1);
    assert_int_equal(access(file, F_OK), -1);
    assert_int_equal(store_backup_within(dir, file, 64 * MIB), 0);
    sqlite3_close(reader);
    store_close(store);
    copy = open_in(other_dir, STEP_1, false);
    assert_non_null(copy);
    assert_int_equal(count(copy), 10);
    assert_int_equal(store_check(copy, stderr), 0);
    store_close(copy);
}

static void behind_a_copy_the_log_begins_anew(void **state)
{
    struct store *store = open_store();
    int64_t grown;
    char file[64];

    (void)state;
    snprintf(file, sizeof(file), "%s/data.sqlite", other_dir);
    add_large(store, 1, 4);
    grown = size_of_log();
    assert_true(grown > 4 * MIB);
    assert_int_equal(store_backup_within(dir, file, 32 * MIB), 0);
    add_large(store, 10, 3); /* which has room where the first ones were */
    assert_int_equal(size_of_log(), grown);
    store_close(store);
}

static void a_long_log_is_cut_when_it_begins_anew(void **state)
{
    struct store *store = open_store();

    (void)state;
    add_large(store, 1, (int)(LIMIT_STORE_LOG_KEPT / MIB) + 4);
    assert_true(size_of_log() > LIMIT_STORE_LOG_KEPT);
    assert_int_equal(add(store, 1000, "next"), 1);
    assert_is_reason(store_commit(store), 0);
    assert_int_equal(size_of_log(), LIMIT_STORE_LOG_KEPT);
    store_close(store);
}

static void a_damaged_file_does_not_pass_the_check(void **state)
{
    static const char noise[200] = "noise";
    struct store *store = open_store();
    char file[64], *found = NULL;
    size_t len;
    FILE *out = open_memstream(&found, &len);
    int fd;

    (void)state;
    for (int64_t id = 0; id < 2000; id++)
        assert_int_equal(add(store, id, "some name of some length"), 1);
    assert_is_reason(store_commit(store), 0);
    assert_int_equal(store_check(store, out), 0);
    fflush(out);
    assert_int_equal(len, 0);
    store_close(store);
    snprintf(file, sizeof(file), "%s/data.sqlite", dir);
    fd = open(file, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, noise, sizeof(noise), lseek(fd, 0, SEEK_END) - 4096), sizeof(noise));
    close(fd);
    store = open_in(dir, STEP_1, true);
    assert_non_null(store);
    assert_int_equal(store_check(store, out), -1);
    fclose(out);
    assert_true(len > 0);
    free(found);
    store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dirs, remove_dirs)

static void a_reference_to_nothing_does_not_pass_the_check(void **state)
{
    static const char schema[] = STEP_1 "CREATE TABLE part (of INTEGER REFERENCES thing (id)) STRICT;\n";
    static const char *const loose[] = {"PRAGMA foreign_keys = OFF", "INSERT INTO part (of) VALUES (4)"};
    struct store *store = open_in(dir, schema, false);
    char said[128] = "";
    FILE *out = fmemopen(said, sizeof(said), "w");
    int first = store_prepare(store, loose, ARRAY_LEN(loose));

    (void)state;
    assert_true(first >= 0 && out);
    assert_int_equal(store_check(store, out), 0);
    store_ask(store, (unsigned)first, "");
    assert_false(store_row(store, (unsigned)first));
    assert_int_equal(store_run(store, (unsigned)first + 1, ""), 1);
    assert_is_reason(store_commit(store), 0);
    assert_int_equal(store_check(store, out), -1);
    fclose(out);
    assert_string_equal(said, "store: PRAGMA foreign_key_check: part\n");
    store_close(store);
}

static bool in_files(const char *text)
{
    static const char *const names[] = {"data.sqlite", "data.sqlite-wal"};
    static char bytes[1 << 20];
    bool found = false;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[64];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        file = fopen(path, "r");
        assert_non_null(file);
        found |= memmem(bytes, fread(bytes, 1, sizeof(bytes), file), text, strlen(text)) != NULL;
        fclose(file);
    }
    return found;
}

static void what_is_deleted_is_in_no_file_once_the_store_is_scrubbed(void **state)
{
    static const char *const forget[] = {"DELETE FROM thing WHERE id = 1"};
    struct store *store = open_store(), *reader;
    int statement = store_prepare(store, forget, 1);

    (void)state;
    assert_int_equal(add(store, 1, "her wrapped key"), 1);
    assert_int_equal(add(store, 2, "another"), 1);
    assert_is_reason(store_commit(store), 0);
    reader = open_in(dir, STEP_1, true);
    assert_non_null(reader);
    store_ask(reader, SQL_FIND, "i", INT64_C(1));
    assert_true(store_row(reader, SQL_FIND));
    assert_int_equal(store_run(store, (unsigned)statement, ""), 1);
    assert_is_reason(store_commit(store), 0);
    assert_false(store_scrub(store)); /* she is being read */
    assert_true(in_files("her wrapped key"));
    store_end(reader, SQL_FIND);
    assert_true(store_scrub(store));
    assert_false(in_files("her wrapped key"));
    assert_true(in_files("another"));
    store_close(reader);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(missing_steps_are_made_at_open),
        TEST(as_many_statements_are_prepared_as_there_are),
        TEST(a_store_ahead_of_the_program_is_refused),
        TEST(steps_that_are_not_numbered_from_one_on_open_nothing),
        TEST(a_step_that_fails_leaves_the_store_as_it_was),
        TEST(a_typo_in_a_statement_fails_at_open),
        TEST(a_second_owner_is_refused),
        TEST(a_standby_takes_over_what_the_owner_left),
        TEST(a_reader_sees_commits_and_cannot_write),
        TEST(a_reader_that_holds_reads_as_of_one_instant),
        TEST(values_come_back_as_they_were_bound),
        TEST(columns_go_into_what_has_their_type),
        TEST(a_forbidden_row_is_no_trouble),
        TEST(one_call_is_taken_back_among_others),
        TEST(what_was_not_committed_is_gone_at_reopen),
        TEST(a_full_store_says_so_and_rolls_all_back),
        TEST(a_backup_holds_what_was_committed_alone),
        TEST(a_backup_of_a_busy_store_is_one_instant_of_it),
        TEST(a_copy_is_given_up_when_the_log_grows_past_its_limit),
        TEST(behind_a_copy_the_log_begins_anew),
        TEST(a_long_log_is_cut_when_it_begins_anew),
        TEST(what_is_deleted_is_in_no_file_once_the_store_is_scrubbed),
        TEST(a_damaged_file_does_not_pass_the_check),
        TEST(a_reference_to_nothing_does_not_pass_the_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
