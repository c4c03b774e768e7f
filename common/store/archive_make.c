/* archive_make.c: the maker's side of archive.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/store/archive_internal.h"

static void part_path(const struct archive *archive, char ret[4096])
{
    snprintf(ret, 4096, "%s/part", archive->dir);
}

/* Nothing of the segment is left: a full disk has its room back. */
static int give_up(struct journal *journal, const char *what)
{
    struct archive *archive = journal->archive;
    char part[4096];

    log_error("archive_failed", "segment", log_int(archive->facts.number), "row", log_int(archive->next), "error",
              what);
    segment_abandon(archive->writer);
    part_path(archive, part);
    unlink(part);
    archive->task = ARCHIVE_NOTHING;
    return -1;
}

enum archive_task archive_due(const struct journal *journal)
{
    if (journal->cleared < journal->archived)
        return ARCHIVE_CLEAR;
    return journal->archive ? journal->archive->task : ARCHIVE_NOTHING;
}

int archive_begin(struct journal *journal, int64_t n)
{
    struct archive *archive = journal->archive;
    char path[4096];

    ensure(archive_due(journal) == ARCHIVE_NOTHING && n > 0 && n <= LIMIT_SEGMENT_ROWS &&
           journal->archived + n < journal->committed.seq);
    archive->facts = (struct segment_facts){
        .number = journal->segments + 1, .first = journal->archived + 1, .last = journal->archived + n};
    snprintf(archive->facts.queue, sizeof(archive->facts.queue), "%s", archive->queue);
    memcpy(archive->facts.before, journal->archive_hash, sizeof(archive->facts.before));
    memcpy(archive->chain, journal->archive_hash, sizeof(archive->chain));
    archive->next = archive->facts.first;
    if (!archive->writer)
        archive->writer = segment_writer_new();
    if (!archive->writer) {
        log_error("archive_failed", "error", "no memory");
        return -1;
    }
    part_path(archive, path);
    if (segment_begin(archive->writer, path, &archive->facts))
        return give_up(journal, strerror(errno));
    archive->task = ARCHIVE_WRITE;
    return 0;
}

/* The next slice of rows: 0, or what is wrong. */
static const char *write_rows(struct journal *journal)
{
    struct archive *archive = journal->archive;
    unsigned statement = journal->archive_sql + ARCHIVE_ROWS;
    int64_t left = archive->facts.last - archive->next + 1;
    const char *fault = NULL;

    store_ask(journal->store, statement, "ii", archive->next - 1, left < ARCHIVE_SLICE ? left : ARCHIVE_SLICE);
    left = left < ARCHIVE_SLICE ? 0 : left - ARCHIVE_SLICE;
    while (!fault && store_row(journal->store, statement)) {
        Rpc__JournalRow row;

        journal_column_row(journal->store, statement, &row);
        if (row.seq != archive->next || !journal_row_follows(archive->chain, &row))
            fault = "the row is missing, or does not match its hash";
        else if (segment_add(archive->writer, &row))
            fault = strerror(errno);
        else
            memcpy(archive->chain, row.hash.data, sizeof(archive->chain));
        archive->next += !fault;
    }
    if (fault)
        store_end(journal->store, statement);
    else if (archive->next != archive->facts.last + 1 - left)
        fault = "rows cannot be read";
    return fault;
}

int archive_write(struct journal *journal)
{
    struct archive *archive = journal->archive;
    const char *fault = write_rows(journal);

    if (fault)
        return give_up(journal, fault);
    if (archive->next <= archive->facts.last)
        return 0;
    if (segment_finish(archive->writer, &archive->vouch, archive->written))
        return give_up(journal, strerror(errno));
    memcpy(archive->facts.head, archive->chain, sizeof(archive->facts.head));
    archive->task = ARCHIVE_SYNC;
    return 0;
}

/* ---- to the disk ---- */

/* A file that the store does not tell of, of another history than ours as it may be. */
static int set_aside(const char *path)
{
    struct stat stat;
    char aside[4200];

    if (lstat(path, &stat))
        return errno == ENOENT ? 0 : -1;
    snprintf(aside, sizeof(aside), "%s.aside-%llu", path, (unsigned long long)stat.st_ino);
    return rename(path, aside);
}

int archive_sync(struct journal *journal)
{
    struct archive *archive = journal->archive;
    char part[4096], path[4096];
    int dir, failed = -1;

    part_path(archive, part);
    archive_path(archive, archive->facts.number, path);
    if (segment_sync(archive->writer) || set_aside(path) || rename(part, path))
        return errno;
    dir = open(archive->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0) {
        failed = fsync(dir);
        close(dir);
    }
    return failed ? errno : 0;
}

int archive_synced(struct journal *journal, int failed)
{
    if (failed)
        return give_up(journal, strerror(failed));
    journal->archive->task = ARCHIVE_RECORD;
    return 0;
}

/* ---- in the store ---- */

void archive_record(struct journal *journal, const int32_t *kept, size_t n)
{
    const struct archive *archive = journal->archive;
    const struct segment_facts *facts = &archive->facts;
    char words[sizeof(((struct told *)0)->kept)] = " ";
    size_t len = 1;

    for (size_t i = 0; i < n && len < sizeof(words); i++)
        len += (size_t)snprintf(words + len, sizeof(words) - len, "%d ", kept[i]);
    ensure(len < sizeof(words));
    store_run(journal->store, journal->archive_sql + ARCHIVE_ADD, "iiibbt", facts->number, facts->first, facts->last,
              archive->written, sizeof(archive->written), facts->head, sizeof(facts->head), words);
}

void archive_recorded(struct journal *journal)
{
    struct archive *archive = journal->archive;

    journal->segments = archive->facts.number;
    journal->archived = archive->facts.last;
    journal->cleared = archive->facts.first - 1;
    memcpy(journal->archive_hash, archive->facts.head, sizeof(journal->archive_hash));
    archive->task = ARCHIVE_NOTHING;
    log_info("archived", "segment", log_int(journal->segments), "first", log_int(archive->facts.first), "last",
             log_int(archive->facts.last));
}

static int64_t slice_end(const struct journal *journal)
{
    int64_t end = journal->cleared + ARCHIVE_SLICE;

    return end < journal->archived ? end : journal->archived;
}

void archive_clear(struct journal *journal)
{
    unsigned statement = journal->archive_sql;

    store_run(journal->store, statement + ARCHIVE_DELETE, "iii", journal->cleared, slice_end(journal),
              journal->segments);
    store_run(journal->store, statement + ARCHIVE_SET, "ii", journal->segments, slice_end(journal));
}

void archive_cleared(struct journal *journal)
{
    journal->cleared = slice_end(journal);
}
