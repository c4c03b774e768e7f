#include "common/base/limits.h"
#include "common/cn/cn_id.h"
#include "services/subsidy/figures/figures_internal.h"

static const char *const sql[] = {
    [FIGURE_SQL_ADD] =
        "INSERT INTO figure (scheme_id, day, place, what, which, n, fen) SELECT ?1, ?2, substr(?3, 1, "
        "length(union_path) + ?7), ?4, ?5, 1, ?6 FROM scheme WHERE scheme_id = ?1 ON CONFLICT (scheme_id, day, "
        "place, what, which) DO UPDATE SET n = n + 1, fen = fen + excluded.fen",
    [FIGURE_SQL_ASK] = "SELECT CASE ?4 WHEN 1 THEN place ELSE '' END AS place, what, which, sum(n), sum(fen) FROM "
                       "figure WHERE scheme_id = ?1 AND day >= ?2 AND day <= ?3 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    [FIGURE_SQL_STEPS] =
        "SELECT a.application_id, nth, kind, at, s.step, amount_fen, s.journal_seq, journal_hash FROM application a "
        "JOIN application_step s ON s.application_id = a.application_id WHERE a.scheme_id = ?1 AND submitted_at > 0 "
        "AND a.application_id >= ?2 AND (a.application_id > ?2 OR nth > ?3) ORDER BY a.application_id, nth LIMIT ?4",
};
_Static_assert(ARRAY_LEN(sql) == FIGURE_N_SQL, "a statement for each");

static void add(struct subsidy *self, const struct application *application, int what, int64_t which, int64_t fen,
                void *call)
{
    store_run(self->store, figure_sql(self, FIGURE_SQL_ADD), "iitiiii", application->scheme_id,
              (int64_t)cn_day(rpc_now(call)), application->union_path, (int64_t)what, which, fen,
              (int64_t)LIMIT_PATH_SEGMENT);
}

void figure_count(struct subsidy *self, const struct application *before, const struct application *application,
                  int step_kind, void *call)
{
    bool was_in_review = before->state == SUBSIDY__APPLICATION_STATE__APPLICATION_IN_REVIEW;
    bool left = application->state != before->state || application->step != before->step;
    int64_t days = (rpc_now(call) - before->since) / SUBSIDY_DAY_MS, which = 0;

    if (step_kind == SUBSIDY__STEP_KIND__STEP_GIVEN_BACK || step_kind == SUBSIDY__STEP_KIND__STEP_REFUSED)
        which = application->step;
    else if (step_kind == SUBSIDY__STEP_KIND__STEP_SUBMITTED)
        which = application->n_steps > 1;
    add(self, application, step_kind, which, application->amount_fen, call);
    if (was_in_review && left)
        add(self, application, FIGURE_DAYS, before->step * 1000 + (days < FIGURE_DAYS_MAX ? days : FIGURE_DAYS_MAX), 0,
            call);
}

void figure_objection_late(struct subsidy *self, const struct application *application, void *call)
{
    add(self, application, FIGURE_OBJECTION_LATE, 0, 0, call);
}

/* ---- the part ---- */

static const struct part_stray strays[] = {
    {"scheme", "its steps are not as many as are counted",
     "SELECT scheme_id FROM (SELECT scheme_id, kind, count(*) AS steps FROM application_step JOIN application USING "
     "(application_id) GROUP BY 1, 2) LEFT JOIN (SELECT scheme_id, what AS kind, sum(n) AS counted FROM figure GROUP "
     "BY "
     "1, 2) USING (scheme_id, kind) WHERE steps IS NOT counted LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec figures_part = {
    .tables = "figure",
    .others = "figure.scheme_id figure.day figure.what figure.which figure.n",
    .steps = &figures_steps,
    .sql = sql,
    .n_sql = FIGURE_N_SQL,
    .strays = strays,
    .moves = "figure.place",
};
