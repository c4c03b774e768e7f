-- step 1
-- Accounts and what went from one to another; see budget.h.
CREATE TABLE account (
    account_id  INTEGER PRIMARY KEY,
    of_id       INTEGER NOT NULL,  -- of the service's: whose line
    year        INTEGER NOT NULL,  -- 0: of no year
    kind        INTEGER NOT NULL,  -- budget.Account
    balance_fen INTEGER NOT NULL CHECK (balance_fen >= 0 OR kind = 1),
    UNIQUE (of_id, year, kind)
) STRICT;
CREATE INDEX account_free ON account (year) WHERE kind = 2 AND balance_fen > 0 AND year > 0;
CREATE TABLE posting (
    posting_id INTEGER PRIMARY KEY,
    from_id    INTEGER NOT NULL REFERENCES account,
    to_id      INTEGER NOT NULL REFERENCES account CHECK (to_id <> from_id),
    fen        INTEGER NOT NULL CHECK (fen > 0),
    cause_id   INTEGER NOT NULL,  -- of the service's: what for
    at         INTEGER NOT NULL
) STRICT;
