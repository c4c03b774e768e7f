/* news.h: whose journals say that somebody is to be told something (common/benefit/notice).
 *
 * A message is about its notice, and ends when that is withdrawn. What services told in rows of their own before they
 * shared the part is still understood: such a message is about a booking, a merge, a contest, a WeChat or a member, and
 * ends when the journal says that this has changed.
 *
 * The part `messages` follows health's, the part `news` identity's: a part follows one. */
#pragma once
#include "services/bridge/bridge.h"

extern const struct service_follow messages_of_health;
