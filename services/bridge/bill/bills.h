/* bills.h: each day's fund bill of WeChat Pay against what was paid here.
 *
 * From two days before the first order on, every day's bill is asked for from ten the next morning on, until it is
 * there and its hash and totals are right; it is read beside the loop and held against the payouts in slices. Every
 * movement is explained: it is of a payout, of the amount that was ordered, or no payment at all, or it becomes a case
 * (cases.h):
 *   - a payment under a number that is not ours (UNKNOWN_NUMBER), or after whose movements neither nothing nor the
 *     order's amount is out (DIFFERS): such are odd_fen;
 *   - one that ended as paid on that day of which nothing has left (BILL_MISSING);
 *   - one that ended unpaid on the day before, or left its number, of which something is still out (BILL_KEPT).
 * So, to the fen: out - back = paid + what is on its way at the end - what was on the day before, less what
 * was paid and never left. A day is written when all of it was looked at; a daemon that dies before that begins the day
 * anew, and opens no case twice. */
#pragma once
#include "services/bridge/bill/bill.h"
#include "services/bridge/pay/pay_file.h"

#define BILL_READY_MS   (34 * INT64_C(3600000)) /* after its day has begun a bill may be there */
#define BILL_FIRST_DAYS 2
#define BILL_AGAIN_MS   INT64_C(600000)
#define BILL_LOOK_MS    INT64_C(60000)
#define BILL_SLICE      200

struct bills;
struct bridge;

struct bill_day {
    int day;
    int32_t lines, paid, cases;
    int64_t out_fen, back_fen, other_in_fen, other_out_fen, odd_fen, end_fen, paid_fen, on_way_fen, done_at,
        journal_seq;
    char hash[PAY_HASH_SIZE];
};

enum bill_stage { BILL_IDLE, BILL_ASKING, BILL_WRITING, BILL_CHECKING };

/* The day that is under way. */
struct bill_work {
    struct bridge *bridge;
    enum bill_stage stage;
    int64_t begin_at, look_at;
    struct pay_file file;
    struct bill bill;
    int what; /* that is checked, behind so_far.after */
    struct {
        struct bill_day day; /* as far as it has been looked at */
        unsigned next;       /* line */
        int64_t after;       /* an id */
        bool whole;          /* there is no more of what was done last */
    } so_far;
};

bool bills_find_last(const struct bills *bills, struct bill_day *ret);
/* Before a day, the latest first: how many. */
unsigned bills_page(const struct bills *bills, int64_t before, struct bill_day *ret, unsigned max);

void bill_work_init(struct bill_work *work, struct bridge *bridge);
/* Outside a batch: goes on. In how many milliseconds it should be called again. */
int bill_work_step(struct bill_work *work);
/* When nothing comes back any more. */
void bill_work_done(struct bill_work *work);
void bill_work_report(const struct bill_work *work, struct arena *arena, Rpc__ProbeReport *ret);
