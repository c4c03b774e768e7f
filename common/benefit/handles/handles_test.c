/* A service that knows nobody by her member id: a theatre whose guests are not to be found out. */
#include "common/benefit/benefit_fixture.h"
#include "common/benefit/handles/handles.h"
#include "tests/scan.h"

#define MEMBER   INT64_C(0x5a17c3e9b2d461)
#define OTHER    INT64_C(0x6b28d4fac3e572)
#define OFFICIAL INT64_C(0x3d4ab61ce50794)
#define SESSION  INT64_C(0x7c39e50bd4f683)
#define PATH     "00010002"

#define GUESTS_PARTS(PART, SHARED) SHARED(handles) PART(seats)
#define GUESTS_SERVICES(SERVICE)   SERVICE(Sample__Shows, shows)
#define guests__event__descriptor  sample__event__descriptor
SERVICE_PARTS(GUESTS)
struct guests {
    SERVICE_MEMBERS(GUESTS)
    struct pii_keys *keys;
    Rpc__Principal caller; /* of the last call */
};

/* ---- seats: each of one guest ---- */

enum { SQL_ADD, SQL_COUNT, N_SQL };
static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO seat (seat_id, guest) VALUES (?1, ?2)",
    [SQL_COUNT] = "SELECT count(*) FROM seat WHERE guest = ?1",
};
static const char seats_sql[] = "-- step 1\nCREATE TABLE seat (seat_id INTEGER PRIMARY KEY, guest INTEGER) STRICT;\n";
static const size_t seats_sql_len = sizeof(seats_sql) - 1;
const struct store_steps seats_steps = {"seats", (const unsigned char *)seats_sql, &seats_sql_len};
const struct part_spec seats_part = {
    .tables = "seat",
    .steps = &seats_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(seat_id) FROM seat",
    .exports = {{&sample__seat__descriptor,
                 "SELECT seat_id FROM seat WHERE guest = ?1 AND seat_id > ?2 ORDER BY seat_id LIMIT ?3"}},
    .closed = {"DELETE FROM seat WHERE guest = ?1"},
    .merged = {"UPDATE seat SET guest = ?2 WHERE guest = ?1"},
};

static void take_seat(Sample__Shows_Service *service, const Sample__TakeSeatRequest *req, Sample__Seat_Closure reply,
                      void *call)
{
    struct guests *self = container_of(service, struct guests, shows_service);
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;
    Sample__Seat seat = SAMPLE__SEAT__INIT;

    self->caller = *rpc_principal(call);
    taken.seat_id = seat.seat_id = id_next(&self->ids, rpc_now(call));
    taken.member_id = self->caller.member_id;
    store_run(self->store, self->seats.sql + SQL_ADD, "ii", seat.seat_id, self->caller.member_id);
    rpc_tell(call, &taken.base);
    if (req->show_id < 0)
        rpc_refuse(call, SAMPLE__REASON__SOLD_OUT);
    else
        reply(&seat, call);
}

/* How many seats she has: in `granted`. */
static void get_show(Sample__Shows_Service *service, const Sample__ShowRequest *req, Sample__ShowStatus_Closure reply,
                     void *call)
{
    struct guests *self = container_of(service, struct guests, shows_service);
    Sample__ShowStatus status = SAMPLE__SHOW_STATUS__INIT;

    (void)req;
    self->caller = *rpc_principal(call);
    store_ask(self->store, self->seats.sql + SQL_COUNT, "i", self->caller.member_id);
    status.granted = store_number(self->store, self->seats.sql + SQL_COUNT);
    reply(&status, call);
}

static void create_show(Sample__Shows_Service *service, const Sample__CreateShowRequest *req,
                        Sample__ShowStatus_Closure reply, void *call)
{
    struct guests *self = container_of(service, struct guests, shows_service);
    Sample__ShowStatus status = SAMPLE__SHOW_STATUS__INIT;
    Sample__Show show = SAMPLE__SHOW__INIT;

    (void)req;
    self->caller = *rpc_principal(call);
    show.show_id = id_next(&self->ids, rpc_now(call));
    status.show = &show;
    store_run(self->store, self->seats.sql + SQL_ADD, "ii", show.show_id, (int64_t)0);
    rpc_created(call);
    reply(&status, call);
}

const Sample__Shows_Service shows_api = {
    .base = SAMPLE__SHOWS__BASE_INIT, .take_seat = take_seat, .get_show = get_show, .create_show = create_show};

/* ---- the service ---- */

SERVICE_TABLE(guests, GUESTS)

static int start(struct service *service)
{
    struct guests *self = service->self;

    self->keys = pii_keys_open(getenv("HUIGONG_GUESTS_KEY"));
    if (!self->keys)
        return -1;
    handles_map(&self->handles, self->keys);
    return 0;
}

static void done(void *self)
{
    pii_keys_close(((struct guests *)self)->keys);
}

static const struct service_spec spec = {.name = "sample", .parts = &service_table, .start = start};

static int setup(void **state)
{
    (void)state;
    return begin(&spec, done, "HUIGONG_GUESTS_KEY");
}

static struct guests *guests(void)
{
    return h.service.self;
}

static Rpc__Principal *guest(int64_t member_id)
{
    Rpc__Principal *principal = harness_member(&h, member_id, PATH);

    principal->session_id = SESSION;
    principal->shown_name = unconst("王*明");
    return principal;
}

static const Rpc__Answer *take(int64_t member_id, int64_t show_id)
{
    Sample__TakeSeatRequest request = SAMPLE__TAKE_SEAT_REQUEST__INIT;

    request.show_id = show_id;
    return harness_call(&h, "Shows.TakeSeat", &request.base, guest(member_id), NULL);
}

/* Takes one, and tells as whom. */
static int64_t seated(int64_t member_id)
{
    assert_ok(take(member_id, 1));
    return guests()->caller.member_id;
}

static int64_t seats_of(int64_t member_id)
{
    Sample__ShowRequest request = SAMPLE__SHOW_REQUEST__INIT;
    const Rpc__Answer *answer = harness_call(&h, "Shows.GetShow", &request.base, guest(member_id), NULL);

    return ((Sample__ShowStatus *)harness_output(&h, answer, &sample__show_status__descriptor))->granted;
}

static const Rpc__Answer *create(const char *key)
{
    Sample__CreateShowRequest request = SAMPLE__CREATE_SHOW_REQUEST__INIT;

    return harness_call(&h, "Shows.CreateShow", &request.base,
                        harness_official(&h, OFFICIAL, RULE__ROLE__BENEFIT_MANAGER, PATH), key);
}

static int64_t handles(void)
{
    return harness_number(&h, "SELECT count(*) FROM handle");
}

/* ---- who she is ---- */

static void a_member_has_one_handle_and_it_is_the_same_after_a_restart(void **state)
{
    int64_t handle = seated(MEMBER);

    (void)state;
    assert_in_range(handle, 1, HANDLE_PASSING - 1);
    assert_int_equal(seated(MEMBER), handle);
    harness_reopen(&h);
    assert_int_equal(seated(MEMBER), handle);
    assert_int_equal(seats_of(MEMBER), 3);
    assert_int_not_equal(seated(OTHER), handle);
    assert_int_equal(handle_of(&guests()->handles, MEMBER), handle);
    assert_int_equal(handle_member(&guests()->handles, handle), MEMBER);
    assert_int_equal(handle_member(&guests()->handles, handle + 1), 0);
    assert_int_equal(guests()->caller.level, RPC__LEVEL__MEMBER);
    assert_string_equal(guests()->caller.union_path, PATH);
    assert_string_equal(guests()->caller.shown_name, "");
}

static void no_member_id_stands_anywhere_in_the_store(void **state)
{
    int64_t session;

    (void)state;
    seated(MEMBER);
    session = guests()->caller.session_id;
    assert_ok(create("k"));
    assert_ok(create("k")); /* by the answer that was kept */
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM stored_answer"), 1);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM journal"), 2); /* and by whose authority */
    assert_int_equal(hear_merged(&h, MEMBER, OTHER), 0);
    seated(MEMBER + 1);
    assert_int_equal(hear_closed(&h, MEMBER + 1), 0);
    for (int i = 0; i < 2; i++) {
        assert_null(scan_number(&h, MEMBER));
        assert_null(scan_number(&h, MEMBER + 1));
        assert_null(scan_number(&h, OTHER));
        assert_null(scan_number(&h, OFFICIAL));
        assert_null(scan_number(&h, SESSION));
        assert_false(scan_text(&h, "王*明"));
        harness_reopen(&h); /* and in the file alone */
    }
    assert_int_not_equal(session, SESSION);
    seated(OTHER);
    assert_int_equal(guests()->caller.session_id, session); /* one session is one number */
}

static void who_only_reads_or_is_refused_leaves_no_trace(void **state)
{
    (void)state;
    assert_int_equal(seats_of(MEMBER), 0);
    assert_true(guests()->caller.member_id >= HANDLE_PASSING);
    assert_refused(take(MEMBER, -1), "SOLD_OUT");
    assert_int_equal(handles(), 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM journal"), 0);
    seated(MEMBER);
    assert_int_equal(seats_of(MEMBER), 1);
    assert_true(guests()->caller.member_id < HANDLE_PASSING);
}

/* ---- what becomes of her ---- */

static void a_closed_account_takes_its_handle_along(void **state)
{
    int64_t handle = seated(MEMBER);

    (void)state;
    assert_int_equal(hear_closed(&h, OTHER), 0); /* who was never here */
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    assert_int_equal(handles(), 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM seat"), 0);
    assert_int_equal(handle_member(&guests()->handles, handle), 0);
    assert_int_equal(hear_closed(&h, MEMBER), 0);
    /* A handle is never the same again. */
    assert_int_not_equal(seated(MEMBER), handle);
}

static void the_handle_of_an_account_that_became_another_is_that_ones(void **state)
{
    int64_t handle = seated(MEMBER);

    (void)state;
    assert_int_equal(hear_merged(&h, MEMBER, OTHER), 0);
    assert_int_equal(handle_of(&guests()->handles, MEMBER), 0);
    assert_int_equal(handle_member(&guests()->handles, handle), OTHER);
    assert_int_equal(seated(OTHER), handle);
    assert_int_equal(seats_of(OTHER), 2);
    assert_int_equal(hear_merged(&h, MEMBER, OTHER), 0);
    assert_int_equal(seats_of(OTHER), 2);
}

static void of_two_handles_of_one_person_one_is_left(void **state)
{
    int64_t gone = seated(MEMBER), kept = seated(OTHER);

    (void)state;
    assert_int_equal(hear_merged(&h, MEMBER, OTHER), 0);
    assert_int_equal(handles(), 1);
    assert_int_equal(handle_member(&guests()->handles, gone), 0);
    assert_int_equal(seated(OTHER), kept);
    assert_int_equal(seats_of(OTHER), 3);
}

static void she_is_given_what_is_kept_of_her(void **state)
{
    struct exported all;

    (void)state;
    seated(MEMBER);
    seated(OTHER);
    all = export_person(&h, MEMBER);
    assert_int_equal(all.n, 1);
    assert_int_equal(exported_count(&all, "seats", "seatId"), 1);
    assert_int_equal(export_person(&h, MEMBER + 5).n, 0);
    assert_int_equal(handles(), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_member_has_one_handle_and_it_is_the_same_after_a_restart),
        TEST(no_member_id_stands_anywhere_in_the_store),
        TEST(who_only_reads_or_is_refused_leaves_no_trace),
        TEST(a_closed_account_takes_its_handle_along),
        TEST(the_handle_of_an_account_that_became_another_is_that_ones),
        TEST(of_two_handles_of_one_person_one_is_left),
        TEST(she_is_given_what_is_kept_of_her),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
