/* bill_cells.h: what the platform's files have in common: CSV with a back quote before a cell, under a line of names. */
#pragma once
#include <strings.h>

#include "common/text/csv.h"

/* "": there is none. */
static inline const char *bill_cell(const struct csv_row *row, int at)
{
    const char *text = at >= 0 && (unsigned)at < row->n_fields ? row->fields[at] : "";

    return text + (*text == '`');
}

/* Where each of the names is, of which a cell may say more (as a unit in brackets); false when one is missing. */
static inline bool bill_find_names(const struct csv_row *row, const char *const *names, unsigned n, int *ret)
{
    for (unsigned i = 0; i < n; i++) {
        ret[i] = -1;
        for (unsigned j = 0; j < row->n_fields && ret[i] < 0; j++) {
            if (strncasecmp(bill_cell(row, (int)j), names[i], strlen(names[i])) == 0)
                ret[i] = (int)j;
        }
        if (ret[i] < 0)
            return false;
    }
    return true;
}
