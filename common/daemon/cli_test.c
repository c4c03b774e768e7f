/* A command line that comes a moment too early. */
#include "common/daemon/cli.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "tests/bus_harness.h"

/* Answers each message with one report, of a healthy daemon. */
static struct bus_server *server;
static unsigned n_answered;

static bool on_message(void *arg, struct bus_message *message)
{
    Rpc__ProbeReport report = RPC__PROBE_REPORT__INIT;
    Rpc__AnswerBatch batch = RPC__ANSWER_BATCH__INIT;
    Rpc__Answer answer = RPC__ANSWER__INIT, *answers[] = {&answer};
    uint8_t output[16], packed[64];

    (void)arg;
    report.healthy = true;
    answer.output = (ProtobufCBinaryData){rpc__probe_report__pack(&report, output), output};
    batch.answers = answers;
    batch.n_answers = 1;
    bus_server_answer(server, message, packed, rpc__answer_batch__pack(&batch, packed));
    n_answered++;
    return true;
}

static void on_drained(void *arg)
{
    (void)arg;
}

static void serve(void)
{
    static const struct bus_server_events events = {on_message, on_drained};

    server = bus_server_open(&b.loop, b.dir, "coupon", &events, NULL);
    assert_non_null(server);
}

/* What the command, a process of its own, ends with. */
static int code_of(pid_t command)
{
    int status = 0;

    bus_wait(&b, waitpid(command, &status, WNOHANG) == command);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void it_waits_for_a_service_that_starts(void **state)
{
    pid_t command = bus_spawn("--ask", b.dir);

    (void)state;
    bus_wait(&b, bus_counts(&b).refused_unserved > 0);
    serve();
    assert_int_equal(code_of(command), 0);
    assert_int_equal(n_answered, 1);
}

/* Whose address takes a connection and drops it, as one does that is listened at anew. */
static void it_waits_for_a_broker_that_starts(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), come;
    pid_t command;

    (void)state;
    bus_broker_stop(&b);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/coupon.calls", b.dir);
    unlink(address.sun_path);
    assert_return_code(bind(listener, (struct sockaddr *)&address, sizeof(address)), errno);
    assert_return_code(listen(listener, 1), errno);
    command = bus_spawn("--ask", b.dir);
    come = accept(listener, NULL, NULL);
    assert_return_code(come, errno);
    unlink(address.sun_path);
    close(come);
    close(listener);
    bus_broker_start(&b);
    serve();
    assert_int_equal(code_of(command), 0);
    assert_int_equal(n_answered, 1);
}

static void it_gives_up_when_nobody_comes(void **state)
{
    (void)state;
    assert_int_equal(code_of(bus_spawn("--ask", b.dir)), 2);
    assert_true(bus_counts(&b).refused_unserved > 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_waits_for_a_service_that_starts),
        cmocka_unit_test(it_waits_for_a_broker_that_starts),
        cmocka_unit_test(it_gives_up_when_nobody_comes),
    };

    if (argc == 3 && strcmp(argv[1], "--ask") == 0)
        return api_load() ? 3 : cli_probe(argv[2], "coupon");
    return bus_run_tests(argc, argv, tests, ARRAY_LEN(tests));
}
