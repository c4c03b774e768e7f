#include "common/text/text.h"
#include "services/identity/api.h"
#include "services/identity/membership/api_membership.h"
#include "services/identity/unions/changes.h"
#include "services/identity/people/data_keys.h"
#include "services/identity/people/members.h"
#include "services/identity/registers/rosters.h"
#include "services/identity/access/session_life.h"
#include "services/identity/membership/trades.h"
#include "services/identity/unions/unions.h"

static struct identity *self_of(Identity__Trades_Service *service)
{
    return container_of(service, struct identity, trades_service);
}

/* ---- messages ---- */

static bool fill_texts(struct identity *self, const struct trade *trade, Identity__TradeRecord *message, void *call)
{
    char name[CN_NAME_SIZE] = "";
    struct proof proof = {0};
    struct person person;
    struct member member;

    if (!members_find(&self->members, trade->member_id, &member))
        return false;
    if (person_open_member(self, &member, &person))
        cn_mask_name(person.name, name);
    if (trade->sealed.len)
        person_open_proof(self, &member, trade->id, &trade->sealed, &proof);
    message->name = rpc_text(call, name);
    message->remark = rpc_text(call, trade->remark);
    message->platform = rpc_text(call, proof.platform);
    message->work_number = rpc_text(call, proof.work_number);
    message->evidence = rpc_text(call, proof.evidence);
    return true;
}

Identity__TradeRecord *trade_message(struct identity *self, const struct trade *trade, void *call)
{
    Identity__TradeRecord *message = arena_message(rpc_arena(call), &identity__trade_record__descriptor);
    struct union_node node;

    if (!message || !unions_find(&self->unions, trade->union_id, &node))
        return NULL;
    message->trade_id = trade->id;
    message->member_id = trade->member_id;
    message->union_ = union_message(&node, call);
    message->trade = (Rpc__Trade)trade->trade;
    message->state = (Identity__TradeState)trade->state;
    message->source = (Identity__TradeSource)trade->source;
    message->from = trade->from_at;
    message->until = trade->until_at;
    message->asked_at = trade->asked_at;
    message->decided_at = trade->decided_at;
    message->reason = (Identity__RefusalReason)trade->reason;
    message->proof = (Identity__TradeProof)trade->proof;
    return fill_texts(self, trade, message, call) ? message : NULL;
}

static void reply_trade(struct identity *self, const struct trade *trade, Identity__TradeRecord_Closure reply,
                        void *call)
{
    reply(trade_message(self, trade, call), call);
}

static void reply_list(struct identity *self, enum trades_list which, Identity__TradeList_Closure reply, void *call)
{
    Identity__TradeList list = IDENTITY__TRADE_LIST__INIT;
    struct trade trade;

    while (trades_next(&self->trades, which, &trade) && rpc_page_takes(call, trade.id))
        rpc_add(call, &list, trades, trade_message(self, &trade, call));
    trades_end(&self->trades, which);
    reply(&list, call);
}

/* ---- the member ---- */

/* Why she may not claim this; *ret_open has the claim of it that waits already, else id 0. */
static int claim_refusal(struct identity *self, const Identity__ClaimTradeRequest *req, void *call,
                         struct member *ret_member, struct union_node *ret_node, struct trade *ret_open)
{
    struct union_node own;
    struct trade proven;

    ret_open->id = 0;
    if (!members_find(&self->members, rpc_principal(call)->member_id, ret_member))
        return IDENTITY__REASON__MEMBER_NOT_FOUND;
    if (!ret_member->union_id || !unions_find(&self->unions, ret_member->union_id, &own))
        return IDENTITY__REASON__NO_MEMBERSHIP;
    if ((int)req->trade <= RPC__TRADE__TRADE_OTHER || (int)req->trade > RPC__TRADE__CONSTRUCTION)
        return IDENTITY__REASON__TRADE_INVALID;
    *ret_node = own;
    if (req->industry && !union_industry(self, &own, (int)req->trade, ret_node))
        return IDENTITY__REASON__INDUSTRY_UNION_NOT_FOUND;
    if (trades_find_asked(&self->trades, ret_member->id, ret_open))
        return ret_open->trade == (int)req->trade ? 0 : IDENTITY__REASON__TRADE_CLAIM_PENDING;
    if (trades_find_proven(&self->trades, ret_member->id, &proven) && proven.trade == (int)req->trade &&
        proven.until_at - rpc_now(call) > TRADE_RENEWAL_MS)
        return IDENTITY__REASON__TRADE_STILL_VALID;
    return 0;
}

/* Whether the roster of the union she is in names her with this trade. */
static bool roster_names(struct identity *self, const struct member *member, int trade)
{
    struct roster_entry entries[ROSTERS_SEEN];
    size_t n = rosters_find_person(&self->rosters, member->person, entries, ARRAY_LEN(entries));
    struct union_node node;

    for (size_t i = 0; i < n; i++) {
        if (entries[i].trade == trade && union_successor(self, entries[i].union_id, &node) &&
            node.id == member->union_id)
            return true;
    }
    return false;
}

/* 0, or the Reason with its field. */
static int read_proof(const Identity__ClaimTradeRequest *req, void *call, struct proof *ret, const char **ret_field)
{
    const struct {
        const char *field, *text;
        char *line;
        size_t size;
        bool optional;
    } lines[] = {
        {"platform", req->platform, ret->platform, sizeof(ret->platform), false},
        {"workNumber", req->work_number, ret->work_number, sizeof(ret->work_number), false},
        {"evidence", req->evidence, ret->evidence, sizeof(ret->evidence), true},
    };
    int32_t bad;

    *ret_field = "proof";
    if ((int)req->proof <= IDENTITY__TRADE_PROOF__TRADE_PROOF_NONE ||
        (int)req->proof > IDENTITY__TRADE_PROOF__PROOF_EMPLOYER)
        return IDENTITY__REASON__TRADE_PROOF_INVALID;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        *ret_field = lines[i].field;
        if (text_line(lines[i].text, lines[i].line, lines[i].size, &bad) < (lines[i].optional ? 0 : 1)) {
            rpc_fact_character(call, bad);
            return IDENTITY__REASON__TRADE_PROOF_INVALID;
        }
    }
    return 0;
}

static int make_claim(struct identity *self, const Identity__ClaimTradeRequest *req, struct member *member,
                      struct trade *claim, void *call, const char **ret_field)
{
    unsigned char nonce[PII_NONCE_LEN];
    struct proof proof;
    int reason = read_proof(req, call, &proof, ret_field);

    if (!reason)
        reason = data_key_ready(self, member, call);
    if (reason)
        return reason;
    claim->id = id_next(&self->ids, rpc_now(call));
    claim->state = IDENTITY__TRADE_STATE__TRADE_ASKED;
    claim->source = IDENTITY__TRADE_SOURCE__TRADE_BY_PAPERS;
    claim->proof = (int)req->proof;
    claim->asked_at = rpc_now(call);
    rpc_random(call, nonce, sizeof(nonce));
    person_seal_proof(self, member, claim->id, nonce, &proof, &claim->sealed);
    trade_claim(self, claim, call);
    return 0;
}

/* rpc ClaimTrade: her union, or the industry union, decides unless its roster has already said so. Claimed
 * twice, it is one claim. */
static void trades__claim_trade(Identity__Trades_Service *service, const Identity__ClaimTradeRequest *req,
                                Identity__TradeRecord_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    const char *field = "trade";
    struct union_node node;
    struct member member;
    struct trade claim;
    int reason = claim_refusal(self, req, call, &member, &node, &claim);

    if (rpc_refuse_field_if(call, reason, field))
        return;
    if (claim.id) {
        reply_trade(self, &claim, reply, call);
        return;
    }
    claim = (struct trade){.member_id = member.id, .union_id = node.id, .trade = (int)req->trade};
    if (roster_names(self, &member, claim.trade)) {
        claim.source = IDENTITY__TRADE_SOURCE__TRADE_BY_ROSTER;
        trade_prove(self, &member, &claim, call);
    } else {
        reason = make_claim(self, req, &member, &claim, call, &field);
    }
    if (rpc_refuse_field_if(call, reason, field))
        return;
    rpc_created(call);
    reply_trade(self, &claim, reply, call);
}

/* rpc ListMyTrades: claims and periods of the caller, the latest first. */
static void trades__list_my_trades(Identity__Trades_Service *service, const Identity__MyTradesRequest *req,
                                   Identity__TradeList_Closure reply, void *call)
{
    struct identity *self = self_of(service);

    (void)req;
    trades_ask(&self->trades, TRADES_MINE, rpc_principal(call)->member_id, rpc_page(call)->before,
               rpc_page(call)->limit, rpc_page(call)->states);
    reply_list(self, TRADES_MINE, reply, call);
}

/* rpc WithdrawTradeClaim: the claimant takes it back. */
static void trades__withdraw_trade_claim(Identity__Trades_Service *service, const Identity__TradeRequest *req,
                                         Identity__TradeRecord_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    struct trade trade;

    if (!trades_find(&self->trades, req->trade_id, &trade) || trade.member_id != rpc_principal(call)->member_id) {
        rpc_refuse(call, IDENTITY__REASON__TRADE_CLAIM_NOT_FOUND);
        return;
    }
    if (trade.state == IDENTITY__TRADE_STATE__TRADE_ASKED) {
        trade_refuse(self, &trade, IDENTITY__TRADE_STATE__TRADE_WITHDRAWN, call);
        trade.sealed.len = 0;
    } else if (trade.state != IDENTITY__TRADE_STATE__TRADE_WITHDRAWN) {
        rpc_refuse(call, IDENTITY__REASON__TRADE_CLAIM_DECIDED);
        return;
    }
    reply_trade(self, &trade, reply, call);
}

/* ---- the officials ---- */

/* rpc ListTradeClaims: a union's; asked for no state, what waits for it. */
static void trades__list_trade_claims(Identity__Trades_Service *service, const Identity__ListTradeClaimsRequest *req,
                                      Identity__TradeList_Closure reply, void *call)
{
    struct identity *self = self_of(service);
    int reason = official_refusal(self, req->union_id, union_administrators, call);

    if (rpc_refuse_if(call, reason))
        return;
    trades_ask(&self->trades, TRADES_UNION, req->union_id, rpc_page(call)->after, rpc_page(call)->limit,
               rpc_page_states(call, RPC_STATE(IDENTITY__TRADE_STATE__TRADE_ASKED)));
    reply_list(self, TRADES_UNION, reply, call);
}

/* 0, or why this one is left as it is. */
static int decide(struct identity *self, const struct decision *decision, int64_t trade_id, void *call)
{
    struct member member;
    struct trade trade;

    if (!trades_find(&self->trades, trade_id, &trade) || trade.union_id != decision->union_id)
        return IDENTITY__REASON__TRADE_CLAIM_NOT_FOUND;
    if (trade.state != IDENTITY__TRADE_STATE__TRADE_ASKED)
        return IDENTITY__REASON__TRADE_CLAIM_DECIDED;
    if (trade.member_id == rpc_principal(call)->member_id)
        return IDENTITY__REASON__NOT_FOR_YOURSELF;
    if (!members_find(&self->members, trade.member_id, &member))
        return IDENTITY__REASON__MEMBER_NOT_FOUND;
    snprintf(trade.remark, sizeof(trade.remark), "%s", decision->remark);
    if (decision->approve) {
        trade_prove(self, &member, &trade, call);
    } else {
        trade.reason = decision->reason;
        trade_refuse(self, &trade, IDENTITY__TRADE_STATE__TRADE_REFUSED, call);
    }
    return 0;
}

/* rpc DecideTradeClaims: each is decided by itself; the report says which was not. */
static void trades__decide_trade_claims(Identity__Trades_Service *service,
                                        const Identity__DecideTradeClaimsRequest *req,
                                        Identity__DecisionReport_Closure reply, void *call)
{
    decide_each(self_of(service), DECISION(req, trade_ids), decide, reply, call);
}

const Identity__Trades_Service trades_api = IDENTITY__TRADES__INIT(trades__);
