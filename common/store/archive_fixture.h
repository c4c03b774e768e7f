/* archive_fixture.h: a journal with an archive in a folder of its own, for tests. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/arena.h"
#include "common/base/sha256.h"
#include "common/store/archive.h"
#include "sample.pb-c.h"
#include "tests/harness.h"

#define NOW HARNESS_NOW

static struct {
    char dir[32], files[48];
    struct store *store;
    struct journal journal;
    struct arena arena;
    const char *signer;
} a;

/* A signature that depends on the text and on who signs. */
static void fixture_sum(const char *text, size_t len, unsigned char ret[64])
{
    struct sha256 sum;

    sha256_start(&sum);
    sha256_add(&sum, a.signer, strlen(a.signer));
    sha256_add(&sum, text, len);
    sha256_end(&sum, ret);
    memcpy(ret + 32, ret, 32);
}

static bool fixture_sign(void *arg, const char *text, size_t len, unsigned char ret_key[8],
                         unsigned char ret_signature[64])
{
    (void)arg;
    memcpy(ret_key, "key of t", 8);
    fixture_sum(text, len, ret_signature);
    return true;
}

static bool fixture_check(void *arg, const char *text, size_t len, const unsigned char key[8],
                          const unsigned char signature[64])
{
    unsigned char wanted[64];

    (void)arg;
    fixture_sum(text, len, wanted);
    return memcmp(key, "key of t", 8) == 0 && memcmp(signature, wanted, sizeof(wanted)) == 0;
}

static const struct segment_vouch fixture_vouch = {fixture_sign, fixture_check, NULL};

/* ---- life ---- */

static inline void fixture_start(void)
{
    const struct store_options options = {.dir = a.dir};

    a.store = store_open(&options);
    assert_non_null(a.store);
    assert_int_equal(journal_open(&a.journal, a.store), 0);
    journal_events(&a.journal, &sample__event__descriptor);
    assert_int_equal(archive_open(&a.journal, a.files, "sample", &fixture_vouch), 0);
}

static inline void fixture_end(void)
{
    archive_close(&a.journal);
    store_close(a.store);
}

/* The process dies and starts again. */
static inline void fixture_restart(void)
{
    fixture_end();
    fixture_start();
}

static inline int fixture_setup(void **state)
{
    (void)state;
    snprintf(a.dir, sizeof(a.dir), "/tmp/huigong-archive-XXXXXX");
    assert_non_null(mkdtemp(a.dir));
    snprintf(a.files, sizeof(a.files), "%s/archive", a.dir);
    assert_int_equal(mkdir(a.files, 0700), 0);
    arena_init(&a.arena, 64 << 20);
    a.signer = "us";
    fixture_start();
    return 0;
}

static inline int fixture_teardown(void **state)
{
    (void)state;
    fixture_end();
    arena_done(&a.arena);
    harness_remove_dir(a.dir);
    return 0;
}

static inline void fixture_commit(void)
{
    assert_int_equal(store_commit(a.store), 0);
    journal_batch_end(&a.journal, true);
}

/* ---- rows ---- */

#define KIND_SHOW 1
#define KIND_SEAT 2

/* A row whose kind, time and body follow from its number: every seventh is of KIND_SHOW, the
 * others of KIND_SEAT. */
static inline void fixture_row(int64_t seq)
{
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;
    Sample__ShowChanged changed = SAMPLE__SHOW_CHANGED__INIT;

    taken.seat_id = seq * 1000003;
    taken.member_id = seq % 11;
    changed.show_id = seq;
    journal_add(&a.journal, NOW + seq * 10, seq % 11, seq % 7 ? &taken.base : &changed.base);
}

static inline void fixture_rows(int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        fixture_row(a.journal.tip.seq + 1);
    fixture_commit();
}

static inline void fixture_change(const char *sql)
{
    int statement = store_prepare(a.store, &sql, 1);

    assert_true(statement >= 0);
    assert_true(store_run(a.store, (unsigned)statement, "") >= 0);
    assert_int_equal(store_commit(a.store), 0);
}

static inline int64_t fixture_number(const char *sql)
{
    int statement = store_prepare(a.store, &sql, 1);

    assert_true(statement >= 0);
    store_ask(a.store, (unsigned)statement, "");
    return store_number(a.store, (unsigned)statement);
}

/* What the audit prints; "" when all is sound. */
static inline const char *fixture_audit(void)
{
    static char text[1000];
    FILE *out = fmemopen(text, sizeof(text), "w");
    int64_t rows = 0;
    int result;

    text[0] = '\0';
    result = journal_audit(&a.journal, out, NULL, NULL, &rows);
    fclose(out);
    assert_int_equal(result, *text ? -1 : 0);
    assert_true(result || rows == a.journal.tip.seq);
    return text;
}

/* ---- making segments ---- */

static const int32_t fixture_kept[] = {KIND_SHOW};

/* One step of a segment of n rows. False: there is nothing to do up to this row. */
static inline bool fixture_step(int64_t n, int64_t upto)
{
    switch (archive_due(&a.journal)) {
    case ARCHIVE_NOTHING:
        if (a.journal.archived + n > upto)
            return false;
        assert_int_equal(archive_begin(&a.journal, n), 0);
        break;
    case ARCHIVE_WRITE:
        assert_int_equal(archive_write(&a.journal), 0);
        break;
    case ARCHIVE_SYNC:
        assert_int_equal(archive_synced(&a.journal, archive_sync(&a.journal)), 0);
        break;
    case ARCHIVE_RECORD:
        archive_record(&a.journal, fixture_kept, 1);
        assert_int_equal(store_commit(a.store), 0);
        archive_recorded(&a.journal);
        break;
    case ARCHIVE_CLEAR:
        archive_clear(&a.journal);
        assert_int_equal(store_commit(a.store), 0);
        archive_cleared(&a.journal);
        break;
    }
    return true;
}

static inline void fixture_archive(int64_t n, int64_t upto)
{
    while (fixture_step(n, upto))
        continue;
}

static inline void fixture_path(int64_t number, char ret[96])
{
    snprintf(ret, 96, "%s/%06lld.segment", a.files, (long long)number);
}
