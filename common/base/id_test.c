#include "common/base/id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define NOW (ID_EPOCH_MS + 1000)

static void an_id_carries_its_millisecond_and_its_partition(void **state)
{
    struct id_source source = {.partition = 406};

    (void)state;
    assert_int_equal(id_next(&source, NOW), (INT64_C(1000) << 21) + 406);
    assert_int_equal(id_next(&source, NOW), (INT64_C(1000) << 21) + 1024 + 406);
    assert_int_equal(id_next(&source, NOW + 1), (INT64_C(1001) << 21) + 406);
    assert_int_equal(id_partition(source.last), 406);
    assert_int_equal(id_time_ms(source.last), NOW + 1);
}

static void ids_grow_whatever_the_clock_does(void **state)
{
    static const int64_t steps[] = {0, 0, 1, -1, -100000, 5, -(ID_EPOCH_MS + 5000), 0, ID_EPOCH_MS, 100000, 0, -3};
    struct id_source source = {.partition = LIMIT_PARTITIONS - 1};
    int64_t now = NOW, last = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        int64_t id;

        now += steps[i % ARRAY_LEN(steps)];
        id = id_next(&source, now);
        assert_true(id > last);
        assert_int_equal(id_partition(id), LIMIT_PARTITIONS - 1);
        last = id;
    }
}

/* 2,048 to the millisecond: five million reach 2.5 s ahead. */
static void five_million_ids_of_one_batch_stay_in_their_partition(void **state)
{
    static const int64_t partitions[] = {0, 1, 512, LIMIT_PARTITIONS - 1};

    (void)state;
    for (unsigned p = 0; p < ARRAY_LEN(partitions); p++) {
        struct id_source source = {.partition = partitions[p]};
        int64_t last = 0, id = 0;
        bool kept = true;

        for (int i = 0; i < 5000000; i++) {
            id = id_next(&source, NOW);
            kept = kept && id > last && (int64_t)id_partition(id) == partitions[p];
            last = id;
        }
        assert_true(kept);
        assert_int_equal(id_time_ms(id), NOW + 4999999 / 2048);
        /* The clock catches up: until then ids go on from there. */
        assert_int_equal(id_next(&source, NOW + 1000), id + 1024);
        assert_int_equal(id_next(&source, NOW + 3000), id_at(NOW + 3000) + partitions[p]);
    }
}

/* Two that fall behind their clocks and run ahead of them in turn. */
static void two_partitions_never_make_the_same_id(void **state)
{
    struct id_source one = {.partition = 1}, two = {.partition = 2};
    int64_t a = 0, b = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        a = id_next(&one, NOW + i / 5000);
        b = id_next(&two, NOW + i / 3000);
        while (b < a) {
            b = id_next(&two, NOW);
            assert_int_not_equal(a, b);
        }
        assert_int_not_equal(a, b);
    }
}

/* Of the form before this one: 21 bits that count. */
static void a_source_goes_on_after_the_greatest_id_of_the_store(void **state)
{
    static const int64_t lasts[] = {(INT64_C(5000) << 21) + 7, (INT64_C(5000) << 21) + 1024, (INT64_C(5001) << 21) - 1};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(lasts); i++) {
        struct id_source source = {.last = lasts[i]};

        assert_true(id_next(&source, NOW) > lasts[i]);
        assert_int_equal(id_partition(source.last), 0);
        assert_true(source.last - lasts[i] <= 1024);
    }
}

static void an_instant_lies_between_the_ids_before_and_since(void **state)
{
    struct id_source source = {.partition = 1023};

    (void)state;
    assert_int_equal(id_at(0), 0);
    assert_int_equal(id_at(ID_EPOCH_MS - 1), 0);
    for (int i = 0; i < 2048; i++)
        assert_true(id_next(&source, NOW) < id_at(NOW + 1));
    assert_true(id_next(&source, NOW + 1) >= id_at(NOW + 1));
    assert_true(id_at(INT64_MAX) > 0);
    assert_int_equal(id_at(INT64_MAX), id_at(ID_EPOCH_MS + (INT64_C(1) << 41)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_carries_its_millisecond_and_its_partition),
        cmocka_unit_test(ids_grow_whatever_the_clock_does),
        cmocka_unit_test(five_million_ids_of_one_batch_stay_in_their_partition),
        cmocka_unit_test(two_partitions_never_make_the_same_id),
        cmocka_unit_test(a_source_goes_on_after_the_greatest_id_of_the_store),
        cmocka_unit_test(an_instant_lies_between_the_ids_before_and_since),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
