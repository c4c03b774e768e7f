#include "common/table/table_fixture.h"

#include <minizip/zip.h>
#include <unistd.h>

/* ---- workbooks ---- */

static char path[64];
static unsigned char book[1 << 20];
static size_t book_len;

static zipFile begin_book(void)
{
    snprintf(path, sizeof(path), "/tmp/huigong-book-XXXXXX");
    close(mkstemp(path));
    return zipOpen64(path, APPEND_STATUS_CREATE);
}

static void add_part(zipFile zip, const char *name, const char *bytes, size_t len)
{
    assert_int_equal(zipOpenNewFileInZip64(zip, name, NULL, NULL, 0, NULL, 0, NULL, Z_DEFLATED, 6, 1), ZIP_OK);
    assert_int_equal(zipWriteInFileInZip(zip, bytes, (unsigned)len), ZIP_OK);
    assert_int_equal(zipCloseFileInZip(zip), ZIP_OK);
}

static void end_book(zipFile zip)
{
    FILE *file;

    assert_int_equal(zipClose(zip, NULL), ZIP_OK);
    file = fopen(path, "r");
    book_len = fread(book, 1, sizeof(book), file);
    assert_true(book_len < sizeof(book));
    fclose(file);
    unlink(path);
}

struct part {
    const char *name, *text;
};

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define ROOT                                                                                                           \
    XML "<Relationships><Relationship Id=\"rId1\" "                                                                    \
        "Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" "                 \
        "Target=\"xl/workbook.xml\"/></Relationships>"
#define BOOK                                                                                                           \
    XML "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"x\"><sheets>"         \
        "<sheet name=\"名册\" sheetId=\"9\" r:id=\"rId1\"/></sheets></workbook>"
#define RELS                                                                                                           \
    XML "<Relationships>"                                                                                              \
        "<Relationship Id=\"rId1\" Type=\"http://x/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/>"       \
        "<Relationship Id=\"rId2\" Type=\"http://x/relationships/worksheet\" Target=\"/xl/worksheets/sheet2.xml\"/>"   \
        "<Relationship Id=\"rId3\" Type=\"http://x/relationships/worksheet\" Target=\"worksheets/sheet3.xml\"/>"       \
        "<Relationship Id=\"rId9\" Type=\"http://x/relationships/sharedStrings\" Target=\"sharedStrings.xml\"/>"       \
        "</Relationships>"
#define STRINGS                                                                                                         \
    XML "<sst><si><t>姓名</t></si><si><t>证件号码</t></si><si><r><t>张</t></r><r><t xml:space=\"preserve\">三 " \
        "</t></r>"                                                                                                      \
        "<rPh sb=\"0\" eb=\"1\"><t>zhang</t></rPh></si><si><t>a_x000D_&#10;b</t></si><si/></sst>"
#define SHEET(rows) XML "<worksheet><sheetData>" rows "</sheetData></worksheet>"

/* A workbook with the parts above, but for those that are given; one without a text is left out. */
static void make_book(const struct part *parts, size_t n)
{
    const struct part usual[] = {{"_rels/.rels", ROOT},
                                 {"xl/workbook.xml", BOOK},
                                 {"xl/_rels/workbook.xml.rels", RELS},
                                 {"xl/sharedStrings.xml", STRINGS}};
    zipFile zip = begin_book();

    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        bool other = false;

        for (size_t j = 0; j < n; j++)
            other = other || strcmp(parts[j].name, usual[i].name) == 0;
        if (!other)
            add_part(zip, usual[i].name, usual[i].text, strlen(usual[i].text));
    }
    for (size_t j = 0; j < n; j++) {
        if (parts[j].text)
            add_part(zip, parts[j].name, parts[j].text, strlen(parts[j].text));
    }
    end_book(zip);
}

static void make_sheet(const char *sheet)
{
    make_book(&(struct part){"xl/worksheets/sheet1.xml", sheet}, 1);
}

/* ---- what is read ---- */

static void every_kind_of_cell_is_read(void **state)
{
    static const struct {
        const char *sheet, *rows;
    } cases[] = {
        {SHEET("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>"
               "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>2</v></c><c r=\"B2\" "
               "t=\"inlineStr\"><is><t>440604</t></is></c></row>"),
         "1:姓名|证件号码\n2:张三|440604\n"},
        {SHEET("<row r=\"3\"><c r=\"B3\" t=\"s\"><v>3</v></c><c r=\"D3\" t=\"str\"><f>A1</f><v>x&amp;y</v></c></row>"
               "<row r=\"7\"><c r=\"AA7\"><v>1</v></c></row>"),
         "3:|a  b||x&y\n7:||||||||||||||||||||||||||1\n"},
        {SHEET("<row><c><v>1</v></c><c><v>2</v></c></row><row><c t=\"b\"><v>1</v></c><c t=\"e\"><v>#N/A</v></c></row>"),
         "1:1|2\n2:1|#N/A\n"},
        {XML "<x:worksheet xmlns:x=\"y\"><x:sheetData><x:row r=\"1\"><x:c r=\"A1\" t=\"s\"><x:v>1</x:v></x:c></x:row>"
             "</x:sheetData></x:worksheet>",
         "1:证件号码\n"},
        {SHEET("<row r=\"1\"><c r=\"A1\"><v>13800138000</v></c><c r=\"B1\"><v>1.3800138E10</v></c>"
               "<c r=\"C1\"><v>4.40604199003071E+17</v></c><c r=\"D1\"><v>440604199003070000</v></c>"
               "<c r=\"E1\"><v>36.5</v></c><c r=\"F1\"><v>12.0</v></c><c r=\"G1\"><v>-3</v></c>"
               "<c r=\"H1\"><v>1E400</v></c><c r=\"I1\"><v>5E-3</v></c></row>"),
         "1:13800138000|13800138000|440604199003071000|440604199003070000|36.5|12|-3|1E400|5E-3\n"},
        {SHEET("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>4</v></c><c r=\"B1\"/></row><row r=\"2\"/><row r=\"5\"><c "
               "r=\"A5\"><v>1</v>"
               "</c></row><row r=\"4\"><c r=\"A4\"><v>2</v></c></row>"),
         "5:1\n6:2\n"}, /* rows go on from the one before, whatever they say */
        {SHEET("<row r=\"1\"><c r=\"C1\"><v>3</v></c><c r=\"A1\"><v>1</v></c><c r=\"D1\"><v>4</v></c></row>"),
         "1:||3|4\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        make_sheet(cases[i].sheet);
        assert_rows(book, book_len, cases[i].rows);
        assert_string_equal(told.form, "xlsx 名册");
    }
}

#define CELL(place, text) "<c r=\"" place "\" t=\"str\"><v>" text "</v></c>"
#define MERGED(rows, cells)                                                                                            \
    XML "<worksheet><sheetData>" rows "</sheetData><mergeCells>" cells "</mergeCells></worksheet>"

/* Whatever stands in a merged cell is said in each of its rows; where a row has nothing else there is none. */
static void what_is_merged_over_rows_is_said_in_each(void **state)
{
    static const struct {
        const char *sheet, *rows;
    } cases[] = {
        /* A union over three members, the last of which has no cell for it at all; then another one. */
        {MERGED("<row r=\"1\">" CELL("A1", "union") CELL("B1", "name") "</row><row r=\"2\">" CELL("A2", "first")
                    CELL("B2", "a") "</row><row r=\"3\"><c r=\"A3\"/>" CELL("B3", "b") "</row><row r=\"4\">" CELL(
                        "B4", "c") "</row><row r=\"5\">" CELL("A5", "second")
                        CELL("B5", "d") "</row><row r=\"6\">" CELL("B6", "e") "</row><row r=\"7\">" CELL("B7",
                                                                                                         "f") "</row>",
                "<mergeCell ref=\"A5:A6\"/><mergeCell ref=\"A2:A4\"/>"),
         "1:union|name\n2:first|a\n3:first|b\n4:first|c\n5:second|d\n6:second|e\n7:|f\n"},
        /* On the right of all other cells, and merged down to rows that are empty or not there. */
        {MERGED("<row r=\"1\">" CELL("A1", "a") CELL("C1", "x") "</row><row r=\"2\">" CELL(
                    "A2", "b") "</row><row r=\"3\"><c r=\"A3\"/><c r=\"C3\"/></row>",
                "<mergeCell ref=\"C1:D900\"/>"),
         "1:a||x\n2:b||x\n"},
        /* Of a row that is not there nothing is said; what a cell itself says counts; one row's are left. */
        {MERGED("<row r=\"2\">" CELL("A2", "a") CELL("B2", "own") "</row><row r=\"3\">" CELL("A3", "b")
                    CELL("B3", "other") "</row><row r=\"4\">" CELL("A4", "c") "</row>",
                "<mergeCell ref=\"C1:C4\"/><mergeCell ref=\"B2:B4\"/><mergeCell ref=\"A4:F4\"/>"
                "<mergeCell ref=\"A2\"/><mergeCell ref=\"x\"/><mergeCell/>"),
         "2:a|own\n3:b|other\n4:c|own\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        make_sheet(cases[i].sheet);
        assert_rows(book, book_len, cases[i].rows);
    }
}

static void the_first_sheet_that_is_seen_and_not_empty_is_read(void **state)
{
    const struct part parts[] = {
        {"xl/workbook.xml",
         XML "<workbook><sheets><sheet name=\"hidden\" state=\"veryHidden\" r:id=\"rId1\"/>"
             "<sheet name=\"empty\" r:id=\"rId2\"/><sheet name=\"more\" r:id=\"rId3\" state=\"visible\"/>"
             "<sheet name=\"again\" r:id=\"rId3\"/></sheets></workbook>"},
        {"xl/worksheets/sheet1.xml", SHEET("<row><c><v>1</v></c></row>")},
        {"xl/worksheets/sheet2.xml", SHEET("<row><c/></row>")},
        {"xl/worksheets/sheet3.xml", SHEET("<row><c><v>3</v></c></row><row/><row><c><v>4</v></c></row>")},
    };

    (void)state;
    make_book(parts, ARRAY_LEN(parts));
    assert_rows(book, book_len, "1:3\n3:4\n");
    assert_string_equal(told.form, "xlsx more");
    assert_int_equal(told.other_rows, 2);
    make_book(parts, 3);
    assert_fault(book, book_len, TABLE_DAMAGED, "sheet3.xml");
    make_book((struct part[]){{"xl/sharedStrings.xml", NULL}, {"_rels/.rels", NULL}, parts[1]}, 3);
    assert_fault(book, book_len, TABLE_DAMAGED, "sharedStrings.xml");
    make_sheet(SHEET(""));
    assert_fault(book, book_len, TABLE_EMPTY, "");
}

static void other_archives_are_named(void **state)
{
    static const struct {
        struct part part;
        const char *kind;
    } cases[] = {
        {{"word/document.xml", "x"}, "docx"},
        {{"content.xml", "x"}, "ods"},
        {{"readme.txt", "x"}, "zip"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        zipFile zip = begin_book();

        add_part(zip, cases[i].part.name, "x", 1);
        end_book(zip);
        assert_fault(book, book_len, TABLE_OTHER, cases[i].kind);
    }
    make_book(
        &(struct part){"_rels/.rels", XML "<R><Relationship Type=\"/officeDocument\" Target=\"xl/workbook.bin\"/></R>"},
        1);
    assert_fault(book, book_len, TABLE_OTHER, "xlsb");
}

static void more_sheets_than_are_looked_at_are_a_fault(void **state)
{
    static char text[64 << 10];

    (void)state;
    for (unsigned n = 256; n <= 257; n++) {
        size_t len = (size_t)snprintf(text, sizeof(text), XML "<workbook xmlns:r=\"x\"><sheets>");

        for (unsigned i = 0; i < n; i++)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "<sheet name=\"%u\"%s r:id=\"rId1\"/>", i,
                                    i ? " state=\"hidden\"" : "");
        snprintf(text + len, sizeof(text) - len, "</sheets></workbook>");
        make_book((struct part[]){{"xl/workbook.xml", text},
                                  {"xl/worksheets/sheet1.xml", SHEET("<row><c><v>1</v></c></row>")}},
                  2);
        read_file(book, book_len);
        assert_int_equal(told.fault, n == 256 ? TABLE_OK : TABLE_TOO_LARGE);
    }
    assert_string_equal(told.seen, "xl/workbook.xml: sheets");
}

/* ---- what strangers make ---- */

static void a_workbook_cut_off_or_altered_anywhere_is_a_fault_or_read(void **state)
{
    unsigned char whole[8192];
    size_t len, n_read = 0;

    (void)state;
    make_sheet(SHEET("<row><c t=\"s\"><v>2</v></c><c><v>440604</v></c></row>"));
    len = book_len;
    assert_true(len < sizeof(whole));
    memcpy(whole, book, len);
    for (size_t cut = 4; cut < len; cut++) { /* what is left of fewer is a text */
        read_file(whole, cut);
        /* Of the archive's last entry some bytes are not needed. */
        if (told.fault == TABLE_OK && (cut + 22 < len || strcmp(rows, "1:张三|440604\n") != 0))
            fail_msg("%zu of %zu bytes are read: %s", cut, len, rows);
    }
    for (size_t at = 0; at < len; at++) {
        whole[at] ^= 0x55;
        read_file(whole, len);
        n_read += told.fault == TABLE_OK;
        whole[at] ^= 0x55;
    }
    /* Times, attributes, and what the two directories say twice. */
    assert_true(n_read < len / 2);
    assert_rows(whole, len, "1:张三|440604\n");
}

static void a_document_type_is_refused_with_all_its_entities(void **state)
{
    (void)state;
    make_sheet(
        "<?xml version=\"1.0\"?><!DOCTYPE w [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
        "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><worksheet><row><c t=\"str\"><v>&c;</v></c></row></worksheet>");
    assert_fault(book, book_len, TABLE_HOSTILE, "sheet1.xml: DOCTYPE");
    make_sheet("<?xml version=\"1.0\"?><!DOCTYPE w SYSTEM \"file:///etc/passwd\"><worksheet/>");
    assert_fault(book, book_len, TABLE_HOSTILE, "DOCTYPE");
    make_book((struct part[]){{"xl/sharedStrings.xml", "<!DOCTYPE a><sst/>"}, {"xl/worksheets/sheet1.xml", SHEET("")}},
              2);
    assert_fault(book, book_len, TABLE_HOSTILE, "sharedStrings.xml: DOCTYPE");
}

static void a_part_that_unpacks_to_more_than_it_may_is_hostile(void **state)
{
    enum { MANY = 64 << 20 };
    char *blanks = malloc(MANY);
    zipFile zip = begin_book();

    (void)state;
    memset(blanks, ' ', MANY);
    add_part(zip, "xl/workbook.xml", BOOK, strlen(BOOK));
    add_part(zip, "xl/_rels/workbook.xml.rels", RELS, strlen(RELS));
    add_part(zip, "xl/sharedStrings.xml", STRINGS, strlen(STRINGS));
    memcpy(blanks, "<worksheet>", 11);
    add_part(zip, "xl/worksheets/sheet1.xml", blanks, MANY);
    end_book(zip);
    free(blanks);
    assert_fault(book, book_len, TABLE_HOSTILE, "zip 1:");
}

static void elements_are_nested_only_so_deep(void **state)
{
    char sheet[4096] = "";
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 200; i++)
        len += (size_t)snprintf(sheet + len, sizeof(sheet) - len, "<a>");
    make_sheet(sheet);
    assert_fault(book, book_len, TABLE_HOSTILE, "depth");
    make_sheet("<worksheet><sheetData><row><c t=\"str\"><v>");
    assert_fault(book, book_len, TABLE_DAMAGED, "broken off");
    make_sheet("<worksheet></sheetData>");
    assert_fault(book, book_len, TABLE_DAMAGED, "sheet1.xml: mismatched tag");
    make_sheet(SHEET("<row><c t=\"s\"><v>99</v></c></row>"));
    assert_fault(book, book_len, TABLE_DAMAGED, "shared string");
    make_sheet(SHEET("<row><c t=\"s\"><v>-1</v></c></row>"));
    assert_fault(book, book_len, TABLE_DAMAGED, "shared string");
}

/* The flag of encryption, in the directory's entry of a part. */
static void an_encrypted_part_is_named(void **state)
{
    (void)state;
    make_sheet(SHEET("<row><c><v>1</v></c></row>"));
    for (size_t at = 0; at + 10 < book_len; at++) {
        if (memcmp(book + at, "PK\x01\x02", 4) == 0)
            book[at + 8] |= 1;
    }
    assert_fault(book, book_len, TABLE_ENCRYPTED, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_cell_is_read),
        cmocka_unit_test(what_is_merged_over_rows_is_said_in_each),
        cmocka_unit_test(the_first_sheet_that_is_seen_and_not_empty_is_read),
        cmocka_unit_test(other_archives_are_named),
        cmocka_unit_test(more_sheets_than_are_looked_at_are_a_fault),
        cmocka_unit_test(a_workbook_cut_off_or_altered_anywhere_is_a_fault_or_read),
        cmocka_unit_test(a_document_type_is_refused_with_all_its_entities),
        cmocka_unit_test(a_part_that_unpacks_to_more_than_it_may_is_hostile),
        cmocka_unit_test(elements_are_nested_only_so_deep),
        cmocka_unit_test(an_encrypted_part_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
