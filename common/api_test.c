#include "common/api_internal.h"
#include "common/clock.h"
#include "common/limits.h"
#include "coupon.pb-c.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

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
    limit(set, ".coupon.Release", "title")->max_len = 0;
}
CHANGE(list_without_bound)
{
    limit(set, ".coupon.Release", "trades")->max_items = 0;
}
CHANGE(floating_point)
{
    view_field(set, ".coupon.Release", "allowance")->type = VIEW_TYPE_DOUBLE;
}
CHANGE(least_above_greatest)
{
    limit(set, ".coupon.Release", "face_fen")->min = 100000001;
}
CHANGE(shortest_above_longest)
{
    limit(set, ".coupon.Release", "title")->min_len = 61;
}
CHANGE(length_of_an_integer)
{
    limit(set, ".coupon.Release", "face_fen")->max_len = 1;
}
CHANGE(range_of_a_string)
{
    limit(set, ".coupon.Release", "title")->max = 1;
}
CHANGE(items_of_one)
{
    limit(set, ".coupon.Release", "title")->max_items = 1;
}
CHANGE(items_of_many)
{
    limit(set, ".coupon.Release", "trades")->max_items = LIMIT_JSON_VALUES + 1;
}
CHANGE(time_in_32_bits)
{
    limit(set, ".coupon.Release", "days")->time = true;
}
CHANGE(optional)
{
    view_field(set, ".coupon.Release", "title")->proto3_optional = true;
}
CHANGE(recursion)
{
    view_field(set, ".coupon.Offer", "coupon")->type_name = (char *)".coupon.Offer";
}
CHANGE(unknown_type)
{
    view_field(set, ".coupon.Offer", "coupon")->type_name = (char *)".coupon.Nothing";
}
CHANGE(map)
{
    static uint8_t empty[1] = {0};
    static ProtobufCMessageUnknownField nested = {3, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, 1, empty};
    View__Message *message = view_message(set, ".coupon.Offer");

    message->base.n_unknown_fields = 1;
    message->base.unknown_fields = &nested;
}
CHANGE(another_field)
{
    view_field(set, ".coupon.Offer", "coupon")->name = (char *)"voucher";
}
CHANGE(reason_number_twice)
{
    view_reason(set, "SOLD_OUT")->number = RPC__REASON__INTERNAL;
}
CHANGE(reason_name_twice)
{
    view_reason(set, "SOLD_OUT")->name = (char *)"INTERNAL";
}
CHANGE(reason_without_text)
{
    view_reason(set, "SOLD_OUT")->options->says->zh = (char *)"";
}
CHANGE(reason_without_status)
{
    view_reason(set, "SOLD_OUT")->options = NULL;
}
CHANGE(method_without_rule)
{
    view_method(set, "GetCoupon")->options = NULL;
}
CHANGE(method_of_nothing)
{
    view_method(set, "GetCoupon")->output_type = (char *)".coupon.Nothing";
}
CHANGE(method_renamed)
{
    view_method(set, "GetCoupon")->name = (char *)"FetchCoupon";
}
CHANGE(two_routes)
{
    rule(set, "GetCoupon")->post = (char *)"/v1/coupons";
}
CHANGE(no_route)
{
    rule(set, "GetCoupon")->get = (char *)"";
}
CHANGE(internal_with_route)
{
    rule(set, "GetCoupon")->who = RULE__WHO__INTERNAL;
}
CHANGE(route_that_says_read)
{
    rule(set, "GetCoupon")->read = true;
}
CHANGE(official_without_roles)
{
    rule(set, "CreateRelease")->n_roles = 0;
}
CHANGE(roles_without_official)
{
    rule(set, "CreateRelease")->who = RULE__WHO__VERIFIED;
}
CHANGE(no_role)
{
    rule(set, "CreateRelease")->roles[0] = RULE__ROLE__ROLE_NONE;
}
CHANGE(read_with_key)
{
    rule(set, "GetCoupon")->idempotency = RULE__IDEMPOTENCY__KEY;
}
CHANGE(key_of_nobody)
{
    rule(set, "RefreshSession")->idempotency = RULE__IDEMPOTENCY__KEY;
}
CHANGE(key_of_later)
{
    rule(set, "CreateRelease")->outside = true;
}
CHANGE(create_without_sense)
{
    rule(set, "CreateClaim")->idempotency = RULE__IDEMPOTENCY__NONE;
}
CHANGE(event_of_the_chassis)
{
    for (size_t i = 0; i < set->n_file; i++) {
        for (size_t j = 0; j < set->file[i]->n_message_type; j++) {
            if (strcmp(set->file[i]->package, "coupon") == 0 &&
                strcmp(set->file[i]->message_type[j]->name, "Event") == 0)
                set->file[i]->message_type[j]->field[0]->number = LIMIT_EVENT_NUMBER;
        }
    }
}
CHANGE(message_in_query)
{
    rule(set, "CreateRelease")->post = (char *)"";
    rule(set, "CreateRelease")->get = (char *)"/v1/other";
    rule(set, "CreateRelease")->idempotency = RULE__IDEMPOTENCY__NONE;
}
CHANGE(clash)
{
    rule(set, "ListOffers")->get = (char *)"/v1/me/coupons";
}
CHANGE(clash_of_parameters)
{
    rule(set, "GetUnion")->get = (char *)"/v1/releases/{union_id}";
}
CHANGE(parameter_of_nothing)
{
    rule(set, "GetCoupon")->get = (char *)"/v1/me/coupons/{coupon}";
}
CHANGE(parameter_message)
{
    rule(set, "CreateRelease")->post = (char *)"/v1/releases/{release}";
}
CHANGE(parameter_twice)
{
    rule(set, "GetCoupon")->get = (char *)"/v1/{coupon_id}/{coupon_id}";
}
CHANGE(no_slash)
{
    rule(set, "GetCoupon")->get = (char *)"v1";
}
CHANGE(empty_segment)
{
    rule(set, "GetCoupon")->get = (char *)"/v1//{coupon_id}";
}
CHANGE(capital_segment)
{
    rule(set, "GetCoupon")->get = (char *)"/v1/Coupons/{coupon_id}";
}
CHANGE(verb_in_the_middle)
{
    rule(set, "EndRelease")->post = (char *)"/v1/releases:end/{release_id}";
    rule(set, "EndRelease")->idempotency = RULE__IDEMPOTENCY__NATURAL;
}
CHANGE(verb_read)
{
    rule(set, "GetCoupon")->get = (char *)"/v1/me/coupons/{coupon_id}:get";
}
CHANGE(media_of_another_message)
{
    rule(set, "GetCoupon")->media = (char *)"application/pdf";
}

static void each_mistake_in_a_proto_is_refused_and_named(void **state)
{
    static const struct {
        void (*change)(View__FileSet *set);
        const char *wrong;
    } cases[] = {
        {event_of_the_chassis, "message Event: release_changed has a number of the chassis"},
        {string_without_bound, "field Release.title: in an input without max_len"},
        {list_without_bound, "field Release.trades: in an input without max_items"},
        {floating_point, "field Release.allowance: floating point"},
        {least_above_greatest, "field Release.face_fen: min above max"},
        {shortest_above_longest, "field Release.title: min_len above max_len"},
        {length_of_an_integer, "field Release.face_fen: max_len"},
        {range_of_a_string, "field Release.title: min or max"},
        {items_of_one, "field Release.title: max_items"},
        {items_of_many, "field Release.trades: max_items above"},
        {time_in_32_bits, "field Release.days: a time"},
        {optional, "field Release.title: proto3 optional"},
        {recursion, "message Offer: recursive"},
        {unknown_type, "field Offer.coupon: of a message type"},
        {map, "message Offer: a map"},
        {another_field, "field Offer.coupon: not in the set"},
        {reason_number_twice, "reason 10302: twice"},
        {reason_name_twice, "reason INTERNAL: in two packages"},
        {reason_without_text, "reason coupon.SOLD_OUT: says no"},
        {reason_without_status, "reason coupon.SOLD_OUT: says no"},
        {method_without_rule, "method Coupons.GetCoupon: no rule.method"},
        {method_of_nothing, "method Coupons.GetCoupon: a message"},
        {method_renamed, "method coupon.Coupons.GetCoupon: not in the set"},
        {two_routes, "method Coupons.GetCoupon: more than one"},
        {no_route, "method Coupons.GetCoupon: INTERNAL"},
        {internal_with_route, "method Coupons.GetCoupon: INTERNAL"},
        {route_that_says_read, "method Coupons.GetCoupon: read is"},
        {official_without_roles, "method Coupons.CreateRelease: OFFICIAL"},
        {roles_without_official, "method Coupons.CreateRelease: OFFICIAL"},
        {no_role, "method Coupons.CreateRelease: ROLE_NONE"},
        {read_with_key, "method Coupons.GetCoupon: a read"},
        {key_of_nobody, "method Identity.RefreshSession: an Idempotency-Key"},
        {key_of_later, "method Coupons.CreateRelease: an answer that comes later"},
        {create_without_sense, "method Coupons.CreateClaim: a POST"},
        {message_in_query, "method Coupons.CreateRelease: a message in a query"},
        {clash, "route GET /v1/me/coupons: the same for"},
        {clash_of_parameters, "route GET /v1/releases/{union_id}: the same for"},
        {parameter_of_nothing, "is no field"},
        {parameter_message, "is no scalar"},
        {parameter_twice, "twice"},
        {media_of_another_message, "method Coupons.GetCoupon: media"},
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
        assert_true(!method->path == (method->rule->who == RULE__WHO__INTERNAL));
        assert_true(!method->path == !method->http);
    }
    assert_true(n > 20);
    assert_null(api_method("Coupons.Nothing"));
    assert_null(api_method(""));
}

static void a_method_tells_its_queue_and_whether_it_writes(void **state)
{
    (void)state;
    assert_string_equal(api_method("Coupons.CreateClaim")->queue, "coupon");
    assert_string_equal(api_method("Daemon.Probe")->queue, "");
    assert_true(api_method("Coupons.CreateClaim")->writes);
    assert_false(api_method("Coupons.GetRelease")->writes);
    assert_false(api_method("Daemon.ReadJournal")->writes);
    assert_string_equal(api_method("Coupons.CreateClaim")->http, "POST");
    assert_string_equal(api_method("Coupons.GetCoupon")->path, "/v1/me/coupons/{coupon_id}");
}

static void a_field_carries_its_limit_and_its_json_name(void **state)
{
    const struct api_message *release = api_message(&coupon__release__descriptor);
    bool seen = false;

    (void)state;
    for (unsigned i = 0; i < release->descriptor->n_fields; i++) {
        const struct api_field *field = &release->fields[i];

        assert_non_null(field->limit);
        assert_int_equal(field->json_len, strlen(field->json_name));
        if (strcmp(field->descriptor->name, "face_fen") != 0)
            continue;
        seen = true;
        assert_string_equal(field->json_name, "faceFen");
        assert_string_equal(field->key, ",\"faceFen\":");
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
    assert_string_equal(api_reason(COUPON__REASON__SOLD_OUT)->name, "SOLD_OUT");
    assert_string_equal(api_reason(COUPON__REASON__SOLD_OUT)->package, "coupon");
    assert_int_equal(api_reason(RPC__REASON__ROUTE_NOT_FOUND)->http, 404);
    assert_string_equal(api_reason(RPC__REASON__SERVICE_DOWN)->zh, "服务暂时不可用，请稍后再试");
}

static void an_unknown_reason_is_internal(void **state)
{
    static const int numbers[] = {-1, 1, 9999, 10000, 30099, 1 << 30, INT32_MIN, INT32_MAX};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        assert_int_equal(api_reason(numbers[i])->number, RPC__REASON__INTERNAL);
}

/* ---- routes ---- */

static struct api_match route(const char *http, const char *path)
{
    struct api_match match;

    api_route(http, strlen(http), path, strlen(path), &match);
    return match;
}

static void a_path_leads_to_its_operation(void **state)
{
    static const struct {
        const char *http, *path, *method, *param;
    } cases[] = {
        {"GET", "/v1/releases", "Coupons.ListReleases", NULL},
        {"POST", "/v1/releases", "Coupons.CreateRelease", NULL},
        {"GET", "/v1/releases/12", "Coupons.GetRelease", "12"},
        {"GET", "/v1/releases/%2F", "Coupons.GetRelease", "%2F"},
        {"POST", "/v1/releases/12:publish", "Coupons.PublishRelease", "12"},
        {"POST", "/v1/releases/1:2:end", "Coupons.EndRelease", "1:2"},
        {"POST", "/v1/releases/12/claims", "Coupons.CreateClaim", "12"},
        {"POST", "/v1/releases/1:2/claims", "Coupons.CreateClaim", "1:2"},
        {"GET", "/v1/me", "Identity.GetMe", NULL},
        {"POST", "/v1/me:verify", "Identity.VerifyMe", NULL},
        {"GET", "/v1/me/coupons", "Coupons.ListCoupons", NULL},
        {"GET", "/v1/me/coupons/7", "Coupons.GetCoupon", "7"},
        {"POST", "/v1/sessions:refresh", "Identity.RefreshSession", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct api_match match = route(cases[i].http, cases[i].path);

        assert_non_null(match.method);
        assert_string_equal(match.method->name, cases[i].method);
        assert_int_equal(match.n_params, cases[i].param != NULL);
        assert_false(match.other_methods);
        if (!cases[i].param)
            continue;
        assert_int_equal(match.params[0].len, strlen(cases[i].param));
        assert_memory_equal(match.params[0].text, cases[i].param, match.params[0].len);
        assert_ptr_equal(match.params[0].field, &match.method->input->fields[0]);
    }
}

static void any_other_path_leads_nowhere(void **state)
{
    static const char *const paths[] = {
        "",
        "/",
        "//",
        "v1/releases",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/releases/",
        "/v1/releases//claims",
        "/v1/releases/12/",
        "/v1/releases/12/claims/",
        "/v1/releases/12/nothing",
        "/v1/releases/12/claims/3",
        "/v1/releases/12:",
        "/v1/releases/12:nothing",
        "/v1/releases/12:publishe",
        "/v1/releases/:publish",
        "/v1/releases:",
        "/v1/releases:publish",
        "/v1/releases/12:publish/claims:publish",
        "/v1/Releases",
        "/v1/release",
        "/v1/rele%61ses",
        "/v1/releases?x=1",
        " /v1/releases",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct api_match match = route("GET", paths[i]);

        if (match.method || match.other_methods)
            fail_msg("%s is a route", paths[i]);
    }
}

static void a_wrong_http_method_names_the_right_ones(void **state)
{
    static const struct {
        const char *http, *path, *allow;
    } cases[] = {
        {"DELETE", "/v1/releases", "GET, POST"}, {"PUT", "/v1/me", "GET"},
        {"GET", "/v1/me:verify", "POST"},        {"get", "/v1/releases/1", "GET"},
        {"", "/v1/releases/1:end", "POST"},      {"GETS", "/v1/releases/1/claims", "POST"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct api_match match = route(cases[i].http, cases[i].path);

        assert_null(match.method);
        assert_true(match.other_methods);
        assert_string_equal(match.allow, cases[i].allow);
    }
}

CHANGE(literals_beside_parameters)
{
    rule(set, "GetRelease")->get = (char *)"/v1/{release_id}";
    rule(set, "GetMe")->get = (char *)"/v1/me";
    rule(set, "GetUnion")->get = (char *)"/v1/{union_id}/deep/one";
    rule(set, "ListOffers")->get = (char *)"/v1/me/deep/two";
    rule(set, "GetPath")->get = (char *)"/v1/me/{union_id}/four";
    rule(set, "ListReleases")->get = (char *)"/v1/{union_path}/{page_size}/{page_token}";
    rule(set, "GetCoupon")->get = (char *)"";
    rule(set, "GetCoupon")->delete_ = (char *)"/v1/me";
    rule(set, "Logout")->post = (char *)"/v1/mine";
    rule(set, "Logout")->idempotency = RULE__IDEMPOTENCY__NATURAL;
}

static void a_literal_wins_over_a_parameter(void **state)
{
    static const struct {
        const char *path, *method;
        unsigned n_params;
    } cases[] = {
        {"/v1/me", "Identity.GetMe", 0},
        {"/v1/we", "Coupons.GetRelease", 1},
        {"/v1/mine", NULL, 0},
        {"/v1/me/deep/one", "Identity.GetUnion", 1},
        {"/v1/me/deep/two", "Coupons.ListOffers", 0},
        {"/v1/we/deep/two", "Coupons.ListReleases", 3},
        {"/v1/me/deep/four", "Identity.GetPath", 1},
        {"/v1/me/deep/three", "Coupons.ListReleases", 3},
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

static void every_route_leads_to_its_own_method(void **state)
{
    (void)state;
    for (const struct api_method *method = api_methods(); method->name; method++) {
        char path[256];
        size_t len = 0;
        struct api_match match;

        for (const char *at = method->path; at && *at; at++) {
            path[len++] = *at == '{' ? '9' : *at;
            if (*at == '{')
                at = strchr(at, '}');
        }
        if (!method->path)
            continue;
        api_route(method->http, strlen(method->http), path, len, &match);
        assert_ptr_equal(match.method, method);
        assert_int_equal(match.n_params, method->n_params);
    }
}

static void any_bytes_are_a_safe_path(void **state)
{
    static const char *const pieces[] = {"/",  ":",       "v1",     "/v1/",    "releases",
                                         "me", "coupons", "claims", "publish", "\0"};
    struct clock clock;

    (void)state;
    clock_fake(&clock, 1, 7);
    for (int round = 0; round < 50000; round++) {
        unsigned char choice[12];
        char path[256], *exact;
        size_t len = 0;
        struct api_match match;

        clock_random(&clock, choice, sizeof(choice));
        for (size_t i = 0; i < choice[0] % sizeof(choice); i++) {
            const char *piece = pieces[choice[i] % ARRAY_LEN(pieces)];
            size_t n = piece[0] ? strlen(piece) : 1;

            memcpy(path + len, piece, n);
            len += n;
        }
        /* On the heap without a NUL behind, where a sanitizer sees the end. */
        exact = malloc(len ? len : 1);
        assert_non_null(exact);
        memcpy(exact, path, len);
        api_route("POST", 4, exact, len, &match);
        for (unsigned i = 0; match.method && i < match.n_params; i++) {
            assert_true(match.params[i].len > 0 && match.params[i].text > exact);
            assert_true(match.params[i].text + match.params[i].len <= exact + len);
        }
        free(exact);
    }
}

/* ---- the document ---- */

static json_t *document(void)
{
    size_t len;
    const char *text = api_openapi(&len);
    json_error_t error;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

    assert_int_equal(strlen(text), len);
    if (!root)
        fail_msg("line %d: %s", error.line, error.text);
    return root;
}

/* The value at a path of names divided by spaces. */
static const json_t *at(const json_t *root, const char *names)
{
    while (root && *names) {
        size_t len = strcspn(names, " ");
        char name[128];

        snprintf(name, sizeof(name), "%.*s", (int)len, names);
        root =
            json_is_array(root) ? json_array_get(root, (size_t)strtoul(name, NULL, 10)) : json_object_get(root, name);
        names += len + (names[len] == ' ');
    }
    if (!root)
        fail_msg("nothing at %s", names);
    return root;
}

static size_t count_references(const json_t *root, const json_t *value)
{
    const char *name;
    json_t *child;
    size_t i, n = 0;

    json_array_foreach(value, i, child) n += count_references(root, child);
    json_object_foreach((json_t *)value, name, child)
    {
        if (strcmp(name, "$ref") == 0) {
            char path[256];

            assert_int_equal(strncmp(json_string_value(child), "#/", 2), 0);
            snprintf(path, sizeof(path), "%s", json_string_value(child) + 2);
            for (char *slash = path; (slash = strchr(slash, '/'));)
                *slash = ' ';
            assert_true(json_is_object(at(root, path)));
            n++;
        }
        n += count_references(root, child);
    }
    return n;
}

static void the_document_is_json_whose_references_resolve(void **state)
{
    json_t *root = document();

    (void)state;
    assert_string_equal(json_string_value(at(root, "openapi")), "3.1.0");
    assert_true(count_references(root, root) > 50);
    json_decref(root);
}

static void the_document_has_every_route_with_all_its_parameters(void **state)
{
    json_t *root = document();
    size_t n = 0, n_operations = 0;
    const char *path, *http, *text;
    json_t *item, *operation;

    (void)state;
    for (const struct api_method *method = api_methods(); method->name; method++)
        n += method->path != NULL;
    json_object_foreach((json_t *)at(root, "paths"), path, item)
    {
        json_object_foreach(item, http, operation)
        {
            const struct api_method *method = api_method(json_string_value(at(operation, "operationId")));
            const json_t *parameters = at(operation, "parameters");
            size_t n_path = 0;

            assert_non_null(method);
            assert_int_equal(strcasecmp(method->http, http), 0);
            for (size_t i = 0; i < json_array_size(parameters); i++) {
                const json_t *parameter = json_array_get(parameters, i);
                char braces[64];

                text = json_string_value(at(parameter, "in"));
                snprintf(braces, sizeof(braces), "{%s}", json_string_value(at(parameter, "name")));
                assert_true(!strstr(path, braces) == (strcmp(text, "path") != 0));
                n_path += strcmp(text, "path") == 0;
            }
            assert_int_equal(n_path, method->n_params);
            n_operations++;
        }
    }
    assert_int_equal(n_operations, n);
    json_decref(root);
}

static void the_document_tells_limits_roles_and_keys(void **state)
{
    json_t *root = document();
    const json_t *release = at(root, "components schemas coupon.Release");
    const json_t *create = at(root, "paths /v1/releases post");

    (void)state;
    assert_int_equal(json_integer_value(at(release, "properties title maxLength")), 60);
    assert_int_equal(json_integer_value(at(release, "properties title minLength")), 1);
    assert_int_equal(json_integer_value(at(release, "properties faceFen maximum")), 100000000);
    assert_string_equal(json_string_value(at(release, "properties faceFen format")), "int64");
    assert_string_equal(json_string_value(at(release, "properties opensAt format")), "date-time");
    assert_int_equal(json_integer_value(at(release, "properties trades maxItems")), 8);
    assert_string_equal(json_string_value(at(release, "required 0")), "title");
    assert_string_equal(json_string_value(at(root, "components schemas coupon.State enum 2")), "SUSPENDED");
    assert_string_equal(json_string_value(at(create, "parameters 0 name")), "Idempotency-Key");
    assert_string_equal(json_string_value(at(create, "x-roles 0")), "BENEFIT_MANAGER");
    assert_true(json_is_true(at(create, "requestBody required")));
    assert_int_equal(json_array_size(at(create, "security")), 1);
    assert_int_equal(json_array_size(at(root, "paths /v1/sessions post security")), 0);
    assert_null(json_object_get(at(root, "paths /v1/releases/{releaseId}/claims post"), "requestBody"));
    assert_null(json_object_get(at(root, "paths /v1/releases get"), "requestBody"));
    assert_null(json_object_get(at(root, "components schemas"), "rpc.JournalRow"));
    json_decref(root);
}

static void the_document_lists_every_reason(void **state)
{
    json_t *root = document();
    const json_t *reasons = at(root, "x-reasons");
    size_t i;
    json_t *reason;

    (void)state;
    assert_true(json_array_size(reasons) > 80);
    json_array_foreach(reasons, i, reason)
    {
        const struct api_reason *known = api_reason((int)json_integer_value(at(reason, "errcode")));

        assert_string_equal(json_string_value(at(reason, "reason")), known->name);
        assert_string_equal(json_string_value(at(reason, "errmsg")), known->zh);
        assert_string_equal(json_string_value(at(reason, "package")), known->package);
        assert_int_equal(json_integer_value(at(reason, "http")), known->http);
    }
    json_decref(root);
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
        cmocka_unit_test(every_method_is_found_by_its_name),
        cmocka_unit_test(a_method_tells_its_queue_and_whether_it_writes),
        cmocka_unit_test(a_field_carries_its_limit_and_its_json_name),
        cmocka_unit_test(a_reason_tells_what_it_means),
        cmocka_unit_test(an_unknown_reason_is_internal),
        cmocka_unit_test(a_path_leads_to_its_operation),
        cmocka_unit_test(any_other_path_leads_nowhere),
        cmocka_unit_test(a_wrong_http_method_names_the_right_ones),
        cmocka_unit_test(a_literal_wins_over_a_parameter),
        cmocka_unit_test(every_route_leads_to_its_own_method),
        cmocka_unit_test(any_bytes_are_a_safe_path),
        cmocka_unit_test(the_document_is_json_whose_references_resolve),
        cmocka_unit_test(the_document_has_every_route_with_all_its_parameters),
        cmocka_unit_test(the_document_tells_limits_roles_and_keys),
        cmocka_unit_test(the_document_lists_every_reason),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
