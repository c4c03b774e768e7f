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

/* Of a call that asks for a page. */
struct rpc_paging {
    struct rpc_page page;
    char place[LIMIT_PAGE_PLACE + 1], last_place[LIMIT_PAGE_PLACE + 1];
    size_t taken;
    bool more;    /* rows follow the last one, */
    int64_t last; /* whose key this and last_place are */
};

struct making;

struct rpc_call {
    struct rpc_server *server;
    const Rpc__Call *envelope;
    const Rpc__Principal *principal; /* who calls, as the service knows her */
    struct method *method;
    Rpc__Answer answer;
    Rpc__Fact *facts[4];
    struct rpc_paging *paging; /* of a list in pages, else NULL */
    bool done, keep, discard, deferred;
    bool changed;            /* a row, by the time it was replied to */
    bool asks;               /* waits for a function: it will be run again */
    bool resend;             /* its answer finds no room: undone, to be sent once more */
    bool edge;               /* came from there */
    bool gateway;            /* and speaks for the gateway itself */
    struct making *making;   /* what was made for it; NULL before it has asked */
    struct message *message; /* NULL: work of the daemon's own */
    size_t answer_len;       /* packed */
    size_t room_taken;       /* of its message's, besides a word */
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

/* What a function has made. */
struct made {
    rpc_function function;
    unsigned char same[32]; /* the SHA-256 of what makes questions the same */
    size_t len;
    unsigned char out[RPC_MAKE_OUT];
};

struct rpc_job {
    _Alignas(16) unsigned char room[RPC_JOB_ROOM];
    struct making *making;
    rpc_function function;
    unsigned char *in;
    size_t in_len;
    struct made *ret;
};

/* A call that waits for functions, from the first time it asks until it is answered. */
struct making {
    struct rpc_server *server;
    struct rpc_later *later;
    struct arena call_arena, in_arena; /* the packed call; what the job is given */
    ProtobufCBinaryData call;
    struct rpc_job job;
    struct made kept[RPC_MAKE_KEPT];
    unsigned n_made;     /* ever; the latest are kept */
    struct making *next; /* idle, or ready to be run again */
};

struct message {
    void *tag;
    struct rpc_call *calls;
    size_t n_calls;
    size_t own_room, *room; /* for answers, besides a word for each call; another's, of a call run again */
    int reason;             /* answers the whole message */
    struct held *held;      /* NULL when every call has been answered */
    struct making *again;   /* the one call of this message is run again; NULL: it came by the bus */
};

struct rpc_server {
    struct store *store;
    struct clock *clock;
    rpc_seen seen; /* NULL: nobody is told */
    void *seen_arg;
    rpc_map map; /* NULL: members are known by their ids */
    void *map_self;
    rpc_head sign; /* the journal's head; NULL: nobody does */
    void *sign_arg;
    rpc_last last; /* writes; NULL: nothing is left to be written */
    void *last_arg;
    rpc_vouched vouched; /* NULL: nobody's grants are, at the edge */
    void *vouched_arg;
    struct journal journal;
    unsigned sql;
    struct arena arena, undo_arena;               /* of the batch */
    struct arena call_arena;                      /* of the call that runs */
    struct method *methods[METHOD_HASH], *latest; /* NULL: none was found yet */
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
    /* What takes long */
    rpc_beside beside; /* NULL: functions are run at once */
    void *beside_arg;
    struct making makings[RPC_MAX_MADE], *idle_making, *ready, **ready_tail;
};

/* ---- rpc_call.c ---- */

/* Runs one call under the checks of its .proto, in a savepoint of its own. */
void rpc_call_run(struct rpc_call *call);
/* Undoes changes of memory back to a mark, in reverse order; NULL: all. */
void rpc_undo_until(struct rpc_server *server, const struct undo *mark);
unsigned rpc_hash_name(const char *name);

/* ---- rpc_stored.c ---- */

#define RPC_KEY_LEN         32 /* of Call.idempotency_key */
#define RPC_KEY_KNOWN       16 /* of these the store keeps the first */
#define RPC_FINGERPRINT_LEN 32 /* the SHA-256 of an input */

/* Prepares the statements: the first one's index, or -1. */
int rpc_stored_prepare(struct store *store);
/* Keeps the answer to a call with a key, in the call's own savepoint. */
void rpc_stored_keep(struct rpc_call *call, const unsigned char fingerprint[RPC_FINGERPRINT_LEN]);
/* Whether the call's key has been used: then it is answered, as it was or with a refusal. */
bool rpc_stored_find(struct rpc_call *call, const unsigned char fingerprint[RPC_FINGERPRINT_LEN]);
/* Deletes a slice of the answers that are past their time. */
void rpc_stored_drop(struct rpc_server *server);

/* ---- rpc_page.c ---- */

/* Of an operation that has pages: reads which is asked for, or refuses. */
void rpc_page_begin(struct rpc_call *call, const ProtobufCMessage *input);
/* Of such a call: the field next_page_token, to be put behind a packed answer: how many bytes, 0 on the last page. */
#define RPC_PAGE_END (3 + LIMIT_PAGE_TOKEN)
size_t rpc_page_end(const struct rpc_call *call, unsigned char ret[RPC_PAGE_END]);

/* ---- rpc_room.c ---- */

/* A message's calls are about to be run. */
void rpc_room_begin(struct message *message);
/* Whether an answer of that length would find room. */
bool rpc_room_has(const struct rpc_call *call, size_t len);
/* Whether the call may be run; otherwise it is answered `resend`. */
bool rpc_room_to_run(struct rpc_call *call);
/* The answer stands. Where it finds no room, `resend` is in its place, and what the call
 * did is to be undone. */
void rpc_room_settle(struct rpc_call *call);
/* The answer will be another. */
void rpc_room_give_back(struct rpc_call *call);
/* The room of an answer that comes later: false when it finds none. */
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
/* The answer to one that was held, and the message's, when it was the last. has_room: it has
 * taken its room already. */
void rpc_later_settle(struct rpc_later *later, const Rpc__Answer *answer, bool has_room);
/* Where it finds room. */
size_t *rpc_later_room(struct rpc_later *later);

/* ---- rpc_make.c ---- */

void rpc_make_init(struct rpc_server *server);
void rpc_make_done(struct rpc_server *server);
/* Behind the batch: hands its function over, or answers that there is no room, or that the store
 * failed. */
void rpc_make_begin(struct rpc_call *call);
/* The call has been answered. */
void rpc_make_end(struct making *making, const Rpc__Answer *answer, bool has_room);
