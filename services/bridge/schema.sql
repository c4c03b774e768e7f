-- step 1
-- What is to be told through WeChat, and what came of it (outbox.h). No openid is here.
CREATE TABLE message (
    message_id  INTEGER PRIMARY KEY,
    source      TEXT    NOT NULL,  -- whose journal asked for it, in which row
    source_seq  INTEGER NOT NULL,
    member_id   INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    about_id    INTEGER NOT NULL,  -- what it is about in that journal; 0: nothing that would withdraw it
    about_at    INTEGER NOT NULL,
    title       TEXT    NOT NULL,
    place       TEXT    NOT NULL,
    until       INTEGER NOT NULL,  -- of no use from then on
    state       INTEGER NOT NULL,
    reason      INTEGER NOT NULL,  -- why not, or why not yet
    tries       INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    made_at     INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL,  -- 0: it has not
    journal_seq INTEGER NOT NULL,  -- the row that last spoke of it
    UNIQUE (source, source_seq)
) STRICT;
CREATE INDEX message_due ON message (due_at) WHERE state = 1;
CREATE INDEX message_about ON message (source, about_id) WHERE state = 1 AND about_id > 0;
CREATE INDEX message_state ON message (state, message_id);
CREATE INDEX message_ended ON message (ended_at) WHERE ended_at > 0;

-- How many rows of the journal said each, ever.
CREATE TABLE tally (
    state  INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    PRIMARY KEY (state, reason)
) STRICT;
