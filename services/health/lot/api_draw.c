#include "common/base/hex.h"
#include "services/health/api.h"

#include "services/health/campaign/campaigns.h"
#include "services/health/lot/lots.h"
#include "services/health/lot/stocks.h"

/* ---- messages ---- */

static void reply_status(struct health *self, const struct lot_terms *terms, const struct lot *lot,
                         Health__DrawStatus_Closure reply, void *call)
{
    Health__DrawStatus status = HEALTH__DRAW_STATUS__INIT;
    Lottery__Status told;

    lottery_status(&self->lottery, terms, lot, call, &told);
    status.campaign_id = terms->lot_id;
    status.state = (Health__CampaignState)told.stage;
    status.commitment = told.commitment;
    status.steps = told.steps;
    status.root = told.root;
    status.n_entries = told.n_entries;
    status.entered = told.entered;
    status.frozen_at = told.frozen_at;
    status.value = told.value;
    status.value_confirmed = told.value_confirmed;
    status.secret = told.secret;
    status.n_outcomes = told.n_outcomes;
    status.outcomes = told.outcomes;
    status.void_reason = told.void_reason;
    status.void_asked = told.void_asked;
    reply(&status, call);
}

/* Where a campaign without a lot stands. */
static void reply_state(const Health__Campaign *campaign, Health__DrawStatus_Closure reply, void *call)
{
    Health__DrawStatus status = HEALTH__DRAW_STATUS__INIT;

    status.campaign_id = campaign->campaign_id;
    status.state = campaign->state;
    reply(&status, call);
}

/* ---- chains of secrets ---- */

static Health__Chain *chain_message(struct health *self, const struct lot_chain *chain, void *call)
{
    Health__Chain *ret = arena_message(rpc_arena(call), &health__chain__descriptor);

    if (!ret || tree_id(&self->tree, chain->union_path, call, &ret->union_id))
        return NULL;
    ret->chain_id = chain->id;
    ret->days = chain->days;
    ret->used = chain->used;
    ret->made_at = id_time_ms(chain->id);
    ret->anchor = hex_text(chain->anchor, sizeof(chain->anchor), rpc_arena(call));
    return ret->anchor ? ret : NULL;
}

/* rpc CreateChain: secrets for so many days, of which each tells all before it. */
static void draws__create_chain(Health__Draws_Service *service, const Health__CreateChainRequest *req,
                                Health__Chain_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);
    struct lot_chain chain;

    if (!path)
        return;
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path)) {
        rpc_refuse_field(call, RPC__REASON__OUTSIDE_YOUR_UNION, "unionId");
        return;
    }
    if (req->days < 1 || req->days > DRAW_STEPS_MAX) {
        rpc_refuse_field(call, RPC__REASON__OUT_OF_RANGE, "days");
        return;
    }
    lottery_make_chain(&self->lottery, path, req->days, call, &chain);
    rpc_created(call);
    reply(chain_message(self, &chain, call), call);
}

/* Whether the caller holds an office by which she sees a union's chains. */
static bool sees_chains(const char *path, void *call)
{
    return rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path) || rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, path);
}

/* rpc ListChains: of a union and all below it, the latest first. */
static void draws__list_chains(Health__Draws_Service *service, const Health__ListChainsRequest *req,
                               Health__ChainList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    const char *of = tree_path(&self->tree, req->union_id, "unionId", call);
    Health__ChainList list = HEALTH__CHAIN_LIST__INIT;
    struct lot_chain chain;

    if (!of)
        return;
    lottery_ask_chains(&self->lottery, rpc_page(call)->before);
    while (lottery_next_chain(&self->lottery, &chain)) {
        if (!union_path_covers(of, chain.union_path) || !sees_chains(chain.union_path, call))
            continue;
        if (!rpc_page_takes(call, chain.id))
            break;
        rpc_add(call, &list, chains, chain_message(self, &chain, call));
    }
    lottery_end_chains(&self->lottery);
    reply(&list, call);
}

/* ---- the announcement ---- */

/* Without a lot the terms alone are fixed, and places laid in for who books first. */
static void announce_stock(struct health *self, const Health__AnnounceRequest *req, Health__Campaign *campaign,
                           Health__DrawStatus_Closure reply, void *call)
{
    int refusal = req->chain_id || req->day              ? HEALTH__REASON__NO_LOT
                  : campaign->book_from <= rpc_now(call) ? HEALTH__REASON__OPENS_TOO_SOON
                                                         : 0;

    if (campaign->state == HEALTH__CAMPAIGN_STATE__DRAFT) {
        if (rpc_refuse_if(call, refusal))
            return;
        stocks_lay_in(self, campaign);
        campaign_set_state(self, campaign, HEALTH__CAMPAIGN_STATE__PUBLISHED, call);
    }
    reply_state(campaign, reply, call);
}

/* A lot that is announced now says how its value is spelled. Whether it does. */
static bool set_format(struct health *self, Health__Campaign *campaign, struct arena *arena)
{
    if (campaign->state != HEALTH__CAMPAIGN_STATE__DRAFT || *campaign->value_format)
        return true;
    campaign->value_format = DRAW_WORDS;
    return campaigns_put(&self->campaigns, campaign, arena);
}

/* rpc Announce: the terms are fixed, and the secret committed to. Again: the status. */
static void draws__announce(Health__Draws_Service *service, const Health__AnnounceRequest *req,
                            Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    Health__Campaign *campaign = campaign_of_official(self, req->campaign_id, call);
    struct lot_terms terms;
    struct lot lot;

    if (!campaign)
        return;
    if (campaign->first_come) {
        announce_stock(self, req, campaign, reply, call);
        return;
    }
    if (rpc_refuse_if(call, set_format(self, campaign, rpc_arena(call)) ? 0 : RPC__REASON__OVERLOADED))
        return;
    terms = lot_terms_of(campaign, rpc_arena(call));
    if (!rpc_refuse_if(call, lottery_announce(&self->lottery, &terms, req->chain_id, req->day, call, &lot)))
        reply_status(self, &terms, &lot, reply, call);
}

/* ---- from the public value on ---- */

/* A lot with its terms for an official of its union; false after refusing. */
static bool lot_of_official(struct health *self, int64_t campaign_id, void *call, struct lot_terms *ret_terms,
                            struct lot *ret)
{
    Health__Campaign *campaign = campaign_of_official(self, campaign_id, call);

    if (!campaign)
        return false;
    *ret_terms = lot_terms_of(campaign, rpc_arena(call));
    if (lottery_find(&self->lottery, ret_terms, ret))
        return true;
    rpc_refuse(call, campaign->first_come ? HEALTH__REASON__NO_LOT : HEALTH__REASON__CAMPAIGN_STATE_WRONG);
    return false;
}

/* rpc EnterValue: what the public draw gave, as one official reads it; until it is
 * confirmed she or another may correct it. */
static void draws__enter_value(Health__Draws_Service *service, const Health__ValueRequest *req,
                               Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    struct lot_terms terms;
    struct lot lot;

    if (lot_of_official(self, req->campaign_id, call, &terms, &lot) &&
        !rpc_refuse_if(call, lottery_enter_value(&self->lottery, &terms, &lot, req->value, call)))
        reply_status(self, &terms, &lot, reply, call);
}

/* rpc ConfirmValue: another official reads the same. From then on it is fixed. */
static void draws__confirm_value(Health__Draws_Service *service, const Health__ValueRequest *req,
                                 Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    struct lot_terms terms;
    struct lot lot;

    if (lot_of_official(self, req->campaign_id, call, &terms, &lot) &&
        !rpc_refuse_if(call, lottery_confirm_value(&self->lottery, &terms, &lot, req->value, call)))
        reply_status(self, &terms, &lot, reply, call);
}

/* rpc DrawLots: lots are drawn by themselves when the hour has come; this says why
 * they are not yet, and that they are not drawn again. */
static void draws__draw_lots(Health__Draws_Service *service, const Health__CampaignRequest *req,
                             Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    struct lot_terms terms;
    struct lot lot;

    if (lot_of_official(self, req->campaign_id, call, &terms, &lot) &&
        !rpc_refuse_if(call, lottery_drawing_refusal(&self->lottery, &terms, &lot, call)))
        reply_status(self, &terms, &lot, reply, call);
}

/* rpc Publish: from here on the result stands, and winners book. Again: the status. */
static void draws__publish(Health__Draws_Service *service, const Health__CampaignRequest *req,
                           Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    struct lot_terms terms;
    struct lot lot;

    if (lot_of_official(self, req->campaign_id, call, &terms, &lot) &&
        !rpc_refuse_if(call, lottery_publish(&self->lottery, &terms, &lot, call)))
        reply_status(self, &terms, &lot, reply, call);
}

/* rpc MakeVoid: stays visible with its reason; not once it is published. Of a frozen lot the secret
 * is told with it, so that anybody computes what would have come out. */
static void draws__make_void(Health__Draws_Service *service, const Health__VoidRequest *req,
                             Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    struct lot_terms terms;
    struct lot lot;

    if (lot_of_official(self, req->campaign_id, call, &terms, &lot) &&
        !rpc_refuse_if(call, lottery_make_void(&self->lottery, &terms, &lot, &req->base, req->reason, call)))
        reply_status(self, &terms, &lot, reply, call);
}

/* rpc Close: nobody books any more. */
static void draws__close(Health__Draws_Service *service, const Health__CampaignRequest *req,
                         Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    Health__Campaign *campaign = campaign_of_official(self, req->campaign_id, call);
    struct lot_terms terms;
    struct lot lot;

    if (!campaign)
        return;
    terms = lot_terms_of(campaign, rpc_arena(call));
    if (campaign->state != HEALTH__CAMPAIGN_STATE__CLOSED) {
        if (campaign->state != HEALTH__CAMPAIGN_STATE__PUBLISHED || rpc_now(call) < campaign->book_until) {
            rpc_refuse(call, HEALTH__REASON__CAMPAIGN_STATE_WRONG);
            return;
        }
        lottery_close(&self->lottery, &terms, call);
    }
    if (lottery_find(&self->lottery, &terms, &lot))
        reply_status(self, &terms, &lot, reply, call);
    else
        reply_state(campaign, reply, call);
}

/* ---- for everybody ---- */

/* rpc GetDraw: what was committed to, what came out. */
static void draws__get_draw(Health__Draws_Service *service, const Health__CampaignRequest *req,
                            Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    struct lot_terms terms;
    struct lot lot;

    if (!lots_find(self, req->campaign_id, rpc_arena(call), &terms))
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
    else if (lottery_find(&self->lottery, &terms, &lot))
        reply_status(self, &terms, &lot, reply, call);
    else if (terms.no_lot)
        reply_state(terms.record, reply, call);
    else
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
}

/* rpc GetDrawFile: the file of a lot, page by page; of one drawn and not yet published,
 * as it was frozen. */
static void draws__get_draw_file(Health__Draws_Service *service, const Health__DrawFileRequest *req,
                                 Health__DrawFilePage_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    Health__DrawFilePage page = HEALTH__DRAW_FILE_PAGE__INIT;
    struct lot_terms terms;
    struct lot lot;

    if (!lots_find(self, req->campaign_id, rpc_arena(call), &terms) || !lottery_find(&self->lottery, &terms, &lot))
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
    else if (!rpc_refuse_if(call, lottery_file_page(&self->lottery, &terms, &lot, call, &page.text)) &&
             !rpc_refused(call))
        reply(page.text ? &page : NULL, call);
}

const Health__Draws_Service draws_api = HEALTH__DRAWS__INIT(draws__);
