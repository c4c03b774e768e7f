/* id.h: ids made by the program.
 *
 * 41 bits of milliseconds since 2024-01-01 UTC, then 21 bits that count within
 * the millisecond. A source never gives the same id twice and always a greater
 * one, also when the clock steps back, so tables keyed by id are appended to. */
#pragma once

struct id_source {
    int64_t last; /* the greatest id given; set at start from the store */
};

#define ID_EPOCH_MS INT64_C(1704067200000)

static inline int64_t id_next(struct id_source *source, int64_t now_ms)
{
    int64_t id = now_ms > ID_EPOCH_MS ? (now_ms - ID_EPOCH_MS) << 21 : 0;

    source->last = id > source->last ? id : source->last + 1;
    return source->last;
}

/* The token of a page is the last id of the page before, in decimal; "" is 0. */
static inline bool page_token_read(const char *token, int64_t *ret_after)
{
    size_t len = strlen(token);

    if (len > 18 || strspn(token, "0123456789") != len)
        return false;
    *ret_after = strtoll(token, NULL, 10);
    return true;
}
