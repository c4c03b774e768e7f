/* Subsidy's world for the authority matrix: a draft, an open scheme, and applications in each place. */
#include "services/subsidy/fixture.h"
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
    authority_put_hers(place, "Applications.CheckApplication/application_id",
                       applied(open_in(place->path), owner, false), owner);
    authority_put_hers(place, "Applications.SubmitApplication/application_id",
                       applied(open_in(place->path), owner, false), owner);
    id = applied(open_in(place->path), owner, true);
    assert_ok(decide(id, SUBSIDY__VERDICT__REFUSE, "不符合条件", manager(911, "")));
    authority_put_hers(place, "Applications.AskAgain/application_id", id, owner);
    authority_put_hers(place, "application_id", applied(scheme_id, owner, true), owner);
}

static const struct authority_field fields[] = {
    {.field = "title", .text = "学历补贴"},
    {.field = "basis", .text = "依据"},
    {.field = "name", .text = "x"},
    {.field = "label", .text = "一项"},
    {.field = "field", .text = "certificate"},
    {.field = "smaller", .text = "x"},
    {.field = "greater", .text = "x"},
    {.field = "words", .text = "不符"},
    {.field = "days", .number = 5},
    {.field = "remark", .text = "不符合条件"},
    {.field = "opens_at", .number = OPENS},
    {.field = "closes_at", .number = OPENS + DAY_MS},
    {.field = "verdict", .number = SUBSIDY__VERDICT__APPROVE},
    {NULL, 0, NULL, {0, 0}, 0},
};
static const char *const placeless[] = {"Schemes.ListMySchemes", "Applications.ListMyApplications",
                                        "Reviews.DecideMany", NULL};

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
