/* A closed part of a journal as a file: what is read is what was written, or a fault. */
#include "common/store/archive_fixture.h"

#include <fcntl.h>
#include <stdio.h>

#include "common/base/bytes.h"
#include "common/store/journal_internal.h"

#define FIRST 501
#define ROWS  300

static char path[96];
static struct segment_facts facts;
static unsigned char whole[SEGMENT_HASH_LEN];
static Rpc__JournalRow rows[ROWS];
static unsigned char bodies[ROWS][LIMIT_EVENT], hashes[ROWS][SEGMENT_HASH_LEN];

static int32_t kind_of(int i)
{
    return i % 50 == 49 ? 900 : i % 3 + 1;
}

/* Rows of all lengths, in a chain. */
static void make_rows(void)
{
    memset(facts.before, 7, sizeof(facts.before));
    for (int i = 0; i < ROWS; i++) {
        Rpc__JournalRow *row = &rows[i];

        rpc__journal_row__init(row);
        row->seq = FIRST + i;
        row->at = NOW + i;
        row->kind = kind_of(i);
        row->actor = i == 5 ? INT64_MIN : i;
        row->body = (ProtobufCBinaryData){i == 1 ? 0 : i == 2 ? LIMIT_EVENT : (size_t)i % 90, bodies[i]};
        memset(bodies[i], i, sizeof(bodies[i]));
        row->hash = (ProtobufCBinaryData){SEGMENT_HASH_LEN, hashes[i]};
        journal_row_hash(i ? hashes[i - 1] : facts.before, row->seq, row->at, row->kind, row->actor, row->body.data,
                         row->body.len, hashes[i]);
    }
}

static void write_file(void)
{
    struct segment_writer *writer = segment_writer_new();

    assert_non_null(writer);
    assert_int_equal(segment_begin(writer, path, &facts), 0);
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(segment_add(writer, &rows[i]), 0);
    assert_int_equal(segment_finish(writer, &fixture_vouch, whole), 0);
    assert_int_equal(segment_sync(writer), 0);
    segment_writer_free(writer);
}

static int setup(void **state)
{
    fixture_setup(state);
    snprintf(path, sizeof(path), "%s/one", a.files);
    facts = (struct segment_facts){.queue = "sample", .number = 3, .first = FIRST, .last = FIRST + ROWS - 1};
    make_rows();
    write_file();
    return 0;
}

static struct segment *open_file(void)
{
    const char *fault;
    struct segment *segment = segment_open(path, &fault);

    assert_non_null(segment);
    return segment;
}

static bool is_row(const Rpc__JournalRow *row, int i)
{
    const Rpc__JournalRow *wanted = &rows[i];

    return row->seq == wanted->seq && row->at == wanted->at && row->kind == wanted->kind &&
           row->actor == wanted->actor && row->body.len == wanted->body.len &&
           memcmp(row->body.data, wanted->body.data, row->body.len) == 0 && row->hash.len == SEGMENT_HASH_LEN &&
           memcmp(row->hash.data, hashes[i], SEGMENT_HASH_LEN) == 0;
}

static void rows_come_back_as_they_were(void **state)
{
    struct segment *segment = open_file();
    unsigned char hash[SEGMENT_HASH_LEN];
    char text[SEGMENT_TEXT_SIZE];
    const struct segment_facts *read = segment_facts(segment);
    Rpc__JournalRow row;

    (void)state;
    assert_string_equal(read->queue, "sample");
    assert_true(read->number == 3 && read->first == FIRST && read->last == FIRST + ROWS - 1);
    assert_memory_equal(read->head, hashes[ROWS - 1], SEGMENT_HASH_LEN);
    assert_true(fixture_check(NULL, text, (size_t)segment_text(read, text), read->key, read->signature));
    for (int step = 1; step <= 7; step += 3) { /* one after the other, and to and fro */
        for (int i = 0; i < ROWS; i++) {
            int k = i * step % ROWS;

            assert_true(segment_row(segment, FIRST + k, &row));
            assert_true(is_row(&row, k));
        }
    }
    assert_true(segment_check(segment) && segment_hash(segment, hash));
    assert_memory_equal(hash, whole, sizeof(whole));
    segment_close(segment);
}

static void kinds_are_walked_in_order_from_anywhere(void **state)
{
    static const int32_t sets[][3] = {{1, 0, 0}, {900, 0, 0}, {3, 900, 0}, {1, 2, 3}, {4, 5, 1023}};
    struct segment *segment = open_file();

    (void)state;
    for (size_t set = 0; set < ARRAY_LEN(sets); set++) {
        for (int64_t after = FIRST - 2; after <= FIRST + ROWS; after++) {
            struct segment_walk walk;

            assert_true(segment_walk_begin(segment, &walk, sets[set], 3, after));
            for (int i = after < FIRST ? 0 : (int)(after - FIRST + 1); i < ROWS; i++) {
                if (kind_of(i) == sets[set][0] || kind_of(i) == sets[set][1] || kind_of(i) == sets[set][2])
                    assert_int_equal(segment_walk_next(segment, &walk), FIRST + i);
            }
            assert_int_equal(segment_walk_next(segment, &walk), 0);
            assert_int_equal(segment_walk_next(segment, &walk), 0);
        }
    }
    segment_close(segment);
}

/* ---- damage ---- */

static unsigned char *read_file(size_t *ret_size)
{
    static unsigned char bytes[1 << 20];
    int fd = open(path, O_RDONLY);
    ssize_t size = read(fd, bytes, sizeof(bytes));

    assert_true(size > 0 && size < (ssize_t)sizeof(bytes));
    close(fd);
    *ret_size = (size_t)size;
    return bytes;
}

static void put_file(const unsigned char *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_TRUNC);

    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
}

/* Reads all that a file gives: no row that it gives is another one than was written. Whether
 * all is found sound but for the signature. */
static bool reads_right(void)
{
    static const int32_t kinds[] = {1, 2, 3, 900};
    const char *fault = NULL;
    struct segment *segment = segment_open(path, &fault);
    unsigned char hash[SEGMENT_HASH_LEN];
    struct segment_walk walk;
    Rpc__JournalRow row;
    bool sound;

    if (!segment) {
        assert_true(fault && *fault);
        return false;
    }
    for (int64_t seq = segment_facts(segment)->first; seq <= segment_facts(segment)->last; seq++) {
        if (segment_row(segment, seq, &row))
            assert_true(seq < FIRST || seq >= FIRST + ROWS || is_row(&row, (int)(seq - FIRST)));
        else
            assert_true(*segment_fault(segment));
    }
    if (segment_walk_begin(segment, &walk, kinds, 4, 0)) {
        while (segment_walk_next(segment, &walk) > 0)
            continue;
    }
    sound = segment_check(segment) && segment_hash(segment, hash) && memcmp(hash, whole, sizeof(whole)) == 0;
    segment_close(segment);
    return sound;
}

static void any_changed_byte_is_found(void **state)
{
    size_t size;
    unsigned char *bytes = read_file(&size);

    (void)state;
    assert_int_equal(chmod(path, 0600), 0);
    assert_true(reads_right());
    /* Each of the statement, the index and the first rows, and some between. */
    for (size_t i = 0; i < size; i += i < 600 || i > size - 1200 ? 1 : 61) {
        bytes[i] ^= (unsigned char)(1 << i % 8);
        put_file(bytes, size);
        if (reads_right())
            fail_msg("byte %zu of %zu", i, size);
        bytes[i] ^= (unsigned char)(1 << i % 8);
    }
    put_file(bytes, size);
    assert_true(reads_right());
}

/* Whoever reads by kind would miss a row: the check holds the index against the rows. */
static void an_index_that_lies_is_found(void **state)
{
    size_t size, lists, second = ROWS / 3 - ROWS / 150; /* where the rows of kind 2 begin */
    unsigned char *bytes = read_file(&size);
    struct segment *segment;

    (void)state;
    assert_int_equal(chmod(path, 0600), 0);
    lists = (size_t)get_be64(bytes + size - SEGMENT_STATEMENT - 12) + 4 * ROWS;
    assert_true(get_be32(bytes + lists) == 0 && get_be32(bytes + lists + 4 * second) == 1);
    put_be32(bytes + lists, 1);
    put_be32(bytes + lists + 4 * second, 0);
    put_file(bytes, size);
    segment = open_file();
    assert_false(segment_check(segment));
    assert_string_equal(segment_fault(segment), "has a row 501 that its index does not have");
    segment_close(segment);
}

static void any_cut_is_found(void **state)
{
    size_t size;
    unsigned char *bytes = read_file(&size);
    const char *fault;

    (void)state;
    assert_int_equal(chmod(path, 0600), 0);
    for (size_t i = 0; i < size; i += i < 600 || i > size - 1200 ? 1 : 61) {
        put_file(bytes, i);
        assert_null(segment_open(path, &fault));
    }
}

/* A file that shrinks while it is read is a fault, not the end of the process. */
static void a_file_that_is_cut_while_it_is_read_is_a_fault(void **state)
{
    struct segment *segment = open_file();
    Rpc__JournalRow row;

    (void)state;
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 5000), 0);
    assert_false(segment_row(segment, FIRST + ROWS - 1, &row));
    assert_string_equal(segment_fault(segment), "is cut or cannot be read");
    segment_close(segment);
}

static void what_cannot_be_a_row_is_not_written(void **state)
{
    static const int32_t kinds[] = {0, -1, SEGMENT_KINDS};
    struct segment_writer *writer = segment_writer_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        Rpc__JournalRow row = rows[0];

        row.kind = kinds[i];
        assert_int_equal(segment_begin(writer, path, &facts), 0);
        assert_int_equal(segment_add(writer, &row), -1);
    }
    segment_writer_free(writer);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_back_as_they_were, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(kinds_are_walked_in_order_from_anywhere, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(any_changed_byte_is_found, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_index_that_lies_is_found, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(any_cut_is_found, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_cut_while_it_is_read_is_a_fault, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_a_row_is_not_written, setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
