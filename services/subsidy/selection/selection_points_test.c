/* Selections by points, and draws of several strata. */
#include "services/subsidy/fixture.h"

#define FEN   INT64_C(100000) /* what each gets */
#define SCORE SUBSIDY__SELECTION_KIND__BY_SCORE
#define LOT   SUBSIDY__SELECTION_KIND__BY_LOT

#define STATE(name) SUBSIDY__APPLICATION_STATE__APPLICATION_##name

static char *levels[] = {"中级工", "高级工", "技师"};

/* Whose form asks for a level and for years, beside the certificate. */
static struct draft *a_draft_of(int kind, int32_t places)
{
    struct draft *draft = a_funded_draft(a_fund(10 * FEN), 6 * FEN, kind, places);
    Subsidy__FormField *level = add_field(draft, "level", SUBSIDY__FIELD_KIND__CHOICE);

    level->choices = levels;
    level->n_choices = ARRAY_LEN(levels);
    add_field(draft, "years", SUBSIDY__FIELD_KIND__NUMBER);
    return draft;
}

static int64_t approved_with(int64_t scheme_id, int64_t member_id, const char *level, int64_t years)
{
    Subsidy__SaveApplicationRequest request = SUBSIDY__SAVE_APPLICATION_REQUEST__INIT;
    Subsidy__FieldAnswer answers[3], *list[3];
    char number[24];

    snprintf(number, sizeof(number), "ZS%08lld", (long long)member_id);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        subsidy__field_answer__init(&answers[i]);
        list[i] = &answers[i];
    }
    answers[0].field = "certificate";
    answers[0].text = number;
    answers[1].field = "level";
    answers[1].text = unconst(level);
    answers[2].field = "years";
    answers[2].number = years;
    request.application_id = application_of(start(scheme_id, member_of(member_id)))->application_id;
    request.answers = list;
    request.n_answers = ARRAY_LEN(list);
    assert_ok(harness_call(&h, "Applications.SaveApplication", &request.base, member_of(member_id), NULL));
    assert_ok(submit(request.application_id, member_of(member_id)));
    approve_whole(request.application_id);
    return request.application_id;
}

/* Who has most points gets it first, of equals who handed in first; the public sees how many each has. */
static void by_score_who_has_most_points_gets_it(void **state)
{
    struct draft *draft = a_draft_of(SCORE, 3);
    const Subsidy__PublicNotice *notice;
    int64_t scheme_id, ids[5];

    (void)state;
    add_points(draft, "level", "高级工", 10, 0);
    add_points(draft, "level", "技师", 20, 0);
    add_points(draft, "years", "", 2, 15);
    scheme_id = open_scheme(draft);
    ids[0] = approved_with(scheme_id, MEMBER, "中级工", 7);           /* 14 */
    ids[1] = approved_with(scheme_id, MEMBER + 1, "技师", 0);         /* 20 */
    ids[2] = approved_with(scheme_id, MEMBER + 2, "高级工", 5);       /* 20 */
    ids[3] = approved_with(scheme_id, MEMBER + 3, "中级工", 9000000); /* 15, and no more */
    ids[4] = approved_with(scheme_id, MEMBER + 4, "高级工", 0);       /* 10 */
    assert_int_equal(get_hers(ids[3], MEMBER + 3)->points, 15);
    let_pass(LIST_AT);
    notice = notice_of(scheme_id);
    assert_int_equal(notice->n_shown, 3);
    assert_int_equal(notice->shown[0]->application_id, ids[1]);
    assert_int_equal(notice->shown[0]->points, 20);
    assert_int_equal(notice->shown[1]->application_id, ids[2]);
    assert_int_equal(notice->shown[2]->application_id, ids[3]);
    assert_int_equal(get_hers(ids[0], MEMBER)->state, STATE(WAITING));
    assert_int_equal(hear_closed(&h, MEMBER + 1), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(get_hers(ids[0], MEMBER)->state, STATE(SHOWN));
    assert_int_equal(get_hers(ids[4], MEMBER + 4)->state, STATE(WAITING));
    assert_found(&h,
                 "UPDATE candidate SET behind = -19 WHERE behind = -20 AND first_seq = (SELECT min(first_seq) FROM "
                 "candidate WHERE behind = -20)",
                 "UPDATE candidate SET behind = -20 WHERE behind = -19");
    let_pass(UNTIL);
    assert_int_equal(get_hers(ids[4], MEMBER + 4)->state, STATE(NOT_CHOSEN));
}

/* Each stratum has places of its own, and who loses one makes room in hers. */
static void by_lot_each_stratum_has_its_places(void **state)
{
    struct draft *draft = a_draft_of(LOT, 3);
    const Subsidy__PublicNotice *notice;
    int64_t scheme_id, ids[6];
    int won = 0, lost = -1;

    (void)state;
    draft->selection.strata_field = "level";
    add_stratum(draft, "技师组", levels + 2, 1, 1)->waiting = 1;
    add_stratum(draft, "其他组", levels, 2, 2);
    add_points(draft, "years", "", 1, 9);
    scheme_id = open_scheme(draft);
    for (int i = 0; i < 6; i++)
        ids[i] = approved_with(scheme_id, MEMBER + i, levels[i < 2 ? 2 : i % 2], i);
    let_pass(LIST_AT);
    notice = notice_of(scheme_id);
    assert_int_equal(notice->n_shown, 3);
    assert_string_equal(notice->shown[0]->stratum, "技师组");
    assert_int_equal(notice->shown[0]->place, 1);
    assert_string_equal(notice->shown[1]->stratum, "其他组");
    assert_int_equal(notice->shown[1]->place, 1);
    assert_string_equal(notice->shown[2]->stratum, "其他组");
    assert_int_equal(notice->shown[2]->place, 2);
    for (int i = 0; i < 2; i++) {
        if (get_hers(ids[i], MEMBER + i)->state == STATE(SHOWN))
            won = i;
        else
            lost = i;
    }
    assert_int_equal(get_hers(ids[lost], MEMBER + lost)->state, STATE(WAITING));
    assert_int_equal(hear_closed(&h, MEMBER + won), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(get_hers(ids[lost], MEMBER + lost)->state, STATE(SHOWN));
    assert_int_equal(notice_of(scheme_id)->n_shown, 3);
    assert_int_equal(harness_number(&h, "SELECT max(weight) FROM lottery_entry"), 6);
}

/* A page of the notice goes on where the last one ended, also from one stratum to the next. */
static void the_notice_has_pages_over_strata(void **state)
{
    Subsidy__PublicNoticeRequest request = SUBSIDY__PUBLIC_NOTICE_REQUEST__INIT;
    struct draft *draft = a_draft_of(LOT, 4);
    const Subsidy__PublicNotice *page;
    int64_t scheme_id, seen[4];
    size_t n = 0;

    (void)state;
    draft->selection.strata_field = "level";
    add_stratum(draft, "技师组", levels + 2, 1, 2);
    add_stratum(draft, "其他组", levels, 2, 2);
    scheme_id = open_scheme(draft);
    for (int i = 0; i < 4; i++)
        approved_with(scheme_id, MEMBER + i, levels[i < 2 ? 2 : i % 2], 0);
    let_pass(LIST_AT);
    request.scheme_id = scheme_id;
    request.page_size = 1;
    do {
        page = harness_output(&h, harness_call(&h, "Selections.GetPublicNotice", &request.base, NULL, NULL),
                              &subsidy__public_notice__descriptor);
        assert_int_equal(page->n_shown, 1);
        for (size_t i = 0; i < n; i++)
            assert_true(seen[i] != page->shown[0]->application_id);
        assert_in_range(n, 0, 3);
        seen[n++] = page->shown[0]->application_id;
        request.page_token = page->next_page_token;
    } while (*request.page_token);
    assert_int_equal(n, 4);
}

static void points_that_count_nothing_are_refused(void **state)
{
    struct draft *draft = a_draft_of(SCORE, 3);

    (void)state;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "POINTS_WRONG", "scheme.selection.points");
    add_points(draft, "level", "院士", 10, 0);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "POINTS_WRONG", "scheme.selection.points");
    draft = a_draft_of(SCORE, 3);
    add_points(draft, "years", "", 2, 0);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "POINTS_WRONG", "scheme.selection.points");
    draft = a_draft_of(SCORE, 3);
    add_points(draft, "level", "技师", 10, 0);
    add_points(draft, "level", "技师", 20, 0);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "POINTS_WRONG", "scheme.selection.points");
    draft = a_draft_of(SUBSIDY__SELECTION_KIND__IN_ORDER, 3);
    add_points(draft, "level", "技师", 10, 0);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "POINTS_WRONG", "scheme.selection.points");
    draft = a_draft_of(LOT, 3);
    add_points(draft, "level", "技师", 60, 0);
    add_points(draft, "level", "高级工", 50, 0);
    add_points(draft, "years", "", 1, 40);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "POINTS_WRONG", "scheme.selection.points");
    draft->points[2].most = 39;
    assert_ok(create_scheme(draft, manager(901, CITY)));
}

static void strata_that_are_not_all_are_refused(void **state)
{
    struct draft *draft = a_draft_of(LOT, 3);

    (void)state;
    draft->selection.strata_field = "level";
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "STRATA_WRONG", "scheme.selection.strata");
    add_stratum(draft, "技师组", levels + 2, 1, 3);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "STRATA_WRONG", "scheme.selection.strata");
    add_stratum(draft, "其他组", levels + 1, 2, 1);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "STRATA_WRONG", "scheme.selection.strata");
    draft->strata[1].choices = levels;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "STRATA_WRONG", "scheme.selection.strata");
    draft->strata[0].places = 2;
    assert_ok(create_scheme(draft, manager(901, CITY)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(by_score_who_has_most_points_gets_it), TEST(by_lot_each_stratum_has_its_places),
        TEST(the_notice_has_pages_over_strata),     TEST(points_that_count_nothing_are_refused),
        TEST(strata_that_are_not_all_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
