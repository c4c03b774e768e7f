/* Objections: what one holds, who decides it, and what becomes of the place. */
#include "services/subsidy/fixture.h"
#include "services/subsidy/objection/objections.h"

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

static int state_of(int i)
{
    return (int)get_hers(ids[i], MEMBER + i)->state;
}

static void one_holds_that_payment_alone(void **state)
{
    int64_t id;

    (void)state;
    begin();
    assert_refused(raise_objection(ids[2], OBJECTOR), "NOT_SHOWN");
    assert_refused(raise_objection(77, OBJECTOR), "NOT_SHOWN");
    assert_refused(raise_objection(ids[0], MEMBER), "ON_YOURSELF");
    id = objection_of(raise_objection(ids[0], OBJECTOR))->objection_id;
    assert_int_equal(objection_of(raise_objection(ids[0], OBJECTOR))->objection_id, id);
    assert_int_equal(state_of(0), STATE(OBJECTED));
    let_pass(LIST_AT + 20 * DAY_MS);
    assert_int_equal(state_of(0), STATE(OBJECTED));
    assert_int_equal(state_of(1), STATE(PAYABLE));
    assert_int_equal(selection_of(scheme_id)->committed_fen, FEN);
    assert_int_equal(notice_of(scheme_id)->n_shown, 1);
}

static void so_many_of_one_person_are_open_at_once(void **state)
{
    int64_t first = 0, last = 0, id;

    (void)state;
    scheme_id = open_scheme(a_funded_draft(a_fund(30 * FEN), 30 * FEN, SUBSIDY__SELECTION_KIND__ALL, 0));
    for (int i = 0; i <= OBJECTIONS_OPEN_MAX; i++) {
        last = handed_in(scheme_id, MEMBER + i);
        approve_whole(last);
        if (i == OBJECTIONS_OPEN_MAX)
            break;
        id = objection_of(raise_objection(last, OBJECTOR))->objection_id;
        first = first ? first : id;
    }
    assert_refused(raise_objection(last, OBJECTOR), "TOO_MANY_OBJECTIONS");
    assert_ok(decide_objection(first, false, manager(941, CITY)));
    assert_ok(decide_objection(first, false, manager(942, CITY)));
    assert_ok(raise_objection(last, OBJECTOR));
}

/* Two of the level above, neither of whom has to do with it. */
static void two_of_the_union_above_decide_it(void **state)
{
    int64_t id;

    (void)state;
    begin();
    id = objection_of(raise_objection(ids[0], OBJECTOR))->objection_id;
    assert_refused(decide_objection(id, true, manager(941, TOWN)), "NOT_THE_UNION_ABOVE");
    assert_refused(decide_objection(id, true, manager(941, "00010009")), "OUTSIDE_YOUR_UNION");
    assert_refused(decide_objection(id, true, manager(OBJECTOR, CITY)), "ON_YOUR_OBJECTION");
    assert_refused(decide_objection(id, true, manager(MEMBER, CITY)), "ON_YOURSELF");
    assert_refused(decide_objection(id, true, manager(911, CITY)), "APPROVED_BY_YOU");
    assert_int_equal(objection_of(decide_objection(id, true, manager(941, CITY)))->proposed,
                     SUBSIDY__PROPOSED__PROPOSED_UPHELD);
    assert_refused(decide_objection(id, false, manager(942, CITY)), "HANDS_DIFFER");
    assert_int_equal(state_of(0), STATE(OBJECTED));
    assert_int_equal(objection_of(decide_objection(id, true, manager(941, CITY)))->state,
                     SUBSIDY__OBJECTION_STATE__OBJECTION_OPEN);
    assert_int_equal(objection_of(decide_objection(id, true, manager(942, CITY)))->state,
                     SUBSIDY__OBJECTION_STATE__OBJECTION_UPHELD);
    assert_refused(decide_objection(id, true, manager(943, CITY)), "OBJECTION_DECIDED");
}

/* Nor who objects to her too. */
static void who_objects_to_somebody_decides_no_objection_to_her(void **state)
{
    int64_t id;

    (void)state;
    begin();
    id = objection_of(raise_objection(ids[0], OBJECTOR))->objection_id;
    assert_ok(raise_objection(ids[0], OBJECTOR + 1));
    assert_ok(raise_objection(ids[1], OBJECTOR + 2));
    assert_refused(decide_objection(id, true, manager(OBJECTOR + 1, CITY)), "ON_YOUR_OBJECTION");
    assert_ok(decide_objection(id, true, manager(OBJECTOR + 2, CITY)));
    assert_int_equal(hear_merged(&h, OBJECTOR + 1, OBJECTOR + 3), 0);
    assert_refused(decide_objection(id, true, manager(OBJECTOR + 3, CITY)), "ON_YOUR_OBJECTION");
}

/* The next in the order is shown for her own time; nobody else moves. */
static void when_it_is_upheld_the_next_gets_the_place(void **state)
{
    int64_t id, other;

    (void)state;
    begin();
    id = objection_of(raise_objection(ids[0], OBJECTOR))->objection_id;
    other = objection_of(raise_objection(ids[0], OBJECTOR + 1))->objection_id;
    wait_until(LIST_AT + 3 * DAY_MS);
    assert_ok(decide_objection(id, true, manager(941, CITY)));
    assert_ok(decide_objection(id, true, manager(942, CITY)));
    assert_int_equal(state_of(0), STATE(REFUSED));
    assert_string_equal(get_hers(ids[0], MEMBER)->remark, "经核实");
    assert_refused(on_application("Applications.AskAgain", ids[0], member_of(MEMBER)), "CANNOT_ASK_AGAIN");
    assert_int_equal(get_hers(ids[1], MEMBER + 1)->place, 2);
    assert_int_equal(state_of(2), STATE(SHOWN));
    assert_true(get_hers(ids[2], MEMBER + 2)->shown_until > get_hers(ids[1], MEMBER + 1)->shown_until);
    assert_int_equal(selection_of(scheme_id)->committed_fen, 2 * FEN);
    assert_refused(decide_objection(other, true, manager(941, CITY)), "OBJECTION_DECIDED");
}

static void when_it_is_unfounded_she_is_paid_as_if_nothing_had_been(void **state)
{
    int64_t id, other;

    (void)state;
    begin();
    id = objection_of(raise_objection(ids[0], OBJECTOR))->objection_id;
    other = objection_of(raise_objection(ids[0], OBJECTOR + 1))->objection_id;
    let_pass(LIST_AT + 20 * DAY_MS);
    assert_ok(decide_objection(id, false, manager(941, CITY)));
    assert_ok(decide_objection(id, false, manager(942, CITY)));
    assert_int_equal(state_of(0), STATE(OBJECTED));
    assert_ok(decide_objection(other, false, manager(941, CITY)));
    assert_ok(decide_objection(other, false, manager(942, CITY)));
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
    assert_ok(raise_objection(ids[0], OBJECTOR));
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
    id = objection_of(raise_objection(ids[0], OBJECTOR))->objection_id;
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    harness_work(&h, do_what_is_due);
    assert_refused(decide_objection(id, true, manager(941, CITY)), "OBJECTION_DECIDED");
    assert_int_equal(state_of(2), STATE(SHOWN));
    assert_found(&h, "UPDATE objection SET state = 1", "UPDATE objection SET state = 4");
}

static int64_t rows_of_notices(int64_t member_id)
{
    return harness_number(&h, arena_printf(&h.arena, "SELECT count(*) FROM notice WHERE kind = %d AND member_id = %lld",
                                           (int)NOTICE__NOTICE_KIND__SUBSIDY_OBJECTION_DECIDED, (long long)member_id));
}

/* Each of its terms one level higher, at the root none; and what one had said of it counts no more. */
static void one_that_is_late_goes_to_the_union_above(void **state)
{
    Subsidy__ListObjectionsRequest theirs = SUBSIDY__LIST_OBJECTIONS_REQUEST__INIT;
    struct draft *draft = a_funded_draft(a_fund(10 * FEN), 2 * FEN, SUBSIDY__SELECTION_KIND__ALL, 0);
    const Subsidy__ObjectionList *list;
    int64_t id, due;

    (void)state;
    draft->scheme.union_id = a_union(&h, COMPANY);
    draft->scheme.n_steps = 1;
    draft->steps[0].level = 0;
    draft->steps[0].hands = 2;
    draft->showing.objection_days = 3;
    scheme_id = open_scheme(draft);
    ids[0] = handed_in(scheme_id, MEMBER);
    assert_ok(decide(ids[0], SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    assert_ok(decide(ids[0], SUBSIDY__VERDICT__APPROVE, "", manager(912, TOWN)));
    id = objection_of(raise_objection(ids[0], OBJECTOR))->objection_id;
    assert_int_equal(objection_of(decide_objection(id, true, manager(941, TOWN)))->office_id, a_union(&h, TOWN));
    due = now() + 3 * DAY_MS;
    let_pass(due - 1);
    assert_refused(decide_objection(id, false, manager(942, TOWN)), "HANDS_DIFFER");
    let_pass(due);
    assert_refused(decide_objection(id, true, manager(942, TOWN)), "NOT_THE_UNION_ABOVE");
    theirs.union_id = a_union(&h, CITY);
    list = harness_output(&h, harness_call(&h, "Objections.ListObjections", &theirs.base, manager(943, CITY), NULL),
                          &subsidy__objection_list__descriptor);
    assert_int_equal(list->objections[0]->overdue, 1);
    assert_int_equal(list->objections[0]->office_id, a_union(&h, CITY));
    assert_int_equal(list->objections[0]->proposed, SUBSIDY__PROPOSED__PROPOSED_NONE);
    assert_string_equal(list->objections[0]->remark, "");
    assert_int_equal(list->objections[0]->due_at, due + 3 * DAY_MS);
    let_pass(due + 3 * DAY_MS);
    harness_reopen(&h);
    assert_int_equal(harness_number(&h, "SELECT sum(n) FROM figure WHERE what = 101"), 2);
    assert_int_equal(state_of(0), STATE(OBJECTED));
    assert_ok(decide_objection(id, false, manager(943, CITY)));
    assert_int_equal(objection_of(decide_objection(id, false, manager(944, CITY)))->state,
                     SUBSIDY__OBJECTION_STATE__OBJECTION_UNFOUNDED);
    let_pass(due + 30 * DAY_MS);
    assert_int_equal(harness_number(&h, "SELECT overdue FROM objection"), 2);
    assert_found(&h, "UPDATE objection SET overdue = 1", "UPDATE objection SET overdue = 2");
}

static void who_objects_is_told_that_it_is_decided(void **state)
{
    int64_t id;

    (void)state;
    begin();
    id = objection_of(raise_objection(ids[0], OBJECTOR))->objection_id;
    assert_ok(raise_objection(ids[0], OBJECTOR + 1));
    assert_ok(decide_objection(id, true, manager(941, CITY)));
    assert_int_equal(rows_of_notices(OBJECTOR), 0);
    assert_ok(decide_objection(id, true, manager(942, CITY)));
    assert_int_equal(rows_of_notices(OBJECTOR), 1);
    assert_int_equal(rows_of_notices(OBJECTOR + 1), 1); /* whose objection has nothing to be about any more */
    assert_int_equal(rows_of_notices(MEMBER), 0);
}

/* By accounts that became hers after she had said how it is. */
static void a_first_hand_that_has_to_do_with_it_since_counts_no_more(void **state)
{
    int64_t id;

    (void)state;
    begin();
    id = objection_of(raise_objection(ids[0], OBJECTOR))->objection_id;
    assert_ok(raise_objection(ids[0], OBJECTOR + 1));
    assert_ok(decide_objection(id, true, manager(941, CITY)));
    assert_int_equal(hear_merged(&h, OBJECTOR + 1, 941), 0);
    assert_int_equal(objection_of(decide_objection(id, true, manager(942, CITY)))->state,
                     SUBSIDY__OBJECTION_STATE__OBJECTION_OPEN);
    assert_refused(decide_objection(id, true, manager(941, CITY)), "ON_YOUR_OBJECTION");
    assert_int_equal(objection_of(decide_objection(id, true, manager(943, CITY)))->state,
                     SUBSIDY__OBJECTION_STATE__OBJECTION_UPHELD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_holds_that_payment_alone),
        TEST(so_many_of_one_person_are_open_at_once),
        TEST(two_of_the_union_above_decide_it),
        TEST(who_objects_to_somebody_decides_no_objection_to_her),
        TEST(when_it_is_upheld_the_next_gets_the_place),
        TEST(when_it_is_unfounded_she_is_paid_as_if_nothing_had_been),
        TEST(it_is_sealed_from_whom_it_is_about),
        TEST(who_has_lost_it_otherwise_is_objected_to_no_more),
        TEST(one_that_is_late_goes_to_the_union_above),
        TEST(who_objects_is_told_that_it_is_decided),
        TEST(a_first_hand_that_has_to_do_with_it_since_counts_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
