#include "common/api/problem.h"

#include "common/api/api.h"
#include "common/api/json.h"
#include "common/base/log.h"

static const char *title(int http)
{
    static const struct {
        int http;
        const char *title;
    } titles[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };

    for (unsigned i = 0; i < ARRAY_LEN(titles); i++) {
        if (titles[i].http == http)
            return titles[i].title;
    }
    return "Error";
}

static void member(struct buf *ret, const char *name, const char *value)
{
    buf_char(ret, ',');
    json_quote(ret, name, strlen(name));
    buf_char(ret, ':');
    json_quote(ret, value, strlen(value));
}

int problem_encode(struct buf *ret, const Rpc__Answer *answer, const char *detail, const unsigned char trace_id[16])
{
    const struct api_reason *reason = api_reason(answer->reason);

    buf_str(ret, "{\"type\":\"about:blank\"");
    member(ret, "title", title(reason->http));
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
    buf_char(ret, '}');
    return reason->http;
}
