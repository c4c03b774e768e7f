#include "services/coupon/api.h"

#include "common/base/union_path.h"
#include "services/coupon/claims.h"
#include "services/coupon/rules.h"

/* ---- messages ---- */

static Coupon__Release *release_message(const struct release *release, struct arena *arena)
{
    Coupon__Release *message = arena_alloc(arena, sizeof(*message));
    Rpc__Trade *trades = arena_alloc(arena, 32 * sizeof(*trades));

    if (!message || !trades)
        return NULL;
    coupon__release__init(message);
    message->release_id = release->id;
    message->title = arena_strndup(arena, release->title, strlen(release->title));
    message->union_id = release->union_id;
    message->eligible_union_id = release->eligible_id;
    message->face_fen = release->face_fen;
    message->threshold_fen = release->threshold_fen;
    message->stock_per_day = release->stock_per_day;
    message->opens_at = release->opens_at;
    message->days = release->days;
    message->allowance = (Coupon__Allowance)release->allowance;
    message->min_level = (Rpc__Level)release->min_level;
    message->valid_days = release->valid_days;
    message->state = (Coupon__State)release->state;
    message->created_at = release->created_at;
    message->trades = trades;
    for (unsigned trade = 0; trade < 32; trade++) {
        if (release->trades & UINT32_C(1) << trade)
            trades[message->n_trades++] = (Rpc__Trade)trade;
    }
    return message->title ? message : NULL;
}

/* Fills in the ids of a release's unions. 0 or a Reason. */
static int name_unions(struct coupon *self, struct release *release, void *call)
{
    int reason = 0;

    if (!release->union_id)
        reason = tree_id(&self->tree, release->union_path, call, &release->union_id);
    if (!reason && !release->eligible_id)
        reason = tree_id(&self->tree, release->eligible_path, call, &release->eligible_id);
    return reason;
}

/* 0 or a Reason. NULL when the batch's memory is full. */
static int status_message(struct coupon *self, struct release *release, void *call, Coupon__ReleaseStatus **message)
{
    Coupon__ReleaseStatus *ret = arena_message(rpc_arena(call), &coupon__release_status__descriptor);
    int32_t day = release_day(release, rpc_now(call));
    int reason = name_unions(self, release, call);

    *message = ret;
    if (reason || !ret)
        return reason;
    if (day >= 0 && day < release->days)
        release_enter_day(release, day);
    ret->release = release_message(release, rpc_arena(call));
    ret->day = release->day;
    ret->left = release->stock_per_day - release->granted_today;
    ret->granted = release->granted;
    ret->sold_out_at = release->sold_out_at;
    return 0;
}

static void reply_status(struct coupon *self, struct release *release, Coupon__ReleaseStatus_Closure reply, void *call)
{
    Coupon__ReleaseStatus *status;
    int reason = status_message(self, release, call, &status);

    if (reason)
        rpc_refuse(call, reason);
    else
        reply(status, call);
}

static void coupon_message(const struct claim *claim, const struct release *release, char code[14], Coupon__Coupon *ret)
{
    coupon__coupon__init(ret);
    coupon_code(claim->code, code);
    ret->coupon_id = claim->coupon_id;
    ret->release_id = claim->release_id;
    ret->day = claim->day;
    ret->code = code;
    ret->face_fen = release->face_fen;
    ret->threshold_fen = release->threshold_fen;
    ret->claimed_at = claim->at;
    ret->expires_at = claim->at + release->valid_days * COUPON_DAY_MS;
    ret->ended_at = claim->ended_at;
    if (claim->ended_at && claim->ended_at < ret->expires_at)
        ret->expires_at = claim->ended_at;
}

/* A coupon in the arena, or NULL when its memory is full or its release is unreadable. */
static Coupon__Coupon *coupon_copy(struct coupon *self, const struct claim *claim, void *call)
{
    const struct release *release = release_find(self, claim->release_id);
    Coupon__Coupon *message = arena_alloc(rpc_arena(call), sizeof(*message));
    char *code = arena_alloc(rpc_arena(call), 14);
    struct release old;

    if (!release && releases_read(&self->releases, claim->release_id, &old))
        release = &old;
    if (!message || !code || !release)
        return NULL;
    coupon_message(claim, release, code, message);
    return message;
}

bool coupon_give(struct coupon *self, const struct claim *claim, struct part_export *export)
{
    return part_give(export, coupon_copy(self, claim, export->call), claim->coupon_id);
}

/* ---- releases ---- */

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
                                   const char *eligible_path, void *call)
{
    struct release *release = calloc(1, sizeof(*release));

    if (!release)
        return NULL;
    release->id = id_next(&self->ids, rpc_now(call));
    snprintf(release->title, sizeof(release->title), "%s", draft->title);
    snprintf(release->union_path, sizeof(release->union_path), "%s", union_path);
    snprintf(release->eligible_path, sizeof(release->eligible_path), "%s", eligible_path);
    release->face_fen = draft->face_fen;
    release->threshold_fen = draft->threshold_fen;
    release->stock_per_day = draft->stock_per_day;
    release->opens_at = draft->opens_at;
    release->days = draft->days ? draft->days : 1;
    release->allowance = (int)draft->allowance;
    release->min_level = draft->min_level ? (int)draft->min_level : (int)RPC__LEVEL__MEMBER;
    release->valid_days = draft->valid_days ? draft->valid_days : RELEASE_DEFAULT_VALID_DAYS;
    release->created_at = rpc_now(call);
    for (size_t i = 0; i < draft->n_trades; i++)
        release->trades |= UINT32_C(1) << ((unsigned)draft->trades[i] & 31);
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

/* rpc CreateRelease: an official drafts a release for her union's members. */
static void coupon__create_release(Coupon__Coupons_Service *service, const Coupon__CreateReleaseRequest *req,
                                   Coupon__ReleaseStatus_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, coupons_service);
    const Coupon__Release *draft = req->release;
    const char *field = "release", *path, *eligible;
    struct release *release;
    int refusal;

    if (!draft) {
        rpc_refuse_field(call, RPC__REASON__MISSING_FIELD, field);
        return;
    }
    path = tree_path(&self->tree, draft->union_id, "release.unionId", call);
    eligible = path && draft->eligible_union_id
                   ? tree_path(&self->tree, draft->eligible_union_id, "release.eligibleUnionId", call)
                   : path;
    if (!path || !eligible)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "release.unionId");
        return;
    }
    refusal = draft_refusal(draft, path, eligible, rpc_now(call), &field);
    if (rpc_refuse_field_if(call, refusal, field))
        return;
    release = has_room(self, path) ? new_release(self, draft, path, eligible, call) : NULL;
    if (!release) {
        rpc_fact_number(call, "maximum", COUPON_MAX_RELEASES);
        rpc_refuse(call, COUPON__REASON__TOO_MANY_RELEASES);
        return;
    }
    self->live[self->n_live++] = release;
    rpc_on_undo(call, undo_add_release, self, release->id, 0);
    if (!releases_add(&self->releases, release)) {
        rpc_refuse(call, RPC__REASON__OUT_OF_RANGE);
        return;
    }
    release_journal(release, call);
    rpc_created(call);
    reply_status(self, release, reply, call);
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
        release_set_state(self, release, state, call);
    }
    reply_status(self, release, reply, call);
}

/* rpc PublishRelease: shows a draft to members, or takes a pause back. */
static void coupon__publish_release(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req,
                                    Coupon__ReleaseStatus_Closure reply, void *call)
{
    change_state(service, req, COUPON__STATE__PUBLISHED, reply, call);
}

/* rpc PauseRelease: refuses claims until it is published again. */
static void coupon__pause_release(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req,
                                  Coupon__ReleaseStatus_Closure reply, void *call)
{
    change_state(service, req, COUPON__STATE__SUSPENDED, reply, call);
}

/* rpc EndRelease: for good; coupons that were claimed stay valid. */
static void coupon__end_release(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req,
                                Coupon__ReleaseStatus_Closure reply, void *call)
{
    change_state(service, req, COUPON__STATE__CLOSED, reply, call);
}

/* rpc GetRelease: a published release, or an official's own draft. */
static void coupon__get_release(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req,
                                Coupon__ReleaseStatus_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, coupons_service);
    struct release *release = release_find(self, req->release_id);
    struct release old;

    if (!release && releases_read(&self->releases, req->release_id, &old))
        release = &old;
    if (!release || (release->state == COUPON__STATE__DRAFT &&
                     !rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, release->union_path))) {
        rpc_refuse(call, COUPON__REASON__RELEASE_NOT_FOUND);
        return;
    }
    reply_status(self, release, reply, call);
}

/* rpc ListReleases: those of the caller's unions that are in memory, newest first. */
static void coupon__list_releases(Coupon__Coupons_Service *service, const Coupon__ListReleasesRequest *req,
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
        reason = status_message(self, release, call, &status);
        if (rpc_refuse_if(call, reason))
            return;
        rpc_add(call, &list, releases, status);
    }
    reply(&list, call);
}

/* ---- claims ---- */

static int offer_refusal(const struct release *release, const Rpc__Principal *principal, int64_t now)
{
    int refusal = release_refusal(release, now);

    if (!refusal)
        refusal = eligibility_refusal(release, principal);
    if (!refusal && release->granted_today >= release->stock_per_day)
        refusal = COUPON__REASON__SOLD_OUT;
    return refusal;
}

/* 0 or a Reason. NULL when the batch's memory is full. */
static int offer_message(struct coupon *self, struct release *release, void *call, Coupon__Offer **message)
{
    Coupon__Offer *ret = arena_message(rpc_arena(call), &coupon__offer__descriptor);
    int64_t mine;
    struct claim claim;
    int refusal, reason;

    *message = ret;
    if (!ret)
        return 0;
    reason = status_message(self, release, call, &ret->status);
    if (reason || !ret->status)
        return reason;
    mine = claimants_find(&release->claimants, rpc_principal(call)->member_id);
    if (mine && claims_find(&self->claims, mine, &claim))
        ret->coupon = coupon_copy(self, &claim, call);
    refusal = offer_refusal(release, rpc_principal(call), rpc_now(call));
    if (refusal && !ret->coupon)
        api_say(ret, refusal);
    return 0;
}

/* Whether a release is nothing to her: it is for members of another union, whatever else she lacks,
 * and she has nothing of it. Who has no union yet is shown all that she could come to. */
static bool is_elsewhere(const struct release *release, const Rpc__Principal *principal)
{
    return *principal->union_path && !union_path_covers(release->eligible_path, principal->union_path) &&
           !claimants_find(&release->claimants, principal->member_id);
}

/* rpc ListOffers: what she may take now or soon, and why not otherwise. */
static void coupon__list_offers(Coupon__Coupons_Service *service, const Coupon__ListOffersRequest *req,
                                Coupon__OfferList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, coupons_service);
    Coupon__OfferList list = COUPON__OFFER_LIST__INIT;

    (void)req;
    for (unsigned i = self->n_live; i-- > 0;) {
        struct release *release = self->live[i];
        int refusal = release_refusal(release, rpc_now(call)), reason;
        Coupon__Offer *offer;

        if (refusal == COUPON__REASON__RELEASE_NOT_FOUND || refusal == COUPON__REASON__ENDED ||
            release->id >= rpc_page(call)->before || !rpc_page_wants(call, release->state) ||
            is_elsewhere(release, rpc_principal(call)))
            continue;
        if (!rpc_page_takes(call, release->id))
            break;
        reason = offer_message(self, release, call, &offer);
        if (rpc_refuse_if(call, reason))
            return;
        rpc_add(call, &list, offers, offer);
    }
    reply(&list, call);
}

/* A repeat: the first coupon, as new to whoever repeats with the first one's key. */
static void reply_first_claim(struct coupon *self, const struct release *release, int64_t coupon_id,
                              Coupon__Coupon_Closure reply, void *call)
{
    ProtobufCBinaryData key = rpc_key(call);
    Coupon__Coupon message;
    struct claim claim;
    char code[14];

    if (!claims_find(&self->claims, coupon_id, &claim)) {
        rpc_refuse(call, RPC__REASON__STORE_FAILED);
        return;
    }
    if (key.len && key.len == claim.key_len && memcmp(key.data, claim.key, key.len) == 0)
        rpc_created(call);
    coupon_message(&claim, release, code, &message);
    reply(&message, call);
}

static void undo_claim(void *arg, int64_t member_id, int64_t sold_out_before)
{
    struct release *release = arg;

    claimants_remove(&release->claimants, member_id);
    release->granted--;
    release->granted_today--;
    release->sold_out_at = sold_out_before;
}

/* Memory, row and journal, in that order; the memory is taken back with the rest. */
static bool grant_claim(struct coupon *self, struct release *release, const struct claim *claim, void *call)
{
    Coupon__Claimed claimed = COUPON__CLAIMED__INIT;

    if (!claimants_add(&release->claimants, claim->member_id, claim->coupon_id))
        return false;
    rpc_on_undo(call, undo_claim, release, claim->member_id, release->sold_out_at);
    release->granted++;
    if (++release->granted_today == release->stock_per_day)
        release->sold_out_at = claim->at;
    claims_append(&self->claims, claim);
    claimed.coupon_id = claim->coupon_id;
    claimed.release_id = claim->release_id;
    claimed.member_id = claim->member_id;
    claimed.day = claim->day;
    rpc_tell(call, &claimed.base);
    self->last_coupon = claim->coupon_id;
    return true;
}

static void refuse_claim(const struct release *release, int refusal, void *call)
{
    if (refusal == COUPON__REASON__SOLD_OUT)
        rpc_fact_time(call, "soldOutAt", release->sold_out_at);
    if (refusal == COUPON__REASON__NOT_OPEN_YET)
        rpc_fact_time(call, "opensAt", release->opens_at);
    if (refusal == COUPON__REASON__SOLD_OUT && release->day + 1 < release->days)
        rpc_fact_time(call, "opensAgainAt", release->opens_at + (release->day + 1) * COUPON_DAY_MS);
    rpc_refuse(call, refusal);
}

/* rpc CreateClaim: a member takes one coupon of an open release. */
static void coupon__create_claim(Coupon__Coupons_Service *service, const Coupon__CreateClaimRequest *req,
                                 Coupon__Coupon_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, coupons_service);
    struct release *release = release_find(self, req->release_id);
    struct claim claim = {.release_id = req->release_id, .member_id = rpc_principal(call)->member_id};
    ProtobufCBinaryData key = rpc_key(call);
    Coupon__Coupon message;
    int64_t first;
    int refusal;
    char code[14];

    if (!release || !claim.member_id) {
        rpc_refuse(call, release ? RPC__REASON__MISSING_TOKEN : COUPON__REASON__RELEASE_NOT_FOUND);
        return;
    }
    claim.day = release_day(release, rpc_now(call));
    if (claim.day >= 0 && claim.day < release->days)
        release_enter_day(release, claim.day);
    claim.day = release->day;
    first = claimants_find(&release->claimants, claim.member_id);
    if (first) {
        reply_first_claim(self, release, first, reply, call);
        return;
    }
    refusal = offer_refusal(release, rpc_principal(call), rpc_now(call));
    if (refusal) {
        refuse_claim(release, refusal, call);
        return;
    }
    claim.coupon_id = id_next(&self->ids, rpc_now(call));
    claim.at = rpc_now(call);
    claim.key_len = key.len <= sizeof(claim.key) ? key.len : 0;
    if (claim.key_len)
        memcpy(claim.key, key.data, claim.key_len);
    rpc_random(call, &claim.code, sizeof(claim.code));
    if (!grant_claim(self, release, &claim, call)) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    coupon_message(&claim, release, code, &message);
    rpc_created(call);
    reply(&message, call);
}

/* ---- a member's coupons ---- */

/* rpc ListCoupons: the caller's own, newest first. */
static void coupon__list_coupons(Coupon__Coupons_Service *service, const Coupon__ListCouponsRequest *req,
                                 Coupon__CouponList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, coupons_service);
    const struct rpc_page *page = rpc_page(call);
    int64_t member_id = rpc_principal(call)->member_id;
    Coupon__CouponList list = COUPON__COUPON_LIST__INIT;
    int64_t recent[COUPON_MAX_LIVE];
    size_t n = claims_recent(self, member_id, page->before, recent, ARRAY_LEN(recent));
    struct claim claim;

    (void)req;
    for (size_t i = 0; i < n && rpc_page_takes(call, recent[i]); i++) {
        if (!claims_find(&self->claims, recent[i], &claim)) {
            rpc_refuse(call, RPC__REASON__STORE_FAILED);
            return;
        }
        rpc_add(call, &list, coupons, coupon_copy(self, &claim, call));
    }
    claims_ask_hers(&self->claims, member_id, page->before, (int)page->limit);
    while (claims_next_hers(&self->claims, &claim)) {
        if (rpc_page_takes(call, claim.coupon_id))
            rpc_add(call, &list, coupons, coupon_copy(self, &claim, call));
    }
    reply(&list, call);
}

/* rpc GetCoupon: one of the caller's own. */
static void coupon__get_coupon(Coupon__Coupons_Service *service, const Coupon__CouponRequest *req,
                               Coupon__Coupon_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, coupons_service);
    Coupon__Coupon *message;
    struct claim claim;

    /* Somebody else's coupon is not told apart from none. */
    if (!claims_find(&self->claims, req->coupon_id, &claim) ||
        !holder_is(&self->holders, rpc_principal(call)->member_id, claim.member_id)) {
        rpc_refuse(call, COUPON__REASON__COUPON_NOT_FOUND);
        return;
    }
    message = coupon_copy(self, &claim, call);
    reply(message, call);
}

const Coupon__Coupons_Service coupons_api = COUPON__COUPONS__INIT(coupon__);
