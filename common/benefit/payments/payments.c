#include "common/benefit/payments/payments.h"

#include "common/store/journal.h"

#define INVOICE "invoice_id, statement_id, state, number, title, fen, entered_by, entered_at, journal_seq"
#define PAYMENT                                                                                                        \
    "payment_id, statement_id, payee_account_id, state, reference, fen, paid_at, told_by, told_at, journal_seq"

enum {
    SQL_ADD_INVOICE,
    SQL_SET_INVOICE,
    SQL_FIND_INVOICE,
    SQL_INVOICES,
    SQL_NUMBER,
    SQL_INVOICED,
    SQL_OFFERED,
    SQL_COUNT,
    SQL_ADD_PAYMENT,
    SQL_SET_PAYMENT,
    SQL_FIND_PAYMENT,
    SQL_LAST_PAYMENT,
    SQL_REFERENCE,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD_INVOICE] = "INSERT INTO invoice (invoice_id, statement_id, state, number, title, fen, entered_by, "
                        "entered_at) VALUES (?1, ?2, ?8, ?3, ?4, ?5, ?6, ?7)",
    [SQL_SET_INVOICE] = "UPDATE invoice SET state = ?2, journal_seq = ?3 WHERE invoice_id = ?1",
    [SQL_FIND_INVOICE] = "SELECT " INVOICE " FROM invoice WHERE invoice_id = ?1",
    [SQL_INVOICES] = "SELECT " INVOICE " FROM invoice WHERE statement_id = ?1 AND invoice_id < ?2 AND " RPC_PAGE_STATES(
        "?4", "state") " "
                       "ORDER BY invoice_id DESC LIMIT ?3",
    [SQL_NUMBER] = "SELECT 1 FROM invoice WHERE number = ?1 AND state = 1",
    [SQL_INVOICED] = "SELECT coalesce(sum(fen), 0) FROM invoice WHERE statement_id = ?1 AND state = 1",
    [SQL_OFFERED] = "SELECT coalesce(sum(fen), 0) FROM invoice WHERE statement_id = ?1 AND state IN (1, 3)",
    [SQL_COUNT] = "SELECT count(*) FROM invoice WHERE statement_id = ?1",
    [SQL_ADD_PAYMENT] = "INSERT INTO payment (payment_id, statement_id, payee_account_id, state, reference, fen, "
                        "paid_at, told_by, told_at) VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8)",
    [SQL_SET_PAYMENT] = "UPDATE payment SET state = ?2, journal_seq = ?3 WHERE payment_id = ?1",
    [SQL_FIND_PAYMENT] = "SELECT " PAYMENT " FROM payment WHERE payment_id = ?1",
    [SQL_LAST_PAYMENT] = "SELECT " PAYMENT " FROM payment WHERE statement_id = ?1 ORDER BY payment_id DESC LIMIT 1",
    [SQL_REFERENCE] = "SELECT 1 FROM payment WHERE reference = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void payments_use(struct payments *payments, const struct payees *payees)
{
    payments->payees = payees;
}

/* ---- asking ---- */

#define INTO_INVOICE(i)                                                                                                \
    INTO((i)->id), INTO((i)->statement_id), INTO((i)->state), INTO((i)->number), INTO((i)->title), INTO((i)->fen),     \
        INTO((i)->entered_by), INTO((i)->entered_at), INTO((i)->journal_seq)
#define INTO_PAYMENT(p)                                                                                                \
    INTO((p)->id), INTO((p)->statement_id), INTO((p)->payee_account_id), INTO((p)->state), INTO((p)->reference),       \
        INTO((p)->fen), INTO((p)->paid_at), INTO((p)->told_by), INTO((p)->told_at), INTO((p)->journal_seq)

bool invoices_find(const struct payments *payments, int64_t invoice_id, struct invoice *ret)
{
    store_ask(payments->store, payments->sql + SQL_FIND_INVOICE, "i", invoice_id);
    return store_only(payments->store, payments->sql + SQL_FIND_INVOICE, INTO_INVOICE(ret));
}

void invoices_ask(const struct payments *payments, int64_t statement_id, int64_t before, int limit, int64_t states)
{
    store_ask(payments->store, payments->sql + SQL_INVOICES, "iiii", statement_id, before, (int64_t)limit, states);
}

bool invoices_next(const struct payments *payments, struct invoice *ret)
{
    return store_read(payments->store, payments->sql + SQL_INVOICES, INTO_INVOICE(ret));
}

static int64_t number_of(const struct payments *payments, unsigned which, int64_t statement_id)
{
    store_ask(payments->store, payments->sql + which, "i", statement_id);
    return store_number(payments->store, payments->sql + which);
}

int64_t invoices_total(const struct payments *payments, int64_t statement_id)
{
    return number_of(payments, SQL_INVOICED, statement_id);
}

static bool find_payment(const struct payments *payments, unsigned which, int64_t id, struct payment *ret)
{
    store_ask(payments->store, payments->sql + which, "i", id);
    return store_only(payments->store, payments->sql + which, INTO_PAYMENT(ret));
}

bool payments_find(const struct payments *payments, int64_t statement_id, struct payment *ret)
{
    return find_payment(payments, SQL_LAST_PAYMENT, statement_id, ret);
}

static bool is_paid(const struct payments *payments, int64_t statement_id)
{
    struct payment payment;

    return payments_find(payments, statement_id, &payment) && payment.state == SETTLEMENT__PAYMENT_STATE__PAYMENT_MADE;
}

static bool is_known(const struct payments *payments, unsigned which, const char *text)
{
    store_ask(payments->store, payments->sql + which, "t", text);
    return store_any(payments->store, payments->sql + which);
}

/* Why nothing is invoiced or paid of a statement now: 0 or a Reason. */
static int payable_refusal(const struct payments *payments, const struct statement *statement)
{
    if (statement->state != SETTLEMENT__STATE__CONFIRMED)
        return SETTLEMENT__REASON__NOT_CONFIRMED_YET;
    if (statement->total_fen <= 0)
        return SETTLEMENT__REASON__NOTHING_TO_PAY;
    return is_paid(payments, statement->id) ? SETTLEMENT__REASON__PAID_ALREADY : 0;
}

/* ---- invoices ---- */

static void set_invoice(struct payments *payments, struct invoice *invoice, int state, void *call)
{
    Settlement__InvoiceChanged changed = SETTLEMENT__INVOICE_CHANGED__INIT;

    invoice->state = state;
    changed.invoice_id = invoice->id;
    changed.statement_id = invoice->statement_id;
    changed.state = (Settlement__InvoiceState)state;
    changed.number = invoice->number;
    changed.title = invoice->title;
    changed.fen = invoice->fen;
    rpc_tell(call, &changed.base);
    invoice->journal_seq = rpc_server_journal(payments->parts->rpc)->tip.seq;
    store_run(payments->store, payments->sql + SQL_SET_INVOICE, "iii", invoice->id, (int64_t)state,
              invoice->journal_seq);
}

static bool is_number(const char *text)
{
    size_t len = strspn(text, "0123456789");

    return text[len] == '\0' && (len == 8 || len == INVOICE_NUMBER_LEN);
}

/* Adds one in a state, in which those that the store's sum is of may not come to more than the statement. */
static int add_invoice(struct payments *payments, const struct statement *statement, const char *number,
                       const char *title, int64_t fen, int state, unsigned sum, void *call, struct invoice *ret)
{
    struct invoice made = {
        .id = id_next(&payments->parts->ids, rpc_now(call)),
        .statement_id = statement->id,
        .fen = fen,
        .entered_by = rpc_principal(call)->member_id,
        .entered_at = rpc_now(call),
    };
    int reason = payable_refusal(payments, statement);

    if (reason)
        return reason;
    if (!is_number(number))
        return SETTLEMENT__REASON__INVOICE_NUMBER_WRONG;
    if (snprintf(made.title, sizeof(made.title), "%s", title) >= (int)sizeof(made.title))
        return RPC__REASON__TOO_LONG;
    if (fen <= 0)
        return RPC__REASON__OUT_OF_RANGE;
    snprintf(made.number, sizeof(made.number), "%s", number);
    if (is_known(payments, SQL_NUMBER, number))
        return SETTLEMENT__REASON__INVOICE_USED;
    if (fen > statement->total_fen - number_of(payments, sum, statement->id))
        return SETTLEMENT__REASON__INVOICE_ABOVE_TOTAL;
    store_run(payments->store, payments->sql + SQL_ADD_INVOICE, "iittiiii", made.id, made.statement_id, made.number,
              made.title, made.fen, made.entered_by, made.entered_at, (int64_t)state);
    set_invoice(payments, &made, state, call);
    *ret = made;
    return 0;
}

int invoice_enter(struct payments *payments, const struct statement *statement, const char *number, const char *title,
                  int64_t fen, void *call, struct invoice *ret)
{
    return add_invoice(payments, statement, number, title, fen, SETTLEMENT__INVOICE_STATE__INVOICE_GOOD, SQL_INVOICED,
                       call, ret);
}

int invoice_offer(struct payments *payments, const struct statement *statement, const char *number, const char *title,
                  int64_t fen, void *call, struct invoice *ret)
{
    if (number_of(payments, SQL_COUNT, statement->id) >= INVOICES_OFFERED_MAX) {
        rpc_fact_number(call, "maximum", INVOICES_OFFERED_MAX);
        return SETTLEMENT__REASON__TOO_MANY_INVOICES;
    }
    return add_invoice(payments, statement, number, title, fen, SETTLEMENT__INVOICE_STATE__INVOICE_OFFERED, SQL_OFFERED,
                       call, ret);
}

int invoice_accept(struct payments *payments, const struct statement *statement, void *call, struct invoice *invoice)
{
    int reason;

    if (invoice->state == SETTLEMENT__INVOICE_STATE__INVOICE_GOOD)
        return 0;
    if (invoice->state != SETTLEMENT__INVOICE_STATE__INVOICE_OFFERED)
        return SETTLEMENT__REASON__INVOICE_IS_VOID;
    reason = payable_refusal(payments, statement);
    if (reason)
        return reason;
    if (is_known(payments, SQL_NUMBER, invoice->number))
        return SETTLEMENT__REASON__INVOICE_USED;
    if (invoice->fen > statement->total_fen - invoices_total(payments, statement->id))
        return SETTLEMENT__REASON__INVOICE_ABOVE_TOTAL;
    set_invoice(payments, invoice, SETTLEMENT__INVOICE_STATE__INVOICE_GOOD, call);
    return 0;
}

int invoice_void(struct payments *payments, void *call, struct invoice *invoice)
{
    if (is_paid(payments, invoice->statement_id))
        return SETTLEMENT__REASON__PAID_ALREADY;
    if (invoice->state != SETTLEMENT__INVOICE_STATE__INVOICE_VOID)
        set_invoice(payments, invoice, SETTLEMENT__INVOICE_STATE__INVOICE_VOID, call);
    return 0;
}

/* ---- payments ---- */

static void set_payment(struct payments *payments, struct payment *payment, int state, void *call)
{
    Settlement__PaymentChanged changed = SETTLEMENT__PAYMENT_CHANGED__INIT;

    payment->state = state;
    changed.payment_id = payment->id;
    changed.statement_id = payment->statement_id;
    changed.payee_account_id = payment->payee_account_id;
    changed.state = (Settlement__PaymentState)state;
    changed.reference = payment->reference;
    changed.fen = payment->fen;
    changed.paid_at = payment->paid_at;
    rpc_tell(call, &changed.base);
    payment->journal_seq = rpc_server_journal(payments->parts->rpc)->tip.seq;
    store_run(payments->store, payments->sql + SQL_SET_PAYMENT, "iii", payment->id, (int64_t)state,
              payment->journal_seq);
    rpc_want_head(call);
}

int payment_make(struct payments *payments, const struct statement *statement, const char *reference, int64_t paid_at,
                 void *call, struct payment *ret)
{
    struct payment made = {
        .id = id_next(&payments->parts->ids, rpc_now(call)),
        .statement_id = statement->id,
        .fen = statement->total_fen,
        .paid_at = paid_at,
        .told_by = rpc_principal(call)->member_id,
        .told_at = rpc_now(call),
    };
    int reason = payable_refusal(payments, statement);
    struct payee payee;

    if (reason)
        return reason;
    if (invoices_total(payments, statement->id) != statement->total_fen)
        return SETTLEMENT__REASON__INVOICES_MISSING;
    if (!payees_find_of(payments->payees, statement->payee_id, SETTLEMENT__PAYEE_STATE__PAYEE_IN_FORCE, &payee))
        return SETTLEMENT__REASON__PAYEE_MISSING;
    if (!*reference)
        return RPC__REASON__MISSING_FIELD;
    if (snprintf(made.reference, sizeof(made.reference), "%s", reference) >= (int)sizeof(made.reference))
        return RPC__REASON__TOO_LONG;
    if (is_known(payments, SQL_REFERENCE, reference))
        return SETTLEMENT__REASON__BANK_REFERENCE_USED;
    if (paid_at > rpc_now(call))
        return SETTLEMENT__REASON__PAID_LATER_THAN_NOW;
    made.payee_account_id = payee.id;
    store_run(payments->store, payments->sql + SQL_ADD_PAYMENT, "iiitiiii", made.id, made.statement_id,
              made.payee_account_id, made.reference, made.fen, made.paid_at, made.told_by, made.told_at);
    set_payment(payments, &made, SETTLEMENT__PAYMENT_STATE__PAYMENT_MADE, call);
    *ret = made;
    return 0;
}

int payment_return(struct payments *payments, const struct statement *statement, void *call, struct payment *ret)
{
    if (!payments_find(payments, statement->id, ret) || ret->state != SETTLEMENT__PAYMENT_STATE__PAYMENT_MADE)
        return SETTLEMENT__REASON__NOT_PAID_YET;
    set_payment(payments, ret, SETTLEMENT__PAYMENT_STATE__PAYMENT_RETURNED, call);
    return 0;
}

/* ---- the audit ---- */

enum { TOLD_INVOICES, TOLD_PAYMENTS }; /* as in counts */

static bool invoice_agrees(const struct payments *payments, const Settlement__InvoiceChanged *changed, int64_t seq,
                           int64_t told[PART_COUNTS])
{
    struct invoice invoice;

    if (!invoices_find(payments, changed->invoice_id, &invoice) || invoice.journal_seq < seq)
        return false;
    told[TOLD_INVOICES] += invoice.journal_seq == seq;
    return invoice.statement_id == changed->statement_id && strcmp(invoice.number, changed->number) == 0 &&
           strcmp(invoice.title, changed->title) == 0 && invoice.fen == changed->fen &&
           (invoice.journal_seq > seq || invoice.state == (int)changed->state);
}

static bool payment_agrees(const struct payments *payments, const Settlement__PaymentChanged *changed, int64_t seq,
                           int64_t told[PART_COUNTS])
{
    struct payment payment;

    if (!find_payment(payments, SQL_FIND_PAYMENT, changed->payment_id, &payment) || payment.journal_seq < seq)
        return false;
    told[TOLD_PAYMENTS] += payment.journal_seq == seq;
    return payment.statement_id == changed->statement_id && payment.payee_account_id == changed->payee_account_id &&
           strcmp(payment.reference, changed->reference) == 0 && payment.fen == changed->fen &&
           payment.paid_at == changed->paid_at && (payment.journal_seq > seq || payment.state == (int)changed->state);
}

static bool agrees(void *self, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const Rpc__ChassisEvent *event = body;

    switch (event ? event->event_case : RPC__CHASSIS_EVENT__EVENT__NOT_SET) {
    case RPC__CHASSIS_EVENT__EVENT_INVOICE_CHANGED:
        return invoice_agrees(self, event->invoice_changed, row->seq, told);
    case RPC__CHASSIS_EVENT__EVENT_PAYMENT_CHANGED:
        return payment_agrees(self, event->payment_changed, row->seq, told);
    default:
        return true;
    }
}

static const struct part_stray strays[] = {
    {"statement", "invoiced for more than it comes to, or paid for another amount",
     "SELECT statement_id FROM statement s WHERE total_fen < (SELECT coalesce(sum(fen), 0) FROM invoice i "
     "WHERE i.statement_id = s.statement_id AND i.state = 1) AND EXISTS (SELECT 1 FROM invoice i "
     "WHERE i.statement_id = s.statement_id AND i.state = 1) OR EXISTS (SELECT 1 FROM payment p "
     "WHERE p.statement_id = s.statement_id AND (p.fen <> s.total_fen OR s.state <> 2)) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec payments_part = {
    .tables = "invoice payment",
    .steps = &payments_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(coalesce((SELECT max(invoice_id) FROM invoice), 0), "
               "coalesce((SELECT max(payment_id) FROM payment), 0))",
    .agrees = agrees,
    .counts = {{"invoices", "SELECT count(*) FROM invoice"}, {"payments", "SELECT count(*) FROM payment"}},
    .strays = strays,
    .keeps = "which officials entered an invoice or a payment must be known as long as the accounts are",
};
