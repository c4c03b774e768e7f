/* Points against a model: any order of earning, spending, giving back, undoing, expiring and merging. */
#include "services/coupon/points/points_fixture.h"
#include "tests/seed.h"

#define PEOPLE 5
#define LOTS   400
#define STEPS  300
#define WALKS  6
#define SPENT  60

/* ---- the model ---- */

struct model_lot {
    int64_t deed_id, rest, expires_at;
    int person;
    bool unearned;
};
struct model_spending {
    int64_t entry_id, taken[LOTS];
    int person;
    bool back;
};

static struct {
    struct model_lot lots[LOTS]; /* in the order in which they were earned */
    struct model_spending spent[SPENT];
    int n_lots, n_spent;
    int holder[PEOPLE]; /* who holds the number; -1: nobody */
    int64_t ledger_id;
} m;

static struct clock dice;

static int64_t now_ms(void)
{
    return clock_now(&h.service.clock);
}

static bool is_good(const struct model_lot *lot)
{
    return lot->rest > 0 && lot->expires_at > now_ms();
}

static int64_t model_held(int person)
{
    int64_t sum = 0;

    for (int i = 0; i < m.n_lots; i++)
        sum += m.holder[m.lots[i].person] == person && is_good(&m.lots[i]) ? m.lots[i].rest : 0;
    return sum;
}

/* The lot that is over first, and of these the one that came first. */
static struct model_lot *model_first(int person)
{
    struct model_lot *first = NULL;

    for (int i = 0; i < m.n_lots; i++) {
        struct model_lot *lot = &m.lots[i];

        if (m.holder[lot->person] == person && is_good(lot) && (!first || lot->expires_at < first->expires_at))
            first = lot;
    }
    return first;
}

/* ---- steps ---- */

static int64_t number_of(int person)
{
    return person + 1;
}

static int anybody(void)
{
    int person;

    do
        person = (int)test_roll(&dice, PEOPLE);
    while (m.holder[person] != person);
    return person;
}

/* Quizzes are good for three days, attendances for nine. */
static void earn_some(void)
{
    int person = anybody();
    bool quiz = test_roll(&dice, 2);

    if (m.n_lots == LOTS)
        return;
    m.lots[m.n_lots] = (struct model_lot){.deed_id = m.n_lots + 1,
                                          .rest = quiz ? 7 : 5,
                                          .expires_at = points_expire_at(now_ms(), quiz ? 3 : 9),
                                          .person = person};
    m.n_lots++;
    does(number_of(person), quiz ? QUIZ : ATTENDED, m.n_lots);
}

static void spend_some(void)
{
    int person = anybody();
    int64_t held = model_held(person), n = 1 + (int64_t)test_roll(&dice, 20), entry_id;
    struct model_spending *spent = &m.spent[m.n_spent];
    int reason;

    if (m.n_spent == SPENT)
        return;
    reason = spend_as(m.ledger_id, harness_member(&h, number_of(person), TOWN), n, &entry_id);
    assert_int_equal(reason, n > held ? COUPON__REASON__POINTS_SHORT : 0);
    if (reason)
        return;
    *spent = (struct model_spending){.entry_id = entry_id, .person = person};
    m.n_spent++;
    while (n > 0) {
        struct model_lot *lot = model_first(person);
        int64_t some = lot->rest < n ? lot->rest : n;

        lot->rest -= some;
        spent->taken[lot - m.lots] += some;
        n -= some;
    }
}

static void give_some_back(void)
{
    struct model_spending *spent = m.n_spent ? &m.spent[test_roll(&dice, (unsigned)m.n_spent)] : NULL;
    int64_t sum = 0;

    if (!spent)
        return;
    for (int i = 0; i < m.n_lots && !spent->back; i++) {
        struct model_lot *lot = &m.lots[i];

        if (lot->expires_at > now_ms() && !lot->unearned) {
            lot->rest += spent->taken[i];
            sum += spent->taken[i];
        }
    }
    spent->back = true;
    assert_int_equal(give_back(spent->entry_id), sum);
}

static void undo_some(void)
{
    struct model_lot *lot = m.n_lots ? &m.lots[test_roll(&dice, (unsigned)m.n_lots)] : NULL;

    if (!lot)
        return;
    lot->unearned = true;
    lot->rest = 0;
    did_not(QUIZ, lot->deed_id);
    did_not(ATTENDED, lot->deed_id);
}

static void let_time_pass(void)
{
    clock_step(&h.service.clock, (int64_t)test_roll(&dice, 40) * 3600000);
    if (test_roll(&dice, 2))
        tidy_all();
}

static void merge_two(void)
{
    int gone = anybody(), kept = anybody();

    if (gone == kept)
        return;
    assert_int_equal(hear_merged(&h, number_of(gone), number_of(kept)), 0);
    for (int i = 0; i < PEOPLE; i++)
        m.holder[i] = m.holder[i] == gone ? kept : m.holder[i];
}

static void take_a_step(void)
{
    unsigned step = test_roll(&dice, 40);

    if (step < 14)
        earn_some();
    else if (step < 24)
        spend_some();
    else if (step < 30)
        give_some_back();
    else if (step < 33)
        undo_some();
    else if (step < 39)
        let_time_pass();
    else if (test_roll(&dice, 4) == 0)
        merge_two();
}

static void everybody_has_what_the_model_says(void)
{
    for (int person = 0; person < PEOPLE; person++) {
        if (m.holder[person] == person)
            assert_int_equal(points_of(number_of(person)), model_held(person));
    }
}

static void begin_walk(void)
{
    Coupon__PointsRule quiz = a_rule(QUIZ, 7), attended = a_rule(ATTENDED, 5);

    memset(&m, 0, sizeof(m));
    for (int i = 0; i < PEOPLE; i++)
        m.holder[i] = i;
    m.ledger_id = a_ledger();
    quiz.valid_days = 3;
    attended.valid_days = 9;
    open_rule(m.ledger_id, quiz);
    open_rule(m.ledger_id, attended);
}

static void in_any_order_nobody_has_more_or_less(void **state)
{
    dice = test_random();
    for (int walk = 0; walk < WALKS; walk++) {
        setup(state);
        begin_walk();
        for (int i = 0; i < STEPS; i++) {
            take_a_step();
            everybody_has_what_the_model_says();
            if (i % 100 == 99)
                assert_clean();
            harness_forget(&h);
        }
        step_days(30);
        tidy_all();
        assert_int_equal(harness_number(&h, "SELECT sum(rest) FROM points_lot"), 0);
        assert_clean();
        teardown(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_any_order_nobody_has_more_or_less),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
