/* The store against its journal. */
#include "services/coupon/fixture.h"

static void assert_audit_says(const char *part)
{
    const char *text = harness_audit(&h);

    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void the_audit_finds_claims_that_are_not_in_the_journal(void **state)
{
    static const struct {
        const char *wrong, *right, *says;
    } cases[] = {
        {"DELETE FROM claim WHERE member_id = 2", "INSERT INTO claim SELECT * FROM kept WHERE member_id = 2",
         "claims: the store does not agree with journal row 6"},
        {"DELETE FROM claim WHERE member_id = 3", "INSERT INTO claim SELECT * FROM kept WHERE member_id = 3",
         "claims: the store does not agree with journal row 7"},
        {"UPDATE claim SET member_id = 77 WHERE member_id = 1", "UPDATE claim SET member_id = 1 WHERE member_id = 77",
         "claims: the store does not agree with journal row 5"},
        {"UPDATE claim SET day = 1 WHERE member_id = 2", "UPDATE claim SET day = 0", "journal row 6"},
        {"UPDATE claim SET release_id = release_id + 1 WHERE member_id = 2",
         "UPDATE claim SET release_id = release_id - 1 WHERE member_id = 2", "journal row 6"},
        {"INSERT INTO claim SELECT coupon_id + 999, release_id, 50, 0, 1, at, key FROM claim WHERE member_id = 3",
         "DELETE FROM claim WHERE member_id = 50", "claims: 4 in the store, 3 by the journal"},
        {"INSERT INTO claim SELECT coupon_id - 1, release_id, 50, 0, 1, at, key FROM claim WHERE member_id = 1",
         "DELETE FROM claim WHERE member_id = 50", "journal row 5"},
        {"DELETE FROM journal WHERE seq = 7", NULL, "claims: 3 in the store, 2 by the journal"},
    };
    int64_t id = open_release(5, 1, 0);

    (void)state;
    for (int64_t member = 1; member <= 3; member++) {
        clock_step(&h.service.clock, 10);
        claim(id, member);
    }
    harness_tamper(&h, "CREATE TABLE kept AS SELECT * FROM claim");
    assert_clean();
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        harness_tamper(&h, cases[i].wrong);
        assert_audit_says(cases[i].says);
        if (cases[i].right) {
            harness_tamper(&h, cases[i].right);
            assert_clean();
        }
    }
}

static void the_audit_finds_a_release_that_is_not_as_the_journal_says(void **state)
{
    static const char *const wrongs[] = {
        "UPDATE release SET state = 0",
        "UPDATE release SET union_path = '0002'",
        "UPDATE audience SET path = ''",
        "DELETE FROM audience",
        "DELETE FROM release",
        "INSERT INTO release SELECT release_id + 1, title, union_path, face_fen, threshold_fen, stock_per_day, "
        "opens_at, "
        "days, allowance, valid_days, state, created_at, closed_at, granted, way FROM "
        "release",
    };

    (void)state;
    open_release(5, 1, 0);
    harness_tamper(&h, "CREATE TABLE kept AS SELECT * FROM release");
    harness_tamper(&h, "CREATE TABLE kept_audience AS SELECT * FROM audience");
    for (unsigned i = 0; i < ARRAY_LEN(wrongs); i++) {
        assert_clean();
        harness_tamper(&h, wrongs[i]);
        assert_audit_says("release");
        harness_tamper(&h, "DELETE FROM release");
        harness_tamper(&h, "INSERT INTO release SELECT * FROM kept");
        harness_tamper(&h, "REPLACE INTO audience SELECT * FROM kept_audience");
    }
    assert_clean();
}

static void the_audit_finds_a_day_that_was_oversold(void **state)
{
    int64_t id = open_release(3, 2, 0);

    (void)state;
    for (int64_t member = 1; member <= 3; member++)
        claim(id, member);
    assert_clean();
    harness_tamper(&h, "UPDATE release SET stock_per_day = 2");
    assert_audit_says("more claims on a day than its stock");
}

static void the_audit_finds_a_member_with_two(void **state)
{
    int64_t id = open_release(3, 2, COUPON__ALLOWANCE__ONE_PER_DAY);

    (void)state;
    claim(id, 1);
    clock_step(&h.service.clock, COUPON_DAY_MS);
    claim(id, 1);
    assert_clean();
    harness_tamper(&h, "UPDATE release SET allowance = 0");
    assert_audit_says("member 1: has two coupons for one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_audit_finds_claims_that_are_not_in_the_journal),
        TEST(the_audit_finds_a_release_that_is_not_as_the_journal_says),
        TEST(the_audit_finds_a_day_that_was_oversold),
        TEST(the_audit_finds_a_member_with_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
