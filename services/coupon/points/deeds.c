/* What members do, as journals tell it, and what it earns by the rules. */
#include "services/coupon/points/points_internal.h"

/* How much more of a rule she may earn at an instant. */
static int64_t room_of(const struct coupon *self, const struct point_rule *rule, int64_t holder_id, int64_t at)
{
    const struct {
        int64_t most;
        int period;
    } limits[] = {
        {rule->most_per_day, GRANTED__PERIOD__DAY},
        {rule->most_per_month, GRANTED__PERIOD__MONTH},
        {rule->most_per_year, GRANTED__PERIOD__YEAR},
        {rule->most_ever, GRANTED__PERIOD__PERIOD_NONE},
    };
    int64_t room = rule->points;

    for (size_t i = 0; i < ARRAY_LEN(limits) && room > 0; i++) {
        int64_t since = limits[i].period ? granted_since(at, limits[i].period) : 0, left;

        if (!limits[i].most)
            continue;
        store_ask(self->store, points_statement(self, POINTS_SQL_EARNED), "iii", holder_id, rule->series_id, since);
        left = limits[i].most - store_number(self->store, points_statement(self, POINTS_SQL_EARNED));
        room = left < room ? left : room;
    }
    return room;
}

static size_t lots_of_deed(const struct coupon *self, int service, int64_t deed_id, const char *what,
                           struct points_lot ret[POINT_RULES_OF_DEED])
{
    store_ask(self->store, points_statement(self, POINTS_SQL_OF_DEED), "iiti", deed_id, (int64_t)service, what,
              (int64_t)POINT_RULES_OF_DEED);
    return points_read_lots(self, POINTS_SQL_OF_DEED, ret, POINT_RULES_OF_DEED);
}

static bool has_given(const struct points_lot *lots, size_t n, int64_t series_id)
{
    for (size_t i = 0; i < n; i++) {
        if (lots[i].series_id == series_id)
            return true;
    }
    return false;
}

static const char *const sources[] = {NULL,
#define SOURCE_NAME(name) #name,
                                      POINTS_SOURCES(SOURCE_NAME)
#undef SOURCE_NAME
};

bool points_know_source(const char *service, const char *what)
{
    if (strcmp(service, sources[POINTS_identity]) == 0)
        return strcmp(what, POINTS_JOINING) == 0;
    for (size_t i = 1; i < ARRAY_LEN(sources); i++) {
        if (strcmp(service, sources[i]) == 0)
            return true;
    }
    return false;
}

void points_hear_deed(struct coupon *self, int service, const Rpc__Deed *deed, int64_t at, void *call)
{
    struct point_rule rules[POINT_RULES_OF_DEED];
    struct points_lot given[POINT_RULES_OF_DEED];
    int64_t holder_id = holder_of(&self->holders, deed->member_id);
    size_t n =
        holder_id && deed->deed_id > 0 ? point_rules_for(self, sources[service], deed, at, rules, ARRAY_LEN(rules)) : 0;
    size_t n_given = n ? lots_of_deed(self, service, deed->deed_id, deed->what, given) : 0;

    for (size_t i = 0; i < n; i++) {
        struct points_earning earning = {
            .ledger_id = rules[i].ledger_id,
            .member_id = deed->member_id,
            .points = room_of(self, &rules[i], holder_id, at),
            .earned_at = at,
            .expires_at = points_expire_at(at, rules[i].valid_days),
            .cause_id = rules[i].id,
            .rule_id = rules[i].id,
            .series_id = rules[i].series_id,
            .deed_id = deed->deed_id,
            .kind = COUPON__POINTS_KIND__EARNED,
            .service = service,
        };

        if (earning.points > 0 && !has_given(given, n_given, rules[i].series_id))
            points_earn(self, &earning, call);
    }
}

void points_hear_undone(struct coupon *self, int service, const Rpc__DeedUndone *undone, void *call)
{
    struct points_lot lots[POINT_RULES_OF_DEED];
    size_t n = lots_of_deed(self, service, undone->deed_id, undone->what, lots);

    for (size_t i = 0; i < n; i++)
        points_lot_loses(self, &lots[i], lots[i].rest, COUPON__POINTS_KIND__EARNED_TAKEN_BACK, POINTS_LOT_UNEARNED,
                         call);
}

void points_hear_joining(struct coupon *self, const Identity__MembershipBegan *began, int64_t at, void *call)
{
    Rpc__Deed deed = RPC__DEED__INIT;

    if (began->began != IDENTITY__BEGAN__BEGAN_BY_ROSTER && began->began != IDENTITY__BEGAN__BEGAN_BY_JOINING)
        return;
    deed.deed_id = began->membership_id;
    deed.what = POINTS_JOINING;
    deed.member_id = began->member_id;
    deed.level = RPC__LEVEL__MEMBER;
    deed.union_path = tree_find(&self->tree, began->union_id, rpc_arena(call));
    deed.trade = began->trade;
    if (deed.union_path)
        points_hear_deed(self, POINTS_identity, &deed, at, call);
}
