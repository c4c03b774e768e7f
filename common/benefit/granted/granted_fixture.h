/* granted_fixture.h: what a service hears that others have given, in the test's own process, and what it does when few
 * calls come. */
#pragma once
#include "common/benefit/granted/granted_internal.h"
#include "tests/harness.h"

static inline void hear_counting(struct harness *h, const char *queue, const Rpc__ChassisEvent *event)
{
    Rpc__JournalRow row = RPC__JOURNAL_ROW__INIT;
    static const uint8_t own[] = {2 << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, 2, 1 << 3, 7};
    uint8_t packed[512];

    row.kind = (int32_t)event->event_case;
    row.body = (ProtobufCBinaryData){rpc__chassis_event__pack(event, packed), packed};
    /* Some services tell with it a fact of their own. */
    if (event->event_case == RPC__CHASSIS_EVENT__EVENT_GRANTED && event->granted->source_id % 2) {
        memcpy(packed + row.body.len, own, sizeof(own));
        row.body.len += sizeof(own);
    }
    ensure(harness_hear(h, queue, &row) == 0);
}

static inline void hear_given(struct harness *h, const char *queue, const struct grant *grant, int64_t at)
{
    Rpc__ChassisEvent event = RPC__CHASSIS_EVENT__INIT;
    Granted__Granted told = GRANTED__GRANTED__INIT;

    told.source_id = grant->source_id;
    told.member_id = grant->member_id;
    told.group_key = grant->group_key;
    told.ceiling_key = grant->ceiling_key;
    told.ceiling_fen = grant->ceiling_fen;
    told.fen = grant->fen;
    told.at = at;
    event.event_case = RPC__CHASSIS_EVENT__EVENT_GRANTED;
    event.granted = &told;
    hear_counting(h, queue, &event);
}

static inline void hear_grant_state(struct harness *h, const char *queue, int64_t source_id, int64_t member_id,
                                    int state)
{
    Rpc__ChassisEvent event = RPC__CHASSIS_EVENT__INIT;
    Granted__GrantChanged told = GRANTED__GRANT_CHANGED__INIT;

    told.source_id = source_id;
    told.member_id = member_id;
    told.state = (Granted__GrantState)state;
    event.event_case = RPC__CHASSIS_EVENT__EVENT_GRANT_CHANGED;
    event.grant_changed = &told;
    hear_counting(h, queue, &event);
}

/* Writes the rows of what was given here, which else come with time; nothing is told of that. */
static inline void write_granted(struct harness *h, struct granted *granted)
{
    harness_on_record(h);
    while (granted_write_some(granted))
        ;
    harness_works(h);
}
