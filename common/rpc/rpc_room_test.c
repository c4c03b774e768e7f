/* The room of a message for its answers, and the memory of a batch: who finds too little
 * fails alone, and what is said not to be done is not. */
#include "common/rpc/rpc_fixture.h"

static const Rpc__Answer *answer(unsigned i)
{
    assert_int_equal(h.answers->reason, 0);
    assert_true(i < h.answers->n_answers);
    return h.answers->answers[i];
}

/* The answers of the last message that are to be sent again, which say nothing else. */
static unsigned count_resend(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < h.answers->n_answers; i++) {
        n += answer(i)->resend ? 1 : 0;
        assert_reason(answer(i), answer(i)->resend ? RPC__REASON__OVERLOADED : 0);
        assert_true(!answer(i)->resend || answer(i)->output.len == 0);
    }
    return n;
}

static void a_write_is_answered_whatever_its_neighbours_read(void **state)
{
    (void)state;
    things.reply_size = 20000;
    for (unsigned i = 0; i < 150; i++)
        gather_get();
    gather_take(1);
    for (unsigned i = 0; i < 150; i++)
        gather_get();
    harness_run(&h);
    assert_int_equal(h.answers->n_answers, 301);
    assert_true(answer(150)->created);
    /* As many as fit one message are answered, and the rest of them in the next. */
    assert_int_equal(count_resend(), 300 - 209);
    for (unsigned i = 0; i < 300 - 209; i++)
        gather_get();
    harness_run(&h);
    assert_int_equal(count_resend(), 0);
    assert_holds(1);
}

static void a_large_answer_takes_no_small_one_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        if (i % 5 < 2)
            gather_get();
        else
            gather_take(i);
    }
    things.reply_size = 50000; /* two in five */
    harness_run(&h);
    assert_int_equal(h.answers->n_answers, 500);
    for (unsigned i = 0; i < 500; i++)
        assert_int_equal(answer(i)->resend, i % 5 < 2 && i / 5 * 2 + i % 5 >= 83);
}

static void what_is_to_be_sent_again_has_not_been_done(void **state)
{
    unsigned again, rounds = 0, left = 400;

    (void)state;
    things.code_size = 30000;
    for (int64_t first = 0; left; rounds++) {
        for (unsigned i = 0; i < left; i++)
            gather_take(first + i);
        harness_run(&h);
        again = count_resend();
        assert_true(again < left);
        first += left - again;
        left = again;
        assert_int_equal(things.n, first);
        assert_int_equal(journal_rows(), first);
    }
    assert_int_equal(rounds, 3);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM thing"), 400);
}

static void a_key_is_not_used_up_by_an_answer_that_finds_no_room(void **state)
{
    Sample__CreateShowRequest request = SAMPLE__CREATE_SHOW_REQUEST__INIT;
    Rpc__Principal *official = harness_official(&h, 1, RULE__ROLE__BENEFIT_MANAGER, PATH);

    (void)state;
    things.reply_size = LIMIT_ANSWER - 100;
    gather_get();
    harness_add(&h, CREATE, &request.base, official, "k");
    things.code_size = 20000;
    harness_run(&h);
    assert_true(answer(1)->resend);
    assert_int_equal(things.runs, 1);
    things.reply_size = 0;
    assert_holds(0);
    harness_call(&h, CREATE, &request.base, official, "k");
    assert_true(answer(0)->created);
    assert_holds(1);
}

static void an_answer_too_large_for_a_message_is_refused_and_nothing_done(void **state)
{
    (void)state;
    things.reply_size = LIMIT_MESSAGE_SIZE;
    things.code_size = LIMIT_MESSAGE_SIZE;
    gather_get();
    gather_take(1);
    things.code_size = LIMIT_ANSWER + 1;
    harness_run(&h);
    assert_refused(answer(0), "ANSWER_TOO_LARGE");
    assert_refused(answer(1), "ANSWER_TOO_LARGE");
    things.reply_size = 0;
    assert_holds(0);
    /* The greatest there is passes alone, and beside as many as a message holds. */
    things.code_size = LIMIT_ANSWER - 20;
    for (unsigned i = 0; i < LIMIT_MESSAGE_CALLS; i++)
        gather_take(1 + i);
    harness_run(&h);
    assert_true(answer(0)->created);
    assert_int_equal(count_resend(), LIMIT_MESSAGE_CALLS - 1);
    things.code_size = 0;
    assert_holds(1);
}

static void a_refusal_that_kept_its_writes_is_given_or_undone(void **state)
{
    (void)state;
    things.code_size = LIMIT_ANSWER - 20;
    gather_take(1);
    for (unsigned i = 0; i < 511; i++)
        gather_take(KEPT + i);
    harness_run(&h);
    for (unsigned i = 1, kept = 1; i < 512; i++) {
        kept += answer(i)->resend ? 0 : 1;
        assert_reason(answer(i), answer(i)->resend ? RPC__REASON__OVERLOADED : SAMPLE__REASON__SOLD_OUT);
        assert_int_equal(i < 511 || things.n == kept, 1);
    }
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM thing"), things.n);
}

static void a_failed_commit_leaves_room_for_what_is_read_again(void **state)
{
    (void)state;
    things.reply_size = 20000;
    harness_fill(&h);
    for (unsigned i = 0; i < 300; i++)
        gather_get();
    gather_take(1);
    gather_take(2);
    harness_run(&h);
    assert_refused(answer(300), "STORE_FULL");
    assert_refused(answer(301), "STORE_FULL");
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(answer(i)->resend, i >= 209);
    things.reply_size = 0;
    assert_holds(0);
}

static void a_neighbour_that_takes_all_memory_is_refused_alone(void **state)
{
    (void)state;
    things.hunger = LIMIT_CALL_ARENA - (1 << 20);
    for (unsigned i = 0; i < 10; i++) {
        gather_get();
        gather_take(1 + i);
    }
    harness_take(&h);
    for (unsigned i = 0; i < 10; i++)
        gather_take(100 + i);
    gather_get();
    harness_run(&h);
    assert_int_equal(count_resend(), 0);
    things.hunger = LIMIT_CALL_ARENA + 1;
    gather_get();
    gather_take(200);
    harness_run(&h);
    assert_refused(answer(0), "OVERLOADED");
    assert_ok(answer(1));
    things.hunger = 0;
    assert_holds(21);
}

/* 64 messages of 4 MB would be four times the memory of a batch. */
static void a_batch_ends_before_its_memory_does(void **state)
{
    static uint8_t key[17], input[LIMIT_MESSAGE_SIZE - 4096];
    unsigned n = 0;
    bool more = true;

    (void)state;
    while (more) {
        Rpc__Call *call = gather_take(1);

        /* Its input is no TakeSeatRequest, and its key has a length that none has. */
        call->idempotency_key = (ProtobufCBinaryData){sizeof(key), key};
        call->input = (ProtobufCBinaryData){sizeof(input), input};
        more = harness_take(&h);
        n++;
        assert_true(n < LIMIT_BATCH_MESSAGES);
    }
    harness_finish(&h);
    assert_refused(answer(0), "IDEMPOTENCY_KEY_INVALID");
    assert_true(n >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_write_is_answered_whatever_its_neighbours_read),
        TEST(a_large_answer_takes_no_small_one_down),
        TEST(what_is_to_be_sent_again_has_not_been_done),
        TEST(a_key_is_not_used_up_by_an_answer_that_finds_no_room),
        TEST(an_answer_too_large_for_a_message_is_refused_and_nothing_done),
        TEST(a_refusal_that_kept_its_writes_is_given_or_undone),
        TEST(a_failed_commit_leaves_room_for_what_is_read_again),
        TEST(a_neighbour_that_takes_all_memory_is_refused_alone),
        TEST(a_batch_ends_before_its_memory_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
