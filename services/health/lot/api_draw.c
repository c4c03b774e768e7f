#include "common/base/hex.h"
#include "services/health/api.h"

#include "common/draw/draw_file.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/lot/entries.h"
#include "services/health/lot/lots.h"
#include "services/health/lot/places.h"
#include "services/health/lot/stocks.h"
#include "services/health/rules.h"

#define FILE_LINES 4000      /* of the list in a page */
#define FILE_SIZE  (1 << 20) /* of a page, in bytes */

/* ---- messages ---- */

static void hash_text(const unsigned char hash[DRAW_HASH_LEN], struct arena *arena, char **ret)
{
    char *text = hex_text(hash, DRAW_HASH_LEN, arena);

    if (text)
        *ret = text;
}

static void add_outcomes(struct health *self, const Health__Campaign *campaign, struct arena *arena,
                         Health__DrawStatus *status)
{
    Health__Outcome *outcomes = arena_alloc(arena, campaign->n_strata * sizeof(*outcomes));

    status->outcomes = arena_alloc(arena, campaign->n_strata * sizeof(*status->outcomes));
    for (size_t i = 0; outcomes && status->outcomes && i < campaign->n_strata; i++) {
        static const unsigned char none[DRAW_HASH_LEN];
        struct outcome outcome;

        if (!outcomes_find(&self->places, campaign->campaign_id, (int32_t)i, &outcome))
            continue;
        health__outcome__init(&outcomes[i]);
        outcomes[i].stratum = (int32_t)i;
        outcomes[i].entrants = (int32_t)outcome.drawn.entrants;
        outcomes[i].places = (int32_t)outcome.drawn.places;
        outcomes[i].promoted = (int32_t)outcome.promoted;
        if (memcmp(outcome.drawn.cutoff, none, DRAW_HASH_LEN) != 0)
            hash_text(outcome.drawn.cutoff, arena, &outcomes[i].cutoff);
        status->outcomes[status->n_outcomes++] = &outcomes[i];
    }
}

static void reply_status(struct health *self, const Health__Campaign *campaign, struct lottery *lottery,
                         Health__DrawStatus_Closure reply, void *call)
{
    Health__DrawStatus status = HEALTH__DRAW_STATUS__INIT;
    const struct draw *draw = &lottery->draw;
    struct arena *arena = rpc_arena(call);

    status.campaign_id = campaign->campaign_id;
    status.state = campaign->state;
    status.void_reason = campaign->void_reason;
    status.steps = (int32_t)draw->steps;
    hash_text(draw->commitment, arena, &status.commitment);
    if (lottery_reached(lottery) >= DRAW_FROZEN) {
        hash_text(draw->root, arena, &status.root);
        status.n_entries = (int32_t)draw->n_entries;
        status.frozen_at = draw->frozen_ms;
    }
    status.value = lottery->value;
    status.value_confirmed = lottery->confirmed_by != 0;
    if (draw->state == DRAW_PUBLISHED || lottery->revealed)
        hash_text(lottery->secret, arena, &status.secret);
    status.void_asked = hands_wait(&self->two_hands, "draw void", campaign->campaign_id, rpc_now(call));
    if (draw->state == DRAW_PUBLISHED) {
        add_outcomes(self, campaign, arena, &status);
    }
    reply(&status, call);
}

/* A campaign with its lottery for an official of its union; NULL after refusing. */
static Health__Campaign *with_lottery(struct health *self, int64_t campaign_id, void *call, struct lottery *ret)
{
    Health__Campaign *campaign = campaign_of_official(self, campaign_id, call);

    if (!campaign)
        return NULL;
    if (lottery_find(self, campaign, ret))
        return campaign;
    rpc_refuse(call, campaign->first_come ? HEALTH__REASON__NO_LOT : HEALTH__REASON__CAMPAIGN_STATE_WRONG);
    return NULL;
}

/* ---- the announcement ---- */

/* rpc CreateChain: secrets for so many days, of which each tells all before it. */
static void draws__create_chain(Health__Draws_Service *service, const Health__CreateChainRequest *req,
                                Health__Chain_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    struct chain chain = {.days = req->days};
    Health__Chain message = HEALTH__CHAIN__INIT;
    const char *path = tree_path(&self->tree, req->union_id, "unionId", call);

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
    chain.id = id_next(&self->ids, rpc_now(call));
    snprintf(chain.union_path, sizeof(chain.union_path), "%s", path);
    rpc_random(call, chain.last, sizeof(chain.last));
    draw_commitment(chain.last, (uint32_t)chain.days, chain.anchor);
    chain_add(self, &chain, call);
    message.chain_id = chain.id;
    message.days = chain.days;
    hash_text(chain.anchor, rpc_arena(call), &message.anchor);
    rpc_created(call);
    reply(&message, call);
}

static int choose_secret(struct health *self, const Health__AnnounceRequest *req, const Health__Campaign *campaign,
                         void *call, struct lottery *ret)
{
    struct chain chain;

    rpc_random(call, ret->key, sizeof(ret->key));
    ret->draw.steps = 1;
    if (!req->chain_id) {
        rpc_random(call, ret->secret, sizeof(ret->secret));
    } else {
        if (!chain_find(self, req->chain_id, &chain) || strcmp(chain.union_path, campaign->union_path) != 0)
            return HEALTH__REASON__CHAIN_NOT_FOUND;
        if (req->day <= chain_used(self, req->chain_id) || req->day > chain.days)
            return HEALTH__REASON__CHAIN_DAY_TAKEN;
        draw_chain_secret(chain.last, (uint32_t)chain.days, (uint32_t)req->day, ret->secret);
        ret->chain_id = chain.id;
        ret->draw.steps = (uint32_t)req->day;
    }
    draw_commitment(ret->secret, ret->draw.steps, ret->draw.commitment);
    return 0;
}

/* Fixes the terms of a draft, in which the value has a format. */
static int announce(struct health *self, const Health__AnnounceRequest *req, Health__Campaign *campaign, void *call,
                    struct lottery *ret)
{
    int refusal = choose_secret(self, req, campaign, call, ret);
    struct draw_terms *terms;

    if (refusal)
        return refusal;
    if (!*campaign->value_format) {
        campaign->value_format = DRAW_WORDS;
        if (!campaigns_put(&self->campaigns, campaign, rpc_arena(call)))
            return RPC__REASON__OVERLOADED;
    }
    terms = lottery_terms(campaign, ret->draw.commitment, ret->draw.steps);
    if (!terms)
        return RPC__REASON__OVERLOADED;
    memset(&ret->draw, 0, sizeof(ret->draw));
    refusal = draw_refusal(draw_announce(&ret->draw, terms, rpc_now(call)));
    free(terms);
    if (!refusal && !lottery_add(self, ret, call))
        refusal = HEALTH__REASON__CHAIN_DAY_TAKEN;
    return refusal;
}

static void say_announced(const struct lottery *lottery, void *call)
{
    Health__DrawAnnounced announced = HEALTH__DRAW_ANNOUNCED__INIT;

    announced.campaign_id = lottery->campaign_id;
    announced.terms = (ProtobufCBinaryData){DRAW_HASH_LEN, unconst(lottery->draw.terms)};
    announced.commitment = (ProtobufCBinaryData){DRAW_HASH_LEN, unconst(lottery->draw.commitment)};
    announced.steps = (int32_t)lottery->draw.steps;
    rpc_tell(call, &announced.base);
}

/* Where a campaign without a lot stands. */
static void reply_state(const Health__Campaign *campaign, Health__DrawStatus_Closure reply, void *call)
{
    Health__DrawStatus status = HEALTH__DRAW_STATUS__INIT;

    status.campaign_id = campaign->campaign_id;
    status.state = campaign->state;
    reply(&status, call);
}

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

/* rpc Announce: the terms are fixed, and the secret committed to. Again: the status. */
static void draws__announce(Health__Draws_Service *service, const Health__AnnounceRequest *req,
                            Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    Health__Campaign *campaign = campaign_of_official(self, req->campaign_id, call);
    struct lottery lottery = {.campaign_id = req->campaign_id};
    int refusal;

    if (!campaign)
        return;
    if (campaign->first_come) {
        announce_stock(self, req, campaign, reply, call);
        return;
    }
    if (campaign->state != HEALTH__CAMPAIGN_STATE__DRAFT) {
        if (lottery_find(self, campaign, &lottery))
            reply_status(self, campaign, &lottery, reply, call);
        else
            rpc_refuse(call, RPC__REASON__STORE_FAILED);
        return;
    }
    if (campaign->opens_at <= rpc_now(call)) {
        rpc_refuse(call, HEALTH__REASON__OPENS_TOO_SOON);
        return;
    }
    refusal = announce(self, req, campaign, call, &lottery);
    if (rpc_refuse_if(call, refusal))
        return;
    say_announced(&lottery, call);
    campaign_set_state(self, campaign, HEALTH__CAMPAIGN_STATE__ANNOUNCED, call);
    reply_status(self, campaign, &lottery, reply, call);
}

/* ---- the public value ---- */

static void say_value(const struct lottery *lottery, void *call)
{
    Health__ValueEntered entered = HEALTH__VALUE_ENTERED__INIT;

    entered.campaign_id = lottery->campaign_id;
    entered.value = unconst(lottery->value);
    entered.confirmed = lottery->confirmed_by != 0;
    rpc_tell(call, &entered.base);
}

/* Why a value cannot be entered or confirmed now, whatever it is. */
static int value_refusal(const Health__Campaign *campaign, const struct lottery *lottery, int64_t now)
{
    if (campaign->state == HEALTH__CAMPAIGN_STATE__VOID)
        return HEALTH__REASON__CAMPAIGN_VOID;
    if (lottery->confirmed_by)
        return HEALTH__REASON__VALUE_FIXED;
    if (lottery_reached(lottery) < DRAW_FROZEN || lottery->unsigned_seq)
        return HEALTH__REASON__NOT_FROZEN_YET;
    return now < campaign->value_at ? HEALTH__REASON__VALUE_NOT_YET : 0;
}

/* By which offices hands are given to what becomes of a draw. */
static const int offices[] = {RULE__ROLE__BENEFIT_MANAGER, RULE__ROLE__ROLE_NONE};

/* The deed of a value; `what` is filled in for it. */
static struct hands_deed value_deed(struct health *self, const Health__Campaign *campaign,
                                    const struct lottery *lottery, Health__ValueEntered *what, void *call)
{
    health__value_entered__init(what);
    what->campaign_id = campaign->campaign_id;
    what->value = unconst(lottery->value);
    return (struct hands_deed){
        .kind = "draw value",
        .id = campaign->campaign_id,
        .what = &what->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = offices,
        .union_path = campaign->union_path,
        .own = HEALTH__REASON__VALUE_OWN,
        .earlier_by = lottery->value_by ? holder_of(&self->holders, lottery->value_by) : 0,
    };
}

/* Takes a value as said, unless it cannot be now or say_so has a Reason against it; who tries
 * to change what is fixed is noted. */
static void take_value(Health__Draws_Service *service, const Health__ValueRequest *req,
                       int (*say_so)(struct health *self, const Health__Campaign *campaign, const char *value,
                                     struct lottery *lottery, void *call),
                       Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    struct lottery lottery;
    Health__Campaign *campaign = with_lottery(self, req->campaign_id, call, &lottery);
    int refusal;

    if (!campaign)
        return;
    refusal = value_refusal(campaign, &lottery, rpc_now(call));
    if (!refusal)
        refusal = say_so(self, campaign, req->value, &lottery, call);
    if (refusal) {
        if (refusal == HEALTH__REASON__VALUE_FIXED)
            attempt_note(self, campaign, HEALTH__ATTEMPT__CHANGE_VALUE, call);
        rpc_refuse(call, refusal);
        return;
    }
    lottery_put(self, &lottery);
    say_value(&lottery, call);
    reply_status(self, campaign, &lottery, reply, call);
}

static int enter_value(struct health *self, const Health__Campaign *campaign, const char *value,
                       struct lottery *lottery, void *call)
{
    Health__ValueEntered what;
    struct hands_deed deed;
    int reason = value_read(campaign->value_format, value, lottery->value);

    if (reason)
        return reason;
    lottery->value_by = rpc_principal(call)->member_id;
    deed = value_deed(self, campaign, lottery, &what, call);
    return hands_give(&self->two_hands, &deed, call);
}

/* rpc EnterValue: what the public draw gave, as one official reads it; until it is
 * confirmed she or another may correct it. */
static void draws__enter_value(Health__Draws_Service *service, const Health__ValueRequest *req,
                               Health__DrawStatus_Closure reply, void *call)
{
    take_value(service, req, enter_value, reply, call);
}

static int confirm_value(struct health *self, const Health__Campaign *campaign, const char *said,
                         struct lottery *lottery, void *call)
{
    char value[DRAW_TEXT_SIZE];
    Health__ValueEntered what;
    struct hands_deed deed;
    int reason;

    if (!*lottery->value)
        return HEALTH__REASON__VALUE_NOT_ENTERED;
    deed = value_deed(self, campaign, lottery, &what, call);
    reason = hands_refusal(&self->two_hands, &deed, call);
    if (reason)
        return reason;
    if (value_read(campaign->value_format, said, value) ||
        (strcmp(lottery->value, value) != 0 && strcmp(lottery->value, said) != 0))
        return HEALTH__REASON__VALUE_DIFFERS;
    lottery->confirmed_by = rpc_principal(call)->member_id;
    return hands_confirm(&self->two_hands, &deed, call);
}

/* rpc ConfirmValue: another official reads the same. From then on it is fixed. */
static void draws__confirm_value(Health__Draws_Service *service, const Health__ValueRequest *req,
                                 Health__DrawStatus_Closure reply, void *call)
{
    take_value(service, req, confirm_value, reply, call);
}

/* ---- the draw and after ---- */

/* rpc DrawLots: lots are drawn by themselves when the hour has come; this says why
 * they are not yet, and that they are not drawn again. */
static void draws__draw_lots(Health__Draws_Service *service, const Health__CampaignRequest *req,
                             Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    struct lottery lottery;
    Health__Campaign *campaign = with_lottery(self, req->campaign_id, call, &lottery);

    if (!campaign)
        return;
    if (campaign->state == HEALTH__CAMPAIGN_STATE__VOID) {
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_VOID);
    } else if (lottery.draw.state >= DRAW_DRAWN) {
        attempt_note(self, campaign, HEALTH__ATTEMPT__DRAW_AGAIN, call);
        rpc_refuse(call, HEALTH__REASON__DRAWN_ALREADY);
    } else if (lottery_reached(&lottery) < DRAW_FROZEN) {
        rpc_refuse(call, HEALTH__REASON__NOT_FROZEN_YET);
    } else if (!lottery.confirmed_by) {
        rpc_refuse(call, HEALTH__REASON__VALUE_NOT_ENTERED);
    } else {
        reply_status(self, campaign, &lottery, reply, call);
    }
}

/* rpc Publish: from here on the result stands, and winners book. Again: the status. */
static void draws__publish(Health__Draws_Service *service, const Health__CampaignRequest *req,
                           Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    struct lottery lottery;
    Health__Campaign *campaign = with_lottery(self, req->campaign_id, call, &lottery);
    int refusal;

    if (!campaign)
        return;
    if (lottery.draw.state != DRAW_PUBLISHED) {
        refusal = campaign->state < HEALTH__CAMPAIGN_STATE__DRAWN ? HEALTH__REASON__NOT_DRAWN_YET
                                                                  : draw_refusal(draw_publish(&lottery.draw));
        if (rpc_refuse_if(call, refusal))
            return;
        lottery_put(self, &lottery);
        campaign_set_state(self, campaign, HEALTH__CAMPAIGN_STATE__PUBLISHED, call);
    }
    reply_status(self, campaign, &lottery, reply, call);
}

/* Whether a lot is made void now. Once its list is frozen it takes two officials, who give the same
 * reason: the first asks, the second confirms. *ret_done: it is void. 0 or the Reason. */
static int make_void(struct health *self, const Health__Campaign *campaign, struct lottery *lottery,
                     const Health__VoidRequest *req, void *call, bool *ret_done)
{
    struct draw made = lottery->draw;
    int refusal = draw_refusal(draw_make_void(&made, req->reason));
    struct hands_deed deed = {
        .kind = "draw void",
        .id = campaign->campaign_id,
        .what = &req->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = offices,
        .union_path = campaign->union_path,
    };

    *ret_done = !refusal;
    if (!refusal && lottery->draw.state >= DRAW_FROZEN)
        refusal = hands_give_or_confirm(&self->two_hands, &deed, call, ret_done);
    if (*ret_done)
        lottery->draw = made;
    return refusal;
}

/* rpc MakeVoid: stays visible with its reason; not once it is published. Of a frozen lot the secret
 * is told with it, so that anybody computes what would have come out. */
static void draws__make_void(Health__Draws_Service *service, const Health__VoidRequest *req,
                             Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    struct lottery lottery;
    Health__Campaign *campaign = with_lottery(self, req->campaign_id, call, &lottery);
    int refusal;
    bool done;

    if (!campaign)
        return;
    refusal = make_void(self, campaign, &lottery, req, call, &done);
    if (refusal) {
        if (refusal == HEALTH__REASON__PUBLISHED_ALREADY)
            attempt_note(self, campaign, HEALTH__ATTEMPT__VOID_PUBLISHED, call);
        rpc_refuse(call, refusal);
        return;
    }
    if (done) {
        lottery_reveal(self, &lottery, call);
        lottery_put(self, &lottery);
        campaign->void_reason = req->reason;
        campaign_set_state(self, campaign, HEALTH__CAMPAIGN_STATE__VOID, call);
    }
    reply_status(self, campaign, &lottery, reply, call);
}

/* rpc Close: nobody books any more. */
static void draws__close(Health__Draws_Service *service, const Health__CampaignRequest *req,
                         Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    Health__Campaign *campaign = campaign_of_official(self, req->campaign_id, call);
    struct lottery lottery;

    if (!campaign)
        return;
    if (campaign->state != HEALTH__CAMPAIGN_STATE__CLOSED) {
        if (campaign->state != HEALTH__CAMPAIGN_STATE__PUBLISHED || rpc_now(call) < campaign->book_until) {
            rpc_refuse(call, HEALTH__REASON__CAMPAIGN_STATE_WRONG);
            return;
        }
        campaign_set_state(self, campaign, HEALTH__CAMPAIGN_STATE__CLOSED, call);
    }
    if (lottery_find(self, campaign, &lottery))
        reply_status(self, campaign, &lottery, reply, call);
    else
        reply_state(campaign, reply, call);
}

/* ---- for everybody ---- */

/* rpc GetDraw: what was committed to, what came out. */
static void draws__get_draw(Health__Draws_Service *service, const Health__CampaignRequest *req,
                            Health__DrawStatus_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, req->campaign_id, rpc_arena(call));
    struct lottery lottery;

    if (campaign && lottery_find(self, campaign, &lottery))
        reply_status(self, campaign, &lottery, reply, call);
    else if (campaign && campaign->first_come && campaign->state != HEALTH__CAMPAIGN_STATE__DRAFT)
        reply_state(campaign, reply, call);
    else
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
}

/* A page of the published file: its head, or lines of the list from one on. */
static void write_page(struct draw_writer *writer, void *call, Health__DrawFilePage *ret)
{
    int64_t at = rpc_page(call)->after;
    struct buf buf;
    bool more;

    buf_init(&buf, FILE_SIZE);
    if (at > 0)
        draw_writer_seek(writer, (uint32_t)at - 1);
    more = draw_writer_step(writer, &buf, FILE_LINES);
    ret->text = buf.failed ? NULL : arena_strndup(rpc_arena(call), buf.bytes, buf.len);
    buf_done(&buf);
    if (more)
        rpc_page_ends_at(call, "", writer->at + 1);
}

/* Of a lot that was made void before it was frozen there is the announcement alone. */
static bool write_void(const Health__Campaign *campaign, const struct lottery *lottery, struct arena *arena,
                       Health__DrawFilePage *ret)
{
    struct draw_terms *terms = lottery_terms(campaign, lottery->draw.commitment, lottery->draw.steps);
    struct draw_writer writer;
    struct buf buf;

    if (!terms)
        return false;
    buf_init(&buf, FILE_SIZE);
    draw_writer_init(&writer, terms, &lottery->draw, NULL, NULL);
    while (draw_writer_step(&writer, &buf, FILE_LINES))
        continue;
    ret->text = buf.failed ? NULL : arena_strndup(arena, buf.bytes, buf.len);
    buf_done(&buf);
    free(terms);
    return ret->text != NULL;
}

/* rpc GetDrawFile: the file of a lot, page by page; of one drawn and not yet published,
 * as it was frozen. */
static void draws__get_draw_file(Health__Draws_Service *service, const Health__DrawFileRequest *req,
                                 Health__DrawFilePage_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, draws_service);
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, req->campaign_id, rpc_arena(call));
    Health__DrawFilePage page = HEALTH__DRAW_FILE_PAGE__INIT;
    struct draw_writer writer;
    const struct lot *lot;
    struct lottery lottery;

    if (!campaign || !lottery_find(self, campaign, &lottery)) {
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
        return;
    }
    if (rpc_page(call)->after > (int64_t)lottery.draw.n_entries + 1) {
        rpc_refuse_page(call);
        return;
    }
    if (lottery_reached(&lottery) < DRAW_FROZEN) {
        if (lottery.draw.state != DRAW_VOID)
            rpc_refuse(call, HEALTH__REASON__NOT_FROZEN_YET);
        else if (write_void(campaign, &lottery, rpc_arena(call), &page))
            reply(&page, call);
        else
            rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    lot = lots_obtain(self, campaign, &lottery);
    if (!lot) {
        rpc_retry_after(call, 1);
        rpc_refuse(call, HEALTH__REASON__DRAW_LOADING);
        return;
    }
    if (lottery.draw.state == DRAW_DRAWN)
        lottery.draw.state = DRAW_FROZEN;
    draw_writer_init(&writer, lot->terms, &lottery.draw, &lot->list,
                     lottery_reached(&lottery) >= DRAW_DRAWN ? &lot->job : NULL);
    write_page(&writer, call, &page);
    reply(page.text ? &page : NULL, call);
}

const Health__Draws_Service draws_api = HEALTH__DRAWS__INIT(draws__);
