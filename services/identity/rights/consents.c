#include "services/identity/rights/consents.h"

#define POLICY_COLUMNS  "policy_id, purpose, version, text_hash, in_force_at, published_at"
#define TEXT_COLUMNS    "title, controller, contact, kinds, retention, text"
#define N_COLUMNS       6 /* of POLICY_COLUMNS */
#define CONSENT_COLUMNS "consent_id, member_id, purpose, version, text_hash, channel, given_at, withdrawn_at"

enum {
    SQL_PUBLISH,
    SQL_IN_FORCE,
    SQL_LAST,
    SQL_POLICIES,
    SQL_GIVE,
    SQL_FIND,
    SQL_WITHDRAW,
    SQL_END_ALL,
    SQL_ALL,
    N_SQL
};

static const char *const sql[] = {
    [SQL_PUBLISH] = "INSERT INTO policy (" POLICY_COLUMNS ", " TEXT_COLUMNS ", published_by) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [SQL_IN_FORCE] = "SELECT " POLICY_COLUMNS " FROM policy WHERE purpose = ?1 AND in_force_at <= ?2 "
                     "ORDER BY version DESC LIMIT 1",
    [SQL_LAST] = "SELECT " POLICY_COLUMNS " FROM policy WHERE purpose = ?1 ORDER BY version DESC LIMIT 1",
    [SQL_POLICIES] = "SELECT " POLICY_COLUMNS ", " TEXT_COLUMNS " FROM policy WHERE (?1 = 0 OR policy_id = ?1) "
                     "AND (purpose << 32) + 4294967295 - version > ?2 ORDER BY purpose, version DESC LIMIT ?3",
    [SQL_GIVE] = "INSERT INTO consent (" CONSENT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
    [SQL_FIND] = "SELECT " CONSENT_COLUMNS " FROM consent WHERE member_id = ?1 AND purpose = ?2 AND withdrawn_at = 0 "
                 "ORDER BY version DESC LIMIT 1",
    [SQL_WITHDRAW] = "UPDATE consent SET withdrawn_at = ?3 WHERE member_id = ?1 AND purpose = ?2 AND withdrawn_at = 0",
    [SQL_END_ALL] = "UPDATE consent SET withdrawn_at = ?2 WHERE member_id = ?1 AND withdrawn_at = 0",
    [SQL_ALL] = "SELECT " CONSENT_COLUMNS " FROM consent WHERE member_id = ?1 AND consent_id < ?2 "
                "ORDER BY consent_id DESC LIMIT ?3",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- policies ---- */

void consents_publish(const struct consents *consents, const struct policy *policy,
                      const Identity__PublishPolicyRequest *texts, int64_t published_by)
{
    store_run(consents->store, consents->sql + SQL_PUBLISH, "iiibiitttttti", policy->id, (int64_t)policy->purpose,
              (int64_t)policy->version, policy->hash, sizeof(policy->hash), policy->in_force_at, policy->published_at,
              texts->title, texts->controller, texts->contact, texts->kinds, texts->retention, texts->text,
              published_by);
}

static bool next_policy(const struct consents *consents, unsigned statement, struct policy *ret)
{
    struct store *store = consents->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->purpose), INTO(ret->version), INTO(ret->hash),
                      INTO(ret->in_force_at), INTO(ret->published_at));
}

static bool only_policy(const struct consents *consents, unsigned statement, struct policy *ret)
{
    bool found = next_policy(consents, statement, ret);

    if (found)
        store_end(consents->store, statement);
    return found;
}

bool consents_find_in_force(const struct consents *consents, int purpose, int64_t at, struct policy *ret)
{
    store_ask(consents->store, consents->sql + SQL_IN_FORCE, "ii", (int64_t)purpose, at);
    return only_policy(consents, consents->sql + SQL_IN_FORCE, ret);
}

bool consents_find_last(const struct consents *consents, int purpose, struct policy *ret)
{
    store_ask(consents->store, consents->sql + SQL_LAST, "i", (int64_t)purpose);
    return only_policy(consents, consents->sql + SQL_LAST, ret);
}

void consents_ask_policies(const struct consents *consents, int64_t policy_id, int64_t after, size_t limit)
{
    store_ask(consents->store, consents->sql + SQL_POLICIES, "iii", policy_id, after, (int64_t)limit);
}

int64_t policy_key(const struct policy *policy)
{
    return ((int64_t)policy->purpose << 32) + UINT32_MAX - policy->version; /* as in SQL_POLICIES */
}

bool consents_next_policy(const struct consents *consents, struct policy *ret)
{
    return next_policy(consents, consents->sql + SQL_POLICIES, ret);
}

const char *consents_text(const struct consents *consents, enum policy_text text)
{
    return store_text(consents->store, consents->sql + SQL_POLICIES, N_COLUMNS + (int)text);
}

void consents_end_policies(const struct consents *consents)
{
    store_end(consents->store, consents->sql + SQL_POLICIES);
}

/* ---- consents ---- */

void consents_give(const struct consents *consents, const struct consent *consent)
{
    store_run(consents->store, consents->sql + SQL_GIVE, "iiiibii", consent->id, consent->member_id,
              (int64_t)consent->purpose, (int64_t)consent->version, consent->hash, sizeof(consent->hash),
              (int64_t)consent->channel, consent->given_at);
}

static bool next_consent(const struct consents *consents, unsigned statement, struct consent *ret)
{
    struct store *store = consents->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->member_id), INTO(ret->purpose), INTO(ret->version),
                      INTO(ret->hash), INTO(ret->channel), INTO(ret->given_at), INTO(ret->withdrawn_at));
}

bool consents_find(const struct consents *consents, int64_t member_id, int purpose, struct consent *ret)
{
    bool found;

    store_ask(consents->store, consents->sql + SQL_FIND, "ii", member_id, (int64_t)purpose);
    found = next_consent(consents, consents->sql + SQL_FIND, ret);
    if (found)
        store_end(consents->store, consents->sql + SQL_FIND);
    return found;
}

void consents_withdraw(const struct consents *consents, int64_t member_id, int purpose, int64_t now)
{
    store_run(consents->store, consents->sql + SQL_WITHDRAW, "iii", member_id, (int64_t)purpose, now);
}

size_t consents_find_all(const struct consents *consents, int64_t member_id, int64_t before, struct consent *ret,
                         size_t size)
{
    size_t n = 0;

    store_ask(consents->store, consents->sql + SQL_ALL, "iii", member_id, before, (int64_t)size);
    while (ret && n < size && next_consent(consents, consents->sql + SQL_ALL, &ret[n]))
        n++;
    store_end(consents->store, consents->sql + SQL_ALL);
    return n;
}

void consent_journal(const struct consent *consent, bool withdrawn, void *call)
{
    Identity__ConsentChanged changed = IDENTITY__CONSENT_CHANGED__INIT;

    changed.member_id = consent->member_id;
    changed.purpose = (Identity__Purpose)consent->purpose;
    changed.version = consent->version;
    changed.withdrawn = withdrawn;
    rpc_tell(call, &changed.base);
}

bool purpose_is_asked(int purpose)
{
    return purpose >= IDENTITY__PURPOSE__PURPOSE_ACCOUNT && purpose <= IDENTITY__PURPOSE__PURPOSE_HARDSHIP &&
           purpose != IDENTITY__PURPOSE__PURPOSE_SINGLE_PLEDGE;
}

static void on_closed(void *arg, int64_t member_id, void *call)
{
    const struct consents *consents = &((struct identity *)arg)->consents;

    store_run(consents->store, consents->sql + SQL_END_ALL, "ii", member_id, rpc_now(call));
}

const struct part_spec consents_part = {
    .tables = "policy consent",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(id) FROM (SELECT max(policy_id) AS id FROM policy UNION ALL "
               "SELECT max(consent_id) FROM consent) AS ids",
    .exports = {{&identity__consent__descriptor,
                 "SELECT 9223372036854775807 - consent_id, consent_id, purpose, version, lower(hex(text_hash)) AS "
                 "text_sha256, channel, "
                 "given_at, withdrawn_at FROM consent WHERE member_id = ?1 AND 9223372036854775807 - consent_id > ?2 "
                 "ORDER BY consent_id DESC LIMIT ?3"}},
    .on_closed = on_closed,
    .merged = {"-- what she agreed to for one account she did not for the other"},
};
