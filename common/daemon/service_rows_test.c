/* The journal as auditors read it. */
#include "common/base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/store/journal.h"
#include "common/store/journal_internal.h"
#include "sample.pb-c.h"
#include "tests/harness.h"

#define ROWS 520

static struct harness h;

static int start(struct service *service)
{
    journal_events(rpc_server_journal(service->rpc), &sample__event__descriptor);
    return 0;
}

static const struct service_spec spec = {.name = "sample", .about = "of a test", .start = start};

static void add_rows(void *call, void *arg)
{
    Sample__ShowChanged changed = SAMPLE__SHOW_CHANGED__INIT;
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;

    (void)arg;
    for (int i = 1; i <= ROWS; i++) {
        changed.show_id = taken.seat_id = i;
        rpc_tell(call, i % 3 ? &taken.base : &changed.base);
    }
}

static int setup(void **state)
{
    (void)state;
    harness_open(&h, &spec, NULL);
    assert_int_equal(rpc_server_transact(h.service.rpc, add_rows, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

static const Rpc__Answer *ask(const Rpc__Principal *who, int64_t from, int64_t mentions, const char *token)
{
    Rpc__ListRowsRequest request = RPC__LIST_ROWS_REQUEST__INIT;

    request.service = "sample";
    request.from = from;
    request.mentions = mentions;
    request.page_token = unconst(token);
    return harness_call(&h, "Daemon.ListRows", &request.base, who, NULL);
}

static Rpc__RowList *rows(int64_t from, int64_t mentions, const char *token)
{
    return harness_output(&h, ask(harness_official(&h, 5, RULE__ROLE__AUDIT_ADMIN, "0001"), from, mentions, token),
                          &rpc__row_list__descriptor);
}

/* As whoever reads them does it. */
static void assert_follows(const Rpc__ShownRow *row)
{
    unsigned char hash[JOURNAL_HASH_LEN];

    assert_int_equal(row->before.len, JOURNAL_HASH_LEN);
    journal_row_hash(row->before.data, row->seq, row->at, row->event_number, row->actor, row->body.data, row->body.len,
                     hash);
    assert_int_equal(row->hash.len, sizeof(hash));
    assert_memory_equal(hash, row->hash.data, sizeof(hash));
}

static void every_row_comes_once_with_what_its_hash_is_made_of(void **state)
{
    unsigned char before[JOURNAL_HASH_LEN] = {0};
    const char *token = "";
    const Rpc__RowList *page;
    int64_t seq = 0;

    (void)state;
    do {
        page = rows(0, 0, token);
        assert_int_equal(page->all_rows, ROWS);
        for (size_t i = 0; i < page->n_rows; i++) {
            assert_int_equal(page->rows[i]->seq, ++seq);
            assert_follows(page->rows[i]);
            assert_memory_equal(page->rows[i]->before.data, before, sizeof(before));
            memcpy(before, page->rows[i]->hash.data, sizeof(before));
        }
        token = page->next_page_token;
    } while (*token);
    assert_int_equal(seq, ROWS);
}

static void what_is_told_of_one_thing_is_found_wherever_it_stands(void **state)
{
    const char *token = "";
    const Rpc__RowList *page;
    int pages = 0, n = 0;

    (void)state;
    do {
        page = rows(0, 513, token); /* behind what one page examines */
        for (size_t i = 0; i < page->n_rows; i++, n++) {
            assert_int_equal(page->rows[i]->seq, 513);
            assert_string_equal(page->rows[i]->event, "show_changed");
            assert_non_null(strstr(page->rows[i]->json, "\"showId\":\"513\""));
            assert_follows(page->rows[i]);
        }
        token = page->next_page_token;
        pages++;
    } while (*token);
    assert_int_equal(n, 1);
    assert_int_equal(pages, 2);
    page = rows(300, 0, "");
    assert_int_equal(page->rows[0]->seq, 300);
    assert_follows(page->rows[0]);
    assert_int_equal(rows(ROWS, 0, "")->n_rows, 1);
    assert_int_equal(rows(ROWS + 1, 0, "")->n_rows, 0);
    assert_int_equal(rows(ROWS + 1000, 0, "")->n_rows, 0);
}

static void add_both(void *call, void *arg)
{
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;
    Granted__Granted granted = GRANTED__GRANTED__INIT;

    (void)arg;
    taken.seat_id = 7001;
    granted.source_id = 7002;
    rpc_tell_both(call, &granted.base, &taken.base);
    rpc_tell(call, &granted.base);
}

static void a_row_that_tells_two_facts_is_shown_with_both(void **state)
{
    const Rpc__RowList *page;

    (void)state;
    assert_int_equal(rpc_server_transact(h.service.rpc, add_both, NULL), 0);
    page = rows(ROWS + 1, 0, "");
    assert_int_equal(page->n_rows, 2);
    assert_string_equal(page->rows[0]->event, "granted");
    assert_non_null(strstr(page->rows[0]->json, "},\"seatTaken\":{\"seatId\":\"7001\""));
    assert_non_null(strstr(page->rows[0]->json, "{\"granted\":{\"sourceId\":\"7002\""));
    assert_null(strstr(page->rows[1]->json, "seatTaken"));
    assert_string_equal(page->rows[1]->json + strlen(page->rows[1]->json) - 2, "}}");
    page = rows(0, 7001, "");
    for (size_t i = 0; i < page->n_rows; i++)
        assert_int_equal(page->rows[i]->seq, ROWS + 1);
    assert_follows(rows(ROWS + 1, 7001, "")->rows[0]);
}

static void they_are_for_auditors_of_the_whole_tree(void **state)
{
    (void)state;
    assert_refused(ask(harness_official(&h, 5, RULE__ROLE__AUDIT_ADMIN, "00010001"), 0, 0, ""), "OUTSIDE_YOUR_UNION");
    assert_refused(ask(harness_official(&h, 5, RULE__ROLE__SECURITY_ADMIN, "0001"), 0, 0, ""), "NOT_OFFICIAL");
    assert_refused(ask(harness_member(&h, 5, "0001"), 0, 0, ""), "NOT_OFFICIAL");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_row_comes_once_with_what_its_hash_is_made_of, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_told_of_one_thing_is_found_wherever_it_stands, setup, teardown),
        cmocka_unit_test_setup_teardown(a_row_that_tells_two_facts_is_shown_with_both, setup, teardown),
        cmocka_unit_test_setup_teardown(they_are_for_auditors_of_the_whole_tree, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
