-- What is only shown is kept as the packed message of health.proto (`packed`);
-- what is asked for or changes has columns of its own.
-- step 1
CREATE TABLE package (
    package_id INTEGER PRIMARY KEY,
    union_path TEXT    NOT NULL,
    packed     BLOB    NOT NULL
) STRICT;

CREATE TABLE site (
    site_id    INTEGER PRIMARY KEY,
    union_path TEXT    NOT NULL,
    closed     INTEGER NOT NULL DEFAULT 0,
    packed     BLOB    NOT NULL
) STRICT;
CREATE TABLE site_staff (
    site_id   INTEGER NOT NULL REFERENCES site,
    member_id INTEGER NOT NULL,
    duty      INTEGER NOT NULL,  -- Health__Duty
    PRIMARY KEY (site_id, member_id, duty)
) STRICT;

CREATE TABLE campaign (
    campaign_id INTEGER PRIMARY KEY,
    union_path  TEXT    NOT NULL,
    package_id  INTEGER NOT NULL REFERENCES package,
    state       INTEGER NOT NULL,  -- Health__CampaignState
    opens_at    INTEGER NOT NULL,
    closes_at   INTEGER NOT NULL,
    draw_at     INTEGER NOT NULL,
    void_reason TEXT    NOT NULL DEFAULT '',
    packed      BLOB    NOT NULL
) STRICT;
CREATE INDEX campaign_state ON campaign (state, campaign_id);
CREATE TABLE campaign_site (
    campaign_id INTEGER NOT NULL REFERENCES campaign,
    site_id     INTEGER NOT NULL REFERENCES site,
    price_fen   INTEGER NOT NULL CHECK (price_fen > 0),
    withdrawn   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign_id, site_id)
) STRICT;
CREATE INDEX campaign_site_site ON campaign_site (site_id, campaign_id);

-- Who may book.
CREATE TABLE entitlement (
    entitlement_id INTEGER PRIMARY KEY,
    campaign_id    INTEGER NOT NULL REFERENCES campaign,
    member_id      INTEGER NOT NULL,
    stratum        INTEGER NOT NULL,
    place          INTEGER NOT NULL,  -- in the draw; 0: came without a booking
    state          INTEGER NOT NULL,  -- Health__EntitlementState
    granted_at     INTEGER NOT NULL,
    book_by        INTEGER NOT NULL,
    UNIQUE (campaign_id, member_id)
) STRICT;
CREATE INDEX entitlement_member ON entitlement (member_id, entitlement_id);
CREATE INDEX entitlement_due ON entitlement (book_by) WHERE state = 1;

-- step 2
CREATE TABLE entry (
    entry_id     INTEGER PRIMARY KEY,  -- in the order of time
    campaign_id  INTEGER NOT NULL REFERENCES campaign,
    member_id    INTEGER NOT NULL,
    ticket       BLOB    NOT NULL,
    stratum      INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    withdrawn_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX entry_member ON entry (member_id, campaign_id) WHERE withdrawn_at = 0;

-- A chain of secrets, one for each day; the last day's is sealed.
CREATE TABLE chain (
    chain_id   INTEGER PRIMARY KEY,
    union_path TEXT    NOT NULL,
    days       INTEGER NOT NULL,
    anchor     BLOB    NOT NULL,
    sealed     BLOB    NOT NULL
) STRICT;

-- The lot of a campaign, from its announcement on.
CREATE TABLE draw (
    campaign_id   INTEGER PRIMARY KEY REFERENCES campaign,
    state         INTEGER NOT NULL,  -- enum draw_state
    void_from     INTEGER NOT NULL,  -- likewise
    terms         BLOB    NOT NULL,
    commitment    BLOB    NOT NULL,
    steps         INTEGER NOT NULL,
    chain_id      INTEGER NOT NULL,  -- 0: none
    sealed_secret BLOB    NOT NULL,
    sealed_key    BLOB    NOT NULL,  -- of the tickets
    last_entry    INTEGER NOT NULL DEFAULT 0,  -- nothing after it is in the list; set when nobody enters any more
    root          BLOB    NOT NULL DEFAULT x'',
    n_entries     INTEGER NOT NULL DEFAULT 0,
    value         TEXT    NOT NULL DEFAULT '',
    value_by      INTEGER NOT NULL DEFAULT 0,
    confirmed_by  INTEGER NOT NULL DEFAULT 0,
    secret        BLOB    NOT NULL DEFAULT x'',  -- once published
    seated        INTEGER NOT NULL DEFAULT 0,  -- entries up to this id have their place below
    wins          INTEGER NOT NULL DEFAULT 0,  -- places within the quotas, once drawn
    granted       INTEGER NOT NULL DEFAULT 0   -- how many of those are entitlements
) STRICT;
CREATE UNIQUE INDEX draw_chain ON draw (chain_id, steps) WHERE chain_id > 0;

-- Every place that was given: winners, then the waiting list.
CREATE TABLE place (
    campaign_id INTEGER NOT NULL REFERENCES draw,
    stratum     INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    member_id   INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, stratum, place)
) STRICT;
CREATE UNIQUE INDEX place_member ON place (campaign_id, member_id);
CREATE TABLE outcome (
    campaign_id INTEGER NOT NULL REFERENCES draw,
    stratum     INTEGER NOT NULL,
    entrants    INTEGER NOT NULL,
    places      INTEGER NOT NULL,
    cutoff      BLOB    NOT NULL,
    promoted    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign_id, stratum)
) STRICT;

-- What was tried against a draw's rules: each person's first try of a kind.
CREATE TABLE attempt (
    campaign_id INTEGER NOT NULL REFERENCES campaign,
    member_id   INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,  -- Health__Attempt
    at          INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, member_id, attempt)
) STRICT;

-- step 3
CREATE TABLE slot (
    slot_id     INTEGER PRIMARY KEY,
    campaign_id INTEGER NOT NULL REFERENCES campaign,
    site_id     INTEGER NOT NULL REFERENCES site,
    starts_at   INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL CHECK (ends_at > starts_at),
    capacity    INTEGER NOT NULL CHECK (capacity > 0),
    walk_ins    INTEGER NOT NULL CHECK (walk_ins >= 0),
    booked      INTEGER NOT NULL DEFAULT 0 CHECK (booked >= 0 AND booked <= capacity - walk_ins),
    walked      INTEGER NOT NULL DEFAULT 0 CHECK (walked >= 0 AND booked + walked <= capacity),
    UNIQUE (site_id, campaign_id, starts_at)
) STRICT;

CREATE TABLE booking (
    booking_id     INTEGER PRIMARY KEY,
    entitlement_id INTEGER NOT NULL REFERENCES entitlement,
    campaign_id    INTEGER NOT NULL REFERENCES campaign,
    member_id      INTEGER NOT NULL,
    site_id        INTEGER NOT NULL REFERENCES site,
    slot_id        INTEGER NOT NULL REFERENCES slot,
    starts_at      INTEGER NOT NULL,  -- of the slot
    ends_at        INTEGER NOT NULL,
    state          INTEGER NOT NULL,  -- Health__BookingState
    must_move      INTEGER NOT NULL,
    walk_in        INTEGER NOT NULL,
    handle         INTEGER NOT NULL,
    made_at        INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,
    remind_at      INTEGER NOT NULL,
    journal_seq    INTEGER NOT NULL   -- the last row about it
) STRICT;
-- One that counts for each entitlement.
CREATE UNIQUE INDEX booking_entitlement ON booking (entitlement_id) WHERE state <> 3;
CREATE INDEX booking_member ON booking (member_id, booking_id);
CREATE INDEX booking_slot ON booking (slot_id);
CREATE INDEX booking_site ON booking (site_id, starts_at);
CREATE INDEX booking_due ON booking (due_at) WHERE state = 1;
CREATE INDEX booking_remind ON booking (remind_at) WHERE state = 1 AND remind_at > 0;
CREATE INDEX booking_stranded ON booking (campaign_id, site_id) WHERE state = 1 AND must_move = 0;
CREATE INDEX campaign_site_withdrawn ON campaign_site (campaign_id, site_id) WHERE withdrawn = 1;

ALTER TABLE entitlement ADD COLUMN soon_said INTEGER NOT NULL DEFAULT 0;  -- that it lapses soon
CREATE INDEX entitlement_soon ON entitlement (book_by) WHERE state = 1 AND soon_said = 0;

CREATE TABLE pass (
    serial      INTEGER PRIMARY KEY,  -- random
    booking_id  INTEGER NOT NULL REFERENCES booking,
    site_id     INTEGER NOT NULL,
    slot_id     INTEGER NOT NULL,
    from_at     INTEGER NOT NULL,
    until_at    INTEGER NOT NULL,
    issued_at   INTEGER NOT NULL,
    revoked_at  INTEGER NOT NULL DEFAULT 0,
    journal_seq INTEGER NOT NULL      -- the last row about it
) STRICT;
CREATE INDEX pass_booking ON pass (booking_id);
CREATE UNIQUE INDEX pass_of_booking ON pass (booking_id) WHERE revoked_at = 0;
CREATE INDEX pass_revoked ON pass (site_id, serial) WHERE revoked_at > 0;

-- step 4
CREATE TABLE device (
    device_id     INTEGER PRIMARY KEY,
    site_id       INTEGER NOT NULL REFERENCES site,
    staff_id      INTEGER NOT NULL,  -- who registered it
    session_id    INTEGER NOT NULL,  -- in which she did
    registered_at INTEGER NOT NULL,
    revoked_at    INTEGER NOT NULL,
    name          TEXT    NOT NULL
) STRICT;
CREATE INDEX device_site ON device (site_id) WHERE revoked_at = 0;

CREATE TABLE scan (
    scan_id      INTEGER PRIMARY KEY,
    device_id    INTEGER NOT NULL REFERENCES device,
    site_id      INTEGER NOT NULL REFERENCES site,
    booking_id   INTEGER NOT NULL,  -- 0: nobody's
    serial       INTEGER NOT NULL,  -- of the pass; 0: none of ours
    at           INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    undone_at    INTEGER NOT NULL,
    duplicate_of INTEGER NOT NULL,
    outcome      INTEGER NOT NULL,  -- Health__ScanOutcome
    offline      INTEGER NOT NULL,
    walk_in      INTEGER NOT NULL,
    scan_ref     TEXT    NOT NULL,
    undo_reason  TEXT    NOT NULL,
    journal_seq  INTEGER NOT NULL,  -- the last row about it
    UNIQUE (device_id, scan_ref)
) STRICT;
-- A pass is accepted once over all scanners.
CREATE UNIQUE INDEX scan_accepted ON scan (booking_id) WHERE outcome = 1 AND undone_at = 0;
CREATE INDEX scan_site ON scan (site_id, scan_id);

-- The number that stands for a member in a campaign at a van's stop.
CREATE TABLE walk_in (
    subject     INTEGER PRIMARY KEY,  -- random
    campaign_id INTEGER NOT NULL REFERENCES campaign,
    member_id   INTEGER NOT NULL,
    UNIQUE (campaign_id, member_id)
) STRICT;

-- step 5
-- Versions of reports of attended bookings; see reports.h.
CREATE TABLE report (
    report_id   INTEGER PRIMARY KEY,
    booking_id  INTEGER NOT NULL REFERENCES booking,
    campaign_id INTEGER NOT NULL,
    site_id     INTEGER NOT NULL,
    member_id   INTEGER NOT NULL,
    version     INTEGER NOT NULL,  -- of the booking's, from 1; 0 while it is not ready
    size        INTEGER NOT NULL,  -- bytes of the PDF
    state       INTEGER NOT NULL,  -- Health__ReportState
    begun_at    INTEGER NOT NULL,
    ready_at    INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL,
    journal_seq INTEGER NOT NULL,
    wrapped     BLOB    NOT NULL,  -- its data key under the report key; empty when destroyed
    items       BLOB    NOT NULL   -- sealed
) STRICT;
CREATE INDEX report_booking ON report (booking_id, state);
CREATE INDEX report_member ON report (member_id, report_id);
CREATE INDEX report_site ON report (campaign_id, site_id, state);
CREATE INDEX report_begun ON report (begun_at) WHERE state = 1;
CREATE INDEX report_read ON report (ready_at) WHERE state IN (2, 3);
CREATE TABLE report_part (
    report_id INTEGER NOT NULL REFERENCES report,
    part      INTEGER NOT NULL,
    sealed    BLOB    NOT NULL,
    PRIMARY KEY (report_id, part)
) STRICT;
CREATE TABLE report_view (
    view_id    INTEGER PRIMARY KEY,
    report_id  INTEGER NOT NULL REFERENCES report,
    at         INTEGER NOT NULL,
    session_id INTEGER NOT NULL
) STRICT;
CREATE INDEX report_view_report ON report_view (report_id, view_id);
-- Whose consent to the use of her reports stands, by identity's journal.
CREATE TABLE report_consent (
    member_id INTEGER PRIMARY KEY,
    version   INTEGER NOT NULL
) STRICT;
CREATE TABLE report_policy (
    version     INTEGER PRIMARY KEY,
    in_force_at INTEGER NOT NULL
) STRICT;

-- step 6
-- What a union owes a site; see settlements.h.
CREATE TABLE settlement (
    settlement_id INTEGER PRIMARY KEY,
    campaign_id   INTEGER NOT NULL REFERENCES campaign,
    site_id       INTEGER NOT NULL REFERENCES site,
    state         INTEGER NOT NULL,  -- Health__SettlementState
    n_lines       INTEGER NOT NULL,
    total_fen     INTEGER NOT NULL,
    lines_hash    BLOB    NOT NULL,
    prepared_by   INTEGER NOT NULL,
    prepared_at   INTEGER NOT NULL,
    decided_by    INTEGER NOT NULL,
    decided_at    INTEGER NOT NULL,
    journal_seq   INTEGER NOT NULL
) STRICT;
CREATE INDEX settlement_campaign ON settlement (campaign_id, settlement_id);
CREATE UNIQUE INDEX settlement_open ON settlement (campaign_id, site_id) WHERE state = 1;
CREATE TABLE settlement_line (
    settlement_id INTEGER NOT NULL REFERENCES settlement,
    line          INTEGER NOT NULL,
    booking_id    INTEGER NOT NULL REFERENCES booking,
    kind          INTEGER NOT NULL,  -- Health__LineKind
    fen           INTEGER NOT NULL,
    seq           INTEGER NOT NULL,  -- of the journal's row about the booking
    hash          BLOB    NOT NULL,  -- of that row
    corrects      INTEGER NOT NULL,  -- the settlement whose scan it takes back; 0: none
    PRIMARY KEY (settlement_id, line)
) STRICT;
CREATE INDEX settlement_line_booking ON settlement_line (booking_id, settlement_id, line);
ALTER TABLE booking ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;       -- by this settlement; 0: not
ALTER TABLE booking ADD COLUMN settled_site INTEGER NOT NULL DEFAULT 0;  -- whose settlement it is
CREATE INDEX booking_to_settle ON booking (campaign_id, site_id, booking_id) WHERE state = 2 AND settled = 0;
CREATE INDEX booking_to_correct ON booking (campaign_id, settled_site, booking_id)
    WHERE settled > 0 AND (state <> 2 OR site_id <> settled_site);

-- step 7
-- Which rows of the journal tell of an entitlement; see story.h.
CREATE TABLE story (
    entitlement_id INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    PRIMARY KEY (entitlement_id, seq)
) STRICT;
CREATE TABLE story_progress (upto INTEGER NOT NULL) STRICT;
INSERT INTO story_progress (upto) VALUES (0);

-- step 8
CREATE INDEX site_staff_by_member ON site_staff (member_id, duty, site_id);

-- step 9
-- Accounts that are no more; see accounts.h.
CREATE TABLE account_gone (
    member_id INTEGER PRIMARY KEY,
    holder_id INTEGER,           -- who holds its number now; NULL: nobody
    settled   INTEGER NOT NULL   -- 0: some of what it had is still to be ended
) STRICT;
CREATE INDEX account_gone_holder ON account_gone (holder_id) WHERE holder_id IS NOT NULL;
CREATE INDEX account_gone_unsettled ON account_gone (member_id) WHERE settled = 0;

-- step 10
ALTER TABLE slot ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE slot ADD COLUMN journal_seq INTEGER NOT NULL DEFAULT 0;  -- the last row by which it was changed
CREATE INDEX slot_withdrawn ON slot (ends_at) WHERE withdrawn = 1;

-- step 11
-- Moves of unions that campaigns still follow in whom they are for; see union_moves.h.
CREATE TABLE union_move (
    move_id  INTEGER PRIMARY KEY,  -- in the order of time
    old_path TEXT    NOT NULL,
    path     TEXT    NOT NULL,
    upto     INTEGER NOT NULL DEFAULT 0  -- campaigns up to this id have followed
) STRICT;

-- step 12
ALTER TABLE draw ADD COLUMN frozen_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE draw ADD COLUMN unsigned_seq INTEGER NOT NULL DEFAULT 0;  -- see draws.h

-- step 13
-- Who was settled twice: what stands for her is the line of a site where she has not come, which is corrected next.
UPDATE booking SET (settled, settled_site) = (SELECT id, site FROM (
    SELECT l.settlement_id AS id, s.site_id AS site, booking.state = 2 AND s.site_id = booking.site_id AS due
    FROM settlement_line l JOIN settlement s USING (settlement_id)
    WHERE l.booking_id = booking.booking_id AND l.kind = 1 AND NOT EXISTS (
        SELECT 1 FROM settlement_line c WHERE c.booking_id = l.booking_id AND c.corrects = l.settlement_id))
    ORDER BY due LIMIT 1)
WHERE booking_id IN (
    SELECT booking_id FROM settlement_line GROUP BY booking_id
    HAVING sum(CASE kind WHEN 1 THEN 1 ELSE -1 END) > 1);
