/* record.h: what a service was given, kept as it was, to be given to it again.
 *
 * A service is a function of its store, its batches and their time. With RECORD_DIR set to
 * a folder every harness (harness.h) of a process writes there what its service is given:
 * the settings and key files it starts with, each message of calls, each row of another's
 * journal, each turn of its own work, always with the clock's time and the state of its
 * randomness; and after each batch the journal's hash. tests/replay.c gives it again.
 *
 * A file has a line for each, its words apart by a blank, bytes in hex:
 *   service NAME                     first
 *   set NAME BYTES                   a setting
 *   file NAME BYTES                  one that names a file, with what is in it
 *   start NOW RANDOM                 the service starts on the store it has
 *   message NOW RANDOM BYTES         a CallBatch
 *   finish HASH                      the batch ends, and this is the journal's last hash
 *   tidy NOW RANDOM HASH             one turn of its own work, and the hash
 *   follow NOW RANDOM QUEUE BYTES HASH   a row of that queue's journal, a JournalRow, and the hash
 *   given NOW RANDOM NAME BYTES HASH     what only its tests give it, and the hash
 *   stop                             the service ends, and may start again
 *   end                              the store is as all this has left it
 * What a test does behind the service's back (another store, a full disk, a call of its
 * inside) cannot be given again: the recording ends before it, without `end`. */
#pragma once
#include "common/base/clock.h"
#include "common/base/conf.h"

struct record;

/* NULL when nothing is to be recorded. */
struct record *record_open(const char *service);
void record_close(struct record *record);
/* All of these accept NULL, and do nothing behind record_break. */
void record_start(struct record *record, const struct clock *clock, const struct conf_entry *conf);
void record_message(struct record *record, const struct clock *clock, const void *bytes, size_t len);
void record_finish(struct record *record, const unsigned char hash[32]);
void record_tidy(struct record *record, const struct clock *clock, const unsigned char hash[32]);
void record_follow(struct record *record, const struct clock *clock, const char *queue, const void *bytes, size_t len,
                   const unsigned char hash[32]);
void record_given(struct record *record, const struct clock *clock, const char *name, const void *bytes, size_t len,
                  const unsigned char hash[32]);
void record_stop(struct record *record);
/* What follows cannot be given again. */
void record_break(struct record *record);
/* The disk of this process' stores does what it says, or not any more: a recording that has
 * seen it change ends, and while it does not, none begins. */
void record_disk(bool sound);
