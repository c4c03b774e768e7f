#include "common/benefit/two_hands/hands_list.h"

#include "common/rpc/rpc.h"

/* The offices that the caller holds over a union, 1 << Rule__Role. */
static int64_t held_over(const char *path, const int *offices, void *call)
{
    int64_t held = 0;

    for (; *offices != RULE__ROLE__ROLE_NONE; offices++) {
        if (rpc_has_role(call, (Rule__Role)*offices, path))
            held |= INT64_C(1) << *offices;
    }
    return held;
}

/* NULL when the call's memory is full, or the place is not known now. */
static Hands__Waiting *waiting_message(const struct tree *tree, const struct hands *hands, void *call)
{
    Hands__Waiting *message = arena_message(rpc_arena(call), &hands__waiting__descriptor);

    if (!message || tree_id(tree, hands->union_path, call, &message->union_id))
        return NULL;
    message->hand_id = hands->id;
    message->kind = rpc_text(call, hands->kind);
    message->deed_id = hands->deed_id;
    message->first_by = hands->now_by;
    message->yours = hands->now_by == rpc_principal(call)->member_id;
    message->given_at = hands->given_at;
    message->until = hands->until;
    return message;
}

static Hands__WaitingCount *count_message(const struct hands_count *count, bool more, void *call)
{
    Hands__WaitingCount *message = arena_message(rpc_arena(call), &hands__waiting_count__descriptor);

    if (!message)
        return NULL;
    message->kind = rpc_text(call, count->kind);
    message->waiting = (int32_t)count->n;
    message->more = more;
    return message;
}

static void add_counts(const struct two_hands *hands, const struct hands_waiting *waiting, Hands__WaitingList *list,
                       void *call)
{
    struct hands_count counts[HANDS_KINDS];
    size_t n = hands_count_waiting(hands, waiting, counts);
    int64_t all = 0;

    for (size_t i = 0; i < n; i++)
        all += counts[i].n;
    for (size_t i = 0; i < n; i++)
        rpc_add(call, list, counts, count_message(&counts[i], all == HANDS_COUNTED, call));
}

void hands_list(const struct two_hands *hands, const struct tree *tree, const int *offices,
                const Hands__ListWaitingRequest *req, Hands__WaitingList_Closure reply, void *call)
{
    struct hands_waiting waiting = {.path = tree_path(tree, req->union_id, "unionId", call), .now = rpc_now(call)};
    const struct rpc_page *page = rpc_page(call);
    struct hands *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Hands__WaitingList list = HANDS__WAITING_LIST__INIT;
    size_t n;

    if (!waiting.path)
        return;
    waiting.roles = held_over(waiting.path, offices, call);
    if (!waiting.roles) {
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
        return;
    }
    if (*page->place && !union_path_covers(waiting.path, page->place)) {
        rpc_refuse_page(call);
        return;
    }
    add_counts(hands, &waiting, &list, call);
    n = hands_find_waiting(hands, &waiting, req->kind, *page->place ? page->place : waiting.path, page->after, found,
                           page->limit);
    for (size_t i = 0; i < n && rpc_page_takes_at(call, found[i].union_path, found[i].id); i++)
        rpc_add(call, &list, hands, waiting_message(tree, &found[i], call));
    reply(&list, call);
}
