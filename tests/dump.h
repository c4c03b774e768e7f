/* dump.h: all that a store holds, as text.
 *
 * Every row of every table is a line, `table|column=value|...`, tables and rows in an
 * order of their own: two stores say the same when their texts are the same. Numbers are
 * in digits, texts in quotes, blobs in hex. The store may be open elsewhere: what is
 * dumped is what was committed. */
#pragma once

/* Dumps the store in a folder. */
void dump_store(const char *dir, FILE *out);

/* Watches the store in a folder from now on. It is not closed or replaced before the watch is. */
struct dump_watch;
struct dump_watch *dump_watch(const char *dir);
void dump_unwatch(struct dump_watch *watch);
/* Whether it holds anything else than at the beginning. */
bool dump_has_changed(struct dump_watch *watch);

/* ---- stores of earlier programs (earlier.h) ---- */

/* A table whose rows a step has put elsewhere, and a query for how many of them (of
 * earlier.TABLE) are nowhere now. */
struct dump_moved {
    const char *table, *lost;
};

/* Makes the store of a folder by the SQL of a file, packed by gzip. When its journal ends. */
int64_t dump_load(const char *dir, const char *path);
/* Changes the store of a folder, which nobody has open, before a program comes to it. */
void dump_alter(const char *dir, const char *sql);
/* Copies the store of a folder to a file. */
void dump_copy(const char *dir, const char *file);
/* Tells of each table of an older copy whose rows are not all in the store as they were, in the
 * columns that both have, or where `moved` looks for them. */
void dump_lost(const char *dir, const char *older, const struct dump_moved *moved, FILE *out);
/* Tells of every table, index and trigger that the stores of two folders do not both have in the same words. */
void dump_master(const char *dir, const char *fresh, FILE *out);
