-- step 1
-- Who is to be asked how she is, and when; see follow_ups.h.
CREATE TABLE follow_up (
    application_id INTEGER PRIMARY KEY,
    office_path    TEXT    NOT NULL,  -- the union that asks
    due_at         INTEGER NOT NULL,
    done_at        INTEGER NOT NULL   -- 0: nobody has asked yet
) STRICT;
CREATE INDEX follow_up_due ON follow_up (office_path, application_id) WHERE done_at = 0;
