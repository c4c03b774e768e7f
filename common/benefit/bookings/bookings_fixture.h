/* bookings_fixture.h: bath houses whose hours are booked with vouchers: a service of a few lines, in a store of its
 * own, for the tests of slots, bookings and the door. */
#pragma once
#include "common/benefit/benefit_fixture.h"
#include "common/benefit/door/door.h"

#define DAY       20260302
#define DAY_AT    INT64_C(1772380800000)
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define SEASON    70 /* a group */
#define BATHS     80 /* a place, and the next */

enum { EXISTS = 91001, OVER, WITHDRAWN, OUT_OF_ORDER, WALK_INS_ABOVE, BELOW_BOOKED, NOT_ACTIVE, TOO_LATE };
enum {
    NO_DEVICE = 91101,
    NOT_YOURS,
    DEVICE_REVOKED,
    TOO_MANY,
    NOT_ACCEPTED,
    UNDO_TOO_LATE,
    NOT_WAITING,
    NO_GUEST,
    BEYOND
};
#define BAD_PASS 91200 /* and the pass_reason */

#ifdef SPA_HAS_DOOR
#define SPA_PARTS(PART, SHARED) SHARED(holders) SHARED(slots) SHARED(bookings) SHARED(door) SHARED(scanners)
#else /* bookings pass from state to state as the test says */
#define SPA_PARTS(PART, SHARED) SHARED(holders) SHARED(slots) SHARED(bookings)
#endif
#define SPA_SERVICES(SERVICE)
#define spa__event__descriptor sample__event__descriptor

SERVICE_PARTS(SPA)
struct spa {
    SERVICE_MEMBERS(SPA)
    int64_t closed_place; /* takes nobody any more; 0: all do */
    int changes, of_place, of_slot, soon, ended;
    int arrived, undone;
    struct booking last; /* that one of these was told of */
    bool given_on, full; /* who has not come has lost it to another, and there is no more */
    struct pass_keys *passes;
};

SERVICE_TABLE(spa, SPA)

static inline struct spa *spa(void)
{
    return h.service.self;
}

/* ---- what the service gives ---- */

static const struct slots_words spa_words = {
    .exists = EXISTS,
    .over = OVER,
    .withdrawn = WITHDRAWN,
    .hours_out_of_order = OUT_OF_ORDER,
    .walk_ins_above = WALK_INS_ABOVE,
    .below_booked = BELOW_BOOKED,
};

static void on_change(void *self, const struct booking *booking, void *call)
{
    (void)booking;
    (void)call;
    ((struct spa *)self)->changes++;
}

static bool strand(void *arg, void *call)
{
    struct spa *self = arg;

    return self->closed_place && bookings_strand(&self->bookings, SEASON, self->closed_place, call);
}

static void on_strand(void *arg, const struct booking *booking, bool place, void **memo, void *call)
{
    struct spa *self = arg;

    (void)call;
    *memo = self;
    self->of_place += place;
    self->of_slot += !place;
    self->last = *booking;
}

static void on_soon(void *arg, const struct booking *booking, void **memo, void *call)
{
    struct spa *self = arg;

    (void)memo;
    (void)call;
    self->soon++;
    self->last = *booking;
}

static void on_end(void *arg, const struct booking *booking, void *call)
{
    struct spa *self = arg;

    (void)call;
    self->ended++;
    self->last = *booking;
}

static const struct bookings_service spa_service = {
    .early_ms = 10 * MINUTE_MS,
    .late_ms = 20 * MINUTE_MS,
    .grace_ms = 2 * HOUR_MS,
    .move_ms = 5 * HOUR_MS,
    .remind_ms = HOUR_MS,
    .not_active = NOT_ACTIVE,
    .too_late = TOO_LATE,
    .changes = on_change,
    .strand = strand,
    .stranded = on_strand,
    .soon = on_soon,
    .ended = on_end,
};

#ifdef SPA_HAS_DOOR
static int pass_reason_of(enum pass_reason reason)
{
    return BAD_PASS + (int)reason;
}

static void on_arrival(void *arg, const struct booking *booking, void *call)
{
    struct spa *self = arg;

    (void)call;
    self->arrived++;
    self->last = *booking;
}

static void on_undo(void *arg, const struct booking *booking, void *call)
{
    struct spa *self = arg;

    (void)call;
    self->undone++;
    self->last = *booking;
}

static bool is_given_on(void *self, const struct booking *booking, void *call)
{
    (void)booking;
    (void)call;
    return ((struct spa *)self)->given_on;
}

static int beyond(void *self, const struct booking *booking, void *call)
{
    (void)booking;
    (void)call;
    return ((struct spa *)self)->full ? BEYOND : 0;
}

static const struct door_service spa_door = {
    .undo_ms = 5 * MINUTE_MS,
    .words = {NOT_ACCEPTED, UNDO_TOO_LATE, NOT_WAITING, NO_GUEST},
    .pass_refusal = pass_reason_of,
    .arrived = on_arrival,
    .undone = on_undo,
    .given_on = is_given_on,
    .beyond = beyond,
};

static const struct scanners_service spa_scanners = {.ahead_ms = MINUTE_MS,
                                                     .late_ms = 24 * HOUR_MS,
                                                     .max = 3,
                                                     .words = {NO_DEVICE, NOT_YOURS, DEVICE_REVOKED, TOO_MANY}};

#endif

static inline int spa_start(struct service *service)
{
    struct spa *self = service->self;

    slots_use(&self->slots, &spa_words);
    bookings_serve(&self->bookings, &spa_service, self, &self->slots);
    self->passes = pass_keys_open(getenv("HUIGONG_PASS_KEY"));
#ifdef SPA_HAS_DOOR
    scanners_serve(&self->scanners, &spa_scanners);
    door_serve(&self->door, &spa_door, self, &self->bookings, &self->scanners, &self->holders, self->passes);
#endif
    return self->passes ? 0 : -1;
}

static void spa_done(void *self)
{
    pass_keys_close(((struct spa *)self)->passes);
}

static const struct service_spec spa_spec = {
    .name = "sample", .about = "bath houses", .parts = &service_table, .start = spa_start};

static int setup(void **state)
{
    (void)state;
    harness_init(&h, &spa_spec, spa_done);
    harness_key(&h, "HUIGONG_PASS_KEY", "1 " HARNESS_KEY "\n");
    harness_start(&h);
    clock_step(&h.service.clock, DAY_AT - clock_now(&h.service.clock));
    return 0;
}

static inline void to(int64_t at)
{
    clock_step(&h.service.clock, at - clock_now(&h.service.clock));
}

static inline void tidy(void)
{
    while (parts_tidy(&spa()->parts))
        continue;
}

/* ---- deeds, each a transaction ---- */

struct deed {
    int (*what)(struct deed *deed, void *call);
    struct slot slot;
    struct booking booking;
    struct scanner device;
    struct scan scan;
    struct scanned scanned;
    struct guest guest;
    const Rpc__Principal *who; /* NULL: the service itself */
    int64_t at;
    int32_t a, b;
    bool made;
    const char *field;
};

static inline void carry_out(void *call, void *arg)
{
    struct deed *deed = arg;
    int reason;

    if (deed->who)
        rpc_act_for(call, deed->who);
    reason = deed->what(deed, call);
    if (reason)
        rpc_refuse(call, reason);
}

/* 0, or the Reason for which it was refused. */
static inline int act(struct deed *deed, int (*what)(struct deed *deed, void *call))
{
    deed->what = what;
    return rpc_server_transact(h.service.rpc, carry_out, deed);
}

static inline int do_obtain(struct deed *deed, void *call)
{
    return slot_obtain(&spa()->slots, &deed->slot, call);
}

static inline int do_change(struct deed *deed, void *call)
{
    return slot_change(&spa()->slots, &deed->slot, deed->a, deed->b, call, &deed->field);
}

static inline int do_withdraw(struct deed *deed, void *call)
{
    return slot_withdraw(&spa()->slots, &deed->slot, call);
}

/* OVER stands for a full slot. */
static inline int do_book(struct deed *deed, void *call)
{
    return booking_make(&spa()->bookings, &deed->slot, call, &deed->booking) ? 0 : OVER;
}

static inline int do_move(struct deed *deed, void *call)
{
    return booking_move(&spa()->bookings, &deed->booking, &deed->slot, call) ? 0 : OVER;
}

static inline int do_set(struct deed *deed, void *call)
{
    booking_set(&spa()->bookings, &deed->booking, deed->a, call);
    return 0;
}

static inline int do_reissue(struct deed *deed, void *call)
{
    booking_reissue(&spa()->bookings, &deed->booking, call);
    return 0;
}

/* ---- slots and bookings ---- */

static inline struct slot slot_again(int64_t slot_id)
{
    struct slot slot;

    assert_true(slots_find(&spa()->slots, slot_id, &slot));
    return slot;
}

/* An hour of DAY at a place. */
static inline struct slot a_slot(int64_t place_id, int hour, int32_t capacity, int32_t walk_ins)
{
    struct deed deed = {.slot = {.group_id = SEASON,
                                 .place_id = place_id,
                                 .starts_at = DAY_AT + hour * HOUR_MS,
                                 .ends_at = DAY_AT + (hour + 1) * HOUR_MS,
                                 .capacity = capacity,
                                 .walk_ins = walk_ins}};
    struct slot made;

    assert_int_equal(act(&deed, do_obtain), 0);
    assert_true(slots_find_at(&spa()->slots, SEASON, place_id, deed.slot.starts_at, &made));
    return made;
}

static inline struct booking booking_again(int64_t booking_id)
{
    struct booking booking;

    assert_true(bookings_find(&spa()->bookings, booking_id, &booking));
    return booking;
}

static inline int try_to_book(const struct slot *slot, int64_t member_id, bool walk_in, struct booking *ret)
{
    struct deed deed = {
        .slot = *slot,
        .booking = {.right_id = member_id + 1000, .group_id = SEASON, .member_id = member_id, .walk_in = walk_in}};
    int reason = act(&deed, do_book);

    *ret = deed.booking;
    return reason;
}

static inline struct booking booked(const struct slot *slot, int64_t member_id)
{
    struct booking booking;

    assert_int_equal(try_to_book(slot, member_id, false, &booking), 0);
    return booking_again(booking.id);
}

static inline int move_to(struct booking *booking, const struct slot *slot)
{
    struct deed deed = {.slot = *slot, .booking = *booking};
    int reason = act(&deed, do_move);

    *booking = booking_again(booking->id);
    return reason;
}

static inline void set_state(struct booking *booking, int state)
{
    struct deed deed = {.booking = *booking, .a = state};

    assert_int_equal(act(&deed, do_set), 0);
    *booking = booking_again(booking->id);
}

static inline struct issued pass_of(const struct booking *booking)
{
    struct issued issued;

    assert_true(passes_find_of(&spa()->bookings, booking->id, &issued));
    return issued;
}
