#include "services/health/api.h"
#include "services/health/booking/costs.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/settlement/settlements.h"

static void settlement_message(struct statement *s, Health__Settlement *ret)
{
    health__settlement__init(ret);
    ret->settlement_id = s->id;
    ret->campaign_id = s->for_id;
    ret->site_id = s->payee_id;
    ret->state = (Health__SettlementState)s->state;
    ret->n_lines = s->n_lines;
    ret->total_fen = s->total_fen;
    ret->lines_hash = (ProtobufCBinaryData){sizeof(s->lines_hash), s->lines_hash};
    ret->prepared_by = s->prepared_by;
    ret->prepared_at = s->prepared_at;
    ret->decided_by = s->decided_by;
    ret->decided_at = s->decided_at;
}

static void reply_settlement(struct statement *settlement, Health__Settlement_Closure reply, void *call)
{
    Health__Settlement message;

    settlement_message(settlement, &message);
    reply(&message, call);
}

/* A campaign over which the caller has finance or, to read, the audit; NULL after refusing. */
static Health__Campaign *campaign_of_finance(struct health *self, int64_t campaign_id, bool reads, void *call)
{
    Health__Campaign *campaign = campaigns_find(&self->campaigns, campaign_id, rpc_arena(call));

    if (!campaign) {
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
        return NULL;
    }
    if (rpc_has_role(call, RULE__ROLE__FINANCE, campaign->union_path) ||
        (reads && rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, campaign->union_path)))
        return campaign;
    rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
    return NULL;
}

bool settlement_of_finance(struct health *self, int64_t settlement_id, bool reads, void *call, struct statement *ret)
{
    if (statements_find(&self->settlement, settlement_id, ret))
        return campaign_of_finance(self, ret->for_id, reads, call) != NULL;
    rpc_refuse(call, SETTLEMENT__REASON__SETTLEMENT_NOT_FOUND);
    return false;
}

/* rpc PrepareSettlement: of all that a site has done since the last; the open one when there is one. */
static void settlements__prepare_settlement(Health__Settlements_Service *service,
                                            const Health__PrepareSettlementRequest *req,
                                            Health__Settlement_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, settlements_service);
    const Health__Campaign *campaign = campaign_of_finance(self, req->campaign_id, false, call);
    const Health__CampaignSite *site = campaign ? campaign_site(campaign, req->site_id) : NULL;
    struct statement settlement;
    int reason;

    if (!campaign)
        return;
    if (!site) {
        rpc_refuse_field(call, HEALTH__REASON__SITE_NOT_IN_CAMPAIGN, "siteId");
        return;
    }
    if (!statements_find_open(&self->settlement, campaign->campaign_id, site->site_id, &settlement)) {
        reason = settlement_prepare(self, campaign, site, call, &settlement);
        if (rpc_refuse_if(call, reason))
            return;
        rpc_created(call);
    }
    reply_settlement(&settlement, reply, call);
}

/* rpc ListSettlements: of a campaign, newest first. */
static void settlements__list_settlements(Health__Settlements_Service *service,
                                          const Health__ListSettlementsRequest *req,
                                          Health__SettlementList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, settlements_service);
    const struct rpc_page *page = rpc_page(call);
    Health__SettlementList list = HEALTH__SETTLEMENT_LIST__INIT;
    struct statement *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    size_t n = 0;

    if (!campaign_of_finance(self, req->campaign_id, true, call))
        return;
    statements_ask(&self->settlement, req->campaign_id, page->before, (int)page->limit, page->states);
    while (found && n < page->limit && statements_next(&self->settlement, &found[n]))
        n++;
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        Health__Settlement *message = arena_message(rpc_arena(call), &health__settlement__descriptor);

        if (message)
            settlement_message(&found[i], message);
        rpc_add(call, &list, settlements, message);
    }
    reply(&list, call);
}

/* rpc GetSettlement: without its lines. */
static void settlements__get_settlement(Health__Settlements_Service *service, const Settlement__SettlementRequest *req,
                                        Health__Settlement_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, settlements_service);
    struct statement settlement;

    if (settlement_of_finance(self, req->settlement_id, true, call, &settlement))
        reply_settlement(&settlement, reply, call);
}

void settlement_line_message(struct statement_line *line, Health__SettlementLine *ret)
{
    health__settlement_line__init(ret);
    ret->line = line->line;
    ret->booking_id = line->thing_id;
    ret->kind = (Health__LineKind)line->kind;
    ret->fen = line->fen;
    ret->seq = line->seq;
    ret->hash = (ProtobufCBinaryData){sizeof(line->hash), line->hash};
}

/* rpc ListSettlementLines: in their order. */
static void settlements__list_settlement_lines(Health__Settlements_Service *service,
                                               const Settlement__ListSettlementLinesRequest *req,
                                               Health__SettlementLineList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, settlements_service);
    const struct rpc_page *page = rpc_page(call);
    Health__SettlementLineList list = HEALTH__SETTLEMENT_LINE_LIST__INIT;
    struct statement settlement;
    struct statement_line *lines;
    int n;

    if (!settlement_of_finance(self, req->settlement_id, true, call, &settlement))
        return;
    n = statement_lines(&self->settlement, settlement.id, (int32_t)page->after, (int)page->limit, rpc_arena(call),
                        &lines);
    for (int i = 0; i < n && rpc_page_takes(call, lines[i].line); i++) {
        Health__SettlementLine *message = arena_message(rpc_arena(call), &health__settlement_line__descriptor);

        if (message)
            settlement_line_message(&lines[i], message);
        rpc_add(call, &list, lines, message);
    }
    reply(&list, call);
}

/* rpc ExportSettlement: for a spreadsheet, with a byte order mark as those expect it. */
static void settlements__export_settlement(Health__Settlements_Service *service,
                                           const Settlement__ExportSettlementRequest *req, Rpc__Part_Closure reply,
                                           void *call)
{
    struct health *self = container_of(service, struct health, settlements_service);
    struct statement settlement;
    Rpc__Part part;

    if (settlement_of_finance(self, req->settlement_id, true, call, &settlement) &&
        !rpc_refuse_if(call, statement_export(&self->settlement, &settlement, req->part, call, &part)))
        reply(&part, call);
}

static void decide(Health__Settlements_Service *service, const Settlement__SettlementRequest *req, int state,
                   Health__Settlement_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, settlements_service);
    const Health__Campaign *campaign;
    struct statement settlement;
    int reason = 0;

    if (!statements_find(&self->settlement, req->settlement_id, &settlement)) {
        rpc_refuse(call, SETTLEMENT__REASON__SETTLEMENT_NOT_FOUND);
        return;
    }
    campaign = campaign_of_finance(self, settlement.for_id, false, call);
    if (!campaign)
        return;
    if (settlement.state != state && state == HEALTH__SETTLEMENT_STATE__SETTLEMENT_CONFIRMED &&
        !settlement_may_be_paid(self, campaign, &settlement, call))
        return;
    if (settlement.state != state)
        reason = statement_decide(&self->settlement, campaign->union_path, state, call, &settlement);
    if (!reason && costs_settle(self, campaign, settlement.id, call))
        reason = HEALTH__REASON__BUDGET_USED_UP;
    if (!rpc_refuse_if(call, reason))
        reply_settlement(&settlement, reply, call);
}

/* rpc ConfirmSettlement: by another than who prepared it; for good. */
static void settlements__confirm_settlement(Health__Settlements_Service *service,
                                            const Settlement__SettlementRequest *req, Health__Settlement_Closure reply,
                                            void *call)
{
    decide(service, req, HEALTH__SETTLEMENT_STATE__SETTLEMENT_CONFIRMED, reply, call);
}

/* rpc RejectSettlement: its lines are free for another; also by who prepared it. */
static void settlements__reject_settlement(Health__Settlements_Service *service,
                                           const Settlement__SettlementRequest *req, Health__Settlement_Closure reply,
                                           void *call)
{
    decide(service, req, HEALTH__SETTLEMENT_STATE__SETTLEMENT_REJECTED, reply, call);
}

const Health__Settlements_Service settlements_api = HEALTH__SETTLEMENTS__INIT(settlements__);
