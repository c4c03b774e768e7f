/* rules CLAIMS: what rules and live releases add to a claim, in processor time: members claim in messages and batches
 * as in coupon.c, each kind of release in turn with a plain one, on stores on disk. Of ROUNDS rounds the best of each
 * kind counts, since whatever else the machine does only adds. */
#include <time.h>

#include "services/coupon/fixture.h"

#define CALLS    64
#define RELEASES 1000
#define ROUNDS   7

static int64_t releases[RELEASES];

static void on_answers(void *arg, void *tag, const void *bytes, size_t len)
{
    (void)tag;
    (void)bytes;
    *(size_t *)arg += len;
}

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* A member whom every release here is for. */
static Rpc__Principal *somebody(int64_t member_id)
{
    Rpc__Principal *member = harness_member(&h, member_id, TOWN);

    member->trade = RPC__TRADE__COURIER;
    member->level = RPC__LEVEL__CATEGORY;
    member->birth_year = 1970 + (int32_t)(member_id % 30);
    member->birthday = 100 + (int32_t)(member_id % 28) + 1;
    member->sex = RPC__SEX__FEMALE;
    member->member_since = 20200101;
    return member;
}

/* Microseconds of a claim, of the first n releases in turn, by members from `first` on; 0 when some were not granted.
 */
static double claim_us(unsigned n, int64_t claims, int64_t first)
{
    size_t answered = 0, len;
    int64_t granted = 0;
    double spent = 0;

    for (unsigned i = 0; i < n; i++)
        granted -= get(releases[i])->granted;
    for (int64_t done = 0; done < claims; done += CALLS) {
        Rpc__CallBatch batch = RPC__CALL_BATCH__INIT;
        uint8_t *message;
        double begun;

        for (int64_t i = done; i < done + CALLS; i++)
            gather_claim(releases[i % n], somebody(first + i), NULL);
        batch.calls = h.calls;
        batch.n_calls = h.n_calls;
        message = harness_alloc(&h, rpc__call_batch__get_packed_size(&batch) + 1);
        len = rpc__call_batch__pack(&batch, message);
        h.n_calls = 0;
        begun = cpu_us();
        rpc_server_take(h.service.rpc, message, len, NULL);
        rpc_server_finish(h.service.rpc, on_answers, &answered);
        spent += cpu_us() - begun;
        clock_step(&h.service.clock, 1);
        harness_forget(&h);
    }
    for (unsigned i = 0; i < n; i++)
        granted += get(releases[i])->granted;
    return granted == claims ? spent / (double)claims : 0;
}

/* Opens releases up to n, all as a draft. */
static void open_releases(unsigned from, unsigned n, Coupon__Release draft)
{
    draft.opens_at = clock_now(&h.service.clock) + 1;
    for (unsigned i = from; i < n; i++)
        releases[i] = publish(draft);
    clock_step(&h.service.clock, draft.opens_at - clock_now(&h.service.clock) + 1);
}

static Coupon__Release plain(void)
{
    return draft_of(10000000, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
}

/* With every rule that her session answers. */
static Coupon__Release ruled(void)
{
    static Rpc__Trade couriers[] = {RPC__TRADE__COURIER};
    Coupon__Release draft = plain();
    Audience__Audience *audience = whom(&draft);

    audience->level = RPC__LEVEL__CATEGORY;
    audience->union_id = a_union(&h, TOWN);
    audience->trades = couriers;
    audience->n_trades = 1;
    audience->born_from = 1960;
    audience->age_from = 18;
    audience->age_until = 60;
    audience->sex = RPC__SEX__FEMALE;
    audience->birthday = AUDIENCE__BIRTHDAY__IN_ITS_MONTH;
    audience->since_day = 20240101;
    audience->member_months = 12;
    return draft;
}

enum { ONE, RULED, HUNDRED, THOUSAND, KINDS };

int main(int argc, char **argv)
{
    int64_t claims = argc == 2 ? strtoll(argv[1], NULL, 10) : 0;
    double best[KINDS] = {0};

    if (claims <= 0 || claims % (CALLS * 125) != 0) {
        fprintf(stderr, "usage: rules CLAIMS, a multiple of %d\n", CALLS * 125);
        return 2;
    }
    for (int round = 0; round < ROUNDS; round++) {
        double us[KINDS];

        setup(NULL);
        open_releases(0, 1, ruled());
        us[RULED] = claim_us(1, claims, 1);
        teardown(NULL);
        setup(NULL);
        open_releases(0, 1, plain());
        us[ONE] = claim_us(1, claims, 1);
        open_releases(1, 100, plain());
        us[HUNDRED] = claim_us(100, claims, 1 + claims);
        open_releases(100, RELEASES, plain());
        us[THOUSAND] = claim_us(RELEASES, claims, 1 + 2 * claims);
        teardown(NULL);
        for (int kind = 0; kind < KINDS; kind++) {
            if (us[kind] <= 0) {
                fprintf(stderr, "not every claim was granted\n");
                return 1;
            }
            if (round == 0 || us[kind] < best[kind])
                best[kind] = us[kind];
        }
    }
    printf("claim_us=%.2f ruled_rate=%.3f live_100_ratio=%.3f live_1000_ratio=%.3f\n", best[ONE],
           best[ONE] / best[RULED], best[HUNDRED] / best[ONE], best[THOUSAND] / best[ONE]);
    return 0;
}
