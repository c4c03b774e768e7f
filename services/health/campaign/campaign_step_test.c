/* What campaigns.sql makes of campaigns that had whom they are for in their packed message. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/harness.h"
#include "services/health/campaign/campaigns.h"

static char dir[32];

/* The tables as they were before, with campaigns: one that asks for everything, one for all of a union, one for all;
 * and two moves that not all have followed. */
static const char before[] =
    "-- step 1\n"
    "CREATE TABLE campaign (campaign_id INTEGER PRIMARY KEY, packed BLOB NOT NULL) STRICT;\n"
    "CREATE TABLE union_move (move_id INTEGER PRIMARY KEY, old_path TEXT NOT NULL, path TEXT NOT NULL,\n"
    "    upto INTEGER NOT NULL DEFAULT 0) STRICT;\n"
    "INSERT INTO campaign VALUES\n"
    "    (1, x'0801aa010830303031303030322801b201020105b801b20fc001c60fc80102'),\n"
    "    (2, x'0802aa01083030303130303032'), (3, x'0803');\n"
    "INSERT INTO union_move VALUES (7, '00010002', '00020001', 1), (8, '0002', '0007', 0);\n";

static int64_t number(struct store *store, const char *sql)
{
    int statement = store_prepare(store, &sql, 1);

    assert_true(statement >= 0);
    store_ask(store, (unsigned)statement, "");
    return store_number(store, (unsigned)statement);
}

static void whom_a_campaign_is_for_is_kept_apart(void **state)
{
    const size_t len = strlen(before);
    const struct store_steps parts[] = {audience_steps, campaigns_steps};
    const struct store_options options = {
        .dir = dir,
        .schema = (const unsigned char *)before,
        .schema_len = len,
        .parts = parts,
        .n_parts = ARRAY_LEN(parts),
    };
    struct store *store;

    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/huigong-step-XXXXXX");
    assert_non_null(mkdtemp(dir));
    store = store_open(&options);
    assert_non_null(store);
    assert_int_equal(number(store, "SELECT count(*) FROM audience WHERE level = 3"), 3);
    assert_int_equal(number(store, "SELECT count(*) FROM audience WHERE audience_id = 1 AND path = '00010002' AND "
                                   "trades = 34 AND born_from = 1970 AND born_until = 1990 AND sex = 2"),
                     1); /* it has followed the first move, and is not below what moved then */
    assert_int_equal(number(store, "SELECT count(*) FROM audience WHERE audience_id = 2 AND path = '00070001' AND "
                                   "trades + born_from + born_until + sex = 0"),
                     1);
    assert_int_equal(number(store, "SELECT count(*) FROM audience WHERE audience_id = 3 AND path = ''"), 1);
    store_close(store);
    harness_remove_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whom_a_campaign_is_for_is_kept_apart)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
