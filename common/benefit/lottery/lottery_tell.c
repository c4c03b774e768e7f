/* lottery_tell.c: what is told of a lot: where it stands, its file, its receipts. */
#include "common/base/buf.h"
#include "common/base/hex.h"
#include "common/benefit/lottery/lottery_internal.h"
#include "common/draw/draw_file.h"

#define FILE_LINES 4000      /* of the list in a page */
#define FILE_SIZE  (1 << 20) /* of a page or a receipt, in bytes */

/* ---- where it stands ---- */

static void hash_text(const unsigned char hash[DRAW_HASH_LEN], struct arena *arena, char **ret)
{
    char *text = hex_text(hash, DRAW_HASH_LEN, arena);

    if (text)
        *ret = text;
}

static void add_outcomes(struct lottery *lottery, const struct lot_terms *terms, void *call, Lottery__Status *status)
{
    static const unsigned char none[DRAW_HASH_LEN];

    for (size_t i = 0; i < terms->n_strata; i++) {
        Lottery__Outcome *told;
        struct lot_outcome outcome;

        if (!lottery_outcome(lottery, terms->lot_id, (int32_t)i, &outcome))
            continue;
        told = arena_message(rpc_arena(call), &lottery__outcome__descriptor);
        if (told) {
            told->stratum = (int32_t)i;
            told->entrants = (int32_t)outcome.drawn.entrants;
            told->places = (int32_t)outcome.drawn.places;
            told->promoted = (int32_t)outcome.promoted;
            if (memcmp(outcome.drawn.cutoff, none, DRAW_HASH_LEN) != 0)
                hash_text(outcome.drawn.cutoff, rpc_arena(call), &told->cutoff);
        }
        rpc_add(call, status, outcomes, told);
    }
}

void lottery_status(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot, void *call,
                    Lottery__Status *ret)
{
    const struct draw *draw = &lot->draw;
    struct arena *arena = rpc_arena(call);

    lottery__status__init(ret);
    ret->stage = (Lottery__Stage)lot->stage;
    ret->void_reason = unconst(draw->void_reason);
    ret->steps = (int32_t)draw->steps;
    hash_text(draw->commitment, arena, &ret->commitment);
    if (lottery_reached(lot) >= DRAW_FROZEN) {
        hash_text(draw->root, arena, &ret->root);
        ret->n_entries = (int32_t)draw->n_entries;
        ret->frozen_at = draw->frozen_ms;
    }
    ret->entered = (int32_t)lottery_entered(lottery, lot->lot_id);
    ret->value = unconst(lot->value);
    ret->value_confirmed = lot->confirmed_by != 0;
    if (draw->state == DRAW_PUBLISHED || lot->revealed)
        hash_text(lot->secret, arena, &ret->secret);
    ret->void_asked = hands_wait(lottery->hands, LOT_DEED_VOID, terms->lot_id, rpc_now(call));
    if (draw->state == DRAW_PUBLISHED)
        add_outcomes(lottery, terms, call, ret);
}

/* ---- the file ---- */

/* What a buffer holds, in an arena, or NULL; the buffer is done. */
static char *take_text(struct buf *buf, struct arena *arena)
{
    char *text = buf->failed ? NULL : arena_strndup(arena, buf->bytes, buf->len);

    buf_done(buf);
    return text;
}

/* A page of it: its head, or lines of the list from one on. */
static char *write_page(struct draw_writer *writer, void *call)
{
    int64_t at = rpc_page(call)->after;
    struct buf buf;
    bool more;

    buf_init(&buf, FILE_SIZE);
    if (at > 0)
        draw_writer_seek(writer, (uint32_t)at - 1);
    more = draw_writer_step(writer, &buf, FILE_LINES);
    if (more)
        rpc_page_ends_at(call, "", writer->at + 1);
    return take_text(&buf, rpc_arena(call));
}

/* Of a lot that was made void before it was frozen there is the announcement alone. */
static char *write_void(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot, void *call)
{
    struct draw_terms *fixed = lot_draw_terms(lottery, terms, lot->draw.commitment, lot->draw.steps);
    struct draw_writer writer;
    struct buf buf;

    if (!fixed)
        return NULL;
    buf_init(&buf, FILE_SIZE);
    draw_writer_init(&writer, fixed, &lot->draw, NULL, NULL);
    while (draw_writer_step(&writer, &buf, FILE_LINES))
        continue;
    free(fixed);
    return take_text(&buf, rpc_arena(call));
}

/* The list in memory, with its places when it is drawn; 0, or the Reason to come again. */
static int obtain(struct lottery *lottery, const struct lot_terms *terms, const struct lot *lot, void *call,
                  const struct lot_list **ret)
{
    *ret = lot_obtain_list(lottery, terms, lot);
    if (*ret)
        return 0;
    rpc_retry_after(call, 1);
    return lottery->service->words.loading;
}

int lottery_file_page(struct lottery *lottery, const struct lot_terms *terms, struct lot *lot, void *call, char **ret)
{
    const struct lot_list *list;
    struct draw_writer writer;
    int reason;

    *ret = NULL;
    if (rpc_page(call)->after > (int64_t)lot->draw.n_entries + 1) {
        rpc_refuse_page(call);
        return 0;
    }
    if (lottery_reached(lot) < DRAW_FROZEN) {
        if (lot->draw.state != DRAW_VOID)
            return lottery->service->words.not_frozen;
        *ret = write_void(lottery, terms, lot, call);
        return *ret ? 0 : RPC__REASON__OVERLOADED;
    }
    reason = obtain(lottery, terms, lot, call, &list);
    if (reason)
        return reason;
    if (lot->draw.state == DRAW_DRAWN)
        lot->draw.state = DRAW_FROZEN;
    draw_writer_init(&writer, list->terms, &lot->draw, &list->list,
                     lottery_reached(lot) >= DRAW_DRAWN ? &list->job : NULL);
    *ret = write_page(&writer, call);
    return 0;
}

/* ---- receipts ---- */

/* The text of a receipt in the arena, or NULL when it is full. */
static char *receipt_text(const struct lot_list *list, struct lot *lot, const struct lot_entry *entry,
                          struct arena *arena)
{
    struct draw_outcome *outcomes = arena_zalloc(arena, list->terms->n_strata * sizeof(*outcomes));
    struct buf buf;
    uint32_t index;

    if (!outcomes || !draw_list_find(&list->list, entry->ticket, &index))
        return NULL;
    if (lot->draw.state == DRAW_DRAWN)
        lot->draw.state = DRAW_FROZEN;
    buf_init(&buf, FILE_SIZE);
    if (lottery_reached(lot) == DRAW_FROZEN) {
        draw_receipt_write(list->terms, &lot->draw, &list->list, index, NULL, 0, &buf);
    } else {
        for (uint32_t i = 0; i < list->terms->n_strata; i++)
            draw_job_outcome(&list->job, i, &outcomes[i]);
        draw_receipt_write(list->terms, &lot->draw, &list->list, index, outcomes, draw_job_place(&list->job, index),
                           &buf);
    }
    return take_text(&buf, arena);
}

int lottery_receipt(struct lottery *lottery, const struct lot_terms *terms, const struct lot_entry *entry, void *call,
                    char **ret)
{
    const struct lot_list *list;
    struct lot lot;
    int reason;

    if (!lottery_find(lottery, terms, &lot) || lottery_reached(&lot) < DRAW_FROZEN)
        return lottery->service->words.not_frozen;
    reason = obtain(lottery, terms, &lot, call, &list);
    if (reason)
        return reason;
    *ret = receipt_text(list, &lot, entry, rpc_arena(call));
    return *ret ? 0 : RPC__REASON__OVERLOADED;
}
