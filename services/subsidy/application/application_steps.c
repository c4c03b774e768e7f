#include "services/subsidy/application/application_internal.h"
#include "services/subsidy/figures/figures.h"
#include "services/subsidy/selection/selections.h"

/* ---- steps ---- */

void application_office(const struct subsidy *self, const struct application *application,
                        const Subsidy__Scheme *scheme, int step, char ret[UNION_PATH_SIZE])
{
    size_t level = (size_t)scheme->steps[step]->level;

    if (scheme->steps[step]->elsewhere) {
        review_elsewhere(self, application, scheme, step, ret);
        return;
    }
    snprintf(ret, UNION_PATH_SIZE, "%s", level ? application->union_path : scheme->union_path);
    while (level && union_path_level(ret) > level)
        union_path_parent(ret, ret);
    if (!union_path_covers(scheme->union_path, ret))
        snprintf(ret, UNION_PATH_SIZE, "%s", scheme->union_path);
}

void application_enters(const struct subsidy *self, struct application *application, const Subsidy__Scheme *scheme,
                        int step, int64_t now)
{
    application->state = SUBSIDY__APPLICATION_STATE__APPLICATION_IN_REVIEW;
    application->step = step;
    application_office(self, application, scheme, step, application->office_path);
    application->since = now;
    application->due_at = now + scheme->steps[step]->days * SUBSIDY_DAY_MS;
    application->taken_by = 0;
    application->overdue = false;
}

void application_leaves(struct application *application, int state, int64_t due_at, int64_t now)
{
    application->state = state;
    application->office_path[0] = '\0';
    application->since = now;
    application->due_at = due_at;
    application->taken_by = 0;
    application->overdue = false;
}

static int64_t tell(struct subsidy *self, const struct application *application, const struct application_step *step,
                    void *call)
{
    Subsidy__ApplicationChanged changed = SUBSIDY__APPLICATION_CHANGED__INIT;
    unsigned char hash[APPLICATION_HASH_LEN];

    application_hash(self, application->id, hash);
    changed.application_id = application->id;
    changed.scheme_id = application->scheme_id;
    changed.member_id = application->member_id;
    changed.state = (Subsidy__ApplicationState)application->state;
    changed.kind = (Subsidy__StepKind)step->kind;
    changed.order_id = step->order_id;
    changed.points = step->points;
    changed.nth = (int32_t)application->n_steps;
    changed.previous_seq = application->journal_seq;
    changed.office_path = unconst(application->office_path);
    changed.amount_fen = application->amount_fen;
    changed.answers_hash = (ProtobufCBinaryData){APPLICATION_HASH_LEN, hash};
    rpc_tell(call, &changed.base);
    return rpc_server_journal(self->rpc)->tip.seq;
}

/* Returns the length. */
static size_t seal_remark(const struct subsidy *self, int64_t row, const char *remark, void *call,
                          unsigned char ret[APPLICATION_REMARK_SIZE])
{
    unsigned char nonce[PII_NONCE_LEN];
    size_t len = remark ? strlen(remark) : 0;

    if (!len || len + PII_OVERHEAD > APPLICATION_REMARK_SIZE)
        return 0;
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal(self->forms, APPLICATION_REMARK, row, nonce, remark, len, ret);
    return len + PII_OVERHEAD;
}

void application_put(struct subsidy *self, struct application *application, const struct application_step *step,
                     void *call)
{
    unsigned char sealed[APPLICATION_REMARK_SIZE];
    size_t len = seal_remark(self, application->id, step->remark, call, sealed);
    struct application before;

    application->n_steps++;
    application->journal_seq = tell(self, application, step, call);
    if (application_find(self, application->id, &before)) {
        figure_count(self, &before, application, step->kind, call);
        selection_recount(self, &before, application);
    }
    store_run(self->store, application_sql(self, APPLICATION_SQL_ADD_STEP), "iiiiitiiibib", application->id,
              application->n_steps, (int64_t)step->kind, (int64_t)application->step, rpc_now(call),
              application->office_path, step->by_id, step->gave_by[0], step->gave_by[1], sealed, len,
              application->journal_seq, rpc_server_journal(self->rpc)->tip.hash, (size_t)APPLICATION_HASH_LEN);
    store_run(self->store, application_sql(self, APPLICATION_SQL_SET), "ittiitiiiiiiiiii", application->id,
              application->shown_name, application->union_path, (int64_t)application->state, (int64_t)application->step,
              application->office_path, application->since, application->due_at, application->period_at,
              application->amount_fen, application->taken_by, (int64_t)application->overdue,
              (int64_t)application->again, application->submitted_at, application->n_steps, application->journal_seq);
    if (len)
        store_run(self->store, application_sql(self, APPLICATION_SQL_SET_REMARK), "ib", application->id, sealed, len);
}

void application_set_due(struct subsidy *self, struct application *application, int64_t due_at)
{
    application->due_at = due_at;
    store_run(self->store, application_sql(self, APPLICATION_SQL_SET_DUE), "ii", application->id, due_at);
}

void application_tell_her(struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                          int kind, void *call)
{
    const struct notice_given given = {
        .kind = kind, .member_id = application->member_id, .about_id = application->id, .title = scheme->title};

    notice_give(&self->notice, &given, call);
}

size_t application_steps(const struct subsidy *self, const struct application *application,
                         const Subsidy__Scheme *scheme, void *call, Subsidy__ApplicationStep **ret)
{
    unsigned which = application_sql(self, APPLICATION_SQL_STEPS);
    struct arena *arena = rpc_arena(call);
    char path[UNION_PATH_SIZE];
    const void *bytes;
    size_t n = 0, len;

    store_ask(self->store, which, "i", application->id);
    while (n < (size_t)application->n_steps && store_row(self->store, which)) {
        Subsidy__ApplicationStep *step = arena_message(arena, &subsidy__application_step__descriptor);
        int64_t nth = store_int(self->store, which, 2);

        if (!step)
            break;
        step->nth = (int32_t)store_int(self->store, which, 0);
        step->kind = (Subsidy__StepKind)store_int(self->store, which, 1);
        if (nth < (int64_t)scheme->n_steps)
            step->step_title = scheme->steps[nth]->title;
        step->at = store_int(self->store, which, 3);
        store_copy_text(self->store, which, 4, path, sizeof(path));
        step->seq = store_int(self->store, which, 5);
        bytes = store_blob(self->store, which, 6, &len);
        step->remark = application_open_text(self, application->id, bytes, len, arena);
        bytes = store_blob(self->store, which, 7, &len);
        step->hash.data = arena_alloc(arena, len);
        if (step->hash.data) {
            memcpy(step->hash.data, bytes, len);
            step->hash.len = len;
        }
        if (*path)
            tree_id(&self->tree, path, call, &step->office_id);
        ret[n++] = step;
    }
    store_end(self->store, which);
    return n;
}

/* ---- who decides ---- */

/* Whether two numbers are one person's, as the accounts are now. */
static bool is_one(const struct subsidy *self, int64_t one, int64_t other)
{
    int64_t holder = holder_of(&self->holders, one);

    return one && other && (one == other || (holder && holder == holder_of(&self->holders, other)));
}

/* Whether one of two has just given the other her office. */
static bool gave_office(const struct subsidy *self, const struct application_step *one,
                        const struct application_step *other)
{
    return is_one(self, one->gave_by[0], other->by_id) || is_one(self, one->gave_by[1], other->by_id) ||
           is_one(self, other->gave_by[0], one->by_id) || is_one(self, other->gave_by[1], one->by_id);
}

int application_approvals(const struct subsidy *self, const struct application *application,
                          const struct application_step *now, int *ret_refusal)
{
    struct application_step before = {0};
    int step, n = 0;

    *ret_refusal = 0;
    store_ask(self->store, application_sql(self, APPLICATION_SQL_APPROVALS), "i", application->id);
    while (store_read(self->store, application_sql(self, APPLICATION_SQL_APPROVALS), INTO(step), INTO(before.by_id),
                      INTO(before.gave_by[0]), INTO(before.gave_by[1]))) {
        n += step == application->step;
        if (is_one(self, now->by_id, before.by_id))
            *ret_refusal = SUBSIDY__REASON__APPROVED_BY_YOU;
        else if (!*ret_refusal && gave_office(self, now, &before))
            *ret_refusal = HANDS__REASON__HAND_GAVE_OFFICE;
    }
    return n;
}

static bool holds_office_at(const char *path, void *call)
{
    const Rpc__Principal *caller = rpc_principal(call);
    bool at = strcmp(caller->union_path, path) == 0;

    for (size_t i = 0; i < caller->n_grants && !at; i++)
        at = strcmp(caller->grants[i]->union_path, path) == 0;
    return at;
}

int application_own_refusal(const struct subsidy *self, const struct application *application, void *call)
{
    int64_t caller = rpc_principal(call)->member_id, given_by;
    char path[UNION_PATH_SIZE];
    int reason = 0;

    if (holder_is(&self->holders, caller, application->member_id))
        return SUBSIDY__REASON__ON_YOURSELF;
    store_ask(self->store, application_sql(self, APPLICATION_SQL_OFFICES), "i", application->id);
    while (store_read(self->store, application_sql(self, APPLICATION_SQL_OFFICES), INTO(path), INTO(given_by))) {
        if (given_by && holder_is(&self->holders, caller, given_by))
            reason = SUBSIDY__REASON__ON_YOUR_APPOINTEE;
        else if (!reason && holds_office_at(path, call))
            reason = SUBSIDY__REASON__ON_YOUR_COLLEAGUE;
    }
    return reason;
}

void application_looked_at(struct subsidy *self, int64_t application_id, int64_t evidence_id, void *call)
{
    store_run(self->store, application_sql(self, APPLICATION_SQL_LOOK), "iiiii", id_next(&self->ids, rpc_now(call)),
              application_id, rpc_principal(call)->member_id, rpc_now(call), evidence_id);
}

size_t application_looks(const struct subsidy *self, int64_t application_id, struct arena *arena,
                         Subsidy__ApplicationLook **ret, size_t size)
{
    int64_t look_id, at, evidence_id;
    size_t n = 0;

    store_ask(self->store, application_sql(self, APPLICATION_SQL_LOOKS), "ii", application_id, (int64_t)size);
    while (store_read(self->store, application_sql(self, APPLICATION_SQL_LOOKS), INTO(look_id), INTO(at),
                      INTO(evidence_id))) {
        Subsidy__ApplicationLook *look = arena_message(arena, &subsidy__application_look__descriptor);

        if (!look)
            continue;
        look->look_id = look_id;
        look->application_id = application_id;
        look->at = at;
        look->evidence_id = evidence_id;
        ret[n++] = look;
    }
    return n;
}
