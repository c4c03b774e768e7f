-- step 1
-- What others have ordered to be paid (payouts.h). No openid and no name is here.
CREATE TABLE payout (
    payout_id     INTEGER PRIMARY KEY,
    source        TEXT    NOT NULL,  -- whose journal ordered it, as which order
    order_id      INTEGER NOT NULL,
    member_id     INTEGER NOT NULL,
    fen           INTEGER NOT NULL,
    way           INTEGER NOT NULL,
    remark        TEXT    NOT NULL,
    form          BLOB    NOT NULL,  -- the order as it was told, without its account
    account       BLOB,              -- of one by bank, sealed for the bridge; NULL when it is not needed any more
    state         INTEGER NOT NULL,
    reason        INTEGER NOT NULL,  -- why not, or why not yet
    code          TEXT    NOT NULL,  -- the provider's word
    attempt       INTEGER NOT NULL,  -- which number it is
    number        TEXT    NOT NULL UNIQUE,
    payee         BLOB    NOT NULL,  -- the print of whom it was first sent to under this number; empty: it was not
    appid         TEXT    NOT NULL,
    package       TEXT    NOT NULL,  -- by which she confirms it
    missing       INTEGER NOT NULL,  -- how often in a row the provider did not know the number
    tries         INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,
    made_at       INTEGER NOT NULL,
    sent_at       INTEGER NOT NULL,  -- first, under this number; 0: surely never
    sent_day      INTEGER NOT NULL,  -- the day, in China, that it counts for; 0: none
    confirm_until INTEGER NOT NULL,
    told_at       INTEGER NOT NULL,  -- when the provider last told of it by itself
    withdrawn     INTEGER NOT NULL,  -- 1: it is not to be paid any more; 2: the provider was asked to cancel it
    ended_at      INTEGER NOT NULL,  -- 0: it has not
    journal_seq   INTEGER NOT NULL,
    UNIQUE (source, order_id)
) STRICT;
CREATE INDEX payout_due ON payout (due_at) WHERE ended_at = 0 AND way = 1;
CREATE INDEX payout_state ON payout (state, payout_id);
CREATE INDEX payout_member ON payout (member_id, payout_id);
CREATE INDEX payout_day ON payout (sent_day, member_id, fen) WHERE sent_day > 0;

-- The numbers that an order had before its last one.
CREATE TABLE payout_number (
    number    TEXT    PRIMARY KEY,
    payout_id INTEGER NOT NULL,
    attempt   INTEGER NOT NULL,
    state     INTEGER NOT NULL,
    left_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX payout_number_of ON payout_number (payout_id);

-- What the provider has told by itself, each once.
CREATE TABLE callback (
    callback_id TEXT    PRIMARY KEY,
    came_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX callback_came ON callback (came_at);

-- What was last said of each way.
CREATE TABLE pay_way (
    way  INTEGER PRIMARY KEY,
    body BLOB    NOT NULL
) STRICT;
-- step 2
-- What the bills of a day are held against (bill/bills.h).
CREATE INDEX payout_ended ON payout (ended_at, payout_id) WHERE ended_at > 0 AND way = 1;
CREATE INDEX payout_number_left ON payout_number (left_at);
-- step 3
-- What is to be sent, and what is to be asked about, so that neither stands behind the other.
DROP INDEX payout_due;
CREATE INDEX payout_to_send ON payout (due_at) WHERE ended_at = 0 AND way = 1 AND state = 1;
CREATE INDEX payout_to_ask ON payout (due_at) WHERE ended_at = 0 AND way = 1 AND state > 1;
