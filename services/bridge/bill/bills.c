#include "services/bridge/bill/bills.h"

#include "services/bridge/bill/bills_sql.h"
#include "services/bridge/bridge.h"

#define COLUMNS                                                                                                        \
    "day, lines, out_fen, back_fen, other_in_fen, other_out_fen, odd_fen, end_fen, paid, paid_fen, on_way_fen, "       \
    "cases, "                                                                                                          \
    "hash, done_at, journal_seq"
/* What is out for a number by the bills until a day. */
#define OUT_UNTIL(number, day)                                                                                         \
    "(SELECT coalesce(sum(fen), 0) FROM bill_line WHERE bill_line.number = " number " AND bill_line.day <= " day ")"

static const char *const sql[] = {
    [BILLS_ADD] = "INSERT INTO bill_day (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
                  "?14, ?15)",
    [BILLS_FIND] = "SELECT " COLUMNS " FROM bill_day WHERE day = ?1",
    [BILLS_PAGE] = "SELECT " COLUMNS " FROM bill_day WHERE day < ?1 ORDER BY day DESC LIMIT ?2",
    [BILLS_FIRST] = "SELECT coalesce(min(made_at), 0) FROM payout",
    [BILLS_DROP] = "DELETE FROM bill_line WHERE day = ?1",
    [BILLS_ADD_LINE] = "INSERT INTO bill_line (day, line, number, fen, odd) VALUES (?1, ?2, ?3, ?4, ?5)",
    [BILLS_OUT] = "SELECT coalesce(sum(fen), 0) FROM bill_line WHERE number = ?1",
    [BILLS_PAID] = "SELECT payout_id, payout_id, number, fen, " OUT_UNTIL(
        "payout.number", "?4") " FROM payout "
                               "WHERE ended_at >= ?1 AND ended_at < ?2 AND way = 1 AND state = 5 AND payout_id > ?3 "
                               "ORDER BY payout_id LIMIT ?5",
    [BILLS_UNPAID] = "SELECT payout_id, payout_id, number, 0, " OUT_UNTIL(
        "payout.number", "?4") " FROM payout "
                               "WHERE ended_at >= ?1 AND ended_at < ?2 AND way = 1 AND state > 5 AND payout_id > ?3 "
                               "ORDER BY payout_id LIMIT ?5",
    [BILLS_LEFT] = "SELECT payout_number.rowid, payout_id, number, 0, " OUT_UNTIL(
        "payout_number.number",
        "?4") " "
              "FROM payout_number WHERE left_at >= ?1 AND left_at < ?2 AND rowid > ?3 ORDER BY rowid LIMIT ?5",
    [BILLS_PAID_SUM] = "SELECT count(*), coalesce(sum(fen), 0) FROM payout "
                       "WHERE ended_at >= ?1 AND ended_at < ?2 AND way = 1 AND state = 5",
    [BILLS_ON_WAY] = "SELECT coalesce(sum((SELECT coalesce(sum(fen), 0) FROM bill_line "
                     "WHERE bill_line.number = payout.number AND bill_line.day <= ?3 AND NOT odd)), 0) FROM payout "
                     "WHERE way = 1 AND (ended_at = 0 OR (ended_at >= ?1 AND NOT (state = 5 AND ended_at < ?2)))",
};
_Static_assert(ARRAY_LEN(sql) == BILLS_N, "a statement for each");

/* ---- asking ---- */

static bool next_day(const struct bills *bills, unsigned statement, struct bill_day *ret)
{
    return store_read(bills->store, statement, INTO(ret->day), INTO(ret->lines), INTO(ret->out_fen),
                      INTO(ret->back_fen), INTO(ret->other_in_fen), INTO(ret->other_out_fen), INTO(ret->odd_fen),
                      INTO(ret->end_fen), INTO(ret->paid), INTO(ret->paid_fen), INTO(ret->on_way_fen), INTO(ret->cases),
                      INTO(ret->hash), INTO(ret->done_at), INTO(ret->journal_seq));
}

unsigned bills_page(const struct bills *bills, int64_t before, struct bill_day *ret, unsigned max)
{
    unsigned n = 0;

    store_ask(bills->store, bills->sql + BILLS_PAGE, "ii", before, (int64_t)max);
    while (ret && n < max && next_day(bills, bills->sql + BILLS_PAGE, &ret[n]))
        n++;
    store_end(bills->store, bills->sql + BILLS_PAGE);
    return n;
}

bool bills_find_last(const struct bills *bills, struct bill_day *ret)
{
    return bills_page(bills, INT64_MAX, ret, 1) == 1;
}

void bill_day_show(const struct bill_day *day, Bridge__PayDay *ret)
{
    ret->day = day->day;
    ret->lines = day->lines;
    ret->out_fen = day->out_fen;
    ret->back_fen = day->back_fen;
    ret->other_in_fen = day->other_in_fen;
    ret->other_out_fen = day->other_out_fen;
    ret->odd_fen = day->odd_fen;
    ret->end_fen = day->end_fen;
    ret->paid = day->paid;
    ret->paid_fen = day->paid_fen;
    ret->on_way_fen = day->on_way_fen;
    ret->cases = day->cases;
    ret->hash = unconst(day->hash);
    ret->done_at = day->done_at;
}

/* ---- changes ---- */

void bill_day_add(struct bridge *bridge, struct bill_day *day, void *call)
{
    const struct bills *bills = &bridge->bills;
    Bridge__PayDayDone done = BRIDGE__PAY_DAY_DONE__INIT;
    Bridge__PayDay message = BRIDGE__PAY_DAY__INIT;

    day->done_at = rpc_now(call);
    day->journal_seq = rpc_server_journal(bridge->rpc)->tip.seq + 1;
    store_run(bills->store, bills->sql + BILLS_ADD, "iiiiiiiiiiiitii", (int64_t)day->day, (int64_t)day->lines,
              day->out_fen, day->back_fen, day->other_in_fen, day->other_out_fen, day->odd_fen, day->end_fen,
              (int64_t)day->paid, day->paid_fen, day->on_way_fen, (int64_t)day->cases, day->hash, day->done_at,
              day->journal_seq);
    bill_day_show(day, &message);
    done.day = &message;
    rpc_tell(call, &done.base);
}

/* ---- the part ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct bridge *self = arg;
    const struct bills *bills = &self->bills;
    const Bridge__Event *event = body;
    const Bridge__PayDay *message;
    struct bill_day day;
    bool found;

    if (event->event_case != BRIDGE__EVENT__EVENT_PAY_DAY_DONE)
        return true;
    message = event->pay_day_done->day;
    told[0]++;
    told[1] += message->out_fen - message->back_fen + message->odd_fen;
    store_ask(bills->store, bills->sql + BILLS_FIND, "i", (int64_t)message->day);
    found = next_day(bills, bills->sql + BILLS_FIND, &day);
    store_end(bills->store, bills->sql + BILLS_FIND);
    return found && day.journal_seq == row->seq && day.lines == message->lines && day.end_fen == message->end_fen &&
           day.paid_fen == message->paid_fen && day.on_way_fen == message->on_way_fen && day.cases == message->cases &&
           strcmp(day.hash, message->hash) == 0;
}

static const struct part_stray strays[] = {
    {"day of a bill", "has not the sum of its movements",
     "SELECT day FROM bill_day WHERE (out_fen - back_fen, odd_fen) <> (SELECT coalesce(sum(iif(odd, 0, fen)), 0), "
     "coalesce(sum(iif(odd, fen, 0)), 0) FROM bill_line WHERE bill_line.day = bill_day.day)"},
    {NULL, NULL, NULL},
};

const struct part_spec bills_part = {
    .tables = "bill_day bill_line",
    .steps = &bills_steps,
    .others = "bill_day.lines bill_day.paid bill_day.cases bill_line.odd",
    .sql = sql,
    .n_sql = BILLS_N,
    .agrees = agrees,
    .counts = {{"days of bills", "SELECT count(*) FROM bill_day"},
               {"fen that moved for payments", "SELECT coalesce(sum(out_fen - back_fen + odd_fen), 0) FROM bill_day"}},
    .strays = strays,
};
