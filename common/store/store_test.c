#include <sys/wait.h>

#include "common/store/store_fixture.h"

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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
