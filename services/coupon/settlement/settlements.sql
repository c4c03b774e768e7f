-- step 1
-- For what days a merchant's coupons are settled together: what a statement is for; see settlements.h.
CREATE TABLE settlement_period (
    period_id   INTEGER PRIMARY KEY,
    merchant_id INTEGER NOT NULL REFERENCES merchant,
    from_day    INTEGER NOT NULL,  -- YYYYMMDD in China, both included
    until_day   INTEGER NOT NULL,
    UNIQUE (merchant_id, from_day, until_day)
) STRICT;
