#include "services/bridge/news.h"

#include "coupon/coupon.pb-c.h"
#include "health/health.pb-c.h"
#include "identity/contest.pb-c.h"
#include "identity/identity.pb-c.h"

#define HEALTH   "health"
#define IDENTITY "identity"
#define COUPON   "coupon"
#define SUBSIDY  "subsidy"

/* What every service that shares the part `notice` tells alike. */
#define NOTICES RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN, RPC__CHASSIS_EVENT__EVENT_NOTICE_WITHDRAWN

/* Each partition of a service has a journal of its own, whose rows are numbered from 1. */
static void name_source(const char *queue, int64_t notice_id, char ret[SOURCE_SIZE])
{
    unsigned partition = id_partition(notice_id);

    snprintf(ret, SOURCE_SIZE, partition ? "%s.%u" : "%s", queue, partition);
}

static void take_given(struct outbox *outbox, const char *queue, int64_t seq, const Notice__NoticeGiven *given,
                       void *call)
{
    char source[SOURCE_SIZE];
    struct notice notice = {
        .kind = (int)given->kind,
        .door = given->door,
        .member_id = given->member_id,
        .about_id = given->notice_id,
        .about_at = given->at,
    };

    if (!notice_known(notice.kind))
        return; /* of a later service than this bridge knows */
    name_source(queue, given->notice_id, source);
    notice_text(given->title, notice.title);
    notice_text(given->place, notice.place);
    outbox_take(outbox, source, seq, &notice, call);
}

/* Whether the row is one of those. */
static bool is_notice(struct outbox *outbox, const char *queue, const Rpc__JournalRow *row, void *call)
{
    Rpc__ChassisEvent *event = NULL;
    char source[SOURCE_SIZE];

    if (row->kind >= LIMIT_EVENT_NUMBER)
        event = rpc__chassis_event__unpack(NULL, row->body.len, row->body.data);
    if (event && event->event_case == RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN)
        take_given(outbox, queue, row->seq, event->notice_given, call);
    if (event && event->event_case == RPC__CHASSIS_EVENT__EVENT_NOTICE_WITHDRAWN) {
        name_source(queue, event->notice_withdrawn->notice_id, source);
        outbox_withdraw(outbox, source, event->notice_withdrawn->notice_id, call);
    }
    rpc__chassis_event__free_unpacked(event, NULL);
    return row->kind >= LIMIT_EVENT_NUMBER;
}

/* ---- health, and as it told before it shared the part ---- */

/* A change of her booking makes untrue what waits to be said of it, but for her report. */
static const struct {
    int kind;
    bool of_booking;
} checkups[] = {
    [HEALTH__REMINDER_KIND__YOU_WON] = {NOTICE__NOTICE_KIND__CHECKUP_WON, false},
    [HEALTH__REMINDER_KIND__BOOK_SOON] = {NOTICE__NOTICE_KIND__CHECKUP_BOOK_SOON, false},
    [HEALTH__REMINDER_KIND__DAY_BEFORE] = {NOTICE__NOTICE_KIND__CHECKUP_SOON, true},
    [HEALTH__REMINDER_KIND__SITE_CHANGED] = {NOTICE__NOTICE_KIND__CHECKUP_SITE_CHANGED, true},
    [HEALTH__REMINDER_KIND__SLOT_CHANGED] = {NOTICE__NOTICE_KIND__CHECKUP_SLOT_CHANGED, true},
    [HEALTH__REMINDER_KIND__REPORT_READY] = {NOTICE__NOTICE_KIND__CHECKUP_REPORT_READY, false},
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
    struct outbox *outbox = &((struct bridge *)arg)->outbox;
    Health__Event *event;

    if (is_notice(outbox, HEALTH, row, call))
        return;
    event = health__event__unpack(NULL, row->body.len, row->body.data);
    if (event && event->event_case == HEALTH__EVENT__EVENT_REMINDER)
        take_reminder(outbox, row->seq, event->reminder, call);
    if (event && event->event_case == HEALTH__EVENT__EVENT_BOOKING_CHANGED)
        outbox_withdraw(outbox, HEALTH, event->booking_changed->booking_id, call);
    health__event__free_unpacked(event, NULL);
}

static const int32_t health_kinds[] = {NOTICES, HEALTH__EVENT__EVENT_REMINDER, HEALTH__EVENT__EVENT_BOOKING_CHANGED};

/* ---- identity likewise ---- */

static const int accounts[] = {
    [IDENTITY__ACCOUNT_NEWS__NEWS_WECHAT_BOUND] = NOTICE__NOTICE_KIND__ACCOUNT_WECHAT_BOUND,
    [IDENTITY__ACCOUNT_NEWS__NEWS_MERGE_ASKED] = NOTICE__NOTICE_KIND__ACCOUNT_MERGE_ASKED,
    [IDENTITY__ACCOUNT_NEWS__NEWS_NAME_CONTESTED] = NOTICE__NOTICE_KIND__ACCOUNT_NAME_CONTESTED,
    [IDENTITY__ACCOUNT_NEWS__NEWS_CONTEST_DECIDED] = NOTICE__NOTICE_KIND__ACCOUNT_CONTEST_DECIDED,
    [IDENTITY__ACCOUNT_NEWS__NEWS_PROOF_TAKEN_BACK] = NOTICE__NOTICE_KIND__ACCOUNT_PROOF_TAKEN_BACK,
    [IDENTITY__ACCOUNT_NEWS__NEWS_DOCUMENT_TAKEN] = NOTICE__NOTICE_KIND__ACCOUNT_DOCUMENT_TAKEN,
};

static void take_news(struct outbox *outbox, int64_t seq, const Identity__NoticeGiven *given, void *call)
{
    struct notice notice = {.member_id = given->member_id, .about_id = given->about_id, .about_at = given->at};
    unsigned news = (unsigned)given->news;

    if (news >= ARRAY_LEN(accounts) || !accounts[news])
        return; /* of a later identity than this bridge knows */
    notice.kind = accounts[news];
    notice.door = given->wechat_id ? given->wechat_id : NOTICE_BY_MOBILE;
    outbox_take(outbox, IDENTITY, seq, &notice, call);
}

/* What a row says is over is not told any more: 0, or what it is about. */
static int64_t over(const Identity__Event *event)
{
    switch (event->event_case) {
    case IDENTITY__EVENT__EVENT_MERGE_CHANGED:
        return event->merge_changed->state > IDENTITY__MERGE_STATE__MERGE_PROPOSED ? event->merge_changed->merge_id : 0;
    case IDENTITY__EVENT__EVENT_CONTEST_CHANGED:
        return event->contest_changed->state != (int)IDENTITY__CONTEST_STATE__CONTEST_ASKED
                   ? event->contest_changed->contest_id
                   : 0;
    case IDENTITY__EVENT__EVENT_WECHAT_UNBOUND:
        return event->wechat_unbound->wechat_id;
    case IDENTITY__EVENT__EVENT_MEMBER_VERIFIED: /* her name, proven anew */
        return event->member_verified->member_id;
    default:
        return 0;
    }
}

static void on_identity(void *arg, void *call, const Rpc__JournalRow *row)
{
    struct outbox *outbox = &((struct bridge *)arg)->outbox;
    Identity__Event *event;

    if (is_notice(outbox, IDENTITY, row, call))
        return;
    event = identity__event__unpack(NULL, row->body.len, row->body.data);
    if (event && event->event_case == IDENTITY__EVENT__EVENT_NOTICE_GIVEN)
        take_news(outbox, row->seq, event->notice_given, call);
    if (event && over(event))
        outbox_withdraw(outbox, IDENTITY, over(event), call);
    identity__event__free_unpacked(event, NULL);
}

static const int32_t identity_kinds[] = {
    NOTICES,
    IDENTITY__EVENT__EVENT_NOTICE_GIVEN,
    IDENTITY__EVENT__EVENT_MERGE_CHANGED,
    IDENTITY__EVENT__EVENT_CONTEST_CHANGED,
    IDENTITY__EVENT__EVENT_WECHAT_UNBOUND,
    IDENTITY__EVENT__EVENT_MEMBER_VERIFIED,
};

/* ---- coupon, which orders stocks of WeChat's coupons too ---- */

static void on_coupon(void *arg, void *call, const Rpc__JournalRow *row)
{
    struct bridge *self = arg;
    Coupon__Event *event;

    if (is_notice(&self->outbox, COUPON, row, call))
        return;
    event = coupon__event__unpack(NULL, row->body.len, row->body.data);
    if (event && event->event_case == COUPON__EVENT__EVENT_STOCK_ORDERED)
        stock_order(self, event->stock_ordered, call);
    if (event && event->event_case == COUPON__EVENT__EVENT_VOUCHER_CHANGED &&
        event->voucher_changed->state == COUPON__VOUCHER_STATE__VOUCHER_PENDING)
        send_take(self, event->voucher_changed, call);
    if (event && event->event_case == COUPON__EVENT__EVENT_COUPON_ENDED)
        send_withdraw(self, event->coupon_ended->coupon_id, call);
    coupon__event__free_unpacked(event, NULL);
}

static const int32_t coupon_kinds[] = {NOTICES, COUPON__EVENT__EVENT_STOCK_ORDERED,
                                       COUPON__EVENT__EVENT_VOUCHER_CHANGED, COUPON__EVENT__EVENT_COUPON_ENDED};

/* ---- who tells nothing but notices; its orders of payments are pay/payouts.h's ---- */

static void on_subsidy(void *arg, void *call, const Rpc__JournalRow *row)
{
    is_notice(&((struct bridge *)arg)->outbox, SUBSIDY, row, call);
}

static const int32_t notice_kinds[] = {NOTICES};

const struct part_spec news_part = {
    .follows = {{HEALTH, health_kinds, ARRAY_LEN(health_kinds), on_health},
                {IDENTITY, identity_kinds, ARRAY_LEN(identity_kinds), on_identity},
                {COUPON, coupon_kinds, ARRAY_LEN(coupon_kinds), on_coupon},
                {SUBSIDY, notice_kinds, ARRAY_LEN(notice_kinds), on_subsidy}},
};
