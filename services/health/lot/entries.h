/* entries.h: who entered which lot, and what was tried against one's rules.
 *
 * Entries are appended in the order of time; one that is withdrawn stays, marked, and
 * entering again makes another. Somebody has one in a campaign that is not withdrawn,
 * which the schema sees to. */
#pragma once
#include "common/draw/draw.h"
#include "services/health/health.h"

struct entry {
    int64_t id, campaign_id, member_id, at, withdrawn_at;
    unsigned char ticket[DRAW_TICKET_LEN];
    int32_t stratum;
};

/* The greatest id there is. */
int64_t entries_last_id(const struct entries *entries);
/* Hers, under any number she holds (holders.h), not withdrawn: of several the one under her own. */
bool entries_find(const struct entries *entries, int64_t campaign_id, int64_t member_id, struct entry *ret);
/* Hers in campaigns that are still open: all, or those beside one that counts. */
unsigned entries_spare(const struct entries *entries, int64_t member_id, bool all, int64_t now, struct entry *ret,
                       unsigned max);
/* Entries of every campaign after an id and up to another, in order; with those withdrawn. */
void entries_ask(const struct entries *entries, int64_t after, int64_t upto);
bool entries_next(const struct entries *entries, struct entry *ret);
void entries_end(const struct entries *entries);

/* Adds an entry, and says so in the journal. */
void entry_add(struct health *self, const struct entry *entry, void *call);
void entry_withdraw(struct health *self, const struct entry *entry, void *call);
/* Notes what the caller tried (Health__Attempt) although it will be refused: in the
 * journal the first time. Then the call must be refused. */
void attempt_note(struct health *self, const Health__Campaign *campaign, int attempt, void *call);
