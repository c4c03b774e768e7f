#include "services/subsidy/application/application_internal.h"
#include "services/subsidy/evidence/evidence.h"
#include "services/subsidy/scheme/scheme_rules.h"
#include "services/subsidy/objection/objections.h"

#define SLICE 16 /* each with its scheme in memory */

/* ---- hers ---- */

int application_begin(struct subsidy *self, const Subsidy__Scheme *scheme, const char *wanted, void *call,
                      struct application *ret)
{
    int64_t member_id = rpc_principal(call)->member_id, begun;
    struct application wish = {0};
    int reason;

    if (!application_union(scheme, wanted, call, wish.union_path))
        return SUBSIDY__REASON__NOT_YOUR_UNIONS_OFFICE;
    store_ask(self->store, application_sql(self, APPLICATION_SQL_BEGUN), "iiti", member_id, scheme->family_id,
              wish.union_path, scheme_period(scheme, rpc_now(call)));
    begun = store_number(self->store, application_sql(self, APPLICATION_SQL_BEGUN));
    if (begun)
        return application_find(self, begun, ret) ? 0 : RPC__REASON__STORE_FAILED;
    reason = application_refusal(self, scheme, &wish, call);
    if (reason)
        return reason;
    store_ask(self->store, application_sql(self, APPLICATION_SQL_N_OPEN), "i", member_id);
    if (store_number(self->store, application_sql(self, APPLICATION_SQL_N_OPEN)) >= APPLICATIONS_OPEN_MAX)
        return SUBSIDY__REASON__TOO_MANY_DRAFTS;
    *ret = (struct application){
        .id = id_next(&self->ids, rpc_now(call)),
        .scheme_id = scheme->scheme_id,
        .family_id = scheme->family_id,
        .member_id = member_id,
        .state = SUBSIDY__APPLICATION_STATE__APPLICATION_DRAFT,
        .since = rpc_now(call),
        .saved_at = rpc_now(call),
        .for_union = scheme->n_applicant_roles > 0,
    };
    snprintf(ret->union_path, sizeof(ret->union_path), "%s", wish.union_path);
    store_run(self->store, application_sql(self, APPLICATION_SQL_ADD), "iiiitii", ret->id, ret->scheme_id,
              ret->family_id, ret->member_id, ret->union_path, ret->since, (int64_t)ret->for_union);
    rpc_created(call);
    return 0;
}

void application_drop(struct subsidy *self, const struct application *application, void *call)
{
    evidence_end_all(self, application->id, call);
    store_run(self->store, application_sql(self, APPLICATION_SQL_DROP), "i", application->id);
    self->parts.erased = true;
}

static void index_of(const struct subsidy *self, const char *number, unsigned char ret[PII_INDEX_LEN])
{
    pii_index(self->forms, "certificate", number, strlen(number), ret);
}

bool application_certificate_used(const struct subsidy *self, int64_t application_id, const char *number)
{
    unsigned char index[PII_INDEX_LEN];

    index_of(self, number, index);
    store_ask(self->store, application_sql(self, APPLICATION_SQL_USED), "bi", index, sizeof(index), application_id);
    return store_any(self->store, application_sql(self, APPLICATION_SQL_USED));
}

void application_frees(struct subsidy *self, int64_t application_id)
{
    store_run(self->store, application_sql(self, APPLICATION_SQL_FREE), "i", application_id);
}

int application_takes(struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                      const Subsidy__FormAnswers *answers)
{
    char number[FORM_CERTIFICATE_MAX + 1];
    unsigned char index[PII_INDEX_LEN];

    application_frees(self, application->id);
    for (size_t i = 0; i < answers->n_answers; i++) {
        const Subsidy__FormField *field = form_field(scheme, answers->answers[i]->field);

        if (!field || field->kind != SUBSIDY__FIELD_KIND__CERTIFICATE ||
            !form_certificate(answers->answers[i]->text, number))
            continue;
        index_of(self, number, index);
        if (store_run(self->store, application_sql(self, APPLICATION_SQL_USE), "bi", index, sizeof(index),
                      application->id) == -1)
            return SUBSIDY__REASON__CERTIFICATE_USED;
    }
    return 0;
}

/* The offices that she holds now. */
static void note_offices(struct subsidy *self, int64_t application_id, void *call)
{
    const Rpc__Principal *principal = rpc_principal(call);
    int64_t nth = 0;

    store_run(self->store, application_sql(self, APPLICATION_SQL_CLEAR_OFFICES), "i", application_id);
    for (size_t i = 0; i < principal->n_grants; i++) {
        const Rpc__Grant *grant = principal->grants[i];

        for (size_t j = 0; j < (grant->n_given_by ? grant->n_given_by : 1); j++)
            store_run(self->store, application_sql(self, APPLICATION_SQL_ADD_OFFICE), "iiti", application_id, ++nth,
                      grant->union_path, grant->n_given_by ? grant->given_by[j] : 0);
    }
}

int application_submit(struct subsidy *self, struct application *application, const Subsidy__Scheme *scheme,
                       const Subsidy__FormAnswers *answers, void *call)
{
    const struct application_step step = {.kind = SUBSIDY__STEP_KIND__STEP_SUBMITTED};
    int64_t now = rpc_now(call);
    int reason = application_takes(self, application, scheme, answers);
    bool again = application->state == SUBSIDY__APPLICATION_STATE__APPLICATION_GIVEN_BACK;

    if (reason)
        return reason;
    note_offices(self, application->id, call);
    snprintf(application->shown_name, sizeof(application->shown_name), "%s", rpc_principal(call)->shown_name);
    if (!application->for_union)
        snprintf(application->union_path, sizeof(application->union_path), "%s", rpc_principal(call)->union_path);
    application->amount_fen = form_amount(scheme, answers);
    application->period_at = application_period(application, scheme, now);
    application->submitted_at = now;
    application_enters(self, application, scheme, again ? application->step : 0, now);
    notice_withdraw(&self->notice, NOTICE__NOTICE_KIND__SUBSIDY_GIVEN_BACK, application->id, call);
    application_put(self, application, &step, call);
    return 0;
}

/* ---- what is due by itself ---- */

/* To the union above; at the root it stays. */
static void escalate(struct subsidy *self, struct application *application, const Subsidy__Scheme *scheme, void *call)
{
    const struct application_step step = {.kind = SUBSIDY__STEP_KIND__STEP_OVERDUE};

    application->overdue = true;
    application->taken_by = 0;
    application->due_at = 0;
    if (union_path_level(application->office_path) > 1) {
        union_path_parent(application->office_path, application->office_path);
        application->due_at = rpc_now(call) + scheme->steps[application->step]->days * SUBSIDY_DAY_MS;
    }
    application_put(self, application, &step, call);
}

/* A place that it had is the next one's. */
void application_lapse(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application, void *call)
{
    const struct application_step step = {.kind = SUBSIDY__STEP_KIND__STEP_LAPSED};
    bool had = application->state >= SUBSIDY__APPLICATION_STATE__APPLICATION_SHOWN;

    if (had)
        selection_frees(self, scheme, application, call);
    application_leaves(application, SUBSIDY__APPLICATION_STATE__APPLICATION_LAPSED, 0, rpc_now(call));
    application_frees(self, application->id);
    application_put(self, application, &step, call);
    objections_end(self, scheme, application->id, call);
    if (had)
        selection_next(self, scheme, application, call);
}

static void fall_due(struct subsidy *self, int64_t application_id, void *call)
{
    struct application application;
    const Subsidy__Scheme *scheme;

    if (!application_find(self, application_id, &application))
        return;
    scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
    if (!scheme)
        return;
    if (application.state == SUBSIDY__APPLICATION_STATE__APPLICATION_IN_REVIEW)
        escalate(self, &application, scheme, call);
    else if (application.state == SUBSIDY__APPLICATION_STATE__APPLICATION_GIVEN_BACK)
        application_lapse(self, scheme, &application, call);
    else if (application.state == SUBSIDY__APPLICATION_STATE__APPLICATION_SHOWN)
        selection_shown(self, scheme, &application, call);
}

bool application_tidy(void *arg, void *call)
{
    struct subsidy *self = arg;
    int64_t due[SLICE];
    size_t n;

    store_ask(self->store, application_sql(self, APPLICATION_SQL_DUE), "ii", rpc_now(call), (int64_t)SLICE);
    n = store_numbers(self->store, application_sql(self, APPLICATION_SQL_DUE), due, SLICE);
    for (size_t i = 0; i < n; i++)
        fall_due(self, due[i], call);
    return n == SLICE;
}

/* ---- accounts that are no more ---- */

/* Not once it is ended, or its payment is ordered: that comes to an end of its own. */
static bool may_lapse(const struct application *application)
{
    switch (application->state) {
    case SUBSIDY__APPLICATION_STATE__APPLICATION_IN_REVIEW:
    case SUBSIDY__APPLICATION_STATE__APPLICATION_GIVEN_BACK:
    case SUBSIDY__APPLICATION_STATE__APPLICATION_APPROVED:
    case SUBSIDY__APPLICATION_STATE__APPLICATION_WAITING:
    case SUBSIDY__APPLICATION_STATE__APPLICATION_SHOWN:
    case SUBSIDY__APPLICATION_STATE__APPLICATION_OBJECTED:
    case SUBSIDY__APPLICATION_STATE__APPLICATION_PAYABLE:
        return true;
    default:
        return false;
    }
}

/* Nobody holds the number any more: what is not decided lapses, and what she wrote is destroyed, as is
 * what reviewers wrote of her. */
static bool end_all(struct subsidy *self, int64_t number, void *call)
{
    struct application application;
    const Subsidy__Scheme *scheme;
    int64_t ids[SLICE];
    size_t n;

    store_ask(self->store, application_sql(self, APPLICATION_SQL_OF_NUMBER), "ii", number, (int64_t)SLICE);
    n = store_numbers(self->store, application_sql(self, APPLICATION_SQL_OF_NUMBER), ids, SLICE);
    for (size_t i = 0; i < n; i++) {
        if (!application_find(self, ids[i], &application))
            continue;
        if (application.state == SUBSIDY__APPLICATION_STATE__APPLICATION_DRAFT) {
            application_drop(self, &application, call);
            continue;
        }
        scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
        if (scheme && may_lapse(&application))
            application_lapse(self, scheme, &application, call);
        store_run(self->store, application_sql(self, APPLICATION_SQL_FORGET), "i", ids[i]);
        store_run(self->store, application_sql(self, APPLICATION_SQL_FORGET_NOTES), "i", ids[i]);
        self->parts.erased = true;
    }
    return n == SLICE;
}

/* What one person may have once and has been given by two accounts, she keeps the first of, or what is ordered. */
static bool end_twice(struct subsidy *self, int64_t holder_id, void *call)
{
    struct application application;
    const Subsidy__Scheme *scheme;
    int64_t id = 0, scheme_id = 0;

    for (;;) {
        store_ask(self->store, application_sql(self, APPLICATION_SQL_TWICE), "ii", holder_id, id);
        if (!store_only(self->store, application_sql(self, APPLICATION_SQL_TWICE), INTO(id), INTO(scheme_id)))
            return false;
        scheme = scheme_find(self, scheme_id, rpc_arena(call));
        if (scheme && scheme->once != SUBSIDY__ONCE__ONCE_ANY && application_find(self, id, &application))
            break;
    }
    application_lapse(self, scheme, &application, call);
    return true;
}

void application_came_back(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application,
                           void *call)
{
    int64_t holder_id = holder_of(&self->holders, application->member_id);

    if (!holder_id)
        application_lapse(self, scheme, application, call);
    while (holder_id && end_twice(self, holder_id, call))
        continue;
}

bool application_settle(void *arg, int64_t number, int64_t holder_id, void *call)
{
    return holder_id ? end_twice(arg, holder_id, call) : end_all(arg, number, call);
}

void application_on_export(void *arg, struct part_export *export)
{
    struct subsidy *self = arg;
    struct application application;
    int64_t ids[LIMIT_EXPORT_PAGE + 1];
    size_t n = 0;

    store_ask(self->store, application_sql(self, APPLICATION_SQL_HERS_AFTER), "iii", export->member_id, export->after,
              (int64_t)ARRAY_LEN(ids));
    while (n < ARRAY_LEN(ids) && application_next(self, APPLICATION_SQL_HERS_AFTER, &application))
        ids[n++] = application.id;
    store_end(self->store, application_sql(self, APPLICATION_SQL_HERS_AFTER));
    for (size_t i = 0; i < n; i++) {
        if (!application_find(self, ids[i], &application) ||
            !part_give(export, application_whole(self, &application, export->call), application.id))
            break;
    }
}
