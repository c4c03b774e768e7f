/* All orders in which a campaign's budget may be used: by whoever has a place, at the dearest site that takes her,
 * by whoever walks in, with a site that takes nobody any more: who came is paid for, and never beyond the budget. */
#include "services/health/report/report_fixture.h"
#include "services/health/settlement/settlements.h"

#define BEGINS (DAY_AT + 8 * HOUR_MS) /* the stop of the van, and the time of the walks */
#define STEPS  5

enum { NEAR, DEAR, VAN, SITES };
static const int64_t prices[SITES] = {10000, 15000, 12000};

static struct harness h;
static int64_t first_campaign, sites[SITES], devices[SITES];

/* ---- a world of many campaigns, each with two places and a van that keeps one for who walks in ---- */

static Health__Campaign *a_dear_draft(void)
{
    Health__Campaign *draft = a_draft(&h, 1);
    Health__Stratum *strata = harness_alloc(&h, 2 * sizeof(*strata)), **list = harness_alloc(&h, 2 * sizeof(*list));
    Health__CampaignSite *of = harness_alloc(&h, SITES * sizeof(*of)), **all = harness_alloc(&h, SITES * sizeof(*all));

    for (int i = 0; i < 2; i++) {
        strata[i] = *draft->strata[0];
        list[i] = &strata[i];
    }
    for (int i = 0; i < SITES; i++) {
        health__campaign_site__init(&of[i]);
        of[i].site_id = sites[i];
        of[i].price_fen = prices[i];
        all[i] = &of[i];
    }
    strata[0].site_id = sites[NEAR];
    draft->strata = list;
    draft->n_strata = 2;
    draft->sites = all;
    draft->n_sites = SITES;
    return draft;
}

static void make_sites(void)
{
    begin(&h);
    clock_step(&h.service.clock, DAY_AT - 20 * HEALTH_DAY_MS - now_of(&h));
    sites[NEAR] = a_site(&h);
    sites[DEAR] = a_site(&h);
    sites[VAN] = a_van(&h, BEGINS, 3, 1);
}

static void open_world(void)
{
    make_sites();
    first_campaign = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), a_dear_draft()))->campaign_id;
    clock_step(&h.service.clock, BEGINS - now_of(&h));
    for (int i = 0; i < SITES; i++) {
        the_site = sites[i];
        set_staff(&h, SCANNER, HEALTH__DUTY__SCANS, false);
        register_the_device(&h);
        devices[i] = the_device;
    }
    harness_off_record(&h);
}

/* ---- one walk ---- */

static struct {
    int64_t campaign_id, budget_fen, slots[SITES];
    int n;
} walk;

static int64_t person(int i)
{
    return 1000 + 10 * walk.n + i;
}

/* The campaign's row once more, under another number, with two who have won and slots at all sites. */
static void lay_out(void *call, void *arg)
{
    struct health *self = h.service.self;
    Health__Campaign *campaign = campaigns_find(&self->campaigns, first_campaign, rpc_arena(call));
    struct entitlement made;

    (void)arg;
    campaign->campaign_id += ++walk.n;
    campaign->state = HEALTH__CAMPAIGN_STATE__PUBLISHED;
    campaign->budget_fen = walk.budget_fen;
    assert_true(campaigns_put(&self->campaigns, campaign, rpc_arena(call)));
    walk.campaign_id = campaign->campaign_id;
    for (int i = 0; i < 2; i++)
        assert_true(entitlement_grant(self, campaign, person(i), i, 1, call, &made));
    for (int i = 0; i < SITES; i++) {
        struct slot slot = {.group_id = campaign->campaign_id,
                            .place_id = sites[i],
                            .starts_at = i == VAN ? BEGINS : BEGINS + HOUR_MS,
                            .ends_at = BEGINS + 2 * HOUR_MS,
                            .capacity = 3,
                            .walk_ins = i == VAN};

        slot_make(&self->slots, &slot, call);
        walk.slots[i] = slot.id;
    }
}

/* At the dearest site that takes her. */
static void has_a_check_up(int who)
{
    static const int order[] = {DEAR, NEAR};

    for (int i = 0; i < 2; i++) {
        const Rpc__Answer *answer = book(&h, walk.campaign_id, walk.slots[order[i]], person(who));

        if (answer->reason)
            continue;
        the_site = sites[order[i]];
        the_device = devices[order[i]];
        come(&h, booking_in(&h, answer)->booking_id);
        return;
    }
}

static void walks_in(int who)
{
    const char *ref = arena_printf(&h.arena, "walk-in-%lld", (long long)person(who));
    const Rpc__Answer *answer =
        walk_in(&h, sites[VAN], devices[VAN], scanner_of(&h), ref, code_of(&h, walk.campaign_id, person(who)));

    if (answer->reason)
        assert_refused(answer, "WALK_INS_FULL");
}

static void withdraw_the_near_site(void)
{
    Health__CampaignSiteRequest request = HEALTH__CAMPAIGN_SITE_REQUEST__INIT;

    request.campaign_id = walk.campaign_id;
    request.site_id = sites[NEAR];
    assert_ok(harness_call(&h, "Campaigns.WithdrawSite", &request.base, manager_of(&h, UNION), NULL));
}

static void settle_all(void)
{
    the_campaign = walk.campaign_id;
    for (int i = 0; i < SITES; i++) {
        const Rpc__Answer *answer;

        the_site = sites[i];
        answer = prepare(&h, finance(&h, 701));
        if (answer->reason == HEALTH__REASON__NOTHING_TO_SETTLE)
            continue;
        assert_ok(answer);
        assert_ok(confirm(&h, settlement_of(&h, answer)->settlement_id, finance(&h, 702)));
    }
}

static void take_step(int step)
{
    if (step < 2)
        has_a_check_up(step);
    else if (step < 4)
        walks_in(step);
    else
        withdraw_the_near_site();
}

/* A number of the walk's campaign, whose last condition is its id. */
static int64_t number_of(const char *sql)
{
    return harness_number(&h, arena_printf(&h.arena, "%s%lld", sql, (long long)walk.campaign_id));
}

/* In one order; who came is paid, at her site's price. */
static int64_t go(const int order[STEPS])
{
    int64_t paid;

    harness_forget(&h);
    assert_int_equal(rpc_server_transact(h.service.rpc, lay_out, NULL), 0);
    for (int i = 0; i < STEPS; i++) {
        if (i == 2)
            settle_all();
        take_step(order[i]);
    }
    settle_all();
    paid = number_of("SELECT coalesce(sum(total_fen), 0) FROM statement WHERE state = 2 AND for_id = ");
    assert_int_equal(paid, number_of("SELECT sum(s.price_fen) FROM booked_slot b JOIN campaign_site s ON "
                                     "s.campaign_id = group_id AND s.site_id = place_id "
                                     "WHERE state = 2 AND campaign_id = "));
    assert_in_range(paid, 0, walk.budget_fen);
    return paid;
}

/* ---- all walks ---- */

/* The most that any order costs which begins with so many steps. */
static int64_t greatest_of(int order[STEPS], int n)
{
    int64_t greatest = 0;

    if (n == STEPS)
        return go(order);
    for (int step = 0; step < STEPS; step++) {
        bool taken = false;
        int64_t cost;

        for (int i = 0; i < n; i++)
            taken |= order[i] == step;
        if (taken)
            continue;
        order[n] = step;
        cost = greatest_of(order, n + 1);
        greatest = cost > greatest ? cost : greatest;
    }
    return greatest;
}

static void whoever_came_is_paid_for_in_every_order(void **state)
{
    static const struct {
        int64_t budget_fen, greatest_fen;
    } cases[] = {
        {37000, 37000}, /* the places where they were won, and the one who walks in */
        {42000, 42000}, /* also the first place at the dearer site, when its own takes nobody any more */
        {49000, 49000}, /* or a second one who walks in */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int order[STEPS];

        open_world();
        walk.budget_fen = cases[i].budget_fen;
        assert_int_equal(greatest_of(order, 0), cases[i].greatest_fen);
        harness_close(&h);
    }
}

/* ---- what officials lay out ---- */

static const Rpc__Answer *the_vans_slot(int64_t budget_fen)
{
    Health__Campaign *draft = a_dear_draft();

    draft->budget_fen = budget_fen;
    return create_slots(&h, manager_of(&h, UNION), a_campaign_to_book(&h, draft), sites[VAN], 0, 0, 0, 0);
}

static void what_a_van_keeps_for_who_walks_in_is_within_the_budget(void **state)
{
    const Health__SlotList *list;
    const Rpc__Answer *answer;

    (void)state;
    make_sites();
    assert_refused(the_vans_slot(36999), "BUDGET_EXCEEDED");
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM time_slot"), 0);
    end(&h);
    make_sites();
    list = harness_output(&h, the_vans_slot(37000), &health__slot_list__descriptor);
    answer = change_slot(&h, manager_of(&h, UNION), list->slots[0]->slot_id, 3, 2);
    assert_refused(answer, "BUDGET_EXCEEDED");
    assert_string_equal(answer->field, "walkIns");
    assert_int_equal(harness_number(&h, "SELECT walk_ins FROM time_slot"), 1);
    assert_ok(change_slot(&h, manager_of(&h, UNION), list->slots[0]->slot_id, 4, 1));
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_came_is_paid_for_in_every_order),
        cmocka_unit_test(what_a_van_keeps_for_who_walks_in_is_within_the_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
