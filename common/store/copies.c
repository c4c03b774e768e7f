/* copies.c: copies of a whole store, and what SQLite itself says of it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/store/store_internal.h"

#define LOOK          "SELECT count(*) FROM sqlite_schema"
#define COPY_PAGES    1024                                     /* of one step */
#define LOG_KEPT_PART (LIMIT_STORE_LOG / LIMIT_STORE_LOG_KEPT) /* of the log's limit, past which it is shortened */

static int sync_file(const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd);

    if (fd >= 0)
        close(fd);
    return failed ? -1 : 0;
}

static int64_t log_size(const char *dir)
{
    char path[PATH_MAX];
    struct stat log;

    snprintf(path, sizeof(path), "%s/" FILE_NAME "-wal", dir);
    return stat(path, &log) ? 0 : log.st_size;
}

/* All steps read one snapshot, which is the transaction's: without it each step that finds the
 * store changed would begin the copy anew. */
static int copy(sqlite3 *from, sqlite3 *to, const char *dir, int64_t log_limit)
{
    sqlite3_backup *backup;
    int code = sqlite3_exec(from, "BEGIN; " LOOK, NULL, NULL, NULL);

    if (code != SQLITE_OK)
        return code;
    backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup)
        return sqlite3_errcode(to);
    do {
        code = sqlite3_backup_step(backup, COPY_PAGES);
        if (code == SQLITE_OK && log_size(dir) > log_limit) {
            log_error("backup_log_too_long", "bytes", log_int(log_size(dir)), "limit", log_int(log_limit));
            code = SQLITE_BUSY_SNAPSHOT;
        }
    } while (code == SQLITE_OK);
    if (code == SQLITE_DONE)
        return sqlite3_backup_finish(backup);
    sqlite3_backup_finish(backup);
    return code;
}

/* Brings what the log holds into the store's file while the owner goes on: the log begins anew with
 * the next that is written. What cannot be done, the owner does. */
static void shorten_log(const char *path)
{
    sqlite3 *db;

    /* What has not been read from yet does not know that there is a log. */
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_exec(db, LOOK, NULL, NULL, NULL) == SQLITE_OK)
        sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    sqlite3_close(db);
}

int store_backup_within(const char *dir, const char *file, int64_t log_limit)
{
    char path[PATH_MAX], folder[PATH_MAX];
    sqlite3 *from = NULL, *to = NULL;
    int code = SQLITE_ERROR;

    snprintf(path, sizeof(path), "%s/" FILE_NAME, dir);
    if (access(file, F_OK) == 0) {
        log_error("backup_exists", "file", file);
        return -1;
    }
    if (sqlite3_open_v2(path, &from, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_open_v2(file, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(from, BUSY_MS);
        code = copy(from, to, dir, log_limit);
    }
    if (code != SQLITE_OK)
        log_error("backup_failed", "file", file, "error", sqlite3_errstr(code));
    sqlite3_close(to);
    sqlite3_close(from);
    if (log_size(dir) > log_limit / LOG_KEPT_PART)
        shorten_log(path);
    snprintf(folder, sizeof(folder), "%s", file);
    if (code == SQLITE_OK && (chmod(file, 0600) || sync_file(file) || sync_file(dirname(folder)))) {
        log_error("backup_failed", "file", file, "error", strerror(errno));
        code = SQLITE_IOERR;
    }
    if (code != SQLITE_OK)
        unlink(file); /* half a copy is taken for a whole one some day */
    return code == SQLITE_OK ? 0 : -1;
}

int store_backup(const char *dir, const char *file)
{
    return store_backup_within(dir, file, LIMIT_STORE_LOG);
}

void store_drop_copies(const char *dir, int64_t before)
{
    DIR *folder = opendir(dir);
    const struct dirent *entry;
    struct stat stat;

    while (folder && (entry = readdir(folder))) {
        if (strncmp(entry->d_name, STORE_COPY, strlen(STORE_COPY)) != 0 ||
            fstatat(dirfd(folder), entry->d_name, &stat, 0) || (int64_t)stat.st_mtime * 1000 >= before)
            continue;
        if (unlinkat(dirfd(folder), entry->d_name, 0) == 0)
            log_info("store_copy_dropped", "file", entry->d_name);
    }
    if (folder)
        closedir(folder);
}

/* Prints the first row of a check that is not "ok". */
static bool finds_fault(struct store *store, const char *pragma, FILE *out)
{
    sqlite3_stmt *statement;
    bool found = false;
    int code;

    if (sqlite3_prepare_v2(store->db, pragma, -1, &statement, NULL) != SQLITE_OK) {
        fprintf(out, "store: %s\n", sqlite3_errmsg(store->db));
        return true;
    }
    while (!found && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(statement, 0);

        found = !line || strcmp(line, "ok") != 0;
        if (found)
            fprintf(out, "store: %s: %s\n", pragma, line ? line : "unreadable");
    }
    if (!found && code != SQLITE_DONE) {
        fprintf(out, "store: %s\n", sqlite3_errmsg(store->db));
        found = true;
    }
    sqlite3_finalize(statement);
    return found;
}

int store_check(struct store *store, FILE *out)
{
    return finds_fault(store, "PRAGMA integrity_check(20)", out) || finds_fault(store, "PRAGMA foreign_key_check", out)
               ? -1
               : 0;
}
