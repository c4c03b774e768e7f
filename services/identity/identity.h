/* identity.h: hg-identity, the union tree, rosters, members, sessions and grants.
 *
 * Owns who is who: unions by code and path, the rows of their rosters, the people
 * who have signed in, their sessions, and what officials may do where. It alone
 * holds the keys of personal data: names, resident IDs and mobile numbers are
 * sealed at rest and found by blind index only; none is ever in the journal, a
 * refusal or a log (the demonstration's code sender logs a masked number).
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
 * once, since their tokens carry it.
 *
 * Who comes through WeChat is told by the bridge, which has asked WeChat itself. One
 * person stays one member over all apps: she is known by her openid in an app, else by
 * the unionid that apps of one owner share, else by the number that WeChat proves.
 *
 * A code is sent inside its call, before the batch is committed: when the commit
 * then fails, a code has gone out that lets nobody in, and the caller is told to
 * ask again. */
#pragma once
#include "common/id.h"
#include "common/pii.h"
#include "common/service.h"
#include "common/token.h"
#include "identity.pb-c.h"

#define IMPORT_LINES_MAX 1000                     /* of one page of CSV */
#define IMPORT_CSV_MAX   65536                    /* its characters, as in identity.proto */
#define REFRESH_LIFE_MS  (INT64_C(30) * 86400000) /* of a refresh token */

enum sms_sender {
    SMS_NONE, /* SENDER_UNAVAILABLE */
    SMS_LOG,  /* the code is logged: for demonstration only */
};

struct identity {
    Identity__Identity_Service service;
    struct store *store;
    struct rpc_server *rpc;
    struct id_source ids; /* of everything that has one */
    struct pii_keys *pii;
    struct token_keys *tokens;
    enum sms_sender sms;
    uv_timer_t tidy;
};

extern const struct service_spec identity_spec;

/* Reads keys and settings (identity_spec.conf must be loaded) and the greatest id
 * of the store. 0 or -1, logged. */
int identity_init(struct identity *self, struct store *store, struct rpc_server *rpc);
void identity_done(struct identity *self);
/* Forgets sessions and codes past their time, a slice at a time. */
void identity_tidy(struct identity *self);
int identity_audit(struct store *store, struct journal *journal, FILE *out);
/* The command --import unions|roster FILE [--all-or-nothing]: see import.c. */
int identity_import(const struct service *service, int argc, char **argv);
