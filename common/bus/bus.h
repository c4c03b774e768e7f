/* bus.h: messages between daemons, on libuv.
 *
 * Every queue has two addresses at the broker, ipc://DIR/NAME.calls for its
 * clients and ipc://DIR/NAME.server/calls for its server. Both ends are raw nng
 * sockets (REQ and REP): a message carries the client's request number in its
 * header, nothing is resent behind our back, and the loop is woken by a file
 * descriptor. The bell is a third pair, ring and bell: "the journal of NAME has
 * grown". Sockets reconnect by themselves.
 *
 * Callers are of two classes. Those inside (daemons, command lines) call in DIR itself; the
 * edge, which the outside world reaches, calls in DIR/edge, a folder and sockets of its own.
 * The broker writes the class by which a message came into its header, so a server knows
 * it whatever the message says.
 *
 * Only the broker makes sockets. Where every daemon has a user of its own, the folders say
 * who may come: DIR, DIR/edge and each DIR/NAME.server belong to the broker and are setgid, of the
 * group of those inside, of the gateway's and of NAME's alone, so that no daemon can serve in
 * another's stead (deploy/folders makes them; whoever adds a partition makes its own likewise). Sockets are open to
 * that group, and the kernel refuses all others. A folder without setgid is one user's: peers of another are refused,
 * as is a broker who is not the owner of the folder.
 *
 * This is the only module that includes nng: another broker goes in here. The
 * broker's own half is at the end. */
#pragma once
#include <uv.h>

#define BUS_TEND_MS 1000

#define BUS_EDGE   "edge"    /* the folder of the edge's sockets, in the bus' */
#define BUS_SERVER ".server" /* ends the name of the folder of a server's socket, there too */

enum bus_class { BUS_FROM_INSIDE, BUS_FROM_EDGE, BUS_CLASSES };

struct bus_message; /* one received message, owned by whoever holds it */

const void *bus_message_bytes(const struct bus_message *message, size_t *ret_len);
/* By which sockets of the broker it came; as a server has it. */
enum bus_class bus_message_class(const struct bus_message *message);
void bus_message_free(struct bus_message *message);

/* The process is about to end: from now on the closing functions leave their
 * sockets, and what nng still refers to, to the kernel. nng 1.5.2 can wait for ever
 * in nng_close (its issue 1543), and a stop must not. */
void bus_leave_open(void);

/* ---- a server: takes a queue's calls ---- */

struct bus_server;

struct bus_server_events {
    /* A message has arrived; the server owns it until it answers or frees it. False
     * when no more should come before on_drained. */
    bool (*on_message)(void *arg, struct bus_message *message);
    /* No more for now: time to commit and answer. */
    void (*on_drained)(void *arg);
};

/* Serves queue through the broker in dir. NULL after logging why. */
struct bus_server *bus_server_open(uv_loop_t *loop, const char *dir, const char *queue,
                                   const struct bus_server_events *events, void *arg);
/* Turns message into its answer and sends it. A client that has gone, or whose
 * queue is full, never sees it: its call ends by its deadline. */
void bus_server_answer(struct bus_server *server, struct bus_message *message, const void *bytes, size_t len);
/* Takes no more messages; answers may still be sent. */
void bus_server_stop(struct bus_server *server);
void bus_server_close(struct bus_server *server);

/* ---- a client: calls a queue ---- */

struct bus_client;

/* An answer to the request of that number; bytes are valid during the call. */
typedef void (*bus_answer)(void *arg, uint32_t request, const void *bytes, size_t len);

struct bus_client *bus_client_open(uv_loop_t *loop, const char *dir, const char *queue, bus_answer on_answer,
                                   void *arg);
/* Sends one message under a number of 31 bits. False when it cannot be queued. */
bool bus_client_send(struct bus_client *client, uint32_t request, const void *bytes, size_t len);
/* Whether the broker is there; ret_losses counts the times it went away. */
bool bus_client_connected(struct bus_client *client, unsigned *ret_losses);
void bus_client_close(struct bus_client *client);

/* ---- the bell ---- */

struct bus_ringer;
struct bus_ringer *bus_ringer_open(const char *dir);
/* Tells the followers of queue; a lost ring is made good by their timer. */
void bus_ringer_ring(struct bus_ringer *ringer, const char *queue);
void bus_ringer_close(struct bus_ringer *ringer);

struct bus_listener;
typedef void (*bus_rung)(void *arg);
/* Calls on_ring when queue's bell is rung. */
struct bus_listener *bus_listener_open(uv_loop_t *loop, const char *dir, const char *queue, bus_rung on_ring,
                                       void *arg);
void bus_listener_close(struct bus_listener *listener);

/* ---- the broker's half ---- */

/* Makes the folders of a queue's sockets where they are missing, for one user: before the
 * sandbox, which forbids it. 0, or -1 after logging why. */
int bus_make_folders(const char *dir, const char *queue);

struct bus_queue;

struct bus_queue_counts {
    bool served;    /* a server is connected */
    unsigned depth; /* messages handed to it and not answered yet */
    unsigned clients;
    uint64_t forwarded, refused_unserved, refused_full;
    uint64_t turned_away; /* servers that came while there was one */
};

/* The answers that the broker gives by itself: for want of a server or of room, and to
 * what a server had taken before it went. */
struct bus_refusals {
    const void *unserved, *full, *lost;
    size_t unserved_len, full_len, lost_len;
    int64_t patience_ms; /* a message that is not answered by then has left its place to others */
};

/* Listens on the addresses of a queue, for both classes, and forwards on nng's threads. refusals
 * must stay valid until close. */
struct bus_queue *bus_queue_open(const char *dir, const char *queue, const struct bus_refusals *refusals);
void bus_queue_counts(struct bus_queue *queue, struct bus_queue_counts *ret);
void bus_queue_close(struct bus_queue *queue);

struct bus_bell;
struct bus_bell *bus_bell_open(const char *dir);
void bus_bell_close(struct bus_bell *bell);

/* Whether nng still tells of the end of connections, which it may stop to do (bus_nng.h): then
 * each that ends keeps its descriptor, until there is none left. */
struct bus_news;
struct bus_news *bus_news_open(void);
/* To be called now and then. False when an end has not been told of for so long. */
bool bus_news_come(struct bus_news *news, int64_t patience_ms);
void bus_news_close(struct bus_news *news);

/* To be called every BUS_TEND_MS or so by one thread: mends what nng does not. */
void bus_tend(struct bus_queue *const *queues, unsigned n, struct bus_bell *bell);
