#include "common/benefit/granted/granted_index.h"

#include "common/base/limits.h"
#include "common/rpc/rpc.h"

#define NONE       UINT32_MAX
#define FIRST_SIZE 1024

struct number {
    int64_t member_id;
    uint32_t newest; /* entry, */
    uint32_t holder; /* and number that holds this one; itself */
    uint32_t also;   /* the next of those that one holder has */
};

struct granted_index {
    struct number *numbers;
    uint32_t n_numbers, room_numbers;
    uint32_t *slots; /* twice as many as there is room for numbers */
    struct granted_entry *entries;
    uint32_t n_entries, room_entries;
    uint32_t spare; /* entries that were taken away, by `older` */
    uint32_t n_spare;
};

struct granted_index *granted_index_new(void)
{
    struct granted_index *index = calloc(1, sizeof(*index));

    if (index)
        index->spare = NONE;
    return index;
}

void granted_index_free(struct granted_index *index)
{
    if (!index)
        return;
    free(index->numbers);
    free(index->slots);
    free(index->entries);
    free(index);
}

size_t granted_index_size(const struct granted_index *index)
{
    return index->n_entries - index->n_spare;
}

/* ---- numbers ---- */

/* Fibonacci hashing (Knuth 6.4), as ids count upwards. */
static size_t slot_of(const struct granted_index *index, int64_t member_id)
{
    return (size_t)(((uint64_t)member_id * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (2 * (size_t)index->room_numbers - 1);
}

static uint32_t find(const struct granted_index *index, int64_t member_id)
{
    if (index->room_numbers == 0)
        return NONE;
    for (size_t i = slot_of(index, member_id);; i = (i + 1) & (2 * (size_t)index->room_numbers - 1)) {
        uint32_t at = index->slots[i];

        if (at == NONE || index->numbers[at].member_id == member_id)
            return at;
    }
}

static void put_slot(struct granted_index *index, uint32_t at)
{
    size_t i = slot_of(index, index->numbers[at].member_id);

    while (index->slots[i] != NONE)
        i = (i + 1) & (2 * (size_t)index->room_numbers - 1);
    index->slots[i] = at;
}

static bool grow_numbers(struct granted_index *index)
{
    uint32_t room = index->room_numbers ? 2 * index->room_numbers : FIRST_SIZE;
    struct number *numbers = realloc(index->numbers, room * sizeof(*numbers));
    uint32_t *slots;

    if (!numbers)
        return false;
    index->numbers = numbers;
    slots = malloc(2 * (size_t)room * sizeof(*slots));
    if (!slots)
        return false;
    memset(slots, 0xff, 2 * (size_t)room * sizeof(*slots));
    free(index->slots);
    index->slots = slots;
    index->room_numbers = room;
    for (uint32_t i = 0; i < index->n_numbers; i++)
        put_slot(index, i);
    return true;
}

/* The number, which stays when the call that brought it is undone. NONE without memory. */
static uint32_t number_of(struct granted_index *index, int64_t member_id)
{
    uint32_t at = find(index, member_id);

    if (at != NONE)
        return at;
    if (index->n_numbers == LIMIT_GRANTED || (index->n_numbers == index->room_numbers && !grow_numbers(index)))
        return NONE;
    at = index->n_numbers++;
    index->numbers[at] = (struct number){.member_id = member_id, .newest = NONE, .holder = at, .also = NONE};
    put_slot(index, at);
    return at;
}

/* ---- entries ---- */

static bool make_room(struct granted_index *index)
{
    uint32_t room = index->room_entries ? 2 * index->room_entries : FIRST_SIZE;
    struct granted_entry *entries;

    if (index->spare != NONE || index->n_entries < index->room_entries)
        return true;
    if (index->n_entries == LIMIT_GRANTED)
        return false;
    entries = realloc(index->entries, room * sizeof(*entries));
    if (!entries)
        return false;
    index->entries = entries;
    index->room_entries = room;
    return true;
}

static void spare(struct granted_index *index, uint32_t at)
{
    index->entries[at].older = index->spare;
    index->spare = at;
    index->n_spare++;
}

static uint32_t take_spare(struct granted_index *index)
{
    uint32_t at = index->spare;

    index->spare = index->entries[at].older;
    index->n_spare--;
    return at;
}

static void undo_add(void *arg, int64_t at, int64_t number)
{
    struct granted_index *index = arg;

    ensure(index->numbers[number].newest == (uint32_t)at);
    index->numbers[number].newest = index->entries[at].older;
    spare(index, (uint32_t)at);
}

bool granted_index_add(struct granted_index *index, int64_t number, const struct granted_entry *entry, void *call)
{
    uint32_t of = number_of(index, number), at;

    if (of == NONE || !make_room(index))
        return false;
    at = index->spare == NONE ? index->n_entries++ : take_spare(index);
    index->entries[at] = *entry;
    index->entries[at].older = index->numbers[of].newest;
    index->numbers[of].newest = at;
    if (call)
        rpc_on_undo(call, undo_add, index, at, of);
    return true;
}

struct granted_entry *granted_index_find(const struct granted_index *index, int64_t number, int service,
                                         int64_t source_id)
{
    struct granted_walk walk = granted_walk_own(index, number);
    struct granted_entry *entry;

    while ((entry = granted_walk_next(&walk))) {
        if (entry->source_id == source_id && entry->service == service)
            return entry;
    }
    return NULL;
}

static void undo_set(void *arg, int64_t at, int64_t state)
{
    struct granted_index *index = arg;

    index->entries[at].state = (uint8_t)state;
}

void granted_index_set(struct granted_index *index, struct granted_entry *entry, int state, void *call)
{
    rpc_on_undo(call, undo_set, index, entry - index->entries, entry->state);
    entry->state = (uint8_t)state;
}

/* Where the index of an entry stands that follows another one, or is a number's first. */
static uint32_t *link_of(struct granted_index *index, uint32_t number, uint32_t before)
{
    return before == NONE ? &index->numbers[number].newest : &index->entries[before].older;
}

static void undo_remove(void *arg, int64_t number, int64_t before)
{
    struct granted_index *index = arg;
    uint32_t *link = link_of(index, (uint32_t)number, (uint32_t)before), at = take_spare(index);

    index->entries[at].older = *link;
    *link = at;
}

void granted_index_remove(struct granted_index *index, int64_t number, const struct granted_entry *entry, void *call)
{
    uint32_t of = find(index, number), at = (uint32_t)(entry - index->entries), before = NONE;
    uint32_t *link = link_of(index, of, before);

    while (*link != at) {
        before = *link;
        link = link_of(index, of, before);
    }
    *link = entry->older;
    spare(index, at);
    rpc_on_undo(call, undo_remove, index, of, before);
}

/* ---- holders ---- */

/* Moves the first of those that a number holds to another's. */
static void hand_first(struct granted_index *index, uint32_t from, uint32_t to)
{
    uint32_t at = index->numbers[from].also;

    index->numbers[from].also = index->numbers[at].also;
    index->numbers[at].also = index->numbers[to].also;
    index->numbers[to].also = at;
    index->numbers[at].holder = to;
}

static void undo_hand_first(void *index, int64_t from, int64_t to)
{
    hand_first(index, (uint32_t)to, (uint32_t)from);
}

static void undo_join(void *arg, int64_t of, int64_t to)
{
    struct granted_index *index = arg;

    index->numbers[to].also = index->numbers[of].also;
    index->numbers[of].also = NONE;
    index->numbers[of].holder = (uint32_t)of;
}

bool granted_index_join(struct granted_index *index, int64_t number, int64_t holder_id, void *call)
{
    uint32_t of = number_of(index, number), to = number_of(index, holder_id);

    if (of == NONE || to == NONE)
        return false;
    to = index->numbers[to].holder;
    if (index->numbers[of].holder != of || of == to)
        return true; /* it is known already */
    while (index->numbers[of].also != NONE) {
        hand_first(index, of, to);
        if (call)
            rpc_on_undo(call, undo_hand_first, index, of, to);
    }
    index->numbers[of].also = index->numbers[to].also;
    index->numbers[of].holder = to;
    index->numbers[to].also = of;
    if (call)
        rpc_on_undo(call, undo_join, index, of, to);
    return true;
}

/* ---- walks ---- */

static struct granted_walk walk_from(const struct granted_index *index, uint32_t number, bool own)
{
    uint32_t newest = number == NONE ? NONE : index->numbers[number].newest;

    return (struct granted_walk){.index = index, .number = number, .entry = newest, .own = own};
}

struct granted_walk granted_walk(const struct granted_index *index, int64_t number)
{
    uint32_t at = find(index, number);

    return walk_from(index, at == NONE ? NONE : index->numbers[at].holder, false);
}

struct granted_walk granted_walk_own(const struct granted_index *index, int64_t number)
{
    return walk_from(index, find(index, number), true);
}

struct granted_entry *granted_walk_next(struct granted_walk *walk)
{
    struct granted_entry *entry;

    while (walk->entry == NONE) {
        if (walk->own || walk->number == NONE)
            return NULL;
        walk->number = walk->index->numbers[walk->number].also;
        walk->entry = walk->number == NONE ? NONE : walk->index->numbers[walk->number].newest;
    }
    entry = &walk->index->entries[walk->entry];
    walk->entry = entry->older;
    return entry;
}

int64_t granted_walk_number(const struct granted_walk *walk)
{
    return walk->index->numbers[walk->number].member_id;
}
