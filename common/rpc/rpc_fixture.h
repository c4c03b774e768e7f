/* rpc_fixture.h: the dispatcher with a service of its own behind the names of hg-coupon's
 * operations: CreateClaim (a write) and GetRelease (a read) do what the number in
 * their request says, CreateRelease takes an Idempotency-Key. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/rpc/rpc.h"
#include "coupon/coupon.pb-c.h"
#include "tests/harness.h"

#define CLAIM  "Coupons.CreateClaim"
#define CREATE "Coupons.CreateRelease"
#define GET    "Coupons.GetRelease"
#define PATH   "00010002"

/* Numbers from here on are refused after they have written; from KEPT on, what they
 * wrote is kept; from DEFERRED on they write nothing and are answered later. */
#define REFUSED  1000
#define KEPT     2000
#define DEFERRED 3000

static const char schema[] = "-- step 1\nCREATE TABLE thing (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;\n";
static const size_t schema_len = sizeof(schema) - 1;
enum { SQL_ADD, SQL_COUNT, N_SQL };
static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO thing (id, bytes) VALUES (?1, zeroblob(20000))",
    [SQL_COUNT] = "SELECT count(*) FROM thing",
};

/* The service's memory: what its store holds, in the order of writing. */
struct things {
    Coupon__Coupons_Service service;
    struct store *store;
    unsigned sql;
    int64_t ids[4096];
    unsigned n, runs;
    int64_t now; /* of the last call that ran */
    size_t reply_size;
    const char *asked_path; /* whether the reader holds FINANCE over it */
    bool covered;
    struct rpc_later *later; /* the last that was deferred */
};

static struct harness h;
static struct things things;

/* ---- the service ---- */

static inline void undo_add(void *self, int64_t id, int64_t n)
{
    struct things *mine = self;

    /* Holds only when undone in reverse order. */
    assert_int_equal(mine->n, n + 1);
    assert_int_equal(mine->ids[n], id);
    mine->n--;
}

static inline void add(struct things *self, int64_t id, void *call)
{
    Coupon__Event event = COUPON__EVENT__INIT;
    Coupon__Claimed claimed = COUPON__CLAIMED__INIT;

    rpc_on_undo(call, undo_add, self, id, self->n);
    self->ids[self->n++] = id;
    store_run(self->store, self->sql + SQL_ADD, "i", id);
    claimed.coupon_id = id;
    event.event_case = COUPON__EVENT__EVENT_CLAIMED;
    event.claimed = &claimed;
    rpc_journal(call, &event.base);
}

static inline void create_claim(Coupon__Coupons_Service *service, const Coupon__CreateClaimRequest *req,
                                Coupon__Coupon_Closure reply, void *call)
{
    struct things *self = container_of(service, struct things, service);
    Coupon__Coupon coupon = COUPON__COUPON__INIT;

    self->runs++;
    self->now = rpc_now(call);
    if (req->release_id >= DEFERRED) {
        self->later = rpc_defer(call);
        return;
    }
    add(self, req->release_id, call);
    if (req->release_id >= REFUSED) {
        if (req->release_id >= KEPT)
            rpc_keep(call);
        rpc_fact(call, "soldOutAt", "some time");
        rpc_fact_time(call, "opensAt", HARNESS_NOW);
        rpc_retry_after(call, 9);
        rpc_refuse_field(call, COUPON__REASON__SOLD_OUT, "releaseId");
        return;
    }
    coupon.coupon_id = req->release_id;
    rpc_created(call);
    reply(&coupon, call);
}

static inline void create_release(Coupon__Coupons_Service *service, const Coupon__CreateReleaseRequest *req,
                                  Coupon__ReleaseStatus_Closure reply, void *call)
{
    struct things *self = container_of(service, struct things, service);
    Coupon__ReleaseStatus status = COUPON__RELEASE_STATUS__INIT;
    Coupon__Release release = COUPON__RELEASE__INIT;

    self->runs++;
    if (req->release && req->release->face_fen == 0) {
        rpc_refuse(call, COUPON__REASON__WRONG_STATE);
        return;
    }
    add(self, self->runs, call);
    status.granted = self->runs;
    release.release_id = 44;
    status.release = &release;
    rpc_created(call);
    reply(&status, call);
}

/* Answers with what memory and the store hold. */
static inline void get_release(Coupon__Coupons_Service *service, const Coupon__ReleaseRequest *req,
                               Coupon__ReleaseStatus_Closure reply, void *call)
{
    struct things *self = container_of(service, struct things, service);
    Coupon__ReleaseStatus status = COUPON__RELEASE_STATUS__INIT;
    Coupon__Release release = COUPON__RELEASE__INIT;
    char *title = arena_zalloc(rpc_arena(call), self->reply_size + 1);

    (void)req;
    self->covered = self->asked_path && rpc_has_role(call, RULE__ROLE__FINANCE, self->asked_path);
    memset(title, 'x', self->reply_size);
    release.title = title;
    status.release = &release;
    store_ask(self->store, self->sql + SQL_COUNT, "");
    assert_true(store_row(self->store, self->sql + SQL_COUNT));
    status.granted = store_int(self->store, self->sql + SQL_COUNT, 0);
    store_end(self->store, self->sql + SQL_COUNT);
    status.left = (int32_t)self->n;
    reply(&status, call);
}

static inline int start(struct service *service)
{
    int first = store_prepare(service->store, sql, N_SQL);

    ensure(first >= 0);
    things = (struct things){
        .service = {.base = COUPON__COUPONS__BASE_INIT}, .store = service->store, .sql = (unsigned)first};
    things.service.create_claim = create_claim;
    things.service.create_release = create_release;
    things.service.get_release = get_release;
    rpc_server_add(service->rpc, &things.service.base);
    service->self = &things;
    return 0;
}

static const struct service_spec spec = {
    .name = "coupon",
    .schema = (const unsigned char *)schema,
    .schema_len = &schema_len,
    .start = start,
};

static inline int setup(void **state)
{
    (void)state;
    harness_open(&h, &spec, NULL);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    assert_string_equal(harness_audit(&h), "");
    harness_close(&h);
    return 0;
}

/* ---- its callers ---- */

static inline Rpc__Call *gather_claim(int64_t number)
{
    Coupon__CreateClaimRequest request = COUPON__CREATE_CLAIM_REQUEST__INIT;

    request.release_id = number;
    return harness_add(&h, CLAIM, &request.base, harness_member(&h, 1, PATH), NULL);
}

static inline const Rpc__Answer *claim(int64_t number)
{
    gather_claim(number);
    return harness_run(&h)->answers[0];
}

static inline const Rpc__Answer *create(int64_t member_id, int64_t face_fen, const char *key)
{
    Coupon__Release release = COUPON__RELEASE__INIT;
    Coupon__CreateReleaseRequest request = COUPON__CREATE_RELEASE_REQUEST__INIT;

    release.face_fen = face_fen;
    request.release = &release;
    return harness_call(&h, CREATE, &request.base, harness_official(&h, member_id, RULE__ROLE__BENEFIT_MANAGER, PATH),
                        key);
}

static inline void gather_get(void)
{
    Coupon__ReleaseRequest request = COUPON__RELEASE_REQUEST__INIT;

    harness_add(&h, GET, &request.base, harness_member(&h, 2, PATH), NULL);
}

static inline void assert_status(const Rpc__Answer *answer, int64_t in_store, int in_memory)
{
    const Coupon__ReleaseStatus *status;

    assert_int_equal(answer->reason, 0);
    status = harness_output(&h, answer, &coupon__release_status__descriptor);
    assert_int_equal(status->granted, in_store);
    assert_int_equal(status->left, in_memory);
}

static inline void assert_holds(int64_t n)
{
    gather_get();
    assert_status(harness_run(&h)->answers[0], n, (int)n);
}

static inline int64_t journal_rows(void)
{
    return rpc_server_journal(h.service.rpc)->tip.seq;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
