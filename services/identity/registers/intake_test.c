/* Tables as clerks have them, by their headings. What files are read at all is common/table's. */
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "services/identity/registers/tables.h"

static struct intake intake;
static struct intake_page page;
static char rows[1 << 18]; /* "2:a|b|c\n3!\n" */

static void note_page(void)
{
    size_t len = strlen(rows);

    for (unsigned i = 0; i < page.n; i++) {
        const struct csv_row *row = &page.rows[i];

        len += (size_t)snprintf(rows + len, sizeof(rows) - len, "%d%s", row->line, row->n_fields ? ":" : "!");
        for (unsigned n = 0; n < row->n_fields; n++)
            len += (size_t)snprintf(rows + len, sizeof(rows) - len, "%s%s", n ? "|" : "", row->fields[n]);
        len += (size_t)snprintf(rows + len, sizeof(rows) - len, "\n");
        assert_true(len < sizeof(rows));
    }
}

/* Reads a file to its end: the Reason's name why it is refused, or "". */
static const char *take(int kind, const char *union_code, const char *text)
{
    int file = memfd_create("file", 0), pipe;

    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    pipe = intake_open(NULL, file);
    intake_init(&intake, table_kind(kind), union_code, pipe);
    *rows = '\0';
    do {
        intake_empty(&page);
        assert_true(intake_fill(&intake, &page));
        note_page();
    } while (!intake.ended || intake.held.line);
    close(pipe);
    close(file);
    return intake.fault ? api_reason(intake.fault)->name : "";
}

static const char *roster(const char *text)
{
    return take(IMPORTS__IMPORT_KIND__IMPORT_ROSTER, "", text);
}

static void columns_are_found_by_their_headings_in_any_order(void **state)
{
    static const char *const files[] = {
        "姓名,身份证号,手机,工会编码,职业\n王,1,2,3,4\n",
        "name,resident_id,mobile,union_code,trade\n王,1,2,3,4\n",
        "工种;所属工会;联系电话;证件号码;姓名\n4;3;2;1;王\n",
        "序号\t* 姓 "
        "名\t身份证号码（18位）\t性别\t手机号码(必填)\t所在工会：\t备注\t职业/工种\n1\t王\t1\t男\t2\t3\t\t4\n",
        "姓名 Name,证件号码 ID No.,联系方式（手机）,工会名称,Trade\n王,1,2,3,4\n",
        "身份证号/证件号码,手机/联系电话,工会编码/所属工会,职业/工种,姓名\n1,2,3,4,王\n",
        /* The more exact of two. */
        "联系电话,手机号码,所属工会,工会编码,证件号码,身份证号,姓名,职业\nx,2,x,3,x,1,王,4\n",
        "姓名,身份證號,公民身份号码,电话,工会代码,职业类别\n王,x,1,2,3,4\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        assert_string_equal(roster(files[i]), "");
        assert_string_equal(rows, "2:王|1|2|3|4\n");
        assert_int_equal(intake.line, 1);
    }
    assert_string_equal(take(IMPORTS__IMPORT_KIND__IMPORT_UNIONS, "", "上级工会编码,工会名称,工会编码\n1,甲,2\n"), "");
    assert_string_equal(rows, "2:2|甲|1|\n");
    assert_string_equal(take(IMPORTS__IMPORT_KIND__IMPORT_UNIONS, "", "code,name,parent_code,trades\n2,甲,1,4\n"), "");
    assert_string_equal(rows, "2:2|甲|1|4\n");
    assert_string_equal(take(IMPORTS__IMPORT_KIND__IMPORT_REMOVALS, "", "姓名,所属工会,身份证号\n王,2,1\n"), "");
    assert_string_equal(rows, "2:1|2\n");
    assert_string_equal(intake.unread, "姓名");
}

static void a_title_stands_above_and_what_is_not_read_is_told(void **state)
{
    (void)state;
    assert_string_equal(roster("某某公司工会会员名册,,,,\n\n填表人：李四,,2026年1月,,\n"
                               "序号,姓名,身份证号,手机,工会编码,备注\n1,王,1,2,3,无\n\n2,李,4,5,6,\n合计,2人,,,,\n"),
                        "");
    assert_string_equal(rows, "5:王|1|2|3|\n7:李|4|5|6|\n8:2人||||\n");
    assert_int_equal(intake.line, 4);
    assert_int_equal(intake.titles, 2);
    assert_int_equal(intake.rows, 3);
    assert_string_equal(intake.unread, "序号、备注");
}

static void a_table_without_a_column_of_unions_is_of_one(void **state)
{
    static const char text[] = "姓名,身份证号,手机\n王,1,2\n";

    (void)state;
    assert_string_equal(roster(text), "FILE_HEADINGS");
    assert_non_null(strstr(intake.seen, "工会编码"));
    assert_string_equal(take(IMPORTS__IMPORT_KIND__IMPORT_ROSTER, "440604", text), "");
    assert_string_equal(rows, "2:王|1|2|440604|\n");
    take(IMPORTS__IMPORT_KIND__IMPORT_ROSTER, "440604", "姓名,身份证号,手机,工会\n王,1,2,\n李,1,2,440605\n");
    assert_string_equal(rows, "2:王|1|2||\n3:李|1|2|440605|\n"); /* there is one, which is to be filled in */
}

/* People who are taken off one union. */
static void a_table_may_have_one_column_when_no_more_are_needed(void **state)
{
    static const char text[] = "退会人员\n身份证号\n1\n\n2\n";

    (void)state;
    assert_string_equal(take(IMPORTS__IMPORT_KIND__IMPORT_REMOVALS, "440604", text), "");
    assert_string_equal(rows, "3:1|440604\n5:2|440604\n");
    assert_string_equal(take(IMPORTS__IMPORT_KIND__IMPORT_REMOVALS, "", text), "FILE_SEPARATOR");
    assert_non_null(strstr(intake.seen, "工会编码"));
    assert_string_equal(take(IMPORTS__IMPORT_KIND__IMPORT_REMOVALS, "440604", "1\n2\n"), "FILE_HEADINGS");
    assert_non_null(strstr(intake.seen, "身份证号码"));
}

static void what_cannot_be_decided_is_one_diagnosis_and_no_row(void **state)
{
    static const struct {
        const char *text, *reason, *seen;
    } cases[] = {
        {"", "FILE_EMPTY", ""},
        {"姓名,身份证号,手机,工会编码\n", "FILE_NO_ROWS", ""},
        {"姓名,身份证号,手机,工会编码\n,,,\n\n", "FILE_NO_ROWS", ""},
        {"王小明,44060519850615123X,13800138000,440604\n李明,440106200002290104,13800138001,440604\n", "FILE_HEADINGS",
         "王* | 4* | 1* | 4*"},
        {"会员名册,,,\n王小明,44060519850615123X,13800138000,440604\n", "FILE_HEADINGS", "王* |"},
        {"甲,乙,丙,丁\n1,2,3,4\n", "FILE_HEADINGS", "甲 | 乙 | 丙 | 丁"},
        {"名册,,\n姓名,电话,工会编码\n王,1,2\n", "FILE_HEADINGS", "缺少“身份证号码”列；第2行：姓名 | 电话 | 工会编码"},
        {"姓名,身份证号,身份证号码,手机,工会编码\n王,1,2,3,4\n", "FILE_HEADING_TWICE", "身份证号 | 身份证号码"},
        {"姓名\n王\n", "FILE_SEPARATOR", "姓名"},
        {"姓名|身份证号|手机|工会编码\n王|44060519850615123X|13800138000|440604\n", "FILE_SEPARATOR", "王*"},
        {"王小明 44060519850615123X 13800138000 440604\n", "FILE_SEPARATOR", "王*"},
        {"%PDF-1.7\n", "FILE_KIND", "PDF"},
        {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1W\0o", "FILE_KIND", "OLE"},
        {"PK\x03\x04", "FILE_DAMAGED", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_string_equal(roster(cases[i].text), cases[i].reason);
        if (!strstr(intake.seen, cases[i].seen))
            fail_msg("%s: %s", cases[i].reason, intake.seen);
        assert_string_equal(rows, "");
    }
}

static size_t put(char *text, size_t len, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    len += (size_t)vsnprintf(text + len, size - len, format, args);
    va_end(args);
    assert_true(len < size);
    return len;
}

/* As many rows, so many of them with a number that was rounded. */
static const char *rounded(unsigned n, unsigned n_rounded)
{
    static char text[1 << 19];
    size_t len = put(text, 0, sizeof(text), "姓名,身份证号,手机,工会编码\n");

    for (unsigned i = 0; i < n; i++)
        len = put(text, len, sizeof(text), "王,%s,2,3\n",
                  i >= n_rounded ? "1"
                  : i % 2        ? "440605198506151000"
                                 : "4.40605E+17");
    return roster(text);
}

static void many_rounded_numbers_refuse_the_file_and_a_few_their_rows(void **state)
{
    (void)state;
    assert_string_equal(rounded(1, 1), "");
    assert_string_equal(rounded(2, 2), "");
    assert_string_equal(rounded(3, 3), "FILE_NUMBERS_ROUNDED");
    assert_string_equal(intake.seen, "3 / 3");
    assert_string_equal(rounded(151, 3), "");
    assert_string_equal(rounded(150, 3), "FILE_NUMBERS_ROUNDED");
    assert_string_equal(rounded(6000, 99), "");
    assert_string_equal(rounded(6000, 100), "FILE_NUMBERS_ROUNDED");
}

static void pages_are_filled_by_rows_and_by_text(void **state)
{
    static char text[1 << 20], field[TABLE_FIELD_MAX + 1];
    size_t len = put(text, 0, sizeof(text), "姓名,身份证号,手机,工会编码\n");
    int file = memfd_create("file", 0), pipe;
    unsigned n = 0, n_pages = 0;

    (void)state;
    memset(field, 'x', TABLE_FIELD_MAX);
    for (int i = 0; i < 300; i++)
        len = put(text, len, sizeof(text), "%s,1,2,%d\n", i < 100 ? field : "王", i);
    assert_int_equal(write(file, text, len), len);
    pipe = intake_open(NULL, file);
    intake_init(&intake, table_kind(IMPORTS__IMPORT_KIND__IMPORT_ROSTER), "", pipe);
    while (!intake.ended || intake.held.line) {
        intake_empty(&page);
        assert_true(intake_fill(&intake, &page));
        for (unsigned i = 0; i < page.n; i++, n++)
            assert_int_equal(strtol(page.rows[i].fields[ROSTER_UNION], NULL, 10), n);
        n_pages++;
    }
    assert_int_equal(n, 300);
    assert_int_equal(n_pages, 5);
    close(pipe);
    close(file);
}

/* A child that was ended, or that says what it should not. */
static void what_a_child_does_not_end_is_no_file(void **state)
{
    static const char *const said[] = {"", "R1\t姓名\t身份证号\t手机\t工会编码\nR2\t王\t1\t2\t3\n", "nonsense\n",
                                       "R1\t姓名\t身份证号\t手机\t工会编码\nR2\t王\t1\t2\t3\nE99\t1\t0\t0\t\t\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        int file = memfd_create("file", 0);

        assert_int_equal(write(file, said[i], strlen(said[i])), strlen(said[i]));
        lseek(file, 0, SEEK_SET);
        intake_init(&intake, table_kind(IMPORTS__IMPORT_KIND__IMPORT_ROSTER), "", file);
        intake_empty(&page);
        assert_true(intake_fill(&intake, &page));
        assert_true(intake.ended);
        assert_int_equal(intake.fault, IMPORTS__REASON__FILE_UNREADABLE);
        close(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found_by_their_headings_in_any_order),
        cmocka_unit_test(a_title_stands_above_and_what_is_not_read_is_told),
        cmocka_unit_test(a_table_without_a_column_of_unions_is_of_one),
        cmocka_unit_test(a_table_may_have_one_column_when_no_more_are_needed),
        cmocka_unit_test(what_cannot_be_decided_is_one_diagnosis_and_no_row),
        cmocka_unit_test(many_rounded_numbers_refuse_the_file_and_a_few_their_rows),
        cmocka_unit_test(pages_are_filled_by_rows_and_by_text),
        cmocka_unit_test(what_a_child_does_not_end_is_no_file),
    };

    if (api_load())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
