#include "common/base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void numbers_are_written_from_the_highest_byte_and_read_back(void **state)
{
    unsigned char bytes[9] = {[8] = 0xee};

    (void)state;
    put_be16(bytes + 1, 0x0102);
    put_be32(bytes + 3, 0x03040586);
    assert_memory_equal(bytes, "\0\x01\x02\x03\x04\x05\x86\0\xee", 9);
    assert_int_equal(get_be16(bytes + 1), 0x0102);
    assert_int_equal(get_be32(bytes + 3), 0x03040586);
    put_be64(bytes, UINT64_C(0x8182838485868788));
    assert_memory_equal(bytes, "\x81\x82\x83\x84\x85\x86\x87\x88\xee", 9);
    assert_true(get_be64(bytes) == UINT64_C(0x8182838485868788));
    put_be64(bytes, (uint64_t)INT64_C(-2));
    assert_memory_equal(bytes, "\xff\xff\xff\xff\xff\xff\xff\xfe\xee", 9);
    assert_true((int64_t)get_be64(bytes) == -2);
}

/* The vectors of RFC 9923, appendix C. */
static void the_hash_is_fnv_1a(void **state)
{
    (void)state;
    assert_true(fnv1a("", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(fnv1a("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(fnv1a("foobar", 6) == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_from_the_highest_byte_and_read_back),
        cmocka_unit_test(the_hash_is_fnv_1a),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
