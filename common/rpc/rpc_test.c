#include "common/rpc/rpc_fixture.h"

/* ---- who may call ---- */

static void each_method_is_open_to_those_its_rule_names(void **state)
{
    Rpc__Principal *callers[] = {
        harness_nobody(&h),
        harness_person(&h, 5, RPC__LEVEL__MOBILE, ""),
        harness_person(&h, 5, RPC__LEVEL__REAL_NAME, PATH),
        harness_member(&h, 5, PATH),
        harness_official(&h, 5, RULE__ROLE__FINANCE, PATH),
        harness_official(&h, 5, RULE__ROLE__BENEFIT_MANAGER, PATH),
        harness_internal(&h),
    };
    static const int expected[][7] = {
        [RULE__WHO__PUBLIC] = {0},
        [RULE__WHO__SESSION] = {RPC__REASON__MISSING_TOKEN},
        [RULE__WHO__VERIFIED] = {RPC__REASON__MISSING_TOKEN, RPC__REASON__NOT_VERIFIED, RPC__REASON__NOT_VERIFIED},
        [RULE__WHO__OFFICIAL] = {RPC__REASON__MISSING_TOKEN, RPC__REASON__NOT_OFFICIAL, RPC__REASON__NOT_OFFICIAL,
                                 RPC__REASON__NOT_OFFICIAL, RPC__REASON__NOT_OFFICIAL},
        [RULE__WHO__INTERNAL] = {RPC__REASON__NOT_OFFICIAL, RPC__REASON__NOT_OFFICIAL, RPC__REASON__NOT_OFFICIAL,
                                 RPC__REASON__NOT_OFFICIAL, RPC__REASON__NOT_OFFICIAL, RPC__REASON__NOT_OFFICIAL},
    };
    static Rule__Role roles[] = {RULE__ROLE__UNION_ADMIN, RULE__ROLE__BENEFIT_MANAGER};
    /* The table is the process' own memory: one method tries every rule. */
    Rule__Method *rule = unconst(api_method(GET)->rule);
    Rule__Method before = *rule;

    (void)state;
    rule->roles = roles;
    rule->n_roles = ARRAY_LEN(roles);
    for (unsigned who = 0; who < ARRAY_LEN(expected); who++) {
        rule->who = (Rule__Who)who;
        for (unsigned i = 0; i < ARRAY_LEN(callers); i++)
            assert_reason(harness_call(&h, GET, NULL, callers[i], NULL), expected[who][i]);
    }
    *rule = before;
    assert_refused(harness_call(&h, GET, NULL, NULL, NULL), "MISSING_TOKEN");
}

static void a_role_covers_its_union_and_those_below(void **state)
{
    static const struct {
        const char *of, *over;
        bool covered;
    } cases[] = {
        {"0001", "0001", true},      {"0001", "00010002", true}, {"", "0001", true},
        {"00010002", "0001", false}, {"0001", "0002", false},    {"00010002", "00010003", false},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        things.asked_path = cases[i].over;
        harness_call(&h, GET, NULL, harness_official(&h, 5, RULE__ROLE__FINANCE, cases[i].of), NULL);
        assert_int_equal(things.covered, cases[i].covered);
        harness_call(&h, GET, NULL, harness_official(&h, 5, RULE__ROLE__BENEFIT_MANAGER, cases[i].of), NULL);
        assert_false(things.covered);
        harness_call(&h, GET, NULL, harness_internal(&h), NULL);
        assert_true(things.covered);
    }
}

/* ---- what a call must bring ---- */

static void a_method_that_is_not_served_here_is_said_so(void **state)
{
    static const char *const names[] = {"", "Shows", "Shows.", "Shows.TakeSeats", "Visitors.Login", "惠.工"};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(names); i++)
        assert_refused(harness_call(&h, names[i], NULL, harness_internal(&h), NULL), "UNIMPLEMENTED");
    assert_int_equal(things.runs, 0);
}

static void a_call_past_its_deadline_is_not_begun(void **state)
{
    (void)state;
    gather_take(1)->deadline_at = HARNESS_NOW - 1;
    gather_take(2)->deadline_at = HARNESS_NOW;
    gather_take(3)->deadline_at = 0;
    harness_run(&h);
    assert_refused(h.answers->answers[0], "DEADLINE_EXCEEDED");
    assert_ok(h.answers->answers[1]);
    assert_ok(h.answers->answers[2]);
    assert_int_equal(things.runs, 2);
}

static void an_input_that_is_no_message_refuses_its_call_alone(void **state)
{
    static uint8_t wrong[][4] = {{0xff, 0xff, 0xff, 0xff}, {0x08}, {0x0a, 0x7f}};
    static const size_t lens[] = {4, 1, 2};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
        gather_take(10 * i + 1);
        gather_take(10 * i + 2)->input = (ProtobufCBinaryData){lens[i], wrong[i]};
        gather_take(10 * i + 3);
        harness_run(&h);
        assert_int_equal(h.answers->n_answers, 3);
        assert_ok(h.answers->answers[0]);
        assert_refused(h.answers->answers[1], "BAD_REQUEST");
        assert_ok(h.answers->answers[2]);
    }
    assert_holds(6);
}

static void bytes_that_are_no_batch_are_answered_as_one(void **state)
{
    (void)state;
    gather_take(1);
    harness_take(&h);
    assert_true(rpc_server_take(h.service.rpc, "\xff\xff\xff", 3, &h));
    harness_finish(&h);
    assert_int_equal(h.answers->reason, RPC__REASON__BAD_REQUEST);
    assert_int_equal(h.answers->n_answers, 0);
    assert_holds(1); /* the message before it was served */
    assert_true(rpc_server_take(h.service.rpc, "", 0, &h));
    harness_finish(&h);
    assert_int_equal(h.answers->reason, 0);
    assert_int_equal(h.answers->n_answers, 0);
}

static void a_message_of_too_many_calls_is_refused_whole(void **state)
{
    Rpc__CallBatch batch = RPC__CALL_BATCH__INIT;
    static Rpc__Call *calls[LIMIT_MESSAGE_CALLS + 1];
    uint8_t *packed;
    Rpc__Call *call = gather_take(1);

    (void)state;
    h.n_calls = 0;
    for (unsigned i = 0; i < ARRAY_LEN(calls); i++)
        calls[i] = call;
    batch.calls = calls;
    batch.n_calls = ARRAY_LEN(calls);
    packed = malloc(rpc__call_batch__get_packed_size(&batch));
    rpc_server_take(h.service.rpc, packed, rpc__call_batch__pack(&batch, packed), &h);
    harness_finish(&h);
    assert_int_equal(h.answers->reason, RPC__REASON__BAD_REQUEST);
    assert_int_equal(things.runs, 0);
    batch.n_calls--;
    rpc_server_take(h.service.rpc, packed, rpc__call_batch__pack(&batch, packed), &h);
    harness_finish(&h);
    assert_int_equal(h.answers->n_answers, LIMIT_MESSAGE_CALLS);
    free(packed);
}

/* ---- what comes back ---- */

static void a_refusal_carries_its_field_facts_and_patience(void **state)
{
    const Rpc__Answer *answer = take(REFUSED);

    (void)state;
    assert_refused(answer, "SOLD_OUT");
    assert_string_equal(answer->field, "showId");
    assert_int_equal(answer->n_facts, 2);
    assert_string_equal(harness_fact(answer, "soldOutAt"), "some time");
    assert_string_equal(harness_fact(answer, "opensAt"), "2026-01-01T00:00:00.000Z");
    assert_int_equal(answer->retry_after_s, 9);
    assert_false(answer->created);
    assert_int_equal(answer->output.len, 0);
}

static void answers_stand_in_the_order_of_their_calls(void **state)
{
    (void)state;
    for (int64_t i = 1; i <= 200; i++)
        gather_take(i);
    harness_run(&h);
    assert_int_equal(h.answers->n_answers, 200);
    for (unsigned i = 0; i < 200; i++) {
        const Sample__Seat *seat = harness_output(&h, h.answers->answers[i], &sample__seat__descriptor);

        assert_int_equal(seat->seat_id, i + 1);
        assert_true(h.answers->answers[i]->created);
    }
}

static void the_journal_grows_only_by_what_is_kept(void **state)
{
    (void)state;
    take(1);
    assert_true(h.grown);
    gather_get();
    harness_run(&h);
    assert_false(h.grown);
    take(REFUSED);
    assert_false(h.grown);
    assert_int_equal(journal_rows(), 1);
}

static void a_batch_has_one_time(void **state)
{
    (void)state;
    gather_take(1);
    harness_take(&h);
    assert_int_equal(things.now, HARNESS_NOW);
    clock_step(&h.service.clock, 50);
    gather_take(2);
    harness_take(&h);
    assert_int_equal(things.now, HARNESS_NOW);
    harness_finish(&h);
    take(3);
    assert_int_equal(things.now, HARNESS_NOW + 50);
}

static void a_refused_call_is_taken_back_among_its_neighbours(void **state)
{
    (void)state;
    gather_take(1);
    gather_take(REFUSED);
    gather_take(2);
    gather_take(REFUSED + 1);
    gather_get();
    harness_run(&h);
    assert_refused(h.answers->answers[1], "SOLD_OUT");
    assert_status(h.answers->answers[4], 2, 2);
    assert_int_equal(journal_rows(), 2);
    harness_reopen(&h);
    assert_int_equal(journal_rows(), 2);
    things.n = 2;
    assert_holds(2);
}

static void a_refused_call_may_keep_what_it_wrote(void **state)
{
    (void)state;
    assert_refused(take(KEPT), "SOLD_OUT");
    assert_holds(1);
    assert_int_equal(journal_rows(), 1);
    harness_fill(&h);
    assert_refused(take(KEPT + 1), "STORE_FULL");
    assert_holds(1); /* but not over a failed commit */
}

/* ---- answers that come later ---- */

static void answer_later(int reason)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;

    answer.reason = reason;
    rpc_answer_later(things.later, &answer);
}

static void a_deferred_answer_comes_after_the_commit_of_its_neighbours(void **state)
{
    (void)state;
    gather_take(1);
    gather_take(DEFERRED);
    gather_get();
    assert_null(harness_run(&h));
    assert_holds(1);
    answer_later(SAMPLE__REASON__SOLD_OUT);
    assert_int_equal(h.answers->n_answers, 3);
    assert_ok(h.answers->answers[0]);
    assert_refused(h.answers->answers[1], "SOLD_OUT");
    assert_status(h.answers->answers[2], 1, 1);
}

static void a_deferred_answer_is_not_refused_by_a_commit_that_fails_beside_it(void **state)
{
    (void)state;
    harness_fill(&h);
    gather_take(1);
    gather_take(DEFERRED);
    gather_get();
    assert_null(harness_run(&h));
    answer_later(0);
    assert_refused(h.answers->answers[0], "STORE_FULL");
    assert_ok(h.answers->answers[1]);
    assert_status(h.answers->answers[2], 0, 0);
    assert_int_equal(things.runs, 2);
}

/* ---- a commit that fails ---- */

static void a_failed_commit_answers_every_writer_with_its_reason(void **state)
{
    (void)state;
    take(1);
    harness_fill(&h);
    gather_get();
    gather_take(2);
    gather_take(REFUSED);
    gather_take(3);
    gather_get();
    gather_take(4)->method = arena_strndup(&h.arena, "None.Such", 9);
    harness_run(&h);
    assert_int_equal(h.answers->n_answers, 6);
    assert_status(h.answers->answers[0], 1, 1); /* reads are run again on the store as it is */
    for (unsigned i = 1; i <= 3; i++) {
        assert_refused(h.answers->answers[i], "STORE_FULL");
        assert_int_equal(h.answers->answers[i]->retry_after_s, 1);
        assert_int_equal(h.answers->answers[i]->n_facts, 0);
        assert_int_equal(h.answers->answers[i]->output.len, 0);
        assert_false(h.answers->answers[i]->created);
    }
    assert_status(h.answers->answers[4], 1, 1);
    assert_refused(h.answers->answers[5], "UNIMPLEMENTED");
    assert_false(h.grown);
    assert_int_equal(journal_rows(), 1);
    assert_int_equal(rpc_server_counts(h.service.rpc)->failed_commits, 1);
    harness_empty(&h);
    assert_ok(take(2));
    assert_int_equal(journal_rows(), 2);
    assert_holds(2);
}

static void a_failed_commit_keeps_no_answer(void **state)
{
    (void)state;
    harness_fill(&h);
    assert_refused(create(1, 5, "k"), "STORE_FULL");
    harness_empty(&h);
    assert_ok(create(1, 5, "k"));
    assert_int_equal(things.runs, 2);
    assert_holds(1);
}

/* ---- bounds ---- */

struct seen {
    unsigned n, last_tag;
    bool in_order;
};

static void see_answer(void *arg, void *tag, const void *bytes, size_t len)
{
    struct seen *seen = arg;
    Rpc__AnswerBatch *batch = rpc__answer_batch__unpack(NULL, len, bytes);

    assert_non_null(batch);
    seen->in_order = seen->in_order && (uintptr_t)tag == ++seen->last_tag;
    seen->n += (unsigned)batch->n_answers;
    rpc__answer_batch__free_unpacked(batch, NULL);
}

static size_t pack_gets(unsigned n, uint8_t *ret_packed)
{
    Rpc__CallBatch batch = RPC__CALL_BATCH__INIT;

    for (unsigned i = 0; i < n; i++)
        gather_get();
    batch.calls = h.calls;
    batch.n_calls = n;
    h.n_calls = 0;
    return rpc__call_batch__pack(&batch, ret_packed);
}

static void a_batch_is_full_at_its_bounds(void **state)
{
    static uint8_t packed[1 << 16];
    struct seen seen = {.in_order = true};
    uintptr_t tag = 0;
    size_t len;

    (void)state;
    len = pack_gets(1, packed);
    while (rpc_server_take(h.service.rpc, packed, len, (void *)++tag))
        assert_true(tag < LIMIT_BATCH_MESSAGES);
    assert_int_equal(tag, LIMIT_BATCH_MESSAGES);
    rpc_server_finish(h.service.rpc, see_answer, &seen);
    assert_int_equal(seen.n, LIMIT_BATCH_MESSAGES);
    assert_true(seen.in_order);
    len = pack_gets(500, packed);
    tag = 0;
    seen = (struct seen){.in_order = true};
    while (rpc_server_take(h.service.rpc, packed, len, (void *)++tag))
        assert_true(tag < LIMIT_BATCH_CALLS / 500);
    assert_int_equal(tag, LIMIT_BATCH_CALLS / 500);
    rpc_server_finish(h.service.rpc, see_answer, &seen);
    assert_int_equal(seen.n, LIMIT_BATCH_CALLS);
    assert_true(seen.in_order);
}

/* ---- work of the daemon's own ---- */

static void work(void *call, void *arg)
{
    int64_t number = *(int64_t *)arg;

    assert_true(rpc_principal(call)->internal);
    assert_int_equal(rpc_now(call), clock_now(&h.service.clock));
    add(&things, number, call);
    if (number >= REFUSED)
        rpc_refuse(call, SAMPLE__REASON__WRONG_STATE);
}

static void own_work_is_one_transaction(void **state)
{
    int64_t number = 1;

    (void)state;
    clock_step(&h.service.clock, 5);
    assert_is_reason(rpc_server_transact(h.service.rpc, work, &number), 0);
    assert_holds(1);
    number = REFUSED;
    assert_is_reason(rpc_server_transact(h.service.rpc, work, &number), SAMPLE__REASON__WRONG_STATE);
    assert_holds(1);
    harness_fill(&h);
    number = 2;
    assert_is_reason(rpc_server_transact(h.service.rpc, work, &number), RPC__REASON__STORE_FULL);
    assert_holds(1);
    assert_int_equal(journal_rows(), 1);
    harness_empty(&h);
    assert_is_reason(rpc_server_transact(h.service.rpc, work, &number), 0);
    assert_holds(2);
    assert_int_equal(journal_rows(), 2);
}

/* ---- metrics ---- */

static double metric(const Rpc__ProbeReport *report, const char *name, const char *labels)
{
    for (size_t i = 0; i < report->n_metrics; i++) {
        if (strcmp(report->metrics[i]->name, name) == 0 && strcmp(report->metrics[i]->labels, labels) == 0)
            return report->metrics[i]->value;
    }
    return -1;
}

static void metrics_count_calls_refusals_and_outages_apart(void **state)
{
    Rpc__ProbeReport report = RPC__PROBE_REPORT__INIT;

    (void)state;
    take(1);
    take(REFUSED);
    harness_fill(&h);
    take(2);
    rpc_server_metrics(h.service.rpc, &h.arena, &report);
    assert_true(metric(&report, "huigong_calls_total", "method=\"" TAKE "\"") == 3);
    assert_true(metric(&report, "huigong_refused_total", "method=\"" TAKE "\"") == 2);
    assert_true(metric(&report, "huigong_unavailable_total", "method=\"" TAKE "\"") == 1);
    assert_true(metric(&report, "huigong_calls_total", "method=\"" GET "\"") == -1);
    assert_true(metric(&report, "huigong_batches_total", "") == 3);
    assert_true(metric(&report, "huigong_commits_total", "") == 2);
    assert_true(metric(&report, "huigong_failed_commits_total", "") == 1);
}

/* The last row of the journal, when the chassis wrote it. */
static Rpc__OfficialActed *last_acted(void)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;
    const Rpc__JournalRow *row;
    Rpc__ChassisEvent *event;

    journal_read(rpc_server_journal(h.service.rpc), &request, &h.arena, &page);
    row = page.rows[page.n_rows - 1];
    if (row->kind != RPC__CHASSIS_EVENT__EVENT_OFFICIAL_ACTED)
        return NULL;
    assert_int_equal(row->actor, 7);
    event = rpc__chassis_event__unpack(&h.arena.allocator, row->body.len, row->body.data);
    assert_int_equal(sample__event__unpack(&h.arena.allocator, row->body.len, row->body.data)->event_case, 0);
    return event->official_acted;
}

static void a_change_by_an_officials_authority_is_on_record(void **state)
{
    const Rpc__OfficialActed *acted;
    int64_t seq;

    (void)state;
    assert_ok(create(7, 500, "a"));
    acted = last_acted();
    assert_non_null(acted);
    assert_string_equal(acted->method, CREATE);
    assert_int_equal(acted->union_id, 0);
    assert_int_equal(acted->target_id, 44);
    seq = rpc_server_journal(h.service.rpc)->tip.seq;
    assert_ok(create(7, 500, "a")); /* the stored answer */
    assert_int_not_equal(create(7, 0, "b")->reason, 0);
    assert_int_equal(rpc_server_journal(h.service.rpc)->tip.seq, seq);
    assert_ok(take(1)); /* a member's deed */
    assert_null(last_acted());
    assert_int_equal(rpc_server_journal(h.service.rpc)->tip.seq, seq + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_method_is_open_to_those_its_rule_names),
        TEST(a_role_covers_its_union_and_those_below),
        TEST(a_method_that_is_not_served_here_is_said_so),
        TEST(a_call_past_its_deadline_is_not_begun),
        TEST(an_input_that_is_no_message_refuses_its_call_alone),
        TEST(bytes_that_are_no_batch_are_answered_as_one),
        TEST(a_message_of_too_many_calls_is_refused_whole),
        TEST(a_refusal_carries_its_field_facts_and_patience),
        TEST(answers_stand_in_the_order_of_their_calls),
        TEST(the_journal_grows_only_by_what_is_kept),
        TEST(a_batch_has_one_time),
        TEST(a_refused_call_is_taken_back_among_its_neighbours),
        TEST(a_refused_call_may_keep_what_it_wrote),
        TEST(a_deferred_answer_comes_after_the_commit_of_its_neighbours),
        TEST(a_deferred_answer_is_not_refused_by_a_commit_that_fails_beside_it),
        TEST(a_failed_commit_answers_every_writer_with_its_reason),
        TEST(a_failed_commit_keeps_no_answer),
        TEST(a_batch_is_full_at_its_bounds),
        TEST(own_work_is_one_transaction),
        TEST(metrics_count_calls_refusals_and_outages_apart),
        TEST(a_change_by_an_officials_authority_is_on_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
