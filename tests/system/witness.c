/* hg-witness: a daemon for tests, which follows the journals of coupon and all its
 * partitions and keeps, in its store, every release and claim that they tell of. */
#include "common/daemon/service_of_parts.h"
#include "coupon/coupon.pb-c.h"

static const unsigned char schema[] = "-- step 1\n"
                                      "CREATE TABLE told (\n"
                                      "    id   INTEGER PRIMARY KEY,\n"
                                      "    kind INTEGER NOT NULL\n"
                                      ") STRICT;\n";
static const size_t schema_len = sizeof(schema) - 1;

#define WITNESS_PARTS(PART, SHARED) PART(told)
#define WITNESS_SERVICES(SERVICE)
#define witness__event__descriptor coupon__event__descriptor

SERVICE_PARTS(WITNESS)
struct witness {
    SERVICE_MEMBERS(WITNESS)
};

enum { SQL_TELL, N_SQL };
static const char *const sql[] = {
    [SQL_TELL] = "INSERT INTO told (id, kind) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
};

static void on_row(void *arg, void *call, const Rpc__JournalRow *row)
{
    const struct witness *self = arg;
    const Coupon__Event *event = coupon__event__unpack(&rpc_arena(call)->allocator, row->body.len, row->body.data);
    int64_t id;

    ensure(event);
    if (event->event_case == COUPON__EVENT__EVENT__NOT_SET)
        return; /* something else that counts was given */
    id = event->event_case == COUPON__EVENT__EVENT_CLAIMED ? event->claimed->coupon_id
                                                           : event->release_changed->release_id;
    store_run(self->store, self->told.sql + SQL_TELL, "ii", id, (int64_t)event->event_case);
}

static const int32_t kinds[] = {COUPON__EVENT__EVENT_RELEASE_CHANGED, COUPON__EVENT__EVENT_CLAIMED,
                                RPC__CHASSIS_EVENT__EVENT_GRANTED};
const struct part_spec told_part = {
    .tables = "told", .sql = sql, .n_sql = N_SQL, .follows = {{"coupon", kinds, ARRAY_LEN(kinds), on_row}}};

SERVICE_TABLE(witness, WITNESS)

static const struct service_spec spec = {
    .name = "witness",
    .about = "follows coupon's journals, for tests",
    .parts = &service_table,
    .schema = schema,
    .schema_len = &schema_len,
    .edge = true,
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &spec);
}
