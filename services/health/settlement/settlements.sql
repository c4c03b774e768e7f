-- step 1 rows
-- What health has settled by itself is the shared part's (common/benefit/settlement).
INSERT INTO statement (statement_id, for_id, payee_id, state, n_lines, total_fen, lines_hash, prepared_by, prepared_at,
    decided_by, decided_at, journal_seq)
SELECT settlement_id, campaign_id, site_id, state, n_lines, total_fen, lines_hash, prepared_by, prepared_at,
    decided_by, decided_at, journal_seq FROM settlement;
INSERT INTO statement_line (statement_id, line, thing_id, kind, fen, seq, hash, corrects)
SELECT settlement_id, line, booking_id, kind, fen, seq, hash, corrects FROM settlement_line;
DROP TABLE settlement_line;
DROP TABLE settlement;
