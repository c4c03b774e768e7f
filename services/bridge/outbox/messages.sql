-- step 1
CREATE INDEX message_member ON message (member_id, message_id);
