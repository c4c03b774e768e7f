/* app_input.c: what a request says: its trace, its key, and the fields of its
 * operation's input. */

#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/sha256.h"
#include "services/gateway/app.h"

/* W3C Trace Context: 00-<32 lower hex, not all 0>-<16>-<2>; anything else starts a
 * trace of our own. */
bool app_read_trace(const char *text, size_t len, unsigned char ret_id[16])
{
    static const unsigned char none[16];
    unsigned char version;

    if (!text || len < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-' || !hex_read(text, 1, &version) ||
        version == 0xff || (version == 0 && len != 55))
        return false;
    return hex_read(text + 3, 16, ret_id) && memcmp(ret_id, none, 16) != 0;
}

/* The header is a structured-field string; a bare token is read too. */
int app_read_key(const struct http_request *request, bool required, unsigned char ret_key[32], size_t *ret_len)
{
    size_t len;
    const char *value = http_header(request, "idempotency-key", &len);

    *ret_len = 0;
    if (!value)
        return required ? RPC__REASON__IDEMPOTENCY_KEY_MISSING : 0;
    if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
        value++;
        len -= 2;
    }
    if (len == 0 || len > LIMIT_IDEMPOTENCY_KEY || memchr(value, '"', len))
        return RPC__REASON__IDEMPOTENCY_KEY_INVALID;
    sha256_of(value, len, ret_key);
    *ret_len = 32;
    return 0;
}

int app_read_client(const struct http_request *request, unsigned char ret_device[16], Rpc__Client *ret_client)
{
    size_t len;
    const char *value = http_header(request, "device-nonce", &len);
    unsigned char hash[32];

    rpc__client__init(ret_client);
    ret_client->address = address_key(&request->client);
    if (!value)
        return 0;
    if (len < LIMIT_DEVICE_LEAST || len > LIMIT_DEVICE_NONCE)
        return RPC__REASON__DEVICE_NONCE_INVALID;
    for (size_t i = 0; i < len; i++) {
        if (value[i] <= ' ' || value[i] > '~')
            return RPC__REASON__DEVICE_NONCE_INVALID;
    }
    sha256_of(value, len, hash);
    memcpy(ret_device, hash, LIMIT_DEVICE_HASH);
    ret_client->device = (ProtobufCBinaryData){LIMIT_DEVICE_HASH, ret_device};
    return 0;
}

/* Percent-decodes into the arena. NULL when it is not well formed or past the cap. */
static char *decode(struct arena *arena, const char *text, size_t len, bool plus_is_space, size_t *ret_len)
{
    char *out = arena_alloc(arena, len + 1);
    size_t n = 0;

    for (size_t i = 0; out && i < len; i++) {
        if (text[i] == '%') {
            int byte = i + 2 < len ? hex_byte(text + i + 1) : -1;

            if (byte < 0)
                return NULL;
            out[n++] = (char)byte;
            i += 2;
        } else {
            out[n++] = text[i] == '+' && plus_is_space ? ' ' : text[i];
        }
    }
    if (out)
        out[n] = '\0';
    *ret_len = n;
    return out;
}

static int set_query(const struct pending *pending, struct json_trouble *trouble)
{
    struct arena *arena = &pending->request->arena;
    const struct api_message *type = pending->match.method->input;
    const char *p = pending->query, *end = p + pending->query_len;
    uint64_t seen = 0; /* fields, by their place: api_check bounds them to 64 */

    while (p && p < end) {
        const char *pair_end = memchr(p, '&', (size_t)(end - p));
        const char *equals;
        const struct api_field *field;
        char *name, *value;
        size_t name_len, value_len;
        uint64_t bit;

        if (!pair_end)
            pair_end = end;
        equals = memchr(p, '=', (size_t)(pair_end - p));
        if (!equals)
            equals = pair_end;
        name = decode(arena, p, (size_t)(equals - p), true, &name_len);
        value = decode(arena, equals < pair_end ? equals + 1 : pair_end,
                       equals < pair_end ? (size_t)(pair_end - equals - 1) : 0, true, &value_len);
        if (!name || !value)
            return RPC__REASON__BAD_REQUEST;
        field = json_field(type, name, name_len);
        if (!field) {
            snprintf(trouble->field, sizeof(trouble->field), "%s", name);
            return RPC__REASON__UNKNOWN_FIELD;
        }
        bit = UINT64_C(1) << (field - type->fields);
        if ((seen & bit) && field->descriptor->label != PROTOBUF_C_LABEL_REPEATED) {
            snprintf(trouble->field, sizeof(trouble->field), "%s", field->json_name);
            return RPC__REASON__DUPLICATE_FIELD;
        }
        seen |= bit;
        if (json_set(pending->input, field, value, value_len, arena, trouble))
            return trouble->reason;
        p = pair_end + (pair_end < end);
    }
    return 0;
}

bool app_is_json(const struct http_request *request)
{
    static const char json[] = "application/json";
    size_t len;
    const char *type = http_header(request, "content-type", &len);

    return type && len >= sizeof(json) - 1 && strncasecmp(type, json, sizeof(json) - 1) == 0 &&
           (len == sizeof(json) - 1 || type[sizeof(json) - 1] == ';' || type[sizeof(json) - 1] == ' ');
}

int app_check_form(const struct http_request *request, const struct api_method *method)
{
    const struct head *head = &request->head;
    bool has_body = head->chunked || head->content_length > 0;

    if (method->rule->raw && head->content_length > json_field(method->input, "body", 4)->limit->max_len)
        return RPC__REASON__BODY_TOO_LARGE;
    /* A read says what it wants in its query, a write in its body. */
    if (method->writes ? request->query_len > 0 : has_body)
        return RPC__REASON__BAD_REQUEST;
    return has_body && !method->rule->raw && !app_is_json(request) ? RPC__REASON__UNSUPPORTED_MEDIA_TYPE : 0;
}

/* A header line of printable letters, as it is. */
static int set_header(const struct pending *pending, const struct api_field *field, struct json_trouble *trouble)
{
    size_t len;
    const char *value = http_header(pending->request, field->limit->header, &len);
    char **place = (char **)(void *)((char *)pending->input + field->descriptor->offset), *copy;

    if (!value)
        return 0;
    copy = len <= field->limit->max_len ? arena_zalloc(&pending->request->arena, len + 1) : NULL;
    for (size_t i = 0; copy && i < len; i++) {
        if (value[i] < ' ' || value[i] > '~')
            copy = NULL;
        else
            copy[i] = value[i];
    }
    if (!copy) {
        snprintf(trouble->field, sizeof(trouble->field), "%s", field->json_name);
        return RPC__REASON__BAD_REQUEST;
    }
    *place = copy;
    return 0;
}

/* The body as it came, which somebody has signed, and what proves it. */
static int read_raw(const struct pending *pending, struct json_trouble *trouble)
{
    const struct http_request *request = pending->request;
    const struct api_message *type = pending->match.method->input;
    const struct api_field *body = json_field(type, "body", 4);
    ProtobufCBinaryData *bytes = (ProtobufCBinaryData *)(void *)((char *)pending->input + body->descriptor->offset);
    int reason = request->body_len > body->limit->max_len ? RPC__REASON__BODY_TOO_LARGE : 0;

    if (!reason)
        *bytes = (ProtobufCBinaryData){request->body_len, (uint8_t *)unconst(request->body)};
    for (unsigned i = 0; i < type->descriptor->n_fields && !reason; i++) {
        if (type->fields[i].limit->header[0])
            reason = set_header(pending, &type->fields[i], trouble);
    }
    return reason ? reason : json_complete(pending->input, trouble);
}

int app_read_input(const struct pending *pending, struct json_trouble *trouble)
{
    struct http_request *request = pending->request;
    const struct api_match *match = &pending->match;
    int reason;

    if (match->method->rule->raw)
        return read_raw(pending, trouble);
    if (request->body_len && !pending->read) {
        reason = json_decode(pending->input, request->body, request->body_len, &request->arena, trouble);
        if (reason)
            return reason;
    }
    reason = pending->query_len ? set_query(pending, trouble) : 0;
    for (unsigned i = 0; i < match->n_params && !reason; i++) {
        size_t len;
        char *text = decode(&request->arena, match->params[i].text, match->params[i].len, false, &len);

        if (!text)
            return RPC__REASON__BAD_REQUEST;
        reason = json_set(pending->input, match->params[i].field, text, len, &request->arena, trouble);
    }
    return reason ? reason : json_complete(pending->input, trouble);
}
