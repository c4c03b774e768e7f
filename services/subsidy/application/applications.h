/* applications.h: what members apply for, and each step of it.
 *
 * An application is a draft that she keeps as she types until she hands it in; then it passes the offices of its
 * scheme's steps (review/api_review.c) until it is decided. An office is a union: of the level that the step says above
 * her union as it was when she handed it in. What is not decided in time goes to the union above by itself, what she
 * does not correct in time lapses.
 *
 * Each step is a row here and in the journal, where it names the row before; so the whole story of one can be checked.
 * What is written into the form, and what reviewers write, is sealed; a draft is in no journal. */
#pragma once
#include "services/subsidy/scheme/schemes.h"

#define APPLICATION_ANSWERS_SIZE (64 << 10) /* bytes, sealed */
#define APPLICATION_REMARK_SIZE  (500 * 4 + 16 + PII_OVERHEAD)
#define APPLICATION_NAME_SIZE    64
#define APPLICATIONS_OPEN_MAX    20 /* of one person, not decided */

struct application {
    int64_t id, scheme_id, family_id, member_id;
    char shown_name[APPLICATION_NAME_SIZE], union_path[UNION_PATH_SIZE], office_path[UNION_PATH_SIZE];
    int state, step; /* Subsidy__ApplicationState, and which of the scheme's steps */
    int64_t since, due_at, period_at, amount_fen, taken_by;
    bool overdue, again;
    int64_t submitted_at, saved_at, n_steps, journal_seq;
    bool for_union; /* union_path is the union that it is for; else hers */
};

/* What is told of a step. */
struct application_step {
    int kind;                  /* Subsidy__StepKind */
    int64_t by_id, gave_by[2]; /* the official, and who has just given that office */
    const char *remark;        /* NULL: none */
    int64_t order_id;          /* of STEP_ORDERED */
    int32_t points;            /* of STEP_DECIDED */
};

bool application_find(const struct subsidy *self, int64_t application_id, struct application *ret);
/* Hers, before an id, newest first, in states of a mask: how many. */
size_t applications_list(const struct subsidy *self, int64_t member_id, int64_t before, int64_t states,
                         struct application *ret, size_t size);
/* Of a union and all below it, behind a place and an id, of a scheme or (0) any, in states of a mask: in review alone,
 * what these have to decide, by office; else what their members have handed in, by union. How many. */
size_t applications_at(const struct subsidy *self, const char *path, const char *from, int64_t after, int64_t states,
                       int64_t scheme_id, struct application *ret, size_t size);
/* The place by which one is found there. */
const char *application_place(const struct application *application, int64_t states);
/* How many are in review there, and how many of these because they were late below: of `most` of them. */
void applications_count(const struct subsidy *self, const char *path, int64_t most, int64_t *ret_n,
                        int64_t *ret_overdue);
/* Her last one of a family; 0: none. */
int64_t application_last(const struct subsidy *self, int64_t member_id, int64_t family_id);
/* Why who is in review cannot be given it, by whatever account: what may be had once she has, or what it is not given
 * beside: a Reason, or 0. */
int application_given_refusal(const struct subsidy *self, const struct application *application,
                              const Subsidy__Scheme *scheme, int64_t now);
/* The union for which the caller applies: hers, or one where she has an office by which one does: the one that is
 * wanted ("": any). False: there is none. */
bool application_union(const Subsidy__Scheme *scheme, const char *wanted, void *call, char ret[UNION_PATH_SIZE]);
/* When the period began that it is for (NULL: one that is begun now); 0: there are none. */
int64_t application_period(const struct application *application, const Subsidy__Scheme *scheme, int64_t now);
/* The unions for which the caller may apply, each once, in the caller's memory: how many; 0: it is had by persons. */
size_t application_unions(const Subsidy__Scheme *scheme, void *call, const char **ret, size_t size);
/* All Reasons why the caller may not apply for a scheme now, with an application of hers (NULL: with one that is new),
 * for a union that is wanted ("": any), so much money. */
void application_refusals(const struct subsidy *self, const Subsidy__Scheme *scheme,
                          const struct application *application, const char *wanted, int64_t fen, void *call,
                          scheme_report *report, void *arg);
/* Why the caller may not apply for a scheme now, with an application of hers (NULL: for the first union for which she
 * may): a Reason, or 0. */
int application_refusal(const struct subsidy *self, const Subsidy__Scheme *scheme,
                        const struct application *application, void *call);

/* Begins one, for a union ("": the first for which she may): 0 or a Reason. What she has begun of the family already is
 * given instead. */
int application_begin(struct subsidy *self, const Subsidy__Scheme *scheme, const char *wanted, void *call,
                      struct application *ret);
/* Keeps what she has typed: 0 or a Reason. */
int application_save(struct subsidy *self, struct application *application, const Subsidy__FormAnswers *answers,
                     void *call);
/* Hands it in, as it was checked: 0 or a Reason. */
int application_submit(struct subsidy *self, struct application *application, const Subsidy__Scheme *scheme,
                       const Subsidy__FormAnswers *answers, void *call);
/* Whether a certificate is used in another application. */
bool application_certificate_used(const struct subsidy *self, int64_t application_id, const char *number);
/* Drops a draft, of which nothing but its files was ever told. */
void application_drop(struct subsidy *self, const struct application *application, void *call);
/* One of the caller's: 0 or APPLICATION_NOT_FOUND. */
int application_hers(const struct subsidy *self, int64_t application_id, void *call, struct application *ret);
/* Whether what is written in it, and its files, are hers to change. */
bool application_is_writable(const struct application *application);

/* Those of a family that were given in a period, behind one: how many. */
size_t applications_given(const struct subsidy *self, int64_t family_id, int64_t period_at, int64_t after, int64_t *ret,
                          size_t size);
/* What was given is handed in again for another period, under a version of its scheme. False: nobody holds its number,
 * what is written is not right any more, or there is one already. */
bool application_carry(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *before,
                       int64_t period_at, void *call);
/* Whether whom it is for has been given it in its period, or has one in review. */
bool application_in_period(const struct subsidy *self, const struct application *application,
                           const Subsidy__Scheme *scheme);

/* In the arena; NULL when they do not open, or memory is full. */
Subsidy__FormAnswers *application_answers(const struct subsidy *self, int64_t application_id, struct arena *arena);
/* What was written at the last decision; "". */
char *application_remark(const struct subsidy *self, int64_t application_id, struct arena *arena);
/* Its steps in their order: how many. ret has room for application->n_steps. */
size_t application_steps(const struct subsidy *self, const struct application *application,
                         const Subsidy__Scheme *scheme, void *call, Subsidy__ApplicationStep **ret);

/* It lapses, and what it had is free. */
void application_lapse(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application,
                       void *call);

/* Its payment came back: it lapses when nobody holds its number any more, or who does has got it by another account. */
void application_came_back(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application,
                           void *call);

/* The union that decides on it in a step. */
void application_office(const struct subsidy *self, const struct application *application,
                        const Subsidy__Scheme *scheme, int step, char ret[UNION_PATH_SIZE]);
/* It passes to an office for a step of its scheme. */
void application_enters(const struct subsidy *self, struct application *application, const Subsidy__Scheme *scheme,
                        int step, int64_t now);
/* It has come to a state in which no office has it; due_at as given. */
void application_leaves(struct application *application, int state, int64_t due_at, int64_t now);
/* Tells the journal what has happened to it, and keeps it as it is now. */
void application_put(struct subsidy *self, struct application *application, const struct application_step *step,
                     void *call);
/* When something is due of it, and nothing else, becomes another time. */
void application_set_due(struct subsidy *self, struct application *application, int64_t due_at);
/* She is told of it (Notice__NoticeKind). */
void application_tell_her(struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                          int kind, void *call);
/* It uses the certificates that are written into it, and no others: 0 or CERTIFICATE_USED. */
int application_takes(struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                      const Subsidy__FormAnswers *answers);
/* A certificate that it used may be used again. */
void application_frees(struct subsidy *self, int64_t application_id);
/* An official has looked at it, or (evidence_id) at a file of it. */
void application_looked_at(struct subsidy *self, int64_t application_id, int64_t evidence_id, void *call);

/* The last looks of officials, newest first: how many. */
size_t application_looks(const struct subsidy *self, int64_t application_id, struct arena *arena,
                         Subsidy__ApplicationLook **ret, size_t size);

/* How the approvals of a step stand, since it was handed in last: how many there are; *ret_refusal is the Reason why
 * who would approve it now is no further hand, or 0. */
int application_approvals(const struct subsidy *self, const struct application *application,
                          const struct application_step *now, int *ret_refusal);
/* Why the caller may not decide on who applies: a Reason, or 0. */
int application_own_refusal(const struct subsidy *self, const struct application *application, void *call);

/* Why the caller does not review an application now: 0 or a Reason (review/api_review.c). */
int review_refusal(struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                   void *call);
/* ---- review/second_look.c ---- */

/* The step that it comes to behind the one that it has just passed; scheme->n_steps: none. */
int review_step_after(const struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme);
/* Whether it may be decided by the step that it is in: all behind it are second looks. */
bool review_may_end(const struct application *application, const Subsidy__Scheme *scheme);
/* The other union that looks at it in a step. */
void review_elsewhere(const struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                      int step, char ret[UNION_PATH_SIZE]);

/* ---- api_application.c ---- */

/* One with all that she is told of it; NULL when memory is full. */
Subsidy__Application *application_whole(struct subsidy *self, const struct application *application, void *call);
