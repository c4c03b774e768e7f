/* seen.h: which persons or codes a file has named already, and where.
 *
 * 16 bytes for each: half of a SHA-256 of the name and of the place, so that two
 * different ones are taken for the same once in about 10^7 files of 10^6 rows.
 * Never more than SEEN_MAX; memory doubles as it fills. */
#pragma once

#define SEEN_MAX (1 << 24)

struct seen_entry {
    uint64_t name, place;
};

struct seen {
    struct seen_entry *entries;
    size_t n, size;
};

enum seen_result {
    SEEN_NEW,
    SEEN_ELSEWHERE, /* the name, at another place only */
    SEEN_HERE,      /* the name at this place */
    SEEN_FULL,      /* SEEN_MAX or memory is exhausted; not noted */
};

void seen_done(struct seen *seen);
/* Notes a name at a place, and says what was known of it before. */
enum seen_result seen_note(struct seen *seen, const char *name, const char *place);
/* Whether a name was noted, wherever. */
bool seen_has(const struct seen *seen, const char *name);
