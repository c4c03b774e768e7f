#include "services/coupon/api.h"
#include "services/coupon/fund/fund_uses.h"

/* ---- messages ---- */

static Coupon__FundTerms *terms_message(const struct fund_terms *terms, void *call)
{
    Coupon__FundTerms *message = arena_message(rpc_arena(call), &coupon__fund_terms__descriptor);

    if (message) {
        message->fen = terms->fen;
        message->day_fen = terms->day_fen;
        message->for_below = terms->for_below;
        message->closes = terms->closes;
    }
    return message;
}

/* 0 or a Reason. NULL when the batch's memory is full. */
static int fund_message(struct coupon *self, const struct fund *fund, void *call, Coupon__Fund **message)
{
    Coupon__Fund *ret = arena_message(rpc_arena(call), &coupon__fund__descriptor);

    *message = ret;
    if (!ret)
        return 0;
    ret->fund_id = fund->id;
    ret->name = rpc_text(call, fund->name);
    ret->source = (Coupon__FundSource)fund->source;
    ret->source_name = rpc_text(call, fund->source_name);
    ret->state = (Coupon__FundState)fund->state;
    ret->terms = fund->terms.fen ? terms_message(&fund->terms, call) : NULL;
    ret->proposed = fund->waits ? terms_message(&fund->proposed, call) : NULL;
    ret->free_fen = fund_free(self, fund->id);
    fund_totals(self, fund->id, &ret->committed_fen, &ret->spent_fen);
    ret->created_at = fund->created_at;
    return tree_id(&self->tree, fund->union_path, call, &ret->union_id);
}

/* Answers with the fund as it is now, or refuses for a reason. */
static void reply_fund(struct coupon *self, const struct fund *fund, int reason, Coupon__Fund_Closure reply, void *call)
{
    Coupon__Fund *message;

    if (!reason)
        reason = fund_message(self, fund, call, &message);
    if (!rpc_refuse_if(call, reason))
        reply(message, call);
}

/* ---- who ---- */

/* Finance, or who may look. */
static bool has_office(const char *path, bool reads, void *call)
{
    return rpc_has_role(call, RULE__ROLE__FINANCE, path) ||
           (reads && (rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path) ||
                      rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, path)));
}

/* False after refusing. */
static bool find_fund(struct coupon *self, int64_t fund_id, bool reads, void *call, struct fund *ret)
{
    int reason = 0;

    if (!funds_find(self, fund_id, ret))
        reason = COUPON__REASON__FUND_NOT_FOUND;
    else if (!has_office(ret->union_path, reads, call))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    return !rpc_refuse_if(call, reason);
}

/* ---- two hands ---- */

/* What is put into it is not less than what one day may take of it. */
static bool take_terms(const Coupon__FundTerms *said, void *call, struct fund_terms *ret)
{
    *ret = (struct fund_terms){said->fen, said->day_fen, said->for_below, said->closes};
    return !rpc_refuse_field_if(call, said->day_fen > said->fen ? COUPON__REASON__FUND_DAY_ABOVE_ALL : 0,
                                "terms.dayFen");
}

static bool needs_name(int source)
{
    return source == COUPON__FUND_SOURCE__BANK || source == COUPON__FUND_SOURCE__MERCHANT ||
           source == COUPON__FUND_SOURCE__DONATION;
}

/* rpc ProposeFund: the first hand. */
static void funds__propose_fund(Coupon__Funds_Service *service, const Coupon__ProposeFundRequest *req,
                                Coupon__Fund_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, funds_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    struct fund fund = {.source = (int)req->source};

    if (!path)
        return;
    if (!has_office(path, false, call)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "unionId");
        return;
    }
    if (rpc_refuse_field_if(call, needs_name(fund.source) && !*req->source_name ? RPC__REASON__MISSING_FIELD : 0,
                            "sourceName") ||
        !take_terms(req->terms, call, &fund.proposed))
        return;
    if (fund.proposed.closes) {
        rpc_refuse_field(call, COUPON__REASON__FUND_NOT_OPEN, "terms.closes");
        return;
    }
    snprintf(fund.union_path, sizeof(fund.union_path), "%s", path);
    snprintf(fund.name, sizeof(fund.name), "%s", req->name);
    snprintf(fund.source_name, sizeof(fund.source_name), "%s", req->source_name);
    if (rpc_refuse_if(call, fund_propose(self, &fund, call)))
        return;
    rpc_created(call);
    reply_fund(self, &fund, 0, reply, call);
}

/* rpc ProposeFundTerms: the first hand to others. */
static void funds__propose_fund_terms(Coupon__Funds_Service *service, const Coupon__ProposeFundTermsRequest *req,
                                      Coupon__Fund_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, funds_service);
    struct fund_terms terms;
    struct fund fund;

    if (find_fund(self, req->fund_id, false, call, &fund) && take_terms(req->terms, call, &terms))
        reply_fund(self, &fund, fund_propose_terms(self, &fund, &terms, call), reply, call);
}

/* rpc ConfirmFund: the second hand. */
static void funds__confirm_fund(Coupon__Funds_Service *service, const Coupon__FundRequest *req,
                                Coupon__Fund_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, funds_service);
    struct fund fund;

    if (find_fund(self, req->fund_id, false, call, &fund))
        reply_fund(self, &fund, fund_confirm(self, &fund, call), reply, call);
}

/* rpc RefuseFund: or takes it back. */
static void funds__refuse_fund(Coupon__Funds_Service *service, const Coupon__FundRequest *req,
                               Coupon__Fund_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, funds_service);
    struct fund fund;

    if (find_fund(self, req->fund_id, false, call, &fund))
        reply_fund(self, &fund, fund_refuse(self, &fund, call), reply, call);
}

/* ---- asking ---- */

/* rpc GetFund: with what is free, promised and spent. */
static void funds__get_fund(Coupon__Funds_Service *service, const Coupon__FundRequest *req, Coupon__Fund_Closure reply,
                            void *call)
{
    struct coupon *self = container_of(service, struct coupon, funds_service);
    struct fund fund;

    if (find_fund(self, req->fund_id, true, call, &fund))
        reply_fund(self, &fund, 0, reply, call);
}

/* rpc ListFunds: of a union and all below it, newest first. */
static void funds__list_funds(Coupon__Funds_Service *service, const Coupon__ListFundsRequest *req,
                              Coupon__FundList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, funds_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    const struct rpc_page *page = rpc_page(call);
    struct fund *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Coupon__FundList list = COUPON__FUND_LIST__INIT;
    Coupon__Fund *message;
    size_t n = 0;

    if (!path)
        return;
    if (!has_office(path, true, call)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "unionId");
        return;
    }
    if (found)
        n = funds_list(self, path, page->before, page->states, found, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        if (rpc_refuse_if(call, fund_message(self, &found[i], call, &message)))
            return;
        rpc_add(call, &list, funds, message);
    }
    reply(&list, call);
}

static Coupon__FundUse *use_message(const struct coupon *self, const struct fund_use *use, void *call)
{
    Coupon__FundUse *message = arena_message(rpc_arena(call), &coupon__fund_use__descriptor);
    const struct budget_line line = {use->release_id, 0};

    if (!message)
        return NULL;
    message->release_id = use->release_id;
    message->cost_fen = use->cost_fen;
    message->committed_fen = budget_balance(&self->budget, &line, BUDGET__ACCOUNT__COMMITTED);
    message->spent_fen = budget_balance(&self->budget, &line, BUDGET__ACCOUNT__SPENT);
    message->returned_fen = use->stage == FUND_DRAFTED ? 0 : use->cost_fen - use->kept_fen;
    message->from_day = fund_use_day(use);
    message->days = use->days;
    message->day_fen = use->day_fen;
    message->ended = use->stage == FUND_OVER;
    return message;
}

/* rpc ListFundUses: the budget of each campaign. */
static void funds__list_fund_uses(Coupon__Funds_Service *service, const Coupon__ListFundUsesRequest *req,
                                  Coupon__FundUseList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, funds_service);
    const struct rpc_page *page = rpc_page(call);
    struct fund_use *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Coupon__FundUseList list = COUPON__FUND_USE_LIST__INIT;
    struct fund fund;
    size_t n = 0;

    if (!find_fund(self, req->fund_id, true, call, &fund))
        return;
    fund_uses_ask(self, fund.id, page->before, (int)page->limit);
    while (found && n < page->limit && fund_uses_next(self, &found[n]))
        n++;
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].release_id); i++)
        rpc_add(call, &list, uses, use_message(self, &found[i], call));
    reply(&list, call);
}

const Coupon__Funds_Service funds_api = COUPON__FUNDS__INIT(funds__);
