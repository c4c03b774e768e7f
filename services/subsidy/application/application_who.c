/* application_who.c: who may apply for what, for whom, and what she has had. */
#include "services/subsidy/application/application_internal.h"
#include "services/subsidy/selection/selections.h"

/* ---- for whom ---- */

static bool is_by(const Subsidy__Scheme *scheme, Rule__Role role)
{
    for (size_t i = 0; i < scheme->n_applicant_roles; i++) {
        if (scheme->applicant_roles[i] == role)
            return true;
    }
    return false;
}

bool application_union(const Subsidy__Scheme *scheme, const char *wanted, void *call, char ret[UNION_PATH_SIZE])
{
    const Rpc__Principal *caller = rpc_principal(call);

    if (scheme->n_applicant_roles == 0) {
        snprintf(ret, UNION_PATH_SIZE, "%s", caller->union_path);
        return true;
    }
    for (size_t i = 0; i < caller->n_grants; i++) {
        const Rpc__Grant *grant = caller->grants[i];

        if (*grant->union_path && is_by(scheme, (Rule__Role)grant->role) &&
            (!*wanted || strcmp(grant->union_path, wanted) == 0) &&
            union_path_covers(scheme->audience->union_path, grant->union_path)) {
            snprintf(ret, UNION_PATH_SIZE, "%s", grant->union_path);
            return true;
        }
    }
    return false;
}

size_t application_unions(const Subsidy__Scheme *scheme, void *call, const char **ret, size_t size)
{
    const Rpc__Principal *caller = rpc_principal(call);
    char path[UNION_PATH_SIZE];
    size_t n = 0;

    for (size_t i = 0; scheme->n_applicant_roles && i < caller->n_grants && n < size; i++) {
        bool again = !*caller->grants[i]->union_path;

        for (size_t j = 0; j < n && !again; j++)
            again = strcmp(ret[j], caller->grants[i]->union_path) == 0;
        if (!again && application_union(scheme, caller->grants[i]->union_path, call, path))
            ret[n++] = caller->grants[i]->union_path;
    }
    return n;
}

/* ---- what was had ---- */

/* Who would have it: a person, or the union that it is for. */
struct taker {
    int64_t member_id;
    const char *union_path; /* NULL: herself */
};

/* Asks one of two questions, by person or by union; the second argument is a family or a scheme. */
static bool asks(const struct subsidy *self, const struct taker *taker, unsigned hers, unsigned unions, int64_t of_id,
                 int64_t more, int64_t period)
{
    unsigned which = application_sql(self, taker->union_path ? unions : hers);
    bool in_period = hers == APPLICATION_SQL_STILL;

    if (taker->union_path)
        store_ask(self->store, which, in_period ? "tiii" : "tii", taker->union_path, of_id, more, period);
    else
        store_ask(self->store, which, in_period ? "iiii" : "iii", taker->member_id, of_id, more, period);
    return store_any(self->store, which);
}

static bool has_had(const struct subsidy *self, const struct taker *taker, const Subsidy__Scheme *scheme,
                    int64_t period)
{
    return scheme->once != SUBSIDY__ONCE__ONCE_ANY &&
           asks(self, taker, APPLICATION_SQL_HAD, APPLICATION_SQL_UNION_HAD, scheme->family_id, period, 0);
}

/* Whether another scheme was given that this one is not given beside. */
static bool has_beside(const struct subsidy *self, const struct taker *taker, const Subsidy__Scheme *scheme,
                       int64_t now)
{
    for (size_t i = 0; i < scheme->n_not_beside; i++) {
        const Subsidy__NotBeside *other = scheme->not_beside[i];

        if (asks(self, taker, APPLICATION_SQL_BESIDE, APPLICATION_SQL_UNION_BESIDE, other->scheme_id,
                 now - other->days * SUBSIDY_DAY_MS, 0))
            return true;
    }
    return false;
}

int application_given_refusal(const struct subsidy *self, const struct application *application,
                              const Subsidy__Scheme *scheme, int64_t now)
{
    int64_t holder_id = holder_of(&self->holders, application->member_id);
    const struct taker taker = {holder_id ? holder_id : application->member_id,
                                application->for_union ? application->union_path : NULL};

    if (has_had(self, &taker, scheme, application->period_at))
        return SUBSIDY__REASON__APPROVED_BEFORE;
    return has_beside(self, &taker, scheme, now) ? SUBSIDY__REASON__GIVEN_ELSEWHERE : 0;
}

bool application_in_period(const struct subsidy *self, const struct application *application,
                           const Subsidy__Scheme *scheme)
{
    const struct taker taker = {application->member_id, application->for_union ? application->union_path : NULL};

    return has_had(self, &taker, scheme, application->period_at) ||
           asks(self, &taker, APPLICATION_SQL_STILL, APPLICATION_SQL_UNION_STILL, scheme->family_id, application->id,
                application->period_at);
}

int64_t application_period(const struct application *application, const Subsidy__Scheme *scheme, int64_t now)
{
    return application && application->submitted_at ? application->period_at : scheme_period(scheme, now);
}

void application_refusals(const struct subsidy *self, const Subsidy__Scheme *scheme,
                          const struct application *application, const char *wanted, int64_t fen, void *call,
                          scheme_report *report, void *arg)
{
    int64_t now = rpc_now(call), period = application_period(application, scheme, now);
    char path[UNION_PATH_SIZE];
    struct taker taker = {.member_id = rpc_principal(call)->member_id};
    int reason;

    scheme_refusals_of(scheme, rpc_principal(call), now, report, arg);
    if (!application_union(scheme, wanted, call, path)) {
        report(arg, SUBSIDY__REASON__NOT_YOUR_UNIONS_OFFICE);
        return; /* for whom it would be is not known */
    }
    taker.union_path = scheme->n_applicant_roles ? path : NULL;
    if (has_had(self, &taker, scheme, period))
        report(arg, period ? SUBSIDY__REASON__HAD_IN_PERIOD : SUBSIDY__REASON__HAD_ONCE);
    /* What a union may have any number of times, as for each of its workers, it applies for at once. */
    else if (!(taker.union_path && scheme->once == SUBSIDY__ONCE__ONCE_ANY) &&
             asks(self, &taker, APPLICATION_SQL_STILL, APPLICATION_SQL_UNION_STILL, scheme->family_id,
                  application ? application->id : 0, period))
        report(arg, SUBSIDY__REASON__STILL_DECIDED);
    if (has_beside(self, &taker, scheme, now))
        report(arg, SUBSIDY__REASON__HAD_ELSEWHERE);
    reason = selection_counts_refusal(self, scheme, taker.member_id, fen, now);
    if (reason)
        report(arg, reason);
}

static void keep_first(void *arg, int reason)
{
    int *first = arg;

    *first = *first ? *first : reason;
}

int application_refusal(const struct subsidy *self, const Subsidy__Scheme *scheme,
                        const struct application *application, void *call)
{
    int first = 0;

    application_refusals(self, scheme, application, application ? application->union_path : "", scheme->amount->fen,
                         call, keep_first, &first);
    return first;
}
