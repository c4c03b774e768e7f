/* utf8.h: text that people wrote, character by character. */
#pragma once

/* The character at *at, which moves behind it; -1 for what is no UTF-8 (overlong
 * forms and surrogates are none), and *at stays. 0 at the end. */
int32_t utf8_next(const unsigned char **at);
/* Writes a character that utf8_next gives (at most 4 bytes) and a NUL; returns
 * where the NUL is. */
char *utf8_put(char *at, int32_t c);
enum utf8_look { UTF8_PLAIN, UTF8_LINE_END, UTF8_HIDDEN };
/* What a reader would not see in a text, which is UTF-8 of len bytes: line ends, or else controls
 * and characters that show as nothing or turn the direction. With `lines` the ends of lines
 * (\n, \r\n) and tabs are plain. The first fault decides; it is ret_bad, or 0 when all is plain. */
enum utf8_look utf8_look(const char *text, size_t len, bool lines, int32_t *ret_bad);
/* A line of visible text, such as a title or a company's name, without blanks
 * around it. Returns its characters, or -1: not UTF-8, not fitting into size, or
 * containing line breaks, controls, private characters, or characters that show
 * as nothing or turn the direction, by which one name could pass as another. */
int utf8_line(const char *text, char *ret_line, size_t size);
/* The same; with -1 the character that is refused, 0 when it is no single one. */
int utf8_line_or(const char *text, char *ret_line, size_t size, int32_t *ret_bad);
/* Whether a character stands in no line of visible text: controls, private characters, and
 * what shows as nothing or turns the direction. Published draws are read by this rule
 * (common/draw/draw_file.h), so that it stays as it is. */
bool utf8_is_hidden(int32_t c);
