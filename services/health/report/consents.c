#include "services/health/report/consents.h"

enum { SQL_STANDS, SQL_GIVE, SQL_WITHDRAW, SQL_PUBLISH, N_SQL };

static const char *const sql[] = {
    [SQL_STANDS] = "SELECT 1 FROM report_consent WHERE member_id = ?1 AND version >= "
                   "(SELECT coalesce(max(version), 1) FROM report_policy WHERE in_force_at <= ?2)",
    [SQL_GIVE] = "INSERT INTO report_consent (member_id, version) VALUES (?1, ?2) "
                 "ON CONFLICT (member_id) DO UPDATE SET version = excluded.version",
    [SQL_WITHDRAW] = "DELETE FROM report_consent WHERE member_id = ?1",
    [SQL_PUBLISH] = "INSERT INTO report_policy (version, in_force_at) VALUES (?1, ?2) "
                    "ON CONFLICT (version) DO UPDATE SET in_force_at = excluded.in_force_at",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int consents_open(struct consents *consents, struct store *store)
{
    int first = store_prepare(store, sql, N_SQL);

    if (first < 0)
        return -1;
    *consents = (struct consents){store, (unsigned)first};
    return 0;
}

bool consent_stands(const struct consents *consents, int64_t member_id, int64_t now)
{
    bool stands;

    store_ask(consents->store, consents->sql + SQL_STANDS, "ii", member_id, now);
    stands = store_row(consents->store, consents->sql + SQL_STANDS);
    store_end(consents->store, consents->sql + SQL_STANDS);
    return stands;
}

void consent_drop(const struct consents *consents, int64_t member_id)
{
    store_run(consents->store, consents->sql + SQL_WITHDRAW, "i", member_id);
}

void consent_apply(struct health *self, const Identity__ConsentChanged *changed)
{
    if (changed->purpose != IDENTITY__PURPOSE__PURPOSE_HEALTH_REPORT)
        return;
    if (changed->withdrawn)
        consent_drop(&self->consents, changed->member_id);
    else
        store_run(self->store, self->consents.sql + SQL_GIVE, "ii", changed->member_id, (int64_t)changed->version);
}

void policy_apply(struct health *self, const Identity__PolicyPublished *published)
{
    if (published->purpose == IDENTITY__PURPOSE__PURPOSE_HEALTH_REPORT)
        store_run(self->store, self->consents.sql + SQL_PUBLISH, "ii", (int64_t)published->version,
                  published->in_force_at);
}
