/* What a merchant is owed for coupons that were spent there: settled once, by two, as whose money, and paid. */
#include "services/coupon/settlement/settlement_fixture.h"
#include "tests/scan.h"

#define NUMBER    "6222021234567890123"
#define REFERENCE "CCB20260301-000001"

/* Of one release that a bank's fund pays, of coupons of five yuan; somebody's are spent at one purchase each. */
static int64_t the_fund, the_release;

static void open_paid(int32_t merchant_percent)
{
    Coupon__Spending spending = COUPON__SPENDING__INIT;
    Coupon__Release draft;

    open_shop();
    the_fund = open_fund(terms_of(10 * COST, 0));
    draft = paid_from(the_fund, 1);
    spending.merchant_percent = merchant_percent;
    draft.spending = &spending;
    the_release = publish(draft);
    to(OPENS);
}

/* A coupon of hers is spent now: the purchase. */
static int64_t spend_one(const char *ref, int64_t release_id, int64_t member_id)
{
    Coupon__CreateSaleRequest request;

    assert_ok(claim(release_id, member_id));
    request = sale_of(ref, shown_by(member_id), 1000);
    request.at_once = true;
    return sale_in(send_sale(&request))->sale_id;
}

static void what_was_spent_is_settled_once_as_whose_money_it_is(void **state)
{
    const Coupon__SettlementLineList *list;
    const Coupon__Settlement *settlement;
    int64_t id, sale_id;

    (void)state;
    open_paid(40);
    sale_id = spend_one("purchase-1", the_release, MEMBER);
    spend_one("purchase-2", the_release, MEMBER + 1);
    assert_ok(claim(the_release, MEMBER + 2)); /* and is not spent */
    settlement = prepare();
    id = settlement->settlement_id;
    assert_int_equal(settlement->state, SETTLEMENT__STATE__PREPARED);
    assert_string_equal(settlement->merchant_name, "好味餐厅");
    assert_int_equal(settlement->from_day, DAY);
    assert_int_equal(settlement->n_lines, 2);
    assert_int_equal(settlement->total_fen, 600);
    assert_int_equal(settlement->discount_fen, 1000);
    assert_int_equal(settlement->merchant_fen, 400);
    assert_int_equal(settlement->n_shares, 1);
    assert_int_equal(settlement->shares[0]->fund_id, the_fund);
    assert_int_equal(settlement->shares[0]->source, COUPON__FUND_SOURCE__BANK);
    assert_string_equal(settlement->shares[0]->source_name, "农商银行");
    assert_int_equal(settlement->shares[0]->fen, 600);
    list = lines_of(id);
    assert_int_equal(list->n_lines, 2);
    assert_int_equal(list->lines[0]->sale_id, sale_id);
    assert_int_equal(list->lines[0]->release_id, the_release);
    assert_int_equal(list->lines[0]->branch_id, the_branch);
    assert_int_equal(list->lines[0]->fen, 300);
    assert_int_equal(list->lines[0]->discount_fen, 500);
    assert_int_equal(list->lines[0]->at, OPENS);
    assert_int_equal(settlement_in(prepare_days(DAY, DAY, finance(902)))->settlement_id, id);
    assert_money(the_fund, 9 * COST, COST, 0);
    assert_ok(confirm(id));
    assert_ok(confirm(id));
    assert_money(the_fund, 9 * COST, COST - 600, 600);
    harness_reopen(&h);
    assert_refused(prepare_days(DAY, DAY, finance(901)), "NOTHING_REDEEMED");
    assert_refused(reject(id), "SETTLEMENT_DECIDED");
    assert_clean();
}

static void releases_of_several_funds_and_of_none_are_told_apart(void **state)
{
    const Coupon__Settlement *settlement;
    int64_t other, own;
    Coupon__Release draft;

    (void)state;
    open_paid(0);
    own = a_release(300, 0, NULL);
    draft = paid_from(open_fund(terms_of(COST, 0)), 1);
    draft.opens_at = clock_now(&h.service.clock) + 1;
    other = publish(draft);
    clock_step(&h.service.clock, 1);
    spend_one("purchase-1", the_release, MEMBER);
    spend_one("purchase-2", other, MEMBER + 1);
    spend_one("purchase-3", own, MEMBER + 2);
    settlement = prepare();
    assert_int_equal(settlement->total_fen, 1300);
    assert_int_equal(settlement->n_shares, 3);
    assert_int_equal(settlement->shares[0]->fund_id, 0);
    assert_int_equal(settlement->shares[0]->fen, 300);
    assert_int_equal(settlement->shares[1]->fen, 500);
    assert_int_equal(settlement->shares[2]->fen, 500);
    assert_ok(confirm(settlement->settlement_id));
    assert_clean();
}

static void what_is_undone_is_not_owed_and_taken_back_when_it_was_settled(void **state)
{
    int64_t sales[3], first, second;
    const Coupon__Settlement *settlement;

    (void)state;
    open_paid(0);
    sales[0] = spend_one("purchase-1", the_release, MEMBER);
    sales[1] = spend_one("purchase-2", the_release, MEMBER + 1);
    sales[2] = spend_one("purchase-3", the_release, MEMBER + 2);
    assert_ok(reverse_sale(sales[0])); /* before it is settled: nobody owes it */
    first = prepare()->settlement_id;
    assert_int_equal(get_settlement(first)->n_lines, 2);
    assert_ok(reverse_sale(sales[1])); /* meanwhile */
    assert_refused(confirm(first), "REDEMPTIONS_CHANGED");
    assert_ok(reject(first));
    assert_int_equal(get_settlement(first)->n_lines, 0);
    first = prepare()->settlement_id;
    assert_int_equal(get_settlement(first)->total_fen, 500);
    assert_ok(confirm(first));
    assert_money(the_fund, 9 * COST, COST - 500, 500);
    assert_ok(reverse_sale(sales[2])); /* afterwards */
    assert_clean();
    spend_one("purchase-4", the_release, MEMBER + 3);
    settlement = prepare();
    second = settlement->settlement_id;
    assert_int_equal(settlement->n_lines, 2);
    assert_int_equal(settlement->total_fen, 0);
    assert_int_equal(lines_of(second)->lines[0]->kind, SETTLEMENT__LINE_KIND__CORRECTION);
    assert_int_equal(lines_of(second)->lines[0]->sale_id, sales[2]);
    assert_int_equal(lines_of(second)->lines[0]->fen, -500);
    assert_int_equal(lines_of(second)->lines[0]->discount_fen, -500);
    assert_ok(confirm(second));
    assert_money(the_fund, 9 * COST, COST - 500, 500);
    assert_refused(prepare_days(DAY, DAY, finance(901)), "NOTHING_REDEEMED");
    assert_clean();
}

/* A coupon that was spent, and was so no more, and was spent elsewhere: each purchase for itself. */
static void a_coupon_that_is_spent_anew_is_owed_anew(void **state)
{
    Coupon__CreateSaleRequest request;
    int64_t sale_id;

    (void)state;
    open_paid(0);
    sale_id = spend_one("purchase-1", the_release, MEMBER);
    assert_ok(confirm(prepare()->settlement_id));
    assert_ok(reverse_sale(sale_id));
    request = sale_of("purchase-2", shown_by(MEMBER), 1000);
    request.at_once = true;
    assert_ok(send_sale(&request));
    assert_int_equal(prepare()->n_lines, 2);
    assert_int_equal(prepare()->total_fen, 0);
    assert_ok(confirm(prepare()->settlement_id));
    assert_money(the_fund, 9 * COST, COST - 500, 500);
    assert_clean();
}

static const Coupon__DueMonths *due_at(int64_t merchant_id, const Rpc__Principal *who)
{
    Coupon__SettledMerchantRequest request = COUPON__SETTLED_MERCHANT_REQUEST__INIT;

    request.merchant_id = merchant_id;
    return harness_output(&h, harness_call(&h, "Statements.GetDueMonths", &request.base, who, NULL),
                          &coupon__due_months__descriptor);
}

static void a_statement_has_what_was_spent_on_its_days(void **state)
{
    const Coupon__DueMonths *due;
    int64_t release_id, first;

    (void)state;
    open_paid(0);
    spend_one("purchase-1", the_release, MEMBER);
    clock_step(&h.service.clock, 31 * COUPON_DAY_MS - 9 * HOUR_MS);
    assert_refused(prepare_days(DAY, DAY - 1, finance(901)), "SETTLEMENT_DAYS_WRONG");
    assert_refused(prepare_days(20260132, 20260132, finance(901)), "SETTLEMENT_DAYS_WRONG");
    assert_refused(prepare_days(DAY, 20260201, finance(901)), "SETTLEMENT_DAYS_WRONG"); /* is yet to come */
    release_id = a_release(100, 0, NULL);
    clock_step(&h.service.clock, 1);
    spend_one("purchase-2", release_id, MEMBER + 2);
    due = due_at(the_merchant, finance(901));
    assert_int_equal(due->n_months, 1);
    assert_int_equal(due->months[0]->n, 2);
    assert_int_equal(due->months[0]->fen, 600);
    assert_int_equal(due->months[0]->from_day, 20260101);
    assert_int_equal(due->months[0]->until_day, 20260131);
    assert_int_equal(settlement_in(prepare_days(DAY, 20260130, finance(901)))->total_fen, 500);
    /* Two periods are open at once, and have nothing in common. */
    first = settlement_in(prepare_days(DAY, 20260131, finance(901)))->settlement_id;
    assert_int_equal(get_settlement(first)->total_fen, 100);
    assert_ok(confirm(first));
    assert_int_equal(due_at(the_merchant, finance(901))->n_months, 0);
    assert_clean();
}

static const Rpc__Answer *list_of_union(const char *path, const Rpc__Principal *who)
{
    Coupon__ListUnionSettlementsRequest request = COUPON__LIST_UNION_SETTLEMENTS_REQUEST__INIT;

    request.union_id = a_union(&h, path);
    return harness_call(&h, "Statements.ListUnionSettlements", &request.base, who, NULL);
}

static void two_officials_settle_who_keeps_the_merchant_reads(void **state)
{
    Coupon__ListSettlementsRequest request = COUPON__LIST_SETTLEMENTS_REQUEST__INIT;
    const Coupon__SettlementList *list;
    int64_t id;

    (void)state;
    open_paid(0);
    spend_one("purchase-1", the_release, MEMBER);
    assert_refused(prepare_days(DAY, DAY, harness_official(&h, 901, RULE__ROLE__FINANCE, "0002")),
                   "OUTSIDE_YOUR_UNION");
    assert_refused(prepare_days(DAY, DAY, keeper()), "NOT_OFFICIAL");
    assert_refused(prepare_days(DAY, DAY, finance(KEEPER)), "OWN_MERCHANT");
    id = prepare()->settlement_id;
    assert_refused(on_settlement("Statements.ConfirmSettlement", id, finance(901)), "HANDS_SAME");
    assert_refused(on_settlement("Statements.ConfirmSettlement", id, finance(KEEPER)), "OWN_MERCHANT");
    assert_refused(confirm(id + 1), "SETTLEMENT_NOT_FOUND");
    assert_refused(on_settlement("Statements.GetSettlement", id, cashier()), "NOT_YOUR_MERCHANT");
    assert_int_equal(settlement_in(on_settlement("Statements.GetSettlement", id, keeper()))->total_fen, 500);
    request.merchant_id = the_merchant;
    list = harness_output(&h, harness_call(&h, "Statements.ListSettlements", &request.base, keeper(), NULL),
                          &coupon__settlement_list__descriptor);
    assert_int_equal(list->n_settlements, 1);
    assert_refused(list_of_union(UNION, harness_official(&h, 901, RULE__ROLE__FINANCE, TOWN)), "OUTSIDE_YOUR_UNION");
    list = harness_output(&h, list_of_union(UNION, finance(902)), &coupon__settlement_list__descriptor);
    assert_int_equal(list->n_settlements, 1);
    assert_int_equal(list->settlements[0]->settlement_id, id);
    a_union(&h, "00010003");
    list = harness_output(&h, list_of_union("00010003", finance(902)), &coupon__settlement_list__descriptor);
    assert_int_equal(list->n_settlements, 0);
}

/* ---- their own file ---- */

static const char *csv_of(int64_t settlement_id)
{
    Settlement__ExportSettlementRequest request = SETTLEMENT__EXPORT_SETTLEMENT_REQUEST__INIT;
    const Rpc__Part *part;

    request.settlement_id = settlement_id;
    part = harness_output(&h, harness_call(&h, "Statements.ExportSettlement", &request.base, keeper(), NULL),
                          &rpc__part__descriptor);
    return arena_strndup(&h.arena, (const char *)part->body.data, part->body.len);
}

static void a_statement_is_exported_line_by_line(void **state)
{
    const Coupon__SettlementLine *line;
    const char *csv;
    int64_t id;

    (void)state;
    open_paid(40);
    spend_one("purchase-1", the_release, MEMBER);
    id = prepare()->settlement_id;
    line = lines_of(id)->lines[0];
    csv = csv_of(id);
    assert_non_null(strstr(csv, "\xef\xbb\xbf结算单号,行号,核销号,"));
    assert_non_null(strstr(csv, arena_printf(&h.arena, "\r\n%lld,1,%lld,核销,3.00,%lld,", (long long)id,
                                             (long long)line->redemption_id, (long long)line->seq)));
    assert_non_null(
        strstr(csv, arena_printf(&h.arena, ",%d,%lld,%lld,%lld,5.00,2.00,银行资金,%lld\r\n", DAY, (long long)the_branch,
                                 (long long)line->sale_id, (long long)the_release, (long long)the_fund)));
    assert_null(strstr(csv, "会员"));
}

static void a_merchants_own_file_is_compared_line_by_line(void **state)
{
    Settlement__ReconcileSettlementRequest request = SETTLEMENT__RECONCILE_SETTLEMENT_REQUEST__INIT;
    const Settlement__Reconciliation *found;
    const Coupon__SettlementLineList *list;

    (void)state;
    open_paid(0);
    for (int i = 0; i < 3; i++)
        spend_one(arena_printf(&h.arena, "purchase-%d", i), the_release, MEMBER + i);
    request.settlement_id = prepare()->settlement_id;
    list = lines_of(request.settlement_id);
    request.csv = arena_printf(&h.arena, "核销号,金额\n%lld,5.00\n%lld,6\n77,1.5\n",
                               (long long)list->lines[0]->redemption_id, (long long)list->lines[1]->redemption_id);
    found = harness_output(&h, harness_call(&h, "Statements.ReconcileSettlement", &request.base, keeper(), NULL),
                           &settlement__reconciliation__descriptor);
    assert_int_equal(found->same, 1);
    assert_int_equal(found->ours_fen, 1500);
    assert_int_equal(found->theirs_fen, 1250);
    assert_int_equal(found->n_differences, 3);
    assert_int_equal(found->differences[0]->kind, SETTLEMENT__DIFFERENCE_KIND__ONLY_THEIRS);
    assert_int_equal(found->differences[0]->thing_id, 77);
    assert_int_equal(found->differences[1]->kind, SETTLEMENT__DIFFERENCE_KIND__OTHER_AMOUNT);
    assert_int_equal(found->differences[1]->theirs_fen, 600);
    assert_int_equal(found->differences[2]->kind, SETTLEMENT__DIFFERENCE_KIND__ONLY_OURS);
    assert_int_equal(found->differences[2]->thing_id, list->lines[2]->redemption_id);
    request.csv = unconst("核销号,金额\n12,5.00\nabc,6\n");
    assert_refused(harness_call(&h, "Statements.ReconcileSettlement", &request.base, keeper(), NULL),
                   "FILE_LINE_WRONG");
}

/* ---- paying ---- */

static const Rpc__Answer *propose_payee(const Rpc__Principal *who)
{
    Coupon__ProposePayeeRequest request = COUPON__PROPOSE_PAYEE_REQUEST__INIT;

    request.merchant_id = the_merchant;
    request.name = unconst("好味餐饮有限公司");
    request.bank = unconst("佛山农商银行");
    request.number = unconst(NUMBER);
    return harness_call(&h, "Remittances.ProposePayee", &request.base, who, NULL);
}

static const Rpc__Answer *confirm_payee(int64_t payee_account_id, const Rpc__Principal *who)
{
    Settlement__PayeeRequest request = SETTLEMENT__PAYEE_REQUEST__INIT;

    request.payee_account_id = payee_account_id;
    return harness_call(&h, "Remittances.ConfirmPayee", &request.base, who, NULL);
}

static void an_account(void)
{
    const Settlement__Payee *payee = harness_output(&h, propose_payee(finance(901)), &settlement__payee__descriptor);
    Coupon__SettledMerchantRequest request = COUPON__SETTLED_MERCHANT_REQUEST__INIT;
    const Settlement__Payees *payees;

    assert_int_equal(payee->payee_id, the_merchant);
    assert_refused(propose_payee(finance(KEEPER)), "OWN_MERCHANT");
    assert_refused(confirm_payee(payee->payee_account_id, finance(901)), "HANDS_SAME");
    assert_refused(confirm_payee(payee->payee_account_id, finance(KEEPER)), "OWN_MERCHANT");
    assert_ok(confirm_payee(payee->payee_account_id, finance(902)));
    request.merchant_id = the_merchant;
    payees = harness_output(&h, harness_call(&h, "Remittances.GetPayees", &request.base, finance(902), NULL),
                            &settlement__payees__descriptor);
    assert_string_equal(payees->in_force->number, NUMBER);
    assert_null(payees->waits);
    assert_false(scan_text(&h, NUMBER));
}

static const Rpc__Answer *enter_invoice(int64_t settlement_id, int64_t fen)
{
    Settlement__EnterInvoiceRequest request = SETTLEMENT__ENTER_INVOICE_REQUEST__INIT;
    static unsigned n;

    request.settlement_id = settlement_id;
    request.number = arena_printf(&h.arena, "%08u", ++n);
    request.title = unconst("佛山市禅城区总工会");
    request.fen = fen;
    return harness_call(&h, "Remittances.EnterInvoice", &request.base, finance(901),
                        arena_printf(&h.arena, "invoice-%u", n));
}

static const Rpc__Answer *offer_invoice(int64_t settlement_id, int64_t fen, const Rpc__Principal *who)
{
    Settlement__EnterInvoiceRequest request = SETTLEMENT__ENTER_INVOICE_REQUEST__INIT;
    static unsigned n = 5000;

    request.settlement_id = settlement_id;
    request.number = arena_printf(&h.arena, "%08u", ++n);
    request.title = unconst("佛山市禅城区总工会");
    request.fen = fen;
    return harness_call(&h, "Remittances.OfferInvoice", &request.base, who, arena_printf(&h.arena, "offer-%u", n));
}

static const Rpc__Answer *on_invoice(const char *method, int64_t invoice_id, const Rpc__Principal *who)
{
    Settlement__InvoiceRequest request = SETTLEMENT__INVOICE_REQUEST__INIT;

    request.invoice_id = invoice_id;
    return harness_call(&h, method, &request.base, who, NULL);
}

static int64_t invoice_of(const Rpc__Answer *answer)
{
    return ((const Settlement__Invoice *)harness_output(&h, answer, &settlement__invoice__descriptor))->invoice_id;
}

static const Rpc__Answer *pay(int64_t settlement_id, const char *reference)
{
    Settlement__PaySettlementRequest request = SETTLEMENT__PAY_SETTLEMENT_REQUEST__INIT;

    request.settlement_id = settlement_id;
    request.reference = unconst(reference);
    request.paid_at = clock_now(&h.service.clock);
    return harness_call(&h, "Remittances.PaySettlement", &request.base, finance(901), NULL);
}

static void a_settlement_is_paid_once_to_the_merchants_account(void **state)
{
    int64_t id;

    (void)state;
    open_paid(0);
    spend_one("purchase-1", the_release, MEMBER);
    id = prepare()->settlement_id;
    assert_refused(enter_invoice(id, 500), "NOT_CONFIRMED_YET");
    assert_ok(confirm(id));
    assert_ok(enter_invoice(id, 500));
    assert_refused(pay(id, REFERENCE), "PAYEE_MISSING");
    an_account();
    assert_int_equal(get_settlement(id)->paid_at, 0);
    assert_ok(pay(id, REFERENCE));
    assert_ok(pay(id, REFERENCE));
    assert_refused(pay(id, "CCB20260301-000002"), "PAID_ALREADY");
    assert_int_equal(get_settlement(id)->paid_at, OPENS);
    assert_ok(on_settlement("Remittances.ReturnPayment", id, finance(901)));
    assert_int_equal(get_settlement(id)->paid_at, 0);
    assert_refused(pay(id, REFERENCE), "BANK_REFERENCE_USED");
    assert_ok(pay(id, "CCB20260301-000002"));
    assert_ok(on_settlement("Remittances.GetPayment", id, keeper()));
    assert_clean();
}

/* How many invoices wait for finance in a union. */
static size_t offered_in(const char *path)
{
    Coupon__ListUnionInvoicesRequest request = COUPON__LIST_UNION_INVOICES_REQUEST__INIT;
    Settlement__InvoiceState offered = SETTLEMENT__INVOICE_STATE__INVOICE_OFFERED;
    const Settlement__InvoiceList *list;

    request.union_id = a_union(&h, path);
    request.state = &offered;
    request.n_state = 1;
    list = harness_output(&h,
                          harness_call(&h, "Remittances.ListUnionInvoices", &request.base,
                                       harness_official(&h, 901, RULE__ROLE__FINANCE, path), NULL),
                          &settlement__invoice_list__descriptor);
    for (size_t i = 0; i < list->n_invoices; i++)
        assert_int_equal(list->invoices[i]->state, offered);
    assert_refused_at(harness_call(&h, "Remittances.ListUnionInvoices", &request.base,
                                   harness_official(&h, 901, RULE__ROLE__FINANCE, "0009"), NULL),
                      "OUTSIDE_YOUR_UNION", "unionId");
    return list->n_invoices;
}

/* Who keeps the merchant enters its invoice; it is paid for when one of finance has accepted it. */
static void a_merchant_enters_its_own_invoice(void **state)
{
    int64_t id, first, second;

    (void)state;
    open_paid(0);
    spend_one("purchase-1", the_release, MEMBER);
    an_account();
    id = prepare()->settlement_id;
    assert_refused(offer_invoice(id, 500, keeper()), "NOT_CONFIRMED_YET");
    assert_ok(confirm(id));
    assert_refused(offer_invoice(id, 500, harness_member(&h, MEMBER, TOWN)), "NOT_YOUR_MERCHANT");
    assert_refused(offer_invoice(id, 500, manager_of(UNION)), "NOT_YOUR_MERCHANT");
    assert_refused(offer_invoice(id + 1, 500, keeper()), "SETTLEMENT_NOT_FOUND");
    assert_refused(offer_invoice(id, 501, keeper()), "INVOICE_ABOVE_TOTAL");
    assert_int_equal(offered_in(UNION), 0);
    first = invoice_of(offer_invoice(id, 500, keeper()));
    assert_int_equal(offered_in(UNION), 1);
    assert_int_equal(offered_in("0002"), 0);
    assert_refused(pay(id, REFERENCE), "INVOICES_MISSING");
    assert_refused(on_invoice("Remittances.WithdrawInvoice", first, harness_member(&h, MEMBER, TOWN)),
                   "NOT_YOUR_MERCHANT");
    for (int again = 0; again < 2; again++)
        assert_ok(on_invoice("Remittances.WithdrawInvoice", first, keeper()));
    assert_refused(on_invoice("Remittances.AcceptInvoice", first, finance(901)), "INVOICE_IS_VOID");
    assert_int_equal(offered_in(UNION), 0);
    second = invoice_of(offer_invoice(id, 500, keeper()));
    assert_refused(on_invoice("Remittances.AcceptInvoice", second, keeper()), "NOT_OFFICIAL");
    assert_refused(on_invoice("Remittances.AcceptInvoice", second, finance(KEEPER)), "OWN_MERCHANT");
    assert_refused(on_invoice("Remittances.AcceptInvoice", second + 1, finance(901)), "INVOICE_NOT_FOUND");
    assert_int_equal(offered_in(UNION), 1);
    assert_ok(on_invoice("Remittances.AcceptInvoice", second, finance(901)));
    assert_int_equal(offered_in(UNION), 0);
    assert_refused(on_invoice("Remittances.WithdrawInvoice", second, keeper()), "INVOICE_ACCEPTED");
    assert_ok(pay(id, REFERENCE));
    assert_refused(offer_invoice(id, 1, keeper()), "PAID_ALREADY");
    assert_clean();
}

/* What was entered wrongly counts no more, and an account that is refused is paid nothing. */
static void a_void_invoice_counts_no_more_and_a_refused_account_is_none(void **state)
{
    Settlement__InvoiceRequest invoice = SETTLEMENT__INVOICE_REQUEST__INIT;
    Settlement__PayeeRequest refused = SETTLEMENT__PAYEE_REQUEST__INIT;
    int64_t id;

    (void)state;
    open_paid(0);
    spend_one("purchase-1", the_release, MEMBER);
    id = prepare()->settlement_id;
    assert_ok(confirm(id));
    invoice.invoice_id =
        ((const Settlement__Invoice *)harness_output(&h, enter_invoice(id, 400), &settlement__invoice__descriptor))
            ->invoice_id;
    assert_ok(harness_call(&h, "Remittances.VoidInvoice", &invoice.base, finance(901), NULL));
    assert_ok(enter_invoice(id, 500));
    refused.payee_account_id =
        ((const Settlement__Payee *)harness_output(&h, propose_payee(finance(901)), &settlement__payee__descriptor))
            ->payee_account_id;
    assert_ok(harness_call(&h, "Remittances.RefusePayee", &refused.base, finance(902), NULL));
    assert_refused(confirm_payee(refused.payee_account_id, finance(902)), "PAYEE_DECIDED");
    assert_refused(pay(id, REFERENCE), "PAYEE_MISSING");
    an_account();
    assert_ok(pay(id, REFERENCE));
    assert_clean();
}

/* ---- stores of before ---- */

/* As a program without settlement has left it. */
static void what_was_spent_before_there_was_settlement_is_settled_and_counted(void **state)
{
    static const char *const before[] = {
        "CREATE INDEX redemption_sale ON redemption (sale_id, redemption_id)",
        "CREATE INDEX redemption_release ON redemption (release_id) WHERE state = 2",
        "DROP INDEX redemption_live",
        "DROP INDEX redemption_undone_of",
        "CREATE UNIQUE INDEX redemption_coupon ON redemption (coupon_id) WHERE state IN (1, 2)",
        "CREATE INDEX redemption_member ON redemption (member_id, redemption_id)",
        "DROP INDEX redemption_due",
        "DROP INDEX redemption_undone",
        "ALTER TABLE redemption DROP COLUMN merchant_id",
        "ALTER TABLE redemption DROP COLUMN at",
        "ALTER TABLE redemption DROP COLUMN settled",
        "DELETE FROM number WHERE what = -2",
        "UPDATE part_version SET steps = 2 WHERE name = 'sales'",
        "UPDATE part_version SET steps = 1 WHERE name = 'numbers'",
    };

    (void)state;
    open_paid(0);
    assert_ok(reverse_sale(spend_one("purchase-1", the_release, MEMBER)));
    spend_one("purchase-2", the_release, MEMBER + 1);
    for (size_t i = 0; i < ARRAY_LEN(before); i++)
        harness_tamper(&h, before[i]);
    harness_reopen(&h);
    assert_clean();
    assert_int_equal(prepare()->n_lines, 1);
    assert_int_equal(prepare()->total_fen, 500);
    assert_ok(confirm(prepare()->settlement_id));
    assert_clean();
}

/* ---- the audit ---- */

static void the_audit_finds_what_is_settled_wrongly(void **state)
{
    static const char *const kept[] = {"redemption", "statement_line", "settlement_period", "number", "account"};
    static const char *const wrongs[][2] = {
        {"UPDATE redemption SET settled = 0", ": is settled otherwise than its lines say"},
        {"UPDATE redemption SET union_fen = 400", ": is settled for another amount than the union bears"},
        {"UPDATE redemption SET at = at + 1", ": was at another place or time than its purchase"},
        {"UPDATE settlement_period SET until_day = 20260102", ""},
        {"UPDATE number SET n = 2 WHERE what = -2", ": has another number of coupons that are spent"},
    };

    (void)state;
    open_paid(0);
    spend_one("purchase-1", the_release, MEMBER);
    assert_ok(confirm(prepare()->settlement_id));
    assert_clean();
    assert_int_equal(spend_fen(the_release, 1), 0);
    assert_non_null(strstr(harness_audit(&h), ": its fund has not spent what its settlements come to"));
    assert_int_equal(spend_fen(the_release, -1), 0);
    for (size_t k = 0; k < ARRAY_LEN(kept); k++)
        harness_tamper(&h, arena_printf(&h.arena, "CREATE TABLE kept_%s AS SELECT * FROM %s", kept[k], kept[k]));
    for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
        const char *found;

        harness_tamper(&h, wrongs[i][0]);
        found = harness_audit(&h);
        if (*found == '\0' || !strstr(found, wrongs[i][1]))
            fail_msg("%s: %s", wrongs[i][0], found);
        for (size_t k = 0; k < ARRAY_LEN(kept); k++)
            harness_tamper(&h,
                           arena_printf(&h.arena, "INSERT OR REPLACE INTO %s SELECT * FROM kept_%s", kept[k], kept[k]));
    }
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_spent_is_settled_once_as_whose_money_it_is),
        TEST(releases_of_several_funds_and_of_none_are_told_apart),
        TEST(what_is_undone_is_not_owed_and_taken_back_when_it_was_settled),
        TEST(a_coupon_that_is_spent_anew_is_owed_anew),
        TEST(a_statement_has_what_was_spent_on_its_days),
        TEST(two_officials_settle_who_keeps_the_merchant_reads),
        TEST(a_statement_is_exported_line_by_line),
        TEST(a_merchants_own_file_is_compared_line_by_line),
        TEST(a_settlement_is_paid_once_to_the_merchants_account),
        TEST(a_merchant_enters_its_own_invoice),
        TEST(a_void_invoice_counts_no_more_and_a_refused_account_is_none),
        TEST(what_was_spent_before_there_was_settlement_is_settled_and_counted),
        TEST(the_audit_finds_what_is_settled_wrongly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
