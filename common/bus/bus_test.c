/* Server, client and broker over real sockets: the bus and the rpc client on it. */
#include "common/bus/bus.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/bus_harness.h"

#define MAX_HELD  256
#define MAX_CALLS 8192

/* Answers each call with its own input, at once or when it is let go. */
struct server {
    struct bus_server *bus;
    struct bus_message *held[MAX_HELD];
    unsigned n_held, n_messages, n_calls;
    unsigned room; /* calls of a message that it answers; the others are to come again. 0: all */
    bool hold;
    enum bus_class class; /* of the last message */
};

/* What became of one call. */
struct outcome {
    int reason;
    unsigned times;
    int64_t output;
    pid_t from; /* the server's process */
};

static struct outcome outcomes[MAX_CALLS];
static unsigned n_answered;

/* ---- the server ---- */

static void answer(struct server *server, struct bus_message *message)
{
    size_t len;
    const void *bytes = bus_message_bytes(message, &len);
    Rpc__CallBatch *calls = rpc__call_batch__unpack(NULL, len, bytes);
    Rpc__AnswerBatch batch = RPC__ANSWER_BATCH__INIT;
    static Rpc__Answer answers[LIMIT_MESSAGE_CALLS];
    static Rpc__Answer *pointers[LIMIT_MESSAGE_CALLS];
    uint8_t *packed;

    assert_non_null(calls);
    for (size_t i = 0; i < calls->n_calls; i++) {
        rpc__answer__init(&answers[i]);
        answers[i].output = calls->calls[i]->input;
        answers[i].retry_after_s = getpid();
        if (server->room && i >= server->room) {
            answers[i].output = (ProtobufCBinaryData){0, NULL};
            answers[i].reason = RPC__REASON__OVERLOADED;
            answers[i].resend = true;
        }
        pointers[i] = &answers[i];
    }
    batch.answers = pointers;
    batch.n_answers = calls->n_calls;
    server->n_calls += (unsigned)calls->n_calls;
    packed = malloc(rpc__answer_batch__get_packed_size(&batch) + 1);
    bus_server_answer(server->bus, message, packed, rpc__answer_batch__pack(&batch, packed));
    free(packed);
    rpc__call_batch__free_unpacked(calls, NULL);
}

static bool on_message(void *arg, struct bus_message *message)
{
    struct server *server = arg;

    server->n_messages++;
    server->class = bus_message_class(message);
    assert_true(server->n_held < MAX_HELD);
    server->held[server->n_held++] = message;
    return server->n_held < MAX_HELD;
}

static void let_go(struct server *server)
{
    for (unsigned i = 0; i < server->n_held; i++)
        answer(server, server->held[i]);
    server->n_held = 0;
}

static void on_drained(void *arg)
{
    struct server *server = arg;

    if (!server->hold)
        let_go(server);
}

static void server_open(struct server *server)
{
    static const struct bus_server_events events = {on_message, on_drained};

    *server = (struct server){0};
    server->bus = bus_server_open(&b.loop, b.dir, "coupon", &events, server);
    assert_non_null(server->bus);
}

/* As when it dies: what it holds is never answered. */
static void server_close(struct server *server)
{
    for (unsigned i = 0; i < server->n_held; i++)
        bus_message_free(server->held[i]);
    server->n_held = 0;
    bus_server_close(server->bus);
}

/* ---- the client ---- */

static void on_answered(void *arg, const Rpc__Answer *got)
{
    struct outcome *outcome = arg;

    outcome->times++;
    outcome->reason = got->reason;
    outcome->from = got->retry_after_s;
    if (got->output.len == sizeof(outcome->output))
        memcpy(&outcome->output, got->output.data, sizeof(outcome->output));
    n_answered++;
}

/* One call of a method, whose input is its number. */
static bool call_of(struct rpc_client *client, const char *method, int64_t number)
{
    Rpc__Call envelope = RPC__CALL__INIT;

    assert_true(number < MAX_CALLS);
    envelope.method = unconst(method);
    envelope.input = (ProtobufCBinaryData){sizeof(number), (uint8_t *)&number};
    return rpc_client_call(client, &envelope, on_answered, &outcomes[number]);
}

static struct rpc_client *client_open(unsigned window)
{
    struct rpc_client *client = rpc_client_open(&b.loop, b.dir, "coupon", window);

    assert_non_null(client);
    return client;
}

/* A write, and a read. */
static bool call(struct rpc_client *client, int64_t number)
{
    return call_of(client, "Shows.TakeSeat", number);
}

static bool ask(struct rpc_client *client, int64_t number)
{
    return call_of(client, "Shows.GetShow", number);
}

/* A client whose way to a server that answers is known to be there. */
static struct rpc_client *client_open_ready(unsigned window)
{
    struct rpc_client *client = client_open(window);

    do {
        call(client, MAX_CALLS - 1);
        rpc_client_flush(client);
        bus_wait(&b, rpc_client_pending(client) == 0);
    } while (outcomes[MAX_CALLS - 1].reason);
    n_answered = 0;
    return client;
}

/* Numbers from first to before end were answered once each, with a reason or their input. */
static void assert_answered(int64_t first, int64_t end, int reason)
{
    for (int64_t number = first; number < end; number++) {
        assert_int_equal(outcomes[number].times, 1);
        assert_int_equal(outcomes[number].reason, reason);
        if (!reason)
            assert_int_equal(outcomes[number].output, number);
    }
}

/* ---- calls ---- */

static void every_call_gets_its_own_answer_once(void **state)
{
    struct rpc_client *client = client_open(4), *other = client_open(4);
    struct server server;

    (void)state;
    server_open(&server);
    bus_wait(&b, bus_counts(&b).served);
    for (int64_t number = 0; number < 2000; number++) {
        assert_true(call(number % 3 ? client : other, number));
        if (number % 7 == 0)
            rpc_client_flush(client);
        if (number % 11 == 0)
            rpc_client_flush(other);
    }
    assert_int_equal(n_answered, 0); /* never from inside a call */
    rpc_client_flush(client);
    rpc_client_flush(other);
    bus_wait(&b, n_answered == 2000);
    assert_answered(0, 2000, 0);
    assert_int_equal(server.n_calls, 2000);
    assert_int_equal(rpc_client_pending(client), 0);
    assert_int_equal(bus_counts(&b).depth, 0);
    assert_int_equal(bus_counts(&b).clients, 2);
    rpc_client_close(client);
    rpc_client_close(other);
    server_close(&server);
}

static void calls_gather_into_messages_of_bounded_size(void **state)
{
    struct rpc_client *client;
    struct server server;

    (void)state;
    server_open(&server);
    client = client_open_ready(4);
    server.n_messages = 0;
    for (int64_t number = 0; number < LIMIT_MESSAGE_CALLS + 1; number++)
        assert_true(call(client, number));
    rpc_client_flush(client);
    bus_wait(&b, n_answered == LIMIT_MESSAGE_CALLS + 1);
    assert_int_equal(server.n_messages, 2);
    rpc_client_close(client);
    server_close(&server);
}

/* Before what came later, and in their order. */
static void calls_that_found_no_room_are_sent_again(void **state)
{
    struct rpc_client *client;
    struct server server;

    (void)state;
    server_open(&server);
    client = client_open_ready(1);
    server.n_messages = 0;
    server.room = 3;
    for (int64_t number = 0; number < 100; number++)
        assert_true(number % 2 ? ask(client, number) : call(client, number));
    rpc_client_flush(client);
    bus_wait(&b, server.n_messages == 1);
    for (int64_t number = 100; number < 110; number++)
        call(client, number);
    bus_wait(&b, n_answered == 110);
    assert_answered(0, 110, 0);
    assert_int_equal(server.n_messages, 34 + 4);
    assert_int_equal(rpc_client_pending(client), 0);
    rpc_client_close(client);
    server_close(&server);
}

static void a_queue_nobody_serves_answers_by_itself(void **state)
{
    struct rpc_client *client = client_open(4);

    (void)state;
    for (int64_t number = 0; number < 100; number++) {
        call(client, number);
        rpc_client_flush(client);
    }
    bus_wait(&b, n_answered == 100);
    assert_answered(0, 100, RPC__REASON__SERVICE_DOWN);
    assert_true(bus_counts(&b).refused_unserved > 0);
    rpc_client_close(client);
}

static void a_broker_that_is_not_there_is_a_service_that_is_down(void **state)
{
    struct rpc_client *client;

    (void)state;
    bus_broker_stop(&b);
    client = client_open(4);
    call(client, 0);
    rpc_client_flush(client);
    bus_wait(&b, n_answered == 1);
    assert_answered(0, 1, RPC__REASON__SERVICE_DOWN);
    rpc_client_close(client);
}

static void a_server_that_dies_answers_what_it_had_taken(void **state)
{
    struct rpc_client *client;
    struct server server, next;

    (void)state;
    server_open(&server);
    client = client_open_ready(4);
    server.n_messages = 0;
    server.hold = true;
    for (int64_t number = 0; number < 3; number++) {
        call(client, number);
        rpc_client_flush(client);
        bus_wait(&b, server.n_messages == number + 1);
    }
    assert_int_equal(bus_counts(&b).depth, 3);
    server_close(&server);
    bus_wait(&b, n_answered == 3);
    assert_answered(0, 3, RPC__REASON__OUTCOME_UNKNOWN);
    assert_int_equal(bus_counts(&b).depth, 0);
    server_open(&next);
    bus_wait(&b, bus_counts(&b).served);
    call(client, 3);
    rpc_client_flush(client);
    bus_wait(&b, n_answered == 4);
    assert_answered(3, 4, 0);
    assert_int_equal(next.n_calls, 1);
    rpc_client_close(client);
    server_close(&next);
}

static int serve(const char *dir)
{
    struct server server;

    alarm(60);
    uv_loop_init(&b.loop);
    snprintf(b.dir, sizeof(b.dir), "%s", dir);
    server_open(&server);
    return uv_run(&b.loop, UV_RUN_DEFAULT);
}

static void a_second_server_is_turned_away_until_the_first_has_gone(void **state)
{
    struct rpc_client *client = client_open(4);
    pid_t first, second;

    (void)state;
    first = bus_spawn("--serve", b.dir);
    bus_wait(&b, bus_counts(&b).served);
    second = bus_spawn("--serve", b.dir);
    for (int64_t number = 0; number < 2000 || bus_counts(&b).turned_away < 10; number++) {
        struct outcome *outcome = &outcomes[number % 2000];

        call(client, number % 2000);
        rpc_client_flush(client);
        bus_wait(&b, rpc_client_pending(client) == 0);
        assert_int_equal(outcome->reason, 0);
        assert_int_equal(outcome->from, first);
    }
    kill(first, SIGKILL);
    assert_int_equal(waitpid(first, NULL, 0), first);
    do { /* the second comes back by itself */
        call(client, 2000);
        rpc_client_flush(client);
        bus_wait(&b, rpc_client_pending(client) == 0);
    } while (outcomes[2000].reason);
    assert_int_equal(outcomes[2000].reason, 0);
    assert_int_equal(outcomes[2000].from, second);
    kill(second, SIGKILL);
    assert_int_equal(waitpid(second, NULL, 0), second);
    bus_wait(&b, !bus_counts(&b).served);
}

/* Greets as a server does (SP, protocol REP0 = 0x31); returns its socket. */
static int come(size_t len)
{
    static const unsigned char greeting[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/coupon" BUS_SERVER "/calls", b.dir);
    assert_return_code(connect(fd, (struct sockaddr *)&address, sizeof(address)), errno);
    assert_int_equal(write(fd, greeting, len), len);
    return fd;
}

static void a_server_that_goes_while_it_comes_leaves_its_place_to_the_next(void **state)
{
    struct rpc_client *client;
    struct server server;

    (void)state;
    for (int i = 0; i < 2000; i++)
        close(come(8)); /* gone before it is known */
    server_open(&server);
    client = client_open_ready(1);
    rpc_client_close(client);
    server_close(&server);
}

static void a_greeting_broken_off_costs_nobody_her_connection(void **state)
{
    struct rpc_client *client;
    struct server server;
    char greeting[8];
    int fd;

    (void)state;
    server_open(&server);
    client = client_open_ready(1);
    server.n_messages = 0;
    server.hold = true;
    call(client, 0);
    rpc_client_flush(client);
    bus_wait(&b, server.n_messages == 1);
    fd = come(3);
    assert_int_equal(read(fd, greeting, sizeof(greeting)), sizeof(greeting)); /* the broker's */
    close(fd);
    b.ticks = 0;
    bus_wait(&b, b.ticks > 3 * BUS_TEND_MS);
    let_go(&server);
    bus_wait(&b, n_answered == 1);
    assert_answered(0, 1, 0);
    rpc_client_close(client);
    server_close(&server);
}

static void a_broker_that_restarts_loses_only_what_was_in_flight(void **state)
{
    struct rpc_client *client;
    struct server server;

    (void)state;
    server_open(&server);
    client = client_open_ready(2);
    server.n_messages = 0;
    server.hold = true;
    for (int64_t number = 0; number < 4; number++) {
        call(client, number);
        rpc_client_flush(client);
    }
    bus_wait(&b, server.n_messages == 2);
    bus_broker_stop(&b);
    bus_wait(&b, n_answered == 2);
    assert_answered(0, 2, RPC__REASON__OUTCOME_UNKNOWN);
    server.hold = false;
    let_go(&server); /* to nobody */
    bus_broker_start(&b);
    bus_wait(&b, bus_counts(&b).served && n_answered == 4);
    do {
        outcomes[5].times = 0;
        call(client, 5);
        rpc_client_flush(client);
        bus_wait(&b, rpc_client_pending(client) == 0);
    } while (outcomes[5].reason);
    assert_answered(5, 6, 0);
    for (int64_t number = 0; number < 4; number++)
        assert_int_equal(outcomes[number].times, 1);
    rpc_client_close(client);
    server_close(&server);
}

/* Writes and reads in one message, on their way when something goes. */
static void send_mixed(struct rpc_client *client, struct server *server)
{
    server->n_messages = 0;
    server->hold = true;
    for (int64_t number = 0; number < 20; number++)
        assert_true(number % 2 ? ask(client, number) : call(client, number));
    rpc_client_flush(client);
    bus_wait(&b, server->n_messages == 1);
}

static void assert_mixed(int write_reason, int read_reason)
{
    for (int64_t number = 0; number < 20; number++)
        assert_answered(number, number + 1, number % 2 ? read_reason : write_reason);
}

static void a_read_whose_answer_is_lost_is_asked_again_and_a_write_is_not(void **state)
{
    struct rpc_client *client;
    struct server server;

    (void)state;
    server_open(&server);
    client = client_open_ready(2);
    send_mixed(client, &server);
    bus_broker_stop(&b);
    bus_wait(&b, n_answered == 10); /* the writes, at once */
    server.n_calls = 0;
    server.hold = false;
    for (unsigned i = 0; i < server.n_held; i++)
        bus_message_free(server.held[i]);
    server.n_held = 0;
    bus_broker_start(&b);
    bus_wait(&b, n_answered == 20);
    /* Served again or not yet: the broker may be asked before the server has come back. */
    assert_mixed(RPC__REASON__OUTCOME_UNKNOWN, outcomes[1].reason);
    assert_true(outcomes[1].reason == 0 || outcomes[1].reason == RPC__REASON__SERVICE_DOWN);
    assert_int_equal(server.n_calls, outcomes[1].reason ? 0 : 10);
    rpc_client_close(client);
    server_close(&server);
}

static void a_read_that_is_lost_twice_is_given_up(void **state)
{
    struct rpc_client *client;
    struct server server, next;

    (void)state;
    server_open(&server);
    client = client_open_ready(2);
    send_mixed(client, &server);
    server_open(&next); /* turned away until the first has gone */
    next.hold = true;
    server_close(&server);
    bus_wait(&b, n_answered == 20 || next.n_messages == 1);
    server_close(&next);
    bus_wait(&b, n_answered == 20);
    assert_mixed(RPC__REASON__OUTCOME_UNKNOWN, RPC__REASON__SERVICE_DOWN);
    rpc_client_close(client);
}

static void a_call_does_not_share_the_loss_of_those_before_it(void **state)
{
    struct rpc_client *client;
    struct server server, next;

    (void)state;
    server_open(&server);
    client = client_open_ready(2);
    send_mixed(client, &server);
    bus_broker_stop(&b);
    bus_wait(&b, n_answered == 10); /* the writes; the reads wait for the broker */
    assert_true(ask(client, 20));
    bus_broker_start(&b);
    while (!bus_counts(&b).served) /* the loop stands still, so that nothing is sent before */
        sched_yield();
    server_open(&next); /* turned away until the first has gone */
    bus_wait(&b, server.n_messages == 3);
    server_close(&server);
    bus_wait(&b, n_answered == 21);
    assert_int_equal(outcomes[1].reason, RPC__REASON__SERVICE_DOWN); /* asked twice */
    /* It was asked once more, of the next or, before that had come, of nobody. */
    assert_true(outcomes[20].reason == 0 || bus_counts(&b).refused_unserved == 1);
    rpc_client_close(client);
    server_close(&next);
}

static void who_stops_does_not_know_what_became_of_writes(void **state)
{
    struct rpc_client *client;
    struct server server;

    (void)state;
    server_open(&server);
    client = client_open_ready(1);
    send_mixed(client, &server);
    call(client, 20);
    rpc_client_close(client);
    assert_mixed(RPC__REASON__OUTCOME_UNKNOWN, RPC__REASON__STOPPING);
    assert_answered(20, 21, RPC__REASON__STOPPING); /* was not sent */
    server_close(&server);
}

static void a_client_keeps_to_its_window_and_its_queue(void **state)
{
    struct rpc_client *client;
    struct server server;
    int64_t number = 0;

    (void)state;
    server_open(&server);
    client = client_open_ready(2);
    server.n_messages = 0;
    server.hold = true;
    call(client, number++);
    rpc_client_flush(client);
    call(client, number++);
    rpc_client_flush(client);
    bus_wait(&b, server.n_messages == 2);
    while (number < MAX_CALLS && call(client, number)) {
        rpc_client_flush(client);
        number++;
    }
    assert_int_equal(number, 2 + LIMIT_CLIENT_QUEUE);
    assert_int_equal(rpc_client_pending(client), number);
    for (int turn = 0; turn < 50; turn++)
        uv_run(&b.loop, UV_RUN_ONCE);
    assert_int_equal(server.n_messages, 2);
    assert_int_equal(bus_counts(&b).depth, 2);
    server.hold = false;
    let_go(&server);
    bus_wait(&b, n_answered == number);
    assert_answered(0, 2, 0);
    for (int64_t i = 2; i < number; i++) {
        assert_int_equal(outcomes[i].times, 1);
        /* On a slow machine some have waited too long. */
        assert_true(outcomes[i].reason == 0 || outcomes[i].reason == RPC__REASON__OVERLOADED);
    }
    rpc_client_close(client);
    server_close(&server);
}

static void a_queue_holds_so_many_messages_and_refuses_more(void **state)
{
    enum { CLIENTS = LIMIT_BROKER_IN_FLIGHT / LIMIT_CLIENT_WINDOW };
    struct rpc_client *clients[CLIENTS], *late;
    struct server server;
    int64_t number = 0, held;

    (void)state;
    server_open(&server);
    for (unsigned i = 0; i < CLIENTS; i++)
        clients[i] = client_open_ready(LIMIT_CLIENT_WINDOW);
    late = client_open_ready(LIMIT_CLIENT_WINDOW);
    server.n_messages = 0;
    server.hold = true;
    for (unsigned message = 0; message < LIMIT_BROKER_IN_FLIGHT; message++) {
        struct rpc_client *client = clients[message % CLIENTS];
        unsigned n = rpc_client_pending(client) / 2 + 1; /* enough to be worth a message */

        while (n-- > 0)
            call(client, number++);
        rpc_client_flush(client);
        bus_wait(&b, server.n_messages == message + 1);
    }
    held = number;
    for (; number < held + 3; number++) {
        call(late, number);
        rpc_client_flush(late);
        bus_wait(&b, rpc_client_pending(late) == 0);
    }
    assert_answered(held, number, RPC__REASON__OVERLOADED);
    assert_int_equal(server.n_messages, LIMIT_BROKER_IN_FLIGHT);
    assert_int_equal(bus_counts(&b).refused_full, 3);
    let_go(&server);
    bus_wait(&b, n_answered == number);
    assert_answered(0, held, 0);
    for (unsigned i = 0; i < CLIENTS; i++)
        rpc_client_close(clients[i]);
    rpc_client_close(late);
    server_close(&server);
}

/* ---- a client without a window ---- */

static unsigned n_lost, n_refused; /* answers of the broker's own */

static void on_word(void *arg, uint32_t request, const void *bytes, size_t len)
{
    Rpc__AnswerBatch *batch = rpc__answer_batch__unpack(NULL, len, bytes);

    (void)arg;
    (void)request;
    assert_non_null(batch);
    n_lost += batch->reason == RPC__REASON__OUTCOME_UNKNOWN;
    n_refused += batch->reason == RPC__REASON__OVERLOADED;
    rpc__answer_batch__free_unpacked(batch, NULL);
}

static struct bus_client *open_without_window(void)
{
    struct bus_client *client = bus_client_open(&b.loop, b.dir, "coupon", on_word, NULL);
    unsigned losses;

    assert_non_null(client);
    bus_wait(&b, bus_client_connected(client, &losses));
    return client;
}

static void send_some(struct bus_client *client, unsigned n, size_t len)
{
    static char bytes[60000];
    static uint32_t request;

    assert_true(len <= sizeof(bytes));
    for (request++; n > 0; n--, request++)
        bus_wait(&b, bus_client_send(client, request, bytes, len));
}

static void what_is_never_answered_leaves_its_place_to_others(void **state)
{
    struct bus_client *client;
    struct server server;

    (void)state;
    bus_broker_stop(&b);
    b.refusals.patience_ms = 1;
    bus_broker_start(&b);
    server_open(&server);
    server.hold = true;
    client = open_without_window();
    bus_wait(&b, bus_counts(&b).served);
    send_some(client, LIMIT_BROKER_IN_FLIGHT, 1);
    bus_wait(&b, server.n_messages == LIMIT_BROKER_IN_FLIGHT);
    bus_wait(&b, bus_counts(&b).depth == 0);
    send_some(client, 1, 1);
    bus_wait(&b, server.n_messages == LIMIT_BROKER_IN_FLIGHT + 1);
    assert_int_equal(n_refused, 0);
    server_close(&server);
    bus_client_close(client);
}

/* Two servers come that take nothing. What the first was to get fills the way to the second. */
static void what_finds_no_room_on_its_way_is_refused_and_takes_no_place(void **state)
{
    struct bus_client *client = open_without_window();
    int first = come(8), second;

    (void)state;
    bus_wait(&b, bus_counts(&b).served);
    send_some(client, LIMIT_BROKER_IN_FLIGHT, 60000);
    bus_wait(&b, bus_counts(&b).depth == LIMIT_BROKER_IN_FLIGHT);
    close(first);
    bus_wait(&b, n_lost == LIMIT_BROKER_IN_FLIGHT);
    second = come(8);
    bus_wait(&b, bus_counts(&b).served);
    send_some(client, LIMIT_BROKER_IN_FLIGHT, 60000);
    bus_wait(&b, n_refused > 0 && n_refused + bus_counts(&b).depth == LIMIT_BROKER_IN_FLIGHT);
    close(second);
    bus_client_close(client);
}

static void a_server_knows_by_which_sockets_a_message_came(void **state)
{
    struct rpc_client *inside, *edge;
    struct server server;

    (void)state;
    server_open(&server);
    inside = client_open_ready(4);
    assert_int_equal(server.class, BUS_FROM_INSIDE);
    edge = rpc_client_open(&b.loop, b.edge, "coupon", 4);
    assert_non_null(edge);
    call(edge, 0);
    rpc_client_flush(edge);
    bus_wait(&b, n_answered == 1);
    assert_int_equal(server.class, BUS_FROM_EDGE);
    call(inside, 1);
    rpc_client_flush(inside);
    bus_wait(&b, n_answered == 2);
    assert_int_equal(server.class, BUS_FROM_INSIDE);
    assert_answered(0, 2, 0);
    rpc_client_close(inside);
    rpc_client_close(edge);
    server_close(&server);
}

static void the_edge_leaves_room_to_those_inside(void **state)
{
    enum { CLIENTS = LIMIT_BROKER_EDGE / LIMIT_CLIENT_WINDOW };
    struct rpc_client *clients[CLIENTS], *late, *inside;
    struct server server;
    int64_t number = 0, held;

    (void)state;
    server_open(&server);
    inside = client_open_ready(4);
    for (unsigned i = 0; i < CLIENTS; i++)
        clients[i] = rpc_client_open(&b.loop, b.edge, "coupon", LIMIT_CLIENT_WINDOW);
    late = rpc_client_open(&b.loop, b.edge, "coupon", LIMIT_CLIENT_WINDOW);
    server.n_messages = 0;
    server.hold = true;
    for (unsigned message = 0; message < LIMIT_BROKER_EDGE; message++) {
        struct rpc_client *client = clients[message % CLIENTS];
        unsigned n = rpc_client_pending(client) / 2 + 1; /* enough to be worth a message */

        while (n-- > 0)
            call(client, number++);
        rpc_client_flush(client);
        bus_wait(&b, server.n_messages == message + 1);
    }
    held = number;
    call(late, number++);
    rpc_client_flush(late);
    bus_wait(&b, n_answered == 1);
    assert_answered(held, number, RPC__REASON__OVERLOADED);
    call(inside, number++);
    rpc_client_flush(inside);
    bus_wait(&b, server.n_messages == LIMIT_BROKER_EDGE + 1);
    let_go(&server);
    bus_wait(&b, n_answered == number);
    assert_answered(0, held, 0);
    assert_answered(number - 1, number, 0);
    server_close(&server);
}

static void the_largest_message_passes_and_a_larger_one_is_refused(void **state)
{
    struct rpc_client *client = client_open(4);
    Rpc__Call envelope = RPC__CALL__INIT;
    uint8_t *bytes = calloc(1, LIMIT_MESSAGE_SIZE);
    struct server server;

    (void)state;
    server_open(&server);
    bus_wait(&b, bus_counts(&b).served);
    envelope.input = (ProtobufCBinaryData){LIMIT_MESSAGE_SIZE, bytes};
    assert_false(rpc_client_call(client, &envelope, on_answered, &outcomes[0]));
    envelope.input.len -= 6 + rpc__call__get_packed_size(&envelope) - LIMIT_MESSAGE_SIZE;
    assert_int_equal(rpc__call__get_packed_size(&envelope) + 6, LIMIT_MESSAGE_SIZE);
    assert_true(rpc_client_call(client, &envelope, on_answered, &outcomes[1]));
    assert_true(call(client, 2));
    rpc_client_flush(client);
    bus_wait(&b, n_answered == 2);
    assert_int_equal(outcomes[1].reason, 0);
    assert_answered(2, 3, 0);
    assert_int_equal(outcomes[0].times, 0);
    rpc_client_close(client);
    server_close(&server);
    free(bytes);
}

static void what_is_pending_at_the_close_is_answered(void **state)
{
    struct rpc_client *client;
    struct server server;

    (void)state;
    server_open(&server);
    client = client_open_ready(1);
    server.n_messages = 0;
    server.hold = true;
    for (int64_t number = 0; number < 3; number++) {
        call(client, number);
        rpc_client_flush(client);
    }
    bus_wait(&b, server.n_messages == 1);
    rpc_client_close(client);
    assert_answered(0, 1, RPC__REASON__OUTCOME_UNKNOWN); /* was sent */
    assert_answered(1, 3, RPC__REASON__STOPPING);
    server_close(&server);
}

static void a_stopped_server_still_answers_what_it_took(void **state)
{
    struct rpc_client *client;
    struct server server;

    (void)state;
    server_open(&server);
    client = client_open_ready(1);
    server.n_messages = 0;
    server.hold = true;
    call(client, 0);
    rpc_client_flush(client);
    bus_wait(&b, server.n_messages == 1);
    bus_server_stop(server.bus);
    let_go(&server);
    bus_wait(&b, n_answered == 1);
    assert_answered(0, 1, 0);
    rpc_client_close(client);
    server_close(&server);
}

/* ---- the bell ---- */

static void on_ring(void *arg)
{
    ++*(unsigned *)arg;
}

static void the_bell_rings_for_the_listeners_of_its_queue(void **state)
{
    unsigned heard = 0, longer = 0, shorter = 0;
    struct bus_listener *listener = bus_listener_open(&b.loop, b.dir, "coupon", on_ring, &heard);
    struct bus_listener *of_longer = bus_listener_open(&b.loop, b.dir, "coupon.4406", on_ring, &longer);
    struct bus_listener *of_shorter = bus_listener_open(&b.loop, b.dir, "coup", on_ring, &shorter);
    struct bus_ringer *ringer = bus_ringer_open(b.dir);

    (void)state;
    while (heard < 10) { /* a ring before all are connected is lost */
        bus_ringer_ring(ringer, "coupon");
        uv_run(&b.loop, UV_RUN_ONCE);
    }
    while (longer < 10) {
        bus_ringer_ring(ringer, "coupon.4406");
        uv_run(&b.loop, UV_RUN_ONCE);
    }
    assert_int_equal(shorter, 0);
    bus_broker_stop(&b);
    for (int i = 0; i < 100; i++) /* to nobody: never blocks the ringer */
        bus_ringer_ring(ringer, "coupon");
    bus_broker_start(&b);
    heard = 0;
    while (heard == 0) {
        bus_ringer_ring(ringer, "coupon");
        uv_run(&b.loop, UV_RUN_ONCE);
    }
    bus_ringer_close(ringer);
    bus_listener_close(listener);
    bus_listener_close(of_longer);
    bus_listener_close(of_shorter);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_gets_its_own_answer_once),
        cmocka_unit_test(calls_gather_into_messages_of_bounded_size),
        cmocka_unit_test(calls_that_found_no_room_are_sent_again),
        cmocka_unit_test(a_queue_nobody_serves_answers_by_itself),
        cmocka_unit_test(a_read_whose_answer_is_lost_is_asked_again_and_a_write_is_not),
        cmocka_unit_test(a_read_that_is_lost_twice_is_given_up),
        cmocka_unit_test(a_call_does_not_share_the_loss_of_those_before_it),
        cmocka_unit_test(who_stops_does_not_know_what_became_of_writes),
        cmocka_unit_test(a_broker_that_is_not_there_is_a_service_that_is_down),
        cmocka_unit_test(a_server_that_dies_answers_what_it_had_taken),
        cmocka_unit_test(a_second_server_is_turned_away_until_the_first_has_gone),
        cmocka_unit_test(a_server_that_goes_while_it_comes_leaves_its_place_to_the_next),
        cmocka_unit_test(a_greeting_broken_off_costs_nobody_her_connection),
        cmocka_unit_test(a_broker_that_restarts_loses_only_what_was_in_flight),
        cmocka_unit_test(a_client_keeps_to_its_window_and_its_queue),
        cmocka_unit_test(a_queue_holds_so_many_messages_and_refuses_more),
        cmocka_unit_test(what_is_never_answered_leaves_its_place_to_others),
        cmocka_unit_test(what_finds_no_room_on_its_way_is_refused_and_takes_no_place),
        cmocka_unit_test(a_server_knows_by_which_sockets_a_message_came),
        cmocka_unit_test(the_edge_leaves_room_to_those_inside),
        cmocka_unit_test(the_largest_message_passes_and_a_larger_one_is_refused),
        cmocka_unit_test(what_is_pending_at_the_close_is_answered),
        cmocka_unit_test(a_stopped_server_still_answers_what_it_took),
        cmocka_unit_test(the_bell_rings_for_the_listeners_of_its_queue),
    };

    if (argc == 3 && strcmp(argv[1], "--serve") == 0)
        return serve(argv[2]);
    return bus_run_tests(argc, argv, tests, ARRAY_LEN(tests));
}
