/* rpc.h: calls, in batches.
 *
 * Server side: a service is a set of protobuf-c services over a store. Messages
 * of calls are added to a batch; each call is run at once, under the checks of
 * its .proto (who may call, idempotency), and the batch ends with one commit,
 * after which the answers go out. When the commit fails, the calls that wrote
 * are answered with the reason, everything they changed in memory is undone in
 * reverse order, and the reads are run again on the store as it is.
 * An answer that finds no room beside its neighbours in their message is not given:
 * its call is undone, and the client sends it once more. One that would not fit a
 * message of its own is ANSWER_TOO_LARGE. So what is said not to be done is not.
 *
 * Client side: calls to one queue gather until they are flushed as one message;
 * at most `window` messages are outstanding, each with a deadline. Reads whose answer
 * is lost with the connection are asked once more.
 *
 * One thread; nothing here waits. */
#pragma once
#include "common/api/api.h"
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/store/journal.h"
#include "common/store/store.h"

/* ---- what a handler sees ---- */

struct rpc_call; /* the closure data of a protobuf-c handler */

/* Who calls; never NULL: member_id 0 when nobody has signed in. */
const Rpc__Principal *rpc_principal(void *call);
/* From where she asks, as the gateway says; never NULL: all empty when a daemon asks. */
const Rpc__Client *rpc_client_of(void *call);
/* Milliseconds since 1970 at which this batch began. */
int64_t rpc_now(void *call);
/* Whether the call came from the edge. */
bool rpc_from_edge(void *call);
/* Memory until the call has been answered; of work of the daemon's own, until it is
 * committed. A call has it for itself. When it has found it full its reply, which may be
 * NULL then, becomes OVERLOADED by itself: a handler need only do without what it did not
 * get. */
struct arena *rpc_arena(void *call);
/* A copy of a text in it; "" for want of memory. */
char *rpc_text(void *call, const char *text);
/* Appends a message in that memory to a repeated field of a reply; NULL, for want of
 * memory, is left out. */
#define rpc_add(call, message, field, item)                                                                            \
    ((void)sizeof(*(message)->field == (item)), rpc_add_to(call, &(message)->base, &(message)->field, item))
void rpc_add_to(void *call, ProtobufCMessage *message, const void *list, const void *item);
/* Randomness; see clock.h. */
void rpc_random(void *call, void *bytes, size_t len);
/* The Idempotency-Key as 16 bytes; len 0 when there was none. */
ProtobufCBinaryData rpc_key(void *call);
/* As whom the service knows a member: by her id, or as its principal map says; 0: it cannot tell. */
int64_t rpc_known_as(void *call, int64_t member_id);
/* Ends the call with a refusal: a Reason. What it wrote is undone. */
void rpc_refuse(void *call, int reason);
/* The same, naming the input field (JSON path). */
void rpc_refuse_field(void *call, int reason, const char *field);
/* The same when there is a reason (not 0); whether there was. */
static inline bool rpc_refuse_if(void *call, int reason)
{
    if (reason)
        rpc_refuse(call, reason);
    return reason != 0;
}
static inline bool rpc_refuse_field_if(void *call, int reason, const char *field)
{
    if (reason)
        rpc_refuse_field(call, reason, field);
    return reason != 0;
}
/* Whether it has ended so already. */
bool rpc_refused(void *call);
/* Keeps what the call writes although it will be refused, such as the count of
 * a wrong try; its changes of memory are then not undone either. */
void rpc_keep(void *call);
/* Undoes what the call writes and changes although it will be replied to: a rehearsal.
 * Not for operations with an Idempotency-Key. Work of the daemon's own that is discarded was not
 * refused for that. */
void rpc_discard(void *call);
/* Gives a refusal one more member, e.g. soldOutAt; before rpc_refuse. */
void rpc_fact(void *call, const char *name, const char *value);
void rpc_fact_number(void *call, const char *name, int64_t number);
void rpc_fact_time(void *call, const char *name, int64_t at);
/* The character, and its code point, that a text is refused for (text.h); nothing when it is 0. */
void rpc_fact_character(void *call, int32_t c);
void rpc_retry_after(void *call, int32_t seconds);
/* The reply that follows is 201 Created. */
void rpc_created(void *call);
/* Tells the journal a fact as the caller's deed: a message that is one of the events of the
 * service or of the chassis. */
void rpc_tell(void *call, const ProtobufCMessage *fact);
/* Tells one of the chassis' and one of the service's own in one row. */
void rpc_tell_both(void *call, const ProtobufCMessage *fact, const ProtobufCMessage *own);
/* Asks that the journal's head be signed when the batch is committed, before anybody is told of
 * it: money was given, or a list that a draw is made from was closed. */
void rpc_want_head(void *call);
/* Work of the daemon's own goes on as the deed of the person who has asked for it, with her
 * authority; principal NULL: as the daemon's again. It stays the caller's. */
void rpc_act_for(void *call, const Rpc__Principal *principal);
/* Undoes a change of memory if this call is refused or its batch not committed. self is no
 * memory of the call's. */
typedef void (*rpc_undo)(void *self, int64_t a, int64_t b);
void rpc_on_undo(void *call, rpc_undo undo, void *self, int64_t a, int64_t b);
/* Whether the caller holds a role over a union; a shorthand for the refusal. */
bool rpc_has_role(void *call, Rule__Role role, const char *union_path);
/* When the caller gives up waiting, in milliseconds since 1970; 0: it did not say. */
int64_t rpc_deadline(void *call);

/* ---- lists in pages ----
 *
 * A request with page_size and page_token that is answered by a message with
 * next_page_token asks for a page of a list. The dispatcher reads them, by the limits in the
 * .proto, before the handler runs, and fills in next_page_token after it. A token is good
 * for the operation that gave it; anything else is refused as BAD_PAGE_TOKEN. A row that is
 * there all the while is seen once, whatever comes and goes beside it. */

struct rpc_page {
    size_t size;       /* rows at most; SIZE_MAX where the handler bounds them */
    size_t limit;      /* of rows to ask the store for: one more shows whether any follow */
    int64_t after;     /* the key of the last row of the page before, 0 on the first; */
    int64_t before;    /* of a list that goes down: INT64_MAX on the first */
    const char *place; /* where keys have one, such as a union's path: "" on the first */
    int64_t states;    /* those that rows are asked for in, by a repeated field `state`: a bit for each; else all */
};
/* A condition in SQL that keeps the rows in those states: of a parameter, such as "?4", and a column. */
#define RPC_PAGE_STATES(mask, column) mask " >> " column " & 1"
#define RPC_PAGE_ALL                  INT64_C(-1)
#define RPC_STATE(state)              (INT64_C(1) << (state))
/* The same where a list is long and an index has the state before the key: the rows of each state, merged by the key.
 * ROWS(state) selects those of one state, given as a literal, and asks RPC_PAGE_STATES(mask, state) of it, so that
 * nothing is read of a state that is not asked for; "ORDER BY key LIMIT n" follows. */
#define RPC_PAGE_MERGED_2(ROWS) ROWS("1") " UNION ALL " ROWS("2")
#define RPC_PAGE_MERGED_3(ROWS) RPC_PAGE_MERGED_2(ROWS) " UNION ALL " ROWS("3")
#define RPC_PAGE_MERGED_4(ROWS) RPC_PAGE_MERGED_3(ROWS) " UNION ALL " ROWS("4")
#define RPC_PAGE_MERGED_5(ROWS) RPC_PAGE_MERGED_4(ROWS) " UNION ALL " ROWS("5")
#define RPC_PAGE_MERGED_6(ROWS) RPC_PAGE_MERGED_5(ROWS) " UNION ALL " ROWS("6")
#define RPC_PAGE_MERGED_7(ROWS) RPC_PAGE_MERGED_6(ROWS) " UNION ALL " ROWS("7")

/* Which page this call asks for. */
const struct rpc_page *rpc_page(void *call);
/* The bits of n values of an enum, as protobuf-c keeps a repeated field; all when n is 0. */
int64_t rpc_page_mask(const void *states, size_t n);
/* The states that rows are asked for in, or, when none is named, those usual for this list. */
int64_t rpc_page_states(void *call, int64_t usual);
/* Whether rows in a state are asked for. */
bool rpc_page_wants(void *call, int state);
/* Takes a row with this key into the page, or finds it full: then another page follows. */
bool rpc_page_takes(void *call, int64_t key);
/* The same where rows are in the order of places, then of keys. */
bool rpc_page_takes_at(void *call, const char *place, int64_t key);
/* Another page follows, behind this key, although this one is not full. */
void rpc_page_ends_at(void *call, const char *place, int64_t key);
/* Refuses a page_token that is one of this operation, but of nothing that it was asked for. */
void rpc_refuse_page(void *call);

/* ---- answers that come later ----
 *
 * For a daemon whose answers come from elsewhere (the bridge): its handler ends with
 * rpc_defer instead of a reply, and the answer is given in a later turn of the loop. Such
 * a call writes nothing itself, so that it waits for no commit and none can fail it. The
 * other calls of the same message wait with it, so a caller gives such operations messages
 * of their own (the gateway's lanes). */

#define RPC_MAX_LATER 1024

struct rpc_later; /* a call whose answer is still to come */

/* NULL, and the call is refused with OVERLOADED, when too many wait already. */
struct rpc_later *rpc_defer(void *call);
/* Gives the answer, exactly once, never from inside a handler. answer's memory is
 * the caller's. One that finds no room beside its neighbours in the message is refused:
 * OVERLOADED for a read, OUTCOME_UNKNOWN for a write. */
void rpc_answer_later(struct rpc_later *later, const Rpc__Answer *answer);

/* ---- what takes long ----
 *
 * The hash of a password or the check of a signature takes longer than the loop may be
 * held. A handler asks for it by rpc_make, before it makes ids or draws what must stay:
 *
 *     hash = rpc_make(call, hash_password, input, len, len, &hash_len);
 *     if (!hash)
 *         return;
 *
 * NULL: the call waits, or was refused with OVERLOADED. What it did so far is undone, the
 * function is run beside the loop, and the call is run again from its beginning in a later
 * batch, where the same question is answered at once. So it judges the store as it is then,
 * and its answer goes out behind the commit of that batch, which alone it belongs to. A call
 * may ask several times, and then waits as often.
 *
 * Where nobody runs functions beside the loop (in tests, in a replay), they are run at once: they
 * depend on their bytes alone, so the outcome is the same. */

#define RPC_MAKE_IN   (600 << 10) /* bytes that a function may be given */
#define RPC_MAKE_OUT  512         /* that it may make */
#define RPC_MAKE_KEPT 4           /* answers that a call may still ask for again: the latest */
#define RPC_MAX_MADE  64          /* calls that wait for a function */

/* A pure function: what it makes of the bytes depends on nothing else. Writes to out and
 * returns how much; called on any thread. */
typedef size_t (*rpc_function)(const void *in, size_t len, void *out);

/* What the function makes of in, until the call has been answered; NULL as said above. A
 * question is the same as an earlier one when function and the first `same` bytes of in are:
 * what is random stands behind them, and is that of the first time. */
const void *rpc_make(void *call, rpc_function function, const void *in, size_t len, size_t same, size_t *ret_len);

/* One function to be run; the server's, from rpc_beside until it is given to rpc_server_made. */
struct rpc_job;
/* Runs it, on any thread. */
void rpc_job_run(struct rpc_job *job);
/* What it asks, for who answers it in another way than by running it: whether it is of this function, with these bytes;
 * and the answer, of at most RPC_MAKE_OUT. */
bool rpc_job_asks(const struct rpc_job *job, rpc_function function, const void **ret_in);
void rpc_job_answer(struct rpc_job *job, const void *out, size_t len);
/* Room in a job for who runs it. */
#define RPC_JOB_ROOM 64
void *rpc_job_room(struct rpc_job *job);
struct rpc_job *rpc_job_of(void *room);

/* ---- server ---- */

struct rpc_server;

struct rpc_server_counts {
    uint64_t batches, commits, failed_commits, calls;
    uint64_t works; /* of the daemon's own */
    int64_t commit_ns;
};

struct rpc_server *rpc_server_new(struct store *store, struct clock *clock); /* store NULL: keeps nothing */
void rpc_server_free(struct rpc_server *server);
/* Serves the methods of one generated service; its methods must be in api.h's table. */
void rpc_server_add(struct rpc_server *server, ProtobufCService *service);
struct journal *rpc_server_journal(struct rpc_server *server);
/* What a service does when an official, or the command line, has been given an answer
 * that shows members' personal data: it is told of the n different members but the
 * caller (Field.subject; ids in order), in the call and before it is committed. When
 * the look cannot be recorded, the answer is not given. */
typedef void (*rpc_seen)(void *call, const struct api_method *method, const int64_t *members, size_t n, void *arg);
void rpc_server_on_seen(struct rpc_server *server, rpc_seen seen, void *arg);

/* Sets the service's principal map: nobody is known to it by her member id. In each call of
 * a signed-in person the map is given a copy of her principal and changes it as the service
 * may know her (her member id to a handle of hers, always the same one); that is what the
 * handler sees, whom the journal names as its actor, and whose the stored answers and the
 * looks are. Who may call is judged before. lasting: what the call writes stays, so the
 * handle must be one that comes again; else it may be one for this call alone. The map may
 * write, as part of the call. False: the call is refused with OVERLOADED. Without a map
 * nothing is copied. common/benefit/handles has one. */
typedef bool (*rpc_map)(void *self, void *call, Rpc__Principal *principal, bool lasting);
void rpc_server_on_principal(struct rpc_server *server, rpc_map map, void *self);

/* Runs the calls of one message. tag comes back with its answer. False when the
 * batch is full: finish it before the next. */
bool rpc_server_take(struct rpc_server *server, const void *bytes, size_t len, void *tag);
/* The same, of a message that came from the edge: `internal` in it means nothing but to
 * methods of EDGE, and authority only what `vouched` says of its principal. So whoever takes
 * the gateway speaks as members do, and is no official. */
bool rpc_server_take_edge(struct rpc_server *server, const void *bytes, size_t len, void *tag);
/* Whether the grants of a principal are those that identity has given to her session. Without
 * it nobody's at the edge are. */
typedef bool (*rpc_vouched)(const Rpc__Principal *principal, void *arg);
void rpc_server_on_grants(struct rpc_server *server, rpc_vouched vouched, void *arg);
/* Signs the journal's head (heads.h): called when a batch is committed in which a call wanted that
 * (rpc_want_head), and before its answers are given. What fails is tried again by the daemon. */
typedef void (*rpc_head)(void *arg);
void rpc_server_on_head(struct rpc_server *server, rpc_head sign, void *arg);
/* Writes what calls have left to be written once for all of a batch, before it is committed, or the daemon's own work:
 * where something was changed, and nothing has failed. What is noted of it in memory is taken back with the calls. */
typedef void (*rpc_last)(void *arg);
void rpc_server_before_commit(struct rpc_server *server, rpc_last last, void *arg);
/* How functions are run beside the loop: beside takes a job, or returns false when it is full.
 * Without it they are run at once. */
typedef bool (*rpc_beside)(void *arg, struct rpc_job *job);
void rpc_server_beside(struct rpc_server *server, rpc_beside beside, void *arg);
/* A job has been run. On the loop, outside any batch. */
void rpc_server_made(struct rpc_job *job);
/* Runs again, as a batch, calls for which all has been made; whether there were any: then
 * rpc_server_finish. */
bool rpc_server_take_made(struct rpc_server *server);
/* Commits and gives every message's answer, packed AnswerBatch. bytes are valid
 * during the call. True when the journal has grown. */
typedef void (*rpc_send)(void *arg, void *tag, const void *bytes, size_t len);
bool rpc_server_finish(struct rpc_server *server, rpc_send send, void *arg);
/* Runs work of the daemon's own, outside any batch, as the internal principal and
 * in a transaction of its own; every rpc_* function works on the call it is given.
 * Returns 0, or the Reason it was undone for. */
typedef void (*rpc_work)(void *call, void *arg);
int rpc_server_transact(struct rpc_server *server, rpc_work work, void *arg);
/* The same of work that would be done again if it were lost, as what is heard of another's journal: unless it tells
 * something, which others hear at once, it is on the disk only with what is next (store_sync). tells is whether it told
 * something the last time; work that tells although it did not then is run twice. */
int rpc_server_transact_again(struct rpc_server *server, rpc_work work, void *arg, bool *tells);
/* Deletes stored answers past their time, a slice at a time. */
void rpc_server_tidy(struct rpc_server *server);
const struct rpc_server_counts *rpc_server_counts(const struct rpc_server *server);
/* Calls whose answer is still to come. */
unsigned rpc_server_deferred(const struct rpc_server *server);
/* Per-method counters as Prometheus metrics, into the arena of the current call. */
void rpc_server_metrics(struct rpc_server *server, struct arena *arena, Rpc__ProbeReport *report);
/* Adds one metric to a report; without memory it is left out. */
void rpc_metric(struct arena *arena, Rpc__ProbeReport *report, const char *name, const char *type, const char *labels,
                double value);

/* ---- client ---- */

struct uv_loop_s;
struct rpc_client;

/* The answer to a call, or one with a reason of ours: SERVICE_DOWN, DEADLINE_EXCEEDED,
 * OVERLOADED and STOPPING of what was not done or reads, OUTCOME_UNKNOWN of a write that
 * was sent and not answered. Called exactly once per rpc_client_call, never
 * from inside it. */
typedef void (*rpc_answered)(void *arg, const Rpc__Answer *answer);

/* Calls to queue by the bus in dir. NULL after logging why. */
struct rpc_client *rpc_client_open(struct uv_loop_s *loop, const char *dir, const char *queue, unsigned window);
/* Gathers a call. False, and no answer will come, when LIMIT_CLIENT_QUEUE calls
 * wait already or this one is larger than a message may be. */
bool rpc_client_call(struct rpc_client *client, const Rpc__Call *call, rpc_answered answered, void *arg);
/* Sends what has gathered, as far as the window allows; at the end of a loop turn. */
void rpc_client_flush(struct rpc_client *client);
/* Calls waiting or outstanding. */
unsigned rpc_client_pending(const struct rpc_client *client);
/* Answers what is pending with STOPPING, or OUTCOME_UNKNOWN, and closes. */
void rpc_client_close(struct rpc_client *client);
