-- step 1
-- Counts of who would fit; see audience_counts.h.
CREATE TABLE audience_count (
    count_id  INTEGER PRIMARY KEY,
    member_id INTEGER NOT NULL,            -- the official who asks
    union_id  INTEGER NOT NULL,            -- whose members are looked at
    audience  BLOB    NOT NULL,            -- a packed audience.Audience
    done      INTEGER NOT NULL DEFAULT 0,
    upto_path TEXT    NOT NULL DEFAULT '', -- of the union in which the last one looked at is
    upto      INTEGER NOT NULL DEFAULT 0,  -- her membership
    looked    INTEGER NOT NULL DEFAULT 0,
    fits      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX audience_count_member ON audience_count (member_id);
CREATE INDEX audience_count_open ON audience_count (count_id) WHERE done = 0;
