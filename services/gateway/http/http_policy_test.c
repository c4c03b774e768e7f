/* The policy of head.h and chunk.h, by cases of our own and of other servers. */
#include "services/gateway/http/http_fixture.h"

#include <jansson.h>
#include <mbedtls/base64.h>

#include "tests/seed.h"

/* Only the statuses and whether it closed: the Date differs from run to run. */
static void outcome(char *ret_text, size_t size)
{
    const char *at = test.out;
    size_t used = 0;

    while ((at = strstr(at, "HTTP/1.1 ")) && used < size) {
        used += (size_t)snprintf(ret_text + used, size - used, "%.3s ", at + 9);
        at += 9;
    }
    if (used < size)
        used += (size_t)snprintf(ret_text + used, size - used, "%u %s", test.served,
                                 http_finished(&test.http) ? "closed" : "open");
    at = strstr(test.out, "\"detail\":");
    if (used < size)
        snprintf(ret_text + used, size - used, " %.40s", at ? at : "");
}

/* A request, the status of its (first) answer or 0 for none yet, and the word of
 * its refusal. */
static const struct {
    const char *request;
    int status;
    const char *detail;
} policy[] = {
    {GET "\r\n", 200, NULL},
    {GET, 0, NULL},
    {"\r\n" GET "\r\n", 400, "method"},
    {"get / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "unknown_method"},
    {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "unknown_method"},
    {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "method"},
    {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400, "version"},
    {"GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /\xe5\xb7\xa5 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /?a=%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /%c0%af HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /%E0%80%af HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /%F0%80%80%af HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET /%e5%b7%a5%20%E0%A0%80 HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405, "connect"},
    {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400, "version"},
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400, "version"},
    {"GET / http/1.1\r\nHost: a\r\n\r\n", 400, "version"},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "version"},
    {"GET /\r\n\r\n", 400, "target"},
    {"GET / HTTP/1.1\nHost: a\n\n", 400, "version"},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400, "line_end"},
    {"GET / HTTP/1.1\r\nHost: a\rb: c\r\n\r\n", 400, "line_end"},
    {GET "\n", 400, "line_end"},
    {GET "\r\r\n", 400, "line_end"},
    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "line_fold"},
    {GET "a: b\r\n c\r\n\r\n", 400, "line_fold"},
    {GET "a: b\r\n\tc\r\n\r\n", 400, "line_fold"},
    {GET "a : b\r\n\r\n", 400, "field_name"},
    {GET ": b\r\n\r\n", 400, "field_name"},
    {GET "a\r\n\r\n", 400, "line_end"},
    {GET "a[]: b\r\n\r\n", 400, "field_name"},
    {GET "a: b\x01\r\n\r\n", 400, "field_value"},
    {GET "a: b\x7f\r\n\r\n", 400, "field_value"},
    {GET "a: \t b\xe5\xb7\xa5 \t\r\nc:\r\n\r\n", 200, NULL},
    {"GET / HTTP/1.1\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.0\r\n\r\n", 200, NULL},
    {GET "Host: a\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: \r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "host"},
    {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200, NULL},
    {"GET http://A:80/x?y HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"GET http://a?y HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"GET https://a:443/ HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "host"},
    {"GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "host"},
    {"GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "host"},
    {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"},
    {POST "Content-Length: 2\r\n\r\nab", 200, NULL},
    {POST "Content-Length: 2\r\n\r\na", 0, NULL},
    {POST "Content-Length: 002\r\n\r\nab", 200, NULL},
    {POST "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", 400, "content_length"},
    {POST "Content-Length: 2, 2\r\n\r\nab", 400, "content_length"},
    {POST "Content-Length: +2\r\n\r\nab", 400, "content_length"},
    {POST "Content-Length: 0x2\r\n\r\nab", 400, "content_length"},
    {POST "Content-Length:\r\n\r\n", 400, "content_length"},
    {POST "Content-Length: 0000000000000000002\r\n\r\nab", 400, "content_length"},
    {POST "Content-Length: 999999999999999999\r\n\r\n", 413, "body_too_large"},
    {POST "Content-Length: 1048577\r\n\r\n", 413, "body_too_large"},
    {POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "content_length"},
    {POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, "content_length"},
    {POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding: identity\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "Transfer-Encoding:\r\n\r\n", 400, "transfer_encoding"},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"},
    {POST "transfer-encoding: Chunked\r\n\r\n0\r\n\r\n", 200, NULL},
    {CHUNKED "3\r\nabc\r\n0A\r\n0123456789\r\n000\r\n\r\n", 200, NULL},
    {CHUNKED "3;a=\"b;c\\\"\"; d\r\nabc\r\n0\r\nx: y\r\n\r\n", 200, NULL},
    {CHUNKED "0\r\n", 0, NULL},
    {CHUNKED "-3\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "+3\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "0x3\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "1_0\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED " 3\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3 \r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3 ;a\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED ";a\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "00000000000000003\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "0000000000000003\r\nabc\r\n0\r\n\r\n", 200, NULL},
    {CHUNKED "ffffffffffffffff\r\nabc\r\n0\r\n\r\n", 413, "body_too_large"},
    {CHUNKED "100001\r\n", 413, "body_too_large"},
    {CHUNKED "3;a\nb\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3;a\rb\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3;a=\"\r\nabc\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3\r\nabcd\r\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3\r\nabc0\r\n\r\n", 400, "chunk"},
    {CHUNKED "3\r\nabc\n0\r\n\r\n", 400, "chunk"},
    {CHUNKED "0\r\nContent-Length: 3\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\ntransfer-encoding: chunked\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\nHost: a\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\nAuthorization: a\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\nContent-Type: a\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\nx : y\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\n x: y\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\nx: y\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\nx: y\r\n z\r\n\r\n", 400, "trailer"},
    {CHUNKED "0\r\n\n", 400, "trailer"},
    {CHUNKED "0\r\nx: " TEXT_4000 TEXT_4000 TEXT_4000 TEXT_4000 TEXT_4000 "\r\n\r\n", 431, "headers_too_large"},
    {CHUNKED "1;" TEXT_4000 TEXT_4000 TEXT_4000 TEXT_4000 TEXT_4000 "\r\n\r\n", 431, "headers_too_large"},
    {POST "Content-Type: a\r\nContent-Type: b\r\n\r\n", 400, "field_twice"},
    {GET "Authorization: a\r\nAuthorization: b\r\n\r\n", 400, "field_twice"},
    {POST "Idempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n", 400, "field_twice"},
    {POST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab", 100, NULL},
    {POST "Expect: 200-ok\r\nContent-Length: 2\r\n\r\nab", 417, "expectation"},
    {POST "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n", 413, "body_too_large"},
    {GET "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 200, NULL},
    {GET "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 501, "upgrade"},
    {"GET /" TEXT_4000 " HTTP/1.1\r\nHost: a\r\n\r\n", 200, NULL},
    {"GET /" TEXT_4000 TEXT_100 " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri_too_long"},
    {GET "a: " TEXT_4000 TEXT_4000 "\r\n\r\n", 431, "headers_too_large"},
    {GET "a: " TEXT_4000 "\r\na: " TEXT_4000 "\r\na: " TEXT_4000 "\r\na: " TEXT_4000 "\r\na: " TEXT_1000 "\r\n\r\n",
     431, "headers_too_large"},
    {GET TEXT_4000 TEXT_4000 ": a\r\n\r\n", 431, "headers_too_large"},
};

static void every_rule_of_the_policy_holds_however_the_bytes_are_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(policy); i++) {
        for (size_t piece = 1; piece < 1 << 16; piece = piece * 3 + 1) {
            size_t len = strlen(policy[i].request);
            char expected[80] = "";

            start();
            for (size_t at = 0; at < len && !http_finished(&test.http); at += piece)
                feed(policy[i].request + at, len - at < piece ? len - at : piece);
            if (policy[i].status)
                snprintf(expected, sizeof(expected), "HTTP/1.1 %d", policy[i].status);
            if (strncmp(test.out, expected, strlen(expected)) != 0 || (!policy[i].status && test.out_len > 0))
                fail_msg("case %zu in pieces of %zu: %.70s: %.400s", i, piece, policy[i].request, test.out);
            if (policy[i].detail) {
                snprintf(expected, sizeof(expected), "\"detail\":\"%s\"", policy[i].detail);
                if (!strstr(test.out, expected) || !http_finished(&test.http) || test.served)
                    fail_msg("case %zu in pieces of %zu: %.70s: %.400s", i, piece, policy[i].request, test.out);
            }
            stop();
        }
    }
}

static void a_nul_byte_anywhere_in_a_head_is_refused(void **state)
{
    static const char request[] = GET "a: b\r\n\r\n";

    (void)state;
    for (size_t i = 0; i < sizeof(request) - 1; i++) {
        char copy[sizeof(request)];

        memcpy(copy, request, sizeof(copy));
        copy[i] = '\0';
        start();
        feed(copy, sizeof(copy) - 1);
        assert_memory_equal(test.out, "HTTP/1.1 400", 12);
        assert_int_equal(test.served, 0);
        stop();
    }
}

/* What a field's value or a target may hold, RFC 9110, 5.5 and RFC 3986, said once more beside the reader's table. */
static bool may_stand(unsigned c, bool in_value)
{
    return in_value ? c == '\t' || (c >= ' ' && c != 0x7f) : c > ' ' && c < 0x7f && c != '\\';
}

static void check_byte(unsigned c, size_t before, bool in_value)
{
    static const char many[] = "aaaaaaaaaaaaaaaaaaaaaaaa";
    static struct head head;
    char text[128];
    size_t used;
    int len =
        snprintf(text, sizeof(text), in_value ? "GET / HTTP/1.1\r\nHost: a\r\na:%.*s" : "GET /%.*s", (int)before, many);

    text[len] = (char)c;
    memcpy(text + len + 1, many, sizeof(many) - 1);
    head_init(&head);
    if ((head_feed(&head, text, (size_t)len + sizeof(many), &used) == REFUSAL_NONE) != may_stand(c, in_value))
        fail_msg("%s: byte %u behind %zu others", in_value ? "value" : "target", c, before);
}

static void each_byte_is_judged_alike_wherever_it_stands(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        for (size_t before = 0; before < 2 * sizeof(uint64_t); before++) {
            check_byte(c, before, true);
            if (c != ' ')
                check_byte(c, before, false);
        }
    }
}

static void more_fields_than_allowed_are_refused(void **state)
{
    (void)state;
    for (unsigned fields = LIMIT_HEADER_COUNT; fields <= LIMIT_HEADER_COUNT + 1; fields++) {
        start();
        say(GET);
        for (unsigned i = 1; i < fields; i++)
            say("a: b\r\n");
        if (!http_finished(&test.http))
            say("\r\n");
        assert_memory_equal(test.out, fields > LIMIT_HEADER_COUNT ? "HTTP/1.1 431" : "HTTP/1.1 200", 12);
        stop();
    }
}

static void nothing_behind_a_refused_request_is_served(void **state)
{
    (void)state;
    start();
    say(GET "\r\n" GET " x: y\r\n\r\n" GET "\r\n");
    assert_int_equal(test.served, 1);
    assert_true(http_finished(&test.http));
    say(GET "\r\n");
    assert_int_equal(test.served, 1);
    stop();
}

/* ---- the cases of others ---- */

/* Feeds a first piece, then pieces of this size, or of pseudorandom sizes up to 64
 * when it is 0. */
static void run_split(const unsigned char *raw, size_t len, size_t first, size_t piece, char *ret_text, size_t size)
{
    const char *bytes = (const char *)raw;
    uint32_t random = (uint32_t)(test_seed() + first);
    size_t at = first;

    start();
    if (first > 0)
        feed(bytes, first);
    while (at < len && !http_finished(&test.http)) {
        size_t want = piece;

        if (piece == 0) {
            random = random * 1664525 + 1013904223;
            want = 1 + (random >> 26);
        }
        if (want > len - at)
            want = len - at;
        feed(bytes + at, want);
        at += want;
    }
    outcome(ret_text, size);
    stop();
}

static void check_case(const char *id, const char *consensus, unsigned max_served, const unsigned char *raw, size_t len)
{
    char whole[200], split[200];
    unsigned served;
    bool refused;

    run_split(raw, len, 0, len, whole, sizeof(whole));
    served = test.served;
    refused = strstr(whole, "detail") != NULL;
    /* CONNECT is well formed, so these cases want it accepted; here no method may open a tunnel. */
    if (strcmp(consensus, "accept") == 0 && !strstr(whole, "\"connect\"") && served == 0)
        fail_msg("%s should be accepted: %s", id, whole);
    if (strcmp(consensus, "reject") == 0 && !refused)
        fail_msg("%s should be refused: %s", id, whole);
    if (served > max_served)
        fail_msg("%s: %u served, at most %u allowed: %s", id, served, max_served, whole);
    run_split(raw, len, 0, 1, split, sizeof(split));
    if (strcmp(whole, split) != 0)
        fail_msg("%s byte by byte: %s, whole: %s", id, split, whole);
    for (size_t first = 1; first < len; first++) {
        run_split(raw, len, first, len - first, split, sizeof(split));
        if (strcmp(whole, split) != 0)
            fail_msg("%s in two at %zu: %s, whole: %s", id, first, split, whole);
        if (first > 50)
            continue;
        run_split(raw, len, first, 0, split, sizeof(split));
        if (strcmp(whole, split) != 0)
            fail_msg("%s at random after %zu: %s, whole: %s", id, first, split, whole);
    }
}

static void the_cases_of_other_servers_have_the_same_outcome_however_they_are_split(void **state)
{
    const char *name = getenv("HTTP1_CASES");
    FILE *file = fopen(name ? name : "tests/data/http1-cases.jsonl", "r");
    unsigned char raw[32768];
    char *line = NULL;
    size_t size = 0, len;
    unsigned cases = 0;

    (void)state;
    assert_non_null(file);
    while (getline(&line, &size, file) > 0) {
        json_t *json = json_loads(line, 0, NULL);
        const char *raw_b64 = json_string_value(json_object_get(json, "raw_b64"));

        assert_non_null(raw_b64);
        assert_int_equal(mbedtls_base64_decode(raw, sizeof(raw), &len, (const unsigned char *)raw_b64, strlen(raw_b64)),
                         0);
        check_case(json_string_value(json_object_get(json, "id")),
                   json_string_value(json_object_get(json, "consensus")),
                   (unsigned)json_integer_value(json_object_get(json, "max_served")), raw, len);
        json_decref(json);
        cases++;
    }
    free(line);
    fclose(file);
    assert_true(cases > 100);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_of_the_policy_holds_however_the_bytes_are_split),
        cmocka_unit_test(a_nul_byte_anywhere_in_a_head_is_refused),
        cmocka_unit_test(each_byte_is_judged_alike_wherever_it_stands),
        cmocka_unit_test(more_fields_than_allowed_are_refused),
        cmocka_unit_test(nothing_behind_a_refused_request_is_served),
        cmocka_unit_test(the_cases_of_other_servers_have_the_same_outcome_however_they_are_split),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
