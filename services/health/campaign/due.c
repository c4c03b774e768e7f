#include "services/health/campaign/due.h"

#include "common/base/log.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/lot/entitlements.h"
#include "services/health/lot/entries.h"
#include "services/health/lot/lots.h"
#include "services/health/lot/places.h"

#define DUE_MAX     64   /* campaigns looked at in a slice */
#define SEAT_SLICE  1000 /* entries looked at, of which */
#define SEAT_WRITES 64   /* get a place: each changes pages all over two trees */
#define GRANT_SLICE 32   /* entitlements */

#define LATE "名单未能在公开数值产生之前冻结并公布"

/* One campaign's turn: a transaction. */
struct turn {
    struct health *self;
    Health__Campaign *campaign;
    struct lottery lottery;
    int64_t campaign_id;
    bool more;
};

/* ---- freezing ---- */

static void say_frozen(const struct lottery *lottery, void *call)
{
    Health__DrawFrozen frozen = HEALTH__DRAW_FROZEN__INIT;

    frozen.campaign_id = lottery->campaign_id;
    frozen.root = (ProtobufCBinaryData){DRAW_HASH_LEN, unconst(lottery->draw.root)};
    frozen.n_entries = (int32_t)lottery->draw.n_entries;
    rpc_tell(call, &frozen.base);
}

/* From here on nobody enters or withdraws, so that the list can be read in slices. */
static void close_entries(struct turn *turn, void *call)
{
    turn->lottery.last_entry = entries_last_id(&turn->self->entries);
    lottery_put(turn->self, &turn->lottery);
    campaign_set_state(turn->self, turn->campaign, HEALTH__CAMPAIGN_STATE__FROZEN, call);
}

/* The value may be known, and the list was not fixed and published before. */
static bool make_late_void(struct turn *turn, void *call)
{
    if (rpc_now(call) < turn->campaign->value_at || draw_make_void(&turn->lottery.draw, LATE) != DRAW_OK)
        return false;
    lottery_reveal(turn->self, &turn->lottery, call);
    lottery_put(turn->self, &turn->lottery);
    turn->campaign->void_reason = LATE;
    campaign_set_state(turn->self, turn->campaign, HEALTH__CAMPAIGN_STATE__VOID, call);
    return true;
}

static void freeze(struct turn *turn, void *call)
{
    const struct lot *lot;

    if (make_late_void(turn, call))
        return;
    lot = lots_obtain(turn->self, turn->campaign, &turn->lottery);
    if (!lot || draw_freeze(&turn->lottery.draw, lot->list.top, lot->list.n, rpc_now(call)) != DRAW_OK)
        return;
    say_frozen(&turn->lottery, call);
    rpc_want_head(call);
    turn->lottery.unsigned_seq = rpc_server_journal(turn->self->rpc)->tip.seq;
    lottery_put(turn->self, &turn->lottery);
}

/* The root counts once a head over it is signed, which is when it is published; who was killed in between
 * asks again. */
static void note_head(struct turn *turn, void *call)
{
    if (make_late_void(turn, call))
        return;
    turn->more = rpc_server_journal(turn->self->rpc)->signed_seq >= turn->lottery.unsigned_seq;
    if (!turn->more) {
        rpc_want_head(call);
        return;
    }
    turn->lottery.unsigned_seq = 0;
    lottery_put(turn->self, &turn->lottery);
}

/* ---- drawing ---- */

static void say_drawn(const struct lottery *lottery, void *call)
{
    Health__LotsDrawn drawn = HEALTH__LOTS_DRAWN__INIT;

    drawn.campaign_id = lottery->campaign_id;
    drawn.seed = (ProtobufCBinaryData){DRAW_HASH_LEN, unconst(lottery->draw.seed)};
    rpc_tell(call, &drawn.base);
}

/* Fixes the seed. The list is read anew when it is not in memory; when it is not the
 * frozen one, somebody has changed the store, and nothing is drawn from it. */
static void fix_seed(struct turn *turn, void *call)
{
    struct lottery *lottery = &turn->lottery;
    struct lot *lot = lots_obtain(turn->self, turn->campaign, lottery);
    enum draw_reason reason;

    turn->more = !lot || !lot->refused;
    if (!lot || lot->refused)
        return;
    reason = draw_draw(&lottery->draw, lot->list.top, lot->list.n, lottery->secret, lottery->value, rpc_now(call));
    if (reason != DRAW_OK) {
        log_error("draw_refused", "campaign", log_int(lottery->campaign_id), "reason", draw_reason_name(reason));
        lot->refused = true;
        turn->more = false;
        return;
    }
    lottery_put(turn->self, lottery);
    say_drawn(lottery, call);
}

/* Writes down the places of some entries, in the order of entering. */
static void seat(struct turn *turn, void *call)
{
    struct health *self = turn->self;
    struct lottery *lottery = &turn->lottery;
    const struct lot *lot = lots_obtain(self, turn->campaign, lottery);
    unsigned left = SEAT_SLICE, places = 0;
    struct draw_outcome outcome;
    struct entry entry;

    if (!lot)
        return;
    entries_ask(&self->entries, lottery->seated, lottery->last_entry);
    while (left > 0 && places < SEAT_WRITES && entries_next(&self->entries, &entry)) {
        uint32_t index, place;

        left--;
        lottery->seated = entry.id;
        if (entry.campaign_id != lottery->campaign_id || entry.withdrawn_at ||
            !draw_list_find(&lot->list, entry.ticket, &index))
            continue;
        place = draw_job_place(&lot->job, index);
        if (!place)
            continue;
        places_add(&self->places, lottery->campaign_id, entry.stratum, place, entry.member_id);
        places++;
    }
    if (left == 0 || places == SEAT_WRITES) {
        entries_end(&self->entries);
        lottery_put(self, lottery);
        return;
    }
    for (uint32_t i = 0; i < lot->terms->n_strata; i++) {
        draw_job_outcome(&lot->job, i, &outcome);
        outcomes_add(&self->places, lottery->campaign_id, (int32_t)i, &outcome);
        lottery->wins += outcome.places < lot->terms->strata[i].quota ? outcome.places : lot->terms->strata[i].quota;
    }
    lottery_put(self, lottery);
    campaign_set_state(self, turn->campaign, HEALTH__CAMPAIGN_STATE__DRAWN, call);
}

static bool is_late(const struct turn *turn, void *call)
{
    return rpc_now(call) >= turn->campaign->draw_at + LOTTERY_PUBLISH_MS;
}

/* Nobody has entered the value: whoever has the list and the secret computes by it, as it is public. */
static void tell_late(struct turn *turn, void *call)
{
    if (turn->lottery.revealed || !is_late(turn, call))
        return;
    lottery_reveal(turn->self, &turn->lottery, call);
    lottery_put(turn->self, &turn->lottery);
}

/* It was made void while an earlier day of its chain could not tell its secret. */
static void tell_void(struct turn *turn, void *call)
{
    lottery_reveal(turn->self, &turn->lottery, call);
    turn->more = turn->lottery.revealed;
    if (turn->more)
        lottery_put(turn->self, &turn->lottery);
}

/* Nobody has published what was drawn. */
static void publish_late(struct turn *turn, void *call)
{
    turn->more = is_late(turn, call) && draw_publish(&turn->lottery.draw) == DRAW_OK;
    if (!turn->more)
        return;
    lottery_put(turn->self, &turn->lottery);
    campaign_set_state(turn->self, turn->campaign, HEALTH__CAMPAIGN_STATE__PUBLISHED, call);
}

static void work_on_frozen(struct turn *turn, void *call)
{
    if (turn->lottery.unsigned_seq) {
        note_head(turn, call);
        return;
    }
    switch (turn->lottery.draw.state) {
    case DRAW_OPEN:
        freeze(turn, call);
        break;
    case DRAW_FROZEN:
        turn->more = turn->lottery.confirmed_by && rpc_now(call) >= turn->campaign->draw_at &&
                     !lottery_waits(turn->self, &turn->lottery);
        if (!turn->lottery.confirmed_by)
            tell_late(turn, call);
        if (turn->more)
            fix_seed(turn, call);
        break;
    default:
        seat(turn, call);
        break;
    }
}

/* ---- granting ---- */

/* Gives some winners their entitlements, stratum by stratum, place by place; `granted`
 * counts over all strata. */
static void grant(struct turn *turn, void *call)
{
    struct lottery *lottery = &turn->lottery;
    int64_t before = 0;
    int64_t was = lottery->granted;

    for (size_t i = 0; i < turn->campaign->n_strata && lottery->granted < was + GRANT_SLICE; i++) {
        struct outcome outcome = {0};
        uint32_t winners, place;
        int64_t member_id;

        outcomes_find(&turn->self->places, lottery->campaign_id, (int32_t)i, &outcome);
        winners = (uint32_t)turn->campaign->strata[i]->quota;
        winners = outcome.drawn.places < winners ? outcome.drawn.places : winners;
        if (lottery->granted < before + winners) {
            places_ask(&turn->self->places, lottery->campaign_id, (int32_t)i, (uint32_t)(lottery->granted - before),
                       winners);
            while (lottery->granted < was + GRANT_SLICE && places_next(&turn->self->places, &place, &member_id)) {
                if (!entitlement_grant(turn->self, turn->campaign, member_id, (int32_t)i, (int32_t)place, call, NULL))
                    entitlement_promote(turn->self, lottery->campaign_id, (int32_t)i, call);
                lottery->granted++;
            }
            places_end(&turn->self->places);
        }
        before += winners;
    }
    turn->more = lottery->granted > was;
    if (turn->more)
        lottery_put(turn->self, lottery);
}

/* ---- turns ---- */

static void take_turn(void *call, void *arg)
{
    struct turn *turn = arg;
    struct health *self = turn->self;

    turn->campaign = campaigns_find(&self->campaigns, turn->campaign_id, rpc_arena(call));
    if (!turn->campaign || !lottery_find(self, turn->campaign, &turn->lottery))
        return;
    turn->more = true;
    switch (turn->campaign->state) {
    case HEALTH__CAMPAIGN_STATE__ANNOUNCED:
        draw_open(&turn->lottery.draw, rpc_now(call));
        lottery_put(self, &turn->lottery);
        campaign_set_state(self, turn->campaign, HEALTH__CAMPAIGN_STATE__OPEN, call);
        break;
    case HEALTH__CAMPAIGN_STATE__OPEN:
        close_entries(turn, call);
        break;
    case HEALTH__CAMPAIGN_STATE__FROZEN:
        work_on_frozen(turn, call);
        break;
    case HEALTH__CAMPAIGN_STATE__DRAWN:
        publish_late(turn, call);
        break;
    case HEALTH__CAMPAIGN_STATE__PUBLISHED:
        grant(turn, call);
        break;
    case HEALTH__CAMPAIGN_STATE__VOID:
        tell_void(turn, call);
        break;
    default:
        turn->more = false;
        break;
    }
}

struct lapsing {
    struct health *self;
    bool more;
};

static void lapse(void *call, void *arg)
{
    struct lapsing *lapsing = arg;

    lapsing->more = entitlements_lapse(lapsing->self, call);
}

bool due_step(void *arg)
{
    struct health *self = arg;
    int64_t ids[DUE_MAX];
    struct lapsing lapsing = {.self = self};
    unsigned n = campaigns_due(&self->campaigns, clock_now(self->clock), self->due_after, ids, DUE_MAX);

    self->due_after = n == DUE_MAX ? ids[n - 1] : 0;
    for (unsigned i = 0; i < n; i++) {
        struct turn turn = {.self = self, .campaign_id = ids[i]};

        if (rpc_server_transact(self->rpc, take_turn, &turn) == 0 && turn.more)
            return true;
    }
    return (rpc_server_transact(self->rpc, lapse, &lapsing) == 0 && lapsing.more) || self->due_after;
}
