/* The one story of a booking, a member's campaigns, and what officials may know. */
#include "services/health/report/report_fixture.h"
#include "services/health/story/stories.h"

static struct harness h;

static int setup(void **state)
{
    *state = &h;
    begin_campaign(&h);
    return 0;
}

static const Rpc__Answer *ask_story(const char *method, int64_t booking_id, const Rpc__Principal *who)
{
    Health__StoryRequest request = HEALTH__STORY_REQUEST__INIT;

    request.booking_id = booking_id;
    return harness_call(&h, method, &request.base, who, NULL);
}

static Health__Story *story_of_member(int64_t booking_id, int64_t member_id)
{
    return harness_output(&h, ask_story("Stories.GetMyStory", booking_id, harness_member(&h, member_id, TOWN)),
                          &health__story__descriptor);
}

/* A report of items alone. */
static void report_for(int64_t booking_id)
{
    set_staff(&h, CLERK, HEALTH__DUTY__REPORTS, false);
    uploaded(&h, booking_id);
}

/* Every fact is the journal's row of that number. */
static void assert_told_by_the_journal(const Health__Story *story)
{
    for (size_t i = 0; i < story->n_facts; i++) {
        Rpc__JournalRow *row = NULL;

        assert_int_equal(journal_row(health_of(&h), story->facts[i]->seq, &h.arena, &row), 0);
        assert_int_equal(row->at, story->facts[i]->at);
        assert_int_equal(row->hash.len, story->facts[i]->hash.len);
        assert_memory_equal(row->hash.data, story->facts[i]->hash.data, row->hash.len);
        assert_true(i == 0 || story->facts[i]->seq > story->facts[i - 1]->seq);
    }
}

static void one_call_tells_all_with_the_journals_rows(void **state)
{
    static const char *const events[] = {
        "entitlement_changed", "booking_changed",     "pass_issued",    "entitlement_changed", "scanned",
        "booking_changed",     "entitlement_changed", "report_changed", "report_changed",      "settlement_changed"};
    int64_t booking_id = booking_of(&h, 7, true);
    Health__Story *story;

    (void)state;
    booking_of(&h, 8, true);
    report_for(booking_id);
    assert_ok(prepare(&h, finance(&h, 701)));
    for (int indexed = 0; indexed < 2; indexed++) {
        story = story_of_member(booking_id, 7);
        assert_int_equal(story->n_facts, ARRAY_LEN(events));
        for (size_t i = 0; i < ARRAY_LEN(events); i++)
            assert_string_equal(story->facts[i]->event, events[i]);
        assert_told_by_the_journal(story);
        assert_int_equal(story->entitlement, HEALTH__ENTITLEMENT_STATE__ATTENDED);
        assert_int_equal(story->booking, HEALTH__BOOKING_STATE__ARRIVED);
        assert_true(story->pass_issued_at > 0);
        assert_int_equal(story->report->version, 1);
        assert_int_equal(story->line->fen, 0); /* which is told to officials alone */
        assert_int_equal(story->line->seq, story->facts[5]->seq);
        assert_memory_equal(story->line->hash.data, story->facts[5]->hash.data, 32);
        while (harness_tidy(&h))
            continue;
    }
    assert_string_equal(harness_audit(&h), "");
}

static void a_story_that_the_index_is_far_behind_waits_for_it(void **state)
{
    int64_t booking_id = booking_of(&h, 7, true);

    (void)state;
    for (int i = 0; i <= STORY_BEHIND / 2; i++) {
        set_staff(&h, 5, HEALTH__DUTY__SCANS, false);
        set_staff(&h, 5, HEALTH__DUTY__SCANS, true);
    }
    assert_refused(ask_story("Stories.GetMyStory", booking_id, harness_member(&h, 7, TOWN)), "STORY_NOT_READY");
    while (harness_tidy(&h))
        continue;
    assert_int_equal(story_of_member(booking_id, 7)->booking, HEALTH__BOOKING_STATE__ARRIVED);
}

static void a_story_is_hers_and_the_audits_alone(void **state)
{
    int64_t booking_id = booking_of(&h, 7, true);
    const Health__Story *story;

    (void)state;
    assert_refused(ask_story("Stories.GetMyStory", booking_id, harness_member(&h, 8, TOWN)), "BOOKING_NOT_FOUND");
    assert_refused(ask_story("Stories.GetStory", booking_id, manager_of(&h, UNION)), "NOT_OFFICIAL");
    assert_refused(ask_story("Stories.GetStory", booking_id, harness_official(&h, 703, RULE__ROLE__AUDIT_ADMIN, TOWN)),
                   "OUTSIDE_YOUR_UNION");
    assert_ok(prepare(&h, finance(&h, 701)));
    story = harness_output(
        &h, ask_story("Stories.GetStory", booking_id, harness_official(&h, 703, RULE__ROLE__AUDIT_ADMIN, UNION)),
        &health__story__descriptor);
    assert_int_equal(story->line->fen, 11600);
}

static bool gives_money(const struct api_message *message)
{
    bool gives = false;

    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const char *name = message->fields[i].descriptor->name;
        size_t len = strlen(name);

        gives |= strcmp(name, "fen") == 0 || (len > 4 && strcmp(name + len - 4, "_fen") == 0) ||
                 (message->fields[i].message && gives_money(message->fields[i].message));
    }
    return gives;
}

/* Whoever adds an operation that gives a member money comes by here: of these each is tried for being told none. */
static void no_other_operation_of_members_gives_what_a_checkup_costs(void **state)
{
    static const char *const tried[] = {"Campaigns.GetCampaign", "Entries.GetOffer", "Entries.ListOffers",
                                        "Stories.GetMyStory"};
    size_t n = 0;

    (void)state;
    for (const struct api_method *method = api_methods(); method->name; method++) {
        bool listed = false;

        if (strcmp(method->queue, "health") != 0 || method->rule->who >= RULE__WHO__OFFICIAL ||
            !gives_money(method->output))
            continue;
        for (size_t i = 0; i < ARRAY_LEN(tried); i++)
            listed |= strcmp(method->name, tried[i]) == 0;
        if (!listed)
            fail_msg("%s", method->name);
        n++;
    }
    assert_int_equal(n, ARRAY_LEN(tried));
}

static void an_index_that_was_changed_is_found(void **state)
{
    static const char *const changes[] = {
        "DELETE FROM story WHERE seq = (SELECT max(seq) FROM story)",
        "INSERT INTO story (entitlement_id, seq) VALUES (1, 1)",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        begin_campaign(&h);
        booking_of(&h, 7, true);
        while (harness_tidy(&h))
            continue;
        assert_found(&h, changes[i], NULL);
        harness_close(&h);
    }
}

static void she_sees_all_her_campaigns(void **state)
{
    Health__MyCheckupsRequest request = HEALTH__MY_CHECKUPS_REQUEST__INIT;
    static const struct {
        Health__EntitlementState entitlement;
        Health__BookingState booking;
        size_t n;
    } asked[] = {
        {HEALTH__ENTITLEMENT_STATE__ATTENDED, HEALTH__BOOKING_STATE__BOOKING_NONE, 1},
        {HEALTH__ENTITLEMENT_STATE__WON, HEALTH__BOOKING_STATE__BOOKING_NONE, 0},
        {HEALTH__ENTITLEMENT_STATE__ENTITLEMENT_NONE, HEALTH__BOOKING_STATE__ARRIVED, 1},
        {HEALTH__ENTITLEMENT_STATE__ENTITLEMENT_NONE, HEALTH__BOOKING_STATE__ACTIVE, 0},
        {HEALTH__ENTITLEMENT_STATE__ATTENDED, HEALTH__BOOKING_STATE__ACTIVE, 0},
    };
    int64_t booking_id = booking_of(&h, 7, true);
    Health__MyCheckupList *list;

    (void)state;
    report_for(booking_id);
    list =
        harness_output(&h, harness_call(&h, "Stories.ListMyCheckups", &request.base, harness_member(&h, 7, TOWN), NULL),
                       &health__my_checkup_list__descriptor);
    assert_int_equal(list->n_checkups, 1);
    assert_string_equal(list->checkups[0]->title, "职工免费体检");
    assert_int_equal(list->checkups[0]->booking_id, booking_id);
    assert_int_equal(list->checkups[0]->booking, HEALTH__BOOKING_STATE__ARRIVED);
    assert_int_equal(list->checkups[0]->reports, 1);
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        Health__EntitlementState entitlement = asked[i].entitlement;
        Health__BookingState booking = asked[i].booking;

        request.entitlement = &entitlement;
        request.n_entitlement = entitlement != HEALTH__ENTITLEMENT_STATE__ENTITLEMENT_NONE;
        request.booking = &booking;
        request.n_booking = booking != HEALTH__BOOKING_STATE__BOOKING_NONE;
        list = harness_output(
            &h, harness_call(&h, "Stories.ListMyCheckups", &request.base, harness_member(&h, 7, TOWN), NULL),
            &health__my_checkup_list__descriptor);
        assert_int_equal(list->n_checkups, asked[i].n);
    }
    request.n_entitlement = request.n_booking = 0;
    list =
        harness_output(&h, harness_call(&h, "Stories.ListMyCheckups", &request.base, harness_member(&h, 8, TOWN), NULL),
                       &health__my_checkup_list__descriptor);
    assert_int_equal(list->n_checkups, 0);
}

static void officials_see_how_many_and_not_fewer_than_ten(void **state)
{
    Health__CampaignTotals *totals;

    (void)state;
    for (int64_t member = 1; member <= 12; member++)
        booking_of(&h, member, member <= 3);
    totals = harness_output(&h, on_campaign(&h, "Stories.GetCampaignTotals", the_campaign, manager_of(&h, UNION)),
                            &health__campaign_totals__descriptor);
    assert_int_equal(totals->all->booked->number, 12);
    assert_false(totals->sites[0]->booked->withheld);
    assert_true(totals->sites[0]->attended->withheld && totals->all->attended->withheld);
    assert_int_equal(totals->all->attended->number, 0);
    assert_refused(on_campaign(&h, "Stories.GetCampaignTotals", the_campaign, manager_of(&h, TOWN)),
                   "OUTSIDE_YOUR_UNION");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_call_tells_all_with_the_journals_rows),
        TEST(a_story_that_the_index_is_far_behind_waits_for_it),
        TEST(a_story_is_hers_and_the_audits_alone),
        TEST(no_other_operation_of_members_gives_what_a_checkup_costs),
        cmocka_unit_test(an_index_that_was_changed_is_found),
        TEST(she_sees_all_her_campaigns),
        TEST(officials_see_how_many_and_not_fewer_than_ten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
