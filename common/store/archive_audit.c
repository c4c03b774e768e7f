/* archive_audit.c: the auditor's side of archive.h. */
#include <inttypes.h>

#include "common/store/archive_internal.h"

struct audit {
    struct journal *journal;
    FILE *out;
    journal_visit visit;
    void *arg;
    unsigned kept;       /* the statement of rows that the table has too */
    bool has;            /* one of them */
    Rpc__JournalRow row; /* which */
    struct told told;
    struct segment *segment;
    char path[4096];
    int64_t seq; /* the last row that was found right */
    unsigned char hash[JOURNAL_HASH_LEN];
};

static bool next_kept(struct audit *audit)
{
    struct store *store = audit->journal->store;

    audit->has = store_row(store, audit->kept);
    if (audit->has)
        journal_column_row(store, audit->kept, &audit->row);
    return audit->has;
}

static bool says(const struct audit *audit, const char *fault)
{
    fprintf(audit->out, "archive: %s (rows %" PRId64 " to %" PRId64 ") %s\n", audit->path, audit->told.first,
            audit->told.last, fault);
    return false;
}

static bool is_kept(const struct told *told, int32_t kind)
{
    char word[16];

    snprintf(word, sizeof(word), " %d ", kind);
    return strstr(told->kept, word) != NULL;
}

static bool same(const Rpc__JournalRow *a, const Rpc__JournalRow *b)
{
    return a->at == b->at && a->kind == b->kind && a->actor == b->actor && a->body.len == b->body.len &&
           memcmp(a->body.data, b->body.data, b->body.len) == 0 && a->hash.len == b->hash.len &&
           memcmp(a->hash.data, b->hash.data, b->hash.len) == 0;
}

/* Whether the table has a row as the file does, or has it no more and may. */
static bool table_agrees(struct audit *audit, const Rpc__JournalRow *row)
{
    if (audit->has && audit->row.seq <= row->seq) {
        if (audit->row.seq < row->seq || !same(&audit->row, row)) {
            fprintf(audit->out, "journal: row %" PRId64 " is not as the archive has it\n", audit->row.seq);
            return false;
        }
        next_kept(audit);
        return true;
    }
    if (row->seq <= audit->told.cleared && !is_kept(&audit->told, row->kind))
        return true;
    fprintf(audit->out, "journal: row %" PRId64 " is missing, which stays beside the archive\n", row->seq);
    return false;
}

static bool audit_rows(struct audit *audit)
{
    for (int64_t seq = audit->told.first; seq <= audit->told.last; seq++) {
        Rpc__JournalRow row;

        if (!segment_row(audit->segment, seq, &row))
            return says(audit, segment_fault(audit->segment));
        if (!table_agrees(audit, &row) || (audit->visit && !audit->visit(&row, audit->arg)))
            return false;
    }
    return true;
}

static bool audit_file(struct audit *audit)
{
    const struct archive *archive = audit->journal->archive;
    const struct segment_facts *facts = segment_facts(audit->segment);
    const char *fault = archive_differs(archive, audit->segment, &audit->told);
    unsigned char hash[SEGMENT_HASH_LEN];
    char text[SEGMENT_TEXT_SIZE];
    int len = segment_text(facts, text);

    if (fault)
        return says(audit, fault);
    if (memcmp(facts->before, audit->hash, sizeof(audit->hash)) != 0)
        return says(audit, "does not go on where the one before ends");
    if (!segment_check(audit->segment) || !segment_hash(audit->segment, hash))
        return says(audit, segment_fault(audit->segment));
    if (memcmp(hash, audit->told.hash, sizeof(hash)) != 0)
        return says(audit, "is not the file that the store tells of");
    if (!archive->vouch.check(archive->vouch.arg, text, (size_t)len, facts->key, facts->signature))
        return says(audit, "is not signed by the key of the journal's heads");
    return true;
}

static bool audit_segment(struct audit *audit, int64_t number)
{
    const char *fault;
    bool ok;

    archive_path(audit->journal->archive, number, audit->path);
    if (audit->told.number != number || audit->told.first != audit->seq + 1 || audit->told.last < audit->told.first ||
        audit->told.cleared > audit->told.last) {
        fprintf(audit->out, "archive: the store does not tell which file has row %" PRId64 "\n", audit->seq + 1);
        return false;
    }
    audit->segment = segment_open(audit->path, &fault);
    if (!audit->segment)
        return says(audit, fault);
    ok = audit_file(audit) && audit_rows(audit);
    segment_close(audit->segment);
    memcpy(audit->hash, audit->told.head, sizeof(audit->hash));
    audit->seq = audit->told.last;
    return ok;
}

int archive_audit(struct journal *journal, FILE *out, journal_visit visit, void *arg,
                  unsigned char ret_hash[JOURNAL_HASH_LEN])
{
    struct audit audit = {.journal = journal, .out = out, .visit = visit, .arg = arg};
    unsigned all = journal->archive_sql + ARCHIVE_ALL;
    int64_t number = 0;
    bool ok = true;

    if (journal->archived == 0)
        return 0;
    if (!journal->archive) {
        fprintf(out, "archive: it has rows 1 to %" PRId64 ", and HUIGONG_ARCHIVE names no folder\n", journal->archived);
        return -1;
    }
    audit.kept = journal->archive_sql + ARCHIVE_KEPT;
    store_ask(journal->store, audit.kept, "i", journal->archived);
    next_kept(&audit);
    store_ask(journal->store, all, "");
    while (ok && store_row(journal->store, all)) {
        archive_told(journal, all, &audit.told);
        ok = audit_segment(&audit, ++number);
    }
    if (!ok)
        store_end(journal->store, all);
    if (ok && audit.has) {
        fprintf(out, "journal: row %" PRId64 " is not as the archive has it\n", audit.row.seq);
        ok = false;
    }
    if (audit.has)
        store_end(journal->store, audit.kept);
    memcpy(ret_hash, audit.hash, sizeof(audit.hash));
    return ok && !store_trouble(journal->store) ? 0 : -1;
}
