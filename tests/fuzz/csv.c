/* A page of CSV.
 *
 * Holds: every field is a string within the page, lines only grow, and none lies
 * behind the page's last line. */
#include "common/text/csv.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *page = malloc(size + 1);
    int line = 0, last = 1;
    enum csv_result result;
    struct csv_row row;
    struct csv csv;

    ensure(page);
    if (size)
        memcpy(page, data, size);
    page[size] = '\0';
    for (size_t i = 0; i < size; i++)
        last += page[i] == '\n';
    csv_init(&csv, page, size, 1);
    while ((result = csv_next(&csv, &row)) != CSV_END) {
        ensure(row.line > line && row.line <= last);
        line = row.line;
        ensure(result == CSV_ROW ? row.n_fields > 0 && row.n_fields <= CSV_FIELDS_MAX : row.n_fields == 0);
        for (unsigned i = 0; i < row.n_fields; i++)
            ensure(row.fields[i] >= page && row.fields[i] + strlen(row.fields[i]) <= page + size);
    }
    free(page);
    return 0;
}
