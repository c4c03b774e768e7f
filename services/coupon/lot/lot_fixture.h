/* lot_fixture.h: what the tests of lots share. */
#pragma once
#include "common/draw/draw_file.h"
#include "services/coupon/fixture.h"
#include "services/coupon/lot/places.h"

#define WINDOW_MS INT64_C(30000)
#define HOUR_MS   INT64_C(3600000)

static inline Coupon__LotForm *form_of(Coupon__Release *draft)
{
    static Coupon__LotForm forms[16];
    static unsigned n;

    draft->lot = &forms[n++ % ARRAY_LEN(forms)];
    coupon__lot_form__init(draft->lot);
    return draft->lot;
}

/* A release in whose lots one may enter for half a minute of each day. */
static inline Coupon__Release lot_draft(int way, int32_t stock, int32_t days)
{
    Coupon__Release draft = draft_of(stock, days, COUPON__ALLOWANCE__ONE_PER_DAY);

    draft.way = (Coupon__Way)way;
    form_of(&draft)->entry_seconds = WINDOW_MS / 1000;
    return draft;
}

/* One lot in all: entered for two hours, its value an hour later, drawn an hour after that. */
static inline Coupon__Release season_draft(int32_t stock, int32_t waiting, int32_t accept_days)
{
    Coupon__Release draft = draft_of(stock, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    Coupon__LotForm *form = form_of(&draft);

    draft.way = COUPON__WAY__LOT;
    form->season = true;
    form->closes_at = OPENS + 2 * HOUR_MS;
    form->public_name = "双色球第2026001期";
    form->value_format = "## ## ##";
    form->value_at = OPENS + 3 * HOUR_MS;
    form->draw_at = OPENS + 4 * HOUR_MS;
    form->waiting = waiting;
    form->accept_days = accept_days;
    form->until = OPENS + 40 * COUPON_DAY_MS;
    return draft;
}

static inline void clock_to(int64_t at)
{
    clock_step(&h.service.clock, at - clock_now(&h.service.clock));
}

static inline void do_what_is_due(struct harness *harness)
{
    while (harness_tidy(harness))
        continue;
}

/* What happens by itself until an instant. */
static inline void let_pass(int64_t at)
{
    clock_to(at);
    harness_work(&h, do_what_is_due);
    harness_work(&h, do_what_is_due); /* the head that was wanted is signed by then */
}

static inline const Rpc__Answer *ask_as(int64_t release_id, const Rpc__Principal *who)
{
    Coupon__EnterLotRequest request = COUPON__ENTER_LOT_REQUEST__INIT;

    request.release_id = release_id;
    return harness_call(&h, "Lots.EnterLot", &request.base, who, NULL);
}

static inline const Rpc__Answer *ask(int64_t release_id, int64_t member_id)
{
    return ask_as(release_id, harness_member(&h, member_id, TOWN));
}

static inline const Coupon__LotEntry *entry_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &coupon__lot_entry__descriptor);
}

static inline const Coupon__LotEntry *where(int64_t release_id, int64_t member_id, int64_t lot_id)
{
    Coupon__GetEntryRequest request = COUPON__GET_ENTRY_REQUEST__INIT;

    request.release_id = release_id;
    request.lot_id = lot_id;
    return entry_of(harness_call(&h, "Lots.GetLotEntry", &request.base, harness_member(&h, member_id, TOWN), NULL));
}

static inline const Coupon__LotList *lots_of(int64_t release_id)
{
    Coupon__ListLotsRequest request = COUPON__LIST_LOTS_REQUEST__INIT;

    request.release_id = release_id;
    return harness_output(&h, harness_call(&h, "Lots.ListLots", &request.base, harness_nobody(&h), NULL),
                          &coupon__lot_list__descriptor);
}

static inline const Coupon__LotStatus *lot_status(int64_t lot_id)
{
    Coupon__LotRequest request = COUPON__LOT_REQUEST__INIT;

    request.lot_id = lot_id;
    return harness_output(&h, harness_call(&h, "Lots.GetLot", &request.base, harness_nobody(&h), NULL),
                          &coupon__lot_status__descriptor);
}

static inline const Rpc__Answer *on_lot(const char *method, int64_t lot_id, const char *text, int64_t by)
{
    Coupon__LotValueRequest value = COUPON__LOT_VALUE_REQUEST__INIT;
    Coupon__VoidLotRequest made_void = COUPON__VOID_LOT_REQUEST__INIT;
    Coupon__LotRequest plain = COUPON__LOT_REQUEST__INIT;
    const Rpc__Principal *official = harness_official(&h, by, RULE__ROLE__BENEFIT_MANAGER, "");

    value.lot_id = made_void.lot_id = plain.lot_id = lot_id;
    value.value = made_void.reason = unconst(text);
    return harness_call(&h, method,
                        strstr(method, "Void")    ? &made_void.base
                        : strstr(method, "Value") ? &value.base
                                                  : &plain.base,
                        official, NULL);
}

static inline const Rpc__Answer *on_place(const char *method, int64_t coupon_id, int64_t member_id)
{
    Coupon__PlaceRequest request = COUPON__PLACE_REQUEST__INIT;

    request.coupon_id = coupon_id;
    return harness_call(&h, method, &request.base, harness_member(&h, member_id, TOWN), NULL);
}

/* A text that is given in pieces while its list may still be being made. */
static inline const Rpc__Answer *call_until_made(const char *method, const ProtobufCMessage *request,
                                                 const Rpc__Principal *who)
{
    const Rpc__Answer *answer;

    while ((answer = harness_call(&h, method, request, who, NULL))->reason == COUPON__REASON__LOT_LOADING)
        harness_work(&h, do_what_is_due);
    return answer;
}

static inline const char *lot_file(int64_t lot_id)
{
    Coupon__LotFileRequest request = COUPON__LOT_FILE_REQUEST__INIT;
    const char *text = "";
    const Coupon__LotFilePage *page;

    request.lot_id = lot_id;
    do {
        page = harness_output(&h, call_until_made("Lots.GetLotFile", &request.base, harness_nobody(&h)),
                              &coupon__lot_file_page__descriptor);
        text = arena_printf(&h.arena, "%s%s", text, page->text);
        request.page_token = page->next_page_token;
    } while (*request.page_token);
    return text;
}

static inline const char *lot_receipt(int64_t lot_id, int64_t member_id)
{
    Coupon__LotRequest request = COUPON__LOT_REQUEST__INIT;
    const Rpc__Principal *who = harness_member(&h, member_id, TOWN);

    request.lot_id = lot_id;
    return ((const Coupon__LotReceipt *)harness_output(&h, call_until_made("Lots.GetLotReceipt", &request.base, who),
                                                       &coupon__lot_receipt__descriptor))
        ->text;
}

/* That a file or receipt is what anybody verifies. */
static inline void assert_verified(const char *text, bool receipt)
{
    struct draw_reader reader;

    assert_true(draw_reader_init(&reader, receipt));
    if (!draw_reader_feed(&reader, text, strlen(text)) || !draw_reader_end(&reader))
        fail_msg("line %llu: %s", (unsigned long long)reader.line, reader.problem);
    draw_reader_done(&reader);
}

/* How many of members 1..n stand so with a lot. */
static inline int how_many(int64_t release_id, int64_t lot_id, int64_t n, int state)
{
    int found = 0;

    for (int64_t member_id = 1; member_id <= n; member_id++)
        found += (int)where(release_id, member_id, lot_id)->state == state;
    return found;
}
