-- step 1
-- When she left her union before the year was over; 0: she did not. Who comes back has another row, for the rest of it.
ALTER TABLE cover ADD COLUMN ended_at INTEGER NOT NULL DEFAULT 0;
DROP INDEX cover_member;
CREATE UNIQUE INDEX cover_member ON cover (member_id, until_at) WHERE ended_at = 0;
CREATE INDEX cover_hers ON cover (member_id, cover_id);
