#include "common/benefit/payees/payees.h"

#include "common/base/sha256.h"
#include "common/store/journal.h"

#define CONTEXT  "payee account"
#define DEED     "payee"
#define HASH_LEN 32
#define COLUMNS                                                                                                        \
    "payee_account_id, payee_id, state, sealed, proposed_by, proposed_at, decided_by, decided_at, journal_seq"

enum { SQL_ADD, SQL_SET, SQL_FIND, SQL_FIND_OF, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO payee_account (payee_account_id, payee_id, state, sealed, proposed_by, proposed_at) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_SET] = "UPDATE payee_account SET state = ?2, decided_by = ?3, decided_at = ?4, journal_seq = ?5 "
                "WHERE payee_account_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM payee_account WHERE payee_account_id = ?1",
    [SQL_FIND_OF] = "SELECT " COLUMNS " FROM payee_account WHERE payee_id = ?1 AND state = ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void payees_use(struct payees *payees, const struct pii_keys *keys, struct two_hands *hands)
{
    payees->keys = keys;
    payees->hands = hands;
}

/* ---- asking ---- */

static bool read_row(const struct payees *payees, unsigned which, struct payee *ret)
{
    return store_only(payees->store, payees->sql + which, INTO(ret->id), INTO(ret->payee_id), INTO(ret->state),
                      INTO_BYTES(ret->sealed), INTO(ret->proposed_by), INTO(ret->proposed_at), INTO(ret->decided_by),
                      INTO(ret->decided_at), INTO(ret->journal_seq));
}

bool payees_find(const struct payees *payees, int64_t payee_account_id, struct payee *ret)
{
    store_ask(payees->store, payees->sql + SQL_FIND, "i", payee_account_id);
    return read_row(payees, SQL_FIND, ret);
}

bool payees_find_of(const struct payees *payees, int64_t payee_id, int state, struct payee *ret)
{
    store_ask(payees->store, payees->sql + SQL_FIND_OF, "ii", payee_id, (int64_t)state);
    return read_row(payees, SQL_FIND_OF, ret);
}

Settlement__PayeeAccount *payee_open(const struct payees *payees, const struct payee *payee, struct arena *arena)
{
    char plain[PAYEE_SEALED_MAX];
    long len = pii_open(payees->keys, CONTEXT, payee->id, payee->sealed.bytes, payee->sealed.len, plain);

    return len < 0 ? NULL : settlement__payee_account__unpack(&arena->allocator, (size_t)len, (const uint8_t *)plain);
}

/* ---- changes ---- */

static void put_event(const struct payee *payee, unsigned char hash[HASH_LEN], Settlement__PayeeChanged *ret)
{
    sha256_of(payee->sealed.bytes, payee->sealed.len, hash);
    settlement__payee_changed__init(ret);
    ret->payee_account_id = payee->id;
    ret->payee_id = payee->payee_id;
    ret->sealed_hash = (ProtobufCBinaryData){HASH_LEN, hash};
}

static void set_state(struct payees *payees, struct payee *payee, int state, void *call)
{
    Settlement__PayeeChanged changed;
    unsigned char hash[HASH_LEN];

    payee->state = state;
    put_event(payee, hash, &changed);
    changed.state = (Settlement__PayeeState)state;
    rpc_tell(call, &changed.base);
    payee->journal_seq = rpc_server_journal(payees->parts->rpc)->tip.seq;
    store_run(payees->store, payees->sql + SQL_SET, "iiiii", payee->id, (int64_t)state, payee->decided_by,
              payee->decided_at, payee->journal_seq);
}

static struct hands_deed deed_of(const struct payee *payee, const int *roles, const char *union_path, void *call,
                                 unsigned char hash[HASH_LEN], Settlement__PayeeChanged *what)
{
    put_event(payee, hash, what);
    return (struct hands_deed){
        .kind = DEED,
        .id = payee->id,
        .what = &what->base,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = roles,
        .union_path = union_path,
    };
}

static bool is_number(const char *text)
{
    size_t len = strspn(text, "0123456789");

    return text[len] == '\0' && len >= 8 && len <= PAYEE_NUMBER_MAX;
}

static bool seal(const struct payees *payees, const Settlement__PayeeAccount *account, void *call, struct payee *ret)
{
    unsigned char nonce[PII_NONCE_LEN], plain[PAYEE_SEALED_MAX];
    size_t len = settlement__payee_account__get_packed_size(account);

    if (len + PII_OVERHEAD > sizeof(ret->sealed.bytes))
        return false;
    settlement__payee_account__pack(account, plain);
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal(payees->keys, CONTEXT, ret->id, nonce, plain, len, ret->sealed.bytes);
    ret->sealed.len = len + PII_OVERHEAD;
    return true;
}

/* Ends one that waits, or is in force, for another one. */
static void end_of(struct payees *payees, int64_t payee_id, int state, int ended, void *call)
{
    struct payee old;

    if (!payees_find_of(payees, payee_id, state, &old))
        return;
    hands_end(payees->hands, DEED, old.id, HANDS__STATE__TAKEN_BACK, call);
    if (!old.decided_at) {
        old.decided_by = rpc_principal(call)->member_id;
        old.decided_at = rpc_now(call);
    }
    set_state(payees, &old, ended, call);
}

/* Whether an account that waits is the caller's, and says just this. */
static bool is_same(const struct payees *payees, const struct payee *payee, const Settlement__PayeeAccount *account,
                    void *call)
{
    const Settlement__PayeeAccount *old = payee_open(payees, payee, rpc_arena(call));

    return old && payee->proposed_by == rpc_principal(call)->member_id && strcmp(old->name, account->name) == 0 &&
           strcmp(old->bank, account->bank) == 0 && strcmp(old->number, account->number) == 0;
}

int payee_propose(struct payees *payees, int64_t payee_id, const Settlement__PayeeAccount *account, const int *roles,
                  const char *union_path, void *call, struct payee *ret)
{
    struct payee made = {
        .id = id_next(&payees->parts->ids, rpc_now(call)),
        .payee_id = payee_id,
        .proposed_by = rpc_principal(call)->member_id,
        .proposed_at = rpc_now(call),
    };
    Settlement__PayeeChanged what;
    unsigned char hash[HASH_LEN];
    struct hands_deed deed;

    if (payees_find_of(payees, payee_id, SETTLEMENT__PAYEE_STATE__PAYEE_WAITS, ret) &&
        is_same(payees, ret, account, call))
        return 0;
    if (!is_number(account->number))
        return SETTLEMENT__REASON__PAYEE_NUMBER_WRONG;
    if (strlen(account->name) > PAYEE_TEXT_MAX || strlen(account->bank) > PAYEE_TEXT_MAX ||
        !seal(payees, account, call, &made))
        return RPC__REASON__TOO_LONG;
    end_of(payees, payee_id, SETTLEMENT__PAYEE_STATE__PAYEE_WAITS, SETTLEMENT__PAYEE_STATE__PAYEE_REFUSED, call);
    store_run(payees->store, payees->sql + SQL_ADD, "iiibii", made.id, made.payee_id,
              (int64_t)SETTLEMENT__PAYEE_STATE__PAYEE_WAITS, made.sealed.bytes, made.sealed.len, made.proposed_by,
              made.proposed_at);
    set_state(payees, &made, SETTLEMENT__PAYEE_STATE__PAYEE_WAITS, call);
    *ret = made;
    deed = deed_of(ret, roles, union_path, call, hash, &what);
    return hands_give(payees->hands, &deed, call);
}

int payee_decide(struct payees *payees, bool confirms, const int *roles, const char *union_path, void *call,
                 struct payee *payee)
{
    Settlement__PayeeChanged what;
    unsigned char hash[HASH_LEN];
    struct hands_deed deed = deed_of(payee, roles, union_path, call, hash, &what);
    int reason = payee->state == SETTLEMENT__PAYEE_STATE__PAYEE_WAITS ? 0 : SETTLEMENT__REASON__PAYEE_DECIDED;

    if (!reason && confirms)
        reason = hands_confirm(payees->hands, &deed, call);
    if (reason)
        return reason;
    payee->decided_by = rpc_principal(call)->member_id;
    payee->decided_at = rpc_now(call);
    if (!confirms) {
        hands_end(payees->hands, DEED, payee->id, HANDS__STATE__REFUSED, call);
        set_state(payees, payee, SETTLEMENT__PAYEE_STATE__PAYEE_REFUSED, call);
        return 0;
    }
    end_of(payees, payee->payee_id, SETTLEMENT__PAYEE_STATE__PAYEE_IN_FORCE, SETTLEMENT__PAYEE_STATE__PAYEE_ENDED,
           call);
    set_state(payees, payee, SETTLEMENT__PAYEE_STATE__PAYEE_IN_FORCE, call);
    rpc_want_head(call);
    return 0;
}

/* ---- the audit ---- */

static bool agrees(void *self, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct payees *payees = self;
    const Rpc__ChassisEvent *event = body;
    const Settlement__PayeeChanged *changed;
    unsigned char hash[HASH_LEN];
    struct payee payee;

    if (!event || event->event_case != RPC__CHASSIS_EVENT__EVENT_PAYEE_CHANGED)
        return true;
    changed = event->payee_changed;
    if (!payees_find(payees, changed->payee_account_id, &payee) || payee.journal_seq < row->seq)
        return false;
    sha256_of(payee.sealed.bytes, payee.sealed.len, hash);
    told[0] += payee.journal_seq == row->seq;
    return payee.payee_id == changed->payee_id && changed->sealed_hash.len == HASH_LEN &&
           memcmp(changed->sealed_hash.data, hash, HASH_LEN) == 0 &&
           (payee.journal_seq > row->seq || payee.state == (int)changed->state);
}

const struct part_spec payees_part = {
    .tables = "payee_account",
    .others = "payee_account.payee_id",
    .steps = &payees_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT coalesce(max(payee_account_id), 0) FROM payee_account",
    .agrees = agrees,
    .counts = {{"accounts of payees", "SELECT count(*) FROM payee_account"}},
    .keeps = "which officials entered and confirmed an account that money goes to must be known as long as the "
             "accounts are",
};
