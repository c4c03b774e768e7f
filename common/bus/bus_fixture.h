/* bus_fixture.h: a server that answers with what it was sent, clients, and what became of each call. */
#pragma once
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

static inline void answer(struct server *server, struct bus_message *message)
{
    size_t len;
    const void *bytes = bus_message_bytes(message, &len);
    Rpc__CallBatch *calls = rpc__call_batch__unpack(NULL, len, bytes);
    Rpc__AnswerBatch batch = RPC__ANSWER_BATCH__INIT;
    static Rpc__Answer answers[LIMIT_MESSAGE_CALLS];
    static Rpc__Answer *pointers[LIMIT_MESSAGE_CALLS];
    uint8_t *packed;

    ensure(calls); /* what cmocka asserts outside of a test ends a process without a word */
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

static inline bool on_message(void *arg, struct bus_message *message)
{
    struct server *server = arg;

    server->n_messages++;
    server->class = bus_message_class(message);
    assert_true(server->n_held < MAX_HELD);
    server->held[server->n_held++] = message;
    return server->n_held < MAX_HELD;
}

static inline void let_go(struct server *server)
{
    for (unsigned i = 0; i < server->n_held; i++)
        answer(server, server->held[i]);
    server->n_held = 0;
}

static inline void on_drained(void *arg)
{
    struct server *server = arg;

    if (!server->hold)
        let_go(server);
}

static inline void server_open(struct server *server)
{
    static const struct bus_server_events events = {on_message, on_drained};

    *server = (struct server){0};
    server->bus = bus_server_open(&b.loop, b.dir, "coupon", &events, server);
    assert_non_null(server->bus);
}

/* As when it dies: what it holds is never answered. */
static inline void server_close(struct server *server)
{
    for (unsigned i = 0; i < server->n_held; i++)
        bus_message_free(server->held[i]);
    server->n_held = 0;
    bus_server_close(server->bus);
}

/* ---- the client ---- */

static inline void on_answered(void *arg, const Rpc__Answer *got)
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
static inline bool call_of(struct rpc_client *client, const char *method, int64_t number)
{
    Rpc__Call envelope = RPC__CALL__INIT;

    assert_true(number < MAX_CALLS);
    envelope.method = unconst(method);
    envelope.input = (ProtobufCBinaryData){sizeof(number), (uint8_t *)&number};
    return rpc_client_call(client, &envelope, on_answered, &outcomes[number]);
}

static inline struct rpc_client *client_open(unsigned window)
{
    struct rpc_client *client = rpc_client_open(&b.loop, b.dir, "coupon", window);

    assert_non_null(client);
    return client;
}

/* A write, and a read. */
static inline bool call(struct rpc_client *client, int64_t number)
{
    return call_of(client, "Shows.TakeSeat", number);
}

static inline bool ask(struct rpc_client *client, int64_t number)
{
    return call_of(client, "Shows.GetShow", number);
}

/* A client whose way to a server that answers is known to be there. */
static inline struct rpc_client *client_open_ready(unsigned window)
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

/* The same, of a new server that from now on holds what it is sent. */
static inline struct rpc_client *client_open_held(struct server *server, unsigned window)
{
    struct rpc_client *client;

    server_open(server);
    client = client_open_ready(window);
    server->n_messages = 0;
    server->hold = true;
    return client;
}

/* Numbers from first to before end were answered once each, with a reason or their input. */
static inline void assert_answered(int64_t first, int64_t end, int reason)
{
    for (int64_t number = first; number < end; number++) {
        assert_int_equal(outcomes[number].times, 1);
        assert_int_equal(outcomes[number].reason, reason);
        if (!reason)
            assert_int_equal(outcomes[number].output, number);
    }
}

/* ---- a client without a window ---- */

static unsigned n_words, n_lost, n_refused; /* answers, and of them the broker's own */

static inline void on_word(void *arg, uint32_t request, const void *bytes, size_t len)
{
    Rpc__AnswerBatch *batch = rpc__answer_batch__unpack(NULL, len, bytes);

    (void)arg;
    (void)request;
    assert_non_null(batch);
    n_words++;
    n_lost += batch->reason == RPC__REASON__OUTCOME_UNKNOWN;
    n_refused += batch->reason == RPC__REASON__OVERLOADED;
    rpc__answer_batch__free_unpacked(batch, NULL);
}

static inline struct bus_client *open_without_window(void)
{
    struct bus_client *client = bus_client_open(&b.loop, b.dir, "coupon", on_word, NULL);
    unsigned losses;

    assert_non_null(client);
    bus_wait(&b, bus_client_connected(client, &losses));
    return client;
}

static inline void send_some(struct bus_client *client, unsigned n, size_t len)
{
    static char bytes[60000];
    static uint32_t request;

    assert_true(len <= sizeof(bytes));
    for (request++; n > 0; n--, request++)
        bus_wait(&b, bus_client_send(client, request, bytes, len));
}

/* ---- who only greets ---- */

/* Greets as a server does (SP, protocol REP0 = 0x31); returns its socket. */
static inline int come(size_t len)
{
    static const unsigned char greeting[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/coupon" BUS_SERVER "/calls", b.dir);
    assert_return_code(connect(fd, (struct sockaddr *)&address, sizeof(address)), errno);
    assert_int_equal(write(fd, greeting, len), len);
    return fd;
}
