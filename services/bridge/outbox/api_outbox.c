/* api_outbox.c: what has become of the messages that the outbox sends. */
#include "services/bridge/api.h"

void message_copy(const struct message *message, Bridge__Message *ret)
{
    bridge__message__init(ret);
    ret->message_id = message->id;
    ret->member_id = message->notice.member_id;
    ret->kind = (Notice__NoticeKind)message->notice.kind;
    ret->state = (Bridge__MessageState)message->state;
    if (message->reason)
        ret->reason = unconst(api_reason(message->reason)->name);
    ret->tries = message->tries;
    ret->about_at = message->notice.about_at;
    ret->made_at = message->made_at;
    ret->due_at = message->ended_at ? 0 : message->due_at;
    ret->ended_at = message->ended_at;
}

/* rpc ListMessages: newest first. */
static void outbox__list_messages(Bridge__Outbox_Service *service, const Bridge__ListMessagesRequest *req,
                                  Bridge__MessageList_Closure reply, void *call)
{
    struct bridge *self = container_of(service, struct bridge, outbox_service);
    const struct rpc_page *page = rpc_page(call);
    Bridge__MessageList list = BRIDGE__MESSAGE_LIST__INIT;
    struct message *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    unsigned n = messages_page(&self->messages, page->states, page->before, found, (unsigned)page->limit);

    (void)req;
    for (unsigned i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        Bridge__Message *message = arena_message(rpc_arena(call), &bridge__message__descriptor);

        if (message)
            message_copy(&found[i], message);
        rpc_add(call, &list, messages, message);
    }
    reply(&list, call);
}

const Bridge__Outbox_Service outbox_api = BRIDGE__OUTBOX__INIT(outbox__);
