-- step 1
-- Of what members are not reminded; see reminders.h.
CREATE TABLE reminder (
    member_id   INTEGER PRIMARY KEY,
    off         INTEGER NOT NULL,  -- a bit for each notice.NoticeKind
    journal_seq INTEGER NOT NULL   -- the row that last said so
) STRICT;
