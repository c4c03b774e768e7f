/* What a change of a union needs, and what it does. */
#include "services/identity/api.h"
#include "services/identity/unions/changes.h"
#include "services/identity/membership/joins.h"
#include "services/identity/registers/declarations.h"
#include "services/identity/people/members.h"
#include "services/identity/membership/membership_life.h"
#include "services/identity/rules.h"
#include "services/identity/unions/tallies.h"
#include "services/identity/membership/transfers.h"
#include "services/identity/unions/unions.h"
#include "services/identity/unions/waitings.h"

#define SUCCESSORS_MAX 32 /* closed unions in a row */

/* ---- what it needs ---- */

static int refuse_in(const char *field, int reason, const char **ret_field)
{
    *ret_field = field;
    return reason;
}

static int name_refusal(struct identity *self, struct change *change, void *call, const char **ret_field)
{
    char name[UNION_NAME_SIZE], code[UNION_CODE_SIZE];
    struct union_node taken;
    int32_t bad;

    if (!change->name[0] && !change->code[0])
        return refuse_in("name", IDENTITY__REASON__CHANGE_EMPTY, ret_field);
    if (change->name[0]) {
        if (union_name_read(change->name, name, &bad)) {
            rpc_fact_character(call, bad);
            return refuse_in("name", IDENTITY__REASON__UNION_NAME_INVALID, ret_field);
        }
        memcpy(change->name, name, sizeof(name));
    }
    if (!change->code[0])
        return 0;
    if (union_code_read(change->code, code))
        return refuse_in("code", IDENTITY__REASON__UNION_CODE_INVALID, ret_field);
    memcpy(change->code, code, sizeof(code));
    if (unions_find_code(&self->unions, code, &taken))
        return refuse_in("code", IDENTITY__REASON__UNION_CODE_TAKEN, ret_field);
    return 0;
}

static int target_refusal(struct identity *self, const struct union_node *node, const struct change *change,
                          struct union_node *ret_target)
{
    if (change->target_id <= 0 || !unions_find(&self->unions, change->target_id, ret_target))
        return RPC__REASON__UNION_NOT_FOUND;
    if (ret_target->state)
        return IDENTITY__REASON__UNION_CLOSED;
    return union_path_covers(node->path, ret_target->path) ? IDENTITY__REASON__UNION_CYCLE : 0;
}

static int place_refusal(struct identity *self, const struct union_node *node, const struct change *change)
{
    char path[UNION_PATH_SIZE];
    struct union_node target;
    int64_t n, deepest;
    int reason = target_refusal(self, node, change, &target);

    if (reason)
        return reason;
    if (target.id == node->parent_id)
        return IDENTITY__REASON__CHANGE_EMPTY;
    reason = child_refusal(target.path, target.children, path);
    if (reason)
        return reason;
    unions_measure(&self->unions, node->path, CHANGE_SUBTREE_MAX + 1, &n, &deepest);
    if (n > CHANGE_SUBTREE_MAX)
        return IDENTITY__REASON__UNION_SUBTREE_TOO_LARGE;
    return deepest - (int64_t)strlen(node->path) + (int64_t)strlen(path) > LIMIT_UNION_PATH
               ? IDENTITY__REASON__UNION_TOO_DEEP
               : 0;
}

static int closing_refusal(struct identity *self, const struct union_node *node, const struct change *change)
{
    struct union_node target;
    int reason = 0;

    if (change->kind == IDENTITY__CHANGE_KIND__CHANGE_MERGE)
        reason = target_refusal(self, node, change, &target);
    else if (!node->parent_id)
        reason = IDENTITY__REASON__UNION_IS_ROOT;
    if (!reason && unions_have_open_child(&self->unions, node->id))
        reason = IDENTITY__REASON__UNION_HAS_CHILDREN;
    return reason;
}

static int credit_code_refusal(struct identity *self, struct change *change)
{
    struct union_node taken;
    int reason = credit_code_read(change->credit_code, change->excuse[0] != '\0', change->credit_code);

    if (!reason && unions_find_credit_code(&self->unions, change->credit_code, &taken))
        reason = taken.id == change->union_id && change->kind == IDENTITY__CHANGE_KIND__CHANGE_CREDIT_CODE
                     ? IDENTITY__REASON__CHANGE_EMPTY
                     : IDENTITY__REASON__CREDIT_CODE_TAKEN;
    return reason;
}

static int create_refusal(struct identity *self, const struct union_node *parent, struct change *change, void *call,
                          const char **ret_field)
{
    char path[UNION_PATH_SIZE];
    int reason = child_refusal(parent->path, parent->children, path);

    if (!reason)
        reason = name_refusal(self, change, call, ret_field);
    if (!reason && (!change->name[0] || !change->code[0]))
        reason = refuse_in(change->name[0] ? "code" : "name", RPC__REASON__MISSING_FIELD, ret_field);
    if (!reason) {
        *ret_field = "body";
        reason = union_body_refusal(change->workers, change->body);
    }
    if (!reason && change->credit_code[0]) {
        *ret_field = "creditCode";
        reason = credit_code_refusal(self, change);
    }
    return reason;
}

int change_refusal(struct identity *self, struct change *change, void *call, const char **ret_field)
{
    struct union_node node;

    *ret_field = "unionId";
    if (change->union_id <= 0 || !unions_find(&self->unions, change->union_id, &node))
        return RPC__REASON__UNION_NOT_FOUND;
    if (node.state)
        return IDENTITY__REASON__UNION_CLOSED;
    switch (change->kind) {
    case IDENTITY__CHANGE_KIND__CHANGE_NAME:
        return name_refusal(self, change, call, ret_field);
    case IDENTITY__CHANGE_KIND__CHANGE_PLACE:
        *ret_field = "targetId";
        return place_refusal(self, &node, change);
    case IDENTITY__CHANGE_KIND__CHANGE_MERGE:
    case IDENTITY__CHANGE_KIND__CHANGE_DISSOLVE:
        *ret_field = change->kind == IDENTITY__CHANGE_KIND__CHANGE_MERGE ? "targetId" : "unionId";
        return closing_refusal(self, &node, change);
    case IDENTITY__CHANGE_KIND__CHANGE_CREDIT_CODE:
        *ret_field = "creditCode";
        return credit_code_refusal(self, change);
    case IDENTITY__CHANGE_KIND__CHANGE_CREATE:
        return create_refusal(self, &node, change, call, ret_field);
    case IDENTITY__CHANGE_KIND__CHANGE_TRADES:
        *ret_field = "trades";
        return change->trades == node.trades ? IDENTITY__REASON__CHANGE_EMPTY : 0;
    default:
        *ret_field = "kind";
        return IDENTITY__REASON__CHANGE_EMPTY;
    }
}

/* ---- what it does ---- */

static void journal_moved(const struct union_node *node, const struct union_node *target, const char *path, void *call)
{
    Identity__UnionMoved moved = IDENTITY__UNION_MOVED__INIT;

    moved.union_id = node->id;
    moved.parent_id = target->id;
    moved.path = unconst(path);
    moved.old_path = unconst(node->path);
    moved.move = node->moves + 1;
    rpc_tell(call, &moved.base);
}

static void journal_closed(const struct union_node *node, void *call)
{
    Identity__UnionClosed closed = IDENTITY__UNION_CLOSED__INIT;

    closed.union_id = node->id;
    closed.state = (Identity__UnionState)node->state;
    closed.into_id = node->into_id;
    rpc_tell(call, &closed.base);
}

static void move(struct identity *self, const struct union_node *node, int64_t target_id, void *call)
{
    char path[UNION_PATH_SIZE];
    struct union_node target;

    if (!unions_find(&self->unions, target_id, &target) || child_refusal(target.path, target.children, path))
        return;
    tallies_move_union(self, node, &target, rpc_now(call));
    unions_move(&self->unions, node, &target, path, rpc_now(call));
    parts_moved(&self->parts, node->path, path, call);
    waitings_rehang(&self->waitings, node->id);
    journal_moved(node, &target, path, call);
}

static void set_closing(struct identity *self, struct union_node *node, int state, int64_t into_id, void *call)
{
    node->state = state;
    node->into_id = into_id;
    unions_close(&self->unions, node);
    journal_closed(node, call);
}

static void create(struct identity *self, struct change *change, const struct union_node *parent, void *call)
{
    const struct union_draft draft = {change->code, change->name, parent, "unionId", change->trades};
    struct union_node node;
    const char *field;

    if (union_create(self, &draft, call, &node, &field))
        return;
    if (change->credit_code[0])
        unions_set_credit_code(&self->unions, node.id, change->credit_code);
    change->target_id = node.id;
}

void change_apply(struct identity *self, struct change *change, void *call)
{
    struct union_node node;

    if (!unions_find(&self->unions, change->union_id, &node))
        return;
    switch (change->kind) {
    case IDENTITY__CHANGE_KIND__CHANGE_NAME:
        unions_name(&self->unions, &node, change->name[0] ? change->name : node.name,
                    change->code[0] ? change->code : node.code);
        break;
    case IDENTITY__CHANGE_KIND__CHANGE_PLACE:
        move(self, &node, change->target_id, call);
        break;
    case IDENTITY__CHANGE_KIND__CHANGE_MERGE:
        set_closing(self, &node, IDENTITY__UNION_STATE__UNION_MERGING, change->target_id, call);
        break;
    case IDENTITY__CHANGE_KIND__CHANGE_DISSOLVE:
        set_closing(self, &node, IDENTITY__UNION_STATE__UNION_DISSOLVING, node.parent_id, call);
        break;
    case IDENTITY__CHANGE_KIND__CHANGE_CREATE:
        create(self, change, &node, call);
        break;
    case IDENTITY__CHANGE_KIND__CHANGE_TRADES:
        unions_set_trades(&self->unions, node.id, change->trades);
        break;
    default:
        unions_set_credit_code(&self->unions, node.id, change->credit_code);
        break;
    }
}

bool union_industry(struct identity *self, const struct union_node *from, int trade, struct union_node *ret_node)
{
    struct union_node at = *from;

    if (!from->state && from->trades >> trade & 1) {
        *ret_node = *from;
        return true;
    }
    while (!unions_find_industry(&self->unions, at.id, trade, ret_node)) {
        if (!at.parent_id || !unions_find(&self->unions, at.parent_id, &at))
            return false;
    }
    return true;
}

/* ---- handing over ---- */

bool union_successor(struct identity *self, int64_t union_id, struct union_node *ret_node)
{
    for (int i = 0; i < SUCCESSORS_MAX; i++) {
        if (union_id <= 0 || !unions_find(&self->unions, union_id, ret_node))
            return false;
        if (!ret_node->state)
            return true;
        union_id = ret_node->into_id;
    }
    return false;
}

static bool drain_members(struct identity *self, const struct union_node *node, void *call)
{
    bool merging = node->state == IDENTITY__UNION_STATE__UNION_MERGING;
    struct period periods[CHANGE_SLICE];
    size_t n = periods_find_members(&self->periods, node->id, 0, periods, CHANGE_SLICE);
    struct union_node into;
    struct member member;

    if (n == 0 || !union_successor(self, node->into_id, &into))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (members_find(&self->members, periods[i].member_id, &member))
            membership_move(self, &member,
                            merging ? IDENTITY__ENDED__ENDED_BY_MERGER : IDENTITY__ENDED__ENDED_BY_DISSOLUTION, into.id,
                            merging ? IDENTITY__BEGAN__BEGAN_BY_MERGER : IDENTITY__BEGAN__BEGAN_BY_HANGING, call);
    }
    return true;
}

/* Whether anybody still asked to come. */
static bool drain_joins(struct identity *self, int64_t union_id, void *call)
{
    struct join joins[CHANGE_SLICE / 4];
    size_t n = 0;

    joins_ask(&self->joins, JOINS_UNION, union_id, RPC_STATE(IDENTITY__JOIN_STATE__JOIN_ASKED), 0, ARRAY_LEN(joins));
    while (n < ARRAY_LEN(joins) && joins_next(&self->joins, JOINS_UNION, &joins[n]))
        n++;
    joins_end(&self->joins, JOINS_UNION);
    for (size_t i = 0; i < n; i++) {
        joins[i].state = IDENTITY__JOIN_STATE__JOIN_REFUSED;
        joins[i].reason = IDENTITY__REFUSAL_REASON__REFUSAL_UNION_CLOSED;
        joins[i].decided_at = rpc_now(call);
        join_decide(self, &joins[i], call);
    }
    return n > 0;
}

/* Nor does a company declare anybody to a union that is no more. */
static bool drain_declarations(struct identity *self, int64_t union_id, void *call)
{
    struct declaration declarations[CHANGE_SLICE / 16];
    size_t n = declarations_find_union(&self->declarations, union_id,
                                       RPC_STATE(IDENTITY__DECLARATION_STATE__DECLARATION_ASKED), INT64_MAX,
                                       declarations, ARRAY_LEN(declarations));

    for (size_t i = 0; i < n; i++) {
        declarations[i].refusal = IDENTITY__REFUSAL_REASON__REFUSAL_UNION_CLOSED;
        declaration_end(self, &declarations[i], IDENTITY__DECLARATION_STATE__DECLARATION_REFUSED, call);
    }
    return n > 0;
}

static bool drain_transfers(struct identity *self, int64_t union_id, void *call)
{
    struct transfer transfers[CHANGE_SLICE / 4];
    size_t n = 0;

    transfers_ask(&self->transfers, TRANSFERS_TO, union_id, TRANSFERS_OPEN, 0, ARRAY_LEN(transfers));
    while (n < ARRAY_LEN(transfers) && transfers_next(&self->transfers, TRANSFERS_TO, &transfers[n]))
        n++;
    transfers_end(&self->transfers, TRANSFERS_TO);
    for (size_t i = 0; i < n; i++) {
        transfers[i].reason = IDENTITY__REFUSAL_REASON__REFUSAL_UNION_CLOSED;
        transfer_change(self, &transfers[i], IDENTITY__TRANSFER_STATE__TRANSFER_REFUSED, call);
    }
    return n > 0;
}

bool change_drain(struct identity *self, void *call)
{
    struct union_node node;

    if (!unions_find_closing(&self->unions, &node))
        return false;
    if (drain_members(self, &node, call) || drain_joins(self, node.id, call) ||
        drain_declarations(self, node.id, call) || drain_transfers(self, node.id, call))
        return true;
    node.state++; /* DISSOLVED, MERGED */
    unions_close(&self->unions, &node);
    journal_closed(&node, call);
    return true;
}
