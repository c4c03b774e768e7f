/* gateway.h: hg-gateway, the edge between HTTP clients and the bus.
 *
 * Owns connections, the check of session tokens, rates and static files; keeps no
 * business state and no store. Layers, each knowing only the one below:
 *
 *   app*.c                  operations: route, JSON, token, call, answer; counts
 *   queues.c                the broker's queues, and which a call goes to
 *   files.c, limiter.c,     static files; rates; sessions that have ended before
 *   revoked.c               their tokens
 *   http.c, http_in.c       one connection's requests and answers, without sockets
 *   head.c, chunk.c         the strict reading of heads and bodies
 *   proxies.c, address.c    whom a request comes from
 *   guests.c                how much of a worker an address may have
 *   server.c, conn.c        sockets, threads, time limits;  tls.c  TLS by mbedtls
 *
 * N worker threads, each with a loop, a listening socket, and clients of every
 * queue of its own; the main thread only waits for signals. SIGHUP reads the
 * certificate again; SIGTERM finishes the requests in flight.
 *
 * What a crowd meets. The head of a request decides what it can: whether there is such
 * an operation, whether the token is good, the rate, the type and the length; who is refused
 * then is answered before a body is read. A rate is one member's, or one address' without a
 * good token (of IPv6 a /64), in one table of all workers; pages, files and what leads
 * nowhere count as well. Memory for bodies and for answers is shared out by address, and
 * so are places when they run out (guests.h, conn.h). What finds no room is answered 503
 * with Retry-After, before anything is done; of what was done, OUTCOME_UNKNOWN is said when the
 * answer has no room, and who asks again with her key gets that.
 *
 * A token is taken only while identity's journal has been read to its end, so that a
 * session that was revoked is known: until then its bearer is answered 503. Ready
 * (/readyz) is who has the broker, identity and that; every other queue is listed there and
 * stops its own operations alone when it is down.
 *
 * What a taken gateway can do. Whoever has its process has the key of members' tokens and
 * the sockets of the edge, and sees what passes. Services take what comes by those sockets
 * for a member's at most:
 *   - It can name any member, at any level and of any union, trade, age and name, and so
 *     call every operation of `who` SESSION and VERIFIED for her: claim, enter lots, book,
 *     move and give up places, show her passes, ask to join, transfer or leave, give and
 *     withdraw consents, as from a device on which she is known. It can also name members
 *     that there are not, and let them claim and enter.
 *     What asks for her session is no bar: numbers of sessions pass through it.
 *   - It can do what asks for a code, a password or her ID only while she types one in:
 *     sign in, step up in identity, bind a WeChat, export, close, change the number, merge,
 *     enrol as an official.
 *   - It reads and erases reports of those alone who step up through it, and what services
 *     keep of them, for as long as that counts: that too is believed by identity's seal.
 *   - It is no official. Grants are believed by identity's seal alone (common/trust/seal.h),
 *     until the time that is sealed with them: it can misuse those of an official who works
 *     through it, OFFICIAL_TOKEN_MS at a time, and no others. What takes two people takes
 *     two whom it has seen.
 *   - It is no daemon. What is INTERNAL is refused, of the journals it reads the rows that
 *     say whose session was revoked, and signed heads (`who` EDGE). As its own user it opens
 *     no socket inside, no store, and no key but that of tokens (bus.h, deploy/folders).
 *   - It cannot make a service misread: requests are held to every limit of their fields as
 *     JSON is, and callers to what a session can be (json_judge, token_can_carry).
 *   - It can keep a service busy: up to LIMIT_BROKER_EDGE messages at once, each with seals to
 *     verify; those inside have the rest.
 *
 * /metrics is served by HUIGONG_LISTEN_METRICS alone, never to the public. */
#pragma once
#include "common/api/openapi.h"
#include "common/daemon/service.h"

int gateway_start(struct service *service);
int gateway_serve(struct service *service);
void gateway_stop(struct service *service);
int gateway_probe(const struct service *service);

/* What it answers itself, of no service and to anybody: ended by a path of NULL. */
extern const struct openapi_own gateway_own[];
/* The command --openapi: the document that /v1/openapi.json serves, to standard output. */
int gateway_print_openapi(const struct service *service, int argc, char **argv);
