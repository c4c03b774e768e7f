/* stories.h: which rows of the journal tell of one entitlement.
 *
 * The journal is one row after the other for all members; the table `story` says for
 * each entitlement which of them are about it, its booking, its passes, its scans and
 * its reports. It follows from the journal alone and is filled behind it, a slice at a
 * time when nobody calls; what is not there yet is read from the journal itself. The audit
 * recomputes it. */
#pragma once
#include "services/health/settlement/totals.h"

#define STORY_SLICE     500  /* rows of the journal indexed in one transaction */
#define STORY_BEHIND    1000 /* rows that a reader looks through by itself */
#define STORY_FACTS_MAX 200

/* The entitlement that an event is about, 0 when it is about none. */
int64_t story_of(const struct bookings *bookings, const Health__Event *event);
/* The rows about an entitlement in the arena, in order: their number, or a Reason, negative. */
int story_read(struct health *self, int64_t entitlement_id, struct arena *arena, Rpc__JournalRow **ret_rows);
/* One row of the journal by number, in the arena: 0 or a Reason. */
int journal_row(struct health *self, int64_t seq, struct arena *arena, Rpc__JournalRow **ret_row);

/* A member's campaigns, newest first, in which what she may book and what she has booked are in
 * states of these masks. */
void checkups_ask(const struct stories *stories, int64_t member_id, const struct rpc_page *page, int64_t entitlements,
                  int64_t bookings);
bool checkups_next(const struct stories *stories, Health__MyCheckup *ret);

/* People by site of a campaign, before anything is withheld. */
void totals_ask(const struct stories *stories, int64_t campaign_id);
bool totals_next(const struct stories *stories, struct site_totals *ret);
