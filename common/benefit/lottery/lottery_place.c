/* lottery_place.c: what a lot gave: places and outcomes, and who is called up. */
#include "common/benefit/lottery/lottery_internal.h"

void lot_add_place(const struct lottery *lottery, int64_t lot_id, int32_t stratum, uint32_t place, int64_t member_id)
{
    store_run(lottery->store, lottery->sql + LOT_SQL_ADD_PLACE, "iiii", lot_id, (int64_t)stratum, (int64_t)place,
              member_id);
}

/* Who has a place, or 0. */
static int64_t place_at(const struct lottery *lottery, int64_t lot_id, int32_t stratum, uint32_t place)
{
    store_ask(lottery->store, lottery->sql + LOT_SQL_PLACE_AT, "iii", lot_id, (int64_t)stratum, (int64_t)place);
    return store_number(lottery->store, lottery->sql + LOT_SQL_PLACE_AT);
}

uint32_t lottery_place_of(const struct lottery *lottery, const struct lot_terms *terms, const struct lot_entry *entry,
                          uint32_t *ret_waiting)
{
    struct lot_outcome outcome = {0};
    uint32_t place, called;

    *ret_waiting = 0;
    if ((size_t)entry->stratum >= terms->n_strata)
        return 0; /* no memory for its terms */
    store_ask(lottery->store, lottery->sql + LOT_SQL_PLACE_OF, "ii", entry->lot_id, entry->member_id);
    place = (uint32_t)store_number(lottery->store, lottery->sql + LOT_SQL_PLACE_OF);
    lottery_outcome(lottery, entry->lot_id, entry->stratum, &outcome);
    called = (uint32_t)terms->strata[entry->stratum].quota + outcome.promoted;
    *ret_waiting = place > called ? place - called : 0;
    return place;
}

void lot_ask_places(const struct lottery *lottery, int64_t lot_id, int32_t stratum, uint32_t after, uint32_t upto)
{
    store_ask(lottery->store, lottery->sql + LOT_SQL_PLACES, "iiii", lot_id, (int64_t)stratum, (int64_t)after,
              (int64_t)upto);
}

bool lot_next_place(const struct lottery *lottery, uint32_t *ret_place, int64_t *ret_member_id)
{
    return store_read(lottery->store, lottery->sql + LOT_SQL_PLACES, INTO(*ret_place), INTO(*ret_member_id));
}

void lot_end_places(const struct lottery *lottery)
{
    store_end(lottery->store, lottery->sql + LOT_SQL_PLACES);
}

/* ---- outcomes ---- */

void lot_add_outcome(const struct lottery *lottery, int64_t lot_id, int32_t stratum, const struct draw_outcome *outcome)
{
    store_run(lottery->store, lottery->sql + LOT_SQL_ADD_OUTCOME, "iiiib", lot_id, (int64_t)stratum,
              (int64_t)outcome->entrants, (int64_t)outcome->places, outcome->cutoff, sizeof(outcome->cutoff));
}

bool lottery_outcome(const struct lottery *lottery, int64_t lot_id, int32_t stratum, struct lot_outcome *ret)
{
    unsigned statement = lottery->sql + LOT_SQL_OUTCOME;
    struct lot_outcome found = {0};

    store_ask(lottery->store, statement, "ii", lot_id, (int64_t)stratum);
    if (!store_only(lottery->store, statement, INTO(found.drawn.entrants), INTO(found.drawn.places),
                    INTO(found.drawn.cutoff), INTO(found.promoted)))
        return false;
    *ret = found;
    return true;
}

void lottery_promote(struct lottery *lottery, const struct lot_terms *terms, int32_t stratum, void *call)
{
    struct draw_promotion promotion;
    struct lot_outcome outcome;
    bool given = false;
    uint32_t place;

    if ((size_t)stratum >= terms->n_strata || terms->stage != LOTTERY__STAGE__PUBLISHED ||
        rpc_now(call) >= terms->until || !lottery_outcome(lottery, terms->lot_id, stratum, &outcome))
        return;
    promotion = (struct draw_promotion){
        .quota = (uint32_t)terms->strata[stratum].quota,
        .places = outcome.drawn.places,
        .promoted = outcome.promoted,
    };
    while (!given && (place = draw_promote(&promotion)))
        given = lottery->service->give(lottery->self, terms, place_at(lottery, terms->lot_id, stratum, place), stratum,
                                       (int32_t)place, call);
    store_run(lottery->store, lottery->sql + LOT_SQL_PROMOTE, "iii", terms->lot_id, (int64_t)stratum,
              (int64_t)promotion.promoted);
}
