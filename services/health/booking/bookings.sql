-- step 1
-- A booking by the name that its site knows her by; and who has walked in.
CREATE INDEX booking_handle ON booking (site_id, handle);
CREATE INDEX booking_walk_in ON booking (campaign_id) WHERE walk_in = 1;
