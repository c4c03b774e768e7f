#include "common/table/table_internal.h"

#include "common/text/utf8.h"

#define HEAD 4096 /* bytes by which a file's kind is seen */

/* ---- faults ---- */

bool table_fail(struct table *table, enum table_fault fault, const char *format, ...)
{
    va_list args;

    if (table->told->fault != TABLE_OK)
        return false;
    table->told->fault = fault;
    va_start(args, format);
    vsnprintf(table->told->seen, sizeof(table->told->seen), format, args);
    va_end(args);
    return false;
}

/* A resident ID or a telephone number is nobody's business who reads a fault. */
static void hide_numbers(char *text)
{
    for (char *at = text; *at;) {
        size_t digits = strspn(at, "0123456789");

        if (digits >= 6)
            memset(at, '*', digits);
        at += digits ? digits : 1;
    }
}

void table_excerpt(const char *text, size_t len, char *ret, size_t size)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + len;
    char *out = ret;

    while (at < end && out + 5 < ret + size) {
        int32_t c = *at < 0x80 ? *at++ : utf8_next(&at);

        if (c < 0) {
            at++;
            c = 0xfffd;
        }
        out = utf8_put(out, utf8_is_hidden(c) ? ' ' : c);
    }
    *out = '\0';
    hide_numbers(ret);
}

bool table_bytes(struct table *table, uint64_t at, void *ret, size_t len, size_t *ret_len)
{
    int64_t n = table->source->read_at(table->source->arg, at, ret, len);

    if (n < 0)
        return table_fail(table, TABLE_UNREADABLE, "%s", "");
    *ret_len = (size_t)n;
    return true;
}

/* ---- rows ---- */

void table_row_begin(struct table_row *row, uint32_t number)
{
    row->number = number;
    row->n = 0;
    row->cut = 0;
    row->len = 0;
}

/* Takes off what keeps a spreadsheet from taking a number for one. */
static void take_off(const char **text, size_t *len)
{
    const char *begin = *text;
    size_t n = *len;

    if (n >= 3 && begin[0] == '=' && begin[1] == '"' && begin[n - 1] == '"') {
        *text = begin + 2;
        *len = n - 3;
    } else if (n >= 2 && (begin[0] == '\'' || begin[0] == '`') && begin[1] >= '0' && begin[1] <= '9') {
        *text = begin + 1;
        *len = n - 1;
    }
}

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ';
}

/* The end of the last whole character within len bytes. */
static size_t whole(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}

void table_row_field(struct table_row *row, const char *text, size_t len)
{
    char *out = row->room + row->len;

    if (row->n == TABLE_FIELDS_MAX) {
        row->cut += len > 0;
        return;
    }
    while (len > 0 && is_blank(*text)) {
        text++;
        len--;
    }
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    take_off(&text, &len);
    if (len > TABLE_FIELD_MAX)
        len = whole(text, TABLE_FIELD_MAX);
    for (size_t i = 0; i < len; i++)
        out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
    out[len] = '\0';
    row->at[row->n++] = row->len;
    row->len += len + 1;
}

bool table_row_is_empty(const struct table_row *row)
{
    for (size_t i = 0; i < row->len; i++) {
        if (row->room[i] != '\0' && row->room[i] != ' ')
            return false;
    }
    return true;
}

static bool give(struct table *table, uint32_t number, const char *const *fields, unsigned n)
{
    if (table->stopped)
        return false;
    if (table->told->rows == TABLE_ROWS_MAX) {
        table->stopped = true;
        return table_fail(table, TABLE_TOO_LARGE, "%d", TABLE_ROWS_MAX);
    }
    table->told->rows++;
    table->stopped = !table->sink->row(table->sink->arg, number, fields, n);
    return !table->stopped;
}

bool table_row_give(struct table *table, struct table_row *row)
{
    const char *fields[TABLE_FIELDS_MAX];

    if (table_row_is_empty(row))
        return !table->stopped;
    for (unsigned i = 0; i < row->n; i++)
        fields[i] = row->room + row->at[i];
    table->told->cut_fields += row->cut;
    return give(table, row->number, fields, row->n);
}

bool table_row_broken(struct table *table, uint32_t number)
{
    return give(table, number, NULL, 0);
}

/* ---- the kind of a file ---- */

static bool begins(const unsigned char *head, size_t len, const char *magic, size_t magic_len)
{
    return len >= magic_len && memcmp(head, magic, magic_len) == 0;
}

/* The name in a compound file's directory, in UTF-16. */
static bool names(struct table *table, const char *name, bool *ret)
{
    unsigned char chunk[65536], wide[64];
    size_t n_wide = 0, len;

    for (; name[n_wide / 2]; n_wide += 2) {
        wide[n_wide] = (unsigned char)name[n_wide / 2];
        wide[n_wide + 1] = 0;
    }
    *ret = false;
    for (uint64_t at = 0; at < table->source->size && !*ret; at += sizeof(chunk) - sizeof(wide)) {
        if (!table_bytes(table, at, chunk, sizeof(chunk), &len))
            return false;
        *ret = memmem(chunk, len, wide, n_wide) != NULL;
    }
    return true;
}

/* Excel's own form until 2003, which holds encrypted workbooks too. */
static void compound_file(struct table *table)
{
    bool encrypted, workbook;

    if (!names(table, "EncryptedPackage", &encrypted) || !names(table, "Workbook", &workbook))
        return;
    if (encrypted)
        table_fail(table, TABLE_ENCRYPTED, "%s", "");
    else if (workbook)
        table_fail(table, TABLE_XLS, "%s", "");
    else
        table_fail(table, TABLE_OTHER, "OLE");
}

/* A file of a kind that is no table; NULL when it may be one. */
static const char *other_kind(const unsigned char *head, size_t len)
{
    static const struct {
        const char *magic;
        size_t len;
        const char *kind;
    } kinds[] = {
        {"%PDF-", 5, "PDF"},
        {"\x89PNG", 4, "PNG"},
        {"\xff\xd8\xff", 3, "JPEG"},
        {"GIF8", 4, "GIF"},
        {"Rar!\x1a\x07", 6, "RAR"},
        {"7z\xbc\xaf", 4, "7z"},
        {"\x1f\x8b", 2, "gzip"},
        {"{\\rtf", 5, "RTF"},
        {"\x7f"
         "ELF",
         4, "ELF"},
    };
    size_t at = begins(head, len, "\xef\xbb\xbf", 3) ? 3 : 0;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (begins(head, len, kinds[i].magic, kinds[i].len))
            return kinds[i].kind;
    }
    while (at < len && is_blank((char)head[at]))
        at++;
    /* Many systems save a page of HTML under the name of a workbook. */
    if (at < len && head[at] == '<')
        return memmem(head, len, "urn:schemas-microsoft-com:office:spreadsheet", 44) ? "XML" : "HTML";
    return NULL;
}

void table_read(const struct table_source *source, const struct table_sink *sink, struct table_told *ret)
{
    struct table table = {source, sink, ret, false};
    unsigned char head[HEAD];
    const char *kind;
    size_t len;

    *ret = (struct table_told){.fault = TABLE_OK};
    if (!table_bytes(&table, 0, head, sizeof(head), &len))
        return;
    kind = other_kind(head, len);
    if (kind)
        table_fail(&table, TABLE_OTHER, "%s", kind);
    else if (begins(head, len, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8))
        compound_file(&table);
    else if (begins(head, len, "PK\x03\x04", 4) || begins(head, len, "PK\x05\x06", 4))
        table_workbook(&table);
    else
        table_text(&table);
    if (ret->fault == TABLE_OK && ret->rows == 0)
        table_fail(&table, TABLE_EMPTY, "%s", "");
}
