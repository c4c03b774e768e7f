#include "services/gateway/http/reply.h"

#include "common/base/limits.h"

#define HSTS "Strict-Transport-Security: max-age=31536000\r\n"

bool reply_take_memory(struct http_shared *shared, size_t size)
{
    if (size > LIMIT_HTTP_MEMORY || shared->memory > LIMIT_HTTP_MEMORY - size)
        return false;
    shared->memory += size;
    return true;
}

struct status {
    int status;
    const char *line;
};

static const char *status_line(int status)
{
    static const struct status lines[] = {
        {200, "HTTP/1.1 200 OK\r\n"},
        {201, "HTTP/1.1 201 Created\r\n"},
        {204, "HTTP/1.1 204 No Content\r\n"},
        {304, "HTTP/1.1 304 Not Modified\r\n"},
        {400, "HTTP/1.1 400 Bad Request\r\n"},
        {401, "HTTP/1.1 401 Unauthorized\r\n"},
        {403, "HTTP/1.1 403 Forbidden\r\n"},
        {404, "HTTP/1.1 404 Not Found\r\n"},
        {405, "HTTP/1.1 405 Method Not Allowed\r\n"},
        {406, "HTTP/1.1 406 Not Acceptable\r\n"},
        {408, "HTTP/1.1 408 Request Timeout\r\n"},
        {409, "HTTP/1.1 409 Conflict\r\n"},
        {410, "HTTP/1.1 410 Gone\r\n"},
        {413, "HTTP/1.1 413 Content Too Large\r\n"},
        {414, "HTTP/1.1 414 URI Too Long\r\n"},
        {415, "HTTP/1.1 415 Unsupported Media Type\r\n"},
        {417, "HTTP/1.1 417 Expectation Failed\r\n"},
        {422, "HTTP/1.1 422 Unprocessable Content\r\n"},
        {429, "HTTP/1.1 429 Too Many Requests\r\n"},
        {431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
        {499, "HTTP/1.1 499 Client Closed Request\r\n"},
        {500, "HTTP/1.1 500 Internal Server Error\r\n"},
        {501, "HTTP/1.1 501 Not Implemented\r\n"},
        {503, "HTTP/1.1 503 Service Unavailable\r\n"},
        {504, "HTTP/1.1 504 Gateway Timeout\r\n"},
    };

    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        if (lines[i].status == status)
            return lines[i].line;
    }
    return NULL;
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
    char other[40], *start, *to;

    if (!line) {
        snprintf(other, sizeof(other), "HTTP/1.1 %03u \r\n", (unsigned)answer->status % 1000);
        line = other;
    }
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
