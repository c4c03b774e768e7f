/* fixture.h: hg-match in the test's own process, and members who have pledged that they are single. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/benefit/holders/holders_fixture.h"
#include "services/match/match.h"

#define TOWN    "00010002"
#define MEMBER  INT64_C(0x5a17c3e9b2d461)
#define OTHER   INT64_C(0x6b28d4fac3e572)
#define YEAR_MS (INT64_C(366) * 86400000)

static struct harness h;

static inline void fixture_close(void *self)
{
    match_done(self);
}

static inline int setup(void **state)
{
    (void)state;
    harness_init(&h, &match_spec, fixture_close);
    harness_key(&h, "HUIGONG_SINGLE_KEY", "1 " HARNESS_KEY "\nindex " HARNESS_KEY "\n");
    assert_int_equal(conf_load(match_spec.conf, NULL, true), 0);
    harness_start(&h);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    assert_string_equal(harness_audit(&h), "");
    harness_close(&h);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static inline struct match *match(void)
{
    return h.service.self;
}

/* A woman of a union, born in March of 1998. */
static inline Rpc__Principal *a_member(int64_t member_id, const char *path)
{
    Rpc__Principal *principal = harness_member(&h, member_id, path);

    principal->birth_year = 1998;
    principal->birthday = 315;
    principal->sex = RPC__SEX__FEMALE;
    return principal;
}

/* What identity says of her pledge. */
static inline int hear_pledge(int64_t member_id, int pledge_state, int64_t until)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__PledgeChanged changed = IDENTITY__PLEDGE_CHANGED__INIT;

    changed.member_id = member_id;
    changed.state = (Identity__PledgeState)pledge_state;
    changed.until = until;
    event.event_case = IDENTITY__EVENT__EVENT_PLEDGE_CHANGED;
    event.pledge_changed = &changed;
    return hear(&h, &event);
}

/* For a year from now. */
static inline void pledge(int64_t member_id)
{
    assert_int_equal(
        hear_pledge(member_id, IDENTITY__PLEDGE_STATE__PLEDGE_STANDING, clock_now(&h.service.clock) + YEAR_MS), 0);
}

static inline const Rpc__Answer *join(Rpc__Principal *principal)
{
    return harness_call(&h, "Singles.JoinMatch", NULL, principal, NULL);
}

static inline int64_t handle(int64_t member_id)
{
    return handle_of(&match()->handles, member_id);
}

/* Pledges and joins. */
static inline void enter(int64_t member_id, const char *path)
{
    pledge(member_id);
    assert_ok(join(a_member(member_id, path)));
}
