/* lines.h: the lines of a file of any size, through a buffer of fixed size. */
#pragma once

#define LINES_BUFFER 131072
#define LINES_MAX    32768 /* bytes of a line with its line feed; longer ones are cut out */

struct lines {
    FILE *file;
    char buffer[LINES_BUFFER];
    size_t at, len;
    bool ended;
};

/* Reads from where the file stands. The file stays the caller's. */
void lines_init(struct lines *lines, FILE *file);
/* The next line with its line feed (the last one may have none), in the buffer
 * until the next call; NULL at the end or when reading fails (see ferror). A line
 * longer than LINES_MAX comes as one of length 0. */
const char *lines_next(struct lines *lines, size_t *ret_len);
