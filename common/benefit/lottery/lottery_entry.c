/* lottery_entry.c: who entered which lot, and what was tried against the rules.
 *
 * Entries are appended in the order of time; one that is withdrawn stays, marked, and entering
 * again makes another. Somebody has one in a lot that is not withdrawn, which the schema sees
 * to. */
#include "common/base/bytes.h"
#include "common/benefit/lottery/lottery_internal.h"

static bool next(const struct lottery *lottery, unsigned statement, struct lot_entry *ret)
{
    return store_read(lottery->store, statement, INTO(ret->id), INTO(ret->lot_id), INTO(ret->member_id),
                      INTO(ret->ticket), INTO(ret->stratum), INTO(ret->weight), INTO(ret->at), INTO(ret->withdrawn_at));
}

bool lottery_find_entry(const struct lottery *lottery, int64_t lot_id, int64_t member_id, struct lot_entry *ret)
{
    unsigned statement = lottery->sql + LOT_SQL_FIND_ENTRY;

    store_ask(lottery->store, statement, "ii", member_id, lot_id);
    if (!next(lottery, statement, ret))
        return false;
    store_end(lottery->store, statement);
    return true;
}

int64_t lottery_entered(const struct lottery *lottery, int64_t lot_id)
{
    store_ask(lottery->store, lottery->sql + LOT_SQL_ENTERED, "i", lot_id);
    return store_number(lottery->store, lottery->sql + LOT_SQL_ENTERED);
}

void lot_ask_entries(const struct lottery *lottery, int64_t after, int64_t upto)
{
    store_ask(lottery->store, lottery->sql + LOT_SQL_ENTRIES, "ii", after, upto);
}

bool lot_next_entry(const struct lottery *lottery, struct lot_entry *ret)
{
    return next(lottery, lottery->sql + LOT_SQL_ENTRIES, ret);
}

void lot_end_entries(const struct lottery *lottery)
{
    store_end(lottery->store, lottery->sql + LOT_SQL_ENTRIES);
}

struct draw_entry lot_draw_entry(const struct lot_entry *entry)
{
    struct draw_entry made = {.stratum = (uint16_t)entry->stratum, .weight = (uint16_t)entry->weight};

    memcpy(made.ticket, entry->ticket, DRAW_TICKET_LEN);
    return made;
}

/* ---- changes ---- */

static void add(struct lottery *lottery, const struct lot_entry *entry, void *call)
{
    Lottery__Entered entered = LOTTERY__ENTERED__INIT;

    store_run(lottery->store, lottery->sql + LOT_SQL_ADD_ENTRY, "iiibiii", entry->id, entry->lot_id, entry->member_id,
              entry->ticket, sizeof(entry->ticket), (int64_t)entry->stratum, (int64_t)entry->weight, entry->at);
    store_run(lottery->store, lottery->sql + LOT_SQL_COUNT, "ii", entry->lot_id, INT64_C(1));
    entered.entry_id = entry->id;
    entered.lot_id = entry->lot_id;
    entered.member_id = entry->member_id;
    entered.ticket = (ProtobufCBinaryData){sizeof(entry->ticket), unconst(entry->ticket)};
    entered.stratum = entry->stratum;
    entered.weight = entry->weight > 1 ? (int32_t)entry->weight : 0;
    rpc_tell(call, &entered.base);
}

static void withdraw(struct lottery *lottery, const struct lot_entry *entry, void *call)
{
    Lottery__EntryWithdrawn withdrawn = LOTTERY__ENTRY_WITHDRAWN__INIT;

    store_run(lottery->store, lottery->sql + LOT_SQL_WITHDRAW, "ii", entry->id, rpc_now(call));
    store_run(lottery->store, lottery->sql + LOT_SQL_COUNT, "ii", entry->lot_id, INT64_C(-1));
    withdrawn.entry_id = entry->id;
    withdrawn.lot_id = entry->lot_id;
    withdrawn.member_id = entry->member_id;
    rpc_tell(call, &withdrawn.base);
}

void lottery_note_attempt(struct lottery *lottery, const struct lot_terms *terms, int attempt, void *call)
{
    Lottery__DrawAttemptRefused refused = LOTTERY__DRAW_ATTEMPT_REFUSED__INIT;

    rpc_keep(call);
    if (store_run(lottery->store, lottery->sql + LOT_SQL_ATTEMPT, "iiii", terms->lot_id, rpc_principal(call)->member_id,
                  (int64_t)attempt, rpc_now(call)) <= 0)
        return;
    refused.lot_id = terms->lot_id;
    refused.attempt = (Lottery__Attempt)attempt;
    refused.stage = (Lottery__Stage)terms->stage;
    rpc_tell(call, &refused.base);
}

/* ---- entering ---- */

int lottery_entering_refusal(const struct lottery_words *words, const struct lot_terms *terms, int64_t now)
{
    if (terms->no_lot)
        return terms->no_lot;
    switch (terms->stage) {
    case LOTTERY__STAGE__STAGE_NONE:
    case LOTTERY__STAGE__DRAFT:
        return words->not_announced;
    case LOTTERY__STAGE__VOID:
        return words->is_void;
    case LOTTERY__STAGE__ANNOUNCED:
    case LOTTERY__STAGE__OPEN:
        if (now < terms->opens_at)
            return words->not_open;
        return now < terms->closes_at ? 0 : words->closed;
    default:
        return words->closed;
    }
}

/* The same, which says when, and notes who tries to change what is fixed. */
static int entering_refusal(struct lottery *lottery, const struct lot_terms *terms, int attempt, void *call)
{
    const struct lottery_words *words = &lottery->service->words;
    int reason = lottery_entering_refusal(words, terms, rpc_now(call));

    if (!reason || terms->no_lot)
        return reason;
    if (reason == words->not_open)
        rpc_fact_time(call, "opensAt", terms->opens_at);
    if (reason == words->closed)
        rpc_fact_time(call, "closedAt", terms->closes_at);
    if (reason == words->closed && terms->stage >= LOTTERY__STAGE__FROZEN)
        lottery_note_attempt(lottery, terms, attempt, call);
    return reason;
}

static void make_ticket(const unsigned char key[DRAW_HASH_LEN], int64_t member_id, unsigned char ret[DRAW_TICKET_LEN])
{
    unsigned char person[8];

    put_be64(person, (uint64_t)member_id);
    draw_ticket(key, person, sizeof(person), ret);
}

/* She who is in *ret enters, as it is judged. */
static int enter(struct lottery *lottery, const struct lot_terms *terms, void *call, struct lot_entry *ret)
{
    unsigned char key[DRAW_HASH_LEN];

    if (!lot_find_key(lottery, terms, key))
        return RPC__REASON__STORE_FAILED;
    ret->id = id_next(&lottery->parts->ids, rpc_now(call));
    make_ticket(key, ret->member_id, ret->ticket);
    add(lottery, ret, call);
    return 0;
}

int lottery_enter(struct lottery *lottery, const struct lot_terms *terms, const void *wish, void *call,
                  struct lot_entry *ret)
{
    int64_t member_id = rpc_principal(call)->member_id;
    int reason;

    if (!member_id)
        return RPC__REASON__MISSING_TOKEN;
    if (lottery_find_entry(lottery, terms->lot_id, member_id, ret))
        return 0;
    *ret = (struct lot_entry){.lot_id = terms->lot_id, .member_id = member_id, .weight = 1, .at = rpc_now(call)};
    if (!holder_is(lottery->holders, member_id, member_id))
        return RPC__REASON__TOKEN_REVOKED;
    reason = entering_refusal(lottery, terms, LOTTERY__ATTEMPT__ENTER_LATE, call);
    if (!reason)
        reason = lottery->service->judge(lottery->self, terms, wish, call, &ret->stratum, &ret->weight);
    if (!reason)
        reason = enter(lottery, terms, call, ret);
    if (!reason)
        rpc_created(call);
    return reason;
}

int lottery_enter_for(struct lottery *lottery, const struct lot_terms *terms, int64_t member_id, int32_t stratum,
                      uint32_t weight, void *call, struct lot_entry *ret)
{
    int reason = lottery_entering_refusal(&lottery->service->words, terms, rpc_now(call));

    if (lottery_find_entry(lottery, terms->lot_id, member_id, ret))
        return 0;
    *ret = (struct lot_entry){
        .lot_id = terms->lot_id, .member_id = member_id, .stratum = stratum, .weight = weight, .at = rpc_now(call)};
    if (!holder_is(lottery->holders, member_id, member_id))
        return RPC__REASON__TOKEN_REVOKED;
    return reason ? reason : enter(lottery, terms, call, ret);
}

int lottery_withdraw(struct lottery *lottery, const struct lot_terms *terms, void *call)
{
    int reason = entering_refusal(lottery, terms, LOTTERY__ATTEMPT__WITHDRAW_LATE, call);
    struct lot_entry entry;

    if (!reason && lottery_find_entry(lottery, terms->lot_id, rpc_principal(call)->member_id, &entry))
        withdraw(lottery, &entry, call);
    return reason;
}

/* ---- what there is twice, or for nobody ---- */

#define SPARE_SLICE 16

/* Hers in lots that are still open: all when nobody holds the number, or those beside one that counts. */
bool lot_settle(void *arg, int64_t number, int64_t holder_id, void *call)
{
    struct lottery *lottery = arg;
    unsigned statement = lottery->sql + LOT_SQL_SPARE, n = 0;
    struct lot_entry spare[SPARE_SLICE];

    store_ask(lottery->store, statement, "iiii", holder_id ? holder_id : number, (int64_t)!holder_id, rpc_now(call),
              (int64_t)SPARE_SLICE);
    while (n < SPARE_SLICE && next(lottery, statement, &spare[n]))
        n++;
    store_end(lottery->store, statement);
    for (unsigned i = 0; i < n; i++)
        withdraw(lottery, &spare[i], call);
    return n == SPARE_SLICE;
}
