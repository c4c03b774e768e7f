/* draw_fields.h: the fields of a line of a published draw.
 *
 * Each function moves the cursor behind what it read, or returns false when that is
 * not what stands there; where the cursor is then does not matter. */
#pragma once
#include "common/draw/draw_internal.h"

struct cursor {
    const char *at, *end;
};

static inline bool read_blank(struct cursor *c)
{
    return c->at < c->end && *c->at++ == ' ';
}

static inline bool read_number(struct cursor *c, uint64_t max, uint64_t *ret)
{
    const char *begin = c->at;
    uint64_t value = 0;

    while (c->at < c->end && *c->at >= '0' && *c->at <= '9' && value <= max)
        value = value * 10 + (uint64_t)(*c->at++ - '0');
    if (c->at == begin || value > max || (*begin == '0' && c->at - begin > 1))
        return false;
    *ret = value;
    return true;
}

static inline bool read_u32(struct cursor *c, uint32_t max, uint32_t *ret)
{
    uint64_t value;

    if (!read_number(c, max, &value))
        return false;
    *ret = (uint32_t)value;
    return true;
}

static inline bool read_time(struct cursor *c, int64_t *ret_ms)
{
    uint64_t value;

    if (!read_number(c, INT64_C(1) << 53, &value))
        return false;
    *ret_ms = (int64_t)value;
    return true;
}

/* Eight hex digits, the first in the lowest byte, as four bytes; adds to *bad what
 * is no digit. Half of a verifier's time besides hashing would go to digits read
 * one by one. */
static inline uint32_t eight_digits(uint64_t text, uint64_t *bad)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t letters = text >> 6 & ones; /* 1 where bit 6 is set, as in a..f */
    uint64_t low = text & 0x0f * ones;
    uint64_t values = low + 9 * letters;

    /* A digit is 0x30 + 0..9, a letter 0x60 + 1..6: the high halves must be those, and
     * the low halves in range: x - 1 and 6 - x of a letter, 9 - x of a digit are not
     * negative. */
    *bad |= (text & 0xf0 * ones) ^ (0x30 * ones + 0x30 * letters);
    *bad |= ((0x89 * ones - 3 * letters - low) & tops) ^ tops;
    *bad |= (((low | tops) - letters) & tops) ^ tops;
    values = (values << 4 | values >> 8) & UINT64_C(0x00ff00ff00ff00ff);
    values = (values | values >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (uint32_t)(values | values >> 16);
}

static inline uint32_t digits_at(const char *at, uint64_t *bad)
{
    uint64_t text;

    memcpy(&text, at, sizeof(text));
    return eight_digits(text, bad);
}

/* Stored in one piece: it is read in one piece at once, and a processor that finds
 * it in parts would wait until all earlier stores are through. */
static inline bool read_ticket(struct cursor *c, unsigned char ret[DRAW_TICKET_LEN])
{
    typedef uint32_t whole __attribute__((vector_size(DRAW_TICKET_LEN)));
    const char *at = c->at;
    uint64_t bad = 0;

    if (c->end - at < 2 * DRAW_TICKET_LEN)
        return false;
    c->at += 2 * DRAW_TICKET_LEN;

    whole ticket = {digits_at(at, &bad), digits_at(at + 8, &bad), digits_at(at + 16, &bad), digits_at(at + 24, &bad)};

    memcpy(ret, &ticket, sizeof(ticket));
    return bad == 0;
}

static inline bool read_hash(struct cursor *c, unsigned char ret[DRAW_HASH_LEN])
{
    return read_ticket(c, ret) && read_ticket(c, ret + DRAW_TICKET_LEN);
}

static inline bool read_text(struct cursor *c, char *ret, size_t size)
{
    size_t len = (size_t)(c->end - c->at);

    if (len >= size || memchr(c->at, '\0', len))
        return false;
    memcpy(ret, c->at, len);
    ret[len] = '\0';
    c->at = c->end;
    return draw_is_line(ret, size);
}

/* The line's first word; false, with the cursor unmoved, when it is another. */
static inline bool read_word(struct cursor *c, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(c->end - c->at) < len || memcmp(c->at, word, len) != 0)
        return false;
    c->at += len;
    return true;
}
