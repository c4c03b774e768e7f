/* journal_internal.h: what the files of the journal and of its archive share. */
#pragma once
#include "common/store/journal.h"

/* The hash of a row. */
void journal_row_hash(const unsigned char before[JOURNAL_HASH_LEN], int64_t seq, int64_t at, int32_t kind,
                      int64_t actor, const void *body, size_t len, unsigned char ret_hash[JOURNAL_HASH_LEN]);
/* Whether a row's hash is the one that it has behind this one. */
bool journal_row_follows(const unsigned char before[JOURNAL_HASH_LEN], const Rpc__JournalRow *row);
/* A row from a statement's columns seq, at, kind, actor, body, hash; its bytes belong to the
 * statement until its next step. */
void journal_column_row(struct store *store, unsigned statement, Rpc__JournalRow *ret_row);
/* Whether a request is for rows of this kind. */
bool journal_wants(const Rpc__JournalRequest *request, int64_t kind);
/* Adds a copy of a row, for which the page has room, and reads to it. False: the arena is full. */
bool journal_page_add(const Rpc__JournalRow *row, struct arena *arena, Rpc__JournalPage *page);

/* ---- of the rows up to journal->archived (archive.c, archive_audit.c) ---- */

/* What journal_open does for the archive. 0 or -1, logged. */
int archive_prepare(struct journal *journal);
/* One of them, whose bytes are good until the next. 0; JOURNAL_DIFFERS when it is none of
 * them, or STORE_FAILED, logged. */
int archive_row(struct journal *journal, int64_t seq, Rpc__JournalRow *ret_row);
/* Those behind page->read_to, at most `limit` rows. 0 or STORE_FAILED, logged. */
int archive_read(struct journal *journal, const Rpc__JournalRequest *request, int64_t limit, struct arena *arena,
                 Rpc__JournalPage *page);
/* Recomputes their part of the chain, as journal_audit does: 0 with the hash of the last. */
int archive_audit(struct journal *journal, FILE *out, journal_visit visit, void *arg,
                  unsigned char ret_hash[JOURNAL_HASH_LEN]);
