-- step 1
-- What takes two people; see two_hands.h.
CREATE TABLE two_hands (
    hand_id      INTEGER PRIMARY KEY,
    kind         TEXT    NOT NULL,
    deed_id      INTEGER NOT NULL,  -- of which record of the service
    state        INTEGER NOT NULL,  -- hands.State
    first_by     INTEGER NOT NULL,
    now_by       INTEGER NOT NULL,  -- the first hand's account, after it became part of another one
    gave_by      INTEGER NOT NULL,  -- who gave the first hand her office just before; 0: nobody
    also_gave_by INTEGER NOT NULL,
    what         BLOB    NOT NULL,  -- SHA-256
    given_at     INTEGER NOT NULL,
    until        INTEGER NOT NULL,
    second_by    INTEGER NOT NULL DEFAULT 0,
    ended_at     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX two_hands_open ON two_hands (deed_id, kind) WHERE state = 1;
CREATE INDEX two_hands_deed ON two_hands (deed_id, kind, hand_id);
-- step 2
-- Where, and by which offices, the second hand may be given: what waits is listed by it. What was given before is in
-- no list.
ALTER TABLE two_hands ADD COLUMN union_path TEXT NOT NULL DEFAULT '';
ALTER TABLE two_hands ADD COLUMN roles INTEGER NOT NULL DEFAULT 0;  -- 1 << rule.Role
CREATE INDEX two_hands_waiting ON two_hands (union_path, hand_id) WHERE state = 1;
