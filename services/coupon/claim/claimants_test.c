#include "services/coupon/claim/claimants.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/base/id.h"
#include "tests/seed.h"

#define MEMBERS 4000

/* The model: the coupon of each member, or 0. */
static int64_t model[MEMBERS];

static uint32_t next_random(struct clock *clock)
{
    uint32_t number;

    clock_random(clock, &number, sizeof(number));
    return number;
}

static int64_t plain_id(unsigned i)
{
    return i + 1;
}

/* As made by the program, one in a millisecond. */
static int64_t made_id(unsigned i)
{
    return id_at(ID_EPOCH_MS + 1 + i);
}

/* Ids whose low bits are all alike, and some negative ones. */
static int64_t hostile_id(unsigned i)
{
    return i % 2 ? -((int64_t)(i + 1) << 40) : (int64_t)(i + 1) << 44;
}

static void assert_equals_model(const struct claimants *claimants, int64_t (*id)(unsigned))
{
    size_t used = 0;

    for (unsigned i = 0; i < MEMBERS; i++) {
        assert_int_equal(claimants_find(claimants, id(i)), model[i]);
        used += model[i] != 0;
    }
    assert_int_equal(claimants->used, used);
    assert_true(claimants->used * 2 <= claimants->size);
}

static void run_model(int64_t (*id)(unsigned), int operations)
{
    struct claimants claimants = {0};
    struct clock clock = test_random();

    memset(model, 0, sizeof(model));
    for (int operation = 0; operation < operations; operation++) {
        unsigned i = next_random(&clock) % MEMBERS;

        assert_int_equal(claimants_find(&claimants, id(i)), model[i]);
        if (model[i]) {
            claimants_remove(&claimants, id(i));
            model[i] = 0;
        } else {
            model[i] = operation + 1;
            assert_true(claimants_add(&claimants, id(i), model[i]));
        }
        if (operation % 10000 == 0)
            assert_equals_model(&claimants, id);
    }
    assert_equals_model(&claimants, id);
    claimants_clear(&claimants);
    assert_int_equal(claimants_find(&claimants, id(0)), 0);
    assert_int_equal(claimants.used, 0);
}

static void it_is_as_a_plain_table_whatever_the_ids(void **state)
{
    (void)state;
    run_model(plain_id, 100000);
    run_model(made_id, 100000);
    run_model(hostile_id, 20000);
}

/* Removal in the opposite order of adding, as a failed commit does it. */
static void what_was_added_can_be_undone(void **state)
{
    struct claimants claimants = {0};

    (void)state;
    memset(model, 0, sizeof(model));
    for (unsigned i = 0; i < MEMBERS; i++) {
        assert_true(claimants_add(&claimants, made_id(i), i + 2));
        claimants_replace(&claimants, made_id(i), i + 1);
        model[i] = i + 1;
    }
    for (unsigned i = MEMBERS; i-- > MEMBERS / 2;) {
        claimants_remove(&claimants, made_id(i));
        model[i] = 0;
        if (i % 100 == 0)
            assert_equals_model(&claimants, made_id);
    }
    claimants_clear(&claimants);
}

static void an_empty_one_holds_nobody(void **state)
{
    struct claimants claimants = {0};

    (void)state;
    assert_int_equal(claimants_find(&claimants, 1), 0);
    claimants_clear(&claimants);
    assert_true(claimants_add(&claimants, 1, 5));
    assert_int_equal(claimants_find(&claimants, 1), 5);
    claimants_clear(&claimants);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_as_a_plain_table_whatever_the_ids),
        cmocka_unit_test(what_was_added_can_be_undone),
        cmocka_unit_test(an_empty_one_holds_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
