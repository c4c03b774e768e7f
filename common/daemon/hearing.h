/* hearing.h: how far each part has heard another service's journal.
 *
 * All parts of a service hear a journal by one cursor, in the order of its rows. A part that
 * must know all that ever was in it (part_spec.from_first) may come into a store that has
 * followed the journal for years. At its first start the cursor goes back to the beginning:
 * what the others have heard is then given to that part alone, until it has caught up, and
 * from there on all hear as one. */
#pragma once
#include "common/daemon/part.h"

struct hearing {
    int64_t upto[LIMIT_PARTS]; /* rows up to this are not for the part of that place in the table */
};

/* Reads it for a source (a queue, or a partition's of it), and puts its cursor back when a part
 * hears it for the first time; before it is followed. 0 or -1, logged. */
int hearing_open(struct store *store, const struct part_table *table, const char *queue, const char *source,
                 struct hearing *ret);
