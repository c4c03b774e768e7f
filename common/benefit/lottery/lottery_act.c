/* lottery_act.c: what officials do with a lot. */
#include "common/benefit/lottery/lottery_internal.h"
#include "common/text/text.h"

/* ---- the announcement ---- */

static int choose_secret(struct lottery *lottery, const struct lot_terms *terms, int64_t chain_id, int32_t day,
                         void *call, struct lot *ret)
{
    const struct lottery_words *words = &lottery->service->words;
    struct lot_chain chain;

    rpc_random(call, ret->key, sizeof(ret->key));
    ret->draw.steps = 1;
    if (!chain_id) {
        rpc_random(call, ret->secret, sizeof(ret->secret));
    } else {
        if (!lot_find_chain(lottery, chain_id, &chain) || strcmp(chain.union_path, terms->union_path) != 0)
            return words->chain_not_found;
        if (day <= lot_chain_used(lottery, chain_id) || day > chain.days)
            return words->day_taken;
        draw_chain_secret(chain.last, (uint32_t)chain.days, (uint32_t)day, ret->secret);
        ret->chain_id = chain.id;
        ret->draw.steps = (uint32_t)day;
    }
    draw_commitment(ret->secret, ret->draw.steps, ret->draw.commitment);
    return 0;
}

static void say_announced(const struct lot *lot, void *call)
{
    Lottery__DrawAnnounced announced = LOTTERY__DRAW_ANNOUNCED__INIT;

    announced.lot_id = lot->lot_id;
    announced.terms = (ProtobufCBinaryData){DRAW_HASH_LEN, unconst(lot->draw.terms)};
    announced.commitment = (ProtobufCBinaryData){DRAW_HASH_LEN, unconst(lot->draw.commitment)};
    announced.steps = (int32_t)lot->draw.steps;
    rpc_tell(call, &announced.base);
}

int lottery_announce(struct lottery *lottery, const struct lot_terms *terms, int64_t chain_id, int32_t day, void *call,
                     struct lot *ret)
{
    const struct lottery_words *words = &lottery->service->words;
    struct draw_terms *fixed;
    int reason;

    if (terms->stage > LOTTERY__STAGE__DRAFT)
        return lottery_find(lottery, terms, ret) ? 0 : RPC__REASON__STORE_FAILED;
    if (terms->opens_at <= rpc_now(call))
        return words->opens_too_soon;
    *ret = (struct lot){.lot_id = terms->lot_id, .stage = LOTTERY__STAGE__ANNOUNCED};
    reason = choose_secret(lottery, terms, chain_id, day, call, ret);
    if (reason)
        return reason;
    fixed = lot_draw_terms(lottery, terms, ret->draw.commitment, ret->draw.steps);
    if (!fixed)
        return RPC__REASON__OVERLOADED;
    memset(&ret->draw, 0, sizeof(ret->draw));
    reason = lot_refusal(words, draw_announce(&ret->draw, fixed, rpc_now(call)));
    free(fixed);
    if (!reason && !lot_add(lottery, terms, ret, call))
        reason = words->day_taken;
    if (reason)
        return reason;
    say_announced(ret, call);
    lottery->service->on_stage(lottery->self, terms, ret->stage, "", call);
    return 0;
}

/* ---- the public value ---- */

/* How many bytes of what stands between the words of a value are here, or 0. */
static size_t between(const char *at)
{
    static const char *const signs[] = {" ", ",", ";", "/", "|", "，", "；", "、", "／", "｜"};

    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        if (strncmp(at, signs[i], strlen(signs[i])) == 0)
            return strlen(signs[i]);
    }
    return 0;
}

int lottery_read_value(const struct lottery_words *words, const char *format, const char *text,
                       char ret[DRAW_TEXT_SIZE])
{
    char line[DRAW_TEXT_SIZE];
    size_t n = 0, len;
    bool apart = false;
    int32_t bad;

    if (text_line(text, line, sizeof(line), &bad) <= 0)
        return words->value_not_a_line;
    if (*format)
        return draw_value_bring(format, line, ret) ? 0 : words->value_not_in_format;
    for (const char *at = line; *at; at += len) {
        len = between(at);
        apart |= len > 0 && n > 0;
        if (len > 0)
            continue;
        if (apart)
            ret[n++] = ' ';
        apart = false;
        len = 1;
        ret[n++] = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    }
    ret[n] = '\0';
    return n ? 0 : words->value_not_a_line;
}

static void say_value(const struct lot *lot, void *call)
{
    Lottery__ValueEntered entered = LOTTERY__VALUE_ENTERED__INIT;

    entered.lot_id = lot->lot_id;
    entered.value = unconst(lot->value);
    entered.confirmed = lot->confirmed_by != 0;
    rpc_tell(call, &entered.base);
}

/* Why a value cannot be entered or confirmed now, whatever it is. */
static int value_refusal(const struct lottery_words *words, const struct lot_terms *terms, const struct lot *lot,
                         int64_t now)
{
    if (lot->stage == LOTTERY__STAGE__VOID)
        return words->is_void;
    if (lot_is_by_itself(terms))
        return words->value_none;
    if (lot->confirmed_by)
        return words->value_fixed;
    if (lottery_reached(lot) < DRAW_FROZEN || lot->unsigned_seq)
        return words->not_frozen;
    return now < terms->value_at ? words->value_not_yet : 0;
}

/* What two officials do to a lot; `what` is all of it. */
static struct hands_deed deed_of(struct lottery *lottery, const struct lot_terms *terms, const char *kind,
                                 const ProtobufCMessage *what, void *call)
{
    return (struct hands_deed){
        .kind = kind,
        .id = terms->lot_id,
        .what = what,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = lottery->service->roles,
        .union_path = terms->union_path,
    };
}

/* The deed of a value; `what` is filled in for it. */
static struct hands_deed value_deed(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot,
                                    Lottery__ValueEntered *what, void *call)
{
    struct hands_deed deed = deed_of(lottery, terms, "draw value", &what->base, call);

    lottery__value_entered__init(what);
    what->lot_id = terms->lot_id;
    what->value = unconst(lot->value);
    deed.what_name = lottery->service->deeds;
    deed.own = lottery->service->words.value_own;
    deed.earlier_by = lot->value_by ? holder_of(lottery->holders, lot->value_by) : 0;
    return deed;
}

/* Takes a value as said, unless it cannot be now or say_so has a Reason against it; who tries
 * to change what is fixed is noted. */
static int take_value(struct lottery *lottery, const struct lot_terms *terms, struct lot *lot, const char *text,
                      int (*say_so)(struct lottery *lottery, const struct lot_terms *terms, const char *text,
                                    struct lot *lot, void *call),
                      void *call)
{
    const struct lottery_words *words = &lottery->service->words;
    int reason = value_refusal(words, terms, lot, rpc_now(call));

    if (!reason)
        reason = say_so(lottery, terms, text, lot, call);
    if (reason) {
        if (reason == words->value_fixed)
            lottery_note_attempt(lottery, terms, LOTTERY__ATTEMPT__CHANGE_VALUE, call);
        return reason;
    }
    lot_put(lottery, lot);
    say_value(lot, call);
    return 0;
}

static int enter_value(struct lottery *lottery, const struct lot_terms *terms, const char *text, struct lot *lot,
                       void *call)
{
    Lottery__ValueEntered what;
    struct hands_deed deed;
    int reason = lottery_read_value(&lottery->service->words, terms->value_format, text, lot->value);

    if (reason)
        return reason;
    lot->value_by = rpc_principal(call)->member_id;
    deed = value_deed(lottery, terms, lot, &what, call);
    return hands_give(lottery->hands, &deed, call);
}

static int confirm_value(struct lottery *lottery, const struct lot_terms *terms, const char *text, struct lot *lot,
                         void *call)
{
    const struct lottery_words *words = &lottery->service->words;
    char value[DRAW_TEXT_SIZE];
    Lottery__ValueEntered what;
    struct hands_deed deed;
    int reason;

    if (!*lot->value)
        return words->value_not_entered;
    deed = value_deed(lottery, terms, lot, &what, call);
    reason = hands_refusal(lottery->hands, &deed, call);
    if (reason)
        return reason;
    if (lottery_read_value(words, terms->value_format, text, value) ||
        (strcmp(lot->value, value) != 0 && strcmp(lot->value, text) != 0))
        return words->value_differs;
    lot->confirmed_by = rpc_principal(call)->member_id;
    return hands_confirm(lottery->hands, &deed, call);
}

int lottery_enter_value(struct lottery *lottery, const struct lot_terms *terms, struct lot *lot, const char *text,
                        void *call)
{
    return take_value(lottery, terms, lot, text, enter_value, call);
}

int lottery_confirm_value(struct lottery *lottery, const struct lot_terms *terms, struct lot *lot, const char *text,
                          void *call)
{
    return take_value(lottery, terms, lot, text, confirm_value, call);
}

/* ---- the draw and after ---- */

int lottery_drawing_refusal(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot, void *call)
{
    const struct lottery_words *words = &lottery->service->words;

    if (lot->stage == LOTTERY__STAGE__VOID)
        return words->is_void;
    if (lot->draw.state >= DRAW_DRAWN) {
        lottery_note_attempt(lottery, terms, LOTTERY__ATTEMPT__DRAW_AGAIN, call);
        return words->drawn;
    }
    if (lottery_reached(lot) < DRAW_FROZEN)
        return words->not_frozen;
    return lot->confirmed_by || lot_is_by_itself(terms) ? 0 : words->value_not_entered;
}

int lottery_publish(struct lottery *lottery, const struct lot_terms *terms, struct lot *lot, void *call)
{
    const struct lottery_words *words = &lottery->service->words;
    int reason;

    if (lot->draw.state == DRAW_PUBLISHED)
        return 0;
    reason = lot->stage < LOTTERY__STAGE__DRAWN ? words->not_drawn : lot_refusal(words, draw_publish(&lot->draw));
    if (!reason)
        lot_pass(lottery, terms, lot, LOTTERY__STAGE__PUBLISHED, call);
    return reason;
}

int lottery_make_void(struct lottery *lottery, const struct lot_terms *terms, struct lot *lot,
                      const ProtobufCMessage *what, const char *reason, void *call)
{
    const struct lottery_words *words = &lottery->service->words;
    struct hands_deed deed = deed_of(lottery, terms, LOT_DEED_VOID, what, call);
    struct draw made = lot->draw;
    int refusal = lot_refusal(words, draw_make_void(&made, reason));
    bool done = !refusal;

    if (!refusal && lot->draw.state >= DRAW_FROZEN)
        refusal = hands_give_or_confirm(lottery->hands, &deed, call, &done);
    if (refusal) {
        if (refusal == words->published)
            lottery_note_attempt(lottery, terms, LOTTERY__ATTEMPT__VOID_PUBLISHED, call);
        return refusal;
    }
    if (done) {
        lot->draw = made;
        lot_reveal(lottery, lot, call);
        lot_pass(lottery, terms, lot, LOTTERY__STAGE__VOID, call);
    }
    return 0;
}

void lottery_close(struct lottery *lottery, const struct lot_terms *terms, void *call)
{
    struct lot lot;

    if (lottery_find(lottery, terms, &lot))
        lot_pass(lottery, terms, &lot, LOTTERY__STAGE__CLOSED, call);
    else
        lottery->service->on_stage(lottery->self, terms, LOTTERY__STAGE__CLOSED, "", call);
}
