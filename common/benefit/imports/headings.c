#include "common/benefit/imports/headings.h"

#include "common/text/text.h"
#include "common/text/utf8.h"

#define HEADING_SIZE 128 /* bytes; a longer text is no heading */
#define SURE         1
#define LIKELY       2

/* ---- one heading ---- */

static bool opens(int32_t c)
{
    return c == '(' || c == '[' || c == 0xff08 || c == 0x3010 || c == 0x3014;
}

static bool closes(int32_t c)
{
    return c == ')' || c == ']' || c == 0xff09 || c == 0x3011 || c == 0x3015;
}

/* What is left of a cell's text: letters, digits, ideographs, and '/' between words that mean
 * the same. */
static bool normalize(const char *cell, char ret[HEADING_SIZE])
{
    char folded[HEADING_SIZE];
    const unsigned char *at = (const unsigned char *)folded;
    char *out = ret;
    int depth = 0;

    if (text_fold(cell, folded, sizeof(folded)) < 0)
        return false;
    while (*at) {
        int32_t c = *at < 0x80 ? *at++ : utf8_next(&at);
        bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0x3400;

        if (c < 0)
            return false;
        if (opens(c))
            depth++;
        else if (closes(c))
            depth -= depth > 0;
        else if (c == 0x3001 || c == '|' || c == 0xff0f || c == '\\')
            *out++ = '/';
        else if (depth == 0 && c >= 'a' && c <= 'z')
            *out++ = (char)(c - 'a' + 'A');
        else if (depth == 0 && (word || c == '/') && c != 0xff1a && c != 0xff0a)
            out = utf8_put(out, c);
    }
    *out = '\0';
    return *ret != '\0';
}

static bool is_one_of(const char *word, size_t len, const char *names)
{
    for (const char *at = names; at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, word, len) == 0 && (at[len] == ' ' || !at[len]))
            return true;
    }
    return false;
}

/* How surely a word names a column; 0: not. */
static int names_column(const struct import_column *column, const char *word, size_t len)
{
    if (len > 0 && is_one_of(word, len, column->sure))
        return SURE;
    return len > 0 && is_one_of(word, len, column->likely) ? LIKELY : 0;
}

/* The field that a word names, or -1. */
static int find_field(const struct import_kind *kind, const char *word, size_t len, int *ret_how)
{
    for (unsigned i = 0; i < kind->n; i++) {
        *ret_how = names_column(&kind->columns[i], word, len);
        if (*ret_how)
            return (int)i;
    }
    return -1;
}

/* Without the letters of ASCII, which are a translation (姓名 Name). */
static size_t without_ascii(const char *text, char *ret)
{
    size_t len = 0;

    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80)
            ret[len++] = *text;
    }
    return len;
}

/* The field that a cell names: as a whole, or each of its words that names one the same. */
static int field_of(const struct import_kind *kind, const char *cell, int *ret_how)
{
    char heading[HEADING_SIZE], rest[HEADING_SIZE];
    int field, found = -1, how, best = LIKELY + 1;

    if (!normalize(cell, heading))
        return -1;
    field = find_field(kind, heading, strlen(heading), ret_how);
    if (field >= 0)
        return field;
    field = find_field(kind, rest, without_ascii(heading, rest), ret_how);
    if (field >= 0)
        return field;
    for (char *at = heading, *word; (word = strsep(&at, "/"));) {
        field = find_field(kind, word, strlen(word), &how);
        if (field >= 0 && found >= 0 && field != found)
            return -1;
        if (field >= 0) {
            found = field;
            best = how < best ? how : best;
        }
    }
    *ret_how = best;
    return found;
}

/* ---- a row of them ---- */

static bool is_needed(const struct import_kind *kind, bool has_union, unsigned field)
{
    return !kind->columns[field].optional && !(has_union && (int)field == kind->of_union);
}

unsigned headings_needed(const struct import_kind *kind, bool has_union)
{
    unsigned n = 0;

    for (unsigned field = 0; field < kind->n; field++)
        n += is_needed(kind, has_union, field);
    return n;
}

void headings_read(const struct import_kind *kind, bool has_union, char *const *cells, unsigned n, struct headings *ret)
{
    int how[HEADINGS_FIELDS] = {0};
    bool twice[HEADINGS_FIELDS] = {false};

    *ret = (struct headings){.at = {-1, -1, -1, -1, -1}, .missing = -1, .twice = -1};
    for (unsigned column = 0; column < n; column++) {
        int sure, field = field_of(kind, cells[column], &sure);

        if (field < 0)
            continue;
        if (ret->at[field] < 0 || sure < how[field]) {
            ret->n_found += ret->at[field] < 0;
            ret->at[field] = (int)column;
            how[field] = sure;
            twice[field] = false;
        } else if (sure == how[field]) {
            twice[field] = true;
        }
    }
    for (unsigned field = kind->n; field-- > 0;) {
        if (is_needed(kind, has_union, field) && ret->at[field] < 0)
            ret->missing = (int)field;
        if (twice[field])
            ret->twice = (int)field;
    }
}

void headings_unread(const struct headings *headings, char *const *cells, unsigned n, char ret[HEADINGS_SHOWN])
{
    size_t len = 0;

    *ret = '\0';
    for (unsigned column = 0; column < n; column++) {
        size_t more = strlen(cells[column]);
        bool read = more == 0;

        for (unsigned i = 0; i < HEADINGS_FIELDS; i++)
            read |= headings->at[i] == (int)column;
        if (read)
            continue;
        if (len + more + 8 > HEADINGS_SHOWN) {
            memcpy(ret + len, "…", 4);
            return;
        }
        len += (size_t)snprintf(ret + len, HEADINGS_SHOWN - len, "%s%s", len ? "、" : "", cells[column]);
    }
}
