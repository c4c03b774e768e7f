/* Files of skills: what approvals leave in them, who sees it, and who finds it. */
#include "common/benefit/holders/holders_fixture.h"
#include "common/cn/cn_id.h"
#include "services/subsidy/fixture.h"

#define LEVEL "高级工"
#define TRADE "网约配送员"

static Subsidy__SkillTerm term;

/* A certificate of a level, in an occupation, of a day. */
static struct draft *with_skill(struct draft *draft)
{
    static char *levels[] = {"中级工", LEVEL};
    Subsidy__FormField *level = add_field(draft, "level", SUBSIDY__FIELD_KIND__CHOICE);

    level->choices = levels;
    level->n_choices = ARRAY_LEN(levels);
    add_field(draft, "occupation", SUBSIDY__FIELD_KIND__TEXT);
    add_field(draft, "issued", SUBSIDY__FIELD_KIND__DATE)->optional = true;
    subsidy__skill_term__init(&term);
    term.kind = SUBSIDY__SKILL_KIND__SKILL_CERTIFICATE;
    term.title = "职业技能等级证书";
    term.occupation_field = "occupation";
    term.level_field = "level";
    term.day_field = "issued";
    draft->scheme.skill = &term;
    return draft;
}

static struct draft *a_skill_draft(void)
{
    return with_skill(a_draft());
}

static int64_t handed_in_of(int64_t scheme_id, Rpc__Principal *who, const char *occupation, int32_t date)
{
    Subsidy__SaveApplicationRequest request = SUBSIDY__SAVE_APPLICATION_REQUEST__INIT;
    Subsidy__FieldAnswer answers[4], *list[] = {&answers[0], &answers[1], &answers[2], &answers[3]};
    char number[48];

    for (unsigned i = 0; i < ARRAY_LEN(answers); i++)
        subsidy__field_answer__init(&answers[i]);
    snprintf(number, sizeof(number), "ZS%lldN%lld", (long long)scheme_id, (long long)who->member_id);
    answers[0].field = "certificate";
    answers[0].text = number;
    answers[1].field = "level";
    answers[1].text = LEVEL;
    answers[2].field = "occupation";
    answers[2].text = unconst(occupation);
    answers[3].field = "issued";
    answers[3].date = date;
    request.application_id = application_of(start(scheme_id, who))->application_id;
    request.answers = list;
    request.n_answers = ARRAY_LEN(answers);
    assert_ok(harness_call(&h, "Applications.SaveApplication", &request.base, who, NULL));
    assert_ok(submit(request.application_id, who));
    return request.application_id;
}

static int64_t approved(int64_t scheme_id, int64_t member_id, const char *occupation, int32_t date)
{
    int64_t id = handed_in_of(scheme_id, member_of(member_id), occupation, date);

    approve_whole(id);
    return id;
}

static const Subsidy__SkillList *skills_of(int64_t member_id)
{
    Subsidy__ListMySkillsRequest request = SUBSIDY__LIST_MY_SKILLS_REQUEST__INIT;

    return harness_output(&h, harness_call(&h, "Skills.ListMySkills", &request.base, member_of(member_id), NULL),
                          &subsidy__skill_list__descriptor);
}

static Subsidy__SearchSkillsRequest search_in(const char *path, const char *occupation, const char *level)
{
    Subsidy__SearchSkillsRequest request = SUBSIDY__SEARCH_SKILLS_REQUEST__INIT;

    request.union_id = a_union(&h, path);
    request.occupation = unconst(occupation);
    request.level = unconst(level);
    return request;
}

static const Rpc__Answer *search(const Subsidy__SearchSkillsRequest *request, const Rpc__Principal *who)
{
    return harness_call(&h, "Skills.SearchSkills", &request->base, who, NULL);
}

static const Subsidy__SkillFoundList *found_by(const Subsidy__SearchSkillsRequest *request, const Rpc__Principal *who)
{
    return harness_output(&h, search(request, who), &subsidy__skill_found_list__descriptor);
}

static size_t found(const char *path, const char *occupation, const char *level)
{
    Subsidy__SearchSkillsRequest request = search_in(path, occupation, level);

    return found_by(&request, manager(911, path))->n_skills;
}

static void an_approval_leaves_what_the_scheme_says(void **state)
{
    int64_t scheme_id = open_scheme(a_skill_draft()), id;
    const Subsidy__Application *application;
    const Subsidy__Skill *skill;

    (void)state;
    id = handed_in_of(scheme_id, member_of(MEMBER), TRADE, 20250620);
    assert_int_equal(skills_of(MEMBER)->n_skills, 0);
    approve_whole(id);
    assert_int_equal(skills_of(MEMBER)->n_skills, 1);
    skill = skills_of(MEMBER)->skills[0];
    assert_int_equal(skill->application_id, id);
    assert_int_equal(skill->kind, SUBSIDY__SKILL_KIND__SKILL_CERTIFICATE);
    assert_string_equal(skill->title, "职业技能等级证书");
    assert_string_equal(skill->occupation, TRADE);
    assert_string_equal(skill->level, LEVEL);
    assert_int_equal(skill->date, 20250620);
    assert_int_equal(skill->year, 2025);
    assert_string_equal(skill->scheme_title, "学历补贴");
    assert_int_equal(skill->union_id, a_union(&h, CITY));
    application = get_hers(id, MEMBER);
    assert_int_equal(application->steps[application->n_steps - 1]->kind, SUBSIDY__STEP_KIND__STEP_DECIDED);
    assert_int_equal(skill->seq, application->steps[application->n_steps - 1]->seq);
    assert_memory_equal(skill->hash.data, application->steps[application->n_steps - 1]->hash.data, 32);
    assert_int_equal(skills_of(MEMBER + 1)->n_skills, 0);
    harness_reopen(&h);
    assert_int_equal(skills_of(MEMBER)->n_skills, 1);
}

static void without_a_day_it_is_the_day_of_the_approval_and_without_a_term_nothing(void **state)
{
    int64_t others = open_scheme(a_draft()), scheme_id = open_scheme(a_skill_draft());

    (void)state;
    approve_whole(handed_in(others, MEMBER));
    assert_int_equal(skills_of(MEMBER)->n_skills, 0);
    approved(scheme_id, MEMBER + 1, TRADE, 0);
    assert_int_equal(skills_of(MEMBER + 1)->skills[0]->date, cn_day(now()));
}

static void unions_find_by_occupation_level_and_year_over_their_subtree(void **state)
{
    int64_t scheme_id = open_scheme(a_skill_draft());
    Subsidy__SearchSkillsRequest request;
    const Subsidy__SkillFoundList *list;

    (void)state;
    a_union(&h, "00010007");
    approved(scheme_id, MEMBER, TRADE, 20250620);
    approved(scheme_id, MEMBER + 1, "电工", 20230620);
    assert_int_equal(found(CITY, "", ""), 2);
    assert_int_equal(found(TOWN, "", ""), 2);
    assert_int_equal(found("00010007", "", ""), 0);
    assert_int_equal(found(CITY, TRADE, ""), 1);
    assert_int_equal(found(CITY, " 网约 配送员", LEVEL), 1);
    assert_int_equal(found(CITY, TRADE, "中级工"), 0);
    assert_int_equal(found(CITY, "", LEVEL), 2);
    assert_int_equal(found(CITY, "网约", ""), 0);
    request = search_in(CITY, "", "");
    request.year_from = 2024;
    list = found_by(&request, manager(911, CITY));
    assert_int_equal(list->n_skills, 1);
    assert_string_equal(list->skills[0]->shown_name, "王*明");
    assert_string_equal(list->skills[0]->occupation, TRADE);
    assert_int_equal(list->skills[0]->union_id, a_union(&h, COMPANY));
    request.year_to = 2024;
    assert_int_equal(found_by(&request, manager(911, CITY))->n_skills, 0);
    request.year_to = 2023;
    assert_refused_at(search(&request, manager(911, CITY)), "SKILL_YEARS_WRONG", "yearTo");
    request = search_in(CITY, "", "");
    assert_refused_at(search(&request, manager(911, TOWN)), "OUTSIDE_YOUR_UNION", "unionId");
    request.page_size = 1;
    list = found_by(&request, manager(911, CITY));
    assert_int_equal(list->n_skills, 1);
    assert_string_not_equal(list->next_page_token, "");
    request.page_token = list->next_page_token;
    list = found_by(&request, manager(911, CITY));
    assert_int_equal(list->n_skills, 1);
    assert_int_equal(list->skills[0]->year, 2023);
}

static void who_looks_at_a_file_is_recorded_for_her_to_see(void **state)
{
    int64_t scheme_id = open_scheme(a_skill_draft()), id = approved(scheme_id, MEMBER, TRADE, 20250620);
    const Subsidy__SkillFile *file;

    (void)state;
    assert_int_equal(get_hers(id, MEMBER)->n_looks, 0);
    file = harness_output(&h, on_application("Skills.GetSkillFile", id, manager(911, CITY)),
                          &subsidy__skill_file__descriptor);
    assert_string_equal(file->shown_name, "王*明");
    assert_int_equal(file->n_skills, 1);
    assert_string_equal(file->skills[0]->title, "职业技能等级证书");
    assert_int_equal(get_hers(id, MEMBER)->n_looks, 1);
    assert_refused(on_application("Skills.GetSkillFile", id, manager(911, "00010007")), "OUTSIDE_YOUR_UNION");
    assert_refused(on_application("Skills.GetSkillFile", id + 1, manager(911, CITY)), "SKILL_NOT_FOUND");
    assert_int_equal(get_hers(id, MEMBER)->n_looks, 1);
}

/* Of what she has from elsewhere a union that is not above sees nothing, and nothing of it is looked at. */
static void a_union_sees_what_its_own_have_attested(void **state)
{
    int64_t first = open_scheme(a_skill_draft()), second = open_scheme(a_skill_draft()), here, there;
    Rpc__Principal *moved = harness_member(&h, MEMBER, "00010007");
    const Subsidy__SkillFile *file;

    (void)state;
    a_union(&h, "00010007");
    here = approved(first, MEMBER, TRADE, 20250620);
    moved->shown_name = "王*明";
    there = handed_in_of(second, moved, TRADE, 20260110);
    assert_ok(decide(there, SUBSIDY__VERDICT__APPROVE, "", manager(911, "00010007")));
    assert_ok(decide(there, SUBSIDY__VERDICT__APPROVE, "", finance(921, CITY)));
    file = harness_output(&h, on_application("Skills.GetSkillFile", here, manager(911, TOWN)),
                          &subsidy__skill_file__descriptor);
    assert_int_equal(file->n_skills, 1);
    assert_int_equal(file->skills[0]->application_id, here);
    assert_int_equal(get_hers(here, MEMBER)->n_looks, 1);
    assert_int_equal(get_hers(there, MEMBER)->n_looks, 0);
    file = harness_output(&h, on_application("Skills.GetSkillFile", here, manager(911, CITY)),
                          &subsidy__skill_file__descriptor);
    assert_int_equal(file->n_skills, 2);
}

/* Of what is refused after all, as by an objection, nothing stands. */
static void an_entry_stands_as_long_as_its_approval(void **state)
{
    struct draft *draft = with_skill(a_funded_draft(a_fund(10000000), 1000000, SUBSIDY__SELECTION_KIND__ALL, 0));
    int64_t scheme_id, id, objection_id;

    (void)state;
    draft->scheme.union_id = a_union(&h, TOWN);
    draft->steps[1].role = RULE__ROLE__BENEFIT_MANAGER;
    scheme_id = open_scheme(draft);
    id = handed_in_of(scheme_id, member_of(MEMBER), TRADE, 20250620);
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, TOWN)));
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(912, TOWN)));
    objection_id = objection_of(raise_objection(id, MEMBER + 9))->objection_id;
    assert_int_equal(skills_of(MEMBER)->n_skills, 1);
    assert_ok(decide_objection(objection_id, true, manager(921, CITY)));
    assert_ok(decide_objection(objection_id, true, manager(922, CITY)));
    assert_int_equal(get_hers(id, MEMBER)->state, SUBSIDY__APPLICATION_STATE__APPLICATION_REFUSED);
    assert_int_equal(skills_of(MEMBER)->n_skills, 0);
    assert_int_equal(found(CITY, TRADE, ""), 0);
    assert_refused(on_application("Skills.GetSkillFile", id, manager(911, CITY)), "SKILL_NOT_FOUND");
}

static void the_file_goes_with_her_accounts(void **state)
{
    int64_t scheme_id = open_scheme(a_skill_draft());
    struct exported all;

    (void)state;
    approved(scheme_id, MEMBER + 1, TRADE, 20250620);
    assert_int_equal(hear_merged(&h, MEMBER + 1, MEMBER), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(skills_of(MEMBER)->n_skills, 1);
    all = export_person(&h, MEMBER);
    assert_int_equal(exported_count(&all, "skills", "\"occupation\":\"" TRADE "\""), 1);
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    harness_work(&h, do_what_is_due);
    assert_int_equal(skills_of(MEMBER)->n_skills, 0);
    assert_int_equal(found(CITY, "", ""), 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM skill WHERE said <> x'' OR occupation <> x''"), 0);
}

static void a_term_points_to_fields_that_fit(void **state)
{
    static const Rule__Role chair = RULE__ROLE__UNION_ADMIN;
    struct draft *draft = a_skill_draft();

    (void)state;
    term.title = "";
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SKILL_TERM_WRONG", "scheme.skill");
    term.title_field = "issued";
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SKILL_TERM_WRONG", "scheme.skill");
    term.title_field = "occupation";
    draft->fields[2].optional = true;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SKILL_TERM_WRONG", "scheme.skill");
    draft->fields[2].optional = false;
    assert_ok(create_scheme(draft, manager(901, CITY)));
    draft->fields[2].sensitive = true;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SKILL_TERM_WRONG", "scheme.skill");
    draft->fields[2].sensitive = false;
    term.level_field = "occupation";
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SKILL_TERM_WRONG", "scheme.skill");
    term.level_field = "nothing";
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SKILL_TERM_WRONG", "scheme.skill");
    term.level_field = "level";
    draft->applicant_roles[0] = chair;
    draft->scheme.applicant_roles = draft->applicant_roles;
    draft->scheme.n_applicant_roles = 1;
    assert_refused_at(create_scheme(draft, manager(901, CITY)), "SKILL_TERM_WRONG", "scheme.skill");
}

static void the_audit_finds_an_entry_that_nobody_attested(void **state)
{
    int64_t scheme_id = open_scheme(a_skill_draft());

    (void)state;
    approved(scheme_id, MEMBER, TRADE, 20250620);
    assert_found(&h, "UPDATE skill SET member_id = member_id + 1", "UPDATE skill SET member_id = member_id - 1");
    assert_found(&h, "UPDATE skill SET application_id = application_id + 1",
                 "UPDATE skill SET application_id = application_id - 1");
    assert_found(&h, "UPDATE skill SET said = CAST(said || x'00' AS BLOB)",
                 "UPDATE skill SET said = substr(said, 1, length(said) - 1)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_approval_leaves_what_the_scheme_says),
        TEST(without_a_day_it_is_the_day_of_the_approval_and_without_a_term_nothing),
        TEST(unions_find_by_occupation_level_and_year_over_their_subtree),
        TEST(who_looks_at_a_file_is_recorded_for_her_to_see),
        TEST(a_union_sees_what_its_own_have_attested),
        TEST(an_entry_stands_as_long_as_its_approval),
        TEST(the_file_goes_with_her_accounts),
        TEST(a_term_points_to_fields_that_fit),
        TEST(the_audit_finds_an_entry_that_nobody_attested),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
