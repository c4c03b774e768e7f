-- step 1
-- Who has a session (session_life.h): from which device and through which door it was opened,
-- whether it was known for hers (Trust of sessions.h: what was open before anybody asked is 2), and
-- when she has stepped up. The turn before, and who asked for the present one.
ALTER TABLE session ADD COLUMN nonce BLOB NOT NULL DEFAULT x'';  -- blind index of the device; empty: it sends none
ALTER TABLE session ADD COLUMN door INTEGER NOT NULL DEFAULT 0;  -- wechat_id; 0: none of WeChat's
ALTER TABLE session ADD COLUMN trust INTEGER NOT NULL DEFAULT 2;
ALTER TABLE session ADD COLUMN stepped_up_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN last_turn BLOB NOT NULL DEFAULT x'';
ALTER TABLE session ADD COLUMN asker BLOB NOT NULL DEFAULT x'';
-- What the client calls itself, sealed; of a session that was open before, its `device` until tidying has
-- come to it.
ALTER TABLE session ADD COLUMN sealed_device BLOB NOT NULL DEFAULT x'';
CREATE INDEX session_plain ON session (session_id) WHERE device <> '';
