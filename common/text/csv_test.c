#include "common/text/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* A page as text: rows as "line:field|field", troubles as "line!" (malformed) and
 * "line>" (too many fields), joined by blanks. The page stands in memory of its
 * own size, so that a step outside is seen. */
static void read_page(const char *text, size_t len, int first_line, char *ret, size_t size)
{
    char *page = malloc(len + 1);
    enum csv_result result;
    struct csv_row row;
    struct csv csv;
    size_t n = 0;

    memcpy(page, text, len);
    page[len] = '\0';
    csv_init(&csv, page, len, first_line);
    ret[0] = '\0';
    while ((result = csv_next(&csv, &row)) != CSV_END) {
        const char *mark = result == CSV_ROW ? ":" : result == CSV_MALFORMED ? "!" : ">";

        n += (size_t)snprintf(ret + n, size - n, "%s%d%s", n ? " " : "", row.line, mark);
        for (unsigned i = 0; i < row.n_fields; i++)
            n += (size_t)snprintf(ret + n, size - n, "%s%s", i ? "|" : "", row.fields[i]);
        assert_true(n < size);
    }
    assert_int_equal(csv_next(&csv, &row), CSV_END);
    free(page);
}

static void rows_and_troubles_come_with_their_lines(void **state)
{
    static const struct {
        const char *text, *expect;
    } cases[] = {
        {"", ""},
        {"\n\r\n\n", ""},
        {"a,b,c", "7:a|b|c"},
        {"a,b\nc,d\n", "7:a|b 8:c|d"},
        {"a,b\r\nc,d\r\n", "7:a|b 8:c|d"},
        {"\xef\xbb\xbf"
         "a,b\n",
         "7:a|b"},
        {"a\n\n\r\nb", "7:a 10:b"},
        {",", "7:|"},
        {",,\n,", "7:|| 8:|"},
        {"a,", "7:a|"},
        {" a , b ", "7: a | b "},
        {"\"\"", "7:"},
        {"\"\",\"\"", "7:|"},
        {"\"a\",b", "7:a|b"},
        {"a,\"b\"\n", "7:a|b"},
        {"\"a,b\",c", "7:a,b|c"},
        {"\"a\"\"b\"", "7:a\"b"},
        {"\"\"\"\"", "7:\""},
        {"\"\"\"\"\"\",x", "7:\"\"|x"},
        {"\"a\nb\",c\nd", "7:a\nb|c 9:d"},
        {"\"a\r\nb\",c\r\nd", "7:a\r\nb|c 9:d"},
        {"李明,440604199003070014", "7:李明|440604199003070014"},
        /* Troubles */
        {"\"", "7!"},
        {"\"a", "7!"},
        {"\"a\nb,c\n", "7! 8:b|c"},
        {"a\"b\nc", "7! 8:c"},
        {"a,b\"\nc", "7! 8:c"},
        {"\"a\"b\nc", "7! 8:c"},
        {"\"a\" ,b\nc", "7! 8:c"},
        {"a\rb\nc", "7! 8:c"},
        {"a\r", "7!"},
        {"\"a\"\r", "7!"},
        {"\r\r\n", "7!"},
        {"\"a\nx,\"y\"\nc", "7! 8:x|y 9:c"},
        {"x,\xef\xbb\xbf"
         "a",
         "7:x|\xef\xbb\xbf"
         "a"},
    };
    char got[1024];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        read_page(cases[i].text, strlen(cases[i].text), 7, got, sizeof(got));
        if (strcmp(got, cases[i].expect) != 0)
            fail_msg("case %zu: %s, not %s", i, got, cases[i].expect);
    }
}

static void a_nul_spoils_its_line_only(void **state)
{
    char got[256];

    (void)state;
    read_page("a\0b,c\nd,\"e\0\"\nf", 14, 1, got, sizeof(got));
    assert_string_equal(got, "1! 2! 3:f");
}

static void a_row_of_too_many_fields_is_one_trouble(void **state)
{
    char text[256], got[256], expect[256];

    (void)state;
    memset(text, ',', CSV_FIELDS_MAX - 1);
    memcpy(text + CSV_FIELDS_MAX - 1, "\nx", 3);
    read_page(text, strlen(text), 1, got, sizeof(got));
    memset(expect, '|', sizeof(expect));
    memcpy(expect, "1:", 2);
    memcpy(expect + 2 + CSV_FIELDS_MAX - 1, " 2:x", 5);
    assert_string_equal(got, expect);
    memset(text, ',', CSV_FIELDS_MAX);
    memcpy(text + CSV_FIELDS_MAX, "\"a\nb\"\nx", 8);
    read_page(text, strlen(text), 1, got, sizeof(got));
    assert_string_equal(got, "1> 3:x");
}

/* Appends a row with every field quoted. */
static size_t write_row(const struct csv_row *row, char *ret)
{
    size_t n = 0;

    for (unsigned i = 0; i < row->n_fields; i++) {
        if (i)
            ret[n++] = ',';
        ret[n++] = '"';
        for (const char *c = row->fields[i]; *c; c++) {
            if (*c == '"')
                ret[n++] = '"';
            ret[n++] = *c;
        }
        ret[n++] = '"';
    }
    ret[n++] = '\n';
    return n;
}

/* Past the first row's line number, which quoting may change. */
static const char *first_fields(const char *rows)
{
    const char *colon = strchr(rows, ':');

    return colon ? colon : "";
}

/* Every text of up to seven of the characters that matter: no step outside the
 * page, lines only grow, and rows written anew with quotes are the same rows. */
static void any_text_is_read_safely_and_its_rows_survive_being_written_anew(void **state)
{
    static const char alphabet[] = "a,\"\n\r";
    size_t total = 1;

    (void)state;
    for (size_t len = 0; len <= 7; len++, total *= 5) {
        for (size_t code = 0; code < total; code++) {
            char text[8], got[256], anew[256], again[256];
            size_t rest = code, n = 0;
            enum csv_result result;
            int line = 0, rows = 0;
            struct csv_row row;
            struct csv csv;

            for (size_t i = 0; i < len; i++, rest /= 5)
                text[i] = alphabet[rest % 5];
            text[len] = '\0';
            read_page(text, len, 1, got, sizeof(got));
            csv_init(&csv, text, len, 1);
            while ((result = csv_next(&csv, &row)) != CSV_END) {
                assert_true(row.line > line);
                line = row.line;
                if (result == CSV_ROW) {
                    n += write_row(&row, anew + n);
                    rows++;
                }
            }
            read_page(anew, n, 1, again, sizeof(again));
            assert_null(strchr(again, '!'));
            if (rows == 1 && !strchr(got, '!'))
                assert_string_equal(first_fields(again), first_fields(got));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_troubles_come_with_their_lines),
        cmocka_unit_test(a_nul_spoils_its_line_only),
        cmocka_unit_test(a_row_of_too_many_fields_is_one_trouble),
        cmocka_unit_test(any_text_is_read_safely_and_its_rows_survive_being_written_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
