/* table_merge.c: cells that a sheet shows as one over several rows.
 *
 * A workbook has the text in the first cell alone, and says behind the rows which cells are one;
 * so the sheet is gone through twice. Whoever looks at it reads the text in each of the rows, and
 * so does who is given them: a field that is empty in a row within a merged cell is as in its
 * first row. A row that has nothing else stays empty. What is merged within one row is a title's
 * or a heading's, and stays as it is. */
#include "common/table/table_internal.h"

#define MERGES_MAX 1000000

struct merge {
    uint32_t first, last; /* rows */
    uint32_t column;      /* from 0 */
};

struct table_merges {
    struct merge *merges; /* in the order of their first rows, once ready */
    size_t n, size, next;
    struct {
        uint32_t first, last; /* 0: none */
        char text[TABLE_FIELD_MAX + 1];
    } now[TABLE_FIELDS_MAX]; /* of each column, the one that the rows are in */
    struct table_row filled;
};

struct table_merges *table_merges_new(void)
{
    return calloc(1, sizeof(struct table_merges));
}

void table_merges_free(struct table_merges *merges)
{
    if (merges)
        free(merges->merges);
    free(merges);
}

void table_merges_clear(struct table_merges *merges)
{
    merges->n = merges->next = 0;
    memset(merges->now, 0, sizeof(merges->now));
}

bool table_merges_add(struct table_merges *merges, uint32_t first, uint32_t last, uint32_t column)
{
    if (last <= first || column >= TABLE_FIELDS_MAX)
        return true;
    if (merges->n == merges->size) {
        size_t size = merges->size ? merges->size * 2 : 256;
        struct merge *more = size <= 2 * (size_t)MERGES_MAX ? realloc(merges->merges, size * sizeof(*more)) : NULL;

        if (!more)
            return false;
        merges->merges = more;
        merges->size = size;
    }
    merges->merges[merges->n++] = (struct merge){first, last, column};
    return true;
}

static int by_first(const void *a, const void *b)
{
    const struct merge *one = a, *other = b;

    return (one->first > other->first) - (one->first < other->first);
}

void table_merges_ready(struct table_merges *merges)
{
    if (merges->n)
        qsort(merges->merges, merges->n, sizeof(*merges->merges), by_first);
}

static bool covers(const struct table_merges *merges, uint32_t column, uint32_t row)
{
    return merges->now[column].first < row && row <= merges->now[column].last;
}

/* Those that begin in a row, or in one that is not there. */
static void begin(struct table_merges *merges, const struct table_row *row)
{
    for (; merges->next < merges->n && merges->merges[merges->next].first <= row->number; merges->next++) {
        const struct merge *merge = &merges->merges[merges->next];
        bool here = merge->first == row->number && merge->column < row->n;

        merges->now[merge->column].first = merge->first;
        merges->now[merge->column].last = merge->last;
        snprintf(merges->now[merge->column].text, sizeof(merges->now->text), "%s",
                 here ? row->room + row->at[merge->column] : "");
    }
}

struct table_row *table_merges_fill(struct table_merges *merges, struct table_row *row)
{
    unsigned n = row->n;

    if (!merges->n)
        return row;
    begin(merges, row);
    for (unsigned column = n; column < TABLE_FIELDS_MAX; column++) {
        if (covers(merges, column, row->number) && *merges->now[column].text)
            n = column + 1;
    }
    if (table_row_is_empty(row))
        return row;
    table_row_begin(&merges->filled, row->number);
    for (unsigned column = 0; column < n; column++) {
        const char *text = column < row->n ? row->room + row->at[column] : "";

        if (!*text && covers(merges, column, row->number))
            text = merges->now[column].text;
        table_row_field(&merges->filled, text, strlen(text));
    }
    merges->filled.cut = row->cut;
    return &merges->filled;
}
