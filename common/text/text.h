/* text.h: what people typed, pasted or exported, brought to one form before it is judged.
 *
 * The same word reaches us in many forms that look alike: decomposed letters, radicals in
 * place of characters (from PDFs and scans), compatibility ideographs (from Korea and
 * Taiwan), the private characters that stood for rare ideographs before GB 18030-2022 gave
 * them code points, full-width letters and digits, a dozen middle dots, blanks of every
 * width, and marks that show as nothing (from WeChat and the web: U+200B, U+202D, U+FEFF).
 * Folding gives each of them one form, so that a name is found and two are told apart by
 * what a reader sees. What is refused after that is shown with its code point.
 *
 * NFC and the properties of characters are utf8proc's (Unicode 15); radicals are those of
 * Unicode's EquivalentUnifiedIdeograph, private characters those of GB 18030-2022, annex D. */
#pragma once

#define TEXT_MAX   2000 /* characters of a line, and of a run without a blank, a letter of ASCII or an ideograph */
#define TEXT_SHOWN 24   /* bytes of a character that is shown, with the NUL */

/* Folds: NFC; compatibility forms of letters and digits alone (the signs of the width of
 * ideographs, such as a Chinese comma, are no mistake); radicals and private characters
 * as above; a middle dot as U+00B7, a blank as U+0020; variation selectors, and what shows
 * as nothing or turns the direction, left out. Returns bytes, or -1: not UTF-8, a run of more
 * than TEXT_MAX characters, or not fitting into size. Folding twice is folding once. */
int text_fold(const char *text, char *ret, size_t size);
/* Whether a text, which is UTF-8, is folded by what it consists of, as most are; false tells nothing. */
bool text_is_plain(const char *text);
/* A folded line of visible text without blanks around it (utf8_line). Returns its
 * characters, or -1 with the character that is refused, 0 when it is no single one. */
int text_line(const char *text, char *ret_line, size_t size, int32_t *ret_bad);
/* A character and its code point, e.g. "ア U+30A2"; the code point alone when it does not show. */
const char *text_show(int32_t c, char ret[TEXT_SHOWN]);
/* Whether two folded texts are the same word: without regard to blanks and to the case of letters. */
bool text_same(const char *a, const char *b);
