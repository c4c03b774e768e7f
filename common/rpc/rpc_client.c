#include <uv.h>

#include "common/bus/bus.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/rpc/rpc.h"

#define N_WAITING          (LIMIT_CLIENT_QUEUE / LIMIT_MESSAGE_CALLS)
#define N_BATCHES          (LIMIT_CLIENT_WINDOW + N_WAITING)
#define DEADLINE_TICK_MS   20
#define BROKER_PATIENCE_MS 1000
#define COALESCE_PART      2 /* a half */
#define COALESCE_MS        20
#define KEPT_SIZE          ((size_t)64 << 10) /* of a batch that is put back */

struct waiter {
    rpc_answered answered;
    void *arg;
};

/* Calls on their way as one message: gathering, waiting to be sent, or sent. */
struct batch {
    struct buf bytes;
    struct waiter waiters[LIMIT_MESSAGE_CALLS];
    unsigned n_calls;
    uint32_t request;
    int64_t gathered_ns; /* when its first call came */
    int64_t waiting_ns;  /* since when it waits to be sent */
    unsigned losses;     /* of the broker, when it was sent */
    bool lost;           /* its answer, before: what is left is asked for the second time */
    bool again;          /* it waits once more: with its own time, so no call joins it */
    struct batch *next;
};

struct rpc_client {
    struct bus_client *bus;
    uv_timer_t timer;
    struct arena arena;
    unsigned window, n_sent, pending;
    unsigned outstanding; /* calls in the messages sent */
    uint32_t last_request;
    int64_t disconnected_ns; /* since when there is no broker; 0 when there is */
    struct batch *idle;
    struct batch *waiting, *waiting_last; /* the last one is still gathering */
    struct batch *sent;
    struct batch batches[N_BATCHES];
};

static void batch_put_back(struct rpc_client *client, struct batch *batch)
{
    /* A large one is seldom: its memory does not stay with every batch of every queue. */
    if (batch->bytes.size > KEPT_SIZE)
        buf_done(&batch->bytes);
    buf_clear(&batch->bytes);
    batch->n_calls = 0;
    batch->lost = batch->again = false;
    batch->next = client->idle;
    client->idle = batch;
}

/* ---- the calls of a batch ---- */

/* One packed call, with the tag and the length before it. */
struct packed {
    char *at;
    size_t len;
    const char *method; /* its first field; not NUL-terminated */
    size_t method_len;
};

static size_t read_varint(const char **at)
{
    size_t value = 0;

    for (int shift = 0;; shift += 7) {
        unsigned char c = (unsigned char)*(*at)++;

        value |= (size_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return value;
    }
}

/* The call at a place of its batch, which we packed ourselves. */
static struct packed packed_at(char *at)
{
    struct packed packed = {.at = at};
    const char *in = at + 1;
    size_t len = read_varint(&in);

    packed.len = (size_t)(in - at) + len;
    if (len && *in == 0x0a) { /* Call.method */
        in++;
        packed.method_len = read_varint(&in);
        packed.method = in;
    }
    return packed;
}

static const struct api_method *method_of(const struct packed *packed)
{
    char name[128];

    if (packed->method_len >= sizeof(name))
        return NULL;
    memcpy(name, packed->method, packed->method_len);
    name[packed->method_len] = '\0';
    return api_method(name);
}

/* Whether it may be run once more without harm, not knowing whether it was. */
static bool is_plain_read(const struct api_method *method)
{
    return method && !method->writes && !method->shows && !method->rule->outside;
}

/* ---- answers ---- */

static void give(struct rpc_client *client, const struct waiter *waiter, const Rpc__Answer *answer)
{
    client->pending--;
    waiter->answered(waiter->arg, answer);
}

static void give_reason(struct rpc_client *client, const struct waiter *waiter, int reason)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;

    answer.reason = reason;
    answer.retry_after_s = 1;
    give(client, waiter, &answer);
}

static void answer_all(struct rpc_client *client, struct batch *batch, int reason)
{
    for (unsigned i = 0; i < batch->n_calls; i++)
        give_reason(client, &batch->waiters[i], reason);
}

/* Sent, but nothing will be heard of it. A write may have been done. */
static int lost_reason(const struct api_method *method, int reason)
{
    return method && !method->writes ? reason : RPC__REASON__OUTCOME_UNKNOWN;
}

/* What is left of a batch goes out before all that waits, as a message of its own. */
static void send_again(struct rpc_client *client, struct batch *batch)
{
    batch->again = true;
    batch->waiting_ns = clock_monotonic_ns();
    batch->next = client->waiting;
    client->waiting = batch;
    if (!client->waiting_last)
        client->waiting_last = batch;
}

/* How a call of a batch ends: an answer, or a reason, or (neither) sent once more. */
struct end {
    const Rpc__Answer *answer;
    int reason;
};

typedef struct end (*judge_call)(const struct packed *packed, unsigned i, const void *arg);

/* Answers those that end, and keeps the others, in their order. */
static void settle(struct rpc_client *client, struct batch *batch, judge_call judge, const void *arg)
{
    char *at = batch->bytes.bytes, *to = at;
    unsigned kept = 0;

    for (unsigned i = 0; i < batch->n_calls; i++) {
        struct packed packed = packed_at(at);
        struct end end = judge(&packed, i, arg);

        at += packed.len;
        if (end.answer) {
            give(client, &batch->waiters[i], end.answer);
        } else if (end.reason) {
            give_reason(client, &batch->waiters[i], end.reason);
        } else {
            memmove(to, packed.at, packed.len);
            to += packed.len;
            batch->waiters[kept++] = batch->waiters[i];
        }
    }
    batch->bytes.len = (size_t)(to - batch->bytes.bytes);
    batch->n_calls = kept;
    if (kept)
        send_again(client, batch);
    else
        batch_put_back(client, batch);
}

/* By its own answer; one that found no room beside its neighbours was not done. */
static struct end by_answer(const struct packed *packed, unsigned i, const void *arg)
{
    const Rpc__AnswerBatch *answers = arg;

    (void)packed;
    return (struct end){answers->answers[i]->resend ? NULL : answers->answers[i], 0};
}

/* The message was lost on its way, or its answer was: a read is asked again, once. */
static struct end by_loss(const struct packed *packed, unsigned i, const void *arg)
{
    const struct api_method *method = method_of(packed);

    (void)i;
    (void)arg;
    return (struct end){NULL, is_plain_read(method) ? 0 : lost_reason(method, RPC__REASON__SERVICE_DOWN)};
}

static struct end by_reason(const struct packed *packed, unsigned i, const void *reason)
{
    (void)i;
    return (struct end){NULL, lost_reason(method_of(packed), *(const int *)reason)};
}

static void settle_lost(struct rpc_client *client, struct batch *batch)
{
    static const int down = RPC__REASON__SERVICE_DOWN;

    if (batch->lost) {
        settle(client, batch, by_reason, &down);
    } else {
        batch->lost = true;
        settle(client, batch, by_loss, NULL);
    }
}

static void on_answer(void *arg, uint32_t request, const void *bytes, size_t len)
{
    struct rpc_client *client = arg;
    static const int broken = RPC__REASON__INTERNAL;
    struct batch **place = &client->sent, *batch;
    Rpc__AnswerBatch *answers;

    while (*place && (*place)->request != request)
        place = &(*place)->next;
    batch = *place;
    if (!batch)
        return; /* its deadline was passed already */
    *place = batch->next;
    client->n_sent--;
    client->outstanding -= batch->n_calls;
    answers = rpc__answer_batch__unpack(&client->arena.allocator, len, bytes);
    if (answers && answers->reason && answers->reason != RPC__REASON__OUTCOME_UNKNOWN) {
        answer_all(client, batch, answers->reason); /* refused as a whole: nothing was done */
        batch_put_back(client, batch);
    } else if (answers && answers->reason) {
        settle_lost(client, batch);
    } else if (!answers || answers->n_answers != batch->n_calls) {
        settle(client, batch, by_reason, &broken);
    } else {
        settle(client, batch, by_answer, answers);
    }
    arena_reset(&client->arena);
    rpc_client_flush(client);
}

static void fail_sent(struct rpc_client *client, int64_t now)
{
    static const int late = RPC__REASON__DEADLINE_EXCEEDED;
    struct batch **place = &client->sent;
    unsigned losses;

    bus_client_connected(client->bus, &losses);
    while (*place) {
        struct batch *batch = *place;
        bool in_time = now - batch->gathered_ns < LIMIT_CALL_DEADLINE_MS * INT64_C(1000000);

        if (batch->losses == losses && in_time) {
            place = &batch->next;
            continue;
        }
        *place = batch->next;
        client->n_sent--;
        client->outstanding -= batch->n_calls;
        if (in_time)
            settle_lost(client, batch);
        else
            settle(client, batch, by_reason, &late);
    }
}

/* What has not been sent has not happened, so it is refused early: a service that
 * cannot keep up sheds load before its callers' patience ends. */
static void fail_waiting(struct rpc_client *client, int64_t now)
{
    unsigned losses;
    bool down;

    if (bus_client_connected(client->bus, &losses))
        client->disconnected_ns = 0;
    else if (!client->disconnected_ns)
        client->disconnected_ns = now;
    down = client->disconnected_ns && now - client->disconnected_ns > BROKER_PATIENCE_MS * INT64_C(1000000);
    while (client->waiting && (down || now - client->waiting->waiting_ns > LIMIT_CLIENT_WAIT_MS * INT64_C(1000000))) {
        struct batch *batch = client->waiting;

        client->waiting = batch->next;
        if (!client->waiting)
            client->waiting_last = NULL;
        answer_all(client, batch, client->disconnected_ns ? RPC__REASON__SERVICE_DOWN : RPC__REASON__OVERLOADED);
        batch_put_back(client, batch);
    }
}

/* A broker that has just gone away is given a moment to come back. The answers to what it
 * had been sent are lost: a read is asked once more, of a write the outcome is unknown. */
static void on_tick(uv_timer_t *timer)
{
    struct rpc_client *client = timer->data;
    int64_t now = clock_monotonic_ns();

    fail_sent(client, now);
    fail_waiting(client, now);
    rpc_client_flush(client);
}

struct rpc_client *rpc_client_open(uv_loop_t *loop, const char *dir, const char *queue, unsigned window)
{
    struct rpc_client *client = calloc(1, sizeof(*client));

    if (!client)
        return NULL;
    ensure(window > 0 && window <= LIMIT_CLIENT_WINDOW);
    client->window = window;
    arena_init(&client->arena, LIMIT_BATCH_ARENA);
    client->bus = bus_client_open(loop, dir, queue, on_answer, client);
    if (!client->bus) {
        free(client);
        return NULL;
    }
    for (unsigned i = 0; i < window + N_WAITING; i++) {
        buf_init(&client->batches[i].bytes, LIMIT_MESSAGE_SIZE);
        batch_put_back(client, &client->batches[i]);
    }
    uv_timer_init(loop, &client->timer);
    client->timer.data = client;
    uv_timer_start(&client->timer, on_tick, DEADLINE_TICK_MS, DEADLINE_TICK_MS);
    uv_unref((uv_handle_t *)&client->timer);
    return client;
}

/* The batch that gathers, with room for one more call of len bytes. */
static struct batch *gathering(struct rpc_client *client, size_t len)
{
    struct batch *batch = client->waiting_last;

    if (batch && !batch->again && batch->n_calls < LIMIT_MESSAGE_CALLS && batch->bytes.max - batch->bytes.len >= len)
        return batch;
    batch = client->idle;
    if (!batch)
        return NULL;
    client->idle = batch->next;
    batch->next = NULL;
    batch->gathered_ns = batch->waiting_ns = clock_monotonic_ns();
    if (client->waiting_last)
        client->waiting_last->next = batch;
    else
        client->waiting = batch;
    client->waiting_last = batch;
    return batch;
}

bool rpc_client_call(struct rpc_client *client, const Rpc__Call *call, rpc_answered answered, void *arg)
{
    size_t len = rpc__call__get_packed_size(call), rest = len;
    struct batch *batch = len <= LIMIT_MESSAGE_SIZE - 6 ? gathering(client, len + 6) : NULL;
    char *room = batch ? buf_room(&batch->bytes, len + 6) : NULL;

    if (!room)
        return false;
    *room++ = 0x0a; /* CallBatch.calls, length-delimited */
    batch->bytes.len++;
    for (; rest >= 0x80; rest >>= 7) {
        *room++ = (char)(rest | 0x80);
        batch->bytes.len++;
    }
    *room++ = (char)rest;
    batch->bytes.len += 1 + rpc__call__pack(call, (uint8_t *)room);
    batch->waiters[batch->n_calls++] = (struct waiter){answered, arg};
    client->pending++;
    return true;
}

/* A message costs the same whether it carries one call or a hundred. While others
 * are out, one is sent only once it has gathered COALESCE_PART of what they carry;
 * their answers flush again, so a call waits for no more than one of them, and no
 * longer than COALESCE_MS and a tick for answers that take their time. */
static bool worth_sending(const struct rpc_client *client, const struct batch *batch)
{
    return client->n_sent == 0 || batch->n_calls * COALESCE_PART >= client->outstanding ||
           clock_monotonic_ns() - batch->waiting_ns >= COALESCE_MS * INT64_C(1000000);
}

void rpc_client_flush(struct rpc_client *client)
{
    while (client->waiting && client->n_sent < client->window && worth_sending(client, client->waiting)) {
        struct batch *batch = client->waiting;

        if (!bus_client_connected(client->bus, &batch->losses))
            return; /* the timer tries again */
        batch->request = ++client->last_request & 0x7fffffffu;
        if (!bus_client_send(client->bus, batch->request, batch->bytes.bytes, batch->bytes.len))
            return;
        client->waiting = batch->next;
        if (!client->waiting)
            client->waiting_last = NULL;
        batch->next = client->sent;
        client->sent = batch;
        client->n_sent++;
        client->outstanding += batch->n_calls;
    }
}

unsigned rpc_client_pending(const struct rpc_client *client)
{
    return client->pending;
}

static void timer_closed(uv_handle_t *handle)
{
    struct rpc_client *client = handle->data;

    for (unsigned i = 0; i < N_BATCHES; i++)
        buf_done(&client->batches[i].bytes);
    arena_done(&client->arena);
    free(client);
}

void rpc_client_close(struct rpc_client *client)
{
    static const int stopping = RPC__REASON__STOPPING;

    if (!client)
        return;
    while (client->sent) {
        struct batch *batch = client->sent;

        client->sent = batch->next;
        settle(client, batch, by_reason, &stopping);
    }
    for (struct batch *batch = client->waiting; batch; batch = batch->next)
        answer_all(client, batch, RPC__REASON__STOPPING);
    bus_client_close(client->bus);
    uv_close((uv_handle_t *)&client->timer, timer_closed);
}
