/* reply.h: answers as bytes, and the memory they gather in. Private to http.c. */
#pragma once
#include "services/gateway/http/http.h"

struct reply {
    int status;
    const char *headers;
    const char *body;
    size_t len;
    bool without_body, is_static;
    bool last, say_keep_alive;
};

/* Counts size bytes against LIMIT_HTTP_MEMORY; false when they would pass it. Given
 * back by subtracting from shared->memory. */
bool reply_take_memory(struct http_shared *shared, size_t size);

/* Room for len more bytes behind http->out, or NULL. */
char *reply_room(struct http *http, size_t len);
/* Gives the memory of an output back. */
void reply_free(struct http_shared *shared, struct http_out *out);

/* Puts an answer behind http->out; false when there is no memory. */
bool reply_compose(struct http *http, const struct reply *reply);
