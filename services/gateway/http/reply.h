/* reply.h: answers as bytes, the memory they gather in, and what else http*.c share. Private to
 * them. */
#pragma once
#include "services/gateway/http/http.h"

struct reply {
    int status;
    const char *headers;
    const char *body;
    size_t len;
    bool without_body, is_static;
    bool is_stream, is_chunked; /* the body follows, of no known length */
    bool last, say_keep_alive;
};

/* Room for len more bytes behind http->out. More than a block is charged to guest, who may lack the room for
 * it: then NULL, or when it must be, uncharged. NULL also without memory at all. */
char *reply_room(struct http *http, struct guest *guest, size_t len, bool must);
/* Gives the memory of an output back. */
void reply_free(struct http_shared *shared, struct http_out *out);

/* Puts an answer behind http->out; false when there is no room. */
bool reply_compose(struct http *http, struct guest *guest, const struct reply *reply, bool must);

/* Without memory even for an answer, the last is one that needs none. */
void http_last_words(struct http *http);
void http_request_free(struct http_request *request);
void http_free_ahead(struct http *http);

static inline bool http_is_sending(const struct http *http)
{
    return http->sending.bytes || http->sending.tail;
}
