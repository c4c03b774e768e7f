#include <mbedtls/sha256.h>

#include "common/limits.h"
#include "common/log.h"
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

enum { SQL_FIND_ANSWER, SQL_KEEP_ANSWER, SQL_DROP_ANSWERS, N_SQL };
static const char *const sql[N_SQL] = {
    [SQL_FIND_ANSWER] = "SELECT fingerprint, answer FROM stored_answer WHERE member_id = ?1 AND method = ?2 "
                        "AND key = ?3 AND at >= ?4",
    [SQL_KEEP_ANSWER] = "INSERT INTO stored_answer (member_id, method, key, fingerprint, answer, at) "
                        "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (member_id, method, key) DO UPDATE SET "
                        "fingerprint = excluded.fingerprint, answer = excluded.answer, at = excluded.at",
    [SQL_DROP_ANSWERS] = "DELETE FROM stored_answer WHERE (member_id, method, key) IN "
                         "(SELECT member_id, method, key FROM stored_answer WHERE at < ?1 ORDER BY at LIMIT 200)",
};

static const Rpc__Principal nobody = RPC__PRINCIPAL__INIT;

/* ---- what a handler sees ---- */

const Rpc__Principal *rpc_principal(void *call)
{
    const Rpc__Principal *principal = ((struct rpc_call *)call)->envelope->principal;

    return principal ? principal : &nobody;
}

int64_t rpc_now(void *call)
{
    return ((struct rpc_call *)call)->server->now;
}

struct arena *rpc_arena(void *call)
{
    return &((struct rpc_call *)call)->server->arena;
}

void rpc_random(void *call, void *bytes, size_t len)
{
    clock_random(((struct rpc_call *)call)->server->clock, bytes, len);
}

ProtobufCBinaryData rpc_key(void *call)
{
    return ((struct rpc_call *)call)->envelope->idempotency_key;
}

void rpc_refuse(void *call, int reason)
{
    struct rpc_call *self = call;

    ensure(!self->done && reason);
    self->done = true;
    self->answer.reason = reason;
}

void rpc_refuse_field(void *call, int reason, const char *field)
{
    char *copy = arena_strndup(rpc_arena(call), field, strlen(field));

    if (copy)
        ((struct rpc_call *)call)->answer.field = copy;
    rpc_refuse(call, reason);
}

void rpc_keep(void *call)
{
    ((struct rpc_call *)call)->keep = true;
}

void rpc_discard(void *call)
{
    ((struct rpc_call *)call)->discard = true;
}

void rpc_fact(void *call, const char *name, const char *value)
{
    struct rpc_call *self = call;
    Rpc__Fact *fact = arena_alloc(&self->server->arena, sizeof(*fact));

    ensure(self->answer.n_facts < ARRAY_LEN(self->facts));
    if (!fact)
        return;
    rpc__fact__init(fact);
    fact->name = arena_strndup(&self->server->arena, name, strlen(name));
    fact->value = arena_strndup(&self->server->arena, value, strlen(value));
    if (fact->name && fact->value) {
        self->facts[self->answer.n_facts++] = fact;
        self->answer.facts = self->facts;
    }
}

void rpc_fact_time(void *call, const char *name, int64_t at)
{
    char text[CLOCK_TEXT];

    clock_format(at, text);
    rpc_fact(call, name, text);
}

void rpc_retry_after(void *call, int32_t seconds)
{
    ((struct rpc_call *)call)->answer.retry_after_s = seconds;
}

void rpc_created(void *call)
{
    ((struct rpc_call *)call)->answer.created = true;
}

void rpc_journal(void *call, const ProtobufCMessage *event)
{
    struct rpc_call *self = call;

    journal_add(&self->server->journal, self->server->now, rpc_principal(call)->member_id, event);
}

void rpc_on_undo(void *call, rpc_undo undo, void *self, int64_t a, int64_t b)
{
    struct rpc_server *server = ((struct rpc_call *)call)->server;
    struct undo *entry = arena_alloc(&server->undo_arena, sizeof(*entry));

    /* Of an arena of its own, whose cap is far above what a full batch of our own
     * handlers notes down, whatever the clients' bytes take of the other. */
    ensure(entry);
    *entry = (struct undo){undo, self, a, b, server->undos};
    server->undos = entry;
}

bool rpc_has_role(void *call, Rule__Role role, const char *union_path)
{
    const Rpc__Principal *principal = rpc_principal(call);

    if (principal->internal)
        return true;
    for (size_t i = 0; i < principal->n_grants; i++) {
        const Rpc__Grant *grant = principal->grants[i];

        if (grant->role == role && strncmp(grant->union_path, union_path, strlen(grant->union_path)) == 0)
            return true;
    }
    return false;
}

/* ---- one call ---- */

static unsigned hash_name(const char *name)
{
    unsigned hash = 2166136261u; /* FNV-1a */

    while (*name)
        hash = (hash ^ (unsigned char)*name++) * 16777619u;
    return hash % METHOD_HASH;
}

static struct method *find_method(struct rpc_server *server, const char *name)
{
    struct method *method = server->methods[hash_name(name)];

    while (method && strcmp(method->api->name, name) != 0)
        method = method->next;
    return method;
}

/* The one place that decides who may call what. */
static int caller_refusal(const Rule__Method *rule, const Rpc__Principal *principal)
{
    if (principal->internal || rule->who == RULE__WHO__PUBLIC)
        return 0;
    if (rule->who == RULE__WHO__INTERNAL)
        return RPC__REASON__NOT_OFFICIAL;
    if (!principal->member_id)
        return RPC__REASON__MISSING_TOKEN;
    if (rule->who == RULE__WHO__VERIFIED && principal->level < RPC__LEVEL__MEMBER)
        return RPC__REASON__NOT_VERIFIED;
    if (rule->who == RULE__WHO__OFFICIAL) {
        for (size_t i = 0; i < principal->n_grants; i++) {
            for (size_t j = 0; j < rule->n_roles; j++) {
                if (principal->grants[i]->role == rule->roles[j])
                    return 0;
            }
        }
        return RPC__REASON__NOT_OFFICIAL;
    }
    return 0;
}

static void on_reply(const ProtobufCMessage *message, void *closure_data)
{
    struct rpc_call *call = closure_data;
    size_t len;

    ensure(!call->done && message);
    call->done = true;
    len = protobuf_c_message_get_packed_size(message);
    call->answer.output.data = arena_alloc(&call->server->arena, len + 1);
    if (!call->answer.output.data) {
        call->answer.reason = RPC__REASON__OVERLOADED;
        return;
    }
    call->answer.output.len = protobuf_c_message_pack(message, call->answer.output.data);
}

static void undo_until(struct rpc_server *server, const struct undo *mark)
{
    while (server->undos != mark) {
        struct undo *entry = server->undos;

        server->undos = entry->next;
        entry->undo(entry->self, entry->a, entry->b);
    }
}

/* Keeps the answer to a call with an Idempotency-Key, in the call's own savepoint. */
static void keep_answer(struct rpc_call *call, const unsigned char fingerprint[32])
{
    struct rpc_server *server = call->server;
    const Rpc__Call *envelope = call->envelope;
    size_t len = rpc__answer__get_packed_size(&call->answer);
    unsigned char *packed = arena_alloc(&server->arena, len + 1);

    if (!packed) {
        call->answer.reason = RPC__REASON__OVERLOADED;
        return;
    }
    rpc__answer__pack(&call->answer, packed);
    store_run(server->store, server->sql + SQL_KEEP_ANSWER, "itbbbi", rpc_principal(call)->member_id, envelope->method,
              envelope->idempotency_key.data, envelope->idempotency_key.len, fingerprint, (size_t)32, packed, len,
              server->now);
}

static void invoke(struct rpc_call *call, const ProtobufCMessage *input, const unsigned char *fingerprint)
{
    struct rpc_server *server = call->server;
    ProtobufCService *service = call->method->service;
    struct undo *mark = server->undos;
    bool undone;

    if (server->store) {
        journal_call_begin(&server->journal);
        store_call_begin(server->store);
    }
    service->invoke(service, call->method->api->index, input, on_reply, call);
    ensure(call->done);
    if (!server->store)
        return;
    if (fingerprint && !call->answer.reason)
        keep_answer(call, fingerprint);
    undone = call->discard || (call->answer.reason && !call->keep);
    if (undone) {
        journal_call_undo(&server->journal);
        undo_until(server, mark);
    }
    store_call_end(server->store, !undone);
}

/* An operation with an Idempotency-Key: the first answer is kept and given again. */
static void invoke_once(struct rpc_call *call, const ProtobufCMessage *input)
{
    struct rpc_server *server = call->server;
    const Rpc__Call *envelope = call->envelope;
    unsigned find = server->sql + SQL_FIND_ANSWER;
    unsigned char fingerprint[32];
    const void *bytes;
    size_t len;

    mbedtls_sha256_ret(envelope->input.data, envelope->input.len, fingerprint, 0);
    store_ask(server->store, find, "itbi", rpc_principal(call)->member_id, envelope->method,
              envelope->idempotency_key.data, envelope->idempotency_key.len, server->now - LIMIT_IDEMPOTENCY_MS);
    if (!store_row(server->store, find)) {
        invoke(call, input, fingerprint);
        return;
    }
    bytes = store_blob(server->store, find, 0, &len);
    if (len != sizeof(fingerprint) || memcmp(bytes, fingerprint, len) != 0) {
        rpc_refuse(call, RPC__REASON__IDEMPOTENCY_KEY_REUSED);
    } else {
        Rpc__Answer *stored;

        bytes = store_blob(server->store, find, 1, &len);
        stored = rpc__answer__unpack(&server->arena.allocator, len, bytes);
        if (stored)
            call->answer = *stored;
        else
            call->answer.reason = RPC__REASON__OVERLOADED;
        call->done = true;
    }
    store_end(server->store, find);
}

static int envelope_refusal(struct rpc_call *call)
{
    const Rpc__Call *envelope = call->envelope;
    const Rule__Method *rule;
    int reason;

    call->method = find_method(call->server, envelope->method);
    if (!call->method)
        return RPC__REASON__UNIMPLEMENTED;
    rule = call->method->api->rule;
    if (envelope->deadline_at && envelope->deadline_at < call->server->now)
        return RPC__REASON__DEADLINE_EXCEEDED;
    reason = caller_refusal(rule, rpc_principal(call));
    if (reason)
        return reason;
    if (envelope->idempotency_key.len != 0 && envelope->idempotency_key.len != 16)
        return RPC__REASON__IDEMPOTENCY_KEY_INVALID;
    if (rule->idempotency == RULE__IDEMPOTENCY__KEY && envelope->idempotency_key.len == 0 &&
        !rpc_principal(call)->internal)
        return RPC__REASON__IDEMPOTENCY_KEY_MISSING;
    return 0;
}

static void run_call(struct rpc_call *call)
{
    struct rpc_server *server = call->server;
    ProtobufCMessage *input;
    int reason = envelope_refusal(call);

    if (!reason) {
        input = protobuf_c_message_unpack(call->method->api->input->descriptor, &server->arena.allocator,
                                          call->envelope->input.len, call->envelope->input.data);
        if (!input)
            reason = RPC__REASON__BAD_REQUEST;
        else if (call->method->api->rule->idempotency == RULE__IDEMPOTENCY__KEY && call->envelope->idempotency_key.len)
            invoke_once(call, input);
        else
            invoke(call, input, NULL);
    }
    if (reason)
        rpc_refuse(call, reason);
}

/* ---- batches ---- */

struct rpc_server *rpc_server_new(struct store *store, struct clock *clock)
{
    struct rpc_server *server = calloc(1, sizeof(*server));
    int first = 0;

    if (!server)
        return NULL;
    *server = (struct rpc_server){.store = store, .clock = clock};
    arena_init(&server->arena, LIMIT_BATCH_ARENA);
    arena_init(&server->undo_arena, LIMIT_BATCH_ARENA);
    buf_init(&server->out, LIMIT_MESSAGE_SIZE);
    if (store) {
        first = store_prepare(store, sql, N_SQL);
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
    buf_done(&server->out);
    free(server);
}

void rpc_server_add(struct rpc_server *server, ProtobufCService *service)
{
    for (const struct api_method *api = api_methods(); api->name; api++) {
        struct method *method;
        unsigned hash = hash_name(api->name);

        if (api->service != service->descriptor)
            continue;
        method = calloc(1, sizeof(*method));
        ensure(method);
        *method = (struct method){.api = api, .service = service, .next = server->methods[hash]};
        server->methods[hash] = method;
    }
}

struct journal *rpc_server_journal(struct rpc_server *server)
{
    return &server->journal;
}

static void run_message(struct rpc_server *server, struct message *message, const void *bytes, size_t len)
{
    Rpc__CallBatch *batch = rpc__call_batch__unpack(&server->arena.allocator, len, bytes);

    if (!batch || batch->n_calls > LIMIT_MESSAGE_CALLS) {
        message->reason = RPC__REASON__BAD_REQUEST;
        return;
    }
    message->calls = arena_zalloc(&server->arena, batch->n_calls * sizeof(message->calls[0]));
    if (!message->calls) {
        message->reason = RPC__REASON__OVERLOADED;
        return;
    }
    message->n_calls = batch->n_calls;
    server->n_calls += batch->n_calls;
    for (size_t i = 0; i < batch->n_calls; i++) {
        struct rpc_call *call = &message->calls[i];

        call->server = server;
        call->envelope = batch->calls[i];
        rpc__answer__init(&call->answer);
        run_call(call);
    }
}

bool rpc_server_take(struct rpc_server *server, const void *bytes, size_t len, void *tag)
{
    struct message *message;

    ensure(server->n_messages < LIMIT_BATCH_MESSAGES);
    if (server->n_messages == 0) {
        server->now = clock_now(server->clock);
        server->journal_seq = server->journal.tip.seq;
    }
    message = &server->messages[server->n_messages++];
    *message = (struct message){.tag = tag};
    run_message(server, message, bytes, len);
    return server->n_messages < LIMIT_BATCH_MESSAGES && server->n_calls < LIMIT_BATCH_CALLS;
}

/* After a failed commit: what was read may have seen what is now undone, so the
 * reads are run again. */
static void settle_failed_batch(struct rpc_server *server, int reason)
{
    for (unsigned m = 0; m < server->n_messages; m++) {
        for (size_t i = 0; i < server->messages[m].n_calls; i++) {
            struct rpc_call *call = &server->messages[m].calls[i];

            if (!call->method)
                continue;
            rpc__answer__init(&call->answer);
            call->done = false;
            if (!call->method->api->writes) {
                run_call(call);
            } else {
                rpc_retry_after(call, 1);
                rpc_refuse(call, reason);
            }
        }
    }
}

static void commit_batch(struct rpc_server *server)
{
    int reason = store_trouble(server->store);
    int64_t began;

    if (!store_dirty(server->store) && !reason)
        return;
    began = clock_monotonic_ns();
    reason = store_commit(server->store);
    server->counts.commit_ns += clock_monotonic_ns() - began;
    journal_batch_end(&server->journal, reason == 0);
    if (reason) {
        server->counts.failed_commits++;
        undo_until(server, NULL);
        settle_failed_batch(server, reason);
        /* A read that failed again has said so itself. */
        if (store_trouble(server->store))
            store_commit(server->store);
    } else {
        server->counts.commits++;
    }
}

static void count_call(const struct rpc_call *call)
{
    if (!call->method)
        return;
    call->method->calls++;
    if (call->answer.reason)
        call->method->refused++;
    if (call->answer.reason && api_reason(call->answer.reason)->http >= 500)
        call->method->unavailable++;
}

/* Packs a message's answers field by field, without an array of pointers. */
static void pack_answers(struct rpc_server *server, const struct message *message)
{
    struct buf *out = &server->out;

    for (size_t i = 0; i < message->n_calls; i++) {
        const struct rpc_call *call = &message->calls[i];
        size_t len = rpc__answer__get_packed_size(&call->answer);
        uint32_t rest = (uint32_t)len;
        char *room = buf_room(out, len + 6);

        if (!room)
            return;
        *room++ = 0x0a; /* AnswerBatch.answers, length-delimited */
        out->len++;
        while (rest >= 0x80) {
            *room++ = (char)(rest | 0x80);
            rest >>= 7;
            out->len++;
        }
        *room++ = (char)rest;
        out->len += 1 + rpc__answer__pack(&call->answer, (uint8_t *)room);
        count_call(call);
    }
}

static void send_reason(int reason, rpc_send send, void *arg, void *tag)
{
    Rpc__AnswerBatch batch = RPC__ANSWER_BATCH__INIT;
    uint8_t packed[16];

    batch.reason = reason;
    send(arg, tag, packed, rpc__answer_batch__pack(&batch, packed));
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

        buf_clear(&server->out);
        if (!message->reason)
            pack_answers(server, message);
        if (server->out.failed)
            message->reason = RPC__REASON__OVERLOADED;
        if (message->reason)
            send_reason(message->reason, send, arg, message->tag);
        else
            send(arg, message->tag, server->out.bytes, server->out.len);
    }
    grown = server->journal.tip.seq != server->journal_seq;
    server->n_messages = 0;
    server->n_calls = 0;
    server->undos = NULL;
    arena_reset(&server->arena);
    arena_reset(&server->undo_arena);
    return grown;
}

int rpc_server_transact(struct rpc_server *server, rpc_work work, void *arg)
{
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;
    Rpc__Call envelope = RPC__CALL__INIT;
    struct rpc_call call = {.server = server, .envelope = &envelope, .answer = RPC__ANSWER__INIT};
    int reason;

    ensure(server->n_messages == 0);
    principal.internal = true;
    envelope.principal = &principal;
    server->now = clock_now(server->clock);
    journal_call_begin(&server->journal);
    store_call_begin(server->store);
    work(&call, arg);
    reason = call.answer.reason;
    store_call_end(server->store, !reason);
    if (reason) {
        journal_call_undo(&server->journal);
        undo_until(server, NULL);
        store_commit(server->store);
    } else {
        reason = store_commit(server->store);
        if (reason)
            undo_until(server, NULL);
    }
    journal_batch_end(&server->journal, reason == 0);
    server->undos = NULL;
    arena_reset(&server->arena);
    arena_reset(&server->undo_arena);
    return reason;
}

static void drop_old_answers(void *call, void *arg)
{
    struct rpc_server *server = arg;

    store_run(server->store, server->sql + SQL_DROP_ANSWERS, "i", rpc_now(call) - LIMIT_IDEMPOTENCY_MS);
}

void rpc_server_tidy(struct rpc_server *server)
{
    if (server->store)
        rpc_server_transact(server, drop_old_answers, server);
}

/* ---- metrics ---- */

const struct rpc_server_counts *rpc_server_counts(const struct rpc_server *server)
{
    return &server->counts;
}

void rpc_metric(struct arena *arena, Rpc__ProbeReport *report, const char *name, const char *type, const char *labels,
                double value)
{
    Rpc__Metric *metric = arena_alloc(arena, sizeof(*metric));

    if (!report->metrics)
        report->metrics = arena_alloc(arena, RPC_MAX_METRICS * sizeof(*report->metrics));
    if (!metric || !report->metrics || report->n_metrics == RPC_MAX_METRICS)
        return;
    rpc__metric__init(metric);
    metric->name = arena_strndup(arena, name, strlen(name));
    metric->type = arena_strndup(arena, type, strlen(type));
    metric->labels = arena_strndup(arena, labels, strlen(labels));
    metric->value = value;
    if (metric->name && metric->type && metric->labels)
        report->metrics[report->n_metrics++] = metric;
}

void rpc_server_metrics(struct rpc_server *server, struct arena *arena, Rpc__ProbeReport *report)
{
    const struct rpc_server_counts *counts = &server->counts;

    rpc_metric(arena, report, "huigong_batches_total", "counter", "", (double)counts->batches);
    rpc_metric(arena, report, "huigong_commits_total", "counter", "", (double)counts->commits);
    rpc_metric(arena, report, "huigong_failed_commits_total", "counter", "", (double)counts->failed_commits);
    rpc_metric(arena, report, "huigong_commit_seconds_total", "counter", "", (double)counts->commit_ns / 1e9);
    for (unsigned i = 0; i < METHOD_HASH; i++) {
        for (const struct method *method = server->methods[i]; method; method = method->next) {
            char labels[128];

            if (!method->calls)
                continue;
            snprintf(labels, sizeof(labels), "method=\"%s\"", method->api->name);
            rpc_metric(arena, report, "huigong_calls_total", "counter", labels, (double)method->calls);
            rpc_metric(arena, report, "huigong_refused_total", "counter", labels, (double)method->refused);
            rpc_metric(arena, report, "huigong_unavailable_total", "counter", labels, (double)method->unavailable);
        }
    }
}
