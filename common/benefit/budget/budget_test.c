/* A treasury with lines of money, and nothing else. */
#include "common/benefit/benefit_fixture.h"
#include "common/benefit/budget/budget.h"

#define TREASURY_PARTS(PART, SHARED) SHARED(budget)
#define TREASURY_SERVICES(SERVICE)
#define treasury__event__descriptor sample__event__descriptor
SERVICE_OF_PARTS(treasury, TREASURY, "lines of money")

enum { FREE = BUDGET__ACCOUNT__FREE, COMMITTED = BUDGET__ACCOUNT__COMMITTED, SPENT = BUDGET__ACCOUNT__SPENT };
enum deed { GRANT, COMMIT, SPEND, TRANSFER, POST, END };

static const struct budget_line fund = {1, 2026}, line = {2, 2026}, next = {2, 2027};

static int setup(void **state)
{
    (void)state;
    return begin(&treasury_spec, NULL, NULL);
}

static struct budget *budget(void)
{
    return &((struct treasury *)h.service.self)->budget;
}

struct task {
    enum deed deed;
    const struct budget_line *line;
    int64_t fen;
};

static void work(void *call, void *arg)
{
    const struct task *task = arg;
    int reason = 0;

    switch (task->deed) {
    case GRANT:
        reason = budget_grant_to(budget(), task->line, task->fen, 77, call);
        break;
    case COMMIT:
        reason = budget_commit_to(budget(), task->line, task->fen, 77, call);
        break;
    case SPEND:
        reason = budget_spend(budget(), task->line, task->fen, 77, call);
        break;
    case TRANSFER:
        reason = budget_transfer(budget(), &fund, task->line, task->fen, 77, call);
        break;
    case POST:
        reason = budget_post(budget(), task->line, FREE, SPENT, task->fen, 77, call);
        break;
    case END:
        assert_false(budget_end_years(budget(), (int32_t)task->fen, call));
    }
    if (reason)
        rpc_refuse(call, reason);
}

static int act(enum deed deed, const struct budget_line *of, int64_t fen)
{
    struct task task = {deed, of, fen};

    return rpc_server_transact(h.service.rpc, work, &task);
}

static void assert_holds(const struct budget_line *of, int64_t left, int64_t committed, int64_t spent)
{
    assert_int_equal(budget_balance(budget(), of, FREE), left);
    assert_int_equal(budget_balance(budget(), of, COMMITTED), committed);
    assert_int_equal(budget_balance(budget(), of, SPENT), spent);
    assert_int_equal(budget_granted(budget(), of), left + committed + spent);
}

static void what_is_promised_and_spent_stays_within_what_there_is(void **state)
{
    (void)state;
    assert_holds(&line, 0, 0, 0);
    assert_int_equal(act(COMMIT, &line, 1), BUDGET__REASON__BUDGET_SHORT);
    assert_int_equal(act(GRANT, &line, 1000), 0);
    assert_int_equal(act(COMMIT, &line, 600), 0);
    assert_holds(&line, 400, 600, 0);
    assert_int_equal(act(COMMIT, &line, 1001), BUDGET__REASON__BUDGET_SHORT);
    assert_int_equal(act(SPEND, &line, 1001), BUDGET__REASON__BUDGET_SHORT);
    assert_holds(&line, 400, 600, 0);
    assert_int_equal(act(SPEND, &line, 700), 0); /* more than was promised */
    assert_holds(&line, 300, 0, 700);
    assert_int_equal(act(SPEND, &line, -50), 0);
    assert_holds(&line, 300, 50, 650);
    assert_int_equal(act(SPEND, &line, -651), BUDGET__REASON__BUDGET_SHORT);
    assert_int_equal(act(COMMIT, &line, 0), 0); /* of what is spent nothing comes back */
    assert_holds(&line, 350, 0, 650);
    assert_int_equal(act(COMMIT, &line, 1000), 0);
    harness_reopen(&h);
    assert_holds(&line, 0, 350, 650);
}

static void less_is_got_back_than_is_spent(void **state)
{
    (void)state;
    assert_int_equal(act(GRANT, &line, 1000), 0);
    assert_int_equal(act(SPEND, &line, 300), 0);
    assert_int_equal(act(COMMIT, &line, 800), 0);
    assert_int_equal(act(GRANT, &line, 299), BUDGET__REASON__BUDGET_SHORT);
    assert_holds(&line, 200, 500, 300);
    assert_int_equal(act(GRANT, &line, 900), 0);
    assert_holds(&line, 100, 500, 300);
    assert_int_equal(act(GRANT, &line, 500), 0);
    assert_holds(&line, 0, 200, 300);
    assert_int_equal(act(GRANT, &line, -1), RPC__REASON__OUT_OF_RANGE);
}

static void an_amount_beyond_64_bits_is_refused(void **state)
{
    (void)state;
    assert_int_equal(act(GRANT, &line, INT64_MAX), 0);
    assert_int_equal(act(GRANT, &fund, 1), 0);
    assert_int_equal(act(TRANSFER, &line, 1), RPC__REASON__OUT_OF_RANGE);
    assert_int_equal(act(POST, &line, INT64_MIN), RPC__REASON__OUT_OF_RANGE);
    assert_int_equal(act(TRANSFER, &line, -1), RPC__REASON__OUT_OF_RANGE);
    assert_int_equal(act(SPEND, &line, INT64_MAX), 0);
    assert_int_equal(act(SPEND, &line, INT64_MAX), BUDGET__REASON__BUDGET_SHORT);
    assert_holds(&line, 0, 0, INT64_MAX);
    assert_holds(&fund, 1, 0, 0);
}

static void a_fund_gives_to_its_lines_and_a_year_ends(void **state)
{
    (void)state;
    assert_int_equal(act(GRANT, &fund, 1000), 0);
    assert_int_equal(act(TRANSFER, &line, 1001), BUDGET__REASON__BUDGET_SHORT);
    assert_int_equal(act(TRANSFER, &line, 600), 0);
    assert_int_equal(act(TRANSFER, &next, 300), 0);
    assert_int_equal(act(COMMIT, &line, 200), 0);
    assert_int_equal(act(END, &line, 2026), 0);
    assert_holds(&line, 400, 200, 0);
    assert_int_equal(act(END, &line, 2027), 0);
    assert_holds(&fund, 0, 0, 0);
    assert_holds(&line, 0, 200, 0); /* what is promised stays promised */
    assert_holds(&next, 300, 0, 0);
    assert_int_equal(act(SPEND, &line, 200), 0);
    assert_int_equal(act(SPEND, &line, 1), BUDGET__REASON__BUDGET_SHORT);
}

static void money_that_was_changed_is_found(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE account SET balance_fen = balance_fen + 1 WHERE kind = 2", NULL},
        {"UPDATE posting SET fen = fen + 1", NULL},
        {"DELETE FROM posting", NULL},
        {"DELETE FROM posting", "UPDATE account SET balance_fen = 0"},
        {"UPDATE posting SET fen = 7", "UPDATE account SET balance_fen = CASE kind WHEN 1 THEN -7 ELSE 7 END"},
        {"UPDATE posting SET cause_id = 78", NULL},
        {"UPDATE account SET of_id = 3", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        setup(state);
        assert_int_equal(act(GRANT, &line, 1000), 0);
        assert_string_equal(harness_audit(&h), "");
        for (int j = 0; j < 2 && changes[i][j]; j++)
            harness_tamper(&h, changes[i][j]);
        assert_string_not_equal(harness_audit(&h), "");
        harness_close(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_promised_and_spent_stays_within_what_there_is),
        TEST(less_is_got_back_than_is_spent),
        TEST(an_amount_beyond_64_bits_is_refused),
        TEST(a_fund_gives_to_its_lines_and_a_year_ends),
        cmocka_unit_test(money_that_was_changed_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
