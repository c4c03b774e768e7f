/* hg-witness: a daemon for tests, which follows the journals of coupon and all its
 * partitions and keeps, in its store, every release and claim that they tell of. */
#include "common/daemon/service.h"
#include "coupon/coupon.pb-c.h"

static const unsigned char schema[] = "-- step 1\n"
                                      "CREATE TABLE told (\n"
                                      "    id   INTEGER PRIMARY KEY,\n"
                                      "    kind INTEGER NOT NULL\n"
                                      ") STRICT;\n";
static const size_t schema_len = sizeof(schema) - 1;

enum { SQL_TELL, N_SQL };
static const char *const sql[] = {
    [SQL_TELL] = "INSERT INTO told (id, kind) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
};
static const unsigned n_sql = N_SQL;

static void on_row(void *store, void *call, const Rpc__JournalRow *row)
{
    const Coupon__Event *event = coupon__event__unpack(&rpc_arena(call)->allocator, row->body.len, row->body.data);
    int64_t id;

    ensure(event);
    id = row->kind == COUPON__EVENT__EVENT_CLAIMED ? event->claimed->coupon_id : event->release_changed->release_id;
    store_run(store, SQL_TELL, "ii", id, (int64_t)row->kind);
}

static const int32_t kinds[] = {COUPON__EVENT__EVENT_RELEASE_CHANGED, COUPON__EVENT__EVENT_CLAIMED};
static const struct service_follow follows[] = {
    {"coupon", kinds, ARRAY_LEN(kinds), on_row},
    {NULL, NULL, 0, NULL},
};

static int start(struct service *service)
{
    service->self = service->store;
    return 0;
}

static const struct service_spec spec = {
    .name = "witness",
    .about = "follows coupon's journals, for tests",
    .schema = schema,
    .schema_len = &schema_len,
    .sql = sql,
    .n_sql = &n_sql,
    .edge = true,
    .start = start,
    .follows = follows,
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &spec);
}
