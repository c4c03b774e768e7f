-- step 1 rows
-- Reports are files of the vault; see vault.h.
INSERT INTO vault_file (file_id, subject_id, group_id, place_id, member_id, version, size, state, begun_at, ready_at,
                        ended_at, journal_seq, wrapped, notes)
    SELECT report_id, booking_id, campaign_id, site_id, member_id, version, size, state, begun_at, ready_at,
           ended_at, journal_seq, wrapped, items FROM report;
INSERT INTO vault_part (file_id, part, sealed) SELECT report_id, part, sealed FROM report_part;
INSERT INTO vault_look (look_id, file_id, at, session_id) SELECT view_id, report_id, at, session_id FROM report_view;
INSERT INTO vault_consent (member_id, version) SELECT member_id, version FROM report_consent;
INSERT INTO vault_policy (version, in_force_at) SELECT version, in_force_at FROM report_policy;
DROP TABLE report_view;
DROP TABLE report_part;
DROP TABLE report;
DROP TABLE report_consent;
DROP TABLE report_policy;
