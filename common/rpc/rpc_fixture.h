/* rpc_fixture.h: the dispatcher with a service behind the operations of tests/proto:
 * TakeSeat (a write) and GetShow (a read) do what the number in their request says,
 * CreateShow takes an Idempotency-Key. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/rpc/rpc.h"
#include "sample.pb-c.h"
#include "tests/harness.h"

#define TAKE   "Shows.TakeSeat"
#define CREATE "Shows.CreateShow"
#define GET    "Shows.GetShow"
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
    Sample__Shows_Service service;
    struct store *store;
    unsigned sql;
    int64_t ids[4096];
    unsigned n, runs;
    int64_t now;            /* of the last call that ran */
    Rpc__Principal caller;  /* of the last that wrote */
    bool idle;              /* CreateShow changes nothing */
    size_t reply_size;      /* of a show's title */
    size_t code_size;       /* of a seat's code, and of a new show's title */
    size_t hunger;          /* memory that a call takes */
    bool rehearse;          /* whether looking at guests is a rehearsal */
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
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;

    rpc_on_undo(call, undo_add, self, id, self->n);
    self->ids[self->n++] = id;
    store_run(self->store, self->sql + SQL_ADD, "i", id);
    taken.seat_id = id;
    rpc_tell(call, &taken.base);
}

static inline char *long_text(size_t size, void *call)
{
    char *text = arena_zalloc(rpc_arena(call), size + 1);

    ensure(text);
    memset(text, 'x', size);
    return text;
}

static inline void take_seat(Sample__Shows_Service *service, const Sample__TakeSeatRequest *req,
                             Sample__Seat_Closure reply, void *call)
{
    struct things *self = container_of(service, struct things, service);
    Sample__Seat seat = SAMPLE__SEAT__INIT;

    self->runs++;
    self->now = rpc_now(call);
    self->caller = *rpc_principal(call);
    if (req->show_id >= DEFERRED) {
        self->later = rpc_defer(call);
        return;
    }
    add(self, req->show_id, call);
    if (req->show_id >= REFUSED) {
        if (req->show_id >= KEPT)
            rpc_keep(call);
        rpc_fact(call, "soldOutAt", "some time");
        rpc_fact_time(call, "opensAt", HARNESS_NOW);
        rpc_retry_after(call, 9);
        rpc_refuse_field(call, SAMPLE__REASON__SOLD_OUT, "showId");
        return;
    }
    seat.seat_id = req->show_id;
    if (self->code_size)
        seat.code = long_text(self->code_size, call);
    rpc_created(call);
    reply(&seat, call);
}

static inline void create_show(Sample__Shows_Service *service, const Sample__CreateShowRequest *req,
                               Sample__ShowStatus_Closure reply, void *call)
{
    struct things *self = container_of(service, struct things, service);
    Sample__ShowStatus status = SAMPLE__SHOW_STATUS__INIT;
    Sample__Show show = SAMPLE__SHOW__INIT;

    self->runs++;
    self->caller = *rpc_principal(call);
    if (req->show && req->show->price_fen == 0) {
        rpc_refuse(call, SAMPLE__REASON__WRONG_STATE);
        return;
    }
    if (!self->idle)
        add(self, self->runs, call);
    status.granted = self->runs;
    show.show_id = 44;
    show.title = long_text(self->code_size, call);
    status.show = &show;
    rpc_created(call);
    reply(&status, call);
}

/* Answers with what memory and the store hold. */
static inline void get_show(Sample__Shows_Service *service, const Sample__ShowRequest *req,
                            Sample__ShowStatus_Closure reply, void *call)
{
    struct things *self = container_of(service, struct things, service);
    Sample__ShowStatus status = SAMPLE__SHOW_STATUS__INIT;
    Sample__Show show = SAMPLE__SHOW__INIT;

    (void)req;
    if (self->hunger && !arena_alloc(rpc_arena(call), self->hunger)) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    self->covered = self->asked_path && rpc_has_role(call, RULE__ROLE__FINANCE, self->asked_path);
    show.title = long_text(self->reply_size, call);
    status.show = &show;
    store_ask(self->store, self->sql + SQL_COUNT, "");
    assert_true(store_row(self->store, self->sql + SQL_COUNT));
    status.granted = store_int(self->store, self->sql + SQL_COUNT, 0);
    store_end(self->store, self->sql + SQL_COUNT);
    status.left = (int32_t)self->n;
    reply(&status, call);
}

/* Writes a thing, and shows two guests. */
static inline void check_guests(Sample__Shows_Service *service, const Sample__ShowRequest *req,
                                Sample__GuestList_Closure reply, void *call)
{
    struct things *self = container_of(service, struct things, service);
    Sample__Guest guests[2] = {SAMPLE__GUEST__INIT, SAMPLE__GUEST__INIT};
    Sample__Guest *list[] = {&guests[0], &guests[1]};
    Sample__GuestList message = SAMPLE__GUEST_LIST__INIT;

    add(self, req->show_id, call);
    if (self->rehearse)
        rpc_discard(call);
    guests[0].member_id = 71;
    guests[1].member_id = 72;
    message.guests = list;
    message.n_guests = 2;
    reply(&message, call);
}

static inline int start(struct service *service)
{
    int first = store_prepare(service->store, sql, N_SQL);

    ensure(first >= 0);
    things =
        (struct things){.service = {.base = SAMPLE__SHOWS__BASE_INIT}, .store = service->store, .sql = (unsigned)first};
    things.service.take_seat = take_seat;
    things.service.create_show = create_show;
    things.service.get_show = get_show;
    things.service.check_guests = check_guests;
    rpc_server_add(service->rpc, &things.service.base);
    journal_events(rpc_server_journal(service->rpc), &sample__event__descriptor);
    service->self = &things;
    return 0;
}

static const struct service_spec spec = {
    .name = "sample",
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

static inline Rpc__Call *gather_take(int64_t number)
{
    Sample__TakeSeatRequest request = SAMPLE__TAKE_SEAT_REQUEST__INIT;

    request.show_id = number;
    return harness_add(&h, TAKE, &request.base, harness_member(&h, 1, PATH), NULL);
}

static inline const Rpc__Answer *take(int64_t number)
{
    gather_take(number);
    return harness_run(&h)->answers[0];
}

static inline const Rpc__Answer *create(int64_t member_id, int64_t price_fen, const char *key)
{
    Sample__Show show = SAMPLE__SHOW__INIT;
    Sample__CreateShowRequest request = SAMPLE__CREATE_SHOW_REQUEST__INIT;

    show.price_fen = price_fen;
    request.show = &show;
    return harness_call(&h, CREATE, &request.base, harness_official(&h, member_id, RULE__ROLE__BENEFIT_MANAGER, PATH),
                        key);
}

static inline void gather_get(void)
{
    Sample__ShowRequest request = SAMPLE__SHOW_REQUEST__INIT;

    harness_add(&h, GET, &request.base, harness_member(&h, 2, PATH), NULL);
}

static inline void assert_status(const Rpc__Answer *answer, int64_t in_store, int in_memory)
{
    const Sample__ShowStatus *status;

    assert_ok(answer);
    status = harness_output(&h, answer, &sample__show_status__descriptor);
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
