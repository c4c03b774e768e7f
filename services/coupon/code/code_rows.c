/* code_rows.c: the lines of a table of codes. */
#include "common/text/text.h"
#include "services/coupon/code/codes.h"

enum { COLUMN_CODE, COLUMN_PIN, COLUMNS };

static const struct import_column columns[] = {
    [COLUMN_CODE] = {"券码", false,
                     "券码 兑换码 兑换券码 电子券码 电子码 激活码 优惠码 电影券码 观影码 卡号 CODE COUPONCODE "
                     "VOUCHERCODE",
                     "编码 代码 号码 券号 VOUCHER NUMBER NO"},
    [COLUMN_PIN] = {"密码", true, "密码 卡密 券密 提取码 验证码 兑换密码 PIN PASSWORD", "校验码 SECRET"},
};

/* 4.4E+17, or a number of more digits than a spreadsheet keeps (15) whose last ones are zeros. */
static bool is_rounded(const char *text)
{
    size_t digits = strspn(text, "0123456789"), zeros = 0;

    if (!text[digits]) {
        while (zeros < digits && text[digits - 1 - zeros] == '0')
            zeros++;
        return digits > 15 && zeros >= digits - 15;
    }
    return digits == 1 && text[digits] == '.' && strstr(text, "E+") != NULL;
}

static const struct import_kind *kind_of(int kind)
{
    static const struct import_kind codes = {columns, COLUMNS, -1, is_rounded};

    (void)kind;
    return &codes;
}

static const char *column_name(const char *field)
{
    return strcmp(field, "pin") == 0 ? "密码" : strcmp(field, "code") == 0 ? "券码" : field;
}

bool code_text(const char *text, int least, char ret[CODE_SIZE])
{
    int32_t bad;
    int chars = text_line(text, ret, CODE_SIZE, &bad);

    return chars >= least && chars <= CODE_MAX;
}

struct page {
    struct coupon *self;
    void *call;
    const struct import_run *run;
    struct release *release;
    Imports__ImportReport *report;
    unsigned allowed; /* that may still be taken over */
    bool failed;
};

/* How many codes more may come, of so many: each costs. */
static unsigned allowed_of(struct coupon *self, const struct release *release, unsigned n, void *call)
{
    unsigned most = n, least = 0;

    if (!codes_more_refusal(self, release, n, call))
        return n;
    while (least + 1 < most) {
        unsigned mid = least + (most - least) / 2;

        *(codes_more_refusal(self, release, mid, call) ? &most : &least) = mid;
    }
    return least;
}

static int row_refusal(struct page *page, const struct csv_row *row, char code[CODE_SIZE], char pin[CODE_SIZE],
                       const char **ret_field)
{
    struct partner_code known;

    *ret_field = "code";
    if (row->n_fields != COLUMNS || !code_text(row->fields[COLUMN_CODE], CODE_LEAST, code))
        return COUPON__REASON__CODE_INVALID;
    if (strstr(code, "E+") && is_rounded(code))
        return COUPON__REASON__CODE_ROUNDED;
    switch (named_note(page->run->named, code, "")) {
    case NAMED_NEW:
        break;
    case NAMED_FULL:
        return RPC__REASON__OVERLOADED;
    default:
        return COUPON__REASON__CODE_TWICE;
    }
    if (code_known(page->self, code, &known))
        return COUPON__REASON__CODE_KNOWN;
    *ret_field = "pin";
    return *row->fields[COLUMN_PIN] && !code_text(row->fields[COLUMN_PIN], 1, pin) ? COUPON__REASON__CODE_INVALID : 0;
}

static void take_row(struct page *page, const struct csv_row *row)
{
    char code[CODE_SIZE] = "", pin[CODE_SIZE] = "";
    const char *field = "";
    int reason = page->release ? row_refusal(page, row, code, pin, &field) : (int)COUPON__REASON__ENDED;

    if (!reason && page->allowed == 0)
        reason = COUPON__REASON__CODE_NOT_PAID;
    if (!reason && !page->run->check_file && !code_add(page->self, page->release->id, code, pin, page->call))
        reason = COUPON__REASON__CODE_KNOWN;
    page->allowed -= !reason;
    if (reason)
        page->failed |= !import_report_problem(page->report, row->line, reason, field, 0, rpc_arena(page->call));
    import_report_row(page->report, row->line,
                      reason ? IMPORTS__IMPORT_OUTCOME__OUTCOME_REFUSED : IMPORTS__IMPORT_OUTCOME__OUTCOME_ADDED);
    explicit_bzero(code, sizeof(code));
    explicit_bzero(pin, sizeof(pin));
}

static Imports__ImportReport *rows(void *arg, const struct import_run *run, void *call)
{
    struct coupon *self = arg;
    struct release *release = release_find(self, run->import->detail);
    struct page page = {.self = self, .call = call, .run = run};

    page.release = release && release->state != COUPON__STATE__CLOSED ? release : NULL;
    page.report = arena_message(rpc_arena(call), &imports__import_report__descriptor);
    if (!page.report || !import_report_init(page.report, run->n, rpc_arena(call)))
        return NULL;
    /* Of the whole file it is asked when it is confirmed. */
    page.allowed = page.release && !run->check_file ? allowed_of(self, page.release, run->n, call) : run->n;
    for (unsigned i = 0; i < run->n; i++)
        take_row(&page, &run->rows[i]);
    if (page.release && !run->check_file && page.report->loaded)
        page.failed |= codes_imported(self, page.release, run->import->id, page.report->loaded, call) != 0;
    return page.failed ? NULL : page.report;
}

static void note(struct named *named, int kind, const struct csv_row *row, int today)
{
    char code[CODE_SIZE];

    (void)kind;
    (void)today;
    if (row->n_fields == COLUMNS && code_text(row->fields[COLUMN_CODE], CODE_LEAST, code))
        named_note(named, code, "");
}

const struct imports_service codes_tables = {
    .kind = kind_of,
    .rows = rows,
    .note = note,
    .column_name = column_name,
    .reasons = &coupon__reason__descriptor,
};
