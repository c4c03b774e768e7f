/* How a site is paid what a settlement says. */
#include "services/health/report/report_fixture.h"
#include "services/health/settlement/settlements.h"
#include "tests/scan.h"

#define PRICE     11600
#define NUMBER    "6222021234567890123"
#define REFERENCE "CCB20260301-000001"

static struct harness h;
static int64_t bookings[3];

static int setup(void **state)
{
    *state = &h;
    begin_campaign(&h);
    return 0;
}

static const Rpc__Answer *propose(const Rpc__Principal *who, const char *number)
{
    Health__ProposePayeeRequest request = HEALTH__PROPOSE_PAYEE_REQUEST__INIT;

    request.site_id = the_site;
    request.name = "禅城体检中心";
    request.bank = "佛山农商银行";
    request.number = unconst(number);
    return harness_call(&h, "Payments.ProposePayee", &request.base, who, NULL);
}

static Settlement__Payee *payee_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &settlement__payee__descriptor);
}

static const Rpc__Answer *on_payee(const char *method, int64_t payee_account_id, const Rpc__Principal *who)
{
    Settlement__PayeeRequest request = SETTLEMENT__PAYEE_REQUEST__INIT;

    request.payee_account_id = payee_account_id;
    return harness_call(&h, method, &request.base, who, NULL);
}

static Settlement__Payees *payees(void)
{
    Health__GetPayeesRequest request = HEALTH__GET_PAYEES_REQUEST__INIT;

    request.site_id = the_site;
    return harness_output(&h, harness_call(&h, "Payments.GetPayees", &request.base, finance(&h, 701), NULL),
                          &settlement__payees__descriptor);
}

static const Rpc__Answer *invoice(int64_t settlement_id, const char *number, int64_t fen)
{
    Settlement__EnterInvoiceRequest request = SETTLEMENT__ENTER_INVOICE_REQUEST__INIT;

    request.settlement_id = settlement_id;
    request.number = unconst(number);
    request.title = "佛山市禅城区总工会";
    request.fen = fen;
    return call_once(&h, "Payments.EnterInvoice", &request.base, finance(&h, 701));
}

static const Rpc__Answer *pay(int64_t settlement_id, const char *reference)
{
    Settlement__PaySettlementRequest request = SETTLEMENT__PAY_SETTLEMENT_REQUEST__INIT;

    request.settlement_id = settlement_id;
    request.reference = unconst(reference);
    request.paid_at = now_of(&h);
    return harness_call(&h, "Payments.PaySettlement", &request.base, finance(&h, 701), NULL);
}

static Settlement__Payment *payment_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &settlement__payment__descriptor);
}

static Settlement__Invoice *invoice_in(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &settlement__invoice__descriptor);
}

/* Of two bookings, confirmed. */
static int64_t a_settlement(void)
{
    int64_t id;

    for (int i = 0; i < 2; i++)
        bookings[i] = booking_of(&h, i + 1, true);
    id = settlement_of(&h, prepare(&h, finance(&h, 701)))->settlement_id;
    assert_ok(confirm(&h, id, finance(&h, 702)));
    return id;
}

static void two_officials_put_a_sites_account_on_record(void **state)
{
    Settlement__Payee *payee = payee_in(propose(finance(&h, 701), NUMBER));

    (void)state;
    assert_int_equal(payee->state, SETTLEMENT__PAYEE_STATE__PAYEE_WAITS);
    assert_int_equal(payee_in(propose(finance(&h, 701), NUMBER))->payee_account_id, payee->payee_account_id);
    assert_refused(propose(finance(&h, 701), "12ab5678"), "PAYEE_NUMBER_WRONG");
    assert_refused(propose(harness_official(&h, 701, RULE__ROLE__FINANCE, TOWN), NUMBER), "OUTSIDE_YOUR_UNION");
    assert_refused(on_payee("Payments.ConfirmPayee", payee->payee_account_id, finance(&h, 701)), "HANDS_SAME");
    assert_refused(on_payee("Payments.ConfirmPayee", payee->payee_account_id + 1, finance(&h, 702)), "PAYEE_NOT_FOUND");
    assert_ok(on_payee("Payments.ConfirmPayee", payee->payee_account_id, finance(&h, 702)));
    payee = payee_in(propose(finance(&h, 701), "12345678"));
    assert_string_equal(payees()->in_force->number, NUMBER);
    assert_string_equal(payees()->waits->number, "12345678");
    assert_ok(on_payee("Payments.RefusePayee", payee->payee_account_id, finance(&h, 702)));
    assert_string_equal(payees()->in_force->number, NUMBER);
    assert_null(payees()->waits);
    assert_false(scan_text(&h, NUMBER));
    assert_false(scan_text(&h, "12345678"));
}

static void a_settlement_is_paid_once_for_its_invoices(void **state)
{
    int64_t id = a_settlement();
    Settlement__SettlementRequest request = SETTLEMENT__SETTLEMENT_REQUEST__INIT;
    Settlement__InvoiceRequest which = SETTLEMENT__INVOICE_REQUEST__INIT;
    Settlement__ListInvoicesRequest list = SETTLEMENT__LIST_INVOICES_REQUEST__INIT;
    Settlement__Payment *payment;

    (void)state;
    request.settlement_id = list.settlement_id = id;
    assert_refused(pay(id, REFERENCE), "INVOICES_MISSING");
    assert_refused(invoice(id, "12345678", 2 * PRICE + 1), "INVOICE_ABOVE_TOTAL");
    which.invoice_id = invoice_in(invoice(id, "12345678", PRICE))->invoice_id;
    assert_refused(invoice(id, "12345678", PRICE), "INVOICE_USED");
    assert_ok(harness_call(&h, "Payments.VoidInvoice", &which.base, finance(&h, 702), NULL));
    assert_ok(invoice(id, "12345678", 2 * PRICE));
    assert_int_equal(((Settlement__InvoiceList *)harness_output(
                          &h, harness_call(&h, "Payments.ListInvoices", &list.base, finance(&h, 701), NULL),
                          &settlement__invoice_list__descriptor))
                         ->n_invoices,
                     2);
    assert_refused(pay(id, REFERENCE), "PAYEE_MISSING");
    assert_ok(on_payee("Payments.ConfirmPayee", payee_in(propose(finance(&h, 701), NUMBER))->payee_account_id,
                       finance(&h, 702)));
    payment = payment_in(pay(id, REFERENCE));
    assert_int_equal(payment->fen, 2 * PRICE);
    assert_int_equal(payment_in(pay(id, REFERENCE))->payment_id, payment->payment_id);
    assert_refused(pay(id, "another"), "PAID_ALREADY");
    assert_ok(harness_call(&h, "Payments.ReturnPayment", &request.base, finance(&h, 701), NULL));
    assert_refused(harness_call(&h, "Payments.ReturnPayment", &request.base, finance(&h, 701), NULL), "NOT_PAID_YET");
    assert_refused(pay(id, REFERENCE), "BANK_REFERENCE_USED");
    assert_ok(pay(id, "another"));
    harness_reopen(&h);
    payment = payment_in(harness_call(&h, "Payments.GetPayment", &request.base, finance(&h, 701), NULL));
    assert_string_equal(payment->reference, "another");
    assert_int_equal(payment->state, SETTLEMENT__PAYMENT_STATE__PAYMENT_MADE);
}

static void a_sites_own_file_is_compared(void **state)
{
    Settlement__ReconcileSettlementRequest request = SETTLEMENT__RECONCILE_SETTLEMENT_REQUEST__INIT;
    const Settlement__Reconciliation *found;
    const Rpc__Answer *answer;

    (void)state;
    request.settlement_id = a_settlement();
    request.csv = arena_printf(&h.arena, "预约号,金额\r\n%lld,116.00\r\n77,116\r\n", (long long)bookings[0]);
    found = harness_output(&h, harness_call(&h, "Payments.ReconcileSettlement", &request.base, finance(&h, 701), NULL),
                           &settlement__reconciliation__descriptor);
    assert_int_equal(found->same, 1);
    assert_int_equal(found->n_differences, 2);
    assert_int_equal(found->differences[0]->kind, SETTLEMENT__DIFFERENCE_KIND__ONLY_THEIRS);
    assert_int_equal(found->differences[0]->thing_id, 77);
    assert_int_equal(found->differences[1]->kind, SETTLEMENT__DIFFERENCE_KIND__ONLY_OURS);
    assert_int_equal(found->differences[1]->thing_id, bookings[1]);
    assert_int_equal(found->differences[1]->ours_fen, PRICE);
    request.csv = arena_printf(&h.arena, "预约号,金额\n1,116元\n");
    answer = harness_call(&h, "Payments.ReconcileSettlement", &request.base, finance(&h, 701), NULL);
    assert_refused(answer, "FILE_LINE_WRONG");
    assert_string_equal(answer->field, "csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_officials_put_a_sites_account_on_record),
        TEST(a_settlement_is_paid_once_for_its_invoices),
        TEST(a_sites_own_file_is_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
