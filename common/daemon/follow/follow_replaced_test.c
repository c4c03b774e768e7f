/* A journal that stands in the place of the one that was followed. */
#include "common/daemon/follow/follow_fixture.h"

/* Writes the source's journal anew: row n is about another object than before. */
static void replace_rows(int64_t first, int64_t last)
{
    harness_close(&source.h);
    harness_open(&source.h, &source_spec, NULL);
    add_rows(first, last);
}

static void a_journal_that_was_made_anew_is_not_followed(void **state)
{
    struct follower *follower;

    (void)state;
    open_both();
    add_rows(1, 10);
    serve_source();
    follower = follow();
    bus_wait(&b, number_of(SQL_COUNT) == 10);
    /* As long as before and longer, and another from the first row on. */
    replace_rows(2, 21);
    wait_for_page();
    assert_applied_once_each(10);
    assert_false(follower_is_current(follower));
    /* Nor after a restart of who follows it. */
    follower_close(follower);
    harness_reopen(&target);
    follow();
    wait_for_page();
    assert_applied_once_each(10);
    /* Once the source is the one it was, nothing has been missed. */
    replace_rows(1, 15);
    bus_wait(&b, number_of(SQL_COUNT) == 15);
    assert_applied_once_each(15);
    close_both();
}

static void a_journal_whose_end_was_cut_off_is_not_followed(void **state)
{
    (void)state;
    open_both();
    add_rows(1, 10);
    serve_source();
    follow();
    bus_wait(&b, number_of(SQL_COUNT) == 10);
    replace_rows(1, 6);
    wait_for_page();
    add_rows(7, 9);
    wait_for_page();
    assert_applied_once_each(10);
    close_both();
}

static void a_cursor_from_before_hashes_goes_on(void **state)
{
    struct follower *follower;

    (void)state;
    open_both();
    add_rows(1, 10);
    serve_source();
    follower = follow();
    bus_wait(&b, number_of(SQL_COUNT) == 10);
    follower_close(follower);
    harness_tamper(&target, "UPDATE cursor SET hash = NULL");
    harness_reopen(&target);
    follow();
    add_rows(11, 12);
    bus_wait(&b, number_of(SQL_COUNT) == 12);
    replace_rows(2, 20);
    wait_for_page();
    assert_applied_once_each(12);
    close_both();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_journal_that_was_made_anew_is_not_followed),
        cmocka_unit_test(a_journal_whose_end_was_cut_off_is_not_followed),
        cmocka_unit_test(a_cursor_from_before_hashes_goes_on),
    };

    return bus_run_tests(argc, argv, tests, ARRAY_LEN(tests));
}
