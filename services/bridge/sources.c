/* sources.c: whose journals remind members of something, and of what. */
#include "health/health.pb-c.h"
#include "services/bridge/bridge.h"

#define HEALTH "health"

/* A change of her booking makes untrue what waits to be said of it, but for her report. */
static const struct {
    int kind;
    bool of_booking;
} checkups[] = {
    [HEALTH__REMINDER_KIND__YOU_WON] = {BRIDGE__NOTICE_KIND__CHECKUP_WON, false},
    [HEALTH__REMINDER_KIND__BOOK_SOON] = {BRIDGE__NOTICE_KIND__CHECKUP_BOOK_SOON, false},
    [HEALTH__REMINDER_KIND__DAY_BEFORE] = {BRIDGE__NOTICE_KIND__CHECKUP_SOON, true},
    [HEALTH__REMINDER_KIND__SITE_CHANGED] = {BRIDGE__NOTICE_KIND__CHECKUP_SITE_CHANGED, true},
    [HEALTH__REMINDER_KIND__SLOT_CHANGED] = {BRIDGE__NOTICE_KIND__CHECKUP_SLOT_CHANGED, true},
    [HEALTH__REMINDER_KIND__REPORT_READY] = {BRIDGE__NOTICE_KIND__CHECKUP_REPORT_READY, false},
};

static void take_reminder(struct outbox *outbox, int64_t seq, const Health__Reminder *reminder, void *call)
{
    struct notice notice = {.member_id = reminder->member_id, .about_at = reminder->at};
    unsigned kind = (unsigned)reminder->kind;

    if (kind >= ARRAY_LEN(checkups) || !checkups[kind].kind)
        return; /* of a later health than this bridge knows */
    notice.kind = checkups[kind].kind;
    notice.about_id = checkups[kind].of_booking ? reminder->booking_id : 0;
    notice_text(reminder->campaign_title, notice.title);
    notice_text(reminder->site_name, notice.place);
    outbox_take(outbox, HEALTH, seq, &notice, call);
}

static void on_health(void *arg, void *call, const Rpc__JournalRow *row)
{
    Health__Event *event = health__event__unpack(NULL, row->body.len, row->body.data);
    struct outbox *outbox = &((struct bridge *)arg)->outbox;

    if (event && event->event_case == HEALTH__EVENT__EVENT_REMINDER)
        take_reminder(outbox, row->seq, event->reminder, call);
    if (event && event->event_case == HEALTH__EVENT__EVENT_BOOKING_CHANGED)
        outbox_withdraw(outbox, HEALTH, event->booking_changed->booking_id, call);
    health__event__free_unpacked(event, NULL);
}

static const int32_t health_kinds[] = {HEALTH__EVENT__EVENT_REMINDER, HEALTH__EVENT__EVENT_BOOKING_CHANGED};

const struct service_follow messages_of_health = {HEALTH, health_kinds, ARRAY_LEN(health_kinds), on_health};
