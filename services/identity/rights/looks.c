#include "services/identity/rights/looks.h"
#include "services/identity/unions/unions.h"
#include "services/identity/rights/api_rights.h"

#define MEMBERS_A_ROW 300 /* so that an event stays below LIMIT_EVENT */

enum { SQL_FILE, SQL_UNION_OF, SQL_FIND, N_SQL };

static const char *const sql[] = {
    [SQL_FILE] = "INSERT INTO look (about_id, seq) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    [SQL_UNION_OF] = "SELECT union_id FROM member WHERE member_id = ?1",
    [SQL_FIND] = "SELECT seq FROM look WHERE about_id IN (SELECT ?1 UNION SELECT union_id FROM membership "
                 "WHERE member_id = ?1) AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- recording ---- */

static int64_t union_of(const struct looks *looks, int64_t member_id)
{
    unsigned statement = looks->sql + SQL_UNION_OF;
    int64_t union_id = 0;

    store_ask(looks->store, statement, "i", member_id);
    if (store_row(looks->store, statement)) {
        union_id = store_int(looks->store, statement, 0);
        store_end(looks->store, statement);
    }
    return union_id;
}

static bool names_role(const struct api_method *method, int role)
{
    for (size_t i = 0; i < method->rule->n_roles; i++) {
        if ((int)method->rule->roles[i] == role)
            return true;
    }
    return false;
}

/* The union over which the caller holds the office that let her see what is of a union with
 * this path: the nearest above that one, or any when it is NULL. */
static int64_t office_of(struct identity *self, const struct api_method *method, const char *path, void *call)
{
    const Rpc__Principal *principal = rpc_principal(call);
    struct union_node office;
    const char *best = NULL;

    for (size_t i = 0; i < principal->n_grants; i++) {
        const Rpc__Grant *grant = principal->grants[i];

        if (!names_role(method, (int)grant->role) || (path && !union_path_covers(grant->union_path, path)))
            continue;
        if (!best || strlen(grant->union_path) > strlen(best))
            best = grant->union_path;
    }
    return best && unions_find_path(&self->unions, best, &office) ? office.id : 0;
}

/* Tells the journal: the row's number. */
static int64_t journal_seen(struct identity *self, const struct api_method *method, Identity__DataSeen *seen,
                            void *call)
{
    seen->method = unconst(method->name);
    rpc_tell(call, &seen->base);
    return rpc_server_journal(self->rpc)->tip.seq;
}

static void file(const struct looks *looks, int64_t about_id, int64_t seq)
{
    store_run(looks->store, looks->sql + SQL_FILE, "ii", about_id, seq);
}

static void record(struct identity *self, const struct api_method *method, const int64_t *members, size_t n, void *call)
{
    Identity__DataSeen seen = IDENTITY__DATA_SEEN__INIT;
    int64_t first_union = union_of(&self->looks, members[0]), filed = 0, seq;
    struct union_node node = {0};

    if (first_union && !unions_find(&self->unions, first_union, &node))
        node.path[0] = '\0';
    seen.office_union_id = office_of(self, method, first_union ? node.path : NULL, call);
    seen.member_ids = unconst(members);
    seen.n_member_ids = n;
    seq = journal_seen(self, method, &seen, call);
    for (size_t i = 0; i < n; i++) {
        int64_t union_id = n == 1 ? 0 : union_of(&self->looks, members[i]), about = union_id ? union_id : members[i];

        if (about != filed)
            file(&self->looks, about, seq);
        filed = about;
    }
}

void looks_record_whole(struct identity *self, const struct api_method *method, int64_t member_id, int look_case,
                        int64_t case_id, const char *union_path, bool mismatch, void *call)
{
    Identity__DataSeen seen = IDENTITY__DATA_SEEN__INIT;
    int64_t seq;

    seen.office_union_id = office_of(self, method, union_path, call);
    seen.member_ids = &member_id;
    seen.n_member_ids = member_id ? 1 : 0;
    seen.look_case = (Identity__LookCase)look_case;
    seen.case_id = case_id;
    seen.mismatch = mismatch;
    seq = journal_seen(self, method, &seen, call);
    if (member_id)
        file(&self->looks, member_id, seq);
}

void looks_record(void *call, const struct api_method *method, const int64_t *members, size_t n, void *self)
{
    for (size_t at = 0; at < n; at += MEMBERS_A_ROW)
        record(self, method, members + at, n - at < MEMBERS_A_ROW ? n - at : MEMBERS_A_ROW, call);
}

/* ---- asking ---- */

/* Adds what the journal's row says of a look at this member, if it does: 0 or a Reason. */
static int read_look(struct identity *self, int64_t seq, int64_t member_id, struct look *ret, size_t *ret_n, void *call)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;
    Identity__Event *event;
    bool hers = false;
    int reason;

    request.after_seq = seq - 1;
    request.limit = 1;
    reason = journal_read(rpc_server_journal(self->rpc), &request, rpc_arena(call), &page);
    if (reason || page.n_rows == 0 || page.rows[0]->seq != seq)
        return reason;
    event = identity__event__unpack(&rpc_arena(call)->allocator, page.rows[0]->body.len, page.rows[0]->body.data);
    if (!event || event->event_case != IDENTITY__EVENT__EVENT_DATA_SEEN)
        return 0;
    for (size_t i = 0; i < event->data_seen->n_member_ids && !hers; i++)
        hers = event->data_seen->member_ids[i] == member_id;
    if (!hers)
        return 0;
    ret += (*ret_n)++;
    *ret = (struct look){
        .seq = seq,
        .at = page.rows[0]->at,
        .by = page.rows[0]->actor,
        .office_id = event->data_seen->office_union_id,
        .look_case = (int)event->data_seen->look_case,
        .mismatch = event->data_seen->mismatch,
    };
    snprintf(ret->method, sizeof(ret->method), "%s", event->data_seen->method);
    return 0;
}

int looks_find(struct identity *self, int64_t member_id, int64_t before, struct look *ret, size_t size, size_t *ret_n,
               int64_t *ret_next, void *call)
{
    unsigned statement = self->looks.sql + SQL_FIND;
    struct store *store = self->looks.store;
    int64_t seqs[LOOKS_EXAMINED];
    size_t n, i = 0;
    int reason = 0;

    store_ask(store, statement, "iii", member_id, before, (int64_t)LOOKS_EXAMINED);
    n = store_numbers(store, statement, seqs, LOOKS_EXAMINED);
    *ret_n = 0;
    while (ret && i < n && *ret_n < size && !reason)
        reason = read_look(self, seqs[i++], member_id, ret, ret_n, call);
    *ret_next = i > 0 && (i < n || n == LOOKS_EXAMINED) ? seqs[i - 1] : 0;
    return reason;
}

/* ---- for herself ---- */

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    int64_t before = export->after ? PART_LATEST(export->after) : INT64_MAX;
    bool more = true;

    do {
        struct look looks[50];
        size_t n;

        export->failed |=
            looks_find(self, export->member_id, before, looks, ARRAY_LEN(looks), &n, &before, export->call) != 0;
        more = !export->failed;
        for (size_t i = 0; i < n && more; i++)
            more = part_give(export, look_message(self, &looks[i], export->call), PART_LATEST(looks[i].seq));
    } while (more && before);
}

const struct part_spec looks_part = {
    .tables = "look",
    .sql = sql,
    .n_sql = N_SQL,
    .people = "look.about_id",
    .on_export = on_export,
    .closed = {"-- the journal's rows that it leads to stay: who has looked answers for it"},
    .merged = {"-- stays under the number that was looked at"},
};
