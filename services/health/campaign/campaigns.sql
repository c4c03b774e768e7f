-- step 1 rows
-- Whom a campaign is for is of the part that all benefits share (common/benefit/audience); it stood in the packed
-- message.
INSERT INTO audience (audience_id, path, level, trades, born_from, born_until, sex)
    SELECT campaign_id, packed_text(packed, 21), 3, packed_bits(packed, 22), packed_int(packed, 23),
           packed_int(packed, 24), packed_int(packed, 25) FROM campaign;
-- Moves of unions that campaigns were still to follow, in their order.
WITH RECURSIVE
    move AS (SELECT row_number() OVER (ORDER BY move_id) AS nth, old_path, path, upto FROM union_move),
    moved (audience_id, nth, path) AS (
        SELECT audience_id, 0, path FROM audience
        UNION ALL
        SELECT m.audience_id, move.nth,
               CASE WHEN m.audience_id > move.upto AND substr(m.path, 1, length(move.old_path)) = move.old_path
                    THEN move.path || substr(m.path, length(move.old_path) + 1) ELSE m.path END
        FROM moved m JOIN move ON move.nth = m.nth + 1)
UPDATE audience SET path = (SELECT m.path FROM moved m WHERE m.audience_id = audience.audience_id
                            ORDER BY m.nth DESC LIMIT 1);
