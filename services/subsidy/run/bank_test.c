/* Payments by bank: to the account that was written into the form, which the bridge alone opens. */
#include "common/benefit/settlement/payee_account.h"
#include "services/subsidy/run/run_fixture.h"

#define ACCOUNT "6222020200112230"
#define OTHER   "6222020200112248"

/* She writes all that the form asks, and this account. */
static const Rpc__Answer *fill_in(const char *account)
{
    static const char *const fields[] = {"certificate", "account", "holder", "bank"};
    const char *texts[] = {"ZS0001", account, "王小明", "工商银行佛山分行"};
    Subsidy__SaveApplicationRequest request = SUBSIDY__SAVE_APPLICATION_REQUEST__INIT;
    Subsidy__FieldAnswer answers[ARRAY_LEN(fields)], *list[ARRAY_LEN(fields)];

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        subsidy__field_answer__init(&answers[i]);
        answers[i].field = unconst(fields[i]);
        answers[i].text = unconst(texts[i]);
        list[i] = &answers[i];
    }
    request.application_id = ids[0];
    request.answers = list;
    request.n_answers = ARRAY_LEN(list);
    return harness_call(&h, "Applications.SaveApplication", &request.base, member_of(MEMBER), NULL);
}

/* One is to be paid to the account that she has written. */
static void begin_by_bank(void)
{
    hear_bank_way();
    scheme_id = open_scheme(a_bank_draft(a_fund(10 * FEN), 5 * FEN));
    ids[0] = application_of(start(scheme_id, member_of(MEMBER)))->application_id;
    assert_ok(fill_in(ACCOUNT));
    assert_ok(submit(ids[0], member_of(MEMBER)));
    approve_whole(ids[0]);
    let_pass(now() + 7 * DAY_MS);
}

/* The account that was told with an order, as the bridge opens it. */
static const Settlement__PayeeAccount *account_told(int64_t order_id)
{
    const struct subsidy *self = h.service.self;
    const Rpc__ChassisEvent *event =
        harness_last_event(&h, &rpc__chassis_event__descriptor, RPC__CHASSIS_EVENT__EVENT_PAYOUT_ORDERED);
    uint8_t plain[PAYEE_ACCOUNT_MAX];
    long n;

    assert_int_equal(event->payout_ordered->order_id, order_id);
    assert_int_equal(event->payout_ordered->way, PAYOUT__WAY__BY_BANK);
    n = pii_open(self->accounts, PAYEE_ACCOUNT_CONTEXT, order_id, event->payout_ordered->account.data,
                 event->payout_ordered->account.len, (char *)plain);
    assert_true(n > 0);
    return settlement__payee_account__unpack(&h.arena.allocator, (size_t)n, plain);
}

static void an_order_by_bank_has_her_account_sealed_for_the_bridge(void **state)
{
    const Settlement__PayeeAccount *account;
    int64_t id;

    (void)state;
    begin_by_bank();
    id = released();
    account = account_told(order_of(id, 0));
    assert_string_equal(account->number, ACCOUNT);
    assert_string_equal(account->name, "王小明");
    assert_string_equal(account->bank, "工商银行佛山分行");
    hear_payout(order_of(id, 0), TOLD(PAID), 0);
    assert_int_equal(state_of(0), STATE(PAID));
    assert_int_equal(selection_of(scheme_id)->paid_fen, FEN);
}

static void an_account_that_is_changed_after_it_was_handed_in_is_refused(void **state)
{
    int64_t id;

    (void)state;
    begin_by_bank();
    assert_refused(fill_in(OTHER), "NOT_A_DRAFT");
    id = released();
    assert_refused(fill_in(OTHER), "NOT_A_DRAFT");
    assert_string_equal(account_told(order_of(id, 0))->number, ACCOUNT);
    hear_payout(order_of(id, 0), TOLD(FAILED), BRIDGE__REASON__PAYOUT_BANK_FAILED);
    assert_non_null(strstr(get_hers(ids[0], MEMBER)->payment_words, "收款账户"));
    assert_refused(fill_in(OTHER), "NOT_A_DRAFT");
}

/* Each who applies says where the money goes. */
static void a_scheme_by_bank_asks_everybody_for_an_account(void **state)
{
    int64_t fund_id = a_fund(10 * FEN);
    struct draft *draft;

    (void)state;
    for (int wrong = 0; wrong < 6; wrong++) {
        draft = a_bank_draft(fund_id, FEN);
        if (wrong == 0)
            draft->payment.account_field = "holder";
        else if (wrong == 1)
            draft->fields[2].most = 0;
        else if (wrong == 2)
            draft->fields[3].optional = true;
        else if (wrong == 3)
            draft->payment.scene = PAYOUT__SCENE__SCENE_SUBSIDY;
        else if (wrong == 4)
            draft->payment.bank_field = "";
        else
            draft->payment.way = PAYOUT__WAY__BY_WECHAT;
        assert_refused_at(create_scheme(draft, manager(901, CITY)), "PAYMENT_FORM_WRONG", "scheme.payment");
    }
    draft = a_bank_draft(fund_id, FEN);
    assert_refused(on_scheme("Schemes.OpenScheme", scheme_of(create_scheme(draft, manager(901, CITY)))->scheme_id,
                             manager(901, CITY)),
                   "WAY_NOT_OPEN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_order_by_bank_has_her_account_sealed_for_the_bridge),
        TEST(an_account_that_is_changed_after_it_was_handed_in_is_refused),
        TEST(a_scheme_by_bank_asks_everybody_for_an_account),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
