/* scan.h: whether bytes, or a number in any form, stand anywhere in a store's files. */
#pragma once
#include "tests/harness.h"

#define SCAN_MAX (64 << 20)

/* Whether one of the store's two files holds these bytes. */
static inline bool scan_bytes(const struct harness *harness, const void *needle, size_t len)
{
    static const char *const names[] = {"data.sqlite", "data.sqlite-wal"};
    unsigned char *bytes = malloc(SCAN_MAX);
    size_t read = 0;
    bool found = false;

    ensure(bytes && len > 0);
    for (size_t i = 0; i < ARRAY_LEN(names) && !found; i++) {
        char path[96];
        size_t n;
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", harness->dir, names[i]);
        file = fopen(path, "r");
        if (!file)
            continue;
        n = fread(bytes, 1, SCAN_MAX, file);
        fclose(file);
        ensure(n < SCAN_MAX);
        found = memmem(bytes, n, needle, len) != NULL;
        read += n;
    }
    free(bytes);
    ensure(read > 0);
    return found;
}

static inline bool scan_text(const struct harness *harness, const char *text)
{
    return scan_bytes(harness, text, strlen(text));
}

/* Seven bits a byte: protobuf's, the least first, or SQLite's of a row's number, the least last. */
static inline size_t scan_varint(uint64_t number, bool least_first, unsigned char ret[10])
{
    size_t n = 0, len = 1;

    while (number >> 7 * len)
        len++;
    for (; n < len; n++) {
        unsigned char bits = (unsigned char)(number >> 7 * (least_first ? n : len - 1 - n) & 0x7f);

        ret[n] = n + 1 < len ? bits | 0x80 : bits;
    }
    return len;
}

/* The form in which a number of more than 32 and at most 56 bits stands in the store's files: as a column, as a
 * row's number, in a protobuf message, as eight bytes of either order, or in digits. NULL
 * when it does not. */
static inline const char *scan_number(const struct harness *harness, int64_t number)
{
    uint64_t bits = (uint64_t)number;
    unsigned char big[8], little[8], varint[10];
    char text[24];
    size_t len;

    ensure(bits >> 32 && !(bits >> 56));
    for (unsigned i = 0; i < 8; i++)
        little[i] = big[7 - i] = (unsigned char)(bits >> 8 * i);
    /* SQLite keeps an integer in as few of 6 and 8 bytes as hold it. */
    if (scan_bytes(harness, bits >> 47 ? big : big + 2, bits >> 47 ? 8 : 6))
        return "as a column or in big-endian bytes";
    if (scan_bytes(harness, little, 8))
        return "in little-endian bytes";
    len = scan_varint(bits, true, varint);
    if (scan_bytes(harness, varint, len))
        return "in a message";
    len = scan_varint(bits, false, varint);
    if (scan_bytes(harness, varint, len))
        return "as a row's number";
    for (unsigned i = 0; i < 3; i++) {
        snprintf(text, sizeof(text), i == 0 ? "%llu" : i == 1 ? "%llx" : "%llX", (unsigned long long)bits);
        if (scan_text(harness, text))
            return "in digits";
    }
    return NULL;
}
