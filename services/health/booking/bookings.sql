-- step 1
-- A booking by the name that its site knows her by; and who has walked in.
CREATE INDEX booking_handle ON booking (site_id, handle);
CREATE INDEX booking_walk_in ON booking (campaign_id) WHERE walk_in = 1;
-- step 2 rows
-- Slots, bookings and passes are of the parts that all who are booked share (common/benefit/slots and
-- common/benefit/bookings).
INSERT INTO time_slot (slot_id, group_id, place_id, starts_at, ends_at, capacity, walk_ins, booked, walked, withdrawn,
                       journal_seq)
    SELECT slot_id, campaign_id, site_id, starts_at, ends_at, capacity, walk_ins, booked, walked, withdrawn,
           journal_seq FROM slot;
INSERT INTO booked_slot (booking_id, right_id, group_id, member_id, place_id, slot_id, starts_at, ends_at, state,
                         must_move, walk_in, handle, made_at, due_at, remind_at, journal_seq, settled, settled_place)
    SELECT booking_id, entitlement_id, campaign_id, member_id, site_id, slot_id, starts_at, ends_at, state,
           must_move, walk_in, handle, made_at, due_at, remind_at, journal_seq, settled, settled_site FROM booking;
INSERT INTO booked_pass (serial, booking_id, place_id, slot_id, from_at, until_at, issued_at, revoked_at, journal_seq)
    SELECT serial, booking_id, site_id, slot_id, from_at, until_at, issued_at, revoked_at, journal_seq FROM pass;
DROP TABLE pass;
DROP TABLE booking;
DROP TABLE slot;
-- step 3 rows
-- Devices and scans are of the part that all doors share (common/benefit/door).
INSERT INTO door_device (device_id, place_id, staff_id, session_id, registered_at, revoked_at, name)
    SELECT device_id, site_id, staff_id, session_id, registered_at, revoked_at, name FROM device;
INSERT INTO door_scan (scan_id, device_id, place_id, booking_id, serial, at, received_at, undone_at, duplicate_of,
                       outcome, offline, walk_in, scan_ref, undo_reason, journal_seq)
    SELECT scan_id, device_id, site_id, booking_id, serial, at, received_at, undone_at, duplicate_of,
           outcome, offline, walk_in, scan_ref, undo_reason, journal_seq FROM scan;
INSERT INTO door_guest (subject, group_id, member_id) SELECT subject, campaign_id, member_id FROM walk_in;
DROP TABLE walk_in;
DROP TABLE scan;
DROP TABLE device;
