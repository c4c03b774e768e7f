/* qr.h: QR codes (ISO/IEC 18004) of short texts, as pictures.
 *
 * Drawn by libqrencode at error correction level M, byte mode, with the quiet zone
 * of 4 modules that the standard asks for. */
#pragma once

struct arena;
struct buf;

#define QR_TEXT_MAX  512
#define QR_SCALE_MAX 32 /* pixels of a module */

/* Appends an SVG document of one path; its size is left to the page. False when the
 * text is empty or longer than QR_TEXT_MAX, or without memory. */
bool qr_svg(const char *text, struct buf *buf);
/* The same as a text in an arena, or NULL. */
char *qr_svg_text(const char *text, struct arena *arena);
/* Appends a PNG (ISO/IEC 15948) of 1 bit a pixel; scale 1..QR_SCALE_MAX. */
bool qr_png(const char *text, unsigned scale, struct buf *buf);
