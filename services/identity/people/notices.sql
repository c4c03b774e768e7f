-- step 1
-- What a member was told about her account; see notices.h.
CREATE TABLE account_notice (
    notice_id INTEGER PRIMARY KEY,
    member_id INTEGER NOT NULL REFERENCES member,
    news      INTEGER NOT NULL,  -- Identity__AccountNews
    about_id  INTEGER NOT NULL,
    at        INTEGER NOT NULL
) STRICT;
CREATE INDEX account_notice_member ON account_notice (member_id, notice_id);
CREATE INDEX account_notice_at ON account_notice (at);
-- step 2 rows
-- It is in the shared part's table; what was told of (AccountNews) follows NoticeKind.
INSERT INTO notice (notice_id, member_id, kind, about_id, at, given_at, journal_seq)
    SELECT notice_id, member_id, news + 6, about_id, at, at, 0 FROM account_notice;
DROP TABLE account_notice;
