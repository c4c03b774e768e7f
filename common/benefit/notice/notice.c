#include "common/benefit/notice/notice.h"

#define SLICE     500 /* of old ones, deleted in one transaction */
#define WITHDRAWN 16  /* found at once */

enum { SQL_ADD, SQL_STANDS, SQL_ABOUT, SQL_TWICE, SQL_WITHDRAW, SQL_MERGE, SQL_FIND, SQL_DROP_OLD, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO notice (notice_id, member_id, kind, about_id, at, given_at, journal_seq) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_STANDS] = "SELECT 1 FROM notice WHERE about_id = ?1 AND kind = ?2 AND member_id = ?3 AND withdrawn_at = 0",
    [SQL_ABOUT] = "SELECT notice_id FROM notice WHERE about_id = ?1 AND ?2 IN (0, kind) AND withdrawn_at = 0 LIMIT ?3",
    [SQL_TWICE] = "SELECT notice_id FROM notice AS one WHERE member_id = ?1 AND withdrawn_at = 0 AND EXISTS (SELECT 1 "
                  "FROM notice WHERE about_id = one.about_id AND kind = one.kind AND member_id = ?2 "
                  "AND withdrawn_at = 0) LIMIT ?3",
    [SQL_WITHDRAW] = "UPDATE notice SET withdrawn_at = ?2 WHERE notice_id = ?1",
    [SQL_MERGE] = "UPDATE notice SET member_id = ?2 WHERE member_id = ?1",
    [SQL_FIND] = "SELECT kind, about_id, withdrawn_at, journal_seq FROM notice WHERE notice_id = ?1",
    [SQL_DROP_OLD] = "DELETE FROM notice WHERE notice_id IN (SELECT notice_id FROM notice WHERE notice_id < ?1 "
                     "ORDER BY notice_id LIMIT ?2)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool stands(const struct notice *notice, const struct notice_given *given)
{
    store_ask(notice->store, notice->sql + SQL_STANDS, "iii", given->about_id, (int64_t)given->kind, given->member_id);
    return store_any(notice->store, notice->sql + SQL_STANDS);
}

void notice_tell(const struct notice_given *given, int64_t notice_id, void *call)
{
    static const int64_t app = NOTICE_BY_APP;
    const int64_t *doors = given->n_doors ? given->doors : &app;
    Notice__NoticeGiven told = NOTICE__NOTICE_GIVEN__INIT;

    if (!given->member_id)
        return;
    told.notice_id = notice_id;
    told.member_id = given->member_id;
    told.kind = (Notice__NoticeKind)given->kind;
    told.about_id = given->about_id;
    told.at = given->at ? given->at : rpc_now(call);
    if (given->title)
        told.title = unconst(given->title);
    if (given->place)
        told.place = unconst(given->place);
    for (size_t i = 0; i < (given->n_doors ? given->n_doors : 1); i++) {
        told.door = doors[i];
        rpc_tell(call, &told.base);
    }
}

void notice_untell(int64_t notice_id, void *call)
{
    Notice__NoticeWithdrawn withdrawn = NOTICE__NOTICE_WITHDRAWN__INIT;

    withdrawn.notice_id = notice_id;
    rpc_tell(call, &withdrawn.base);
}

void notice_give(struct notice *notice, const struct notice_given *given, void *call)
{
    int64_t notice_id;

    if (!given->member_id || stands(notice, given))
        return;
    notice_id = id_next(&notice->parts->ids, rpc_now(call));
    store_run(notice->store, notice->sql + SQL_ADD, "iiiiiii", notice_id, given->member_id, (int64_t)given->kind,
              given->about_id, given->at ? given->at : rpc_now(call), rpc_now(call),
              rpc_server_journal(notice->parts->rpc)->tip.seq + 1);
    notice_tell(given, notice_id, call);
}

/* All that a statement finds, which ends with how many. Whether there were some. */
static bool withdraw(struct notice *notice, unsigned find, int64_t a, int64_t b, void *call)
{
    int64_t ids[WITHDRAWN];
    bool some = false;
    size_t n;

    do {
        store_ask(notice->store, notice->sql + find, "iii", a, b, (int64_t)WITHDRAWN);
        n = store_numbers(notice->store, notice->sql + find, ids, WITHDRAWN);
        for (size_t i = 0; i < n; i++) {
            store_run(notice->store, notice->sql + SQL_WITHDRAW, "ii", ids[i], rpc_now(call));
            notice_untell(ids[i], call);
            some = true;
        }
    } while (n == WITHDRAWN && !store_trouble(notice->store));
    return some;
}

bool notice_withdraw(struct notice *notice, int kind, int64_t about_id, void *call)
{
    return withdraw(notice, SQL_ABOUT, about_id, kind, call);
}

/* What both were told stands once. */
static void on_merged(void *self, int64_t gone_id, int64_t kept_id, void *call)
{
    struct notice *notice = self;

    withdraw(notice, SQL_TWICE, gone_id, kept_id, call);
    store_run(notice->store, notice->sql + SQL_MERGE, "ii", gone_id, kept_id);
}

static bool tidy(void *self, void *call)
{
    const struct notice *notice = self;

    return store_run(notice->store, notice->sql + SQL_DROP_OLD, "ii", id_at(rpc_now(call) - NOTICE_KEPT_MS),
                     (int64_t)SLICE) == SLICE;
}

/* ---- the audit ---- */

enum { TOLD_ALL, TOLD_WITHDRAWN }; /* as in counts */

/* One that is still there is as the journal told it. */
static bool agrees(void *self, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct notice *notice = self;
    const Rpc__ChassisEvent *event = body;
    int64_t kind, about_id, withdrawn_at, seq;

    if (!event || (event->event_case != RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN &&
                   event->event_case != RPC__CHASSIS_EVENT__EVENT_NOTICE_WITHDRAWN))
        return true;
    store_ask(notice->store, notice->sql + SQL_FIND, "i",
              event->event_case == RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN ? event->notice_given->notice_id
                                                                          : event->notice_withdrawn->notice_id);
    if (!store_only(notice->store, notice->sql + SQL_FIND, INTO(kind), INTO(about_id), INTO(withdrawn_at), INTO(seq)))
        return true;
    if (event->event_case == RPC__CHASSIS_EVENT__EVENT_NOTICE_WITHDRAWN) {
        told[TOLD_WITHDRAWN]++;
        return withdrawn_at != 0;
    }
    told[TOLD_ALL] += seq == row->seq;
    return kind == (int64_t)event->notice_given->kind && about_id == event->notice_given->about_id && seq <= row->seq;
}

const struct part_spec notice_part = {
    .tables = "notice",
    .steps = &notice_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(notice_id) FROM notice",
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"notices", "SELECT count(*) FROM notice WHERE journal_seq > 0"},
               {"notices that were withdrawn", "SELECT count(*) FROM notice WHERE withdrawn_at > 0"}},
    .others = "notice.about_id",
    .exports = {{NULL, "-- the service gives what she was told, in its own words or by NOTICE_EXPORT"}},
    .closed = {"DELETE FROM notice WHERE member_id = ?1"},
    .on_merged = on_merged,
};
