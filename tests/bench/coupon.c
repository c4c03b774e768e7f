/* coupon CLAIMS [counted]: so many members each claim a coupon, CALLS of them a message and a
 * message a batch, in one process: decoded, run, committed on a store on disk, answered. With
 * "counted" the coupons count in a group with days between and under a ceiling, and each member
 * has had something of another service's before.
 * Under callgrind, run_batch() is what to count: whatever a claim costs hg-coupon, and
 * nothing of the test around it. The file is built with older checkouts as well, so it
 * knows of the service what its tests' fixture knows. */
#include "services/coupon/fixture.h"

#define CALLS 64

void run_batch(struct rpc_server *server, const uint8_t *message, size_t len, size_t *ret_answered);

static void on_answers(void *arg, void *tag, const void *bytes, size_t len)
{
    (void)tag;
    (void)bytes;
    *(size_t *)arg += len;
}

/* A name of its own for callgrind. */
__attribute__((noinline)) void run_batch(struct rpc_server *server, const uint8_t *message, size_t len,
                                         size_t *ret_answered)
{
    rpc_server_take(server, message, len, NULL);
    rpc_server_finish(server, on_answers, ret_answered);
}

/* A message of claims by the members from first on. */
static uint8_t *pack_claims(int64_t release_id, int64_t first, size_t *ret_len)
{
    Rpc__CallBatch batch = RPC__CALL_BATCH__INIT;
    uint8_t *message;

    for (int64_t member = first; member < first + CALLS; member++)
        gather_claim(release_id, harness_member(&h, member, TOWN), NULL);
    batch.calls = h.calls;
    batch.n_calls = h.n_calls;
    message = harness_alloc(&h, rpc__call_batch__get_packed_size(&batch) + 1);
    *ret_len = rpc__call_batch__pack(&batch, message);
    h.n_calls = 0;
    return message;
}

/* A release whose coupons count; so many members have had something else of the kind, long ago. */
static int64_t open_counted(int64_t members)
{
    Granted__Counting counts = GRANTED__COUNTING__INIT;
    Granted__Group group = GRANTED__GROUP__INIT;
    Granted__Ceiling ceiling = GRANTED__CEILING__INIT;
    Coupon__Release draft = draft_of(10000000, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    char fill[1024];
    int64_t id;

    group.name = unconst("g");
    group.at_most = 2;
    group.period = GRANTED__PERIOD__WEEK;
    group.not_within_days = 7;
    ceiling.name = unconst("c");
    ceiling.fen = 1000000;
    counts.group = &group;
    counts.ceiling = &ceiling;
    draft.counts = &counts;
    snprintf(fill, sizeof(fill),
             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %lld) INSERT INTO "
             "granted_elsewhere (service, source_id, member_id, group_key, ceiling_key, ceiling_fen, fen, at, state) "
             "SELECT 2, i, i, %lld, %lld, 1000000, 100, %lld, 1 FROM n",
             (long long)members, (long long)granted_key(a_union(&h, UNION), "g"),
             (long long)granted_key(a_union(&h, UNION), "c"), (long long)(HARNESS_NOW - INT64_C(20) * 86400000));
    harness_tamper(&h, fill);
    harness_reopen(&h);
    id = publish(draft);
    clock_step(&h.service.clock, OPENS - clock_now(&h.service.clock));
    return id;
}

int main(int argc, char **argv)
{
    int64_t claims = argc >= 2 ? strtoll(argv[1], NULL, 10) : 0;
    bool counted = argc == 3 && strcmp(argv[2], "counted") == 0;
    size_t answered = 0, len;
    int64_t release_id;

    if (claims <= 0 || claims % CALLS != 0 || argc > 3 || (argc == 3 && !counted)) {
        fprintf(stderr, "usage: coupon CLAIMS [counted], CLAIMS a multiple of %d\n", CALLS);
        return 2;
    }
    setup(NULL);
    release_id = counted ? open_counted(claims) : open_release(10000000, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    for (int64_t i = 0; i < claims; i += CALLS) {
        const uint8_t *message = pack_claims(release_id, 1 + i, &len);

        run_batch(h.service.rpc, message, len, &answered);
        clock_step(&h.service.clock, 1);
        harness_forget(&h);
    }
    if (get(release_id)->granted != claims) {
        fprintf(stderr, "not every claim was granted\n");
        return 1;
    }
    printf("claims=%lld answer_bytes=%zu\n", (long long)claims, answered / (size_t)claims);
    teardown(NULL);
    return 0;
}
