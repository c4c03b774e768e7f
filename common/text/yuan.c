#include "common/text/yuan.h"

#define AMOUNT_MAX 20 /* characters of an amount before its point */

bool number_read(const char *text, int64_t *ret)
{
    size_t len = strspn(text, "0123456789");

    *ret = 0;
    for (size_t i = 0; i < len; i++) {
        if (__builtin_mul_overflow(*ret, 10, ret) || __builtin_add_overflow(*ret, text[i] - '0', ret))
            return false;
    }
    return len > 0 && text[len] == '\0';
}

bool yuan_read(const char *text, int64_t *ret_fen)
{
    bool below = *text == '-';
    size_t whole = strspn(text + below, "0123456789"), cents = 0;
    const char *point = text + below + whole;
    char fen[AMOUNT_MAX + 3];

    if (*point == '.')
        cents = strspn(point + 1, "0123456789");
    if (whole == 0 || whole > AMOUNT_MAX || cents > 2 || (*point == '.' && cents == 0) ||
        point[*point == '.' ? 1 + cents : 0] != '\0')
        return false;
    snprintf(fen, sizeof(fen), "%.*s%.*s%.*s", (int)whole, text + below, (int)cents, point + 1, (int)(2 - cents), "00");
    if (!number_read(fen, ret_fen))
        return false;
    *ret_fen = below ? -*ret_fen : *ret_fen;
    return true;
}
