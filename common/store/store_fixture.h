/* store_fixture.h: a store of one table in a folder of its own. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
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

static inline struct store *open_in(const char *folder, const char *schema, bool read_only)
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

static inline struct store *open_store(void)
{
    struct store *store = open_in(dir, STEP_1, false);

    assert_non_null(store);
    return store;
}

static inline int make_dirs(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/huigong-store-XXXXXX");
    snprintf(other_dir, sizeof(other_dir), "/tmp/huigong-other-XXXXXX");
    return mkdtemp(dir) && mkdtemp(other_dir) ? 0 : -1;
}

static inline int remove_dirs(void **state)
{
    (void)state;
    harness_remove_dir(dir);
    harness_remove_dir(other_dir);
    return 0;
}

static inline int add(struct store *store, int64_t id, const char *name)
{
    return store_run(store, SQL_ADD, "itb", id, name, "x", (size_t)1);
}

static inline int64_t number(struct store *store, unsigned statement)
{
    int64_t value;

    store_ask(store, statement, "");
    assert_true(store_row(store, statement));
    value = store_int(store, statement, 0);
    store_end(store, statement);
    return value;
}

static inline int64_t count(struct store *store)
{
    return number(store, SQL_COUNT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dirs, remove_dirs)
