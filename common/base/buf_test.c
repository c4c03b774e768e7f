#include "common/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void assert_holds(const struct buf *buf, const char *text)
{
    assert_false(buf->failed);
    assert_int_equal(buf->len, strlen(text));
    assert_memory_equal(buf->bytes, text, buf->len);
}

static void bytes_are_appended_in_order(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    buf_add(&buf, "ab", 2);
    buf_add(&buf, "", 0);
    buf_str(&buf, "cd");
    buf_char(&buf, 'e');
    buf_printf(&buf, "%d%s", 12, "f");
    assert_holds(&buf, "abcde12f");
    buf_done(&buf);
}

static void a_large_buffer_is_given_back_when_it_is_cleared(void **state)
{
    static char bytes[1 << 20];
    struct buf buf;

    (void)state;
    buf_init(&buf, sizeof(bytes));
    buf_add(&buf, bytes, sizeof(bytes) / 4);
    buf_clear(&buf);
    assert_int_equal(buf.size, sizeof(bytes) / 4);
    buf_add(&buf, bytes, sizeof(bytes));
    buf_clear(&buf);
    assert_int_equal(buf.size, 0);
    buf_str(&buf, "again");
    assert_holds(&buf, "again");
    buf_add(&buf, bytes, sizeof(bytes));
    assert_true(buf.failed); /* its maximum is as it was */
    buf_done(&buf);
}

static void a_buffer_takes_no_more_than_its_maximum(void **state)
{
    static const size_t maxima[] = {1, 100, 40000};
    static char bytes[40000];
    struct buf buf;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(maxima); i++) {
        buf_init(&buf, maxima[i]);
        for (size_t n = 0; n < maxima[i]; n++)
            buf_add(&buf, bytes, 1);
        assert_false(buf.failed);
        assert_int_equal(buf.len, maxima[i]);
        assert_int_equal(buf.size, maxima[i]);
        buf_add(&buf, bytes, 1);
        assert_true(buf.failed);
        buf_done(&buf);
    }
}

static void integers_are_written_in_full(void **state)
{
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {7, "7"},
        {-1, "-1"},
        {10, "10"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf buf;

        buf_init(&buf, 100);
        buf_int(&buf, cases[i].value);
        assert_holds(&buf, cases[i].text);
        buf_done(&buf);
    }
}

static void it_grows_up_to_its_maximum_and_not_past_it(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 5000);
    for (int i = 0; i < 5000; i++)
        buf_char(&buf, (char)('a' + i % 26));
    assert_false(buf.failed);
    assert_int_equal(buf.len, 5000);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(buf.bytes[i], 'a' + i % 26);
    buf_char(&buf, 'x');
    assert_true(buf.failed);
    assert_int_equal(buf.len, 5000);
    buf_done(&buf);
}

static void a_failed_buffer_ignores_what_would_fit(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 10);
    buf_str(&buf, "12345");
    buf_str(&buf, "1234567");
    assert_true(buf.failed);
    buf_str(&buf, "1");
    buf_printf(&buf, "%d", 1);
    buf_int(&buf, 1);
    assert_null(buf_room(&buf, 1));
    assert_int_equal(buf.len, 5);
    buf_clear(&buf);
    buf_str(&buf, "again");
    assert_holds(&buf, "again");
    buf_done(&buf);
}

static void a_huge_length_is_refused_without_overflow(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    buf_str(&buf, "x");
    assert_null(buf_room(&buf, SIZE_MAX));
    assert_true(buf.failed);
    buf_done(&buf);
}

static void room_is_at_the_end_and_may_be_used_in_part(void **state)
{
    struct buf buf;
    char *room;

    (void)state;
    buf_init(&buf, 10000);
    buf_str(&buf, "head");
    room = buf_room(&buf, 5000);
    assert_ptr_equal(room, buf.bytes + 4);
    memset(room, 'y', 5000);
    buf.len += 3;
    buf_str(&buf, "tail");
    assert_holds(&buf, "headyyytail");
    buf_done(&buf);
}

static void a_done_buffer_can_be_used_again(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 10);
    buf_str(&buf, "0123456789a");
    buf_done(&buf);
    assert_null(buf.bytes);
    buf_str(&buf, "0123456789");
    assert_holds(&buf, "0123456789");
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_appended_in_order),
        cmocka_unit_test(a_large_buffer_is_given_back_when_it_is_cleared),
        cmocka_unit_test(a_buffer_takes_no_more_than_its_maximum),
        cmocka_unit_test(integers_are_written_in_full),
        cmocka_unit_test(it_grows_up_to_its_maximum_and_not_past_it),
        cmocka_unit_test(a_failed_buffer_ignores_what_would_fit),
        cmocka_unit_test(a_huge_length_is_refused_without_overflow),
        cmocka_unit_test(room_is_at_the_end_and_may_be_used_in_part),
        cmocka_unit_test(a_done_buffer_can_be_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
