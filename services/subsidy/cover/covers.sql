-- step 1
-- When who has the accident cover, as identity's journal says it; see covers.h.
CREATE TABLE cover (
    cover_id    INTEGER PRIMARY KEY,  -- identity's
    member_id   INTEGER NOT NULL,
    union_id    INTEGER NOT NULL,
    from_at     INTEGER NOT NULL,
    until_at    INTEGER NOT NULL,     -- not from then on
    has_left    INTEGER NOT NULL      -- 1: she left her union before its year was over
) STRICT;
CREATE INDEX cover_hers ON cover (member_id, cover_id);
