#include "services/coupon/template/publishing_rules.h"

static Coupon__PublishingRule *rule_message(struct coupon *self, const struct publishing_rule *rule, void *call,
                                            int *ret_reason)
{
    Coupon__PublishingRule *message = arena_message(rpc_arena(call), &coupon__publishing_rule__descriptor);

    *ret_reason = 0;
    if (!message)
        return NULL;
    *ret_reason = tree_id(&self->tree, rule->union_path, call, &message->union_id);
    message->level = rule->level;
    message->may_not = rule->may_not;
    message->cost_fen = rule->cost_fen;
    message->face_fen = rule->face_fen;
    message->days = rule->days;
    message->needs_fund = rule->needs_fund;
    message->needs_template = rule->needs_template;
    message->set_at = rule->set_at;
    return message;
}

/* rpc SetPublishingRule: in place of what this union had set for that level. */
static void publishing__set_publishing_rule(Coupon__Publishing_Service *service,
                                            const Coupon__SetPublishingRuleRequest *req,
                                            Coupon__PublishingRule_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, publishing_service);
    const Coupon__PublishingRule *said = req->rule;
    const char *path = tree_path(&self->tree, said->union_id, "rule.unionId", call);
    struct publishing_rule rule;
    Coupon__PublishingRule *message;
    int reason = 0;

    if (!path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "rule.unionId");
        return;
    }
    if ((size_t)said->level <= union_path_level(path)) {
        rpc_refuse_field(call, COUPON__REASON__LEVEL_NOT_BELOW, "rule.level");
        return;
    }
    rule = (struct publishing_rule){
        .level = said->level,
        .days = said->days,
        .may_not = said->may_not,
        .needs_fund = said->needs_fund,
        .needs_template = said->needs_template,
        .cost_fen = said->cost_fen,
        .face_fen = said->face_fen,
    };
    snprintf(rule.union_path, sizeof(rule.union_path), "%s", path);
    publishing_rule_set(self, &rule, call);
    message = rule_message(self, &rule, call, &reason);
    if (!rpc_refuse_if(call, reason))
        reply(message, call);
}

/* rpc ListPublishingRules: its own, and those of unions above it. */
static void publishing__list_publishing_rules(Coupon__Publishing_Service *service,
                                              const Coupon__ListPublishingRulesRequest *req,
                                              Coupon__PublishingRuleList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, publishing_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    const struct rpc_page *page = rpc_page(call);
    struct publishing_rule *rules = arena_alloc(rpc_arena(call), page->limit * sizeof(*rules));
    Coupon__PublishingRuleList list = COUPON__PUBLISHING_RULE_LIST__INIT;
    int reason = 0;
    size_t n;

    if (!path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "unionId");
        return;
    }
    if (*page->place && !union_path_covers(page->place, path)) {
        rpc_refuse_page(call);
        return;
    }
    n = rules ? publishing_rules_of(self, path, 0, page->place, page->after, rules, page->limit) : 0;
    for (size_t i = 0; i < n && !reason && rpc_page_takes_at(call, rules[i].union_path, rules[i].level); i++) {
        Coupon__PublishingRule *message = rule_message(self, &rules[i], call, &reason);

        rpc_add(call, &list, rules, message);
    }
    if (!rpc_refuse_if(call, reason))
        reply(&list, call);
}

const Coupon__Publishing_Service publishing_api = COUPON__PUBLISHING__INIT(publishing__);
