/* lines.h: the lines that come out of a pipe, through a buffer of fixed size. */
#pragma once
#include "common/table/table.h"

#define LINES_BUFFER 131072
_Static_assert(LINES_BUFFER > TABLE_LINE_MAX, "a line fits");

enum lines_result {
    LINES_LINE,
    LINES_WAIT, /* of a pipe that does not block: there is no whole line yet */
    LINES_END,  /* of the pipe, or of what can be read of it; a last line without its end does not come */
};

struct lines {
    int fd;
    size_t at, len;
    char buffer[LINES_BUFFER];
};

/* The pipe stays the caller's. */
void lines_init(struct lines *lines, int fd);
/* The next line without its line feed, in the buffer until the next call. */
enum lines_result lines_next(struct lines *lines, char **ret_line);
