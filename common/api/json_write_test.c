#include "common/api/json_fixture.h"

static void a_seat_is_written_with_all_its_fields(void **state)
{
    Sample__Seat seat = SAMPLE__SEAT__INIT;

    (void)state;
    assert_string_equal(encode(&seat), "{\"seatId\":\"0\",\"showId\":\"0\",\"day\":0,\"code\":\"\",\"priceFen\":\"0\","
                                       "\"depositFen\":\"0\",\"takenAt\":null,\"expiresAt\":null,\"state\":\"DRAFT\"}");
    seat.seat_id = INT64_MAX;
    seat.show_id = INT64_MIN;
    seat.day = INT32_MIN;
    seat.code = "0123456789ABC";
    seat.taken_at = 1777600800123;
    assert_string_equal(encode(&seat),
                        "{\"seatId\":\"9223372036854775807\",\"showId\":\"-9223372036854775808\","
                        "\"day\":-2147483648,\"code\":\"0123456789ABC\",\"priceFen\":\"0\",\"depositFen\":\"0\","
                        "\"takenAt\":\"2026-05-01T02:00:00.123Z\",\"expiresAt\":null,\"state\":\"DRAFT\"}");
}

static void an_absent_message_is_not_written(void **state)
{
    Sample__Offer offer = SAMPLE__OFFER__INIT;
    Sample__Seat seat = SAMPLE__SEAT__INIT;
    Sample__OfferList list = SAMPLE__OFFER_LIST__INIT;

    (void)state;
    assert_string_equal(encode(&offer), "{\"reason\":\"\"}");
    offer.seat = &seat;
    offer.reason = NULL;
    assert_int_equal(strncmp(encode(&offer), "{\"reason\":\"\",\"seat\":{\"seatId\"", 29), 0);
    assert_string_equal(encode(&list), "{\"offers\":[]}");
}

static void an_unknown_enum_value_is_written_as_its_number(void **state)
{
    Sample__ShowChanged changed = SAMPLE__SHOW_CHANGED__INIT;

    (void)state;
    changed.state = SAMPLE__STATE__CLOSED;
    assert_non_null(strstr(encode(&changed), "\"state\":\"CLOSED\""));
    changed.state = (Sample__State)77;
    assert_non_null(strstr(encode(&changed), "\"state\":77"));
    changed.state = (Sample__State)-2;
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
        {SHOW, full_show},
        {CALL, "{\"method\":\"A.B\",\"input\":\"AP8Q\",\"principal\":{\"memberId\":\"1\",\"sessionId\":\"2\","
               "\"expiresAt\":\"3\",\"level\":\"MEMBER\",\"unionPath\":\"\",\"trade\":\"COURIER\",\"birthYear\":1990,"
               "\"sex\":\"FEMALE\",\"grants\":[{\"role\":\"FINANCE\",\"unionPath\":\"0001\",\"givenAt\":\"0\","
               "\"givenBy\":[]}],\"internal\":true,"
               "\"shownName\":\"王*明\",\"grantsSeal\":\"\",\"unproven\":false,\"steppedUpUntil\":\"0\",\"birthday\":0,"
               "\"memberSince\":0},"
               "\"idempotencyKey\":\"AA==\",\"traceId\":\"AAA=\",\"deadlineAt\":\"0\"}"},
        {EVENT, "{\"showChanged\":{\"showId\":\"1\",\"state\":\"PUBLISHED\",\"unionPath\":\"0001\","
                "\"eligiblePath\":\"\"}}"},
        {NUMBERS, "{\"maxLen\":4294967295,\"minLen\":0,\"min\":\"-1\",\"max\":\"1\",\"maxItems\":7,\"required\":true,"
                  "\"time\":false,\"subject\":false,\"hex\":true,\"day\":false,\"lines\":false,\"raw\":false,"
                  "\"usual\":\"0\",\"inside\":false,\"lax\":false,\"header\":\"\"}"},
        {PROBE, "{\"healthy\":true,\"summary\":\"ok\",\"version\":\"\",\"metrics\":[{\"name\":\"a\",\"labels\":\"\","
                "\"value\":0.5,\"type\":\"gauge\"},{\"name\":\"b\",\"labels\":\"\",\"value\":2,\"type\":\"\"}],"
                "\"firstId\":\"7\"}"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ProtobufCMessage *message;

        assert_int_equal(decode(cases[i].type, cases[i].json, strlen(cases[i].json), &message), 0);
        assert_string_equal(encode(message), cases[i].json);
    }
}

static void hashes_are_written_in_hexadecimal_and_days_with_hyphens(void **state)
{
    Sample__SignSeatRequest sign = SAMPLE__SIGN_SEAT_REQUEST__INIT;
    Sample__DayNumber number = SAMPLE__DAY_NUMBER__INIT;
    uint8_t bytes[] = {0, 0xff, 0x7a};

    (void)state;
    assert_string_equal(encode(&sign.base), "{\"seatId\":\"0\",\"sha256\":\"\"}");
    sign.sha256 = (ProtobufCBinaryData){sizeof(bytes), bytes};
    assert_string_equal(encode(&sign.base), "{\"seatId\":\"0\",\"sha256\":\"00ff7a\"}");
    assert_string_equal(encode(&number.base), "{\"day\":null,\"joined\":\"0\",\"left\":\"0\"}");
    number.day = 20260301;
    assert_string_equal(encode(&number.base), "{\"day\":\"2026-03-01\",\"joined\":\"0\",\"left\":\"0\"}");
    number.day = INT32_MIN;
    assert_string_equal(encode(&number.base), "{\"day\":null,\"joined\":\"0\",\"left\":\"0\"}");
}

static void writing_past_the_maximum_fails_without_harm(void **state)
{
    ProtobufCMessage *message;
    size_t whole;

    (void)state;
    assert_int_equal(decode(SHOW, full_show, strlen(full_show), &message), 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_seat_is_written_with_all_its_fields),
        TEST(an_absent_message_is_not_written),
        TEST(an_unknown_enum_value_is_written_as_its_number),
        TEST(every_character_is_quoted_as_json_asks),
        TEST(reals_are_written_so_that_they_read_back),
        TEST(what_is_written_reads_back_the_same),
        TEST(hashes_are_written_in_hexadecimal_and_days_with_hyphens),
        TEST(writing_past_the_maximum_fails_without_harm),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
