/* fixture.h: what the tests of health's operations share: the service on a fresh
 * store with a key of its own, and the usual first steps of officials. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/benefit/notice/notice_fixture.h"
#include "common/draw/draw_file.h"
#include "identity/identity.pb-c.h"
#include "services/health/lot/entitlements.h"
#include "common/benefit/tree/tree_fixture.h"

#define UNION   "0001"
#define TOWN    "00010002"
#define HOUR_MS INT64_C(3600000)

static inline void health_close(void *self)
{
    health_done(self);
}

/* A service with its keys that has not started. */
static inline void unstarted(struct harness *h)
{
    harness_init(h, &health_spec, health_close);
    harness_key(h, "HUIGONG_DRAW_KEY", "1 " HARNESS_KEY "\nindex " HARNESS_KEY "\n");
    harness_key(h, "HUIGONG_REPORT_KEY", "1 " HARNESS_KEY "\nindex " HARNESS_KEY "\n");
    harness_key(h, "HUIGONG_LOOK_KEY", "1 " HARNESS_KEY "\nindex " HARNESS_KEY "\n");
    harness_key(h, "HUIGONG_PASS_KEY", "1 " HARNESS_KEY "\n");
    assert_int_equal(conf_load(health_spec.conf, NULL, true), 0);
}

static inline void begin(struct harness *h)
{
    unstarted(h);
    harness_start(h);
}

static inline void end(struct harness *h)
{
    assert_string_equal(harness_audit(h), "");
    harness_close(h);
}

/* Of a setup that gave its harness as the state. */
static inline int teardown(void **state)
{
    end(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- calls ---- */

static inline Rpc__Principal *manager_of(struct harness *h, const char *path)
{
    return harness_official(h, 900, RULE__ROLE__BENEFIT_MANAGER, path);
}

/* A call with an Idempotency-Key that was never used before. */
static inline const Rpc__Answer *call_once(struct harness *h, const char *method, const ProtobufCMessage *input,
                                           const Rpc__Principal *who)
{
    static unsigned calls;
    char key[32];

    snprintf(key, sizeof(key), "call %u", calls++);
    return harness_call(h, method, input, who, key);
}

static inline int64_t now_of(struct harness *h)
{
    return clock_now(&h->service.clock);
}

/* ---- packages, sites, campaigns ---- */

static inline const Rpc__Answer *create_package(struct harness *h, const Rpc__Principal *who, const char *code,
                                                const char *name)
{
    Health__CreatePackageRequest request = HEALTH__CREATE_PACKAGE_REQUEST__INIT;
    Health__Package package = HEALTH__PACKAGE__INIT;
    Health__PackageItem items[2] = {HEALTH__PACKAGE_ITEM__INIT, HEALTH__PACKAGE_ITEM__INIT};
    Health__PackageItem *list[2] = {&items[0], &items[1]};

    items[0].code = "36643-5";
    items[0].name = "胸部X线";
    items[1].code = unconst(code);
    items[1].name = unconst(name);
    package.title = "基本套餐";
    package.union_id = a_union(h, UNION);
    package.items = list;
    package.n_items = 2;
    request.package = &package;
    return call_once(h, "Campaigns.CreatePackage", &request.base, who);
}

static inline int64_t a_package(struct harness *h)
{
    const Health__Package *package =
        harness_output(h, create_package(h, manager_of(h, UNION), "2345-7", "血糖"), &health__package__descriptor);

    return package->package_id;
}

static inline Health__Site a_site_draft(struct harness *h)
{
    Health__Site site = HEALTH__SITE__INIT;

    site.union_id = a_union(h, UNION);
    site.name = "市中医院";
    site.address = "亲仁路6号";
    site.lat_e6 = 23024750;
    site.lon_e6 = 113116580;
    return site;
}

static inline const Rpc__Answer *create_site(struct harness *h, const Rpc__Principal *who, Health__Site *site)
{
    Health__CreateSiteRequest request = HEALTH__CREATE_SITE_REQUEST__INIT;

    request.site = site;
    return call_once(h, "Sites.CreateSite", &request.base, who);
}

static inline int64_t a_site(struct harness *h)
{
    Health__Site draft = a_site_draft(h);
    const Health__Site *site =
        harness_output(h, create_site(h, manager_of(h, UNION), &draft), &health__site__descriptor);

    return site->site_id;
}

/* A campaign at one site with one stratum, in memory of the harness: entering from 1 h
 * on for 24 h, the value an hour later, the draw another, booking for 30 days. */
static inline Health__Campaign *a_draft(struct harness *h, int32_t quota)
{
    Health__Campaign *draft = harness_alloc(h, sizeof(*draft));
    Health__Stratum *stratum = harness_alloc(h, sizeof(*stratum));
    Health__CampaignSite *site = harness_alloc(h, sizeof(*site));
    int64_t now = now_of(h);

    health__campaign__init(draft);
    health__stratum__init(stratum);
    health__campaign_site__init(site);
    draft->union_id = a_union(h, UNION);
    draft->title = "职工免费体检";
    draft->rules = "本市工会会员每人一次";
    draft->package_id = a_package(h);
    draft->strata = harness_alloc(h, sizeof(stratum));
    draft->strata[0] = stratum;
    draft->n_strata = 1;
    stratum->label = "全体";
    stratum->quota = quota;
    stratum->waiting = quota;
    draft->sites = harness_alloc(h, sizeof(site));
    draft->sites[0] = site;
    draft->n_sites = 1;
    site->site_id = a_site(h);
    draft->opens_at = now + HOUR_MS;
    draft->closes_at = draft->opens_at + HEALTH_DAY_MS;
    draft->public_name = "双色球下一期开奖号码";
    draft->value_at = draft->closes_at + HOUR_MS;
    draft->draw_at = draft->value_at + HOUR_MS;
    draft->book_from = draft->draw_at;
    draft->book_until = draft->book_from + 30 * HEALTH_DAY_MS;
    draft->price_fen = 11600;
    draft->budget_fen = INT64_C(11600) * 1000;
    return draft;
}

/* Whom a draft is for, to be said. */
static inline Audience__Audience *whom(struct harness *h, Health__Campaign *draft)
{
    if (!draft->audience) {
        draft->audience = harness_alloc(h, sizeof(*draft->audience));
        audience__audience__init(draft->audience);
    }
    return draft->audience;
}

static inline const Rpc__Answer *create_campaign(struct harness *h, const Rpc__Principal *who, Health__Campaign *draft)
{
    Health__CreateCampaignRequest request = HEALTH__CREATE_CAMPAIGN_REQUEST__INIT;

    request.campaign = draft;
    return call_once(h, "Campaigns.CreateCampaign", &request.base, who);
}

static inline Health__Campaign *campaign_of(struct harness *h, const Rpc__Answer *answer)
{
    return harness_output(h, answer, &health__campaign__descriptor);
}

static inline const Rpc__Answer *on_campaign(struct harness *h, const char *method, int64_t campaign_id,
                                             const Rpc__Principal *who)
{
    Health__CampaignRequest request = HEALTH__CAMPAIGN_REQUEST__INIT;

    request.campaign_id = campaign_id;
    return harness_call(h, method, &request.base, who, NULL);
}

/* ---- the journal ---- */

/* The last event of a kind, or NULL. */
static inline Health__Event *last_event(struct harness *h, int32_t kind)
{
    return harness_last_event(h, &health__event__descriptor, kind);
}

static inline int64_t journal_rows(struct harness *h)
{
    return rpc_server_journal(h->service.rpc)->tip.seq;
}

/* ---- lots ---- */

static inline struct health *self_of(struct harness *h)
{
    return h->service.self;
}

static inline void tidy(struct harness *h)
{
    while (harness_tidy(h))
        continue;
}

/* Does all that is due by now. */
static inline void settle(struct harness *h)
{
    harness_work(h, tidy);
}

static inline void step_to(struct harness *h, int64_t at)
{
    assert_true(at >= now_of(h));
    clock_step(&h->service.clock, at - now_of(h));
    settle(h);
}

/* An announced campaign of a draft. */
static inline Health__Campaign *announced(struct harness *h, Health__Campaign *draft)
{
    Health__AnnounceRequest request = HEALTH__ANNOUNCE_REQUEST__INIT;
    Health__Campaign *campaign = campaign_of(h, create_campaign(h, manager_of(h, UNION), draft));

    request.campaign_id = campaign->campaign_id;
    assert_ok(harness_call(h, "Draws.Announce", &request.base, manager_of(h, UNION), NULL));
    return campaign;
}

/* One that is open for entering now. */
static inline Health__Campaign *opened(struct harness *h, int32_t quota)
{
    Health__Campaign *campaign = announced(h, a_draft(h, quota));

    step_to(h, campaign->opens_at);
    return campaign;
}

static inline const Rpc__Answer *enter(struct harness *h, int64_t campaign_id, const Rpc__Principal *who)
{
    Health__EnterRequest request = HEALTH__ENTER_REQUEST__INIT;

    request.campaign_id = campaign_id;
    return harness_call(h, "Entries.Enter", &request.base, who, NULL);
}

/* Members 1..n enter. */
static inline void enter_all(struct harness *h, int64_t campaign_id, int n)
{
    for (int i = 1; i <= n; i++)
        assert_ok(enter(h, campaign_id, harness_member(h, i, TOWN)));
}

static inline Rpc__Principal *manager_number(struct harness *h, int64_t member_id)
{
    return harness_official(h, member_id, RULE__ROLE__BENEFIT_MANAGER, UNION);
}

static inline const Rpc__Answer *with_value_as(struct harness *h, const char *method, int64_t campaign_id,
                                               const char *value, const Rpc__Principal *who)
{
    Health__ValueRequest request = HEALTH__VALUE_REQUEST__INIT;

    request.campaign_id = campaign_id;
    request.value = unconst(value);
    return harness_call(h, method, &request.base, who, NULL);
}

static inline const Rpc__Answer *with_value(struct harness *h, const char *method, int64_t campaign_id,
                                            const char *value, int64_t member_id)
{
    return with_value_as(h, method, campaign_id, value, manager_number(h, member_id));
}

/* From the closing to the places. */
static inline void draw_lots(struct harness *h, const Health__Campaign *campaign)
{
    if (now_of(h) < campaign->closes_at)
        step_to(h, campaign->closes_at);
    step_to(h, campaign->value_at);
    assert_ok(with_value(h, "Draws.EnterValue", campaign->campaign_id, "03 07 11 18 22 30 + 09", 900));
    assert_ok(with_value(h, "Draws.ConfirmValue", campaign->campaign_id, "03 07 11 18 22 30 + 09", 901));
    step_to(h, campaign->draw_at);
}

static inline Health__DrawStatus *draw_status(struct harness *h, int64_t campaign_id)
{
    return harness_output(h, on_campaign(h, "Draws.GetDraw", campaign_id, harness_nobody(h)),
                          &health__draw_status__descriptor);
}

/* A campaign of which members 1..n know what came out. */
static inline Health__Campaign *published(struct harness *h, int32_t quota, int n)
{
    Health__Campaign *campaign = opened(h, quota);

    enter_all(h, campaign->campaign_id, n);
    draw_lots(h, campaign);
    assert_ok(on_campaign(h, "Draws.Publish", campaign->campaign_id, manager_of(h, UNION)));
    settle(h);
    return campaign;
}

static inline Health__Offer *offer_of(struct harness *h, int64_t campaign_id, int64_t member_id)
{
    return harness_output(h, on_campaign(h, "Entries.GetOffer", campaign_id, harness_member(h, member_id, TOWN)),
                          &health__offer__descriptor);
}

/* How many of members 1..n have a place that they may book. */
static inline int winners_of(struct harness *h, int64_t campaign_id, int n)
{
    int winners = 0;

    for (int i = 1; i <= n; i++)
        winners += offer_of(h, campaign_id, i)->result->state == HEALTH__ENTITLEMENT_STATE__WON;
    return winners;
}

/* ---- by decree ---- */

struct ending {
    int64_t entitlement_id, state;
};
struct ended {
    struct health *self;
    struct ending ending;
};

static inline void end_work(void *call, void *arg)
{
    const struct ended *ended = arg;
    struct entitlement entitlement;

    assert_true(entitlements_find(&ended->self->entitlements, ended->ending.entitlement_id, &entitlement));
    entitlement_end(ended->self, &entitlement, (int)ended->ending.state, call);
}

static inline void end_given(struct harness *h, const void *bytes, size_t len)
{
    struct ended ended = {.self = self_of(h)};

    assert_int_equal(len, sizeof(ended.ending));
    memcpy(&ended.ending, bytes, len);
    assert_int_equal(rpc_server_transact(h->service.rpc, end_work, &ended), 0);
}

/* An entitlement ends, whatever for. */
static inline void end_entitlement(struct harness *h, const struct ending *ending)
{
    harness_give(h, "ending", end_given, ending, sizeof(*ending));
}

/* The published file, all its pages. */
static inline char *file_of(struct harness *h, int64_t campaign_id)
{
    Health__DrawFileRequest request = HEALTH__DRAW_FILE_REQUEST__INIT;
    char *text = "";

    request.campaign_id = campaign_id;
    do {
        const Rpc__Answer *answer = harness_call(h, "Draws.GetDrawFile", &request.base, harness_nobody(h), NULL);
        const Health__DrawFilePage *page;

        if (answer->reason == HEALTH__REASON__DRAW_LOADING) {
            settle(h);
            continue;
        }
        page = harness_output(h, answer, &health__draw_file_page__descriptor);
        text = arena_printf(&h->arena, "%s%s", text, page->text);
        request.page_token = page->next_page_token;
        if (!*page->next_page_token)
            return text;
    } while (text);
    return NULL;
}

/* Whoever has the file recomputes what came out. */
static inline void is_verified(const char *file)
{
    struct draw_reader reader;

    assert_true(draw_reader_init(&reader, false));
    if (!draw_reader_feed(&reader, file, strlen(file)) || !draw_reader_end(&reader))
        fail_msg("line %llu: %s", (unsigned long long)reader.line, reader.problem);
    draw_reader_done(&reader);
}
