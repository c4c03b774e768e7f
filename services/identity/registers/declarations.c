#include "services/identity/registers/declarations.h"

#include "services/identity/membership/transfers.h"
#include "services/identity/people/notices.h"
#include "services/identity/registers/roster_life.h"
#include "services/identity/rights/corrections.h"
#include "services/identity/api.h"
#include "services/identity/unions/changes.h"
#include "services/identity/unions/tallies.h"
#include "services/identity/unions/waitings.h"

#define COLUMNS                                                                                                        \
    "declaration_id, union_id, kind, state, person, trade, removal, asked_by, asked_at, decided_at, decided_by, "      \
    "refusal, remark, told, sealed"
#define SLICE 100 /* that lapse in one transaction */

enum { SQL_ADD, SQL_FIND, SQL_COUNT, SQL_UNION, SQL_PERSON, SQL_OLD, SQL_END, SQL_FORGET, SQL_DROP_OLD, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO declaration (declaration_id, union_id, kind, state, person, trade, removal, asked_by, "
                "asked_at, told, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM declaration WHERE declaration_id = ?1",
    [SQL_COUNT] = "SELECT count(*) FROM (SELECT 1 FROM declaration WHERE union_id = ?1 AND state = 1 LIMIT ?2) AS open",
    [SQL_UNION] = "SELECT " COLUMNS " FROM declaration WHERE union_id = ?1 AND " RPC_PAGE_STATES(
        "?2", "state") " AND "
                       "declaration_id < ?3 ORDER BY declaration_id DESC LIMIT ?4",
    [SQL_PERSON] = "SELECT " COLUMNS " FROM declaration WHERE person = ?1 AND declaration_id < ?2 "
                   "ORDER BY declaration_id DESC LIMIT ?3",
    [SQL_OLD] = "SELECT " COLUMNS " FROM declaration WHERE state = 1 ORDER BY declaration_id LIMIT 1",
    [SQL_END] = "UPDATE declaration SET state = ?2, decided_at = ?3, decided_by = ?4, refusal = ?5, remark = ?6, "
                "sealed = x'' WHERE declaration_id = ?1",
    /* An index of the row's own number stands where nothing is found any more. */
    [SQL_FORGET] = "UPDATE declaration SET person = CAST(declaration_id AS BLOB), told = x'' "
                   "WHERE person = ?1 AND state > 1",
    [SQL_DROP_OLD] = "DELETE FROM declaration WHERE declaration_id IN (SELECT declaration_id FROM declaration "
                     "WHERE state > 1 AND decided_at < ?1 LIMIT 1000)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static void fill_changed(const struct declaration *declaration, Identity__DeclarationChanged *ret)
{
    identity__declaration_changed__init(ret);
    ret->declaration_id = declaration->id;
    ret->union_id = declaration->union_id;
    ret->kind = (Identity__DeclarationKind)declaration->kind;
    ret->asked_by = declaration->asked_by;
}

static void journal(const struct declaration *declaration, void *call)
{
    Identity__DeclarationChanged changed;

    fill_changed(declaration, &changed);
    changed.state = (Identity__DeclarationState)declaration->state;
    changed.refusal = (Identity__RefusalReason)declaration->refusal;
    rpc_tell(call, &changed.base);
}

bool declaration_add(struct identity *self, const struct declaration *declaration, void *call)
{
    if (store_run(self->store, self->declarations.sql + SQL_ADD, "iiiibiiiibb", declaration->id, declaration->union_id,
                  (int64_t)declaration->kind, (int64_t)declaration->state, declaration->person, (size_t)PII_INDEX_LEN,
                  (int64_t)declaration->trade, (int64_t)declaration->removal, declaration->asked_by,
                  declaration->asked_at, declaration->told.bytes, declaration->told.len, declaration->sealed.bytes,
                  declaration->sealed.len) == -1)
        return false;
    waitings_set(&self->waitings, IDENTITY__WAITING_KIND__WAITING_DECLARATION, declaration->id, declaration->union_id,
                 false);
    journal(declaration, call);
    return true;
}

static size_t all(const struct declarations *declarations, unsigned which, struct declaration *ret, size_t size)
{
    struct store *store = declarations->store;
    unsigned statement = declarations->sql + which;
    size_t n = 0;

    while (ret && n < size &&
           store_read(store, statement, INTO(ret[n].id), INTO(ret[n].union_id), INTO(ret[n].kind), INTO(ret[n].state),
                      INTO(ret[n].person), INTO(ret[n].trade), INTO(ret[n].removal), INTO(ret[n].asked_by),
                      INTO(ret[n].asked_at), INTO(ret[n].decided_at), INTO(ret[n].decided_by), INTO(ret[n].refusal),
                      INTO(ret[n].remark), INTO_BYTES(ret[n].told), INTO_BYTES(ret[n].sealed)))
        n++;
    store_end(store, statement);
    return n;
}

bool declarations_find(const struct declarations *declarations, int64_t declaration_id, struct declaration *ret)
{
    store_ask(declarations->store, declarations->sql + SQL_FIND, "i", declaration_id);
    return all(declarations, SQL_FIND, ret, 1) == 1;
}

int declarations_count_open(const struct declarations *declarations, int64_t union_id)
{
    store_ask(declarations->store, declarations->sql + SQL_COUNT, "ii", union_id, (int64_t)DECLARATIONS_OPEN_MAX);
    return (int)store_number(declarations->store, declarations->sql + SQL_COUNT);
}

size_t declarations_find_union(const struct declarations *declarations, int64_t union_id, int64_t states,
                               int64_t before, struct declaration *ret, size_t size)
{
    store_ask(declarations->store, declarations->sql + SQL_UNION, "iiii", union_id, states, before, (int64_t)size);
    return all(declarations, SQL_UNION, ret, size);
}

static int hands_state(int state)
{
    if (state == IDENTITY__DECLARATION_STATE__DECLARATION_WITHDRAWN)
        return HANDS__STATE__TAKEN_BACK;
    return state == IDENTITY__DECLARATION_STATE__DECLARATION_REFUSED ? HANDS__STATE__REFUSED : HANDS__STATE__OVER;
}

void declaration_end(struct identity *self, struct declaration *declaration, int state, void *call)
{
    bool approved = state == IDENTITY__DECLARATION_STATE__DECLARATION_APPROVED;

    declaration->state = state;
    declaration->decided_at = rpc_now(call);
    declaration->decided_by = rpc_principal(call)->member_id;
    declaration->sealed.len = 0;
    store_run(self->store, self->declarations.sql + SQL_END, "iiiiit", declaration->id, (int64_t)state,
              declaration->decided_at, declaration->decided_by, (int64_t)declaration->refusal, declaration->remark);
    waitings_end(&self->waitings, IDENTITY__WAITING_KIND__WAITING_DECLARATION, declaration->id);
    if (!approved) /* and else it was confirmed */
        hands_end(&self->two_hands, "declaration", declaration->id, hands_state(state), call);
    journal(declaration, call);
    if (approved || state == IDENTITY__DECLARATION_STATE__DECLARATION_REFUSED)
        account_tell_decided(self, declaration->asked_by,
                             approved ? NOTICE__NOTICE_KIND__ACCOUNT_DECLARATION_DONE
                                      : NOTICE__NOTICE_KIND__ACCOUNT_DECLARATION_REFUSED,
                             declaration->id, call);
}

int declarations_drop_old(const struct declarations *declarations, int64_t before)
{
    return store_run(declarations->store, declarations->sql + SQL_DROP_OLD, "i", before);
}

/* ---- whom it is about, and what is done ---- */

struct hands_deed declaration_deed(const struct declaration *declaration, const struct union_node *node,
                                   Identity__DeclarationChanged *what)
{
    static const int roles[] = {RULE__ROLE__UNION_ADMIN, RULE__ROLE__COMPANY_AGENT, RULE__ROLE__ROLE_NONE};

    fill_changed(declaration, what);
    return (struct hands_deed){
        .kind = "declaration",
        .id = declaration->id,
        .what = &what->base,
        .until = declaration->asked_at + DECLARATION_LIFE_MS,
        .roles = roles,
        .union_path = node->path,
        .own = IDENTITY__REASON__DECLARATION_OWN,
    };
}

void declared_find(struct identity *self, int64_t union_id, const unsigned char person[PII_INDEX_LEN],
                   struct declared *ret)
{
    struct roster_entry entries[ROSTERS_SEEN];
    size_t n = rosters_find_person(&self->rosters, person, entries, ARRAY_LEN(entries));

    *ret = (struct declared){0};
    if (!members_find_person(&self->members, person, &ret->member) || ret->member.union_id != union_id)
        ret->member = (struct member){0};
    if (ret->member.id)
        person_open_member(self, &ret->member, &ret->known);
    for (size_t i = 0; i < n; i++) {
        if (entries[i].union_id != union_id)
            continue;
        ret->entry = entries[i];
        if (!ret->member.id)
            person_open_roster(self, ret->entry.id, &ret->entry.sealed, &ret->known);
    }
}

static int add(struct identity *self, const struct declaration *declaration, const struct person *person,
               const struct union_node *node, void *call)
{
    struct roster_row row = {.trade = (Rpc__Trade)declaration->trade};
    char path[UNION_PATH_SIZE];
    struct member member;
    bool elsewhere;
    int outcome, reason;

    if (cn_document(person->resident_id, cn_day(rpc_now(call)), &row.id) != CN_ID_OK)
        return RPC__REASON__STORE_FAILED;
    memcpy(row.name, person->name, sizeof(row.name));
    memcpy(row.mobile, person->mobile, sizeof(row.mobile));
    reason = roster_put(self, &row, node, call, &outcome, &elsewhere);
    if (reason)
        return reason;
    snprintf(path, sizeof(path), "%s", node->path);
    for (; roster_is_new(outcome) && *path; union_path_parent(path, path))
        tallies_list_at(self, path, 1);
    if (members_find_person(&self->members, declaration->person, &member))
        account_tell(self, member.id, NOTICE__NOTICE_KIND__ACCOUNT_LISTED, declaration->id, 0, call);
    return 0;
}

/* Of her account the name and the document alone: her number opens it, and is changed by nobody but her. */
static int correct(struct identity *self, const struct declaration *declaration, struct declared *declared,
                   const struct person *wanted, void *call)
{
    struct person of_account = *wanted;
    struct declared other;
    int reason = 0;

    of_account.mobile[0] = '\0';
    if (wanted->resident_id[0]) {
        unsigned char index[PII_INDEX_LEN];

        person_index_id(self, wanted->resident_id, index);
        declared_find(self, declaration->union_id, index, &other);
        if (other.entry.id && other.entry.id != declared->entry.id)
            return IDENTITY__REASON__DECLARED_THERE;
        /* A row that verified an account which is part of another one now is not hers alone. */
        if (declared->entry.id && memcmp(declared->member.person, declared->entry.person, PII_INDEX_LEN) != 0 &&
            rosters_member(&self->rosters, &declared->entry))
            return IDENTITY__REASON__DECLARED_NOT_THERE;
    }
    if (declared->member.id && (of_account.name[0] || of_account.resident_id[0]))
        reason = member_correct(self, &declared->member, &of_account, call);
    if (!reason && declared->entry.id)
        roster_correct(self, &declared->entry, wanted, declaration->trade, call);
    if (!reason && declared->member.id)
        account_tell(self, declared->member.id, NOTICE__NOTICE_KIND__ACCOUNT_CORRECTION_DONE, declaration->id, 0, call);
    return reason;
}

/* By whichever way she came: who is a member by her row is kept above as it goes. */
static int take_off(struct identity *self, const struct declaration *declaration, const struct declared *declared,
                    const struct union_node *node, void *call)
{
    struct member member;
    int reason = 0;

    if (declared->entry.id)
        reason = roster_remove(self, &declared->entry, declaration->removal, call);
    if (reason || !declared->member.id)
        return reason;
    if (members_find(&self->members, declared->member.id, &member) && member.union_id == node->id)
        reason = member_hang(self, node, member.id, call);
    if (!reason)
        account_tell(self, declared->member.id, NOTICE__NOTICE_KIND__ACCOUNT_UNLISTED, declaration->id, 0, call);
    return reason;
}

int declaration_apply(struct identity *self, const struct declaration *declaration, const struct union_node *node,
                      void *call)
{
    struct declared declared;
    struct person wanted;

    if (node->state)
        return IDENTITY__REASON__UNION_CLOSED;
    if (!person_open_declaration(self, declaration->id, &declaration->sealed, &wanted))
        return RPC__REASON__STORE_FAILED;
    if (declaration->kind == IDENTITY__DECLARATION_KIND__DECLARATION_ADDITION)
        return add(self, declaration, &wanted, node, call);
    declared_find(self, node->id, declaration->person, &declared);
    if (!declared.entry.id && !declared.member.id)
        return IDENTITY__REASON__DECLARED_NOT_THERE;
    return declaration->kind == IDENTITY__DECLARATION_KIND__DECLARATION_CORRECTION
               ? correct(self, declaration, &declared, &wanted, call)
               : take_off(self, declaration, &declared, node, call);
}

/* ---- what is due, and what becomes of a person's ---- */

static bool tidy(void *arg, void *call)
{
    struct identity *self = arg;
    struct declaration declaration;

    for (int i = 0; i < SLICE && !store_trouble(self->store); i++) {
        store_ask(self->store, self->declarations.sql + SQL_OLD, "");
        if (all(&self->declarations, SQL_OLD, &declaration, 1) == 0 ||
            declaration.asked_at + DECLARATION_LIFE_MS > rpc_now(call))
            return false;
        declaration_end(self, &declaration, IDENTITY__DECLARATION_STATE__DECLARATION_LAPSED, call);
    }
    return true;
}

/* What is told of one is on record for ever; what it was is deleted in its time, which is told too. */
static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct identity *self = arg;
    const Identity__Event *event = body;
    const Identity__DeclarationChanged *changed = event->declaration_changed;
    struct declaration known;
    bool ended;

    (void)row;
    if (event->event_case == IDENTITY__EVENT__EVENT_PURGED &&
        event->purged->kind == IDENTITY__PURGE_KIND__PURGE_DECLARATIONS)
        told[0] -= event->purged->count;
    if (event->event_case != IDENTITY__EVENT__EVENT_DECLARATION_CHANGED)
        return true;
    ended = changed->state != IDENTITY__DECLARATION_STATE__DECLARATION_ASKED;
    told[0] += !ended;
    if (!declarations_find(&self->declarations, changed->declaration_id, &known))
        return true;
    told[1] += ended;
    return known.union_id == changed->union_id && known.kind == (int)changed->kind &&
           known.asked_by == changed->asked_by && (!ended || known.state == (int)changed->state);
}

static bool index_of(struct identity *self, int64_t member_id, unsigned char ret[PII_INDEX_LEN])
{
    struct member member;

    if (!members_find(&self->members, member_id, &member) || !member.sealed_person.len)
        return false;
    memcpy(ret, member.person, PII_INDEX_LEN);
    return true;
}

#define ABOUT_MAX 100 /* of one person, looked at at once */

/* Those about a person before an id, the latest first; NULL when memory is full. */
static struct declaration *find_about(struct identity *self, const unsigned char index[PII_INDEX_LEN], int64_t before,
                                      void *call, size_t *ret_n)
{
    struct declaration *found = arena_alloc(rpc_arena(call), ABOUT_MAX * sizeof(*found));

    store_ask(self->store, self->declarations.sql + SQL_PERSON, "bii", index, (size_t)PII_INDEX_LEN, before,
              (int64_t)ABOUT_MAX);
    *ret_n = all(&self->declarations, SQL_PERSON, found, ABOUT_MAX);
    return found;
}

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    unsigned char index[PII_INDEX_LEN];
    struct declaration *found;
    size_t n;

    if (!index_of(self, export->member_id, index))
        return;
    found = find_about(self, index, export->after ? PART_LATEST(export->after) : INT64_MAX, export->call, &n);
    export->failed |= !found;
    for (size_t i = 0; i < n && part_give(export, declaration_message(self, &found[i], false, export->call),
                                          PART_LATEST(found[i].id));
         i++)
        continue;
}

/* What her own company has asked to change of her. That somebody works for it is its word, which it gives of
 * whomever: it waits on, and tells nobody that there was an account. */
static void on_closed(void *arg, int64_t member_id, void *call)
{
    struct identity *self = arg;
    unsigned char index[PII_INDEX_LEN];
    struct declaration *found;
    size_t n;

    if (!index_of(self, member_id, index))
        return;
    found = find_about(self, index, INT64_MAX, call, &n);
    for (size_t i = 0; i < n; i++) {
        if (found[i].state == IDENTITY__DECLARATION_STATE__DECLARATION_ASKED &&
            found[i].kind != IDENTITY__DECLARATION_KIND__DECLARATION_ADDITION)
            declaration_end(self, &found[i], IDENTITY__DECLARATION_STATE__DECLARATION_LAPSED, call);
    }
    store_run(self->store, self->declarations.sql + SQL_FORGET, "b", index, sizeof(index));
}

const struct part_spec declarations_part = {
    .tables = "declaration",
    .steps = &declarations_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(declaration_id) FROM declaration",
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"declarations of companies", "SELECT count(*) FROM declaration"},
               {"ended declarations", "SELECT count(*) FROM declaration WHERE state > 1 AND sealed = x''"}},
    .others = "declaration.removal",
    .on_export = on_export,
    .on_closed = on_closed,
    .merged = {"-- it is about a person, whichever account she has"},
};
