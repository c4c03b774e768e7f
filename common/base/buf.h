/* buf.h: bytes that are appended to, with a maximum set when it is made.
 *
 * Past the maximum, or without memory, the buffer is marked failed and ignores
 * what follows, so a writer checks once at the end. */
#pragma once

struct buf {
    char *bytes;
    size_t len, size, max;
    bool failed;
};

/* An empty buffer that takes at most max bytes, and none yet. */
void buf_init(struct buf *buf, size_t max);
/* Empties it and keeps its memory, but for a large one, which is seldom needed again. */
void buf_clear(struct buf *buf);
void buf_done(struct buf *buf);

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_str(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_int(struct buf *buf, int64_t value);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for len more bytes at the end, to be filled and then added with
 * buf->len += n; NULL when there is none. */
char *buf_room(struct buf *buf, size_t len);
