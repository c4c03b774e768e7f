#include "common/base/bytes.h"
#include "common/pass/qr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/base/buf.h"

#include <qrencode.h>
#include <zlib.h>

#define QUIET 4
#define TEXT  "AQAHAAAAAAAAAAEAAAAAAAAAFAAAAAAAAAEsAAAA"

static bool module_at(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width && (code->data[y * code->width + x] & 1);
}

static QRcode *reference(const char *text)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);

    assert_non_null(code);
    return code;
}

static void the_svg_paints_each_dark_module_once(void **state)
{
    QRcode *code = reference(TEXT);
    char *seen = calloc((size_t)code->width, (size_t)code->width);
    struct buf buf;
    int x, y, run, again, dark = 0, painted = 0;

    (void)state;
    buf_init(&buf, 1 << 20);
    assert_true(qr_svg(TEXT, &buf));
    buf_char(&buf, '\0');
    for (const char *at = strstr(buf.bytes, "<path d=\"") + 9; *at == 'M'; at = strchr(at, 'z') + 1) {
        assert_int_equal(sscanf(at, "M%d %dh%dv1h-%dz", &x, &y, &run, &again), 4);
        assert_int_equal(run, again);
        for (; run-- > 0; x++, painted++) {
            assert_true(module_at(code, x - QUIET, y - QUIET));
            assert_int_equal(seen[(y - QUIET) * code->width + x - QUIET]++, 0);
        }
    }
    for (int i = 0; i < code->width * code->width; i++)
        dark += code->data[i] & 1;
    assert_int_equal(painted, dark);
    free(seen);
    QRcode_free(code);
    buf_done(&buf);
}

static size_t be32(const char *at)
{
    return get_be32((const unsigned char *)at);
}

/* A chunk's data, after its type and its sum have been checked. */
static const char *chunk(const struct buf *buf, size_t *at, const char *type, size_t *ret_len)
{
    const char *data = buf->bytes + *at + 8;

    *ret_len = be32(buf->bytes + *at);
    assert_memory_equal(data - 4, type, 4);
    assert_int_equal(be32(data + *ret_len), crc32(0, (const unsigned char *)data - 4, (uInt)(*ret_len + 4)));
    *at += 12 + *ret_len;
    return data;
}

static void the_png_has_the_modules_at_every_scale(void **state)
{
    QRcode *code = reference(TEXT);

    (void)state;
    for (unsigned scale = 1; scale <= QR_SCALE_MAX; scale += 7) {
        size_t side = (size_t)(code->width + 2 * QUIET) * scale, row_len = 1 + (side + 7) / 8, len, at = 8;
        uLongf rows_len = side * row_len;
        unsigned char *rows = malloc(rows_len);
        const char *data;
        struct buf buf;

        buf_init(&buf, 1 << 20);
        assert_true(qr_png(TEXT, scale, &buf));
        assert_memory_equal(buf.bytes, "\x89PNG\r\n\x1a\n", 8);
        data = chunk(&buf, &at, "IHDR", &len);
        assert_true(len == 13 && be32(data) == side && be32(data + 4) == side);
        assert_memory_equal(data + 8, "\1\0\0\0\0", 5);
        data = chunk(&buf, &at, "IDAT", &len);
        assert_int_equal(uncompress(rows, &rows_len, (const unsigned char *)data, len), Z_OK);
        assert_int_equal(rows_len, side * row_len);
        for (size_t y = 0; y < side; y++) {
            assert_int_equal(rows[y * row_len], 0);
            for (size_t x = 0; x < side; x++)
                assert_int_equal(!(rows[y * row_len + 1 + x / 8] & 0x80 >> x % 8),
                                 module_at(code, (int)(x / scale) - QUIET, (int)(y / scale) - QUIET));
        }
        chunk(&buf, &at, "IEND", &len);
        assert_true(len == 0 && at == buf.len);
        free(rows);
        buf_done(&buf);
    }
    QRcode_free(code);
}

static void what_cannot_be_drawn_is_refused(void **state)
{
    char text[QR_TEXT_MAX + 2];
    struct buf buf;

    (void)state;
    buf_init(&buf, 1 << 20);
    memset(text, 'x', sizeof(text));
    text[QR_TEXT_MAX + 1] = '\0';
    assert_false(qr_svg(text, &buf));
    assert_false(qr_svg("", &buf));
    assert_false(qr_png(TEXT, 0, &buf));
    assert_false(qr_png(TEXT, QR_SCALE_MAX + 1, &buf));
    text[QR_TEXT_MAX] = '\0';
    assert_true(qr_png(text, 4, &buf));
    buf_done(&buf);
    buf_init(&buf, 100);
    assert_false(qr_png(TEXT, 1, &buf));
    buf_clear(&buf);
    assert_false(qr_svg(TEXT, &buf));
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_svg_paints_each_dark_module_once),
        cmocka_unit_test(the_png_has_the_modules_at_every_scale),
        cmocka_unit_test(what_cannot_be_drawn_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
