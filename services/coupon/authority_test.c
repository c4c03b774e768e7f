/* Coupon's world for the authority matrix. */
#include "services/coupon/lot/lot_fixture.h"
#include "services/coupon/code/code_fixture.h"
#include "services/coupon/settlement/settlement_fixture.h"
#include "services/coupon/shop/shop_fixture.h"
#include "services/coupon/ticket/gate_fixture.h"
#include "services/coupon/till/till_fixture.h"
#include "tests/authority.h"

#define OWNER     700 /* and the next: who has taken a coupon and a seat in each place, */
#define COMPANION 800 /* and whom she asks to come along */

static void begin_world(struct harness *harness)
{
    (void)harness;
    setup(NULL);
}

static void end(struct harness *harness)
{
    (void)harness;
    assert_clean();
    teardown(NULL);
}

static Rpc__Principal *finance_of_all(int64_t member_id)
{
    return harness_official(&h, member_id, RULE__ROLE__FINANCE, "");
}

/* A coupon of hers is spent, and prepared to be settled. */
static int64_t a_statement(const Rpc__Principal *owner, const char *ref)
{
    int64_t coupon_id = a_coupon_of(owner->member_id, 500, 0, NULL);
    Coupon__CreateSaleRequest request = sale_of(ref, pass_of(owner->member_id, coupon_id)->code, 1000);

    request.at_once = true;
    assert_ok(send_sale(&request));
    return settlement_in(prepare_days(DAY, DAY, finance_of_all(650)))->settlement_id;
}

/* What is settled, confirmed and invoiced; what waits; an account that waits. */
static void make_settlement(struct authority_place *place, const Rpc__Principal *owner)
{
    static const char *const of_confirmed[] = {
        "Remittances.ListInvoices/settlement_id", "Remittances.GetPayment/settlement_id",
        "Remittances.EnterInvoice/settlement_id", "Remittances.PaySettlement/settlement_id"};
    int64_t id = a_statement(owner, "settled-1");
    Settlement__EnterInvoiceRequest invoice = SETTLEMENT__ENTER_INVOICE_REQUEST__INIT;
    Coupon__ProposePayeeRequest account = COUPON__PROPOSE_PAYEE_REQUEST__INIT;
    const Settlement__Invoice *entered;
    const Settlement__Payee *payee;

    assert_ok(on_settlement("Statements.ConfirmSettlement", id, finance_of_all(651)));
    for (size_t i = 0; i < ARRAY_LEN(of_confirmed); i++)
        authority_put_hers(place, of_confirmed[i], id, keeper());
    invoice.settlement_id = id;
    invoice.number = arena_printf(&h.arena, "%08lld", (long long)(the_merchant % 100000000));
    invoice.title = "佛山市总工会";
    invoice.fen = 1;
    entered = harness_output(
        &h, harness_call(&h, "Remittances.EnterInvoice", &invoice.base, finance_of_all(650), invoice.number),
        &settlement__invoice__descriptor);
    authority_put(place, "invoice_id", entered->invoice_id);
    account.merchant_id = the_merchant;
    account.name = "好味餐饮有限公司";
    account.bank = "佛山农商银行";
    account.number = "6222021234567890123";
    payee = harness_output(&h, harness_call(&h, "Remittances.ProposePayee", &account.base, finance_of_all(650), NULL),
                           &settlement__payee__descriptor);
    authority_put(place, "payee_account_id", payee->payee_account_id);
    authority_put_hers(place, "settlement_id", a_statement(owner, "settled-2"), keeper());
}

/* A merchant with a branch, a device and a purchase; and some that wait. */
static void make_shop(struct harness *harness, struct authority_place *place, const Rpc__Principal *owner)
{
    Coupon__Merchant waits = merchant_draft(place->path), other = merchant_draft(place->path);
    Coupon__CreateSaleRequest request;
    int64_t coupon_id;

    the_merchant = a_merchant(place->path);
    the_branch = a_branch(the_merchant);
    the_device = a_device(the_branch);
    authority_put(place, "merchant_id", the_merchant);
    authority_put(place, "merchant_ids", the_merchant);
    authority_put_hers(place, "kept/merchant_id", the_merchant, keeper()); /* her list has something */
    authority_put(place, "Merchants.ApproveMerchant/merchant_id",
                  merchant_in(send_merchant("Merchants.ApplyForMerchant", &waits, keeper()))->merchant_id);
    authority_put(place, "Merchants.RefuseMerchant/merchant_id",
                  merchant_in(send_merchant("Merchants.ApplyForMerchant", &other, keeper()))->merchant_id);
    authority_put(place, "branch_id", the_branch);
    authority_put(place, "branch_ids", the_branch);
    authority_put_hers(place, "device_id", the_device, cashier());
    coupon_id = a_coupon_of(owner->member_id, 500, 0, NULL);
    authority_put_hers(place, "Coupons.GetCoupon/coupon_id", coupon_id, owner);
    request = sale_of("purchase-1", pass_of(owner->member_id, coupon_id)->code, 1000);
    authority_put_hers(place, "sale_id", sale_in(send_sale(&request))->sale_id, cashier());
    coupon_id = a_coupon_of(owner->member_id, 500, 0, NULL);
    authority_put_hers(place, "Purses.CreatePass/coupon_id", coupon_id, owner);
    authority_put(place, "coupon_ids", coupon_id);
    authority_put_text(place, "text", pass_of(owner->member_id, 0)->code);
    make_settlement(place, owner);
    (void)harness;
}

static int64_t publish_season(struct harness *harness, const struct authority_place *place)
{
    Coupon__Release draft = season_draft(1, 1, 3);
    int64_t release_id;

    draft.union_id = a_union(harness, place->path);
    release_id = status_of(create(&draft, manager_of("")))->release->release_id;
    assert_ok(on_release("Coupons.PublishRelease", release_id, manager_of("")));
    return release_id;
}

/* It is drawn, and she has its only place. */
static void draw_season(struct harness *harness, struct authority_place *place, int64_t release_id,
                        Rpc__Principal *owner)
{
    int64_t lot_id = lots_of(release_id)->lots[0]->lot_id;

    let_pass(OPENS);
    assert_ok(ask_as(release_id, owner));
    let_pass(OPENS + 2 * HOUR_MS);
    let_pass(OPENS + 3 * HOUR_MS);
    assert_ok(on_lot("Lots.EnterLotValue", lot_id, "03 07 11", 901));
    assert_ok(on_lot("Lots.ConfirmLotValue", lot_id, "03 07 11", 902));
    let_pass(OPENS + 4 * HOUR_MS);
    assert_ok(on_lot("Lots.PublishLot", lot_id, "", 901));
    harness_work(harness, do_what_is_due);
    authority_put(place, "lot_id", lot_id);
    authority_put(place, "Lots.GetLotEntry/release_id", release_id);
    authority_put(place, "Lots.EnterLot/release_id", release_id);
    authority_put(place, "Lots.WithdrawLotEntry/release_id", release_id);
    owner = harness_member(harness, owner->member_id, place->path);
    authority_put_hers(place, "Lots.AcceptPlace/coupon_id",
                       list_coupons(owner->member_id, 1, NULL)->coupons[0]->coupon_id, owner);
    authority_put_hers(place, "Lots.DeclinePlace/coupon_id",
                       list_coupons(owner->member_id, 1, NULL)->coupons[0]->coupon_id, owner);
}

/* A departure to which the owner lets people in: by her device she has let in herself, and a companion is to come. */
static void make_gate(struct harness *harness, struct authority_place *place, unsigned i, Rpc__Principal *owner)
{
    static const char *const of_all[] = {"Gatekeepers.SetGateStaff/release_id", "Gatekeepers.ListGateStaff/release_id",
                                         "Gatekeepers.GetTurnout/release_id"};
    static const char *const hers[] = {"Gatekeepers.RegisterGate/release_id", "Gates.Board/release_id",
                                       "Gates.UploadBoardings/release_id", "Gates.ListBoardings/release_id"};
    static const char *const devices[] = {"Gatekeepers.RevokeGate/device_id", "Gates.Board/device_id",
                                          "Gates.UploadBoardings/device_id"};
    static const char *const boardings[] = {"Gates.BringCompanions/boarding_id", "Gates.UndoBoarding/boarding_id"};
    Rpc__Principal *companion = harness_member(harness, COMPANION + i, place->path);
    Coupon__Release draft = tickets_draft(5, 0, 2);
    int64_t release_id, boarding_id, coupon_id;
    char number[8];

    clock_step(&harness->service.clock, HARNESS_NOW - clock_now(&harness->service.clock));
    draft.union_id = a_union(harness, place->path);
    draft.tickets->departures[0]->departs_at = OPENS + HOUR_MS;
    draft.tickets->return_hours = 0;
    release_id = status_of(create(&draft, manager_of("")))->release->release_id;
    assert_ok(on_release("Coupons.PublishRelease", release_id, manager_of("")));
    assert_ok(set_gate_staff(release_id, 0, owner->member_id, false, manager_of("")));
    clock_step(&harness->service.clock, OPENS - clock_now(&harness->service.clock));
    snprintf(number, sizeof(number), "%u", COMPANION + i);
    assert_ok(take_as(release_id, owner, 0, 0, (char *[]){number, NULL}));
    coupon_id = seat_of(on_invitation_as("Tickets.AcceptInvitation",
                                         invitations_of(companion)->invitations[0]->invitation_id, companion))
                    ->coupon_id;
    the_device = ((const Coupon__GateDevice *)harness_output(harness, register_gate(release_id, owner),
                                                             &coupon__gate_device__descriptor))
                     ->device_id;
    boarding_id =
        boarding_in(board_as(release_id, 0, "scan-0001", pass_of(owner->member_id, 0)->code, owner))->boarding_id;
    authority_put(place, "Gates.BringCompanions/coupon_ids", coupon_id);
    for (size_t n = 0; n < ARRAY_LEN(of_all); n++)
        authority_put(place, of_all[n], release_id);
    for (size_t n = 0; n < ARRAY_LEN(hers); n++)
        authority_put_hers(place, hers[n], release_id, owner);
    for (size_t n = 0; n < ARRAY_LEN(devices); n++)
        authority_put_hers(place, devices[n], the_device, owner);
    for (size_t n = 0; n < ARRAY_LEN(boardings); n++)
        authority_put_hers(place, boardings[n], boarding_id, owner);
}

/* Seats, of which one is left, and who is asked to come along. */
static void make_tickets(struct harness *harness, struct authority_place *place, unsigned i)
{
    static const char *const hers[] = {"Tickets.GetSeat/coupon_id", "Tickets.InviteCompanions/coupon_id",
                                       "Tickets.ReturnTicket/coupon_id"};
    static const char *const of_all[] = {"Tickets.TakeTicket/release_id", "Tickets.WaitForTicket/release_id",
                                         "Tickets.LeaveWaiting/release_id", "Tickets.ListPassengers/release_id"};
    Rpc__Principal *owner = harness_member(harness, OWNER + i, place->path);
    Rpc__Principal *companion = harness_member(harness, COMPANION + i, place->path);
    Coupon__Release draft = tickets_draft(5, 0, 2);
    int64_t release_id, coupon_id, invitation_id;
    char number[8];

    draft.union_id = a_union(harness, place->path);
    release_id = status_of(create(&draft, manager_of("")))->release->release_id;
    assert_ok(on_release("Coupons.PublishRelease", release_id, manager_of("")));
    clock_step(&harness->service.clock, OPENS - clock_now(&harness->service.clock));
    snprintf(number, sizeof(number), "%u", COMPANION + i);
    coupon_id = seat_of(take_as(release_id, owner, 0, 0, (char *[]){number, NULL}))->coupon_id;
    invitation_id = invitations_of(companion)->invitations[0]->invitation_id;
    for (size_t n = 0; n < ARRAY_LEN(hers); n++)
        authority_put_hers(place, hers[n], coupon_id, owner);
    for (size_t n = 0; n < ARRAY_LEN(of_all); n++)
        authority_put(place, of_all[n], release_id);
    authority_put_hers(place, "Tickets.AcceptInvitation/invitation_id", invitation_id, companion);
    authority_put_hers(place, "Tickets.DeclineInvitation/invitation_id", invitation_id, companion);
    authority_put_hers(place, "Tickets.WithdrawInvitation/invitation_id", invitation_id, owner);
}

static void make_points(struct authority_place *place)
{
    int64_t ledger_id = a_ledger_of(place->path), rule_id;
    Coupon__PointsRule rule = a_rule(ATTENDED, 10);

    authority_put(place, "ledger_id", ledger_id);
    rule_id = rule_in(propose_rule(ledger_id, &rule, manager_at(901, place->path)))->rule_id;
    authority_put(place, "rule_id", rule_id);
    rule_id = rule_in(propose_rule(ledger_id, &rule, manager_at(901, place->path)))->rule_id;
    assert_ok(on_rule("Earnings.ConfirmRule", rule_id, manager_at(902, place->path)));
    authority_put(place, "Earnings.EndRule/rule_id", rule_id);
    authority_put(place, "replaces_id", 0);
    authority_put(place, "gift_id",
                  gift_in(propose_gift_as(ledger_id, OWNER, 5, 0, manager_at(901, place->path)))->gift_id);
}

/* A code that is to be bad, and an upload that the official has begun. */
static void make_codes(struct harness *harness, struct authority_place *place, unsigned i)
{
    static const char *const of_all[] = {"Codes.BeginCodeImport/release_id", "Codes.ProposeCodeVoid/release_id",
                                         "Codes.ListCodeVoids/release_id"};
    Coupon__Release draft = codes_draft(1);
    char text[48], code[16];
    int64_t release_id;

    draft.union_id = a_union(harness, place->path);
    draft.opens_at = clock_now(&harness->service.clock) + 1;
    release_id = status_of(create(&draft, manager_of("")))->release->release_id;
    snprintf(code, sizeof(code), "AAAA-000%u", i);
    snprintf(text, sizeof(text), "券码,密码\n%s,1\n", code);
    assert_int_equal(import_codes(release_id, text)->loaded, 1);
    for (size_t n = 0; n < ARRAY_LEN(of_all); n++)
        authority_put(place, of_all[n], release_id);
    authority_put(place, "void_id", void_of(propose_void(release_id, code, 0))->void_id);
    authority_put(place, "import_id",
                  upload_codes_as(release_id, text,
                                  harness_official(harness, AUTHORITY_OFFICIAL, RULE__ROLE__BENEFIT_MANAGER, "")));
}

static void make_goods(struct authority_place *place, const Rpc__Principal *owner)
{
    const Rpc__Principal *official = manager_at(901, place->path);
    int64_t corner_id = a_corner_of(place->path), goods_id;
    Coupon__Goods draft = a_goods_draft(0, 0, 0, NULL);
    Coupon__CreateFairRequest request = COUPON__CREATE_FAIR_REQUEST__INIT;
    Coupon__Fair fair = COUPON__FAIR__INIT;

    draft.union_id = a_union(&h, place->path);
    draft.corner_ids = &corner_id;
    draft.n_corner_ids = 1;
    goods_id = goods_in(create_goods(&draft, official))->goods_id;
    assert_ok(on_goods("Shop.OfferGoods", goods_id, official));
    assert_ok(set_corner_staff(corner_id, owner->member_id, false, official));
    authority_put(place, "corner_id", corner_id);
    authority_put(place, "corner_ids", corner_id);
    authority_put(place, "goods_id", goods_id);
    authority_put_hers(place, "order_id", order_in(order_with(goods_id, owner, 1, corner_id, place->path))->order_id,
                       owner);
    authority_put(place, "Orders.ShowAddress/order_id", order_in(order_by_post_as(goods_id, owner))->order_id);
    fair.union_id = draft.union_id;
    fair.title = "年货节";
    fair.percent_off = 7;
    fair.ceiling_fen = 10000;
    fair.from = clock_now(&h.service.clock);
    fair.until = fair.from + COUPON_DAY_MS;
    request.fair = &fair;
    authority_put(place, "fair_id",
                  ((const Coupon__Fair *)harness_output(&h, points_call("Fairs.CreateFair", &request.base, official),
                                                        &coupon__fair__descriptor))
                      ->fair_id);
}

static int64_t a_fund(struct harness *harness, int64_t union_id, bool opened)
{
    static unsigned n;
    Coupon__ProposeFundRequest request = COUPON__PROPOSE_FUND_REQUEST__INIT;
    Coupon__FundTerms terms = COUPON__FUND_TERMS__INIT;
    Coupon__FundRequest which = COUPON__FUND_REQUEST__INIT;
    const Coupon__Fund *fund;
    char key[16];

    terms.fen = 100000000;
    request.union_id = union_id;
    request.name = unconst("送清凉");
    request.source = COUPON__FUND_SOURCE__DUES;
    request.terms = &terms;
    snprintf(key, sizeof(key), "fund-%u", n++);
    fund = harness_output(harness,
                          harness_call(harness, "Funds.ProposeFund", &request.base,
                                       harness_official(harness, 650, RULE__ROLE__FINANCE, ""), key),
                          &coupon__fund__descriptor);
    which.fund_id = fund->fund_id;
    if (opened)
        assert_ok(harness_call(harness, "Funds.ConfirmFund", &which.base,
                               harness_official(harness, 651, RULE__ROLE__FINANCE, ""), NULL));
    return which.fund_id;
}

/* A draft whose coupons are WeChat's, and for whose stock somebody has given the first hand or not. */
static int64_t a_backed(struct harness *harness, int64_t union_id, bool proposed)
{
    Coupon__Release draft = draft_of(100, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    Coupon__ProposeBackingRequest request = COUPON__PROPOSE_BACKING_REQUEST__INIT;
    Coupon__Spending spending = COUPON__SPENDING__INIT;
    Coupon__Backing backing = COUPON__BACKING__INIT;

    draft.union_id = union_id;
    spending.valid_until = OPENS + 30 * COUPON_DAY_MS;
    backing.name = unconst("早餐立减金");
    backing.description = unconst("微信支付立减");
    draft.spending = &spending;
    draft.backing = &backing;
    request.release_id = status_of(create(&draft, manager_of("")))->release->release_id;
    request.step = COUPON__BACKING_STEP__STOCK_CREATE;
    if (proposed)
        assert_ok(harness_call(harness, "Backings.ProposeBacking", &request.base,
                               harness_official(harness, 650, RULE__ROLE__FINANCE, ""), NULL));
    return request.release_id;
}

static void make_template(struct harness *harness, struct authority_place *place, int64_t union_id)
{
    static unsigned n;
    Coupon__CreateTemplateRequest request = COUPON__CREATE_TEMPLATE_REQUEST__INIT;
    Coupon__Template template = COUPON__TEMPLATE__INIT;
    Coupon__Release form = draft_of(100, 2, COUPON__ALLOWANCE__ONE_PER_DAY);
    const Coupon__Template *made;
    char key[20];

    form.union_id = union_id;
    template.name = unconst("满减券");
    template.release = &form;
    request.template_ = &template;
    snprintf(key, sizeof(key), "template-%u", n++);
    made =
        harness_output(harness, harness_call(harness, "Templates.CreateTemplate", &request.base, manager_of(""), key),
                       &coupon__template__descriptor);
    authority_put(place, "Templates.CreateTemplate/template_id", 0);
    authority_put(place, "template_id", made->template_id);
}

static void make(struct harness *harness, struct authority_place *place, unsigned i)
{
    Coupon__Release draft = draft_of(100, 2, COUPON__ALLOWANCE__ONE_PER_DAY);
    Rpc__Principal *owner = harness_member(harness, OWNER + i, place->path);
    int64_t release_id, season_id;

    clock_step(&harness->service.clock, HARNESS_NOW - clock_now(&harness->service.clock));
    draft.union_id = a_union(harness, place->path);
    authority_put(place, "union_id", draft.union_id);
    authority_put(place, "Funds.ConfirmFund/fund_id", a_fund(harness, draft.union_id, false));
    authority_put(place, "Funds.RefuseFund/fund_id", a_fund(harness, draft.union_id, false));
    authority_put(place, "fund_id", a_fund(harness, draft.union_id, true));
    authority_put(place, "Backings.ProposeBacking/release_id", a_backed(harness, draft.union_id, false));
    authority_put(place, "Backings.ConfirmBacking/release_id", a_backed(harness, draft.union_id, true));
    authority_put(place, "Backings.RefuseBacking/release_id", a_backed(harness, draft.union_id, true));
    authority_put(place, "Backings.GetBacking/release_id", a_backed(harness, draft.union_id, false));
    make_template(harness, place, draft.union_id);
    authority_put(place, "Coupons.PublishRelease/release_id",
                  status_of(create(&draft, manager_of("")))->release->release_id);
    release_id = status_of(create(&draft, manager_of("")))->release->release_id;
    assert_ok(on_release("Coupons.PublishRelease", release_id, manager_of("")));
    authority_put(place, "release_id", release_id);
    season_id = publish_season(harness, place);
    make_tickets(harness, place, i);
    make_gate(harness, place, i, owner);
    authority_put_hers(place, "coupon_id", coupon_of(claim_as(release_id, owner, NULL))->coupon_id, owner);
    draw_season(harness, place, season_id, owner);
    make_shop(harness, place, owner);
    make_points(place);
    make_goods(place, owner);
    make_codes(harness, place, i);
}

static const struct authority_field fields[] = {
    {.field = "Coupons.CreateRelease/release_id", .number = 0}, /* of a release that is to be made */
    {.field = "title", .text = "早餐券"},
    {.field = "face_fen", .number = 500},
    {.field = "threshold_fen", .number = 800},
    {.field = "stock_per_day", .number = 10},
    {.field = "content", .text = "券码"},
    {.field = "partner", .text = "大地影院"},
    {.field = "departs_at", .number = DEPARTS},
    {.field = "opens_at", .number = OPENS + COUPON_DAY_MS},
    {.field = "name", .text = "普惠"},
    {.field = "description", .text = "微信支付立减"},
    {.field = "value", .text = "03 07 11"},
    {.field = "Merchants.CreateMerchant/merchant_id", .number = 0},
    {.field = "Merchants.ApplyForMerchant/merchant_id", .number = 0},
    {.field = "Branches.CreateBranch/branch_id", .number = 0},
    {.field = "manager_id", .number = 12345},
    {.field = "member_id", .number = 12345},
    {.field = "address", .text = "亲仁路6号"},
    {.field = "until_minute", .number = 600},
    {.field = "scan_ref", .text = "scan-of-the-matrix"},
    {.field = "sale_ref", .text = "purchase-of-the-matrix"},
    {.field = "purchase_fen", .number = 1000},
    {.field = "replaces", .number = 0},
    {.field = "service", .text = "portal"},
    {.field = "stock", .number = 10},
    {.field = "count", .number = 1},
    {.field = "percent_off", .number = 7},
    {.field = "ceiling_fen", .number = 10000},
    {.field = "from", .number = OPENS + 1000 * COUPON_DAY_MS},
    {.field = "until", .number = OPENS + 1001 * COUPON_DAY_MS},
    {.field = "Orders.CreateOrder/corner_id", .number = 0},
    {.field = "Orders.CreateOrder/mobile", .text = "16900000001"},
    {.field = "Orders.CreateOrder/text", .text = "禅城区人民路3号502"},
    {.field = "Orders.ScanOrder/code", .text = "no code"},
    {.field = "Orders.HandOver/code", .text = "no code"},
    {.field = "what", .text = ATTENDED},
    {.field = "points", .number = 10},
    {.field = "member_ids", .number = OWNER},
    {.field = "reason", .text = "运动会志愿者"},
    {.field = "remark", .text = "运动会志愿者"},
    {.field = "fen", .number = 100000000},
    {.field = "source", .number = COUPON__FUND_SOURCE__DUES},
    {.field = "Templates.CreateTemplate/release_id", .number = 0},
    {.field = "level", .number = 9},
    {.field = "from_day", .number = DAY},
    {.field = "until_day", .number = DAY},
    {.field = "bank", .text = "佛山农商银行"},
    {.field = "number", .text = "6222021234567890123"},
    {.field = "reference", .text = "CCB20260301-000001"},
    {.field = "paid_at", .number = OPENS},
    {.field = "csv", .text = "1,5.00"},
    {NULL},
};

static const char *const placeless[] = {"Codes.ListCodeImports", NULL};

/* A code that no other merchant has. */
static const char *text(struct harness *harness, const char *method, const char *field,
                        const struct authority_place *place)
{
    static unsigned n = 1000000;

    (void)harness;
    (void)method;
    (void)place;
    return strcmp(field, "credit_code") == 0 ? credit_code(n++) : NULL;
}

/* What is a merchant's is shown to officials over its union, too, and changed by them. */
static const char *const open_to_officials[] = {
    "Counters.RevokeCounter",
    "Gatekeepers.RevokeGate",
    "Gates.ListBoardings",
    "Sales.GetSale",
    "Statements.GetSettlement",
    "Statements.ListSettlementLines",
    "Statements.ExportSettlement",
    "Statements.ReconcileSettlement",
    "Remittances.ListInvoices",
    "Remittances.GetPayment",
    NULL,
};
static const char *const foreign[] = {"member_id", NULL};

static struct authority world = {
    .queue = "coupon",
    .harness = &h,
    .begin = begin_world,
    .end = end,
    .make = make,
    .fields = fields,
    .placeless = placeless,
    .text = text,
    .open = open_to_officials,
    .foreign = foreign,
};

int main(void)
{
    return authority_run(&world);
}
