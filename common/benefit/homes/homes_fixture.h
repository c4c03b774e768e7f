/* homes_fixture.h: members who leave unions, come back and rest, in the test's own process. */
#pragma once
#include "common/benefit/homes/homes.h"
#include "common/benefit/tree/tree_fixture.h"

static inline void hear_now(struct harness *h, const Identity__Event *event)
{
    Rpc__JournalRow row = RPC__JOURNAL_ROW__INIT;
    uint8_t packed[128];

    row.kind = (int32_t)event->event_case;
    row.at = clock_now(&h->service.clock);
    row.body = (ProtobufCBinaryData){identity__event__pack(event, packed), packed};
    ensure(harness_hear(h, "identity", &row) == 0);
}

static inline void hear_left(struct harness *h, int64_t member_id)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__MembershipEnded ended = IDENTITY__MEMBERSHIP_ENDED__INIT;

    ended.member_id = member_id;
    event.event_case = IDENTITY__EVENT__EVENT_MEMBERSHIP_ENDED;
    event.membership_ended = &ended;
    hear_now(h, &event);
}

static inline void hear_joined(struct harness *h, int64_t member_id, const char *path)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__MembershipBegan began = IDENTITY__MEMBERSHIP_BEGAN__INIT;

    began.member_id = member_id;
    began.union_id = a_union(h, path);
    event.event_case = IDENTITY__EVENT__EVENT_MEMBERSHIP_BEGAN;
    event.membership_began = &began;
    hear_now(h, &event);
}

static inline void hear_transferred(struct harness *h, int64_t member_id, const char *path)
{
    hear_left(h, member_id);
    hear_joined(h, member_id, path);
}

static inline void hear_suspended(struct harness *h, int64_t member_id, bool suspended)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__StandingChanged changed = IDENTITY__STANDING_CHANGED__INIT;

    changed.member_id = member_id;
    changed.standing = suspended ? IDENTITY__STANDING__STANDING_SUSPENDED : IDENTITY__STANDING__STANDING_ACTIVE;
    event.event_case = IDENTITY__EVENT__EVENT_STANDING_CHANGED;
    event.standing_changed = &changed;
    hear_now(h, &event);
}
