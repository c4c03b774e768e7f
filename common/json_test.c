#include "common/api_internal.h"
#include "common/clock.h"
#include "common/json_internal.h"
#include "common/limits.h"
#include "coupon.pb-c.h"
#include "identity.pb-c.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ARENA ((size_t)8 << 20)

static struct arena arena;
static struct buf text;

/* ---- the message types ----
 *
 * Besides the operations' own messages the tests use some that no operation reaches:
 * an Event for its oneof, a Call for its bytes and its Principal for a required list, a
 * rule.Field for its unsigned integers. */

static const ProtobufCMethodDescriptor test_methods[] = {
    {"Events", &coupon__event__descriptor, &coupon__event__descriptor},
    {"Calls", &rpc__call__descriptor, &rule__field__descriptor},
};
static const ProtobufCServiceDescriptor test_service = {
    .magic = PROTOBUF_C__SERVICE_DESCRIPTOR_MAGIC,
    .name = "coupon.Tests",
    .short_name = "Tests",
    .package = "coupon",
    .n_methods = 2,
    .methods = test_methods,
};

static void add_test_service(View__FileSet *set)
{
    static Rule__Method rule = RULE__METHOD__INIT;
    static View__MethodOptions options = VIEW__METHOD_OPTIONS__INIT;
    static View__Method events = VIEW__METHOD__INIT, calls = VIEW__METHOD__INIT;
    static View__Method *methods[] = {&events, &calls};
    static View__Service service = VIEW__SERVICE__INIT, *all[64];
    static Rule__Field required = RULE__FIELD__INIT;
    static View__FieldOptions grants = VIEW__FIELD_OPTIONS__INIT;
    const View__Message *principal = api_view_message(set, ".rpc.Principal");
    View__File *file = NULL;

    required.required = true;
    grants.field = &required;
    for (size_t i = 0; i < principal->n_field; i++) {
        if (strcmp(principal->field[i]->name, "grants") == 0)
            principal->field[i]->options = &grants;
    }
    rule.who = RULE__WHO__INTERNAL;
    options.method = &rule;
    events.name = (char *)"Events";
    events.input_type = events.output_type = (char *)".coupon.Event";
    calls.name = (char *)"Calls";
    calls.input_type = (char *)".rpc.Call";
    calls.output_type = (char *)".rule.Field";
    events.options = calls.options = &options;
    service.name = (char *)"Tests";
    service.n_method = ARRAY_LEN(methods);
    service.method = methods;
    for (size_t i = 0; i < set->n_file; i++) {
        if (strcmp(set->file[i]->package, "coupon") == 0)
            file = set->file[i];
    }
    assert_non_null(file);
    memcpy(all, file->service, file->n_service * sizeof(View__Service *));
    all[file->n_service++] = &service;
    file->service = all;
}

static int load(void **state)
{
    const ProtobufCServiceDescriptor *services[64];
    View__FileSet *set;
    uint8_t *packed;
    size_t n = 0, len;

    (void)state;
    arena_init(&arena, ARENA);
    buf_init(&text, ARENA);
    set = view__file_set__unpack(&arena.allocator, api_set_len, api_set);
    assert_non_null(set);
    add_test_service(set);
    len = view__file_set__get_packed_size(set);
    packed = arena_alloc(&arena, len);
    assert_non_null(packed);
    view__file_set__pack(set, packed);
    for (; api_services[n]; n++)
        services[n] = api_services[n];
    services[n] = &test_service;
    services[n + 1] = NULL;
    return api_load_set(packed, len, services);
}

static int unload(void **state)
{
    (void)state;
    arena_done(&arena);
    buf_done(&text);
    return 0;
}

static int empty(void **state)
{
    (void)state;
    arena_reset(&arena);
    buf_clear(&text);
    return 0;
}

/* ---- help ---- */

#define RELEASE &coupon__create_release_request__descriptor
#define CLAIM   &coupon__create_claim_request__descriptor
#define IMPORT  &identity__import_request__descriptor
#define LIST    &coupon__list_releases_request__descriptor
#define GRANT   &identity__create_grant_request__descriptor
#define EVENT   &coupon__event__descriptor
#define CALL    &rpc__call__descriptor
#define NUMBERS &rule__field__descriptor
#define PROBE   &rpc__probe_report__descriptor

static struct json_trouble trouble;

static int decode(const ProtobufCMessageDescriptor *type, const char *json, size_t len, void *ret_message)
{
    ProtobufCMessage *message = json_new(api_message(type), &arena);
    /* On the heap without a NUL behind, where a sanitizer sees the end. */
    char *exact = malloc(len ? len : 1);
    int reason;

    assert_non_null(message);
    assert_non_null(exact);
    memcpy(exact, json, len);
    reason = json_decode(message, exact, len, &arena, &trouble);
    free(exact);
    assert_int_equal(reason, trouble.reason);
    *(ProtobufCMessage **)ret_message = message;
    return reason;
}

static const char *encode(const void *message)
{
    buf_clear(&text);
    json_encode(message, &text);
    buf_char(&text, '\0');
    assert_false(text.failed);
    return text.bytes;
}

struct refusal {
    const ProtobufCMessageDescriptor *type;
    const char *json;
    int reason;
    const char *field;
};

static void check_refusals(const struct refusal *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ProtobufCMessage *message;
        int reason = decode(cases[i].type, cases[i].json, strlen(cases[i].json), &message);

        if (reason != cases[i].reason || strcmp(trouble.field, cases[i].field) != 0)
            fail_msg("%s: %s \"%s\"", cases[i].json, api_reason(reason)->name, trouble.field);
    }
}

/* ---- reading ---- */

static void a_body_fills_its_message(void **state)
{
    static const char json[] = " {\"release\": {\"title\":\"\\u5348\\ud83c\\udf5a\\n\\\"饭\", \"faceFen\": 1000,"
                               "\"threshold_fen\":\"2500\",\"stockPerDay\":\"300\",\"days\":null,"
                               "\"opensAt\":\"2026-05-01T10:00:00+08:00\",\"allowance\":\"ONE_PER_DAY\","
                               "\"minLevel\":3,\"trades\":[\"COURIER\",2,\"3\"]}}\r\n";
    Coupon__CreateReleaseRequest *req;

    (void)state;
    assert_int_equal(decode(RELEASE, json, strlen(json), &req), 0);
    assert_string_equal(req->release->title, "午🍚\n\"饭");
    assert_int_equal(req->release->face_fen, 1000);
    assert_int_equal(req->release->threshold_fen, 2500);
    assert_int_equal(req->release->stock_per_day, 300);
    assert_int_equal(req->release->days, 0);
    assert_int_equal(req->release->opens_at, 1777600800000);
    assert_int_equal(req->release->allowance, COUPON__ALLOWANCE__ONE_PER_DAY);
    assert_int_equal(req->release->min_level, RPC__LEVEL__MEMBER);
    assert_int_equal(req->release->n_trades, 3);
    assert_int_equal(req->release->trades[0], RPC__TRADE__COURIER);
    assert_int_equal(req->release->trades[2], RPC__TRADE__TRUCK_DRIVER);
    assert_string_equal(req->release->union_path, "");
    assert_int_equal(json_complete(&req->base, &trouble), 0);
}

static void an_empty_body_is_an_empty_message(void **state)
{
    static const char *const bodies[] = {"", "{}", "{ }", " {}\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        Coupon__CreateClaimRequest *req;

        assert_int_equal(decode(CLAIM, bodies[i], strlen(bodies[i]), &req), 0);
        assert_int_equal(req->release_id, 0);
    }
    assert_int_equal(json_decode(json_new(api_message(CLAIM), &arena), NULL, 0, &arena, &trouble), 0);
}

static void what_is_no_json_is_malformed(void **state)
{
    static const struct refusal cases[] = {
        {CLAIM, " ", RPC__REASON__MALFORMED_JSON, ""},
        {CLAIM, "{", RPC__REASON__MALFORMED_JSON, ""},
        {CLAIM, "{}}", RPC__REASON__MALFORMED_JSON, ""},
        {CLAIM, "{} {}", RPC__REASON__MALFORMED_JSON, ""},
        {CLAIM, "{,}", RPC__REASON__MALFORMED_JSON, ""},
        {CLAIM, "{\"releaseId\":1,}", RPC__REASON__MALFORMED_JSON, ""},
        {CLAIM, "{releaseId:1}", RPC__REASON__MALFORMED_JSON, ""},
        {CLAIM, "{'releaseId':1}", RPC__REASON__MALFORMED_JSON, ""},
        {CLAIM, "{\"releaseId\":01}", RPC__REASON__MALFORMED_JSON, ""},
        {CLAIM, "{\"releaseId\":+1}", RPC__REASON__MALFORMED_JSON, ""},
        {CLAIM, "{\"releaseId\":NaN}", RPC__REASON__MALFORMED_JSON, ""},
        {CLAIM, "{\"releaseId\":1}//", RPC__REASON__MALFORMED_JSON, ""},
        {CLAIM, "\xef\xbb\xbf{}", RPC__REASON__MALFORMED_JSON, ""},
        {IMPORT, "{\"csv\":\"a\nb\"}", RPC__REASON__MALFORMED_JSON, ""},
        {IMPORT, "{\"csv\":\"\\x41\"}", RPC__REASON__MALFORMED_JSON, ""},
        {IMPORT, "{\"csv\":\"\\ud800\"}", RPC__REASON__MALFORMED_JSON, ""},
        {IMPORT, "{\"csv\":\"\\udc00\\ud800\"}", RPC__REASON__MALFORMED_JSON, ""},
        {IMPORT, "{\"checkOnly\":True}", RPC__REASON__MALFORMED_JSON, ""},
    };

    (void)state;
    check_refusals(cases, ARRAY_LEN(cases));
}

static void a_field_that_does_not_fit_is_named(void **state)
{
    static const struct refusal cases[] = {
        {CLAIM, "{\"coupon\":1}", RPC__REASON__UNKNOWN_FIELD, "coupon"},
        {CLAIM, "{\"ReleaseId\":1}", RPC__REASON__UNKNOWN_FIELD, "ReleaseId"},
        {CLAIM, "{\"\":1}", RPC__REASON__UNKNOWN_FIELD, ""},
        {RELEASE, "{\"release\":{\"a\\n\\\"\":1}}", RPC__REASON__UNKNOWN_FIELD, "release.a\n\""},
        {CLAIM, "{\"releaseId\":1,\"releaseId\":1}", RPC__REASON__DUPLICATE_FIELD, "releaseId"},
        {CLAIM, "{\"releaseId\":1,\"release_id\":1}", RPC__REASON__DUPLICATE_FIELD, "releaseId"},
        {CLAIM, "{\"releaseId\":null,\"release_id\":1}", RPC__REASON__DUPLICATE_FIELD, "releaseId"},
        {RELEASE, "{\"release\":{\"days\":1,\"trades\":[1,2],\"days\":1}}", RPC__REASON__DUPLICATE_FIELD,
         "release.days"},
        {EVENT, "{\"claimed\":{},\"releaseChanged\":{}}", RPC__REASON__DUPLICATE_FIELD, "releaseChanged"},
        {CALL, "{\"principal\":{\"grants\":[{},{\"role\":1,\"role\":2}]}}", RPC__REASON__DUPLICATE_FIELD,
         "principal.grants[1].role"},
        {CALL, "{\"principal\":{\"grants\":[{},{\"role\":true}]}}", RPC__REASON__WRONG_TYPE,
         "principal.grants[1].role"},
        {CALL, "{\"principal\":{\"grants\":[{},null]}}", RPC__REASON__WRONG_TYPE, "principal.grants[1]"},
        {CLAIM, "[]", RPC__REASON__WRONG_TYPE, ""},
        {CLAIM, "1", RPC__REASON__WRONG_TYPE, ""},
        {CLAIM, "null", RPC__REASON__WRONG_TYPE, ""},
        {CLAIM, "\"{}\"", RPC__REASON__WRONG_TYPE, ""},
        {CLAIM, "{\"releaseId\":1.0}", RPC__REASON__WRONG_TYPE, "releaseId"},
        {CLAIM, "{\"releaseId\":1e3}", RPC__REASON__WRONG_TYPE, "releaseId"},
        {CLAIM, "{\"releaseId\":true}", RPC__REASON__WRONG_TYPE, "releaseId"},
        {CLAIM, "{\"releaseId\":[1]}", RPC__REASON__WRONG_TYPE, "releaseId"},
        {CLAIM, "{\"releaseId\":{}}", RPC__REASON__WRONG_TYPE, "releaseId"},
        {CLAIM, "{\"releaseId\":\"\"}", RPC__REASON__WRONG_TYPE, "releaseId"},
        {CLAIM, "{\"releaseId\":\"-\"}", RPC__REASON__WRONG_TYPE, "releaseId"},
        {CLAIM, "{\"releaseId\":\"+1\"}", RPC__REASON__WRONG_TYPE, "releaseId"},
        {CLAIM, "{\"releaseId\":\" 1\"}", RPC__REASON__WRONG_TYPE, "releaseId"},
        {CLAIM, "{\"releaseId\":\"01\"}", RPC__REASON__WRONG_TYPE, "releaseId"},
        {CLAIM, "{\"releaseId\":\"0x1\"}", RPC__REASON__WRONG_TYPE, "releaseId"},
        {CLAIM, "{\"releaseId\":\"1.0\"}", RPC__REASON__WRONG_TYPE, "releaseId"},
        {IMPORT, "{\"csv\":1}", RPC__REASON__WRONG_TYPE, "csv"},
        {IMPORT, "{\"checkOnly\":1}", RPC__REASON__WRONG_TYPE, "checkOnly"},
        {IMPORT, "{\"checkOnly\":\"true\"}", RPC__REASON__WRONG_TYPE, "checkOnly"},
        {RELEASE, "{\"release\":1}", RPC__REASON__WRONG_TYPE, "release"},
        {RELEASE, "{\"release\":[{}]}", RPC__REASON__WRONG_TYPE, "release"},
        {RELEASE, "{\"release\":{\"trades\":1}}", RPC__REASON__WRONG_TYPE, "release.trades"},
        {RELEASE, "{\"release\":{\"trades\":{}}}", RPC__REASON__WRONG_TYPE, "release.trades"},
        {RELEASE, "{\"release\":{\"trades\":[1,[2]]}}", RPC__REASON__WRONG_TYPE, "release.trades[1]"},
        {RELEASE, "{\"release\":{\"trades\":[1,2,3,4,5,6,1,2,3]}}", RPC__REASON__TOO_MANY_ITEMS, "release.trades"},
        {RELEASE, "{\"release\":{\"trades\":[1,7]}}", RPC__REASON__OUT_OF_RANGE, "release.trades[1]"},
        {RELEASE, "{\"release\":{\"allowance\":\"ONE_PER\"}}", RPC__REASON__OUT_OF_RANGE, "release.allowance"},
        {RELEASE, "{\"release\":{\"allowance\":-1}}", RPC__REASON__OUT_OF_RANGE, "release.allowance"},
        {RELEASE, "{\"release\":{\"allowance\":\"\"}}", RPC__REASON__WRONG_TYPE, "release.allowance"},
        {RELEASE, "{\"release\":{\"faceFen\":0}}", RPC__REASON__OUT_OF_RANGE, "release.faceFen"},
        {RELEASE, "{\"release\":{\"faceFen\":-5}}", RPC__REASON__OUT_OF_RANGE, "release.faceFen"},
        {RELEASE, "{\"release\":{\"faceFen\":100000001}}", RPC__REASON__OUT_OF_RANGE, "release.faceFen"},
        {RELEASE, "{\"release\":{\"days\":-1}}", RPC__REASON__OUT_OF_RANGE, "release.days"},
        {RELEASE, "{\"release\":{\"days\":4294967296}}", RPC__REASON__OUT_OF_RANGE, "release.days"},
        {RELEASE, "{\"release\":{\"releaseId\":9223372036854775808}}", RPC__REASON__OUT_OF_RANGE, "release.releaseId"},
        {RELEASE, "{\"release\":{\"releaseId\":1e999}}", RPC__REASON__OUT_OF_RANGE, "release.releaseId"},
        {CLAIM, "{\"releaseId\":\"9223372036854775808\"}", RPC__REASON__OUT_OF_RANGE, "releaseId"},
        {CLAIM, "{\"releaseId\":\"-9223372036854775809\"}", RPC__REASON__OUT_OF_RANGE, "releaseId"},
        {CLAIM, "{\"releaseId\":\"18446744073709551617\"}", RPC__REASON__OUT_OF_RANGE, "releaseId"},
        {CLAIM, "{\"releaseId\":\"99999999999999999999999999999\"}", RPC__REASON__OUT_OF_RANGE, "releaseId"},
        {LIST, "{\"unionPath\":\"12345678901234567890123456789012345678901234567890123456789012345\"}",
         RPC__REASON__TOO_LONG, "unionPath"},
        {CALL, "{\"input\":\"====\"}", RPC__REASON__WRONG_TYPE, "input"},
        {CALL, "{\"input\":\"A\"}", RPC__REASON__WRONG_TYPE, "input"},
        {CALL, "{\"input\":\"AA=\"}", RPC__REASON__WRONG_TYPE, "input"},
        {CALL, "{\"input\":\"AAA==\"}", RPC__REASON__WRONG_TYPE, "input"},
        {CALL, "{\"input\":\"AB==\"}", RPC__REASON__WRONG_TYPE, "input"},
        {CALL, "{\"input\":\"AA A\"}", RPC__REASON__WRONG_TYPE, "input"},
        {CALL, "{\"input\":[1]}", RPC__REASON__WRONG_TYPE, "input"},
        {NUMBERS, "{\"maxLen\":-1}", RPC__REASON__OUT_OF_RANGE, "maxLen"},
        {NUMBERS, "{\"maxLen\":4294967296}", RPC__REASON__OUT_OF_RANGE, "maxLen"},
        {PROBE, "{\"metrics\":[{\"value\":\"1\"}]}", RPC__REASON__WRONG_TYPE, "metrics[0].value"},
    };

    (void)state;
    check_refusals(cases, ARRAY_LEN(cases));
}

static void a_long_unknown_name_is_cut_between_characters(void **state)
{
    char json[1024];
    size_t len = 0, points;
    ProtobufCMessage *message;

    (void)state;
    len += (size_t)snprintf(json, sizeof(json), "{\"xx");
    for (int i = 0; i < 100; i++)
        len += (size_t)snprintf(json + len, sizeof(json) - len, "工");
    snprintf(json + len, sizeof(json) - len, "\":1}");
    assert_int_equal(decode(CLAIM, json, strlen(json), &message), RPC__REASON__UNKNOWN_FIELD);
    assert_int_equal(strlen(trouble.field), 2 + 41 * 3);
    assert_true(json_utf8(trouble.field, strlen(trouble.field), &points));
    json[4] = 'x';
    assert_int_equal(decode(CLAIM, json, strlen(json), &message), RPC__REASON__INVALID_UTF8);
    assert_string_equal(trouble.field, "");
}

static void the_bounds_themselves_are_taken(void **state)
{
    Coupon__CreateReleaseRequest *release;
    Coupon__CreateClaimRequest *claim;
    Rule__Field *numbers;
    char json[256];

    (void)state;
    snprintf(json, sizeof(json), "{\"releaseId\":\"-9223372036854775808\"}");
    assert_int_equal(decode(CLAIM, json, strlen(json), &claim), 0);
    assert_true(claim->release_id == INT64_MIN);
    snprintf(json, sizeof(json), "{\"release_id\":9223372036854775807}");
    assert_int_equal(decode(CLAIM, json, strlen(json), &claim), 0);
    assert_true(claim->release_id == INT64_MAX);
    snprintf(json, sizeof(json), "{\"release\":{\"faceFen\":100000000,\"days\":366,\"trades\":[1,2,3,4,5,6,1,2]}}");
    assert_int_equal(decode(RELEASE, json, strlen(json), &release), 0);
    assert_int_equal(release->release->n_trades, 8);
    snprintf(json, sizeof(json), "{\"maxLen\":4294967295,\"min\":\"-0\",\"max\":-1,\"required\":true}");
    assert_int_equal(decode(NUMBERS, json, strlen(json), &numbers), 0);
    assert_true(numbers->max_len == UINT32_MAX && numbers->min == 0 && numbers->max == -1 && numbers->required);
}

static void a_title_is_measured_in_characters(void **state)
{
    char json[1024];
    size_t len;
    Coupon__CreateReleaseRequest *req;

    (void)state;
    for (int n = 59; n <= 61; n++) {
        len = (size_t)snprintf(json, sizeof(json), "{\"release\":{\"title\":\"");
        for (int i = 0; i < n; i++)
            len += (size_t)snprintf(json + len, sizeof(json) - len, i % 2 ? "𠮷" : "工");
        len += (size_t)snprintf(json + len, sizeof(json) - len, "\"}}");
        assert_int_equal(decode(RELEASE, json, len, &req), n > 60 ? RPC__REASON__TOO_LONG : 0);
    }
    assert_string_equal(trouble.field, "release.title");
}

static void a_value_at_its_default_is_as_good_as_absent(void **state)
{
    static Rule__Field limit = RULE__FIELD__INIT;
    static const ProtobufCFieldDescriptor text_type = {.type = PROTOBUF_C_TYPE_STRING};
    static const ProtobufCFieldDescriptor bytes_type = {.type = PROTOBUF_C_TYPE_BYTES};
    static const ProtobufCFieldDescriptor number_type = {.type = PROTOBUF_C_TYPE_INT32};
    struct api_field string = {.descriptor = &text_type, .limit = &limit};
    struct api_field bytes = {.descriptor = &bytes_type, .limit = &limit};
    struct api_field number = {.descriptor = &number_type, .limit = &limit};
    ProtobufCBinaryData data;
    int32_t value = -1;
    char *copy;

    (void)state;
    limit.min_len = 3;
    limit.min = limit.max = 5;
    for (int required = 0; required < 2; required++) {
        limit.required = required;
        assert_int_equal(json_from_text(&string, "", 0, &arena, &copy), required ? RPC__REASON__TOO_SHORT : 0);
        assert_int_equal(json_from_text(&bytes, "", 0, &arena, &data), required ? RPC__REASON__TOO_SHORT : 0);
        assert_int_equal(json_from_integer(&number, 0, &value), required ? RPC__REASON__OUT_OF_RANGE : 0);
        assert_int_equal(value, required ? 5 : 0);
        assert_int_equal(json_from_text(&string, "工会", 6, &arena, &copy), RPC__REASON__TOO_SHORT);
        assert_int_equal(json_from_text(&string, "总工会", 9, &arena, &copy), 0);
        assert_int_equal(json_from_text(&bytes, "AAA", 3, &arena, &data), RPC__REASON__TOO_SHORT);
        assert_int_equal(json_from_text(&bytes, "AAAA", 4, &arena, &data), 0);
        assert_int_equal(json_from_integer(&number, 4, &value), RPC__REASON__OUT_OF_RANGE);
        assert_int_equal(json_from_integer(&number, 5, &value), 0);
    }
}

static void each_integer_type_has_exactly_its_range(void **state)
{
    static const struct {
        ProtobufCType type;
        const char *least, *below, *greatest, *above;
    } cases[] = {
        {PROTOBUF_C_TYPE_INT32, "-2147483648", "-2147483649", "2147483647", "2147483648"},
        {PROTOBUF_C_TYPE_SINT32, "-2147483648", "-2147483649", "2147483647", "2147483648"},
        {PROTOBUF_C_TYPE_SFIXED32, "-2147483648", "-2147483649", "2147483647", "2147483648"},
        {PROTOBUF_C_TYPE_UINT32, "0", "-1", "4294967295", "4294967296"},
        {PROTOBUF_C_TYPE_FIXED32, "0", "-1", "4294967295", "4294967296"},
        {PROTOBUF_C_TYPE_INT64, "-9223372036854775808", "-9223372036854775809", "9223372036854775807",
         "9223372036854775808"},
        {PROTOBUF_C_TYPE_SINT64, "-9223372036854775808", "-9223372036854775809", "9223372036854775807",
         "9223372036854775808"},
        {PROTOBUF_C_TYPE_SFIXED64, "-9223372036854775808", "-9223372036854775809", "9223372036854775807",
         "9223372036854775808"},
        {PROTOBUF_C_TYPE_UINT64, "0", "-1", "18446744073709551615", "18446744073709551616"},
        {PROTOBUF_C_TYPE_FIXED64, "0", "-1", "18446744073709551615", "18446744073709551616"},
    };
    static const Rule__Field limit = RULE__FIELD__INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const ProtobufCFieldDescriptor type = {.type = cases[i].type};
        const struct api_field field = {.descriptor = &type, .limit = &limit};
        uint64_t value;

        assert_int_equal(json_from_text(&field, cases[i].least, strlen(cases[i].least), &arena, &value), 0);
        assert_int_equal(json_from_text(&field, cases[i].greatest, strlen(cases[i].greatest), &arena, &value), 0);
        assert_int_equal(json_from_text(&field, cases[i].below, strlen(cases[i].below), &arena, &value),
                         RPC__REASON__OUT_OF_RANGE);
        assert_int_equal(json_from_text(&field, cases[i].above, strlen(cases[i].above), &arena, &value),
                         RPC__REASON__OUT_OF_RANGE);
    }
}

static void a_float_holds_no_more_than_a_float(void **state)
{
    static const ProtobufCFieldDescriptor type = {.type = PROTOBUF_C_TYPE_FLOAT};
    static const Rule__Field limit = RULE__FIELD__INIT;
    const struct api_field field = {.descriptor = &type, .limit = &limit};
    float value = 0;

    (void)state;
    assert_int_equal(json_from_real(&field, 0.5, &value), 0);
    assert_true(value > 0.4F && value < 0.6F);
    assert_int_equal(json_from_integer(&field, -3, &value), 0);
    assert_true(value < -2.9F && value > -3.1F);
    assert_int_equal(json_from_real(&field, 1e300, &value), RPC__REASON__OUT_OF_RANGE);
}

static void bytes_are_read_in_either_alphabet(void **state)
{
    static const struct {
        const char *json, *bytes;
        size_t len;
    } cases[] = {
        {"", "", 0},
        {"AA==", "\0", 1},
        {"AA", "\0", 1},
        {"+/8=", "\xfb\xff", 2},
        {"-_8", "\xfb\xff", 2},
        {"5bel5Lya", "工会", 6},
        {"////", "\xff\xff\xff", 3},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char json[64];
        Rpc__Call *call;

        snprintf(json, sizeof(json), "{\"input\":\"%s\"}", cases[i].json);
        assert_int_equal(decode(CALL, json, strlen(json), &call), 0);
        assert_int_equal(call->input.len, cases[i].len);
        assert_memory_equal(call->input.data ? (void *)call->input.data : (void *)"", cases[i].bytes, cases[i].len);
    }
}

static void one_member_of_a_oneof_is_set(void **state)
{
    static const char json[] = "{\"releaseChanged\":null,\"claimed\":{\"couponId\":\"7\"}}";
    Coupon__Event *event;

    (void)state;
    assert_int_equal(decode(EVENT, json, strlen(json), &event), 0);
    assert_int_equal(event->event_case, COUPON__EVENT__EVENT_CLAIMED);
    assert_int_equal(event->claimed->coupon_id, 7);
    assert_string_equal(encode(event),
                        "{\"claimed\":{\"couponId\":\"7\",\"releaseId\":\"0\",\"memberId\":\"0\",\"day\":0}}");
    assert_int_equal(decode(EVENT, "{}", 2, &event), 0);
    assert_string_equal(encode(event), "{}");
}

/* ---- UTF-8 ---- */

static const struct {
    const char *bytes;
    bool good;
} utf8_cases[] = {
    {"\x7f", true},
    {"\xc2\x80", true},
    {"\xdf\xbf", true},
    {"\xe0\xa0\x80", true},
    {"\xed\x9f\xbf", true},
    {"\xee\x80\x80", true},
    {"\xef\xbf\xbf", true},
    {"\xf0\x90\x80\x80", true},
    {"\xf4\x8f\xbf\xbf", true},
    {"\x80", false},
    {"\xbf", false},
    {"\xc0\x80", false},         /* NUL in two bytes */
    {"\xc1\xbf", false},         /* overlong */
    {"\xe0\x9f\xbf", false},     /* overlong */
    {"\xf0\x8f\xbf\xbf", false}, /* overlong */
    {"\xed\xa0\x80", false},     /* U+D800 */
    {"\xed\xbf\xbf", false},     /* U+DFFF */
    {"\xf4\x90\x80\x80", false}, /* above U+10FFFF */
    {"\xf5\x80\x80\x80", false},
    {"\xf8\x88\x80\x80\x80", false},
    {"\xff", false},
    {"\xc2", false},
    {"\xe5\xb7", false},
    {"\xf0\x90\x80", false},
    {"\xc2\xc2", false},
    {"\xe5\xb7\x2e", false},
    {"\xf0\x90\x80\xc0", false},
};

static void text_is_utf8_in_bodies_and_parameters(void **state)
{
    const struct api_field *csv = json_field(api_message(IMPORT), "csv", 3);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(utf8_cases); i++) {
        const char *bytes = utf8_cases[i].bytes;
        int expected = utf8_cases[i].good ? 0 : RPC__REASON__INVALID_UTF8;
        Identity__ImportRequest *req;
        char json[64];
        size_t points;

        assert_int_equal(json_utf8(bytes, strlen(bytes), &points), utf8_cases[i].good);
        snprintf(json, sizeof(json), "{\"firstLine\":1,\"csv\":\"%s\"}", bytes);
        if (decode(IMPORT, json, strlen(json), &req) != expected)
            fail_msg("case %zu: %s", i, api_reason(trouble.reason)->name);
        if (expected)
            assert_string_equal(trouble.field, "csv");
        else
            assert_string_equal(req->csv, bytes);
        assert_int_equal(json_set(&req->base, csv, bytes, strlen(bytes), &arena, &trouble), expected);
    }
}

static void a_character_cut_off_is_refused_though_the_rest_follows(void **state)
{
    static const char *const whole[] = {"\xc2\x80", "\xe5\xb7\xa5", "\xf0\x9f\x8d\x9a"};
    size_t points;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
        assert_true(json_utf8(whole[i], i + 2, &points));
        assert_int_equal(points, 1);
        for (size_t len = 1; len < i + 2; len++)
            assert_false(json_utf8(whole[i], len, &points));
    }
}

static void a_nul_is_refused(void **state)
{
    const struct api_field *csv = json_field(api_message(IMPORT), "csv", 3);
    ProtobufCMessage *message;

    (void)state;
    assert_int_equal(decode(IMPORT, "{\"csv\":\"a\\u0000b\"}", 18, &message), RPC__REASON__INVALID_UTF8);
    assert_string_equal(trouble.field, "csv");
    assert_int_equal(decode(IMPORT, "{\"c\\u0000\":1}", 13, &message), RPC__REASON__INVALID_UTF8);
    assert_int_equal(decode(IMPORT, "{\"csv\":\"a\0b\"}", 13, &message), RPC__REASON__MALFORMED_JSON);
    assert_int_equal(decode(IMPORT, "{}\0", 3, &message), RPC__REASON__MALFORMED_JSON);
    assert_int_equal(json_set(message, csv, "a\0b", 3, &arena, &trouble), RPC__REASON__INVALID_UTF8);
}

/* ---- hostile sizes ---- */

static void nesting_is_refused_at_any_depth(void **state)
{
    static const char *const openings[] = {"[", "{\"release\":", "{\"a\":[", "[{\"\\\"\":"};
    size_t max = 100000;
    char *json = malloc(max * 16);

    (void)state;
    assert_non_null(json);
    for (size_t i = 0; i < ARRAY_LEN(openings); i++) {
        ProtobufCMessage *message;
        size_t len = 0;

        for (size_t n = 0; n < max; n++) {
            memcpy(json + len, openings[i], strlen(openings[i]));
            len += strlen(openings[i]);
        }
        assert_int_equal(decode(RELEASE, json, len, &message), RPC__REASON__TOO_DEEP);
    }
    free(json);
}

static void too_many_values_are_refused_before_they_are_parsed(void **state)
{
    size_t size = 3 * (LIMIT_JSON_VALUES + 2);
    char *json = malloc(size);
    ProtobufCMessage *message;

    (void)state;
    assert_non_null(json);
    for (size_t n = LIMIT_JSON_VALUES; n <= LIMIT_JSON_VALUES + 1; n++) {
        size_t len = 0;

        json[len++] = '[';
        for (size_t i = 1; i < n; i++) {
            json[len++] = '1';
            json[len++] = ',';
        }
        json[len++] = '1';
        json[len++] = ']';
        assert_int_equal(decode(RELEASE, json, len, &message),
                         n > LIMIT_JSON_VALUES ? RPC__REASON__TOO_MANY_ITEMS : RPC__REASON__WRONG_TYPE);
    }
    free(json);
}

static void brackets_in_a_string_do_not_nest(void **state)
{
    static const char json[] = "{\"csv\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"{{{{{{{{{{{{{{{{{{{{{{{{{\\\\\"}";
    Identity__ImportRequest *req;

    (void)state;
    assert_int_equal(decode(IMPORT, json, strlen(json), &req), 0);
    assert_int_equal(strlen(req->csv), 53);
}

static void exactly_the_deepest_nesting_is_parsed(void **state)
{
    char json[2 * (LIMIT_JSON_DEPTH + 1) + 16];
    ProtobufCMessage *message;

    (void)state;
    for (int depth = LIMIT_JSON_DEPTH; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        size_t len = 0;

        for (int i = 0; i < depth; i++)
            json[len++] = '[';
        for (int i = 0; i < depth; i++)
            json[len++] = ']';
        assert_int_equal(decode(RELEASE, json, len, &message),
                         depth > LIMIT_JSON_DEPTH ? RPC__REASON__TOO_DEEP : RPC__REASON__WRONG_TYPE);
    }
}

static const char full_release[] =
    "{\"release\":{\"releaseId\":\"-5\",\"title\":\"五一\\t\\\"餐券\\\"\",\"unionPath\":\"00010002\",\"faceFen\":"
    "\"1500\","
    "\"thresholdFen\":\"3000\",\"stockPerDay\":500,\"opensAt\":\"2026-05-01T02:00:00.123Z\",\"days\":5,"
    "\"allowance\":\"ONE_PER_DAY\",\"minLevel\":\"MEMBER\",\"eligiblePath\":\"0001\","
    "\"trades\":[\"COURIER\",\"SANITATION\"],\"validDays\":30,\"state\":\"SUSPENDED\","
    "\"createdAt\":\"1970-01-01T00:00:00.001Z\"}}";

static void a_body_cut_anywhere_is_malformed(void **state)
{
    (void)state;
    for (size_t len = 1; len < strlen(full_release); len++) {
        ProtobufCMessage *message;

        assert_int_not_equal(decode(RELEASE, full_release, len, &message), 0);
        assert_true(trouble.reason == RPC__REASON__MALFORMED_JSON || trouble.reason == RPC__REASON__INVALID_UTF8);
        arena_reset(&arena);
    }
}

static void a_body_with_any_byte_changed_is_safe(void **state)
{
    struct clock clock;

    (void)state;
    clock_fake(&clock, 1, 11);
    for (int round = 0; round < 20000; round++) {
        char json[sizeof(full_release)];
        unsigned char change[4];
        ProtobufCMessage *message;
        size_t points;

        memcpy(json, full_release, sizeof(json));
        clock_random(&clock, change, sizeof(change));
        json[(change[0] << 8 | change[1]) % (int)strlen(full_release)] = (char)change[2];
        if (!decode(RELEASE, json, strlen(full_release), &message))
            encode(message);
        assert_true(json_utf8(trouble.field, strlen(trouble.field), &points));
        arena_reset(&arena);
    }
}

static void a_full_arena_refuses_the_body(void **state)
{
    bool taken = false;
    size_t refused = 0;

    (void)state;
    for (size_t cap = 0; !taken; cap += 16) {
        struct arena small;
        ProtobufCMessage *message;
        int reason = RPC__REASON__BODY_TOO_LARGE;

        arena_init(&small, cap);
        message = json_new(api_message(RELEASE), &small);
        if (message)
            reason = json_decode(message, full_release, strlen(full_release), &small, &trouble);
        if (reason)
            assert_int_equal(reason, RPC__REASON__BODY_TOO_LARGE);
        if (message && reason) {
            assert_int_equal(trouble.reason, reason);
            json_complete(message, &trouble);
        }
        refused += reason != 0;
        taken = reason == 0;
        arena_done(&small);
        assert_true(cap < ARENA);
    }
    assert_true(refused > 10);
}

/* ---- times ---- */

static void times_are_read_as_rfc3339_or_milliseconds(void **state)
{
    static const struct {
        const char *json;
        int reason;
        int64_t at;
    } cases[] = {
        {"\"1970-01-01T00:00:00Z\"", 0, 0},
        {"\"1970-01-01T00:00:00.001Z\"", 0, 1},
        {"\"2000-02-29T23:59:59.999Z\"", 0, 951868799999},
        {"\"2026-05-01T10:00:00+08:00\"", 0, 1777600800000},
        {"\"2026-04-30T22:30:00-03:30\"", 0, 1777600800000},
        {"\"2026-05-01T02:00:00.1Z\"", 0, 1777600800100},
        {"\"2026-05-01T02:00:00.123456789Z\"", 0, 1777600800123},
        {"\"2026-05-01T02:00:00-00:00\"", 0, 1777600800000},
        {"\"9999-12-31T23:59:59.999Z\"", 0, JSON_TIME_MAX},
        {"\"2100-03-01T00:00:00Z\"", 0, 4107542400000},
        {"1777600800000", 0, 1777600800000},
        {"\"1777600800000\"", 0, 1777600800000},
        {"253402300799999", 0, JSON_TIME_MAX},
        {"253402300800000", RPC__REASON__OUT_OF_RANGE, 0},
        {"-1", RPC__REASON__OUT_OF_RANGE, 0},
        {"\"1969-12-31T23:59:59Z\"", RPC__REASON__OUT_OF_RANGE, 0},
        {"\"1970-01-01T00:00:00+00:01\"", RPC__REASON__OUT_OF_RANGE, 0},
        {"\"9999-12-31T23:59:59-00:01\"", RPC__REASON__OUT_OF_RANGE, 0},
        {"\"2026-02-29T00:00:00Z\"", RPC__REASON__OUT_OF_RANGE, 0},
        {"\"2100-02-29T00:00:00Z\"", RPC__REASON__OUT_OF_RANGE, 0},
        {"\"2026-04-31T00:00:00Z\"", RPC__REASON__OUT_OF_RANGE, 0},
        {"\"2026-00-01T00:00:00Z\"", RPC__REASON__OUT_OF_RANGE, 0},
        {"\"2026-13-01T00:00:00Z\"", RPC__REASON__OUT_OF_RANGE, 0},
        {"\"2026-05-00T00:00:00Z\"", RPC__REASON__OUT_OF_RANGE, 0},
        {"\"2026-05-01T24:00:00Z\"", RPC__REASON__OUT_OF_RANGE, 0},
        {"\"2026-05-01T00:60:00Z\"", RPC__REASON__OUT_OF_RANGE, 0},
        {"\"2026-05-01T00:00:60Z\"", RPC__REASON__OUT_OF_RANGE, 0},
        {"\"\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"2026\"", 0, 2026},
        {"\"2026-05-01\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"2026-05-01T02:00:00\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"2026-05-01T02:00Z\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"2026-05-01 02:00:00Z\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"2026-05-01t02:00:00z\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"2026-05-01T02:00:00.Z\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"2026-05-01T02:00:00.1234567890Z\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"2026-05-01T02:00:00+0800\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"2026-05-01T02:00:00+24:00\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"2026-05-01T02:00:00+08:60\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"2026-05-01T02:00:00ZZ\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"02026-05-01T02:00:00Z\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"2026-5-1T02:00:00Z\"", RPC__REASON__WRONG_TYPE, 0},
        {"\"-026-05-01T02:00:00Z\"", RPC__REASON__WRONG_TYPE, 0},
        {"true", RPC__REASON__WRONG_TYPE, 0},
        {"1.5", RPC__REASON__WRONG_TYPE, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Coupon__CreateReleaseRequest *req;
        char json[128];

        snprintf(json, sizeof(json), "{\"release\":{\"createdAt\":%s}}", cases[i].json);
        if (decode(RELEASE, json, strlen(json), &req) != cases[i].reason)
            fail_msg("%s: %s", cases[i].json, api_reason(trouble.reason)->name);
        if (!cases[i].reason)
            assert_int_equal(req->release->created_at, cases[i].at);
    }
}

static void every_day_is_written_as_it_is_read(void **state)
{
    const struct api_field *field = json_field(api_message(&coupon__coupon__descriptor), "claimedAt", 9);

    (void)state;
    for (int64_t at = 1; at <= JSON_TIME_MAX; at += 86400000 + 999) {
        int64_t again = 0;

        buf_clear(&text);
        json_time(&text, at);
        assert_int_equal(text.len, 26);
        assert_int_equal(json_from_text(field, text.bytes + 1, 24, &arena, &again), 0);
        assert_int_equal(again, at);
    }
}

static void a_time_outside_the_years_is_written_as_the_nearest(void **state)
{
    static const struct {
        int64_t at;
        const char *json;
    } cases[] = {
        {0, "\"1970-01-01T00:00:00.000Z\""},         {-1, "\"1970-01-01T00:00:00.000Z\""},
        {INT64_MIN, "\"1970-01-01T00:00:00.000Z\""}, {JSON_TIME_MAX, "\"9999-12-31T23:59:59.999Z\""},
        {INT64_MAX, "\"9999-12-31T23:59:59.999Z\""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        buf_clear(&text);
        json_time(&text, cases[i].at);
        assert_int_equal(text.len, strlen(cases[i].json));
        assert_memory_equal(text.bytes, cases[i].json, text.len);
    }
}

/* ---- parameters ---- */

static void a_parameter_sets_its_field(void **state)
{
    Coupon__ListReleasesRequest *list = (void *)json_new(api_message(LIST), &arena);
    Identity__ImportRequest *import = (void *)json_new(api_message(IMPORT), &arena);
    Identity__CreateGrantRequest *grant = (void *)json_new(api_message(GRANT), &arena);
    static const struct {
        const ProtobufCMessageDescriptor *type;
        const char *name, *value;
        int reason;
    } cases[] = {
        {LIST, "pageSize", "20", 0},
        {LIST, "page_size", "100", 0},
        {LIST, "pageSize", "101", RPC__REASON__OUT_OF_RANGE},
        {LIST, "pageSize", "", RPC__REASON__WRONG_TYPE},
        {LIST, "pageSize", "1.0", RPC__REASON__WRONG_TYPE},
        {LIST, "pageSize", "9999999999999999999999", RPC__REASON__OUT_OF_RANGE},
        {LIST, "unionPath", "0001", 0},
        {IMPORT, "checkOnly", "true", 0},
        {IMPORT, "checkOnly", "True", RPC__REASON__WRONG_TYPE},
        {IMPORT, "checkOnly", "1", RPC__REASON__WRONG_TYPE},
        {GRANT, "role", "FINANCE", 0},
        {GRANT, "role", "99", RPC__REASON__OUT_OF_RANGE},
        {RELEASE, "release", "{}", RPC__REASON__WRONG_TYPE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct api_field *field = json_field(api_message(cases[i].type), cases[i].name, strlen(cases[i].name));
        ProtobufCMessage *message = cases[i].type == LIST     ? &list->base
                                    : cases[i].type == IMPORT ? &import->base
                                                              : &grant->base;

        assert_non_null(field);
        assert_int_equal(json_set(message, field, cases[i].value, strlen(cases[i].value), &arena, &trouble),
                         cases[i].reason);
        assert_string_equal(trouble.field, cases[i].reason ? field->json_name : "");
    }
    assert_int_equal(list->page_size, 100);
    assert_string_equal(list->union_path, "0001");
    assert_true(import->check_only);
    assert_int_equal(grant->role, RULE__ROLE__FINANCE);
}

static void a_repeated_parameter_grows_to_its_bound(void **state)
{
    const struct api_message *type = api_message(&coupon__release__descriptor);
    const struct api_field *trades = json_field(type, "trades", 6);
    Coupon__Release *release;

    (void)state;
    assert_int_equal(decode(&coupon__release__descriptor, "{\"trades\":[1,2,3]}", 18, &release), 0);
    for (int i = 3; i < 8; i++)
        assert_int_equal(json_set(&release->base, trades, "SANITATION", 10, &arena, &trouble), 0);
    assert_int_equal(json_set(&release->base, trades, "1", 1, &arena, &trouble), RPC__REASON__TOO_MANY_ITEMS);
    assert_int_equal(release->n_trades, 8);
    assert_int_equal(release->trades[2], 3);
    assert_int_equal(release->trades[7], RPC__TRADE__SANITATION);
}

static void a_field_has_two_names(void **state)
{
    const struct api_message *type = api_message(CLAIM);

    (void)state;
    assert_ptr_equal(json_field(type, "releaseId", 9), &type->fields[0]);
    assert_ptr_equal(json_field(type, "release_id", 10), &type->fields[0]);
    assert_null(json_field(type, "releaseid", 9));
    assert_null(json_field(type, "releaseI", 8));
    assert_null(json_field(type, "", 0));
}

/* ---- required fields ---- */

static void a_missing_field_is_named(void **state)
{
    static const struct refusal cases[] = {
        {CLAIM, "{}", RPC__REASON__MISSING_FIELD, "releaseId"},
        {CLAIM, "{\"releaseId\":0}", RPC__REASON__MISSING_FIELD, "releaseId"},
        {CLAIM, "{\"releaseId\":null}", RPC__REASON__MISSING_FIELD, "releaseId"},
        {CLAIM, "{\"releaseId\":-1}", 0, ""},
        {RELEASE, "{}", RPC__REASON__MISSING_FIELD, "release"},
        {RELEASE, "{\"release\":{}}", RPC__REASON__MISSING_FIELD, "release.title"},
        {RELEASE, "{\"release\":{\"title\":\"\"}}", RPC__REASON__MISSING_FIELD, "release.title"},
        {RELEASE, "{\"release\":{\"title\":\"a\",\"faceFen\":1,\"stockPerDay\":1}}", RPC__REASON__MISSING_FIELD,
         "release.opensAt"},
        {RELEASE, "{\"release\":{\"title\":\"a\",\"faceFen\":1,\"stockPerDay\":1,\"opensAt\":1}}", 0, ""},
        {GRANT, "{\"mobile\":\"1\",\"role\":0,\"unionCode\":\"1\"}", RPC__REASON__MISSING_FIELD, "role"},
        {EVENT, "{\"claimed\":{}}", 0, ""},
        {CALL, "{\"principal\":{\"grants\":[{},{}]}}", 0, ""},
        {CALL, "{\"principal\":{\"grants\":[]}}", RPC__REASON__MISSING_FIELD, "principal.grants"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ProtobufCMessage *message;

        assert_int_equal(decode(cases[i].type, cases[i].json, strlen(cases[i].json), &message), 0);
        assert_int_equal(json_complete(message, &trouble), cases[i].reason);
        assert_int_equal(trouble.reason, cases[i].reason);
        assert_string_equal(trouble.field, cases[i].field);
    }
}

/* ---- writing ---- */

static void a_coupon_is_written_with_all_its_fields(void **state)
{
    Coupon__Coupon coupon = COUPON__COUPON__INIT;

    (void)state;
    assert_string_equal(encode(&coupon),
                        "{\"couponId\":\"0\",\"releaseId\":\"0\",\"day\":0,\"code\":\"\",\"faceFen\":\"0\","
                        "\"thresholdFen\":\"0\",\"claimedAt\":null,\"expiresAt\":null}");
    coupon.coupon_id = INT64_MAX;
    coupon.release_id = INT64_MIN;
    coupon.day = INT32_MIN;
    coupon.code = (char *)"0123456789ABC";
    coupon.claimed_at = 1777600800123;
    assert_string_equal(encode(&coupon),
                        "{\"couponId\":\"9223372036854775807\",\"releaseId\":\"-9223372036854775808\","
                        "\"day\":-2147483648,\"code\":\"0123456789ABC\",\"faceFen\":\"0\",\"thresholdFen\":\"0\","
                        "\"claimedAt\":\"2026-05-01T02:00:00.123Z\",\"expiresAt\":null}");
}

static void an_absent_message_is_not_written(void **state)
{
    Coupon__Offer offer = COUPON__OFFER__INIT;
    Coupon__Coupon coupon = COUPON__COUPON__INIT;
    Coupon__OfferList list = COUPON__OFFER_LIST__INIT;

    (void)state;
    assert_string_equal(encode(&offer), "{\"reason\":\"\"}");
    offer.coupon = &coupon;
    offer.reason = NULL;
    assert_int_equal(strncmp(encode(&offer), "{\"reason\":\"\",\"coupon\":{\"couponId\"", 33), 0);
    assert_string_equal(encode(&list), "{\"offers\":[]}");
}

static void an_unknown_enum_value_is_written_as_its_number(void **state)
{
    Coupon__ReleaseChanged changed = COUPON__RELEASE_CHANGED__INIT;

    (void)state;
    changed.state = COUPON__STATE__CLOSED;
    assert_non_null(strstr(encode(&changed), "\"state\":\"CLOSED\""));
    changed.state = (Coupon__State)77;
    assert_non_null(strstr(encode(&changed), "\"state\":77"));
    changed.state = (Coupon__State)-2;
    assert_non_null(strstr(encode(&changed), "\"state\":-2"));
}

static void every_character_is_quoted_as_json_asks(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char one[3] = {'a', (char)c, 'b'}, expected[16];

        if (c == '"' || c == '\\')
            snprintf(expected, sizeof(expected), "\"a\\%cb\"", c);
        else if (c < 0x20 && c && strchr("\b\t\n\f\r", c))
            snprintf(expected, sizeof(expected), "\"a\\%cb\"", "btn?fr"[c - 8]);
        else if (c < 0x20)
            snprintf(expected, sizeof(expected), "\"a\\u%04xb\"", (unsigned)c);
        else
            snprintf(expected, sizeof(expected), "\"a%cb\"", c);
        buf_clear(&text);
        json_quote(&text, one, 3);
        assert_int_equal(text.len, strlen(expected));
        assert_memory_equal(text.bytes, expected, text.len);
    }
}

static void reals_are_written_so_that_they_read_back(void **state)
{
    static const double values[] = {0, 1, -1.5, 0.1, 1e300, -4.9e-324, DBL_MAX};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        Rpc__Metric metric = RPC__METRIC__INIT, *again;
        const char *json;

        metric.value = values[i];
        json = encode(&metric);
        assert_int_equal(decode(&rpc__metric__descriptor, json, strlen(json), &again), 0);
        assert_memory_equal(&again->value, &values[i], sizeof(double));
    }
    {
        Rpc__Metric metric = RPC__METRIC__INIT;

        metric.value = (double)NAN;
        assert_non_null(strstr(encode(&metric), "\"value\":\"NaN\""));
        metric.value = -(double)INFINITY;
        assert_non_null(strstr(encode(&metric), "\"value\":\"-Infinity\""));
    }
}

static void what_is_written_reads_back_the_same(void **state)
{
    static const struct {
        const ProtobufCMessageDescriptor *type;
        const char *json;
    } cases[] = {
        {RELEASE, full_release},
        {CALL, "{\"method\":\"A.B\",\"input\":\"AP8Q\",\"principal\":{\"memberId\":\"1\",\"sessionId\":\"2\","
               "\"expiresAt\":\"3\",\"level\":\"MEMBER\",\"unionPath\":\"\",\"trade\":\"COURIER\",\"birthYear\":1990,"
               "\"sex\":\"FEMALE\",\"grants\":[{\"role\":\"FINANCE\",\"unionPath\":\"0001\"}],\"internal\":true},"
               "\"idempotencyKey\":\"AA==\",\"traceId\":\"AAA=\",\"deadlineAt\":\"0\"}"},
        {EVENT, "{\"releaseChanged\":{\"releaseId\":\"1\",\"state\":\"PUBLISHED\",\"unionPath\":\"\\u0001\\u001f\","
                "\"eligiblePath\":\"\"}}"},
        {NUMBERS, "{\"maxLen\":4294967295,\"minLen\":0,\"min\":\"-1\",\"max\":\"1\",\"maxItems\":7,\"required\":true,"
                  "\"time\":false,\"subject\":false}"},
        {PROBE, "{\"healthy\":true,\"summary\":\"ok\",\"version\":\"\",\"metrics\":[{\"name\":\"a\",\"labels\":\"\","
                "\"value\":0.5,\"type\":\"gauge\"},{\"name\":\"b\",\"labels\":\"\",\"value\":2,\"type\":\"\"}]}"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ProtobufCMessage *message;

        assert_int_equal(decode(cases[i].type, cases[i].json, strlen(cases[i].json), &message), 0);
        assert_string_equal(encode(message), cases[i].json);
    }
}

static void writing_past_the_maximum_fails_without_harm(void **state)
{
    ProtobufCMessage *message;
    size_t whole;

    (void)state;
    assert_int_equal(decode(RELEASE, full_release, strlen(full_release), &message), 0);
    encode(message);
    whole = text.len - 1;
    for (size_t max = 0; max <= whole + 64; max++) {
        struct buf small;

        buf_init(&small, max);
        json_encode(message, &small);
        assert_true(small.len <= max);
        if (max < whole)
            assert_true(small.failed);
        if (max == whole + 64)
            assert_false(small.failed);
        buf_done(&small);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, empty)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_body_fills_its_message),
        TEST(an_empty_body_is_an_empty_message),
        TEST(what_is_no_json_is_malformed),
        TEST(a_field_that_does_not_fit_is_named),
        TEST(a_long_unknown_name_is_cut_between_characters),
        TEST(the_bounds_themselves_are_taken),
        TEST(a_title_is_measured_in_characters),
        TEST(a_value_at_its_default_is_as_good_as_absent),
        TEST(each_integer_type_has_exactly_its_range),
        TEST(a_float_holds_no_more_than_a_float),
        TEST(bytes_are_read_in_either_alphabet),
        TEST(one_member_of_a_oneof_is_set),
        TEST(text_is_utf8_in_bodies_and_parameters),
        TEST(a_character_cut_off_is_refused_though_the_rest_follows),
        TEST(a_nul_is_refused),
        TEST(nesting_is_refused_at_any_depth),
        TEST(too_many_values_are_refused_before_they_are_parsed),
        TEST(brackets_in_a_string_do_not_nest),
        TEST(exactly_the_deepest_nesting_is_parsed),
        TEST(a_body_cut_anywhere_is_malformed),
        TEST(a_body_with_any_byte_changed_is_safe),
        TEST(a_full_arena_refuses_the_body),
        TEST(times_are_read_as_rfc3339_or_milliseconds),
        TEST(every_day_is_written_as_it_is_read),
        TEST(a_time_outside_the_years_is_written_as_the_nearest),
        TEST(a_parameter_sets_its_field),
        TEST(a_repeated_parameter_grows_to_its_bound),
        TEST(a_field_has_two_names),
        TEST(a_missing_field_is_named),
        TEST(a_coupon_is_written_with_all_its_fields),
        TEST(an_absent_message_is_not_written),
        TEST(an_unknown_enum_value_is_written_as_its_number),
        TEST(every_character_is_quoted_as_json_asks),
        TEST(reals_are_written_so_that_they_read_back),
        TEST(what_is_written_reads_back_the_same),
        TEST(writing_past_the_maximum_fails_without_harm),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
