-- step 1
-- Devices at doors, and what they scanned; see door.h.
CREATE TABLE door_device (
    device_id     INTEGER PRIMARY KEY,
    place_id      INTEGER NOT NULL,  -- of the service's
    staff_id      INTEGER NOT NULL,  -- who registered it
    session_id    INTEGER NOT NULL,  -- in which she did
    registered_at INTEGER NOT NULL,
    revoked_at    INTEGER NOT NULL,
    name          TEXT    NOT NULL
) STRICT;
CREATE INDEX door_device_place ON door_device (place_id) WHERE revoked_at = 0;
CREATE TABLE door_scan (
    scan_id      INTEGER PRIMARY KEY,
    device_id    INTEGER NOT NULL REFERENCES door_device,
    place_id     INTEGER NOT NULL,
    booking_id   INTEGER NOT NULL,  -- 0: nobody's
    serial       INTEGER NOT NULL,  -- of the pass; 0: none of ours
    at           INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    undone_at    INTEGER NOT NULL,
    duplicate_of INTEGER NOT NULL,
    outcome      INTEGER NOT NULL,  -- door.Outcome
    offline      INTEGER NOT NULL,
    walk_in      INTEGER NOT NULL,
    scan_ref     TEXT    NOT NULL,
    undo_reason  TEXT    NOT NULL,
    journal_seq  INTEGER NOT NULL,  -- the last row about it
    UNIQUE (device_id, scan_ref)
) STRICT;
-- A pass is accepted once over all scanners.
CREATE UNIQUE INDEX door_scan_accepted ON door_scan (booking_id) WHERE outcome = 1 AND undone_at = 0;
CREATE INDEX door_scan_place ON door_scan (place_id, scan_id);
-- The number that stands for a member in a group where she comes without a booking.
CREATE TABLE door_guest (
    subject   INTEGER PRIMARY KEY,  -- random
    group_id  INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    UNIQUE (group_id, member_id)
) STRICT;
