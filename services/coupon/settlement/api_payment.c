#include "common/benefit/payments/payments_api.h"
#include "services/coupon/settlement/settlement_api.h"

/* ---- to which account ---- */

/* rpc ProposePayee: in place of one that waits; entered again by the same person it is that one. */
static void remittances__propose_payee(Coupon__Remittances_Service *service, const Coupon__ProposePayeeRequest *req,
                                       Settlement__Payee_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, remittances_service);
    Settlement__PayeeAccount account = SETTLEMENT__PAYEE_ACCOUNT__INIT;
    struct merchant merchant;

    if (!merchant_of_finance(self, req->merchant_id, false, call, &merchant))
        return;
    account.name = req->name;
    account.bank = req->bank;
    account.number = req->number;
    payees_propose(&self->payees, merchant.id, &account, settlements_kind.roles, merchant.union_path, reply, call);
}

/* rpc GetPayees: with their numbers, which whoever pays needs. */
static void remittances__get_payees(Coupon__Remittances_Service *service, const Coupon__SettledMerchantRequest *req,
                                    Settlement__Payees_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, remittances_service);
    struct merchant merchant;

    if (merchant_of_finance(self, req->merchant_id, false, call, &merchant))
        payees_tell(&self->payees, merchant.id, reply, call);
}

static void decide_payee(Coupon__Remittances_Service *service, const Settlement__PayeeRequest *req, bool confirms,
                         Settlement__Payee_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, remittances_service);
    struct merchant merchant;
    struct payee payee;

    if (!payees_find(&self->payees, req->payee_account_id, &payee))
        rpc_refuse(call, SETTLEMENT__REASON__PAYEE_NOT_FOUND);
    else if (merchant_of_finance(self, payee.payee_id, false, call, &merchant))
        payees_decide(&self->payees, &payee, confirms, settlements_kind.roles, merchant.union_path, reply, call);
}

/* rpc ConfirmPayee: by another; from now on the merchant is paid to it. */
static void remittances__confirm_payee(Coupon__Remittances_Service *service, const Settlement__PayeeRequest *req,
                                       Settlement__Payee_Closure reply, void *call)
{
    decide_payee(service, req, true, reply, call);
}

/* rpc RefusePayee: also by who entered it. */
static void remittances__refuse_payee(Coupon__Remittances_Service *service, const Settlement__PayeeRequest *req,
                                      Settlement__Payee_Closure reply, void *call)
{
    decide_payee(service, req, false, reply, call);
}

/* ---- for which invoices ---- */

/* rpc EnterInvoice: for no more than the settlement comes to. */
static void remittances__enter_invoice(Coupon__Remittances_Service *service, const Settlement__EnterInvoiceRequest *req,
                                       Settlement__Invoice_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, remittances_service);
    struct statement settlement;
    struct merchant merchant;

    if (settlement_of_finance(self, req->settlement_id, false, call, &settlement, &merchant))
        payments_enter_invoice(&self->payments, &settlement, req, reply, call);
}

/* Whether the caller keeps the merchant of a settlement; else refused. */
static bool settlement_of_keeper(struct coupon *self, int64_t settlement_id, void *call, struct statement *ret)
{
    struct merchant merchant;

    if (!statements_find(&self->settlement, settlement_id, ret))
        rpc_refuse(call, SETTLEMENT__REASON__SETTLEMENT_NOT_FOUND);
    else if (!merchants_find(&self->merchants, ret->payee_id, &merchant) ||
             !holder_is(&self->holders, rpc_principal(call)->member_id, merchant.manager_id))
        rpc_refuse(call, COUPON__REASON__NOT_YOUR_MERCHANT);
    return !rpc_refused(call);
}

/* rpc OfferInvoice: for no more than the settlement comes to. */
static void remittances__offer_invoice(Coupon__Remittances_Service *service, const Settlement__EnterInvoiceRequest *req,
                                       Settlement__Invoice_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, remittances_service);
    struct statement settlement;

    if (settlement_of_keeper(self, req->settlement_id, call, &settlement))
        payments_offer_invoice(&self->payments, &settlement, req, reply, call);
}

/* rpc WithdrawInvoice: what was accepted only finance makes void. */
static void remittances__withdraw_invoice(Coupon__Remittances_Service *service, const Settlement__InvoiceRequest *req,
                                          Settlement__Invoice_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, remittances_service);
    struct statement settlement;
    struct invoice invoice;

    if (!invoices_find(&self->payments, req->invoice_id, &invoice))
        rpc_refuse(call, SETTLEMENT__REASON__INVOICE_NOT_FOUND);
    else if (settlement_of_keeper(self, invoice.statement_id, call, &settlement) &&
             !rpc_refuse_if(call, invoice.state == SETTLEMENT__INVOICE_STATE__INVOICE_GOOD
                                      ? SETTLEMENT__REASON__INVOICE_ACCEPTED
                                      : 0))
        payments_void_invoice(&self->payments, &invoice, reply, call);
}

/* An invoice for a settlement that the caller pays. False after refusing. */
static bool invoice_of_finance(struct coupon *self, int64_t invoice_id, void *call, struct statement *ret_settlement,
                               struct invoice *ret)
{
    struct merchant merchant;

    if (invoices_find(&self->payments, invoice_id, ret))
        return settlement_of_finance(self, ret->statement_id, false, call, ret_settlement, &merchant);
    rpc_refuse(call, SETTLEMENT__REASON__INVOICE_NOT_FOUND);
    return false;
}

/* rpc AcceptInvoice: by one of finance, who has seen it. */
static void remittances__accept_invoice(Coupon__Remittances_Service *service, const Settlement__InvoiceRequest *req,
                                        Settlement__Invoice_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, remittances_service);
    struct statement settlement;
    struct invoice invoice;

    if (invoice_of_finance(self, req->invoice_id, call, &settlement, &invoice))
        payments_accept_invoice(&self->payments, &settlement, &invoice, reply, call);
}

/* rpc ListInvoices: also those that are void. */
static void remittances__list_invoices(Coupon__Remittances_Service *service, const Settlement__ListInvoicesRequest *req,
                                       Settlement__InvoiceList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, remittances_service);
    struct statement settlement;
    struct merchant merchant;

    if (settlement_of_finance(self, req->settlement_id, true, call, &settlement, &merchant))
        payments_list_invoices(&self->payments, &settlement, reply, call);
}

/* rpc ListUnionInvoices: by their state, what finance is waited for. */
static void remittances__list_union_invoices(Coupon__Remittances_Service *service,
                                             const Coupon__ListUnionInvoicesRequest *req,
                                             Settlement__InvoiceList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, remittances_service);
    const struct rpc_page *page = rpc_page(call);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    int64_t *ids = arena_alloc(rpc_arena(call), page->limit * sizeof(*ids));
    size_t n;

    if (!path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__FINANCE, path) && !rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "unionId");
        return;
    }
    n = ids ? settlements_list_invoices(self, path, page->before, page->states, ids, page->limit) : 0;
    payments_list_these(&self->payments, ids, n, reply, call);
}

/* rpc VoidInvoice: its number is free for another. */
static void remittances__void_invoice(Coupon__Remittances_Service *service, const Settlement__InvoiceRequest *req,
                                      Settlement__Invoice_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, remittances_service);
    struct statement settlement;
    struct invoice invoice;

    if (invoice_of_finance(self, req->invoice_id, call, &settlement, &invoice))
        payments_void_invoice(&self->payments, &invoice, reply, call);
}

/* ---- when ---- */

/* rpc PaySettlement: told again with the same reference it is the first. */
static void remittances__pay_settlement(Coupon__Remittances_Service *service,
                                        const Settlement__PaySettlementRequest *req, Settlement__Payment_Closure reply,
                                        void *call)
{
    struct coupon *self = container_of(service, struct coupon, remittances_service);
    struct statement settlement;
    struct merchant merchant;

    if (settlement_of_finance(self, req->settlement_id, false, call, &settlement, &merchant))
        payments_pay(&self->payments, &settlement, req, reply, call);
}

/* rpc ReturnPayment: the settlement can be paid anew. */
static void remittances__return_payment(Coupon__Remittances_Service *service, const Settlement__SettlementRequest *req,
                                        Settlement__Payment_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, remittances_service);
    struct statement settlement;
    struct merchant merchant;

    if (settlement_of_finance(self, req->settlement_id, false, call, &settlement, &merchant))
        payments_take_back(&self->payments, &settlement, reply, call);
}

/* rpc GetPayment: the last one. */
static void remittances__get_payment(Coupon__Remittances_Service *service, const Settlement__SettlementRequest *req,
                                     Settlement__Payment_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, remittances_service);
    struct statement settlement;
    struct merchant merchant;

    if (settlement_of_finance(self, req->settlement_id, true, call, &settlement, &merchant))
        payments_tell(&self->payments, &settlement, reply, call);
}

const Coupon__Remittances_Service remittances_api = COUPON__REMITTANCES__INIT(remittances__);
