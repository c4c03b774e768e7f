/* contests.h: proofs of a name that may be another's.
 *
 * A name and the number of a document are not a person: whoever knew both proved herself by them, before a roster's
 * mobile number was asked for too. Whoever finds her document taken (RESIDENT_ID_TAKEN: at verifying, or, which a
 * notice tells her, when officials would take her or correct it) opens a case; and proofs of those days that were made
 * from a number that the roster does not list are cases without a claimant: such a member keeps her level, but takes
 * nothing away (export) until an official has looked. Officials of the union that the holder belongs to, or else of a
 * root, see both, look (LookAtPerson), and who has looked says that the proof is right, or two of them take it back:
 * then the document is free, the membership that hung on it ends, and so do the sessions. A case is over when the
 * account of either side is, and deleted when its time is (purges.h). */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/people/members.h"

struct contest {
    int64_t id, holder_id, claimant_id, union_id, asked_at, decided_at, decided_by;
    int state; /* Identity__ContestState */
};

bool contests_find(const struct contests *contests, int64_t contest_id, struct contest *ret);
/* The open one of a holder and a claimant. */
bool contests_find_open(const struct contests *contests, int64_t holder_id, int64_t claimant_id, struct contest *ret);
/* The first open one of a holder. */
bool contests_find_any(const struct contests *contests, int64_t holder_id, struct contest *ret);
/* Those that somebody has opened or holds, before an id, in the states of a mask (RPC_PAGE_STATES); at most `size`. */
size_t contests_find_mine(const struct contests *contests, int64_t member_id, int64_t states, int64_t before,
                          struct contest *ret, size_t size);
/* Those of a union in the states of a mask behind an id. */
size_t contests_find_union(const struct contests *contests, int64_t union_id, int64_t states, int64_t after,
                           struct contest *ret, size_t size);
/* Opens one, and tells both sides and the journal. */
void contest_open(struct identity *self, struct contest *contest, void *call);
/* Deletes a slice of those that ended before an instant; returns how many. */
int contests_drop_old(const struct contests *contests, int64_t before);
/* That an official has looked at the people of one; whether she has. */
void contests_note_look(const struct contests *contests, int64_t contest_id, int64_t official_id);
bool contests_looked_at(const struct contests *contests, int64_t contest_id, int64_t official_id);
/* Ends one as decided by the caller, and tells. */
void contest_end(struct identity *self, struct contest *contest, int state, void *call);
/* Ends all that are open against a holder. */
void contest_end_all(struct identity *self, int64_t holder_id, int state, void *call);
/* Whether her proof was found doubtful and nobody has looked yet. */
bool contests_doubt(const struct contests *contests, int64_t member_id);

/* Why a proof may not be taken back: 0, or ALREADY_UNPROVEN, TAKE_BACK_HOLDS_OFFICE. */
int take_back_refusal(struct identity *self, const struct member *member);
/* Takes it back. */
void proof_take_back(struct identity *self, struct member *member, void *call);
