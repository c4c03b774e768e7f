/* The portal's world for the authority matrix: an inbox in each place. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "services/portal/fixture.h"
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
    Rpc__Principal *owner = harness_member(harness, OWNER + i, place->path);
    int64_t item_id;

    tell("health", NOTICE__NOTICE_KIND__CHECKUP_WON, OWNER + i, 500 + i, NOTICE_BY_APP);
    item_id = harness_number(harness, "SELECT max(item_id) FROM inbox_item");
    authority_put_hers(place, "item_id", item_id, owner);
    authority_put_hers(place, "upto_id", item_id, owner);
}

static struct authority world = {
    .queue = "portal",
    .harness = &h,
    .begin = begin,
    .end = end,
    .make = make,
};

int main(void)
{
    return authority_run(&world);
}
