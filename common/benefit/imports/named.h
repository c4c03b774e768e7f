/* named.h: which persons or codes a file has named already, and where.
 *
 * 16 bytes for each: half of a SHA-256 of the name and of the place, so that two
 * different ones are taken for the same once in about 10^7 files of 10^6 rows.
 * Never more than NAMED_MAX; memory doubles as it fills. */
#pragma once
#include "common/text/csv.h"

#define NAMED_MAX (1 << 24)

struct named_entry {
    uint64_t name, place;
};

struct named {
    struct named_entry *entries;
    size_t n, size;
};

enum named_result {
    NAMED_NEW,
    NAMED_ELSEWHERE, /* the name, at another place only */
    NAMED_HERE,      /* the name at this place */
    NAMED_FULL,      /* NAMED_MAX or memory is exhausted; not noted */
};

void named_done(struct named *named);
/* Notes a name at a place, and says what was known of it before. */
enum named_result named_note(struct named *named, const char *name, const char *place);
/* Whether a name was noted at a place; NULL: wherever. */
bool named_has(const struct named *named, const char *name, const char *place);
