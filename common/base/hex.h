/* hex.h: bytes as two digits each, in lower case, so that they have one spelling. */
#pragma once
#include "common/base/arena.h"

#define HEX_DIGITS    "0123456789abcdef"
#define HEX_SIZE(len) (2 * (len) + 1) /* characters of len bytes, with a NUL */

/* Writes 2 * len digits without a NUL and returns where they end. */
char *hex_write(const void *bytes, size_t len, char *ret);
/* The same with a NUL; ret has HEX_SIZE(len) characters. */
void hex_print(const void *bytes, size_t len, char *ret);
/* Into the arena, or NULL. */
char *hex_text(const void *bytes, size_t len, struct arena *arena);
/* Reads 2 * len digits as len bytes; false when one is none or in upper case. */
bool hex_read(const char *text, size_t len, unsigned char *ret);
/* The byte of two digits in either case, as keys and URLs have them; -1: one is no digit. */
int hex_byte(const char *two);
