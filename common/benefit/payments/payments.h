/* payments.h: invoices for a statement that was confirmed, and the payment of it.
 *
 * An invoice has the number that the tax office gave it, which stands for one statement only; a statement may have
 * several, never for more than it comes to. Who is paid may offer one: it counts, and its number is taken, once an
 * official has accepted it. One that was entered wrongly is void, and its number free. When they come
 * to just the statement's total it can be paid: to the account of its payee that is in force (payees.h), by whom the
 * bank lets pay. What is told here is that it was, with the bank's reference, which stands for one payment ever. Money
 * that the bank gives back makes the statement payable again; the payment that failed stays on record. Void invoices
 * and payments that were returned are never taken away, and no statement is changed by any of it. */
#pragma once
#include "common/benefit/payees/payees.h"
#include "common/benefit/settlement/settlement.h"

#define INVOICE_NUMBER_LEN    20  /* or 8 */
#define INVOICE_TITLE_MAX     240 /* bytes */
#define INVOICES_OFFERED_MAX  100 /* of a statement, with those that are void, until no more are offered */
#define PAYMENT_REFERENCE_MAX 64

extern const struct part_spec payments_part;
extern const struct store_steps payments_steps;

struct payments {
    struct store *store;
    unsigned sql;
    struct parts *parts;
    const struct payees *payees;
};

struct invoice {
    int64_t id, statement_id;
    int state; /* Settlement__InvoiceState */
    char number[INVOICE_NUMBER_LEN + 1], title[INVOICE_TITLE_MAX + 1];
    int64_t fen, entered_by, entered_at, journal_seq;
};

struct payment {
    int64_t id, statement_id, payee_account_id;
    int state; /* Settlement__PaymentState */
    char reference[PAYMENT_REFERENCE_MAX + 1];
    int64_t fen, paid_at, told_by, told_at, journal_seq;
};

/* At the service's start: whose accounts are paid to. */
void payments_use(struct payments *payments, const struct payees *payees);

/* ---- asking ---- */

bool invoices_find(const struct payments *payments, int64_t invoice_id, struct invoice *ret);
/* Of a statement before an id, newest first, in states of a mask (rpc_page). */
void invoices_ask(const struct payments *payments, int64_t statement_id, int64_t before, int limit, int64_t states);
bool invoices_next(const struct payments *payments, struct invoice *ret);
/* What the good ones of a statement come to. */
int64_t invoices_total(const struct payments *payments, int64_t statement_id);
/* The last payment of a statement. */
bool payments_find(const struct payments *payments, int64_t statement_id, struct payment *ret);

/* ---- changes: 0, or the Reason with which the call is to be refused ---- */

/* The caller enters one of number, title and amount. */
int invoice_enter(struct payments *payments, const struct statement *statement, const char *number, const char *title,
                  int64_t fen, void *call, struct invoice *ret);
/* The same by who is paid: it waits to be accepted. */
int invoice_offer(struct payments *payments, const struct statement *statement, const char *number, const char *title,
                  int64_t fen, void *call, struct invoice *ret);
/* One that waits counts from now on. Again: does nothing. */
int invoice_accept(struct payments *payments, const struct statement *statement, void *call, struct invoice *invoice);
/* It counts no more; not once the statement is paid. */
int invoice_void(struct payments *payments, void *call, struct invoice *invoice);
/* The caller tells that a statement was paid at a time, with the bank's reference. */
int payment_make(struct payments *payments, const struct statement *statement, const char *reference, int64_t paid_at,
                 void *call, struct payment *ret);
/* The bank gave the money back. */
int payment_return(struct payments *payments, const struct statement *statement, void *call, struct payment *ret);
