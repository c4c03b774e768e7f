/* Hours of bath houses, and how many they take. */
#include "common/benefit/bookings/bookings_fixture.h"

static int change(const struct slot *slot, int32_t capacity, int32_t walk_ins)
{
    struct deed deed = {.slot = slot_again(slot->id), .a = capacity, .b = walk_ins};

    return act(&deed, do_change);
}

static int withdraw(const struct slot *slot)
{
    struct deed deed = {.slot = slot_again(slot->id)};

    return act(&deed, do_withdraw);
}

static int take(const struct slot *slot, bool walk_in)
{
    struct booking booking;

    return try_to_book(slot, slot_again(slot->id).booked + slot_again(slot->id).walked + 1, walk_in, &booking);
}

/* ---- making them ---- */

static struct {
    int32_t days[3];
    size_t n_days;
    struct {
        int32_t from, until, capacity;
    } hours[3];
    size_t n_hours;
} plan;

static int do_plan(struct deed *deed, void *call)
{
    Slots__Hours hours[3], *list[3];

    for (size_t i = 0; i < plan.n_hours; i++) {
        slots__hours__init(&hours[i]);
        hours[i].from_minute = plan.hours[i].from;
        hours[i].until_minute = plan.hours[i].until;
        hours[i].capacity = plan.hours[i].capacity;
        list[i] = &hours[i];
    }
    return slots_obtain_days(&spa()->slots, SEASON, BATHS, plan.days, plan.n_days, list, plan.n_hours, call,
                             &deed->field);
}

static void assert_plan(int reason, const char *field)
{
    struct deed deed = {0};

    assert_int_equal(act(&deed, do_plan), reason);
    if (reason)
        assert_string_equal(deed.field, field);
}

static int64_t n_slots(void)
{
    return harness_number(&h, "SELECT count(*) FROM time_slot");
}

static void days_times_hours_are_made_once(void **state)
{
    (void)state;
    assert_plan(RPC__REASON__MISSING_FIELD, "hours");
    plan.n_hours = 2;
    plan.hours[0].from = 480;
    plan.hours[0].until = plan.hours[1].from = 540;
    plan.hours[1].until = 600;
    plan.hours[0].capacity = plan.hours[1].capacity = 5;
    assert_plan(RPC__REASON__MISSING_FIELD, "days");
    plan.n_days = 2;
    plan.days[0] = DAY;
    plan.days[1] = 20260230;
    assert_plan(RPC__REASON__NO_SUCH_DAY, "days");
    assert_int_equal(n_slots(), 0);
    plan.days[1] = DAY + 1;
    assert_plan(0, NULL);
    assert_plan(0, NULL);
    assert_int_equal(n_slots(), 4);
    plan.hours[1].from = 530;
    assert_plan(OUT_OF_ORDER, "hours");
    plan.hours[1].from = 540;
    plan.hours[1].capacity = 6;
    assert_plan(EXISTS, "days");
    plan.hours[1].capacity = 5;
    to(DAY_AT + 8 * HOUR_MS);
    assert_plan(OVER, "days"); /* the first has begun */
    assert_int_equal(slots_free(&spa()->slots, SEASON, BATHS, DAY_AT + 8 * HOUR_MS), 15);
    harness_reopen(&h);
    assert_int_equal(n_slots(), 4);
}

/* ---- what they take ---- */

/* The statement that counts one more keeps to the capacity by itself. */
static void let_the_schema_be(void)
{
    harness_pragma(&h, "PRAGMA ignore_check_constraints = ON");
}

static void it_takes_as_many_as_it_has_and_no_more(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 3, 1);

    (void)state;
    let_the_schema_be();
    assert_int_equal(slot_free(&slot), 2);
    assert_int_equal(take(&slot, false), 0);
    assert_int_equal(take(&slot, false), 0);
    assert_int_equal(take(&slot, false), OVER); /* the third is kept for who walks in */
    slot = slot_again(slot.id);
    assert_int_equal(slot_free(&slot), 0);
    assert_int_equal(take(&slot, true), 0);
    assert_int_equal(take(&slot, true), OVER);
    slot = slot_again(slot.id);
    assert_true(slot.booked == 2 && slot.walked == 1);
}

/* Who walks in takes what nobody booked, too. */
static void who_walks_in_takes_what_is_left(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 2, 0);

    (void)state;
    let_the_schema_be();
    assert_int_equal(take(&slot, true), 0);
    slot = slot_again(slot.id);
    assert_int_equal(slot_free(&slot), 1);
    assert_int_equal(take(&slot, false), 0);
    assert_int_equal(take(&slot, true), OVER);
    assert_int_equal(take(&slot, false), OVER);
}

/* So does the schema, whatever the statement. */
static void no_statement_passes_its_capacity(void **state)
{
    static const char *const changes[] = {
        "UPDATE time_slot SET booked = 3",   "UPDATE time_slot SET walked = 2",  "UPDATE time_slot SET capacity = 2",
        "UPDATE time_slot SET walk_ins = 2", "UPDATE time_slot SET booked = -1", "UPDATE time_slot SET walked = -1",
    };
    struct slot slot = a_slot(BATHS, 9, 3, 1);

    (void)state;
    assert_int_equal(take(&slot, false), 0);
    assert_int_equal(take(&slot, false), 0);
    assert_int_equal(take(&slot, true), 0);
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        int statement = store_prepare(h.service.store, &changes[i], 1);

        if (store_run(h.service.store, (unsigned)statement, "") != -1)
            fail_msg("was done: %s", changes[i]);
    }
}

static void a_slot_that_is_withdrawn_takes_nobody(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 3, 1);

    (void)state;
    assert_int_equal(withdraw(&slot), 0);
    assert_int_equal(take(&slot, false), OVER);
    assert_int_equal(take(&slot, true), OVER);
}

static void it_is_changed_to_no_less_than_it_holds(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 3, 1), other = a_slot(BATHS, 10, 3, 0);

    (void)state;
    assert_int_equal(take(&slot, false), 0);
    assert_int_equal(take(&slot, true), 0);
    assert_int_equal(change(&slot, 1, 0), BELOW_BOOKED);
    assert_int_equal(change(&slot, 2, 2), BELOW_BOOKED);
    assert_int_equal(change(&slot, 2, 3), WALK_INS_ABOVE);
    assert_int_equal(change(&slot, 2, 1), 0);
    assert_int_equal(slot_again(slot.id).capacity, 2);
    assert_int_equal(withdraw(&slot), 0);
    assert_int_equal(withdraw(&slot), 0);
    assert_int_equal(change(&slot, 5, 0), WITHDRAWN);
    slot = slot_again(slot.id);
    assert_int_equal(slot_free(&slot), 0);
    assert_int_equal(slot_refusal(&spa()->slots, &slot, DAY_AT), WITHDRAWN);
    to(other.ends_at);
    assert_int_equal(change(&other, 5, 0), OVER);
    assert_int_equal(withdraw(&other), OVER);
    assert_int_equal(slot_refusal(&spa()->slots, &other, other.starts_at), OVER);
    assert_int_equal(slot_refusal(&spa()->slots, &other, other.starts_at - 1), 0);
}

static void it_is_found_by_where_and_when(void **state)
{
    struct slot slot = a_slot(BATHS, 9, 3, 0), later = a_slot(BATHS, 11, 3, 0), found;

    (void)state;
    assert_true(slots_find_during(&spa()->slots, SEASON, BATHS, slot.ends_at - 1, &found) && found.id == slot.id);
    assert_false(slots_find_during(&spa()->slots, SEASON, BATHS, slot.ends_at, &found));
    assert_false(slots_find_during(&spa()->slots, SEASON + 1, BATHS, slot.starts_at, &found));
    assert_false(slots_find_of(&spa()->slots, BATHS + 1, &found));
    assert_true(slots_find_of(&spa()->slots, BATHS, &found));
    assert_int_equal(withdraw(&later), 0);
    slots_ask(&spa()->slots, SEASON, BATHS, DAY_AT, INT64_MAX, 1 << 2, 9);
    assert_true(slots_next(&spa()->slots, &found) && found.id == later.id);
    assert_false(slots_next(&spa()->slots, &found));
}

static void a_store_that_was_changed_is_found(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE time_slot SET capacity = 8", "UPDATE time_slot SET capacity = 4"},
        {"UPDATE time_slot SET ends_at = ends_at + 1", "UPDATE time_slot SET ends_at = ends_at - 1"},
        {"UPDATE time_slot SET withdrawn = 1", "UPDATE time_slot SET withdrawn = 0"},
        {"UPDATE time_slot SET journal_seq = 0", "UPDATE time_slot SET journal_seq = (SELECT max(seq) FROM journal)"},
        {"UPDATE time_slot SET booked = 1", "UPDATE time_slot SET booked = 0"},
        {"INSERT INTO time_slot (slot_id, group_id, place_id, starts_at, ends_at, capacity, walk_ins) "
         "VALUES (1, 1, 1, 1, 2, 1, 0)",
         "DELETE FROM time_slot WHERE slot_id = 1"},
    };
    struct slot slot = a_slot(BATHS, 9, 3, 0);

    (void)state;
    assert_int_equal(change(&slot, 4, 0), 0);
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        assert_found(&h, changes[i][0], changes[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(days_times_hours_are_made_once),        TEST(it_takes_as_many_as_it_has_and_no_more),
        TEST(who_walks_in_takes_what_is_left),       TEST(no_statement_passes_its_capacity),
        TEST(a_slot_that_is_withdrawn_takes_nobody), TEST(it_is_changed_to_no_less_than_it_holds),
        TEST(it_is_found_by_where_and_when),         TEST(a_store_that_was_changed_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
