/* settlements.h: what a union owes a site, in the store.
 *
 * A settlement lists, for one site of one campaign, bookings whose holders came and
 * that no settlement has yet, each at the site's price; and for each booking of an
 * earlier settlement whose scan was undone since, or that was scanned at another site
 * after that, a correction of the opposite amount. Money is in fen, added with a check for
 * overflow, and what is prepared and confirmed for a campaign never exceeds its budget.
 *
 * One official of finance prepares it, another confirms or rejects it (two_hands.h); one is
 * open at a time for a site. Confirmed, it never changes. Rejected, it loses its lines, and they
 * are free for the next. A booking's `settled` names the settlement whose scan line
 * stands for it, 0 when there is none.
 *
 * Each line carries number and hash of the journal's row by which the booking got to
 * where the line says (it came; or it is no longer so). lines_hash is SHA-256 over the
 * lines in order, each as booking (8 bytes), kind (4), fen (8), seq (8) big-endian, and
 * the row's hash (32); the journal's row about the settlement has it too. */
#pragma once
#include "services/health/booking/bookings.h"
#include "services/health/health.h"

#define SETTLEMENT_LINES_MAX 1000
#define SETTLEMENT_HASH_LEN  32

struct settlement {
    int64_t id, campaign_id, site_id;
    int state; /* Health__SettlementState */
    int32_t n_lines;
    int64_t total_fen, prepared_by, prepared_at, decided_by, decided_at, journal_seq;
    unsigned char lines_hash[SETTLEMENT_HASH_LEN];
};

struct settlement_line {
    int32_t line;
    int64_t booking_id;
    int kind; /* Health__LineKind */
    int64_t fen, seq;
    unsigned char hash[SETTLEMENT_HASH_LEN];
    int64_t corrects; /* the settlement whose scan it takes back; 0: none */
};

bool settlements_find(const struct settlements *settlements, int64_t settlement_id, struct settlement *ret);
/* The one that waits for its decision. */
bool settlements_find_open(const struct settlements *settlements, int64_t campaign_id, int64_t site_id,
                           struct settlement *ret);
/* A campaign's before an id, newest first. */
void settlements_ask(const struct settlements *settlements, int64_t campaign_id, int64_t before, int limit,
                     int64_t states);
bool settlements_next(const struct settlements *settlements, struct settlement *ret);
/* Lines after a number, in order. */
void settlement_lines_ask(const struct settlements *settlements, int64_t settlement_id, int32_t after, int limit);
bool settlement_lines_next(const struct settlements *settlements, struct settlement_line *ret);
void settlement_lines_end(const struct settlements *settlements);
/* The line that stands for a booking now. */
bool settlement_line_of(const struct settlements *settlements, int64_t booking_id, int64_t *ret_settlement,
                        struct settlement_line *ret);

/* Prepares one from what is to be settled. 0, or why not. */
int settlement_prepare(struct health *self, const Health__Campaign *campaign, const Health__CampaignSite *site,
                       void *call, struct settlement *ret);
/* Whether one of its lines is not due any more: the journal has gone on about a scan's booking, or
 * whom a correction says not to have come has come to that site again. */
bool settlement_is_stale(struct health *self, const struct settlement *settlement);
/* Whether a booking that it corrects has been settled again meanwhile: then it is not rejected, or
 * two settlements would stand for one check-up. */
bool settlement_is_superseded(struct health *self, const struct settlement *settlement);
/* Confirms or rejects; false when memory is full. */
bool settlement_decide(struct health *self, struct settlement *settlement, int state, void *call);
