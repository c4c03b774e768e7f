#include "services/gateway/http/guests.h"

#include "common/base/limits.h"

#define KEPT 1024

static const size_t sizes[GUEST_POOLS] = {LIMIT_HEADS, LIMIT_BODIES, LIMIT_ANSWERS, LIMIT_SESSIONS};

int guests_init(struct guests *guests, struct clock *clock)
{
    memset(guests, 0, sizeof(*guests));
    clock_random(clock, &guests->secret, sizeof(guests->secret));
    pool_init(&guests->pool, sizeof(struct guest), KEPT);
    guests->ranks = calloc(LIMIT_CONNECTIONS + 1, sizeof(guests->ranks[0]));
    return guests->ranks ? 0 : -1;
}

void guests_done(struct guests *guests)
{
    pool_done(&guests->pool);
    free(guests->ranks);
    guests->ranks = NULL;
}

/* The finalizer of MurmurHash3. */
static struct guest **bucket_of(struct guests *guests, uint64_t key)
{
    uint64_t hash = key ^ guests->secret;

    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return &guests->buckets[(hash ^ hash >> 33) & (GUEST_BUCKETS - 1)];
}

struct guest *guests_take(struct guests *guests, uint64_t key)
{
    struct guest **bucket = bucket_of(guests, key), *guest = *bucket;

    while (guest && guest->key != key)
        guest = guest->next;
    if (guest)
        return guests_share(guest);
    guest = pool_take(&guests->pool);
    if (!guest)
        return NULL;
    *guest = (struct guest){.key = key, .uses = 1, .next = *bucket};
    link_init(&guest->rank);
    link_init(&guest->conns);
    link_init(&guest->handshakes);
    link_init(&guest->turn);
    *bucket = guest;
    return guest;
}

struct guest *guests_share(struct guest *guest)
{
    guest->uses++;
    return guest;
}

void guests_give(struct guests *guests, struct guest *guest)
{
    struct guest **place;

    if (!guest || --guest->uses > 0)
        return;
    ensure(guest->n_conns == 0);
    for (int pool = 0; pool < GUEST_POOLS; pool++)
        ensure(guest->held[pool] == 0);
    for (place = bucket_of(guests, guest->key); *place != guest;)
        place = &(*place)->next;
    *place = guest->next;
    pool_give(&guests->pool, guest);
}

/* ---- memory ---- */

size_t guests_held(const struct guests *guests, enum guest_pool pool)
{
    return atomic_load_explicit(&guests->held[pool], memory_order_relaxed);
}

static void hold(struct guests *guests, struct guest *guest, enum guest_pool pool, size_t total, size_t own)
{
    guest->held[pool] = own;
    atomic_store_explicit(&guests->held[pool], total, memory_order_relaxed);
}

bool guests_charge(struct guests *guests, struct guest *guest, enum guest_pool pool, size_t size)
{
    size_t held = guests_held(guests, pool), free = sizes[pool] - held, most = free / GUEST_SHARE;

    if (most < GUEST_LEAST)
        most = GUEST_LEAST;
    if (size > free || guest->held[pool] > most || size > most - guest->held[pool])
        return false;
    hold(guests, guest, pool, held + size, guest->held[pool] + size);
    return true;
}

void guests_uncharge(struct guests *guests, struct guest *guest, enum guest_pool pool, size_t size)
{
    if (size == 0)
        return;
    ensure(size <= guest->held[pool]);
    hold(guests, guest, pool, guests_held(guests, pool) - size, guest->held[pool] - size);
}

/* ---- connections ---- */

static void rank(struct guests *guests, struct guest *guest, unsigned n_conns)
{
    struct link *list = &guests->ranks[n_conns];

    ensure(n_conns <= LIMIT_CONNECTIONS);
    link_remove(&guest->rank);
    guest->n_conns = n_conns;
    if (!list->next)
        link_init(list);
    if (n_conns > 0)
        link_append(list, &guest->rank);
    if (n_conns > guests->most)
        guests->most = n_conns;
    while (guests->most > 0 && (!guests->ranks[guests->most].next || link_is_alone(&guests->ranks[guests->most])))
        guests->most--;
}

void guests_join(struct guests *guests, struct guest *guest, struct link *conn)
{
    link_append(&guest->conns, conn);
    rank(guests, guest, guest->n_conns + 1);
}

void guests_leave(struct guests *guests, struct guest *guest, struct link *conn)
{
    link_remove(conn);
    rank(guests, guest, guest->n_conns - 1);
}

struct guest *guests_most(struct guests *guests)
{
    return guests->most ? container_of(guests->ranks[guests->most].next, struct guest, rank) : NULL;
}
