/* What a program that makes messages by itself may say: no more than JSON can. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/api/json_fixture.h"

static Sample__CreateShowRequest *good(void)
{
    Sample__CreateShowRequest *request;

    assert_int_equal(decode(SHOW, full_show, strlen(full_show), &request), 0);
    return request;
}

static bool could_be(void *message)
{
    return json_could_be(api_message(((ProtobufCMessage *)message)->descriptor), message);
}

static void what_json_made_could_be_json(void **state)
{
    Sample__ListShowsRequest list = SAMPLE__LIST_SHOWS_REQUEST__INIT;

    (void)state;
    assert_true(could_be(good()));
    assert_true(could_be(&list));
}

#define assert_refused(change)                                                                                         \
    do {                                                                                                               \
        Sample__CreateShowRequest *request = good();                                                                   \
        Sample__Show *show = request->show;                                                                            \
                                                                                                                       \
        (void)show;                                                                                                    \
        change;                                                                                                        \
        if (could_be(request))                                                                                         \
            fail_msg("taken: %s", #change);                                                                            \
    } while (0)

static void every_limit_holds_for_whoever_makes_the_message(void **state)
{
    static char long_path[66], long_title[4 * 60 + 2];
    Rpc__Trade trades[9] = {RPC__TRADE__COURIER};

    (void)state;
    memset(long_path, '0', sizeof(long_path) - 1);
    memset(long_title, 'a', sizeof(long_title) - 1);
    assert_refused(request->show = NULL);
    assert_refused(show->title = unconst(""));
    assert_refused(show->title = long_title);
    assert_refused(show->title = long_title + 180); /* 61 characters */
    assert_refused(show->title = unconst("\xff"));
    assert_refused(show->title = unconst("\xed\xa0\x80"));
    assert_refused(show->title = unconst("a\nb"));
    assert_refused(show->title = unconst("a\u202eb"));
    assert_refused(show->union_path = long_path);
    assert_refused(show->price_fen = 0);
    assert_refused(show->price_fen = -1);
    assert_refused(show->price_fen = 100000001);
    assert_refused(show->seats_per_day = INT32_MIN);
    assert_refused(show->opens_at = -1);
    assert_refused(show->opens_at = INT64_MAX);
    assert_refused(show->allowance = (Sample__Allowance)2);
    assert_refused(show->min_level = (Rpc__Level)-1);
    assert_refused(show->trades = trades; show->n_trades = 9);
    assert_refused(show->trades[1] = (Rpc__Trade)12345);
}

static void bytes_have_their_length(void **state)
{
    Sample__SignSeatRequest request = SAMPLE__SIGN_SEAT_REQUEST__INIT;
    uint8_t bytes[33] = {1};

    (void)state;
    request.seat_id = 1;
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        request.sha256 = (ProtobufCBinaryData){len, bytes};
        assert_true(could_be(&request) == (len == 32));
    }
}

static void what_is_not_known_is_taken_out(void **state)
{
    Sample__CreateShowRequest *request = good();
    ProtobufCMessageUnknownField unknown[2];

    (void)state;
    request->base.n_unknown_fields = request->show->base.n_unknown_fields = 1;
    request->base.unknown_fields = &unknown[0];
    request->show->base.unknown_fields = &unknown[1];
    assert_true(could_be(request));
    assert_int_equal(request->base.n_unknown_fields + request->show->base.n_unknown_fields, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_json_made_could_be_json),
        TEST(every_limit_holds_for_whoever_makes_the_message),
        TEST(bytes_have_their_length),
        TEST(what_is_not_known_is_taken_out),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
