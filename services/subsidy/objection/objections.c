#include "services/subsidy/objection/objections.h"

#include "services/subsidy/figures/figures.h"

#define TEXT_CONTEXT     "objection"
#define REMARK_CONTEXT   "objection remark"
#define SLICE            16 /* each with its scheme in memory */
#define OBJECTIONS_ASKED 20 /* of one application: who may decide one may decide each, but those she has raised */
#define COLUMNS                                                                                                        \
    "objection_id, application_id, union_path, member_id, state, raised_at, due_at, decided_at, proposed, "            \
    "overdue, journal_seq"

enum {
    SQL_ADD,
    SQL_FIND,
    SQL_SET,
    SQL_SET_REMARK,
    SQL_TEXT,
    SQL_REMARK,
    SQL_OF_PERSON,
    SQL_N_OPEN,
    SQL_OPEN,
    SQL_HERS,
    SQL_AT,
    SQL_DUE,
    SQL_GOES_UP,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO objection (" COLUMNS ", text, remark) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, 0, 0, 0, 0, ?7, "
                "x'')",
    [SQL_FIND] = "SELECT " COLUMNS " FROM objection WHERE objection_id = ?1",
    [SQL_SET] =
        "UPDATE objection SET state = ?2, decided_at = ?3, proposed = ?4, journal_seq = ?5 WHERE objection_id = "
        "?1",
    [SQL_SET_REMARK] = "UPDATE objection SET remark = ?2 WHERE objection_id = ?1",
    [SQL_TEXT] = "SELECT text FROM objection WHERE objection_id = ?1",
    [SQL_REMARK] = "SELECT remark FROM objection WHERE objection_id = ?1",
    [SQL_OF_PERSON] = "SELECT objection_id FROM objection WHERE " HOLDER_HERS " AND application_id = ?2 LIMIT 1",
    [SQL_N_OPEN] = "SELECT count(*) FROM objection WHERE " HOLDER_HERS " AND state = 1",
    [SQL_OPEN] = "SELECT objection_id FROM objection WHERE application_id = ?1 AND state = 1 LIMIT ?2",
    [SQL_HERS] = "SELECT " COLUMNS " FROM objection WHERE " HOLDER_HERS
                 " AND objection_id < ?2 AND " RPC_PAGE_STATES("?4", "state") " ORDER BY objection_id DESC LIMIT ?3",
    [SQL_AT] = "SELECT " COLUMNS " FROM objection WHERE " UNION_PATH_RANGE(
        "union_path") " AND objection_id < ?3 AND " RPC_PAGE_STATES("?4", "state") " ORDER BY objection_id DESC LIMIT "
                                                                                   "?5",
    [SQL_DUE] = "SELECT objection_id FROM objection WHERE state = 1 AND due_at <= ?1 ORDER BY due_at LIMIT ?2",
    [SQL_GOES_UP] = "UPDATE objection SET due_at = ?2, overdue = ?3 WHERE objection_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- rows ---- */

static bool next(const struct subsidy *self, unsigned which, struct objection *ret)
{
    return store_read(self->store, self->objections.sql + which, INTO(ret->id), INTO(ret->application_id),
                      INTO(ret->union_path), INTO(ret->member_id), INTO(ret->state), INTO(ret->raised_at),
                      INTO(ret->due_at), INTO(ret->decided_at), INTO(ret->proposed), INTO(ret->overdue),
                      INTO(ret->journal_seq));
}

static size_t all(const struct subsidy *self, unsigned which, struct objection *ret, size_t size)
{
    size_t n = 0;

    while (n < size && next(self, which, &ret[n]))
        n++;
    store_end(self->store, self->objections.sql + which);
    return n;
}

bool objections_find(const struct subsidy *self, int64_t objection_id, struct objection *ret)
{
    store_ask(self->store, self->objections.sql + SQL_FIND, "i", objection_id);
    return all(self, SQL_FIND, ret, 1) == 1;
}

size_t objections_hers(const struct subsidy *self, int64_t member_id, int64_t before, int64_t states,
                       struct objection *ret, size_t size)
{
    store_ask(self->store, self->objections.sql + SQL_HERS, "iiii", member_id, before, (int64_t)size, states);
    return all(self, SQL_HERS, ret, size);
}

size_t objections_at(const struct subsidy *self, const char *path, int64_t before, int64_t states,
                     struct objection *ret, size_t size)
{
    char end[UNION_PATH_SIZE + 1];

    union_path_end(path, end);
    store_ask(self->store, self->objections.sql + SQL_AT, "ttiii", path, end, before, states, (int64_t)size);
    return all(self, SQL_AT, ret, size);
}

/* ---- what is sealed ---- */

static char *open_text(const struct subsidy *self, unsigned which, const char *context, int64_t id, struct arena *arena)
{
    char *plain = unconst("");
    const void *sealed;
    size_t len;

    store_ask(self->store, self->objections.sql + which, "i", id);
    if (!store_row(self->store, self->objections.sql + which))
        return plain;
    sealed = store_blob(self->store, self->objections.sql + which, 0, &len);
    plain = len ? arena_alloc(arena, len + 1) : NULL;
    if (!plain || pii_open(self->forms, context, id, sealed, len, plain) < 0)
        plain = unconst("");
    store_end(self->store, self->objections.sql + which);
    return plain;
}

char *objection_text(const struct subsidy *self, int64_t objection_id, struct arena *arena)
{
    return open_text(self, SQL_TEXT, TEXT_CONTEXT, objection_id, arena);
}

char *objection_remark(const struct subsidy *self, int64_t objection_id, struct arena *arena)
{
    return open_text(self, SQL_REMARK, REMARK_CONTEXT, objection_id, arena);
}

/* Returns the length; 0: it does not fit. */
static size_t seal_text(const struct subsidy *self, const char *context, int64_t id, const char *text, void *call,
                        unsigned char ret[OBJECTION_TEXT_SIZE])
{
    unsigned char nonce[PII_NONCE_LEN];
    size_t len = strlen(text);

    if (len + PII_OVERHEAD > OBJECTION_TEXT_SIZE)
        return 0;
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal(self->forms, context, id, nonce, text, len, ret);
    return len + PII_OVERHEAD;
}

/* ---- raising ---- */

/* What the caller has objected to somebody, by whatever account of hers. */
static bool find_own(const struct subsidy *self, int64_t application_id, int64_t caller, struct objection *ret)
{
    store_ask(self->store, self->objections.sql + SQL_OF_PERSON, "ii", caller, application_id);
    return objections_find(self, store_number(self->store, self->objections.sql + SQL_OF_PERSON), ret);
}

static void put(struct subsidy *self, struct objection *objection, int state, void *call)
{
    Subsidy__ObjectionChanged changed = SUBSIDY__OBJECTION_CHANGED__INIT;

    objection->state = state;
    changed.objection_id = objection->id;
    changed.application_id = objection->application_id;
    changed.state = (Subsidy__ObjectionState)state;
    changed.overdue = objection->overdue;
    rpc_tell(call, &changed.base);
    objection->journal_seq = rpc_server_journal(self->rpc)->tip.seq;
    store_run(self->store, self->objections.sql + SQL_SET, "iiiii", objection->id, (int64_t)state,
              objection->decided_at, (int64_t)objection->proposed, objection->journal_seq);
}

static bool is_held(const struct application *application)
{
    return application->state == SUBSIDY__APPLICATION_STATE__APPLICATION_OBJECTED;
}

/* Why the caller may not object to somebody: 0 or a Reason. Nobody is told whether there is one who is not shown. */
static int raise_refusal(const struct subsidy *self, const struct application *application,
                         const Subsidy__Scheme *scheme, int64_t caller)
{
    if (!scheme || (!is_held(application) && application->state != SUBSIDY__APPLICATION_STATE__APPLICATION_SHOWN))
        return SUBSIDY__REASON__NOT_SHOWN;
    if (holder_is(&self->holders, caller, application->member_id))
        return SUBSIDY__REASON__ON_YOURSELF;
    store_ask(self->store, self->objections.sql + SQL_N_OPEN, "i", caller);
    return store_number(self->store, self->objections.sql + SQL_N_OPEN) < OBJECTIONS_OPEN_MAX
               ? 0
               : SUBSIDY__REASON__TOO_MANY_OBJECTIONS;
}

/* Her payment waits from now on. */
static void hold(struct subsidy *self, struct application *application, void *call)
{
    const struct application_step step = {.kind = SUBSIDY__STEP_KIND__STEP_OBJECTED};

    if (is_held(application))
        return;
    application_leaves(application, SUBSIDY__APPLICATION_STATE__APPLICATION_OBJECTED, 0, rpc_now(call));
    application_put(self, application, &step, call);
}

/* In which one is to be decided. */
static int64_t days_ms(const Subsidy__Scheme *scheme)
{
    int32_t days = scheme->showing ? scheme->showing->objection_days : 0;

    return (days ? days : SUBSIDY_DAYS_USUAL) * SUBSIDY_DAY_MS;
}

int objection_raise(struct subsidy *self, int64_t application_id, const char *text, void *call, struct objection *ret)
{
    int64_t caller = rpc_principal(call)->member_id;
    unsigned char sealed[OBJECTION_TEXT_SIZE];
    const Subsidy__Scheme *scheme;
    struct application application;
    int reason;
    size_t len;

    if (find_own(self, application_id, caller, ret))
        return 0;
    if (!application_find(self, application_id, &application))
        return SUBSIDY__REASON__NOT_SHOWN;
    scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
    reason = raise_refusal(self, &application, scheme, caller);
    if (reason)
        return reason;
    *ret = (struct objection){.id = id_next(&self->ids, rpc_now(call)),
                              .application_id = application_id,
                              .member_id = caller,
                              .raised_at = rpc_now(call),
                              .due_at = rpc_now(call) + days_ms(scheme)};
    len = seal_text(self, TEXT_CONTEXT, ret->id, text, call, sealed);
    if (!len)
        return RPC__REASON__TOO_LONG;
    snprintf(ret->union_path, sizeof(ret->union_path), "%s", scheme->union_path);
    store_run(self->store, self->objections.sql + SQL_ADD, "iitiiib", ret->id, application_id, ret->union_path, caller,
              ret->raised_at, ret->due_at, sealed, len);
    put(self, ret, SUBSIDY__OBJECTION_STATE__OBJECTION_OPEN, call);
    hold(self, &application, call);
    rpc_created(call);
    return 0;
}

/* ---- deciding ---- */

/* What one official has said counts no more. */
static void end_first(struct subsidy *self, struct objection *objection, void *call)
{
    hands_end(&self->two_hands, OBJECTION_DEED, objection->id, HANDS__STATE__OVER, call);
    store_run(self->store, self->objections.sql + SQL_SET_REMARK, "ib", objection->id, "", (size_t)0);
    objection->proposed = 0;
}

void objection_office(const struct objection *objection, char ret[UNION_PATH_SIZE])
{
    snprintf(ret, UNION_PATH_SIZE, "%s", objection->union_path);
    for (int i = 0; i <= objection->overdue && union_path_level(ret) > 1; i++)
        union_path_parent(ret, ret);
}

int objection_refusal(struct subsidy *self, const struct objection *objection, const struct application *application,
                      void *call)
{
    char above[UNION_PATH_SIZE];
    int64_t caller = rpc_principal(call)->member_id;
    const struct application_step hand = {.by_id = caller};
    struct objection own;
    int refusal;

    objection_office(objection, above);
    if (objection->state != SUBSIDY__OBJECTION_STATE__OBJECTION_OPEN || !is_held(application))
        return SUBSIDY__REASON__OBJECTION_DECIDED;
    if (!rpc_has_role(call, RULE__ROLE__UNION_ADMIN, above) && !rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, above))
        return SUBSIDY__REASON__NOT_THE_UNION_ABOVE;
    if (find_own(self, application->id, caller, &own))
        return SUBSIDY__REASON__ON_YOUR_OBJECTION;
    refusal = application_own_refusal(self, application, call);
    if (!refusal)
        application_approvals(self, application, &hand, &refusal);
    return refusal;
}

bool objection_decides(struct subsidy *self, const struct application *application, void *call)
{
    int64_t ids[OBJECTIONS_ASKED];
    struct objection objection;
    bool decides = false;
    size_t n;

    store_ask(self->store, self->objections.sql + SQL_OPEN, "ii", application->id, (int64_t)ARRAY_LEN(ids));
    n = store_numbers(self->store, self->objections.sql + SQL_OPEN, ids, ARRAY_LEN(ids));
    for (size_t i = 0; i < n && !decides; i++)
        decides = objections_find(self, ids[i], &objection) && !objection_refusal(self, &objection, application, call);
    return decides;
}

/* Who objects hears that it is decided, and reads how and why where her objections are. */
static void tell_objector(struct subsidy *self, const struct objection *objection, const Subsidy__Scheme *scheme,
                          void *call)
{
    const struct notice_given given = {.kind = NOTICE__NOTICE_KIND__SUBSIDY_OBJECTION_DECIDED,
                                       .member_id = objection->member_id,
                                       .about_id = objection->id,
                                       .title = scheme->title};

    notice_give(&self->notice, &given, call);
}

/* The hand that waits is none any more when who gave it has, by an account that became hers since, to do with it. */
static void recheck_first(struct subsidy *self, struct objection *objection, const struct application *application,
                          void *call)
{
    struct application_step hand = {0};
    struct objection own;
    struct hands first;
    int refusal;

    if (!hands_find(&self->two_hands, OBJECTION_DEED, objection->id, &first) || first.state != HANDS__STATE__FIRST)
        return;
    hand.by_id = first.now_by;
    application_approvals(self, application, &hand, &refusal);
    if (refusal || holder_is(&self->holders, first.now_by, application->member_id) ||
        find_own(self, application->id, first.now_by, &own))
        end_first(self, objection, call);
}

/* Refused, and her place is the next one's. */
static void uphold(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application,
                   const char *remark, void *call)
{
    const struct application_step step = {
        .kind = SUBSIDY__STEP_KIND__STEP_OBJECTION_UPHELD, .by_id = rpc_principal(call)->member_id, .remark = remark};

    selection_frees(self, scheme, application, call);
    application_frees(self, application->id);
    application_leaves(application, SUBSIDY__APPLICATION_STATE__APPLICATION_REFUSED, 0, rpc_now(call));
    application->again = true; /* the union above has spoken */
    application_put(self, application, &step, call);
    application_tell_her(self, application, scheme, NOTICE__NOTICE_KIND__SUBSIDY_REFUSED, call);
    objections_end(self, scheme, application->id, call);
    selection_next(self, scheme, application, call);
}

/* As if nothing had been, once nobody else objects. */
static void release(struct subsidy *self, struct application *application, void *call)
{
    const struct application_step step = {.kind = SUBSIDY__STEP_KIND__STEP_OBJECTION_UNFOUNDED,
                                          .by_id = rpc_principal(call)->member_id};
    int64_t since = application->since;
    struct award award;

    store_ask(self->store, self->objections.sql + SQL_OPEN, "ii", application->id, (int64_t)1);
    if (store_any(self->store, self->objections.sql + SQL_OPEN) || !awards_find(self, application->id, &award))
        return;
    application_leaves(application, SUBSIDY__APPLICATION_STATE__APPLICATION_SHOWN,
                       award.shown_until ? award.shown_until : rpc_now(call), since);
    application_put(self, application, &step, call);
}

int objection_decide(struct subsidy *self, struct objection *objection, bool upheld, const char *remark, void *call)
{
    static const int roles[] = {RULE__ROLE__UNION_ADMIN, RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__ROLE_NONE};
    int decided = upheld ? SUBSIDY__OBJECTION_STATE__OBJECTION_UPHELD : SUBSIDY__OBJECTION_STATE__OBJECTION_UNFOUNDED;
    Subsidy__DecideObjectionRequest what = SUBSIDY__DECIDE_OBJECTION_REQUEST__INIT;
    unsigned char sealed[OBJECTION_TEXT_SIZE];
    const Subsidy__Scheme *scheme = NULL;
    struct application application;
    char above[UNION_PATH_SIZE];
    struct hands_deed deed;
    bool done;
    int reason;
    size_t len;

    objection_office(objection, above);
    if (application_find(self, objection->application_id, &application))
        scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
    reason = scheme ? objection_refusal(self, objection, &application, call) : RPC__REASON__OVERLOADED;
    if (reason)
        return reason;
    recheck_first(self, objection, &application, call);
    what.objection_id = objection->id;
    what.upheld = upheld;
    deed = (struct hands_deed){.kind = OBJECTION_DEED,
                               .id = objection->id,
                               .what = &what.base,
                               .until = rpc_now(call) + HANDS_LIFE_MS,
                               .roles = roles,
                               .union_path = above};
    reason = hands_give_or_confirm(&self->two_hands, &deed, call, &done);
    if (reason)
        return reason;
    len = seal_text(self, REMARK_CONTEXT, objection->id, remark, call, sealed);
    store_run(self->store, self->objections.sql + SQL_SET_REMARK, "ib", objection->id, sealed, len);
    objection->proposed = done ? 0 : decided;
    objection->decided_at = done ? rpc_now(call) : 0;
    put(self, objection, done ? decided : (int)SUBSIDY__OBJECTION_STATE__OBJECTION_OPEN, call);
    if (done)
        tell_objector(self, objection, scheme, call);
    if (done && upheld)
        uphold(self, scheme, &application, remark, call);
    else if (done)
        release(self, &application, call);
    return 0;
}

void objections_end(struct subsidy *self, const Subsidy__Scheme *scheme, int64_t application_id, void *call)
{
    struct objection objection;
    int64_t ids[OBJECTIONS_OPEN_MAX];
    size_t n;

    do {
        store_ask(self->store, self->objections.sql + SQL_OPEN, "ii", application_id, (int64_t)ARRAY_LEN(ids));
        n = store_numbers(self->store, self->objections.sql + SQL_OPEN, ids, ARRAY_LEN(ids));
        for (size_t i = 0; i < n && objections_find(self, ids[i], &objection); i++) {
            hands_end(&self->two_hands, OBJECTION_DEED, objection.id, HANDS__STATE__OVER, call);
            objection.decided_at = rpc_now(call);
            objection.proposed = 0;
            put(self, &objection, SUBSIDY__OBJECTION_STATE__OBJECTION_ENDED, call);
            tell_objector(self, &objection, scheme, call);
        }
    } while (n == ARRAY_LEN(ids));
}

/* ---- what is due by itself ---- */

/* To the union above, at the root it stays; and two are found anew. */
static void go_up(struct subsidy *self, struct objection *objection, void *call)
{
    struct application application;
    const Subsidy__Scheme *scheme = NULL;

    if (application_find(self, objection->application_id, &application))
        scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
    if (!scheme)
        return;
    end_first(self, objection, call);
    objection->overdue++;
    objection->due_at = rpc_now(call) + days_ms(scheme);
    store_run(self->store, self->objections.sql + SQL_GOES_UP, "iii", objection->id, objection->due_at,
              (int64_t)objection->overdue);
    put(self, objection, SUBSIDY__OBJECTION_STATE__OBJECTION_OPEN, call);
    figure_objection_late(self, &application, call);
}

static bool objection_tidy(void *arg, void *call)
{
    struct subsidy *self = arg;
    struct objection objection;
    int64_t due[SLICE];
    size_t n;

    store_ask(self->store, self->objections.sql + SQL_DUE, "ii", rpc_now(call), (int64_t)SLICE);
    n = store_numbers(self->store, self->objections.sql + SQL_DUE, due, SLICE);
    for (size_t i = 0; i < n; i++) {
        if (objections_find(self, due[i], &objection))
            go_up(self, &objection, call);
    }
    return n == SLICE;
}

/* ---- the part ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct subsidy *self = arg;
    const Subsidy__Event *event = body;
    struct objection objection;

    if (event->event_case != SUBSIDY__EVENT__EVENT_OBJECTION_CHANGED)
        return true;
    if (!objections_find(self, event->objection_changed->objection_id, &objection) || objection.journal_seq < row->seq)
        return false;
    told[0] += objection.journal_seq == row->seq;
    return objection.application_id == event->objection_changed->application_id &&
           (objection.journal_seq > row->seq || (objection.state == (int)event->objection_changed->state &&
                                                 objection.overdue == event->objection_changed->overdue));
}

static const struct part_stray strays[] = {
    {"application", "is held, and nobody objects",
     "SELECT application_id FROM application WHERE state = 10 AND application_id NOT IN (SELECT application_id FROM "
     "objection WHERE state = 1) LIMIT 1"},
    {"objection", "is open, and nobody is held for it",
     "SELECT objection_id FROM objection JOIN application USING (application_id) WHERE objection.state = 1 AND "
     "application.state <> 10 LIMIT 1"},
    {"objection", "is decided, and not by two officials",
     "SELECT objection_id FROM objection WHERE state IN (2, 3) AND NOT EXISTS (SELECT 1 FROM two_hands WHERE kind = "
     "'" OBJECTION_DEED "' AND deed_id = objection_id AND state = 2) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec objections_part = {
    .tables = "objection",
    .others = "objection.application_id objection.proposed objection.overdue",
    .steps = &objections_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(objection_id) FROM objection",
    .tidy = objection_tidy,
    .agrees = agrees,
    .counts = {{"objections", "SELECT count(*) FROM objection"}},
    .strays = strays,
    .exports = {{&subsidy__objection__descriptor,
                 "SELECT objection_id, application_id, state, raised_at, decided_at FROM objection WHERE " HOLDER_HERS
                 " AND objection_id > ?2 ORDER BY objection_id LIMIT ?3"}},
    .closed = {"-- it is decided as it was raised"},
    .merged = {"-- it stays under its number, and is hers who holds it"},
    .moves = "objection.union_path",
};
