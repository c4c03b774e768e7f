/* Releases whose coupons count with others, and with what other services give. */
#include "common/benefit/granted/granted_fixture.h"
#include "services/coupon/fixture.h"

#define MEALS  "餐补"
#define YEARLY "普惠"

struct counting {
    Granted__Counting counts;
    Granted__Group group;
    Granted__Ceiling ceiling;
};

static struct counting counting;

/* So many of the group in a period; within a year so much. */
static Granted__Counting *counts(int32_t at_most, int period, int32_t not_within_days, int64_t ceiling_fen)
{
    granted__counting__init(&counting.counts);
    granted__group__init(&counting.group);
    granted__ceiling__init(&counting.ceiling);
    counting.group.name = unconst(MEALS);
    counting.group.at_most = at_most;
    counting.group.period = (Granted__Period)period;
    counting.group.not_within_days = not_within_days;
    counting.ceiling.name = unconst(YEARLY);
    counting.ceiling.fen = ceiling_fen;
    counting.counts.group = &counting.group;
    counting.counts.ceiling = ceiling_fen ? &counting.ceiling : NULL;
    return &counting.counts;
}

/* Open from OPENS on, for a year; it gives one a day. */
static int64_t counted(Granted__Counting *said)
{
    Coupon__Release draft = draft_of(3, 366, COUPON__ALLOWANCE__ONE_PER_DAY);
    int64_t id;

    draft.counts = said;
    id = publish(draft);
    return id;
}

static void to(int64_t at)
{
    clock_step(&h.service.clock, at - clock_now(&h.service.clock));
}

/* As another service gives it under the same ceiling. */
static void hear_checkup(int64_t source_id, int64_t member_id, int64_t at, int64_t fen)
{
    struct grant grant = {.source_id = source_id, .member_id = member_id, .fen = fen, .ceiling_fen = 900};

    grant.ceiling_key = granted_key(a_union(&h, UNION), YEARLY);
    grant.group_key = granted_key(a_union(&h, UNION), MEALS);
    hear_given(&h, "health", &grant, at);
}

static const char *offered(int64_t release_id, int64_t member_id)
{
    const Coupon__OfferList *list = list_offers(harness_member(&h, member_id, TOWN));

    for (size_t i = 0; i < list->n_offers; i++) {
        if (list->offers[i]->status->release->release_id == release_id)
            return list->offers[i]->reason;
    }
    return "none";
}

/* OPENS is a Thursday, eight in the morning there. */
static void of_a_group_she_has_so_many_in_a_period(void **state)
{
    int64_t one = counted(counts(2, GRANTED__PERIOD__WEEK, 0, 0)),
            other = counted(counts(2, GRANTED__PERIOD__WEEK, 0, 0));

    (void)state;
    to(OPENS);
    assert_ok(claim(one, 1));
    assert_string_equal(offered(other, 1), "");
    assert_ok(claim(other, 1));
    assert_ok(claim(other, 2));
    to(OPENS + 3 * COUPON_DAY_MS); /* Sunday */
    assert_refused(claim(one, 1), "GROUP_LIMIT_REACHED");
    assert_string_equal(offered(one, 1), "GROUP_LIMIT_REACHED");
    assert_ok(claim(one, 2));
    harness_reopen(&h);
    assert_refused(claim(one, 1), "GROUP_LIMIT_REACHED");
    to(OPENS + 4 * COUPON_DAY_MS - 9 * INT64_C(3600000)); /* Sunday, before midnight */
    assert_refused(claim(other, 1), "GROUP_LIMIT_REACHED");
    to(OPENS + 4 * COUPON_DAY_MS);
    assert_ok(claim(one, 1));
    hear_checkup(1, 1, clock_now(&h.service.clock), 1);
    assert_refused(claim(other, 1), "GROUP_LIMIT_REACHED");
    assert_clean();
}

static void who_had_one_waits_some_days(void **state)
{
    int64_t one = counted(counts(0, 0, 30, 0)), other = counted(counts(0, 0, 0, 0));

    (void)state;
    to(OPENS);
    assert_ok(claim(other, 1));
    assert_ok(claim(one, 2));
    assert_refused(claim(one, 1), "GOT_RECENTLY");
    to(OPENS + 29 * COUPON_DAY_MS);
    assert_refused(claim(one, 2), "GOT_RECENTLY");
    assert_ok(claim(other, 2)); /* which only counts */
    to(OPENS + 30 * COUPON_DAY_MS);
    assert_ok(claim(one, 1));
    assert_refused(claim(one, 2), "GOT_RECENTLY");
    assert_clean();
}

static void what_she_gets_in_a_year_has_a_ceiling(void **state)
{
    int64_t one = counted(counts(0, 0, 0, 1200)), other = counted(counts(0, 0, 0, 1000));

    (void)state;
    assert_int_equal(get(one)->release->counts->ceiling->union_id, a_union(&h, UNION));
    assert_string_equal(get(one)->release->counts->group->name, MEALS);
    to(OPENS);
    assert_ok(claim(other, 1));
    assert_ok(claim(one, 1));
    to(OPENS + COUPON_DAY_MS);
    assert_refused(claim(one, 1), "CEILING_REACHED");
    assert_ok(claim(one, 2));
    hear_checkup(1, 2, OPENS - 1, 300);
    assert_refused(claim(other, 2), "CEILING_REACHED"); /* 300 + 500 + 500 are more than its 1,000 */
    to(OPENS + 365 * COUPON_DAY_MS);                    /* the next year */
    assert_ok(claim(one, 1));
    assert_clean();
}

static void a_form_names_what_its_union_may_count(void **state)
{
    static const struct {
        const char *union_path;
        int32_t at_most;
        int period;
        const char *reason;
    } cases[] = {
        {"0002", 0, 0, "OUTSIDE_YOUR_UNION"},
        {TOWN, 0, 0, "OUTSIDE_YOUR_UNION"},
        {UNION, 2, 0, "MISSING_FIELD"},
        {UNION, 2, GRANTED__PERIOD__SEASON, NULL},
        {UNION, 0, 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Coupon__Release draft = draft_of(3, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE);
        const Rpc__Answer *answer;

        draft.counts = counts(cases[i].at_most, cases[i].period, 0, 900);
        counting.ceiling.union_id = counting.group.union_id = a_union(&h, cases[i].union_path);
        answer = create(&draft, manager_of(UNION));
        if (cases[i].reason)
            assert_refused(answer, cases[i].reason);
        else
            assert_ok(answer);
    }
}

/* Her check-up came first: of both the coupon is taken back, and is somebody else's. */
static void a_coupon_above_the_ceiling_is_withdrawn(void **state)
{
    int64_t id = counted(counts(0, 0, 0, 900)), left, coupon_id;

    (void)state;
    to(OPENS);
    coupon_id = coupon_of(claim(id, 1))->coupon_id;
    assert_ok(claim(id, 2));
    assert_ok(claim(id, 3));
    assert_refused(claim(id, 4), "SOLD_OUT");
    hear_checkup(1, 1, OPENS - 1, 500);
    hear_checkup(2, 2, OPENS + 1, 500); /* later than her coupon */
    for (int again = 0; again < 2; again++) {
        left = get(id)->left;
        assert_int_equal(left, 1);
        assert_int_equal(get(id)->granted, 2);
        assert_int_equal(get(id)->sold_out_at, 0);
        assert_int_equal(coupon_of(claim(id, 1))->coupon_id, coupon_id); /* what she had, and it is over */
        assert_int_equal(coupon_of(claim(id, 1))->ended_at, OPENS);
        assert_int_equal(coupon_of(claim(id, 2))->ended_at, 0);
        harness_reopen(&h);
    }
    assert_int_equal(notices_standing(&h, NOTICE__NOTICE_KIND__COUPON_WITHDRAWN, coupon_id), 1);
    assert_ok(claim(id, 4));
    assert_refused(claim(id, 5), "SOLD_OUT");
    to(OPENS + COUPON_DAY_MS);
    assert_refused(claim(id, 1), "CEILING_REACHED");
    assert_clean();
}

static void what_counts_nowhere_is_not_told(void **state)
{
    int64_t id = open_release(3, 1, COUPON__ALLOWANCE__ONE_PER_RELEASE), rows;

    (void)state;
    rows = harness_number(&h, "SELECT max(seq) FROM journal");
    assert_ok(claim(id, 1));
    assert_int_equal(harness_number(&h, "SELECT max(seq) FROM journal"), rows + 1);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM granted"), 0);
    assert_null(get(id)->release->counts);
    assert_clean();
}

static void what_counts_is_told_in_one_row_with_the_claim(void **state)
{
    int64_t id = counted(counts(2, GRANTED__PERIOD__WEEK, 0, 900)), rows, coupon_id;
    const int32_t kind = RPC__CHASSIS_EVENT__EVENT_GRANTED;
    const Rpc__ChassisEvent *event;
    const Coupon__Event *own;

    (void)state;
    to(OPENS);
    rows = harness_number(&h, "SELECT max(seq) FROM journal");
    coupon_id = coupon_of(claim(id, 1))->coupon_id;
    assert_int_equal(harness_number(&h, "SELECT max(seq) FROM journal"), rows + 1);
    event = harness_last_event(&h, &rpc__chassis_event__descriptor, kind);
    assert_int_equal(event->granted->source_id, coupon_id);
    assert_int_equal(event->granted->ceiling_fen, 900);
    own = harness_last_event(&h, &coupon__event__descriptor, kind);
    assert_int_equal(own->event_case, COUPON__EVENT__EVENT_CLAIMED);
    assert_int_equal(own->claimed->coupon_id, coupon_id);
    assert_int_equal(own->claimed->release_id, id);
    assert_clean();
    assert_found(&h, "UPDATE claim SET day = day + 1", "UPDATE claim SET day = day - 1");
    write_granted(&h, &((struct coupon *)h.service.self)->granted);
    assert_found(&h, "UPDATE granted SET fen = fen + 1", "UPDATE granted SET fen = fen - 1");
}

static void a_release_of_long_ago_says_with_what_it_counted(void **state)
{
    int64_t id = counted(counts(0, 0, 0, 900));

    (void)state;
    assert_ok(change("Coupons.EndRelease", id));
    to(OPENS + 2 * COUPON_DAY_MS);
    harness_reopen(&h);
    assert_null(release_find(h.service.self, id));
    assert_string_equal(get(id)->release->counts->group->name, MEALS);
    assert_int_equal(get(id)->release->counts->ceiling->fen, 900);
    assert_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_a_group_she_has_so_many_in_a_period, setup, teardown),
        cmocka_unit_test_setup_teardown(who_had_one_waits_some_days, setup, teardown),
        cmocka_unit_test_setup_teardown(what_she_gets_in_a_year_has_a_ceiling, setup, teardown),
        cmocka_unit_test_setup_teardown(a_form_names_what_its_union_may_count, setup, teardown),
        cmocka_unit_test_setup_teardown(a_coupon_above_the_ceiling_is_withdrawn, setup, teardown),
        cmocka_unit_test_setup_teardown(what_counts_nowhere_is_not_told, setup, teardown),
        cmocka_unit_test_setup_teardown(what_counts_is_told_in_one_row_with_the_claim, setup, teardown),
        cmocka_unit_test_setup_teardown(a_release_of_long_ago_says_with_what_it_counted, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
