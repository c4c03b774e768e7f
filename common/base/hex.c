#include "common/base/hex.h"

char *hex_write(const void *bytes, size_t len, char *ret)
{
    const unsigned char *from = bytes;

    for (size_t i = 0; i < len; i++) {
        *ret++ = HEX_DIGITS[from[i] >> 4];
        *ret++ = HEX_DIGITS[from[i] & 15];
    }
    return ret;
}

void hex_print(const void *bytes, size_t len, char *ret)
{
    *hex_write(bytes, len, ret) = '\0';
}

char *hex_text(const void *bytes, size_t len, struct arena *arena)
{
    char *text = arena_alloc(arena, HEX_SIZE(len));

    if (text)
        hex_print(bytes, len, text);
    return text;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_read(const char *text, size_t len, unsigned char *ret)
{
    for (size_t i = 0; i < len; i++) {
        int high = digit(text[2 * i]), low = high < 0 ? -1 : digit(text[2 * i + 1]);

        if (low < 0)
            return false;
        ret[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

int hex_byte(const char *two)
{
    char lower[2] = {two[0], two[1]};
    unsigned char byte;

    for (int i = 0; i < 2; i++) {
        if (lower[i] >= 'A' && lower[i] <= 'F')
            lower[i] = (char)(lower[i] - 'A' + 'a');
    }
    return hex_read(lower, 1, &byte) ? byte : -1;
}
