-- step 1
-- Who comes when, and the passes that say so; see bookings.h.
CREATE TABLE booked_slot (
    booking_id    INTEGER PRIMARY KEY,
    right_id      INTEGER NOT NULL,  -- of the service's: what it was booked with
    group_id      INTEGER NOT NULL,
    member_id     INTEGER NOT NULL,
    place_id      INTEGER NOT NULL,
    slot_id       INTEGER NOT NULL REFERENCES time_slot,
    starts_at     INTEGER NOT NULL,  -- of the slot
    ends_at       INTEGER NOT NULL,
    state         INTEGER NOT NULL,  -- bookings.State
    must_move     INTEGER NOT NULL,
    walk_in       INTEGER NOT NULL,
    handle        INTEGER NOT NULL,
    made_at       INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,
    remind_at     INTEGER NOT NULL,
    journal_seq   INTEGER NOT NULL,  -- the last row about it
    settled       INTEGER NOT NULL DEFAULT 0,  -- by this statement of the service's; 0: not
    settled_place INTEGER NOT NULL DEFAULT 0   -- whose statement it is
) STRICT;
-- One that counts for each right.
CREATE UNIQUE INDEX booked_slot_right ON booked_slot (right_id) WHERE state <> 3;
CREATE INDEX booked_slot_member ON booked_slot (member_id, booking_id);
CREATE INDEX booked_slot_slot ON booked_slot (slot_id);
CREATE INDEX booked_slot_place ON booked_slot (place_id, starts_at);
CREATE INDEX booked_slot_handle ON booked_slot (place_id, handle);
CREATE INDEX booked_slot_walk_in ON booked_slot (group_id) WHERE walk_in = 1;
CREATE INDEX booked_slot_due ON booked_slot (due_at) WHERE state = 1;
CREATE INDEX booked_slot_remind ON booked_slot (remind_at) WHERE state = 1 AND remind_at > 0;
CREATE INDEX booked_slot_held ON booked_slot (group_id, place_id) WHERE state = 1 AND must_move = 0;
CREATE INDEX booked_slot_to_settle ON booked_slot (group_id, place_id, booking_id) WHERE state = 2 AND settled = 0;
CREATE INDEX booked_slot_to_correct ON booked_slot (group_id, settled_place, booking_id)
    WHERE settled > 0 AND (state <> 2 OR place_id <> settled_place);
CREATE TABLE booked_pass (
    serial      INTEGER PRIMARY KEY,  -- random
    booking_id  INTEGER NOT NULL REFERENCES booked_slot,
    place_id    INTEGER NOT NULL,
    slot_id     INTEGER NOT NULL,
    from_at     INTEGER NOT NULL,
    until_at    INTEGER NOT NULL,
    issued_at   INTEGER NOT NULL,
    revoked_at  INTEGER NOT NULL DEFAULT 0,
    journal_seq INTEGER NOT NULL      -- the last row about it
) STRICT;
CREATE INDEX booked_pass_booking ON booked_pass (booking_id);
CREATE UNIQUE INDEX booked_pass_good ON booked_pass (booking_id) WHERE revoked_at = 0;
CREATE INDEX booked_pass_revoked ON booked_pass (place_id, serial) WHERE revoked_at > 0;
