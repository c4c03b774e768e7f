/* target.h: the request target and the authority it may name, RFC 9112, 3.2. */
#pragma once
#include "services/gateway/http/head.h"

struct authority {
    const char *host;
    size_t host_len;
    unsigned port; /* 0: none given */
};

/* uri-host [ ":" port ], RFC 3986, 3.2.2 and 3.2.3; an empty host is none. */
bool authority_read(const char *text, size_t len, struct authority *ret_authority);

/* Whether a text is a path with or without a query, of characters and escapes that a target may have. */
bool target_is_plain(const char *text, size_t len);
/* Finds path and query in the target at this place of the head's bytes, which may
 * be "*" for OPTIONS, a path, or an absolute URI for the same place as Host
 * (host->host is NULL when there is none). */
enum refusal target_read(struct head *head, size_t target, size_t len, const struct authority *host);
