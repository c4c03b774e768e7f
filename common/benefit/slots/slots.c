#include "common/benefit/slots/slots.h"

#include "common/cn/cn_id.h"

#define COLUMNS                                                                                                        \
    "slot_id, group_id, place_id, starts_at, ends_at, capacity, walk_ins, booked, walked, withdrawn, journal_seq"

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
    [SQL_ADD] = "INSERT INTO time_slot (slot_id, group_id, place_id, starts_at, ends_at, capacity, walk_ins) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_SET] =
        "UPDATE time_slot SET capacity = ?2, walk_ins = ?3, withdrawn = ?4, journal_seq = ?5 WHERE slot_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM time_slot WHERE slot_id = ?1",
    [SQL_FIND_AT] = "SELECT " COLUMNS " FROM time_slot WHERE place_id = ?1 AND group_id = ?2 AND starts_at = ?3",
    [SQL_FIND_OF] = "SELECT " COLUMNS " FROM time_slot WHERE place_id = ?1 LIMIT 1",
    [SQL_FIND_DURING] = "SELECT " COLUMNS " FROM time_slot WHERE place_id = ?1 AND group_id = ?2 AND starts_at <= ?3 "
                        "AND ends_at > ?3 AND withdrawn = 0 ORDER BY starts_at LIMIT 1",
    [SQL_TAKE] = "UPDATE time_slot SET booked = booked + 1 WHERE slot_id = ?1 AND booked < capacity - walk_ins "
                 "AND booked + walked < capacity AND withdrawn = 0",
    [SQL_GIVE] = "UPDATE time_slot SET booked = booked - 1 WHERE slot_id = ?1",
    [SQL_TAKE_WALK_IN] = "UPDATE time_slot SET walked = walked + 1 WHERE slot_id = ?1 AND booked + walked < capacity "
                         "AND withdrawn = 0",
    [SQL_GIVE_WALK_IN] = "UPDATE time_slot SET walked = walked - 1 WHERE slot_id = ?1",
    [SQL_LIST] = "SELECT " COLUMNS " FROM time_slot WHERE place_id = ?1 AND group_id = ?2 AND starts_at >= ?3 "
                 "AND starts_at < ?4 AND " RPC_PAGE_STATES("?5", "(1 + withdrawn)") " ORDER BY starts_at LIMIT ?6",
    [SQL_FREE] =
        "SELECT coalesce(sum(min(capacity - walk_ins - booked, capacity - booked - walked)), 0) FROM time_slot "
        "WHERE place_id = ?1 AND group_id = ?2 AND starts_at > ?3 AND withdrawn = 0",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void slots_use(struct slots *slots, const struct slots_words *words)
{
    slots->words = words;
}

/* ---- asking ---- */

#define INTO_SLOT(s)                                                                                                   \
    INTO((s)->id), INTO((s)->group_id), INTO((s)->place_id), INTO((s)->starts_at), INTO((s)->ends_at),                 \
        INTO((s)->capacity), INTO((s)->walk_ins), INTO((s)->booked), INTO((s)->walked), INTO((s)->withdrawn),          \
        INTO((s)->journal_seq)

static bool only(const struct slots *slots, unsigned statement, struct slot *ret)
{
    return store_only(slots->store, slots->sql + statement, INTO_SLOT(ret));
}

bool slots_find(const struct slots *slots, int64_t slot_id, struct slot *ret)
{
    store_ask(slots->store, slots->sql + SQL_FIND, "i", slot_id);
    return only(slots, SQL_FIND, ret);
}

bool slots_find_at(const struct slots *slots, int64_t group_id, int64_t place_id, int64_t starts_at, struct slot *ret)
{
    store_ask(slots->store, slots->sql + SQL_FIND_AT, "iii", place_id, group_id, starts_at);
    return only(slots, SQL_FIND_AT, ret);
}

bool slots_find_of(const struct slots *slots, int64_t place_id, struct slot *ret)
{
    store_ask(slots->store, slots->sql + SQL_FIND_OF, "i", place_id);
    return only(slots, SQL_FIND_OF, ret);
}

bool slots_find_during(const struct slots *slots, int64_t group_id, int64_t place_id, int64_t at, struct slot *ret)
{
    store_ask(slots->store, slots->sql + SQL_FIND_DURING, "iii", place_id, group_id, at);
    return only(slots, SQL_FIND_DURING, ret);
}

void slots_ask(const struct slots *slots, int64_t group_id, int64_t place_id, int64_t from, int64_t until,
               int64_t states, int limit)
{
    store_ask(slots->store, slots->sql + SQL_LIST, "iiiiii", place_id, group_id, from, until, states, (int64_t)limit);
}

bool slots_next(const struct slots *slots, struct slot *ret)
{
    return store_read(slots->store, slots->sql + SQL_LIST, INTO_SLOT(ret));
}

int32_t slot_free(const struct slot *slot)
{
    int32_t bookable = slot->capacity - slot->walk_ins - slot->booked,
            left = slot->capacity - slot->booked - slot->walked;

    if (slot->withdrawn)
        return 0;
    return bookable < left ? bookable : left;
}

int64_t slots_free(const struct slots *slots, int64_t group_id, int64_t place_id, int64_t now)
{
    store_ask(slots->store, slots->sql + SQL_FREE, "iii", place_id, group_id, now);
    return store_number(slots->store, slots->sql + SQL_FREE);
}

int slot_refusal(const struct slots *slots, const struct slot *slot, int64_t now)
{
    if (slot->withdrawn)
        return slots->words->withdrawn;
    return slot->starts_at > now ? 0 : slots->words->over;
}

/* ---- making ---- */

void slot_make(struct slots *slots, struct slot *slot, void *call)
{
    Slots__SlotMade made = SLOTS__SLOT_MADE__INIT;

    slot->id = id_next(&slots->parts->ids, rpc_now(call));
    store_run(slots->store, slots->sql + SQL_ADD, "iiiiiii", slot->id, slot->group_id, slot->place_id, slot->starts_at,
              slot->ends_at, (int64_t)slot->capacity, (int64_t)slot->walk_ins);
    made.slot_id = slot->id;
    made.group_id = slot->group_id;
    made.place_id = slot->place_id;
    made.starts_at = slot->starts_at;
    made.ends_at = slot->ends_at;
    made.capacity = slot->capacity;
    made.walk_ins = slot->walk_ins;
    rpc_tell(call, &made.base);
}

int slot_obtain(struct slots *slots, const struct slot *slot, void *call)
{
    struct slot made = *slot, old;

    if (!slots_find_at(slots, slot->group_id, slot->place_id, slot->starts_at, &old)) {
        slot_make(slots, &made, call);
        return 0;
    }
    return !old.withdrawn && old.ends_at == slot->ends_at && old.capacity == slot->capacity &&
                   old.walk_ins == slot->walk_ins
               ? 0
               : slots->words->exists;
}

static int hours_refusal(const struct slots *slots, Slots__Hours *const *hours, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (hours[i]->from_minute >= hours[i]->until_minute ||
            (i > 0 && hours[i]->from_minute < hours[i - 1]->until_minute))
            return slots->words->hours_out_of_order;
    }
    return n == 0 ? RPC__REASON__MISSING_FIELD : 0;
}

int slots_obtain_days(struct slots *slots, int64_t group_id, int64_t place_id, const int32_t *days, size_t n_days,
                      Slots__Hours *const *hours, size_t n_hours, void *call, const char **ret_field)
{
    int refusal = hours_refusal(slots, hours, n_hours);
    int64_t midnight;

    *ret_field = "hours";
    if (refusal)
        return refusal;
    *ret_field = "days";
    for (size_t i = 0; i < n_days; i++) {
        if (!cn_day_begin(days[i], &midnight))
            return RPC__REASON__NO_SUCH_DAY;
        for (size_t j = 0; j < n_hours && !refusal; j++) {
            struct slot slot = {.group_id = group_id,
                                .place_id = place_id,
                                .starts_at = midnight + hours[j]->from_minute * INT64_C(60000),
                                .ends_at = midnight + hours[j]->until_minute * INT64_C(60000),
                                .capacity = hours[j]->capacity};

            refusal = slot.starts_at <= rpc_now(call) ? slots->words->over : slot_obtain(slots, &slot, call);
        }
        if (refusal)
            return refusal;
    }
    return n_days == 0 ? RPC__REASON__MISSING_FIELD : 0;
}

/* ---- changing ---- */

static void change(struct slots *slots, struct slot *slot, void *call)
{
    Slots__SlotChanged changed = SLOTS__SLOT_CHANGED__INIT;

    changed.slot_id = slot->id;
    changed.capacity = slot->capacity;
    changed.walk_ins = slot->walk_ins;
    changed.withdrawn = slot->withdrawn;
    rpc_tell(call, &changed.base);
    slot->journal_seq = rpc_server_journal(slots->parts->rpc)->tip.seq;
    store_run(slots->store, slots->sql + SQL_SET, "iiiii", slot->id, (int64_t)slot->capacity, (int64_t)slot->walk_ins,
              (int64_t)slot->withdrawn, slot->journal_seq);
}

int slot_change(struct slots *slots, struct slot *slot, int32_t capacity, int32_t walk_ins, void *call,
                const char **ret_field)
{
    *ret_field = "slotId";
    if (slot->withdrawn)
        return slots->words->withdrawn;
    if (rpc_now(call) >= slot->ends_at)
        return slots->words->over;
    *ret_field = "walkIns";
    if (walk_ins > capacity)
        return slots->words->walk_ins_above;
    *ret_field = "capacity";
    if (slot->booked > capacity - walk_ins || slot->booked + slot->walked > capacity) {
        rpc_fact_number(call, "booked", slot->booked);
        rpc_fact_number(call, "walkedIn", slot->walked);
        return slots->words->below_booked;
    }
    if (slot->capacity == capacity && slot->walk_ins == walk_ins)
        return 0;
    slot->capacity = capacity;
    slot->walk_ins = walk_ins;
    change(slots, slot, call);
    return 0;
}

int slot_withdraw(struct slots *slots, struct slot *slot, void *call)
{
    if (slot->withdrawn)
        return 0;
    if (rpc_now(call) >= slot->ends_at)
        return slots->words->over;
    slot->withdrawn = true;
    change(slots, slot, call);
    return 0;
}

bool slots_take(const struct slots *slots, int64_t slot_id, bool walk_in)
{
    return store_run(slots->store, slots->sql + (walk_in ? SQL_TAKE_WALK_IN : SQL_TAKE), "i", slot_id) == 1;
}

void slots_give(const struct slots *slots, int64_t slot_id, bool walk_in)
{
    store_run(slots->store, slots->sql + (walk_in ? SQL_GIVE_WALK_IN : SQL_GIVE), "i", slot_id);
}

/* ---- the audit ---- */

static bool made_agrees(const struct slots *slots, const Slots__SlotMade *said)
{
    struct slot slot;

    return slots_find(slots, said->slot_id, &slot) && slot.group_id == said->group_id &&
           slot.place_id == said->place_id && slot.starts_at == said->starts_at && slot.ends_at == said->ends_at &&
           (slot.journal_seq ||
            (slot.capacity == said->capacity && slot.walk_ins == said->walk_ins && !slot.withdrawn));
}

static bool change_agrees(const struct slots *slots, int64_t seq, const Slots__SlotChanged *said, int64_t *told)
{
    struct slot slot;

    if (!slots_find(slots, said->slot_id, &slot))
        return false;
    if (slot.journal_seq != seq)
        return slot.journal_seq > seq;
    (*told)++;
    return slot.capacity == said->capacity && slot.walk_ins == said->walk_ins && slot.withdrawn == !!said->withdrawn;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const Rpc__ChassisEvent *event = body;

    switch (event ? event->event_case : RPC__CHASSIS_EVENT__EVENT__NOT_SET) {
    case RPC__CHASSIS_EVENT__EVENT_SLOT_MADE:
        told[0]++;
        return made_agrees(arg, event->slot_made);
    case RPC__CHASSIS_EVENT__EVENT_SLOT_CHANGED:
        return change_agrees(arg, row->seq, event->slot_changed, &told[1]);
    default:
        return true;
    }
}

const struct part_spec slots_part = {
    .tables = "time_slot",
    .others = "time_slot.group_id time_slot.place_id",
    .steps = &slots_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT coalesce(max(slot_id), 0) FROM time_slot",
    .agrees = agrees,
    .counts = {{"slots", "SELECT count(*) FROM time_slot"},
               {"changed slots", "SELECT count(*) FROM time_slot WHERE journal_seq > 0"}},
};
