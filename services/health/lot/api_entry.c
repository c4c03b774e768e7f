#include "common/base/bytes.h"
#include "common/base/hex.h"
#include "common/base/union_path.h"
#include "services/health/api.h"

#include "common/draw/draw_file.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/lot/entitlements.h"
#include "services/health/lot/entries.h"
#include "services/health/lot/lots.h"
#include "services/health/lot/places.h"
#include "services/health/lot/stocks.h"
#include "services/health/rules.h"

#define RECEIPT_SIZE (1 << 20)

/* ---- messages ---- */

static Health__Entry *entry_message(const Health__Campaign *campaign, const struct entry *entry, struct arena *arena)
{
    Health__Entry *message = arena_alloc(arena, sizeof(*message));

    if (!message)
        return NULL;
    health__entry__init(message);
    message->entry_id = entry->id;
    message->campaign_id = entry->campaign_id;
    message->ticket = hex_text(entry->ticket, DRAW_TICKET_LEN, arena);
    message->stratum = entry->stratum;
    message->stratum_label = campaign->strata[entry->stratum]->label;
    message->entered_at = entry->at;
    return message->ticket ? message : NULL;
}

/* What came out for somebody who had entered; her turn on the waiting list moves as
 * others make room. */
static Health__Result *result_message(struct health *self, const Health__Campaign *campaign, const struct entry *entry,
                                      void *call)
{
    uint32_t quota = (uint32_t)campaign->strata[entry->stratum]->quota;
    Health__Result *message = arena_alloc(rpc_arena(call), sizeof(*message));
    struct entitlement entitlement;
    struct outcome outcome = {0};
    uint32_t place;

    if (!message)
        return NULL;
    health__result__init(message);
    place = places_of(&self->places, campaign->campaign_id, entry->member_id);
    outcomes_find(&self->places, campaign->campaign_id, entry->stratum, &outcome);
    message->place = (int32_t)place;
    if (place > quota + outcome.promoted)
        message->waiting_position = (int32_t)(place - quota - outcome.promoted);
    if (entitlements_find_of(&self->entitlements, campaign->campaign_id, rpc_principal(call)->member_id,
                             &entitlement)) {
        message->entitlement_id = entitlement.id;
        message->state = (Health__EntitlementState)entitlement.state;
        message->book_by = entitlement.book_by;
    }
    return message;
}

/* Hers in a campaign: of two tickets that accounts merged since have in the list, the one by which
 * she has a place. */
static bool find_entry(struct health *self, int64_t campaign_id, int64_t member_id, struct entry *ret)
{
    struct entitlement entitlement;

    return (entitlements_find_of(&self->entitlements, campaign_id, member_id, &entitlement) &&
            entries_find(&self->entries, campaign_id, entitlement.member_id, ret)) ||
           entries_find(&self->entries, campaign_id, member_id, ret);
}

/* ---- entering ---- */

/* Why she cannot enter now; *ret_stratum is hers when she can. */
static int refusal_for(struct health *self, const Health__Campaign *campaign, int64_t site_id, void *call,
                       int32_t *ret_stratum)
{
    int refusal = entering_refusal(campaign, rpc_now(call));

    return refusal ? refusal : audience_refusal(self, campaign, site_id, call, ret_stratum);
}

static void refuse_entering(struct health *self, const Health__Campaign *campaign, int refusal, int attempt, void *call)
{
    if (refusal == HEALTH__REASON__ENTRIES_NOT_OPEN)
        rpc_fact_time(call, "opensAt", campaign->opens_at);
    if (refusal == HEALTH__REASON__ENTRIES_CLOSED)
        rpc_fact_time(call, "closedAt", campaign->closes_at);
    if (refusal == HEALTH__REASON__ENTRIES_CLOSED && campaign->state >= HEALTH__CAMPAIGN_STATE__FROZEN)
        attempt_note(self, campaign, attempt, call);
    rpc_refuse(call, refusal);
}

static void make_ticket(const struct lottery *lottery, int64_t member_id, unsigned char ret[DRAW_TICKET_LEN])
{
    unsigned char person[8];

    put_be64(person, (uint64_t)member_id);
    draw_ticket(lottery->key, person, sizeof(person), ret);
}

static void reply_entry(const Health__Campaign *campaign, const struct entry *entry, Health__Entry_Closure reply,
                        void *call)
{
    reply(entry_message(campaign, entry, rpc_arena(call)), call);
}

/* rpc Enter: one tap. Again, also after the closing: the first entry. */
static void entries__enter(Health__Entries_Service *service, const Health__EnterRequest *req,
                           Health__Entry_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, entries_service);
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, req->campaign_id, rpc_arena(call));
    struct entry entry = {.campaign_id = req->campaign_id, .member_id = rpc_principal(call)->member_id};
    struct lottery lottery;
    int refusal;

    if (!campaign || !entry.member_id) {
        rpc_refuse(call, campaign ? RPC__REASON__MISSING_TOKEN : HEALTH__REASON__CAMPAIGN_NOT_FOUND);
        return;
    }
    if (entries_find(&self->entries, req->campaign_id, entry.member_id, &entry)) {
        reply_entry(campaign, &entry, reply, call);
        return;
    }
    refusal = holder_is(&self->holders, entry.member_id, entry.member_id)
                  ? refusal_for(self, campaign, req->site_id, call, &entry.stratum)
                  : RPC__REASON__TOKEN_REVOKED;
    if (refusal) {
        refuse_entering(self, campaign, refusal, HEALTH__ATTEMPT__ENTER_LATE, call);
        return;
    }
    if (!lottery_find(self, campaign, &lottery)) {
        rpc_refuse(call, RPC__REASON__STORE_FAILED);
        return;
    }
    entry.id = id_next(&self->ids, rpc_now(call));
    entry.at = rpc_now(call);
    make_ticket(&lottery, entry.member_id, entry.ticket);
    entry_add(self, &entry, call);
    rpc_created(call);
    reply_entry(campaign, &entry, reply, call);
}

/* rpc WithdrawEntry: until the closing. Again does nothing. */
static void entries__withdraw_entry(Health__Entries_Service *service, const Health__CampaignRequest *req,
                                    Health__WithdrawEntryReply_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, entries_service);
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, req->campaign_id, rpc_arena(call));
    Health__WithdrawEntryReply done = HEALTH__WITHDRAW_ENTRY_REPLY__INIT;
    struct entry entry;
    int refusal;

    refusal = campaign ? entering_refusal(campaign, rpc_now(call)) : HEALTH__REASON__CAMPAIGN_NOT_FOUND;
    if (refusal) {
        if (campaign)
            refuse_entering(self, campaign, refusal, HEALTH__ATTEMPT__WITHDRAW_LATE, call);
        else
            rpc_refuse(call, refusal);
        return;
    }
    if (entries_find(&self->entries, req->campaign_id, rpc_principal(call)->member_id, &entry))
        entry_withdraw(self, &entry, call);
    reply(&done, call);
}

/* ---- what she sees ---- */

/* Why she cannot enter now, or take a place, whichever site she names. */
static int offer_refusal(struct health *self, const Health__Campaign *campaign, void *call)
{
    int (*judge)(struct health *, const Health__Campaign *, int64_t, void *, int32_t *) =
        campaign->first_come ? stock_refusal : refusal_for;
    int32_t stratum;
    int refusal = judge(self, campaign, 0, call, &stratum);

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
    struct entry entry;
    int refusal;

    if (!offer)
        return NULL;
    health__offer__init(offer);
    campaign_hide_money(campaign);
    offer->campaign = campaign;
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
        offer->result = result_message(self, campaign, &entry, call);
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
            union_path_covers(campaign->eligible_path, rpc_principal(call)->union_path))
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

/* The text of a receipt in the arena, or NULL when it is full. Before publication it
 * tells of the frozen list alone. */
static char *receipt_text(const struct lot *lot, struct lottery *lottery, const struct entry *entry,
                          struct arena *arena)
{
    struct draw_outcome *outcomes = arena_zalloc(arena, lot->terms->n_strata * sizeof(*outcomes));
    struct buf buf;
    uint32_t index;
    char *text;

    if (!outcomes || !draw_list_find(&lot->list, entry->ticket, &index))
        return NULL;
    if (lottery->draw.state == DRAW_DRAWN)
        lottery->draw.state = DRAW_FROZEN;
    buf_init(&buf, RECEIPT_SIZE);
    if (lottery_reached(lottery) == DRAW_FROZEN) {
        draw_receipt_write(lot->terms, &lottery->draw, &lot->list, index, NULL, 0, &buf);
    } else {
        for (uint32_t i = 0; i < lot->terms->n_strata; i++)
            draw_job_outcome(&lot->job, i, &outcomes[i]);
        draw_receipt_write(lot->terms, &lottery->draw, &lot->list, index, outcomes, draw_job_place(&lot->job, index),
                           &buf);
    }
    text = buf.failed ? NULL : arena_strndup(arena, buf.bytes, buf.len);
    buf_done(&buf);
    return text;
}

/* rpc GetReceipt: what proves that she is in the list, and what came out for her. */
static void entries__get_receipt(Health__Entries_Service *service, const Health__CampaignRequest *req,
                                 Health__Receipt_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, entries_service);
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, req->campaign_id, rpc_arena(call));
    Health__Receipt receipt = HEALTH__RECEIPT__INIT;
    const struct lot *lot;
    struct lottery lottery;
    struct entry entry;

    if (!campaign || !find_entry(self, req->campaign_id, rpc_principal(call)->member_id, &entry)) {
        rpc_refuse(call, campaign ? HEALTH__REASON__NOT_ENTERED : HEALTH__REASON__CAMPAIGN_NOT_FOUND);
        return;
    }
    if (!lottery_find(self, campaign, &lottery) || lottery_reached(&lottery) < DRAW_FROZEN) {
        rpc_refuse(call, HEALTH__REASON__NOT_FROZEN_YET);
        return;
    }
    lot = lots_obtain(self, campaign, &lottery);
    if (!lot) {
        rpc_retry_after(call, 1);
        rpc_refuse(call, HEALTH__REASON__DRAW_LOADING);
        return;
    }
    receipt.text = receipt_text(lot, &lottery, &entry, rpc_arena(call));
    if (receipt.text)
        reply(&receipt, call);
    else
        rpc_refuse(call, RPC__REASON__OVERLOADED);
}

const Health__Entries_Service entries_api = HEALTH__ENTRIES__INIT(entries__);
