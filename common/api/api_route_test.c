#include "common/api/api_set_fixture.h"
#include "tests/seed.h"

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
        {"GET", "/v1/shows", "Shows.ListShows", NULL},
        {"POST", "/v1/shows", "Shows.CreateShow", NULL},
        {"GET", "/v1/shows/12", "Shows.GetShow", "12"},
        {"GET", "/v1/shows/%2F", "Shows.GetShow", "%2F"},
        {"POST", "/v1/shows/12:publish", "Shows.PublishShow", "12"},
        {"POST", "/v1/shows/1:2:end", "Shows.EndShow", "1:2"},
        {"POST", "/v1/shows/12/seats", "Shows.TakeSeat", "12"},
        {"POST", "/v1/shows/1:2/seats", "Shows.TakeSeat", "1:2"},
        {"GET", "/v1/me", "Visitors.GetMe", NULL},
        {"POST", "/v1/me:verify", "Visitors.VerifyMe", NULL},
        {"GET", "/v1/me/seats", "Shows.ListSeats", NULL},
        {"GET", "/v1/me/seats/7", "Shows.GetSeat", "7"},
        {"POST", "/v1/sessions:refresh", "Visitors.RefreshSession", NULL},
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
        "v1/shows",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/shows/",
        "/v1/shows//seats",
        "/v1/shows/12/",
        "/v1/shows/12/seats/",
        "/v1/shows/12/nothing",
        "/v1/shows/12/seats/3",
        "/v1/shows/12:",
        "/v1/shows/12:nothing",
        "/v1/shows/12:publishe",
        "/v1/shows/:publish",
        "/v1/shows:",
        "/v1/shows:publish",
        "/v1/shows/12:publish/seats:publish",
        "/v1/Shows",
        "/v1/show",
        "/v1/rele%61ses",
        "/v1/shows?x=1",
        " /v1/shows",
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
        {"DELETE", "/v1/shows", "GET, POST"}, {"PUT", "/v1/me", "GET"},        {"GET", "/v1/me:verify", "POST"},
        {"get", "/v1/shows/1", "GET"},        {"", "/v1/shows/1:end", "POST"}, {"GETS", "/v1/shows/1/seats", "POST"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct api_match match = route(cases[i].http, cases[i].path);

        assert_null(match.method);
        assert_true(match.other_methods);
        assert_string_equal(match.allow, cases[i].allow);
    }
}

static void any_bytes_are_a_safe_path(void **state)
{
    static const char *const pieces[] = {"/", ":", "v1", "/v1/", "shows", "me", "seats", "seats", "publish", "\0"};
    struct clock clock = test_random();

    (void)state;
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

static int load(void **state)
{
    (void)state;
    return api_load();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_leads_to_its_operation),
        cmocka_unit_test(any_other_path_leads_nowhere),
        cmocka_unit_test(a_wrong_http_method_names_the_right_ones),
        cmocka_unit_test(any_bytes_are_a_safe_path),
        cmocka_unit_test(a_literal_wins_over_a_parameter),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
