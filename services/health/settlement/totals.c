#include "services/health/settlement/totals.h"

static bool is_few(int32_t people)
{
    return people > 0 && people < LIMIT_PEOPLE_MIN;
}

/* Of whom a column counts some; the first one all. */
static int32_t left_of(const struct site_totals *row, int column)
{
    return row->numbers[column > 0 ? column - 1 : 0];
}

/* Whether a row's number must be withheld for what it says by itself. */
static bool tells_of_few(const struct site_totals *row, int column)
{
    return (column > 0 && row->withheld[column - 1]) || is_few(row->numbers[column]) ||
           is_few(left_of(row, column) - row->numbers[column]);
}

/* Whether all that is withheld in a column, which is the sum less what is told, tells nothing of a few. */
static bool is_covered(const struct site_totals *totals, size_t n, int column)
{
    int32_t in = 0, left = 0;

    for (size_t i = 0; i < n; i++) {
        in += totals[i].withheld[column] ? totals[i].numbers[column] : 0;
        left += totals[i].withheld[column] ? left_of(&totals[i], column) : 0;
    }
    return !is_few(in) && !is_few(left - in);
}

/* The row with the fewest people of those that are told in a column and have any, or NULL. */
static struct site_totals *smallest_told(struct site_totals *totals, size_t n, int column)
{
    struct site_totals *smallest = NULL;

    for (size_t i = 0; i < n; i++) {
        if (!totals[i].withheld[column] && left_of(&totals[i], column) > 0 &&
            (!smallest || left_of(&totals[i], column) < left_of(smallest, column)))
            smallest = &totals[i];
    }
    return smallest;
}

static void withhold_column(struct site_totals *totals, size_t n, int column)
{
    struct site_totals *sum = &totals[n];

    for (size_t i = 0; i <= n; i++)
        totals[i].withheld[column] = tells_of_few(&totals[i], column);
    while (!sum->withheld[column] && !is_covered(totals, n, column)) {
        struct site_totals *next = smallest_told(totals, n, column);

        if (!next)
            next = sum;
        next->withheld[column] = true;
    }
}

void totals_withhold(struct site_totals *totals, size_t n)
{
    totals[n] = (struct site_totals){0};
    for (int column = 0; column < TOTALS_COLUMNS; column++) {
        for (size_t i = 0; i < n; i++)
            totals[n].numbers[column] += totals[i].numbers[column];
    }
    for (int column = 0; column < TOTALS_COLUMNS; column++)
        withhold_column(totals, n, column);
}
