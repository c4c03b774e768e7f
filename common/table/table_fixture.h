/* table_fixture.h: files in memory, and the rows that are read of them. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/table/table.h"

static struct table_told told;
static char rows[1 << 16]; /* "1:a|b|c\n3:d|e\n", and "2!\n" for a line that is no row */
static unsigned rows_left; /* that the sink still takes */

struct memory_file {
    const unsigned char *bytes;
    size_t len;
};

static inline int64_t read_memory(void *arg, uint64_t at, void *ret, size_t len)
{
    const struct memory_file *file = arg;
    size_t n = at >= file->len ? 0 : file->len - at < len ? file->len - at : len;

    memcpy(ret, file->bytes + at, n);
    return (int64_t)n;
}

/* Adds to what is noted of the rows, as far as there is room. */
static inline void note(const char *before, const char *text)
{
    size_t len = strlen(rows);

    snprintf(rows + len, sizeof(rows) - len, "%s%s", before, text);
}

static inline bool note_row(void *arg, uint32_t number, const char *const *fields, unsigned n)
{
    char digits[16];

    (void)arg;
    snprintf(digits, sizeof(digits), "%u", number);
    note(digits, n ? ":" : "!");
    for (unsigned i = 0; i < n; i++)
        note(i ? "|" : "", fields[i]);
    note("\n", "");
    return --rows_left > 0;
}

static inline void read_file(const void *bytes, size_t len)
{
    struct memory_file file = {bytes, len};
    const struct table_source source = {read_memory, &file, len};
    const struct table_sink sink = {note_row, NULL};

    *rows = '\0';
    rows_left = 100000;
    table_read(&source, &sink, &told);
}

static inline void assert_rows(const void *bytes, size_t len, const char *expected)
{
    read_file(bytes, len);
    if (told.fault != TABLE_OK)
        fail_msg("fault %d: %s", told.fault, told.seen);
    assert_string_equal(rows, expected);
}

static inline void assert_fault(const void *bytes, size_t len, enum table_fault fault, const char *seen)
{
    read_file(bytes, len);
    if (told.fault != fault)
        fail_msg("fault %d: %s; %s", told.fault, told.seen, rows);
    if (!strstr(told.seen, seen))
        fail_msg("seen: %s", told.seen);
}
