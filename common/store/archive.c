/* archive.c: the reader's side of archive.h. */
#include "common/store/archive_internal.h"

#include "common/base/clock.h"
#include "common/base/log.h"

#define SAY_AGAIN_NS INT64_C(60000000000)

static const char *const sql[N_ARCHIVE] = {
    [ARCHIVE_LAST] = "SELECT number, last, head, cleared FROM segment ORDER BY number DESC LIMIT 1",
    [ARCHIVE_OF] = "SELECT number, first, last, hash, head, kept, cleared FROM segment "
                   "WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
    [ARCHIVE_ALL] = "SELECT number, first, last, hash, head, kept, cleared FROM segment ORDER BY number",
    [ARCHIVE_KEPT] = "SELECT seq, at, kind, actor, body, hash FROM journal WHERE seq <= ?1 ORDER BY seq",
    [ARCHIVE_ROWS] = "SELECT seq, at, kind, actor, body, hash FROM journal WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    [ARCHIVE_ADD] = "INSERT INTO segment (number, first, last, hash, head, kept, cleared) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?2 - 1)",
    [ARCHIVE_DELETE] = "DELETE FROM journal WHERE seq > ?1 AND seq <= ?2 AND "
                       "instr((SELECT kept FROM segment WHERE number = ?3), ' ' || kind || ' ') = 0",
    [ARCHIVE_SET] = "UPDATE segment SET cleared = ?2 WHERE number = ?1",
};

/* A store from before archives, which is read but not changed, has no table of them. */
static int has_table(struct store *store, bool *ret_has)
{
    static const char *const ask[] = {"SELECT 1 FROM sqlite_schema WHERE name = 'segment'"};
    int statement = store_prepare(store, ask, 1);

    if (statement < 0)
        return -1;
    store_ask(store, (unsigned)statement, "");
    *ret_has = store_any(store, (unsigned)statement);
    return 0;
}

int archive_prepare(struct journal *journal)
{
    struct store *store = journal->store;
    int first;
    bool has;

    if (has_table(store, &has))
        return -1;
    first = has ? store_prepare(store, sql, N_ARCHIVE) : 0;
    if (first < 0)
        return -1;
    journal->archive_sql = (unsigned)first;
    if (!has)
        return 0;
    store_ask(store, journal->archive_sql + ARCHIVE_LAST, "");
    if (store_row(store, journal->archive_sql + ARCHIVE_LAST)) {
        journal->segments = store_int(store, journal->archive_sql + ARCHIVE_LAST, 0);
        journal->archived = store_int(store, journal->archive_sql + ARCHIVE_LAST, 1);
        store_copy_blob(store, journal->archive_sql + ARCHIVE_LAST, 2, journal->archive_hash, JOURNAL_HASH_LEN);
        journal->cleared = store_int(store, journal->archive_sql + ARCHIVE_LAST, 3);
        store_end(store, journal->archive_sql + ARCHIVE_LAST);
    }
    return 0;
}

int archive_open(struct journal *journal, const char *dir, const char *queue, const struct segment_vouch *vouch)
{
    struct archive *archive = calloc(1, sizeof(*archive));

    if (!archive || strlen(dir) >= sizeof(archive->dir) || strlen(queue) >= sizeof(archive->queue)) {
        log_error("archive", "dir", dir, "error", archive ? "its name is too long" : "no memory");
        free(archive);
        return -1;
    }
    snprintf(archive->dir, sizeof(archive->dir), "%s", dir);
    snprintf(archive->queue, sizeof(archive->queue), "%s", queue);
    archive->vouch = *vouch;
    journal->archive = archive;
    return 0;
}

void archive_close(struct journal *journal)
{
    struct archive *archive = journal->archive;

    if (!archive)
        return;
    for (unsigned i = 0; i < LIMIT_SEGMENTS_OPEN; i++)
        segment_close(archive->open[i].segment);
    segment_writer_free(archive->writer);
    free(archive);
    journal->archive = NULL;
}

void archive_path(const struct archive *archive, int64_t number, char ret[4096])
{
    snprintf(ret, 4096, "%s/%06lld.segment", archive->dir, (long long)number);
}

void archive_told(struct journal *journal, unsigned statement, struct told *ret)
{
    struct store *store = journal->store;

    *ret = (struct told){.number = store_int(store, statement, 0),
                         .first = store_int(store, statement, 1),
                         .last = store_int(store, statement, 2),
                         .cleared = store_int(store, statement, 6)};
    store_copy_blob(store, statement, 3, ret->hash, sizeof(ret->hash));
    store_copy_blob(store, statement, 4, ret->head, sizeof(ret->head));
    store_copy_text(store, statement, 5, ret->kept, sizeof(ret->kept));
}

const char *archive_differs(const struct archive *archive, const struct segment *segment, const struct told *told)
{
    const struct segment_facts *facts = segment_facts(segment);

    if (strcmp(facts->queue, archive->queue) != 0)
        return "is of another journal";
    if (facts->number != told->number || facts->first != told->first || facts->last != told->last ||
        memcmp(facts->head, told->head, sizeof(told->head)) != 0)
        return "is another one than the store tells of";
    return NULL;
}

/* ---- the files that are open ---- */

static void complain(struct journal *journal, int64_t seq, const char *file, const char *what)
{
    struct archive *archive = journal->archive;
    int64_t now = clock_monotonic_ns();

    if (archive && archive->said_ns && now - archive->said_ns < SAY_AGAIN_NS)
        return;
    if (archive)
        archive->said_ns = now;
    log_error("archive_unreadable", "row", log_int(seq), "file", file, "what", what);
}

static struct segment *is_open(struct archive *archive, int64_t seq)
{
    for (unsigned i = 0; i < LIMIT_SEGMENTS_OPEN; i++) {
        struct open_segment *open = &archive->open[i];

        if (open->segment && segment_facts(open->segment)->first <= seq && seq <= segment_facts(open->segment)->last) {
            open->used = ++archive->uses;
            return open->segment;
        }
    }
    return NULL;
}

static void keep_open(struct archive *archive, struct segment *segment)
{
    struct open_segment *oldest = &archive->open[0];

    for (unsigned i = 1; i < LIMIT_SEGMENTS_OPEN; i++) {
        if (archive->open[i].used < oldest->used)
            oldest = &archive->open[i];
    }
    segment_close(oldest->segment);
    *oldest = (struct open_segment){segment, ++archive->uses};
}

/* What was found damaged is opened anew next time: it may have been mended. */
static void drop_open(struct archive *archive, const struct segment *segment)
{
    for (unsigned i = 0; i < LIMIT_SEGMENTS_OPEN; i++) {
        if (archive->open[i].segment == segment) {
            segment_close(archive->open[i].segment);
            archive->open[i] = (struct open_segment){NULL, 0};
        }
    }
}

/* The segment that has a row, or NULL, logged. */
static struct segment *segment_of(struct journal *journal, int64_t seq)
{
    struct archive *archive = journal->archive;
    unsigned statement = journal->archive_sql + ARCHIVE_OF;
    struct segment *segment = archive ? is_open(archive, seq) : NULL;
    const char *fault;
    struct told told;
    char path[4096];

    if (segment)
        return segment;
    if (!archive) {
        complain(journal, seq, "", "no folder of the archive is set");
        return NULL;
    }
    store_ask(journal->store, statement, "i", seq);
    if (!store_row(journal->store, statement))
        return NULL;
    archive_told(journal, statement, &told);
    store_end(journal->store, statement);
    archive_path(archive, told.number, path);
    segment = segment_open(path, &fault);
    if (segment)
        fault = archive_differs(archive, segment, &told);
    if (segment && !fault) {
        keep_open(archive, segment);
        return segment;
    }
    complain(journal, seq, path, fault);
    segment_close(segment);
    return NULL;
}

/* ---- rows ---- */

static int unreadable(struct journal *journal, int64_t seq, struct segment *segment)
{
    char path[4096];

    archive_path(journal->archive, segment_facts(segment)->number, path);
    complain(journal, seq, path, segment_fault(segment));
    drop_open(journal->archive, segment);
    return RPC__REASON__STORE_FAILED;
}

int archive_row(struct journal *journal, int64_t seq, Rpc__JournalRow *ret_row)
{
    struct segment *segment;

    if (seq <= 0 || seq > journal->archived)
        return RPC__REASON__JOURNAL_DIFFERS;
    segment = segment_of(journal, seq);
    if (!segment)
        return RPC__REASON__STORE_FAILED;
    return segment_row(segment, seq, ret_row) ? 0 : unreadable(journal, seq, segment);
}

/* What is read of one segment. */
struct reading {
    struct segment *segment;
    const Rpc__JournalRequest *request;
    int64_t looks; /* rows that may still be looked at */
    struct arena *arena;
    Rpc__JournalPage *page;
    bool full; /* there is no room for the next */
};

/* One row: false when it cannot be read. */
static bool take_row(struct reading *reading, int64_t seq)
{
    Rpc__JournalRow row;

    if (!segment_row(reading->segment, seq, &row))
        return false;
    reading->looks--;
    if (!journal_wants(reading->request, row.kind))
        reading->page->read_to = seq;
    else
        reading->full = !journal_page_add(&row, reading->arena, reading->page);
    return true;
}

/* Of some kinds, by the index. */
static bool take_kinds(struct reading *reading)
{
    struct segment_walk walk;
    int64_t seq;

    if (!segment_walk_begin(reading->segment, &walk, reading->request->kinds, reading->request->n_kinds,
                            reading->page->read_to))
        return false;
    while (!reading->full && reading->looks > 0) {
        seq = segment_walk_next(reading->segment, &walk);
        if (seq == 0) {
            reading->page->read_to = segment_facts(reading->segment)->last;
            return true;
        }
        if (seq < 0 || !take_row(reading, seq))
            return false;
    }
    return true;
}

static bool take_all(struct reading *reading)
{
    for (int64_t seq = reading->page->read_to + 1;
         seq <= segment_facts(reading->segment)->last && !reading->full && reading->looks > 0; seq++) {
        if (!take_row(reading, seq))
            return false;
    }
    return true;
}

int archive_read(struct journal *journal, const Rpc__JournalRequest *request, int64_t limit, struct arena *arena,
                 Rpc__JournalPage *page)
{
    struct reading reading = {.request = request, .looks = limit, .arena = arena, .page = page};
    bool by_kind = request->n_kinds > 0 && request->n_kinds <= SEGMENT_WALK;

    if (page->read_to < 0)
        page->read_to = 0;
    for (unsigned i = 0; i < LIMIT_SEGMENTS_PAGE && page->read_to < journal->archived && !reading.full; i++) {
        int64_t seq = page->read_to + 1;

        reading.segment = segment_of(journal, seq);
        if (!reading.segment)
            return RPC__REASON__STORE_FAILED;
        if (!(by_kind ? take_kinds(&reading) : take_all(&reading)))
            return unreadable(journal, seq, reading.segment);
        if (reading.looks == 0)
            break;
    }
    return 0;
}
