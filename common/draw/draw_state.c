#include "common/draw/draw.h"
#include "common/draw/draw_internal.h"

enum act {
    ACT_OPEN,
    ACT_ENTER,
    ACT_FREEZE,
    ACT_DRAW,
    ACT_PUBLISH,
    ACT_VOID,
};

/* What each state answers to each act; DRAW_OK where the act's own conditions
 * decide. */
static enum draw_reason allowed(enum draw_state state, enum act act)
{
    static const enum draw_reason table[][6] = {
        /* open, enter, freeze, draw, publish, void */
        [DRAW_NOTHING] = {DRAW_NOT_OPEN, DRAW_NOT_OPEN, DRAW_NOT_OPEN, DRAW_NOT_FROZEN, DRAW_NOT_DRAWN, DRAW_NOT_OPEN},
        [DRAW_ANNOUNCED] = {DRAW_OK, DRAW_NOT_OPEN, DRAW_NOT_OPEN, DRAW_NOT_FROZEN, DRAW_NOT_DRAWN, DRAW_OK},
        [DRAW_OPEN] = {DRAW_TERMS_FIXED, DRAW_OK, DRAW_OK, DRAW_NOT_FROZEN, DRAW_NOT_DRAWN, DRAW_OK},
        [DRAW_FROZEN] = {DRAW_CLOSED, DRAW_CLOSED, DRAW_LIST_FIXED, DRAW_OK, DRAW_NOT_DRAWN, DRAW_OK},
        [DRAW_DRAWN] = {DRAW_CLOSED, DRAW_CLOSED, DRAW_LIST_FIXED, DRAW_ALREADY_DRAWN, DRAW_OK, DRAW_OK},
        [DRAW_PUBLISHED] = {DRAW_CLOSED, DRAW_CLOSED, DRAW_LIST_FIXED, DRAW_ALREADY_DRAWN, DRAW_ALREADY_PUBLISHED,
                            DRAW_ALREADY_PUBLISHED},
        [DRAW_VOID] = {DRAW_IS_VOID, DRAW_IS_VOID, DRAW_IS_VOID, DRAW_IS_VOID, DRAW_IS_VOID, DRAW_IS_VOID},
    };

    ensure((size_t)state < ARRAY_LEN(table));
    return table[state][act];
}

enum draw_reason draw_announce(struct draw *draw, const struct draw_terms *terms, int64_t now_ms)
{
    struct draw made = {.state = DRAW_ANNOUNCED};

    if (draw->state != DRAW_NOTHING)
        return draw->state == DRAW_VOID ? DRAW_IS_VOID : DRAW_TERMS_FIXED;
    if (draw_terms_check(terms) != DRAW_OK || now_ms > terms->opens_ms)
        return DRAW_BAD_TERMS;
    if (!draw_terms_hash(terms, made.terms))
        return DRAW_FULL;
    made.version = draw_terms_version(terms);
    memcpy(made.commitment, terms->commitment, DRAW_HASH_LEN);
    made.steps = terms->steps;
    made.opens_ms = terms->opens_ms;
    made.closes_ms = terms->closes_ms;
    made.value_at_ms = terms->value_at_ms;
    made.no_value = strcmp(terms->value_format, DRAW_NONE) == 0;
    *draw = made;
    return DRAW_OK;
}

enum draw_reason draw_open(struct draw *draw, int64_t now_ms)
{
    enum draw_reason reason = allowed(draw->state, ACT_OPEN);

    if (reason != DRAW_OK)
        return reason;
    if (now_ms < draw->opens_ms)
        return DRAW_NOT_OPEN;
    draw->state = DRAW_OPEN;
    return DRAW_OK;
}

enum draw_reason draw_may_enter(const struct draw *draw, int64_t now_ms)
{
    enum draw_reason reason = allowed(draw->state, ACT_ENTER);

    if (reason != DRAW_OK)
        return reason;
    return now_ms < draw->closes_ms ? DRAW_OK : DRAW_CLOSED;
}

enum draw_reason draw_may_use(const struct draw *draw, const struct draw_terms *terms)
{
    unsigned char hash[DRAW_HASH_LEN];

    if (draw->state == DRAW_NOTHING)
        return DRAW_NOT_OPEN;
    if (draw_terms_check(terms) != DRAW_OK)
        return DRAW_TERMS_FIXED;
    if (!draw_terms_hash(terms, hash))
        return DRAW_FULL;
    return memcmp(hash, draw->terms, DRAW_HASH_LEN) == 0 ? DRAW_OK : DRAW_TERMS_FIXED;
}

bool draw_is_frozen(const struct draw *draw, const unsigned char top[DRAW_HASH_LEN], uint32_t n_entries)
{
    unsigned char root[DRAW_HASH_LEN];

    draw_root_hash(draw, top, n_entries, root);
    return n_entries == draw->n_entries && memcmp(root, draw->root, DRAW_HASH_LEN) == 0;
}

enum draw_reason draw_freeze(struct draw *draw, const unsigned char top[DRAW_HASH_LEN], uint32_t n_entries,
                             int64_t now_ms)
{
    enum draw_reason reason = allowed(draw->state, ACT_FREEZE);

    if (reason != DRAW_OK)
        return reason;
    if (now_ms < draw->closes_ms)
        return DRAW_NOT_CLOSED;
    if (now_ms >= draw->value_at_ms)
        return DRAW_TOO_LATE;
    draw->frozen_ms = draw->version == 1 ? 0 : now_ms;
    draw_root_hash(draw, top, n_entries, draw->root);
    draw->n_entries = n_entries;
    draw->state = DRAW_FROZEN;
    return DRAW_OK;
}

enum draw_reason draw_draw(struct draw *draw, const unsigned char top[DRAW_HASH_LEN], uint32_t n_entries,
                           const unsigned char secret[DRAW_HASH_LEN], const char *value, int64_t now_ms)
{
    enum draw_reason reason = allowed(draw->state, ACT_DRAW);
    unsigned char commitment[DRAW_HASH_LEN];

    if (reason != DRAW_OK)
        return reason;
    if (!draw_is_frozen(draw, top, n_entries))
        return DRAW_LIST_FIXED;
    if (!draw->no_value && now_ms < draw->value_at_ms)
        return DRAW_VALUE_NOT_YET;
    if (!draw_is_line(value, DRAW_TEXT_SIZE) || (draw->no_value && strcmp(value, DRAW_NONE) != 0))
        return DRAW_BAD_VALUE;
    draw_commitment(secret, draw->steps, commitment);
    if (memcmp(commitment, draw->commitment, DRAW_HASH_LEN) != 0)
        return DRAW_WRONG_SECRET;
    memcpy(draw->secret, secret, DRAW_HASH_LEN);
    snprintf(draw->value, sizeof(draw->value), "%s", value);
    draw_seed(secret, draw->root, value, draw->seed);
    draw->state = DRAW_DRAWN;
    return DRAW_OK;
}

enum draw_reason draw_publish(struct draw *draw)
{
    enum draw_reason reason = allowed(draw->state, ACT_PUBLISH);

    if (reason == DRAW_OK)
        draw->state = DRAW_PUBLISHED;
    return reason;
}

enum draw_reason draw_make_void(struct draw *draw, const char *why)
{
    enum draw_reason reason = allowed(draw->state, ACT_VOID);

    if (reason != DRAW_OK)
        return reason;
    if (!draw_is_line(why, DRAW_TEXT_SIZE))
        return DRAW_REASON_MISSING;
    snprintf(draw->void_reason, sizeof(draw->void_reason), "%s", why);
    draw->void_from = draw->state;
    draw->state = DRAW_VOID;
    return DRAW_OK;
}

uint32_t draw_promote(struct draw_promotion *promotion)
{
    if (promotion->places <= promotion->quota || promotion->promoted >= promotion->places - promotion->quota)
        return 0;
    promotion->promoted++;
    return promotion->quota + promotion->promoted;
}
