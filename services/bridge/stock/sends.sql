-- step 1
-- What is sent out of them, to whom has won (sends.h). No openid is here.
CREATE TABLE send (
    coupon_id   INTEGER PRIMARY KEY,
    release_id  INTEGER NOT NULL,
    member_id   INTEGER NOT NULL,
    state       INTEGER NOT NULL,  -- bridge.SendState
    reason      INTEGER NOT NULL,  -- why not, or why not yet
    code        TEXT    NOT NULL,  -- the provider's word
    number      TEXT    NOT NULL,  -- the coupon's at the provider; "" until it says so
    appid       TEXT    NOT NULL,  -- in which app she was found first
    payee       BLOB    NOT NULL,  -- the print of whom it first went to; empty: nothing has left
    refusals    INTEGER NOT NULL,  -- how often in a row the provider has refused it for what it says
    tries       INTEGER NOT NULL,
    withdrawn   INTEGER NOT NULL,  -- her coupon has ended
    due_at      INTEGER NOT NULL,
    made_at     INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    journal_seq INTEGER NOT NULL
) STRICT;

-- What the provider says was used before it has said which coupon it is.
CREATE TABLE send_use (
    number  TEXT    PRIMARY KEY,
    used_at INTEGER NOT NULL
) STRICT;
CREATE INDEX send_due ON send (due_at) WHERE state = 1;
CREATE INDEX send_member ON send (member_id, coupon_id);
CREATE INDEX send_release ON send (release_id, state);
CREATE UNIQUE INDEX send_number ON send (number) WHERE number <> '';

-- step 2
-- When the purchase that it was used for was given back last.
ALTER TABLE send ADD COLUMN back_at INTEGER NOT NULL DEFAULT 0;
DROP INDEX send_release;
CREATE INDEX send_release_state ON send (release_id, state, coupon_id);
