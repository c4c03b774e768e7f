/* The numbered steps of a store's owners: a service's first ones, and those of its parts. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "common/store/store.h"
#include "tests/harness.h"

#define SCHEMA "-- step 1\nCREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT) STRICT;\n"
#define NOTE_1 "-- step 1\n-- Notes; \"quoted\".\nCREATE TABLE note (id INTEGER PRIMARY KEY) STRICT;\n"
#define NOTE_2 "-- step 2\nALTER TABLE note ADD COLUMN words TEXT NOT NULL DEFAULT 'drop; table';\n"
#define NOTE_3 "-- step 3 rows\nUPDATE thing SET name = 'new';\n"

static char dir[32];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/huigong-steps-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    harness_remove_dir(dir);
    return 0;
}

/* Opens with the steps of up to two parts, "notes" and another; NULL when it is refused. */
static struct store *open_with(const char *notes, const char *name, const char *other)
{
    size_t notes_len = notes ? strlen(notes) : 0, other_len = other ? strlen(other) : 0;
    const struct store_steps parts[] = {{"notes", (const unsigned char *)notes, &notes_len},
                                        {name, (const unsigned char *)other, &other_len}};
    const struct store_options options = {
        .dir = dir,
        .schema = (const unsigned char *)SCHEMA,
        .schema_len = strlen(SCHEMA),
        .parts = notes ? parts : parts + 1,
        .n_parts = (unsigned)!!notes + (unsigned)!!other,
    };

    return store_open(&options);
}

static int64_t number(struct store *store, const char *sql)
{
    int statement = store_prepare(store, &sql, 1);

    assert_true(statement >= 0);
    store_ask(store, (unsigned)statement, "");
    return store_number(store, (unsigned)statement);
}

static void opens(const char *notes)
{
    struct store *store = open_with(notes, NULL, NULL);

    assert_non_null(store);
    store_close(store);
}

static void add_thing(const char *notes)
{
    static const char *const add = "INSERT INTO thing (id, name) VALUES (1, 'old')";
    struct store *store = open_with(notes, NULL, NULL);

    assert_int_equal(store_run(store, (unsigned)store_prepare(store, &add, 1), ""), 1);
    assert_int_equal(store_commit(store), 0);
    store_close(store);
}

static bool has_copy(const char *name)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

static void each_part_counts_its_own_steps(void **state)
{
    static const char other[] = "-- step 1\nCREATE TABLE other (id INTEGER PRIMARY KEY) STRICT;\n";
    struct store *store;

    (void)state;
    opens(NOTE_1);
    opens(NOTE_1 NOTE_2);
    store = open_with(NOTE_1 NOTE_2, "others", other);
    assert_non_null(store);
    assert_int_equal(number(store, "SELECT count(*) FROM other"), 0);
    assert_int_equal(number(store, "SELECT steps FROM part_version WHERE name = 'notes'"), 2);
    assert_int_equal(number(store, "SELECT steps FROM part_version WHERE name = 'others'"), 1);
    store_close(store);
}

static void a_store_of_a_later_program_is_refused(void **state)
{
    struct store *store;

    (void)state;
    opens(NOTE_1 NOTE_2);
    assert_null(open_with(NOTE_1, NULL, NULL));
    assert_null(open_with(NULL, "others", "-- step 1\nCREATE TABLE other (id INTEGER PRIMARY KEY) STRICT;\n"));
    store = open_with(NOTE_1 NOTE_2, NULL, NULL);
    assert_non_null(store);
    assert_int_equal(number(store, "SELECT count(*) FROM sqlite_master WHERE name = 'other'"), 0);
    store_close(store);
}

/* A message with a text 4 twice, an integer 3, a repeated enum 5 and a fixed 2; the same cut short; and none. */
static void a_step_reads_fields_of_a_packed_message(void **state)
{
    static const char notes[] =
        "-- step 1 rows\n"
        "CREATE TABLE note (id INTEGER PRIMARY KEY, i INTEGER NOT NULL, t TEXT NOT NULL, b INTEGER NOT NULL) STRICT;\n"
        "CREATE TABLE packed (id INTEGER PRIMARY KEY, m BLOB) STRICT;\n"
        "INSERT INTO packed VALUES (1, x'150000000018ac02220178220261622a03000106'),\n"
        " (2, x'150000000018ac02220961'), (3, x'18ffffffffffffffffffff01'), (4, NULL), (5, x'0b'),\n"
        " (6, x'18ffffffffffffffffff01');\n"
        "INSERT INTO note SELECT id, packed_int(m, 3), packed_text(m, 4), packed_bits(m, 5) FROM packed;\n";
    struct store *store = open_with(notes, NULL, NULL);

    (void)state;
    assert_non_null(store);
    assert_int_equal(number(store, "SELECT count(*) FROM note WHERE id = 1 AND i = 300 AND t = 'ab' AND b = 67"), 1);
    assert_int_equal(number(store, "SELECT count(*) FROM note WHERE id = 2 AND i = 300 AND t = '' AND b = 0"), 1);
    assert_int_equal(number(store, "SELECT count(*) FROM note WHERE id IN (3, 4, 5) AND i = 0 AND t = ''"), 3);
    assert_int_equal(number(store, "SELECT i FROM note WHERE id = 6"), -1);
    store_close(store);
}

static void a_step_that_changes_rows_says_so(void **state)
{
    static const char *const unmarked[] = {
        "UPDATE thing SET name = ''",
        "-- Empties it.\n  delete FROM thing",
        "CREATE TABLE two (id INTEGER PRIMARY KEY); INSERT INTO two (id)\n    SELECT id FROM thing",
        "REPLACE INTO thing VALUES (1, '')",
        "DROP TABLE thing",
        "CREATE INDEX i ON thing (name); ALTER TABLE thing DROP COLUMN name",
    };
    static const char *const plain[] = {
        "CREATE INDEX thing_name ON thing (name)",
        "CREATE TABLE one (id INTEGER PRIMARY KEY, update_of TEXT DEFAULT 'x; UPDATE'); INSERT INTO one VALUES (1, '')",
        "DROP INDEX IF EXISTS nothing -- and no table",
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(unmarked); i++) {
        snprintf(text, sizeof(text), NOTE_1 "-- step 2\n%s;\n", unmarked[i]);
        if (open_with(text, NULL, NULL))
            fail_msg("taken without a mark: %s", unmarked[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        snprintf(text, sizeof(text), NOTE_1 "-- step 2 rows\n%s;\n", plain[i]);
        if (open_with(text, NULL, NULL))
            fail_msg("taken with a mark: %s", plain[i]);
    }
    assert_null(open_with(NOTE_1 "-- step 2 row\nUPDATE thing SET name = '';\n", NULL, NULL));
    opens(NOTE_1);
}

static void a_copy_is_kept_before_rows_are_changed(void **state)
{
    char copy[96], path[96];
    struct store *store;

    (void)state;
    add_thing(NOTE_1);
    opens(NOTE_1 NOTE_2);
    assert_false(has_copy("before-notes-2.sqlite"));
    store = open_with(NOTE_1 NOTE_2 NOTE_3, NULL, NULL);
    assert_non_null(store);
    assert_int_equal(number(store, "SELECT count(*) FROM thing WHERE name = 'new'"), 1);
    store_close(store);
    assert_true(has_copy("before-notes-3.sqlite"));
    snprintf(copy, sizeof(copy), "%s/before-notes-3.sqlite", dir);
    snprintf(path, sizeof(path), "%s/data.sqlite", dir);
    assert_int_equal(rename(copy, path), 0);
    store = open_with(NOTE_1 NOTE_2, NULL, NULL); /* by the program that ran before */
    assert_non_null(store);
    assert_int_equal(number(store, "SELECT count(*) FROM thing WHERE name = 'old'"), 1);
    store_close(store);
}

/* The steps of this opening that change no rows come behind the copy as well. */
static void the_copy_is_the_store_before_any_step(void **state)
{
    char copy[96], path[96];

    (void)state;
    add_thing(NOTE_1);
    opens(NOTE_1 NOTE_2 NOTE_3);
    snprintf(copy, sizeof(copy), "%s/before-notes-3.sqlite", dir);
    snprintf(path, sizeof(path), "%s/data.sqlite", dir);
    assert_int_equal(rename(copy, path), 0);
    opens(NOTE_1);
}

static void a_fresh_store_needs_no_copy(void **state)
{
    (void)state;
    opens(NOTE_1 NOTE_2 NOTE_3);
    assert_false(has_copy("before-notes-3.sqlite"));
}

/* What the store was is not overwritten by what a step that failed has left. */
static void a_step_that_failed_is_made_again_behind_the_first_copy(void **state)
{
    struct stat first, second;
    char copy[96];

    (void)state;
    add_thing(NOTE_1);
    assert_null(open_with(NOTE_1 NOTE_2 "-- step 3 rows\nUPDATE thing SET nothing = 1;\n", NULL, NULL));
    snprintf(copy, sizeof(copy), "%s/before-notes-3.sqlite", dir);
    assert_int_equal(stat(copy, &first), 0);
    opens(NOTE_1 NOTE_2 NOTE_3);
    assert_int_equal(stat(copy, &second), 0);
    assert_true(first.st_ino == second.st_ino);
}

static void copies_are_dropped_when_they_are_old(void **state)
{
    static const struct timespec times[2] = {{1000, 0}, {1000, 0}};
    char copy[96];

    (void)state;
    add_thing(NOTE_1);
    opens(NOTE_1 NOTE_2 NOTE_3);
    snprintf(copy, sizeof(copy), "%s/before-notes-3.sqlite", dir);
    assert_int_equal(utimensat(AT_FDCWD, copy, times, 0), 0);
    store_drop_copies(dir, 1000 * 1000);
    assert_true(has_copy("before-notes-3.sqlite"));
    store_drop_copies(dir, 1001 * 1000);
    assert_false(has_copy("before-notes-3.sqlite"));
    opens(NOTE_1 NOTE_2 NOTE_3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_part_counts_its_own_steps),
        TEST(a_store_of_a_later_program_is_refused),
        TEST(a_step_reads_fields_of_a_packed_message),
        TEST(a_step_that_changes_rows_says_so),
        TEST(a_copy_is_kept_before_rows_are_changed),
        TEST(the_copy_is_the_store_before_any_step),
        TEST(a_fresh_store_needs_no_copy),
        TEST(a_step_that_failed_is_made_again_behind_the_first_copy),
        TEST(copies_are_dropped_when_they_are_old),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
