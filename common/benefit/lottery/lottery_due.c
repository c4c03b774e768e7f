/* lottery_due.c: what becomes of lots by themselves as time passes, slice by slice.
 *
 * At its times a lot opens and freezes; a frozen one gets its root, and once its value is
 * confirmed and the hour has come, its seed, its places and its outcomes; of a published one the
 * winners are given what was drawn for. Each slice is a transaction that goes on where the store
 * says the last one ended, so a restart changes nothing but the time it takes. */
#include "common/base/log.h"
#include "common/benefit/lottery/lottery_internal.h"

#define DUE_MAX     64   /* lots looked at in a slice */
#define SEAT_SLICE  1000 /* entries looked at, of which */
#define SEAT_WRITES 64   /* get a place: each changes pages all over two trees */
#define GIVE_SLICE  32   /* winners */

#define LATE "名单未能在公开数值产生之前冻结并公布"

/* One lot's turn: a transaction. */
struct turn {
    struct lottery *lottery;
    struct lot_terms terms;
    struct lot lot;
    int64_t lot_id;
    bool more;
};

static void put(struct turn *turn)
{
    lot_put(turn->lottery, &turn->lot);
}

static void pass(struct turn *turn, int stage, void *call)
{
    lot_pass(turn->lottery, &turn->terms, &turn->lot, stage, call);
}

static struct lot_list *obtain_list(struct turn *turn)
{
    return lot_obtain_list(turn->lottery, &turn->terms, &turn->lot);
}

/* ---- freezing ---- */

static void say_frozen(const struct lot *lot, void *call)
{
    Lottery__DrawFrozen frozen = LOTTERY__DRAW_FROZEN__INIT;

    frozen.lot_id = lot->lot_id;
    frozen.root = (ProtobufCBinaryData){DRAW_HASH_LEN, unconst(lot->draw.root)};
    frozen.n_entries = (int32_t)lot->draw.n_entries;
    rpc_tell(call, &frozen.base);
}

/* From here on nobody enters or withdraws, so that the list can be read in slices. */
static void close_entries(struct turn *turn, void *call)
{
    unsigned statement = turn->lottery->sql + LOT_SQL_LAST_ENTRY;

    store_ask(turn->lottery->store, statement, "");
    turn->lot.last_entry = store_number(turn->lottery->store, statement);
    pass(turn, LOTTERY__STAGE__FROZEN, call);
}

/* The value may be known, and the list was not fixed and published before. */
static bool make_late_void(struct turn *turn, void *call)
{
    if (rpc_now(call) < turn->terms.value_at || draw_make_void(&turn->lot.draw, LATE) != DRAW_OK)
        return false;
    lot_reveal(turn->lottery, &turn->lot, call);
    pass(turn, LOTTERY__STAGE__VOID, call);
    return true;
}

static void freeze(struct turn *turn, void *call)
{
    const struct lot_list *list;

    if (make_late_void(turn, call))
        return;
    list = obtain_list(turn);
    if (!list || draw_freeze(&turn->lot.draw, list->list.top, list->list.n, rpc_now(call)) != DRAW_OK)
        return;
    say_frozen(&turn->lot, call);
    rpc_want_head(call);
    turn->lot.unsigned_seq = rpc_server_journal(turn->lottery->parts->rpc)->tip.seq;
    put(turn);
}

/* The root counts once a head over it is signed, which is when it is published; who was killed in between
 * asks again. */
static void note_head(struct turn *turn, void *call)
{
    if (make_late_void(turn, call))
        return;
    turn->more = rpc_server_journal(turn->lottery->parts->rpc)->signed_seq >= turn->lot.unsigned_seq;
    if (!turn->more) {
        rpc_want_head(call);
        return;
    }
    turn->lot.unsigned_seq = 0;
    put(turn);
}

/* ---- drawing ---- */

static void say_drawn(const struct lot *lot, void *call)
{
    Lottery__LotsDrawn drawn = LOTTERY__LOTS_DRAWN__INIT;

    drawn.lot_id = lot->lot_id;
    drawn.seed = (ProtobufCBinaryData){DRAW_HASH_LEN, unconst(lot->draw.seed)};
    rpc_tell(call, &drawn.base);
}

/* Fixes the seed. The list is read anew when it is not in memory; when it is not the
 * frozen one, somebody has changed the store, and nothing is drawn from it. */
static void fix_seed(struct turn *turn, void *call)
{
    struct lot *lot = &turn->lot;
    struct lot_list *list = obtain_list(turn);
    enum draw_reason reason;

    turn->more = !list || !list->refused;
    if (!list || list->refused)
        return;
    if (lot_is_by_itself(&turn->terms))
        snprintf(lot->value, sizeof(lot->value), DRAW_NONE);
    reason = draw_draw(&lot->draw, list->list.top, list->list.n, lot->secret, lot->value, rpc_now(call));
    if (reason != DRAW_OK) {
        log_error("draw_refused", "lot", log_int(lot->lot_id), "reason", draw_reason_name(reason));
        list->refused = true;
        turn->more = false;
        return;
    }
    put(turn);
    say_drawn(lot, call);
}

/* Every place is written down: so are the outcomes. */
static void note_outcomes(struct turn *turn, const struct lot_list *list, void *call)
{
    struct draw_outcome outcome;

    for (uint32_t i = 0; i < list->terms->n_strata; i++) {
        uint32_t quota = list->terms->strata[i].quota;

        draw_job_outcome(&list->job, i, &outcome);
        lot_add_outcome(turn->lottery, turn->lot.lot_id, (int32_t)i, &outcome);
        turn->lot.wins += outcome.places < quota ? outcome.places : quota;
    }
    pass(turn, LOTTERY__STAGE__DRAWN, call);
}

/* Writes down the places of some entries, in the order of entering. */
static void seat(struct turn *turn, void *call)
{
    struct lottery *lottery = turn->lottery;
    const struct lot_list *list = obtain_list(turn);
    unsigned left = SEAT_SLICE, places = 0;
    struct lot_entry entry;

    if (!list)
        return;
    lot_ask_entries(lottery, turn->lot.seated, turn->lot.last_entry);
    while (left > 0 && places < SEAT_WRITES && lot_next_entry(lottery, &entry)) {
        uint32_t index, place;

        left--;
        turn->lot.seated = entry.id;
        if (entry.lot_id != turn->lot.lot_id || entry.withdrawn_at ||
            !draw_list_find(&list->list, entry.ticket, &index))
            continue;
        place = draw_job_place(&list->job, index);
        if (!place)
            continue;
        lot_add_place(lottery, turn->lot.lot_id, entry.stratum, place, entry.member_id);
        places++;
    }
    if (left == 0 || places == SEAT_WRITES) {
        lot_end_entries(lottery);
        put(turn);
        return;
    }
    note_outcomes(turn, list, call);
}

static bool is_late(const struct turn *turn, void *call)
{
    return rpc_now(call) >= turn->terms.draw_at + LOTTERY_PUBLISH_MS;
}

/* Nobody has entered the value: whoever has the list and the secret computes by it, as it is public. */
static void tell_late(struct turn *turn, void *call)
{
    if (turn->lot.revealed || !is_late(turn, call))
        return;
    lot_reveal(turn->lottery, &turn->lot, call);
    put(turn);
}

/* It was made void while an earlier day of its chain could not tell its secret. */
static void tell_void(struct turn *turn, void *call)
{
    lot_reveal(turn->lottery, &turn->lot, call);
    turn->more = turn->lot.revealed;
    if (turn->more)
        put(turn);
}

/* What is drawn by itself is published so; and what nobody has published. */
static void publish(struct turn *turn, void *call)
{
    turn->more = (lot_is_by_itself(&turn->terms) || is_late(turn, call)) && draw_publish(&turn->lot.draw) == DRAW_OK;
    if (turn->more)
        pass(turn, LOTTERY__STAGE__PUBLISHED, call);
}

static void work_on_frozen(struct turn *turn, void *call)
{
    bool valued;

    if (turn->lot.unsigned_seq) {
        note_head(turn, call);
        return;
    }
    switch (turn->lot.draw.state) {
    case DRAW_OPEN:
        freeze(turn, call);
        break;
    case DRAW_FROZEN:
        valued = turn->lot.confirmed_by || lot_is_by_itself(&turn->terms);
        turn->more = valued && rpc_now(call) >= turn->terms.draw_at && !lot_waits(turn->lottery, &turn->lot);
        if (!valued)
            tell_late(turn, call);
        if (turn->more)
            fix_seed(turn, call);
        break;
    default:
        seat(turn, call);
        break;
    }
}

/* ---- giving ---- */

/* Gives some winners what was drawn for, stratum by stratum, place by place; `granted`
 * counts over all strata. */
static void give(struct turn *turn, void *call)
{
    struct lottery *lottery = turn->lottery;
    struct lot *lot = &turn->lot;
    int64_t before = 0;
    int64_t was = lot->granted;

    for (size_t i = 0; i < turn->terms.n_strata && lot->granted < was + GIVE_SLICE; i++) {
        struct lot_outcome outcome = {0};
        uint32_t winners, place;
        int64_t member_id;

        lottery_outcome(lottery, lot->lot_id, (int32_t)i, &outcome);
        winners = (uint32_t)turn->terms.strata[i].quota;
        winners = outcome.drawn.places < winners ? outcome.drawn.places : winners;
        if (lot->granted < before + winners) {
            lot_ask_places(lottery, lot->lot_id, (int32_t)i, (uint32_t)(lot->granted - before), winners);
            while (lot->granted < was + GIVE_SLICE && lot_next_place(lottery, &place, &member_id)) {
                if (!lottery->service->give(lottery->self, &turn->terms, member_id, (int32_t)i, (int32_t)place, call))
                    lottery_promote(lottery, &turn->terms, (int32_t)i, call);
                lot->granted++;
            }
            lot_end_places(lottery);
        }
        before += winners;
    }
    turn->more = lot->granted > was;
    if (turn->more)
        put(turn);
}

/* ---- turns ---- */

static void take_turn(void *call, void *arg)
{
    struct turn *turn = arg;
    struct lottery *lottery = turn->lottery;

    if (!lottery->service->find(lottery->self, turn->lot_id, rpc_arena(call), &turn->terms) ||
        !lottery_find(lottery, &turn->terms, &turn->lot))
        return;
    turn->more = true;
    switch (turn->lot.stage) {
    case LOTTERY__STAGE__ANNOUNCED:
        draw_open(&turn->lot.draw, rpc_now(call));
        pass(turn, LOTTERY__STAGE__OPEN, call);
        break;
    case LOTTERY__STAGE__OPEN:
        close_entries(turn, call);
        break;
    case LOTTERY__STAGE__FROZEN:
        work_on_frozen(turn, call);
        break;
    case LOTTERY__STAGE__DRAWN:
        publish(turn, call);
        break;
    case LOTTERY__STAGE__PUBLISHED:
        give(turn, call);
        break;
    case LOTTERY__STAGE__VOID:
        tell_void(turn, call);
        break;
    default:
        turn->more = false;
        break;
    }
}

/* Lots behind the one looked at last for which there is something to do. */
static unsigned find_due(struct lottery *lottery, int64_t ret_ids[DUE_MAX])
{
    unsigned statement = lottery->sql + LOT_SQL_DUE;

    store_ask(lottery->store, statement, "iii", clock_now(lottery->parts->clock), lottery->due_after, (int64_t)DUE_MAX);
    return (unsigned)store_numbers(lottery->store, statement, ret_ids, DUE_MAX);
}

/* One slice of one lot. */
static bool take_turns(struct lottery *lottery)
{
    int64_t ids[DUE_MAX];
    unsigned n = find_due(lottery, ids);

    lottery->due_after = n == DUE_MAX ? ids[n - 1] : 0;
    for (unsigned i = 0; i < n; i++) {
        struct turn turn = {.lottery = lottery, .lot_id = ids[i]};

        if (rpc_server_transact(lottery->parts->rpc, take_turn, &turn) == 0 && turn.more)
            return true;
    }
    return lottery->due_after != 0;
}

bool lot_work(void *arg)
{
    bool making = lot_lists_step(arg);

    return take_turns(arg) || making;
}
