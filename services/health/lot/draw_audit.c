/* draw_audit.c: every published draw against its lists. */
#include "common/base/limits.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/lot/entries.h"
#include "services/health/lot/lots.h"
#include "services/health/lot/places.h"

#define UNITS (1 << 20)

static bool is_hash(const ProtobufCBinaryData *said, const unsigned char hash[DRAW_HASH_LEN])
{
    return said->len == DRAW_HASH_LEN && memcmp(said->data, hash, DRAW_HASH_LEN) == 0;
}

/* What the journal says of a draw's fixed facts is what the store holds. */
static bool agrees(const Health__Event *event, const Rpc__JournalRow *row, const struct lottery *lottery)
{
    /* A clock that was set back leaves the journal ahead of it. */
    int64_t ahead = row->at - lottery->draw.frozen_ms;

    switch (event->event_case) {
    case HEALTH__EVENT__EVENT_DRAW_ANNOUNCED:
        return is_hash(&event->draw_announced->terms, lottery->draw.terms) &&
               is_hash(&event->draw_announced->commitment, lottery->draw.commitment);
    case HEALTH__EVENT__EVENT_DRAW_FROZEN:
        return is_hash(&event->draw_frozen->root, lottery->draw.root) &&
               (lottery->draw.version == 1 || (ahead >= 0 && ahead <= LIMIT_JOURNAL_AHEAD_MS)) &&
               event->draw_frozen->n_entries == (int32_t)lottery->draw.n_entries;
    default:
        return !event->value_entered->confirmed || strcmp(event->value_entered->value, lottery->value) == 0;
    }
}

bool draws_agree(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct health *self = arg;
    const Health__Event *event = body;
    const Health__Campaign *campaign;
    struct lottery lottery;
    struct arena arena;
    int64_t id;
    bool same;

    (void)told;
    if (event->event_case == HEALTH__EVENT__EVENT_DRAW_ANNOUNCED)
        id = event->draw_announced->campaign_id;
    else if (event->event_case == HEALTH__EVENT__EVENT_DRAW_FROZEN)
        id = event->draw_frozen->campaign_id;
    else if (event->event_case == HEALTH__EVENT__EVENT_VALUE_ENTERED)
        id = event->value_entered->campaign_id;
    else
        return true;
    arena_init(&arena, LIMIT_BATCH_ARENA);
    campaign = campaigns_find(&self->campaigns, id, &arena);
    same = campaign && lottery_find(self, campaign, &lottery) && agrees(event, row, &lottery);
    arena_done(&arena);
    return same;
}

/* The list of a lottery from its entries; false, and the list is empty, when it is none. */
static bool make_list(struct health *self, const struct lottery *lottery, const struct draw_terms *terms,
                      struct draw_list *ret)
{
    enum draw_progress progress;
    struct entry entry;

    draw_list_init(ret, terms);
    entries_ask(&self->entries, lottery->campaign_id, lottery->last_entry);
    while (entries_next(&self->entries, &entry)) {
        struct draw_entry one = {.stratum = (uint16_t)entry.stratum, .weight = 1};

        memcpy(one.ticket, entry.ticket, DRAW_TICKET_LEN);
        if (entry.campaign_id == lottery->campaign_id && !entry.withdrawn_at)
            draw_list_add(ret, &one);
    }
    do {
        progress = draw_list_freeze(ret, UNITS);
    } while (progress == DRAW_MORE);
    return progress == DRAW_DONE;
}

/* Whether the places of a stratum are those of the job. */
static bool same_places(struct health *self, const struct lottery *lottery, const struct draw_job *job,
                        uint32_t stratum)
{
    struct draw_outcome drawn;
    struct outcome outcome;
    uint32_t place, n = 0;
    int64_t member_id;
    bool same = true;

    draw_job_outcome(job, stratum, &drawn);
    same = outcomes_find(&self->places, lottery->campaign_id, (int32_t)stratum, &outcome) &&
           outcome.drawn.entrants == drawn.entrants && outcome.drawn.places == drawn.places &&
           memcmp(outcome.drawn.cutoff, drawn.cutoff, DRAW_HASH_LEN) == 0;
    places_ask(&self->places, lottery->campaign_id, (int32_t)stratum, 0, UINT32_MAX);
    while (same && places_next(&self->places, &place, &member_id)) {
        struct entry entry;

        n++;
        same = place <= drawn.places && entries_find(&self->entries, lottery->campaign_id, member_id, &entry) &&
               memcmp(job->list->entries[draw_job_at(job, stratum, place)].ticket, entry.ticket, DRAW_TICKET_LEN) == 0;
    }
    places_end(&self->places);
    return same && n == drawn.places;
}

/* Draws again what was drawn. */
static const char *drawn_fault(struct health *self, const Health__Campaign *campaign, const struct lottery *lottery,
                               const struct draw_list *list, const struct draw_terms *terms)
{
    enum draw_progress progress;
    const char *fault = NULL;
    struct draw_job job;

    if (!draw_job_init(&job, list, terms, lottery->draw.seed))
        return "no memory to draw again";
    do {
        progress = draw_job_step(&job, UNITS);
    } while (progress == DRAW_MORE);
    for (uint32_t i = 0; i < terms->n_strata && !fault; i++) {
        struct outcome outcome;

        if (progress != DRAW_DONE || !same_places(self, lottery, &job, i)) {
            fault = "the places are not those of the draw";
            break;
        }
        outcomes_find(&self->places, lottery->campaign_id, (int32_t)i, &outcome);
        if (lottery_entitled(self, lottery->campaign_id, (int32_t)i) > campaign->strata[i]->quota)
            fault = "more are entitled than the quota";
    }
    draw_job_done(&job);
    return fault;
}

static const char *lottery_fault(struct health *self, const Health__Campaign *campaign, const struct lottery *lottery)
{
    struct draw_terms *terms = lottery_terms(campaign, lottery->draw.commitment, lottery->draw.steps);
    unsigned char commitment[DRAW_HASH_LEN];
    struct draw_list list = {0};
    const char *fault = NULL;

    if (!terms)
        return "no memory for its terms";
    draw_commitment(lottery->draw.secret, lottery->draw.steps, commitment);
    if (draw_may_use(&lottery->draw, terms) != DRAW_OK)
        fault = "the terms are not those announced";
    else if (lottery_reached(lottery) < DRAW_FROZEN)
        fault = NULL;
    else if (lottery->draw.version > 1 &&
             (lottery->draw.frozen_ms < campaign->closes_at || lottery->draw.frozen_ms >= campaign->value_at))
        fault = "the list was not fixed between the closing and the value";
    else if (!make_list(self, lottery, terms, &list) || !draw_is_frozen(&lottery->draw, list.top, list.n))
        fault = "the list is not the frozen one";
    else if (lottery->draw.state == DRAW_PUBLISHED && memcmp(commitment, lottery->draw.commitment, DRAW_HASH_LEN) != 0)
        fault = "the secret is not the one committed to";
    else if (lottery->draw.state == DRAW_PUBLISHED)
        fault = drawn_fault(self, campaign, lottery, &list, terms);
    draw_list_done(&list);
    free(terms);
    return fault;
}

static const char *campaign_fault(struct health *self, int64_t campaign_id)
{
    const Health__Campaign *campaign;
    const char *fault = "no campaign";
    struct lottery lottery;
    struct arena arena;

    arena_init(&arena, LIMIT_BATCH_ARENA);
    campaign = campaigns_find(&self->campaigns, campaign_id, &arena);
    if (campaign && lottery_find(self, campaign, &lottery))
        fault = lottery_fault(self, campaign, &lottery);
    arena_done(&arena);
    return fault;
}

bool draws_audit(void *arg, FILE *out)
{
    struct health *self = arg;
    const char *fault = NULL;
    int64_t id = 0;

    while (!fault && (id = lottery_after(self, id)))
        fault = campaign_fault(self, id);
    if (fault)
        fprintf(out, "campaign %lld: %s\n", (long long)id, fault);
    return !fault;
}
