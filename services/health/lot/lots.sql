-- step 1 rows
-- Lots, entries and places are of the part that all benefits by lot share (common/benefit/lottery).
INSERT INTO lottery_chain (chain_id, union_path, days, anchor, sealed)
    SELECT chain_id, union_path, days, anchor, sealed FROM chain;
INSERT INTO lottery (lot_id, stage, state, void_from, void_reason, opens_at, closes_at, terms, commitment, steps,
                     chain_id, sealed_secret, sealed_key, last_entry, root, n_entries, frozen_at, unsigned_seq, value,
                     value_by, confirmed_by, secret, seated, wins, granted)
    SELECT d.campaign_id, c.state, d.state, void_from, void_reason, opens_at, closes_at, terms, commitment, steps,
           chain_id, sealed_secret, sealed_key, last_entry, root, n_entries, frozen_at, unsigned_seq, value,
           value_by, confirmed_by, secret, seated, wins, granted FROM draw d JOIN campaign c USING (campaign_id);
INSERT INTO lottery_entry (entry_id, lot_id, member_id, ticket, stratum, at, withdrawn_at)
    SELECT entry_id, campaign_id, member_id, ticket, stratum, at, withdrawn_at FROM entry;
INSERT INTO lottery_place (lot_id, stratum, place, member_id)
    SELECT campaign_id, stratum, place, member_id FROM place;
INSERT INTO lottery_outcome (lot_id, stratum, entrants, places, cutoff, promoted)
    SELECT campaign_id, stratum, entrants, places, cutoff, promoted FROM outcome;
INSERT INTO lottery_attempt (lot_id, member_id, attempt, at)
    SELECT campaign_id, member_id, attempt, at FROM attempt;
DROP TABLE attempt;
DROP TABLE outcome;
DROP TABLE place;
DROP TABLE entry;
DROP TABLE draw;
DROP TABLE chain;
