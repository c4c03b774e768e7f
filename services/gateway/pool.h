/* pool.h: pieces of memory of one size, kept for reuse. Of one thread. */
#pragma once

struct pool {
    void *free;
    size_t size;
    unsigned kept, keep; /* pieces on the list, and how many may stay there */
};

/* Pieces of size bytes (at least a pointer); takes no memory yet. */
void pool_init(struct pool *pool, size_t size, unsigned keep);
/* Gives what is on the list back to the system. */
void pool_done(struct pool *pool);

/* A piece with undefined content, or NULL. */
void *pool_take(struct pool *pool);
/* Accepts NULL. */
void pool_give(struct pool *pool, void *piece);
