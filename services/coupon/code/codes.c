#include "services/coupon/code/codes.h"

#include "services/coupon/fund/fund_uses.h"
#include "services/coupon/template/publishing_rules.h"

#define FOUND  "code" /* contexts of what is sealed */
#define SEALED "partner_code"

#define COLUMNS      "code_id, release_id, coupon_id, state"
#define VOID_COLUMNS "void_id, release_id, code_id, coupon_id, remark, state, proposed_at, until"

enum {
    SQL_ADD_TERMS,
    SQL_TERMS,
    SQL_COUNT,
    SQL_FREE,
    SQL_GOOD,
    SQL_ADD,
    SQL_FIND,
    SQL_FOUND,
    SQL_OF_COUPON,
    SQL_SEALED,
    SQL_NEXT,
    SQL_SET,
    SQL_ADD_VOID,
    SQL_SET_VOID,
    SQL_VOID,
    SQL_VOIDS,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD_TERMS] = "INSERT INTO code_terms (release_id, partner, how_to) VALUES (?1, ?2, ?3)",
    [SQL_TERMS] = "SELECT partner, how_to, imported, free, voided FROM code_terms WHERE release_id = ?1",
    [SQL_COUNT] = "UPDATE code_terms SET imported = imported + ?2, free = free + ?3, voided = voided + ?4 "
                  "WHERE release_id = ?1",
    [SQL_FREE] = "SELECT free FROM code_terms WHERE release_id = ?1",
    [SQL_GOOD] = "SELECT imported - voided FROM code_terms WHERE release_id = ?1",
    [SQL_ADD] = "INSERT INTO partner_code (code_id, release_id, found, sealed) VALUES (?1, ?2, ?3, ?4)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM partner_code WHERE code_id = ?1",
    [SQL_FOUND] = "SELECT " COLUMNS " FROM partner_code WHERE found = ?1",
    [SQL_OF_COUPON] = "SELECT " COLUMNS " FROM partner_code WHERE coupon_id = ?1 AND state = 1",
    [SQL_SEALED] = "SELECT sealed FROM partner_code WHERE code_id = ?1",
    [SQL_NEXT] = "SELECT code_id FROM partner_code WHERE release_id = ?1 AND state = 0 ORDER BY code_id LIMIT 1",
    [SQL_SET] = "UPDATE partner_code SET state = ?2, coupon_id = ?3 WHERE code_id = ?1",
    [SQL_ADD_VOID] = "INSERT INTO code_void (" VOID_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_SET_VOID] = "UPDATE code_void SET state = ?2 WHERE void_id = ?1",
    [SQL_VOID] = "SELECT " VOID_COLUMNS " FROM code_void WHERE void_id = ?1",
    [SQL_VOIDS] = "SELECT " VOID_COLUMNS " FROM code_void WHERE release_id = ?1 AND void_id < ?2 "
                  "AND " RPC_PAGE_STATES("?4", "state") " ORDER BY void_id DESC LIMIT ?3",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- the form ---- */

int codes_refusal(const Coupon__Release *draft, const char **ret_field)
{
    if (draft->way != COUPON__WAY__CODES) {
        *ret_field = "release.codes";
        return draft->codes ? COUPON__REASON__FORM_OF_ANOTHER_WAY : 0;
    }
    *ret_field = "release.codes";
    return draft->codes ? 0 : RPC__REASON__MISSING_FIELD;
}

void codes_add_terms(struct coupon *self, int64_t release_id, const Coupon__CodeTerms *terms)
{
    store_run(self->store, self->codes.sql + SQL_ADD_TERMS, "itt", release_id, terms->partner, terms->how_to);
}

/* So many more were imported, are free and are good no more; or fewer. */
static void count(const struct coupon *self, int64_t release_id, int imported, int free, int voided)
{
    store_run(self->store, self->codes.sql + SQL_COUNT, "iiii", release_id, (int64_t)imported, (int64_t)free,
              (int64_t)voided);
}

Coupon__CodeTerms *codes_terms(const struct coupon *self, int64_t release_id, struct arena *arena)
{
    unsigned statement = self->codes.sql + SQL_TERMS;
    Coupon__CodeTerms *message = arena_message(arena, &coupon__code_terms__descriptor);
    bool whole = false;

    if (!message)
        return NULL;
    store_ask(self->store, statement, "i", release_id);
    if (store_row(self->store, statement)) {
        message->partner = arena_printf(arena, "%s", store_text(self->store, statement, 0));
        message->how_to = arena_printf(arena, "%s", store_text(self->store, statement, 1));
        message->imported = (int32_t)store_int(self->store, statement, 2);
        message->left = (int32_t)store_int(self->store, statement, 3);
        message->voided = (int32_t)store_int(self->store, statement, 4);
        whole = message->partner && message->how_to;
    }
    store_end(self->store, statement);
    return whole ? message : NULL;
}

int64_t codes_good(const struct coupon *self, int64_t release_id)
{
    store_ask(self->store, self->codes.sql + SQL_GOOD, "i", release_id);
    return store_number(self->store, self->codes.sql + SQL_GOOD);
}

int32_t codes_left(const struct coupon *self, int64_t release_id)
{
    store_ask(self->store, self->codes.sql + SQL_FREE, "i", release_id);
    return (int32_t)store_number(self->store, self->codes.sql + SQL_FREE);
}

/* ---- codes ---- */

static bool only(const struct codes *codes, unsigned statement, struct partner_code *ret)
{
    return store_only(codes->store, statement, INTO(ret->id), INTO(ret->release_id), INTO(ret->coupon_id),
                      INTO(ret->state));
}

static void index_of(const struct coupon *self, const char *code, unsigned char ret[PII_INDEX_LEN])
{
    pii_index(self->code_keys, FOUND, code, strlen(code), ret);
}

bool code_add(struct coupon *self, int64_t release_id, const char *code, const char *pin, void *call)
{
    int64_t id = id_next(&self->ids, rpc_now(call));
    unsigned char found[PII_INDEX_LEN], nonce[PII_NONCE_LEN], sealed[2 * CODE_SIZE + PII_OVERHEAD];
    char plain[2 * CODE_SIZE];
    size_t len = (size_t)snprintf(plain, sizeof(plain), "%s\n%s", code, pin);

    index_of(self, code, found);
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal(self->code_keys, SEALED, id, nonce, plain, len, sealed);
    explicit_bzero(plain, sizeof(plain));
    return store_run(self->store, self->codes.sql + SQL_ADD, "iibb", id, release_id, found, sizeof(found), sealed,
                     len + PII_OVERHEAD) != -1;
}

bool code_known(const struct coupon *self, const char *code, struct partner_code *ret)
{
    unsigned char found[PII_INDEX_LEN];

    index_of(self, code, found);
    store_ask(self->store, self->codes.sql + SQL_FOUND, "b", found, sizeof(found));
    return only(&self->codes, self->codes.sql + SQL_FOUND, ret);
}

bool code_find(const struct codes *codes, int64_t code_id, struct partner_code *ret)
{
    store_ask(codes->store, codes->sql + SQL_FIND, "i", code_id);
    return only(codes, codes->sql + SQL_FIND, ret);
}

bool code_of_coupon(const struct codes *codes, int64_t coupon_id, struct partner_code *ret)
{
    store_ask(codes->store, codes->sql + SQL_OF_COUPON, "i", coupon_id);
    return only(codes, codes->sql + SQL_OF_COUPON, ret);
}

bool code_give(struct coupon *self, int64_t release_id, int64_t coupon_id, void *call)
{
    Coupon__CodeGiven given = COUPON__CODE_GIVEN__INIT;

    store_ask(self->store, self->codes.sql + SQL_NEXT, "i", release_id);
    given.code_id = store_number(self->store, self->codes.sql + SQL_NEXT);
    if (!given.code_id)
        return false;
    store_run(self->store, self->codes.sql + SQL_SET, "iii", given.code_id, (int64_t)CODE_GIVEN, coupon_id);
    count(self, release_id, 0, -1, 0);
    given.release_id = release_id;
    given.coupon_id = coupon_id;
    rpc_tell(call, &given.base);
    return true;
}

Coupon__PartnerCode *code_message(const struct coupon *self, int64_t release_id, int64_t coupon_id, struct arena *arena)
{
    unsigned statement = self->codes.sql + SQL_SEALED;
    Coupon__PartnerCode *message = arena_message(arena, &coupon__partner_code__descriptor);
    char *plain = arena_alloc(arena, 2 * CODE_SIZE + 1), *end;
    const Coupon__CodeTerms *terms = codes_terms(self, release_id, arena);
    struct partner_code code;
    const void *sealed;
    long opened = -1;
    size_t len;

    if (!message || !plain || !terms || !code_of_coupon(&self->codes, coupon_id, &code))
        return NULL;
    message->partner = terms->partner;
    message->how_to = terms->how_to;
    store_ask(self->store, statement, "i", code.id);
    if (store_row(self->store, statement)) {
        sealed = store_blob(self->store, statement, 0, &len);
        if (len <= 2 * CODE_SIZE + PII_OVERHEAD)
            opened = pii_open(self->code_keys, SEALED, code.id, sealed, len, plain);
    }
    store_end(self->store, statement);
    end = opened >= 0 ? strchr(plain, '\n') : NULL;
    if (!end)
        return NULL;
    *end = '\0';
    message->code = plain;
    message->pin = end + 1;
    return message;
}

int codes_more_refusal(struct coupon *self, const struct release *release, int64_t n, void *call)
{
    int reason = 0;

    if (release->state != COUPON__STATE__DRAFT)
        reason = publishing_more_refusal(self, release, n, call);
    return reason ? reason : fund_more_refusal(self, release, n, call);
}

int codes_imported(struct coupon *self, const struct release *release, int64_t import_id, int32_t n, void *call)
{
    Coupon__CodesImported imported = COUPON__CODES_IMPORTED__INIT;

    imported.import_id = import_id;
    imported.release_id = release->id;
    imported.codes = n;
    rpc_tell(call, &imported.base);
    count(self, release->id, n, n, 0);
    return fund_grow(self, release, call);
}

/* ---- bad ones ---- */

#define INTO_VOID(made)                                                                                                \
    INTO((made)->id), INTO((made)->release_id), INTO((made)->code_id), INTO((made)->coupon_id), INTO((made)->remark),  \
        INTO((made)->state), INTO((made)->proposed_at), INTO((made)->until)

void code_void_add(struct coupon *self, struct code_void *made, void *call)
{
    made->id = id_next(&self->ids, rpc_now(call));
    made->proposed_at = rpc_now(call);
    made->state = COUPON__CODE_VOID_STATE__CODE_VOID_PROPOSED;
    store_run(self->store, self->codes.sql + SQL_ADD_VOID, "iiiitiii", made->id, made->release_id, made->code_id,
              made->coupon_id, made->remark, (int64_t)made->state, made->proposed_at, made->until);
}

bool code_void_find(const struct codes *codes, int64_t void_id, struct code_void *ret)
{
    store_ask(codes->store, codes->sql + SQL_VOID, "i", void_id);
    return store_only(codes->store, codes->sql + SQL_VOID, INTO_VOID(ret));
}

void code_voids_ask(const struct codes *codes, int64_t release_id, int64_t before, size_t limit, int64_t states)
{
    store_ask(codes->store, codes->sql + SQL_VOIDS, "iiii", release_id, before, (int64_t)limit, states);
}

bool code_voids_next(const struct codes *codes, struct code_void *ret)
{
    return store_read(codes->store, codes->sql + SQL_VOIDS, INTO_VOID(ret));
}

void code_void_set(struct coupon *self, struct code_void *made, int state)
{
    made->state = state;
    store_run(self->store, self->codes.sql + SQL_SET_VOID, "ii", made->id, (int64_t)state);
}

/* Who has a coupon that stands gets the next code and is told. False: none is left. */
static bool replace(struct coupon *self, const struct partner_code *bad, void *call)
{
    struct notice_given given = {.kind = NOTICE__NOTICE_KIND__COUPON_CODE_REPLACED, .about_id = bad->coupon_id};
    struct claim claim;

    if (!bad->coupon_id || !claims_find(&self->claims, bad->coupon_id, &claim) || claim.ended_at)
        return true;
    if (!code_give(self, bad->release_id, bad->coupon_id, call))
        return false;
    given.member_id = holder_of(&self->holders, claim.member_id);
    notice_give(&self->notice, &given, call);
    return true;
}

int code_void_do(struct coupon *self, struct code_void *made, void *call)
{
    Coupon__CodeVoided voided = COUPON__CODE_VOIDED__INIT;
    struct partner_code bad = {.id = made->code_id, .release_id = made->release_id, .coupon_id = made->coupon_id};

    store_run(self->store, self->codes.sql + SQL_SET, "iii", bad.id, (int64_t)CODE_VOID, bad.coupon_id);
    count(self, bad.release_id, 0, bad.coupon_id ? 0 : -1, 1);
    voided.void_id = made->id;
    voided.code_id = bad.id;
    voided.release_id = bad.release_id;
    voided.remark = made->remark;
    rpc_tell(call, &voided.base);
    code_void_set(self, made, COUPON__CODE_VOID_STATE__CODE_VOID_DONE);
    if (!replace(self, &bad, call))
        return COUPON__REASON__CODES_NONE_LEFT;
    return fund_grow(self, release_look_up(self, bad.release_id, rpc_arena(call)), call);
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;

    (void)row;
    if (event->event_case == COUPON__EVENT__EVENT_CODES_IMPORTED)
        told[0] += event->codes_imported->codes;
    if (event->event_case == COUPON__EVENT__EVENT_CODE_GIVEN)
        *part_word(&self->parts, &codes_part, 0, event->code_given->code_id) = event->code_given->coupon_id;
    if (event->event_case == COUPON__EVENT__EVENT_CODE_VOIDED)
        *part_word(&self->parts, &codes_part, 1, event->code_voided->code_id) = event->code_voided->void_id;
    return true;
}

static const struct part_stray strays[] = {
    {"coupon", "of codes stands without one",
     "SELECT coupon_id FROM release JOIN claim USING (release_id) WHERE way = 4 AND coupon_id NOT IN (SELECT coupon_id "
     "FROM claim_ended) AND coupon_id NOT IN (SELECT coupon_id FROM partner_code WHERE state = 1) LIMIT 1"},
    {"code", "was handed out with no coupon of its release",
     "SELECT code_id FROM partner_code WHERE state = 1 AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.coupon_id = "
     "partner_code.coupon_id AND claim.release_id = partner_code.release_id) LIMIT 1"},
    {"release", "has not as many codes as it says",
     "SELECT release_id FROM code_terms WHERE imported <> (SELECT count(*) FROM partner_code AS one WHERE "
     "one.release_id = code_terms.release_id) OR free <> (SELECT count(*) FROM partner_code AS one WHERE "
     "one.release_id = code_terms.release_id AND state = 0) OR voided <> (SELECT count(*) FROM partner_code AS one "
     "WHERE one.release_id = code_terms.release_id AND state = 2) LIMIT 1"},
    {"code", "is free and was handed out",
     "SELECT code_id FROM partner_code WHERE state = 0 AND coupon_id <> 0 LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec codes_part = {
    .tables = "code_terms partner_code code_void",
    .steps = &codes_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id =
        "SELECT max((SELECT coalesce(max(code_id), 0) FROM partner_code), (SELECT coalesce(max(void_id), 0) FROM "
        "code_void))",
    .agrees = agrees,
    .counts = {{"codes", "SELECT count(*) FROM partner_code"}},
    .words = {{"code with its coupon",
               "SELECT code_id, coupon_id FROM partner_code WHERE coupon_id <> 0 ORDER BY code_id"},
              {"code that is bad", "SELECT code_id, void_id FROM code_void WHERE state = 2 ORDER BY code_id"}},
    .strays = strays,
    .others = "code_terms.release_id code_terms.imported code_terms.free code_terms.voided",
    .keeps = "a code is its partner's; whose coupon it went with is of the part claims, which answers for that",
};
