#include "common/base/arena.h"

#include <stdarg.h>

#define CHUNK_SIZE       ((size_t)64 << 10)
#define SMALL_CHUNK_SIZE ((size_t)4 << 10)

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    _Alignas(16) unsigned char bytes[];
};

static void *allocator_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void allocator_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

void arena_init(struct arena *arena, size_t cap)
{
    *arena = (struct arena){.cap = cap, .first_size = CHUNK_SIZE};
    arena->allocator = (ProtobufCAllocator){allocator_alloc, allocator_free, arena};
}

void arena_init_small(struct arena *arena, size_t cap)
{
    arena_init(arena, cap);
    arena->first_size = SMALL_CHUNK_SIZE;
}

static void free_chunks(struct arena *arena, struct arena_chunk *chunk)
{
    while (chunk) {
        struct arena_chunk *next = chunk->next;

        arena->total -= chunk->size;
        free(chunk);
        chunk = next;
    }
}

void arena_reset(struct arena *arena)
{
    if (arena->first && arena->first->size > CHUNK_SIZE) { /* a large one is seldom, and does not stay */
        free_chunks(arena, arena->first);
        arena->first = NULL;
    } else if (arena->first) {
        free_chunks(arena, arena->first->next);
        arena->first->next = NULL;
    }
    arena->current = arena->first;
    arena->used = 0;
    arena->failed = false;
}

void arena_done(struct arena *arena)
{
    free_chunks(arena, arena->first);
    arena->first = arena->current = NULL;
    arena->used = 0;
}

static bool add_chunk(struct arena *arena, size_t size)
{
    size_t usual = arena->first ? CHUNK_SIZE : arena->first_size, want = size > usual ? size : usual;
    struct arena_chunk *chunk;

    if (want > arena->cap || arena->total > arena->cap - want) {
        want = size;
        if (want > arena->cap || arena->total > arena->cap - want)
            return false;
    }
    chunk = malloc(sizeof(*chunk) + want);
    if (!chunk)
        return false;
    chunk->next = NULL;
    chunk->size = want;
    if (arena->current)
        arena->current->next = chunk;
    else
        arena->first = chunk;
    arena->current = chunk;
    arena->used = 0;
    arena->total += want;
    return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t rounded = (size + 15) & ~(size_t)15;
    void *bytes;

    if (size > arena->cap ||
        ((!arena->current || rounded > arena->current->size - arena->used) && !add_chunk(arena, rounded))) {
        arena->failed = true;
        return NULL;
    }
    bytes = arena->current->bytes + arena->used;
    arena->used += rounded;
    return bytes;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    void *bytes = arena_alloc(arena, size);

    if (bytes)
        memset(bytes, 0, size);
    return bytes;
}

void *arena_message(struct arena *arena, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = arena_alloc(arena, type->sizeof_message);

    if (message)
        protobuf_c_message_init(type, message);
    return message;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);

    if (copy) {
        if (len)
            memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    char *text;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
    if (text) {
        va_start(args, format);
        vsnprintf(text, (size_t)len + 1, format, args);
        va_end(args);
    }
    return text;
}
