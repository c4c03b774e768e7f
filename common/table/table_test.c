#include "common/table/table_fixture.h"

#include <iconv.h>

#define PEOPLE "姓名,证件号码,手机\n张三,440604199003070014,13800138000\n李明,11010519491231002X,13800138001\n"
#define READ   "1:姓名|证件号码|手机\n2:张三|440604199003070014|13800138000\n3:李明|11010519491231002X|13800138001\n"

/* A text in another encoding, behind a mark; its length. */
static size_t encode(const char *text, const char *encoding, const char *mark, char *ret, size_t size)
{
    iconv_t encoder = iconv_open(encoding, "UTF-8");
    size_t mark_len = strlen(mark), left = strlen(text), room = size - mark_len;
    char *in = unconst(text), *out = ret + mark_len;

    assert_true(encoder != (iconv_t)-1);
    memcpy(ret, mark, mark_len);
    assert_int_equal(iconv(encoder, &in, &left, &out, &room), 0);
    iconv_close(encoder);
    return (size_t)(out - ret);
}

/* With other signs in place of comma and line feed. */
static char *with(const char *text, char separator, const char *line_end)
{
    static char changed[2048];
    size_t len = 0;

    for (; *text; text++) {
        if (*text == '\n')
            len += (size_t)snprintf(changed + len, sizeof(changed) - len, "%s", line_end);
        else
            changed[len++] = *text == ',' ? separator : *text;
    }
    changed[len] = '\0';
    return changed;
}

static void every_encoding_separator_and_line_end_gives_the_same_rows(void **state)
{
    static const struct {
        const char *encoding, *mark, *form;
    } encodings[] = {
        {"UTF-8", "", "UTF-8"},       {"UTF-8", "\xef\xbb\xbf", "UTF-8"},   {"GB18030", "", "GB18030"},
        {"GBK", "", "GB18030"},       {"UTF-16LE", "\xff\xfe", "UTF-16LE"}, {"UTF-16BE", "\xfe\xff", "UTF-16BE"},
        {"UTF-16LE", "", "UTF-16LE"}, {"UTF-16BE", "", "UTF-16BE"},
    };
    static const char separators[] = ",;\t", *const line_ends[] = {"\n", "\r\n", "\r"};
    char file[4096], form[32];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(encodings); i++) {
        for (size_t s = 0; s < strlen(separators); s++) {
            for (size_t e = 0; e < ARRAY_LEN(line_ends); e++) {
                size_t len = encode(with(PEOPLE, separators[s], line_ends[e]), encodings[i].encoding, encodings[i].mark,
                                    file, sizeof(file));

                assert_rows(file, len, READ);
                snprintf(form, sizeof(form), separators[s] == '\t' ? "%s TAB" : "%s %c", encodings[i].form,
                         separators[s]);
                assert_string_equal(told.form, form);
                assert_int_equal(told.rows, 3);
            }
        }
    }
}

static void rare_characters_of_gb_18030_are_read(void **state)
{
    char file[256];

    (void)state;
    assert_rows(file, encode("姓名,号\n王䶮,1\n𠮷野,2\n", "GB18030", "", file, sizeof(file)),
                "1:姓名|号\n2:王䶮|1\n3:𠮷野|2\n");
}

/* 陆 in GBK is the UTF-8 of ½. */
static void the_encoding_is_that_of_the_whole_file(void **state)
{
    static const char latin[] = "name,code\nM\xc3\xbcller Jos\xc3\xa9,1\nAnna,2\n";
    static const char both[] = "name,code\nM\xc3\xbcller,1\n\xc2\xbd\xc2\xbd,2\n";
    char file[256];

    (void)state;
    assert_rows(file, encode("姓名,号\n陆,1\n张三,2\n", "GBK", "", file, sizeof(file)),
                "1:姓名|号\n2:陆|1\n3:张三|2\n");
    assert_rows("name,code\n\xc2\xbd\xc2\xbd,1\n", 17, "1:name|code\n2:陆陆|1\n");
    assert_rows(latin, sizeof(latin) - 1, "1:name|code\n2:Müller José|1\n3:Anna|2\n");
    assert_fault(both, sizeof(both) - 1, TABLE_ENCODING, "UTF-8 / GB18030");
    assert_int_equal(told.rows, 0);
    assert_string_equal(rows, "");
}

static void what_is_in_no_encoding_is_one_fault_that_says_where(void **state)
{
    static const char mixed[] = "\xd0\xd5\xc3\xfb,1\n\xe5\xbc\xa0\xe4\xb8\x89,2\n\xe5\xbc\xa0,3\n\xff\xff,4\n";
    static const char marked[] = "\xef\xbb\xbfname,code\na,1\n\xd5\xc5\xc8\xfd,2\n";
    static const char utf32[] = "\xff\xfe\0\0a\0\0\0";

    (void)state;
    assert_fault(mixed, sizeof(mixed) - 1, TABLE_ENCODING,
                 "not UTF-8 in line 1: D0 D5 C3 FB 2C 31 0A E5; not GB18030 in line 3: BC A0 2C");
    assert_fault(marked, sizeof(marked) - 1, TABLE_ENCODING, "UTF-8: D5 C5");
    assert_fault(utf32, sizeof(utf32) - 1, TABLE_ENCODING, "UTF-32");
    assert_fault("\xff\xfe"
                 "a\0,\0b\0\n\0\0\xd8x\0",
                 14, TABLE_ENCODING, "UTF-16LE: ");
    assert_fault("\xff\xfe"
                 "a\0,\0b",
                 7, TABLE_ENCODING, "UTF-16LE: 62");
}

static void the_separator_is_said_or_found(void **state)
{
    static const struct {
        const char *text, *rows;
    } cases[] = {
        {"sep=;\na;b,c\n1;2,3\n", "2:a|b,c\n3:1|2,3\n"},
        {"\"sep=|\"\r\na|b\r\n", "2:a|b\n"},
        {"SEP=\t\na\tb\n", "2:a|b\n"},
        {"佛山市职工名册;;\n姓名;地址;号\n张三;东路1号,2栋;1\n李明;西路,3栋,5;2\n",
         "1:佛山市职工名册||\n2:姓名|地址|号\n3:张三|东路1号,2栋|1\n4:李明|西路,3栋,5|2\n"},
        {"title\n\na,b,c\n1,2,3\n", "1:title\n3:a|b|c\n4:1|2|3\n"},
        {"a\tb,c\n1\t2,3\n4\t5\n", "1:a|b,c\n2:1|2,3\n3:4|5\n"},
        /* Of one column. */
        {"券码\nAAAA-0001\r\n\n\"AAAA-0002\"", "1:券码\n2:AAAA-0001\n4:AAAA-0002\n"},
        {"张三 440604199003070014\n", "1:张三 440604199003070014\n"},
        {"x", "1:x\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_rows(cases[i].text, strlen(cases[i].text), cases[i].rows);
}

static void quotes_are_read_as_spreadsheets_write_them(void **state)
{
    static const struct {
        const char *text, *rows;
    } cases[] = {
        {"a,\"b,\"\"c\"\"\",d\n", "1:a|b,\"c\"|d\n"},
        {"a,\"two\nlines\r\nand\rmore\",c\nd,e,f\n", "1:a|two lines and more|c\n5:d|e|f\n"},
        {"a,b \"c\" d,e\n", "1:a|b \"c\" d|e\n"},
        {"a,\"b\"c,d\n", "1:a|bc|d\n"},
        {"\"a\",\"\"\n1,2", "1:a|\n2:1|2\n"},
        {"a,b\n\"c,d\ne,f\n", "1:a|b\n2!\n3:e|f\n"}, /* one line is lost, not the rest */
        {"a,b\nc,\"d\n", "1:a|b\n2!\n"},
        {"a,=\"0123\",c\n'440604,`1,'x\n=\"\",=\"1,2\n", "1:a|0123|c\n2:440604|1|'x\n3:|=\"1|2\n"},
        {" a ,\t b\v,c\x01"
         "d\n",
         "1:a|b|c d\n"},
        {"a,b\n\n , ,\n\nc,d\n,,\n", "1:a|b\n5:c|d\n"}, /* empty rows */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_rows(cases[i].text, strlen(cases[i].text), cases[i].rows);
}

/* A record longer than there is room for, across the window, costs itself alone. */
static void long_lines_and_long_files_are_read_in_a_window(void **state)
{
    enum { LONG = 300000, MANY = 40000 };
    char *file = malloc(2 * LONG + 40 * MANY), *at = file;

    (void)state;
    at += snprintf(at, 64, "a,b\n");
    memset(at, 'x', LONG);
    at += LONG;
    at += snprintf(at, 64, ",c\nd,e\n");
    assert_rows(file, (size_t)(at - file), "1:a|b\n2!\n3:d|e\n");
    at = file;
    for (int i = 0; i < MANY; i++)
        at += snprintf(at, 64, "row %d,\"张\r\n三\"\r\n", i);
    read_file(file, (size_t)(at - file));
    assert_int_equal(told.fault, TABLE_OK);
    assert_int_equal(told.rows, MANY);
    assert_non_null(strstr(rows, "1201:row 600|张 三\n"));
    free(file);
}

static void more_columns_than_there_is_room_for_are_counted(void **state)
{
    char line[1024];
    size_t len = 0;

    (void)state;
    for (int i = 0; i < TABLE_FIELDS_MAX + 3; i++)
        len += (size_t)snprintf(line + len, sizeof(line) - len, i ? ",%d" : "%d", i);
    read_file(line, len);
    assert_int_equal(told.fault, TABLE_OK);
    assert_int_equal(told.cut_fields, 3);
    assert_non_null(strstr(rows, "|63\n"));
}

static void a_field_that_is_too_long_is_cut_between_characters(void **state)
{
    char line[4 * TABLE_FIELD_MAX] = "a,x";
    size_t len = 3;

    (void)state;
    for (int i = 0; i < TABLE_FIELD_MAX; i++)
        len += (size_t)snprintf(line + len, sizeof(line) - len, "工");
    read_file(line, len);
    assert_int_equal(strlen(rows), strlen("1:a|x\n") + 3 * (TABLE_FIELD_MAX / 3));
}

static void a_file_of_another_kind_is_named(void **state)
{
    static const char ole[1024] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    char file[1024];

    (void)state;
    assert_fault("", 0, TABLE_EMPTY, "");
    assert_fault("\n\r\n ,,\n", 7, TABLE_EMPTY, "");
    assert_fault("%PDF-1.7\n", 9, TABLE_OTHER, "PDF");
    assert_fault("\xef\xbb\xbf\n<html><table>", 17, TABLE_OTHER, "HTML");
    assert_fault("<?xml?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">", 70, TABLE_OTHER, "XML");
    assert_fault("\x89PNG\r\n", 6, TABLE_OTHER, "PNG");
    assert_fault("a,b\n\0\0,c\n", 9, TABLE_OTHER, "binary");
    assert_fault("PK\x03\x04xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 34, TABLE_DAMAGED, "zip");
    memcpy(file, ole, sizeof(file));
    assert_fault(file, sizeof(file), TABLE_OTHER, "OLE");
    memcpy(file + 701, "W\0o\0r\0k\0b\0o\0o\0k\0", 16);
    assert_fault(file, sizeof(file), TABLE_XLS, "");
    memcpy(file + 501, "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0", 32);
    assert_fault(file, sizeof(file), TABLE_ENCRYPTED, "");
}

static void a_line_of_a_child_is_taken_apart_or_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "X1",
        "R",
        "R1",
        "Rx\ta",
        "R-1\ta",
        "R99999999999\ta",
        "B",
        "B1\ta",
        "E",
        "E0",
        "E0\t1\t2\t3\tform",
        "E99\t1\t2\t3\tf\ts",
        "E0\t1\t2\t3\tf\ts\tmore",
        "E0\t1\tx\t3\tf\ts",
    };
    char line[1024] = "R12\ta\t\tb";
    struct table_line read;

    (void)state;
    assert_true(table_line(line, &read));
    assert_false(read.last);
    assert_int_equal(read.number, 12);
    assert_int_equal(read.n_fields, 3);
    assert_string_equal(read.fields[1], "");
    assert_string_equal(read.fields[2], "b");
    snprintf(line, sizeof(line), "B7");
    assert_true(table_line(line, &read) && read.n_fields == 0 && read.number == 7);
    snprintf(line, sizeof(line), "E2\t3\t4\t5\tUTF-8 ,\tseen");
    assert_true(table_line(line, &read) && read.last && read.told.fault == TABLE_UNREADABLE);
    assert_int_equal(read.told.other_rows, 5);
    assert_string_equal(read.told.form, "UTF-8 ,");
    assert_string_equal(read.told.seen, "seen");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        snprintf(line, sizeof(line), "%s", bad[i]);
        if (table_line(line, &read))
            fail_msg("%s", bad[i]);
    }
    memset(line, '\t', sizeof(line) - 1);
    memcpy(line, "R1", 2);
    assert_false(table_line(line, &read));
}

static void the_sink_ends_the_reading(void **state)
{
    struct memory_file file = {(const unsigned char *)PEOPLE, sizeof(PEOPLE) - 1};
    const struct table_source source = {read_memory, &file, file.len};
    const struct table_sink sink = {note_row, NULL};

    (void)state;
    *rows = '\0';
    rows_left = 2;
    table_read(&source, &sink, &told);
    assert_int_equal(told.fault, TABLE_OK);
    assert_int_equal(told.rows, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_encoding_separator_and_line_end_gives_the_same_rows),
        cmocka_unit_test(rare_characters_of_gb_18030_are_read),
        cmocka_unit_test(the_encoding_is_that_of_the_whole_file),
        cmocka_unit_test(what_is_in_no_encoding_is_one_fault_that_says_where),
        cmocka_unit_test(the_separator_is_said_or_found),
        cmocka_unit_test(quotes_are_read_as_spreadsheets_write_them),
        cmocka_unit_test(long_lines_and_long_files_are_read_in_a_window),
        cmocka_unit_test(more_columns_than_there_is_room_for_are_counted),
        cmocka_unit_test(a_field_that_is_too_long_is_cut_between_characters),
        cmocka_unit_test(a_file_of_another_kind_is_named),
        cmocka_unit_test(a_line_of_a_child_is_taken_apart_or_refused),
        cmocka_unit_test(the_sink_ends_the_reading),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
