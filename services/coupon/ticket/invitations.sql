-- step 1
-- Who was asked to come along, for whom a seat is or was kept; see invitations.h.
CREATE TABLE ticket_invitation (
    invitation_id  INTEGER PRIMARY KEY,
    host_coupon_id INTEGER NOT NULL,
    host_id        INTEGER NOT NULL,
    host_name      TEXT    NOT NULL,  -- masked, while she is asked; then empty
    member_id      INTEGER NOT NULL,  -- who is asked, as her number was entered
    release_id     INTEGER NOT NULL,
    cell_id        INTEGER NOT NULL,
    state          INTEGER NOT NULL,  -- coupon.CompanionState
    until          INTEGER NOT NULL
) STRICT;
CREATE INDEX ticket_invitation_host ON ticket_invitation (host_coupon_id, invitation_id);
CREATE INDEX ticket_invitation_member ON ticket_invitation (member_id) WHERE state = 1;
CREATE INDEX ticket_invitation_by ON ticket_invitation (host_id) WHERE state = 1;
CREATE INDEX ticket_invitation_until ON ticket_invitation (until) WHERE state = 1;
CREATE INDEX ticket_invitation_cell ON ticket_invitation (cell_id) WHERE state = 1;
