#include "common/benefit/payments/payments_api.h"
#include "common/cn/cn_id.h"
#include "services/coupon/fund/funds.h"
#include "services/coupon/settlement/settlement_api.h"

/* ---- who may ---- */

/* Why the caller may not act, or (reads) not even read, what concerns a merchant's money: 0 or a Reason. */
static int money_refusal(struct coupon *self, const struct merchant *merchant, bool reads, void *call)
{
    if (reads)
        return merchant_may_be_seen(self, merchant, call) ? 0 : COUPON__REASON__NOT_YOUR_MERCHANT;
    if (!rpc_has_role(call, RULE__ROLE__FINANCE, merchant->union_path))
        return RPC__REASON__OUTSIDE_YOUR_UNION;
    return merchant_is_own(self, merchant, call) ? COUPON__REASON__OWN_MERCHANT : 0;
}

bool merchant_of_finance(struct coupon *self, int64_t merchant_id, bool reads, void *call, struct merchant *ret)
{
    return !rpc_refuse_if(call, merchants_find(&self->merchants, merchant_id, ret)
                                    ? money_refusal(self, ret, reads, call)
                                    : COUPON__REASON__MERCHANT_NOT_FOUND);
}

bool settlement_of_finance(struct coupon *self, int64_t settlement_id, bool reads, void *call, struct statement *ret,
                           struct merchant *ret_merchant)
{
    if (statements_find(&self->settlement, settlement_id, ret))
        return merchant_of_finance(self, ret->payee_id, reads, call, ret_merchant);
    rpc_refuse(call, SETTLEMENT__REASON__SETTLEMENT_NOT_FOUND);
    return false;
}

/* ---- messages ---- */

/* In the arena; NULL when that is full. */
static Coupon__Settlement *settlement_message(struct coupon *self, const struct statement *s,
                                              const struct merchant *merchant, void *call)
{
    Coupon__Settlement *message = arena_message(rpc_arena(call), &coupon__settlement__descriptor);
    char *hash = arena_strndup(rpc_arena(call), (const char *)s->lines_hash, sizeof(s->lines_hash));
    struct settlement_period period = {0};
    struct payment payment;

    if (!message || !hash)
        return NULL;
    settlement_periods_find(self, s->for_id, &period);
    message->settlement_id = s->id;
    message->merchant_id = s->payee_id;
    message->merchant_name = rpc_text(call, merchant->name);
    message->from_day = period.from_day;
    message->until_day = period.until_day;
    message->state = (Settlement__State)s->state;
    message->n_lines = s->n_lines;
    message->total_fen = s->total_fen;
    message->lines_hash = (ProtobufCBinaryData){sizeof(s->lines_hash), (uint8_t *)hash};
    message->prepared_by = s->prepared_by;
    message->prepared_at = s->prepared_at;
    message->decided_by = s->decided_by;
    message->decided_at = s->decided_at;
    if (payments_find(&self->payments, s->id, &payment) && payment.state == SETTLEMENT__PAYMENT_STATE__PAYMENT_MADE)
        message->paid_at = payment.paid_at;
    return message;
}

/* Whose money it is. */
static void put_shares(struct coupon *self, Coupon__Settlement *message, void *call)
{
    struct settlement_share share;
    struct fund fund;

    settlement_shares_ask(self, message->settlement_id);
    while (settlement_shares_next(self, &share)) {
        Coupon__SettlementShare *one = arena_message(rpc_arena(call), &coupon__settlement_share__descriptor);

        message->discount_fen += share.discount_fen;
        message->merchant_fen += share.discount_fen - share.fen;
        if (one && share.fund_id && funds_find(self, share.fund_id, &fund)) {
            one->fund_id = share.fund_id;
            one->source = (Coupon__FundSource)fund.source;
            one->source_name = rpc_text(call, fund.source_name);
        }
        if (one)
            one->fen = share.fen;
        rpc_add(call, message, shares, one);
    }
}

static void reply_settlement(struct coupon *self, const struct statement *s, const struct merchant *merchant,
                             Coupon__Settlement_Closure reply, void *call)
{
    Coupon__Settlement *message = settlement_message(self, s, merchant, call);

    if (rpc_refuse_if(call, message ? 0 : RPC__REASON__OVERLOADED))
        return;
    put_shares(self, message, call);
    reply(message, call);
}

/* ---- what is due ---- */

/* The last day of a month YYYYMM. */
static int32_t last_day_of(int32_t month)
{
    int64_t begins;

    cn_day_begin((month % 100 == 12 ? month + 89 : month + 1) * 100 + 1, &begins);
    return cn_day(begins - 1);
}

/* rpc GetDueMonths: with how many are to be taken back. */
static void statements__get_due_months(Coupon__Statements_Service *service, const Coupon__SettledMerchantRequest *req,
                                       Coupon__DueMonths_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, statements_service);
    Coupon__DueMonths list = COUPON__DUE_MONTHS__INIT;
    struct merchant merchant;
    int32_t month, n;
    int64_t fen;

    if (!merchant_of_finance(self, req->merchant_id, true, call, &merchant))
        return;
    settlement_due_ask(self, merchant.id);
    while (settlement_due_next(self, &month, &n, &fen)) {
        Coupon__DueMonth *one = arena_message(rpc_arena(call), &coupon__due_month__descriptor);

        if (one) {
            one->from_day = month * 100 + 1;
            one->until_day = last_day_of(month);
            one->n = n;
            one->fen = fen;
        }
        rpc_add(call, &list, months, one);
    }
    list.corrections = settlement_undone(self, merchant.id);
    reply(&list, call);
}

/* rpc PrepareSettlement: the open one of these days when there is one. */
static void statements__prepare_settlement(Coupon__Statements_Service *service,
                                           const Coupon__PrepareSettlementRequest *req,
                                           Coupon__Settlement_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, statements_service);
    struct statement settlement;
    struct merchant merchant;
    bool made;

    if (!merchant_of_finance(self, req->merchant_id, false, call, &merchant) ||
        rpc_refuse_if(call,
                      settlement_prepare(self, &merchant, req->from_day, req->until_day, call, &settlement, &made)))
        return;
    if (made)
        rpc_created(call);
    reply_settlement(self, &settlement, &merchant, reply, call);
}

/* ---- reading ---- */

/* Of a merchant, or (0) of a union's merchants. */
static void list(struct coupon *self, int64_t merchant_id, const char *path, Coupon__SettlementList_Closure reply,
                 void *call)
{
    const struct rpc_page *page = rpc_page(call);
    Coupon__SettlementList message = COUPON__SETTLEMENT_LIST__INIT;
    int64_t *ids = arena_alloc(rpc_arena(call), page->limit * sizeof(*ids));
    size_t n = ids ? settlements_list(self, merchant_id, path, page->before, page->states, ids, page->limit) : 0;

    for (size_t i = 0; i < n && rpc_page_takes(call, ids[i]); i++) {
        struct statement s;
        struct merchant merchant;
        bool found =
            statements_find(&self->settlement, ids[i], &s) && merchants_find(&self->merchants, s.payee_id, &merchant);

        rpc_add(call, &message, settlements, found ? settlement_message(self, &s, &merchant, call) : NULL);
    }
    reply(&message, call);
}

/* rpc ListSettlements: of a merchant, newest first. */
static void statements__list_settlements(Coupon__Statements_Service *service, const Coupon__ListSettlementsRequest *req,
                                         Coupon__SettlementList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, statements_service);
    struct merchant merchant;

    if (merchant_of_finance(self, req->merchant_id, true, call, &merchant))
        list(self, merchant.id, NULL, reply, call);
}

/* rpc ListUnionSettlements: of a union's merchants and those below it. */
static void statements__list_union_settlements(Coupon__Statements_Service *service,
                                               const Coupon__ListUnionSettlementsRequest *req,
                                               Coupon__SettlementList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, statements_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);

    if (!path)
        return;
    if (rpc_has_role(call, RULE__ROLE__FINANCE, path) || rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, path))
        list(self, 0, path, reply, call);
    else
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "unionId");
}

/* rpc GetSettlement: without its lines. */
static void statements__get_settlement(Coupon__Statements_Service *service, const Settlement__SettlementRequest *req,
                                       Coupon__Settlement_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, statements_service);
    struct statement settlement;
    struct merchant merchant;

    if (settlement_of_finance(self, req->settlement_id, true, call, &settlement, &merchant))
        reply_settlement(self, &settlement, &merchant, reply, call);
}

static Coupon__SettlementLine *line_message(struct coupon *self, struct statement_line *line, void *call)
{
    Coupon__SettlementLine *message = arena_message(rpc_arena(call), &coupon__settlement_line__descriptor);
    struct settled settled;

    if (!message || !settled_find(self, line->thing_id, &settled))
        return NULL;
    message->line = line->line;
    message->redemption_id = line->thing_id;
    message->kind = (Settlement__LineKind)line->kind;
    message->fen = line->fen;
    message->discount_fen =
        line->kind == SETTLEMENT__LINE_KIND__CORRECTION ? -settled.discount_fen : settled.discount_fen;
    message->release_id = settled.release_id;
    message->sale_id = settled.sale_id;
    message->branch_id = settled.branch_id;
    message->at = settled.at;
    message->seq = line->seq;
    message->hash = (ProtobufCBinaryData){sizeof(line->hash), line->hash};
    return message;
}

/* rpc ListSettlementLines: in their order. */
static void statements__list_settlement_lines(Coupon__Statements_Service *service,
                                              const Settlement__ListSettlementLinesRequest *req,
                                              Coupon__SettlementLineList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, statements_service);
    const struct rpc_page *page = rpc_page(call);
    Coupon__SettlementLineList message = COUPON__SETTLEMENT_LINE_LIST__INIT;
    struct statement settlement;
    struct statement_line *lines;
    struct merchant merchant;
    int n;

    if (!settlement_of_finance(self, req->settlement_id, true, call, &settlement, &merchant))
        return;
    n = statement_lines(&self->settlement, settlement.id, (int32_t)page->after, (int)page->limit, rpc_arena(call),
                        &lines);
    for (int i = 0; i < n && rpc_page_takes(call, lines[i].line); i++)
        rpc_add(call, &message, lines, line_message(self, &lines[i], call));
    reply(&message, call);
}

/* rpc ExportSettlement: for a spreadsheet, with a byte order mark as those expect it. */
static void statements__export_settlement(Coupon__Statements_Service *service,
                                          const Settlement__ExportSettlementRequest *req, Rpc__Part_Closure reply,
                                          void *call)
{
    struct coupon *self = container_of(service, struct coupon, statements_service);
    struct statement settlement;
    struct merchant merchant;
    Rpc__Part part;

    if (settlement_of_finance(self, req->settlement_id, true, call, &settlement, &merchant) &&
        !rpc_refuse_if(call, statement_export(&self->settlement, &settlement, req->part, call, &part)))
        reply(&part, call);
}

/* rpc ReconcileSettlement: what only one of both has, and what has another amount. */
static void statements__reconcile_settlement(Coupon__Statements_Service *service,
                                             const Settlement__ReconcileSettlementRequest *req,
                                             Settlement__Reconciliation_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, statements_service);
    struct statement settlement;
    struct merchant merchant;

    if (settlement_of_finance(self, req->settlement_id, true, call, &settlement, &merchant))
        statement_compare(&self->settlement, &settlement, req, reply, call);
}

/* ---- deciding ---- */

static void decide(Coupon__Statements_Service *service, int64_t settlement_id, int state,
                   Coupon__Settlement_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, statements_service);
    struct statement settlement;
    struct merchant merchant;

    if (!settlement_of_finance(self, settlement_id, false, call, &settlement, &merchant) ||
        rpc_refuse_if(call, settlement_decide(self, &merchant, state, call, &settlement)) || settlement.state != state)
        return;
    reply_settlement(self, &settlement, &merchant, reply, call);
}

/* rpc ConfirmSettlement: by another than who prepared it; for good. */
static void statements__confirm_settlement(Coupon__Statements_Service *service,
                                           const Settlement__SettlementRequest *req, Coupon__Settlement_Closure reply,
                                           void *call)
{
    decide(service, req->settlement_id, SETTLEMENT__STATE__CONFIRMED, reply, call);
}

/* rpc RejectSettlement: its coupons are free for another; also by who prepared it. */
static void statements__reject_settlement(Coupon__Statements_Service *service, const Settlement__SettlementRequest *req,
                                          Coupon__Settlement_Closure reply, void *call)
{
    decide(service, req->settlement_id, SETTLEMENT__STATE__REJECTED, reply, call);
}

const Coupon__Statements_Service statements_api = COUPON__STATEMENTS__INIT(statements__);
