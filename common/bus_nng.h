/* bus_nng.h: what bus.c and bus_queue.c share; included by nothing else. */
#pragma once
#include <nng/nng.h>

/* Logs a failure; returns its code, 0 when there was none. */
int bus_failed(const char *what, const char *address, int code);
/* Sets every bound of a socket and listens or dials at ipc://dir/name. */
int bus_socket(nng_socket socket, const char *dir, const char *name, bool listen, int buffered);
void bus_check_peer(nng_pipe pipe, nng_pipe_ev event, void *arg);
