/* rpc_server.c: batches, each a transaction with one commit before any answer. */
#include "common/rpc/rpc_internal.h"

struct rpc_server *rpc_server_new(struct store *store, struct clock *clock)
{
    struct rpc_server *server = calloc(1, sizeof(*server));
    int first = 0;

    if (!server)
        return NULL;
    *server = (struct rpc_server){.store = store, .clock = clock};
    arena_init(&server->arena, LIMIT_BATCH_ARENA);
    arena_init(&server->undo_arena, LIMIT_BATCH_ARENA);
    arena_init(&server->call_arena, LIMIT_CALL_ARENA);
    buf_init(&server->out, LIMIT_MESSAGE_SIZE);
    rpc_later_init(server);
    rpc_make_init(server);
    if (store) {
        first = rpc_stored_prepare(store);
        if (first < 0 || journal_open(&server->journal, store)) {
            rpc_server_free(server);
            return NULL;
        }
        server->sql = (unsigned)first;
    }
    return server;
}

void rpc_server_free(struct rpc_server *server)
{
    if (!server)
        return;
    for (unsigned i = 0; i < METHOD_HASH; i++) {
        while (server->methods[i]) {
            struct method *next = server->methods[i]->next;

            free(server->methods[i]);
            server->methods[i] = next;
        }
    }
    arena_done(&server->arena);
    arena_done(&server->undo_arena);
    arena_done(&server->call_arena);
    buf_done(&server->out);
    rpc_later_done(server);
    rpc_make_done(server);
    free(server);
}

void rpc_server_add(struct rpc_server *server, ProtobufCService *service)
{
    for (const struct api_method *api = api_methods(); api->name; api++) {
        struct method *method;
        unsigned hash = rpc_hash_name(api->name);

        if (api->service != service->descriptor)
            continue;
        method = calloc(1, sizeof(*method));
        ensure(method);
        *method = (struct method){.api = api, .service = service, .next = server->methods[hash]};
        server->methods[hash] = method;
    }
}

void rpc_server_on_seen(struct rpc_server *server, rpc_seen seen, void *arg)
{
    server->seen = seen;
    server->seen_arg = arg;
}

void rpc_server_on_principal(struct rpc_server *server, rpc_map map, void *self)
{
    server->map = map;
    server->map_self = self;
}

struct journal *rpc_server_journal(struct rpc_server *server)
{
    return &server->journal;
}

void rpc_server_on_grants(struct rpc_server *server, rpc_vouched vouched, void *arg)
{
    server->vouched = vouched;
    server->vouched_arg = arg;
}

void rpc_server_on_head(struct rpc_server *server, rpc_head sign, void *arg)
{
    server->sign = sign;
    server->sign_arg = arg;
}

void rpc_server_before_commit(struct rpc_server *server, rpc_last last, void *arg)
{
    server->last = last;
    server->last_arg = arg;
}

static int commit(struct rpc_server *server)
{
    if (server->last && !store_trouble(server->store))
        server->last(server->last_arg);
    return store_commit(server->store);
}

/* The journal's rows are kept, or given up; a head that was asked for is signed before anybody
 * is told of what it witnesses. */
static void end_journal(struct rpc_server *server, bool committed)
{
    journal_batch_end(&server->journal, committed);
    if (committed && server->journal.head_wanted && server->sign)
        server->sign(server->sign_arg);
}

static void run_message(struct rpc_server *server, struct message *message, const void *bytes, size_t len, bool edge)
{
    Rpc__CallBatch *batch = rpc__call_batch__unpack(&server->arena.allocator, len, bytes);

    if (!batch || batch->n_calls > LIMIT_MESSAGE_CALLS) {
        message->reason = RPC__REASON__BAD_REQUEST;
        return;
    }
    message->calls = arena_alloc(&server->arena, batch->n_calls * sizeof(message->calls[0]));
    if (!message->calls) {
        message->reason = RPC__REASON__OVERLOADED;
        return;
    }
    message->n_calls = batch->n_calls;
    rpc_room_begin(message);
    server->n_calls += batch->n_calls;
    for (size_t i = 0; i < batch->n_calls; i++) {
        struct rpc_call *call = &message->calls[i];

        *call = (struct rpc_call){.server = server, .message = message, .envelope = batch->calls[i], .edge = edge};
        rpc__answer__init(&call->answer);
        rpc_call_run(call);
    }
}

/* The next message of the batch, which begins with its first. */
static struct message *add_message(struct rpc_server *server, void *tag)
{
    struct message *message;

    ensure(server->n_messages < LIMIT_BATCH_MESSAGES);
    if (server->n_messages == 0) {
        server->now = clock_now(server->clock);
        server->journal_seq = server->journal.tip.seq;
    }
    message = &server->messages[server->n_messages++];
    *message = (struct message){.tag = tag};
    return message;
}

/* For one more message, which then finds half of the memory at least. */
static bool has_room(const struct rpc_server *server)
{
    return server->n_messages < LIMIT_BATCH_MESSAGES && server->n_calls < LIMIT_BATCH_CALLS &&
           server->arena.total <= LIMIT_BATCH_ARENA / 2;
}

bool rpc_server_take(struct rpc_server *server, const void *bytes, size_t len, void *tag)
{
    run_message(server, add_message(server, tag), bytes, len, false);
    return has_room(server);
}

bool rpc_server_take_edge(struct rpc_server *server, const void *bytes, size_t len, void *tag)
{
    run_message(server, add_message(server, tag), bytes, len, true);
    return has_room(server);
}

/* Of a call that has been run before: its envelope was good then, and what the edge may not
 * say has been taken out of it. */
static void run_again(struct rpc_server *server, struct message *message)
{
    struct rpc_call *call = arena_zalloc(&server->arena, sizeof(*call));
    struct making *making = message->again;

    if (call)
        call->envelope = rpc__call__unpack(&server->arena.allocator, making->call.len, making->call.data);
    if (!call || !call->envelope) {
        message->reason = RPC__REASON__OVERLOADED;
        return;
    }
    message->calls = call;
    message->n_calls = 1;
    message->room = rpc_later_room(making->later);
    server->n_calls++;
    call->server = server;
    call->message = message;
    call->making = making;
    rpc__answer__init(&call->answer);
    rpc_call_run(call);
}

bool rpc_server_take_made(struct rpc_server *server)
{
    while (server->ready && has_room(server)) {
        struct message *message = add_message(server, NULL);

        message->again = server->ready;
        server->ready = message->again->next;
        if (!server->ready)
            server->ready_tail = &server->ready;
        run_again(server, message);
    }
    return server->n_messages > 0;
}

static void answer_for_store(struct rpc_call *call, int reason)
{
    rpc__answer__init(&call->answer);
    call->done = call->resend = false;
    rpc_retry_after(call, 1);
    rpc_refuse(call, reason);
    rpc_room_settle(call);
}

/* After a failed commit: what was read may have seen what is now undone, so the
 * reads are run again. One that fails again may have taken the end of its rows for
 * the end of the table, so its answer is not believed. */
static void settle_failed_call(struct rpc_call *call, int reason)
{
    struct rpc_server *server = call->server;

    if (!call->method || call->resend || (call->deferred && !call->asks)) {
        rpc_room_settle(call);
    } else if (call->method->api->writes || call->method->api->shows || call->asks) {
        answer_for_store(call, reason);
    } else {
        rpc__answer__init(&call->answer);
        call->done = false;
        rpc_call_run(call);
        if (store_trouble(server->store)) {
            rpc_room_give_back(call);
            answer_for_store(call, store_commit(server->store));
        }
    }
}

static void settle_failed_batch(struct rpc_server *server, int reason)
{
    for (unsigned m = 0; m < server->n_messages; m++) {
        for (size_t i = 0; i < server->messages[m].n_calls; i++)
            rpc_room_give_back(&server->messages[m].calls[i]);
    }
    for (unsigned m = 0; m < server->n_messages; m++) {
        for (size_t i = 0; i < server->messages[m].n_calls; i++)
            settle_failed_call(&server->messages[m].calls[i], reason);
    }
}

static void commit_batch(struct rpc_server *server)
{
    int reason = store_trouble(server->store);
    int64_t began;

    if (!store_dirty(server->store) && !reason)
        return;
    began = clock_monotonic_ns();
    reason = commit(server);
    server->counts.commit_ns += clock_monotonic_ns() - began;
    end_journal(server, reason == 0);
    if (reason) {
        server->counts.failed_commits++;
        rpc_undo_until(server, NULL);
        settle_failed_batch(server, reason);
    } else {
        server->counts.commits++;
    }
}

void rpc_count(struct method *method, int reason)
{
    if (!method)
        return;
    method->calls++;
    if (reason)
        method->refused++;
    if (reason && api_reason(reason)->http >= 500)
        method->unavailable++;
}

char *rpc_answer_room(struct buf *out, size_t len)
{
    uint32_t rest = (uint32_t)len;
    char *room = buf_room(out, len + 6);

    if (!room)
        return NULL;
    *room++ = 0x0a; /* AnswerBatch.answers, length-delimited */
    out->len++;
    while (rest >= 0x80) {
        *room++ = (char)(rest | 0x80);
        rest >>= 7;
        out->len++;
    }
    *room++ = (char)rest;
    out->len++;
    return room;
}

/* Packs a message's answers field by field, without an array of pointers. */
static void pack_answers(struct rpc_server *server, const struct message *message)
{
    struct buf *out = &server->out;

    for (size_t i = 0; i < message->n_calls; i++) {
        const struct rpc_call *call = &message->calls[i];
        char *room = rpc_answer_room(out, call->answer_len);

        if (!room)
            return;
        out->len += rpc__answer__pack(&call->answer, (uint8_t *)room);
        if (!call->resend)
            rpc_count(call->method, call->answer.reason);
    }
}

void rpc_send_reason(int reason, rpc_send send, void *arg, void *tag)
{
    Rpc__AnswerBatch batch = RPC__ANSWER_BATCH__INIT;
    uint8_t packed[16];

    batch.reason = reason;
    send(arg, tag, packed, rpc__answer_batch__pack(&batch, packed));
}

/* A call that was run again has its answer, or waits for another function. */
static void finish_again(const struct message *message)
{
    Rpc__Answer refusal = RPC__ANSWER__INIT;

    refusal.reason = message->reason;
    if (message->reason)
        rpc_make_end(message->again, &refusal, false);
    else if (message->calls[0].asks)
        rpc_make_begin(&message->calls[0]);
    else
        rpc_make_end(message->again, &message->calls[0].answer, true);
}

static void answer_message(struct rpc_server *server, struct message *message, rpc_send send, void *arg)
{
    buf_clear(&server->out);
    if (!message->reason)
        pack_answers(server, message);
    if (server->out.failed) /* without memory: what was done is not told */
        message->reason = RPC__REASON__OUTCOME_UNKNOWN;
    if (message->reason)
        rpc_send_reason(message->reason, send, arg, message->tag);
    else
        send(arg, message->tag, server->out.bytes, server->out.len);
}

bool rpc_server_finish(struct rpc_server *server, rpc_send send, void *arg)
{
    bool grown;

    if (server->n_messages == 0)
        return false;
    server->counts.batches++;
    server->counts.calls += server->n_calls;
    if (server->store)
        commit_batch(server);
    for (unsigned m = 0; m < server->n_messages; m++) {
        struct message *message = &server->messages[m];

        if (message->again)
            finish_again(message);
        else if (message->held)
            rpc_later_hold(server, message, send, arg);
        else
            answer_message(server, message, send, arg);
    }
    grown = server->journal.tip.seq != server->journal_seq;
    server->n_messages = 0;
    server->n_calls = 0;
    server->undos = NULL;
    arena_reset(&server->arena);
    arena_reset(&server->undo_arena);
    return grown;
}

/* mute: what tells something is undone. ret_told: it did. */
static int transact(struct rpc_server *server, rpc_work work, void *arg, bool mute, bool *ret_told)
{
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    Rpc__Call envelope = RPC__CALL__INIT;
    struct rpc_call call = {.server = server, .envelope = &envelope, .answer = RPC__ANSWER__INIT};
    bool stays;
    int reason;

    ensure(server->n_messages == 0);
    server->counts.works++;
    principal.internal = true;
    call.principal = envelope.principal = &principal;
    server->now = clock_now(server->clock);
    journal_call_begin(&server->journal);
    store_call_begin(server->store);
    work(&call, arg);
    reason = call.answer.reason;
    *ret_told = server->journal.tip.seq != server->journal.before.seq;
    stays = !reason && !call.discard && !(mute && *ret_told);
    store_call_end(server->store, stays);
    if (!stays) {
        journal_call_undo(&server->journal);
        rpc_undo_until(server, NULL);
        store_commit(server->store);
    } else {
        reason = commit(server);
        if (reason)
            rpc_undo_until(server, NULL);
    }
    end_journal(server, stays && !reason);
    server->undos = NULL;
    arena_reset(&server->arena);
    arena_reset(&server->undo_arena);
    arena_reset(&server->call_arena);
    return reason;
}

int rpc_server_transact(struct rpc_server *server, rpc_work work, void *arg)
{
    bool told;

    return transact(server, work, arg, false, &told);
}

int rpc_server_transact_again(struct rpc_server *server, rpc_work work, void *arg, bool *tells)
{
    int reason = 0;

    if (!*tells) {
        store_sync(server->store, false);
        reason = transact(server, work, arg, true, tells);
        store_sync(server->store, true);
    }
    return *tells && !reason ? transact(server, work, arg, false, tells) : reason;
}

static void drop_old_answers(void *call, void *arg)
{
    (void)call;
    rpc_stored_drop(arg);
}

void rpc_server_tidy(struct rpc_server *server)
{
    if (server->store)
        rpc_server_transact(server, drop_old_answers, server);
}
