-- step 1
-- Files for a bank (bank.h).
CREATE TABLE bank_batch (
    batch_id    INTEGER PRIMARY KEY,
    state       INTEGER NOT NULL,
    layout      INTEGER NOT NULL,
    payments    INTEGER NOT NULL,
    fen         INTEGER NOT NULL,
    control     INTEGER NOT NULL,  -- the sum of the last four digits of all accounts
    hash        BLOB    NOT NULL,  -- of the file
    union_path  TEXT    NOT NULL,  -- whose officials release it
    made_by     INTEGER NOT NULL,
    made_at     INTEGER NOT NULL,
    released_by INTEGER NOT NULL,
    released_at INTEGER NOT NULL,
    paid        INTEGER NOT NULL,
    paid_fen    INTEGER NOT NULL,
    failed      INTEGER NOT NULL,
    failed_fen  INTEGER NOT NULL,
    journal_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX bank_batch_state ON bank_batch (state, batch_id);

-- A payment is in one batch, unless that was taken back.
CREATE TABLE bank_item (
    payout_id INTEGER PRIMARY KEY,
    batch_id  INTEGER NOT NULL
) STRICT;
CREATE INDEX bank_item_of ON bank_item (batch_id, payout_id);
