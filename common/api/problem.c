#include "common/api/problem.h"

#include "common/api/api.h"
#include "common/api/json.h"
#include "common/api/http_phrase.h"
#include "common/base/log.h"

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
    buf_char(ret, '}');
    return reason->http;
}
