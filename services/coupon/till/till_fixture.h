/* till_fixture.h: what the tests of merchants and counters share: a merchant that two officials have approved, a branch
 * of it, who takes coupons there, and what members show. */
#pragma once
#include "services/coupon/fixture.h"
#include "services/coupon/till/expiry.h"
#include "services/coupon/till/purses.h"

#include "common/cn/cn_id.h"

#define KEEPER  851 /* of the merchant */
#define CASHIER 852
#define MEMBER  1
#define HOUR_MS INT64_C(3600000)

static int64_t the_merchant, the_branch, the_device;

static inline struct coupon *self_of(void)
{
    return h.service.self;
}

/* Made of any number. */
static inline const char *credit_code(unsigned n)
{
    char text[19], code[CN_USCC_LEN + 1];

    for (const char *own = "0123456789X"; *own; own++) {
        for (const char *last = "0123456789ABCDEFGHJKLMNPQRTUWXY"; *last; last++) {
            snprintf(text, sizeof(text), "91440604%08u%c%c", n, *own, *last);
            if (cn_uscc(text, code) == CN_ID_OK)
                return arena_printf(&h.arena, "%s", code);
        }
    }
    abort();
}

static inline const Rpc__Principal *keeper(void)
{
    return harness_member(&h, KEEPER, TOWN);
}

static inline const Rpc__Principal *cashier(void)
{
    return harness_person(&h, CASHIER, RPC__LEVEL__MOBILE, "");
}

static inline const Rpc__Principal *second_hand(void)
{
    return harness_official(&h, 901, RULE__ROLE__BENEFIT_MANAGER, UNION);
}

/* ---- merchants ---- */

static inline Coupon__Merchant merchant_draft(const char *path)
{
    static unsigned n;
    Coupon__Merchant draft = COUPON__MERCHANT__INIT;

    draft.union_id = a_union(&h, path);
    draft.name = "好味餐厅";
    draft.credit_code = unconst(credit_code(++n));
    return draft;
}

static inline const Rpc__Answer *send_merchant(const char *method, Coupon__Merchant *draft, const Rpc__Principal *who)
{
    static unsigned n;
    Coupon__CreateMerchantRequest request = COUPON__CREATE_MERCHANT_REQUEST__INIT;

    request.merchant = draft;
    return harness_call(&h, method, &request.base, who, arena_printf(&h.arena, "merchant-%u", n++));
}

static inline const Coupon__Merchant *merchant_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__merchant__descriptor);
}

static inline const Rpc__Answer *on_merchant(const char *method, int64_t merchant_id, const Rpc__Principal *who)
{
    Coupon__MerchantRequest request = COUPON__MERCHANT_REQUEST__INIT;

    request.merchant_id = merchant_id;
    return harness_call(&h, method, &request.base, who, NULL);
}

static inline const Rpc__Answer *end_merchant(const char *method, int64_t merchant_id, const Rpc__Principal *who)
{
    Coupon__EndMerchantRequest request = COUPON__END_MERCHANT_REQUEST__INIT;

    request.merchant_id = merchant_id;
    request.reason = "资料不符";
    return harness_call(&h, method, &request.base, who, NULL);
}

/* An open one of a union, kept by KEEPER. */
static inline int64_t a_merchant(const char *path)
{
    Coupon__Merchant draft = merchant_draft(path);
    int64_t id = merchant_in(send_merchant("Merchants.ApplyForMerchant", &draft, keeper()))->merchant_id;

    assert_ok(on_merchant("Merchants.ApproveMerchant", id, manager_of(UNION)));
    assert_ok(on_merchant("Merchants.ApproveMerchant", id, second_hand()));
    return id;
}

/* ---- branches ---- */

static inline Coupon__Branch branch_draft(void)
{
    static Coupon__GoodsClass goods[] = {COUPON__GOODS_CLASS__MEALS};
    Coupon__Branch draft = COUPON__BRANCH__INIT;

    draft.name = "禅城店";
    draft.address = "亲仁路6号";
    draft.lat_e6 = 23024750;
    draft.lon_e6 = 113116580;
    draft.goods = goods;
    draft.n_goods = ARRAY_LEN(goods);
    return draft;
}

static inline const Rpc__Answer *create_branch(int64_t merchant_id, Coupon__Branch *draft, const Rpc__Principal *who)
{
    static unsigned n;
    Coupon__CreateBranchRequest request = COUPON__CREATE_BRANCH_REQUEST__INIT;

    request.merchant_id = merchant_id;
    request.branch = draft;
    return harness_call(&h, "Branches.CreateBranch", &request.base, who, arena_printf(&h.arena, "branch-%u", n++));
}

static inline const Coupon__Branch *branch_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__branch__descriptor);
}

static inline const Rpc__Answer *on_branch(const char *method, int64_t branch_id, const Rpc__Principal *who)
{
    Coupon__BranchRequest request = COUPON__BRANCH_REQUEST__INIT;

    request.branch_id = branch_id;
    return harness_call(&h, method, &request.base, who, NULL);
}

static inline const Rpc__Answer *update_branch(int64_t branch_id, Coupon__Branch *branch, const Rpc__Principal *who)
{
    Coupon__UpdateBranchRequest request = COUPON__UPDATE_BRANCH_REQUEST__INIT;

    request.branch_id = branch_id;
    request.branch = branch;
    return harness_call(&h, "Branches.UpdateBranch", &request.base, who, NULL);
}

static inline const Rpc__Answer *set_branch_staff(int64_t branch_id, int64_t member_id, bool off,
                                                  const Rpc__Principal *who)
{
    Coupon__SetBranchStaffRequest request = COUPON__SET_BRANCH_STAFF_REQUEST__INIT;

    request.branch_id = branch_id;
    request.member_id = member_id;
    request.off = off;
    return harness_call(&h, "Branches.SetBranchStaff", &request.base, who, NULL);
}

/* Hours of every day. */
static inline Coupon__OpenHours *hours_from(int32_t from, int32_t until)
{
    Coupon__OpenHours *hours = harness_alloc(&h, sizeof(*hours));

    coupon__open_hours__init(hours);
    hours->from_minute = from;
    hours->until_minute = until;
    return hours;
}

/* ---- counters ---- */

static inline const Rpc__Answer *register_counter(int64_t branch_id, int64_t replaces, const Rpc__Principal *who)
{
    static unsigned n;
    Coupon__RegisterCounterRequest request = COUPON__REGISTER_COUNTER_REQUEST__INIT;

    request.branch_id = branch_id;
    request.name = "一号台";
    request.replaces = replaces;
    return harness_call(&h, "Counters.RegisterCounter", &request.base, who, arena_printf(&h.arena, "counter-%u", n++));
}

static inline int64_t a_device(int64_t branch_id)
{
    return ((const Coupon__Counter *)harness_output(&h, register_counter(branch_id, 0, cashier()),
                                                    &coupon__counter__descriptor))
        ->device_id;
}

/* Another branch, with the same cashier. */
static inline int64_t a_branch(int64_t merchant_id)
{
    Coupon__Branch draft = branch_draft();
    int64_t id = branch_in(create_branch(merchant_id, &draft, keeper()))->branch_id;

    assert_ok(set_branch_staff(id, CASHIER, false, keeper()));
    return id;
}

/* A merchant with a branch, a cashier and her device. */
static inline void open_shop(void)
{
    the_merchant = a_merchant(TOWN);
    the_branch = a_branch(the_merchant);
    the_device = a_device(the_branch);
}

/* ---- what a member has and shows ---- */

/* A release that is open, of coupons of a value, which are spent as it says. */
static inline int64_t a_release(int64_t face_fen, int64_t threshold_fen, Coupon__Spending *spending)
{
    Coupon__Release draft = draft_of(1000, 2, COUPON__ALLOWANCE__ONE_PER_RELEASE);

    draft.face_fen = face_fen;
    draft.threshold_fen = threshold_fen;
    draft.spending = spending;
    draft.opens_at = clock_now(&h.service.clock) + 1;
    clock_step(&h.service.clock, 1);
    draft.opens_at = clock_now(&h.service.clock) + 1;
    return publish(draft);
}

/* One coupon of a new release. */
static inline int64_t a_coupon_of(int64_t member_id, int64_t face_fen, int64_t threshold_fen,
                                  Coupon__Spending *spending)
{
    int64_t release_id = a_release(face_fen, threshold_fen, spending);

    clock_step(&h.service.clock, 1);
    return coupon_of(claim(release_id, member_id))->coupon_id;
}

static inline int64_t a_coupon(int64_t face_fen, int64_t threshold_fen)
{
    return a_coupon_of(MEMBER, face_fen, threshold_fen, NULL);
}

static inline const Coupon__CouponPass *pass_of(int64_t member_id, int64_t coupon_id)
{
    Coupon__CreatePassRequest request = COUPON__CREATE_PASS_REQUEST__INIT;

    request.coupon_id = coupon_id;
    return harness_output(
        &h, harness_call(&h, "Purses.CreatePass", &request.base, harness_member(&h, member_id, TOWN), NULL),
        &coupon__coupon_pass__descriptor);
}

/* What she shows now. */
static inline char *shown_by(int64_t member_id)
{
    return pass_of(member_id, 0)->code;
}

static inline const Coupon__Coupon *coupon_now(int64_t coupon_id, int64_t member_id)
{
    Coupon__CouponRequest request = COUPON__COUPON_REQUEST__INIT;

    request.coupon_id = coupon_id;
    return coupon_of(harness_call(&h, "Coupons.GetCoupon", &request.base, harness_member(&h, member_id, TOWN), NULL));
}

/* ---- purchases ---- */

static inline Coupon__CreateSaleRequest sale_of(const char *ref, char *text, int64_t purchase_fen)
{
    Coupon__CreateSaleRequest request = COUPON__CREATE_SALE_REQUEST__INIT;

    request.branch_id = the_branch;
    request.device_id = the_device;
    request.sale_ref = unconst(ref);
    request.text = text;
    request.purchase_fen = purchase_fen;
    return request;
}

static inline const Rpc__Answer *send_sale(const Coupon__CreateSaleRequest *request)
{
    return harness_call(&h, "Sales.CreateSale", &request->base, cashier(), NULL);
}

static inline const Coupon__Sale *sale_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__sale__descriptor);
}

/* The best set of what MEMBER has, kept for her purchase. */
static inline const Rpc__Answer *sell(const char *ref, int64_t purchase_fen)
{
    Coupon__CreateSaleRequest request = sale_of(ref, shown_by(MEMBER), purchase_fen);

    return send_sale(&request);
}

static inline const Rpc__Answer *sell_at_once(const char *ref, int64_t purchase_fen)
{
    Coupon__CreateSaleRequest request = sale_of(ref, shown_by(MEMBER), purchase_fen);

    request.at_once = true;
    return send_sale(&request);
}

static inline const Rpc__Answer *on_sale(const char *method, int64_t sale_id)
{
    Coupon__SaleRequest request = COUPON__SALE_REQUEST__INIT;

    request.sale_id = sale_id;
    return harness_call(&h, method, &request.base, cashier(), NULL);
}

static inline const Rpc__Answer *reverse_sale(int64_t sale_id)
{
    Coupon__ReverseSaleRequest request = COUPON__REVERSE_SALE_REQUEST__INIT;

    request.sale_id = sale_id;
    request.reason = "退货";
    return harness_call(&h, "Sales.ReverseSale", &request.base, cashier(), NULL);
}

/* All that is due by itself. */
static inline void tidy_up(void)
{
    while (holdings_index_slice(self_of(), 1000) > 0)
        continue;
    while (parts_tidy(&self_of()->parts))
        continue;
}

static inline int shop_setup(void **state)
{
    setup(state);
    open_shop();
    return 0;
}

#define SHOP_TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, teardown)
