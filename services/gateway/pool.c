#include "services/gateway/pool.h"

void pool_init(struct pool *pool, size_t size, unsigned keep)
{
    ensure(size >= sizeof(void *));
    *pool = (struct pool){.size = size, .keep = keep};
}

void pool_done(struct pool *pool)
{
    while (pool->kept > 0)
        free(pool_take(pool));
}

void *pool_take(struct pool *pool)
{
    void *piece = pool->free;

    if (!piece)
        return malloc(pool->size);
    memcpy(&pool->free, piece, sizeof(void *));
    pool->kept--;
    return piece;
}

void pool_give(struct pool *pool, void *piece)
{
    if (!piece)
        return;
    if (pool->kept == pool->keep) {
        free(piece);
        return;
    }
    memcpy(piece, &pool->free, sizeof(void *));
    pool->free = piece;
    pool->kept++;
}
