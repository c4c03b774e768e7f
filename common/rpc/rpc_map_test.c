/* The principal map: a service that knows nobody by her member id. */
#include "common/rpc/rpc_fixture.h"
#include "tests/scan.h"

#define MEMBER   INT64_C(0x5a17c3e9b2d461)
#define OFFICIAL INT64_C(0x6b28d4fac3e572)
#define SESSION  INT64_C(0x7c39e50bd4f683)
#define SECRET   INT64_C(0x11223344556677)

static struct {
    unsigned lasting, passing;
    bool fails, writes;
} map;

static bool hide(void *self, void *call, Rpc__Principal *principal, bool lasting)
{
    (void)call;
    assert_ptr_equal(self, &map);
    assert_false(principal->internal);
    principal->member_id ^= SECRET;
    principal->session_id = 0;
    principal->shown_name = unconst("");
    map.lasting += lasting;
    map.passing += !lasting;
    if (map.writes && lasting)
        store_run(things.store, things.sql + SQL_ADD, "i", principal->member_id);
    return !map.fails;
}

static int setup_mapped(void **state)
{
    memset(&map, 0, sizeof(map));
    setup(state);
    rpc_server_on_principal(h.service.rpc, hide, &map);
    return 0;
}

static Rpc__Principal *member(void)
{
    Rpc__Principal *principal = harness_member(&h, MEMBER, PATH);

    principal->session_id = SESSION;
    principal->shown_name = unconst("王*明");
    return principal;
}

static const Rpc__Answer *take_as(const Rpc__Principal *who, int64_t number)
{
    Sample__TakeSeatRequest request = SAMPLE__TAKE_SEAT_REQUEST__INIT;

    request.show_id = number;
    return harness_call(&h, TAKE, &request.base, who, NULL);
}

/* The actor of the journal's row of a number. */
static int64_t actor_of(int64_t seq)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;

    request.after_seq = seq - 1;
    request.limit = 1;
    journal_read(rpc_server_journal(h.service.rpc), &request, &h.arena, &page);
    assert_int_equal(page.n_rows, 1);
    return page.rows[0]->actor;
}

static void the_store_of_a_mapped_service_has_handles_alone(void **state)
{
    (void)state;
    assert_ok(take_as(member(), 1));
    assert_int_equal(things.caller.member_id, MEMBER ^ SECRET);
    assert_int_equal(things.caller.session_id, 0);
    assert_string_equal(things.caller.union_path, PATH);
    assert_string_equal(things.caller.shown_name, "");
    assert_ok(create(OFFICIAL, 5, "k"));
    assert_int_equal(actor_of(1), MEMBER ^ SECRET);
    assert_int_equal(actor_of(2), OFFICIAL ^ SECRET); /* what it did */
    assert_int_equal(actor_of(3), OFFICIAL ^ SECRET); /* and by whose authority */
    assert_non_null(scan_number(&h, MEMBER ^ SECRET));
    assert_non_null(scan_number(&h, OFFICIAL ^ SECRET));
    assert_null(scan_number(&h, MEMBER));
    assert_null(scan_number(&h, OFFICIAL));
    assert_null(scan_number(&h, SESSION));
    assert_false(scan_text(&h, "王*明"));
}

static void without_a_map_they_are_known_by_their_ids(void **state)
{
    (void)state;
    rpc_server_on_principal(h.service.rpc, NULL, NULL);
    assert_ok(take_as(member(), 1));
    assert_ok(create(OFFICIAL, 5, "k"));
    assert_int_equal(actor_of(1), MEMBER);
    assert_int_equal(things.caller.session_id, OFFICIAL + 1000000);
    assert_string_equal(scan_number(&h, MEMBER), "as a column or in big-endian bytes");
    assert_int_equal(map.lasting + map.passing, 0);
}

static void a_repeat_with_a_key_is_found_by_the_handle(void **state)
{
    const Rpc__Answer *first = create(OFFICIAL, 5, "k"), *again = create(OFFICIAL, 5, "k");

    (void)state;
    assert_ok(first);
    assert_int_equal(things.runs, 1);
    assert_int_equal(again->output.len, first->output.len);
    assert_ok(create(OFFICIAL + 1, 5, "k"));
    assert_int_equal(things.runs, 2);
    /* To find an answer one for the call does; to keep it does not. */
    assert_int_equal(map.passing, 3);
    assert_int_equal(map.lasting, 2);
}

static void a_read_asks_for_no_handle_that_lasts(void **state)
{
    (void)state;
    gather_get();
    harness_run(&h);
    assert_int_equal(map.passing, 1);
    assert_int_equal(map.lasting, 0);
}

static void nobody_and_a_daemon_are_not_mapped(void **state)
{
    (void)state;
    assert_refused(take_as(NULL, 1), "MISSING_TOKEN");
    assert_ok(take_as(harness_internal(&h), 1));
    assert_int_equal(map.lasting + map.passing, 0);
    assert_int_equal(actor_of(1), 0);
}

static void who_may_call_is_judged_before(void **state)
{
    (void)state;
    assert_refused(harness_call(&h, CREATE, NULL, member(), "k"), "NOT_OFFICIAL");
    assert_int_equal(map.lasting + map.passing, 0);
}

static void a_map_that_fails_refuses_the_call(void **state)
{
    (void)state;
    map.fails = map.writes = true;
    assert_refused(take_as(member(), 1), "OVERLOADED");
    assert_refused(create(OFFICIAL, 5, "k"), "OVERLOADED");
    assert_int_equal(things.runs, 0);
    assert_int_equal(journal_rows(), 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM thing"), 0);
}

/* What the map writes stays with the call alone, and is not taken for a change by authority. */
static void what_a_map_writes_is_part_of_the_call(void **state)
{
    (void)state;
    map.writes = true;
    assert_refused(take_as(member(), REFUSED), "SOLD_OUT");
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM thing"), 0);
    assert_refused(create(OFFICIAL, 0, "k"), "WRONG_STATE");
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM thing"), 0);
    things.idle = true; /* replies without a change */
    assert_ok(create(OFFICIAL, 5, "k"));
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM thing"), 1);
    assert_int_equal(journal_rows(), 0);
}

#define MAPPED(name) cmocka_unit_test_setup_teardown(name, setup_mapped, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAPPED(the_store_of_a_mapped_service_has_handles_alone),
        MAPPED(without_a_map_they_are_known_by_their_ids),
        MAPPED(a_repeat_with_a_key_is_found_by_the_handle),
        MAPPED(a_read_asks_for_no_handle_that_lasts),
        MAPPED(nobody_and_a_daemon_are_not_mapped),
        MAPPED(who_may_call_is_judged_before),
        MAPPED(a_map_that_fails_refuses_the_call),
        MAPPED(what_a_map_writes_is_part_of_the_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
