#include "common/api/api_internal.h"
#include "common/base/limits.h"
#include "sample.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/reason.h"

/* ---- a set with a mistake in it ---- */

static View__Message *view_message(View__FileSet *set, const char *type_name)
{
    View__Message *message = (View__Message *)api_view_message(set, type_name);

    assert_non_null(message);
    return message;
}

static View__Field *view_field(View__FileSet *set, const char *type_name, const char *name)
{
    View__Message *message = view_message(set, type_name);

    for (size_t i = 0; i < message->n_field; i++) {
        if (strcmp(message->field[i]->name, name) == 0)
            return message->field[i];
    }
    fail_msg("no field %s", name);
    return NULL;
}

static Rule__Field *limit(View__FileSet *set, const char *type_name, const char *name)
{
    View__Field *field = view_field(set, type_name, name);

    assert_non_null(field->options);
    return field->options->field;
}

static View__Method *view_method(View__FileSet *set, const char *name)
{
    for (size_t i = 0; i < set->n_file; i++) {
        for (size_t j = 0; j < set->file[i]->n_service; j++) {
            const View__Service *service = set->file[i]->service[j];

            for (size_t k = 0; k < service->n_method; k++) {
                if (strcmp(service->method[k]->name, name) == 0)
                    return service->method[k];
            }
        }
    }
    fail_msg("no method %s", name);
    return NULL;
}

static Rule__Method *rule(View__FileSet *set, const char *name)
{
    return view_method(set, name)->options->method;
}

static View__EnumValue *view_reason(View__FileSet *set, const char *name)
{
    for (size_t i = 0; i < set->n_file; i++) {
        for (size_t j = 0; j < set->file[i]->n_enum_type; j++) {
            const View__Enum *reasons = set->file[i]->enum_type[j];

            for (size_t k = 0; k < reasons->n_value; k++) {
                if (strcmp(reasons->value[k]->name, name) == 0)
                    return reasons->value[k];
            }
        }
    }
    fail_msg("no reason %s", name);
    return NULL;
}

/* Builds tables from the embedded set after change has been at it. */
static int build_changed(struct api *api, void (*change)(View__FileSet *set))
{
    struct arena arena;
    View__FileSet *set;
    uint8_t *packed;
    size_t len;
    int result;

    arena_init(&arena, (size_t)64 << 20);
    set = view__file_set__unpack(&arena.allocator, api_set_len, api_set);
    assert_non_null(set);
    change(set);
    packed = arena_alloc(&arena, view__file_set__get_packed_size(set));
    assert_non_null(packed);
    len = view__file_set__pack(set, packed);
    result = api_build(api, packed, len, api_services);
    arena_done(&arena);
    return result;
}

#define CHANGE(name) static void name(View__FileSet *set)

CHANGE(nothing)
{
    (void)set;
}
CHANGE(string_without_bound)
{
    limit(set, ".sample.Show", "title")->max_len = 0;
}
CHANGE(list_without_bound)
{
    limit(set, ".sample.Show", "trades")->max_items = 0;
}
CHANGE(floating_point)
{
    view_field(set, ".sample.Show", "allowance")->type = VIEW_TYPE_DOUBLE;
}
CHANGE(least_above_greatest)
{
    limit(set, ".sample.Show", "price_fen")->min = 100000001;
}
CHANGE(shortest_above_longest)
{
    limit(set, ".sample.Show", "title")->min_len = 61;
}
CHANGE(length_of_an_integer)
{
    limit(set, ".sample.Show", "price_fen")->max_len = 1;
}
CHANGE(range_of_a_string)
{
    limit(set, ".sample.Show", "title")->max = 1;
}
CHANGE(items_of_one)
{
    limit(set, ".sample.Show", "title")->max_items = 1;
}
CHANGE(items_of_many)
{
    limit(set, ".sample.Show", "trades")->max_items = LIMIT_JSON_VALUES + 1;
}
CHANGE(time_in_32_bits)
{
    limit(set, ".sample.Show", "days")->time = true;
}
CHANGE(optional)
{
    view_field(set, ".sample.Show", "title")->proto3_optional = true;
}
CHANGE(recursion)
{
    view_field(set, ".sample.Offer", "seat")->type_name = ".sample.Offer";
}
CHANGE(unknown_type)
{
    view_field(set, ".sample.Offer", "seat")->type_name = ".sample.Nothing";
}
CHANGE(map)
{
    static uint8_t empty[1] = {0};
    static ProtobufCMessageUnknownField nested = {3, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, 1, empty};
    View__Message *message = view_message(set, ".sample.Offer");

    message->base.n_unknown_fields = 1;
    message->base.unknown_fields = &nested;
}
CHANGE(another_field)
{
    view_field(set, ".sample.Offer", "seat")->name = "voucher";
}
CHANGE(reason_number_twice)
{
    view_reason(set, "SOLD_OUT")->number = RPC__REASON__INTERNAL;
}
CHANGE(reason_name_twice)
{
    view_reason(set, "SOLD_OUT")->name = "INTERNAL";
}
CHANGE(reason_without_text)
{
    view_reason(set, "SOLD_OUT")->options->says->zh = "";
}
CHANGE(reason_without_status)
{
    view_reason(set, "SOLD_OUT")->options = NULL;
}
CHANGE(reason_without_phrase)
{
    view_reason(set, "SOLD_OUT")->options->says->http = 299;
}
CHANGE(method_without_rule)
{
    view_method(set, "GetSeat")->options = NULL;
}
CHANGE(method_of_nothing)
{
    view_method(set, "GetSeat")->output_type = ".sample.Nothing";
}
CHANGE(method_renamed)
{
    view_method(set, "GetSeat")->name = "FetchSeat";
}
CHANGE(two_routes)
{
    rule(set, "GetSeat")->post = "/v1/seats";
}
CHANGE(no_route)
{
    rule(set, "GetSeat")->get = "";
}
CHANGE(internal_with_route)
{
    rule(set, "GetSeat")->who = RULE__WHO__INTERNAL;
}
CHANGE(route_that_says_read)
{
    rule(set, "GetSeat")->read = true;
}
CHANGE(official_without_roles)
{
    rule(set, "CreateShow")->n_roles = 0;
}
CHANGE(roles_without_official)
{
    rule(set, "CreateShow")->who = RULE__WHO__VERIFIED;
}
CHANGE(no_role)
{
    rule(set, "CreateShow")->roles[0] = RULE__ROLE__ROLE_NONE;
}
CHANGE(read_with_key)
{
    rule(set, "GetSeat")->idempotency = RULE__IDEMPOTENCY__KEY;
}
CHANGE(key_of_nobody)
{
    rule(set, "RefreshSession")->idempotency = RULE__IDEMPOTENCY__KEY;
}
CHANGE(key_of_later)
{
    rule(set, "CreateShow")->outside = true;
}
CHANGE(create_without_sense)
{
    rule(set, "TakeSeat")->idempotency = RULE__IDEMPOTENCY__NONE;
}
CHANGE(event_of_the_chassis)
{
    for (size_t i = 0; i < set->n_file; i++) {
        for (size_t j = 0; j < set->file[i]->n_message_type; j++) {
            if (strcmp(set->file[i]->package, "sample") == 0 &&
                strcmp(set->file[i]->message_type[j]->name, "Event") == 0)
                set->file[i]->message_type[j]->field[0]->number = LIMIT_EVENT_NUMBER;
        }
    }
}
CHANGE(message_in_query)
{
    rule(set, "CreateShow")->post = "";
    rule(set, "CreateShow")->get = "/v1/other";
    rule(set, "CreateShow")->idempotency = RULE__IDEMPOTENCY__NONE;
}
CHANGE(clash)
{
    rule(set, "GetOffers")->get = "/v1/me/seats";
}
CHANGE(clash_of_parameters)
{
    rule(set, "GetHouse")->get = "/v1/shows/{house_id}";
}
CHANGE(parameter_of_nothing)
{
    rule(set, "GetSeat")->get = "/v1/me/seats/{seat}";
}
CHANGE(parameter_message)
{
    rule(set, "CreateShow")->post = "/v1/shows/{show}";
}
CHANGE(parameter_twice)
{
    rule(set, "GetSeat")->get = "/v1/{seat_id}/{seat_id}";
}
CHANGE(of_every_daemon_alike)
{
    rule(set, "ExportMine")->get = "/v1/me/data";
}
CHANGE(no_slash)
{
    rule(set, "GetSeat")->get = "v1";
}
CHANGE(empty_segment)
{
    rule(set, "GetSeat")->get = "/v1//{seat_id}";
}
CHANGE(capital_segment)
{
    rule(set, "GetSeat")->get = "/v1/Seats/{seat_id}";
}
CHANGE(verb_in_the_middle)
{
    rule(set, "EndShow")->post = "/v1/shows:end/{show_id}";
    rule(set, "EndShow")->idempotency = RULE__IDEMPOTENCY__NATURAL;
}
CHANGE(verb_read)
{
    rule(set, "GetSeat")->get = "/v1/me/seats/{seat_id}:get";
}
CHANGE(media_of_another_message)
{
    rule(set, "GetSeat")->media = "application/pdf";
}

CHANGE(much_money)
{
    static View__Field *fields[LIMIT_MONEY_KINDS + 1];
    View__Message *event = view_message(set, ".sample.Event");

    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        fields[i] = view_field(set, ".sample.Event", "show_changed");
    event->field = fields;
    event->n_field = ARRAY_LEN(fields);
}

CHANGE(lax_and_required)
{
    limit(set, ".sample.Show", "title")->lax = true;
}
CHANGE(lax_and_many)
{
    limit(set, ".sample.Show", "trades")->lax = true;
}

CHANGE(page_without_end)
{
    view_field(set, ".sample.SeatList", "next_page_token")->name = "behind";
}
CHANGE(size_without_token)
{
    view_field(set, ".sample.ListSeatsRequest", "page_token")->name = "from";
}
CHANGE(size_without_what_is_usual)
{
    limit(set, ".sample.ListSeatsRequest", "page_size")->usual = 0;
}
CHANGE(more_than_the_most)
{
    limit(set, ".sample.ListSeatsRequest", "page_size")->usual = 101;
}
CHANGE(short_token)
{
    limit(set, ".sample.ListSeatsRequest", "page_token")->max_len = LIMIT_PAGE_TOKEN - 1;
}

CHANGE(list_without_pages)
{
    view_method(set, "GetOffers")->name = "ListOffers";
}
CHANGE(rows_of_unasked_state)
{
    view_field(set, ".sample.ListSeatsRequest", "state")->name = "place";
}
CHANGE(rows_of_unasked_end)
{
    View__Field *left = view_field(set, ".sample.ShowStatus", "left");

    left->name = "withdrawn";
    left->type = VIEW_TYPE_BOOL;
}
CHANGE(rows_of_another_state)
{
    view_field(set, ".sample.ListSeatsRequest", "state")->type_name = ".rpc.Trade";
}

CHANGE(partition_of_nothing)
{
    rule(set, "GetSeat")->partition = "show_id";
}
CHANGE(partition_below_a_number)
{
    rule(set, "GetSeat")->partition = "seat_id.low";
}
CHANGE(partition_of_many)
{
    rule(set, "CreateShow")->partition = "show.trades";
}
CHANGE(partition_of_a_small_number)
{
    rule(set, "CreateShow")->partition = "show.days";
}
CHANGE(partition_of_a_message)
{
    rule(set, "CreateShow")->partition = "show";
}

static void each_mistake_in_a_proto_is_refused_and_named(void **state)
{
    static const struct {
        void (*change)(View__FileSet *set);
        const char *wrong;
    } cases[] = {
        {event_of_the_chassis, "message Event: show_changed has a number of the chassis"},
        {string_without_bound, "field Show.title: in an input without max_len"},
        {list_without_bound, "field Show.trades: in an input without max_items"},
        {floating_point, "field Show.allowance: floating point"},
        {least_above_greatest, "field Show.price_fen: min above max"},
        {shortest_above_longest, "field Show.title: min_len above max_len"},
        {length_of_an_integer, "field Show.price_fen: max_len"},
        {range_of_a_string, "field Show.title: min or max"},
        {items_of_one, "field Show.title: max_items"},
        {items_of_many, "field Show.trades: max_items above"},
        {time_in_32_bits, "field Show.days: a time"},
        {optional, "field Show.title: proto3 optional"},
        {recursion, "message Offer: recursive"},
        {unknown_type, "field Offer.seat: of a message type"},
        {map, "message Offer: a map"},
        {another_field, "field Offer.seat: not in the set"},
        {reason_number_twice, "reason 10302: twice"},
        {reason_name_twice, "reason INTERNAL: in two packages"},
        {partition_of_nothing, "method Shows.GetSeat: partition names no single field"},
        {partition_below_a_number, "method Shows.GetSeat: partition names no single field"},
        {partition_of_many, "method Shows.CreateShow: partition names no single field"},
        {partition_of_a_small_number, "method Shows.CreateShow: partition names no id"},
        {partition_of_a_message, "method Shows.CreateShow: partition names no id"},
        {reason_without_text, "reason sample.SOLD_OUT: says no"},
        {reason_without_status, "reason sample.SOLD_OUT: says no"},
        {reason_without_phrase, "reason sample.SOLD_OUT: says no"},
        {method_without_rule, "method Shows.GetSeat: no rule.method"},
        {method_of_nothing, "method Shows.GetSeat: a message"},
        {method_renamed, "method sample.Shows.GetSeat: not in the set"},
        {two_routes, "method Shows.GetSeat: more than one"},
        {no_route, "method Shows.GetSeat: INTERNAL"},
        {internal_with_route, "method Shows.GetSeat: INTERNAL"},
        {route_that_says_read, "method Shows.GetSeat: read is"},
        {official_without_roles, "method Shows.CreateShow: OFFICIAL"},
        {roles_without_official, "method Shows.CreateShow: OFFICIAL"},
        {no_role, "method Shows.CreateShow: ROLE_NONE"},
        {read_with_key, "method Shows.GetSeat: a read"},
        {key_of_nobody, "method Visitors.RefreshSession: an Idempotency-Key"},
        {key_of_later, "method Shows.CreateShow: an answer that comes later"},
        {create_without_sense, "method Shows.TakeSeat: a POST"},
        {message_in_query, "method Shows.CreateShow: a message in a query"},
        {clash, "route GET /v1/me/seats: the same for"},
        {clash_of_parameters, "route GET /v1/shows/{house_id}: the same for"},
        {parameter_of_nothing, "is no field"},
        {parameter_message, "is no scalar"},
        {parameter_twice, "twice"},
        {media_of_another_message, "method Shows.GetSeat: media"},
        {much_money, "message Event: more than 32 kinds of rows about money"},
        {lax_and_required, "field Show.title: lax"},
        {lax_and_many, "field Show.trades: lax"},
        {page_without_end, "method Shows.ListSeats: a page_size goes with"},
        {size_without_token, "method Shows.ListSeats: a page_size goes with"},
        {size_without_what_is_usual, "method Shows.ListSeats: a page_size is"},
        {more_than_the_most, "field ListSeatsRequest.page_size: usual"},
        {short_token, "method Shows.ListSeats: a page_token is"},
        {list_without_pages, "method Shows.ListOffers: a list without pages"},
        {rows_of_unasked_state, "method Shows.ListSeats: its rows have a state"},
        {rows_of_unasked_end, "method Shows.ListShows: its rows have a state"},
        {rows_of_another_state, "method Shows.ListSeats: its rows have a state"},
        {of_every_daemon_alike, "method Daemon.ExportMine: of every daemon"},
        {no_slash, "does not begin"},
        {empty_segment, "a segment"},
        {capital_segment, "a segment"},
        {verb_in_the_middle, "lowerCamelCase"},
        {verb_read, "is not POSTed"},
    };
    struct api api;

    (void)state;
    assert_int_equal(build_changed(&api, nothing), 0);
    api_done(&api);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(build_changed(&api, cases[i].change), -1);
        if (!strstr(api.wrong, cases[i].wrong))
            fail_msg("case %zu: \"%s\" instead of \"%s\"", i, api.wrong, cases[i].wrong);
        api_done(&api);
    }
}

static void a_set_that_is_cut_off_is_refused(void **state)
{
    struct api api;

    (void)state;
    for (size_t len = 0; len < api_set_len; len += 97) {
        assert_int_equal(api_build(&api, api_set, len, api_services), -1);
        assert_true(api.wrong[0] != '\0');
        api_done(&api);
    }
}

CHANGE(literals_beside_parameters)
{
    rule(set, "GetShow")->get = "/v1/{show_id}";
    rule(set, "GetMe")->get = "/v1/me";
    rule(set, "GetHouse")->get = "/v1/{house_id}/deep/one";
    rule(set, "GetOffers")->get = "/v1/me/deep/two";
    rule(set, "GetPath")->get = "/v1/me/{house_id}/four";
    rule(set, "ListShows")->get = "/v1/{union_path}/{page_size}/{page_token}";
    rule(set, "GetSeat")->get = "";
    rule(set, "GetSeat")->delete_ = "/v1/me";
    rule(set, "Logout")->post = "/v1/mine";
    rule(set, "Logout")->idempotency = RULE__IDEMPOTENCY__NATURAL;
}

static void a_literal_wins_over_a_parameter(void **state)
{
    static const struct {
        const char *path, *method;
        unsigned n_params;
    } cases[] = {
        {"/v1/me", "Visitors.GetMe", 0},
        {"/v1/we", "Shows.GetShow", 1},
        {"/v1/mine", NULL, 0},
        {"/v1/me/deep/one", "Visitors.GetHouse", 1},
        {"/v1/me/deep/two", "Shows.GetOffers", 0},
        {"/v1/we/deep/two", "Shows.ListShows", 3},
        {"/v1/me/deep/four", "Visitors.GetPath", 1},
        {"/v1/me/deep/three", "Shows.ListShows", 3},
    };
    struct api_match match;
    struct api api;

    (void)state;
    assert_int_equal(build_changed(&api, literals_beside_parameters), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        api_route_find(api.routes, "GET", 3, cases[i].path, strlen(cases[i].path), &match);
        assert_true(!match.method == !cases[i].method);
        assert_int_equal(match.n_params, cases[i].n_params);
        if (match.method)
            assert_string_equal(match.method->name, cases[i].method);
    }
    assert_memory_equal(match.params[0].text, "me/deep/three", 13);
    assert_memory_equal(match.params[2].text, "three", 5);
    assert_string_equal(match.params[2].field->json_name, "pageToken");
    api_route_find(api.routes, "PUT", 3, "/v1/me", 6, &match);
    assert_string_equal(match.allow, "GET, DELETE");
    api_done(&api);
}

/* ---- the tables ---- */

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
        cmocka_unit_test(each_mistake_in_a_proto_is_refused_and_named),
        cmocka_unit_test(a_set_that_is_cut_off_is_refused),
        cmocka_unit_test(a_literal_wins_over_a_parameter),
        cmocka_unit_test(every_method_is_found_by_its_name),
        cmocka_unit_test(a_method_tells_its_queue_and_whether_it_writes),
        cmocka_unit_test(a_field_carries_its_limit_and_its_json_name),
        cmocka_unit_test(a_reason_tells_what_it_means),
        cmocka_unit_test(an_unknown_reason_is_internal),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
