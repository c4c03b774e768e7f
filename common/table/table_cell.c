/* table_cell.c: what stands in a cell of a workbook, as its text. */
#include "common/table/table_internal.h"

void table_cell_unescape(char *text, size_t *len)
{
    size_t out = 0;

    for (size_t in = 0; in < *len;) {
        const char *at = text + in;
        bool escaped = *len - in >= 7 && at[0] == '_' && at[1] == 'x' && at[6] == '_' &&
                       strspn(at + 2, "0123456789abcdefABCDEF") == 4 && at[2] == '0' && at[3] == '0' &&
                       (at[4] == '0' || at[4] == '1');

        text[out++] = escaped ? ' ' : *at;
        in += escaped ? 7 : 1;
    }
    *len = out;
}

void table_cell_write_out(char *text, size_t *len)
{
    char digits[40], *at = text, *end;
    size_t n = 0, point = 0;
    bool seen_point = false;
    long exponent = 0;

    text[*len] = '\0';
    for (; *at && *at != 'E' && *at != 'e'; at++) {
        if (*at == '.' && !seen_point)
            seen_point = true;
        else if (*at >= '0' && *at <= '9' && n < 30)
            digits[n++] = *at;
        else
            return;
        point += !seen_point;
    }
    if (*at)
        exponent = strtol(at + 1, &end, 10);
    if ((*at && (*end || end == at + 1)) || n == 0 || exponent < -30 || exponent > 30)
        return;
    exponent += (long)point;
    while (n > 1 && (long)n > exponent && digits[n - 1] == '0')
        n--;
    if (exponent < (long)n || exponent > 30)
        return;
    while ((long)n < exponent)
        digits[n++] = '0';
    memcpy(text, digits, n);
    *len = n;
}
