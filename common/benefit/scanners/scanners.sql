-- step 1
-- The devices by which places read what people show; see scanners.h. Where a service had a door before, the door has made
-- this table.
CREATE TABLE IF NOT EXISTS door_device (
    device_id     INTEGER PRIMARY KEY,
    place_id      INTEGER NOT NULL,  -- of the service's
    staff_id      INTEGER NOT NULL,  -- who registered it
    session_id    INTEGER NOT NULL,  -- in which she did
    registered_at INTEGER NOT NULL,
    revoked_at    INTEGER NOT NULL,
    name          TEXT    NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS door_device_place ON door_device (place_id) WHERE revoked_at = 0;
