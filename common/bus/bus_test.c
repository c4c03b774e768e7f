/* Server, client and broker over real sockets: the bus and the rpc client on it. */
#include "common/bus/bus_fixture.h"

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
    bus_wait(&b, bus_counts(&b).clients == 1);
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

static void a_client_keeps_to_its_window_and_its_queue(void **state)
{
    struct rpc_client *client;
    struct server server;
    int64_t number = 0;

    (void)state;
    client = client_open_held(&server, 2);
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

/* The clients in turn send so many messages, which the server holds: how many calls those are. */
static int64_t send_held(struct server *server, struct rpc_client **clients, unsigned n_clients, unsigned n_messages)
{
    int64_t number = 0;

    server->n_messages = 0;
    server->hold = true;
    for (unsigned message = 0; message < n_messages; message++) {
        struct rpc_client *client = clients[message % n_clients];
        unsigned n = rpc_client_pending(client) / 2 + 1; /* enough to be worth a message */

        while (n-- > 0)
            call(client, number++);
        rpc_client_flush(client);
        bus_wait(&b, server->n_messages == message + 1);
    }
    return number;
}

static void a_queue_holds_so_many_messages_and_refuses_more(void **state)
{
    enum { CLIENTS = LIMIT_BROKER_IN_FLIGHT / LIMIT_CLIENT_WINDOW };
    struct rpc_client *clients[CLIENTS], *late;
    struct server server;
    int64_t number, held;

    (void)state;
    server_open(&server);
    for (unsigned i = 0; i < CLIENTS; i++)
        clients[i] = client_open_ready(LIMIT_CLIENT_WINDOW);
    late = client_open_ready(LIMIT_CLIENT_WINDOW);
    number = held = send_held(&server, clients, CLIENTS, LIMIT_BROKER_IN_FLIGHT);
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
    int64_t number, held;

    (void)state;
    server_open(&server);
    inside = client_open_ready(4);
    for (unsigned i = 0; i < CLIENTS; i++)
        clients[i] = rpc_client_open(&b.loop, b.edge, "coupon", LIMIT_CLIENT_WINDOW);
    late = rpc_client_open(&b.loop, b.edge, "coupon", LIMIT_CLIENT_WINDOW);
    number = held = send_held(&server, clients, CLIENTS, LIMIT_BROKER_EDGE);
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
    client = client_open_held(&server, 1);
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
    client = client_open_held(&server, 1);
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
        cmocka_unit_test(a_broker_that_is_not_there_is_a_service_that_is_down),
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

    return bus_run_tests(argc, argv, tests, ARRAY_LEN(tests));
}
