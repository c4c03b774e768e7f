-- step 1 rows
-- Whom a release is for is of the part that all benefits share (common/benefit/audience).
INSERT INTO audience (audience_id, path, level, trades) SELECT release_id, eligible_path, min_level, trades FROM release;
ALTER TABLE release DROP COLUMN eligible_path;
ALTER TABLE release DROP COLUMN min_level;
ALTER TABLE release DROP COLUMN trades;
-- step 2
ALTER TABLE release ADD COLUMN way INTEGER NOT NULL DEFAULT 0;  -- coupon.Way
