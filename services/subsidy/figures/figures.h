/* figures.h: how schemes went, in numbers.
 *
 * Each step of an application is counted with the step (application_put), by the scheme, the day and the union right
 * below the one that pays; and when it leaves one of the scheme's steps, for how many whole days it was there. So
 * asking reads counts and no applications. Of what happened before there was this part the days are not known.
 *
 * No person is in it. Of a split by unions no group is told of which fewer than LIMIT_PEOPLE_MIN have declared, and
 * where that is one group alone, the next smallest is not either, which would tell of it. */
#pragma once
#include "services/subsidy/application/applications.h"

#define FIGURE_DAYS           100 /* `what`, beside Subsidy__StepKind */
#define FIGURE_OBJECTION_LATE 101
#define FIGURE_DAYS_MAX       999 /* more are not told apart */

/* A step has happened, by which it came from what it was before. */
void figure_count(struct subsidy *self, const struct application *before, const struct application *application,
                  int step_kind, void *call);
/* An objection to it was not decided in its days. */
void figure_objection_late(struct subsidy *self, const struct application *application, void *call);
