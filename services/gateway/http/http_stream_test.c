/* Answers that come in pieces. */
#include "services/gateway/http/http_fixture.h"

static unsigned rooms;

static void on_room(struct http_request *request)
{
    assert_ptr_equal(request, test.waiting);
    rooms++;
}

static void a_stream_comes_in_pieces_of_which_one_is_in_memory(void **state)
{
    static char piece[LIMIT_PART];
    struct guests *guests = &test.shared.guests;

    (void)state;
    memset(piece, 'x', sizeof(piece));
    start();
    rooms = 0;
    test.waits = true;
    say(GET "\r\n" GET "\r\n");
    assert_true(http_stream(test.waiting, 200, "Content-Type: text/plain\r\n", on_room));
    assert_true(http_stream_piece(test.waiting, "one", 3));
    assert_int_equal(rooms, 0);
    flush();
    assert_int_equal(rooms, 1);
    assert_int_equal(guests_held(guests, GUEST_ANSWERS), HTTP_WINDOW);
    assert_true(http_stream_piece(test.waiting, piece, sizeof(piece)));
    test.out_len = 0;
    for (int i = 0; i < 10; i++) {
        flush();
        test.out_len = 0;
        assert_int_equal(rooms, i + 2);
        assert_true(http_stream_piece(test.waiting, piece, sizeof(piece)));
        assert_true(guests_held(guests, GUEST_ANSWERS) <= HTTP_WINDOW);
    }
    flush();
    assert_memory_equal(test.out, "20000\r\nxxx", 10);
    test.out_len = 0;
    assert_true(http_stream_piece(test.waiting, "end", 3));
    http_stream_end(test.waiting, true);
    flush();
    assert_string_equal(test.out, "3\r\nend\r\n0\r\n\r\n");
    assert_int_equal(guests_held(guests, GUEST_ANSWERS), 0);
    assert_int_equal(test.served, 2); /* the connection goes on */
    answer(test.waiting);
    stop();
}

static void a_stream_to_http_1_0_ends_with_its_connection(void **state)
{
    (void)state;
    start();
    test.waits = true;
    say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_true(http_stream(test.waiting, 200, NULL, on_room));
    assert_true(http_stream_piece(test.waiting, "text", 4));
    http_stream_end(test.waiting, true);
    flush();
    assert_null(strstr(test.out, "chunked"));
    assert_non_null(strstr(test.out, "Connection: close\r\n\r\ntext"));
    assert_true(http_finished(&test.http));
    stop();
}

static void a_stream_that_breaks_off_is_seen_to(void **state)
{
    (void)state;
    start();
    test.waits = true;
    say(GET "\r\n");
    assert_true(http_stream(test.waiting, 200, NULL, on_room));
    assert_true(http_stream_piece(test.waiting, "text", 4));
    flush();
    http_stream_end(test.waiting, false);
    flush();
    assert_true(http_finished(&test.http));
    assert_string_equal(test.out + test.out_len - 6, "text\r\n");
    stop();
}

static void a_stream_whose_client_goes_is_told(void **state)
{
    (void)state;
    start();
    rooms = 0;
    test.waits = true;
    say(GET "\r\n");
    assert_true(http_stream(test.waiting, 200, NULL, on_room));
    assert_true(http_stream_piece(test.waiting, "text", 4));
    http_close(&test.http);
    assert_int_equal(rooms, 1);
    assert_true(http_is_gone(test.waiting));
    assert_false(http_stream_piece(test.waiting, "more", 4));
    http_stream_end(test.waiting, false);
    assert_int_equal(test.shared.outstanding, 0);
    assert_int_equal(guests_held(&test.shared.guests, GUEST_ANSWERS), 0);
}

static void a_stream_without_room_can_be_refused(void **state)
{

    (void)state;
    crowd(GUEST_ANSWERS, 1000);
    start();
    test.waits = true;
    say(GET "\r\n");
    assert_false(http_stream(test.waiting, 200, NULL, on_room));
    http_reply(test.waiting, 503, NULL, "later", 5);
    flush();
    assert_non_null(strstr(test.out, "later"));
    stop();
    crowd(GUEST_ANSWERS, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_comes_in_pieces_of_which_one_is_in_memory),
        cmocka_unit_test(a_stream_to_http_1_0_ends_with_its_connection),
        cmocka_unit_test(a_stream_that_breaks_off_is_seen_to),
        cmocka_unit_test(a_stream_whose_client_goes_is_told),
        cmocka_unit_test(a_stream_without_room_can_be_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
