/* rpc_later.c: answers that come after their batch. */
#include "common/rpc/rpc_internal.h"

void rpc_later_init(struct rpc_server *server)
{
    for (unsigned i = ARRAY_LEN(server->helds); i-- > 0;) {
        struct held *held = &server->helds[i];

        held->server = server;
        arena_init(&held->arena, LIMIT_MESSAGE_SIZE);
        held->next = server->idle_held;
        server->idle_held = held;
    }
    for (unsigned i = ARRAY_LEN(server->laters); i-- > 0;) {
        server->laters[i].next = server->idle_later;
        server->idle_later = &server->laters[i];
    }
}

void rpc_later_done(struct rpc_server *server)
{
    for (unsigned i = 0; i < ARRAY_LEN(server->helds); i++)
        arena_done(&server->helds[i].arena);
}

unsigned rpc_server_deferred(const struct rpc_server *server)
{
    return server->n_deferred;
}

/* Calls run within their message; those that are run again have none to be held. */
static struct message *message_of(const struct rpc_call *call)
{
    struct rpc_server *server = call->server;
    unsigned i = server->n_messages;

    do {
        ensure(i > 0);
        i--;
    } while (call < server->messages[i].calls || call >= server->messages[i].calls + server->messages[i].n_calls);
    ensure(!server->messages[i].again);
    return &server->messages[i];
}

struct rpc_later *rpc_defer(void *arg)
{
    struct rpc_call *call = arg;
    struct rpc_server *server = call->server;
    struct message *message = message_of(call);
    struct rpc_later *later = server->idle_later;

    ensure(!call->done);
    if (!later || (!message->held && !server->idle_held)) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return NULL;
    }
    if (!message->held) {
        message->held = server->idle_held;
        server->idle_held = message->held->next;
    }
    server->idle_later = later->next;
    *later = (struct rpc_later){message->held, call->method, (size_t)(call - message->calls), NULL};
    message->held->n_waiting++;
    server->n_deferred++;
    call->done = true;
    call->deferred = true;
    return later;
}

static void keep_answer(struct held *held, size_t index, const Rpc__Answer *answer)
{
    size_t len = rpc__answer__get_packed_size(answer);
    uint8_t *packed = arena_alloc(&held->arena, len + 1);

    if (packed && held->answers)
        held->answers[index] = (ProtobufCBinaryData){rpc__answer__pack(answer, packed), packed};
    else
        held->reason = RPC__REASON__OVERLOADED;
}

void rpc_later_hold(struct rpc_server *server, const struct message *message, rpc_send send, void *arg)
{
    struct held *held = message->held;

    server->send = send;
    server->send_arg = arg;
    held->tag = message->tag;
    held->reason = 0;
    held->n_calls = message->n_calls;
    held->answers = arena_zalloc(&held->arena, message->n_calls * sizeof(held->answers[0]));
    for (size_t i = 0; i < message->n_calls; i++) {
        const struct rpc_call *call = &message->calls[i];

        if (call->deferred)
            continue;
        keep_answer(held, i, &call->answer);
        rpc_count(call->method, call->answer.reason);
    }
    for (size_t i = 0; i < message->n_calls; i++) {
        if (message->calls[i].asks)
            rpc_make_begin(&message->calls[i]);
    }
}

static void send_held(struct held *held)
{
    struct rpc_server *server = held->server;
    struct buf *out = &server->out;

    buf_clear(out);
    for (size_t i = 0; i < held->n_calls && !held->reason; i++) {
        char *room = rpc_answer_room(out, held->answers[i].len);

        if (room) {
            memcpy(room, held->answers[i].data, held->answers[i].len);
            out->len += held->answers[i].len;
        } else {
            held->reason = RPC__REASON__OVERLOADED;
        }
    }
    if (held->reason)
        rpc_send_reason(held->reason, server->send, server->send_arg, held->tag);
    else
        server->send(server->send_arg, held->tag, out->bytes, out->len);
    arena_reset(&held->arena);
    held->next = server->idle_held;
    server->idle_held = held;
}

void rpc_answer_later(struct rpc_later *later, const Rpc__Answer *answer)
{
    /* A handler is over, and so is its batch, before its answer comes. */
    ensure(later->held->server->n_messages == 0);
    rpc_later_settle(later, answer);
}

void rpc_later_settle(struct rpc_later *later, const Rpc__Answer *answer)
{
    struct held *held = later->held;
    struct rpc_server *server = held->server;

    ensure(held->n_waiting > 0);
    keep_answer(held, later->index, answer);
    rpc_count(later->method, answer->reason);
    later->held = NULL;
    later->next = server->idle_later;
    server->idle_later = later;
    server->n_deferred--;
    if (--held->n_waiting == 0)
        send_held(held);
}
