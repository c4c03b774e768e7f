#include "services/identity/registers/named.h"

#include <mbedtls/sha256.h>

#define FIRST_SIZE 4096

/* Never 0, which marks a free entry. */
static uint64_t digest(const char *text)
{
    unsigned char sum[32];
    uint64_t value;

    mbedtls_sha256_ret((const unsigned char *)text, strlen(text), sum, 0);
    memcpy(&value, sum, sizeof(value));
    return value ? value : 1;
}

void seen_done(struct seen *seen)
{
    free(seen->entries);
    *seen = (struct seen){0};
}

static void place_entry(struct seen_entry *entries, size_t size, struct seen_entry entry)
{
    size_t i = entry.name & (size - 1);

    while (entries[i].name)
        i = (i + 1) & (size - 1);
    entries[i] = entry;
}

/* Keeps at least a third of the entries free. */
static bool grow(struct seen *seen)
{
    size_t size = seen->size ? seen->size * 2 : FIRST_SIZE;
    struct seen_entry *entries;

    if (seen->n < seen->size / 3 * 2)
        return true;
    entries = seen->n < SEEN_MAX ? calloc(size, sizeof(*entries)) : NULL;
    if (!entries)
        return false;
    for (size_t i = 0; i < seen->size; i++) {
        if (seen->entries[i].name)
            place_entry(entries, size, seen->entries[i]);
    }
    free(seen->entries);
    seen->entries = entries;
    seen->size = size;
    return true;
}

enum seen_result seen_note(struct seen *seen, const char *name, const char *place)
{
    struct seen_entry entry = {digest(name), digest(place)};
    enum seen_result result = SEEN_NEW;

    if (!grow(seen))
        return SEEN_FULL;
    for (size_t i = entry.name & (seen->size - 1); seen->entries[i].name; i = (i + 1) & (seen->size - 1)) {
        if (seen->entries[i].name != entry.name)
            continue;
        if (seen->entries[i].place == entry.place)
            return SEEN_HERE;
        result = SEEN_ELSEWHERE;
    }
    place_entry(seen->entries, seen->size, entry);
    seen->n++;
    return result;
}

bool seen_has(const struct seen *seen, const char *name)
{
    uint64_t value = digest(name);

    for (size_t i = value & (seen->size - 1); seen->size && seen->entries[i].name; i = (i + 1) & (seen->size - 1)) {
        if (seen->entries[i].name == value)
            return true;
    }
    return false;
}
