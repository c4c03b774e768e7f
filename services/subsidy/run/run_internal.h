/* run_internal.h: what the files of the part runs have for one another: its rows in runs.c, what it does by itself in
 * run_work.c, and what the bridge tells in run_hear.c. */
#pragma once
#include "services/subsidy/run/runs.h"

enum {
    RUN_SQL_ADD,
    RUN_SQL_FIND,
    RUN_SQL_SET,
    RUN_SQL_LIST,
    RUN_SQL_LIVE,
    RUN_SQL_WORKS,
    RUN_SQL_OF_DAY,
    RUN_SQL_PAYABLE,
    RUN_SQL_ADD_LINE,
    RUN_SQL_SET_LINE,
    RUN_SQL_LINES,
    RUN_SQL_LINE_OF,
    RUN_SQL_LINE_OF_ORDER,
    RUN_SQL_ADD_DECIDERS,
    RUN_SQL_ADD_OBJECTION_DECIDERS,
    RUN_SQL_DECIDED,
    RUN_SQL_SET_WAY,
    RUN_SQL_WAY,
    RUN_N_SQL
};

static inline unsigned run_sql(const struct subsidy *self, unsigned which)
{
    return self->runs.sql + which;
}

/* Keeps it; and tells the journal that it is in another state. */
void run_put(struct subsidy *self, const struct run *run);
void run_pass(struct subsidy *self, struct run *run, int state, void *call);
void run_line_put(struct subsidy *self, const struct run_line *line);
/* What became of what was ordered: a LineState, and the Reason of one that came back. */
void run_apply(struct subsidy *self, struct run_line *line, int state, int reason, void *call);
/* One line more of it is paid, came back or is out. */
void run_counts(struct subsidy *self, struct run *run, const struct run_line *line, void *call);

/* Whether a run has room for so much more. RUN_NEVER: none ever has, of a scheme that was opened before that was asked
 * of schemes (scheme_money.c); it keeps nobody else waiting. */
enum run_room { RUN_ROOM, RUN_FULL, RUN_NEVER };
enum run_room run_room(const Subsidy__Payment *payment, const struct run *run, int64_t fen);

/* For the part. */
bool run_tidy(void *self, void *call);
void run_hear(void *self, void *call, const Rpc__JournalRow *row);
