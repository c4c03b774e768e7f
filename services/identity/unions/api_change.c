#include "services/identity/membership/api_membership.h"
#include "services/identity/unions/changes.h"
#include "services/identity/people/members.h"
#include "services/identity/rules.h"
#include "services/identity/access/session_life.h"
#include "services/identity/unions/unions.h"

static struct identity *self_of(Identity__Unions_Service *service)
{
    return container_of(service, struct identity, unions_service);
}

/* NULL when the call's memory is full. */
Identity__UnionChange *change_message(const struct change *change, void *call)
{
    Identity__UnionChange *message = arena_message(rpc_arena(call), &identity__union_change__descriptor);

    if (!message)
        return NULL;
    message->change_id = change->id;
    message->union_id = change->union_id;
    message->kind = (Identity__ChangeKind)change->kind;
    message->state = (Identity__ChangeState)change->state;
    message->target_id = change->target_id;
    message->name = rpc_text(call, change->name);
    message->code = rpc_text(call, change->code);
    message->credit_code = rpc_text(call, change->credit_code);
    message->excuse = rpc_text(call, change->excuse);
    message->asked_by = change->asked_by;
    message->asked_at = change->asked_at;
    message->decided_by = change->decided_by;
    message->decided_at = change->decided_at;
    message->remark = rpc_text(call, change->remark);
    message->workers = change->workers;
    message->body = (Identity__UnionBody)change->body;
    if (!trades_message(change->trades, &message->n_trades, &message->trades, call))
        return NULL;
    return message;
}

static void reply_change(const struct change *change, Identity__UnionChange_Closure reply, void *call)
{
    reply(change_message(change, call), call);
}

static void journal_change(const struct change *change, void *call)
{
    Identity__UnionChanged changed = IDENTITY__UNION_CHANGED__INIT;

    changed.change_id = change->id;
    changed.union_id = change->union_id;
    changed.kind = (Identity__ChangeKind)change->kind;
    changed.state = (Identity__ChangeState)change->state;
    changed.target_id = change->target_id;
    rpc_tell(call, &changed.base);
}

/* rpc FindPlace: for an edge, by which it finds the partition of a call. */
static void unions__find_place(Identity__Unions_Service *service, const Rpc__PlaceRequest *req,
                               Rpc__Place_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, unions_service);
    Rpc__Place place = RPC__PLACE__INIT;
    struct union_node node;

    if (req->union_id <= 0 || !unions_find(&self->unions, req->union_id, &node)) {
        rpc_refuse_field(call, RPC__REASON__UNION_NOT_FOUND, "unionId");
        return;
    }
    place.path = node.path;
    reply(&place, call);
}

/* The deed of a change of a union; what is confirmed is all that was asked. False when the
 * call's memory is full. */
static bool deed_of(struct identity *self, const struct change *change, void *call, struct hands_deed *ret)
{
    Identity__UnionChange *what = change_message(change, call);
    struct union_node *node = arena_alloc(rpc_arena(call), sizeof(*node));

    if (!what || !node || !unions_find(&self->unions, change->union_id, node))
        return false;
    what->state = IDENTITY__CHANGE_STATE__CHANGE_STATE_NONE;
    what->decided_by = what->decided_at = 0;
    what->remark = unconst("");
    *ret = (struct hands_deed){
        .kind = "union change",
        .id = change->id,
        .what = &what->base,
        .until = change->asked_at + CHANGE_LIFE_MS,
        .roles = union_administrators,
        .union_path = node->path,
        .own = IDENTITY__REASON__NOT_FOR_YOURSELF,
        .earlier_by = change->asked_by,
    };
    return true;
}

/* rpc GetUnionByCode: by its code, one it had before, or that of a union that became part of it. */
static void unions__get_union_by_code(Identity__Unions_Service *service, const Identity__UnionCodeRequest *req,
                                      Identity__Union_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__Union *message;
    char code[UNION_CODE_SIZE];
    struct union_node node;

    if (union_code_read(req->code, code) || !unions_find_code(&self->unions, code, &node)) {
        rpc_refuse(call, RPC__REASON__UNION_NOT_FOUND);
        return;
    }
    message = union_message(&node, call);
    reply(message, call);
}

/* Two, four or six digits. */
static bool is_region(const char *text, size_t most)
{
    size_t len = strlen(text);

    return len > 0 && len <= most && len % 2 == 0 && strspn(text, "0123456789") == len;
}

/* What a search reads next, and where it would go on: by its id, or of a region alone by its code. */
static bool next_found(const struct unions *unions, bool named, struct union_node *ret_node, bool *ret_hit)
{
    return named ? unions_next_search(unions, ret_node, ret_hit) : unions_next_region(unions, ret_node, ret_hit);
}

static void reply_found(const struct unions *unions, bool named, Identity__UnionList_Closure reply, void *call)
{
    Identity__UnionList list = IDENTITY__UNION_LIST__INIT;
    struct union_node one, last = {0};
    bool hit, full = false;
    int64_t n = 0;

    while (!full && next_found(unions, named, &one, &hit)) {
        full = hit && !rpc_page_takes_at(call, named ? "" : one.code, named ? one.id : 0);
        if (hit && !full)
            rpc_add(call, &list, unions, union_message(&one, call));
        last = one;
        n++;
    }
    if (named)
        unions_end_search(unions);
    else
        unions_end_region(unions);
    if (!full && n == UNION_SEARCH)
        rpc_page_ends_at(call, named ? "" : last.code, named ? last.id : 0);
    reply(&list, call);
}

/* rpc FindUnions: who wants to join knows a piece of her union's name, or where it is. */
static void unions__find_unions(Identity__Unions_Service *service, const Identity__FindUnionsRequest *req,
                                Identity__UnionList_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, unions_service);
    bool named = *req->name || !*req->region;
    char piece[UNION_NAME_SIZE], pair[UNION_PAIR_SIZE], end[UNION_PATH_SIZE + 1];
    struct union_node node = {0};
    int64_t states = rpc_page_states(call, RPC_STATE(IDENTITY__UNION_STATE__UNION_ACTIVE));
    int32_t bad = 0;
    int reason = named ? union_name_read(req->name, piece, &bad) : 0;

    rpc_fact_character(call, bad);
    if (rpc_refuse_field_if(call, reason, "name"))
        return;
    if (*req->region && !is_region(req->region, CN_REGION_LEN)) {
        rpc_refuse_field(call, IDENTITY__REASON__REGION_INVALID, "region");
        return;
    }
    if (req->union_id && !unions_find(&self->unions, req->union_id, &node)) {
        rpc_refuse_field(call, RPC__REASON__UNION_NOT_FOUND, "unionId");
        return;
    }
    union_path_end(node.path, end);
    if (named) {
        unions_rarest_pair(&self->unions, piece, pair);
        unions_ask_search(&self->unions, pair, piece, node.path, end, rpc_page(call)->after, states, req->region);
    } else {
        unions_ask_region(&self->unions, req->region, node.path, end, rpc_page(call)->place, states);
    }
    reply_found(&self->unions, named, reply, call);
}

/* As the table has it this year; what it has not is called as the region above. */
static char *region_name(const char *region, void *call)
{
    int year = cn_day(rpc_now(call)) / 10000;
    char code[CN_REGION_LEN + 1] = "", name[CN_REGION_SIZE] = "";

    for (int len = (int)strlen(region); len > 0 && !*name; len -= 2) {
        memset(code, '0', CN_REGION_LEN);
        memcpy(code, region, (size_t)len);
        cn_region(code, year, name);
    }
    return rpc_text(call, name);
}

/* rpc ListRegions: of the hundred that there can be below one, those that some union is of. */
static void unions__list_regions(Identity__Unions_Service *service, const Identity__ListRegionsRequest *req,
                                 Identity__RegionList_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, unions_service);
    Identity__RegionList list = IDENTITY__REGION_LIST__INIT;
    char region[UNION_REGION_SIZE];

    if (*req->region && !is_region(req->region, CN_REGION_LEN - 2)) {
        rpc_refuse_field(call, IDENTITY__REASON__REGION_INVALID, "region");
        return;
    }
    for (int i = (int)rpc_page(call)->after; i < 100; i++) {
        Identity__Region *message;

        snprintf(region, sizeof(region), "%.4s%02u", req->region, (unsigned)i % 100);
        if (!unions_have_region(&self->unions, region))
            continue;
        if (!rpc_page_takes(call, i + 1))
            break;
        message = arena_message(rpc_arena(call), &identity__region__descriptor);
        if (message) {
            message->code = rpc_text(call, region);
            message->name = region_name(region, call);
        }
        rpc_add(call, &list, regions, message);
    }
    reply(&list, call);
}

/* False when a text does not fit. */
static bool read_change(const Identity__AskUnionChangeRequest *req, struct change *ret)
{
    return snprintf(ret->name, sizeof(ret->name), "%s", req->name) < (int)sizeof(ret->name) &&
           snprintf(ret->code, sizeof(ret->code), "%s", req->code) < (int)sizeof(ret->code) &&
           snprintf(ret->credit_code, sizeof(ret->credit_code), "%s", req->credit_code) <
               (int)sizeof(ret->credit_code) &&
           snprintf(ret->excuse, sizeof(ret->excuse), "%s", req->excuse) < (int)sizeof(ret->excuse);
}

/* What has been read well (by whom the store knows by name: named), or refused for a reason with its field: judged,
 * kept and answered. */
static void keep_change(struct identity *self, struct change *change, bool named, int reason, const char *field,
                        Identity__UnionChange_Closure reply, void *call)
{
    struct hands_deed deed;

    if (!reason)
        reason = change_refusal(self, change, call, &field);
    if (!reason && !change_add(self, change))
        reason = change->kind == IDENTITY__CHANGE_KIND__CHANGE_CREATE ? IDENTITY__REASON__UNION_REQUEST_PENDING
                                                                      : IDENTITY__REASON__CHANGE_PENDING;
    if (!reason && !deed_of(self, change, call, &deed))
        reason = RPC__REASON__OVERLOADED;
    if (!reason) {
        deed.named = named;
        reason = hands_give(&self->two_hands, &deed, call);
    }
    if (rpc_refuse_field_if(call, reason, field))
        return;
    journal_change(change, call);
    rpc_created(call);
    reply_change(change, reply, call);
}

/* rpc AskUnionChange: kept until the level above decides. */
static void unions__ask_union_change(Identity__Unions_Service *service, const Identity__AskUnionChangeRequest *req,
                                     Identity__UnionChange_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct change change = {
        .id = id_next(&self->ids, rpc_now(call)),
        .union_id = req->union_id,
        .target_id = req->target_id,
        .kind = (int)req->kind,
        .state = IDENTITY__CHANGE_STATE__CHANGE_ASKED,
        .asked_by = rpc_principal(call)->member_id,
        .asked_at = rpc_now(call),
    };
    const char *field = "unionId";
    int reason = official_refusal(self, req->union_id, union_administrators, call);

    if (!reason && !read_change(req, &change))
        reason = RPC__REASON__TOO_LONG;
    if (!reason && change.kind == IDENTITY__CHANGE_KIND__CHANGE_CREATE)
        reason = IDENTITY__REASON__CHANGE_EMPTY;
    if (!reason)
        reason = union_trades_read(req->trades, req->n_trades, &change.trades);
    keep_change(self, &change, false, reason, field, reply, call);
}

/* What was asked of a union, or by a member. */
static void reply_changes(struct identity *self, enum changes_list which, int64_t id,
                          Identity__UnionChangeList_Closure reply, void *call)
{
    Identity__UnionChangeList list = IDENTITY__UNION_CHANGE_LIST__INIT;
    struct change change;

    changes_ask(&self->changes, which, id, rpc_page(call)->before, rpc_page(call)->limit, rpc_page(call)->states);
    while (changes_next(&self->changes, which, &change) && rpc_page_takes(call, change.id))
        rpc_add(call, &list, changes, change_message(&change, call));
    changes_end(&self->changes, which);
    reply(&list, call);
}

/* 0, or the Reason with its field. */
static int read_new_union(const Identity__AskNewUnionRequest *req, struct change *ret, const char **ret_field)
{
    *ret_field = "creditCode";
    if (snprintf(ret->credit_code, sizeof(ret->credit_code), "%s", req->credit_code) >= (int)sizeof(ret->credit_code))
        return RPC__REASON__TOO_LONG;
    *ret_field = "name";
    if (snprintf(ret->name, sizeof(ret->name), "%s", req->name) >= (int)sizeof(ret->name))
        return RPC__REASON__TOO_LONG;
    *ret_field = "code";
    if (snprintf(ret->code, sizeof(ret->code), "%s", req->code) >= (int)sizeof(ret->code))
        return RPC__REASON__TOO_LONG;
    *ret_field = "excuse";
    if (snprintf(ret->excuse, sizeof(ret->excuse), "%s", req->excuse) >= (int)sizeof(ret->excuse))
        return RPC__REASON__TOO_LONG;
    *ret_field = "trades";
    return union_trades_read(req->trades, req->n_trades, &ret->trades);
}

/* rpc AskNewUnion: somebody known by name asks; the union above decides. */
static void unions__ask_new_union(Identity__Unions_Service *service, const Identity__AskNewUnionRequest *req,
                                  Identity__UnionChange_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct change change = {
        .id = id_next(&self->ids, rpc_now(call)),
        .union_id = req->union_id,
        .kind = IDENTITY__CHANGE_KIND__CHANGE_CREATE,
        .state = IDENTITY__CHANGE_STATE__CHANGE_ASKED,
        .asked_by = rpc_principal(call)->member_id,
        .asked_at = rpc_now(call),
        .workers = req->workers,
        .body = (int)req->body,
    };
    const char *field = "";
    struct member member;
    int reason = 0;

    if (!members_find(&self->members, change.asked_by, &member))
        reason = IDENTITY__REASON__MEMBER_NOT_FOUND;
    else if (member.merged_into)
        reason = IDENTITY__REASON__ACCOUNT_MERGED;
    else if (member.level < (int)RPC__LEVEL__REAL_NAME)
        reason = RPC__REASON__NOT_VERIFIED;
    if (!reason)
        reason = read_new_union(req, &change, &field);
    keep_change(self, &change, true, reason, field, reply, call);
}

/* rpc ListMyNewUnions: what the caller has asked for, and what came of it. */
static void unions__list_my_new_unions(Identity__Unions_Service *service, const Identity__MyNewUnionsRequest *req,
                                       Identity__UnionChangeList_Closure reply, void *call)
{
    (void)req;
    reply_changes(self_of(service), CHANGES_MINE, rpc_principal(call)->member_id, reply, call);
}

/* rpc ListUnionChanges: what was asked of a union, and what came of it. */
static void unions__list_union_changes(Identity__Unions_Service *service, const Identity__ListUnionChangesRequest *req,
                                       Identity__UnionChangeList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    int reason = official_refusal(self, req->union_id, union_readers, call);

    if (reason)
        rpc_refuse(call, reason);
    else
        reply_changes(self, CHANGES_UNION, req->union_id, reply, call);
}

static bool holds_above(const struct union_node *node, void *call)
{
    char above[UNION_PATH_SIZE];

    union_path_parent(node->path, above);
    return caller_holds(call, union_administrators, above);
}

/* Who decides administers the level above the union (of a new one, the union that it is
 * to be below) and, when it goes to another, the level that receives it. */
static int decider_refusal(struct identity *self, const struct change *change, void *call)
{
    struct union_node node, target;

    if (!unions_find(&self->unions, change->union_id, &node))
        return RPC__REASON__UNION_NOT_FOUND;
    if (!caller_holds(call, union_administrators, node.path))
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    if (change->kind != IDENTITY__CHANGE_KIND__CHANGE_CREATE && !holds_above(&node, call))
        return IDENTITY__REASON__NEEDS_LEVEL_ABOVE;
    if (!change->target_id || !unions_find(&self->unions, change->target_id, &target))
        return 0;
    if (change->kind == IDENTITY__CHANGE_KIND__CHANGE_PLACE)
        return caller_holds(call, union_administrators, target.path) ? 0 : RPC__REASON__OUTSIDE_YOUR_UNION;
    return holds_above(&target, call) ? 0 : RPC__REASON__OUTSIDE_YOUR_UNION;
}

/* Gives the second hand to what is still possible: 0, or the Reason with its field. */
static int confirm(struct identity *self, struct change *change, void *call, const char **ret_field)
{
    int reason = change_refusal(self, change, call, ret_field);
    struct hands_deed deed;

    if (reason)
        return reason;
    return deed_of(self, change, call, &deed) ? hands_confirm(&self->two_hands, &deed, call)
                                              : (int)RPC__REASON__OVERLOADED;
}

/* rpc DecideUnionChange: an approved change is carried out at once. Who asked may take it back. */
static void unions__decide_union_change(Identity__Unions_Service *service,
                                        const Identity__DecideUnionChangeRequest *req,
                                        Identity__UnionChange_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const char *field = "changeId";
    struct change change;
    int reason = 0;

    if (!changes_find(&self->changes, req->change_id, &change))
        reason = IDENTITY__REASON__CHANGE_NOT_FOUND;
    else if (req->approve ||
             !hands_is_first(&self->two_hands, "union change", change.id, rpc_principal(call)->member_id))
        reason = decider_refusal(self, &change, call);
    if (!reason && change.state != IDENTITY__CHANGE_STATE__CHANGE_ASKED)
        reason = IDENTITY__REASON__CHANGE_DECIDED;
    /* What was possible when it was asked may be so no more. */
    if (!reason && req->approve)
        reason = confirm(self, &change, call, &field);
    if (rpc_refuse_field_if(call, reason, field))
        return;
    change.state = req->approve ? IDENTITY__CHANGE_STATE__CHANGE_APPROVED : IDENTITY__CHANGE_STATE__CHANGE_REFUSED;
    change.decided_by = rpc_principal(call)->member_id;
    change.decided_at = rpc_now(call);
    snprintf(change.remark, sizeof(change.remark), "%s", req->remark);
    if (req->approve)
        change_apply(self, &change, call);
    else
        hands_end(&self->two_hands, "union change", change.id, HANDS__STATE__REFUSED, call);
    change_decide(self, &change);
    journal_change(&change, call);
    reply_change(&change, reply, call);
}

const Identity__Unions_Service unions_api = IDENTITY__UNIONS__INIT(unions__);
