#include "services/identity/unions/decision.h"

#include "services/identity/unions/unions.h"

const int union_administrators[] = {RULE__ROLE__UNION_ADMIN, RULE__ROLE__ROLE_NONE};
const int union_readers[] = {RULE__ROLE__UNION_ADMIN, RULE__ROLE__AUDIT_ADMIN, RULE__ROLE__ROLE_NONE};

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
        return RPC__REASON__UNION_NOT_FOUND;
    return caller_holds(call, roles, node.path) ? 0 : RPC__REASON__OUTSIDE_YOUR_UNION;
}

static int decision_refusal(const struct decision *decision)
{
    if (decision->n == 0)
        return RPC__REASON__MISSING_FIELD;
    if (decision->n > DECISIONS_MAX)
        return RPC__REASON__TOO_MANY_ITEMS;
    if (decision->approve)
        return 0;
    return decision->reason > IDENTITY__REFUSAL_REASON__REFUSAL_NONE &&
                   decision->reason <= IDENTITY__REFUSAL_REASON__REFUSAL_OTHER
               ? 0
               : IDENTITY__REASON__DECISION_REASON_INVALID;
}

/* An empty report with room for n results; NULL when the call's memory is full. */
static Identity__DecisionReport *report_for(size_t n, void *call)
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

static void add_result(Identity__DecisionReport *report, int64_t id, int reason)
{
    Identity__DecisionResult *result = report->results[report->n_results++];

    result->id = id;
    if (reason)
        api_say(result, reason);
    else
        report->done++;
}

void decide_each(struct identity *self, const struct decision *decision, decide_one one,
                 Identity__DecisionReport_Closure reply, void *call)
{
    Identity__DecisionReport *report;
    int reason = official_refusal(self, decision->union_id, union_administrators, call);

    if (!reason)
        reason = decision_refusal(decision);
    if (rpc_refuse_if(call, reason))
        return;
    report = report_for(decision->n, call);
    if (!report) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    for (size_t i = 0; i < decision->n; i++)
        add_result(report, decision->ids[i], one(self, decision, decision->ids[i], call));
    reply(report, call);
}
