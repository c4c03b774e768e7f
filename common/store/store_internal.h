/* store_internal.h: what store.c, steps.c and copies.c share; included by nothing else. */
#pragma once
#include <sqlite3.h>

#include "common/store/store.h"

#define FILE_NAME "data.sqlite"
#define BUSY_MS   5000

struct store {
    sqlite3 *db;
    sqlite3_stmt **statements;
    unsigned n_statements, room; /* for so many */
    unsigned own;                /* index of the first of own_sql */
    int lock_fd;
    int trouble;
    bool in_transaction, in_call, in_savepoint, call_changed;
    bool lax;  /* commits are not synced */
    bool sick; /* the last transaction failed: said once, until one succeeds */
};

/* Runs statements without rows: 0, or -1 after logging why. */
int store_exec(struct store *store, const char *sql);
/* store_backup with another limit of the log. */
int store_backup_within(const char *dir, const char *file, int64_t log_limit);
/* Makes the steps that a store lacks. 0, or -1 after logging why. */
int store_migrate(struct store *store, const struct store_options *options);
