#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/base/limits.h"
#include "services/gateway/http/guests.h"

#define MANY 5000

static struct guests guests;

static int set_up(void **state)
{
    struct clock clock;

    (void)state;
    clock_real(&clock);
    return guests_init(&guests, &clock);
}

static int tear_down(void **state)
{
    (void)state;
    for (int pool = 0; pool < GUEST_POOLS; pool++)
        assert_int_equal(guests_held(&guests, pool), 0);
    assert_null(guests_most(&guests));
    guests_done(&guests);
    return 0;
}

static void a_guest_is_the_same_as_long_as_somebody_uses_it(void **state)
{
    struct guest *guest = guests_take(&guests, 7);

    (void)state;
    assert_ptr_equal(guests_take(&guests, 7), guest);
    assert_ptr_not_equal(guests_take(&guests, 8), guest);
    guests_give(&guests, guests_take(&guests, 8));
    guests_give(&guests, guests_take(&guests, 8));
    guests_give(&guests, guest);
    assert_true(guests_charge(&guests, guest, GUEST_BODIES, 100));
    assert_int_equal(guests_take(&guests, 7)->held[GUEST_BODIES], 100);
    guests_give(&guests, guest);
    guests_uncharge(&guests, guest, GUEST_BODIES, 100);
    guests_give(&guests, guest);
    guest = guests_take(&guests, 8);
    guests_give(&guests, guest);
    guests_give(&guests, guest);
}

/* Takes as much of a pool as a guest may have, in pieces. */
static size_t take_all(struct guest *guest, enum guest_pool pool, size_t piece)
{
    size_t taken = 0;

    while (guests_charge(&guests, guest, pool, piece))
        taken += piece;
    return taken;
}

static void one_alone_gets_a_ninth(void **state)
{
    struct guest *guest = guests_take(&guests, 1);
    size_t taken = take_all(guest, GUEST_BODIES, 4096);

    (void)state;
    assert_in_range(taken, LIMIT_BODIES / 9 - 8192, LIMIT_BODIES / 9 + 8192);
    /* The other pool is another's matter. */
    assert_true(guests_charge(&guests, guest, GUEST_ANSWERS, LIMIT_ANSWERS / 9));
    guests_uncharge(&guests, guest, GUEST_ANSWERS, LIMIT_ANSWERS / 9);
    guests_uncharge(&guests, guest, GUEST_BODIES, taken);
    guests_give(&guests, guest);
}

static void who_comes_behind_forty_that_took_all_they_may_gets_something(void **state)
{
    struct guest *crowd[41];
    size_t taken[41];

    (void)state;
    for (uint64_t i = 0; i < ARRAY_LEN(crowd); i++) {
        crowd[i] = guests_take(&guests, 100 + i);
        taken[i] = take_all(crowd[i], GUEST_BODIES, 65536);
        assert_true(taken[i] >= GUEST_LEAST);
    }
    for (uint64_t i = 0; i < ARRAY_LEN(crowd); i++) {
        guests_uncharge(&guests, crowd[i], GUEST_BODIES, taken[i]);
        guests_give(&guests, crowd[i]);
    }
}

static void the_pool_is_never_overdrawn(void **state)
{
    struct guest *crowd[1000];
    size_t taken[1000], sum = 0;

    (void)state;
    for (uint64_t i = 0; i < ARRAY_LEN(crowd); i++) {
        crowd[i] = guests_take(&guests, 100 + i);
        taken[i] = take_all(crowd[i], GUEST_ANSWERS, 100000);
        sum += taken[i];
    }
    assert_int_equal(guests_held(&guests, GUEST_ANSWERS), sum);
    assert_true(sum <= LIMIT_ANSWERS);
    for (uint64_t i = 0; i < ARRAY_LEN(crowd); i++) {
        guests_uncharge(&guests, crowd[i], GUEST_ANSWERS, taken[i]);
        guests_give(&guests, crowd[i]);
    }
}

/* Against counting it out, while connections come and go at random. */
static void who_has_most_is_known(void **state)
{
    static struct link conns[MANY];
    static struct guest *of[MANY];
    unsigned counts[16] = {0};
    uint32_t random = 1;

    (void)state;
    for (int step = 0; step < 40000; step++) {
        unsigned most = 0;
        uint32_t i = (random = random * 1664525 + 1013904223) >> 8;
        struct link *conn = &conns[i % MANY];
        struct guest **guest = &of[i % MANY];

        if (*guest) {
            counts[(*guest)->key - 1]--;
            guests_leave(&guests, *guest, conn);
            guests_give(&guests, *guest);
            *guest = NULL;
        } else {
            *guest = guests_take(&guests, 1 + (i >> 13) % 16);
            counts[(*guest)->key - 1]++;
            link_init(conn);
            guests_join(&guests, *guest, conn);
        }
        for (unsigned j = 0; j < ARRAY_LEN(counts); j++)
            most = counts[j] > most ? counts[j] : most;
        if (most == 0)
            assert_null(guests_most(&guests));
        else
            assert_int_equal(guests_most(&guests)->n_conns, most);
        if (most > 0)
            assert_int_equal(counts[guests_most(&guests)->key - 1], most);
    }
    for (unsigned i = 0; i < MANY; i++) {
        if (of[i]) {
            guests_leave(&guests, of[i], &conns[i]);
            guests_give(&guests, of[i]);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_guest_is_the_same_as_long_as_somebody_uses_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_alone_gets_a_ninth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_comes_behind_forty_that_took_all_they_may_gets_something, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_pool_is_never_overdrawn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_has_most_is_known, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
