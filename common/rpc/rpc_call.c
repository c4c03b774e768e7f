/* rpc_call.c: one call, from its envelope to its answer. */

#include "common/api/json.h"
#include "common/base/bytes.h"
#include "common/base/sha256.h"
#include "common/trust/token.h"
#include "common/rpc/rpc_internal.h"

static const Rpc__Principal nobody = RPC__PRINCIPAL__INIT;

unsigned rpc_hash_name(const char *name)
{
    return fnv1a(name, strlen(name)) % METHOD_HASH;
}

/* What many ask for at once is mostly the same. */
static struct method *find_method(struct rpc_server *server, const char *name)
{
    struct method *method = server->latest;

    if (method && strcmp(method->api->name, name) == 0)
        return method;
    method = server->methods[rpc_hash_name(name)];
    while (method && strcmp(method->api->name, name) != 0)
        method = method->next;
    if (method)
        server->latest = method;
    return method;
}

/* Whether she must first prove that it is she. */
static int step_up_refusal(const Rule__Method *rule, const Rpc__Principal *principal, int64_t now)
{
    bool named = principal->level >= RPC__LEVEL__REAL_NAME;

    if (rule->step_up == RULE__STEP_UP__STEP_UP_NONE)
        return 0;
    if (!named)
        return rule->step_up == RULE__STEP_UP__STEP_UP_NAMED ? RPC__REASON__NOT_VERIFIED : 0;
    if (rule->step_up == RULE__STEP_UP__STEP_UP_KNOWN)
        return principal->unproven ? RPC__REASON__STEP_UP_NEEDED : 0;
    return principal->stepped_up_until > now ? 0 : RPC__REASON__STEP_UP_NEEDED;
}

/* The one place that decides who may call what. */
static int caller_refusal(const Rule__Method *rule, const Rpc__Principal *principal, bool gateway, int64_t now)
{
    int reason;

    if (principal->internal || rule->who == RULE__WHO__PUBLIC || (gateway && rule->who == RULE__WHO__EDGE))
        return 0;
    if (rule->who == RULE__WHO__INTERNAL || rule->who == RULE__WHO__EDGE)
        return RPC__REASON__NOT_OFFICIAL;
    if (!principal->member_id)
        return RPC__REASON__MISSING_TOKEN;
    if (rule->who == RULE__WHO__VERIFIED && principal->level < RPC__LEVEL__MEMBER)
        return RPC__REASON__NOT_VERIFIED;
    reason = step_up_refusal(rule, principal, now);
    if (reason)
        return reason;
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

static int compare_ids(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* Whom the answer shows, each once and without the caller. */
static void note_seen(struct rpc_call *call, const ProtobufCMessage *message)
{
    const struct api_message *output = call->method->api->output;
    size_t n = api_subjects(output, message, NULL);
    int64_t *ids = arena_alloc(rpc_arena(call), n * sizeof(*ids) + 1);

    if (!ids) {
        call->answer.reason = RPC__REASON__OVERLOADED;
        return;
    }
    api_subjects(output, message, ids);
    qsort(ids, n, sizeof(*ids), compare_ids);
    for (size_t i = 0; i < n; i++) {
        if (ids[i] != rpc_principal(call)->member_id && (call->n_seen == 0 || ids[call->n_seen - 1] != ids[i]))
            ids[call->n_seen++] = ids[i];
    }
    call->seen = ids;
}

static void on_reply(const ProtobufCMessage *message, void *closure_data)
{
    struct rpc_call *call = closure_data;
    unsigned char page_end[RPC_PAGE_END];
    size_t len, end_len = 0;

    ensure(!call->done);
    call->done = true;
    if (!message || rpc_arena(call)->failed) {
        call->answer.reason = RPC__REASON__OVERLOADED;
        return;
    }
    len = protobuf_c_message_get_packed_size(message);
    if (call->paging)
        end_len = rpc_page_end(call, page_end);
    if (len + end_len > LIMIT_ANSWER) {
        call->answer.reason = RPC__REASON__ANSWER_TOO_LARGE;
        return;
    }
    if (rpc_room_has(call, len + end_len))
        call->answer.output.data = arena_alloc(&call->server->arena, len + end_len + 1);
    call->resend = !call->answer.output.data;
    if (call->resend)
        return;
    protobuf_c_message_pack(message, call->answer.output.data);
    if (end_len)
        memcpy(call->answer.output.data + len, page_end, end_len);
    call->answer.output.len = len + end_len;
    call->changed = call->server->store && store_call_changed(call->server->store);
    if (call->server->seen && call->method->api->shows)
        note_seen(call, message);
}

void rpc_undo_until(struct rpc_server *server, const struct undo *mark)
{
    while (server->undos != mark) {
        struct undo *entry = server->undos;

        server->undos = entry->next;
        entry->undo(entry->self, entry->a, entry->b);
    }
}

/* The first id among a message's fields: the one of that name, or any that has another;
 * both may be NULL. 0 when there is none. */
static int64_t find_id(const ProtobufCMessage *message, const char *name, const char *other_than)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        size_t len = strlen(field->name);

        if (field->type == PROTOBUF_C_TYPE_INT64 && field->label != PROTOBUF_C_LABEL_REPEATED && len > 3 &&
            strcmp(field->name + len - 3, "_id") == 0 && (!name || strcmp(field->name, name) == 0) &&
            (!other_than || strcmp(field->name, other_than) != 0))
            return *(const int64_t *)(const void *)((const char *)message + field->offset);
    }
    return 0;
}

/* The id of what a call has made: of its output, or of the message this begins with. */
static int64_t made_id(struct rpc_call *call)
{
    ProtobufCMessage *output =
        protobuf_c_message_unpack(call->method->api->output->descriptor, &rpc_arena(call)->allocator,
                                  call->answer.output.len, call->answer.output.data);

    if (output && output->descriptor->n_fields && output->descriptor->fields[0].type == PROTOBUF_C_TYPE_MESSAGE)
        output = *(ProtobufCMessage **)(void *)((char *)output + output->descriptor->fields[0].offset);
    return output ? find_id(output, NULL, NULL) : 0;
}

/* The one place where the use of authority is put on record, for every service. */
static void journal_authority(struct rpc_call *call, const ProtobufCMessage *input)
{
    Rpc__OfficialActed acted = RPC__OFFICIAL_ACTED__INIT;

    if (!call->method->api->writes || call->method->api->rule->who != RULE__WHO__OFFICIAL ||
        rpc_principal(call)->internal || call->answer.reason || call->discard || !call->changed)
        return;
    acted.method = call->envelope->method;
    acted.union_id = find_id(input, "union_id", NULL);
    acted.target_id = find_id(input, NULL, "union_id");
    if (!acted.target_id && call->answer.created)
        acted.target_id = made_id(call);
    rpc_tell(call, &acted.base);
}

/* Lets the service's map say who calls. False after refusing. */
static bool map_principal(struct rpc_call *call, bool lasting)
{
    struct rpc_server *server = call->server;
    const Rpc__Principal *principal = call->envelope->principal;
    Rpc__Principal *mapped;

    if (!server->map || !principal || !principal->member_id)
        return true;
    mapped = arena_alloc(rpc_arena(call), sizeof(*mapped));
    if (mapped) {
        *mapped = *principal;
        call->principal = mapped;
    }
    if (mapped && server->map(server->map_self, call, mapped, lasting))
        return true;
    rpc_refuse(call, RPC__REASON__OVERLOADED);
    return false;
}

static void begin_call(struct rpc_server *server)
{
    journal_call_begin(&server->journal);
    store_call_begin(server->store);
}

/* Tells the service whom the answer shows: in the call's savepoint, or after a rehearsal,
 * of which nothing else stays, in one of its own. */
static void tell_seen(struct rpc_call *call)
{
    struct rpc_server *server = call->server;

    if (!call->n_seen || call->answer.reason || call->resend)
        return;
    if (call->discard)
        begin_call(server);
    server->seen(call, call->method->api, call->seen, call->n_seen, server->seen_arg);
    if (call->discard)
        store_call_end(server->store, true);
}

static void end_call(struct rpc_call *call, const struct undo *mark)
{
    struct rpc_server *server = call->server;
    bool undone = call->asks || call->discard || call->resend || (call->answer.reason && !call->keep);

    if (undone) {
        journal_call_undo(&server->journal);
        rpc_undo_until(server, mark);
    }
    store_call_end(server->store, !undone);
    if (call->discard)
        tell_seen(call);
}

static void invoke(struct rpc_call *call, const ProtobufCMessage *input, const unsigned char *fingerprint)
{
    struct rpc_server *server = call->server;
    ProtobufCService *service = call->method->service;
    struct undo *mark = server->undos;

    if (server->store)
        begin_call(server);
    if (call->method->api->page_token)
        rpc_page_begin(call, input);
    if (!call->done && map_principal(call, call->method->api->writes || call->method->api->shows)) {
        if (server->map && server->store)
            store_call_uncount(server->store); /* a handle that it made is no change of its own */
        service->invoke(service, call->method->api->index, input, on_reply, call);
    }
    ensure(call->done);
    /* Its answer knows nothing of this batch's commit, nor of an Idempotency-Key. */
    ensure(!call->deferred || call->asks || !server->store || (!fingerprint && !store_call_changed(server->store)));
    if (server->store && !call->asks && !call->resend) {
        if (!call->discard)
            tell_seen(call);
        journal_authority(call, input);
        if (fingerprint && !call->answer.reason)
            rpc_stored_keep(call, fingerprint);
    }
    if (call->answer.reason)
        call->answer.output = (ProtobufCBinaryData){0, NULL};
    rpc_room_settle(call);
    if (server->store)
        end_call(call, mark);
}

/* An operation with an Idempotency-Key: the first answer is kept and given again. */
static void invoke_once(struct rpc_call *call, const ProtobufCMessage *input)
{
    unsigned char fingerprint[RPC_FINGERPRINT_LEN];

    if (!map_principal(call, false))
        return;
    sha256_of(call->envelope->input.data, call->envelope->input.len, fingerprint);
    if (!rpc_stored_find(call, fingerprint))
        invoke(call, input, fingerprint);
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
    reason = caller_refusal(rule, rpc_principal(call), call->gateway, call->server->now);
    if (reason)
        return reason;
    if (envelope->client && envelope->client->device.len != 0 && envelope->client->device.len != LIMIT_DEVICE_HASH)
        return RPC__REASON__DEVICE_NONCE_INVALID;
    if (envelope->idempotency_key.len != 0 && envelope->idempotency_key.len != RPC_KEY_LEN)
        return RPC__REASON__IDEMPOTENCY_KEY_INVALID;
    if (rule->idempotency == RULE__IDEMPOTENCY__KEY && envelope->idempotency_key.len == 0 &&
        !rpc_principal(call)->internal)
        return RPC__REASON__IDEMPOTENCY_KEY_MISSING;
    return 0;
}

/* Whose word the envelope's is: inside, that of a daemon; at the edge, that of whoever holds
 * it, which makes a member of somebody, but no daemon, and without identity's no official and
 * nobody who has stepped up, nor for longer than identity said. */
static int read_principal(struct rpc_call *call)
{
    struct rpc_server *server = call->server;
    Rpc__Principal *principal = call->envelope->principal;

    call->principal = principal ? principal : &nobody;
    if (!call->edge || !principal)
        return 0;
    call->gateway = principal->internal;
    principal->internal = false;
    if (!principal->member_id) {
        call->principal = &nobody;
        return 0;
    }
    if (!token_can_carry(principal))
        return RPC__REASON__BAD_TOKEN;
    if (!principal->n_grants && !principal->stepped_up_until)
        return 0;
    if (principal->expires_at <= server->now)
        return RPC__REASON__TOKEN_EXPIRED;
    return server->vouched && server->vouched(principal, server->vouched_arg) ? 0 : RPC__REASON__BAD_TOKEN;
}

/* What comes from the edge was judged there, if it is the gateway that speaks. */
static int read_input(struct rpc_call *call, ProtobufCMessage **ret_input)
{
    const struct api_message *type = call->method->api->input;
    const ProtobufCBinaryData *input = &call->envelope->input;
    struct json_trouble trouble;
    char *field;
    int reason;

    *ret_input = protobuf_c_message_unpack(type->descriptor, &rpc_arena(call)->allocator, input->len, input->data);
    if (!*ret_input)
        return RPC__REASON__BAD_REQUEST;
    reason = call->edge ? json_judge(type, *ret_input, rpc_arena(call), &trouble) : 0;
    if (!reason)
        return 0;
    field = arena_strndup(&call->server->arena, trouble.field, strlen(trouble.field));
    if (field)
        call->answer.field = field;
    return reason;
}

static void run(struct rpc_call *call)
{
    ProtobufCMessage *input;
    int reason;

    reason = read_principal(call);
    if (!reason)
        reason = envelope_refusal(call);
    if (!reason)
        reason = read_input(call, &input);
    if (reason)
        rpc_refuse(call, reason);
    else if (call->method->api->rule->idempotency == RULE__IDEMPOTENCY__KEY && call->envelope->idempotency_key.len)
        invoke_once(call, input);
    else
        invoke(call, input, NULL);
    if (!call->answer_len)
        rpc_room_settle(call);
}

void rpc_call_run(struct rpc_call *call)
{
    call->answer_len = 0;
    call->n_seen = 0;
    if (rpc_room_to_run(call))
        run(call);
    arena_reset(&call->server->call_arena);
}
