/* What is told of how many people, and what somebody can compute from it. */
#include "services/health/settlement/totals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/seed.h"

static void small_groups_are_withheld_also_from_the_rest(void **state)
{
    static const struct {
        int32_t numbers[4];
        size_t n;
        const char *withheld; /* one character for each and the sum */
    } cases[] = {
        {{100, 20}, 2, "..."},
        {{0, 20}, 2, "..."},
        {{3, 20}, 2, "xx."},          /* one alone is the sum less the other */
        {{3, 20, 50}, 3, "xx.."},     /* with the smallest of the rest */
        {{9, 8, 50}, 3, "xx.."},      /* 17 people in two groups */
        {{2, 3, 40, 50}, 4, "xxx.."}, /* the two are but 5 together */
        {{3}, 1, "xx"},
        {{3, 4}, 2, "xxx"},
        {{3, 0}, 2, "x.x"},
        {{12, 0}, 2, "..."},
        {{0, 0}, 2, "..."},
        {{0}, 0, "."},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int column = 0; column < TOTALS_COLUMNS; column++) {
            struct site_totals totals[5] = {0};
            char said[6] = "";

            for (size_t j = 0; j < cases[i].n; j++)
                totals[j] =
                    (struct site_totals){.numbers = {cases[i].numbers[j], cases[i].numbers[j], cases[i].numbers[j]}};
            totals_withhold(totals, cases[i].n);
            for (size_t j = 0; j <= cases[i].n; j++)
                said[j] = totals[j].withheld[column] ? 'x' : '.';
            assert_string_equal(said, cases[i].withheld);
        }
    }
}

static void what_a_difference_tells_of_few_is_withheld(void **state)
{
    static const struct {
        int32_t numbers[3][TOTALS_COLUMNS];
        size_t n;
        const char *withheld[4]; /* each row, and the sum */
    } cases[] = {
        {{{100, 60, 30}}, 1, {"...", "..."}},
        {{{100, 97, 30}}, 1, {".xx", ".xx"}},                                            /* three have not come */
        {{{100, 60, 55}}, 1, {"..x", "..x"}},                                            /* five are without a report */
        {{{100, 60, 0}}, 1, {"...", "..."}},                                             /* nobody is not a few */
        {{{100, 97, 30}, {50, 20, 10}}, 2, {".xx", ".xx", "..."}},                       /* 33 of both have not come */
        {{{100, 97, 30}, {50, 50, 50}}, 2, {".xx", "...", ".xx"}},                       /* of the sum they are all */
        {{{100, 97, 30}, {100, 96, 30}, {50, 20, 10}}, 3, {".xx", ".xx", ".xx", "..."}}, /* seven of both, no less */
        {{{100, 60, 30}, {5, 5, 5}, {40, 20, 10}}, 3, {"...", "xxx", "xxx", "..."}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct site_totals totals[4] = {0};

        for (size_t j = 0; j < cases[i].n; j++)
            memcpy(totals[j].numbers, cases[i].numbers[j], sizeof(totals[j].numbers));
        totals_withhold(totals, cases[i].n);
        for (size_t j = 0; j <= cases[i].n; j++) {
            for (int column = 0; column < TOTALS_COLUMNS; column++) {
                if (totals[j].withheld[column] != (cases[i].withheld[j][column] == 'x'))
                    fail_msg("case %zu, row %zu, column %d", i, j, column);
            }
        }
    }
}

/* ---- somebody who computes ---- */

#define ROWS  3
#define MOST  16 /* people of a site; more than of one whose number is complementary */
#define CELLS ((ROWS + 1) * TOTALS_COLUMNS)

/* She knows the table as it was told and the rules by which it was, goes through the tables of at most MOST
 * people at a site that look the same, and notes which sizes each group may have, until none is certain. */
struct attack {
    const struct site_totals *told;
    struct site_totals rows[ROWS + 1];
    uint64_t sizes[CELLS]; /* of the people in a column and not in the next, a bit each */
    uint64_t few[CELLS];   /* the true size of those who are a few, likewise */
    bool done;
};

static int32_t group(const struct site_totals *row, int column)
{
    return row->numbers[column] - (column + 1 < TOTALS_COLUMNS ? row->numbers[column + 1] : 0);
}

static int solved(const struct attack *attack)
{
    int found = 0;

    for (int i = 0; i < CELLS; i++)
        found += attack->few[i] && attack->sizes[i] == attack->few[i];
    return found;
}

/* A table of which the rows are as they were told. */
static void consider(struct attack *attack)
{
    /* Nobody is among fewer than she is: such a table is none. */
    for (int i = 0; i < CELLS; i++) {
        if (group(&attack->rows[i / TOTALS_COLUMNS], i % TOTALS_COLUMNS) < 0)
            return;
    }
    totals_withhold(attack->rows, ROWS);
    for (int column = 0; column < TOTALS_COLUMNS; column++) {
        if (!attack->told[ROWS].withheld[column] &&
            attack->rows[ROWS].numbers[column] != attack->told[ROWS].numbers[column])
            return;
    }
    for (int i = 0; i <= ROWS; i++) {
        if (memcmp(attack->rows[i].withheld, attack->told[i].withheld, sizeof(attack->told->withheld)) != 0)
            return;
    }
    for (int i = 0; i < CELLS; i++)
        attack->sizes[i] |= UINT64_C(1) << group(&attack->rows[i / TOTALS_COLUMNS], i % TOTALS_COLUMNS);
    attack->done = solved(attack) == 0;
}

static void try_row(struct attack *attack, int i);

/* The numbers that one may be: as told, else in the last row what is missing to the sum that is told, else any. */
static void try_number(struct attack *attack, int i, int column)
{
    const struct site_totals *told = attack->told;
    int32_t *number = &attack->rows[i].numbers[column];
    int32_t least = 0, most = column > 0 ? number[-1] : MOST;

    if (column == TOTALS_COLUMNS) {
        try_row(attack, i + 1);
        return;
    }
    if (!told[i].withheld[column]) {
        least = told[i].numbers[column];
    } else if (i == ROWS - 1 && !told[ROWS].withheld[column]) {
        least = told[ROWS].numbers[column];
        for (int j = 0; j < i; j++)
            least -= attack->rows[j].numbers[column];
    }
    if (!told[i].withheld[column] || (i == ROWS - 1 && !told[ROWS].withheld[column]))
        most = least < 0 || least > most ? -1 : least;
    for (int32_t n = least; n <= most && !attack->done; n++) {
        *number = n;
        try_number(attack, i, column + 1);
    }
}

static void try_row(struct attack *attack, int i)
{
    if (i == ROWS)
        consider(attack);
    else
        try_number(attack, i, 0);
}

/* How many groups of a few somebody finds the size of in a table as it was told. */
static int attack_on(const struct site_totals *told)
{
    struct attack attack = {.told = told};

    for (int i = 0; i < CELLS; i++) {
        int32_t people = group(&told[i / TOTALS_COLUMNS], i % TOTALS_COLUMNS);

        attack.few[i] = people > 0 && people < LIMIT_PEOPLE_MIN ? UINT64_C(1) << people : 0;
    }
    try_row(&attack, 0);
    return solved(&attack);
}

static int32_t up_to(uint32_t *seed, int32_t most)
{
    *seed = *seed * 1664525 + 1013904223;
    return (int32_t)((*seed >> 8) % (uint32_t)(most + 1));
}

static void whoever_computes_finds_no_group_of_few(void **state)
{
    uint32_t seed = (uint32_t)test_seed();

    (void)state;
    for (int i = 0; i < 100; i++) {
        struct site_totals totals[ROWS + 1] = {0};

        for (int j = 0; j < ROWS; j++) {
            totals[j].numbers[0] = up_to(&seed, MOST);
            totals[j].numbers[1] = up_to(&seed, 3) ? up_to(&seed, totals[j].numbers[0]) : totals[j].numbers[0];
            totals[j].numbers[2] = up_to(&seed, 3) ? up_to(&seed, totals[j].numbers[1]) : totals[j].numbers[1];
        }
        totals_withhold(totals, ROWS);
        if (attack_on(totals))
            fail_msg("table %d", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_groups_are_withheld_also_from_the_rest),
        cmocka_unit_test(what_a_difference_tells_of_few_is_withheld),
        cmocka_unit_test(whoever_computes_finds_no_group_of_few),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
