-- step 1
-- Places that are given first come; see stocks.h.
CREATE TABLE stock (
    campaign_id INTEGER NOT NULL REFERENCES campaign,
    stratum     INTEGER NOT NULL,
    quota       INTEGER NOT NULL,
    taken       INTEGER NOT NULL DEFAULT 0,  -- by who has one now
    given       INTEGER NOT NULL DEFAULT 0,  -- ever, each with a number of its own
    PRIMARY KEY (campaign_id, stratum)
) STRICT;
