#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "common/base/limits.h"
#include "common/trust/heads.h"
#include "tests/harness.h"

#define REST   "01010101010101010101010101010101010101010101010101010101010101\n"
#define SECRET "01" REST

static char dir[32], key_file[64], said[400];

static int write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    int failed = !file || fputs(text, file) < 0;

    if (file)
        failed |= fclose(file) != 0;
    return failed || chmod(path, 0600) ? -1 : 0;
}

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/huigong-heads-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(key_file, sizeof(key_file), "%s/secret", dir);
    return write_file(key_file, SECRET) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    harness_remove_dir(dir);
    return 0;
}

static void hash_of(int64_t seq, unsigned char ret[HEAD_HASH_LEN])
{
    memset(ret, (int)seq, HEAD_HASH_LEN);
}

static struct heads *open_heads(void)
{
    struct heads *heads = heads_open(key_file, dir, "coupon");

    assert_non_null(heads);
    return heads;
}

static void sign(struct heads *heads, int64_t seq)
{
    unsigned char hash[HEAD_HASH_LEN];

    hash_of(seq, hash);
    assert_int_equal(heads_sign(heads, seq, 1000 * seq, hash), 0);
}

static bool agrees(const struct head *head, void *arg)
{
    unsigned char hash[HEAD_HASH_LEN];
    int64_t *last = arg;

    hash_of(head->seq, hash);
    *last = head->seq;
    return head->at == 1000 * head->seq && memcmp(hash, head->hash, sizeof(hash)) == 0;
}

/* The number of heads or -1, with what was said of them. */
static int64_t check(const char *queue)
{
    FILE *out = fmemopen(said, sizeof(said), "w");
    int64_t last = 0, n;

    said[0] = '\0';
    n = heads_check(dir, queue, agrees, &last, out);
    fclose(out);
    return n;
}

/* The text of the heads, for a test to change. */
static char *heads_text(void)
{
    static char text[4096];
    char path[64];

    FILE *file;

    snprintf(path, sizeof(path), "%s/heads", dir);
    file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void write_heads(const char *text)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/heads", dir);
    assert_int_equal(write_file(path, text), 0);
}

static void what_is_signed_is_found_again(void **state)
{
    struct heads *heads = open_heads();
    struct head list[3];

    (void)state;
    assert_int_equal(check("coupon"), 0);
    sign(heads, 4);
    sign(heads, 9);
    heads_close(heads);
    heads = open_heads();
    assert_int_equal(heads_last(heads), 9);
    sign(heads, 12);
    assert_int_equal(heads_list(heads, list, 3), 3);
    assert_int_equal(list[0].seq, 4);
    assert_int_equal(list[2].seq, 12);
    assert_int_equal(heads_list(heads, list, 2), 2);
    assert_int_equal(list[0].seq, 9);
    heads_close(heads);
    assert_int_equal(check("coupon"), 3);
    assert_string_equal(said, "");
    assert_int_equal(check("health"), -1);
    assert_non_null(strstr(said, "line 1 is no head of this journal"));
}

static void every_changed_character_is_noticed(void **state)
{
    struct heads *heads = open_heads();
    char *text;

    (void)state;
    sign(heads, 7);
    heads_close(heads);
    text = heads_text();
    for (size_t i = 0; text[i]; i++) {
        char was = text[i];

        text[i] = (char)(was ^ 1);
        write_heads(text);
        if (check("coupon") != -1)
            fail_msg("character %zu, %c as %c", i, was, text[i]);
        text[i] = was;
    }
    write_heads(text);
    assert_int_equal(check("coupon"), 1);
}

static void a_head_signed_by_another_key_counts_for_nothing(void **state)
{
    struct heads *heads = open_heads();

    (void)state;
    sign(heads, 7);
    heads_close(heads);
    /* Another key signs a head of its own and takes the place of the public one. */
    assert_int_equal(write_file(key_file, "02" REST), 0);
    heads = open_heads();
    sign(heads, 8);
    heads_close(heads);
    assert_int_equal(check("coupon"), -1);
    assert_non_null(strstr(said, "line 1 is not signed by key.pub"));
}

static void a_key_that_is_none_is_refused(void **state)
{
    (void)state;
    assert_int_equal(write_file(key_file, "short\n"), 0);
    assert_null(heads_open(key_file, dir, "coupon"));
}

static void a_number_that_comes_again_is_noticed(void **state)
{
    struct heads *heads = open_heads();

    (void)state;
    sign(heads, 7);
    sign(heads, 7);
    heads_close(heads);
    assert_int_equal(check("coupon"), -1);
    assert_non_null(strstr(said, "line 2 is not behind the one before"));
}

static void a_line_cut_by_a_crash_is_closed_and_passed_over(void **state)
{
    struct heads *heads = open_heads();
    char *text;

    (void)state;
    sign(heads, 7);
    sign(heads, 8);
    heads_close(heads);
    text = heads_text();
    text[strlen(text) - 20] = '\0';
    write_heads(text);
    assert_int_equal(check("coupon"), -1);
    heads = open_heads();
    assert_int_equal(heads_last(heads), 7);
    sign(heads, 9);
    heads_close(heads);
    assert_int_equal(check("coupon"), 2);
}

static void only_the_newest_are_kept_at_hand(void **state)
{
    static struct head list[LIMIT_HEADS_SHOWN + 1];
    struct heads *heads = open_heads();

    (void)state;
    for (int64_t seq = 1; seq <= LIMIT_HEADS_SHOWN + 5; seq++)
        sign(heads, seq);
    assert_int_equal(heads_list(heads, list, LIMIT_HEADS_SHOWN + 1), LIMIT_HEADS_SHOWN);
    assert_int_equal(list[0].seq, 6);
    assert_int_equal(list[LIMIT_HEADS_SHOWN - 1].seq, LIMIT_HEADS_SHOWN + 5);
    heads_close(heads);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_signed_is_found_again),
        TEST(every_changed_character_is_noticed),
        TEST(a_head_signed_by_another_key_counts_for_nothing),
        TEST(a_key_that_is_none_is_refused),
        TEST(a_number_that_comes_again_is_noticed),
        TEST(a_line_cut_by_a_crash_is_closed_and_passed_over),
        TEST(only_the_newest_are_kept_at_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
