#include "services/bridge/bank/bank.h"

#include <mbedtls/platform_util.h>

#include "common/base/hex.h"
#include "common/base/sha256.h"
#include "common/trust/pii.h"
#include "services/bridge/bridge.h"

#define COLUMNS                                                                                                        \
    "batch_id, state, layout, payments, fen, control, hash, union_path, made_by, made_at, released_by, released_at, "  \
    "paid, paid_fen, failed, failed_fen, journal_seq"
#define IN_STATE(state)                                                                                                \
    "SELECT " COLUMNS " FROM bank_batch WHERE " RPC_PAGE_STATES("?3", state) " AND state = " state " AND batch_id < "  \
                                                                             "?1"

#define PREPARED   BRIDGE__BANK_BATCH_STATE__BANK_PREPARED
#define RELEASED   BRIDGE__BANK_BATCH_STATE__BANK_RELEASED
#define DONE       BRIDGE__BANK_BATCH_STATE__BANK_DONE
#define TAKEN_BACK BRIDGE__BANK_BATCH_STATE__BANK_TAKEN_BACK
#define WAITING    BRIDGE__PAYOUT_STATE__PAYOUT_WAITING
#define SENT       BRIDGE__PAYOUT_STATE__PAYOUT_SENT
#define PAID       BRIDGE__PAYOUT_STATE__PAYOUT_PAID
#define FAILED     BRIDGE__PAYOUT_STATE__PAYOUT_FAILED

enum {
    SQL_ADD,
    SQL_SET,
    SQL_FIND,
    SQL_PAGE,
    SQL_WAITING,
    SQL_ADD_ITEM,
    SQL_ITEMS,
    SQL_ITEM_OF,
    SQL_DROP_ITEMS,
    SQL_ACCOUNT,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO bank_batch (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0, 0, 0, 0, "
                "0, ?11)",
    [SQL_SET] = "UPDATE bank_batch SET state = ?2, released_by = ?3, released_at = ?4, paid = ?5, paid_fen = ?6, "
                "failed = ?7, failed_fen = ?8, journal_seq = ?9 WHERE batch_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM bank_batch WHERE batch_id = ?1",
    [SQL_PAGE] = RPC_PAGE_MERGED_4(IN_STATE) " ORDER BY batch_id DESC LIMIT ?2",
    [SQL_WAITING] = "SELECT payout_id FROM payout WHERE state = 1 AND way = 2 AND "
                    "NOT EXISTS (SELECT 1 FROM bank_item WHERE bank_item.payout_id = payout.payout_id) "
                    "ORDER BY payout_id LIMIT ?1",
    [SQL_ADD_ITEM] = "INSERT INTO bank_item (payout_id, batch_id) VALUES (?1, ?2)",
    [SQL_ITEMS] = "SELECT payout_id FROM bank_item WHERE batch_id = ?1 ORDER BY payout_id",
    [SQL_ITEM_OF] = "SELECT batch_id FROM bank_item WHERE payout_id = ?1",
    [SQL_DROP_ITEMS] = "DELETE FROM bank_item WHERE batch_id = ?1",
    [SQL_ACCOUNT] = "SELECT account FROM payout WHERE payout_id = ?1 AND account IS NOT NULL",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- asking ---- */

static bool next_batch(const struct bank *bank, unsigned statement, struct bank_batch *ret)
{
    return store_read(bank->store, statement, INTO(ret->id), INTO(ret->state), INTO(ret->layout), INTO(ret->sums.n),
                      INTO(ret->sums.fen), INTO(ret->sums.control), INTO_BYTES(ret->hash), INTO(ret->union_path),
                      INTO(ret->made_by), INTO(ret->made_at), INTO(ret->released_by), INTO(ret->released_at),
                      INTO(ret->paid), INTO(ret->paid_fen), INTO(ret->failed), INTO(ret->failed_fen),
                      INTO(ret->journal_seq));
}

bool bank_find(const struct bank *bank, int64_t batch_id, struct bank_batch *ret)
{
    bool found;

    store_ask(bank->store, bank->sql + SQL_FIND, "i", batch_id);
    found = next_batch(bank, bank->sql + SQL_FIND, ret);
    store_end(bank->store, bank->sql + SQL_FIND);
    return found;
}

unsigned bank_page(const struct bank *bank, int64_t states, int64_t before, struct bank_batch *ret, unsigned max)
{
    unsigned n = 0;

    store_ask(bank->store, bank->sql + SQL_PAGE, "iii", before, (int64_t)max, states);
    while (ret && n < max && next_batch(bank, bank->sql + SQL_PAGE, &ret[n]))
        n++;
    store_end(bank->store, bank->sql + SQL_PAGE);
    return n;
}

Bridge__BankBatch *bank_show(const struct bank_batch *batch, void *call)
{
    Bridge__BankBatch *ret = arena_message(rpc_arena(call), &bridge__bank_batch__descriptor);
    char hash[2 * sizeof(batch->hash.bytes) + 1];

    if (!ret)
        return NULL;
    hex_print(batch->hash.bytes, sizeof(batch->hash.bytes), hash);
    ret->batch_id = batch->id;
    ret->state = (Bridge__BankBatchState)batch->state;
    ret->layout = (Bridge__BankLayout)batch->layout;
    ret->payments = batch->sums.n;
    ret->fen = batch->sums.fen;
    ret->control = batch->sums.control;
    ret->hash = rpc_text(call, hash);
    ret->made_by = batch->made_by;
    ret->made_at = batch->made_at;
    ret->released_by = batch->released_by;
    ret->released_at = batch->released_at;
    ret->paid = batch->paid;
    ret->paid_fen = batch->paid_fen;
    ret->failed = batch->failed;
    ret->failed_fen = batch->failed_fen;
    return ret;
}

/* Payouts by a statement that gives their ids: how many, BANK_LINES_MAX at most. */
static unsigned ids_of(const struct bank *bank, unsigned statement, int64_t of, int64_t ret[BANK_LINES_MAX])
{
    unsigned n = 0;

    store_ask(bank->store, statement, "i", of);
    while (n < BANK_LINES_MAX && store_read(bank->store, statement, INTO(ret[n])))
        n++;
    store_end(bank->store, statement);
    return n;
}

/* ---- the file ---- */

/* An order's account, in the arena; NULL: it does not open, or no bank would take it. */
static Settlement__PayeeAccount *open_account(const struct bridge *bridge, int64_t order_id, const void *sealed,
                                              size_t sealed_len, void *call)
{
    unsigned char plain[PAYEE_ACCOUNT_MAX + 1];
    Settlement__PayeeAccount *account = NULL;
    long len = -1;

    if (bridge->bank_keys && sealed_len > PII_OVERHEAD && sealed_len <= PAYEE_ACCOUNT_MAX)
        len = pii_open(bridge->bank_keys, PAYEE_ACCOUNT_CONTEXT, order_id, sealed, sealed_len, (char *)plain);
    if (len > 0)
        account = settlement__payee_account__unpack(&rpc_arena(call)->allocator, (size_t)len, plain);
    mbedtls_platform_zeroize(plain, sizeof(plain));
    return account && bank_account_ok(account) ? account : NULL;
}

bool bank_takes(const struct bridge *bridge, const Payout__PayoutOrdered *order, void *call)
{
    return open_account(bridge, order->order_id, order->account.data, order->account.len, call) != NULL;
}

struct filling {
    struct payout payouts[BANK_LINES_MAX];
    struct bank_line lines[BANK_LINES_MAX];
    unsigned n;
};
static struct filling filling;

/* Adds the line of a payout; false when its account is there no more. */
static bool add_line(const struct bridge *bridge, const struct payout *payout, void *call)
{
    const struct bank *bank = &bridge->bank;
    const Settlement__PayeeAccount *account;
    unsigned char sealed[PAYEE_ACCOUNT_MAX];
    size_t len = 0;

    store_ask(bank->store, bank->sql + SQL_ACCOUNT, "i", payout->id);
    store_only(bank->store, bank->sql + SQL_ACCOUNT, INTO_LEN(sealed, len));
    account = open_account(bridge, payout->order_id, sealed, len, call);
    if (!account)
        return false;
    filling.payouts[filling.n] = *payout;
    filling.lines[filling.n] = (struct bank_line){
        .number = filling.payouts[filling.n].number,
        .remark = filling.payouts[filling.n].remark,
        .account = account,
        .fen = payout->fen,
    };
    filling.n++;
    return true;
}

static const char *print(const struct bank_batch *batch, size_t *ret_len)
{
    static char file[BANK_FILE_MAX];

    *ret_len = bank_print(batch->layout, filling.lines, filling.n, file);
    return *ret_len ? file : NULL;
}

/* Whether a payout is as those of a batch are that waits for its second hand, or that the bank has. */
static bool is_in(const struct payout *payout, bool released)
{
    if (!released)
        return payout->state == WAITING && !payout->withdrawn;
    return payout->state == PAID || payout->state == FAILED || (payout->state == SENT && payout->withdrawn <= 1);
}

/* The lines of a batch as they are now; false when one is not as it must be. */
static bool fill(struct bridge *bridge, const struct bank_batch *batch, bool released, void *call)
{
    static int64_t ids[BANK_LINES_MAX];
    const struct bank *bank = &bridge->bank;
    unsigned n = ids_of(bank, bank->sql + SQL_ITEMS, batch->id, ids);
    struct payout payout;

    filling.n = 0;
    for (unsigned i = 0; i < n; i++) {
        if (!payouts_find(&bridge->payouts, ids[i], &payout) || !is_in(&payout, released) ||
            !add_line(bridge, &payout, call))
            return false;
    }
    return n > 0;
}

static bool is_its_file(const struct bank_batch *batch, const char *file, size_t len)
{
    unsigned char hash[32];

    if (!file)
        return false;
    sha256_of(file, len, hash);
    return memcmp(hash, batch->hash.bytes, sizeof(hash)) == 0;
}

int bank_file(struct bridge *bridge, const struct bank_batch *batch, void *call, const char **ret_file, size_t *ret_len)
{
    if (!bridge->bank_keys)
        return BRIDGE__REASON__PAYOUT_WAY_NOT_SET_UP;
    if (batch->state != RELEASED || !fill(bridge, batch, true, call))
        return BRIDGE__REASON__BANK_BATCH_STATE;
    *ret_file = print(batch, ret_len);
    return is_its_file(batch, *ret_file, *ret_len) ? 0 : (int)BRIDGE__REASON__BANK_BATCH_STALE;
}

/* ---- changes ---- */

static int tell(struct bridge *bridge, struct bank_batch *batch, void *call)
{
    Bridge__BankBatchChanged changed = BRIDGE__BANK_BATCH_CHANGED__INIT;

    batch->journal_seq = rpc_server_journal(bridge->rpc)->tip.seq + 1;
    changed.batch = bank_show(batch, call);
    if (!changed.batch)
        return RPC__REASON__OVERLOADED;
    rpc_tell(call, &changed.base);
    return 0;
}

static int set(struct bridge *bridge, struct bank_batch *batch, void *call)
{
    const struct bank *bank = &bridge->bank;
    int reason = tell(bridge, batch, call);

    if (!reason)
        store_run(bank->store, bank->sql + SQL_SET, "iiiiiiiii", batch->id, (int64_t)batch->state, batch->released_by,
                  batch->released_at, (int64_t)batch->paid, batch->paid_fen, (int64_t)batch->failed, batch->failed_fen,
                  batch->journal_seq);
    return reason;
}

static struct hands_deed deed_of(const struct bank_batch *batch, Bridge__BankBatch *what, void *call)
{
    static const int offices[] = {RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};

    return (struct hands_deed){
        .kind = "bank batch",
        .id = batch->id,
        .what = &what->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = offices,
        .union_path = batch->union_path,
    };
}

/* All that is released, whoever looks at it and when. */
static Bridge__BankBatch *what_of(const struct bank_batch *batch, void *call)
{
    Bridge__BankBatch *what = bank_show(batch, call);

    if (what)
        what->state = PREPARED;
    return what;
}

int bank_prepare(struct bridge *bridge, struct bank_batch *batch, void *call)
{
    static int64_t ids[BANK_LINES_MAX];
    const struct bank *bank = &bridge->bank;
    unsigned n = ids_of(bank, bank->sql + SQL_WAITING, BANK_LINES_MAX, ids);
    Bridge__BankBatch *what;
    struct hands_deed deed;
    struct payout payout;
    const char *file;
    size_t len;
    int reason;

    if (!bridge->bank_keys)
        return BRIDGE__REASON__PAYOUT_WAY_NOT_SET_UP;
    filling.n = 0;
    for (unsigned i = 0; i < n; i++) {
        if (payouts_find(&bridge->payouts, ids[i], &payout))
            add_line(bridge, &payout, call);
    }
    batch->id = id_next(&bridge->ids, rpc_now(call));
    batch->state = PREPARED;
    batch->sums = bank_sums(filling.lines, filling.n);
    batch->made_by = rpc_principal(call)->member_id;
    batch->made_at = rpc_now(call);
    if (filling.n == 0)
        return BRIDGE__REASON__BANK_NOTHING;
    file = print(batch, &len);
    if (!file)
        return RPC__REASON__OVERLOADED;
    sha256_of(file, len, batch->hash.bytes);
    batch->hash.len = sizeof(batch->hash.bytes);
    for (unsigned i = 0; i < filling.n; i++)
        store_run(bank->store, bank->sql + SQL_ADD_ITEM, "ii", filling.payouts[i].id, batch->id);
    what = what_of(batch, call);
    if (!what)
        return RPC__REASON__OVERLOADED;
    deed = deed_of(batch, what, call);
    reason = hands_give(&bridge->two_hands, &deed, call);
    if (!reason)
        reason = tell(bridge, batch, call);
    store_run(bank->store, bank->sql + SQL_ADD, "iiiiiibtiii", batch->id, (int64_t)batch->state, (int64_t)batch->layout,
              (int64_t)batch->sums.n, batch->sums.fen, batch->sums.control, batch->hash.bytes, batch->hash.len,
              batch->union_path, batch->made_by, batch->made_at, batch->journal_seq);
    return reason;
}

int bank_release(struct bridge *bridge, struct bank_batch *batch, void *call)
{
    struct hands_deed deed;
    Bridge__BankBatch *what;
    const char *file;
    size_t len;
    int reason;

    if (batch->state == RELEASED && batch->released_by == rpc_principal(call)->member_id)
        return 0;
    if (batch->state != PREPARED)
        return BRIDGE__REASON__BANK_BATCH_STATE;
    if (!bridge->bank_keys || !fill(bridge, batch, false, call))
        return BRIDGE__REASON__BANK_BATCH_STALE;
    file = print(batch, &len);
    if (!is_its_file(batch, file, len))
        return BRIDGE__REASON__BANK_BATCH_STALE;
    what = what_of(batch, call);
    if (!what)
        return RPC__REASON__OVERLOADED;
    deed = deed_of(batch, what, call);
    reason = hands_confirm(&bridge->two_hands, &deed, call);
    if (reason)
        return reason;
    for (unsigned i = 0; i < filling.n; i++) {
        filling.payouts[i].state = SENT;
        filling.payouts[i].sent_at = rpc_now(call);
        payouts_set(bridge, &filling.payouts[i], WAITING, call);
    }
    batch->state = RELEASED;
    batch->released_by = rpc_principal(call)->member_id;
    batch->released_at = rpc_now(call);
    rpc_want_head(call);
    return set(bridge, batch, call);
}

int bank_take_back(struct bridge *bridge, struct bank_batch *batch, void *call)
{
    const struct bank *bank = &bridge->bank;

    if (batch->state != PREPARED)
        return BRIDGE__REASON__BANK_BATCH_STATE;
    hands_end(&bridge->two_hands, "bank batch", batch->id, HANDS__STATE__TAKEN_BACK, call);
    store_run(bank->store, bank->sql + SQL_DROP_ITEMS, "i", batch->id);
    batch->state = TAKEN_BACK;
    return set(bridge, batch, call);
}

/* ---- what comes back ---- */

static bool is_of(const struct bridge *bridge, const struct bank_batch *batch, const char *number, struct payout *ret)
{
    const struct bank *bank = &bridge->bank;

    if (!payouts_find_number(&bridge->payouts, number, ret))
        return false;
    store_ask(bank->store, bank->sql + SQL_ITEM_OF, "i", ret->id);
    return store_number(bank->store, bank->sql + SQL_ITEM_OF) == batch->id;
}

/* What a line changes: an oddity, or none. */
static int take_answer(struct bridge *bridge, struct bank_batch *batch, const struct bank_answer *answer,
                       Bridge__BankResults *ret, void *call)
{
    int state = answer->said == BANK_SAYS_PAID ? (int)PAID : (int)FAILED;
    struct pay_case one = {.kind = BRIDGE__PAY_CASE_KIND__PAY_CASE_AFTER_END, .their_fen = answer->fen};
    struct payout payout;

    if (!is_of(bridge, batch, answer->number, &payout))
        return BRIDGE__BANK_ODDITY__BANK_LINE_UNKNOWN;
    if (answer->fen != payout.fen)
        return BRIDGE__BANK_ODDITY__BANK_LINE_AMOUNT;
    if (answer->said == BANK_SAYS_NOTHING)
        return BRIDGE__BANK_ODDITY__BANK_LINE_STATE;
    if (payout.state == state) {
        ret->same++;
        return 0;
    }
    if (payout.state != SENT) {
        one.payout_id = payout.id;
        one.our_fen = payout.fen;
        snprintf(one.number, sizeof(one.number), "%s", payout.number);
        snprintf(one.word, sizeof(one.word), "%s", state == (int)PAID ? "SUCCESS" : "FAIL");
        case_open(bridge, &one, call);
        return BRIDGE__BANK_ODDITY__BANK_LINE_CHANGED;
    }
    payout.state = state;
    payout.reason = state == (int)PAID ? 0 : (int)BRIDGE__REASON__PAYOUT_BANK_FAILED;
    payouts_set(bridge, &payout, SENT, call);
    *(state == (int)PAID ? &ret->paid : &ret->failed) += 1;
    *(state == (int)PAID ? &batch->paid_fen : &batch->failed_fen) += payout.fen;
    return 0;
}

/* Its file is not asked for any more. */
static void drop_accounts(struct bridge *bridge, const struct bank_batch *batch)
{
    static int64_t ids[BANK_LINES_MAX];
    unsigned n = ids_of(&bridge->bank, bridge->bank.sql + SQL_ITEMS, batch->id, ids);

    for (unsigned i = 0; i < n; i++)
        payout_drop_account(&bridge->payouts, ids[i]);
}

int bank_results(struct bridge *bridge, struct bank_batch *batch, const void *file, size_t len,
                 Bridge__BankResults *ret, void *call)
{
    static struct bank_answer answers[BANK_LINES_MAX];
    int n, reason = 0;

    if (batch->state != RELEASED && batch->state != DONE)
        return BRIDGE__REASON__BANK_BATCH_STATE;
    n = bank_read(file, len, answers);
    if (n < 0)
        return BRIDGE__REASON__BANK_FILE_ODD;
    for (int i = 0; i < n; i++) {
        int oddity = take_answer(bridge, batch, &answers[i], ret, call);
        Bridge__BankOddLine *line;

        if (!oddity || ret->odd_lines++ >= BANK_ODD_MAX)
            continue;
        line = arena_message(rpc_arena(call), &bridge__bank_odd_line__descriptor);
        if (line) {
            line->line = answers[i].line;
            line->oddity = (Bridge__BankOddity)oddity;
        }
        rpc_add(call, ret, odd, line);
    }
    batch->paid += ret->paid;
    batch->failed += ret->failed;
    if (batch->paid + batch->failed == batch->sums.n && batch->state != DONE) {
        batch->state = DONE;
        drop_accounts(bridge, batch);
    }
    if (ret->paid + ret->failed > 0)
        reason = set(bridge, batch, call);
    return reason;
}

/* ---- the part ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct bridge *self = arg;
    const Bridge__Event *event = body;
    const Bridge__BankBatch *message;
    struct bank_batch batch;
    bool last;

    if (event->event_case != BRIDGE__EVENT__EVENT_BANK_BATCH_CHANGED)
        return true;
    message = event->bank_batch_changed->batch;
    if (!bank_find(&self->bank, message->batch_id, &batch))
        return false;
    last = batch.journal_seq == row->seq;
    told[0] += last;
    told[1] += last ? message->paid_fen : 0;
    return batch.sums.n == message->payments && batch.sums.fen == message->fen && batch.made_by == message->made_by &&
           (!last || (batch.state == (int)message->state && batch.paid == message->paid &&
                      batch.failed == message->failed && batch.released_by == message->released_by));
}

static const struct part_stray strays[] = {
    {"batch for a bank", "has not the sum of its payments",
     "SELECT batch_id FROM bank_batch WHERE state <> 4 AND (payments, fen) <> (SELECT count(*), coalesce(sum(fen), 0) "
     "FROM bank_item JOIN payout USING (payout_id) WHERE bank_item.batch_id = bank_batch.batch_id)"},
    {"batch for a bank", "has not paid what its payments say",
     "SELECT batch_id FROM bank_batch WHERE (paid_fen, failed_fen) <> "
     "(SELECT coalesce(sum(iif(state = 5, fen, 0)), 0), coalesce(sum(iif(state = 6, fen, 0)), 0) "
     "FROM bank_item JOIN payout USING (payout_id) WHERE bank_item.batch_id = bank_batch.batch_id)"},
    {"payout", "left by a bank without a release",
     "SELECT payout_id FROM payout WHERE way = 2 AND state BETWEEN 2 AND 6 AND payout_id NOT IN "
     "(SELECT payout_id FROM bank_item JOIN bank_batch USING (batch_id) WHERE bank_batch.state IN (2, 3))"},
    {NULL, NULL, NULL},
};

const struct part_spec bank_part = {
    .tables = "bank_batch bank_item",
    .steps = &bank_steps,
    .people = "bank_batch.made_by bank_batch.released_by",
    .others = "bank_item.payout_id bank_batch.layout bank_batch.payments bank_batch.control bank_batch.paid "
              "bank_batch.failed",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(batch_id) FROM bank_batch",
    .agrees = agrees,
    .counts = {{"batches for a bank", "SELECT count(*) FROM bank_batch"},
               {"fen that a bank has paid", "SELECT coalesce(sum(paid_fen), 0) FROM bank_batch"}},
    .strays = strays,
    .keeps = "officials act by their office, and what they released is on account",
    .moves = "bank_batch.union_path",
};
