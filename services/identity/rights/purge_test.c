/* What is deleted when its time is over, and the evidence of it. */
#include "services/identity/rights/purges.h"

#include "services/identity/membership/membership_fixture.h"
#include "services/identity/unions/tree_fixture.h"
#include "services/identity/membership/joins.h"

#define DAY INT64_C(86400000)

static void withdraw(struct harness *h, const Rpc__Principal *who, int64_t request_id)
{
    Identity__JoinRequestRequest request = IDENTITY__JOIN_REQUEST_REQUEST__INIT;

    request.request_id = request_id;
    assert_ok(harness_call(h, "Joins.WithdrawJoinRequest", &request.base, who, NULL));
}

static int64_t count_purged(struct harness *h, int kind)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;
    int32_t purged = IDENTITY__EVENT__EVENT_PURGED;
    int64_t n = 0;

    request.kinds = &purged;
    request.n_kinds = 1;
    journal_read(rpc_server_journal(h->service.rpc), &request, &h->arena, &page);
    for (size_t i = 0; i < page.n_rows; i++) {
        Identity__Event *event =
            identity__event__unpack(&h->arena.allocator, page.rows[i]->body.len, page.rows[i]->body.data);

        if ((int)event->purged->kind == kind)
            n += event->purged->count;
    }
    return n;
}

static void what_is_past_its_time_is_deleted_with_evidence_and_the_audit_agrees(void **state)
{
    Rpc__Principal *decided, *open;
    int64_t union_id, decided_id, open_id;
    struct identity *self;
    struct harness h;
    struct join join;

    (void)state;
    begin(&h);
    self = h.service.self;
    union_id = make_union(&h, "440604", "")->union_id;
    decided = person_signed_in(&h, 1);
    open = person_signed_in(&h, 2);
    decided_id = asked_to_join(&h, ask_to_join(&h, decided, union_id, 1))->request_id;
    open_id = asked_to_join(&h, ask_to_join(&h, open, union_id, 2))->request_id;
    withdraw(&h, decided, decided_id);
    clock_step(&h.service.clock, 730 * DAY - PURGE_PERIOD_MS);
    harness_tidy(&h);
    harness_tidy(&h); /* nothing is left of the rest */
    assert_true(joins_find(&self->joins, decided_id, &join));
    assert_int_equal(count_purged(&h, IDENTITY__PURGE_KIND__PURGE_SESSIONS), 2);
    assert_int_equal(count_purged(&h, IDENTITY__PURGE_KIND__PURGE_CODES), 2);
    clock_step(&h.service.clock, PURGE_PERIOD_MS + 1);
    harness_tidy(&h);
    assert_false(joins_find(&self->joins, decided_id, &join));
    assert_true(joins_find(&self->joins, open_id, &join)); /* however old */
    assert_int_equal(count_purged(&h, IDENTITY__PURGE_KIND__PURGE_JOINS), 1);
    end(&h);
}

static void a_row_that_vanished_without_evidence_is_found_by_the_audit(void **state)
{
    Rpc__Principal *who;
    struct harness h;
    int64_t id;

    (void)state;
    begin(&h);
    who = person_signed_in(&h, 1);
    id = asked_to_join(&h, ask_to_join(&h, who, make_union(&h, "440604", "")->union_id, 1))->request_id;
    withdraw(&h, who, id);
    harness_tamper(&h, "DELETE FROM join_request");
    assert_non_null(strstr(harness_audit(&h), "deleted requests to join"));
    harness_close(&h);
}

static void while_there_is_nothing_to_delete_nothing_is_written(void **state)
{
    struct harness h;
    int64_t rows;

    (void)state;
    begin(&h);
    person_signed_in(&h, 1);
    rows = journal_rows(&h);
    for (int i = 0; i < 10; i++) {
        clock_step(&h.service.clock, PURGE_PERIOD_MS);
        harness_tidy(&h);
    }
    assert_int_equal(journal_rows(&h), rows);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_past_its_time_is_deleted_with_evidence_and_the_audit_agrees),
        cmocka_unit_test(a_row_that_vanished_without_evidence_is_found_by_the_audit),
        cmocka_unit_test(while_there_is_nothing_to_delete_nothing_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
