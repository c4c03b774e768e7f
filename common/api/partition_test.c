#include "common/api/partition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/base/id.h"
#include "sample.pb-c.h"

#define CITY  "00010002"
#define OTHER "00010003"
#define TOWN  CITY "0004"
#define LIST  "sample.4406=1:" CITY " sample.4403=2:" OTHER ",health.4406=1:" CITY " sample.town=1023:" TOWN

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
    return strcmp(queue, "sample") == 0 ? first_of_all : strcmp(queue, "sample.4406") == 0 ? first_of_4406 : 0;
}

static const char *route(const char *method, const ProtobufCMessage *input, const char *union_path)
{
    const struct partition *found =
        partitions_route(&partitions, api_method(method), input, union_path, first_id, NULL);

    return found ? found->queue : "";
}

static const char *route_id(int64_t id)
{
    Sample__TakeSeatRequest take = SAMPLE__TAKE_SEAT_REQUEST__INIT;

    take.show_id = id;
    assert_int_equal(partitions_ask(&partitions, api_method("Shows.TakeSeat"), &take.base), 0);
    return route("Shows.TakeSeat", &take.base, NULL);
}

static const char *route_union(const char *path)
{
    Sample__CreateShowRequest create = SAMPLE__CREATE_SHOW_REQUEST__INIT;
    Sample__Show show = SAMPLE__SHOW__INIT;

    show.union_id = 7;
    create.show = &show;
    assert_int_equal(partitions_ask(&partitions, api_method("Shows.CreateShow"), &create.base), 7);
    return route("Shows.CreateShow", &create.base, path);
}

static void the_bits_of_an_id_choose(void **state)
{
    struct id_source sources[] = {{0, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 1023}};
    static const char *const expected[] = {"", "sample.4406", "sample.4403", "", "sample.town"};

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
    assert_string_equal(route_id(first_of_all + 1), "sample.4406");
    assert_string_equal(route_id(first_of_all + 2), "sample.4403");
    /* Nothing of 4406 is older than its store. */
    first_of_4406 = id_at(ID_EPOCH_MS + 200);
    assert_string_equal(route_id(first_of_all + 1), "");
    assert_string_equal(route_id(first_of_all + 2), "sample.4403");
    assert_string_equal(route_id(first_of_4406 + 1), "sample.4406");
    first_of_all = 0;
    assert_string_equal(route_id(1), "");
    assert_string_equal(route_id(2), "sample.4403");
}

static void the_region_of_a_union_chooses(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"0001", ""},
        {CITY, "sample.4406"},
        {CITY "0009", "sample.4406"},
        {TOWN, "sample.town"},
        {TOWN "0001", "sample.town"},
        {OTHER, "sample.4403"},
        {"00010004", ""},
        {"0002" CITY, ""},
    };
    Sample__CreateShowRequest none = SAMPLE__CREATE_SHOW_REQUEST__INIT;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(route_union(cases[i][0]), cases[i][1]);
    assert_int_equal(partitions_ask(&partitions, api_method("Shows.CreateShow"), &none.base), 0);
    assert_string_equal(route("Shows.CreateShow", &none.base, ""), "");
}

static void a_call_without_a_key_goes_to_the_first(void **state)
{
    Sample__CreateShowRequest create = SAMPLE__CREATE_SHOW_REQUEST__INIT;
    Sample__ListShowsRequest list = SAMPLE__LIST_SHOWS_REQUEST__INIT;
    Sample__Show show = SAMPLE__SHOW__INIT;

    (void)state;
    list.union_path = CITY;
    assert_string_equal(route("Shows.ListShows", &list.base, ""), "");
    partitions_done(&partitions);
    assert_int_equal(partitions_read(&partitions, "sample.4406=1"), 0);
    show.union_id = 7;
    create.show = &show;
    assert_int_equal(partitions_ask(&partitions, api_method("Shows.CreateShow"), &create.base), 0);
    partitions_done(&partitions);
    assert_int_equal(partitions_read(&partitions, ""), 0);
    assert_string_equal(route_id(id_at(ID_EPOCH_MS + 5) + 1), "");
}

static void a_partition_is_found_by_its_queue(void **state)
{
    (void)state;
    assert_int_equal(partitions.n, 4);
    assert_int_equal(partitions_find(&partitions, "sample.4403")->number, 2);
    assert_true(partition_is_of(partitions_find(&partitions, "health.4406"), "health"));
    assert_false(partition_is_of(partitions_find(&partitions, "health.4406"), "heal"));
    assert_false(partition_is_of(partitions_find(&partitions, "health.4406"), "healthy"));
    assert_null(partitions_find(&partitions, "sample"));
}

static void a_list_with_a_mistake_is_refused(void **state)
{
    static const char *const wrong[] = {
        "sample",
        "sample=1",
        "sample.4406",
        "sample.4406=",
        "sample.4406=0",
        "sample.4406=1024",
        "sample.4406=99999999999999999999",
        "sample.4406=-1",
        "sample.4406=1x",
        "sample.4406=1:",
        "sample.4406=1:000",
        "sample.4406=1:000A",
        ".4406=1",
        "sample.=1",
        "Sample.4406=1",
        "sample.4406=1 sample.4406=2",
        "sample.4406=1 sample.4403=1",
        "sample.4406=1:0001 sample.4403=2:0001",
        "sample.00000000000000000000000000=1",
        "sample.4406=1:0001000100010001000100010001000100010001000100010001",
    };
    struct partitions none;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(partitions_read(&none, wrong[i]), -1);
    assert_int_equal(partitions_read(&none, " ,\n"), 0);
    assert_int_equal(none.n, 0);
    partitions_done(&none);
}

/* As if no operation of a service named the field that chooses. */
static void a_partition_that_would_get_no_call_is_refused(void **state)
{
    struct partitions list;
    unsigned *n_keys[64], kept[ARRAY_LEN(n_keys)], n = 0;

    (void)state;
    for (const struct api_method *method = api_methods(); method->name; method++) {
        if (!method->n_key)
            continue;
        assert_true(n < ARRAY_LEN(n_keys));
        kept[n] = method->n_key;
        n_keys[n++] = unconst(&method->n_key);
    }
    for (unsigned i = 0; i < n; i++)
        *n_keys[i] = 0;
    assert_int_equal(partitions_read(&list, "sample.4406=1"), -1);
    assert_int_equal(partitions_read(&list, "health.4406=1"), 0); /* of which this program knows nothing */
    partitions_done(&list);
    for (unsigned i = 0; i < n; i++)
        *n_keys[i] = kept[i];
    assert_int_equal(partitions_read(&list, "sample.4406=1"), 0);
    partitions_done(&list);
}

static void the_list_is_bounded(void **state)
{
    static char text[(LIMIT_QUEUES + 1) * 24];
    struct partitions many;
    size_t len = 0;

    (void)state;
    for (int i = 1; i <= LIMIT_QUEUES; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "sample.%d=%d,", i, i);
    assert_int_equal(partitions_read(&many, text), 0);
    assert_int_equal(many.n, LIMIT_QUEUES);
    partitions_done(&many);
    snprintf(text + len, sizeof(text) - len, "sample.last=%d", LIMIT_PARTITIONS - 1);
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
        cmocka_unit_test(a_partition_that_would_get_no_call_is_refused),
        cmocka_unit_test(the_list_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
