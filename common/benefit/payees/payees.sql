-- step 1
-- The accounts to which payees are paid, sealed; see payees.h.
CREATE TABLE payee_account (
    payee_account_id INTEGER PRIMARY KEY,
    payee_id         INTEGER NOT NULL,  -- of the service's
    state            INTEGER NOT NULL,  -- settlement.PayeeState
    sealed           BLOB    NOT NULL,  -- settlement.PayeeAccount
    proposed_by      INTEGER NOT NULL,
    proposed_at      INTEGER NOT NULL,
    decided_by       INTEGER NOT NULL DEFAULT 0,
    decided_at       INTEGER NOT NULL DEFAULT 0,
    journal_seq      INTEGER NOT NULL DEFAULT 0  -- the last row about it
) STRICT;
CREATE UNIQUE INDEX payee_account_waits ON payee_account (payee_id) WHERE state = 1;
CREATE UNIQUE INDEX payee_account_in_force ON payee_account (payee_id) WHERE state = 2;
