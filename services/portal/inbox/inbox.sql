-- step 1
-- What members were told; see inbox.h.
CREATE TABLE inbox_item (
    item_id      INTEGER PRIMARY KEY,
    member_id    INTEGER NOT NULL,
    service      TEXT    NOT NULL,  -- whose notice it is
    notice_id    INTEGER NOT NULL,
    kind         INTEGER NOT NULL,  -- notice.NoticeKind
    about_id     INTEGER NOT NULL,
    about_at     INTEGER NOT NULL,
    title        TEXT    NOT NULL,
    place        TEXT    NOT NULL,
    told_at      INTEGER NOT NULL,
    withdrawn_at INTEGER NOT NULL DEFAULT 0,
    read_at      INTEGER NOT NULL DEFAULT 0,
    read_seq     INTEGER NOT NULL DEFAULT 0,  -- the row that says so
    journal_seq  INTEGER NOT NULL,            -- the row that told it
    UNIQUE (service, notice_id)
) STRICT;
CREATE INDEX inbox_item_member ON inbox_item (member_id, item_id);
CREATE INDEX inbox_item_unread ON inbox_item (member_id, item_id) WHERE read_at = 0 AND withdrawn_at = 0;
