#include "common/base/hex.h"
#include "services/health/api.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/settlement/settlements.h"

#define CSV_LINES 500 /* of one part */
#define CSV_LINE  180 /* characters of one, at most */

static void settlement_message(struct settlement *s, Health__Settlement *ret)
{
    health__settlement__init(ret);
    ret->settlement_id = s->id;
    ret->campaign_id = s->campaign_id;
    ret->site_id = s->site_id;
    ret->state = (Health__SettlementState)s->state;
    ret->n_lines = s->n_lines;
    ret->total_fen = s->total_fen;
    ret->lines_hash = (ProtobufCBinaryData){sizeof(s->lines_hash), s->lines_hash};
    ret->prepared_by = s->prepared_by;
    ret->prepared_at = s->prepared_at;
    ret->decided_by = s->decided_by;
    ret->decided_at = s->decided_at;
}

static void reply_settlement(struct settlement *settlement, Health__Settlement_Closure reply, void *call)
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

/* A settlement of such a campaign; false after refusing. */
static bool find_settlement(struct health *self, int64_t settlement_id, bool reads, void *call, struct settlement *ret)
{
    if (settlements_find(&self->settlements, settlement_id, ret))
        return campaign_of_finance(self, ret->campaign_id, reads, call) != NULL;
    rpc_refuse(call, HEALTH__REASON__SETTLEMENT_NOT_FOUND);
    return false;
}

/* The deed of a settlement; `what` is filled in for it. */
static struct hands_deed deed_of(struct health *self, struct settlement *s, const char *union_path,
                                 Health__SettlementChanged *what, void *call)
{
    static const int offices[] = {RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

    health__settlement_changed__init(what);
    what->settlement_id = s->id;
    what->campaign_id = s->campaign_id;
    what->site_id = s->site_id;
    what->n_lines = s->n_lines;
    what->total_fen = s->total_fen;
    what->lines_hash = (ProtobufCBinaryData){sizeof(s->lines_hash), s->lines_hash};
    return (struct hands_deed){
        .kind = "settlement",
        .id = s->id,
        .what = &what->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = offices,
        .union_path = union_path,
        .own = HEALTH__REASON__SETTLED_BY_ONE,
        .earlier_by = holder_of(&self->holders, s->prepared_by),
    };
}

static int prepare(struct health *self, const Health__Campaign *campaign, const Health__CampaignSite *site, void *call,
                   struct settlement *ret)
{
    int reason = settlement_prepare(self, campaign, site, call, ret);
    Health__SettlementChanged what;
    struct hands_deed deed;

    if (reason)
        return reason;
    deed = deed_of(self, ret, campaign->union_path, &what, call);
    return hands_give(&self->two_hands, &deed, call);
}

/* rpc PrepareSettlement: of all that a site has done since the last; the open one when there is one. */
static void settlements__prepare_settlement(Health__Settlements_Service *service,
                                            const Health__PrepareSettlementRequest *req,
                                            Health__Settlement_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, settlements_service);
    const Health__Campaign *campaign = campaign_of_finance(self, req->campaign_id, false, call);
    const Health__CampaignSite *site = campaign ? campaign_site(campaign, req->site_id) : NULL;
    struct settlement settlement;
    int reason;

    if (!campaign)
        return;
    if (!site) {
        rpc_refuse_field(call, HEALTH__REASON__SITE_NOT_IN_CAMPAIGN, "siteId");
        return;
    }
    if (!settlements_find_open(&self->settlements, campaign->campaign_id, site->site_id, &settlement)) {
        reason = prepare(self, campaign, site, call, &settlement);
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
    struct settlement *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    size_t n = 0;

    if (!campaign_of_finance(self, req->campaign_id, true, call))
        return;
    settlements_ask(&self->settlements, req->campaign_id, page->before, (int)page->limit, page->states);
    while (found && n < page->limit && settlements_next(&self->settlements, &found[n]))
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
static void settlements__get_settlement(Health__Settlements_Service *service, const Health__SettlementRequest *req,
                                        Health__Settlement_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, settlements_service);
    struct settlement settlement;

    if (find_settlement(self, req->settlement_id, true, call, &settlement))
        reply_settlement(&settlement, reply, call);
}

/* Up to n lines after a number, in the arena; their number, or -1 when memory is full. */
static int read_lines(struct health *self, int64_t settlement_id, int32_t after, int n, struct arena *arena,
                      struct settlement_line **ret)
{
    struct settlement_line *lines = arena_alloc(arena, (size_t)n * sizeof(*lines));
    int count = 0;

    if (!lines)
        return -1;
    settlement_lines_ask(&self->settlements, settlement_id, after, n);
    while (count < n && settlement_lines_next(&self->settlements, &lines[count]))
        count++;
    settlement_lines_end(&self->settlements);
    *ret = lines;
    return count;
}

void settlement_line_message(struct settlement_line *line, Health__SettlementLine *ret)
{
    health__settlement_line__init(ret);
    ret->line = line->line;
    ret->booking_id = line->booking_id;
    ret->kind = (Health__LineKind)line->kind;
    ret->fen = line->fen;
    ret->seq = line->seq;
    ret->hash = (ProtobufCBinaryData){sizeof(line->hash), line->hash};
}

/* rpc ListSettlementLines: in their order. */
static void settlements__list_settlement_lines(Health__Settlements_Service *service,
                                               const Health__ListSettlementLinesRequest *req,
                                               Health__SettlementLineList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, settlements_service);
    const struct rpc_page *page = rpc_page(call);
    Health__SettlementLineList list = HEALTH__SETTLEMENT_LINE_LIST__INIT;
    struct settlement settlement;
    struct settlement_line *lines;
    int n;

    if (!find_settlement(self, req->settlement_id, true, call, &settlement))
        return;
    n = read_lines(self, settlement.id, (int32_t)page->after, (int)page->limit, rpc_arena(call), &lines);
    for (int i = 0; i < n && rpc_page_takes(call, lines[i].line); i++) {
        Health__SettlementLine *message = arena_message(rpc_arena(call), &health__settlement_line__descriptor);

        if (message)
            settlement_line_message(&lines[i], message);
        rpc_add(call, &list, lines, message);
    }
    reply(&list, call);
}

/* Fen as yuan with two decimals. */
static int print_yuan(char *to, size_t size, int64_t fen)
{
    uint64_t amount = fen < 0 ? -(uint64_t)fen : (uint64_t)fen;

    return snprintf(to, size, "%s%llu.%02llu", fen < 0 ? "-" : "", (unsigned long long)(amount / 100),
                    (unsigned long long)(amount % 100));
}

/* One line as CSV (RFC 4180); how many characters, at most CSV_LINE. */
static size_t print_line(char *to, const struct settlement *s, const struct settlement_line *line)
{
    char yuan[32];
    size_t len;

    print_yuan(yuan, sizeof(yuan), line->fen);
    len = (size_t)snprintf(to, CSV_LINE, "%lld,%d,%lld,%s,%s,%lld,", (long long)s->id, line->line,
                           (long long)line->booking_id, line->kind == HEALTH__LINE_KIND__LINE_SCAN ? "到检" : "冲正",
                           yuan, (long long)line->seq);
    hex_write(line->hash, sizeof(line->hash), to + len);
    len += 2 * sizeof(line->hash);
    to[len++] = '\r';
    to[len++] = '\n';
    ensure(len <= CSV_LINE);
    return len;
}

/* rpc ExportSettlement: for a spreadsheet, with a byte order mark as those expect it. */
static void settlements__export_settlement(Health__Settlements_Service *service,
                                           const Health__ExportSettlementRequest *req, Rpc__Part_Closure reply,
                                           void *call)
{
    static const char head[] = "\xef\xbb\xbf结算单号,行号,预约号,类别,金额(元),日志序号,日志哈希\r\n";
    struct health *self = container_of(service, struct health, settlements_service);
    char *text = arena_alloc(rpc_arena(call), sizeof(head) + CSV_LINES * CSV_LINE), name[48];
    Rpc__Part part = RPC__PART__INIT;
    struct settlement settlement;
    struct settlement_line *lines;
    int n;

    if (!find_settlement(self, req->settlement_id, true, call, &settlement))
        return;
    n = read_lines(self, settlement.id, req->part, CSV_LINES, rpc_arena(call), &lines);
    if (!text || n < 0) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    part.body.data = (uint8_t *)text;
    if (req->part == 0) {
        memcpy(text, head, sizeof(head) - 1);
        part.body.len = sizeof(head) - 1;
    }
    for (int i = 0; i < n; i++)
        part.body.len += print_line(text + part.body.len, &settlement, &lines[i]);
    snprintf(name, sizeof(name), "settlement-%lld.csv", (long long)settlement.id);
    part.file_name = name;
    if (n > 0 && lines[n - 1].line < settlement.n_lines)
        part.next = lines[n - 1].line;
    reply(&part, call);
}

/* Why it is not decided like that: 0 or the Reason. */
static int decide_refusal(struct health *self, struct settlement *settlement, int state, const char *union_path,
                          void *call)
{
    Health__SettlementChanged what;
    struct hands_deed deed;

    if (settlement->state != HEALTH__SETTLEMENT_STATE__SETTLEMENT_PREPARED)
        return HEALTH__REASON__SETTLEMENT_DECIDED;
    if (state == HEALTH__SETTLEMENT_STATE__SETTLEMENT_REJECTED) {
        hands_end(&self->two_hands, "settlement", settlement->id, HANDS__STATE__REFUSED, call);
        return settlement_is_superseded(self, settlement) ? HEALTH__REASON__SETTLEMENT_SUPERSEDED : 0;
    }
    if (settlement_is_stale(self, settlement))
        return HEALTH__REASON__SETTLEMENT_STALE;
    deed = deed_of(self, settlement, union_path, &what, call);
    return hands_confirm(&self->two_hands, &deed, call);
}

static void decide(Health__Settlements_Service *service, const Health__SettlementRequest *req, int state,
                   Health__Settlement_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, settlements_service);
    const Health__Campaign *campaign;
    struct settlement settlement;
    int reason = 0;

    if (!settlements_find(&self->settlements, req->settlement_id, &settlement)) {
        rpc_refuse(call, HEALTH__REASON__SETTLEMENT_NOT_FOUND);
        return;
    }
    campaign = campaign_of_finance(self, settlement.campaign_id, false, call);
    if (!campaign)
        return;
    if (settlement.state != state) {
        reason = decide_refusal(self, &settlement, state, campaign->union_path, call);
        if (!reason && !settlement_decide(self, &settlement, state, call))
            reason = RPC__REASON__OVERLOADED;
    }
    if (!rpc_refuse_if(call, reason))
        reply_settlement(&settlement, reply, call);
}

/* rpc ConfirmSettlement: by another than who prepared it; for good. */
static void settlements__confirm_settlement(Health__Settlements_Service *service, const Health__SettlementRequest *req,
                                            Health__Settlement_Closure reply, void *call)
{
    decide(service, req, HEALTH__SETTLEMENT_STATE__SETTLEMENT_CONFIRMED, reply, call);
}

/* rpc RejectSettlement: its lines are free for another; also by who prepared it. */
static void settlements__reject_settlement(Health__Settlements_Service *service, const Health__SettlementRequest *req,
                                           Health__Settlement_Closure reply, void *call)
{
    decide(service, req, HEALTH__SETTLEMENT_STATE__SETTLEMENT_REJECTED, reply, call);
}

const Health__Settlements_Service settlements_api = HEALTH__SETTLEMENTS__INIT(settlements__);
