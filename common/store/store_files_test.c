/* What is in the files of a store: its copies, its log, what was deleted. */
#include <fcntl.h>
#include <sys/wait.h>

#include "common/store/store_fixture.h"

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
        TEST(a_backup_holds_what_was_committed_alone),
        TEST(a_backup_of_a_busy_store_is_one_instant_of_it),
        TEST(a_copy_is_given_up_when_the_log_grows_past_its_limit),
        TEST(behind_a_copy_the_log_begins_anew),
        TEST(a_long_log_is_cut_when_it_begins_anew),
        TEST(a_damaged_file_does_not_pass_the_check),
        TEST(a_reference_to_nothing_does_not_pass_the_check),
        TEST(what_is_deleted_is_in_no_file_once_the_store_is_scrubbed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
