/* ledger LOTS DEEDS: a ledger of points with so many lots, ten of each person, on a store on disk. Then so many people
 * each do what earns points, and spend as many, in transactions of CALLS, as a daemon makes them; expired lots go in
 * slices. By the clock, with every commit brought to the disk; the processor's time of the slices is told besides. */
#include "services/coupon/points/points_fixture.h"
#include "tests/bench/times.h"

#define CALLS  64
#define FILLED 100000 /* lots of one transaction */
#define OF_ONE 10     /* lots of one person */

static int64_t ledger_id, lots, deeds;

static struct coupon *coupon(void)
{
    return h.service.self;
}

/* Lots of 10 points, as gifts would have made them, but for the journal. */
static void fill(void)
{
    static const char *const sql[] = {
        "INSERT INTO points_lot (lot_id, ledger_id, member_id, points, rest, earned_at, expires_at, rule_id, "
        "series_id, "
        "service, deed_id) WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2) "
        "SELECT i + 1, ?3, i / 10 + 1, 10, 10, ?4, ?4 + (1 + i % 300) * 86400000, 0, 0, 0, 0 FROM n"};
    int statement = store_prepare(h.service.store, sql, 1);

    ensure(statement >= 0);
    for (int64_t from = 0; from < lots; from += FILLED) {
        store_run(h.service.store, (unsigned)statement, "iiii", from, from + FILLED < lots ? from + FILLED : lots,
                  ledger_id, clock_now(&h.service.clock));
        ensure(store_commit(h.service.store) == 0);
    }
}

/* People far apart, each once. */
static int64_t person(int64_t i)
{
    return (i * 7919) % (lots / OF_ONE) + 1;
}

static void earn(void *call, void *arg)
{
    const int64_t *from = arg;
    Rpc__Deed deed = RPC__DEED__INIT;

    deed.what = ATTENDED;
    deed.level = RPC__LEVEL__MEMBER;
    deed.union_path = TOWN;
    for (int64_t i = *from; i < *from + CALLS; i++) {
        deed.deed_id = i + 1;
        deed.member_id = person(i);
        points_hear_deed(coupon(), POINTS_portal, &deed, rpc_now(call), call);
    }
}

static void spend_some(void *call, void *arg)
{
    const int64_t *from = arg;
    Rpc__Principal who = RPC__PRINCIPAL__INIT;
    int64_t entry_id;

    who.union_path = TOWN;
    for (int64_t i = *from; i < *from + CALLS; i++) {
        who.member_id = person(i);
        rpc_act_for(call, &who);
        ensure(points_spend(coupon(), ledger_id, 15, 77, call, &entry_id) == 0);
    }
    rpc_act_for(call, NULL);
}

/* How many a second. */
static double rate(rpc_work work)
{
    double began = now_ms();

    for (int64_t from = 0; from < deeds; from += CALLS) {
        ensure(rpc_server_transact(h.service.rpc, work, &from) == 0);
        clock_step(&h.service.clock, 1);
    }
    return (double)deeds / (now_ms() - began) * 1000;
}

/* Two days' lots. */
static double expire(struct times *slices)
{
    double began, took;
    bool more = true;

    step_days(2);
    began = now_ms();
    while (more) {
        double slice = cpu_ms();

        more = harness_tidy(&h);
        note(slices, cpu_ms() - slice);
    }
    took = now_ms() - began;
    return (double)harness_number(&h, "SELECT count(*) FROM points_entry WHERE kind = 5") / took * 1000;
}

int main(int argc, char **argv)
{
    double began, earned, spent, expired;
    struct times slices = {0};

    lots = argc == 3 ? strtoll(argv[1], NULL, 10) : 0;
    deeds = argc == 3 ? strtoll(argv[2], NULL, 10) : 0;
    if (lots < CALLS * OF_ONE || lots % OF_ONE || deeds < CALLS || deeds % CALLS || deeds > lots / OF_ONE) {
        fprintf(stderr, "usage: ledger LOTS DEEDS, of each person %d lots and a deed at most, in %ds\n", OF_ONE, CALLS);
        return 2;
    }
    setup(NULL);
    ledger_id = a_ledger();
    open_rule(ledger_id, a_rule(ATTENDED, 10));
    began = now_ms();
    fill();
    printf("lots=%lld fill_s=%.0f\n", (long long)lots, (now_ms() - began) / 1000);
    earned = rate(earn);
    spent = rate(spend_some);
    expired = expire(&slices);
    printf("earned_per_s=%.0f spent_per_s=%.0f expired_per_s=%.0f\n", earned, spent, expired);
    print_times(&slices, "slice_cpu");
    teardown(NULL);
    return 0;
}
