-- step 1
-- Members who have left a union, or whose membership rests, and where they are now; see homes.h.
CREATE TABLE home (
    member_id  INTEGER PRIMARY KEY,
    has_moved  INTEGER NOT NULL DEFAULT 0,  -- 0: she is where she first joined
    union_path TEXT    NOT NULL DEFAULT '', -- of the union that she is in now; "": of none
    rests      INTEGER NOT NULL DEFAULT 0,
    since      INTEGER NOT NULL
) STRICT;
