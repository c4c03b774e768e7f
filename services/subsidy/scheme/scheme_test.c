/* Schemes: what one may say, and that two officials open it. */
#include "services/subsidy/fixture.h"

static void a_draft_is_seen_by_its_officials_alone(void **state)
{
    int64_t id = scheme_of(create_scheme(a_draft(), manager(901, CITY)))->scheme_id;
    const Subsidy__Scheme *scheme;

    (void)state;
    assert_refused(on_scheme("Schemes.GetScheme", id, member_of(MEMBER)), "SCHEME_NOT_FOUND");
    scheme = scheme_of(on_scheme("Schemes.GetScheme", id, manager(901, CITY)));
    assert_int_equal(scheme->state, SUBSIDY__SCHEME_STATE__SCHEME_DRAFT);
    assert_int_equal(scheme->union_id, a_union(&h, CITY));
    assert_int_equal(scheme->audience->union_id, a_union(&h, CITY));
    assert_string_equal(scheme->fields[0]->name, "certificate");
    assert_false(scheme->waits_for_hand);
}

static size_t n_listed(const char *path, const Rpc__Principal *who)
{
    Subsidy__ListSchemesRequest request = SUBSIDY__LIST_SCHEMES_REQUEST__INIT;
    const Subsidy__SchemeList *list;

    request.union_id = path ? a_union(&h, path) : 0;
    list = harness_output(&h, harness_call(&h, "Schemes.ListSchemes", &request.base, who, NULL),
                          &subsidy__scheme_list__descriptor);
    return list->n_schemes;
}

/* Who audits reads what her unions pay, and changes nothing of it. */
static void an_auditor_lists_and_reads_them(void **state)
{
    Subsidy__ListSchemesRequest request = SUBSIDY__LIST_SCHEMES_REQUEST__INIT;
    const Rpc__Principal *auditor = harness_official(&h, 905, RULE__ROLE__AUDIT_ADMIN, CITY),
                         *of_town = harness_official(&h, 906, RULE__ROLE__AUDIT_ADMIN, TOWN);
    int64_t id = scheme_of(create_scheme(a_draft(), manager(901, CITY)))->scheme_id;

    (void)state;
    assert_int_equal(n_listed(NULL, auditor), 1);
    assert_int_equal(n_listed(CITY, auditor), 1);
    assert_ok(on_scheme("Schemes.GetScheme", id, auditor));
    assert_int_equal(n_listed(NULL, of_town), 0);
    request.union_id = a_union(&h, CITY);
    assert_refused(harness_call(&h, "Schemes.ListSchemes", &request.base, of_town, NULL), "OUTSIDE_YOUR_UNION");
    assert_refused(on_scheme("Schemes.GetScheme", id, of_town), "SCHEME_NOT_FOUND");
    assert_refused(on_scheme("Schemes.OpenScheme", id, auditor), "NOT_OFFICIAL");
}

static void two_officials_open_it_and_then_it_is_fixed(void **state)
{
    Subsidy__UpdateSchemeRequest update = SUBSIDY__UPDATE_SCHEME_REQUEST__INIT;
    struct draft *draft = a_draft();
    int64_t id = scheme_of(create_scheme(draft, manager(901, CITY)))->scheme_id;

    (void)state;
    assert_true(scheme_of(on_scheme("Schemes.OpenScheme", id, manager(901, CITY)))->waits_for_hand);
    assert_refused(on_scheme("Schemes.OpenScheme", id, manager(901, CITY)), "SCHEME_OWN_HAND");
    assert_refused(on_scheme("Schemes.GetScheme", id, member_of(MEMBER)), "SCHEME_NOT_FOUND");
    assert_int_equal(scheme_of(on_scheme("Schemes.OpenScheme", id, manager(902, CITY)))->state,
                     SUBSIDY__SCHEME_STATE__SCHEME_OPEN);
    update.scheme_id = id;
    update.scheme = &draft->scheme;
    assert_refused(harness_call(&h, "Schemes.UpdateScheme", &update.base, manager(901, CITY), NULL), "SCHEME_FIXED");
    harness_reopen(&h);
    assert_ok(on_scheme("Schemes.GetScheme", id, member_of(MEMBER)));
}

/* What the second hand confirms is what the first one proposed. */
static void a_draft_that_is_changed_is_proposed_anew(void **state)
{
    Subsidy__UpdateSchemeRequest update = SUBSIDY__UPDATE_SCHEME_REQUEST__INIT;
    struct draft *draft = a_draft();
    int64_t id = scheme_of(create_scheme(draft, manager(901, CITY)))->scheme_id;

    (void)state;
    assert_ok(on_scheme("Schemes.OpenScheme", id, manager(901, CITY)));
    draft->amount.fen = 99900000;
    update.scheme_id = id;
    update.scheme = &draft->scheme;
    assert_false(
        scheme_of(harness_call(&h, "Schemes.UpdateScheme", &update.base, manager(901, CITY), NULL))->waits_for_hand);
    assert_true(scheme_of(on_scheme("Schemes.OpenScheme", id, manager(902, CITY)))->waits_for_hand);
    assert_int_equal(scheme_of(on_scheme("Schemes.OpenScheme", id, manager(901, CITY)))->state,
                     SUBSIDY__SCHEME_STATE__SCHEME_OPEN);
}

static void a_next_version_takes_the_place_of_the_one_before(void **state)
{
    struct draft *draft = a_draft();
    int64_t first = open_scheme(draft), second;
    const Subsidy__Scheme *scheme;

    (void)state;
    draft = a_draft();
    draft->scheme.replaces_id = first;
    draft->scheme.opens_at = now() + 1000;
    draft->amount.fen = 200000;
    second = scheme_of(create_scheme(draft, manager(901, CITY)))->scheme_id;
    assert_ok(on_scheme("Schemes.OpenScheme", second, manager(901, CITY)));
    assert_int_equal(scheme_of(on_scheme("Schemes.GetScheme", first, member_of(MEMBER)))->state,
                     SUBSIDY__SCHEME_STATE__SCHEME_OPEN);
    assert_ok(on_scheme("Schemes.OpenScheme", second, manager(902, CITY)));
    assert_int_equal(scheme_of(on_scheme("Schemes.GetScheme", first, member_of(MEMBER)))->state,
                     SUBSIDY__SCHEME_STATE__SCHEME_CLOSED);
    scheme = scheme_of(on_scheme("Schemes.GetScheme", second, member_of(MEMBER)));
    assert_int_equal(scheme->family_id, first);
    assert_int_equal(scheme->amount->fen, 200000);
}

static void one_that_is_closed_takes_nobody_any_more(void **state)
{
    int64_t id = scheme_of(create_scheme(a_draft(), manager(901, CITY)))->scheme_id, handed;

    (void)state;
    assert_refused(on_scheme("Schemes.CloseScheme", id, manager(901, CITY)), "SCHEME_NOT_OPEN");
    id = open_scheme(a_draft());
    handed = handed_in(id, MEMBER);
    assert_int_equal(scheme_of(on_scheme("Schemes.CloseScheme", id, manager(901, CITY)))->state,
                     SUBSIDY__SCHEME_STATE__SCHEME_CLOSED);
    assert_refused(start(id, member_of(MEMBER + 1)), "SCHEME_NOT_OPEN");
    approve_whole(handed);
}

static void what_cannot_be_a_scheme_is_refused(void **state)
{
    struct draft *draft = a_draft();
    int64_t rows = harness_number(&h, "SELECT count(*) FROM journal");

    (void)state;
    draft->scheme.closes_at = draft->scheme.opens_at;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SCHEME_TIMES_WRONG", "scheme.closesAt");
    draft = a_draft();
    draft->fields[0].name = "证书";
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "FIELD_NAME_BAD", "scheme.fields[0].name");
    draft = a_draft();
    add_field(draft, "certificate", SUBSIDY__FIELD_KIND__TEXT);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "FIELD_TWICE", "scheme.fields[1].name");
    draft = a_draft();
    add_field(draft, "level", SUBSIDY__FIELD_KIND__CHOICE);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "CHOICES_WRONG", "scheme.fields[1].choices");
    draft = a_draft();
    add_field(draft, "why", SUBSIDY__FIELD_KIND__TEXT)->asked_with = "certificate";
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "CONDITION_WRONG", "scheme.fields[1].askedWith");
    draft = a_draft();
    draft->amount.fen = 0;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "AMOUNT_WRONG", "scheme.amount");
    draft = a_draft();
    draft->scheme.once = SUBSIDY__ONCE__ONCE_PERIOD;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "PERIOD_MISSING", "scheme.period");
    draft = a_draft();
    draft->scheme.n_steps = 0;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "NO_REVIEW_STEPS", "scheme.steps");
    draft = a_draft();
    draft->scheme.n_steps = 1;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "TOO_FEW_HANDS", "scheme.steps");
    draft = a_draft();
    draft->steps[0].role = RULE__ROLE__COMPANY_AGENT;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "REVIEW_ROLE_WRONG", "scheme.steps[0].role");
    draft = a_draft();
    draft->steps[0].level = 1;
    draft->steps[1].level = 2;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "STEPS_OUT_OF_ORDER", "scheme.steps[1].level");
    assert_refused(create_scheme(a_draft(), manager(901, TOWN)), "OUTSIDE_YOUR_UNION");
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM journal"), rows);
}

/* A page of schemes is one answer, so that none may be too long for it. */
static void a_scheme_has_so_many_words(void **state)
{
    struct draft *draft = a_draft();
    char *choices[50];

    (void)state;
    for (int i = 0; i < 7; i++) {
        Subsidy__FormField *field = add_field(draft, arena_printf(&h.arena, "f%d", i), SUBSIDY__FIELD_KIND__CHOICE);

        for (int j = 0; j < 50; j++)
            choices[j] = arena_printf(&h.arena, "%058d%02d", 0, j);
        field->choices = memcpy(harness_alloc(&h, sizeof(choices)), choices, sizeof(choices));
        field->n_choices = 50;
    }
    assert_ok(create_scheme(draft, manager(901, CITY)));
    draft->scheme.basis = memset(harness_alloc(&h, 12001), 'x', 12000);
    for (int i = 0; i < 4000; i++)
        memcpy(draft->scheme.basis + 3 * i, "补", 3);
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "TOO_LONG", "scheme");
}

/* A member sees what is open for her union, and why she may not apply. */
static void a_member_is_told_why_not(void **state)
{
    Subsidy__ListMySchemesRequest request = SUBSIDY__LIST_MY_SCHEMES_REQUEST__INIT;
    const Subsidy__SchemesForMe *list;
    int64_t id = open_scheme(a_draft());

    (void)state;
    list = harness_output(&h, harness_call(&h, "Schemes.ListMySchemes", &request.base, member_of(MEMBER), NULL),
                          &subsidy__schemes_for_me__descriptor);
    assert_int_equal(list->n_schemes, 1);
    assert_string_equal(list->schemes[0]->reason, "");
    wait_until(OPENS + 61 * DAY_MS);
    list = harness_output(&h, harness_call(&h, "Schemes.ListMySchemes", &request.base, member_of(MEMBER), NULL),
                          &subsidy__schemes_for_me__descriptor);
    assert_string_equal(list->schemes[0]->reason, "TIME_OVER");
    assert_int_equal(list->schemes[0]->scheme->scheme_id, id);
    list = harness_output(&h,
                          harness_call(&h, "Schemes.ListMySchemes", &request.base, harness_member(&h, 1, "0002"), NULL),
                          &subsidy__schemes_for_me__descriptor);
    assert_int_equal(list->n_schemes, 0);
}

/* All at once, so that she need not come again to hear the next. */
static void a_member_is_told_all_that_stands_in_her_way(void **state)
{
    Audience__Audience whom = AUDIENCE__AUDIENCE__INIT;
    struct draft *draft = a_draft();
    Subsidy__SchemeRequest request = SUBSIDY__SCHEME_REQUEST__INIT;
    const Subsidy__SchemeForMe *told;

    (void)state;
    whom.born_from = 2099;
    whom.member_months = 1200;
    draft->scheme.audience = &whom;
    request.scheme_id = scheme_of(create_scheme(draft, manager(901, CITY)))->scheme_id;
    assert_refused(harness_call(&h, "Schemes.GetMyScheme", &request.base, manager(901, CITY), NULL),
                   "SCHEME_NOT_FOUND");
    request.scheme_id = open_scheme(draft);
    told = harness_output(&h, harness_call(&h, "Schemes.GetMyScheme", &request.base, member_of(MEMBER), NULL),
                          &subsidy__scheme_for_me__descriptor);
    assert_string_equal(told->reason, "NOT_FOR_BIRTH_YEAR");
    assert_int_equal(told->n_findings, 2);
    assert_string_equal(told->findings[0]->reason, "NOT_FOR_BIRTH_YEAR");
    assert_string_equal(told->findings[1]->reason, "NOT_FOR_NEWCOMERS");
    assert_true(*told->findings[1]->words);
    request.scheme_id = open_scheme(a_draft());
    wait_until(OPENS + 61 * DAY_MS);
    told = harness_output(&h, harness_call(&h, "Schemes.GetMyScheme", &request.base, member_of(MEMBER), NULL),
                          &subsidy__scheme_for_me__descriptor);
    assert_int_equal(told->n_findings, 1);
    assert_string_equal(told->findings[0]->reason, "TIME_OVER");
    /* Of what she has had too. */
    draft = a_draft();
    draft->scheme.opens_at = now() + 1;
    draft->scheme.closes_at = now() + DAY_MS;
    request.scheme_id = scheme_of(create_scheme(draft, manager(901, CITY)))->scheme_id;
    assert_ok(on_scheme("Schemes.OpenScheme", request.scheme_id, manager(901, CITY)));
    assert_ok(on_scheme("Schemes.OpenScheme", request.scheme_id, manager(902, CITY)));
    wait_until(now() + 1);
    handed_in(request.scheme_id, MEMBER);
    wait_until(now() + DAY_MS);
    told = harness_output(&h, harness_call(&h, "Schemes.GetMyScheme", &request.base, member_of(MEMBER), NULL),
                          &subsidy__scheme_for_me__descriptor);
    assert_int_equal(told->n_findings, 2);
    assert_string_equal(told->reason, "TIME_OVER");
    assert_string_equal(told->findings[0]->reason, "TIME_OVER");
    assert_string_equal(told->findings[1]->reason, "STILL_DECIDED");
}

static void the_regions_of_a_form_are_told(void **state)
{
    Subsidy__GetAreasRequest request = SUBSIDY__GET_AREAS_REQUEST__INIT;
    const Subsidy__AreaList *list;

    (void)state;
    list = harness_output(&h, harness_call(&h, "Schemes.GetAreas", &request.base, member_of(MEMBER), NULL),
                          &subsidy__area_list__descriptor);
    assert_int_equal(list->n_areas, 34);
    assert_string_equal(list->areas[0]->name, "北京市");
    request.within = unconst("4406");
    list = harness_output(&h, harness_call(&h, "Schemes.GetAreas", &request.base, member_of(MEMBER), NULL),
                          &subsidy__area_list__descriptor);
    assert_string_equal(list->areas[0]->code, "440604");
    request.within = unconst("xx");
    list = harness_output(&h, harness_call(&h, "Schemes.GetAreas", &request.base, member_of(MEMBER), NULL),
                          &subsidy__area_list__descriptor);
    assert_int_equal(list->n_areas, 0);
}

static void the_audit_finds_terms_that_were_changed(void **state)
{
    (void)state;
    open_scheme(a_draft());
    assert_found(&h, "UPDATE scheme SET terms = CAST(terms || x'00' AS BLOB)",
                 "UPDATE scheme SET terms = substr(terms, 1, length(terms) - 1)");
    assert_found(&h, "UPDATE audience SET age_from = 60", "UPDATE audience SET age_from = 0");
    assert_found(&h, "UPDATE scheme SET state = 3", "UPDATE scheme SET state = 2");
    assert_found(&h, "UPDATE two_hands SET state = 3", "UPDATE two_hands SET state = 2");
    assert_found(&h, "UPDATE scheme SET union_path = '0002'", "UPDATE scheme SET union_path = '0001'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_draft_is_seen_by_its_officials_alone),
        TEST(an_auditor_lists_and_reads_them),
        TEST(two_officials_open_it_and_then_it_is_fixed),
        TEST(a_draft_that_is_changed_is_proposed_anew),
        TEST(a_next_version_takes_the_place_of_the_one_before),
        TEST(one_that_is_closed_takes_nobody_any_more),
        TEST(what_cannot_be_a_scheme_is_refused),
        TEST(a_scheme_has_so_many_words),
        TEST(a_member_is_told_why_not),
        TEST(a_member_is_told_all_that_stands_in_her_way),
        TEST(the_regions_of_a_form_are_told),
        TEST(the_audit_finds_terms_that_were_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
