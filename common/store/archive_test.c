/* A journal and its archive are one: whoever reads finds the same rows wherever they are. */
#include "common/store/archive_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#define ROWS     3000
#define OF_ROW_2 119 /* a byte of the second row */

/* ---- one journal ---- */

static unsigned long long digest;

static void note(const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        digest = (digest ^ ((const unsigned char *)bytes)[i]) * 1099511628211ULL;
}

/* Follows the journal to its end as a request says; notes every row, counts them and the pages. */
static int64_t follow(const int32_t *kinds, size_t n_kinds, int64_t since, int32_t limit, int *ret_pages)
{
    int64_t after = 0, rows = 0;
    unsigned char hash[JOURNAL_HASH_LEN];
    size_t hash_len = 0;

    for (*ret_pages = 0;; (*ret_pages)++) {
        Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
        Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;

        request.after_seq = after;
        request.since = after ? 0 : since;
        request.limit = limit;
        request.kinds = unconst(kinds);
        request.n_kinds = n_kinds;
        request.after_hash = (ProtobufCBinaryData){hash_len, hash};
        arena_reset(&a.arena);
        assert_int_equal(journal_read(&a.journal, &request, &a.arena, &page), 0);
        assert_int_equal(page.last_seq, a.journal.tip.seq);
        for (size_t i = 0; i < page.n_rows; i++, rows++) {
            const Rpc__JournalRow *row = page.rows[i];

            assert_true(row->seq > after && row->seq <= page.read_to);
            note(&row->seq, sizeof(row->seq));
            note(&row->at, sizeof(row->at));
            note(&row->kind, sizeof(row->kind));
            note(&row->actor, sizeof(row->actor));
            note(row->body.data, row->body.len);
            note(row->hash.data, row->hash.len);
        }
        assert_int_equal(page.read_hash.len, page.read_to ? JOURNAL_HASH_LEN : 0);
        if (page.read_to == after && page.n_rows == 0)
            return rows;
        after = page.read_to;
        memcpy(hash, page.read_hash.data, JOURNAL_HASH_LEN);
        hash_len = JOURNAL_HASH_LEN;
    }
}

/* All that any reader finds, as one number. */
static unsigned long long all(void)
{
    static const int32_t show[] = {KIND_SHOW}, both[] = {KIND_SEAT, 99, KIND_SHOW}, other[] = {3};
    unsigned char hash[JOURNAL_HASH_LEN];
    int pages;

    digest = 14695981039346656037ULL;
    assert_int_equal(follow(NULL, 0, 0, 0, &pages), a.journal.tip.seq);
    assert_int_equal(follow(both, 3, 0, 170, &pages), a.journal.tip.seq);
    assert_int_equal(follow(show, 1, 0, 0, &pages), a.journal.tip.seq / 7);
    assert_int_equal(follow(show, 1, NOW + 4200, 5, &pages), a.journal.tip.seq / 7 - 419 / 7);
    assert_int_equal(follow(NULL, 0, NOW + 12345, 7, &pages), a.journal.tip.seq - 1234);
    assert_int_equal(follow(other, 1, 0, 0, &pages), 0);
    for (int64_t seq = 1; seq <= a.journal.tip.seq; seq++) {
        assert_true(journal_hash_at(&a.journal, seq, hash));
        note(hash, sizeof(hash));
    }
    assert_false(journal_hash_at(&a.journal, 0, hash));
    assert_false(journal_hash_at(&a.journal, a.journal.tip.seq + 1, hash));
    assert_true(journal_older(&a.journal, 5, NOW + 51) && !journal_older(&a.journal, 5, NOW + 50));
    return digest;
}

static void readers_find_the_same_before_between_and_after(void **state)
{
    unsigned long long before;

    (void)state;
    fixture_rows(ROWS);
    before = all();
    for (int64_t upto = 0; upto <= ROWS - 1; upto += 370) {
        while (fixture_step(370, upto)) {
            if (archive_due(&a.journal) == ARCHIVE_CLEAR) /* the file and the table both have them */
                assert_true(all() == before);
        }
        assert_true(all() == before);
        assert_string_equal(fixture_audit(), "");
    }
    assert_int_equal(a.journal.archived, 2960);
    fixture_restart();
    assert_true(all() == before);
    assert_string_equal(fixture_audit(), "");
    fixture_archive(1, 2965); /* the least of segments */
    assert_int_equal(a.journal.segments, 13);
    assert_true(all() == before);
    assert_string_equal(fixture_audit(), "");
}

static void rows_about_money_stay_in_the_table(void **state)
{
    (void)state;
    fixture_rows(ROWS);
    fixture_archive(700, ROWS - 1);
    assert_int_equal(a.journal.archived, 2800);
    assert_int_equal(fixture_number("SELECT count(*) FROM journal WHERE seq <= 2800 AND kind = 2"), 0);
    assert_int_equal(fixture_number("SELECT count(*) FROM journal WHERE seq <= 2800"), 400);
    assert_int_equal(fixture_number("SELECT count(*) FROM journal WHERE seq > 2800"), 200);
}

static void a_reader_of_few_rows_passes_by_the_others(void **state)
{
    static const int32_t show[] = {KIND_SHOW}, none[] = {77};
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;
    int pages;

    (void)state;
    fixture_rows(ROWS);
    fixture_archive(100, ROWS - 1);
    assert_int_equal(a.journal.segments, 29);
    request.kinds = unconst(none);
    request.n_kinds = 1;
    assert_int_equal(journal_read(&a.journal, &request, &a.arena, &page), 0);
    assert_int_equal(page.read_to, LIMIT_SEGMENTS_PAGE * 100); /* and no further in one call */
    follow(none, 1, 0, 0, &pages);
    assert_int_equal(pages, 4); /* three of 8 files, then 5 and the table */
    follow(show, 1, 0, 10, &pages);
    assert_true(pages <= 60); /* 429 rows by 10, where each is looked at: 300 */
}

/* ---- whatever dies when ---- */

static void a_death_at_any_moment_loses_nothing(void **state)
{
    unsigned long long before;
    int step = 0, deaths = 0;

    (void)state;
    fixture_rows(ROWS);
    before = all();
    for (bool more = true; more; step++) {
        fixture_restart();
        for (int i = 0; i <= step && more; i++)
            more = fixture_step(1200, ROWS - 1);
        fixture_restart();
        deaths++;
        assert_true(all() == before);
        assert_string_equal(fixture_audit(), "");
    }
    assert_int_equal(a.journal.archived, 2400);
    assert_true(deaths > 6);
    assert_int_equal(fixture_number("SELECT count(*) FROM journal WHERE seq <= 2400"), 2400 / 7);
}

static void what_was_renamed_and_not_told_is_set_aside(void **state)
{
    const struct dirent *entry;
    char path[96];
    int aside = 0;
    DIR *dir;

    (void)state;
    fixture_rows(ROWS);
    while (archive_due(&a.journal) != ARCHIVE_RECORD)
        assert_true(fixture_step(1000, ROWS - 1));
    fixture_path(1, path);
    assert_int_equal(access(path, F_OK), 0);
    fixture_restart(); /* it died before the store was told */
    assert_int_equal(a.journal.archived, 0);
    fixture_archive(900, ROWS - 1);
    assert_int_equal(a.journal.archived, 2700);
    assert_string_equal(fixture_audit(), "");
    dir = opendir(a.files);
    while ((entry = readdir(dir)))
        aside += strncmp(entry->d_name, "000001.segment.aside-", 21) == 0;
    closedir(dir);
    assert_int_equal(aside, 1);
}

static void rows_that_do_not_match_are_not_closed(void **state)
{
    (void)state;
    fixture_rows(ROWS);
    fixture_change("UPDATE journal SET actor = actor + 1 WHERE seq = 640");
    assert_int_equal(archive_begin(&a.journal, 1000), 0);
    assert_int_equal(archive_write(&a.journal), 0); /* 500 rows */
    assert_int_equal(archive_write(&a.journal), -1);
    assert_int_equal(archive_due(&a.journal), ARCHIVE_NOTHING);
    fixture_change("UPDATE journal SET actor = actor - 1 WHERE seq = 640");
    fixture_archive(1000, ROWS - 1);
    assert_string_equal(fixture_audit(), "");
}

static void a_folder_that_takes_nothing_is_an_error_and_no_loss(void **state)
{
    unsigned long long before;
    char away[64];

    (void)state;
    fixture_rows(ROWS);
    before = all();
    snprintf(away, sizeof(away), "%s/away", a.dir);
    assert_int_equal(rename(a.files, away), 0);
    assert_int_equal(archive_begin(&a.journal, 1000), -1);
    assert_int_equal(archive_due(&a.journal), ARCHIVE_NOTHING);
    assert_int_equal(rename(away, a.files), 0);
    while (archive_due(&a.journal) != ARCHIVE_SYNC)
        assert_true(fixture_step(1000, ROWS - 1));
    assert_int_equal(rename(a.files, away), 0);
    assert_int_equal(archive_synced(&a.journal, archive_sync(&a.journal)), -1);
    assert_int_equal(archive_due(&a.journal), ARCHIVE_NOTHING);
    assert_int_equal(rename(away, a.files), 0);
    assert_true(all() == before);
    fixture_archive(1000, ROWS - 1);
    assert_true(all() == before);
}

static void a_full_disk_is_given_up_and_tried_again(void **state)
{
    const struct rlimit full = {20000, RLIM_INFINITY}, empty = {RLIM_INFINITY, RLIM_INFINITY};
    char part[96];
    int result = 0;

    (void)state;
    fixture_rows(ROWS);
    snprintf(part, sizeof(part), "%s/part", a.files);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    assert_int_equal(archive_begin(&a.journal, 1000), 0);
    while (result == 0 && archive_due(&a.journal) == ARCHIVE_WRITE)
        result = archive_write(&a.journal);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &empty), 0);
    assert_int_equal(result, -1);
    assert_int_equal(archive_due(&a.journal), ARCHIVE_NOTHING);
    assert_int_not_equal(access(part, F_OK), 0); /* the room is given back */
    fixture_archive(1000, ROWS - 1);
    assert_int_equal(a.journal.archived, 2000);
    assert_string_equal(fixture_audit(), "");
}

/* ---- files that are not what they were ---- */

static int read_as(int64_t after, void *hash)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;

    request.after_seq = after;
    request.limit = 1;
    request.after_hash = (ProtobufCBinaryData){hash ? JOURNAL_HASH_LEN : 0, hash};
    arena_reset(&a.arena);
    return journal_read(&a.journal, &request, &a.arena, &page);
}

static int read_first(int64_t after)
{
    return read_as(after, NULL);
}

/* The two segments, as they are put back. */
static struct {
    char path[96];
    unsigned char bytes[300000];
    size_t size;
} files[2];

static void keep_files(void)
{
    for (int i = 0; i < 2; i++) {
        FILE *file;

        fixture_path(i + 1, files[i].path);
        file = fopen(files[i].path, "rbe");
        assert_non_null(file);
        files[i].size = fread(files[i].bytes, 1, sizeof(files[i].bytes), file);
        assert_in_range(files[i].size, 1000, sizeof(files[i].bytes) - 1);
        fclose(file);
    }
}

static void put_file(int i, const unsigned char *bytes, size_t size)
{
    FILE *file;

    if (remove(files[i].path))
        assert_int_equal(errno, ENOENT);
    file = fopen(files[i].path, "wbe");
    assert_true(file && fwrite(bytes, 1, size, file) == size);
    fclose(file);
}

static void restore_files(void)
{
    for (int i = 0; i < 2; i++)
        put_file(i, files[i].bytes, files[i].size);
}

/* A byte of the first file becomes another one. */
static void put_byte(size_t at, unsigned char byte)
{
    unsigned char was = files[0].bytes[at];

    assert_int_not_equal(was, byte);
    files[0].bytes[at] = byte;
    put_file(0, files[0].bytes, files[0].size);
    files[0].bytes[at] = was;
}

static size_t statement(void)
{
    return files[0].size - SEGMENT_STATEMENT;
}

static void remove_one(void)
{
    assert_int_equal(remove(files[1].path), 0);
}

static void make_it_a_folder(void)
{
    assert_int_equal(remove(files[0].path), 0);
    assert_int_equal(mkdir(files[0].path, 0700), 0);
}

static void empty(void)
{
    put_file(1, files[1].bytes, 0);
}

static void cut_a_byte(void)
{
    put_file(1, files[1].bytes, files[1].size - 1);
}

static void add_a_byte(void)
{
    put_file(1, files[1].bytes, files[1].size + 1);
}

static void cut_most(void)
{
    put_file(1, files[1].bytes, 20000);
}

static void swap(void)
{
    put_file(0, files[1].bytes, files[1].size);
    put_file(1, files[0].bytes, files[0].size);
}

static void copy_over(void)
{
    put_file(1, files[0].bytes, files[0].size);
}

static void change_a_row(void)
{
    put_byte(OF_ROW_2, 'X');
}

static void change_the_queue(void)
{
    put_byte(statement() + 14, 'i');
}

static void change_a_blank(void)
{
    put_byte(files[0].size - 2, 'x');
}

/* Rows are sound: the audit alone sees it. */
static void change_the_signature(void)
{
    size_t at = files[0].size - 2;

    while (files[0].bytes[at] == ' ')
        at--;
    put_byte(at, files[0].bytes[at] == 'f' ? '0' : 'f');
}

static void assert_named(const char *file, const char *fault)
{
    const char *said = fixture_audit();

    if (!strstr(said, file) || !strstr(said, fault))
        fail_msg("the audit says '%s', not '%s' of %s", said, fault, file);
}

static void damage_is_named_and_refused(void **state)
{
    /* what is done to the files; which the audit names and how; a row that is refused meanwhile, 0: none */
    static const struct {
        void (*change)(void);
        const char *file, *fault;
        int64_t row;
    } cases[] = {
        {remove_one, "000002", "is missing", 1500},
        {make_it_a_folder, "000001", "is no file", 1},
        {empty, "000002", "is no whole segment", 1500},
        {cut_a_byte, "000002", "is no whole segment", 1500},
        {add_a_byte, "000002", "is no whole segment", 1500},
        {cut_most, "000002", "is no whole segment", 1500},
        {swap, "000001", "is another one than the store tells of", 1},
        {copy_over, "000002", "is another one than the store tells of", 1500},
        {change_a_row, "000001", "has a row 2 that does not match its hash", 2},
        {change_the_queue, "000001", "is of another journal", 1},
        {change_a_blank, "000001", "is no whole segment", 1},
        {change_the_signature, "000001", "is not the file that the store tells of", 0},
    };

    (void)state;
    fixture_rows(ROWS);
    fixture_archive(1000, ROWS - 1);
    assert_string_equal(fixture_audit(), "");
    keep_files();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fixture_restart();
        cases[i].change();
        assert_named(cases[i].file, cases[i].fault);
        if (cases[i].row) {
            assert_int_equal(read_first(cases[i].row - 1), RPC__REASON__STORE_FAILED);
            assert_int_equal(read_first(2500), 0); /* what does not need it is read */
            /* Who stands there is not told that the journal is another one. */
            assert_int_equal(read_as(cases[i].row, unconst("not a row's hash, but of 32 bytes")),
                             RPC__REASON__STORE_FAILED);
        }
        restore_files();
        assert_int_equal(read_first(0), 0); /* mended, without a restart */
        assert_int_equal(read_first(1500), 0);
        assert_string_equal(fixture_audit(), "");
    }
}

static void a_file_by_another_key_is_named(void **state)
{
    (void)state;
    fixture_rows(ROWS);
    a.signer = "them";
    fixture_archive(1000, 1000);
    a.signer = "us";
    assert_named("000001", "is not signed by the key of the journal's heads");
}

static void the_table_is_held_against_the_files(void **state)
{
    static const struct {
        const char *change, *back, *fault;
    } cases[] = {
        {"DELETE FROM journal WHERE seq = 14", "INSERT INTO journal SELECT * FROM kept WHERE seq = 14",
         "journal: row 14 is missing, which stays beside the archive\n"},
        {"UPDATE journal SET actor = 99 WHERE seq = 14", "UPDATE journal SET actor = 14 % 11 WHERE seq = 14",
         "journal: row 14 is not as the archive has it\n"},
        {"INSERT INTO journal SELECT -1, at, kind, actor, body, hash FROM journal WHERE seq = 14",
         "DELETE FROM journal WHERE seq = -1", "journal: row -1 is not as the archive has it\n"},
        {"DELETE FROM segment WHERE number = 1", "INSERT INTO segment SELECT * FROM told WHERE number = 1",
         "archive: the store does not tell which file has row 1\n"},
        {"UPDATE segment SET last = 1001 WHERE number = 1", "UPDATE segment SET last = 1000 WHERE number = 1",
         "is another one than the store tells of\n"},
    };

    (void)state;
    fixture_rows(ROWS);
    fixture_change("CREATE TABLE kept AS SELECT * FROM journal");
    fixture_archive(1000, ROWS - 1);
    fixture_change("CREATE TABLE told AS SELECT * FROM segment");
    assert_string_equal(fixture_audit(), "");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fixture_change(cases[i].change);
        assert_named("", cases[i].fault);
        fixture_change(cases[i].back);
        assert_string_equal(fixture_audit(), "");
    }
    fixture_change("DELETE FROM segment WHERE number = 2");
    fixture_restart();
    assert_named("", "journal: row 1002 is missing\n"); /* 1001 is about money */
}

static void a_journal_without_its_folder_says_so(void **state)
{
    unsigned char hash[JOURNAL_HASH_LEN];

    (void)state;
    fixture_rows(ROWS);
    fixture_archive(1000, ROWS - 1);
    archive_close(&a.journal);
    assert_named("", "archive: it has rows 1 to 2000, and HUIGONG_ARCHIVE names no folder\n");
    assert_int_equal(read_first(0), RPC__REASON__STORE_FAILED);
    assert_int_equal(read_first(2100), 0);
    assert_true(journal_hash_at(&a.journal, 14, hash)); /* about money: the table has it */
    assert_false(journal_hash_at(&a.journal, 15, hash));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(readers_find_the_same_before_between_and_after, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(rows_about_money_stay_in_the_table, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_reader_of_few_rows_passes_by_the_others, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_death_at_any_moment_loses_nothing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_was_renamed_and_not_told_is_set_aside, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(rows_that_do_not_match_are_not_closed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_takes_nothing_is_an_error_and_no_loss, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_given_up_and_tried_again, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(damage_is_named_and_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_file_by_another_key_is_named, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_table_is_held_against_the_files, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_journal_without_its_folder_says_so, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
