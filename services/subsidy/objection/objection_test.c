/* Objections: what one holds, who decides it, and what becomes of the place. */
#include "services/subsidy/fixture.h"

#define FEN         INT64_C(100000)
#define OBJECTOR    600
#define STATE(name) SUBSIDY__APPLICATION_STATE__APPLICATION_##name

static int64_t scheme_id, ids[3];

/* The city's town pays two of three who were approved in order. */
static void begin(void)
{
    struct draft *draft = a_funded_draft(a_fund(10 * FEN), 2 * FEN, SUBSIDY__SELECTION_KIND__IN_ORDER, 2);

    draft->scheme.union_id = a_union(&h, TOWN);
    draft->steps[1].role = RULE__ROLE__BENEFIT_MANAGER;
    scheme_id = open_scheme(draft);
    for (int i = 0; i < 3; i++) {
        ids[i] = handed_in(scheme_id, MEMBER + i);
        assert_ok(decide(ids[i], SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
        assert_ok(decide(ids[i], SUBSIDY__VERDICT__APPROVE, "", manager(912, TOWN)));
    }
    let_pass(LIST_AT);
}

static const Rpc__Answer *raise_one(int64_t id, int64_t who)
{
    Subsidy__RaiseObjectionRequest request = SUBSIDY__RAISE_OBJECTION_REQUEST__INIT;

    request.application_id = id;
    request.text = "此人证书系伪造";
    return harness_call(&h, "Objections.RaiseObjection", &request.base, member_of(who), NULL);
}

static const Subsidy__Objection *objection_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &subsidy__objection__descriptor);
}

static const Rpc__Answer *decide_it(int64_t id, bool upheld, const Rpc__Principal *who)
{
    Subsidy__DecideObjectionRequest request = SUBSIDY__DECIDE_OBJECTION_REQUEST__INIT;

    request.objection_id = id;
    request.upheld = upheld;
    request.remark = "经核实";
    return harness_call(&h, "Objections.DecideObjection", &request.base, who, NULL);
}

static int state_of(int i)
{
    return (int)get_hers(ids[i], MEMBER + i)->state;
}

static void one_holds_that_payment_alone(void **state)
{
    int64_t id;

    (void)state;
    begin();
    assert_refused(raise_one(ids[2], OBJECTOR), "NOT_SHOWN");
    assert_refused(raise_one(77, OBJECTOR), "NOT_SHOWN");
    assert_refused(raise_one(ids[0], MEMBER), "ON_YOURSELF");
    id = objection_of(raise_one(ids[0], OBJECTOR))->objection_id;
    assert_int_equal(objection_of(raise_one(ids[0], OBJECTOR))->objection_id, id);
    assert_int_equal(state_of(0), STATE(OBJECTED));
    let_pass(LIST_AT + 20 * DAY_MS);
    assert_int_equal(state_of(0), STATE(OBJECTED));
    assert_int_equal(state_of(1), STATE(PAYABLE));
    assert_int_equal(selection_of(scheme_id)->committed_fen, FEN);
    assert_int_equal(notice_of(scheme_id)->n_shown, 1);
}

/* Two of the level above, neither of whom has to do with it. */
static void two_of_the_union_above_decide_it(void **state)
{
    int64_t id;

    (void)state;
    begin();
    id = objection_of(raise_one(ids[0], OBJECTOR))->objection_id;
    assert_refused(decide_it(id, true, manager(941, TOWN)), "NOT_THE_UNION_ABOVE");
    assert_refused(decide_it(id, true, manager(941, "00010009")), "OUTSIDE_YOUR_UNION");
    assert_refused(decide_it(id, true, manager(OBJECTOR, CITY)), "ON_YOUR_OBJECTION");
    assert_refused(decide_it(id, true, manager(MEMBER, CITY)), "ON_YOURSELF");
    assert_refused(decide_it(id, true, manager(911, CITY)), "APPROVED_BY_YOU");
    assert_int_equal(objection_of(decide_it(id, true, manager(941, CITY)))->proposed,
                     SUBSIDY__PROPOSED__PROPOSED_UPHELD);
    assert_refused(decide_it(id, false, manager(942, CITY)), "HANDS_DIFFER");
    assert_int_equal(state_of(0), STATE(OBJECTED));
    assert_int_equal(objection_of(decide_it(id, true, manager(941, CITY)))->state,
                     SUBSIDY__OBJECTION_STATE__OBJECTION_OPEN);
    assert_int_equal(objection_of(decide_it(id, true, manager(942, CITY)))->state,
                     SUBSIDY__OBJECTION_STATE__OBJECTION_UPHELD);
    assert_refused(decide_it(id, true, manager(943, CITY)), "OBJECTION_DECIDED");
}

/* The next in the order is shown for her own time; nobody else moves. */
static void when_it_is_upheld_the_next_gets_the_place(void **state)
{
    int64_t id, other;

    (void)state;
    begin();
    id = objection_of(raise_one(ids[0], OBJECTOR))->objection_id;
    other = objection_of(raise_one(ids[0], OBJECTOR + 1))->objection_id;
    wait_until(LIST_AT + 3 * DAY_MS);
    assert_ok(decide_it(id, true, manager(941, CITY)));
    assert_ok(decide_it(id, true, manager(942, CITY)));
    assert_int_equal(state_of(0), STATE(REFUSED));
    assert_string_equal(get_hers(ids[0], MEMBER)->remark, "经核实");
    assert_refused(on_application("Applications.AskAgain", ids[0], member_of(MEMBER)), "CANNOT_ASK_AGAIN");
    assert_int_equal(get_hers(ids[1], MEMBER + 1)->place, 2);
    assert_int_equal(state_of(2), STATE(SHOWN));
    assert_true(get_hers(ids[2], MEMBER + 2)->shown_until > get_hers(ids[1], MEMBER + 1)->shown_until);
    assert_int_equal(selection_of(scheme_id)->committed_fen, 2 * FEN);
    assert_refused(decide_it(other, true, manager(941, CITY)), "OBJECTION_DECIDED");
}

static void when_it_is_unfounded_she_is_paid_as_if_nothing_had_been(void **state)
{
    int64_t id, other;

    (void)state;
    begin();
    id = objection_of(raise_one(ids[0], OBJECTOR))->objection_id;
    other = objection_of(raise_one(ids[0], OBJECTOR + 1))->objection_id;
    let_pass(LIST_AT + 20 * DAY_MS);
    assert_ok(decide_it(id, false, manager(941, CITY)));
    assert_ok(decide_it(id, false, manager(942, CITY)));
    assert_int_equal(state_of(0), STATE(OBJECTED));
    assert_ok(decide_it(other, false, manager(941, CITY)));
    assert_ok(decide_it(other, false, manager(942, CITY)));
    assert_int_equal(state_of(0), STATE(SHOWN));
    let_pass(now());
    assert_int_equal(state_of(0), STATE(PAYABLE));
    assert_int_equal(state_of(2), STATE(WAITING));
}

/* Whom it is about sees that it is held; who objects and officials see what was objected. */
static void it_is_sealed_from_whom_it_is_about(void **state)
{
    Subsidy__ListMyObjectionsRequest mine = SUBSIDY__LIST_MY_OBJECTIONS_REQUEST__INIT;
    Subsidy__ListObjectionsRequest theirs = SUBSIDY__LIST_OBJECTIONS_REQUEST__INIT;
    const Subsidy__ObjectionList *list;

    (void)state;
    begin();
    assert_ok(raise_one(ids[0], OBJECTOR));
    list = harness_output(&h, harness_call(&h, "Objections.ListMyObjections", &mine.base, member_of(MEMBER), NULL),
                          &subsidy__objection_list__descriptor);
    assert_int_equal(list->n_objections, 0);
    list = harness_output(&h, harness_call(&h, "Objections.ListMyObjections", &mine.base, member_of(OBJECTOR), NULL),
                          &subsidy__objection_list__descriptor);
    assert_string_equal(list->objections[0]->text, "此人证书系伪造");
    theirs.union_id = a_union(&h, TOWN);
    list = harness_output(&h, harness_call(&h, "Objections.ListObjections", &theirs.base, manager(941, CITY), NULL),
                          &subsidy__objection_list__descriptor);
    assert_string_equal(list->objections[0]->text, "此人证书系伪造");
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM objection WHERE instr(text, CAST('证书' AS BLOB))"), 0);
}

static void who_has_lost_it_otherwise_is_objected_to_no_more(void **state)
{
    int64_t id;

    (void)state;
    begin();
    id = objection_of(raise_one(ids[0], OBJECTOR))->objection_id;
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    harness_work(&h, do_what_is_due);
    assert_refused(decide_it(id, true, manager(941, CITY)), "OBJECTION_DECIDED");
    assert_int_equal(state_of(2), STATE(SHOWN));
    assert_found(&h, "UPDATE objection SET state = 1", "UPDATE objection SET state = 4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_holds_that_payment_alone),
        TEST(two_of_the_union_above_decide_it),
        TEST(when_it_is_upheld_the_next_gets_the_place),
        TEST(when_it_is_unfounded_she_is_paid_as_if_nothing_had_been),
        TEST(it_is_sealed_from_whom_it_is_about),
        TEST(who_has_lost_it_otherwise_is_objected_to_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
