/* A published draw or a receipt (the first line tells which), in two pieces.
 *
 * Holds: what is refused has a reason and a line, and what is right as one piece is
 * right in two. */
#include "common/draw/draw_file.h"
#include "tests/fuzz/fuzz.h"

static bool read_pieces(const char *bytes, size_t len, size_t split, bool receipt)
{
    static struct draw_reader reader;
    bool right;

    ensure(draw_reader_init(&reader, receipt));
    right = draw_reader_feed(&reader, bytes, split) && draw_reader_feed(&reader, bytes + split, len - split);
    right = draw_reader_end(&reader) && right;
    ensure(right == (*reader.problem == '\0') && (right || reader.line <= len + 1));
    draw_reader_done(&reader);
    return right;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    bool receipt = size > 9 && memcmp(data, "hg-draw-r", 9) == 0;

    ensure(read_pieces(bytes, size, size, receipt) == read_pieces(bytes, size, size / 2, receipt));
    return 0;
}
