/* revoked.h: the sessions that have ended before their tokens.
 *
 * A token is good until it expires, so a session that was revoked is remembered for
 * LIMIT_SESSION_MS. Those that end come in the order of identity's journal, and are
 * forgotten in that order, a few at a time, so that no request waits for a clean-up.
 *
 * It fails closed: past LIMIT_REVOKED sessions, or without memory, it forgets them all
 * and refuses every token that was made until then as expired. Whose session goes on is
 * given a new one by identity; whose session was revoked is not. Of one thread. */
#pragma once
#include "rpc.pb-c.h"

#define REVOKED_BUCKETS 65536 /* a power of two */

struct revoked_node {
    struct revoked_node *next; /* of its bucket, in the order of time */
    int64_t session_id, until;
};

struct revoked_slab;

struct revoked {
    struct {
        struct revoked_node *first, *last;
    } * buckets;
    struct revoked_slab *oldest, *newest;
    unsigned first; /* the oldest session's place in its slab */
    unsigned n;
    int64_t all_until; /* every token that was made at or before this instant is refused */
};

/* 0, or -1 without memory. */
int revoked_init(struct revoked *revoked);
void revoked_done(struct revoked *revoked);
/* Remembers a session that was revoked at an instant, not before that of the call before. */
void revoked_add(struct revoked *revoked, int64_t session_id, int64_t at);
/* Forgets some whose tokens have expired by now; to be called every second or so. */
void revoked_forget(struct revoked *revoked, int64_t now);
/* Why a token with a good signature is refused, or 0. */
int revoked_reason(const struct revoked *revoked, const Rpc__Principal *principal);
