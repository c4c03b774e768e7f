/* csv.h: one page of CSV in memory, read strictly.
 *
 * RFC 4180: fields separated by commas, a field with commas, quotes or line
 * breaks in double quotes, a quote inside doubled. Lines end with LF or CRLF, the
 * last one may end with the page. A UTF-8 byte order mark before the first line
 * and empty lines are skipped. What is no such line (a quote inside a bare field,
 * characters after a closing quote, a quote that is never closed, a lone CR, a
 * NUL) is reported with its number, and reading goes on with the next line of the
 * text, so one slip of a clerk costs one row and not the file.
 *
 * Fields are made into NUL-terminated strings in place: the page is changed, and
 * nothing is allocated. Time is linear in the page. UTF-8 is not checked here. */
#pragma once

#define CSV_FIELDS_MAX 32

enum csv_result {
    CSV_END,
    CSV_ROW,
    CSV_MALFORMED,
    CSV_TOO_MANY_FIELDS, /* more than CSV_FIELDS_MAX */
};

struct csv {
    char *at, *end;
    int next_line;
};

struct csv_row {
    int line; /* on which the row begins; set with CSV_ROW and with the troubles */
    unsigned n_fields;
    char *fields[CSV_FIELDS_MAX]; /* in the page */
};

/* text[len] must be a NUL that may be written to, as behind a protobuf string.
 * first_line is the number of the page's first line. */
void csv_init(struct csv *csv, char *text, size_t len, int first_line);
/* The next row, or what is wrong with it. */
enum csv_result csv_next(struct csv *csv, struct csv_row *ret_row);
