#include "services/subsidy/evidence/evidence.h"
#include "services/subsidy/follow_up/follow_ups.h"
#include "services/subsidy/selection/selections.h"
#include "services/subsidy/skills/skills.h"

#define COUNT_MOST 10000

/* ---- answers ---- */

static const Subsidy__ReviewStep *step_of(const Subsidy__Scheme *scheme, const struct application *application)
{
    size_t last = scheme->n_steps - 1, step = (size_t)application->step;

    return scheme->steps[step < last ? step : last];
}

/* NULL when memory is full. */
static Subsidy__ReviewItem *item_of(struct subsidy *self, const struct application *application,
                                    const Subsidy__Scheme *scheme, void *call)
{
    Subsidy__ReviewItem *item = arena_message(rpc_arena(call), &subsidy__review_item__descriptor);
    const Subsidy__ReviewStep *step = step_of(scheme, application);
    int refusal;

    if (!item)
        return NULL;
    item->application_id = application->id;
    item->scheme_id = application->scheme_id;
    item->scheme_title = scheme->title;
    item->member_id = application->member_id;
    item->shown_name = rpc_text(call, application->shown_name);
    item->state = (Subsidy__ApplicationState)application->state;
    item->step_title = step->title;
    item->since = application->since;
    item->due_at = application->due_at;
    item->amount_fen = application->amount_fen;
    item->approvals = application_approvals(self, application, &(struct application_step){0}, &refusal);
    item->needs = step->hands ? step->hands : 1;
    item->taken_by = application->taken_by;
    item->overdue = application->overdue;
    item->again = application->again;
    tree_id(&self->tree, application->union_path, call, &item->union_id);
    if (*application->office_path)
        tree_id(&self->tree, application->office_path, call, &item->office_id);
    return item;
}

/* ---- who ---- */

/* An application with its scheme, over whose union the caller has an office: 0 or a Reason. */
static int look_up(struct subsidy *self, int64_t application_id, void *call, struct application *ret,
                   const Subsidy__Scheme **ret_scheme)
{
    *ret_scheme = NULL;
    if (!application_find(self, application_id, ret) || ret->state == SUBSIDY__APPLICATION_STATE__APPLICATION_DRAFT)
        return SUBSIDY__REASON__APPLICATION_NOT_FOUND;
    /* Over her union, or the one that looks at it now. */
    if (!scheme_has_office(ret->union_path, call) && !(*ret->office_path && scheme_has_office(ret->office_path, call)))
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    *ret_scheme = scheme_find(self, ret->scheme_id, rpc_arena(call));
    return *ret_scheme ? 0 : RPC__REASON__OVERLOADED;
}

/* False after refusing. */
static bool find_for(struct subsidy *self, int64_t application_id, void *call, struct application *ret,
                     const Subsidy__Scheme **ret_scheme)
{
    return !rpc_refuse_if(call, look_up(self, application_id, call, ret, ret_scheme));
}

int review_refusal(struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                   void *call)
{
    const Rpc__Principal *caller = rpc_principal(call);

    if (application->state != SUBSIDY__APPLICATION_STATE__APPLICATION_IN_REVIEW)
        return SUBSIDY__REASON__NOT_IN_REVIEW;
    if (!rpc_has_role(call, step_of(scheme, application)->role, application->office_path))
        return SUBSIDY__REASON__NOT_YOUR_STEP;
    if (caller->level < RPC__LEVEL__REAL_NAME)
        return SUBSIDY__REASON__NOT_KNOWN_BY_NAME;
    if (application->taken_by && application->taken_by != caller->member_id)
        return SUBSIDY__REASON__TAKEN_BY_OTHER;
    return application_own_refusal(self, application, call);
}

/* ---- asking ---- */

/* False after refusing. */
static bool is_over(const char *path, void *call)
{
    return path &&
           !rpc_refuse_field_if(call, scheme_has_office(path, call) ? 0 : RPC__REASON__OUTSIDE_YOUR_UNION, "unionId");
}

/* rpc ListReviews: in the order of the tree. */
static void reviews__list_reviews(Subsidy__Reviews_Service *service, const Subsidy__ListReviewsRequest *req,
                                  Subsidy__ReviewList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, reviews_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    const struct rpc_page *page = rpc_page(call);
    struct application *rows = arena_alloc(rpc_arena(call), page->limit * sizeof(*rows));
    Subsidy__ReviewList list = SUBSIDY__REVIEW_LIST__INIT;
    int64_t states = rpc_page_states(call, RPC_STATE(SUBSIDY__APPLICATION_STATE__APPLICATION_IN_REVIEW));
    size_t n = 0;

    if (!is_over(path, call))
        return;
    if (*page->place && !union_path_covers(path, page->place)) {
        rpc_refuse_page(call);
        return;
    }
    if (rows)
        n = applications_at(self, path, *page->place ? page->place : path, page->after, states, req->scheme_id, rows,
                            page->limit);
    for (size_t i = 0; i < n && rpc_page_takes_at(call, application_place(&rows[i], states), rows[i].id); i++) {
        const Subsidy__Scheme *scheme = scheme_find(self, rows[i].scheme_id, rpc_arena(call));

        if (scheme)
            rpc_add(call, &list, items, item_of(self, &rows[i], scheme, call));
    }
    reply(&list, call);
}

/* rpc CountReviews: there and below. */
static void reviews__count_reviews(Subsidy__Reviews_Service *service, const Subsidy__CountReviewsRequest *req,
                                   Subsidy__ReviewCount_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, reviews_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    Subsidy__ReviewCount count = SUBSIDY__REVIEW_COUNT__INIT;

    if (!is_over(path, call))
        return;
    applications_count(self, path, COUNT_MOST, &count.in_review, &count.overdue);
    reply(&count, call);
}

/* What she has not agreed to any more is not shown. */
static void drop_withdrawn(struct subsidy *self, const struct application *application, const Subsidy__Scheme *scheme,
                           Subsidy__FormAnswers *answers, int64_t now)
{
    size_t n = 0;

    for (size_t i = 0; i < answers->n_answers; i++) {
        if (form_is_agreed(self, application->member_id, form_field(scheme, answers->answers[i]->field), now))
            answers->answers[n++] = answers->answers[i];
    }
    answers->n_answers = n;
}

/* rpc GetReview: whole, which she sees. */
static void reviews__get_review(Subsidy__Reviews_Service *service, const Subsidy__ApplicationRequest *req,
                                Subsidy__ReviewItem_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, reviews_service);
    const Subsidy__Scheme *scheme;
    Subsidy__FormAnswers *answers;
    struct application application;
    Subsidy__ReviewItem *item;

    if (!find_for(self, req->application_id, call, &application, &scheme))
        return;
    item = item_of(self, &application, scheme, call);
    answers = application_answers(self, application.id, rpc_arena(call));
    if (rpc_refuse_if(call, item && answers ? 0 : RPC__REASON__OVERLOADED))
        return;
    drop_withdrawn(self, &application, scheme, answers, rpc_now(call));
    item->answers = answers->answers;
    item->n_answers = answers->n_answers;
    item->steps = arena_alloc(rpc_arena(call), ((size_t)application.n_steps + 1) * sizeof(Subsidy__ApplicationStep *));
    if (item->steps)
        item->n_steps = application_steps(self, &application, scheme, call, item->steps);
    item->n_files = evidence_list(self, application.id, 0, true, rpc_arena(call), &item->files);
    application_looked_at(self, application.id, 0, call);
    reply(item, call);
}

/* ---- taking ---- */

static void set_taken(struct subsidy *self, int64_t application_id, bool takes, Subsidy__ReviewItem_Closure reply,
                      void *call)
{
    const Subsidy__Scheme *scheme;
    struct application application;
    struct application_step step = {.kind = takes ? SUBSIDY__STEP_KIND__STEP_TAKEN : SUBSIDY__STEP_KIND__STEP_LEFT,
                                    .by_id = rpc_principal(call)->member_id};
    int64_t taken_by = takes ? step.by_id : 0;

    if (!find_for(self, application_id, call, &application, &scheme) ||
        rpc_refuse_if(call, review_refusal(self, &application, scheme, call)))
        return;
    if (application.taken_by != taken_by) {
        application.taken_by = taken_by;
        application_put(self, &application, &step, call);
    }
    reply(item_of(self, &application, scheme, call), call);
}

/* rpc TakeReview: others see that. */
static void reviews__take_review(Subsidy__Reviews_Service *service, const Subsidy__ApplicationRequest *req,
                                 Subsidy__ReviewItem_Closure reply, void *call)
{
    set_taken(container_of(service, struct subsidy, reviews_service), req->application_id, true, reply, call);
}

/* rpc LeaveReview: to others. */
static void reviews__leave_review(Subsidy__Reviews_Service *service, const Subsidy__ApplicationRequest *req,
                                  Subsidy__ReviewItem_Closure reply, void *call)
{
    set_taken(container_of(service, struct subsidy, reviews_service), req->application_id, false, reply, call);
}

/* ---- deciding ---- */

static bool is_blank(const char *text)
{
    return text[strspn(text, " \n")] == '\0';
}

/* One more hand; with enough of them it goes on. 0 or a Reason. */
static int approve(struct subsidy *self, struct application *application, const Subsidy__Scheme *scheme,
                   const char *note, void *call)
{
    const Subsidy__ReviewStep *at = step_of(scheme, application);
    const int roles[] = {(int)at->role, RULE__ROLE__ROLE_NONE};
    const struct hands_deed deed = {.roles = roles, .union_path = application->office_path};
    struct application_step step = {.kind = SUBSIDY__STEP_KIND__STEP_APPROVED,
                                    .by_id = rpc_principal(call)->member_id,
                                    .remark = is_blank(note) ? NULL : note};
    int refusal, n, next;
    bool passes, last;

    if (at->notes && is_blank(note))
        return SUBSIDY__REASON__NOTE_MISSING;
    hands_givers(&deed, call, step.gave_by);
    n = application_approvals(self, application, &step, &refusal);
    passes = n + 1 >= (at->hands ? at->hands : 1);
    if (!refusal)
        refusal = application_given_refusal(self, application, scheme, rpc_now(call));
    if (!refusal && passes && review_may_end(application, scheme))
        refusal = selection_refusal(self, scheme, application, call);
    if (refusal)
        return refusal;
    application->taken_by = 0;
    application_put(self, application, &step, call);
    if (!passes)
        return 0;
    next = review_step_after(self, application, scheme);
    last = (size_t)next >= scheme->n_steps;
    step = (struct application_step){.kind = SUBSIDY__STEP_KIND__STEP_PASSED_ON};
    if (!last) {
        application_enters(self, application, scheme, next, rpc_now(call));
    } else {
        step.kind = SUBSIDY__STEP_KIND__STEP_DECIDED;
        step.points = selection_points_now(self, scheme, application, call);
        application_leaves(application, SUBSIDY__APPLICATION_STATE__APPLICATION_APPROVED, 0, rpc_now(call));
        application_tell_her(self, application, scheme, NOTICE__NOTICE_KIND__SUBSIDY_APPROVED, call);
    }
    application_put(self, application, &step, call);
    if (last) {
        skill_attest(self, scheme, application, call);
        follow_up_plan(self, scheme, application, call);
    }
    return last ? selection_admit(self, scheme, application, call) : 0;
}

static int give_back_or_refuse(struct subsidy *self, struct application *application, const Subsidy__Scheme *scheme,
                               bool refuses, const char *remark, void *call)
{
    const struct application_step step = {.kind = refuses ? SUBSIDY__STEP_KIND__STEP_REFUSED
                                                          : SUBSIDY__STEP_KIND__STEP_GIVEN_BACK,
                                          .by_id = rpc_principal(call)->member_id,
                                          .remark = remark};
    int64_t now = rpc_now(call);

    if (is_blank(remark))
        return SUBSIDY__REASON__REMARK_MISSING;
    if (refuses)
        application_frees(self, application->id);
    application_leaves(application,
                       refuses ? SUBSIDY__APPLICATION_STATE__APPLICATION_REFUSED
                               : SUBSIDY__APPLICATION_STATE__APPLICATION_GIVEN_BACK,
                       refuses ? 0 : now + scheme_correct_ms(scheme), now);
    application_put(self, application, &step, call);
    application_tell_her(self, application, scheme,
                         refuses ? NOTICE__NOTICE_KIND__SUBSIDY_REFUSED : NOTICE__NOTICE_KIND__SUBSIDY_GIVEN_BACK,
                         call);
    return 0;
}

static int decide(struct subsidy *self, struct application *application, const Subsidy__Scheme *scheme,
                  const Subsidy__DecideRequest *req, void *call)
{
    int reason = review_refusal(self, application, scheme, call);

    if (reason)
        return reason;
    switch (req->verdict) {
    case SUBSIDY__VERDICT__APPROVE:
        return approve(self, application, scheme, req->remark, call);
    case SUBSIDY__VERDICT__GIVE_BACK:
    case SUBSIDY__VERDICT__REFUSE:
        return give_back_or_refuse(self, application, scheme, req->verdict == SUBSIDY__VERDICT__REFUSE, req->remark,
                                   call);
    default:
        return SUBSIDY__REASON__VERDICT_MISSING;
    }
}

/* rpc Decide: on one. */
static void reviews__decide(Subsidy__Reviews_Service *service, const Subsidy__DecideRequest *req,
                            Subsidy__ReviewItem_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, reviews_service);
    const Subsidy__Scheme *scheme;
    struct application application;

    if (find_for(self, req->application_id, call, &application, &scheme) &&
        !rpc_refuse_if(call, decide(self, &application, scheme, req, call)))
        reply(item_of(self, &application, scheme, call), call);
}

/* rpc DecideMany: each with its own outcome. */
static void reviews__decide_many(Subsidy__Reviews_Service *service, const Subsidy__DecideManyRequest *req,
                                 Subsidy__DecidedList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, reviews_service);
    Subsidy__DecidedList list = SUBSIDY__DECIDED_LIST__INIT;

    for (size_t i = 0; i < req->n_decisions; i++) {
        Subsidy__Decided *decided = arena_message(rpc_arena(call), &subsidy__decided__descriptor);
        const Subsidy__DecideRequest *one = req->decisions[i];
        const Subsidy__Scheme *scheme;
        struct application application = {0};
        int reason = look_up(self, one->application_id, call, &application, &scheme);

        if (!reason)
            reason = decide(self, &application, scheme, one, call);
        if (!decided)
            break;
        decided->application_id = one->application_id;
        decided->state = (Subsidy__ApplicationState)application.state;
        if (reason)
            api_say(decided, reason);
        rpc_add(call, &list, decided, decided);
    }
    reply(&list, call);
}

const Subsidy__Reviews_Service reviews_api = SUBSIDY__REVIEWS__INIT(reviews__);
