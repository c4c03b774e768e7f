/* Drafts from templates and from other releases, who may publish what, and what a draft would cost. */
#include "services/coupon/fixture.h"
#include "services/coupon/ticket/ticket_fixture.h"

static const Rpc__Answer *set_rule(Coupon__PublishingRule rule, const Rpc__Principal *who)
{
    Coupon__SetPublishingRuleRequest request = COUPON__SET_PUBLISHING_RULE_REQUEST__INIT;

    request.rule = &rule;
    return harness_call(&h, "Publishing.SetPublishingRule", &request.base, who, NULL);
}

static Coupon__PublishingRule rule_for(int32_t level)
{
    Coupon__PublishingRule rule = COUPON__PUBLISHING_RULE__INIT;

    rule.union_id = a_union(&h, UNION);
    rule.level = level;
    return rule;
}

/* Of the town below. */
static int64_t town_draft(void)
{
    Coupon__Release draft = draft_of(10, 3, COUPON__ALLOWANCE__ONE_PER_DAY);

    draft.union_id = a_union(&h, TOWN);
    return status_of(create(&draft, manager_of(TOWN)))->release->release_id;
}

static const Rpc__Answer *publish_it(int64_t release_id)
{
    return on_release("Coupons.PublishRelease", release_id, manager_of(UNION));
}

static const Coupon__ReleaseCost *cost_of(int64_t release_id)
{
    return harness_output(&h, on_release("Templates.GetReleaseCost", release_id, manager_of(UNION)),
                          &coupon__release_cost__descriptor);
}

static int64_t a_template(const char *path, int32_t level)
{
    static unsigned n;
    Coupon__CreateTemplateRequest request = COUPON__CREATE_TEMPLATE_REQUEST__INIT;
    Coupon__Template template = COUPON__TEMPLATE__INIT;
    Coupon__Release form = draft_of(10, 3, COUPON__ALLOWANCE__ONE_PER_DAY);
    char key[24];

    form.union_id = a_union(&h, path);
    whom(&form)->new_within_days = 30;
    template.name = unconst("满减券");
    template.release = &form;
    template.levels = &level;
    template.n_levels = level != 0;
    request.template_ = &template;
    snprintf(key, sizeof(key), "template-%u", n++);
    return ((Coupon__Template *)harness_output(
                &h, harness_call(&h, "Templates.CreateTemplate", &request.base, manager_of(path), key),
                &coupon__template__descriptor))
        ->template_id;
}

static const Rpc__Answer *use(int64_t template_id, const char *path)
{
    static unsigned n;
    Coupon__UseTemplateRequest request = COUPON__USE_TEMPLATE_REQUEST__INIT;
    char key[24];

    request.template_id = template_id;
    request.union_id = a_union(&h, path);
    request.opens_at = OPENS + 5 * COUPON_DAY_MS;
    request.title = unconst("送清凉");
    snprintf(key, sizeof(key), "use-%u", n++);
    return harness_call(&h, "Templates.UseTemplate", &request.base, manager_of(path), key);
}

static size_t n_templates(const char *path)
{
    Coupon__ListTemplatesRequest request = COUPON__LIST_TEMPLATES_REQUEST__INIT;

    request.union_id = a_union(&h, path);
    return ((Coupon__TemplateList *)harness_output(
                &h, harness_call(&h, "Templates.ListTemplates", &request.base, manager_of(path), NULL),
                &coupon__template_list__descriptor))
        ->n_templates;
}

/* ---- who publishes what ---- */

static void a_level_publishes_what_the_rules_above_it_allow(void **state)
{
    Coupon__PublishingRule rule = rule_for(2);
    int64_t id = town_draft();
    const Rpc__Answer *answer;

    (void)state;
    rule.may_not = true;
    assert_ok(set_rule(rule, manager_of(UNION)));
    assert_refused(publish_it(id), "LEVEL_MAY_NOT_PUBLISH");
    assert_string_equal(cost_of(id)->reason, "LEVEL_MAY_NOT_PUBLISH");
    rule.may_not = false;
    rule.cost_fen = 14999;
    assert_ok(set_rule(rule, manager_of(UNION)));
    answer = publish_it(id);
    assert_refused(answer, "COST_ABOVE_LEVEL");
    assert_string_equal(harness_fact(answer, "maximum"), "14999");
    rule.cost_fen = 15000;
    rule.face_fen = 499;
    assert_ok(set_rule(rule, manager_of(UNION)));
    assert_refused(publish_it(id), "FACE_ABOVE_LEVEL");
    rule.face_fen = 500;
    rule.days = 2;
    assert_ok(set_rule(rule, manager_of(UNION)));
    assert_refused(publish_it(id), "DAYS_ABOVE_LEVEL");
    rule.days = 3;
    rule.needs_fund = true;
    assert_ok(set_rule(rule, manager_of(UNION)));
    assert_refused(publish_it(id), "LEVEL_NEEDS_FUND");
    rule.needs_fund = false;
    rule.needs_template = true;
    assert_ok(set_rule(rule, manager_of(UNION)));
    assert_refused(publish_it(id), "LEVEL_NEEDS_TEMPLATE");
    rule.needs_template = false;
    assert_ok(set_rule(rule, manager_of(UNION)));
    assert_string_equal(cost_of(id)->reason, "");
    assert_int_equal(cost_of(id)->cost_fen, 15000);
    assert_int_equal(cost_of(id)->day_fen, 5000);
    assert_int_equal(cost_of(id)->coupons, 30);
    assert_ok(publish_it(id));
    /* What is published stays: a pause is taken back whatever the rule has become. */
    rule.may_not = true;
    assert_ok(set_rule(rule, manager_of(UNION)));
    assert_ok(on_release("Coupons.PauseRelease", id, manager_of(UNION)));
    assert_ok(publish_it(id));
    /* And other levels are free. */
    publish(draft_of(10, 30, 0));
    assert_clean();
}

static void a_rule_is_for_levels_below(void **state)
{
    Coupon__ListPublishingRulesRequest request = COUPON__LIST_PUBLISHING_RULES_REQUEST__INIT;
    Coupon__PublishingRule rule = rule_for(1), of_town = rule_for(3);
    const Coupon__PublishingRuleList *list;

    (void)state;
    assert_refused(set_rule(rule, manager_of(UNION)), "LEVEL_NOT_BELOW");
    rule.level = 3;
    assert_refused(set_rule(rule, manager_of("0002")), "OUTSIDE_YOUR_UNION");
    assert_ok(set_rule(rule, manager_of(UNION)));
    of_town.union_id = a_union(&h, TOWN);
    assert_ok(set_rule(of_town, manager_of(TOWN)));
    request.union_id = a_union(&h, TOWN);
    list = harness_output(&h, harness_call(&h, "Publishing.ListPublishingRules", &request.base, manager_of(TOWN), NULL),
                          &coupon__publishing_rule_list__descriptor);
    assert_int_equal(list->n_rules, 2);
    assert_int_equal(list->rules[0]->union_id, a_union(&h, UNION));
    assert_clean();
}

/* ---- templates ---- */

static void a_template_makes_drafts_for_the_unions_of_its_level(void **state)
{
    int64_t all = a_template(UNION, 0), towns, own;
    const Coupon__ReleaseStatus *made;
    Coupon__TemplateRequest which = COUPON__TEMPLATE_REQUEST__INIT;
    Coupon__PublishingRule rule = rule_for(2);

    (void)state;
    clock_step(&h.service.clock, 5);
    towns = a_template(UNION, 2);
    clock_step(&h.service.clock, 5);
    own = a_template(TOWN, 0);
    assert_int_equal(n_templates(UNION), 1);
    assert_int_equal(n_templates(TOWN), 3);
    assert_refused(use(towns, UNION), "TEMPLATE_NOT_FOR_LEVEL");
    assert_refused(use(own, UNION), "TEMPLATE_NOT_FOUND");
    made = status_of(use(towns, TOWN));
    assert_string_equal(made->release->title, "送清凉");
    assert_int_equal(made->release->union_id, a_union(&h, TOWN));
    assert_int_equal(made->release->audience->union_id, a_union(&h, TOWN));
    assert_int_equal(made->release->audience->new_within_days, 30);
    assert_int_equal(made->release->opens_at, OPENS + 5 * COUPON_DAY_MS);
    assert_int_equal(made->release->state, COUPON__STATE__DRAFT);
    rule.needs_template = true;
    assert_ok(set_rule(rule, manager_of(UNION)));
    assert_ok(publish_it(made->release->release_id));
    which.template_id = all;
    assert_refused(harness_call(&h, "Templates.RetireTemplate", &which.base, manager_of(TOWN), NULL),
                   "OUTSIDE_YOUR_UNION");
    assert_ok(harness_call(&h, "Templates.RetireTemplate", &which.base, manager_of(UNION), NULL));
    assert_refused(use(all, TOWN), "TEMPLATE_RETIRED");
    assert_int_equal(n_templates(TOWN), 2);
    harness_reopen(&h);
    assert_ok(use(own, TOWN));
    assert_clean();
}

static void a_clone_is_a_draft_like_the_other_at_its_own_time(void **state)
{
    Coupon__CloneReleaseRequest request = COUPON__CLONE_RELEASE_REQUEST__INIT;
    Coupon__Release draft = tickets_draft(5, 0, 2);
    const Coupon__Release *made, *first;

    (void)state;
    draft.union_id = a_union(&h, UNION);
    first = status_of(create(&draft, manager_of(UNION)))->release;
    assert_ok(publish_it(first->release_id));
    request.release_id = first->release_id;
    request.opens_at = first->opens_at + 40 * COUPON_DAY_MS;
    assert_refused(harness_call(&h, "Templates.CloneRelease", &request.base, manager_of("0002"), "a"),
                   "OUTSIDE_YOUR_UNION");
    made = status_of(harness_call(&h, "Templates.CloneRelease", &request.base, manager_of(UNION), "b"))->release;
    assert_int_not_equal(made->release_id, request.release_id);
    assert_int_equal(made->state, COUPON__STATE__DRAFT);
    assert_int_equal(made->way, COUPON__WAY__TICKETS);
    assert_int_equal(made->tickets->departures[0]->departs_at, DEPARTS + 40 * COUPON_DAY_MS);
    assert_int_equal(made->tickets->n_classes, draft.tickets->n_classes);
    request.opens_at = clock_now(&h.service.clock);
    assert_refused(harness_call(&h, "Templates.CloneRelease", &request.base, manager_of(UNION), "c"),
                   "OPENS_IN_THE_PAST");
    assert_clean();
}

static void the_audit_finds_what_nobody_set(void **state)
{
    static const char *const wrongs[] = {
        "UPDATE publishing_rule SET cost_fen = 7",
        "UPDATE publishing_rule SET union_path = '0002'",
        "DELETE FROM publishing_rule",
        "UPDATE template SET retired = 1",
        "UPDATE template SET union_path = '0002'",
        "DELETE FROM template",
    };

    (void)state;
    assert_ok(set_rule(rule_for(2), manager_of(UNION)));
    a_template(UNION, 0);
    harness_tamper(&h, "CREATE TABLE kept AS SELECT * FROM publishing_rule");
    harness_tamper(&h, "CREATE TABLE kept_template AS SELECT * FROM template");
    for (unsigned i = 0; i < ARRAY_LEN(wrongs); i++) {
        assert_clean();
        harness_tamper(&h, wrongs[i]);
        assert_string_not_equal(harness_audit(&h), "");
        harness_tamper(&h, "REPLACE INTO publishing_rule SELECT * FROM kept");
        harness_tamper(&h, "REPLACE INTO template SELECT * FROM kept_template");
    }
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_level_publishes_what_the_rules_above_it_allow),
        TEST(a_rule_is_for_levels_below),
        TEST(a_template_makes_drafts_for_the_unions_of_its_level),
        TEST(a_clone_is_a_draft_like_the_other_at_its_own_time),
        TEST(the_audit_finds_what_nobody_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
