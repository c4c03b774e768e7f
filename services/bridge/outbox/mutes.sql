-- step 1
-- Of what members are not reminded; see mutes.h.
CREATE TABLE mute (
    member_id INTEGER PRIMARY KEY,
    off       INTEGER NOT NULL  -- a bit for each notice.NoticeKind
) STRICT;
