/* guests.h: who is connected to a worker, and how much of it each holds.
 *
 * A guest is an address (address_key) with a connection, or with a request that came
 * through a proxy. Two things of a worker are shared out among guests:
 *
 * Memory, in a pool of requests that are still coming, another of bodies under way, one
 * of answers not yet sent and one of sessions of TLS, so that none can use up another. A guest may hold GUEST_SHARE-ths
 * of what is free in a pool, and GUEST_LEAST in any case while there is that much (the dynamic
 * thresholds of Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998). So one
 * alone gets a ninth of a pool, the next a ninth of what is left, and it takes some forty
 * who all take what they may to use one up.
 *
 * Connections: guests are ranked by how many they have, so that who has most is known
 * when there is no room for another. Of one thread, but for guests_held. */
#pragma once
#include <stdatomic.h>

#include "common/base/clock.h"
#include "services/gateway/http/link.h"
#include "services/gateway/pool.h"

#define GUEST_SHARE   8
#define GUEST_LEAST   ((size_t)256 << 10)
#define GUEST_BUCKETS 16384 /* a power of two */

enum guest_pool { GUEST_HEADS, GUEST_BODIES, GUEST_ANSWERS, GUEST_SESSIONS, GUEST_POOLS };

struct guest {
    uint64_t key;
    unsigned uses; /* by connections, requests and answers */
    unsigned n_conns;
    size_t held[GUEST_POOLS];
    struct guest *next;     /* of the bucket */
    struct link rank;       /* among those with as many connections */
    struct link conns;      /* oldest first */
    struct link handshakes; /* those of them that wait for a step of it, oldest first */
    struct link turn;       /* among the guests with such */
};

struct guests {
    uint64_t secret; /* which bucket is nobody's choice */
    _Atomic size_t held[GUEST_POOLS];
    unsigned most; /* connections of one guest */
    struct link *ranks;
    struct pool pool;
    struct guest *buckets[GUEST_BUCKETS];
};

/* 0, or -1 without memory. */
int guests_init(struct guests *guests, struct clock *clock);
void guests_done(struct guests *guests);

/* The guest of a key, to be given back; NULL without memory. */
struct guest *guests_take(struct guests *guests, uint64_t key);
/* The same once more. */
struct guest *guests_share(struct guest *guest);
void guests_give(struct guests *guests, struct guest *guest);

/* Whether a guest may hold so many bytes more of a pool; if so, they are counted. */
bool guests_charge(struct guests *guests, struct guest *guest, enum guest_pool pool, size_t size);
void guests_uncharge(struct guests *guests, struct guest *guest, enum guest_pool pool, size_t size);
/* All bytes held of a pool; from any thread. */
size_t guests_held(const struct guests *guests, enum guest_pool pool);

/* Counts a connection, by its link. At most LIMIT_CONNECTIONS of one guest. */
void guests_join(struct guests *guests, struct guest *guest, struct link *conn);
void guests_leave(struct guests *guests, struct guest *guest, struct link *conn);
/* One who has most connections, or NULL when nobody has any. */
struct guest *guests_most(struct guests *guests);
