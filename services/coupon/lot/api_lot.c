#include "services/coupon/lot/api_lot.h"

#include "common/base/hex.h"
#include "services/coupon/api.h"
#include "services/coupon/claim/claims.h"
#include "services/coupon/claim/frozen.h"
#include "services/coupon/lot/places.h"
#include "services/coupon/numbers/numbers.h"
#include "services/coupon/rules.h"

#define NUMBERS_MAX 16 /* of one member */

/* ---- messages ---- */

static const char *const words[] = {
    [COUPON__ENTRY_STATE__ENTRY_NONE] = "您没有参加这次抽签",
    [COUPON__ENTRY_STATE__MAY_ENTER] = "正在登记，登记后参加抽签",
    [COUPON__ENTRY_STATE__IN] = "您已登记，请等待开奖",
    [COUPON__ENTRY_STATE__WON] = "您已中签",
    [COUPON__ENTRY_STATE__LOST] = "您未中签，可凭回执核对结果",
    [COUPON__ENTRY_STATE__WAITING] = "您在候补名单中",
    [COUPON__ENTRY_STATE__MUST_ACCEPT] = "您已中签，请在截止时间前确认",
    [COUPON__ENTRY_STATE__PLACE_DECLINED] = "您已放弃名额",
    [COUPON__ENTRY_STATE__PLACE_LAPSED] = "您未按时确认，名额已递补给下一位",
    [COUPON__ENTRY_STATE__LOT_VOID] = "本次抽签已作废",
};

/* What came out for an entry; her turn on the waiting list moves as others make room. False: no memory. */
static bool add_outcome(struct coupon *self, struct lot_day *lot, const struct lot_entry *entry, void *call,
                        Coupon__LotEntry *ret)
{
    struct lot_terms terms;
    struct place place;
    uint32_t at, waiting;

    if (!lot_terms_whole(self, lot, rpc_arena(call), &terms))
        return false;
    at = lottery_place_of(&self->lottery, &terms, entry, &waiting);
    ret->state = COUPON__ENTRY_STATE__LOST;
    if (at && places_at(self, lot->lot_id, (int32_t)at, &place)) {
        ret->state = (Coupon__EntryState)place.state;
        ret->coupon_id = place.coupon_id;
        ret->accept_by = place.state == COUPON__ENTRY_STATE__MUST_ACCEPT ? place.accept_by : 0;
    } else if (waiting && lot->stage == LOTTERY__STAGE__PUBLISHED) {
        ret->state = COUPON__ENTRY_STATE__WAITING;
        ret->waiting_position = (int32_t)waiting;
    } else if (at && !waiting && lot_pends(self, lot->lot_id)) {
        ret->state = COUPON__ENTRY_STATE__IN; /* winners are given theirs just now */
    }
    return true;
}

/* Where an entry stands; NULL: she is not in. */
static bool add_state(struct coupon *self, struct lot_day *lot, const struct lot_entry *entry, void *call,
                      Coupon__LotEntry *ret)
{
    struct lot_terms light = lot_terms_light(lot);

    if (lot->stage == LOTTERY__STAGE__VOID)
        ret->state = COUPON__ENTRY_STATE__LOT_VOID;
    else if (!entry && !lottery_entering_refusal(&coupon_lottery.words, &light, rpc_now(call)) &&
             !lot_judgement(self, lot->release, rpc_principal(call), rpc_now(call)))
        ret->state = COUPON__ENTRY_STATE__MAY_ENTER;
    else if (entry && lot->stage < LOTTERY__STAGE__PUBLISHED)
        ret->state = COUPON__ENTRY_STATE__IN;
    else if (entry)
        return add_outcome(self, lot, entry, call, ret);
    return true;
}

static Coupon__LotEntry *entry_message(struct coupon *self, struct lot_day *lot, const struct lot_entry *entry,
                                       void *call)
{
    Coupon__LotEntry *ret = arena_message(rpc_arena(call), &coupon__lot_entry__descriptor);

    if (!ret || !add_state(self, lot, entry, call, ret))
        return NULL;
    ret->lot_id = lot->lot_id;
    ret->release_id = lot->release->id;
    ret->day = lot->day;
    ret->closes_at = lot_closes_at(lot);
    ret->decided_at = lot_decided_at(self, lot, rpc_arena(call));
    ret->words = unconst(words[ret->state]);
    if (entry) {
        ret->frozen = frozen_to(self, rpc_principal(call)->member_id, lot->release->audience.path, rpc_now(call));
        ret->entry_id = entry->id;
        ret->entered_at = entry->at;
        ret->ticket = hex_text(entry->ticket, DRAW_TICKET_LEN, rpc_arena(call));
    }
    if (entry && lot->stage >= LOTTERY__STAGE__FROZEN)
        ret->receipt_at = arena_printf(rpc_arena(call), "/v1/me/lots/%lld/receipt", (long long)lot->lot_id);
    if (lot->stage >= LOTTERY__STAGE__FROZEN)
        ret->check_at = arena_printf(rpc_arena(call), "/draw/#lot-%lld", (long long)lot->lot_id);
    return ret->ticket && ret->receipt_at && ret->check_at ? ret : NULL;
}

/* Hers in a lot: of two tickets that accounts merged since have in the list, the one by which she has a place. */
static bool find_entry(struct coupon *self, const struct lot_day *lot, int64_t member_id, struct lot_entry *ret)
{
    int64_t numbers[NUMBERS_MAX], best = 0;
    size_t n;

    if (!lottery_find_entry(&self->lottery, lot->lot_id, member_id, ret))
        return false;
    n = holders_numbers(&self->holders, member_id, numbers, NUMBERS_MAX);
    for (size_t i = 0; i < n && n > 1; i++) {
        int64_t place = lots_place(self, lot->lot_id, numbers[i]);

        if (place && (!best || place < best) && lottery_find_entry(&self->lottery, lot->lot_id, numbers[i], ret))
            best = place;
    }
    return true;
}

Coupon__LotEntry *lot_entry_message(struct coupon *self, struct lot_day *lot, void *call)
{
    struct lot_entry entry;
    bool in = find_entry(self, lot, rpc_principal(call)->member_id, &entry);

    return entry_message(self, lot, in ? &entry : NULL, call);
}

int lot_offer_refusal(struct coupon *self, struct release *release, int claiming, void *call,
                      Coupon__LotEntry **ret_lot)
{
    int32_t day = release_day(release, rpc_now(call));
    struct lot_terms light;
    struct lot_day lot;
    int refusal;

    if (lots_of_day(self, release, day < 0 ? 0 : day, &lot))
        *ret_lot = lot_entry_message(self, &lot, call);
    if (!*ret_lot)
        return release->way == COUPON__WAY__FAIR ? claiming : COUPON__REASON__LOT_NONE_TODAY;
    if ((*ret_lot)->entry_id || (*ret_lot)->state == COUPON__ENTRY_STATE__MAY_ENTER)
        return 0;
    light = lot_terms_light(&lot);
    refusal = lottery_entering_refusal(&coupon_lottery.words, &light, rpc_now(call));
    if (!refusal)
        refusal = lot_judgement(self, release, rpc_principal(call), rpc_now(call));
    if (release->way != COUPON__WAY__FAIR || day < 0 || refusal != COUPON__REASON__LOT_ENTRIES_CLOSED)
        return refusal;
    refusal = lots_claim_refusal(self, release, call);
    return refusal ? refusal : claiming;
}

static Coupon__LotStatus *status_message(struct coupon *self, const struct lot_whole *lot, void *call)
{
    Coupon__LotStatus *ret = arena_message(rpc_arena(call), &coupon__lot_status__descriptor);
    Lottery__Status *told = arena_alloc(rpc_arena(call), sizeof(*told));

    if (!ret || !told)
        return NULL;
    lottery_status(&self->lottery, &lot->terms, &lot->lot, call, told);
    ret->lot = told;
    ret->lot_id = lot->day.lot_id;
    ret->release_id = lot->day.release->id;
    ret->day = lot->day.day;
    ret->opens_at = lot->terms.opens_at;
    ret->closes_at = lot->terms.closes_at;
    ret->decided_at = lot->terms.draw_at;
    ret->repeats = lots_repeats(self, lot->day.lot_id);
    ret->entrants = told->n_entries;
    ret->asked = *told->root ? ret->entrants + ret->repeats : 0;
    return ret;
}

/* ---- members ---- */

/* A release by lot that is no draft; NULL after refusing. */
static struct release *find_release(struct coupon *self, int64_t release_id, void *call)
{
    struct release *release = release_find(self, release_id);

    if (!release || release->state == COUPON__STATE__DRAFT)
        rpc_refuse(call, COUPON__REASON__RELEASE_NOT_FOUND);
    else if (!way_is_lot(release->way))
        rpc_refuse(call, COUPON__REASON__LOT_NONE);
    else
        return release;
    return NULL;
}

/* The lot of the day that is open or opens next, or was the last. False after refusing. */
static bool find_today(struct coupon *self, int64_t release_id, void *call, struct lot_day *ret)
{
    struct release *release = find_release(self, release_id, call);
    int32_t day;

    if (!release)
        return false;
    day = release_day(release, rpc_now(call));
    day = day < 0 ? 0 : day < release->days ? day : release->days - 1;
    if (lots_of_day(self, release, day, ret))
        return true;
    rpc_refuse(call, COUPON__REASON__LOT_NONE_TODAY);
    return false;
}

/* rpc EnterLot: one tap. */
static void lots__enter_lot(Coupon__Lots_Service *service, const Coupon__EnterLotRequest *req,
                            Coupon__LotEntry_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, lots_service);
    int64_t last = self->ids.last;
    struct lot_terms terms;
    struct lot_entry entry;
    struct lot_day lot;
    int reason;

    if (!find_today(self, req->release_id, call, &lot))
        return;
    release_enter_day(lot.release, lot.day);
    terms = lot_terms_light(&lot);
    reason = lottery_enter(&self->lottery, &terms, NULL, call, &entry);
    if (reason) {
        number_count(self, lot.release, reason, call);
        if (reason == COUPON__REASON__LOT_ENTRIES_CLOSED)
            rpc_fact_time(call, "closedAt", terms.closes_at);
        refuse_asking(lot.release, reason, call);
        return;
    }
    number_count(self, lot.release, entry.id <= last ? NUMBERS_REPEATED : NUMBERS_ENTERED, call);
    if (entry.id <= last && rpc_now(call) < terms.closes_at)
        lots_count_repeat(self, &lot);
    reply(entry_message(self, &lot, &entry, call), call);
}

/* rpc WithdrawLotEntry: until the closing. */
static void lots__withdraw_lot_entry(Coupon__Lots_Service *service, const Coupon__EnterLotRequest *req,
                                     Coupon__WithdrawLotReply_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, lots_service);
    Coupon__WithdrawLotReply done = COUPON__WITHDRAW_LOT_REPLY__INIT;
    struct lot_terms terms;
    struct lot_entry entry;
    struct lot_day lot;
    bool in;

    if (!find_today(self, req->release_id, call, &lot))
        return;
    terms = lot_terms_light(&lot);
    in = lottery_find_entry(&self->lottery, lot.lot_id, rpc_principal(call)->member_id, &entry);
    if (rpc_refuse_if(call, lottery_withdraw(&self->lottery, &terms, call)))
        return;
    release_enter_day(lot.release, lot.day);
    if (in)
        number_count(self, lot.release, NUMBERS_WITHDRAWN, call);
    reply(&done, call);
}

/* A lot by its id; false after refusing. */
static bool find_lot(struct coupon *self, int64_t lot_id, void *call, struct lot_day *ret)
{
    if (lots_find(self, lot_id, rpc_arena(call), ret))
        return true;
    rpc_refuse(call, COUPON__REASON__LOT_NOT_FOUND);
    return false;
}

/* rpc GetLotEntry. */
static void lots__get_lot_entry(Coupon__Lots_Service *service, const Coupon__GetEntryRequest *req,
                                Coupon__LotEntry_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, lots_service);
    struct lot_day lot;

    if (req->lot_id ? !find_lot(self, req->lot_id, call, &lot) : !find_today(self, req->release_id, call, &lot))
        return;
    if (lot.release->id != req->release_id)
        rpc_refuse(call, COUPON__REASON__LOT_NOT_FOUND);
    else
        reply(lot_entry_message(self, &lot, call), call);
}

/* rpc GetLotReceipt. */
static void lots__get_lot_receipt(Coupon__Lots_Service *service, const Coupon__LotRequest *req,
                                  Coupon__LotReceipt_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, lots_service);
    Coupon__LotReceipt receipt = COUPON__LOT_RECEIPT__INIT;
    struct lot_terms terms;
    struct lot_entry entry;
    struct lot_day lot;

    if (!find_lot(self, req->lot_id, call, &lot))
        return;
    if (!find_entry(self, &lot, rpc_principal(call)->member_id, &entry))
        rpc_refuse(call, COUPON__REASON__LOT_NOT_IN);
    else if (!lot_terms_whole(self, &lot, rpc_arena(call), &terms))
        rpc_refuse(call, RPC__REASON__OVERLOADED);
    else if (!rpc_refuse_if(call, lottery_receipt(&self->lottery, &terms, &entry, call, &receipt.text)))
        reply(&receipt, call);
}

/* ---- places of a season ---- */

/* Does something with a place of the caller's. */
static void on_place(struct coupon *self, int64_t coupon_id,
                     int (*act)(struct coupon *self, struct place *place, void *call), Coupon__LotEntry_Closure reply,
                     void *call)
{
    struct lot_day lot;
    struct place place;

    /* Somebody else's is not told apart from none. */
    if (!places_find(self, coupon_id, &place) ||
        !holder_is(&self->holders, rpc_principal(call)->member_id, place.member_id)) {
        rpc_refuse(call, COUPON__REASON__PLACE_NOT_FOUND);
        return;
    }
    if (!rpc_refuse_if(call, act(self, &place, call)) && !rpc_refused(call) && find_lot(self, place.lot_id, call, &lot))
        reply(lot_entry_message(self, &lot, call), call);
}

/* rpc AcceptPlace. */
static void lots__accept_place(Coupon__Lots_Service *service, const Coupon__PlaceRequest *req,
                               Coupon__LotEntry_Closure reply, void *call)
{
    on_place(container_of(service, struct coupon, lots_service), req->coupon_id, place_accept, reply, call);
}

/* rpc DeclinePlace: for good. */
static void lots__decline_place(Coupon__Lots_Service *service, const Coupon__PlaceRequest *req,
                                Coupon__LotEntry_Closure reply, void *call)
{
    on_place(container_of(service, struct coupon, lots_service), req->coupon_id, place_decline, reply, call);
}

/* ---- everybody ---- */

/* rpc ListLots: those that are announced. */
static void lots__list_lots(Coupon__Lots_Service *service, const Coupon__ListLotsRequest *req,
                            Coupon__LotList_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, lots_service);
    const struct rpc_page *page = rpc_page(call);
    struct lot_whole *found = arena_zalloc(rpc_arena(call), page->limit * sizeof(*found));
    struct release *release = release_look_up(self, req->release_id, rpc_arena(call));
    Coupon__LotList list = COUPON__LOT_LIST__INIT;
    size_t n = 0;

    if (!release || release->state == COUPON__STATE__DRAFT) {
        rpc_refuse(call, COUPON__REASON__RELEASE_NOT_FOUND);
        return;
    }
    lots_ask(self, release->id, page->before, (int64_t)page->limit);
    while (found && n < page->limit && lots_next(self, release, &found[n].day))
        n++;
    lots_end(self);
    for (size_t i = 0; i < n && rpc_page_takes(call, found[i].day.day + 1); i++)
        rpc_add(call, &list, lots,
                lot_complete(self, &found[i], rpc_arena(call)) ? status_message(self, &found[i], call) : NULL);
    reply(&list, call);
}

/* A lot with all that is known of it; false after refusing. */
static bool find_whole(struct coupon *self, int64_t lot_id, void *call, struct lot_whole *ret)
{
    if (!find_lot(self, lot_id, call, &ret->day))
        return false;
    if (lot_complete(self, ret, rpc_arena(call)))
        return true;
    rpc_refuse(call, RPC__REASON__OVERLOADED);
    return false;
}

/* What became of it, unless it is refused. */
static void reply_lot(struct coupon *self, const struct lot_whole *lot, int reason, Coupon__LotStatus_Closure reply,
                      void *call)
{
    if (!rpc_refuse_if(call, reason))
        reply(status_message(self, lot, call), call);
}

/* rpc GetLot. */
static void lots__get_lot(Coupon__Lots_Service *service, const Coupon__LotRequest *req, Coupon__LotStatus_Closure reply,
                          void *call)
{
    struct coupon *self = container_of(service, struct coupon, lots_service);
    struct lot_whole lot;

    if (find_whole(self, req->lot_id, call, &lot))
        reply_lot(self, &lot, 0, reply, call);
}

/* rpc GetLotFile. */
static void lots__get_lot_file(Coupon__Lots_Service *service, const Coupon__LotFileRequest *req,
                               Coupon__LotFilePage_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, lots_service);
    Coupon__LotFilePage page = COUPON__LOT_FILE_PAGE__INIT;
    struct lot_whole lot;

    if (find_whole(self, req->lot_id, call, &lot) &&
        !rpc_refuse_if(call, lottery_file_page(&self->lottery, &lot.terms, &lot.lot, call, &page.text)) &&
        !rpc_refused(call))
        reply(page.text ? &page : NULL, call);
}

/* ---- officials ---- */

static bool find_for_official(struct coupon *self, int64_t lot_id, void *call, struct lot_whole *ret)
{
    if (!find_whole(self, lot_id, call, ret))
        return false;
    if (rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, ret->day.release->union_path))
        return true;
    rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
    return false;
}

/* rpc EnterLotValue. */
static void lots__enter_lot_value(Coupon__Lots_Service *service, const Coupon__LotValueRequest *req,
                                  Coupon__LotStatus_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, lots_service);
    struct lot_whole lot;

    if (find_for_official(self, req->lot_id, call, &lot))
        reply_lot(self, &lot, lottery_enter_value(&self->lottery, &lot.terms, &lot.lot, req->value, call), reply, call);
}

/* rpc ConfirmLotValue. */
static void lots__confirm_lot_value(Coupon__Lots_Service *service, const Coupon__LotValueRequest *req,
                                    Coupon__LotStatus_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, lots_service);
    struct lot_whole lot;

    if (find_for_official(self, req->lot_id, call, &lot))
        reply_lot(self, &lot, lottery_confirm_value(&self->lottery, &lot.terms, &lot.lot, req->value, call), reply,
                  call);
}

/* rpc PublishLot. Again: the status. */
static void lots__publish_lot(Coupon__Lots_Service *service, const Coupon__LotRequest *req,
                              Coupon__LotStatus_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, lots_service);
    struct lot_whole lot;

    if (find_for_official(self, req->lot_id, call, &lot))
        reply_lot(self, &lot, lottery_publish(&self->lottery, &lot.terms, &lot.lot, call), reply, call);
}

/* rpc VoidLot. */
static void lots__void_lot(Coupon__Lots_Service *service, const Coupon__VoidLotRequest *req,
                           Coupon__LotStatus_Closure reply, void *call)
{
    struct coupon *self = container_of(service, struct coupon, lots_service);
    struct lot_whole lot;

    if (find_for_official(self, req->lot_id, call, &lot))
        reply_lot(self, &lot, lottery_make_void(&self->lottery, &lot.terms, &lot.lot, &req->base, req->reason, call),
                  reply, call);
}

const Coupon__Lots_Service lots_api = COUPON__LOTS__INIT(lots__);
