/* follow.h: reading another service's journal, in order, each row once.
 *
 * A follower reads pages through the broker, after its cursor, when the bell
 * rings and otherwise every FOLLOW_TICK_MS, since a ring may be lost. In a flood, of rows that
 * it wants or of others', it lets some come together first: each question takes its
 * place among the calls of who is flooded. Who is patient and behind a journal that grows faster than it would be read
 * reads a page in FOLLOW_PAUSE_MS until it grows no more, or for FOLLOW_YIELD_MS: a rush lasts seconds, and what has to
 * know at once hurries.
 *
 * With a server of its own, rows are applied and the cursor advanced in one transaction,
 * so that an effect happens exactly once whatever dies in between; a loss of power may take both back, unless something
 * was told. It has FOLLOW_SLICE of them
 * at most, and while there is more than the page has, FOLLOW_SLICE_BEHIND. Rows that it does not want move the
 * cursor in memory, and in the store once in FOLLOW_TICK_MS: they are only looked at again. With the cursor goes the
 * hash of the row it stands at, by which a source that was restored or rewritten is refused,
 * loudly, instead of being followed with holes. Without a server (the gateway) the cursor is in
 * memory and starts `since` an instant; a journal that was replaced is then read anew. */
#pragma once
#include "common/rpc/rpc.h"

#define FOLLOW_TICK_MS      1000
#define FOLLOW_BEHIND_MS    10000 /* the end may be out of sight for so long */
#define FOLLOW_SLICE        64    /* rows applied in one transaction, */
#define FOLLOW_SLICE_BEHIND 500   /* and while it is behind */
#define FOLLOW_PASSED       4     /* rows of others, and nothing else, in a page: more of them are coming, */
#define FOLLOW_FLOOD        64    /* as when there are so many in all, */
#define FOLLOW_YIELD_MS     5000  /* a flood is left alone for so long */
#define FOLLOW_PAUSE_MS     200   /* so the bell is not heard for so long */

struct follower;

struct follow_options {
    struct uv_loop_s *loop;
    const char *bus_dir;
    const char *queue;         /* whose journal */
    struct rpc_client *client; /* of that queue */
    struct rpc_server *server; /* ours, or NULL for a cursor in memory */
    struct store *store;       /* the server's */
    int64_t since;             /* without a server: only rows from this instant on */
    const int32_t *kinds;      /* only these; none is all */
    unsigned n_kinds;
    bool patient; /* leaves a flood alone, at first */
    /* Applies one row; call is NULL without a server, else as for rpc_server_transact.
     * May end with rpc_refuse: then it is undone, and tried again later before any other. */
    void (*apply)(void *arg, void *call, const Rpc__JournalRow *row);
    void *arg;
};

/* NULL after logging why. */
struct follower *follower_open(const struct follow_options *options);
/* Whether all rows have been applied that the journal was known to have, some moments ago at
 * most. A journal that cannot be reached does not change this: nobody writes to it then. */
bool follower_is_current(const struct follower *follower);
/* Whether it has applied all that the journal held at some moment since an instant (clock_monotonic_ns). */
bool follower_heard_since(const struct follower *follower, int64_t since_ns);
/* Asks for the next page at once, whatever it waits for. */
void follower_hurry(struct follower *follower);
/* The row up to which it has applied all. */
int64_t follower_place(const struct follower *follower);
void follower_close(struct follower *follower);
/* Moves its cursor no further for so long from now; 0: goes on. */
void follower_pause(struct follower *follower, int64_t ms);
/* Prints a line "QUEUE SEQ HASH" for each cursor of a store whose row's hash is known. 0 or -1,
 * logged. */
int follow_print(struct store *store, FILE *out);
