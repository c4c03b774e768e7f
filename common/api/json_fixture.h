/* json_fixture.h: what the tests of JSON share: its message types, and reading and
 * writing them. */
#pragma once
#include "common/api/api_internal.h"
#include "common/base/clock.h"
#include "common/api/json_internal.h"
#include "common/base/limits.h"
#include "sample.pb-c.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/reason.h"

#define ARENA ((size_t)8 << 20)

static struct arena arena;
static struct buf text;

/* ---- the message types ----
 *
 * Besides the operations' own messages the tests use some that no operation reaches:
 * an Event for its oneof, a Call for its bytes and its Principal for a required list, a
 * rule.Field for its unsigned integers. */

static const ProtobufCMethodDescriptor test_methods[] = {
    {"Events", &sample__event__descriptor, &sample__event__descriptor},
    {"Calls", &rpc__call__descriptor, &rule__field__descriptor},
};
static const ProtobufCServiceDescriptor test_service = {
    .magic = PROTOBUF_C__SERVICE_DESCRIPTOR_MAGIC,
    .name = "sample.Tests",
    .short_name = "Tests",
    .package = "sample",
    .n_methods = 2,
    .methods = test_methods,
};

static inline void add_test_service(View__FileSet *set)
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
    events.name = "Events";
    events.input_type = events.output_type = ".sample.Event";
    calls.name = "Calls";
    calls.input_type = ".rpc.Call";
    calls.output_type = ".rule.Field";
    events.options = calls.options = &options;
    service.name = "Tests";
    service.n_method = ARRAY_LEN(methods);
    service.method = methods;
    for (size_t i = 0; i < set->n_file; i++) {
        if (strcmp(set->file[i]->package, "sample") == 0)
            file = set->file[i];
    }
    assert_non_null(file);
    memcpy(all, file->service, file->n_service * sizeof(View__Service *));
    all[file->n_service++] = &service;
    file->service = all;
}

static inline int load(void **state)
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

static inline int unload(void **state)
{
    (void)state;
    arena_done(&arena);
    buf_done(&text);
    return 0;
}

static inline int empty(void **state)
{
    (void)state;
    arena_reset(&arena);
    buf_clear(&text);
    return 0;
}

/* ---- help ---- */

#define SHOW    &sample__create_show_request__descriptor
#define TAKE    &sample__take_seat_request__descriptor
#define IMPORT  &sample__import_request__descriptor
#define LIST    &sample__list_shows_request__descriptor
#define GRANT   &sample__create_grant_request__descriptor
#define EVENT   &sample__event__descriptor
#define CALL    &rpc__call__descriptor
#define NUMBERS &rule__field__descriptor
#define PROBE   &rpc__probe_report__descriptor

static const char full_show[] =
    "{\"show\":{\"showId\":\"-5\",\"title\":\"五一\\\\\\\"餐券\\\"\",\"unionPath\":\"00010002\",\"priceFen\":"
    "\"1500\","
    "\"depositFen\":\"3000\",\"seatsPerDay\":500,\"opensAt\":\"2026-05-01T02:00:00.123Z\",\"days\":5,"
    "\"allowance\":\"ONE_PER_DAY\",\"minLevel\":\"MEMBER\",\"eligiblePath\":\"0001\","
    "\"trades\":[\"COURIER\",\"SANITATION\"],\"validDays\":30,\"state\":\"SUSPENDED\","
    "\"createdAt\":\"1970-01-01T00:00:00.001Z\",\"unionId\":\"7\"}}";

static struct json_trouble trouble;

static inline int decode(const ProtobufCMessageDescriptor *type, const char *json, size_t len, void *ret_message)
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

static inline const char *encode(const void *message)
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

static inline void check_refusals(const struct refusal *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ProtobufCMessage *message;
        int reason = decode(cases[i].type, cases[i].json, strlen(cases[i].json), &message);

        if (reason != cases[i].reason || strcmp(trouble.field, cases[i].field) != 0)
            fail_msg("%s: %s \"%s\"", cases[i].json, api_reason(reason)->name, trouble.field);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, empty)
