-- step 1 rows
-- What waits for officials' decisions; see waitings.h.
CREATE TABLE waiting (
    kind INTEGER NOT NULL,  -- Identity__WaitingKind
    id   INTEGER NOT NULL,  -- of that kind
    path TEXT    NOT NULL,  -- of the union whose officials decide
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_place ON waiting (kind, path, id);
INSERT INTO waiting (kind, id, path)
    SELECT 1, request_id, path FROM join_request JOIN unions USING (union_id) WHERE join_request.state = 1
    UNION ALL SELECT 2, transfer_id, path FROM transfer JOIN unions ON union_id =
        CASE transfer.state WHEN 3 THEN to_union ELSE from_union END WHERE transfer.state IN (1, 3)
    UNION ALL SELECT 2, transfer_id, above.path FROM transfer JOIN unions ON unions.union_id = from_union
        JOIN unions AS above ON above.union_id = unions.parent_id WHERE transfer.state = 2
    UNION ALL SELECT 3, trade_id, path FROM trade JOIN unions USING (union_id) WHERE trade.state = 1
    UNION ALL SELECT 4, correction_id, path FROM correction JOIN unions USING (union_id) WHERE correction.state = 1
    UNION ALL SELECT 5, merge_id, path FROM merge JOIN unions USING (union_id) WHERE merge.state <= 2
    UNION ALL SELECT 6, contest_id, path FROM contest JOIN unions USING (union_id) WHERE contest.state = 1
    UNION ALL SELECT 7, change_id, above.path FROM union_change JOIN unions USING (union_id) JOIN unions AS above
        ON above.union_id = CASE kind WHEN 6 THEN unions.union_id ELSE unions.parent_id END WHERE union_change.state = 1
    UNION ALL SELECT CASE kind WHEN 1 THEN 8 WHEN 7 THEN 8 WHEN 4 THEN 9 ELSE 10 END, proposal_id, path
        FROM proposal JOIN unions USING (union_id) WHERE proposal.state = 1;
-- step 2 rows
-- Who asks that an official looks at her document waits in the same list.
INSERT INTO waiting (kind, id, path)
    SELECT 12, step_up_id, path FROM step_up JOIN unions USING (union_id) WHERE step_up.state = 1;
