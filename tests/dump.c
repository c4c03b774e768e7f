#include "tests/dump.h"

#include <sqlite3.h>

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
