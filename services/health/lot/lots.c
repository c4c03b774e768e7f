#include "services/health/lot/lots.h"

#include "services/health/campaign/campaigns.h"
#include "services/health/lot/entitlements.h"

enum { SQL_ENTITLED, N_SQL };

static const char *const sql[] = {
    [SQL_ENTITLED] =
        "SELECT count(*) FROM entitlement WHERE campaign_id = ?1 AND stratum = ?2 AND place > 0 "
        "AND state IN (1, 2, 3) AND NOT EXISTS (SELECT 1 FROM booked_slot b JOIN door_scan s USING (booking_id) "
        "WHERE b.right_id = entitlement.entitlement_id AND s.outcome = 1 AND s.undone_at = 0 "
        "AND s.received_at >= b.due_at)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- the terms ---- */

static struct lot_stratum *strata_of(const Health__Campaign *campaign, struct arena *arena)
{
    struct lot_stratum *strata = arena_alloc(arena, campaign->n_strata * sizeof(*strata));

    for (size_t i = 0; strata && i < campaign->n_strata; i++) {
        const Health__Stratum *stratum = campaign->strata[i];

        strata[i] = (struct lot_stratum){stratum->label, stratum->quota, stratum->waiting};
    }
    return strata;
}

struct lot_terms lot_terms_of(Health__Campaign *campaign, struct arena *arena)
{
    bool taken = campaign->first_come && campaign->state > HEALTH__CAMPAIGN_STATE__DRAFT;
    struct lot_stratum *strata = arena ? strata_of(campaign, arena) : NULL;

    return (struct lot_terms){
        .lot_id = campaign->campaign_id,
        .stage = (int)campaign->state,
        .no_lot = taken ? HEALTH__REASON__NO_LOT : 0,
        .union_path = campaign->union_path,
        .title = campaign->title,
        .rules = campaign->rules,
        .public_name = campaign->public_name,
        .value_format = campaign->value_format,
        .opens_at = campaign->opens_at,
        .closes_at = campaign->closes_at,
        .value_at = campaign->value_at,
        .draw_at = campaign->draw_at,
        .until = campaign->book_until,
        .weight_max = 1,
        .strata = strata,
        .n_strata = strata ? campaign->n_strata : 0,
        .record = campaign,
    };
}

bool lots_find(void *arg, int64_t campaign_id, struct arena *arena, struct lot_terms *ret)
{
    struct health *self = arg;
    Health__Campaign *campaign = campaigns_find(&self->campaigns, campaign_id, arena);

    if (!campaign)
        return false;
    *ret = lot_terms_of(campaign, arena);
    return ret->n_strata == campaign->n_strata;
}

/* ---- what the lottery asks for ---- */

_Static_assert((int)HEALTH__CAMPAIGN_STATE__DRAFT == LOTTERY__STAGE__DRAFT &&
                   (int)HEALTH__CAMPAIGN_STATE__ANNOUNCED == LOTTERY__STAGE__ANNOUNCED &&
                   (int)HEALTH__CAMPAIGN_STATE__OPEN == LOTTERY__STAGE__OPEN &&
                   (int)HEALTH__CAMPAIGN_STATE__FROZEN == LOTTERY__STAGE__FROZEN &&
                   (int)HEALTH__CAMPAIGN_STATE__DRAWN == LOTTERY__STAGE__DRAWN &&
                   (int)HEALTH__CAMPAIGN_STATE__PUBLISHED == LOTTERY__STAGE__PUBLISHED &&
                   (int)HEALTH__CAMPAIGN_STATE__CLOSED == LOTTERY__STAGE__CLOSED &&
                   (int)HEALTH__CAMPAIGN_STATE__VOID == LOTTERY__STAGE__VOID,
               "a campaign's states are its lot's");

static void on_stage(void *arg, const struct lot_terms *terms, int stage, const char *void_reason, void *call)
{
    Health__Campaign *campaign = terms->record;

    campaign->void_reason = unconst(void_reason);
    campaign_set_state(arg, campaign, stage, call);
}

/* The wish is a site, or 0. */
static int judge(void *arg, const struct lot_terms *terms, const void *wish, void *call, int32_t *ret_stratum,
                 uint32_t *ret_weight)
{
    const int64_t *site_id = wish;

    (void)ret_weight;
    return audience_refusal(arg, terms->record, *site_id, call, ret_stratum);
}

static bool give(void *arg, const struct lot_terms *terms, int64_t member_id, int32_t stratum, int32_t place,
                 void *call)
{
    return entitlement_grant(arg, terms->record, member_id, stratum, place, call, NULL);
}

/* Who came to light as having come after her place had been given to the next is not among them. */
static int64_t entitled(void *arg, int64_t campaign_id, int32_t stratum)
{
    const struct health *self = arg;

    store_ask(self->store, self->lots.sql + SQL_ENTITLED, "ii", campaign_id, (int64_t)stratum);
    return store_number(self->store, self->lots.sql + SQL_ENTITLED);
}

const struct lottery_service health_lottery = {
    .noun = "checkup",
    .roles = (const int[]){RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__ROLE_NONE},
    .deeds = "health.ValueEntered",
    .words = {.not_announced = HEALTH__REASON__CAMPAIGN_NOT_FOUND,
              .opens_too_soon = HEALTH__REASON__OPENS_TOO_SOON,
              .not_open = HEALTH__REASON__ENTRIES_NOT_OPEN,
              .closed = HEALTH__REASON__ENTRIES_CLOSED,
              .is_void = HEALTH__REASON__CAMPAIGN_VOID,
              .terms_not_printable = HEALTH__REASON__TERMS_NOT_PRINTABLE,
              .terms_fixed = HEALTH__REASON__CAMPAIGN_FIXED,
              .chain_not_found = HEALTH__REASON__CHAIN_NOT_FOUND,
              .day_taken = HEALTH__REASON__CHAIN_DAY_TAKEN,
              .not_frozen = HEALTH__REASON__NOT_FROZEN_YET,
              .value_not_yet = HEALTH__REASON__VALUE_NOT_YET,
              .value_not_a_line = HEALTH__REASON__VALUE_NOT_A_LINE,
              .value_not_in_format = HEALTH__REASON__VALUE_NOT_IN_FORMAT,
              .value_not_entered = HEALTH__REASON__VALUE_NOT_ENTERED,
              .value_differs = HEALTH__REASON__VALUE_DIFFERS,
              .value_own = HEALTH__REASON__VALUE_OWN,
              .value_fixed = HEALTH__REASON__VALUE_FIXED,
              .value_none = HEALTH__REASON__VALUE_FIXED,
              .drawn = HEALTH__REASON__DRAWN_ALREADY,
              .not_drawn = HEALTH__REASON__NOT_DRAWN_YET,
              .published = HEALTH__REASON__PUBLISHED_ALREADY,
              .loading = HEALTH__REASON__DRAW_LOADING},
    .find = lots_find,
    .on_stage = on_stage,
    .judge = judge,
    .give = give,
    .held = entitled,
};

static void opened(void *arg)
{
    struct health *self = arg;

    lottery_serve(&self->lottery, &health_lottery, self, &self->holders, &self->two_hands);
}

const struct part_spec lots_part = {
    .steps = &lots_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .opened = opened,
    .exports = {{&health__entry__descriptor,
                 "SELECT entry_id, lot_id AS campaign_id, lower(hex(ticket)) AS ticket, stratum, at AS entered_at "
                 "FROM lottery_entry WHERE " HOLDER_HERS
                 " AND withdrawn_at = 0 AND entry_id > ?2 ORDER BY entry_id LIMIT ?3"},
                {&health__result__descriptor,
                 "SELECT p.rowid, p.place FROM lottery_entry JOIN lottery_place p USING (lot_id, member_id) "
                 "WHERE " HOLDER_HERS " AND withdrawn_at = 0 AND p.rowid > ?2 ORDER BY p.rowid LIMIT ?3"}},
};
