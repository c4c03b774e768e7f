/* fixture.h: a portal in the test's own process, and what other services tell. */
#pragma once
#include "common/benefit/holders/holders_fixture.h"
#include "common/benefit/notice/notice.h"
#include "services/portal/portal.h"

static struct harness h;

static int setup(void **state)
{
    (void)state;
    harness_open(&h, &portal_spec, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_string_equal(harness_audit(&h), "");
    harness_close(&h);
    return 0;
}

/* A row of a service's journal. */
static inline int hear_chassis(const char *service, const Rpc__ChassisEvent *event, int64_t at)
{
    Rpc__JournalRow row = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[1024];

    row.kind = (int32_t)event->event_case;
    row.at = at;
    row.body = (ProtobufCBinaryData){rpc__chassis_event__pack(event, packed), packed};
    return harness_hear(&h, service, &row);
}

/* A notice, told now by a door. */
static inline void tell(const char *service, int kind, int64_t member_id, int64_t notice_id, int64_t door)
{
    Rpc__ChassisEvent event = RPC__CHASSIS_EVENT__INIT;
    Notice__NoticeGiven given = NOTICE__NOTICE_GIVEN__INIT;

    given.notice_id = notice_id;
    given.member_id = member_id;
    given.kind = (Notice__NoticeKind)kind;
    given.about_id = notice_id + 100000;
    given.at = clock_now(&h.service.clock) + 3600000;
    given.door = door;
    given.title = "职工免费体检";
    given.place = "市中医院";
    event.event_case = RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN;
    event.notice_given = &given;
    assert_int_equal(hear_chassis(service, &event, clock_now(&h.service.clock)), 0);
}

static inline void withdraw(const char *service, int64_t notice_id)
{
    Rpc__ChassisEvent event = RPC__CHASSIS_EVENT__INIT;
    Notice__NoticeWithdrawn withdrawn = NOTICE__NOTICE_WITHDRAWN__INIT;

    withdrawn.notice_id = notice_id;
    event.event_case = RPC__CHASSIS_EVENT__EVENT_NOTICE_WITHDRAWN;
    event.notice_withdrawn = &withdrawn;
    assert_int_equal(hear_chassis(service, &event, clock_now(&h.service.clock)), 0);
}
