-- step 1
-- Who lets people in to a departure, and what was read there; see gates.h.
CREATE TABLE gate_staff (
    release_id INTEGER NOT NULL,
    departure  INTEGER NOT NULL,  -- as the form counts them
    member_id  INTEGER NOT NULL,
    PRIMARY KEY (release_id, departure, member_id)
) STRICT;
CREATE INDEX gate_staff_member ON gate_staff (member_id);
CREATE TABLE boarding (
    boarding_id INTEGER PRIMARY KEY,
    release_id  INTEGER NOT NULL,
    departure   INTEGER NOT NULL,
    device_id   INTEGER NOT NULL REFERENCES door_device,
    coupon_id   INTEGER NOT NULL,  -- the ticket; 0: none of ours
    cell_id     INTEGER NOT NULL,  -- its seat's; 0: none
    brought_by  INTEGER NOT NULL,  -- the boarding of whom she came in with; 0: she showed her own pass
    at          INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    offline     INTEGER NOT NULL,
    refusal     INTEGER NOT NULL,  -- coupon.Reason of what was read without network and is not good; 0: she is in
    undone_at   INTEGER NOT NULL DEFAULT 0,
    scan_ref    TEXT    NOT NULL,
    undo_reason TEXT    NOT NULL DEFAULT '',
    UNIQUE (device_id, scan_ref)
) STRICT;
-- A ticket is let in once over all devices.
CREATE UNIQUE INDEX boarding_coupon ON boarding (coupon_id) WHERE refusal = 0 AND undone_at = 0;
CREATE INDEX boarding_cell ON boarding (cell_id) WHERE refusal = 0 AND undone_at = 0;
CREATE INDEX boarding_gate ON boarding (release_id, departure, boarding_id);
