#include "services/identity/rights/pledges.h"

#include "services/identity/rights/api_rights.h"

#define COLUMNS "pledge_id, member_id, state, version, text_hash, made_at, until_at, ended_at"

enum { SQL_ADD, SQL_FIND, SQL_END, SQL_ALL, SQL_OVER, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO pledge (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM pledge WHERE member_id = ?1 AND state = 1",
    [SQL_END] = "UPDATE pledge SET state = ?2, ended_at = ?3 WHERE pledge_id = ?1",
    [SQL_ALL] = "SELECT " COLUMNS " FROM pledge WHERE member_id = ?1 AND pledge_id < ?2 AND " RPC_PAGE_STATES(
        "?4", "state") " "
                       "ORDER BY pledge_id DESC LIMIT ?3",
    [SQL_OVER] = "SELECT " COLUMNS " FROM pledge WHERE state = 1 AND until_at <= ?1 ORDER BY until_at LIMIT 1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void pledges_add(const struct pledges *pledges, const struct pledge *pledge)
{
    store_run(pledges->store, pledges->sql + SQL_ADD, "iiiibii", pledge->id, pledge->member_id, (int64_t)pledge->state,
              (int64_t)pledge->version, pledge->hash, sizeof(pledge->hash), pledge->made_at, pledge->until);
}

static bool next(const struct pledges *pledges, unsigned statement, struct pledge *ret)
{
    struct store *store = pledges->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->member_id), INTO(ret->state), INTO(ret->version),
                      INTO(ret->hash), INTO(ret->made_at), INTO(ret->until), INTO(ret->ended_at));
}

static bool only(const struct pledges *pledges, unsigned statement, struct pledge *ret)
{
    bool found = next(pledges, statement, ret);

    if (found)
        store_end(pledges->store, statement);
    return found;
}

bool pledges_find(const struct pledges *pledges, int64_t member_id, struct pledge *ret)
{
    store_ask(pledges->store, pledges->sql + SQL_FIND, "i", member_id);
    return only(pledges, pledges->sql + SQL_FIND, ret);
}

void pledges_end(const struct pledges *pledges, const struct pledge *pledge)
{
    store_run(pledges->store, pledges->sql + SQL_END, "iii", pledge->id, (int64_t)pledge->state, pledge->ended_at);
}

size_t pledges_find_all(const struct pledges *pledges, int64_t member_id, int64_t before, struct pledge *ret,
                        size_t size, int64_t states)
{
    size_t n = 0;

    store_ask(pledges->store, pledges->sql + SQL_ALL, "iiii", member_id, before, (int64_t)size, states);
    while (ret && n < size && next(pledges, pledges->sql + SQL_ALL, &ret[n]))
        n++;
    store_end(pledges->store, pledges->sql + SQL_ALL);
    return n;
}

void pledge_journal(const struct pledge *pledge, void *call)
{
    Identity__PledgeChanged changed = IDENTITY__PLEDGE_CHANGED__INIT;

    changed.member_id = pledge->member_id;
    changed.state = (Identity__PledgeState)pledge->state;
    changed.until = pledge->until;
    rpc_tell(call, &changed.base);
}

static void end(struct identity *self, struct pledge *pledge, int state, void *call)
{
    pledge->state = state;
    pledge->ended_at = rpc_now(call);
    pledges_end(&self->pledges, pledge);
    pledge_journal(pledge, call);
}

void pledge_revoke(struct identity *self, int64_t member_id, void *call)
{
    struct pledge pledge;

    if (pledges_find(&self->pledges, member_id, &pledge))
        end(self, &pledge, IDENTITY__PLEDGE_STATE__PLEDGE_REVOKED, call);
}

static bool tidy(void *arg, void *call)
{
    struct identity *self = arg;
    struct pledge pledge;

    for (int i = 0; i < PLEDGES_SLICE && !store_trouble(self->store); i++) {
        store_ask(self->pledges.store, self->pledges.sql + SQL_OVER, "i", rpc_now(call));
        if (!only(&self->pledges, self->pledges.sql + SQL_OVER, &pledge))
            return false;
        end(self, &pledge, IDENTITY__PLEDGE_STATE__PLEDGE_EXPIRED, call);
    }
    return false;
}

static void on_export(void *arg, struct part_export *export)
{
    struct identity *self = arg;
    struct pledge pledges[PLEDGES_SHOWN];
    size_t n =
        pledges_find_all(&self->pledges, export->member_id, export->after ? PART_LATEST(export->after) : INT64_MAX,
                         pledges, PLEDGES_SHOWN, RPC_PAGE_ALL);

    for (size_t i = 0;
         i < n && part_give(export, pledge_message(&pledges[i], export->call), PART_LATEST(pledges[i].id)); i++)
        continue;
}

static void on_closed(void *self, int64_t member_id, void *call)
{
    pledge_revoke(self, member_id, call);
}

static void on_merged(void *self, int64_t gone_id, int64_t kept_id, void *call)
{
    (void)kept_id;
    pledge_revoke(self, gone_id, call);
}

const struct part_spec pledges_part = {
    .tables = "pledge",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(pledge_id) FROM pledge",
    .tidy = tidy,
    .on_export = on_export,
    .on_closed = on_closed,
    .on_merged = on_merged,
};
