/* rpc_room.c: the room of a message for the answers to its calls. */
#include "common/rpc/rpc_internal.h"

/* With the tag and length before it in an AnswerBatch. */
static size_t framed(size_t len)
{
    return len + 6;
}

void rpc_room_begin(struct message *message)
{
    message->room = LIMIT_MESSAGE_SIZE - message->n_calls * ROOM_OF_A_WORD;
}

bool rpc_room_has(const struct rpc_call *call, size_t len)
{
    return framed(len) <= call->message->room + ROOM_OF_A_WORD;
}

bool rpc_room_take(size_t *room, size_t len)
{
    size_t more = framed(len) > ROOM_OF_A_WORD ? framed(len) - ROOM_OF_A_WORD : 0;

    if (more > *room)
        return false;
    *room -= more;
    return true;
}

static void answer_again(struct rpc_call *call)
{
    rpc__answer__init(&call->answer);
    call->answer.reason = RPC__REASON__OVERLOADED;
    call->answer.retry_after_s = 1;
    call->answer.again = call->again = call->done = true;
    call->answer_len = rpc__answer__get_packed_size(&call->answer);
}

bool rpc_room_to_run(struct rpc_call *call)
{
    if (call->message->room >= ROOM_TO_RUN)
        return true;
    answer_again(call);
    return false;
}

void rpc_room_settle(struct rpc_call *call)
{
    if (call->deferred)
        return;
    call->answer_len = rpc__answer__get_packed_size(&call->answer);
    if (call->again || !rpc_room_take(&call->message->room, call->answer_len))
        answer_again(call);
}
