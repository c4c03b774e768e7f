/* The operations of the whole system, which the gateway alone knows: that api_load takes
 * them says that no two packages clash. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/api/api.h"
#include "common/api/problem.h"

static void every_route_leads_to_its_own_method(void **state)
{
    (void)state;
    for (const struct api_method *method = api_methods(); method->name; method++) {
        char path[256];
        size_t len = 0;
        struct api_match match;

        for (const char *at = method->path; at && *at; at++) {
            path[len++] = *at == '{' ? '9' : *at;
            if (*at == '{')
                at = strchr(at, '}');
        }
        if (!method->path)
            continue;
        api_route(method->http, strlen(method->http), path, len, &match);
        if (match.method != method)
            fail_msg("%s %.*s leads to %s, not to %s", method->http, (int)len, path,
                     match.method ? match.method->name : "nothing", method->name);
        assert_int_equal(match.n_params, method->n_params);
    }
}

static void every_reason_has_a_title_of_its_status(void **state)
{
    static const unsigned char trace_id[16];

    (void)state;
    for (int number = 10000; number < 100000; number++) {
        const struct api_reason *reason = api_reason(number);
        Rpc__Answer answer = RPC__ANSWER__INIT;
        struct buf buf;
        json_t *object;

        /* A 200 is advice that never becomes a refusal. */
        if (reason->number != number || reason->http < 400)
            continue;
        answer.reason = number;
        buf_init(&buf, 4096);
        assert_int_equal(problem_encode(&buf, &answer, NULL, trace_id), reason->http);
        object = json_loadb(buf.bytes, buf.len, JSON_REJECT_DUPLICATES, NULL);
        if (!object || strcmp(json_string_value(json_object_get(object, "title")), "Error") == 0)
            fail_msg("%s: HTTP %d has no title", reason->name, reason->http);
        json_decref(object);
        buf_done(&buf);
    }
}

/* Each daemon's package is among them. */
static void every_daemon_is_known(void **state)
{
    static const char *const queues[] = {"bridge", "coupon", "health", "identity", "match", "portal", "subsidy"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(queues); i++) {
        size_t n = 0;

        for (const struct api_method *method = api_methods(); method->name; method++)
            n += strcmp(method->queue, queues[i]) == 0;
        if (n == 0)
            fail_msg("no operation of %s", queues[i]);
    }
}

static int load(void **state)
{
    (void)state;
    return api_load();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_daemon_is_known),
        cmocka_unit_test(every_route_leads_to_its_own_method),
        cmocka_unit_test(every_reason_has_a_title_of_its_status),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
