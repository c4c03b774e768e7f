/* bus_nng.h: what the files of the bus share; included by nothing else.
 *
 * nng 1.5.2 can lose its one thread that tells of the end of connections. When sending
 * on a connection fails between its reading of a message's length and its reading of
 * the message, it stops the reading without ending it, and that thread waits for the
 * reading to end, for ever. From then on the process is told of no connection's end, and
 * nng_close does not return. So nothing here relies on being told alone. The broker lets
 * a new server take the place of one that is silent; a dialer sees a new broker
 * by its socket's file. Whoever serves many that come and go watches whether the news
 * still come (bus_news). */
#pragma once
#include <nng/nng.h>
#include <stdatomic.h>

/* Logs a failure; returns its code, 0 when there was none. */
int bus_failed(const char *what, const char *address, int code);
/* Sets every bound of a socket, and refuses peers of users who have no business there (bus.h). */
void bus_socket_bounds(nng_socket socket, int buffered);
void bus_check_peer(nng_pipe pipe, nng_pipe_ev event, void *arg);

/* ---- an address of the broker ----
 *
 * The listener of nng 1.5.2 has the fault of its dialer (below): when a peer goes
 * before it has been greeted (EPIPE, NNG_ECLOSED), it may take that for its own end.
 * Then it greets whoever connects, who believes to be connected, but takes nothing
 * from anybody any more. It counts such failures, most of which do no harm, and says no
 * more. So after one, somebody knocks; when that is not accepted for some time,
 * the address is closed, with what came through it, and listened at anew: peers dial
 * again by themselves. */
struct bus_listening {
    nng_socket socket; /* the caller's; outlives the rest */
    nng_listener listener;
    char address[128];
    uint64_t failed, accepted; /* connections, when it was last knocked at */
    int knocked;               /* the socket of who knocked; -1: nobody */
    unsigned waited;           /* tendings since */
};

/* Sets a socket's bounds and listens at ipc://dir/name. 0 or nng's code, logged. */
int bus_listen(struct bus_listening *listening, nng_socket socket, const char *dir, const char *name, int buffered);
/* To be called now and then by one thread, with nng's statistics as of then. */
void bus_listen_tend(struct bus_listening *listening, nng_stat *all);

/* ---- a connection to the broker ----
 *
 * nng makes a lost connection again by itself, but for one case: when the other
 * end dies while the two greet each other, the dialer of nng 1.5.2 takes the
 * broken pipe (EPIPE, NNG_ECLOSED) for its own end and never dials again. So a
 * dialer that has had no connection for a second is replaced by a new one. And when another
 * socket has been made in the place of the one that was called, the connection has ended,
 * told or not. */
struct bus_dial {
    nng_socket socket; /* the caller's; outlives the rest */
    nng_dialer dialer;
    char address[128];
    int64_t alone_ns; /* since when tended in vain; 0: connected */
    /* Written by nng's threads. */
    _Atomic uint32_t pipe; /* id of the connection; 0: none */
    _Atomic uint64_t file; /* of the socket that it goes to */
    atomic_uint losses;
};

/* Dials ipc://dir/name with dial->socket. 0 or nng's code, logged. The broker need
 * not be there yet. */
int bus_dial_open(struct bus_dial *dial, const char *dir, const char *name, int buffered);
/* To be called now and then by one thread. */
void bus_dial_tend(struct bus_dial *dial);
/* Whether there is a connection; ret_losses counts those that went away. */
bool bus_dial_connected(struct bus_dial *dial, unsigned *ret_losses);
/* Whether bus_leave_open was called. */
bool bus_is_left(void);
/* The broker's half of the bell, as bus_listen_tend. */
struct bus_bell;
void bus_bell_tend(struct bus_bell *bell, nng_stat *all);
