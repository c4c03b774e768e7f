#include "common/base/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const unsigned char bytes[] = {0x00, 0x09, 0x0a, 0x7f, 0x80, 0xff};

static void bytes_are_written_in_lower_case_and_read_back(void **state)
{
    char text[HEX_SIZE(sizeof(bytes)) + 1] = "------------=";
    unsigned char back[sizeof(bytes)];
    struct arena arena;

    (void)state;
    assert_ptr_equal(hex_write(bytes, sizeof(bytes), text), text + 12);
    assert_string_equal(text, "00090a7f80ff=");
    hex_print(bytes, sizeof(bytes), text);
    assert_string_equal(text, "00090a7f80ff");
    assert_true(hex_read(text, sizeof(bytes), back));
    assert_memory_equal(back, bytes, sizeof(bytes));
    arena_init(&arena, 1 << 20);
    assert_string_equal(hex_text(bytes, 2, &arena), "0009");
    assert_null(hex_text(bytes, sizeof(bytes), &(struct arena){0}));
    arena_done(&arena);
}

static void only_digits_in_lower_case_are_read_as_bytes(void **state)
{
    unsigned char back[2];

    (void)state;
    for (int c = 1; c < 256; c++) {
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');

        for (size_t i = 0; i < 4; i++) {
            char text[] = "0000";

            text[i] = (char)c;
            assert_int_equal(hex_read(text, 2, back), digit);
        }
    }
    assert_false(hex_read("000", 2, back)); /* its NUL is no digit, and what is behind it is not read */
}

static void a_byte_is_read_in_either_case(void **state)
{
    (void)state;
    assert_int_equal(hex_byte("aF"), 0xaf);
    assert_int_equal(hex_byte("0A!"), 10);
    assert_int_equal(hex_byte("g0"), -1);
    assert_int_equal(hex_byte("0G"), -1);
    assert_int_equal(hex_byte("\x10\x11"), -1); /* a digit but for one bit */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_written_in_lower_case_and_read_back),
        cmocka_unit_test(only_digits_in_lower_case_are_read_as_bytes),
        cmocka_unit_test(a_byte_is_read_in_either_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
