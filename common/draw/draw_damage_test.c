/* The shared set of damaged files (tests/data/README.md): each is a mismatch to this
 * verifier as to the others, and each file undamaged is right. */
#include "common/draw/draw_file.h"

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define FOLDER "tests/data/draw/"

static struct draw_reader reader;

/* Empty when the bytes are a right file, or a right receipt by the name of the file. */
static const char *verify(const char *name, const char *bytes, size_t len)
{
    static char problem[sizeof(reader.problem)];

    assert_true(draw_reader_init(&reader, strncmp(name, "receipt", 7) == 0));
    if (draw_reader_feed(&reader, bytes, len))
        draw_reader_end(&reader);
    snprintf(problem, sizeof(problem), "%s", reader.problem);
    draw_reader_done(&reader);
    return problem;
}

static size_t read_whole(const char *name, char *ret, size_t size)
{
    char path[128];
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), FOLDER "%s.txt", name);
    file = fopen(path, "r");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    len = fread(ret, 1, size, file);
    assert_true(len > 0 && len < size);
    fclose(file);
    return len;
}

/* What stands in place of what was there. */
static size_t replacement(const json_t *damage, char *ret, size_t size)
{
    const json_t *text = json_object_get(damage, "to");
    const char *hex = json_string_value(json_object_get(damage, "toHex"));
    size_t len = text ? json_string_length(text) : strlen(hex) / 2;

    assert_true(len <= size);
    if (text)
        memcpy(ret, json_string_value(text), len);
    for (size_t i = 0; !text && i < len; i++) {
        unsigned byte;

        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        ret[i] = (char)byte;
    }
    return len;
}

static void judge(const json_t *damage, const char *name)
{
    static char bytes[32768], to[4096];
    size_t len = read_whole(name, bytes, sizeof(bytes) - sizeof(to)), to_len = replacement(damage, to, sizeof(to));
    const char *what = json_string_value(json_object_get(damage, "what"));
    const char *from = json_string_value(json_object_get(damage, "from"));
    char *at = memmem(bytes, len, from, strlen(from)), *behind;

    if (!at)
        fail_msg("%s: %s: not in it", name, what);
    behind = at + strlen(from);
    memmove(at + to_len, behind, (size_t)(bytes + len - behind));
    memcpy(at, to, to_len);
    if (!*verify(name, bytes, len + to_len - strlen(from)))
        fail_msg("%s: %s: taken", name, what);
}

static void every_damaged_file_is_a_mismatch(void **state)
{
    json_t *damages = json_load_file(FOLDER "damages.json", JSON_ALLOW_NUL, NULL), *damage, *name;
    size_t i, j;

    (void)state;
    assert_true(json_array_size(damages) > 100);
    json_array_foreach(damages, i, damage)
    {
        json_array_foreach(json_object_get(damage, "of"), j, name)
        {
            judge(damage, json_string_value(name));
        }
    }
    json_decref(damages);
}

static void each_of_them_undamaged_is_right(void **state)
{
    static const char *const names[] = {"published",      "frozen",       "void",        "void-early", "receipt",
                                        "receipt-frozen", "receipt-void", "published-2", "frozen-2",   "receipt-2"};
    static char bytes[32768];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_string_equal(verify(names[i], bytes, read_whole(names[i], bytes, sizeof(bytes))), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_damaged_file_is_a_mismatch),
        cmocka_unit_test(each_of_them_undamaged_is_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
