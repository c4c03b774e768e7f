-- step 1
-- Hours at places, and how many people they take; see slots.h.
CREATE TABLE time_slot (
    slot_id     INTEGER PRIMARY KEY,
    group_id    INTEGER NOT NULL,  -- of the service's: what is given
    place_id    INTEGER NOT NULL,  -- of the service's: where
    starts_at   INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL CHECK (ends_at > starts_at),
    capacity    INTEGER NOT NULL CHECK (capacity > 0),
    walk_ins    INTEGER NOT NULL CHECK (walk_ins >= 0),
    booked      INTEGER NOT NULL DEFAULT 0 CHECK (booked >= 0 AND booked <= capacity - walk_ins),
    walked      INTEGER NOT NULL DEFAULT 0 CHECK (walked >= 0 AND booked + walked <= capacity),
    withdrawn   INTEGER NOT NULL DEFAULT 0,
    journal_seq INTEGER NOT NULL DEFAULT 0,  -- the last row by which it was changed
    UNIQUE (place_id, group_id, starts_at)
) STRICT;
CREATE INDEX time_slot_withdrawn ON time_slot (ends_at) WHERE withdrawn = 1;
