/* lottery_list.c: frozen lists and their draws in memory, made from the store in slices. */
#include "common/base/log.h"
#include "common/benefit/lottery/lottery_internal.h"

#define UNITS      4000 /* of a slice, in hashes: about a millisecond */
#define READ_SLICE 2000 /* entries */

#define KEYS 64 /* of lots that members enter at a time; a power of two, see lot_key_place */

struct lottery_lists {
    struct lot_list lists[LOTTERY_LISTS];
    struct lot_key keys[KEYS];
    uint64_t asked;
};

enum phase {
    READING, /* the entries from the store */
    SORTING, /* and hashing the tree */
    LISTED,
    RANKING,
    DRAWN,
    FAILED, /* no memory; dropped when it is asked for again */
};

static void drop(struct lot_list *list)
{
    draw_job_done(&list->job);
    draw_list_done(&list->list);
    free(list->terms);
    *list = (struct lot_list){0};
}

struct lottery_lists *lot_lists_new(void)
{
    return calloc(1, sizeof(struct lottery_lists));
}

struct lot_key *lot_key_place(struct lottery_lists *lists, int64_t lot_id)
{
    return &lists->keys[((uint64_t)lot_id * UINT64_C(0x9e3779b97f4a7c15)) >> 58];
}

void lot_lists_free(struct lottery_lists *lists)
{
    for (unsigned i = 0; lists && i < LOTTERY_LISTS; i++)
        drop(&lists->lists[i]);
    free(lists);
}

static bool is_busy(const struct lot_list *list)
{
    return list->lot_id && (list->phase == READING || list->phase == SORTING || list->phase == RANKING);
}

/* An unused place, or that of the list that nobody has asked for longest; NULL when
 * all are being made. */
static struct lot_list *place_for(struct lottery_lists *lists)
{
    struct lot_list *oldest = NULL;

    for (unsigned i = 0; i < LOTTERY_LISTS; i++) {
        struct lot_list *list = &lists->lists[i];

        if (!is_busy(list) && (!oldest || list->used < oldest->used))
            oldest = list;
    }
    return oldest;
}

static struct lot_list *begin(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot)
{
    struct lot_list *list = place_for(lottery->lists);

    if (!list)
        return NULL;
    drop(list);
    list->terms = lot_draw_terms(lottery, terms, lot->draw.commitment, lot->draw.steps);
    if (!list->terms)
        return NULL;
    draw_list_init(&list->list, list->terms);
    list->lot_id = terms->lot_id;
    /* Ids grow with time, and nobody enters before the opening. */
    list->read_to = id_at(terms->opens_at) - 1;
    list->last_entry = lot->last_entry;
    return list;
}

struct lot_list *lot_obtain_list(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot)
{
    struct lot_list *list = NULL;

    for (unsigned i = 0; i < LOTTERY_LISTS; i++) {
        if (lottery->lists->lists[i].lot_id == terms->lot_id)
            list = &lottery->lists->lists[i];
    }
    if (list && list->phase == FAILED) {
        drop(list);
        list = NULL;
    }
    if (!list)
        list = begin(lottery, terms, lot);
    if (!list)
        return NULL;
    list->used = ++lottery->lists->asked;
    if (!list->drawn && lottery_reached(lot) >= DRAW_DRAWN) {
        list->drawn = true;
        memcpy(list->seed, lot->draw.seed, DRAW_HASH_LEN);
        if (list->phase == LISTED && draw_job_init(&list->job, &list->list, list->terms, list->seed))
            list->phase = RANKING;
    }
    return list->phase == (list->drawn ? DRAWN : LISTED) ? list : NULL;
}

/* ---- slices ---- */

struct reading {
    struct lottery *lottery;
    struct lot_list *list;
    bool end;
};

static void read_entries(void *call, void *arg)
{
    struct reading *reading = arg;
    struct lot_list *list = reading->list;
    unsigned left = READ_SLICE;
    struct lot_entry entry;

    (void)call;
    lot_ask_entries(reading->lottery, list->read_to, list->last_entry);
    while (left > 0 && lot_next_entry(reading->lottery, &entry)) {
        struct draw_entry one = lot_draw_entry(&entry);

        left--;
        list->read_to = entry.id;
        if (entry.lot_id != list->lot_id || entry.withdrawn_at)
            continue;
        if (draw_list_add(&list->list, &one) != DRAW_OK)
            list->phase = FAILED;
    }
    if (left > 0)
        reading->end = true;
    else
        lot_end_entries(reading->lottery);
}

static void advance(struct lot_list *list, enum draw_progress progress, int next)
{
    if (progress == DRAW_DONE)
        list->phase = next;
    else if (progress == DRAW_NO_MEMORY)
        list->phase = FAILED;
}

/* False when the store cannot be read now. */
static bool step(struct lottery *lottery, struct lot_list *list)
{
    struct reading reading = {.lottery = lottery, .list = list};

    switch (list->phase) {
    case READING:
        if (rpc_server_transact(lottery->parts->rpc, read_entries, &reading))
            return false;
        if (reading.end && list->phase == READING)
            list->phase = SORTING;
        break;
    case SORTING:
        advance(list, draw_list_freeze(&list->list, UNITS), LISTED);
        if (list->phase == LISTED && list->drawn)
            list->phase = draw_job_init(&list->job, &list->list, list->terms, list->seed) ? RANKING : FAILED;
        break;
    case RANKING:
        advance(list, draw_job_step(&list->job, UNITS), DRAWN);
        break;
    default:
        break;
    }
    if (list->phase == FAILED)
        log_error("lot_without_memory", "lot", log_int(list->lot_id));
    return true;
}

bool lot_lists_step(struct lottery *lottery)
{
    for (unsigned i = 0; i < LOTTERY_LISTS; i++) {
        if (is_busy(&lottery->lists->lists[i]))
            return step(lottery, &lottery->lists->lists[i]);
    }
    return false;
}
