/* lottery_lot.c: lots in the store, with their secrets sealed.
 *
 * The terms of a lot follow from its record, which does not change once announced. Its secret
 * and the key of its tickets are sealed; the secret is in the clear from publication on. */
#include "common/base/log.h"
#include "common/benefit/lottery/lottery_internal.h"

#define SEALED (DRAW_HASH_LEN + PII_OVERHEAD)

/* ---- the terms ---- */

static void copy_text(char *ret, size_t size, const char *text)
{
    snprintf(ret, size, "%s", text);
}

struct draw_terms *lot_draw_terms(const struct lottery *lottery, const struct lot_terms *terms,
                                  const unsigned char commitment[DRAW_HASH_LEN], uint32_t steps)
{
    struct {
        struct draw_terms terms;
        struct draw_stratum strata[];
    } *block = terms->n_strata ? calloc(1, sizeof(*block) + terms->n_strata * sizeof(block->strata[0])) : NULL;
    struct draw_terms *made;

    if (!block)
        return NULL;
    made = &block->terms;
    snprintf(made->id, sizeof(made->id), "%s-%lld", lottery->service->noun, (long long)terms->lot_id);
    copy_text(made->title, sizeof(made->title), terms->title);
    copy_text(made->rules, sizeof(made->rules), terms->rules);
    copy_text(made->public_name, sizeof(made->public_name), terms->public_name);
    copy_text(made->value_format, sizeof(made->value_format), terms->value_format);
    memcpy(made->commitment, commitment, DRAW_HASH_LEN);
    made->steps = steps;
    made->opens_ms = terms->opens_at;
    made->closes_ms = terms->closes_at;
    made->value_at_ms = terms->value_at;
    made->weight_max = terms->weight_max;
    made->n_strata = (uint32_t)terms->n_strata;
    made->strata = block->strata;
    for (size_t i = 0; i < terms->n_strata; i++) {
        made->strata[i].quota = (uint32_t)terms->strata[i].quota;
        made->strata[i].waiting = (uint32_t)terms->strata[i].waiting;
        copy_text(made->strata[i].label, sizeof(made->strata[i].label), terms->strata[i].label);
    }
    return made;
}

int lot_refusal(const struct lottery_words *words, enum draw_reason reason)
{
    switch (reason) {
    case DRAW_OK:
        return 0;
    case DRAW_BAD_TERMS:
        return words->terms_not_printable;
    case DRAW_FULL:
        return RPC__REASON__OVERLOADED;
    case DRAW_NOT_OPEN:
        return words->not_open;
    case DRAW_CLOSED:
        return words->closed;
    case DRAW_NOT_CLOSED:
    case DRAW_NOT_FROZEN:
        return words->not_frozen;
    case DRAW_VALUE_NOT_YET:
        return words->value_not_yet;
    case DRAW_BAD_VALUE:
        return words->value_not_a_line;
    case DRAW_ALREADY_DRAWN:
        return words->drawn;
    case DRAW_NOT_DRAWN:
        return words->not_drawn;
    case DRAW_ALREADY_PUBLISHED:
        return words->published;
    case DRAW_TOO_LATE:
    case DRAW_IS_VOID:
        return words->is_void;
    case DRAW_REASON_MISSING:
        return RPC__REASON__MISSING_FIELD;
    default:
        return words->terms_fixed;
    }
}

/* ---- what is sealed ---- */

static void seal(struct lottery *lottery, const char *context, int64_t row, const unsigned char plain[DRAW_HASH_LEN],
                 void *call, unsigned char ret[SEALED])
{
    unsigned char nonce[PII_NONCE_LEN];

    rpc_random(call, nonce, sizeof(nonce));
    pii_seal(lottery->keys, context, row, nonce, plain, DRAW_HASH_LEN, ret);
}

/* What was sealed, with its length as it was read. */
static bool unseal(struct lottery *lottery, const char *context, int64_t row, const unsigned char sealed[SEALED],
                   size_t len, unsigned char ret[DRAW_HASH_LEN])
{
    char plain[DRAW_HASH_LEN + 1];
    bool opened = len == SEALED && pii_open(lottery->keys, context, row, sealed, len, plain) == DRAW_HASH_LEN;

    if (opened)
        memcpy(ret, plain, DRAW_HASH_LEN);
    else
        log_error("draw_secret_lost", "context", context, "row", log_int(row));
    return opened;
}

/* ---- lots ---- */

bool lot_is_by_itself(const struct lot_terms *terms)
{
    return strcmp(terms->value_format, DRAW_NONE) == 0;
}

bool lot_add(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot, void *call)
{
    const struct draw *draw = &lot->draw;
    unsigned char secret[SEALED], key[SEALED];

    seal(lottery, "draw.secret", lot->lot_id, lot->secret, call, secret);
    seal(lottery, "draw.key", lot->lot_id, lot->key, call, key);
    return store_run(lottery->store, lottery->sql + LOT_SQL_ADD, "iiiiibbiibb", lot->lot_id, (int64_t)lot->stage,
                     (int64_t)draw->state, terms->opens_at, terms->closes_at, draw->terms, (size_t)DRAW_HASH_LEN,
                     draw->commitment, (size_t)DRAW_HASH_LEN, (int64_t)draw->steps, lot->chain_id, secret,
                     sizeof(secret), key, sizeof(key)) != -1;
}

enum draw_state lottery_reached(const struct lot *lot)
{
    return lot->draw.state == DRAW_VOID ? lot->draw.void_from : lot->draw.state;
}

void lot_put(struct lottery *lottery, const struct lot *lot)
{
    const struct draw *draw = &lot->draw;
    bool told =
        draw->state == DRAW_PUBLISHED || lot->revealed || (draw->state == DRAW_VOID && draw->void_from == DRAW_DRAWN);

    store_run(lottery->store, lottery->sql + LOT_SQL_PUT, "iiiitibiiitiibiii", lot->lot_id, (int64_t)lot->stage,
              (int64_t)draw->state, (int64_t)draw->void_from, draw->void_reason, lot->last_entry, draw->root,
              (size_t)(lottery_reached(lot) >= DRAW_FROZEN ? DRAW_HASH_LEN : 0), (int64_t)draw->n_entries,
              draw->frozen_ms, lot->unsigned_seq, lot->value, lot->value_by, lot->confirmed_by, lot->secret,
              (size_t)(told ? DRAW_HASH_LEN : 0), lot->seated, lot->wins, lot->granted);
}

void lot_pass(struct lottery *lottery, const struct lot_terms *terms, struct lot *lot, int stage, void *call)
{
    lot->stage = stage;
    lot_put(lottery, lot);
    lottery->service->on_stage(lottery->self, terms, stage, lot->draw.void_reason, call);
}

bool lottery_find(struct lottery *lottery, const struct lot_terms *terms, struct lot *ret)
{
    unsigned statement = lottery->sql + LOT_SQL_FIND;
    unsigned char secret[SEALED], key[SEALED];
    size_t secret_len, key_len, revealed_len;
    struct draw *draw = &ret->draw;
    bool opened;

    *ret = (struct lot){
        .lot_id = terms->lot_id,
        .draw = {.version = *terms->value_format ? 2 : 1,
                 .opens_ms = terms->opens_at,
                 .closes_ms = terms->closes_at,
                 .value_at_ms = terms->value_at,
                 .no_value = lot_is_by_itself(terms)},
    };
    store_ask(lottery->store, statement, "i", terms->lot_id);
    if (!store_only(lottery->store, statement, INTO(ret->stage), INTO(draw->state), INTO(draw->void_from),
                    INTO(draw->void_reason), INTO(draw->terms), INTO(draw->commitment), INTO(draw->steps),
                    INTO(ret->chain_id), INTO_LEN(secret, secret_len), INTO_LEN(key, key_len), INTO(ret->last_entry),
                    INTO(draw->root), INTO(draw->n_entries), INTO(draw->frozen_ms), INTO(ret->unsigned_seq),
                    INTO(ret->value), INTO(ret->value_by), INTO(ret->confirmed_by), INTO_LEN(ret->secret, revealed_len),
                    INTO(ret->seated), INTO(ret->wins), INTO(ret->granted)))
        return false;
    ret->revealed = revealed_len == DRAW_HASH_LEN;
    opened = !lottery->keys || (unseal(lottery, "draw.secret", terms->lot_id, secret, secret_len, ret->secret) &&
                                unseal(lottery, "draw.key", terms->lot_id, key, key_len, ret->key));
    if (opened && lottery_reached(ret) >= DRAW_DRAWN) {
        memcpy(draw->secret, ret->secret, DRAW_HASH_LEN);
        copy_text(draw->value, sizeof(draw->value), ret->value);
        draw_seed(ret->secret, draw->root, ret->value, draw->seed);
    }
    return opened;
}

bool lot_find_key(struct lottery *lottery, const struct lot_terms *terms, unsigned char ret[DRAW_HASH_LEN])
{
    struct lot_key *kept = lot_key_place(lottery->lists, terms->lot_id);
    struct lot lot;

    if (kept->lot_id != terms->lot_id) {
        if (!lottery_find(lottery, terms, &lot))
            return false;
        kept->lot_id = terms->lot_id;
        memcpy(kept->key, lot.key, DRAW_HASH_LEN);
    }
    memcpy(ret, kept->key, DRAW_HASH_LEN);
    return true;
}

void lot_reveal(struct lottery *lottery, struct lot *lot, void *call)
{
    Lottery__SecretRevealed revealed = LOTTERY__SECRET_REVEALED__INIT;

    if (lot->revealed || lottery_reached(lot) < DRAW_FROZEN || lot_waits(lottery, lot))
        return;
    lot->revealed = true;
    revealed.lot_id = lot->lot_id;
    revealed.secret = (ProtobufCBinaryData){DRAW_HASH_LEN, lot->secret};
    rpc_tell(call, &revealed.base);
    rpc_want_head(call);
}

bool lot_waits(struct lottery *lottery, const struct lot *lot)
{
    if (!lot->chain_id)
        return false;
    store_ask(lottery->store, lottery->sql + LOT_SQL_WAITS, "iii", lot->chain_id, (int64_t)lot->draw.steps,
              (int64_t)DRAW_FROZEN);
    return store_any(lottery->store, lottery->sql + LOT_SQL_WAITS);
}

/* ---- chains ---- */

void lottery_make_chain(struct lottery *lottery, const char *union_path, int32_t days, void *call,
                        struct lot_chain *ret)
{
    Lottery__ChainMade made = LOTTERY__CHAIN_MADE__INIT;
    unsigned char sealed[SEALED];

    *ret = (struct lot_chain){.id = id_next(&lottery->parts->ids, rpc_now(call)), .days = days};
    copy_text(ret->union_path, sizeof(ret->union_path), union_path);
    rpc_random(call, ret->last, sizeof(ret->last));
    draw_commitment(ret->last, (uint32_t)days, ret->anchor);
    seal(lottery, "chain.last", ret->id, ret->last, call, sealed);
    store_run(lottery->store, lottery->sql + LOT_SQL_ADD_CHAIN, "itibb", ret->id, ret->union_path, (int64_t)days,
              ret->anchor, (size_t)DRAW_HASH_LEN, sealed, sizeof(sealed));
    made.chain_id = ret->id;
    made.union_path = ret->union_path;
    made.days = days;
    made.anchor = (ProtobufCBinaryData){DRAW_HASH_LEN, ret->anchor};
    rpc_tell(call, &made.base);
}

bool lot_find_chain(struct lottery *lottery, int64_t chain_id, struct lot_chain *ret)
{
    unsigned statement = lottery->sql + LOT_SQL_FIND_CHAIN;
    unsigned char sealed[SEALED];
    size_t len;

    *ret = (struct lot_chain){.id = chain_id};
    store_ask(lottery->store, statement, "i", chain_id);
    return store_only(lottery->store, statement, INTO(ret->union_path), INTO(ret->days), INTO(ret->anchor),
                      INTO_LEN(sealed, len)) &&
           (!lottery->keys || unseal(lottery, "chain.last", chain_id, sealed, len, ret->last));
}

int64_t lot_chain_used(struct lottery *lottery, int64_t chain_id)
{
    store_ask(lottery->store, lottery->sql + LOT_SQL_CHAIN_USED, "i", chain_id);
    return store_number(lottery->store, lottery->sql + LOT_SQL_CHAIN_USED);
}

void lottery_ask_chains(const struct lottery *lottery, int64_t before)
{
    store_ask(lottery->store, lottery->sql + LOT_SQL_CHAINS, "i", before);
}

bool lottery_next_chain(const struct lottery *lottery, struct lot_chain *ret)
{
    *ret = (struct lot_chain){0};
    return store_read(lottery->store, lottery->sql + LOT_SQL_CHAINS, INTO(ret->id), INTO(ret->union_path),
                     INTO(ret->days), INTO(ret->anchor), INTO(ret->used));
}

void lottery_end_chains(const struct lottery *lottery)
{
    store_end(lottery->store, lottery->sql + LOT_SQL_CHAINS);
}
