/* part.h: the parts that a service is made of.
 *
 * A part is everything about one noun of a service: NAME.h and NAME.c with its rows, its
 * statements and a struct part_spec called NAME_part; NAME.sql beside them with the steps
 * that make its tables, numbered from 1 and never changed (store.h); and the handlers of
 * its .proto in an api_NAME.c. The service names it once, in its list of parts
 * (service_of_parts.h), and from that line follow:
 *
 *   - the start: its steps are made, its statements prepared, ids go on behind its last;
 *   - tidying, slice by slice: what is due by itself;
 *   - the audit: the journal is read once and every row put to every part, which says
 *     whether the store agrees. At the end the numbers and words that the store has must be
 *     those that the journal told, and no stray be found. So a row that was added, changed
 *     or taken away behind the service's back is seen from one side or the other;
 *   - what becomes of a person's: she is given all that is kept of her (Daemon.ExportPerson);
 *     when her account is closed, becomes part of another one, or a union gets another place
 *     in the tree, the part's statements run in the transaction in which the service learns
 *     of it. Identity says so itself; every other service hears it as the shared part
 *     `holders` follows identity's journal (common/benefit/holders/holders.h).
 *
 * Every table belongs to one part, has a primary key, and one that holds a member's id
 * belongs to a part that says all of `exports`, `closed` and `merged`, or `keeps` and why;
 * one that holds the path of a union says `moves`. A statement that is only a comment
 * ("-- ...") says why nothing happens. The test of all parts (tests/parts_test.c) reads
 * the schema of each service and fails naming the table and what its part does not say.
 * What it cannot see is whether a statement does all that it should.
 *
 * Of two hooks for one occasion, a statement and a function, the statement runs first.
 * When an account is merged or closed the parts act from the last of the list to the
 * first, so that what others find her by goes last. */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "common/base/id.h"
#include "common/rpc/rpc.h"
#include "common/store/journal.h"
#include "common/store/store.h"

#define PART_COUNTS     4 /* of one part */
#define PART_WORDS      2
#define PART_STATEMENTS 4 /* for one occasion */
#define PART_EXPORTS    4
#define PART_FOLLOWS    8 /* journals that one part reads */

/* A number that the journal tells too. */
struct part_count {
    const char *what;
    const char *sql;
};

/* Numbers by id that the journal tells too (part_word): sql gives id and number, in the
 * order of ids. */
struct part_words {
    const char *what;
    const char *sql;
};

/* A question that finds no row in a sound store; else one whose id is the first column. */
struct part_stray {
    const char *what, *fault;
    const char *sql;
};

/* What is kept of a person, as messages of a type: sql gives those of member ?1 behind
 * ?2, at most ?3, in the order of their first column, an id; each other column is the
 * field that is called like it. "-- ..." says why she is given nothing. */
struct part_exports {
    const ProtobufCMessageDescriptor *type;
    const char *sql;
};

/* Where a part's own export (on_export) leaves what it has. */
struct part_export {
    int64_t member_id;
    int64_t after; /* messages up to this id have been given */
    void *call;
    /* Takes a message of the call's arena, whose id is greater than those before. False: no
     * more now. A part calls part_give. */
    bool (*give)(struct part_export *export, const ProtobufCMessage *message, int64_t id);
    bool failed; /* memory was full, or something cannot be read now */
};

/* In place of an id where the latest come first. */
#define PART_LATEST(id) (INT64_MAX - (id))

/* Gives what was not given before; NULL is a message for which memory was full. False: no
 * more now. */
bool part_give(struct part_export *export, const void *message, int64_t id);

/* What a service reads of another's journal, each row once (follow.h). */
struct service_follow {
    const char *queue;    /* whose journal */
    const int32_t *kinds; /* fields of that service's Event */
    unsigned n_kinds;
    /* Applies one row, in a transaction of the service's own. */
    void (*apply)(void *self, void *call, const Rpc__JournalRow *row);
    bool patient; /* some seconds later is soon enough, while the other is flooded */
};

/* In all functions self is the service's struct; of a part that services share, its own. */
struct part_spec {
    const char *tables;              /* its own, with blanks between */
    const struct store_steps *steps; /* &NAME_steps of its NAME.sql; NULL: the service's schema.sql made its tables */
    const char *const *sql;
    unsigned n_sql;
    const char *last_id; /* asks for the greatest id that it has given; NULL: it gives none */

    /* All parts are open, also when only to be audited: what one of the service's gives to one that it shares. */
    void (*opened)(void *self);
    /* Does one slice of what is due by itself, in a transaction of its own; whether there
     * is more at once. */
    bool (*tidy)(void *self, void *call);
    /* The same of work that makes transactions by itself, or none. */
    bool (*work)(void *self);
    struct service_follow follows[PART_FOLLOWS]; /* a journal each, ended by a NULL */
    bool from_first; /* of them all rows ever written, also in a store that followed it without this part (hearing.h) */

    /* Whether the store agrees with an event of the journal; told is in the order of
     * counts. A part that services share is given the chassis' events (rpc.proto), or NULL;
     * under whatever number the service tells them. */
    bool (*agrees)(void *self, const void *event, const Rpc__JournalRow *row, int64_t told[PART_COUNTS]);
    struct part_count counts[PART_COUNTS]; /* ended by a NULL */
    struct part_words words[PART_WORDS];   /* likewise */
    const struct part_stray *strays;       /* NULL or ended by a NULL */
    /* What else is to be recomputed, after the journal; prints what is wrong. */
    bool (*audit)(void *self, FILE *out);

    /* What becomes of a person's; each list ended by a NULL. */
    const char *people; /* columns of its tables that hold a member's id, beside those called member_id */
    const char *others; /* columns that are called as if they did, and do not */
    struct part_exports exports[PART_EXPORTS];
    void (*on_export)(void *self, struct part_export *export);
    const char *closed[PART_STATEMENTS]; /* ?1: the member */
    void (*on_closed)(void *self, int64_t member_id, void *call);
    const char *merged[PART_STATEMENTS]; /* ?1 has become part of ?2 */
    void (*on_merged)(void *self, int64_t gone_id, int64_t kept_id, void *call);
    const char *moves; /* "table.column" of the paths of unions, with blanks between */
    void (*on_moved)(void *self, const char *old_path, const char *path, void *call);
    /* Soon after: ends a slice of what the holder of a number has twice, or nobody holds
     * any more (holder_id 0). Whether there may be more. */
    bool (*settle)(void *self, int64_t number, int64_t holder_id, void *call);
    const char *keeps; /* why it keeps what it has of a person */
};

/* What a part reads of a queue's journal, or NULL. */
const struct service_follow *part_follow(const struct part_spec *spec, const char *queue);

struct part_entry {
    const struct part_spec *spec;
    const char *name;
    size_t at, store, sql; /* where it and these two of it are in the service's struct */
    size_t parts;          /* and this, of a part that services share; else 0 */
};

struct part_api {
    const ProtobufCService *handlers;
    size_t at, size;
};

struct part_table {
    const struct part_entry *entries;
    unsigned n;
    const struct part_api *apis; /* the package's services */
    unsigned n_apis;
    const ProtobufCMessageDescriptor *event; /* of the service's journal */
    /* Under which numbers it told what ChassisEvent's member_gone and union_moved tell, by messages
     * alike of its own, before the chassis did; 0: it did not. */
    int32_t gone_before, moved_before;
    void *self;      /* the daemon's one struct */
    size_t size, at; /* of it, and of its struct parts in it */
    int slice_ms;    /* between two slices of long work */
};

struct part_audit;
struct service;

/* At the head of a service's struct: its parts while they run. */
#define PARTS_MEMBERS                                                                                                  \
    const struct part_table *table;                                                                                    \
    struct store *store;                                                                                               \
    struct rpc_server *rpc;                                                                                            \
    struct clock *clock;                                                                                               \
    struct id_source ids; /* of everything that has one */                                                             \
    bool erased;          /* something was that must not be found in the store's files */                              \
    int64_t scrub_at;     /* they are not scrubbed again before */                                                     \
    struct part_hooks *hooks;                                                                                          \
    struct part_audit *audit; /* while it goes on */                                                                   \
    struct service *service;  /* the daemon that they are of; NULL in an audit */
struct parts {
    PARTS_MEMBERS
};

/* ---- life ---- */

/* Begins self anew and opens every part on a store; NULL for rpc and clock: only to audit
 * it. 0 or -1, logged. */
int parts_open(const struct part_table *table, void *self, struct store *store, struct rpc_server *rpc,
               struct clock *clock);
void parts_close(struct parts *parts);
/* The steps of those that have some: how many. ret has room for table->n. */
unsigned parts_steps(const struct part_table *table, struct store_steps *ret);
/* One slice of each. Whether there is more at once. */
bool parts_tidy(struct parts *parts);
/* Whether all that a journal, which parts follow, was known to hold some moments ago has been
 * heard; always, where nothing is followed, as in tests (service_queue.c). */
bool parts_are_current(const struct parts *parts, const char *queue);
/* Whether all has been heard that the journals which a part reads held at some moment since the call came. False: the
 * call waits until it has, and is then run again from its beginning (rpc_make); or was refused, with a Reason, as one
 * of them could not be read to its end within LIMIT_HEAR_MS. Always, where nothing is followed, as in tests. */
bool parts_heard_all(struct parts *parts, const struct part_spec *spec, int reason, void *call);
/* Whether a part is still being told what the others have heard of a journal (hearing.h), and so
 * knows of an earlier day than they. */
bool parts_hear_anew(const struct parts *parts, const char *queue);
/* Whether so few calls come, since this was asked before, that work may be done for which they would wait. */
struct part_lull {
    uint64_t calls; /* that had come then */
    int64_t at;
};
bool parts_lull(struct parts *parts, struct part_lull *lull);
/* The struct that the parts are in. */
void *parts_self(struct parts *parts);

/* ---- what becomes of a person's, in the transaction of call ---- */

void parts_closed(struct parts *parts, int64_t member_id, void *call);
void parts_merged(struct parts *parts, int64_t gone_id, int64_t kept_id, void *call);
/* Paths begin with `path` where they began with old_path. Whether any did. */
bool parts_moved(struct parts *parts, const char *old_path, const char *path, void *call);
/* One slice. Whether there may be more. */
bool parts_settle(struct parts *parts, int64_t number, int64_t holder_id, void *call);
/* A page of what is kept of a person. 0 or a Reason. */
int parts_export(struct parts *parts, int64_t member_id, void *call, Rpc__ExportPage *ret);
/* All parts' messages into one sink, each part from its first. */
void parts_export_all(struct parts *parts, struct part_export *export);

/* ---- the audit ---- */

/* 0, or -1 after printing to out what is wrong; the journal included. */
int parts_audit(const struct part_table *table, struct store *store, struct journal *journal, FILE *out,
                int64_t *ret_rows);
/* The number that the audit holds for an id of one of a part's words, 0 at first. */
int64_t *part_word(struct parts *parts, const struct part_spec *spec, unsigned words, int64_t id);
/* Whether a path that the journal said in a row is, after all moves since, the one given. */
bool part_path_is(const struct parts *parts, int64_t seq, const char *said, const char *now);
