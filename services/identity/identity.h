/* identity.h: hg-identity, the union tree, rosters, members, their memberships,
 * sessions and grants.
 *
 * Owns who is who: unions by code and path, the rows of their rosters, the people
 * who have signed in, their sessions, and what officials may do where. It alone
 * holds the keys of personal data: names, resident IDs and mobile numbers are
 * sealed at rest, each person's under a key of her own (data_keys.h), and found by
 * blind index only; none is ever in the journal, a refusal or a log (the demonstration's
 * code sender logs a masked number).
 *
 * Everything is asked of the store, whose indexes are small, and nothing is kept
 * in memory, so a failed commit leaves nothing to take back. A roster of a million
 * rows arrives as pages of a few hundred lines, each one call, so that people
 * sign in meanwhile.
 *
 * Promises: a person is on one union's roster once. On the rosters of two unions
 * she is loaded and reported (ROSTER_CONFLICT), and cannot be verified until one
 * of them takes her off: no union can take a person from another by listing her.
 * A resident ID verifies one member. A code lets in once and is guessed at most
 * CODE_TRIES times. A refresh token serves once; a second use means that somebody
 * else has a copy and ends the session. Who loses an office loses her sessions at
 * once, since their tokens carry it. Only a session opened by password and one-time
 * password carries any authority (credentials.h): one opened by a code or WeChat is a
 * plain member's, whatever offices she holds.
 *
 * Who belongs where is kept as periods (periods.h) that only membership_life.c begins and
 * ends: a member is in one union or in none, and where she was at an instant is
 * answered years later, also when unions have moved since. She comes by a roster, by
 * a request (joins.h) or by a transfer (transfers.h), which an old union cannot block
 * by silence. Unions change by request and the approval of the level above
 * (changes.h). Her trade is a category that is proven for a time (trades.h); joining an
 * industry union by one request enrols her for a cover (covers.h). Two accounts of one
 * person become one by codes sent to both numbers, or by two officials (merges.h). How
 * many members a union has is never counted but kept (tallies.h). Her name and resident
 * ID, given with a request, are erased when it is decided.
 *
 * What happens to her account, and what was decided on what she has asked for, she is told by all her doors
 * (notices.h).
 *
 * Over her own data a member rules herself: she is told who has looked at them
 * (looks.h; whole by one operation alone, api_look.c), agrees to each use by itself (consents.h), has them corrected
 * (corrections.h), takes them away, and closes her account (closings.h). What nobody needs
 * any more is deleted with evidence (purges.h).
 *
 * A company has agents of its own, who act for it in its union alone (companies.h), and
 * declare its people to the union (declarations.h).
 * Nobody's standing, no office that two people give (grants.h) and no official's second factor
 * changes by one person alone: one official proposes, another confirms (proposals.h).
 *
 * Who comes through WeChat is told by the bridge, which has asked WeChat itself. One
 * person stays one member over all apps: she is known by her openid in an app, else by
 * the unionid that apps of one owner share, else by the number that WeChat proves.
 *
 * Whose name no roster proves may have it proven outside: the bridge asks a verifier
 * between two calls (proofs.h), of which only who asked, when and the verdict are kept.
 * She is known by name then, and no member until a roster or a union takes her.
 *
 * A code is made here, kept as a sum, and told to the bridge alone, which sends it after
 * the commit. In the demonstration it is logged inside its call, before the commit: when
 * that fails, a code was shown that lets nobody in. */
#pragma once
#include "common/benefit/audience/audience.h"
#include "common/benefit/imports/imports.h"
#include "common/benefit/notice/notice.h"
#include "common/benefit/two_hands/two_hands.h"
#include "common/daemon/service_of_parts.h"
#include "common/trust/pii.h"
#include "common/trust/token.h"
#include "identity.pb.h"

#define IMPORT_LINES_MAX 1000                     /* of one page of CSV */
#define IMPORT_CSV_MAX   65536                    /* its characters, as in load.proto */
#define REFRESH_LIFE_MS  (INT64_C(30) * 86400000) /* of a refresh token */

/* An official's session: its bearer token, without use, and at all. */
#define OFFICIAL_TOKEN_MS (10 * 60 * 1000)
#define OFFICIAL_IDLE_MS  (15 * 60 * 1000)
#define ENROL_FRESH_MS    (15 * 60 * 1000) /* a code that has let her in so long ago is none */
#define OFFICIAL_MAX_MS   (12 * 60 * 60 * 1000)

/* Each said in its NAME.h, in the order in which they tidy. When an account is closed or becomes part of another
 * one, they act from the last to the first (part.h): what she has asked for and is ends first, then what is found by
 * her number and resident ID, and last her row. */
#define IDENTITY_PARTS(PART, SHARED)                                                                                   \
    SHARED(two_hands)                                                                                                  \
    SHARED(notice)                                                                                                     \
    PART(unions)                                                                                                       \
    PART(members)                                                                                                      \
    PART(names)                                                                                                        \
    PART(data_keys)                                                                                                    \
    PART(rosters)                                                                                                      \
    SHARED(imports)                                                                                                    \
    PART(credentials)                                                                                                  \
    PART(codes)                                                                                                        \
    PART(grants)                                                                                                       \
    PART(purges)                                                                                                       \
    PART(consents)                                                                                                     \
    PART(looks)                                                                                                        \
    PART(look_tries)                                                                                                   \
    PART(proposals)                                                                                                    \
    PART(cadres)                                                                                                       \
    PART(companies)                                                                                                    \
    PART(declarations)                                                                                                 \
    PART(proofs)                                                                                                       \
    PART(covers)                                                                                                       \
    PART(tallies)                                                                                                      \
    PART(audience_counts)                                                                                              \
    PART(closings)                                                                                                     \
    PART(changes)                                                                                                      \
    PART(devices)                                                                                                      \
    PART(step_ups)                                                                                                     \
    PART(sessions)                                                                                                     \
    PART(wechats)                                                                                                      \
    PART(joins)                                                                                                        \
    PART(transfers)                                                                                                    \
    PART(periods)                                                                                                      \
    PART(trades)                                                                                                       \
    PART(pledges)                                                                                                      \
    PART(contests)                                                                                                     \
    PART(notices)                                                                                                      \
    PART(corrections)                                                                                                  \
    PART(merges)                                                                                                       \
    PART(waitings)

SERVICE_PARTS(IDENTITY)

enum sms_sender {
    SMS_NONE,   /* SENDER_UNAVAILABLE */
    SMS_LOG,    /* the code is logged: for demonstration only */
    SMS_BRIDGE, /* the bridge, which has asked for it, sends it */
};

struct identity {
    SERVICE_MEMBERS(IDENTITY)
    struct pii_keys *pii;
    struct token_keys *tokens;
    struct ecdsa_key *seals;  /* of officials' authority */
    struct pii_keys *letters; /* opens those of other daemons */
    struct pass_keys *cards;  /* makes and checks the codes of members' cards */
    enum sms_sender sms;
    int64_t codes_address; /* codes sent within an hour at the asking of one address; 0: any number */
    int64_t codes_day;     /* and on one day in all */
    int64_t closing_delay_ms;
    int64_t retention_ms; /* of decided requests */
    int64_t pledge_life_ms;
    int64_t transfer_silence_ms; /* an old union's time to speak */
    int64_t trade_ms;            /* for which a trade is proven */
    int64_t purge_at;            /* the next time */
    int64_t sessions_swept;      /* up to which id they were looked through for old ones */
};

extern const struct service_spec identity_spec;

void identity_done(struct identity *self);
/* The command --import unions|roster FILE ...: see import_command.c. */
int identity_import(const struct service *service, int argc, char **argv);
