#include "services/bridge/stock/favor.h"

#include <mbedtls/platform_util.h>

#include "identity/wechat.pb-c.h"
#include "services/bridge/bridge.h"
#include "services/bridge/pay/payee.h"
#include "services/bridge/stock/favor_say.h"

#define PENDING BRIDGE__SEND_STATE__SEND_PENDING
#define SENT    BRIDGE__SEND_STATE__SEND_DONE
#define USED    BRIDGE__SEND_STATE__SEND_USED
#define OVER    BRIDGE__SEND_STATE__SEND_OVER
#define FAILED  BRIDGE__SEND_STATE__SEND_FAILED

#define RUNNING BRIDGE__STOCK_STATE__STOCK_RUNNING

void favor_init(struct favor *favor, struct bridge *bridge)
{
    *favor = (struct favor){.bridge = bridge};
    for (unsigned i = 0; i < FAVOR_OUT; i++)
        favor->jobs[i].favor = favor;
}

/* Growing with how often it was tried: from five seconds to half an hour. */
static int64_t delay_ms(int tries)
{
    return INT64_C(5000) << (tries < 8 ? tries : 8);
}

/* ---- one request of a send ---- */

static void finish(struct favor_job *job, int reason)
{
    job->stage = FAVOR_ENDED;
    job->reason = reason;
    mbedtls_platform_zeroize(job->openid, sizeof(job->openid));
}

static void on_sent(void *arg, const struct pay_result *result)
{
    struct favor_job *job = arg;
    const char *number = pay_text(result->body, "coupon_id");

    job->end = result->end;
    job->code = result->code;
    job->number[0] = '\0';
    if (result->end == PAY_DONE && wechat_word_ok(number, sizeof(job->number) - 1))
        snprintf(job->number, sizeof(job->number), "%s", number);
    else if (result->end == PAY_DONE)
        job->end = PAY_UNKNOWN;
    finish(job, 0);
}

static void let_go(struct favor_job *job)
{
    struct pay *pay = &job->favor->bridge->pay;
    char path[PAY_PATH_SIZE], *body = favor_send_body(&job->stock, job->send.coupon_id, job->appid, pay->mchid);

    job->stage = FAVOR_SENDING;
    job->end = PAY_NOT_SENT;
    job->code = PAY_CODE_NONE;
    snprintf(path, sizeof(path), "/v3/marketing/favor/users/%s/coupons", job->openid);
    if (!body || !pay_ask(pay, path, body, on_sent, job))
        finish(job, 0);
    free(body);
    mbedtls_platform_zeroize(path, sizeof(path));
}

/* ---- whom it goes to ---- */

static int take_payee(struct favor_job *job, const Identity__FoundPayee *found)
{
    unsigned char print[PAYOUT_PAYEE_LEN];
    char no[24];

    if (!wechat_word_ok(found->openid, sizeof(job->openid) - 1) ||
        !wechat_word_ok(found->appid, sizeof(job->appid) - 1))
        return RPC__REASON__INTERNAL;
    send_request_no(job->send.coupon_id, no);
    payout_payee(no, found->openid, print);
    if (job->send.payee.len && memcmp(print, job->send.payee.bytes, sizeof(print)) != 0)
        return COUPON__REASON__VOUCHER_WECHAT_CHANGED;
    snprintf(job->appid, sizeof(job->appid), "%s", found->appid);
    snprintf(job->openid, sizeof(job->openid), "%s", found->openid);
    memcpy(job->send.payee.bytes, print, sizeof(print));
    job->send.payee.len = sizeof(print);
    return 0;
}

static void on_payee(void *arg, const Rpc__Answer *answer)
{
    struct favor_job *job = arg;
    int reason;
    Identity__FoundPayee *found = payee_read(answer, &reason);

    if (reason == IDENTITY__REASON__WECHAT_NOT_FOUND)
        reason = job->send.payee.len ? COUPON__REASON__VOUCHER_WECHAT_CHANGED : COUPON__REASON__VOUCHER_NO_WECHAT;
    else if (!reason)
        reason = take_payee(job, found);
    if (reason)
        finish(job, reason);
    else
        job->stage = FAVOR_READY;
    payee_forget(found);
}

static void find_payee(struct favor_job *job)
{
    struct favor *favor = job->favor;

    job->stage = FAVOR_FINDING; /* under its number it stays in its app */
    if (!payee_ask(favor->ask, favor->ask_self, &favor->bridge->pay, job->send.member_id, job->send.appid, on_payee,
                   job))
        finish(job, RPC__REASON__OVERLOADED);
}

/* ---- what has come of it, in a transaction ---- */

static void open_case(struct bridge *bridge, int kind, const char *number, int64_t our_fen, int64_t their_fen,
                      const char *word, void *call)
{
    struct pay_case one = {.kind = kind, .our_fen = our_fen, .their_fen = their_fen};

    snprintf(one.number, sizeof(one.number), "%s", number);
    snprintf(one.word, sizeof(one.word), "%s", word);
    case_open(bridge, &one, call);
}

/* Nothing left: for a reason of our own. */
static void settle_unsent(struct favor_job *job, struct send *send, void *call)
{
    int64_t now = rpc_now(call);
    char no[24];

    switch (job->reason) {
    case COUPON__REASON__VOUCHER_TOO_LATE:
        send->state = FAILED;
        send->reason = job->reason;
        break;
    case COUPON__REASON__VOUCHER_WECHAT_CHANGED:
        send_request_no(send->coupon_id, no);
        open_case(job->favor->bridge, BRIDGE__PAY_CASE_KIND__PAY_CASE_WECHAT_CHANGED, no, 0, 0, "", call);
        send->reason = job->reason;
        send->due_at = now + FAVOR_HOLD_MS;
        break;
    case COUPON__REASON__VOUCHER_NO_WECHAT: /* she may bind one */
    case COUPON__REASON__VOUCHER_ON_HOLD:
        send->reason = job->reason;
        send->refusals = 0;
        send->due_at = now + FAVOR_HOLD_MS;
        break;
    default:
        send->due_at = now + delay_ms(send->tries++);
        break;
    }
}

static void settle_refused(struct favor_job *job, struct send *send, int64_t now)
{
    enum favor_means means = favor_means_of(job->code);
    bool over = now >= job->stock.until;

    snprintf(send->code, sizeof(send->code), "%s", pay_code_name(job->code));
    send->reason = means == FAVOR_LIMIT ? COUPON__REASON__VOUCHER_LIMIT : COUPON__REASON__STOCK_WAITS;
    if (means == FAVOR_LOOK)
        job->favor->look = send->release_id;
    if (means == FAVOR_LOOK || means == FAVOR_LIMIT)
        send->refusals++;
    else
        send->tries++;
    send->due_at = now + delay_ms(send->refusals + send->tries);
    if (means == FAVOR_UNREAD || (send->refusals < FAVOR_REFUSALS && !over))
        return;
    send->state = FAILED;
    if (over)
        send->reason = COUPON__REASON__VOUCHER_TOO_LATE;
    else if (means != FAVOR_LIMIT)
        send->reason = COUPON__REASON__VOUCHER_REFUSED;
}

static void settle(struct favor_job *job, void *call)
{
    struct bridge *bridge = job->favor->bridge;
    int64_t now = rpc_now(call), used_at = 0;
    struct send send;
    int reason;

    if (!send_find(&bridge->sends, job->send.coupon_id, &send) || send.state != PENDING)
        return;
    reason = send.reason;
    if (job->reason) {
        settle_unsent(job, &send, call);
    } else if (job->end == PAY_DONE) {
        snprintf(send.number, sizeof(send.number), "%s", job->number);
        send.code[0] = '\0';
        send.reason = 0;
        send.state = SENT;
        used_at = send_take_use(bridge, send.number);
    } else if (job->end == PAY_REFUSED) {
        settle_refused(job, &send, now);
    } else {
        send.due_at = now + delay_ms(send.tries++);
        send.reason = COUPON__REASON__STOCK_WAITS;
    }
    send_put(bridge, &send, PENDING, reason, 0, call);
    if (used_at) {
        send.state = USED;
        send_put(bridge, &send, SENT, 0, used_at, call);
    }
}

/* Whom it goes to is written down before it leaves. */
static bool mark(struct favor_job *job, void *call)
{
    struct bridge *bridge = job->favor->bridge;
    struct send send;

    if (!send_find(&bridge->sends, job->send.coupon_id, &send) || send.state != PENDING)
        return false;
    send.payee = job->send.payee;
    snprintf(send.appid, sizeof(send.appid), "%s", job->appid);
    send.due_at = rpc_now(call) + 2 * PAY_TRY_MS;
    send_put(bridge, &send, PENDING, send.reason, 0, call);
    return true;
}

/* ---- stocks ---- */

static void on_step(void *arg, const struct pay_result *result)
{
    struct favor *favor = arg;
    struct favor_step *step = &favor->step;
    const char *number = pay_text(result->body, "stock_id");

    step->stage = STEP_ENDED;
    step->end = result->end;
    step->code = result->code;
    step->state = result->end == PAY_DONE ? favor_stock_state(pay_text(result->body, "status")) : 0;
    step->number[0] = '\0';
    if (result->end == PAY_DONE && wechat_word_ok(number, sizeof(step->number) - 1))
        snprintf(step->number, sizeof(step->number), "%s", number);
}

static void on_told_where(void *arg, const struct pay_result *result);

/* Asks for a step, or how the stock stands. */
static void send_step(struct favor *favor)
{
    static const char *const verbs[] = {
        [COUPON__BACKING_STEP__STOCK_START] = "start",
        [COUPON__BACKING_STEP__STOCK_PAUSE] = "pause",
        [COUPON__BACKING_STEP__STOCK_RESTART] = "restart",
    };
    struct favor_step *step = &favor->step;
    struct pay *pay = &favor->bridge->pay;
    char path[PAY_PATH_SIZE], *body = NULL;
    Coupon__StockOrdered *form = NULL;
    pay_done done = on_step;

    step->stage = STEP_OUT;
    step->end = PAY_NOT_SENT;
    if (step->asks) {
        snprintf(path, sizeof(path), "/v3/marketing/favor/stocks/%s?stock_creator_mchid=%s", step->stock.number,
                 pay->mchid);
    } else if (step->stock.step != COUPON__BACKING_STEP__STOCK_CREATE) {
        snprintf(path, sizeof(path), "/v3/marketing/favor/stocks/%s/%s", step->stock.number, verbs[step->stock.step]);
        body = favor_text(json_pack("{s:s}", "stock_creator_mchid", pay->mchid));
    } else if (!step->told_where) {
        done = on_told_where;
        snprintf(path, sizeof(path), "/v3/marketing/favor/callbacks");
        body =
            favor_text(json_pack("{s:s, s:s, s:b}", "mchid", pay->mchid, "notify_url", pay->notify_url, "switch", 1));
    } else {
        snprintf(path, sizeof(path), "/v3/marketing/favor/coupon-stocks");
        form = stock_form(&favor->bridge->stocks, step->stock.release_id);
        body = form ? favor_stock_body(form, pay->mchid) : NULL;
    }
    if ((!step->asks && !body) || !pay_ask(pay, path, body, done, favor)) {
        step->stage = STEP_ENDED;
        step->code = PAY_CODE_NONE;
    }
    free(body);
    coupon__stock_ordered__free_unpacked(form, NULL);
}

static void on_told_where(void *arg, const struct pay_result *result)
{
    struct favor *favor = arg;

    favor->step.told_where = result->end == PAY_DONE;
    if (favor->step.told_where)
        send_step(favor);
    else
        on_step(arg, result);
}

/* What it stands for when a step has been done. */
static int state_after(int step)
{
    switch (step) {
    case COUPON__BACKING_STEP__STOCK_CREATE:
        return BRIDGE__STOCK_STATE__STOCK_READY;
    case COUPON__BACKING_STEP__STOCK_PAUSE:
        return BRIDGE__STOCK_STATE__STOCK_PAUSED;
    default:
        return RUNNING;
    }
}

static void enter(struct bridge *bridge, struct stock *stock, int state, int64_t now)
{
    if (state == RUNNING && stock->state != RUNNING)
        sends_wake(bridge, stock->release_id, now);
    stock->state = state;
}

/* How it stands was asked: because a step was refused, or a send. */
static void settle_asked(struct favor *favor, struct stock *stock, void *call)
{
    struct favor_step *step = &favor->step;
    int was = stock->state;

    if (!step->state) {
        stock->due_at = rpc_now(call) + delay_ms(stock->tries++);
        stock_put(favor->bridge, stock, false, call);
        return;
    }
    enter(favor->bridge, stock, step->state, rpc_now(call));
    if (stock->step) {
        stock->reason = step->state == state_after(stock->step) ? 0 : COUPON__REASON__STOCK_REFUSED;
        stock->step = 0;
        stock_put(favor->bridge, stock, true, call);
    } else if (stock->state != was) {
        stock_put(favor->bridge, stock, true, call);
    }
}

/* There it is: from the next day on its files are asked for. */
static void take_number(struct stock *stock, const char *number, int64_t now)
{
    snprintf(stock->number, sizeof(stock->number), "%s", number);
    stock->flow_at = flow_next_at(now);
}

static void settle_step(struct favor *favor, void *call)
{
    struct favor_step *step = &favor->step;
    bool creates = step->stock.step == COUPON__BACKING_STEP__STOCK_CREATE;
    int64_t now = rpc_now(call);
    struct stock stock;

    if (!stock_find(&favor->bridge->stocks, step->stock.release_id, &stock) || stock.turn != step->stock.turn)
        return;
    if (step->asks) {
        settle_asked(favor, &stock, call);
    } else if (step->end == PAY_DONE && (!creates || *step->number)) {
        enter(favor->bridge, &stock, state_after(stock.step), now);
        if (creates)
            take_number(&stock, step->number, now);
        stock.code[0] = '\0';
        stock.reason = stock.step = 0;
        stock_put(favor->bridge, &stock, true, call);
    } else if (step->end == PAY_REFUSED && favor_means_of(step->code) > FAVOR_LATER) {
        snprintf(stock.code, sizeof(stock.code), "%s", pay_code_name(step->code));
        stock.reason = COUPON__REASON__STOCK_REFUSED;
        if (creates)
            stock.step = 0;
        else
            favor->look = stock.release_id; /* it may stand so already */
        stock.due_at = now + delay_ms(stock.tries++);
        stock_put(favor->bridge, &stock, creates, call);
    } else {
        snprintf(stock.code, sizeof(stock.code), "%s", pay_code_name(step->code));
        stock.due_at = now + delay_ms(stock.tries++);
        stock_put(favor->bridge, &stock, false, call);
    }
}

/* A stock cannot be asked for where there is no merchant. */
static void refuse_step(struct favor *favor, struct stock *stock, void *call)
{
    stock->reason = COUPON__REASON__STOCK_NO_MERCHANT;
    stock->step = 0;
    stock_put(favor->bridge, stock, true, call);
}

/* ---- turns ---- */

struct turn {
    struct favor *favor;
    bool marked[FAVOR_OUT];
};

static void write_turn(void *call, void *arg)
{
    struct turn *turn = arg;
    struct favor *favor = turn->favor;
    struct stock stock;

    for (unsigned i = 0; i < FAVOR_OUT; i++) {
        struct favor_job *job = &favor->jobs[i];

        if (job->stage == FAVOR_READY)
            turn->marked[i] = mark(job, call);
        else if (job->stage == FAVOR_ENDED)
            settle(job, call);
    }
    if (favor->step.stage == STEP_ENDED)
        settle_step(favor, call);
    if (!favor->bridge->pay.ready && stock_due(&favor->bridge->stocks, rpc_now(call), &stock))
        refuse_step(favor, &stock, call);
}

static bool has_news(struct favor *favor)
{
    struct stock stock;

    for (unsigned i = 0; i < FAVOR_OUT; i++) {
        if (favor->jobs[i].stage == FAVOR_READY || favor->jobs[i].stage == FAVOR_ENDED)
            return true;
    }
    return favor->step.stage == STEP_ENDED ||
           (!favor->bridge->pay.ready && stock_due(&favor->bridge->stocks, clock_now(favor->bridge->clock), &stock));
}

static void clear(struct favor_job *job)
{
    struct favor *favor = job->favor;

    mbedtls_platform_zeroize(job, sizeof(*job));
    job->favor = favor;
}

/* Commits what there is to say, and lets go who may. False when the commit failed: all is as before. */
static bool write_down(struct favor *favor)
{
    static struct turn turn;

    if (!has_news(favor))
        return true;
    turn = (struct turn){.favor = favor};
    if (rpc_server_transact(favor->bridge->rpc, write_turn, &turn))
        return false;
    for (unsigned i = 0; i < FAVOR_OUT; i++) {
        struct favor_job *job = &favor->jobs[i];

        if (job->stage == FAVOR_READY && turn.marked[i])
            let_go(job);
        else if (job->stage == FAVOR_READY || job->stage == FAVOR_ENDED)
            clear(job);
    }
    if (favor->step.stage == STEP_ENDED)
        favor->step.stage = STEP_IDLE;
    return true;
}

/* ---- what is due ---- */

static void begin(struct favor_job *job, const struct send *send, int64_t holder_id)
{
    struct bridge *bridge = job->favor->bridge;
    int64_t now = clock_now(bridge->clock);

    job->send = *send;
    job->holder_id = holder_id;
    if (!stock_find(&bridge->stocks, send->release_id, &job->stock))
        finish(job, COUPON__REASON__VOUCHER_ON_HOLD);
    else if (now >= job->stock.until && !send->payee.len)
        finish(job, COUPON__REASON__VOUCHER_TOO_LATE);
    else if (job->stock.state != RUNNING && now < job->stock.until)
        finish(job, COUPON__REASON__VOUCHER_ON_HOLD);
    else
        find_payee(job);
}

static bool is_under_way(const struct favor *favor, int64_t coupon_id, int64_t holder_id)
{
    for (unsigned i = 0; i < FAVOR_OUT; i++) {
        const struct favor_job *job = &favor->jobs[i];

        if (job->stage != FAVOR_IDLE && (job->send.coupon_id == coupon_id || job->holder_id == holder_id))
            return true;
    }
    return false;
}

static unsigned under_way(const struct favor *favor, int from, int to)
{
    unsigned n = 0;

    for (unsigned i = 0; i < FAVOR_OUT; i++)
        n += (int)favor->jobs[i].stage >= from && (int)favor->jobs[i].stage <= to;
    return n;
}

static void begin_due(struct favor *favor, unsigned room)
{
    static struct send due[2 * FAVOR_OUT]; /* as many as are under way, and as many more */
    struct bridge *bridge = favor->bridge;
    unsigned n = sends_due(&bridge->sends, clock_now(bridge->clock), due, ARRAY_LEN(due)), next = 0;

    for (unsigned i = 0; i < FAVOR_OUT && room > 0; i++) {
        if (favor->jobs[i].stage != FAVOR_IDLE)
            continue;
        while (next < n && is_under_way(favor, due[next].coupon_id, holder_of(&bridge->holders, due[next].member_id)))
            next++;
        if (next == n)
            return;
        begin(&favor->jobs[i], &due[next], holder_of(&bridge->holders, due[next].member_id));
        next++;
        room--;
    }
}

static void begin_step(struct favor *favor)
{
    struct favor_step *step = &favor->step;
    const struct stocks *stocks = &favor->bridge->stocks;

    if (step->stage != STEP_IDLE)
        return;
    step->asks = favor->look && stock_find(stocks, favor->look, &step->stock) && *step->stock.number;
    favor->look = 0;
    if (step->asks || stock_due(stocks, clock_now(favor->bridge->clock), &step->stock))
        send_step(favor);
}

int favor_step(struct favor *favor)
{
    unsigned room, coming;

    if (!write_down(favor))
        return OUTBOX_TICK_MS;
    room = pay_room(&favor->bridge->pay, PAY_SENDS);
    coming = under_way(favor, FAVOR_FINDING, FAVOR_READY);
    if (!favor->stopping && room > coming) {
        begin_step(favor);
        begin_due(favor, room - coming);
    }
    return under_way(favor, FAVOR_FINDING, FAVOR_ENDED) || favor->step.stage != STEP_IDLE ? FAVOR_BUSY_MS
                                                                                          : OUTBOX_TICK_MS;
}

bool favor_stop(struct favor *favor)
{
    favor->stopping = true;
    return under_way(favor, FAVOR_SENDING, FAVOR_SENDING) > 0 || favor->step.stage == STEP_OUT;
}

/* ---- what the provider tells by itself ---- */

void favor_hear(struct favor *favor, const json_t *plain, void *call)
{
    struct bridge *bridge = favor->bridge;
    Coupon__StockOrdered *form;
    struct favor_use use;
    struct stock stock;
    struct send send;
    int was;

    if (!favor_read_use(plain, bridge->pay.mchid, &use))
        return;
    if (!stock_find_number(&bridge->stocks, use.stock, &stock)) {
        open_case(bridge, BRIDGE__PAY_CASE_KIND__PAY_CASE_UNKNOWN_NUMBER, use.number, 0, use.face_fen, use.stock, call);
        return;
    }
    form = stock_form(&bridge->stocks, stock.release_id);
    if (form && (form->face_fen != use.face_fen || form->threshold_fen != use.threshold_fen)) {
        open_case(bridge, BRIDGE__PAY_CASE_KIND__PAY_CASE_DIFFERS, use.number, form->face_fen, use.face_fen, use.stock,
                  call);
    } else if (!send_find_number(&bridge->sends, use.number, &send) || send.release_id != stock.release_id) {
        send_use_early(bridge, use.number, use.used_at);
    } else if ((send.state == SENT || send.state == OVER) && use.used_at > send.back_at) {
        was = send.state;
        send.state = USED;
        send_put(bridge, &send, was, send.reason, use.used_at, call);
    }
    coupon__stock_ordered__free_unpacked(form, NULL);
}
