#include "services/bridge/bill/bill.h"

#include <stdlib.h>

#include "common/text/yuan.h"
#include "services/bridge/bill/bill_cells.h"

/* What is read of a line, and of the totals, by the names above them. */
enum { COLUMN_WHAT, COLUMN_WAY, COLUMN_YUAN, COLUMN_LEFT, COLUMN_VOUCHER, COLUMNS };
enum { TOTAL_N, TOTAL_IN_N, TOTAL_IN, TOTAL_OUT_N, TOTAL_OUT, TOTALS };

static const char *const columns[COLUMNS] = {"业务名称", "收支类型", "收支金额（元）", "账户结余（元）", "业务凭证号"};
static const char *const totals[TOTALS] = {"资金流水总笔数", "收入笔数", "收入金额", "支出笔数", "支出金额"};
static const char transfer_name[] = "商家转账";

struct reading {
    struct bill *bill;
    unsigned size, n_in;
    int at[COLUMNS];
};

static struct bill_line *new_line(struct reading *reading)
{
    struct bill *bill = reading->bill;

    if (bill->n == reading->size) {
        unsigned size = reading->size ? 2 * reading->size : 1024;
        struct bill_line *lines = size <= 2 * BILL_LINES_MAX ? reallocarray(bill->lines, size, sizeof(*lines)) : NULL;

        if (!lines)
            return NULL;
        bill->lines = lines;
        reading->size = size;
    }
    return &bill->lines[bill->n++];
}

static const char *read_line(struct reading *reading, const struct csv_row *row)
{
    const char *what = bill_cell(row, reading->at[COLUMN_WHAT]), *way = bill_cell(row, reading->at[COLUMN_WAY]),
               *voucher = bill_cell(row, reading->at[COLUMN_VOUCHER]);
    bool in = strcmp(way, "收入") == 0;
    struct bill *bill = reading->bill;
    struct bill_line *line = new_line(reading);
    int64_t fen, *sum = in ? &bill->in_fen : &bill->out_fen;

    if (!line)
        return "too long";
    *line = (struct bill_line){.transfer = strncmp(what, transfer_name, sizeof(transfer_name) - 1) == 0};
    if ((!in && strcmp(way, "支出") != 0) || !yuan_read(bill_cell(row, reading->at[COLUMN_YUAN]), &fen) || fen < 0 ||
        !yuan_read(bill_cell(row, reading->at[COLUMN_LEFT]), &bill->end_fen) || __builtin_add_overflow(*sum, fen, sum))
        return "a line is none";
    line->fen = in ? -fen : fen;
    reading->n_in += in;
    if (strlen(voucher) < sizeof(line->number))
        snprintf(line->number, sizeof(line->number), "%s", voucher);
    return NULL;
}

/* A number of lines: "3", or "3.0". */
static bool is_count(const char *text, unsigned n)
{
    int64_t hundredths;

    return yuan_read(text, &hundredths) && hundredths == 100 * (int64_t)n;
}

static bool is_sum(const char *text, int64_t fen)
{
    int64_t sum;

    return yuan_read(text, &sum) && sum == fen;
}

static const char *check_totals(const struct reading *reading, const struct csv_row *row, const int at[TOTALS])
{
    const struct bill *bill = reading->bill;

    return is_count(bill_cell(row, at[TOTAL_N]), bill->n) && is_count(bill_cell(row, at[TOTAL_IN_N]), reading->n_in) &&
                   is_count(bill_cell(row, at[TOTAL_OUT_N]), bill->n - reading->n_in) &&
                   is_sum(bill_cell(row, at[TOTAL_IN]), bill->in_fen) && is_sum(bill_cell(row, at[TOTAL_OUT]), bill->out_fen)
               ? NULL
               : "totals differ from lines";
}

const char *bill_read(char *text, size_t len, struct bill *ret)
{
    struct reading reading = {.bill = ret};
    const char *fault = NULL;
    enum { NAMES, LINES, TOTALS_LINE, END } next = NAMES;
    enum csv_result result;
    struct csv_row row;
    int at[TOTALS] = {0};
    struct csv csv;

    *ret = (struct bill){0};
    csv_init(&csv, text, len, 1);
    while (!fault && (result = csv_next(&csv, &row)) != CSV_END) {
        if (result != CSV_ROW || next == END) {
            fault = "a line is none";
        } else if (next == NAMES) {
            fault = bill_find_names(&row, columns, COLUMNS, reading.at) ? NULL : "names are missing";
            next = LINES;
        } else if (next == LINES && strcmp(bill_cell(&row, 0), totals[0]) == 0) {
            fault = bill_find_names(&row, totals, TOTALS, at) ? NULL : "names are missing";
            next = TOTALS_LINE;
        } else if (next == LINES) {
            fault = read_line(&reading, &row);
        } else {
            fault = check_totals(&reading, &row, at);
            next = END;
        }
    }
    return fault || next == END ? fault : "it ends early";
}

void bill_done(struct bill *bill)
{
    free(bill->lines);
    *bill = (struct bill){0};
}
