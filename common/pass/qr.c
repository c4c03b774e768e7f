#include "common/pass/qr.h"

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/bytes.h"

#include <qrencode.h>
#include <zlib.h>

#define QUIET   4     /* modules around the code */
#define SVG_MAX 65536 /* bytes of one */

static QRcode *encode(const char *text)
{
    size_t len = strnlen(text, QR_TEXT_MAX + 1);

    if (len == 0 || len > QR_TEXT_MAX)
        return NULL;
    return QRcode_encodeData((int)len, (const unsigned char *)text, 0, QR_ECLEVEL_M);
}

static bool dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width && (code->data[y * code->width + x] & 1);
}

bool qr_svg(const char *text, struct buf *buf)
{
    QRcode *code = encode(text);
    int size;

    if (!code)
        return false;
    size = code->width + 2 * QUIET;
    buf_printf(buf,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
               "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
               size, size, size, size);
    for (int y = 0; y < code->width; y++) {
        for (int x = 0, run; x < code->width; x += run) {
            run = 1;
            if (!dark(code, x, y))
                continue;
            while (dark(code, x + run, y))
                run++;
            buf_printf(buf, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
        }
    }
    buf_str(buf, "\"/></svg>");
    QRcode_free(code);
    return !buf->failed;
}

char *qr_svg_text(const char *text, struct arena *arena)
{
    struct buf buf;
    char *svg = NULL;

    buf_init(&buf, SVG_MAX);
    if (qr_svg(text, &buf))
        svg = arena_strndup(arena, buf.bytes, buf.len);
    buf_done(&buf);
    return svg;
}

/* ---- PNG ---- */

static void add_chunk(struct buf *buf, const char type[4], const unsigned char *data, size_t len)
{
    unsigned char word[4];
    uLong sum = crc32(crc32(0, NULL, 0), (const unsigned char *)type, 4);

    if (len)
        sum = crc32(sum, data, (uInt)len);
    put_be32(word, (uint32_t)len);
    buf_add(buf, word, 4);
    buf_add(buf, type, 4);
    buf_add(buf, data, len);
    put_be32(word, (uint32_t)sum);
    buf_add(buf, word, 4);
}

/* Rows of one filter byte (none) and a bit for each pixel, 1 white. */
static void draw_rows(const QRcode *code, unsigned scale, size_t row_len, unsigned char *rows)
{
    size_t side = (size_t)(code->width + 2 * QUIET) * scale;

    for (size_t y = 0; y < side; y++) {
        unsigned char *row = rows + y * row_len;

        memset(row, 0, row_len);
        for (size_t x = 0; x < side; x++) {
            if (!dark(code, (int)(x / scale) - QUIET, (int)(y / scale) - QUIET))
                row[1 + x / 8] |= (unsigned char)(0x80 >> x % 8);
        }
    }
}

static void write_png(const QRcode *code, unsigned scale, struct buf *buf)
{
    static const unsigned char magic[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    size_t side = (size_t)(code->width + 2 * QUIET) * scale, row_len = 1 + (side + 7) / 8;
    unsigned char head[13] = {[8] = 1}; /* bits a pixel, greyscale, deflate, no interlace */
    unsigned char *rows = malloc(side * row_len);
    uLongf packed_len = compressBound(side * row_len);
    unsigned char *packed = malloc(packed_len);

    if (rows && packed) {
        draw_rows(code, scale, row_len, rows);
        ensure(compress2(packed, &packed_len, rows, side * row_len, Z_BEST_SPEED) == Z_OK);
        put_be32(head, (uint32_t)side);
        put_be32(head + 4, (uint32_t)side);
        buf_add(buf, magic, sizeof(magic));
        add_chunk(buf, "IHDR", head, sizeof(head));
        add_chunk(buf, "IDAT", packed, packed_len);
        add_chunk(buf, "IEND", NULL, 0);
    } else {
        buf->failed = true;
    }
    free(packed);
    free(rows);
}

bool qr_png(const char *text, unsigned scale, struct buf *buf)
{
    QRcode *code = scale > 0 && scale <= QR_SCALE_MAX ? encode(text) : NULL;

    if (!code)
        return false;
    write_png(code, scale, buf);
    QRcode_free(code);
    return !buf->failed;
}
