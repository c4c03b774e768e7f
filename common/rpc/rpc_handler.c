/* rpc_handler.c: what a handler sees of its call, and says of it. */
#include "common/base/union_path.h"
#include "common/rpc/rpc_internal.h"
#include "common/text/text.h"

static const Rpc__Client nowhere = RPC__CLIENT__INIT;

const Rpc__Principal *rpc_principal(void *call)
{
    return ((struct rpc_call *)call)->principal;
}

const Rpc__Client *rpc_client_of(void *call)
{
    const Rpc__Client *client =
        ((struct rpc_call *)call)->envelope ? ((struct rpc_call *)call)->envelope->client : NULL;

    return client ? client : &nowhere;
}

int64_t rpc_known_as(void *call, int64_t member_id)
{
    struct rpc_server *server = ((struct rpc_call *)call)->server;
    Rpc__Principal principal = RPC__PRINCIPAL__INIT;

    principal.member_id = member_id;
    if (server->map && !server->map(server->map_self, call, &principal, false))
        return 0;
    return principal.member_id;
}

int64_t rpc_deadline(void *call)
{
    return ((struct rpc_call *)call)->envelope->deadline_at;
}

int64_t rpc_now(void *call)
{
    return ((struct rpc_call *)call)->server->now;
}

struct arena *rpc_arena(void *call)
{
    return &((struct rpc_call *)call)->server->call_arena;
}

void rpc_random(void *call, void *bytes, size_t len)
{
    clock_random(((struct rpc_call *)call)->server->clock, bytes, len);
}

ProtobufCBinaryData rpc_key(void *call)
{
    ProtobufCBinaryData key = ((struct rpc_call *)call)->envelope->idempotency_key;

    if (key.len > RPC_KEY_KNOWN)
        key.len = RPC_KEY_KNOWN;
    return key;
}

void rpc_refuse(void *call, int reason)
{
    struct rpc_call *self = call;

    ensure(!self->done && reason);
    self->done = true;
    self->answer.reason = reason;
}

bool rpc_refused(void *call)
{
    return ((struct rpc_call *)call)->answer.reason != 0;
}

void rpc_refuse_field(void *call, int reason, const char *field)
{
    char *copy = arena_strndup(&((struct rpc_call *)call)->server->arena, field, strlen(field));

    if (copy)
        ((struct rpc_call *)call)->answer.field = copy;
    rpc_refuse(call, reason);
}

void rpc_add_to(void *call, ProtobufCMessage *message, const void *list, const void *item)
{
    const ProtobufCFieldDescriptor *field = message->descriptor->fields;
    const void **array;
    size_t *n;

    while ((const char *)message + field->offset != list)
        field++;
    n = (void *)((char *)message + field->quantifier_offset);
    memcpy(&array, list, sizeof(array));
    if (item && (*n == 0 || (*n >= 8 && (*n & (*n - 1)) == 0))) {
        const void **grown = arena_alloc(rpc_arena(call), (*n ? 2 * *n : 8) * sizeof(*grown));

        if (grown && *n)
            memcpy(grown, array, *n * sizeof(*grown));
        if (grown)
            memcpy((char *)message + field->offset, &grown, sizeof(grown));
        array = grown;
    }
    if (item && array)
        array[(*n)++] = item;
}

void rpc_keep(void *call)
{
    ((struct rpc_call *)call)->keep = true;
}

void rpc_act_for(void *arg, const Rpc__Principal *principal)
{
    struct rpc_call *call = arg;

    ensure(!call->message);
    call->principal = principal ? principal : call->envelope->principal;
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

void rpc_fact_number(void *call, const char *name, int64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)number);
    rpc_fact(call, name, text);
}

void rpc_fact_time(void *call, const char *name, int64_t at)
{
    char text[CLOCK_TEXT];

    clock_format(at, text);
    rpc_fact(call, name, text);
}

void rpc_fact_character(void *call, int32_t c)
{
    char shown[TEXT_SHOWN];

    if (c)
        rpc_fact(call, "character", text_show(c, shown));
}

void rpc_retry_after(void *call, int32_t seconds)
{
    ((struct rpc_call *)call)->answer.retry_after_s = seconds;
}

void rpc_created(void *call)
{
    ((struct rpc_call *)call)->answer.created = true;
}

char *rpc_text(void *call, const char *text)
{
    char *copy = arena_strndup(rpc_arena(call), text, strlen(text));

    return copy ? copy : "";
}

void rpc_tell(void *call, const ProtobufCMessage *fact)
{
    struct rpc_call *self = call;

    journal_add(&self->server->journal, self->server->now, rpc_principal(call)->member_id, fact);
}

void rpc_tell_both(void *call, const ProtobufCMessage *fact, const ProtobufCMessage *own)
{
    struct rpc_call *self = call;

    journal_add_both(&self->server->journal, self->server->now, rpc_principal(call)->member_id, fact, own);
}

void rpc_want_head(void *call)
{
    journal_want_head(&((struct rpc_call *)call)->server->journal);
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

bool rpc_from_edge(void *call)
{
    return ((struct rpc_call *)call)->edge;
}

bool rpc_has_role(void *call, Rule__Role role, const char *union_path)
{
    const Rpc__Principal *principal = rpc_principal(call);

    if (principal->internal)
        return true;
    for (size_t i = 0; i < principal->n_grants; i++) {
        const Rpc__Grant *grant = principal->grants[i];

        if (grant->role == role && union_path_covers(grant->union_path, union_path))
            return true;
    }
    return false;
}
