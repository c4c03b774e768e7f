/* The tables of one service (SERVICE_SPEC, by the build), read from its schema: each has a
 * primary key and a part; what is of a person or of a union is answered for; and a store
 * of any earlier program becomes what a fresh one is.
 *
 * A column is a person's when it references `member`, is called member_id or ..._by, is
 * called like something that is sealed of her or by which she is found, or is listed in its
 * part's `people`. So that none is forgotten, every other INTEGER column that might hold
 * an id is refused until somebody says what it is: unless it is the key of some table,
 * references another one, or is called like one of the plain numbers below, it is listed in
 * `people` or in `others`. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/daemon/part_internal.h"
#include "tests/harness.h"

extern const struct service_spec SERVICE_SPEC;

/* INTEGER columns that are no ids: by the end of their names, and by whole names. */
static const char *const number_ends[] = {"_at",  "_fen",   "_ms",    "_day",    "_days", "_year",
                                          "_seq", "_level", "_tries", "_failed", NULL};
static const char *const numbers[] = {
    /* what something is or has become */
    "state", "kind", "reason", "refusal", "role", "level", "sex", "trade", "trades", "channel", "purpose", "verdict",
    "standing", "post", "source", "proof", "release", "duty", "outcome", "allowance", "attempt", "value", "body",
    "began", "ended", "sign_in", "confirmed", "withdrawn", "closed", "settled", "offline", "walk_in", "must_move",
    "full_time", "used", "cover", "entered", "by_company", "goods",
    /* how many, and which */
    "n", "upto", "seq", "steps", "version", "day", "days", "line", "part", "size", "place", "stratum", "serial",
    "capacity", "walk_ins", "booked", "walked", "promoted", "places", "entrants", "seated", "wins", "granted", "tries",
    "looks", "failed", "sends", "children", "moves", "workers", "n_lines", "n_entries", "last_entry", "last_step",
    "partition", "first", "own", "members", "listed", "verified", "own_joined", "own_left", "joined", "gone", "trade0",
    "trade1", "trade2", "trade3", "trade4", "trade5", "trade6", "code", "fen", "corrects", "handle", "subject",
    /* when */
    "at", "since", "until", NULL};
/* What is sealed of a person, or finds her. */
static const char *const personal[] = {"mobile",      "person",     "openid",     "unionid",
                                       "resident_id", "name_index", "shown_name", NULL};

static struct harness h;
static int faults;

static int setup(void **state)
{
    struct store_options options;

    (void)state;
    h = (struct harness){.service = {.spec = &SERVICE_SPEC}, .dir = "/tmp/huigong-parts-XXXXXX"};
    assert_non_null(mkdtemp(h.dir));
    service_store_options(&h.service, h.dir, &options);
    h.service.store = store_open(&options);
    assert_non_null(h.service.store);
    faults = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_close(h.service.store);
    harness_remove_dir(h.dir);
    return 0;
}

static void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void fault(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprint_error(format, args);
    va_end(args);
    print_error("\n");
    faults++;
}

static const struct part_table *table(void)
{
    return SERVICE_SPEC.parts;
}

/* ---- the schema ---- */

static unsigned ask(struct store *store, const char *sql)
{
    int statement = store_prepare(store, &sql, 1);

    assert_true(statement >= 0);
    return (unsigned)statement;
}

#define COLUMNS_MAX 1024

struct column {
    char table[PART_NAME], name[PART_NAME], type[16], references[PART_NAME];
    bool key; /* of its table, alone */
};

static struct column columns[COLUMNS_MAX];
static unsigned n_columns;

static void read_columns(void)
{
    struct store *store = h.service.store;
    unsigned all = ask(store, "SELECT m.name, c.name, c.type, coalesce((SELECT f.\"table\" FROM "
                              "pragma_foreign_key_list(m.name) f WHERE f.\"from\" = c.name), ''), c.pk = 1 AND "
                              "(SELECT count(*) FROM pragma_table_info(m.name) k WHERE k.pk > 0) = 1 "
                              "FROM sqlite_master m, pragma_table_info(m.name) c "
                              "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid");

    n_columns = 0;
    store_ask(store, all, "");
    while (store_row(store, all)) {
        struct column *column = &columns[n_columns++];

        assert_true(n_columns < COLUMNS_MAX);
        store_copy_text(store, all, 0, column->table, sizeof(column->table));
        store_copy_text(store, all, 1, column->name, sizeof(column->name));
        store_copy_text(store, all, 2, column->type, sizeof(column->type));
        store_copy_text(store, all, 3, column->references, sizeof(column->references));
        column->key = store_int(store, all, 4) != 0;
    }
    assert_true(n_columns > 0);
}

static const struct column *column_of(const char *of, const char *name)
{
    for (unsigned i = 0; i < n_columns; i++) {
        if (strcmp(columns[i].table, of) == 0 && (!name || strcmp(columns[i].name, name) == 0))
            return &columns[i];
    }
    return NULL;
}

/* ---- words ---- */

static bool is_in(const char *word, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(word, *list) == 0)
            return true;
    }
    return false;
}

static bool ends_in(const char *word, const char *end)
{
    size_t len = strlen(word), end_len = strlen(end);

    return len >= end_len && strcmp(word + len - end_len, end) == 0;
}

/* Whether a list with blanks between has a word. */
static bool lists(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = list; at && (at = strstr(at, word)); at += len) {
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    }
    return false;
}

static bool lists_column(const char *list, const struct column *column)
{
    char both[2 * PART_NAME];

    ensure((size_t)snprintf(both, sizeof(both), "%s.%s", column->table, column->name) < sizeof(both));
    return lists(list, both);
}

static const struct part_spec *part_of(const char *of, const char **ret_name)
{
    for (unsigned i = 0; i < parts_count(table()); i++) {
        const struct part_spec *spec = parts_spec(table(), i, ret_name);

        if (lists(spec->tables, of))
            return spec;
    }
    *ret_name = "none";
    return NULL;
}

/* ---- what a column is ---- */

static bool is_key_of_some_table(const char *name)
{
    for (unsigned i = 0; i < n_columns; i++) {
        if (columns[i].key && strcmp(columns[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool is_members(const struct part_spec *spec, const struct column *column)
{
    return strcmp(column->references, "member") == 0 || strcmp(column->name, "member_id") == 0 ||
           ends_in(column->name, "_by") || strncmp(column->name, "sealed", 6) == 0 || is_in(column->name, personal) ||
           lists_column(spec->people, column);
}

static bool is_plain_number(const char *name)
{
    bool plain = is_in(name, numbers);

    for (const char *const *end = number_ends; *end && !plain; end++)
        plain = ends_in(name, *end);
    return plain;
}

/* Whether it might hold a member's id, for all that its name says. */
static bool is_doubtful(const struct column *column)
{
    return strcmp(column->type, "INTEGER") == 0 && !*column->references && !is_key_of_some_table(column->name) &&
           !is_plain_number(column->name) && strcmp(column->name, "union_id") != 0 &&
           strcmp(column->name, "session_id") != 0;
}

/* ---- what parts say ---- */

/* A list says something by a statement or, behind "-- ", by words. */
static bool says(const char *const *list)
{
    for (unsigned i = 0; i < PART_STATEMENTS && list[i]; i++) {
        if (strncmp(list[i], "--", 2) == 0 && strlen(list[i]) < 12)
            return false;
    }
    return list[0] != NULL;
}

static void check_person(const struct column *column, const struct part_spec *spec, const char *name)
{
    static const struct {
        const char *occasion, *say;
    } occasions[] = {{"asks for what is kept of her", "exports or on_export"},
                     {"closes her account", "closed or on_closed"},
                     {"has two accounts that become one", "merged or on_merged"}};
    const bool said[] = {spec->exports[0].sql || spec->on_export, says(spec->closed) || spec->on_closed,
                         says(spec->merged) || spec->on_merged};

    if (spec->keeps && strlen(spec->keeps) > 10)
        return;
    for (unsigned i = 0; i < ARRAY_LEN(said); i++) {
        if (!said[i])
            fault("%s.%s is a member's: part %s does not say what happens when a person %s (%s, or keeps)",
                  column->table, column->name, name, occasions[i].occasion, occasions[i].say);
    }
}

/* ---- the tests ---- */

static void every_table_has_a_primary_key(void **state)
{
    unsigned without =
        ask(h.service.store, "SELECT name FROM sqlite_master m WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND "
                             "NOT EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE pk > 0)");

    (void)state;
    store_ask(h.service.store, without, "");
    while (store_row(h.service.store, without))
        fault("%s has no primary key", store_text(h.service.store, without, 0));
    assert_int_equal(faults, 0);
}

static void every_table_belongs_to_one_part(void **state)
{
    const char *name, *last = "";

    (void)state;
    read_columns();
    for (unsigned i = 0; i < n_columns; i++) {
        unsigned owners = 0;

        if (strcmp(columns[i].table, last) == 0)
            continue;
        last = columns[i].table;
        for (unsigned p = 0; p < parts_count(table()); p++)
            owners += lists(parts_spec(table(), p, &name)->tables, last);
        if (owners != 1)
            fault("%s is in `tables` of %u parts", last, owners);
    }
    assert_int_equal(faults, 0);
}

/* What is listed is there. */
static void check_list(const char *list, const char *what, const char *part)
{
    char of[PART_NAME], name[PART_NAME];

    while (list && part_next_column(&list, of, name)) {
        if (!column_of(of, name))
            fault("part %s: %s names %s.%s, which is not there", part, what, of, name);
    }
}

static void what_parts_name_is_there(void **state)
{
    const char *name;

    (void)state;
    read_columns();
    for (unsigned i = 0; i < parts_count(table()); i++) {
        const struct part_spec *spec = parts_spec(table(), i, &name);
        char of[PART_NAME];

        for (const char *at = spec->tables; at && *at; at += strlen(of), at += strspn(at, " ")) {
            snprintf(of, sizeof(of), "%.*s", (int)strcspn(at, " "), at);
            if (!column_of(of, NULL))
                fault("part %s: tables names %s, which is not there", name, of);
        }
        check_list(spec->people, "people", name);
        check_list(spec->others, "others", name);
        check_list(spec->moves, "moves", name);
    }
    assert_int_equal(faults, 0);
}

static void what_is_of_a_person_is_answered_for(void **state)
{
    bool any = false;

    (void)state;
    read_columns();
    for (unsigned i = 0; i < n_columns; i++) {
        const struct column *column = &columns[i];
        const char *name;
        const struct part_spec *spec = part_of(column->table, &name);

        if (!spec)
            continue; /* another test's */
        if (lists_column(spec->others, column))
            continue;
        if (is_members(spec, column)) {
            check_person(column, spec, name);
            any |= !spec->keeps;
        } else if (is_doubtful(column)) {
            fault("%s.%s might be a member's: part %s lists it neither in people nor in others", column->table,
                  column->name, name);
        }
    }
    if (any && !column_of("member", NULL)) {
        const struct part_spec *holders = part_of("account_gone", &(const char *){NULL});
        const struct part_spec *handles = part_of("handle", &(const char *){NULL});

        if ((!holders || !holders->follows[0].queue) && (!handles || !handles->follows[0].queue))
            fault("%s keeps what is members', and does not hear of identity when an account ends: SHARED(holders), or "
                  "SHARED(handles)",
                  SERVICE_SPEC.name);
    }
    assert_int_equal(faults, 0);
}

/* An id that the program makes is behind all that it has made: a key of a table's own. */
static void ids_go_on_behind_those_of_every_table(void **state)
{
    (void)state;
    read_columns();
    for (unsigned i = 0; i < n_columns; i++) {
        const struct column *column = &columns[i];
        const char *name;
        const struct part_spec *spec = part_of(column->table, &name);

        if (!spec || !column->key || !ends_in(column->name, "_id") || *column->references ||
            strcmp(column->name, "member_id") == 0 || lists_column(spec->others, column))
            continue;
        if (!spec->last_id || !strstr(spec->last_id, column->name))
            fault("%s.%s: part %s does not ask for the greatest (last_id), or the table makes its ids by itself "
                  "(others)",
                  column->table, column->name, name);
    }
    assert_int_equal(faults, 0);
}

static void what_is_of_a_union_moves_with_it(void **state)
{
    (void)state;
    read_columns();
    for (unsigned i = 0; i < n_columns; i++) {
        const struct column *column = &columns[i];
        const char *name;
        const struct part_spec *spec = part_of(column->table, &name);
        bool is_path = strcmp(column->name, "path") == 0 || ends_in(column->name, "_path");

        if (!spec || !is_path)
            continue;
        if (!spec->moves || (strncmp(spec->moves, "--", 2) != 0 && !lists_column(spec->moves, column)))
            fault("%s.%s is a union's: part %s does not say that it moves (moves = \"%s.%s\")", column->table,
                  column->name, name, column->table, column->name);
    }
    assert_int_equal(faults, 0);
}

/* ---- lists by state ---- */

#define PARAMETERS "iiiiii"

/* How many a statement has: the last is ?n. */
static size_t parameters_of(const char *sql)
{
    size_t n = 0;

    for (const char *at = sql; (at = strchr(at, '?')); at++)
        n = at[1] - '0' > (int)n ? (size_t)(at[1] - '0') : n;
    assert_true(n <= strlen(PARAMETERS));
    return n;
}

/* A list by states reads the rows of those alone, each by an index, in the order of its pages: however long the list
 * is, a page costs what is on it. */
static void a_list_by_states_is_read_in_the_order_of_an_index(void **state)
{
    const int64_t none = 0;
    const char *name;
    char plan[8192];

    (void)state;
    for (unsigned i = 0; i < parts_count(table()); i++) {
        const struct part_spec *spec = parts_spec(table(), i, &name);

        for (unsigned n = 0; n < spec->n_sql; n++) {
            unsigned explained;

            if (!strstr(spec->sql[n], RPC_PAGE_STATES("", "1")) || !strstr(spec->sql[n], " UNION ALL "))
                continue;
            assert_true((size_t)snprintf(plan, sizeof(plan), "EXPLAIN QUERY PLAN %s", spec->sql[n]) < sizeof(plan));
            explained = ask(h.service.store, plan);
            store_ask(h.service.store, explained, PARAMETERS + strlen(PARAMETERS) - parameters_of(spec->sql[n]), none,
                      none, none, none, none, none);
            while (store_row(h.service.store, explained)) {
                const char *step = store_text(h.service.store, explained, 3);

                if (strstr(step, "TEMP B-TREE") || strncmp(step, "SCAN", 4) == 0 ||
                    (strncmp(step, "SEARCH", 6) == 0 && strstr(spec->sql[n], " state = 1 ") &&
                     !strstr(step, "state=?") && !strstr(step, "(rowid=?)")))
                    fault("part %s: %s, to answer %s", name, step, spec->sql[n]);
            }
        }
    }
    assert_int_equal(faults, 0);
}

/* ---- stores of earlier programs ---- */

static int steps_of(const unsigned char *text, size_t len)
{
    char *copy = strndup((const char *)text, len);
    int n = 0;

    assert_non_null(copy);
    for (const char *at = copy; (at = strstr(at, "-- step ")); at++)
        n++;
    free(copy);
    return n;
}

/* All that sqlite_master says, in the arena. */
static char *master_of(struct store *store)
{
    unsigned all = ask(store, "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name");
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    store_ask(store, all, "");
    while (store_row(store, all))
        fprintf(out, "%s %s %s %s\n", store_text(store, all, 0), store_text(store, all, 1), store_text(store, all, 2),
                store_text(store, all, 3));
    fclose(out);
    return text;
}

extern const unsigned char chassis_schema[];
extern const size_t chassis_schema_len;

/* Where a text of steps goes on behind so many of them. */
static size_t length_of(const struct store_steps *steps, int upto)
{
    char *copy = strndup((const char *)steps->text, *steps->len), *at = copy;
    size_t len;

    assert_non_null(copy);
    for (int n = 0; at && n <= upto; n++)
        at = strstr(n ? at + 1 : at, "-- step ");
    len = at ? (size_t)(at - copy) : *steps->len;
    free(copy);
    return len;
}

/* A store as a program made it that knew so much, opened by this one. */
static char *master_from(const struct store_options *earlier)
{
    struct store_options options = *earlier;
    char dir[] = "/tmp/huigong-earlier-XXXXXX", *text;
    static struct service service;
    struct store *store;

    assert_non_null(mkdtemp(dir));
    options.dir = dir;
    store = store_open(&options);
    assert_non_null(store);
    store_close(store);
    service.spec = &SERVICE_SPEC;
    service_store_options(&service, dir, &options);
    store = store_open(&options);
    assert_non_null(store);
    text = master_of(store);
    store_close(store);
    harness_remove_dir(dir);
    return text;
}

static void compare(const struct store_options *earlier, const char *what, int steps)
{
    char *fresh = master_of(h.service.store), *migrated = master_from(earlier);

    if (strcmp(migrated, fresh) != 0)
        fault("from step %d of the chassis, %d of the service (0: the last) and %d of %s:\n%s\ninstead of\n%s",
              earlier->earlier.chassis, earlier->earlier.schema, steps, what, migrated, fresh);
    free(migrated);
    free(fresh);
}

static void a_store_of_any_earlier_program_becomes_what_a_fresh_one_is(void **state)
{
    int last = SERVICE_SPEC.schema ? steps_of(SERVICE_SPEC.schema, *SERVICE_SPEC.schema_len) : 1;
    struct store_options options;

    (void)state;
    service_store_options(&h.service, h.dir, &options);
    options.n_parts = 0;
    for (int chassis = steps_of(chassis_schema, chassis_schema_len); chassis > 0; chassis--) {
        /* The service's steps were all there before the chassis had its second. */
        for (int schema = chassis == 1 ? 1 : last; schema <= last; schema++) {
            options.earlier.chassis = chassis;
            options.earlier.schema = schema;
            compare(&options, "its parts", 0);
        }
    }
    assert_int_equal(faults, 0);
}

/* Of a program that knew all that this one does, but of one part only so many steps. */
static void a_store_with_fewer_steps_of_a_part_becomes_what_a_fresh_one_is(void **state)
{
    struct store_options options;

    (void)state;
    service_store_options(&h.service, h.dir, &options);
    for (unsigned i = 0; i < options.n_parts; i++) {
        struct store_steps *part = &h.service.steps[i];
        const size_t *all = part->len;
        int last = steps_of(part->text, *all);

        for (int steps = 1; steps < last; steps++) {
            size_t len = length_of(part, steps);

            part->len = &len;
            compare(&options, part->name, steps);
            part->len = all;
        }
    }
    assert_int_equal(faults, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_table_has_a_primary_key),
        TEST(every_table_belongs_to_one_part),
        TEST(what_parts_name_is_there),
        TEST(what_is_of_a_person_is_answered_for),
        TEST(ids_go_on_behind_those_of_every_table),
        TEST(what_is_of_a_union_moves_with_it),
        TEST(a_list_by_states_is_read_in_the_order_of_an_index),
        TEST(a_store_of_any_earlier_program_becomes_what_a_fresh_one_is),
        TEST(a_store_with_fewer_steps_of_a_part_becomes_what_a_fresh_one_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
