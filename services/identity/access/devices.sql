-- step 1
-- Devices that were known for a member's, by the door through which she came; see devices.h.
CREATE TABLE device (
    member_id INTEGER NOT NULL REFERENCES member,
    door      INTEGER NOT NULL,  -- wechat_id; 0: her number's
    nonce     BLOB    NOT NULL,  -- blind index
    seen_at   INTEGER NOT NULL,
    PRIMARY KEY (member_id, door, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_seen ON device (seen_at);
