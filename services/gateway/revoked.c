#include "services/gateway/revoked.h"

#include "common/base/limits.h"

#define SLAB           1024
#define FORGET_AT_ONCE 4096

struct revoked_slab {
    struct revoked_slab *next;
    unsigned n;
    struct revoked_node nodes[SLAB];
};

int revoked_init(struct revoked *revoked)
{
    *revoked = (struct revoked){.buckets = calloc(REVOKED_BUCKETS, sizeof(revoked->buckets[0]))};
    return revoked->buckets ? 0 : -1;
}

static void drop_slabs(struct revoked *revoked)
{
    while (revoked->oldest) {
        struct revoked_slab *slab = revoked->oldest;

        revoked->oldest = slab->next;
        free(slab);
    }
    revoked->newest = NULL;
    revoked->first = revoked->n = 0;
}

void revoked_done(struct revoked *revoked)
{
    drop_slabs(revoked);
    free(revoked->buckets);
    revoked->buckets = NULL;
}

static size_t bucket_of(int64_t session_id)
{
    return (size_t)(((uint64_t)session_id * UINT64_C(0x9e3779b97f4a7c15)) >> 40) & (REVOKED_BUCKETS - 1);
}

/* Forgets the oldest, who is the first of its bucket too. */
static void forget_oldest(struct revoked *revoked)
{
    struct revoked_slab *slab = revoked->oldest;
    struct revoked_node *node = &slab->nodes[revoked->first++];
    size_t i = bucket_of(node->session_id);

    ensure(revoked->buckets[i].first == node);
    revoked->buckets[i].first = node->next;
    revoked->n--;
    if (revoked->first < SLAB && revoked->n > 0)
        return;
    revoked->first = 0;
    revoked->oldest = slab->next;
    if (!revoked->oldest)
        revoked->newest = NULL;
    free(slab);
}

static bool is_over(const struct revoked *revoked, int64_t now)
{
    return revoked->n > 0 && revoked->oldest->nodes[revoked->first].until <= now;
}

void revoked_forget(struct revoked *revoked, int64_t now)
{
    for (unsigned i = 0; i < FORGET_AT_ONCE && is_over(revoked, now); i++)
        forget_oldest(revoked);
}

static struct revoked_node *new_node(struct revoked *revoked)
{
    struct revoked_slab *slab = revoked->newest;

    if (revoked->n == LIMIT_REVOKED)
        return NULL;
    if (!slab || slab->n == SLAB) {
        slab = malloc(sizeof(*slab));
        if (!slab)
            return NULL;
        slab->next = NULL;
        slab->n = 0;
        if (revoked->newest)
            revoked->newest->next = slab;
        else
            revoked->oldest = slab;
        revoked->newest = slab;
    }
    revoked->n++;
    return &slab->nodes[slab->n++];
}

void revoked_add(struct revoked *revoked, int64_t session_id, int64_t at)
{
    size_t i = bucket_of(session_id);
    struct revoked_node *node = new_node(revoked);

    if (!node) {
        drop_slabs(revoked);
        memset(revoked->buckets, 0, REVOKED_BUCKETS * sizeof(revoked->buckets[0]));
        revoked->all_until = at;
        return;
    }
    *node = (struct revoked_node){.session_id = session_id, .until = at + LIMIT_SESSION_MS};
    if (revoked->buckets[i].first)
        revoked->buckets[i].last->next = node;
    else
        revoked->buckets[i].first = node;
    revoked->buckets[i].last = node;
}

int revoked_reason(const struct revoked *revoked, const Rpc__Principal *principal)
{
    const struct revoked_node *node = revoked->n ? revoked->buckets[bucket_of(principal->session_id)].first : NULL;

    while (node && node->session_id != principal->session_id)
        node = node->next;
    if (node)
        return RPC__REASON__TOKEN_REVOKED;
    /* No token is made for longer, so it was made then or later. */
    if (principal->expires_at - LIMIT_SESSION_MS <= revoked->all_until)
        return RPC__REASON__TOKEN_EXPIRED;
    return 0;
}
