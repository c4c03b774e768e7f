#include "common/api/api_internal.h"
#include "sample.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/reason.h"

static void every_method_is_found_by_its_name(void **state)
{
    size_t n = 0;

    (void)state;
    for (const struct api_method *method = api_methods(); method->name; method++, n++) {
        assert_ptr_equal(api_method(method->name), method);
        assert_ptr_equal(api_message(method->input->descriptor), method->input);
        assert_ptr_equal(method->input->descriptor, method->service->methods[method->index].input);
        assert_ptr_equal(method->output->descriptor, method->service->methods[method->index].output);
        assert_true(!method->path ==
                    (method->rule->who == RULE__WHO__INTERNAL || method->rule->who == RULE__WHO__EDGE));
        assert_true(!method->path == !method->http);
    }
    assert_true(n > 20);
    assert_null(api_method("Shows.Nothing"));
    assert_null(api_method(""));
}

static void a_method_tells_its_queue_and_whether_it_writes(void **state)
{
    (void)state;
    assert_string_equal(api_method("Shows.TakeSeat")->queue, "sample");
    assert_string_equal(api_method("Daemon.Probe")->queue, "");
    assert_true(api_method("Shows.TakeSeat")->writes);
    assert_false(api_method("Shows.GetShow")->writes);
    assert_false(api_method("Daemon.ReadJournal")->writes);
    assert_string_equal(api_method("Shows.TakeSeat")->http, "POST");
    assert_string_equal(api_method("Shows.GetSeat")->path, "/v1/me/seats/{seat_id}");
}

static void a_field_carries_its_limit_and_its_json_name(void **state)
{
    const struct api_message *show = api_message(&sample__show__descriptor);
    bool seen = false;

    (void)state;
    for (unsigned i = 0; i < show->descriptor->n_fields; i++) {
        const struct api_field *field = &show->fields[i];

        assert_non_null(field->limit);
        assert_int_equal(field->json_len, strlen(field->json_name));
        if (strcmp(field->descriptor->name, "price_fen") != 0)
            continue;
        seen = true;
        assert_string_equal(field->json_name, "priceFen");
        assert_string_equal(field->key, ",\"priceFen\":");
        assert_int_equal(field->limit->max, 100000000);
        assert_true(field->limit->required);
    }
    assert_true(seen);
}

static void a_reason_tells_what_it_means(void **state)
{
    (void)state;
    assert_string_equal(api_reason(0)->name, "OK");
    assert_int_equal(api_reason(0)->http, 200);
    assert_string_equal(api_reason(SAMPLE__REASON__SOLD_OUT)->name, "SOLD_OUT");
    assert_string_equal(api_reason(SAMPLE__REASON__SOLD_OUT)->package, "sample");
    assert_int_equal(api_reason(RPC__REASON__ROUTE_NOT_FOUND)->http, 404);
    assert_string_equal(api_reason(RPC__REASON__SERVICE_DOWN)->zh, "服务暂时不可用，请稍后再试");
}

static void an_unknown_reason_is_internal(void **state)
{
    static const int numbers[] = {-1, 1, 9999, 10000, 30099, 1 << 30, INT32_MIN, INT32_MAX};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        assert_is_reason(api_reason(numbers[i])->number, RPC__REASON__INTERNAL);
}

static int load(void **state)
{
    (void)state;
    return api_load() || api_load();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_is_found_by_its_name),
        cmocka_unit_test(a_method_tells_its_queue_and_whether_it_writes),
        cmocka_unit_test(a_field_carries_its_limit_and_its_json_name),
        cmocka_unit_test(a_reason_tells_what_it_means),
        cmocka_unit_test(an_unknown_reason_is_internal),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
