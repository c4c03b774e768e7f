/* rpc_internal.h: what rpc_call.c, rpc_later.c, rpc_server.c and rpc_metrics.c share; included
 * by nothing else. */
#pragma once
#include "common/base/limits.h"
#include "common/rpc/rpc.h"

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
    const Rpc__Principal *principal; /* who calls, as the service knows her */
    struct method *method;
    Rpc__Answer answer;
    Rpc__Fact *facts[4];
    bool done, keep, discard, deferred;
    bool changed;            /* a row, by the time it was replied to */
    bool again;              /* its answer finds no room: undone, to be sent once more */
    struct message *message; /* NULL: work of the daemon's own */
    size_t answer_len;       /* packed */
    int64_t *seen;           /* the members whom its answer shows */
    size_t n_seen;
};

/* Of a message's size, for each call whose answer is not known yet: what says that it is to
 * be sent again, or refuses it in a word. */
#define ROOM_OF_A_WORD 16
/* With less than this a call is not run at all. */
#define ROOM_TO_RUN 256

/* A message some of whose answers are still to come: those that are there, packed. */
struct held {
    struct rpc_server *server;
    struct arena arena;
    void *tag;
    ProtobufCBinaryData *answers;
    size_t n_calls, n_waiting;
    size_t room;       /* as its message's */
    struct held *next; /* idle */
};

struct rpc_later {
    struct held *held;
    struct method *method;
    size_t index;           /* of the call in its message */
    struct rpc_later *next; /* idle */
};

struct message {
    void *tag;
    struct rpc_call *calls;
    size_t n_calls;
    size_t room;       /* for answers, besides a word for each call */
    int reason;        /* answers the whole message */
    struct held *held; /* NULL when every call has been answered */
};

struct rpc_server {
    struct store *store;
    struct clock *clock;
    rpc_seen seen; /* NULL: nobody is told */
    void *seen_arg;
    rpc_map map; /* NULL: members are known by their ids */
    void *map_self;
    struct journal journal;
    unsigned sql;
    struct arena arena, undo_arena; /* of the batch */
    struct arena call_arena;        /* of the call that runs */
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
    /* Answers that come later */
    struct held helds[LIMIT_BROKER_IN_FLIGHT], *idle_held;
    struct rpc_later laters[RPC_MAX_LATER], *idle_later;
    uint8_t words[2][ROOM_OF_A_WORD];
    ProtobufCBinaryData unknown, overloaded; /* packed answers that say just that */
    unsigned n_deferred;
    rpc_send send; /* where they go */
    void *send_arg;
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

/* ---- rpc_room.c ---- */

/* A message's calls are about to be run, or run again. */
void rpc_room_begin(struct message *message);
/* Whether an answer of that length would find room. */
bool rpc_room_has(const struct rpc_call *call, size_t len);
/* Whether the call may be run; otherwise it is answered `again`. */
bool rpc_room_to_run(struct rpc_call *call);
/* The answer stands. Where it finds no room, `again` is in its place, and what the call
 * did is to be undone. */
void rpc_room_settle(struct rpc_call *call);
/* The same for an answer that comes later: false when it finds none. */
bool rpc_room_take(size_t *room, size_t len);

/* ---- rpc_server.c ---- */

/* Appends one packed Answer of that length to a packed AnswerBatch: room for its
 * bytes, to be added with out->len, or NULL. */
char *rpc_answer_room(struct buf *out, size_t len);
void rpc_count(struct method *method, int reason);
void rpc_send_reason(int reason, rpc_send send, void *arg, void *tag);

/* ---- rpc_later.c ---- */

void rpc_later_init(struct rpc_server *server);
void rpc_later_done(struct rpc_server *server);
/* Keeps the answers that a message has already, until the others have come. */
void rpc_later_hold(struct rpc_server *server, const struct message *message, rpc_send send, void *arg);
