/* payments_api.h: the operations about invoices, payments and accounts as every service has them.
 *
 * The service has found what it is about, and that the caller may; here it is done, and answered or refused. Requests
 * and answers are of settlement.proto, where a statement is called a settlement. */
#pragma once
#include "common/benefit/payments/payments.h"
#include "common/benefit/settlement/reconcile.h"

/* ---- invoices ---- */

void payments_enter_invoice(struct payments *payments, const struct statement *statement,
                            const Settlement__EnterInvoiceRequest *req, Settlement__Invoice_Closure reply, void *call);
/* The same by who is paid, and what becomes of it. */
void payments_offer_invoice(struct payments *payments, const struct statement *statement,
                            const Settlement__EnterInvoiceRequest *req, Settlement__Invoice_Closure reply, void *call);
void payments_accept_invoice(struct payments *payments, const struct statement *statement, struct invoice *invoice,
                             Settlement__Invoice_Closure reply, void *call);
/* A page of a statement's, newest first. */
void payments_list_invoices(struct payments *payments, const struct statement *statement,
                            Settlement__InvoiceList_Closure reply, void *call);
/* A page of those of some ids, in their order. */
void payments_list_these(struct payments *payments, const int64_t *ids, size_t n, Settlement__InvoiceList_Closure reply,
                         void *call);
void payments_void_invoice(struct payments *payments, struct invoice *invoice, Settlement__Invoice_Closure reply,
                           void *call);

/* ---- payments ---- */

/* Told again with the same reference it is the first. */
void payments_pay(struct payments *payments, const struct statement *statement,
                  const Settlement__PaySettlementRequest *req, Settlement__Payment_Closure reply, void *call);
void payments_take_back(struct payments *payments, const struct statement *statement, Settlement__Payment_Closure reply,
                        void *call);
/* The last one. */
void payments_tell(const struct payments *payments, const struct statement *statement,
                   Settlement__Payment_Closure reply, void *call);

/* ---- accounts ---- */

/* In place of one that waits; the same that she has entered before is that one. */
void payees_propose(struct payees *payees, int64_t payee_id, const Settlement__PayeeAccount *account, const int *roles,
                    const char *union_path, Settlement__Payee_Closure reply, void *call);
void payees_tell(const struct payees *payees, int64_t payee_id, Settlement__Payees_Closure reply, void *call);
void payees_decide(struct payees *payees, struct payee *payee, bool confirms, const int *roles, const char *union_path,
                   Settlement__Payee_Closure reply, void *call);

/* ---- the payee's own file ---- */

void statement_compare(const struct settlement *settlement, const struct statement *statement,
                       const Settlement__ReconcileSettlementRequest *req, Settlement__Reconciliation_Closure reply,
                       void *call);
