#include "common/daemon/service_of_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "sample.pb-c.h"
#include "tests/harness.h"

#define MEMBER 3

/* A service of two parts of its own and one that it shares, whose rows are seats and
 * shows that the journal tells of. */
struct doors {
    struct store *store;
    unsigned sql;
    struct parts *parts;
};
#define DESK_PARTS(PART, SHARED) PART(tickets) PART(notes) SHARED(doors)
#define DESK_SERVICES(SERVICE)
#define desk__event__descriptor sample__event__descriptor

SERVICE_PARTS(DESK)
struct desk {
    SERVICE_MEMBERS(DESK)
    int slices, refused, worked;
    char order[64];
    int settled;
};
static struct desk *desk;

/* ---- tickets ---- */

enum { SQL_ADD, SQL_FIND, N_SQL };
static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO ticket (ticket_id, member_id) VALUES (?1, ?2)",
    [SQL_FIND] = "SELECT member_id FROM ticket WHERE ticket_id = ?1",
};

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct desk *self = arg;
    const Sample__Event *event = body;

    if (event->event_case != SAMPLE__EVENT__EVENT_SEAT_TAKEN)
        return true;
    told[0] += row->seq > 0;
    store_ask(self->tickets.store, self->tickets.sql + SQL_FIND, "i", event->seat_taken->seat_id);
    return store_number(self->tickets.store, self->tickets.sql + SQL_FIND) == event->seat_taken->member_id;
}

static bool tidy(void *arg, void *call)
{
    struct desk *self = arg;

    store_run(self->tickets.store, self->tickets.sql + SQL_ADD, "ii", (int64_t)1000 + self->slices, rpc_now(call));
    return ++self->slices < 3;
}

static bool work(void *arg)
{
    return ++((struct desk *)arg)->worked < 2;
}

static void note(struct desk *self, char what)
{
    self->order[strlen(self->order)] = what;
}

static void ticket_closed(void *arg, int64_t member_id, void *call)
{
    (void)member_id;
    (void)call;
    note(arg, 't');
}

static void ticket_merged(void *arg, int64_t gone_id, int64_t kept_id, void *call)
{
    (void)call;
    assert_true(gone_id != kept_id);
    note(arg, 't');
}

/* Two slices of what its holder has. */
static bool ticket_settle(void *arg, int64_t number, int64_t holder_id, void *call)
{
    (void)call;
    assert_int_equal(number, MEMBER);
    assert_int_equal(holder_id, 5);
    return ++((struct desk *)arg)->settled < 2;
}

static const struct part_stray strays[] = {
    {"ticket", "nobody has it", "SELECT ticket_id FROM ticket WHERE member_id = 0 LIMIT 1"},
    {NULL, NULL, NULL},
};
const struct part_spec tickets_part = {
    .tables = "ticket",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(ticket_id) FROM ticket",
    .tidy = tidy,
    .work = work,
    .agrees = agrees,
    .counts = {{"tickets", "SELECT count(*) FROM ticket"}},
    .strays = strays,
    .exports = {{&sample__seat__descriptor, "SELECT ticket_id, ticket_id AS seat_id, member_id AS day FROM ticket "
                                            "WHERE member_id = ?1 AND ticket_id > ?2 ORDER BY ticket_id LIMIT ?3"}},
    .closed = {"DELETE FROM ticket WHERE member_id = ?1"},
    .on_closed = ticket_closed,
    .merged = {"-- nothing of its own", "UPDATE ticket SET member_id = ?2 WHERE member_id = ?1"},
    .on_merged = ticket_merged,
    .settle = ticket_settle,
};

/* ---- notes: of a union, with words ---- */

static const char *const note_sql[] = {"SELECT path FROM note WHERE note_id = ?1"};

/* The last word of a note's state, and its path after every move. */
static bool notes_agree(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct desk *self = arg;
    const Sample__Event *event = body;
    const Sample__ShowChanged *changed = event->show_changed;
    bool same;

    (void)told;
    if (event->event_case != SAMPLE__EVENT__EVENT_SHOW_CHANGED)
        return true;
    *part_word(&self->parts, &notes_part, 0, changed->show_id) = changed->state;
    store_ask(self->store, self->notes.sql, "i", changed->show_id);
    same = store_row(self->store, self->notes.sql) &&
           part_path_is(&self->parts, row->seq, changed->union_path, store_text(self->store, self->notes.sql, 0));
    store_end(self->store, self->notes.sql);
    return same;
}

static bool tidy_in_vain(void *arg, void *call)
{
    struct desk *self = arg;

    self->refused++;
    rpc_refuse(call, RPC__REASON__STORE_FAILED);
    return true;
}

static void note_closed(void *arg, int64_t member_id, void *call)
{
    (void)member_id;
    (void)call;
    note(arg, 'n');
}

static void note_merged(void *arg, int64_t gone_id, int64_t kept_id, void *call)
{
    (void)gone_id;
    (void)kept_id;
    (void)call;
    note(arg, 'n');
}

static void notes_export(void *arg, struct part_export *export)
{
    Sample__Seat *messages = arena_alloc(rpc_arena(export->call), 3 * sizeof(*messages));

    (void)arg;
    for (int64_t id = 1; messages && id <= 3; id++) {
        sample__seat__init(&messages[id - 1]);
        messages[id - 1].seat_id = id;
        messages[id - 1].code = rpc_text(export->call, "note");
        if (!part_give(export, &messages[id - 1], id))
            return;
    }
}

const struct part_spec notes_part = {
    .tables = "note",
    .sql = note_sql,
    .n_sql = ARRAY_LEN(note_sql),
    .last_id = "SELECT max(note_id) FROM note",
    .tidy = tidy_in_vain,
    .agrees = notes_agree,
    .words = {{"note", "SELECT note_id, state FROM note ORDER BY note_id"}},
    .on_export = notes_export,
    .on_closed = note_closed,
    .on_merged = note_merged,
    .moves = "note.path note.other_path",
};

/* ---- doors: shared, which the chassis' events are for ---- */

static bool doors_agree(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct doors *doors = arg;
    const Rpc__ChassisEvent *event = body;

    assert_non_null(doors->parts);
    assert_ptr_equal(doors->store, doors->parts->store);
    told[0] += event && event->event_case == RPC__CHASSIS_EVENT__EVENT_MEMBER_GONE && row->seq > 0 &&
               event->member_gone->member_id == MEMBER && event->member_gone->kept_id == 5;
    return true;
}

static void hear(void *arg, void *call, const Rpc__JournalRow *row)
{
    struct doors *doors = arg;

    (void)call;
    note(parts_self(doors->parts), row->kind == 7 ? '7' : '?');
}

static const int32_t heard_kinds[] = {7, 8};
static void hear_again(void *arg, void *call, const Rpc__JournalRow *row)
{
    hear(arg, call, row);
    hear(arg, call, row);
}

const struct part_spec doors_part = {
    .follows = {{"other", heard_kinds, ARRAY_LEN(heard_kinds), hear}, {"yet another", heard_kinds, 1, hear_again}},
    .agrees = doors_agree,
    .counts = {{"gone", "SELECT count(*) FROM note WHERE state = 99"}},
};

/* ---- the service ---- */

SERVICE_TABLE(desk, DESK, .gone_before = SAMPLE__EVENT__EVENT_SEAT_TAKEN)

static const unsigned char schema[] =
    "-- step 1\n"
    "CREATE TABLE ticket (ticket_id INTEGER PRIMARY KEY, member_id INTEGER) STRICT;\n"
    "CREATE TABLE note (note_id INTEGER PRIMARY KEY, state INTEGER, path TEXT, other_path TEXT) STRICT;\n";
static const size_t schema_len = sizeof(schema) - 1;

static const struct service_spec spec = {
    .name = "desk", .about = "", .parts = &service_table, .schema = schema, .schema_len = &schema_len};

static struct harness h;

static int setup(void **state)
{
    (void)state;
    harness_open(&h, &spec, NULL);
    desk = h.service.self;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

static void take(void *call, void *arg)
{
    const int64_t *ticket_id = arg;
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;

    store_run(desk->tickets.store, desk->tickets.sql + SQL_ADD, "ii", *ticket_id, (int64_t)MEMBER);
    taken.seat_id = *ticket_id;
    taken.member_id = MEMBER;
    rpc_tell(call, &taken.base);
}

static void take_ticket(int64_t ticket_id)
{
    assert_int_equal(rpc_server_transact(h.service.rpc, take, &ticket_id), 0);
}

static void say_note(void *call, void *arg)
{
    const Sample__ShowChanged *changed = arg;

    rpc_tell(call, &changed->base);
}

/* What the journal says of a note; the test puts the row itself. */
static void tell_note(int64_t id, int state, const char *path)
{
    Sample__ShowChanged changed = SAMPLE__SHOW_CHANGED__INIT;

    changed.show_id = id;
    changed.state = (Sample__State)state;
    changed.union_path = unconst(path);
    assert_int_equal(rpc_server_transact(h.service.rpc, say_note, &changed), 0);
}

/* ---- life ---- */

static void ids_go_on_behind_the_greatest_of_all_parts(void **state)
{
    int64_t ticket_id = id_at(HARNESS_NOW) + 7 * ID_STEP;
    char add_note[96];

    (void)state;
    assert_true(desk->ids.last < id_at(HARNESS_NOW));
    take_ticket(ticket_id);
    harness_reopen(&h);
    assert_int_equal(desk->ids.last, ticket_id);
    snprintf(add_note, sizeof(add_note), "INSERT INTO note (note_id) VALUES (%lld)", (long long)(ticket_id + ID_STEP));
    harness_tamper(&h, add_note);
    harness_reopen(&h);
    assert_int_equal(desk->ids.last, ticket_id + ID_STEP);
}

static void each_part_tidies_by_itself_until_it_has_no_more(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(harness_tidy(&h) == (i < 2));
    assert_int_equal(desk->refused, 3); /* which has undone nothing of the other's */
    assert_int_equal(desk->worked, 3);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM ticket"), 3);
}

static void a_statement_with_a_fault_fails_at_the_start(void **state)
{
    static const char *const wrong[] = {"SELECT nothing FROM nowhere"};
    static const struct part_spec faults[] = {{.sql = wrong, .n_sql = 1},
                                              {.closed = {wrong[0]}},
                                              {.merged = {"-- none", "UPDATE nowhere SET a = ?1"}},
                                              {.moves = "ticket.path"},
                                              {.exports = {{&sample__seat__descriptor, "SELECT 1 FROM nowhere"}}},
                                              {.last_id = "SELECT max(id) FROM nowhere"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct part_entry entry = service_entries[1];
        struct part_table table = service_table;
        struct desk other;

        entry.spec = &faults[i];
        table.entries = &entry;
        table.n = 1;
        if (parts_open(&table, &other, h.service.store, NULL, NULL) == 0)
            fail_msg("fault %zu was taken", i);
        parts_close(&other.parts);
    }
}

static void hear_rows(void *call, void *queue)
{
    Rpc__JournalRow row = RPC__JOURNAL_ROW__INIT;

    for (row.kind = 6; row.kind < 8; row.kind++)
        service_hear(&h.service, queue, NULL, call, &row);
}

static void a_part_is_given_the_rows_that_it_follows(void **state)
{
    char other[] = "other", another[] = "another", yet_another[] = "yet another";

    (void)state;
    assert_int_equal(rpc_server_transact(h.service.rpc, hear_rows, other), 0);
    assert_int_equal(rpc_server_transact(h.service.rpc, hear_rows, another), 0);
    assert_string_equal(desk->order, "7");
    assert_int_equal(rpc_server_transact(h.service.rpc, hear_rows, yet_another), 0);
    assert_string_equal(desk->order, "777");
}

static void as_many_journals_are_followed_as_parts_read(void **state)
{
    enum { JOURNALS = 20, KINDS = 100, PARTS = 2 * JOURNALS };
    static char queues[JOURNALS][8];
    static int32_t kinds[PARTS][KINDS];
    static struct part_spec parts[PARTS];
    static struct part_entry entries[PARTS];
    const struct part_table table = {.entries = entries, .n = PARTS};
    const struct service_spec busy = {.name = "busy", .parts = &table};
    struct service service = {.spec = &busy};

    (void)state;
    for (unsigned i = 0; i < PARTS; i++) {
        snprintf(queues[i / 2], sizeof(queues[0]), "q%u", i / 2);
        for (int k = 0; k < KINDS; k++)
            kinds[i][k] = (int32_t)i * KINDS + k;
        parts[i].follows[0] = (struct service_follow){queues[i / 2], kinds[i], KINDS, hear, false};
        entries[i].spec = &parts[i];
    }
    assert_int_equal(service_gather_follows(&service), 0);
    assert_int_equal(service.n_journals, JOURNALS);
    for (unsigned i = 0; i < JOURNALS; i++) {
        assert_string_equal(service.journals[i].queue, queues[i]);
        assert_int_equal(service.journals[i].n_kinds, 2 * KINDS);
        assert_memory_equal(service.journals[i].kinds, kinds[2 * i], sizeof(kinds[0]));
        assert_memory_equal(service.journals[i].kinds + KINDS, kinds[2 * i + 1], sizeof(kinds[0]));
    }
    service_forget_follows(&service);
}

/* ---- what becomes of a person's ---- */

static void close_member(void *call, void *arg)
{
    parts_closed(&desk->parts, *(int64_t *)arg, call);
}

static void merge_member(void *call, void *arg)
{
    parts_merged(&desk->parts, *(int64_t *)arg, 5, call);
}

static void on_a_closing_all_parts_act_from_the_last_to_the_first(void **state)
{
    int64_t member_id = MEMBER;

    (void)state;
    take_ticket(7);
    harness_tamper(&h, "INSERT INTO stored_answer VALUES (3, 'a', x'', x'', x'', 1, 1), (4, 'a', x'', x'', x'', 1, 1)");
    assert_int_equal(rpc_server_transact(h.service.rpc, close_member, &member_id), 0);
    assert_string_equal(desk->order, "nt");
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM ticket"), 0);
    assert_int_equal(harness_number(&h, "SELECT group_concat(member_id) FROM stored_answer"), 4);
    assert_true(desk->erased);
    harness_tidy(&h);
    assert_false(desk->erased);
}

static void on_a_merge_they_do_too(void **state)
{
    int64_t member_id = MEMBER;

    (void)state;
    take_ticket(7);
    assert_int_equal(rpc_server_transact(h.service.rpc, merge_member, &member_id), 0);
    assert_string_equal(desk->order, "nt");
    assert_int_equal(harness_number(&h, "SELECT member_id FROM ticket WHERE ticket_id = 7"), 5);
    assert_true(parts_settle(&desk->parts, MEMBER, 5, NULL));
    assert_false(parts_settle(&desk->parts, MEMBER, 5, NULL));
}

static void move_city(void *call, void *arg)
{
    Rpc__UnionMoved moved = RPC__UNION_MOVED__INIT;

    *(bool *)arg = parts_moved(&desk->parts, "0001", "00020003", call);
    moved.old_path = "0001";
    moved.path = "00020003";
    rpc_tell(call, &moved.base);
}

static void paths_go_along_with_a_union(void **state)
{
    bool any = true;

    (void)state;
    assert_int_equal(rpc_server_transact(h.service.rpc, move_city, &any), 0);
    assert_false(any);
    harness_tamper(&h, "INSERT INTO note (note_id, path, other_path) VALUES (1, '00010007', '0003'), "
                       "(2, '0002', '0001'), (3, '0003', '00')");
    assert_int_equal(rpc_server_transact(h.service.rpc, move_city, &any), 0);
    assert_true(any);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM note WHERE path || other_path IN "
                                        "('000200030007' || '0003', '0002' || '00020003', '0003' || '00')"),
                     3);
}

/* ---- export ---- */

static const Rpc__Answer *ask_page(const char *token)
{
    Rpc__ExportRequest request = RPC__EXPORT_REQUEST__INIT;

    request.member_id = MEMBER;
    request.page_token = unconst(token);
    return harness_call(&h, "Daemon.ExportPerson", &request.base, harness_internal(&h), NULL);
}

static void all_parts_are_exported_page_by_page(void **state)
{
    const Rpc__ExportPage *page;
    const char *token = "";
    size_t n = 0, pages = 0;

    (void)state;
    for (int64_t id = 1; id <= LIMIT_EXPORT_PAGE + 50; id++)
        take_ticket(id);
    harness_tamper(&h, "INSERT INTO ticket VALUES (9000, 4)");
    do {
        page = harness_output(&h, ask_page(token), &rpc__export_page__descriptor);
        for (size_t i = 0; i < page->n_things; i++, n++) {
            char first[64];

            snprintf(first, sizeof(first), "\"seatId\":\"%zu\"",
                     n < LIMIT_EXPORT_PAGE + 50 ? n + 1 : n - LIMIT_EXPORT_PAGE - 49);
            assert_string_equal(page->things[i]->part, n < LIMIT_EXPORT_PAGE + 50 ? "tickets" : "notes");
            assert_string_equal(page->things[i]->type, "sample.Seat");
            assert_non_null(strstr(page->things[i]->json, first));
        }
        token = page->next_page_token;
        pages++;
    } while (*token);
    assert_int_equal(n, LIMIT_EXPORT_PAGE + 53);
    assert_int_equal(pages, 2);
}

static const Rpc__Answer *ask_mine(const Rpc__Principal *who)
{
    Rpc__MyExportRequest request = RPC__MY_EXPORT_REQUEST__INIT;

    request.service = "sample";
    return harness_call(&h, "Daemon.ExportMine", &request.base, who, NULL);
}

static size_t hers(int64_t member_id)
{
    Rpc__Principal *who = harness_member(&h, member_id, "0001");
    Rpc__ExportPage *page;

    who->stepped_up_until = clock_now(&h.service.clock) + 1;
    page = harness_output(&h, ask_mine(who), &rpc__export_page__descriptor);
    return page->n_things;
}

static void she_takes_her_own_just_after_she_has_proven_who_she_is(void **state)
{
    Rpc__Principal *who = harness_member(&h, MEMBER, "0001");
    size_t notes = hers(MEMBER);

    (void)state;
    who->stepped_up_until = clock_now(&h.service.clock);
    assert_refused(ask_mine(who), "STEP_UP_NEEDED");
    assert_refused(ask_mine(NULL), "MISSING_TOKEN");
    take_ticket(1);
    take_ticket(2);
    assert_int_equal(hers(MEMBER), notes + 2);
    assert_int_equal(hers(MEMBER + 1), notes); /* the notes are of this test, for whoever asks */
}

static void a_token_that_no_page_gave_is_refused(void **state)
{
    static const char *const tokens[] = {"nobody:0:1",  "tickets",   "tickets:", "tickets:9:1",
                                         "tickets:0:x", "tickets:0", ":",        "ticket:0:1"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        assert_refused(ask_page(tokens[i]), "BAD_PAGE_TOKEN");
    }
}

/* ---- the audit ---- */

static void the_audit_sees_what_was_changed_added_or_taken_away(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE ticket SET member_id = 5", "tickets: the store does not agree with journal row 1"},
        {"DELETE FROM ticket", "tickets: the store does not agree with journal row 1"},
        {"INSERT INTO ticket VALUES (8, 1)", "tickets: 2 in the store, 1 by the journal"},
        {"INSERT INTO ticket VALUES (8, 0)", "ticket 8: nobody has it"},
        {"UPDATE note SET state = 1 WHERE note_id = 2", "note 2: not as the journal last said"},
        {"INSERT INTO note VALUES (3, 1, '', '')", "note 3: not as the journal last said"},
        {"UPDATE note SET path = '0001' WHERE note_id = 1", "notes: the store does not agree with journal row 2"},
        {"DROP TABLE note", "the store lacks a table"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        bool any;

        take_ticket(7);
        tell_note(1, 1, "00010005");
        tell_note(2, 2, "0003");
        tell_note(1, 4, "00010005");
        harness_tamper(&h, "INSERT INTO note VALUES (1, 4, '00010005', ''), (2, 2, '0003', '')");
        assert_int_equal(rpc_server_transact(h.service.rpc, move_city, &any), 0);
        assert_string_equal(harness_audit(&h), "");
        harness_tamper(&h, changes[i][0]);
        if (!strstr(harness_audit(&h), changes[i][1]))
            fail_msg("after %s the audit says: %s", changes[i][0], harness_audit(&h));
        teardown(NULL);
        setup(NULL);
    }
}

/* What a service told by itself before the chassis did is a shared part's too: here the
 * message of a seat, whose first two numbers are alike. */
static void a_shared_part_hears_what_a_service_told_before(void **state)
{
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;

    (void)state;
    taken.seat_id = MEMBER;
    taken.show_id = 5;
    taken.member_id = MEMBER;
    journal_add(rpc_server_journal(h.service.rpc), 1, 0, &taken.base);
    assert_int_equal(store_commit(h.service.store), 0);
    harness_tamper(&h, "INSERT INTO ticket VALUES (3, 3)");
    assert_string_equal(harness_audit(&h), "gone: 0 in the store, 1 by the journal\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ids_go_on_behind_the_greatest_of_all_parts),
        TEST(each_part_tidies_by_itself_until_it_has_no_more),
        TEST(a_statement_with_a_fault_fails_at_the_start),
        TEST(a_part_is_given_the_rows_that_it_follows),
        cmocka_unit_test(as_many_journals_are_followed_as_parts_read),
        TEST(on_a_closing_all_parts_act_from_the_last_to_the_first),
        TEST(on_a_merge_they_do_too),
        TEST(paths_go_along_with_a_union),
        TEST(all_parts_are_exported_page_by_page),
        TEST(she_takes_her_own_just_after_she_has_proven_who_she_is),
        TEST(a_token_that_no_page_gave_is_refused),
        TEST(the_audit_sees_what_was_changed_added_or_taken_away),
        TEST(a_shared_part_hears_what_a_service_told_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
