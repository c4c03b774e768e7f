/* How many members something would be for: by the tallies, and by looking at one after the other. */
#include "services/identity/access/office_fixture.h"
#include "services/identity/people/people_fixture.h"
#include "services/identity/unions/audience_counts.h"
#include "services/identity/unions/pages.h"

#define PEOPLE 12

static struct harness h;
static Audience__Audience form;

static Rpc__Principal *manager(int64_t member_id, const char *path)
{
    return harness_official(&h, member_id, RULE__ROLE__BENEFIT_MANAGER, path);
}

static int setup(void **state)
{
    (void)state;
    begin_with_unions(&h);
    audience__audience__init(&form);
    for (unsigned i = 1; i <= PEOPLE; i++)
        member_of_union(&h, i, i <= PEOPLE - 2 ? "440604" : "440605");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    end(&h);
    return 0;
}

static const Rpc__Answer *ask(const Rpc__Principal *who, int64_t union_id)
{
    Identity__CountAudienceRequest request = IDENTITY__COUNT_AUDIENCE_REQUEST__INIT;

    request.union_id = union_id;
    request.audience = &form;
    return harness_call(&h, "Audiences.CountAudience", &request.base, who, NULL);
}

static const Rpc__Answer *again(const Rpc__Principal *who, int64_t count_id)
{
    Identity__AudienceCountRequest request = IDENTITY__AUDIENCE_COUNT_REQUEST__INIT;

    request.count_id = count_id;
    return harness_call(&h, "Audiences.GetAudienceCount", &request.base, who, NULL);
}

static Identity__AudienceCount *count_of(const Rpc__Answer *answer)
{
    return harness_output(&h, answer, &identity__audience_count__descriptor);
}

/* What came of it, once everybody was looked at. */
static Identity__AudienceCount *counted(int64_t union_id)
{
    Identity__AudienceCount *count = count_of(ask(manager(900, ""), union_id));
    int64_t id = count->count_id;

    if (count->state == IDENTITY__COUNT_STATE__COUNTED)
        return count;
    while (harness_tidy(&h))
        ;
    count = count_of(again(manager(900, ""), id));
    assert_int_equal(count->state, IDENTITY__COUNT_STATE__COUNTED);
    return count;
}

static void unions_and_trades_are_known_at_once(void **state)
{
    Rpc__Trade trades[] = {RPC__TRADE__COURIER, RPC__TRADE__SANITATION};

    (void)state;
    assert_int_equal(count_of(ask(manager(900, ""), root_id))->count_id, 0);
    assert_int_equal(counted(root_id)->members, PEOPLE);
    assert_int_equal(counted(first_id)->members, PEOPLE - 2);
    assert_true(counted(second_id)->few); /* two */
    assert_int_equal(counted(second_id)->members, 0);
    form.trades = trades;
    form.n_trades = 2;
    assert_int_equal(counted(root_id)->members, PEOPLE); /* all are couriers */
    trades[0] = RPC__TRADE__TRUCK_DRIVER;
    assert_int_equal(counted(root_id)->members, 0);
    assert_false(counted(root_id)->few);
}

static void who_fits_by_what_she_is_is_looked_at(void **state)
{
    Identity__AudienceCount *count;

    (void)state;
    form.age_from = 18;
    count = count_of(ask(manager(900, ""), root_id));
    assert_int_equal(count->state, IDENTITY__COUNT_STATE__COUNTING);
    assert_int_equal(counted(root_id)->members, PEOPLE);
    form.union_id = first_id;
    assert_int_equal(counted(root_id)->members, PEOPLE - 2);
    form.age_from = 149;
    assert_int_equal(counted(root_id)->members, 0);
    form.age_from = 0;
    form.member_months = 1;
    assert_int_equal(counted(root_id)->members, 0);
    clock_step(&h.service.clock, INT64_C(32) * 86400000);
    assert_int_equal(counted(root_id)->members, PEOPLE - 2);
}

/* A walk of more than a slice goes on behind the last one looked at, also over unions, and after a restart. */
static void a_walk_goes_on_where_it_was(void **state)
{
    int64_t id;

    (void)state;
    for (unsigned i = PEOPLE + 1; i <= 2 * AUDIENCE_COUNT_SLICE + 10; i++)
        member_of_union(&h, i, i % 2 ? "440604" : "440605");
    form.born_from = 1900;
    id = count_of(ask(manager(900, ""), root_id))->count_id;
    for (int slices = 0; slices < 2; slices++)
        harness_tidy(&h);
    harness_reopen(&h);
    while (harness_tidy(&h))
        ;
    assert_int_equal(count_of(again(manager(900, ""), id))->members, 2 * AUDIENCE_COUNT_SLICE + 10);
}

/* More unions than a slice looks at lie between them, and nobody is in those. */
static void unions_without_members_are_passed(void **state)
{
    char csv[16384];

    (void)state;
    for (unsigned made = 0; made <= PAGE_UNIONS;) {
        size_t len = 0;

        for (unsigned i = 0; i < 200; i++, made++)
            len += (size_t)snprintf(csv + len, sizeof(csv) - len, "99%04u,第%u工会,440600\n", made, made);
        assert_ok(import_page(&h, harness_internal(&h), "Identity.ImportUnions", csv, false));
    }
    for (unsigned i = PEOPLE + 1; i <= 2 * PEOPLE; i++)
        member_of_union(&h, i, "991199");
    form.born_from = 1900;
    assert_int_equal(counted(root_id)->members, 2 * PEOPLE);
}

/* The tallies know her still; she would be refused. */
static void who_is_suspended_does_not_fit(void **state)
{
    Rpc__Principal *who = person_signed_in(&h, 1);

    (void)state;
    assert_ok(set_standing(&h, administrator(&h, ROOT), who->member_id, IDENTITY__STANDING__STANDING_SUSPENDED,
                           IDENTITY__STANDING_REASON__STANDING_DISCIPLINE));
    assert_int_equal(counted(root_id)->members, PEOPLE - 1);
}

static void a_count_is_its_officials_own(void **state)
{
    int64_t first, second = 0;

    (void)state;
    form.age_from = 18;
    assert_refused(ask(manager(900, SECOND), first_id), "OUTSIDE_YOUR_UNION");
    form.union_id = second_id;
    assert_refused(ask(manager(900, FIRST), first_id), "OUTSIDE_YOUR_UNION");
    form.union_id = 0;
    form.age_until = 17;
    assert_refused(ask(manager(900, FIRST), first_id), "AGES_OUT_OF_ORDER");
    form.age_until = 0;
    first = count_of(ask(manager(900, FIRST), first_id))->count_id;
    assert_refused(again(manager(901, FIRST), first), "COUNT_NOT_FOUND");
    for (int i = 0; i < AUDIENCE_COUNTS_HERS; i++) {
        assert_ok(again(manager(900, FIRST), first));
        second = count_of(ask(manager(900, FIRST), first_id))->count_id;
    }
    assert_refused(again(manager(900, FIRST), first), "COUNT_NOT_FOUND"); /* given up for the last */
    assert_refused(again(manager(900, SECOND), second), "OUTSIDE_YOUR_UNION");
    assert_ok(again(manager(900, FIRST), second));
    clock_step(&h.service.clock, AUDIENCE_COUNT_LIFE_MS + 1000);
    while (harness_tidy(&h))
        ;
    assert_refused(again(manager(900, FIRST), second), "COUNT_NOT_FOUND");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unions_and_trades_are_known_at_once), TEST(who_fits_by_what_she_is_is_looked_at),
        TEST(unions_without_members_are_passed),   TEST(a_walk_goes_on_where_it_was),
        TEST(who_is_suspended_does_not_fit),       TEST(a_count_is_its_officials_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
