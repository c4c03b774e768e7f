/* table_text.c: rows of a text. Its bytes become UTF-8 in a window that slides over the file,
 * and records are taken out of the window's beginning. */
#include <errno.h>
#include <iconv.h>

#include "common/table/table_internal.h"

#define RECORD_MAX 65536 /* bytes of a record; a quote that has not ended by then never does */
#define WINDOW     (3 * RECORD_MAX)
#define CHUNK      16384 /* bytes of the file; twice as many at most in the window */
#define SAMPLE     40    /* records by which the separator is found */

struct text {
    struct table *table;
    enum table_encoding encoding;
    iconv_t decoder; /* (iconv_t)-1: UTF-8 as it is */
    uint64_t at;     /* of the file: behind what has been taken into the window */
    unsigned char raw[CHUNK];
    size_t n_raw;
    bool ended; /* the file is in the window to its end */
    char *window;
    size_t len, from; /* of the window: what is in it, and where the next record begins */
    uint32_t line;    /* of the next record */
    char separator;
    struct table_row *row;
};

/* ---- the window ---- */

static bool not_encoded(struct text *text, const unsigned char *at, size_t left)
{
    char bytes[16];

    snprintf(bytes, sizeof(bytes), "%02X %02X", at[0], left > 1 ? at[1] : 0);
    return table_fail(text->table, TABLE_ENCODING, "%s: %s", table_encoding_name(text->encoding), bytes);
}

/* How many of the raw bytes are whole characters of UTF-8; false after failing. */
static bool check_utf8(struct text *text, size_t *ret_len)
{
    size_t i = 0;

    while (i < text->n_raw) {
        unsigned char c = text->raw[i];
        unsigned more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        bool good = c < 0x80 || (c >= 0xc2 && c <= 0xf4);

        if (good && i + more >= text->n_raw && !text->ended)
            break;
        good = good && i + more < text->n_raw;
        for (unsigned n = 1; good && n <= more; n++) {
            unsigned char next = text->raw[i + n];
            unsigned char low = n > 1 ? 0x80 : c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
            unsigned char high = n > 1 ? 0xbf : c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;

            good = next >= low && next <= high;
        }
        if (!good)
            return not_encoded(text, text->raw + i, text->n_raw - i);
        i += more + 1;
    }
    *ret_len = i;
    return true;
}

/* Takes what is whole of the raw bytes into the window. */
static bool decode(struct text *text)
{
    char *in = (char *)text->raw, *out = text->window + text->len;
    size_t in_left = text->n_raw, out_left = WINDOW - text->len, whole = 0;

    if (text->decoder == (iconv_t)-1) {
        if (!check_utf8(text, &whole))
            return false;
        memcpy(out, in, whole);
        text->len += whole;
        in += whole;
        in_left -= whole;
    } else {
        if (iconv(text->decoder, &in, &in_left, &out, &out_left) == (size_t)-1 && errno != EINVAL)
            return not_encoded(text, (unsigned char *)in, in_left);
        text->len = WINDOW - out_left;
    }
    /* What is left is the beginning of a character; at the end of the file there is no more of it. */
    if (text->ended && in_left > 0)
        return not_encoded(text, (unsigned char *)in, in_left);
    memmove(text->raw, in, in_left);
    text->n_raw = in_left;
    return true;
}

/* More of the file into the window, whose taken part is given up. False after failing. */
static bool fill(struct text *text)
{
    size_t n, room;

    memmove(text->window, text->window + text->from, text->len - text->from);
    text->len -= text->from;
    text->from = 0;
    /* A character of two bytes becomes one of three. */
    while (!text->ended && WINDOW - text->len >= 2 * CHUNK) {
        room = sizeof(text->raw) - text->n_raw;
        if (!table_bytes(text->table, text->at, text->raw + text->n_raw, room, &n))
            return false;
        text->at += n;
        text->n_raw += n;
        text->ended = n < room;
        if (!decode(text))
            return false;
    }
    return true;
}

/* ---- records ---- */

/* A record being taken apart. */
struct taking {
    size_t at, limit; /* in the window */
    uint32_t lines;   /* line ends within quotes */
    bool ended;       /* behind the line end, or at the end of the file */
    bool broken;      /* quotes that do not end, or more than a record may have */
    size_t len;
    char field[RECORD_MAX];
};

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* Behind the line end that is at a place. */
static size_t behind_line_end(const struct text *text, size_t at)
{
    bool both = text->window[at] == '\r' && at + 1 < text->len && text->window[at + 1] == '\n';

    return at + 1 + both;
}

/* To the end of the field, as it stands. */
static void take_bare(const struct text *text, struct taking *taking)
{
    while (taking->at < taking->limit && text->window[taking->at] != text->separator &&
           !is_line_end(text->window[taking->at]))
        taking->field[taking->len++] = text->window[taking->at++];
    if (taking->at == taking->limit) {
        taking->ended = true;
        taking->broken |= taking->limit < text->len || !text->ended;
    } else if (text->window[taking->at] == text->separator) {
        taking->at++;
    } else {
        taking->at = behind_line_end(text, taking->at);
        taking->ended = true;
    }
}

/* What is between quotes; a line end there is a blank. */
static void take_quoted(const struct text *text, struct taking *taking)
{
    for (taking->at++; taking->at < taking->limit; taking->at++) {
        char c = text->window[taking->at];

        if (c == '"') {
            if (taking->at + 1 == taking->limit || text->window[taking->at + 1] != '"') {
                taking->at++;
                return;
            }
            taking->at++;
        } else if (is_line_end(c)) {
            taking->lines++;
            taking->at = behind_line_end(text, taking->at) - 1;
            c = ' ';
        }
        taking->field[taking->len++] = c;
    }
    taking->broken = true;
}

/* Behind the line that begins at a place, which may be longer than a record. */
static bool skip_line(struct text *text)
{
    size_t at = text->from;

    for (;;) {
        while (at < text->len && !is_line_end(text->window[at]))
            at++;
        if (at < text->len || text->ended)
            break;
        text->from = at;
        if (!fill(text))
            return false;
        at = text->from;
    }
    text->from = at < text->len ? behind_line_end(text, at) : at;
    return true;
}

/* Reads the record at the window's beginning into the row: whether it is one. A line whose quotes do not end is
 * none, and the next begins behind it: one slip of a clerk costs one line, not the rest of the file. */
static bool read_record(const struct text *text, struct taking *taking, struct table_row *row)
{
    taking->at = text->from;
    taking->limit = text->len - text->from > RECORD_MAX ? text->from + RECORD_MAX : text->len;
    taking->lines = 0;
    taking->ended = taking->broken = false;
    table_row_begin(row, text->line);
    while (!taking->ended && !taking->broken) {
        taking->len = 0;
        if (taking->at < taking->limit && text->window[taking->at] == '"')
            take_quoted(text, taking);
        if (!taking->broken)
            take_bare(text, taking);
        table_row_field(row, taking->field, taking->len);
    }
    return !taking->broken;
}

/* Enough in the window for a record, and the LF of a CR behind it. */
static bool ready(struct text *text)
{
    return text->ended || text->len - text->from > RECORD_MAX + 1 || fill(text);
}

static bool take_record(struct text *text, struct taking *taking)
{
    uint32_t number = text->line;

    if (!read_record(text, taking, text->row)) {
        text->line++;
        return skip_line(text) && table_row_broken(text->table, number);
    }
    text->from = taking->at;
    text->line += taking->lines + 1;
    return table_row_give(text->table, text->row);
}

/* ---- the separator ---- */

/* How many fields most of the first records have, and how many records have them. */
struct shape {
    unsigned fields, records;
};

static struct shape shape_of(struct text *text, struct taking *taking, char separator)
{
    unsigned counts[TABLE_FIELDS_MAX + 1] = {0};
    size_t from = text->from;
    struct shape shape = {0};

    text->separator = separator;
    for (int i = 0; i < SAMPLE && text->from < text->len; i++) {
        if (!read_record(text, taking, text->row))
            break;
        text->from = taking->at;
        counts[text->row->n]++;
    }
    text->from = from;
    for (unsigned n = 2; n <= TABLE_FIELDS_MAX; n++) {
        if (counts[n] > 0 && counts[n] >= shape.records)
            shape = (struct shape){n, counts[n]};
    }
    return shape;
}

/* The line `sep=;` that Excel understands, which is no row. */
static bool says_separator(struct text *text)
{
    const char *line = text->window + text->from;
    size_t left = text->len - text->from, quote = left > 0 && *line == '"';

    if (left < quote + 5 || strncasecmp(line + quote, "sep=", 4) != 0)
        return false;
    if (left > 2 * quote + 5 && !is_line_end(line[2 * quote + 5]))
        return false;
    text->separator = line[quote + 4];
    text->line = 2;
    text->from = left > 2 * quote + 5 ? behind_line_end(text, text->from + 2 * quote + 5) : text->len;
    return true;
}

/* The one that parts most of the first records. What none of them parts is a table of one column, whatever else may
 * stand in its lines. */
static void find_separator(struct text *text, struct taking *taking)
{
    static const char separators[] = {',', '\t', ';'};
    struct shape best = {0};
    char found = ',';

    if (says_separator(text))
        return;
    for (size_t i = 0; i < ARRAY_LEN(separators); i++) {
        struct shape shape = shape_of(text, taking, separators[i]);

        if (shape.records > best.records || (shape.records == best.records && shape.fields > best.fields)) {
            best = shape;
            found = separators[i];
        }
    }
    text->separator = found;
}

/* ---- the whole ---- */

static void read_text(struct text *text, struct taking *taking)
{
    if (!fill(text))
        return;
    find_separator(text, taking);
    snprintf(text->table->told->form, sizeof(text->table->told->form), "%s %s", table_encoding_name(text->encoding),
             text->separator == '\t' ? "TAB" : (char[]){text->separator, '\0'});
    while (ready(text) && text->from < text->len && take_record(text, taking))
        continue;
}

static iconv_t decoder_of(enum table_encoding encoding)
{
    return encoding == TABLE_UTF_8 ? (iconv_t)-1 : iconv_open("UTF-8", table_encoding_name(encoding));
}

void table_prepare(void)
{
    /* A converter that is open keeps its library. */
    for (enum table_encoding encoding = TABLE_GB18030; encoding <= TABLE_UTF_16BE; encoding++)
        decoder_of(encoding);
}

void table_text(struct table *table)
{
    struct text text = {.table = table, .line = 1};
    struct taking *taking = malloc(sizeof(*taking));
    unsigned skip;

    text.window = malloc(WINDOW);
    text.row = malloc(sizeof(*text.row));
    if (!taking || !text.window || !text.row) {
        table_fail(table, TABLE_TOO_LARGE, "%s", "");
    } else if (table_encoding(table, &text.encoding, &skip)) {
        text.at = skip;
        text.decoder = decoder_of(text.encoding);
        if (text.encoding != TABLE_UTF_8 && text.decoder == (iconv_t)-1)
            table_fail(table, TABLE_UNREADABLE, "iconv");
        else
            read_text(&text, taking);
        if (text.decoder != (iconv_t)-1)
            iconv_close(text.decoder);
    }
    free(text.row);
    free(text.window);
    free(taking);
}
