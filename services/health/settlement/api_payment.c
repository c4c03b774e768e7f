#include "common/benefit/payments/payments_api.h"
#include "services/health/api.h"
#include "services/health/campaign/sites.h"
#include "services/health/settlement/settlements.h"

/* ---- to which account ---- */

/* A site over which the caller has finance; NULL after refusing. */
static const Health__Site *site_of_finance(struct health *self, int64_t site_id, void *call)
{
    const Health__Site *site = sites_find(&self->sites, site_id, rpc_arena(call));

    if (!site) {
        rpc_refuse(call, HEALTH__REASON__SITE_NOT_FOUND);
        return NULL;
    }
    if (rpc_has_role(call, RULE__ROLE__FINANCE, site->union_path))
        return site;
    rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
    return NULL;
}

/* An account as a message in the arena; NULL: it does not open, or memory is full. */
static Health__Payee *payee_message(struct health *self, const struct payee *payee, void *call)
{
    const Settlement__PayeeAccount *account = payee_open(&self->payees, payee, rpc_arena(call));
    Health__Payee *message = arena_message(rpc_arena(call), &health__payee__descriptor);

    if (!account || !message)
        return NULL;
    message->payee_account_id = payee->id;
    message->site_id = payee->payee_id;
    message->state = (Settlement__PayeeState)payee->state;
    message->name = account->name;
    message->bank = account->bank;
    message->number = account->number;
    message->proposed_by = payee->proposed_by;
    message->proposed_at = payee->proposed_at;
    return message;
}

static void reply_payee(struct health *self, int reason, const struct payee *payee, Health__Payee_Closure reply,
                        void *call)
{
    const Health__Payee *message = reason ? NULL : payee_message(self, payee, call);

    if (message)
        reply(message, call);
    else
        rpc_refuse(call, reason ? reason : (int)RPC__REASON__OVERLOADED);
}

/* rpc ProposePayee: in place of one that waits; entered again by the same person it is that one. */
static void payments__propose_payee(Health__Payments_Service *service, const Health__ProposePayeeRequest *req,
                                    Health__Payee_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);
    const Health__Site *site = site_of_finance(self, req->site_id, call);
    Settlement__PayeeAccount account = SETTLEMENT__PAYEE_ACCOUNT__INIT;
    struct payee payee, waits = {0};
    int reason;

    if (!site)
        return;
    payees_find_of(&self->payees, site->site_id, SETTLEMENT__PAYEE_STATE__PAYEE_WAITS, &waits);
    account.name = req->name;
    account.bank = req->bank;
    account.number = req->number;
    reason =
        payee_propose(&self->payees, site->site_id, &account, settlements_kind.roles, site->union_path, call, &payee);
    if (!reason && payee.id != waits.id)
        rpc_created(call);
    reply_payee(self, reason, &payee, reply, call);
}

static Health__Payee *payee_of(struct health *self, int64_t site_id, int state, void *call)
{
    struct payee payee;

    return payees_find_of(&self->payees, site_id, state, &payee) ? payee_message(self, &payee, call) : NULL;
}

/* rpc GetPayees: with their numbers, which whoever pays needs. */
static void payments__get_payees(Health__Payments_Service *service, const Health__GetPayeesRequest *req,
                                 Health__SitePayees_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);
    Health__SitePayees both = HEALTH__SITE_PAYEES__INIT;

    if (!site_of_finance(self, req->site_id, call))
        return;
    both.in_force = payee_of(self, req->site_id, SETTLEMENT__PAYEE_STATE__PAYEE_IN_FORCE, call);
    both.waits = payee_of(self, req->site_id, SETTLEMENT__PAYEE_STATE__PAYEE_WAITS, call);
    reply(&both, call);
}

static void decide_payee(Health__Payments_Service *service, const Settlement__PayeeRequest *req, bool confirms,
                         Health__Payee_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);
    const Health__Site *site;
    struct payee payee;
    int reason;

    if (!payees_find(&self->payees, req->payee_account_id, &payee)) {
        rpc_refuse(call, SETTLEMENT__REASON__PAYEE_NOT_FOUND);
        return;
    }
    site = site_of_finance(self, payee.payee_id, call);
    if (!site)
        return;
    reason = payee_decide(&self->payees, confirms, settlements_kind.roles, site->union_path, call, &payee);
    reply_payee(self, reason, &payee, reply, call);
}

/* rpc ConfirmPayee: by another; from now on the site is paid to it. */
static void payments__confirm_payee(Health__Payments_Service *service, const Settlement__PayeeRequest *req,
                                    Health__Payee_Closure reply, void *call)
{
    decide_payee(service, req, true, reply, call);
}

/* rpc RefusePayee: also by who entered it. */
static void payments__refuse_payee(Health__Payments_Service *service, const Settlement__PayeeRequest *req,
                                   Health__Payee_Closure reply, void *call)
{
    decide_payee(service, req, false, reply, call);
}

/* ---- for which invoices ---- */

/* rpc EnterInvoice: for no more than the settlement comes to. */
static void payments__enter_invoice(Health__Payments_Service *service, const Settlement__EnterInvoiceRequest *req,
                                    Settlement__Invoice_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);
    struct statement settlement;

    if (settlement_of_finance(self, req->settlement_id, false, call, &settlement))
        payments_enter_invoice(&self->payments, &settlement, req, reply, call);
}

/* rpc ListInvoices: also those that are void. */
static void payments__list_invoices(Health__Payments_Service *service, const Settlement__ListInvoicesRequest *req,
                                    Settlement__InvoiceList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);
    struct statement settlement;

    if (settlement_of_finance(self, req->settlement_id, true, call, &settlement))
        payments_list_invoices(&self->payments, &settlement, reply, call);
}

/* rpc VoidInvoice: its number is free for another. */
static void payments__void_invoice(Health__Payments_Service *service, const Settlement__InvoiceRequest *req,
                                   Settlement__Invoice_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);
    struct statement settlement;
    struct invoice invoice;

    if (!invoices_find(&self->payments, req->invoice_id, &invoice))
        rpc_refuse(call, SETTLEMENT__REASON__INVOICE_NOT_FOUND);
    else if (settlement_of_finance(self, invoice.statement_id, false, call, &settlement))
        payments_void_invoice(&self->payments, &invoice, reply, call);
}

/* ---- when ---- */

/* rpc PaySettlement: told again with the same reference it is the first. */
static void payments__pay_settlement(Health__Payments_Service *service, const Settlement__PaySettlementRequest *req,
                                     Settlement__Payment_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);
    struct statement settlement;

    if (settlement_of_finance(self, req->settlement_id, false, call, &settlement))
        payments_pay(&self->payments, &settlement, req, reply, call);
}

/* rpc ReturnPayment: the settlement can be paid anew. */
static void payments__return_payment(Health__Payments_Service *service, const Settlement__SettlementRequest *req,
                                     Settlement__Payment_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);
    struct statement settlement;

    if (settlement_of_finance(self, req->settlement_id, false, call, &settlement))
        payments_take_back(&self->payments, &settlement, reply, call);
}

/* rpc GetPayment: the last one. */
static void payments__get_payment(Health__Payments_Service *service, const Settlement__SettlementRequest *req,
                                  Settlement__Payment_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);
    struct statement settlement;

    if (settlement_of_finance(self, req->settlement_id, true, call, &settlement))
        payments_tell(&self->payments, &settlement, reply, call);
}

/* ---- their file ---- */

static void reply_reconciliation(const struct reconciliation *found, Health__Reconciliation_Closure reply, void *call)
{
    static const Health__DifferenceKind kinds[RECONCILE_KINDS] = {
        [RECONCILE_ONLY_OURS] = HEALTH__DIFFERENCE_KIND__ONLY_OURS,
        [RECONCILE_ONLY_THEIRS] = HEALTH__DIFFERENCE_KIND__ONLY_THEIRS,
        [RECONCILE_AMOUNT] = HEALTH__DIFFERENCE_KIND__OTHER_AMOUNT,
    };
    Health__Reconciliation message = HEALTH__RECONCILIATION__INIT;

    message.same = found->counts[RECONCILE_SAME];
    message.ours_fen = found->ours_fen;
    message.theirs_fen = found->theirs_fen;
    for (size_t i = 0; i < found->n_rows; i++) {
        Health__Difference *one = arena_message(rpc_arena(call), &health__difference__descriptor);

        if (one) {
            one->kind = kinds[found->rows[i].kind];
            one->booking_id = found->rows[i].thing_id;
            one->ours_fen = found->rows[i].ours_fen;
            one->theirs_fen = found->rows[i].theirs_fen;
        }
        rpc_add(call, &message, differences, one);
    }
    reply(&message, call);
}

/* rpc ReconcileSettlement: what only one of both has, and what has another amount. */
static void payments__reconcile_settlement(Health__Payments_Service *service,
                                           const Health__ReconcileSettlementRequest *req,
                                           Health__Reconciliation_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);
    struct reconcile_columns columns = {req->booking_column ? req->booking_column : 1,
                                        req->yuan_column ? req->yuan_column : 2};
    struct reconciliation found;
    struct statement settlement;
    int32_t line;
    int reason;

    if (!settlement_of_finance(self, req->settlement_id, true, call, &settlement))
        return;
    reason = statement_reconcile(&self->settlement, &settlement, &columns, req->csv, strlen(req->csv), rpc_arena(call),
                                 &found, &line);
    if (reason == SETTLEMENT__REASON__FILE_LINE_WRONG)
        rpc_fact_number(call, "line", line);
    if (!rpc_refuse_field_if(call, reason, "csv"))
        reply_reconciliation(&found, reply, call);
}

const Health__Payments_Service payments_api = HEALTH__PAYMENTS__INIT(payments__);
