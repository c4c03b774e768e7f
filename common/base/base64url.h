/* base64url.h: bytes as text that needs no escape anywhere (RFC 4648, section 5),
 * without padding. Every sequence of bytes has one spelling. */
#pragma once

#define BASE64URL_CHARS(len) (((len)*4 + 2) / 3)

/* Writes BASE64URL_CHARS(len) characters without a NUL and returns their number. */
size_t base64url_encode(const unsigned char *bytes, size_t len, char *ret);
/* Writes at most len * 3 / 4 bytes. Their number, or -1: another character, an
 * impossible length, or bits set that no byte holds. */
int base64url_decode(const char *text, size_t len, unsigned char *ret);
