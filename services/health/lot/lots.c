#include "services/health/lot/lots.h"

#include "common/base/log.h"
#include "services/health/lot/entries.h"

#define UNITS      4000 /* of a slice, in hashes: about a millisecond */
#define READ_SLICE 2000 /* entries */

enum phase {
    READING, /* the entries from the store */
    SORTING, /* and hashing the tree */
    LISTED,
    RANKING,
    DRAWN,
    FAILED, /* no memory; dropped when it is asked for again */
};

static void drop(struct lot *lot)
{
    draw_job_done(&lot->job);
    draw_list_done(&lot->list);
    free(lot->terms);
    *lot = (struct lot){0};
}

void lots_done(struct lots *lots)
{
    for (unsigned i = 0; i < HEALTH_LOTS; i++)
        drop(&lots->lots[i]);
}

static bool is_busy(const struct lot *lot)
{
    return lot->campaign_id && (lot->phase == READING || lot->phase == SORTING || lot->phase == RANKING);
}

/* An unused place, or that of the lot that nobody has asked for longest; NULL when
 * all are being made. */
static struct lot *place_for(struct lots *lots)
{
    struct lot *oldest = NULL;

    for (unsigned i = 0; i < HEALTH_LOTS; i++) {
        struct lot *lot = &lots->lots[i];

        if (!is_busy(lot) && (!oldest || lot->used < oldest->used))
            oldest = lot;
    }
    return oldest;
}

static struct lot *begin(struct health *self, const Health__Campaign *campaign, const struct lottery *lottery)
{
    struct lot *lot = place_for(self->lots);

    if (!lot)
        return NULL;
    drop(lot);
    lot->terms = lottery_terms(campaign, lottery->draw.commitment, lottery->draw.steps);
    if (!lot->terms)
        return NULL;
    draw_list_init(&lot->list, lot->terms);
    lot->campaign_id = campaign->campaign_id;
    /* Ids grow with time, and nobody enters before the opening. */
    lot->read_to = id_at(campaign->opens_at) - 1;
    lot->last_entry = lottery->last_entry;
    return lot;
}

struct lot *lots_obtain(struct health *self, const Health__Campaign *campaign, const struct lottery *lottery)
{
    struct lot *lot = NULL;

    for (unsigned i = 0; i < HEALTH_LOTS; i++) {
        if (self->lots->lots[i].campaign_id == campaign->campaign_id)
            lot = &self->lots->lots[i];
    }
    if (lot && lot->phase == FAILED) {
        drop(lot);
        lot = NULL;
    }
    if (!lot)
        lot = begin(self, campaign, lottery);
    if (!lot)
        return NULL;
    lot->used = ++self->lots->asked;
    if (!lot->drawn && lottery_reached(lottery) >= DRAW_DRAWN) {
        lot->drawn = true;
        memcpy(lot->seed, lottery->draw.seed, DRAW_HASH_LEN);
        if (lot->phase == LISTED && draw_job_init(&lot->job, &lot->list, lot->terms, lot->seed))
            lot->phase = RANKING;
    }
    return lot->phase == (lot->drawn ? DRAWN : LISTED) ? lot : NULL;
}

/* ---- slices ---- */

struct reading {
    struct health *self;
    struct lot *lot;
    bool end;
};

static void read_entries(void *call, void *arg)
{
    struct reading *reading = arg;
    struct lot *lot = reading->lot;
    unsigned left = READ_SLICE;
    struct entry entry;

    (void)call;
    entries_ask(&reading->self->entries, lot->read_to, lot->last_entry);
    while (left > 0 && entries_next(&reading->self->entries, &entry)) {
        struct draw_entry one = {.stratum = (uint16_t)entry.stratum, .weight = 1};

        left--;
        lot->read_to = entry.id;
        if (entry.campaign_id != lot->campaign_id || entry.withdrawn_at)
            continue;
        memcpy(one.ticket, entry.ticket, DRAW_TICKET_LEN);
        if (draw_list_add(&lot->list, &one) != DRAW_OK)
            lot->phase = FAILED;
    }
    if (left > 0)
        reading->end = true;
    else
        entries_end(&reading->self->entries);
}

static void advance(struct lot *lot, enum draw_progress progress, int next)
{
    if (progress == DRAW_DONE)
        lot->phase = next;
    else if (progress == DRAW_NO_MEMORY)
        lot->phase = FAILED;
}

/* False when the store cannot be read now. */
static bool step(struct health *self, struct lot *lot)
{
    struct reading reading = {.self = self, .lot = lot};

    switch (lot->phase) {
    case READING:
        if (rpc_server_transact(self->rpc, read_entries, &reading))
            return false;
        if (reading.end && lot->phase == READING)
            lot->phase = SORTING;
        break;
    case SORTING:
        advance(lot, draw_list_freeze(&lot->list, UNITS), LISTED);
        if (lot->phase == LISTED && lot->drawn)
            lot->phase = draw_job_init(&lot->job, &lot->list, lot->terms, lot->seed) ? RANKING : FAILED;
        break;
    case RANKING:
        advance(lot, draw_job_step(&lot->job, UNITS), DRAWN);
        break;
    default:
        break;
    }
    if (lot->phase == FAILED)
        log_error("lot_without_memory", "campaign", log_int(lot->campaign_id));
    return true;
}

bool lots_step(void *arg)
{
    struct health *self = arg;

    for (unsigned i = 0; i < HEALTH_LOTS; i++) {
        if (is_busy(&self->lots->lots[i]))
            return step(self, &self->lots->lots[i]);
    }
    return false;
}
