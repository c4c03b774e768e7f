-- step 1
-- Accounts that are no more; see holders.h. Health had these before its parts had steps.
CREATE TABLE IF NOT EXISTS account_gone (
    member_id INTEGER PRIMARY KEY,
    holder_id INTEGER,           -- who holds its number now; NULL: nobody
    settled   INTEGER NOT NULL   -- 0: some of what it had is still to be ended
) STRICT;
CREATE INDEX IF NOT EXISTS account_gone_holder ON account_gone (holder_id) WHERE holder_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS account_gone_unsettled ON account_gone (member_id) WHERE settled = 0;
