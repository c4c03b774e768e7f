/* part_audit.c: the store of a service of parts against its journal. */
#include "common/base/limits.h"
#include "common/base/union_path.h"
#include "common/daemon/part_internal.h"

/* Numbers by id, in the order of ids. */
struct words {
    struct word {
        int64_t id, number;
    } * words;
    size_t n, size;
};

/* That a union moved. */
struct move {
    int64_t seq;
    char *old_path, *path;
};

struct part_audit {
    struct parts *parts;
    FILE *out;
    int64_t (*told)[PART_COUNTS];      /* of each part */
    struct words (*words)[PART_WORDS]; /* likewise */
    struct move *moves;                /* in the order of the journal */
    size_t n_moves, moves_size;
};

/* Room for one more thing of a size in an array that grows. */
static void *grow(void *things, size_t n, size_t *size, size_t each)
{
    if (n == *size) {
        *size = *size ? *size * 2 : 256;
        things = realloc(things, *size * each);
        ensure(things);
    }
    return things;
}

int64_t *part_word(struct parts *parts, const struct part_spec *spec, unsigned words, int64_t id)
{
    struct words *list = NULL;
    size_t low = 0, high;

    for (unsigned i = 0; i < parts->table->n && !list; i++) {
        if (parts->table->entries[i].spec == spec)
            list = &parts->audit->words[i][words];
    }
    ensure(list && words < PART_WORDS);
    for (high = list->n; low < high;) {
        size_t middle = low + (high - low) / 2;

        if (list->words[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == list->n || list->words[low].id != id) {
        list->words = grow(list->words, list->n, &list->size, sizeof(*list->words));
        memmove(&list->words[low + 1], &list->words[low], (list->n++ - low) * sizeof(*list->words));
        list->words[low] = (struct word){id, 0};
    }
    return &list->words[low].number;
}

/* ---- the journal ---- */

/* The number in ChassisEvent of what a service says in its own Event: by a message of the same
 * type, or one alike that it had before the chassis. 0: none. */
static uint32_t chassis_number(const struct part_table *table, int32_t kind)
{
    const ProtobufCMessageDescriptor *chassis = &rpc__chassis_event__descriptor;
    const ProtobufCFieldDescriptor *own = protobuf_c_message_descriptor_get_field(table->event, (unsigned)kind);

    if (kind >= LIMIT_EVENT_NUMBER)
        return (uint32_t)kind;
    if (!own)
        return 0;
    if (kind == table->gone_before)
        return RPC__CHASSIS_EVENT__EVENT_MEMBER_GONE;
    if (kind == table->moved_before)
        return RPC__CHASSIS_EVENT__EVENT_UNION_MOVED;
    for (unsigned i = 0; i < chassis->n_fields; i++) {
        if (chassis->fields[i].descriptor == own->descriptor)
            return chassis->fields[i].id;
    }
    return 0;
}

/* What the chassis or a shared part says in a row, under whichever number; NULL when it is the
 * service's own. */
static Rpc__ChassisEvent *chassis_event(const struct part_table *table, const Rpc__JournalRow *row)
{
    uint32_t number = chassis_number(table, row->kind);
    uint8_t body[LIMIT_EVENT + 8];
    size_t tag = 0;

    if (row->kind >= LIMIT_EVENT_NUMBER)
        return rpc__chassis_event__unpack(NULL, row->body.len, row->body.data);
    if (!number || row->body.len > LIMIT_EVENT)
        return NULL;
    /* The same message behind another field number. */
    while (tag < row->body.len && row->body.data[tag++] & 0x80)
        continue;
    body[0] = (uint8_t)((number << 3 | 2 | 0x80) & 0xff);
    body[1] = (uint8_t)(number >> 4);
    memcpy(body + 2, row->body.data + tag, row->body.len - tag);
    return rpc__chassis_event__unpack(NULL, row->body.len - tag + 2, body);
}

static bool note_move(const Rpc__JournalRow *row, void *arg)
{
    struct part_audit *audit = arg;
    const struct part_table *table = audit->parts->table;
    bool moved = chassis_number(table, row->kind) == RPC__CHASSIS_EVENT__EVENT_UNION_MOVED;
    Rpc__ChassisEvent *event = moved ? chassis_event(table, row) : NULL;

    if (event && event->event_case == RPC__CHASSIS_EVENT__EVENT_UNION_MOVED) {
        struct move move = {row->seq, strdup(event->union_moved->old_path), strdup(event->union_moved->path)};

        ensure(move.old_path && move.path);
        audit->moves = grow(audit->moves, audit->n_moves, &audit->moves_size, sizeof(*audit->moves));
        audit->moves[audit->n_moves++] = move;
    }
    rpc__chassis_event__free_unpacked(event, NULL);
    return true;
}

bool part_path_is(const struct parts *parts, int64_t seq, const char *said, const char *now)
{
    const struct part_audit *audit = parts->audit;
    char path[LIMIT_UNION_PATH + 1], moved[LIMIT_UNION_PATH + 1];

    if (snprintf(path, sizeof(path), "%s", said) >= (int)sizeof(path))
        return false;
    for (size_t i = 0; i < audit->n_moves; i++) {
        const struct move *move = &audit->moves[i];

        if (move->seq <= seq || !union_path_covers(move->old_path, path))
            continue;
        if (snprintf(moved, sizeof(moved), "%s%s", move->path, path + strlen(move->old_path)) >= (int)sizeof(moved))
            return false;
        memcpy(path, moved, sizeof(path));
    }
    return strcmp(path, now) == 0;
}

static bool audit_row(const Rpc__JournalRow *row, void *arg)
{
    struct part_audit *audit = arg;
    const struct part_table *table = audit->parts->table;
    ProtobufCMessage *event = protobuf_c_message_unpack(table->event, NULL, row->body.len, row->body.data);
    Rpc__ChassisEvent *chassis = chassis_event(table, row);
    bool ok = event != NULL;

    for (unsigned i = 0; ok && i < table->n; i++) {
        const struct part_spec *spec = table->entries[i].spec;
        const void *body = table->entries[i].parts ? (const void *)chassis : event;

        ok = !spec->agrees || spec->agrees(parts_hook_self(audit->parts, i), body, row, audit->told[i]);
        if (!ok)
            fprintf(audit->out, "%s: the store does not agree with journal row %lld\n", table->entries[i].name,
                    (long long)row->seq);
    }
    if (!event)
        fprintf(audit->out, "journal row %lld: no event\n", (long long)row->seq);
    protobuf_c_message_free_unpacked(event, NULL);
    rpc__chassis_event__free_unpacked(chassis, NULL);
    return ok;
}

/* ---- the questions ---- */

/* Prepares a question without parameters and asks it: its statement, or -1, logged. */
static int ask(struct store *store, const char *sql)
{
    int statement = store_prepare(store, &sql, 1);

    if (statement >= 0)
        store_ask(store, (unsigned)statement, "");
    return statement;
}

static bool audit_count(const struct part_audit *audit, const struct part_count *count, int64_t told)
{
    int statement = ask(audit->parts->store, count->sql);
    int64_t stored = statement < 0 ? -1 : store_number(audit->parts->store, (unsigned)statement);

    if (stored != told)
        fprintf(audit->out, "%s: %lld in the store, %lld by the journal\n", count->what, (long long)stored,
                (long long)told);
    return stored == told;
}

static bool audit_words(const struct part_audit *audit, const struct part_words *words, const struct words *told)
{
    struct store *store = audit->parts->store;
    int statement = ask(store, words->sql);
    int64_t id = 0;
    bool same = statement >= 0;
    size_t n = 0;

    while (same && store_row(store, (unsigned)statement)) {
        id = store_int(store, (unsigned)statement, 0);
        same =
            n < told->n && told->words[n].id == id && told->words[n].number == store_int(store, (unsigned)statement, 1);
        n += same;
    }
    if (same && n == told->n)
        return true;
    if (statement >= 0)
        store_end(store, (unsigned)statement);
    if (n < told->n && (same || told->words[n].id < id))
        id = told->words[n].id;
    fprintf(audit->out, "%s %lld: not as the journal last said\n", words->what, (long long)id);
    return false;
}

static bool audit_stray(const struct part_audit *audit, const struct part_stray *stray)
{
    struct store *store = audit->parts->store;
    int statement = ask(store, stray->sql);

    if (statement >= 0 && !store_row(store, (unsigned)statement))
        return true;
    fprintf(audit->out, "%s %lld: %s\n", stray->what,
            statement < 0 ? -1 : (long long)store_int(store, (unsigned)statement, 0), stray->fault);
    if (statement >= 0)
        store_end(store, (unsigned)statement);
    return false;
}

static bool audit_part(const struct part_audit *audit, unsigned i)
{
    const struct part_spec *spec = audit->parts->table->entries[i].spec;
    bool ok = true;

    for (unsigned n = 0; n < PART_COUNTS && spec->counts[n].what; n++)
        ok &= audit_count(audit, &spec->counts[n], audit->told[i][n]);
    for (unsigned n = 0; n < PART_WORDS && spec->words[n].what; n++)
        ok &= audit_words(audit, &spec->words[n], &audit->words[i][n]);
    for (const struct part_stray *stray = spec->strays; stray && stray->what; stray++)
        ok &= audit_stray(audit, stray);
    return (!spec->audit || spec->audit(parts_hook_self(audit->parts, i), audit->out)) && ok;
}

/* ---- all of it ---- */

static void done(struct part_audit *audit, unsigned n)
{
    for (unsigned i = 0; audit->words && i < n; i++) {
        for (unsigned w = 0; w < PART_WORDS; w++)
            free(audit->words[i][w].words);
    }
    for (size_t i = 0; i < audit->n_moves; i++) {
        free(audit->moves[i].old_path);
        free(audit->moves[i].path);
    }
    free(audit->moves);
    free(audit->words);
    free(audit->told);
}

int parts_audit(const struct part_table *table, struct store *store, struct journal *journal, FILE *out,
                int64_t *ret_rows)
{
    struct part_audit audit = {
        .out = out, .told = calloc(table->n, sizeof(*audit.told)), .words = calloc(table->n, sizeof(*audit.words))};
    void *self = calloc(1, table->size);
    bool ok = audit.told && audit.words && self && parts_open(table, self, store, NULL, NULL) == 0;

    if (!ok)
        fprintf(out, "the store lacks a table\n");
    if (self) {
        audit.parts = (struct parts *)(void *)((char *)self + table->at);
        audit.parts->audit = &audit;
    }
    ok = ok && journal_audit(journal, out, note_move, &audit, ret_rows) == 0 &&
         journal_audit(journal, out, audit_row, &audit, ret_rows) == 0;
    for (unsigned i = 0; ok && i < table->n; i++)
        ok = audit_part(&audit, i);
    if (ok && store_trouble(store)) {
        fprintf(out, "the store cannot be read\n");
        ok = false;
    }
    done(&audit, table->n);
    if (self)
        parts_close(audit.parts);
    free(self);
    return ok ? 0 : -1;
}
