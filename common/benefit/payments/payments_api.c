#include "common/benefit/payments/payments_api.h"

/* ---- invoices ---- */

static void invoice_message(struct invoice *invoice, Settlement__Invoice *ret)
{
    settlement__invoice__init(ret);
    ret->invoice_id = invoice->id;
    ret->settlement_id = invoice->statement_id;
    ret->state = (Settlement__InvoiceState)invoice->state;
    ret->number = invoice->number;
    ret->title = invoice->title;
    ret->fen = invoice->fen;
    ret->entered_by = invoice->entered_by;
    ret->entered_at = invoice->entered_at;
}

static void reply_invoice(int reason, struct invoice *invoice, Settlement__Invoice_Closure reply, void *call)
{
    Settlement__Invoice message;

    if (rpc_refuse_if(call, reason))
        return;
    invoice_message(invoice, &message);
    reply(&message, call);
}

void payments_enter_invoice(struct payments *payments, const struct statement *statement,
                            const Settlement__EnterInvoiceRequest *req, Settlement__Invoice_Closure reply, void *call)
{
    struct invoice invoice;
    int reason = invoice_enter(payments, statement, req->number, req->title, req->fen, call, &invoice);

    if (!reason)
        rpc_created(call);
    reply_invoice(reason, &invoice, reply, call);
}

void payments_offer_invoice(struct payments *payments, const struct statement *statement,
                            const Settlement__EnterInvoiceRequest *req, Settlement__Invoice_Closure reply, void *call)
{
    struct invoice invoice;
    int reason = invoice_offer(payments, statement, req->number, req->title, req->fen, call, &invoice);

    if (!reason)
        rpc_created(call);
    reply_invoice(reason, &invoice, reply, call);
}

void payments_accept_invoice(struct payments *payments, const struct statement *statement, struct invoice *invoice,
                             Settlement__Invoice_Closure reply, void *call)
{
    reply_invoice(invoice_accept(payments, statement, call, invoice), invoice, reply, call);
}

/* A page of them; their texts are the messages'. */
static void reply_invoices(struct invoice *found, size_t n, Settlement__InvoiceList_Closure reply, void *call)
{
    Settlement__InvoiceList list = SETTLEMENT__INVOICE_LIST__INIT;

    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        Settlement__Invoice *message = arena_message(rpc_arena(call), &settlement__invoice__descriptor);

        if (message)
            invoice_message(&found[i], message);
        rpc_add(call, &list, invoices, message);
    }
    reply(&list, call);
}

void payments_list_invoices(struct payments *payments, const struct statement *statement,
                            Settlement__InvoiceList_Closure reply, void *call)
{
    const struct rpc_page *page = rpc_page(call);
    struct invoice *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    size_t n = 0;

    invoices_ask(payments, statement->id, page->before, (int)page->limit, page->states);
    while (found && n < page->limit && invoices_next(payments, &found[n]))
        n++;
    reply_invoices(found, n, reply, call);
}

void payments_list_these(struct payments *payments, const int64_t *ids, size_t n, Settlement__InvoiceList_Closure reply,
                         void *call)
{
    struct invoice *found = arena_alloc(rpc_arena(call), n * sizeof(*found));
    size_t there = 0;

    while (found && there < n && invoices_find(payments, ids[there], &found[there]))
        there++;
    reply_invoices(found, there, reply, call);
}

void payments_void_invoice(struct payments *payments, struct invoice *invoice, Settlement__Invoice_Closure reply,
                           void *call)
{
    reply_invoice(invoice_void(payments, call, invoice), invoice, reply, call);
}

/* ---- payments ---- */

static void reply_payment(int reason, struct payment *payment, Settlement__Payment_Closure reply, void *call)
{
    Settlement__Payment message = SETTLEMENT__PAYMENT__INIT;

    if (rpc_refuse_if(call, reason))
        return;
    message.payment_id = payment->id;
    message.settlement_id = payment->statement_id;
    message.payee_account_id = payment->payee_account_id;
    message.state = (Settlement__PaymentState)payment->state;
    message.reference = payment->reference;
    message.fen = payment->fen;
    message.paid_at = payment->paid_at;
    message.told_by = payment->told_by;
    message.told_at = payment->told_at;
    reply(&message, call);
}

void payments_pay(struct payments *payments, const struct statement *statement,
                  const Settlement__PaySettlementRequest *req, Settlement__Payment_Closure reply, void *call)
{
    struct payment payment;
    int reason = 0;

    if (!payments_find(payments, statement->id, &payment) || payment.state != SETTLEMENT__PAYMENT_STATE__PAYMENT_MADE ||
        strcmp(payment.reference, req->reference) != 0) {
        reason = payment_make(payments, statement, req->reference, req->paid_at, call, &payment);
        if (!reason)
            rpc_created(call);
    }
    reply_payment(reason, &payment, reply, call);
}

void payments_take_back(struct payments *payments, const struct statement *statement, Settlement__Payment_Closure reply,
                        void *call)
{
    struct payment payment;

    reply_payment(payment_return(payments, statement, call, &payment), &payment, reply, call);
}

void payments_tell(const struct payments *payments, const struct statement *statement,
                   Settlement__Payment_Closure reply, void *call)
{
    struct payment payment = {.statement_id = statement->id};

    payments_find(payments, statement->id, &payment);
    reply_payment(0, &payment, reply, call);
}

/* ---- accounts ---- */

/* In the arena; NULL: it does not open, or memory is full. */
static Settlement__Payee *payee_message(const struct payees *payees, const struct payee *payee, void *call)
{
    const Settlement__PayeeAccount *account = payee_open(payees, payee, rpc_arena(call));
    Settlement__Payee *message = arena_message(rpc_arena(call), &settlement__payee__descriptor);

    if (!account || !message)
        return NULL;
    message->payee_account_id = payee->id;
    message->payee_id = payee->payee_id;
    message->state = (Settlement__PayeeState)payee->state;
    message->name = account->name;
    message->bank = account->bank;
    message->number = account->number;
    message->proposed_by = payee->proposed_by;
    message->proposed_at = payee->proposed_at;
    return message;
}

static void reply_payee(const struct payees *payees, int reason, const struct payee *payee,
                        Settlement__Payee_Closure reply, void *call)
{
    const Settlement__Payee *message = reason ? NULL : payee_message(payees, payee, call);

    if (message)
        reply(message, call);
    else
        rpc_refuse(call, reason ? reason : (int)RPC__REASON__OVERLOADED);
}

void payees_propose(struct payees *payees, int64_t payee_id, const Settlement__PayeeAccount *account, const int *roles,
                    const char *union_path, Settlement__Payee_Closure reply, void *call)
{
    struct payee payee, waits = {0};
    int reason;

    payees_find_of(payees, payee_id, SETTLEMENT__PAYEE_STATE__PAYEE_WAITS, &waits);
    reason = payee_propose(payees, payee_id, account, roles, union_path, call, &payee);
    if (!reason && payee.id != waits.id)
        rpc_created(call);
    reply_payee(payees, reason, &payee, reply, call);
}

static Settlement__Payee *payee_in(const struct payees *payees, int64_t payee_id, int state, void *call)
{
    struct payee payee;

    return payees_find_of(payees, payee_id, state, &payee) ? payee_message(payees, &payee, call) : NULL;
}

void payees_tell(const struct payees *payees, int64_t payee_id, Settlement__Payees_Closure reply, void *call)
{
    Settlement__Payees both = SETTLEMENT__PAYEES__INIT;

    both.in_force = payee_in(payees, payee_id, SETTLEMENT__PAYEE_STATE__PAYEE_IN_FORCE, call);
    both.waits = payee_in(payees, payee_id, SETTLEMENT__PAYEE_STATE__PAYEE_WAITS, call);
    reply(&both, call);
}

void payees_decide(struct payees *payees, struct payee *payee, bool confirms, const int *roles, const char *union_path,
                   Settlement__Payee_Closure reply, void *call)
{
    reply_payee(payees, payee_decide(payees, confirms, roles, union_path, call, payee), payee, reply, call);
}

/* ---- the payee's own file ---- */

static void reply_reconciliation(const struct reconciliation *found, Settlement__Reconciliation_Closure reply,
                                 void *call)
{
    static const Settlement__DifferenceKind kinds[RECONCILE_KINDS] = {
        [RECONCILE_ONLY_OURS] = SETTLEMENT__DIFFERENCE_KIND__ONLY_OURS,
        [RECONCILE_ONLY_THEIRS] = SETTLEMENT__DIFFERENCE_KIND__ONLY_THEIRS,
        [RECONCILE_AMOUNT] = SETTLEMENT__DIFFERENCE_KIND__OTHER_AMOUNT,
    };
    Settlement__Reconciliation message = SETTLEMENT__RECONCILIATION__INIT;

    message.same = found->counts[RECONCILE_SAME];
    message.ours_fen = found->ours_fen;
    message.theirs_fen = found->theirs_fen;
    for (size_t i = 0; i < found->n_rows; i++) {
        Settlement__Difference *one = arena_message(rpc_arena(call), &settlement__difference__descriptor);

        if (one) {
            one->kind = kinds[found->rows[i].kind];
            one->thing_id = found->rows[i].thing_id;
            one->ours_fen = found->rows[i].ours_fen;
            one->theirs_fen = found->rows[i].theirs_fen;
        }
        rpc_add(call, &message, differences, one);
    }
    reply(&message, call);
}

void statement_compare(const struct settlement *settlement, const struct statement *statement,
                       const Settlement__ReconcileSettlementRequest *req, Settlement__Reconciliation_Closure reply,
                       void *call)
{
    struct reconcile_columns columns = {req->thing_column ? req->thing_column : 1,
                                        req->yuan_column ? req->yuan_column : 2};
    struct reconciliation found;
    int32_t line;
    int reason = statement_reconcile(settlement, statement, &columns, req->csv, strlen(req->csv), rpc_arena(call),
                                     &found, &line);

    if (reason == SETTLEMENT__REASON__FILE_LINE_WRONG)
        rpc_fact_number(call, "line", line);
    if (!rpc_refuse_field_if(call, reason, "csv"))
        reply_reconciliation(&found, reply, call);
}
