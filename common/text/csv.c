#include "common/text/csv.h"

void csv_init(struct csv *csv, char *text, size_t len, int first_line)
{
    *csv = (struct csv){.at = text, .end = text + len, .next_line = first_line};
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        csv->at += 3;
}

/* The length of the line break at p; 0 is none. */
static size_t line_break(const char *p, const char *end)
{
    if (p < end && *p == '\n')
        return 1;
    return end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

/* Past a quoted field's closing quote; NULL when it has none or holds a NUL. */
static const char *skip_quoted(const char *p, const char *end, int *lines)
{
    for (p++; p < end && *p; p++) {
        if (*p == '\n')
            (*lines)++;
        if (*p != '"')
            continue;
        if (p + 1 == end || p[1] != '"')
            return p + 1;
        p++;
    }
    return NULL;
}

static const char *skip_bare(const char *p, const char *end)
{
    while (p < end && *p && *p != ',' && *p != '"' && *p != '\r' && *p != '\n')
        p++;
    return p;
}

/* Finds where the record that begins at `at` ends, without changing it. */
static enum csv_result scan(const struct csv *csv, const char **ret_end, unsigned *ret_fields, int *ret_lines)
{
    const char *p = csv->at;
    unsigned n = 0;
    int lines = 0;

    for (;;) {
        n++;
        p = p < csv->end && *p == '"' ? skip_quoted(p, csv->end, &lines) : skip_bare(p, csv->end);
        if (!p)
            return CSV_MALFORMED;
        if (p == csv->end || line_break(p, csv->end))
            break;
        if (*p != ',')
            return CSV_MALFORMED;
        p++;
    }
    *ret_end = p;
    *ret_fields = n;
    *ret_lines = lines;
    return n > CSV_FIELDS_MAX ? CSV_TOO_MANY_FIELDS : CSV_ROW;
}

/* Makes a string of the field at p of a record that scan() has passed; returns
 * where its comma or the record's end was. */
static char *cut_field(char *p, const char *end, char **ret_field)
{
    char *out = p;

    *ret_field = p;
    if (p < end && *p == '"') {
        for (p++; !(p[0] == '"' && (p + 1 == end || p[1] != '"')); p++) {
            p += *p == '"';
            *out++ = *p;
        }
        p++;
    } else {
        while (p < end && *p != ',')
            p++;
        out = p;
    }
    *out = '\0';
    return p;
}

static void skip_line(struct csv *csv)
{
    char *newline = memchr(csv->at, '\n', (size_t)(csv->end - csv->at));

    csv->at = newline ? newline + 1 : csv->end;
    csv->next_line++;
}

enum csv_result csv_next(struct csv *csv, struct csv_row *ret_row)
{
    const char *end;
    enum csv_result result;
    unsigned n;
    size_t len;
    int lines;
    char *p;

    while ((len = line_break(csv->at, csv->end)) > 0) {
        csv->at += len;
        csv->next_line++;
    }
    if (csv->at == csv->end)
        return CSV_END;

    ret_row->line = csv->next_line;
    ret_row->n_fields = 0;
    result = scan(csv, &end, &n, &lines);
    if (result == CSV_MALFORMED) {
        skip_line(csv);
        return result;
    }
    p = csv->at;
    csv->at += (size_t)(end - csv->at) + line_break(end, csv->end);
    csv->next_line += lines + 1;
    if (result == CSV_ROW) {
        while (ret_row->n_fields < n)
            p = cut_field(p, end, &ret_row->fields[ret_row->n_fields++]) + 1;
    }
    return result;
}
