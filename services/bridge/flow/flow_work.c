/* flow_work.c: a stock's files are asked for, read beside the loop, and held against our coupons, slice by slice. */
#include "common/base/log.h"
#include "common/cn/cn_id.h"
#include "services/bridge/bridge.h"

#define PENDING BRIDGE__SEND_STATE__SEND_PENDING
#define SENT    BRIDGE__SEND_STATE__SEND_DONE
#define USED    BRIDGE__SEND_STATE__SEND_USED
#define OVER    BRIDGE__SEND_STATE__SEND_OVER

void flow_work_init(struct flow_work *work, struct bridge *bridge)
{
    *work = (struct flow_work){.bridge = bridge};
}

void flow_work_done(struct flow_work *work)
{
    pay_file_done(&work->file);
    flow_done(&work->flow);
    work->stage = FLOW_IDLE;
}

/* ---- asking ---- */

static const char *read_file(void *arg, char *text, size_t len)
{
    struct flow_work *work = arg;
    bool back = work->stage == FLOW_BACKS;
    const char *fault = flow_read(&work->flow, work->stock.number, back, text, len);

    if (!fault && back)
        flow_sort(&work->flow);
    return fault;
}

static bool ask(struct flow_work *work, int stage)
{
    char path[PAY_PATH_SIZE];

    snprintf(path, sizeof(path), "/v3/marketing/favor/stocks/%s/%s-flow", work->stock.number,
             stage == FLOW_USES ? "use" : "refund");
    if (!pay_file_begin(&work->file, &work->bridge->pay, path, "url", read_file, work))
        return false;
    work->stage = stage;
    return true;
}

static void begin(struct flow_work *work)
{
    struct bridge *bridge = work->bridge;
    int64_t now = clock_now(bridge->clock);
    Coupon__StockOrdered *form;

    if (now < work->look_at || !pay_room(&bridge->pay, PAY_ASKS) || !stock_flow_due(&bridge->stocks, now, &work->stock))
        return;
    work->look_at = now + FLOW_PAUSE_MS;
    form = stock_form(&bridge->stocks, work->stock.release_id);
    if (!form)
        return;
    work->face_fen = form->face_fen;
    coupon__stock_ordered__free_unpacked(form, NULL);
    work->so_far.day = (struct flow_day){.release_id = work->stock.release_id, .day = cn_day(now)};
    cn_day_begin(work->so_far.day.day, &work->begin_at);
    ask(work, FLOW_USES);
}

/* ---- what the files say ---- */

static void differ(struct flow_work *work, int kind, const char *number, int64_t our_fen, int64_t their_fen, void *call)
{
    struct pay_case one = {.kind = kind, .our_fen = our_fen, .their_fen = their_fen};

    snprintf(one.number, sizeof(one.number), "%s", number);
    snprintf(one.word, sizeof(one.word), "%d", work->so_far.day.day);
    if (case_known(&work->bridge->cases, &one))
        return; /* the files say it every day */
    work->so_far.day.cases++;
    case_open(work->bridge, &one, call);
}

static void enter(struct bridge *bridge, struct send *send, int state, int64_t at, void *call)
{
    int was = send->state;

    send->state = state;
    send_put(bridge, send, was, send->reason, at, call);
}

/* Until the next day. */
static void put_off(void *call, void *arg)
{
    struct flow_work *work = arg;
    struct stock stock;

    if (!stock_find(&work->bridge->stocks, work->stock.release_id, &stock))
        return;
    stock.flow_at = rpc_now(call) < stock.until + FLOW_AFTER_MS ? flow_next_at(rpc_now(call)) : 0;
    stock_put(work->bridge, &stock, false, call);
}

/* What all lines of a coupon of ours come to. */
static void hold_against(struct flow_work *work, struct send *send, const struct flow_sum *sum, void *call)
{
    int64_t face_fen = work->face_fen, out_fen = sum->used_fen - sum->back_fen;

    if (sum->odd || (out_fen != 0 && out_fen != face_fen)) {
        differ(work, BRIDGE__PAY_CASE_KIND__PAY_CASE_DIFFERS, send->number, send->state == USED ? face_fen : 0,
               sum->odd ? sum->odd_fen : out_fen, call);
    } else if (out_fen != 0 && (send->state == SENT || send->state == OVER) && sum->used_at > send->back_at) {
        enter(work->bridge, send, USED, sum->used_at, call);
    } else if (out_fen == 0 && send->state == USED && sum->back_at >= send->changed_at) {
        send->back_at = sum->back_at;
        enter(work->bridge, send, rpc_now(call) < work->stock.until ? SENT : OVER, sum->back_at, call);
    }
}

static void take_coupon(struct flow_work *work, void *call)
{
    const struct sends *sends = &work->bridge->sends;
    const char *number = work->flow.lines[work->so_far.next].number;
    struct flow_sum sum;
    struct send send;

    work->so_far.next = flow_sum(&work->flow, work->so_far.next, work->face_fen, &sum);
    work->so_far.day.uses += (int32_t)sum.uses;
    work->so_far.day.backs += (int32_t)sum.backs;
    work->so_far.day.used_fen += sum.used_fen;
    work->so_far.day.back_fen += sum.back_fen;
    if (send_find_number(sends, number, &send) && send.release_id == work->so_far.day.release_id)
        hold_against(work, &send, &sum, call);
    else if (!sends_on_way(sends, work->so_far.day.release_id)) /* it may be one of those */
        differ(work, BRIDGE__PAY_CASE_KIND__PAY_CASE_UNKNOWN_NUMBER, number, 0, sum.used_fen - sum.back_fen, call);
}

static void take_lines(void *call, void *arg)
{
    struct flow_work *work = arg;

    for (unsigned i = 0; i < FLOW_SLICE && work->so_far.next < work->flow.n; i++)
        take_coupon(work, call);
    work->so_far.whole = work->so_far.next == work->flow.n;
}

/* ---- what they do not say ---- */

static void take_rest(void *call, void *arg)
{
    struct flow_work *work = arg;
    struct send used[FLOW_SLICE];
    unsigned n = sends_used(&work->bridge->sends, work->so_far.day.release_id, work->so_far.after, used, FLOW_SLICE);

    for (unsigned i = 0; i < n; i++) {
        work->so_far.after = used[i].coupon_id;
        work->so_far.day.used++;
        if (used[i].changed_at < work->begin_at && !flow_find(&work->flow, used[i].number))
            differ(work, BRIDGE__PAY_CASE_KIND__PAY_CASE_USE_MISSING, used[i].number, work->face_fen, 0, call);
    }
    work->so_far.whole = n < FLOW_SLICE;
    if (!work->so_far.whole)
        return;
    flow_day_add(work->bridge, &work->so_far.day, call);
    put_off(call, work);
}

/* One slice; whether it was committed, and was the last. */
static bool run(struct flow_work *work, void (*deed)(void *call, void *arg))
{
    return pay_file_slice(work->bridge->rpc, &work->so_far, sizeof(work->so_far), deed, work) && work->so_far.whole;
}

/* ---- turns ---- */

static void take_file(struct flow_work *work)
{
    const struct pay_file *file = &work->file;
    bool refused = file->stage == PAY_FILE_REFUSED && pay_next_of(file->status, file->code) != PAY_LATER;

    if (file->stage == PAY_FILE_READ && work->stage == FLOW_USES) {
        memcpy(work->so_far.day.use_hash, file->hash, sizeof(work->so_far.day.use_hash));
        if (!ask(work, FLOW_BACKS))
            flow_work_done(work); /* it is due still */
    } else if (file->stage == PAY_FILE_READ) {
        memcpy(work->so_far.day.back_hash, file->hash, sizeof(work->so_far.day.back_hash));
        work->stage = FLOW_LINES;
        work->so_far.next = 0;
        work->so_far.after = 0;
    } else if (file->stage == PAY_FILE_REFUSED || file->stage == PAY_FILE_FAILED) {
        log_warn("stock_flow_waits", "release", log_int(work->stock.release_id), "why",
                 file->stage == PAY_FILE_FAILED ? file->why : pay_code_name(file->code));
        work->look_at = clock_now(work->bridge->clock) + (refused ? FLOW_PAUSE_MS : FLOW_AGAIN_MS);
        if (!refused || !rpc_server_transact(work->bridge->rpc, put_off, work))
            flow_work_done(work);
    }
}

int flow_work_step(struct flow_work *work)
{
    if (work->stage == FLOW_IDLE && work->bridge->pay.ready) {
        begin(work);
    } else if (work->stage == FLOW_USES || work->stage == FLOW_BACKS) {
        take_file(work);
    } else if (work->stage == FLOW_LINES && run(work, take_lines)) {
        work->stage = FLOW_REST;
    } else if (work->stage == FLOW_REST && run(work, take_rest)) {
        log_info("stock_flow_read", "release", log_int(work->so_far.day.release_id), "uses",
                 log_int(work->so_far.day.uses), "backs", log_int(work->so_far.day.backs), "cases",
                 log_int(work->so_far.day.cases));
        flow_work_done(work);
    }
    return work->stage >= FLOW_LINES ? TRANSFERS_BUSY_MS : TRANSFERS_IDLE_MS;
}
