#include "services/health/lot/draws.h"

#include "common/base/log.h"
#include "services/health/lot/lots.h"

#define SEALED (DRAW_HASH_LEN + PII_OVERHEAD)

enum {
    SQL_ADD,
    SQL_PUT,
    SQL_FIND,
    SQL_WAITS,
    SQL_ADD_CHAIN,
    SQL_FIND_CHAIN,
    SQL_CHAIN_USED,
    SQL_AFTER,
    SQL_ENTITLED,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO draw (campaign_id, state, void_from, terms, commitment, steps, chain_id, sealed_secret, "
                "sealed_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_PUT] = "UPDATE draw SET state = ?2, void_from = ?3, last_entry = ?4, root = ?5, n_entries = ?6, value = ?7, "
                "value_by = ?8, confirmed_by = ?9, secret = ?10, seated = ?11, wins = ?12, granted = ?13, "
                "frozen_at = ?14, unsigned_seq = ?15 WHERE campaign_id = ?1",
    [SQL_FIND] = "SELECT state, void_from, terms, commitment, steps, chain_id, sealed_secret, sealed_key, last_entry, "
                 "root, n_entries, value, value_by, confirmed_by, seated, wins, granted, secret, frozen_at, "
                 "unsigned_seq FROM draw WHERE campaign_id = ?1",
    [SQL_WAITS] = "SELECT 1 FROM draw WHERE chain_id = ?1 AND steps < ?2 AND state < ?3 LIMIT 1",
    [SQL_ADD_CHAIN] = "INSERT INTO chain (chain_id, union_path, days, anchor, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_FIND_CHAIN] = "SELECT union_path, days, anchor, sealed FROM chain WHERE chain_id = ?1",
    [SQL_CHAIN_USED] = "SELECT coalesce(max(steps), 0) FROM draw WHERE chain_id = ?1",
    [SQL_AFTER] = "SELECT campaign_id FROM draw WHERE campaign_id > ?1 ORDER BY campaign_id LIMIT 1",
    [SQL_ENTITLED] = "SELECT count(*) FROM entitlement WHERE campaign_id = ?1 AND stratum = ?2 AND place > 0 "
                     "AND state IN (1, 2, 3) AND NOT EXISTS (SELECT 1 FROM booking b JOIN scan s USING (booking_id) "
                     "WHERE b.entitlement_id = entitlement.entitlement_id AND s.outcome = 1 AND s.undone_at = 0 "
                     "AND s.received_at >= b.due_at)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- the terms ---- */

static void copy_text(char *ret, size_t size, const char *text)
{
    snprintf(ret, size, "%s", text);
}

struct draw_terms *lottery_terms(const Health__Campaign *campaign, const unsigned char commitment[DRAW_HASH_LEN],
                                 uint32_t steps)
{
    struct {
        struct draw_terms terms;
        struct draw_stratum strata[];
    } *block = calloc(1, sizeof(*block) + campaign->n_strata * sizeof(block->strata[0]));
    struct draw_terms *terms;

    if (!block)
        return NULL;
    terms = &block->terms;
    snprintf(terms->id, sizeof(terms->id), "checkup-%lld", (long long)campaign->campaign_id);
    copy_text(terms->title, sizeof(terms->title), campaign->title);
    copy_text(terms->rules, sizeof(terms->rules), campaign->rules);
    copy_text(terms->public_name, sizeof(terms->public_name), campaign->public_name);
    copy_text(terms->value_format, sizeof(terms->value_format), campaign->value_format);
    memcpy(terms->commitment, commitment, DRAW_HASH_LEN);
    terms->steps = steps;
    terms->opens_ms = campaign->opens_at;
    terms->closes_ms = campaign->closes_at;
    terms->value_at_ms = campaign->value_at;
    terms->weight_max = 1;
    terms->n_strata = (uint32_t)campaign->n_strata;
    terms->strata = block->strata;
    for (size_t i = 0; i < campaign->n_strata; i++) {
        terms->strata[i].quota = (uint32_t)campaign->strata[i]->quota;
        terms->strata[i].waiting = (uint32_t)campaign->strata[i]->waiting;
        copy_text(terms->strata[i].label, sizeof(terms->strata[i].label), campaign->strata[i]->label);
    }
    return terms;
}

/* ---- lotteries ---- */

static void seal(struct health *self, const char *context, int64_t row, const unsigned char plain[DRAW_HASH_LEN],
                 void *call, unsigned char ret[SEALED])
{
    unsigned char nonce[PII_NONCE_LEN];

    rpc_random(call, nonce, sizeof(nonce));
    pii_seal(self->keys, context, row, nonce, plain, DRAW_HASH_LEN, ret);
}

/* What was sealed, with its length as it was read. */
static bool unseal(struct health *self, const char *context, int64_t row, const unsigned char sealed[SEALED],
                   size_t len, unsigned char ret[DRAW_HASH_LEN])
{
    char plain[DRAW_HASH_LEN + 1];
    bool opened = len == SEALED && pii_open(self->keys, context, row, sealed, len, plain) == DRAW_HASH_LEN;

    if (opened)
        memcpy(ret, plain, DRAW_HASH_LEN);
    else
        log_error("draw_secret_lost", "context", context, "row", log_int(row));
    return opened;
}

bool lottery_add(struct health *self, const struct lottery *lottery, void *call)
{
    const struct draw *draw = &lottery->draw;
    unsigned char secret[SEALED], key[SEALED];

    seal(self, "draw.secret", lottery->campaign_id, lottery->secret, call, secret);
    seal(self, "draw.key", lottery->campaign_id, lottery->key, call, key);
    return store_run(self->store, self->draws.sql + SQL_ADD, "iiibbiibb", lottery->campaign_id, (int64_t)draw->state,
                     (int64_t)draw->void_from, draw->terms, (size_t)DRAW_HASH_LEN, draw->commitment,
                     (size_t)DRAW_HASH_LEN, (int64_t)draw->steps, lottery->chain_id, secret, sizeof(secret), key,
                     sizeof(key)) != -1;
}

enum draw_state lottery_reached(const struct lottery *lottery)
{
    return lottery->draw.state == DRAW_VOID ? lottery->draw.void_from : lottery->draw.state;
}

void lottery_put(struct health *self, const struct lottery *lottery)
{
    const struct draw *draw = &lottery->draw;
    bool told = draw->state == DRAW_PUBLISHED || lottery->revealed ||
                (draw->state == DRAW_VOID && draw->void_from == DRAW_DRAWN);

    store_run(self->store, self->draws.sql + SQL_PUT, "iiiibitiibiiiii", lottery->campaign_id, (int64_t)draw->state,
              (int64_t)draw->void_from, lottery->last_entry, draw->root,
              (size_t)(lottery_reached(lottery) >= DRAW_FROZEN ? DRAW_HASH_LEN : 0), (int64_t)draw->n_entries,
              lottery->value, lottery->value_by, lottery->confirmed_by, lottery->secret,
              (size_t)(told ? DRAW_HASH_LEN : 0), lottery->seated, lottery->wins, lottery->granted, draw->frozen_ms,
              lottery->unsigned_seq);
}

bool lottery_find(struct health *self, const Health__Campaign *campaign, struct lottery *ret)
{
    unsigned statement = self->draws.sql + SQL_FIND;
    unsigned char secret[SEALED], key[SEALED];
    size_t secret_len, key_len, revealed_len;
    struct draw *draw = &ret->draw;
    bool opened;

    *ret = (struct lottery){
        .campaign_id = campaign->campaign_id,
        .draw = {.version = *campaign->value_format ? 2 : 1,
                 .opens_ms = campaign->opens_at,
                 .closes_ms = campaign->closes_at,
                 .value_at_ms = campaign->value_at},
    };
    store_ask(self->store, statement, "i", campaign->campaign_id);
    if (!store_only(self->store, statement, INTO(draw->state), INTO(draw->void_from), INTO(draw->terms),
                    INTO(draw->commitment), INTO(draw->steps), INTO(ret->chain_id), INTO_LEN(secret, secret_len),
                    INTO_LEN(key, key_len), INTO(ret->last_entry), INTO(draw->root), INTO(draw->n_entries),
                    INTO(ret->value), INTO(ret->value_by), INTO(ret->confirmed_by), INTO(ret->seated), INTO(ret->wins),
                    INTO(ret->granted), INTO_LEN(ret->secret, revealed_len), INTO(draw->frozen_ms),
                    INTO(ret->unsigned_seq)))
        return false;
    copy_text(draw->void_reason, sizeof(draw->void_reason), campaign->void_reason);
    ret->revealed = revealed_len == DRAW_HASH_LEN;
    opened = !self->keys || (unseal(self, "draw.secret", campaign->campaign_id, secret, secret_len, ret->secret) &&
                             unseal(self, "draw.key", campaign->campaign_id, key, key_len, ret->key));
    if (opened && lottery_reached(ret) >= DRAW_DRAWN) {
        memcpy(draw->secret, ret->secret, DRAW_HASH_LEN);
        copy_text(draw->value, sizeof(draw->value), ret->value);
        draw_seed(ret->secret, draw->root, ret->value, draw->seed);
    }
    return opened;
}

void lottery_reveal(struct health *self, struct lottery *lottery, void *call)
{
    Health__SecretRevealed revealed = HEALTH__SECRET_REVEALED__INIT;

    if (lottery->revealed || lottery_reached(lottery) < DRAW_FROZEN || lottery_waits(self, lottery))
        return;
    lottery->revealed = true;
    revealed.campaign_id = lottery->campaign_id;
    revealed.secret = (ProtobufCBinaryData){DRAW_HASH_LEN, lottery->secret};
    rpc_tell(call, &revealed.base);
    rpc_want_head(call);
}

bool lottery_waits(struct health *self, const struct lottery *lottery)
{
    if (!lottery->chain_id)
        return false;
    store_ask(self->store, self->draws.sql + SQL_WAITS, "iii", lottery->chain_id, (int64_t)lottery->draw.steps,
              (int64_t)DRAW_FROZEN);
    return store_number(self->store, self->draws.sql + SQL_WAITS) == 1;
}

int64_t lottery_after(struct health *self, int64_t campaign_id)
{
    store_ask(self->store, self->draws.sql + SQL_AFTER, "i", campaign_id);
    return store_number(self->store, self->draws.sql + SQL_AFTER);
}

int64_t lottery_entitled(struct health *self, int64_t campaign_id, int32_t stratum)
{
    store_ask(self->store, self->draws.sql + SQL_ENTITLED, "ii", campaign_id, (int64_t)stratum);
    return store_number(self->store, self->draws.sql + SQL_ENTITLED);
}

/* ---- chains ---- */

void chain_add(struct health *self, const struct chain *chain, void *call)
{
    Health__ChainMade made = HEALTH__CHAIN_MADE__INIT;
    unsigned char sealed[SEALED];

    seal(self, "chain.last", chain->id, chain->last, call, sealed);
    store_run(self->store, self->draws.sql + SQL_ADD_CHAIN, "itibb", chain->id, chain->union_path, (int64_t)chain->days,
              chain->anchor, (size_t)DRAW_HASH_LEN, sealed, sizeof(sealed));
    made.chain_id = chain->id;
    made.union_path = unconst(chain->union_path);
    made.days = chain->days;
    made.anchor = (ProtobufCBinaryData){DRAW_HASH_LEN, unconst(chain->anchor)};
    rpc_tell(call, &made.base);
}

bool chain_find(struct health *self, int64_t chain_id, struct chain *ret)
{
    unsigned statement = self->draws.sql + SQL_FIND_CHAIN;
    unsigned char sealed[SEALED];
    size_t len;

    *ret = (struct chain){.id = chain_id};
    store_ask(self->store, statement, "i", chain_id);
    return store_only(self->store, statement, INTO(ret->union_path), INTO(ret->days), INTO(ret->anchor),
                      INTO_LEN(sealed, len)) &&
           unseal(self, "chain.last", chain_id, sealed, len, ret->last);
}

int64_t chain_used(struct health *self, int64_t chain_id)
{
    store_ask(self->store, self->draws.sql + SQL_CHAIN_USED, "i", chain_id);
    return store_number(self->store, self->draws.sql + SQL_CHAIN_USED);
}

const struct part_spec draws_part = {
    .tables = "chain draw",
    .others = "draw.void_from",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(chain_id) FROM chain",
    .work = lots_step,
    .agrees = draws_agree,
    .audit = draws_audit,
    .moves = "chain.union_path",
    .keeps = "who entered and confirmed the public value of a lot must be known as long as it may be checked",
};
