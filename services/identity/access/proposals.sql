-- step 1
-- Officials list also what is decided.
DROP INDEX proposal_open;
CREATE INDEX proposal_state ON proposal (state, proposal_id);
