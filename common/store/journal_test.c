#include "common/base/bytes.h"
#include "common/store/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/base/limits.h"
#include "common/base/sha256.h"
#include "sample.pb-c.h"
#include "tests/harness.h"

#define NOW HARNESS_NOW

enum { SQL_ROW, SQL_SET, SQL_MOVE, SQL_DELETE, N_SQL };
static const char *const sql[N_SQL] = {
    [SQL_ROW] = "SELECT at, kind, actor, body, hash FROM journal WHERE seq = ?1",
    [SQL_SET] = "UPDATE journal SET at = ?2, kind = ?3, actor = ?4, body = ?5, hash = ?6 WHERE seq = ?1",
    [SQL_MOVE] = "UPDATE journal SET seq = ?2 WHERE seq = ?1",
    [SQL_DELETE] = "DELETE FROM journal WHERE seq = ?1",
};

struct row {
    int64_t at, kind, actor;
    unsigned char body[LIMIT_EVENT], hash[JOURNAL_HASH_LEN];
    size_t body_len;
};

static char dir[32];
static struct store *store;
static struct journal journal;
static struct arena arena;

static void open_journal(void)
{
    const struct store_options options = {.dir = dir, .sql = sql, .n_sql = N_SQL};

    store = store_open(&options);
    assert_non_null(store);
    assert_int_equal(journal_open(&journal, store), 0);
    journal_events(&journal, &sample__event__descriptor);
}

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/huigong-journal-XXXXXX");
    assert_non_null(mkdtemp(dir));
    arena_init(&arena, 16 << 20);
    open_journal();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_close(store);
    arena_done(&arena);
    harness_remove_dir(dir);
    return 0;
}

/* An event of kind 2 whose body depends on the number. */
static void add(int64_t now, int64_t actor, int64_t number)
{
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;

    taken.seat_id = number;
    taken.member_id = actor;
    journal_add(&journal, now, actor, &taken.base);
}

/* An event of kind 1. */
static void add_change(int64_t now)
{
    Sample__ShowChanged changed = SAMPLE__SHOW_CHANGED__INIT;

    changed.show_id = 9;
    journal_add(&journal, now, 3, &changed.base);
}

static void commit(void)
{
    int reason = store_commit(store);

    assert_int_equal(reason, 0);
    journal_batch_end(&journal, true);
}

static void read_row(int64_t seq, struct row *ret)
{
    const void *bytes;
    size_t len;

    store_ask(store, SQL_ROW, "i", seq);
    assert_true(store_row(store, SQL_ROW));
    ret->at = store_int(store, SQL_ROW, 0);
    ret->kind = store_int(store, SQL_ROW, 1);
    ret->actor = store_int(store, SQL_ROW, 2);
    bytes = store_blob(store, SQL_ROW, 3, &ret->body_len);
    assert_true(ret->body_len <= sizeof(ret->body));
    memcpy(ret->body, bytes, ret->body_len);
    bytes = store_blob(store, SQL_ROW, 4, &len);
    assert_int_equal(len, sizeof(ret->hash));
    memcpy(ret->hash, bytes, len);
    store_end(store, SQL_ROW);
}

static void write_row(int64_t seq, const struct row *row)
{
    assert_int_equal(store_run(store, SQL_SET, "iiiibb", seq, row->at, row->kind, row->actor, row->body, row->body_len,
                               row->hash, sizeof(row->hash)),
                     1);
    assert_is_reason(store_commit(store), 0);
}

/* What the audit prints; "" when the journal is sound. */
static const char *audit(int64_t *ret_rows)
{
    static char text[200];
    FILE *out = fmemopen(text, sizeof(text), "w");
    int result;

    text[0] = '\0';
    result = journal_audit(&journal, out, NULL, NULL, ret_rows);
    fclose(out);
    assert_int_equal(result, *text ? -1 : 0);
    return text;
}

static void assert_audit_names(int64_t seq)
{
    char want[64], missing[64];
    int64_t rows;
    const char *text = audit(&rows);

    snprintf(want, sizeof(want), "journal: row %lld does not match its hash\n", (long long)seq);
    snprintf(missing, sizeof(missing), "journal: row %lld is missing\n", (long long)seq);
    if (strcmp(text, missing) != 0)
        assert_string_equal(text, want);
}

static void assert_sound(int64_t rows_wanted)
{
    int64_t rows = -1;

    assert_string_equal(audit(&rows), "");
    assert_int_equal(rows, rows_wanted);
}

static void a_row_carries_the_hash_of_all_before_it(void **state)
{
    unsigned char before[32] = {0}, bytes[32 + 28 + LIMIT_EVENT], hash[32];

    (void)state;
    add(NOW, 77, 1);
    add_change(NOW + 5);
    add(NOW + 7, -1, INT64_MAX);
    commit();
    for (int64_t seq = 1; seq <= 3; seq++) {
        struct row row;

        read_row(seq, &row);
        memcpy(bytes, before, 32);
        put_be64(bytes + 32, (uint64_t)seq);
        put_be64(bytes + 40, (uint64_t)row.at);
        put_be32(bytes + 48, (uint32_t)row.kind);
        put_be64(bytes + 52, (uint64_t)row.actor);
        memcpy(bytes + 60, row.body, row.body_len);
        sha256_of(bytes, 60 + row.body_len, hash);
        assert_memory_equal(hash, row.hash, 32);
        memcpy(before, hash, 32);
    }
    assert_memory_equal(journal.tip.hash, before, 32);
    assert_sound(3);
}

static void a_row_says_what_who_and_when(void **state)
{
    Sample__Event *event;
    struct row row;

    (void)state;
    add(NOW, 77, 123456);
    commit();
    read_row(1, &row);
    assert_int_equal(row.at, NOW);
    assert_int_equal(row.kind, SAMPLE__EVENT__EVENT_SEAT_TAKEN);
    assert_int_equal(row.actor, 77);
    event = sample__event__unpack(NULL, row.body_len, row.body);
    assert_non_null(event);
    assert_int_equal(event->seat_taken->seat_id, 123456);
    sample__event__free_unpacked(event, NULL);
}

static void a_row_may_tell_a_fact_of_the_chassis_and_one_of_the_service(void **state)
{
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;
    Granted__Granted granted = GRANTED__GRANTED__INIT;
    int32_t kind = RPC__CHASSIS_EVENT__EVENT_GRANTED;
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;
    Rpc__ChassisEvent *chassis;
    Sample__Event *own;

    (void)state;
    add(NOW, 1, 1);
    taken.seat_id = 7;
    granted.source_id = 8;
    journal_add_both(&journal, NOW, 77, &granted.base, &taken.base);
    add(NOW, 1, 2);
    commit();
    request.kinds = &kind;
    request.n_kinds = 1;
    journal_read(&journal, &request, &arena, &page);
    assert_int_equal(page.n_rows, 1);
    assert_int_equal(page.rows[0]->seq, 2);
    assert_int_equal(page.rows[0]->kind, kind);
    chassis = rpc__chassis_event__unpack(&arena.allocator, page.rows[0]->body.len, page.rows[0]->body.data);
    own = sample__event__unpack(&arena.allocator, page.rows[0]->body.len, page.rows[0]->body.data);
    assert_int_equal(chassis->event_case, kind);
    assert_int_equal(chassis->granted->source_id, 8);
    assert_int_equal(own->event_case, SAMPLE__EVENT__EVENT_SEAT_TAKEN);
    assert_int_equal(own->seat_taken->seat_id, 7);
    assert_sound(3);
}

static void the_chain_goes_on_after_a_restart(void **state)
{
    (void)state;
    add(NOW, 1, 1);
    add(NOW, 1, 2);
    commit();
    store_close(store);
    open_journal();
    assert_int_equal(journal.tip.seq, 2);
    assert_int_equal(journal.tip.at, NOW);
    add(NOW + 1, 1, 3);
    commit();
    assert_sound(3);
}

static void time_never_decreases_along_it(void **state)
{
    struct row row;

    (void)state;
    add(NOW, 1, 1);
    add(NOW - 5000, 1, 2);
    commit();
    store_close(store);
    open_journal();
    add(NOW - 1, 1, 3);
    add(NOW + 1, 1, 4);
    commit();
    for (int64_t seq = 1; seq <= 4; seq++) {
        read_row(seq, &row);
        assert_int_equal(row.at, seq < 4 ? NOW : NOW + 1);
    }
    assert_sound(4);
}

static void the_audit_names_each_row_that_was_changed(void **state)
{
    struct row row, changed;

    (void)state;
    for (int i = 1; i <= 4; i++)
        add(NOW + i, 1000 + i, i * 7919);
    commit();
    for (int64_t seq = 1; seq <= 4; seq++) {
        read_row(seq, &row);
        for (int bit = 0; bit < 64; bit++) {
            changed = row;
            changed.at ^= (int64_t)(UINT64_C(1) << bit);
            write_row(seq, &changed);
            assert_audit_names(seq);
            changed = row;
            changed.actor ^= (int64_t)(UINT64_C(1) << bit);
            write_row(seq, &changed);
            assert_audit_names(seq);
        }
        for (int bit = 0; bit < 31; bit++) {
            changed = row;
            changed.kind ^= INT64_C(1) << bit;
            write_row(seq, &changed);
            assert_audit_names(seq);
        }
        for (size_t i = 0; i < row.body_len; i++) {
            changed = row;
            changed.body[i] ^= 0x10;
            write_row(seq, &changed);
            assert_audit_names(seq);
        }
        changed = row;
        changed.body_len--;
        write_row(seq, &changed);
        assert_audit_names(seq);
        for (size_t i = 0; i < sizeof(row.hash); i++) {
            changed = row;
            changed.hash[i] ^= 1;
            write_row(seq, &changed);
            assert_audit_names(seq);
        }
        write_row(seq, &row);
        assert_sound(4);
    }
}

static void the_audit_names_a_row_that_was_moved_or_deleted(void **state)
{
    (void)state;
    for (int i = 1; i <= 5; i++)
        add(NOW, 1, i);
    commit();
    for (int64_t seq = 1; seq <= 4; seq++) {
        assert_int_equal(store_run(store, SQL_MOVE, "ii", seq, INT64_C(50)), 1);
        assert_audit_names(seq);
        assert_int_equal(store_run(store, SQL_MOVE, "ii", INT64_C(50), seq), 1);
    }
    assert_int_equal(store_run(store, SQL_MOVE, "ii", INT64_C(1), INT64_C(0)), 1);
    assert_audit_names(1);
    assert_int_equal(store_run(store, SQL_MOVE, "ii", INT64_C(0), INT64_C(1)), 1);
    assert_sound(5);
    assert_int_equal(store_run(store, SQL_DELETE, "i", INT64_C(3)), 1);
    assert_audit_names(3);
    assert_is_reason(store_commit(store), 0);
}

static bool visit_until_3(const Rpc__JournalRow *row, void *arg)
{
    int64_t *last = arg;

    assert_int_equal(row->seq, *last + 1);
    *last = row->seq;
    return row->seq < 3;
}

static void the_auditor_of_a_service_sees_each_row_once(void **state)
{
    int64_t rows = -1, last = 0;

    (void)state;
    add(NOW, 1, 1);
    add(NOW, 1, 2);
    commit();
    assert_int_equal(journal_audit(&journal, stderr, visit_until_3, &last, &rows), 0);
    assert_int_equal(last, 2);
    add(NOW, 1, 3);
    add(NOW, 1, 4);
    commit();
    last = 0;
    assert_int_equal(journal_audit(&journal, stderr, visit_until_3, &last, &rows), -1);
    assert_int_equal(last, 3);
}

static void a_call_that_is_taken_back_leaves_no_gap(void **state)
{
    (void)state;
    journal_call_begin(&journal);
    store_call_begin(store);
    add(NOW, 1, 1);
    store_call_end(store, true);
    journal_call_begin(&journal);
    store_call_begin(store);
    add(NOW + 100, 1, 2);
    add(NOW + 100, 1, 3);
    store_call_end(store, false);
    journal_call_undo(&journal);
    journal_call_begin(&journal);
    store_call_begin(store);
    add(NOW + 1, 1, 4);
    store_call_end(store, true);
    commit();
    assert_int_equal(journal.tip.seq, 2);
    assert_int_equal(journal.tip.at, NOW + 1);
    assert_sound(2);
}

static void a_batch_that_is_rolled_back_leaves_no_gap(void **state)
{
    static const char *const cap[] = {"PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000"};
    int first = store_prepare(store, cap, 2);

    (void)state;
    add(NOW, 1, 1);
    commit();
    store_ask(store, (unsigned)first, "");
    store_row(store, (unsigned)first);
    store_end(store, (unsigned)first);
    for (int i = 0; i < 1000; i++)
        add(NOW + 100, 1, i);
    assert_is_reason(store_commit(store), RPC__REASON__STORE_FULL);
    journal_batch_end(&journal, false);
    assert_int_equal(journal.tip.seq, 1);
    store_ask(store, (unsigned)first + 1, "");
    store_row(store, (unsigned)first + 1);
    store_end(store, (unsigned)first + 1);
    add(NOW + 1, 1, 2);
    commit();
    assert_int_equal(journal.tip.at, NOW + 1);
    assert_sound(2);
}

static Rpc__JournalPage read_page(int64_t after, int64_t since, int32_t limit, int32_t kind)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;

    request.after_seq = after;
    request.since = since;
    request.limit = limit;
    request.kinds = &kind;
    request.n_kinds = kind != 0;
    journal_read(&journal, &request, &arena, &page);
    return page;
}

static void pages_follow_one_another_without_gap_or_overlap(void **state)
{
    static const int32_t limits[] = {1, 7, 1000, 0, -5, 5000};

    (void)state;
    for (int i = 1; i <= 2500; i++)
        add(NOW, 1, i);
    commit();
    for (unsigned i = 0; i < ARRAY_LEN(limits); i++) {
        size_t most = limits[i] > 0 && limits[i] < LIMIT_JOURNAL_PAGE ? (size_t)limits[i] : LIMIT_JOURNAL_PAGE;
        int64_t after = 0;

        while (after < 2500) {
            Rpc__JournalPage page = read_page(after, 0, limits[i], 0);

            assert_true(page.n_rows > 0 && page.n_rows <= most);
            for (size_t j = 0; j < page.n_rows; j++)
                assert_int_equal(page.rows[j]->seq, ++after);
            assert_int_equal(page.read_to, after);
            assert_int_equal(page.last_seq, 2500);
            arena_reset(&arena);
        }
        assert_int_equal(after, 2500);
    }
    assert_int_equal(read_page(2500, 0, 10, 0).n_rows, 0);
    assert_int_equal(read_page(2500, 0, 10, 0).read_to, 2500);
    assert_int_equal(read_page(9999, 0, 10, 0).n_rows, 0);
}

static void a_page_of_one_kind_still_moves_past_the_others(void **state)
{
    Rpc__JournalPage page;

    (void)state;
    for (int i = 0; i < 10; i++) {
        add(NOW, 1, i);
        add(NOW, 1, i);
        add_change(NOW);
    }
    commit();
    page = read_page(0, 0, 1000, 1);
    assert_int_equal(page.n_rows, 10);
    for (size_t i = 0; i < page.n_rows; i++)
        assert_int_equal(page.rows[i]->kind, 1);
    assert_int_equal(page.read_to, 30);
    page = read_page(0, 0, 2, 1);
    assert_int_equal(page.n_rows, 0);
    assert_int_equal(page.read_to, 2);
}

static void add_gone(int64_t at)
{
    Rpc__MemberGone gone = RPC__MEMBER_GONE__INIT;

    gone.member_id = 7;
    journal_add(&journal, at, 0, &gone.base);
}

/* Who follows them passes thousands of others at once; but none that is wanted, and none of before the start. */
static void a_page_of_what_the_chassis_tells_passes_the_others_at_once(void **state)
{
    const int32_t gone = RPC__CHASSIS_EVENT__EVENT_MEMBER_GONE, moved = RPC__CHASSIS_EVENT__EVENT_UNION_MOVED;
    Rpc__JournalPage page;

    (void)state;
    for (int i = 1; i <= 5000; i++) {
        if (i == 1500)
            add_gone(NOW);
        else
            add(NOW, 1, i);
    }
    commit();
    assert_int_equal(read_page(0, 0, 0, gone).read_to, 1000);
    page = read_page(1000, 0, 0, gone);
    assert_int_equal(page.n_rows, 1);
    assert_int_equal(page.rows[0]->seq, 1500);
    assert_int_equal(read_page(1499, 0, 0, gone).n_rows, 1);
    page = read_page(1500, 0, 0, gone);
    assert_int_equal(page.n_rows, 0);
    assert_int_equal(page.read_to, 5000);
    assert_int_equal(page.read_hash.len, JOURNAL_HASH_LEN);
    assert_int_equal(read_page(1500, 0, 0, 1).read_to, 2500); /* of another kind each row is looked at */
    assert_int_equal(read_page(9999, 0, 0, gone).read_to, 9999);
    /* What else the chassis tells is others' too. */
    assert_int_equal(read_page(0, 0, 0, moved).read_to, 5000);
    add_gone(NOW);
    commit();
    page = read_page(5000, 0, 0, gone);
    assert_int_equal(page.n_rows, 1);
    assert_int_equal(page.rows[0]->seq, 5001);
    /* What was written before the start is looked at. */
    assert_int_equal(journal_open(&journal, store), 0);
    journal.event = &sample__event__descriptor;
    assert_int_equal(read_page(1500, 0, 0, gone).read_to, 2500);
    add(NOW, 1, 1);
    commit();
    assert_int_equal(read_page(5001, 0, 0, gone).read_to, 5002);
}

static void time_does_not_stand_still_when_the_clock_was_far_ahead(void **state)
{
    const int64_t ahead = NOW + INT64_C(10) * 365 * 86400000;
    struct row row;

    (void)state;
    add(NOW, 1, 1);
    add(ahead, 1, 2);
    commit();
    store_close(store);
    open_journal();
    for (int64_t seq = 3; seq <= 5; seq++) {
        add(NOW + seq, 1, seq);
        commit();
        read_row(seq, &row);
        assert_int_equal(row.at, NOW + seq);
    }
    assert_sound(5);
    /* Who asks for what is not older than an instant is given all that was written since. */
    assert_int_equal(read_page(0, NOW + 4, 0, 0).rows[0]->seq, 4);
}

static void since_finds_the_first_row_that_is_not_older(void **state)
{
    static const int steps[] = {0, 0, 5, 1, 0, 30, 2, 2, 0, 100};
    int64_t at[41] = {0}, now = NOW;

    (void)state;
    for (unsigned seq = 1; seq <= 40; seq++) {
        now += steps[seq % ARRAY_LEN(steps)];
        at[seq] = now;
        add(now, 1, seq);
    }
    commit();
    for (int64_t since = NOW - 2; since < now + 3; since++) {
        for (int64_t after = 0; after <= 40; after += 13) {
            Rpc__JournalPage page = read_page(after, since, 0, 0);
            int64_t first = after + 1;

            while (first <= 40 && at[first] < since)
                first++;
            assert_int_equal(page.n_rows, 41 - first);
            if (page.n_rows)
                assert_int_equal(page.rows[0]->seq, first);
            arena_reset(&arena);
        }
    }
}

static void a_page_without_memory_is_shorter(void **state)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;
    struct arena small;
    size_t seen = 0;

    (void)state;
    for (int i = 1; i <= 900; i++)
        add(NOW, 1, i);
    commit();
    arena_init(&small, 64 << 10);
    while (seen < 900) {
        rpc__journal_page__init(&page);
        journal_read(&journal, &request, &small, &page);
        assert_true(page.n_rows > 0);
        assert_true(seen > 0 || page.n_rows < 900);
        assert_int_equal(page.rows[0]->seq, seen + 1);
        seen += page.n_rows;
        assert_int_equal(page.read_to, seen);
        request.after_seq = page.read_to;
        arena_reset(&small);
    }
    arena_done(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_carries_the_hash_of_all_before_it),
        TEST(a_row_says_what_who_and_when),
        TEST(a_row_may_tell_a_fact_of_the_chassis_and_one_of_the_service),
        TEST(the_chain_goes_on_after_a_restart),
        TEST(time_never_decreases_along_it),
        TEST(a_page_of_what_the_chassis_tells_passes_the_others_at_once),
        TEST(time_does_not_stand_still_when_the_clock_was_far_ahead),
        TEST(the_audit_names_each_row_that_was_changed),
        TEST(the_audit_names_a_row_that_was_moved_or_deleted),
        TEST(the_auditor_of_a_service_sees_each_row_once),
        TEST(a_call_that_is_taken_back_leaves_no_gap),
        TEST(a_batch_that_is_rolled_back_leaves_no_gap),
        TEST(pages_follow_one_another_without_gap_or_overlap),
        TEST(a_page_of_one_kind_still_moves_past_the_others),
        TEST(since_finds_the_first_row_that_is_not_older),
        TEST(a_page_without_memory_is_shorter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
