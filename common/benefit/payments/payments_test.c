/* To which account a market's merchants are paid, their invoices, and what was paid. */
#include "common/benefit/settlement/settlement_fixture.h"
#include "tests/scan.h"

#define NUMBER  "6222021234567890123"
#define INVOICE "24442000000123456789"
#define TITLE   "佛山市总工会"

static struct payee payee;

static int propose(void *call, void *arg)
{
    Settlement__PayeeAccount account = SETTLEMENT__PAYEE_ACCOUNT__INIT;

    account.name = "张记食堂";
    account.bank = "佛山农商银行";
    account.number = arg;
    return payee_propose(&market()->payees, MERCHANT, &account, market_offices, PATH, call, &payee);
}

static int approve(void *call, void *arg)
{
    return payee_decide(&market()->payees, true, market_offices, PATH, call, arg);
}

static int refuse(void *call, void *arg)
{
    return payee_decide(&market()->payees, false, market_offices, PATH, call, arg);
}

static void has_account(const char *number)
{
    assert_int_equal(act(finance(1), propose, unconst(number)), 0);
    assert_int_equal(act(finance(2), approve, &payee), 0);
}

static const char *number_in(int state)
{
    const Settlement__PayeeAccount *account;

    if (!payees_find_of(&market()->payees, MERCHANT, state, &payee))
        return "";
    account = payee_open(&market()->payees, &payee, &h.arena);
    assert_non_null(account);
    return account->number;
}

#define IN_FORCE number_in(SETTLEMENT__PAYEE_STATE__PAYEE_IN_FORCE)
#define WAITS    number_in(SETTLEMENT__PAYEE_STATE__PAYEE_WAITS)

static void an_account_takes_two_hands(void **state)
{
    struct payee old;

    (void)state;
    assert_int_equal(act(finance(1), propose, NUMBER), 0);
    assert_string_equal(IN_FORCE, "");
    assert_string_equal(WAITS, NUMBER);
    assert_int_equal(act(finance(1), approve, &payee), HANDS__REASON__HANDS_SAME);
    assert_string_equal(IN_FORCE, "");
    harness_reopen(&h);
    assert_string_equal(WAITS, NUMBER);
    assert_int_equal(act(finance(2), approve, &payee), 0);
    assert_string_equal(IN_FORCE, NUMBER);
    assert_int_equal(act(finance(2), approve, &payee), SETTLEMENT__REASON__PAYEE_DECIDED);
    /* Another one takes its place when it is confirmed, not before. */
    old = payee;
    assert_int_equal(act(finance(2), propose, "12345678"), 0);
    assert_string_equal(IN_FORCE, NUMBER);
    assert_string_equal(WAITS, "12345678");
    assert_int_equal(act(finance(2), approve, &payee), HANDS__REASON__HANDS_SAME);
    assert_int_equal(act(finance(1), approve, &payee), 0);
    assert_string_equal(IN_FORCE, "12345678");
    assert_true(payees_find(&market()->payees, old.id, &old));
    assert_int_equal(old.state, SETTLEMENT__PAYEE_STATE__PAYEE_ENDED);
}

static void one_that_waits_is_refused_or_replaced(void **state)
{
    struct payee first;

    (void)state;
    has_account(NUMBER);
    assert_int_equal(act(finance(1), propose, "11111111"), 0);
    first = payee;
    assert_int_equal(act(finance(3), propose, "22222222"), 0);
    assert_int_equal(act(finance(2), approve, &first), HANDS__REASON__HANDS_OVER);
    assert_true(payees_find(&market()->payees, first.id, &first));
    assert_int_equal(act(finance(2), approve, &first), SETTLEMENT__REASON__PAYEE_DECIDED);
    assert_int_equal(act(finance(2), refuse, &payee), 0);
    assert_string_equal(WAITS, "");
    assert_string_equal(IN_FORCE, NUMBER);
}

static void a_number_that_is_none_is_refused(void **state)
{
    static const char *const none[] = {"", "1234567", "123456789012345678901234567890123", "6222 0212 3456",
                                       "62220212345678901x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_int_equal(act(finance(1), propose, unconst(none[i])), SETTLEMENT__REASON__PAYEE_NUMBER_WRONG);
    assert_string_equal(WAITS, "");
}

/* Neither in the journal nor anywhere in the store's file. */
static void an_account_is_sealed(void **state)
{
    (void)state;
    has_account(NUMBER);
    assert_false(scan_text(&h, NUMBER));
    assert_false(scan_text(&h, "张记食堂"));
}

/* ---- invoices and payments ---- */

struct entry {
    const struct statement *statement;
    const char *number;
    int64_t fen;
};
static struct invoice invoice;
static struct payment payment;

static int enter(void *call, void *arg)
{
    const struct entry *entry = arg;

    return invoice_enter(&market()->payments, entry->statement, entry->number, TITLE, entry->fen, call, &invoice);
}

static int offer(void *call, void *arg)
{
    const struct entry *entry = arg;

    return invoice_offer(&market()->payments, entry->statement, entry->number, TITLE, entry->fen, call, &invoice);
}

static int accept_offer(void *call, void *arg)
{
    return invoice_accept(&market()->payments, arg, call, &invoice);
}

static int take_back(void *call, void *arg)
{
    (void)arg;
    return invoice_void(&market()->payments, call, &invoice);
}

static int invoices(const struct statement *statement, const char *number, int64_t fen)
{
    struct entry entry = {statement, number, fen};

    return act(finance(1), enter, &entry);
}

static const char *reference = "CCB20260301-000001";
static int64_t paid_before_ms;

static int pay(void *call, void *arg)
{
    return payment_make(&market()->payments, arg, reference, rpc_now(call) - paid_before_ms, call, &payment);
}

static int give_back(void *call, void *arg)
{
    return payment_return(&market()->payments, arg, call, &payment);
}

static struct statement a_statement(int64_t fen)
{
    sell(MERCHANT, fen);
    return confirmed(MERCHANT);
}

static void invoices_stand_for_one_statement_and_not_more_than_it_comes_to(void **state)
{
    struct statement waits, first = a_statement(1000), second = a_statement(1000);

    (void)state;
    sell(MERCHANT, 5);
    waits = prepared(MERCHANT);
    assert_int_equal(invoices(&waits, INVOICE, 5), SETTLEMENT__REASON__NOT_CONFIRMED_YET);
    assert_int_equal(invoices(&first, "1234", 5), SETTLEMENT__REASON__INVOICE_NUMBER_WRONG);
    assert_int_equal(invoices(&first, "1234567x", 5), SETTLEMENT__REASON__INVOICE_NUMBER_WRONG);
    assert_int_equal(invoices(&first, INVOICE, 0), RPC__REASON__OUT_OF_RANGE);
    assert_int_equal(invoices(&first, INVOICE, 1001), SETTLEMENT__REASON__INVOICE_ABOVE_TOTAL);
    assert_int_equal(invoices(&first, INVOICE, 600), 0);
    assert_int_equal(invoices(&second, INVOICE, 600), SETTLEMENT__REASON__INVOICE_USED);
    assert_int_equal(invoices(&first, "12345678", 401), SETTLEMENT__REASON__INVOICE_ABOVE_TOTAL);
    assert_int_equal(invoices(&first, "12345678", 400), 0);
    assert_int_equal(invoices_total(&market()->payments, first.id), 1000);
    /* One that was entered wrongly is free again. */
    assert_int_equal(act(finance(1), take_back, NULL), 0);
    assert_int_equal(invoices_total(&market()->payments, first.id), 600);
    assert_int_equal(invoices(&second, "12345678", 400), 0);
    invoices_ask(&market()->payments, first.id, INT64_MAX, 10, -1);
    assert_true(invoices_next(&market()->payments, &invoice));
    assert_string_equal(invoice.title, TITLE);
    assert_int_equal(invoice.state, SETTLEMENT__INVOICE_STATE__INVOICE_VOID);
    assert_true(invoices_next(&market()->payments, &invoice));
    assert_false(invoices_next(&market()->payments, &invoice));
}

static int offered(const struct statement *statement, const char *number, int64_t fen)
{
    struct entry entry = {statement, number, fen};

    return act(finance(9), offer, &entry);
}

/* It neither takes its number from another nor makes the statement payable. */
static void what_the_payee_offers_counts_once_it_is_accepted(void **state)
{
    struct statement first = a_statement(1000), second = a_statement(1000), waits;
    struct invoice hers;

    (void)state;
    has_account(NUMBER);
    sell(MERCHANT, 5);
    waits = prepared(MERCHANT);
    assert_int_equal(offered(&waits, INVOICE, 5), SETTLEMENT__REASON__NOT_CONFIRMED_YET);
    assert_int_equal(offered(&first, "1234", 5), SETTLEMENT__REASON__INVOICE_NUMBER_WRONG);
    assert_int_equal(offered(&first, INVOICE, 1000), 0);
    assert_int_equal(offered(&first, "12345678", 1), SETTLEMENT__REASON__INVOICE_ABOVE_TOTAL);
    hers = invoice;
    assert_int_equal(hers.state, SETTLEMENT__INVOICE_STATE__INVOICE_OFFERED);
    assert_int_equal(invoices_total(&market()->payments, first.id), 0);
    reference = "offered";
    paid_before_ms = 0;
    assert_int_equal(act(finance(1), pay, &first), SETTLEMENT__REASON__INVOICES_MISSING);
    assert_int_equal(invoices(&second, INVOICE, 1000), 0);
    invoice = hers;
    assert_int_equal(act(finance(1), accept_offer, &first), SETTLEMENT__REASON__INVOICE_USED);
    /* The other was entered wrongly. */
    assert_true(invoices_find(&market()->payments, hers.id, &invoice));
    assert_int_equal(invoice.state, SETTLEMENT__INVOICE_STATE__INVOICE_OFFERED);
    invoices_ask(&market()->payments, second.id, INT64_MAX, 1, -1);
    assert_true(invoices_next(&market()->payments, &invoice));
    assert_false(invoices_next(&market()->payments, &invoice));
    assert_int_equal(act(finance(1), take_back, NULL), 0);
    harness_reopen(&h);
    assert_true(invoices_find(&market()->payments, hers.id, &invoice));
    for (int again = 0; again < 2; again++)
        assert_int_equal(act(finance(1), accept_offer, &first), 0);
    assert_int_equal(invoices_total(&market()->payments, first.id), 1000);
    assert_int_equal(act(finance(1), pay, &first), 0);
    assert_int_equal(act(finance(1), take_back, NULL), SETTLEMENT__REASON__PAID_ALREADY);
}

/* What is not accepted is void, and she offers another; not for ever. */
static void an_offer_is_void_and_made_anew(void **state)
{
    struct statement statement = a_statement(1000);

    (void)state;
    for (int i = 0; i < INVOICES_OFFERED_MAX; i++) {
        assert_int_equal(offered(&statement, INVOICE, 1000), 0);
        assert_int_equal(act(finance(1), take_back, NULL), 0);
        assert_int_equal(act(finance(1), accept_offer, &statement), SETTLEMENT__REASON__INVOICE_IS_VOID);
    }
    assert_int_equal(offered(&statement, INVOICE, 1000), SETTLEMENT__REASON__TOO_MANY_INVOICES);
    assert_int_equal(invoices(&statement, INVOICE, 1000), 0);
}

static void a_statement_is_paid_once_with_the_banks_reference(void **state)
{
    struct statement first = a_statement(1000), second = a_statement(500);

    (void)state;
    assert_int_equal(act(finance(1), pay, &first), SETTLEMENT__REASON__INVOICES_MISSING);
    assert_int_equal(invoices(&first, INVOICE, 1000), 0);
    assert_int_equal(act(finance(1), pay, &first), SETTLEMENT__REASON__PAYEE_MISSING);
    has_account(NUMBER);
    paid_before_ms = -1;
    assert_int_equal(act(finance(1), pay, &first), SETTLEMENT__REASON__PAID_LATER_THAN_NOW);
    paid_before_ms = 1000;
    assert_int_equal(act(finance(1), pay, &first), 0);
    assert_int_equal(payment.fen, 1000);
    assert_int_equal(payment.payee_account_id, payee.id);
    assert_int_equal(act(finance(1), pay, &first), SETTLEMENT__REASON__PAID_ALREADY);
    assert_int_equal(act(finance(1), take_back, NULL), SETTLEMENT__REASON__PAID_ALREADY);
    assert_int_equal(invoices(&second, "12345678", 500), 0);
    assert_int_equal(act(finance(1), pay, &second), SETTLEMENT__REASON__BANK_REFERENCE_USED);
    harness_reopen(&h);
    assert_true(payments_find(&market()->payments, first.id, &payment));
    assert_string_equal(payment.reference, reference);
    assert_false(payments_find(&market()->payments, second.id, &payment));
}

static void what_the_bank_gives_back_is_paid_anew(void **state)
{
    struct statement statement = a_statement(1000);

    (void)state;
    has_account(NUMBER);
    paid_before_ms = 0;
    reference = "first";
    assert_int_equal(invoices(&statement, INVOICE, 1000), 0);
    assert_int_equal(act(finance(1), give_back, &statement), SETTLEMENT__REASON__NOT_PAID_YET);
    assert_int_equal(act(finance(1), pay, &statement), 0);
    assert_int_equal(act(finance(1), give_back, &statement), 0);
    assert_int_equal(act(finance(1), give_back, &statement), SETTLEMENT__REASON__NOT_PAID_YET);
    assert_int_equal(act(finance(1), pay, &statement), SETTLEMENT__REASON__BANK_REFERENCE_USED);
    has_account("87654321");
    reference = "second";
    assert_int_equal(act(finance(1), pay, &statement), 0);
    assert_int_equal(payment.payee_account_id, payee.id);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM payment"), 2);
}

static void what_is_not_owed_is_not_paid(void **state)
{
    struct statement first, next;
    int64_t sale = sell(MERCHANT, 700);

    (void)state;
    first = confirmed(MERCHANT);
    undo(sale, 0);
    next = confirmed(MERCHANT);
    assert_int_equal(next.total_fen, -700);
    has_account(NUMBER);
    assert_int_equal(act(finance(1), pay, &next), SETTLEMENT__REASON__NOTHING_TO_PAY);
    assert_int_equal(invoices(&next, INVOICE, 700), SETTLEMENT__REASON__NOTHING_TO_PAY);
    assert_int_equal(invoices(&first, INVOICE, 700), 0);
}

static void what_was_changed_is_found(void **state)
{
    static const char *const changes[] = {
        "UPDATE payee_account SET sealed = zeroblob(90)",
        "UPDATE payee_account SET payee_id = 9",
        "UPDATE payee_account SET state = 3",
        "UPDATE invoice SET fen = fen - 1",
        "UPDATE invoice SET number = '87654321'",
        "DELETE FROM invoice",
        "UPDATE payment SET reference = 'another'",
        "UPDATE payment SET fen = fen + 1",
        "UPDATE payment SET state = 2",
        "DELETE FROM payment",
    };

    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        struct statement statement;

        setup(state);
        statement = a_statement(1000);
        has_account(NUMBER);
        paid_before_ms = 0;
        assert_int_equal(invoices(&statement, INVOICE, 1000), 0);
        assert_int_equal(act(finance(1), pay, &statement), 0);
        assert_found(&h, changes[i], NULL);
        harness_close(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_account_takes_two_hands),
        TEST(one_that_waits_is_refused_or_replaced),
        TEST(a_number_that_is_none_is_refused),
        TEST(an_account_is_sealed),
        TEST(invoices_stand_for_one_statement_and_not_more_than_it_comes_to),
        TEST(what_the_payee_offers_counts_once_it_is_accepted),
        TEST(an_offer_is_void_and_made_anew),
        TEST(a_statement_is_paid_once_with_the_banks_reference),
        TEST(what_the_bank_gives_back_is_paid_anew),
        TEST(what_is_not_owed_is_not_paid),
        cmocka_unit_test(what_was_changed_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
