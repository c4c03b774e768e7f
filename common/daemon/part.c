#include "common/daemon/part.h"

#include "common/rpc/rpc.h"

int parts_open(const struct part_table *table, void *self, struct store *store)
{
    for (unsigned i = 0; i < table->n; i++) {
        const struct part_entry *entry = &table->entries[i];
        int first = store_prepare(store, entry->spec->sql, entry->spec->n_sql);
        unsigned sql = (unsigned)first;

        if (first < 0)
            return -1;
        memcpy((char *)self + entry->store, &store, sizeof(struct store *));
        memcpy((char *)self + entry->sql, &sql, sizeof(sql));
    }
    return 0;
}

/* Prepares a question without parameters and asks it: its statement, or -1, logged. */
static int ask(struct store *store, const char *sql)
{
    int statement = store_prepare(store, &sql, 1);

    if (statement >= 0)
        store_ask(store, (unsigned)statement, "");
    return statement;
}

int64_t parts_last_id(const struct part_table *table, struct store *store)
{
    int64_t last = 0;

    for (unsigned i = 0; i < table->n; i++) {
        const char *sql = table->entries[i].spec->last_id;
        int statement = sql ? ask(store, sql) : 0;
        int64_t id = sql && statement >= 0 ? store_number(store, (unsigned)statement) : 0;

        if (statement < 0 || store_trouble(store))
            return -1;
        if (id > last)
            last = id;
    }
    return last;
}

/* ---- tidying ---- */

struct turn {
    const struct part_spec *spec;
    void *self;
    bool more;
};

static void tidy(void *call, void *arg)
{
    struct turn *turn = arg;

    turn->more = turn->spec->tidy(turn->self, call);
}

bool parts_tidy(const struct part_table *table, void *self, struct rpc_server *rpc)
{
    bool more = false;

    for (unsigned i = 0; i < table->n; i++) {
        struct turn turn = {.spec = table->entries[i].spec, .self = self};

        if (turn.spec->tidy && rpc_server_transact(rpc, tidy, &turn) == 0)
            more |= turn.more;
    }
    return more;
}

/* ---- the audit ---- */

struct audit {
    const struct part_table *table;
    void *self;
    FILE *out;
    int64_t (*told)[PART_COUNTS]; /* of each part */
};

static bool audit_row(const Rpc__JournalRow *row, void *arg)
{
    struct audit *audit = arg;
    ProtobufCMessage *event = protobuf_c_message_unpack(audit->table->event, NULL, row->body.len, row->body.data);
    bool ok = event != NULL;

    for (unsigned i = 0; ok && i < audit->table->n; i++) {
        const struct part_spec *spec = audit->table->entries[i].spec;

        ok = !spec->agrees || spec->agrees(audit->self, event, row, audit->told[i]);
    }
    protobuf_c_message_free_unpacked(event, NULL);
    if (!ok)
        fprintf(audit->out, "the store does not agree with journal row %lld\n", (long long)row->seq);
    return ok;
}

static bool audit_count(struct store *store, FILE *out, const struct part_count *count, int64_t told)
{
    int statement = ask(store, count->sql);
    int64_t stored = statement < 0 ? -1 : store_number(store, (unsigned)statement);

    if (stored != told)
        fprintf(out, "%s: %lld in the store, %lld by the journal\n", count->what, (long long)stored, (long long)told);
    return stored == told;
}

static bool audit_stray(struct store *store, FILE *out, const struct part_stray *stray)
{
    int statement = ask(store, stray->sql);

    if (statement >= 0 && !store_row(store, (unsigned)statement))
        return true;
    fprintf(out, "%s %lld: %s\n", stray->what, statement < 0 ? -1 : (long long)store_int(store, (unsigned)statement, 0),
            stray->fault);
    if (statement >= 0)
        store_end(store, (unsigned)statement);
    return false;
}

static bool audit_part(struct store *store, FILE *out, const struct part_spec *spec, const int64_t *told)
{
    bool ok = true;

    for (unsigned i = 0; i < PART_COUNTS && spec->counts[i].what; i++)
        ok &= audit_count(store, out, &spec->counts[i], told[i]);
    for (const struct part_stray *stray = spec->strays; stray && stray->what; stray++)
        ok &= audit_stray(store, out, stray);
    return ok;
}

int parts_audit(const struct part_table *table, void *self, struct store *store, struct journal *journal, FILE *out)
{
    struct audit audit = {table, self, out, calloc(table->n, sizeof(*audit.told))};
    int64_t rows;
    bool ok = audit.told && parts_open(table, self, store) == 0;

    if (!ok)
        fprintf(out, "the store lacks a table\n");
    ok = ok && journal_audit(journal, out, audit_row, &audit, &rows) == 0;
    if (ok) {
        for (unsigned i = 0; i < table->n; i++)
            ok &= audit_part(store, out, table->entries[i].spec, audit.told[i]);
    }
    free(audit.told);
    if (ok && store_trouble(store)) {
        fprintf(out, "the store cannot be read\n");
        ok = false;
    }
    return ok ? 0 : -1;
}
