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
