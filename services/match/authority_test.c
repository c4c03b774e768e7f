/* Match's world for the authority matrix: somebody who is here in each place. */
#include "services/match/fixture.h"
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

static void make(struct harness *harness, struct authority_place *place, unsigned i)
{
    (void)harness;
    enter(OWNER + i, place->path);
    authority_put(place, "single_id", handle(OWNER + i));
}

/* Whoever calls is asked about herself alone. */
static const char *const placeless[] = {
    "Singles.JoinMatch",    "Singles.GetSingle",      "Singles.PauseMatch",  "Singles.ResumeMatch",
    "Singles.SetHiding",    "Singles.LeaveMatch",     "Profiles.GetProfile", "Profiles.SetProfile",
    "Follows.FollowSingle", "Follows.UnfollowSingle", "Follows.ListFollows", "Follows.ListFollowers",
    "Follows.BlockSingle",  "Follows.UnblockSingle",  "Follows.ListBlocked", NULL};

static struct authority world = {
    .queue = "match",
    .harness = &h,
    .begin = begin,
    .end = end,
    .make = make,
    .placeless = placeless,
};

int main(void)
{
    return authority_run(&world);
}
