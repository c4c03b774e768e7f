#include "services/identity/registers/headings.h"

#include "common/text/text.h"
#include "common/text/utf8.h"

#define HEADING_SIZE 128 /* bytes; a longer text is no heading */
#define SURE         1
#define LIKELY       2

/* Names that a column may have; those behind are tried when no column has one of the others. */
struct column {
    const char *name;
    bool optional;
    const char *sure, *likely; /* with blanks between */
};

#define UNION_NAMES                                                                                                                                             \
    "工会编码 工会代码 工会编号 所属工会编码 所属工会代码 所属工会编号 所在工会编码 所在工会代码 所在工会编号 " \
    "基层工会编码 基层工会代码 基层工会编号 工会组织编码 工会组织代码 UNIONCODE",                                                                               \
        "所属工会 所在工会 工会 工会名称 所属工会名称 所在工会名称 所属基层工会 基层工会 基层工会名称 工会组织 "  \
        "工会组织名称 入会工会 UNION UNIONNAME"
#define ID_NAMES                                                                                                                                                \
    "身份证号码 身份证号 身份证 身份证编号 居民身份证 居民身份证号 居民身份证号码 公民身份号码 公民身份证号码 " \
    "身份证件号码 身份证件号 身份号码 会员身份证号 会员身份证号码 本人身份证号 本人身份证号码 RESIDENTID IDCARD "      \
    "IDCARDNO IDNUMBER IDNO",                                                                                                                                   \
        "证件号码 证件号 证件编号 有效证件号码 有效证件号 ID"
#define TRADE_NAMES                                                                                                                                             \
    "职业 工种 职业工种 职业类别 职业类型 工种类别 从事职业 从事工种 所属职业 就业群体 新就业形态类别 TRADE TRADES " \
    "OCCUPATION",                                                                                                                                               \
        "群体类别 人员类别"

static const struct column roster_columns[] = {
    [ROSTER_NAME] = {"姓名", false,
                     "姓名 名字 会员姓名 职工姓名 员工姓名 人员姓名 真实姓名 本人姓名 会员 NAME FULLNAME", "职工 员工"},
    [ROSTER_RESIDENT_ID] = {"身份证号码", false, ID_NAMES},
    [ROSTER_MOBILE] = {"手机号码", false,
                       "手机号码 手机号 手机 手机电话 移动电话 移动电话号码 本人手机 本人手机号 本人手机号码 "
                       "会员手机号 会员手机号码 MOBILE MOBILEPHONE MOBILENO CELLPHONE",
                       "联系电话 联系方式 联系手机 联系号码 联系电话号码 本人联系电话 电话 电话号码 PHONE PHONENUMBER "
                       "TEL TELEPHONE"},
    [ROSTER_UNION] = {"工会编码", false, UNION_NAMES},
    [ROSTER_TRADE] = {"职业", true, TRADE_NAMES},
};
static const struct column union_columns[] = {
    [UNIONS_CODE] = {"工会编码", false,
                     "工会编码 工会代码 工会编号 本级工会编码 本工会编码 基层工会编码 工会组织编码 工会组织代码 CODE "
                     "UNIONCODE",
                     "编码 代码 编号"},
    [UNIONS_NAME] = {"工会名称", false, "工会名称 工会全称 本级工会名称 基层工会名称 工会组织名称 NAME UNIONNAME",
                     "名称 全称 工会"},
    [UNIONS_PARENT] = {"上级工会编码", true,
                       "上级工会编码 上级工会代码 上级工会编号 上级编码 上级代码 上级工会组织编码 上一级工会编码 "
                       "PARENTCODE",
                       "上级工会 上级工会名称 上级 上一级工会 主管工会 PARENT"},
    [UNIONS_TRADES] = {"职业", true, TRADE_NAMES " 行业 行业类别 所属行业"},
};
static const struct column removal_columns[] = {
    [REMOVAL_RESIDENT_ID] = {"身份证号码", false, ID_NAMES},
    [REMOVAL_UNION] = {"工会编码", false, UNION_NAMES},
};

static const struct kind {
    const struct column *columns;
    unsigned n;
    int of_union; /* the field that says the rows' union, -1: none does */
} kinds[] = {
    [IDENTITY__IMPORT_KIND__IMPORT_ROSTER] = {roster_columns, ARRAY_LEN(roster_columns), ROSTER_UNION},
    [IDENTITY__IMPORT_KIND__IMPORT_UNIONS] = {union_columns, ARRAY_LEN(union_columns), -1},
    [IDENTITY__IMPORT_KIND__IMPORT_REMOVALS] = {removal_columns, ARRAY_LEN(removal_columns), REMOVAL_UNION},
};

unsigned headings_fields(int kind)
{
    return kinds[kind].n;
}

int headings_union(int kind)
{
    return kinds[kind].of_union;
}

const char *headings_name(int kind, unsigned field)
{
    return kinds[kind].columns[field].name;
}

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
static int names_column(const struct column *column, const char *word, size_t len)
{
    if (len > 0 && is_one_of(word, len, column->sure))
        return SURE;
    return len > 0 && is_one_of(word, len, column->likely) ? LIKELY : 0;
}

/* The field that a word names, or -1. */
static int find_field(const struct kind *kind, const char *word, size_t len, int *ret_how)
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
static int field_of(const struct kind *kind, const char *cell, int *ret_how)
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

void headings_read(int kind, bool has_union, char *const *cells, unsigned n, struct headings *ret)
{
    const struct kind *of = &kinds[kind];
    int how[HEADINGS_FIELDS] = {0};
    bool twice[HEADINGS_FIELDS] = {false};

    *ret = (struct headings){.at = {-1, -1, -1, -1, -1}, .missing = -1, .twice = -1};
    for (unsigned column = 0; column < n; column++) {
        int sure, field = field_of(of, cells[column], &sure);

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
    for (unsigned field = of->n; field-- > 0;) {
        bool needed = !of->columns[field].optional && !(has_union && (int)field == of->of_union);

        if (needed && ret->at[field] < 0)
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
