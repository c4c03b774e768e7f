#include "tests/dump.h"

#include <sqlite3.h>
#include <zlib.h>

#include "common/base/hex.h"

#define SQL_SIZE 4096

static sqlite3 *open_store(const char *dir)
{
    char path[256];
    sqlite3 *db;

    snprintf(path, sizeof(path), "%s/data.sqlite", dir);
    ensure(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    return db;
}

static sqlite3_stmt *ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;

    ensure(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK);
    return statement;
}

static void print_value(sqlite3_stmt *row, int column, FILE *out)
{
    const unsigned char *bytes;
    char digits[HEX_SIZE(1)];

    switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL:
        fputs("null", out);
        break;
    case SQLITE_BLOB:
        bytes = sqlite3_column_blob(row, column);
        fputs("x'", out);
        for (int i = 0; i < sqlite3_column_bytes(row, column); i++) {
            hex_print(bytes + i, 1, digits);
            fputs(digits, out);
        }
        fputc('\'', out);
        break;
    case SQLITE_TEXT:
        fprintf(out, "'%s'", (const char *)sqlite3_column_text(row, column));
        break;
    default:
        fputs((const char *)sqlite3_column_text(row, column), out);
    }
}

/* The rows in the order of all their columns, whatever keys there are. */
static void dump_table(sqlite3 *db, const char *table, FILE *out)
{
    char sql[SQL_SIZE];
    sqlite3_stmt *rows;
    size_t len;
    int columns;

    snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\" ORDER BY 1", table);
    rows = ask(db, sql);
    columns = sqlite3_column_count(rows);
    sqlite3_finalize(rows);
    len = strlen(sql);
    for (int i = 2; i <= columns; i++)
        len += (size_t)snprintf(sql + len, sizeof(sql) - len, ", %d", i);
    ensure(len < sizeof(sql));
    rows = ask(db, sql);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        fputs(table, out);
        for (int i = 0; i < columns; i++) {
            fprintf(out, "|%s=", sqlite3_column_name(rows, i));
            print_value(rows, i, out);
        }
        fputc('\n', out);
    }
    ensure(sqlite3_finalize(rows) == SQLITE_OK);
}

static void dump(sqlite3 *db, FILE *out)
{
    sqlite3_stmt *tables = ask(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");

    while (sqlite3_step(tables) == SQLITE_ROW)
        dump_table(db, (const char *)sqlite3_column_text(tables, 0), out);
    ensure(sqlite3_finalize(tables) == SQLITE_OK);
}

void dump_store(const char *dir, FILE *out)
{
    sqlite3 *db = open_store(dir);

    dump(db, out);
    sqlite3_close(db);
}

/* ---- watching ---- */

struct dump_watch {
    sqlite3 *db;
    int64_t version; /* at which the text was still the same */
    char *text;      /* at the beginning */
};

/* Changes when another connection has committed pages. */
static int64_t version_of(sqlite3 *db)
{
    sqlite3_stmt *statement = ask(db, "PRAGMA data_version");
    int64_t version;

    ensure(sqlite3_step(statement) == SQLITE_ROW);
    version = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return version;
}

static char *text_of(sqlite3 *db)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    ensure(out);
    dump(db, out);
    ensure(fclose(out) == 0);
    return text;
}

struct dump_watch *dump_watch(const char *dir)
{
    struct dump_watch *watch = malloc(sizeof(*watch));

    ensure(watch);
    watch->db = open_store(dir);
    watch->version = version_of(watch->db);
    watch->text = text_of(watch->db);
    return watch;
}

void dump_unwatch(struct dump_watch *watch)
{
    sqlite3_close(watch->db);
    free(watch->text);
    free(watch);
}

bool dump_has_changed(struct dump_watch *watch)
{
    int64_t version = version_of(watch->db);
    char *text;
    bool changed;

    if (version == watch->version)
        return false;
    text = text_of(watch->db);
    changed = strcmp(text, watch->text) != 0;
    free(text);
    if (!changed)
        watch->version = version;
    return changed;
}

/* ---- stores of earlier programs ---- */

#define SQL_MAX (4 << 20)

static sqlite3 *make_store(const char *path)
{
    sqlite3 *db;

    ensure(sqlite3_open(path, &db) == SQLITE_OK);
    return db;
}

static int64_t number_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = ask(db, sql);
    int64_t number;

    ensure(sqlite3_step(statement) == SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

int64_t dump_load(const char *dir, const char *path)
{
    char *sql = malloc(SQL_MAX), file[256];
    gzFile packed = gzopen(path, "r");
    int64_t at;
    sqlite3 *db;
    int len;

    ensure(sql && packed);
    len = gzread(packed, sql, SQL_MAX - 1);
    ensure(len > 0 && gzclose(packed) == Z_OK);
    sql[len] = '\0';
    snprintf(file, sizeof(file), "%s/data.sqlite", dir);
    db = make_store(file);
    ensure(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    at = number_of(db, "SELECT coalesce(max(at), 0) FROM journal");
    sqlite3_close(db);
    free(sql);
    return at;
}

void dump_alter(const char *dir, const char *sql)
{
    char file[256];
    sqlite3 *db;

    snprintf(file, sizeof(file), "%s/data.sqlite", dir);
    db = make_store(file);
    ensure(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK && sqlite3_changes(db) > 0);
    sqlite3_close(db);
}

void dump_copy(const char *dir, const char *file)
{
    sqlite3 *from = open_store(dir), *to = make_store(file);
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");

    ensure(backup && sqlite3_backup_step(backup, -1) == SQLITE_DONE && sqlite3_backup_finish(backup) == SQLITE_OK);
    sqlite3_close(from);
    sqlite3_close(to);
}

/* How many rows of a table of the earlier store are not in the same one of this. */
static int64_t rows_lost(sqlite3 *db, const char *table)
{
    char sql[SQL_SIZE], columns[SQL_SIZE / 4];
    sqlite3_stmt *both;

    snprintf(sql, sizeof(sql),
             "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info('%s', 'earlier') WHERE name IN "
             "(SELECT name FROM pragma_table_info('%s', 'main'))",
             table, table);
    both = ask(db, sql);
    ensure(sqlite3_step(both) == SQLITE_ROW && sqlite3_column_bytes(both, 0) < (int)sizeof(columns));
    snprintf(columns, sizeof(columns), "%s", (const char *)sqlite3_column_text(both, 0));
    sqlite3_finalize(both);
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM (SELECT %s FROM earlier.\"%s\" EXCEPT SELECT %s FROM main.\"%s\")",
             columns, table, columns, table);
    return number_of(db, sql);
}

static int64_t table_lost(sqlite3 *db, const char *table, const struct dump_moved *moved)
{
    char sql[SQL_SIZE];

    if (strcmp(table, "part_version") == 0) /* a part makes new steps, and never fewer */
        return number_of(db, "SELECT count(*) FROM earlier.part_version AS was LEFT JOIN part_version AS is_now "
                             "USING (name) WHERE coalesce(is_now.steps, 0) < was.steps");
    for (; moved && moved->table; moved++) {
        if (strcmp(moved->table, table) == 0)
            return number_of(db, moved->lost);
    }
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM main.sqlite_master WHERE type = 'table' AND name = '%s'", table);
    if (number_of(db, sql))
        return rows_lost(db, table);
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM earlier.\"%s\"", table);
    return number_of(db, sql);
}

void dump_lost(const char *dir, const char *older, const struct dump_moved *moved, FILE *out)
{
    sqlite3 *db = open_store(dir);
    sqlite3_stmt *tables;
    char sql[SQL_SIZE];
    int n = 0;

    snprintf(sql, sizeof(sql), "ATTACH '%s' AS earlier", older);
    ensure(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    tables = ask(db, "SELECT name FROM earlier.sqlite_master WHERE type = 'table' ORDER BY name");
    for (; sqlite3_step(tables) == SQLITE_ROW; n++) {
        const char *table = (const char *)sqlite3_column_text(tables, 0);
        int64_t lost = table_lost(db, table, moved);

        if (lost)
            fprintf(out, "%lld rows of %s are not as they were\n", (long long)lost, table);
    }
    ensure(n > 0 && sqlite3_finalize(tables) == SQLITE_OK);
    ensure(sqlite3_close(db) == SQLITE_OK);
}

void dump_master(const char *dir, const char *fresh, FILE *out)
{
    static const char differ[] =
        "WITH here AS (SELECT type, name, tbl_name, sql FROM main.sqlite_master), "
        "there AS (SELECT type, name, tbl_name, sql FROM fresh.sqlite_master) "
        "SELECT 'is not so in a fresh store', * FROM (SELECT * FROM here EXCEPT SELECT * FROM there) UNION ALL "
        "SELECT 'of a fresh store is not here', * FROM (SELECT * FROM there EXCEPT SELECT * FROM here)";
    sqlite3 *db = open_store(dir);
    sqlite3_stmt *rows;
    char sql[SQL_SIZE];

    snprintf(sql, sizeof(sql), "ATTACH '%s/data.sqlite' AS fresh", fresh);
    ensure(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    rows = ask(db, differ);
    while (sqlite3_step(rows) == SQLITE_ROW)
        fprintf(out, "%s %s %s:\n%s\n", sqlite3_column_text(rows, 1), sqlite3_column_text(rows, 2),
                sqlite3_column_text(rows, 0), sqlite3_column_text(rows, 4));
    ensure(sqlite3_finalize(rows) == SQLITE_OK && sqlite3_close(db) == SQLITE_OK);
}
