#include "common/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "rpc.pb-c.h"

static void what_is_allocated_is_aligned_and_apart(void **state)
{
    struct arena arena;
    unsigned char *bytes[300];

    (void)state;
    arena_init(&arena, 1 << 20);
    for (unsigned i = 0; i < ARRAY_LEN(bytes); i++) {
        bytes[i] = arena_alloc(&arena, i * 7);
        assert_non_null(bytes[i]);
        assert_int_equal((uintptr_t)bytes[i] % 16, 0);
        memset(bytes[i], (int)(i & 0xff), i * 7);
    }
    for (unsigned i = 0; i < ARRAY_LEN(bytes); i++) {
        for (unsigned j = 0; j < i * 7; j++)
            assert_int_equal(bytes[i][j], i & 0xff);
    }
    arena_done(&arena);
}

static void nothing_is_given_past_the_cap(void **state)
{
    struct arena arena;
    size_t given = 0;

    (void)state;
    arena_init(&arena, 200000);
    while (arena_alloc(&arena, 1000))
        given += 1000;
    assert_in_range(given, 150000, 200000);
    assert_true(arena.total <= arena.cap);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 15));
    assert_null(arena_zalloc(&arena, 200001));
    assert_null(arena_strndup(&arena, "", 199999));
    assert_null(arena_printf(&arena, "%0100000d%0100000d", 1, 2));
    arena_done(&arena);
    assert_int_equal(arena.total, 0);
}

static void one_allocation_may_take_the_whole_cap(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_non_null(arena_alloc(&arena, 1 << 20));
    assert_null(arena_alloc(&arena, 1));
    arena_done(&arena);
}

static void a_reset_arena_gives_the_cap_again(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 9; i++)
            assert_non_null(arena_alloc(&arena, 100000));
        arena_reset(&arena);
        assert_int_equal(arena.total, 0);
    }
    arena_done(&arena);
}

static void a_reset_arena_keeps_a_usual_chunk_alone(void **state)
{
    static const size_t first[] = {1, 64 << 10, (64 << 10) + 1, 900000};
    struct arena arena;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(first); i++) {
        arena_init(&arena, 1 << 20);
        assert_non_null(arena_alloc(&arena, first[i]));
        assert_non_null(arena_alloc(&arena, 1));
        arena_reset(&arena);
        assert_int_equal(arena.total, first[i] <= 64 << 10 ? 64 << 10 : 0);
        assert_non_null(arena_alloc(&arena, 1));
        assert_int_equal(arena.total, 64 << 10);
        arena_done(&arena);
    }
}

static void zalloc_zeroes_memory_that_was_used_before(void **state)
{
    struct arena arena;
    unsigned char *bytes;

    (void)state;
    arena_init(&arena, 1 << 20);
    memset(arena_alloc(&arena, 5000), 0xff, 5000);
    arena_reset(&arena);
    bytes = arena_zalloc(&arena, 5000);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(bytes[i], 0);
    arena_done(&arena);
}

static void texts_are_copied_and_formatted(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
    assert_string_equal(arena_strndup(&arena, NULL, 0), "");
    assert_string_equal(arena_printf(&arena, "%d-%s", 42, "x"), "42-x");
    arena_done(&arena);
}

static void protobuf_refuses_a_message_that_passes_the_cap(void **state)
{
    static Rpc__Call calls[1000];
    static Rpc__Call *pointers[1000];
    Rpc__CallBatch batch = RPC__CALL_BATCH__INIT, *read;
    struct arena arena;
    uint8_t *packed;
    size_t len;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(calls); i++) {
        rpc__call__init(&calls[i]);
        pointers[i] = &calls[i];
    }
    batch.calls = pointers;
    batch.n_calls = ARRAY_LEN(calls);
    len = rpc__call_batch__get_packed_size(&batch);
    packed = malloc(len);
    rpc__call_batch__pack(&batch, packed);
    arena_init(&arena, 1 << 20);
    read = rpc__call_batch__unpack(&arena.allocator, len, packed);
    assert_non_null(read);
    assert_int_equal(read->n_calls, ARRAY_LEN(calls));
    arena_done(&arena);
    arena_init(&arena, 64 << 10);
    assert_null(rpc__call_batch__unpack(&arena.allocator, len, packed));
    arena_done(&arena);
    free(packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_allocated_is_aligned_and_apart),
        cmocka_unit_test(nothing_is_given_past_the_cap),
        cmocka_unit_test(one_allocation_may_take_the_whole_cap),
        cmocka_unit_test(a_reset_arena_gives_the_cap_again),
        cmocka_unit_test(a_reset_arena_keeps_a_usual_chunk_alone),
        cmocka_unit_test(zalloc_zeroes_memory_that_was_used_before),
        cmocka_unit_test(texts_are_copied_and_formatted),
        cmocka_unit_test(protobuf_refuses_a_message_that_passes_the_cap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
