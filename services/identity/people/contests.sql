-- step 1 rows
-- Proofs of a name that may be wrong; see contests.h.
CREATE TABLE contest (
    contest_id  INTEGER PRIMARY KEY,
    holder_id   INTEGER NOT NULL REFERENCES member,
    claimant_id INTEGER NOT NULL,  -- 0: found by the program
    union_id    INTEGER NOT NULL REFERENCES unions,
    state       INTEGER NOT NULL,  -- Identity__ContestState
    asked_at    INTEGER NOT NULL,
    decided_at  INTEGER NOT NULL DEFAULT 0,
    decided_by  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX contest_open ON contest (holder_id, claimant_id) WHERE state = 1;
CREATE INDEX contest_holder ON contest (holder_id, contest_id);
CREATE INDEX contest_claimant ON contest (claimant_id, contest_id) WHERE claimant_id > 0;
CREATE INDEX contest_union ON contest (union_id, state, contest_id);
-- Those who were verified before a roster's number was asked for are looked through once.
CREATE TABLE contest_sweep (
    sweep    INTEGER PRIMARY KEY,
    until_id INTEGER NOT NULL,  -- members up to this one
    done_id  INTEGER NOT NULL
) STRICT;
INSERT INTO contest_sweep (sweep, until_id, done_id) SELECT 1, coalesce(max(member_id), 0), 0 FROM member;
-- When a member's proof was taken back last.
ALTER TABLE member ADD COLUMN unproven_at INTEGER NOT NULL DEFAULT 0;
-- step 2
CREATE INDEX contest_decided ON contest (decided_at) WHERE state > 1;
-- step 3
-- Which officials have looked at the people of an open case.
CREATE TABLE contest_look (
    contest_id  INTEGER NOT NULL REFERENCES contest,
    official_id INTEGER NOT NULL,
    PRIMARY KEY (contest_id, official_id)
) STRICT;
CREATE INDEX contest_look_official ON contest_look (official_id);
