#include "services/identity/api.h"
#include "services/identity/membership/api_membership.h"
#include "services/identity/unions/changes.h"
#include "services/identity/people/members.h"
#include "services/identity/membership/membership_life.h"
#include "services/identity/people/person.h"
#include "services/identity/registers/rosters.h"
#include "services/identity/access/session_life.h"
#include "services/identity/unions/tallies.h"
#include "services/identity/membership/trades.h"
#include "services/identity/unions/unions.h"

static struct identity *self_of(Identity__Rosters_Service *service)
{
    return container_of(service, struct identity, rosters_service);
}

bool roster_is_removal(int reason)
{
    return reason > IDENTITY__ROSTER_REMOVAL__REMOVAL_NONE && reason <= IDENTITY__ROSTER_REMOVAL__REMOVAL_ELSEWHERE;
}

static void journal_removed(const struct roster_entry *entry, int reason, void *call)
{
    Identity__RosterRowRemoved removed = IDENTITY__ROSTER_ROW_REMOVED__INIT;

    removed.roster_id = entry->id;
    removed.union_id = entry->union_id;
    removed.reason = (Identity__RosterRemoval)reason;
    rpc_tell(call, &removed.base);
}

/* Who came by this row and is still where it put her is a member there no more. */
static void end_membership(struct identity *self, struct member *member, const struct roster_entry *entry, void *call)
{
    struct union_node node;
    struct period period;

    if (!union_successor(self, entry->union_id, &node) || !periods_find_current(&self->periods, member->id, &period) ||
        period.union_id != node.id ||
        (period.began != IDENTITY__BEGAN__BEGAN_BY_ROSTER && period.began != IDENTITY__BEGAN__BEGAN_BY_REINSTATING))
        return;
    trade_revoke_listed(self, member, call);
    membership_hang(self, member, &node, call);
}

int roster_remove(struct identity *self, const struct roster_entry *entry, int reason, void *call)
{
    int64_t member_id = rosters_member(&self->rosters, entry), caller = rpc_principal(call)->member_id;
    struct member member;
    struct union_node node;

    if (!unions_find(&self->unions, entry->union_id, &node) || !caller_holds(call, union_administrators, node.path))
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    if (member_id && member_id == caller)
        return IDENTITY__REASON__NOT_FOR_YOURSELF;
    rosters_drop(&self->rosters, entry->id);
    tallies_unlist(self, entry->union_id, member_id != 0);
    journal_removed(entry, reason, call);
    if (member_id && members_find(&self->members, member_id, &member))
        end_membership(self, &member, entry, call);
    return 0;
}

static Identity__RosterRow *row_message(struct identity *self, const struct roster_entry *entry,
                                        const struct union_node *node, void *call)
{
    Identity__RosterRow *message = arena_message(rpc_arena(call), &identity__roster_row__descriptor);
    char name[CN_NAME_SIZE] = "";
    struct person person;

    if (!message)
        return NULL;
    if (person_open_roster(self, entry->id, &entry->sealed, &person))
        cn_mask_name(person.name, name);
    message->roster_id = entry->id;
    message->union_ = union_message(node, call);
    message->trade = (Rpc__Trade)entry->trade;
    message->name = rpc_text(call, name);
    message->member_id = rosters_member(&self->rosters, entry);
    return message;
}

/* rpc FindRosterRows: where a person is listed. Of others' rosters their number alone is told. */
static void rosters__find_roster_rows(Identity__Rosters_Service *service, const Identity__FindRosterRowsRequest *req,
                                      Identity__RosterRowList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    Identity__RosterRowList list = IDENTITY__ROSTER_ROW_LIST__INIT;
    struct roster_entry entries[ROSTERS_SEEN];
    Identity__RosterRow *rows[ROSTERS_SEEN];
    unsigned char index[PII_INDEX_LEN];
    struct cn_resident_id id;
    const char *field = "unionId";
    struct union_node node;
    int warning, reason = official_refusal(self, req->union_id, union_administrators, call);
    size_t n;

    if (!reason) {
        field = "residentId";
        reason = document_read(req->resident_id, (int)req->document, cn_day(rpc_now(call)), &id, &warning);
    }
    if (!reason && !unions_find(&self->unions, req->union_id, &node))
        reason = RPC__REASON__UNION_NOT_FOUND;
    if (rpc_refuse_field_if(call, reason, field))
        return;
    person_index_id(self, id.number, index);
    n = rosters_find_person(&self->rosters, index, entries, ARRAY_LEN(entries));
    list.rows = rows;
    for (size_t i = 0; i < n; i++) {
        struct union_node own;

        if (!unions_find(&self->unions, entries[i].union_id, &own) || !union_path_covers(node.path, own.path)) {
            list.elsewhere++;
            continue;
        }
        rows[list.n_rows] = row_message(self, &entries[i], &own, call);
        if (!rows[list.n_rows++]) {
            rpc_refuse(call, RPC__REASON__OVERLOADED);
            return;
        }
    }
    reply(&list, call);
}

static int remove_row(struct identity *self, const struct decision *decision, int64_t roster_id, void *call)
{
    struct roster_entry entry;

    /* What is left of the row of somebody whose account is closed is nobody's. */
    if (!rosters_find(&self->rosters, roster_id, &entry) || entry.union_id != decision->union_id || !entry.sealed.len)
        return IDENTITY__REASON__ROSTER_ROW_NOT_FOUND;
    return roster_remove(self, &entry, decision->reason, call);
}

/* rpc RemoveRosterRows: each row by itself; the report says which was not taken off. */
static void rosters__remove_roster_rows(Identity__Rosters_Service *service,
                                        const Identity__RemoveRosterRowsRequest *req,
                                        Identity__DecisionReport_Closure reply, void *call)
{
    struct decision decision = {req->union_id, req->roster_ids, req->n_roster_ids, true, (int)req->reason, ""};

    if (roster_is_removal(decision.reason))
        decide_each(self_of(service), &decision, remove_row, reply, call);
    else
        rpc_refuse(call, IDENTITY__REASON__REMOVAL_REASON_INVALID);
}

const Identity__Rosters_Service rosters_api = IDENTITY__ROSTERS__INIT(rosters__);
