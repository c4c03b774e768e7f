/* sessions.h: the rows of sessions; what one is, is said in session_life.h.
 *
 * A find returns false when there is no such row, or when the store failed: the batch then
 * ends with that, whatever is answered (common/store/store.h). */
#pragma once
#include "services/identity/identity.h"

#define SESSION_HASH_LEN 32
#define DEVICE_SIZE      (40 * 4 + 1)
#define SESSIONS_MAX     20 /* live ones of a member: one more ends the oldest */

struct session {
    int64_t id, member_id, expires_at, opened_at, refreshed_at;
    int sign_in; /* Identity__SignIn */
    char device[DEVICE_SIZE];
    unsigned char family[SESSION_HASH_LEN], turn[SESSION_HASH_LEN];
};

void sessions_add(const struct sessions *sessions, const struct session *session);
bool sessions_find(const struct sessions *sessions, int64_t session_id, struct session *ret_session);
/* Its next turn, when, and its end. */
void sessions_turn(const struct sessions *sessions, const struct session *session);
/* Whether there was such a session. */
bool sessions_drop(const struct sessions *sessions, int64_t session_id);
/* A member's live sessions, the latest first, at most `size`; returns how many. */
size_t sessions_find_live(const struct sessions *sessions, int64_t member_id, int64_t now, int64_t before,
                          struct session *ret_sessions, size_t size);
/* A session of a member that so many later ones follow. */
bool sessions_find_surplus(const struct sessions *sessions, int64_t member_id, int64_t later, int64_t *ret_session_id);
/* Any session of a member. */
bool sessions_find_any(const struct sessions *sessions, int64_t member_id, int64_t *ret_session_id);
/* Deletes those past their end among the next ones after *after, and moves it to the last
 * of these, to 0 after all; returns how many. So no index of ends is kept, which each
 * refresh would change. */
int sessions_drop_old(const struct sessions *sessions, int64_t *after, int64_t now);
