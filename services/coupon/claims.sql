-- step 1 rows
-- Of identity only moves of unions were read so far: closings and merges are read from the
-- first row on. What has moved already does not move again.
DELETE FROM cursor WHERE source = 'identity';
