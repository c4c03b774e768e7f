/* harness.h: a service in the test's own process.
 *
 * A struct harness is what service_main() builds, without bus, loop and sandbox: a
 * store in a temporary folder, a fake clock at HARNESS_NOW, and the service's
 * handlers over both. A test gathers calls with harness_add(), runs them as one
 * batch with harness_run(), or does both for one call with harness_call(), steps
 * the clock, and restarts the service on its store with harness_reopen().
 *
 * What the service is given may be recorded (record.h), to be given to it again.
 *
 * A hook may have calls made again: anomaly.h tries each while the disk fails.
 *
 * Answers, outputs and principals live in the harness' arena until
 * harness_forget() or harness_close(). What must hold of the harness itself is an
 * ensure(), so that fuzz entries can use it as well as cmocka tests. */
#pragma once
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/sha256.h"
#include "common/daemon/service.h"
#include "tests/reason.h"
#include "tests/record.h"

#define HARNESS_NOW INT64_C(1767225600000) /* 2026-01-01 00:00 UTC */

struct harness {
    struct service service;   /* clock, store, rpc and self are set */
    void (*done)(void *self); /* gives the service's memory back; may be NULL */
    char dir[32];
    struct arena arena;
    Rpc__Client *client; /* from where calls are made, see harness_from; NULL: from a daemon */
    Rpc__Client from;
    unsigned char device[LIMIT_DEVICE_HASH];
    Rpc__Call *calls[LIMIT_MESSAGE_CALLS]; /* gathered for the next run */
    unsigned n_calls, n_taken;             /* by the last harness_take */
    Rpc__AnswerBatch *answers;             /* of the last message that was answered */
    bool edge;                             /* calls come from the edge */
    bool grown;                            /* whether the last batch added to the journal */
    int64_t head;                          /* the row of which a head was wanted last */
    bool head_untold;                      /* and that its batch was not answered by then */
    struct rpc_job *jobs[RPC_MAX_MADE];    /* that handlers asked for */
    unsigned n_jobs;
    unsigned n_beside;     /* how many of them there have been */
    struct record *record; /* NULL: none */
    uint64_t works;        /* of the service's own that are on it */
    /* Called before a call and after each attempt at it: whether to make it (again).
     * NULL: once. */
    bool (*attempt)(struct harness *h);
};

static inline void *harness_alloc(struct harness *h, size_t size)
{
    void *bytes = arena_zalloc(&h->arena, size);

    ensure(bytes);
    return bytes;
}

/* Takes a function that a handler asked for by rpc_make, as a daemon's worker does. */
static inline bool harness_beside(void *arg, struct rpc_job *job)
{
    struct harness *h = arg;

    if (h->n_jobs == ARRAY_LEN(h->jobs))
        return false;
    h->jobs[h->n_jobs++] = job;
    h->n_beside++;
    return true;
}

/* In the daemon's stead, which signs it. */
static inline void harness_on_head(void *arg)
{
    struct harness *h = arg;
    struct journal *journal = rpc_server_journal(h->service.rpc);

    h->head = journal->committed.seq;
    h->head_untold = !h->answers;
    journal->head_wanted = false;
    journal->signed_seq = h->head;
}

/* ---- the recording ---- */

/* Before the service is given something: what it has done by itself meanwhile is on no record. */
static inline void harness_on_record(struct harness *h)
{
    if (rpc_server_counts(h->service.rpc)->works != h->works)
        record_break(h->record);
}

/* The test does something behind the service's back. */
static inline void harness_off_record(struct harness *h)
{
    record_break(h->record);
}

/* After it has done work that is. */
static inline void harness_works(struct harness *h)
{
    h->works = rpc_server_counts(h->service.rpc)->works;
}

static inline const unsigned char *harness_hash(struct harness *h)
{
    return rpc_server_journal(h->service.rpc)->tip.hash;
}

/* ---- life ---- */

static inline void harness_start(struct harness *h)
{
    struct store_options options;

    record_start(h->record, &h->service.clock, h->service.spec->conf);
    service_store_options(&h->service, h->dir, &options);
    h->service.store = store_open(&options);
    ensure(h->service.store);
    h->service.rpc = rpc_server_new(h->service.store, &h->service.clock);
    ensure(h->service.rpc);
    rpc_server_beside(h->service.rpc, harness_beside, h);
    rpc_server_on_head(h->service.rpc, harness_on_head, h);
    rpc_server_journal(h->service.rpc)->signed_seq = h->head;
    ensure(service_begin(&h->service) == 0);
    harness_works(h);
}

static inline void harness_stop(struct harness *h)
{
    harness_on_record(h);
    record_stop(h->record);
    if (h->done)
        h->done(h->service.self);
    service_end(&h->service);
    rpc_server_free(h->service.rpc);
    store_close(h->service.store);
}

/* A folder and a clock for a service that has not started. done gives back what
 * spec->start takes. */
static inline void harness_init(struct harness *h, const struct service_spec *spec, void (*done)(void *self))
{
    *h = (struct harness){.service = {.spec = spec}, .done = done, .dir = "/tmp/huigong-test-XXXXXX"};
    arena_init(&h->arena, (size_t)1 << 30);
    clock_fake(&h->service.clock, HARNESS_NOW, 1);
    h->record = record_open(spec->name);
    ensure(mkdtemp(h->dir) && api_load() == 0);
}

#define HARNESS_KEY "1111111111111111111111111111111111111111111111111111111111111111"

/* Makes a file that a setting names, for keys; it goes with the harness. */
static inline void harness_key(struct harness *h, const char *setting, const char *text)
{
    char path[96];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", h->dir, setting);
    file = fopen(path, "wx");
    ensure(file && fputs(text, file) >= 0 && fchmod(fileno(file), 0600) == 0 && fclose(file) == 0);
    setenv(setting, path, 1);
}

/* Starts a service that needs no keys on an empty store. */
static inline void harness_open(struct harness *h, const struct service_spec *spec, void (*done)(void *self))
{
    harness_init(h, spec, done);
    harness_start(h);
}

/* The service dies between two batches and starts again; the clock goes on. */
static inline void harness_reopen(struct harness *h)
{
    harness_stop(h);
    harness_start(h);
}

static inline void harness_remove_at(int parent, const char *name)
{
    DIR *folder = fdopendir(openat(parent, name, O_RDONLY | O_DIRECTORY));
    const struct dirent *entry;

    ensure(folder);
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] != '.' && entry->d_type == DT_DIR)
            harness_remove_at(dirfd(folder), entry->d_name);
        else if (entry->d_name[0] != '.')
            ensure(unlinkat(dirfd(folder), entry->d_name, 0) == 0);
    }
    closedir(folder);
    ensure(unlinkat(parent, name, AT_REMOVEDIR) == 0);
}

/* Deletes a folder and what it holds. */
static inline void harness_remove_dir(const char *dir)
{
    harness_remove_at(AT_FDCWD, dir);
}

/* Of a service that has been stopped. */
static inline void harness_end(struct harness *h)
{
    record_close(h->record);
    arena_done(&h->arena);
    harness_remove_dir(h->dir);
}

static inline void harness_close(struct harness *h)
{
    harness_stop(h);
    harness_end(h);
}

/* Gives back the memory of earlier answers, outputs and principals. */
static inline void harness_forget(struct harness *h)
{
    ensure(h->n_calls == 0);
    arena_reset(&h->arena);
    h->answers = NULL;
}

/* ---- who calls ---- */

static inline Rpc__Principal *harness_nobody(struct harness *h)
{
    Rpc__Principal *principal = harness_alloc(h, sizeof(*principal));

    rpc__principal__init(principal);
    return principal;
}

/* Signed in, at a level of Rpc__Level. The union's path is kept, not copied. */
static inline Rpc__Principal *harness_person(struct harness *h, int64_t member_id, int level, const char *union_path)
{
    Rpc__Principal *principal = harness_nobody(h);

    principal->member_id = member_id;
    principal->session_id = member_id + 1000000;
    principal->level = (Rpc__Level)level;
    principal->union_path = unconst(union_path);
    principal->stepped_up_until = INT64_MAX;
    return principal;
}

/* A member on the roster of a union, at the root when the path is "". */
static inline Rpc__Principal *harness_member(struct harness *h, int64_t member_id, const char *union_path)
{
    return harness_person(h, member_id, RPC__LEVEL__MEMBER, union_path);
}

/* A member who holds one role (of Rule__Role) over a union and all below it. */
static inline Rpc__Principal *harness_official(struct harness *h, int64_t member_id, int role, const char *union_path)
{
    Rpc__Principal *principal = harness_member(h, member_id, union_path);
    Rpc__Grant *grant = harness_alloc(h, sizeof(*grant));

    rpc__grant__init(grant);
    grant->role = (Rule__Role)role;
    grant->union_path = unconst(union_path);
    principal->grants = harness_alloc(h, sizeof(grant));
    principal->grants[0] = grant;
    principal->n_grants = 1;
    return principal;
}

/* The same, as one whom nobody knows by name. */
static inline Rpc__Principal *harness_unnamed(Rpc__Principal *official)
{
    official->level = RPC__LEVEL__MOBILE;
    return official;
}

/* The same, as one to whom somebody gave her office at a time. */
static inline Rpc__Principal *harness_newly(struct harness *h, Rpc__Principal *official, int64_t given_by,
                                            int64_t given_at)
{
    int64_t *givers = harness_alloc(h, sizeof(*givers));

    *givers = given_by;
    official->grants[0]->given_at = given_at;
    official->grants[0]->given_by = givers;
    official->grants[0]->n_given_by = 1;
    return official;
}

/* Another daemon, or a command line on the bus. */
static inline Rpc__Principal *harness_internal(struct harness *h)
{
    Rpc__Principal *principal = harness_nobody(h);

    principal->internal = true;
    return principal;
}

/* From now on calls come from the n-th address and device; device 0 sends no nonce. */
static inline void harness_from(struct harness *h, unsigned address, unsigned device)
{
    rpc__client__init(&h->from);
    h->from.address = 0xff000000c0000200u + address;
    memset(h->device, (int)device, sizeof(h->device));
    if (device)
        h->from.device = (ProtobufCBinaryData){sizeof(h->device), h->device};
    h->client = &h->from;
}

/* ---- calls ---- */

/* Gathers a call: a method's name, its input (NULL: no bytes), who calls (NULL:
 * nobody), the text of an Idempotency-Key (NULL: none). All is copied but the
 * principal. The envelope may still be changed before the run. */
static inline Rpc__Call *harness_add(struct harness *h, const char *method, const ProtobufCMessage *input,
                                     const Rpc__Principal *principal, const char *key)
{
    Rpc__Call *call = harness_alloc(h, sizeof(*call));

    ensure(h->n_calls < ARRAY_LEN(h->calls));
    rpc__call__init(call);
    call->method = arena_strndup(&h->arena, method, strlen(method));
    call->principal = unconst(principal);
    call->client = h->client;
    if (input) {
        call->input.data = harness_alloc(h, protobuf_c_message_get_packed_size(input) + 1);
        call->input.len = protobuf_c_message_pack(input, call->input.data);
    }
    if (key) {
        call->idempotency_key = (ProtobufCBinaryData){32, harness_alloc(h, 32)};
        sha256_of(key, strlen(key), call->idempotency_key.data);
    }
    h->calls[h->n_calls++] = call;
    return call;
}

/* Gives what was gathered to the server as one message, and does not finish the
 * batch yet. False when the batch is full. */
static inline bool harness_take(struct harness *h)
{
    Rpc__CallBatch batch = RPC__CALL_BATCH__INIT;
    uint8_t *packed;
    size_t len;
    bool more;

    batch.calls = h->calls;
    batch.n_calls = h->n_calls;
    packed = harness_alloc(h, rpc__call_batch__get_packed_size(&batch) + 1);
    len = rpc__call_batch__pack(&batch, packed);
    harness_on_record(h);
    if (h->edge) {
        harness_off_record(h);
        more = rpc_server_take_edge(h->service.rpc, packed, len, h);
    } else {
        record_message(h->record, &h->service.clock, packed, len);
        more = rpc_server_take(h->service.rpc, packed, len, h);
    }
    h->n_taken = h->n_calls;
    h->n_calls = 0;
    return more;
}

/* The number under which an answer carries the name of its method, for its report. */
#define HARNESS_METHOD 1000

static inline void harness_on_answers(void *arg, void *tag, const void *bytes, size_t len)
{
    struct harness *h = arg;

    ensure(tag == h);
    h->answers = rpc__answer_batch__unpack(&h->arena.allocator, len, bytes);
    ensure(h->answers);
    for (size_t i = 0; i < h->answers->n_answers && i < h->n_taken; i++) {
        ProtobufCMessageUnknownField *method = harness_alloc(h, sizeof(*method));
        char *name = h->calls[i]->method;

        *method = (ProtobufCMessageUnknownField){.tag = HARNESS_METHOD,
                                                 .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
                                                 .len = strlen(name),
                                                 .data = (uint8_t *)name};
        h->answers->answers[i]->base.unknown_fields = method;
        h->answers->answers[i]->base.n_unknown_fields = 1;
    }
}

/* Runs them, and again the calls that asked, until none asks any more. */
static inline void harness_make(struct harness *h)
{
    while (h->n_jobs > 0) {
        struct rpc_job *jobs[ARRAY_LEN(h->jobs)];
        unsigned n = h->n_jobs;

        memcpy(jobs, h->jobs, n * sizeof(jobs[0]));
        h->n_jobs = 0;
        for (unsigned i = 0; i < n; i++) {
            rpc_job_run(jobs[i]);
            rpc_server_made(jobs[i]);
        }
        while (rpc_server_take_made(h->service.rpc))
            h->grown |= rpc_server_finish(h->service.rpc, harness_on_answers, h);
    }
}

/* Ends the batch; the answers to its last message. */
static inline const Rpc__AnswerBatch *harness_finish(struct harness *h)
{
    h->answers = NULL;
    h->grown = rpc_server_finish(h->service.rpc, harness_on_answers, h);
    harness_make(h);
    record_finish(h->record, harness_hash(h));
    h->n_taken = 0;
    return h->answers;
}

/* What was gathered, as a batch of one message: its answers, in order. */
static inline const Rpc__AnswerBatch *harness_run(struct harness *h)
{
    harness_take(h);
    return harness_finish(h);
}

static inline bool harness_attempt(struct harness *h)
{
    return h->attempt && h->attempt(h);
}

/* One call in a batch of its own. */
static inline const Rpc__Answer *harness_call(struct harness *h, const char *method, const ProtobufCMessage *input,
                                              const Rpc__Principal *principal, const char *key)
{
    harness_attempt(h);
    do {
        harness_add(h, method, input, principal, key);
        harness_run(h);
        ensure(h->answers && h->answers->n_answers == 1);
    } while (harness_attempt(h));
    return h->answers->answers[0];
}

/* What the service does without being called. */
static inline void harness_work(struct harness *h, void (*work)(struct harness *h))
{
    h->answers = NULL;
    harness_attempt(h);
    do {
        work(h);
    } while (harness_attempt(h));
}

/* A slice of what the service's parts do by themselves. Whether there is more at once. */
static inline bool harness_tidy(struct harness *h)
{
    struct clock clock = h->service.clock;
    bool more;

    harness_on_record(h);
    more = parts_tidy(service_parts(&h->service));
    record_tidy(h->record, &clock, harness_hash(h));
    harness_works(h);
    return more;
}

struct harness_row {
    struct harness *h;
    const char *queue;
    const Rpc__JournalRow *row;
};

static inline void harness_apply(void *call, void *arg)
{
    const struct harness_row *row = arg;

    service_hear(&row->h->service, row->queue, NULL, call, row->row);
}

/* The service hears a row of another's journal: 0, or the Reason it was undone for, and it
 * will come again. */
static inline int harness_hear(struct harness *h, const char *queue, const Rpc__JournalRow *row)
{
    struct harness_row heard = {h, queue, row};
    struct clock clock = h->service.clock;
    size_t len = rpc__journal_row__get_packed_size(row);
    uint8_t *packed = harness_alloc(h, len + 1);
    int reason;

    harness_on_record(h);
    reason = rpc_server_transact(h->service.rpc, harness_apply, &heard);
    record_follow(h->record, &clock, queue, packed, rpc__journal_row__pack(row, packed), harness_hash(h));
    harness_works(h);
    return reason;
}

/* Gives the service what only a test does: a function of the fixture's, which the replay
 * knows by its name (replay.h of the service), and bytes that say what, without addresses. */
typedef void (*harness_given)(struct harness *h, const void *bytes, size_t len);
static inline void harness_give(struct harness *h, const char *name, harness_given given, const void *bytes, size_t len)
{
    struct clock clock = h->service.clock;

    harness_on_record(h);
    given(h, bytes, len);
    record_given(h->record, &clock, name, bytes, len, harness_hash(h));
    harness_works(h);
}

/* ---- what was answered ---- */

/* What a test expects of an answer; a failure says "Bookings.CreateBooking: SLOT_FULL
 * slotId, expected OK". */
#define assert_ok(answer)                      harness_expect(answer, "OK", NULL, __FILE__, __LINE__)
#define assert_refused(answer, name)           harness_expect(answer, name, NULL, __FILE__, __LINE__)
#define assert_refused_at(answer, name, field) harness_expect(answer, name, field, __FILE__, __LINE__)
#define assert_reason(answer, number)          harness_expect(answer, api_reason(number)->name, NULL, __FILE__, __LINE__)

/* That what is offered says why somebody is refused who takes it all the same, or nothing. */
#define assert_says(offer, answer)                                                                                     \
    (assert_string_equal((offer)->reason, (answer)->reason ? api_reason((answer)->reason)->name : ""),                 \
     assert_string_equal((offer)->words, (answer)->reason ? api_reason((answer)->reason)->zh : ""))

/* The name of its reason. */
static inline const char *harness_refusal(const Rpc__Answer *answer)
{
    return api_reason(answer->reason)->name;
}

/* An answer as its report says it, until the next. */
static inline const char *harness_told(const Rpc__Answer *answer)
{
    static char text[512];
    const ProtobufCMessageUnknownField *method = answer->base.unknown_fields;
    size_t len = 0;

    if (answer->base.n_unknown_fields == 1 && method->tag == HARNESS_METHOD)
        len = (size_t)snprintf(text, sizeof(text), "%.*s: ", (int)method->len, (const char *)method->data);
    len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%s", harness_refusal(answer),
                            *answer->field ? " " : "", answer->field);
    for (size_t i = 0; i < answer->n_facts && len < sizeof(text); i++)
        len +=
            (size_t)snprintf(text + len, sizeof(text) - len, " %s=%s", answer->facts[i]->name, answer->facts[i]->value);
    return text;
}

/* reason by its name; field NULL: any. A refusal has no output. */
static inline void harness_expect(const Rpc__Answer *answer, const char *reason, const char *field, const char *file,
                                  int line)
{
    if (strcmp(harness_refusal(answer), reason) == 0 && (!field || strcmp(answer->field, field) == 0) &&
        (answer->reason == 0 || answer->output.len == 0))
        return;
    fprintf(stderr, "%s, expected %s%s%s\n", harness_told(answer), reason, field ? " " : "", field ? field : "");
    reason_fail(file, line);
}

/* The output of an answer as a message of its type; never NULL. */
static inline void *harness_output(struct harness *h, const Rpc__Answer *answer,
                                   const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message;

    assert_ok(answer);
    message = protobuf_c_message_unpack(descriptor, &h->arena.allocator, answer->output.len, answer->output.data);
    ensure(message);
    return message;
}

/* The value of a refusal's fact, or NULL. */
static inline const char *harness_fact(const Rpc__Answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->n_facts; i++) {
        if (strcmp(answer->facts[i]->name, name) == 0)
            return answer->facts[i]->value;
    }
    return NULL;
}

/* ---- the store ---- */

static inline void harness_pragma(struct harness *h, const char *pragma)
{
    int statement = store_prepare(h->service.store, &pragma, 1);

    harness_off_record(h);
    ensure(statement >= 0);
    store_ask(h->service.store, (unsigned)statement, "");
    while (store_row(h->service.store, (unsigned)statement))
        continue;
}

/* The number that a query gives. */
static inline int64_t harness_number(struct harness *h, const char *sql)
{
    int statement = store_prepare(h->service.store, &sql, 1);

    ensure(statement >= 0);
    store_ask(h->service.store, (unsigned)statement, "");
    return store_number(h->service.store, (unsigned)statement);
}

/* From now on the store has no room to grow, as on a full disk; or has again. */
static inline void harness_fill(struct harness *h)
{
    harness_pragma(h, "PRAGMA max_page_count = 1"); /* means: no more than now */
}

static inline void harness_empty(struct harness *h)
{
    harness_pragma(h, "PRAGMA max_page_count = 1000000");
}

/* What --audit says about the store as it is on disk: "" when it is clean. */
static inline const char *harness_audit(struct harness *h)
{
    struct store_options options = {.dir = h->dir, .read_only = true};
    struct store *store = store_open(&options);
    struct journal journal;
    char *text = NULL, *copy;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    int64_t rows;
    int failed;

    ensure(store && out && journal_open(&journal, store) == 0);
    failed = store_check(store, out) ||
             (h->service.spec->parts ? parts_audit(h->service.spec->parts, store, &journal, out, &rows)
                                     : journal_audit(&journal, out, NULL, NULL, &rows));
    fclose(out);
    store_close(store);
    ensure(!failed == (len == 0));
    copy = arena_strndup(&h->arena, text, len);
    ensure(copy);
    free(text);
    return copy;
}

/* The last event of a kind in the service's journal, or NULL. */
static inline void *harness_last_event(struct harness *h, const ProtobufCMessageDescriptor *event, int32_t kind)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;
    const ProtobufCBinaryData *body;

    request.kinds = &kind;
    request.n_kinds = 1;
    journal_read(rpc_server_journal(h->service.rpc), &request, &h->arena, &page);
    if (page.n_rows == 0)
        return NULL;
    body = &page.rows[page.n_rows - 1]->body;
    return protobuf_c_message_unpack(event, &h->arena.allocator, body->len, body->data);
}

/* Changes the store behind the service's back, by one statement. */
static inline void harness_tamper(struct harness *h, const char *sql)
{
    int statement = store_prepare(h->service.store, &sql, 1);

    harness_off_record(h);
    ensure(statement >= 0 && store_run(h->service.store, (unsigned)statement, "") >= 0);
    ensure(store_commit(h->service.store) == 0);
}

/* That the audit finds what one statement changes behind the service's back, and nothing before it, nor when another
 * one has changed it back (NULL: it stays so). A failure names the statement. */
#define assert_found(h, change, back) harness_expect_found(h, change, back, __FILE__, __LINE__)

static inline void harness_expect_clean(struct harness *h, const char *file, int line)
{
    const char *found = harness_audit(h);

    if (!*found)
        return;
    fprintf(stderr, "%s", found);
    reason_fail(file, line);
}

static inline void harness_expect_found(struct harness *h, const char *change, const char *back, const char *file,
                                        int line)
{
    harness_expect_clean(h, file, line);
    harness_tamper(h, change);
    if (!*harness_audit(h)) {
        fprintf(stderr, "not found: %s\n", change);
        reason_fail(file, line);
    }
    if (!back)
        return;
    harness_tamper(h, back);
    harness_expect_clean(h, file, line);
}
