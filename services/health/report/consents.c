#include "services/health/report/consents.h"

#include "identity/identity.pb-c.h"

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

bool consent_stands(const struct consents *consents, int64_t member_id, int64_t now)
{
    bool stands;

    store_ask(consents->store, consents->sql + SQL_STANDS, "ii", member_id, now);
    stands = store_row(consents->store, consents->sql + SQL_STANDS);
    store_end(consents->store, consents->sql + SQL_STANDS);
    return stands;
}

/* ---- what identity says ---- */

static void apply_consent(const struct consents *consents, const Identity__ConsentChanged *changed)
{
    if (changed->purpose != IDENTITY__PURPOSE__PURPOSE_HEALTH_REPORT)
        return;
    if (changed->withdrawn)
        store_run(consents->store, consents->sql + SQL_WITHDRAW, "i", changed->member_id);
    else
        store_run(consents->store, consents->sql + SQL_GIVE, "ii", changed->member_id, (int64_t)changed->version);
}

static void apply_policy(const struct consents *consents, const Identity__PolicyPublished *published)
{
    if (published->purpose == IDENTITY__PURPOSE__PURPOSE_HEALTH_REPORT)
        store_run(consents->store, consents->sql + SQL_PUBLISH, "ii", (int64_t)published->version,
                  published->in_force_at);
}

static void hear(void *arg, void *call, const Rpc__JournalRow *row)
{
    const struct consents *consents = &((struct health *)arg)->consents;
    Identity__Event *event = identity__event__unpack(NULL, row->body.len, row->body.data);

    (void)call;
    if (event && event->event_case == IDENTITY__EVENT__EVENT_CONSENT_CHANGED)
        apply_consent(consents, event->consent_changed);
    else if (event && event->event_case == IDENTITY__EVENT__EVENT_POLICY_PUBLISHED)
        apply_policy(consents, event->policy_published);
    identity__event__free_unpacked(event, NULL);
}

static const int32_t kinds[] = {IDENTITY__EVENT__EVENT_CONSENT_CHANGED, IDENTITY__EVENT__EVENT_POLICY_PUBLISHED};
const struct part_spec consents_part = {
    .tables = "report_consent report_policy",
    .sql = sql,
    .n_sql = N_SQL,
    .follows = {{"identity", kinds, ARRAY_LEN(kinds), hear}},
    .exports = {{NULL, "-- identity gives what she has agreed to, and when"}},
    .closed = {"DELETE FROM report_consent WHERE member_id = ?1"},
    .merged = {"DELETE FROM report_consent WHERE member_id = ?1 AND ?2 > 0"},
};
