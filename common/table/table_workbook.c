/* table_workbook.c: rows of a workbook in the form of ECMA-376 (.xlsx).
 *
 * _rels/.rels names the workbook, the workbook its sheets, and its relationships where each
 * is; texts are mostly numbers into the table of shared strings, which is kept. XML is read by expat as
 * it comes. A document type is refused: no spreadsheet writes one, and entities are what
 * bombs are made of. */
#include <expat.h>

#include "common/table/table_internal.h"

#define NAME_MAX_LEN  200
#define SHEETS_MAX    256
#define DEPTH_MAX     100
#define STRINGS_MAX   8000000
#define SHEET_COLUMNS 16384

struct sheet {
    char name[NAME_MAX_LEN], id[64], part[NAME_MAX_LEN];
    bool hidden;
};

struct strings {
    char *bytes;
    uint32_t *begins; /* n + 1 of them */
    size_t len, size, n, n_size;
};

struct workbook {
    struct table *table;
    struct table_zip *zip;
    XML_Parser parser;
    unsigned depth;
    char part[NAME_MAX_LEN + 16]; /* that is read */
    char root[NAME_MAX_LEN], folder[NAME_MAX_LEN], strings_part[NAME_MAX_LEN];
    struct sheet *sheets;
    size_t n_sheets;
    struct strings strings;
    /* the text of an element under way */
    bool in_text, phonetic;
    char text[TABLE_FIELD_MAX + 8];
    size_t text_len;
    /* a sheet under way */
    struct table_row *row;
    struct table_merges *merges;
    bool counts_only, in_cell;
    uint32_t row_number, column, filled;
    char type[16];
};

/* ---- XML ---- */

static bool fail_xml(struct workbook *book, enum table_fault fault, const char *why)
{
    table_fail(book->table, fault, "%s: %s", book->part, why);
    if (book->parser)
        XML_StopParser(book->parser, XML_FALSE);
    return false;
}

/* Without the prefix of its name space, which each program chooses. */
static const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');

    return colon ? colon + 1 : name;
}

static bool is(const char *name, const char *other)
{
    return strcmp(local(name), other) == 0;
}

static const char *attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2) {
        if (is(attributes[0], name))
            return attributes[1];
    }
    return "";
}

static void on_doctype(void *arg, const char *name, const char *system, const char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    fail_xml(arg, TABLE_HOSTILE, "DOCTYPE");
}

static void deeper(struct workbook *book)
{
    if (++book->depth > DEPTH_MAX)
        fail_xml(book, TABLE_HOSTILE, "depth");
}

static void begin_text(struct workbook *book)
{
    book->in_text = true;
}

/* Of what is longer than a field, the beginning. */
static void on_text(void *arg, const char *text, int len)
{
    struct workbook *book = arg;
    size_t room = sizeof(book->text) - 1 - book->text_len, n = (size_t)len;

    if (!book->in_text || book->phonetic)
        return;
    if (n > room)
        n = room;
    memcpy(book->text + book->text_len, text, n);
    book->text_len += n;
}

static bool take_xml(void *arg, const char *bytes, size_t len)
{
    struct workbook *book = arg;

    if (XML_Parse(book->parser, bytes, (int)len, XML_FALSE) == XML_STATUS_OK)
        return true;
    /* A handler has had enough. */
    if (XML_GetErrorCode(book->parser) == XML_ERROR_ABORTED)
        return false;
    if (XML_GetErrorCode(book->parser) == XML_ERROR_NO_MEMORY)
        fail_xml(book, TABLE_TOO_LARGE, "memory");
    else
        fail_xml(book, TABLE_DAMAGED, XML_ErrorString(XML_GetErrorCode(book->parser)));
    return false;
}

/* Reads a part of XML; false after failing. */
static bool read_part(struct workbook *book, const char *part, bool may_lack, XML_StartElementHandler on_start,
                      XML_EndElementHandler on_end)
{
    bool good;

    snprintf(book->part, sizeof(book->part), "%s", part);
    book->parser = XML_ParserCreate(NULL);
    book->depth = 0;
    book->in_text = book->phonetic = false;
    book->text_len = 0;
    if (!book->parser)
        return table_fail(book->table, TABLE_TOO_LARGE, "%s", "");
    XML_SetUserData(book->parser, book);
    XML_SetElementHandler(book->parser, on_start, on_end);
    XML_SetCharacterDataHandler(book->parser, on_text);
    XML_SetStartDoctypeDeclHandler(book->parser, on_doctype);
    good = table_zip_read(book->zip, part, may_lack, take_xml, book) && book->table->told->fault == TABLE_OK;
    if (good && !book->table->stopped && book->depth > 0)
        good = fail_xml(book, TABLE_DAMAGED, "broken off");
    XML_ParserFree(book->parser);
    book->parser = NULL;
    return good;
}

static void on_end_any(void *arg, const char *name)
{
    (void)name;
    ((struct workbook *)arg)->depth--;
}

/* ---- what leads to the sheets ---- */

/* Where a relationship leads: from the root, or from the folder of the workbook. */
static void resolve(const struct workbook *book, const char *target, char ret[NAME_MAX_LEN])
{
    if (*target == '/')
        snprintf(ret, NAME_MAX_LEN, "%s", target + 1);
    else
        snprintf(ret, NAME_MAX_LEN, "%s%s", book->folder, target);
}

static bool of_type(const char **attributes, const char *type)
{
    const char *given = strrchr(attribute(attributes, "Type"), '/');

    return given && strcmp(given + 1, type) == 0;
}

static void on_root(void *arg, const char *name, const char **attributes)
{
    struct workbook *book = arg;

    deeper(book);
    if (is(name, "Relationship") && of_type(attributes, "officeDocument"))
        resolve(book, attribute(attributes, "Target"), book->root);
}

static void on_workbook(void *arg, const char *name, const char **attributes)
{
    struct workbook *book = arg;
    struct sheet *sheet;

    deeper(book);
    if (!is(name, "sheet"))
        return;
    if (book->n_sheets == SHEETS_MAX) {
        fail_xml(book, TABLE_TOO_LARGE, "sheets");
        return;
    }
    sheet = &book->sheets[book->n_sheets++];
    snprintf(sheet->name, sizeof(sheet->name), "%s", attribute(attributes, "name"));
    for (; *attributes; attributes += 2) {
        /* r:id: the number of the sheet, sheetId, is another. */
        if (strcmp(local(attributes[0]), "id") == 0)
            snprintf(sheet->id, sizeof(sheet->id), "%s", attributes[1]);
        if (strcmp(local(attributes[0]), "state") == 0)
            sheet->hidden = strcmp(attributes[1], "visible") != 0;
    }
}

static void on_relationship(void *arg, const char *name, const char **attributes)
{
    struct workbook *book = arg;

    deeper(book);
    if (!is(name, "Relationship"))
        return;
    if (of_type(attributes, "sharedStrings"))
        resolve(book, attribute(attributes, "Target"), book->strings_part);
    for (size_t i = 0; i < book->n_sheets; i++) {
        if (strcmp(book->sheets[i].id, attribute(attributes, "Id")) == 0)
            resolve(book, attribute(attributes, "Target"), book->sheets[i].part);
    }
}

/* The folder of the workbook, and its relationships: xl/_rels/workbook.xml.rels. */
static void place(struct workbook *book, const char *part, char ret_rels[2 * NAME_MAX_LEN + 16])
{
    const char *slash = strrchr(part, '/');
    int folder = slash ? (int)(slash + 1 - part) : 0;

    snprintf(book->folder, sizeof(book->folder), "%.*s", folder, part);
    snprintf(ret_rels, 2 * NAME_MAX_LEN + 16, "%s_rels/%s.rels", book->folder, part + folder);
}

static bool find_sheets(struct workbook *book)
{
    char part[NAME_MAX_LEN], rels[2 * NAME_MAX_LEN + 16];

    if (!read_part(book, "_rels/.rels", true, on_root, on_end_any))
        return false;
    snprintf(part, sizeof(part), "%s", *book->root ? book->root : "xl/workbook.xml");
    place(book, part, rels);
    if (strlen(part) > 4 && strcmp(part + strlen(part) - 4, ".bin") == 0)
        return table_fail(book->table, TABLE_OTHER, "xlsb");
    if (table_zip_has(book->zip, "word/document.xml"))
        return table_fail(book->table, TABLE_OTHER, "docx");
    if (table_zip_has(book->zip, "content.xml"))
        return table_fail(book->table, TABLE_OTHER, "ods");
    if (!table_zip_has(book->zip, part))
        return table_fail(book->table, TABLE_OTHER, "zip");
    return read_part(book, part, false, on_workbook, on_end_any) &&
           read_part(book, rels, false, on_relationship, on_end_any);
}

/* ---- shared strings ---- */

static bool grow(void **bytes, size_t *size, size_t need, size_t unit)
{
    size_t wanted = *size ? *size : 4096;
    void *grown;

    while (wanted < need)
        wanted += wanted / 2;
    if (wanted == *size)
        return true;
    grown = realloc(*bytes, wanted * unit);
    if (!grown)
        return false;
    *bytes = grown;
    *size = wanted;
    return true;
}

static void keep_string(struct workbook *book)
{
    struct strings *strings = &book->strings;

    table_cell_unescape(book->text, &book->text_len);
    if (strings->n == STRINGS_MAX || strings->len + book->text_len > UINT32_MAX) {
        fail_xml(book, TABLE_TOO_LARGE, "sharedStrings");
        return;
    }
    if (!grow((void **)&strings->bytes, &strings->size, strings->len + book->text_len, 1) ||
        !grow((void **)&strings->begins, &strings->n_size, strings->n + 2, sizeof(*strings->begins))) {
        fail_xml(book, TABLE_TOO_LARGE, "memory");
        return;
    }
    memcpy(strings->bytes + strings->len, book->text, book->text_len);
    strings->begins[strings->n++] = (uint32_t)strings->len;
    strings->len += book->text_len;
    strings->begins[strings->n] = (uint32_t)strings->len;
}

/* What is in <rPh> says how the text is pronounced. */
static void on_string(void *arg, const char *name, const char **attributes)
{
    struct workbook *book = arg;

    (void)attributes;
    deeper(book);
    if (is(name, "si"))
        book->text_len = 0;
    else if (is(name, "rPh"))
        book->phonetic = true;
    else if (is(name, "t"))
        begin_text(book);
}

static void on_string_end(void *arg, const char *name)
{
    struct workbook *book = arg;

    book->depth--;
    if (is(name, "si"))
        keep_string(book);
    else if (is(name, "rPh"))
        book->phonetic = false;
    else if (is(name, "t"))
        book->in_text = false;
}

/* ---- cells that are one ---- */

/* The column of a cell's place, e.g. 27 of AB12, from 0; where it has none, the next. */
static uint32_t column_of(const char *place, uint32_t next)
{
    uint32_t column = 0;

    if (!(*place >= 'A' && *place <= 'Z'))
        return next;
    while (*place >= 'A' && *place <= 'Z' && column < SHEET_COLUMNS)
        column = column * 26 + (uint32_t)(*place++ - 'A' + 1);
    return column - 1;
}

/* A1:C7 as rows 1 to 7 of column 0; false when it is none. */
static bool read_range(const char *text, unsigned *ret_first, unsigned *ret_last, uint32_t *ret_column)
{
    char column[4];

    *ret_column = column_of(text, SHEET_COLUMNS);
    return sscanf(text, "%3[A-Z]%7u:%3[A-Z]%7u", column, ret_first, column, ret_last) == 4;
}

static void on_merge(void *arg, const char *name, const char **attributes)
{
    struct workbook *book = arg;
    unsigned first, last;
    uint32_t column;

    deeper(book);
    if (is(name, "mergeCell") && read_range(attribute(attributes, "ref"), &first, &last, &column) &&
        !table_merges_add(book->merges, first, last, column))
        fail_xml(book, TABLE_TOO_LARGE, "mergeCells");
}

/* They are said behind the rows. */
static bool read_merges(struct workbook *book, const struct sheet *sheet)
{
    table_merges_clear(book->merges);
    if (!read_part(book, sheet->part, false, on_merge, on_end_any))
        return false;
    table_merges_ready(book->merges);
    return true;
}

/* ---- a sheet ---- */

static uint32_t row_of(const char *number, uint32_t next)
{
    char *end;
    unsigned long row = strtoul(number, &end, 10);

    return *number >= '0' && *number <= '9' && !*end && row >= next && row <= UINT32_MAX ? (uint32_t)row : next;
}

static void on_cell(void *arg, const char *name, const char **attributes)
{
    struct workbook *book = arg;

    deeper(book);
    if (is(name, "row")) {
        book->row_number = row_of(attribute(attributes, "r"), book->row_number + 1);
        book->column = book->filled = 0;
        table_row_begin(book->row, book->row_number);
    } else if (is(name, "c")) {
        book->column = column_of(attribute(attributes, "r"), book->column);
        snprintf(book->type, sizeof(book->type), "%s", attribute(attributes, "t"));
        book->text_len = 0;
        book->in_cell = true;
    } else if (is(name, "rPh")) {
        book->phonetic = true;
    } else if (book->in_cell && (is(name, "v") || is(name, "t"))) {
        begin_text(book);
    }
}

static void take_shared(struct workbook *book, const char **ret_text, size_t *ret_len)
{
    unsigned long index;
    char *end;

    book->text[book->text_len] = '\0';
    index = strtoul(book->text, &end, 10);
    if (book->text_len == 0 || *end || index >= book->strings.n) {
        fail_xml(book, TABLE_DAMAGED, "shared string");
        return;
    }
    *ret_text = book->strings.bytes + book->strings.begins[index];
    *ret_len = book->strings.begins[index + 1] - book->strings.begins[index];
}

static void end_cell(struct workbook *book)
{
    const char *text = book->text;
    size_t len = book->text_len;

    book->in_cell = false;
    if (strcmp(book->type, "s") == 0 && len > 0 && !book->counts_only) {
        take_shared(book, &text, &len);
    } else if (strcmp(book->type, "inlineStr") == 0 || strcmp(book->type, "str") == 0) {
        table_cell_unescape(book->text, &book->text_len);
        len = book->text_len;
    } else if (!*book->type || strcmp(book->type, "n") == 0) {
        table_cell_write_out(book->text, &book->text_len);
        len = book->text_len;
    }
    /* Cells that are not there, and one that stands where another was already. */
    while (book->filled < book->column && book->filled < TABLE_FIELDS_MAX) {
        table_row_field(book->row, "", 0);
        book->filled++;
    }
    if (book->column >= book->filled || book->column >= TABLE_FIELDS_MAX) {
        table_row_field(book->row, text, len);
        book->filled = book->column + 1;
    }
    book->column++;
}

static void end_row(struct workbook *book)
{
    if (book->counts_only) {
        book->table->told->other_rows += !table_row_is_empty(book->row);
    } else if (!table_row_give(book->table, table_merges_fill(book->merges, book->row))) {
        XML_StopParser(book->parser, XML_FALSE);
    }
}

static void on_cell_end(void *arg, const char *name)
{
    struct workbook *book = arg;

    book->depth--;
    if (is(name, "row"))
        end_row(book);
    else if (is(name, "c"))
        end_cell(book);
    else if (is(name, "rPh"))
        book->phonetic = false;
    else if (is(name, "v") || is(name, "t"))
        book->in_text = false;
}

/* ---- the whole ---- */

static void name_form(struct workbook *book, const struct sheet *sheet)
{
    char *form = book->table->told->form;

    memcpy(form, "xlsx ", 5);
    table_excerpt(sheet->name, strlen(sheet->name), form + 5, sizeof(book->table->told->form) - 5);
}

/* The first sheet that is seen and not empty is read, the rows of the others that are seen are counted. */
static void read_sheets(struct workbook *book)
{
    for (size_t i = 0; i < book->n_sheets && !book->table->stopped; i++) {
        const struct sheet *sheet = &book->sheets[i];

        if (sheet->hidden || !*sheet->part)
            continue;
        book->row_number = 0;
        book->in_cell = false;
        table_row_begin(book->row, 0); /* for cells outside of any row, which are left out */
        book->counts_only = book->table->told->rows > 0;
        if (!book->counts_only) {
            name_form(book, sheet);
            if (!read_merges(book, sheet))
                return;
        }
        if (!read_part(book, sheet->part, false, on_cell, on_cell_end))
            return;
    }
}

void table_workbook(struct table *table)
{
    struct workbook book = {.table = table};

    book.sheets = calloc(SHEETS_MAX, sizeof(*book.sheets));
    book.row = malloc(sizeof(*book.row));
    book.merges = table_merges_new();
    if (!book.sheets || !book.row || !book.merges)
        table_fail(table, TABLE_TOO_LARGE, "%s", "");
    else
        book.zip = table_zip_open(table);
    if (book.zip && find_sheets(&book) &&
        (!*book.strings_part || read_part(&book, book.strings_part, false, on_string, on_string_end)))
        read_sheets(&book);
    table_zip_close(book.zip);
    free(book.strings.bytes);
    free(book.strings.begins);
    table_merges_free(book.merges);
    free(book.row);
    free(book.sheets);
}
