/* Stores that earlier programs have left. */
#include "services/health/campaign/campaigns.h"
#include "services/health/report/report_fixture.h"
#include "tests/earlier.h"

#define PLACE      "00000000"
#define DRAWN      INT64_C(192209884628910080) /* members 1 to 4 entered, 3 and 4 have won */
#define SEALED     INT64_C(143324400844804096)
#define UNFINISHED INT64_C(143324400844805120)
#define OPEN       INT64_C(192209897637543936) /* members 1, 2 and 5 have entered */

static const struct dump_moved moved[] = {
    {"settlement", "SELECT count(*) FROM earlier.settlement e WHERE NOT EXISTS (SELECT 1 FROM statement s "
                   "WHERE (s.statement_id, s.for_id, s.payee_id, s.state, s.n_lines, s.total_fen, s.lines_hash, "
                   "s.prepared_by, s.prepared_at, s.decided_by, s.decided_at, s.journal_seq) = (e.settlement_id, "
                   "e.campaign_id, e.site_id, e.state, e.n_lines, e.total_fen, e.lines_hash, e.prepared_by, "
                   "e.prepared_at, e.decided_by, e.decided_at, e.journal_seq))"},
    {"settlement_line",
     "SELECT count(*) FROM earlier.settlement_line e WHERE NOT EXISTS (SELECT 1 FROM statement_line l WHERE "
     "(l.statement_id, l.line, l.thing_id, l.kind, l.fen, l.seq, l.hash, l.corrects) = "
     "(e.settlement_id, e.line, e.booking_id, e.kind, e.fen, e.seq, e.hash, e.corrects))"},
    {"story_progress", "SELECT count(*) FROM earlier.story_progress WHERE upto <> "
                       "(SELECT upto FROM progress WHERE name = 'story')"},
    {"report",
     "SELECT count(*) FROM (SELECT report_id, booking_id, campaign_id, site_id, member_id, version, size, "
     "state, begun_at, ready_at, ended_at, journal_seq, wrapped, items FROM earlier.report EXCEPT SELECT "
     "file_id, subject_id, group_id, place_id, member_id, version, size, state, begun_at, ready_at, ended_at, "
     "journal_seq, wrapped, notes FROM vault_file)"},
    {"report_part", "SELECT count(*) FROM (SELECT report_id, part, sealed FROM earlier.report_part EXCEPT SELECT "
                    "file_id, part, sealed FROM vault_part)"},
    {"report_view", "SELECT count(*) FROM (SELECT view_id, report_id, at, session_id FROM earlier.report_view EXCEPT "
                    "SELECT look_id, file_id, at, session_id FROM vault_look)"},
    {"report_consent", "SELECT count(*) FROM (SELECT member_id, version FROM earlier.report_consent EXCEPT SELECT "
                       "member_id, version FROM vault_consent)"},
    {"report_policy", "SELECT count(*) FROM (SELECT version, in_force_at FROM earlier.report_policy EXCEPT SELECT "
                      "version, in_force_at FROM vault_policy)"},
    {NULL, NULL},
};

static struct harness h;

static void open_earlier(const char *name)
{
    unstarted(&h);
    earlier_open(&h, name, moved);
}

static void nothing_that_was_kept_is_lost(void **state)
{
    static const char *const stores[] = {"health/lots", "health/report", "health/sealed"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
        open_earlier(stores[i]);
        harness_reopen(&h);
        end(&h);
    }
}

/* Its campaigns have budgets from the start, in which what was settled is spent. */
static void what_was_settled_before_there_were_budgets_is_spent(void **state)
{
    struct budget_line line = {0};
    struct health *self;

    (void)state;
    open_earlier("health/report");
    self = h.service.self;
    settle(&h);
    line.of_id = harness_number(&h, "SELECT for_id FROM statement");
    assert_int_equal(budget_balance(&self->budget, &line, BUDGET__ACCOUNT__SPENT), 23200);
    assert_int_equal(budget_granted(&self->budget, &line),
                     campaigns_find(&self->campaigns, line.of_id, &h.arena)->budget_fen);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM campaign"),
                     harness_number(&h, "SELECT count(*) FROM account WHERE kind = 1"));
    assert_true(budget_balance(&self->budget, &line, BUDGET__ACCOUNT__COMMITTED) > 0);
    end(&h);
}

static Health__Entry *entered(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &health__entry__descriptor);
}

static void lots_go_on(void **state)
{
    const Rpc__Answer *answer;
    int64_t entry_id;

    (void)state;
    open_earlier("health/lots");
    assert_non_null(strstr(file_of(&h, DRAWN), "\n499bd4df78c820943698fb3d364768c2 0 1 3\n"));
    assert_int_equal(draw_status(&h, DRAWN)->n_entries, 4);
    assert_refused(enter(&h, DRAWN, harness_member(&h, 9, PLACE)), "ENTRIES_CLOSED");
    entry_id = offer_of(&h, OPEN, 5)->entry->entry_id;
    answer = enter(&h, OPEN, harness_member(&h, 5, PLACE));
    assert_false(answer->created);
    assert_int_equal(entered(answer)->entry_id, entry_id);
    answer = enter(&h, OPEN, harness_member(&h, 9, PLACE));
    assert_true(answer->created);
    assert_true(entered(answer)->entry_id > entry_id);
    end(&h);
}

static void say_value(const char *method, int64_t member_id, const char *value)
{
    Health__ValueRequest request = HEALTH__VALUE_REQUEST__INIT;

    request.campaign_id = OPEN;
    request.value = unconst(value);
    assert_ok(harness_call(&h, method, &request.base, harness_official(&h, member_id, RULE__ROLE__BENEFIT_MANAGER, ""),
                           NULL));
}

/* By the announcement of that time: no format of the value, and no time of the freeze. */
static void an_announced_lot_finishes_as_announced(void **state)
{
    const Health__Campaign *campaign;
    const char *file;

    (void)state;
    open_earlier("health/lots");
    campaign = campaign_of(&h, on_campaign(&h, "Campaigns.GetCampaign", OPEN, manager_of(&h, "")));
    step_to(&h, campaign->closes_at);
    step_to(&h, campaign->draw_at);
    say_value("Draws.EnterValue", 900, "03,07,11,18,22,30 + 9");
    say_value("Draws.ConfirmValue", 901, "０３ 07 11 18 22 30 + 9");
    settle(&h);
    assert_ok(on_campaign(&h, "Draws.Publish", OPEN, manager_of(&h, "")));
    settle(&h);
    file = file_of(&h, OPEN);
    assert_memory_equal(file, "hg-draw 1\n", 10);
    assert_non_null(strstr(file, "\nvalue 03 07 11 18 22 30 + 9\n"));
    assert_null(strstr(file, "frozen-at"));
    is_verified(file);
    end(&h);
}

/* One that was read once, and the next version of it, of which one part has come. */
static void a_report_is_read_and_its_upload_goes_on(void **state)
{
    Health__ListReportViewsRequest looks = HEALTH__LIST_REPORT_VIEWS_REQUEST__INIT;
    Rpc__Principal *reader;

    (void)state;
    open_earlier("health/sealed");
    reader = harness_member(&h, 7, TOWN);
    make_pdf(9000, 'x');
    assert_string_equal(reads_her_report(&h, SEALED, reader)->items[0]->value, "9.8");
    looks.report_id = SEALED;
    assert_int_equal(((Health__ReportViewList *)harness_output(
                          &h, harness_call(&h, "Reports.ListReportViews", &looks.base, reader, NULL),
                          &health__report_view_list__descriptor))
                         ->n_views,
                     2);
    assert_ok(finish(&h, UNFINISHED));
    assert_int_equal(reads_her_report(&h, UNFINISHED, reader)->fact->version, 2);
    assert_int_equal(reads_her_report(&h, SEALED, reader)->fact->state, HEALTH__REPORT_STATE__REPORT_STATE_SUPERSEDED);
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_was_kept_is_lost),
        cmocka_unit_test(what_was_settled_before_there_were_budgets_is_spent),
        cmocka_unit_test(lots_go_on),
        cmocka_unit_test(an_announced_lot_finishes_as_announced),
        cmocka_unit_test(a_report_is_read_and_its_upload_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
