/* selections.h: who gets it of all that are approved, and that the public sees it before it is paid.
 *
 * A scheme that names a fund has a selection. ALL: who is approved is chosen at once, and with no money left nobody is
 * approved any more. IN_ORDER: those approved are a list until it is fixed; then they are chosen as they first handed
 * in (a row of the journal, so that the order can be checked), until the money or the places end, and the rest wait.
 * BY_SCORE: the same, but first who has most points (scheme/scheme_points.c), which the journal tells.
 * BY_LOT: each of the list has a ticket in a draw (common/benefit/lottery), whose lot has the scheme's id; the draw is
 * announced as the scheme is opened, and its places are promised money of the scheme from the first. It may be of
 * several strata, each with places of its own, and points are chances more than one.
 *
 * Who is chosen is an award: her amount is COMMITTED (fund/funds.h), and the public sees her for so many working days
 * (common/cn/cn_calendar.h), from the day on which she was chosen; of a year of which nobody has said which days are
 * worked, for as long as nobody has. Then it is PAYABLE. Who loses it makes room for the next, who is shown for her own
 * time; nobody else moves. When nobody gets a place any more, those who wait are told so, and what is FREE goes back to
 * the fund: of ALL once its time is over and nothing of it is in review, given back, or may be asked again. */
#pragma once
#include "services/subsidy/application/applications.h"
#include "services/subsidy/fund/funds.h"

struct selection {
    int64_t scheme_id;
    int kind, stage; /* Subsidy__SelectionKind, Lottery__Stage */
    int64_t list_at, until;
    int done;
    int64_t after_seq;
    bool filled;
    int64_t n_awards, journal_seq, after_behind;
};

struct award {
    int64_t application_id, scheme_id;
    int32_t place;
    int64_t shown_until;
    int32_t stratum;
};

/* Where an award is among those of its scheme, as one number. */
static inline int64_t award_at(const struct award *award)
{
    return (int64_t)award->stratum << 32 | award->place;
}

static inline int64_t award_stratum(int64_t at)
{
    return at >> 32;
}

static inline int64_t award_place(int64_t at)
{
    return at & INT64_C(0xffffffff);
}

bool selections_find(const struct subsidy *self, int64_t scheme_id, struct selection *ret);
bool awards_find(const struct subsidy *self, int64_t application_id, struct award *ret);
/* An application stands otherwise than before (application_put): so the counts of its scheme are kept. */
void selection_recount(struct subsidy *self, const struct application *before, const struct application *application);
/* How many of a scheme are in each of the states of a mask (RPC_STATE), and what they come to. */
void selection_count(const struct subsidy *self, int64_t scheme_id, int64_t states, int64_t *ret_n, int64_t *ret_fen);
/* Those who are shown behind one (award_at; 0: from the first): how many. */
size_t awards_shown(const struct subsidy *self, int64_t scheme_id, int64_t after, int64_t *ret_ids, size_t size);
/* The schemes of which somebody is shown now, before an id, newest first: how many. */
size_t selections_showing(const struct subsidy *self, int64_t before, int64_t *ret_ids, size_t size);

/* A scheme is opened: it gets its money, and its draw is announced. 0 or a Reason. */
int selection_open(struct subsidy *self, const Subsidy__Scheme *scheme, void *call);
/* Why an application cannot be approved now: 0, or a Reason with its facts. */
int selection_refusal(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                      void *call);
/* How many points it has, of a scheme by points; else 0. */
int32_t selection_points_now(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                             void *call);
/* The same as it was when it was approved. */
int32_t selection_points(const struct subsidy *self, int64_t application_id);
/* It was approved, as was just asked: 0 or a Reason. */
int selection_admit(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application, void *call);
/* The public has seen it for its time, or that time can be told now. */
void selection_shown(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application, void *call);
/* What was promised to it, in the state in which it still is, is free; once that state is left, selection_next. */
void selection_frees(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                     void *call);
/* The place that an application had became free: it is the next one's. */
void selection_next(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                    void *call);

/* An application passes to a state in which nobody has it, by a step that she is told of when there is a notice for it
 * (kind 0: none). */
void selection_pass(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application, int state,
                    int step_kind, int notice_kind, void *call);

/* ---- what counts together (selection_counts.c) ---- */

/* Why somebody may not be given so much of a scheme now, as it counts with other benefits: 0 or a Reason. */
int selection_counts_refusal(const struct subsidy *self, const Subsidy__Scheme *scheme, int64_t member_id, int64_t fen,
                             int64_t now);
/* What is given to her counts from now on: 0 or a Reason; it has become SPENT, GIVEN_BACK or HELD anew. */
int selection_counts(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                     void *call);
void selection_counts_as(struct subsidy *self, const struct application *application, int state, void *call);
/* Takes it back, as it came to more than a ceiling (struct granted_kind). */
void selection_withdraw(void *self, int64_t application_id, void *call);

/* ---- draws ---- */

/* The draw of a scheme that has one, in the memory of an arena. False: it has none, or no memory. */
bool selection_terms(const struct subsidy *self, int64_t scheme_id, struct arena *arena, struct lot_terms *ret);
