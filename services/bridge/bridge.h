/* bridge.h: hg-bridge, the only way out.
 *
 * Owns the credentials of partners, their access tokens, every connection that leaves the
 * system, and the messages that it is to send by itself (outbox.h), which are all that its
 * store keeps: what it has learnt else is in the answer that it gives, and what it holds
 * (an access token) can be asked for again.
 *
 * An answer from outside takes longer than a batch, and services call nobody. So the
 * bridge is called by the other edge like a service: a handler begins its errand and
 * defers the answer (rpc_defer), which goes out when the partner has answered. Signing
 * in through WeChat is such a call: the gateway hands LoginByWechat to the bridge; it
 * asks WeChat who holds the code, then CALLS identity (CompleteWechatLogin), as an edge
 * may, and passes identity's answer on as it is. Nothing of it is recorded before
 * identity's commit: whoever dies on the way, the client is told 503 and asks
 * wx.login for another code. What happens without anybody waiting follows journals
 * instead (news.h): members are told what others' journals say, through WeChat and by short messages.
 *
 * An official account's page signs in the same way (page.h), and whoever has a session
 * binds her WeChat to it: identity is told whose session it is.
 *
 * Single subscribed messages and texts to be checked are asked for on the bus alone.
 *
 * One-time codes are asked for here, made by identity and sent by a partner of short
 * messages (api_sms.c), or shown in identity's log for demonstration.
 *
 * A name is proven by the ways of HUIGONG_REALNAME, one after the other (ProveMe): the
 * unions' rosters, which identity is asked for as VerifyMe, and a verifier outside, who
 * is told the name and the resident ID and says whether they agree. None is the only way:
 * a refusal says what each way said and which remain, and VerifyMe works without the bridge.
 *
 * Bounds: RPC_MAX_LATER calls wait, WECHAT_JOBS of them for WeChat, PARTNER_JOBS for each partner, each over
 * FETCH_CONNECTIONS connections, so that a slow one holds up none but its own; past that a call is OVERLOADED. Each
 * call ends within WECHAT_DEADLINE_MS and before its caller gives up. OUTBOX_OUT messages are under way.
 *
 * What services owe members is paid by WeChat Pay (pay/transfers.h), as their journals order it; what the platform
 * tells by itself comes in by the gateway, signed (TakeWechatPay). Each day's bill is held against it (bill/bills.h).
 *
 * What members have won of a release that a stock of WeChat's coupons is behind is sent to them (stock/favor.h);
 * its files of what was used of them and given back are held against that each day (flow/flows.h).
 *
 * Promises: an AppSecret, an access token, a code, an openid, a number, a name, a resident ID and a URL
 * that holds one are never logged; a session_key is not even read; the merchant's keys are in memory alone, of which
 * no core is left. An address that is not
 * https is refused, unless it is this machine's own, where a simulator may stand. */
#pragma once
#include "bridge.pb.h"
#include "common/benefit/holders/holders.h"
#include "common/benefit/tree/tree.h"
#include "common/daemon/service_of_parts.h"
#include "services/bridge/bank/bank.h"
#include "services/bridge/bill/bills.h"
#include "services/bridge/errand.h"
#include "services/bridge/fetch.h"
#include "services/bridge/outbox/mutes.h"
#include "services/bridge/outbox/outbox.h"
#include "services/bridge/wechat/page.h"
#include "services/bridge/partner.h"
#include "services/bridge/pay/receipts.h"
#include "services/bridge/pay/transfers.h"
#include "services/bridge/flow/flows.h"
#include "services/bridge/stock/favor.h"
#include "services/bridge/wechat/wechat.h"

#define BRIDGE_WAYS 2 /* of proving a name */

/* A way of proving a name, in the order of the setting. */
enum way { WAY_ROSTER, WAY_OUTSIDE };

/* Each said in its NAME.h. */
#define BRIDGE_PARTS(PART, SHARED)                                                                                     \
    SHARED(holders)                                                                                                    \
    SHARED(tree)                                                                                                       \
    PART(messages)                                                                                                     \
    PART(mutes) PART(news) PART(payouts) PART(cases) PART(stocks) PART(sends) PART(flows) PART(bills) SHARED(two_hands) PART(bank)

SERVICE_PARTS(BRIDGE)

struct bridge {
    SERVICE_MEMBERS(BRIDGE)
    struct fetch *fetch;
    struct wechat wechat;
    struct page page;
    struct partner verifier, sms;
    enum way ways[BRIDGE_WAYS];
    unsigned n_ways;
    struct rpc_client *identity;
    struct outbox outbox;
    struct pay pay;
    struct transfers transfers;
    struct favor favor;
    struct bill_work bill_work;
    struct flow_work flow_work;
    struct receipts receipts;
    struct pii_keys *bank_keys; /* NULL: nothing is paid by bank */
    uv_timer_t tick;            /* of the outbox */
    uv_timer_t transfer;        /* of what is paid */
    uv_timer_t gift;            /* of what is sent out of stocks */
    struct errand errands[RPC_MAX_LATER], *idle;
};

extern const struct service_spec bridge_spec;
