/* A stranger's file of rows.
 *
 * Holds: whatever the bytes, reading ends; fields are UTF-8 without controls, within their bounds; rows come in
 * order; a fault that is one of the file as such comes before any row of a text; and what is written of it
 * for the daemon is read back. */
#include "common/text/utf8.h"
#include "common/table/table.h"
#include "tests/fuzz/fuzz.h"

struct reading {
    const uint8_t *bytes;
    size_t size;
    uint32_t number, rows;
};

static int64_t read_at(void *arg, uint64_t at, void *ret, size_t len)
{
    const struct reading *reading = arg;
    size_t n = at >= reading->size ? 0 : reading->size - at < len ? reading->size - at : len;

    if (n)
        memcpy(ret, reading->bytes + at, n);
    return (int64_t)n;
}

static void check_field(const char *field)
{
    const unsigned char *at = (const unsigned char *)field;
    int32_t c;

    ensure(strlen(field) <= TABLE_FIELD_MAX);
    while ((c = utf8_next(&at)) > 0)
        ensure(c >= 0x20 && c != 0x7f);
    ensure(c == 0);
}

static bool row(void *arg, uint32_t number, const char *const *fields, unsigned n)
{
    static char line[TABLE_LINE_MAX];
    struct reading *reading = arg;
    struct table_line back;
    size_t len = (size_t)snprintf(line, sizeof(line), "%c%u", n ? 'R' : 'B', number);

    ensure(number > reading->number && n <= TABLE_FIELDS_MAX);
    reading->number = number;
    reading->rows++;
    for (unsigned i = 0; i < n; i++) {
        check_field(fields[i]);
        len += (size_t)snprintf(line + len, sizeof(line) - len, "\t%s", fields[i]);
    }
    ensure(len < sizeof(line));
    ensure(table_line(line, &back) && !back.last && back.number == number && back.n_fields == n);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading reading = {data, size, 0, 0};
    const struct table_source source = {read_at, &reading, size};
    const struct table_sink sink = {row, &reading};
    struct table_told told;

    table_read(&source, &sink, &told);
    ensure(told.rows == reading.rows);
    ensure(told.fault != TABLE_OK || told.rows > 0);
    return 0;
}
