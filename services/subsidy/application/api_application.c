#include "common/cn/cn_id.h"
#include "services/subsidy/application/applications.h"
#include "services/subsidy/cover/covers.h"
#include "services/subsidy/evidence/evidence.h"
#include "services/subsidy/run/runs.h"
#include "services/subsidy/scheme/scheme_rules.h"

#define LOOKS_SHOWN      50
#define OTHERS_SHOWN     10
#define OTHERS_LOOKED_AT 50

/* ---- answers ---- */

/* What lists have of one; NULL when memory is full. */
static Subsidy__Application *message_of(struct subsidy *self, const struct application *application,
                                        const Subsidy__Scheme *scheme, void *call)
{
    Subsidy__Application *message = arena_message(rpc_arena(call), &subsidy__application__descriptor);
    bool goes = application->state == SUBSIDY__APPLICATION_STATE__APPLICATION_IN_REVIEW;
    struct run_line line;
    struct award award;

    if (!message)
        return NULL;
    if (application->state >= SUBSIDY__APPLICATION_STATE__APPLICATION_SHOWN &&
        awards_find(self, application->id, &award)) {
        message->place = award.place;
        message->shown_until = award.shown_until;
    }
    if (application->state == SUBSIDY__APPLICATION_STATE__APPLICATION_PAYABLE &&
        run_line_of(self, application->id, &line))
        message->payment_words = unconst(run_line_words(&line));
    message->application_id = application->id;
    message->scheme_id = application->scheme_id;
    message->scheme_title = scheme->title;
    message->state = (Subsidy__ApplicationState)application->state;
    message->amount_fen = application->amount_fen;
    if (goes && (size_t)application->step < scheme->n_steps)
        message->step_title = scheme->steps[application->step]->title;
    message->since = application->since;
    if (application->state == SUBSIDY__APPLICATION_STATE__APPLICATION_REFUSED)
        message->may_ask_until = application->again ? 0 : application->since + scheme_again_ms(scheme);
    message->due_at = application->due_at;
    message->submitted_at = application->submitted_at;
    message->saved_at = application->saved_at;
    message->period_at = application->period_at;
    message->points = selection_points(self, application->id);
    if (application->for_union)
        tree_id(&self->tree, application->union_path, call, &message->for_union_id);
    message->remark = application_remark(self, application->id, rpc_arena(call));
    if (*application->office_path)
        tree_id(&self->tree, application->office_path, call, &message->office_id);
    return message;
}

Subsidy__Application *application_whole(struct subsidy *self, const struct application *application, void *call)
{
    struct arena *arena = rpc_arena(call);
    const Subsidy__Scheme *scheme = scheme_find(self, application->scheme_id, arena);
    Subsidy__Application *message = scheme ? message_of(self, application, scheme, call) : NULL;
    Subsidy__FormAnswers *answers = application_answers(self, application->id, arena);

    if (!message || !answers)
        return NULL;
    message->answers = answers->answers;
    message->n_answers = answers->n_answers;
    message->steps = arena_alloc(arena, ((size_t)application->n_steps + 1) * sizeof(Subsidy__ApplicationStep *));
    if (message->steps)
        message->n_steps = application_steps(self, application, scheme, call, message->steps);
    message->looks = arena_alloc(arena, LOOKS_SHOWN * sizeof(Subsidy__ApplicationLook *));
    if (message->looks)
        message->n_looks = application_looks(self, application->id, arena, message->looks, LOOKS_SHOWN);
    message->n_files = evidence_list(self, application->id, 0, false, arena, &message->files);
    return message;
}

static void reply_whole(struct subsidy *self, const struct application *application, Subsidy__Application_Closure reply,
                        void *call)
{
    if (!rpc_refused(call))
        reply(application_whole(self, application, call), call);
}

/* One of the caller's; false after refusing. */
static bool find_hers(struct subsidy *self, int64_t application_id, void *call, struct application *ret)
{
    return !rpc_refuse_if(call, application_hers(self, application_id, call, ret));
}

int application_hers(const struct subsidy *self, int64_t application_id, void *call, struct application *ret)
{
    int64_t caller = rpc_principal(call)->member_id;

    return caller && application_find(self, application_id, ret) && holder_is(&self->holders, caller, ret->member_id)
               ? 0
               : SUBSIDY__REASON__APPLICATION_NOT_FOUND;
}

bool application_is_writable(const struct application *application)
{
    return application->state == SUBSIDY__APPLICATION_STATE__APPLICATION_DRAFT ||
           application->state == SUBSIDY__APPLICATION_STATE__APPLICATION_GIVEN_BACK;
}

/* ---- checks ---- */

struct check {
    Subsidy__CheckResult *result;
    void *call;
    int first; /* the Reason of the first finding */
    const char *first_field;
};

static void found(void *arg, int reason, const char *field, const char *words)
{
    struct check *check = arg;
    struct arena *arena = rpc_arena(check->call);
    Subsidy__CheckFinding *finding = arena_message(arena, &subsidy__check_finding__descriptor);

    if (!check->first) {
        check->first = reason;
        check->first_field = field;
    }
    if (!finding)
        return;
    api_say(finding, reason);
    if (words)
        finding->words = rpc_text(check->call, words);
    finding->field = rpc_text(check->call, field);
    rpc_add(check->call, check->result, findings, finding);
}

static void check_certificates(struct subsidy *self, const struct application *application,
                               const Subsidy__Scheme *scheme, const Subsidy__FormAnswers *answers, struct check *check)
{
    char number[FORM_CERTIFICATE_MAX + 1];

    for (size_t i = 0; i < answers->n_answers; i++) {
        const Subsidy__FormField *field = form_field(scheme, answers->answers[i]->field);

        if (field && field->kind == SUBSIDY__FIELD_KIND__CERTIFICATE &&
            form_certificate(answers->answers[i]->text, number) &&
            application_certificate_used(self, application->id, number))
            found(check, SUBSIDY__REASON__CERTIFICATE_USED, field->name, NULL);
    }
}

/* Of each field that holds files whether they are there. */
static void check_files(struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                        const Subsidy__FormAnswers *answers, struct check *check)
{
    for (size_t i = 0; i < scheme->n_fields; i++) {
        const Subsidy__FormField *field = scheme->fields[i];
        int64_t ready, coming;
        int reason;

        if (field->kind != SUBSIDY__FIELD_KIND__FILE)
            continue;
        evidence_count(self, application->id, 0, field->name, &ready, &coming);
        reason = form_files_refusal(field, form_asks(scheme, field, answers), ready, coming);
        if (reason)
            found(check, reason, field->name, NULL);
    }
}

/* Of each field that takes a consent of its own, and says something, whether that is given. */
static void check_consents(struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                           const Subsidy__FormAnswers *answers, struct check *check)
{
    for (size_t i = 0; i < scheme->n_fields; i++) {
        const Subsidy__FormField *field = scheme->fields[i];
        int64_t ready, coming;

        if (!field->sensitive)
            continue;
        evidence_count(self, application->id, 0, field->name, &ready, &coming);
        if ((form_says(field, form_answer(answers, field->name)) || ready) &&
            !form_is_agreed(self, application->member_id, field, rpc_now(check->call)))
            found(check, SUBSIDY__REASON__HARDSHIP_CONSENT_MISSING, field->name, NULL);
    }
}

/* That she was covered on the day that she writes. */
static void check_cover(struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                        const Subsidy__FormAnswers *answers, struct check *check)
{
    const Subsidy__FieldAnswer *day = scheme->cover_check ? form_answer(answers, scheme->cover_check->field) : NULL;
    int reason = 0;

    if (day && day->date)
        reason =
            cover_refusal(self, holder_of(&self->holders, application->member_id), day->date, rpc_now(check->call));
    if (reason)
        found(check, reason, scheme->cover_check->field, NULL);
}

/* What was given back is corrected also when the time to apply is over. */
struct own_check {
    struct check *check;
    bool given_back;
};

static void found_own(void *arg, int reason)
{
    const struct own_check *own = arg;

    if (!own->given_back || (reason != SUBSIDY__REASON__TIME_OVER && reason != SUBSIDY__REASON__SCHEME_NOT_OPEN))
        found(own->check, reason, "", NULL);
}

/* All that stands in the way, of the person first. */
static void check_all(struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                      const Subsidy__FormAnswers *answers, struct check *check)
{
    struct own_check own = {check, application->state == SUBSIDY__APPLICATION_STATE__APPLICATION_GIVEN_BACK};
    int64_t fen = form_amount(scheme, answers);

    application_refusals(self, scheme, application, application->union_path, fen ? fen : scheme->amount->fen,
                         check->call, found_own, &own);
    form_check(scheme, answers, cn_day(rpc_now(check->call)), found, check);
    check_cover(self, application, scheme, answers, check);
    check_certificates(self, application, scheme, answers, check);
    check_files(self, application, scheme, answers, check);
    check_consents(self, application, scheme, answers, check);
}

/* NULL when memory is full. */
static Subsidy__OtherScheme *other_of(const Subsidy__Scheme *scheme, void *call)
{
    Subsidy__OtherScheme *other = arena_message(rpc_arena(call), &subsidy__other_scheme__descriptor);

    if (!other)
        return NULL;
    other->scheme_id = scheme->scheme_id;
    other->scheme_title = scheme->title;
    other->most_fen = scheme_most_fen(scheme);
    other->closes_at = scheme->closes_at;
    return other;
}

/* Other schemes that the caller may apply for now, the newest first, of the last OTHERS_LOOKED_AT. */
static void add_others(struct subsidy *self, const Subsidy__Scheme *scheme, Subsidy__CheckResult *result, void *call)
{
    Subsidy__Scheme *open[OTHERS_SHOWN];
    int64_t before = INT64_MAX;
    size_t n = ARRAY_LEN(open);

    result->other_scheme_ids = arena_alloc(rpc_arena(call), OTHERS_SHOWN * sizeof(int64_t));
    if (!result->other_scheme_ids)
        return;
    for (size_t all = 0; n == ARRAY_LEN(open) && all < OTHERS_LOOKED_AT; all += n) {
        n = schemes_list(self, rpc_principal(call)->union_path, true, before, RPC_PAGE_ALL, rpc_arena(call), open,
                         ARRAY_LEN(open));
        for (size_t i = 0; i < n && result->n_other_scheme_ids < OTHERS_SHOWN; i++) {
            before = open[i]->scheme_id;
            if (open[i]->family_id == scheme->family_id || application_refusal(self, open[i], NULL, call))
                continue;
            result->other_scheme_ids[result->n_other_scheme_ids++] = open[i]->scheme_id;
            rpc_add(call, result, others, other_of(open[i], call));
        }
    }
}

/* ---- operations ---- */

/* rpc StartApplication: or what she has begun. */
static void applications__start_application(Subsidy__Applications_Service *service,
                                            const Subsidy__StartApplicationRequest *req,
                                            Subsidy__Application_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, applications_service);
    const Subsidy__Scheme *scheme = scheme_find(self, req->scheme_id, rpc_arena(call));
    struct application application;
    int reason = SUBSIDY__REASON__SCHEME_NOT_FOUND;

    const char *wanted = tree_path(&self->tree, req->union_id, "unionId", call);

    if (!wanted)
        return;
    if (scheme && scheme->state != SUBSIDY__SCHEME_STATE__SCHEME_DRAFT)
        reason = application_begin(self, scheme, wanted, call, &application);
    if (!rpc_refuse_if(call, reason))
        reply_whole(self, &application, reply, call);
}

/* rpc SaveApplication: whatever it is, so long as it has a place in the form. */
static void applications__save_application(Subsidy__Applications_Service *service,
                                           const Subsidy__SaveApplicationRequest *req,
                                           Subsidy__Application_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, applications_service);
    Subsidy__FormAnswers answers = SUBSIDY__FORM_ANSWERS__INIT;
    const Subsidy__Scheme *scheme;
    struct application application;

    if (!find_hers(self, req->application_id, call, &application) ||
        rpc_refuse_if(call, application_is_writable(&application) ? 0 : SUBSIDY__REASON__NOT_A_DRAFT))
        return;
    scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
    answers.answers = req->answers;
    answers.n_answers = req->n_answers;
    for (size_t i = 0; scheme && i < req->n_answers; i++) {
        const char *name = req->answers[i]->field;
        int reason = !form_field(scheme, name)                        ? SUBSIDY__REASON__FIELD_UNKNOWN
                     : form_answer(&answers, name) != req->answers[i] ? SUBSIDY__REASON__FIELD_TWICE
                                                                      : 0;

        if (rpc_refuse_field_if(call, reason, arena_printf(rpc_arena(call), "answers[%zu].field", i)))
            return;
    }
    if (!rpc_refuse_if(call, application_save(self, &application, &answers, call)))
        reply_whole(self, &application, reply, call);
}

/* rpc CheckApplication: all at once. */
static void applications__check_application(Subsidy__Applications_Service *service,
                                            const Subsidy__ApplicationRequest *req, Subsidy__CheckResult_Closure reply,
                                            void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, applications_service);
    Subsidy__CheckResult result = SUBSIDY__CHECK_RESULT__INIT;
    struct check check = {.result = &result, .call = call};
    const Subsidy__FormAnswers *answers;
    const Subsidy__Scheme *scheme;
    struct application application;

    if (!find_hers(self, req->application_id, call, &application))
        return;
    scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
    answers = application_answers(self, application.id, rpc_arena(call));
    if (rpc_refuse_if(call, scheme && answers ? 0 : RPC__REASON__OVERLOADED) ||
        (scheme->cover_check && !covers_known(self, call)))
        return;
    check_all(self, &application, scheme, answers, &check);
    result.amount_fen = form_amount(scheme, answers);
    add_others(self, scheme, &result, call);
    reply(&result, call);
}

/* rpc SubmitApplication: also again. */
static void applications__submit_application(Subsidy__Applications_Service *service,
                                             const Subsidy__ApplicationRequest *req, Subsidy__Application_Closure reply,
                                             void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, applications_service);
    Subsidy__CheckResult result = SUBSIDY__CHECK_RESULT__INIT;
    struct check check = {.result = &result, .call = call};
    const Subsidy__FormAnswers *answers;
    const Subsidy__Scheme *scheme;
    struct application application;

    if (!find_hers(self, req->application_id, call, &application))
        return;
    if (application.state == SUBSIDY__APPLICATION_STATE__APPLICATION_IN_REVIEW) {
        reply_whole(self, &application, reply, call); /* a repeat */
        return;
    }
    if (rpc_refuse_if(call, application_is_writable(&application) ? 0 : SUBSIDY__REASON__NOT_A_DRAFT))
        return;
    scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
    answers = application_answers(self, application.id, rpc_arena(call));
    if (rpc_refuse_if(call, scheme && answers ? 0 : RPC__REASON__OVERLOADED) ||
        (scheme->cover_check && !covers_known(self, call)))
        return;
    check_all(self, &application, scheme, answers, &check);
    if (check.first && !*check.first_field)
        rpc_refuse(call, check.first);
    else if (check.first)
        rpc_refuse_field(call, check.first, arena_printf(rpc_arena(call), "answers.%s", check.first_field));
    else if (!rpc_refuse_if(call, application_submit(self, &application, scheme, answers, call)))
        reply_whole(self, &application, reply, call);
}

/* rpc WithdrawApplication: before it is decided. A draft is gone. */
static void applications__withdraw_application(Subsidy__Applications_Service *service,
                                               const Subsidy__ApplicationRequest *req,
                                               Subsidy__Application_Closure reply, void *call)
{
    const struct application_step step = {.kind = SUBSIDY__STEP_KIND__STEP_WITHDRAWN};
    struct subsidy *self = container_of(service, struct subsidy, applications_service);
    struct application application;
    Subsidy__Application *dropped;

    if (!find_hers(self, req->application_id, call, &application))
        return;
    if (application.state == SUBSIDY__APPLICATION_STATE__APPLICATION_DRAFT) {
        dropped = application_whole(self, &application, call);
        if (dropped)
            dropped->state = SUBSIDY__APPLICATION_STATE__APPLICATION_WITHDRAWN;
        application_drop(self, &application, call);
        reply(dropped, call);
        return;
    }
    if (application.state == SUBSIDY__APPLICATION_STATE__APPLICATION_IN_REVIEW ||
        application.state == SUBSIDY__APPLICATION_STATE__APPLICATION_GIVEN_BACK) {
        application_leaves(&application, SUBSIDY__APPLICATION_STATE__APPLICATION_WITHDRAWN, 0, rpc_now(call));
        application_frees(self, application.id);
        application_put(self, &application, &step, call);
    } else if (application.state != SUBSIDY__APPLICATION_STATE__APPLICATION_WITHDRAWN) {
        rpc_refuse(call, SUBSIDY__REASON__CANNOT_WITHDRAW);
    }
    reply_whole(self, &application, reply, call);
}

/* To the union above the one that refused it, in the step in which it was refused; a certificate of hers may be used
 * elsewhere meanwhile. */
static int ask_again(struct subsidy *self, struct application *application, const Subsidy__Scheme *scheme, void *call)
{
    const struct application_step step = {.kind = SUBSIDY__STEP_KIND__STEP_ASKED_AGAIN};
    const Subsidy__FormAnswers *answers = application_answers(self, application->id, rpc_arena(call));
    char office[UNION_PATH_SIZE];
    int64_t now = rpc_now(call);
    int reason;

    if (application->state != SUBSIDY__APPLICATION_STATE__APPLICATION_REFUSED || application->again ||
        now >= application->since + scheme_again_ms(scheme))
        return SUBSIDY__REASON__CANNOT_ASK_AGAIN;
    application_office(self, application, scheme, application->step, office);
    if (union_path_level(office) <= 1)
        return SUBSIDY__REASON__NO_UNION_ABOVE;
    reason = answers ? application_takes(self, application, scheme, answers) : RPC__REASON__OVERLOADED;
    if (reason)
        return reason;
    application_enters(self, application, scheme, application->step, now);
    union_path_parent(application->office_path, application->office_path);
    application->again = true;
    application_put(self, application, &step, call);
    return 0;
}

/* rpc AskAgain: the union above, once. */
static void applications__ask_again(Subsidy__Applications_Service *service, const Subsidy__ApplicationRequest *req,
                                    Subsidy__Application_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, applications_service);
    const Subsidy__Scheme *scheme;
    struct application application;

    if (!find_hers(self, req->application_id, call, &application))
        return;
    scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
    if (!rpc_refuse_if(call, scheme ? ask_again(self, &application, scheme, call) : RPC__REASON__OVERLOADED))
        reply_whole(self, &application, reply, call);
}

/* rpc GetMyApplication: with its whole story. */
static void applications__get_my_application(Subsidy__Applications_Service *service,
                                             const Subsidy__ApplicationRequest *req, Subsidy__Application_Closure reply,
                                             void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, applications_service);
    struct application application;

    if (find_hers(self, req->application_id, call, &application))
        reply_whole(self, &application, reply, call);
}

/* rpc ListMyApplications: newest first. */
static void applications__list_my_applications(Subsidy__Applications_Service *service,
                                               const Subsidy__ListMyApplicationsRequest *req,
                                               Subsidy__ApplicationList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, applications_service);
    const struct rpc_page *page = rpc_page(call);
    struct application *rows = arena_alloc(rpc_arena(call), page->limit * sizeof(*rows));
    Subsidy__ApplicationList list = SUBSIDY__APPLICATION_LIST__INIT;
    size_t n = 0;

    if (rows)
        n = applications_list(self, rpc_principal(call)->member_id, page->before, page->states, rows, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, rows[i].id); i++) {
        const Subsidy__Scheme *scheme = scheme_find(self, rows[i].scheme_id, rpc_arena(call));

        if (scheme && (!req->on_cover || scheme->cover_check))
            rpc_add(call, &list, applications, message_of(self, &rows[i], scheme, call));
    }
    reply(&list, call);
}

const Subsidy__Applications_Service applications_api = SUBSIDY__APPLICATIONS__INIT(applications__);
