#include "services/identity/membership/api_membership.h"
#include "services/identity/unions/tallies.h"

#define DAYS_DEFAULT 7

static const int readers[] = {RULE__ROLE__UNION_ADMIN, RULE__ROLE__AUDIT_ADMIN, RULE__ROLE__BENEFIT_MANAGER,
                              RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

static bool fill_trades(const struct tally *tally, Identity__Numbers *numbers, void *call)
{
    Identity__TradeNumber *trades = arena_alloc(rpc_arena(call), TALLY_TRADES * sizeof(*trades));

    numbers->trades = arena_alloc(rpc_arena(call), TALLY_TRADES * sizeof(*numbers->trades));
    if (!trades || !numbers->trades)
        return false;
    for (int i = 0; i < TALLY_TRADES; i++) {
        identity__trade_number__init(&trades[i]);
        trades[i].trade = (Rpc__Trade)i;
        trades[i].members = tally->trades[i];
        numbers->trades[numbers->n_trades++] = &trades[i];
    }
    return true;
}

static bool fill_days(const struct tally_day *found, size_t n, Identity__Numbers *numbers, void *call)
{
    Identity__DayNumber *days = arena_alloc(rpc_arena(call), n * sizeof(*days) + 1);

    numbers->days = arena_alloc(rpc_arena(call), n * sizeof(*numbers->days) + 1);
    if (!days || !numbers->days)
        return false;
    for (size_t i = 0; i < n; i++) {
        identity__day_number__init(&days[i]);
        days[i].day = cn_day(tally_day_begin(found[i].day));
        days[i].joined = found[i].joined;
        days[i].left = found[i].gone;
        numbers->days[numbers->n_days++] = &days[i];
    }
    return true;
}

/* rpc GetNumbers: read, not counted: see tallies.h. */
void unions__get_numbers(Identity__Unions_Service *service, const Identity__NumbersRequest *req,
                         Identity__Numbers_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, unions_service);
    Identity__Numbers numbers = IDENTITY__NUMBERS__INIT;
    int64_t to = tally_day_of(req->to > 0 ? req->to : rpc_now(call));
    int64_t from = req->from > 0 ? tally_day_of(req->from) : to - DAYS_DEFAULT + 1;
    int reason = official_refusal(self, req->union_id, readers, call);
    struct tally_day days[TALLY_DAYS_MAX];
    struct tally tally;
    size_t n;

    if (!reason && (from > to || to - from >= TALLY_DAYS_MAX))
        reason = RPC__REASON__OUT_OF_RANGE;
    if (rpc_refuse_if(call, reason))
        return;
    tallies_find(&self->tallies, req->union_id, &tally);
    n = tallies_find_days(&self->tallies, req->union_id, from, to, days, ARRAY_LEN(days));
    numbers.union_id = req->union_id;
    numbers.members = tally.members;
    numbers.own_members = tally.own;
    numbers.listed = tally.listed;
    numbers.verified = tally.verified;
    numbers.verified_per_myriad = tally.listed ? (int32_t)(tally.verified * 10000 / tally.listed) : 0;
    if (fill_trades(&tally, &numbers, call) && fill_days(days, n, &numbers, call))
        reply(&numbers, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}
