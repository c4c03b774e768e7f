/* rpc_later.c: answers that come after their batch. */
#include "common/rpc/rpc_internal.h"

static ProtobufCBinaryData word(int reason, uint8_t ret_packed[ROOM_OF_A_WORD])
{
    Rpc__Answer answer = RPC__ANSWER__INIT;

    answer.reason = reason;
    answer.retry_after_s = 1;
    return (ProtobufCBinaryData){rpc__answer__pack(&answer, ret_packed), ret_packed};
}

void rpc_later_init(struct rpc_server *server)
{
    server->unknown = word(RPC__REASON__OUTCOME_UNKNOWN, server->words[0]);
    server->overloaded = word(RPC__REASON__OVERLOADED, server->words[1]);
    for (unsigned i = ARRAY_LEN(server->helds); i-- > 0;) {
        struct held *held = &server->helds[i];

        held->server = server;
        arena_init(&held->arena, LIMIT_HELD_ARENA);
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

static bool take_held(struct rpc_server *server, struct message *message)
{
    struct held *held = server->idle_held;

    held->answers = arena_zalloc(&held->arena, message->n_calls * sizeof(held->answers[0]));
    if (!held->answers)
        return false;
    held->n_calls = message->n_calls;
    server->idle_held = held->next;
    message->held = held;
    return true;
}

struct rpc_later *rpc_defer(void *arg)
{
    struct rpc_call *call = arg;
    struct rpc_server *server = call->server;
    struct message *message = call->message;
    ensure(!message->again); /* it has been deferred */
    struct rpc_later *later = server->idle_later;

    ensure(!call->done);
    if (!later || (!message->held && !server->idle_held)) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return NULL;
    }
    if (!message->held && !take_held(server, message)) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return NULL;
    }
    server->idle_later = later->next;
    *later = (struct rpc_later){message->held, call->method, (size_t)(call - message->calls), NULL};
    message->held->n_waiting++;
    server->n_deferred++;
    call->done = true;
    call->deferred = true;
    return later;
}

/* Whether a packed answer is kept; it has its room. */
static bool keep_answer(struct held *held, size_t index, const Rpc__Answer *answer, size_t len)
{
    uint8_t *packed = arena_alloc(&held->arena, len + 1);

    if (packed)
        held->answers[index] = (ProtobufCBinaryData){rpc__answer__pack(answer, packed), packed};
    return packed != NULL;
}

/* In an answer's stead, for which every call's room is enough. A write's may have been done. */
static void keep_word(struct held *held, size_t index, bool writes)
{
    held->answers[index] = writes ? held->server->unknown : held->server->overloaded;
}

void rpc_later_hold(struct rpc_server *server, const struct message *message, rpc_send send, void *arg)
{
    struct held *held = message->held;

    server->send = send;
    server->send_arg = arg;
    held->tag = message->tag;
    held->room = *message->room;
    for (size_t i = 0; i < message->n_calls; i++) {
        const struct rpc_call *call = &message->calls[i];

        if (call->deferred)
            continue;
        if (!keep_answer(held, i, &call->answer, call->answer_len))
            keep_word(held, i, call->method && call->method->api->writes);
        if (!call->resend)
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
    for (size_t i = 0; i < held->n_calls; i++) {
        char *room = rpc_answer_room(out, held->answers[i].len);

        if (!room)
            break;
        memcpy(room, held->answers[i].data, held->answers[i].len);
        out->len += held->answers[i].len;
    }
    if (out->failed)
        rpc_send_reason(RPC__REASON__OUTCOME_UNKNOWN, server->send, server->send_arg, held->tag);
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
    rpc_later_settle(later, answer, false);
}

size_t *rpc_later_room(struct rpc_later *later)
{
    return &later->held->room;
}

void rpc_later_settle(struct rpc_later *later, const Rpc__Answer *answer, bool has_room)
{
    struct held *held = later->held;
    struct rpc_server *server = held->server;
    size_t len = rpc__answer__get_packed_size(answer);

    ensure(held->n_waiting > 0);
    if (!has_room && (len > LIMIT_ANSWER || !rpc_room_take(&held->room, len)))
        keep_word(held, later->index, later->method->api->writes);
    else if (!keep_answer(held, later->index, answer, len))
        keep_word(held, later->index, later->method->api->writes);
    rpc_count(later->method, answer->reason);
    later->held = NULL;
    later->next = server->idle_later;
    server->idle_later = later;
    server->n_deferred--;
    if (--held->n_waiting == 0)
        send_held(held);
}
