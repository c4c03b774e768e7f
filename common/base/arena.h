/* arena.h: capped memory that is given back all at once.
 *
 * One arena holds what one request or one batch needs. It grows in chunks up to
 * a cap; past the cap an allocation returns NULL, which is the limit on hostile
 * input: protobuf-c and the JSON decoder then refuse the message. Not shared
 * between threads. */
#pragma once
#include <protobuf-c/protobuf-c.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *first, *current;
    size_t used;                  /* of the current chunk */
    size_t first_size;            /* of the first */
    size_t total, cap;            /* bytes taken from the system, and their bound */
    bool failed;                  /* since this was last cleared: something found no room */
    ProtobufCAllocator allocator; /* for protobuf-c; free does nothing */
};

/* An empty arena of at most cap bytes; takes no memory yet. */
void arena_init(struct arena *arena, size_t cap);
/* The same for what is many and mostly needs little: its first chunk is of 4 KiB. */
void arena_init_small(struct arena *arena, size_t cap);
/* Makes everything allocated invalid and keeps one chunk for the next use. */
void arena_reset(struct arena *arena);
/* Gives all memory back to the system. */
void arena_done(struct arena *arena);

/* size bytes aligned to 16, or NULL past the cap. */
void *arena_alloc(struct arena *arena, size_t size);
/* The same, zeroed. */
void *arena_zalloc(struct arena *arena, size_t size);
/* An empty message of a type, or NULL. */
void *arena_message(struct arena *arena, const ProtobufCMessageDescriptor *type);
/* A copy of len bytes with a NUL behind it, or NULL. */
char *arena_strndup(struct arena *arena, const char *text, size_t len);
/* A formatted string, or NULL. */
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
