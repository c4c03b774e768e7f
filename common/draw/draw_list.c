#include "common/draw/draw_internal.h"

#define FIRST_SIZE 1024
#define RUN        16        /* entries that are sorted in place before merging */
#define TOUCHES    8         /* entries moved in the time of one hash */
#define PIECE      (1 << 18) /* entries of memory given back at once */

enum phase {
    OPEN,
    RUNS,   /* sort runs of RUN entries */
    MERGE,  /* merge runs of `width` into the spare array, and swap the arrays */
    GIVE,   /* the spare array back */
    UNIQUE, /* drop tickets that are there twice */
    LEAVES, /* hash the leaves */
    NODES,  /* and what is above them */
    FROZEN,
};

static int compare(const struct draw_entry *a, const struct draw_entry *b)
{
    int order = draw_ticket_compare(a->ticket, b->ticket);

    if (order == 0)
        order = (a->stratum > b->stratum) - (a->stratum < b->stratum);
    return order ? order : (a->weight > b->weight) - (a->weight < b->weight);
}

void draw_list_init(struct draw_list *list, const struct draw_terms *terms)
{
    *list = (struct draw_list){.ordered = true, .n_strata = terms->n_strata, .weight_max = terms->weight_max};
}

void draw_list_done(struct draw_list *list)
{
    if (!list)
        return;
    free(list->entries);
    free(list->spare);
    free(list->nodes);
    memset(list, 0, sizeof(*list));
}

enum draw_reason draw_list_add(struct draw_list *list, const struct draw_entry *entry)
{
    if (list->phase != OPEN)
        return DRAW_LIST_FIXED;
    if (entry->stratum >= list->n_strata || entry->weight < 1 || entry->weight > list->weight_max)
        return DRAW_BAD_ENTRY;
    if (list->n == list->size) {
        uint32_t size = list->size ? list->size * 2 : FIRST_SIZE;
        struct draw_entry *entries =
            list->n < DRAW_ENTRIES_MAX ? realloc(list->entries, size * sizeof(*entries)) : NULL;

        if (!entries)
            return DRAW_FULL;
        list->entries = entries;
        list->size = size;
    }
    if (list->n && compare(&list->entries[list->n - 1], entry) >= 0)
        list->ordered = false;
    list->entries[list->n++] = *entry;
    return DRAW_OK;
}

/* ---- the freeze, phase by phase; each works on at most `touches` entries ---- */

static uint32_t minimum(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void sort_runs(struct draw_list *list, uint32_t touches)
{
    uint32_t end = minimum(list->n, list->at + (touches / RUN + 1) * RUN);

    for (; list->at < end; list->at += RUN) {
        struct draw_entry *run = list->entries + list->at;
        uint32_t n = minimum(RUN, list->n - list->at);

        for (uint32_t i = 1; i < n; i++) {
            struct draw_entry entry = run[i];
            uint32_t k = i;

            for (; k > 0 && compare(&run[k - 1], &entry) > 0; k--)
                run[k] = run[k - 1];
            run[k] = entry;
        }
    }
    if (list->at >= list->n) {
        list->width = RUN;
        list->left = list->i = list->at = 0;
        list->j = minimum(list->n, RUN);
        list->phase = list->n > RUN ? MERGE : UNIQUE;
    }
}

static void merge(struct draw_list *list, uint32_t touches)
{
    const struct draw_entry *from = list->entries;

    while (touches-- && list->at < list->n) {
        uint32_t middle = minimum(list->n, list->left + list->width);
        uint32_t end = minimum(list->n, middle + list->width);
        bool right = list->i == middle || (list->j < end && compare(&from[list->j], &from[list->i]) < 0);

        list->spare[list->at++] = from[right ? list->j++ : list->i++];
        if (list->at == end) {
            list->left = list->i = end;
            list->j = minimum(list->n, end + list->width);
        }
    }
    if (list->at == list->n) {
        struct draw_entry *sorted = list->spare;

        list->spare = list->entries;
        list->entries = sorted;
        list->width *= 2;
        list->left = list->i = list->at = 0;
        list->j = minimum(list->n, list->width);
        if (list->width >= list->n)
            list->phase = GIVE;
    }
}

/* Bit by bit: the system needs milliseconds to take back hundreds of megabytes. */
static void give_spare(struct draw_list *list)
{
    struct draw_entry *rest = NULL;

    if (list->n_spare > PIECE)
        rest = realloc(list->spare, (list->n_spare - PIECE) * sizeof(*rest));
    if (rest) {
        list->spare = rest;
        list->n_spare -= PIECE;
        return;
    }
    free(list->spare);
    list->spare = NULL;
    list->at = 0;
    list->phase = UNIQUE;
}

static void drop_duplicates(struct draw_list *list, uint32_t touches)
{
    for (; touches && list->at < list->n; touches--, list->at++) {
        const struct draw_entry *entry = &list->entries[list->at];

        if (list->kept == 0 || draw_ticket_compare(list->entries[list->kept - 1].ticket, entry->ticket) != 0)
            list->entries[list->kept++] = *entry;
    }
    if (list->at == list->n) {
        list->duplicates = list->n - list->kept;
        list->n = list->kept;
        list->at = 0;
        list->phase = LEAVES;
    }
}

static uint32_t level_width(const struct draw_list *list, uint32_t level)
{
    return list->level_at[level + 1] - list->level_at[level];
}

static void hash_leaves(struct draw_list *list, uint32_t units)
{
    for (uint32_t leaves = units / 20 + 1; leaves && list->at < level_width(list, 0); leaves--, list->at++) {
        uint32_t first = list->at * DRAW_LEAF;

        draw_leaf_hash(list->entries + first, minimum(DRAW_LEAF, list->n - first), list->nodes[list->at]);
    }
    if (list->at == level_width(list, 0)) {
        list->at = list->level = 0;
        list->phase = NODES;
    }
}

static void hash_nodes(struct draw_list *list, uint32_t units)
{
    while (level_width(list, list->level) > 1) {
        unsigned char(*below)[DRAW_HASH_LEN] = list->nodes + list->level_at[list->level];
        unsigned char(*above)[DRAW_HASH_LEN] = list->nodes + list->level_at[list->level + 1];

        for (; list->at < level_width(list, list->level + 1); list->at++) {
            uint32_t left = list->at * 2;

            if (units < 2)
                return;
            units -= 2;
            if (left + 1 < level_width(list, list->level))
                draw_node_hash(below[left], below[left + 1], above[list->at]);
            else
                memcpy(above[list->at], below[left], DRAW_HASH_LEN);
        }
        list->at = 0;
        list->level++;
    }
    memcpy(list->top, list->nodes[list->level_at[list->level]], DRAW_HASH_LEN);
    list->phase = FROZEN;
}

/* Takes what the phase needs; false without memory. */
static bool prepare(struct draw_list *list)
{
    uint32_t width, level = 0;

    if (list->phase == MERGE && !list->spare) {
        list->spare = malloc(list->n * sizeof(*list->spare));
        list->n_spare = list->n;
        return list->spare != NULL;
    }
    if (list->phase != LEAVES || list->nodes)
        return true;
    width = list->n ? (list->n + DRAW_LEAF - 1) / DRAW_LEAF : 1;
    for (list->level_at[0] = 0;; width = (width + 1) / 2) {
        list->level_at[level + 1] = list->level_at[level] + width;
        level++;
        if (width == 1)
            break;
    }
    list->nodes = malloc(list->level_at[level] * sizeof(*list->nodes));
    return list->nodes != NULL;
}

enum draw_progress draw_list_freeze(struct draw_list *list, uint32_t units)
{
    units = units < 2 ? 2 : units;
    if (list->phase == OPEN)
        list->phase = list->ordered ? UNIQUE : RUNS;
    if (!prepare(list))
        return DRAW_NO_MEMORY;
    switch ((enum phase)list->phase) {
    case OPEN:
    case FROZEN:
        break;
    case RUNS:
        sort_runs(list, minimum(units, DRAW_ENTRIES_MAX) * 2);
        break;
    case MERGE:
        merge(list, minimum(units, DRAW_ENTRIES_MAX) * TOUCHES);
        break;
    case GIVE:
        give_spare(list);
        break;
    case UNIQUE:
        drop_duplicates(list, minimum(units, DRAW_ENTRIES_MAX) * TOUCHES);
        break;
    case LEAVES:
        hash_leaves(list, units);
        break;
    case NODES:
        hash_nodes(list, units);
        break;
    }
    return list->phase == FROZEN ? DRAW_DONE : DRAW_MORE;
}

bool draw_list_find(const struct draw_list *list, const unsigned char ticket[DRAW_TICKET_LEN], uint32_t *ret_index)
{
    uint32_t low = 0, high = list->n;

    ensure(list->phase == FROZEN);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = draw_ticket_compare(ticket, list->entries[middle].ticket);

        if (order == 0) {
            *ret_index = middle;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}
