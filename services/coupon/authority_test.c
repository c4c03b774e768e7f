/* Coupon's world for the authority matrix. */
#include "services/coupon/fixture.h"
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
    assert_clean();
    teardown(NULL);
}

static void make(struct harness *harness, struct authority_place *place, unsigned i)
{
    Coupon__Release draft = draft_of(100, 2, COUPON__ALLOWANCE__ONE_PER_DAY);
    Rpc__Principal *owner = harness_member(harness, OWNER + i, place->path);
    int64_t release_id;

    clock_step(&harness->service.clock, HARNESS_NOW - clock_now(&harness->service.clock));
    draft.union_id = a_union(harness, place->path);
    authority_put(place, "union_id", draft.union_id);
    authority_put(place, "Coupons.PublishRelease/release_id",
                  status_of(create(&draft, manager_of("")))->release->release_id);
    release_id = status_of(create(&draft, manager_of("")))->release->release_id;
    assert_ok(on_release("Coupons.PublishRelease", release_id, manager_of("")));
    authority_put(place, "release_id", release_id);
    clock_step(&harness->service.clock, OPENS - HARNESS_NOW);
    authority_put_hers(place, "coupon_id", coupon_of(claim_as(release_id, owner, NULL))->coupon_id, owner);
}

static const struct authority_field fields[] = {
    {.field = "Coupons.CreateRelease/release_id", .number = 0}, /* of a release that is to be made */
    {.field = "title", .text = "早餐券"},
    {.field = "face_fen", .number = 500},
    {.field = "threshold_fen", .number = 800},
    {.field = "stock_per_day", .number = 10},
    {.field = "opens_at", .number = OPENS + COUPON_DAY_MS},
    {.field = "eligible_union_id", .number = 0},
    {NULL},
};

static struct authority world = {
    .queue = "coupon",
    .harness = &h,
    .begin = begin,
    .end = end,
    .make = make,
    .fields = fields,
    .places = {[OWN] = {.path = "00010002"},
               [SIBLING] = {.path = "00010003"},
               [PARENT] = {.path = "0001"},
               [CHILD] = {.path = "000100020004"}},
};

int main(void)
{
    return authority_run(&world);
}
