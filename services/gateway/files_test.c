#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/log.h"
#include "services/gateway/files.h"

static struct {
    char folder[64];
    struct files *files;
    struct http_shared shared;
    struct http http;
    char out[8192];
    size_t out_len;
} test;

static const struct {
    const char *name, *content;
} contents[] = {
    {"index.html", "<html>root"},
    {"index.html.br", "BROTLI"},
    {"index.html.gz", "GZIP"},
    {"robots.txt", "robots"},
    {"lone.gz", "lone"},
    {"empty.css", ""},
    {".hidden", "hidden"},
    {"assets/index-DiwrgTda.js", "js"},
    {"assets/app-0123456789abcdef0123.css", "css"},
    {"assets/my-fallback.js", "word"},
    {"admin/index.html", "<html>admin"},
    {"admin/page-DiwrgTda.js", "outside assets"},
    {"staff/index.html", "<html>counter"},
    {"staff/reader.js", "reader"},
};

static void on_request(struct http_request *request, void *context)
{
    (void)context;
    if (!files_serve(test.files, request))
        http_reply(request, 404, NULL, "none", 4);
}

static size_t render(int reason, int status, const char *detail, char *ret_body, size_t size, void *context)
{
    (void)context;
    (void)reason;
    (void)status;
    return (size_t)snprintf(ret_body, size, "%s", detail);
}

static void wake(struct http *http)
{
    (void)http;
}

static const struct http_app app = {.on_request = on_request, .render = render};

/* Asks for a path with further header lines and returns the whole answer. */
static const char *ask(const char *method, const char *path, const char *headers)
{
    struct http_piece pieces[2];
    char request[1024];
    unsigned count;
    int len = snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", method, path, headers);

    http_open(&test.http, &test.shared, &(struct address){{0}}, false);
    http_feed(&test.http, request, (size_t)len);
    test.out_len = 0;
    while ((count = http_output(&test.http, pieces)) > 0) {
        assert_true(test.out_len + pieces[0].len < sizeof(test.out));
        memcpy(test.out + test.out_len, pieces[0].bytes, pieces[0].len);
        test.out_len += pieces[0].len;
        http_sent(&test.http, pieces[0].len);
    }
    test.out[test.out_len] = '\0';
    http_close(&test.http);
    return test.out;
}

static bool has(const char *answer, const char *text)
{
    return strstr(answer, text) != NULL;
}

static bool ends(const char *answer, const char *body)
{
    const char *start = strstr(answer, "\r\n\r\n");

    return start && strcmp(start + 4, body) == 0;
}

static void a_file_is_served_with_its_type_and_the_security_headers(void **state)
{
    const char *answer = ask("GET", "/robots.txt?x=y", "");

    (void)state;
    assert_true(ends(answer, "robots"));
    assert_true(has(answer, "200 OK\r\n"));
    assert_true(has(answer, "Content-Type: text/plain; charset=utf-8\r\n"));
    assert_true(has(answer, "Content-Length: 6\r\n"));
    assert_true(has(answer, "Content-Security-Policy: default-src 'self';"));
    assert_true(has(answer, "frame-ancestors 'none'\r\n"));
    assert_true(has(answer, "X-Content-Type-Options: nosniff\r\n"));
    assert_true(has(answer, "Referrer-Policy: same-origin\r\n"));
    assert_false(has(answer, "Vary"));
    assert_true(ends(ask("GET", "/empty.css", ""), ""));
    assert_true(has(test.out, "Content-Length: 0\r\n"));
}

static void the_page_of_a_counter_alone_may_compile_its_reader_of_codes(void **state)
{
    static const char *const others[] = {"/", "/admin/", "/robots.txt", "/staff/reader.js"};

    (void)state;
    assert_true(has(ask("GET", "/staff/", ""), "script-src 'self' 'wasm-unsafe-eval' https://res.wx.qq.com;"));
    assert_false(has(test.out, "'unsafe-eval'"));
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_true(has(ask("GET", others[i], ""), "script-src 'self' https://res.wx.qq.com;"));
        assert_false(has(test.out, "unsafe-eval"));
    }
}

static void a_head_has_the_headers_only(void **state)
{
    const char *answer = ask("HEAD", "/robots.txt", "");

    (void)state;
    assert_true(has(answer, "Content-Length: 6\r\n"));
    assert_true(ends(answer, ""));
}

static void what_is_not_a_file_is_left_to_the_caller(void **state)
{
    static const char *const paths[] = {"/nothing.txt", "/.hidden",     "/../robots.txt", "/assets/../robots.txt",
                                        "/robots.tx",   "/robots.txt2", "/index.html.br", "/%72obots.txt"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        assert_true(has(ask("GET", paths[i], "Accept: text/html\r\n"), "404 Not Found"));
    assert_true(has(ask("POST", "/robots.txt", ""), "404 Not Found"));
    assert_true(has(ask("OPTIONS", "*", ""), "404 Not Found"));
}

static void the_smallest_form_that_the_client_accepts_is_chosen(void **state)
{
    static const struct {
        const char *accept, *body, *encoding;
    } cases[] = {
        {"", "<html>root", NULL},
        {"Accept-Encoding: gzip, deflate, br\r\n", "BROTLI", "br"},
        {"Accept-Encoding: gzip\r\n", "GZIP", "gzip"},
        {"Accept-Encoding: br;q=0, gzip\r\n", "GZIP", "gzip"},
        {"Accept-Encoding: br; q=0.000, gzip;q=0.5\r\n", "GZIP", "gzip"},
        {"Accept-Encoding: BR;q=0.001\r\n", "BROTLI", "br"},
        {"Accept-Encoding: *\r\n", "BROTLI", "br"},
        {"Accept-Encoding: *;q=0\r\n", "<html>root", NULL},
        {"Accept-Encoding: brx, xgzip\r\n", "<html>root", NULL},
        {"Accept-Encoding:\r\n", "<html>root", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *answer = ask("GET", "/", cases[i].accept);
        char encoding[64];

        assert_true(ends(answer, cases[i].body));
        assert_true(has(answer, "Vary: Accept-Encoding\r\n"));
        assert_true(has(answer, "Content-Type: text/html; charset=utf-8\r\n"));
        snprintf(encoding, sizeof(encoding), "Content-Encoding: %s\r\n", cases[i].encoding ? cases[i].encoding : "");
        assert_int_equal(has(answer, cases[i].encoding ? encoding : "Content-Encoding"), cases[i].encoding != NULL);
    }
    assert_true(ends(ask("GET", "/lone.gz", ""), "lone"));
}

static void a_folder_is_its_index_with_its_final_slash_or_without(void **state)
{
    (void)state;
    assert_true(ends(ask("GET", "/admin/", ""), "<html>admin"));
    assert_true(ends(ask("GET", "/admin", ""), "<html>admin"));
}

static void a_client_that_has_the_file_gets_304(void **state)
{
    char plain[36], brotli[36], header[160];
    const char *answer = ask("GET", "/", "");

    (void)state;
    memcpy(plain, strstr(answer, "ETag: ") + 6, 34);
    plain[34] = '\0';
    answer = ask("GET", "/", "Accept-Encoding: br\r\n");
    memcpy(brotli, strstr(answer, "ETag: ") + 6, 34);
    brotli[34] = '\0';
    assert_string_not_equal(plain, brotli);
    snprintf(header, sizeof(header), "If-None-Match: \"x\", W/%s\r\n", plain);
    answer = ask("GET", "/", header);
    assert_true(has(answer, "304 Not Modified\r\n"));
    assert_true(has(answer, plain));
    assert_true(has(answer, "Vary: Accept-Encoding\r\n"));
    assert_true(ends(answer, ""));
    snprintf(header, sizeof(header), "Accept-Encoding: br\r\nIf-None-Match: %s\r\n", plain);
    assert_true(has(ask("GET", "/", header), "200 OK\r\n"));
    assert_true(has(ask("GET", "/", "If-None-Match: *\r\n"), "304 Not Modified\r\n"));
    assert_true(has(ask("GET", "/", "If-None-Match: \"x\"\r\n"), "200 OK\r\n"));
}

static void only_hashed_assets_are_immutable(void **state)
{
    static const struct {
        const char *path;
        bool immutable;
    } cases[] = {
        {"/assets/index-DiwrgTda.js", true},
        {"/assets/app-0123456789abcdef0123.css", true},
        {"/assets/my-fallback.js", false},
        {"/admin/page-DiwrgTda.js", false},
        {"/index.html", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *answer = ask("GET", cases[i].path, "");

        assert_true(has(answer, "200 OK"));
        assert_int_equal(has(answer, "Cache-Control: public,max-age=31536000,immutable\r\n"), cases[i].immutable);
        assert_int_equal(has(answer, "Cache-Control: no-cache\r\n"), !cases[i].immutable);
    }
}

static void a_page_inside_the_application_gets_the_nearest_index(void **state)
{
    static const char html[] = "Accept: text/html,application/xhtml+xml\r\n";

    (void)state;
    assert_true(ends(ask("GET", "/coupons/12", html), "<html>root"));
    assert_true(ends(ask("GET", "/a.b/c", html), "<html>root"));
    assert_true(ends(ask("GET", "/admin/releases", html), "<html>admin"));
    assert_true(ends(ask("GET", "/admin/", ""), "<html>admin"));
    assert_true(has(ask("GET", "/coupons/12", "Accept: application/json\r\n"), "404"));
    assert_true(has(ask("GET", "/coupons/12", ""), "404"));
    assert_true(has(ask("GET", "/coupons/12.js", html), "404"));
    assert_true(has(ask("GET", "/v1/coupons", html), "404"));
    assert_true(has(ask("POST", "/coupons/12", html), "404"));
}

static void a_folder_that_is_not_there_or_too_large_is_not_loaded(void **state)
{
    char name[128];

    (void)state;
    assert_null(files_load("/nowhere/at/all"));
    snprintf(name, sizeof(name), "%s/huge", test.folder);
    close(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(truncate(name, (off_t)LIMIT_FILES_SIZE + 1), 0);
    assert_null(files_load(test.folder));
    unlink(name);
}

static int set_up(void **state)
{
    (void)state;
    log_init("files_test", LOG_ERROR);
    snprintf(test.folder, sizeof(test.folder), "/tmp/files_test_XXXXXX");
    if (!mkdtemp(test.folder) || chdir(test.folder) < 0 || mkdir("assets", 0700) < 0 || mkdir("admin", 0700) < 0 ||
        mkdir("staff", 0700) < 0 || symlink("/etc/passwd", "passwd") < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
        FILE *file = fopen(contents[i].name, "w");

        if (!file || fputs(contents[i].content, file) < 0 || fclose(file) != 0)
            return -1;
    }
    test.files = files_load(test.folder);
    if (http_shared_init(&test.shared, &app, NULL, 0, wake))
        return -1;
    return test.files ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(contents); i++)
        unlink(contents[i].name);
    unlink("passwd");
    rmdir("assets");
    rmdir("admin");
    rmdir("staff");
    rmdir(test.folder);
    files_free(test.files);
    http_shared_done(&test.shared);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_served_with_its_type_and_the_security_headers),
        cmocka_unit_test(the_page_of_a_counter_alone_may_compile_its_reader_of_codes),
        cmocka_unit_test(a_head_has_the_headers_only),
        cmocka_unit_test(what_is_not_a_file_is_left_to_the_caller),
        cmocka_unit_test(the_smallest_form_that_the_client_accepts_is_chosen),
        cmocka_unit_test(a_folder_is_its_index_with_its_final_slash_or_without),
        cmocka_unit_test(a_client_that_has_the_file_gets_304),
        cmocka_unit_test(only_hashed_assets_are_immutable),
        cmocka_unit_test(a_page_inside_the_application_gets_the_nearest_index),
        cmocka_unit_test(a_folder_that_is_not_there_or_too_large_is_not_loaded),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
