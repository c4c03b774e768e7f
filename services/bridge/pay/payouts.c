#include "services/bridge/pay/payouts.h"

#include "common/base/sha256.h"
#include "common/cn/cn_id.h"
#include "services/bridge/bridge.h"

#define COLUMNS                                                                                                        \
    "payout_id, source, order_id, member_id, fen, way, remark, form, state, reason, code, attempt, number, payee, "    \
    "appid, package, missing, tries, due_at, made_at, sent_at, sent_day, confirm_until, told_at, withdrawn, "          \
    "ended_at, journal_seq"
#define IN_STATE(state)                                                                                                \
    "SELECT " COLUMNS " FROM payout WHERE " RPC_PAGE_STATES("?3", state) " AND state = " state " AND payout_id < ?1"
#define MERGED_8(ROWS) RPC_PAGE_MERGED_7(ROWS) " UNION ALL " ROWS("8")

#define WAITING   BRIDGE__PAYOUT_STATE__PAYOUT_WAITING
#define SENT      BRIDGE__PAYOUT_STATE__PAYOUT_SENT
#define ACCEPTED  BRIDGE__PAYOUT_STATE__PAYOUT_ACCEPTED
#define CONFIRM   BRIDGE__PAYOUT_STATE__PAYOUT_CONFIRM
#define PAID      BRIDGE__PAYOUT_STATE__PAYOUT_PAID
#define FAILED    BRIDGE__PAYOUT_STATE__PAYOUT_FAILED
#define CANCELLED BRIDGE__PAYOUT_STATE__PAYOUT_CANCELLED
#define REFUSED   BRIDGE__PAYOUT_STATE__PAYOUT_REFUSED

enum {
    SQL_ADD,
    SQL_SET,
    SQL_RENEW,
    SQL_TOLD,
    SQL_FIND,
    SQL_FIND_NUMBER,
    SQL_FIND_ORDER,
    SQL_TO_SEND,
    SQL_TO_ASK,
    SQL_PAGE,
    SQL_HERS,
    SQL_SUM_DAY,
    SQL_SUM_PERSON,
    SQL_COUNT,
    SQL_LEAVE_NUMBER,
    SQL_FIND_OLD,
    SQL_ADD_CALLBACK,
    SQL_DROP_CALLBACKS,
    SQL_WAY,
    SQL_SET_WAY,
    SQL_DROP_ACCOUNT,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO payout (" COLUMNS ", account) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
                "?13, x'', '', '', 0, 0, ?14, ?15, 0, 0, 0, 0, 0, ?16, ?17, ?18)",
    [SQL_SET] = "UPDATE payout SET state = ?3, reason = ?4, code = ?5, payee = ?6, appid = ?7, package = ?8, "
                "missing = ?9, tries = ?10, due_at = ?11, sent_at = ?12, sent_day = ?13, confirm_until = ?14, "
                "withdrawn = ?15, ended_at = ?16, journal_seq = ?17, "
                "account = iif(?16 > 0 AND (way = 1 OR ?3 NOT IN (5, 6)), NULL, account) "
                "WHERE payout_id = ?1 AND state = ?2",
    [SQL_DROP_ACCOUNT] = "UPDATE payout SET account = NULL WHERE payout_id = ?1",
    [SQL_RENEW] = "UPDATE payout SET number = ?2, attempt = ?3 WHERE payout_id = ?1",
    [SQL_TOLD] = "UPDATE payout SET told_at = ?2, due_at = ?2 WHERE payout_id = ?1 AND ended_at = 0",
    [SQL_FIND] = "SELECT " COLUMNS " FROM payout WHERE payout_id = ?1",
    [SQL_FIND_NUMBER] = "SELECT " COLUMNS " FROM payout WHERE number = ?1",
    [SQL_FIND_ORDER] = "SELECT " COLUMNS " FROM payout WHERE source = ?1 AND order_id = ?2",
    [SQL_TO_SEND] = "SELECT " COLUMNS " FROM payout WHERE ended_at = 0 AND way = 1 AND state = 1 AND due_at <= ?1 "
                    "ORDER BY due_at LIMIT ?2",
    [SQL_TO_ASK] = "SELECT " COLUMNS " FROM payout WHERE ended_at = 0 AND way = 1 AND state > 1 AND due_at <= ?1 "
                   "ORDER BY due_at LIMIT ?2",
    [SQL_PAGE] = MERGED_8(IN_STATE) " ORDER BY payout_id DESC LIMIT ?2",
    [SQL_HERS] = "SELECT " COLUMNS " FROM payout WHERE " HOLDER_HERS
                 " AND payout_id < ?2 AND " RPC_PAGE_STATES("?4", "state") " ORDER BY payout_id DESC LIMIT ?3",
    [SQL_SUM_DAY] = "SELECT coalesce(sum(fen), 0) FROM payout WHERE sent_day > 0 AND sent_day = ?1",
    [SQL_SUM_PERSON] = "SELECT coalesce(sum(fen), 0) FROM payout WHERE sent_day > 0 AND sent_day = ?2 AND member_id "
                       "IN " HOLDER_NUMBERS("?1"),
    [SQL_COUNT] = "SELECT state, count(*) FROM payout GROUP BY state",
    [SQL_LEAVE_NUMBER] = "INSERT INTO payout_number (number, payout_id, attempt, state, left_at) "
                         "VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_FIND_OLD] = "SELECT payout_id, state FROM payout_number WHERE number = ?1",
    [SQL_ADD_CALLBACK] = "INSERT INTO callback (callback_id, came_at) VALUES (?1, ?2)",
    [SQL_DROP_CALLBACKS] = "DELETE FROM callback WHERE callback_id IN "
                           "(SELECT callback_id FROM callback WHERE came_at < ?1 LIMIT ?2)",
    [SQL_WAY] = "SELECT body FROM pay_way WHERE way = ?1",
    [SQL_SET_WAY] = "INSERT INTO pay_way (way, body) VALUES (?1, ?2) ON CONFLICT (way) DO UPDATE SET body = ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- what needs no store ---- */

void payout_number(const char *source, int64_t order_id, int attempt, char ret[PAYOUT_NUMBER_SIZE])
{
    int len = snprintf(ret, PAYOUT_NUMBER_SIZE, "%.12s%016llx%03d", source, (unsigned long long)order_id, attempt);

    ensure(len > 0 && len < PAYOUT_NUMBER_SIZE);
}

void payout_payee(const char *number, const char *openid, unsigned char ret[PAYOUT_PAYEE_LEN])
{
    char text[PAYOUT_NUMBER_SIZE + 130];
    unsigned char hash[32];
    int len = snprintf(text, sizeof(text), "%s\n%s", number, openid);

    ensure(len > 0 && (size_t)len < sizeof(text));
    sha256_of(text, (size_t)len, hash);
    memcpy(ret, hash, PAYOUT_PAYEE_LEN);
}

const char *const *payout_report_names(int scene)
{
    static const char *const prize[] = {"活动名称", "奖励说明", NULL}, *const subsidy[] = {"补贴类型", NULL},
                             *const insurance[] = {"保险产品备案编号", "保险名称", "保险操作单号", NULL},
                             *const compensation[] = {"赔付原因", NULL};

    switch (scene) {
    case PAYOUT__SCENE__SCENE_PRIZE:
        return prize;
    case PAYOUT__SCENE__SCENE_SUBSIDY:
        return subsidy;
    case PAYOUT__SCENE__SCENE_INSURANCE:
        return insurance;
    case PAYOUT__SCENE__SCENE_COMPENSATION:
        return compensation;
    default:
        return NULL;
    }
}

/* 1 to 32 characters of visible text in one line. */
static bool is_text(const char *text)
{
    size_t n = 0;

    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return false;
        n += (*c & 0xc0) != 0x80;
    }
    return n >= 1 && n <= 32;
}

static bool is_scene(const struct pay_limits *limits, int scene)
{
    for (unsigned i = 0; i < limits->n_scenes; i++) {
        if (limits->scenes[i] == scene)
            return true;
    }
    return false;
}

static int wechat_refusal(const Payout__PayoutOrdered *order, const struct pay_limits *limits)
{
    const char *const *names = payout_report_names((int)order->scene);

    if (!names || !is_text(order->remark))
        return BRIDGE__REASON__PAYOUT_ORDER_ODD;
    for (size_t i = 0; i < order->n_report; i++) {
        if (!names[i] || !is_text(order->report[i]))
            return BRIDGE__REASON__PAYOUT_ORDER_ODD;
    }
    if (names[order->n_report])
        return BRIDGE__REASON__PAYOUT_ORDER_ODD;
    if (!is_scene(limits, (int)order->scene))
        return BRIDGE__REASON__PAYOUT_WAY_NOT_SET_UP;
    if (order->fen < limits->order_min || order->fen > limits->order_max || order->fen > limits->person_day ||
        order->fen > limits->day)
        return BRIDGE__REASON__PAYOUT_OVER_ORDER;
    return 0;
}

int payout_refusal(const Payout__PayoutOrdered *order, const struct pay_limits *limits)
{
    if (order->order_id <= 0 || order->member_id < 0 || order->fen <= 0)
        return BRIDGE__REASON__PAYOUT_ORDER_ODD;
    if (order->way == PAYOUT__WAY__BY_WECHAT && order->member_id > 0)
        return wechat_refusal(order, limits);
    if (order->way == PAYOUT__WAY__BY_BANK && order->account.len > 0 && is_text(order->remark))
        return limits->by_bank ? 0 : (int)BRIDGE__REASON__PAYOUT_WAY_NOT_SET_UP;
    return BRIDGE__REASON__PAYOUT_ORDER_ODD;
}

bool payout_has_ended(const struct payout *payout)
{
    return payout->state >= PAID;
}

/* ---- asking ---- */

static bool next_payout(const struct payouts *payouts, unsigned statement, struct payout *ret)
{
    return store_read(payouts->store, statement, INTO(ret->id), INTO(ret->source), INTO(ret->order_id),
                      INTO(ret->member_id), INTO(ret->fen), INTO(ret->way), INTO(ret->remark), INTO_BYTES(ret->form),
                      INTO(ret->state), INTO(ret->reason), INTO(ret->code), INTO(ret->attempt), INTO(ret->number),
                      INTO_BYTES(ret->payee), INTO(ret->appid), INTO(ret->package), INTO(ret->missing),
                      INTO(ret->tries), INTO(ret->due_at), INTO(ret->made_at), INTO(ret->sent_at), INTO(ret->sent_day),
                      INTO(ret->confirm_until), INTO(ret->told_at), INTO(ret->withdrawn), INTO(ret->ended_at),
                      INTO(ret->journal_seq));
}

static unsigned all_payouts(const struct payouts *payouts, unsigned statement, struct payout *ret, unsigned max)
{
    unsigned n = 0;

    while (ret && n < max && next_payout(payouts, statement, &ret[n]))
        n++;
    store_end(payouts->store, statement);
    return n;
}

bool payouts_find(const struct payouts *payouts, int64_t id, struct payout *ret)
{
    store_ask(payouts->store, payouts->sql + SQL_FIND, "i", id);
    return all_payouts(payouts, payouts->sql + SQL_FIND, ret, 1) == 1;
}

bool payouts_find_number(const struct payouts *payouts, const char *number, struct payout *ret)
{
    store_ask(payouts->store, payouts->sql + SQL_FIND_NUMBER, "t", number);
    return all_payouts(payouts, payouts->sql + SQL_FIND_NUMBER, ret, 1) == 1;
}

static bool find_order(const struct payouts *payouts, const char *source, int64_t order_id, struct payout *ret)
{
    store_ask(payouts->store, payouts->sql + SQL_FIND_ORDER, "ti", source, order_id);
    return all_payouts(payouts, payouts->sql + SQL_FIND_ORDER, ret, 1) == 1;
}

bool payouts_find_old(const struct payouts *payouts, const char *number, int64_t *ret_id, int *ret_state)
{
    int64_t id = 0;
    int state = 0;
    bool found;

    store_ask(payouts->store, payouts->sql + SQL_FIND_OLD, "t", number);
    found = store_only(payouts->store, payouts->sql + SQL_FIND_OLD, INTO(id), INTO(state));
    if (found) {
        *ret_id = id;
        *ret_state = state;
    }
    return found;
}

unsigned payouts_due(const struct payouts *payouts, bool waiting, int64_t now, struct payout *ret, unsigned max)
{
    unsigned which = payouts->sql + (waiting ? SQL_TO_SEND : SQL_TO_ASK);

    store_ask(payouts->store, which, "ii", now, (int64_t)max);
    return all_payouts(payouts, which, ret, max);
}

unsigned payouts_page(const struct payouts *payouts, int64_t states, int64_t before, struct payout *ret, unsigned max)
{
    store_ask(payouts->store, payouts->sql + SQL_PAGE, "iii", before, (int64_t)max, states);
    return all_payouts(payouts, payouts->sql + SQL_PAGE, ret, max);
}

unsigned payouts_hers(const struct payouts *payouts, int64_t member_id, int64_t states, int64_t before,
                      struct payout *ret, unsigned max)
{
    store_ask(payouts->store, payouts->sql + SQL_HERS, "iiii", member_id, before, (int64_t)max, states);
    return all_payouts(payouts, payouts->sql + SQL_HERS, ret, max);
}

int64_t payouts_sum_day(const struct payouts *payouts, int day)
{
    store_ask(payouts->store, payouts->sql + SQL_SUM_DAY, "i", (int64_t)day);
    return store_number(payouts->store, payouts->sql + SQL_SUM_DAY);
}

int64_t payouts_sum_person(const struct payouts *payouts, int64_t member_id, int day)
{
    store_ask(payouts->store, payouts->sql + SQL_SUM_PERSON, "ii", member_id, (int64_t)day);
    return store_number(payouts->store, payouts->sql + SQL_SUM_PERSON);
}

void payouts_count(const struct payouts *payouts, int64_t ret[16])
{
    int64_t state, n;

    memset(ret, 0, 16 * sizeof(ret[0]));
    store_ask(payouts->store, payouts->sql + SQL_COUNT, "");
    while (store_read(payouts->store, payouts->sql + SQL_COUNT, INTO(state), INTO(n)))
        ret[state & 15] = n;
}

/* ---- changes ---- */

static int64_t next_row(struct bridge *bridge)
{
    return rpc_server_journal(bridge->rpc)->tip.seq + 1;
}

/* What others are told of a state: not whether a request is out. */
static int told_state(int state)
{
    return state == SENT || state == ACCEPTED ? (int)WAITING : state;
}

static void tell(const struct payout *payout, bool new, void *call)
{
    Bridge__PayoutChanged changed = BRIDGE__PAYOUT_CHANGED__INIT;

    changed.payout_id = payout->id;
    changed.state = (Bridge__PayoutState)told_state(payout->state);
    changed.reason = payout_has_ended(payout) ? payout->reason : 0;
    changed.source = unconst(payout->source);
    changed.order_id = payout->order_id;
    changed.fen = payout->fen;
    changed.attempt = payout->attempt;
    changed.number = unconst(payout->number);
    changed.code = payout_has_ended(payout) ? unconst(payout->code) : (char *)unconst("");
    if (new)
        changed.member_id = payout->member_id;
    rpc_tell(call, &changed.base);
}

static void open_case(struct bridge *bridge, int kind, const struct payout *payout, int64_t their_fen, void *call)
{
    struct pay_case one = {.kind = kind, .payout_id = payout->id, .our_fen = payout->fen, .their_fen = their_fen};

    snprintf(one.number, sizeof(one.number), "%s", payout->number);
    case_open(bridge, &one, call);
}

/* The same order told again changes nothing; one of another content is looked at. */
static void take_again(struct bridge *bridge, const char *source, const Payout__PayoutOrdered *order, void *call)
{
    struct payout old;

    if (find_order(&bridge->payouts, source, order->order_id, &old) &&
        (old.fen != order->fen ||
         holder_of(&bridge->holders, old.member_id) != holder_of(&bridge->holders, order->member_id)))
        open_case(bridge, BRIDGE__PAY_CASE_KIND__PAY_CASE_ORDER_ODD, &old, order->fen, call);
}

void payouts_take(struct bridge *bridge, const char *source, const Payout__PayoutOrdered *order, void *call)
{
    const struct payouts *payouts = &bridge->payouts;
    Payout__PayoutOrdered form = *order;
    int64_t now = rpc_now(call);
    struct payout payout = {
        .order_id = order->order_id,
        .member_id = order->member_id,
        .fen = order->fen,
        .way = (int)order->way,
        .state = WAITING,
        .attempt = 1,
        .due_at = now,
        .made_at = now,
        .journal_seq = next_row(bridge),
    };

    form.account = (ProtobufCBinaryData){0, NULL};
    payout.reason = payout__payout_ordered__get_packed_size(&form) > sizeof(payout.form.bytes)
                        ? (int)BRIDGE__REASON__PAYOUT_ORDER_ODD
                        : payout_refusal(order, &bridge->transfers.limits);
    if (!payout.reason && order->way == PAYOUT__WAY__BY_BANK && !bank_takes(bridge, order, call))
        payout.reason = BRIDGE__REASON__PAYOUT_ACCOUNT_ODD;
    if (payout.reason != BRIDGE__REASON__PAYOUT_ORDER_ODD)
        payout.form.len = payout__payout_ordered__pack(&form, payout.form.bytes);
    if (payout.reason) {
        payout.state = REFUSED;
        payout.ended_at = now;
    }
    payout.id = id_next(&bridge->ids, now);
    snprintf(payout.source, sizeof(payout.source), "%s", source);
    snprintf(payout.remark, sizeof(payout.remark), "%s",
             payout.reason == BRIDGE__REASON__PAYOUT_ORDER_ODD ? "" : order->remark);
    payout_number(source, order->order_id, payout.attempt, payout.number);
    if (store_run(payouts->store, payouts->sql + SQL_ADD, "itiiiitbiititiiiib", payout.id, payout.source,
                  payout.order_id, payout.member_id, payout.fen, (int64_t)payout.way, payout.remark, payout.form.bytes,
                  payout.form.len, (int64_t)payout.state, (int64_t)payout.reason, payout.code, (int64_t)payout.attempt,
                  payout.number, payout.due_at, payout.made_at, payout.ended_at, payout.journal_seq,
                  payout.reason ? NULL : order->account.data, payout.reason ? (size_t)0 : order->account.len) == -1) {
        take_again(bridge, source, order, call);
        return;
    }
    tell(&payout, true, call);
    if (payout.reason == BRIDGE__REASON__PAYOUT_ORDER_ODD)
        open_case(bridge, BRIDGE__PAY_CASE_KIND__PAY_CASE_ORDER_ODD, &payout, payout.fen, call);
}

void payouts_withdraw(struct bridge *bridge, const char *source, int64_t order_id, void *call)
{
    struct payout payout;

    if (!find_order(&bridge->payouts, source, order_id, &payout) || payout_has_ended(&payout) || payout.withdrawn)
        return;
    payout.withdrawn = 1;
    payout.due_at = rpc_now(call);
    if (payout.state == WAITING && !payout.sent_at) {
        payout.state = CANCELLED;
        payout.reason = BRIDGE__REASON__PAYOUT_WITHDRAWN;
        payouts_set(bridge, &payout, WAITING, call);
    } else {
        payouts_set(bridge, &payout, payout.state, call);
    }
}

bool payouts_set(struct bridge *bridge, struct payout *payout, int was, void *call)
{
    const struct payouts *payouts = &bridge->payouts;
    bool told = told_state(payout->state) != told_state(was);

    if (payout_has_ended(payout)) {
        payout->ended_at = rpc_now(call);
        payout->package[0] = '\0';
        if (payout->state != PAID)
            payout->sent_day = 0;
    }
    if (told)
        payout->journal_seq = next_row(bridge);
    if (store_run(payouts->store, payouts->sql + SQL_SET, "iiiitbttiiiiiiiii", payout->id, (int64_t)was,
                  (int64_t)payout->state, (int64_t)payout->reason, payout->code, payout->payee.bytes, payout->payee.len,
                  payout->appid, payout->package, (int64_t)payout->missing, (int64_t)payout->tries, payout->due_at,
                  payout->sent_at, (int64_t)payout->sent_day, payout->confirm_until, (int64_t)payout->withdrawn,
                  payout->ended_at, payout->journal_seq) != 1)
        return false;
    if (told)
        tell(payout, false, call);
    return true;
}

void payout_drop_account(const struct payouts *payouts, int64_t payout_id)
{
    store_run(payouts->store, payouts->sql + SQL_DROP_ACCOUNT, "i", payout_id);
}

/* What the settings refuse by now is not sent under another number either. */
static int form_refusal(const struct bridge *bridge, const struct payout *payout)
{
    Payout__PayoutOrdered *order = payout__payout_ordered__unpack(NULL, payout->form.len, payout->form.bytes);
    int reason = order ? payout_refusal(order, &bridge->transfers.limits) : (int)BRIDGE__REASON__PAYOUT_ORDER_ODD;

    payout__payout_ordered__free_unpacked(order, NULL);
    return reason;
}

int payouts_renew(struct bridge *bridge, struct payout *payout, void *call)
{
    const struct payouts *payouts = &bridge->payouts;
    int was = payout->state, reason;

    if (payout->withdrawn)
        return BRIDGE__REASON__PAYOUT_WITHDRAWN;
    if (was != FAILED && was != CANCELLED && was != REFUSED)
        return BRIDGE__REASON__PAYOUT_MAY_BE_PAID;
    if (!payout->form.len || payout->attempt >= 255 || payout->way != PAYOUT__WAY__BY_WECHAT)
        return BRIDGE__REASON__PAYOUT_ORDER_ODD;
    reason = form_refusal(bridge, payout);
    if (reason)
        return reason;
    store_run(payouts->store, payouts->sql + SQL_LEAVE_NUMBER, "tiiii", payout->number, payout->id,
              (int64_t)payout->attempt, (int64_t)was, rpc_now(call));
    payout->attempt++;
    payout_number(payout->source, payout->order_id, payout->attempt, payout->number);
    store_run(payouts->store, payouts->sql + SQL_RENEW, "iti", payout->id, payout->number, (int64_t)payout->attempt);
    payout->state = WAITING;
    payout->reason = payout->missing = payout->tries = 0;
    payout->code[0] = payout->appid[0] = payout->package[0] = '\0';
    payout->payee.len = 0;
    payout->due_at = rpc_now(call);
    payout->sent_at = payout->confirm_until = payout->ended_at = 0;
    payout->sent_day = 0;
    payouts_set(bridge, payout, was, call);
    return 0;
}

void payouts_told(struct payouts *payouts, const struct payout *payout, int64_t now)
{
    store_run(payouts->store, payouts->sql + SQL_TOLD, "ii", payout->id, now);
}

bool callbacks_add(const struct payouts *payouts, const char *id, int64_t now)
{
    return store_run(payouts->store, payouts->sql + SQL_ADD_CALLBACK, "ti", id, now) != -1;
}

static void tell_way(struct bridge *bridge, Bridge__PayWayChanged *changed, void *call)
{
    const struct payouts *payouts = &bridge->payouts;
    uint8_t packed[128], old[128];
    size_t len, old_len = 0;

    ensure(bridge__pay_way_changed__get_packed_size(changed) <= sizeof(packed));
    len = bridge__pay_way_changed__pack(changed, packed);
    store_ask(payouts->store, payouts->sql + SQL_WAY, "i", (int64_t)changed->way);
    store_only(payouts->store, payouts->sql + SQL_WAY, INTO_LEN(old, old_len));
    if ((old_len == len && memcmp(old, packed, len) == 0) || (!old_len && !changed->open))
        return;
    store_run(payouts->store, payouts->sql + SQL_SET_WAY, "ib", (int64_t)changed->way, packed, len);
    rpc_tell(call, &changed->base);
}

void payouts_tell_ways(struct bridge *bridge, const struct pay_limits *limits, bool merchant, void *call)
{
    Bridge__PayWayChanged wechat = BRIDGE__PAY_WAY_CHANGED__INIT, bank = BRIDGE__PAY_WAY_CHANGED__INIT;
    Payout__Scene scenes[ARRAY_LEN(limits->scenes)];

    for (unsigned i = 0; i < limits->n_scenes; i++)
        scenes[i] = (Payout__Scene)limits->scenes[i];
    wechat.way = PAYOUT__WAY__BY_WECHAT;
    wechat.open = merchant;
    wechat.order_min_fen = limits->order_min;
    wechat.order_max_fen = limits->order_max;
    wechat.person_day_fen = limits->person_day;
    wechat.day_fen = limits->day;
    wechat.scene = scenes;
    wechat.n_scene = merchant ? limits->n_scenes : 0;
    tell_way(bridge, &wechat, call);
    bank.way = PAYOUT__WAY__BY_BANK;
    bank.open = limits->by_bank;
    bank.order_min_fen = 1;
    bank.order_max_fen = PAYOUT_BANK_MOST;
    tell_way(bridge, &bank, call);
}

/* ---- what the part does ---- */

#define SUBSIDY "subsidy"

static void on_order(void *self, void *call, const Rpc__JournalRow *row)
{
    Rpc__ChassisEvent *event = rpc__chassis_event__unpack(NULL, row->body.len, row->body.data);

    if (event && event->event_case == RPC__CHASSIS_EVENT__EVENT_PAYOUT_ORDERED)
        payouts_take(self, SUBSIDY, event->payout_ordered, call);
    if (event && event->event_case == RPC__CHASSIS_EVENT__EVENT_PAYOUT_WITHDRAWN)
        payouts_withdraw(self, SUBSIDY, event->payout_withdrawn->order_id, call);
    rpc__chassis_event__free_unpacked(event, NULL);
}

static const int32_t kinds[] = {RPC__CHASSIS_EVENT__EVENT_PAYOUT_ORDERED, RPC__CHASSIS_EVENT__EVENT_PAYOUT_WITHDRAWN};

static bool tidy(void *arg, void *call)
{
    const struct bridge *self = arg;

    return store_run(self->store, self->payouts.sql + SQL_DROP_CALLBACKS, "ii", rpc_now(call) - CALLBACK_KEEP_MS,
                     (int64_t)CALLBACKS_DROP) == CALLBACKS_DROP;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct bridge *self = arg;
    const Bridge__Event *event = body;
    const Bridge__PayoutChanged *changed = event->payout_changed;
    struct payout payout;
    bool last;

    if (event->event_case != BRIDGE__EVENT__EVENT_PAYOUT_CHANGED)
        return true;
    if (!payouts_find(&self->payouts, changed->payout_id, &payout))
        return false;
    last = payout.journal_seq == row->seq;
    told[0] += last;
    told[1] += last && changed->state == PAID ? changed->fen : 0;
    told[2] += last && changed->state < PAID;
    return strcmp(changed->source, payout.source) == 0 && changed->order_id == payout.order_id &&
           changed->fen == payout.fen &&
           (!last || (told_state(payout.state) == (int)changed->state && payout.attempt == changed->attempt &&
                      strcmp(payout.number, changed->number) == 0 &&
                      (!payout_has_ended(&payout) ||
                       (payout.reason == changed->reason && strcmp(payout.code, changed->code) == 0))));
}

static const struct part_stray strays[] = {
    {"payout", "has not the number of its order",
     "SELECT payout_id FROM payout WHERE number <> printf('%.12s%016x%03d', source, order_id, attempt)"},
    {"payout", "has been sent to nobody",
     "SELECT payout_id FROM payout WHERE state IN (3, 4, 5) AND way = 1 AND length(payee) = 0"},
    {"payout", "has ended and has not", "SELECT payout_id FROM payout WHERE (ended_at > 0) <> (state >= 5)"},
    {"payout", "has numbers that are not its own",
     "SELECT payout_id FROM payout WHERE attempt <> 1 + "
     "(SELECT count(*) FROM payout_number WHERE payout_number.payout_id = payout.payout_id)"},
    {"payout_number", "was left although it may be paid", "SELECT payout_id FROM payout_number WHERE state < 6"},
    {NULL, NULL, NULL},
};

const struct part_spec payouts_part = {
    .tables = "payout payout_number callback pay_way",
    .steps = &payouts_steps,
    .others = "payout.order_id payout.missing payout.confirm_until callback.callback_id",
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(payout_id) FROM payout",
    .tidy = tidy,
    .follows = {{SUBSIDY, kinds, ARRAY_LEN(kinds), on_order}},
    .agrees = agrees,
    .counts = {{"payouts", "SELECT count(*) FROM payout"},
               {"fen that were paid", "SELECT coalesce(sum(fen), 0) FROM payout WHERE state = 5"},
               {"payouts that have not ended", "SELECT count(*) FROM payout WHERE ended_at = 0"}},
    .strays = strays,
    .exports = {{&bridge__my_payout__descriptor,
                 "SELECT payout_id, fen, state, remark, made_at AS ordered_at, ended_at FROM payout WHERE " HOLDER_HERS
                 " AND payout_id > ?2 ORDER BY payout_id LIMIT ?3"}},
    .closed = {"-- what is owed to her is paid, while identity knows her WeChat; what was paid is on account"},
    .merged = {"-- stays under its number; whose it is, holders.h says"},
};
