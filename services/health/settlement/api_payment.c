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

/* rpc ProposePayee: in place of one that waits; entered again by the same person it is that one. */
static void payments__propose_payee(Health__Payments_Service *service, const Health__ProposePayeeRequest *req,
                                    Settlement__Payee_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);
    const Health__Site *site = site_of_finance(self, req->site_id, call);
    Settlement__PayeeAccount account = SETTLEMENT__PAYEE_ACCOUNT__INIT;

    if (!site)
        return;
    account.name = req->name;
    account.bank = req->bank;
    account.number = req->number;
    payees_propose(&self->payees, site->site_id, &account, settlements_kind.roles, site->union_path, reply, call);
}

/* rpc GetPayees: with their numbers, which whoever pays needs. */
static void payments__get_payees(Health__Payments_Service *service, const Health__GetPayeesRequest *req,
                                 Settlement__Payees_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);

    if (site_of_finance(self, req->site_id, call))
        payees_tell(&self->payees, req->site_id, reply, call);
}

static void decide_payee(Health__Payments_Service *service, const Settlement__PayeeRequest *req, bool confirms,
                         Settlement__Payee_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);
    const Health__Site *site;
    struct payee payee;

    if (!payees_find(&self->payees, req->payee_account_id, &payee))
        rpc_refuse(call, SETTLEMENT__REASON__PAYEE_NOT_FOUND);
    else if ((site = site_of_finance(self, payee.payee_id, call)))
        payees_decide(&self->payees, &payee, confirms, settlements_kind.roles, site->union_path, reply, call);
}

/* rpc ConfirmPayee: by another; from now on the site is paid to it. */
static void payments__confirm_payee(Health__Payments_Service *service, const Settlement__PayeeRequest *req,
                                    Settlement__Payee_Closure reply, void *call)
{
    decide_payee(service, req, true, reply, call);
}

/* rpc RefusePayee: also by who entered it. */
static void payments__refuse_payee(Health__Payments_Service *service, const Settlement__PayeeRequest *req,
                                   Settlement__Payee_Closure reply, void *call)
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

/* rpc ReconcileSettlement: what only one of both has, and what has another amount. */
static void payments__reconcile_settlement(Health__Payments_Service *service,
                                           const Settlement__ReconcileSettlementRequest *req,
                                           Settlement__Reconciliation_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, payments_service);
    struct statement settlement;

    if (settlement_of_finance(self, req->settlement_id, true, call, &settlement))
        statement_compare(&self->settlement, &settlement, req, reply, call);
}

const Health__Payments_Service payments_api = HEALTH__PAYMENTS__INIT(payments__);
