#include "common/benefit/imports/named.h"

#include "common/base/sha256.h"

#define FIRST_SIZE 4096

/* Never 0, which marks a free entry. */
static uint64_t digest(const char *text)
{
    unsigned char sum[32];
    uint64_t value;

    sha256_of(text, strlen(text), sum);
    memcpy(&value, sum, sizeof(value));
    return value ? value : 1;
}

void named_done(struct named *named)
{
    free(named->entries);
    *named = (struct named){0};
}

static void place_entry(struct named_entry *entries, size_t size, struct named_entry entry)
{
    size_t i = entry.name & (size - 1);

    while (entries[i].name)
        i = (i + 1) & (size - 1);
    entries[i] = entry;
}

/* Keeps at least a third of the entries free. */
static bool grow(struct named *named)
{
    size_t size = named->size ? named->size * 2 : FIRST_SIZE;
    struct named_entry *entries;

    if (named->n < named->size / 3 * 2)
        return true;
    entries = named->n < NAMED_MAX ? calloc(size, sizeof(*entries)) : NULL;
    if (!entries)
        return false;
    for (size_t i = 0; i < named->size; i++) {
        if (named->entries[i].name)
            place_entry(entries, size, named->entries[i]);
    }
    free(named->entries);
    named->entries = entries;
    named->size = size;
    return true;
}

enum named_result named_note(struct named *named, const char *name, const char *place)
{
    struct named_entry entry = {digest(name), digest(place)};
    enum named_result result = NAMED_NEW;

    if (!grow(named))
        return NAMED_FULL;
    for (size_t i = entry.name & (named->size - 1); named->entries[i].name; i = (i + 1) & (named->size - 1)) {
        if (named->entries[i].name != entry.name)
            continue;
        if (named->entries[i].place == entry.place)
            return NAMED_HERE;
        result = NAMED_ELSEWHERE;
    }
    place_entry(named->entries, named->size, entry);
    named->n++;
    return result;
}

bool named_has(const struct named *named, const char *name, const char *place)
{
    uint64_t value = digest(name), at = place ? digest(place) : 0;

    for (size_t i = value & (named->size - 1); named->size && named->entries[i].name; i = (i + 1) & (named->size - 1)) {
        if (named->entries[i].name == value && (!place || named->entries[i].place == at))
            return true;
    }
    return false;
}
