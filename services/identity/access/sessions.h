/* sessions.h: the rows of sessions; what one is, is said in session_life.h.
 *
 * A find returns false when there is no such row, or when the store failed: the batch then
 * ends with that, whatever is answered (common/store/store.h). */
#pragma once
#include "services/identity/identity.h"
#include "services/identity/people/sealed.h"

#define SESSION_HASH_LEN 32
#define DEVICE_SIZE      (40 * 4 + 1)
#define SESSIONS_MAX     20 /* live ones of a member: one more ends the oldest */

/* Whether it is she, for who has proven a name. */
enum trust {
    TRUST_NONE,  /* somebody who has her number or her WeChat, and no more */
    TRUST_KNOWN, /* on a device, and through a door, that are known for hers; or she has stepped up */
    TRUST_OLD,   /* opened before anybody asked: known, and its device is from the next refresh on */
};

struct session {
    int64_t id, member_id, expires_at, opened_at, refreshed_at;
    int64_t door;          /* the WeChat through which she came; 0: none */
    int64_t stepped_up_at; /* 0: not yet */
    int sign_in;           /* Identity__SignIn */
    enum trust trust;
    bool names_itself; /* its device does, by nonce */
    unsigned char nonce[PII_INDEX_LEN];
    struct sealed device;           /* what the client calls itself */
    char plain_device[DEVICE_SIZE]; /* the same of one whose name is not sealed yet */
    unsigned char family[SESSION_HASH_LEN], turn[SESSION_HASH_LEN];
    unsigned char last_turn[SESSION_HASH_LEN], asker[PII_INDEX_LEN]; /* the turn before, and who asked for this one */
    bool turned;                                                     /* there is one before */
};

void sessions_add(const struct sessions *sessions, const struct session *session);
bool sessions_find(const struct sessions *sessions, int64_t session_id, struct session *ret_session);
/* Its next turn, when, its end, and from where it was asked for. */
void sessions_turn(const struct sessions *sessions, const struct session *session);
/* How far it is believed to be she, and since when. */
void sessions_trust(const struct sessions *sessions, const struct session *session);
/* Any session of a member that a door of WeChat's opened. */
bool sessions_find_by_door(const struct sessions *sessions, int64_t member_id, int64_t door, int64_t *ret_session_id);
/* Whether there was such a session. */
bool sessions_drop(const struct sessions *sessions, int64_t session_id);
/* Seals what a session's client calls itself; "" is nothing. member has her data key. */
struct member;
void session_seal_device(struct identity *self, const struct member *member, struct session *session, const char *name,
                         void *call);
/* The same in the call's memory; NULL when that is full. */
char *session_device(struct identity *self, const struct member *member, const struct session *session, void *call);
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
