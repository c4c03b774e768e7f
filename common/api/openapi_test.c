#include "common/api/openapi.h"

#include "common/api/api.h"
#include "sample.pb-c.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct openapi_own own[] = {
    {.path = "/fine",
     .name = "Edge.IsFine",
     .summary = "Says that it is fine",
     .media = "text/plain",
     .schema = "{\"type\":\"string\"}",
     .limited = true,
     .fails = true},
    {.path = "/told",
     .name = "Edge.Tell",
     .summary = "Takes what it is told",
     .media = "application/json",
     .schema = "{\"type\":\"object\"}",
     .takes = "{\"type\":\"array\"}"},
    {.path = NULL},
};

static json_t *document(void)
{
    struct buf text;
    json_error_t error;
    json_t *root;

    buf_init(&text, (size_t)16 << 20);
    assert_int_equal(openapi_write(&text, api_docs, api_docs_len, own), 0);
    root = json_loadb(text.bytes, text.len, JSON_REJECT_DUPLICATES, &error);
    buf_done(&text);
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
    assert_true(count_references(root, root) > 20);
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

            if (!method && (strcmp(path, own[0].path) == 0 || strcmp(path, own[1].path) == 0))
                continue;
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
    const json_t *show = at(root, "components schemas sample.Show");
    const json_t *create = at(root, "paths /v1/shows post");

    (void)state;
    assert_int_equal(json_integer_value(at(show, "properties title maxLength")), 60);
    assert_int_equal(json_integer_value(at(show, "properties title minLength")), 1);
    assert_int_equal(json_integer_value(at(show, "properties priceFen x-maximum")), 100000000);
    assert_string_equal(json_string_value(at(show, "properties priceFen format")), "int64");
    assert_string_equal(json_string_value(at(show, "properties opensAt format")), "date-time");
    assert_int_equal(json_integer_value(at(show, "properties trades maxItems")), 8);
    assert_string_equal(json_string_value(at(show, "required 0")), "title");
    assert_string_equal(json_string_value(at(root, "components schemas sample.State enum 2")), "SUSPENDED");
    assert_string_equal(json_string_value(at(create, "parameters 0 name")), "Idempotency-Key");
    assert_string_equal(json_string_value(at(create, "x-roles 0")), "BENEFIT_MANAGER");
    assert_true(json_is_true(at(create, "requestBody required")));
    assert_int_equal(json_array_size(at(create, "security")), 1);
    assert_int_equal(json_array_size(at(root, "paths /v1/sessions post security")), 0);
    assert_null(json_object_get(at(root, "paths /v1/shows/{showId}/seats post"), "requestBody"));
    assert_null(json_object_get(at(root, "paths /v1/shows get"), "requestBody"));
    assert_null(json_object_get(at(root, "components schemas"), "rpc.JournalRow"));
    json_decref(root);
}

static void the_document_has_what_an_edge_answers_itself(void **state)
{
    json_t *root = document();
    const json_t *operation = at(root, "paths /fine get");

    (void)state;
    assert_string_equal(json_string_value(at(operation, "summary")), own[0].summary);
    at(operation, "responses 200 content text/plain schema");
    at(operation, "responses 503 content text/plain schema");
    at(operation, "responses 405 $ref");
    at(operation, "responses 429 $ref");
    operation = at(root, "paths /told post");
    assert_true(json_is_true(at(operation, "requestBody required")));
    assert_string_equal(json_string_value(at(operation, "requestBody content application/json schema type")), "array");
    at(operation, "responses 413 $ref");
    at(operation, "responses 415 $ref");
    json_decref(root);
}

static void the_document_lists_every_reason(void **state)
{
    json_t *root = document();
    const json_t *reasons = at(root, "x-reasons");
    size_t i;
    json_t *reason;

    (void)state;
    assert_true(json_array_size(reasons) > 40);
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

static void the_words_are_those_of_the_comments(void **state)
{
    json_t *root = document();
    const json_t *show = at(root, "components schemas sample.Show properties");
    const json_t *take = at(root, "paths /v1/shows/{showId}/seats post");
    const json_t *list = at(root, "paths /v1/me/seats get");

    (void)state;
    assert_string_equal(json_string_value(at(take, "summary")), "Takes a seat of a show that is open");
    assert_string_equal(json_string_value(at(take, "description")),
                        "Takes a seat of a show that is open. Again: the first one.");
    assert_string_equal(json_string_value(at(list, "summary")), "Lists the seats of the caller");
    assert_null(json_object_get(list, "description"));
    assert_string_equal(json_string_value(at(root, "tags 1 name")), "Shows");
    assert_string_equal(json_string_value(at(root, "tags 1 description")), "Shows and their seats.");
    /* A field's own comment, the Glossary of its package, the chassis', and that of its type. */
    assert_string_equal(json_string_value(at(show, "title description")), "as on the poster");
    assert_string_equal(json_string_value(at(show, "priceFen description")), "what a seat costs");
    assert_string_equal(json_string_value(at(list, "parameters 0 name")), "pageSize");
    assert_true(strlen(json_string_value(at(list, "parameters 0 description"))) > 0);
    assert_int_equal(json_integer_value(at(list, "parameters 0 schema default")), 20);
    assert_string_equal(json_string_value(at(show, "state description")), "Where a show stands.");
    assert_string_equal(json_string_value(at(root, "components schemas sample.State description")),
                        "Where a show stands.\n- `DRAFT`: nobody sees it");
    assert_null(json_object_get(at(show, "days"), "description"));
    json_decref(root);
}

static int load(void **state)
{
    (void)state;
    return api_load();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_is_json_whose_references_resolve),
        cmocka_unit_test(the_document_has_every_route_with_all_its_parameters),
        cmocka_unit_test(the_document_tells_limits_roles_and_keys),
        cmocka_unit_test(the_document_has_what_an_edge_answers_itself),
        cmocka_unit_test(the_document_lists_every_reason),
        cmocka_unit_test(the_words_are_those_of_the_comments),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
