/* How schemes went in numbers, and their steps for who audits. */
#include "common/base/hex.h"
#include "common/cn/cn_id.h"
#include "services/subsidy/figures/figures.h"
#include "services/subsidy/fixture.h"

#define FEN        INT64_C(100000)
#define KIND(name) SUBSIDY__STEP_KIND__STEP_##name

static int64_t scheme_id;

static const Rpc__Answer *ask_numbers(Subsidy__SchemeNumbersRequest *request, const Rpc__Principal *who)
{
    request->scheme_id = scheme_id;
    return harness_call(&h, "Figures.GetSchemeNumbers", &request->base, who, NULL);
}

static const Subsidy__SchemeNumbers *numbers_of(int32_t from_day, int32_t until_day, bool by_union)
{
    Subsidy__SchemeNumbersRequest request = SUBSIDY__SCHEME_NUMBERS_REQUEST__INIT;

    request.from_day = from_day;
    request.until_day = until_day;
    request.by_union = by_union;
    return harness_output(&h, ask_numbers(&request, finance(921, CITY)), &subsidy__scheme_numbers__descriptor);
}

static int64_t turned_down(const Subsidy__SchemeNumbersRow *row, int kind, const char *title)
{
    for (size_t i = 0; i < row->n_turned_down; i++) {
        if ((int)row->turned_down[i]->kind == kind && strcmp(row->turned_down[i]->step_title, title) == 0)
            return row->turned_down[i]->n;
    }
    return 0;
}

/* Of a union. */
static int64_t handed_in_at(const char *path, int64_t member_id)
{
    Rpc__Principal *who = harness_member(&h, member_id, path);
    int64_t id = application_of(start(scheme_id, who))->application_id;
    char number[24];

    who->shown_name = "王*明";
    snprintf(number, sizeof(number), "ZS%08lld", (long long)member_id);
    assert_ok(save(id, "certificate", number, who));
    assert_ok(submit(id, who));
    return id;
}

/* How the part counts what happened before it was there. */
static const char *counting_of_old(void)
{
    char *text = arena_strndup(&h.arena, (const char *)figures_steps.text, *figures_steps.len);
    char *insert = strstr(text, "INSERT INTO figure");

    *strchr(insert, ';') = '\0';
    return insert;
}

static void assert_counted(const Subsidy__SchemeNumbersRow *all)
{
    assert_int_equal(all->declared, 4);
    assert_int_equal(all->given_back, 1);
    assert_int_equal(all->approved, 1);
    assert_int_equal(all->chosen, 1);
    assert_int_equal(all->chosen_fen, FEN);
    assert_int_equal(all->paid, 1);
    assert_int_equal(all->paid_fen, FEN);
    assert_int_equal(all->failed, 1);
    assert_int_equal(turned_down(all, KIND(REFUSED), "镇街工会初审"), 1);
    assert_int_equal(turned_down(all, KIND(REFUSED), "市总工会复核"), 1);
    assert_int_equal(turned_down(all, KIND(WITHDRAWN), ""), 1);
}

static void each_step_of_a_scheme_is_counted(void **state)
{
    const Subsidy__SchemeNumbersRow *all;
    const Subsidy__SchemeNumbers *numbers;
    int64_t ids[4], run_id;

    (void)state;
    hear_way(30, 500000);
    scheme_id = open_scheme(a_paid_draft(a_fund(10 * FEN), 5 * FEN));
    for (int i = 0; i < 4; i++)
        ids[i] = handed_in(scheme_id, MEMBER + i);
    wait_until(now() + 2 * DAY_MS);
    assert_ok(decide(ids[0], SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    assert_ok(decide(ids[1], SUBSIDY__VERDICT__REFUSE, "不符合条件", manager(911, TOWN)));
    assert_ok(decide(ids[2], SUBSIDY__VERDICT__GIVE_BACK, "看不清", manager(911, TOWN)));
    assert_ok(submit(ids[2], member_of(MEMBER + 2)));
    wait_until(now() + 2 * DAY_MS);
    assert_ok(decide(ids[3], SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    assert_ok(decide(ids[3], SUBSIDY__VERDICT__REFUSE, "不符合条件", finance(921, CITY)));
    assert_ok(decide(ids[0], SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)));
    assert_ok(on_application("Applications.WithdrawApplication", ids[2], member_of(MEMBER + 2)));
    let_pass(now() + 7 * DAY_MS);
    run_id = run_of(prepare_run(scheme_id, finance(951, CITY)))->run_id;
    do_what_is_due(&h);
    assert_ok(on_run("Runs.ReleaseRun", run_id, finance(951, CITY)));
    assert_ok(on_run("Runs.ReleaseRun", run_id, finance(952, CITY)));
    do_what_is_due(&h);
    hear_payout(lines_of(run_id)->lines[0]->order_id, BRIDGE__PAYOUT_STATE__PAYOUT_FAILED,
                BRIDGE__REASON__PAYOUT_NOT_CONFIRMED);
    hear_payout(lines_of(run_id)->lines[0]->order_id, BRIDGE__PAYOUT_STATE__PAYOUT_PAID, 0);

    numbers = numbers_of(0, 0, false);
    all = numbers->all;
    assert_counted(all);
    assert_int_equal(numbers->free_fen, 4 * FEN);
    assert_int_equal(numbers->n_rows, 0);
    /* The town: three after two days, one withdrawn two days after it came back, one after four. */
    assert_int_equal(all->n_days, 2);
    assert_int_equal(all->days[0]->n, 5);
    assert_int_equal(all->days[0]->median_days, 2);
    assert_int_equal(all->days[0]->p90_days, 4);
    assert_int_equal(all->days[1]->n, 2);
    assert_int_equal(all->days[1]->median_days, 0);
    assert_int_equal(all->days[1]->p90_days, 2);
    assert_found(&h, "DELETE FROM figure WHERE what < 100", counting_of_old());
    assert_counted(numbers_of(0, 0, false)->all);
}

static void of_a_period_that_alone_is_told(void **state)
{
    int32_t first;

    (void)state;
    scheme_id = open_scheme(a_draft());
    first = cn_day(now());
    handed_in(scheme_id, MEMBER);
    wait_until(now() + 2 * DAY_MS);
    handed_in(scheme_id, MEMBER + 1);
    assert_int_equal(numbers_of(0, 0, false)->all->declared, 2);
    assert_int_equal(numbers_of(first, first, false)->all->declared, 1);
    assert_int_equal(numbers_of(first + 1, 0, false)->all->declared, 1);
    assert_int_equal(numbers_of(first + 1, first + 1, false)->all->declared, 0);
}

static void of_a_few_nothing_is_told_nor_of_whom_it_would_follow(void **state)
{
    static const struct {
        const char *path;
        int n;
    } towns[] = {{"000100020003", 12}, {"000100030001", 11}, {"000100040001", 3}};
    Subsidy__SchemeNumbersRequest request = SUBSIDY__SCHEME_NUMBERS_REQUEST__INIT;
    const Subsidy__SchemeNumbers *numbers;
    int64_t member_id = MEMBER;

    (void)state;
    a_union(&h, "00010003");
    a_union(&h, "00010004");
    scheme_id = open_scheme(a_draft());
    for (size_t i = 0; i < ARRAY_LEN(towns); i++) {
        a_union(&h, towns[i].path);
        for (int j = 0; j < towns[i].n; j++)
            handed_in_at(towns[i].path, member_id++);
    }
    numbers = numbers_of(0, 0, true);
    assert_int_equal(numbers->all->declared, 26);
    assert_int_equal(numbers->n_rows, 3);
    assert_int_equal(numbers->rows[0]->union_id, a_union(&h, TOWN));
    assert_int_equal(numbers->rows[0]->declared, 12);
    assert_false(numbers->rows[0]->withheld);
    for (int i = 1; i < 3; i++) {
        assert_true(numbers->rows[i]->withheld);
        assert_int_equal(numbers->rows[i]->declared, 0);
        assert_int_equal(numbers->rows[i]->n_days, 0);
    }
    assert_refused(ask_numbers(&request, finance(921, TOWN)), "OUTSIDE_YOUR_UNION");
}

static const Subsidy__SchemeAuditPage *steps_of(int32_t size, const char *token)
{
    Subsidy__SchemeAuditRequest request = SUBSIDY__SCHEME_AUDIT_REQUEST__INIT;

    request.scheme_id = scheme_id;
    request.page_size = size;
    request.page_token = unconst(token);
    return harness_output(&h, harness_call(&h, "Figures.ExportSchemeSteps", &request.base, finance(921, CITY), NULL),
                          &subsidy__scheme_audit_page__descriptor);
}

/* All of it is the same by pages of any size, and each line has the hash of its row of the journal. */
static void all_steps_are_exported_with_their_hashes(void **state)
{
    char whole[8192] = "", pieces[8192] = "", line[256];
    const Subsidy__SchemeAuditPage *page;
    const Subsidy__Application *application;
    Subsidy__SchemeAuditRequest request = SUBSIDY__SCHEME_AUDIT_REQUEST__INIT;
    const char *token = "";
    int64_t id;

    (void)state;
    scheme_id = open_scheme(a_draft());
    id = handed_in(scheme_id, MEMBER);
    approve_whole(id);
    handed_in(scheme_id, MEMBER + 1);
    snprintf(whole, sizeof(whole), "%s", steps_of(500, "")->text);
    do {
        page = steps_of(2, token);
        snprintf(pieces + strlen(pieces), sizeof(pieces) - strlen(pieces), "%s", page->text);
        token = page->next_page_token;
    } while (*token);
    assert_string_equal(whole, pieces);
    assert_int_equal(strncmp(whole, "\xef\xbb\xbf申请编号,", strlen("\xef\xbb\xbf申请编号,")), 0);
    application = get_hers(id, MEMBER);
    for (size_t i = 0; i < application->n_steps; i++) {
        snprintf(line, sizeof(line), "1000.00,%lld,%s\r\n", (long long)application->steps[i]->seq,
                 hex_text(application->steps[i]->hash.data, application->steps[i]->hash.len, &h.arena));
        assert_non_null(strstr(whole, line));
    }
    assert_null(strstr(whole, "王"));
    request.scheme_id = scheme_id;
    assert_refused(harness_call(&h, "Figures.ExportSchemeSteps", &request.base, manager(901, CITY), NULL),
                   "NOT_OFFICIAL");
}

static void the_audit_finds_counts_that_were_changed(void **state)
{
    (void)state;
    scheme_id = open_scheme(a_draft());
    handed_in(scheme_id, MEMBER);
    assert_found(&h, "UPDATE figure SET n = n + 1 WHERE what = 1", "UPDATE figure SET n = n - 1 WHERE what = 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_step_of_a_scheme_is_counted),
        TEST(of_a_period_that_alone_is_told),
        TEST(of_a_few_nothing_is_told_nor_of_whom_it_would_follow),
        TEST(all_steps_are_exported_with_their_hashes),
        TEST(the_audit_finds_counts_that_were_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
