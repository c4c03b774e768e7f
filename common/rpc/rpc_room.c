/* rpc_room.c: the room of a message for the answers to its calls. */
#include "common/rpc/rpc_internal.h"

/* With the tag and length before it in an AnswerBatch, beyond a word. */
static size_t beyond_word(size_t len)
{
    return len + 6 > ROOM_OF_A_WORD ? len + 6 - ROOM_OF_A_WORD : 0;
}

void rpc_room_begin(struct message *message)
{
    message->own_room = LIMIT_MESSAGE_SIZE - message->n_calls * ROOM_OF_A_WORD;
    message->room = &message->own_room;
}

bool rpc_room_has(const struct rpc_call *call, size_t len)
{
    return beyond_word(len) <= *call->message->room;
}

bool rpc_room_take(size_t *room, size_t len)
{
    size_t more = beyond_word(len);

    if (more > *room)
        return false;
    *room -= more;
    return true;
}

static void answer_resend(struct rpc_call *call)
{
    rpc__answer__init(&call->answer);
    call->answer.reason = RPC__REASON__OVERLOADED;
    call->answer.retry_after_s = 1;
    call->answer.resend = call->resend = call->done = true;
    call->answer_len = rpc__answer__get_packed_size(&call->answer);
}

bool rpc_room_to_run(struct rpc_call *call)
{
    if (*call->message->room >= ROOM_TO_RUN)
        return true;
    answer_resend(call);
    return false;
}

void rpc_room_settle(struct rpc_call *call)
{
    if (call->deferred)
        return;
    call->answer_len = rpc__answer__get_packed_size(&call->answer);
    if (call->resend || !rpc_room_take(call->message->room, call->answer_len))
        answer_resend(call);
    else
        call->room_taken = beyond_word(call->answer_len);
}

void rpc_room_give_back(struct rpc_call *call)
{
    *call->message->room += call->room_taken;
    call->room_taken = 0;
}
