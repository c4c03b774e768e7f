/* ids.h: where the ids of a store begin.
 *
 * A store has one source of ids (base/id.h) and belongs to one partition, which it
 * records at its first start together with the first id that it will give. A store
 * that held ids before that gives only greater ones; those it held are of partition
 * 0, whatever their lower bits say. Another partition's daemon does not get to serve
 * the store, so that no two ever make the same id. */
#pragma once

#include "common/base/id.h"
#include "common/store/store.h"

/* Makes the source of a store, outside a batch. last is the greatest id in any of its
 * tables. ret_first, when not NULL: the recorded first id. 0, or -1 after logging why. */
int ids_open(struct id_source *ids, struct store *store, unsigned partition, int64_t last, int64_t now,
             int64_t *ret_first);
