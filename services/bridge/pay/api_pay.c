/* api_pay.c: what is paid, for her who is paid and for who looks after it, in the order of pay.proto. */
#include <jansson.h>
#include <mbedtls/platform_util.h>

#include "common/base/log.h"
#include "common/base/union_path.h"
#include "common/benefit/two_hands/hands_list.h"
#include "services/bridge/api.h"

#define PLAIN_MAX (16 << 10)

static struct bridge *self_of(Bridge__Pay_Service *service)
{
    return container_of(service, struct bridge, pay_service);
}

const char *pay_office_path(void *call)
{
    const Rpc__Principal *principal = rpc_principal(call);

    for (size_t i = 0; i < principal->n_grants; i++) {
        if (principal->grants[i]->role == RULE__ROLE__FINANCE &&
            union_path_level(principal->grants[i]->union_path) <= 1)
            return principal->grants[i]->union_path;
    }
    return "";
}

bool pay_office_refused(void *call, bool writes)
{
    const Rpc__Principal *principal = rpc_principal(call);

    for (size_t i = 0; i < principal->n_grants; i++) {
        const Rpc__Grant *grant = principal->grants[i];

        if ((grant->role == RULE__ROLE__FINANCE || (!writes && grant->role == RULE__ROLE__AUDIT_ADMIN)) &&
            union_path_level(grant->union_path) <= 1)
            return false;
    }
    return !principal->internal && rpc_refuse_if(call, BRIDGE__REASON__PAY_OFFICE_NEEDED);
}

/* ---- callbacks ---- */

/* What the resource of a callback holds, a new reference; NULL: it is none of ours. */
static json_t *open_resource(const struct pay *pay, const json_t *body)
{
    const json_t *resource = json_object_get(body, "resource");
    char plain[PLAIN_MAX];
    json_t *opened = NULL;
    long len = -1;

    if (strcmp(pay_text(resource, "algorithm"), "AEAD_AES_256_GCM") == 0)
        len = pay_open(pay->shared, sizeof(pay->shared), pay_text(resource, "nonce"),
                       pay_text(resource, "associated_data"), pay_text(resource, "ciphertext"), plain, sizeof(plain));
    if (len > 0)
        opened = json_loadb(plain, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
    mbedtls_platform_zeroize(plain, sizeof(plain));
    return opened;
}

static bool is_id(const char *text)
{
    return *text && strlen(text) < CALLBACK_ID_SIZE;
}

/* 0 or a Reason. */
static int take_callback(struct bridge *self, const json_t *body, void *call)
{
    const char *id = pay_text(body, "id"), *event = pay_text(body, "event_type");
    json_t *plain = open_resource(&self->pay, body);
    int reason = 0;

    if (!json_is_object(plain) || !is_id(id))
        reason = BRIDGE__REASON__PAY_CALLBACK_MALFORMED;
    else if (!callbacks_add(&self->payouts, id, rpc_now(call)))
        reason = 0; /* it came before */
    else if (strncmp(event, "MCHTRANSFER.BILL.", 17) == 0 && strcmp(pay_text(plain, "mchid"), self->pay.mchid) == 0)
        transfers_hear(&self->transfers, plain, call);
    else if (strcmp(event, "COUPON.USE") == 0)
        favor_hear(&self->favor, plain, call);
    json_decref(plain);
    return reason;
}

/* rpc TakeWechatPay: what the platform tells, when it is proven to. */
static void pay__take_wechat_pay(Bridge__Pay_Service *service, const Bridge__WechatPayCallback *req,
                                 Bridge__CallbackTaken_Closure reply, void *call)
{
    struct bridge *self = self_of(service);
    Bridge__CallbackTaken taken = BRIDGE__CALLBACK_TAKEN__INIT;
    json_t *body = NULL;
    int reason =
        pay_prove(&self->pay, req->timestamp, req->nonce, req->serial, req->signature, req->body.data, req->body.len);

    if (!reason)
        body = json_loadb((const char *)req->body.data, req->body.len, JSON_REJECT_DUPLICATES, NULL);
    if (!reason)
        reason = json_is_object(body) ? take_callback(self, body, call) : (int)BRIDGE__REASON__PAY_CALLBACK_MALFORMED;
    json_decref(body);
    taken.code = unconst("SUCCESS");
    if (!rpc_refuse_if(call, reason))
        reply(&taken, call);
}

/* ---- payouts ---- */

static void show_mine(const struct bridge *self, const struct payout *payout, void *call, Bridge__MyPayout *ret)
{
    ret->payout_id = payout->id;
    ret->fen = payout->fen;
    ret->state = (Bridge__PayoutState)payout->state;
    ret->remark = rpc_text(call, payout->remark);
    ret->ordered_at = payout->made_at;
    ret->ended_at = payout->ended_at;
    if (payout->reason)
        api_say(ret, payout->reason);
    if (payout->state != BRIDGE__PAYOUT_STATE__PAYOUT_CONFIRM || !*payout->package)
        return;
    ret->confirm_until = payout->confirm_until;
    ret->merchant = unconst(self->pay.mchid);
    ret->appid = rpc_text(call, payout->appid);
    ret->package = rpc_text(call, payout->package);
}

/* rpc ListMyPayouts: newest first. */
static void pay__list_my_payouts(Bridge__Pay_Service *service, const Bridge__ListMyPayoutsRequest *req,
                                 Bridge__MyPayoutList_Closure reply, void *call)
{
    struct bridge *self = self_of(service);
    const struct rpc_page *page = rpc_page(call);
    Bridge__MyPayoutList list = BRIDGE__MY_PAYOUT_LIST__INIT;
    struct payout *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    unsigned n = payouts_hers(&self->payouts, rpc_principal(call)->member_id, page->states, page->before, found,
                              (unsigned)page->limit);

    (void)req;
    for (unsigned i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        Bridge__MyPayout *payout = arena_message(rpc_arena(call), &bridge__my_payout__descriptor);

        if (payout)
            show_mine(self, &found[i], call, payout);
        rpc_add(call, &list, payouts, payout);
    }
    reply(&list, call);
}

static void show(const struct payout *payout, void *call, Bridge__Payout *ret)
{
    ret->payout_id = payout->id;
    ret->source = rpc_text(call, payout->source);
    ret->order_id = payout->order_id;
    ret->member_id = payout->member_id;
    ret->fen = payout->fen;
    ret->state = (Bridge__PayoutState)payout->state;
    if (payout->reason)
        api_say(ret, payout->reason);
    ret->code = rpc_text(call, payout->code);
    ret->number = rpc_text(call, payout->number);
    ret->attempt = payout->attempt;
    ret->tries = payout->tries;
    ret->made_at = payout->made_at;
    ret->due_at = payout->ended_at ? 0 : payout->due_at;
    ret->ended_at = payout->ended_at;
}

/* rpc ListPayouts: newest first. */
static void pay__list_payouts(Bridge__Pay_Service *service, const Bridge__ListPayoutsRequest *req,
                              Bridge__PayoutList_Closure reply, void *call)
{
    const struct rpc_page *page = rpc_page(call);
    Bridge__PayoutList list = BRIDGE__PAYOUT_LIST__INIT;
    struct payout *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    unsigned n;

    (void)req;
    if (pay_office_refused(call, false))
        return;
    n = payouts_page(&self_of(service)->payouts, page->states, page->before, found, (unsigned)page->limit);
    for (unsigned i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        Bridge__Payout *payout = arena_message(rpc_arena(call), &bridge__payout__descriptor);

        if (payout)
            show(&found[i], call, payout);
        rpc_add(call, &list, payouts, payout);
    }
    reply(&list, call);
}

/* rpc GetPayout: one. */
static void pay__get_payout(Bridge__Pay_Service *service, const Bridge__PayoutRequest *req,
                            Bridge__Payout_Closure reply, void *call)
{
    Bridge__Payout message = BRIDGE__PAYOUT__INIT;
    struct payout payout;

    if (!payouts_find(&self_of(service)->payouts, req->payout_id, &payout)) {
        rpc_refuse(call, BRIDGE__REASON__PAYOUT_NOT_FOUND);
        return;
    }
    show(&payout, call, &message);
    reply(&message, call);
}

/* rpc RenewPayout: another number, since it surely was not paid under the last. */
static void pay__renew_payout(Bridge__Pay_Service *service, const Bridge__PayoutRequest *req,
                              Bridge__Payout_Closure reply, void *call)
{
    struct bridge *self = self_of(service);
    Bridge__Payout message = BRIDGE__PAYOUT__INIT;
    struct payout payout;
    int reason = BRIDGE__REASON__PAYOUT_NOT_FOUND;

    if (payouts_find(&self->payouts, req->payout_id, &payout))
        reason = payouts_renew(self, &payout, call);
    if (rpc_refuse_if(call, reason))
        return;
    show(&payout, call, &message);
    reply(&message, call);
}

/* ---- cases ---- */

static void show_case(const struct pay_case *one, void *call, Bridge__PayCase *ret)
{
    ret->case_id = one->id;
    ret->kind = (Bridge__PayCaseKind)one->kind;
    ret->state = (Bridge__PayCaseState)one->state;
    ret->payout_id = one->payout_id;
    ret->number = rpc_text(call, one->number);
    ret->our_fen = one->our_fen;
    ret->their_fen = one->their_fen;
    ret->word = rpc_text(call, one->word);
    ret->opened_at = one->opened_at;
    ret->closed_at = one->closed_at;
    ret->note = rpc_text(call, one->note);
    ret->explained_by = one->explained_by;
    ret->closed_by = one->closed_by;
}

/* rpc ListPayCases: newest first. */
static void pay__list_pay_cases(Bridge__Pay_Service *service, const Bridge__ListPayCasesRequest *req,
                                Bridge__PayCaseList_Closure reply, void *call)
{
    const struct rpc_page *page = rpc_page(call);
    Bridge__PayCaseList list = BRIDGE__PAY_CASE_LIST__INIT;
    struct pay_case *found = arena_alloc(rpc_arena(call), page->limit * sizeof(*found));
    unsigned n;

    (void)req;
    if (pay_office_refused(call, false))
        return;
    n = cases_page(&self_of(service)->cases, page->states, page->before, found, (unsigned)page->limit);
    for (unsigned i = 0; i < n && rpc_page_takes(call, found[i].id); i++) {
        Bridge__PayCase *one = arena_message(rpc_arena(call), &bridge__pay_case__descriptor);

        if (one)
            show_case(&found[i], call, one);
        rpc_add(call, &list, cases, one);
    }
    reply(&list, call);
}

static void reply_case(int reason, const struct pay_case *one, Bridge__PayCase_Closure reply, void *call)
{
    Bridge__PayCase message = BRIDGE__PAY_CASE__INIT;

    if (rpc_refuse_if(call, reason))
        return;
    show_case(one, call, &message);
    reply(&message, call);
}

/* rpc ExplainPayCase: the first hand. */
static void pay__explain_pay_case(Bridge__Pay_Service *service, const Bridge__ExplainPayCaseRequest *req,
                                  Bridge__PayCase_Closure reply, void *call)
{
    struct pay_case one;

    if (!pay_office_refused(call, true))
        reply_case(case_explain(self_of(service), req->case_id, req->note, pay_office_path(call), call, &one), &one,
                   reply, call);
}

/* rpc ClosePayCase: the second hand. */
static void pay__close_pay_case(Bridge__Pay_Service *service, const Bridge__PayCaseRequest *req,
                                Bridge__PayCase_Closure reply, void *call)
{
    struct pay_case one;

    if (!pay_office_refused(call, true))
        reply_case(case_close(self_of(service), req->case_id, pay_office_path(call), call, &one), &one, reply, call);
}

/* rpc ListPayHands: what waits. */
static void pay__list_pay_hands(Bridge__Pay_Service *service, const Hands__ListWaitingRequest *req,
                                Hands__WaitingList_Closure reply, void *call)
{
    static const int offices[] = {RULE__ROLE__FINANCE, RULE__ROLE__ROLE_NONE};
    struct bridge *self = self_of(service);

    hands_list(&self->two_hands, &self->tree, offices, req, reply, call);
}

const Bridge__Pay_Service pay_api = BRIDGE__PAY__INIT(pay__);
