#include "services/identity/api.h"
#include "services/identity/rules.h"
#include "services/identity/access/session_life.h"
#include "services/identity/unions/unions.h"

static void journal_union(const struct union_node *node, void *call)
{
    Identity__UnionCreated created = IDENTITY__UNION_CREATED__INIT;

    created.union_id = node->id;
    created.parent_id = node->parent_id;
    created.path = unconst(node->path);
    rpc_tell(call, &created.base);
}

static int refuse_in(const char *field, int reason, const char **ret_field)
{
    *ret_field = field;
    return reason;
}

int union_create(struct identity *self, const struct union_draft *draft, void *call, struct union_node *ret_node,
                 const char **ret_field)
{
    const struct union_node *parent = draft->parent;
    struct union_node taken, node = {0};
    int reason;

    if (!rpc_has_role(call, RULE__ROLE__UNION_ADMIN, parent->path))
        return refuse_in(draft->parent_field, RPC__REASON__OUTSIDE_YOUR_UNION, ret_field);
    if (parent->state)
        return refuse_in(draft->parent_field, IDENTITY__REASON__UNION_CLOSED, ret_field);
    if (unions_find_code(&self->unions, draft->code, &taken))
        return refuse_in("code", IDENTITY__REASON__UNION_CODE_TAKEN, ret_field);
    reason = child_refusal(parent->path, parent->children, node.path);
    if (reason)
        return refuse_in(draft->parent_field, reason, ret_field);
    node.id = id_next(&self->ids, rpc_now(call));
    node.parent_id = parent->id;
    node.trades = draft->trades;
    snprintf(node.code, sizeof(node.code), "%s", draft->code);
    snprintf(node.name, sizeof(node.name), "%s", draft->name);
    if (!unions_add(&self->unions, &node, rpc_now(call)))
        return refuse_in("code", RPC__REASON__STORE_FAILED, ret_field);
    journal_union(&node, call);
    *ret_node = node;
    return 0;
}

static void reply_union(const struct union_node *node, Identity__Union_Closure reply, void *call)
{
    reply(union_message(node, call), call);
}

/* rpc CreateUnion: an administrator of unions adds one below her own. */
void identity__create_union(Identity__Identity_Service *service, const Identity__CreateUnionRequest *req,
                            Identity__Union_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    char code[UNION_CODE_SIZE], name[UNION_NAME_SIZE];
    struct union_node parent, node;
    struct union_draft draft = {.code = code, .name = name, .parent = &parent, .parent_field = "parentId"};
    const char *field = "code";
    int reason = union_code_read(req->code, code);
    int32_t bad;

    if (!reason) {
        field = "name";
        reason = union_name_read(req->name, name, &bad);
        rpc_fact_character(call, bad);
    }
    if (!reason) {
        field = "trades";
        reason = union_trades_read(req->trades, req->n_trades, &draft.trades);
    }
    if (!reason && !unions_find(&self->unions, req->parent_id, &parent)) {
        field = draft.parent_field;
        reason = RPC__REASON__UNION_NOT_FOUND;
    }
    if (!reason)
        reason = union_create(self, &draft, call, &node, &field);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    rpc_created(call);
    reply_union(&node, reply, call);
}

/* The union that a request names; refuses and returns false when there is none. */
static bool named_union(struct identity *self, int64_t union_id, void *call, struct union_node *ret_node)
{
    if (union_id > 0 && unions_find(&self->unions, union_id, ret_node))
        return true;
    rpc_refuse(call, RPC__REASON__UNION_NOT_FOUND);
    return false;
}

/* rpc GetUnion: one union. */
void identity__get_union(Identity__Identity_Service *service, const Identity__UnionRequest *req,
                         Identity__Union_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    struct union_node node;

    if (named_union(self, req->union_id, call, &node))
        reply_union(&node, reply, call);
}

/* rpc ListChildren: the unions just below one, in the order they were made. */
void identity__list_children(Identity__Identity_Service *service, const Identity__ListChildrenRequest *req,
                             Identity__UnionList_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    Identity__UnionList list = IDENTITY__UNION_LIST__INIT;
    struct union_node node;

    if (!named_union(self, req->union_id, call, &node))
        return;
    unions_ask_children(&self->unions, node.id, rpc_page(call)->place, rpc_page(call)->limit, rpc_page(call)->states);
    while (unions_next_child(&self->unions, &node) && rpc_page_takes_at(call, node.path, 0))
        rpc_add(call, &list, unions, union_message(&node, call));
    unions_end_children(&self->unions);
    reply(&list, call);
}

/* rpc GetPath: a union and all above it, the root first. */
void identity__get_path(Identity__Identity_Service *service, const Identity__UnionRequest *req,
                        Identity__UnionList_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, identity_service);
    Identity__UnionList list = IDENTITY__UNION_LIST__INIT;
    Identity__Union *unions[LIMIT_PATH_LEVELS];
    char path[UNION_PATH_SIZE];
    struct union_node node, above;

    if (!named_union(self, req->union_id, call, &node))
        return;
    list.unions = unions;
    list.n_unions = union_path_level(node.path);
    memcpy(path, node.path, sizeof(path));
    for (size_t i = list.n_unions; i-- > 0; union_path_parent(path, path)) {
        if (!unions_find_path(&self->unions, path, &above)) {
            rpc_refuse(call, RPC__REASON__STORE_FAILED);
            return;
        }
        unions[i] = union_message(&above, call);
        if (!unions[i]) {
            rpc_refuse(call, RPC__REASON__OVERLOADED);
            return;
        }
    }
    reply(&list, call);
}

const Identity__Identity_Service identity_api = IDENTITY__IDENTITY__INIT(identity__);
