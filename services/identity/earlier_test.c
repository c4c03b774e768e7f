/* Stores that earlier programs have left. */
#include "services/identity/access/stepup_fixture.h"
#include "services/identity/membership/membership_fixture.h"
#include "services/identity/unions/tree_fixture.h"
#include "tests/earlier.h"

static const struct dump_moved moved[] = {
    /* A number's day goes on; the codes of the last minutes are asked for anew. */
    {"login_code", "SELECT count(*) FROM earlier.login_code AS was WHERE NOT EXISTS (SELECT 1 FROM code_count "
                   "WHERE counted = was.mobile AND began_at = was.window_at AND sends = was.sends)"},
    {NULL, NULL},
};

static struct harness h;

static void open_earlier(const char *name)
{
    unstarted(&h);
    earlier_open(&h, name, moved);
}

static void nothing_that_was_kept_is_lost(void **state)
{
    static const char *const stores[] = {"identity/memberships", "identity/officials", "identity/rights"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
        open_earlier(stores[i]);
        harness_reopen(&h);
        end(&h);
    }
}

static int64_t number_of(const char *sql)
{
    int statement = store_prepare(h.service.store, &sql, 1);

    ensure(statement >= 0);
    store_ask(h.service.store, (unsigned)statement, "");
    return store_number(h.service.store, (unsigned)statement);
}

/* What the steps alone can know of a store that has people, sessions and officials. */
static void an_earlier_store_begins_with_what_it_had(void **state)
{
    static const struct {
        const char *sql;
        int64_t want;
    } cases[] = {
        {"SELECT count(*) > 0 FROM session", 1},
        {"SELECT count(*) FROM session WHERE trust <> 2", 0}, /* known devices at their next refresh */
        {"SELECT count(*) FROM root_guard", 1},               /* the command line gives no office at once */
        {"SELECT count(*) FROM unions WHERE union_id > 0 AND EXISTS (SELECT 1 FROM union_pair WHERE "
         "pair = substr(lower(name), 1, 2) AND union_pair.union_id = unions.union_id) IS NOT TRUE",
         0}, /* all are found by how their names begin (and end: that is audited) */
        {"SELECT until_id = (SELECT max(member_id) FROM member) FROM contest_sweep", 1}, /* all are looked through */
    };

    (void)state;
    unstarted(&h);
    harness_off_record(&h);
    clock_fake(&h.service.clock, dump_load(h.dir, "tests/data/stores/identity/officials.sql.gz") + 1, 1);
    /* Her office, which she has acted in, was over a district. */
    dump_alter(h.dir, "UPDATE authority SET union_id = (SELECT union_id FROM unions WHERE code = '440600') "
                      "WHERE role = 2");
    harness_start(&h);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (number_of(cases[i].sql) != cases[i].want)
            fail_msg("%s", cases[i].sql);
    harness_close(&h); /* the journal has her office where it was */
}

/* What was told before the part `notice` had it. */
static void what_a_member_was_told_stays(void **state)
{
    Identity__AccountNoticeList *list;
    Rpc__Principal *who;

    (void)state;
    begin(&h);
    who = person_signed_in(&h, 1);
    harness_off_record(&h);
    harness_stop(&h);
    dump_alter(h.dir,
               "CREATE TABLE account_notice (notice_id INTEGER PRIMARY KEY, member_id INTEGER NOT NULL REFERENCES "
               "member, news INTEGER NOT NULL, about_id INTEGER NOT NULL, at INTEGER NOT NULL) STRICT; "
               "INSERT INTO account_notice SELECT member_id + 1, member_id, 2, 77, 1000 FROM member; "
               "INSERT INTO account_notice SELECT notice_id + 1, member_id, 6, 78, 2000 FROM account_notice; "
               "UPDATE part_version SET steps = 1 WHERE name = 'notices'");
    harness_start(&h);
    list = notices_of(&h, who);
    assert_int_equal(list->n_notices, 2);
    assert_int_equal(list->notices[0]->news, IDENTITY__ACCOUNT_NEWS__NEWS_DOCUMENT_TAKEN);
    assert_int_equal(list->notices[0]->about_id, 78);
    assert_int_equal(list->notices[0]->at, 2000);
    assert_int_equal(list->notices[1]->news, IDENTITY__ACCOUNT_NEWS__NEWS_MERGE_ASKED);
    assert_int_equal(list->notices[1]->notice_id, who->member_id + 1);
    end(&h);
}

/* What was asked of earlier officials waits for them in the one list. */
static void what_waited_in_an_earlier_store_is_in_the_list(void **state)
{
    static const struct {
        const char *sql;
        int64_t want;
    } cases[] = {
        {"SELECT count(*) FROM waiting JOIN join_request ON request_id = id JOIN unions USING (union_id) WHERE kind = "
         "1 "
         "AND waiting.path = unions.path",
         1},
        {"SELECT count(*) FROM waiting JOIN transfer ON transfer_id = id JOIN unions ON union_id = to_union WHERE "
         "kind = 2 AND transfer.state = 3 AND waiting.path = unions.path",
         1},
        {"SELECT count(*) FROM waiting JOIN transfer ON transfer_id = id JOIN unions ON unions.union_id = from_union "
         "JOIN unions AS above ON above.union_id = unions.parent_id WHERE kind = 2 AND transfer.state = 2 AND "
         "waiting.path = above.path",
         1}, /* objected: the level above decides */
        {"SELECT count(*) FROM waiting WHERE kind = 7", 1},
        {"SELECT count(*) FROM waiting", 4},
    };

    (void)state;
    unstarted(&h);
    harness_off_record(&h);
    clock_fake(&h.service.clock, dump_load(h.dir, "tests/data/stores/identity/memberships.sql.gz") + 1, 1);
    dump_alter(h.dir, "UPDATE join_request SET state = 1; "
                      "UPDATE transfer SET state = 2 WHERE transfer_id = (SELECT min(transfer_id) FROM transfer); "
                      "UPDATE transfer SET state = 3 WHERE transfer_id = (SELECT max(transfer_id) FROM transfer); "
                      "UPDATE union_change SET state = 1 WHERE change_id = (SELECT min(change_id) FROM union_change)");
    harness_start(&h);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (number_of(cases[i].sql) != cases[i].want)
            fail_msg("%s", cases[i].sql);
    harness_close(&h); /* the journal has them decided */
}

/* Who asked for a look at her document before such a case stood in that list. */
static void who_asked_for_a_look_in_an_earlier_store_is_in_the_list(void **state)
{
    (void)state;
    begin_with_unions(&h);
    member_of_union(&h, 1, "440604");
    assert_ok(harness_call(&h, "Stepups.AskStepUp", NULL, person_signed_in(&h, 1), NULL));
    harness_off_record(&h);
    harness_stop(&h);
    dump_alter(h.dir, "DELETE FROM waiting; UPDATE part_version SET steps = 1 WHERE name = 'waitings'");
    harness_start(&h);
    assert_int_equal(number_of("SELECT count(*) FROM waiting JOIN step_up ON step_up_id = id JOIN unions "
                               "USING (union_id) WHERE kind = 12 AND waiting.path = unions.path"),
                     1);
    end(&h);
}

static void members_of_an_earlier_store_are_found_by_their_names(void **state)
{
    static const char proven[] = "SELECT count(*) FROM member WHERE length(sealed_person) > 0 AND merged_into = 0";

    (void)state;
    open_earlier("identity/officials");
    assert_int_equal(number_of("SELECT count(*) FROM person_name"), 0);
    while (harness_tidy(&h))
        continue;
    assert_true(number_of(proven) > 0);
    assert_int_equal(number_of("SELECT count(*) FROM person_name"), number_of(proven));
    assert_int_equal(number_of("SELECT done_id = until_id FROM name_sweep"), 1);
    end(&h);
}

static void a_member_signs_in_to_the_account_that_she_has(void **state)
{
    const Identity__Session *session;
    Rpc__Principal *who;

    (void)state;
    open_earlier("identity/memberships");
    session = login(&h, "16900000500");
    assert_int_equal(session->member->member_id, INT64_C(192209604923359232));
    assert_int_equal(session->member->level, RPC__LEVEL__CATEGORY);
    who = principal_of(&h, session);
    assert_refused(step_up(&h, who, "110101190001010009"), "STEP_UP_WRONG");
    session = harness_output(&h, step_up(&h, who, "44060419900307500X"), &identity__session__descriptor);
    assert_true(*session->member->name);
    assert_int_equal(history(&h, principal_of(&h, session))->n_memberships, 3);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_was_kept_is_lost),
        cmocka_unit_test(an_earlier_store_begins_with_what_it_had),
        cmocka_unit_test(what_a_member_was_told_stays),
        cmocka_unit_test(who_asked_for_a_look_in_an_earlier_store_is_in_the_list),
        cmocka_unit_test(what_waited_in_an_earlier_store_is_in_the_list),
        cmocka_unit_test(members_of_an_earlier_store_are_found_by_their_names),
        cmocka_unit_test(a_member_signs_in_to_the_account_that_she_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
