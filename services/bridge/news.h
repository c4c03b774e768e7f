/* news.h: whose journals say that somebody is to be told something (common/benefit/notice).
 *
 * A message is about its notice, and ends when that is withdrawn. What services told in rows of their own before they
 * shared the part is still understood: such a message is about a booking, a merge, a contest, a WeChat or a member, and
 * ends when the journal says that this has changed. */
#pragma once
#include "services/bridge/bridge.h"
