/* What becomes of calls, and of the ways between, when a server, a client or the broker goes. */
#include <signal.h>

#include "common/bus/bus_fixture.h"

/* ---- a broker that can be killed ---- */

static int be_broker(const char *dir)
{
    alarm(60);
    bus_harness_open_at(&b, dir);
    bus_broker_start(&b);
    return uv_run(&b.loop, UV_RUN_DEFAULT);
}

/* From now on b.dir is that of a broker in a process of its own. */
static pid_t broker_apart(void)
{
    memcpy(b.dir + strlen(b.dir), "/2", sizeof("/2"));
    assert_return_code(mkdir(b.dir, 0700), errno);
    return bus_spawn("--broker", b.dir);
}

static void kill_child(pid_t child)
{
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* ---- what is lost ---- */

static void a_server_that_dies_answers_what_it_had_taken(void **state)
{
    struct rpc_client *client;
    struct server server, next;

    (void)state;
    client = client_open_held(&server, 4);
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
    kill_child(first);
    do { /* the second comes back by itself */
        call(client, 2000);
        rpc_client_flush(client);
        bus_wait(&b, rpc_client_pending(client) == 0);
    } while (outcomes[2000].reason);
    assert_int_equal(outcomes[2000].reason, 0);
    assert_int_equal(outcomes[2000].from, second);
    kill_child(second);
    bus_wait(&b, !bus_counts(&b).served);
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
    struct bus_client *client = open_without_window();
    struct server server;
    char greeting[8];
    unsigned tended;
    int fd;

    (void)state;
    server_open(&server);
    server.hold = true;
    bus_wait(&b, bus_counts(&b).served);
    send_some(client, 1, 0);
    bus_wait(&b, server.n_messages == 1);
    fd = come(3);
    assert_int_equal(read(fd, greeting, sizeof(greeting)), sizeof(greeting)); /* the broker's */
    close(fd);
    tended = b.tended;
    bus_wait(&b, b.tended == tended + 5);
    assert_int_equal(bus_counts(&b).depth, 1);
    let_go(&server);
    bus_wait(&b, n_words == 1);
    assert_int_equal(n_lost, 0);
    server_close(&server);
    bus_client_close(client);
}

static void a_broker_that_restarts_loses_only_what_was_in_flight(void **state)
{
    struct rpc_client *client;
    struct server server;
    pid_t broker = broker_apart();

    (void)state;
    client = client_open_held(&server, 2);
    for (int64_t number = 0; number < 4; number++) {
        call(client, number);
        rpc_client_flush(client);
    }
    bus_wait(&b, server.n_messages == 2);
    kill_child(broker);
    bus_wait(&b, n_answered == 2);
    assert_answered(0, 2, RPC__REASON__OUTCOME_UNKNOWN);
    server.hold = false;
    let_go(&server); /* to nobody */
    broker = bus_spawn("--broker", b.dir);
    bus_wait(&b, n_answered == 4);
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
    kill_child(broker);
}

/* Writes and reads in one message, on their way when something goes. */
static void send_mixed(struct rpc_client *client, struct server *server)
{
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
    pid_t broker = broker_apart();

    (void)state;
    client = client_open_held(&server, 2);
    send_mixed(client, &server);
    kill_child(broker);
    bus_wait(&b, n_answered == 10); /* the writes, at once */
    server.n_calls = 0;
    server.hold = false;
    for (unsigned i = 0; i < server.n_held; i++)
        bus_message_free(server.held[i]);
    server.n_held = 0;
    broker = bus_spawn("--broker", b.dir);
    bus_wait(&b, n_answered == 20);
    assert_mixed(RPC__REASON__OUTCOME_UNKNOWN, outcomes[1].reason);
    assert_true(outcomes[1].reason == 0 || outcomes[1].reason == RPC__REASON__SERVICE_DOWN);
    /* The reads alone, and once. The broker may be asked before the server has come back, or lose that answer too. */
    assert_true(server.n_calls == 10 || (outcomes[1].reason && server.n_calls == 0));
    rpc_client_close(client);
    server_close(&server);
    kill_child(broker);
}

static void a_read_that_is_lost_twice_is_given_up(void **state)
{
    struct rpc_client *client;
    struct server server, next;

    (void)state;
    client = client_open_held(&server, 2);
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
    client = client_open_held(&server, 2);
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
    client = client_open_held(&server, 1);
    send_mixed(client, &server);
    call(client, 20);
    rpc_client_close(client);
    assert_mixed(RPC__REASON__OUTCOME_UNKNOWN, RPC__REASON__STOPPING);
    assert_answered(20, 21, RPC__REASON__STOPPING); /* was not sent */
    server_close(&server);
}

/* ---- an end that is not told ---- */

/* A server comes that reads nothing and sends a long message byte by byte, while it is sent one itself, and
 * goes. False when its end is not told, which some tries bring about (bus_nng.h). */
static bool is_told_of_an_end(struct bus_client *client)
{
    static const unsigned char head[9] = {1, 0, 0, 0, 0, 0, 0, 0x40, 0};
    char greeting[8];
    int fd = come(8);
    unsigned tended;

    assert_int_equal(read(fd, greeting, sizeof(greeting)), sizeof(greeting));
    bus_wait(&b, bus_counts(&b).served);
    shutdown(fd, SHUT_RD);
    for (unsigned i = 0; i < sizeof(head) && write(fd, head + i, 1) == 1; i++)
        ;
    send_some(client, 1, 0); /* whoever serves next may get it too */
    for (unsigned i = 0; i < 1000 && write(fd, "", 1) == 1; i++)
        ;
    close(fd);
    tended = b.tended;
    bus_wait(&b, !bus_counts(&b).served || b.tended == tended + 2);
    return !bus_counts(&b).served;
}

/* From here on this process is told of no connection's end, unless nng has been mended. */
static void lose_the_news(void)
{
    struct bus_client *client = open_without_window();

    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < 2000 && is_told_of_an_end(client); i++)
        ;
}

static void news_that_come_no_more_are_missed(void **state)
{
    struct bus_news *news = bus_news_open();

    (void)state;
    assert_non_null(news);
    for (int i = 0; i < 100; i++) { /* one after the other, however long each takes */
        assert_true(bus_news_come(news, 60000));
        uv_run(&b.loop, UV_RUN_ONCE);
    }
    lose_the_news();
    bus_wait(&b, !bus_news_come(news, 100));
}

/* A server that comes now takes the place of the one whose end is not told. */
static void assert_gives_way(void)
{
    pid_t server = bus_spawn("--serve", b.dir);
    struct rpc_client *client = client_open_ready(1);

    assert_int_equal(outcomes[MAX_CALLS - 1].from, server);
    rpc_client_close(client);
    kill_child(server);
}

static void a_server_whose_end_is_not_told_gives_way_as_soon_as_it_is_silent(void **state)
{
    (void)state;
    lose_the_news();
    assert_gives_way(); /* turned away at first */
}

static void a_server_whose_end_is_not_told_gives_way_when_it_has_long_been_silent(void **state)
{
    unsigned tended;

    (void)state;
    lose_the_news();
    tended = b.tended;
    bus_wait(&b, b.tended == tended + LIMIT_SILENCE_MS / BUS_TEND_MS + 1);
    assert_gives_way();
}

static void a_new_broker_is_found_though_the_end_of_the_old_is_not_told(void **state)
{
    struct rpc_client *client;
    struct server server;
    pid_t broker;

    (void)state;
    lose_the_news();
    broker = broker_apart();
    server_open(&server);
    client = client_open_ready(1);
    for (unsigned life = 0; life < 2; life++) {
        kill_child(broker);
        broker = bus_spawn("--broker", b.dir);
        do {
            call(client, 0);
            rpc_client_flush(client);
            bus_wait(&b, rpc_client_pending(client) == 0);
        } while (outcomes[0].reason);
    }
    rpc_client_close(client);
    server_close(&server);
    kill_child(broker);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_dies_answers_what_it_had_taken),
        cmocka_unit_test(a_second_server_is_turned_away_until_the_first_has_gone),
        cmocka_unit_test(a_server_that_goes_while_it_comes_leaves_its_place_to_the_next),
        cmocka_unit_test(a_greeting_broken_off_costs_nobody_her_connection),
        cmocka_unit_test(a_broker_that_restarts_loses_only_what_was_in_flight),
        cmocka_unit_test(a_read_whose_answer_is_lost_is_asked_again_and_a_write_is_not),
        cmocka_unit_test(a_read_that_is_lost_twice_is_given_up),
        cmocka_unit_test(a_call_does_not_share_the_loss_of_those_before_it),
        cmocka_unit_test(who_stops_does_not_know_what_became_of_writes),
        cmocka_unit_test(news_that_come_no_more_are_missed),
        cmocka_unit_test(a_server_whose_end_is_not_told_gives_way_as_soon_as_it_is_silent),
        cmocka_unit_test(a_server_whose_end_is_not_told_gives_way_when_it_has_long_been_silent),
        cmocka_unit_test(a_new_broker_is_found_though_the_end_of_the_old_is_not_told),
    };

    if (argc == 3 && strcmp(argv[1], "--serve") == 0)
        return serve(argv[2]);
    if (argc == 3 && strcmp(argv[1], "--broker") == 0)
        return be_broker(argv[2]);
    return bus_run_tests(argc, argv, tests, ARRAY_LEN(tests));
}
