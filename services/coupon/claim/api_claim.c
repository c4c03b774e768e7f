#include "common/base/union_path.h"
#include "services/coupon/api.h"
#include "services/coupon/backing/vouchers.h"
#include "services/coupon/code/codes.h"
#include "services/coupon/claim/frozen.h"
#include "services/coupon/lot/api_lot.h"
#include "services/coupon/numbers/numbers.h"
#include "services/coupon/rules.h"
#include "services/coupon/ticket/tickets.h"
#include "services/coupon/till/sales.h"
#include "services/coupon/till/spendings.h"

/* ---- messages ---- */

/* The title stays the release's own: whoever answers later than now copies it. */
static void coupon_message(const struct claim *claim, const struct release *release, char code[14], Coupon__Coupon *ret)
{
    struct coupon_life life = release_life(release);

    coupon__coupon__init(ret);
    coupon_code(claim->code, code);
    ret->coupon_id = claim->coupon_id;
    ret->release_id = claim->release_id;
    ret->day = claim->day;
    ret->code = code;
    ret->title = (char *)release->title;
    ret->face_fen = release->face_fen;
    ret->threshold_fen = release->threshold_fen;
    ret->claimed_at = claim->at;
    ret->expires_at = life_until(&life, claim->at, claim->day);
    if (life.dates.said)
        ret->good_from = life_from(&life, claim->at);
    ret->state = COUPON__COUPON_STATE__GRANTED;
    ret->ended_at = claim->ended_at;
    if (claim->ended_at && claim->ended_at < ret->expires_at)
        ret->expires_at = claim->ended_at;
}

/* A ticket is good until a day after it departs, which may be late. False: memory is full. */
static bool add_seat(struct coupon *self, const struct claim *claim, struct arena *arena, Coupon__Coupon *ret)
{
    ret->seat = ticket_seat_message(self, claim->coupon_id, arena);
    if (ret->seat && !claim->ended_at)
        ret->expires_at = ret->seat->departs_at + COUPON_DAY_MS;
    return ret->seat != NULL;
}

/* A coupon, with what has become of it, in the arena; NULL when its memory is full or its release is unreadable. */
static Coupon__Coupon *coupon_copy(struct coupon *self, const struct claim *claim, void *call)
{
    const struct release *release = release_look_up(self, claim->release_id, rpc_arena(call));
    Coupon__Coupon *message = arena_alloc(rpc_arena(call), sizeof(*message));
    char *code = arena_alloc(rpc_arena(call), 14);

    if (!message || !code || !release)
        return NULL;
    coupon_message(claim, release, code, message);
    if (release->way == COUPON__WAY__TICKETS && !add_seat(self, claim, rpc_arena(call), message))
        return NULL;
    if (release->way == COUPON__WAY__CODES && !claim->ended_at)
        message->partner_code = code_message(self, release->id, claim->coupon_id, rpc_arena(call));
    message->title = rpc_text(call, release->title);
    sale_tell(self, claim, call, message);
    if (message->seat && message->seat->boarded_at) {
        message->state = COUPON__COUPON_STATE__REDEEMED;
        message->redeemed_at = message->seat->boarded_at;
    }
    if (release->backed)
        voucher_tell(self, claim->coupon_id, call, message);
    if (message->state == COUPON__COUPON_STATE__GRANTED &&
        frozen_to(self, claim->member_id, release->audience.path, rpc_now(call))) {
        message->state = COUPON__COUPON_STATE__FROZEN;
        api_say(message, COUPON__REASON__IS_FROZEN);
    }
    return message;
}

bool coupon_give(struct coupon *self, const struct claim *claim, struct part_export *export)
{
    return part_give(export, coupon_copy(self, claim, export->call), claim->coupon_id);
}

/* ---- claims ---- */

int person_refusal(const struct coupon *self, const struct release *release, const Rpc__Principal *principal,
                   int64_t now)
{
    int refusal = eligibility_reason(audience_judge(&release->audience, principal, now));

    if (!refusal)
        refusal = granted_refusal(&self->granted, &release->marks, principal->member_id, release->face_fen, now);
    return refusal;
}

static int offer_refusal(const struct coupon *self, const struct release *release, const Rpc__Principal *principal,
                         int64_t now)
{
    int refusal = release_refusal(release, now);

    if (!refusal)
        refusal = eligibility_reason(audience_judge(&release->audience, principal, now));
    if (!refusal && (release->granted_today >= release->stock_per_day ||
                     (release->way == COUPON__WAY__CODES && !codes_left(self, release->id))))
        refusal = COUPON__REASON__SOLD_OUT;
    if (!refusal)
        refusal = granted_refusal(&self->granted, &release->marks, principal->member_id, release->face_fen, now);
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
    reason = release_status(self, release, call, &ret->status);
    if (reason || !ret->status)
        return reason;
    mine = claimants_find(&release->claimants, rpc_principal(call)->member_id);
    if (mine && claims_find(&self->claims, mine, &claim))
        ret->coupon = coupon_copy(self, &claim, call);
    refusal = offer_refusal(self, release, rpc_principal(call), rpc_now(call));
    if (!refusal && ret->status->left <= 0)
        refusal = COUPON__REASON__SOLD_OUT;
    if (way_is_lot(release->way))
        refusal = lot_offer_refusal(self, release, refusal, call, &ret->lot);
    if (refusal && !ret->coupon)
        api_say(ret, refusal);
    if (refusal == COUPON__REASON__SOLD_OUT && !ret->coupon)
        ret->came_before = release->granted_today;
    if (release->way == COUPON__WAY__TICKETS)
        ret->waiting = ticket_wait_message(self, release->id, rpc_principal(call)->member_id, rpc_arena(call));
    return 0;
}

/* Whether a release is nothing to her: it is for members of another union, whatever else she lacks,
 * and she has nothing of it. Who has no union yet is shown all that she could come to. */
static bool is_elsewhere(const struct release *release, const Rpc__Principal *principal)
{
    return *principal->union_path && !union_path_covers(release->audience.path, principal->union_path) &&
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
    if (release->way == COUPON__WAY__CODES) {
        reply(coupon_copy(self, &claim, call), call);
        return;
    }
    coupon_message(&claim, release, code, &message);
    reply(&message, call);
}

void refuse_asking(const struct release *release, int refusal, void *call)
{
    if (refusal == COUPON__REASON__SOLD_OUT && release->sold_out_at) {
        rpc_fact_time(call, "soldOutAt", release->sold_out_at);
        rpc_fact_number(call, "cameBefore", release->granted_today);
    }
    if (refusal == COUPON__REASON__NOT_OPEN_YET)
        rpc_fact_time(call, "opensAt", release->opens_at);
    if (refusal == COUPON__REASON__SOLD_OUT && release->sold_out_at && release->day + 1 < release->days &&
        !release_gives_of(release, release->day + 1))
        rpc_fact_time(call, "opensAgainAt", release->opens_at - release->lead_ms + (release->day + 1) * COUPON_DAY_MS);
    audience_tell_renewal(&release->audience, call);
    rpc_refuse(call, refusal);
}

/* She is given a code with the coupon that she has just taken. */
static void reply_with_code(struct coupon *self, const struct claim *claim, Coupon__Coupon_Closure reply, void *call)
{
    if (code_give(self, claim->release_id, claim->coupon_id, call))
        reply(coupon_copy(self, claim, call), call);
    else
        rpc_refuse(call, COUPON__REASON__SOLD_OUT);
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
    release_enter_now(release, rpc_now(call));
    claim.day = release->day;
    first = claimants_find(&release->claimants, claim.member_id);
    if (first) {
        number_count(self, release, NUMBERS_REPEATED, call);
        reply_first_claim(self, release, first, reply, call);
        return;
    }
    refusal = release->way && !way_is_claimed(release->way) ? lots_claim_refusal(self, release, call) : 0;
    if (!refusal)
        refusal = offer_refusal(self, release, rpc_principal(call), rpc_now(call));
    if (refusal) {
        number_count(self, release, refusal, call);
        refuse_asking(release, refusal, call);
        return;
    }
    claim.key_len = key.len <= sizeof(claim.key) ? key.len : 0;
    if (claim.key_len)
        memcpy(claim.key, key.data, claim.key_len);
    refusal = claim_take(self, release, &claim, call);
    number_count(self, release, refusal, call);
    if (rpc_refuse_if(call, refusal))
        return;
    rpc_created(call);
    if (release->way == COUPON__WAY__CODES) {
        reply_with_code(self, &claim, reply, call);
        return;
    }
    coupon_message(&claim, release, code, &message);
    reply(&message, call);
}

/* ---- a member's coupons ---- */

/* Adds one, unless it is in a state that is not asked for; false when the page is full. */
static bool list_coupon(struct coupon *self, const struct claim *claim, Coupon__CouponList *list, void *call)
{
    Coupon__Coupon *message = coupon_copy(self, claim, call);

    if (message && !rpc_page_wants(call, message->state))
        return true;
    if (!rpc_page_takes(call, claim->coupon_id))
        return false;
    rpc_add(call, list, coupons, message);
    return true;
}

/* rpc ListCoupons: the caller's own, newest first. */
static void coupon__list_coupons(Coupon__Coupons_Service *service, const Coupon__ListCouponsRequest *req,
                                 Coupon__CouponList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, coupons_service);
    const struct rpc_page *page = rpc_page(call);
    int64_t member_id = rpc_principal(call)->member_id;
    Coupon__CouponList list = COUPON__COUPON_LIST__INIT;
    int64_t recent[COUPON_MAX_LIVE];
    size_t n = holdings_recent(self, member_id, page->before, recent, ARRAY_LEN(recent));
    struct claim claim;
    unsigned asked;
    bool full = false;

    (void)req;
    for (size_t i = 0; i < n && !full; i++) {
        if (!claims_find(&self->claims, recent[i], &claim)) {
            rpc_refuse(call, RPC__REASON__STORE_FAILED);
            return;
        }
        full = !list_coupon(self, &claim, &list, call);
    }
    asked = holdings_ask(self, member_id, page->before, page->states == RPC_PAGE_ALL ? (int)page->limit : INT_MAX);
    while (!full && holdings_next(self, asked, &claim))
        full = !list_coupon(self, &claim, &list, call);
    holdings_end(self, asked);
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