/* journal.h: the table that is outbox, audit trail and history at once.
 *
 * Every change that matters to anyone else adds a row in the change's own
 * transaction. Sequence numbers start at 1 and have no gaps. The hash of a row is
 *   SHA-256(hash of the row before | seq | at | kind | actor | body)
 * with 64-bit (kind: 32-bit) big-endian integers and 32 zero bytes before the
 * first row, so one changed byte anywhere breaks the chain at that row. Times
 * do not decrease along it: when the clock has stepped back, a row takes the time
 * of the row before. But when that is ahead by more than LIMIT_JOURNAL_AHEAD_MS, the clock
 * was wrong then, and rows take the right time again, once: the journal's time never stands
 * still for longer.
 * The old part of a journal may have left the store for files (archive.h): all that is here
 * finds those rows as if they were in the table.
 * Bodies hold ids and facts, never personal data. A row tells one fact, or a fact of a part that services share and the
 * service's own behind it, so that what is given in a rush is one row: its kind is that of the first, and whoever reads
 * its body as events of either sort finds the one. Besides a service's own events each
 * journal has those of the chassis (rpc.proto, ChassisEvent): every change that an
 * official makes by her authority ends with a row that says so. */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "common/base/arena.h"
#include "common/base/limits.h"
#include "common/store/store.h"
#include "rpc.pb-c.h"

#define JOURNAL_HASH_LEN 32

struct journal_tip {
    int64_t seq, at;
    unsigned char hash[JOURNAL_HASH_LEN];
};

struct journal {
    struct store *store;
    unsigned sql;
    struct journal_tip tip;    /* with what the current batch added */
    struct journal_tip before; /* at the current call's beginning */
    struct journal_tip committed;
    bool head_wanted;                        /* journal_want_head, until the daemon has signed one */
    int64_t signed_seq;                      /* the row of the last head that the daemon has signed; 0: none */
    int64_t opened;                          /* the row at which it was opened; of those since then: */
    int64_t told[LIMIT_CHASSIS_EVENTS];      /* the last row of each kind of the chassis' events */
    const ProtobufCMessageDescriptor *event; /* the service's own; NULL: none but the chassis' */
    /* Its archive (archive.h): */
    struct archive *archive; /* NULL: no folder is known */
    unsigned archive_sql;
    int64_t archived;                             /* rows up to here are in its files, */
    int64_t cleared;                              /* and those up to here no more in the table, but for some kinds */
    int64_t segments;                             /* its files */
    unsigned char archive_hash[JOURNAL_HASH_LEN]; /* of its last row */
};

/* Prepares the journal of a store and reads its tip. 0 or -1, logged. */
int journal_open(struct journal *journal, struct store *store);
/* Says which events are the service's: a message with one oneof, whose members are of
 * different types. */
void journal_events(struct journal *journal, const ProtobufCMessageDescriptor *event);
/* Adds the event that a fact is: the member of its type. */
void journal_add(struct journal *journal, int64_t now, int64_t actor, const ProtobufCMessage *fact);
/* Adds one of the chassis' and one of the service's own in one row. */
void journal_add_both(struct journal *journal, int64_t now, int64_t actor, const ProtobufCMessage *fact,
                      const ProtobufCMessage *own);
/* Asks that the head be signed when the batch is committed (heads.h), not within the usual
 * minute: what was just written must not be replaced unseen. */
void journal_want_head(struct journal *journal);
/* The hash of a row; false when there is none. */
bool journal_hash_at(struct journal *journal, int64_t seq, unsigned char ret_hash[JOURNAL_HASH_LEN]);
/* Whether a row is there and older than an instant. */
bool journal_older(struct journal *journal, int64_t seq, int64_t instant);
/* Rows after a sequence number and not older than since, into the arena. 0, or a Reason:
 * JOURNAL_DIFFERS when the row before them is not the one whose hash the request gives: the
 * journal is another one than was read before; STORE_FAILED when they cannot be read. */
int journal_read(struct journal *journal, const Rpc__JournalRequest *request, struct arena *arena,
                 Rpc__JournalPage *ret_page);

/* Recomputes the chain. Prints the first row that breaks it, by number, and
 * returns -1; or 0 with the number of rows. visit, when given, sees every row of
 * a sound chain so far, and returns false to report a row itself. */
typedef bool (*journal_visit)(const Rpc__JournalRow *row, void *arg);
int journal_audit(struct journal *journal, FILE *out, journal_visit visit, void *arg, int64_t *ret_rows);

/* ---- the dispatcher's side ---- */
void journal_call_begin(struct journal *journal);
void journal_call_undo(struct journal *journal);
void journal_batch_end(struct journal *journal, bool committed);
