/* Refusals by status: those of the chassis that a method's options and input imply, and those of the
 * services whose messages it answers with. */
#include "common/api/openapi_internal.h"
#include "common/api/http_phrase.h"

/* What about a method makes the chassis refuse its calls. */
enum {
    ALWAYS = 1 << 0,
    SESSION = 1 << 1, /* somebody must be signed in */
    VERIFIED = 1 << 2,
    OFFICIAL = 1 << 3,
    INPUT = 1 << 4, /* it has fields; and among them: */
    TEXT = 1 << 5,
    NUMBER = 1 << 6,
    DAY = 1 << 7,
    LIST = 1 << 8,
    PAGE = 1 << 9,
    BODY = 1 << 10,
    WRITES = 1 << 11,
    KEY = 1 << 12,     /* Idempotency-Key is required */
    MAY_KEY = 1 << 13, /* or may be given */
    UNION = 1 << 14,   /* its input names a union */
    DEVICE = 1 << 15,  /* it depends on the asking device */
    STEP_UP = 1 << 16, /* or on a second proof of who asks */
    OWN = 1 << 17,     /* of no service, but an edge's own */
    NAMED = 1 << 18,   /* of every daemon: its path names which */
};

static const struct {
    int reason, when;
} chassis[] = {
    {RPC__REASON__BAD_REQUEST, INPUT | OWN},
    {RPC__REASON__MALFORMED_JSON, BODY},
    {RPC__REASON__INVALID_UTF8, INPUT},
    {RPC__REASON__UNKNOWN_FIELD, INPUT | OWN},
    {RPC__REASON__DUPLICATE_FIELD, INPUT},
    {RPC__REASON__WRONG_TYPE, INPUT},
    {RPC__REASON__MISSING_FIELD, INPUT},
    {RPC__REASON__TOO_LONG, TEXT},
    {RPC__REASON__TOO_SHORT, TEXT},
    {RPC__REASON__NOT_ONE_LINE, TEXT},
    {RPC__REASON__HIDDEN_CHARACTER, TEXT},
    {RPC__REASON__OUT_OF_RANGE, NUMBER},
    {RPC__REASON__NUMBER_NOT_EXACT, NUMBER},
    {RPC__REASON__NO_SUCH_DAY, DAY},
    {RPC__REASON__TOO_MANY_ITEMS, LIST | BODY},
    {RPC__REASON__TOO_DEEP, BODY},
    {RPC__REASON__BAD_PAGE_TOKEN, PAGE},
    {RPC__REASON__IDEMPOTENCY_KEY_MISSING, KEY},
    {RPC__REASON__IDEMPOTENCY_KEY_INVALID, KEY | MAY_KEY},
    {RPC__REASON__DEVICE_NONCE_INVALID, DEVICE},
    {RPC__REASON__STEP_UP_NEEDED, STEP_UP},
    {RPC__REASON__MISSING_TOKEN, SESSION},
    {RPC__REASON__BAD_TOKEN, SESSION},
    {RPC__REASON__TOKEN_EXPIRED, SESSION},
    {RPC__REASON__TOKEN_REVOKED, SESSION},
    {RPC__REASON__NOT_VERIFIED, VERIFIED},
    {RPC__REASON__NOT_OFFICIAL, OFFICIAL},
    {RPC__REASON__OUTSIDE_YOUR_UNION, OFFICIAL},
    {RPC__REASON__UNION_NOT_FOUND, UNION},
    {RPC__REASON__UNION_NOT_KNOWN_YET, UNION},
    {RPC__REASON__SERVICE_NOT_FOUND, NAMED},
    {RPC__REASON__METHOD_NOT_ALLOWED, OWN},
    {RPC__REASON__BODY_TOO_LARGE, BODY},
    {RPC__REASON__UNSUPPORTED_MEDIA_TYPE, BODY},
    {RPC__REASON__IDEMPOTENCY_KEY_REUSED, KEY},
    {RPC__REASON__RATE_LIMITED, ALWAYS},
    {RPC__REASON__INTERNAL, ALWAYS},
    {RPC__REASON__SERVICE_DOWN, ALWAYS},
    {RPC__REASON__OVERLOADED, ALWAYS},
    {RPC__REASON__STOPPING, ALWAYS},
    {RPC__REASON__STORE_FAILED, ALWAYS},
    {RPC__REASON__STORE_FULL, WRITES},
    {RPC__REASON__DEADLINE_EXCEEDED, ALWAYS},
    {RPC__REASON__OUTCOME_UNKNOWN, WRITES},
    {RPC__REASON__ANSWER_TOO_LARGE, ALWAYS},
};
_Static_assert(ARRAY_LEN(chassis) <= 64, "a bit for each");

#define SERVICES_MAX 16 /* whose messages one method answers with */

/* The refusals of one status that an operation may give. */
struct response {
    int http;
    uint64_t chassis;                   /* a bit for each line of the table */
    const char *services[SERVICES_MAX]; /* packages with reasons of this status; NULL behind the last */
};

/* ---- which a method may give ---- */

static int of_fields(const struct api_message *message)
{
    int traits = message->descriptor->n_fields > 0 ? INPUT : 0;

    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const struct api_field *field = &message->fields[i];
        ProtobufCType type = field->descriptor->type;

        if (field->descriptor->label == PROTOBUF_C_LABEL_REPEATED)
            traits |= LIST;
        if (strcmp(field->descriptor->name, "page_token") == 0)
            traits |= PAGE;
        if (strstr(field->descriptor->name, "union_id"))
            traits |= UNION;
        if (field->message)
            traits |= of_fields(field->message);
        else if (type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_BYTES)
            traits |= TEXT;
        else if (field->limit->day)
            traits |= DAY;
        else if (type != PROTOBUF_C_TYPE_BOOL)
            traits |= NUMBER;
    }
    return traits;
}

static int traits_of(const struct api_method *method)
{
    const Rule__Method *rule = method->rule;
    int traits = ALWAYS | of_fields(method->input);

    if (rule->who != RULE__WHO__PUBLIC)
        traits |= SESSION;
    if (rule->who == RULE__WHO__VERIFIED)
        traits |= VERIFIED;
    if (rule->who == RULE__WHO__OFFICIAL)
        traits |= OFFICIAL;
    if (strcmp(method->http, "POST") == 0)
        traits |= BODY | MAY_KEY;
    if (!method->queue[0])
        traits |= NAMED;
    if (rule->device)
        traits |= DEVICE;
    if (rule->step_up)
        traits |= STEP_UP;
    if (rule->step_up == RULE__STEP_UP__STEP_UP_NAMED)
        traits |= VERIFIED;
    if (method->writes)
        traits |= WRITES;
    if (rule->idempotency == RULE__IDEMPOTENCY__KEY)
        traits |= KEY;
    return traits;
}

static bool has_reasons(const struct openapi *doc, const char *package, int http)
{
    for (size_t i = 1; i < doc->api->n_reasons; i++) {
        if (doc->api->reasons[i].http == http && strcmp(doc->api->reasons[i].package, package) == 0)
            return true;
    }
    return false;
}

static void add_service(const struct openapi *doc, struct response *response, const char *package)
{
    size_t n = 0;

    for (; n < SERVICES_MAX && response->services[n]; n++) {
        if (strcmp(response->services[n], package) == 0)
            return;
    }
    if (!has_reasons(doc, package, response->http) || strcmp(package, "rpc") == 0)
        return;
    ensure(n < SERVICES_MAX);
    response->services[n] = package;
}

/* Of a part that services share: its reasons are a package's without operations. */
static bool is_shared(const struct openapi *doc, const char *package)
{
    for (size_t i = 0; i < doc->api->n_methods; i++) {
        if (strcmp(doc->api->methods[i].service->package, package) == 0)
            return false;
    }
    return true;
}

static void add_shared(const struct openapi *doc, struct response *response)
{
    for (size_t i = 1; i < doc->api->n_reasons; i++) {
        if (doc->api->reasons[i].http == response->http && is_shared(doc, doc->api->reasons[i].package))
            add_service(doc, response, doc->api->reasons[i].package);
    }
}

static struct response response_of(const struct openapi *doc, const struct api_method *method, int http)
{
    struct response response = {.http = http};
    int traits = traits_of(method);

    for (size_t i = 0; i < ARRAY_LEN(chassis); i++) {
        if ((chassis[i].when & traits) && api_reason(chassis[i].reason)->http == http)
            response.chassis |= UINT64_C(1) << i;
    }
    add_service(doc, &response, method->service->package);
    /* An edge hands on what the service behind it answers, with its messages. */
    add_service(doc, &response, method->input->descriptor->package_name);
    add_service(doc, &response, method->output->descriptor->package_name);
    /* What two officials do with two hands (common/benefit/two_hands). */
    if ((traits & OFFICIAL) && (traits & WRITES))
        add_shared(doc, &response);
    return response;
}

static bool same(const struct response *a, const struct response *b)
{
    bool same = a->http == b->http && a->chassis == b->chassis;

    for (size_t i = 0; same && i < SERVICES_MAX; i++)
        same = !a->services[i] || !b->services[i] ? a->services[i] == b->services[i]
                                                  : strcmp(a->services[i], b->services[i]) == 0;
    return same;
}

/* The number of a response among those referred to, behind them when it is new. */
static size_t note(struct openapi *doc, const struct response *response)
{
    struct response *grown;

    for (size_t i = 0; i < doc->n_responses; i++) {
        if (same(&doc->responses[i], response))
            return i;
    }
    grown = openapi_take(doc, (doc->n_responses + 1) * sizeof(*grown));
    if (doc->n_responses)
        memcpy(grown, doc->responses, doc->n_responses * sizeof(*grown));
    grown[doc->n_responses] = *response;
    doc->responses = grown;
    return doc->n_responses++;
}

void openapi_refusals(struct openapi *doc, const struct api_method *method)
{
    const char *comma = "";

    for (int http = 400; http < 600; http++) {
        struct response response;

        if (!http_phrase(http))
            continue;
        response = response_of(doc, method, http);
        if (!response.chassis && !response.services[0])
            continue;
        buf_printf(doc->out, "%s\"%d\":{\"$ref\":\"#/components/responses/%d.%zu\"}", comma, http, http,
                   note(doc, &response));
        comma = ",";
    }
}

void openapi_own_refusals(struct openapi *doc, const struct openapi_own *own)
{
    const char *comma = "";

    for (int http = 400; http < 600; http++) {
        struct response response = {.http = http};

        for (size_t i = 0; i < ARRAY_LEN(chassis); i++) {
            int when = OWN | (own->takes ? INPUT | LIST | BODY : 0);
            bool limited = own->limited && chassis[i].reason == RPC__REASON__RATE_LIMITED;

            if (((chassis[i].when & when) || limited) && api_reason(chassis[i].reason)->http == http)
                response.chassis |= UINT64_C(1) << i;
        }
        if (!response.chassis)
            continue;
        buf_printf(doc->out, "%s\"%d\":{\"$ref\":\"#/components/responses/%d.%zu\"}", comma, http, http,
                   note(doc, &response));
        comma = ",";
    }
}

/* ---- the components ---- */

static void write_chassis(struct buf *ret, uint64_t mask)
{
    const char *comma = "";

    buf_str(ret, "{\"enum\":[");
    for (size_t i = 0; i < ARRAY_LEN(chassis); i++) {
        if (!(mask & UINT64_C(1) << i))
            continue;
        buf_printf(ret, "%s\"%s\"", comma, api_reason(chassis[i].reason)->name);
        comma = ",";
    }
    buf_str(ret, "]}");
}

void openapi_responses(struct openapi *doc)
{
    struct buf *ret = doc->out;

    for (size_t i = 0; i < doc->n_responses; i++) {
        const struct response *response = &doc->responses[i];
        const char *comma = "";

        buf_printf(ret,
                   "%s\"%d.%zu\":{\"description\":\"%s\",\"content\":{\"application/problem+json\":{\"schema\":{"
                   "\"allOf\":[{\"$ref\":\"#/components/schemas/Problem\"},{\"type\":\"object\",\"properties\":{"
                   "\"reason\":{\"anyOf\":[",
                   i ? "," : "", response->http, i, http_phrase(response->http));
        if (response->chassis) {
            write_chassis(ret, response->chassis);
            comma = ",";
        }
        for (size_t j = 0; j < SERVICES_MAX && response->services[j]; j++) {
            buf_printf(ret, "%s{\"$ref\":\"#/components/schemas/%s.Reason%d\"}", comma, response->services[j],
                       response->http);
            comma = ",";
        }
        buf_str(ret, "]}}}]}}}}");
    }
}

/* The reasons of a package and status, if a response refers to them, with what they say. */
static void write_reasons(struct openapi *doc, const char *package, int http)
{
    struct buf *ret = doc->out;
    const char *text = "", *comma = "";

    buf_printf(ret, "\"%s.Reason%d\":{\"type\":\"string\",\"enum\":[", package, http);
    for (size_t i = 1; i < doc->api->n_reasons; i++) {
        const struct api_reason *reason = &doc->api->reasons[i];

        if (reason->http != http || strcmp(reason->package, package) != 0)
            continue;
        buf_printf(ret, "%s\"%s\"", comma, reason->name);
        comma = ",";
        text = arena_printf(&doc->arena, "%s%s- `%s`: %s", text, *text ? "\n" : "", reason->name, reason->zh);
        ensure(text);
    }
    buf_str(ret, "],\"description\":");
    openapi_name(ret, text);
    buf_str(ret, "},");
}

void openapi_reasons(struct openapi *doc)
{
    for (size_t i = 0; i < doc->n_responses; i++) {
        const struct response *response = &doc->responses[i];

        for (size_t j = 0; j < SERVICES_MAX && response->services[j]; j++) {
            bool written = false;

            for (size_t k = 0; k < i && !written; k++) {
                for (size_t l = 0; l < SERVICES_MAX && doc->responses[k].services[l]; l++)
                    written = written || (doc->responses[k].http == response->http &&
                                          strcmp(doc->responses[k].services[l], response->services[j]) == 0);
            }
            if (!written)
                write_reasons(doc, response->services[j], response->http);
        }
    }
}
