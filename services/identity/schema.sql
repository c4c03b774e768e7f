-- Blind indexes (BLOB of 16 bytes) and sealed fields are those of common/pii.h.
-- step 1
CREATE TABLE unions (
    union_id   INTEGER PRIMARY KEY,
    parent_id  INTEGER NOT NULL REFERENCES unions,
    code       TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    path       TEXT    NOT NULL UNIQUE,
    children   INTEGER NOT NULL DEFAULT 0,  -- ever made: the ordinal of the next one
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX unions_parent ON unions (parent_id, path);
-- What the roots hang from: no union itself.
INSERT INTO unions (union_id, parent_id, code, name, path, created_at) VALUES (0, 0, '', '', '', 0);

-- Appended to in the order of roster_id. One seal over "name LF resident ID LF
-- mobile" instead of three: 60 bytes and two ciphers less for each row.
CREATE TABLE roster (
    roster_id INTEGER PRIMARY KEY,
    union_id  INTEGER NOT NULL REFERENCES unions,
    trade     INTEGER NOT NULL,
    person    BLOB    NOT NULL,  -- blind index of the resident ID
    sealed    BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX roster_person ON roster (person, union_id);

CREATE TABLE member (
    member_id     INTEGER PRIMARY KEY,
    mobile        BLOB    NOT NULL UNIQUE,  -- blind index
    sealed_mobile BLOB    NOT NULL,
    level         INTEGER NOT NULL,
    roster_id     INTEGER NOT NULL DEFAULT 0,
    union_id      INTEGER NOT NULL DEFAULT 0 REFERENCES unions,  -- 0: of none yet
    person        BLOB    UNIQUE,  -- blind index of the resident ID, once verified
    sealed_person BLOB,            -- "name LF resident ID"
    trade         INTEGER NOT NULL DEFAULT 0,
    birth_year    INTEGER NOT NULL DEFAULT 0,
    sex           INTEGER NOT NULL DEFAULT 0,
    tries_day     INTEGER NOT NULL DEFAULT 0,
    tries_failed  INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL
) STRICT;

-- A row is a live session; SHA-256 of the two halves of its refresh token, see session.h.
CREATE TABLE session (
    session_id INTEGER PRIMARY KEY,
    member_id  INTEGER NOT NULL REFERENCES member,
    family     BLOB    NOT NULL,
    turn       BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_member ON session (member_id);
CREATE INDEX session_expires ON session (expires_at);

CREATE TABLE login_code (
    mobile    BLOB    PRIMARY KEY,  -- blind index
    code      BLOB    NOT NULL,     -- blind index of mobile and code
    sent_at   INTEGER NOT NULL,
    used      INTEGER NOT NULL,
    tries     INTEGER NOT NULL,
    window_at INTEGER NOT NULL,
    sends     INTEGER NOT NULL
) STRICT;
CREATE INDEX login_code_sent ON login_code (sent_at);

-- Authority that is held now; what was is in the journal.
CREATE TABLE authority (
    grant_id   INTEGER PRIMARY KEY,
    member_id  INTEGER NOT NULL REFERENCES member,
    role       INTEGER NOT NULL,
    union_id   INTEGER NOT NULL REFERENCES unions,
    granted_by INTEGER NOT NULL,
    granted_at INTEGER NOT NULL,
    UNIQUE (member_id, role, union_id)
) STRICT;

-- step 2
-- The doors of WeChat through which a member comes in, one for each app and WeChat account.
CREATE TABLE wechat (
    wechat_id INTEGER PRIMARY KEY,
    member_id INTEGER NOT NULL REFERENCES member,
    openid    BLOB    NOT NULL UNIQUE,  -- blind index of appid and openid
    unionid   BLOB    NOT NULL,         -- blind index; empty while WeChat gives none
    sealed    BLOB    NOT NULL,         -- "appid LF openid LF unionid"
    bound_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX wechat_member ON wechat (member_id);
CREATE INDEX wechat_unionid ON wechat (unionid) WHERE length(unionid) > 0;
