/* steps.c: brings a store's tables to what the program expects.
 *
 * The versions of chassis and service are numbers in the file's head (application_id,
 * user_version); those of all parts are rows of part_version. */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/store/packed.h"
#include "common/store/store_internal.h"

#define MARK     "-- step "
#define SQL_SIZE 256

extern const unsigned char chassis_schema[];
extern const size_t chassis_schema_len;

/* One step of a text. */
struct step {
    int number;
    bool rows; /* is marked as changing rows */
    const char *begin, *end;
};

/* Whose steps are made, and how many there are of them already. */
struct owner {
    struct store_steps steps;
    const char *counter; /* the pragma of its version; NULL: a row of part_version */
    int made, upto;
};

/* ---- the text ---- */

/* The step that follows a place in a text, whose end is NUL; false past the last. */
static bool next_step(const char *at, struct step *ret)
{
    const char *line = strncmp(at, MARK, strlen(MARK)) == 0 ? at : strstr(at, "\n" MARK);
    char *rest;

    if (!line)
        return false;
    line += *line == '\n';
    ret->number = (int)strtol(line + strlen(MARK), &rest, 10);
    ret->rows = strncmp(rest, " rows\n", 6) == 0;
    if (!ret->rows && *rest != '\n')
        ret->number = -1; /* some other word: no step of ours */
    ret->begin = rest + strcspn(rest, "\n");
    ret->end = strstr(ret->begin, "\n" MARK);
    if (!ret->end)
        ret->end = ret->begin + strlen(ret->begin);
    return true;
}

/* Past blanks and comments. */
static const char *skip_blank(const char *at, const char *end)
{
    while (at < end) {
        if (strchr(" \t\r\n", *at))
            at++;
        else if (at[0] == '-' && at[1] == '-')
            at += strcspn(at, "\n");
        else
            break;
    }
    return at;
}

/* A word of SQL in capitals, and past it. */
static const char *word(const char *at, const char *end, char ret[16])
{
    size_t n = 0;

    for (; at < end && (((*at | 32) >= 'a' && (*at | 32) <= 'z') || *at == '_'); at++) {
        if (n < 15)
            ret[n++] = *at >= 'a' ? (char)(*at - 32) : *at;
    }
    ret[n] = '\0';
    return at;
}

/* Past a quoted text, or one character. */
static const char *skip_one(const char *at, const char *end)
{
    const char *close = *at == '\'' || *at == '"' ? memchr(at + 1, *at, (size_t)(end - at - 1)) : NULL;

    return close ? close + 1 : at + 1;
}

/* Whether a step changes or takes away what rows hold already: it updates, deletes, copies by
 * INSERT ... SELECT, or drops a table or a column. */
static bool changes_rows(const struct step *step)
{
    const char *at = step->begin;
    char first[16] = "", next[16];

    while ((at = skip_blank(at, step->end)) < step->end) {
        const char *behind = word(at, step->end, next);

        if (behind == at) {
            if (*at == ';')
                *first = '\0';
            at = skip_one(at, step->end);
            continue;
        }
        at = behind;
        if (!*first) {
            memcpy(first, next, sizeof(first));
            if (strcmp(first, "UPDATE") == 0 || strcmp(first, "DELETE") == 0 || strcmp(first, "REPLACE") == 0)
                return true;
        } else if ((strcmp(first, "INSERT") == 0 && strcmp(next, "SELECT") == 0) ||
                   (strcmp(first, "DROP") == 0 && strcmp(next, "TABLE") == 0) ||
                   (strcmp(first, "ALTER") == 0 && strcmp(next, "DROP") == 0)) {
            return true;
        }
    }
    return false;
}

/* Whether steps are numbered from 1 on, each once and in order (of two with one number the
 * second would never be made), and those of a part that change rows are marked. */
static bool steps_are_sound(const struct owner *owner, const char *text)
{
    struct step step = {.end = text};
    int n = 0;

    while (next_step(step.end, &step)) {
        if (step.number != ++n) {
            log_error("schema_steps", "of", owner->steps.name, "wrong_at", log_int(n));
            return false;
        }
        if (!owner->counter && step.rows != changes_rows(&step)) {
            log_error("schema_steps", "of", owner->steps.name, "at", log_int(n), "why",
                      step.rows ? "is marked to change rows, and does not" : "changes rows, and is not marked");
            return false;
        }
    }
    return true;
}

/* ---- versions ---- */

static int64_t scalar(struct store *store, const char *sql)
{
    sqlite3_stmt *statement;
    int64_t value = -1;

    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK) {
        if (sqlite3_step(statement) == SQLITE_ROW)
            value = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
    }
    return value;
}

static bool has_versions(struct store *store)
{
    return scalar(store, "SELECT count(*) FROM sqlite_master WHERE name = 'part_version'") > 0;
}

/* False when it cannot be read, or is past the program's own. */
static bool read_version(struct store *store, struct owner *owner, const char *text)
{
    struct step step = {.end = text};
    char sql[SQL_SIZE];
    int64_t made = 0;
    int last = 0;

    if (owner->counter)
        snprintf(sql, sizeof(sql), "PRAGMA %s", owner->counter);
    else
        snprintf(sql, sizeof(sql), "SELECT coalesce(max(steps), 0) FROM part_version WHERE name = '%s'",
                 owner->steps.name);
    if (owner->counter || has_versions(store))
        made = scalar(store, sql);
    while (next_step(step.end, &step))
        last = step.number;
    if (made < 0 || made > last) {
        log_error("store_too_new", "of", owner->steps.name, "steps", log_int(made), "known", log_int(last));
        return false;
    }
    owner->made = (int)made;
    return true;
}

/* Whether every part of the store is one of the program's. */
static bool knows_parts(struct store *store, const struct store_options *options)
{
    sqlite3_stmt *statement;
    bool known = true;

    if (!has_versions(store))
        return true;
    if (sqlite3_prepare_v2(store->db, "SELECT name FROM part_version", -1, &statement, NULL) != SQLITE_OK)
        return false;
    while (known && sqlite3_step(statement) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);

        known = false;
        for (unsigned i = 0; name && i < options->n_parts && !known; i++)
            known = strcmp(options->parts[i].name, name) == 0;
        if (!known)
            log_error("store_too_new", "of", name ? name : "?");
    }
    sqlite3_finalize(statement);
    return known;
}

/* ---- making ---- */

/* The step and its number in one transaction: of its own, or of all of a new store. */
static int make_step(struct store *store, const struct owner *owner, const struct step *step, bool fresh)
{
    char *text = strndup(step->begin, (size_t)(step->end - step->begin)), sql[SQL_SIZE];
    int failed;

    if (owner->counter)
        snprintf(sql, sizeof(sql), "PRAGMA %s = %d", owner->counter, step->number);
    else
        snprintf(sql, sizeof(sql),
                 "INSERT INTO part_version (name, steps) VALUES ('%s', %d) "
                 "ON CONFLICT (name) DO UPDATE SET steps = excluded.steps",
                 owner->steps.name, step->number);
    failed = !text || (!fresh && store_exec(store, "BEGIN IMMEDIATE")) || store_exec(store, text) ||
             store_exec(store, sql) || (!fresh && store_exec(store, "COMMIT"));
    free(text);
    return failed ? -1 : 0;
}

/* The first step that is to be made and changes rows, of one owner. */
static bool finds_rows_step(const struct owner *owner, const char *text, struct step *ret)
{
    struct step step = {.end = text};

    while (next_step(step.end, &step) && (!owner->upto || step.number <= owner->upto)) {
        if (step.number > owner->made && (step.rows || changes_rows(&step))) {
            *ret = step;
            return true;
        }
    }
    return false;
}

/* A copy beside the store, as the program before it left it. */
static int keep_copy(const char *dir, const struct owner *owner, const struct step *step)
{
    char path[PATH_MAX], half[PATH_MAX];

    snprintf(path, sizeof(path), "%s/" STORE_COPY "%s-%d.sqlite", dir, owner->steps.name, step->number);
    if (access(path, F_OK) == 0)
        return 0; /* the step failed behind it, or the machine did */
    if (snprintf(half, sizeof(half), "%s.half", path) >= (int)sizeof(half))
        return -1;
    unlink(half);
    if (store_backup(dir, half) || rename(half, path))
        return -1;
    log_info("store_copied", "file", path);
    return 0;
}

static int make_all(struct store *store, const struct owner *owner, const char *text, bool fresh)
{
    struct step step = {.end = text};

    while (next_step(step.end, &step) && (!owner->upto || step.number <= owner->upto)) {
        if (step.number > owner->made && make_step(store, owner, &step, fresh))
            return -1;
    }
    return 0;
}

static int migrate_owners(struct store *store, const char *dir, struct owner *owners, char **texts, unsigned n)
{
    bool fresh = scalar(store, "SELECT count(*) FROM sqlite_master") == 0;
    struct step step;

    for (unsigned i = 0; i < n; i++) {
        texts[i] = strndup((const char *)owners[i].steps.text, *owners[i].steps.len);
        if (!texts[i] || !steps_are_sound(&owners[i], texts[i]) || !read_version(store, &owners[i], texts[i]))
            return -1;
    }
    for (unsigned i = 0; i < n && !fresh; i++) {
        if (!finds_rows_step(&owners[i], texts[i], &step))
            continue;
        if (keep_copy(dir, &owners[i], &step))
            return -1;
        break;
    }
    if (fresh && store_exec(store, "BEGIN IMMEDIATE"))
        return -1;
    for (unsigned i = 0; i < n; i++) {
        if (make_all(store, &owners[i], texts[i], fresh))
            return -1;
    }
    return fresh && store_exec(store, "COMMIT") ? -1 : 0;
}

int store_migrate(struct store *store, const struct store_options *options)
{
    unsigned n = 0, max = options->n_parts + 2;
    struct owner *owners = calloc(max, sizeof(*owners));
    char **texts = calloc(max, sizeof(*texts));
    int failed = -1;

    if (!owners || !texts)
        goto free_all;
    owners[n++] =
        (struct owner){{"chassis", chassis_schema, &chassis_schema_len}, "application_id", 0, options->earlier.chassis};
    if (options->schema)
        owners[n++] = (struct owner){
            {"schema", options->schema, &options->schema_len}, "user_version", 0, options->earlier.schema};
    for (unsigned i = 0; i < options->n_parts; i++)
        owners[n++] = (struct owner){options->parts[i], NULL, 0, 0};
    if (packed_register(store->db) || store_exec(store, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL") ||
        !knows_parts(store, options))
        goto free_all;
    failed = migrate_owners(store, options->dir, owners, texts, n);
free_all:
    for (unsigned i = 0; texts && i < max; i++)
        free(texts[i]);
    free(texts);
    free(owners);
    return failed;
}
