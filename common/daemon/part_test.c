#include "common/daemon/part.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "sample.pb-c.h"
#include "tests/harness.h"

#define MEMBER 3

/* A service of two parts, whose rows are seats that the journal tells of. */
struct tickets {
    struct store *store;
    unsigned sql;
};
struct notes {
    unsigned sql;
    struct store *store;
};

struct desk {
    struct tickets tickets;
    struct notes notes;
    int slices, refused;
};

enum { SQL_ADD, SQL_FIND, N_SQL };
static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO ticket (ticket_id, member_id) VALUES (?1, ?2)",
    [SQL_FIND] = "SELECT member_id FROM ticket WHERE ticket_id = ?1",
};
static const char *const note_sql[] = {"SELECT count(*) FROM note"};

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct desk *desk = arg;
    const Sample__Event *event = body;

    if (event->event_case != SAMPLE__EVENT__EVENT_SEAT_TAKEN)
        return true;
    told[0] += row->seq > 0;
    store_ask(desk->tickets.store, desk->tickets.sql + SQL_FIND, "i", event->seat_taken->seat_id);
    return store_number(desk->tickets.store, desk->tickets.sql + SQL_FIND) == event->seat_taken->member_id;
}

static bool tidy(void *arg, void *call)
{
    struct desk *desk = arg;

    store_run(desk->tickets.store, desk->tickets.sql + SQL_ADD, "ii", (int64_t)1000 + desk->slices, rpc_now(call));
    return ++desk->slices < 3;
}

static bool tidy_in_vain(void *arg, void *call)
{
    struct desk *desk = arg;

    desk->refused++;
    rpc_refuse(call, RPC__REASON__STORE_FAILED);
    return true;
}

static const struct part_stray strays[] = {
    {"ticket", "nobody has it", "SELECT ticket_id FROM ticket WHERE member_id = 0 LIMIT 1"},
    {NULL, NULL, NULL},
};
static const struct part_spec tickets_part = {
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(ticket_id) FROM ticket",
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"tickets", "SELECT count(*) FROM ticket"}},
    .strays = strays,
};
static const struct part_spec notes_part = {
    .sql = note_sql,
    .n_sql = ARRAY_LEN(note_sql),
    .last_id = "SELECT max(note_id) FROM note",
    .tidy = tidy_in_vain,
};
static const struct part_entry entries[] = {PART_ENTRY(desk, tickets), PART_ENTRY(desk, notes)};
static const struct part_table table = {entries, ARRAY_LEN(entries), &sample__event__descriptor};

static const unsigned char schema[] = "-- step 1\n"
                                      "CREATE TABLE ticket (ticket_id INTEGER PRIMARY KEY, member_id INTEGER) STRICT;\n"
                                      "CREATE TABLE note (note_id INTEGER PRIMARY KEY) STRICT;\n";
static const size_t schema_len = sizeof(schema) - 1;
static struct desk desk;

static int start(struct service *service)
{
    desk = (struct desk){0};
    service->self = &desk;
    return parts_open(&table, &desk, service->store);
}

static int audit(struct store *store, struct journal *journal, FILE *out)
{
    struct desk read = {0};

    return parts_audit(&table, &read, store, journal, out);
}

static const struct service_spec spec = {
    .name = "desk", .about = "", .schema = schema, .schema_len = &schema_len, .start = start, .audit = audit};

static void take(void *call, void *arg)
{
    const int64_t *ticket_id = arg;
    Sample__Event event = SAMPLE__EVENT__INIT;
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;

    store_run(desk.tickets.store, desk.tickets.sql + SQL_ADD, "ii", *ticket_id, (int64_t)MEMBER);
    taken.seat_id = *ticket_id;
    taken.member_id = MEMBER;
    event.event_case = SAMPLE__EVENT__EVENT_SEAT_TAKEN;
    event.seat_taken = &taken;
    rpc_journal(call, &event.base);
}

static void ids_go_on_behind_the_greatest_of_all_parts(void **state)
{
    struct harness h;
    int64_t ticket_id = 7;

    (void)state;
    harness_open(&h, &spec, NULL);
    assert_int_equal(parts_last_id(&table, h.service.store), 0);
    assert_int_equal(rpc_server_transact(h.service.rpc, take, &ticket_id), 0);
    assert_int_equal(parts_last_id(&table, h.service.store), 7);
    harness_tamper(&h, "INSERT INTO note VALUES (9)");
    assert_int_equal(parts_last_id(&table, h.service.store), 9);
    harness_close(&h);
}

static void each_part_tidies_by_itself_until_it_has_no_more(void **state)
{
    struct harness h;

    (void)state;
    harness_open(&h, &spec, NULL);
    assert_true(parts_tidy(&table, &desk, h.service.rpc));
    assert_true(parts_tidy(&table, &desk, h.service.rpc));
    assert_false(parts_tidy(&table, &desk, h.service.rpc));
    assert_int_equal(desk.refused, 3); /* which has undone nothing of the other's */
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM ticket"), 3);
    harness_close(&h);
}

static void the_audit_sees_what_was_changed_added_or_taken_away(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE ticket SET member_id = 5", "the store does not agree with journal row 1"},
        {"DELETE FROM ticket", "the store does not agree with journal row 1"},
        {"INSERT INTO ticket VALUES (8, 1)", "tickets: 2 in the store, 1 by the journal"},
        {"INSERT INTO ticket VALUES (8, 0)", "ticket 8: nobody has it"},
        {"DROP TABLE note", "the store lacks a table"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        struct harness h;
        int64_t ticket_id = 7;

        harness_open(&h, &spec, NULL);
        assert_int_equal(rpc_server_transact(h.service.rpc, take, &ticket_id), 0);
        assert_string_equal(harness_audit(&h), "");
        harness_tamper(&h, changes[i][0]);
        assert_non_null(strstr(harness_audit(&h), changes[i][1]));
        harness_close(&h);
    }
}

static void a_statement_with_a_fault_fails_at_the_start(void **state)
{
    static const char *const wrong[] = {"SELECT nothing FROM nowhere"};
    static const struct part_spec wrong_part = {.sql = wrong, .n_sql = 1};
    static const struct part_entry wrong_entries[] = {
        {&wrong_part, offsetof(struct desk, notes.store), offsetof(struct desk, notes.sql)}};
    static const struct part_table wrong_table = {wrong_entries, 1, &sample__event__descriptor};
    struct harness h;

    (void)state;
    harness_open(&h, &spec, NULL);
    assert_int_equal(parts_open(&wrong_table, &desk, h.service.store), -1);
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_go_on_behind_the_greatest_of_all_parts),
        cmocka_unit_test(each_part_tidies_by_itself_until_it_has_no_more),
        cmocka_unit_test(the_audit_sees_what_was_changed_added_or_taken_away),
        cmocka_unit_test(a_statement_with_a_fault_fails_at_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
