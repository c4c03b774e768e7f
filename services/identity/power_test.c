/* The power is lost at every write of a sign-in and of a transfer: what a member or an
 * official was told is so, and the rest can be done again. */
#include "services/identity/people/people_fixture.h"
#include "services/identity/unions/tree_fixture.h"
#include "tests/power.h"

#define MEMBER 1

static struct {
    Rpc__Principal *who;
    int64_t from, to;                /* the unions she leaves and goes to */
    char refresh_token[LIMIT_TOKEN]; /* of the session she was told of */
    int64_t transfer_id;             /* that she was told of */
    int64_t state;                   /* the last she or an official was told */
} told;

static void open_with_a_member(struct harness *h)
{
    memset(&told, 0, sizeof(told));
    begin_with_unions(h);
    told.from = first_id;
    told.to = second_id;
    told.who = member_of_union(h, MEMBER, "440604");
}

static void log_in(struct harness *h)
{
    char mobile[CN_MOBILE_LEN + 1], code[CODE_DIGITS + 1];
    struct clock before;
    const Rpc__Answer *answer;
    uint64_t random;

    clock_step(&h->service.clock, CODE_RESEND_MS);
    before = h->service.clock;
    if (send_code(h, mobile_of(MEMBER, mobile))->reason)
        return;
    clock_random(&before, &random, sizeof(random));
    code_text(random, code);
    answer = try_login(h, mobile, code);
    if (answer->reason == 0) {
        const Identity__Session *session = harness_output(h, answer, &identity__session__descriptor);

        snprintf(told.refresh_token, sizeof(told.refresh_token), "%s", session->refresh_token);
    }
}

/* An official's decision; nothing is told when it is not done. */
static void decide(struct harness *h, const char *method, const char *path, int state)
{
    Identity__DecideTransfersRequest request = IDENTITY__DECIDE_TRANSFERS_REQUEST__INIT;
    const Rpc__Answer *answer;
    const Identity__DecisionReport *report;

    request.union_id = state == IDENTITY__TRANSFER_STATE__TRANSFER_ACCEPTED ? told.to : told.from;
    request.transfer_ids = &told.transfer_id;
    request.n_transfer_ids = 1;
    request.approve = true;
    answer = harness_call(h, method, &request.base, harness_official(h, 9, RULE__ROLE__UNION_ADMIN, path), NULL);
    if (answer->reason)
        return;
    report = harness_output(h, answer, &identity__decision_report__descriptor);
    if (*report->results[0]->reason == '\0')
        told.state = state;
}

static void transfer(struct harness *h)
{
    Identity__CreateTransferRequest request = IDENTITY__CREATE_TRANSFER_REQUEST__INIT;
    const Rpc__Answer *answer;

    request.union_id = told.to;
    answer = harness_call(h, "Transfers.CreateTransfer", &request.base, told.who, NULL);
    if (answer->reason)
        return;
    told.transfer_id = ((Identity__Transfer *)harness_output(h, answer, &identity__transfer__descriptor))->transfer_id;
    told.state = IDENTITY__TRANSFER_STATE__TRANSFER_ASKED;
    decide(h, "Transfers.ReleaseTransfers", FIRST, IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED);
    decide(h, "Transfers.AcceptTransfers", SECOND, IDENTITY__TRANSFER_STATE__TRANSFER_ACCEPTED);
}

static void sign_in_and_transfer(struct harness *h)
{
    *told.refresh_token = '\0';
    told.transfer_id = told.state = 0;
    log_in(h);
    transfer(h);
}

static int64_t state_of_transfer(struct harness *h)
{
    Identity__MyTransfersRequest request = IDENTITY__MY_TRANSFERS_REQUEST__INIT;
    const Identity__TransferList *list =
        harness_output(h, harness_call(h, "Transfers.ListMyTransfers", &request.base, told.who, NULL),
                       &identity__transfer_list__descriptor);

    assert_true(list->n_transfers <= 1);
    return list->n_transfers ? list->transfers[0]->state : 0;
}

static void what_was_told_is_so(struct harness *h)
{
    int64_t before = told.state;

    assert_true(state_of_transfer(h) >= before);
    /* Her old sessions end with the acceptance, whether it was told or not. */
    if (*told.refresh_token && state_of_transfer(h) != IDENTITY__TRANSFER_STATE__TRANSFER_ACCEPTED)
        assert_ok(try_refresh(h, told.refresh_token));
    log_in(h);
    assert_true(*told.refresh_token);
    if (state_of_transfer(h) != IDENTITY__TRANSFER_STATE__TRANSFER_ACCEPTED)
        transfer(h);
    assert_int_equal(state_of_transfer(h), IDENTITY__TRANSFER_STATE__TRANSFER_ACCEPTED);
    clock_step(&h->service.clock, CODE_RESEND_MS);
    assert_string_equal(person_signed_in(h, MEMBER)->union_path, SECOND);
    assert_string_equal(harness_audit(h), "");
}

static void no_power_cut_loses_a_sign_in_or_a_transfer(void **state)
{
    static const struct power_trial trial = {open_with_a_member, sign_in_and_transfer, what_was_told_is_so};
    struct harness h;

    (void)state;
    assert_true(power_every_cut(&h, &trial) > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_power_cut_loses_a_sign_in_or_a_transfer),
    };

    disk_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
