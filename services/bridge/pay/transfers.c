#include "services/bridge/pay/transfers.h"

#include <mbedtls/platform_util.h>

#include "common/base/log.h"
#include "common/cn/cn_id.h"
#include "identity/wechat.pb-c.h"
#include "services/bridge/bridge.h"
#include "services/bridge/pay/payee.h"

#define WAITING   BRIDGE__PAYOUT_STATE__PAYOUT_WAITING
#define SENT      BRIDGE__PAYOUT_STATE__PAYOUT_SENT
#define ACCEPTED  BRIDGE__PAYOUT_STATE__PAYOUT_ACCEPTED
#define CONFIRM   BRIDGE__PAYOUT_STATE__PAYOUT_CONFIRM
#define PAID      BRIDGE__PAYOUT_STATE__PAYOUT_PAID
#define FAILED    BRIDGE__PAYOUT_STATE__PAYOUT_FAILED
#define CANCELLED BRIDGE__PAYOUT_STATE__PAYOUT_CANCELLED
#define REFUSED   BRIDGE__PAYOUT_STATE__PAYOUT_REFUSED

void transfers_init(struct transfers *transfers, struct bridge *bridge, const struct pay_limits *limits)
{
    *transfers = (struct transfers){.bridge = bridge, .limits = *limits};
    for (unsigned i = 0; i < TRANSFERS_OUT; i++)
        transfers->jobs[i].bridge = bridge;
}

static void open_case(struct bridge *bridge, int kind, const struct payout *payout, const char *number,
                      int64_t their_fen, const char *word, void *call)
{
    struct pay_case one = {.kind = kind, .their_fen = their_fen};

    if (payout) {
        one.payout_id = payout->id;
        one.our_fen = payout->fen;
    }
    snprintf(one.number, sizeof(one.number), "%s", number);
    snprintf(one.word, sizeof(one.word), "%s", word);
    case_open(bridge, &one, call);
}

/* ---- a request ---- */

static void finish(struct transfer_job *job, int reason)
{
    job->stage = TRANSFER_ENDED;
    job->reason = reason;
    mbedtls_platform_zeroize(job->openid, sizeof(job->openid));
    mbedtls_platform_zeroize(job->name, sizeof(job->name));
}

static void on_answer(void *arg, const struct pay_result *result)
{
    struct transfer_job *job = arg;

    job->end = result->end;
    job->status = result->status;
    job->code = result->code;
    job->has_said = result->end == PAY_DONE && transfer_read(result->body, &job->said);
    if (result->end == PAY_DONE && !job->has_said)
        job->end = PAY_UNKNOWN;
    finish(job, 0);
}

static bool send_transfer(struct transfer_job *job)
{
    struct bridge *bridge = job->bridge;
    char sealed[PAY_SEALED_SIZE] = "", *body;
    bool sent;

    if (job->payout.fen >= TRANSFER_NAME_FROM &&
        !pay_seal(pay_key_now(&bridge->pay), &bridge->pay.own, job->name, sealed))
        return false;
    body = transfer_body(&job->payout, job->appid, job->openid, sealed, bridge->pay.notify_url);
    sent = body && pay_ask(&bridge->pay, TRANSFER_PATH, body, on_answer, job);
    if (body)
        mbedtls_platform_zeroize(body, strlen(body));
    free(body);
    return sent;
}

static void let_go(struct transfer_job *job)
{
    struct bridge *bridge = job->bridge;
    char path[PAY_PATH_SIZE];
    bool sent;

    job->stage = TRANSFER_OUT;
    job->end = PAY_NOT_SENT;
    job->has_said = false;
    snprintf(path, sizeof(path), TRANSFER_PATH "/out-bill-no/%s%s", job->payout.number,
             job->what == TRANSFER_CANCEL ? "/cancel" : "");
    if (job->what == TRANSFER_SEND) {
        sent = send_transfer(job);
    } else {
        sent = pay_ask(&bridge->pay, path, job->what == TRANSFER_CANCEL ? "" : NULL, on_answer, job);
    }
    if (!sent)
        finish(job, 0);
}

/* ---- whom it goes to ---- */

static bool copy_payee(struct transfer_job *job, const Identity__FoundPayee *found)
{
    return wechat_word_ok(found->openid, sizeof(job->openid) - 1) &&
           wechat_word_ok(found->appid, sizeof(job->appid) - 1) && strlen(found->name) < sizeof(job->name) &&
           snprintf(job->appid, sizeof(job->appid), "%s", found->appid) > 0 &&
           snprintf(job->openid, sizeof(job->openid), "%s", found->openid) > 0 &&
           snprintf(job->name, sizeof(job->name), "%s", found->name) >= 0;
}

/* Under a number it goes to whom it was first sent to, or not at all. */
static bool is_same_payee(const struct transfer_job *job)
{
    unsigned char print[PAYOUT_PAYEE_LEN];

    payout_payee(job->payout.number, job->openid, print);
    return job->payout.payee.len == 0 || memcmp(print, job->payout.payee.bytes, sizeof(print)) == 0;
}

/* It is asked about, and whether her WeChat is still the one that it went to is known, or not. */
static void ask_about(struct transfer_job *job, const Identity__FoundPayee *found, int reason)
{
    job->changed =
        reason == IDENTITY__REASON__WECHAT_NOT_FOUND || (found && copy_payee(job, found) && !is_same_payee(job));
    let_go(job);
}

static void on_payee(void *arg, const Rpc__Answer *answer)
{
    struct transfer_job *job = arg;
    int reason;
    Identity__FoundPayee *found = payee_read(answer, &reason);

    if (job->what == TRANSFER_QUERY) {
        ask_about(job, found, reason);
        payee_forget(found);
        return;
    }
    if (found && !copy_payee(job, found))
        reason = RPC__REASON__INTERNAL;
    if (reason == IDENTITY__REASON__WECHAT_NOT_FOUND)
        reason = BRIDGE__REASON__PAYOUT_NO_WECHAT;
    if (!reason && job->payout.fen >= TRANSFER_NAME_FROM && !*job->name)
        reason = BRIDGE__REASON__PAYOUT_NO_NAME;
    if (!reason && !is_same_payee(job))
        reason = BRIDGE__REASON__PAYOUT_WECHAT_CHANGED;
    if (reason)
        finish(job, reason);
    else
        job->stage = TRANSFER_READY;
    payee_forget(found);
}

static void find_payee(struct transfer_job *job)
{
    struct transfers *transfers = &job->bridge->transfers;

    job->stage = TRANSFER_FINDING; /* under its number it stays in its app */
    if (payee_ask(transfers->ask, transfers->ask_self, &job->bridge->pay, job->payout.member_id, job->payout.appid,
                  on_payee, job))
        return;
    if (job->what == TRANSFER_QUERY)
        let_go(job);
    else
        finish(job, RPC__REASON__OVERLOADED);
}

/* ---- what has come of it, in a transaction ---- */

static int64_t next_day(int64_t now)
{
    int64_t begin = 0;

    return cn_day_begin(cn_day(now + INT64_C(86400000)), &begin) ? begin : now + INT64_C(86400000);
}

/* Of our own: nothing left. */
static void settle_unsent(const struct transfer_job *job, struct payout *payout, int64_t now)
{
    payout->reason = job->reason;
    payout->tries++;
    payout->due_at = now + transfer_delay_ms(payout, now);
    if (job->reason == BRIDGE__REASON__PAYOUT_OVER_DAY)
        payout->due_at = next_day(now);
    else if (job->reason == BRIDGE__REASON__PAYOUT_NO_WECHAT || job->reason == BRIDGE__REASON__PAYOUT_NO_NAME ||
             job->reason == BRIDGE__REASON__PAYOUT_WECHAT_CHANGED)
        payout->due_at = now + INT64_C(3600000); /* she may bind one, or prove her name */
}

/* What the provider says of the bill. */
static void take_said(const struct transfer_job *job, struct payout *payout, int64_t now)
{
    const struct transfer_said *said = &job->said;
    int state = transfer_means(said->state);

    payout->missing = 0;
    payout->tries = 0;
    payout->reason = 0;
    payout->code[0] = '\0';
    payout->state = state;
    if (state == CONFIRM) {
        if (*said->package)
            snprintf(payout->package, sizeof(payout->package), "%s", said->package);
        if (!payout->confirm_until)
            payout->confirm_until = now + TRANSFER_LIFE_MS;
        /* With the old WeChat she can confirm it still; else it goes back, and under another number to the new one. */
        if (job->changed)
            payout->reason = BRIDGE__REASON__PAYOUT_WECHAT_CHANGED;
    }
    if (state == FAILED || state == CANCELLED) {
        snprintf(payout->code, sizeof(payout->code), "%s", said->reason);
        payout->reason = state == CANCELLED ? (int)BRIDGE__REASON__PAYOUT_WITHDRAWN : transfer_reason(said->reason);
    }
    payout->due_at = now + transfer_delay_ms(payout, now);
    /* Without the package she cannot confirm it: the same request under the same number tells it. */
    if (state == CONFIRM && !*payout->package && !payout->withdrawn)
        payout->due_at = now;
}

/* Whether what is said is of our order at all. */
static bool is_ours(const struct transfer_job *job, const struct payout *payout)
{
    unsigned char print[PAYOUT_PAYEE_LEN];

    if (strcmp(job->said.number, payout->number) != 0 || job->said.state == TRANSFER_ODD)
        return false;
    if (job->what != TRANSFER_QUERY)
        return true;
    payout_payee(payout->number, job->said.openid, print);
    return job->said.fen == payout->fen &&
           (payout->payee.len == 0 || memcmp(print, payout->payee.bytes, sizeof(print)) == 0);
}

static void settle_said(const struct transfer_job *job, struct payout *payout, void *call)
{
    int64_t now = rpc_now(call);

    if (is_ours(job, payout)) {
        if (payout->payee.len == 0) { /* a store that was made anew knows it by this alone */
            payout_payee(payout->number, job->said.openid, payout->payee.bytes);
            payout->payee.len = PAYOUT_PAYEE_LEN;
        }
        take_said(job, payout, now);
        return;
    }
    open_case(job->bridge, BRIDGE__PAY_CASE_KIND__PAY_CASE_DIFFERS, payout, payout->number, job->said.fen, "", call);
    payout->due_at = now + INT64_C(3600000);
}

/* The provider does not know the number. */
static void settle_missing(const struct transfer_job *job, struct payout *payout, void *call)
{
    int64_t now = rpc_now(call);
    bool over = now - payout->sent_at >= TRANSFER_RESEND_MS;

    payout->missing++;
    payout->due_at = now + INT64_C(10000) * payout->missing * payout->missing;
    if (payout->state != SENT && payout->state != WAITING) {
        /* It has known it, and forgets after thirty days. */
        payout->due_at =
            now + (payout->missing > TRANSFER_MISSING ? INT64_C(3600000) : INT64_C(5000) * payout->missing);
        if (now - payout->sent_at >= TRANSFER_FORGET_MS)
            open_case(job->bridge, BRIDGE__PAY_CASE_KIND__PAY_CASE_LOST, payout, payout->number, 0, "", call);
        return;
    }
    if (payout->missing < TRANSFER_MISSING && (*payout->code || payout->withdrawn || over))
        return;
    if (payout->withdrawn) {
        payout->state = CANCELLED;
        payout->reason = BRIDGE__REASON__PAYOUT_WITHDRAWN;
    } else if (*payout->code) {
        payout->state = REFUSED;
        payout->reason = BRIDGE__REASON__PAYOUT_PROVIDER_REFUSES;
    } else if (over) {
        payout->state = REFUSED;
        payout->reason = BRIDGE__REASON__PAYOUT_PROVIDER_REFUSES;
        open_case(job->bridge, BRIDGE__PAY_CASE_KIND__PAY_CASE_LOST, payout, payout->number, 0, "", call);
    } else {
        payout->state = WAITING;
        payout->due_at = now;
    }
}

static void settle_later(const struct transfer_job *job, struct payout *payout, int64_t now)
{
    payout->reason =
        job->code == PAY_NOT_ENOUGH ? BRIDGE__REASON__PAYOUT_NO_BALANCE : BRIDGE__REASON__PAYOUT_WAITS_FOR_PROVIDER;
    payout->tries++;
    payout->due_at = now + transfer_delay_ms(payout, now);
}

static void settle_sent(const struct transfer_job *job, struct payout *payout, int64_t now)
{
    if (payout->state == CONFIRM) { /* asked for its package again, which is lost at worst */
        payout->due_at = now + TRANSFER_AGAIN_MS;
        return;
    }
    if (job->end == PAY_NOT_SENT || (job->end == PAY_REFUSED && pay_next_of(job->status, job->code) == PAY_LATER)) {
        payout->state = WAITING;
        settle_later(job, payout, now);
        return;
    }
    if (job->end == PAY_REFUSED && pay_next_of(job->status, job->code) == PAY_NEVER)
        snprintf(payout->code, sizeof(payout->code), "%s", pay_code_name(job->code));
    payout->state = SENT;
    payout->reason = BRIDGE__REASON__PAYOUT_WAITS_FOR_PROVIDER;
    payout->tries++;
    payout->due_at = now + transfer_delay_ms(payout, now);
}

static bool is_not_found(const struct transfer_job *job)
{
    return job->end == PAY_REFUSED && (job->code == PAY_NOT_FOUND || job->code == PAY_RESOURCE_NOT_EXISTS);
}

static void settle_asked(const struct transfer_job *job, struct payout *payout, void *call)
{
    int64_t now = rpc_now(call);

    if (job->what == TRANSFER_CANCEL && job->end == PAY_REFUSED && pay_next_of(job->status, job->code) == PAY_NEVER) {
        payout->withdrawn = 2; /* it is too late, and how it ends is asked */
        payout->due_at = now;
    } else if (job->what == TRANSFER_QUERY && is_not_found(job)) {
        settle_missing(job, payout, call);
    } else {
        settle_later(job, payout, now);
    }
}

static void settle(struct transfer_job *job, void *call)
{
    struct bridge *bridge = job->bridge;
    int64_t now = rpc_now(call);
    struct payout payout;
    int was;

    if (!payouts_find(&bridge->payouts, job->payout.id, &payout) || payout_has_ended(&payout) ||
        strcmp(payout.number, job->payout.number) != 0)
        return;
    was = payout.state;
    if (job->reason == BRIDGE__REASON__PAYOUT_WITHDRAWN) {
        payout.state = CANCELLED;
        payout.reason = job->reason;
    } else if (job->reason) {
        settle_unsent(job, &payout, now);
        if (job->reason == BRIDGE__REASON__PAYOUT_WECHAT_CHANGED ||
            (job->reason == BRIDGE__REASON__PAYOUT_NO_WECHAT && payout.payee.len))
            open_case(bridge, BRIDGE__PAY_CASE_KIND__PAY_CASE_WECHAT_CHANGED, &payout, payout.number, 0, "", call);
        if (payout.payee.len && payout.state == WAITING) /* it cannot leave again as it was: it is asked about */
            payout.state = SENT;
    } else if (job->end == PAY_DONE) {
        if (job->what == TRANSFER_CANCEL)
            payout.withdrawn = 2;
        settle_said(job, &payout, call);
    } else if (job->what == TRANSFER_SEND) {
        settle_sent(job, &payout, now);
    } else {
        settle_asked(job, &payout, call);
    }
    /* What the provider has told meanwhile, or who has withdrawn it, is heeded at once. */
    if (payout.told_at != job->payout.told_at || (payout.withdrawn == 1 && !job->payout.withdrawn))
        payout.due_at = now;
    payouts_set(bridge, &payout, was, call);
}

/* Marks a payout as SENT, if the day's limits let it go. A Reason, or 0. */
static int mark(struct transfers *transfers, struct transfer_job *job, void *call)
{
    struct bridge *bridge = transfers->bridge;
    const struct pay_limits *limits = &transfers->limits;
    int64_t now = rpc_now(call);
    struct payout payout;
    int day = cn_day(now), was;

    if (!payouts_find(&bridge->payouts, job->payout.id, &payout) || payout.state != job->payout.state ||
        strcmp(payout.number, job->payout.number) != 0)
        return RPC__REASON__INTERNAL;
    if (payout.withdrawn)
        return payout.sent_at ? RPC__REASON__INTERNAL : BRIDGE__REASON__PAYOUT_WITHDRAWN;
    was = payout.state;
    if (!payout.sent_day) {
        /* What was counted may have failed since. */
        if (transfers->day != day || transfers->day_fen + payout.fen > limits->day)
            transfers->day_fen = payouts_sum_day(&bridge->payouts, day);
        transfers->day = day;
        if (transfers->day_fen + payout.fen > limits->day ||
            payouts_sum_person(&bridge->payouts, payout.member_id, day) + payout.fen > limits->person_day)
            return BRIDGE__REASON__PAYOUT_OVER_DAY;
        transfers->day_fen += payout.fen;
        payout.sent_day = day;
    }
    if (!payout.sent_at)
        payout.sent_at = now;
    if (was == WAITING)
        payout.state = SENT;
    payout.missing = 0; /* of what leaves now nobody has asked yet */
    payout.due_at = now + 2 * PAY_TRY_MS + transfer_delay_ms(&payout, now);
    payout_payee(payout.number, job->openid, payout.payee.bytes);
    payout.payee.len = PAYOUT_PAYEE_LEN;
    snprintf(payout.appid, sizeof(payout.appid), "%s", job->appid);
    if (!payouts_set(bridge, &payout, was, call))
        return RPC__REASON__INTERNAL;
    job->payout = payout;
    return 0;
}

struct turn {
    struct transfers *transfers;
    bool marked[TRANSFERS_OUT];
    int refused[TRANSFERS_OUT];
};

static void write_turn(void *call, void *arg)
{
    struct turn *turn = arg;
    struct transfers *transfers = turn->transfers;
    struct bridge *bridge = transfers->bridge;

    if (!transfers->told)
        payouts_tell_ways(bridge, &transfers->limits, bridge->pay.ready, call);
    for (unsigned i = 0; i < TRANSFERS_OUT; i++) {
        struct transfer_job *job = &transfers->jobs[i];

        if (job->stage == TRANSFER_READY) {
            turn->refused[i] = mark(transfers, job, call);
            turn->marked[i] = !turn->refused[i];
        } else if (job->stage == TRANSFER_ENDED) {
            settle(job, call);
        }
    }
}

static void clear(struct transfer_job *job)
{
    struct bridge *bridge = job->bridge;

    mbedtls_platform_zeroize(job, sizeof(*job));
    job->bridge = bridge;
}

/* Commits what there is to say, and lets go who may. False when the commit failed: all is as before, and tried again.
 */
static bool write_down(struct transfers *transfers)
{
    static struct turn turn;
    bool wanted = !transfers->told;

    turn = (struct turn){.transfers = transfers};
    for (unsigned i = 0; i < TRANSFERS_OUT; i++)
        wanted |= transfers->jobs[i].stage == TRANSFER_READY || transfers->jobs[i].stage == TRANSFER_ENDED;
    if (!wanted)
        return true;
    if (rpc_server_transact(transfers->bridge->rpc, write_turn, &turn)) {
        transfers->day = 0;
        for (unsigned i = 0; i < TRANSFERS_OUT; i++) {
            /* What was marked is not: it is asked for once more when the disk is there. */
            if (turn.marked[i])
                clear(&transfers->jobs[i]);
        }
        return false;
    }
    transfers->told = true;
    for (unsigned i = 0; i < TRANSFERS_OUT; i++) {
        struct transfer_job *job = &transfers->jobs[i];

        if (job->stage == TRANSFER_READY && turn.marked[i])
            let_go(job);
        else if (job->stage == TRANSFER_READY && (turn.refused[i] == BRIDGE__REASON__PAYOUT_OVER_DAY ||
                                                  turn.refused[i] == BRIDGE__REASON__PAYOUT_WITHDRAWN))
            finish(job, turn.refused[i]);
        else if (job->stage == TRANSFER_READY || job->stage == TRANSFER_ENDED)
            clear(job);
    }
    return true;
}

/* ---- what is due ---- */

static void begin(struct transfer_job *job, const struct payout *payout)
{
    int64_t now = clock_now(job->bridge->clock);

    *job = (struct transfer_job){.bridge = job->bridge, .payout = *payout, .what = TRANSFER_QUERY};
    if (payout->state == WAITING && payout->withdrawn && !payout->sent_at) {
        finish(job, BRIDGE__REASON__PAYOUT_WITHDRAWN);
    } else if ((payout->state == WAITING && !payout->withdrawn &&
                (!payout->sent_at || now - payout->sent_at < TRANSFER_RESEND_MS)) ||
               (payout->state == CONFIRM && !*payout->package && !payout->withdrawn &&
                now - payout->sent_at < TRANSFER_LIFE_MS)) {
        job->what = TRANSFER_SEND;
        find_payee(job);
    } else {
        if (payout->withdrawn == 1 && (payout->state == ACCEPTED || payout->state == CONFIRM))
            job->what = TRANSFER_CANCEL;
        if (payout->state == CONFIRM && !payout->withdrawn)
            find_payee(job);
        else
            let_go(job);
    }
}

static bool is_under_way(const struct transfers *transfers, int64_t id)
{
    for (unsigned i = 0; i < TRANSFERS_OUT; i++) {
        if (transfers->jobs[i].stage != TRANSFER_IDLE && transfers->jobs[i].payout.id == id)
            return true;
    }
    return false;
}

static unsigned under_way(const struct transfers *transfers, enum transfer_stage least, enum transfer_stage most)
{
    unsigned n = 0;

    for (unsigned i = 0; i < TRANSFERS_OUT; i++)
        n += transfers->jobs[i].stage >= least && transfers->jobs[i].stage <= most;
    return n;
}

/* Of those that wait to be sent, or of those that may have left: as many as may go now. */
static void begin_due(struct transfers *transfers, bool waiting)
{
    unsigned room = pay_room(&transfers->bridge->pay, waiting ? PAY_SENDS : PAY_ASKS);
    static struct payout due[2 * TRANSFERS_OUT]; /* as many as are under way, and as many more */
    unsigned n, next = 0;

    for (unsigned i = 0; i < TRANSFERS_OUT; i++) {
        const struct transfer_job *job = &transfers->jobs[i];
        bool coming = job->stage == TRANSFER_FINDING || job->stage == TRANSFER_READY;

        room -= room > 0 && coming && (job->payout.state == WAITING) == waiting;
    }
    if (room == 0)
        return;
    n = payouts_due(&transfers->bridge->payouts, waiting, clock_now(transfers->bridge->clock), due, ARRAY_LEN(due));
    for (unsigned i = 0; i < TRANSFERS_OUT && next < n && room > 0; i++) {
        struct transfer_job *job = &transfers->jobs[i];

        if (job->stage != TRANSFER_IDLE)
            continue;
        while (next < n && is_under_way(transfers, due[next].id))
            next++;
        if (next < n) {
            begin(job, &due[next++]);
            room--;
        }
    }
}

int transfers_step(struct transfers *transfers)
{
    pay_tick(&transfers->bridge->pay);
    if (!write_down(transfers))
        return TRANSFERS_IDLE_MS;
    if (!transfers->stopping) {
        begin_due(transfers, false);
        begin_due(transfers, true);
    }
    return under_way(transfers, TRANSFER_FINDING, TRANSFER_ENDED) ? TRANSFERS_BUSY_MS : TRANSFERS_IDLE_MS;
}

bool transfers_stop(struct transfers *transfers)
{
    transfers->stopping = true;
    return under_way(transfers, TRANSFER_OUT, TRANSFER_OUT) > 0;
}

/* ---- what the provider tells by itself ---- */

static bool agrees(const struct payout *payout, const struct transfer_said *said)
{
    unsigned char print[PAYOUT_PAYEE_LEN];

    payout_payee(payout->number, said->openid, print);
    return said->fen == payout->fen &&
           (payout->payee.len == 0 || memcmp(print, payout->payee.bytes, sizeof(print)) == 0);
}

static void hear_of_old(struct bridge *bridge, const struct transfer_said *said, void *call)
{
    struct payout payout;
    int64_t id;
    int state;

    if (!payouts_find_old(&bridge->payouts, said->number, &id, &state))
        open_case(bridge, BRIDGE__PAY_CASE_KIND__PAY_CASE_UNKNOWN_NUMBER, NULL, said->number, said->fen, said->reason,
                  call);
    else if (transfer_means(said->state) == PAID && payouts_find(&bridge->payouts, id, &payout))
        open_case(bridge, BRIDGE__PAY_CASE_KIND__PAY_CASE_AFTER_END, &payout, said->number, said->fen, "SUCCESS", call);
}

void transfers_hear(struct transfers *transfers, const json_t *plain, void *call)
{
    struct bridge *bridge = transfers->bridge;
    struct transfer_said said;
    struct payout payout;

    if (!transfer_read(plain, &said))
        return;
    if (!payouts_find_number(&bridge->payouts, said.number, &payout)) {
        hear_of_old(bridge, &said, call);
    } else if (!agrees(&payout, &said)) {
        open_case(bridge, BRIDGE__PAY_CASE_KIND__PAY_CASE_DIFFERS, &payout, payout.number, said.fen, said.reason, call);
    } else if (payout_has_ended(&payout)) {
        if (transfer_means(said.state) != payout.state)
            open_case(bridge, BRIDGE__PAY_CASE_KIND__PAY_CASE_AFTER_END, &payout, payout.number, said.fen, said.reason,
                      call);
    } else {
        payouts_told(&bridge->payouts, &payout, rpc_now(call));
    }
}

void transfers_report(struct transfers *transfers, struct arena *arena, Rpc__ProbeReport *ret)
{
    int64_t counts[16];

    payouts_count(&transfers->bridge->payouts, counts);
    for (int state = WAITING; state <= (int)REFUSED; state++) {
        char *labels =
            arena_printf(arena, "state=\"%s\"",
                         protobuf_c_enum_descriptor_get_value(&bridge__payout_state__descriptor, state)->name);

        if (labels)
            rpc_metric(arena, ret, "huigong_payouts", "gauge", labels, (double)counts[state]);
    }
    rpc_metric(arena, ret, "huigong_pay_requests_total", "counter", "", (double)transfers->bridge->pay.asked);
    rpc_metric(arena, ret, "huigong_pay_failed_total", "counter", "", (double)transfers->bridge->pay.failed);
    rpc_metric(arena, ret, "huigong_pay_unproven_total", "counter", "", (double)transfers->bridge->pay.unproven);
    rpc_metric(arena, ret, "huigong_pay_cases_open", "gauge", "", (double)cases_count_open(&transfers->bridge->cases));
}
