-- step 1
-- Doors through which somebody came by a number of a member who has proven her name: bound when that
-- session has shown that it is she.
CREATE TABLE wechat_wait (
    wechat_id INTEGER PRIMARY KEY,
    member_id INTEGER NOT NULL REFERENCES member,
    openid    BLOB    NOT NULL,  -- as those of wechat
    unionid   BLOB    NOT NULL,
    sealed    BLOB    NOT NULL,
    asked_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX wechat_wait_member ON wechat_wait (member_id);
CREATE INDEX wechat_wait_asked ON wechat_wait (asked_at);
