#include "common/base/union_path.h"
#include "services/coupon/api.h"
#include "services/coupon/backing/backings.h"
#include "services/coupon/code/codes.h"
#include "services/coupon/fund/fund_uses.h"
#include "services/coupon/lot/lots.h"
#include "services/coupon/rules.h"
#include "services/coupon/template/publishing_rules.h"
#include "services/coupon/template/templates.h"
#include "services/coupon/ticket/tickets.h"
#include "services/coupon/till/spendings.h"

/* ---- messages ---- */

static Coupon__Release *release_message(struct coupon *self, const struct release *release, void *call)
{
    struct arena *arena = rpc_arena(call);
    Coupon__Release *message = arena_alloc(arena, sizeof(*message));

    if (!message)
        return NULL;
    coupon__release__init(message);
    message->release_id = release->id;
    message->title = arena_strndup(arena, release->title, strlen(release->title));
    message->union_id = release->union_id;
    message->audience = audience_message(&release->audience, release->eligible_id, arena);
    message->face_fen = release->face_fen;
    message->threshold_fen = release->threshold_fen;
    if (release->way != COUPON__WAY__CODES || release->stock_per_day != RELEASE_MOST_A_DAY)
        message->stock_per_day = release->stock_per_day;
    message->opens_at = release->opens_at;
    message->days = release->days;
    message->allowance = (Coupon__Allowance)release->allowance;
    message->way = (Coupon__Way)release->way;
    message->valid_days = release->valid_days;
    message->state = (Coupon__State)release->state;
    message->created_at = release->created_at;
    if (granted_has_marks(&release->marks))
        message->counts = granted_kept(&self->granted, release->id, arena);
    if (way_is_lot(release->way))
        message->lot = lots_kept(self, release, arena);
    if (release->dates.said)
        message->spending = spending_kept(self, release->id, call);
    if (release->backed && !(message->backing = backing_message(self, release->id, call)))
        return NULL;
    if (release->way == COUPON__WAY__TICKETS && !(message->tickets = tickets_terms(self, release->id, arena)))
        return NULL;
    if (release->way == COUPON__WAY__CODES && !(message->codes = codes_terms(self, release->id, arena)))
        return NULL;
    return message->title && message->audience ? message : NULL;
}

/* Fills in the ids of a release's unions. 0 or a Reason. */
static int name_unions(struct coupon *self, struct release *release, void *call)
{
    int reason = 0;

    if (!release->union_id)
        reason = tree_id(&self->tree, release->union_path, call, &release->union_id);
    if (!reason && !release->eligible_id)
        reason = tree_id(&self->tree, release->audience.path, call, &release->eligible_id);
    return reason;
}

/* How many there are still, of the day or of all. */
static int32_t release_left(const struct coupon *self, const struct release *release, int64_t now)
{
    int32_t left = release->stock_per_day - release->granted_today, codes;

    if (release->way == COUPON__WAY__TICKETS)
        return tickets_left(self, release->id, now);
    if (release->way != COUPON__WAY__CODES)
        return left;
    codes = codes_left(self, release->id);
    return codes < left ? codes : left;
}

/* Who is told what it is paid from. */
static bool is_official(const char *union_path, void *call)
{
    return rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, union_path) ||
           rpc_has_role(call, RULE__ROLE__FINANCE, union_path);
}

int release_status(struct coupon *self, struct release *release, void *call, Coupon__ReleaseStatus **message)
{
    Coupon__ReleaseStatus *ret = arena_message(rpc_arena(call), &coupon__release_status__descriptor);
    int reason = name_unions(self, release, call);

    *message = ret;
    if (reason || !ret)
        return reason;
    release_enter_now(release, rpc_now(call));
    ret->release = release_message(self, release, call);
    if (ret->release && is_official(release->union_path, call))
        ret->release->funding = fund_of_release(self, release, rpc_arena(call));
    ret->day = release->day;
    ret->left = release_left(self, release, rpc_now(call));
    ret->granted = release->granted;
    ret->sold_out_at = release->sold_out_at;
    return 0;
}

static void reply_status(struct coupon *self, struct release *release, Coupon__ReleaseStatus_Closure reply, void *call)
{
    Coupon__ReleaseStatus *status;
    int reason = release_status(self, release, call, &status);

    if (reason)
        rpc_refuse(call, reason);
    else
        reply(status, call);
}

/* ---- drafts ---- */

static void undo_add_release(void *arg, int64_t release_id, int64_t unused)
{
    struct coupon *self = arg;
    struct release *last = self->live[self->n_live - 1];

    (void)unused;
    ensure(last->id == release_id);
    claimants_clear(&last->claimants);
    free(last);
    self->n_live--;
}

static struct release *new_release(struct coupon *self, const Coupon__Release *draft, const char *union_path,
                                   const struct audience_rules *audience, void *call)
{
    struct release *release = calloc(1, sizeof(*release));

    if (!release)
        return NULL;
    release->id = id_next(&self->ids, rpc_now(call));
    snprintf(release->title, sizeof(release->title), "%s", draft->title);
    snprintf(release->union_path, sizeof(release->union_path), "%s", union_path);
    release->audience = *audience;
    release->face_fen = draft->face_fen;
    release->threshold_fen = draft->threshold_fen;
    release->stock_per_day = draft->stock_per_day;
    if (draft->tickets)
        release->stock_per_day = tickets_seats(draft->tickets);
    if (draft->codes && !draft->stock_per_day)
        release->stock_per_day = RELEASE_MOST_A_DAY;
    release->opens_at = draft->opens_at;
    release->days = draft->days ? draft->days : 1;
    release->allowance = (int)draft->allowance;
    release->lead_ms = release_lead(release->opens_at, release->allowance);
    release->way = (int)draft->way;
    release->valid_days = draft->valid_days ? draft->valid_days : RELEASE_DEFAULT_VALID_DAYS;
    release->created_at = rpc_now(call);
    release->marks = granted_marks(draft->counts);
    release->dates = spending_dates_of(draft->spending);
    release->backed = draft->backing != NULL;
    return release;
}

/* Whether a union may have one more release: its number takes none from others. */
static bool has_room(const struct coupon *self, const char *union_path)
{
    unsigned n = 0;

    for (unsigned i = 0; i < self->n_live; i++)
        n += strcmp(self->live[i]->union_path, union_path) == 0;
    return n < COUPON_MAX_RELEASES && self->n_live < COUPON_MAX_LIVE;
}

void release_create(struct coupon *self, const Coupon__Release *draft, int64_t template_id,
                    Coupon__ReleaseStatus_Closure reply, void *call)
{
    const char *field = "release", *path;
    struct audience_rules audience;
    struct release *release;
    int refusal;

    path = tree_path(&self->tree, draft->union_id, "release.unionId", call);
    if (!path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "release.unionId");
        return;
    }
    refusal = draft_refusal(draft, rpc_now(call), &field);
    if (!refusal)
        refusal = tickets_refusal(draft, &field);
    if (!refusal)
        refusal = backing_form_refusal(draft, &field);
    if (!refusal)
        refusal = codes_refusal(draft, &field);
    if (rpc_refuse_field_if(call, refusal, field) ||
        !audience_take(&self->tree, draft->audience, path, "release.audience", call, &audience) ||
        !granted_take(&self->tree, draft->counts, draft->union_id, path, "release.counts", call) ||
        !spending_take(self, draft->spending, draft->opens_at, call) || !fund_take(self, draft->funding, path, call))
        return;
    release = has_room(self, path) ? new_release(self, draft, path, &audience, call) : NULL;
    if (!release) {
        rpc_fact_number(call, "maximum", COUPON_MAX_RELEASES);
        rpc_refuse(call, COUPON__REASON__TOO_MANY_RELEASES);
        return;
    }
    self->live[self->n_live++] = release;
    rpc_on_undo(call, undo_add_release, self, release->id, 0);
    if (!releases_add(self, release)) {
        rpc_refuse(call, RPC__REASON__OUT_OF_RANGE);
        return;
    }
    if (rpc_refuse_if(call, lots_keep(self, release, draft->lot) ? 0 : RPC__REASON__OUT_OF_RANGE))
        return;
    granted_keep(&self->granted, release->id, draft->counts, call);
    if (!spending_keep(self, release->id, draft->spending, call)) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    backing_keep(self, release->id, draft->backing);
    if (draft->tickets)
        tickets_add(self, release, draft->tickets, call);
    if (draft->codes)
        codes_add_terms(self, release->id, draft->codes);
    if (rpc_refused(call))
        return;
    release->lasts_until = tickets_last(self, release->id);
    fund_note(self, release, draft->funding, call);
    if (template_id)
        template_note(self, release->id, template_id);
    release_journal(release, call);
    rpc_created(call);
    reply_status(self, release, reply, call);
}

/* rpc CreateRelease: an official drafts a release for her union's members. */
void coupon__create_release(Coupon__Coupons_Service *service, const Coupon__CreateReleaseRequest *req,
                            Coupon__ReleaseStatus_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, coupons_service);

    if (req->release)
        release_create(self, req->release, 0, reply, call);
    else
        rpc_refuse_field(call, RPC__REASON__MISSING_FIELD, "release");
}

/* A draft is published: what its union may, and what its fund has. 0 or a Reason. */
static int publish_refusal(struct coupon *self, const struct release *release, void *call)
{
    int reason = release->state == COUPON__STATE__DRAFT ? publishing_refusal(self, release, call) : 0;

    if (!reason)
        reason = backing_publish_refusal(self, release);
    return reason ? reason : fund_commit(self, release, call);
}

static void change_state(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req, int state,
                         Coupon__ReleaseStatus_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, coupons_service);
    struct release *release = release_find(self, req->release_id);

    if (!release) {
        rpc_refuse(call, COUPON__REASON__RELEASE_NOT_FOUND);
        return;
    }
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, release->union_path)) {
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
        return;
    }
    if (release->state != state) {
        if (!may_become(release->state, state)) {
            rpc_refuse(call, COUPON__REASON__WRONG_STATE);
            return;
        }
        if (state == COUPON__STATE__PUBLISHED && rpc_refuse_if(call, publish_refusal(self, release, call)))
            return;
        release_set_state(self, release, state, call);
        if (state == COUPON__STATE__PUBLISHED && way_is_lot(release->way) &&
            rpc_refuse_if(call, lots_publish(self, release, call)))
            return;
    }
    reply_status(self, release, reply, call);
}

/* rpc PublishRelease: shows a draft to members, or takes a pause back. */
void coupon__publish_release(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req,
                             Coupon__ReleaseStatus_Closure reply, void *call)
{
    change_state(service, req, COUPON__STATE__PUBLISHED, reply, call);
}

/* rpc PauseRelease: refuses claims until it is published again. */
void coupon__pause_release(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req,
                           Coupon__ReleaseStatus_Closure reply, void *call)
{
    change_state(service, req, COUPON__STATE__SUSPENDED, reply, call);
}

/* rpc EndRelease: for good; coupons that were claimed stay valid. */
void coupon__end_release(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req,
                         Coupon__ReleaseStatus_Closure reply, void *call)
{
    change_state(service, req, COUPON__STATE__CLOSED, reply, call);
}

int release_form(struct coupon *self, int64_t release_id, void *call, Coupon__Release **ret)
{
    struct release *release = release_look_up(self, release_id, rpc_arena(call));
    Coupon__ReleaseStatus *status;
    int reason;

    if (!release)
        return COUPON__REASON__RELEASE_NOT_FOUND;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, release->union_path))
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    reason = release_status(self, release, call, &status);
    if (!reason && !(status && status->release))
        return RPC__REASON__OVERLOADED;
    *ret = reason ? NULL : status->release;
    return reason;
}

/* rpc GetRelease: a published release, or an official's own draft. */
void coupon__get_release(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req,
                         Coupon__ReleaseStatus_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, coupons_service);
    struct release *release = release_look_up(self, req->release_id, rpc_arena(call));

    if (!release || (release->state == COUPON__STATE__DRAFT &&
                     !rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, release->union_path))) {
        rpc_refuse(call, COUPON__REASON__RELEASE_NOT_FOUND);
        return;
    }
    reply_status(self, release, reply, call);
}

/* rpc ListReleases: those of the caller's unions that are in memory, newest first. */
void coupon__list_releases(Coupon__Coupons_Service *service, const Coupon__ListReleasesRequest *req,
                           Coupon__ReleaseList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, coupons_service);
    Coupon__ReleaseList list = COUPON__RELEASE_LIST__INIT;
    const char *of = tree_path(&self->tree, req->union_id, "unionId", call);
    Coupon__ReleaseStatus *status;
    int reason;

    if (!of)
        return;
    for (unsigned i = self->n_live; i-- > 0;) {
        struct release *release = self->live[i];

        if (release->id >= rpc_page(call)->before || !rpc_page_wants(call, release->state) ||
            !rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, release->union_path) ||
            !union_path_covers(of, release->union_path))
            continue;
        if (!rpc_page_takes(call, release->id))
            break;
        reason = release_status(self, release, call, &status);
        if (rpc_refuse_if(call, reason))
            return;
        rpc_add(call, &list, releases, status);
    }
    reply(&list, call);
}
