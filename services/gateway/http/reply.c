#include "services/gateway/http/reply.h"

#include "common/api/http_phrase.h"
#include "common/base/limits.h"

#define HSTS "Strict-Transport-Security: max-age=31536000\r\n"

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
    if (out->charge > 0)
        guests_uncharge(&shared->guests, out->guest, GUEST_ANSWERS, out->charge);
    guests_give(&shared->guests, out->guest);
    if (out->bytes && out->size == HTTP_BLOCK)
        pool_give(&shared->blocks, out->bytes);
    else
        free(out->bytes);
    *out = (struct http_out){0};
}

/* How much to take for so many bytes, of which some are there: what a pipeline adds to grows by doubling. */
static size_t size_for(size_t len, size_t old)
{
    size_t size = (len + HTTP_BLOCK - 1) / HTTP_BLOCK * HTTP_BLOCK;

    return old > 0 && old <= 16 * HTTP_BLOCK && size < 2 * old ? 2 * old : size;
}

char *reply_room(struct http *http, struct guest *guest, size_t len, bool must)
{
    struct http_shared *shared = http->shared;
    struct http_out old = http->out, new = old;
    bool is_block, charged;

    if (len <= old.size - old.len)
        return old.bytes + old.len;
    new.size = size_for(old.len + len, old.size);
    is_block = new.size == HTTP_BLOCK;
    charged = !is_block && guest && guests_charge(&shared->guests, guest, GUEST_ANSWERS, new.size);
    if (!is_block && !charged && !must)
        return NULL;
    new.bytes = is_block ? pool_take(&shared->blocks) : malloc(new.size);
    if (!new.bytes) {
        guests_uncharge(&shared->guests, guest, GUEST_ANSWERS, charged ? new.size : 0);
        return NULL;
    }
    if (charged) {
        new.guest = guests_share(guest);
        new.charge = new.size;
    } else { /* what was charged stays so */
        old.guest = NULL;
        old.charge = 0;
    }
    if (old.len > 0)
        memcpy(new.bytes, old.bytes, old.len);
    reply_free(shared, &old);
    http->out = new;
    return new.bytes + new.len;
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

bool reply_compose(struct http *http, struct guest *guest, const struct reply *answer, bool must)
{
    const struct http_shared *shared = http->shared;
    const char *line = status_line(answer->status);
    size_t headers_len = strlen(answer->headers);
    size_t copied = answer->without_body || answer->is_static ? 0 : answer->len;
    char *start, *to;

    ensure(line);
    start = reply_room(http, guest, 256 + headers_len + copied, must);
    if (!start)
        return false;
    to = put(start, line, strlen(line));
    to = put(to, shared->date, strlen(shared->date));
    to = put(to, answer->headers, headers_len);
    if (answer->is_chunked) {
        to = put(to, "Transfer-Encoding: chunked\r\n", 28);
    } else if (!answer->is_stream && answer->status != 204 && answer->status != 304) {
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
