/* base.h: what every file of ours is compiled with (forced by the build). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets atoi atol

#define ARRAY_LEN(a)                    (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* An impossible state: says where, and aborts; the supervisor restarts the
 * daemon. Always compiled in. Never applied to what a client sent. */
#define ensure(condition) ((condition) ? (void)0 : ensure_failed(#condition, __FILE__, __LINE__))
_Noreturn void ensure_failed(const char *condition, const char *file, int line);

/* For an interface that takes a pointer without const and only reads: the structs that
 * protobuf-c generates to be packed, uv_buf_t, argv. */
static inline void *unconst(const void *bytes)
{
    return (void *)(uintptr_t)bytes;
}
