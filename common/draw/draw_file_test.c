#include "common/draw/draw_file.h"
#include "common/draw/draw_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/draw/draw_test.h"

static struct draw_reader reader;

/* Whether the bytes, given in pieces, are a right file or receipt. */
static bool read_all(const char *bytes, size_t len, size_t piece, bool receipt)
{
    bool right = draw_reader_init(&reader, receipt);

    for (size_t at = 0; right && at < len; at += piece)
        right = draw_reader_feed(&reader, bytes + at, at + piece < len ? piece : len - at);
    right = right && draw_reader_end(&reader);
    assert_int_equal(right, *reader.problem == '\0');
    assert_int_equal(draw_reader_end(&reader), right);
    if (!right)
        assert_false(draw_reader_feed(&reader, "x", 1));
    draw_reader_done(&reader);
    return right;
}

static void write_all(struct draw_test *t, struct buf *buf)
{
    bool drawn = t->draw.state == DRAW_DRAWN || t->draw.state == DRAW_PUBLISHED ||
                 (t->draw.state == DRAW_VOID && t->draw.void_from == DRAW_DRAWN);
    struct draw_writer writer;

    buf_init(buf, 1 << 20);
    draw_writer_init(&writer, &t->terms, &t->draw, t->list.entries ? &t->list : NULL, drawn ? &t->job : NULL);
    while (draw_writer_step(&writer, buf, 7))
        continue;
    assert_false(buf->failed);
}

/* A drawn file of n entrants. */
static void make(struct draw_test *t, uint32_t n, uint32_t strata, uint32_t quota, uint32_t waiting, struct buf *buf)
{
    draw_test_terms(t, strata, quota, waiting);
    draw_test_enter(t, n, true, MANY);
    draw_test_draw(t, "7 8 9", MANY);
    write_all(t, buf);
}

static void a_published_file_is_verified_in_pieces_of_any_size(void **state)
{
    static const uint32_t cases[][4] = {{1, 1, 1, 1},   {150, 1, 10, 5},  {150, 3, 10, 5},   {150, 2, 0, 3},
                                        {20, 2, 50, 0}, {150, 1, 150, 0}, {150, 2, 0, 5000}, {64, 3, 0, 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct draw_test t;
        struct buf buf;

        make(&t, cases[i][0], cases[i][1], cases[i][2], cases[i][3], &buf);
        for (size_t piece = 1; piece < buf.len * 2; piece = piece * 3 + 1) {
            if (!read_all(buf.bytes, buf.len, piece, false))
                fail_msg("case %zu: line %llu: %s", i, (unsigned long long)reader.line, reader.problem);
        }
        buf_done(&buf);
        draw_test_done(&t);
    }
}

static void a_file_with_any_byte_changed_is_refused(void **state)
{
    static const char others[] = "0123456789abcdefghvx \n-\xff";
    struct draw_test t;
    struct buf buf;

    (void)state;
    make(&t, 20, 2, 3, 4, &buf);
    for (size_t at = 0; at < buf.len; at++) {
        char right = buf.bytes[at];

        for (size_t i = at % 3; i < sizeof(others); i += 3) {
            buf.bytes[at] = others[i];
            if (others[i] != right && read_all(buf.bytes, buf.len, buf.len, false))
                fail_msg("byte %zu, %c for %c", at, others[i], right);
        }
        buf.bytes[at] = right;
    }
    assert_true(read_all(buf.bytes, buf.len, buf.len, false));
    buf_done(&buf);
    draw_test_done(&t);
}

static void a_file_that_breaks_off_or_goes_on_is_refused(void **state)
{
    struct draw_test t;
    struct buf buf;

    (void)state;
    make(&t, 20, 2, 3, 4, &buf);
    for (size_t len = 0; len < buf.len; len++)
        assert_false(read_all(buf.bytes, len, 100, false));
    buf_str(&buf, "\n");
    assert_false(read_all(buf.bytes, buf.len, 100, false));
    buf_done(&buf);
    draw_test_done(&t);
}

static void a_file_with_a_line_removed_doubled_or_moved_is_refused(void **state)
{
    struct draw_test t;
    struct buf buf, changed;

    (void)state;
    make(&t, 20, 2, 3, 4, &buf);
    for (const char *line = buf.bytes, *end = line + buf.len; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));

        next++;
        for (int times = 0; times <= 2; times += 2) {
            buf_init(&changed, 1 << 20);
            buf_add(&changed, buf.bytes, (size_t)(line - buf.bytes));
            for (int i = 0; i < times; i++)
                buf_add(&changed, line, (size_t)(next - line));
            buf_add(&changed, next, (size_t)(end - next));
            assert_false(read_all(changed.bytes, changed.len, 1000, false));
            buf_done(&changed);
        }
        buf_init(&changed, 1 << 20);
        buf_add(&changed, next, (size_t)(end - next));
        buf_add(&changed, buf.bytes, (size_t)(next - buf.bytes));
        assert_int_equal(read_all(changed.bytes, changed.len, 1000, false), next == end);
        buf_done(&changed);
        line = next;
    }
    buf_done(&buf);
    draw_test_done(&t);
}

/* Whether a file is taken in which all else follows from when the list was fixed, and from the value. */
static bool is_taken(int64_t frozen_ms, const char *value)
{
    struct draw_test t;
    struct buf buf;
    bool taken;

    draw_test_terms(&t, 2, 3, 4);
    draw_test_enter(&t, 20, true, MANY);
    t.draw.frozen_ms = frozen_ms;
    draw_root_hash(&t.draw, t.list.top, t.list.n, t.draw.root);
    draw_test_draw(&t, value, MANY);
    write_all(&t, &buf);
    taken = read_all(buf.bytes, buf.len, buf.len, false);
    buf_done(&buf);
    draw_test_done(&t);
    return taken;
}

static void a_list_fixed_too_late_or_a_value_in_another_spelling_is_refused(void **state)
{
    (void)state;
    assert_true(is_taken(2000, "7 8 9"));
    assert_true(is_taken(2999, "7 8 9"));
    assert_false(is_taken(1999, "7 8 9"));
    assert_false(is_taken(3000, "7 8 9"));
    assert_false(is_taken(2000, "7,8,9"));
    assert_false(is_taken(2000, "7 8 9 1"));
}

static void two_places_exchanged_are_refused(void **state)
{
    struct draw_test t;
    struct buf buf;
    uint32_t *places;

    (void)state;
    make(&t, 100, 1, 5, 5, &buf);
    buf_done(&buf);
    places = t.job.places;
    for (uint32_t a = 0; a < 100; a++) {
        for (uint32_t b = 0; b < a; b++) {
            uint32_t of_a = places[a], of_b = places[b];

            if (of_a == of_b)
                continue;
            places[a] = of_b;
            places[b] = of_a;
            write_all(&t, &buf);
            assert_false(read_all(buf.bytes, buf.len, buf.len, false));
            buf_done(&buf);
            places[a] = of_a;
            places[b] = of_b;
        }
    }
    draw_test_done(&t);
}

static void a_draw_from_a_secret_that_was_not_committed_to_is_refused(void **state)
{
    struct draw_test t;
    struct buf buf;

    (void)state;
    for (int other = 0; other < 2; other++) {
        draw_test_terms(&t, 2, 3, 4);
        draw_test_enter(&t, 20, true, MANY);
        draw_test_draw(&t, "7 8 9", MANY);
        draw_job_done(&t.job);
        t.draw.secret[0] ^= (unsigned char)other;
        draw_seed(t.draw.secret, t.draw.root, t.draw.value, t.draw.seed);
        ensure(draw_job_init(&t.job, &t.list, &t.terms, t.draw.seed));
        while (draw_job_step(&t.job, MANY) == DRAW_MORE)
            continue;
        write_all(&t, &buf);
        assert_int_equal(read_all(buf.bytes, buf.len, buf.len, false), other == 0);
        buf_done(&buf);
        draw_test_done(&t);
    }
}

static void frozen_and_void_draws_are_files_too(void **state)
{
    struct draw_test t;
    struct buf buf;

    (void)state;
    for (int stage = 0; stage < 5; stage++) {
        draw_test_terms(&t, 2, 3, 3);
        if (stage == 0)
            ensure(draw_announce(&t.draw, &t.terms, 0) == DRAW_OK);
        else
            draw_test_enter(&t, 30, true, MANY);
        if (stage >= 3)
            draw_test_draw(&t, "7 8 9", MANY);
        if (stage != 1 && stage != 4)
            assert_int_equal(draw_make_void(&t.draw, "作废 because"), DRAW_OK);
        write_all(&t, &buf);
        if (!read_all(buf.bytes, buf.len, 33, false))
            fail_msg("stage %d: line %llu: %s", stage, (unsigned long long)reader.line, reader.problem);
        if (stage == 3) {
            /* What it would have given is verified as well. */
            char *place = strstr(buf.bytes, " 1\n");

            place[1] = '9';
            assert_false(read_all(buf.bytes, buf.len, 33, false));
        }
        buf_done(&buf);
        draw_test_done(&t);
    }
}

static void a_line_of_any_length_and_any_bytes_is_survived(void **state)
{
    static char bytes[3 * DRAW_LINE_MAX];

    (void)state;
    for (size_t piece = 1; piece < sizeof(bytes); piece = piece * 5) {
        memset(bytes, 'x', sizeof(bytes));
        assert_false(read_all(bytes, sizeof(bytes), piece, false));
        memset(bytes, 0, sizeof(bytes));
        assert_false(read_all(bytes, sizeof(bytes), piece, true));
        memset(bytes, '\n', sizeof(bytes));
        assert_false(read_all(bytes, sizeof(bytes), piece, false));
    }
    assert_false(read_all("", 0, 1, false));
}

static void write_receipt(struct draw_test *t, uint32_t index, struct buf *buf)
{
    struct draw_outcome outcomes[3];

    for (uint32_t i = 0; i < t->terms.n_strata; i++)
        draw_job_outcome(&t->job, i, &outcomes[i]);
    buf_init(buf, 1 << 20);
    draw_receipt_write(&t->terms, &t->draw, &t->list, index, outcomes, draw_job_place(&t->job, index), buf);
}

static void everybody_has_a_receipt_that_holds(void **state)
{
    struct draw_test t;
    struct buf buf;

    (void)state;
    make(&t, 200, 3, 10, 10, &buf);
    buf_done(&buf);
    for (uint32_t i = 0; i < t.list.n; i++) {
        write_receipt(&t, i, &buf);
        if (!read_all(buf.bytes, buf.len, 50, true))
            fail_msg("entry %u: line %llu: %s", i, (unsigned long long)reader.line, reader.problem);
        assert_false(read_all(buf.bytes, buf.len, 50, false));
        buf_done(&buf);
    }
    draw_test_done(&t);

    draw_test_terms(&t, 3, 10, 10);
    draw_test_enter(&t, 200, true, MANY);
    buf_init(&buf, 1 << 20);
    draw_receipt_write(&t.terms, &t.draw, &t.list, 150, NULL, 0, &buf);
    assert_true(read_all(buf.bytes, buf.len, 50, true));
    buf_done(&buf);
    draw_test_done(&t);
}

/* What is hers in a receipt: all but the outcomes of other strata and a place that
 * stays on the same side of the quota. */
static void a_receipt_with_anything_of_hers_changed_is_refused(void **state)
{
    struct draw_test t;
    struct buf buf;
    char *from, *to;

    (void)state;
    make(&t, 200, 1, 10, 10, &buf);
    buf_done(&buf);
    for (uint32_t i = 0; i < t.list.n; i += 17) {
        write_receipt(&t, i, &buf);
        from = strstr(buf.bytes, "\nroot ") + 6;
        to = strstr(buf.bytes, "\nentries ");
        for (int part = 0; part < 3; part++) {
            for (char *at = from; at < to; at++) {
                char right = *at;

                *at = right == '1' ? '2' : '1';
                if (read_all(buf.bytes, buf.len, buf.len, true))
                    fail_msg("%zu", (size_t)(at - buf.bytes));
                *at = right;
            }
            from = strstr(buf.bytes, part == 0 ? "\nsecret " : "\nleaf ") + 1;
            to = part == 0 ? strstr(buf.bytes, "\noutcome ") : buf.bytes + buf.len;
        }
        buf_done(&buf);
    }
    draw_test_done(&t);
}

static void a_receipt_that_claims_to_have_won_or_lost_wrongly_is_refused(void **state)
{
    struct draw_test t;
    struct buf buf;

    (void)state;
    make(&t, 200, 1, 10, 10, &buf);
    buf_done(&buf);
    for (uint32_t i = 0; i < t.list.n; i += 3) {
        uint32_t right = t.job.places[i];

        for (uint32_t claim = 0; claim <= 21; claim++) {
            t.job.places[i] = claim;
            write_receipt(&t, i, &buf);
            bool believed = read_all(buf.bytes, buf.len, buf.len, true);

            if (claim == right)
                assert_true(believed);
            if ((claim && claim <= 10) != (right && right <= 10) || claim > 20)
                assert_false(believed);
            buf_done(&buf);
        }
        t.job.places[i] = right;
    }
    draw_test_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_file_is_verified_in_pieces_of_any_size),
        cmocka_unit_test(a_file_with_any_byte_changed_is_refused),
        cmocka_unit_test(a_file_that_breaks_off_or_goes_on_is_refused),
        cmocka_unit_test(a_file_with_a_line_removed_doubled_or_moved_is_refused),
        cmocka_unit_test(a_list_fixed_too_late_or_a_value_in_another_spelling_is_refused),
        cmocka_unit_test(two_places_exchanged_are_refused),
        cmocka_unit_test(a_draw_from_a_secret_that_was_not_committed_to_is_refused),
        cmocka_unit_test(frozen_and_void_draws_are_files_too),
        cmocka_unit_test(a_line_of_any_length_and_any_bytes_is_survived),
        cmocka_unit_test(everybody_has_a_receipt_that_holds),
        cmocka_unit_test(a_receipt_with_anything_of_hers_changed_is_refused),
        cmocka_unit_test(a_receipt_that_claims_to_have_won_or_lost_wrongly_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
