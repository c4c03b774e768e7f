/* What operations on several requests at once have in common. */
#include "services/identity/api_membership.h"
#include "services/identity/unions.h"

bool caller_holds(void *call, const int *roles, const char *union_path)
{
    for (; *roles != RULE__ROLE__ROLE_NONE; roles++) {
        if (rpc_has_role(call, (Rule__Role)*roles, union_path))
            return true;
    }
    return false;
}

int official_refusal(struct identity *self, int64_t union_id, const int *roles, void *call)
{
    struct union_node node;

    if (union_id <= 0 || !unions_find(&self->unions, union_id, &node))
        return IDENTITY__REASON__UNION_NOT_FOUND;
    return caller_holds(call, roles, node.path) ? 0 : RPC__REASON__OUTSIDE_YOUR_UNION;
}

int decision_refusal(size_t n, bool approve, int reason)
{
    if (n == 0)
        return RPC__REASON__MISSING_FIELD;
    if (n > DECISIONS_MAX)
        return RPC__REASON__TOO_MANY_ITEMS;
    if (approve)
        return 0;
    return reason > IDENTITY__REFUSAL_REASON__REFUSAL_NONE && reason <= IDENTITY__REFUSAL_REASON__REFUSAL_OTHER
               ? 0
               : IDENTITY__REASON__DECISION_REASON_INVALID;
}

Identity__DecisionReport *decision_report(size_t n, void *call)
{
    Identity__DecisionReport *report = arena_alloc(rpc_arena(call), sizeof(*report));
    Identity__DecisionResult *results = arena_alloc(rpc_arena(call), n * sizeof(*results) + 1);

    if (!report || !results)
        return NULL;
    identity__decision_report__init(report);
    report->results = arena_alloc(rpc_arena(call), n * sizeof(*report->results) + 1);
    if (!report->results)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        identity__decision_result__init(&results[i]);
        report->results[i] = &results[i];
    }
    return report;
}

void decision_add(Identity__DecisionReport *report, int64_t id, int reason)
{
    Identity__DecisionResult *result = report->results[report->n_results++];

    result->id = id;
    if (reason)
        result->reason = (char *)(uintptr_t)api_reason(reason)->name;
    else
        report->done++;
}
