#include "common/base/hex.h"
#include "common/draw/draw_file.h"
#include "common/draw/draw_internal.h"

enum part {
    HEAD,
    LIST,
    END,
};

static void add_hash(struct buf *buf, const char *before, const unsigned char hash[DRAW_HASH_LEN], const char *after)
{
    char digits[HEX_SIZE(DRAW_HASH_LEN)];

    hex_print(hash, DRAW_HASH_LEN, digits);
    buf_str(buf, before);
    buf_str(buf, digits);
    buf_str(buf, after);
}

static char *put_number(char *at, uint32_t value)
{
    char digits[10], *p = digits + sizeof(digits);

    *at++ = ' ';
    do
        *--p = (char)('0' + value % 10);
    while (value /= 10);
    memcpy(at, p, (size_t)(digits + sizeof(digits) - p));
    return at + (digits + sizeof(digits) - p);
}

#define ENTRY_LINE_MAX (2 * DRAW_TICKET_LEN + 3 * 11 + 1)

static void add_entry(struct buf *buf, const struct draw_entry *entry, const uint32_t *place)
{
    char *line = buf_room(buf, ENTRY_LINE_MAX), *at = line;

    if (!line)
        return;
    at = hex_write(entry->ticket, DRAW_TICKET_LEN, at);
    at = put_number(at, entry->stratum);
    at = put_number(at, entry->weight);
    if (place)
        at = put_number(at, *place);
    *at++ = '\n';
    buf->len += (size_t)(at - line);
}

/* From the announcement to the outcomes; a draw that has a secret has outcomes. */
static void add_head(struct buf *buf, const struct draw_terms *terms, const struct draw *draw,
                     const struct draw_outcome *outcomes)
{
    static const unsigned char none[DRAW_HASH_LEN];
    enum draw_state state = draw->state == DRAW_VOID ? draw->void_from : draw->state;

    draw_terms_write(terms, buf);
    if (state >= DRAW_FROZEN) {
        add_hash(buf, "root ", draw->root, "\n");
        buf_printf(buf, "entries %u\n", draw->n_entries);
        if (draw->version > 1)
            buf_printf(buf, "frozen-at %lld\n", (long long)draw->frozen_ms);
    }
    if (draw->state == DRAW_VOID)
        buf_printf(buf, "result void %s\n", draw->void_reason);
    else
        buf_str(buf, state == DRAW_FROZEN ? "result frozen\n" : "result drawn\n");
    if (state < DRAW_DRAWN)
        return;
    add_hash(buf, "secret ", draw->secret, "\n");
    buf_printf(buf, "value %s\n", draw->value);
    for (uint32_t i = 0; i < terms->n_strata; i++) {
        buf_printf(buf, "outcome %u %u %u ", i, outcomes[i].entrants, outcomes[i].places);
        if (memcmp(outcomes[i].cutoff, none, DRAW_HASH_LEN) == 0)
            buf_str(buf, "-\n");
        else
            add_hash(buf, "", outcomes[i].cutoff, "\n");
    }
}

void draw_writer_init(struct draw_writer *writer, const struct draw_terms *terms, const struct draw *draw,
                      const struct draw_list *list, const struct draw_job *job)
{
    enum draw_state state = draw->state == DRAW_VOID ? draw->void_from : draw->state;

    ensure(state >= DRAW_FROZEN || draw->state == DRAW_VOID);
    ensure((state >= DRAW_FROZEN) == (list != NULL) && (state >= DRAW_DRAWN) == (job != NULL));
    *writer = (struct draw_writer){.terms = terms, .draw = draw, .list = list, .job = job};
}

static void write_head(struct draw_writer *writer, struct buf *buf)
{
    uint32_t n = writer->terms->n_strata;
    struct draw_outcome *outcomes = writer->job ? calloc(n, sizeof(*outcomes)) : NULL;

    if (writer->job && !outcomes) {
        buf->failed = true;
        return;
    }
    for (uint32_t i = 0; outcomes && i < n; i++)
        draw_job_outcome(writer->job, i, &outcomes[i]);
    add_head(buf, writer->terms, writer->draw, outcomes);
    if (writer->list)
        buf_str(buf, "list\n");
    free(outcomes);
}

void draw_writer_seek(struct draw_writer *writer, uint32_t at)
{
    writer->part = LIST;
    writer->at = at;
}

bool draw_writer_step(struct draw_writer *writer, struct buf *buf, uint32_t lines)
{
    const struct draw_list *list = writer->list;

    switch ((enum part)writer->part) {
    case HEAD:
        write_head(writer, buf);
        writer->part = LIST;
        return true;
    case LIST:
        for (; lines && list && writer->at < list->n; lines--, writer->at++) {
            uint32_t place = writer->job ? draw_job_place(writer->job, writer->at) : 0;

            add_entry(buf, &list->entries[writer->at], &place);
        }
        if (list && writer->at < list->n)
            return true;
        buf_str(buf, "end\n");
        writer->part = END;
        return false;
    case END:
        break;
    }
    return false;
}

void draw_receipt_write(const struct draw_terms *terms, const struct draw *draw, const struct draw_list *list,
                        uint32_t index, const struct draw_outcome *outcomes, uint32_t place, struct buf *buf)
{
    unsigned char rank[DRAW_HASH_LEN];
    struct draw_proof proof;

    draw_proof_make(list, index, &proof);
    buf_str(buf, "hg-draw-receipt 1\n");
    add_head(buf, terms, draw, outcomes);
    buf_printf(buf, "entry %u %u ", index, place);
    if (outcomes) {
        draw_rank(draw->seed, list->entries[index].ticket, list->entries[index].weight, rank);
        add_hash(buf, "", rank, "\n");
    } else {
        buf_str(buf, "-\n");
    }
    buf_printf(buf, "leaf %u\n", proof.n_leaf);
    for (uint32_t i = 0; i < proof.n_leaf; i++)
        add_entry(buf, &proof.leaf[i], NULL);
    buf_printf(buf, "path %u\n", proof.n_path);
    for (uint32_t i = 0; i < proof.n_path; i++)
        add_hash(buf, "", proof.path[i], "\n");
    buf_str(buf, "end\n");
}
