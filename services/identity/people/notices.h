/* notices.h: what a member is told about her account: that a WeChat was bound to it, that it is to become part of
 * another, that somebody says its name is hers. Whoever did it may have come by one of her doors, so all others are
 * told: she finds it among her notices whichever way she comes in, and the journal says it once for her number and once
 * for each of her WeChats, for the bridge to send (services/bridge/outbox). */
#pragma once
#include "services/identity/identity.h"

#define NOTICES_KEPT_MS (INT64_C(365) * 86400000)

/* Tells a member of something once, however often it is found. */
void account_tell_once(struct identity *self, int64_t member_id, int news, int64_t about_id, void *call);
/* Tells a member of something; the WeChat that did it (0: none) is not told. */
void account_tell(struct identity *self, int64_t member_id, int news, int64_t about_id, int64_t but_wechat_id,
                  void *call);
