-- step 1 rows
-- A code by number, purpose and who asked for it; see codes.h.
CREATE TABLE code (
    mobile  BLOB    NOT NULL,  -- blind index
    purpose INTEGER NOT NULL,  -- Identity__CodePurpose
    asker   BLOB    NOT NULL,  -- blind index of the device or the address that asked
    code    BLOB    NOT NULL,  -- blind index of number, purpose and code
    sent_at INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    tries   INTEGER NOT NULL,
    PRIMARY KEY (mobile, purpose, asker)
) STRICT, WITHOUT ROWID;
CREATE INDEX code_sent ON code (sent_at);
-- How many were sent since an instant: to a number, at the asking of an address, in all.
CREATE TABLE code_count (
    counted  BLOB    PRIMARY KEY,  -- blind index
    began_at INTEGER NOT NULL,
    sends    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX code_count_began ON code_count (began_at);
-- A number's day goes on; the codes of the last minutes are asked for anew.
INSERT INTO code_count (counted, began_at, sends) SELECT mobile, window_at, sends FROM login_code ORDER BY mobile;
DROP TABLE login_code;
