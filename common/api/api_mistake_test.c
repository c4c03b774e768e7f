/* A set with a mistake in it is refused, and the mistake named. */
#include "common/api/api_set_fixture.h"
#include "common/base/limits.h"
#include "sample.pb-c.h"

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

static int load(void **state)
{
    (void)state;
    return api_load();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_in_a_proto_is_refused_and_named),
        cmocka_unit_test(a_set_that_is_cut_off_is_refused),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
