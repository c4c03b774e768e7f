#include "common/api/json_fixture.h"

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

        assert_is_reason(json_from_text(&field, cases[i].least, strlen(cases[i].least), &arena, &value), 0);
        assert_is_reason(json_from_text(&field, cases[i].greatest, strlen(cases[i].greatest), &arena, &value), 0);
        assert_is_reason(json_from_text(&field, cases[i].below, strlen(cases[i].below), &arena, &value),
                         RPC__REASON__OUT_OF_RANGE);
        assert_is_reason(json_from_text(&field, cases[i].above, strlen(cases[i].above), &arena, &value),
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
    assert_is_reason(json_from_real(&field, 0.5, &value), 0);
    assert_true(value > 0.4F && value < 0.6F);
    assert_is_reason(json_from_integer(&field, -3, &value), 0);
    assert_true(value < -2.9F && value > -3.1F);
    assert_is_reason(json_from_real(&field, 1e300, &value), RPC__REASON__OUT_OF_RANGE);
}

static void hexadecimal_bytes_are_read_in_one_form(void **state)
{
    static const struct {
        const char *text;
        int reason;
    } cases[] = {
        {"", 0},
        {"00ff7a", 0},
        {"00ff7a01", RPC__REASON__TOO_LONG},
        {"00f", RPC__REASON__WRONG_TYPE},
        {"00FF", RPC__REASON__WRONG_TYPE},
        {"0g", RPC__REASON__WRONG_TYPE},
        {"AP96", RPC__REASON__WRONG_TYPE},
    };
    static const ProtobufCFieldDescriptor type = {.type = PROTOBUF_C_TYPE_BYTES};
    static const ProtobufCFieldDescriptor text_type = {.type = PROTOBUF_C_TYPE_STRING};
    Rule__Field limit = RULE__FIELD__INIT;
    struct api_field field = {.descriptor = &type, .limit = &limit};
    ProtobufCBinaryData value;
    char *digits;

    (void)state;
    limit.hex = true;
    limit.max_len = 3;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(json_from_text(&field, cases[i].text, strlen(cases[i].text), &arena, &value), cases[i].reason);
    assert_is_reason(json_from_text(&field, "00ff7a", 6, &arena, &value), 0);
    assert_int_equal(value.len, 3);
    assert_memory_equal(value.data, "\0\xffz", 3);
    field.descriptor = &text_type;
    limit.max_len = 4;
    assert_is_reason(json_from_text(&field, "00ff", 4, &arena, &digits), 0);
    assert_is_reason(json_from_text(&field, "00fF", 4, &arena, &digits), RPC__REASON__WRONG_TYPE);
    assert_is_reason(json_from_text(&field, "00f", 3, &arena, &digits), RPC__REASON__WRONG_TYPE);
}

static void a_day_is_one_of_the_calendar(void **state)
{
    static const struct {
        const char *text;
        int day;
    } cases[] = {
        {"2026-03-01", 20260301},
        {"2024-02-29", 20240229},
        {"1970-01-01", 19700101},
        {"9999-12-31", 99991231},
        {"2026-02-29", 0},
        {"2026-13-01", 0},
        {"2026-00-01", 0},
        {"2026-01-00", 0},
        {"1969-12-31", 0},
        {"2026-3-01", 0},
        {"2026-03-1", 0},
        {"20260301", 0},
        {"2026-03-01 ", 0},
        {"2026/03/01", 0},
        {"today", 0},
        {"", 0},
        {"-026-03-01", 0},
        {"2026-03-01T00", 0},
    };
    static const ProtobufCFieldDescriptor type = {.type = PROTOBUF_C_TYPE_INT32};
    Rule__Field limit = RULE__FIELD__INIT;
    struct api_field field = {.descriptor = &type, .limit = &limit};

    (void)state;
    limit.day = true;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int32_t day = 0;
        int reason = json_from_text(&field, cases[i].text, strlen(cases[i].text), &arena, &day);

        assert_int_equal(day, cases[i].day);
        assert_int_equal(reason, cases[i].day ? 0 : RPC__REASON__NO_SUCH_DAY);
        assert_is_reason(json_from_integer(&field, 20260301, &day), RPC__REASON__WRONG_TYPE);
    }
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
        assert_is_reason(decode(CALL, json, strlen(json), &call), 0);
        assert_int_equal(call->input.len, cases[i].len);
        assert_memory_equal(call->input.data ? (void *)call->input.data : (void *)"", cases[i].bytes, cases[i].len);
    }
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
        Sample__ImportRequest *req;
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
    assert_is_reason(decode(IMPORT, "{\"csv\":\"a\\u0000b\"}", 18, &message), RPC__REASON__INVALID_UTF8);
    assert_string_equal(trouble.field, "csv");
    assert_is_reason(decode(IMPORT, "{\"c\\u0000\":1}", 13, &message), RPC__REASON__INVALID_UTF8);
    assert_is_reason(decode(IMPORT, "{\"csv\":\"a\0b\"}", 13, &message), RPC__REASON__MALFORMED_JSON);
    assert_is_reason(decode(IMPORT, "{}\0", 3, &message), RPC__REASON__MALFORMED_JSON);
    assert_is_reason(json_set(message, csv, "a\0b", 3, &arena, &trouble), RPC__REASON__INVALID_UTF8);
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
        Sample__CreateShowRequest *req;
        char json[128];

        snprintf(json, sizeof(json), "{\"show\":{\"createdAt\":%s}}", cases[i].json);
        if (decode(SHOW, json, strlen(json), &req) != cases[i].reason)
            fail_msg("%s: %s", cases[i].json, api_reason(trouble.reason)->name);
        if (!cases[i].reason)
            assert_int_equal(req->show->created_at, cases[i].at);
    }
}

static void every_day_is_written_as_it_is_read(void **state)
{
    const struct api_field *field = json_field(api_message(&sample__seat__descriptor), "takenAt", 7);

    (void)state;
    for (int64_t at = 1; at <= JSON_TIME_MAX; at += 86400000 + 999) {
        int64_t again = 0;

        buf_clear(&text);
        json_time(&text, at);
        assert_int_equal(text.len, 26);
        assert_is_reason(json_from_text(field, text.bytes + 1, 24, &arena, &again), 0);
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

/* The facts of the refusal that the trouble of the last decode is. */
static const char *facts_of(void)
{
    static char facts[128];
    struct json_refusal refusal;
    size_t len = 0;

    json_refuse(&trouble, &refusal);
    assert_int_equal(refusal.answer.reason, trouble.reason);
    assert_string_equal(refusal.answer.field, trouble.field);
    *facts = '\0';
    for (size_t i = 0; i < refusal.answer.n_facts; i++)
        len += (size_t)snprintf(facts + len, sizeof(facts) - len, "%s=%s ", refusal.answer.facts[i]->name,
                                refusal.answer.facts[i]->value);
    return facts;
}

static void a_text_is_folded_before_it_is_measured_and_judged(void **state)
{
    static const ProtobufCFieldDescriptor type = {.type = PROTOBUF_C_TYPE_STRING};
    Rule__Field limit = RULE__FIELD__INIT;
    const struct api_field field = {.descriptor = &type, .limit = &limit};
    char *folded;

    (void)state;
    limit.max_len = 3;
    assert_is_reason(json_from_text(&field, "\u202d\u2f08e\u0301\uff11\u202c", 15, &arena, &folded), 0);
    assert_string_equal(folded, "人é1");
    assert_is_reason(json_from_text(&field, "\u2f08\u2f08\u2f08\u2f08", 12, &arena, &folded), RPC__REASON__TOO_LONG);
    limit.raw = true;
    assert_is_reason(json_from_text(&field, "\u2f08\u200b", 6, &arena, &folded), 0);
    assert_string_equal(folded, "\u2f08\u200b");
}

static void a_refusal_says_the_limit_that_was_passed(void **state)
{
    static const struct {
        const ProtobufCMessageDescriptor *type;
        const char *json, *facts;
    } cases[] = {
        {SHOW, "{\"show\":{\"priceFen\":100000001}}", "minimum=1 maximum=100000000 "},
        {SHOW, "{\"show\":{\"trades\":[1,2,3,4,5,6,1,2,3]}}", "maxItems=8 "},
        {LIST, "{\"unionPath\":\"12345678901234567890123456789012345678901234567890123456789012345\"}",
         "maxLength=64 "},
        {TAKE, "{\"showId\":\"9223372036854775808\"}", ""},
        {TAKE, "{\"showId\":true}", ""},
        {TAKE, "{\"other\":1}", ""},
        {TAKE, "{", ""},
        {SHOW, "{\"show\":{\"title\":\"a\ue900\"}}", "character=U+E900 "},
        {SHOW, "{\"show\":{\"title\":\"a\\nb\"}}", "character=U+000A "},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        void *message;

        assert_int_not_equal(decode(cases[i].type, cases[i].json, strlen(cases[i].json), &message), 0);
        assert_string_equal(facts_of(), cases[i].facts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_integer_type_has_exactly_its_range),
        TEST(a_float_holds_no_more_than_a_float),
        TEST(hexadecimal_bytes_are_read_in_one_form),
        TEST(a_day_is_one_of_the_calendar),
        TEST(bytes_are_read_in_either_alphabet),
        TEST(text_is_utf8_in_bodies_and_parameters),
        TEST(a_character_cut_off_is_refused_though_the_rest_follows),
        TEST(a_nul_is_refused),
        TEST(times_are_read_as_rfc3339_or_milliseconds),
        TEST(every_day_is_written_as_it_is_read),
        TEST(a_time_outside_the_years_is_written_as_the_nearest),
        TEST(a_text_is_folded_before_it_is_measured_and_judged),
        TEST(a_refusal_says_the_limit_that_was_passed),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
