/* covers.h: the accident cover (意外医疗互助), on which members claim.
 *
 * Identity enrols who joins an industry union, and ends that when she leaves (identity's membership/covers.h); this
 * part hears both from its journal, so nobody applies for cover here. A cover's policy number is made of its id. A
 * claim is an application for a scheme that says a CoverCheck: it is handed in only when she was covered on the day of
 * the accident, of which any instant will do, by whichever of her accounts. What ends later takes nothing from what
 * happened before. */
#pragma once
#include "services/subsidy/subsidy.h"

#define COVER_POLICY_SIZE 24 /* "HZ" and an id */

struct cover {
    int64_t id, member_id, union_id, from_at, until_at;
    bool left;
};

void cover_policy_number(int64_t cover_id, char ret[COVER_POLICY_SIZE]);
/* Hers, before an id, newest first: how many. */
size_t covers_list(const struct subsidy *self, int64_t member_id, int64_t before, struct cover *ret, size_t size);
/* Why who applies cannot, for an accident on a day (YYYYMMDD): a Reason, or 0. What identity has said is to be heard
 * (covers_known) before. */
int cover_refusal(const struct subsidy *self, int64_t member_id, int32_t day, int64_t now);
/* Whether all is heard that was known of her when the call came; false: the call waits, or was refused (part.h). */
bool covers_known(struct subsidy *self, void *call);
