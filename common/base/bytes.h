/* bytes.h: numbers as big-endian bytes, in two's complement, and the hash of bytes for
 * tables in memory. */
#pragma once

static inline void put_be16(unsigned char *at, uint16_t value)
{
    value = __builtin_bswap16(value);
    memcpy(at, &value, sizeof(value));
}

static inline void put_be32(unsigned char *at, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(at, &value, sizeof(value));
}

static inline void put_be64(unsigned char *at, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(at, &value, sizeof(value));
}

static inline uint16_t get_be16(const unsigned char *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof(value));
    return __builtin_bswap16(value);
}

static inline uint32_t get_be32(const unsigned char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return __builtin_bswap32(value);
}

static inline uint64_t get_be64(const unsigned char *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof(value));
    return __builtin_bswap64(value);
}

/* FNV-1a with 64 bits (RFC 9923). Whoever chooses the bytes can choose the hash: a table
 * that outsiders fill bounds its chains. */
static inline uint64_t fnv1a(const void *bytes, size_t len)
{
    const unsigned char *from = bytes;
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ from[i]) * UINT64_C(1099511628211);
    return hash;
}
