/* api_outbox.c: what has become of the messages that the outbox sends. */
#include "services/bridge/api.h"

#define PAGE_DEFAULT 20
#define PAGE_MAX     100

void message_copy(const struct message *message, Bridge__Message *ret)
{
    bridge__message__init(ret);
    ret->message_id = message->id;
    ret->member_id = message->notice.member_id;
    ret->kind = (Bridge__NoticeKind)message->notice.kind;
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
    unsigned size = req->page_size ? (unsigned)req->page_size : PAGE_DEFAULT, n;
    Bridge__MessageList list = BRIDGE__MESSAGE_LIST__INIT;
    Bridge__Message messages[PAGE_MAX], *pointers[PAGE_MAX];
    struct message *found = arena_alloc(rpc_arena(call), (PAGE_MAX + 1) * sizeof(*found));
    int64_t before = 0;

    if (!found || size > PAGE_MAX || !page_token_read(req->page_token, &before)) {
        rpc_refuse(call, found ? RPC__REASON__BAD_PAGE_TOKEN : RPC__REASON__OVERLOADED);
        return;
    }
    n = messages_page(&self->messages, (int)req->state, before ? before : INT64_MAX, found, size + 1);
    list.messages = pointers;
    for (; list.n_messages < n && list.n_messages < size; list.n_messages++) {
        message_copy(&found[list.n_messages], &messages[list.n_messages]);
        pointers[list.n_messages] = &messages[list.n_messages];
    }
    if (n > size)
        list.next_page_token = arena_printf(rpc_arena(call), "%lld", (long long)found[size - 1].id);
    if (list.next_page_token)
        reply(&list, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

const Bridge__Outbox_Service outbox_api = BRIDGE__OUTBOX__INIT(outbox__);
