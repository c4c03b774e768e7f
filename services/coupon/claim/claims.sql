-- step 1 rows
-- Of identity only moves of unions were read so far: closings and merges are read from the
-- first row on. What has moved already does not move again.
DELETE FROM cursor WHERE source = 'identity';
-- step 2 rows
-- Coupons that ended before their time; see claims.h.
CREATE TABLE claim_ended (
    coupon_id INTEGER PRIMARY KEY,
    ended_at  INTEGER NOT NULL
) STRICT;
-- What accounts had that were merged or closed before is looked at now.
UPDATE account_gone SET settled = 0;
-- step 3
ALTER TABLE claim_ended ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;  -- and another may take it
