/* selection_internal.h: what the files of the part selections have for one another: its rows in selections.c, what they
 * come to in selection_list.c, what counts with other benefits in selection_counts.c, and draws in selection_draw.c. */
#pragma once
#include "services/subsidy/selection/selections.h"

#define SELECTION_FIRST (-INT64_C(1000000000)) /* of behind: before who has most points */

/* Whether those on its list come one behind the other. */
static inline bool selection_is_ranked(int kind)
{
    return kind == SUBSIDY__SELECTION_KIND__IN_ORDER || kind == SUBSIDY__SELECTION_KIND__BY_SCORE;
}

enum {
    SELECTION_SQL_ADD,
    SELECTION_SQL_FIND,
    SELECTION_SQL_SET,
    SELECTION_SQL_DUE,
    SELECTION_SQL_DUE_OF_ALL,
    SELECTION_SQL_SET_UNTIL,
    SELECTION_SQL_LIVES,
    SELECTION_SQL_ADD_CANDIDATE,
    SELECTION_SQL_FIRST_SEQ,
    SELECTION_SQL_CANDIDATES,
    SELECTION_SQL_POINTS,
    SELECTION_SQL_FIRST_WAITING,
    SELECTION_SQL_OF_PERSON,
    SELECTION_SQL_ADD_AWARD,
    SELECTION_SQL_SET_SHOWN,
    SELECTION_SQL_AWARD,
    SELECTION_SQL_SHOWN,
    SELECTION_SQL_COUNT,
    SELECTION_SQL_STANDS,
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
                     int32_t stratum, int32_t place, void *call);
/* Whether she has got so much elsewhere that she gets nothing here; then she is told so, and makes room. */
bool selection_is_above(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application,
                        void *call);
/* Keeps it. */
void selection_put(struct subsidy *self, const struct selection *selection);
/* What nobody can get any more goes back to the fund. */
void selection_give_back(struct subsidy *self, const Subsidy__Scheme *scheme, void *call);
/* It is at a stage, in store and journal. */
void selection_stage(struct subsidy *self, struct selection *selection, int stage, void *call);

/* For the part: how draws are served. */
void selection_serve_draws(void *self);
/* A slice of what the list and the waiting come to. */
bool selection_tidy(void *self, void *call);
