/* mutes.h: of which kinds a member is not reminded: she has chosen so in her inbox (services/portal/inbox/reminders.h).
 *
 * Follows the portal's journal, which says all that are off each time, also of who has had two accounts. What waits is
 * judged when it is due, so what she turns off a moment before is not sent; of what guards her account she is told
 * whatever stands here. */
#pragma once
#include "common/daemon/part.h"

struct mutes;

/* Whether she is not to be told of a kind outside her inbox. */
bool mutes_has(const struct mutes *mutes, int64_t member_id, int kind);
