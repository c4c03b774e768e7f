#include "services/subsidy/scheme/schemes.h"

#include "common/base/sha256.h"
#include "common/benefit/granted/granted.h"

#define COLUMNS  "scheme_id, family_id, replaces_id, union_path, state, terms"
#define HASH_LEN 32

enum { SQL_PUT, SQL_SET_STATE, SQL_FIND, SQL_TERMS, SQL_BELOW, SQL_ABOVE, N_SQL };

static const char *const sql[] = {
    [SQL_PUT] = "INSERT INTO scheme (scheme_id, family_id, replaces_id, union_path, state, opens_at, closes_at, terms, "
                "terms_hash, journal_seq) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (scheme_id) DO "
                "UPDATE SET opens_at = excluded.opens_at, closes_at = excluded.closes_at, terms = excluded.terms, "
                "terms_hash = excluded.terms_hash, journal_seq = excluded.journal_seq",
    [SQL_SET_STATE] = "UPDATE scheme SET state = ?2, journal_seq = ?3 WHERE scheme_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM scheme WHERE scheme_id = ?1",
    [SQL_TERMS] = "SELECT terms, terms_hash, journal_seq, union_path FROM scheme WHERE scheme_id = ?1",
    [SQL_BELOW] = "SELECT " COLUMNS " FROM scheme WHERE scheme_id < ?1 AND " RPC_PAGE_STATES(
        "?2", "state") " AND substr(union_path, 1, length(?3)) = ?3 ORDER BY scheme_id DESC LIMIT ?4",
    [SQL_ABOVE] = "SELECT " COLUMNS " FROM scheme WHERE scheme_id < ?1 AND " RPC_PAGE_STATES(
        "?2",
        "state") " AND state = 2 AND substr(?3, 1, length(union_path)) = union_path ORDER BY scheme_id DESC LIMIT ?4",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- the store ---- */

static Subsidy__Scheme *next(const struct subsidy *self, unsigned statement, struct arena *arena)
{
    struct audience_rules rules;
    Subsidy__Scheme *scheme;
    const char *path;
    size_t len;
    const void *terms;

    if (!store_row(self->store, statement))
        return NULL;
    terms = store_blob(self->store, statement, 5, &len);
    scheme = subsidy__scheme__unpack(&arena->allocator, len, terms);
    if (!scheme)
        return NULL;
    path = store_text(self->store, statement, 3);
    scheme->scheme_id = store_int(self->store, statement, 0);
    scheme->family_id = store_int(self->store, statement, 1);
    scheme->replaces_id = store_int(self->store, statement, 2);
    scheme->union_path = arena_strndup(arena, path, strlen(path));
    scheme->state = (Subsidy__SchemeState)store_int(self->store, statement, 4);
    audience_find(&self->audience, scheme->scheme_id, &rules);
    scheme->audience = audience_message(&rules, 0, arena);
    return scheme->union_path && scheme->audience ? scheme : NULL;
}

Subsidy__Scheme *scheme_find(const struct subsidy *self, int64_t scheme_id, struct arena *arena)
{
    unsigned statement = self->schemes.sql + SQL_FIND;
    Subsidy__Scheme *scheme;

    store_ask(self->store, statement, "i", scheme_id);
    scheme = next(self, statement, arena);
    store_end(self->store, statement);
    return scheme;
}

size_t schemes_list(const struct subsidy *self, const char *path, bool above, int64_t before, int64_t states,
                    struct arena *arena, Subsidy__Scheme **ret, size_t size)
{
    unsigned statement = self->schemes.sql + (above ? SQL_ABOVE : SQL_BELOW);
    size_t n = 0;

    store_ask(self->store, statement, "iiti", before, states, path, (int64_t)size);
    while (n < size && (ret[n] = next(self, statement, arena)))
        n++;
    store_end(self->store, statement);
    return n;
}

int scheme_name_unions(const struct subsidy *self, Subsidy__Scheme *scheme, void *call)
{
    int reason = tree_id(&self->tree, scheme->union_path, call, &scheme->union_id);

    return reason ? reason : tree_id(&self->tree, scheme->audience->union_path, call, &scheme->audience->union_id);
}

/* ---- changes ---- */

/* SHA-256 of terms as they are kept, and of whom they are for, but for the place of a union, which may move. False:
 * memory is full. */
static bool hash_terms(const struct audience_rules *rules, const void *terms, size_t len, unsigned char ret[HASH_LEN])
{
    struct audience_rules whom = *rules;
    Audience__Audience *message;
    unsigned char *bytes = NULL;
    struct arena arena;
    size_t size = 0;

    arena_init(&arena, LIMIT_REQUEST_ARENA);
    whom.path[0] = '\0';
    message = audience_message(&whom, 0, &arena);
    if (message) {
        size = audience__audience__get_packed_size(message);
        bytes = arena_alloc(&arena, len + size);
    }
    if (bytes) {
        memcpy(bytes, terms, len);
        audience__audience__pack(message, bytes + len);
        sha256_of(bytes, len + size, ret);
    }
    arena_done(&arena);
    return bytes != NULL;
}

/* What is said of its terms; false: there is none, or they are not what the hash says. */
static bool read_terms(const struct subsidy *self, int64_t scheme_id, unsigned char ret_hash[HASH_LEN],
                       int64_t *ret_seq, char ret_path[UNION_PATH_SIZE])
{
    unsigned statement = self->schemes.sql + SQL_TERMS;
    unsigned char hash[HASH_LEN];
    struct audience_rules rules;
    bool right = false;
    size_t len;

    audience_find(&self->audience, scheme_id, &rules);
    store_ask(self->store, statement, "i", scheme_id);
    if (store_row(self->store, statement)) {
        const void *terms = store_blob(self->store, statement, 0, &len);

        right = hash_terms(&rules, terms, len, hash);
        store_copy_blob(self->store, statement, 1, ret_hash, HASH_LEN);
        *ret_seq = store_int(self->store, statement, 2);
        store_copy_text(self->store, statement, 3, ret_path, UNION_PATH_SIZE);
        right = right && memcmp(hash, ret_hash, HASH_LEN) == 0;
    }
    store_end(self->store, statement);
    return right;
}

static int64_t tell(struct subsidy *self, const Subsidy__Scheme *scheme, const unsigned char hash[HASH_LEN], void *call)
{
    Subsidy__SchemeChanged changed = SUBSIDY__SCHEME_CHANGED__INIT;

    changed.scheme_id = scheme->scheme_id;
    changed.state = scheme->state;
    changed.union_path = scheme->union_path;
    changed.terms_hash = (ProtobufCBinaryData){HASH_LEN, unconst(hash)};
    rpc_tell(call, &changed.base);
    return rpc_server_journal(self->rpc)->tip.seq;
}

int scheme_put(struct subsidy *self, Subsidy__Scheme *scheme, void *call)
{
    Subsidy__Scheme kept = *scheme;
    struct audience_rules rules;
    unsigned char hash[HASH_LEN];
    uint8_t *terms;
    size_t len;

    /* What is kept beside it, or is of the moment, is no part of its terms. */
    kept.scheme_id = kept.union_id = kept.family_id = kept.replaces_id = 0;
    kept.union_path = "";
    kept.audience = NULL;
    kept.state = SUBSIDY__SCHEME_STATE__SCHEME_NONE;
    kept.waits_for_hand = false;
    kept.unknown_year = 0;
    len = subsidy__scheme__get_packed_size(&kept);
    if (len > SCHEME_TERMS_MAX)
        return RPC__REASON__TOO_LONG;
    terms = arena_alloc(rpc_arena(call), len + 1);
    audience_compile(scheme->audience, &rules);
    if (!terms)
        return RPC__REASON__OVERLOADED;
    subsidy__scheme__pack(&kept, terms);
    if (!hash_terms(&rules, terms, len, hash))
        return RPC__REASON__OVERLOADED;
    audience_put(&self->audience, scheme->scheme_id, &rules);
    scheme->state = SUBSIDY__SCHEME_STATE__SCHEME_DRAFT;
    store_run(self->store, self->schemes.sql + SQL_PUT, "iiitiibbi", scheme->scheme_id, scheme->family_id,
              scheme->replaces_id, scheme->union_path, scheme->opens_at, scheme->closes_at, terms, len, hash,
              (size_t)HASH_LEN, tell(self, scheme, hash, call));
    return 0;
}

void scheme_set_state(struct subsidy *self, Subsidy__Scheme *scheme, int state, void *call)
{
    unsigned char hash[HASH_LEN] = {0};
    char path[UNION_PATH_SIZE];
    int64_t seq;

    read_terms(self, scheme->scheme_id, hash, &seq, path);
    scheme->state = (Subsidy__SchemeState)state;
    store_run(self->store, self->schemes.sql + SQL_SET_STATE, "iii", scheme->scheme_id, (int64_t)state,
              tell(self, scheme, hash, call));
}

/* ---- one scheme ---- */

bool scheme_has_office(const char *path, void *call)
{
    return rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, path) || rpc_has_role(call, RULE__ROLE__FINANCE, path) ||
           rpc_has_role(call, RULE__ROLE__UNION_ADMIN, path);
}

bool scheme_reads(const char *path, void *call)
{
    return scheme_has_office(path, call) || rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, path);
}

void scheme_refusals_of(const Subsidy__Scheme *scheme, const Rpc__Principal *principal, int64_t now,
                        scheme_report *report, void *arg)
{
    static const int own[AUDIENCE_RULES];
    struct audience_rules rules;

    audience_compile(scheme->audience, &rules);
    for (enum audience_rule rule = audience_judge(&rules, principal, now); rule;
         rule = audience_next(&rules, principal, now, rule))
        report(arg, audience_reason(own, rule));
    if (scheme->state != SUBSIDY__SCHEME_STATE__SCHEME_OPEN)
        report(arg, SUBSIDY__REASON__SCHEME_NOT_OPEN);
    else if (now < scheme->opens_at)
        report(arg, SUBSIDY__REASON__NOT_YET_TIME);
    else if (now >= scheme->closes_at)
        report(arg, SUBSIDY__REASON__TIME_OVER);
}

int64_t scheme_period(const Subsidy__Scheme *scheme, int64_t at)
{
    return scheme->once == SUBSIDY__ONCE__ONCE_PERIOD ? granted_since(at, (int)scheme->period) : 0;
}

static int64_t days_ms(int32_t days)
{
    return (days ? days : SUBSIDY_DAYS_USUAL) * SUBSIDY_DAY_MS;
}

int64_t scheme_correct_ms(const Subsidy__Scheme *scheme)
{
    return days_ms(scheme->correct_days);
}

int64_t scheme_again_ms(const Subsidy__Scheme *scheme)
{
    return days_ms(scheme->again_days);
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct subsidy *self = arg;
    const Subsidy__Event *event = body;
    const Subsidy__SchemeChanged *changed = event->scheme_changed;
    unsigned char hash[HASH_LEN];
    char path[UNION_PATH_SIZE];
    int64_t seq;

    (void)told;
    if (event->event_case != SUBSIDY__EVENT__EVENT_SCHEME_CHANGED)
        return true;
    *part_word(&self->parts, &schemes_part, 0, changed->scheme_id) = (int64_t)changed->state;
    if (!read_terms(self, changed->scheme_id, hash, &seq, path) || seq < row->seq ||
        !part_path_is(&self->parts, row->seq, changed->union_path, path))
        return false;
    return seq > row->seq ||
           (changed->terms_hash.len == HASH_LEN && memcmp(changed->terms_hash.data, hash, HASH_LEN) == 0);
}

static const struct part_stray strays[] = {
    {"scheme", "is for nobody",
     "SELECT scheme_id FROM scheme WHERE scheme_id NOT IN (SELECT audience_id FROM audience) LIMIT 1"},
    {"scheme", "is open, and no two officials have opened it",
     "SELECT scheme_id FROM scheme WHERE state > 1 AND NOT EXISTS (SELECT 1 FROM two_hands WHERE kind = 'scheme' AND "
     "deed_id = scheme_id AND state = 2) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec schemes_part = {
    .tables = "scheme",
    .others = "scheme.family_id scheme.replaces_id",
    .steps = &schemes_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(scheme_id) FROM scheme",
    .agrees = agrees,
    .words = {{"scheme", "SELECT scheme_id, state FROM scheme ORDER BY scheme_id"}},
    .strays = strays,
    .moves = "scheme.union_path",
};
