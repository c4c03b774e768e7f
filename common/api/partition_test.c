#include "common/api/partition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/base/id.h"
#include "coupon/coupon.pb-c.h"

#define CITY  "00010002"
#define OTHER "00010003"
#define TOWN  CITY "0004"
#define LIST  "coupon.4406=1:" CITY " coupon.4403=2:" OTHER ",health.4406=1:" CITY " coupon.town=1023:" TOWN

static struct partitions partitions;
static int64_t first_of_all, first_of_4406;

static int setup(void **state)
{
    (void)state;
    first_of_all = first_of_4406 = 0;
    return api_load() || partitions_read(&partitions, LIST) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    partitions_done(&partitions);
    return 0;
}

static int64_t first_id(void *arg, const char *queue)
{
    (void)arg;
    return strcmp(queue, "coupon") == 0 ? first_of_all : strcmp(queue, "coupon.4406") == 0 ? first_of_4406 : 0;
}

static const char *route(const char *method, const ProtobufCMessage *input)
{
    const struct partition *found = partitions_route(&partitions, api_method(method), input, first_id, NULL);

    return found ? found->queue : "";
}

static const char *route_id(int64_t id)
{
    Coupon__CreateClaimRequest claim = COUPON__CREATE_CLAIM_REQUEST__INIT;

    claim.release_id = id;
    return route("Coupons.CreateClaim", &claim.base);
}

static const char *route_union(const char *path)
{
    Coupon__CreateReleaseRequest create = COUPON__CREATE_RELEASE_REQUEST__INIT;
    Coupon__Release release = COUPON__RELEASE__INIT;

    release.union_path = (char *)(uintptr_t)path;
    create.release = &release;
    return route("Coupons.CreateRelease", &create.base);
}

static void the_bits_of_an_id_choose(void **state)
{
    struct id_source sources[] = {{0, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 1023}};
    static const char *const expected[] = {"", "coupon.4406", "coupon.4403", "", "coupon.town"};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(sources); i++) {
        for (int n = 0; n < 3000; n++)
            assert_string_equal(route_id(id_next(&sources[i], ID_EPOCH_MS + 5)), expected[i]);
    }
    assert_string_equal(route_id(0), "");
    assert_string_equal(route_id(-1), "");
    assert_string_equal(route_id(INT64_MIN), "");
}

/* In the older form the same bits counted. */
static void an_id_from_before_partitions_is_of_the_first(void **state)
{
    (void)state;
    first_of_all = id_at(ID_EPOCH_MS + 100);
    assert_string_equal(route_id(first_of_all - ID_STEP + 1), "");
    assert_string_equal(route_id(first_of_all + 1), "coupon.4406");
    assert_string_equal(route_id(first_of_all + 2), "coupon.4403");
    /* Nothing of 4406 is older than its store. */
    first_of_4406 = id_at(ID_EPOCH_MS + 200);
    assert_string_equal(route_id(first_of_all + 1), "");
    assert_string_equal(route_id(first_of_all + 2), "coupon.4403");
    assert_string_equal(route_id(first_of_4406 + 1), "coupon.4406");
    first_of_all = 0;
    assert_string_equal(route_id(1), "");
    assert_string_equal(route_id(2), "coupon.4403");
}

static void the_region_of_a_union_chooses(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"0001", ""},
        {CITY, "coupon.4406"},
        {CITY "0009", "coupon.4406"},
        {TOWN, "coupon.town"},
        {TOWN "0001", "coupon.town"},
        {OTHER, "coupon.4403"},
        {"00010004", ""},
        {"0002" CITY, ""},
    };
    Coupon__CreateReleaseRequest none = COUPON__CREATE_RELEASE_REQUEST__INIT;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(route_union(cases[i][0]), cases[i][1]);
    assert_string_equal(route("Coupons.CreateRelease", &none.base), "");
}

static void a_call_without_a_key_goes_to_the_first(void **state)
{
    Coupon__ListReleasesRequest list = COUPON__LIST_RELEASES_REQUEST__INIT;

    (void)state;
    list.union_path = (char *)(uintptr_t)CITY;
    assert_string_equal(route("Coupons.ListReleases", &list.base), "");
    partitions_done(&partitions);
    assert_int_equal(partitions_read(&partitions, ""), 0);
    assert_string_equal(route_id(id_at(ID_EPOCH_MS + 5) + 1), "");
}

static void a_partition_is_found_by_its_queue(void **state)
{
    (void)state;
    assert_int_equal(partitions.n, 4);
    assert_int_equal(partitions_find(&partitions, "coupon.4403")->number, 2);
    assert_true(partition_is_of(partitions_find(&partitions, "health.4406"), "health"));
    assert_false(partition_is_of(partitions_find(&partitions, "health.4406"), "heal"));
    assert_false(partition_is_of(partitions_find(&partitions, "health.4406"), "healthy"));
    assert_null(partitions_find(&partitions, "coupon"));
}

static void a_list_with_a_mistake_is_refused(void **state)
{
    static const char *const wrong[] = {
        "coupon",
        "coupon=1",
        "coupon.4406",
        "coupon.4406=",
        "coupon.4406=0",
        "coupon.4406=1024",
        "coupon.4406=99999999999999999999",
        "coupon.4406=-1",
        "coupon.4406=1x",
        "coupon.4406=1:",
        "coupon.4406=1:000",
        "coupon.4406=1:000A",
        ".4406=1",
        "coupon.=1",
        "Coupon.4406=1",
        "coupon.4406=1 coupon.4406=2",
        "coupon.4406=1 coupon.4403=1",
        "coupon.4406=1:0001 coupon.4403=2:0001",
        "coupon.00000000000000000000000000=1",
        "coupon.4406=1:0001000100010001000100010001000100010001000100010001",
    };
    struct partitions none;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(partitions_read(&none, wrong[i]), -1);
    assert_int_equal(partitions_read(&none, " ,\n"), 0);
    assert_int_equal(none.n, 0);
    partitions_done(&none);
}

static void the_list_is_bounded(void **state)
{
    static char text[(LIMIT_QUEUES + 1) * 24];
    struct partitions many;
    size_t len = 0;

    (void)state;
    for (int i = 1; i <= LIMIT_QUEUES; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "coupon.%d=%d,", i, i);
    assert_int_equal(partitions_read(&many, text), 0);
    assert_int_equal(many.n, LIMIT_QUEUES);
    partitions_done(&many);
    snprintf(text + len, sizeof(text) - len, "coupon.last=%d", LIMIT_PARTITIONS - 1);
    assert_int_equal(partitions_read(&many, text), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_bits_of_an_id_choose, setup, teardown),
        cmocka_unit_test_setup_teardown(an_id_from_before_partitions_is_of_the_first, setup, teardown),
        cmocka_unit_test_setup_teardown(the_region_of_a_union_chooses, setup, teardown),
        cmocka_unit_test_setup_teardown(a_call_without_a_key_goes_to_the_first, setup, teardown),
        cmocka_unit_test_setup_teardown(a_partition_is_found_by_its_queue, setup, teardown),
        cmocka_unit_test(a_list_with_a_mistake_is_refused),
        cmocka_unit_test(the_list_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
