/* app.h: HTTP requests as calls on the bus, and answers as JSON.
 *
 * What a request means is read from api.h's tables alone: its operation by route,
 * its fields from path, query and JSON body, whether a token or an
 * Idempotency-Key is needed. The gateway decides nothing about the business; it
 * checks form, the token's signature, revocation and rates, and sends the call
 * on. A header never chooses a queue, a method or a member.
 *
 * One struct app per worker thread, sharing only what is read-only. */
#pragma once
#include <uv.h>

#include "common/daemon/follow.h"
#include "common/api/json.h"
#include "common/rpc/rpc.h"
#include "common/trust/token.h"
#include "services/gateway/files.h"
#include "services/gateway/limiter.h"
#include "services/gateway/queues.h"
#include "services/gateway/revoked.h"
#include "services/gateway/http/server.h"

struct app_settings {
    const char *bus_dir;
    const struct partitions *partitions;
    const struct token_keys *keys;
    const struct files *files; /* NULL: none */
    struct limiter members;    /* signed-in requests a second */
    struct limiter addresses;  /* all others but those for health */
    struct proxies proxies;
    unsigned window;             /* messages outstanding per queue */
    const struct server *server; /* whose counters /metrics shows */
    int workers;
    size_t n_methods;          /* of the API */
    struct buf openapi;        /* the document of it */
    struct app_counts *counts; /* of every worker and operation, see app_counts_of */
    _Atomic bool stopping;
    _Atomic int knowing; /* workers that know the revoked sessions */
};

/* Requests of one operation to one worker, by outcome and time. Written by the
 * worker alone, read by all. */
#define APP_BUCKETS 8
struct app_counts {
    _Atomic uint64_t outcomes[6]; /* by the first digit of the status */
    _Atomic uint64_t buckets[APP_BUCKETS + 1];
    _Atomic uint64_t total_ns;
    _Atomic uint64_t shed; /* refused for want of room in the queue */
};

struct app {
    struct app_settings *settings;
    struct clock clock;
    struct queues queues;
    struct follower *revocations;
    struct revoked revoked;
    bool knows_revocations;
    int worker;
    uint64_t trace_prefix, trace_count;
    struct buf out;
    struct link parts; /* of requests whose next piece is to be asked for, see app_answer.c */
    unsigned n_parts;  /* asked for */
    int64_t log_second;
    unsigned logged; /* refusals this second */
    uint64_t log_dropped;
    uv_timer_t probes;
};

/* The functions of server.h and http.h, as one table. */
extern const struct server_app app_server;

/* ---- between app*.c ---- */

struct app_read;

/* What is kept of an operation's request from its head to its answer; in its arena. */
struct pending {
    struct app *app;
    struct http_request *request;
    struct app_read *read;  /* of a batch, whose answer goes there; NULL: the request is its own */
    struct api_match match; /* of the batch itself: no method */
    const char *query;
    size_t query_len;
    unsigned char trace_id[16];
    unsigned char key[32];
    unsigned char device[LIMIT_DEVICE_HASH];
    Rpc__Principal *principal; /* NULL: none that is good */
    Rpc__Client client;
    Rpc__Call call;
    ProtobufCMessage *input;
    const char *union_path; /* of the union that chooses the partition */
    bool streams;           /* its answer has begun */
    struct link turn;       /* to ask for a piece of it */
    char file_name[64];
    int token; /* what is wrong with the caller's: a Reason, or 0 */
};

/* 0, or -1 after logging why. To be closed in both cases. */
int app_open(struct app *app, struct app_settings *settings, int worker, uv_loop_t *loop);
void app_flush(struct app *app);
/* Answers what is pending; app is freed when its handles have closed, on the loop's last turns. */
void app_close(struct app *app);

/* Takes memory for the counts of all workers: 0, or -1. */
int app_counts_open(struct app_settings *settings);
/* Those of one worker and operation. */
struct app_counts *app_counts_of(const struct app_settings *settings, int worker, const struct api_method *method);
/* /metrics in the Prometheus text format. */
void app_metrics(struct app *app, struct buf *ret);
/* The services that give a person what they keep of her (Daemon.ExportMine), with their partitions, as JSON. */
void app_exporting(const struct app *app, struct buf *ret);
/* The newest signed heads of every journal as JSON (common/trust/heads.h says what is signed;
 * at is its milliseconds). */
void app_heads(struct app *app, struct buf *ret);
/* Whether the broker and identity are there, every worker knows the revoked sessions and the gateway is
 * not stopping; every queue's state goes into ret, a line each. Who answers /readyz is needed by all: a
 * queue that is missing besides stops its own operations only. */
bool app_ready(const struct app *app, struct buf *ret);
/* Whether identity's journal has been read to its end: until then no token can be trusted. */
bool app_knows_revocations(struct app *app);
/* Whether the body is said to be JSON. */
bool app_is_json(const struct http_request *request);
/* Whether an operation may have such a body, and such a query, by the head: 0 or a Reason. */
int app_check_form(const struct http_request *request, const struct api_method *method);
/* W3C traceparent: 00-<32 lower hex, not all 0>-<16>-<2>. False when it is not. */
bool app_read_trace(const char *text, size_t len, unsigned char ret_id[16]);
/* The Idempotency-Key as its SHA-256; ret_len 0 without one.
 * 0 or a Reason. */
int app_read_key(const struct http_request *request, bool required, unsigned char ret_key[32], size_t *ret_len);
/* Who asks: her address, and the device that the header Device-Nonce names, of which ret_device has
 * the bytes. 0 or a Reason. */
int app_read_client(const struct http_request *request, unsigned char ret_device[16], Rpc__Client *ret_client);
/* Fills the operation's input from body or query, then from the path, which has
 * the last word, and checks that it is complete. 0 or a Reason, maybe with a field. */
int app_read_input(const struct pending *pending, struct json_trouble *trouble);

/* Counts an answered request of an operation. */
void app_count(struct app *app, const struct api_method *method, int64_t received_ns, int status);
/* Answers with a refusal; more is further header lines, or "". */
void app_refuse(struct app *app, struct http_request *request, const Rpc__Answer *answer, const char *more,
                const unsigned char trace_id[16]);
/* The same of an operation's, not counted: as a read's answer where it is one of a batch. */
void app_refuse_answer(struct pending *pending, const Rpc__Answer *answer, const char *more);
/* The same for a Reason of the gateway's own. */
void app_refuse_for(struct app *app, struct http_request *request, int reason, const char *more,
                    const unsigned char trace_id[16]);
/* The same, counted. */
void app_refuse_pending(struct pending *pending, int reason);
/* Answers with the JSON in app->out. False when there is no room for it: it is still to be answered. */
bool app_give(struct pending *pending, int status);
/* For what the request says, which cannot be taken. */
void app_refuse_input(struct pending *pending, const struct json_trouble *trouble);
void app_new_trace(struct app *app, unsigned char ret_id[16]);
/* As http_app has it. */
size_t app_render(int reason, int status, const char *detail, char *ret_body, size_t size, void *context);
/* What is kept of a request of an operation, or without one of a batch; NULL without memory. */
struct pending *app_pending(struct app *app, struct http_request *request, const struct api_match *match,
                            const unsigned char trace_id[16]);
/* Counts a request against its member's rate, or else its address'; pending is NULL when it means no operation.
 * False when it was refused for it. */
bool app_admit(struct app *app, struct http_request *request, struct pending *pending,
               const unsigned char trace_id[16]);
/* What else the head of an operation's request decides. False when it has been refused for it. */
bool app_judge(struct pending *pending);
/* Reads what a request asks for, whose head was good, and does it; it is answered then or later. */
void app_operate(struct pending *pending);
/* Does what a request asks for, whose input is read; it is answered then or later. */
void app_send(struct pending *pending);

/* ---- several reads as one request: app_batch.c ---- */

/* Whether it is POST /v1/batch, or would be with another method. */
bool app_is_batch(const struct http_request *request);
/* Why a batch is refused by its head, with the headers to say; 0: it is good. */
int app_batch_form(const struct http_request *request, const char **ret_more);
/* Begins the reads of a batch, which is answered when all of them are. */
void app_batch(struct pending *pending);
/* The answer of a read. False when there is no room for it: it is still to be answered. */
bool app_read_give(struct app_read *read, int status, const char *body, size_t len);
/* The same of one that is so small that none need be asked for: a refusal. */
void app_read_tell(struct app_read *read, int status, const char *body, size_t len);
