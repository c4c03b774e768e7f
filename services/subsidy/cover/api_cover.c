#include "services/subsidy/cover/covers.h"

/* NULL when memory is full. */
static Subsidy__Cover *message_of(const struct cover *cover, void *call)
{
    Subsidy__Cover *message = arena_message(rpc_arena(call), &subsidy__cover__descriptor);
    char number[COVER_POLICY_SIZE];

    if (!message)
        return NULL;
    cover_policy_number(cover->id, number);
    message->cover_id = cover->id;
    message->policy_number = rpc_text(call, number);
    message->union_id = cover->union_id;
    message->from = cover->from_at;
    message->until = cover->until_at;
    message->left = cover->left;
    return message;
}

/* rpc ListMyCovers: newest first. */
static void covers__list_my_covers(Subsidy__Covers_Service *service, const Subsidy__ListMyCoversRequest *req,
                                   Subsidy__CoverList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, covers_service);
    const struct rpc_page *page = rpc_page(call);
    struct cover *covers = arena_alloc(rpc_arena(call), page->limit * sizeof(*covers));
    Subsidy__CoverList list = SUBSIDY__COVER_LIST__INIT;
    size_t n = 0;

    (void)req;
    if (!covers_known(self, call))
        return;
    if (covers)
        n = covers_list(self, rpc_principal(call)->member_id, page->before, covers, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, covers[i].id); i++)
        rpc_add(call, &list, covers, message_of(&covers[i], call));
    reply(&list, call);
}

const Subsidy__Covers_Service covers_api = SUBSIDY__COVERS__INIT(covers__);
