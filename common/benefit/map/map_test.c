#include "common/benefit/map/map.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/seed.h"

#define SPOTS 2000

static void near(double metres, double expected, double share)
{
    if (fabs(metres - expected) > expected * share)
        fail_msg("%f is not %f", metres, expected);
}

static void distances_are_those_of_the_sphere(void **state)
{
    (void)state;
    assert_true(map_distance(23024750, 113116580, 23024750, 113116580) == 0);
    /* A degree of a meridian, a degree of the equator, a quarter and half of the globe. */
    near(map_distance(0, 0, 1000000, 0), 111195.1, 1e-6);
    near(map_distance(0, 0, 0, 1000000), 111195.1, 1e-6);
    near(map_distance(0, 0, 90000000, 0), 10007557.2, 1e-6);
    near(map_distance(0, 0, 0, 180000000), 20015114.4, 1e-6);
    /* Across the date line, and on a parallel of 60 degrees, half as long. */
    near(map_distance(0, 179500000, 0, -179500000), 111195.1, 1e-6);
    near(map_distance(60000000, 0, 60000000, 10000), 555.97, 1e-4);
}

static void random_spot(struct clock *clock, int64_t id, struct spot *ret)
{
    uint32_t random[2];

    clock_random(clock, random, sizeof(random));
    *ret = (struct spot){
        .lat_e6 = 22000000 + (int32_t)(random[0] % 2000000),
        .lon_e6 = 112000000 + (int32_t)(random[1] % 2000000),
        .place_id = id,
        .until = INT64_MAX,
    };
}

/* The distance of the n-th nearest, found by looking at all. */
static double nth_distance(const struct map *map, const struct spot *from, const int64_t *only, size_t n_only, size_t n)
{
    double best = -1;

    for (size_t k = 0; k <= n; k++) {
        double next = INFINITY;

        for (size_t i = 0; i < map->n; i++) {
            const struct spot *spot = &map->spots[i];
            double metres = map_distance(from->lat_e6, from->lon_e6, spot->lat_e6, spot->lon_e6);
            bool among = !only;

            for (size_t j = 0; j < n_only; j++)
                among |= only[j] == spot->place_id;
            if (among && metres > best && metres < next)
                next = metres;
        }
        best = next;
    }
    return best;
}

static void the_nearest_are_those_that_looking_at_all_gives(void **state)
{
    struct map map = {0};
    struct clock clock = test_random();
    struct spot spot;
    struct near found[20];
    int64_t only[100];

    (void)state;
    for (int i = 1; i <= SPOTS; i++) {
        random_spot(&clock, i, &spot);
        assert_true(map_add(&map, &spot));
    }
    for (size_t i = 0; i < 100; i++)
        only[i] = (int64_t)(i * 20 + 1);
    for (int trial = 0; trial < 10; trial++) {
        random_spot(&clock, 0, &spot);
        for (int limited = 0; limited < 2; limited++) {
            const int64_t *ids = limited ? only : NULL;
            struct map_ids among = {only, 100};
            struct map_filter filter = {map_is_among, &among};

            assert_int_equal(map_nearest(&map, spot.lat_e6, spot.lon_e6, 0, limited ? &filter : NULL, found, 20), 20);
            for (size_t n = 0; n < 20; n += 19)
                assert_true(found[n].metres == nth_distance(&map, &spot, ids, ids ? 100 : 0, n));
        }
    }
    map_done(&map);
}

static void a_van_that_has_left_and_a_closed_site_are_not_found(void **state)
{
    struct map map = {0};
    struct spot hospital = {1000000, 1000000, 1, INT64_MAX}, van = {1000000, 1000000, 2, 100};
    struct near found[4];

    (void)state;
    assert_int_equal(map_nearest(&map, 0, 0, 0, NULL, found, 4), 0);
    assert_true(map_add(&map, &hospital) && map_add(&map, &van));
    assert_int_equal(map_nearest(&map, 0, 0, 99, NULL, found, 4), 2);
    assert_int_equal(map_nearest(&map, 0, 0, 99, NULL, found, 0), 0);
    assert_int_equal(map_nearest(&map, 0, 0, 100, NULL, found, 4), 1);
    assert_int_equal(found[0].place_id, 1);
    map_remove(&map, 1);
    map_remove(&map, 7);
    assert_int_equal(map_nearest(&map, 0, 0, 100, NULL, found, 4), 0);
    map_done(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_those_of_the_sphere),
        cmocka_unit_test(the_nearest_are_those_that_looking_at_all_gives),
        cmocka_unit_test(a_van_that_has_left_and_a_closed_site_are_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
