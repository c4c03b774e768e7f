/* The bridge's world for the authority matrix: it has nothing of anybody's. */
#include "services/bridge/bridge.h"
#include "tests/authority.h"

static struct harness harness;

static void begin(struct harness *h)
{
    assert_int_equal(conf_load(bridge_spec.conf, NULL, true), 0);
    harness_open(h, &bridge_spec, NULL);
}

static void end(struct harness *h)
{
    assert_string_equal(harness_audit(h), "");
    harness_close(h);
}

static void make(struct harness *h, struct authority_place *place, unsigned i)
{
    (void)h;
    (void)place;
    (void)i;
}

static struct authority world = {
    .queue = "bridge",
    .harness = &harness,
    .begin = begin,
    .end = end,
    .make = make,
    .places = {[OWN] = {.path = "00010002"},
               [SIBLING] = {.path = "00010003"},
               [PARENT] = {.path = "0001"},
               [CHILD] = {.path = "000100020004"}},
};

int main(void)
{
    return authority_run(&world);
}
