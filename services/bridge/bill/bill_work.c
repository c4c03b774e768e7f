/* bill_work.c: a day's bill is asked for, read beside the loop, and held against what was paid, slice by slice. */
#include "common/base/log.h"
#include "common/cn/cn_id.h"
#include "services/bridge/bill/bills_sql.h"
#include "services/bridge/bridge.h"

#define DAY_MS INT64_C(86400000)

/* What is checked of a day after its lines, in this order. */
static const struct {
    unsigned statement;
    int kind;      /* of a case */
    int days_back; /* whose end it is about */
} checks[] = {
    {BILLS_PAID, BRIDGE__PAY_CASE_KIND__PAY_CASE_BILL_MISSING, 0},
    {BILLS_UNPAID, BRIDGE__PAY_CASE_KIND__PAY_CASE_BILL_KEPT, 1},
    {BILLS_LEFT, BRIDGE__PAY_CASE_KIND__PAY_CASE_BILL_KEPT, 1},
};

void bill_work_init(struct bill_work *work, struct bridge *bridge)
{
    *work = (struct bill_work){.bridge = bridge};
}

static void drop(struct bill_work *work)
{
    pay_file_done(&work->file);
    bill_done(&work->bill);
    work->stage = BILL_IDLE;
}

void bill_work_done(struct bill_work *work)
{
    drop(work);
}

static void again(struct bill_work *work, const char *why)
{
    log_warn("pay_bill_waits", "day", log_int(work->so_far.day.day), "why", why);
    work->look_at = clock_now(work->bridge->clock) + BILL_AGAIN_MS;
    drop(work);
}

/* ---- asking ---- */

static const char *read_bill(void *arg, char *text, size_t len)
{
    struct bill_work *work = arg;

    return bill_read(text, len, &work->bill);
}

/* What has come of asking for it. */
static void take_file(struct bill_work *work)
{
    const struct pay_file *file = &work->file;

    if (file->stage == PAY_FILE_READ)
        memcpy(work->so_far.day.hash, file->hash, sizeof(work->so_far.day.hash));
    if (file->stage == PAY_FILE_READ || (file->stage == PAY_FILE_REFUSED && file->code == PAY_NO_STATEMENT_EXIST)) {
        work->stage = BILL_WRITING; /* in the second case nothing has moved */
        work->so_far.next = 0;
        work->what = 0;
        work->so_far.after = 0;
    } else if (file->stage == PAY_FILE_REFUSED) {
        again(work, pay_code_name(file->code));
    } else if (file->stage == PAY_FILE_FAILED) {
        again(work, file->why);
    }
}

/* The day whose bill is next, and when it begins; false when none is due. */
static bool next_due(const struct bridge *bridge, int *ret_day, int64_t *ret_begin_at)
{
    const struct bills *bills = &bridge->bills;
    struct bill_day last;
    int64_t first, at;
    int day;

    if (bills_find_last(bills, &last) && cn_day_begin(last.day, &at)) {
        day = cn_day(at + DAY_MS);
    } else {
        store_ask(bills->store, bills->sql + BILLS_FIRST, "");
        first = store_number(bills->store, bills->sql + BILLS_FIRST);
        day = cn_day(first - BILL_FIRST_DAYS * DAY_MS);
        if (!first)
            return false;
    }
    *ret_day = day;
    return cn_day_begin(day, ret_begin_at) && clock_now(bridge->clock) >= *ret_begin_at + BILL_READY_MS;
}

static void begin(struct bill_work *work)
{
    struct bridge *bridge = work->bridge;
    int64_t now = clock_now(bridge->clock);
    char path[PAY_PATH_SIZE];
    int day;

    if (now < work->look_at || !pay_room(&bridge->pay, PAY_ASKS))
        return;
    work->look_at = now + BILL_LOOK_MS;
    if (!next_due(bridge, &day, &work->begin_at))
        return;
    work->so_far.day = (struct bill_day){.day = day};
    snprintf(path, sizeof(path), "/v3/bill/fundflowbill?bill_date=%04d-%02d-%02d&account_type=BASIC", day / 10000,
             day / 100 % 100, day % 100);
    if (pay_file_begin(&work->file, &bridge->pay, path, "download_url", read_bill, work))
        work->stage = BILL_ASKING;
}

/* ---- what the bill says ---- */

static void differ(struct bill_work *work, int kind, int64_t payout_id, const char *number, int64_t our_fen,
                   int64_t their_fen, void *call)
{
    struct pay_case one = {.kind = kind, .payout_id = payout_id, .our_fen = our_fen, .their_fen = their_fen};

    snprintf(one.number, sizeof(one.number), "%s", number);
    snprintf(one.word, sizeof(one.word), "%d", work->so_far.day.day);
    work->so_far.day.cases++;
    case_open(work->bridge, &one, call);
}

/* Whose number it is: of an order now, or before; 0: nobody's. */
static int64_t owner_of(const struct bridge *bridge, const char *number, int64_t *ret_fen)
{
    struct payout payout;
    int64_t id;
    int state;

    if (!*number ||
        (!payouts_find_number(&bridge->payouts, number, &payout) &&
         !(payouts_find_old(&bridge->payouts, number, &id, &state) && payouts_find(&bridge->payouts, id, &payout))))
        return 0;
    *ret_fen = payout.fen;
    return payout.id;
}

static void take_line(struct bill_work *work, unsigned at, void *call)
{
    const struct bridge *bridge = work->bridge;
    const struct bills *bills = &bridge->bills;
    const struct bill_line *line = &work->bill.lines[at];
    struct bill_day *day = &work->so_far.day;
    int64_t fen = 0, id = owner_of(bridge, line->number, &fen), out;
    bool odd;

    if (!id && !line->transfer) {
        *(line->fen < 0 ? &day->other_in_fen : &day->other_out_fen) += line->fen < 0 ? -line->fen : line->fen;
        return;
    }
    store_ask(bills->store, bills->sql + BILLS_OUT, "t", line->number);
    out = store_number(bills->store, bills->sql + BILLS_OUT) + line->fen;
    odd = !id || (out != 0 && out != fen);
    store_run(bills->store, bills->sql + BILLS_ADD_LINE, "iitii", (int64_t)day->day, (int64_t)at, line->number,
              line->fen, (int64_t)odd);
    if (!odd) {
        *(line->fen < 0 ? &day->back_fen : &day->out_fen) += line->fen < 0 ? -line->fen : line->fen;
        return;
    }
    day->odd_fen += line->fen;
    differ(work, id ? BRIDGE__PAY_CASE_KIND__PAY_CASE_DIFFERS : BRIDGE__PAY_CASE_KIND__PAY_CASE_UNKNOWN_NUMBER, id,
           line->number, fen, out, call);
}

static void take_lines(void *call, void *arg)
{
    struct bill_work *work = arg;
    const struct bills *bills = &work->bridge->bills;

    if (work->so_far.next == 0) /* of a day that was begun before */
        store_run(bills->store, bills->sql + BILLS_DROP, "i", (int64_t)work->so_far.day.day);
    for (unsigned i = 0; i < BILL_SLICE && work->so_far.next < work->bill.n; i++)
        take_line(work, work->so_far.next++, call);
    work->so_far.whole = work->so_far.next == work->bill.n;
}

/* ---- what it does not say ---- */

static void check_ends(void *call, void *arg)
{
    struct bill_work *work = arg;
    const struct bills *bills = &work->bridge->bills;
    unsigned statement = bills->sql + checks[work->what].statement, n = 0;
    int64_t begin_at = work->begin_at - checks[work->what].days_back * DAY_MS;
    struct {
        int64_t at, payout_id, fen, out; /* at: where it stands among those checked */
        char number[PAYOUT_NUMBER_SIZE];
    } found[BILL_SLICE];

    store_ask(bills->store, statement, "iiiii", begin_at, begin_at + DAY_MS, work->so_far.after,
              (int64_t)work->so_far.day.day, (int64_t)BILL_SLICE);
    while (n < BILL_SLICE && store_read(bills->store, statement, INTO(found[n].at), INTO(found[n].payout_id),
                                        INTO(found[n].number), INTO(found[n].fen), INTO(found[n].out)))
        n++;
    store_end(bills->store, statement);
    for (unsigned i = 0; i < n; i++) {
        work->so_far.after = found[i].at;
        if (found[i].out != found[i].fen)
            differ(work, checks[work->what].kind, found[i].payout_id, found[i].number, found[i].fen, found[i].out,
                   call);
    }
    work->so_far.whole = n < BILL_SLICE;
}

static void end_day(void *call, void *arg)
{
    struct bill_work *work = arg;
    const struct bills *bills = &work->bridge->bills;
    struct bill_day *day = &work->so_far.day;

    store_ask(bills->store, bills->sql + BILLS_PAID_SUM, "ii", work->begin_at, work->begin_at + DAY_MS);
    store_only(bills->store, bills->sql + BILLS_PAID_SUM, INTO(day->paid), INTO(day->paid_fen));
    store_ask(bills->store, bills->sql + BILLS_ON_WAY, "iii", work->begin_at - DAY_MS, work->begin_at + DAY_MS,
              (int64_t)day->day);
    day->on_way_fen = store_number(bills->store, bills->sql + BILLS_ON_WAY);
    day->lines = (int32_t)work->bill.n;
    day->end_fen = work->bill.end_fen;
    bill_day_add(work->bridge, day, call);
    work->so_far.whole = true;
}

/* One slice; whether it was committed, and was the last. */
static bool run(struct bill_work *work, void (*deed)(void *call, void *arg))
{
    return pay_file_slice(work->bridge->rpc, &work->so_far, sizeof(work->so_far), deed, work) && work->so_far.whole;
}

static void check(struct bill_work *work)
{
    if (work->what == (int)ARRAY_LEN(checks)) {
        if (run(work, end_day)) {
            log_info("pay_bill_read", "day", log_int(work->so_far.day.day), "lines", log_int(work->so_far.day.lines),
                     "cases", log_int(work->so_far.day.cases));
            work->look_at = 0; /* there may be another */
            drop(work);
        }
    } else if (run(work, check_ends)) {
        work->what++;
        work->so_far.after = 0;
    }
}

int bill_work_step(struct bill_work *work)
{
    if (work->stage == BILL_IDLE && work->bridge->pay.ready)
        begin(work);
    if (work->stage == BILL_ASKING) {
        take_file(work);
    } else if (work->stage == BILL_WRITING && run(work, take_lines)) {
        work->stage = BILL_CHECKING;
    } else if (work->stage == BILL_CHECKING) {
        check(work);
    }
    return work->stage >= BILL_WRITING ? TRANSFERS_BUSY_MS : TRANSFERS_IDLE_MS;
}

void bill_work_report(const struct bill_work *work, struct arena *arena, Rpc__ProbeReport *ret)
{
    int64_t begin_at, behind = 0;
    int day;

    if (next_due(work->bridge, &day, &begin_at))
        behind = (clock_now(work->bridge->clock) - begin_at - BILL_READY_MS) / DAY_MS + 1;
    rpc_metric(arena, ret, "huigong_pay_days_behind", "gauge", "", (double)behind);
}
