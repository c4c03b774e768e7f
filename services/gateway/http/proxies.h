/* proxies.h: whom a request comes from when it has come through proxies of ours.
 *
 * Only the proxies of HUIGONG_TRUSTED_PROXIES are believed what they say of the client:
 * in X-Forwarded-For, or, in a request without that, in Forwarded (RFC 7239). Each of
 * them adds whom it was asked by at the right end; the client is the last one there that
 * is no proxy of ours. What stands left of it may be anybody's invention, and is not
 * read. A proxy that adds to one of the two fields must take the client's own X-Forwarded-For
 * away. */
#pragma once
#include "services/gateway/http/address.h"
#include "services/gateway/http/head.h"

#define PROXIES_MAX 32

struct proxies {
    struct address_block blocks[PROXIES_MAX];
    unsigned n;
};

/* Blocks separated by commas, such as "10.0.0.0/8, fd00::/8"; "" is none. False when it is
 * something else. */
bool proxies_read(const char *text, struct proxies *ret);
bool proxies_trusts(const struct proxies *proxies, const struct address *address);
/* The client of a request that came in from peer, by its head. */
struct address proxies_client(const struct proxies *proxies, const struct head *head, const struct address *peer);
