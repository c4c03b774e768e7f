-- Blind indexes (BLOB of 16 bytes) and sealed fields are those of common/trust/pii.h.
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

-- A row is a live session; SHA-256 of the two halves of its refresh token, see session_life.h.
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
-- step 3
-- A period of membership, from began_at up to, not including, ended_at. What lasts
-- has ended_at 0, and a member has one such row at most; member.union_id repeats its
-- union, so that signing in reads one row.
CREATE TABLE membership (
    membership_id INTEGER PRIMARY KEY,
    member_id     INTEGER NOT NULL REFERENCES member,
    union_id      INTEGER NOT NULL REFERENCES unions,
    began_at      INTEGER NOT NULL,
    ended_at      INTEGER NOT NULL DEFAULT 0,
    began         INTEGER NOT NULL,
    ended         INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX membership_now ON membership (member_id) WHERE ended_at = 0;
CREATE INDEX membership_member ON membership (member_id, membership_id);
CREATE INDEX membership_union ON membership (union_id, membership_id) WHERE ended_at = 0;
-- Who was verified before there were periods: since she was, as far as it is known.
INSERT INTO membership (membership_id, member_id, union_id, began_at, began)
    SELECT member_id, member_id, union_id, created_at, 1 FROM member WHERE union_id > 0;

-- Standings other than active, with their time.
CREATE TABLE standing (
    standing_id INTEGER PRIMARY KEY,
    member_id   INTEGER NOT NULL REFERENCES member,
    standing    INTEGER NOT NULL,
    reason      INTEGER NOT NULL,
    began_at    INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL DEFAULT 0,
    decided_by  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX standing_now ON standing (member_id) WHERE ended_at = 0;
CREATE INDEX standing_member ON standing (member_id, began_at);
-- step 4
-- Requests to join a union. What the applicant says of herself is kept, sealed, only
-- until it is decided, and only when she is not known by name already.
CREATE TABLE join_request (
    request_id INTEGER PRIMARY KEY,
    member_id  INTEGER NOT NULL REFERENCES member,
    union_id   INTEGER NOT NULL REFERENCES unions,
    state      INTEGER NOT NULL,
    trade      INTEGER NOT NULL,
    asked_at   INTEGER NOT NULL,
    decided_at INTEGER NOT NULL DEFAULT 0,
    decided_by INTEGER NOT NULL DEFAULT 0,
    reason     INTEGER NOT NULL DEFAULT 0,
    remark     TEXT    NOT NULL DEFAULT '',
    sealed     BLOB    NOT NULL DEFAULT x''  -- "name LF resident ID"
) STRICT;
CREATE UNIQUE INDEX join_request_asked ON join_request (member_id) WHERE state = 1;
CREATE INDEX join_request_member ON join_request (member_id, request_id);
CREATE INDEX join_request_union ON join_request (union_id, state, request_id);
-- step 5
CREATE TABLE transfer (
    transfer_id INTEGER PRIMARY KEY,
    member_id   INTEGER NOT NULL REFERENCES member,
    from_union  INTEGER NOT NULL REFERENCES unions,
    to_union    INTEGER NOT NULL REFERENCES unions,
    state       INTEGER NOT NULL,
    release     INTEGER NOT NULL DEFAULT 0,
    reason      INTEGER NOT NULL DEFAULT 0,
    remark      TEXT    NOT NULL DEFAULT '',
    asked_at    INTEGER NOT NULL,
    released_at INTEGER NOT NULL DEFAULT 0,
    decided_at  INTEGER NOT NULL DEFAULT 0,
    decided_by  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX transfer_open ON transfer (member_id) WHERE state <= 3;
CREATE INDEX transfer_asked ON transfer (asked_at) WHERE state = 1;
CREATE INDEX transfer_member ON transfer (member_id, transfer_id);
CREATE INDEX transfer_from ON transfer (from_union, state, transfer_id);
CREATE INDEX transfer_to ON transfer (to_union, state, transfer_id);
-- step 6
ALTER TABLE unions ADD COLUMN state INTEGER NOT NULL DEFAULT 0;    -- Identity__UnionState
ALTER TABLE unions ADD COLUMN into_id INTEGER NOT NULL DEFAULT 0;  -- where a closed one's members go
ALTER TABLE unions ADD COLUMN moves INTEGER NOT NULL DEFAULT 0;    -- of the union itself, not with one above it
ALTER TABLE unions ADD COLUMN credit_code TEXT;
CREATE UNIQUE INDEX unions_credit_code ON unions (credit_code);
CREATE INDEX unions_closing ON unions (union_id) WHERE state = 1 OR state = 3;

-- Codes that a union had before.
CREATE TABLE union_alias (
    code     TEXT    PRIMARY KEY,
    union_id INTEGER NOT NULL REFERENCES unions
) STRICT;
-- Paths that a union had until an instant, not including it.
CREATE TABLE union_place (
    union_id INTEGER NOT NULL REFERENCES unions,
    until_at INTEGER NOT NULL,
    path     TEXT    NOT NULL,
    PRIMARY KEY (union_id, until_at)
) STRICT;
CREATE TABLE union_change (
    change_id   INTEGER PRIMARY KEY,
    union_id    INTEGER NOT NULL REFERENCES unions,
    kind        INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    target_id   INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    credit_code TEXT    NOT NULL,
    excuse      TEXT    NOT NULL,
    asked_by    INTEGER NOT NULL,
    asked_at    INTEGER NOT NULL,
    decided_by  INTEGER NOT NULL DEFAULT 0,
    decided_at  INTEGER NOT NULL DEFAULT 0,
    remark      TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX union_change_asked ON union_change (union_id) WHERE state = 1;
CREATE INDEX union_change_union ON union_change (union_id, change_id);
-- step 7
-- Numbers of a union with all below it, kept by increments; `own` is of the union
-- itself. A day is counted from 1970 in China's time (UTC+8).
CREATE TABLE tally (
    union_id INTEGER PRIMARY KEY REFERENCES unions,
    own      INTEGER NOT NULL DEFAULT 0,
    members  INTEGER NOT NULL DEFAULT 0,
    listed   INTEGER NOT NULL DEFAULT 0,
    verified INTEGER NOT NULL DEFAULT 0,
    trade0   INTEGER NOT NULL DEFAULT 0,
    trade1   INTEGER NOT NULL DEFAULT 0,
    trade2   INTEGER NOT NULL DEFAULT 0,
    trade3   INTEGER NOT NULL DEFAULT 0,
    trade4   INTEGER NOT NULL DEFAULT 0,
    trade5   INTEGER NOT NULL DEFAULT 0,
    trade6   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE tally_day (
    union_id   INTEGER NOT NULL REFERENCES unions,
    day        INTEGER NOT NULL,
    own_joined INTEGER NOT NULL DEFAULT 0,
    own_left   INTEGER NOT NULL DEFAULT 0,
    joined     INTEGER NOT NULL DEFAULT 0,
    gone       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (union_id, day)
) STRICT;
INSERT INTO tally (union_id, own, members, listed, verified, trade0, trade1, trade2, trade3, trade4, trade5, trade6)
    WITH cut (len) AS (VALUES (4), (8), (12), (16), (20), (24), (28), (32), (36), (40), (44), (48)),
    people AS (
        SELECT union_id, 1 AS n, 0 AS listed, 0 AS verified, trade FROM member WHERE union_id > 0
        UNION ALL SELECT union_id, 0, 1, 0, -1 FROM roster
        UNION ALL SELECT roster.union_id, 0, 0, 1, -1 FROM member JOIN roster ON roster.roster_id = member.roster_id),
    sums AS (
        SELECT union_id, sum(n) AS n, sum(listed) AS listed, sum(verified) AS verified,
            sum(trade = 0) AS t0, sum(trade = 1) AS t1, sum(trade = 2) AS t2, sum(trade = 3) AS t3,
            sum(trade = 4) AS t4, sum(trade = 5) AS t5, sum(trade = 6) AS t6
        FROM people GROUP BY union_id)
    SELECT above.union_id, sum((below.union_id = above.union_id) * n), sum(n), sum(listed), sum(verified),
        sum(t0), sum(t1), sum(t2), sum(t3), sum(t4), sum(t5), sum(t6)
    FROM sums JOIN unions AS below ON below.union_id = sums.union_id
    JOIN cut ON cut.len <= length(below.path)
    JOIN unions AS above ON above.path = substr(below.path, 1, cut.len)
    GROUP BY above.union_id;
INSERT INTO tally_day (union_id, day, own_joined, own_left, joined, gone)
    WITH cut (len) AS (VALUES (4), (8), (12), (16), (20), (24), (28), (32), (36), (40), (44), (48)),
    steps AS (
        SELECT union_id, (began_at + 28800000) / 86400000 AS day, 1 AS joined, 0 AS gone FROM membership
        UNION ALL
        SELECT union_id, (ended_at + 28800000) / 86400000, 0, 1 FROM membership WHERE ended_at > 0)
    SELECT above.union_id, day, sum((below.union_id = above.union_id) * joined),
        sum((below.union_id = above.union_id) * gone), sum(joined), sum(gone)
    FROM steps JOIN unions AS below ON below.union_id = steps.union_id
    JOIN cut ON cut.len <= length(below.path)
    JOIN unions AS above ON above.path = substr(below.path, 1, cut.len)
    GROUP BY above.union_id, day;
-- step 8
-- Each member's own key, wrapped (common/trust/pii.h): NULL until what was sealed before there
-- were such keys is sealed anew, empty once it is destroyed.
ALTER TABLE member ADD COLUMN data_key BLOB;
CREATE INDEX member_without_key ON member (member_id) WHERE data_key IS NULL;
-- step 9
-- How who holds an office proves who she is. Sealed: the secret of her one-time
-- passwords and the hashes of her passwords (credentials.h).
CREATE TABLE credential (
    member_id INTEGER PRIMARY KEY REFERENCES member,
    confirmed INTEGER NOT NULL,  -- she has shown a one-time password
    set_at    INTEGER NOT NULL,  -- when the password was
    last_step INTEGER NOT NULL,  -- of the last one-time password that was used
    sealed    BLOB    NOT NULL
) STRICT;
-- Failed sign-ins by password, of numbers that somebody has or not.
CREATE TABLE sign_in_failure (
    mobile  BLOB    PRIMARY KEY,  -- blind index
    failed  INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_failure_last ON sign_in_failure (last_at);
ALTER TABLE session ADD COLUMN sign_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN refreshed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN device TEXT NOT NULL DEFAULT '';
-- step 10
-- A trade that is claimed, and the period for which it is proven. What she shows is
-- kept, sealed, only until it is decided.
CREATE TABLE trade (
    trade_id   INTEGER PRIMARY KEY,
    member_id  INTEGER NOT NULL REFERENCES member,
    union_id   INTEGER NOT NULL REFERENCES unions,
    trade      INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    source     INTEGER NOT NULL,
    proof      INTEGER NOT NULL DEFAULT 0,
    asked_at   INTEGER NOT NULL,
    decided_at INTEGER NOT NULL DEFAULT 0,
    decided_by INTEGER NOT NULL DEFAULT 0,
    from_at    INTEGER NOT NULL DEFAULT 0,
    until_at   INTEGER NOT NULL DEFAULT 0,
    reason     INTEGER NOT NULL DEFAULT 0,
    remark     TEXT    NOT NULL DEFAULT '',
    sealed     BLOB    NOT NULL DEFAULT x''  -- "platform LF work number LF evidence"
) STRICT;
CREATE UNIQUE INDEX trade_asked ON trade (member_id) WHERE state = 1;
CREATE UNIQUE INDEX trade_proven ON trade (member_id) WHERE state = 2;
CREATE INDEX trade_until ON trade (until_at) WHERE state = 2;
CREATE INDEX trade_member ON trade (member_id, trade_id);
CREATE INDEX trade_waiting ON trade (union_id, trade_id) WHERE state = 1;
-- What members had by a roster or by joining before trades were proven for a time: a year
-- from the day they came, or were made known.
INSERT INTO trade (trade_id, member_id, union_id, trade, state, source, asked_at, decided_at, from_at, until_at)
    SELECT member.member_id, member.member_id, member.union_id, member.trade, 2, 2,
        coalesce(membership.began_at, member.created_at), coalesce(membership.began_at, member.created_at),
        coalesce(membership.began_at, member.created_at),
        coalesce(membership.began_at, member.created_at) + 31536000000
    FROM member LEFT JOIN membership ON membership.member_id = member.member_id AND membership.ended_at = 0
    WHERE member.trade > 0;
-- step 11
-- The trades that an industry union takes, bit by bit of Rpc__Trade; 0 is a general union.
ALTER TABLE unions ADD COLUMN trades INTEGER NOT NULL DEFAULT 0;
CREATE INDEX unions_industry ON unions (parent_id, path) WHERE trades > 0;
ALTER TABLE join_request ADD COLUMN cover INTEGER NOT NULL DEFAULT 0;

-- The years for which somebody who joined an industry union has the accident cover.
CREATE TABLE cover (
    cover_id  INTEGER PRIMARY KEY,
    member_id INTEGER NOT NULL REFERENCES member,
    union_id  INTEGER NOT NULL REFERENCES unions,
    trade     INTEGER NOT NULL,
    from_at   INTEGER NOT NULL,
    until_at  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX cover_member ON cover (member_id, until_at);

ALTER TABLE union_change ADD COLUMN trades INTEGER NOT NULL DEFAULT 0;
ALTER TABLE union_change ADD COLUMN workers INTEGER NOT NULL DEFAULT 0;
ALTER TABLE union_change ADD COLUMN body INTEGER NOT NULL DEFAULT 0;
-- A union has one change that waits, and anybody one new union.
DROP INDEX union_change_asked;
CREATE UNIQUE INDEX union_change_asked ON union_change (union_id) WHERE state = 1 AND kind <> 6;
CREATE UNIQUE INDEX union_change_new ON union_change (asked_by) WHERE state = 1 AND kind = 6;
CREATE INDEX union_change_asker ON union_change (asked_by, change_id) WHERE kind = 6;
-- step 12
-- What was asked of the verifier outside, by whom and when; never about whom.
CREATE TABLE proof (
    proof_id  INTEGER PRIMARY KEY,
    member_id INTEGER NOT NULL REFERENCES member,
    verdict   INTEGER NOT NULL DEFAULT 0,  -- Identity__Verdict
    asked_at  INTEGER NOT NULL,
    ended_at  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX proof_member ON proof (member_id, asked_at);
-- step 13
-- Two accounts of one person. What is gone keeps its row: history names it, and its
-- blind indexes lead to what is kept.
ALTER TABLE member ADD COLUMN merged_into INTEGER NOT NULL DEFAULT 0;
CREATE INDEX member_merged ON member (merged_into) WHERE merged_into > 0;
CREATE TABLE merge (
    merge_id    INTEGER PRIMARY KEY,
    kept_id     INTEGER NOT NULL REFERENCES member,
    gone_id     INTEGER NOT NULL REFERENCES member,
    union_id    INTEGER NOT NULL REFERENCES unions,  -- whose officials decide; 0: she did herself
    state       INTEGER NOT NULL,
    reason      INTEGER NOT NULL DEFAULT 0,
    remark      TEXT    NOT NULL DEFAULT '',
    asked_at    INTEGER NOT NULL,
    proposed_by INTEGER NOT NULL DEFAULT 0,
    decided_by  INTEGER NOT NULL DEFAULT 0,
    decided_at  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX merge_open ON merge (gone_id) WHERE state <= 2;
CREATE INDEX merge_gone ON merge (gone_id, merge_id);
CREATE INDEX merge_kept ON merge (kept_id, merge_id);
CREATE INDEX merge_waiting ON merge (union_id, merge_id) WHERE state <= 2;
-- step 14
CREATE TABLE policy (
    policy_id    INTEGER PRIMARY KEY,
    purpose      INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    title        TEXT    NOT NULL,
    text         TEXT    NOT NULL,
    text_hash    BLOB    NOT NULL,  -- SHA-256
    controller   TEXT    NOT NULL,
    contact      TEXT    NOT NULL,
    kinds        TEXT    NOT NULL,
    retention    TEXT    NOT NULL,
    in_force_at  INTEGER NOT NULL,
    published_at INTEGER NOT NULL,
    published_by INTEGER NOT NULL,
    UNIQUE (purpose, version)
) STRICT;
-- A row is never changed but for its end.
CREATE TABLE consent (
    consent_id   INTEGER PRIMARY KEY,
    member_id    INTEGER NOT NULL REFERENCES member,
    purpose      INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    text_hash    BLOB    NOT NULL,
    channel      INTEGER NOT NULL,
    given_at     INTEGER NOT NULL,
    withdrawn_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX consent_member ON consent (member_id, consent_id);
CREATE UNIQUE INDEX consent_standing ON consent (member_id, purpose, version) WHERE withdrawn_at = 0;
-- step 15
CREATE TABLE pledge (
    pledge_id INTEGER PRIMARY KEY,
    member_id INTEGER NOT NULL REFERENCES member,
    state     INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    text_hash BLOB    NOT NULL,
    made_at   INTEGER NOT NULL,
    until_at  INTEGER NOT NULL,
    ended_at  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX pledge_standing ON pledge (member_id) WHERE state = 1;
CREATE INDEX pledge_until ON pledge (until_at) WHERE state = 1;
CREATE INDEX pledge_member ON pledge (member_id, pledge_id);
-- step 16
-- Whom a look concerns, a member or a union whose members were among those seen, and
-- the journal's row of it (DataSeen), which says who they were.
CREATE TABLE look (
    about_id INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (about_id, seq)
) STRICT, WITHOUT ROWID;
-- step 17
-- Accounts that are to be closed.
CREATE TABLE closing (
    member_id INTEGER PRIMARY KEY REFERENCES member,
    asked_at  INTEGER NOT NULL,
    due_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX closing_due ON closing (due_at);
-- step 18
-- Requests to correct personal data; what is asked for is kept, sealed, until it is decided.
CREATE TABLE correction (
    correction_id INTEGER PRIMARY KEY,
    member_id     INTEGER NOT NULL REFERENCES member,
    union_id      INTEGER NOT NULL REFERENCES unions,
    state         INTEGER NOT NULL,
    reason        INTEGER NOT NULL,
    asked_at      INTEGER NOT NULL,
    decided_at    INTEGER NOT NULL DEFAULT 0,
    decided_by    INTEGER NOT NULL DEFAULT 0,
    refusal       INTEGER NOT NULL DEFAULT 0,
    remark        TEXT    NOT NULL DEFAULT '',
    sealed        BLOB    NOT NULL  -- "name LF resident ID LF mobile", each empty where it is right
) STRICT;
CREATE UNIQUE INDEX correction_asked ON correction (member_id) WHERE state = 1;
CREATE INDEX correction_member ON correction (member_id, correction_id);
CREATE INDEX correction_union ON correction (union_id, state, correction_id);
CREATE INDEX correction_decided ON correction (decided_at) WHERE state > 1;
CREATE INDEX join_request_decided ON join_request (decided_at) WHERE state > 1;
-- step 19
-- A place in a large index is a page more to read and to write: old sessions are found by
-- going through all of them in slices.
DROP INDEX session_expires;
-- A union's latest day stands with its numbers, which every change writes anyway. The
-- days before it are together, so that a question about them reads a page or two.
ALTER TABLE tally ADD COLUMN day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN own_joined INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN own_left INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN joined INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
CREATE TABLE tally_past (
    union_id   INTEGER NOT NULL REFERENCES unions,
    day        INTEGER NOT NULL,
    own_joined INTEGER NOT NULL,
    own_left   INTEGER NOT NULL,
    joined     INTEGER NOT NULL,
    gone       INTEGER NOT NULL,
    PRIMARY KEY (union_id, day)
) STRICT, WITHOUT ROWID;
INSERT INTO tally_past (union_id, day, own_joined, own_left, joined, gone)
    SELECT union_id, day, own_joined, own_left, joined, gone FROM tally_day ORDER BY union_id, day;
DROP TABLE tally_day;
ALTER TABLE tally_past RENAME TO tally_day;
-- step 20
-- What one official proposes and another confirms.
CREATE TABLE proposal (
    proposal_id INTEGER PRIMARY KEY,
    kind        INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    member_id   INTEGER NOT NULL REFERENCES member,
    union_id    INTEGER NOT NULL REFERENCES unions,
    value       INTEGER NOT NULL,  -- the standing or the role
    reason      INTEGER NOT NULL,
    asked_by    INTEGER NOT NULL,
    asked_at    INTEGER NOT NULL,
    decided_by  INTEGER NOT NULL DEFAULT 0,
    decided_at  INTEGER NOT NULL DEFAULT 0,
    remark      TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX proposal_one ON proposal (member_id, kind) WHERE state = 1;
CREATE INDEX proposal_open ON proposal (proposal_id) WHERE state = 1;
-- step 21
-- The cadre register: what holds from began_at up to, not including, ended_at. What
-- holds now has ended_at 0, one such row at most of a person and union.
CREATE TABLE cadre (
    cadre_id    INTEGER PRIMARY KEY,
    member_id   INTEGER NOT NULL REFERENCES member,
    union_id    INTEGER NOT NULL REFERENCES unions,
    post        INTEGER NOT NULL,
    full_time   INTEGER NOT NULL,
    term_from   INTEGER NOT NULL,
    term_to     INTEGER NOT NULL,
    began_at    INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL DEFAULT 0,
    recorded_by INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX cadre_now ON cadre (union_id, member_id) WHERE ended_at = 0;
CREATE INDEX cadre_person ON cadre (union_id, member_id, cadre_id);
CREATE INDEX authority_union ON authority (union_id, grant_id);
-- step 22
CREATE TABLE company (
    company_id    INTEGER PRIMARY KEY,
    union_id      INTEGER NOT NULL UNIQUE REFERENCES unions,
    credit_code   TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    excuse        TEXT    NOT NULL,
    registered_by INTEGER NOT NULL,
    registered_at INTEGER NOT NULL
) STRICT;
-- An agent is a grant of COMPANY_AGENT, and goes with it.
CREATE TABLE company_agent (
    grant_id   INTEGER PRIMARY KEY REFERENCES authority ON DELETE CASCADE,
    company_id INTEGER NOT NULL REFERENCES company,
    kind       INTEGER NOT NULL
) STRICT;
CREATE INDEX company_agent_company ON company_agent (company_id, grant_id);
CREATE INDEX membership_gone ON membership (union_id, membership_id) WHERE ended_at > 0;
-- step 23
-- Tables of clerks name unions.
CREATE INDEX unions_name ON unions (name);
