#include "common/api/problem.h"

#include "common/api/api.h"
#include "common/api/json.h"
#include "common/api/http_phrase.h"
#include "common/base/limits.h"
#include "common/base/log.h"

/* What reasons of the chassis bound, whatever the operation. */
static const struct {
    int reason;
    const char *name;
    int64_t bound;
} bounds[] = {
    {RPC__REASON__TOO_DEEP, "maxDepth", LIMIT_JSON_DEPTH},
    {RPC__REASON__REQUEST_TIMEOUT, "headerMs", LIMIT_HEADER_MS},
    {RPC__REASON__REQUEST_TIMEOUT, "bodyMs", LIMIT_BODY_MS},
    {RPC__REASON__BODY_TOO_LARGE, "maxBytes", LIMIT_BODY},
    {RPC__REASON__URI_TOO_LONG, "maxLength", LIMIT_URI},
    {RPC__REASON__HEADERS_TOO_LARGE, "maxBytes", LIMIT_HEADERS},
    {RPC__REASON__HEADERS_TOO_LARGE, "maxFields", LIMIT_HEADER_COUNT},
    {RPC__REASON__HEADERS_TOO_LARGE, "maxFieldBytes", LIMIT_HEADER_LINE},
    {RPC__REASON__IDEMPOTENCY_KEY_INVALID, "maxLength", LIMIT_IDEMPOTENCY_KEY},
    {RPC__REASON__DEVICE_NONCE_INVALID, "minLength", LIMIT_DEVICE_LEAST},
    {RPC__REASON__DEVICE_NONCE_INVALID, "maxLength", LIMIT_DEVICE_NONCE},
    {RPC__REASON__ANSWER_TOO_LARGE, "maxBytes", LIMIT_ANSWER},
};

static void member(struct buf *ret, const char *name, const char *value)
{
    buf_char(ret, ',');
    json_quote(ret, name, strlen(name));
    buf_char(ret, ':');
    json_quote(ret, value, strlen(value));
}

static void number_member(struct buf *ret, const char *name, int64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)value);
    member(ret, name, text);
}

int problem_encode(struct buf *ret, const Rpc__Answer *answer, const char *detail, const unsigned char trace_id[16])
{
    const struct api_reason *reason = api_reason(answer->reason);
    bool is_own = answer->n_facts > 0;

    buf_str(ret, "{\"type\":\"about:blank\"");
    member(ret, "title", http_phrase(reason->http));
    buf_printf(ret, ",\"status\":%d", reason->http);
    if (detail && *detail)
        member(ret, "detail", detail);
    member(ret, "reason", reason->name);
    buf_printf(ret, ",\"errcode\":%d", reason->number);
    member(ret, "errmsg", reason->zh);
    member(ret, "traceId", log_trace(trace_id));
    if (answer->field && *answer->field) {
        buf_str(ret, ",\"errors\":[{\"field\":");
        json_quote(ret, answer->field, strlen(answer->field));
        member(ret, "reason", reason->name);
        member(ret, "message", reason->zh);
        buf_str(ret, "}]");
    }
    for (size_t i = 0; i < answer->n_facts; i++)
        member(ret, answer->facts[i]->name, answer->facts[i]->value);
    for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
        if (bounds[i].reason == answer->reason && !is_own)
            number_member(ret, bounds[i].name, bounds[i].bound);
    }
    if (answer->retry_after_s > 0)
        number_member(ret, "retryAfter", answer->retry_after_s);
    buf_char(ret, '}');
    return reason->http;
}
