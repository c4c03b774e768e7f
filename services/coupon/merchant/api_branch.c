#include "services/coupon/merchant/branches.h"
#include "services/coupon/rules.h"
#include "services/coupon/till/spendings.h"

#define NEAR_USUAL 20
#define NEAR_MAX   50

/* ---- messages ---- */

/* What an answer says of a branch beside what it is; false for want of memory. */
static bool complete(struct coupon *self, Coupon__Branch *branch, void *call)
{
    struct merchant merchant;
    struct hours hours;

    if (!merchants_find(&self->merchants, branch->merchant_id, &merchant) ||
        !hours_compile(branch->hours, branch->n_hours, &hours))
        return false;
    branch->merchant_name = rpc_text(call, merchant.name);
    branch->directions = map_directions(branch->name, branch->lat_e6, branch->lon_e6, rpc_arena(call));
    branch->hours_words = hours_words(&hours, rpc_arena(call));
    branch->open_now =
        !branch->closed && merchant.state == COUPON__MERCHANT_STATE__MERCHANT_OPEN && hours_hold(&hours, rpc_now(call));
    return branch->directions && branch->hours_words;
}

static void reply_branch(struct coupon *self, Coupon__Branch *branch, Coupon__Branch_Closure reply, void *call)
{
    if (complete(self, branch, call))
        reply(branch, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

/* ---- changes ---- */

static int branch_refusal(const Coupon__Branch *branch, const char **ret_field)
{
    struct hours hours;

    *ret_field = "branch.hours";
    if (!hours_compile(branch->hours, branch->n_hours, &hours))
        return COUPON__REASON__HOURS_WRONG;
    *ret_field = "branch.latE6";
    if (!branch->lat_e6 || !branch->lon_e6)
        return COUPON__REASON__POSITION_MISSING;
    *ret_field = "branch.goods";
    return branch->n_goods ? goods_refusal(branch->goods, branch->n_goods) : RPC__REASON__MISSING_FIELD;
}

/* Whether it was refused. */
static bool is_refused(const Coupon__Branch *branch, void *call)
{
    const char *field = "branch";
    int reason = branch ? branch_refusal(branch, &field) : RPC__REASON__MISSING_FIELD;

    return rpc_refuse_field_if(call, reason, field);
}

/* Without what answers alone say. */
static void strip(Coupon__Branch *branch)
{
    branch->merchant_name = branch->directions = branch->hours_words = (char *)protobuf_c_empty_string;
    branch->open_now = false;
}

static bool is_going_on(const struct merchant *merchant)
{
    return merchant->state == COUPON__MERCHANT_STATE__MERCHANT_WAITS ||
           merchant->state == COUPON__MERCHANT_STATE__MERCHANT_OPEN;
}

/* rpc CreateBranch: of a merchant that waits, too. */
static void branches__create_branch(Coupon__Branches_Service *service, const Coupon__CreateBranchRequest *req,
                                    Coupon__Branch_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, branches_service);
    Coupon__Branch *branch = req->branch;
    struct merchant merchant;

    if (!merchant_of_keeper(self, req->merchant_id, call, &merchant) ||
        rpc_refuse_if(call, is_going_on(&merchant) ? 0 : COUPON__REASON__MERCHANT_NOT_OPEN) || is_refused(branch, call))
        return;
    if (branches_count(&self->branches, merchant.id) >= BRANCHES_MAX) {
        rpc_fact_number(call, "maximum", BRANCHES_MAX);
        rpc_refuse(call, COUPON__REASON__TOO_MANY_BRANCHES);
        return;
    }
    strip(branch);
    branch->branch_id = id_next(&self->ids, rpc_now(call));
    branch->merchant_id = merchant.id;
    branch->closed = false;
    if (!branch_add(self, branch, call)) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    rpc_created(call);
    reply_branch(self, branch, reply, call);
}

/* One of a merchant that the caller keeps; NULL after refusing. */
static Coupon__Branch *branch_of_keeper(struct coupon *self, int64_t branch_id, void *call)
{
    Coupon__Branch *branch = branches_find(&self->branches, branch_id, rpc_arena(call));
    struct merchant merchant;

    if (!branch) {
        rpc_refuse(call, COUPON__REASON__BRANCH_NOT_FOUND);
        return NULL;
    }
    return merchant_of_keeper(self, branch->merchant_id, call, &merchant) ? branch : NULL;
}

static void change(struct coupon *self, Coupon__Branch *branch, Coupon__Branch_Closure reply, void *call)
{
    if (branch_change(self, branch, call))
        reply_branch(self, branch, reply, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

/* rpc UpdateBranch: all of it. */
static void branches__update_branch(Coupon__Branches_Service *service, const Coupon__UpdateBranchRequest *req,
                                    Coupon__Branch_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, branches_service);
    const Coupon__Branch *was = branch_of_keeper(self, req->branch_id, call);
    Coupon__Branch *branch = req->branch;

    if (!was || is_refused(branch, call) || rpc_refuse_if(call, was->closed ? COUPON__REASON__BRANCH_IS_CLOSED : 0))
        return;
    strip(branch);
    branch->branch_id = was->branch_id;
    branch->merchant_id = was->merchant_id;
    branch->closed = false;
    change(self, branch, reply, call);
}

/* rpc CloseBranch: for good. */
static void branches__close_branch(Coupon__Branches_Service *service, const Coupon__BranchRequest *req,
                                   Coupon__Branch_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, branches_service);
    Coupon__Branch *branch = branch_of_keeper(self, req->branch_id, call);

    if (!branch)
        return;
    if (branch->closed) {
        reply_branch(self, branch, reply, call);
        return;
    }
    branch->closed = true;
    change(self, branch, reply, call);
}

/* ---- reading ---- */

/* rpc GetBranch: for whoever asks, of an open merchant; else for whoever keeps it. */
static void branches__get_branch(Coupon__Branches_Service *service, const Coupon__BranchRequest *req,
                                 Coupon__Branch_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, branches_service);
    Coupon__Branch *branch = branches_find(&self->branches, req->branch_id, rpc_arena(call));
    struct merchant merchant;

    if (branch && merchants_find(&self->merchants, branch->merchant_id, &merchant) &&
        (merchant.state == COUPON__MERCHANT_STATE__MERCHANT_OPEN || merchant_is_kept(self, &merchant, call)))
        reply_branch(self, branch, reply, call);
    else
        rpc_refuse(call, COUPON__REASON__BRANCH_NOT_FOUND);
}

/* Whether it is in a state that is asked for. */
static bool is_wanted(const Coupon__Branch *branch, void *call)
{
    return rpc_page_wants(call,
                          branch->closed ? COUPON__BRANCH_STATE__BRANCH_CLOSED : COUPON__BRANCH_STATE__BRANCH_OPEN);
}

/* Completes what a list has, and replies with it. */
static void reply_list(struct coupon *self, Coupon__BranchList *list, Coupon__BranchList_Closure reply, void *call)
{
    bool ok = true;

    for (size_t i = 0; i < list->n_branches && ok; i++)
        ok = complete(self, list->branches[i], call);
    if (ok)
        reply(list, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

/* rpc ListBranches: of a merchant, in the order they were made. */
static void branches__list_branches(Coupon__Branches_Service *service, const Coupon__ListBranchesRequest *req,
                                    Coupon__BranchList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, branches_service);
    Coupon__BranchList list = COUPON__BRANCH_LIST__INIT;
    struct merchant merchant;
    Coupon__Branch *branch;

    if (!merchants_find(&self->merchants, req->merchant_id, &merchant) ||
        (merchant.state != COUPON__MERCHANT_STATE__MERCHANT_OPEN && !merchant_is_kept(self, &merchant, call))) {
        rpc_refuse(call, COUPON__REASON__MERCHANT_NOT_FOUND);
        return;
    }
    branches_ask(&self->branches, merchant.id, rpc_page(call)->after);
    while ((branch = branches_next(&self->branches, rpc_arena(call)))) {
        if (!is_wanted(branch, call))
            continue;
        if (!rpc_page_takes(call, branch->branch_id))
            break;
        rpc_add(call, &list, branches, branch);
    }
    branches_end(&self->branches);
    reply_list(self, &list, reply, call);
}

/* rpc ListMyBranches: where the caller takes coupons. */
static void branches__list_my_branches(Coupon__Branches_Service *service, const Coupon__MyBranchesRequest *req,
                                       Coupon__BranchList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, branches_service);
    Coupon__BranchList list = COUPON__BRANCH_LIST__INIT;
    Coupon__Branch *branch;

    (void)req;
    branches_ask_of_staff(&self->branches, rpc_principal(call)->member_id, rpc_page(call)->after);
    while ((branch = branches_next_of_staff(&self->branches, rpc_arena(call)))) {
        if (!is_wanted(branch, call))
            continue;
        if (!rpc_page_takes(call, branch->branch_id))
            break;
        rpc_add(call, &list, branches, branch);
    }
    branches_end_of_staff(&self->branches);
    reply_list(self, &list, reply, call);
}

/* ---- the nearest ---- */

struct wish {
    struct coupon *self;
    const Coupon__NearestBranchesRequest *req;
    const struct terms *terms; /* of the release that was named, or NULL */
    int64_t now;
};

static bool fits(void *arg, int64_t branch_id)
{
    const struct wish *wish = arg;
    const struct shop *shop = shop_find(wish->self, branch_id);

    return shop && shop->open && (!wish->req->canteens || shop->canteen) &&
           (!wish->req->open_now || hours_hold(&shop->hours, wish->now)) &&
           (!wish->req->goods || shop->goods >> wish->req->goods & 1) &&
           (!wish->terms || terms_take_shop(wish->terms, shop));
}

/* rpc ListNearestBranches: by distance from where she stands. */
static void branches__list_nearest_branches(Coupon__Branches_Service *service,
                                            const Coupon__NearestBranchesRequest *req,
                                            Coupon__NearBranchList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, branches_service);
    struct wish wish = {.self = self, .req = req, .now = rpc_now(call)};
    const struct map_filter filter = {fits, &wish};
    size_t limit = req->limit > 0 && req->limit <= NEAR_MAX ? (size_t)req->limit : NEAR_USUAL, n;
    Coupon__NearBranchList list = COUPON__NEAR_BRANCH_LIST__INIT;
    struct near near[NEAR_MAX];

    if (req->release_id && !(wish.terms = terms_find(self, req->release_id))) {
        rpc_refuse_field(call, COUPON__REASON__RELEASE_NOT_FOUND, "releaseId");
        return;
    }
    n = map_nearest(&self->map, req->lat_e6, req->lon_e6, wish.now, &filter, near, limit);
    for (size_t i = 0; i < n; i++) {
        Coupon__NearBranch *one = arena_message(rpc_arena(call), &coupon__near_branch__descriptor);

        if (one)
            one->branch = branches_find(&self->branches, near[i].place_id, rpc_arena(call));
        if (!one || !one->branch || !complete(self, one->branch, call)) {
            rpc_refuse(call, RPC__REASON__OVERLOADED);
            return;
        }
        one->metres = (int32_t)(near[i].metres + 0.5);
        rpc_add(call, &list, branches, one);
    }
    reply(&list, call);
}

/* ---- who takes coupons there ---- */

static void reply_staff(struct coupon *self, int64_t branch_id, bool pages, Coupon__BranchStaffList_Closure reply,
                        void *call)
{
    Coupon__BranchStaffList list = COUPON__BRANCH_STAFF_LIST__INIT;
    int64_t member_id;

    branch_staff_ask(&self->branches, branch_id, pages ? rpc_page(call)->after : 0);
    while (branch_staff_next(&self->branches, &member_id) && (!pages || rpc_page_takes(call, member_id))) {
        Coupon__BranchStaff *one = arena_message(rpc_arena(call), &coupon__branch_staff__descriptor);

        if (one) {
            one->branch_id = branch_id;
            one->member_id = member_id;
        }
        rpc_add(call, &list, staff, one);
    }
    branch_staff_end(&self->branches);
    reply(&list, call);
}

/* rpc SetBranchStaff: onto the list, or off it. */
static void branches__set_branch_staff(Coupon__Branches_Service *service, const Coupon__SetBranchStaffRequest *req,
                                       Coupon__BranchStaffList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, branches_service);
    const Coupon__Branch *branch = branch_of_keeper(self, req->branch_id, call);

    if (!branch)
        return;
    if (req->member_id <= 0) {
        rpc_refuse_field(call, RPC__REASON__OUT_OF_RANGE, "memberId");
        return;
    }
    branch_staff_set(self, branch->branch_id, req->member_id, req->off, call);
    if (!req->off && branch_staff_count(&self->branches, branch->branch_id) > BRANCH_STAFF_MAX) {
        rpc_fact_number(call, "maximum", BRANCH_STAFF_MAX);
        rpc_refuse(call, COUPON__REASON__TOO_MANY_BRANCH_STAFF);
        return;
    }
    reply_staff(self, branch->branch_id, false, reply, call);
}

/* rpc ListBranchStaff: for whoever keeps the merchant. */
static void branches__list_branch_staff(Coupon__Branches_Service *service, const Coupon__ListBranchStaffRequest *req,
                                        Coupon__BranchStaffList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, branches_service);
    const Coupon__Branch *branch = branch_of_keeper(self, req->branch_id, call);

    if (branch)
        reply_staff(self, branch->branch_id, true, reply, call);
}

const Coupon__Branches_Service branches_api = COUPON__BRANCHES__INIT(branches__);
