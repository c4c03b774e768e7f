#include "common/benefit/imports/lines.h"

#include <errno.h>
#include <unistd.h>

void lines_init(struct lines *lines, int fd)
{
    lines->fd = fd;
    lines->at = lines->len = 0;
}

/* Moves what is left to the front and reads on behind it. */
static enum lines_result fill(struct lines *lines)
{
    ssize_t n;

    memmove(lines->buffer, lines->buffer + lines->at, lines->len - lines->at);
    lines->len -= lines->at;
    lines->at = 0;
    if (lines->len == sizeof(lines->buffer))
        return LINES_END; /* no line is so long */
    do
        n = read(lines->fd, lines->buffer + lines->len, sizeof(lines->buffer) - lines->len);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return LINES_WAIT;
    if (n <= 0)
        return LINES_END;
    lines->len += (size_t)n;
    return LINES_LINE;
}

enum lines_result lines_next(struct lines *lines, char **ret_line)
{
    size_t seen = lines->at;
    enum lines_result result;
    char *end;

    while (!(end = memchr(lines->buffer + seen, '\n', lines->len - seen))) {
        seen = lines->len - lines->at;
        result = fill(lines);
        if (result != LINES_LINE)
            return result;
    }
    *end = '\0';
    *ret_line = lines->buffer + lines->at;
    lines->at = (size_t)(end + 1 - lines->buffer);
    return LINES_LINE;
}
