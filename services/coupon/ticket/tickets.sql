-- step 1
-- What a release gives that gives tickets, as it was said; see tickets.h.
CREATE TABLE ticket_terms (
    release_id INTEGER PRIMARY KEY,
    form       BLOB    NOT NULL  -- coupon.TicketTerms
) STRICT;
-- The seats of a class on a departure.
CREATE TABLE ticket_cell (
    cell_id      INTEGER PRIMARY KEY,
    release_id   INTEGER NOT NULL,
    departure    INTEGER NOT NULL,  -- as the form counts them
    class        INTEGER NOT NULL,
    quota        INTEGER NOT NULL,
    taken        INTEGER NOT NULL DEFAULT 0 CHECK (taken BETWEEN 0 AND quota),  -- or kept for companions
    waiting      INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0),
    departs_at   INTEGER NOT NULL,
    return_until INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX ticket_cell_place ON ticket_cell (release_id, departure, class);
CREATE INDEX ticket_cell_waiting ON ticket_cell (cell_id) WHERE waiting > 0;
CREATE TABLE ticket_seat (
    coupon_id     INTEGER PRIMARY KEY,
    release_id    INTEGER NOT NULL,
    cell_id       INTEGER NOT NULL,
    invitation_id INTEGER NOT NULL,  -- by which she comes along; 0: by herself
    freed_at      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX ticket_seat_release ON ticket_seat (release_id, coupon_id);
CREATE INDEX ticket_seat_cell ON ticket_seat (cell_id) WHERE freed_at = 0;
CREATE TABLE ticket_wait (
    wait_id    INTEGER PRIMARY KEY,
    release_id INTEGER NOT NULL,
    cell_id    INTEGER NOT NULL,
    member_id  INTEGER NOT NULL,
    since      INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX ticket_wait_member ON ticket_wait (member_id, release_id);
CREATE INDEX ticket_wait_cell ON ticket_wait (cell_id, wait_id) WHERE ended_at = 0;
-- step 2
-- Who comes along by an invitation, at the gate (gates.h).
CREATE INDEX ticket_seat_invited ON ticket_seat (invitation_id) WHERE invitation_id > 0;
