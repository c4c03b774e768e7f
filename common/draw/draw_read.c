#include "common/draw/draw_fields.h"
#include "common/draw/draw_file.h"
#include "common/draw/draw_internal.h"

#include <stdarg.h>

/* The kinds of lines, in the order of the files. */
enum part {
    RECEIPT,
    MAGIC,
    DRAW,
    TITLE,
    RULES,
    OPENS,
    CLOSES,
    COMMITMENT,
    PUBLIC,
    VALUE_AT,
    VALUE_FORMAT,
    WEIGHT_MAX,
    STRATA,
    STRATUM,
    ROOT,
    ENTRIES,
    FROZEN_AT,
    RESULT,
    SECRET,
    VALUE,
    OUTCOME,
    LIST,
    LISTED,
    ENTRY,
    LEAF,
    LEAF_ENTRY,
    PATH,
    PATH_HASH,
    END,
    DONE,
    FAILED,
};

__attribute__((format(printf, 2, 3))) static bool fail(struct draw_reader *reader, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(reader->problem, sizeof(reader->problem), format, args);
    va_end(args);
    return false;
}

static bool read_entry(struct draw_reader *reader, struct cursor *c, struct draw_entry *ret)
{
    uint32_t stratum, weight;

    if (!read_ticket(c, ret->ticket) || !read_blank(c) || !read_u32(c, reader->terms.n_strata - 1, &stratum) ||
        !read_blank(c) || !read_u32(c, reader->terms.weight_max, &weight) || weight < 1)
        return false;
    ret->stratum = (uint16_t)stratum;
    ret->weight = (uint16_t)weight;
    return true;
}

/* ---- the announcement ---- */

/* An announcement of version 1 names no format, and no time of the freeze belongs to it. */
static bool read_version(struct draw_reader *reader, struct cursor *c)
{
    uint32_t version;

    if (!read_u32(c, 2, &version) || version < 1)
        return false;
    reader->draw.version = (int)version;
    return true;
}

static bool read_strata(struct draw_reader *reader, struct cursor *c)
{
    struct draw_terms *terms = &reader->terms;

    if (!read_u32(c, DRAW_STRATA_MAX, &terms->n_strata) || terms->n_strata == 0)
        return false;
    terms->strata = calloc(terms->n_strata, sizeof(*terms->strata));
    reader->strata = calloc(terms->n_strata, sizeof(*reader->strata));
    return terms->strata && reader->strata;
}

static bool read_stratum(struct draw_reader *reader, struct cursor *c)
{
    struct draw_stratum *stratum = &reader->terms.strata[reader->at];
    uint32_t number;

    return read_u32(c, DRAW_STRATA_MAX, &number) && number == reader->at && read_blank(c) &&
           read_u32(c, DRAW_ENTRIES_MAX, &stratum->quota) && read_blank(c) &&
           read_u32(c, DRAW_ENTRIES_MAX, &stratum->waiting) && read_blank(c) &&
           read_text(c, stratum->label, sizeof(stratum->label));
}

static bool end_announcement(struct draw_reader *reader)
{
    const struct draw_terms *terms = &reader->terms;
    struct draw *draw = &reader->draw;

    sha256_end(&reader->announcement, draw->terms);
    if (draw_terms_check(terms) != DRAW_OK)
        return fail(reader, "the announcement is out of bounds, or its times are not in order");
    memcpy(draw->commitment, terms->commitment, DRAW_HASH_LEN);
    draw->steps = terms->steps;
    draw->opens_ms = terms->opens_ms;
    draw->closes_ms = terms->closes_ms;
    draw->value_at_ms = terms->value_at_ms;
    return true;
}

/* ---- the result ---- */

static bool read_frozen(struct draw_reader *reader, struct cursor *c)
{
    struct draw *draw = &reader->draw;

    if (!read_time(c, &draw->frozen_ms))
        return false;
    return (draw->frozen_ms >= draw->closes_ms && draw->frozen_ms < draw->value_at_ms) ||
           fail(reader, "the list was not fixed between the closing and the value");
}

static bool read_result(struct draw_reader *reader, struct cursor *c)
{
    struct draw *draw = &reader->draw;

    if (read_word(c, "void ")) {
        draw->state = DRAW_VOID;
        draw->void_from = reader->has_list ? DRAW_FROZEN : DRAW_OPEN;
        return read_text(c, draw->void_reason, sizeof(draw->void_reason));
    }
    draw->state = read_word(c, "drawn") ? DRAW_DRAWN : DRAW_FROZEN;
    if (!reader->has_list)
        return fail(reader, "only a void draw has no root");
    return draw->state == DRAW_DRAWN || read_word(c, "frozen");
}

static bool read_secret(struct draw_reader *reader, struct cursor *c)
{
    unsigned char commitment[DRAW_HASH_LEN];

    if (!read_hash(c, reader->draw.secret))
        return false;
    draw_commitment(reader->draw.secret, reader->terms.steps, commitment);
    if (memcmp(commitment, reader->terms.commitment, DRAW_HASH_LEN) != 0)
        return fail(reader, "the secret is not the one that was committed to");
    reader->has_result = true;
    if (reader->draw.state == DRAW_VOID)
        reader->draw.void_from = DRAW_DRAWN;
    return true;
}

static bool read_value(struct draw_reader *reader, struct cursor *c)
{
    struct draw *draw = &reader->draw;

    if (!read_text(c, draw->value, sizeof(draw->value)))
        return false;
    if (draw->version > 1 && !draw_value_fits(reader->terms.value_format, draw->value))
        return fail(reader, "the value is not spelled as announced");
    draw_seed(draw->secret, draw->root, draw->value, draw->seed);
    draw_ranker_init(reader->ranker, draw->seed);
    return true;
}

static bool read_outcome(struct draw_reader *reader, struct cursor *c)
{
    const struct draw_stratum *stratum = &reader->terms.strata[reader->at];
    struct draw_reader_stratum *read = &reader->strata[reader->at];
    struct draw_outcome *outcome = &read->outcome;
    uint32_t number, places = stratum->quota + stratum->waiting;

    if (!read_u32(c, DRAW_STRATA_MAX, &number) || number != reader->at || !read_blank(c) ||
        !read_u32(c, DRAW_ENTRIES_MAX, &outcome->entrants) || !read_blank(c) ||
        !read_u32(c, DRAW_ENTRIES_MAX, &outcome->places) || !read_blank(c))
        return false;
    if (outcome->places != (places < outcome->entrants ? places : outcome->entrants))
        return fail(reader, "stratum %u: %u places are not what the terms give", number, outcome->places);
    if (stratum->quota && outcome->entrants ? !read_hash(c, outcome->cutoff) : !read_word(c, "-"))
        return false;
    /* The entrants of all strata together, so that no file takes more memory than it has lines. */
    uint64_t sum = 0;

    for (uint32_t i = 0; i <= number; i++)
        sum += reader->strata[i].outcome.entrants;
    if (sum > reader->draw.n_entries || (number + 1 == reader->terms.n_strata && sum != reader->draw.n_entries))
        return fail(reader, "the strata do not have the number of entries together");
    memset(&read->lowest, 0xff, sizeof(read->lowest));
    if (reader->receipt)
        return true;
    read->ranks = malloc((outcome->places + 1) * sizeof(*read->ranks));
    read->at = calloc(outcome->places + 1, sizeof(*read->at));
    return (read->ranks && read->at) || fail(reader, "out of memory");
}

/* ---- the list ---- */

/* Ranks are kept as they come, and only a number goes to the place: scattered over
 * the places they would wait for memory at each line. A place given twice is one
 * that is missing elsewhere, which the end finds. */
static bool note_rank(struct draw_reader *reader, const struct draw_entry *entry, uint32_t place)
{
    struct draw_reader_stratum *stratum = &reader->strata[entry->stratum];
    const struct draw_words *rank;

    if (place > stratum->outcome.places || (place && stratum->placed == stratum->outcome.places))
        return fail(reader, "place %u of stratum %u: there are %u", place, entry->stratum, stratum->outcome.places);
    rank = draw_ranker_rank(reader->ranker, entry->ticket, entry->weight);
    stratum->counted++;
    if (place) {
        stratum->ranks[stratum->placed++] = *rank;
        stratum->at[place - 1] = stratum->placed;
    } else if (draw_words_compare(rank, &stratum->lowest) < 0) {
        stratum->lowest = *rank;
    }
    return true;
}

static bool read_listed(struct draw_reader *reader, struct cursor *c)
{
    struct draw_entry *entry = draw_tree_next(&reader->tree);
    uint32_t place;

    if (!read_entry(reader, c, entry) || !read_blank(c) || !read_u32(c, DRAW_ENTRIES_MAX, &place) || c->at != c->end)
        return fail(reader, "not an entry of these terms");
    if (!draw_tree_add(&reader->tree, entry))
        return fail(reader, "the ticket is not above the one before");
    if (reader->has_result ? !note_rank(reader, entry, place) : place != 0)
        return *reader->problem ? false : fail(reader, "a place without a draw");
    if (reader->on_entry)
        reader->on_entry(reader->arg, entry, place);
    return true;
}

#define AHEAD 16 /* places whose ranks are on their way from memory */

static bool check_stratum(struct draw_reader *reader, uint32_t number)
{
    const struct draw_reader_stratum *stratum = &reader->strata[number];
    const struct draw_outcome *outcome = &stratum->outcome;
    uint32_t quota = reader->terms.strata[number].quota, places = outcome->places;
    uint32_t winners = quota < places ? quota : places;
    const struct draw_words zero = {{0}}, *last = &zero;
    unsigned char cutoff[DRAW_HASH_LEN];

    if (stratum->counted != outcome->entrants)
        return fail(reader, "stratum %u has %u entrants, not %u", number, stratum->counted, outcome->entrants);
    for (uint32_t place = 1; place <= places; place++) {
        uint32_t at = stratum->at[place - 1];

        if (at == 0)
            return fail(reader, "stratum %u: nobody has place %u", number, place);

        const struct draw_words *rank = &stratum->ranks[at - 1];

        if (place + AHEAD <= places && stratum->at[place - 1 + AHEAD])
            __builtin_prefetch(&stratum->ranks[stratum->at[place - 1 + AHEAD] - 1]);
        if (draw_words_compare(rank, last) < 0)
            return fail(reader, "stratum %u: place %u has a smaller rank than the place before", number, place);
        last = rank;
        if (place == winners)
            draw_words_bytes(rank, cutoff);
    }
    if (places && draw_words_compare(&stratum->lowest, last) < 0)
        return fail(reader, "stratum %u: an entrant without a place has a smaller rank than the last place", number);
    if (winners && memcmp(cutoff, outcome->cutoff, DRAW_HASH_LEN) != 0)
        return fail(reader, "stratum %u: the cut-off is not the last winner's rank", number);
    return true;
}

static bool check_list(struct draw_reader *reader)
{
    unsigned char top[DRAW_HASH_LEN];

    draw_tree_top(&reader->tree, top);
    if (!draw_is_frozen(&reader->draw, top, reader->tree.n_entries))
        return fail(reader, "the announcement and the list do not give this root");
    for (uint32_t i = 0; reader->has_result && i < reader->terms.n_strata; i++) {
        if (!check_stratum(reader, i))
            return false;
    }
    return true;
}

/* ---- the receipt ---- */

static bool read_holder(struct draw_reader *reader, struct cursor *c)
{
    struct draw_proof *proof = &reader->proof;

    proof->n_entries = reader->draw.n_entries;
    if (!read_u32(c, DRAW_ENTRIES_MAX, &proof->index) || proof->index >= proof->n_entries || !read_blank(c) ||
        !read_u32(c, DRAW_ENTRIES_MAX, &reader->place) || !read_blank(c))
        return false;
    return reader->has_result ? read_hash(c, reader->rank) : read_word(c, "-");
}

static bool check_receipt(struct draw_reader *reader)
{
    const struct draw_proof *proof = &reader->proof;
    uint32_t within = proof->index % DRAW_LEAF;

    if (within >= proof->n_leaf || !draw_proof_check(proof, &reader->draw))
        return fail(reader, "the path does not lead to the root");
    if (!reader->has_result)
        return reader->place == 0 || fail(reader, "a place without a draw");

    const struct draw_entry *entry = &proof->leaf[within];
    const struct draw_outcome *outcome = &reader->strata[entry->stratum].outcome;
    uint32_t quota = reader->terms.strata[entry->stratum].quota;

    unsigned char rank[DRAW_HASH_LEN];

    draw_rank(reader->draw.seed, entry->ticket, entry->weight, rank);
    if (memcmp(rank, reader->rank, DRAW_HASH_LEN) != 0)
        return fail(reader, "secret, root and value do not give this rank");

    bool won = quota && memcmp(reader->rank, outcome->cutoff, DRAW_HASH_LEN) <= 0;

    if (won != (reader->place > 0 && reader->place <= quota))
        return fail(reader, "the rank is %s the cut-off, which is not what the place says", won ? "within" : "above");
    if (reader->place > outcome->places || (reader->place == 0 && outcome->places == outcome->entrants))
        return fail(reader, "there is no such place");
    return true;
}

/* ---- line by line ---- */

/* Lines that begin with a word, and how the rest of each is read. True lets the
 * reader go on to the next part. */
static bool read_part(struct draw_reader *reader, struct cursor *c)
{
    struct draw_terms *terms = &reader->terms;
    uint32_t version = 0;

    switch ((enum part)reader->part) {
    case RECEIPT:
        return read_word(c, "hg-draw-receipt ") && read_u32(c, 1, &version) && version == 1;
    case MAGIC:
        return read_word(c, "hg-draw ") && read_version(reader, c);
    case DRAW:
        return read_word(c, "draw ") && read_text(c, terms->id, sizeof(terms->id));
    case TITLE:
        return read_word(c, "title ") && read_text(c, terms->title, sizeof(terms->title));
    case RULES:
        return read_word(c, "rules ") && read_text(c, terms->rules, sizeof(terms->rules));
    case OPENS:
        return read_word(c, "opens ") && read_time(c, &terms->opens_ms);
    case CLOSES:
        return read_word(c, "closes ") && read_time(c, &terms->closes_ms);
    case COMMITMENT:
        return read_word(c, "commitment ") && read_hash(c, terms->commitment) && read_blank(c) &&
               read_u32(c, DRAW_STEPS_MAX, &terms->steps);
    case PUBLIC:
        return read_word(c, "public ") && read_text(c, terms->public_name, sizeof(terms->public_name));
    case VALUE_AT:
        return read_word(c, "value-at ") && read_time(c, &terms->value_at_ms);
    case VALUE_FORMAT:
        return read_word(c, "value-format ") && read_text(c, terms->value_format, sizeof(terms->value_format));
    case WEIGHT_MAX:
        return read_word(c, "weight-max ") && read_u32(c, DRAW_WEIGHT_MAX, &terms->weight_max);
    case STRATA:
        return read_word(c, "strata ") && read_strata(reader, c);
    case STRATUM:
        return read_word(c, "stratum ") && read_stratum(reader, c);
    case ROOT:
        reader->has_list = read_word(c, "root ") && read_hash(c, reader->draw.root);
        return reader->has_list;
    case ENTRIES:
        return read_word(c, "entries ") && read_u32(c, DRAW_ENTRIES_MAX, &reader->draw.n_entries);
    case FROZEN_AT:
        return read_word(c, "frozen-at ") && read_frozen(reader, c);
    case RESULT:
        return read_word(c, "result ") && read_result(reader, c);
    case SECRET:
        return read_word(c, "secret ") && read_secret(reader, c);
    case VALUE:
        return read_word(c, "value ") && read_value(reader, c);
    case OUTCOME:
        return read_word(c, "outcome ") && read_outcome(reader, c);
    case LIST:
        return read_word(c, "list");
    case ENTRY:
        return read_word(c, "entry ") && read_holder(reader, c);
    case LEAF:
        return read_word(c, "leaf ") && read_u32(c, DRAW_LEAF, &reader->proof.n_leaf);
    case LEAF_ENTRY:
        return read_entry(reader, c, &reader->proof.leaf[reader->at]);
    case PATH:
        return read_word(c, "path ") && read_u32(c, DRAW_PATH_MAX, &reader->proof.n_path);
    case PATH_HASH:
        return read_hash(c, reader->proof.path[reader->at]);
    case END:
        return read_word(c, "end") &&
               (!reader->has_list || (reader->receipt ? check_receipt(reader) : check_list(reader)));
    case LISTED:
    case DONE:
    case FAILED:
        break;
    }
    return false;
}

/* How often the part's line stands there. */
static uint32_t lines_of(const struct draw_reader *reader, enum part part)
{
    switch (part) {
    case STRATUM:
    case OUTCOME:
        return reader->terms.n_strata;
    case VALUE_FORMAT:
    case FROZEN_AT:
        return reader->draw.version > 1;
    case LISTED:
        return reader->draw.n_entries;
    case LEAF_ENTRY:
        return reader->proof.n_leaf;
    case PATH_HASH:
        return reader->proof.n_path;
    default:
        return 1;
    }
}

/* What follows a part that is complete. */
static enum part next_part(const struct draw_reader *reader)
{
    enum part first = reader->receipt ? ENTRY : LIST;

    switch ((enum part)reader->part) {
    case RESULT:
        return !reader->has_list ? END : reader->draw.state == DRAW_DRAWN ? SECRET : first;
    case OUTCOME:
        return first;
    case LISTED:
        return END;
    default:
        return (enum part)(reader->part + 1);
    }
}

/* Where a line that is not the expected one may stand all the same: a draw that
 * was made void early has no root, one that was made void late has a secret. */
static void skip_optional(struct draw_reader *reader, const struct cursor *c)
{
    struct cursor probe = *c;

    if (reader->part == ROOT && !reader->receipt && read_word(&probe, "result "))
        reader->part = RESULT;
    else if ((reader->part == LIST || reader->part == ENTRY) && reader->draw.state == DRAW_VOID &&
             !reader->has_result && read_word(&probe, "secret "))
        reader->part = SECRET;
}

static bool advance(struct draw_reader *reader)
{
    enum part before = (enum part)reader->part;

    if (++reader->at < lines_of(reader, before))
        return true;
    do {
        reader->part = (int)next_part(reader);
        reader->at = 0;
    } while (lines_of(reader, (enum part)reader->part) == 0);
    return before != STRATUM || end_announcement(reader);
}

static bool read_line(struct draw_reader *reader, const char *line, size_t len)
{
    struct cursor c = {line, line + len};

    reader->line++;
    if (reader->part == LISTED)
        return read_listed(reader, &c) && advance(reader);
    if (reader->part == DONE)
        return fail(reader, "something stands behind the end");
    skip_optional(reader, &c);
    if (reader->part >= MAGIC && reader->part <= STRATUM) {
        sha256_add(&reader->announcement, line, len);
        sha256_add(&reader->announcement, "\n", 1);
    }
    if (read_part(reader, &c) && c.at == c.end)
        return advance(reader);
    return *reader->problem ? false : fail(reader, "not the line that belongs here");
}

/* ---- pieces ---- */

bool draw_reader_init(struct draw_reader *reader, bool receipt)
{
    memset(reader, 0, sizeof(*reader));
    reader->receipt = receipt;
    reader->part = receipt ? RECEIPT : MAGIC;
    draw_tree_init(&reader->tree);
    sha256_start(&reader->announcement);
    reader->ranker = malloc(sizeof(*reader->ranker));
    return reader->ranker != NULL;
}

void draw_reader_done(struct draw_reader *reader)
{
    if (!reader)
        return;
    for (uint32_t i = 0; reader->strata && i < reader->terms.n_strata; i++) {
        free(reader->strata[i].ranks);
        free(reader->strata[i].at);
    }
    free(reader->strata);
    free(reader->terms.strata);
    free(reader->ranker);
    memset(reader, 0, sizeof(*reader));
}

static bool feed(struct draw_reader *reader, const char *bytes, size_t len)
{
    const char *end = bytes + len;

    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t piece = (size_t)((newline ? newline : end) - bytes);

        if (piece + reader->n_carried > DRAW_LINE_MAX)
            return fail(reader, "the line is too long");
        if (newline && reader->n_carried == 0) {
            if (!read_line(reader, bytes, piece))
                return false;
        } else {
            memcpy(reader->carried + reader->n_carried, bytes, piece);
            reader->n_carried += piece;
            if (newline && !read_line(reader, reader->carried, reader->n_carried))
                return false;
            if (newline)
                reader->n_carried = 0;
        }
        bytes += piece + (newline != NULL);
    }
    return true;
}

bool draw_reader_feed(struct draw_reader *reader, const char *bytes, size_t len)
{
    if (reader->part == FAILED)
        return false;
    if (feed(reader, bytes, len))
        return true;
    reader->part = FAILED;
    return false;
}

bool draw_reader_announced(const struct draw_reader *reader)
{
    return reader->part >= ROOT && reader->part != FAILED;
}

bool draw_reader_end(struct draw_reader *reader)
{
    if (reader->part == FAILED)
        return false;
    if (reader->part == DONE && reader->n_carried == 0)
        return true;
    reader->part = FAILED;
    return fail(reader, "the file breaks off");
}
