#include "services/identity/registers/named.h"

#include <mbedtls/sha256.h>

#include "services/identity/rules.h"

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

/* ---- rows ---- */

static unsigned note_place(struct named *named, const char *name, const char *place)
{
    static const unsigned says[] = {
        [NAMED_ELSEWHERE] = NAMED_CONFLICT, [NAMED_HERE] = NAMED_AGAIN, [NAMED_FULL] = NAMED_TOO_MANY};

    return says[named_note(named, name, place)];
}

unsigned named_row(struct named *named, int kind, const struct csv_row *row, int today)
{
    union {
        struct roster_row roster;
        struct union_row unions;
        struct removal_row removal;
    } read;
    struct row_fault fault;

    switch (kind) {
    case IDENTITY__IMPORT_KIND__IMPORT_ROSTER:
        if (roster_row_read(row, today, &read.roster, &fault))
            return 0;
        return note_place(named, read.roster.id.number,
                          *read.roster.union_code ? read.roster.union_code : read.roster.union_name);
    case IDENTITY__IMPORT_KIND__IMPORT_REMOVALS:
        if (removal_row_read(row, today, &read.removal, &fault))
            return 0;
        return note_place(named, read.removal.id.number,
                          *read.removal.union_code ? read.removal.union_code : read.removal.union_name) &
               ~(unsigned)NAMED_CONFLICT;
    default:
        if (union_row_read(row, &read.unions, &fault))
            return 0;
        return (named_has(named, read.unions.parent_code, NULL) ? NAMED_PARENT : 0) |
               note_place(named, read.unions.code, "");
    }
}
