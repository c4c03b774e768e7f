/* When rows of a daemon's journal go into its archive, and what becomes of it when that fails. */
#include "common/base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "common/store/archive.h"
#include "common/trust/heads.h"
#include "sample.pb-c.h"
#include "tests/harness.h"

#define DAY INT64_C(86400000)

static struct harness h;
static char archive[64], heads[64];
static char days[8], keep[8];

static struct conf_entry conf[] = {
    {.name = "HUIGONG_ARCHIVE", .value = archive},   {.name = "HUIGONG_ARCHIVE_DAYS", .value = days},
    {.name = "HUIGONG_ARCHIVE_KEEP", .value = keep}, {.name = "HUIGONG_ARCHIVE_SEGMENT", .value = "100"},
    {.name = "HUIGONG_HEADS", .value = heads},       CONF_END,
};

static struct journal *journal(void)
{
    return rpc_server_journal(h.service.rpc);
}

static int start(struct service *service)
{
    journal_events(rpc_server_journal(service->rpc), &sample__event__descriptor);
    return 0;
}

static const struct service_spec spec = {.name = "sample", .about = "of a test", .start = start};

static void make_folder(char *ret, size_t size, const char *name)
{
    snprintf(ret, size, "%s/%s", h.dir, name);
    assert_int_equal(mkdir(ret, 0700), 0);
}

static int setup(void **state)
{
    (void)state;
    harness_open(&h, &spec, NULL);
    make_folder(archive, sizeof(archive), "archive");
    make_folder(heads, sizeof(heads), "heads");
    harness_key(&h, "HUIGONG_HEAD_KEY", HARNESS_KEY "\n");
    snprintf(days, sizeof(days), "0");
    snprintf(keep, sizeof(keep), "1");
    snprintf(h.service.queue, sizeof(h.service.queue), "sample");
    h.service.conf = conf;
    assert_int_equal(uv_loop_init(&h.service.loop), 0);
    h.service.heads = heads_open(getenv("HUIGONG_HEAD_KEY"), heads, "sample");
    assert_non_null(h.service.heads);
    assert_int_equal(service_archive_open(&h.service, journal()), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    archive_close(journal());
    heads_close(h.service.heads);
    assert_int_equal(uv_loop_close(&h.service.loop), 0);
    harness_close(&h);
    return 0;
}

/* Of two kinds, every third about money (tests/proto/sample.proto). */
static void add_rows(void *call, void *arg)
{
    Sample__ShowChanged changed = SAMPLE__SHOW_CHANGED__INIT;
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;

    for (int i = 1; i <= *(int *)arg; i++) {
        changed.show_id = taken.seat_id = i;
        rpc_tell(call, i % 3 ? &taken.base : &changed.base);
    }
}

static void rows(int n)
{
    assert_int_equal(rpc_server_transact(h.service.rpc, add_rows, &n), 0);
}

/* Slices until nothing is due. */
static void archive_what_is_due(void)
{
    while (service_archive_slice(&h.service)) {
        if (h.service.archive_working)
            uv_run(&h.service.loop, UV_RUN_ONCE);
    }
}

static Rpc__ArchiveReply *tell(int64_t keep_rows)
{
    Rpc__ArchiveRequest request = RPC__ARCHIVE_REQUEST__INIT;

    request.keep_rows = keep_rows;
    return harness_output(&h, harness_call(&h, "Daemon.ArchiveJournal", &request.base, harness_internal(&h), NULL),
                          &rpc__archive_reply__descriptor);
}

/* What an audit says of the journal, by the folder of heads. */
static const char *audit(void)
{
    static char text[500];
    struct store_options options = {.dir = h.dir, .read_only = true};
    struct store *store = store_open(&options);
    FILE *out = fmemopen(text, sizeof(text), "w");
    struct journal read;
    int64_t n = 0;

    text[0] = '\0';
    assert_non_null(store);
    assert_int_equal(journal_open(&read, store), 0);
    assert_int_equal(service_archive_open(&h.service, &read), 0);
    journal_audit(&read, out, NULL, NULL, &n);
    fclose(out);
    archive_close(&read);
    store_close(store);
    return text;
}

static void rows_go_that_are_old_and_have_enough_behind_them(void **state)
{
    (void)state;
    snprintf(days, sizeof(days), "2");
    snprintf(keep, sizeof(keep), "150");
    rows(300);
    archive_what_is_due();
    assert_int_equal(journal()->archived, 0); /* of today */
    clock_step(&h.service.clock, 2 * DAY);
    archive_what_is_due();
    assert_int_equal(journal()->archived, 0); /* of two days, not older */
    clock_step(&h.service.clock, 1);
    archive_what_is_due();
    assert_int_equal(journal()->archived, 100); /* 151 to 300 stay, and files are whole */
    rows(49);
    archive_what_is_due();
    assert_int_equal(journal()->archived, 100);
    rows(1);
    archive_what_is_due();
    assert_int_equal(journal()->archived, 200);
    rows(1000);
    archive_what_is_due();
    assert_int_equal(journal()->archived, 300); /* 301 to 400 has one of today */
    assert_string_equal(audit(), "");
}

static void nothing_goes_by_itself_without_days(void **state)
{
    (void)state;
    rows(300);
    clock_step(&h.service.clock, 40000 * DAY);
    archive_what_is_due();
    assert_int_equal(journal()->archived, 0);
}

static void rows_go_up_to_where_it_is_told(void **state)
{
    Rpc__ArchiveReply *reply;

    (void)state;
    rows(300);
    reply = tell(37);
    assert_true(reply->archived_to == 0 && reply->archiving_to == 263 && reply->last_seq == 300);
    archive_what_is_due();
    assert_int_equal(journal()->archived, 263);
    assert_int_equal(journal()->segments, 3);
    assert_int_equal(tell(5000)->archiving_to, 263); /* what has gone stays there */
    archive_what_is_due();
    assert_int_equal(tell(1)->archiving_to, 299);
    archive_what_is_due();
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM journal WHERE kind = 2"), 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM journal WHERE kind = 1"), 100); /* about money */
    assert_string_equal(audit(), "");
    rows(10);
    assert_string_equal(audit(), "");
}

static void a_number_that_no_client_may_send_is_none(void **state)
{
    static const int64_t numbers[] = {0, -1, INT64_MIN, INT64_MAX};

    (void)state;
    rows(300);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        assert_in_range(tell(numbers[i])->archiving_to, 0, 299); /* the last row stays, whatever is said */
        archive_what_is_due();
    }
    assert_int_equal(journal()->archived, 299);
}

static void after_a_failure_it_rests_until_it_is_told(void **state)
{
    char away[80];

    (void)state;
    rows(300);
    snprintf(away, sizeof(away), "%s.away", archive);
    assert_int_equal(rename(archive, away), 0);
    tell(1);
    archive_what_is_due();
    assert_int_equal(rename(away, archive), 0);
    archive_what_is_due();
    assert_int_equal(journal()->archived, 0); /* within the minute */
    tell(1);
    archive_what_is_due();
    assert_int_equal(journal()->archived, 299);
    assert_string_equal(audit(), "");
}

static void a_full_store_loses_nothing(void **state)
{
    int slices = 0;

    (void)state;
    rows(300);
    tell(1);
    harness_pragma(&h, "PRAGMA query_only = ON"); /* no transaction writes anything */
    archive_what_is_due();
    assert_int_equal(journal()->archived, 0);
    assert_int_equal(archive_due(journal()), ARCHIVE_RECORD);
    assert_string_equal(audit(), "");
    harness_pragma(&h, "PRAGMA query_only = OFF");
    tell(1);
    while (archive_due(journal()) != ARCHIVE_CLEAR) {
        assert_true(service_archive_slice(&h.service) && slices++ < 100);
        if (h.service.archive_working)
            uv_run(&h.service.loop, UV_RUN_ONCE);
    }
    harness_pragma(&h, "PRAGMA query_only = ON");
    archive_what_is_due();
    assert_int_equal(journal()->cleared, 0);
    assert_string_equal(audit(), "");
    harness_pragma(&h, "PRAGMA query_only = OFF");
    tell(1);
    archive_what_is_due();
    assert_int_equal(journal()->cleared, 299);
    assert_string_equal(audit(), "");
}

static void files_are_checked_by_the_key_of_the_heads(void **state)
{
    char path[96];
    FILE *file;

    (void)state;
    rows(300);
    tell(1);
    archive_what_is_due();
    assert_string_equal(audit(), "");
    snprintf(path, sizeof(path), "%s/key.pub", heads);
    assert_int_equal(remove(path), 0);
    assert_non_null(strstr(audit(), "000001.segment (rows 1 to 100) is not signed by the key of the journal's heads"));
    /* The point of another key: twice the generator of P-256. */
    file = fopen(path, "we");
    assert_non_null(file);
    fputs("7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"
          "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1\n",
          file);
    fclose(file);
    assert_non_null(strstr(audit(), "000001.segment (rows 1 to 100) is not signed by the key of the journal's heads"));
}

static void a_daemon_does_not_start_without_the_folder_of_its_rows(void **state)
{
    (void)state;
    rows(300);
    tell(1);
    archive_what_is_due();
    archive_close(journal());
    archive[0] = '\0';
    assert_int_equal(service_archive_open(&h.service, journal()), -1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_go_that_are_old_and_have_enough_behind_them, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_goes_by_itself_without_days, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_go_up_to_where_it_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_number_that_no_client_may_send_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(after_a_failure_it_rests_until_it_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_store_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(files_are_checked_by_the_key_of_the_heads, setup, teardown),
        cmocka_unit_test_setup_teardown(a_daemon_does_not_start_without_the_folder_of_its_rows, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
