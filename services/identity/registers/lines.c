#include "services/identity/registers/lines.h"

void lines_init(struct lines *lines, FILE *file)
{
    lines->file = file;
    lines->at = lines->len = 0;
    lines->ended = false;
}

/* Moves what is left to the front and reads on behind it. */
static void fill(struct lines *lines)
{
    size_t got;

    memmove(lines->buffer, lines->buffer + lines->at, lines->len - lines->at);
    lines->len -= lines->at;
    lines->at = 0;
    got = fread(lines->buffer + lines->len, 1, sizeof(lines->buffer) - lines->len, lines->file);
    lines->len += got;
    lines->ended = got == 0;
}

/* Throws away the rest of a line that is too long. */
static void skip(struct lines *lines)
{
    for (;;) {
        char *end = memchr(lines->buffer + lines->at, '\n', lines->len - lines->at);

        if (end) {
            lines->at = (size_t)(end + 1 - lines->buffer);
            return;
        }
        lines->at = lines->len;
        if (lines->ended)
            return;
        fill(lines);
    }
}

const char *lines_next(struct lines *lines, size_t *ret_len)
{
    const char *line, *end;
    size_t len;

    for (;;) {
        line = lines->buffer + lines->at;
        len = lines->len - lines->at;
        end = memchr(line, '\n', len);
        if (end || len > LINES_MAX || lines->ended)
            break;
        fill(lines);
    }
    if (end)
        len = (size_t)(end + 1 - line);
    if (len == 0)
        return NULL;
    if (len > LINES_MAX) {
        skip(lines);
        len = 0;
    } else {
        lines->at += len;
    }
    *ret_len = len;
    return line;
}
