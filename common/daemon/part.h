/* part.h: the parts of a service's store.
 *
 * A part is a noun of the service with SQL of its own: a struct with a `store` and, as
 * `sql`, the number of the first of its statements, which is a member of the service's
 * struct. It is described beside its SQL by one struct part_spec, and the service lists
 * its parts in one table, by PART_ENTRY: a new part is one line there. From the table
 * follow the start (every statement is prepared, so a typo fails then), the first free
 * id, the tidying, and the audit.
 *
 * Tidying runs each part that has something to do by itself in a transaction of its own,
 * one slice at a time.
 *
 * The audit reads the journal once and puts every row to every part, which says whether
 * the store agrees and counts what it is told of. At the end the numbers that the store
 * has must be those counted, and no stray be found. So a row that was added, changed or
 * taken away behind the service's back is seen from one side or the other. */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "common/store/journal.h"

struct rpc_server;

#define PART_COUNTS 4 /* of one part */

/* A number that the journal tells too. */
struct part_count {
    const char *what;
    const char *sql;
};

/* A question that finds no row in a sound store; else one whose id is the first column. */
struct part_stray {
    const char *what, *fault;
    const char *sql;
};

struct part_spec {
    const char *const *sql;
    unsigned n_sql;
    const char *last_id; /* asks for the greatest id that it has given; NULL: it gives none */
    /* Does one slice of what is due by itself; whether there is more at once. May be NULL. */
    bool (*tidy)(void *self, void *call);
    /* Whether the store agrees with an event of the journal; told is in the order of
     * counts. May be NULL. */
    bool (*agrees)(void *self, const void *event, const Rpc__JournalRow *row, int64_t told[PART_COUNTS]);
    struct part_count counts[PART_COUNTS]; /* ended by a NULL */
    const struct part_stray *strays;       /* NULL or ended by a NULL */
};

struct part_entry {
    const struct part_spec *spec;
    size_t store, sql; /* where these two of it are in the service's struct */
};

/* The line of a table for the part `name` of `struct service`, described by name##_part. */
#define PART_ENTRY(service, name)                                                                                      \
    {                                                                                                                  \
        &name##_part, offsetof(struct service, name.store), offsetof(struct service, name.sql)                         \
    }

struct part_table {
    const struct part_entry *entries;
    unsigned n;
    const ProtobufCMessageDescriptor *event; /* of the service's journal */
};

/* In all of these self is the service's struct. */

/* Opens every part on a store: 0 or -1, logged. */
int parts_open(const struct part_table *table, void *self, struct store *store);
/* The greatest id that any has given, 0 when there is none; -1 after logging why. */
int64_t parts_last_id(const struct part_table *table, struct store *store);
/* One slice of each. Whether there is more at once. */
bool parts_tidy(const struct part_table *table, void *self, struct rpc_server *rpc);
/* 0, or -1 after printing to out what is wrong. */
int parts_audit(const struct part_table *table, void *self, struct store *store, struct journal *journal, FILE *out);
