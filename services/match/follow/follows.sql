-- step 1
-- Who follows whom; see follows.h.
CREATE TABLE follow (
    follow_id INTEGER PRIMARY KEY,
    follower  INTEGER NOT NULL,
    followed  INTEGER NOT NULL,
    made_at   INTEGER NOT NULL,
    UNIQUE (follower, followed)
) STRICT;
CREATE INDEX follow_of ON follow (follower, follow_id);
CREATE INDEX follow_to ON follow (followed, follow_id);
-- Who has blocked whom.
CREATE TABLE block (
    block_id INTEGER PRIMARY KEY,
    blocker  INTEGER NOT NULL,
    blocked  INTEGER NOT NULL,
    made_at  INTEGER NOT NULL,
    UNIQUE (blocker, blocked)
) STRICT;
CREATE INDEX block_to ON block (blocked, blocker);
