#include "services/coupon/template/publishing_rules.h"

#include "services/coupon/fund/fund_uses.h"
#include "services/coupon/template/templates.h"

#define COLUMNS                                                                                                        \
    "rule_id, union_path, level, may_not, cost_fen, face_fen, days, needs_fund, needs_template, set_at, journal_seq"

enum { SQL_SET, SQL_OF, SQL_FIND, SQL_ID, N_SQL };

static const char *const sql[] = {
    [SQL_SET] = "INSERT INTO publishing_rule (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
                "ON CONFLICT (rule_id) DO UPDATE SET may_not = excluded.may_not, cost_fen = excluded.cost_fen, "
                "face_fen = excluded.face_fen, days = excluded.days, needs_fund = excluded.needs_fund, "
                "needs_template = excluded.needs_template, set_at = excluded.set_at, "
                "journal_seq = excluded.journal_seq",
    [SQL_OF] = "SELECT " COLUMNS " FROM publishing_rule WHERE substr(?1, 1, length(union_path)) = union_path "
               "AND ?2 IN (0, level) AND (union_path, level) > (?3, ?4) ORDER BY union_path, level LIMIT ?5",
    [SQL_FIND] = "SELECT " COLUMNS " FROM publishing_rule WHERE rule_id = ?1",
    [SQL_ID] = "SELECT rule_id FROM publishing_rule WHERE union_path = ?1 AND level = ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct coupon *self, unsigned statement, struct publishing_rule *ret)
{
    return store_read(self->store, statement, INTO(ret->id), INTO(ret->union_path), INTO(ret->level),
                      INTO(ret->may_not), INTO(ret->cost_fen), INTO(ret->face_fen), INTO(ret->days),
                      INTO(ret->needs_fund), INTO(ret->needs_template), INTO(ret->set_at), INTO(ret->journal_seq));
}

size_t publishing_rules_of(const struct coupon *self, const char *path, int32_t level, const char *place, int64_t after,
                           struct publishing_rule *ret, size_t size)
{
    unsigned statement = self->publishing_rules.sql + SQL_OF;
    size_t n = 0;

    store_ask(self->store, statement, "titii", path, (int64_t)level, place, after, (int64_t)size);
    while (n < size && next(self, statement, &ret[n]))
        n++;
    store_end(self->store, statement);
    return n;
}

static void tell(struct coupon *self, struct publishing_rule *rule, void *call)
{
    Coupon__PublishingRuleChanged changed = COUPON__PUBLISHING_RULE_CHANGED__INIT;

    changed.rule_id = rule->id;
    changed.union_path = rule->union_path;
    changed.level = rule->level;
    changed.may_not = rule->may_not;
    changed.cost_fen = rule->cost_fen;
    changed.face_fen = rule->face_fen;
    changed.days = rule->days;
    changed.needs_fund = rule->needs_fund;
    changed.needs_template = rule->needs_template;
    rpc_tell(call, &changed.base);
    rule->journal_seq = rpc_server_journal(self->rpc)->tip.seq;
}

void publishing_rule_set(struct coupon *self, struct publishing_rule *rule, void *call)
{
    unsigned first = self->publishing_rules.sql;

    store_ask(self->store, first + SQL_ID, "ti", rule->union_path, (int64_t)rule->level);
    rule->id = store_number(self->store, first + SQL_ID);
    if (!rule->id)
        rule->id = id_next(&self->ids, rpc_now(call));
    rule->set_at = rpc_now(call);
    tell(self, rule, call);
    store_run(self->store, first + SQL_SET, "itiiiiiiiii", rule->id, rule->union_path, (int64_t)rule->level,
              (int64_t)rule->may_not, rule->cost_fen, rule->face_fen, (int64_t)rule->days, (int64_t)rule->needs_fund,
              (int64_t)rule->needs_template, rule->set_at, rule->journal_seq);
}

/* ---- publishing ---- */

/* What a rule does not allow: 0 or a Reason, with its limit. */
static int judge(struct coupon *self, const struct publishing_rule *rule, const struct release *release,
                 int64_t *ret_limit)
{
    int64_t cost = release_cost(self, release, 0).fen;
    struct fund_use use;

    *ret_limit = 0;
    if (rule->may_not)
        return COUPON__REASON__LEVEL_MAY_NOT_PUBLISH;
    if (rule->needs_fund && !fund_use_find(self, release->id, &use))
        return COUPON__REASON__LEVEL_NEEDS_FUND;
    if (rule->needs_template && !template_of_release(self, release->id))
        return COUPON__REASON__LEVEL_NEEDS_TEMPLATE;
    *ret_limit = rule->cost_fen;
    if (rule->cost_fen && cost > rule->cost_fen)
        return COUPON__REASON__COST_ABOVE_LEVEL;
    *ret_limit = rule->face_fen;
    if (rule->face_fen && release->face_fen > rule->face_fen)
        return COUPON__REASON__FACE_ABOVE_LEVEL;
    *ret_limit = rule->days;
    return rule->days && release->days > rule->days ? COUPON__REASON__DAYS_ABOVE_LEVEL : 0;
}

/* All that hold for a union's releases, in the call's arena: how many. -1: memory is full. */
static int rules_for(struct coupon *self, const struct release *release, void *call, struct publishing_rule **ret)
{
    *ret = arena_alloc(rpc_arena(call), PUBLISHING_RULES_MAX * sizeof(**ret));
    if (!*ret)
        return -1;
    return (int)publishing_rules_of(self, release->union_path, (int32_t)union_path_level(release->union_path), "", 0,
                                    *ret, PUBLISHING_RULES_MAX);
}

int publishing_more_refusal(struct coupon *self, const struct release *release, int64_t more_codes, void *call)
{
    int64_t cost = release_cost(self, release, more_codes).fen;
    struct publishing_rule *rules;
    int n = cost > release_cost(self, release, 0).fen ? rules_for(self, release, call, &rules) : 0;

    for (int i = 0; i < n; i++) {
        if (rules[i].cost_fen && cost > rules[i].cost_fen) {
            rpc_fact_number(call, "maximum", rules[i].cost_fen);
            return COUPON__REASON__COST_ABOVE_LEVEL;
        }
    }
    return n < 0 ? RPC__REASON__OVERLOADED : 0;
}

int publishing_refusal(struct coupon *self, const struct release *release, void *call)
{
    struct publishing_rule *rules;
    int n = rules_for(self, release, call, &rules), reason = n < 0 ? RPC__REASON__OVERLOADED : 0;
    int64_t limit = 0;

    for (int i = 0; i < n && !reason; i++)
        reason = judge(self, &rules[i], release, &limit);
    if (reason && limit)
        rpc_fact_number(call, "maximum", limit);
    return reason;
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__PublishingRuleChanged *changed = event->publishing_rule_changed;
    unsigned statement = self->publishing_rules.sql + SQL_FIND;
    struct publishing_rule rule;
    bool found;

    if (event->event_case != COUPON__EVENT__EVENT_PUBLISHING_RULE_CHANGED)
        return true;
    store_ask(self->store, statement, "i", changed->rule_id);
    found = next(self, statement, &rule);
    store_end(self->store, statement);
    if (!found || rule.journal_seq < row->seq || rule.level != changed->level ||
        !part_path_is(&self->parts, row->seq, changed->union_path, rule.union_path))
        return false;
    told[0] += rule.journal_seq == row->seq;
    return rule.journal_seq > row->seq ||
           (rule.may_not == !!changed->may_not && rule.cost_fen == changed->cost_fen &&
            rule.face_fen == changed->face_fen && rule.days == changed->days &&
            rule.needs_fund == !!changed->needs_fund && rule.needs_template == !!changed->needs_template);
}

const struct part_spec publishing_rules_part = {
    .tables = "publishing_rule",
    .others = "publishing_rule.level publishing_rule.may_not publishing_rule.days publishing_rule.needs_fund "
              "publishing_rule.needs_template",
    .steps = &publishing_rules_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(rule_id) FROM publishing_rule",
    .agrees = agrees,
    .counts = {{"rules of publishing", "SELECT count(*) FROM publishing_rule"}},
    .moves = "publishing_rule.union_path",
};
