/* flows.h: each stock of WeChat's coupons against the platform's files of what was used of it and given back.
 *
 * From the day after a stock was made until FLOW_AFTER_MS after its end both files are asked for once a day, from ten in
 * the morning on; each is of all the stock's time. Where the platform does not give them yet, as before the end of a
 * stock, the next day is waited for. What they say of a coupon is held against ours:
 *   - it took something off and is not known here as used: it is used (a callback was lost);
 *   - all it took off was given back with its purchase: she has it again, or it is over, and coupon hears so
 *     (SendChanged), whose fund gets back what was spent;
 * and what that does not explain is a case (cases.h), once:
 *   - a number that is not of this stock's coupons, while nothing of it may be on its way (UNKNOWN_NUMBER);
 *   - another sum than the coupon's, or a part of it given back (DIFFERS);
 *   - one that was used here before today and of which the file of uses says nothing (USE_MISSING).
 * A day is written when all of it was looked at; a daemon that dies before that looks at it again, which changes
 * nothing that was done. */
#pragma once
#include "services/bridge/flow/flow.h"
#include "services/bridge/pay/pay_file.h"

#define FLOW_READY_MS INT64_C(36000000)         /* after a day has begun the files may be there */
#define FLOW_AFTER_MS (90 * INT64_C(86400000))  /* purchases of a stock that is over are given back */
#define FLOW_AGAIN_MS INT64_C(600000)
#define FLOW_PAUSE_MS INT64_C(13000) /* between two stocks: the platform gives five files a minute */
#define FLOW_SLICE    200

struct flows;
struct bridge;

struct flow_day {
    int64_t release_id;
    int day; /* on which the files were asked for */
    int32_t uses, backs, used, cases;
    int64_t used_fen, back_fen, done_at, journal_seq; /* used: coupons that are used here */
    char use_hash[PAY_HASH_SIZE], back_hash[PAY_HASH_SIZE];
};

/* What is under way. */
struct flow_work {
    struct bridge *bridge;
    enum { FLOW_IDLE, FLOW_USES, FLOW_BACKS, FLOW_LINES, FLOW_REST } stage;
    struct stock stock;
    int64_t face_fen, begin_at, look_at; /* begin_at: of today */
    struct pay_file file;
    struct flow flow;
    struct {
        struct flow_day day; /* as far as it has been looked at */
        unsigned next;       /* line */
        int64_t after;       /* coupon, of those that are used here */
        bool whole;          /* there is no more of what was done last */
    } so_far;
};

/* When a stock's files are asked for next, after a time. */
int64_t flow_next_at(int64_t now);
/* The last of a stock; false: none was read. */
bool flow_day_last(const struct flows *flows, int64_t release_id, struct flow_day *ret);
/* Writes a day that was looked at whole, and tells of it. */
void flow_day_add(struct bridge *bridge, struct flow_day *day, void *call);
/* In the arena; NULL: no memory. */
Bridge__StockFlow *flow_day_show(const struct flow_day *day, void *call);

void flow_work_init(struct flow_work *work, struct bridge *bridge);
/* Outside a batch: goes on. In how many milliseconds it should be called again. */
int flow_work_step(struct flow_work *work);
/* When nothing comes back any more. */
void flow_work_done(struct flow_work *work);
