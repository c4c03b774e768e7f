/* covers.h: the accident cover that comes with joining an industry union (三位一体): who
 * is enrolled from when until when. It is given by whoever follows the journal.
 *
 * Each enrolment lasts COVER_MS, and nobody is enrolled twice at one time, however
 * often she joins and by whichever of her accounts (merges.h). It ends when she leaves her
 * union, and not when she moves to another one; who joins again within the year has the
 * rest of it. */
#pragma once
#include "services/identity/identity.h"

#define COVER_MS (INT64_C(365) * 86400000)

/* Enrols a member from now on, unless she is. A year that she left in goes on, another one begins. */
void cover_enrol(struct identity *self, int64_t member_id, int64_t union_id, int trade, void *call);
/* She is in no union any more: what she has ends now. */
void cover_end(struct identity *self, int64_t member_id, void *call);
