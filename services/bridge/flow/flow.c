#include "services/bridge/flow/flow.h"

#include <stdlib.h>

#include "common/text/yuan.h"
#include "services/bridge/bill/bill_cells.h"
#include "services/bridge/stock/favor_say.h"

enum { COLUMN_STOCK, COLUMN_COUPON, COLUMN_YUAN, COLUMN_AT, COLUMNS };

static const char *const names[2][COLUMNS] = {
    {"批次ID", "优惠ID", "优惠金额", "消耗时间"},
    {"批次ID", "优惠ID", "优惠金额", "退款时间"},
};

static const char *read_line(struct flow *flow, const char *stock, bool back, const struct csv_row *row, const int *at)
{
    const char *number = bill_cell(row, at[COLUMN_COUPON]);
    struct flow_line *line;

    if (flow->n == flow->size) {
        unsigned size = flow->size ? 2 * flow->size : 1024;
        struct flow_line *lines = size <= 2 * FLOW_LINES_MAX ? reallocarray(flow->lines, size, sizeof(*lines)) : NULL;

        if (!lines)
            return "too long";
        flow->lines = lines;
        flow->size = size;
    }
    line = &flow->lines[flow->n];
    *line = (struct flow_line){.at = favor_time(bill_cell(row, at[COLUMN_AT]))};
    if (strcmp(bill_cell(row, at[COLUMN_STOCK]), stock) != 0)
        return "a line is of another stock";
    if (!wechat_word_ok(number, sizeof(line->number) - 1) || !line->at ||
        !yuan_read(bill_cell(row, at[COLUMN_YUAN]), &line->fen) || line->fen < 0)
        return "a line is none";
    snprintf(line->number, sizeof(line->number), "%s", number);
    line->fen = back ? -line->fen : line->fen;
    flow->n++;
    return NULL;
}

const char *flow_read(struct flow *flow, const char *stock, bool back, char *text, size_t len)
{
    enum csv_result result;
    const char *fault = NULL;
    bool named = false;
    int at[COLUMNS];
    struct csv_row row;
    struct csv csv;

    csv_init(&csv, text, len, 1);
    while (!fault && (result = csv_next(&csv, &row)) != CSV_END) {
        if (result != CSV_ROW)
            fault = "a line is none";
        else if (named)
            fault = read_line(flow, stock, back, &row, at);
        else if (!bill_find_names(&row, names[back], COLUMNS, at))
            fault = "names are missing";
        named = true;
    }
    return fault || named ? fault : "it is empty";
}

static int by_number(const void *a, const void *b)
{
    return strcmp(((const struct flow_line *)a)->number, ((const struct flow_line *)b)->number);
}

void flow_sort(struct flow *flow)
{
    if (flow->n)
        qsort(flow->lines, flow->n, sizeof(*flow->lines), by_number);
}

bool flow_find(const struct flow *flow, const char *number)
{
    struct flow_line key;

    snprintf(key.number, sizeof(key.number), "%s", number);
    return flow->n && bsearch(&key, flow->lines, flow->n, sizeof(*flow->lines), by_number);
}

void flow_done(struct flow *flow)
{
    free(flow->lines);
    *flow = (struct flow){0};
}

unsigned flow_sum(const struct flow *flow, unsigned first, int64_t face_fen, struct flow_sum *ret)
{
    const char *number = flow->lines[first].number;
    unsigned i = first;

    *ret = (struct flow_sum){0};
    for (; i < flow->n && strcmp(flow->lines[i].number, number) == 0; i++) {
        const struct flow_line *line = &flow->lines[i];
        bool back = line->fen < 0;
        int64_t *last = back ? &ret->back_at : &ret->used_at;

        *(back ? &ret->back_fen : &ret->used_fen) += back ? -line->fen : line->fen;
        (*(back ? &ret->backs : &ret->uses))++;
        if (line->at > *last)
            *last = line->at;
        if (!back && line->fen != face_fen) {
            ret->odd = true;
            ret->odd_fen = line->fen;
        }
    }
    return i;
}
