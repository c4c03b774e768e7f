/* The memory that guests share, when it is short. */
#include "services/gateway/http/http_fixture.h"

/* What finds no memory finds none under ASan and TSan too. */
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void a_body_for_which_there_is_no_room_is_refused_at_its_head(void **state)
{

    (void)state;
    crowd(GUEST_BODIES, 50000);
    start();
    say(POST "Content-Length: 100000\r\n\r\n");
    assert_memory_equal(test.out, "HTTP/1.1 503", 12);
    assert_non_null(strstr(test.out, "Retry-After: 1\r\n"));
    stop();
    start();
    say(CHUNKED "186a0\r\n");
    for (int i = 0; i < 20 && !http_finished(&test.http); i++)
        say(TEXT_4000);
    assert_memory_equal(test.out, "HTTP/1.1 503", 12);
    stop();
    /* What fits behind a head always has room. */
    start();
    say(POST "Content-Length: 8000\r\n\r\n" TEXT_4000 TEXT_4000);
    assert_memory_equal(test.out, "HTTP/1.1 200", 12);
    stop();
    crowd(GUEST_BODIES, 0);
}

/* Who takes no room is served, also of the guest who holds most. */
static void assert_served(void)
{
    start();
    say(GET "\r\n");
    assert_memory_equal(test.out, "HTTP/1.1 200", 12);
    http_close(&test.http);
}

/* Nothing is held behind them. */
static void end_all(struct http *https, size_t n)
{
    for (size_t i = 0; i < n; i++)
        http_close(&https[i]);
    start();
    stop();
}

/* Bodies from peers that are one guest: an address, or one /64 of IPv6. They leave those of others room, and all
 * answers. */
static void one_guest_gets_no_more_than_her_share_of_the_memory_for_bodies(void **state)
{
    static const char *const guests[][3] = {{"192.0.2.1", "192.0.2.1", "192.0.2.2"},
                                            {"2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"}};
    static struct http https[400];

    (void)state;
    for (size_t guest = 0; guest < ARRAY_LEN(guests); guest++) {
        struct address peers[2], other;
        unsigned taken = 0;

        assert_true(address_read(guests[guest][0], strlen(guests[guest][0]), &peers[0]));
        assert_true(address_read(guests[guest][1], strlen(guests[guest][1]), &peers[1]));
        assert_true(address_read(guests[guest][2], strlen(guests[guest][2]), &other));
        for (size_t i = 0; i < ARRAY_LEN(https); i++) {
            static const char head[] = POST "Content-Length: 1000000\r\n\r\n";

            assert_true(http_open(&https[i], &test.shared, &peers[i % 2], false));
            http_feed(&https[i], head, sizeof(head) - 1);
            taken += !http_finished(&https[i]);
        }
        assert_in_range(taken, 5, 20);
        assert_served();
        assert_true(http_open(&test.http, &test.shared, &other, false));
        test.out_len = 0;
        say(POST "Content-Length: 1000000\r\n\r\n");
        assert_false(http_finished(&test.http));
        http_close(&test.http);
        end_all(https, ARRAY_LEN(https));
    }
}

static void requests_that_do_not_come_at_once_take_room_too(void **state)
{
    static const char *const pieces[] = {"GET", POST "Content-Length: 5\r\n\r\nab"};
    static struct http https[3000];
    struct address peer;

    (void)state;
    assert_true(address_read("192.0.2.9", 9, &peer));
    for (size_t k = 0; k < ARRAY_LEN(pieces); k++) {
        unsigned taken = 0;

        for (size_t i = 0; i < ARRAY_LEN(https); i++) {
            assert_true(http_open(&https[i], &test.shared, &peer, false));
            http_feed(&https[i], pieces[k], strlen(pieces[k]));
            taken += !http_finished(&https[i]);
        }
        assert_in_range(taken, 1500, 2900);
        assert_served();
        end_all(https, ARRAY_LEN(https));
    }
}

static void an_answer_without_room_can_be_refused_and_one_that_must_be_is_given(void **state)
{
    static char big[100000];

    (void)state;
    crowd(GUEST_ANSWERS, 1000);
    memset(big, 'x', sizeof(big));
    start();
    test.waits = true;
    say(GET "\r\n" GET "\r\n");
    assert_false(http_try_reply(test.waiting, 200, NULL, big, sizeof(big)));
    assert_true(http_try_reply(test.waiting, 503, NULL, "small", 5));
    flush();
    assert_non_null(strstr(test.out, "small"));
    assert_int_equal(test.served, 2);
    test.out_len = 0;
    http_reply(test.waiting, 201, NULL, big, sizeof(big));
    flush();
    assert_memory_equal(test.out, "HTTP/1.1 201", 12);
    assert_true(test.out_len > sizeof(big));
    assert_true(http_finished(&test.http));
    stop();
    crowd(GUEST_ANSWERS, 0);
}

static void what_is_unsent_stays_charged_when_more_must_be_given(void **state)
{
    static char big[10000];
    size_t held;

    (void)state;
    crowd(GUEST_ANSWERS, 20000);
    start();
    test.waits = true;
    http_feed(&test.http, GET "\r\n" GET "\r\n", 2 * strlen(GET "\r\n"));
    assert_true(http_try_reply(test.waiting, 200, NULL, big, sizeof(big)));
    held = guests_held(&test.shared.guests, GUEST_ANSWERS);
    assert_true(held >= test.crowd[GUEST_ANSWERS] + sizeof(big));
    http_resume(&test.http);
    assert_false(http_try_reply(test.waiting, 200, NULL, big, sizeof(big)));
    http_reply(test.waiting, 503, NULL, big, sizeof(big));
    assert_int_equal(guests_held(&test.shared.guests, GUEST_ANSWERS), held);
    flush();
    assert_true(test.out_len > 2 * sizeof(big));
    stop();
    crowd(GUEST_ANSWERS, 0);
}

/* More than any machine has. */
static void without_any_memory_the_last_answer_is_short(void **state)
{
    (void)state;
    start();
    test.waits = true;
    say(GET "\r\n");
    http_reply(test.waiting, 201, NULL, "", (size_t)1 << 60);
    flush();
    assert_string_equal(test.out, HTTP_NO_ROOM);
    assert_true(http_finished(&test.http));
    stop();
}

static void a_refusal_is_not_put_between_a_head_and_a_body_that_is_not_ours(void **state)
{
    static char pipeline[HTTP_FEED];
    size_t len = (size_t)snprintf(pipeline, sizeof(pipeline), "GET /static HTTP/1.1\r\nHost: a\r\n\r\n");

    (void)state;
    crowd(GUEST_BODIES, 1000);
    while (len < sizeof(pipeline) - 100)
        len += (size_t)snprintf(pipeline + len, sizeof(pipeline) - len, GET "\r\n");
    start();
    http_feed(&test.http, pipeline, len);
    flush();
    assert_non_null(strstr(test.out, "\r\n\r\nnot ours"));
    assert_true(http_finished(&test.http));
    stop();
    crowd(GUEST_BODIES, 0);
}

static void what_an_answer_takes_that_is_put_together_is_its_guests(void **state)
{
    size_t before = guests_held(&test.shared.guests, GUEST_ANSWERS);

    (void)state;
    start();
    test.waits = true;
    say(GET "\r\n");
    assert_true(http_hold(test.waiting, 50000));
    assert_true(http_hold(test.waiting, 50000));
    assert_int_equal(guests_held(&test.shared.guests, GUEST_ANSWERS), before + 100000);
    assert_false(http_hold(test.waiting, (size_t)LIMIT_ANSWERS));
    http_close(&test.http);
    assert_int_equal(guests_held(&test.shared.guests, GUEST_ANSWERS), before + 100000);
    http_reply(test.waiting, 200, NULL, "", 0); /* nobody waits for it */
    assert_int_equal(guests_held(&test.shared.guests, GUEST_ANSWERS), before);
}

static void what_is_sent_ahead_without_room_ends_the_connection_after_its_answers(void **state)
{
    static char pipeline[HTTP_FEED];
    size_t len = 0;

    (void)state;
    crowd(GUEST_BODIES, 1000);
    while (len < sizeof(pipeline) - 100)
        len += (size_t)snprintf(pipeline + len, sizeof(pipeline) - len, GET "\r\n");
    start();
    test.waits = true;
    http_feed(&test.http, pipeline, len);
    answer(test.waiting);
    flush();
    assert_int_equal(test.served, 1);
    assert_memory_equal(test.out, "HTTP/1.1 200", 12);
    assert_true(http_finished(&test.http));
    stop();
    crowd(GUEST_BODIES, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_for_which_there_is_no_room_is_refused_at_its_head),
        cmocka_unit_test(one_guest_gets_no_more_than_her_share_of_the_memory_for_bodies),
        cmocka_unit_test(requests_that_do_not_come_at_once_take_room_too),
        cmocka_unit_test(an_answer_without_room_can_be_refused_and_one_that_must_be_is_given),
        cmocka_unit_test(what_is_unsent_stays_charged_when_more_must_be_given),
        cmocka_unit_test(without_any_memory_the_last_answer_is_short),
        cmocka_unit_test(a_refusal_is_not_put_between_a_head_and_a_body_that_is_not_ours),
        cmocka_unit_test(what_an_answer_takes_that_is_put_together_is_its_guests),
        cmocka_unit_test(what_is_sent_ahead_without_room_ends_the_connection_after_its_answers),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
