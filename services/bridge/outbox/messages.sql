-- step 1
CREATE INDEX message_member ON message (member_id, message_id);
-- step 2
-- By which of her doors: notice.h.
ALTER TABLE message ADD COLUMN door INTEGER NOT NULL DEFAULT 0;
