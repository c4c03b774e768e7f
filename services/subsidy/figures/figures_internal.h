/* figures_internal.h: what the files of the part figures have for one another: its rows in figures.c, and what is asked
 * of them in api_figures.c. */
#pragma once
#include "services/subsidy/figures/figures.h"

enum { FIGURE_SQL_ADD, FIGURE_SQL_ASK, FIGURE_SQL_STEPS, FIGURE_N_SQL };

static inline unsigned figure_sql(const struct subsidy *self, unsigned which)
{
    return self->figures.sql + which;
}
