#include "common/benefit/settlement/reconcile.h"

#include "common/text/csv.h"
#include "common/text/yuan.h"

/* What one side has of a thing, in one line. */
struct item {
    int64_t thing_id, fen;
};

/* ---- their file ---- */

/* What a row has in a column; "" where there is none. */
static const char *field_of(const struct csv_row *row, int column)
{
    return column > 0 && (unsigned)column <= row->n_fields ? row->fields[column - 1] : "";
}

/* Whether a row is a thing with an amount; ret_names: it might be the names of the columns. */
static bool read_row(const struct reconcile_columns *columns, const struct csv_row *row, struct item *ret,
                     bool *ret_names)
{
    bool is_thing = number_read(field_of(row, columns->thing), &ret->thing_id) && ret->thing_id > 0;
    bool is_fen = yuan_read(field_of(row, columns->fen), &ret->fen);

    *ret_names = row->n_fields > 0 && !is_thing && !is_fen;
    return is_thing && is_fen;
}

/* How many rows of theirs, or a Reason, negative. */
static int read_file(const struct reconcile_columns *columns, char *text, size_t len, struct item *items,
                     int32_t *ret_line)
{
    enum csv_result result;
    bool names, first = true;
    struct csv_row row;
    struct csv csv;
    int n = 0;

    csv_init(&csv, text, len, 1);
    for (; (result = csv_next(&csv, &row)) != CSV_END; first = false) {
        struct item item;

        names = false;
        if (result == CSV_ROW && read_row(columns, &row, &item, &names)) {
            if (n == RECONCILE_LINES_MAX)
                return -SETTLEMENT__REASON__FILE_TOO_LONG;
            items[n++] = item;
        } else if (!first || !names) {
            *ret_line = row.line;
            return -SETTLEMENT__REASON__FILE_LINE_WRONG;
        }
    }
    return n;
}

/* ---- both ---- */

static int compare_things(const void *a, const void *b)
{
    const struct item *left = a, *right = b;

    return (left->thing_id > right->thing_id) - (left->thing_id < right->thing_id);
}

/* Sorts by thing and adds up what one has in several lines: how many things; -1: a sum does not fit. */
static int add_up(struct item *items, int n, int64_t *ret_fen)
{
    int things = 0;

    *ret_fen = 0;
    qsort(items, (size_t)n, sizeof(*items), compare_things);
    for (int i = 0; i < n; i++) {
        struct item *last = things ? &items[things - 1] : NULL;

        if (__builtin_add_overflow(*ret_fen, items[i].fen, ret_fen))
            return -1;
        if (!last || last->thing_id != items[i].thing_id)
            items[things++] = items[i];
        else if (__builtin_add_overflow(last->fen, items[i].fen, &last->fen))
            return -1;
    }
    return things;
}

static void compare(const struct item *ours, int n_ours, const struct item *theirs, int n_theirs,
                    struct reconciliation *ret)
{
    int i = 0, j = 0;

    while (i < n_ours || j < n_theirs) {
        int order = i == n_ours ? 1 : j == n_theirs ? -1 : compare_things(&ours[i], &theirs[j]);
        struct reconcile_row row = {
            .kind = order < 0 ? RECONCILE_ONLY_OURS : RECONCILE_ONLY_THEIRS,
            .thing_id = order <= 0 ? ours[i].thing_id : theirs[j].thing_id,
            .ours_fen = order <= 0 ? ours[i].fen : 0,
            .theirs_fen = order >= 0 ? theirs[j].fen : 0,
        };

        if (order == 0)
            row.kind = row.ours_fen == row.theirs_fen ? RECONCILE_SAME : RECONCILE_AMOUNT;
        ret->counts[row.kind]++;
        if (row.kind != RECONCILE_SAME)
            ret->rows[ret->n_rows++] = row;
        i += order <= 0;
        j += order >= 0;
    }
}

int statement_reconcile(const struct settlement *settlement, const struct statement *statement,
                        const struct reconcile_columns *columns, char *file, size_t len, struct arena *arena,
                        struct reconciliation *ret, int32_t *ret_line)
{
    struct item *theirs = arena_alloc(arena, RECONCILE_LINES_MAX * sizeof(*theirs));
    struct item *ours = arena_alloc(arena, SETTLEMENT_LINES_MAX * sizeof(*ours));
    struct statement_line *lines;
    int n_ours = statement_lines(settlement, statement->id, 0, SETTLEMENT_LINES_MAX, arena, &lines), n_theirs;

    *ret = (struct reconciliation){0};
    *ret_line = 0;
    if (!theirs || !ours || n_ours < 0)
        return RPC__REASON__OVERLOADED;
    n_theirs = read_file(columns, file, len, theirs, ret_line);
    if (n_theirs < 0)
        return -n_theirs;
    for (int i = 0; i < n_ours; i++)
        ours[i] = (struct item){lines[i].thing_id, lines[i].fen};
    n_ours = add_up(ours, n_ours, &ret->ours_fen);
    n_theirs = add_up(theirs, n_theirs, &ret->theirs_fen);
    if (n_ours < 0 || n_theirs < 0)
        return RPC__REASON__OUT_OF_RANGE;
    ret->rows = arena_alloc(arena, (size_t)(n_ours + n_theirs + 1) * sizeof(*ret->rows));
    if (!ret->rows)
        return RPC__REASON__OVERLOADED;
    compare(ours, n_ours, theirs, n_theirs, ret);
    return 0;
}
