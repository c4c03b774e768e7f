#include "common/benefit/imports/intake.h"

#include <sys/mman.h>
#include <unistd.h>

#include "common/text/utf8.h"
#include "imports.pb-c.h"

const struct child_kind intake_children[] = {
    {"table", table_prepare, table_write, 768 << 20, 300, 6 * 3600},
    {NULL, NULL, NULL, 0, 0, 0},
};

int intake_open(struct children *children, int file)
{
    int rows;

    if (children)
        return children_start(children, "table", file);
    rows = memfd_create("rows", MFD_CLOEXEC);
    if (rows >= 0) {
        table_write_to(file, rows);
        lseek(rows, 0, SEEK_SET);
    }
    return rows;
}

void intake_init(struct intake *intake, const struct import_kind *kind, const char *union_code, int pipe)
{
    memset(intake, 0, offsetof(struct intake, lines));
    intake->kind = kind;
    snprintf(intake->union_code, sizeof(intake->union_code), "%s", union_code);
    lines_init(&intake->lines, pipe);
}

/* Says what is wrong with the file; the first that is found stays. */
static void fail(struct intake *intake, int reason, const char *seen)
{
    if (!intake->fault) {
        intake->fault = reason;
        snprintf(intake->seen, sizeof(intake->seen), "%s", seen);
    }
}

/* ---- headings ---- */

#define TELLING_DIGITS 11 /* of a mobile number, and of a resident ID more */

/* Whether a row is one of a person's, by a number in it. */
static bool is_somebody(const struct import_kind *kind, const struct table_line *line)
{
    for (unsigned i = 0; i < line->n_fields; i++) {
        const char *text = line->fields[i];

        for (size_t digits; *text; text += digits + (text[digits] != '\0')) {
            digits = strspn(text, "0123456789");
            if (digits >= TELLING_DIGITS)
                return true;
        }
        if (kind->is_rounded(line->fields[i]))
            return true;
    }
    return false;
}

/* A row for who reads a fault: of a person's the first character of each field. */
static void show_row(const struct import_kind *kind, const struct table_line *line, char ret[TABLE_SEEN_MAX])
{
    char joined[2 * TABLE_SEEN_MAX]; /* of which no more than half is shown */
    bool hides = is_somebody(kind, line);
    size_t len = 0;

    for (unsigned i = 0; i < line->n_fields && len < sizeof(joined); i++) {
        const unsigned char *at = (const unsigned char *)line->fields[i];
        int n = (int)strlen(line->fields[i]);

        if (hides && n > 0 && utf8_next(&at) >= 0)
            n = (int)(at - (const unsigned char *)line->fields[i]);
        len += (size_t)snprintf(joined + len, sizeof(joined) - len, "%s%.*s%s", i ? " | " : "", n, line->fields[i],
                                line->fields[i][n] ? "*" : "");
    }
    table_excerpt(joined, len < sizeof(joined) ? len : sizeof(joined) - 1, ret, TABLE_SEEN_MAX);
}

/* What is missing, and the row that has come closest. */
static void show_missing(struct intake *intake, const struct headings *headings, const struct table_line *line)
{
    char row[TABLE_SEEN_MAX];

    show_row(intake->kind, line, row);
    snprintf(intake->seen, sizeof(intake->seen), "缺少“%s”列；第%u行：%s",
             intake->kind->columns[headings->missing].name, line->number, row);
}

/* Why they are not found: rows of one field may be parted by a sign that is none of ours, where more are needed. */
static int no_headings(const struct intake *intake)
{
    return intake->widest > 1 || headings_needed(intake->kind, *intake->union_code != '\0') == 1
               ? (int)IMPORTS__REASON__FILE_HEADINGS
               : (int)IMPORTS__REASON__FILE_SEPARATOR;
}

/* A row when the headings are not known yet. */
static void look_for_headings(struct intake *intake, struct table_line *line)
{
    struct headings headings;
    char row[TABLE_SEEN_MAX];

    intake->widest = line->n_fields > intake->widest ? line->n_fields : intake->widest;
    headings_read(intake->kind, *intake->union_code != '\0', line->fields, line->n_fields, &headings);
    if (headings.missing < 0 && headings.twice >= 0) {
        show_row(intake->kind, line, row);
        fail(intake, IMPORTS__REASON__FILE_HEADING_TWICE, row);
    } else if (headings.missing < 0) {
        intake->headings = headings;
        intake->line = line->number;
        headings_unread(&headings, line->fields, line->n_fields, intake->unread);
    } else if (is_somebody(intake->kind, line) && headings.n_found == 0 && intake->best == 0) {
        show_row(intake->kind, line, row);
        fail(intake, no_headings(intake), row);
    } else {
        if (intake->titles == 0 || headings.n_found > intake->best)
            show_missing(intake, &headings, line);
        intake->best = headings.n_found > intake->best ? headings.n_found : intake->best;
        intake->titles++;
    }
    if (!intake->fault && !intake->line && intake->titles == INTAKE_HEADS)
        intake->fault = no_headings(intake);
}

/* ---- the end ---- */

static int reason_of(enum table_fault fault)
{
    static const int reasons[] = {
        [TABLE_EMPTY] = IMPORTS__REASON__FILE_EMPTY,         [TABLE_UNREADABLE] = IMPORTS__REASON__FILE_UNREADABLE,
        [TABLE_ENCODING] = IMPORTS__REASON__FILE_ENCODING,   [TABLE_XLS] = IMPORTS__REASON__FILE_XLS,
        [TABLE_ENCRYPTED] = IMPORTS__REASON__FILE_ENCRYPTED, [TABLE_OTHER] = IMPORTS__REASON__FILE_KIND,
        [TABLE_DAMAGED] = IMPORTS__REASON__FILE_DAMAGED,     [TABLE_HOSTILE] = IMPORTS__REASON__FILE_HOSTILE,
        [TABLE_TOO_LARGE] = IMPORTS__REASON__FILE_TOO_LARGE,
    };

    return reasons[fault];
}

static bool is_rounded_whole(const struct intake *intake)
{
    return intake->rounded >= INTAKE_ROUNDED_LEAST &&
           (intake->rounded >= INTAKE_ROUNDED_MOST ||
            intake->rounded * UINT64_C(1) * INTAKE_ROUNDED_SHARE >= intake->rows);
}

/* What is told of the whole; told NULL: the child was ended. */
static void end(struct intake *intake, const struct table_told *told)
{
    char seen[64];

    intake->ended = true;
    if (told)
        memcpy(intake->form, told->form, sizeof(intake->form));
    if (intake->fault)
        return;
    if (!told) {
        fail(intake, IMPORTS__REASON__FILE_UNREADABLE, "");
        return;
    }
    intake->cut_fields = told->cut_fields;
    intake->other_rows = told->other_rows;
    if (told->fault != TABLE_OK) {
        fail(intake, reason_of(told->fault), told->seen);
    } else if (!intake->line) {
        intake->fault = no_headings(intake); /* seen is said already */
    } else if (intake->rows == 0) {
        fail(intake, IMPORTS__REASON__FILE_NO_ROWS, "");
    } else if (is_rounded_whole(intake)) {
        snprintf(seen, sizeof(seen), "%u / %u", intake->rounded, intake->rows);
        fail(intake, IMPORTS__REASON__FILE_NUMBERS_ROUNDED, seen);
    }
}

/* ---- rows ---- */

/* Its fields in their order, and counts it. */
static void take_row(struct intake *intake, const struct table_line *line, struct csv_row *ret)
{
    static char nothing[] = "";
    int of_union = intake->kind->of_union;
    bool rounded = false;

    ret->line = (int)line->number;
    ret->n_fields = line->n_fields ? intake->kind->n : 0;
    for (unsigned i = 0; i < ret->n_fields; i++) {
        int at = intake->headings.at[i];

        ret->fields[i] = at >= 0 && (unsigned)at < line->n_fields ? line->fields[at] : nothing;
        if ((int)i == of_union && at < 0)
            ret->fields[i] = intake->union_code;
        rounded |= intake->kind->is_rounded(ret->fields[i]);
    }
    intake->rows++;
    intake->rounded += rounded;
}

/* The next row below the headings, or false: the file has ended, or there is no more yet. */
static bool next_row(struct intake *intake, struct csv_row *ret)
{
    struct table_line line;
    char *text;

    while (!intake->ended && !intake->fault) {
        enum lines_result result = lines_next(&intake->lines, &text);

        if (result == LINES_WAIT)
            return false;
        if (result == LINES_END || !table_line(text, &line)) {
            end(intake, NULL);
        } else if (line.last) {
            end(intake, &line.told);
        } else if (!intake->line) {
            look_for_headings(intake, &line);
        } else {
            take_row(intake, &line, ret);
            return true;
        }
    }
    intake->ended = true;
    return false;
}

void intake_empty(struct intake_page *page)
{
    page->n = 0;
    page->len = 0;
}

/* Whether there was room for it. */
static bool put(struct intake_page *page, const struct csv_row *row)
{
    struct csv_row *copy = &page->rows[page->n];
    size_t len = 0;

    for (unsigned i = 0; i < row->n_fields; i++)
        len += strlen(row->fields[i]) + 1;
    if (page->n == INTAKE_PAGE_ROWS || len > sizeof(page->text) - page->len)
        return false;
    copy->line = row->line;
    copy->n_fields = row->n_fields;
    for (unsigned i = 0; i < row->n_fields; i++) {
        copy->fields[i] = page->text + page->len;
        page->len += strlen(row->fields[i]) + 1;
        memcpy(copy->fields[i], row->fields[i], strlen(row->fields[i]) + 1);
    }
    page->n++;
    return true;
}

bool intake_fill(struct intake *intake, struct intake_page *page)
{
    struct csv_row row;

    if (intake->held.line) {
        put(page, &intake->held);
        intake->held.line = 0;
    }
    while (page->n < INTAKE_PAGE_ROWS) {
        if (!next_row(intake, &row))
            return intake->ended;
        if (!put(page, &row)) {
            intake->held = row;
            return true;
        }
    }
    return true;
}
