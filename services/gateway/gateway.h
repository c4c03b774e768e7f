/* gateway.h: hg-gateway, the edge between HTTP clients and the bus.
 *
 * Owns connections, the check of session tokens, rates and static files; keeps no
 * business state and no store. Layers, each knowing only the one below:
 *
 *   app*.c               operations: route, JSON, token, call, answer; counts
 *   files.c, limiter.c   static files; rates
 *   http.c               one connection's requests and answers, without sockets
 *   head.c, chunk.c      the strict reading of heads and bodies
 *   server.c, conn.c     sockets, threads, time limits;  tls.c  TLS by mbedtls
 *
 * N worker threads, each with a loop, a listening socket, and clients of every
 * queue of its own; the main thread only waits for signals. SIGHUP reads the
 * certificate again; SIGTERM finishes the requests in flight. */
#pragma once
#include "common/daemon/service.h"

int gateway_start(struct service *service);
int gateway_serve(struct service *service);
void gateway_stop(struct service *service);
int gateway_probe(const struct service *service);
