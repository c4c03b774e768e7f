/* edge.h: what a service is told by a gateway that somebody has taken.
 *
 * Such a gateway is no reader of JSON: it sends any bytes, in the name of anybody. Of each
 * operation with a route, every limit of every field of its request is broken in turn, in a
 * request that is good but for this: it is refused for its form and changes nothing. Then it
 * is called in the name of what no session can be. Included by authority.h, whose worlds it
 * uses. */
#pragma once
#include "common/api/json.h"

/* How a field can be broken. */
enum edge_break {
    EDGE_NOT_UTF8,
    EDGE_LONG,
    EDGE_CONTROL,
    EDGE_SHORT,
    EDGE_ABOVE,
    EDGE_BELOW,
    EDGE_NO_DAY,
    EDGE_NO_NAME,
    EDGE_MANY,
    EDGE_MISSING,
    EDGE_INSIDE,
    EDGE_BREAKS
};

struct edge_try {
    struct harness *harness;
    unsigned left; /* breaks to pass over before the one that is made */
    const char *field;
    enum edge_break what;
    bool made;
};

static inline bool edge_is_integer(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_INT32 || field->type == PROTOBUF_C_TYPE_INT64;
}

/* Whether a value can be broken so: within its type, and so that JSON could not have said it. */
static inline bool edge_can(const struct api_field *field, enum edge_break what)
{
    const Rule__Field *limit = field->limit;
    bool text = field->descriptor->type == PROTOBUF_C_TYPE_STRING, integer = edge_is_integer(field->descriptor);

    if (limit->inside)
        return what == EDGE_INSIDE && field->descriptor->label != PROTOBUF_C_LABEL_REPEATED && (text || integer);
    switch (what) {
    case EDGE_NOT_UTF8:
        return text;
    case EDGE_LONG:
        return (text || field->descriptor->type == PROTOBUF_C_TYPE_BYTES) && limit->max_len > 0;
    case EDGE_CONTROL:
        return text && !limit->raw;
    case EDGE_SHORT:
        return text && limit->min_len > 1;
    case EDGE_ABOVE:
        return integer && limit->max > 0 && limit->max < INT32_MAX;
    case EDGE_BELOW:
        return integer && !limit->day && (limit->time || ((limit->min || limit->max) && limit->min > INT32_MIN));
    case EDGE_NO_DAY:
        return integer && limit->day;
    case EDGE_NO_NAME:
        return field->descriptor->type == PROTOBUF_C_TYPE_ENUM;
    case EDGE_MANY:
        return field->descriptor->label == PROTOBUF_C_LABEL_REPEATED && limit->max_items > 0;
    case EDGE_MISSING:
        return limit->required;
    default:
        return false;
    }
}

static inline void edge_put_text(struct harness *harness, const struct api_field *field, ProtobufCMessage *message,
                                 const char *text, size_t len)
{
    char *copy = harness_alloc(harness, len + 1);

    memcpy(copy, text, len);
    if (field->descriptor->type == PROTOBUF_C_TYPE_BYTES) {
        ProtobufCBinaryData bytes = {len, (uint8_t *)copy};

        authority_set(harness, message, field->descriptor, &bytes, sizeof(bytes));
    } else {
        authority_set(harness, message, field->descriptor, &copy, sizeof(copy));
    }
}

static inline void edge_put_number(struct harness *harness, const struct api_field *field, ProtobufCMessage *message,
                                   int64_t number)
{
    int32_t small = (int32_t)number;

    if (field->descriptor->type == PROTOBUF_C_TYPE_INT64)
        authority_set(harness, message, field->descriptor, &number, sizeof(number));
    else
        authority_set(harness, message, field->descriptor, &small, sizeof(small));
}

/* One element more than there may be: what there is, or what is empty, again and again. */
static inline void edge_put_many(struct harness *harness, const struct api_field *field, ProtobufCMessage *message)
{
    static const char *const empty = "";
    const ProtobufCFieldDescriptor *descriptor = field->descriptor;
    size_t n = field->limit->max_items + 1, size = sizeof(ProtobufCBinaryData);
    size_t *count = (void *)((char *)message + descriptor->quantifier_offset);
    char **at = (void *)((char *)message + descriptor->offset), *list = harness_alloc(harness, n * size);

    if (descriptor->type == PROTOBUF_C_TYPE_STRING || descriptor->type == PROTOBUF_C_TYPE_MESSAGE)
        size = sizeof(void *);
    else if (descriptor->type == PROTOBUF_C_TYPE_INT64)
        size = sizeof(int64_t);
    else if (descriptor->type != PROTOBUF_C_TYPE_BYTES)
        size = sizeof(int32_t);
    for (size_t i = 0; i < n; i++) {
        if (*count > 0)
            memcpy(list + i * size, *at, size);
        else if (descriptor->type == PROTOBUF_C_TYPE_STRING)
            memcpy(list + i * size, &empty, sizeof(empty));
    }
    *at = list;
    *count = n;
}

static inline void edge_put_nothing(const struct api_field *field, ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *descriptor = field->descriptor;
    ProtobufCMessage *blank = malloc(message->descriptor->sizeof_message);
    char *at = (char *)message + descriptor->offset, *from = (char *)blank + descriptor->offset;

    ensure(blank);
    protobuf_c_message_init(message->descriptor, blank);
    if (descriptor->label == PROTOBUF_C_LABEL_REPEATED)
        *(size_t *)(void *)((char *)message + descriptor->quantifier_offset) = 0;
    else if (descriptor->type == PROTOBUF_C_TYPE_BYTES)
        memcpy(at, from, sizeof(ProtobufCBinaryData));
    else if (descriptor->type == PROTOBUF_C_TYPE_INT32 || descriptor->type == PROTOBUF_C_TYPE_ENUM ||
             descriptor->type == PROTOBUF_C_TYPE_BOOL)
        memcpy(at, from, sizeof(int32_t));
    else
        memcpy(at, from, sizeof(int64_t));
    free(blank);
}

static inline void edge_break_field(struct edge_try *try, const struct api_field *field, ProtobufCMessage *message,
                                    enum edge_break what)
{
    static char longest[1 << 20];
    struct harness *harness = try->harness;
    const Rule__Field *limit = field->limit;

    memset(longest, 'x', sizeof(longest));
    switch (what) {
    case EDGE_NOT_UTF8:
        edge_put_text(harness, field, message, "\xc3\x28", 2);
        break;
    case EDGE_LONG:
        ensure(limit->max_len < sizeof(longest));
        edge_put_text(harness, field, message, longest, limit->max_len + 1);
        break;
    case EDGE_CONTROL:
        edge_put_text(harness, field, message, "a\x01", 2);
        break;
    case EDGE_SHORT:
        edge_put_text(harness, field, message, longest, 1);
        break;
    case EDGE_ABOVE:
        edge_put_number(harness, field, message, limit->max + 1);
        break;
    case EDGE_BELOW:
        edge_put_number(harness, field, message, limit->time ? -1 : limit->min - 1);
        break;
    case EDGE_NO_DAY:
        edge_put_number(harness, field, message, 20260230);
        break;
    case EDGE_NO_NAME:
        edge_put_number(harness, field, message, 12345);
        break;
    case EDGE_MANY:
        edge_put_many(harness, field, message);
        break;
    case EDGE_MISSING:
        edge_put_nothing(field, message);
        break;
    default:
        if (edge_is_integer(field->descriptor))
            edge_put_number(harness, field, message, 7);
        else
            edge_put_text(harness, field, message, "7", 1);
    }
    *try = (struct edge_try){harness, 0, field->json_name, what, true};
}

/* Makes the next break, of a field of the message or of one in it. */
static inline void edge_break_next(struct edge_try *try, const struct api_message *type, ProtobufCMessage *message)
{
    for (unsigned i = 0; i < type->descriptor->n_fields && !try->made; i++) {
        const struct api_field *field = &type->fields[i];
        char *at = (char *)message + field->descriptor->offset;

        for (enum edge_break what = 0; what < EDGE_BREAKS && !try->made; what++) {
            if (edge_can(field, what) && try->left-- == 0)
                edge_break_field(try, field, message, what);
        }
        if (field->message && !try->made)
            edge_break_next(try, field->message,
                            field->descriptor->label == PROTOBUF_C_LABEL_REPEATED ? **(ProtobufCMessage ***)(void *)at
                                                                                  : *(ProtobufCMessage **)(void *)at);
    }
}

static inline bool edge_is_form(int reason)
{
    return reason >= RPC__REASON__BAD_REQUEST && reason < RPC__REASON__ROUTE_NOT_FOUND;
}

/* Identity's word is believed as long as *arg says so. */
static inline bool edge_vouch(const Rpc__Principal *principal, void *arg)
{
    (void)principal;
    return *(const bool *)arg;
}

/* Somebody who may call the operation. */
static inline Rpc__Principal *edge_caller(const struct authority *world, const struct api_method *method)
{
    const char *path = world->places[OWN].path;
    Rpc__Principal *who = method->rule->n_roles
                              ? harness_official(world->harness, AUTHORITY_OFFICIAL, (int)method->rule->roles[0], path)
                              : harness_member(world->harness, AUTHORITY_OFFICIAL, path);

    who->session_id = 1000001;
    who->expires_at = clock_now(&world->harness->service.clock) + LIMIT_SESSION_MS;
    return who;
}

static inline void edge_refused(struct authority *world, const struct api_method *method, const char *what,
                                const char *field, int reason, bool good)
{
    bool changed = dump_has_changed(world->watch);

    if (!good || changed)
        fail_msg("%s with %s (break %s) from the edge: %s%s", method->name, field, what, api_reason(reason)->name,
                 changed ? ", and something has changed" : "");
}

static inline void edge_try_fields(struct authority *world, const struct api_method *method)
{
    static const char *const whats[] = {"not utf-8", "long",    "control", "short",   "above", "below",
                                        "no day",    "no name", "many",    "missing", "inside"};

    for (unsigned k = 0;; k++) {
        Rpc__Principal *who = edge_caller(world, method);
        ProtobufCMessage *input = authority_request(world, method, who, OWN);
        struct edge_try try = {.harness = world->harness, .left = k};
        int reason;

        edge_break_next(&try, method->input, input);
        if (!try.made)
            break;
        reason = authority_call(world, method, who, input)->reason;
        edge_refused(world, method, whats[try.what], try.field, reason, edge_is_form(reason));
        harness_forget(world->harness);
    }
}

static bool edge_believes = true;

static inline void edge_try_callers(struct authority *world, const struct api_method *method)
{
    for (unsigned i = 0; i < 7; i++) {
        Rpc__Principal *who = edge_caller(world, method);
        static char name[LIMIT_SHOWN_NAME + 2];
        int reason;

        memset(name, '*', LIMIT_SHOWN_NAME + 1);
        if (i == 0)
            who->member_id = -1;
        else if (i == 1)
            who->session_id = 0;
        else if (i == 2)
            who->union_path = unconst("0001000");
        else if (i == 3)
            who->shown_name = name;
        else if (i == 4)
            who->level = (Rpc__Level)99;
        else if (i == 5)
            who->expires_at = clock_now(&world->harness->service.clock);
        else
            who->stepped_up_until = who->expires_at;
        edge_believes = i < 6;
        if (i == 5 && !who->n_grants)
            continue; /* a member of whom nobody but the gateway speaks */
        reason = authority_call(world, method, who, authority_request(world, method, who, OWN))->reason;
        edge_believes = true;
        edge_refused(world, method, "caller",
                     i == 5   ? "a seal of the past"
                     : i == 6 ? "a seal of another"
                              : "no session's principal",
                     reason, reason == (i == 5 ? RPC__REASON__TOKEN_EXPIRED : RPC__REASON__BAD_TOKEN));
        harness_forget(world->harness);
    }
}

static inline void a_taken_gateway_is_held_to_what_clients_may_say(void **state)
{
    struct authority *world = *state;
    unsigned n = 0;

    authority_open(world);
    world->harness->edge = world->any = true;
    rpc_server_on_grants(world->harness->service.rpc, edge_vouch, &edge_believes);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        if (strcmp(method->queue, world->queue) != 0 || !method->http)
            continue;
        edge_try_fields(world, method);
        edge_try_callers(world, method);
        n++;
    }
    assert_true(n > 0);
    world->harness->edge = world->any = false;
    authority_close(world);
}
