#include "services/subsidy/fund/funds.h"

/* ---- answers ---- */

/* 0 or a Reason. NULL when the batch's memory is full. */
static int message_of(struct subsidy *self, const struct fund *fund, void *call, Subsidy__Fund **message)
{
    Subsidy__Fund *ret = arena_message(rpc_arena(call), &subsidy__fund__descriptor);

    *message = ret;
    if (!ret)
        return 0;
    ret->fund_id = fund->id;
    ret->name = rpc_text(call, fund->name);
    ret->year = fund->year;
    ret->fen = fund->fen;
    ret->state = (Subsidy__FundState)fund->state;
    ret->free_fen = fund_free(self, fund);
    ret->created_at = fund->created_at;
    return tree_id(&self->tree, fund->union_path, call, &ret->union_id);
}

static void reply_fund(struct subsidy *self, const struct fund *fund, int reason, Subsidy__Fund_Closure reply,
                       void *call)
{
    Subsidy__Fund *message;

    if (!reason)
        reason = message_of(self, fund, call, &message);
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

/* The path of a union over which the caller has an office; NULL after refusing. */
static const char *union_of(struct subsidy *self, int64_t union_id, bool reads, void *call)
{
    const char *path = tree_path(&self->tree, union_id, "unionId", call);

    return path && !rpc_refuse_field_if(call, has_office(path, reads, call) ? 0 : RPC__REASON__OUTSIDE_YOUR_UNION,
                                        "unionId")
               ? path
               : NULL;
}

/* False after refusing. */
static bool find_fund(struct subsidy *self, int64_t fund_id, bool reads, void *call, struct fund *ret)
{
    int reason = 0;

    if (!funds_find(self, fund_id, ret))
        reason = SUBSIDY__REASON__SUBSIDY_FUND_NOT_FOUND;
    else if (!has_office(ret->union_path, reads, call))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    return !rpc_refuse_if(call, reason);
}

/* ---- operations ---- */

/* rpc ProposeSubsidyFund: the first hand. */
static void budgets__propose_subsidy_fund(Subsidy__Budgets_Service *service, const Subsidy__ProposeSubsidyFundRequest *req,
                                        Subsidy__Fund_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, budgets_service);
    const char *path = union_of(self, req->union_id, false, call);
    struct fund fund = {.year = req->year, .fen = req->fen};

    if (!path)
        return;
    snprintf(fund.union_path, sizeof(fund.union_path), "%s", path);
    snprintf(fund.name, sizeof(fund.name), "%s", req->name);
    if (rpc_refuse_if(call, fund_propose(self, &fund, call)))
        return;
    rpc_created(call);
    reply_fund(self, &fund, 0, reply, call);
}

/* rpc ConfirmSubsidyFund: the second hand. */
static void budgets__confirm_subsidy_fund(Subsidy__Budgets_Service *service, const Subsidy__SubsidyFundRequest *req,
                                        Subsidy__Fund_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, budgets_service);
    struct fund fund;

    if (find_fund(self, req->fund_id, false, call, &fund))
        reply_fund(self, &fund, fund_confirm(self, &fund, call), reply, call);
}

/* rpc RefuseSubsidyFund: or takes it back. */
static void budgets__refuse_subsidy_fund(Subsidy__Budgets_Service *service, const Subsidy__SubsidyFundRequest *req,
                                       Subsidy__Fund_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, budgets_service);
    struct fund fund;

    if (find_fund(self, req->fund_id, false, call, &fund))
        reply_fund(self, &fund, fund_refuse(self, &fund, call), reply, call);
}

/* rpc GetSubsidyFund: with what is free. */
static void budgets__get_subsidy_fund(Subsidy__Budgets_Service *service, const Subsidy__SubsidyFundRequest *req,
                                    Subsidy__Fund_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, budgets_service);
    struct fund fund;

    if (find_fund(self, req->fund_id, true, call, &fund))
        reply_fund(self, &fund, 0, reply, call);
}

/* rpc ListSubsidyFunds: newest first. */
static void budgets__list_subsidy_funds(Subsidy__Budgets_Service *service, const Subsidy__ListSubsidyFundsRequest *req,
                                      Subsidy__FundList_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, budgets_service);
    const char *path = union_of(self, req->union_id, true, call);
    const struct rpc_page *page = rpc_page(call);
    struct fund *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    Subsidy__FundList list = SUBSIDY__FUND_LIST__INIT;
    Subsidy__Fund *message;
    size_t n = 0;

    if (!path)
        return;
    if (found)
        n = funds_list(self, path, page->before, page->states, found, page->limit);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        if (rpc_refuse_if(call, message_of(self, &found[i], call, &message)))
            return;
        rpc_add(call, &list, funds, message);
    }
    reply(&list, call);
}

const Subsidy__Budgets_Service budgets_api = SUBSIDY__BUDGETS__INIT(budgets__);
