-- step 1
-- What people are told; see notice.h.
CREATE TABLE notice (
    notice_id    INTEGER PRIMARY KEY,
    member_id    INTEGER NOT NULL,
    kind         INTEGER NOT NULL,  -- notice.NoticeKind
    about_id     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    given_at     INTEGER NOT NULL,
    withdrawn_at INTEGER NOT NULL DEFAULT 0,
    journal_seq  INTEGER NOT NULL   -- the row that told it first; 0: it is older than this part
) STRICT;
CREATE INDEX notice_member ON notice (member_id, notice_id);
CREATE INDEX notice_about ON notice (about_id, kind, member_id);
