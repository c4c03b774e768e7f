/* selection_internal.h: what the files of the part selections have for one another: its rows in selections.c, and draws
 * in selection_draw.c. */
#pragma once
#include "services/subsidy/selection/selections.h"

enum {
    SELECTION_SQL_ADD,
    SELECTION_SQL_FIND,
    SELECTION_SQL_SET,
    SELECTION_SQL_DUE,
    SELECTION_SQL_ADD_CANDIDATE,
    SELECTION_SQL_FIRST_SEQ,
    SELECTION_SQL_CANDIDATES,
    SELECTION_SQL_FIRST_WAITING,
    SELECTION_SQL_OF_PERSON,
    SELECTION_SQL_ADD_AWARD,
    SELECTION_SQL_SET_SHOWN,
    SELECTION_SQL_AWARD,
    SELECTION_SQL_SHOWN,
    SELECTION_SQL_COUNT,
    SELECTION_SQL_HELD,
    SELECTION_SQL_SHOWING,
    SELECTION_N_SQL
};

static inline unsigned selection_sql(const struct subsidy *self, unsigned which)
{
    return self->selections.sql + which;
}

/* Somebody gets a place, if her money is there: 0 or BUDGET_SHORT. */
int selection_choose(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application,
                     int32_t place, void *call);
/* It is at a stage, in store and journal. */
void selection_stage(struct subsidy *self, struct selection *selection, int stage, void *call);

/* For the part: how draws are served. */
void selection_serve_draws(void *self);
/* A slice of what the list and the waiting come to. */
bool selection_tidy(void *self, void *call);
