/* row.h: rows as messages.
 *
 * A column is the field that is called like it; other columns are for the caller, and
 * fields without a column keep their default. */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "common/base/arena.h"
#include "common/store/store.h"

/* The present row of a query as a message in the arena, or NULL when it is full. */
void *row_message(struct store *store, unsigned sql, const ProtobufCMessageDescriptor *type, struct arena *arena);
/* The next row of a query likewise; NULL is also the end. */
void *row_next(struct store *store, unsigned sql, const ProtobufCMessageDescriptor *type, struct arena *arena);
/* The first, which ends the query. */
void *row_only(struct store *store, unsigned sql, const ProtobufCMessageDescriptor *type, struct arena *arena);
