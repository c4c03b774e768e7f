/* lottery_audit.c: lots against the journal, and every published one against its lists. */
#include "common/base/limits.h"
#include "common/benefit/lottery/lottery_internal.h"

#define UNITS (1 << 20)

/* ---- the journal ---- */

enum { TOLD_ENTERED, TOLD_WITHDRAWN, TOLD_CHAINS }; /* as in counts */

static bool is_hash(const ProtobufCBinaryData *said, const unsigned char hash[DRAW_HASH_LEN])
{
    return said->len == DRAW_HASH_LEN && memcmp(said->data, hash, DRAW_HASH_LEN) == 0;
}

/* Entries are appended in the journal's order, so the two are read side by side. */
static bool entry_agrees(const struct lottery *lottery, const Lottery__Entered *entered, bool first)
{
    struct lot_entry entry;

    if (first)
        lot_ask_entries(lottery, 0, INT64_MAX);
    return lot_next_entry(lottery, &entry) && entry.id == entered->entry_id && entry.lot_id == entered->lot_id &&
           entry.member_id == entered->member_id && entry.stratum == entered->stratum &&
           (int32_t)entry.weight == (entered->weight ? entered->weight : 1) && entered->ticket.len == DRAW_TICKET_LEN &&
           memcmp(entry.ticket, entered->ticket.data, DRAW_TICKET_LEN) == 0;
}

static bool chain_agrees(struct lottery *lottery, const Lottery__ChainMade *made, int64_t seq)
{
    struct lot_chain chain;

    return lot_find_chain(lottery, made->chain_id, &chain) && chain.days == made->days &&
           is_hash(&made->anchor, chain.anchor) &&
           part_path_is(lottery->parts, seq, made->union_path, chain.union_path);
}

/* What the journal says of a lot's fixed facts is what the store holds. */
static bool fact_agrees(const Rpc__ChassisEvent *event, const Rpc__JournalRow *row, const struct lot *lot)
{
    /* A clock that was set back leaves the journal ahead of it. */
    int64_t ahead = row->at - lot->draw.frozen_ms;

    switch (event->event_case) {
    case RPC__CHASSIS_EVENT__EVENT_DRAW_ANNOUNCED:
        return is_hash(&event->draw_announced->terms, lot->draw.terms) &&
               is_hash(&event->draw_announced->commitment, lot->draw.commitment);
    case RPC__CHASSIS_EVENT__EVENT_DRAW_FROZEN:
        return is_hash(&event->draw_frozen->root, lot->draw.root) &&
               (lot->draw.version == 1 || (ahead >= 0 && ahead <= LIMIT_JOURNAL_AHEAD_MS)) &&
               event->draw_frozen->n_entries == (int32_t)lot->draw.n_entries;
    default:
        return !event->value_entered->confirmed || strcmp(event->value_entered->value, lot->value) == 0;
    }
}

/* A lot with its terms, in memory of an arena. */
static bool find_lot(struct lottery *lottery, int64_t lot_id, struct arena *arena, struct lot_terms *ret_terms,
                     struct lot *ret)
{
    return lottery->service->find(lottery->self, lot_id, arena, ret_terms) && lottery_find(lottery, ret_terms, ret);
}

static bool lot_agrees_with(struct lottery *lottery, int64_t lot_id, const Rpc__ChassisEvent *event,
                            const Rpc__JournalRow *row)
{
    struct lot_terms terms;
    struct arena arena;
    struct lot lot;
    bool same;

    arena_init(&arena, LIMIT_BATCH_ARENA);
    same = find_lot(lottery, lot_id, &arena, &terms, &lot) && fact_agrees(event, row, &lot);
    arena_done(&arena);
    return same;
}

bool lot_agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct lottery *lottery = arg;
    const Rpc__ChassisEvent *event = body;

    switch (event ? event->event_case : RPC__CHASSIS_EVENT__EVENT__NOT_SET) {
    case RPC__CHASSIS_EVENT__EVENT_ENTERED:
        return entry_agrees(lottery, event->entered, told[TOLD_ENTERED]++ == 0);
    case RPC__CHASSIS_EVENT__EVENT_ENTRY_WITHDRAWN:
        told[TOLD_WITHDRAWN]++;
        return true;
    case RPC__CHASSIS_EVENT__EVENT_CHAIN_MADE:
        told[TOLD_CHAINS]++;
        return chain_agrees(lottery, event->chain_made, row->seq);
    case RPC__CHASSIS_EVENT__EVENT_DRAW_ANNOUNCED:
        return lot_agrees_with(lottery, event->draw_announced->lot_id, event, row);
    case RPC__CHASSIS_EVENT__EVENT_DRAW_FROZEN:
        return lot_agrees_with(lottery, event->draw_frozen->lot_id, event, row);
    case RPC__CHASSIS_EVENT__EVENT_VALUE_ENTERED:
        return lot_agrees_with(lottery, event->value_entered->lot_id, event, row);
    default:
        return true;
    }
}

/* ---- what was drawn ---- */

/* The list of a lot from its entries; false, and the list is empty, when it is none. */
static bool make_list(struct lottery *lottery, const struct lot *lot, const struct draw_terms *terms,
                      struct draw_list *ret)
{
    enum draw_progress progress;
    struct lot_entry entry;

    draw_list_init(ret, terms);
    lot_ask_entries(lottery, id_at(terms->opens_ms) - 1, lot->last_entry);
    while (lot_next_entry(lottery, &entry)) {
        struct draw_entry one = lot_draw_entry(&entry);

        if (entry.lot_id == lot->lot_id && !entry.withdrawn_at)
            draw_list_add(ret, &one);
    }
    do {
        progress = draw_list_freeze(ret, UNITS);
    } while (progress == DRAW_MORE);
    return progress == DRAW_DONE;
}

/* Whether the places of a stratum are those of the job. */
static bool same_places(struct lottery *lottery, const struct lot *lot, const struct draw_job *job, uint32_t stratum)
{
    struct draw_outcome drawn;
    struct lot_outcome outcome;
    uint32_t place, n = 0;
    int64_t member_id;
    bool same = true;

    draw_job_outcome(job, stratum, &drawn);
    same = lottery_outcome(lottery, lot->lot_id, (int32_t)stratum, &outcome) &&
           outcome.drawn.entrants == drawn.entrants && outcome.drawn.places == drawn.places &&
           memcmp(outcome.drawn.cutoff, drawn.cutoff, DRAW_HASH_LEN) == 0;
    lot_ask_places(lottery, lot->lot_id, (int32_t)stratum, 0, UINT32_MAX);
    while (same && lot_next_place(lottery, &place, &member_id)) {
        struct lot_entry entry;

        n++;
        same = place <= drawn.places && lottery_find_entry(lottery, lot->lot_id, member_id, &entry) &&
               memcmp(job->list->entries[draw_job_at(job, stratum, place)].ticket, entry.ticket, DRAW_TICKET_LEN) == 0;
    }
    lot_end_places(lottery);
    return same && n == drawn.places;
}

/* Draws again what was drawn. */
static const char *drawn_fault(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot,
                               const struct draw_list *list, const struct draw_terms *fixed)
{
    enum draw_progress progress;
    const char *fault = NULL;
    struct draw_job job;

    if (!draw_job_init(&job, list, fixed, lot->draw.seed))
        return "no memory to draw again";
    do {
        progress = draw_job_step(&job, UNITS);
    } while (progress == DRAW_MORE);
    for (uint32_t i = 0; i < fixed->n_strata && !fault; i++) {
        if (progress != DRAW_DONE || !same_places(lottery, lot, &job, i))
            fault = "the places are not those of the draw";
        else if (lottery->service->held &&
                 lottery->service->held(lottery->self, lot->lot_id, (int32_t)i) > terms->strata[i].quota)
            fault = "more are entitled than the quota";
    }
    draw_job_done(&job);
    return fault;
}

static const char *fault_of(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot)
{
    struct draw_terms *fixed = lot_draw_terms(lottery, terms, lot->draw.commitment, lot->draw.steps);
    unsigned char commitment[DRAW_HASH_LEN];
    struct draw_list list = {0};
    const char *fault = NULL;

    if (!fixed)
        return "no memory for its terms";
    draw_commitment(lot->draw.secret, lot->draw.steps, commitment);
    if (draw_may_use(&lot->draw, fixed) != DRAW_OK)
        fault = "the terms are not those announced";
    else if (lot->stage != terms->stage)
        fault = "its record is not where it stands";
    else if (lottery_reached(lot) < DRAW_FROZEN)
        fault = NULL;
    else if (lot->draw.version > 1 &&
             (lot->draw.frozen_ms < terms->closes_at || lot->draw.frozen_ms >= terms->value_at))
        fault = "the list was not fixed between the closing and the value";
    else if (!make_list(lottery, lot, fixed, &list) || !draw_is_frozen(&lot->draw, list.top, list.n))
        fault = "the list is not the frozen one";
    else if (lot->draw.state == DRAW_PUBLISHED && memcmp(commitment, lot->draw.commitment, DRAW_HASH_LEN) != 0)
        fault = "the secret is not the one committed to";
    else if (lot->draw.state == DRAW_PUBLISHED)
        fault = drawn_fault(lottery, terms, lot, &list, fixed);
    draw_list_done(&list);
    free(fixed);
    return fault;
}

static const char *find_fault(struct lottery *lottery, int64_t lot_id)
{
    const char *fault = "has no record";
    struct lot_terms terms;
    struct arena arena;
    struct lot lot;

    arena_init(&arena, LIMIT_BATCH_ARENA);
    if (find_lot(lottery, lot_id, &arena, &terms, &lot))
        fault = fault_of(lottery, &terms, &lot);
    arena_done(&arena);
    return fault;
}

/* The lot behind one, 0: none. */
static int64_t lot_after(struct lottery *lottery, int64_t lot_id)
{
    store_ask(lottery->store, lottery->sql + LOT_SQL_AFTER, "i", lot_id);
    return store_number(lottery->store, lottery->sql + LOT_SQL_AFTER);
}

bool lot_audit(void *arg, FILE *out)
{
    struct lottery *lottery = arg;
    const char *fault = NULL;
    int64_t id = 0;

    while (!fault && (id = lot_after(lottery, id)))
        fault = find_fault(lottery, id);
    if (fault)
        fprintf(out, "lot %lld: %s\n", (long long)id, fault);
    return !fault;
}
