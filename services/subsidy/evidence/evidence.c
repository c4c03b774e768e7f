#include "services/subsidy/evidence/evidence.h"

#define HASH_CONTEXT "evidence"
#define COLUMNS      "evidence_id, application_id, objection_id, field, kind"
#define LIVING       "state IN (1, 2)" /* VAULT_UPLOADING and VAULT_READY */

enum { SQL_ADD, SQL_FIND, SQL_OF, SQL_COUNT, SQL_ROWS, SQL_SET_HASH, SQL_ALSO, SQL_LOOKED, SQL_FILES, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO evidence (" COLUMNS ", hash) VALUES (?1, ?2, ?3, ?4, ?5, x'')",
    [SQL_FIND] = "SELECT " COLUMNS " FROM evidence WHERE evidence_id = ?1",
    [SQL_OF] =
        "SELECT evidence_id FROM evidence JOIN vault_file ON file_id = evidence_id WHERE application_id = ?1 AND "
        "objection_id = ?2 AND " LIVING " ORDER BY evidence_id LIMIT ?3",
    [SQL_COUNT] = "SELECT coalesce(sum(state = 2), 0), coalesce(sum(state = 1), 0) FROM evidence JOIN vault_file ON "
                  "file_id = evidence_id WHERE application_id = ?1 AND objection_id = ?2 AND field = ?3",
    [SQL_ROWS] = "SELECT count(*) FROM evidence WHERE application_id = ?1 AND objection_id = ?2",
    [SQL_SET_HASH] = "UPDATE evidence SET hash = ?2 WHERE evidence_id = ?1",
    /* Of such as are handed in: a draft is hers alone. */
    [SQL_ALSO] = "SELECT DISTINCT other.application_id FROM evidence e JOIN evidence other ON other.hash = e.hash JOIN "
                 "application a ON a.application_id = other.application_id WHERE e.evidence_id = ?1 AND e.hash <> x'' "
                 "AND other.hash <> x'' AND other.objection_id = 0 AND other.application_id <> e.application_id AND "
                 "a.state > 1 ORDER BY other.application_id LIMIT ?2",
    [SQL_LOOKED] = "SELECT 1 FROM application_look WHERE application_id = ?1 AND evidence_id = ?2 AND looked_by = ?3 "
                   "AND at > ?4",
    [SQL_FILES] = "SELECT evidence_id FROM evidence JOIN vault_file ON file_id = evidence_id WHERE application_id = ?1 "
                  "AND " LIVING " LIMIT ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* They are stored, and in journals. */
_Static_assert((int)SUBSIDY__EVIDENCE_STATE__EVIDENCE_UPLOADING == (int)VAULT_UPLOADING &&
                   (int)SUBSIDY__EVIDENCE_STATE__EVIDENCE_READY == (int)VAULT_READY &&
                   (int)SUBSIDY__EVIDENCE_STATE__EVIDENCE_SUPERSEDED == (int)VAULT_SUPERSEDED &&
                   (int)SUBSIDY__EVIDENCE_STATE__EVIDENCE_ABANDONED == (int)VAULT_ABANDONED &&
                   (int)SUBSIDY__EVIDENCE_STATE__EVIDENCE_EXPIRED == (int)VAULT_EXPIRED &&
                   (int)SUBSIDY__EVIDENCE_STATE__EVIDENCE_ERASED == (int)VAULT_ERASED,
               "the states of evidence are those of a file");

static unsigned nth(const struct subsidy *self, unsigned which)
{
    return self->evidence.sql + which;
}

/* ---- kinds ---- */

bool file_is_of_kind(const void *bytes, size_t len, int kind)
{
    bool jpeg = vault_is_jpeg(bytes, len), png = vault_is_png(bytes, len);

    switch (kind) {
    case SUBSIDY__FILE_KIND__PDF:
        return !jpeg && !png && vault_is_pdf(bytes, len);
    case SUBSIDY__FILE_KIND__JPEG:
        return jpeg;
    case SUBSIDY__FILE_KIND__PNG:
        return png;
    default:
        return false;
    }
}

/* ---- what the journal says ---- */

static void tell(const struct vault_file *file, void *call)
{
    Subsidy__EvidenceChanged changed = SUBSIDY__EVIDENCE_CHANGED__INIT;

    changed.evidence_id = file->id;
    changed.application_id = file->place_id;
    changed.state = (Subsidy__EvidenceState)file->state;
    changed.size = file->size;
    rpc_tell(call, &changed.base);
}

static void tell_look(const struct vault_file *file, void *call)
{
    Subsidy__EvidenceLooked looked = SUBSIDY__EVIDENCE_LOOKED__INIT;

    looked.evidence_id = file->id;
    looked.application_id = file->place_id;
    rpc_tell(call, &looked.base);
}

/* What is gone is found by nothing any more. */
static void follow(void *arg, const struct vault_file *file, void *call)
{
    struct subsidy *self = arg;

    (void)call;
    if (file->state > (int)VAULT_SUPERSEDED)
        store_run(self->store, nth(self, SQL_SET_HASH), "ib", file->id, "", (size_t)0);
}

const struct vault_kind evidence_kind = {
    .name = "evidence",
    .versions_max = 1,
    .tell = tell,
    .tell_look = tell_look,
    .follow = follow,
};

int evidence_reason(enum vault_trouble trouble)
{
    static const int reasons[VAULT_TROUBLES] = {
        [VAULT_NO_MEMORY] = RPC__REASON__OVERLOADED,
        [VAULT_UNREADABLE] = RPC__REASON__STORE_FAILED,
        [VAULT_TOO_MANY] = SUBSIDY__REASON__TOO_MANY_FILES,
        [VAULT_WRONG_PART] = SUBSIDY__REASON__EVIDENCE_PART_WRONG,
        [VAULT_WRONG_TYPE] = SUBSIDY__REASON__FILE_NOT_ITS_KIND,
        [VAULT_GONE] = SUBSIDY__REASON__EVIDENCE_GONE,
        [VAULT_INCOMPLETE] = SUBSIDY__REASON__EVIDENCE_INCOMPLETE,
        [VAULT_DAMAGED] = SUBSIDY__REASON__EVIDENCE_DAMAGED,
    };

    return reasons[trouble];
}

/* ---- rows ---- */

bool evidence_find(const struct subsidy *self, int64_t evidence_id, struct proof *ret, struct vault_file *ret_file)
{
    store_ask(self->store, nth(self, SQL_FIND), "i", evidence_id);
    return store_only(self->store, nth(self, SQL_FIND), INTO(ret->id), INTO(ret->application_id),
                      INTO(ret->objection_id), INTO(ret->field), INTO(ret->kind)) &&
           vault_find(&self->vault, evidence_id, ret_file);
}

void evidence_count(const struct subsidy *self, int64_t application_id, int64_t objection_id, const char *field,
                    int64_t *ret_ready, int64_t *ret_coming)
{
    *ret_ready = *ret_coming = 0;
    store_ask(self->store, nth(self, SQL_COUNT), "iit", application_id, objection_id, field);
    store_only(self->store, nth(self, SQL_COUNT), INTO(*ret_ready), INTO(*ret_coming));
}

/* Which other applications have the same file. */
static void add_also(const struct subsidy *self, Subsidy__EvidenceFile *message, struct arena *arena)
{
    message->also_in = arena_alloc(arena, EVIDENCE_ALSO_MAX * sizeof(int64_t));
    if (!message->also_in)
        return;
    store_ask(self->store, nth(self, SQL_ALSO), "ii", message->evidence_id, (int64_t)EVIDENCE_ALSO_MAX);
    message->n_also_in = store_numbers(self->store, nth(self, SQL_ALSO), message->also_in, EVIDENCE_ALSO_MAX);
}

Subsidy__EvidenceFile *evidence_message(const struct subsidy *self, const struct proof *evidence,
                                        const struct vault_file *file, bool also, struct arena *arena)
{
    Subsidy__EvidenceFile *message = arena_message(arena, &subsidy__evidence_file__descriptor);

    if (!message)
        return NULL;
    message->evidence_id = evidence->id;
    message->application_id = evidence->application_id;
    message->field = arena_strndup(arena, evidence->field, strlen(evidence->field));
    message->kind = (Subsidy__FileKind)evidence->kind;
    message->size = file->size;
    message->state = (Subsidy__EvidenceState)file->state;
    message->parts = body_parts(file->size);
    message->received = vault_is_readable(file) ? message->parts : vault_received(&self->vault, file->id);
    message->begun_at = file->begun_at;
    message->ready_at = file->ready_at;
    if (also)
        add_also(self, message, arena);
    return message->field ? message : NULL;
}

size_t evidence_list(const struct subsidy *self, int64_t application_id, int64_t objection_id, bool also,
                     struct arena *arena, Subsidy__EvidenceFile ***ret)
{
    int64_t ids[EVIDENCE_ROWS_MAX];
    struct proof evidence;
    struct vault_file file;
    size_t n, listed = 0;

    store_ask(self->store, nth(self, SQL_OF), "iii", application_id, objection_id, (int64_t)EVIDENCE_ROWS_MAX);
    n = store_numbers(self->store, nth(self, SQL_OF), ids, EVIDENCE_ROWS_MAX);
    *ret = arena_alloc(arena, (n + 1) * sizeof(**ret));
    for (size_t i = 0; *ret && i < n; i++) {
        if (evidence_find(self, ids[i], &evidence, &file) &&
            ((*ret)[listed] = evidence_message(self, &evidence, &file, also, arena)))
            listed++;
    }
    return listed;
}

/* ---- changes ---- */

int evidence_begin(struct subsidy *self, const struct application *application, struct proof *evidence, int32_t size,
                   void *call, struct vault_file *ret_file)
{
    enum vault_trouble trouble;

    store_ask(self->store, nth(self, SQL_ROWS), "ii", evidence->application_id, evidence->objection_id);
    if (store_number(self->store, nth(self, SQL_ROWS)) >= EVIDENCE_ROWS_MAX)
        return SUBSIDY__REASON__TOO_MANY_FILES;
    *ret_file = (struct vault_file){.subject_id = id_next(&self->ids, rpc_now(call)),
                                    .group_id = application->scheme_id,
                                    .place_id = application->id,
                                    .member_id = rpc_principal(call)->member_id,
                                    .size = size};
    trouble = vault_begin(&self->vault, ret_file, "", 0, call);
    if (trouble)
        return evidence_reason(trouble);
    evidence->id = ret_file->id;
    store_run(self->store, nth(self, SQL_ADD), "iiiti", evidence->id, evidence->application_id, evidence->objection_id,
              evidence->field, (int64_t)evidence->kind);
    return 0;
}

void evidence_ready(struct subsidy *self, const struct proof *evidence, struct vault_file *file,
                    const unsigned char sha256[32], void *call)
{
    unsigned char index[PII_INDEX_LEN];

    pii_index(self->forms, HASH_CONTEXT, sha256, 32, index);
    store_run(self->store, nth(self, SQL_SET_HASH), "ib", evidence->id, index, sizeof(index));
    vault_ready(&self->vault, file, call);
}

void evidence_looked_at(struct subsidy *self, const struct proof *evidence, const struct vault_file *file, void *call)
{
    application_looked_at(self, evidence->application_id, evidence->id, call);
    vault_look(&self->vault, file, call);
}

bool evidence_is_open(const struct subsidy *self, int64_t evidence_id, void *call)
{
    struct proof evidence;
    struct vault_file file;

    if (!evidence_find(self, evidence_id, &evidence, &file))
        return false;
    store_ask(self->store, nth(self, SQL_LOOKED), "iiii", evidence.application_id, evidence_id,
              rpc_principal(call)->member_id, rpc_now(call) - EVIDENCE_OPEN_MS);
    return store_any(self->store, nth(self, SQL_LOOKED));
}

void evidence_end_all(struct subsidy *self, int64_t application_id, void *call)
{
    int64_t ids[VAULT_SLICE];
    struct vault_file file;
    size_t n;

    do {
        store_ask(self->store, nth(self, SQL_FILES), "ii", application_id, (int64_t)VAULT_SLICE);
        n = store_numbers(self->store, nth(self, SQL_FILES), ids, VAULT_SLICE);
        for (size_t i = 0; i < n && vault_find(&self->vault, ids[i], &file); i++)
            vault_end(&self->vault, &file, file.state == VAULT_UPLOADING ? VAULT_ABANDONED : VAULT_ERASED, call);
    } while (n == VAULT_SLICE);
}

/* ---- the part ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct subsidy *self = arg;
    const Subsidy__Event *event = body;
    const Subsidy__EvidenceChanged *changed = event->evidence_changed;
    struct proof evidence;
    struct vault_file file;

    if (event->event_case != SUBSIDY__EVENT__EVENT_EVIDENCE_CHANGED)
        return true;
    if (!evidence_find(self, changed->evidence_id, &evidence, &file) ||
        evidence.application_id != changed->application_id || file.size != changed->size || file.journal_seq < row->seq)
        return false;
    if (file.journal_seq > row->seq)
        return true;
    told[0]++;
    return file.state == (int)changed->state;
}

static const struct part_stray strays[] = {
    {"evidence", "is no file, or one of another application",
     "SELECT evidence_id FROM evidence LEFT JOIN vault_file ON file_id = evidence_id WHERE place_id IS NOT "
     "application_id LIMIT 1"},
    {"vault_file", "is no evidence of anything",
     "SELECT file_id FROM vault_file WHERE file_id NOT IN (SELECT evidence_id FROM evidence) LIMIT 1"},
    {"evidence", "is gone, and can still be found by what it said",
     "SELECT evidence_id FROM evidence JOIN vault_file ON file_id = evidence_id WHERE state > 3 AND hash <> x'' LIMIT "
     "1"},
    {NULL, NULL, NULL},
};

const struct part_spec evidence_part = {
    .tables = "evidence",
    .others = "evidence.application_id evidence.objection_id",
    .steps = &evidence_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(evidence_id) FROM evidence",
    .agrees = agrees,
    .counts = {{"files", "SELECT count(*) FROM evidence"}},
    .strays = strays,
    .exports = {{&subsidy__evidence_file__descriptor,
                 "SELECT evidence_id, evidence_id, application_id, field, kind, size, state FROM evidence JOIN "
                 "vault_file ON file_id = evidence_id WHERE " HOLDER_HERS " AND evidence_id > ?2 ORDER BY evidence_id "
                 "LIMIT ?3"}},
};
