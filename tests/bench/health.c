/* health ENTRANTS: a lot of so many inside the service, and the sites nearest to
 * somebody. Prints name=value. What a call waits while a lot is made is the slice that
 * runs when it comes, and its own time: after each slice one call is timed. */
#include "services/health/fixture.h"
#include "tests/bench/times.h"

#define BATCH    500
#define SITES    10000
#define SEARCHES 2000

static struct harness h;
static struct times waits;

/* Entries in batches as the bus brings them. */
static void enter_many(int64_t campaign_id, int entrants)
{
    Health__EnterRequest request = HEALTH__ENTER_REQUEST__INIT;
    double began = now_ms();

    request.campaign_id = campaign_id;
    for (int i = 1; i <= entrants; i++) {
        harness_add(&h, "Entries.Enter", &request.base, harness_member(&h, i, TOWN), NULL);
        if (i % BATCH == 0 || i == entrants) {
            harness_run(&h);
            harness_forget(&h);
        }
    }
    printf("entrants=%d enter_s=%.1f enter_per_s=%.0f\n", entrants, (now_ms() - began) / 1000,
           entrants / (now_ms() - began) * 1000);
    fflush(stdout);
}

/* Slices until nothing is due, and a member's question between any two. */
static void settle_timed(const char *name, int64_t campaign_id)
{
    bool more = true;

    while (more) {
        double at = now_ms();

        more = harness_tidy(&h);
        assert_ok(on_campaign(&h, "Entries.GetOffer", campaign_id, harness_member(&h, 77, TOWN)));
        note(&waits, now_ms() - at);
        harness_forget(&h);
    }
    print_times(&waits, name);
}

static void run_lot(int entrants)
{
    int32_t quota = entrants / 10;
    Health__Campaign *draft = a_draft(&h, quota);
    struct {
        int64_t opens, closes, value, draw;
    } times = {draft->opens_at, draft->closes_at, draft->value_at, draft->draw_at};
    int64_t id;

    draft->budget_fen = INT64_C(11600) * quota;
    id = announced(&h, draft)->campaign_id;
    step_to(&h, times.opens);
    harness_forget(&h);
    enter_many(id, entrants);
    clock_step(&h.service.clock, times.closes - now_of(&h));
    settle_timed("freeze", id);
    step_to(&h, times.value);
    assert_ok(with_value(&h, "Draws.EnterValue", id, "03 07 11", 900));
    assert_ok(with_value(&h, "Draws.ConfirmValue", id, "03 07 11", 901));
    clock_step(&h.service.clock, times.draw - now_of(&h));
    settle_timed("draw", id);
    assert_ok(on_campaign(&h, "Draws.Publish", id, manager_of(&h, UNION)));
    settle_timed("grant", id);
}

static void run_nearest(void)
{
    Health__NearestSitesRequest request = HEALTH__NEAREST_SITES_REQUEST__INIT;
    Health__Site site = a_site_draft(&h);

    for (int i = 0; i < SITES; i++) {
        uint32_t random[2];

        clock_random(&h.service.clock, random, sizeof(random));
        site.lat_e6 = 22600000 + (int32_t)(random[0] % 800000); /* about the size of Foshan */
        site.lon_e6 = 112700000 + (int32_t)(random[1] % 700000);
        assert_ok(create_site(&h, manager_of(&h, UNION), &site));
        harness_forget(&h);
    }
    for (int i = 0; i < SEARCHES; i++) {
        uint32_t random[2];
        double at;

        clock_random(&h.service.clock, random, sizeof(random));
        request.lat_e6 = 22600000 + (int32_t)(random[0] % 800000);
        request.lon_e6 = 112700000 + (int32_t)(random[1] % 700000);
        at = cpu_ms();
        assert_ok(harness_call(&h, "Sites.ListNearest", &request.base, harness_member(&h, 1, TOWN), NULL));
        note(&waits, cpu_ms() - at);
        harness_forget(&h);
    }
    print_times(&waits, "nearest");
}

int main(int argc, char **argv)
{
    int entrants = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1000000;

    begin(&h);
    run_nearest();
    run_lot(entrants);
    harness_close(&h);
    return 0;
}
