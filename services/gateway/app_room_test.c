/* Answers of a service that find no room at the gateway, and those that do. */
#include "identity/consent.pb-c.h"
#include "identity/identity.pb-c.h"
#include "services/gateway/app.h"
#include "services/gateway/http/http_fixture.h"
#include "tests/bus_harness.h"

#define LONG 60000 /* characters of an answer, more than fits into a block */

static struct {
    struct app_settings settings;
    struct partitions partitions;
    struct bus_queue *queue;
    struct bus_server *server;
    unsigned done; /* calls of the client's */
    unsigned n_metrics;
    void *app;
} gateway;

#define NAME_100 "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqr"

/* ---- a service ---- */

/* It tells of itself as much as fits into an answer. */
static Rpc__Answer probed(void)
{
    static uint8_t room[LIMIT_ANSWER];
    static char labels[LIMIT_ANSWER / sizeof(NAME_100)][sizeof("n=\"" NAME_100 "\"") + 24];
    static Rpc__Metric metrics[ARRAY_LEN(labels)], *list[ARRAY_LEN(labels)];
    Rpc__ProbeReport report = RPC__PROBE_REPORT__INIT;
    Rpc__Answer answer = RPC__ANSWER__INIT;

    report.healthy = true;
    report.metrics = list;
    for (size_t i = 0; i < gateway.n_metrics; i++) {
        rpc__metric__init(&metrics[i]);
        snprintf(labels[i], sizeof(labels[i]), "n=\"" NAME_100 "%zu\"", i);
        metrics[i].name = "huigong_seats";
        metrics[i].type = "gauge";
        metrics[i].labels = labels[i];
        list[report.n_metrics++] = &metrics[i];
    }
    ensure(rpc__probe_report__get_packed_size(&report) <= sizeof(room));
    answer.output = (ProtobufCBinaryData){rpc__probe_report__pack(&report, room), room};
    return answer;
}

static Rpc__Answer answer_to(const Rpc__Call *call, uint8_t *room)
{
    static char text[LONG + 1];
    Rpc__Answer answer = RPC__ANSWER__INIT;
    Identity__Session session = IDENTITY__SESSION__INIT;
    Identity__Policy policy = IDENTITY__POLICY__INIT;

    memset(text, 'x', LONG);
    session.token = policy.text = text;
    answer.output.data = room;
    if (strcmp(call->method, "Identity.Login") == 0)
        answer.output.len = identity__session__pack(&session, room);
    else if (strcmp(call->method, "Consents.GetPolicy") == 0)
        answer.output.len = identity__policy__pack(&policy, room);
    else if (strcmp(call->method, "Daemon.Probe") == 0)
        return probed();
    else
        answer.reason = RPC__REASON__UNIMPLEMENTED;
    gateway.done += !answer.reason;
    return answer;
}

static bool on_message(void *arg, struct bus_message *message)
{
    static uint8_t rooms[LIMIT_READS][LONG + 100], packed[LIMIT_MESSAGE_SIZE + LIMIT_READS * LONG];
    size_t len;
    const void *bytes = bus_message_bytes(message, &len);
    Rpc__CallBatch *calls = rpc__call_batch__unpack(NULL, len, bytes);
    Rpc__AnswerBatch batch = RPC__ANSWER_BATCH__INIT;
    Rpc__Answer answers[LIMIT_READS], *pointers[LIMIT_READS];

    (void)arg;
    ensure(calls && calls->n_calls <= ARRAY_LEN(answers));
    for (size_t i = 0; i < calls->n_calls; i++) {
        answers[i] = answer_to(calls->calls[i], rooms[i]);
        pointers[i] = &answers[i];
    }
    batch.answers = pointers;
    batch.n_answers = calls->n_calls;
    bus_server_answer(gateway.server, message, packed, rpc__answer_batch__pack(&batch, packed));
    rpc__call_batch__free_unpacked(calls, NULL);
    return true;
}

static void on_drained(void *arg)
{
    (void)arg;
}

/* ---- the gateway before it ---- */

static void open_gateway(void)
{
    static const struct bus_server_events events = {on_message, on_drained};

    ensure(bus_make_folders(b.dir, "identity") == 0);
    gateway.queue = bus_queue_open(b.dir, "identity", &b.refusals);
    gateway.server = bus_server_open(&b.loop, b.dir, "identity", &events, NULL);
    ensure(gateway.queue && gateway.server);
    gateway.settings =
        (struct app_settings){.bus_dir = b.edge, .partitions = &gateway.partitions, .window = 4, .workers = 1};
    ensure(app_counts_open(&gateway.settings) == 0);
    gateway.app = app_server.start(0, &b.loop, &gateway.settings);
    ensure(gateway.app && http_shared_init(&test.shared, &app_server.http, gateway.app, 0, wake) == 0);
}

/* What a client hears who says this. */
static void ask(const char *text)
{
    start();
    say(text);
    bus_wait(&b, (app_server.turn(gateway.app), flush(), test.out_len > 0));
    assert_false(http_finished(&test.http));
    stop();
}

#define LOGIN                                                                                                          \
    "POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n"            \
    "{\"mobile\":\"13800000000\",\"code\":\"123456\"}"
#define METRICS "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
#define POLICY  "GET /v1/policies/7 HTTP/1.1\r\nHost: a\r\n\r\n"

static void of_a_write_without_room_for_its_answer_the_outcome_is_unknown(void **state)
{
    struct bus_queue_counts counts;

    (void)state;
    open_gateway();
    bus_wait(&b, (bus_queue_counts(gateway.queue, &counts), counts.served));
    crowd(GUEST_ANSWERS, 1000);
    ask(LOGIN);
    assert_int_equal(gateway.done, 1);
    assert_memory_equal(test.out, "HTTP/1.1 504 ", 13);
    assert_non_null(strstr(test.out, "Retry-After: 1\r\n"));
    assert_non_null(strstr(test.out, "\"reason\":\"OUTCOME_UNKNOWN\""));
    assert_int_equal(test.shared.counters.no_room, 1);
    ask(POLICY);
    assert_memory_equal(test.out, "HTTP/1.1 503 ", 13);
    assert_non_null(strstr(test.out, "Retry-After: 1\r\n"));
    assert_non_null(strstr(test.out, "\"reason\":\"OVERLOADED\""));
    crowd(GUEST_ANSWERS, 0);
    ask(LOGIN);
    assert_memory_equal(test.out, "HTTP/1.1 200 ", 13);
    assert_true(test.out_len > LONG);
}

static void ask_for_policies(unsigned n)
{
    char text[1024], body[512] = "{\"paths\":[";

    for (unsigned i = n; i > 0; i--)
        snprintf(body + strlen(body), sizeof(body) - strlen(body), "\"/v1/policies/%u\"%s", i, i > 1 ? "," : "]}");
    snprintf(text, sizeof(text),
             "POST /v1/batch HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    ask(text);
}

/* How many of the reads of a batch could be told; there was no room for the others. */
static unsigned count_told(unsigned n)
{
    unsigned told = 0, refused = 0;

    assert_memory_equal(test.out, "HTTP/1.1 200 ", 13);
    for (const char *at = test.out; (at = strstr(at, "{\"status\":200,")); at++)
        told++;
    for (const char *at = test.out; (at = strstr(at, "{\"status\":503,")); at++)
        refused++;
    assert_int_equal(told + refused, n);
    for (const char *at = test.out; (at = strstr(at, "\"reason\":")); at++) {
        assert_memory_equal(at, "\"reason\":\"OVERLOADED\"", 21);
        refused--;
    }
    assert_int_equal(refused, 0);
    return told;
}

static void the_answers_of_a_batch_are_charged_while_they_wait_for_others(void **state)
{
    struct bus_queue_counts counts;

    (void)state;
    open_gateway();
    bus_wait(&b, (bus_queue_counts(gateway.queue, &counts), counts.served));
    ask_for_policies(3);
    assert_int_equal(count_told(3), 3);
    crowd(GUEST_ANSWERS, 1000);
    ask_for_policies(3);
    assert_int_equal(count_told(3), 0);
    crowd(GUEST_ANSWERS, 3 * LONG); /* room for two that wait, but not for both in the answer of all */
    ask_for_policies(2);
    assert_memory_equal(test.out, "HTTP/1.1 503 ", 13);
    assert_non_null(strstr(test.out, "\"reason\":\"OVERLOADED\""));
    crowd(GUEST_ANSWERS, 0);
    ask_for_policies(LIMIT_READS);
    assert_int_equal(count_told(LIMIT_READS), LIMIT_READS_ANSWER / LONG);
}

/* A server that was never started, for what it has counted. */
static struct server *uncrowded_server(void)
{
    static struct server_options options = {.listeners = {{.address = "127.0.0.1"}}, .workers = 1};
    struct server *server;

    options.app = app_server;
    server = server_open(&options);
    assert_non_null(server);
    return server;
}

/* How often a line of the answer to a request of who runs the gateway begins so. */
static unsigned count_lines(const char *begin)
{
    struct http_piece pieces[2];
    char *text = NULL;
    size_t len = 0;
    unsigned n = 0, count;

    while ((count = http_output(&test.http, pieces)) > 0) {
        for (unsigned i = 0; i < count; i++) {
            text = realloc(text, len + pieces[i].len + 1);
            memcpy(text + len, pieces[i].bytes, pieces[i].len);
            len += pieces[i].len;
            http_sent(&test.http, pieces[i].len);
        }
    }
    assert_non_null(text);
    text[len] = '\0';
    assert_memory_equal(text, "HTTP/1.1 200 ", 13);
    for (const char *at = text; (at = strstr(at, begin)); at++)
        n += at[-1] == '\n';
    free(text);
    return n;
}

static void no_metric_is_lost_however_many_there_are(void **state)
{
    struct app *worker;

    (void)state;
    gateway.n_metrics = LIMIT_ANSWER / 140;
    open_gateway();
    gateway.settings.server = uncrowded_server();
    worker = gateway.app;
    bus_wait(&b, (app_server.turn(worker), queues_find(&worker->queues, "identity")->report));
    start();
    test.http.inner = true;
    http_feed(&test.http, METRICS, sizeof(METRICS) - 1);
    assert_int_equal(count_lines("huigong_seats{"), gateway.n_metrics);
    stop();
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_write_without_room_for_its_answer_the_outcome_is_unknown),
        cmocka_unit_test(the_answers_of_a_batch_are_charged_while_they_wait_for_others),
        cmocka_unit_test(no_metric_is_lost_however_many_there_are),
    };

    return bus_run_tests(argc, argv, tests, ARRAY_LEN(tests));
}
