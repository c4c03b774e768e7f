/* follow_ups.h: asking how she is, some time after she was helped (回访).
 *
 * A scheme may say after how many days. Who has been approved then stands in the list of the office that reviewed her
 * first, until one of it who may review there writes down how she is: not on herself, as with reviews. What is written
 * is a step of the application, sealed, and she reads it in its story. Nobody is asked of whom the application came to
 * nothing, or whose account is closed. */
#pragma once
#include "services/subsidy/application/applications.h"

struct follow_up {
    int64_t application_id, due_at, done_at;
    char office_path[UNION_PATH_SIZE];
};

/* An application is approved: she is to be asked when its scheme says so. */
void follow_up_plan(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                    void *call);
bool follow_up_find(const struct subsidy *self, int64_t application_id, struct follow_up *ret);
/* Those due of a union and all below it, behind a place and an application: how many. */
size_t follow_ups_due(const struct subsidy *self, const char *path, const char *from, int64_t after, int64_t now,
                      struct follow_up *ret, size_t size);
/* Whether it is due, of an application that came to something. */
bool follow_up_is_due(const struct subsidy *self, int64_t application_id, int64_t now);
/* She was asked: a step of the application. */
void follow_up_write(struct subsidy *self, struct application *application, const char *note, void *call);
