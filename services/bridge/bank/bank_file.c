#include "services/bridge/bank/bank_file.h"

#include <errno.h>
#include <iconv.h>
#include <mbedtls/platform_util.h>

#include "bridge/bank.pb-c.h"
#include "common/base/log.h"
#include "common/text/csv.h"
#include "common/text/utf8.h"
#include "common/text/yuan.h"

static const char mark[] = "\xef\xbb\xbf";
static iconv_t to_gb = (iconv_t)-1, of_gb = (iconv_t)-1;

int bank_file_init(void)
{
    if (to_gb == (iconv_t)-1)
        to_gb = iconv_open("GB18030", "UTF-8");
    if (of_gb == (iconv_t)-1)
        of_gb = iconv_open("UTF-8", "GB18030");
    if (to_gb != (iconv_t)-1 && of_gb != (iconv_t)-1)
        return 0;
    log_error("gb18030_missing");
    return -1;
}

/* The length, or 0 when it cannot be said so, or has no room. */
static size_t convert(iconv_t how, const char *text, size_t len, char *ret, size_t size)
{
    char *in = unconst(text), *out = ret;
    size_t left = len, room = size;

    iconv(how, NULL, NULL, NULL, NULL);
    if (iconv(how, &in, &left, &out, &room) == (size_t)-1)
        return 0;
    return size - room;
}

/* ---- what goes there ---- */

static bool is_cell(const char *text)
{
    return *text && strlen(text) <= BANK_CELL_MAX && !strpbrk(text, "\r\n");
}

bool bank_account_ok(const Settlement__PayeeAccount *account)
{
    size_t digits = strspn(account->number, "0123456789");

    return digits >= 8 && digits <= 32 && account->number[digits] == '\0' && is_cell(account->name) &&
           is_cell(account->bank);
}

struct bank_sums bank_sums(const struct bank_line *lines, unsigned n)
{
    struct bank_sums sums = {.n = (int32_t)n};

    for (unsigned i = 0; i < n; i++) {
        const char *number = lines[i].account->number;

        sums.fen += lines[i].fen;
        sums.control += strtol(number + strlen(number) - 4, NULL, 10);
    }
    return sums;
}

struct writer {
    char *at, *end;
    bool first, full;
};

static void put(struct writer *writer, const char *text, size_t len)
{
    writer->full |= len > (size_t)(writer->end - writer->at);
    if (writer->full)
        return;
    memcpy(writer->at, text, len);
    writer->at += len;
}

static void put_cell(struct writer *writer, const char *text)
{
    bool quoted = strpbrk(text, ",\"") != NULL;

    if (!writer->first)
        put(writer, ",", 1);
    writer->first = false;
    put(writer, "\"", quoted);
    for (const char *c = text; *c; c++)
        put(writer, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    put(writer, "\"", quoted);
}

static void put_number(struct writer *writer, int64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)number);
    put_cell(writer, text);
}

static void put_yuan(struct writer *writer, int64_t fen)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld.%02lld", (long long)fen / 100, (long long)fen % 100);
    put_cell(writer, text);
}

static void put_row(struct writer *writer, const char *const *cells, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        put_cell(writer, cells[i]);
}

static void end_row(struct writer *writer)
{
    put(writer, "\r\n", 2);
    writer->first = true;
}

static void print_list(struct writer *writer, const struct bank_line *lines, unsigned n)
{
    static const char *const names[] = {"业务编号", "收款账号", "户名", "开户行", "金额", "附言"};
    struct bank_sums sums = bank_sums(lines, n);

    put(writer, mark, strlen(mark));
    put_row(writer, names, ARRAY_LEN(names));
    end_row(writer);
    for (unsigned i = 0; i < n; i++) {
        const Settlement__PayeeAccount *account = lines[i].account;

        put_row(writer, (const char *const[]){lines[i].number, account->number, account->name, account->bank}, 4);
        put_yuan(writer, lines[i].fen);
        put_cell(writer, lines[i].remark);
        end_row(writer);
    }
    put_cell(writer, "合计");
    put_number(writer, sums.n);
    put_row(writer, (const char *const[]){"", ""}, 2);
    put_yuan(writer, sums.fen);
    put_number(writer, sums.control);
    end_row(writer);
}

static void print_totals(struct writer *writer, const struct bank_line *lines, unsigned n)
{
    static const char *const totals[] = {"总笔数", "总金额", "账号校验和"}, *const names[] = {"序号",     "收款户名",
                                                                                              "收款账号", "收款行名",
                                                                                              "金额(元)", "用途",
                                                                                              "业务编号"};
    struct bank_sums sums = bank_sums(lines, n);

    put_row(writer, totals, ARRAY_LEN(totals));
    end_row(writer);
    put_number(writer, sums.n);
    put_yuan(writer, sums.fen);
    put_number(writer, sums.control);
    end_row(writer);
    put_row(writer, names, ARRAY_LEN(names));
    end_row(writer);
    for (unsigned i = 0; i < n; i++) {
        const Settlement__PayeeAccount *account = lines[i].account;

        put_number(writer, i + 1);
        put_row(writer, (const char *const[]){account->name, account->number, account->bank}, 3);
        put_yuan(writer, lines[i].fen);
        put_row(writer, (const char *const[]){lines[i].remark, lines[i].number}, 2);
        end_row(writer);
    }
}

size_t bank_print(int layout, const struct bank_line *lines, unsigned n, char *ret)
{
    static char text[BANK_FILE_MAX];
    bool gb = layout == BRIDGE__BANK_LAYOUT__BANK_TOTALS;
    struct writer writer = {.at = gb ? text : ret, .first = true};
    size_t len = 0;

    writer.end = writer.at + BANK_FILE_MAX;
    if (gb)
        print_totals(&writer, lines, n);
    else
        print_list(&writer, lines, n);
    if (!writer.full)
        len = gb ? convert(to_gb, text, (size_t)(writer.at - text), ret, BANK_FILE_MAX) : (size_t)(writer.at - ret);
    if (gb)
        mbedtls_platform_zeroize(text, sizeof(text));
    return len;
}

/* ---- what comes back ---- */

enum { CELL_NUMBER, CELL_YUAN, CELL_SAID, CELLS };

static int column_of(const struct csv_row *row, const char *const *names)
{
    for (; *names; names++) {
        for (unsigned i = 0; i < row->n_fields; i++) {
            if (strcmp(row->fields[i], *names) == 0)
                return (int)i;
        }
    }
    return -1;
}

static bool find_names(const struct csv_row *row, int at[CELLS])
{
    static const char *const number[] = {"业务编号", NULL}, *const yuan[] = {"金额", "金额(元)", "金额（元）", NULL},
                             *const said[] = {"处理结果", "交易状态", "状态", NULL};

    at[CELL_NUMBER] = column_of(row, number);
    at[CELL_YUAN] = column_of(row, yuan);
    at[CELL_SAID] = column_of(row, said);
    return at[CELL_NUMBER] >= 0 && at[CELL_YUAN] >= 0 && at[CELL_SAID] >= 0;
}

static const char *cell(const struct csv_row *row, int at)
{
    return (unsigned)at < row->n_fields ? row->fields[at] : "";
}

static enum bank_said said_of(const char *word)
{
    static const char *const paid[] = {"成功", "交易成功", "处理成功", "已入账"}, *const failed[] = {"失败", "交易失败",
                                                                                                     "处理失败", "退票",
                                                                                                     "已退汇"};

    for (size_t i = 0; i < ARRAY_LEN(paid); i++) {
        if (strcmp(word, paid[i]) == 0)
            return BANK_SAYS_PAID;
    }
    for (size_t i = 0; i < ARRAY_LEN(failed); i++) {
        if (strcmp(word, failed[i]) == 0)
            return BANK_SAYS_FAILED;
    }
    return BANK_SAYS_NOTHING;
}

/* The totals: how many stands behind the word, what they come to where amounts are. */
static bool are_totals(const struct csv_row *row, const int at[CELLS], int n, int64_t fen)
{
    int64_t said_n, said_fen;

    return number_read(cell(row, 1), &said_n) && said_n == n && yuan_read(cell(row, at[CELL_YUAN]), &said_fen) &&
           said_fen == fen;
}

static void read_answer(const struct csv_row *row, const int at[CELLS], struct bank_answer *ret)
{
    const char *number = cell(row, at[CELL_NUMBER]);

    *ret = (struct bank_answer){.line = row->line, .fen = -1, .said = said_of(cell(row, at[CELL_SAID]))};
    if (strlen(number) < sizeof(ret->number))
        memcpy(ret->number, number, strlen(number) + 1);
    if (!yuan_read(cell(row, at[CELL_YUAN]), &ret->fen))
        ret->fen = -1;
}

/* Of a text in UTF-8, which is changed. */
static int read_text(char *text, size_t len, struct bank_answer *ret)
{
    enum csv_result result;
    struct csv_row row;
    int at[CELLS] = {0}, n = 0;
    bool named = false;
    int64_t fen = 0;
    struct csv csv;

    csv_init(&csv, text, len, 1);
    while ((result = csv_next(&csv, &row)) != CSV_END) {
        if (result != CSV_ROW || (!named && row.line > BANK_HEADS))
            return -1;
        if (!named) {
            named = find_names(&row, at);
        } else if (strcmp(cell(&row, 0), "合计") == 0) {
            if (!are_totals(&row, at, n, fen))
                return -1;
        } else {
            if (n == BANK_LINES_MAX)
                return -1;
            read_answer(&row, at, &ret[n]);
            if (ret[n].fen > 0 && __builtin_add_overflow(fen, ret[n].fen, &fen))
                return -1;
            n++;
        }
    }
    return named ? n : -1;
}

static bool is_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    int32_t c = 1;

    while (*at && c > 0)
        c = utf8_next(&at);
    return c > 0;
}

int bank_read(const void *file, size_t len, struct bank_answer *ret)
{
    static char text[BANK_FILE_MAX + 1];
    size_t made = len;
    int n = -1;

    if (len >= BANK_FILE_MAX || memchr(file, '\0', len))
        return -1;
    memcpy(text, file, len);
    text[len] = '\0';
    if (!is_utf8(text))
        made = convert(of_gb, file, len, text, BANK_FILE_MAX);
    text[made] = '\0';
    if (made > 0)
        n = read_text(text, made, ret);
    mbedtls_platform_zeroize(text, sizeof(text));
    return n;
}
