/* rpc_internal.h: what rpc_call.c, rpc_server.c and rpc_metrics.c share; included
 * by nothing else. */
#pragma once
#include "common/limits.h"
#include "common/rpc.h"

struct method {
    const struct api_method *api;
    ProtobufCService *service;
    uint64_t calls, refused, unavailable;
    struct method *next; /* of the same hash */
};

#define METHOD_HASH 256

struct undo {
    rpc_undo undo;
    void *self;
    int64_t a, b;
    struct undo *next;
};

struct rpc_call {
    struct rpc_server *server;
    const Rpc__Call *envelope;
    struct method *method;
    Rpc__Answer answer;
    Rpc__Fact *facts[4];
    bool done, keep, discard;
};

struct message {
    void *tag;
    struct rpc_call *calls;
    size_t n_calls;
    int reason; /* answers the whole message */
};

struct rpc_server {
    struct store *store;
    struct clock *clock;
    struct journal journal;
    unsigned sql;
    struct arena arena, undo_arena;
    struct method *methods[METHOD_HASH];
    /* The batch */
    int64_t now;
    struct message messages[LIMIT_BATCH_MESSAGES];
    unsigned n_messages;
    size_t n_calls;
    struct undo *undos;
    int64_t journal_seq;
    struct buf out;
    struct rpc_server_counts counts;
};

/* ---- rpc_call.c ---- */

/* Runs one call under the checks of its .proto, in a savepoint of its own. */
void rpc_call_run(struct rpc_call *call);
/* Undoes changes of memory back to a mark, in reverse order; NULL: all. */
void rpc_undo_until(struct rpc_server *server, const struct undo *mark);
/* Prepares the statements of stored answers: the first one's index, or -1. */
int rpc_call_prepare(struct store *store);
/* Deletes a slice of the answers that are past their time. */
void rpc_call_drop_answers(struct rpc_server *server);
unsigned rpc_hash_name(const char *name);
