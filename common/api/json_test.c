#include "common/api/json_fixture.h"
#include "tests/seed.h"

/* ---- reading ---- */

static void a_body_fills_its_message(void **state)
{
    static const char json[] = " {\"show\": {\"title\":\"\\u5348\\ud83c\\udf5a\\\"饭\", \"priceFen\": 1000,"
                               "\"deposit_fen\":\"2500\",\"seatsPerDay\":\"300\",\"days\":null,"
                               "\"opensAt\":\"2026-05-01T10:00:00+08:00\",\"allowance\":\"ONE_PER_DAY\","
                               "\"minLevel\":3,\"trades\":[\"COURIER\",2,\"3\"]}}\r\n";
    Sample__CreateShowRequest *req;

    (void)state;
    assert_is_reason(decode(SHOW, json, strlen(json), &req), 0);
    assert_string_equal(req->show->title, "午🍚\"饭");
    assert_int_equal(req->show->price_fen, 1000);
    assert_int_equal(req->show->deposit_fen, 2500);
    assert_int_equal(req->show->seats_per_day, 300);
    assert_int_equal(req->show->days, 0);
    assert_int_equal(req->show->opens_at, 1777600800000);
    assert_int_equal(req->show->allowance, SAMPLE__ALLOWANCE__ONE_PER_DAY);
    assert_int_equal(req->show->min_level, RPC__LEVEL__MEMBER);
    assert_int_equal(req->show->n_trades, 3);
    assert_int_equal(req->show->trades[0], RPC__TRADE__COURIER);
    assert_int_equal(req->show->trades[2], RPC__TRADE__TRUCK_DRIVER);
    assert_string_equal(req->show->union_path, "");
    assert_int_equal(json_complete(&req->base, &trouble), 0);
}

static void what_a_lax_field_cannot_hold_is_absent(void **state)
{
    static const char *const bodies[] = {
        "{\"csv\":\"a\",\"madeAt\":\"noon\",\"madeBy\":\"b\"}",
        "{\"csv\":\"a\",\"madeAt\":{},\"madeBy\":\"longer\"}",
        "{\"madeAt\":true,\"madeBy\":[\"ab\"],\"csv\":\"a\"}",
        "{\"csv\":\"a\",\"madeAt\":1e99,\"madeBy\":\"ab\\u0001\"}",
    };
    static const char wrong[] = "{\"csv\":1,\"madeBy\":\"b\"}",
                      good[] = "{\"madeAt\":\"2026-05-01T02:00:00Z\",\"madeBy\":\"abc\"}";
    Sample__ImportRequest *req;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        assert_is_reason(decode(IMPORT, bodies[i], strlen(bodies[i]), &req), 0);
        assert_is_reason(trouble.reason, 0);
        assert_int_equal(req->made_at, 0);
        assert_string_equal(req->made_by, "");
        assert_string_equal(req->csv, "a");
    }
    assert_is_reason(decode(IMPORT, wrong, sizeof(wrong) - 1, &req), RPC__REASON__WRONG_TYPE);
    assert_is_reason(decode(IMPORT, good, sizeof(good) - 1, &req), 0);
    assert_int_equal(req->made_at, 1777600800000);
    assert_string_equal(req->made_by, "abc");
}

static void an_empty_body_is_an_empty_message(void **state)
{
    static const char *const bodies[] = {"", "{}", "{ }", " {}\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        Sample__TakeSeatRequest *req;

        assert_is_reason(decode(TAKE, bodies[i], strlen(bodies[i]), &req), 0);
        assert_int_equal(req->show_id, 0);
    }
    assert_int_equal(json_decode(json_new(api_message(TAKE), &arena), NULL, 0, &arena, &trouble), 0);
}

static void what_is_no_json_is_malformed(void **state)
{
    static const struct refusal cases[] = {
        {TAKE, " ", RPC__REASON__MALFORMED_JSON, ""},
        {TAKE, "{", RPC__REASON__MALFORMED_JSON, ""},
        {TAKE, "{}}", RPC__REASON__MALFORMED_JSON, ""},
        {TAKE, "{} {}", RPC__REASON__MALFORMED_JSON, ""},
        {TAKE, "{,}", RPC__REASON__MALFORMED_JSON, ""},
        {TAKE, "{\"showId\":1,}", RPC__REASON__MALFORMED_JSON, ""},
        {TAKE, "{showId:1}", RPC__REASON__MALFORMED_JSON, ""},
        {TAKE, "{'showId':1}", RPC__REASON__MALFORMED_JSON, ""},
        {TAKE, "{\"showId\":01}", RPC__REASON__MALFORMED_JSON, ""},
        {TAKE, "{\"showId\":+1}", RPC__REASON__MALFORMED_JSON, ""},
        {TAKE, "{\"showId\":NaN}", RPC__REASON__MALFORMED_JSON, ""},
        {TAKE, "{\"showId\":1}//", RPC__REASON__MALFORMED_JSON, ""},
        {TAKE, "\xef\xbb\xbf{}", RPC__REASON__MALFORMED_JSON, ""},
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
        {TAKE, "{\"seat\":1}", RPC__REASON__UNKNOWN_FIELD, "seat"},
        {TAKE, "{\"ShowId\":1}", RPC__REASON__UNKNOWN_FIELD, "ShowId"},
        {TAKE, "{\"\":1}", RPC__REASON__UNKNOWN_FIELD, ""},
        {SHOW, "{\"show\":{\"a\\n\\\"\":1}}", RPC__REASON__UNKNOWN_FIELD, "show.a\n\""},
        {TAKE, "{\"showId\":1,\"showId\":1}", RPC__REASON__DUPLICATE_FIELD, "showId"},
        {TAKE, "{\"showId\":1,\"show_id\":1}", RPC__REASON__DUPLICATE_FIELD, "showId"},
        {TAKE, "{\"showId\":null,\"show_id\":1}", RPC__REASON__DUPLICATE_FIELD, "showId"},
        {SHOW, "{\"show\":{\"days\":1,\"trades\":[1,2],\"days\":1}}", RPC__REASON__DUPLICATE_FIELD, "show.days"},
        {EVENT, "{\"seatTaken\":{},\"showChanged\":{}}", RPC__REASON__DUPLICATE_FIELD, "showChanged"},
        {CALL, "{\"principal\":{\"grants\":[{},{\"role\":1,\"role\":2}]}}", RPC__REASON__DUPLICATE_FIELD,
         "principal.grants[1].role"},
        {CALL, "{\"principal\":{\"grants\":[{},{\"role\":true}]}}", RPC__REASON__WRONG_TYPE,
         "principal.grants[1].role"},
        {CALL, "{\"principal\":{\"grants\":[{},null]}}", RPC__REASON__WRONG_TYPE, "principal.grants[1]"},
        {TAKE, "[]", RPC__REASON__WRONG_TYPE, ""},
        {TAKE, "1", RPC__REASON__WRONG_TYPE, ""},
        {TAKE, "null", RPC__REASON__WRONG_TYPE, ""},
        {TAKE, "\"{}\"", RPC__REASON__WRONG_TYPE, ""},
        {TAKE, "{\"showId\":1.0}", RPC__REASON__WRONG_TYPE, "showId"},
        {TAKE, "{\"showId\":1e3}", RPC__REASON__WRONG_TYPE, "showId"},
        {TAKE, "{\"showId\":true}", RPC__REASON__WRONG_TYPE, "showId"},
        {TAKE, "{\"showId\":[1]}", RPC__REASON__WRONG_TYPE, "showId"},
        {TAKE, "{\"showId\":{}}", RPC__REASON__WRONG_TYPE, "showId"},
        {TAKE, "{\"showId\":\"\"}", RPC__REASON__WRONG_TYPE, "showId"},
        {TAKE, "{\"showId\":\"-\"}", RPC__REASON__WRONG_TYPE, "showId"},
        {TAKE, "{\"showId\":\"+1\"}", RPC__REASON__WRONG_TYPE, "showId"},
        {TAKE, "{\"showId\":\" 1\"}", RPC__REASON__WRONG_TYPE, "showId"},
        {TAKE, "{\"showId\":\"01\"}", RPC__REASON__WRONG_TYPE, "showId"},
        {TAKE, "{\"showId\":\"0x1\"}", RPC__REASON__WRONG_TYPE, "showId"},
        {TAKE, "{\"showId\":\"1.0\"}", RPC__REASON__WRONG_TYPE, "showId"},
        {IMPORT, "{\"csv\":1}", RPC__REASON__WRONG_TYPE, "csv"},
        {IMPORT, "{\"checkOnly\":1}", RPC__REASON__WRONG_TYPE, "checkOnly"},
        {IMPORT, "{\"checkOnly\":\"true\"}", RPC__REASON__WRONG_TYPE, "checkOnly"},
        {SHOW, "{\"show\":1}", RPC__REASON__WRONG_TYPE, "show"},
        {SHOW, "{\"show\":[{}]}", RPC__REASON__WRONG_TYPE, "show"},
        {SHOW, "{\"show\":{\"trades\":1}}", RPC__REASON__WRONG_TYPE, "show.trades"},
        {SHOW, "{\"show\":{\"trades\":{}}}", RPC__REASON__WRONG_TYPE, "show.trades"},
        {SHOW, "{\"show\":{\"trades\":[1,[2]]}}", RPC__REASON__WRONG_TYPE, "show.trades[1]"},
        {SHOW, "{\"show\":{\"trades\":[1,2,3,4,5,6,1,2,3]}}", RPC__REASON__TOO_MANY_ITEMS, "show.trades"},
        {SHOW, "{\"show\":{\"trades\":[1,7]}}", RPC__REASON__OUT_OF_RANGE, "show.trades[1]"},
        {SHOW, "{\"show\":{\"allowance\":\"ONE_PER\"}}", RPC__REASON__OUT_OF_RANGE, "show.allowance"},
        {SHOW, "{\"show\":{\"allowance\":-1}}", RPC__REASON__OUT_OF_RANGE, "show.allowance"},
        {SHOW, "{\"show\":{\"allowance\":\"\"}}", RPC__REASON__WRONG_TYPE, "show.allowance"},
        {SHOW, "{\"show\":{\"priceFen\":0}}", RPC__REASON__OUT_OF_RANGE, "show.priceFen"},
        {SHOW, "{\"show\":{\"priceFen\":-5}}", RPC__REASON__OUT_OF_RANGE, "show.priceFen"},
        {SHOW, "{\"show\":{\"priceFen\":100000001}}", RPC__REASON__OUT_OF_RANGE, "show.priceFen"},
        {SHOW, "{\"show\":{\"days\":-1}}", RPC__REASON__OUT_OF_RANGE, "show.days"},
        {SHOW, "{\"show\":{\"days\":4294967296}}", RPC__REASON__OUT_OF_RANGE, "show.days"},
        {SHOW, "{\"show\":{\"showId\":9223372036854775808}}", RPC__REASON__OUT_OF_RANGE, "show.showId"},
        /* What a program that keeps numbers as doubles makes of 449812345678901234. */
        {TAKE, "{\"showId\":449812345678901250}", RPC__REASON__NUMBER_NOT_EXACT, "showId"},
        {TAKE, "{\"showId\":9007199254740992}", RPC__REASON__NUMBER_NOT_EXACT, "showId"},
        {TAKE, "{\"showId\":-9007199254740992}", RPC__REASON__NUMBER_NOT_EXACT, "showId"},
        {TAKE, "{\"showId\":9223372036854775807}", RPC__REASON__NUMBER_NOT_EXACT, "showId"},
        {TAKE, "{\"showId\":4.498123456789012e17}", RPC__REASON__NUMBER_NOT_EXACT, "showId"},
        {SHOW, "{\"show\":{\"showId\":1e999}}", RPC__REASON__OUT_OF_RANGE, "show.showId"},
        {TAKE, "{\"showId\":\"9223372036854775808\"}", RPC__REASON__OUT_OF_RANGE, "showId"},
        {TAKE, "{\"showId\":\"-9223372036854775809\"}", RPC__REASON__OUT_OF_RANGE, "showId"},
        {TAKE, "{\"showId\":\"18446744073709551617\"}", RPC__REASON__OUT_OF_RANGE, "showId"},
        {TAKE, "{\"showId\":\"99999999999999999999999999999\"}", RPC__REASON__OUT_OF_RANGE, "showId"},
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
    assert_is_reason(decode(TAKE, json, strlen(json), &message), RPC__REASON__UNKNOWN_FIELD);
    assert_int_equal(strlen(trouble.field), 2 + 41 * 3);
    assert_true(json_utf8(trouble.field, strlen(trouble.field), &points));
    json[4] = 'x';
    assert_is_reason(decode(TAKE, json, strlen(json), &message), RPC__REASON__INVALID_UTF8);
    assert_string_equal(trouble.field, "");
}

static void the_bounds_themselves_are_taken(void **state)
{
    Sample__CreateShowRequest *show;
    Sample__TakeSeatRequest *take;
    Rule__Field *numbers;
    char json[256];

    (void)state;
    snprintf(json, sizeof(json), "{\"showId\":\"-9223372036854775808\"}");
    assert_is_reason(decode(TAKE, json, strlen(json), &take), 0);
    assert_true(take->show_id == INT64_MIN);
    snprintf(json, sizeof(json), "{\"show_id\":\"9223372036854775807\"}");
    assert_is_reason(decode(TAKE, json, strlen(json), &take), 0);
    assert_true(take->show_id == INT64_MAX);
    snprintf(json, sizeof(json), "{\"show_id\":9007199254740991}");
    assert_is_reason(decode(TAKE, json, strlen(json), &take), 0);
    assert_true(take->show_id == INT64_C(9007199254740991));
    snprintf(json, sizeof(json), "{\"show\":{\"priceFen\":100000000,\"days\":366,\"trades\":[1,2,3,4,5,6,1,2]}}");
    assert_is_reason(decode(SHOW, json, strlen(json), &show), 0);
    assert_int_equal(show->show->n_trades, 8);
    snprintf(json, sizeof(json), "{\"maxLen\":4294967295,\"min\":\"-0\",\"max\":-1,\"required\":true}");
    assert_is_reason(decode(NUMBERS, json, strlen(json), &numbers), 0);
    assert_true(numbers->max_len == UINT32_MAX && numbers->min == 0 && numbers->max == -1 && numbers->required);
}

static void a_title_is_measured_in_characters(void **state)
{
    char json[1024];
    size_t len;
    Sample__CreateShowRequest *req;

    (void)state;
    for (int n = 59; n <= 61; n++) {
        len = (size_t)snprintf(json, sizeof(json), "{\"show\":{\"title\":\"");
        for (int i = 0; i < n; i++)
            len += (size_t)snprintf(json + len, sizeof(json) - len, i % 2 ? "𠮷" : "工");
        len += (size_t)snprintf(json + len, sizeof(json) - len, "\"}}");
        assert_int_equal(decode(SHOW, json, len, &req), n > 60 ? RPC__REASON__TOO_LONG : 0);
    }
    assert_string_equal(trouble.field, "show.title");
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
        assert_is_reason(json_from_text(&string, "工会", 6, &arena, &copy), RPC__REASON__TOO_SHORT);
        assert_is_reason(json_from_text(&string, "总工会", 9, &arena, &copy), 0);
        assert_is_reason(json_from_text(&bytes, "AAA", 3, &arena, &data), RPC__REASON__TOO_SHORT);
        assert_is_reason(json_from_text(&bytes, "AAAA", 4, &arena, &data), 0);
        assert_is_reason(json_from_integer(&number, 4, &value), RPC__REASON__OUT_OF_RANGE);
        assert_is_reason(json_from_integer(&number, 5, &value), 0);
    }
}

static void one_member_of_a_oneof_is_set(void **state)
{
    static const char json[] = "{\"showChanged\":null,\"seatTaken\":{\"seatId\":\"7\"}}";
    Sample__Event *event;

    (void)state;
    assert_is_reason(decode(EVENT, json, strlen(json), &event), 0);
    assert_int_equal(event->event_case, SAMPLE__EVENT__EVENT_SEAT_TAKEN);
    assert_int_equal(event->seat_taken->seat_id, 7);
    assert_string_equal(encode(event),
                        "{\"seatTaken\":{\"seatId\":\"7\",\"showId\":\"0\",\"memberId\":\"0\",\"day\":0}}");
    assert_is_reason(decode(EVENT, "{}", 2, &event), 0);
    assert_string_equal(encode(event), "{}");
}

/* ---- hostile sizes ---- */

static void nesting_is_refused_at_any_depth(void **state)
{
    static const char *const openings[] = {"[", "{\"show\":", "{\"a\":[", "[{\"\\\"\":"};
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
        assert_is_reason(decode(SHOW, json, len, &message), RPC__REASON__TOO_DEEP);
    }
    free(json);
}

static void too_many_values_are_refused_before_they_are_parsed(void **state)
{
    size_t size = 3 * (LIMIT_JSON_VALUES + 2);
    char *json = malloc(size);
    struct json_refusal refusal;
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
        assert_int_equal(decode(SHOW, json, len, &message),
                         n > LIMIT_JSON_VALUES ? RPC__REASON__TOO_MANY_ITEMS : RPC__REASON__WRONG_TYPE);
    }
    free(json);
    json_refuse(&trouble, &refusal);
    assert_int_equal(refusal.answer.n_facts, 1);
    assert_string_equal(refusal.answer.facts[0]->name, "maxItems");
    assert_int_equal(strtol(refusal.answer.facts[0]->value, NULL, 10), LIMIT_JSON_VALUES);
}

static void brackets_in_a_string_do_not_nest(void **state)
{
    static const char json[] = "{\"csv\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"{{{{{{{{{{{{{{{{{{{{{{{{{\\\\\"}";
    Sample__ImportRequest *req;

    (void)state;
    assert_is_reason(decode(IMPORT, json, strlen(json), &req), 0);
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
        assert_int_equal(decode(SHOW, json, len, &message),
                         depth > LIMIT_JSON_DEPTH ? RPC__REASON__TOO_DEEP : RPC__REASON__WRONG_TYPE);
    }
}

static void a_body_cut_anywhere_is_malformed(void **state)
{
    (void)state;
    for (size_t len = 1; len < strlen(full_show); len++) {
        ProtobufCMessage *message;

        assert_int_not_equal(decode(SHOW, full_show, len, &message), 0);
        assert_true(trouble.reason == RPC__REASON__MALFORMED_JSON || trouble.reason == RPC__REASON__INVALID_UTF8);
        arena_reset(&arena);
    }
}

static void a_body_with_any_byte_changed_is_safe(void **state)
{
    struct clock clock = test_random();

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char json[sizeof(full_show)];
        unsigned char change[4];
        ProtobufCMessage *message;
        size_t points;

        memcpy(json, full_show, sizeof(json));
        clock_random(&clock, change, sizeof(change));
        json[(change[0] << 8 | change[1]) % (int)strlen(full_show)] = (char)change[2];
        if (!decode(SHOW, json, strlen(full_show), &message))
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
        message = json_new(api_message(SHOW), &small);
        if (message)
            reason = json_decode(message, full_show, strlen(full_show), &small, &trouble);
        if (reason)
            assert_is_reason(reason, RPC__REASON__BODY_TOO_LARGE);
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

/* ---- parameters ---- */

static void a_parameter_sets_its_field(void **state)
{
    Sample__ListShowsRequest *list = (void *)json_new(api_message(LIST), &arena);
    Sample__ImportRequest *import = (void *)json_new(api_message(IMPORT), &arena);
    Sample__CreateGrantRequest *grant = (void *)json_new(api_message(GRANT), &arena);
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
        {SHOW, "show", "{}", RPC__REASON__WRONG_TYPE},
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
    const struct api_message *type = api_message(&sample__show__descriptor);
    const struct api_field *trades = json_field(type, "trades", 6);
    Sample__Show *show;

    (void)state;
    assert_is_reason(decode(&sample__show__descriptor, "{\"trades\":[1,2,3]}", 18, &show), 0);
    for (int i = 3; i < 8; i++)
        assert_is_reason(json_set(&show->base, trades, "SANITATION", 10, &arena, &trouble), 0);
    assert_is_reason(json_set(&show->base, trades, "1", 1, &arena, &trouble), RPC__REASON__TOO_MANY_ITEMS);
    assert_int_equal(show->n_trades, 8);
    assert_int_equal(show->trades[2], 3);
    assert_int_equal(show->trades[7], RPC__TRADE__SANITATION);
}

static void a_field_has_two_names(void **state)
{
    const struct api_message *type = api_message(TAKE);

    (void)state;
    assert_ptr_equal(json_field(type, "showId", 6), &type->fields[0]);
    assert_ptr_equal(json_field(type, "show_id", 7), &type->fields[0]);
    assert_null(json_field(type, "showid", 6));
    assert_null(json_field(type, "showI", 5));
    assert_null(json_field(type, "", 0));
}

/* ---- required fields ---- */

static void a_missing_field_is_named(void **state)
{
    static const struct refusal cases[] = {
        {TAKE, "{}", RPC__REASON__MISSING_FIELD, "showId"},
        {TAKE, "{\"showId\":0}", RPC__REASON__MISSING_FIELD, "showId"},
        {TAKE, "{\"showId\":null}", RPC__REASON__MISSING_FIELD, "showId"},
        {TAKE, "{\"showId\":-1}", 0, ""},
        {SHOW, "{}", RPC__REASON__MISSING_FIELD, "show"},
        {SHOW, "{\"show\":{}}", RPC__REASON__MISSING_FIELD, "show.title"},
        {SHOW, "{\"show\":{\"title\":\"\"}}", RPC__REASON__MISSING_FIELD, "show.title"},
        {SHOW, "{\"show\":{\"title\":\"a\",\"priceFen\":1,\"seatsPerDay\":1}}", RPC__REASON__MISSING_FIELD,
         "show.opensAt"},
        {SHOW, "{\"show\":{\"title\":\"a\",\"priceFen\":1,\"seatsPerDay\":1,\"opensAt\":1}}", 0, ""},
        {GRANT, "{\"mobile\":\"1\",\"role\":0,\"unionCode\":\"1\"}", RPC__REASON__MISSING_FIELD, "role"},
        {EVENT, "{\"seatTaken\":{}}", 0, ""},
        {CALL, "{\"principal\":{\"grants\":[{},{}]}}", 0, ""},
        {CALL, "{\"principal\":{\"grants\":[]}}", RPC__REASON__MISSING_FIELD, "principal.grants"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ProtobufCMessage *message;

        assert_is_reason(decode(cases[i].type, cases[i].json, strlen(cases[i].json), &message), 0);
        assert_int_equal(json_complete(message, &trouble), cases[i].reason);
        assert_int_equal(trouble.reason, cases[i].reason);
        assert_string_equal(trouble.field, cases[i].field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_body_fills_its_message),
        TEST(what_a_lax_field_cannot_hold_is_absent),
        TEST(an_empty_body_is_an_empty_message),
        TEST(what_is_no_json_is_malformed),
        TEST(a_field_that_does_not_fit_is_named),
        TEST(a_long_unknown_name_is_cut_between_characters),
        TEST(the_bounds_themselves_are_taken),
        TEST(a_title_is_measured_in_characters),
        TEST(a_value_at_its_default_is_as_good_as_absent),
        TEST(one_member_of_a_oneof_is_set),
        TEST(nesting_is_refused_at_any_depth),
        TEST(too_many_values_are_refused_before_they_are_parsed),
        TEST(brackets_in_a_string_do_not_nest),
        TEST(exactly_the_deepest_nesting_is_parsed),
        TEST(a_body_cut_anywhere_is_malformed),
        TEST(a_body_with_any_byte_changed_is_safe),
        TEST(a_full_arena_refuses_the_body),
        TEST(a_parameter_sets_its_field),
        TEST(a_repeated_parameter_grows_to_its_bound),
        TEST(a_field_has_two_names),
        TEST(a_missing_field_is_named),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
