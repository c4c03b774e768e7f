#include "services/subsidy/follow_up/follow_ups.h"

#define COLUMNS "follow_up.application_id, follow_up.office_path, follow_up.due_at, done_at"
/* APPLICATION_APPROVED, SHOWN, and PAYABLE to PAID, of who has an account. */
#define HELPED                                                                                                         \
    "EXISTS (SELECT 1 FROM application WHERE application_id = follow_up.application_id AND state IN (4, 9, 11, 12, "   \
    "13) AND shown_name <> '')"

enum { SQL_PUT, SQL_DONE, SQL_FIND, SQL_IS_DUE, SQL_DUE, N_SQL };

static const char *const sql[] = {
    [SQL_PUT] =
        "INSERT INTO follow_up (application_id, office_path, due_at, done_at) VALUES (?1, ?2, ?3, 0) ON CONFLICT "
        "(application_id) DO UPDATE SET office_path = excluded.office_path, due_at = excluded.due_at",
    [SQL_DONE] = "UPDATE follow_up SET done_at = ?2 WHERE application_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM follow_up WHERE application_id = ?1",
    [SQL_IS_DUE] = "SELECT 1 FROM follow_up WHERE application_id = ?1 AND due_at <= ?2 AND " HELPED,
    [SQL_DUE] = "SELECT " COLUMNS " FROM follow_up WHERE done_at = 0 AND (office_path, application_id) > (?1, ?3) AND "
                "office_path < ?2 AND due_at <= ?4 AND " HELPED " ORDER BY office_path, application_id LIMIT ?5",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct subsidy *self, unsigned which, struct follow_up *ret)
{
    return store_read(self->store, self->follow_ups.sql + which, INTO(ret->application_id), INTO(ret->office_path),
                      INTO(ret->due_at), INTO(ret->done_at));
}

bool follow_up_find(const struct subsidy *self, int64_t application_id, struct follow_up *ret)
{
    bool found;

    store_ask(self->store, self->follow_ups.sql + SQL_FIND, "i", application_id);
    found = next(self, SQL_FIND, ret);
    store_end(self->store, self->follow_ups.sql + SQL_FIND);
    return found;
}

bool follow_up_is_due(const struct subsidy *self, int64_t application_id, int64_t now)
{
    store_ask(self->store, self->follow_ups.sql + SQL_IS_DUE, "ii", application_id, now);
    return store_any(self->store, self->follow_ups.sql + SQL_IS_DUE);
}

size_t follow_ups_due(const struct subsidy *self, const char *path, const char *from, int64_t after, int64_t now,
                      struct follow_up *ret, size_t size)
{
    char end[UNION_PATH_SIZE + 1];
    size_t n = 0;

    union_path_end(path, end);
    store_ask(self->store, self->follow_ups.sql + SQL_DUE, "ttiii", from, end, after, now, (int64_t)size);
    while (n < size && next(self, SQL_DUE, &ret[n]))
        n++;
    store_end(self->store, self->follow_ups.sql + SQL_DUE);
    return n;
}

/* ---- changes ---- */

static void tell(int64_t application_id, int64_t due_at, bool done, void *call)
{
    Subsidy__FollowUpChanged changed = SUBSIDY__FOLLOW_UP_CHANGED__INIT;

    changed.application_id = application_id;
    changed.due_at = due_at;
    changed.done = done;
    rpc_tell(call, &changed.base);
}

void follow_up_plan(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                    void *call)
{
    int64_t due_at = rpc_now(call) + scheme->follow_up_days * SUBSIDY_DAY_MS;
    char office[UNION_PATH_SIZE];

    if (!scheme->follow_up_days)
        return;
    application_office(self, application, scheme, 0, office);
    store_run(self->store, self->follow_ups.sql + SQL_PUT, "iti", application->id, office, due_at);
    tell(application->id, due_at, false, call);
}

void follow_up_write(struct subsidy *self, struct application *application, const char *note, void *call)
{
    const struct application_step step = {
        .kind = SUBSIDY__STEP_KIND__STEP_FOLLOWED_UP, .by_id = rpc_principal(call)->member_id, .remark = note};
    struct follow_up follow_up = {0};

    follow_up_find(self, application->id, &follow_up);
    application_put(self, application, &step, call);
    store_run(self->store, self->follow_ups.sql + SQL_DONE, "ii", application->id, rpc_now(call));
    tell(application->id, follow_up.due_at, true, call);
}

/* ---- the part ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct subsidy *self = arg;
    const Subsidy__Event *event = body;
    const Subsidy__FollowUpChanged *changed = event->follow_up_changed;
    struct follow_up follow_up;

    (void)row;
    (void)told;
    if (event->event_case != SUBSIDY__EVENT__EVENT_FOLLOW_UP_CHANGED)
        return true;
    *part_word(&self->parts, &follow_ups_part, 0, changed->application_id) = changed->due_at;
    *part_word(&self->parts, &follow_ups_part, 1, changed->application_id) |= changed->done;
    return follow_up_find(self, changed->application_id, &follow_up);
}

const struct part_spec follow_ups_part = {
    .tables = "follow_up",
    .others = "follow_up.application_id",
    .steps = &follow_ups_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .agrees = agrees,
    .words = {{"follow-up's time", "SELECT application_id, due_at FROM follow_up ORDER BY application_id"},
              {"follow-up's end", "SELECT application_id, done_at > 0 FROM follow_up ORDER BY application_id"}},
    .moves = "follow_up.office_path",
};
