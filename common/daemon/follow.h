/* follow.h: reading another service's journal, in order, each row once.
 *
 * A follower reads pages through the broker, after its cursor, when the bell
 * rings and otherwise every FOLLOW_TICK_MS, since a ring may be lost; while what is told is
 * of no kind that it wants, it lets some of it come together first. With a
 * server of its own, rows are applied and the cursor advanced in one transaction,
 * FOLLOW_SLICE of them at most in a turn of the loop,
 * so that an effect happens exactly once whatever dies in between; with the cursor goes the
 * hash of the row it stands at, by which a source that was restored or rewritten is refused,
 * loudly, instead of being followed with holes. Without one (the gateway) the cursor is in
 * memory and starts `since` an instant; a journal that was replaced is then read anew. */
#pragma once
#include "common/rpc/rpc.h"

#define FOLLOW_TICK_MS   1000
#define FOLLOW_BEHIND_MS 10000 /* the end may be out of sight for so long */
#define FOLLOW_SLICE     64    /* rows applied in one transaction */
#define FOLLOW_PASSED    16    /* rows of others, and nothing else, in a page: more of them are coming, */
#define FOLLOW_PAUSE_MS  50    /* so the bell is not heard for so long */

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
/* The row up to which it has applied all. */
int64_t follower_place(const struct follower *follower);
void follower_close(struct follower *follower);
/* Moves its cursor no further for so long from now; 0: goes on. */
void follower_pause(struct follower *follower, int64_t ms);
/* Prints a line "QUEUE SEQ HASH" for each cursor of a store whose row's hash is known. 0 or -1,
 * logged. */
int follow_print(struct store *store, FILE *out);
