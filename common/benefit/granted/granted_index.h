/* granted_index.h: what each person has got, in memory: the rows of granted.h by who holds them.
 *
 * A row is an entry of the list of the number under which it was given. Accounts that have become one hold one
 * another's numbers: the kept one's list goes on with theirs. Numbers are found by open addressing; an entry takes 56
 * bytes, a number 40. Every change that is made in a call is undone with it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct granted_entry {
    int64_t source_id, at, fen, group_key, ceiling_key, ceiling_fen;
    uint32_t older; /* of the same number */
    uint8_t service, state;
};

struct granted_index;

struct granted_index *granted_index_new(void);
void granted_index_free(struct granted_index *index);
/* How many entries there are. */
size_t granted_index_size(const struct granted_index *index);

/* In all of these call is NULL at the start. False without memory, or when there are LIMIT_GRANTED. */
bool granted_index_add(struct granted_index *index, int64_t number, const struct granted_entry *entry, void *call);
bool granted_index_join(struct granted_index *index, int64_t number, int64_t holder_id, void *call);

/* An entry of a number, or NULL. */
struct granted_entry *granted_index_find(const struct granted_index *index, int64_t number, int service,
                                         int64_t source_id);
/* Gives an entry that was found another state. */
void granted_index_set(struct granted_index *index, struct granted_entry *entry, int state, void *call);
/* Takes an entry of a number away. */
void granted_index_remove(struct granted_index *index, int64_t number, const struct granted_entry *entry, void *call);

/* All that the holder of a number has got, by whichever, the latest of each number first. */
struct granted_walk {
    const struct granted_index *index;
    uint32_t number, entry; /* where it stands */
    bool own;
};
struct granted_walk granted_walk(const struct granted_index *index, int64_t number);
/* What was given under a number alone. */
struct granted_walk granted_walk_own(const struct granted_index *index, int64_t number);
/* NULL at the end. What is given may be taken away before the next; nothing else, and nothing is added. */
struct granted_entry *granted_walk_next(struct granted_walk *walk);
/* Under which number the last one was given. */
int64_t granted_walk_number(const struct granted_walk *walk);
