/* notices.h: what a member is told about her account (common/benefit/notice): that a WeChat was bound to it, that it is
 * to become part of another, that somebody says its name is hers; and what was decided on what she has asked for.
 * Whoever did it may have come by one of her doors, so all others are told: she finds it among her notices whichever
 * way she comes in, and the journal says it once for her number and once for each of her WeChats, for the bridge to
 * send. */
#pragma once
#include "services/identity/identity.h"

/* Tells a member of something, an ACCOUNT_... of NoticeKind, once while it is so; the WeChat that did it (0: none) is
 * not told. */
void account_tell(struct identity *self, int64_t member_id, int kind, int64_t about_id, int64_t but_wechat_id,
                  void *call);
/* Tells her what was decided, unless she has decided it. */
void account_tell_decided(struct identity *self, int64_t member_id, int kind, int64_t about_id, void *call);
