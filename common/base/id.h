/* id.h: ids made by the program.
 *
 * 41 bits of milliseconds since 2024-01-01 UTC, then 11 bits that count within the
 * millisecond, then 10 bits of the partition whose store it is of. A source never
 * gives the same id twice and always a greater one, also when the clock steps back,
 * so tables keyed by id are appended to. Work that takes more ids than a millisecond
 * holds runs ahead of the clock, which catches up; no carry reaches the partition.
 *
 * Stores made before there were partitions hold ids whose lower 21 bits count: what
 * was made before a store's first id of this form (store/ids.h) is of partition 0. */
#pragma once

#include "common/base/limits.h"

#define ID_EPOCH_MS  INT64_C(1704067200000)
#define ID_STEP      (INT64_C(1) << LIMIT_ID_PARTITION_BITS) /* from one id of a source to the next */
#define ID_TIME_BITS (LIMIT_ID_COUNTER_BITS + LIMIT_ID_PARTITION_BITS)
#define ID_TIME_MAX  ((INT64_C(1) << LIMIT_ID_CLOCK_BITS) - 1)

struct id_source {
    int64_t last; /* the greatest id given; set at start from the store */
    int64_t partition;
};

/* The least id of an instant: those made before it are smaller, those made since are not. */
static inline int64_t id_at(int64_t at_ms)
{
    int64_t ms = at_ms - ID_EPOCH_MS;

    return ms <= 0 ? 0 : (ms < ID_TIME_MAX ? ms : ID_TIME_MAX) << ID_TIME_BITS;
}

static inline int64_t id_next(struct id_source *source, int64_t now_ms)
{
    int64_t id = id_at(now_ms), next = (source->last & ~(ID_STEP - 1)) + ID_STEP;

    source->last = (id > next ? id : next) | source->partition;
    return source->last;
}

/* When an id was made, in milliseconds since 1970; later than the clock's time then if
 * it ran ahead. */
static inline int64_t id_time_ms(int64_t id)
{
    return (id >> ID_TIME_BITS) + ID_EPOCH_MS;
}

/* Of an id that is not from before its store's first one. */
static inline unsigned id_partition(int64_t id)
{
    return (unsigned)(id & (ID_STEP - 1));
}
