#include "services/health/booking/slots.h"

#define COLUMNS                                                                                                        \
    "slot_id, campaign_id, site_id, starts_at, ends_at, capacity, walk_ins, booked, walked, withdrawn, "               \
    "journal_seq"

enum {
    SQL_ADD,
    SQL_SET,
    SQL_FIND,
    SQL_FIND_AT,
    SQL_FIND_OF,
    SQL_FIND_DURING,
    SQL_TAKE,
    SQL_GIVE,
    SQL_TAKE_WALK_IN,
    SQL_GIVE_WALK_IN,
    SQL_LIST,
    SQL_FREE,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO slot (slot_id, campaign_id, site_id, starts_at, ends_at, capacity, walk_ins) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_SET] = "UPDATE slot SET capacity = ?2, walk_ins = ?3, withdrawn = ?4, journal_seq = ?5 WHERE slot_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM slot WHERE slot_id = ?1",
    [SQL_FIND_AT] = "SELECT " COLUMNS " FROM slot WHERE site_id = ?1 AND campaign_id = ?2 AND starts_at = ?3",
    [SQL_FIND_OF] = "SELECT " COLUMNS " FROM slot WHERE site_id = ?1 LIMIT 1",
    [SQL_FIND_DURING] = "SELECT " COLUMNS " FROM slot WHERE site_id = ?1 AND campaign_id = ?2 AND starts_at <= ?3 "
                        "AND ends_at > ?3 AND withdrawn = 0 ORDER BY starts_at LIMIT 1",
    [SQL_TAKE] = "UPDATE slot SET booked = booked + 1 WHERE slot_id = ?1 AND booked < capacity - walk_ins "
                 "AND booked + walked < capacity AND withdrawn = 0",
    [SQL_GIVE] = "UPDATE slot SET booked = booked - 1 WHERE slot_id = ?1",
    [SQL_TAKE_WALK_IN] = "UPDATE slot SET walked = walked + 1 WHERE slot_id = ?1 AND booked + walked < capacity "
                         "AND withdrawn = 0",
    [SQL_GIVE_WALK_IN] = "UPDATE slot SET walked = walked - 1 WHERE slot_id = ?1",
    [SQL_LIST] = "SELECT " COLUMNS " FROM slot WHERE site_id = ?1 AND campaign_id = ?2 AND starts_at >= ?3 "
                 "AND starts_at < ?4 AND " RPC_PAGE_STATES("?5", "(1 + withdrawn)") " ORDER BY starts_at LIMIT ?6",
    [SQL_FREE] = "SELECT coalesce(sum(min(capacity - walk_ins - booked, capacity - booked - walked)), 0) FROM slot "
                 "WHERE site_id = ?1 AND campaign_id = ?2 AND starts_at > ?3 AND withdrawn = 0",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool read_slot(const struct slots *slots, unsigned statement, struct slot *ret)
{
    struct store *store = slots->store;

    return store_read(store, statement, INTO(ret->id), INTO(ret->campaign_id), INTO(ret->site_id), INTO(ret->starts_at),
                      INTO(ret->ends_at), INTO(ret->capacity), INTO(ret->walk_ins), INTO(ret->booked),
                      INTO(ret->walked), INTO(ret->withdrawn), INTO(ret->journal_seq));
}

static bool only(const struct slots *slots, unsigned statement, struct slot *ret)
{
    bool found = read_slot(slots, statement, ret);

    if (found)
        store_end(slots->store, statement);
    return found;
}

void slot_make(struct health *self, struct slot *slot, void *call)
{
    Health__SlotMade made = HEALTH__SLOT_MADE__INIT;

    slot->id = id_next(&self->ids, rpc_now(call));
    store_run(self->store, self->slots.sql + SQL_ADD, "iiiiiii", slot->id, slot->campaign_id, slot->site_id,
              slot->starts_at, slot->ends_at, (int64_t)slot->capacity, (int64_t)slot->walk_ins);
    made.slot_id = slot->id;
    made.campaign_id = slot->campaign_id;
    made.site_id = slot->site_id;
    made.starts_at = slot->starts_at;
    made.ends_at = slot->ends_at;
    made.capacity = slot->capacity;
    made.walk_ins = slot->walk_ins;
    rpc_tell(call, &made.base);
}

void slot_change(struct health *self, struct slot *slot, void *call)
{
    Health__SlotChanged changed = HEALTH__SLOT_CHANGED__INIT;

    changed.slot_id = slot->id;
    changed.capacity = slot->capacity;
    changed.walk_ins = slot->walk_ins;
    changed.withdrawn = slot->withdrawn;
    rpc_tell(call, &changed.base);
    slot->journal_seq = rpc_server_journal(self->rpc)->tip.seq;
    store_run(self->store, self->slots.sql + SQL_SET, "iiiii", slot->id, (int64_t)slot->capacity,
              (int64_t)slot->walk_ins, (int64_t)slot->withdrawn, slot->journal_seq);
}

bool slots_find(const struct slots *slots, int64_t slot_id, struct slot *ret)
{
    store_ask(slots->store, slots->sql + SQL_FIND, "i", slot_id);
    return only(slots, slots->sql + SQL_FIND, ret);
}

bool slots_find_at(const struct slots *slots, int64_t campaign_id, int64_t site_id, int64_t starts_at, struct slot *ret)
{
    store_ask(slots->store, slots->sql + SQL_FIND_AT, "iii", site_id, campaign_id, starts_at);
    return only(slots, slots->sql + SQL_FIND_AT, ret);
}

bool slots_find_of(const struct slots *slots, int64_t site_id, struct slot *ret)
{
    store_ask(slots->store, slots->sql + SQL_FIND_OF, "i", site_id);
    return only(slots, slots->sql + SQL_FIND_OF, ret);
}

bool slots_find_during(const struct slots *slots, int64_t campaign_id, int64_t site_id, int64_t at, struct slot *ret)
{
    store_ask(slots->store, slots->sql + SQL_FIND_DURING, "iii", site_id, campaign_id, at);
    return only(slots, slots->sql + SQL_FIND_DURING, ret);
}

bool slots_take(const struct slots *slots, int64_t slot_id, bool walk_in)
{
    return store_run(slots->store, slots->sql + (walk_in ? SQL_TAKE_WALK_IN : SQL_TAKE), "i", slot_id) == 1;
}

void slots_give(const struct slots *slots, int64_t slot_id, bool walk_in)
{
    store_run(slots->store, slots->sql + (walk_in ? SQL_GIVE_WALK_IN : SQL_GIVE), "i", slot_id);
}

void slots_ask(const struct slots *slots, int64_t campaign_id, int64_t site_id, int64_t from, int64_t until,
               int64_t states, int limit)
{
    store_ask(slots->store, slots->sql + SQL_LIST, "iiiiii", site_id, campaign_id, from, until, states, (int64_t)limit);
}

bool slots_next(const struct slots *slots, struct slot *ret)
{
    return read_slot(slots, slots->sql + SQL_LIST, ret);
}

int32_t slot_free(const struct slot *slot)
{
    int32_t bookable = slot->capacity - slot->walk_ins - slot->booked,
            left = slot->capacity - slot->booked - slot->walked;

    if (slot->withdrawn)
        return 0;
    return bookable < left ? bookable : left;
}

int64_t slots_free(const struct slots *slots, int64_t campaign_id, int64_t site_id, int64_t now)
{
    store_ask(slots->store, slots->sql + SQL_FREE, "iii", site_id, campaign_id, now);
    return store_number(slots->store, slots->sql + SQL_FREE);
}

const struct part_spec slots_part = {
    .tables = "slot",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT coalesce(max(slot_id), 0) FROM slot",
};
