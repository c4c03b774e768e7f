#include "common/api/problem.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/api/api.h"
#include "sample.pb-c.h"

static const unsigned char trace_id[16] = {1, 2, 3, [15] = 0xee};

static json_t *encode(const Rpc__Answer *answer, const char *detail, int *ret_http)
{
    struct buf buf;
    json_t *object;

    buf_init(&buf, 4096);
    *ret_http = problem_encode(&buf, answer, detail, trace_id);
    assert_false(buf.failed);
    object = json_loadb(buf.bytes, buf.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    buf_done(&buf);
    return object;
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    assert_non_null(value);
    return value;
}

static void a_refusal_says_what_and_why(void **state)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;
    Rpc__Fact fact = RPC__FACT__INIT, *facts[] = {&fact};
    json_t *object;
    int http;

    (void)state;
    answer.reason = SAMPLE__REASON__SOLD_OUT;
    fact.name = "soldOutAt";
    fact.value = "2026-01-01T00:00:00.000Z";
    answer.facts = facts;
    answer.n_facts = 1;
    object = encode(&answer, NULL, &http);
    assert_int_equal(http, 409);
    assert_string_equal(text(object, "type"), "about:blank");
    assert_string_equal(text(object, "title"), "Conflict");
    assert_int_equal(json_integer_value(json_object_get(object, "status")), 409);
    assert_string_equal(text(object, "reason"), "SOLD_OUT");
    assert_int_equal(json_integer_value(json_object_get(object, "errcode")), SAMPLE__REASON__SOLD_OUT);
    assert_string_equal(text(object, "errmsg"), "座位已满");
    assert_string_equal(text(object, "traceId"), "010203000000000000000000000000ee");
    assert_string_equal(text(object, "soldOutAt"), "2026-01-01T00:00:00.000Z");
    assert_null(json_object_get(object, "errors"));
    assert_null(json_object_get(object, "detail"));
    json_decref(object);
}

static void a_field_is_named_in_errors(void **state)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;
    const json_t *error;
    json_t *object;
    int http;

    (void)state;
    answer.reason = RPC__REASON__TOO_LONG;
    answer.field = "show.\"title\"\n";
    object = encode(&answer, "more than 60 characters", &http);
    assert_string_equal(text(object, "detail"), "more than 60 characters");
    error = json_array_get(json_object_get(object, "errors"), 0);
    assert_string_equal(text(error, "field"), "show.\"title\"\n");
    assert_string_equal(text(error, "reason"), "TOO_LONG");
    assert_string_equal(text(error, "message"), "字段内容过长");
    json_decref(object);
}

static void a_refusal_says_the_bounds_that_it_is_about(void **state)
{
    static const struct {
        int reason;
        const char *name, *value;
    } cases[] = {
        {RPC__REASON__BODY_TOO_LARGE, "maxBytes", "1048576"},
        {RPC__REASON__URI_TOO_LONG, "maxLength", "4096"},
        {RPC__REASON__HEADERS_TOO_LARGE, "maxBytes", "16384"},
        {RPC__REASON__HEADERS_TOO_LARGE, "maxFields", "64"},
        {RPC__REASON__HEADERS_TOO_LARGE, "maxFieldBytes", "8000"},
        {RPC__REASON__TOO_DEEP, "maxDepth", "16"},
        {RPC__REASON__IDEMPOTENCY_KEY_INVALID, "maxLength", "128"},
        {RPC__REASON__DEVICE_NONCE_INVALID, "minLength", "16"},
        {RPC__REASON__DEVICE_NONCE_INVALID, "maxLength", "128"},
        {RPC__REASON__REQUEST_TIMEOUT, "headerMs", "10000"},
        {RPC__REASON__REQUEST_TIMEOUT, "bodyMs", "30000"},
        {RPC__REASON__ANSWER_TOO_LARGE, "maxBytes", "4177920"},
    };
    Rpc__Fact fact = RPC__FACT__INIT, *facts[] = {&fact};
    json_t *object;
    int http;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Rpc__Answer answer = RPC__ANSWER__INIT;

        answer.reason = cases[i].reason;
        object = encode(&answer, NULL, &http);
        assert_string_equal(text(object, cases[i].name), cases[i].value);
        assert_null(json_object_get(object, "retryAfter"));
        json_decref(object);
        /* Its own bound is the one. */
        fact.name = unconst(cases[i].name);
        fact.value = "7";
        answer.facts = facts;
        answer.n_facts = 1;
        answer.retry_after_s = 9;
        object = encode(&answer, NULL, &http);
        assert_string_equal(text(object, cases[i].name), "7");
        assert_string_equal(text(object, "retryAfter"), "9");
        json_decref(object);
    }
}

static void a_number_nobody_declared_is_an_internal_error(void **state)
{
    Rpc__Answer answer = RPC__ANSWER__INIT;
    json_t *object;
    int http;

    (void)state;
    answer.reason = 99999;
    object = encode(&answer, "", &http);
    assert_int_equal(http, 500);
    assert_string_equal(text(object, "reason"), "INTERNAL");
    assert_int_equal(json_integer_value(json_object_get(object, "errcode")), RPC__REASON__INTERNAL);
    json_decref(object);
}

static int load(void **state)
{
    (void)state;
    return api_load();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_says_what_and_why),
        cmocka_unit_test(a_field_is_named_in_errors),
        cmocka_unit_test(a_refusal_says_the_bounds_that_it_is_about),
        cmocka_unit_test(a_number_nobody_declared_is_an_internal_error),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
