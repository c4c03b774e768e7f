/* objections.h: objections to those whom the public sees (selection/selections.h).
 *
 * Anybody who is known by name may object to somebody who is shown, once, with what is wrong. From then on her payment
 * is held, hers alone, until two officials of the union above the one that pays have said the same: upheld, and she is
 * refused with the reason and the next one gets her place; or unfounded, and she is shown until her time is over, as if
 * nothing had been. Neither of the two has objected, has approved her, or is one of her own, also by an account that
 * became hers since. Of a union above which there is none, its own officials decide. What is not decided in its days
 * goes to the union above that, whose two begin anew, and is counted. Who objected is told that it is decided.
 *
 * What is objected is sealed, for whom raised it and for officials: she whom it is about sees that her payment is held
 * and what was decided, and never who objected or how. */
#pragma once
#include "services/subsidy/selection/selections.h"

#define OBJECTION_TEXT_SIZE (1000 * 4 + 1 + PII_OVERHEAD)
#define OBJECTIONS_OPEN_MAX 20 /* of one person */
#define OBJECTION_DEED      "objection"

struct objection {
    int64_t id, application_id;
    char union_path[UNION_PATH_SIZE];
    int64_t member_id;
    int state; /* Subsidy__ObjectionState */
    int64_t raised_at, due_at, decided_at;
    int proposed; /* Subsidy__Proposed */
    int overdue;  /* how often it went to the union above, as it was not decided in its days */
    int64_t journal_seq;
};

bool objections_find(const struct subsidy *self, int64_t objection_id, struct objection *ret);
/* Before an id, newest first, of a person, or of what a union and those below it pay, in states of a mask: how many. */
size_t objections_hers(const struct subsidy *self, int64_t member_id, int64_t before, int64_t states,
                       struct objection *ret, size_t size);
size_t objections_at(const struct subsidy *self, const char *path, int64_t before, int64_t states,
                     struct objection *ret, size_t size);
/* What is objected, and why it was decided so: in the arena. */
char *objection_text(const struct subsidy *self, int64_t objection_id, struct arena *arena);
char *objection_remark(const struct subsidy *self, int64_t objection_id, struct arena *arena);

/* The caller objects; what she has objected already is given instead. 0 or a Reason. */
int objection_raise(struct subsidy *self, int64_t application_id, const char *text, void *call, struct objection *ret);
/* The caller says how it is decided, or another has said the same, and it is. 0 or a Reason. */
int objection_decide(struct subsidy *self, struct objection *objection, bool upheld, const char *remark, void *call);
/* Why the caller may not decide it: 0 or a Reason. */
int objection_refusal(struct subsidy *self, const struct objection *objection, const struct application *application,
                      void *call);
/* Whether she may decide any that is open to somebody. */
bool objection_decides(struct subsidy *self, const struct application *application, void *call);
/* Which union decides it now: the one above the one that pays, or as much higher as it is overdue, up to the root. */
void objection_office(const struct objection *objection, char ret[UNION_PATH_SIZE]);
/* What it is about is lost otherwise. */
void objections_end(struct subsidy *self, const Subsidy__Scheme *scheme, int64_t application_id, void *call);
