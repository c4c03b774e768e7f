/* What is odd of payments is explained by one official and closed by another; what waits for a second hand is listed. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/benefit/tree/tree_fixture.h"
#include "services/bridge/pay/orders_fixture.h"

#define ROOT "0001"

static struct harness h;

static int setup(void **state)
{
    (void)state;
    harness_init(&h, &bridge_spec, close_bank_keys);
    harness_key(&h, "HUIGONG_BANK_KEY", BANK_KEY);
    assert_int_equal(conf_load(bridge_spec.conf, NULL, true), 0);
    harness_start(&h);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_string_equal(harness_audit(&h), "");
    harness_close(&h);
    unsetenv("HUIGONG_BANK_KEY");
    return 0;
}

/* Of an order that says what no way can carry. */
static int64_t a_case(int64_t order_id)
{
    hear_order(&h, order_id, 9, 0);
    return harness_number(&h, "SELECT max(case_id) FROM pay_case");
}

static const Rpc__Answer *explain(int64_t case_id, const char *note, int64_t by)
{
    Bridge__ExplainPayCaseRequest request = BRIDGE__EXPLAIN_PAY_CASE_REQUEST__INIT;

    request.case_id = case_id;
    request.note = unconst(note);
    return harness_call(&h, "Pay.ExplainPayCase", &request.base, harness_official(&h, by, RULE__ROLE__FINANCE, ROOT),
                        NULL);
}

static const Rpc__Answer *close_case(int64_t case_id, int64_t by)
{
    Bridge__PayCaseRequest request = BRIDGE__PAY_CASE_REQUEST__INIT;

    request.case_id = case_id;
    return harness_call(&h, "Pay.ClosePayCase", &request.base, harness_official(&h, by, RULE__ROLE__FINANCE, ROOT),
                        NULL);
}

static const Bridge__PayCase *case_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &bridge__pay_case__descriptor);
}

static const Rpc__Answer *list(int64_t union_id, int64_t by, const char *path)
{
    Hands__ListWaitingRequest request = HANDS__LIST_WAITING_REQUEST__INIT;

    request.union_id = union_id;
    return harness_call(&h, "Pay.ListPayHands", &request.base, harness_official(&h, by, RULE__ROLE__FINANCE, path),
                        NULL);
}

static const Hands__WaitingList *waiting(int64_t union_id, int64_t by)
{
    return harness_output(&h, list(union_id, by, ROOT), &hands__waiting_list__descriptor);
}

static void one_explains_it_and_another_closes_it(void **state)
{
    int64_t id = a_case(1);
    const Bridge__PayCase *one;

    (void)state;
    assert_refused(close_case(id, 901), "PAY_CASE_NOT_EXPLAINED");
    assert_refused(close_case(4711, 901), "PAY_CASE_NOT_FOUND");
    one = case_of(explain(id, "承办部门录入有误", 901));
    assert_int_equal(one->state, BRIDGE__PAY_CASE_STATE__PAY_CASE_EXPLAINED);
    assert_int_equal(one->explained_by, 901);
    assert_refused(close_case(id, 901), "HANDS_SAME");
    assert_ok(explain(id, "已更正", 902)); /* she sees it otherwise, and the first one may agree */
    assert_refused(close_case(id, 902), "HANDS_SAME");
    harness_reopen(&h);
    one = case_of(close_case(id, 901));
    assert_int_equal(one->state, BRIDGE__PAY_CASE_STATE__PAY_CASE_CLOSED);
    assert_string_equal(one->note, "已更正");
    assert_int_equal(one->closed_by, 901);
    assert_refused(close_case(id, 903), "PAY_CASE_ALREADY_CLOSED");
    assert_refused(explain(id, "又来", 903), "PAY_CASE_ALREADY_CLOSED");
}

static void what_was_explained_too_long_ago_is_explained_anew(void **state)
{
    int64_t id = a_case(1);

    (void)state;
    assert_ok(explain(id, "已核对", 901));
    clock_step(&h.service.clock, HANDS_LIFE_MS + 1);
    assert_refused(close_case(id, 902), "HANDS_OVER");
    assert_ok(explain(id, "已核对", 902));
    assert_ok(close_case(id, 901));
}

static void what_waits_for_a_second_hand_is_found(void **state)
{
    Bridge__PrepareBankBatchRequest prepare = BRIDGE__PREPARE_BANK_BATCH_REQUEST__INIT;
    int64_t union_id = a_union(&h, ROOT), other_id = a_union(&h, "0002"), id = a_case(1);
    const Hands__WaitingList *found;

    (void)state;
    assert_int_equal(waiting(union_id, 902)->n_hands, 0);
    assert_ok(explain(id, "已核对", 901));
    hear_bank_order(&h, 2, 5000, "李敏", "6222020200112230");
    prepare.layout = BRIDGE__BANK_LAYOUT__BANK_LIST;
    assert_ok(harness_call(&h, "Bank.PrepareBankBatch", &prepare.base,
                           harness_official(&h, 902, RULE__ROLE__FINANCE, ROOT), "key"));
    found = waiting(union_id, 902);
    assert_int_equal(found->n_hands, 2);
    assert_string_equal(found->hands[0]->kind, "pay case");
    assert_int_equal(found->hands[0]->deed_id, id);
    assert_false(found->hands[0]->yours);
    assert_string_equal(found->hands[1]->kind, "bank batch");
    assert_true(found->hands[1]->yours);
    assert_int_equal(found->hands[1]->union_id, union_id);
    assert_int_equal(found->n_counts, 2);
    assert_refused(list(other_id, 902, ROOT), "OUTSIDE_YOUR_UNION");
    assert_ok(close_case(id, 902));
    assert_int_equal(waiting(union_id, 901)->n_hands, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_explains_it_and_another_closes_it),
        TEST(what_was_explained_too_long_ago_is_explained_anew),
        TEST(what_waits_for_a_second_hand_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
