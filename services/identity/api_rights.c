#include "services/identity/api_rights.h"
#include "services/identity/api_membership.h"
#include "services/identity/looks.h"
#include "services/identity/session.h"

#define LOOKS_DEFAULT 50
#define LOOKS_MAX     100

static struct identity *self_of(Identity__Rights_Service *service)
{
    return container_of(service, struct identity, rights_service);
}

/* ---- who has looked ---- */

/* NULL when the call's memory is full. */
static Identity__Look *look_message(struct identity *self, const struct look *look, void *call)
{
    Identity__Look *message = arena_alloc(rpc_arena(call), sizeof(*message));
    struct union_node node;

    if (!message)
        return NULL;
    identity__look__init(message);
    message->at = look->at;
    message->by = look->by;
    message->method = arena_strndup(rpc_arena(call), look->method, strlen(look->method));
    if (look->office_id && store_find_union(self->store, look->office_id, &node)) {
        message->office = union_message(&node, call);
        if (!message->office)
            return NULL;
    }
    return message->method ? message : NULL;
}

/* rpc ListMyLooks: who was shown the caller's data, by which operation, in which office. */
static void rights__list_my_looks(Identity__Rights_Service *service, const Identity__MyLooksRequest *req,
                                  Identity__LookList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    size_t size = req->page_size > 0 && req->page_size <= LOOKS_MAX ? (size_t)req->page_size : LOOKS_DEFAULT, n;
    Identity__LookList list = IDENTITY__LOOK_LIST__INIT;
    struct look looks[LOOKS_MAX];
    Identity__Look *messages[LOOKS_MAX];
    int64_t before, next;
    char token[24];

    if (!page_token_read(req->page_token, &before)) {
        rpc_refuse_field(call, RPC__REASON__BAD_PAGE_TOKEN, "pageToken");
        return;
    }
    n = looks_find(self, rpc_principal(call)->member_id, before, looks, size, &next, call);
    list.looks = messages;
    for (; list.n_looks < n; list.n_looks++) {
        messages[list.n_looks] = look_message(self, &looks[list.n_looks], call);
        if (!messages[list.n_looks]) {
            rpc_refuse(call, RPC__REASON__OVERLOADED);
            return;
        }
    }
    if (next) {
        snprintf(token, sizeof(token), "%lld", (long long)next);
        list.next_page_token = token;
    }
    reply(&list, call);
}

const Identity__Rights_Service rights_api = IDENTITY__RIGHTS__INIT(rights__);
