/* Reviews: who decides on what, and in what order. */
#include "services/subsidy/fixture.h"

static const Subsidy__ReviewList *list_of(const char *path, const Rpc__Principal *who, int page_size, const char *token)
{
    Subsidy__ListReviewsRequest request = SUBSIDY__LIST_REVIEWS_REQUEST__INIT;

    request.union_id = a_union(&h, path);
    request.page_size = page_size;
    request.page_token = unconst(token);
    return harness_output(&h, harness_call(&h, "Reviews.ListReviews", &request.base, who, NULL),
                          &subsidy__review_list__descriptor);
}

static const Subsidy__ReviewCount *count_of(const char *path, const Rpc__Principal *who)
{
    Subsidy__CountReviewsRequest request = SUBSIDY__COUNT_REVIEWS_REQUEST__INIT;

    request.union_id = a_union(&h, path);
    return harness_output(&h, harness_call(&h, "Reviews.CountReviews", &request.base, who, NULL),
                          &subsidy__review_count__descriptor);
}

static void an_application_passes_the_offices_of_its_scheme(void **state)
{
    int64_t id = handed_in(open_scheme(a_draft()), MEMBER);
    const Subsidy__ReviewItem *item;

    (void)state;
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)), "NOT_YOUR_STEP");
    item = item_of(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    assert_int_equal(item->office_id, a_union(&h, CITY));
    assert_string_equal(item->step_title, "市总工会复核");
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", finance(922, TOWN)), "NOT_YOUR_STEP");
    item = item_of(decide(id, SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)));
    assert_int_equal(item->state, SUBSIDY__APPLICATION_STATE__APPLICATION_APPROVED);
    assert_int_equal(item->office_id, 0);
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__SUBSIDY_APPROVED, id), 1);
    assert_refused(decide(id, SUBSIDY__VERDICT__REFUSE, "后悔", finance(921, CITY)), "NOT_IN_REVIEW");
    assert_refused(decide(id, SUBSIDY__VERDICT__VERDICT_NONE, "", finance(921, CITY)), "NOT_IN_REVIEW");
}

static void a_step_may_ask_for_several_hands(void **state)
{
    struct draft *draft = a_draft();
    int64_t id;

    (void)state;
    draft->steps[0].hands = 2;
    id = handed_in(open_scheme(draft), MEMBER);
    assert_int_equal(item_of(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)))->approvals, 1);
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)), "APPROVED_BY_YOU");
    assert_int_equal(item_of(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(912, TOWN)))->office_id,
                     a_union(&h, CITY));
}

/* Who has approved in one step is no hand in the next, whatever accounts and offices she has. */
static void nobody_approves_alone(void **state)
{
    struct draft *draft = a_draft();
    int64_t id;

    (void)state;
    draft->steps[1].role = RULE__ROLE__BENEFIT_MANAGER;
    id = handed_in(open_scheme(draft), MEMBER);
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, CITY)));
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, CITY)), "APPROVED_BY_YOU");
    assert_int_equal(hear_merged(&h, 911, 913), 0);
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(913, CITY)), "APPROVED_BY_YOU");
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", harness_newly(&h, manager(914, CITY), 913, now())),
                   "HAND_GAVE_OFFICE");
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(915, CITY)));
}

static void who_gave_the_first_hand_her_office_is_no_second(void **state)
{
    struct draft *draft = a_draft();
    int64_t id;

    (void)state;
    draft->steps[1].role = RULE__ROLE__BENEFIT_MANAGER;
    id = handed_in(open_scheme(draft), MEMBER);
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", harness_newly(&h, manager(911, CITY), 916, now())));
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(916, CITY)), "HAND_GAVE_OFFICE");
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(917, CITY)));
}

/* An office is given by two, and neither is a hand beside who has it. */
static void neither_of_the_two_who_gave_an_office_is_a_hand_beside_it(void **state)
{
    struct draft *draft = a_draft();
    int64_t scheme_id, id, givers[2] = {918, 916};
    Rpc__Principal *newly = harness_newly(&h, manager(911, CITY), 0, now());

    (void)state;
    newly->grants[0]->given_by = givers;
    newly->grants[0]->n_given_by = ARRAY_LEN(givers);
    draft->steps[1].role = RULE__ROLE__BENEFIT_MANAGER;
    scheme_id = open_scheme(draft);
    newly->grants[0]->given_at = now();
    id = handed_in(scheme_id, MEMBER);
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", newly));
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(918, CITY)), "HAND_GAVE_OFFICE");
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(916, CITY)), "HAND_GAVE_OFFICE");
    id = handed_in(scheme_id, MEMBER + 1);
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(916, CITY)));
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", newly), "HAND_GAVE_OFFICE");
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(917, CITY)));
}

/* By two accounts, which became one after she had applied with each. */
static void nobody_is_approved_twice_of_what_may_be_had_once(void **state)
{
    int64_t scheme_id = open_scheme(a_draft()), first = handed_in(scheme_id, MEMBER),
            second = handed_in(scheme_id, MEMBER + 1);

    (void)state;
    approve_whole(first);
    assert_int_equal(hear_merged(&h, MEMBER + 1, MEMBER), 0);
    do_what_is_due(&h);
    assert_refused(decide(second, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)), "APPROVED_BEFORE");
    assert_ok(decide(second, SUBSIDY__VERDICT__REFUSE, "重复申报", manager(911, TOWN)));
}

static void nobody_decides_on_herself(void **state)
{
    int64_t scheme_id = open_scheme(a_draft()), id = handed_in(scheme_id, MEMBER);

    (void)state;
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(MEMBER, TOWN)), "ON_YOURSELF");
    assert_int_equal(hear_merged(&h, MEMBER, MEMBER + 7), 0);
    assert_refused(decide(id, SUBSIDY__VERDICT__REFUSE, "x", manager(MEMBER + 7, TOWN)), "ON_YOURSELF");
    assert_refused(on_application("Reviews.TakeReview", id, manager(MEMBER + 7, TOWN)), "ON_YOURSELF");
}

/* An officer of a union applies: not decided by who gave her the office, nor by the officers of that union. */
static void nobody_decides_on_her_own_officers(void **state)
{
    int64_t scheme_id = open_scheme(a_draft()), id;
    Rpc__Principal *officer = harness_newly(&h, manager(MEMBER, TOWN), 911, now());

    (void)state;
    id = application_of(start(scheme_id, officer))->application_id;
    assert_ok(save(id, "certificate", "ZS00000500", officer));
    assert_ok(submit(id, officer));
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, CITY)), "ON_YOUR_APPOINTEE");
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(912, TOWN)), "ON_YOUR_COLLEAGUE");
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(912, CITY)));
}

static void one_that_is_taken_waits_for_who_has_taken_it(void **state)
{
    int64_t id = handed_in(open_scheme(a_draft()), MEMBER);

    (void)state;
    assert_int_equal(item_of(on_application("Reviews.TakeReview", id, manager(911, TOWN)))->taken_by, 911);
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(912, TOWN)), "TAKEN_BY_OTHER");
    assert_refused(on_application("Reviews.LeaveReview", id, manager(912, TOWN)), "TAKEN_BY_OTHER");
    assert_int_equal(item_of(on_application("Reviews.LeaveReview", id, manager(911, TOWN)))->taken_by, 0);
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(912, TOWN)));
}

static void who_is_not_known_by_name_decides_nothing(void **state)
{
    int64_t id = handed_in(open_scheme(a_draft()), MEMBER);

    (void)state;
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", harness_unnamed(manager(911, TOWN))), "NOT_KNOWN_BY_NAME");
}

static void an_office_sees_what_it_and_those_below_have_to_decide(void **state)
{
    int64_t scheme_id = open_scheme(a_draft()), ids[3];
    const Subsidy__ReviewList *list;

    (void)state;
    for (int i = 0; i < 3; i++)
        ids[i] = handed_in(scheme_id, MEMBER + i);
    list = list_of(CITY, manager(911, CITY), 2, "");
    assert_int_equal(list->n_items, 2);
    assert_int_equal(list->items[0]->application_id, ids[0]);
    assert_string_equal(list->items[0]->shown_name, "王*明");
    assert_int_equal(list->items[0]->n_answers, 0);
    list = list_of(CITY, manager(911, CITY), 2, list->next_page_token);
    assert_int_equal(list->n_items, 1);
    assert_int_equal(list->items[0]->application_id, ids[2]);
    assert_string_equal(list->next_page_token, "");
    assert_ok(decide(ids[1], SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    assert_int_equal(list_of(TOWN, manager(911, TOWN), 0, "")->n_items, 2);
    assert_int_equal(count_of(TOWN, manager(911, TOWN))->in_review, 2);
    assert_int_equal(count_of(CITY, manager(911, CITY))->in_review, 3);
    wait_until(now() + 5 * DAY_MS);
    harness_tidy(&h);
    assert_int_equal(count_of(CITY, manager(911, CITY))->overdue, 3);
    assert_int_equal(count_of(TOWN, manager(911, TOWN))->in_review, 0);
}

/* What she wrote is shown to who looks at it alone, and each look is hers to see. */
static void each_look_is_recorded_for_her(void **state)
{
    int64_t id = handed_in(open_scheme(a_draft()), MEMBER);
    const Subsidy__ReviewItem *item = item_of(on_application("Reviews.GetReview", id, manager(911, TOWN)));

    (void)state;
    assert_string_equal(item->answers[0]->text, "ZS00000500");
    assert_int_equal(item->n_steps, 1);
    assert_int_equal(get_hers(id, MEMBER)->n_looks, 1);
    assert_int_equal(get_hers(id, MEMBER)->looks[0]->at, now());
    assert_refused(on_application("Reviews.GetReview", id, manager(911, "0002")), "OUTSIDE_YOUR_UNION");
    assert_int_equal(get_hers(id, MEMBER)->n_looks, 1);
}

static void many_are_decided_each_with_its_own_outcome(void **state)
{
    Subsidy__DecideManyRequest request = SUBSIDY__DECIDE_MANY_REQUEST__INIT;
    Subsidy__DecideRequest decisions[3], *list[3];
    int64_t scheme_id = open_scheme(a_draft()), ids[2];
    const Subsidy__DecidedList *decided;

    (void)state;
    for (int i = 0; i < 2; i++)
        ids[i] = handed_in(scheme_id, MEMBER + i);
    for (int i = 0; i < 3; i++) {
        subsidy__decide_request__init(&decisions[i]);
        decisions[i].application_id = i < 2 ? ids[i] : ids[0] + 99;
        decisions[i].verdict = i == 1 ? SUBSIDY__VERDICT__REFUSE : SUBSIDY__VERDICT__APPROVE;
        list[i] = &decisions[i];
    }
    request.decisions = list;
    request.n_decisions = 3;
    decided = harness_output(&h, harness_call(&h, "Reviews.DecideMany", &request.base, manager(911, TOWN), NULL),
                             &subsidy__decided_list__descriptor);
    assert_int_equal(decided->n_decided, 3);
    assert_string_equal(decided->decided[0]->reason, "");
    assert_string_equal(decided->decided[1]->reason, "REMARK_MISSING");
    assert_string_equal(decided->decided[2]->reason, "APPLICATION_NOT_FOUND");
    assert_int_equal(get_hers(ids[0], MEMBER)->office_id, a_union(&h, CITY));
    assert_int_equal(get_hers(ids[1], MEMBER + 1)->office_id, a_union(&h, TOWN));
}

/* A union that moves takes along what it has to decide. */
static void what_an_office_has_moves_with_it(void **state)
{
    int64_t id = handed_in(open_scheme(a_draft()), MEMBER);

    (void)state;
    assert_int_equal(hear_moved(&h, TOWN, "00010009"), 0);
    assert_refused(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)), "OUTSIDE_YOUR_UNION");
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, "00010009")));
}

/* Among many of others, with pages of its own. */
static void an_inbox_of_one_scheme_has_that_alone(void **state)
{
    Subsidy__ListReviewsRequest request = SUBSIDY__LIST_REVIEWS_REQUEST__INIT;
    int64_t first = open_scheme(a_draft()), other, ids[2];
    const Subsidy__ReviewList *list;
    struct draft *draft = a_draft();

    (void)state;
    draft->scheme.opens_at = now() + 1;
    draft->scheme.n_fields = 0;
    other = open_scheme(draft);
    clock_step(&h.service.clock, 10);
    for (int i = 0; i < 2; i++) {
        handed_in(first, MEMBER + i);
        ids[i] = application_of(start(other, member_of(MEMBER + i)))->application_id;
        assert_ok(submit(ids[i], member_of(MEMBER + i)));
    }
    request.union_id = a_union(&h, CITY);
    request.scheme_id = other;
    request.page_size = 1;
    for (int i = 0; i < 2; i++) {
        list = harness_output(&h, harness_call(&h, "Reviews.ListReviews", &request.base, manager(911, CITY), NULL),
                              &subsidy__review_list__descriptor);
        assert_int_equal(list->n_items, 1);
        assert_int_equal(list->items[0]->application_id, ids[i]);
        request.page_token = list->next_page_token;
    }
    assert_string_equal(request.page_token, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_application_passes_the_offices_of_its_scheme),
        TEST(a_step_may_ask_for_several_hands),
        TEST(nobody_approves_alone),
        TEST(who_gave_the_first_hand_her_office_is_no_second),
        TEST(neither_of_the_two_who_gave_an_office_is_a_hand_beside_it),
        TEST(nobody_is_approved_twice_of_what_may_be_had_once),
        TEST(nobody_decides_on_herself),
        TEST(nobody_decides_on_her_own_officers),
        TEST(one_that_is_taken_waits_for_who_has_taken_it),
        TEST(who_is_not_known_by_name_decides_nothing),
        TEST(an_office_sees_what_it_and_those_below_have_to_decide),
        TEST(each_look_is_recorded_for_her),
        TEST(many_are_decided_each_with_its_own_outcome),
        TEST(what_an_office_has_moves_with_it),
        TEST(an_inbox_of_one_scheme_has_that_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
