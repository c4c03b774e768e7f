/* What is made beside the loop: the service of rpc_fixture.h, whose TakeSeat asks for
 * as many functions as its number says before it writes. */
#include "common/rpc/rpc_fixture.h"

#define ASKS_TWO 100 /* numbers from here on ask twice */
#define SALTED   200 /* and from here on with something random behind what is the same */
#define AMONG    500 /* and here write first, and ask in the middle */

static unsigned n_run;

static size_t twice(const void *in, size_t len, void *out)
{
    int64_t number;

    assert_true(len >= sizeof(number));
    memcpy(&number, in, sizeof(number));
    number *= 2;
    memcpy(out, &number, sizeof(number));
    n_run++;
    return sizeof(number);
}

/* False: the call waits or was refused. */
static bool made(void *call, int64_t number, int64_t *ret)
{
    unsigned char in[sizeof(number) + 8];
    const void *out;
    size_t len;

    memcpy(in, &number, sizeof(number));
    rpc_random(call, in + sizeof(number), 8);
    out = rpc_make(call, twice, in, number >= SALTED ? sizeof(in) : sizeof(number), sizeof(number), &len);
    if (!out)
        return false;
    assert_int_equal(len, sizeof(*ret));
    memcpy(ret, out, sizeof(*ret));
    return true;
}

static void take_seat_made(Sample__Shows_Service *service, const Sample__TakeSeatRequest *req,
                           Sample__Seat_Closure reply, void *call)
{
    struct things *self = container_of(service, struct things, service);
    Sample__Seat seat = SAMPLE__SEAT__INIT;
    int64_t number = req->show_id, result;

    self->runs++;
    if (number >= AMONG)
        add(self, number + 1000, call);
    if (!made(call, number, &result) || (number >= ASKS_TWO && !made(call, result, &result)))
        return;
    add(self, result, call);
    seat.seat_id = result;
    rpc_created(call);
    reply(&seat, call);
}

static int setup_made(void **state)
{
    setup(state);
    things.service.take_seat = take_seat_made;
    n_run = 0;
    return 0;
}

static int64_t seat_of(const Rpc__Answer *answer)
{
    const Sample__Seat *seat = harness_output(&h, answer, &sample__seat__descriptor);

    return seat->seat_id;
}

static void a_call_runs_again_with_what_was_made_and_writes_once(void **state)
{
    (void)state;
    assert_int_equal(seat_of(take(3)), 6);
    assert_int_equal(things.runs, 2);
    assert_int_equal(n_run, 1);
    assert_holds(1);
    assert_int_equal(seat_of(take(SALTED)), 4 * SALTED);
    assert_int_equal(things.runs, 5);
    assert_int_equal(n_run, 3);
    assert_int_equal(seat_of(take(AMONG)), 4 * AMONG);
    assert_holds(4);
    assert_int_equal(journal_rows(), 4);
}

static void without_anybody_beside_it_is_made_at_once_with_the_same_outcome(void **state)
{
    (void)state;
    rpc_server_beside(h.service.rpc, NULL, NULL);
    assert_int_equal(seat_of(take(3)), 6);
    assert_int_equal(seat_of(take(SALTED)), 4 * SALTED);
    assert_int_equal(things.runs, 2);
    assert_holds(2);
}

static void nothing_is_seen_of_a_call_that_waits(void **state)
{
    (void)state;
    gather_take(AMONG);
    harness_take(&h);
    rpc_server_finish(h.service.rpc, harness_on_answers, &h);
    assert_null(h.answers);
    assert_int_equal(h.n_jobs, 1);
    assert_int_equal(things.n, 0);
    assert_int_equal(journal_rows(), 0);
    assert_int_equal(rpc_server_deferred(h.service.rpc), 1);
    assert_false(rpc_server_take_made(h.service.rpc));
    harness_make(&h);
    assert_int_equal(seat_of(h.answers->answers[0]), 4 * AMONG);
    assert_int_equal(rpc_server_deferred(h.service.rpc), 0);
    assert_holds(2);
}

static void others_of_the_batch_are_answered_meanwhile(void **state)
{
    Rpc__AnswerBatch *answers;

    (void)state;
    gather_take(5);
    harness_take(&h);
    gather_get();
    harness_take(&h);
    rpc_server_finish(h.service.rpc, harness_on_answers, &h);
    assert_status(h.answers->answers[0], 0, 0);
    answers = h.answers;
    harness_make(&h);
    assert_ptr_not_equal(h.answers, answers);
    assert_int_equal(seat_of(h.answers->answers[0]), 10);
}

static void many_wait_and_one_more_is_refused(void **state)
{
    (void)state;
    for (int64_t i = 0; i <= RPC_MAX_MADE; i++)
        gather_take(SALTED + i);
    harness_run(&h);
    for (unsigned i = 0; i < RPC_MAX_MADE; i++)
        assert_int_equal(seat_of(h.answers->answers[i]), 4 * (SALTED + i));
    assert_string_equal(harness_refusal(h.answers->answers[RPC_MAX_MADE]), "OVERLOADED");
    assert_holds(RPC_MAX_MADE);
    assert_int_equal(seat_of(take(1)), 2);
}

static bool no_room(void *arg, struct rpc_job *job)
{
    (void)arg;
    (void)job;
    return false;
}

static void a_full_worker_refuses_and_what_waited_is_forgotten(void **state)
{
    (void)state;
    rpc_server_beside(h.service.rpc, no_room, NULL);
    for (int i = 0; i < 2 * RPC_MAX_MADE; i++)
        assert_string_equal(harness_refusal(take(3)), "OVERLOADED");
    assert_int_equal(rpc_server_deferred(h.service.rpc), 0);
    assert_holds(0);
}

static void a_deadline_that_passes_meanwhile_refuses(void **state)
{
    (void)state;
    gather_take(3)->deadline_at = HARNESS_NOW + 10;
    harness_take(&h);
    rpc_server_finish(h.service.rpc, harness_on_answers, &h);
    clock_step(&h.service.clock, 1000);
    harness_make(&h);
    assert_string_equal(harness_refusal(h.answers->answers[0]), "DEADLINE_EXCEEDED");
    assert_holds(0);
}

static void a_call_that_waits_is_dropped_when_the_server_ends(void **state)
{
    (void)state;
    gather_take(3);
    harness_take(&h);
    rpc_server_finish(h.service.rpc, harness_on_answers, &h);
    h.n_jobs = 0;
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_made, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_runs_again_with_what_was_made_and_writes_once),
        TEST(without_anybody_beside_it_is_made_at_once_with_the_same_outcome),
        TEST(nothing_is_seen_of_a_call_that_waits),
        TEST(others_of_the_batch_are_answered_meanwhile),
        TEST(many_wait_and_one_more_is_refused),
        TEST(a_full_worker_refuses_and_what_waited_is_forgotten),
        TEST(a_deadline_that_passes_meanwhile_refuses),
        TEST(a_call_that_waits_is_dropped_when_the_server_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
