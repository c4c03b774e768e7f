/* Answers that come after their batch, by a storeless service behind the
 * operations of tests/proto: GetShow answers at once when its number is even, and
 * leaves its answer for later when it is odd. */
#include "common/rpc/rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/base/limits.h"
#include "sample.pb-c.h"

#define N_TAGS 80

static struct {
    Sample__Shows_Service service;
    struct clock clock;
    struct rpc_server *server;
    struct arena arena;
    struct rpc_later *laters[RPC_MAX_LATER + 1];
    int64_t numbers[RPC_MAX_LATER + 1]; /* asked by those */
    unsigned n_laters;
    int64_t deadline;
    Rpc__AnswerBatch *answers[N_TAGS]; /* by tag */
} t;

static void get_show(Sample__Shows_Service *service, const Sample__ShowRequest *req, Sample__ShowStatus_Closure reply,
                     void *call)
{
    Sample__ShowStatus status = SAMPLE__SHOW_STATUS__INIT;
    struct rpc_later *later;

    (void)service;
    t.deadline = rpc_deadline(call);
    if (req->show_id % 2 == 0) {
        status.granted = req->show_id;
        reply(&status, call);
        return;
    }
    later = rpc_defer(call);
    if (!later)
        return;
    t.numbers[t.n_laters] = req->show_id;
    t.laters[t.n_laters++] = later;
}

/* The table is the process' own memory. */
static void rule_of_get(bool writes)
{
    ((struct api_method *)unconst(api_method("Shows.GetShow")))->writes = writes;
}

static int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    assert_int_equal(api_load(), 0);
    clock_fake(&t.clock, 1000000, 1);
    arena_init(&t.arena, (size_t)64 << 20);
    t.service = (Sample__Shows_Service){.base = SAMPLE__SHOWS__BASE_INIT, .get_show = get_show};
    t.server = rpc_server_new(NULL, &t.clock);
    assert_non_null(t.server);
    rpc_server_add(t.server, &t.service.base);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rpc_server_free(t.server);
    arena_done(&t.arena);
    return 0;
}

/* A message that asks for these numbers. */
static void take(uintptr_t tag, unsigned n, const int64_t *numbers)
{
    Rpc__CallBatch batch = RPC__CALL_BATCH__INIT;
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    Rpc__Call calls[LIMIT_MESSAGE_CALLS], *list[LIMIT_MESSAGE_CALLS];
    uint8_t inputs[LIMIT_MESSAGE_CALLS][16], *packed;

    principal.internal = true;
    for (unsigned i = 0; i < n; i++) {
        Sample__ShowRequest request = SAMPLE__SHOW_REQUEST__INIT;

        request.show_id = numbers[i];
        calls[i] = (Rpc__Call)RPC__CALL__INIT;
        calls[i].method = "Shows.GetShow";
        calls[i].principal = &principal;
        calls[i].deadline_at = 1000007;
        calls[i].input = (ProtobufCBinaryData){sample__show_request__pack(&request, inputs[i]), inputs[i]};
        list[i] = &calls[i];
    }
    batch.calls = list;
    batch.n_calls = n;
    packed = arena_alloc(&t.arena, rpc__call_batch__get_packed_size(&batch) + 1);
    rpc_server_take(t.server, packed, rpc__call_batch__pack(&batch, packed), (void *)tag);
}

static void on_answers(void *arg, void *tag, const void *bytes, size_t len)
{
    Rpc__AnswerBatch **answers = &t.answers[(uintptr_t)tag];

    assert_ptr_equal(arg, &t);
    assert_null(*answers);
    *answers = rpc__answer_batch__unpack(&t.arena.allocator, len, bytes);
    assert_non_null(*answers);
}

static void finish(void)
{
    rpc_server_finish(t.server, on_answers, &t);
}

/* Answers the i-th that was left for later by its own number. */
static void answer(unsigned i)
{
    Sample__ShowStatus status = SAMPLE__SHOW_STATUS__INIT;
    Rpc__Answer answer = RPC__ANSWER__INIT;
    uint8_t packed[16];

    status.granted = t.numbers[i];
    answer.output = (ProtobufCBinaryData){sample__show_status__pack(&status, packed), packed};
    rpc_answer_later(t.laters[i], &answer);
}

static void refuse(unsigned i, int reason)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;

    answer.reason = reason;
    answer.field = "code";
    rpc_answer_later(t.laters[i], &answer);
}

static void assert_granted(uintptr_t tag, size_t i, int64_t number)
{
    const Rpc__Answer *one = t.answers[tag]->answers[i];
    const Sample__ShowStatus *status;

    assert_int_equal(one->reason, 0);
    status = sample__show_status__unpack(&t.arena.allocator, one->output.len, one->output.data);
    assert_int_equal(status->granted, number);
}

static void a_message_is_answered_when_the_last_of_its_calls_is(void **state)
{
    (void)state;
    take(1, 4, (int64_t[]){2, 3, 4, 5});
    take(2, 1, (int64_t[]){6});
    finish();
    assert_int_equal(t.deadline, 1000007);
    assert_null(t.answers[1]);
    assert_granted(2, 0, 6); /* another message does not wait for it */
    assert_int_equal(rpc_server_deferred(t.server), 2);
    answer(1);
    assert_null(t.answers[1]);
    answer(0);
    assert_int_equal(rpc_server_deferred(t.server), 0);
    assert_int_equal(t.answers[1]->n_answers, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_granted(1, i, 2 + i);
}

static void a_later_answer_may_be_a_refusal(void **state)
{
    (void)state;
    take(1, 2, (int64_t[]){1, 2});
    finish();
    refuse(0, SAMPLE__REASON__SOLD_OUT);
    assert_int_equal(t.answers[1]->answers[0]->reason, SAMPLE__REASON__SOLD_OUT);
    assert_string_equal(t.answers[1]->answers[0]->field, "code");
    assert_granted(1, 1, 2);
}

static void batches_go_on_while_answers_are_to_come(void **state)
{
    (void)state;
    for (uintptr_t tag = 0; tag < 3; tag++) {
        take(tag, 1, (int64_t[]){(int64_t)tag * 2 + 1});
        finish();
    }
    for (unsigned i = 3; i-- > 0;)
        answer(i);
    for (uintptr_t tag = 0; tag < 3; tag++)
        assert_granted(tag, 0, (int64_t)tag * 2 + 1);
}

static void no_more_calls_wait_than_may(void **state)
{
    int64_t odd[LIMIT_MESSAGE_CALLS];

    (void)state;
    for (unsigned i = 0; i < LIMIT_MESSAGE_CALLS; i++)
        odd[i] = 1;
    for (uintptr_t tag = 0; tag < RPC_MAX_LATER / LIMIT_MESSAGE_CALLS; tag++)
        take(tag, LIMIT_MESSAGE_CALLS, odd);
    take(70, 2, (int64_t[]){1, 2});
    finish();
    assert_int_equal(rpc_server_deferred(t.server), RPC_MAX_LATER);
    assert_int_equal(t.answers[70]->answers[0]->reason, RPC__REASON__OVERLOADED);
    assert_granted(70, 1, 2);
    for (unsigned i = 0; i < RPC_MAX_LATER; i++)
        answer(i);
    t.n_laters = 0;
    take(71, 1, odd);
    finish();
    answer(0);
    assert_granted(71, 0, 1);
}

static void no_more_messages_wait_than_the_broker_lets_through(void **state)
{
    (void)state;
    for (uintptr_t tag = 0; tag < LIMIT_BROKER_IN_FLIGHT; tag++) {
        take(tag, 1, (int64_t[]){1});
        finish();
    }
    take(70, 1, (int64_t[]){1});
    finish();
    assert_int_equal(t.answers[70]->answers[0]->reason, RPC__REASON__OVERLOADED);
    for (unsigned i = 0; i < LIMIT_BROKER_IN_FLIGHT; i++)
        answer(i);
    assert_int_equal(rpc_server_deferred(t.server), 0);
    for (uintptr_t tag = 0; tag < LIMIT_BROKER_IN_FLIGHT; tag++)
        assert_granted(tag, 0, 1);
}

static void a_later_answer_that_finds_no_room_is_refused_alone(void **state)
{
    static uint8_t large[LIMIT_MESSAGE_SIZE / 2 + 4096];
    Rpc__Answer answers = RPC__ANSWER__INIT;

    (void)state;
    answers.output = (ProtobufCBinaryData){sizeof(large), large};
    take(1, 4, (int64_t[]){1, 3, 6, 5});
    finish();
    rpc_answer_later(t.laters[0], &answers);
    rpc_answer_later(t.laters[1], &answers);
    answer(2);
    assert_int_equal(t.answers[1]->reason, 0);
    assert_int_equal(t.answers[1]->answers[0]->output.len, sizeof(large));
    assert_int_equal(t.answers[1]->answers[1]->reason, RPC__REASON__OVERLOADED);
    assert_granted(1, 2, 6);
    assert_granted(1, 3, 5);
    /* What was asked outside may have been done there. */
    t.n_laters = 0;
    rule_of_get(true);
    take(3, 2, (int64_t[]){1, 3});
    finish();
    rpc_answer_later(t.laters[0], &answers);
    rpc_answer_later(t.laters[1], &answers);
    rule_of_get(false);
    assert_int_equal(t.answers[3]->answers[1]->reason, RPC__REASON__OUTCOME_UNKNOWN);
    t.n_laters = 0;
    take(2, 1, (int64_t[]){5});
    finish();
    answer(0);
    assert_granted(2, 0, 5);
}

static void a_later_answer_is_counted_when_it_comes(void **state)
{
    Rpc__ProbeReport report = RPC__PROBE_REPORT__INIT;
    double calls = -1, refused = -1;

    (void)state;
    take(1, 2, (int64_t[]){1, 3});
    finish();
    answer(0);
    refuse(1, SAMPLE__REASON__SOLD_OUT);
    rpc_server_metrics(t.server, &t.arena, &report);
    for (size_t i = 0; i < report.n_metrics; i++) {
        if (strcmp(report.metrics[i]->name, "huigong_calls_total") == 0)
            calls = report.metrics[i]->value;
        if (strcmp(report.metrics[i]->name, "huigong_refused_total") == 0)
            refused = report.metrics[i]->value;
    }
    assert_true(calls == 2);
    assert_true(refused == 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_answered_when_the_last_of_its_calls_is),
        TEST(a_later_answer_may_be_a_refusal),
        TEST(batches_go_on_while_answers_are_to_come),
        TEST(no_more_calls_wait_than_may),
        TEST(no_more_messages_wait_than_the_broker_lets_through),
        TEST(a_later_answer_that_finds_no_room_is_refused_alone),
        TEST(a_later_answer_is_counted_when_it_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
