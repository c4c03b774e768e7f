#include "common/base/buf.h"

#include <stdarg.h>

#define FIRST_SIZE 512
#define KEPT_SIZE  ((size_t)256 << 10) /* of a buffer that is used again */

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_clear(struct buf *buf)
{
    if (buf->size > KEPT_SIZE)
        buf_done(buf);
    buf->len = 0;
    buf->failed = false;
}

void buf_done(struct buf *buf)
{
    free(buf->bytes);
    *buf = (struct buf){.max = buf->max};
}

char *buf_room(struct buf *buf, size_t len)
{
    size_t size = buf->size ? buf->size : FIRST_SIZE;
    char *bytes;

    if (buf->failed || len > buf->max - buf->len) {
        buf->failed = true;
        return NULL;
    }
    if (buf->bytes && len <= buf->size - buf->len)
        return buf->bytes + buf->len;
    while (size - buf->len < len)
        size *= 2;
    if (size > buf->max && buf->max > 0)
        size = buf->max;
    bytes = realloc(buf->bytes, size);
    if (!bytes) {
        buf->failed = true;
        return NULL;
    }
    buf->bytes = bytes;
    buf->size = size;
    return bytes + buf->len;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    char *room = buf_room(buf, len);

    if (room && len) {
        memcpy(room, bytes, len);
        buf->len += len;
    }
}

void buf_str(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_int(struct buf *buf, int64_t value)
{
    char digits[20], *p = digits + sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        buf_char(buf, '-');
    buf_add(buf, p, (size_t)(digits + sizeof(digits) - p));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    char *room;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    room = len < 0 ? NULL : buf_room(buf, (size_t)len + 1);
    if (!room)
        return;
    va_start(args, format);
    vsnprintf(room, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
}
