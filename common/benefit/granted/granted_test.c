/* A theatre whose seats count with what others give; it is known to them as coupon. */
#include "common/benefit/granted/granted_fixture.h"

#include "common/benefit/benefit_fixture.h"

#define HELD      GRANTED__GRANT_STATE__HELD
#define SPENT     GRANTED__GRANT_STATE__SPENT
#define BACK      GRANTED__GRANT_STATE__GIVEN_BACK
#define WITHDRAWN GRANTED__GRANT_STATE__WITHDRAWN
#define HOUR_MS   INT64_C(3600000)
#define DAY_MS    (24 * HOUR_MS)
#define GROUP     5
#define CEILING   6
#define YUAN      100

#define THEATRE_PARTS(PART, SHARED) SHARED(holders) SHARED(granted)
#define THEATRE_SERVICES(SERVICE)   SERVICE(Sample__Shows, shows)
#define theatre__event__descriptor  sample__event__descriptor
SERVICE_PARTS(THEATRE)
struct theatre {
    SERVICE_MEMBERS(THEATRE)
    int64_t taken[64]; /* back, of seats that were not used */
    unsigned n_taken;
};

const Sample__Shows_Service shows_api = {.base = SAMPLE__SHOWS__BASE_INIT};

static void withdraw(void *self, int64_t source_id, void *call)
{
    struct theatre *theatre = self;

    (void)call;
    assert_true(theatre->n_taken < ARRAY_LEN(theatre->taken));
    theatre->taken[theatre->n_taken++] = source_id;
}

static const struct granted_kind kind = {"coupon", withdraw};

static int start(struct service *service)
{
    struct theatre *theatre = service->self;

    return granted_start(&theatre->granted, &kind, &theatre->holders);
}

static void done(void *self)
{
    granted_done(&((struct theatre *)self)->granted);
}

SERVICE_TABLE(theatre, THEATRE)

static const struct service_spec theatre_spec = {.name = "sample", .parts = &service_table, .start = start};

static int setup(void **state)
{
    (void)state;
    return begin(&theatre_spec, done, NULL);
}

static struct theatre *theatre(void)
{
    return h.service.self;
}

static struct granted *granted(void)
{
    return &theatre()->granted;
}

static int64_t now(void)
{
    return clock_now(&h.service.clock);
}

/* ---- what is done ---- */

struct noting {
    struct grant grant;
    bool refused;
};

static void do_note(void *call, void *arg)
{
    const struct noting *noting = arg;

    assert_int_equal(granted_note(granted(), &noting->grant, call), 0);
    if (noting->refused)
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

static struct grant grant_of(int64_t source_id, int64_t member_id, int64_t fen, int64_t ceiling_fen)
{
    return (struct grant){source_id, member_id, GROUP, ceiling_fen ? CEILING : 0, ceiling_fen, fen};
}

/* A seat of a hundred yuan's worth under a ceiling, 0: under none. */
static void note(int64_t source_id, int64_t member_id, int64_t ceiling_fen)
{
    struct noting noting = {grant_of(source_id, member_id, 100 * YUAN, ceiling_fen), false};

    assert_int_equal(rpc_server_transact(h.service.rpc, do_note, &noting), 0);
}

static void note_refused(int64_t source_id, int64_t member_id)
{
    struct noting noting = {grant_of(source_id, member_id, 100 * YUAN, 0), true};

    assert_int_not_equal(rpc_server_transact(h.service.rpc, do_note, &noting), 0);
}

static void do_set(void *call, void *arg)
{
    const int64_t *what = arg;

    granted_set(granted(), what[0], what[1], (int)what[2], call);
}

static void set(int64_t source_id, int64_t member_id, int state)
{
    int64_t what[] = {source_id, member_id, state};

    assert_int_equal(rpc_server_transact(h.service.rpc, do_set, what), 0);
}

/* ---- what is heard of health ---- */

static void hear_note(int64_t source_id, int64_t member_id, int64_t at, int64_t fen, int64_t ceiling_fen)
{
    const struct grant grant = grant_of(source_id, member_id, fen, ceiling_fen);

    hear_given(&h, "health", &grant, at);
}

static void hear_set(int64_t source_id, int64_t member_id, int state)
{
    hear_grant_state(&h, "health", source_id, member_id, state);
}

static int64_t count(int64_t member_id)
{
    return granted_count(granted(), member_id, GROUP, 0);
}

static int64_t value(int64_t member_id)
{
    return granted_value(granted(), member_id, CEILING, now());
}

static int64_t state_of(int64_t source_id)
{
    char text[96];

    snprintf(text, sizeof(text), "SELECT state FROM granted WHERE source_id = %lld", (long long)source_id);
    write_granted(&h, granted());
    return harness_number(&h, text);
}

/* What is due soon after. */
static void settle(void)
{
    while (parts_tidy(&theatre()->parts))
        ;
}

/* ---- the tests ---- */

static void what_she_was_given_is_counted(void **state)
{
    int64_t then = now();

    (void)state;
    note(1, 7, 500 * YUAN);
    clock_step(&h.service.clock, DAY_MS);
    note(2, 7, 0);
    note(2, 7, 0); /* once */
    note(3, 8, 0);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(count(7), 2);
        assert_int_equal(count(8), 1);
        assert_int_equal(count(9), 0);
        assert_int_equal(granted_count(granted(), 7, GROUP, then + 1), 1);
        assert_int_equal(granted_count(granted(), 7, GROUP + 1, 0), 0);
        assert_int_equal(granted_last(granted(), 7, GROUP), then + DAY_MS);
        assert_int_equal(granted_last(granted(), 9, GROUP), 0);
        assert_int_equal(granted_value(granted(), 7, CEILING, now()), 100 * YUAN);
        assert_int_equal(granted_value(granted(), 7, CEILING, now() + 366 * DAY_MS), 0);
        assert_int_equal(granted_value(granted(), 7, CEILING + 1, now()), 0);
        harness_reopen(&h);
    }
    set(2, 7, BACK);
    set(99, 7, SPENT);
    assert_int_equal(count(7), 1);
    assert_int_equal(state_of(2), BACK);
    clock_step(&h.service.clock, DAY_MS);
    set(2, 7, HELD); /* anew */
    assert_int_equal(count(7), 2);
    assert_int_equal(granted_last(granted(), 7, GROUP), now());
    harness_reopen(&h);
    assert_int_equal(granted_last(granted(), 7, GROUP), now());
}

/* 2026-08-19 was a Wednesday. */
static void periods_begin_in_beijing(void **state)
{
    static const struct {
        int64_t at;
        int period;
        int64_t since;
    } cases[] = {
        {1787155199999, GRANTED__PERIOD__DAY, 1787068800000},    /* 08-19 23:59:59.999 there */
        {1787155200000, GRANTED__PERIOD__DAY, 1787155200000},    /* 08-20 00:00 */
        {1787155199999, GRANTED__PERIOD__WEEK, 1786896000000},   /* Monday 08-17 */
        {1786896000000, GRANTED__PERIOD__WEEK, 1786896000000},   /* itself */
        {1786895999999, GRANTED__PERIOD__WEEK, 1786291200000},   /* Sunday: 08-10 */
        {1787155199999, GRANTED__PERIOD__MONTH, 1785513600000},  /* 08-01 */
        {1787155199999, GRANTED__PERIOD__SEASON, 1782835200000}, /* 07-01 */
        {1782835199999, GRANTED__PERIOD__SEASON, 1774972800000}, /* 04-01 */
        {1787155199999, GRANTED__PERIOD__YEAR, 1767196800000},   /* 01-01 */
        {1767196799999, GRANTED__PERIOD__YEAR, 1735660800000},   /* 2025-01-01 */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(granted_since(cases[i].at, cases[i].period), cases[i].since);
}

static void a_name_of_another_union_is_another_one(void **state)
{
    (void)state;
    assert_int_equal(granted_key(1, "餐补"), granted_key(1, "餐补"));
    assert_int_not_equal(granted_key(1, "餐补"), granted_key(2, "餐补"));
    assert_int_not_equal(granted_key(1, "餐补"), granted_key(1, "餐"));
    assert_true(granted_key(1, "餐补") > 0);
}

static void what_others_have_given_counts_once(void **state)
{
    (void)state;
    note(1, 7, 500 * YUAN);
    hear_note(1, 7, now() + 1, 50 * YUAN, 500 * YUAN); /* by the same number: it is another service's */
    hear_note(1, 7, now() + 1, 50 * YUAN, 500 * YUAN);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(count(7), 2);
        assert_int_equal(value(7), 150 * YUAN);
        assert_int_equal(granted_last(granted(), 7, GROUP), now() + 1);
        harness_reopen(&h);
    }
    hear_set(1, 7, SPENT);
    assert_int_equal(count(7), 2);
    hear_set(1, 7, BACK);
    hear_set(2, 7, BACK); /* was never heard of */
    assert_int_equal(count(7), 1);
    hear_note(1, 7, now() + 1, 50 * YUAN, 500 * YUAN); /* comes again */
    assert_int_equal(count(7), 1);
    hear_note(1, 7, now() + 2, 50 * YUAN, 500 * YUAN); /* was given anew */
    assert_int_equal(count(7), 2);
    harness_reopen(&h);
    assert_int_equal(count(7), 2);
}

static void what_any_other_service_gives_counts_with_it(void **state)
{
    static const char *const others[] = {"health", "subsidy"};

    (void)state;
    note(1, 7, 500 * YUAN);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        const struct grant grant = grant_of(1, 7, 50 * YUAN, 500 * YUAN); /* the same id is another one's */

        hear_given(&h, others[i], &grant, now());
        assert_int_equal(value(7), (100 + 50 * ((int64_t)i + 1)) * YUAN);
    }
    hear_grant_state(&h, "subsidy", 1, 7, BACK);
    assert_int_equal(value(7), 150 * YUAN);
    harness_reopen(&h);
    assert_int_equal(value(7), 150 * YUAN);
}

static void of_two_above_the_ceiling_the_later_goes(void **state)
{
    static const struct {
        int64_t later_ms, source_id; /* of the other, than mine, which is 5 */
        bool goes;                   /* mine */
    } cases[] = {{1, 5, false}, {-1, 9, true}, {0, 4, true}, {0, 6, false}, {0, 5, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t member_id = 100 + (int64_t)i, mine = 5 + 1000 * (int64_t)i;

        note(mine, member_id, 150 * YUAN);
        hear_note(cases[i].source_id + 1000 * (int64_t)i, member_id, now() + cases[i].later_ms, 100 * YUAN, 150 * YUAN);
        assert_int_equal(theatre()->n_taken, cases[i].goes ? 1 : 0);
        assert_int_equal(state_of(mine), cases[i].goes ? WITHDRAWN : HELD);
        if (cases[i].goes)
            assert_int_equal(theatre()->taken[0], mine);
        assert_int_equal(count(member_id), cases[i].goes ? 1 : 2);
        theatre()->n_taken = 0;
    }
    /* Enough for both; another year; another ceiling. */
    note(50, 7, 200 * YUAN);
    hear_note(50, 7, now() - 1, 100 * YUAN, 150 * YUAN);
    note(51, 8, 150 * YUAN);
    hear_note(51, 8, now() - 367 * DAY_MS, 100 * YUAN, 150 * YUAN);
    note(52, 9, 0);
    hear_note(52, 9, now() - 1, 100 * YUAN, 1);
    assert_int_equal(theatre()->n_taken, 0);
}

/* One withdrawn that is found to have been spent nevertheless has passed, and counts. */
static void what_was_withdrawn_and_spent_has_passed(void **state)
{
    (void)state;
    note(5, 7, 150 * YUAN);
    hear_note(9, 7, now() - 1, 100 * YUAN, 150 * YUAN);
    assert_int_equal(state_of(5), WITHDRAWN);
    set(5, 7, BACK);
    assert_int_equal(state_of(5), WITHDRAWN);
    set(5, 7, SPENT);
    set(5, 7, SPENT);
    assert_int_equal(state_of(5), GRANTED__GRANT_STATE__PASSED);
    assert_int_equal(value(7), 200 * YUAN);
}

static void what_is_spent_stays(void **state)
{
    (void)state;
    note(5, 7, 150 * YUAN);
    set(5, 7, SPENT);
    hear_note(9, 7, now() - 1, 100 * YUAN, 150 * YUAN);
    assert_int_equal(theatre()->n_taken, 0);
    assert_int_equal(value(7), 200 * YUAN);
}

/* What another service is going to take back leaves its room to what came behind; when it was spent, it does not. */
static void what_will_be_withdrawn_leaves_room(void **state)
{
    (void)state;
    hear_note(1, 7, now() - 3, 100 * YUAN, 200 * YUAN);
    hear_note(2, 7, now() - 2, 150 * YUAN, 200 * YUAN);
    note(5, 7, 200 * YUAN);
    hear_note(3, 7, now() + 9, 1, 200 * YUAN); /* is judged anew */
    assert_int_equal(theatre()->n_taken, 0);
    hear_set(2, 7, SPENT);
    assert_int_equal(theatre()->n_taken, 1);
    assert_int_equal(state_of(5), WITHDRAWN);
}

static void who_is_kept_of_two_has_got_what_either_has(void **state)
{
    (void)state;
    note(1, 10, 150 * YUAN);
    clock_step(&h.service.clock, 1);
    note(2, 20, 150 * YUAN);
    note(3, 30, 0);
    hear_note(4, 40, now(), 1, 0);
    hear_merged(&h, 20, 30);
    assert_int_equal(count(30), 2);
    assert_int_equal(count(20), 2); /* by a session that has not ended yet */
    hear_merged(&h, 40, 10);
    hear_merged(&h, 30, 10);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(count(10), 4);
        assert_int_equal(count(20), 4);
        harness_reopen(&h);
    }
    settle();
    assert_int_equal(theatre()->n_taken, 1);
    assert_int_equal(theatre()->taken[0], 2);
    assert_int_equal(count(10), 3);
    note(6, 20, 0);
    hear_note(7, 40, now(), 1, 0);
    assert_int_equal(count(10), 5);
    hear_closed(&h, 10);
    settle();
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM granted"), 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM granted_elsewhere"), 0);
    assert_int_equal(count(10), 0);
    hear_note(8, 20, now(), 1, 0);
    assert_int_equal(count(20), 0);
}

static void what_is_undone_is_forgotten(void **state)
{
    (void)state;
    note(1, 7, 0);
    note_refused(2, 7);
    note_refused(3, 8);
    assert_int_equal(count(7), 1);
    assert_int_equal(count(8), 0);
    note(2, 7, 0);
    assert_int_equal(count(7), 2);
}

static int64_t rows(void)
{
    return harness_number(&h, "SELECT count(*) FROM granted");
}

/* A rush of claims writes no rows; whatever comes before they are written, and if the service dies, nothing is lost. */
static void rows_are_written_when_few_calls_come(void **state)
{
    (void)state;
    note(1, 7, 150 * YUAN);
    note(2, 8, 150 * YUAN);
    note(3, 8, 0);
    note(4, 9, 0);
    note(5, 10, 0);
    assert_int_equal(rows(), 0);
    hear_note(9, 7, now() - 1, 100 * YUAN, 150 * YUAN); /* withdraws it */
    set(2, 8, SPENT);
    set(5, 10, BACK);
    hear_closed(&h, 9);
    assert_int_equal(rows(), 3); /* each with what became of it */
    for (int again = 0; again < 2; again++) {
        assert_int_equal(theatre()->n_taken, 1);
        assert_int_equal(count(7), 1);
        assert_int_equal(count(8), 2);
        assert_int_equal(count(9), 0);
        assert_int_equal(count(10), 0);
        harness_reopen(&h);
        theatre()->n_taken = 1;
    }
    settle();
    clock_step(&h.service.clock, 1);
    settle();
    assert_int_equal(rows(), 4);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM granted_dropped"), 0);
    assert_int_equal(harness_number(&h, "SELECT group_concat(state, '') FROM (SELECT state FROM granted ORDER BY "
                                        "source_id)"),
                     WITHDRAWN * 1000 + SPENT * 100 + HELD * 10 + BACK);
    harness_reopen(&h);
    assert_int_equal(count(7), 1);
    assert_int_equal(count(8), 2);
    assert_int_equal(count(9), 0);
    assert_int_equal(count(10), 0);
    set(5, 10, HELD);
    assert_int_equal(count(10), 1);
    assert_string_equal(harness_audit(&h), "");
    /* Nor is what was dropped kept in mind once it is behind what was written. */
    note(6, 11, 0);
    hear_closed(&h, 11);
    settle();
    clock_step(&h.service.clock, 1);
    settle();
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM granted_dropped"), 0);
    /* What the journal told since then wrote no row: the start does not read it again, it may be in the archive. */
    settle();
    clock_step(&h.service.clock, 1000);
    settle();
    assert_int_equal(harness_number(&h, "SELECT max(journal.seq) - granted_upto.seq FROM journal, granted_upto"), 0);
}

/* Whatever was done, undone, merged and closed: memory has what the store has. */
static void memory_follows_the_store(void **state)
{
    uint32_t seed = 4711;
    int64_t before[40];

    (void)state;
    for (int64_t id = 1; id <= 3000; id++) {
        int64_t member_id, other_id;

        seed = seed * 1664525 + 1013904223;
        member_id = 1 + (seed >> 8) % 39;
        other_id = 1 + (seed >> 16) % 39;
        switch ((seed >> 24) % 16) {
        case 0:
            if (id % 5 == 0)
                hear_merged(&h, member_id, other_id);
            break;
        case 1:
            if (id % 20 == 0)
                hear_closed(&h, member_id);
            break;
        case 2:
            note_refused(id, member_id);
            break;
        case 3:
            set(id - 1, member_id, BACK);
            break;
        case 4:
            hear_set(id - 1, member_id, BACK);
            break;
        case 5:
        case 6:
        case 7:
            hear_note(id, member_id, now(), 1, 0);
            break;
        default:
            note(id, member_id, 0);
            break;
        }
        if (id % 100 == 0)
            harness_forget(&h);
        if (id % 700 == 0)
            write_granted(&h, granted());
    }
    settle();
    for (int64_t member_id = 1; member_id < 40; member_id++)
        before[member_id] = count(member_id);
    for (int again = 0; again < 2; again++) {
        harness_reopen(&h);
        for (int64_t member_id = 1; member_id < 40; member_id++)
            assert_int_equal(count(member_id), before[member_id]);
        write_granted(&h, granted());
    }
    assert_int_equal(
        granted_index_size(granted()->index),
        harness_number(&h, "SELECT (SELECT count(*) FROM granted) + (SELECT count(*) FROM granted_elsewhere)"));
    assert_true(granted_index_size(granted()->index) > 100);
}

static void she_is_given_what_she_has_got(void **state)
{
    struct exported all;

    (void)state;
    for (int64_t id = 1; id <= 300; id++)
        note(id, 7, 0);
    hear_note(1, 7, now() - 5, 7700777, 0);
    note(301, 8, 0);
    all = export_person(&h, 7);
    assert_int_equal(exported_count(&all, "granted", ""), 301);
    assert_int_equal(exported_count(&all, "granted", "\"health\""), 1);
    assert_int_equal(exported_count(&all, "granted", "\"7700777\""), 1);
}

static void what_no_rule_asks_for_is_dropped(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 500; i++)
        note(id_at(now()) + i, 7 + i % 3, 0);
    hear_note(id_at(now()), 7, now(), 1, 0);
    clock_step(&h.service.clock, 729 * DAY_MS); /* 2027-12-31 */
    note(id_at(now()), 7, 0);
    write_granted(&h, granted());
    settle();
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM granted"), 501);
    clock_step(&h.service.clock, DAY_MS); /* the year after the next has begun */
    settle();
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM granted"), 1);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM granted_elsewhere"), 0);
    assert_int_equal(granted_index_size(granted()->index), 1);
    assert_int_equal(count(7), 1);
}

static void a_row_that_was_changed_is_found(void **state)
{
    static const char *const changes[] = {
        "UPDATE granted SET state = 3 WHERE source_id = 2",
        "UPDATE granted SET fen = 1 WHERE source_id = 1",
        "UPDATE granted SET member_id = 9 WHERE source_id = 1",
        "INSERT INTO granted SELECT 9, member_id, group_key, ceiling_key, ceiling_fen, fen, at, state, journal_seq "
        "FROM granted WHERE source_id = 1",
    };

    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        note(1, 7, 0);
        note(2, 7, 0);
        set(2, 7, SPENT);
        write_granted(&h, granted());
        assert_found(&h, changes[i], NULL);
        harness_close(&h);
        setup(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_she_was_given_is_counted),
        cmocka_unit_test(periods_begin_in_beijing),
        cmocka_unit_test(a_name_of_another_union_is_another_one),
        TEST(what_others_have_given_counts_once),
        TEST(what_any_other_service_gives_counts_with_it),
        TEST(of_two_above_the_ceiling_the_later_goes),
        TEST(what_was_withdrawn_and_spent_has_passed),
        TEST(what_is_spent_stays),
        TEST(what_will_be_withdrawn_leaves_room),
        TEST(who_is_kept_of_two_has_got_what_either_has),
        TEST(what_is_undone_is_forgotten),
        TEST(rows_are_written_when_few_calls_come),
        TEST(memory_follows_the_store),
        TEST(she_is_given_what_she_has_got),
        TEST(what_no_rule_asks_for_is_dropped),
        TEST(a_row_that_was_changed_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
