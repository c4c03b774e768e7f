/* notice_fixture.h: what a service has told, in a test. */
#pragma once
#include "common/benefit/notice/notice.h"
#include "tests/harness.h"

/* The last that its journal told, or NULL. */
static inline const Notice__NoticeGiven *last_notice(struct harness *h)
{
    const Rpc__ChassisEvent *event =
        harness_last_event(h, &rpc__chassis_event__descriptor, RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN);

    return event ? event->notice_given : NULL;
}

/* How many of a kind stand about something. */
static inline int64_t notices_standing(struct harness *h, int kind, int64_t about_id)
{
    char sql[128];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM notice WHERE kind = %d AND about_id = %lld AND withdrawn_at = 0",
             kind, (long long)about_id);
    return harness_number(h, sql);
}
