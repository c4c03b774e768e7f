-- step 1
-- Forms for releases, and what was made from them; see templates.h.
CREATE TABLE template (
    template_id INTEGER PRIMARY KEY,
    union_path  TEXT    NOT NULL,  -- whose it is
    name        TEXT    NOT NULL,
    levels      INTEGER NOT NULL,  -- bit n set: for unions of level n; 0: of all
    form        BLOB    NOT NULL,  -- coupon.Release, as it was sent
    retired     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    journal_seq INTEGER NOT NULL   -- the last row that tells of it
) STRICT;
CREATE TABLE template_use (
    release_id  INTEGER PRIMARY KEY REFERENCES release,
    template_id INTEGER NOT NULL REFERENCES template
) STRICT;
