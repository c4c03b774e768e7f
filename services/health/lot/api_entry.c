#include "common/base/hex.h"
#include "common/base/union_path.h"
#include "services/health/api.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/lot/entitlements.h"
#include "services/health/lot/lots.h"
#include "services/health/lot/stocks.h"
#include "services/health/rules.h"

/* ---- messages ---- */

static Health__Entry *entry_message(const Health__Campaign *campaign, const struct lot_entry *entry,
                                    struct arena *arena)
{
    Health__Entry *message = arena_alloc(arena, sizeof(*message));

    if (!message)
        return NULL;
    health__entry__init(message);
    message->entry_id = entry->id;
    message->campaign_id = entry->lot_id;
    message->ticket = hex_text(entry->ticket, DRAW_TICKET_LEN, arena);
    message->stratum = entry->stratum;
    message->stratum_label = campaign->strata[entry->stratum]->label;
    message->entered_at = entry->at;
    return message->ticket ? message : NULL;
}

/* What came out for somebody who had entered; her turn on the waiting list moves as
 * others make room. */
static Health__Result *result_message(struct health *self, const struct lot_terms *terms, const struct lot_entry *entry,
                                      void *call)
{
    Health__Result *message = arena_message(rpc_arena(call), &health__result__descriptor);
    struct entitlement entitlement;
    uint32_t waiting;

    if (!message)
        return NULL;
    message->place = (int32_t)lottery_place_of(&self->lottery, terms, entry, &waiting);
    message->waiting_position = (int32_t)waiting;
    if (entitlements_find_of(&self->entitlements, terms->lot_id, rpc_principal(call)->member_id, &entitlement)) {
        message->entitlement_id = entitlement.id;
        message->state = (Health__EntitlementState)entitlement.state;
        message->book_by = entitlement.book_by;
    }
    return message;
}

/* Hers in a campaign: of two tickets that accounts merged since have in the list, the one by which
 * she has a place. */
static bool find_entry(struct health *self, int64_t campaign_id, int64_t member_id, struct lot_entry *ret)
{
    struct entitlement entitlement;

    return (entitlements_find_of(&self->entitlements, campaign_id, member_id, &entitlement) &&
            lottery_find_entry(&self->lottery, campaign_id, entitlement.member_id, ret)) ||
           lottery_find_entry(&self->lottery, campaign_id, member_id, ret);
}

/* ---- entering ---- */

/* rpc Enter: one tap. Again, also after the closing: the first entry. */
static void entries__enter(Health__Entries_Service *service, const Health__EnterRequest *req,
                           Health__Entry_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, entries_service);
    struct lot_entry entry;
    struct lot_terms terms;
    int refusal;

    if (!lots_find(self, req->campaign_id, rpc_arena(call), &terms)) {
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
        return;
    }
    refusal = lottery_enter(&self->lottery, &terms, &req->site_id, call, &entry);
    if (refusal)
        campaign_tell_renewal(terms.record, call);
    if (!rpc_refuse_if(call, refusal))
        reply(entry_message(terms.record, &entry, rpc_arena(call)), call);
}

/* rpc WithdrawEntry: until the closing. Again does nothing. */
static void entries__withdraw_entry(Health__Entries_Service *service, const Health__CampaignRequest *req,
                                    Health__WithdrawEntryReply_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, entries_service);
    Health__WithdrawEntryReply done = HEALTH__WITHDRAW_ENTRY_REPLY__INIT;
    struct lot_terms terms;

    if (!lots_find(self, req->campaign_id, rpc_arena(call), &terms))
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
    else if (!rpc_refuse_if(call, lottery_withdraw(&self->lottery, &terms, call)))
        reply(&done, call);
}

/* ---- what she sees ---- */

/* Why she cannot enter now, or take a place, whichever site she names. */
static int offer_refusal(struct health *self, Health__Campaign *campaign, void *call)
{
    int (*judge)(struct health *, const Health__Campaign *, int64_t, void *, int32_t *) =
        campaign->first_come ? stock_refusal : audience_refusal;
    struct lot_terms terms = lot_terms_of(campaign, NULL);
    int32_t stratum;
    int refusal = campaign->first_come ? 0 : lottery_entering_refusal(&health_lottery.words, &terms, rpc_now(call));

    if (!refusal)
        refusal = judge(self, campaign, 0, call, &stratum);

    for (size_t i = 0; (refusal == HEALTH__REASON__NO_STRATUM_FITS || refusal == HEALTH__REASON__PLACES_TAKEN) &&
                       i < campaign->n_sites;
         i++) {
        int there = judge(self, campaign, campaign->sites[i]->site_id, call, &stratum);

        if (!there || there == HEALTH__REASON__PLACES_TAKEN)
            refusal = there;
    }
    return refusal;
}

/* What she has of a campaign without a lot. Whether she has a place, and takes no other. */
static bool add_place(struct health *self, Health__Offer *offer, void *call)
{
    struct entitlement entitlement;

    if (!entitlements_find_of(&self->entitlements, offer->campaign->campaign_id, rpc_principal(call)->member_id,
                              &entitlement))
        return false;
    offer->result = arena_message(rpc_arena(call), &health__result__descriptor);
    if (offer->result) {
        offer->result->place = entitlement.place;
        offer->result->entitlement_id = entitlement.id;
        offer->result->state = (Health__EntitlementState)entitlement.state;
        offer->result->book_by = entitlement.book_by;
    }
    return !stock_is_open_again(offer->campaign, &entitlement);
}

/* NULL when the arena is full. */
static Health__Offer *offer_message(struct health *self, Health__Campaign *campaign, void *call)
{
    Health__Offer *offer = arena_alloc(rpc_arena(call), sizeof(*offer));
    struct lot_entry entry;
    struct lot_terms terms;
    int refusal;

    if (!offer)
        return NULL;
    health__offer__init(offer);
    campaign_hide_money(campaign);
    offer->campaign = campaign;
    offer->entered = (int32_t)lottery_entered(&self->lottery, campaign->campaign_id);
    if (!find_entry(self, campaign->campaign_id, rpc_principal(call)->member_id, &entry)) {
        refusal = campaign->first_come && add_place(self, offer, call) ? 0 : offer_refusal(self, campaign, call);
        if (refusal)
            api_say(offer, refusal);
        return offer;
    }
    offer->entry = entry_message(campaign, &entry, rpc_arena(call));
    if (!offer->entry)
        return NULL;
    if (campaign->state == HEALTH__CAMPAIGN_STATE__PUBLISHED || campaign->state == HEALTH__CAMPAIGN_STATE__CLOSED) {
        terms = lot_terms_of(campaign, rpc_arena(call));
        offer->result = result_message(self, &terms, &entry, call);
        if (!offer->result)
            return NULL;
    }
    return offer;
}

/* What she would be examined for. False when the arena is full. */
static bool add_items(struct health *self, Health__Offer *offer, void *call)
{
    Health__Package *package = packages_find(&self->campaigns, offer->campaign->package_id, rpc_arena(call));

    if (!package)
        return false;
    offer->items = package->items;
    for (size_t i = 0; i < package->n_items; i++) {
        if (item_is_for(package->items[i], rpc_principal(call)->trade))
            offer->items[offer->n_items++] = package->items[i];
    }
    return true;
}

/* rpc ListOffers: campaigns that are announced and not closed, newest first, and why
 * she cannot enter where she cannot. Those of other unions are left out. */
static void entries__list_offers(Health__Entries_Service *service, const Health__ListOffersRequest *req,
                                 Health__OfferList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, entries_service);
    const struct rpc_page *page = rpc_page(call);
    Health__Campaign **campaigns = arena_alloc(rpc_arena(call), page->limit * sizeof(*campaigns));
    Health__OfferList list = HEALTH__OFFER_LIST__INIT;
    Health__Campaign *campaign;
    size_t n = 0;

    (void)req;
    campaigns_ask_current(&self->campaigns);
    while (campaigns && n < page->limit && (campaign = campaigns_next_current(&self->campaigns, rpc_arena(call)))) {
        if (campaign->campaign_id < page->before && rpc_page_wants(call, (int)campaign->state) &&
            union_path_covers(campaign->audience->union_path, rpc_principal(call)->union_path))
            campaigns[n++] = campaign;
    }
    campaigns_end_current(&self->campaigns);
    for (size_t i = 0; i < n && rpc_page_takes(call, campaigns[i]->campaign_id); i++) {
        int reason = campaign_name_unions(self, campaigns[i], call);

        if (rpc_refuse_if(call, reason))
            return;
        rpc_add(call, &list, offers, offer_message(self, campaigns[i], call));
    }
    reply(&list, call);
}

/* rpc GetOffer: one campaign for her, however old. */
static void entries__get_offer(Health__Entries_Service *service, const Health__CampaignRequest *req,
                               Health__Offer_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, entries_service);
    Health__Campaign *campaign = campaigns_find(&self->campaigns, req->campaign_id, rpc_arena(call));
    Health__Offer *offer;
    int reason = HEALTH__REASON__CAMPAIGN_NOT_FOUND;

    if (campaign && campaign->state != HEALTH__CAMPAIGN_STATE__DRAFT)
        reason = campaign_name_unions(self, campaign, call);
    if (rpc_refuse_if(call, reason))
        return;
    offer = offer_message(self, campaign, call);
    if (offer && add_items(self, offer, call))
        reply(offer, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

/* ---- the receipt ---- */

/* rpc GetReceipt: what proves that she is in the list, and what came out for her. */
static void entries__get_receipt(Health__Entries_Service *service, const Health__CampaignRequest *req,
                                 Health__Receipt_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, entries_service);
    Health__Receipt receipt = HEALTH__RECEIPT__INIT;
    struct lot_entry entry;
    struct lot_terms terms;

    if (!lots_find(self, req->campaign_id, rpc_arena(call), &terms))
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
    else if (!find_entry(self, req->campaign_id, rpc_principal(call)->member_id, &entry))
        rpc_refuse(call, HEALTH__REASON__NOT_ENTERED);
    else if (!rpc_refuse_if(call, lottery_receipt(&self->lottery, &terms, &entry, call, &receipt.text)))
        reply(&receipt, call);
}

const Health__Entries_Service entries_api = HEALTH__ENTRIES__INIT(entries__);
