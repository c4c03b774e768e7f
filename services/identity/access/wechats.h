/* wechats.h: doors of WeChat: by which of its names a member comes in.
 *
 * Who comes by a number of a member who has proven her name has no more than the number: that door waits, and is
 * bound when the session that it opened has stepped up. All other doors are told of a new one. A door that is
 * unbound ends the sessions that it opened; all are when her number was lost or she logs out everywhere.
 *
 * A find returns false when there is no such row, or when the store failed: the batch then
 * ends with that, whatever is answered (common/store/store.h). */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/people/sealed.h"

struct wechat {
    int64_t id, member_id, bound_at;
    unsigned char openid[PII_INDEX_LEN], unionid[PII_INDEX_LEN];
    bool has_unionid;
    struct sealed sealed;
};

void wechats_add(const struct wechats *wechats, const struct wechat *wechat);
bool wechats_find(const struct wechats *wechats, const unsigned char openid[PII_INDEX_LEN], struct wechat *ret_wechat);
/* The member whom another app of the same owner knows by this unionid; 0: none. */
int64_t wechats_owner(const struct wechats *wechats, const unsigned char unionid[PII_INDEX_LEN]);
/* Writes unionid and seal anew. */
void wechats_set(const struct wechats *wechats, const struct wechat *wechat);
/* Writes its seal anew. */
void wechats_seal(const struct wechats *wechats, const struct wechat *wechat);
/* A member's doors in the order they were bound, at most `size`; returns how many. */
size_t wechats_find_all(const struct wechats *wechats, int64_t member_id, struct wechat *ret_wechats, size_t size);
/* Gives a door to another member, by a new id and seal. */
void wechats_move(const struct wechats *wechats, int64_t wechat_id, int64_t member_id, const struct wechat *wechat);
/* Whether it was this member's. */
bool wechats_drop(const struct wechats *wechats, int64_t wechat_id, int64_t member_id);
int64_t wechats_count(const struct wechats *wechats, int64_t member_id);
/* Whose door it is; 0: there is none. */
int64_t wechats_member(const struct wechats *wechats, int64_t wechat_id);

#define WECHAT_WAIT_MS (INT64_C(24) * 3600000)

/* A door that waits, under an id of its own; bound_at is when. */
void wechats_wait(const struct wechats *wechats, const struct wechat *wechat);
/* None of a member's waits any more. */
void wechats_drop_waits(const struct wechats *wechats, int64_t member_id);
/* Binds a door, and tells the journal and, unless the account begins with it, the member's other doors. */
void wechat_bind(struct identity *self, struct wechat *door, bool tells, void *call);
/* The session that a door opened is the member's: binds the door, if it waits. */
void wechat_settle(struct identity *self, int64_t wechat_id, void *call);
/* Ends a door of a member's, with the sessions that it opened; false when it is none of hers. */
bool wechat_unbind(struct identity *self, int64_t member_id, int64_t wechat_id, void *call);
void wechat_unbind_all(struct identity *self, int64_t member_id, void *call);
