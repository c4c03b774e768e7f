#include "common/benefit/lottery/lottery_internal.h"

/* As in the index of these. */
#define LIVE  "stage < 6 OR (stage = 6 AND granted < wins) OR (stage = 8 AND void_from >= 3 AND length(secret) = 0)"
#define IN_IT "(SELECT count(*) FROM lottery_entry e WHERE e.lot_id = ?1 AND withdrawn_at = 0)"
#define ENTRY "entry_id, lot_id, member_id, ticket, stratum, weight, at, withdrawn_at"

const char *const lottery_statements[LOT_N_SQL] = {
    [LOT_SQL_ADD] = "INSERT INTO lottery (lot_id, stage, state, void_from, opens_at, closes_at, terms, "
                    "commitment, steps, chain_id, sealed_secret, sealed_key, entered) "
                    "VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0)",
    [LOT_SQL_PUT] = "UPDATE lottery SET stage = ?2, state = ?3, void_from = ?4, void_reason = ?5, last_entry = ?6, "
                    "root = ?7, n_entries = ?8, frozen_at = ?9, unsigned_seq = ?10, value = ?11, value_by = ?12, "
                    "confirmed_by = ?13, secret = ?14, seated = ?15, wins = ?16, granted = ?17 WHERE lot_id = ?1",
    [LOT_SQL_FIND] = "SELECT stage, state, void_from, void_reason, terms, commitment, steps, chain_id, sealed_secret, "
                     "sealed_key, last_entry, root, n_entries, frozen_at, unsigned_seq, value, value_by, confirmed_by, "
                     "secret, seated, wins, granted FROM lottery WHERE lot_id = ?1",
    [LOT_SQL_WAITS] = "SELECT 1 FROM lottery WHERE chain_id = ?1 AND steps < ?2 AND state < ?3 LIMIT 1",
    [LOT_SQL_AFTER] = "SELECT lot_id FROM lottery WHERE lot_id > ?1 ORDER BY lot_id LIMIT 1",
    [LOT_SQL_DUE] = "SELECT lot_id FROM lottery WHERE lot_id > ?2 AND (" LIVE ") AND (stage <> 2 OR opens_at <= ?1) "
                    "AND (stage NOT IN (3, 5) OR closes_at <= ?1) ORDER BY lot_id LIMIT ?3",
    [LOT_SQL_ADD_CHAIN] =
        "INSERT INTO lottery_chain (chain_id, union_path, days, anchor, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
    [LOT_SQL_FIND_CHAIN] = "SELECT union_path, days, anchor, sealed FROM lottery_chain WHERE chain_id = ?1",
    [LOT_SQL_CHAIN_USED] = "SELECT coalesce(max(steps), 0) FROM lottery WHERE chain_id = ?1",
    [LOT_SQL_CHAINS] = "SELECT chain_id, union_path, days, anchor, (SELECT coalesce(max(steps), 0) FROM lottery AS l "
                       "WHERE l.chain_id = c.chain_id) FROM lottery_chain AS c WHERE c.chain_id < ?1 "
                       "ORDER BY c.chain_id DESC",
    [LOT_SQL_LAST_ENTRY] = "SELECT max(entry_id) FROM lottery_entry",
    [LOT_SQL_ADD_ENTRY] = "INSERT INTO lottery_entry (" ENTRY ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
    [LOT_SQL_COUNT] =
        "UPDATE lottery SET entered = CASE WHEN entered < 0 THEN " IN_IT " ELSE entered + ?2 END WHERE lot_id = ?1",
    [LOT_SQL_ENTERED] = "SELECT CASE WHEN entered >= 0 THEN entered WHEN stage <= 3 THEN " IN_IT
                        " ELSE n_entries END FROM lottery WHERE lot_id = ?1",
    [LOT_SQL_WITHDRAW] = "UPDATE lottery_entry SET withdrawn_at = ?2 WHERE entry_id = ?1",
    [LOT_SQL_FIND_ENTRY] = "SELECT " ENTRY " FROM lottery_entry WHERE " HOLDER_HERS
                           " AND lot_id = ?2 AND withdrawn_at = 0 ORDER BY member_id = ?1 DESC LIMIT 1",
    [LOT_SQL_SPARE] = "SELECT " ENTRY " FROM lottery_entry e WHERE " HOLDER_HERS " AND withdrawn_at = 0 AND EXISTS "
                      "(SELECT 1 FROM lottery l WHERE l.lot_id = e.lot_id AND l.stage IN (2, 3) "
                      "AND l.closes_at > ?3) AND (?2 OR EXISTS (SELECT 1 FROM lottery_entry o WHERE o." HOLDER_HERS
                      " AND o.withdrawn_at = 0 AND o.lot_id = e.lot_id "
                      "AND (o.member_id = ?1, o.entry_id) > (e.member_id = ?1, e.entry_id))) LIMIT ?4",
    [LOT_SQL_ENTRIES] = "SELECT " ENTRY " FROM lottery_entry WHERE entry_id > ?1 AND entry_id <= ?2 ORDER BY entry_id",
    [LOT_SQL_ATTEMPT] = "INSERT INTO lottery_attempt (lot_id, member_id, attempt, at) VALUES (?1, ?2, ?3, ?4) "
                        "ON CONFLICT (lot_id, member_id, attempt) DO NOTHING",
    [LOT_SQL_ADD_PLACE] = "INSERT INTO lottery_place (lot_id, stratum, place, member_id) VALUES (?1, ?2, ?3, ?4)",
    [LOT_SQL_PLACE_AT] = "SELECT member_id FROM lottery_place WHERE lot_id = ?1 AND stratum = ?2 AND place = ?3",
    [LOT_SQL_PLACE_OF] = "SELECT place FROM lottery_place WHERE lot_id = ?1 AND member_id = ?2",
    [LOT_SQL_PLACES] = "SELECT place, member_id FROM lottery_place WHERE lot_id = ?1 AND stratum = ?2 AND place > ?3 "
                       "AND place <= ?4 ORDER BY place",
    [LOT_SQL_ADD_OUTCOME] = "INSERT INTO lottery_outcome (lot_id, stratum, entrants, places, cutoff) "
                            "VALUES (?1, ?2, ?3, ?4, ?5)",
    [LOT_SQL_OUTCOME] =
        "SELECT entrants, places, cutoff, promoted FROM lottery_outcome WHERE lot_id = ?1 AND stratum = ?2",
    [LOT_SQL_PROMOTE] = "UPDATE lottery_outcome SET promoted = ?3 WHERE lot_id = ?1 AND stratum = ?2",
};

void lottery_serve(struct lottery *lottery, const struct lottery_service *service, void *self,
                   const struct holders *holders, struct two_hands *hands)
{
    lottery->service = service;
    lottery->self = self;
    lottery->holders = holders;
    lottery->hands = hands;
}

int lottery_start(struct lottery *lottery, const char *key_file)
{
    ensure(lottery->service);
    lottery->keys = pii_keys_open(key_file);
    lottery->lists = lot_lists_new();
    return lottery->keys && lottery->lists ? 0 : -1;
}

void lottery_done(struct lottery *lottery)
{
    lot_lists_free(lottery->lists);
    pii_keys_close(lottery->keys);
    lottery->lists = NULL;
    lottery->keys = NULL;
}

static const struct part_stray strays[] = {
    {"lottery", "says that others are in than are",
     "SELECT lot_id FROM lottery LEFT JOIN (SELECT lot_id, count(*) AS n FROM lottery_entry WHERE withdrawn_at = 0 "
     "GROUP BY lot_id) USING (lot_id) WHERE entered >= 0 AND entered <> coalesce(n, 0) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec lottery_part = {
    .tables = "lottery lottery_chain lottery_entry lottery_place lottery_outcome lottery_attempt",
    .others = "lottery.lot_id lottery.stage lottery.void_from lottery_entry.weight",
    .steps = &lottery_steps,
    .sql = lottery_statements,
    .n_sql = LOT_N_SQL,
    .last_id = "SELECT max(coalesce((SELECT max(entry_id) FROM lottery_entry), 0), "
               "coalesce((SELECT max(chain_id) FROM lottery_chain), 0))",
    .work = lot_work,
    .agrees = lot_agrees,
    .counts = {{"entries", "SELECT count(*) FROM lottery_entry"},
               {"withdrawn entries", "SELECT count(*) FROM lottery_entry WHERE withdrawn_at > 0"},
               {"chains of secrets", "SELECT count(*) FROM lottery_chain"}},
    .strays = strays,
    .audit = lot_audit,
    .exports = {{NULL, "-- the service tells her of her entries and places, in its own words"}},
    .closed = {"-- the list of a lot never changes; what is still open is withdrawn (settle)"},
    .merged = {"-- the list of a lot never changes; of two that are open one is withdrawn (settle)"},
    .moves = "lottery_chain.union_path",
    .settle = lot_settle,
};
