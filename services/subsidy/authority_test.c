/* Subsidy's world for the authority matrix: a draft, an open scheme, and applications in each place. */
#include "services/subsidy/evidence/evidence_fixture.h"
#include "tests/authority.h"

#define OWNER 700

static void begin(struct harness *harness)
{
    (void)harness;
    setup(NULL);
}

static void end(struct harness *harness)
{
    (void)harness;
    teardown(NULL);
}

static int64_t draft_in(const char *path)
{
    struct draft *draft = a_draft();

    draft->scheme.union_id = a_union(&h, path);
    draft->steps[0].level = draft->steps[1].level = 0;
    draft->steps[0].hands = 2;
    draft->scheme.n_steps = 1;
    add_field(draft, "proof", SUBSIDY__FIELD_KIND__FILE)->optional = true;
    return scheme_of(create_scheme(draft, manager(901, "")))->scheme_id;
}

static int64_t open_in(const char *path)
{
    int64_t id = draft_in(path);

    assert_ok(on_scheme("Schemes.OpenScheme", id, manager(901, "")));
    assert_ok(on_scheme("Schemes.OpenScheme", id, manager(902, "")));
    return id;
}

/* Begun by a member of the place, with a certificate of its own; handed in when it is to be. */
static int64_t applied(int64_t scheme_id, Rpc__Principal *owner, bool hands_in)
{
    static unsigned nth;
    int64_t id = application_of(start(scheme_id, owner))->application_id;
    char number[24];

    snprintf(number, sizeof(number), "ZS%08u", nth++);
    assert_ok(save(id, "certificate", number, owner));
    if (hands_in)
        assert_ok(submit(id, owner));
    return id;
}

static Rpc__Principal *finance_of_all(int64_t member_id)
{
    return harness_official(&h, member_id, RULE__ROLE__FINANCE, "");
}

static int64_t fund_in(const char *path, bool opens)
{
    int64_t id = fund_of(propose_fund(path, 0, 10000000, finance_of_all(931)))->fund_id;

    if (opens)
        assert_ok(on_fund("Budgets.ConfirmSubsidyFund", id, finance_of_all(932)));
    return id;
}

/* A scheme with a draw, into which she comes by her approved application. */
static void make_draw(struct authority_place *place, Rpc__Principal *owner)
{
    static const char *const of_draw[] = {
        "Selections.GetSelection/scheme_id",      "Selections.GetPublicNotice/scheme_id",
        "Selections.GetSchemeDraw/scheme_id",     "Selections.GetSchemeDrawFile/scheme_id",
        "Selections.EnterSchemeValue/scheme_id",  "Selections.ConfirmSchemeValue/scheme_id",
        "Selections.PublishSchemeDraw/scheme_id", "Selections.VoidSchemeDraw/scheme_id",
    };
    static Subsidy__SkillTerm skill;
    struct draft *draft = a_funded_draft(fund_in(place->path, true), 1000000, SUBSIDY__SELECTION_KIND__BY_LOT, 1);
    int64_t scheme_id, id;

    subsidy__skill_term__init(&skill);
    skill.kind = SUBSIDY__SKILL_KIND__SKILL_CERTIFICATE;
    skill.title = "技能证书";
    draft->scheme.skill = &skill;
    draft->scheme.follow_up_days = 1;
    draft->scheme.union_id = a_union(&h, place->path);
    draft->scheme.opens_at = now() + 1000;
    draft->scheme.n_steps = 1;
    draft->steps[0].level = 0;
    draft->steps[0].hands = 2;
    scheme_id = scheme_of(create_scheme(draft, manager(901, "")))->scheme_id;
    assert_ok(on_scheme("Schemes.OpenScheme", scheme_id, manager(901, "")));
    assert_ok(on_scheme("Schemes.OpenScheme", scheme_id, manager(902, "")));
    let_pass(now() + 1000);
    id = applied(scheme_id, owner, true);
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, "")));
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(912, "")));
    for (size_t i = 0; i < ARRAY_LEN(of_draw); i++)
        authority_put(place, of_draw[i], scheme_id);
    authority_put_hers(place, "Selections.GetMyTicket/application_id", id, owner);
    authority_put(place, "Skills.GetSkillFile/application_id", id);
    authority_put(place, "Visits.WriteFollowUp/application_id", id);
}

/* Somebody is shown to the public, and she objects. */
static void make_objection(struct authority_place *place, Rpc__Principal *owner, unsigned i)
{
    struct draft *draft = a_funded_draft(fund_in(place->path, true), 1000000, SUBSIDY__SELECTION_KIND__ALL, 0);
    Subsidy__RaiseObjectionRequest request = SUBSIDY__RAISE_OBJECTION_REQUEST__INIT;
    const Subsidy__Objection *raised;
    int64_t scheme_id, id;

    draft->scheme.union_id = a_union(&h, place->path);
    draft->scheme.n_steps = 1;
    draft->steps[0].level = 0;
    draft->steps[0].hands = 2;
    scheme_id = scheme_of(create_scheme(draft, manager(901, "")))->scheme_id;
    assert_ok(on_scheme("Schemes.OpenScheme", scheme_id, manager(901, "")));
    assert_ok(on_scheme("Schemes.OpenScheme", scheme_id, manager(902, "")));
    id = applied(scheme_id, harness_member(&h, OWNER + 100 + i, place->path), true);
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, "")));
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(912, "")));
    request.application_id = id;
    request.text = "情况不实";
    raised = harness_output(&h, harness_call(&h, "Objections.RaiseObjection", &request.base, owner, NULL),
                            &subsidy__objection__descriptor);
    authority_put(place, "objection_id", raised->objection_id);
    authority_put_hers(place, "Evidence.BeginObjectionEvidence/objection_id", raised->objection_id, owner);
    authority_put(place, "Objections.RaiseObjection/application_id", id);
}

/* She is to be paid, by a run whose list is frozen. */
static void make_run(struct authority_place *place, Rpc__Principal *owner)
{
    struct draft *draft = a_paid_draft(fund_in(place->path, true), 1000000);
    int64_t scheme_id, id;

    hear_way(30, 500000);
    draft->scheme.union_id = a_union(&h, place->path);
    draft->showing.working_days = 0;
    draft->scheme.n_steps = 1;
    draft->steps[0].level = 0;
    draft->steps[0].hands = 2;
    scheme_id = scheme_of(create_scheme(draft, manager(901, "")))->scheme_id;
    assert_ok(on_scheme("Schemes.OpenScheme", scheme_id, manager(901, "")));
    assert_ok(on_scheme("Schemes.OpenScheme", scheme_id, manager(902, "")));
    id = applied(scheme_id, owner, true);
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(911, "")));
    assert_ok(decide(id, SUBSIDY__VERDICT__APPROVE, "", manager(912, "")));
    do_what_is_due(&h);
    authority_put(place, "Runs.PrepareRun/scheme_id", scheme_id);
    authority_put(place, "Runs.ListRuns/scheme_id", scheme_id);
    authority_put(place, "run_id", run_of(prepare_run(scheme_id, finance_of_all(931)))->run_id);
    authority_put(place, "nth", 1);
    do_what_is_due(&h);
}

static int64_t begun_file(int64_t application_id, int64_t member_id)
{
    a_file(SUBSIDY__FILE_KIND__PDF, 'x');
    return file_of(begin_file(application_id, "proof", SUBSIDY__FILE_KIND__PDF, member_id))->evidence_id;
}

/* Files of a draft in each state, and one of an application that is reviewed. */
static void make_evidence(struct authority_place *place, Rpc__Principal *owner, int64_t draft_id, int64_t scheme_id)
{
    int64_t whole = begun_file(draft_id, owner->member_id), id;

    assert_ok(put_file(whole, 0, owner->member_id));
    authority_put_hers(place, "Evidence.FinishEvidence/evidence_id", whole, owner);
    authority_put_hers(place, "Evidence.BeginEvidence/application_id", draft_id, owner);
    authority_put_hers(place, "Evidence.PutEvidencePart/evidence_id", begun_file(draft_id, owner->member_id), owner);
    authority_put_hers(place, "Evidence.RemoveEvidence/evidence_id",
                       sent_file(begun_file(draft_id, owner->member_id), owner->member_id), owner);
    id = applied(scheme_id, owner, false);
    authority_put_hers(place, "evidence_id", sent_file(begun_file(id, owner->member_id), owner->member_id), owner);
    assert_ok(submit(id, owner));
    authority_put_hers(place, "application_id", id, owner);
}

static void make(struct harness *harness, struct authority_place *place, unsigned i)
{
    Rpc__Principal *owner = harness_member(harness, OWNER + i, place->path);
    int64_t scheme_id = open_in(place->path), id;

    authority_put(place, "union_id", a_union(harness, place->path));
    authority_put(place, "Schemes.UpdateScheme/scheme_id", draft_in(place->path));
    authority_put(place, "Schemes.OpenScheme/scheme_id", draft_in(place->path));
    wait_until(OPENS);
    authority_put(place, "scheme_id", scheme_id);
    authority_put(place, "replaces_id", scheme_id);
    authority_put(place, "family_id", scheme_id);
    authority_put_hers(place, "Applications.SaveApplication/application_id",
                       applied(open_in(place->path), owner, false), owner);
    id = applied(open_in(place->path), owner, false);
    authority_put_hers(place, "Applications.CheckApplication/application_id", id, owner);
    make_evidence(place, owner, id, scheme_id);
    authority_put_hers(place, "Applications.SubmitApplication/application_id",
                       applied(open_in(place->path), owner, false), owner);
    id = applied(open_in(place->path), owner, true);
    assert_ok(decide(id, SUBSIDY__VERDICT__REFUSE, "不符合条件", manager(911, "")));
    authority_put_hers(place, "Applications.AskAgain/application_id", id, owner);
    authority_put(place, "fund_id", fund_in(place->path, true));
    authority_put(place, "Budgets.ConfirmSubsidyFund/fund_id", fund_in(place->path, false));
    authority_put(place, "Budgets.RefuseSubsidyFund/fund_id", fund_in(place->path, false));
    make_draw(place, owner);
    make_objection(place, owner, i);
    make_run(place, owner);
}

static const struct authority_field fields[] = {
    {.field = "title", .text = "学历补贴"},
    {.field = "basis", .text = "依据"},
    {.field = "name", .text = "x"},
    {.field = "label", .text = "一项"},
    {.field = "Evidence.BeginEvidence/field", .text = "proof"},
    {.field = "field", .text = "certificate"},
    {.field = "size", .number = 3000},
    {.field = "content", .text = "%PDF-"},
    {.field = "sha256", .text = "00000000000000000000000000000000"},
    {.field = "smaller", .text = "x"},
    {.field = "greater", .text = "x"},
    {.field = "words", .text = "不符"},
    {.field = "days", .number = 5},
    {.field = "remark", .text = "不符合条件"},
    {.field = "opens_at", .number = OPENS},
    {.field = "closes_at", .number = OPENS + DAY_MS},
    {.field = "text", .text = "情况不实"},
    {.field = "note", .text = "已复工"},
    {.field = "fen", .number = 100},
    {.field = "value", .text = "03 11 27"},
    {.field = "reason", .text = "公告有误"},
    {.field = "kind", .number = SUBSIDY__SELECTION_KIND__ALL},
    {.field = "places", .number = 1},
    {.field = "choice", .text = "x"},
    {.field = "points", .number = 1},
    {.field = "way", .number = PAYOUT__WAY__BY_WECHAT},
    {.field = "verdict", .number = SUBSIDY__VERDICT__APPROVE},
    {NULL, 0, NULL, {0, 0}, 0},
};
static const char *const placeless[] = {"Schemes.ListMySchemes",
                                        "Schemes.GetAreas",
                                        "Selections.ListPublicNotices",
                                        "Applications.ListMyApplications",
                                        "Objections.ListMyObjections",
                                        "Reviews.DecideMany",
                                        NULL};

static struct authority world = {
    .queue = "subsidy",
    .harness = &h,
    .begin = begin,
    .end = end,
    .make = make,
    .fields = fields,
    .placeless = placeless,
};

int main(void)
{
    return authority_run(&world);
}
