/* redeem SALES: so many members, who have claimed a coupon each and show it, at the devices of some counters, one
 * purchase each that spends it at once: CALLS of them a message and a message a batch, in one process, decoded, run,
 * committed on a store on disk, answered. Their coupons are indexed by then.
 * Under callgrind, run_batch() is what to count: whatever a redemption costs hg-coupon, and nothing of the test around
 * it. The file is built with older checkouts as well, so it knows of the service what its tests' fixtures know. */
#include "services/coupon/claim/holdings.h"
#include "services/coupon/till/till_fixture.h"

#define CALLS    64
#define SPREAD   INT64_C(92820000000001) /* between the numbers of codes, which are random */
#define BRANCHES 20
#define DEVICES  10 /* of each */

void run_batch(struct rpc_server *server, const uint8_t *message, size_t len, size_t *ret_answered);

static int64_t branches[BRANCHES], devices[BRANCHES * DEVICES];
static uint8_t answered[1 << 20]; /* by the last batch */

static void on_answers(void *arg, void *tag, const void *bytes, size_t len)
{
    (void)tag;
    ensure(len <= sizeof(answered));
    memcpy(answered, bytes, len);
    *(size_t *)arg = len;
}

/* A name of its own for callgrind. */
__attribute__((noinline)) void run_batch(struct rpc_server *server, const uint8_t *message, size_t len,
                                         size_t *ret_answered)
{
    rpc_server_take(server, message, len, NULL);
    rpc_server_finish(server, on_answers, ret_answered);
}

static void open_counters(void)
{
    int64_t merchant_id = a_merchant(TOWN);

    for (size_t i = 0; i < BRANCHES; i++) {
        branches[i] = a_branch(merchant_id);
        for (size_t j = 0; j < DEVICES; j++)
            devices[i * DEVICES + j] = a_device(branches[i]);
        harness_forget(&h);
    }
}

static void claim_all(int64_t release_id, int64_t n)
{
    for (int64_t member = 1; member <= n; member++) {
        gather_claim(release_id, harness_member(&h, member, TOWN), NULL);
        if (h.n_calls == CALLS) {
            harness_run(&h);
            harness_forget(&h);
            clock_step(&h.service.clock, 1);
        }
    }
}

/* A number for each member's codes, as CreatePass makes one: her own. */
static void fill_purses(int64_t n)
{
    char fill[200];

    snprintf(fill, sizeof(fill),
             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %lld) INSERT INTO purse "
             "(subject, member_id, coupon_id) SELECT i * %lld, i, 0 FROM n",
             (long long)n, (long long)SPREAD);
    harness_tamper(&h, fill);
    harness_reopen(&h);
}

/* A message of purchases by the members from first on, of what they show now. */
static uint8_t *pack_sales(int64_t first, size_t *ret_len)
{
    Rpc__CallBatch batch = RPC__CALL_BATCH__INIT;
    uint8_t *message;
    char shown[PASS_CODE_SIZE];

    for (int64_t member = first; member < first + CALLS; member++) {
        size_t at = (size_t)member % ARRAY_LEN(devices);
        Coupon__CreateSaleRequest request =
            sale_of(arena_printf(&h.arena, "bench-0-%lld", (long long)member), shown, 2000);

        ensure(pass_code_make(self_of()->tills, PASS_PURSE, (uint64_t)(member * SPREAD), clock_now(&h.service.clock),
                              shown));

        request.branch_id = branches[at / DEVICES];
        request.device_id = devices[at];
        request.at_once = true;
        harness_add(&h, "Sales.CreateSale", &request.base, cashier(), NULL);
    }
    batch.calls = h.calls;
    batch.n_calls = h.n_calls;
    message = harness_alloc(&h, rpc__call_batch__get_packed_size(&batch) + 1);
    *ret_len = rpc__call_batch__pack(&batch, message);
    h.n_calls = 0;
    return message;
}

/* How many of the last batch were spent. */
static int64_t count_spent(size_t len)
{
    const Rpc__AnswerBatch *answers = rpc__answer_batch__unpack(&h.arena.allocator, len, answered);
    int64_t n = 0;

    for (size_t i = 0; answers && i < answers->n_answers; i++)
        n += answers->answers[i]->created;
    return n;
}

int main(int argc, char **argv)
{
    int64_t sales = argc == 2 ? strtoll(argv[1], NULL, 10) : 0;
    int64_t release_id, spent = 0;
    size_t len, n_bytes = 0;

    if (sales <= 0 || sales % CALLS != 0) {
        fprintf(stderr, "usage: redeem SALES, a multiple of %d\n", CALLS);
        return 2;
    }
    setup(NULL);
    open_counters();
    release_id = open_release(10000000, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
    claim_all(release_id, sales);
    fill_purses(sales);
    while (holdings_index_slice(self_of(), 1000) > 0)
        continue;
    for (int64_t i = 0; i < sales; i += CALLS) {
        const uint8_t *message = pack_sales(1 + i, &len);

        run_batch(h.service.rpc, message, len, &n_bytes);
        spent += count_spent(n_bytes);
        clock_step(&h.service.clock, 1);
        harness_forget(&h);
    }
    if (spent != sales) {
        fprintf(stderr, "%lld of %lld coupons were spent\n", (long long)spent, (long long)sales);
        return 1;
    }
    printf("sales=%lld answer_bytes=%zu\n", (long long)sales, n_bytes / CALLS);
    teardown(NULL);
    return 0;
}
