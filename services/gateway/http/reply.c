#include "services/gateway/http/reply.h"

#include "common/base/http_phrase.h"
#include "common/base/limits.h"

#define HSTS "Strict-Transport-Security: max-age=31536000\r\n"

bool reply_take_memory(struct http_shared *shared, size_t size)
{
    if (size > LIMIT_HTTP_MEMORY || shared->memory > LIMIT_HTTP_MEMORY - size)
        return false;
    shared->memory += size;
    return true;
}

static const char *status_line(int status)
{
    switch (status) {
#define LINE(number, phrase)                                                                                           \
    case number:                                                                                                       \
        return "HTTP/1.1 " #number " " phrase "\r\n";
        HTTP_PHRASES(LINE)
#undef LINE
    default:
        return NULL;
    }
}

void reply_free(struct http_shared *shared, struct http_out *out)
{
    if (out->bytes) {
        shared->memory -= out->size;
        if (out->size == HTTP_BLOCK)
            pool_give(&shared->blocks, out->bytes);
        else
            free(out->bytes);
    }
    *out = (struct http_out){0};
}

char *reply_room(struct http *http, size_t len)
{
    struct http_shared *shared = http->shared;
    struct http_out old = http->out;
    size_t size = HTTP_BLOCK;
    char *memory;

    if (len <= old.size - old.len)
        return old.bytes + old.len;
    while (size < old.len + len)
        size *= 2;
    if (!reply_take_memory(shared, size))
        return NULL;
    memory = size == HTTP_BLOCK ? pool_take(&shared->blocks) : malloc(size);
    if (!memory) {
        shared->memory -= size;
        return NULL;
    }
    http->out.bytes = memory;
    http->out.size = size;
    if (old.len)
        memcpy(memory, old.bytes, old.len);
    reply_free(shared, &old);
    return memory + http->out.len;
}

static char *put(char *to, const char *text, size_t len)
{
    memcpy(to, text, len);
    return to + len;
}

static char *put_number(char *to, size_t number)
{
    char digits[20];
    size_t i = sizeof(digits);

    do {
        digits[--i] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put(to, digits + i, sizeof(digits) - i);
}

bool reply_compose(struct http *http, const struct reply *answer)
{
    const struct http_shared *shared = http->shared;
    const char *line = status_line(answer->status);
    size_t headers_len = strlen(answer->headers);
    size_t copied = answer->without_body || answer->is_static ? 0 : answer->len;
    char *start, *to;

    ensure(line);
    start = reply_room(http, 256 + headers_len + copied);
    if (!start)
        return false;
    to = put(start, line, strlen(line));
    to = put(to, shared->date, strlen(shared->date));
    to = put(to, answer->headers, headers_len);
    if (answer->status != 204 && answer->status != 304) {
        to = put(to, "Content-Length: ", 16);
        to = put_number(to, answer->len);
        to = put(to, "\r\n", 2);
    }
    if (http->secure)
        to = put(to, HSTS, sizeof(HSTS) - 1);
    if (answer->last)
        to = put(to, "Connection: close\r\n", 19);
    else if (answer->say_keep_alive)
        to = put(to, "Connection: keep-alive\r\n", 24);
    to = put(to, "\r\n", 2);
    if (copied)
        to = put(to, answer->body, copied);
    http->out.len += (size_t)(to - start);
    if (answer->is_static && !answer->without_body && answer->len > 0) {
        http->out.tail = answer->body;
        http->out.tail_len = answer->len;
    }
    return true;
}
