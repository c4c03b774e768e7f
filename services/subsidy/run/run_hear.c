/* run_hear.c: what the bridge tells of orders, and of what its ways carry. */
#include "bridge/bridge.pb-c.h"
#include "common/base/log.h"
#include "payout.pb-c.h"
#include "services/subsidy/run/run_internal.h"
#include "services/subsidy/scheme/scheme_rules.h"

#define SOURCE "subsidy"

/* ---- words ---- */

const char *run_line_words(const struct run_line *line)
{
    if (line->state == SUBSIDY__LINE_STATE__LINE_OUT)
        return "名单固定后申请已失效，未发放";
    if (line->state != SUBSIDY__LINE_STATE__LINE_BACK)
        return "";
    switch (line->reason) {
    case BRIDGE__REASON__PAYOUT_NOT_CONFIRMED:
        return "收款人未在24小时内在微信中确认；将在下一批重新发放，届时请及时确认";
    case BRIDGE__REASON__PAYOUT_NO_WECHAT:
        return "收款人没有绑定微信；请在惠工绑定微信后等待下一批发放";
    case BRIDGE__REASON__PAYOUT_NO_NAME:
        return "收款人没有完成实名认证；请完成认证后等待下一批发放";
    case BRIDGE__REASON__PAYOUT_ACCOUNT_REFUSED:
        return "收款人的微信账户不能收款；请在微信中核对实名信息和收款限额后等待下一批发放";
    case BRIDGE__REASON__PAYOUT_OVER_ORDER:
        return "金额超出单笔限额；请经办工会联系财务处理";
    case BRIDGE__REASON__PAYOUT_WITHDRAWN:
        return "付款已撤销；如仍应发放，将在下一批重新发放";
    case BRIDGE__REASON__PAYOUT_WAY_NOT_SET_UP:
        return "付款方式尚未开通；请经办工会联系财务处理";
    case SUBSIDY__REASON__LINE_NOT_OUT:
        return "没有领取；将在下一批重新发放，届时请按工会通知领取";
    case BRIDGE__REASON__PAYOUT_BANK_FAILED:
        return "银行未能入账并已退回；请联系经办工会核对收款账户";
    case BRIDGE__REASON__PAYOUT_ACCOUNT_ODD:
        return "收款账户不能用于银行付款；请联系经办工会核对收款账户";
    case BRIDGE__REASON__PAYOUT_PROVIDER_REFUSES:
    case BRIDGE__REASON__PAYOUT_ORDER_ODD:
        return "微信支付未受理；请经办工会联系财务核对后重新发放";
    default:
        return "未能付款；将在下一批重新发放，如再次失败请联系经办工会";
    }
}

/* ---- orders ---- */

static bool has_ended(const struct run_line *line)
{
    return line->state != SUBSIDY__LINE_STATE__LINE_ORDERED && line->state != SUBSIDY__LINE_STATE__LINE_TO_CONFIRM;
}

/* She has it. */
static void is_paid(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application, void *call)
{
    bool back = application->state == SUBSIDY__APPLICATION_STATE__APPLICATION_PAYABLE; /* so it was said before */

    selection_counts_as(self, application, GRANTED__GRANT_STATE__SPENT, call);
    if (!rpc_refuse_if(call, funding_move(self, scheme, back ? BUDGET__ACCOUNT__PAYABLE : BUDGET__ACCOUNT__IN_FLIGHT,
                                          BUDGET__ACCOUNT__SPENT, application->amount_fen, application->id, call)))
        selection_pass(self, scheme, application, SUBSIDY__APPLICATION_STATE__APPLICATION_PAID,
                       SUBSIDY__STEP_KIND__STEP_PAID, NOTICE__NOTICE_KIND__SUBSIDY_PAID, call);
}

/* She has it not, and by this order never will: also the bridge does not send it again. */
static void came_back(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application,
                      int64_t order_id, void *call)
{
    Payout__PayoutWithdrawn withdrawn = PAYOUT__PAYOUT_WITHDRAWN__INIT;

    withdrawn.order_id = order_id;
    if (scheme->payment->way != PAYOUT__WAY__IN_KIND)
        rpc_tell(call, &withdrawn.base);
    if (rpc_refuse_if(call, funding_move(self, scheme, BUDGET__ACCOUNT__IN_FLIGHT, BUDGET__ACCOUNT__PAYABLE,
                                         application->amount_fen, application->id, call)))
        return;
    selection_counts_as(self, application, GRANTED__GRANT_STATE__HELD, call);
    selection_pass(self, scheme, application, SUBSIDY__APPLICATION_STATE__APPLICATION_PAYABLE,
                   SUBSIDY__STEP_KIND__STEP_CAME_BACK, NOTICE__NOTICE_KIND__SUBSIDY_NOT_PAID, call);
    application_came_back(self, scheme, application, call);
}

static void to_confirm(struct subsidy *self, const Subsidy__Scheme *scheme, struct application *application, void *call)
{
    const struct application_step step = {.kind = SUBSIDY__STEP_KIND__STEP_TO_CONFIRM};

    application_put(self, application, &step, call);
    application_tell_her(self, application, scheme, NOTICE__NOTICE_KIND__SUBSIDY_TO_CONFIRM, call);
}

static int line_state(int payout)
{
    switch (payout) {
    case BRIDGE__PAYOUT_STATE__PAYOUT_CONFIRM:
        return SUBSIDY__LINE_STATE__LINE_TO_CONFIRM;
    case BRIDGE__PAYOUT_STATE__PAYOUT_PAID:
        return SUBSIDY__LINE_STATE__LINE_PAID;
    case BRIDGE__PAYOUT_STATE__PAYOUT_FAILED:
    case BRIDGE__PAYOUT_STATE__PAYOUT_CANCELLED:
    case BRIDGE__PAYOUT_STATE__PAYOUT_REFUSED:
        return SUBSIDY__LINE_STATE__LINE_BACK;
    default:
        return SUBSIDY__LINE_STATE__LINE_ORDERED;
    }
}

/* Whether what is told may move the money of its application: its order is under way; or it was paid after all, and no
 * other is. */
static bool moves(const struct run_line *line, int state, const struct application *application)
{
    if (application->state == SUBSIDY__APPLICATION_STATE__APPLICATION_ORDERED)
        return !has_ended(line);
    return application->state == SUBSIDY__APPLICATION_STATE__APPLICATION_PAYABLE &&
           line->state == SUBSIDY__LINE_STATE__LINE_BACK && state == SUBSIDY__LINE_STATE__LINE_PAID;
}

void run_apply(struct subsidy *self, struct run_line *line, int state, int reason, void *call)
{
    struct application application;
    const Subsidy__Scheme *scheme = NULL;
    struct run run;

    if (line->state == state)
        return;
    if (application_find(self, line->application_id, &application))
        scheme = scheme_find(self, application.scheme_id, rpc_arena(call));
    if (rpc_refuse_if(call, scheme && runs_find(self, line->run_id, &run) ? 0 : RPC__REASON__OVERLOADED))
        return;
    if (!moves(line, state, &application)) {
        log_warn("payout_told_late", "order", log_int(line->order_id), "line", log_int(line->state), "told",
                 log_int(state));
        return;
    }
    if (line->state == SUBSIDY__LINE_STATE__LINE_BACK)
        run.n_back--;
    line->state = state;
    line->reason = reason;
    run_line_put(self, line);
    if (state == SUBSIDY__LINE_STATE__LINE_PAID)
        is_paid(self, scheme, &application, call);
    else if (state == SUBSIDY__LINE_STATE__LINE_BACK)
        came_back(self, scheme, &application, line->order_id, call);
    else if (state == SUBSIDY__LINE_STATE__LINE_TO_CONFIRM)
        to_confirm(self, scheme, &application, call);
    if (has_ended(line))
        run_counts(self, &run, line, call);
}

static void hear_payout(struct subsidy *self, const Bridge__PayoutChanged *changed, void *call)
{
    struct run_line line;

    if (strcmp(changed->source, SOURCE) != 0)
        return;
    store_ask(self->store, run_sql(self, RUN_SQL_LINE_OF_ORDER), "i", changed->order_id);
    if (store_only(self->store, run_sql(self, RUN_SQL_LINE_OF_ORDER), INTO(line.run_id), INTO(line.nth),
                   INTO(line.application_id), INTO(line.fen), INTO(line.state), INTO(line.order_id), INTO(line.reason)))
        run_apply(self, &line, line_state((int)changed->state), changed->reason, call);
}

/* ---- ways ---- */

static int64_t scene_bit(int scene)
{
    int bit = scene - (int)PAYOUT__SCENE__SCENE_PRIZE;

    return bit >= 0 && bit < 63 ? INT64_C(1) << bit : 0;
}

static void hear_way(struct subsidy *self, const Bridge__PayWayChanged *changed)
{
    int64_t scenes = 0;

    for (size_t i = 0; i < changed->n_scene; i++)
        scenes |= scene_bit((int)changed->scene[i]);
    store_run(self->store, run_sql(self, RUN_SQL_SET_WAY), "iiiii", (int64_t)changed->way, (int64_t)changed->open,
              changed->order_min_fen, changed->order_max_fen, scenes);
}

int run_way_refusal(const struct subsidy *self, const Subsidy__Scheme *scheme, void *call)
{
    int64_t least, most, scenes;
    bool open = false;

    if (!scheme->payment || scheme->payment->way == PAYOUT__WAY__IN_KIND)
        return 0;
    store_ask(self->store, run_sql(self, RUN_SQL_WAY), "i", (int64_t)scheme->payment->way);
    if (!store_only(self->store, run_sql(self, RUN_SQL_WAY), INTO(open), INTO(least), INTO(most), INTO(scenes)) ||
        !open)
        return SUBSIDY__REASON__WAY_NOT_OPEN;
    if (scheme->payment->way == PAYOUT__WAY__BY_BANK && !self->accounts)
        return SUBSIDY__REASON__WAY_NOT_OPEN;
    if (scheme->payment->way == PAYOUT__WAY__BY_WECHAT && !(scenes & scene_bit((int)scheme->payment->scene)))
        return SUBSIDY__REASON__SCENE_NOT_OPEN;
    if (scheme_most_fen(scheme) <= most && (*scheme->amount->field || scheme_least_fen(scheme) >= least))
        return 0;
    rpc_fact_number(call, "leastFen", least);
    rpc_fact_number(call, "mostFen", most);
    return SUBSIDY__REASON__AMOUNT_NOT_CARRIED;
}

void run_hear(void *arg, void *call, const Rpc__JournalRow *row)
{
    Bridge__Event *event = bridge__event__unpack(NULL, row->body.len, row->body.data);

    if (event && event->event_case == BRIDGE__EVENT__EVENT_PAYOUT_CHANGED)
        hear_payout(arg, event->payout_changed, call);
    if (event && event->event_case == BRIDGE__EVENT__EVENT_PAY_WAY_CHANGED)
        hear_way(arg, event->pay_way_changed);
    bridge__event__free_unpacked(event, NULL);
}
