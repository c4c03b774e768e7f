/* session_life.h: sessions, their tokens, and what is told of a member.
 *
 * A session begins at login and lives as long as it is refreshed within
 * REFRESH_LIFE_MS. Its bearer token (common/trust/token.h) lasts LIMIT_SESSION_MS and
 * is checked by the gateway alone. One opened by password and one-time password carries
 * the grants of offices, unless she is suspended, and lasts shorter: OFFICIAL_TOKEN_MS,
 * OFFICIAL_IDLE_MS without a refresh, OFFICIAL_MAX_MS at all. Its refresh token is
 * base64url of the session's id (8 bytes, big-endian), its family and its turn (16 random
 * bytes each), of which the store has the SHA-256. Each refresh makes a new turn, by a keyed
 * sum of the one before, so that who asks twice at once, or has not got the answer, gets the
 * same successor again: the device that had it, for REFRESH_AGAIN_MS. Any other token of the
 * right family has been used before, so somebody has a copy: the session ends. Without the right
 * family nobody can end a session by guessing.
 *
 * A session of who has proven a name begins as nobody's in particular (TRUST_NONE of sessions.h)
 * unless its device is known for hers (devices.h), or it was opened by password: its token says
 * `unproven`, and neither it nor an answer to her own requests has her name or document. What
 * rule.StepUp says of an operation is judged by the token, before any handler is. */
#pragma once
#include "common/base/base64url.h"
#include "services/identity/access/grants.h"
#include "services/identity/identity.h"
#include "services/identity/people/members.h"
#include "services/identity/access/sessions.h"
#include "services/identity/unions/unions.h"

#define REFRESH_BYTES (8 + 16 + 16)
#define REFRESH_CHARS BASE64URL_CHARS(REFRESH_BYTES)
#define REFRESH_SIZE  (REFRESH_CHARS + 1)

#define REFRESH_AGAIN_MS (60 * 1000)      /* for which a refresh is answered once more */
#define STEP_UP_MS       (15 * 60 * 1000) /* for which a step-up is fresh */

/* Opens a session of a member who has signed in like that (Identity__SignIn), through a door of
 * WeChat's or 0, with a client that calls itself `device`, and answers with it (201), or refuses with ACCOUNT_STOPPED
 * who is recorded as deceased. Who has SESSIONS_MAX already loses the oldest. */
void session_open(struct identity *self, const struct member *member, int sign_in, int64_t door, const char *device,
                  Identity__Session_Closure reply, void *call);
/* Refreshes by a token, or refuses with REFRESH_INVALID. */
void session_refresh(struct identity *self, const char *refresh_token, Identity__Session_Closure reply, void *call);
/* A new bearer token for the caller's live session; its refresh token stays as it
 * is and is left empty. */
void session_renew(struct identity *self, const struct member *member, Identity__Session_Closure reply, void *call);
/* Whether the caller's session is live and hers. */
bool session_find(struct identity *self, void *call, struct session *ret_session);
bool session_is_live(struct identity *self, void *call);
/* Ends a session and tells the journal; nothing when it has ended before. */
void session_revoke(struct identity *self, int64_t member_id, int64_t session_id, void *call);
void session_revoke_door(struct identity *self, int64_t member_id, int64_t door, void *call);
void session_revoke_all(struct identity *self, int64_t member_id, void *call);
/* It is she who has this session: it is told the journal, and her device is known. By an official's decision, or 0. */
void session_step_up(struct identity *self, struct session *session, int64_t step_up_id, void *call);
/* The same of the caller's session, who has just said her whole document. */
void session_prove(struct identity *self, void *call);

/* What a member may do as an official now: nothing while she is suspended. False when the call's memory is full. */
bool session_add_grants(struct identity *self, int64_t member_id, Rpc__Principal *principal, void *call);

/* What a session says of a member to who gives benefits: level, union, trade, and the facts that they may ask; the day
 * of birth only to who has shown that it is she (principal->unproven). node keeps the path that principal has then. */
void session_describe(struct identity *self, const struct member *member, struct union_node *node, void *call,
                      Rpc__Principal *principal);
/* The trades of a union as a message's list; false when the call's memory is full. */
bool trades_message(int trades, size_t *ret_n, Rpc__Trade **ret_list, void *call);
/* Messages in the call's arena; NULL when it is full. */
Identity__Union *union_message(const struct union_node *node, void *call);
Identity__GrantRecord *grant_message(struct identity *self, const struct authority *grant, void *call);
/* "" when she is not known by name; stars when her seal cannot be opened. */
char *member_masked_name(struct identity *self, int64_t member_id, void *call);
Identity__Member *member_message(struct identity *self, const struct member *member, void *call);
/* The same for herself: without name and document while nothing shows that it is she. */
Identity__Member *member_message_for(struct identity *self, const struct member *member, bool unproven, void *call);
