/* Idempotency-Key: a repeat gets the first answer. */
#include "common/rpc/rpc_fixture.h"

static void a_required_key_must_be_there_and_whole(void **state)
{
    static uint8_t key[33];
    Rpc__Principal *official = harness_official(&h, 1, RULE__ROLE__BENEFIT_MANAGER, PATH);

    (void)state;
    assert_refused(create(1, 5, NULL), "IDEMPOTENCY_KEY_MISSING");
    for (size_t len = 1; len <= sizeof(key); len += len == 16 ? 17 : 15) {
        harness_add(&h, CREATE, NULL, official, NULL)->idempotency_key = (ProtobufCBinaryData){len, key};
        harness_run(&h);
        assert_refused(h.answers->answers[0], "IDEMPOTENCY_KEY_INVALID");
    }
    gather_take(1)->idempotency_key = (ProtobufCBinaryData){33, key};
    harness_run(&h);
    assert_refused(h.answers->answers[0], "IDEMPOTENCY_KEY_INVALID");
    assert_int_equal(things.runs, 0);
    assert_ok(harness_call(&h, CREATE, NULL, harness_internal(&h), NULL));
}

static void assert_same_answer(const Rpc__Answer *first, const Rpc__Answer *again)
{
    assert_ok(again);
    assert_int_equal(again->created, first->created);
    assert_int_equal(again->output.len, first->output.len);
    assert_memory_equal(again->output.data, first->output.data, first->output.len);
}

static void a_repeat_with_the_key_gets_the_first_answer(void **state)
{
    const Rpc__Answer *first = create(1, 5, "k");

    (void)state;
    assert_ok(first);
    assert_true(first->created);
    assert_same_answer(first, create(1, 5, "k"));
    assert_false(h.grown);
    harness_reopen(&h);
    assert_same_answer(first, create(1, 5, "k"));
    assert_int_equal(things.runs, 0);
    assert_int_equal(journal_rows(), 2); /* what it did, and by whose authority */
}

static void two_with_one_key_in_one_batch_run_once(void **state)
{
    Sample__CreateShowRequest request = SAMPLE__CREATE_SHOW_REQUEST__INIT;
    Rpc__Principal *official = harness_official(&h, 1, RULE__ROLE__BENEFIT_MANAGER, PATH);

    (void)state;
    harness_add(&h, CREATE, &request.base, official, "k");
    harness_add(&h, CREATE, &request.base, official, "k");
    harness_run(&h);
    assert_same_answer(h.answers->answers[0], h.answers->answers[1]);
    assert_int_equal(things.runs, 1);
}

static void a_key_with_another_body_is_refused(void **state)
{
    (void)state;
    assert_ok(create(1, 5, "k"));
    assert_refused(create(1, 6, "k"), "IDEMPOTENCY_KEY_REUSED");
    assert_int_equal(things.runs, 1);
    assert_ok(create(1, 6, "another"));
    assert_ok(create(2, 6, "k")); /* each person has her own keys */
    assert_int_equal(things.runs, 3);
}

static void a_refusal_is_not_kept(void **state)
{
    (void)state;
    assert_refused(create(1, 0, "k"), "WRONG_STATE");
    assert_ok(create(1, 5, "k"));
    assert_int_equal(things.runs, 2);
}

static void a_key_is_forgotten_after_a_day(void **state)
{
    (void)state;
    create(1, 5, "k");
    clock_step(&h.service.clock, LIMIT_IDEMPOTENCY_MS);
    rpc_server_tidy(h.service.rpc);
    assert_ok(create(1, 5, "k"));
    assert_int_equal(things.runs, 1);
    clock_step(&h.service.clock, 1);
    assert_ok(create(1, 6, "k"));
    assert_int_equal(things.runs, 2);
    assert_ok(create(1, 6, "k")); /* and kept anew */
    assert_int_equal(things.runs, 2);
}

static void tidying_deletes_old_answers_alone(void **state)
{
    static const char *const count_sql = "SELECT count(*) FROM stored_answer";
    int count = store_prepare(h.service.store, &count_sql, 1);

    (void)state;
    for (int i = 0; i < 300; i++) {
        char key[16];

        snprintf(key, sizeof(key), "%d", i);
        assert_ok(create(1, 5, key));
    }
    clock_step(&h.service.clock, LIMIT_IDEMPOTENCY_MS + 1);
    create(1, 5, "young");
    for (int i = 0; i < 10; i++)
        rpc_server_tidy(h.service.rpc);
    store_ask(h.service.store, (unsigned)count, "");
    assert_true(store_row(h.service.store, (unsigned)count));
    assert_int_equal(store_int(h.service.store, (unsigned)count, 0), 1);
    store_end(h.service.store, (unsigned)count);
}

/* A pass, a one-time password, a name: whatever an answer says. */
static void a_kept_answer_is_not_in_the_store(void **state)
{
    const Rpc__Answer *first;

    (void)state;
    things.code_size = 40;
    first = create(1, 5, "k");
    assert_ok(first);
    assert_non_null(memmem(first->output.data, first->output.len, "xxxxxxxx", 8));
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM stored_answer WHERE length(answer) > 40"), 1);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM stored_answer WHERE instr(hex(answer), hex('xxxxxxxx'))"),
                     0);
    assert_int_equal(harness_number(&h, "SELECT max(length(key)) FROM stored_answer"), 16); /* half of what opens it */
    assert_same_answer(first, create(1, 5, "k"));
}

static void a_kept_answer_opens_with_its_whole_key_alone(void **state)
{
    Sample__CreateShowRequest request = SAMPLE__CREATE_SHOW_REQUEST__INIT;
    Rpc__Principal *official = harness_official(&h, 1, RULE__ROLE__BENEFIT_MANAGER, PATH);
    static const char *const changes[] = {
        "UPDATE stored_answer SET member_id = 2", /* what it moves is whole */
        "UPDATE stored_answer SET answer = substr(answer, 1, length(answer) - 1)",
        "UPDATE stored_answer SET answer = x''",
    };

    (void)state;
    assert_ok(harness_call(&h, CREATE, &request.base, official, "k"));
    harness_add(&h, CREATE, &request.base, official, "k")->idempotency_key.data[31] ^= 1;
    assert_int_equal(harness_run(&h)->answers[0]->reason, RPC__REASON__OVERLOADED);
    assert_int_equal(h.answers->answers[0]->output.len, 0);
    official->member_id = 2;
    for (unsigned i = 0; i < ARRAY_LEN(changes); i++) {
        harness_tamper(&h, changes[i]);
        assert_int_equal(harness_call(&h, CREATE, &request.base, official, "k")->reason, RPC__REASON__OVERLOADED);
    }
    assert_int_equal(things.runs, 1);
}

static void an_answer_kept_before_they_were_sealed_is_given(void **state)
{
    (void)state;
    assert_ok(create(1, 5, "k"));
    /* created: true, output: "a" */
    harness_tamper(&h, "UPDATE stored_answer SET sealed = 0, answer = x'10011a0161'");
    assert_ok(create(1, 5, "k"));
    assert_true(h.answers->answers[0]->created);
    assert_int_equal(h.answers->answers[0]->output.len, 1);
    assert_int_equal(things.runs, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_required_key_must_be_there_and_whole),
        TEST(a_repeat_with_the_key_gets_the_first_answer),
        TEST(two_with_one_key_in_one_batch_run_once),
        TEST(a_key_with_another_body_is_refused),
        TEST(a_refusal_is_not_kept),
        TEST(a_key_is_forgotten_after_a_day),
        TEST(tidying_deletes_old_answers_alone),
        TEST(a_kept_answer_is_not_in_the_store),
        TEST(a_kept_answer_opens_with_its_whole_key_alone),
        TEST(an_answer_kept_before_they_were_sealed_is_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
