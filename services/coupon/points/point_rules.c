#include "services/coupon/points/points.h"

#include "services/coupon/api.h"

#define DEED "points rule"
#define COLUMNS                                                                                                        \
    "rule_id, series_id, ledger_id, union_path, title, service, what, points, most_per_day, most_per_month, "          \
    "most_per_year, most_ever, valid_days, state, replaces_id, proposed_by, proposed_at, decided_by, in_force_at, "    \
    "ended_at"

enum { SQL_ADD, SQL_SET, SQL_FIND, SQL_LIST, SQL_COUNT, SQL_ANY, SQL_FOR, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO point_rule (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
                "?14, ?15, ?16, ?17, ?18, ?19, ?20)",
    [SQL_SET] = "UPDATE point_rule SET state = ?2, series_id = ?3, decided_by = ?4, in_force_at = ?5, ended_at = ?6 "
                "WHERE rule_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM point_rule WHERE rule_id = ?1",
    [SQL_LIST] = "SELECT " COLUMNS " FROM point_rule WHERE ledger_id = ?1 AND rule_id < ?2 AND " RPC_PAGE_STATES(
        "?4", "state") " ORDER BY rule_id DESC LIMIT ?3",
    [SQL_COUNT] = "SELECT count(*) FROM point_rule WHERE ledger_id = ?1 AND state IN (1, 2)",
    [SQL_ANY] = "SELECT 1 FROM point_rule WHERE service = ?1 AND what = ?2 AND in_force_at > 0 LIMIT 1",
    [SQL_FOR] = "SELECT " COLUMNS " FROM point_rule WHERE service = ?1 AND what = ?2 AND union_path = ?3 AND "
                "in_force_at > 0 AND in_force_at <= ?4 AND (ended_at = 0 OR ended_at > ?4) ORDER BY rule_id",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- the store ---- */

static bool next(const struct coupon *self, unsigned which, struct point_rule *ret)
{
    return store_read(self->store, self->point_rules.sql + which, INTO(ret->id), INTO(ret->series_id),
                      INTO(ret->ledger_id), INTO(ret->union_path), INTO(ret->title), INTO(ret->service),
                      INTO(ret->what), INTO(ret->points), INTO(ret->most_per_day), INTO(ret->most_per_month),
                      INTO(ret->most_per_year), INTO(ret->most_ever), INTO(ret->valid_days), INTO(ret->state),
                      INTO(ret->replaces_id), INTO(ret->proposed_by), INTO(ret->proposed_at), INTO(ret->decided_by),
                      INTO(ret->in_force_at), INTO(ret->ended_at));
}

bool point_rules_find(const struct coupon *self, int64_t rule_id, struct point_rule *ret)
{
    bool found;

    store_ask(self->store, self->point_rules.sql + SQL_FIND, "i", rule_id);
    found = next(self, SQL_FIND, ret);
    store_end(self->store, self->point_rules.sql + SQL_FIND);
    return found;
}

static void add(const struct coupon *self, const struct point_rule *rule)
{
    store_run(self->store, self->point_rules.sql + SQL_ADD, "iiittttiiiiiiiiiiiii", rule->id, rule->series_id,
              rule->ledger_id, rule->union_path, rule->title, rule->service, rule->what, rule->points,
              rule->most_per_day, rule->most_per_month, rule->most_per_year, rule->most_ever, (int64_t)rule->valid_days,
              (int64_t)rule->state, rule->replaces_id, rule->proposed_by, rule->proposed_at, rule->decided_by,
              rule->in_force_at, rule->ended_at);
}

static void put_event(struct point_rule *rule, Coupon__PointsRuleChanged *ret)
{
    coupon__points_rule_changed__init(ret);
    ret->rule_id = rule->id;
    ret->ledger_id = rule->ledger_id;
    ret->state = (Coupon__RuleState)rule->state;
    ret->service = rule->service;
    ret->what = rule->what;
    ret->points = rule->points;
    ret->most_per_day = rule->most_per_day;
    ret->most_per_month = rule->most_per_month;
    ret->most_per_year = rule->most_per_year;
    ret->most_ever = rule->most_ever;
    ret->valid_days = rule->valid_days;
    ret->replaces_id = rule->replaces_id;
}

static void say(struct point_rule *rule, void *call)
{
    Coupon__PointsRuleChanged changed;

    put_event(rule, &changed);
    rpc_tell(call, &changed.base);
}

static void set_state(const struct coupon *self, struct point_rule *rule, int state, void *call)
{
    rule->state = state;
    store_run(self->store, self->point_rules.sql + SQL_SET, "iiiiii", rule->id, (int64_t)state, rule->series_id,
              rule->decided_by, rule->in_force_at, rule->ended_at);
    say(rule, call);
}

/* ---- what somebody did ---- */

static size_t rules_at(const struct coupon *self, const char *service, const Rpc__Deed *deed, const char *path,
                       int64_t at, struct point_rule *ret, size_t size)
{
    unsigned statement = self->point_rules.sql + SQL_FOR;
    size_t n = 0;

    store_ask(self->store, statement, "ttti", service, deed->what, path, at);
    while (n < size && next(self, SQL_FOR, &ret[n]))
        n++;
    store_end(self->store, statement);
    return n;
}

static bool fits(const struct coupon *self, const struct point_rule *rule, const Rpc__Deed *deed, int64_t at)
{
    Rpc__Principal person = RPC__PRINCIPAL__INIT;
    struct audience_rules audience;

    person.member_id = deed->member_id;
    person.level = deed->level;
    person.union_path = deed->union_path;
    person.trade = deed->trade;
    return audience_find(&self->audience, rule->id, &audience) &&
           audience_judge(&audience, &person, at) == AUDIENCE_FITS;
}

size_t point_rules_for(const struct coupon *self, const char *service, const Rpc__Deed *deed, int64_t at,
                       struct point_rule *ret, size_t size)
{
    char path[UNION_PATH_SIZE];
    size_t n = 0, fit = 0;
    bool any;

    store_ask(self->store, self->point_rules.sql + SQL_ANY, "tt", service, deed->what);
    any = store_any(self->store, self->point_rules.sql + SQL_ANY);
    if (!any || strlen(deed->union_path) >= sizeof(path) || !union_path_ok(deed->union_path))
        return 0;
    /* Of her union and of all above it. */
    for (size_t len = 0; len <= strlen(deed->union_path); len += LIMIT_PATH_SEGMENT) {
        snprintf(path, sizeof(path), "%.*s", (int)len, deed->union_path);
        n += rules_at(self, service, deed, path, at, ret + n, size - n);
    }
    for (size_t i = 0; i < n; i++) {
        if (fits(self, &ret[i], deed, at))
            ret[fit++] = ret[i];
    }
    return fit;
}

/* ---- operations ---- */

/* 0 or a Reason. NULL when the call's memory is full. */
static int rule_message(const struct coupon *self, const struct point_rule *rule, void *call, Coupon__PointsRule **ret)
{
    Coupon__PointsRule *message = arena_message(rpc_arena(call), &coupon__points_rule__descriptor);
    struct audience_rules audience;
    int64_t union_id;
    int reason;

    *ret = message;
    audience_find(&self->audience, rule->id, &audience);
    reason = tree_id(&self->tree, audience.path, call, &union_id);
    if (reason || !message)
        return reason;
    message->rule_id = rule->id;
    message->ledger_id = rule->ledger_id;
    message->title = rpc_text(call, rule->title);
    message->service = rpc_text(call, rule->service);
    message->what = rpc_text(call, rule->what);
    message->points = rule->points;
    message->most_per_day = rule->most_per_day;
    message->most_per_month = rule->most_per_month;
    message->most_per_year = rule->most_per_year;
    message->most_ever = rule->most_ever;
    message->valid_days = rule->valid_days;
    message->audience = audience_message(&audience, union_id, rpc_arena(call));
    message->state = (Coupon__RuleState)rule->state;
    message->replaces_id = rule->replaces_id;
    message->proposed_by = rule->proposed_by;
    message->proposed_at = rule->proposed_at;
    message->decided_by = rule->decided_by;
    message->in_force_at = rule->in_force_at;
    message->ended_at = rule->ended_at;
    return 0;
}

static void reply_rule(const struct coupon *self, const struct point_rule *rule, Coupon__PointsRule_Closure reply,
                       void *call)
{
    Coupon__PointsRule *message;

    if (!rpc_refuse_if(call, rule_message(self, rule, call, &message)))
        reply(message, call);
}

/* Whether it may take the place that it names; 0 or a Reason. */
static int replaces_refusal(const struct coupon *self, const struct point_rule *rule)
{
    struct point_rule old;

    if (!rule->replaces_id)
        return 0;
    if (!point_rules_find(self, rule->replaces_id, &old) || old.ledger_id != rule->ledger_id ||
        strcmp(old.service, rule->service) != 0 || strcmp(old.what, rule->what) != 0)
        return COUPON__REASON__RULE_FOR_ANOTHER;
    return old.state == COUPON__RULE_STATE__RULE_IN_FORCE ? 0 : COUPON__REASON__RULE_NOT_IN_FORCE;
}

static struct point_rule rule_of(const Coupon__PointsRule *said, const struct ledger *ledger, void *call)
{
    struct point_rule rule = {
        .ledger_id = ledger->id,
        .points = said->points,
        .most_per_day = said->most_per_day,
        .most_per_month = said->most_per_month,
        .most_per_year = said->most_per_year,
        .most_ever = said->most_ever,
        .replaces_id = said->replaces_id,
        .proposed_by = rpc_principal(call)->member_id,
        .proposed_at = rpc_now(call),
        .valid_days = said->valid_days ? said->valid_days : POINTS_DAYS,
        .state = COUPON__RULE_STATE__RULE_WAITS,
    };

    snprintf(rule.union_path, sizeof(rule.union_path), "%s", ledger->union_path);
    snprintf(rule.title, sizeof(rule.title), "%s", said->title);
    snprintf(rule.service, sizeof(rule.service), "%s", said->service);
    snprintf(rule.what, sizeof(rule.what), "%s", said->what);
    return rule;
}

static const int offices[] = {RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

static struct hands_deed deed_of(struct point_rule *rule, Coupon__PointsRuleChanged *what, void *call)
{
    put_event(rule, what);
    return (struct hands_deed){
        .kind = DEED,
        .id = rule->id,
        .what = &what->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = offices,
        .union_path = rule->union_path,
    };
}

static int64_t rules_of(const struct coupon *self, int64_t ledger_id)
{
    store_ask(self->store, self->point_rules.sql + SQL_COUNT, "i", ledger_id);
    return store_number(self->store, self->point_rules.sql + SQL_COUNT);
}

/* rpc ProposeRule: the first hand. */
static void earnings__propose_rule(Coupon__Earnings_Service *service, const Coupon__ProposeRuleRequest *req,
                                   Coupon__PointsRule_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, earnings_service);
    Coupon__PointsRuleChanged what;
    struct audience_rules audience;
    struct hands_deed deed;
    struct point_rule rule;
    struct ledger ledger;

    if (form_missing(req->rule, "rule", call) ||
        !ledger_of_official(self, req->ledger_id, RULE__ROLE__BENEFIT_MANAGER, 0, call, &ledger))
        return;
    if (!points_know_source(req->rule->service, req->rule->what)) {
        rpc_refuse_field(call, COUPON__REASON__SOURCE_UNKNOWN, "rule.service");
        return;
    }
    rule = rule_of(req->rule, &ledger, call);
    if (rpc_refuse_field_if(call, replaces_refusal(self, &rule), "rule.replacesId") ||
        !audience_take(&self->tree, req->rule->audience, ledger.union_path, "rule.audience", call, &audience))
        return;
    if (audience.personal || audience.level > RPC__LEVEL__MEMBER) {
        rpc_refuse_field(call, COUPON__REASON__RULE_ASKS_TOO_MUCH, "rule.audience");
        return;
    }
    if (rules_of(self, ledger.id) >= POINT_RULES_MAX) {
        rpc_fact_number(call, "maximum", POINT_RULES_MAX);
        rpc_refuse(call, COUPON__REASON__TOO_MANY_RULES);
        return;
    }
    rule.id = id_next(&self->ids, rpc_now(call));
    add(self, &rule);
    audience_put(&self->audience, rule.id, &audience);
    say(&rule, call);
    deed = deed_of(&rule, &what, call);
    if (rpc_refuse_if(call, hands_give(&self->two_hands, &deed, call)))
        return;
    rpc_created(call);
    reply_rule(self, &rule, reply, call);
}

static bool rule_of_official(const struct coupon *self, int64_t rule_id, void *call, struct point_rule *ret)
{
    if (!point_rules_find(self, rule_id, ret)) {
        rpc_refuse(call, COUPON__REASON__POINTS_RULE_NOT_FOUND);
        return false;
    }
    if (rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, ret->union_path) ||
        rpc_has_role(call, RULE__ROLE__FINANCE, ret->union_path))
        return true;
    rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
    return false;
}

static void end_rule(const struct coupon *self, struct point_rule *rule, void *call)
{
    rule->ended_at = rpc_now(call);
    set_state(self, rule, COUPON__RULE_STATE__RULE_ENDED, call);
}

/* The second hand. 0 or a Reason. */
static int confirm(struct coupon *self, struct point_rule *rule, void *call)
{
    Coupon__PointsRuleChanged what;
    struct hands_deed deed = deed_of(rule, &what, call);
    struct point_rule old;
    int reason = rule->state == COUPON__RULE_STATE__RULE_WAITS ? 0 : COUPON__REASON__RULE_DECIDED;

    if (!reason)
        reason = replaces_refusal(self, rule);
    if (!reason)
        reason = hands_confirm(&self->two_hands, &deed, call);
    if (reason)
        return reason;
    rule->series_id = rule->id;
    if (rule->replaces_id && point_rules_find(self, rule->replaces_id, &old)) {
        rule->series_id = old.series_id;
        end_rule(self, &old, call);
    }
    rule->decided_by = rpc_principal(call)->member_id;
    rule->in_force_at = rpc_now(call);
    set_state(self, rule, COUPON__RULE_STATE__RULE_IN_FORCE, call);
    return 0;
}

/* rpc ConfirmRule: the second hand. Again: as it is. */
static void earnings__confirm_rule(Coupon__Earnings_Service *service, const Coupon__RuleRequest *req,
                                   Coupon__PointsRule_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, earnings_service);
    struct point_rule rule;

    if (!rule_of_official(self, req->rule_id, call, &rule))
        return;
    if (rule.state != COUPON__RULE_STATE__RULE_IN_FORCE && rpc_refuse_if(call, confirm(self, &rule, call)))
        return;
    reply_rule(self, &rule, reply, call);
}

/* rpc RefuseRule: also by who proposed it. */
static void earnings__refuse_rule(Coupon__Earnings_Service *service, const Coupon__RuleRequest *req,
                                  Coupon__PointsRule_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, earnings_service);
    struct point_rule rule;

    if (!rule_of_official(self, req->rule_id, call, &rule))
        return;
    if (rule.state == COUPON__RULE_STATE__RULE_WAITS) {
        hands_end(&self->two_hands, DEED, rule.id, HANDS__STATE__REFUSED, call);
        rule.decided_by = rpc_principal(call)->member_id;
        set_state(self, &rule, COUPON__RULE_STATE__RULE_REFUSED, call);
    } else if (rule.state != COUPON__RULE_STATE__RULE_REFUSED) {
        rpc_refuse(call, COUPON__REASON__RULE_DECIDED);
        return;
    }
    reply_rule(self, &rule, reply, call);
}

/* rpc EndRule: by one hand, since nobody gets anything by it. */
static void earnings__end_rule(Coupon__Earnings_Service *service, const Coupon__RuleRequest *req,
                               Coupon__PointsRule_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, earnings_service);
    struct point_rule rule;

    if (!rule_of_official(self, req->rule_id, call, &rule))
        return;
    if (rule.state == COUPON__RULE_STATE__RULE_IN_FORCE) {
        end_rule(self, &rule, call);
    } else if (rule.state != COUPON__RULE_STATE__RULE_ENDED) {
        rpc_refuse(call, COUPON__REASON__RULE_NOT_IN_FORCE);
        return;
    }
    reply_rule(self, &rule, reply, call);
}

/* rpc ListRules: of a ledger, newest first. */
static void earnings__list_rules(Coupon__Earnings_Service *service, const Coupon__ListRulesRequest *req,
                                 Coupon__RuleList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, earnings_service);
    const struct rpc_page *page = rpc_page(call);
    struct point_rule *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Coupon__RuleList list = COUPON__RULE_LIST__INIT;
    struct ledger ledger;
    size_t n = 0;

    if (!ledger_of_official(self, req->ledger_id, RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__FINANCE, call, &ledger))
        return;
    store_ask(self->store, self->point_rules.sql + SQL_LIST, "iiii", ledger.id, page->before, (int64_t)page->limit,
              page->states);
    while (found && n < page->limit && next(self, SQL_LIST, &found[n]))
        n++;
    store_end(self->store, self->point_rules.sql + SQL_LIST);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        Coupon__PointsRule *message;

        if (rpc_refuse_if(call, rule_message(self, &found[i], call, &message)))
            return;
        rpc_add(call, &list, rules, message);
    }
    reply(&list, call);
}

const Coupon__Earnings_Service earnings_api = COUPON__EARNINGS__INIT(earnings__);

/* ---- the audit ---- */

/* What a rule gives never changes; its state is as the last row says. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__PointsRuleChanged *changed = event->points_rule_changed;
    struct point_rule rule;

    (void)row;
    (void)told;
    if (event->event_case != COUPON__EVENT__EVENT_POINTS_RULE_CHANGED)
        return true;
    *part_word(&self->parts, &point_rules_part, 0, changed->rule_id) = (int64_t)changed->state;
    return point_rules_find(self, changed->rule_id, &rule) && rule.ledger_id == changed->ledger_id &&
           strcmp(rule.service, changed->service) == 0 && strcmp(rule.what, changed->what) == 0 &&
           rule.points == changed->points && rule.most_per_day == changed->most_per_day &&
           rule.most_per_month == changed->most_per_month && rule.most_per_year == changed->most_per_year &&
           rule.most_ever == changed->most_ever && rule.valid_days == changed->valid_days &&
           rule.replaces_id == changed->replaces_id;
}

static const struct part_stray strays[] = {
    {"rule", "is for nobody",
     "SELECT rule_id FROM point_rule WHERE rule_id NOT IN (SELECT audience_id FROM audience) LIMIT 1"},
    {"rule", "is not of its ledger's union",
     "SELECT rule_id FROM point_rule r LEFT JOIN ledger l USING (ledger_id) WHERE r.union_path IS NOT l.union_path "
     "LIMIT 1"},
    {"rule", "is in force by one hand",
     "SELECT rule_id FROM point_rule WHERE in_force_at > 0 AND rule_id NOT IN (SELECT deed_id FROM two_hands WHERE "
     "kind = '" DEED "' AND state = 2) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec point_rules_part = {
    .tables = "point_rule",
    .others = "point_rule.series_id point_rule.points point_rule.most_per_month point_rule.most_ever "
              "point_rule.replaces_id",
    .steps = &point_rules_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(rule_id) FROM point_rule",
    .agrees = agrees,
    .words = {{"rule of points", "SELECT rule_id, state FROM point_rule ORDER BY rule_id"}},
    .strays = strays,
    .moves = "point_rule.union_path",
    .keeps = "which officials opened a rule must be known as long as what it gave is",
};
