-- step 1
-- Invoices of statements, and what was paid of them; see payments.h.
CREATE TABLE invoice (
    invoice_id   INTEGER PRIMARY KEY,
    statement_id INTEGER NOT NULL REFERENCES statement,
    state        INTEGER NOT NULL,  -- settlement.InvoiceState
    number       TEXT    NOT NULL,
    title        TEXT    NOT NULL,
    fen          INTEGER NOT NULL CHECK (fen > 0),
    entered_by   INTEGER NOT NULL,
    entered_at   INTEGER NOT NULL,
    journal_seq  INTEGER NOT NULL DEFAULT 0  -- the last row about it
) STRICT;
CREATE UNIQUE INDEX invoice_number ON invoice (number) WHERE state = 1;
CREATE INDEX invoice_statement ON invoice (statement_id, invoice_id);
CREATE TABLE payment (
    payment_id       INTEGER PRIMARY KEY,
    statement_id     INTEGER NOT NULL REFERENCES statement,
    payee_account_id INTEGER NOT NULL REFERENCES payee_account,
    state            INTEGER NOT NULL,  -- settlement.PaymentState
    reference        TEXT    NOT NULL UNIQUE,  -- of the bank
    fen              INTEGER NOT NULL CHECK (fen > 0),
    paid_at          INTEGER NOT NULL,
    told_by          INTEGER NOT NULL,
    told_at          INTEGER NOT NULL,
    journal_seq      INTEGER NOT NULL DEFAULT 0  -- the last row about it
) STRICT;
CREATE UNIQUE INDEX payment_made ON payment (statement_id) WHERE state = 1;
CREATE INDEX payment_statement ON payment (statement_id, payment_id);
